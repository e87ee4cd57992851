/* From an hour's numbers to words: what moved, since when, by how much, with what it agrees, and whether
 * the equipment or only a sensor is to blame. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_VERDICT_EXPLAIN_H
#define PSM_DETECTORS_VERDICT_EXPLAIN_H

#include "base/finding.h"
#include "detectors/model/internal.h"

/* Hourly values of one supply, newest last: n rows of W in a ring of so many, NaN where none; the newest hour
 * ends at `end`. */
struct trail {
    const float *value;
    size_t n, width;
    tstamp_ns end;
    size_t first, ring; /* row of the oldest; rows of the ring */
};

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

/* +1, -1: the column's level moved up, down, by enough to matter; 0: it did not. */
int explain_moved(const struct evidence *e, size_t column);

/* When the column's lasting shift (sign of `shift`) began: the hour from which the hourly values' sum above
 * a third of their present shift is largest (a backward CUSUM). */
tstamp_ns explain_onset(const struct trail *t, size_t column, float centre, float spread, double shift);

/* Fills subject, supply, detector, class, signal, onset, size, unit, direction, witness, by, reason; not
 * the chance. The score must have a statistic. */
void explain_finding(struct finding *out, const struct evidence *e);

#endif
