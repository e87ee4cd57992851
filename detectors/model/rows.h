/* Feature rows of one family in standard deviations of the reference, as networks want them: whole ones only.
 * W = columns of a feature row. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_MODEL_ROWS_H
#define PSM_DETECTORS_MODEL_ROWS_H

#include "detectors/model/reference.h"

#define ROW_CONTEXT 3 /* i, LP15(q), LP60(|i|) of a feature frame */

struct rows {
    size_t n;
    float *z;         /* [n][W]; NaN in columns that the supply lacks */
    float *context;   /* [n][ROW_CONTEXT] */
    uint32_t *supply; /* [n] whose row */
    size_t z_cap, context_cap, supply_cap;
};

/* Room for n rows, so that adding them allocates nothing. */
void rows_reserve(struct rows *r, size_t n, size_t width);
void rows_free(struct rows *r);

/* Appends a supply's row x[W] when each of its present columns is there; whether it is. */
bool rows_add(struct rows *r, const struct reference *ref, uint32_t supply, const float x[],
              const float context[]);

#endif
