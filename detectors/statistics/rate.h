/* The step of the rate of rise, the fast path for lost cooling water: two rising minutes in a row of a
 * magnet's temperature above what its current explains. Its statistic is R = min(r1/0.3, r2/0.3, r1 + r2),
 * the largest s for which both rises are at least 0.3·s and together at least s. Only while the supply stands
 * steady. docs/detection.md §4. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_STATISTICS_RATE_H
#define PSM_DETECTORS_STATISTICS_RATE_H

#include <stdbool.h>
#include <stddef.h>

struct rate {
    size_t n;
    float *before, *last; /* [n] rise of the two minutes before, NaN: none */
};

void rate_init(struct rate *r, size_t n);
void rate_fini(struct rate *r);

/* One minute: rise[n] in K, usable[n] (steady, no maintenance). out[n]: R in K over two minutes; NaN when
 * three usable minutes in a row are not there; <= 0 when not rising twice. */
void rate_step(struct rate *r, const float rise[], const bool usable[], float out[]);

#endif
