/* The appliance as a source: recorded answers of a real one, and a peer that misbehaves.
 * SPDX-License-Identifier: MIT */
#include "archive/appliance/answer.h"
#include "archive/appliance/operation.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/time/timefmt.h"
#include "tests/near.h"
#include "tests/support/collect.h"
#include "tests/support/peer.h"

#define DIR "tests/golden/archiver/"
#define NOW "2026-11-22T02:30:00Z"

static struct peer peer;
static uv_loop_t loop;
static struct collect c;
static tstamp_ns now;

static tstamp_ns at(const char *text)
{
    tstamp_ns t;
    assert_int_equal(timefmt_parse(&t, text, NULL), 0);
    return t;
}

static tstamp_ns clock_of_test(void *arg)
{
    (void)arg;
    return now;
}

static struct fleet *fleet_of_pvs(const char *const pvs[], size_t n)
{
    static const char *const signal[] = {"current"};
    static char text[64][8];
    static const char *names[64];
    for (size_t i = 0; i < n; i++) {
        snprintf(text[i], sizeof text[i], "P%zu", i);
        names[i] = text[i];
    }
    return collect_fleet(names, n, signal, 1, pvs);
}

/* A source whose requests all carry a script for the peer. */
static struct source *open_script(const char *script, const struct fleet *f, int connections, int batch)
{
    char retrieval[256], management[256];
    struct source *s;
    struct err err = {0};
    snprintf(retrieval, sizeof retrieval, "http://127.0.0.1:%d/%s/retrieval/", peer.port, script);
    snprintf(management, sizeof management, "http://127.0.0.1:%d/%s/mgmt", peer.port, script);
    struct source_options o = {.retrieval_url = retrieval,
                               .management_url = management,
                               .batch = batch,
                               .connections = connections,
                               .now = clock_of_test};
    if (source_open(&s, &loop, f, &o, &err) != 0)
        fail_msg("%s", err.msg);
    ((struct appliance *)s)->retry_s = 0.02;
    collect_reset(&c);
    return s;
}

static double run_and_close(struct source *s)
{
    uint64_t t0 = uv_hrtime();
    while (!c.done && uv_run(&loop, UV_RUN_ONCE))
        ;
    double seconds = (double)(uv_hrtime() - t0) * 1e-9;
    source_close(s);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(c.done, 1);
    return seconds;
}

static void latest(const char *script, const struct fleet *f, double deadline_s)
{
    struct source *s = open_script(script, f, 2, 0);
    s->ops->latest(s, now, deadline_s, collect_samples, collect_done, &c);
    assert_int_equal(c.done, 0);
    run_and_close(s);
}

static void range(const char *script, const struct fleet *f, const char *from, const char *to)
{
    uint32_t channels[COLLECT_CHANNELS];
    struct source *s = open_script(script, f, 2, 0);
    for (uint32_t i = 0; i < f->n_channels; i++)
        channels[i] = i;
    s->ops->range(s, channels, f->n_channels, at(from), at(to), 0, collect_samples, collect_done, &c);
    assert_int_equal(c.done, 0);
    run_and_close(s);
}

/* ---- live, recorded -------------------------------------------------------------------------- */

static void live_recorded(void **state)
{
    (void)state;
    static const char *const pvs[] = {"SR01:Q1:CurrentM", "SR99:Q1:CurrentM", "SR01:Q4:NeverM",
                                      "SR01:Q2:CurrentM"};
    struct fleet *f = fleet_of_pvs(pvs, 4);
    latest("file:datattime_some_unknown,404:not_archived", f, 5);
    assert_int_equal(c.result.code, 0);
    assert_int_equal(c.result.channels_answered, 2);
    assert_int_equal(c.n[0], 1);
    assert_int_equal(c.n[1], 0); /* unknown */
    assert_int_equal(c.n[2], 0); /* never processed */
    assert_int_equal(c.n[3], 1);
    latest("file:datattime_all_unknown", f, 5);
    assert_int_equal(c.result.code, ERR_NET);
    assert_non_null(strstr(c.error, "empty answer"));
    latest("file:datattime_ct_charset", f, 5); /* a 200 that means the list was not read */
    assert_int_equal(c.result.code, ERR_NET);
    latest("file:restart_all_datattime_500", f, 5);
    assert_int_equal(c.result.code, ERR_NET);
    assert_non_null(strstr(c.error, "HTTP 500"));
    fleet_free(f);
}

static void live_values(void **state)
{
    (void)state;
    static const char *const pvs[] = {"SR01:Q3:CurrentM", "SR01:Q4:CurrentM"};
    struct fleet *f = fleet_of_pvs(pvs, 2);
    latest("file:datattime_nan_inf", f, 5);
    assert_int_equal(c.result.code, 0);
    for (int i = 0; i < 2; i++)
        assert_true(isnan(c.s[i]->value) && c.s[i]->flags == 0);
    assert_int_equal(c.s[0]->severity, SEVERITY_MAJOR);
    assert_int_equal(c.s[0]->status, 3);
    assert_int_equal(c.s[1]->severity, SEVERITY_INVALID);
    assert_int_equal(c.s[1]->status, 17);
    assert_int_equal(c.s[0]->t, 1795313377 * NS_PER_S + 876281930);
    fleet_free(f);
    static const char *const kinds[] = {"SR01:Q1:StateM", "SR01:Q1:MsgM", "SR01:Q1:WaveM", "SR01:Q1:SetC"};
    f = fleet_of_pvs(kinds, 4);
    latest("file:datattime_enum_string_wave", f, 5);
    assert_int_equal(c.result.channels_answered, 4);
    assert_near(c.s[0]->value, 3, 0, 0);
    assert_true(isnan(c.s[1]->value) && isnan(c.s[2]->value));
    assert_int_equal(c.s[0]->flags, 0);
    assert_int_equal(c.s[1]->flags, SAMPLE_NOT_NUMBER); /* text: issue 7.9 */
    assert_int_equal(c.s[2]->flags, SAMPLE_NOT_NUMBER); /* an array */
    assert_near(c.s[3]->value, 100.5, 0, 0);
    /* old, and yet the newest there is */
    assert_int_equal(c.s[3]->t, 1795313144 * NS_PER_S + 468131832);
    fleet_free(f);
}

