/* Trends of a week: supplies without a finding whose level moves, day after day, towards what would be one.
 * Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_TREND_H
#define PSM_MONITOR_TREND_H

#include "base/fleet.h"
#include "monitor/rank_week.h"

struct model_usual;

/* One supply's, of the channel that has the least time left. */
struct trend {
    uint32_t supply, channel;
    double now;     /* of its newest day above (below: negative) the reference's centre, channel's unit */
    double per_day; /* likewise */
    double limit;   /* size from which it would be a finding, in the direction it goes */
    double days_left;
};

/* The trends of w's week into out[max], least time left first; returns how many. What counts as one is in
 * trend.c's head. usual: what is usual of each channel's residual, [n_channels]; effect NaN: not judged. None
 * without residuals of seven days. */
size_t trend_find(struct trend out[], size_t max, const struct fleet *f, const struct model_usual *usual,
                  const struct rank_week *w);

#endif
