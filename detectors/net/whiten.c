/* Whitening; see whiten.h. The only user of GSL's eigensolver.
 * SPDX-License-Identifier: MIT */
#include "detectors/net/whiten.h"

#include "base/mem.h"

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EIGENVALUE_FLOOR 1e-9 /* shrink 0 and a dependent column would divide by zero */
#define FEWEST_PAIRS 10       /* rows with both values; else two columns are taken as unrelated */

/* Means and standard deviations of the columns' values; the number of values of the column that has fewest.
 * Two passes: squares of temperatures in K minus their mean's square would lose what is left of them. */
static size_t moments(const float *x, size_t rows, size_t d, double mean[], double sd[])
{
    size_t *n = xcalloc(d, sizeof *n), fewest = rows;
    memset(mean, 0, d * sizeof *mean);
    memset(sd, 0, d * sizeof *sd);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < d; j++)
            if (!isnan(x[i * d + j])) {
                n[j]++;
                mean[j] += (double)x[i * d + j];
            }
    for (size_t j = 0; j < d; j++)
        mean[j] /= n[j] ? (double)n[j] : 1;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < d; j++)
            if (!isnan(x[i * d + j])) {
                double r = (double)x[i * d + j] - mean[j];
                sd[j] += r * r;
            }
    for (size_t j = 0; j < d; j++) {
        sd[j] = n[j] > 1 ? sqrt(sd[j] / (double)(n[j] - 1)) : 0;
        fewest = n[j] < fewest ? n[j] : fewest;
    }
    free(n);
    return fewest;
}

/* Covariance (d,d) of the rows' (x - centre)/scale, each element from the rows that have both values. */
static void covariance_of(double *c, const float *x, size_t rows, size_t d, const double centre[],
                          const double scale[])
{
    double *z = xcalloc(d, sizeof *z);
    uint32_t *n = xcalloc(d * d, sizeof *n);
    memset(c, 0, d * d * sizeof *c);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < d; j++)
            z[j] = ((double)x[i * d + j] - centre[j]) / scale[j];
        for (size_t j = 0; j < d; j++)
            for (size_t k = 0; k <= j && !isnan(z[j]); k++)
                if (!isnan(z[k])) {
                    c[j * d + k] += z[j] * z[k];
                    n[j * d + k]++;
                }
    }
    for (size_t j = 0; j < d; j++)
        for (size_t k = 0; k <= j; k++) {
            size_t least = j == k ? 2 : FEWEST_PAIRS, pairs = n[j * d + k];
            c[j * d + k] = pairs < least ? 0 : c[j * d + k] / (double)(pairs - 1);
            c[k * d + j] = c[j * d + k];
        }
    free(z);
    free(n);
}

/* The covariance need not be positive definite: negative eigenvalues (of pairwise estimates) count as 0. */
static void from_covariance(struct whiten *w, size_t d, const double *mean, const double *sd,
                            const double *covariance, double shrink)
{
    *w = (struct whiten){.d = d,
                         .mean = xcalloc(d, sizeof(double)),
                         .sd = xcalloc(d, sizeof(double)),
                         .forward = xcalloc(d * d, sizeof(double)),
                         .back = xcalloc(d * d, sizeof(double))};
    memcpy(w->mean, mean, d * sizeof *mean);
    memcpy(w->sd, sd, d * sizeof *sd);

    /* the symmetric root, not Cholesky's: u_j stays as near to channel j as whitening allows, and can be
     * explained by it */
    gsl_matrix *m = gsl_matrix_alloc(d, d), *vectors = gsl_matrix_alloc(d, d);
    gsl_vector *values = gsl_vector_alloc(d);
    gsl_eigen_symmv_workspace *space = gsl_eigen_symmv_alloc(d);
    for (size_t j = 0; j < d; j++)
        for (size_t k = 0; k < d; k++)
            gsl_matrix_set(m, j, k, covariance[j * d + k]);
    gsl_eigen_symmv(m, values, vectors, space);
    for (size_t l = 0; l < d; l++) {
        /* shrinking towards I moves every eigenvalue and no eigenvector: it can be done here */
        double value = (1 - shrink) * fmax(gsl_vector_get(values, l), 0) + shrink;
        double root = sqrt(fmax(value, EIGENVALUE_FLOOR));
        for (size_t j = 0; j < d; j++)
            for (size_t k = 0; k < d; k++) {
                double vv = gsl_matrix_get(vectors, j, l) * gsl_matrix_get(vectors, k, l);
                w->forward[j * d + k] += vv / root;
                w->back[j * d + k] += vv * root;
            }
    }
    gsl_eigen_symmv_free(space);
    gsl_vector_free(values);
    gsl_matrix_free(vectors);
    gsl_matrix_free(m);
}

