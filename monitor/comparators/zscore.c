/* The z-score of hourly means; see zscore.h. SPDX-License-Identifier: MIT */
#include "monitor/comparators/zscore.h"

#include <math.h>
#include <stdlib.h>

#define LEAST_HOURS 24

struct zscore {
    const struct fleet *fleet;
    double *mean, *sd; /* [C]; NaN: not learned */
    float *of;
};

/* Moments of a column's hourly means. */
static bool of_hours(const float column[], size_t minutes, double *mean, double *sd)
{
    size_t hours = minutes / COMPARATOR_MINUTES;
    float *by_hour = xnan(hours + 1);
    double m, s;
    for (size_t h = 0; h < hours; h++)
        if (comparator_moments(column + h * COMPARATOR_MINUTES, COMPARATOR_MINUTES, 1, COMPARATOR_LEAST, &m,
                               &s))
            by_hour[h] = (float)m;
    bool ok = comparator_moments(by_hour, hours, 1, LEAST_HOURS, mean, sd);
    free(by_hour);
    return ok;
}

struct zscore *zscore_learn(const struct comparator_reference *r)
{
    const struct fleet *f = r->fleet;
    struct zscore *z = xcalloc(1, sizeof *z);
    *z = (struct zscore){.fleet = f,
                         .mean = xcalloc(f->n_channels + 1, sizeof *z->mean),
                         .sd = xcalloc(f->n_channels + 1, sizeof *z->sd),
                         .of = xnan(f->n_channels + 1)};
    for (uint32_t c = 0; c < f->n_channels; c++)
        if (of_hours(r->column(r->arg, c), r->minutes, &z->mean[c], &z->sd[c]))
            z->sd[c] = comparator_spread(z->sd[c], z->mean[c]);
        else
            z->mean[c] = NAN;
    return z;
}

void zscore_free(struct zscore *z)
{
    free(z->mean);
    free(z->sd);
    free(z->of);
    free(z);
}

void zscore_hour(const struct zscore *z, const float minute[], float of[])
{
    size_t n = z->fleet->n_channels;
    double mean, sd;
    for (size_t c = 0; c < n; c++)
        if (comparator_moments(minute + c, COMPARATOR_MINUTES, n, COMPARATOR_LEAST, &mean, &sd))
            of[c] = (float)((mean - z->mean[c]) / z->sd[c]);
        else
            of[c] = NAN;
}

static void *learn(const struct comparator_reference *r)
{
    return zscore_learn(r);
}

static void forget(void *self)
{
    zscore_free(self);
}

static void hour(void *self, const float minute[], float value[])
{
    struct zscore *z = self;
    zscore_hour(z, minute, z->of);
    for (size_t c = 0; c < z->fleet->n_channels; c++)
        z->of[c] = fabsf(z->of[c]);
    comparator_largest(z->fleet, z->of, value);
}

const struct comparator comparator_zscore = {.name = "z-score",
                                             .words = "hourly mean against the channel's own",
                                             .learn = learn,
                                             .free = forget,
                                             .hour = hour};
