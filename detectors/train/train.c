/* Training: folds, networks, nulls, calibration, and what a person should read about it; see model.h.
 * docs/detection.md §6. SPDX-License-Identifier: MIT */
#include "detectors/train/calibrate.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/time/timefmt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ROWS 50000
#define COLD_START_DAYS 30
#define ROUGH_DAYS 7 /* under it blocks are too short to know a wander of days at all */
#define LISTED 20    /* supplies named in the summary per reason */

struct stage {
    const struct train_options *o;
    const char *what;
};

static void show(void *arg, double done, double total)
{
    const struct stage *s = arg;
    if (s->o->progress)
        s->o->progress(s->o->arg, s->what, done, total);
}

struct training {
    struct model *m;
    const struct train_options *o;
    const struct maintenance *maintenance;
    struct record *record;
    struct spool *spool;
    struct spool_seen seen;
    struct physics *physics[FOLDS]; /* leaving none, the first block, the last block */
    struct nulls nulls;
    struct calib_counts counts;
    struct group_record groups[FOLDS]; /* of each physics */
};

static void note_channels(struct model *m, struct record *r)
{
    size_t n = record_minutes(r);
    for (uint32_t c = 0; c < m->fleet->n_channels; c++) {
        const uint8_t *quality;
        const float *value = record_column(r, c, &quality);
        m->largest[c] = NAN;
        for (size_t k = 0; k < n; k++) {
            m->deadband[c] |= quality[k] == QUALITY_HELD;
            if (quality[k] == QUALITY_HELD || quality[k] == QUALITY_OK)
                m->largest[c] = fmaxf(m->largest[c], fabsf(value[k]));
        }
    }
}

static void set_times(struct model *m, const struct record *r, unsigned window_minutes)
{
    size_t n = record_minutes(r);
    tstamp_ns from = record_time(r, 0);
    model_set_times(m, from, record_time(r, n - 1), record_time(r, 1) - from, window_minutes);
}

/* What a supply lacks, from its reference and the pass over the record. */
static void judge_supplies(struct training *t)
{
    struct model *m = t->m;
    size_t w = m->layout->width;
    for (uint32_t s = 0; s < m->fleet->n_supplies; s++) {
        const struct supply *sup = &m->fleet->supplies[s];
        bool data = false, present = false;
        for (uint32_t c = 0; c < sup->n_channels; c++)
            data |= !isnan(m->largest[sup->first_channel + c]);
        for (size_t c = 0; c < w; c++) {
            present |= m->ref.present[s * w + c];
            if (!m->ref.present[s * w + c])
                m->kinds.of[s * w + c] = KIND_NONE;
        }
        m->fit[s] = !data                ? FIT_NO_DATA
                    : !t->seen.steady[s] ? FIT_NEVER_STEADY
                    : !t->seen.fitted[s] ? FIT_NO_PHYSICS
                    : !present           ? FIT_TOO_SHORT
                                         : FIT_OK;
        m->n_scored += m->fit[s] == FIT_OK;
    }
}

/* A reading of codes moves between them as its level lies: up to half a square step more, or less, in the
 * variance of its differences (two codes in turn, at random), whatever its noise does. */
static double noise_effect(float centre, double step)
{
    double codes = 0.5 * step * step * exp(-(double)centre);
    return EFFECT_LOG_VARIANCE + (codes > 0 ? log1p(codes) : 0);
}

/* Smallest shifts worth a finding; where physics knows none, one standard deviation of the minutes. */
static void set_effects(struct model *m)
{
    size_t w = m->layout->width, levels = m->layout->levels;
    for (size_t s = 0; s < m->fleet->n_supplies; s++) {
        for (size_t c = 0; c < levels; c++) {
            size_t cell = s * w + c;
            double given = c < m->layout->n_levels[s] ? feature_at(m->layout, s, c)->min_effect : (double)NAN;
            m->min_effect[cell] = given > 0 ? (float)given : m->ref.spread[cell];
            double step = c < m->layout->n_levels[s] ? feature_at(m->layout, s, c)->step : 0;
            m->min_effect[cell + levels] = (float)noise_effect(m->ref.hour_centre[cell + levels], step);
        }
    }
}

static struct fold_job job_of(const struct training *t, const struct physics *p, struct stage *stage)
{
    const struct model *m = t->m;
    return (struct fold_job){.fleet = m->fleet,
                             .layout = m->layout,
                             .spool = t->spool,
                             .physics = p,
                             .measures = &m->measures,
                             .seed = t->o->seed,
                             .max_rows = t->o->max_rows ? t->o->max_rows : MAX_ROWS,
                             .progress = show,
                             .arg = stage};
}

static struct spool_pass pass_of(const struct training *t, size_t physics, struct stage *stage)
{
    return (struct spool_pass){.fleet = t->m->fleet,
                               .layout = t->m->layout,
                               .physics = t->physics[physics],
                               .groups = t->groups[physics].value,
                               .maintenance = t->maintenance,
                               .record = t->record,
                               .progress = show,
                               .arg = stage};
}

