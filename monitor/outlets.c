/* The outlets of a run; see outlets.h. SPDX-License-Identifier: MIT */
#include "monitor/outlets.h"

#include "base/log.h"
#include "base/mem.h"
#include "monitor/session.h"
#include "monitor/weekly.h"

#include <stdlib.h>

/* ---- history: ticks, hours, findings ---- */

static struct history_revision revision_of(const struct world *w)
{
    return (struct history_revision){w->model_name, w->model_hash, w->settings->hash, w->maintenance_hash,
                                     w->settings->budget};
}

static int history_outlet_open(struct session *s, void **self, struct err *err)
{
    const struct world *w = s->world;
    const struct history_run run = {.name = s->run,
                                    .kind = s->live ? "live" : "replay",
                                    .revision = revision_of(w),
                                    .resume = s->resumes && !s->live,
                                    .from = s->from,
                                    .to = s->to,
                                    .keep_ticks_days = (int)(w->settings->keep_ticks / NS_PER_DAY),
                                    .tail = scorer_memory(w->model, w->settings->period)};
    int rc = history_open(&s->history, s->pg, s->context->conninfo, w->fleet, w->maintenance, &run, err);
    *self = s->history;
    return rc;
}

static void history_outlet_tick(void *self, const struct moment *m)
{
    if (m->tick)
        history_put_tick(self, m->tick);
}

static void history_outlet_change(void *self, const struct world *before, const struct world *now)
{
    const struct history_revision revision = revision_of(now);
    history_put_revision(self, &revision);
    if (now->maintenance != before->maintenance)
        history_put_maintenance(self, before->maintenance, now->maintenance,
                                scorer_memory(now->model, now->settings->period));
}

static void history_outlet_close(void *self)
{
    history_close(self);
}

/* ---- alerts: alarms and their webhooks ---- */

static int alerts_outlet_open(struct session *s, void **self, struct err *err)
{
    const struct settings *set = s->world->settings;
    struct alerts_webhook *hooks = settings_endpoints(set);
    const struct alerts_options o = {.run = s->run,
                                     .send = s->live,
                                     .fleet = s->world->fleet,
                                     .webhooks = hooks,
                                     .n_webhooks = set->n_webhooks,
                                     .on_delay = set->alarm_on_delay,
                                     .off_delay = set->alarm_off_delay,
                                     .heartbeat = s->live ? set->heartbeat : 0,
                                     .source = set->hash};
    int rc = alerts_open(&s->alerts, s->loop, s->pg, s->context->conninfo, s->http, &o, err);
    free(hooks);
    *self = s->alerts;
    return rc;
}

static void alerts_outlet_tick(void *self, const struct moment *m)
{
    if (m->tick)
        alerts_step(self, m->t, m->tick->findings, m->tick->n_findings, m->conditions, m->n_conditions,
                    m->quiet);
    else
        alerts_step_blind(self, m->t, m->conditions, m->n_conditions);
}

/* The settings have been checked when they were read: nothing is refused here. */
static void alerts_outlet_change(void *self, const struct world *before, const struct world *now)
{
    struct err err = {0};
    (void)before;
    struct alerts_webhook *hooks = settings_endpoints(now->settings);
    const struct alerts_options o = {
        .fleet = now->fleet, .webhooks = hooks, .n_webhooks = now->settings->n_webhooks};
    if (alerts_change(self, &o, &err) != 0)
        log_error("alerts", "webhooks stay as they were: %s", err.msg);
    free(hooks);
}

static void alerts_outlet_close(void *self)
{
    alerts_close(self);
}

/* ---- the page, where the run has a snapshot to show ---- */

static int page_outlet_open(struct session *s, void **self, struct err *err)
{
    struct page *page = NULL;
    if (!s->snapshot)
        return 0;
    const struct settings *set = s->world->settings;
    int rc = page_open(&page, s->loop, set->http_listen, set->http_hosts, s->snapshot, s->snapshot_arg, err);
    *self = s->page = page;
    return rc;
}

static void page_outlet_close(void *self)
{
    page_close(self);
}

const struct outlet outlets_table[OUTLETS] = {
    {history_outlet_open, history_outlet_tick, history_outlet_change, NULL, history_outlet_close},
    {alerts_outlet_open, alerts_outlet_tick, alerts_outlet_change, NULL, alerts_outlet_close},
    {weekly_open, weekly_tick, weekly_change, weekly_drain, weekly_close},
    {page_outlet_open, NULL, NULL, NULL, page_outlet_close},
};
