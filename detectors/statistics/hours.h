/* Hourly aggregates of one supply and sums over windows of them. Used alike for training (a whole record) and
 * live (the last hours, as a ring), so that both see the same numbers. W = columns of a feature row: levels,
 * then their log-variances. docs/detection.md §3, 4. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_STATISTICS_HOURS_H
#define PSM_DETECTORS_STATISTICS_HOURS_H

#include "base/types.h"
#include "features/hist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUMS_MAX 4 /* statistics that sum a value of their own over the minutes of an hour */

struct hours {
    size_t n, width, n_sums;
    unsigned per_hour; /* grid minutes of an hour */
    size_t first;      /* row of hour 0, the oldest: a ring */
    float *value;      /* [n][W] median of a level, mean of a log-variance; NaN under half an hour valid */
    uint16_t *valid;   /* [n][W] minutes behind it */
    float *doubt;      /* [n][W/2] of a level: one sd of what was taken from it as common; 0 unless set */
    uint16_t *counts;  /* [n][W][HIST_BINS] of those minutes */
    float *sum;        /* [n_sums][n][W] of a statistic's own value per column and minute */
    uint16_t *summed;  /* [n_sums][n] minutes in that sum */
};

/* The hour since 1970 that the grid minute ending at t belongs to, and which minute of it that is. */
static inline int64_t hour_of(tstamp_ns t)
{
    return (t - 1) / NS_PER_HOUR;
}
static inline size_t hour_minute(tstamp_ns t, unsigned per_hour)
{
    return (size_t)(((t - 1) % NS_PER_HOUR) / (NS_PER_HOUR / (tstamp_ns)per_hour));
}

/* n hours, all empty, with n_sums sums. */
void hours_init(struct hours *h, size_t n, size_t width, unsigned per_hour, size_t n_sums);
void hours_fini(struct hours *h);
void hours_clear(struct hours *h);
/* Drops the oldest hour; the newest, n - 1, is empty then. */
void hours_shift(struct hours *h);

/* Where hour k stands in the arrays. */
static inline size_t hours_row(const struct hours *h, size_t k)
{
    size_t row = h->first + k;
    return row < h->n ? row : row - h->n;
}

/* Fills hour k from minutes rows[per_hour] of `stride` floats whose first W are the features, NaN where
 * not to be used. edges: [W][HIST_BINS-1], NULL: no counts. */
void hours_fill(struct hours *h, size_t k, const float rows[], size_t stride, const float edges[]);
/* Whether hour k has a value in any column. */
bool hours_any(const struct hours *h, size_t k);

/* The doubt of an hour's levels from its sum [W/2] over n minutes. */
void hours_set_doubt(struct hours *h, size_t k, const double sum[], unsigned n);

/* Adds a minute's values [W] to a sum of hour k. */
void hours_sum(struct hours *h, size_t k, size_t sum, const float value[]);

/* Windows of w hours that end with hour `end` and use no hour before `lo`. out[W].
 * level: weighted mean of hourly values minus centre[W], also of a single hour. */
void hours_level(const struct hours *h, size_t end, size_t lo, size_t w, const float centre[], float out[]);
/* Doubt of the levels over the window, of whole hours as hours_level weighs them: what is common is answered
 * to in one way throughout, so that doubts of hours do not average out. 0 for log-variances. */
void hours_doubt(const struct hours *h, size_t end, size_t lo, size_t w, float out[]);
/* How much such a window holds of the half of its minutes that it ought to; 1 from there on. */
void hours_fullness(const struct hours *h, size_t end, size_t lo, size_t w, float out[]);
/* Counts of one column over the window; returns whether half of its minutes are there. */
bool hours_counts(const struct hours *h, size_t end, size_t lo, size_t w, size_t column,
                  uint32_t counts[HIST_BINS]);
/* Mean of a sum over the window's minutes, minus centre[W]; NaN when fewer than half of them are there. */
void hours_mean(const struct hours *h, size_t end, size_t lo, size_t w, size_t sum, const float centre[],
                float out[]);

#endif
