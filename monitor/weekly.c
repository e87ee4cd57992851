/* The weekly list of a run; see weekly.h. SPDX-License-Identifier: MIT */
#include "monitor/weekly.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time/timefmt.h"
#include "monitor/report/report.h"
#include "monitor/report/report_week.h"
#include "monitor/session.h"

#include <stdlib.h>
#include <string.h>

struct weekly {
    struct session *s;
    tstamp_ns next;             /* when the next list is due; 0: not known yet */
    unsigned issued;            /* lists shown so far */
    unsigned issued_asked;      /* as it was when the database was asked what came after the newest */
    unsigned under_way;         /* that are being made or put into their forms: they know this struct */
    struct report_shown *shown; /* the newest; NULL: none yet */
    unsigned shown_number;
};

/* A list that is put into its forms, on a thread beside the loop. */
struct showing {
    struct weekly *weekly;
    unsigned number; /* of the list: a later one may be ready before */
    char *document;
    struct report_shown *made;
    uv_work_t work;
};

/* The list of the week in which psmon or a replay stopped is made of all of it, not of what came after a
 * restart. */
static int restore_week(struct session *s, struct err *err)
{
    const struct settings *set = s->world->settings;
    const struct fleet *f = s->world->fleet;
    const char *conninfo = s->context->conninfo;
    struct pipeline *p = s->pipeline;
    struct finding *findings = NULL;
    size_t n = 0;
    tstamp_ns last;
    uint64_t hours[REASON_COUNT] = {0};
    int rc = history_last_tick(conninfo, s->run, &last, err);
    if (rc != 0 || !last)
        return rc;
    tstamp_ns due = report_due(set, last - 1);
    p->week_start = report_due(set, due - 8 * NS_PER_DAY);
    rc = report_week_load(p->week, conninfo, f, s->run, p->week_start, due, hours, err);
    for (int r = 0; r < REASON_COUNT; r++)
        p->ledger.n[r] = hours[r] * (uint64_t)(NS_PER_HOUR / set->period);
    if (rc == 0)
        rc = history_findings(conninfo, f, s->run, p->week_start, due, &findings, &n, err);
    if (rc != 0)
        return rc;
    pipeline_restore_week(p, findings, n);
    pipeline_rank(p, last);
    return 0;
}

int weekly_open(struct session *s, void **self, struct err *err)
{
    struct weekly *w = xcalloc(1, sizeof *w);
    w->s = s;
    *self = s->weekly = w;
    if (!s->resumes)
        return 0;
    char *latest = NULL;
    int rc = history_report(s->context->conninfo, s->run, 0, &latest, err);
    if (latest)
        w->shown = report_shown_new(latest);
    free(latest);
    return rc == 0 ? restore_week(s, err) : rc;
}

static void render(uv_work_t *work)
{
    struct showing *x = work->data;
    x->made = report_shown_new(x->document);
}

static void on_rendered(uv_work_t *work, int status)
{
    struct showing *x = work->data;
    struct weekly *w = x->weekly;
    w->under_way--;
    if (status == 0 && x->number > w->shown_number) {
        report_shown_free(w->shown);
        w->shown = x->made;
        w->shown_number = x->number;
    } else {
        report_shown_free(x->made);
    }
    free(x->document);
    free(x);
}

static void show(struct weekly *w, const char *document_json)
{
    struct showing *x = xcalloc(1, sizeof *x);
    x->weekly = w;
    x->number = ++w->issued;
    x->document = xstrdup(document_json);
    x->work.data = x;
    if (uv_queue_work(w->s->loop, &x->work, render, on_rendered) != 0)
        on_rendered(&x->work, UV_ENOMEM);
}

static void on_report(void *arg, const char *document_json)
{
    struct weekly *w = arg;
    if (w->s->snapshot)
        show(w, document_json);
    else /* nobody looks */
        w->under_way--;
}

/* Outcomes and trips come in after a list was issued: who looks at it on the page sees them too. */
static void on_since(void *arg, const char *document_json)
{
    struct weekly *w = arg;
    if (w->issued == w->issued_asked && w->shown && strcmp(w->shown->document, document_json) != 0)
        show(w, document_json);
    else
        w->under_way--;
}

static void look_again(struct weekly *w)
{
    if (!w->s->snapshot || !w->shown || w->under_way || !pg_up(w->s->pg))
        return;
    w->under_way++;
    w->issued_asked = w->issued;
    report_since(w->s->pg, w->shown->document, on_since, w);
}

/* Findings of the week that count against the budget. */
static double budget_used(const struct pipeline *p)
{
    double n = 0;
    for (size_t i = 0; i < p->n_week_findings; i++)
        n += p->week_findings[i].class != CLASS_DATA && p->week_findings[i].first_seen >= p->week_start;
    return n;
}

static void issue(struct weekly *w, tstamp_ns due)
{
    struct session *s = w->s;
    struct pipeline *p = s->pipeline;
    const struct world *world = s->world;
    pipeline_rank(p, p->tick.t);
    struct report_input in = {.fleet = world->fleet,
                              .maintenance = world->maintenance,
                              .settings = world->settings,
                              .run = s->run,
                              .model = world->model_name,
                              .model_hash = world->model_hash,
                              .model_summary = world->model ? model_summary(world->model) : "no model",
                              .config_hash = world->settings->hash,
                              .week_start = p->week_start,
                              .week_end = due,
                              .issued_at = p->tick.t,
                              .list = &p->list,
                              .week = p->week,
                              .chances = s->snapshot ? s->snapshot(s->snapshot_arg)->chances : NULL,
                              .budget_used = budget_used(p)};
    for (int r = 0; r < REASON_COUNT; r++)
        in.ledger_hours[r] = p->ledger.n[r] * (uint64_t)(world->settings->period / NS_PER_S) / 3600;
    w->under_way++;
    report_issue(s->pg, s->history, &in, on_report, w);
    char text[TIMEFMT_LEN];
    log_info("report", "issued=%s supplies=%zu findings=%zu", timefmt_iso(text, due),
             world->fleet->n_supplies, p->n_week_findings);
    pipeline_next_week(p, due);
}

void weekly_tick(void *self, const struct moment *m)
{
    struct weekly *w = self;
    const struct settings *set = w->s->world->settings;
    if (!m->tick)
        return;
    if (w->next == 0)
        w->next = report_due(set, m->t - 1);
    if (m->t < w->next) {
        if (m->tick->hour)
            look_again(w);
        return;
    }
    issue(w, w->next);
    w->next = report_due(set, m->t);
}

void weekly_change(void *self, const struct world *before, const struct world *now)
{
    struct weekly *w = self;
    if (before->settings != now->settings)
        w->next = 0; /* its day may be another */
}

void weekly_drain(void *self)
{
    struct weekly *w = self;
    while (w->under_way) /* the database answers, or its connection fails: either ends them */
        uv_run(w->s->loop, UV_RUN_ONCE);
}

void weekly_close(void *self)
{
    struct weekly *w = self;
    report_shown_free(w->shown);
    free(w);
}

const struct report_shown *weekly_shown(const struct weekly *w)
{
    return w ? w->shown : NULL;
}
