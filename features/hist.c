/* Histograms of sliding windows and their divergence; see hist.h.
 * Channels are handled in blocks of LANES: the search for bins runs over fixed-length arrays, which the
 * compiler turns into vector code. Per bin a window keeps its share of the divergence; while the number
 * of valid minutes stays the same, a push touches two bins at most, and the sum over the bins is formed
 * afresh, so nothing drifts. SPDX-License-Identifier: MIT */
#include "features/hist.h"

#include "base/mem.h"
#include "features/select.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LANES 16
#define EDGES (HIST_BINS - 1)
#define MISSING 255 /* bin of a missing minute */
#define DIRTY UINT32_MAX

struct window {
    double term[HIST_BINS];  /* share of each bin in the divergence for `terms` valid minutes */
    double share[HIST_BINS]; /* q: the reference's share of each bin */
    double own[HIST_BINS];   /* ½ q log2 q */
    uint32_t terms;          /* number of valid minutes that the terms hold for; DIRTY: none */
    bool referenced;
};

struct hist_windows {
    size_t n, blocks;
    unsigned minutes, at;         /* window's length; next place in the ring */
    float (*edge)[EDGES][LANES];  /* [blocks] */
    uint8_t *ring;                /* (minutes, blocks·LANES) bins */
    uint16_t (*count)[HIST_BINS]; /* [n] */
    uint16_t *valid;              /* [n] */
    struct window *window;        /* [n] */
    double *x_log_x;              /* [minutes+1]: c·log2 c */
};

void hist_edges(float edges[HIST_BINS - 1], float v[], size_t n)
{
    size_t done = 0; /* v[0 … done-1] are no larger than the rest */
    for (size_t k = 0; k < EDGES; k++) {
        size_t at = n * (k + 1) / HIST_BINS;
        edges[k] = select_kth(v + done, n - done, at - done);
        done = at;
    }
    for (size_t k = 1; k < EDGES; k++) {
        if (edges[k] == edges[k - 1])
            edges[k] = nextafterf(edges[k], INFINITY);
        else if (edges[k] < edges[k - 1]) /* a further tie of one just raised */
            edges[k] = edges[k - 1];
    }
}

unsigned hist_bin(const float edges[HIST_BINS - 1], float v)
{
    unsigned bin = 0;
    for (size_t k = 0; k < EDGES; k++)
        bin += v >= edges[k];
    return bin;
}

/* Σ c·log2(p/m) / n: the divergence of p = c/n from m = (p + q)/2, in bits. Exact for equal shares (0)
 * and for shares where the other is empty (1). */
static double from_middle(const uint32_t c[], double n, const uint32_t other[], double n_other)
{
    double sum = 0;
    for (size_t k = 0; k < HIST_BINS; k++) {
        if (c[k] == 0)
            continue;
        double p = c[k] / n, q = other[k] / n_other;
        sum += c[k] * log2(p / (0.5 * (p + q)));
    }
    return sum / n;
}

double hist_jsd(const uint32_t p[HIST_BINS], const uint32_t q[HIST_BINS])
{
    double np = 0, nq = 0;
    for (size_t k = 0; k < HIST_BINS; k++) {
        np += p[k];
        nq += q[k];
    }
    if (np == 0 || nq == 0)
        return NAN;
    double d = 0.5 * from_middle(p, np, q, nq) + 0.5 * from_middle(q, nq, p, np);
    return fmin(fmax(d, 0), 1);
}

struct hist_windows *hist_windows_new(size_t n, unsigned minutes)
{
    struct hist_windows *w = xcalloc(1, sizeof *w);
    w->n = n;
    w->blocks = (n + LANES - 1) / LANES;
    w->minutes = minutes;
    w->edge = xcalloc(w->blocks, sizeof *w->edge);
    w->ring = xcalloc(minutes, w->blocks * LANES);
    memset(w->ring, MISSING, minutes * w->blocks * LANES);
    w->count = xcalloc(n, sizeof *w->count);
    w->valid = xcalloc(n, sizeof *w->valid);
    w->window = xcalloc(n, sizeof *w->window);
    w->x_log_x = xcalloc((size_t)minutes + 1, sizeof *w->x_log_x);
    for (unsigned c = 1; c <= minutes; c++)
        w->x_log_x[c] = c * log2(c);
    return w;
}

void hist_windows_free(struct hist_windows *w)
{
    if (!w)
        return;
    free(w->edge);
    free(w->ring);
    free(w->count);
    free(w->valid);
    free(w->window);
    free(w->x_log_x);
    free(w);
}

