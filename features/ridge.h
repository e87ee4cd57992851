/* Normal equations of linear regressions with a constant, accumulated row by row, and their solution
 * shrunk to the family's slopes. SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_RIDGE_H
#define PSM_FEATURES_RIDGE_H

#include <stdbool.h>
#include <stddef.h>

#define RIDGE_TERMS 7 /* most regressors, the constant included */

/* Σ x xᵀ (lower triangle by rows) and Σ x y over rows x[terms], x[0] = 1. Sums of two are the sums of
 * their rows. */
struct normals {
    double g[RIDGE_TERMS * (RIDGE_TERMS + 1) / 2];
    double h[RIDGE_TERMS];
};

void ridge_add_row(struct normals *n, const double x[], double y, size_t terms);
void ridge_add(struct normals *to, const struct normals *n);

/* Pooled slopes of a family in which every member has its own constant. Zero-fill, add the members'
 * normals, solve. */
struct ridge_family {
    struct normals centred;           /* Σ of the members' (x - mean)(x - mean)ᵀ */
    double squares[RIDGE_TERMS];      /* Σ x², not centred: the scale of a barely visible regressor */
    double sum_x[RIDGE_TERMS], sum_y; /* sum_x[0]: rows */
    double slope[RIDGE_TERMS];        /* after ridge_family_solve; [0]: the common constant */
};
void ridge_family_add(struct ridge_family *f, const struct normals *n, size_t terms);
/* False when the family has no rows. Slopes that its rows do not determine are near 0. */
bool ridge_family_solve(struct ridge_family *f, size_t terms);

/* (G + D) β = h + D β_family with D = 0.01·diag(G), the constant not shrunk. With few rows the slopes are
 * the family's, with hardly any the constant too. */
void ridge_solve(double beta[], const struct normals *n, const struct ridge_family *f, size_t terms);

#endif
