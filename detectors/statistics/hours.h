/* Hourly aggregates of one supply and the windows over them: the raw statistics L, J and T before any
 * standardisation. Used alike for training (a whole record) and live (the last hours), so that both see
 * the same numbers. W = columns of a feature row: levels, then their log-variances. detection.md §3, 4.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_STATISTICS_HOURS_H
#define PSM_DETECTORS_STATISTICS_HOURS_H

#include "features/hist.h"

#include <stddef.h>
#include <stdint.h>

#define DIVERGENCE_FLOOR 0.001 /* bits, added before the logarithm */

struct hours {
    size_t n, width;
    unsigned per_hour; /* grid minutes of an hour */
    float *value;      /* [n][W] median of a level, mean of a log-variance; NaN under half an hour valid */
    uint16_t *valid;   /* [n][W] minutes behind it */
    uint16_t *counts;  /* [n][W][HIST_BINS] of those minutes */
    float *reconstruction;      /* [n][W] sum over minutes of the autoencoder's signed residual per column */
    uint16_t *reconstruction_n; /* [n] minutes in that sum */
};

/* n hours, all empty. */
void hours_init(struct hours *h, size_t n, size_t width, unsigned per_hour);
void hours_fini(struct hours *h);
void hours_clear(struct hours *h);
/* Drops the oldest hour; the newest, n - 1, is empty then. */
void hours_shift(struct hours *h);

/* Fills hour k from minutes rows[per_hour] of `stride` floats whose first W are the features, NaN where
 * not to be used. edges: [W][HIST_BINS-1], NULL: no counts. */
void hours_fill(struct hours *h, size_t k, const float rows[], size_t stride, const float edges[]);

/* Windows of w hours that end with hour `end` and use no hour before `lo`. A column is NaN when fewer than
 * half of the window's minutes are valid. out[W].
 * level: weighted mean of hourly values minus centre[W]. */
void hours_level(const struct hours *h, size_t end, size_t lo, size_t w, const float centre[], float out[]);
/* log(JSD + floor) of the window's counts against reference[W][HIST_BINS]. */
void hours_divergence(const struct hours *h, size_t end, size_t lo, size_t w, const uint32_t reference[],
                      float out[]);
/* mean of the autoencoder's residual minus centre[W]. */
void hours_reconstruction(const struct hours *h, size_t end, size_t lo, size_t w, const float centre[],
                          float out[]);

#endif
