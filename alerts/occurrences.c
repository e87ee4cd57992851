/* The occurrences of a run; see occurrences.h. Identifiers are made of what happened, never of when it was
 * written, so a tick that is computed again after a crash makes the same rows again.
 * SPDX-License-Identifier: MIT */
#include "alerts/occurrences.h"

#include "alerts/message.h"
#include "alerts/store.h"
#include "alerts/webhook.h"
#include "base/hashmap.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct occurrences {
    struct outbox *outbox;
    char *run, *source;
    bool send;
    struct alarm_rule rule;
    struct occurrence **occ; /* oldest first; those that are over stay for STORE_REMEMBER */
    size_t n, cap;
    struct hashmap *by_finding; /* index in occ of the latest with that finding; NULL: to be made */
    struct pg_txn *txn;         /* being built */
    tstamp_ns now;              /* data time of the last tick; 0: none yet */
    bool quiet;                 /* the last tick was */
    bool restored;              /* what the database knew is here */
    struct alarm_view *view;
    size_t n_view, cap_view;
    unsigned long transitions;
};

/* ---- the set of occurrences ---- */

/* Its condition is followed: a finding can hold it. */
static bool alive(const struct occurrence *o)
{
    return o->alarm.state == ALARM_PENDING || o->alarm.state == ALARM_UNACK || o->alarm.state == ALARM_ACK;
}

static bool raised(const struct occurrence *o)
{
    return o->alarm.state == ALARM_UNACK || o->alarm.state == ALARM_ACK;
}

static void forget_map(struct occurrences *s)
{
    hashmap_free(s->by_finding);
    s->by_finding = NULL;
}

static struct occurrence *with_finding(struct occurrences *s, const char *id)
{
    if (!s->by_finding) {
        s->by_finding = hashmap_new();
        for (int pass = 0; pass < 2; pass++) /* those that are alive win */
            for (size_t i = 0; i < s->n; i++)
                if (alive(s->occ[i]) == (pass == 1))
                    hashmap_put(s->by_finding, s->occ[i]->finding.id, (int32_t)i);
    }
    int32_t i = hashmap_get(s->by_finding, id);
    return i < 0 ? NULL : s->occ[i];
}

static struct occurrence *with_id(struct occurrences *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->occ[i]->id, id) == 0)
            return s->occ[i];
    return NULL;
}

static struct occurrence *append(struct occurrences *s, const struct occurrence *o)
{
    struct occurrence *copy = xcalloc(1, sizeof *copy);
    *copy = *o;
    xgrow(&s->occ, &s->cap, s->n + 1, sizeof(struct occurrence *));
    s->occ[s->n++] = copy;
    if (s->by_finding)
        hashmap_put(s->by_finding, copy->finding.id, (int32_t)s->n - 1);
    return copy;
}

/* What is over and told is kept a while, so that a tick computed again finds it. */
static void forget_old(struct occurrences *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct occurrence *o = s->occ[i];
        if (o->alarm.state == ALARM_NORMAL && !o->owed && s->now - o->alarm.since > STORE_REMEMBER)
            free(o);
        else
            s->occ[kept++] = o;
    }
    if (kept != s->n)
        forget_map(s);
    s->n = kept;
}

static void refresh_views(struct occurrences *s)
{
    s->n_view = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct occurrence *o = s->occ[i];
        if (o->alarm.state == ALARM_NORMAL)
            continue;
        xgrow(&s->view, &s->cap_view, s->n_view + 1, sizeof *s->view);
        s->view[s->n_view++] = (struct alarm_view){.occurrence = o->id,
                                                   .subject = o->finding.subject,
                                                   .class = occurrence_class(o),
                                                   .state = alarm_state_name(o->alarm.state),
                                                   .text = o->finding.reason,
                                                   .acknowledged_by = o->acknowledged_by,
                                                   .note = o->note,
                                                   .raised = o->alarm.raised,
                                                   .returned = o->alarm.returned,
                                                   .chance = o->finding.chance,
                                                   .acknowledged = o->acknowledged != 0};
    }
}

/* ---- telling ---- */

