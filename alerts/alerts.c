/* From findings to alarms to messages; see alerts.h. One transaction per tick that changed something: rows of
 * alarms, their transitions, their messages. Identifiers are made of what happened, never of when it was written, so a
 * tick that is computed again after a crash makes the same rows again. SPDX-License-Identifier: MIT */
#include "alerts/alerts.h"

#include "alerts/occurrence.h"
#include "alerts/outbox.h"
#include "alerts/store.h"
#include "alerts/webhook.h"
#include "base/clock.h"
#include "base/hashmap.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/timefmt.h"

#include <math.h>
#include <stdio.h>
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
    struct outbox *outbox;
    char *run, *source;
    bool send;
    struct alarm_rule rule;
    struct occurrence **occ; /* oldest first; those that are over stay for STORE_REMEMBER */
    size_t n, cap;
    struct hashmap *by_finding; /* index in occ of the latest with that finding; NULL: to be made */
    struct pg_txn *txn;      /* being built */
    tstamp_ns now;           /* data time of the last tick; 0: none yet */
    bool quiet;
    struct alerts_condition *conditions; /* the caller's and the outbox's, room for both */
    size_t cap_conditions, n_webhooks;
    struct alarm_view *view;
    size_t n_view, cap_view;
    unsigned long transitions;
    uv_timer_t timer;
    bool restored, restoring, closing;
    tstamp_ns opened; /* wall clock */
    int parts; /* timer, outbox, queries under way: freed with the last */
    tstamp_ns next_restore, next_acks, next_heartbeat, heartbeat; /* monotonic */
};

/* ---- the set of occurrences ---- */

/* Its condition is followed: a finding can hold it. */
static bool alive(const struct occurrence *o)
{
    return o->alarm.state == ALARM_PENDING || o->alarm.state == ALARM_UNACK ||
           o->alarm.state == ALARM_ACK;
}

static bool raised(const struct occurrence *o)
{
    return o->alarm.state == ALARM_UNACK || o->alarm.state == ALARM_ACK;
}

static void forget_map(struct alerts *a)
{
    hashmap_free(a->by_finding);
    a->by_finding = NULL;
}

static struct occurrence *with_finding(struct alerts *a, const char *id)
{
    if (!a->by_finding) {
        a->by_finding = hashmap_new();
        for (int pass = 0; pass < 2; pass++) /* those that are alive win */
            for (size_t i = 0; i < a->n; i++)
                if (alive(a->occ[i]) == (pass == 1))
                    hashmap_put(a->by_finding, a->occ[i]->finding.id, (int32_t)i);
    }
    int32_t i = hashmap_get(a->by_finding, id);
    return i < 0 ? NULL : a->occ[i];
}

static struct occurrence *with_id(struct alerts *a, const char *id)
{
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->occ[i]->id, id) == 0)
            return a->occ[i];
    return NULL;
}

static struct occurrence *append(struct alerts *a, const struct occurrence *o)
{
    struct occurrence *copy = xcalloc(1, sizeof *copy);
    *copy = *o;
    xgrow(&a->occ, &a->cap, a->n + 1, sizeof(struct occurrence *));
    a->occ[a->n++] = copy;
    if (a->by_finding)
        hashmap_put(a->by_finding, copy->finding.id, (int32_t)a->n - 1);
    return copy;
}

/* What is over and told is kept a while, so that a tick computed again finds it. */
static void forget_old(struct alerts *a)
{
    size_t kept = 0;
    for (size_t i = 0; i < a->n; i++) {
        struct occurrence *o = a->occ[i];
        if (o->alarm.state == ALARM_NORMAL && !o->owed && a->now - o->alarm.since > STORE_REMEMBER)
            free(o);
        else
            a->occ[kept++] = o;
    }
    if (kept != a->n)
        forget_map(a);
    a->n = kept;
}

