/* A reference period seen through one physics: what is normal for each supply. S = supplies, W = columns of a
 * feature row. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_MODEL_REFERENCE_H
#define PSM_DETECTORS_MODEL_REFERENCE_H

#include "features/hist.h"
#include "features/physics.h"

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
    float *gain_doubt; /* [S][W/2] how much another supply of the family would differ at full scale, of a
                          level, in the channel's unit; 0: the current explains nothing of it */
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

/* Fills gain_doubt from a physics: the robust spread of the gains of a supply's family, and at least a share
 * of the gain. A supply's own gain is told by the currents that it has been at; beyond them it may be any of
 * its family. */
void reference_gains(struct reference *r, const struct physics *p, const struct fleet *f,
                     const struct feature_layout *l);

#define KNOWN_WITHIN \
    0.5F /* of the minimum effect: so far may an expectation be wrong for want of knowledge */

/* What the reference does not know of a level at the relative current i, in the channel's unit: its
 * gain_doubt times how far i lies beyond the range; of currents, squared, for a temperature. Infinite for
 * current and voltage at a sign that the reference never had: offsets of DAC and read-back hide in the sign.
 * 0 in the range, and without a current (NaN). */
float reference_doubt(const struct reference *r, const struct feature_layout *l, size_t supply, size_t level,
                      float i);
/* Whether it knows enough of it: within KNOWN_WITHIN. A log-variance does not hang on the current. */
bool reference_knows(const struct reference *r, const struct feature_layout *l, size_t supply, size_t level,
                     float i);

#endif
