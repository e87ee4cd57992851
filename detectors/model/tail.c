/* Null samples and their tails; see tail.h. SPDX-License-Identifier: MIT */
#include "detectors/model/tail.h"

#include "features/select.h"

#include <assert.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

#define XI_MAX 0.5
#define DECADES 2.0    /* by which a stated p may be wrong */
#define BOUND_95 1.645 /* standard errors of a one-sided bound */

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Quantile of sorted x at probability p, linear between order statistics. */
static double quantile_sorted(const float x[], size_t n, double p)
{
    double at = p * (double)(n - 1);
    size_t i = (size_t)at;
    if (i + 1 >= n)
        return (double)x[n - 1];
    double w = at - (double)i;
    return (1 - w) * (double)x[i] + w * (double)x[i + 1];
}

void tail_fit(struct tail *t, float x[], size_t n, double p_u)
{
    assert(p_u > 0 && p_u < 1);
    *t = (struct tail){.n = (double)n, .p_u = p_u};
    if (n < TAIL_LEAST)
        return;
    qsort(x, n, sizeof *x, by_value);
    for (size_t k = 0; k < TAIL_POINTS; k++)
        t->q[k] = quantile_sorted(x, n, (1 - p_u) * (double)k / (TAIL_POINTS - 1));
    t->u = t->q[TAIL_POINTS - 1];
    double m = 0, v = 0;
    size_t above = 0;
    for (size_t i = n; i-- > 0 && (double)x[i] > t->u;) { /* Welford over the excesses */
        double e = (double)x[i] - t->u, d = e - m;
        m += d / (double)++above;
        v += d * (e - m);
    }
    v = above > 1 ? v / (double)(above - 1) : 0;
    double xi = v > 0 ? 0.5 * (1 - m * m / v) : 0;
    t->xi = fmin(fmax(xi, 0), XI_MAX);
    t->sigma = m * (1 - t->xi);
}

static double bulk_p(const struct tail *t, double x)
{
    if (x <= t->q[0])
        return 1;
    size_t lo = 0, hi = TAIL_POINTS - 1; /* q[lo] < x <= q[hi] */
    while (hi - lo > 1) {
        size_t mid = (lo + hi) / 2;
        if (t->q[mid] < x)
            lo = mid;
        else
            hi = mid;
    }
    double w = (x - t->q[lo]) / (t->q[hi] - t->q[lo]);
    return 1 - (1 - t->p_u) * ((double)lo + w) / (TAIL_POINTS - 1);
}

double tail_p(const struct tail *t, double x)
{
    if (isnan(x) || t->n < TAIL_LEAST)
        return NAN;
    if (x <= t->u)
        return bulk_p(t, x);
    /* no spread above u (a constant null): the largest distance that a sample of n can exclude */
    if (t->sigma <= 0)
        return t->p_u / t->n;
    double y = (x - t->u) / t->sigma;
    double log_s = t->xi > 1e-9 ? -log1p(t->xi * y) / t->xi : -y;
    return fmax(t->p_u * exp(log_s), 1e-300);
}

double tail_reach(const struct tail *t)
{
    if (t->n < TAIL_LEAST)
        return NAN;
    double depth = sqrt(2 * DECADES * log(10) * sqrt(t->p_u * t->n) / BOUND_95);
    return t->p_u * exp(-depth);
}

int tail_check(const struct tail t[], size_t n, const char *name, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (!(t[i].n >= 0) || (t[i].n > 0 && (!(t[i].p_u > 0) || !(t[i].p_u < 1) || !(t[i].sigma >= 0) ||
                                              !(t[i].xi >= 0) || !(t[i].xi <= 1) || isnan(t[i].u))))
            return err_set(err, ERR_DATA, "%s is no tail", name);
    return 0;
}

double tail_quantile(const struct tail *t, double p)
{
    if (t->n < TAIL_LEAST)
        return NAN;
    if (p >= t->p_u) {
        double at = (1 - fmin(p, 1)) / (1 - t->p_u) * (TAIL_POINTS - 1);
        size_t i = (size_t)at;
        if (i + 1 >= TAIL_POINTS)
            return t->u;
        return t->q[i] + (at - (double)i) * (t->q[i + 1] - t->q[i]);
    }
    double l = log(p / t->p_u);
    return t->u + t->sigma * (t->xi > 1e-9 ? expm1(-t->xi * l) / t->xi : -l);
}

double robust_median(float x[], size_t n)
{
    return n ? (double)select_median(x, n) : (double)NAN;
}

double robust_spread(float x[], size_t n, double median)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)fabs((double)x[i] - median);
    return 1.4826 * robust_median(x, n);
}

double median_of(double x[], size_t n)
{
    return n ? gsl_stats_median(x, 1, n) : (double)NAN;
}

double trimmed_mean(float x[], size_t n)
{
    if (!n)
        return NAN;
    qsort(x, n, sizeof *x, by_value);
    size_t cut = n / 10;
    double sum = 0;
    for (size_t i = cut; i < n - cut; i++)
        sum += (double)x[i];
    return sum / (double)(n - 2 * cut);
}
