/* The occurrences of a run; see occurrences.h. Identifiers are made of what happened, never of when it was
 * written, so a tick that is computed again after a crash makes the same rows again.
 * SPDX-License-Identifier: MIT */
#include "alerts/occurrences.h"

#include "alerts/parts.h"
#include "alerts/store.h"
#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the set of occurrences ---- */

bool occurrence_alive(const struct occurrence *o)
{
    return o->alarm.state == ALARM_PENDING || occurrence_raised(o);
}

bool occurrence_raised(const struct occurrence *o)
{
    return o->alarm.state == ALARM_UNACK || o->alarm.state == ALARM_ACK;
}

static void forget_map(struct occurrences *s)
{
    hashmap_free(s->by_finding);
    s->by_finding = NULL;
    s->n_at = 0;
}

static void put(struct occurrences *s, size_t occurrence, size_t child)
{
    xgrow(&s->at, &s->cap_at, s->n_at + 1, sizeof *s->at);
    s->at[s->n_at] = (struct finding_at){occurrence, child};
    hashmap_put(s->by_finding, s->occ[occurrence]->child[child].finding.id, (int32_t)s->n_at++);
}

static void make_map(struct occurrences *s)
{
    s->by_finding = hashmap_new();
    for (int pass = 0; pass < 2; pass++) /* those that are alive win */
        for (size_t i = 0; i < s->n; i++)
            for (size_t k = 0; k < s->occ[i]->n_children && occurrence_alive(s->occ[i]) == (pass == 1); k++)
                put(s, i, k);
}

struct occurrence *set_with_finding(struct occurrences *s, const char *id, struct alarm_child **child)
{
    if (!s->by_finding)
        make_map(s);
    int32_t at = hashmap_get(s->by_finding, id);
    if (at < 0)
        return NULL;
    struct occurrence *o = s->occ[s->at[at].occurrence];
    if (child)
        *child = &o->child[s->at[at].child];
    return o;
}

void set_put_child(struct occurrences *s, const struct occurrence *o, size_t i)
{
    size_t at = s->n;
    while (s->by_finding && at-- > 0)
        if (s->occ[at] == o) {
            put(s, at, i);
            return;
        }
}

static struct occurrence *with_id(struct occurrences *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->occ[i]->id, id) == 0)
            return s->occ[i];
    return NULL;
}

struct occurrence *set_append(struct occurrences *s, const struct occurrence *o)
{
    struct occurrence *copy = xcalloc(1, sizeof *copy);
    *copy = *o;
    xgrow(&s->occ, &s->cap, s->n + 1, sizeof(struct occurrence *));
    s->occ[s->n++] = copy;
    return copy;
}

static void occurrence_free(struct occurrence *o)
{
    free(o->child);
    free(o);
}

/* What is over and told is kept a while, so that a tick computed again finds it. */
static void forget_old(struct occurrences *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct occurrence *o = s->occ[i];
        if (o->alarm.state == ALARM_NORMAL && !o->owed && s->now - o->alarm.since > STORE_REMEMBER)
            occurrence_free(o);
        else
            s->occ[kept++] = o;
    }
    if (kept != s->n)
        forget_map(s);
    s->n = kept;
}

static struct alarm_view view_of(const struct occurrence *o)
{
    struct alarm_view v = {.occurrence = o->id,
                           .subject = o->finding.subject,
                           .class = occurrence_class(o),
                           .state = alarm_state_name(o->alarm.state),
                           .text = o->finding.reason,
                           .acknowledged_by = o->acknowledged_by,
                           .note = o->note,
                           .flood = o->flood,
                           .raised = o->alarm.raised,
                           .returned = o->alarm.returned,
                           .chance = o->finding.chance,
                           .acknowledged = o->acknowledged != 0,
                           .supplies = occurrence_supplies(o),
                           .n_findings = o->n_children,
                           .n_open = occurrence_n_open(o),
                           .children = o->child};
    return v;
}

static void refresh_views(struct occurrences *s)
{
    s->n_view = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (s->occ[i]->alarm.state == ALARM_NORMAL)
            continue;
        xgrow(&s->view, &s->cap_view, s->n_view + 1, sizeof *s->view);
        s->view[s->n_view++] = view_of(s->occ[i]);
    }
}

const struct finding *alerts_child(const struct alarm_view *v, size_t i)
{
    assert(i < v->n_findings);
    return &v->children[i].finding;
}

/* ---- steps ---- */

/* A new life of the same alarm ends the wait for the old one's acknowledgement. */
static void supersede_older(struct occurrences *s, const struct occurrence *by)
{
    for (size_t i = 0; i < s->n; i++) {
        struct occurrence *o = s->occ[i];
        if (o != by && o->alarm.state == ALARM_RTN_UNACK && strcmp(o->key, by->key) == 0)
            set_step(s, o, &(struct alarm_input){.now = s->now, .superseded = true});
    }
}

