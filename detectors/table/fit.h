/* What is learned from one set of a table's rows: robust scales, whitening, autoencoder; and what it says
 * of any row. docs/detection.md §11. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_TABLE_FIT_H
#define PSM_DETECTORS_TABLE_FIT_H

#include "detectors/net/joint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_NET_ROWS 50 /* fewer: no autoencoder */

struct table_fit {
    size_t d;
    double *centre, *scale; /* [d] median, 1.4826 MAD; a constant column's scale is 0.1 max(1, |mean|) */
    struct joint *joint;    /* of (x - centre)/scale */
    float *z;               /* [d] scratch */
};

/* One row's parts. A missing value is filled in by what the others imply (the conditional mean), which
 * leaves Σ u² the squared distance of the observed ones. */
struct table_parts {
    float *u; /* [d] whitened, within ±6 */
    float *e; /* [d] reconstruction residual in the same space; without a network u itself */
    float *r; /* [d] deviation from what the other columns imply, in scales; too small where others of the
                 row are missing; NaN: missing itself */
    size_t observed;
};

/* Learns from x (rows, d), leaving out rows [skip_from, skip_to); NaN is missing. with_net: train the
 * network when there are rows and columns enough. */
void table_fit_open(struct table_fit *f, const double *x, size_t rows, size_t d, size_t skip_from,
                    size_t skip_to, bool with_net, uint64_t seed);
void table_fit_close(struct table_fit *f);

/* Evaluates one row x[d]. p's arrays are the caller's. With observed < (d + 1)/2 nothing else is written. */
void table_fit_row(struct table_fit *f, const double x[], struct table_parts *p);

#endif
