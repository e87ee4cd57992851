/* How far a supply's temperatures may be from what is expected of them because its current has changed: the
 * expectation follows the current with time constants that are known roughly only. SPDX-License-Identifier:
 * MIT */
#ifndef PSM_FEATURES_SETTLING_H
#define PSM_FEATURES_SETTLING_H

#include "features/internal.h"

/* For every level the difference between what is expected, and what would be, were every time constant SLOWER
 * times as long (drivers.h): grows with the step of the current and with what the fitted physics says of the
 * slow terms, and decays with the slowest of them. out[S][L], channel's unit; 0 where nothing is slow, where
 * there is no current, and where nothing was fitted. */
void settling_of(const struct physics *p, const struct feature_layout *l, const struct drivers *d,
                 float out[]);

#endif
