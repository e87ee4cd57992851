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

/* Groups of which at least GROUPS_LEAST supplies and GROUPS_SHARE of the members moved, at least one of them
 * `said` (it would be a finding alone). Larger groups are tried first as long as half of them moved; a
 * supply belongs to one group at most: parent[S] = index into out[], -1: none. out[max]; returns how many. */
size_t groups_find(const struct fleet *f, const bool member[], const bool moved[], const bool said[],
                   struct moved_group out[], size_t max, int32_t parent[]);

/* "S07", "water:W3", "*": the subject of a finding on the group; out[size]. */
void groups_subject(const struct fleet *f, const struct moved_group *g, char *out, size_t size);

#endif
