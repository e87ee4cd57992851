/* What is made of an hour's raw readings of a channel, over what such hours of the reference have on average,
 * as a logarithm: ratios of squares have long tails. Shared by moving variance and squared difference.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_COMPARATORS_MOVING_H
#define PSM_MONITOR_COMPARATORS_MOVING_H

#include "monitor/comparators/comparator.h"

/* Of COMPARATOR_MINUTES readings v[i·stride]; NaN: cannot say. */
typedef double moving_value(const float v[], size_t stride);

/* value: what is judged; mean: what is usual in the reference. Both remembered; the rest as in struct
 * comparator. */
void *moving_learn(const struct comparator_reference *r, moving_value *value, moving_value *mean);
void moving_free(void *self);
void moving_hour(void *self, const float minute[], float value[]);

#endif
