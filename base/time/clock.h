/* What time it is: the wall clock, or simulated time running at another speed from an anchor.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TIME_CLOCK_H
#define PSM_BASE_TIME_CLOCK_H

#include "base/types.h"

/* now = start + (wall clock - wall) * speed; the plain wall clock when speed is 1 and start = wall. */
struct clock {
    tstamp_ns start; /* simulated time at the anchor */
    tstamp_ns wall;  /* wall-clock time at the anchor */
    double speed;    /* simulated seconds per wall second, > 0 */
};

/* The wall clock itself. */
struct clock clock_real(void);

/* Wall-clock time, ns UTC. */
tstamp_ns clock_wall(void);

/* Monotonic time, ns from an arbitrary origin: for durations only. */
tstamp_ns clock_monotonic(void);

/* Time since the machine was started, ns, its sleep included: nobody sets it. */
tstamp_ns clock_boot(void);

/* The time on this clock now. */
tstamp_ns clock_now(const struct clock *c);

/* Wall milliseconds until this clock shows t; 0 when it is past. */
uint64_t clock_wait_ms(const struct clock *c, tstamp_ns t);

#endif
