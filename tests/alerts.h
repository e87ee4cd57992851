/* A bench for alerts: a real PostgreSQL, the real client, and a real HTTP receiver on the same loop
 * that keeps what it gets and answers as told. SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_ALERTS_H
#define PSM_TESTS_ALERTS_H

#include "alerts/alerts.h"
#include "alerts/webhook.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/net/httpd.h"
#include "base/time/clock.h"
#include "tests/near.h"
#include "tests/postgres.h"

#define BENCH_SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define BENCH_T0 (1795500000 * NS_PER_S) /* 2026-11-24 */

static char bench_dir[] = "/tmp/psmon-alerts-XXXXXX";
static char bench_conninfo[128];

struct received {
    char id[WEBHOOK_ID_LEN + 8], type[32], occurrence[ALERTS_ID_LEN], state[16], continued_as[ALERTS_ID_LEN];
    char body[4096];
    int answered;
    bool verified;
    tstamp_ns at; /* monotonic */
};

struct receiver {
    struct httpd *server;
    int status; /* of answers while fail > 0 */
    int fail;
    const char *retry_after; /* header line of failures; NULL: none */
    const char *body;        /* of all answers; NULL: a short one */
    size_t body_len;
    const char *secret; /* that it knows; NULL: BENCH_SECRET */
    struct received got[512];
    size_t n;
};

struct bench {
    uv_loop_t loop;
    struct pg *pg;
    struct http *http;
    struct alerts *alerts;
    struct receiver receiver[2];
    char url[2][128];
    struct alerts_webhook hooks[2];
    struct alerts_options options;
};

/* The text of a key that occurs once: enough for bodies of our own. */
static inline void bench_copy(char *out, size_t room, const char *body, const char *key)
{
    char quoted[48];
    snprintf(quoted, sizeof quoted, "\"%s\":\"", key);
    const char *at = strstr(body, quoted);
    at = at ? at + strlen(quoted) : "\"";
    snprintf(out, room, "%.*s", (int)strcspn(at, "\""), at);
}

static inline void bench_handle(void *arg, const struct httpd_request *r, struct httpd_answer *a)
{
    struct receiver *v = arg;
    assert_true(v->n < sizeof v->got / sizeof *v->got);
    struct received *g = &v->got[v->n++];
    struct webhook_key key;
    assert_true(webhook_key(&key, v->secret ? v->secret : BENCH_SECRET));
    snprintf(g->body, sizeof g->body, "%s", r->body);
    g->verified = webhook_check(&key, httpd_header(r, "webhook-id"), httpd_header(r, "webhook-timestamp"),
                                httpd_header(r, "webhook-signature"), r->body, r->body_len,
                                clock_wall() / NS_PER_S) == NULL;
    snprintf(g->id, sizeof g->id, "%s", httpd_header(r, "webhook-id"));
    bench_copy(g->type, sizeof g->type, r->body, "type");
    bench_copy(g->occurrence, sizeof g->occurrence, r->body, "occurrence");
    bench_copy(g->state, sizeof g->state, r->body, "state");
    bench_copy(g->continued_as, sizeof g->continued_as, r->body, "continued_as");
    g->at = clock_monotonic();
    g->answered = 200;
    if (v->fail > 0) {
        v->fail--;
        g->answered = v->status;
    }
    static const char *headers[2];
    headers[0] = g->answered == 200 ? NULL : v->retry_after;
    a->status = g->answered;
    a->headers = headers;
    a->body = v->body ? v->body : "as told";
    a->body_len = v->body ? v->body_len : 7;
}

/* When each finding was said first, as the tracker notes it (detectors/verdict). */
static struct {
    char id[FINDING_ID_LEN];
    int minute;
} bench_seen[256];
static size_t bench_n_seen;

/* ---- database ---- */

