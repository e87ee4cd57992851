/* Occurrences, outbox and database together; see alerts.h. One transaction per tick that changed
 * something: rows of alarms, their transitions, their messages. SPDX-License-Identifier: MIT */
#include "alerts/alerts.h"

#include "alerts/message.h"
#include "alerts/occurrences.h"
#include "alerts/outbox.h"
#include "alerts/store.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time/clock.h"
#include "base/time/timefmt.h"

#include <stdlib.h>
#include <string.h>

#define EXPIRE (30 * NS_PER_DAY) /* returned and never acknowledged for so long: over */
#define TIMER_MS 250
#define ACK_POLL_S 2
#define RESTORE_RETRY_S 5
#define OPEN_WAIT_S 30

struct alerts {
    uv_loop_t *loop;
    struct pg *pg;
    struct occurrences *occurrences;
    struct outbox *outbox;
    char *run, *source;
    bool send;
    struct alerts_condition *conditions; /* the caller's and the outbox's of one tick */
    size_t cap_conditions, n_webhooks;
    uv_timer_t timer;
    bool restored, restoring, closing;
    tstamp_ns opened; /* wall clock */
    int parts;        /* timer, outbox, queries and transactions under way: freed with the last */
    tstamp_ns next_restore, next_acks, next_heartbeat, heartbeat; /* monotonic */
};

static void release(struct alerts *a)
{
    if (--a->parts > 0)
        return;
    occurrences_free(a->occurrences);
    outbox_free(a->outbox);
    free(a->conditions);
    free(a->run);
    free(a->source);
    free(a);
}

/* A transaction on its way to the disk. */
struct commit {
    struct alerts *alerts;
    uint64_t number; /* of outbox_end */
};

/* What disk and database refuse is told all the same, for an alarm that is never told is worse than one that
 * nobody remembers should psmon die now; but the message says so. */
static void on_taken(void *arg, enum pg_taken how)
{
    struct commit *c = arg;
    if (how == PG_IN_MEMORY)
        log_error("alerts", "disk and database refuse alarm changes: told as what is in memory only");
    if (!c->alerts->closing && how != PG_LEFT)
        outbox_release(c->alerts->outbox, c->number, how == PG_SAFE);
    if (how == PG_IN_MEMORY)
        return;
    release(c->alerts);
    free(c);
}

/* Takes txn; once it is safe, its messages may go. */
static void commit(struct alerts *a, struct pg_txn *txn)
{
    if (pg_txn_size(txn) == 0) { /* every message has a row: there is none */
        pg_txn_free(txn);
        return;
    }
    struct commit *c = xcalloc(1, sizeof *c);
    *c = (struct commit){a, outbox_end(a->outbox)};
    a->parts++;
    pg_submit_durable(a->pg, txn, on_taken, c);
}

/* The caller's conditions and the outbox's, into a->conditions. */
static size_t gather(struct alerts *a, const struct alerts_condition *conditions, size_t n)
{
    xgrow(&a->conditions, &a->cap_conditions, n + a->n_webhooks + 1, sizeof *a->conditions);
    if (n)
        memcpy(a->conditions, conditions, n * sizeof *conditions);
    return n + outbox_troubles(a->outbox, a->conditions + n);
}

void alerts_step(struct alerts *a, tstamp_ns now, const struct finding *findings, size_t n,
                 const struct alerts_condition *conditions, size_t n_conditions, bool quiet)
{
    size_t all = gather(a, conditions, n_conditions);
    commit(a, occurrences_step(a->occurrences, now, findings, n, a->conditions, all, quiet));
}

void alerts_step_blind(struct alerts *a, tstamp_ns now, const struct alerts_condition *conditions, size_t n)
{
    size_t all = gather(a, conditions, n);
    commit(a, occurrences_step_blind(a->occurrences, now, a->conditions, all));
}

/* ---- what the database knows ---- */

/* $1: the run, $2: when we began. */
static void ask(struct alerts *a, const char *sql, int n_params,
                void (*done)(void *arg, const struct pg_rows *rows))
{
    char opened[TIMEFMT_LEN];
    const char *const params[] = {a->run, timefmt_iso(opened, a->opened)};
    a->parts++;
    pg_query(a->pg, sql, n_params, params, done, a);
}

static void restore_failed(struct alerts *a)
{
    a->restoring = false;
    a->next_restore = clock_monotonic() + RESTORE_RETRY_S * NS_PER_S;
}

static void on_outbox_rows(void *arg, const struct pg_rows *rows)
{
    struct alerts *a = arg;
    if (!a->closing && !rows)
        restore_failed(a);
    if (!a->closing && rows) {
        outbox_restore(a->outbox, rows, false);
        a->restored = true;
        const struct alarm_view *v;
        size_t n = occurrences_views(a->occurrences, &v);
        if (n > 0 || rows->n_rows > 0)
            log_info("alerts", "restored: run=%s alarms=%zu undelivered=%d", a->run, n, rows->n_rows);
    }
    release(a);
}

static void on_alarm_rows(void *arg, const struct pg_rows *rows)
{
    struct alerts *a = arg;
    if (!a->closing && !rows)
        restore_failed(a);
    if (!a->closing && rows) {
        commit(a, occurrences_restore(a->occurrences, rows));
        ask(a, store_waiting_sql, 2, on_outbox_rows);
    }
    release(a);
}

