/* A table through the engine; see model.h. SPDX-License-Identifier: MIT */
#include "detectors/table/model.h"

#include "base/buf.h"
#include "base/mem.h"
#include "detectors/engine/scorer.h"
#include "detectors/model/internal.h"
#include "detectors/statistics/tracks.h"

#include <assert.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEWEST_VALUES 20 /* of a signal in training; else it is not used */
#define MOST_ROWS 20000  /* that a network learns from */
#define MOST_GAP 2000    /* periods; what was remembered is gone before */
#define ROW NS_PER_MIN   /* on the grid, whatever the table's period is */

struct table_model {
    struct fleet *fleet;
    struct model *model;
    double
        *origin; /* [d] the training table's medians: readings travel as float, and are counted from these */
    size_t used; /* signals that have a reference */
    struct buf unused; /* names of the others, for people */
    tstamp_ns period;
    double alpha;
};

/* Whole periods without a row between two times. */
static size_t gap_between(tstamp_ns from, tstamp_ns to, tstamp_ns period)
{
    double periods = period > 0 ? round((double)(to - from) / (double)period) - 1 : 0;
    return periods <= 0 ? 0 : periods > MOST_GAP ? MOST_GAP : (size_t)periods;
}

static void *const *tracks_of(const struct model *m)
{
    size_t i = 0;
    while (statistics[i] != &statistic_tracks)
        i++;
    return &m->learned[i];
}

/* Readings of a row on the grid; the number of values of used signals. */
static size_t lay_row(const struct table_model *m, const double x[], float value[])
{
    size_t observed = 0;
    for (size_t j = 0; j < m->fleet->n_channels; j++) {
        value[j] = (float)(x[j] - m->origin[j]);
        observed += m->model->ref.present[j] && !isnan(x[j]) ? 1 : 0;
    }
    return observed;
}

/* ---- training ------------------------------------------------------------------------------------- */

/* Origin, range and presence of each signal. */
static void look_at_signals(struct table_model *m, const struct table *t)
{
    double *v = xcalloc(t->n + 1, sizeof *v);
    m->origin = xcalloc(t->d, sizeof *m->origin);
    for (size_t j = 0; j < t->d; j++) {
        size_t n = 0;
        for (size_t i = 0; i < t->n; i++)
            if (!isnan(t->value[i * t->d + j]))
                v[n++] = t->value[i * t->d + j];
        m->model->ref.present[j] = n >= FEWEST_VALUES;
        if (n < FEWEST_VALUES) {
            buf_printf(&m->unused, "%s%s", m->unused.len ? ", " : "", t->names[j]);
            continue;
        }
        gsl_sort(v, 1, n);
        m->origin[j] = gsl_stats_median_from_sorted_data(v, 1, n);
        m->fleet->channels[j].range = fabs(m->origin[j]);
        m->used++;
    }
    free(v);
}

/* The rows to learn from, on the grid. */
struct laid {
    size_t n, minutes;
    size_t stride;
    float *x;      /* [n][stride] as a lesson's */
    bool *in;      /* [minutes] a row is there */
    uint32_t *row; /* [minutes] which */
};

/* Rows with at least half of the signals, through the engine's features. */
static void lay_table(const struct table_model *m, const struct table *t, struct laid *out)
{
    size_t w = m->model->layout->width, in_cap = 0, row_cap = 0;
    float *value = xcalloc(t->d, sizeof *value);
    uint8_t *quality = xcalloc(t->d, sizeof *quality);
    struct features *engine = features_new(m->fleet, m->model->layout, m->model->physics);
    tstamp_ns last = t->n ? t->time[0] : 0;
    *out = (struct laid){.stride = w + ROW_CONTEXT};
    out->x = xcalloc(t->n + 1, out->stride * sizeof *out->x);
    for (size_t i = 0; i < t->n; i++) {
        struct feature_frame ff;
        if (2 * lay_row(m, t->value + i * t->d, value) < m->used)
            continue;
        size_t at = out->minutes + gap_between(last, t->time[i], m->period);
        xgrow(&out->in, &in_cap, at + 1, sizeof *out->in);
        xgrow(&out->row, &row_cap, at + 1, sizeof *out->row);
        for (; out->minutes < at; out->minutes++)
            out->in[out->minutes] = false;
        out->in[at] = true;
        out->row[at] = (uint32_t)out->n;
        out->minutes = at + 1;
        last = t->time[i];
        features_step(engine, &(struct frame){(tstamp_ns)(at + 1) * ROW, value, quality}, &ff);
        memcpy(out->x + out->n++ * out->stride, ff.x, w * sizeof *out->x);
    }
    features_free(engine);
    free(value);
    free(quality);
}