static void refresh_views(struct alerts *a)
{
    a->n_view = 0;
    for (size_t i = 0; i < a->n; i++) {
        const struct occurrence *o = a->occ[i];
        if (o->alarm.state == ALARM_NORMAL)
            continue;
        xgrow(&a->view, &a->cap_view, a->n_view + 1, sizeof *a->view);
        a->view[a->n_view++] = (struct alarm_view){
            .occurrence = o->id, .subject = o->finding.subject, .class = occurrence_class(o),
            .state = alarm_state_name(o->alarm.state), .text = o->finding.reason,
            .acknowledged_by = o->acknowledged_by, .note = o->note, .raised = o->alarm.raised,
            .returned = o->alarm.returned, .chance = o->finding.chance,
            .acknowledged = o->acknowledged != 0};
    }
}

/* ---- telling ---- */

static void begin(struct alerts *a)
{
    a->txn = pg_txn_new();
}

/* Everything since begin as one transaction; once it is safe, its messages may go. */
static void commit(struct alerts *a)
{
    for (size_t i = 0; i < a->n; i++) {
        if (a->occ[i]->dirty)
            store_save(a->txn, a->run, a->occ[i]);
        a->occ[i]->dirty = false;
    }
    if (pg_txn_size(a->txn) == 0)
        pg_txn_free(a->txn);
    else if (!pg_submit(a->pg, a->txn, true, NULL, NULL))
        log_error("alerts", "alarm changes could not be kept: there is no spool");
    a->txn = NULL;
    outbox_release(a->outbox);
    refresh_views(a);
}

static void send_message(struct alerts *a, struct occurrence *o, enum alarm_event_kind kind, tstamp_ns t,
                         const char *continued_as)
{
    char id[WEBHOOK_ID_LEN], type[64];
    webhook_id(id, a->run, o->id, kind);
    snprintf(type, sizeof type, WEBHOOK_TYPE_PREFIX "%s", alarm_event_name(kind));
    char *body = webhook_body(o, kind, t, a->run, a->source, continued_as);
    outbox_add(a->outbox, a->txn,
               &(struct outbox_message){id, o->id, type, body, kind == ALARM_RETURNED});
    free(body);
    o->told |= kind == ALARM_RAISED;
    o->dirty = true;
}

static unsigned bit(enum alarm_event_kind kind)
{
    return 1u << kind;
}

/* People hear of raised, acknowledged and returned; of the latter two only when they heard of the first. */
static void tell(struct alerts *a, struct occurrence *o, enum alarm_event_kind kind, tstamp_ns t)
{
    if (!a->send || (kind != ALARM_RAISED && !o->told && !(o->owed & bit(ALARM_RAISED))))
        return;
    if (a->quiet || o->owed) {
        o->owed |= bit(kind);
        o->dirty = true;
    } else {
        send_message(a, o, kind, t, NULL);
    }
}

/* After ticks that told nothing: what is still open, and the end of what had been told before them. */
static void pay(struct alerts *a, struct occurrence *o)
{
    unsigned owed = o->owed;
    o->owed = 0;
    o->dirty = true;
    if (owed & bit(ALARM_RAISED)) {
        if (!raised(o))
            return;
        send_message(a, o, ALARM_RAISED, o->alarm.raised, NULL);
    }
    if (owed & bit(ALARM_ACKNOWLEDGED))
        send_message(a, o, ALARM_ACKNOWLEDGED, o->acknowledged, NULL);
    if (owed & bit(ALARM_RETURNED))
        send_message(a, o, ALARM_RETURNED, o->alarm.returned, NULL);
}

static void step(struct alerts *a, struct occurrence *o, const struct alarm_input *in);

/* A new life of the same alarm ends the wait for the old one's acknowledgement. */
static void supersede_older(struct alerts *a, const struct occurrence *by)
{
    for (size_t i = 0; i < a->n; i++) {
        struct occurrence *o = a->occ[i];
        if (o != by && o->alarm.state == ALARM_RTN_UNACK && strcmp(o->key, by->key) == 0)
            step(a, o, &(struct alarm_input){.now = a->now, .superseded = true});
    }
}