static void on_ack_rows(void *arg, const struct pg_rows *rows)
{
    struct alerts *a = arg;
    if (!a->closing && rows && rows->n_rows > 0)
        commit(a, occurrences_acknowledge(a->occurrences, rows));
    release(a);
}

static void on_resent_rows(void *arg, const struct pg_rows *rows)
{
    struct alerts *a = arg;
    if (!a->closing && rows && rows->n_rows > 0)
        outbox_restore(a->outbox, rows, true);
    release(a);
}

/* ---- the clock ---- */

static void beat(struct alerts *a)
{
    struct alerts_stats s = {0};
    const struct alarm_view *v;
    size_t open = 0, n = occurrences_views(a->occurrences, &v);
    for (size_t i = 0; i < n; i++)
        open += v[i].raised != 0;
    outbox_stats(a->outbox, &s);
    char *text =
        message_heartbeat(clock_wall() / NS_PER_S * NS_PER_S, a->run, a->source, open, s.outbox_depth);
    outbox_heartbeat(a->outbox, text);
    free(text);
}

static bool due(tstamp_ns *next, tstamp_ns now, tstamp_ns interval)
{
    if (now < *next)
        return false;
    *next = now + interval;
    return true;
}

static void on_timer(uv_timer_t *timer)
{
    struct alerts *a = timer->data;
    tstamp_ns now = clock_monotonic();
    if (!a->restored && !a->restoring && pg_up(a->pg) && due(&a->next_restore, now, 0)) {
        a->restoring = true;
        ask(a, store_restore_sql, 1, on_alarm_rows);
    }
    if (a->send && a->restored && pg_up(a->pg) && due(&a->next_acks, now, ACK_POLL_S * NS_PER_S)) {
        ask(a,
            "SELECT occurrence, by_whom, note, (extract(epoch FROM at) * 1000000)::bigint FROM "
            "alarm_acks"
            " WHERE run = $1 AND applied_at IS NULL ORDER BY at",
            1, on_ack_rows);
        ask(a, store_resent_sql, 1, on_resent_rows);
    }
    if (a->heartbeat > 0 && due(&a->next_heartbeat, now, a->heartbeat))
        beat(a);
    outbox_tick(a->outbox);
}

static void on_timer_closed(uv_handle_t *h)
{
    release(h->data);
}

static void on_outbox_idle(void *arg)
{
    release(arg);
}

/* ---- opening, closing ---- */

/* Waits for what the database knows, when there is a database to ask. */
static void wait_restored(struct alerts *a, const char *conninfo)
{
    struct err err = {0};
    tstamp_ns until = clock_monotonic() + OPEN_WAIT_S * NS_PER_S;
    if (pg_run(conninfo, "SELECT 1", 0, NULL, NULL, &err) != 0) {
        log_warning("alerts", "state not restored yet, it will be when the database is back: %s", err.msg);
        return;
    }
    while (!a->restored && clock_monotonic() < until)
        uv_run(a->loop, UV_RUN_ONCE);
    if (!a->restored)
        log_warning("alerts", "state not restored yet: the database is behind or refuses");
}

int alerts_open(struct alerts **out, uv_loop_t *loop, struct pg *pg, const char *conninfo, struct http *http,
                const struct alerts_options *o, struct err *err)
{
    struct alerts *a = xcalloc(1, sizeof *a);
    if (outbox_open(&a->outbox, pg, http, o, on_outbox_idle, a, err) != 0) {
        free(a);
        return err->code;
    }
    a->loop = loop;
    a->pg = pg;
    a->run = xstrdup(o->run);
    a->source = xstrdup(o->source ? o->source : "");
    a->send = o->send;
    a->occurrences = occurrences_new(o, &(struct alarm_rule){o->on_delay, o->off_delay, EXPIRE}, a->outbox);
    a->heartbeat = o->send ? o->heartbeat : 0;
    a->n_webhooks = o->n_webhooks;
    a->opened = clock_wall();
    a->parts = 2;                  /* timer and outbox */
    a->next_heartbeat = INT64_MAX; /* the first one tells what is known after restoring */
    uv_timer_init(loop, &a->timer);
    a->timer.data = a;
    uv_timer_start(&a->timer, on_timer, 0, 20);
    wait_restored(a, conninfo);
    a->next_heartbeat = 0;
    uv_timer_start(&a->timer, on_timer, TIMER_MS, TIMER_MS);
    *out = a;
    return 0;
}

int alerts_change(struct alerts *a, const struct alerts_options *o, struct err *err)
{
    occurrences_regroup(a->occurrences, o->fleet);
    int rc = outbox_change(a->outbox, o->webhooks, a->send ? o->n_webhooks : 0, err);
    if (rc == 0)
        a->n_webhooks = o->n_webhooks;
    return rc;
}

void alerts_close(struct alerts *a)
{
    if (!a)
        return;
    a->closing = true;
    uv_close((uv_handle_t *)&a->timer, on_timer_closed);
    outbox_close(a->outbox);
}

size_t alerts_active(const struct alerts *a, const struct alarm_view **out)
{
    return occurrences_views(a->occurrences, out);
}

void alerts_stats(const struct alerts *a, struct alerts_stats *out)
{
    *out = (struct alerts_stats){.transitions = occurrences_transitions(a->occurrences)};
    outbox_stats(a->outbox, out);
}