static void on_log(void *arg, const struct http_result *r)
{
    buf_add(arg, r->body, r->body_len);
}

/* The peer's list of all requests so far; the test's own loop does not turn meanwhile. */
static struct buf peer_log(void)
{
    struct buf text = {0};
    char url[64];
    uv_loop_t own;
    uv_loop_init(&own);
    struct http *http = http_new(&own, 1);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/_log", peer.port);
    http_start(http, &(struct http_options){.method = "GET", .url = url, .on_done = on_log, .arg = &text});
    while (text.len == 0)
        uv_run(&own, UV_RUN_ONCE);
    http_free(http);
    uv_run(&own, UV_RUN_DEFAULT);
    uv_loop_close(&own);
    return text;
}

/* The request itself: `at` a minute ahead in whole seconds, exactly this Content-Type, all names in
 * batches. */
static void live_request(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B", "missing:C", "D", "E\"x"};
    struct fleet *f = fleet_of_pvs(pvs, 5);
    now = at(NOW) + 123456789;
    struct source *s = open_script("ok,ok,ok,request", f, 2, 2);
    s->ops->latest(s, now, 5, collect_samples, collect_done, &c);
    run_and_close(s);
    now = at(NOW);
    assert_int_equal(c.result.code, 0);
    assert_int_equal(c.result.channels_answered, 4);
    assert_int_equal(c.s[0]->t, at(NOW)); /* the peer answers with at - 60 s */
    assert_near(c.s[4]->value, (double)(at(NOW) / NS_PER_S % 1000 + 3), 0, 0);
    fleet_free(f);
    static const char path[] = "/retrieval/data/getDataAtTime?at=2026-11-22T02:31:00Z\"";
    struct buf log = peer_log();
    const char *text = strstr(log.data, "ok,ok,ok,request");
    int requests = 0;
    assert_non_null(text);
    for (const char *l = text; (l = strstr(l, path)); l++)
        requests++;
    assert_int_equal(requests, 3);
    assert_non_null(strstr(text, "\"content-type\": \"application/json\""));
    assert_non_null(strstr(text, "[\\\"A\\\",\\\"B\\\"]"));
    assert_non_null(strstr(text, "[\\\"missing:C\\\",\\\"D\\\"]"));
    buf_free(&log);
}

/* How many requests of a script for a path the peer has seen. */
static int requests_for(const char *script, const char *path)
{
    char text[128];
    int n = 0;
    struct buf log = peer_log();
    snprintf(text, sizeof text, "\"script\": \"%s\"", script);
    for (const char *l = log.data; (l = strstr(l, text)); l++) {
        const char *end = strchr(l, '\n'), *found = strstr(l, path);
        n += found && (!end || found < end);
    }
    buf_free(&log);
    return n;
}

/* Issue 7.33 and 7.9: what the live answer lacks, as names with a comma, or names without a value, is read.
 */
static void channels_that_the_live_answer_lacks_are_read(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "\"absent,with:comma\"", "valueless:X", "DD"};
    struct fleet *f = fleet_of_pvs(pvs, 4);
    for (int ago = 0; ago < 30; ago += 7) {
        struct source *s = open_script("ok", f, 2, 2);
        tstamp_ns t = at(NOW) - ago * NS_PER_S;
        s->ops->latest(s, t, 5, collect_samples, collect_done, &c);
        run_and_close(s);
        assert_int_equal(c.result.code, 0);
        assert_int_equal(c.result.channels_answered, 4);
        assert_int_equal(c.result.valueless, 1);
        for (uint32_t i = 0; i < 4; i++) {
            assert_int_equal(c.n[i], 1);
            assert_true(c.s[i]->t == t - t % (10 * NS_PER_S));
            assert_near(c.s[i]->value,
                        (double)(c.s[i]->t / NS_PER_S % 1000 + (tstamp_ns)strlen(f->channels[i].pv)), 0, 0);
        }
    }
    fleet_free(f);
}

/* One that is not archived at all is no failure, and is asked for once in ten minutes. */
static void a_channel_without_anything_is_asked_for_seldom(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "missing:B", "missing:C"};
    static const char script[] = "ok,ok,ok,ok,ok,ok,ok,ok,ok";
    struct fleet *f = fleet_of_pvs(pvs, 3);
    struct source *s = open_script(script, f, 2, 0);
    for (int minute = 0; minute < 12; minute++) {
        collect_reset(&c);
        now = at(NOW) + minute * NS_PER_MIN;
        s->ops->latest(s, now, 5, collect_samples, collect_done, &c);
        while (!c.done)
            uv_run(&loop, UV_RUN_ONCE);
        assert_int_equal(c.result.code, 0);
        assert_int_equal(c.result.channels_answered, 1);
    }
    now = at(NOW);
    run_and_close(s);
    assert_int_equal(requests_for(script, "getDataAtTime"), 12);
    assert_int_equal(requests_for(script, "getData.raw"), 2 * 2);
    fleet_free(f);
}

/* Channels that have spoken since the instant are read: the peer's newest sample is a minute before the `at`
 * it is asked for, and its range holds a sample every 10 s. */
