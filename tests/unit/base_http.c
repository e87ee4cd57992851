/* base/net/http against a peer that misbehaves. SPDX-License-Identifier: MIT */
#include "base/net/http.h"
#include "base/net/proxy.h"
#include "tests/near.h"
#include "tests/support/peer.h"

#include <stdlib.h>
#include <string.h>

static struct peer peer;
static uv_loop_t loop;
static struct http *http;

struct outcome {
    int calls, status, order;
    bool complete;
    char error[256], type[64], body[65536];
    size_t body_len, streamed, limit; /* limit: give up after so many streamed bytes; 0: never */
    double retry_after;
    struct http_request **cancel; /* on_body cancels this */
    struct http_options *start;   /* on_body starts this, once */
};

static int done_count;

static void on_done(void *arg, const struct http_result *r)
{
    struct outcome *o = arg;
    o->calls++;
    o->order = ++done_count;
    o->status = r->status;
    o->complete = r->complete;
    o->body_len = r->body_len;
    o->retry_after = r->retry_after_s;
    snprintf(o->error, sizeof o->error, "%s", r->error);
    snprintf(o->type, sizeof o->type, "%s", r->content_type);
    snprintf(o->body, sizeof o->body, "%s", r->body);
    assert_true(r->seconds >= 0);
    assert_int_equal(r->body[r->body_len], 0);
    assert_true(r->complete == (r->error[0] == '\0'));
}

static bool on_body(void *arg, const char *data, size_t n)
{
    struct outcome *o = arg;
    (void)data;
    o->streamed += n;
    if (o->cancel) {
        http_cancel(*o->cancel);
        o->cancel = NULL;
    }
    if (o->start) {
        http_start(http, o->start);
        o->start = NULL;
    }
    return !o->limit || o->streamed < o->limit;
}

static char *url(const char *script, const char *rest)
{
    static char text[8][512];
    static int turn;
    char *out = text[turn++ % 8];
    snprintf(out, sizeof text[0], "http://127.0.0.1:%d/%s%s", peer.port, script, rest);
    return out;
}

static struct http_options get(const char *where, struct outcome *o)
{
    memset(o, 0, sizeof *o);
    return (struct http_options){.method = "GET", .url = where, .on_done = on_done, .arg = o, .timeout_s = 5};
}

static void run(void)
{
    uv_run(&loop, UV_RUN_DEFAULT);
}

static struct outcome fetch(struct http_options o)
{
    http_start(http, &o);
    assert_int_equal(((struct outcome *)o.arg)->calls, 0); /* never from inside http_start */
    run();
    assert_int_equal(((struct outcome *)o.arg)->calls, 1);
    return *(struct outcome *)o.arg;
}

static struct outcome fetch_script(const char *script)
{
    static struct outcome o;
    return fetch(get(url(script, "/x"), &o));
}

static void answers_arrive_whole(void **state)
{
    (void)state;
    struct outcome o = fetch_script("200:hello_there");
    assert_true(o.complete);
    assert_int_equal(o.status, 200);
    assert_string_equal(o.body, "hello there");
    assert_string_equal(o.type, "text/plain");
    assert_true(o.retry_after < 0);
    o = fetch_script("404:no_such_thing");
    assert_true(o.complete);
    assert_int_equal(o.status, 404);
    assert_string_equal(o.body, "no such thing");
    o = fetch_script("none");
    assert_true(o.complete);
    assert_string_equal(o.type, "");
    assert_int_equal(o.body_len, 0);
}

static void posts_carry_headers_and_bytes(void **state)
{
    (void)state;
    static struct outcome o;
    static const char *const headers[] = {"Content-Type: application/json", "X-One: 2.385", NULL};
    struct http_options p = get(url("ok", "/post?a=b"), &o);
    p.method = "POST";
    p.headers = headers;
    p.body = "[\"A\",\"B\"]";
    p.body_len = strlen(p.body);
    assert_int_equal(fetch(p).status, 200);
    fetch(get(url("_log", ""), &o));
    char *last = strstr(o.body, "/post?a=b");
    assert_non_null(last);
    assert_non_null(strstr(last, "\"content-type\": \"application/json\""));
    assert_non_null(strstr(last, "\"x-one\": \"2.385\""));
    assert_non_null(strstr(last, "[\\\"A\\\",\\\"B\\\"]"));
    assert_null(strstr(last, "\"expect\""));
}

