/* monitor: the page, /api, /metrics and /health over real HTTP. SPDX-License-Identifier: MIT */
#include "monitor/page/page.h"

#include "base/mem.h"
#include "base/net/http.h"
#include "features/record.h"
#include "monitor/report/report_parts.h"
#include "tests/near.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define S 1320
#define C (2 * S)
#define TRACE 8

static struct fleet *fleet;
static struct maintenance *maintenance;
static struct settings settings = {.period = NS_PER_MIN, .report_size = 10, .clock = {.speed = 1}};
static uint8_t mode[S], reason[S], quality[C];
static float value[C], residual[C], jsd[C], by[C], reconstruction[S], score[S], chance[S];
static float trace[C * TRACE];
static struct finding findings[2];
static struct tick tick;
static struct snapshot snapshot;

static uv_loop_t loop;
static struct page *page;
static struct http *http;

static const struct snapshot *get_snapshot(void *arg)
{
    (void)arg;
    return &snapshot;
}

static int read_fleet(void)
{
    char path[] = "/tmp/psmon-page-XXXXXX";
    struct err err = {0};
    int fd = mkstemp(path);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        return -1;
    fputs("supply,family,sector,signal,pv,unit,water\n", f);
    for (int i = 0; i < S; i++)
        for (int k = 0; k < 2; k++)
            fprintf(f, "S%02d:PS \"%d\",family%d,S%02d,%s,PV:%d:%d,%s,W%d\n", i / 33, i % 33, i % 33 / 9,
                    i / 33, k ? "voltage" : "igbt_temperature", i, k, k ? "V" : "C", i / 33);
    fclose(f);
    int rc = fleet_load(&fleet, path, &err) + maintenance_load(&maintenance, NULL, fleet, &err);
    unlink(path);
    return rc;
}

static void fill(void)
{
    for (int i = 0; i < S; i++) {
        mode[i] = MODE_STEADY;
        reason[i] = i % 10 == 0 ? REASON_OFF : REASON_SCORED;
        score[i] = reason[i] ? NAN : 1.234567f + (float)i * 1e-4f;
        chance[i] = reason[i] ? NAN : powf(10, -4 + 7 * (float)i / S); /* as many different words as can be */
        reconstruction[i] = 0.5f;
        tick.ledger[reason[i]]++;
    }
    for (int c = 0; c < C; c++) {
        value[c] = 20.5f;
        residual[c] = 0.125f;
        jsd[c] = 0.0625f;
        by[c] = -0.5f;
        for (int k = 0; k < TRACE; k++)
            trace[c * TRACE + k] = (float)k;
    }
    quality[4] = QUALITY_STALE;
    value[4] = NAN;
    score[7] = 6;
    findings[0] = (struct finding){.id = "f1",
                                   .supply = 7,
                                   .class = CLASS_EQUIPMENT,
                                   .signal = "voltage",
                                   .chance = 0.025,
                                   .effect = 4,
                                   .reason = "voltage <b>noise</b> up"};
    snprintf(findings[0].subject, sizeof findings[0].subject, "%s", fleet->supplies[7].name);
    findings[1] = (struct finding){.id = "f2",
                                   .subject = "water:W3",
                                   .supply = -1,
                                   .class = CLASS_COMMON,
                                   .children = 33,
                                   .chance = 0.5,
                                   .reason = "magnet temperature"};
}

static int setup(void **state)
{
    (void)state;
    struct err err = {0};
    signal(SIGPIPE, SIG_IGN);
    if (read_fleet() != 0)
        return -1;
    fill();
    tick.t = INT64_C(1794000000) * NS_PER_S;
    findings[0].onset = findings[1].onset = tick.t - 2 * NS_PER_DAY;
    findings[0].first_seen = findings[1].first_seen = tick.t - NS_PER_DAY;
    tick.n_supplies = S;
    tick.n_channels = C;
    static float fullness[S];
    for (int i = 0; i < S; i++)
        fullness[i] = 1;
    tick.fullness = fullness;
    tick.mode = mode;
    tick.reason = reason;
    tick.value = value;
    tick.quality = quality;
    tick.residual = residual;
    static const struct figure figures[] = {
        {"jsd", "divergence", "bit", true, true, jsd},
        {"reconstruction", "reconstruction error", "", false, true, reconstruction},
        {"reconstruction", "reconstruction", "sd", true, false, by}};
    tick.figures = figures;
    tick.n_figures = 3;
    tick.score = score;
    tick.chance = chance;
    tick.findings = findings;
    tick.n_findings = 2;
    uv_loop_init(&loop);
    http = http_new(&loop, 4);
    if (page_open(&page, &loop, "127.0.0.1:0", "monitor.example grafana", get_snapshot, NULL, &err) != 0) {
        fprintf(stderr, "%s\n", err.msg);
        return -1;
    }
    return 0;
}