static void live_at_an_instant(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "missing:C", "DD"};
    struct fleet *f = fleet_of_pvs(pvs, 3);
    for (int ago = 0; ago < 300; ago += 7) {
        struct source *s = open_script("ok", f, 2, 2);
        tstamp_ns t = at(NOW) - ago * NS_PER_S, want = t - t % (10 * NS_PER_S);
        s->ops->latest(s, t, 5, collect_samples, collect_done, &c);
        run_and_close(s);
        assert_int_equal(c.result.code, 0);
        assert_int_equal(c.result.channels_answered, 2);
        for (uint32_t i = 0; i < 3; i += 2) {
            assert_int_equal(c.n[i], 1);
            assert_true(c.s[i]->t == (ago ? want : at(NOW)));
            if (ago)
                assert_near(c.s[i]->value, (double)(want / NS_PER_S % 1000 + 1 + i / 2), 0, 0);
        }
        assert_int_equal(c.n[1], 0);
    }
    /* the second half fails: what the first brought stays, and the reason is told; in time when it hangs */
    struct source *s = open_script("ok,500:x", f, 2, 0);
    s->ops->latest(s, at(NOW) - NS_PER_S, 5, collect_samples, collect_done, &c);
    run_and_close(s);
    assert_int_equal(c.result.code, ERR_NET);
    assert_non_null(strstr(c.error, "HTTP 500"));
    s = open_script("ok,stall,stall", f, 2, 0);
    s->ops->latest(s, at(NOW) - NS_PER_S, 0.3, collect_samples, collect_done, &c);
    run_and_close(s);
    assert_int_equal(c.result.code, ERR_TIMEOUT);
    /* and it can be cancelled there */
    s = open_script("ok,stall,stall,ok", f, 2, 0);
    struct source_request *r = s->ops->latest(s, at(NOW) - NS_PER_S, 30, collect_samples, collect_done, &c);
    for (bool arrived = false; !arrived;) {
        uv_run(&loop, UV_RUN_NOWAIT);
        struct buf log = peer_log();
        const char *mine = strstr(log.data, "ok,stall,stall,ok");
        arrived = mine && strstr(mine, "pv=DD");
        buf_free(&log);
    }
    source_cancel(r);
    assert_int_equal(c.done, 1);
    assert_int_equal(c.result.code, ERR_CANCELLED);
    collect_reset(&c);
    s->ops->latest(s, at(NOW), 5, collect_samples, collect_done, &c);
    run_and_close(s);
    assert_int_equal(c.result.code, 0);
    fleet_free(f);
}

static void live_times(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B"};
    struct fleet *f = fleet_of_pvs(pvs, 2);
    /* as from an appliance whose engine is down: delivered, the caller sees the age */
    latest("day", f, 5);
    assert_int_equal(c.result.channels_answered, 2);
    assert_int_equal(c.s[0]->t, now - NS_PER_DAY);
    latest("future", f, 5); /* no appliance accepts such a sample: what is archived is read */
    assert_int_equal(c.result.code, 0);
    assert_int_equal(c.result.channels_answered, 2);
    assert_int_equal(c.s[0]->t, now);
    fleet_free(f);
}

/* Whatever the peer does, the poll ends in time with a reason, and the next one works. */
static void live_misbehaving(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B", "C"};
    static const struct {
        const char *script;
        int code;
        const char *part;
    } cases[] = {
        {"reset,ok", ERR_NET, "reset"},
        {"close,ok", ERR_NET, ""},
        {"half,ok", ERR_NET, ""},
        {"half_chunked,ok", ERR_NET, ""},
        {"cut,ok", ERR_NET, "JSON"},
        {"garbage,ok", ERR_NET, ""},
        {"html,ok", ERR_NET, "web page"},
        {"empty,ok", ERR_NET, "empty answer"},
        {"none,ok", ERR_NET, "JSON"},
        {"500:stack_trace,ok", ERR_NET, "HTTP 500"},
        {"503:30,ok", ERR_NET, "HTTP 503"},
        {"200:[1;2],ok", ERR_NET, "JSON"},
        {"200:{\"A\":5},ok", 0, ""},
        {"200:{\"A\":{\"secs\":1795313377;\"nanos\":-1}},ok", 0, ""},
        {"200:{\"A\":{\"secs\":1e99}},ok", 0, ""},
        {"stall,ok", ERR_TIMEOUT, "in time"},
        {"stall_body,ok", ERR_TIMEOUT, "in time"},
        {"endless,ok", ERR_NET, "larger"},
    };
    struct fleet *f = fleet_of_pvs(pvs, 3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char script[128] = "";
        /* quotes and braces may not stand in a URL */
        for (const char *p = cases[i].script; *p; p++) {
            size_t n = strlen(script);
            snprintf(script + n, sizeof script - n, strchr("\"{}[];", *p) ? "%%%02X" : "%c", *p);
        }
        struct source *s = open_script(script, f, 2, 0);
        s->ops->latest(s, now, 0.5, collect_samples, collect_done, &c);
        uint64_t t0 = uv_hrtime();
        while (!c.done)
            uv_run(&loop, UV_RUN_ONCE);
        assert_true(uv_hrtime() - t0 < 2000000000);
        if (c.result.code != cases[i].code || !strstr(c.error, cases[i].part))
            fail_msg("%s: code %d, '%s'", cases[i].script, c.result.code, c.error);
        /* an answer without readings is no failure: what is archived is read */
        assert_int_equal(c.result.channels_answered, c.result.code == 0 ? 3 : 0);
        collect_reset(&c);
        s->ops->latest(s, now, 2, collect_samples, collect_done, &c);
        run_and_close(s);
        assert_int_equal(c.result.code, 0);
        assert_int_equal(c.result.channels_answered, 3);
    }
    fleet_free(f);
}

/* One stalled batch of three: the others' samples arrive, and the deadline holds. */
static void live_partial(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B", "C"};
    struct fleet *f = fleet_of_pvs(pvs, 3);
    struct source *s = open_script("stall,ok,ok", f, 2, 1);
    s->ops->latest(s, now, 0.4, collect_samples, collect_done, &c);
    double seconds = run_and_close(s);
    assert_true(seconds > 0.35 && seconds < 1.5);
    assert_int_equal(c.result.code, ERR_TIMEOUT);
    assert_int_equal(c.result.channels_answered, 2);
    fleet_free(f);
    f = fleet_of_pvs(pvs, 3);
    struct source_options o = {.retrieval_url = "http://127.0.0.1:1/retrieval", .now = clock_of_test};
    struct err err;
    assert_int_equal(source_open(&s, &loop, f, &o, &err), 0);
    assert_null(s->ops->connections); /* no management URL: cannot tell */
    collect_reset(&c);
    s->ops->latest(s, now, 5, collect_samples, collect_done, &c);
    run_and_close(s);
    assert_int_equal(c.result.code, ERR_NET);
    assert_non_null(strstr(c.error, "Connection refused"));
    fleet_free(f);
}

