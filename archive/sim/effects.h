/* Physics of a supply's day, with the faults that act on it, before it is sampled.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_EFFECTS_H
#define PSM_ARCHIVE_SIM_EFFECTS_H

#include "archive/sim/supply_day.h"

/* Fills p for a day of a supply. */
void effects_make(struct sim *s, uint32_t supply, int64_t day, struct supply_day *p);

#endif
