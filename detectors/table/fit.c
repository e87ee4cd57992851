/* What is learned from one set of a table's rows; see fit.h. SPDX-License-Identifier: MIT */
#include "detectors/table/fit.h"

#include "base/mem.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLIP_SCALED 10.0
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
static size_t scale_row(const struct table_fit *f, const double x[], float z[])
{
    size_t observed = 0;
    for (size_t j = 0; j < f->d; j++) {
        z[j] = (float)clip((x[j] - f->centre[j]) / f->scale[j], CLIP_SCALED);
        observed += isnan(z[j]) ? 0 : 1;
    }
    return observed;
}

void table_fit_open(struct table_fit *f, const double *x, size_t rows, size_t d, size_t skip_from,
                    size_t skip_to, bool with_net, uint64_t seed)
{
    size_t n = rows - (skip_to - skip_from), used = 0, thin = (n + MOST_NET_ROWS - 1) / MOST_NET_ROWS;
    double *kept = xcalloc(n * d, sizeof *kept);
    float *z = xcalloc(n / thin + 1, d * sizeof *z);
    memcpy(kept, x, skip_from * d * sizeof *kept);
    memcpy(kept + skip_from * d, x + skip_to * d, (rows - skip_to) * d * sizeof *kept);
    *f = (struct table_fit){.d = d,
                            .centre = xcalloc(d, sizeof(double)),
                            .scale = xcalloc(d, sizeof(double)),
                            .z = xcalloc(d, sizeof(float))};
    fit_scales(f, kept, n);
    for (size_t i = 0; i < n; i += thin)
        scale_row(f, kept + i * d, z + used++ * d);
    const struct joint_options o = {.d = d, .network = with_net && n >= TABLE_NET_ROWS, .seed = seed};
    f->joint = joint_fit(&o, z, NULL, used);
    free(z);
    free(kept);
}

void table_fit_close(struct table_fit *f)
{
    free(f->centre);
    free(f->scale);
    free(f->z);
    joint_free(f->joint);
    *f = (struct table_fit){0};
}

void table_fit_row(struct table_fit *f, const double x[], struct table_parts *p)
{
    p->observed = scale_row(f, x, f->z);
    if (p->observed < (f->d + 1) / 2)
        return;
    if (p->observed < f->d)
        joint_fill(f->joint, f->z, CLIP_SCALED);
    joint_deviation(f->joint, f->z, p->r);
    for (size_t j = 0; j < f->d; j++)
        if (isnan(x[j]))
            p->r[j] = NAN;
    joint_input(f->joint, f->z, NULL, p->u);
    const float *e = joint_residual(f->joint, p->u, 1, p->e);
    if (e != p->e)
        memcpy(p->e, e, f->d * sizeof *p->e);
}