static int healthy(void **state)
{
    (void)state;
    snapshot = (struct snapshot){.settings = &settings,
                                 .fleet = fleet,
                                 .maintenance = maintenance,
                                 .tick = &tick,
                                 .trace_value = trace,
                                 .trace_residual = trace,
                                 .trace_len = TRACE,
                                 .trace_head = 3,
                                 .trace_step = 5 * NS_PER_MIN,
                                 .trace_end = tick.t,
                                 .now = tick.t + 5 * NS_PER_S,
                                 .run = "live",
                                 .model = "m\"1",
                                 .phase = "live",
                                 .archiver_up = true,
                                 .database_up = true,
                                 .model_loaded = true,
                                 .archiver_error = "",
                                 .polls = 7,
                                 .poll_failures = 2};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_free(http);
    page_close(page);
    uv_run(&loop, UV_RUN_DEFAULT);
    int rc = uv_loop_close(&loop);
    fleet_free(fleet);
    maintenance_free(maintenance);
    return rc;
}

/* ---- asking ---- */

struct answer {
    int status;
    bool done;
    char type[80];
    size_t len;
    char *body;
};

static void on_done(void *arg, const struct http_result *r)
{
    struct answer *a = arg;
    a->status = r->status;
    a->done = true;
    a->len = r->body_len;
    a->body = xcalloc(r->body_len + 1, 1);
    memcpy(a->body, r->body, r->body_len);
    snprintf(a->type, sizeof a->type, "%s", r->content_type);
}

static struct answer ask_as(const char *method, const char *path, const char *header)
{
    struct answer a = {0};
    char url[300];
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", page_port(page), path);
    const char *const headers[] = {header, NULL};
    const struct http_options o = {
        .method = method, .url = url, .headers = header ? headers : NULL, .on_done = on_done, .arg = &a};
    http_start(http, &o);
    while (!a.done)
        uv_run(&loop, UV_RUN_ONCE);
    return a;
}

static struct answer ask(const char *method, const char *path)
{
    return ask_as(method, path, NULL);
}

static json_t *ask_json(const char *path, int status)
{
    struct answer a = ask("GET", path);
    json_error_t why;
    json_t *j = json_loads(a.body, JSON_REJECT_DUPLICATES, &why);
    if (a.status != status || !j)
        fail_msg("%s: %d %s %.200s", path, a.status, why.text, a.body);
    free(a.body);
    return j;
}

static void expect(const char *path, int status, const char *type, const char *text)
{
    struct answer a = ask("GET", path);
    if (a.status != status || strncmp(a.type, type, strlen(type)) != 0 || !strstr(a.body, text))
        fail_msg("%s: %d %s %.300s", path, a.status, a.type, a.body);
    free(a.body);
}

/* ---- tests ---- */

static void the_files_are_served(void **state)
{
    (void)state;
    expect("/", 200, "text/html", "<title>psmon</title>");
    expect("/index.html", 200, "text/html", "app.js");
    expect("/app.js", 200, "text/javascript", "api/ring");
    expect("/style.css", 200, "text/css", "prefers-color-scheme");
    expect("/nope", 404, "text/plain", "not found");
    expect("/../etc/passwd", 404, "text/plain", "not found");
    expect("/api", 200, "application/json", "/api/ring");
    expect("/api/nope", 404, "application/json", "error");
}

static void nothing_can_be_written(void **state)
{
    (void)state;
    struct answer a = ask("POST", "/api/ring");
    assert_int_equal(a.status, 405);
    free(a.body);
}

