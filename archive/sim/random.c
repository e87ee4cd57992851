/* Counter-based random numbers; see random.h. SPDX-License-Identifier: MIT */
#include "archive/sim/random.h"

#include <gsl/gsl_cdf.h>

void random_normal_init(struct random_normal *n)
{
    for (int i = 1; i < RANDOM_BINS; i++)
        n->quantile[i] = (float)gsl_cdf_ugaussian_Pinv(i / (double)RANDOM_BINS);
    n->quantile[0] = n->quantile[1];
    n->quantile[RANDOM_BINS] = n->quantile[RANDOM_BINS - 1];
}

double random_tail(uint32_t bits)
{
    return gsl_cdf_ugaussian_Pinv(((double)bits + 0.5) * 0x1p-32);
}
