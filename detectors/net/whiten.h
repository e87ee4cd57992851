/* Whitening: u = Σ^(-1/2) (x - mean)/sd with Σ = (1 - s)·corr + s·I, by symmetric eigendecomposition.
 * detection.md §5. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_NET_WHITEN_H
#define PSM_DETECTORS_NET_WHITEN_H

#include <stddef.h>

struct whiten {
    size_t d;
    double *mean, *sd; /* [d] */
    double *forward;   /* (d,d) Σ^(-1/2) */
    double *back;      /* (d,d) Σ^(1/2) */
};

/* Fits on x (rows, d), rows with NaN skipped, columns centred and scaled by `mean`, `sd` when given
 * (robust ones, say), else by their own; a column without spread is scaled by 1. Σ's covariance is taken
 * about the columns' own means either way. shrink: s, 0.02. Returns 0, or -1 with fewer than d + 2 rows
 * (then *w is not written). */
int whiten_fit(struct whiten *w, const float *x, size_t rows, size_t d, const double *mean, const double *sd,
               double shrink);

/* The same from a covariance (d,d) of the scaled columns that the caller made; it need not be positive
 * definite: negative eigenvalues (of pairwise estimates) count as 0. mean, sd [d] as above, not NULL. */
void whiten_fit_covariance(struct whiten *w, size_t d, const double *mean, const double *sd,
                           const double *covariance, double shrink);
void whiten_free(struct whiten *w);

/* u[d] = whitened x[d], clipped at ±clip. NaN in gives NaN out. */
void whiten_apply(const struct whiten *w, const float *x, float *u, double clip);

/* z[d] = Σ^(1/2) e[d]: a whitened residual back in standard deviations of the channels. */
void whiten_back(const struct whiten *w, const float *e, float *z);

#endif
