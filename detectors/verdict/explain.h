/* From an hour's numbers to words: what moved, since when, by how much, with what it agrees, and whether
 * the equipment or only a sensor is to blame. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_VERDICT_EXPLAIN_H
#define PSM_DETECTORS_VERDICT_EXPLAIN_H

#include "base/finding.h"
#include "detectors/model/internal.h"
#include "detectors/verdict/trail.h"

/* One supply's hour. */
struct evidence {
    const struct model *model;
    uint32_t supply;
    const struct yardstick *yardstick;
    const struct values *values;
    const struct hour_score *score;
    struct trail trail;
};

#define MOVED_SURPRISE 3.0 /* -log10 p from which a column counts as moved */

/* +1, -1: the column's level moved up, down, by enough to matter, and stands there now; 0: it did not. */
int explain_moved(const struct evidence *e, size_t column);

/* The strongest score of each cause (cause.h) that an hour shows, strongest first; returns how many. The
 * supply's score must have a statistic: it is the first. */
#define CAUSES_MAX 4
size_t explain_causes(const struct evidence *e, struct hour_score best[CAUSES_MAX]);

/* Fills subject, supply, detector, class, cause, signal, onset, size, unit, direction, witness, by, reason;
 * not the chance. The score must have a statistic. Returns whether it can be said: what moved is there now,
 * and the size that is said is at least the minimum effect. */
bool explain_finding(struct finding *out, const struct evidence *e);

/* A size as it is said (of noise a ratio) over the column's minimum effect. */
double explain_effect(const struct model *m, uint32_t supply, size_t column, double size);

/* Whether what was said of a supply has ended since. */
bool explain_over(const struct model *m, uint32_t supply, const struct trail *t, const struct finding *said);

#endif
