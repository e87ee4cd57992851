/* Counts against what was stated; see counts.h. SPDX-License-Identifier: MIT */
#include "detectors/model/counts.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

struct count_range counts_range(double seen, double lump)
{
    const double tail = (1 - COUNTS_LEVEL) / 2;
    double n = seen / lump;
    double low = n > 0 ? gsl_cdf_gamma_Pinv(tail, n, 1) : 0;
    return (struct count_range){lump * low, lump * gsl_cdf_gamma_Qinv(tail, n + 1, 1)};
}

double counts_lump(const struct count_part part[], size_t n)
{
    double seen = 0, stated = 0, variance = 0;
    size_t parts = 0;
    for (size_t i = 0; i < n; i++) {
        seen += part[i].stated > 0 ? part[i].seen : 0;
        stated += part[i].stated;
        parts += part[i].stated > 0;
    }
    if (!(seen > 0))
        return 1;
    for (size_t i = 0; i < n; i++) {
        double d = part[i].seen - part[i].stated * seen / stated;
        variance += part[i].stated > 0 ? d * d : 0;
    }
    double lump = parts > 1 ? variance * (double)parts / (double)(parts - 1) / seen : seen;
    return fmin(fmax(lump, 1), fmax(seen, 1));
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void uniform_of(struct uniform *out, float p[], size_t n)
{
    *out = (struct uniform){.n = n, .distance = n ? 0 : (double)NAN};
    if (n > 0)
        qsort(p, n, sizeof *p, ascending);
    for (size_t i = 0; i < n; i++) {
        double x = (double)p[i], before = (double)i / (double)n, after = (double)(i + 1) / (double)n;
        size_t bin = (size_t)(x * UNIFORM_BINS);
        out->bin[bin < UNIFORM_BINS ? bin : UNIFORM_BINS - 1]++;
        double share = after - x >= x - before ? after : before;
        if (fabs(share - x) > out->distance) {
            out->distance = fabs(share - x);
            out->at = x;
            out->share = share;
        }
    }
}
