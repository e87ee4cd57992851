/* Which findings are one event: a group that moved and its members, or several things that one subject shows
 * at once. Pure; README.md says the rule in words. Not for includers outside alerts.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_FOLD_H
#define PSM_ALERTS_FOLD_H

#include "base/finding.h"

#define FOLD_AT_ONCE (2 * NS_PER_HOUR) /* onsets less apart are one moment: they are to the hour */
#define FOLD_SAME_DAY NS_PER_DAY       /* onsets less apart belong together where the same thing moved */
#define FOLD_OWN_SIZE \
    3.0 /* a member that moved by more than so many times its group has a reason of its own */

/* Where a subject is in the fleet. */
enum fold_kind { FOLD_UNKNOWN, FOLD_SUPPLY, FOLD_GROUP, FOLD_RING };
struct fold_place {
    enum fold_kind kind;
    enum group_kind group; /* FOLD_GROUP */
    int32_t index;         /* of the supply, or in fleet.groups[group] */
};

/* fleet may be NULL: then only the ring is known. */
struct fold_place fold_place(const struct fleet *f, const char *subject);

/* Supplies at a place; 1 for what is unknown. */
size_t fold_width(const struct fleet *f, const struct fold_place *p);

/* Is every supply of inner one of outer? */
bool fold_within(const struct fleet *f, const struct fold_place *inner, const struct fold_place *outer);

/* One event: one subject holds the other; both are of data or neither is; and
 * - they began at one moment, whatever moved; or, but for data, on the same day, the same signal the same
 * way;
 * - what came of a member long after its group was said, which is taken away from it since, is its own unless
 * it began at one moment with it;
 * - a member whose shift is FOLD_OWN_SIZE times its group's in the same signal is an event of its own.
 * Symmetric. */
struct fold_part {
    const struct finding *finding;
    struct fold_place place;
};
bool fold_one_event(const struct fleet *f, const struct fold_part *a, const struct fold_part *b);

#endif
