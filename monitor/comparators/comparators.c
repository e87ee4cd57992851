/* The table of comparators, and what they share; see comparator.h. SPDX-License-Identifier: MIT */
#include "monitor/comparators/comparator.h"

#include <math.h>

extern const struct comparator comparator_limits, comparator_zscore, comparator_cusum, comparator_divergence,
    comparator_autoencoder, comparator_variance, comparator_square;

const struct comparator *const comparators[] = {
    &comparator_limits,      &comparator_zscore,   &comparator_cusum,  &comparator_divergence,
    &comparator_autoencoder, &comparator_variance, &comparator_square, NULL};

size_t comparators_count(void)
{
    return sizeof comparators / sizeof *comparators - 1;
}

bool comparator_moments(const float v[], size_t n, size_t stride, size_t least, double *mean, double *sd)
{
    double sum = 0, square = 0, origin = NAN;
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        double x = (double)v[i * stride];
        if (isnan(x))
            continue;
        if (k++ == 0)
            origin = x; /* near the mean, so that nothing cancels */
        sum += x - origin;
        square += (x - origin) * (x - origin);
    }
    if (k < least || k == 0)
        return false;
    double m = sum / (double)k;
    *mean = origin + m;
    *sd = sqrt(fmax(square / (double)k - m * m, 0));
    return true;
}

bool comparator_judges(const struct fleet *f, uint32_t channel)
{
    return f->channels[channel].signal != SIGNAL_DAC;
}

void comparator_largest(const struct fleet *f, const float of[], float value[])
{
    fill_nan(value, f->n_supplies);
    for (uint32_t c = 0; c < f->n_channels; c++)
        if (comparator_judges(f, c))
            value[f->channels[c].supply] = fmaxf(value[f->channels[c].supply], of[c]);
}

double comparator_spread(double sd, double centre)
{
    return fmax(sd, 1e-6 * fabs(centre) + 1e-12);
}
