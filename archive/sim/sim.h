/* Inside of the simulated ring: what its files share. SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_SIM_H
#define PSM_ARCHIVE_SIM_SIM_H

#include "archive/sim/block.h"
#include "archive/sim/cache.h"
#include "archive/sim/calendar.h"
#include "archive/sim/faults.h"
#include "archive/sim/layout.h"
#include "archive/sim/random.h"
#include "archive/sim/ring.h"
#include "base/hashmap.h"

/* A supply that is another one from some time on. */
struct renewal {
    uint32_t supply;
    tstamp_ns at;
    struct unit unit;
};

/* All constant after sim_new but the caches, which lock themselves. */
struct sim {
    struct sim_options options;
    struct random_normal normal;
    struct calendar calendar;
    struct unit *units; /* [options.supplies] */
    char **pv;          /* [6 · supplies] */
    struct hashmap *by_pv;
    struct sim_fault *faults;
    size_t n_faults;
    struct sim_event *events; /* of the plain ring: none */
    size_t n_events;
    struct renewal *renewals; /* swaps and calibrations, at most one of a supply */
    size_t n_renewals;
    struct cache *machine_days; /* by day: struct machine_day */
    struct cache *water_days;   /* by water group and day: struct ambient_day */
    struct cache *air_days;     /* by sector and day: struct ambient_day */
    struct cache *mains_days;   /* by feeder and day: struct ambient_day; physics b only, else NULL */
    struct cache *blocks;       /* by supply and day: struct block */
};

/* Standard normal of a counter of a stream. */
static inline double sim_gauss(const struct sim *s, uint64_t key, int64_t counter)
{
    return random_gauss(&s->normal, (uint32_t)random_at(key, counter));
}

/* Key of something numbered on a day, and back. Days may be negative: 2^31 stands for 1970-01-01. */
static inline uint64_t day_key(uint32_t number, int64_t day)
{
    return (uint64_t)number << 32 | (uint32_t)(day + INT64_C(0x80000000));
}

static inline uint32_t key_number(uint64_t key)
{
    return (uint32_t)(key >> 32);
}

static inline int64_t key_day(uint64_t key)
{
    return (int64_t)(uint32_t)key - INT64_C(0x80000000);
}

static inline int64_t day_of(tstamp_ns t)
{
    return t / NS_PER_DAY - (t % NS_PER_DAY < 0);
}

#endif