static void send_message(struct occurrences *s, struct occurrence *o, enum alarm_event_kind kind, tstamp_ns t,
                         const char *continued_as)
{
    char id[WEBHOOK_ID_LEN], type[64];
    webhook_id(id, s->run, o->id, kind);
    snprintf(type, sizeof type, MESSAGE_TYPE_PREFIX "%s", alarm_event_name(kind));
    char *text = message_event(o, kind, t, s->run, s->source, continued_as);
    outbox_add(s->outbox, s->txn, &(struct outbox_message){id, o->id, type, text, kind == ALARM_RETURNED});
    free(text);
    o->told |= kind == ALARM_RAISED;
    o->dirty = true;
}

static unsigned bit(enum alarm_event_kind kind)
{
    return 1u << kind;
}

/* People hear of raised, acknowledged and returned; of the latter two only when they heard of the
 * first. */
static void tell(struct occurrences *s, struct occurrence *o, enum alarm_event_kind kind, tstamp_ns t)
{
    if (!s->send || (kind != ALARM_RAISED && !o->told && !(o->owed & bit(ALARM_RAISED))))
        return;
    if (s->quiet || o->owed) {
        o->owed |= bit(kind);
        o->dirty = true;
    } else {
        send_message(s, o, kind, t, NULL);
    }
}

/* After ticks that told nothing: what is still open, and the end of what had been told before them.
 */
static void pay(struct occurrences *s, struct occurrence *o)
{
    unsigned owed = o->owed;
    o->owed = 0;
    o->dirty = true;
    if (owed & bit(ALARM_RAISED)) {
        if (!raised(o))
            return;
        send_message(s, o, ALARM_RAISED, o->alarm.raised, NULL);
    }
    if (owed & bit(ALARM_ACKNOWLEDGED))
        send_message(s, o, ALARM_ACKNOWLEDGED, o->acknowledged, NULL);
    if (owed & bit(ALARM_RETURNED))
        send_message(s, o, ALARM_RETURNED, o->alarm.returned, NULL);
}

static void step(struct occurrences *s, struct occurrence *o, const struct alarm_input *in);

