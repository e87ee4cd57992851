/* alerts: delivery of webhooks against receivers that work, refuse, throttle, hang and vanish.
 * SPDX-License-Identifier: MIT */
#include "tests/alerts.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static struct bench b;

static int open_bench(void **state)
{
    (void)state;
    bench_open(&b);
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

static struct received *got(int receiver, size_t i)
{
    assert_true(i < b.receiver[receiver].n);
    return &b.receiver[receiver].got[i];
}

/* Raises occurrence id at minute 2 of its own. */
static void raise_alarm(const char *id, const char *subject)
{
    struct finding f = bench_finding(id, subject);
    bench_ticks(&b, 0, 2, &f, 1);
}

static void raised_and_returned_are_signed_and_in_order(void **state)
{
    (void)state;
    bench_start(&b);
    raise_alarm("f1", "SR:C01:Q1");
    bench_until(&b, b.receiver[0].n == 1, 5);
    bench_ticks(&b, 3, 6, NULL, 0);
    bench_until(&b, b.receiver[0].n == 2, 5);
    bench_settle(&b);
    assert_string_equal(got(0, 0)->type, "psmon.alarm.raised");
    assert_string_equal(got(0, 0)->state, "UNACK");
    assert_string_equal(got(0, 1)->type, "psmon.alarm.returned");
    assert_string_equal(got(0, 1)->state, "RTN_UNACK");
    assert_string_equal(got(0, 0)->occurrence, "f1");
    assert_true(got(0, 0)->verified && got(0, 1)->verified);
    assert_string_not_equal(got(0, 0)->id, got(0, 1)->id);
    assert_string_equal(
        bench_value("SELECT string_agg(state || ' ' || attempts, ',' ORDER BY seq) FROM outbox"),
        "delivered 1,delivered 1");
    assert_string_equal(bench_value("SELECT string_agg(status || ' ' || answer, ',') FROM deliveries WHERE ok"
                                    " AND latency_s > 0"),
                        "200 as told,200 as told");
    assert_null(strstr(bench_value("SELECT endpoint FROM outbox"), "token"));
}

static void a_refusing_receiver_is_tried_again_under_the_same_id(void **state)
{
    (void)state;
    b.receiver[0].status = 500;
    b.receiver[0].fail = 2;
    bench_start(&b);
    raise_alarm("f1", "SR:C01:Q1");
    bench_until(&b, b.receiver[0].n == 3, 5);
    bench_settle(&b);
    assert_string_equal(got(0, 0)->id, got(0, 1)->id);
    assert_string_equal(got(0, 0)->id, got(0, 2)->id);
    assert_string_equal(got(0, 0)->body, got(0, 2)->body);
    assert_true(got(0, 2)->verified);
    assert_true(got(0, 1)->at - got(0, 0)->at >= (tstamp_ns)(0.018 * 1e9));
    assert_true(got(0, 2)->at - got(0, 1)->at >= (tstamp_ns)(0.036 * 1e9));
    bench_until(&b, strcmp(bench_value("SELECT state || attempts FROM outbox"), "delivered3") == 0, 5);
    assert_string_equal(bench_value("SELECT string_agg(attempt || ':' || status, ',' ORDER BY attempt)"
                                    " FROM deliveries"),
                        "1:500,2:500,3:200");
}

/* The outbox of an earlier psmon holds finished bodies; they are what shape psmon sends, to the byte. */
static void messages_of_an_earlier_version_are_delivered_as_they_stand(void **state)
{
    (void)state;
    static const char old[] =
        "{\"type\":\"psmon.alarm.raised\",\"timestamp\":\"2026-11-24T07:05:00Z\",\"data\":{"
        "\"occurrence\":\"f-old\",\"subject\":\"SR:C12:Q3\",\"state\":\"UNACK\",\"chance\":0.025,"
        "\"chance_text\":\"by chance once in 40 weeks over the ring\",\"run\":\"live\"}}";
    char insert[1600];
    snprintf(
        insert, sizeof insert,
        "DROP INDEX outbox_resend; ALTER TABLE outbox DROP resend;"
        "DROP VIEW open_alarms; DROP TABLE alarm_children; ALTER TABLE alarms DROP announced_at, DROP "
        "grown_at,"
        " DROP flood, DROP folded_into; ALTER TABLE alarm_transitions DROP which,"
        " ADD PRIMARY KEY (run, occurrence, event);"
        "DELETE FROM psmon_schema WHERE component = 'alerts' AND version > 4;"
        "INSERT INTO outbox (message, endpoint, run, occurrence, type, body, state, attempts, created_at,"
        " next_at) VALUES ('msg_old', 'http://127.0.0.1:%d/hook0', 'live', 'f-old', 'psmon.alarm.raised',"
        " '%s', 'waiting', 3, now() - interval '1 hour', now())",
        httpd_port(b.receiver[0].server), old);
    bench_sql(insert);
    struct err err = {0};
    assert_int_equal(alerts_migrate(bench_conninfo, &err), 0);
    assert_null(strstr(bench_value("SELECT endpoint FROM outbox"), "hook0"));
    bench_start(&b);
    bench_delivered(&b, 1);
    assert_string_equal(got(0, 0)->id, "msg_old");
    assert_string_equal(got(0, 0)->body, old);
    assert_true(got(0, 0)->verified);
    bench_settle(&b);
    assert_string_equal(bench_value("SELECT state || attempts FROM outbox"), "delivered4");
}

/* A message is what was true when it happened, not when the receiver came back. */
static void a_message_says_what_was_so_when_it_happened(void **state)
{
    (void)state;
    b.receiver[0].status = 503;
    b.receiver[0].fail = 1000;
    bench_start(&b);
    raise_alarm("f1", "SR:C01:Q1");
    bench_until(&b, b.receiver[0].n == 1, 5);
    struct err err = {0};
    char id[ALERTS_ID_LEN];
    const struct alerts_ack ack = {
        .run = "live", .occurrence = "f1", .by = "eve", .note = "", .at = BENCH_T0};
    bench_settle(&b);
    assert_int_equal(alerts_acknowledge(bench_conninfo, &ack, id, &err), 0);
    bench_stop(&b, 5);
    b.receiver[0].fail = 0;
    size_t before = b.receiver[0].n;
    bench_start(&b);
    bench_delivered(&b, before + 2);
    assert_string_equal(got(0, before)->type, "psmon.alarm.raised");
    assert_string_equal(got(0, before)->state, "UNACK");
    assert_string_equal(got(0, before)->body, got(0, 0)->body);
    assert_string_equal(got(0, before + 1)->type, "psmon.alarm.acknowledged");
    assert_string_equal(got(0, before + 1)->state, "ACK");
}

static void an_unknown_shape_is_refused(void **state)
{
    (void)state;
    struct err err = {0};
    b.hooks[0].shape = "sms";
    assert_int_equal(pg_open(&b.pg, &b.loop, bench_conninfo, bench_spool(), &err), 0);
    b.http = http_new(&b.loop, 8);
    assert_int_equal(alerts_open(&b.alerts, &b.loop, b.pg, bench_conninfo, b.http, &b.options, &err),
                     ERR_CONFIG);
    assert_non_null(strstr(err.msg, "'sms', is not one of: psmon"));
    pg_close(b.pg, 5);
    http_free(b.http);
}

static void redirects_are_failures(void **state)
{
    (void)state;
    char location[200];
    snprintf(location, sizeof location, "Location: %s", b.url[1]);
    b.receiver[0].status = 302;
    b.receiver[0].fail = 1;
    b.receiver[0].retry_after = location;
    bench_start(&b);
    raise_alarm("f1", "SR:C01:Q1");
    bench_until(&b, b.receiver[0].n == 2, 5);
    assert_int_equal(b.receiver[1].n, 0);
    bench_until(&b,
                strcmp(bench_value("SELECT error FROM deliveries WHERE NOT ok"),
                       "HTTP 302: redirects are not followed") == 0,
                5);
}

static void retry_after_is_obeyed(void **state)
{
    (void)state;
    b.receiver[0].status = 429;
    b.receiver[0].fail = 1;
    b.receiver[0].retry_after = "Retry-After: 1";
    bench_start(&b);
    struct finding f[2] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C01:Q2")};
    bench_ticks(&b, 0, 2, f, 1);
    bench_until(&b, b.receiver[0].n == 1, 5);
    bench_run(&b, 0.05);
    bench_ticks(&b, 3, 5, f, 2); /* another alarm: the endpoint as a whole asked for patience */
    bench_until(&b, b.receiver[0].n == 3, 5);
    assert_true(got(0, 1)->at - got(0, 0)->at >= NS_PER_S);
    assert_true(got(0, 2)->at - got(0, 0)->at >= NS_PER_S);
}

static unsigned long failed_attempts(void)
{
    struct alerts_stats s;
    alerts_stats(b.alerts, &s);
    return s.attempts_failed;
}

/* 410, from a proxy or during a redeploy: said at once, and over by itself; nothing is lost. */
static void gone_is_said_and_asked_again(void **state)
{
    (void)state;
    b.options.n_webhooks = 2;
    b.options.probe_s = 0.3;
    b.receiver[0].status = 410;
    b.receiver[0].fail = 2;
    bench_start(&b);
    struct finding f[2] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C01:Q2")};
    bench_ticks(&b, 0, 2, f, 1);
    bench_until(&b, b.receiver[1].n == 1 && failed_attempts() == 1, 5);
    bench_ticks(&b, 3, 5, f, 2);
    bench_until(&b, b.receiver[1].n == 3, 5); /* f2, and that the other webhook is gone */
    const struct alarm_view *v;
    assert_int_equal(alerts_active(b.alerts, &v), 3);
    assert_non_null(strstr(v[2].text, "answered 410 Gone"));
    bench_until(&b, bench_depth(&b) == 0, 10); /* two refused, then all three are taken */
    assert_int_equal(b.receiver[0].n, 5);
    bench_ticks(&b, 6, 9, f, 2);
    bench_until(&b, b.receiver[0].n == 6, 5); /* that it is over */
    assert_string_equal(got(0, 5)->type, "psmon.alarm.returned");
    bench_settle(&b);
    assert_string_equal(bench_value("SELECT string_agg(DISTINCT state, ',') FROM outbox"), "delivered");
    struct alerts_stats s;
    alerts_stats(b.alerts, &s);
    assert_int_equal(s.dead_letters, 0);
}

/* A maintenance page that asks for a day's patience: the endpoint is asked again long before. */
static void an_endpoint_that_asks_for_a_day_is_probed(void **state)
{
    (void)state;
    b.options.probe_s = 0.1;
    b.receiver[0].status = 503;
    b.receiver[0].fail = 2;
    b.receiver[0].retry_after = "Retry-After: 86400";
    bench_start(&b);
    struct finding f[2] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C01:Q2")};
    bench_ticks(&b, 0, 2, f, 2);
    bench_delivered(&b, 4);
}

/* A wrong token: each message sits in its own back-off of hours. Once it is mended all of them go. */
static void the_queue_is_released_when_the_endpoint_works(void **state)
{
    (void)state;
    static const double slow[] = {0, 600, 600, 600};
    static const int statuses[] = {401, 404, 400, 302};
    for (size_t k = 0; k < sizeof statuses / sizeof *statuses; k++) {
        if (k > 0) {
            bench_close(&b);
            bench_open(&b);
        }
        b.options.retry_s = slow;
        b.options.probe_s = 0.2;
        b.receiver[0].status = statuses[k];
        b.receiver[0].fail = 1 << 20;
        bench_start(&b);
        struct finding f[8];
        for (int i = 0; i < 8; i++) {
            char id[8], subject[16];
            snprintf(id, sizeof id, "f%d", i);
            snprintf(subject, sizeof subject, "SR:C0%d:Q1", i);
            f[i] = bench_finding(id, subject);
        }
        bench_ticks(&b, 0, 2, f, 8);
        bench_until(&b, failed_attempts() >= 2, 10);
        struct alerts_webhook mended = b.hooks[0]; /* as somebody mends it, on SIGHUP */
        const struct alerts_options o = {.webhooks = &mended, .n_webhooks = 1};
        struct err err = {0};
        assert_int_equal(alerts_change(b.alerts, &o, &err), 0);
        b.receiver[0].fail = 0;
        bench_until(&b, bench_depth(&b) == 0, 10);
        bench_settle(&b);
        assert_string_equal(bench_value("SELECT count(*) FROM outbox WHERE state = 'delivered'"), "8");
    }
}

/* The same over a restart, which is how a token was mended so far. */
static void a_restart_asks_at_once(void **state)
{
    (void)state;
    static const double slow[] = {0, 600, 600, 600};
    b.options.retry_s = slow;
    b.receiver[0].status = 401;
    b.receiver[0].fail = 1 << 20;
    bench_start(&b);
    struct finding f[2] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C01:Q2")};
    bench_ticks(&b, 0, 2, f, 2);
    bench_until(&b, strcmp(bench_value("SELECT count(*) FROM outbox WHERE attempts = 1"), "2") == 0, 10);
    bench_stop(&b, 5);
    b.receiver[0].fail = 0;
    size_t before = b.receiver[0].n;
    bench_start(&b);
    bench_delivered(&b, before + 2);
}

/* An answer of a megabyte and more, or one that never ends, is what its status says. */
static void a_long_answer_is_an_answer(void **state)
{
    (void)state;
    enum { LONG = 3 << 20 };
    char *page = malloc(LONG);
    memset(page, 'x', LONG);
    b.receiver[0].body = page;
    b.receiver[0].body_len = LONG;
    bench_start(&b);
    raise_alarm("f1", "SR:C01:Q1");
    bench_delivered(&b, 1);
    bench_settle(&b);
    assert_string_equal(bench_value("SELECT state || attempts FROM outbox"), "delivered1");
    assert_string_equal(bench_value("SELECT length(answer) FROM deliveries"), "1024");
    free(page);
}

#define OTHER_SECRET "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

/* Two secrets overlap: whoever knows one of them takes every message. */
static void a_secret_is_changed_without_a_refused_message(void **state)
{
    (void)state;
    struct err err = {0};
    struct alerts_webhook hook = b.hooks[0];
    const struct alerts_options o = {.webhooks = &hook, .n_webhooks = 1};
    struct finding f = bench_finding("f1", "SR:C01:Q1");
    bench_start(&b);
    bench_ticks(&b, 0, 2, &f, 1);
    bench_until(&b, b.receiver[0].n == 1, 5);
    hook.secret.clear = OTHER_SECRET;
    hook.old_secret.clear = BENCH_SECRET;
    assert_int_equal(alerts_change(b.alerts, &o, &err), 0);
    bench_ticks(&b, 3, 6, NULL, 0);
    bench_until(&b, b.receiver[0].n == 2, 5);
    b.receiver[0].secret = OTHER_SECRET; /* the receiver changes over, at its own time */
    bench_ticks(&b, 7, 9, &f, 1);
    bench_until(&b, b.receiver[0].n == 3, 5);
    hook.old_secret.clear = NULL;
    assert_int_equal(alerts_change(b.alerts, &o, &err), 0);
    bench_ticks(&b, 10, 13, NULL, 0);
    bench_until(&b, b.receiver[0].n == 4, 5);
    for (size_t i = 0; i < 4; i++)
        assert_true(got(0, i)->verified);
    hook.old_secret.clear = "whsec_no";
    assert_int_equal(alerts_change(b.alerts, &o, &err), ERR_CONFIG);
}

/* A webhook more, one less, and the messages of the one that goes. */
static void webhooks_change_while_psmon_runs(void **state)
{
    (void)state;
    struct err err = {0};
    struct finding f[2] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C01:Q2")};
    b.receiver[0].status = 500;
    b.receiver[0].fail = 1 << 20;
    static const double slow[] = {0, 600, 600, 600};
    b.options.retry_s = slow;
    bench_start(&b);
    bench_ticks(&b, 0, 2, f, 1);
    bench_until(&b, strcmp(bench_value("SELECT attempts FROM outbox"), "1") == 0, 5);
    struct alerts_options o = {.webhooks = b.hooks, .n_webhooks = 2};
    assert_int_equal(alerts_change(b.alerts, &o, &err), 0);
    bench_ticks(&b, 3, 5, f, 2);
    bench_until(&b, b.receiver[1].n == 1, 5); /* what happened before is not for the new one */
    assert_string_equal(got(1, 0)->occurrence, "f2");
    bench_until(&b, bench_depth(&b) == 2, 5);
    log_set_level((enum log_level) - 1); /* dead letters, as expected */
    o = (struct alerts_options){.webhooks = b.hooks + 1, .n_webhooks = 1};
    assert_int_equal(alerts_change(b.alerts, &o, &err), 0);
    log_set_level(LOG_ERROR);
    assert_int_equal(bench_depth(&b), 0);
    bench_settle(&b);
    assert_string_equal(bench_value("SELECT string_agg(error, ',') FROM outbox WHERE state = 'dead'"),
                        "the endpoint is not configured any more,the endpoint is not configured any more");
    bench_ticks(&b, 6, 9, f + 1, 1);
    bench_until(&b, b.receiver[1].n == 2, 5);
    assert_string_equal(got(1, 1)->type, "psmon.alarm.returned");
    /* back again, and the dead letters by command */
    o = (struct alerts_options){.webhooks = b.hooks, .n_webhooks = 2};
    assert_int_equal(alerts_change(b.alerts, &o, &err), 0);
    b.receiver[0].fail = 0;
    size_t before = b.receiver[0].n;
    int n = 0;
    assert_int_equal(alerts_resend(bench_conninfo, "live", NULL, 0, &n, &err), 0);
    assert_int_equal(n, 2);
    bench_until(&b, b.receiver[0].n == before + 2 && bench_depth(&b) == 0, 10);
    bench_settle(&b);
    assert_string_equal(bench_value("SELECT count(*) FROM outbox WHERE state <> 'delivered' OR resend"), "0");
}

/* One dead letter by its id, with nobody running: the next psmon sends it, under the same id. */
static void a_dead_letter_is_sent_again_by_command(void **state)
{
    (void)state;
    struct err err = {0};
    int n = 0;
    b.receiver[0].status = 503;
    b.receiver[0].fail = 1000;
    bench_start(&b);
    log_set_level((enum log_level) - 1);
    raise_alarm("f1", "SR:C01:Q1");
    bench_until(&b, strcmp(bench_value("SELECT state FROM outbox"), "dead") == 0, 10);
    log_set_level(LOG_ERROR);
    bench_settle(&b);
    bench_stop(&b, 5);
    assert_int_equal(alerts_resend(bench_conninfo, "live", "msg_none", 0, &n, &err), ERR_DATA);
    assert_int_equal(alerts_resend(bench_conninfo, "live", NULL, clock_wall() + NS_PER_S, &n, &err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(alerts_resend(bench_conninfo, "live", got(0, 0)->id, 0, &n, &err), 0);
    assert_int_equal(n, 1);
    b.receiver[0].fail = 0;
    size_t before = b.receiver[0].n;
    bench_start(&b);
    bench_until(&b, b.receiver[0].n == before + 1, 10);
    assert_string_equal(got(0, before)->id, got(0, 0)->id);
    bench_until(&b,
                strcmp(bench_value("SELECT state || attempts || resend FROM outbox"), "delivered1false") == 0,
                10);
}

/* The path of a chat receiver is its secret: no table has it, nor an alarm. */
static void the_path_of_an_endpoint_is_in_no_table(void **state)
{
    (void)state;
    b.options.n_webhooks = 2;
    snprintf(b.url[0], sizeof b.url[0], "http://eve:hunter2@127.0.0.1:1/services/T0/B0/hunter2?t=hunter2");
    b.hooks[1].name = "control room";
    bench_start(&b);
    raise_alarm("f1", "SR:C01:Q1");
    bench_until(&b, strcmp(bench_value("SELECT count(*) > 0 FROM deliveries WHERE NOT ok"), "t") == 0, 5);
    assert_string_equal(bench_value("SELECT string_agg(DISTINCT regexp_replace(endpoint, '[0-9a-f]{8}$',"
                                    " 'NUMBER'), ' ') FROM outbox"),
                        "control room http://127.0.0.1:1/…#NUMBER");
    assert_string_equal(bench_value("SELECT count(*) FROM outbox o, deliveries d WHERE (o::text || d::text)"
                                    " LIKE '%hunter2%'"),
                        "0");
}

static void dead_letters_are_kept(void **state)
{
    (void)state;
    b.receiver[0].status = 503;
    b.receiver[0].fail = 1000;
    bench_start(&b);
    log_set_level((enum log_level) - 1); /* the error is expected */
    raise_alarm("f1", "SR:C01:Q1");
    bench_until(&b, strcmp(bench_value("SELECT state FROM outbox"), "dead") == 0, 10);
    log_set_level(LOG_ERROR);
    bench_settle(&b);
    assert_int_equal(b.receiver[0].n, 4); /* the whole schedule of this bench */
    assert_string_equal(bench_value("SELECT state || attempts || error FROM outbox"), "dead4HTTP 503");
    assert_string_equal(bench_value("SELECT count(*) FROM deliveries WHERE NOT ok"), "4");
    struct alerts_stats s;
    alerts_stats(b.alerts, &s);
    assert_int_equal(s.dead_letters, 1);
    assert_int_equal(s.attempts_failed, 4);
}

/* A socket that takes connections and never says a word. */
static int silent_port(int *fd)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    *fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(*fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(*fd, 64), 0);
    assert_int_equal(getsockname(*fd, (struct sockaddr *)&a, &len), 0);
    return ntohs(a.sin_port);
}

static void a_dead_receiver_delays_neither_ticks_nor_others(void **state)
{
    (void)state;
    int fd;
    b.options.n_webhooks = 2;
    b.options.timeout_s = 0.3;
    snprintf(b.url[0], sizeof b.url[0], "http://127.0.0.1:%d/silent", silent_port(&fd));
    bench_start(&b);
    struct finding f[50];
    char id[16], subject[16];
    for (int i = 0; i < 50; i++) {
        snprintf(id, sizeof id, "f%d", i);
        snprintf(subject, sizeof subject, "SR:Q%d", i);
        f[i] = bench_finding(id, subject);
    }
    double worst = 0;
    for (int m = 0; m < 80; m++) { /* as many at a time as are told one by one */
        size_t n = 8 * ((size_t)m / 11 + 1);
        tstamp_ns t = clock_monotonic();
        bench_tick(&b, m, f, n < 50 ? n : 50);
        worst = fmax(worst, (double)(clock_monotonic() - t) / 1e9);
        bench_run(&b, 0.005);
    }
    assert_true(worst < 0.2);
    bench_until(&b, b.receiver[1].n == 50, 5);
    bench_until(
        &b,
        strcmp(bench_value("SELECT count(*) > 0 FROM deliveries WHERE status IS NULL AND error <> ''"),
               "t") == 0,
        5);
    close(fd);
}

static void a_closed_port_recovers_by_itself(void **state)
{
    (void)state;
    static const double patient[] = {0, 0.2, 60, 60};
    int fd;
    struct err err = {0};
    int port = silent_port(&fd);
    close(fd); /* nobody listens there any more */
    snprintf(b.url[0], sizeof b.url[0], "http://127.0.0.1:%d/late", port);
    b.options.retry_s = patient;
    bench_start(&b);
    struct finding f[2] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C01:Q2")};
    bench_ticks(&b, 0, 2, f, 1);
    bench_until(&b, strcmp(bench_value("SELECT attempts FROM outbox"), "2") == 0, 5);
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    httpd_close(b.receiver[0].server);
    b.receiver[0].server = NULL;
    assert_int_equal(
        httpd_open(&b.receiver[0].server, &b.loop, address, 1 << 20, bench_handle, &b.receiver[0], &err), 0);
    /* the first waits a minute for its third attempt; the second's success calls it back */
    bench_ticks(&b, 3, 5, f, 2);
    bench_until(&b, b.receiver[0].n == 2, 5);
    assert_string_equal(got(0, 0)->occurrence, "f2");
    assert_string_equal(got(0, 1)->occurrence, "f1");
}

static void after_an_outage_a_finished_alarm_is_one_message(void **state)
{
    (void)state;
    static const double slow[] = {0, 0.4, 0.4, 0.4};
    b.options.retry_s = slow;
    b.receiver[0].status = 503;
    b.receiver[0].fail = 1;
    bench_start(&b);
    struct finding f[2] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C01:Q2")};
    bench_ticks(&b, 0, 2, f, 1);
    bench_until(&b, strcmp(bench_value("SELECT attempts FROM outbox"), "1") == 0, 5);
    bench_ticks(&b, 3, 9, f + 1, 1); /* f1 returns, f2 is raised, during the outage */
    bench_until(&b, b.receiver[0].n == 3, 5);
    bench_settle(&b);
    bench_run(&b, 0.5);
    assert_int_equal(b.receiver[0].n, 3);
    assert_string_equal(got(0, 1)->occurrence, "f2");
    assert_string_equal(got(0, 1)->type, "psmon.alarm.raised");
    assert_string_equal(got(0, 2)->occurrence, "f1");
    assert_string_equal(got(0, 2)->type, "psmon.alarm.returned");
    assert_string_equal(
        bench_value("SELECT string_agg(occurrence || ' ' || type || ' ' || state, ',' ORDER BY seq)"
                    " FROM outbox"),
        "f1 psmon.alarm.raised superseded,f2 psmon.alarm.raised delivered,"
        "f1 psmon.alarm.returned delivered");
}

static void one_refused_message_does_not_stop_the_others(void **state)
{
    (void)state;
    b.receiver[0].status = 400;
    b.receiver[0].fail = 1;
    static const double slow[] = {0, 30, 30, 30};
    b.options.retry_s = slow;
    bench_start(&b);
    struct finding f[2] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C01:Q2")};
    bench_ticks(&b, 0, 2, f, 1);
    bench_until(&b, b.receiver[0].n == 1, 5);
    bench_ticks(&b, 3, 5, f, 2);
    bench_until(&b, b.receiver[0].n == 2, 2);
    bench_run(&b, 0.3);
    assert_int_equal(b.receiver[0].n, 2); /* and f2's success does not burn f1's attempts */
    assert_string_equal(got(0, 1)->occurrence, "f2");
}

static void heartbeats_beat_and_only_failures_are_kept(void **state)
{
    (void)state;
    b.options.heartbeat = NS_PER_S / 4;
    b.receiver[0].status = 500;
    bench_start(&b);
    bench_until(&b, b.receiver[0].n >= 2, 5);
    assert_string_equal(got(0, 0)->type, "psmon.alarm.heartbeat");
    assert_true(got(0, 0)->verified);
    assert_string_not_equal(got(0, 0)->id, got(0, 1)->id);
    bench_settle(&b);
    assert_string_equal(bench_value("SELECT count(*) FROM deliveries"), "0");
    b.receiver[0].fail = 1;
    bench_until(&b, strcmp(bench_value("SELECT max(status) FROM deliveries"), "500") == 0, 5);
    assert_string_equal(bench_value("SELECT count(*) FROM outbox"), "0");
}

struct answers {
    int ok, failed;
};

static void on_tested(void *arg, const char *url, const struct http_result *r, bool ok)
{
    struct answers *a = arg;
    assert_non_null(url);
    assert_true(r->status != 200 || ok);
    ok ? a->ok++ : a->failed++;
}

/* The command has a loop of its own, so the receiver runs in another process: psmon's own would do,
 * a plain Python one is independent. */
static void a_test_message_is_sent_to_every_webhook(void **state)
{
    (void)state;
    int fd;
    char command[1200], other[64];
    int port = silent_port(&fd);
    close(fd);
    snprintf(command, sizeof command,
             "cat >%s/r.py <<'EOF'\n"
             "import base64, hashlib, hmac, http.server\n"
             "class H(http.server.BaseHTTPRequestHandler):\n"
             "    def do_POST(self):\n"
             "        body = self.rfile.read(int(self.headers['Content-Length']))\n"
             "        text = (self.headers['webhook-id'] + '.' + self.headers['webhook-timestamp'] + "
             "'.').encode()\n"
             "        key = base64.b64decode('%s'[6:])\n"
             "        want = 'v1,' + base64.b64encode(hmac.new(key, text + body, "
             "hashlib.sha256).digest()).decode()\n"
             "        ok = want == self.headers['webhook-signature'] and b'psmon.alarm.test' in body\n"
             "        self.send_response(200 if ok else 401); self.end_headers()\n"
             "    def log_message(self, *a): pass\n"
             "http.server.HTTPServer(('127.0.0.1', %d), H).handle_request()\n"
             "EOF\n"
             "python3 %s/r.py & sleep 0.5",
             bench_dir, BENCH_SECRET, port, bench_dir);
    assert_int_equal(postgres_sh(command), 0);
    snprintf(other, sizeof other, "http://127.0.0.1:%d/", port);
    struct alerts_webhook hooks[2] = {{.url = {other}, .secret = {BENCH_SECRET}, .shape = "psmon"},
                                      {.url = {"http://127.0.0.1:1/nobody"}}};
    const struct alerts_options options = {.webhooks = hooks, .n_webhooks = 2, .source = "bench"};
    struct answers a = {0};
    size_t failed = 0;
    struct err err = {0};
    assert_int_equal(alerts_test(&options, BENCH_T0, on_tested, &a, &failed, &err), 0);
    assert_int_equal(a.ok, 1);
    assert_int_equal(a.failed, 1);
    assert_int_equal(failed, 1);
    hooks[0].secret.clear = "whsec_no";
    assert_int_equal(alerts_test(&options, BENCH_T0, on_tested, &a, &failed, &err), ERR_CONFIG);
    hooks[0].secret.clear = NULL;
    hooks[0].shape = "sms";
    assert_int_equal(alerts_test(&options, BENCH_T0, on_tested, &a, &failed, &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, "'sms', is not one of: psmon"));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_bench, close_bench)
    const struct CMUnitTest tests[] = {
        CASE(raised_and_returned_are_signed_and_in_order),
        CASE(a_refusing_receiver_is_tried_again_under_the_same_id),
        CASE(messages_of_an_earlier_version_are_delivered_as_they_stand),
        CASE(a_message_says_what_was_so_when_it_happened),
        CASE(an_unknown_shape_is_refused),
        CASE(redirects_are_failures),
        CASE(retry_after_is_obeyed),
        CASE(gone_is_said_and_asked_again),
        CASE(an_endpoint_that_asks_for_a_day_is_probed),
        CASE(the_queue_is_released_when_the_endpoint_works),
        CASE(a_restart_asks_at_once),
        CASE(a_long_answer_is_an_answer),
        CASE(a_secret_is_changed_without_a_refused_message),
        CASE(webhooks_change_while_psmon_runs),
        CASE(a_dead_letter_is_sent_again_by_command),
        CASE(the_path_of_an_endpoint_is_in_no_table),
        CASE(dead_letters_are_kept),
        CASE(a_dead_receiver_delays_neither_ticks_nor_others),
        CASE(a_closed_port_recovers_by_itself),
        CASE(after_an_outage_a_finished_alarm_is_one_message),
        CASE(one_refused_message_does_not_stop_the_others),
        CASE(heartbeats_beat_and_only_failures_are_kept),
        CASE(a_test_message_is_sent_to_every_webhook),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
