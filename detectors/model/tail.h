/* From a null sample to tail probabilities: empirical survival in the bulk, a generalised Pareto tail by
 * moments above it, ξ clipped to [0, 0.5]. A negative ξ would be a bounded tail that claims p = 0 just
 * outside the sample. docs/detection.md §6.3; Hosking and Wallis, "Parameter and quantile estimation for the
 * generalized Pareto distribution", Technometrics 29 (1987) §3 (moments). Pure.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_MODEL_TAIL_H
#define PSM_DETECTORS_MODEL_TAIL_H

#include "base/err.h"

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

/* The smallest p that a tail of so many observations can state: farther out its own error grows past two
 * decades, and what is less is not told apart. Of k = p_u·n excesses a generalised Pareto's ln p at the depth
 * L = ln(p_u / p) has a standard error of about L²/2 /√k (leading term of the delta method at ξ near 0, where
 * the error of ξ is 1/√k: Hosking and Wallis §3; Coles, "An Introduction to Statistical Modeling of Extreme
 * Values", 2001, §4.3.3). Its one-sided 95 % bound, 1.645 of these, is two decades, 2·ln 10, at
 * L = √(4·ln 10·√k / 1.645). So n observations reach fifty (n = 2,500) to seven thousand times (n = 25,000)
 * beyond 1/n; that they depend on one another is not in it. NaN when not fitted. */
double tail_reach(const struct tail *t);

/* The x whose tail probability is p in (0, 1]; NaN when not fitted. */
double tail_quantile(const struct tail *t, double p);

/* A tail is used as an index into its quantiles: whether t[n], read from a file under that name, are such as
 * tail_fit makes. Error: ERR_DATA. */
int tail_check(const struct tail t[], size_t n, const char *name, struct err *err) MUSTCHECK;

/* ---- small robust figures shared by training and scoring; x is reordered ---- */
double robust_median(float x[], size_t n);                /* NaN for n = 0 */
double robust_spread(float x[], size_t n, double median); /* 1.4826·MAD */
double trimmed_mean(float x[], size_t n);                 /* without the lowest and highest tenth */
double median_of(double x[], size_t n);                   /* of doubles; NaN for n = 0 */

#endif