/* A new life of the same alarm ends the wait for the old one's acknowledgement. */
static void supersede_older(struct occurrences *s, const struct occurrence *by)
{
    for (size_t i = 0; i < s->n; i++) {
        struct occurrence *o = s->occ[i];
        if (o != by && o->alarm.state == ALARM_RTN_UNACK && strcmp(o->key, by->key) == 0)
            step(s, o, &(struct alarm_input){.now = s->now, .superseded = true});
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
        tell(s, o, e->kind, e->kind == ALARM_ACKNOWLEDGED ? o->acknowledged : e->t);
    if (e->kind == ALARM_RAISED)
        supersede_older(s, o);
}

static void step(struct occurrences *s, struct occurrence *o, const struct alarm_input *in)
{
    struct alarm_event event[ALARM_EVENTS_MAX];
    bool was_alive = alive(o);
    tstamp_ns since = o->alarm.since, absent = o->alarm.absent;
    int n = alarm_step(&o->alarm, &s->rule, in, event);
    o->dirty |= n > 0 || o->alarm.since != since || o->alarm.absent != absent;
    if (alive(o) != was_alive)
        forget_map(s);
    for (int i = 0; i < n; i++)
        on_event(s, o, &event[i]);
}

/* ---- findings and conditions to occurrences ---- */

static void take_finding(struct occurrence *o, const struct finding *f)
{
    o->finding = *f;
    words_clean(o->finding.id);
    words_clean(o->finding.subject);
    words_clean(o->finding.signal);
    words_clean(o->finding.unit);
    words_clean(o->finding.reason);
    for (size_t i = 0; i < f->n_by && i < FINDING_CONTRIBUTORS; i++) {
        words_clean(o->finding.by[i].signal);
        words_clean(o->finding.by[i].unit);
    }
}

/* The same supply can miss several signals at once; what its physics says is one thing at a time.
 */
static void key_of(char out[OCCURRENCE_KEY_LEN], const struct finding *f, bool monitor)
{
    const char *detector = monitor ? MONITOR_WORD : f->detector;
    bool by_signal = monitor || f->class == CLASS_DATA;
    snprintf(out, OCCURRENCE_KEY_LEN, "%s|%s%s%s", f->subject, detector, by_signal ? "|" : "",
             by_signal ? f->signal : "");
    words_clean(out);
}

/* A raised occurrence of this key whose own finding has gone: the next finding continues it
 * (off-delay, or the finding got a new name over a restart). */
static struct occurrence *to_continue(struct occurrences *s, const char *key)
{
    for (size_t i = 0; i < s->n; i++)
        if (raised(s->occ[i]) && !s->occ[i]->present && strcmp(s->occ[i]->key, key) == 0)
            return s->occ[i];
    return NULL;
}

/* A life's own name says when it began, so that it is nobody else's, whatever has been forgotten meanwhile:
 * counting those remembered gave the same number twice. */
static void name_life(char out[ALERTS_ID_LEN], const struct finding *f, tstamp_ns begun)
{
    snprintf(out, ALERTS_ID_LEN, "%.*s-%08llx", FINDING_ID_LEN, f->id,
             (unsigned long long)(begun / NS_PER_S));
}

/* The life that begins with its finding has the finding's name. So has one of which nobody can know yet
 * whether it began earlier, the database being away: mostly it goes on, and is told under the identifier it
 * has; merge_row sees to the others. */
static void name_occurrence(struct occurrences *s, struct occurrence *o)
{
    bool known = with_finding(s, o->finding.id) != NULL;
    if (o->finding.first_seen == s->now || (!s->restored && !known))
        snprintf(o->id, sizeof o->id, "%s", o->finding.id);
    else
        name_life(o->id, &o->finding, s->now);
}

static void present_new(struct occurrences *s, const struct finding *f, bool monitor)
{
    struct occurrence o = {.monitor = monitor};
    take_finding(&o, f);
    key_of(o.key, &o.finding, monitor);
    struct occurrence *old = to_continue(s, o.key);
    if (old) {
        take_finding(old, f);
        old->present = old->dirty = true;
        forget_map(s);
        return;
    }
    name_occurrence(s, &o);
    o.present = true;
    append(s, &o);
}

static void mark_findings(struct occurrences *s, const struct finding *findings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct occurrence *o = with_finding(s, findings[i].id);
        if (!o || !alive(o))
            continue;
        take_finding(o, &findings[i]);
        o->present = findings[i].closed == 0;
    }
    for (size_t i = 0; i < n; i++) {
        const struct finding *f = &findings[i];
        const struct occurrence *o = with_finding(s, f->id);
        /* one that ended at or after this tick has lived through it already */
        if (f->closed == 0 && (!o || (!alive(o) && !o->present && o->alarm.since < s->now)))
            present_new(s, f, false);
    }
}

/* A condition of psmon's own has no finding: one is made up, named after the tick it begins in. */
static void mark_condition(struct occurrences *s, const struct alerts_condition *c)
{
    struct finding f = {.subject = MONITOR_SUBJECT,
                        .supply = -1,
                        .onset = s->now,
                        .first_seen = s->now,
                        .last_seen = s->now,
                        .chance = NAN,
                        .size = NAN};
    char key[OCCURRENCE_KEY_LEN], hex[2 * DIGEST_LEN + 1], what[256];
    uint8_t sha[DIGEST_LEN];
    snprintf(f.signal, sizeof f.signal, "%s", c->name);
    snprintf(f.reason, sizeof f.reason, "%s", c->text);
    key_of(key, &f, true);
    for (size_t i = 0; i < s->n; i++) {
        struct occurrence *o = s->occ[i];
        if (strcmp(o->key, key) != 0)
            continue;
        if (alive(o)) {
            o->present = true;
            snprintf(o->finding.reason, sizeof o->finding.reason, "%s", c->text);
            words_clean(o->finding.reason);
            return;
        }
        if (o->alarm.since >= s->now)
            return; /* lived through already */
    }
    snprintf(what, sizeof what, "%s\n%s\n%lld", s->run, c->name, (long long)s->now);
    digest_sha256(sha, what, strlen(what));
    snprintf(f.id, sizeof f.id, "psmon-%.20s", digest_hex(hex, sha, sizeof sha));
    present_new(s, &f, true);
}

