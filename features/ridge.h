/* Normal equations of linear regressions, accumulated row by row, and their solution shrunk to the family.
 * The first regressor is a supply's own and is not shrunk: a constant (the level of a temperature), a
 * resistance, a gain. SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_RIDGE_H
#define PSM_FEATURES_RIDGE_H

#include <stdbool.h>
#include <stddef.h>

#define RIDGE_TERMS 7 /* most regressors */

/* Σ x xᵀ (lower triangle by rows) and Σ x y over rows x[terms]. Sums of two are the sums of their rows. */
struct normals {
    double rows;
    double g[RIDGE_TERMS * (RIDGE_TERMS + 1) / 2];
    double h[RIDGE_TERMS];
};

void ridge_add_row(struct normals *n, const double x[], double y, size_t terms);
void ridge_add(struct normals *to, const struct normals *n);

/* Pooled coefficients of a family in which every member has its own first one. Zero-fill, add the members'
 * normals, solve. */
struct ridge_family {
    struct normals within; /* Σ of the members' normals with the first regressor projected out */
    double rows;
    double squares[RIDGE_TERMS];      /* Σ x², nothing projected: the scale of a barely visible regressor */
    double own_x[RIDGE_TERMS], own_y; /* Σ x[0]·x, Σ x[0]·y */
    double beta[RIDGE_TERMS];         /* after ridge_family_solve */
};
void ridge_family_add(struct ridge_family *f, const struct normals *n, size_t terms);
/* False when the family has no rows. Coefficients that its rows do not determine are near 0. */
bool ridge_family_solve(struct ridge_family *f, size_t terms);

/* (G + D) β = h + D β_family with D = 0.01·diag(G), 0 for the first; where the family's mean square of a
 * regressor is larger than the member's own, that stands in D: a corrector that stood near zero through the
 * reference is told by its family what a large current does. With few rows all but the first are the
 * family's, with hardly any the first too. */
void ridge_solve(double beta[], const struct normals *n, const struct ridge_family *f, size_t terms);

#endif