static inline void bench_sql(const char *text)
{
    struct err err = {0};
    if (pg_run(bench_conninfo, text, 0, NULL, NULL, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
}

/* First value of the first row, "" for NULL or nothing; overwritten by the next call but three. */
static inline const char *bench_value(const char *text)
{
    static char values[4][4096];
    static int next;
    char *out = values[next++ % 4];
    struct pg_rows *rows = NULL;
    struct err err = {0};
    if (pg_run(bench_conninfo, text, 0, NULL, &rows, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
    snprintf(out, sizeof values[0], "%s", rows->n_rows && rows->value[0] ? rows->value[0] : "");
    pg_rows_free(rows);
    return out;
}

static inline int bench_group_setup(void **state)
{
    (void)state;
    struct err err = {0};
    postgres_leave_root();
    log_set_level(LOG_ERROR);
    if (postgres_make(bench_dir, bench_conninfo) != 0 || alerts_migrate(bench_conninfo, &err) != 0) {
        fprintf(stderr, "%s\n", err.msg);
        return -1;
    }
    return 0;
}

static inline int bench_group_teardown(void **state)
{
    (void)state;
    postgres_remove(bench_dir);
    return 0;
}

/* ---- the fleet ---- */

#define BENCH_SECTORS 40

/* Sectors C01 … C40 of four supplies SR:C01:Q1 … Q4; water W01A has Q1 and Q2, W01B Q3 and Q4; rack R01 has
 * Q2 and Q3. */
static inline struct fleet *bench_fleet_make(void)
{
    static const char head[] = "supply,family,sector,signal,pv,unit,water,rack\n";
    char path[] = "/tmp/psmon-bench-fleet-XXXXXX";
    struct fleet *fleet = NULL;
    struct err err = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *out = fdopen(fd, "w");
    fputs(head, out);
    for (int s = 1; s <= BENCH_SECTORS; s++)
        for (int q = 1; q <= 4; q++)
            fprintf(out, "SR:C%02d:Q%d,quad,C%02d,current,C%02dQ%d,A,W%02d%c,%s%02d\n", s, q, s, s, q, s,
                    q <= 2 ? 'A' : 'B', q == 2 || q == 3 ? "R" : "T", s);
    fclose(out);
    if (fleet_load(&fleet, path, &err) != 0)
        fail_msg("%s", err.msg);
    unlink(path);
    return fleet;
}

/* Made once, for all tests of a program. */
static inline const struct fleet *bench_fleet(void)
{
    static struct fleet *fleet;
    if (!fleet)
        fleet = bench_fleet_make();
    return fleet;
}

/* ---- opening, closing ---- */

static inline const char *bench_spool(void)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/spool", bench_dir);
    return path;
}

/* Empties database and spool; two receivers; no alerts yet. */
static inline void bench_open(struct bench *b)
{
    static const double retry[] = {0, 0.02, 0.04, 0.08};
    struct err err = {0};
    char command[200];
    memset(b, 0, sizeof *b);
    bench_n_seen = 0;
    snprintf(command, sizeof command, "rm -rf %s", bench_spool());
    postgres_sh(command);
    bench_sql("TRUNCATE alarms, alarm_children, alarm_transitions, alarm_acks, outbox, deliveries");
    uv_loop_init(&b->loop);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(httpd_open(&b->receiver[i].server, &b->loop, "127.0.0.1:0", 1 << 20, bench_handle,
                                    &b->receiver[i], &err),
                         0);
        snprintf(b->url[i], sizeof b->url[i], "http://127.0.0.1:%d/hook%d?token=secret",
                 httpd_port(b->receiver[i].server), i);
        b->hooks[i] = (struct alerts_webhook){.url = {b->url[i]}, .secret = {BENCH_SECRET}};
    }
    b->options = (struct alerts_options){.run = "live",
                                         .send = true,
                                         .fleet = bench_fleet(),
                                         .webhooks = b->hooks,
                                         .n_webhooks = 1,
                                         .on_delay = 2 * NS_PER_MIN,
                                         .off_delay = 3 * NS_PER_MIN,
                                         .source = "bench",
                                         .retry_s = retry,
                                         .n_retry = 4,
                                         .timeout_s = 2};
}

/* Starts psmon's part, as after a start of the program. */
static inline void bench_start(struct bench *b)
{
    struct err err = {0};
    if (pg_open(&b->pg, &b->loop, bench_conninfo, bench_spool(), &err) != 0)
        fail_msg("%s", err.msg);
    b->http = http_new(&b->loop, 8);
    if (alerts_open(&b->alerts, &b->loop, b->pg, bench_conninfo, b->http, &b->options, &err) != 0)
        fail_msg("%s", err.msg);
}

/* Stops it; what is spooled and not applied stays in the spool when drain_s is 0. */
static inline void bench_stop(struct bench *b, double drain_s)
{
    alerts_close(b->alerts);
    pg_close(b->pg, drain_s);
    http_free(b->http);
    b->alerts = NULL;
    b->pg = NULL;
    b->http = NULL;
}

static inline void bench_close(struct bench *b)
{
    if (b->alerts)
        bench_stop(b, 5);
    for (int i = 0; i < 2; i++)
        if (b->receiver[i].server)
            httpd_close(b->receiver[i].server);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&b->loop), 0);
}

