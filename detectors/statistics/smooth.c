/* Smoothed statistics of rows; see smooth.h. SPDX-License-Identifier: MIT */
#include "detectors/statistics/smooth.h"

#include "base/mem.h"
#include "detectors/model/tail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SQUARE_MOST 36.0
#define LOG_FLOOR 1e-3    /* a table that never changes has statistics of 0 */
#define SPREAD_LEAST 0.02 /* of a logarithm: a fiftieth of its own size is nothing to tell apart by */

#define TRIMMED_NORMAL 0.7003 /* trimmed mean of squares of standard normal values */
#define REFERENCE_LENGTHS 5   /* memories (1/λ rows) that a reference must hold for a speed to be used */

const double track_lambda[TRACK_SPEEDS] = {0.3, 0.1, 0.03, 0.01};

void track_null_open(struct track_null *n, size_t d)
{
    *n = (struct track_null){.deviation2 = xcalloc(d, sizeof(double))};
    for (int k = 0; k < 2; k++)
        n->square[k] = xcalloc(d, sizeof(double));
}

void track_null_close(struct track_null *n)
{
    free(n->square[0]);
    free(n->square[1]);
    free(n->deviation2);
    *n = (struct track_null){0};
}

void tracks_open(struct tracks *t, size_t d)
{
    t->d = d;
    for (int k = 0; k < TRACK_COUNT; k++)
        t->square[k] = xcalloc(d, sizeof(double));
}

void tracks_close(struct tracks *t)
{
    for (int k = 0; k < TRACK_COUNT; k++)
        free(t->square[k]);
    *t = (struct tracks){0};
}

static void fade(double v[], const double to[], size_t d, double keep)
{
    for (size_t j = 0; j < d; j++)
        v[j] = to[j] + keep * (v[j] - to[j]);
}

static void fade_all(struct tracks *t, const struct track_null *n, const double keep[TRACK_SPEEDS])
{
    for (int k = 0; k < TRACK_COUNT; k++)
        fade(t->square[k], n->square[k / TRACK_SPEEDS], t->d, keep[k % TRACK_SPEEDS]);
}

void tracks_reset(struct tracks *t, const struct track_null *n)
{
    fade_all(t, n, (const double[TRACK_SPEEDS]){0});
}

void tracks_fade(struct tracks *t, const struct track_null *n, size_t gap)
{
    double keep[TRACK_SPEEDS];
    if (gap == 0)
        return;
    for (int s = 0; s < TRACK_SPEEDS; s++)
        keep[s] = pow(1 - track_lambda[s], (double)gap);
    fade_all(t, n, keep);
}

static double square_of(float v)
{
    return fmin((double)v * (double)v, SQUARE_MOST);
}

/* Fewer values have a smaller sum of squares: brought to the size of a full row. */
static double to_full(const struct track_row *p, size_t d)
{
    return (double)d / (double)p->observed;
}

double track_row_level(const struct track_row *p, size_t d, int kind)
{
    const float *v = kind == 0 ? p->u : p->e;
    double sum = 0;
    for (size_t j = 0; j < d; j++)
        sum += square_of(v[j]);
    return log(to_full(p, d) * sum / (double)d + LOG_FLOOR);
}

void tracks_step(struct tracks *t, const struct track_row *p)
{
    double full = to_full(p, t->d);
    for (int s = 0; s < TRACK_SPEEDS; s++) {
        double l = track_lambda[s], *du = t->square[s], *de = t->square[s + TRACK_SPEEDS];
        for (size_t j = 0; j < t->d; j++) {
            du[j] += l * (full * square_of(p->u[j]) - du[j]);
            de[j] += l * (full * square_of(p->e[j]) - de[j]);
        }
    }
}

static double log_level(const double square[], size_t d)
{
    double sum = 0;
    for (size_t j = 0; j < d; j++)
        sum += square[j];
    return log(sum / (double)d + LOG_FLOOR);
}

double tracks_level(const struct tracks *t, int which)
{
    return log_level(t->square[which], t->d);
}

static bool counts(const struct track_null *n, int k)
{
    return k % TRACK_SPEEDS < n->speeds && (k < TRACK_SPEEDS || n->with_net);
}

