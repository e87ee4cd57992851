/* The streaming detector: a minute in, a tick out; see scorer.h. Its parts are in gate.c, hourly.c, events.c
 * and propose.c. SPDX-License-Identifier: MIT */
#include "detectors/engine/internal.h"

#include "base/mem.h"
#include "detectors/groups/group_watch.h"
#include "detectors/verdict/cause.h"
#include "detectors/verdict/work.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the tick shows. */
struct shown {
    uint8_t *reason, *mode;      /* [S] */
    float *fullness;             /* [S] */
    float *residual;             /* [C] */
    float *score, *chance;       /* [S] */
    float *day_chance, *day_any; /* [S] */
    uint8_t *day_beyond;         /* [S] */
    struct supply_days day;
    float *of[STATISTICS_MAX][FIGURES_MAX];             /* [S] or [C] of each figure */
    struct figure figure[STATISTICS_MAX * FIGURES_MAX]; /* all of them */
    size_t n_figures;
};

struct scorer {
    const struct model *model; /* NULL: ledger and data findings only */
    const struct fleet *fleet;
    const struct maintenance *maintenance;
    struct scorer_options o;
    struct feature_layout *own_layout; /* without a model */
    const struct feature_layout *layout;
    int32_t *level; /* [C] level of the supply's row; -1 */
    struct features *features;
    void *live[STATISTICS_MAX]; /* of each statistic that lives by the minute */
    struct gate gate;
    struct hourly hourly;
    struct renew renew;
    float *stood;                         /* [W] scratch */
    struct events events[STATISTICS_MAX]; /* of those with a share of the budget */
    struct group_search search;
    struct group_watch *groups; /* NULL: without a model, or of a table */
    struct hour_desk desk;
    struct tracker *tracker;
    struct tracker *quiet; /* what a larger budget would have said */
    struct proposals proposals;
    tstamp_ns tracked_from;   /* INT64_MAX: no frame yet */
    struct finding *restored; /* to be taken up by the first tick that is not warm */
    size_t n_restored;
    struct shown shown;
};

/* ---- set up ---- */

static void init_figures(struct shown *v, size_t statistic, size_t n_supplies, size_t n_channels)
{
    for (size_t k = 0; k < FIGURES_MAX && statistics[statistic]->figure[k].name; k++) {
        struct figure *f = &v->figure[v->n_figures++];
        *f = statistics[statistic]->figure[k];
        f->value = v->of[statistic][k] = xnan(f->per_channel ? n_channels : n_supplies);
    }
}

static void init_shown(struct shown *v, size_t n_supplies, size_t n_channels, bool table)
{
    *v = (struct shown){.reason = xcalloc(n_supplies, 1),
                        .mode = xcalloc(n_supplies, 1),
                        .fullness = xnan(n_supplies),
                        .residual = xnan(n_channels),
                        .score = xnan(n_supplies),
                        .chance = xnan(n_supplies),
                        .day_chance = xnan(n_supplies),
                        .day_any = xnan(n_supplies),
                        .day_beyond = xcalloc(n_supplies, 1)};
    for (size_t i = 0; i < statistics_count(); i++)
        if (statistic_judges(statistics[i], table))
            init_figures(v, i, n_supplies, n_channels);
}

static void fini_shown(struct shown *v)
{
    void *arrays[] = {v->fullness, v->reason,     v->mode,    v->residual,  v->score,
                      v->chance,   v->day_chance, v->day_any, v->day_beyond};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    for (size_t i = 0; i < STATISTICS_MAX; i++)
        for (size_t k = 0; k < FIGURES_MAX; k++)
            free(v->of[i][k]);
}

/* Whether a statistic judges such a fleet. */
static bool takes_part(const struct scorer *s, size_t statistic)
{
    return statistic_judges(statistics[statistic], s->model && s->model->table);
}

