/* Simulated rings for tests, and readings of them. SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_RING_H
#define PSM_TESTS_RING_H

#include "archive/sim/ring.h"
#include "base/time/timefmt.h"
#include "tests/near.h"

#include <string.h>

#define FROM "2026-09-07"
#define DAY_MAX 1440

static inline tstamp_ns at(const char *text)
{
    tstamp_ns t;
    struct err err;
    assert_int_equal(timefmt_parse(&t, text, &err), 0);
    return t;
}

/* A ring that can live: what it is asked for comes on top. */
static inline struct sim_options living(uint32_t supplies, uint64_t seed, int days)
{
    return (struct sim_options){.supplies = supplies,
                                .seed = seed,
                                .from = at(FROM),
                                .days = days,
                                .healthy_days = 7,
                                .fault_size = SIM_ANY,
                                .manifolds = true};
}

/* Mean of a channel over an hour. */
static inline double hour(struct sim *s, uint32_t supply, int signal, tstamp_ns from)
{
    struct sample x[70];
    double sum = 0;
    size_t n = sim_read(s, supply * SIGNAL_KNOWN + (uint32_t)signal, from, from + NS_PER_HOUR, x, 70);
    if (!n) {
        assert_true(sim_latest(s, supply * SIGNAL_KNOWN + (uint32_t)signal, from, x));
        return x[0].value;
    }
    for (size_t i = 0; i < n; i++)
        sum += x[i].value;
    return sum / (double)n;
}

/* Mean square of the steps from sample to sample. */
static inline double roughness(struct sim *s, uint32_t channel, tstamp_ns from, tstamp_ns to)
{
    static struct sample x[2 * DAY_MAX];
    size_t n = sim_read(s, channel, from, to, x, 2 * DAY_MAX);
    double sum = 0;
    for (size_t i = 1; i < n; i++)
        sum += (x[i].value - x[i - 1].value) * (x[i].value - x[i - 1].value);
    return n > 1 ? sum / (double)(n - 1) : 0;
}

#endif
