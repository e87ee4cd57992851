/* The way of a reading inside the process; see pipeline.h. SPDX-License-Identifier: MIT */
#include "monitor/pipeline.h"

#include "base/hashmap.h"
#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

tstamp_ns pipeline_align(const struct settings *s, tstamp_ns t)
{
    return t - t % s->period;
}

struct grid *pipeline_grid(const struct world *w)
{
    const struct settings *s = w->settings;
    const struct fleet *f = w->fleet;
    tstamp_ns *ages = xcalloc(f->signals.n, sizeof *ages);
    for (size_t i = 0; i < s->n_signal_max_age; i++)
        for (size_t j = 0; j < f->signals.n; j++)
            if (strcmp(f->signals.name[j], s->signal_max_age[i].signal) == 0)
                ages[j] = s->signal_max_age[i].max_age;
    struct grid *g = grid_new(f, &(struct grid_options){.period = s->period,
                                                        .max_age = s->max_age,
                                                        .signal_max_age = ages,
                                                        .deadband_hold = s->deadband_hold});
    free(ages);
    if (w->model)
        grid_set_deadband(g, model_deadband(w->model));
    if (w->model && model_known(w->model))
        grid_learn_unknown(g, model_known(w->model));
    return g;
}

struct pipeline *pipeline_new(struct world *w, bool trace)
{
    const struct settings *s = w->settings;
    const struct fleet *f = w->fleet;
    struct pipeline *p = xcalloc(1, sizeof *p);
    p->world = world_keep(w);
    p->grid = pipeline_grid(w);
    p->scorer = scorer_new(w->model, f, w->maintenance,
                           &(struct scorer_options){.budget = s->budget,
                                                    .window_minutes = (unsigned)(s->window / s->period),
                                                    .period = s->period});
    p->week = rank_week_new(f->n_supplies);
    p->week_index = hashmap_new();
    p->value = xcalloc(f->n_channels, sizeof *p->value);
    p->quality = xcalloc(f->n_channels, sizeof *p->quality);
    if (trace) {
        size_t n = f->n_channels * TRACE_STEPS;
        p->trace_value = xcalloc(n, sizeof *p->trace_value);
        p->trace_residual = xcalloc(n, sizeof *p->trace_residual);
        for (size_t i = 0; i < n; i++)
            p->trace_value[i] = p->trace_residual[i] = NAN;
    }
    return p;
}

void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    scorer_free(p->scorer);
    grid_free(p->grid);
    rank_week_free(p->week);
    free(p->week_findings);
    hashmap_free(p->week_index);
    rank_list_free(&p->list);
    free(p->value);
    free(p->quality);
    free(p->trace_value);
    free(p->trace_residual);
    world_drop(p->world);
    free(p);
}

/* Columns between the newest and t that no tick filled stay empty. */
static void trace(struct pipeline *p, const struct tick *t)
{
    if (!p->trace_value || t->t % TRACE_STEP >= p->world->settings->period)
        return;
    tstamp_ns column = t->t - t->t % TRACE_STEP;
    int64_t ahead = p->trace_end ? (column - p->trace_end) / TRACE_STEP : 1;
    if (ahead <= 0)
        return;
    size_t skip = ahead > TRACE_STEPS ? TRACE_STEPS : (size_t)ahead;
    for (size_t k = 0; k < skip; k++) {
        size_t at = p->trace_head;
        p->trace_head = (p->trace_head + 1) % TRACE_STEPS;
        bool newest = k + 1 == skip;
        for (size_t c = 0; c < t->n_channels; c++) {
            p->trace_value[c * TRACE_STEPS + at] = newest ? t->value[c] : NAN;
            p->trace_residual[c * TRACE_STEPS + at] = newest ? t->residual[c] : NAN;
        }
    }
    p->trace_end = column;
}

/* Keeps the latest state of each finding of the week. */
static void remember_findings(struct pipeline *p, const struct tick *t)
{
    for (size_t i = 0; i < t->n_findings; i++) {
        int32_t at = hashmap_get(p->week_index, t->findings[i].id);
        if (at < 0) {
            at = (int32_t)p->n_week_findings++;
            xgrow(&p->week_findings, &p->week_findings_cap, p->n_week_findings, sizeof *p->week_findings);
            hashmap_put(p->week_index, t->findings[i].id, at);
        }
        p->week_findings[at] = t->findings[i];
    }
}

static void index_findings(struct pipeline *p)
{
    hashmap_free(p->week_index);
    p->week_index = hashmap_new();
    for (size_t i = 0; i < p->n_week_findings; i++)
        hashmap_put(p->week_index, p->week_findings[i].id, (int32_t)i);
}