static void failures_are_logged_once(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A"};
    struct fleet *f = fleet_of_pvs(pvs, 1);
    struct source *s = open_script("html,html,500:x,ok,ok", f, 1, 0);
    unsigned long warnings = log_count(LOG_WARNING), infos = log_count(LOG_INFO);
    for (int i = 0; i < 5; i++) {
        collect_reset(&c);
        s->ops->latest(s, now, 5, collect_samples, collect_done, &c);
        while (!c.done)
            uv_run(&loop, UV_RUN_ONCE);
        assert_int_equal(c.result.code, i < 3 ? ERR_NET : 0);
    }
    run_and_close(s);
    assert_int_equal(log_count(LOG_WARNING) - warnings, 1);
    assert_int_equal(log_count(LOG_INFO) - infos, 1);
    fleet_free(f);
}

/* ---- ranges ---------------------------------------------------------------------------------- */

/* A recorded stream through HTTP in pieces of 7 bytes, and what source.h promises of it. */
static void range_recorded(void **state)
{
    (void)state;
    static const char *const pvs[] = {"SR01:Q1:CurrentM"};
    struct fleet *f = fleet_of_pvs(pvs, 1);
    range("file:getdata_raw_newyear", f, "2025-12-31T22:00:00Z", "2026-01-01T02:00:00Z");
    assert_int_equal(c.result.code, 0);
    assert_true(c.n[0] > 230);
    assert_true(c.s[0][0].t < at("2025-12-31T22:00:00Z"));
    assert_true(c.s[0][1].t >= at("2025-12-31T22:00:00Z"));
    assert_true(c.s[0][c.n[0] - 1].t < at("2026-01-01T02:00:00Z"));
    /* the engine sends samples up to the whole second of `to` and beyond: cut */
    range("file:getdata_raw_newyear", f, "2025-12-31T23:00:00Z", "2026-01-01T00:00:00.6Z");
    size_t inside = c.n[0];
    assert_true(c.s[0][0].t < at("2025-12-31T23:00:00Z") && c.s[0][0].t > at("2025-12-31T22:58:00Z"));
    assert_true(c.s[0][inside - 1].t < at("2026-01-01T00:00:00.6Z"));
    /* nothing newer than `from`: the sample before it alone */
    range("file:getdata_raw_future_setc", f, "2026-11-22T03:21:52Z", "2026-11-22T04:21:52Z");
    assert_int_equal(c.n[0], 1);
    assert_near(c.s[0]->value, 100.5, 0, 0);
    assert_int_equal(c.s[0]->flags, SAMPLE_RECONNECTED);
    /* before all data: an answer without samples */
    range("file:getdata_raw_before_first", f, "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z");
    assert_int_equal(c.result.code, 0);
    assert_int_equal(c.result.channels_answered, 1);
    assert_int_equal(c.n[0], 0);
    range("file:getdata_raw_unknown_pv", f, "2026-11-22T00:00:00Z", "2026-11-22T01:00:00Z");
    assert_int_equal(c.result.code, 0);
    assert_int_equal(c.result.channels_answered, 0);
    /* a sample twelve months late never gets through */
    range("file:forpvs_raw_newyear_from_2026", f, "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z");
    for (size_t i = 0; i < c.n[0]; i++)
        assert_true(c.s[0][i].t < at("2026-01-01T00:05:00Z"));
    fleet_free(f);
}

/* Samples of the peer's small archive: at whole periods of 10 s. */
static void check_peer_channel(uint32_t ch, size_t pv_len, const char *from, const char *to)
{
    tstamp_ns first = at(from) - 10 * NS_PER_S;
    size_t n = (size_t)((at(to) - first) / (10 * NS_PER_S));
    assert_int_equal(c.n[ch], n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(c.s[ch][i].t, first + (tstamp_ns)i * 10 * NS_PER_S);
        assert_near(c.s[ch][i].value, (double)(c.s[ch][i].t / NS_PER_S % 1000 + (tstamp_ns)pv_len), 0, 0);
    }
}

static void range_of_many_channels(void **state)
{
    (void)state;
    char names[60][16];
    const char *pvs[60];
    for (int i = 0; i < 60; i++) {
        snprintf(names[i], sizeof names[i], i == 7 ? "missing:%d" : "S:{P}/%d", i);
        pvs[i] = names[i];
    }
    struct fleet *f = fleet_of_pvs(pvs, 60);
    /* over 200 requests: connections are closed and opened again */
    for (int round = 0; round < 4; round++) {
        range("ok", f, "2025-12-31T23:30:00Z", "2026-01-01T00:20:00Z");
        assert_int_equal(c.result.code, 0);
        assert_int_equal(c.result.channels_answered, 59);
        for (uint32_t i = 0; i < 60; i++) {
            if (i == 7)
                assert_int_equal(c.n[i], 0);
            else
                check_peer_channel(i, strlen(pvs[i]), "2025-12-31T23:30:00Z", "2026-01-01T00:20:00Z");
        }
    }
    fleet_free(f);
}