/* A site may make browsers take its name for our address. */
static void only_names_of_this_machine_are_served(void **state)
{
    (void)state;
    char own[256] = "", header[300];
    gethostname(own, sizeof own - 1);
    snprintf(header, sizeof header, "Host: %s:80", own);
    const struct {
        const char *host;
        int status;
    } cases[] = {{header, 200},
                 {"Host: LocalHost:8088", 200},
                 {"Host: 192.0.2.7", 200},
                 {"Host: [2001:db8::1]:80", 200},
                 {"Host: Grafana:3000", 200},
                 {"Host: monitor.example", 200},
                 {"Host: monitor.example.evil.example", 421},
                 {"Host: 127.0.0.1.evil.example", 421},
                 {"Host: monitor", 421},
                 {"Host: [evil", 421}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer a = ask_as("GET", "/api/alarms", cases[i].host);
        if (a.status != cases[i].status)
            fail_msg("%s: %d", cases[i].host, a.status);
        assert_int_equal(strstr(a.body, "http.hosts") != NULL, a.status == 421);
        free(a.body);
    }
}

static void on_tested(void *arg, bool well)
{
    *(int *)arg = well;
}

static void it_tests_itself_and_can_be_opened_again(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct err err = {0};
        int well = -1;
        assert_true(page_test(page, on_tested, &well));
        while (well < 0)
            uv_run(&loop, UV_RUN_ONCE);
        assert_int_equal(well, 1);
        uv_run(&loop, UV_RUN_NOWAIT);
        if (i == 0 && page_reopen(page, &err) != 0)
            fail_msg("%s", err.msg);
    }
}

static void the_ring_is_arrays_in_one_order(void **state)
{
    (void)state;
    struct answer a = ask("GET", "/api/ring");
    assert_in_range(a.len, 20000, 100 * 1000);
    free(a.body);
    json_t *j = ask_json("/api/ring", 200);
    static const char *const arrays[] = {"supply", "family", "sector", "mode",
                                         "reason", "score",  "chance", "chance_word"};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        assert_int_equal(json_array_size(json_object_get(j, arrays[i])), S);
    assert_true(json_is_null(json_array_get(json_object_get(j, "score"), 0)));
    assert_near(json_number_value(json_array_get(json_object_get(j, "score"), 7)), 6, 0, 1e-9);
    json_t *list = json_object_get(j, "findings");
    assert_int_equal(json_array_size(list), 2);
    assert_int_equal(json_array_size(json_object_get(json_array_get(list, 1), "members")), 33);
    assert_string_equal(field_text(json_array_get(list, 0), "chance_words"), "once in 40 weeks");
    for (size_t i = 0; i < S; i += 7) { /* what the map says of a supply */
        const json_t *at = json_array_get(json_object_get(j, "chance_word"), i);
        const json_t *said =
            json_array_get(json_object_get(j, "chance_words"), (size_t)json_integer_value(at));
        char words[WORDS_CHANCE_LEN];
        assert_string_equal(json_string_value(said), words_chance(words, (double)chance[i]));
    }
    json_int_t sum = 0;
    const char *key;
    json_t *n;
    json_object_foreach(json_object_get(j, "ledger"), key, n) sum += json_integer_value(n);
    assert_int_equal(sum, S);

    char path[120]; /* the same version again is a short answer, another tick a full one */
    snprintf(path, sizeof path, "/api/ring?since=%s", field_text(j, "version"));
    json_t *again = ask_json(path, 200);
    assert_true(json_is_true(json_object_get(again, "unchanged")));
    assert_null(json_object_get(again, "supply"));
    json_decref(again);
    tick.t += NS_PER_MIN;
    again = ask_json(path, 200);
    tick.t -= NS_PER_MIN;
    assert_null(json_object_get(again, "unchanged"));
    json_decref(again);
    json_decref(j);
}

static void a_supply_shows_its_signals(void **state)
{
    (void)state;
    char path[200], name[100];
    assert_true(http_escape(name, sizeof name, fleet->supplies[7].name));
    snprintf(path, sizeof path, "/api/supply?name=%s", name);
    json_t *j = ask_json(path, 200), *signals = json_object_get(j, "signals");
    assert_string_equal(field_text(j, "supply"), fleet->supplies[7].name);
    assert_string_equal(field_text(j, "water"), "W0");
    assert_int_equal(json_array_size(signals), 2);
    const json_t *first = json_array_get(signals, 0), *values = json_object_get(first, "values");
    assert_int_equal(json_array_size(values), TRACE);
    assert_near(json_number_value(json_array_get(values, 0)), 3, 0, 0); /* the oldest is at trace_head */
    assert_near(json_number_value(json_array_get(values, 7)), 2, 0, 0);
    assert_near(field_number(first, "jsd"), 0.0625, 0, 0);
    assert_true(json_is_null(json_object_get(first, "histogram")));
    assert_string_equal(field_text(first, "signal_words"), "IGBT temperature");
    assert_string_equal(field_text(first, "unit"), "C");
    assert_string_equal(field_text(first, "unit_words"), "°C");
    assert_string_equal(field_text(first, "residual_unit"), "K");
    assert_int_equal(json_array_size(json_object_get(j, "findings")), 1);
    json_decref(j);
    assert_true(http_escape(name, sizeof name, fleet->supplies[2].name));
    snprintf(path, sizeof path, "/api/supply?name=%s", name);
    j = ask_json(path, 200);
    first = json_array_get(json_object_get(j, "signals"), 0);
    assert_string_equal(field_text(first, "quality"), "stale");
    assert_true(json_is_null(json_object_get(first, "value")));
    json_decref(j);
    json_decref(ask_json("/api/supply", 400));
    json_decref(ask_json("/api/supply?name=nobody", 404));
}

