/* Times relative to a present; see timeword.h. SPDX-License-Identifier: MIT */
#include "base/time/timeword.h"

#include "base/text/spelling.h"
#include "base/time/timefmt.h"

#include <string.h>
#include <strings.h>

#define LONGEST 80 /* of a text that is looked at */

static const struct {
    const char *name;
    int day; /* midnight so many days from today's; NOW: none */
} words[] = {{"now", INT8_MAX}, {"today", 0}, {"yesterday", -1}, {"tomorrow", 1}};
#define WORDS (sizeof words / sizeof *words)
#define NOW INT8_MAX

bool timeword_is_relative(const char *text)
{
    text += strspn(text, " ");
    return *text && !(*text >= '0' && *text <= '9');
}

static tstamp_ns midnight(tstamp_ns t)
{
    tstamp_ns rest = t % NS_PER_DAY;
    return t - (rest < 0 ? rest + NS_PER_DAY : rest);
}

static int refuse(const char *text, struct err *err)
{
    char hint[SPELLING_LEN];
    struct spelling s = spelling_of(text);
    for (size_t i = 0; i < WORDS; i++)
        spelling_offer(&s, words[i].name);
    return err_set(err, ERR_DATA,
                   "'%.60s' is not a time (want 2026-11-22T03:04:05Z, yesterday, now or -7d)%s", text,
                   spelling_hint(hint, &s));
}

/* The word at *p, and *p behind it; without one it is now. */
static bool read_word(tstamp_ns *out, const char **p, tstamp_ns now)
{
    size_t n = strcspn(*p, " +-");
    *out = now;
    for (size_t i = 0; i < WORDS; i++)
        if (strlen(words[i].name) == n && strncasecmp(words[i].name, *p, n) == 0) {
            *p += n;
            if (words[i].day != NOW)
                *out = midnight(now) + words[i].day * NS_PER_DAY;
            return true;
        }
    return n == 0;
}

int timeword_parse(tstamp_ns *out, const char *text, tstamp_ns now, struct err *err)
{
    char copy[LONGEST];
    tstamp_ns from, span = 0;
    struct err ignored;
    size_t n = strnlen(text, LONGEST);
    if (!timeword_is_relative(text))
        return timefmt_parse(out, text, err);
    if (n == LONGEST)
        return refuse(text, err);
    memcpy(copy, text, n + 1);
    while (n > 0 && copy[n - 1] == ' ')
        copy[--n] = '\0';
    const char *p = copy + strspn(copy, " ");
    if (!read_word(&from, &p, now))
        return refuse(text, err);
    p += strspn(p, " ");
    char sign = *p;
    if (sign == '+' || sign == '-') {
        p += 1 + strspn(p + 1, " ");
        if (!(*p >= '0' && *p <= '9') || timefmt_duration(&span, p, &ignored) != 0 ||
            p[strspn(p, "0123456789.")] == '\0')
            return refuse(text, err); /* without a unit "-7" may be anything */
    } else if (*p) {
        return refuse(text, err);
    }
    *out = sign == '-' ? from - span : from + span;
    return 0;
}
