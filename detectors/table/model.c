/* A model of one table without physics, and scores by it; see model.h. SPDX-License-Identifier: MIT */
#include "detectors/table/model.h"

#include "base/buf.h"
#include "base/mem.h"
#include "detectors/model/tail.h"
#include "detectors/table/why.h"
#include "features/hist.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDS 5
#define FEWEST_VALUES 20 /* of a signal in training; else it is not used */
#define COLD_START 2.0   /* factor on the threshold without a calibration run: docs/detection.md §6 */
#define COLD_REACH 0.95  /* but no farther than this share of the scale's end */
#define COLD_POINT 0.01
#define TAIL_SHARE 0.03
#define MOST_GAP 100000 /* periods; what was remembered is gone long before */

struct table_model {
    size_t d, width;   /* signals used; signals of the table */
    size_t *used;      /* [d] index into the table's names */
    char **names;      /* [width] */
    struct buf unused; /* names, for people */
    tstamp_ns period;
    size_t window;
    double alpha;
    struct table_fit fit;
    struct track_null null;
    struct tail tail; /* of healthy scores */
    float *healthy;   /* [n_healthy] the same scores, sorted */
    size_t n_healthy;
    double stretch;                /* 1 when calibrated: scores are divided by it before they meet the tail */
    float (*edges)[HIST_BINS - 1]; /* [d] of u */
    uint32_t (*reference)[HIST_BINS]; /* [d] */
};

struct table_scorer {
    struct table_model *m;
    struct tracks tracks;
    struct hist_windows *windows;
    double *x; /* [d] used signals of the row */
    struct table_parts parts;
    float *empty, *jsd; /* [d] NaN; the windows' divergences */
    bool started;
    tstamp_ns last, period;
};

/* Whole periods without a row between two times. */
static size_t gap_between(tstamp_ns from, tstamp_ns to, tstamp_ns period)
{
    double periods = period > 0 ? round((double)(to - from) / (double)period) - 1 : 0;
    return periods <= 0 ? 0 : periods > MOST_GAP ? MOST_GAP : (size_t)periods;
}

/* ---- training ------------------------------------------------------------------------------------- */

static void choose_signals(struct table_model *m, const struct table *t)
{
    m->width = t->d;
    m->used = xcalloc(t->d, sizeof *m->used);
    m->names = xcalloc(t->d, sizeof *m->names);
    for (size_t j = 0; j < t->d; j++) {
        size_t n = 0;
        for (size_t i = 0; i < t->n; i++)
            n += isnan(t->value[i * t->d + j]) ? 0 : 1;
        m->names[j] = xstrdup(t->names[j]);
        if (n >= FEWEST_VALUES)
            m->used[m->d++] = j;
        else
            buf_printf(&m->unused, "%s%s", m->unused.len ? ", " : "", t->names[j]);
    }
}

/* The used signals of rows with at least half of them; *n rows, their times' gaps in gap[]. */
static double *usable_rows(const struct table_model *m, const struct table *t, size_t gap[], size_t *n)
{
    double *x = xcalloc(t->n * m->d, sizeof *x);
    tstamp_ns last = t->time[0];
    *n = 0;
    for (size_t i = 0; i < t->n; i++) {
        double *row = x + *n * m->d;
        size_t observed = 0;
        for (size_t j = 0; j < m->d; j++) {
            row[j] = t->value[i * t->d + m->used[j]];
            observed += isnan(row[j]) ? 0 : 1;
        }
        if (observed < (m->d + 1) / 2)
            continue;
        gap[*n] = gap_between(last, t->time[i], m->period);
        last = t->time[i];
        ++*n;
    }
    return x;
}

/* Parts of every row by a fit that did not see its fifth of the time. */
struct crossed {
    float *u, *e, *r; /* (n,d) */
    size_t *observed; /* [n] */
};

static void cross_fit(const struct table_model *m, const double *x, size_t n, struct crossed *c,
                      bool with_net, const struct table_options *o)
{
    size_t d = m->d;
    for (size_t k = 0; k < FOLDS; k++) {
        size_t from = n * k / FOLDS, to = n * (k + 1) / FOLDS;
        struct table_fit fit;
        table_fit_open(&fit, x, n, d, from, to, with_net, o->seed + k + 1);
        for (size_t i = from; i < to; i++) {
            struct table_parts p = {.u = c->u + i * d, .e = c->e + i * d, .r = c->r + i * d};
            table_fit_row(&fit, x + i * d, &p);
            c->observed[i] = p.observed;
        }
        table_fit_close(&fit);
        if (o->progress)
            o->progress(o->arg, (double)(k + 1), FOLDS + 1);
    }
}

static void fit_histograms(struct table_model *m, const float *u, size_t n)
{
    float *v = xcalloc(n, sizeof *v);
    m->edges = xcalloc(m->d, sizeof *m->edges);
    m->reference = xcalloc(m->d, sizeof *m->reference);
    for (size_t j = 0; j < m->d; j++) {
        for (size_t i = 0; i < n; i++)
            v[i] = u[i * m->d + j];
        hist_edges(m->edges[j], v, n);
        for (size_t i = 0; i < n; i++)
            m->reference[j][hist_bin(m->edges[j], u[i * m->d + j])]++;
    }
    free(v);
}