static void on_event(struct alerts *a, struct occurrence *o, const struct alarm_event *e)
{
    a->transitions++;
    store_transition(a->txn, a->run, o, e);
    if (e->kind == ALARM_RAISED || e->kind == ALARM_RETURNED)
        log_info("alarm", "%s=%s subject=%s class=%s text=\"%s\"", alarm_event_name(e->kind), o->id,
                 o->finding.subject, occurrence_class(o), o->finding.reason);
    if (e->kind == ALARM_RAISED || e->kind == ALARM_RETURNED || e->kind == ALARM_ACKNOWLEDGED)
        tell(a, o, e->kind, e->kind == ALARM_ACKNOWLEDGED ? o->acknowledged : e->t);
    if (e->kind == ALARM_RAISED)
        supersede_older(a, o);
}

static void step(struct alerts *a, struct occurrence *o, const struct alarm_input *in)
{
    struct alarm_event event[ALARM_EVENTS_MAX];
    bool was_alive = alive(o);
    tstamp_ns since = o->alarm.since, absent = o->alarm.absent;
    int n = alarm_step(&o->alarm, &a->rule, in, event);
    o->dirty |= n > 0 || o->alarm.since != since || o->alarm.absent != absent;
    if (alive(o) != was_alive)
        forget_map(a);
    for (int i = 0; i < n; i++)
        on_event(a, o, &event[i]);
}

/* ---- findings and conditions to occurrences ---- */

static void take_finding(struct occurrence *o, const struct finding *f)
{
    o->finding = *f;
    webhook_clean(o->finding.id);
    webhook_clean(o->finding.subject);
    webhook_clean(o->finding.signal);
    webhook_clean(o->finding.unit);
    webhook_clean(o->finding.reason);
    for (size_t i = 0; i < f->n_by && i < FINDING_CONTRIBUTORS; i++) {
        webhook_clean(o->finding.by[i].signal);
        webhook_clean(o->finding.by[i].unit);
    }
}

/* The same supply can miss several signals at once; what its physics says is one thing at a time. */
static void key_of(char out[OCCURRENCE_KEY_LEN], const struct finding *f, bool monitor)
{
    const char *detector = monitor ? MONITOR_WORD : detector_name(f->detector);
    bool by_signal = monitor || f->class == CLASS_DATA;
    snprintf(out, OCCURRENCE_KEY_LEN, "%s|%s%s%s", f->subject, detector, by_signal ? "|" : "",
             by_signal ? f->signal : "");
    webhook_clean(out);
}

/* A raised occurrence of this key whose own finding has gone: the next finding continues it (off-delay, or the
 * finding got a new name over a restart). */
static struct occurrence *to_continue(struct alerts *a, const char *key)
{
    for (size_t i = 0; i < a->n; i++)
        if (raised(a->occ[i]) && !a->occ[i]->present && strcmp(a->occ[i]->key, key) == 0)
            return a->occ[i];
    return NULL;
}

/* A finding's first occurrence has its name; a later one, after the first had returned, a number besides. */
static void name_occurrence(struct alerts *a, struct occurrence *o)
{
    unsigned before = 0;
    for (size_t i = 0; i < a->n; i++)
        before += strcmp(a->occ[i]->finding.id, o->finding.id) == 0;
    if (before == 0)
        snprintf(o->id, sizeof o->id, "%s", o->finding.id);
    else
        snprintf(o->id, sizeof o->id, "%.*s-%u", FINDING_ID_LEN, o->finding.id, before + 1);
}

static void present_new(struct alerts *a, const struct finding *f, bool monitor)
{
    struct occurrence o = {.monitor = monitor};
    take_finding(&o, f);
    key_of(o.key, &o.finding, monitor);
    struct occurrence *old = to_continue(a, o.key);
    if (old) {
        take_finding(old, f);
        old->present = old->dirty = true;
        forget_map(a);
        return;
    }
    name_occurrence(a, &o);
    o.present = true;
    append(a, &o);
}

static void mark_findings(struct alerts *a, const struct finding *findings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct occurrence *o = with_finding(a, findings[i].id);
        if (!o || !alive(o))
            continue;
        take_finding(o, &findings[i]);
        o->present = findings[i].closed == 0;
    }
    for (size_t i = 0; i < n; i++) {
        const struct finding *f = &findings[i];
        const struct occurrence *o = with_finding(a, f->id);
        /* one that ended at or after this tick has lived through it already */
        if (f->closed == 0 && (!o || (!alive(o) && !o->present && o->alarm.since < a->now)))
            present_new(a, f, false);
    }
}

