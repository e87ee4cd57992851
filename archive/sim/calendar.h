/* What the machine does when: user beam, maintenance, studies, dumps, optics changes, shutdowns, sags.
 * Pure functions of the seed and the time. SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_CALENDAR_H
#define PSM_ARCHIVE_SIM_CALENDAR_H

#include "base/types.h"

#include <stdbool.h>
#include <stdint.h>

#define MINUTES_PER_DAY 1440
#define MINUTES_PER_WEEK 10080
#define CALENDAR_MAINTENANCE_MIN 480 /* Tuesday 08:00 to 16:00 UTC */

struct calendar {
    uint64_t seed;
    int64_t first_week; /* the week of --from: shutdowns are placed from here */
};

/* A machine day: what every supply follows. */
struct machine_day {
    /* Share of the set-point that is asked for; [0] supplies that are off in maintenance, [1] those that
     * are cycled for tests then. */
    float factor[2][MINUTES_PER_DAY];
    int64_t optics[2]; /* set of set-points before and from the change */
    int change;        /* minute of the change; MINUTES_PER_DAY: none */
};

struct calendar calendar_make(uint64_t seed, tstamp_ns from);

/* Week of t, counted from Tuesday 1970-01-06 08:00, and its start. */
int64_t calendar_week(tstamp_ns t);
tstamp_ns calendar_week_start(int64_t week);
bool calendar_shutdown(const struct calendar *c, int64_t week);

/* t, or when the machine is next up after a shutdown or maintenance that covers it: an hour after its end. */
tstamp_ns calendar_in_operation(const struct calendar *c, tstamp_ns t);

void calendar_day(const struct calendar *c, int64_t day, struct machine_day *out);

/* What a week of the plain ring brings: times; 0: none. A study and a dump of eight hours and of 29 minutes.
 */
struct calendar_week_events {
    tstamp_ns study, optics, maintenance_optics, dump[2];
};
void calendar_week_events(const struct calendar *c, int64_t week, struct calendar_week_events *out);
#define CALENDAR_STUDY_MIN 486
#define CALENDAR_DUMP_MIN 29

/* Share of the set-point x minutes into three standardising triangles and the ramp up after them. */
#define CALENDAR_START_MIN 70
double calendar_start_factor(int x);

/* The level at a minute of a study, of the given amplitude. */
double calendar_study_level(uint64_t key, int minute, double amplitude);

/* Share of the set-point x minutes into two triangles after a dump. */
double calendar_dump_factor(int x);

/* Mains sags of the day: their minutes and feeders (-1: all). Returns their number, at most 2. */
int calendar_sags(const struct calendar *c, int64_t day, int minute[2], int feeder[2]);

/* Minutes without connection: [start, end). */
struct outage {
    int start, end;
};

/* The outage of a sector that begins on a day of the plain ring, in minutes of it; false: none. */
bool calendar_sector_outage(uint64_t seed, uint32_t sector, int64_t day, struct outage *out);

#endif