/* Issue 7.9: that a channel holds text is said while it is read, and once. */
static void text_is_said_while_it_is_read(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "text:B", "text:C"};
    struct fleet *f = fleet_of_pvs(pvs, 3);
    uint32_t all[] = {0, 1, 2};
    struct source *s = open_script("ok", f, 2, 0);
    unsigned long warnings = log_count(LOG_WARNING);
    for (int i = 0; i < 3; i++) {
        collect_reset(&c);
        s->ops->range(s, all, 3, at("2026-11-22T00:00:00Z"), at("2026-11-22T00:10:00Z"), 5, collect_samples,
                      collect_done, &c);
        while (!c.done)
            uv_run(&loop, UV_RUN_ONCE);
        assert_int_equal(c.result.code, 0);
        assert_int_equal(c.s[1]->flags, SAMPLE_NOT_NUMBER);
    }
    run_and_close(s);
    assert_int_equal(log_count(LOG_WARNING) - warnings, 1);
    fleet_free(f);
}

/* Each failure is repeated and heals; what arrived before it is neither lost nor doubled. */
static void range_heals(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "half,ok",    "half_chunked,ok", "reset,close,ok",           "503:0,503:0,500:x,ok",
        "garbage,ok", "html,ok",         "late_close,late_close,ok", "half,half,half_chunked,ok",
        "302:ok",     "slow,ok",
    };
    static const char *const pvs[] = {"A", "BB"};
    struct fleet *f = fleet_of_pvs(pvs, 2);
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        range(scripts[i], f, "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z");
        if (c.result.code != 0)
            fail_msg("%s: %s", scripts[i], c.error);
        assert_int_equal(c.result.channels_answered, 2);
        check_peer_channel(0, 1, "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z");
        check_peer_channel(1, 2, "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z");
    }
    fleet_free(f);
}

static void range_gives_up(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B", "C", "D", "E", "F", "G", "H"};
    struct fleet *f = fleet_of_pvs(pvs, 8);
    /* away: not every channel is tried */
    range("503:0", f, "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z");
    assert_int_equal(c.result.code, ERR_NET);
    assert_int_equal(c.result.channels_answered, 0);
    assert_true(strncmp(c.error, "8 of 8 failed: ", 15) == 0 && strstr(c.error, ": HTTP 503"));
    range("404:not_here", f, "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z"); /* a wrong URL */
    assert_int_equal(c.result.code, ERR_NET);
    assert_non_null(strstr(c.error, "nothing is archived there"));
    range("400:no", f, "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z");
    assert_int_equal(c.result.code, ERR_NET);
    /* a deadline */
    struct source *s = open_script("ok,stall", f, 2, 0);
    uint32_t all[] = {0, 1, 2, 3, 4, 5, 6, 7};
    s->ops->range(s, all, 8, at("2026-11-22T00:00:00Z"), at("2026-11-22T00:10:00Z"), 0.4, collect_samples,
                  collect_done, &c);
    run_and_close(s);
    assert_int_equal(c.result.code, ERR_TIMEOUT);
    assert_int_equal(c.result.channels_answered, 1);
    /* nothing to do is done from the loop */
    s = open_script("ok", f, 2, 0);
    s->ops->range(s, all, 0, 0, at(NOW), 0, collect_samples, collect_done, &c);
    assert_int_equal(c.done, 0);
    run_and_close(s);
    assert_int_equal(c.result.code, 0);
    fleet_free(f);
}

/* ---- a source that refuses (issue 7.11, 7.21) -------------------------------------------------- */

static void say_where(char out[128], const char *script, const char *path)
{
    snprintf(out, 128, "http://127.0.0.1:%d/%s/retrieval/data/%s: ", peer.port, script, path);
}

static void a_login_page_ends_a_range_and_is_not_asked_again(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B", "C", "D", "E", "F", "G", "H"};
    static const char page[] =
        "200:%3C!DOCTYPE_html%3E%0A%3Chtml%3E%3Chead%3E%3Ctitle%3ESign_in%3C%2Ftitle%3E%3C%2Fhead%3E";
    struct fleet *f = fleet_of_pvs(pvs, 8);
    char where[128];
    range("html", f, "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z");
    say_where(where, "html", "getData.raw");
    assert_int_equal(c.result.code, ERR_NET);
    assert_int_equal(c.result.samples, 0);
    assert_memory_equal(c.error, where, strlen(where));
    assert_string_equal(c.error + strlen(where), "a web page (text/html;charset=utf-8) instead of readings: "
                                                 "<!doctype html><html><body>busy</body></html>");
    assert_int_equal(requests_for("html", "/retrieval/"), 2); /* one a connection */
    range(page, f, "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z");
    assert_non_null(
        strstr(c.error, "a web page (text/plain) instead of readings, titled \"Sign in\": <!DOCTYPE html>"));
    /* text that is no page */
    range("200:access_to_this_is_logged", f, "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z");
    assert_non_null(strstr(c.error, "text (text/plain) instead of readings: access to this is logged"));
    /* who has served gets another chance: a page while the appliance behind it starts */
    range("ok,html,html,ok", f, "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z");
    assert_int_equal(c.result.code, 0);
    assert_int_equal(c.result.channels_answered, 8);
    fleet_free(f);
}

static void a_login_page_ends_a_poll_and_says_where(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B", "C", "D", "E", "F"};
    struct fleet *f = fleet_of_pvs(pvs, 6);
    char where[128];
    struct source *s = open_script("html,html,html", f, 2, 1); /* six lists */
    s->ops->latest(s, now, 5, collect_samples, collect_done, &c);
    run_and_close(s);
    say_where(where, "html,html,html", "getDataAtTime");
    assert_int_equal(c.result.code, ERR_NET);
    assert_memory_equal(c.error, where, strlen(where));
    assert_true(requests_for("html,html,html", "/retrieval/") <= 2);
    latest("403:no_entry", f, 5);
    assert_non_null(strstr(c.error, "HTTP 403, access is refused"));
    fleet_free(f);
}

