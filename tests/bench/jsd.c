/* Divergence of windows of 12 h on 7,920 channels, ten bins and reference of 14 days: readings consumed per
 * second, at every reading and hourly, beside the naive way: find the bin by search, count it, and sum all
 * terms with log2 whenever a divergence is asked for. AR(1) readings of 10 min correlation.
 * SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/random.h"
#include "base/time/clock.h"
#include "features/hist.h"
#include "tests/bench/proof.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS 7920
#define WINDOW 720
#define HOUR 60
#define DATA \
    263 /* minutes of readings, used again and again; WINDOW is no multiple: what comes is not what goes */

struct naive {
    uint8_t ring[WINDOW]; /* bin + 1; 0: none */
    uint32_t count[HIST_BINS], reference[HIST_BINS];
    float edges[HIST_BINS - 1];
};

static double naive_divergence(const struct naive *n)
{
    double np = 0, nq = 0, sum = 0;
    for (int k = 0; k < HIST_BINS; k++) {
        np += n->count[k];
        nq += n->reference[k];
    }
    for (int k = 0; k < HIST_BINS; k++) {
        double p = n->count[k] / np, q = n->reference[k] / nq, m = (p + q) / 2;
        if (p > 0)
            sum += 0.5 * p * log2(p / m);
        if (q > 0)
            sum += 0.5 * q * log2(q / m);
    }
    return sum;
}

static void naive_push(struct naive *n, size_t at, float v)
{
    unsigned bin = 0;
    if (n->ring[at])
        n->count[n->ring[at] - 1]--;
    while (bin < HIST_BINS - 1 && v >= n->edges[bin])
        bin++;
    n->ring[at] = (uint8_t)(bin + 1);
    n->count[bin]++;
}

static float *readings(uint64_t *seed)
{
    float *v = xcalloc(DATA * (size_t)CHANNELS, sizeof *v);
    double rho = exp(-0.1);
    for (size_t c = 0; c < CHANNELS; c++) {
        double x = 0;
        for (size_t k = 0; k < DATA; k++) {
            double noise = random_unit(random_next(seed)) + random_unit(random_next(seed)) +
                           random_unit(random_next(seed)) - 1.5;
            x = rho * x + sqrt(1 - rho * rho) * 2 * noise;
            v[k * CHANNELS + c] = (float)x;
        }
    }
    return v;
}

/* What a stretch of minutes took, and the sum of all divergences asked for in it. */
struct run {
    double seconds, sum;
};

static double per_second(const struct run *r, size_t minutes)
{
    return (double)minutes * CHANNELS / r->seconds;
}

/* Minutes from … from + minutes - 1, a divergence every `every`. Only the pushes are timed. The minutes of a
 * window go on where the last stretch ended: begun again, each reading would replace itself and change
 * nothing. */
static struct run run_windows(struct hist_windows *w, const float *v, size_t from, size_t minutes,
                              size_t every)
{
    static float jsd[CHANNELS];
    struct run r = {0};
    for (size_t k = from; k < from + minutes; k++) {
        bool ask = (k + 1) % every == 0;
        tstamp_ns t = clock_monotonic();
        hist_windows_push(w, v + k % DATA * CHANNELS, ask ? jsd : NULL);
        r.seconds += (double)(clock_monotonic() - t) * 1e-9;
        for (size_t c = 0; ask && c < CHANNELS; c++)
            r.sum += (double)jsd[c];
    }
    return r;
}

static struct run run_naive(struct naive *n, const float *v, size_t from, size_t minutes, size_t every)
{
    struct run r = {0};
    tstamp_ns t = clock_monotonic();
    for (size_t k = from; k < from + minutes; k++) {
        for (size_t c = 0; c < CHANNELS; c++) {
            naive_push(&n[c], k % WINDOW, v[k % DATA * CHANNELS + c]);
            if ((k + 1) % every == 0)
                r.sum += naive_divergence(&n[c]);
        }
    }
    r.seconds = (double)(clock_monotonic() - t) * 1e-9;
    return r;
}

static void set_references(struct hist_windows *w, struct naive *n, const float *v)
{
    float *sorted = xcalloc(DATA, sizeof *sorted);
    for (size_t c = 0; c < CHANNELS; c++) {
        for (size_t k = 0; k < DATA; k++)
            sorted[k] = v[k * CHANNELS + c] * 1.1F;
        hist_edges(n[c].edges, sorted, DATA);
        for (size_t k = 0; k < DATA; k++)
            n[c].reference[hist_bin(n[c].edges, sorted[k])] += 77; /* about 14 days */
        hist_windows_reference(w, c, n[c].edges, n[c].reference);
    }
    free(sorted);
}

static bool compare(const char *what, struct hist_windows *w, struct naive *n, const float *v, size_t from,
                    size_t minutes, size_t every)
{
    struct run ours = run_windows(w, v, from, minutes, every), naive = run_naive(n, v, from, minutes, every);
    double fast = per_second(&ours, minutes), slow = per_second(&naive, minutes);
    printf("%-30s %8.1f M readings/s  %6.1f x naive (%.2f M/s)\n", what, fast * 1e-6, fast / slow,
           slow * 1e-6);
    return proof_same("sum of all divergences", ours.sum, naive.sum, 1e-6);
}

int main(void)
{
    uint64_t seed = 2385;
    float *v = readings(&seed);
    struct hist_windows *w = hist_windows_new(CHANNELS, WINDOW);
    struct naive *n = xcalloc(CHANNELS, sizeof *n);
    set_references(w, n, v);
    run_windows(w, v, 0, WINDOW, WINDOW + 1); /* the windows fill */
    run_naive(n, v, 0, WINDOW, WINDOW + 1);
    bool same = compare("divergence at every reading", w, n, v, WINDOW, WINDOW, 1);
    same = compare("divergence hourly", w, n, v, 2 * WINDOW, 2 * WINDOW, HOUR) && same;
    hist_windows_free(w);
    free(n);
    free(v);
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
