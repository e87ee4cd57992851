/* Rows; see store.h. SPDX-License-Identifier: MIT */
#include "alerts/store.h"

#include "alerts/message.h"
#include "base/mem.h"
#include "base/text/json.h"
#include "base/text/words.h"
#include "base/time/clock.h"
#include "base/time/timefmt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARAMS 34
#define ANSWER_MAX 1024 /* bytes of an answer that are kept */

/* Text of one parameter after another; a slot holds what is not text already. */
struct params {
    const char *v[PARAMS];
    char slot[PARAMS][TIMEFMT_LEN];
    int n;
};

static void add_text(struct params *p, const char *text)
{
    p->v[p->n++] = text;
}

static void add_time(struct params *p, tstamp_ns t)
{
    p->v[p->n] = t ? timefmt_iso(p->slot[p->n], t) : NULL;
    p->n++;
}

static void add_number(struct params *p, double v)
{
    snprintf(p->slot[p->n], TIMEFMT_LEN, "%.17g", v);
    p->v[p->n] = isfinite(v) ? p->slot[p->n] : NULL;
    p->n++;
}

static void add_integer(struct params *p, long v)
{
    snprintf(p->slot[p->n], TIMEFMT_LEN, "%ld", v);
    p->v[p->n] = p->slot[p->n];
    p->n++;
}

static const char save_sql[] =
    "INSERT INTO alarms (run, occurrence, finding, key, subject, class, detector, signal, state, chance,"
    " size, unit, direction, reason, contributors, witness, children, onset, first_seen, pending_at,"
    " raised_at, absent_since, returned_at, closed_at, acknowledged_at, acknowledged_by, note, told, owed,"
    " announced_at, grown_at, flood, folded_into, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
    "$10,"
    " $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, "
    "$31,"
    " $32, $33, $34)"
    " ON CONFLICT (run, occurrence) DO UPDATE SET finding = excluded.finding, key = excluded.key,"
    " subject = excluded.subject, class = excluded.class, detector = excluded.detector,"
    " signal = excluded.signal, state = excluded.state, chance = excluded.chance, size = excluded.size,"
    " unit = excluded.unit, direction = excluded.direction, reason = excluded.reason,"
    " contributors = excluded.contributors, witness = excluded.witness, children = excluded.children,"
    " onset = excluded.onset, first_seen = excluded.first_seen, raised_at = excluded.raised_at,"
    " absent_since = excluded.absent_since, returned_at = excluded.returned_at,"
    " closed_at = excluded.closed_at,"
    " acknowledged_at = coalesce(excluded.acknowledged_at, alarms.acknowledged_at),"
    " acknowledged_by = coalesce(excluded.acknowledged_by, alarms.acknowledged_by),"
    " note = coalesce(excluded.note, alarms.note), told = excluded.told, owed = excluded.owed,"
    " announced_at = excluded.announced_at, grown_at = excluded.grown_at, flood = excluded.flood,"
    " folded_into = excluded.folded_into, changed_at = excluded.changed_at"
    " WHERE alarms.pending_at = excluded.pending_at AND alarms.changed_at <= excluded.changed_at";

/* NULL for "". */
static const char *some(const char *text)
{
    return *text ? text : NULL;
}

void store_save(struct pg_txn *txn, const char *run, const struct occurrence *o)
{
    const struct finding *f = &o->finding;
    const struct alarm *a = &o->alarm;
    struct params p = {.n = 0};
    char *contributors = finding_contributors(f, MESSAGE_DIGITS);
    add_text(&p, run);
    add_text(&p, o->id);
    add_text(&p, f->id);
    add_text(&p, o->key);
    add_text(&p, f->subject);
    add_text(&p, occurrence_class(o));
    add_text(&p, occurrence_detector(o));
    add_text(&p, f->signal);
    add_text(&p, alarm_state_name(a->state));
    add_number(&p, f->chance);
    add_number(&p, f->size);
    add_text(&p, f->unit);
    add_text(&p, o->monitor ? NULL : direction_name(f->direction));
    add_text(&p, f->reason);
    add_text(&p, contributors);
    add_text(&p, f->witness ? "true" : "false");
    add_integer(&p, f->children);
    add_time(&p, f->onset);
    add_time(&p, f->first_seen);
    add_time(&p, a->pending);
    add_time(&p, a->raised);
    add_time(&p, a->absent);
    add_time(&p, a->returned);
    add_time(&p, a->state == ALARM_NORMAL ? a->since : 0);
    add_time(&p, o->acknowledged);
    add_text(&p, o->acknowledged ? o->acknowledged_by : NULL);
    add_text(&p, o->acknowledged ? o->note : NULL);
    add_text(&p, o->told ? "true" : "false");
    add_integer(&p, o->owed);
    add_time(&p, o->announced);
    add_time(&p, o->grown);
    add_text(&p, some(o->flood));
    add_text(&p, some(o->folded_into));
    add_time(&p, a->since);
    pg_txn_add(txn, save_sql, p.n, p.v);
    free(contributors);
}

