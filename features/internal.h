/* What the fitted physics of a fleet (physics.h) is made of; for features/ alone. SPDX-License-Identifier:
 * MIT */
#ifndef PSM_FEATURES_INTERNAL_H
#define PSM_FEATURES_INTERNAL_H

#include "features/common.h"
#include "features/drivers.h"
#include "features/gain.h"
#include "features/physics.h"
#include "features/ridge.h"

struct physics {
    size_t n_supplies, levels; /* S, L: as the layout of the fleet */
    tstamp_ns period;
    struct supply_scale *scale;  /* [S] */
    bool *unknown;               /* [S] it is of a fleet before that one; NULL: all are known */
    double (*coef)[RIDGE_TERMS]; /* [S][L]; first NaN: not fitted */
    double *lsb;                 /* [S][L] smallest step of the channel, its unit */
    double *cap;                 /* [S][L] largest squared difference that counts in the log-variance */
    double *min_effect;          /* [S][L] */
    struct gain *gain;           /* [S][L] of temperatures */
};

/* An empty one, nothing fitted. */
struct physics *physics_new(const struct feature_layout *l, tstamp_ns period);

/* Number of regressors of a kind; their values (NaN where the DAC is missing). */
size_t physics_terms(enum feature_kind k);
void physics_regressors(enum feature_kind k, const struct driver_row *r, const struct surroundings *around,
                        double x[RIDGE_TERMS]);

/* Unit of the target in the channel's unit: the full scale for current and voltage, else 1. */
double physics_unit(enum feature_kind k, const struct supply_scale *s);

/* What the physics expects of channel `level` of a supply, in the channel's unit; NaN: cannot say. around:
 * NULL: as in the reference; only a voltage asks. */
double physics_expect(const struct physics *p, const struct feature_layout *l, size_t supply, size_t level,
                      const struct driver_row *r, const struct surroundings *around);

#endif
