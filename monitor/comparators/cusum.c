/* CUSUM of raw signals: two-sided sums of the hourly z-score beyond k = 0.5. Page, "Continuous inspection
 * schemes", Biometrika 41 (1954). The sums end at CUSUM_MOST, so that what is over is forgotten within days.
 * SPDX-License-Identifier: MIT */
#include "monitor/comparators/zscore.h"

#include <math.h>
#include <stdlib.h>

#define CUSUM_SLACK 0.5F
#define CUSUM_MOST 100.0F

struct cusum {
    const struct fleet *fleet;
    struct zscore *z;
    float *of, *up, *down; /* [C] */
};

static void *cusum_learn(const struct comparator_reference *r)
{
    struct cusum *s = xcalloc(1, sizeof *s);
    size_t n = r->fleet->n_channels + 1;
    *s = (struct cusum){.fleet = r->fleet,
                        .z = zscore_learn(r),
                        .of = xnan(n),
                        .up = xcalloc(n, sizeof *s->up),
                        .down = xcalloc(n, sizeof *s->down)};
    return s;
}

static void cusum_free(void *self)
{
    struct cusum *s = self;
    zscore_free(s->z);
    free(s->of);
    free(s->up);
    free(s->down);
    free(s);
}

static float sum(float before, float z)
{
    return fminf(fmaxf(before + z - CUSUM_SLACK, 0), CUSUM_MOST);
}

static void cusum_hour(void *self, const float minute[], float value[])
{
    struct cusum *s = self;
    zscore_hour(s->z, minute, s->of);
    for (size_t c = 0; c < s->fleet->n_channels; c++) {
        if (isnan(s->of[c])) /* nothing was said: the sums stand */
            continue;
        s->up[c] = sum(s->up[c], s->of[c]);
        s->down[c] = sum(s->down[c], -s->of[c]);
        s->of[c] = fmaxf(s->up[c], s->down[c]);
    }
    comparator_largest(s->fleet, s->of, value);
}

const struct comparator comparator_cusum = {.name = "CUSUM",
                                            .words = "of hourly means of raw signals, k = 0.5",
                                            .learn = cusum_learn,
                                            .free = cusum_free,
                                            .hour = cusum_hour};
