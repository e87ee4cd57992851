/* Water and air: what the supplies of a group or a sector share.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_AMBIENT_H
#define PSM_ARCHIVE_SIM_AMBIENT_H

#include "archive/sim/calendar.h"
#include "archive/sim/random.h"

/* Temperature in °C, or mains in %, of each minute; [0] is the last minute of the day before. */
struct ambient_day {
    float value[MINUTES_PER_DAY + 1];
};

/* Air of a sector, water of a group (two sectors) on a day. */
void ambient_air(uint64_t seed, const struct random_normal *n, uint32_t sector, int64_t day,
                 struct ambient_day *out);
void ambient_water(uint64_t seed, const struct random_normal *n, uint32_t group, int64_t day,
                   struct ambient_day *out);

/* Voltage of a feeder's mains on a day, in % from nominal. */
void ambient_mains(uint64_t seed, const struct random_normal *n, uint32_t feeder, int64_t day,
                   struct ambient_day *out);

/* A step of a group's water by ±1 K that begins on a day, in minutes of it, and how many it lasts; false:
 * none. */
bool ambient_step(uint64_t seed, uint32_t group, int64_t day, double *start, double *length, double *size);

#endif
