/* The fitted physics of a fleet: scales and regression coefficients. Everyone outside features/ sees it as
 * opaque (features.h).
 *
 *   channel    target        regressors (τ in min; i, q, a, LP: drivers.h)
 *   capacitor  T             1, LP15(q) − LP3(q), LP60(q), LP60(a), LP3(q)
 *   magnet     T             1, q − LP3(q), LP3(q), LP15(q) − LP3(q)
 *   IGBT       T             1, LP3(a) − LP15(a), LP15(a), LP60(a) − LP15(a), the same three of q
 *   current    I/full scale  DAC/full scale, sign(DAC), 1
 *   voltage    V/full scale  i, i·w, i·LP3(q), i·(q − LP3(q)), sign(DAC), 1
 *   raw        x             1 (the reference's median)
 *
 * The first regressor is the supply's own, the others are shrunk to the family's (ridge.h). The offset of
 * a unipolar current or voltage, which nothing determines, largely stays in its residual.
 *
 * w: the sector's water: median of the magnet residuals, low-passed 5 min (common.h). V is explained by it
 * and not by the supply's own magnet temperature, which would hide a blocked coil.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_PHYSICS_H
#define PSM_FEATURES_PHYSICS_H

#include "features/drivers.h"
#include "features/features.h"
#include "features/ridge.h"

struct physics {
    size_t n_supplies, levels; /* S, L: as the layout of the fleet */
    tstamp_ns period;
    struct supply_scale *scale;  /* [S] */
    double (*coef)[RIDGE_TERMS]; /* [S][L]; first NaN: not fitted */
    double *lsb;                 /* [S][L] smallest step of the channel, its unit */
    double *cap;                 /* [S][L] largest squared difference that counts in the log-variance */
    double *min_effect;          /* [S][L] */
};

/* An empty one, nothing fitted. */
struct physics *physics_new(const struct feature_layout *l, tstamp_ns period);

/* Number of regressors of a kind; their values (NaN where the DAC is missing). */
size_t physics_terms(enum feature_kind k);
void physics_regressors(enum feature_kind k, const struct driver_row *r, double w, double x[RIDGE_TERMS]);

/* Unit of the target in the channel's unit: the full scale for current and voltage, else 1. */
double physics_unit(enum feature_kind k, const struct supply_scale *s);

/* What the physics expects of channel `level` of a supply, in the channel's unit; NaN: cannot say. */
double physics_expect(const struct physics *p, const struct feature_layout *l, size_t supply, size_t level,
                      const struct driver_row *r, double w);

#endif
