/* How much of the ring ought to be scored and is not (tick_lost), and where. Pure.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_COVERAGE_H
#define PSM_MONITOR_COVERAGE_H

#include "base/fleet.h"
#include "base/tick.h"

struct coverage {
    size_t lost, wanted; /* supplies; wanted: all that are not in maintenance */
    char where[96];      /* "S01 (all 33), S02 (6 of 33)"; "" for none */
    char why[112];       /* "33 missing, 6 invalid"; "" for none */
};

void coverage_of(struct coverage *c, const struct tick *t, const struct fleet *f);

/* So much of it at once is told: the half, or more, cannot be watched. */
#define COVERAGE_HALF 0.5
/* So much is worth a look. */
#define COVERAGE_PART 0.25

static inline bool coverage_lacks(const struct coverage *c, double share)
{
    return c->lost > 0 && (double)c->lost >= share * (double)c->wanted;
}

#endif
