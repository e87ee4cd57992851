/* What is learned from one set of a table's rows; see fit.h. SPDX-License-Identifier: MIT */
#include "detectors/table/fit.h"

#include "base/mem.h"

#include <gsl/gsl_linalg.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLIP_SCALED 10.0
#define CLIP_WHITE 6.0
#define SHRINK 0.02
#define FEWEST_PAIRS 10     /* rows with both values; else taken as unrelated */
#define MOST_NET_ROWS 20000 /* more rows are thinned evenly */

static double clip(double v, double limit)
{
    return v > limit ? limit : v < -limit ? -limit : v;
}

/* Median and spread of a column's observed values. */
static void robust_scale(double v[], size_t n, double *centre, double *scale)
{
    if (n == 0) {
        *centre = 0;
        *scale = 1;
        return;
    }
    gsl_sort(v, 1, n);
    *centre = gsl_stats_median_from_sorted_data(v, 1, n);
    double mean = gsl_stats_mean(v, 1, n), sd = n > 1 ? gsl_stats_sd_m(v, 1, n, mean) : 0;
    for (size_t i = 0; i < n; i++)
        v[i] = fabs(v[i] - *centre);
    gsl_sort(v, 1, n);
    *scale = 1.4826 * gsl_stats_median_from_sorted_data(v, 1, n);
    /* rounding leaves a constant column of 0.1 with an sd of 1e-17: relative, not against 0 */
    double least = 1e-9 * fabs(mean);
    if (*scale <= least)
        *scale = sd;
    if (*scale <= least)
        *scale = 0.1 * fmax(1, fabs(mean));
}

static void fit_scales(struct table_fit *f, const double *x, size_t rows)
{
    double *v = xcalloc(rows, sizeof *v);
    for (size_t j = 0; j < f->d; j++) {
        size_t n = 0;
        for (size_t i = 0; i < rows; i++)
            if (!isnan(x[i * f->d + j]))
                v[n++] = x[i * f->d + j];
        robust_scale(v, n, &f->centre[j], &f->scale[j]);
    }
    free(v);
}

/* z[d] of a row; the number of observed values. */
static size_t scale_row(const struct table_fit *f, const double x[], double z[])
{
    size_t observed = 0;
    for (size_t j = 0; j < f->d; j++) {
        z[j] = clip((x[j] - f->centre[j]) / f->scale[j], CLIP_SCALED);
        observed += isnan(z[j]) ? 0 : 1;
    }
    return observed;
}

/* Sums over the rows where both columns are observed. */
struct pair {
    double n, a, b, ab;
};

static double pair_covariance(const struct pair *p)
{
    return p->n < FEWEST_PAIRS ? 0 : (p->ab - p->a * p->b / p->n) / (p->n - 1);
}

/* Covariance (d,d) of the scaled rows, each element from the rows that have both values. */
static void pairwise_covariance(const struct table_fit *f, const double *x, size_t rows, double *c)
{
    size_t d = f->d;
    struct pair *pairs = xcalloc(d * d, sizeof *pairs);
    double *z = f->work;
    for (size_t i = 0; i < rows; i++) {
        scale_row(f, x + i * d, z);
        for (size_t j = 0; j < d; j++)
            for (size_t k = 0; k <= j && !isnan(z[j]); k++) {
                struct pair *p = &pairs[j * d + k];
                if (isnan(z[k]))
                    continue;
                p->n++;
                p->a += z[j];
                p->b += z[k];
                p->ab += z[j] * z[k];
            }
    }
    for (size_t j = 0; j < d; j++)
        for (size_t k = 0; k <= j; k++)
            c[j * d + k] = c[k * d + j] = pair_covariance(&pairs[j * d + k]);
    free(pairs);
}

static void fit_whitening(struct table_fit *f, const double *x, size_t rows)
{
    size_t d = f->d;
    double *c = xcalloc(d * d, sizeof *c), *zero = xcalloc(d, sizeof *zero), *one = xcalloc(d, sizeof *one);
    for (size_t j = 0; j < d; j++)
        one[j] = 1;
    pairwise_covariance(f, x, rows, c);
    whiten_fit_covariance(&f->white, d, zero, one, c, SHRINK);
    for (size_t j = 0; j < d; j++)
        for (size_t k = 0; k < d; k++)
            for (size_t l = 0; l < d; l++)
                f->precision[j * d + k] += f->white.forward[j * d + l] * f->white.forward[l * d + k];
    free(c);
    free(zero);
    free(one);
}