/* Those that take part; without a model only what lives by itself. */
static void open_statistics(struct scorer *s)
{
    const struct model *m = s->model;
    struct place place = {.fleet = s->fleet,
                          .layout = s->layout,
                          .reference = m ? &m->ref : NULL,
                          .largest = m ? m->largest : NULL,
                          .level = s->level,
                          .window_minutes = s->o.window_minutes,
                          .period = s->o.period};
    for (size_t i = 0; i < statistics_count(); i++) {
        const struct statistic *x = statistics[i];
        if (!takes_part(s, i))
            continue;
        place.learned = m ? m->learned[i] : NULL;
        if (x->open && (m || x->watch))
            s->live[i] = x->open(&place);
        if (m && x->share > 0)
            events_init(&s->events[i], m, i, s->live[i], s->o.budget);
    }
}

static void init_desk(struct scorer *s)
{
    size_t n = s->fleet->n_supplies;
    s->desk = (struct hour_desk){.model = s->model,
                                 .hourly = &s->hourly,
                                 .gate = &s->gate,
                                 .reason = s->shown.reason,
                                 .search = &s->search,
                                 .tracker = s->tracker,
                                 .limit = model_score_share() * s->o.budget,
                                 .member = xcalloc(n, sizeof *s->desk.member),
                                 .sizes = xcalloc(n, sizeof *s->desk.sizes)};
}

struct scorer *scorer_new(const struct model *model, const struct fleet *f, const struct maintenance *m,
                          const struct scorer_options *o)
{
    struct scorer *s = xcalloc(1, sizeof *s);
    s->model = model;
    s->fleet = f;
    s->maintenance = m;
    s->o = *o;
    s->tracked_from = INT64_MAX;
    if (!model)
        s->own_layout = feature_layout_new(f);
    s->layout = model ? model->layout : s->own_layout;
    s->level = place_levels(f, s->layout);
    s->features = features_new(f, s->layout, model ? model->physics : NULL);
    s->tracker = tracker_new();
    s->quiet = tracker_new();
    gate_init(&s->gate, f->n_supplies, s->layout->width, o->window_minutes);
    group_search_init(&s->search, f);
    init_shown(&s->shown, f->n_supplies, f->n_channels, model && model->table);
    open_statistics(s);
    if (model && !model->table) {
        s->groups = group_watch_new(&model->groups, f, model->per_hour,
                                    model->to + model->period - LOOK_BACK * NS_PER_HOUR);
        group_watch_limit(s->groups, o->budget);
    }
    if (model) {
        hourly_init(&s->hourly, model, o);
        renew_init(&s->renew, model);
        s->stood = xcalloc(model->layout->width, sizeof *s->stood);
    }
    init_desk(s);
    return s;
}

void scorer_free(struct scorer *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < statistics_count(); i++) {
        events_fini(&s->events[i]);
        if (s->live[i])
            statistics[i]->close(s->live[i]);
    }
    if (s->model) {
        hourly_fini(&s->hourly);
        renew_fini(&s->renew);
    }
    free(s->stood);
    free(s->desk.member);
    free(s->desk.sizes);
    fini_shown(&s->shown);
    group_search_fini(&s->search);
    group_watch_free(s->groups);
    gate_fini(&s->gate);
    proposals_free(&s->proposals);
    tracker_free(s->tracker);
    tracker_free(s->quiet);
    features_free(s->features);
    free(s->restored);
    free(s->level);
    feature_layout_free(s->own_layout);
    free(s);
}

void scorer_change(struct scorer *s, const struct maintenance *m, double budget)
{
    s->maintenance = m;
    s->o.budget = budget;
    s->desk.limit = model_score_share() * budget;
    if (s->groups)
        group_watch_limit(s->groups, budget);
    for (size_t i = 0; i < statistics_count(); i++)
        s->events[i].limit = statistics[i]->share * budget;
    if (s->model)
        hourly_set_budget(&s->hourly, &s->o);
}

/* Findings that share a supply's score share a slot; what has a chance of its own, or none, has its own. */
static const char *slot_of(const struct finding *f)
{
    const struct statistic *x = statistic_find(f->detector);
    return !x ? f->detector : !x->windows ? x->name : SLOT_SCORE;
}

void scorer_restore(struct scorer *s, const struct finding open[], size_t n)
{
    s->restored = xreallocarray(s->restored, n + 1, sizeof *s->restored);
    s->n_restored = n;
    for (size_t i = 0; i < n; i++) {
        s->restored[i] = open[i];
        if (s->model && strcmp(slot_of(&open[i]), SLOT_SCORE) == 0)
            cause_restore(s->model, &s->restored[i]);
    }
}

