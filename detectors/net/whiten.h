/* Whitening: u = Σ^(-1/2) (x - mean)/sd with Σ = (1 - s)·corr + s·I, by symmetric eigendecomposition.
 * docs/detection.md §5. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_NET_WHITEN_H
#define PSM_DETECTORS_NET_WHITEN_H

#include <stddef.h>

struct whiten {
    size_t d;
    double *mean, *sd; /* [d] */
    double *forward;   /* (d,d) Σ^(-1/2) */
    double *back;      /* (d,d) Σ^(1/2) */
};

/* Fits on x (rows, d), NaN is missing: each covariance is taken from the rows that have both values. Columns
 * are centred and scaled by `mean`, `sd` when given (robust ones, say), else by their own; a column without
 * spread is scaled by 1. Σ's covariance is taken about the columns' own means either way. shrink: s, 0.02.
 * Returns 0, or -1 when a column has fewer than `least` values (then *w is not written). */
int whiten_fit(struct whiten *w, const float *x, size_t rows, size_t d, const double *mean, const double *sd,
               double shrink, size_t least);
void whiten_free(struct whiten *w);

/* u[d] = whitened x[d], clipped at ±clip. NaN in gives NaN out. */
void whiten_apply(const struct whiten *w, const float *x, float *u, double clip);

/* z[d] = Σ^(1/2) e[d]: a whitened residual back in standard deviations of the channels. */
void whiten_back(const struct whiten *w, const float *e, float *z);

/* Σ^-1 (d,d); the caller frees. */
double *whiten_precision(const struct whiten *w);

/* Fills the missing (NaN) of scaled values z[d] in by what the others imply, within ±clip: the conditional
 * mean of a normal distribution, which leaves Σ u² the squared distance of the observed ones. */
void whiten_fill(size_t d, const double precision[], float z[], double clip);

#endif