static void the_list_needs_no_week(void **state)
{
    (void)state;
    json_t *j = ask_json("/api/ranking?limit=1", 200);
    assert_int_equal(json_array_size(json_object_get(j, "rows")), 1);
    json_decref(j);
    j = ask_json("/api/ranking", 200);
    const json_t *rows = json_object_get(j, "rows"), *first = json_array_get(rows, 0),
                 *second = json_array_get(rows, 1);
    assert_int_equal(json_array_size(rows), 2); /* findings alone: healthy supplies are one line */
    assert_string_equal(field_text(j, "rest"), "nothing else stands out");
    assert_string_equal(field_text(first, "supply"), fleet->supplies[7].name);
    assert_string_equal(field_text(first, "part"), "inspect");
    assert_string_equal(field_text(first, "priority"), "high");
    assert_true(json_is_true(json_object_get(first, "finding")));
    assert_non_null(strstr(field_text(first, "reason"), "once in 40 weeks"));
    assert_string_equal(field_text(second, "supply"), "water:W3");
    assert_true(json_is_null(json_object_get(second, "family")));
    json_decref(j);
    j = ask_json("/api/findings", 200);
    assert_int_equal(json_array_size(json_object_get(j, "findings")), 2);
    json_t *same = finding_json(&findings[0]); /* the shape of every other outlet */
    assert_true(json_equal(json_array_get(json_object_get(j, "findings"), 0), same));
    json_decref(same);
    json_decref(j);
    j = ask_json("/api/alarms", 200);
    assert_int_equal(json_array_size(json_object_get(j, "alarms")), 0);
    json_decref(j);
}

static void health_tells_short_from_long(void **state)
{
    (void)state;
    json_t *j = ask_json("/health", 200);
    assert_string_equal(field_text(j, "status"), "ok");
    json_decref(j);
    snapshot.archiver_up = false;
    snapshot.archiver_error = "connection refused";
    snapshot.archiver_reached = true;
    snapshot.archiver_since = snapshot.now - 2 * NS_PER_MIN;
    j = ask_json("/health", 200);
    assert_string_equal(field_text(j, "status"), "degraded");
    json_decref(j);
    snapshot.archiver_since = snapshot.now - 20 * NS_PER_MIN;
    j = ask_json("/readyz", 503);
    assert_string_equal(field_text(j, "status"), "failing");
    assert_non_null(strstr(field_text(json_array_get(json_object_get(j, "checks"), 0), "reason"),
                           "20 min: connection refused"));
    json_decref(j);
    expect("/livez", 200, "text/plain", "ok");
}

/* Each job on the database stands there with how it went; one that fails is a reason to look. */
static void health_names_the_job_that_fails(void **state)
{
    (void)state;
    struct history_job jobs[HISTORY_JOBS] = {{"forget ticks", JOB_OK, "", tick.t, tick.t},
                                             {"close months", JOB_FAILED, "invalid value", tick.t, 0}};
    snapshot.jobs = jobs;
    json_t *j = ask_json("/health", 200), *list = json_object_get(j, "jobs");
    assert_string_equal(field_text(j, "status"), "degraded");
    assert_int_equal(json_array_size(list), HISTORY_JOBS);
    assert_string_equal(field_text(json_array_get(list, 0), "state"), "ok");
    assert_string_equal(field_text(json_array_get(list, 1), "state"), "failed");
    assert_null(json_object_get(json_array_get(list, 1), "succeeded"));
    char *text = json_dumps(json_object_get(j, "checks"), 0);
    assert_non_null(strstr(text, "close months failed: invalid value"));
    free(text);
    json_decref(j);
    expect("/metrics", 200, "text/plain; version=0.0.4", "psmon_upkeep_failed{job=\"close months\"} 1\n");
    jobs[1].state = JOB_OK;
    j = ask_json("/health", 200);
    assert_string_equal(field_text(j, "status"), "ok");
    json_decref(j);
}

