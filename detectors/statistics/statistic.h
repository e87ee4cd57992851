/* What a detector is: a statistic. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_STATISTICS_STATISTIC_H
#define PSM_DETECTORS_STATISTICS_STATISTIC_H

#include <stdbool.h>

/* Whether findings of this name are judged by the minute and have a chance of their own: scores, which speak
 * of 24 h, do not show them. */
bool statistic_by_minute(const char *name);

#endif
