/* What time it is; see clock.h. SPDX-License-Identifier: MIT */
#include "base/time/clock.h"

#include <time.h>

static tstamp_ns read_clock(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (tstamp_ns)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

struct clock clock_real(void)
{
    return (struct clock){.start = 0, .wall = 0, .speed = 1};
}

tstamp_ns clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

tstamp_ns clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

tstamp_ns clock_boot(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

/* Near enough to what can be counted that a year more or less does not overflow. */
#define END_OF_TIME (INT64_MAX - 400 * NS_PER_DAY)

tstamp_ns clock_now(const struct clock *c)
{
    tstamp_ns elapsed, now;
    if (__builtin_sub_overflow(clock_wall(), c->wall, &elapsed)) /* by a wall long ago */
        elapsed = END_OF_TIME;
    double ahead = (double)elapsed * c->speed;
    tstamp_ns end = ahead < 0 ? -END_OF_TIME : END_OF_TIME;
    if (ahead >= (double)END_OF_TIME || ahead <= -(double)END_OF_TIME ||
        __builtin_add_overflow(c->start, c->speed == 1 ? elapsed : (tstamp_ns)ahead, &now))
        return end;
    return now > END_OF_TIME || now < -END_OF_TIME ? end : now;
}

uint64_t clock_wait_ms(const struct clock *c, tstamp_ns t)
{
    double left = (double)t - (double)clock_now(c);
    /* one more: a timer that fires a fraction early would find that nothing is due, and spin */
    return left <= 0 ? 0 : (uint64_t)(left / c->speed / 1e6) + 1;
}