void store_child(struct pg_txn *txn, const char *run, const struct occurrence *o, const struct alarm_child *c)
{
    const struct finding *f = &c->finding;
    struct params p = {.n = 0};
    add_text(&p, run);
    add_text(&p, o->id);
    add_text(&p, f->id);
    add_text(&p, f->subject);
    add_text(&p, finding_class_name(f->class));
    add_text(&p, f->detector);
    add_text(&p, f->signal);
    add_text(&p, direction_name(f->direction));
    add_text(&p, f->unit);
    add_number(&p, f->size);
    add_number(&p, f->chance);
    add_integer(&p, f->children);
    add_text(&p, f->reason);
    add_time(&p, f->onset);
    add_time(&p, f->first_seen);
    add_time(&p, c->joined);
    add_time(&p, f->closed);
    add_text(&p, some(c->from));
    pg_txn_add(
        txn,
        "INSERT INTO alarm_children (run, occurrence, finding, subject, class, detector, signal, direction,"
        " unit, size, chance, children, reason, onset, first_seen, joined_at, closed_at, from_occurrence)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
        " ON CONFLICT (run, occurrence, finding) DO UPDATE SET class = excluded.class,"
        " signal = excluded.signal, direction = excluded.direction, unit = excluded.unit,"
        " size = excluded.size, chance = excluded.chance, children = excluded.children,"
        " reason = excluded.reason, closed_at = excluded.closed_at",
        p.n, p.v);
}

static const char transition_sql[] =
    "INSERT INTO alarm_transitions (run, occurrence, event, which, from_state, to_state, at, by_whom, note)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";

void store_note(struct pg_txn *txn, const char *run, const struct occurrence *o, const struct store_note *n)
{
    const char *state = alarm_state_name(o->alarm.state);
    struct params p = {.n = 0};
    add_text(&p, run);
    add_text(&p, o->id);
    add_text(&p, alarm_event_name(n->kind));
    add_text(&p, n->which);
    add_text(&p, state);
    add_text(&p, state);
    add_time(&p, n->t);
    add_text(&p, NULL);
    add_text(&p, n->note);
    pg_txn_add(txn, transition_sql, p.n, p.v);
}

void store_transition(struct pg_txn *txn, const char *run, const struct occurrence *o,
                      const struct alarm_event *e)
{
    bool ack = e->kind == ALARM_ACKNOWLEDGED;
    char into[ALERTS_ID_LEN + 8];
    struct params p = {.n = 0};
    snprintf(into, sizeof into, "into %s", o->folded_into);
    add_text(&p, run);
    add_text(&p, o->id);
    add_text(&p, alarm_event_name(e->kind));
    add_text(&p, "");
    add_text(&p, alarm_state_name(e->from));
    add_text(&p, alarm_state_name(e->to));
    add_time(&p, ack && o->acknowledged ? o->acknowledged : e->t);
    add_text(&p, ack ? o->acknowledged_by : NULL);
    add_text(&p, ack ? o->note : e->kind == ALARM_FOLDED ? into : NULL);
    pg_txn_add(txn, transition_sql, p.n, p.v);
}

/* ---- messages ---- */

void store_message(struct pg_txn *txn, const char *run, const char *endpoint, const struct outbox_message *m)
{
    struct params p = {.n = 0};
    tstamp_ns now = clock_wall();
    add_text(&p, m->id);
    add_text(&p, endpoint);
    add_text(&p, run);
    add_text(&p, m->occurrence);
    add_text(&p, m->type);
    add_text(&p, m->text);
    add_time(&p, now);
    pg_txn_add(
        txn,
        "INSERT INTO outbox (message, endpoint, run, occurrence, type, body, state, created_at, next_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, $7) ON CONFLICT DO NOTHING",
        p.n, p.v);
}