void hist_windows_reference(struct hist_windows *w, size_t channel, const float edges[HIST_BINS - 1],
                            const uint32_t reference[HIST_BINS])
{
    struct window *a = &w->window[channel];
    double n = 0;
    for (size_t k = 0; k < HIST_BINS; k++)
        n += reference[k];
    a->referenced = n > 0;
    a->terms = DIRTY;
    for (size_t k = 0; k < HIST_BINS; k++) {
        a->share[k] = n > 0 ? reference[k] / n : 0;
        a->own[k] = a->share[k] > 0 ? 0.5 * a->share[k] * log2(a->share[k]) : 0;
    }
    for (size_t k = 0; k < EDGES; k++)
        w->edge[channel / LANES][k][channel % LANES] = edges[k];
    for (unsigned m = 0; m < w->minutes; m++)
        w->ring[m * w->blocks * LANES + channel] = MISSING;
    memset(w->count[channel], 0, sizeof w->count[channel]);
    w->valid[channel] = 0;
}

/* Bins of LANES values at once; edge is (EDGES, LANES). */
static void find_bins(const float edge[restrict], const float v[restrict LANES], uint8_t bin[restrict LANES])
{
    int32_t found[LANES];
    for (size_t j = 0; j < LANES; j++)
        found[j] = v[j] == v[j] ? 0 : MISSING;
    for (size_t k = 0; k < EDGES; k++)
        for (size_t j = 0; j < LANES; j++)
            found[j] += v[j] >= edge[k * LANES + j];
    for (size_t j = 0; j < LANES; j++)
        bin[j] = (uint8_t)found[j];
}

/* ½ p log2 p + ½ q log2 q - m log2 m of one bin; summed over the bins this is the divergence. */
static double bin_term(const struct hist_windows *w, const struct window *a, size_t k, unsigned c,
                       double per_n, double log_n)
{
    double m = 0.5 * (c * per_n + a->share[k]);
    if (m <= 0)
        return 0;
    return 0.5 * (w->x_log_x[c] - c * log_n) * per_n + a->own[k] - m * log2(m);
}

static float divergence(struct hist_windows *w, size_t i)
{
    struct window *a = &w->window[i];
    unsigned n = w->valid[i];
    if (!a->referenced || 2 * n < w->minutes) {
        a->terms = DIRTY;
        return NAN;
    }
    if (a->terms != n) {
        double per_n = 1.0 / n, log_n = w->x_log_x[n] * per_n; /* to the bit as in exchange() */
        for (size_t k = 0; k < HIST_BINS; k++)
            a->term[k] = bin_term(w, a, k, w->count[i][k], per_n, log_n);
        a->terms = n;
    }
    double sum = 0;
    for (size_t k = 0; k < HIST_BINS; k++)
        sum += a->term[k];
    return (float)(sum < 0 ? 0 : sum > 1 ? 1 : sum);
}

/* One reading comes, one goes. update: keep the terms up to date if that takes two bins. */
static void exchange(struct hist_windows *w, size_t i, unsigned in, unsigned gone, bool update)
{
    struct window *a = &w->window[i];
    uint16_t *count = w->count[i];
    if (gone != MISSING)
        count[gone]--;
    if (in != MISSING)
        count[in]++;
    w->valid[i] = (uint16_t)(w->valid[i] + (in != MISSING) - (gone != MISSING));
    if (!update || a->terms != w->valid[i]) {
        a->terms = DIRTY;
        return;
    }
    unsigned n = w->valid[i];
    double per_n = 1.0 / n, log_n = w->x_log_x[n] * per_n;
    a->term[in] = bin_term(w, a, in, count[in], per_n, log_n);
    a->term[gone] = bin_term(w, a, gone, count[gone], per_n, log_n);
}

static void push_block(struct hist_windows *w, size_t block, const float v[LANES], bool update)
{
    uint8_t bin[LANES];
    uint8_t *old = w->ring + (w->at * w->blocks + block) * LANES;
    size_t first = block * LANES, lanes = w->n - first < LANES ? w->n - first : LANES;
    find_bins(w->edge[block][0], v, bin);
    for (size_t j = 0; j < lanes; j++)
        if (bin[j] != old[j])
            exchange(w, first + j, bin[j], old[j], update);
    memcpy(old, bin, LANES);
}

void hist_windows_push(struct hist_windows *w, const float v[], float jsd[])
{
    for (size_t b = 0; b < w->blocks; b++) {
        size_t first = b * LANES, lanes = w->n - first < LANES ? w->n - first : LANES;
        if (lanes == LANES) {
            push_block(w, b, v + first, jsd != NULL);
        } else {
            float part[LANES];
            for (size_t j = 0; j < LANES; j++)
                part[j] = j < lanes ? v[first + j] : NAN;
            push_block(w, b, part, jsd != NULL);
        }
        for (size_t j = 0; jsd && j < lanes; j++)
            jsd[first + j] = divergence(w, first + j);
    }
    w->at = (w->at + 1) % w->minutes;
}

unsigned hist_windows_valid(const struct hist_windows *w, size_t channel)
{
    return w->valid[channel];
}

const uint16_t *hist_windows_counts(const struct hist_windows *w, size_t channel)
{
    return w->count[channel];
}
