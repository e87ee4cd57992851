/* Moving-window variance: of an hour's readings. With the squared difference one of the two plainest
 * detectors, which large models were found not to beat significantly on public sets. SPDX-License-Identifier:
 * MIT */
#include "monitor/comparators/moving.h"

#include <math.h>

static double variance(const float v[], size_t stride)
{
    double mean, sd;
    return comparator_moments(v, COMPARATOR_MINUTES, stride, COMPARATOR_LEAST, &mean, &sd) ? sd * sd
                                                                                           : (double)NAN;
}

static void *learn(const struct comparator_reference *r)
{
    return moving_learn(r, variance, variance);
}

const struct comparator comparator_variance = {.name = "moving variance",
                                               .words = "of an hour's raw readings over the reference's",
                                               .learn = learn,
                                               .free = moving_free,
                                               .hour = moving_hour};
