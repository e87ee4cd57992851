/* What supplies of a sector have in common: the median of their temperature residuals, and the water that
 * it tells of. A supply belongs to its sector; sectors with fewer than four supplies that have the signal
 * are pooled; where the pool has fewer than four too, there is no common part.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_SECTOR_MEDIAN_H
#define PSM_FEATURES_SECTOR_MEDIAN_H

#include "features/banks.h"
#include "features/layout.h"

#define MEDIAN_LEAST 4 /* valid members below which there is no median in a minute */

enum sector_signal { SECTOR_CAPACITOR, SECTOR_MAGNET, SECTOR_IGBT, SECTOR_SIGNALS };

struct sectors {
    size_t n_supplies, groups;
    struct sector_part {
        int32_t *level;   /* [S] level of the signal in the supply's row; -1: none */
        int32_t *group;   /* [S], also of supplies without the signal; -1: none */
        uint32_t *first;  /* [groups+1] into member */
        uint32_t *member; /* supplies that have the signal, by group */
    } part[SECTOR_SIGNALS];
    float *scratch;
};

/* apart[S], may be NULL: supplies that count as if they lacked the signals, since nothing is known of them.
 */
struct sectors *sectors_new(const struct fleet *f, const struct feature_layout *l, const bool apart[]);
void sectors_free(struct sectors *c);

/* Median per group over the steady supplies: residual[S][stride] holds the levels of each supply; median
 * [groups], NaN where fewer than MEDIAN_LEAST are valid. */
void sector_medians(struct sectors *c, enum sector_signal signal, const float *residual, size_t stride,
                    const uint8_t mode[], float median[]);

#define WATER_STRETCH NS_PER_HOUR /* banks.h; τ is 5 min */

/* The sectors' water: low-passed median of the magnet residuals, one per group of SECTOR_MAGNET. */
struct water {
    double value;       /* K; NaN: unknown */
    double bank[BANKS]; /* one of which is the value */
    tstamp_ns t;        /* of the last median */
};
void water_clear(struct water w[], size_t n);
/* Advances by one minute: median NaN is bridged for 10 min. */
void water_step(struct water *w, float median, tstamp_ns t);

/* w for a supply: 0 where its fleet has no common part, NaN when unknown. */
double water_of(const struct sectors *c, const struct water w[], size_t supply);

#endif
