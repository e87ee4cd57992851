/* Physics of a supply's day, with the faults that act on it, before it is sampled.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_EFFECTS_H
#define PSM_ARCHIVE_SIM_EFFECTS_H

#include "archive/sim/drive.h"

/* Index 0 is the last minute of the day before, index m + 1 is minute m. */
#define DAY_LEN (MINUTES_PER_DAY + 1)

struct supply_day {
    struct drive drive;
    double value[SIGNAL_KNOWN][DAY_LEN]; /* °C, A, °C, code, °C, V */
    float noise[SIGNAL_KNOWN][DAY_LEN];  /* sd of the white noise, unit of the channel */
};

/* Fills p for a day of a supply. */
void effects_make(struct sim *s, uint32_t supply, int64_t day, struct supply_day *p);

#endif
