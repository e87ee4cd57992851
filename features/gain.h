/* How strongly a temperature of a supply answers to what the whole ring does: the slope of its residual on
 * the ring's value (common.h), pulled to its family's, and the family's to 1, as far as the record says
 * little:
 *
 *   b = (C/σ² + b₀/τ²) / (V/σ² + 1/τ²)      sd = (V/σ² + 1/τ²)^-½
 *
 * C, V: Σ of products about their means; b₀, τ = GAIN_UNKNOWN: what is believed before; σ² the residuals'
 * variance times GAIN_RUN rows that wander together (normal-normal shrinkage, e.g. Gelman et al., Bayesian
 * Data Analysis, §2.5). SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_GAIN_H
#define PSM_FEATURES_GAIN_H

/* How differently supplies answer to what they share, one sd, as far as nothing says it: flow, place in a
 * rack and mounting differ by as much (docs/power-supplies.md §8). */
#define GAIN_UNKNOWN 0.2
/* The same where the gain was learned, of what goes further than the record went: what bends, bends beyond.
 */
#define GAIN_STRANGE 0.07
#define GAIN_ROW_MINUTES 15 /* a row is taken so often */
#define GAIN_RUN 16         /* rows: a temperature wanders for four hours and more */

/* Σ over rows of v, the ring's value, and y, the residual. Sums of two are the sums of their rows. */
struct gain_sums {
    double n, v, y, vv, vy, yy;
};
void gain_add_row(struct gain_sums *s, double v, double y);
void gain_add(struct gain_sums *to, const struct gain_sums *s);
/* The same with each member counted about its own means. */
void gain_add_member(struct gain_sums *family, const struct gain_sums *s);

struct gain {
    double b, sd;
    double reach; /* K: how far the ring's value went in the record: mean and two sd */
    double rms;   /* K, of the residual without b times the ring; NaN: unknown */
};
/* From rows and what is believed before; with under two runs of rows that belief, which reaches nowhere. */
struct gain gain_solve(const struct gain_sums *s, double before);

#endif
