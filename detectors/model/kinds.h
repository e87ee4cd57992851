/* What is alike, so that nulls can be pooled: kinds of column, and kinds of supply. S = supplies, W = columns
 * of a feature row. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_MODEL_KINDS_H
#define PSM_DETECTORS_MODEL_KINDS_H

#include "base/fleet.h"
#include "features/layout.h"

/* Kinds of column: signal and treatment, level or log-variance. */
struct kinds {
    size_t n;
    uint16_t *of; /* [S][W]; KIND_NONE: the supply has no such column */
};
#define KIND_NONE UINT16_MAX
void kinds_init(struct kinds *k, const struct fleet *f, const struct feature_layout *l);
void kinds_fini(struct kinds *k);

/* Kinds of supply: those whose columns are of the same kinds. They share covariances. */
struct supply_kinds {
    size_t n;
    uint16_t *of; /* [S] */
};
void supply_kinds_init(struct supply_kinds *a, const struct kinds *k, size_t n_supplies, size_t width);
void supply_kinds_fini(struct supply_kinds *a);

#endif