static void failures_have_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *script, *part;
    } cases[] = {{"reset", "reset"},
                 {"close", "empty reply"},
                 {"half", "transfer closed"},
                 {"half_chunked", "transfer closed"},
                 {"garbage", "http/0.9"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct outcome o = fetch_script(cases[i].script);
        assert_false(o.complete);
        assert_int_equal(o.status, 0);
        for (char *c = o.error; *c; c++)
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        if (!strstr(o.error, cases[i].part))
            fail_msg("%s: '%s' does not say '%s'", cases[i].script, o.error, cases[i].part);
    }
    static struct outcome o;
    fetch(get("http://127.0.0.1:1/", &o));
    assert_string_equal(o.error, "could not connect: Connection refused");
    static const char *const bad[] = {"not a url", "ftp://127.0.0.1/", "file:///etc/passwd", ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fetch(get(bad[i], &o));
        assert_false(o.complete);
        assert_true(o.error[0]);
    }
}

static void time_limits_hold(void **state)
{
    (void)state;
    static struct outcome o;
    struct http_options g = get(url("stall", "/x"), &o);
    g.timeout_s = 0.3;
    uint64_t t0 = uv_hrtime();
    fetch(g);
    assert_false(o.complete);
    assert_true(uv_hrtime() - t0 < 2000000000);
    static const char *const stalls[] = {"stall", "stall_body"};
    for (int i = 0; i < 2; i++) {
        g = get(url(stalls[i], "/x"), &o);
        g.timeout_s = 30;
        g.stall_timeout_s = 1;
        t0 = uv_hrtime();
        fetch(g);
        assert_false(o.complete);
        assert_true(uv_hrtime() - t0 < 5000000000);
    }
    /* slow but moving is no stall */
    g = get(url("slow", "/retrieval/data/getData.raw?pv=A&from=2026-01-02T00:00:00Z"
                        "&to=2026-01-02T00:04:00Z"),
            &o);
    g.stall_timeout_s = 1;
    fetch(g);
    assert_true(o.complete);
}

/* Where the status is the answer, a body that never ends, or stops half way, changes nothing of it. */
static void the_head_of_an_answer_may_suffice(void **state)
{
    (void)state;
    static struct outcome o;
    static const char *const bodies[] = {"endless", "stall_body"};
    for (int i = 0; i < 2; i++) {
        for (int suffices = 0; suffices < 2; suffices++) {
            struct http_options g = get(url(bodies[i], "/x"), &o);
            g.max_body = 1000;
            g.timeout_s = 0.5;
            g.head_suffices = suffices;
            fetch(g);
            assert_true(o.complete == g.head_suffices);
        }
        assert_int_equal(o.status, 200);
        assert_true(strlen(o.body) <= 1000);
    }
    struct http_options g = get(url("stall", "/x"), &o); /* but it needs one */
    g.timeout_s = 0.3;
    g.head_suffices = true;
    fetch(g);
    assert_false(o.complete);
}

static void bodies_are_capped(void **state)
{
    (void)state;
    static struct outcome o;
    struct http_options g = get(url("endless", "/x"), &o);
    g.max_body = 100000;
    fetch(g);
    assert_false(o.complete);
    assert_string_equal(o.error, "answer larger than 100000 bytes");
    g = get(url("endless", "/y"), &o);
    g.on_body = on_body;
    o.limit = 300000;
    fetch(g);
    assert_false(o.complete);
    assert_string_equal(o.error, "given up by the reader");
    assert_true(o.streamed >= 300000);
    /* a streaming request gets the text of an error as body, its first 1 kB */
    g = get(url("500:a_stack_trace", "/z"), &o);
    g.on_body = on_body;
    fetch(g);
    assert_int_equal(o.status, 500);
    assert_int_equal(o.streamed, 0);
    assert_string_equal(o.body, "a stack trace");
}

static void redirects_only_when_asked(void **state)
{
    (void)state;
    static struct outcome o;
    struct http_options g = get(url("302:200:there", "/x"), &o);
    fetch(g);
    assert_int_equal(o.status, 302);
    g = get(url("302:200:there", "/x"), &o);
    g.follow = true;
    fetch(g);
    assert_int_equal(o.status, 200);
    assert_string_equal(o.body, "there");
}

static void retry_after_in_seconds_and_dates(void **state)
{
    (void)state;
    struct outcome o = fetch_script("503:7");
    assert_int_equal(o.status, 503);
    assert_near(o.retry_after, 7, 0, 0);
    o = fetch_script("429:date20");
    assert_near(o.retry_after, 20, 0, 2);
    o = fetch_script("503:date-20");
    assert_near(o.retry_after, 0, 0, 0);
}