static void nobody_there_is_said_at_once(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B", "C"};
    struct fleet *f = fleet_of_pvs(pvs, 3);
    struct source *s;
    struct err err;
    uint32_t all[] = {0, 1, 2};
    struct source_options o = {.retrieval_url = "http://user:secret@127.0.0.1:1/retrieval",
                               .now = clock_of_test};
    assert_int_equal(source_open(&s, &loop, f, &o, &err), 0);
    ((struct appliance *)s)->retry_s = 3600; /* a repetition would come after the deadline */
    collect_reset(&c);
    s->ops->range(s, all, 3, at("2026-11-22T00:00:00Z"), at(NOW), 10, collect_samples, collect_done, &c);
    run_and_close(s);
    assert_int_equal(c.result.code, ERR_NET);
    assert_string_equal(
        c.error, "http://127.0.0.1:1/retrieval/data/getData.raw: could not connect: Connection refused");
    fleet_free(f);
}

static void while_a_source_refuses_one_asks_for_all(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B", "C", "D", "E", "F", "G", "H"};
    struct fleet *f = fleet_of_pvs(pvs, 8);
    range("503:0.01", f, "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z");
    assert_int_equal(c.result.code, ERR_NET);
    assert_int_equal(requests_for("503:0.01", "/retrieval/"),
                     2 + 4); /* both connections, then one at a time */
    range("ok,ok,503:0.01,503:0.01,503:0.01,ok", f, "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z");
    assert_int_equal(c.result.code, 0);
    assert_int_equal(c.result.channels_answered, 8);
    fleet_free(f);
}

static void a_channel_that_alone_is_refused_does_not_stop_the_others(void **state)
{
    (void)state;
    static const char *const pvs[] = {"forbidden", "B", "C", "D", "E", "F", "G", "forbidden2"};
    struct fleet *f = fleet_of_pvs(pvs, 8);
    for (int connections = 1; connections <= 4; connections++) {
        struct source *s = open_script("ok", f, connections, 0);
        uint32_t all[] = {0, 1, 2, 3, 4, 5, 6, 7};
        s->ops->range(s, all, 8, at("2026-11-22T00:00:00Z"), at("2026-11-22T00:10:00Z"), 20, collect_samples,
                      collect_done, &c);
        run_and_close(s);
        assert_int_equal(c.result.code, ERR_NET);
        assert_int_equal(c.result.channels_answered, 6);
        assert_memory_equal(c.error, "2 of 8 failed: ", 15);
        assert_non_null(strstr(c.error, "HTTP 403"));
    }
    fleet_free(f);
}

/* ---- where retrieval is (issue 7.21) ----------------------------------------------------------- */

/* As from one address: `of` answers for retrieval, the peer's small archiver for management. */
static struct source *open_address(const char *of, const struct fleet *f)
{
    char retrieval[256], management[256];
    struct source *s;
    struct err err = {0};
    snprintf(retrieval, sizeof retrieval, "http://127.0.0.1:%d/%s/retrieval", peer.port, of);
    snprintf(management, sizeof management, "http://127.0.0.1:%d/ok/mgmt", peer.port);
    struct source_options o = {.retrieval_url = retrieval,
                               .management_url = management,
                               .locate = true,
                               .connections = 2,
                               .now = clock_of_test};
    if (source_open(&s, &loop, f, &o, &err) != 0)
        fail_msg("%s", err.msg);
    ((struct appliance *)s)->retry_s = 0.02;
    collect_reset(&c);
    return s;
}

static void a_split_installation_tells_where_its_retrieval_is(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "BB"};
    static const char *const wrong[] = {"404:no_such_path", "html,html,html,html", "400:elsewhere"};
    struct fleet *f = fleet_of_pvs(pvs, 2);
    uint32_t all[] = {0, 1};
    for (size_t i = 0; i < 3; i++) {
        static struct collect poll;
        struct source *s = open_address(wrong[i], f);
        s->ops->latest(s, now, 5, collect_samples, collect_done, &poll); /* both wait */
        s->ops->range(s, all, 2, at("2026-11-22T00:00:00Z"), at("2026-11-22T00:10:00Z"), 5, collect_samples,
                      collect_done, &c);
        while (!poll.done)
            uv_run(&loop, UV_RUN_ONCE);
        run_and_close(s);
        assert_int_equal(c.result.code, 0);
        assert_int_equal(poll.result.channels_answered, 2);
        check_peer_channel(1, 2, "2026-11-22T00:00:00Z", "2026-11-22T00:10:00Z");
        assert_int_equal(requests_for(wrong[i], "/retrieval/"), 1); /* getVersion */
        collect_reset(&poll);
    }
    fleet_free(f);
}

static void an_address_that_works_is_kept_and_asked_once(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "BB"};
    struct fleet *f = fleet_of_pvs(pvs, 2);
    struct source *s = open_address("ok,ok,ok,ok,ok,ok", f);
    for (int i = 0; i < 3; i++) {
        collect_reset(&c);
        s->ops->latest(s, now, 5, collect_samples, collect_done, &c);
        while (!c.done)
            uv_run(&loop, UV_RUN_ONCE);
        assert_int_equal(c.result.channels_answered, 2);
    }
    run_and_close(s);
    assert_int_equal(requests_for("ok,ok,ok,ok,ok,ok", "getVersion"), 1);
    assert_int_equal(requests_for("ok,ok,ok,ok,ok,ok", "getDataAtTime"), 3);
    /* closed while it is being asked where */
    s = open_address("stall", f);
    s->ops->latest(s, now, 5, collect_samples, collect_done, &c);
    for (int i = 0; i < 20; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    source_close(s);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(c.result.code, ERR_CANCELLED);
    fleet_free(f);
}

/* ---- connections, closing -------------------------------------------------------------------- */

static void on_connected(void *arg, const int8_t connected[], const struct source_result *r)
{
    struct collect *k = arg;
    memcpy(k->connected, connected, 5); /* one per channel of the test's fleet */
    collect_done(arg, r);
}

