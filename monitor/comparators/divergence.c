/* Raw divergence: Jensen-Shannon divergence of the last 12 h of a raw signal against its reference, in
 * standard deviations of what 12 h of that reference show. "Mean + 3 sd of the reference's chunks" is
 * NannyML's rule. SPDX-License-Identifier: MIT */
#include "features/hist.h"
#include "monitor/comparators/comparator.h"

#include <math.h>
#include <stdlib.h>

#define CHUNK 720 /* minutes */
#define LEAST_CHUNKS 4

struct divergence {
    const struct fleet *fleet;
    struct hist_windows *windows;
    double *mean, *sd; /* [C] of the reference's chunks; NaN: not learned */
    float *of;         /* [C] */
};

static void count(const float edges[], const float v[], size_t n, uint32_t counts[HIST_BINS])
{
    for (unsigned b = 0; b < HIST_BINS; b++)
        counts[b] = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(v[i]))
            counts[hist_bin(edges, v[i])]++;
}

static size_t total(const uint32_t counts[HIST_BINS])
{
    size_t n = 0;
    for (unsigned b = 0; b < HIST_BINS; b++)
        n += counts[b];
    return n;
}

/* What chunks of the reference show against the whole of it. */
static bool of_chunks(const float column[], size_t minutes, const float edges[],
                      const uint32_t reference[HIST_BINS], double *mean, double *sd)
{
    size_t chunks = minutes / CHUNK;
    float *jsd = xnan(chunks + 1);
    for (size_t k = 0; k < chunks; k++) {
        uint32_t counts[HIST_BINS];
        count(edges, column + k * CHUNK, CHUNK, counts);
        if (total(counts) >= CHUNK / 2)
            jsd[k] = (float)hist_jsd(reference, counts);
    }
    bool ok = comparator_moments(jsd, chunks, 1, LEAST_CHUNKS, mean, sd);
    free(jsd);
    return ok;
}

static void learn_channel(struct divergence *d, const struct comparator_reference *r, uint32_t c, float v[])
{
    const float *column = r->column(r->arg, c);
    size_t n = 0;
    for (size_t i = 0; i < r->minutes; i++)
        if (!isnan(column[i]))
            v[n++] = column[i];
    d->mean[c] = NAN;
    if (n == 0)
        return;
    float edges[HIST_BINS - 1];
    uint32_t reference[HIST_BINS];
    hist_edges(edges, v, n);
    count(edges, column, r->minutes, reference);
    if (!of_chunks(column, r->minutes, edges, reference, &d->mean[c], &d->sd[c]))
        return;
    d->sd[c] = comparator_spread(d->sd[c], d->mean[c]);
    hist_windows_reference(d->windows, c, edges, reference);
}

static void *divergence_learn(const struct comparator_reference *r)
{
    size_t n = r->fleet->n_channels;
    struct divergence *d = xcalloc(1, sizeof *d);
    *d = (struct divergence){.fleet = r->fleet,
                             .windows = hist_windows_new(n, CHUNK),
                             .mean = xcalloc(n + 1, sizeof *d->mean),
                             .sd = xcalloc(n + 1, sizeof *d->sd),
                             .of = xnan(n + 1)};
    float *v = xcalloc(r->minutes + 1, sizeof *v);
    for (uint32_t c = 0; c < n; c++)
        learn_channel(d, r, c, v);
    free(v);
    return d;
}

static void divergence_free(void *self)
{
    struct divergence *d = self;
    hist_windows_free(d->windows);
    free(d->mean);
    free(d->sd);
    free(d->of);
    free(d);
}

static void divergence_hour(void *self, const float minute[], float value[])
{
    struct divergence *d = self;
    size_t n = d->fleet->n_channels;
    for (size_t k = 0; k < COMPARATOR_MINUTES; k++)
        hist_windows_push(d->windows, minute + k * n, k + 1 == COMPARATOR_MINUTES ? d->of : NULL);
    for (size_t c = 0; c < n; c++)
        d->of[c] = (float)(((double)d->of[c] - d->mean[c]) / d->sd[c]);
    comparator_largest(d->fleet, d->of, value);
}

const struct comparator comparator_divergence = {.name = "raw divergence",
                                                 .words = "12 h of a raw signal; by itself mean + 3 sd",
                                                 .own = 3,
                                                 .learn = divergence_learn,
                                                 .free = divergence_free,
                                                 .hour = divergence_hour};
