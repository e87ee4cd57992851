/* Normal equations; see ridge.h. SPDX-License-Identifier: MIT */
#include "features/ridge.h"

#include <math.h>

#define OWN_SHRINK 0.01    /* D = OWN_SHRINK·diag(G) */
#define FAMILY_SHRINK 1e-6 /* of the family's coefficients towards 0: for regressors that never moved */
#define ROWS_FOR_ALL 100   /* below, a supply takes the family's coefficients but for the first … */
#define ROWS_FOR_FIRST 10  /* … and below this all of them */

/* Place of element (j, k), k <= j, in a lower triangle stored by rows. */
static size_t at(size_t j, size_t k)
{
    return j * (j + 1) / 2 + k;
}

void ridge_add_row(struct normals *n, const double x[], double y, size_t terms)
{
    n->rows++;
    for (size_t j = 0; j < terms; j++) {
        double *row = n->g + at(j, 0);
        for (size_t k = 0; k <= j; k++)
            row[k] += x[j] * x[k];
        n->h[j] += x[j] * y;
    }
}

void ridge_add(struct normals *to, const struct normals *n)
{
    to->rows += n->rows;
    for (size_t i = 0; i < sizeof n->g / sizeof *n->g; i++)
        to->g[i] += n->g[i];
    for (size_t i = 0; i < RIDGE_TERMS; i++)
        to->h[i] += n->h[i];
}

/* Solves A x = b in place (b becomes x) by Cholesky, A's lower triangle destroyed. A direction that the
 * data do not determine (pivot lost to rounding) gets 0. */
static void solve(double a[], double b[], size_t n)
{
    for (size_t j = 0; j < n; j++) {
        double full = a[at(j, j)];
        for (size_t k = 0; k < j; k++)
            a[at(j, j)] -= a[at(j, k)] * a[at(j, k)];
        bool lost = !(a[at(j, j)] > 1e-13 * full);
        a[at(j, j)] = lost ? (double)INFINITY : sqrt(a[at(j, j)]);
        for (size_t i = j + 1; i < n; i++) {
            double s = a[at(i, j)];
            for (size_t k = 0; k < j; k++)
                s -= a[at(i, k)] * a[at(j, k)];
            a[at(i, j)] = lost ? 0 : s / a[at(j, j)];
        }
    }
    for (size_t j = 0; j < n; j++) {
        for (size_t k = 0; k < j; k++)
            b[j] -= a[at(j, k)] * b[k];
        b[j] /= a[at(j, j)];
    }
    for (size_t j = n; j-- > 0;) {
        for (size_t k = j + 1; k < n; k++)
            b[j] -= a[at(k, j)] * b[k];
        b[j] /= a[at(j, j)];
    }
}

void ridge_family_add(struct ridge_family *f, const struct normals *n, size_t terms)
{
    if (!(n->g[0] > 0))
        return;
    f->rows += n->rows;
    f->own_y += n->h[0];
    f->own_x[0] += n->g[0];
    for (size_t j = 1; j < terms; j++) {
        double part = n->g[at(j, 0)] / n->g[0];
        f->own_x[j] += n->g[at(j, 0)];
        f->squares[j] += n->g[at(j, j)];
        f->within.h[j] += n->h[j] - part * n->h[0];
        for (size_t k = 1; k <= j; k++)
            f->within.g[at(j, k)] += n->g[at(j, k)] - part * n->g[at(k, 0)];
    }
}

bool ridge_family_solve(struct ridge_family *f, size_t terms)
{
    if (!(f->own_x[0] > 0))
        return false;
    double g[RIDGE_TERMS * (RIDGE_TERMS + 1) / 2], b[RIDGE_TERMS];
    for (size_t j = 1; j < terms; j++) {
        for (size_t k = 1; k <= j; k++)
            g[at(j - 1, k - 1)] = f->within.g[at(j, k)];
        g[at(j - 1, j - 1)] += FAMILY_SHRINK * f->squares[j];
        b[j - 1] = f->within.h[j];
    }
    solve(g, b, terms - 1);
    double first = f->own_y;
    for (size_t j = 1; j < terms; j++) {
        f->beta[j] = b[j - 1];
        first -= f->beta[j] * f->own_x[j];
    }
    f->beta[0] = first / f->own_x[0];
    return true;
}

void ridge_solve(double beta[], const struct normals *n, const struct ridge_family *f, size_t terms)
{
    for (size_t j = 0; j < terms; j++)
        beta[j] = f->beta[j];
    if (n->rows < ROWS_FOR_FIRST || !(n->g[0] > 0))
        return;
    if (n->rows < ROWS_FOR_ALL) {
        beta[0] = n->h[0];
        for (size_t j = 1; j < terms; j++)
            beta[0] -= beta[j] * n->g[at(j, 0)];
        beta[0] /= n->g[0];
        return;
    }
    struct normals a = *n;
    for (size_t j = 1; j < terms; j++) {
        /* a member that never left a corner of the regressor's range must not extrapolate from it */
        double usual = f->squares[j] / f->rows * n->rows;
        double d = OWN_SHRINK * fmax(n->g[at(j, j)], usual);
        a.g[at(j, j)] += d;
        a.h[j] += d * f->beta[j];
    }
    solve(a.g, a.h, terms);
    for (size_t j = 0; j < terms; j++)
        beta[j] = a.h[j];
}