static void connection_states(void **state)
{
    (void)state;
    static const char *const pvs[] = {"SR01:Q1:CurrentM", "SR01:Q1:SetC", "SR02:Q3:CurrentM",
                                      "SR01:Q4:NeverM", "SR99:Q1:CurrentM"};
    static const int8_t want[] = {1, 1, 0, 1, -1};
    struct fleet *f = fleet_of_pvs(pvs, 5);
    struct source *s = open_script("file:mgmt_pvstatus", f, 2, 0);
    s->ops->connections(s, 5, on_connected, &c);
    run_and_close(s);
    assert_int_equal(c.result.code, 0);
    assert_int_equal(c.result.channels_answered, 4);
    assert_memory_equal(c.connected, want, 5);
    s = open_script("file:restart_engine_down_pvstatus", f, 2, 0); /* "Appliance Down" */
    s->ops->connections(s, 5, on_connected, &c);
    run_and_close(s);
    assert_int_equal(c.result.code, 0);
    assert_int_equal(c.connected[0], -1);
    s = open_script("file:restart_all_mgmt_pvstatus_500", f, 2, 0);
    s->ops->connections(s, 5, on_connected, &c);
    run_and_close(s);
    assert_int_equal(c.result.code, ERR_NET);
    assert_int_equal(c.connected[0], -1);
    fleet_free(f);
}

static void on_cancelled(void *arg, const int8_t connected[], const struct source_result *r)
{
    (void)connected;
    collect_done(arg, r);
}

/* Only what is cancelled ends, once, at once; its connections are closed (they wait for an answer that nobody
 * wants), and the next request is served. */
static void a_cancelled_request_ends_alone(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B", "C"};
    static struct collect poll, states;
    struct fleet *f = fleet_of_pvs(pvs, 3);
    /* two of the range, one poll, one of connection states; then all is well */
    struct source *s = open_script("stall,stall,stall,stall,ok", f, 2, 3);
    uint32_t all[] = {0, 1, 2};
    tstamp_ns from = at("2026-11-22T00:00:00Z"), to = at("2026-11-22T00:10:00Z");
    struct source_request *range = s->ops->range(s, all, 3, from, to, 0, collect_samples, collect_done, &c);
    struct source_request *latest = s->ops->latest(s, now, 30, collect_samples, collect_done, &poll);
    struct source_request *connections = s->ops->connections(s, 30, on_cancelled, &states);
    for (bool arrived = false; !arrived;) { /* until the last of them is there */
        uv_run(&loop, UV_RUN_NOWAIT);
        struct buf log = peer_log();
        const char *mine = strstr(log.data, "stall,stall,stall,stall,ok");
        arrived = mine && strstr(mine, "getPVStatus");
        buf_free(&log);
    }
    assert_string_equal(c.error, "");
    source_cancel(range);
    assert_int_equal(c.done, 1);
    assert_int_equal(c.result.code, ERR_CANCELLED);
    assert_int_equal(poll.done + states.done, 0);
    source_cancel(connections);
    assert_int_equal(states.done, 1);
    assert_int_equal(states.result.code, ERR_CANCELLED);
    source_cancel(latest);
    assert_int_equal(poll.result.code, ERR_CANCELLED);
    collect_reset(&c);
    s->ops->range(s, all, 3, from, to, 5, collect_samples, collect_done, &c); /* at once */
    run_and_close(s);
    assert_int_equal(c.result.code, 0);
    assert_int_equal(c.result.channels_answered, 3);
    assert_int_equal(poll.done, 1);
    assert_int_equal(states.done, 1);
    source_cancel(NULL);
    fleet_free(f);
}

/* A reload while catching up: the samples that are on their way reach nobody. */
static void a_range_is_cancelled_in_the_middle(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B", "C"};
    struct fleet *f = fleet_of_pvs(pvs, 3);
    struct source *s = open_script("slow,slow,ok", f, 2, 0);
    uint32_t all[] = {0, 1, 2};
    tstamp_ns from = at("2026-11-22T00:00:00Z"), to = at("2026-11-22T01:00:00Z");
    struct source_request *range = s->ops->range(s, all, 3, from, to, 0, collect_samples, collect_done, &c);
    while (!c.n[0] && !c.n[1])
        uv_run(&loop, UV_RUN_ONCE);
    source_cancel(range);
    assert_int_equal(c.done, 1); /* a sample after it would fail in collect_samples */
    static struct collect next;
    s->ops->range(s, all, 3, from, to, 5, collect_samples, collect_done, &next);
    while (!next.done)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(next.result.code, 0);
    assert_int_equal(c.result.code, ERR_CANCELLED);
    source_close(s);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(c.done, 1);
    collect_reset(&next);
    fleet_free(f);
}