/* The database that a catch-up outruns is there: nothing says that it is away. */
static void a_database_that_is_behind_is_not_away(void **state)
{
    (void)state;
    snapshot.db_queued = 1000;
    json_t *j = ask_json("/health", 200);
    assert_string_equal(field_text(json_array_get(json_object_get(j, "checks"), 1), "reason"),
                        "database behind: 1000 transactions wait");
    json_decref(j);
    snapshot.database_up = false;
    j = ask_json("/health", 200);
    assert_non_null(strstr(field_text(json_array_get(json_object_get(j, "checks"), 1), "reason"), "away"));
    json_decref(j);
}

/* Of the archiver's check. */
static void expect_archiver(const char *text)
{
    json_t *j = ask_json("/health", 200);
    assert_string_equal(field_text(json_array_get(json_object_get(j, "checks"), 0), "reason"), text);
    json_decref(j);
}

static void an_archiver_that_was_never_reached_is_away_since_the_start(void **state)
{
    (void)state;
    snapshot.archiver_up = false;
    snapshot.archiver_since = snapshot.now - 3 * NS_PER_MIN;
    expect_archiver("archiver not reached since psmon started 3 min ago, no answer yet");
    snapshot.archiver_error = "connection refused";
    expect_archiver("archiver not reached since psmon started 3 min ago: connection refused");
}

static void expect_ticks(const char *text)
{
    json_t *j = ask_json("/health", 200);
    assert_string_equal(field_text(json_array_get(json_object_get(j, "checks"), 3), "reason"), text);
    json_decref(j);
}

/* Younger than now is not young. */
static void a_clock_that_is_wrong_is_said(void **state)
{
    (void)state;
    snapshot.clock_trouble = "this machine's clock is 2 h 0 min ahead";
    expect_ticks("this machine's clock is 2 h 0 min ahead");
    snapshot.clock_trouble = "";
    snapshot.now = tick.t - NS_PER_HOUR;
    expect_ticks("last tick is 60 min ahead of the clock, which is waited for");
}

static void a_ring_at_rest_is_healthy(void **state)
{
    (void)state;
    uint32_t ledger[REASON_COUNT];
    memcpy(ledger, tick.ledger, sizeof ledger);
    memset(tick.ledger, 0, sizeof ledger);
    tick.ledger[REASON_TOO_FEW_SAMPLES] = tick.resting = S - 1; /* the evening of a maintenance day */
    tick.ledger[REASON_MAINTENANCE] = 1;
    json_t *rests = ask_json("/health", 200);
    tick.resting = 0; /* they have no readings */
    json_t *lacks = ask_json("/health", 200);
    memcpy(tick.ledger, ledger, sizeof ledger);
    assert_string_equal(field_text(rests, "status"), "ok");
    assert_string_equal(field_text(lacks, "status"), "degraded");
    json_decref(rests);
    json_decref(lacks);
}

/* "Waits on disk" is said only where it does. */
static void health_says_when_the_disk_takes_nothing(void **state)
{
    (void)state;
    snapshot.disk = "the disk of /var/lib/psmon takes nothing: only the database keeps alarms";
    snapshot.disk_refuses = true;
    json_t *j = ask_json("/health", 200), *list = json_object_get(j, "checks");
    assert_string_equal(field_text(json_array_get(list, 6), "check"), "disk");
    assert_string_equal(field_text(json_array_get(list, 6), "state"), "degraded");
    assert_string_equal(field_text(json_array_get(list, 6), "reason"), snapshot.disk);
    json_decref(j);
    expect("/metrics", 200, "text/plain; version=0.0.4", "psmon_disk_well 0\n");
    snapshot.database_up = false;
    j = ask_json("/health", 503);
    assert_non_null(
        strstr(field_text(json_array_get(json_object_get(j, "checks"), 1), "reason"), "in memory only"));
    json_decref(j);
}

