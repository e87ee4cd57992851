/* The fitted physics of a fleet: scales and regression coefficients.
 *
 *   channel    target        regressors (τ in min; i, q, a, LP: drivers.h)
 *   capacitor  T             1, LP15(q) − LP3(q), LP60(q), LP60(a), LP3(q)
 *   magnet     T             1, q − LP3(q), LP3(q), LP15(q) − LP3(q)
 *   IGBT       T             1, LP3(a) − LP15(a), LP15(a), LP60(a) − LP15(a), the same three of q
 *   current    I/full scale  DAC/full scale, sign(DAC), 1
 *   voltage    V/full scale  i, i·w, i·LP3(q), i·(q − LP3(q)), sign(DAC), 1, i·a
 *   raw        x             1 (the reference's median)
 *
 * The first regressor is the supply's own, the others are shrunk to the family's (ridge.h). The offset of
 * a unipolar current or voltage, which nothing determines, largely stays in its residual.
 *
 * w, a: the water and the air: what magnets, and capacitors, have in common, low-passed 5 min (common.h);
 * cables and contacts stand in the air. V is explained by it and not by the supply's own magnet temperature,
 * which would hide a blocked coil. SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_PHYSICS_H
#define PSM_FEATURES_PHYSICS_H

#include "base/maintenance.h"
#include "base/mfile.h"
#include "features/layout.h"
#include "features/record.h"

/* Opaque outside features/. */
struct physics;

#define FOLDS 3 /* blocks of the reference in time: 0 first, 1 middle, 2 last */

/* Fits physics on a record, without maintenance. leave[i] = a block of FOLDS to leave out, or -1 for
 * none; out[i] for i in 0 … n-1 (the same passes over the record serve all). progress may be NULL. Scales
 * (peak, ramp, LSB, medians of RAW channels) come from the whole record. Error: ERR_DATA when nothing can be
 * fitted. */
int physics_fit(struct physics *out[], const int leave[], int n, const struct fleet *f, struct record *r,
                const struct maintenance *m, void (*progress)(void *arg, double done, double total),
                void *arg, struct err *err) MUSTCHECK;
/* Physics of a fleet whose readings are counted from their reference already and have nothing else to explain
 * them: RAW channels are expected at 0. */
struct physics *physics_none(const struct feature_layout *l, tstamp_ns period);
void physics_free(struct physics *p);
/* What full scale of the current makes of a level once all has settled, channel's unit; NaN: not fitted; 0
 * where the current explains nothing. */
double physics_gain(const struct physics *p, const struct feature_layout *l, size_t supply, size_t level);
/* What would be expected of a unit's level, in the channel's unit, in the place of another supply that stands
 * at i (relative to its full scale), once all has settled; NaN: cannot say. */
double physics_in_place(const struct physics *p, const struct feature_layout *l, size_t unit, size_t level,
                        size_t supply, float i);
/* Fills in what a layout can know only after the fit: min_effect and step of every channel. */
void physics_complete(const struct physics *p, struct feature_layout *l);
/* Of another fleet: what is known of a supply is taken over, of the others only what the fleet itself says.
 */
struct physics *physics_refit(const struct physics *p, const struct layout_map *map);
void physics_save(const struct physics *p, struct mfile *m, const char *prefix);
int physics_load(struct physics **out, const struct fleet *f, const struct mfile *m, const char *prefix,
                 struct err *err) MUSTCHECK;

/* The block of minute k of n. */
int fold_of(size_t k, size_t n);

#endif
