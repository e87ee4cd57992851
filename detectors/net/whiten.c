/* Whitening; see whiten.h. The only user of GSL's eigensolver. SPDX-License-Identifier: MIT */
#include "detectors/net/whiten.h"

#include "base/mem.h"

#include <gsl/gsl_eigen.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EIGENVALUE_FLOOR 1e-9 /* shrink 0 and a dependent column would divide by zero */

static bool complete(const float *row, size_t d)
{
    for (size_t j = 0; j < d; j++)
        if (isnan(row[j]))
            return false;
    return true;
}

/* Means and standard deviations of the complete rows; returns their number. Two passes: squares of
 * temperatures in K minus their mean's square would lose what is left of them. */
static size_t moments(const float *x, size_t rows, size_t d, double mean[], double sd[])
{
    size_t n = 0;
    memset(mean, 0, d * sizeof *mean);
    memset(sd, 0, d * sizeof *sd);
    for (size_t i = 0; i < rows; i++) {
        if (!complete(x + i * d, d))
            continue;
        n++;
        for (size_t j = 0; j < d; j++)
            mean[j] += (double)x[i * d + j];
    }
    for (size_t j = 0; j < d; j++)
        mean[j] /= n ? (double)n : 1;
    for (size_t i = 0; i < rows; i++) {
        if (!complete(x + i * d, d))
            continue;
        for (size_t j = 0; j < d; j++) {
            double r = (double)x[i * d + j] - mean[j];
            sd[j] += r * r;
        }
    }
    for (size_t j = 0; j < d; j++)
        sd[j] = n > 1 ? sqrt(sd[j] / (double)(n - 1)) : 0;
    return n;
}

/* Covariance (d,d) of the complete rows' (x - centre)/scale, n of them. */
static void covariance_of(double *c, const float *x, size_t rows, size_t d, const double centre[],
                          const double scale[], size_t n)
{
    double *z = xcalloc(d, sizeof *z);
    memset(c, 0, d * d * sizeof *c);
    for (size_t i = 0; i < rows; i++) {
        if (!complete(x + i * d, d))
            continue;
        for (size_t j = 0; j < d; j++)
            z[j] = ((double)x[i * d + j] - centre[j]) / scale[j];
        for (size_t j = 0; j < d; j++)
            for (size_t k = 0; k <= j; k++)
                c[j * d + k] += z[j] * z[k];
    }
    for (size_t j = 0; j < d; j++)
        for (size_t k = 0; k <= j; k++)
            c[k * d + j] = c[j * d + k] /= (double)(n - 1);
    free(z);
}

int whiten_fit(struct whiten *w, const float *x, size_t rows, size_t d, const double *mean, const double *sd,
               double shrink)
{
    double *own_mean = xcalloc(d, sizeof *own_mean), *own_sd = xcalloc(d, sizeof *own_sd);
    size_t n = moments(x, rows, d, own_mean, own_sd);
    int rc = -1;
    if (n >= d + 2) {
        double *c = xcalloc(d * d, sizeof *c), *scale = xcalloc(d, sizeof *scale);
        for (size_t j = 0; j < d; j++) {
            double s = sd ? sd[j] : own_sd[j];
            scale[j] = s > 0 ? s : 1;
        }
        covariance_of(c, x, rows, d, own_mean, scale, n);
        whiten_fit_covariance(w, d, mean ? mean : own_mean, scale, c, shrink);
        free(c);
        free(scale);
        rc = 0;
    }
    free(own_mean);
    free(own_sd);
    return rc;
}

void whiten_fit_covariance(struct whiten *w, size_t d, const double *mean, const double *sd,
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