/* The model that will score: references and networks of all blocks. */
static void train_final(struct training *t)
{
    struct model *m = t->m;
    struct stage stage = {.o = t->o, .what = "features of the reference"};
    struct fold_job job = job_of(t, t->physics[0], &stage);
    const struct spool_pass pass = pass_of(t, 0, &stage);
    spool_fill(t->spool, &pass, &t->seen);
    stage.what = "reference";
    fold_reference(&job, LEAVE_NONE, &m->ref);
    judge_supplies(t);
    model_init_calibration(m);
    set_effects(m);
    stage.what = "networks";
    fold_learn(&job, LEAVE_NONE, &m->ref, m->learned);
    if (t->o->in_sample_nulls) {
        fold_score(&job, 0, &m->ref, m->learned, &t->nulls);
        fold_score(&job, FOLDS - 1, &m->ref, m->learned, &t->nulls);
    }
}

/* A block scored by a model that never saw it. */
static void train_null(struct training *t, size_t physics, int block)
{
    struct model *m = t->m;
    bool first = block == 0;
    struct stage stage = {
        .o = t->o, .what = first ? "features without the first block" : "features without the last block"};
    struct fold_job job = job_of(t, t->physics[physics], &stage);
    const struct spool_pass pass = pass_of(t, physics, &stage);
    struct reference ref;
    void *learned[STATISTICS_MAX];
    reference_init(&ref, m->fleet->n_supplies, m->layout->width);
    spool_fill(t->spool, &pass, NULL);
    stage.what = first ? "reference without the first block" : "reference without the last block";
    fold_reference(&job, block, &ref);
    stage.what = first ? "networks without the first block" : "networks without the last block";
    fold_learn(&job, block, &ref, learned);
    stage.what = first ? "scoring the first block" : "scoring the last block";
    fold_score(&job, block, &ref, learned, &t->nulls);
    for (size_t i = 0; i < statistics_count(); i++)
        if (learned[i])
            statistics[i]->forget(learned[i]);
    reference_fini(&ref);
}

/* Tails of what is judged by the minute. */
static void fit_own_tails(struct training *t)
{
    size_t cells = t->spool->n_supplies * t->seen.days;
    float *x = xcalloc(cells + 1, sizeof *x);
    for (size_t k = 0; k < statistics_count(); k++) {
        size_t n = 0;
        for (size_t i = 0; t->seen.most[k] && i < cells; i++)
            if (!isnan(t->seen.most[k][i]))
                x[n++] = t->seen.most[k][i];
        tail_fit(&t->m->own[k], x, n, 0.1);
    }
    free(x);
}

/* ---- summary ---- */

static void list_unfitted(struct buf *b, const struct model *m)
{
    for (enum fit f = FIT_OK + 1; f < FIT_COUNT; f++) {
        size_t n = 0;
        for (size_t s = 0; s < m->fleet->n_supplies; s++) {
            if (m->fit[s] != f)
                continue;
            if (n == 0)
                buf_printf(b, "no model (%s):", fit_name(f));
            if (n < LISTED)
                buf_printf(b, " %s", m->fleet->supplies[s].name);
            n++;
        }
        if (n > LISTED)
            buf_printf(b, " and %zu more", n - LISTED);
        if (n)
            buf_printf(b, "\n");
    }
}

static void describe_measures(struct buf *b, const struct training *t)
{
    const struct model *m = t->m;
    for (size_t i = 0; i < m->measures.n; i++)
        buf_printf(b, "%s%s %zu h", i ? ", " : "windows: ", m->measures.at[i].of->name,
                   m->measures.at[i].hours);
    buf_printf(b, "; calibrated on %zu supply-days (%zu supply-hours) of the first and last third\n",
               t->counts.supply_days, t->counts.supply_hours);
}

static void describe_tails(struct buf *b, const struct model *m)
{
    char words[WORDS_CHANCE_LEN];
    buf_printf(b,
               "supply-days: tail above score %.2f, xi %.3f, sigma %.3f; one a week over %zu supplies "
               "at score %.2f; chances are said down to %s\n",
               m->day.u, m->day.xi, m->day.sigma, m->n_scored, tail_quantile(&m->day, 1 / model_chance(m, 1)),
               words_chance(words, model_said(m, &m->day, 0)));
    for (size_t i = 0; i < statistics_count(); i++)
        if (statistics[i]->share > 0 && m->own[i].n >= TAIL_LEAST)
            buf_printf(b, "%s: %.0f supply-days, tail above %.2f %s, xi %.3f, sigma %.3f\n",
                       statistics[i]->words, m->own[i].n, m->own[i].u, statistics[i]->figure[0].unit,
                       m->own[i].xi, m->own[i].sigma);
    for (size_t i = 0; i < m->measures.n; i++)
        if (measures_row(&m->measures.at[i]))
            buf_printf(b, "%s %zu h: %.0f supply-hours, tail above %.2f, xi %.3f\n",
                       m->measures.at[i].of->name, m->measures.at[i].hours, m->tail[i]->n, m->tail[i]->u,
                       m->tail[i]->xi);
}

