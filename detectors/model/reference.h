/* A reference period seen through one physics: what is normal for each supply. S = supplies, W = columns of a
 * feature row. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_MODEL_REFERENCE_H
#define PSM_DETECTORS_MODEL_REFERENCE_H

#include "features/hist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reference {
    size_t width;
    bool *present;                    /* [S][W] enough steady minutes */
    float *centre, *spread;           /* [S][W] median and robust sd of the minutes; NaN when not present */
    float *hour_centre, *hour_spread; /* [S][W] trimmed mean and robust sd of the hourly values */
    float *edges;                     /* [S][W][HIST_BINS-1] */
    uint32_t *counts;                 /* [S][W][HIST_BINS] */
    float *low, *high; /* [S] range of i (relative to full scale) when steady; NaN: no current */
};
void reference_init(struct reference *r, size_t n_supplies, size_t width);
void reference_fini(struct reference *r);

/* Centre and spread of readings v[n] (reordered; n > 0). A spread of 0: they never differ. */
void reference_scale(float v[], size_t n, float *centre, float *spread);

/* The centre, spread and edges of a cell, column of a supply, from its readings v[n]. */
void reference_fit(struct reference *r, size_t cell, float v[], size_t n);

/* Whether a cell's readings never differed. */
bool reference_stood_still(const struct reference *r, size_t cell);

/* Whether a supply has any column in the reference. */
bool reference_has(const struct reference *r, size_t supply);

/* Whether the reference knows a supply at the relative current i: within its range and a margin, and not
 * with a sign that it never had (offsets of DAC and read-back hide in the sign). NaN (no current): known. */
bool reference_knows(const struct reference *r, size_t supply, float i);

#endif
