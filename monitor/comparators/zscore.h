/* Hourly means of raw readings in standard deviations of the channel's own hourly means. Shared by the
 * z-score and the CUSUM. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_COMPARATORS_ZSCORE_H
#define PSM_MONITOR_COMPARATORS_ZSCORE_H

#include "monitor/comparators/comparator.h"

struct zscore;
struct zscore *zscore_learn(const struct comparator_reference *r);
void zscore_free(struct zscore *z);
/* z[C], signed; NaN: cannot say. */
void zscore_hour(const struct zscore *z, const float minute[], float of[]);

#endif
