/* Which group of supplies moved together: sector, water, rack, feeder or the whole ring. Pure.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_VERDICT_GROUPS_H
#define PSM_DETECTORS_VERDICT_GROUPS_H

#include "base/fleet.h"

#include <stdbool.h>

#define GROUPS_LEAST 4    /* supplies */
#define GROUPS_SHARE 0.25 /* of the group's members */

#define GROUPS_RING GROUP_COUNT /* as the group: all supplies */

struct moved_group {
    int group;    /* enum group_kind, or GROUPS_RING */
    size_t index; /* in fleet.groups[group] */
    size_t members, moved;
};

/* Room to search in, [S] each; the caller sets the first three. */
struct group_search {
    const struct fleet *fleet;
    bool *member; /* counts at all */
    bool *moved;
    bool *said;      /* it would be a finding alone */
    int32_t *parent; /* index of its group among those found; -1: none */
    struct tally *tally;
    struct moved_group *found; /* [GROUPS_MAX] */
};
#define GROUPS_MAX 64
void group_search_init(struct group_search *g, const struct fleet *f);
void group_search_fini(struct group_search *g);

/* Groups of which at least GROUPS_LEAST supplies and GROUPS_SHARE of the members moved, at least one of them
 * said. Larger groups are tried first as long as half of them moved; a supply belongs to one group at most.
 * Finds at most `max` (<= GROUPS_MAX); returns how many. */
size_t groups_find(struct group_search *g, size_t max);

/* The same for supplies that failed at one moment, which is one cause whatever their share: groups that
 * failed whole come first (a dead sector of a small ring is that sector, not half the ring); what is left of
 * a sector, and then of the ring, is a group too when it is GROUPS_LEAST supplies. More than GROUPS_APART are
 * one, of the ring. */
size_t groups_find_failed(struct group_search *g, size_t max);
#define GROUPS_APART 3

/* "sector S07", "water W3", "the ring": a group in words; out[size]. */
void groups_words(const struct fleet *f, const struct moved_group *g, char *out, size_t size);

/* Where the flagged supplies are, in words: "S01 (all 33), S02 (6 of 33)"; of more sectors than fit a line
 * only how many; "" for none; out[size]. */
void groups_where(const struct fleet *f, const bool flagged[], char *out, size_t size);

/* "S07", "water:W3", "*": the subject of a finding on the group; out[size]. */
void groups_subject(const struct fleet *f, const struct moved_group *g, char *out, size_t size);

#endif
