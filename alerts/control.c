/* What commands do with alarms: list, acknowledge, test the webhooks. Blocking.
 * SPDX-License-Identifier: MIT */
#include "alerts/alarm.h"
#include "alerts/endpoint.h"
#include "alerts/message.h"
#include "alerts/webhook.h"
#include "base/mem.h"
#include "base/net/http.h"
#include "base/text/words.h"
#include "base/time/clock.h"
#include "base/time/timefmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST_CONNECT_S 5.0
#define TEST_S 20.0

int alerts_list(const char *conninfo, const char *run, struct pg_rows **rows, struct err *err)
{
    return pg_run(
        conninfo,
        "SELECT occurrence, state, subject, class, detector, signal, raised_at, returned_at,"
        " chance, reason, acknowledged_by, acknowledged_at, note, children, findings, open_findings, flood"
        " FROM open_alarms WHERE run = $1 ORDER BY raised_at, occurrence",
        1, &run, rows, err);
}

#define CHILDREN                                                                                   \
    "SELECT c.occurrence, c.subject, c.class, c.detector, c.joined_at, c.closed_at, c.reason FROM" \
    " alarm_children c "

int alerts_children(const char *conninfo, const char *run, struct pg_rows **rows, struct err *err)
{
    return pg_run(conninfo,
                  CHILDREN "JOIN open_alarms a USING (run, occurrence) WHERE c.run = $1"
                           " ORDER BY a.raised_at, a.occurrence, c.joined_at, c.seq",
                  1, &run, rows, err);
}

/* The alarm that is meant, in any state. */
static int find_any(const char *conninfo, const char *run, const char *given, char id[ALERTS_ID_LEN],
                    struct err *err)
{
    const char *const params[] = {run, given};
    struct pg_rows *rows = NULL;
    int rc = pg_run(conninfo,
                    "SELECT occurrence, occurrence = $2 AS exact FROM alarms WHERE run = $1 AND"
                    " starts_with(occurrence, $2) ORDER BY exact DESC",
                    2, params, &rows, err);
    if (rc != 0)
        return rc;
    if (rows->n_rows == 0 || !*given)
        rc = err_set(err, ERR_DATA, "no alarm '%s' in run %s; psmon query alarms shows them", given, run);
    else if (rows->n_rows > 1 && rows->value[1][0] != 't')
        rc = err_set(err, ERR_DATA, "'%s' fits %d alarms, give more of it", given, rows->n_rows);
    else
        snprintf(id, ALERTS_ID_LEN, "%s", rows->value[0]);
    pg_rows_free(rows);
    return rc;
}

int alerts_story(const char *conninfo, const char *run, const char *given, struct pg_rows **events,
                 struct pg_rows **children, struct err *err)
{
    char id[ALERTS_ID_LEN];
    const char *const params[] = {run, id};
    int rc = find_any(conninfo, run, given, id, err);
    if (rc == 0)
        rc =
            pg_run(conninfo,
                   "SELECT at, event, by_whom, note FROM alarm_transitions WHERE run = $1 AND occurrence = $2"
                   " ORDER BY at, recorded_at, event, which",
                   2, params, events, err);
    if (rc != 0)
        return rc;
    rc = pg_run(conninfo, CHILDREN "WHERE c.run = $1 AND c.occurrence = $2 ORDER BY c.joined_at, c.seq", 2,
                params, children, err);
    if (rc != 0)
        pg_rows_free(*events);
    return rc;
}

/* Nothing open is called so. What has become part of another alarm leads to that. */
static int not_open(const char *conninfo, const char *run, const char *given, struct err *err)
{
    const char *const params[] = {run, given};
    struct pg_rows *rows = NULL;
    int rc = pg_run(
        conninfo,
        "SELECT min(folded_into) FROM alarms WHERE run = $1 AND $2 <> '' AND starts_with(occurrence, $2)"
        " AND folded_into IS NOT NULL HAVING count(DISTINCT folded_into) = 1",
        2, params, &rows, err);
    if (rc == 0 && rows->n_rows > 0)
        rc = err_set(err, ERR_DATA, "alarm '%s' is part of alarm %s, which is the one to acknowledge", given,
                     rows->value[0]);
    else if (rc == 0)
        rc = err_set(err, ERR_DATA, "no open alarm '%s'; psmon alarm list shows them", given);
    pg_rows_free(rows);
    return rc;
}

