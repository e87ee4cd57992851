/* Groups while psmon runs: their hours, their scores, their findings; see group_model.h.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_GROUPS_GROUP_WATCH_H
#define PSM_DETECTORS_GROUPS_GROUP_WATCH_H

#include "detectors/groups/group_model.h"
#include "detectors/verdict/tracker.h"

#define SLOT_GROUP "group" /* of the tracker, and as detector of a finding */

struct group_watch;

/* Borrows all. from: nothing before is looked at for an onset. */
struct group_watch *group_watch_new(const struct group_model *m, const struct fleet *f, unsigned per_hour,
                                    tstamp_ns from);
void group_watch_free(struct group_watch *w);

/* The chance from which a group's finding is said. */
void group_watch_limit(struct group_watch *w, double budget);

/* Takes a minute, in order. Its hour is scored with its last minute, or where that is lacking with the first
 * of a later one. */
void group_watch_minute(struct group_watch *w, const struct feature_frame *ff);

/* How far a supply's own level of a signal stands at present from its reference, K, beside what it was freed
 * of as common; NaN: unknown. */
typedef float group_member_shift(const void *arg, uint32_t supply, enum common_signal signal);

/* What the hour last scored proposes. Open findings of the tracker go on as long as what they say is half
 * there. */
void group_watch_propose(const struct group_watch *w, const struct tracker *open, group_member_shift *shift,
                         const void *arg, struct proposals *out);

#endif
