/* Hourly aggregates and windows; see hours.h. SPDX-License-Identifier: MIT */
#include "detectors/statistics/hours.h"

#include "base/mem.h"
#include "features/select.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void clear_row(struct hours *h, size_t row)
{
    size_t w = h->width;
    for (size_t c = 0; c < w; c++)
        h->value[row * w + c] = NAN;
    memset(h->valid + row * w, 0, w * sizeof *h->valid);
    memset(h->doubt + row * (w / 2), 0, w / 2 * sizeof *h->doubt);
    memset(h->counts + row * w * HIST_BINS, 0, w * HIST_BINS * sizeof *h->counts);
    for (size_t i = 0; i < h->n_sums; i++) {
        memset(h->sum + (i * h->n + row) * w, 0, w * sizeof *h->sum);
        h->summed[i * h->n + row] = 0;
    }
}

void hours_clear(struct hours *h)
{
    for (size_t k = 0; k < h->n; k++)
        clear_row(h, k);
}

void hours_init(struct hours *h, size_t n, size_t width, unsigned per_hour, size_t n_sums)
{
    assert(per_hour <= UINT16_MAX && n_sums <= SUMS_MAX);
    size_t cells = n * width;
    *h = (struct hours){
        .n = n,
        .width = width,
        .n_sums = n_sums,
        .per_hour = per_hour,
        .value = xcalloc(cells, sizeof *h->value),
        .valid = xcalloc(cells, sizeof *h->valid),
        .doubt = xcalloc(cells, sizeof *h->doubt),
        .counts = xcalloc(cells, HIST_BINS * sizeof *h->counts),
        .sum = xcalloc(n_sums * cells + 1, sizeof *h->sum),
        .summed = xcalloc(n_sums * n + 1, sizeof *h->summed),
    };
    hours_clear(h);
}

void hours_fini(struct hours *h)
{
    free(h->value);
    free(h->valid);
    free(h->doubt);
    free(h->counts);
    free(h->sum);
    free(h->summed);
    *h = (struct hours){0};
}

void hours_shift(struct hours *h)
{
    clear_row(h, h->first);
    h->first = h->first + 1 < h->n ? h->first + 1 : 0;
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
        size_t n = 0, cell = hours_row(h, k) * h->width + c;
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

bool hours_any(const struct hours *h, size_t k)
{
    for (size_t c = 0; c < h->width; c++)
        if (!isnan(h->value[hours_row(h, k) * h->width + c]))
            return true;
    return false;
}

void hours_set_doubt(struct hours *h, size_t k, const double sum[], unsigned n)
{
    size_t levels = h->width / 2;
    for (size_t c = 0; c < levels; c++)
        h->doubt[hours_row(h, k) * levels + c] = n ? (float)(sum[c] / n) : 0;
}

void hours_sum(struct hours *h, size_t k, size_t sum, const float value[])
{
    size_t row = sum * h->n + hours_row(h, k);
    assert(sum < h->n_sums);
    h->summed[row]++;
    for (size_t c = 0; c < h->width; c++)
        h->sum[row * h->width + c] += value[c];
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
        for (size_t k = begin; k <= end; k++) { /* oldest first: the same sum from whatever start */
            size_t cell = hours_row(h, k) * h->width + c;
            if (isnan(h->value[cell]))
                continue;
            sum += (double)h->value[cell] * h->valid[cell];
            weight += h->valid[cell];
        }
        out[c] = weight > 0 ? (float)(sum / weight - (double)centre[c]) : NAN;
    }
}

void hours_fullness(const struct hours *h, size_t end, size_t lo, size_t w, float out[])
{
    size_t begin = window_begin(end, lo, w);
    for (size_t c = 0; c < h->width; c++) {
        size_t minutes = 0;
        for (size_t k = begin; k <= end; k++) {
            size_t cell = hours_row(h, k) * h->width + c;
            minutes += isnan(h->value[cell]) ? 0 : h->valid[cell];
        }
        out[c] = fminf(1, 2 * (float)minutes / (float)(w * h->per_hour));
    }
}

void hours_doubt(const struct hours *h, size_t end, size_t lo, size_t w, float out[])
{
    size_t begin = window_begin(end, lo, w), levels = h->width / 2;
    memset(out, 0, h->width * sizeof *out);
    for (size_t c = 0; c < levels; c++) {
        double sum = 0, weight = 0;
        for (size_t k = begin; k <= end; k++) {
            size_t row = hours_row(h, k), cell = row * h->width + c;
            if (isnan(h->value[cell]))
                continue;
            sum += (double)h->doubt[row * levels + c] * h->valid[cell];
            weight += h->valid[cell];
        }
        out[c] = weight > 0 ? (float)(sum / weight) : 0;
    }
}

bool hours_counts(const struct hours *h, size_t end, size_t lo, size_t w, size_t column,
                  uint32_t counts[HIST_BINS])
{
    size_t total = 0;
    memset(counts, 0, HIST_BINS * sizeof *counts);
    for (size_t k = window_begin(end, lo, w); k <= end; k++) {
        size_t cell = hours_row(h, k) * h->width + column;
        for (size_t b = 0; b < HIST_BINS; b++)
            counts[b] += h->counts[cell * HIST_BINS + b];
        total += h->valid[cell];
    }
    return 2 * total >= w * h->per_hour;
}

void hours_mean(const struct hours *h, size_t end, size_t lo, size_t w, size_t sum, const float centre[],
                float out[])
{
    size_t begin = window_begin(end, lo, w), n = 0, at = sum * h->n;
    for (size_t k = begin; k <= end; k++)
        n += h->summed[at + hours_row(h, k)];
    for (size_t c = 0; c < h->width; c++) {
        double total = 0;
        for (size_t k = begin; k <= end; k++)
            total += (double)h->sum[(at + hours_row(h, k)) * h->width + c];
        bool enough = 2 * n >= w * h->per_hour;
        out[c] = enough ? (float)(total / (double)n - (double)centre[c]) : NAN;
    }
}
