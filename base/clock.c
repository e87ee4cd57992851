/* What time it is; see clock.h. SPDX-License-Identifier: MIT */
#include "base/clock.h"

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

tstamp_ns clock_now(const struct clock *c)
{
    tstamp_ns elapsed = clock_wall() - c->wall;
    return c->start + (c->speed == 1 ? elapsed : (tstamp_ns)((double)elapsed * c->speed));
}

uint64_t clock_wait_ms(const struct clock *c, tstamp_ns t)
{
    tstamp_ns left = t - clock_now(c);
    return left <= 0 ? 0 : (uint64_t)((double)left / c->speed / 1e6) + 1;
}
