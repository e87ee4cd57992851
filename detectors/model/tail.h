/* From a null sample to tail probabilities: empirical survival in the bulk, a generalised Pareto tail by
 * moments above it, ξ clipped to [0, 0.5]. A negative ξ would be a bounded tail that claims p = 0 just
 * outside the sample. docs/detection.md §6.3; Hosking and Wallis, "Parameter and quantile estimation for the
 * generalized Pareto distribution", Technometrics 29 (1987) §3 (moments). Pure.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_MODEL_TAIL_H
#define PSM_DETECTORS_MODEL_TAIL_H

#include <stddef.h>

#define TAIL_POINTS 256 /* of the bulk's quantile table */
#define TAIL_LEAST 20   /* observations below which nothing is fitted */

/* Plain numbers only, so that a model file can hold it as an array of doubles. */
struct tail {
    double n;              /* observations; < TAIL_LEAST: not fitted, every p is NaN */
    double p_u, u;         /* the tail begins at u, which a share p_u of the null exceeds */
    double xi, sigma;      /* of the generalised Pareto excess over u; sigma 0: no spread above u */
    double q[TAIL_POINTS]; /* quantiles at probabilities (1 - p_u)·k/(TAIL_POINTS - 1) */
};

/* Fits to x[n] (reordered; NaN not allowed); p_u: 0.03 for hours, 0.1 for supply-days. */
void tail_fit(struct tail *t, float x[], size_t n, double p_u);

/* P(X >= x) under the null; NaN for NaN or when not fitted; never 0. */
double tail_p(const struct tail *t, double x);

/* The x whose tail probability is p in (0, 1]; NaN when not fitted. */
double tail_quantile(const struct tail *t, double p);

/* ---- small robust figures shared by training and scoring; x is reordered ---- */
double robust_median(float x[], size_t n);                /* NaN for n = 0 */
double robust_spread(float x[], size_t n, double median); /* 1.4826·MAD */
double trimmed_mean(float x[], size_t n);                 /* without the lowest and highest tenth */

#endif