static void old_ticks_fail_unless_a_hole_is_filled(void **state)
{
    (void)state;
    snapshot.now = tick.t + NS_PER_HOUR;
    json_decref(ask_json("/health", 503));
    snapshot.phase = "catching up 43 %";
    json_decref(ask_json("/health", 200));
    snapshot.tick = NULL; /* nothing yet at all */
    snapshot.phase = "starting";
    json_t *j = ask_json("/health", 200);
    assert_string_equal(field_text(j, "status"), "degraded");
    json_decref(j);
    j = ask_json("/api/ring", 200);
    assert_int_equal(json_array_size(json_object_get(j, "supply")), S);
    assert_int_equal(json_array_size(json_object_get(j, "score")), 0);
    json_decref(j);
    json_decref(ask_json("/api/ranking", 200));
    snapshot.fleet = NULL;
    json_decref(ask_json("/api/ring", 200));
    json_decref(ask_json("/api/supply?name=x", 404));
    expect("/metrics", 200, "text/plain; version=0.0.4", "psmon_up 1\n");
}

/* Each family is described once, before its samples; counters end in _total; no supply is a label. */
static void metrics_are_well_formed(void **state)
{
    (void)state;
    struct answer a = ask("GET", "/metrics");
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, "\npsmon_build_info{version=\""));
    assert_non_null(strstr(a.body, "psmon_model_info{model=\"m\\\"1\"} 1\n"));
    assert_non_null(strstr(a.body, "psmon_supplies{state=\"scored\"} 1188\n"));
    assert_non_null(strstr(a.body, "psmon_supplies{state=\"off\"} 132\n"));
    assert_non_null(strstr(a.body, "psmon_last_cycle_timestamp_seconds 1794000000\n"));
    assert_non_null(strstr(a.body, "psmon_archiver_requests_total{result=\"failed\"} 2\n"));
    assert_non_null(strstr(a.body, "psmon_webhook_attempts_total{result=\"ok\"} 0\n"));
    assert_null(strstr(a.body, "PS \\\""));
    char family[100] = "", type[20] = "", *save = NULL;
    size_t samples = 0;
    for (char *line = strtok_r(a.body, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (strncmp(line, "# HELP ", 7) == 0)
            continue;
        if (strncmp(line, "# TYPE ", 7) == 0) {
            assert_int_equal(sscanf(line, "# TYPE %99s %19s", family, type), 2);
            size_t n = strlen(family);
            assert_int_equal(strcmp(type, "counter") == 0, n > 6 && strcmp(family + n - 6, "_total") == 0);
            continue;
        }
        if (strncmp(line, family, strlen(family)) != 0)
            fail_msg("%s stands under %s", line, family);
        char *end;
        const char *number = strrchr(line, ' ') + 1;
        strtod(number, &end);
        assert_true(*number && !*end);
        samples++;
    }
    assert_in_range(samples, 40, 100);
    free(a.body);
}

/* A day of which more came than were stated, and a quiet one. */
static void whether_the_chance_held_is_shown(void **state)
{
    (void)state;
    expect("/audit", 404, "text/plain", "not asked yet");
    expect("/api/audit", 404, "application/json", "not asked yet");
    static struct chances c = {.run = "live", .n_models = 1, .model = {{"m1", 9240}}};
    c.to = tick.t;
    c.from = tick.t - 7 * NS_PER_DAY;
    c.days[CHANCES_AFTER] = c.days[CHANCES_ALL] = 9240;
    c.cell[CHANCES_AFTER][CHANCES_DAYS][0] =
        (struct chance_cell){1, 31, 31, counts_range(31, 1), CHANCES_OFTEN};
    snapshot.chances = &c;
    expect("/audit", 200, "text/plain",
           "does not hold within 72 h after a group event in the sector: 31 supply-days");
    expect("/api/audit", 200, "application/json", "\"broken\":true");
    expect("/metrics", 200, "text/plain", "\npsmon_chance_broken 1\n");
    expect("/metrics", 200, "text/plain",
           "\npsmon_chance_seen{context=\"after_one_72_h\",kind=\"supply_days\",chance=\"1\"} 31\n");
    metrics_are_well_formed(state);
    c.cell[CHANCES_AFTER][CHANCES_DAYS][0] = (struct chance_cell){1, 1, 1, counts_range(1, 1), CHANCES_OPEN};
    expect("/metrics", 200, "text/plain", "\npsmon_chance_broken 0\n");
    expect("/audit", 200, "text/plain", "is not contradicted");
}

