/* Hours of raw readings over the reference's; see moving.h. SPDX-License-Identifier: MIT */
#include "monitor/comparators/moving.h"

#include <math.h>
#include <stdlib.h>

#define LEAST_USUAL 1e-18

struct moving {
    const struct fleet *fleet;
    double *usual; /* [C]; NaN: not learned */
    float *of;     /* [C] */
    moving_value *value, *mean;
};

static double usual(const struct moving *m, const float column[], size_t minutes)
{
    double sum = 0;
    size_t n = 0;
    for (size_t at = 0; at + COMPARATOR_MINUTES <= minutes; at += COMPARATOR_MINUTES) {
        double x = m->mean(column + at, 1);
        if (isnan(x))
            continue;
        sum += x;
        n++;
    }
    return n ? fmax(sum / (double)n, LEAST_USUAL) : (double)NAN;
}

void *moving_learn(const struct comparator_reference *r, moving_value *value, moving_value *mean)
{
    size_t n = r->fleet->n_channels + 1;
    struct moving *m = xcalloc(1, sizeof *m);
    *m = (struct moving){.fleet = r->fleet,
                         .usual = xcalloc(n, sizeof *m->usual),
                         .of = xnan(n),
                         .value = value,
                         .mean = mean};
    for (uint32_t c = 0; c < r->fleet->n_channels; c++)
        m->usual[c] = usual(m, r->column(r->arg, c), r->minutes);
    return m;
}

void moving_free(void *self)
{
    struct moving *m = self;
    free(m->usual);
    free(m->of);
    free(m);
}

void moving_hour(void *self, const float minute[], float value[])
{
    struct moving *m = self;
    size_t n = m->fleet->n_channels;
    for (size_t c = 0; c < n; c++) {
        double x = m->value(minute + c, n);
        m->of[c] = isnan(x) ? NAN : (float)log(fmax(x, LEAST_USUAL) / m->usual[c]);
    }
    comparator_largest(m->fleet, m->of, value);
}
