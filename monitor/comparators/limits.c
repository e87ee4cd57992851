/* Static limits, as alarm handlers have them: one pair for each signal of a family, at so many standard
 * deviations of all its readings. Two readings in a row must be outside. SPDX-License-Identifier: MIT */
#include "monitor/comparators/comparator.h"

#include <math.h>
#include <stdlib.h>

struct limits {
    const struct fleet *fleet;
    double *centre, *spread; /* [families][signals]; NaN: no reading */
    float *of;               /* [C] */
};

static size_t cell(const struct fleet *f, uint32_t channel)
{
    const struct channel *c = &f->channels[channel];
    return (size_t)f->supplies[c->supply].group[GROUP_FAMILY] * f->signals.n + c->signal;
}

/* Sums over members' own moments: mean of means, and of squares about 0. */
static void *limits_learn(const struct comparator_reference *r)
{
    const struct fleet *f = r->fleet;
    size_t cells = f->groups[GROUP_FAMILY].n * f->signals.n;
    struct limits *l = xcalloc(1, sizeof *l);
    *l = (struct limits){.fleet = f,
                         .centre = xcalloc(cells + 1, sizeof *l->centre),
                         .spread = xcalloc(cells + 1, sizeof *l->spread),
                         .of = xcalloc(f->n_channels + 1, sizeof *l->of)};
    double *members = xcalloc(cells + 1, sizeof *members), mean, sd;
    for (uint32_t c = 0; c < f->n_channels; c++) {
        if (!comparator_moments(r->column(r->arg, c), r->minutes, 1, COMPARATOR_LEAST, &mean, &sd))
            continue;
        l->centre[cell(f, c)] += mean;
        l->spread[cell(f, c)] += mean * mean + sd * sd;
        members[cell(f, c)]++;
    }
    for (size_t i = 0; i < cells; i++) {
        l->centre[i] = members[i] > 0 ? l->centre[i] / members[i] : (double)NAN;
        double variance = members[i] > 0 ? l->spread[i] / members[i] - l->centre[i] * l->centre[i] : 0;
        l->spread[i] = comparator_spread(sqrt(fmax(variance, 0)), l->centre[i]);
    }
    free(members);
    return l;
}

static void limits_free(void *self)
{
    struct limits *l = self;
    free(l->centre);
    free(l->spread);
    free(l->of);
    free(l);
}

static void limits_hour(void *self, const float minute[], float value[])
{
    struct limits *l = self;
    size_t n = l->fleet->n_channels;
    fill_nan(l->of, n);
    for (uint32_t c = 0; c < n; c++) {
        double centre = l->centre[cell(l->fleet, c)], spread = l->spread[cell(l->fleet, c)];
        for (size_t k = 1; k < COMPARATOR_MINUTES; k++) {
            double a = fabs((double)minute[(k - 1) * n + c] - centre),
                   b = fabs((double)minute[k * n + c] - centre);
            if (!isnan(a) && !isnan(b))
                l->of[c] = fmaxf(l->of[c], (float)(fmin(a, b) / spread));
        }
    }
    comparator_largest(l->fleet, l->of, value);
}

const struct comparator comparator_limits = {.name = "static limits",
                                             .words = "mean ± k sd of all readings of a family's signal",
                                             .learn = limits_learn,
                                             .free = limits_free,
                                             .hour = limits_hour};