void store_taken_up(struct pg_txn *txn, const char *message, const char *endpoint)
{
    const char *const params[] = {message, endpoint};
    pg_txn_add(txn, "UPDATE outbox SET resend = false WHERE message = $1 AND endpoint = $2", 2, params);
}

void store_result(struct pg_txn *txn, const char *message, const char *endpoint, const char *state,
                  int attempts, tstamp_ns when, const char *error)
{
    struct params p = {.n = 0};
    add_text(&p, message);
    add_text(&p, endpoint);
    add_text(&p, state);
    add_integer(&p, attempts);
    add_time(&p, when);
    add_time(&p, strcmp(state, "waiting") == 0 ? 0 : when);
    add_text(&p, *error ? error : NULL);
    pg_txn_add(txn,
               "UPDATE outbox SET state = $3, attempts = $4, next_at = $5, finished_at = $6, error = $7, "
               "resend = false"
               " WHERE message = $1 AND endpoint = $2 AND state = 'waiting'",
               p.n, p.v);
}

void store_attempt(struct pg_txn *txn, const struct store_attempt *a)
{
    struct params p = {.n = 0};
    char answer[ANSWER_MAX + 1];
    snprintf(answer, sizeof answer, "%s", a->answer);
    words_clean(answer);
    add_text(&p, a->message);
    add_text(&p, a->endpoint);
    add_time(&p, a->started);
    add_integer(&p, a->attempt);
    add_text(&p, a->run);
    add_text(&p, a->occurrence);
    add_text(&p, a->type);
    add_text(&p, a->ok ? "true" : "false");
    add_number(&p, a->status ? a->status : (double)NAN);
    add_number(&p, a->seconds);
    add_text(&p, answer);
    add_text(&p, *a->error ? a->error : NULL);
    pg_txn_add(txn,
               "INSERT INTO deliveries (message, endpoint, started_at, attempt, run, occurrence, type, ok,"
               " status, latency_s, answer, error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
               " $12) ON CONFLICT DO NOTHING",
               p.n, p.v);
}

#define WAITING                                                                    \
    "SELECT message, endpoint, occurrence, type, body, attempts,"                  \
    " extract(epoch FROM next_at - now()), extract(epoch FROM now() - created_at)" \
    " FROM outbox WHERE run = $1 AND state = 'waiting' AND "
const char store_waiting_sql[] = WAITING "created_at < $2 ORDER BY seq";
const char store_resent_sql[] = WAITING "resend ORDER BY seq";

/* ---- back ---- */

/* A column of time, in whole microseconds. */
#define MICROSECONDS(column) " (extract(epoch FROM " column ") * 1000000)::bigint"
#define US(column) MICROSECONDS(column) ","

const char store_restore_sql[] =
    "SELECT occurrence, finding, key, subject, class, detector, signal, state, chance, size, unit,"
    " direction, reason, contributors, witness, children," US("onset") US("first_seen") US("pending_at") US(
        "raised_at") US("absent_since") US("returned_at") US("changed_at") US("acknowledged_at")
        US("announced_at") US(
            "grown_at") " acknowledged_by, note, told, owed, flood, folded_into,"
                        " (SELECT json_agg(json_build_array(finding, subject, class, detector, signal, "
                        "direction, unit, reason,"
                        " from_occurrence, size, chance, children," US("onset") US("first_seen")
                            US("joined_at") MICROSECONDS(
                                "closed_at") ") ORDER BY joined_at, c.seq) FROM alarm_children c WHERE c.run "
                                             "= a.run"
                                             " AND c.occurrence = a.occurrence) FROM alarms a WHERE run = $1 "
                                             "AND (state <> 'NORMAL' OR owed <> 0"
                                             " OR changed_at > (SELECT max(changed_at) FROM alarms WHERE run "
                                             "= $1) - interval '7 days'"
                                             " OR EXISTS (SELECT FROM alarm_acks k WHERE k.run = a.run AND "
                                             "k.occurrence = a.occurrence"
                                             " AND k.applied_at IS NULL)) ORDER BY pending_at, occurrence";

static void take(char *out, size_t room, const char *text)
{
    snprintf(out, room, "%s", text ? text : "");
}

static double take_number(const char *text)
{
    return text ? strtod(text, NULL) : (double)NAN;
}

static tstamp_ns take_time(const char *us)
{
    return us ? strtoll(us, NULL, 10) * 1000 : 0;
}