static void take_restored(struct scorer *s)
{
    for (size_t i = 0; i < s->n_restored; i++)
        tracker_restore(s->tracker, slot_of(&s->restored[i]), &s->restored[i]);
    s->n_restored = 0;
}

const struct renewal *const *scorer_renewals(struct scorer *s, size_t *n)
{
    *n = 0;
    return s->model ? renew_all(&s->renew, n) : NULL;
}

void scorer_restore_renewals(struct scorer *s, const struct renewal *const list[], size_t n)
{
    if (s->model)
        renew_restore(&s->renew, list, n);
}

/* ---- how far back ---- */

#define TRACKED_MOST (7 * NS_PER_DAY) /* before the first tick, so long are findings tracked */

/* One hour more than what is summed by the hour: the first one may be cut. */
static tstamp_ns features_memory(tstamp_ns period)
{
    return FEATURES_MEMORY(period) + NS_PER_HOUR;
}

tstamp_ns scorer_memory(const struct model *m, tstamp_ns period)
{
    tstamp_ns most = 0;
    if (m) /* a tick shows the largest score of a day */
        most = ((tstamp_ns)measures_longest(&m->measures) + DAY_SCORES) * NS_PER_HOUR;
    for (size_t i = 0; i < statistics_count(); i++) {
        const struct statistic *s = statistics[i];
        tstamp_ns own = s->share > 0 ? s->memory + NS_PER_DAY : s->memory; /* an event holds for a day */
        most = (m || s->watch) && own > most ? own : most;
    }
    return most + features_memory(period);
}

static tstamp_ns later(tstamp_ns a, tstamp_ns b)
{
    return a > b ? a : b;
}

tstamp_ns scorer_warm_from(const struct model *m, tstamp_ns first, tstamp_ns period)
{
    tstamp_ns memory = scorer_memory(m, period);
    tstamp_ns trail = later(memory, TRAIL_HOURS * NS_PER_HOUR + features_memory(period));
    if (!m)
        return first - memory;
    if (first <= m->to) /* within the reference: nothing was found before */
        return first - trail;
    if (first <= m->to + TRACKED_MOST)
        return m->to - memory;
    return first - TRACKED_MOST - trail < m->to - memory ? m->to - memory : first - TRACKED_MOST - trail;
}

/* From when on findings can be tracked, as frames are fed since `first`; see scorer_warm_from. */
static tstamp_ns tracked_from(const struct model *m, tstamp_ns first, tstamp_ns period)
{
    tstamp_ns memory = scorer_memory(m, period);
    if (!m)
        return first + memory;
    if (first <= m->to - memory + period)
        return m->to;
    return first + later(memory, TRAIL_HOURS * NS_PER_HOUR + features_memory(period));
}

/* ---- a minute ---- */

static void watch(struct scorer *s, const struct minute *in)
{
    for (size_t i = 0; i < statistics_count(); i++)
        if (statistics[i]->watch && takes_part(s, i))
            statistics[i]->watch(s->live[i], in, s->gate.blocked);
}

static void show_residuals(struct scorer *s, const struct feature_frame *ff)
{
    for (size_t c = 0; c < s->fleet->n_channels; c++) {
        size_t i = s->fleet->channels[c].supply;
        s->shown.residual[c] = s->level[c] < 0 ? NAN : ff->x[i * s->layout->width + (size_t)s->level[c]];
    }
    /* what rows say is said of some supplies only, and anew every minute */
    for (size_t i = 0; i < statistics_count(); i++)
        for (size_t k = 0; statistics[i]->rows && k < FIGURES_MAX && s->shown.of[i][k]; k++) {
            size_t n = statistics[i]->figure[k].per_channel ? s->fleet->n_channels : s->fleet->n_supplies;
            for (size_t c = 0; c < n; c++)
                s->shown.of[i][k][c] = NAN;
        }
}