/* A condition of psmon's own has no finding: one is made up, named after the tick it begins in. */
static void mark_condition(struct alerts *a, const struct alerts_condition *c)
{
    struct finding f = {.subject = MONITOR_SUBJECT, .supply = -1, .onset = a->now, .first_seen = a->now,
                        .last_seen = a->now, .chance = NAN, .size = NAN};
    char key[OCCURRENCE_KEY_LEN], hex[2 * DIGEST_LEN + 1], what[256];
    uint8_t sha[DIGEST_LEN];
    snprintf(f.signal, sizeof f.signal, "%s", c->name);
    snprintf(f.reason, sizeof f.reason, "%s", c->text);
    key_of(key, &f, true);
    for (size_t i = 0; i < a->n; i++) {
        struct occurrence *o = a->occ[i];
        if (strcmp(o->key, key) != 0)
            continue;
        if (alive(o)) {
            o->present = true;
            snprintf(o->finding.reason, sizeof o->finding.reason, "%s", c->text);
            webhook_clean(o->finding.reason);
            return;
        }
        if (o->alarm.since >= a->now)
            return; /* lived through already */
    }
    snprintf(what, sizeof what, "%s\n%s\n%lld", a->run, c->name, (long long)a->now);
    digest_sha256(sha, what, strlen(what));
    snprintf(f.id, sizeof f.id, "psmon-%.20s", digest_hex(hex, sha, sizeof sha));
    present_new(a, &f, true);
}

void alerts_step(struct alerts *a, tstamp_ns now, const struct finding *findings, size_t n,
                 const struct alerts_condition *conditions, size_t n_conditions, bool quiet)
{
    a->now = now;
    a->quiet = quiet;
    xgrow(&a->conditions, &a->cap_conditions, a->n_webhooks + 1, sizeof *a->conditions);
    size_t n_troubles = outbox_troubles(a->outbox, a->conditions);
    begin(a);
    for (size_t i = 0; i < a->n; i++)
        a->occ[i]->present = false;
    mark_findings(a, findings, n);
    for (size_t i = 0; i < n_conditions; i++)
        mark_condition(a, &conditions[i]);
    for (size_t i = 0; i < n_troubles; i++)
        mark_condition(a, &a->conditions[i]);
    for (size_t i = 0; i < a->n; i++)
        step(a, a->occ[i], &(struct alarm_input){.now = now, .present = a->occ[i]->present});
    for (size_t i = 0; i < a->n && !quiet; i++)
        if (a->occ[i]->owed)
            pay(a, a->occ[i]);
    forget_old(a);
    commit(a);
}

/* ---- acknowledgements ---- */

static tstamp_ns of_us(const char *us)
{
    return strtoll(us, NULL, 10) * 1000;
}

/* v: occurrence, by, note, at. The command has changed the row already; here it becomes the state and a message. */
static void take_ack(struct alerts *a, char *const v[])
{
    const char *const params[] = {a->run, v[0]};
    struct occurrence *o = with_id(a, v[0]);
    if (o && o->ack_taken)
        return;
    if (o) {
        tstamp_ns now = a->now > o->alarm.since ? a->now : o->alarm.since;
        bool open = o->alarm.state == ALARM_UNACK || o->alarm.state == ALARM_RTN_UNACK;
        o->ack_taken = o->dirty = true;
        o->acknowledged = of_us(v[3]);
        snprintf(o->acknowledged_by, sizeof o->acknowledged_by, "%s", v[1]);
        snprintf(o->note, sizeof o->note, "%s", v[2]);
        if (open)
            step(a, o, &(struct alarm_input){.now = now, .present = o->alarm.absent == 0, .ack = true});
        else
            tell(a, o, ALARM_ACKNOWLEDGED, o->acknowledged);
    }
    pg_txn_add(a->txn,
               "UPDATE alarm_acks SET applied_at = now()"
               " WHERE run = $1 AND occurrence = $2 AND applied_at IS NULL",
               2, params);
}

/* ---- what the database knew before us ---- */