void pipeline_restore_week(struct pipeline *p, struct finding *findings, size_t n)
{
    free(p->week_findings);
    p->week_findings = findings;
    p->n_week_findings = p->week_findings_cap = n;
    index_findings(p);
}

void pipeline_step(struct pipeline *p, const struct frame *f, bool warm)
{
    size_t n = p->world->fleet->n_channels;
    memcpy(p->value, f->value, n * sizeof *p->value);
    memcpy(p->quality, f->quality, n * sizeof *p->quality);
    scorer_step(p->scorer, &(struct frame){f->t, p->value, p->quality}, warm, &p->tick);
    trace(p, &p->tick);
    if (warm)
        return;
    if (p->week_start == 0)
        p->week_start = f->t;
    ledger_add(&p->ledger, &p->tick);
    remember_findings(p, &p->tick);
    if (!p->tick.hour)
        return;
    rank_week_add(p->week, p->tick.score, p->tick.reason);
    rank_week_add_residuals(p->week, p->tick.residual, p->tick.n_channels);
    pipeline_rank(p, p->tick.t);
}

/* A trend is one of days: it is looked for once a day. */
static void find_trends(struct pipeline *p, tstamp_ns now)
{
    if (p->trends_at && now - p->trends_at < NS_PER_DAY)
        return;
    const struct fleet *f = p->world->fleet;
    struct model_usual *usual = xcalloc(f->n_channels + 1, sizeof *usual);
    for (uint32_t c = 0; c < f->n_channels; c++)
        if (!p->world->model || !model_usual(p->world->model, c, &usual[c]))
            usual[c].effect = (double)NAN;
    p->n_trends = trend_find(p->trends, RANK_TRENDS, f, usual, p->week);
    p->trends_at = now;
    free(usual);
}

void pipeline_rank(struct pipeline *p, tstamp_ns now)
{
    find_trends(p, now);
    rank_list_make(&p->list, &(struct rank_input){.fleet = p->world->fleet,
                                                  .week = p->week,
                                                  .findings = p->week_findings,
                                                  .n_findings = p->n_week_findings,
                                                  .trends = p->trends,
                                                  .n_trends = p->n_trends,
                                                  .week_start = p->week_start,
                                                  .now = now});
    p->ranked = true;
}

void pipeline_next_week(struct pipeline *p, tstamp_ns t)
{
    if (p->ranked)
        rank_list_hold(&p->list, p->week);
    rank_week_reset(p->week);
    p->ledger = (struct ledger){0};
    p->n_trends = 0;
    p->trends_at = 0;
    size_t kept = 0;
    for (size_t i = 0; i < p->n_week_findings; i++)
        if (p->week_findings[i].closed == 0)
            p->week_findings[kept++] = p->week_findings[i];
    p->n_week_findings = kept;
    index_findings(p);
    p->week_start = t;
    p->ranked = false; /* the list points into the findings that were just moved */
}

void pipeline_change(struct pipeline *p, struct world *next)
{
    assert(next->model == p->world->model && next->fleet == p->world->fleet);
    struct world *before = p->world;
    p->world = world_keep(next);
    scorer_change(p->scorer, next->maintenance, next->settings->budget);
    world_drop(before);
}

void pipeline_renewals_of(struct pipeline *p, const struct pipeline *old)
{
    size_t n;
    if (strcmp(p->world->model_hash, old->world->model_hash) != 0)
        return;
    const struct renewal *const *list = scorer_renewals(old->scorer, &n);
    scorer_restore_renewals(p->scorer, list, n);
}

void pipeline_continue(struct pipeline *p, struct pipeline *old)
{
    pipeline_renewals_of(p, old);
    rank_week_free(p->week);
    p->week = old->week;
    p->week_start = old->week_start;
    pipeline_restore_week(p, old->week_findings, old->n_week_findings);
    p->ledger = old->ledger;
    old->week = NULL;
    old->week_findings = NULL;

    struct finding *open = xcalloc(p->n_week_findings, sizeof *open);
    size_t n = 0;
    for (size_t i = 0; i < p->n_week_findings; i++)
        if (p->week_findings[i].closed == 0)
            open[n++] = p->week_findings[i];
    scorer_restore(p->scorer, open, n);
    free(open);
    if (old->ranked) { /* its rows point into the findings that were taken over */
        p->list = old->list;
        old->list = (struct rank_list){0};
        p->ranked = true;
    }
}