static int index_of(const char *word, int count, const char *(*name)(int))
{
    for (int i = 0; i < count; i++)
        if (word && strcmp(name(i), word) == 0)
            return i;
    return 0;
}

static const char *class_at(int i)
{
    return finding_class_name((enum finding_class)i);
}

static const char *direction_at(int i)
{
    return direction_name((enum direction)i);
}

static void parse_finding(struct finding *f, char *const v[])
{
    take(f->id, sizeof f->id, v[1]);
    take(f->subject, sizeof f->subject, v[3]);
    f->class = (enum finding_class)index_of(v[4], CLASS_COUNT, class_at);
    take(f->detector, sizeof f->detector, v[5]);
    take(f->signal, sizeof f->signal, v[6]);
    f->chance = take_number(v[8]);
    f->size = take_number(v[9]);
    take(f->unit, sizeof f->unit, v[10]);
    f->direction = (enum direction)index_of(v[11], DIRECTION_COUNT, direction_at);
    take(f->reason, sizeof f->reason, v[12]);
    finding_read_contributors(f, v[13]);
    f->witness = v[14] && v[14][0] == 't';
    f->children = v[15] ? (uint32_t)strtoul(v[15], NULL, 10) : 0;
    f->onset = take_time(v[16]);
    f->first_seen = take_time(v[17]);
    f->supply = -1; /* until its next tick says: nothing here needs the index */
}

static tstamp_ns instant_at(const json_t *row, size_t i)
{
    return json_integer_value(json_array_get(row, i)) * 1000;
}

static double number_at(const json_t *row, size_t i)
{
    const json_t *v = json_array_get(row, i);
    return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

/* One of the array that store_restore_sql makes. */
static void parse_child(struct alarm_child *c, const json_t *row)
{
    struct finding *f = &c->finding;
    const char *text[9];
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        text[i] = json_string_value(json_array_get(row, i));
    take(f->id, sizeof f->id, text[0]);
    take(f->subject, sizeof f->subject, text[1]);
    f->class = (enum finding_class)index_of(text[2], CLASS_COUNT, class_at);
    take(f->detector, sizeof f->detector, text[3]);
    take(f->signal, sizeof f->signal, text[4]);
    f->direction = (enum direction)index_of(text[5], DIRECTION_COUNT, direction_at);
    take(f->unit, sizeof f->unit, text[6]);
    take(f->reason, sizeof f->reason, text[7]);
    take(c->from, sizeof c->from, text[8]);
    f->size = number_at(row, 9);
    f->chance = number_at(row, 10);
    f->children = (uint32_t)json_integer_value(json_array_get(row, 11));
    f->onset = instant_at(row, 12);
    f->first_seen = instant_at(row, 13);
    c->joined = instant_at(row, 14);
    f->closed = instant_at(row, 15);
    f->supply = -1;
}

static void parse_children(struct occurrence *o, const char *text)
{
    json_t *list = text ? json_loads(text, 0, NULL) : NULL, *row;
    size_t i;
    o->n_children = o->cap_children = json_array_size(list);
    o->child = xcalloc(o->n_children + 1, sizeof *o->child);
    json_array_foreach(list, i, row) parse_child(&o->child[i], row);
    json_decref(list);
}

void store_parse(struct occurrence *o, char *const v[])
{
    *o = (struct occurrence){.monitor = strcmp(v[4], MONITOR_WORD) == 0};
    take(o->id, sizeof o->id, v[0]);
    take(o->key, sizeof o->key, v[2]);
    parse_finding(&o->finding, v);
    enum alarm_state state = alarm_state_parse(v[7]);
    o->alarm = (struct alarm){.state = state == ALARM_STATE_COUNT ? ALARM_NORMAL : state,
                              .pending = take_time(v[18]),
                              .raised = take_time(v[19]),
                              .absent = take_time(v[20]),
                              .returned = take_time(v[21]),
                              .since = take_time(v[22])};
    o->acknowledged = take_time(v[23]);
    o->announced = take_time(v[24]);
    o->grown = take_time(v[25]);
    take(o->acknowledged_by, sizeof o->acknowledged_by, v[26]);
    take(o->note, sizeof o->note, v[27]);
    o->told = v[28] && v[28][0] == 't';
    o->owed = v[29] ? (unsigned)strtoul(v[29], NULL, 10) : 0;
    take(o->flood, sizeof o->flood, v[30]);
    take(o->folded_into, sizeof o->folded_into, v[31]);
    parse_children(o, v[32]);
}