static void closing_cancels(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A", "B", "C"};
    struct fleet *f = fleet_of_pvs(pvs, 3);
    struct source *s = open_script("stall", f, 2, 1);
    static struct collect other;
    uint32_t all[] = {0, 1, 2};
    s->ops->latest(s, now, 30, collect_samples, collect_done, &c);
    s->ops->range(s, all, 3, at("2026-11-22T00:00:00Z"), at(NOW), 0, collect_samples, collect_done, &other);
    for (int i = 0; i < 20; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    source_close(s);
    assert_int_equal(c.done, 1);
    assert_int_equal(c.result.code, ERR_CANCELLED);
    assert_int_equal(other.done, 1);
    assert_int_equal(other.result.code, ERR_CANCELLED);
    uv_run(&loop, UV_RUN_DEFAULT);
    fleet_free(f);
    source_close(NULL);
}

static void urls_are_checked(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A"};
    static const char *const bad[] = {"ftp://host/", "host:17665", "", "file://relative",
                                      "file:///no/such/folder"};
    struct fleet *f = fleet_of_pvs(pvs, 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct source *s;
        struct err err = {0};
        assert_int_equal(source_open(&s, &loop, f, &(struct source_options){.retrieval_url = bad[i]}, &err),
                         ERR_CONFIG);
        assert_true(err.msg[0]);
    }
    fleet_free(f);
}

/* ---- JSON alone ------------------------------------------------------------------------------ */

static void answer(const char *text, size_t n, const struct fleet *f, int want, size_t answered)
{
    struct answer_counts counts;
    struct err err = {0};
    char *exact = malloc(n ? n : 1); /* not terminated, for ASAN */
    memcpy(exact, text, n);
    collect_reset(&c);
    int rc =
        answer_latest(&counts, exact, n, f, 0, (uint32_t)f->n_channels, at(NOW), collect_samples, &c, &err);
    if (rc != want || counts.answered != answered)
        fail_msg("%.*s: %d, %zu answered: %s", (int)n, text, rc, counts.answered, err.msg);
    free(exact);
}

static void json_forms(void **state)
{
    (void)state;
    static const char *const pvs[] = {"A/1", "B"};
    static const char whole[] =
        " { \"A\\/1\" : {\"secs\":1795313377, \"nanos\":5,\"val\":-2.385E0,\"severity\":1,\n"
        "\"status\":4,\"meta\":{\"EGU\":\"\xb0"
        "C \\\" }\",\"x\":[1,[],{\"y\":{}},null,true]}},"
        "\"B\":{\"nanos\":0,\"val\":null,\"secs\":1795313370,\"severity\":9},\"C\":{\"secs\":1}}\n";
    struct fleet *f = fleet_of_pvs(pvs, 2);
    answer(whole, sizeof whole - 1, f, 0, 2);
    assert_near(c.s[0]->value, -2.385, 0, 0);
    assert_int_equal(c.s[0]->t, 1795313377 * NS_PER_S + 5);
    assert_int_equal(c.s[0]->severity, SEVERITY_MINOR);
    assert_int_equal(c.s[0]->status, 4);
    assert_true(isnan(c.s[1]->value));
    assert_int_equal(c.s[1]->severity, SEVERITY_INVALID);
    for (size_t n = 0; n < sizeof whole - 2; n++) /* cut anywhere: an error, and no sample of it */
        answer(whole, n, f, ERR_DATA, 0);
    uint64_t x = 88172645463325252;
    for (int i = 0; i < 20000; i++) { /* damaged anywhere: no harm */
        char text[sizeof whole];
        struct answer_counts counts;
        struct err err;
        memcpy(text, whole, sizeof text);
        for (int k = 0; k < 1 + i % 3; k++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            text[x % (sizeof text - 1)] = (char)(x >> 40);
        }
        collect_reset(&c);
        int rc = answer_latest(&counts, text, sizeof text - 1, f, 0, 2, at(NOW), collect_samples, &c, &err);
        assert_true(rc == 0 || (rc == ERR_DATA && counts.answered == 0));
    }
    static const struct {
        const char *text;
        int rc;
        size_t answered;
    } cases[] = {
        {"{\"B\":{\"secs\":1,\"nanos\":0,\"val\":1},\"B\":{\"secs\":2,\"nanos\":0,\"val\":2}}", 0, 1},
        {"{\"B\":{\"secs\":99999999999,\"nanos\":0,\"val\":1}}", 0, 0},
        {"{\"B\":{\"secs\":1,\"nanos\":1000000000,\"val\":1}}", 0, 0},
        {"{\"B\":{\"secs\":\"1\",\"nanos\":0}}", 0, 0},
        {"{\"B\":{}}", 0, 0},
        {"{\"B\":[1,2]}", 0, 0},
        {"{\"B\":{\"secs\":1}}x", ERR_DATA, 0},
        {"{\"B\":{\"secs\" 1}}", ERR_DATA, 0},
        {"{\"B\":{\"secs\":1]}", ERR_DATA, 0},
        {"{}", ERR_DATA, 0},
        {"[]", ERR_DATA, 0},
        {"", ERR_DATA, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        answer(cases[i].text, strlen(cases[i].text), f, cases[i].rc, cases[i].answered);
    char deep[400] = "{\"B\":{\"meta\":";
    memset(deep + strlen(deep), '[', 300);
    answer(deep, strlen(deep), f, ERR_DATA, 0);
    fleet_free(f);
}

static int start(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    now = at(NOW);
    uv_loop_init(&loop);
    return peer_start(&peer, "tests/golden/archiver");
}

static int stop(void **state)
{
    (void)state;
    collect_reset(&c);
    peer_stop(&peer);
    return uv_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_recorded),
        cmocka_unit_test(live_values),
        cmocka_unit_test(live_request),
        cmocka_unit_test(live_at_an_instant),
        cmocka_unit_test(channels_that_the_live_answer_lacks_are_read),
        cmocka_unit_test(a_channel_without_anything_is_asked_for_seldom),
        cmocka_unit_test(live_times),
        cmocka_unit_test(live_misbehaving),
        cmocka_unit_test(live_partial),
        cmocka_unit_test(failures_are_logged_once),
        cmocka_unit_test(range_recorded),
        cmocka_unit_test(range_of_many_channels),
        cmocka_unit_test(text_is_said_while_it_is_read),
        cmocka_unit_test(range_heals),
        cmocka_unit_test(range_gives_up),
        cmocka_unit_test(a_login_page_ends_a_range_and_is_not_asked_again),
        cmocka_unit_test(a_login_page_ends_a_poll_and_says_where),
        cmocka_unit_test(nobody_there_is_said_at_once),
        cmocka_unit_test(while_a_source_refuses_one_asks_for_all),
        cmocka_unit_test(a_channel_that_alone_is_refused_does_not_stop_the_others),
        cmocka_unit_test(a_split_installation_tells_where_its_retrieval_is),
        cmocka_unit_test(an_address_that_works_is_kept_and_asked_once),
        cmocka_unit_test(connection_states),
        cmocka_unit_test(a_cancelled_request_ends_alone),
        cmocka_unit_test(a_range_is_cancelled_in_the_middle),
        cmocka_unit_test(closing_cancels),
        cmocka_unit_test(urls_are_checked),
        cmocka_unit_test(json_forms),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
