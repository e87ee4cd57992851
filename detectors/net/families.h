/* What a supply's columns say together: per family a whitening and an autoencoder (columns d <= 2:
 * whitening alone, the distance D). Residuals come back in columns, in standard deviations, signed.
 * docs/detection.md §5. S = supplies, W = columns of a feature row.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_NET_FAMILIES_H
#define PSM_DETECTORS_NET_FAMILIES_H

#include "base/buf.h"
#include "base/fleet.h"
#include "base/mfile.h"
#include "detectors/model/rows.h"
#include "features/features.h"

struct families;

/* present[S][W]: the columns that a supply has in the reference. Borrows the layout. */
struct families *families_new(const struct fleet *f, const struct feature_layout *l, const bool present[]);
void families_free(struct families *j);

/* Fits a family on its rows, in order of time. Too few of them (under 50 or 3 per column) leave the family
 * without residuals, which the description says. */
void families_fit(struct families *j, size_t family, const struct rows *rows, uint64_t seed);
/* A line per family for people: what was fitted on what, how it went. */
void families_describe(const struct families *j, const struct fleet *f, struct buf *out);

/* Of another fleet, with what `was` has fitted, which it then lacks. A family whose supplies no longer have
 * their columns alike is left without residuals. */
struct families *families_refit(struct families *was, const struct layout_map *map, const bool present[]);

/* Residuals of rows of one family: out (n, W) in standard deviations, 0 in columns the row's supply lacks
 * or the family does; error[n] (may be NULL) mean squared whitened residual. An unfitted family gives NaN. */
void families_residual(struct families *j, size_t family, const struct rows *rows, float out[],
                       float error[]);

/* As arrays "PREFIX.…". Error: ERR_DATA when a size does not fit. */
void families_save(const struct families *j, struct mfile *m, const char *prefix);
int families_load(struct families *j, const struct mfile *m, const char *prefix, struct err *err) MUSTCHECK;

#endif