static void on_event(struct occurrences *s, struct occurrence *o, const struct alarm_event *e)
{
    s->transitions++;
    store_transition(s->txn, s->run, o, e);
    if (e->kind == ALARM_RAISED || e->kind == ALARM_RETURNED)
        log_info("alarm", "%s=%s subject=%s class=%s text=\"%s\"", alarm_event_name(e->kind), o->id,
                 o->finding.subject, occurrence_class(o), o->finding.reason);
    if (e->kind == ALARM_RAISED || e->kind == ALARM_RETURNED || e->kind == ALARM_ACKNOWLEDGED)
        tell(o, e->kind);
    if (e->kind == ALARM_RAISED)
        supersede_older(s, o);
}

/* A flood begins with the alarms it speaks for, and says itself when it is over: no delays. */
static struct alarm_rule rule_of(const struct occurrences *s, const struct occurrence *o)
{
    return tell_is_flood(o) ? (struct alarm_rule){.expire = s->rule.expire} : s->rule;
}

void set_step(struct occurrences *s, struct occurrence *o, const struct alarm_input *in)
{
    struct alarm_event event[ALARM_EVENTS_MAX];
    bool was_alive = occurrence_alive(o);
    tstamp_ns since = o->alarm.since, absent = o->alarm.absent;
    const struct alarm_rule rule = rule_of(s, o);
    int n = alarm_step(&o->alarm, &rule, in, event);
    o->dirty |= n > 0 || o->alarm.since != since || o->alarm.absent != absent;
    if (was_alive && !occurrence_alive(o))
        forget_map(s);
    for (int i = 0; i < n; i++)
        on_event(s, o, &event[i]);
}

/* ---- one change: a tick, an acknowledgement, a row of the database ---- */

static void begin(struct occurrences *s)
{
    s->txn = pg_txn_new();
}

static void save(struct occurrences *s, struct occurrence *o)
{
    if (o->dirty)
        store_save(s->txn, s->run, o);
    o->dirty = false;
    for (size_t i = 0; i < o->n_children; i++) {
        if (o->child[i].dirty)
            store_child(s->txn, s->run, o, &o->child[i]);
        o->child[i].dirty = false;
    }
}

static struct pg_txn *finish(struct occurrences *s)
{
    for (size_t i = 0; i < s->n; i++)
        save(s, s->occ[i]);
    refresh_views(s);
    struct pg_txn *txn = s->txn;
    s->txn = NULL;
    return txn;
}

/* After the findings are marked: conditions, then every occurrence's step; blind: only those of
 * psmon's own. What is quiet is recorded time, which passes a thousand times too fast for these: they say how
 * psmon is now, and their delays are of the present. */
static struct pg_txn *advance(struct occurrences *s, const struct alerts_condition *conditions, size_t n,
                              bool blind)
{
    for (size_t i = 0; i < n && !s->quiet; i++)
        event_mark_condition(s, &conditions[i]);
    if (!s->quiet)
        tell_flood(s);
    for (size_t i = 0; i < s->n; i++) {
        struct occurrence *o = s->occ[i];
        if (o->monitor ? !s->quiet : !blind)
            set_step(s, o, &(struct alarm_input){.now = s->now, .present = o->present});
    }
    if (!s->quiet)
        tell_due(s, blind);
    forget_old(s);
    return finish(s);
}

static void begin_tick(struct occurrences *s, tstamp_ns now, bool quiet)
{
    s->now = now;
    s->quiet = quiet;
    begin(s);
    for (size_t i = 0; i < s->n; i++) {
        s->occ[i]->present = false;
        for (size_t k = 0; k < s->occ[i]->n_children; k++)
            s->occ[i]->child[k].present = false;
    }
}

struct pg_txn *occurrences_step(struct occurrences *s, tstamp_ns now, const struct finding *findings,
                                size_t n, const struct alerts_condition *conditions, size_t n_conditions,
                                bool quiet)
{
    begin_tick(s, now, quiet);
    event_mark_findings(s, findings, n);
    return advance(s, conditions, n_conditions, false);
}

struct pg_txn *occurrences_step_blind(struct occurrences *s, tstamp_ns now,
                                      const struct alerts_condition *conditions, size_t n)
{
    begin_tick(s, now, false);
    return advance(s, conditions, n, true);
}

/* ---- acknowledgements ---- */

static tstamp_ns of_us(const char *us)
{
    return strtoll(us, NULL, 10) * 1000;
}

/* v: occurrence, by, note, at. The command has changed the row already; here it becomes the state
 * and a message. */
static void take_ack(struct occurrences *s, char *const v[])
{
    const char *const params[] = {s->run, v[0]};
    struct occurrence *o = with_id(s, v[0]);
    if (o && o->ack_taken)
        return;
    if (o) {
        tstamp_ns now = s->now > o->alarm.since ? s->now : o->alarm.since;
        bool open = o->alarm.state == ALARM_UNACK || o->alarm.state == ALARM_RTN_UNACK;
        o->ack_taken = o->dirty = true;
        o->acknowledged = of_us(v[3]);
        snprintf(o->acknowledged_by, sizeof o->acknowledged_by, "%s", v[1]);
        snprintf(o->note, sizeof o->note, "%s", v[2]);
        if (open)
            set_step(s, o, &(struct alarm_input){.now = now, .present = o->alarm.absent == 0, .ack = true});
        else
            tell(o, ALARM_ACKNOWLEDGED);
        tell_acknowledged(s, o);
    }
    pg_txn_add(s->txn,
               "UPDATE alarm_acks SET applied_at = now()"
               " WHERE run = $1 AND occurrence = $2 AND applied_at IS NULL",
               2, params);
}

