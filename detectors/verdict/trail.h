/* The hourly values of one supply's last two weeks: since when a shift is there, and whether it still is.
 * Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_VERDICT_TRAIL_H
#define PSM_DETECTORS_VERDICT_TRAIL_H

#include "base/types.h"

#include <stdbool.h>
#include <stddef.h>

/* Hourly values of one supply, newest last: n rows of W in a ring of so many, NaN where none; the newest hour
 * ends at `end`. */
struct trail {
    const float *value;
    size_t n, width;
    tstamp_ns end;
    size_t first, ring; /* row of the oldest; rows of the ring */
};

/* Of hour k, 0 the oldest. */
float trail_at(const struct trail *t, size_t k, size_t column);
/* When hour k begins, and which hour a time is in: 0 for what is older than the trail, at most n - 1. */
tstamp_ns trail_time(const struct trail *t, size_t k);
size_t trail_hour(const struct trail *t, tstamp_ns at);

/* Median of the last hours' values minus centre; NaN: none. */
double trail_recent(const struct trail *t, size_t column, double centre);

/* The hour in which the column's lasting shift (sign of `shift`) began: that from which the hourly values'
 * sum above a third of their present shift is largest (a backward CUSUM). */
size_t trail_onset(const struct trail *t, size_t column, float centre, float spread, double shift);

/* A shift: from hour `since` on, an hour has it when it reaches `bar` (signed) from the centre. Hours without
 * a value count for nothing. */
struct trail_shift {
    size_t column;
    double centre, bar;
    size_t since;
};
/* Whether it is there now: the newest hour, which must have a value, has it, and half of the last ones; or it
 * has come and gone often enough for its absence to be one of its pauses. */
bool trail_stands(const struct trail *t, const struct trail_shift *s);
/* Whether it is over: absent for some hours, and for longer than in any pause that it came back from; after
 * a day in any case. */
bool trail_over(const struct trail *t, const struct trail_shift *s);

#endif
