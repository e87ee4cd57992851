/* Hourly aggregates and windows; see hours.h. SPDX-License-Identifier: MIT */
#include "detectors/statistics/hours.h"

#include "base/mem.h"
#include "features/select.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void hours_clear(struct hours *h)
{
    size_t cells = h->n * h->width;
    for (size_t i = 0; i < cells; i++)
        h->value[i] = NAN;
    memset(h->valid, 0, cells * sizeof *h->valid);
    memset(h->counts, 0, cells * HIST_BINS * sizeof *h->counts);
    memset(h->reconstruction, 0, cells * sizeof *h->reconstruction);
    memset(h->reconstruction_n, 0, h->n * sizeof *h->reconstruction_n);
}

void hours_init(struct hours *h, size_t n, size_t width, unsigned per_hour)
{
    assert(per_hour <= UINT16_MAX);
    size_t cells = n * width;
    *h = (struct hours){
        .n = n,
        .width = width,
        .per_hour = per_hour,
        .value = xcalloc(cells, sizeof *h->value),
        .valid = xcalloc(cells, sizeof *h->valid),
        .counts = xcalloc(cells, HIST_BINS * sizeof *h->counts),
        .reconstruction = xcalloc(cells, sizeof *h->reconstruction),
        .reconstruction_n = xcalloc(n, sizeof *h->reconstruction_n),
    };
    hours_clear(h);
}

void hours_fini(struct hours *h)
{
    free(h->value);
    free(h->valid);
    free(h->counts);
    free(h->reconstruction);
    free(h->reconstruction_n);
    *h = (struct hours){0};
}

void hours_shift(struct hours *h)
{
    size_t w = h->width, keep = (h->n - 1) * w;
    memmove(h->value, h->value + w, keep * sizeof *h->value);
    memmove(h->valid, h->valid + w, keep * sizeof *h->valid);
    memmove(h->counts, h->counts + w * HIST_BINS, keep * HIST_BINS * sizeof *h->counts);
    memmove(h->reconstruction, h->reconstruction + w, keep * sizeof *h->reconstruction);
    memmove(h->reconstruction_n, h->reconstruction_n + 1, (h->n - 1) * sizeof *h->reconstruction_n);
    for (size_t c = 0; c < w; c++) {
        h->value[keep + c] = NAN;
        h->valid[keep + c] = 0;
        h->reconstruction[keep + c] = 0;
    }
    memset(h->counts + keep * HIST_BINS, 0, w * HIST_BINS * sizeof *h->counts);
    h->reconstruction_n[h->n - 1] = 0;
}

static float mean_of(const float v[], size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)v[i];
    return (float)(sum / (double)n);
}

void hours_fill(struct hours *h, size_t k, const float rows[], size_t stride, const float edges[])
{
    enum { STACK = 360 };
    float stack[STACK], *v = h->per_hour <= STACK ? stack : xcalloc(h->per_hour, sizeof *v);
    for (size_t c = 0; c < h->width; c++) {
        size_t n = 0, cell = k * h->width + c;
        for (size_t m = 0; m < h->per_hour; m++)
            if (!isnan(rows[m * stride + c]))
                v[n++] = rows[m * stride + c];
        h->valid[cell] = (uint16_t)n;
        h->value[cell] = NAN;
        uint16_t *counts = h->counts + cell * HIST_BINS;
        memset(counts, 0, HIST_BINS * sizeof *counts);
        for (size_t i = 0; edges && i < n; i++)
            counts[hist_bin(edges + c * (HIST_BINS - 1), v[i])]++;
        if (2 * n >= h->per_hour)
            h->value[cell] = c < h->width / 2 ? select_median(v, n) : mean_of(v, n);
    }
    if (v != stack)
        free(v);
}

static size_t window_begin(size_t end, size_t lo, size_t w)
{
    size_t begin = end + 1 > w ? end + 1 - w : 0;
    return begin > lo ? begin : lo;
}

void hours_level(const struct hours *h, size_t end, size_t lo, size_t w, const float centre[], float out[])
{
    size_t begin = window_begin(end, lo, w);
    for (size_t c = 0; c < h->width; c++) {
        double sum = 0, weight = 0;
        for (size_t k = begin; k <= end; k++) {
            size_t cell = k * h->width + c;
            if (isnan(h->value[cell]))
                continue;
            sum += (double)h->value[cell] * h->valid[cell];
            weight += h->valid[cell];
        }
        bool enough = 2 * weight >= (double)(w * h->per_hour);
        out[c] = enough ? (float)(sum / weight - (double)centre[c]) : NAN;
    }
}

void hours_divergence(const struct hours *h, size_t end, size_t lo, size_t w, const uint32_t reference[],
                      float out[])
{
    size_t begin = window_begin(end, lo, w);
    for (size_t c = 0; c < h->width; c++) {
        uint32_t window[HIST_BINS] = {0}, total = 0;
        for (size_t k = begin; k <= end; k++) {
            const uint16_t *counts = h->counts + (k * h->width + c) * HIST_BINS;
            for (size_t b = 0; b < HIST_BINS; b++)
                window[b] += counts[b];
            total += h->valid[k * h->width + c];
        }
        out[c] = NAN;
        if (2 * (size_t)total >= w * h->per_hour)
            out[c] = (float)log(hist_jsd(window, reference + c * HIST_BINS) + DIVERGENCE_FLOOR);
    }
}

void hours_reconstruction(const struct hours *h, size_t end, size_t lo, size_t w, const float centre[],
                          float out[])
{
    size_t begin = window_begin(end, lo, w), n = 0;
    for (size_t k = begin; k <= end; k++)
        n += h->reconstruction_n[k];
    for (size_t c = 0; c < h->width; c++) {
        double sum = 0;
        for (size_t k = begin; k <= end; k++)
            sum += (double)h->reconstruction[k * h->width + c];
        bool enough = 2 * n >= w * h->per_hour;
        out[c] = enough ? (float)(sum / (double)n - (double)centre[c]) : NAN;
    }
}
