/* Bench: the simulated ring on two threads, readings made and readings encoded as PB, against making each
 * supply's day again for every single channel and encoding with protobuf-c.
 * SPDX-License-Identifier: MIT */
#include "archive/appliance/pb.pb-c.h"
#include "archive/sim/encode.h"
#include "archive/sim/ring.h"
#include "base/mem.h"
#include "base/time/clock.h"
#include "base/time/timefmt.h"
#include "tests/bench/proof.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define SUPPLIES 264u
#define DAYS 5
#define THREADS 2
#define MINUTES 1440

struct work {
    struct sim *sim;
    tstamp_ns from;
    bool naive, encode;
    atomic_uint next; /* supply */
};

/* What came out, of one thread and of all. */
struct made {
    size_t samples, bytes;
    double values;  /* sum */
    uint64_t check; /* sum of the encoded bytes */
    double seconds;
};

/* One sample as a message of protobuf-c, escaped byte by byte. */
static size_t naive_encode(unsigned char *to, int64_t year, const struct sample *s)
{
    Psmon__Pb__ScalarDouble m = PSMON__PB__SCALAR_DOUBLE__INIT;
    unsigned char raw[128];
    m.secondsintoyear = (uint32_t)(s->t / NS_PER_S - year);
    m.nano = (uint32_t)(s->t % NS_PER_S);
    m.val = s->value;
    m.has_severity = m.has_status = s->severity != 0;
    m.severity = s->severity;
    m.status = s->status;
    size_t n = psmon__pb__scalar_double__pack(&m, raw), k = 0;
    for (size_t i = 0; i < n; i++) {
        int special = raw[i] == 0x1b ? 1 : raw[i] == '\n' ? 2 : raw[i] == '\r' ? 3 : 0;
        if (special)
            to[k++] = 0x1b;
        to[k++] = special ? (unsigned char)special : raw[i];
    }
    to[k++] = '\n';
    return k;
}

static void one_day(struct work *w, struct made *m, uint32_t channel, int day, struct sample x[MINUTES])
{
    int64_t year;
    tstamp_ns from = w->from + day * NS_PER_DAY;
    size_t n = sim_read(w->sim, channel, from, from + NS_PER_DAY, x, MINUTES);
    encode_year(from, &year);
    unsigned char line[256];
    m->samples += n;
    for (size_t i = 0; i < n; i++)
        m->values += x[i].value;
    for (size_t i = 0; w->encode && i < n; i++) {
        size_t bytes = w->naive ? naive_encode(line, year, &x[i])
                                : encode_pb_sample(line, ENCODE_DOUBLE, year, &x[i]);
        m->bytes += bytes;
        for (size_t k = 0; k < bytes; k++)
            m->check += line[k];
    }
}

/* The naive order, channel by channel over the whole ring, finds no supply's day in the small cache. */
static void *work_thread(void *arg)
{
    struct work *w = arg;
    struct made *m = xcalloc(1, sizeof *m);
    struct sample *x = xcalloc(MINUTES, sizeof *x);
    uint32_t units = w->naive ? SUPPLIES * SIGNAL_KNOWN : SUPPLIES;
    for (uint32_t i; (i = atomic_fetch_add(&w->next, 1)) < units;) {
        if (w->naive) {
            uint32_t channel = i % SUPPLIES * SIGNAL_KNOWN + i / SUPPLIES;
            for (int day = 0; day < DAYS; day++)
                one_day(w, m, channel, day, x);
            continue;
        }
        for (int day = 0; day < DAYS; day++)
            for (uint32_t c = 0; c < SIGNAL_KNOWN; c++)
                one_day(w, m, i * SIGNAL_KNOWN + c, day, x);
    }
    free(x);
    return m;
}

static void run_threads(struct work *w, struct made *all)
{
    pthread_t threads[THREADS];
    tstamp_ns start = clock_monotonic();
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work_thread, w);
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        const struct made *m = result;
        all->samples += m->samples;
        all->bytes += m->bytes;
        all->values += m->values;
        all->check += m->check;
        free(result);
    }
    all->seconds = (double)(clock_monotonic() - start) * 1e-9;
}

static struct made measure(bool naive, bool encode, bool living)
{
    struct work w = {.naive = naive, .encode = encode};
    struct made all = {0};
    struct err err = {0};
    if (timefmt_parse(&w.from, "2026-03-02", &err) != 0)
        abort();
    struct sim_options o = {.supplies = SUPPLIES,
                            .seed = 1,
                            .from = w.from,
                            .days = DAYS,
                            .healthy_days = living ? 0 : DAYS,
                            .cache_bytes = 8u << 20};
    if (living) {
        o.physics = SIM_PHYSICS_B;
        o.faults_per_week = o.commons_per_week = 20;
        o.fault_size = SIM_ANY;
        o.modes = ~1u;
        o.commons = (1u << SIM_COMMONS) - 1;
        o.contexts = ~0u << SIM_COMMONS;
    }
    if (sim_new(&w.sim, &o, &err) != 0) {
        fprintf(stderr, "bench: %s\n", err.msg);
        exit(EXIT_FAILURE);
    }
    run_threads(&w, &all);
    sim_free(w.sim);
    return all;
}

static double rate(const struct made *m)
{
    return (double)m->samples / m->seconds;
}

int main(void)
{
    struct made made = measure(false, false, false), encoded = measure(false, true, false);
    struct made naive = measure(true, true, false), living = measure(false, false, true);
    printf("simulated ring on 2 threads: %.1f M readings/s made, %.1f M made and encoded as PB; "
           "%.1f times a reading channel by channel with protobuf-c; %.1f M made of a ring that lives, "
           "physics b\n",
           rate(&made) * 1e-6, rate(&encoded) * 1e-6, rate(&encoded) / rate(&naive), rate(&living) * 1e-6);
    /* threads add in any order: sums of doubles differ in their last bits */
    bool same = proof_same("sum of the readings, not encoded", made.values, naive.values, 1e-9);
    same = proof_same("sum of the readings", encoded.values, naive.values, 1e-9) && same;
    same = proof_same("bytes", (double)encoded.bytes, (double)naive.bytes, 0) && same;
    same = proof_same("sum of the bytes", (double)encoded.check, (double)naive.check, 0) && same;
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