static void cancelled_once(void **state)
{
    (void)state;
    static struct outcome a, b, c;
    struct http_options g = get(url("stall", "/x"), &a);
    struct http_request *r = http_start(http, &g);
    http_cancel(r); /* before anything was sent */
    assert_int_equal(a.calls, 1);
    assert_string_equal(a.error, "cancelled");
    /* from inside on_body: itself, another, and a start */
    struct http_request *other;
    struct http_options stalled = get(url("stall", "/other"), &b);
    other = http_start(http, &stalled);
    struct http_options third = get(url("200:third", "/x"), &c);
    g = get(url("200:body", "/x"), &a);
    g.on_body = on_body;
    a.cancel = &other;
    a.start = &third;
    http_start(http, &g);
    run();
    assert_int_equal(a.calls, 1);
    assert_true(a.complete);
    assert_int_equal(b.calls, 1);
    assert_string_equal(b.error, "cancelled");
    assert_int_equal(c.calls, 1);
    assert_string_equal(c.body, "third");
    g = get(url("endless", "/x"), &a);
    g.on_body = on_body;
    a.cancel = &r;
    r = http_start(http, &g);
    run();
    assert_int_equal(a.calls, 1);
    assert_string_equal(a.error, "cancelled");
    /* what is under way when the client is freed */
    g = get(url("stall", "/x"), &a);
    http_start(http, &g);
    uv_run(&loop, UV_RUN_NOWAIT);
    http_free(http);
    assert_int_equal(a.calls, 1);
    assert_string_equal(a.error, "cancelled");
    run();
    http = http_new(&loop, 4);
}

#define MANY 250
static struct outcome many[MANY];

static struct http *own;

static void free_inside(void *arg, const struct http_result *r)
{
    (void)r;
    ++*(int *)arg;
    http_free(own);
}

static void freed_from_its_own_callback(void **state)
{
    (void)state;
    own = http_new(&loop, 2);
    int calls = 0;
    struct http_options g = {.method = "GET", .url = url("ok", "/x"), .on_done = free_inside, .arg = &calls};
    http_start(own, &g);
    run();
    assert_int_equal(calls, 1);
}

/* Connections are reused; the peer's closing after 100 requests is not noticed. */
static void many_requests_few_connections(void **state)
{
    (void)state;
    static struct outcome before, after;
    fetch(get(url("connection", "/x"), &before));
    for (int i = 0; i < MANY; i++) {
        struct http_options g = get(url("200:again", "/x"), &many[i]);
        http_start(http, &g);
    }
    run();
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(many[i].calls, 1);
        assert_true(many[i].complete);
    }
    fetch(get(url("connection", "/x"), &after));
    long opened = strtol(after.body, NULL, 10) - strtol(before.body, NULL, 10);
    assert_true(opened >= 2 && opened <= 8); /* 250 over 4 connections of 100 requests each */
    for (int i = 0; i < 6; i++) { /* closed without announcement: tried again on a new connection */
        struct http_options g = get(url("late_close", "/x"), &many[i]);
        g.method = i % 2 ? "POST" : "GET";
        g.body = i % 2 ? "{}" : NULL;
        g.body_len = i % 2 ? 2 : 0;
        fetch(g);
        assert_true(many[i].complete);
    }
}

static void escapes(void **state)
{
    (void)state;
    char out[32];
    assert_true(http_escape(out, sizeof out, "SR01:Q1 {a}&+"));
    assert_string_equal(out, "SR01:Q1%20%7Ba%7D%26%2B");
    assert_false(http_escape(out, 3, "abc"));
    assert_false(http_escape(out, 4, "ab "));
    assert_true(http_escape(out, 4, "abc"));
    assert_true(http_escape(out, 4, "\xc2"));
    assert_string_equal(out, "%C2");
}

/* ---- proxies (issue 7.12) ---- */