static void summarise(struct training *t)
{
    struct model *m = t->m;
    char from[TIMEFMT_LEN], to[TIMEFMT_LEN];
    double days = (double)(m->to - m->from) / (double)NS_PER_DAY;
    struct buf b = {0};
    buf_printf(&b, "reference %s to %s, %.1f days; %zu of %zu supplies have a model\n",
               timefmt_iso(from, m->from), timefmt_iso(to, m->to), days, m->n_scored, m->fleet->n_supplies);
    if (days < COLD_START_DAYS - 0.5)
        buf_printf(&b,
                   "cold start: %.1f days of reference; expect up to %s the stated chance findings "
                   "until %d days are in\n",
                   days, days < ROUGH_DAYS ? "several times" : "twice", COLD_START_DAYS);
    if (t->o->left_out && *t->o->left_out)
        buf_printf(&b, "%s\n", t->o->left_out);
    if (t->o->in_sample_nulls)
        buf_printf(&b, "CALIBRATED IN SAMPLE: for comparison only, its chances are wrong\n");
    describe_measures(&b, t);
    describe_tails(&b, m);
    for (size_t i = 0; i < statistics_count(); i++)
        if (statistics[i]->describe)
            statistics[i]->describe(m->learned[i], m->fleet, &b);
    list_unfitted(&b, m);
    m->summary = xstrdup(buf_text(&b));
    buf_free(&b);
}

/* ---- all of it ---- */

static void training_fini(struct training *t)
{
    for (size_t i = 0; i < FOLDS; i++)
        physics_free(t->physics[i]);
    spool_seen_fini(&t->seen);
    spool_free(t->spool);
    nulls_fini(&t->nulls);
    for (size_t i = 0; i < FOLDS; i++)
        free(t->groups[i].value);
}

static void init_groups(struct training *t)
{
    size_t cells = common_groups(t->m->fleet) * COMMON_SIGNALS;
    for (size_t i = 0; i < FOLDS; i++)
        t->groups[i] = (struct group_record){.hours = t->spool->hours,
                                             .block = t->spool->block,
                                             .value = xcalloc(t->spool->hours * cells + 1, sizeof(float))};
}

static int run(struct training *t, struct err *err)
{
    struct model *m = t->m;
    static const int leave[FOLDS] = {LEAVE_NONE, 0, FOLDS - 1};
    struct stage stage = {.o = t->o, .what = "physics"};
    int rc = spool_new(&t->spool, m->fleet, m->layout->width, t->record, err);
    if (rc != 0)
        return rc;
    set_times(m, t->record, t->o->window_minutes);
    note_channels(m, t->record);
    rc = physics_fit(t->physics, leave, t->o->in_sample_nulls ? 1 : FOLDS, m->fleet, t->record,
                     t->maintenance, show, &stage, err);
    if (rc != 0)
        return rc;
    physics_complete(t->physics[0], m->layout);
    spool_seen_init(&t->seen, t->spool);
    nulls_init(&t->nulls, &m->measures, m->fleet->n_supplies, t->spool->hours, m->layout->width);
    init_groups(t);
    train_final(t);
    for (int i = 1; i < FOLDS && !t->o->in_sample_nulls; i++)
        train_null(t, (size_t)i, leave[i]);
    stage.what = "calibration";
    show(&stage, 0, 1);
    calibrate(m, &t->nulls, t->o->in_sample_nulls, &t->counts);
    bool in_sample = t->o->in_sample_nulls;
    group_model_learn(&m->groups, m->fleet, &t->groups[0], &t->groups[in_sample ? 0 : 1],
                      &t->groups[in_sample ? 0 : 2]);
    fit_own_tails(t);
    if (!m->n_scored)
        return err_set(err, ERR_DATA,
                       "no supply has a usable reference: %zu of them had no readings or "
                       "were never steady",
                       m->fleet->n_supplies);
    if (m->day.n < TAIL_LEAST)
        return err_set(err, ERR_DATA,
                       "the reference is too short to calibrate: %zu supply-days, %d are "
                       "the least",
                       t->counts.supply_days, TAIL_LEAST);
    summarise(t);
    m->physics = t->physics[0];
    t->physics[0] = NULL;
    return 0;
}

int model_train(struct model **out, const struct fleet *f, struct record *r, const struct maintenance *m,
                const struct train_options *o, struct err *err)
{
    struct training t = {.m = model_new(f), .o = o, .maintenance = m, .record = r};
    int rc = run(&t, err);
    training_fini(&t);
    if (rc != 0)
        model_free(t.m);
    else
        *out = t.m;
    return rc;
}