/* ---- time ---- */

static inline void bench_run(struct bench *b, double seconds)
{
    tstamp_ns end = clock_monotonic() + (tstamp_ns)(seconds * 1e9);
    while (clock_monotonic() < end) {
        uv_run(&b->loop, UV_RUN_NOWAIT);
        usleep(500);
    }
}

#define bench_until(b, condition, seconds)                                    \
    do {                                                                      \
        tstamp_ns bench_end = clock_monotonic() + (tstamp_ns)((seconds)*1e9); \
        while (!(condition) && clock_monotonic() < bench_end) {               \
            uv_run(&(b)->loop, UV_RUN_NOWAIT);                                \
            usleep(500);                                                      \
        }                                                                     \
        assert_true(condition);                                               \
    } while (0)

/* Everything submitted is in the database. */
static inline void bench_settle(struct bench *b)
{
    bench_until(b, pg_queued(b->pg) == 0, 10);
}

static inline size_t bench_depth(const struct bench *b)
{
    struct alerts_stats s;
    alerts_stats(b->alerts, &s);
    return s.outbox_depth;
}

/* n messages came, and their sender has heard the answers. */
static inline void bench_delivered(struct bench *b, size_t n)
{
    bench_until(b, b->receiver[0].n == n && bench_depth(b) == 0, 10);
}

/* ---- findings ---- */

static inline struct finding bench_finding(const char *id, const char *subject)
{
    struct finding f = {.supply = 1,
                        .detector = "level",
                        .class = CLASS_EQUIPMENT,
                        .signal = "current",
                        .onset = BENCH_T0 - NS_PER_DAY,
                        .first_seen = BENCH_T0,
                        .last_seen = BENCH_T0,
                        .chance = 0.025,
                        .size = 1.5,
                        .unit = "A",
                        .direction = DIRECTION_UP,
                        .witness = true,
                        .n_by = 1,
                        .by = {{"current", 1.5, "A", 1}},
                        .reason = "current 1.5 A above its set point"};
    snprintf(f.id, sizeof f.id, "%s", id);
    snprintf(f.subject, sizeof f.subject, "%s", subject);
    return f;
}

/* A group that moved, of so many supplies. */
static inline struct finding bench_group(const char *id, const char *subject, uint32_t supplies)
{
    struct finding f = bench_finding(id, subject);
    f.supply = -1;
    f.class = CLASS_COMMON;
    f.children = supplies;
    snprintf(f.reason, sizeof f.reason, "current moved together in %u supplies", (unsigned)supplies);
    return f;
}

static inline tstamp_ns bench_first_seen(const struct finding *f, int minute)
{
    size_t i = 0;
    while (i < bench_n_seen && strcmp(bench_seen[i].id, f->id) != 0)
        i++;
    if (i == bench_n_seen) {
        assert_true(bench_n_seen < sizeof bench_seen / sizeof *bench_seen);
        memcpy(bench_seen[i].id, f->id, sizeof bench_seen[i].id);
        bench_seen[bench_n_seen++].minute = minute;
    }
    return BENCH_T0 + bench_seen[i].minute * NS_PER_MIN;
}

/* Tick number `minute` with these findings and conditions. */
static inline void bench_step(struct bench *b, int minute, const struct finding *f, size_t n,
                              const struct alerts_condition *c, size_t n_conditions, bool quiet)
{
    struct finding *seen = xcalloc(n + 1, sizeof *seen);
    for (size_t i = 0; i < n; i++) {
        seen[i] = f[i];
        seen[i].first_seen = bench_first_seen(&f[i], minute);
    }
    alerts_step(b->alerts, BENCH_T0 + minute * NS_PER_MIN, seen, n, c, n_conditions, quiet);
    free(seen);
}

static inline void bench_tick(struct bench *b, int minute, const struct finding *f, size_t n)
{
    bench_step(b, minute, f, n, NULL, 0, false);
}

static inline void bench_ticks(struct bench *b, int from, int to, const struct finding *f, size_t n)
{
    for (int m = from; m <= to; m++)
        bench_tick(b, m, f, n);
}

#endif
