/* What a record says of single channels before anything is fitted: full scales, ramps, least steps, and
 * medians of channels without physics. SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_LEARN_H
#define PSM_FEATURES_LEARN_H

#include "features/internal.h"

/* Fills scale, lsb, and for RAW channels coef and min_effect, from minutes without maintenance.
 *   peak        the fleet's `range`, else the 99.9 % quantile of |I| (a supply that was never on: the
 *               median of its family)
 *   dac         least squares of |DAC| on |I|/peak
 *   ramp, stir  8 and 1 robust sd of the change over three minutes, within limits
 *   lsb         5 % quantile of the steps between minutes that differ
 *   min_effect  3 robust sd of the hourly medians */
void learn_channels(struct physics *p, const struct fleet *f, const struct feature_layout *l,
                    const struct record *r, const struct maintenance *m);

#endif
