/* Names of the words of a finding; see finding.h. SPDX-License-Identifier: MIT */
#include "base/finding.h"

#include <string.h>

bool finding_concerns(const struct finding *d, const struct fleet *f, uint32_t supply)
{
    if (d->supply >= 0)
        return (uint32_t)d->supply == supply;
    if (strcmp(d->subject, "*") == 0)
        return true;
    for (enum group_kind g = GROUP_SECTOR; g < GROUP_COUNT; g++) {
        int32_t at = f->supplies[supply].group[g];
        if (at < 0)
            continue;
        const char *prefix = group_name(g), *subject = d->subject; /* "water:W3"; a sector's stands bare */
        size_t n = strlen(prefix);
        if (n && (strncmp(subject, prefix, n) != 0 || subject[n] != ':'))
            continue;
        if (strcmp(subject + (n ? n + 1 : 0), f->groups[g].name[at]) == 0)
            return true;
    }
    return false;
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