/* Another occurrence lives for what `old`, read from the database, has been about all along: the old one goes on. */
static void merge_into(struct alerts *a, struct occurrence *old)
{
    for (size_t i = 0; i < a->n; i++) {
        struct occurrence *o = a->occ[i];
        if (o == old || !alive(o) || strcmp(o->key, old->key) != 0)
            continue;
        take_finding(old, &o->finding);
        bool told = o->told;
        step(a, o, &(struct alarm_input){.now = a->now, .superseded = true});
        if (told)
            send_message(a, o, ALARM_RETURNED, a->now, old->id);
        forget_map(a);
    }
}

static void merge_row(struct alerts *a, char *const v[])
{
    struct occurrence row;
    store_parse(&row, v);
    struct occurrence *mine = with_id(a, row.id);
    if (mine && mine->alarm.pending == row.alarm.pending)
        return; /* written by this very process */
    if (mine) {
        *mine = row;
        forget_map(a);
        return;
    }
    mine = append(a, &row);
    forget_map(a);
    if (raised(mine))
        merge_into(a, mine);
}

static void release(struct alerts *a)
{
    if (--a->parts > 0)
        return;
    outbox_free(a->outbox);
    for (size_t i = 0; i < a->n; i++)
        free(a->occ[i]);
    free(a->occ);
    forget_map(a);
    free(a->conditions);
    free(a->view);
    free(a->run);
    free(a->source);
    free(a);
}

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
        outbox_restore(a->outbox, rows);
        a->restored = true;
        if (a->n > 0 || rows->n_rows > 0)
            log_info("alerts", "restored: run=%s alarms=%zu undelivered=%d", a->run, a->n_view, rows->n_rows);
    }
    release(a);
}

static void on_alarm_rows(void *arg, const struct pg_rows *rows)
{
    struct alerts *a = arg;
    if (!a->closing && !rows)
        restore_failed(a);
    if (!a->closing && rows) {
        begin(a);
        for (int i = 0; i < rows->n_rows; i++)
            merge_row(a, &rows->value[i * rows->n_columns]);
        commit(a);
        ask(a, outbox_restore_sql, 2, on_outbox_rows);
    }
    release(a);
}

static void on_ack_rows(void *arg, const struct pg_rows *rows)
{
    struct alerts *a = arg;
    if (!a->closing && rows && rows->n_rows > 0) {
        begin(a);
        for (int i = 0; i < rows->n_rows; i++)
            take_ack(a, &rows->value[i * rows->n_columns]);
        commit(a);
    }
    release(a);
}

/* ---- the clock ---- */

static void beat(struct alerts *a)
{
    struct alerts_stats s = {0};
    size_t open = 0;
    for (size_t i = 0; i < a->n_view; i++)
        open += a->view[i].raised != 0;
    outbox_stats(a->outbox, &s);
    char *body = webhook_heartbeat(clock_wall(), a->run, a->source, open, s.outbox_depth);
    outbox_heartbeat(a->outbox, body);
    free(body);
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
    if (a->send && a->restored && pg_up(a->pg) && due(&a->next_acks, now, ACK_POLL_S * NS_PER_S))
        ask(a,
            "SELECT occurrence, by_whom, note, (extract(epoch FROM at) * 1000000)::bigint FROM alarm_acks"
            " WHERE run = $1 AND applied_at IS NULL ORDER BY at",
            1, on_ack_rows);
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

int alerts_open(struct alerts **out, uv_loop_t *loop, struct pg *pg, const char *conninfo,
                struct http *http, const struct alerts_options *o, struct err *err)
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
    a->rule = (struct alarm_rule){o->on_delay, o->off_delay, EXPIRE};
    a->heartbeat = o->send ? o->heartbeat : 0;
    a->n_webhooks = o->n_webhooks;
    a->opened = clock_wall();
    a->parts = 2; /* timer and outbox */
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
    *out = a->view;
    return a->n_view;
}

void alerts_stats(const struct alerts *a, struct alerts_stats *out)
{
    *out = (struct alerts_stats){.transitions = a->transitions};
    outbox_stats(a->outbox, out);
}
