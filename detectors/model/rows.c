/* Standardised rows; see rows.h. SPDX-License-Identifier: MIT */
#include "detectors/model/rows.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void rows_reserve(struct rows *r, size_t n, size_t width)
{
    xgrow(&r->z, &r->z_cap, n * width, sizeof *r->z);
    xgrow(&r->context, &r->context_cap, n * ROW_CONTEXT, sizeof *r->context);
    xgrow(&r->supply, &r->supply_cap, n, sizeof *r->supply);
}

void rows_free(struct rows *r)
{
    free(r->z);
    free(r->context);
    free(r->supply);
    *r = (struct rows){0};
}

bool rows_add(struct rows *r, const struct reference *ref, uint32_t supply, const float x[],
              const float context[])
{
    size_t w = ref->width;
    rows_reserve(r, r->n + 1, w);
    float *z = r->z + r->n * w;
    for (size_t c = 0; c < w; c++) {
        size_t cell = supply * w + c;
        z[c] = ref->present[cell] ? (x[c] - ref->centre[cell]) / ref->spread[cell] : NAN;
        if (ref->present[cell] && isnan(z[c]))
            return false;
    }
    memcpy(r->context + r->n * ROW_CONTEXT, context, ROW_CONTEXT * sizeof *context);
    r->supply[r->n++] = supply;
    return true;
}