double tracks_score(const struct tracks *t, const struct track_null *n, int *which)
{
    double best = -INFINITY;
    for (int k = 0; k < TRACK_COUNT; k++) {
        if (!counts(n, k))
            continue;
        double s = (log_level(t->square[k], t->d) - n->median[k]) / n->spread[k];
        if (s > best) {
            best = s;
            *which = k;
        }
    }
    return best;
}

double tracks_limit(const struct track_null *n)
{
    double most = -INFINITY;
    for (int k = 0; k < TRACK_COUNT; k++)
        if (counts(n, k))
            most = fmax(most, (log(SQUARE_MOST + LOG_FLOOR) - n->median[k]) / n->spread[k]);
    return most;
}

/* Means over the rows per signal, without the highest and lowest tenth: a training table may hold an
 * anomaly itself. */
static void fit_means(struct track_null *null, const struct track_rows *rows)
{
    float *v = xcalloc(3 * rows->n, sizeof *v), *e = v + rows->n, *r = e + rows->n;
    for (size_t j = 0; j < rows->d; j++) {
        size_t m = 0;
        for (size_t i = 0; i < rows->n; i++) {
            v[i] = (float)square_of(rows->u[i * rows->d + j]);
            e[i] = (float)square_of(rows->e[i * rows->d + j]);
            if (!isnan(rows->r[i * rows->d + j]))
                r[m++] = rows->r[i * rows->d + j] * rows->r[i * rows->d + j];
        }
        null->square[0][j] = trimmed_mean(v, rows->n);
        null->square[1][j] = trimmed_mean(e, rows->n);
        null->deviation2[j] = m ? trimmed_mean(r, m) / TRIMMED_NORMAL : 0;
    }
    free(v);
}

/* Brings the trimmed means to the median of the slowest statistic used, so that a start is at score 0 or so.
 */
static void scale_means(struct track_null *null, size_t d)
{
    for (int k = 0; k < 2; k++) {
        double now = exp(log_level(null->square[k], d));
        double want = exp(null->median[k * TRACK_SPEEDS + null->speeds - 1]);
        for (size_t j = 0; j < d; j++)
            null->square[k][j] *= want / now;
    }
}

struct track_row track_row_at(const struct track_rows *rows, size_t i)
{
    return (struct track_row){.u = rows->u + i * rows->d,
                              .e = rows->e + i * rows->d,
                              .r = rows->r + i * rows->d,
                              .observed = rows->observed[i]};
}

static int usable_speeds(size_t rows)
{
    int n = 1;
    while (n < TRACK_SPEEDS && (double)rows >= REFERENCE_LENGTHS / track_lambda[n])
        n++;
    return n;
}

static void fit_rows(struct track_null *null, const struct track_rows *rows)
{
    float *v = xcalloc(rows->n, sizeof *v);
    for (int kind = 0; kind < 2; kind++) {
        size_t n = 0;
        for (size_t i = 0; i < rows->n; i++) {
            struct track_row row = track_row_at(rows, i);
            v[n++] = (float)track_row_level(&row, rows->d, kind);
        }
        null->row_median[kind] = robust_median(v, n);
        null->row_spread[kind] = fmax(robust_spread(v, n, null->row_median[kind]), SPREAD_LEAST);
    }
    free(v);
}

void track_null_fit(struct track_null *null, const struct track_rows *rows, bool with_net)
{
    size_t d = rows->d;
    float *level = xcalloc(TRACK_COUNT * rows->n, sizeof *level);
    struct tracks t;
    null->with_net = with_net;
    null->speeds = usable_speeds(rows->n);
    fit_means(null, rows);
    tracks_open(&t, d);
    tracks_reset(&t, null);
    for (size_t i = 0; i < rows->n; i++) {
        struct track_row row = track_row_at(rows, i);
        tracks_fade(&t, null, rows->gap[i]);
        tracks_step(&t, &row);
        for (int k = 0; k < TRACK_COUNT; k++)
            level[(size_t)k * rows->n + i] = (float)log_level(t.square[k], d);
    }
    for (int k = 0; k < TRACK_COUNT; k++) {
        float *v = level + (size_t)k * rows->n;
        null->median[k] = robust_median(v, rows->n);
        null->spread[k] = fmax(robust_spread(v, rows->n, null->median[k]), SPREAD_LEAST);
    }
    fit_rows(null, rows);
    scale_means(null, d);
    tracks_close(&t);
    free(level);
}