struct pg_txn *occurrences_acknowledge(struct occurrences *s, const struct pg_rows *rows)
{
    begin(s);
    for (int i = 0; i < rows->n_rows; i++)
        take_ack(s, &rows->value[i * rows->n_columns]);
    return finish(s);
}

/* ---- what the database knew before us ---- */

/* Another occurrence lives for what `old`, read from the database, has been about all along: the
 * old one goes on. */
static void merge_into(struct occurrences *s, struct occurrence *old)
{
    for (size_t i = 0; i < s->n; i++) {
        struct occurrence *o = s->occ[i];
        if (o == old || !occurrence_alive(o) || !event_shared(old, o))
            continue;
        if (old->monitor)
            old->finding = o->finding;
        event_adopt(s, old, o);
        bool told = o->told;
        set_step(s, o, &(struct alarm_input){.now = s->now, .superseded = true});
        if (told)
            tell_now(s, o, ALARM_RETURNED, s->now, old->id);
        forget_map(s);
    }
}

/* What lived while the database was away took the name of a life that was over by then: it gets its own, and
 * is told under that, for a receiver drops what comes under the old one. */
static void rename_life(struct occurrences *s, struct occurrence *o)
{
    const struct alarm *a = &o->alarm;
    event_name_life(o->id, &o->finding, a->pending);
    o->dirty = true;
    for (size_t i = 0; i < o->n_children; i++)
        o->child[i].dirty = true;
    store_transition(s->txn, s->run, o,
                     &(struct alarm_event){ALARM_BEGUN, ALARM_NORMAL, ALARM_PENDING, a->pending});
    if (!a->raised)
        return;
    store_transition(s->txn, s->run, o,
                     &(struct alarm_event){ALARM_RAISED, ALARM_PENDING, ALARM_UNACK, a->raised});
    if (o->told)
        tell_now(s, o, ALARM_RAISED, a->raised, NULL);
    if (!a->returned)
        return;
    store_transition(s->txn, s->run, o,
                     &(struct alarm_event){ALARM_RETURNED, ALARM_UNACK, ALARM_RTN_UNACK, a->returned});
    if (o->told)
        tell_now(s, o, ALARM_RETURNED, a->returned, NULL);
}

/* What the database has wins; what this process has found since belongs to it. */
static void replace(struct occurrences *s, struct occurrence *mine, const struct occurrence *row)
{
    struct occurrence was = *mine;
    *mine = *row;
    forget_map(s);
    event_adopt(s, mine, &was);
    free(was.child);
}

static void merge_row(struct occurrences *s, char *const v[])
{
    struct occurrence row;
    store_parse(&row, v);
    for (size_t i = 0; i < row.n_children; i++)
        row.child[i].place = fold_place(s->fleet, row.child[i].finding.subject);
    struct occurrence *mine = with_id(s, row.id);
    if (mine && mine->alarm.pending == row.alarm.pending) {
        free(row.child);
        return; /* written by this very process */
    }
    if (mine && occurrence_alive(&row)) {
        replace(s, mine, &row);
        return;
    }
    if (mine)
        rename_life(s, mine);
    mine = set_append(s, &row);
    forget_map(s);
    if (occurrence_raised(mine))
        merge_into(s, mine);
}

struct pg_txn *occurrences_restore(struct occurrences *s, const struct pg_rows *rows)
{
    begin(s);
    for (int i = 0; i < rows->n_rows; i++)
        merge_row(s, &rows->value[i * rows->n_columns]);
    s->restored = true;
    return finish(s);
}

/* ---- opening, closing ---- */

struct occurrences *occurrences_new(const struct alerts_options *o, const struct alarm_rule *rule,
                                    struct outbox *outbox)
{
    struct occurrences *s = xcalloc(1, sizeof *s);
    *s = (struct occurrences){.outbox = outbox,
                              .run = xstrdup(o->run),
                              .source = xstrdup(o->source ? o->source : ""),
                              .fleet = o->fleet,
                              .rule = *rule};
    return s;
}

void occurrences_free(struct occurrences *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        occurrence_free(s->occ[i]);
    free(s->occ);
    forget_map(s);
    free(s->at);
    free(s->view);
    free(s->run);
    free(s->source);
    free(s);
}

void occurrences_regroup(struct occurrences *s, const struct fleet *fleet)
{
    s->fleet = fleet;
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->occ[i]->n_children; k++) {
            struct alarm_child *c = &s->occ[i]->child[k];
            c->place = fold_place(fleet, c->finding.subject);
        }
}

size_t occurrences_views(const struct occurrences *s, const struct alarm_view **out)
{
    *out = s->view;
    return s->n_view;
}

unsigned long occurrences_transitions(const struct occurrences *s)
{
    return s->transitions;
}
