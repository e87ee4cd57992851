/* Bench: the simulated ring on two threads, readings made and readings encoded as PB, against making each
 * supply's day again for every single channel and encoding with protobuf-c.
 * SPDX-License-Identifier: MIT */
#include "archive/appliance/pb.pb-c.h"
#include "archive/sim/encode.h"
#include "archive/sim/ring.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/timefmt.h"

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
    atomic_size_t samples;
    atomic_size_t bytes;
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

static void one_day(struct work *w, uint32_t channel, int day, struct sample x[MINUTES])
{
    int64_t year;
    tstamp_ns from = w->from + day * NS_PER_DAY;
    size_t n = sim_read(w->sim, channel, from, from + NS_PER_DAY, x, MINUTES), bytes = 0;
    encode_year(from, &year);
    unsigned char line[256];
    for (size_t i = 0; w->encode && i < n; i++)
        bytes += w->naive ? naive_encode(line, year, &x[i])
                          : encode_pb_sample(line, ENCODE_DOUBLE, year, &x[i]);
    atomic_fetch_add(&w->samples, n);
    atomic_fetch_add(&w->bytes, bytes);
}

/* The naive order, channel by channel over the whole ring, finds no supply's day in the small cache. */
static void *work_thread(void *arg)
{
    struct work *w = arg;
    struct sample *x = xcalloc(MINUTES, sizeof *x);
    uint32_t units = w->naive ? SUPPLIES * SIGNAL_KNOWN : SUPPLIES;
    for (uint32_t i; (i = atomic_fetch_add(&w->next, 1)) < units;) {
        if (w->naive) {
            uint32_t channel = i % SUPPLIES * SIGNAL_KNOWN + i / SUPPLIES;
            for (int day = 0; day < DAYS; day++)
                one_day(w, channel, day, x);
            continue;
        }
        for (int day = 0; day < DAYS; day++)
            for (uint32_t c = 0; c < SIGNAL_KNOWN; c++)
                one_day(w, i * SIGNAL_KNOWN + c, day, x);
    }
    free(x);
    return NULL;
}

/* Readings per second; 0 when the ring could not be made. */
static double measure(bool naive, bool encode)
{
    struct work w = {.naive = naive, .encode = encode};
    struct err err = {0};
    if (timefmt_parse(&w.from, "2026-03-02", &err) != 0)
        return 0;
    const struct sim_options o = {.supplies = SUPPLIES,
                                  .seed = 1,
                                  .from = w.from,
                                  .days = DAYS,
                                  .healthy_days = DAYS,
                                  .cache_bytes = 8u << 20};
    if (sim_new(&w.sim, &o, &err) != 0) {
        fprintf(stderr, "bench: %s\n", err.msg);
        return 0;
    }
    pthread_t threads[THREADS];
    tstamp_ns start = clock_monotonic();
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work_thread, &w);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    double seconds = (double)(clock_monotonic() - start) * 1e-9;
    sim_free(w.sim);
    return (double)atomic_load(&w.samples) / seconds;
}

int main(void)
{
    double made = measure(false, false), encoded = measure(false, true), naive = measure(true, true);
    printf("simulated ring on 2 threads: %.1f M readings/s made, %.1f M made and encoded as PB; "
           "%.1f times a reading channel by channel with protobuf-c\n",
           made * 1e-6, encoded * 1e-6, encoded / naive);
    return made > 0 && encoded > 0 ? 0 : 1;
}