/* Takes over score[n] as the healthy ones. */
static void take_healthy(struct table_model *m, float *score, size_t n)
{
    free(m->healthy);
    tail_fit(&m->tail, score, n, TAIL_SHARE); /* sorts */
    m->healthy = score;
    m->n_healthy = n;
}

/* Scores of the cross-fitted rows give the cold start's tail. Where the table wanders so much that twice
 * the usual score is past the end of the (clipped) scale, rows at its very end must still be flagged. */
static void fit_tail(struct table_model *m, const struct track_rows *rows)
{
    float *score = xcalloc(rows->n, sizeof *score);
    struct tracks t;
    int which;
    tracks_open(&t, m->d);
    tracks_reset(&t, &m->null);
    for (size_t i = 0; i < rows->n; i++) {
        struct track_row row = track_row_at(rows, i);
        tracks_fade(&t, &m->null, rows->gap[i]);
        tracks_step(&t, &row);
        score[i] = (float)tracks_score(&t, &m->null, &which);
    }
    take_healthy(m, score, rows->n);
    double point = tail_quantile(&m->tail, COLD_POINT);
    double reach = point > 0 ? COLD_REACH * tracks_limit(&m->null) / point : COLD_START;
    m->stretch = fmin(fmax(reach, 1), COLD_START);
    tracks_close(&t);
}

static void learn(struct table_model *m, const double *x, size_t n, const size_t gap[],
                  const struct table_options *o)
{
    size_t d = m->d;
    struct crossed c = {.u = xcalloc(3 * n, d * sizeof(float)), .observed = xcalloc(n, sizeof(size_t))};
    c.e = c.u + n * d;
    c.r = c.e + n * d;
    bool with_net = d >= JOINT_COLUMNS && n - (n + FOLDS - 1) / FOLDS >= TABLE_NET_ROWS;
    cross_fit(m, x, n, &c, with_net, o);
    table_fit_open(&m->fit, x, n, d, 0, 0, with_net, o->seed);
    struct track_rows rows = {
        .n = n, .d = d, .u = c.u, .e = c.e, .r = c.r, .observed = c.observed, .gap = gap};
    track_null_open(&m->null, d);
    track_null_fit(&m->null, &rows, joint_has_network(m->fit.joint));
    fit_histograms(m, c.u, n);
    fit_tail(m, &rows);
    if (o->progress)
        o->progress(o->arg, FOLDS + 1, FOLDS + 1);
    free(c.u);
    free(c.observed);
}

int table_model_train(struct table_model **out, const struct table *t, const struct table_options *o,
                      struct err *err)
{
    assert(o->window >= 2 && o->window <= UINT16_MAX);
    struct table_model *m = xcalloc(1, sizeof *m);
    m->window = o->window;
    m->alpha = o->alpha;
    m->period = table_period(t);
    choose_signals(m, t);
    size_t n = 0, *gap = xcalloc(t->n + 1, sizeof *gap);
    double *x = m->d && t->n ? usable_rows(m, t, gap, &n) : NULL;
    if (n >= TABLE_LEAST_ROWS)
        learn(m, x, n, gap, o);
    free(x);
    free(gap);
    if (n < TABLE_LEAST_ROWS) {
        table_model_free(m);
        return err_set(err, ERR_DATA,
                       "%s: %zu rows with at least half of the values, training needs %d or more", t->path, n,
                       TABLE_LEAST_ROWS);
    }
    *out = m;
    return 0;
}

void table_model_free(struct table_model *m)
{
    if (!m)
        return;
    table_fit_close(&m->fit);
    track_null_close(&m->null);
    for (size_t j = 0; j < m->width; j++)
        free(m->names[j]);
    free(m->names);
    free(m->used);
    free(m->edges);
    free(m->reference);
    free(m->healthy);
    buf_free(&m->unused);
    free(m);
}

const char *table_model_unused(const struct table_model *m)
{
    return buf_text(&m->unused);
}

bool table_model_has_network(const struct table_model *m)
{
    return joint_has_network(m->fit.joint);
}

/* ---- scoring -------------------------------------------------------------------------------------- */

struct table_scorer *table_scorer_new(struct table_model *m, tstamp_ns period)
{
    struct table_scorer *s = xcalloc(1, sizeof *s);
    size_t d = m->d;
    s->m = m;
    s->period = period > 0 ? period : m->period;
    tracks_open(&s->tracks, d);
    tracks_reset(&s->tracks, &m->null);
    s->windows = hist_windows_new(d, (unsigned)m->window);
    s->x = xcalloc(d, sizeof *s->x);
    s->empty = xcalloc(5 * d, sizeof *s->empty);
    s->jsd = s->empty + d;
    s->parts = (struct table_parts){.u = s->empty + 2 * d, .e = s->empty + 3 * d, .r = s->empty + 4 * d};
    for (size_t j = 0; j < d; j++) {
        hist_windows_reference(s->windows, j, m->edges[j], m->reference[j]);
        s->empty[j] = NAN;
    }
    return s;
}

