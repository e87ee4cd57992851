/* Names of the words of a finding; see finding.h. SPDX-License-Identifier: MIT */
#include "base/finding.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool finding_concerns(const struct finding *d, const struct fleet *f, uint32_t supply)
{
    if (d->supply >= 0)
        return (uint32_t)d->supply == supply;
    if (strcmp(d->subject, "*") == 0)
        return true;
    for (int g = GROUP_SECTOR; g < GROUP_COUNT; g++) {
        int32_t at = f->supplies[supply].group[g];
        if (at < 0)
            continue;
        const char *prefix = group_name(g), *subject = d->subject;
        size_t n = strlen(prefix);
        if (n && (strncmp(subject, prefix, n) != 0 || subject[n] != ':'))
            continue;
        if (strcmp(subject + (n ? n + 1 : 0), f->groups[g].name[at]) == 0)
            return true;
    }
    return false;
}

const char *detector_name(enum detector d)
{
    static const char *const names[DETECTOR_COUNT] = {"level", "divergence", "reconstruction", "rate",
                                                      "data"};
    return names[d];
}

const char *finding_class_name(enum finding_class c)
{
    static const char *const names[CLASS_COUNT] = {"equipment", "sensor", "data", "common"};
    return names[c];
}

const char *direction_name(enum direction d)
{
    static const char *const names[DIRECTION_COUNT] = {"up", "down", "both"};
    return names[d];
}

/* More often than weekly: "3 times a week". */
static void often(char out[FINDING_WORDS_LEN], double chance)
{
    double n = chance < 9.5 ? round(chance * 2) / 2 : round(chance);
    if (n <= 1)
        snprintf(out, FINDING_WORDS_LEN, "once a week");
    else if (n < 1000)
        snprintf(out, FINDING_WORDS_LEN, "%g times a week", n);
    else
        snprintf(out, FINDING_WORDS_LEN, "over 1,000 times a week");
}

char *finding_chance_words(char out[FINDING_WORDS_LEN], double chance)
{
    out[0] = '\0';
    if (isnan(chance))
        return out;
    double weeks = 1 / chance; /* infinite for chance 0 */
    double unit = weeks < 9.5 ? 0.5 : weeks < 99.5 ? 1 : weeks < 995 ? 10 : 100;
    double n = round(weeks / unit) * unit;
    if (chance > 0.95)
        often(out, chance);
    else if (!(weeks < 9950))
        snprintf(out, FINDING_WORDS_LEN, "less than once in 10,000 weeks");
    else if (n >= 1000)
        snprintf(out, FINDING_WORDS_LEN, "once in %d,%03d weeks", (int)n / 1000, (int)n % 1000);
    else
        snprintf(out, FINDING_WORDS_LEN, n > 1 ? "once in %g weeks" : "once a week", n);
    return out;
}
