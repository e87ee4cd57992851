/* Divergence of windows of 12 h on 7,920 channels, ten bins and reference of 14 days: readings consumed per
 * second, at every reading and hourly, beside the naive way: find the bin by search, count it, and sum all
 * terms with log2 whenever a divergence is asked for. AR(1) readings of 10 min correlation.
 * SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/mem.h"
#include "features/hist.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANNELS 7920
#define WINDOW 720
#define HOUR 60
#define DATA 263 /* minutes of readings, used again and again; what comes never equals what goes */

struct naive {
    uint8_t ring[WINDOW]; /* bin + 1; 0: none */
    uint32_t count[HIST_BINS], reference[HIST_BINS];
    float edges[HIST_BINS - 1];
};

static double random_next(uint64_t *s)
{
    *s ^= *s >> 12;
    *s ^= *s << 25;
    *s ^= *s >> 27;
    return (double)((*s * UINT64_C(2685821657736338717)) >> 11) * 0x1p-53;
}

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
            double noise = random_next(seed) + random_next(seed) + random_next(seed) - 1.5;
            x = rho * x + sqrt(1 - rho * rho) * 2 * noise;
            v[k * CHANNELS + c] = (float)x;
        }
    }
    return v;
}

/* Readings per second over `minutes` minutes, a divergence every `every`. */
static double time_windows(struct hist_windows *w, const float *v, size_t minutes, size_t every,
                           double *checksum)
{
    static float jsd[CHANNELS];
    tstamp_ns t = clock_monotonic();
    for (size_t k = 0; k < minutes; k++) {
        bool ask = (k + 1) % every == 0;
        hist_windows_push(w, v + k % DATA * CHANNELS, ask ? jsd : NULL);
        *checksum += ask ? (double)jsd[k % CHANNELS] : 0;
    }
    return (double)minutes * CHANNELS / ((double)(clock_monotonic() - t) * 1e-9);
}

static double time_naive(struct naive *n, const float *v, size_t minutes, size_t every, double *checksum)
{
    tstamp_ns t = clock_monotonic();
    for (size_t k = 0; k < minutes; k++) {
        for (size_t c = 0; c < CHANNELS; c++) {
            naive_push(&n[c], k % WINDOW, v[k % DATA * CHANNELS + c]);
            if ((k + 1) % every == 0)
                *checksum += naive_divergence(&n[c]);
        }
    }
    return (double)minutes * CHANNELS / ((double)(clock_monotonic() - t) * 1e-9);
}

int main(void)
{
    uint64_t seed = 2385;
    float *v = readings(&seed), *sorted = xcalloc(DATA, sizeof *sorted);
    struct hist_windows *w = hist_windows_new(CHANNELS, WINDOW);
    struct naive *n = xcalloc(CHANNELS, sizeof *n);
    double checksum = 0, naive_checksum = 0;
    for (size_t c = 0; c < CHANNELS; c++) {
        for (size_t k = 0; k < DATA; k++)
            sorted[k] = v[k * CHANNELS + c] * 1.1F;
        hist_edges(n[c].edges, sorted, DATA);
        for (size_t k = 0; k < DATA; k++)
            n[c].reference[hist_bin(n[c].edges, sorted[k])] += 77; /* about 14 days */
        hist_windows_reference(w, c, n[c].edges, n[c].reference);
    }
    time_windows(w, v, WINDOW, WINDOW + 1, &checksum);
    time_naive(n, v, WINDOW, WINDOW + 1, &naive_checksum);
    double every = time_windows(w, v, WINDOW, 1, &checksum);
    double every_naive = time_naive(n, v, DATA, 1, &naive_checksum);
    double hourly = time_windows(w, v, 2 * WINDOW, HOUR, &checksum);
    double hourly_naive = time_naive(n, v, WINDOW, HOUR, &naive_checksum);
    printf("divergence at every reading    %8.1f M readings/s  %6.1f x naive (%.2f M/s)\n", every * 1e-6,
           every / every_naive, every_naive * 1e-6);
    printf("divergence hourly              %8.1f M readings/s  %6.1f x naive (%.2f M/s)  [%.4g]\n",
           hourly * 1e-6, hourly / hourly_naive, hourly_naive * 1e-6, checksum + naive_checksum);
    hist_windows_free(w);
    free(n);
    free(sorted);
    free(v);
    return 0;
}
