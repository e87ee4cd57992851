/* One run of the monitor; see session.h. SPDX-License-Identifier: MIT */
#include "monitor/session.h"

#include "archive/history/cluster.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/timefmt.h"
#include "monitor/report/report.h"
#include "monitor/report/report_week.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOSE_DEADLINE_S 60
#define WEBHOOK_CONNECTIONS 8

/* The world of the run: the configured one with the active model. */
static int enter_world(struct session *s, struct err *err)
{
    struct world *w = s->context->world;
    struct model *model = NULL;
    char name[MODEL_NAME_LEN], hash[DIGEST_HEX_LEN];
    int rc = models_load_active(&model, w->settings->state_dir, w->fleet, name, hash, err);
    if (rc < 0)
        return err_wrap(err, "model '%s'", name);
    s->world = rc == 0 ? world_keep(w) : world_with_model(w, model, name, hash);
    return 0;
}

static struct history_revision revision_of(const struct world *w)
{
    return (struct history_revision){w->model_name, w->model_hash, w->settings->hash};
}

static int open_alerts(struct session *s, struct err *err)
{
    const struct settings *set = s->world->settings;
    struct alerts_webhook *hooks = xcalloc(set->n_webhooks, sizeof *hooks);
    for (size_t i = 0; i < set->n_webhooks; i++)
        hooks[i] =
            (struct alerts_webhook){set->webhooks[i].url, set->webhooks[i].secret, set->webhooks[i].shape};
    const struct alerts_options o = {.run = s->run,
                                     .send = s->live,
                                     .webhooks = hooks,
                                     .n_webhooks = set->n_webhooks,
                                     .on_delay = set->alarm_on_delay,
                                     .off_delay = set->alarm_off_delay,
                                     .heartbeat = s->live ? set->heartbeat : 0,
                                     .source = set->hash};
    int rc = alerts_open(&s->alerts, s->loop, s->pg, s->context->conninfo, s->http, &o, err);
    free(hooks);
    return rc;
}

/* Takes up the week that the last stored tick belongs to: its list is made of all of it, not of what came
 * after a restart. */
static int restore_week(struct session *s, struct err *err)
{
    const struct context *c = s->context;
    struct pipeline *p = s->pipeline;
    tstamp_ns last;
    uint64_t hours[REASON_COUNT] = {0};
    int rc = history_last_tick(c->conninfo, s->run, &last, err);
    if (rc != 0 || !last)
        return rc;
    tstamp_ns due = report_due(s->world->settings, last - 1);
    p->week_start = report_due(s->world->settings, due - 8 * NS_PER_DAY);
    rc = report_week_load(p->week, c->conninfo, s->world->fleet, s->run, p->week_start, due, hours, err);
    for (int r = 0; r < REASON_COUNT; r++)
        p->ledger_minutes[r] = hours[r] * (uint64_t)(NS_PER_HOUR / s->world->settings->period);
    struct finding *findings = NULL;
    size_t n = 0;
    if (rc == 0)
        rc = history_findings(c->conninfo, s->world->fleet, s->run, p->week_start, due, &findings, &n, err);
    if (rc == 0) {
        pipeline_restore_week(p, findings, n);
        rank_fleet(p->rows, s->world->fleet, p->week, p->week_findings, p->n_week_findings, p->week_start,
                   last);
        p->ranked = true;
    }
    return rc;
}

/* What was open when psmon stopped goes on under its ids, and so does the week. */
static int take_up(struct session *s, struct err *err)
{
    const struct context *c = s->context;
    struct finding *open = NULL;
    size_t n = 0;
    int rc = history_open_findings(c->conninfo, s->world->fleet, s->run, &open, &n, err);
    if (rc == 0)
        scorer_restore(s->pipeline->scorer, open, n);
    free(open);
    if (rc == 0)
        rc = history_report(c->conninfo, s->run, 0, &s->report_latest, err);
    return rc == 0 ? restore_week(s, err) : rc;
}

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
    s->report_next = 0; /* its day may be another */
    const struct history_revision revision = revision_of(next);
    history_put_revision(s->history, &revision);
    if (next->maintenance != before->maintenance)
        history_put_maintenance(s->history, next->maintenance);
    world_drop(before);
}