/* Whose minute counts; *out: its frame as it is to be judged, supplies after work from where they stand. */
static void count_minute(struct scorer *s, const struct minute *in, struct feature_frame *out)
{
    for (size_t i = 0; i < s->fleet->n_supplies; i++) {
        if (!s->gate.own_work[i])
            continue;
        hourly_stood(&s->hourly, i, s->stood);
        renew_begin(&s->renew, i, s->gate.own_work[i], s->stood);
        hourly_forget(&s->hourly, i);
    }
    gate_judge(&s->gate, s->model, in->features);
    renew_minute(&s->renew, in, out);
}

/* The model's part of a minute; returns whether an hour was evaluated. */
static bool step_model(struct scorer *s, const struct minute *in)
{
    for (size_t i = 0; i < statistics_count(); i++) {
        const struct statistic *x = statistics[i];
        if (!takes_part(s, i))
            continue;
        if (x->minute)
            x->minute(s->live[i], in, s->shown.of[i]);
        if (x->share > 0)
            events_minute(&s->events[i], in, s->shown.of[i][0]);
    }
    if (s->groups)
        group_watch_minute(s->groups, in->features);
    bool hour = hourly_minute(&s->hourly, in, s->shown.of);
    for (size_t i = 0; i < s->fleet->n_supplies; i++)
        if (s->gate.beyond[i])
            hourly_beyond(&s->hourly, i, BEYOND_CURRENT);
    return hour;
}

/* Too little of a window because of work is no lack of data. */
static enum reason reason_of(const struct scorer *s, const struct minute *in, size_t i, bool scored)
{
    enum reason r = gate_reason(&s->gate, s->model, s->fleet, in, i, scored);
    tstamp_ns window = s->o.window_minutes * s->o.period;
    bool waits = r == REASON_TOO_FEW_SAMPLES && renew_waits(&s->renew, i, in->frame->t, window);
    return waits ? REASON_AFTER_WORK : r;
}

/* Of the last whole hour. */
static float member_shift(const void *arg, uint32_t supply, enum common_signal signal)
{
    const struct scorer *s = arg;
    int32_t c = s->fleet->supplies[supply].known[common_signals[signal]], level = c < 0 ? -1 : s->level[c];
    return level < 0 ? NAN : hourly_shift(&s->hourly, supply, (size_t)level);
}

static void show_scores(struct scorer *s, const struct minute *in, struct tick *out)
{
    memset(out->ledger, 0, sizeof out->ledger);
    out->resting = 0;
    for (size_t i = 0; i < s->fleet->n_supplies; i++) {
        double score = NAN, chance = s->model ? hourly_day_said(&s->hourly, i, &score) : (double)NAN;
        enum reason r = reason_of(s, in, i, !isnan(score));
        s->shown.reason[i] = (uint8_t)r;
        s->shown.mode[i] = in->features->mode[i];
        s->shown.fullness[i] = gate_fullness(&s->gate, i);
        s->shown.score[i] = r == REASON_SCORED ? (float)score : NAN;
        s->shown.chance[i] = r == REASON_SCORED ? (float)chance : NAN;
        out->ledger[r]++;
        out->resting += r == REASON_TOO_FEW_SAMPLES && gate_rests(&s->gate, i);
    }
}

/* The supply-days that a tick at t ends; NULL: it ends none. */
static const struct supply_days *show_day(struct scorer *s, tstamp_ns t)
{
    struct shown *v = &s->shown;
    if (!s->model || t % NS_PER_DAY != 0)
        return NULL;
    for (size_t i = 0; i < s->fleet->n_supplies; i++)
        hourly_day(&s->hourly, i, &v->day_chance[i], &v->day_any[i], &v->day_beyond[i]);
    v->day = (struct supply_days){v->day_chance, v->day_any, v->day_beyond, model_chance(s->model, 1)};
    return &v->day;
}