/* What the divergence compares with. */
static void refer(struct reference *r, const struct laid *rows, size_t levels)
{
    float *v = xcalloc(rows->n + 1, sizeof *v);
    for (size_t j = 0; j < levels; j++) {
        size_t n = 0;
        for (size_t i = 0; i < rows->n; i++)
            if (!isnan(rows->x[i * rows->stride + j]))
                v[n++] = rows->x[i * rows->stride + j];
        r->present[j] &= n > 0;
        if (!r->present[j])
            continue;
        reference_fit(r, j, v, n);
        for (size_t i = 0; i < n; i++)
            r->counts[j * HIST_BINS + hist_bin(r->edges + j * (HIST_BINS - 1), v[i])]++;
    }
    free(v);
    r->low[0] = r->high[0] = NAN;
}

static const float *lesson_row(const void *arg, size_t supply, size_t hour)
{
    const struct laid *rows = arg;
    assert(supply == 0 && rows->in[hour]);
    return rows->x + rows->row[hour] * rows->stride;
}

static void learn(struct table_model *m, const struct laid *rows, const struct table_options *o)
{
    const struct lesson lesson = {.fleet = m->fleet,
                                  .layout = m->model->layout,
                                  .reference = &m->model->ref,
                                  .hours = rows->minutes,
                                  .per_hour = 1,
                                  .stride = rows->stride,
                                  .in = rows->in,
                                  .rows = lesson_row,
                                  .arg = rows,
                                  .seed = o->seed,
                                  .max_rows = MOST_ROWS,
                                  .progress = o->progress,
                                  .progress_arg = o->arg};
    refer(&m->model->ref, rows, m->fleet->n_channels);
    for (size_t i = 0; i < statistics_count(); i++)
        if (statistics[i]->learn && statistic_judges(statistics[i], true))
            m->model->learned[i] = statistics[i]->learn(&lesson);
    tracks_alarm_at(*tracks_of(m->model), o->alpha);
    m->model->fit[0] = FIT_OK;
    m->model->n_scored = 1;
}

int table_model_train(struct table_model **out, const struct table *t, const struct table_options *o,
                      struct err *err)
{
    assert(o->window >= 2 && o->window <= UINT16_MAX);
    struct table_model *m = xcalloc(1, sizeof *m);
    struct laid rows;
    m->fleet = fleet_of_signals("table", t->names, t->d);
    m->model = model_new(m->fleet);
    m->model->table = true;
    model_set_times(m->model, 0, (tstamp_ns)t->n * ROW, ROW, (unsigned)o->window);
    m->model->physics = physics_none(m->model->layout, ROW);
    m->alpha = o->alpha;
    m->period = table_period(t);
    look_at_signals(m, t);
    lay_table(m, t, &rows);
    size_t n = m->used > 0 ? rows.n : 0;
    if (n >= TABLE_LEAST_ROWS)
        learn(m, &rows, o);
    free(rows.x);
    free(rows.in);
    free(rows.row);
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
    model_free(m->model);
    fleet_free(m->fleet);
    free(m->origin);
    buf_free(&m->unused);
    free(m);
}

const char *table_model_unused(const struct table_model *m)
{
    return buf_text(&m->unused);
}

bool table_model_has_network(const struct table_model *m)
{
    return tracks_have_network(*tracks_of(m->model));
}

/* ---- scoring -------------------------------------------------------------------------------------- */

struct table_scorer {
    struct table_model *m;
    struct maintenance none;
    struct scorer *scorer;
    float *value;           /* [d] of the row */
    uint8_t *quality;       /* [d] */
    tstamp_ns t;            /* on the grid */
    tstamp_ns last, period; /* of the table */
    bool started;
};

struct table_scorer *table_scorer_new(struct table_model *m, tstamp_ns period)
{
    struct table_scorer *s = xcalloc(1, sizeof *s);
    size_t d = m->fleet->n_channels;
    const struct scorer_options o = {
        .budget = 1, .window_minutes = m->model->window_minutes, .period = m->model->period};
    s->m = m;
    s->period = period > 0 ? period : m->period;
    s->value = xcalloc(d, sizeof *s->value);
    s->quality = xcalloc(d, sizeof *s->quality);
    s->scorer = scorer_new(m->model, m->fleet, &s->none, &o);
    return s;
}

void table_scorer_free(struct table_scorer *s)
{
    if (!s)
        return;
    scorer_free(s->scorer);
    free(s->value);
    free(s->quality);
    free(s);
}

