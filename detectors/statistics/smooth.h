/* The step of the tracks, smoothed statistics of rows: per signal and speed, exponentially weighted means of
 * squared whitened deviations (D) and squared reconstruction residuals (A). Their mean over the signals is
 * the statistic itself, so what is explained is what is scored. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_STATISTICS_SMOOTH_H
#define PSM_DETECTORS_STATISTICS_SMOOTH_H

#include <stdbool.h>
#include <stddef.h>

#define TRACK_SPEEDS 4
#define TRACK_COUNT (2 * TRACK_SPEEDS) /* D at every speed, then A */

extern const double track_lambda[TRACK_SPEEDS]; /* weights of the newest row */

/* What healthy rows do. */
struct track_null {
    double *square[2];                               /* [d] mean of min(u², 36); of min(e², 36) */
    double *deviation2;                              /* [d] mean of r² */
    double median[TRACK_COUNT], spread[TRACK_COUNT]; /* of the logarithms of the smoothed statistics */
    double row_median[2], row_spread[2];             /* of those of single rows, D and A */
    int speeds;    /* usable ones, the fastest first: a slow one needs a long reference */
    bool with_net; /* A counts */
};

struct tracks {
    size_t d;
    double *square[TRACK_COUNT]; /* [d] each */
};

void track_null_open(struct track_null *n, size_t d);
void track_null_close(struct track_null *n);

/* What one row says, [d] each; at least half of its values are there. */
struct track_row {
    float *u; /* whitened, within ±6 */
    float *e; /* reconstruction residual in the same space; without a network u itself */
    float *r; /* deviation from what the other columns imply, in scales, to the full: not clipped; too small
                 where others of the row are missing; NaN: missing itself */
    size_t observed;
};

/* n such rows in order: u, e, r (n,d); observed [n]; gap[i] periods are missing before row i. */
struct track_rows {
    size_t n, d;
    float *u, *e, *r;
    size_t *observed;
    const size_t *gap;
};
struct track_row track_row_at(const struct track_rows *rows, size_t i);

/* The null that those rows (of fits that did not see them) give; with_net false: D alone. */
void track_null_fit(struct track_null *null, const struct track_rows *rows, bool with_net);

void tracks_open(struct tracks *t, size_t d);
void tracks_close(struct tracks *t);

/* Back to the null. */
void tracks_reset(struct tracks *t, const struct track_null *n);

/* `gap` periods passed without a row: what was remembered fades towards the null. */
void tracks_fade(struct tracks *t, const struct track_null *n, size_t gap);

/* Takes in one row. */
void tracks_step(struct tracks *t, const struct track_row *row);

/* Largest standardised logarithm; *which receives the track it came from. */
double tracks_score(const struct tracks *t, const struct track_null *n, int *which);

/* Logarithm of a track's statistic, as in the null's medians. */
double tracks_level(const struct tracks *t, int which);

/* Logarithm of what one row adds to the tracks of D (kind 0) or A (1), its mean square, of a full row's size.
 */
double track_row_level(const struct track_row *row, size_t d, int kind);

/* The highest score: all signals stay at the limit of the scale for long. */
double tracks_limit(const struct track_null *n);

#endif
