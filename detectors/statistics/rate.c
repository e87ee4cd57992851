/* Rate of rise; see rate.h. SPDX-License-Identifier: MIT */
#include "detectors/statistics/rate.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

#define SHARE_OF_ONE 0.3f

void rate_init(struct rate *r, size_t n)
{
    *r = (struct rate){.n = n, .before = xcalloc(n, sizeof *r->before), .last = xcalloc(n, sizeof *r->last)};
    for (size_t i = 0; i < n; i++)
        r->before[i] = r->last[i] = NAN;
}

void rate_fini(struct rate *r)
{
    free(r->before);
    free(r->last);
    *r = (struct rate){0};
}

void rate_step(struct rate *r, const float rise[], const bool usable[], float out[])
{
    for (size_t i = 0; i < r->n; i++) {
        float now = usable[i] ? rise[i] : NAN;
        float first = r->last[i] - r->before[i], second = now - r->last[i];
        float least = first < second ? first : second, both = first + second;
        out[i] = isnan(both) ? NAN : least / SHARE_OF_ONE < both ? least / SHARE_OF_ONE : both;
        r->before[i] = r->last[i];
        r->last[i] = now;
    }
}
