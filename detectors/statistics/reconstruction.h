/* What a supply's columns say together: per family a whitening and an autoencoder (columns d <= 2:
 * whitening alone, the distance D). Residuals come back in columns, in standard deviations, signed.
 * detection.md §5. S = supplies, W = columns of a feature row.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_STATISTICS_RECONSTRUCTION_H
#define PSM_DETECTORS_STATISTICS_RECONSTRUCTION_H

#include "base/fleet.h"
#include "base/mfile.h"
#include "detectors/net/autoenc.h"
#include "features/features.h"

#include <stdbool.h>

#define RECONSTRUCTION_CONTEXT 3 /* i, LP15(q), LP60(|i|) of a feature frame */
#define RECONSTRUCTION_CLIP 6.0
#define WHITEN_SHRINK 0.02

struct reconstruction;

/* present[S][W]: the columns that a supply has in the reference. Borrows the layout and the fleet. */
struct reconstruction *reconstruction_new(const struct fleet *f, const struct feature_layout *l,
                                          const bool present[]);
void reconstruction_free(struct reconstruction *j);

size_t reconstruction_families(const struct reconstruction *j);
/* Columns of a family that at least one of its supplies has. */
size_t reconstruction_columns(const struct reconstruction *j, size_t family);

/* Fits a family on rows z (n, W) of standard deviations with context (n, 3), in order of time; NaN in a
 * column the supply lacks. fit may be NULL. Too few rows (under 50 or 3 per column) leave the family without
 * T: ERR_DATA. */
int reconstruction_fit(struct reconstruction *j, size_t family, const float z[], const float context[],
                       size_t n, uint64_t seed, struct autoenc_fit *fit, struct err *err) MUSTCHECK;

/* Residuals of rows of one family: out (n, W) in standard deviations, 0 in columns the row's supply lacks
 * or the family does; error[n] (may be NULL) mean squared whitened residual. supply[n]: whose row. A row
 * with a NaN in a present column gives NaN throughout, as does an unfitted family. */
void reconstruction_residual(struct reconstruction *j, size_t family, const uint32_t supply[],
                             const float z[], const float context[], size_t n, float out[], float error[]);

void reconstruction_save(const struct reconstruction *j, struct mfile *m);
int reconstruction_load(struct reconstruction *j, const struct mfile *m, struct err *err) MUSTCHECK;

#endif
