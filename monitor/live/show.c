/* What the running monitor says of itself: conditions for alarms, the snapshot for the page, stage times.
 * SPDX-License-Identifier: MIT */
#include "monitor/live/live.h"

#include "base/file.h"
#include "base/log.h"
#include "base/time/timefmt.h"
#include "monitor/coverage.h"
#include "monitor/weekly.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define LONG_MAINTENANCE (7 * NS_PER_DAY)
#define STAGES_EVERY (10 * NS_PER_S)
#define HISTORY_ROOM (INT64_C(1) << 30)
#define SPOOL_ROOM (INT64_C(64) << 20)
#define VALUELESS_SHARE 0.01 /* of the channels: more is told */

static void add(struct live *l, size_t *n, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void add(struct live *l, size_t *n, const char *name, const char *fmt, ...)
{
    if (*n == MAX_CONDITIONS)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(l->condition_text[*n], sizeof l->condition_text[*n], fmt, ap);
    va_end(ap);
    l->conditions[*n] = (struct alerts_condition){name, l->condition_text[*n]};
    ++*n;
}

static void add_coverage(struct live *l, size_t *n)
{
    const struct tick *t = &l->session.pipeline->tick;
    struct coverage c;
    if (!t->t || !l->session.world->model)
        return;
    coverage_of(&c, t, l->session.world->fleet);
    if (coverage_lacks(&c, COVERAGE_HALF))
        add(l, n, "coverage", "%zu of %zu supplies cannot be scored%s%s: %s", c.lost, c.wanted,
            *c.where ? ", in " : "", c.where, c.why);
}

/* The archiver has the readings, but its live answers do not: they are read one by one, and somebody should
 * mend it. */
static void add_valueless(struct live *l, size_t *n)
{
    size_t of = l->session.world->fleet->n_channels;
    if ((double)l->valueless > VALUELESS_SHARE * (double)of)
        add(l, n, "live_answers",
            "the archiver's live answers (getDataAtTime) carry no value for %zu of %zu channels: these are "
            "read from "
            "its stores one by one",
            l->valueless, of);
}

/* Work on all of the ring, IOCs switched off too: that nothing new comes is expected. */
static bool all_in_maintenance(const struct live *l, tstamp_ns now)
{
    const struct world *w = l->session.world;
    for (uint32_t i = 0; i < w->fleet->n_supplies; i++)
        if (!maintenance_at(w->maintenance, w->fleet, i, now))
            return false;
    return true;
}

static void add_archiver(struct live *l, size_t *n, tstamp_ns now)
{
    char since[TIMEFMT_LEN];
    bool silent = l->archiver_error.code == ERR_DATA;
    if (l->phase == PHASE_BLIND && !(silent && all_in_maintenance(l, now)))
        add(l, n, "archiver", "psmon is blind since %s: the archiver: %s",
            timefmt_iso(since, l->archiver_since), l->archiver_error.msg);
}

static void add_maintenance(struct live *l, size_t *n, tstamp_ns now)
{
    const struct maintenance *m = l->session.world->maintenance;
    for (size_t i = 0; i < m->n; i++) {
        const struct maintenance_period *p = &m->period[i];
        char since[TIMEFMT_LEN];
        if (p->end == MAINTENANCE_OPEN && now - p->start > LONG_MAINTENANCE) {
            add(l, n, "maintenance", "maintenance of %s (%s) has been open since %s: it is not watched",
                p->entry->subject, p->entry->work, timefmt_iso(since, p->start));
            return; /* one alarm stands for all; the report lists each */
        }
    }
}

static void add_upkeep(struct live *l, size_t *n)
{
    const struct history_job *j =
        l->session.history ? history_job_in_trouble(history_jobs(l->session.history), clock_wall()) : NULL;
    if (j)
        add(l, n, "upkeep", "upkeep of the database: %s %s: %s", j->name, history_job_word(j->state),
            j->said);
}

/* What psmon states does not hold: whoever goes by it is to know. */
static void add_chances(struct live *l, size_t *n)
{
    char line[CHANCES_LINE_LEN];
    const struct chances *c = live_chances(l);
    if (c && chances_broken(c))
        add(l, n, "chance", "%s", chances_line(line, c));
}

/* Room for three days of history, or, where that is kept on a server of the site, for spool and models. */
static const char *describe_disk(const struct live *l, char out[DISK_TEXT_LEN])
{
    const struct settings *s = l->session.world->settings;
    enum pg_disk disk = pg_disk(l->session.pg);
    int64_t room = s->state_dir ? file_space(s->state_dir) : INT64_MAX;
    out[0] = '\0';
    if (disk == PG_DISK_REFUSES)
        snprintf(out, DISK_TEXT_LEN, "the disk of %.100s takes nothing: %s", s->state_dir,
                 pg_away(l->session.pg) ? "alarms are in memory only" : "only the database keeps alarms");
    else if (disk == PG_DISK_SHORT || room < (s->database_url.clear ? SPOOL_ROOM : HISTORY_ROOM))
        snprintf(out, DISK_TEXT_LEN, "the disk of %.100s is nearly full: %" PRId64 " MB are left",
                 s->state_dir, room / 1000000);
    return out;
}

size_t live_conditions(struct live *l, tstamp_ns now)
{
    size_t n = 0;
    add_archiver(l, &n, now);
    session_model_trouble(&l->session, l->model_trouble, sizeof l->model_trouble);
    if (*l->model_trouble)
        add(l, &n, l->session.world->model && l->session.model_error.code == 0 ? "fleet" : "model", "%s",
            l->model_trouble);
    if (pg_away(l->session.pg))
        add(l, &n, "database", "the database is away: alarms %s, scores will be recomputed",
            pg_disk(l->session.pg) == PG_DISK_REFUSES ? "are in memory only" : "are spooled");
    if (*describe_disk(l, l->disk_text))
        add(l, &n, "disk", "%s", l->disk_text);
    if (l->page_failures >= PAGE_MISSED)
        add(l, &n, "page", "the page on %s does not answer psmon's own test: it was opened again",
            l->session.world->settings->http_listen);
    add_upkeep(l, &n);
    live_clock_trouble(l, l->clock_trouble, sizeof l->clock_trouble);
    if (*l->clock_trouble)
        add(l, &n, "clock", "%s", l->clock_trouble);
    add_coverage(l, &n);
    add_valueless(l, &n);
    add_chances(l, &n);
    add_maintenance(l, &n, now);
    return n;
}

static const char *describe_phase(struct live *l)
{
    const struct tick *t = &l->session.pipeline->tick;
    switch (l->phase) {
    case PHASE_LIVE: return l->session.world->model ? "live" : "live, without a model";
    case PHASE_BLIND: return "blind: archiver away";
    case PHASE_CATCHING_UP: break;
    }
    double all = (double)(l->span_to - l->span_from), done = (double)(t->t - l->span_from);
    snprintf(l->phase_text, sizeof l->phase_text, "catching up %.0f %%",
             t->t && all > 0 && done > 0 ? 100 * done / all : 0.0);
    return l->phase_text;
}

const struct snapshot *live_snapshot(void *arg)
{
    struct live *l = arg;
    struct session *s = &l->session;
    struct pipeline *p = s->pipeline;
    struct snapshot *v = &l->snapshot;
    v->settings = l->session.world->settings;
    v->fleet = l->session.world->fleet;
    v->maintenance = l->session.world->maintenance;
    v->scorer = p->tick.t ? p->scorer : NULL;
    v->alerts = s->alerts;
    v->tick = p->tick.t ? &p->tick : NULL;
    v->trace_value = p->trace_value;
    v->trace_residual = p->trace_residual;
    v->trace_len = TRACE_STEPS;
    v->trace_head = p->trace_head;
    v->trace_step = TRACE_STEP;
    v->trace_end = p->trace_end;
    v->now = live_now(l);
    v->run = s->run;
    v->model = s->world->model_name;
    v->phase = describe_phase(l);
    v->archiver_up = l->archiver_up;
    v->archiver_reached = l->archiver_reached;
    v->database_up = !pg_away(s->pg);
    v->disk_refuses = pg_disk(s->pg) == PG_DISK_REFUSES;
    v->disk = describe_disk(l, l->disk_text);
    v->model_loaded = s->world->model != NULL;
    session_model_trouble(s, l->model_trouble, sizeof l->model_trouble);
    v->model_trouble = l->model_trouble;
    live_clock_trouble(l, l->clock_trouble, sizeof l->clock_trouble);
    v->clock_trouble = l->clock_trouble;
    v->archiver_error = l->archiver_up ? "" : l->archiver_error.msg;
    v->archiver_since = l->archiver_since;
    v->db_failures = pg_failures(s->pg);
    v->db_queued = pg_queued(s->pg);
    v->jobs = s->history ? history_jobs(s->history) : NULL;
    v->report = weekly_shown(s->weekly);
    v->list = p->ranked ? &p->list : NULL;
    v->chances = live_chances(l);
    return v;
}

void live_show_stages(struct live *l)
{
    struct session *s = &l->session;
    l->snapshot.tick_seconds = s->step_seconds;
    l->snapshot.store_seconds = s->store_seconds;
    tstamp_ns now = clock_monotonic();
    if (l->stages_shown && now - l->stages_shown < STAGES_EVERY)
        return;
    l->stages_shown = now;
    const struct tick *t = &s->pipeline->tick;
    char at[TIMEFMT_LEN];
    log_info("tick", "at=%s poll_ms=%.0f compute_ms=%.2f store_ms=%.2f scored=%u of=%zu findings=%zu",
             timefmt_iso(at, t->t), l->snapshot.poll_seconds * 1e3, s->step_seconds * 1e3,
             s->store_seconds * 1e3, t->ledger[REASON_SCORED], t->n_supplies, t->n_findings);
}
