/* "Did you mean …?": the name that a mistyped or abbreviated word most likely stands for. Pure.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TEXT_SPELLING_H
#define PSM_BASE_TEXT_SPELLING_H

#include <stdbool.h>

/* A search among names that are offered one by one. */
struct spelling {
    const char *word;  /* borrowed */
    char best[96];     /* "": nothing is near */
    unsigned distance; /* of the best */
    bool ambiguous;    /* another name is as near */
};
struct spelling spelling_of(const char *word);

/* Near are: the same but for case and for blank, dash and underscore; the last part of a dotted name; few
 * slips of the pen (a letter more, less, other, or two swapped, a third of them at most); and an abbreviation
 * of its parts
 * ("igbt_temp" of "igbt_temperature"). */
void spelling_offer(struct spelling *s, const char *name);

/* " (did you mean 'igbt_temperature'?)", or "" when nothing, or more than one name, is that near. Returns
 * out.
 */
#define SPELLING_LEN 128
char *spelling_hint(char out[SPELLING_LEN], const struct spelling *s);

/* The name itself, in s; NULL. */
const char *spelling_best(const struct spelling *s);

#endif
