/* One run of the monitor; see session.h. SPDX-License-Identifier: MIT */
#include "monitor/session.h"

#include "archive/history/cluster.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOSE_DEADLINE_S 60
#define WEBHOOK_CONNECTIONS 8

void session_refuse_model(struct session *s, const char *name, const struct err *why)
{
    s->model_error = *why;
    snprintf(s->model_refused, sizeof s->model_refused, "%s", name);
    log_error("model", "'%s' cannot be used, '%s' stays: %s", name,
              s->world && s->world->model ? s->world->model_name : "none", why->msg);
}

/* The world of the run: the configured one with the active model. */
static int enter_world(struct session *s, struct err *err)
{
    struct world *w = s->context->world;
    struct model *model = NULL;
    char name[MODEL_NAME_LEN], hash[DIGEST_HEX_LEN];
    int rc = models_load_active(&model, w->settings, w->fleet, name, hash, err);
    if (rc < 0 && !s->live)
        return err_wrap(err, "model '%s'", name);
    if (rc < 0)
        session_refuse_model(s, name, err);
    if (rc > 0 && *model_lacks(model))
        log_warning("model", "name=%s %s", name, model_lacks(model));
    s->world = rc <= 0 ? world_keep(w) : world_with_model(w, model, name, hash);
    return 0;
}

static int open_database(struct session *s, struct err *err)
{
    char *spool = xasprintf("%s/spool-%s", s->world->settings->state_dir, s->run);
    int rc = pg_open(&s->pg, s->loop, s->context->conninfo, spool, err);
    free(spool);
    if (rc == 0 && s->context->cluster)
        cluster_watch(s->context->cluster, s->loop);
    return rc;
}

/* What the run had learned of supplies after work, as far as the model in force had. */
static int restore_renewals(struct session *s, struct err *err)
{
    struct renewal **list = NULL;
    size_t n = 0;
    int rc =
        history_renewals(s->context->conninfo, s->world->fleet, s->run, s->world->model_hash, &list, &n, err);
    scorer_restore_renewals(s->pipeline->scorer, (const struct renewal *const *)list, n);
    for (size_t i = 0; i < n; i++)
        renewal_free(list[i]);
    free(list);
    return rc;
}

/* Findings that were open when psmon stopped go on under their ids. */
static int open_pipeline(struct session *s, struct err *err)
{
    struct finding *open = NULL;
    size_t n = 0;
    int rc = 0;
    s->pipeline = pipeline_new(s->world, s->live);
    if (s->resumes)
        rc = history_open_findings(s->context->conninfo, s->world->fleet, s->run, &open, &n, err);
    if (rc == 0)
        scorer_restore(s->pipeline->scorer, open, n);
    free(open);
    if (rc == 0 && s->resumes)
        rc = restore_renewals(s, err);
    return rc;
}

static int open_outlets(struct session *s, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < OUTLETS; i++)
        rc = outlets_table[i].open(s, &s->outlet[i], err);
    return rc;
}

int session_open(struct session *s, const struct session_options *o, struct err *err)
{
    *s = (struct session){.context = o->context,
                          .loop = o->loop,
                          .run = xstrdup(o->run),
                          .live = strcmp(o->run, RUN_LIVE) == 0,
                          .resumes = o->resume || strcmp(o->run, RUN_LIVE) == 0,
                          .from = o->from,
                          .to = o->to,
                          .snapshot = o->snapshot,
                          .snapshot_arg = o->snapshot_arg};
    int rc = enter_world(s, err);
    if (rc == 0)
        rc = open_database(s, err);
    if (rc == 0)
        rc = open_pipeline(s, err);
    if (rc == 0) {
        s->http = http_new(s->loop, WEBHOOK_CONNECTIONS);
        rc = open_outlets(s, err);
    }
    if (rc != 0)
        session_close(s);
    return rc;
}

void session_close(struct session *s)
{
    for (size_t i = 0; i < OUTLETS; i++)
        if (s->outlet[i] && outlets_table[i].drain)
            outlets_table[i].drain(s->outlet[i]);
    for (size_t i = OUTLETS; i-- > 0;)
        if (s->outlet[i])
            outlets_table[i].close(s->outlet[i]);
    if (s->pg && s->context->cluster)
        cluster_unwatch(s->context->cluster);
    if (s->pg)
        pg_close(s->pg, CLOSE_DEADLINE_S);
    if (s->http)
        http_free(s->http);
    pipeline_free(s->pipeline);
    world_drop(s->world);
    free(s->run);
    *s = (struct session){0};
}

/* ---- ticks ---- */

static void hand_out(struct session *s, const struct moment *m)
{
    for (size_t i = 0; i < OUTLETS; i++)
        if (s->outlet[i] && outlets_table[i].tick)
            outlets_table[i].tick(s->outlet[i], m);
}

void session_tick(struct session *s, const struct frame *f, bool warm, bool quiet,
                  const struct alerts_condition conditions[], size_t n_conditions)
{
    tstamp_ns t0 = clock_monotonic();
    pipeline_step(s->pipeline, f, warm);
    tstamp_ns t1 = clock_monotonic();
    s->step_seconds = (double)(t1 - t0) / 1e9;
    if (warm)
        return;
    hand_out(s, &(struct moment){f->t, &s->pipeline->tick, conditions, n_conditions, quiet});
    s->store_seconds = (double)(clock_monotonic() - t1) / 1e9;
}

void session_blind(struct session *s, tstamp_ns now, const struct alerts_condition conditions[],
                   size_t n_conditions)
{
    hand_out(s, &(struct moment){.t = now, .conditions = conditions, .n_conditions = n_conditions});
}

tstamp_ns session_warm_from(const struct session *s, tstamp_ns first)
{
    const struct world *w = s->world;
    return pipeline_align(w->settings, scorer_warm_from(w->model, first, w->settings->period));
}

void session_model_trouble(const struct session *s, char *text, size_t size)
{
    const struct world *w = s->world;
    *text = '\0';
    if (!w->model && s->model_error.code != 0)
        snprintf(text, size,
                 "no supply is scored: train a model (psmon train) or activate an earlier one (psmon model "
                 "activate), since '%s' cannot be used: %s",
                 s->model_refused, s->model_error.msg);
    else if (!w->model)
        snprintf(text, size, "there is no model: only data findings are made; psmon train makes one");
    else if (s->model_error.code != 0)
        snprintf(text, size, "the model '%s' was activated and cannot be used, '%s' stays: %s",
                 s->model_refused, w->model_name, s->model_error.msg);
    else if (*model_lacks(w->model))
        snprintf(text, size, "train again (psmon train): %s", model_lacks(w->model));
}

/* ---- another world ---- */

void session_restart_pipeline(struct session *s)
{
    struct pipeline *old = s->pipeline;
    s->pipeline = pipeline_new(s->world, s->live);
    pipeline_continue(s->pipeline, old);
    pipeline_free(old);
}

void session_change(struct session *s, struct world *next, bool reread)
{
    struct world *before = s->world;
    s->world = next;
    if (!reread)
        pipeline_change(s->pipeline, next);
    for (size_t i = 0; i < OUTLETS; i++)
        if (s->outlet[i] && outlets_table[i].change)
            outlets_table[i].change(s->outlet[i], before, next);
    world_drop(before);
}