/* The open alarm that is meant: this identifier, or the only one that begins so. */
static int find_open(const char *conninfo, const char *run, const char *given, char id[ALERTS_ID_LEN],
                     struct err *err)
{
    const char *const params[] = {run, given};
    struct pg_rows *rows = NULL;
    int rc = pg_run(conninfo,
                    "SELECT occurrence, state, acknowledged_by, occurrence = $2 AS exact FROM open_alarms"
                    " WHERE run = $1 AND starts_with(occurrence, $2) ORDER BY exact DESC",
                    2, params, &rows, err);
    if (rc != 0)
        return rc;
    char *const *v = rows->value;
    if (rows->n_rows == 0 || !*given)
        rc = not_open(conninfo, run, given, err);
    else if (rows->n_rows > 1 && v[3][0] != 't')
        rc = err_set(err, ERR_DATA, "'%s' fits %d open alarms, give more of it", given, rows->n_rows);
    else if (strcmp(v[1], alarm_state_name(ALARM_ACK)) == 0)
        rc = err_set(err, ERR_DATA, "alarm %s was acknowledged already, by %s", v[0], v[2]);
    else
        snprintf(id, ALERTS_ID_LEN, "%s", v[0]);
    pg_rows_free(rows);
    return rc;
}

int alerts_acknowledge(const char *conninfo, const struct alerts_ack *ack, char id[ALERTS_ID_LEN],
                       struct err *err)
{
    char who[OCCURRENCE_BY_LEN], what[OCCURRENCE_NOTE_LEN], when[TIMEFMT_LEN];
    if (!*ack->by || strlen(ack->by) >= sizeof who || strlen(ack->note) >= sizeof what)
        return err_set(err, ERR_CONFIG, "the name takes 1 to %zu bytes, the note at most %zu", sizeof who - 1,
                       sizeof what - 1);
    snprintf(who, sizeof who, "%s", ack->by);
    snprintf(what, sizeof what, "%s", ack->note);
    words_clean(who);
    words_clean(what);
    int rc = find_open(conninfo, ack->run, ack->occurrence, id, err);
    if (rc != 0)
        return rc;
    const char *const params[] = {ack->run, id, who, what, timefmt_iso(when, ack->at)};
    struct pg_rows *rows = NULL;
    rc = pg_run(conninfo,
                "WITH o AS (SELECT run, occurrence, state, CASE state WHEN 'UNACK' THEN 'ACK' ELSE 'NORMAL'"
                " END AS next FROM alarms WHERE run = $1 AND occurrence = $2"
                " AND state IN ('UNACK', 'RTN_UNACK') FOR UPDATE),"
                " k AS (INSERT INTO alarm_acks (run, occurrence, by_whom, note, at)"
                " SELECT run, occurrence, $3::text, $4::text, $5::timestamptz FROM o ON CONFLICT DO "
                "NOTHING),"
                " t AS (INSERT INTO alarm_transitions (run, occurrence, event, from_state, to_state, at,"
                " by_whom, note) SELECT run, occurrence, 'acknowledged', state, next, $5::timestamptz,"
                " $3::text, $4::text FROM o ON CONFLICT DO NOTHING)"
                " UPDATE alarms a SET state = o.next, acknowledged_at = $5::timestamptz,"
                " acknowledged_by = $3::text, note = $4::text,"
                " closed_at = CASE o.next WHEN 'NORMAL' THEN $5::timestamptz END"
                " FROM o WHERE a.run = o.run AND a.occurrence = o.occurrence RETURNING a.occurrence",
                5, params, &rows, err);
    if (rc == 0 && rows->n_rows == 0)
        rc = err_set(err, ERR_DATA, "alarm %s ended or was acknowledged meanwhile", id);
    pg_rows_free(rows);
    return rc;
}