int whiten_fit(struct whiten *w, const float *x, size_t rows, size_t d, const double *mean, const double *sd,
               double shrink, size_t least)
{
    double *own_mean = xcalloc(d, sizeof *own_mean), *own_sd = xcalloc(d, sizeof *own_sd);
    int rc = -1;
    if (moments(x, rows, d, own_mean, own_sd) >= least) {
        double *c = xcalloc(d * d, sizeof *c), *scale = xcalloc(d, sizeof *scale);
        for (size_t j = 0; j < d; j++) {
            double s = sd ? sd[j] : own_sd[j];
            scale[j] = s > 0 ? s : 1;
        }
        covariance_of(c, x, rows, d, own_mean, scale);
        from_covariance(w, d, mean ? mean : own_mean, scale, c, shrink);
        free(c);
        free(scale);
        rc = 0;
    }
    free(own_mean);
    free(own_sd);
    return rc;
}

void whiten_free(struct whiten *w)
{
    free(w->mean);
    free(w->sd);
    free(w->forward);
    free(w->back);
    *w = (struct whiten){0};
}

#define STANDARD_ONCE 64 /* columns */

static double standard(const struct whiten *w, const float *x, size_t k)
{
    return ((double)x[k] - w->mean[k]) / w->sd[k];
}

void whiten_apply(const struct whiten *w, const float *x, float *u, double clip)
{
    double z[STANDARD_ONCE]; /* divided once each, where they fit */
    bool once = w->d <= STANDARD_ONCE;
    for (size_t k = 0; once && k < w->d; k++)
        z[k] = standard(w, x, k);
    for (size_t j = 0; j < w->d; j++) {
        const double *f = w->forward + j * w->d;
        double s = 0;
        for (size_t k = 0; k < w->d; k++)
            s += f[k] * (once ? z[k] : standard(w, x, k));
        u[j] = (float)(s > clip ? clip : s < -clip ? -clip : s); /* NaN compares false: stays */
    }
}

void whiten_back(const struct whiten *w, const float *e, float *z)
{
    for (size_t j = 0; j < w->d; j++) {
        const double *b = w->back + j * w->d;
        double s = 0;
        for (size_t k = 0; k < w->d; k++)
            s += b[k] * (double)e[k];
        z[j] = (float)s;
    }
}

/* ---- missing values ---- */

double *whiten_precision(const struct whiten *w)
{
    size_t d = w->d;
    double *p = xcalloc(d * d, sizeof *p);
    for (size_t j = 0; j < d; j++)
        for (size_t k = 0; k < d; k++)
            for (size_t l = 0; l < d; l++)
                p[j * d + k] += w->forward[j * d + l] * w->forward[l * d + k];
    return p;
}

/* P_mm z_m = -P_mo z_o for the m missing ones at[]; NULL where that has no solution. */
static gsl_vector *implied(size_t d, const double precision[], const float z[], const size_t at[], size_t m)
{
    gsl_matrix *p = gsl_matrix_alloc(m, m);
    gsl_vector *v = gsl_vector_alloc(m);
    for (size_t a = 0; a < m; a++) {
        const double *row = precision + at[a] * d;
        double s = 0;
        for (size_t k = 0; k < d; k++)
            s -= isnan(z[k]) ? 0 : row[k] * (double)z[k];
        gsl_vector_set(v, a, s);
        for (size_t b = 0; b < m; b++)
            gsl_matrix_set(p, a, b, row[at[b]]);
    }
    bool solved = gsl_linalg_cholesky_decomp1(p) == 0 && gsl_linalg_cholesky_svx(p, v) == 0;
    gsl_matrix_free(p);
    if (solved)
        return v;
    gsl_vector_free(v);
    return NULL;
}

void whiten_fill(size_t d, const double precision[], float z[], double clip)
{
    size_t m = 0, *at = xcalloc(d, sizeof *at);
    for (size_t j = 0; j < d; j++)
        if (isnan(z[j]))
            at[m++] = j;
    gsl_vector *v = m > 0 ? implied(d, precision, z, at, m) : NULL;
    for (size_t a = 0; a < m; a++)
        z[at[a]] = v ? (float)fmax(-clip, fmin(clip, gsl_vector_get(v, a))) : 0;
    if (v)
        gsl_vector_free(v);
    free(at);
}
