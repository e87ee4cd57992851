/* Squared difference of two neighbouring readings, the hour's largest, over the reference's mean.
 * SPDX-License-Identifier: MIT */
#include "monitor/comparators/moving.h"

#include <math.h>

/* Sum, largest and number of squared differences. */
static size_t differences(const float v[], size_t stride, double *sum, double *most)
{
    size_t n = 0;
    *sum = *most = 0;
    for (size_t i = 1; i < COMPARATOR_MINUTES; i++) {
        double d = (double)v[i * stride] - (double)v[(i - 1) * stride];
        if (isnan(d))
            continue;
        *sum += d * d;
        *most = fmax(*most, d * d);
        n++;
    }
    return n;
}

static double largest_square(const float v[], size_t stride)
{
    double sum, most;
    return differences(v, stride, &sum, &most) >= COMPARATOR_LEAST ? most : (double)NAN;
}

static double mean_square(const float v[], size_t stride)
{
    double sum, most;
    size_t n = differences(v, stride, &sum, &most);
    return n >= COMPARATOR_LEAST ? sum / (double)n : (double)NAN;
}

static void *learn(const struct comparator_reference *r)
{
    return moving_learn(r, largest_square, mean_square);
}

const struct comparator comparator_square = {
    .name = "squared difference",
    .words = "of neighbouring raw readings over the reference's mean",
    .learn = learn,
    .free = moving_free,
    .hour = moving_hour};
