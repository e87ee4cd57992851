/* The name that a word most likely stands for; see spelling.h. SPDX-License-Identifier: MIT */
#include "base/text/spelling.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define LONGEST 64 /* letters that are compared */
#define FAR UINT_MAX

/* Distances in halves, so that an abbreviation stands between one slip and two. */
enum { SAME = 0, LAST_PART = 1, SLIP = 2, ABBREVIATION = 3 };

static char plain(char c)
{
    return c == '-' || c == ' ' ? '_' : (char)tolower((unsigned char)c);
}

static size_t length_of(const char *s)
{
    size_t n = strlen(s);
    return n < LONGEST ? n : LONGEST;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters added, left out, changed or swapped with their neighbour (optimal string alignment). */
static unsigned slips(const char *a, const char *b)
{
    size_t n = length_of(a), m = length_of(b);
    unsigned row[3][LONGEST + 1], *before = row[0], *last = row[1], *now = row[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            bool same = plain(a[i - 1]) == plain(b[j - 1]);
            now[j] = least(last[j - 1] + !same, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && plain(a[i - 1]) == plain(b[j - 2]) && plain(a[i - 2]) == plain(b[j - 1]))
                now[j] = least(now[j], before[j - 2] + 1);
        }
        unsigned *unused = before;
        before = last;
        last = now;
        now = unused;
    }
    return last[m];
}

static bool ends_part(char c)
{
    return c == '\0' || plain(c) == '_' || c == '.';
}

/* The next part of a name, and *p behind it; its length, 0 at the end. */
static size_t next_part(const char **p, const char **part)
{
    while (**p && ends_part(**p))
        (*p)++;
    *part = *p;
    while (!ends_part(**p))
        (*p)++;
    return (size_t)(*p - *part);
}

static bool begins(const char *name, const char *part, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ends_part(name[i]) || plain(name[i]) != plain(part[i]))
            return false;
    return true;
}

/* Whether every part of the word begins another part of the name. */
static bool abbreviates(const char *word, const char *name)
{
    unsigned long taken = 0;
    size_t letters = 0, n, m;
    const char *part, *other;
    while ((n = next_part(&word, &part)) > 0) {
        const char *p = name;
        bool found = false;
        for (unsigned k = 0; !found && k < 32 && (m = next_part(&p, &other)) > 0; k++)
            if (!(taken & 1ul << k) && begins(other, part, n)) {
                taken |= 1ul << k;
                found = true;
            }
        if (!found)
            return false;
        letters += n;
    }
    return letters > 1;
}

static unsigned distance(const char *word, const char *name)
{
    const char *dot = strrchr(name, '.');
    unsigned n = slips(word, name);
    if (n == 0)
        return SAME;
    if (dot && slips(word, dot + 1) == 0)
        return LAST_PART;
    unsigned most = (unsigned)(length_of(word) + 1) / 3, d = n <= most ? n * SLIP : FAR;
    return abbreviates(word, name) ? least(d, ABBREVIATION) : d;
}

struct spelling spelling_of(const char *word)
{
    return (struct spelling){.word = word, .distance = FAR};
}

void spelling_offer(struct spelling *s, const char *name)
{
    unsigned d = distance(s->word, name);
    if (d == FAR || d > s->distance || strcmp(s->best, name) == 0 || strlen(name) >= sizeof s->best)
        return;
    s->ambiguous = d == s->distance;
    snprintf(s->best, sizeof s->best, "%s", name);
    s->distance = d;
}

const char *spelling_best(const struct spelling *s)
{
    return s->ambiguous || !*s->best ? NULL : s->best;
}

char *spelling_hint(char out[SPELLING_LEN], const struct spelling *s)
{
    const char *best = spelling_best(s);
    out[0] = '\0';
    if (best)
        snprintf(out, SPELLING_LEN, " (did you mean '%.90s'?)", best);
    return out;
}