static void unset_proxies(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

static void this_machine_is_asked_without_a_proxy(void **state)
{
    (void)state;
    static struct outcome o;
    char text[64];
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    assert_int_equal(fetch_script("200:direct").status, 200);
    snprintf(text, sizeof text, "http://localhost:%d/200:direct/x", peer.port);
    assert_int_equal(fetch(get(text, &o)).status, 200);
    unset_proxies();
}

static void a_proxy_that_fails_is_named(void **state)
{
    (void)state;
    static struct outcome o;
    setenv("http_proxy", "http://user:p%40ss@127.0.0.1:1/", 1);
    fetch(get("http://archiver.example/x", &o));
    assert_false(o.complete);
    assert_string_equal(o.error,
                        "through the proxy 127.0.0.1:1 (http_proxy): could not connect: Connection refused");
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    fetch(get("https://archiver.example/x", &o));
    assert_string_equal(o.error,
                        "through the proxy 127.0.0.1:1 (all_proxy): could not connect: Connection refused");
    unset_proxies();
}

static void on_status(void *arg, const struct http_result *r)
{
    http_status(arg, r);
}

static void what_a_proxy_answers_names_it(void **state)
{
    (void)state;
    char words[HTTP_STATUS_LEN] = "", proxy[64], want[128];
    snprintf(proxy, sizeof proxy, "127.0.0.1:%d", peer.port);
    setenv("http_proxy", proxy, 1);
    /* what the peer sees of the whole URL is its script "http:", which it answers */
    struct http_options g = {.method = "GET",
                             .url = "http://archiver.example/x",
                             .on_done = on_status,
                             .arg = words,
                             .timeout_s = 5};
    http_start(http, &g);
    run();
    snprintf(want, sizeof want, "HTTP 200 through the proxy %s (http_proxy)", proxy);
    assert_string_equal(words, want);
    unset_proxies();
    g.url = url("503:0", "/x");
    http_start(http, &g);
    run();
    assert_string_equal(words, "HTTP 503");
}

static void no_proxy_names_hosts_domains_and_networks(void **state)
{
    (void)state;
    static const struct {
        const char *list, *host;
        bool without;
    } cases[] = {
        {"archiver.example", "archiver.example", true},
        {"other, .example", "archiver.example", true},
        {"EXAMPLE.", "archiver.example", true},
        {"chiver.example", "archiver.example", false},
        {"archiver.example", "example", false},
        {"*", "archiver.example", true},
        {"10.0.0.0/8", "10.20.30.40", true},
        {"10.0.0.0/8", "11.20.30.40", false},
        {"10.20.0.0/13", "10.23.255.1", true},
        {"10.20.0.0/13", "10.32.0.1", false},
        {"10.0.0.0/x", "10.20.30.40", false},
        {"10.0.0.0/99", "10.20.30.40", false},
        {"192.168.7.1", "192.168.7.1", true},
        {"[fd00::]/8 fd00::/8", "[fd12::1]", true},
        {"", "archiver.example", false},
        {"fd00::/8", "10.0.0.1", false},
    };
    const char *variable;
    setenv("https_proxy", "http://proxy.example:3128", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv("no_proxy", cases[i].list, 1);
        bool without = proxy_for("https", cases[i].host, &variable) == NULL;
        if (without != cases[i].without)
            fail_msg("no_proxy=%s: %s goes %s", cases[i].list, cases[i].host,
                     without ? "without" : "through");
    }
    unset_proxies();
    setenv("https_proxy", "http://proxy.example:3128", 1);
    assert_null(proxy_for("https", "[::1]", &variable));
    assert_null(proxy_for("https", "127.9.9.9", &variable));
    assert_null(proxy_for("https", "LOCALHOST.", &variable));
    assert_null(proxy_for("http", "archiver.example", &variable));
    assert_non_null(proxy_for("https", "localhost.example", &variable));
    assert_string_equal(variable, "https_proxy");
    unset_proxies();
}

static int start(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    unset_proxies();
    if (peer_start(&peer, "tests/golden/archiver") != 0)
        return -1;
    uv_loop_init(&loop);
    http = http_new(&loop, 4);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_free(http);
    run();
    peer_stop(&peer);
    return uv_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_arrive_whole),
        cmocka_unit_test(posts_carry_headers_and_bytes),
        cmocka_unit_test(failures_have_a_reason),
        cmocka_unit_test(time_limits_hold),
        cmocka_unit_test(the_head_of_an_answer_may_suffice),
        cmocka_unit_test(bodies_are_capped),
        cmocka_unit_test(redirects_only_when_asked),
        cmocka_unit_test(retry_after_in_seconds_and_dates),
        cmocka_unit_test(cancelled_once),
        cmocka_unit_test(freed_from_its_own_callback),
        cmocka_unit_test(many_requests_few_connections),
        cmocka_unit_test(escapes),
        cmocka_unit_test(this_machine_is_asked_without_a_proxy),
        cmocka_unit_test(a_proxy_that_fails_is_named),
        cmocka_unit_test(what_a_proxy_answers_names_it),
        cmocka_unit_test(no_proxy_names_hosts_domains_and_networks),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