/* The value of a metric without labels. */
static double metric(const char *text, const char *name)
{
    char line[120];
    snprintf(line, sizeof line, "\n%s ", name);
    const char *at = strstr(text, line);
    if (!at)
        fail_msg("there is no %s", name);
    return strtod(at + strlen(line), NULL);
}

/* What is an instant is so on the clock that its help names, whatever this machine's other clocks say. */
static void instants_are_on_the_clocks_they_name(void **state)
{
    (void)state;
    double wall = (double)clock_wall() / 1e9, clock = 1794000000;
    snapshot.last_poll = snapshot.now - 20 * NS_PER_S;
    snapshot.poll_seconds = 0.25;
    snapshot.tick_seconds = 0.5;
    snapshot.store_seconds = 1;
    struct answer a = ask("GET", "/metrics");
    assert_near(metric(a.body, "psmon_clock_seconds"), clock + 5, 0, 1e-3);
    assert_near(metric(a.body, "psmon_last_cycle_timestamp_seconds"), clock, 0, 1e-3);
    assert_near(metric(a.body, "psmon_archiver_last_poll_timestamp_seconds"), clock - 15, 0, 1e-3);
    double started = metric(a.body, "process_start_time_seconds");
    assert_true(started <= wall && started > wall - 3600);
    assert_near(metric(a.body, "psmon_cycle_duration_seconds"), 1.75, 0, 1e-9);
    /* an instant that is added is looked at here too */
    size_t instants = 0;
    for (const char *p = a.body; (p = strstr(p, "_timestamp_seconds ")); p++)
        instants += p[-1] != '\n' && strncmp(p + 19, "gauge", 5) != 0 && p[19] >= '0' && p[19] <= '9';
    assert_int_equal(instants, 2);
    free(a.body);
}

static void the_report_is_shown_in_four_forms(void **state)
{
    (void)state;
    expect("/report", 404, "text/plain", "No weekly list");
    json_decref(ask_json("/api/report", 404));
    struct report_shown *list = report_shown_new(
        "{\"psmon_report\": 1, \"number\": 202647, \"rows\": [{\"rank\": 1, \"supply\": \"A\"}]}");
    snapshot.report = list;
    expect("/report", 200, "text/html", "2026-W47");
    expect("/report.txt", 200, "text/plain", "   1  A  (");
    expect("/report.csv", 200, "text/csv", "202647,,,1,,A,");
    expect("/report.json", 200, "application/json", "\"psmon_report\": 1");
    expect("/report.pdf", 404, "text/plain", "/report.csv");
    json_decref(ask_json("/api/report", 200));
    report_shown_free(list);
    snapshot.report = list = report_shown_new("{");
    expect("/report", 500, "text/plain", "cannot be shown");
    report_shown_free(list);
    snapshot.report = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_files_are_served, healthy),
        cmocka_unit_test_setup(nothing_can_be_written, healthy),
        cmocka_unit_test_setup(only_names_of_this_machine_are_served, healthy),
        cmocka_unit_test_setup(it_tests_itself_and_can_be_opened_again, healthy),
        cmocka_unit_test_setup(the_ring_is_arrays_in_one_order, healthy),
        cmocka_unit_test_setup(a_supply_shows_its_signals, healthy),
        cmocka_unit_test_setup(the_list_needs_no_week, healthy),
        cmocka_unit_test_setup(health_tells_short_from_long, healthy),
        cmocka_unit_test_setup(health_names_the_job_that_fails, healthy),
        cmocka_unit_test_setup(a_database_that_is_behind_is_not_away, healthy),
        cmocka_unit_test_setup(an_archiver_that_was_never_reached_is_away_since_the_start, healthy),
        cmocka_unit_test_setup(a_clock_that_is_wrong_is_said, healthy),
        cmocka_unit_test_setup(a_ring_at_rest_is_healthy, healthy),
        cmocka_unit_test_setup(health_says_when_the_disk_takes_nothing, healthy),
        cmocka_unit_test_setup(old_ticks_fail_unless_a_hole_is_filled, healthy),
        cmocka_unit_test_setup(metrics_are_well_formed, healthy),
        cmocka_unit_test_setup(whether_the_chance_held_is_shown, healthy),
        cmocka_unit_test_setup(instants_are_on_the_clocks_they_name, healthy),
        cmocka_unit_test_setup(the_report_is_shown_in_four_forms, healthy),
    };
    return cmocka_run_group_tests_name("monitor/page", tests, setup, teardown);
}