int session_open(struct session *s, struct context *c, uv_loop_t *loop, const char *run, tstamp_ns from,
                 tstamp_ns to, struct err *err)
{
    *s = (struct session){.context = c, .loop = loop, .run = xstrdup(run)};
    s->live = strcmp(run, RUN_LIVE) == 0;
    char *spool = xasprintf("%s/spool-%s", c->world->settings->state_dir, run);
    int rc = enter_world(s, err);
    if (rc == 0)
        rc = pg_open(&s->pg, loop, c->conninfo, spool, err);
    free(spool);
    if (rc == 0) {
        const struct history_run r = {.name = run,
                                      .kind = s->live ? "live" : "replay",
                                      .revision = revision_of(s->world),
                                      .from = from,
                                      .to = to,
                                      .keep_ticks_days = (int)(s->world->settings->keep_ticks / NS_PER_DAY)};
        rc = history_open(&s->history, s->pg, c->conninfo, s->world->fleet, s->world->maintenance, &r, err);
    }
    if (rc == 0 && c->cluster)
        cluster_watch(c->cluster, loop);
    if (rc == 0) {
        s->http = http_new(loop, WEBHOOK_CONNECTIONS);
        rc = open_alerts(s, err);
    }
    if (rc == 0) {
        s->pipeline = pipeline_new(s->world, s->live);
        rc = s->live ? take_up(s, err) : 0;
    }
    if (rc != 0)
        session_close(s);
    return rc;
}

void session_close(struct session *s)
{
    while (s->reports) /* the database answers, or its connection fails: either ends them */
        uv_run(s->loop, UV_RUN_ONCE);
    alerts_close(s->alerts);
    history_close(s->history);
    if (s->history && s->context->cluster)
        cluster_unwatch(s->context->cluster);
    if (s->pg)
        pg_close(s->pg, CLOSE_DEADLINE_S);
    if (s->http)
        http_free(s->http);
    pipeline_free(s->pipeline);
    world_drop(s->world);
    free(s->report_latest);
    free(s->run);
    *s = (struct session){0};
}

tstamp_ns session_warm_from(const struct session *s, tstamp_ns first)
{
    return pipeline_align(s->world->settings, first - scorer_warm_up());
}

static void on_report(void *arg, const char *document_json)
{
    struct session *s = arg;
    s->reports--;
    free(s->report_latest);
    s->report_latest = xstrdup(document_json);
}

/* Findings of the week that count against the budget. */
static double budget_used(const struct pipeline *p)
{
    double n = 0;
    for (size_t i = 0; i < p->n_week_findings; i++)
        n += p->week_findings[i].class != CLASS_DATA && p->week_findings[i].first_seen >= p->week_start;
    return n;
}

static void issue_report(struct session *s, tstamp_ns due)
{
    struct pipeline *p = s->pipeline;
    pipeline_rank(p);
    struct report_input in = {.fleet = s->world->fleet,
                              .maintenance = s->world->maintenance,
                              .settings = s->world->settings,
                              .run = s->run,
                              .model = s->world->model_name,
                              .model_hash = s->world->model_hash,
                              .model_summary = s->world->model ? model_summary(s->world->model) : "no model",
                              .config_hash = s->world->settings->hash,
                              .week_start = p->week_start,
                              .week_end = due,
                              .issued_at = p->tick.t,
                              .rows = p->rows,
                              .week = p->week,
                              .findings = p->week_findings,
                              .n_findings = p->n_week_findings,
                              .budget_used = budget_used(p)};
    for (int r = 0; r < REASON_COUNT; r++)
        in.ledger_hours[r] = p->ledger_minutes[r] * (uint64_t)(s->world->settings->period / NS_PER_S) / 3600;
    s->reports++;
    report_issue(s->pg, s->history, &in, on_report, s);
    char text[TIMEFMT_LEN];
    log_info("report", "issued=%s supplies=%zu findings=%zu", timefmt_iso(text, due),
             s->world->fleet->n_supplies, p->n_week_findings);
    pipeline_next_week(p, due);
}

void session_tick(struct session *s, const struct frame *f, bool warm, bool quiet,
                  const struct alerts_condition conditions[], size_t n_conditions)
{
    struct pipeline *p = s->pipeline;
    tstamp_ns t0 = clock_monotonic();
    pipeline_step(p, f, warm);
    tstamp_ns t1 = clock_monotonic();
    s->step_seconds = (double)(t1 - t0) / 1e9;
    if (warm)
        return;
    history_put_tick(s->history, &p->tick);
    alerts_step(s->alerts, f->t, p->tick.findings, p->tick.n_findings, conditions, n_conditions, quiet);
    s->store_seconds = (double)(clock_monotonic() - t1) / 1e9;

    const struct settings *set = s->world->settings;
    if (s->report_next == 0)
        s->report_next = report_due(set, f->t - 1);
    if (f->t >= s->report_next) {
        issue_report(s, s->report_next);
        s->report_next = report_due(set, f->t);
    }
}