static void step(struct table_scorer *s, struct tick *out)
{
    s->t += ROW;
    scorer_step(s->scorer, &(struct frame){s->t, s->value, s->quality}, true, out);
}

/* Periods without a row are minutes without a reading, as many as a window holds; the tracks see by the time
 * how many more there were. */
static void pass_gap(struct table_scorer *s, tstamp_ns t)
{
    size_t gap = s->started ? gap_between(s->last, t, s->period) : 0, empty = s->m->model->window_minutes;
    struct tick ignored;
    s->started = true;
    s->last = t;
    for (size_t j = 0; j < s->m->fleet->n_channels; j++)
        s->value[j] = NAN;
    for (; gap > 0 && empty > 0; gap--, empty--)
        step(s, &ignored);
    s->t += (tstamp_ns)gap * ROW;
}

static double mean_of(const float v[], size_t n)
{
    double sum = 0;
    size_t there = 0;
    for (size_t j = 0; j < n; j++)
        if (!isnan(v[j])) {
            sum += (double)v[j];
            there++;
        }
    return there ? sum / (double)there : (double)NAN;
}

static int largest(const float v[], size_t n)
{
    int most = -1;
    for (size_t j = 0; j < n; j++)
        if (!isnan(v[j]) && (most < 0 || v[j] > v[most]))
            most = (int)j;
    return most;
}

/* "33 s", "1.7 min", "1.6 h", "2 d". */
static void add_span(struct buf *b, double s)
{
    if (s < 120)
        buf_printf(b, "%.3g s", s);
    else if (s < 7200)
        buf_printf(b, "%.3g min", s / 60);
    else if (s < 2 * 86400)
        buf_printf(b, "%.3g h", s / 3600);
    else
        buf_printf(b, "%.3g d", s / 86400);
}

/* "xmeas_09 averages 0.93 above what the other signals imply (3.1 times the usual deviation), now 121.3,
 * for 1.6 h".
 */
static void explain(const struct table_scorer *s, const double x[], size_t observed, struct table_row *out)
{
    struct finding f = {0};
    struct buf b = {0};
    scorer_explain(s->scorer, &statistic_tracks, 0, &f);
    buf_str(&b, f.reason);
    if (isnan(x[out->top]))
        buf_str(&b, ", now missing");
    else
        buf_printf(&b, ", now %.5g", x[out->top]);
    buf_str(&b, ", for ");
    add_span(&b, (double)(s->t - f.onset) / (double)ROW * (double)s->period / (double)NS_PER_S);
    if (observed < s->m->used)
        buf_printf(&b, "; %zu signals without a value", s->m->used - observed);
    snprintf(out->why, sizeof out->why, "%s", buf_text(&b));
    buf_free(&b);
}

static const float *figure(const struct tick *t, const char *name, bool per_channel)
{
    return tick_figure(t, name, per_channel)->value;
}

static float track_figure(const struct tick *t, enum track_figure which)
{
    return figure(t, statistic_tracks.figure[which].name, false)[0];
}

void table_scorer_step(struct table_scorer *s, tstamp_ns t, const double x[], struct table_row *out)
{
    struct table_model *m = s->m;
    struct tick tick;
    *out = (struct table_row){.score = NAN, .chance = NAN, .jsd = NAN, .reconstruction = NAN, .top = -1};
    pass_gap(s, t);
    size_t observed = lay_row(m, x, s->value), d = m->fleet->n_channels;
    step(s, &tick);
    float chance = track_figure(&tick, TRACK_CHANCE);
    if (isnan(chance)) {
        if (observed == 0)
            snprintf(out->why, sizeof out->why, "not scored: no values");
        else
            snprintf(out->why, sizeof out->why,
                     "not scored: %zu of %zu signals have a value, half are needed", observed, m->used);
        return;
    }
    out->scored = true;
    out->score = (double)track_figure(&tick, TRACK_SCORE);
    out->chance = fmax((double)chance, tracks_reach(*tracks_of(m->model)));
    out->remembered = chance <= (float)m->alpha;
    out->flag = track_figure(&tick, TRACK_LASTS) > 0;
    out->reconstruction = (double)track_figure(&tick, TRACK_RECONSTRUCTION);
    out->jsd = mean_of(figure(&tick, "jsd", true), d);
    out->top = largest(figure(&tick, statistic_tracks.figure[TRACK_PART].name, true), d);
    if (out->flag)
        explain(s, x, observed, out);
    else
        snprintf(out->why, sizeof out->why,
                 out->remembered ? "as usual again; the score still remembers what has left" : "as usual");
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
    tracks_calibrate(*tracks_of(m->model), score, n);
    return 0;
}