void table_scorer_free(struct table_scorer *s)
{
    if (!s)
        return;
    tracks_close(&s->tracks);
    hist_windows_free(s->windows);
    free(s->x);
    free(s->empty);
    free(s);
}

/* Periods without a row: nothing enters the windows, what is remembered fades. */
static void pass_gap(struct table_scorer *s, tstamp_ns t)
{
    size_t gap = s->started ? gap_between(s->last, t, s->period) : 0;
    s->started = true;
    s->last = t;
    tracks_fade(&s->tracks, &s->m->null, gap);
    for (size_t i = 0; i < gap && i < s->m->window; i++)
        hist_windows_push(s->windows, s->empty, NULL);
}

static double mean_jsd(const float jsd[], size_t d)
{
    double sum = 0;
    size_t n = 0;
    for (size_t j = 0; j < d; j++)
        if (!isnan(jsd[j])) {
            sum += (double)jsd[j];
            n++;
        }
    return n ? sum / (double)n : (double)NAN;
}

/* Share of the healthy scores that are at least this high, counting the row itself. */
static double share_above(const struct table_model *m, double score)
{
    size_t lo = 0, hi = m->n_healthy; /* healthy[lo - 1] < score <= healthy[hi] */
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if ((double)m->healthy[mid] < score)
            lo = mid + 1;
        else
            hi = mid;
    }
    return (double)(1 + m->n_healthy - lo) / (double)(1 + m->n_healthy);
}

/* The larger of the empirical and the fitted probability within the healthy scores, so that no more than
 * alpha of these are flagged; beyond them the fitted tail. */
static double chance_of(const struct table_model *m, double score)
{
    if (score > 0)
        score /= m->stretch;
    double share = share_above(m, score), fitted = tail_p(&m->tail, score);
    bool beyond = score > (double)m->healthy[m->n_healthy - 1];
    return beyond ? fmin(share, fitted) : fmax(share, fitted);
}

static void explain(const struct table_scorer *s, int which, struct table_row *out)
{
    const struct table_model *m = s->m;
    size_t top = why_top(&s->tracks, &m->null, which);
    out->top = (int)m->used[top];
    if (!out->flag) {
        snprintf(out->why, sizeof out->why, "as usual");
        return;
    }
    struct why w = {.tracks = &s->tracks,
                    .null = &m->null,
                    .which = which,
                    .top = top,
                    .name = m->names[m->used[top]],
                    .now = s->x[top],
                    .scale = m->fit.scale[top],
                    .period = s->period,
                    .missing = m->d - s->parts.observed};
    why_text(out->why, sizeof out->why, &w);
}

static void not_scored(struct table_scorer *s, struct table_row *out)
{
    tracks_fade(&s->tracks, &s->m->null, 1);
    hist_windows_push(s->windows, s->empty, NULL);
    if (s->parts.observed == 0)
        snprintf(out->why, sizeof out->why, "not scored: no values");
    else
        snprintf(out->why, sizeof out->why, "not scored: %zu of %zu signals have a value, half are needed",
                 s->parts.observed, s->m->d);
}

void table_scorer_step(struct table_scorer *s, tstamp_ns t, const double x[], struct table_row *out)
{
    struct table_model *m = s->m;
    *out = (struct table_row){.score = NAN, .chance = NAN, .jsd = NAN, .reconstruction = NAN, .top = -1};
    pass_gap(s, t);
    for (size_t j = 0; j < m->d; j++)
        s->x[j] = x[m->used[j]];
    table_fit_row(&m->fit, s->x, &s->parts);
    if (s->parts.observed < (m->d + 1) / 2) {
        not_scored(s, out);
        return;
    }
    int which = 0;
    hist_windows_push(s->windows, s->parts.u, s->jsd);
    struct track_row row = {s->parts.u, s->parts.e, s->parts.r, s->parts.observed};
    tracks_step(&s->tracks, &row);
    out->scored = true;
    out->jsd = mean_jsd(s->jsd, m->d);
    out->score = tracks_score(&s->tracks, &m->null, &which);
    out->chance = chance_of(m, out->score);
    out->flag = out->chance <= m->alpha;
    double sum = 0;
    for (size_t j = 0; j < m->d; j++)
        sum += (double)s->parts.e[j] * (double)s->parts.e[j];
    out->reconstruction = sum / (double)s->parts.observed;
    explain(s, which, out);
}

int table_model_calibrate(struct table_model *m, const struct table *t, struct err *err)
{
    float *score = xcalloc(t->n + 1, sizeof *score);
    struct table_scorer *s = table_scorer_new(m, table_period(t));
    struct table_row row;
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        table_scorer_step(s, t->time[i], t->value + i * t->d, &row);
        if (row.scored)
            score[n++] = (float)row.score;
    }
    table_scorer_free(s);
    if (n < TABLE_LEAST_ROWS) {
        free(score);
        return err_set(err, ERR_DATA, "%s: %zu rows could be scored, calibration needs %d or more", t->path,
                       n, TABLE_LEAST_ROWS);
    }
    take_healthy(m, score, n);
    m->stretch = 1;
    return 0;
}