/* What each statistic proposes becomes findings, and last what the hour proposes. */
static void track(struct scorer *s, tstamp_ns t, bool hour)
{
    struct proposals *p = &s->proposals;
    for (size_t i = 0; i < statistics_count(); i++) {
        const struct statistic *x = statistics[i];
        p->n = 0;
        if (!takes_part(s, i))
            continue;
        if (s->model && x->share > 0)
            events_propose(&s->events[i], &s->search, s->tracker, t, p);
        else if (x->propose)
            x->propose(s->live[i], p);
        else
            continue;
        tracker_step(s->tracker, x->name, t, p);
    }
    if (!hour)
        return;
    if (s->groups) {
        p->n = 0;
        group_watch_propose(s->groups, s->tracker, member_shift, s, p);
        tracker_step(s->tracker, SLOT_GROUP, t, p);
    }
    p->n = 0;
    hour_propose(&s->desk, p);
    renew_tell(&s->renew, p);
    tracker_step(s->tracker, SLOT_SCORE, t, p);
    p->n = 0;
    hour_propose_unsaid(&s->desk, s->quiet, p);
    tracker_step(s->quiet, SLOT_SCORE, t, p);
}

static void show(struct scorer *s, const struct frame *in, bool hour, struct tick *out)
{
    out->t = in->t;
    out->n_supplies = s->fleet->n_supplies;
    out->n_channels = s->fleet->n_channels;
    out->mode = s->shown.mode;
    out->reason = s->shown.reason;
    out->fullness = s->shown.fullness;
    out->value = in->value;
    out->quality = in->quality;
    out->residual = s->shown.residual;
    out->figures = s->shown.figure;
    out->n_figures = s->shown.n_figures;
    out->score = s->shown.score;
    out->chance = s->shown.chance;
    out->hour = hour;
    out->day = show_day(s, in->t);
    struct finding *list = tracker_list(s->tracker, in->t, &out->n_findings);
    work_tell(list, out->n_findings, s->maintenance, s->fleet, in->t);
    out->findings = list;
    list = tracker_list(s->quiet, in->t, &out->n_unsaid);
    work_tell(list, out->n_unsaid, s->maintenance, s->fleet, in->t);
    out->unsaid = list;
}

void scorer_step(struct scorer *s, const struct frame *in, bool warm, struct tick *out)
{
    struct feature_frame read, judged;
    features_step(s->features, in, &read);
    gate_maintenance(&s->gate, s->maintenance, s->fleet, in->t);
    struct minute minute = {in, &read, s->gate.maintenance, s->gate.usable, s->gate.counts, read.x};
    watch(s, &minute);
    if (s->model) {
        count_minute(s, &minute, &judged);
        minute.features = &judged;
    }
    show_residuals(s, minute.features);
    bool hour = s->model && step_model(s, &minute);
    show_scores(s, &minute, out);
    if (s->tracked_from == INT64_MAX)
        s->tracked_from = tracked_from(s->model, in->t, s->o.period);
    if (!warm)
        take_restored(s);
    if (!warm || in->t > s->tracked_from)
        track(s, in->t, hour);
    show(s, in, hour, out);
    out->n_renewals = 0;
    if (!warm && s->model)
        out->renewals = renew_news(&s->renew, &out->n_renewals);
    if (warm)
        out->n_findings = out->n_unsaid = 0;
}

void scorer_explain(const struct scorer *s, const struct statistic *by, size_t supply, struct finding *out)
{
    for (size_t i = 0; i < statistics_count(); i++)
        if (statistics[i] == by)
            by->explain(s->live[i], supply, out);
}

bool scorer_histograms(const struct scorer *s, uint32_t channel, float edges[], uint32_t reference[],
                       uint32_t window[])
{
    const uint16_t *counts = NULL;
    if (!s->model || s->level[channel] < 0)
        return false;
    for (size_t i = 0; i < statistics_count() && !counts; i++)
        if (statistics[i]->counts)
            counts = statistics[i]->counts(s->live[i], channel);
    size_t cell = s->fleet->channels[channel].supply * s->layout->width + (size_t)s->level[channel];
    const struct reference *ref = &s->model->ref;
    if (!counts || !ref->present[cell])
        return false;
    memcpy(edges, ref->edges + cell * (HIST_BINS - 1), (HIST_BINS - 1) * sizeof *edges);
    memcpy(reference, ref->counts + cell * HIST_BINS, HIST_BINS * sizeof *reference);
    for (size_t b = 0; b < HIST_BINS; b++)
        window[b] = counts[b];
    return true;
}