/* ---- one change: a tick, an acknowledgement, a row of the database ---- */

static void begin(struct occurrences *s)
{
    s->txn = pg_txn_new();
}

static struct pg_txn *finish(struct occurrences *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->occ[i]->dirty)
            store_save(s->txn, s->run, s->occ[i]);
        s->occ[i]->dirty = false;
    }
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
        mark_condition(s, &conditions[i]);
    for (size_t i = 0; i < s->n; i++) {
        struct occurrence *o = s->occ[i];
        if (o->monitor ? !s->quiet : !blind)
            step(s, o, &(struct alarm_input){.now = s->now, .present = o->present});
    }
    for (size_t i = 0; i < s->n && !s->quiet; i++)
        if (s->occ[i]->owed && (s->occ[i]->monitor || !blind))
            pay(s, s->occ[i]);
    forget_old(s);
    return finish(s);
}

static void begin_tick(struct occurrences *s, tstamp_ns now, bool quiet)
{
    s->now = now;
    s->quiet = quiet;
    begin(s);
    for (size_t i = 0; i < s->n; i++)
        s->occ[i]->present = false;
}

struct pg_txn *occurrences_step(struct occurrences *s, tstamp_ns now, const struct finding *findings,
                                size_t n, const struct alerts_condition *conditions, size_t n_conditions,
                                bool quiet)
{
    begin_tick(s, now, quiet);
    mark_findings(s, findings, n);
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
            step(s, o, &(struct alarm_input){.now = now, .present = o->alarm.absent == 0, .ack = true});
        else
            tell(s, o, ALARM_ACKNOWLEDGED, o->acknowledged);
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
        if (o == old || !alive(o) || strcmp(o->key, old->key) != 0)
            continue;
        take_finding(old, &o->finding);
        bool told = o->told;
        step(s, o, &(struct alarm_input){.now = s->now, .superseded = true});
        if (told)
            send_message(s, o, ALARM_RETURNED, s->now, old->id);
        forget_map(s);
    }
}

/* What lived while the database was away took the name of a life that was over by then: it gets its own, and
 * is told under that, for a receiver drops what comes under the old one. */
static void rename_life(struct occurrences *s, struct occurrence *o)
{
    const struct alarm *a = &o->alarm;
    name_life(o->id, &o->finding, a->pending);
    o->dirty = true;
    store_transition(s->txn, s->run, o,
                     &(struct alarm_event){ALARM_BEGUN, ALARM_NORMAL, ALARM_PENDING, a->pending});
    if (!a->raised)
        return;
    store_transition(s->txn, s->run, o,
                     &(struct alarm_event){ALARM_RAISED, ALARM_PENDING, ALARM_UNACK, a->raised});
    if (o->told)
        send_message(s, o, ALARM_RAISED, a->raised, NULL);
    if (!a->returned)
        return;
    store_transition(s->txn, s->run, o,
                     &(struct alarm_event){ALARM_RETURNED, ALARM_UNACK, ALARM_RTN_UNACK, a->returned});
    if (o->told)
        send_message(s, o, ALARM_RETURNED, a->returned, NULL);
}

static void merge_row(struct occurrences *s, char *const v[])
{
    struct occurrence row;
    store_parse(&row, v);
    struct occurrence *mine = with_id(s, row.id);
    if (mine && mine->alarm.pending == row.alarm.pending)
        return; /* written by this very process */
    if (mine && alive(&row)) {
        *mine = row;
        forget_map(s);
        return;
    }
    if (mine)
        rename_life(s, mine);
    mine = append(s, &row);
    forget_map(s);
    if (raised(mine))
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
                              .send = o->send,
                              .rule = *rule};
    return s;
}

void occurrences_free(struct occurrences *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        free(s->occ[i]);
    free(s->occ);
    forget_map(s);
    free(s->view);
    free(s->run);
    free(s->source);
    free(s);
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