int alerts_resend(const char *conninfo, const char *run, const char *id, tstamp_ns since, int *n,
                  struct err *err)
{
    char when[TIMEFMT_LEN];
    const char *const params[] = {run, id, timefmt_iso(when, since)};
    struct pg_rows *rows = NULL;
    int rc = pg_run(conninfo,
                    "WITH r AS (UPDATE outbox SET state = 'waiting', resend = true, attempts = 0,"
                    " next_at = now(), finished_at = NULL WHERE run = $1 AND state = 'dead' AND"
                    " CASE WHEN $2::text IS NULL THEN finished_at >= $3::timestamptz ELSE message = $2 END"
                    " RETURNING 1) SELECT count(*) FROM r",
                    3, params, &rows, err);
    *n = rc == 0 ? (int)strtol(rows->value[0], NULL, 10) : 0;
    pg_rows_free(rows);
    if (rc == 0 && id && *n == 0)
        return err_set(err, ERR_DATA, "there is no dead letter '%s'; psmon query deliveries shows them", id);
    return rc;
}

/* ---- test ---- */

struct test {
    struct http *http;
    void (*each)(void *arg, const char *endpoint, const struct http_result *r, bool ok);
    void *arg;
    size_t left, failed;
};

struct test_message {
    struct test *test;
    char *endpoint;
};

static void on_tested(void *arg, const struct http_result *r)
{
    const struct test_message *m = arg;
    struct test *t = m->test;
    bool ok = r->complete && r->status / 100 == 2;
    t->failed += !ok;
    t->left--;
    t->each(t->arg, m->endpoint, r, ok);
}

static int start_test(struct test_message *m, const struct alerts_webhook *to, const char *text,
                      struct err *err)
{
    struct webhook_key key[WEBHOOK_KEYS];
    char id[WEBHOOK_ID_LEN];
    struct webhook w;
    if (endpoint_check(m->endpoint, to, err) != 0)
        return err->code;
    endpoint_keys(key, to);
    webhook_random_id(id);
    webhook_make(&w, shape_find(to->shape), key, id, clock_wall() / NS_PER_S, text);
    http_start(m->test->http, &(struct http_options){.method = "POST",
                                                     .url = to->url.clear,
                                                     .headers = (const char *const *)w.header,
                                                     .body = w.body,
                                                     .body_len = strlen(w.body),
                                                     .connect_timeout_s = TEST_CONNECT_S,
                                                     .timeout_s = TEST_S,
                                                     .max_body = 1024,
                                                     .head_suffices = true,
                                                     .on_done = on_tested,
                                                     .arg = m});
    webhook_fini(&w);
    m->test->left++;
    return 0;
}

int alerts_test(const struct alerts_options *o, tstamp_ns now,
                void (*each)(void *arg, const char *endpoint, const struct http_result *r, bool ok),
                void *arg, size_t *n_failed, struct err *err)
{
    uv_loop_t loop;
    if (uv_loop_init(&loop) != 0)
        return err_set(err, ERR_LIB, "could not make an event loop");
    struct test t = {.http = http_new(&loop, 4), .each = each, .arg = arg};
    struct test_message *m = xcalloc(o->n_webhooks + 1, sizeof *m);
    char *text = message_test(now / NS_PER_S * NS_PER_S, o->source);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < o->n_webhooks; i++) {
        m[i] = (struct test_message){&t, alerts_endpoint_name(o->webhooks, i)};
        rc = start_test(&m[i], &o->webhooks[i], text, err);
    }
    while (rc == 0 && t.left > 0)
        uv_run(&loop, UV_RUN_ONCE);
    http_free(t.http);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    free(text);
    for (size_t i = 0; i < o->n_webhooks; i++)
        free(m[i].endpoint);
    free(m);
    *n_failed = t.failed;
    return rc;
}

int alerts_remove_run(const char *conninfo, const char *run, struct err *err)
{
    return pg_run(
        conninfo,
        "WITH t AS (DELETE FROM alarm_transitions WHERE run = $1), k AS (DELETE FROM alarm_acks WHERE run ="
        " $1), o AS (DELETE FROM outbox WHERE run = $1), d AS (DELETE FROM deliveries WHERE run = $1),"
        " c AS (DELETE FROM alarm_children WHERE run = $1)"
        " DELETE FROM alarms WHERE run = $1",
        1, &run, NULL, err);
}