/* Missing z by the conditional mean of a normal distribution: P_mm z_m = -P_mo z_o. */
static void fill_missing(const struct table_fit *f, double z[], size_t missing)
{
    size_t d = f->d, m = 0, *at = xcalloc(missing, sizeof *at);
    for (size_t j = 0; j < d; j++)
        if (isnan(z[j]))
            at[m++] = j;
    gsl_matrix *p = gsl_matrix_alloc(m, m);
    gsl_vector *v = gsl_vector_alloc(m);
    for (size_t a = 0; a < m; a++) {
        const double *row = f->precision + at[a] * d;
        double s = 0;
        for (size_t k = 0; k < d; k++)
            s -= isnan(z[k]) ? 0 : row[k] * z[k];
        gsl_vector_set(v, a, s);
        for (size_t b = 0; b < m; b++)
            gsl_matrix_set(p, a, b, row[at[b]]);
    }
    bool solved = gsl_linalg_cholesky_decomp1(p) == 0 && gsl_linalg_cholesky_svx(p, v) == 0;
    for (size_t a = 0; a < m; a++)
        z[at[a]] = solved ? clip(gsl_vector_get(v, a), CLIP_SCALED) : 0;
    gsl_matrix_free(p);
    gsl_vector_free(v);
    free(at);
}

/* Everything but the network's part. */
static void whiten_row(struct table_fit *f, const double x[], struct table_parts *p)
{
    size_t d = f->d;
    double *z = f->work;
    p->observed = scale_row(f, x, z);
    if (p->observed < (d + 1) / 2)
        return;
    if (p->observed < d)
        fill_missing(f, z, d - p->observed);
    for (size_t j = 0; j < d; j++) {
        const double *row = f->precision + j * d;
        double s = 0;
        for (size_t k = 0; k < d; k++)
            s += row[k] * z[k];
        p->r[j] = isnan(x[j]) ? NAN : (float)(s / row[j]);
        p->e[j] = (float)z[j];
    }
    whiten_apply(&f->white, p->e, p->u, CLIP_WHITE);
}

static void fit_net(struct table_fit *f, const double *x, size_t rows, uint64_t seed)
{
    size_t d = f->d, n = 0, thin = (rows + MOST_NET_ROWS - 1) / MOST_NET_ROWS;
    float *u = xcalloc(rows / thin + 1, d * sizeof *u), *spare = xcalloc(2 * d, sizeof *spare);
    for (size_t i = 0; i < rows; i += thin) {
        struct table_parts p = {.u = u + n * d, .e = spare, .r = spare + d};
        whiten_row(f, x + i * d, &p);
        n += p.observed >= (d + 1) / 2;
    }
    struct autoenc_options o = {.d = d, .seed = seed, .weight_decay = -1, .clip = CLIP_WHITE};
    struct autoenc_fit report;
    struct err too_few;
    if (autoenc_train(&f->net, &o, u, n, &report, &too_few) != 0)
        f->net = NULL; /* distance only: the caller was told by table_fit_open's limits */
    free(u);
    free(spare);
}

void table_fit_open(struct table_fit *f, const double *x, size_t rows, size_t d, size_t skip_from,
                    size_t skip_to, bool with_net, uint64_t seed)
{
    size_t n = rows - (skip_to - skip_from);
    double *kept = xcalloc(n * d, sizeof *kept);
    memcpy(kept, x, skip_from * d * sizeof *kept);
    memcpy(kept + skip_from * d, x + skip_to * d, (rows - skip_to) * d * sizeof *kept);
    *f = (struct table_fit){.d = d,
                            .centre = xcalloc(d, sizeof(double)),
                            .scale = xcalloc(d, sizeof(double)),
                            .precision = xcalloc(d * d, sizeof(double)),
                            .work = xcalloc(d, sizeof(double))};
    fit_scales(f, kept, n);
    fit_whitening(f, kept, n);
    if (with_net && d >= TABLE_NET_COLUMNS && n >= TABLE_NET_ROWS)
        fit_net(f, kept, n, seed);
    free(kept);
}

void table_fit_close(struct table_fit *f)
{
    free(f->centre);
    free(f->scale);
    free(f->precision);
    free(f->work);
    whiten_free(&f->white);
    autoenc_free(f->net);
    *f = (struct table_fit){0};
}

void table_fit_row(struct table_fit *f, const double x[], struct table_parts *p)
{
    whiten_row(f, x, p);
    if (p->observed < (f->d + 1) / 2)
        return;
    if (f->net)
        autoenc_residual(f->net, p->u, 1, p->e);
    else
        memcpy(p->e, p->u, f->d * sizeof *p->e);
}
