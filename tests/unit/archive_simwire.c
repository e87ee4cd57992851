/* archive/sim: its wire formats against recorded answers of a real appliance, and its server by HTTP.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/encode.h"
#include "archive/sim/reply.h"
#include "archive/sim/server.h"
#include "base/buf.h"
#include "base/net/http.h"
#include "base/table/csv.h"
#include "base/time/timefmt.h"
#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GOLDEN "tests/golden/archiver/"

/* ---- encoders ---- */

/* A recorded body with its chunked coding removed. */
static struct buf recorded(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, GOLDEN "%s.http", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    static char text[300000];
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    const char *p = strstr(text, "\r\n\r\n");
    assert_non_null(p);
    struct buf b = {0};
    for (p += 4;;) {
        char *end;
        size_t size = strtoul(p, &end, 16);
        if (!size)
            return b;
        buf_add(&b, end + 2, size);
        p = end + 2 + size + 2;
    }
}

/* Splits "EGU=A|PREC=4" in place. */
static size_t split_fields(char *text, struct encode_field f[16])
{
    size_t n = 0;
    char *save = NULL;
    for (char *p = strtok_r(text, "|", &save); p; p = strtok_r(NULL, "|", &save)) {
        char *eq = strchr(p, '=');
        assert_non_null(eq);
        *eq = '\0';
        f[n++] = (struct encode_field){p, eq + 1};
    }
    return n;
}

/* What the independent decoder read, encoded again: byte for byte what the appliance sent. */
static void check_recorded(const char *name)
{
    char path[128], line[4096];
    snprintf(path, sizeof path, GOLDEN "%s.csv", name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    struct buf out = {0}, want = recorded(name);
    int type = 0, rows = 0;
    int64_t start = 0;
    while (fgets(line, sizeof line, f)) {
        char *field[10] = {0}, *p = line;
        line[strcspn(line, "\n")] = '\0';
        for (int i = 0; i < 10 && p; i++)
            field[i] = strsep(&p, ",");
        struct encode_field fields[16];
        if (field[0][0] == 'H') {
            type = (int)strtol(field[2], NULL, 10);
            int year = (int)strtol(field[4], NULL, 10);
            start = timefmt_days(year, 1, 1) * 86400;
            buf_str(&out, out.len ? "\n" : "");
            size_t n = split_fields(field[6], fields);
            encode_pb_header(&out, type, field[3], year, fields, n);
            continue;
        }
        struct sample s = {.t = strtoll(field[2], NULL, 10) * NS_PER_S + strtoll(field[3], NULL, 10),
                           .value = strtod(field[4], NULL),
                           .severity = (uint8_t)strtol(field[5], NULL, 10),
                           .status = (uint8_t)strtol(field[6], NULL, 10)};
        size_t n = split_fields(field[9], fields);
        unsigned char quick[ENCODE_PB_SAMPLE];
        if (n)
            encode_pb_sample_fields(&out, type, start, &s, fields, n,
                                    *field[8] ? (int)strtol(field[8], NULL, 10) : -1);
        else
            buf_add(&out, quick, encode_pb_sample(quick, type, start, &s));
        rows++;
    }
    fclose(f);
    assert_true(rows > 10);
    assert_int_equal(out.len, want.len);
    assert_memory_equal(out.data, want.data, want.len);
    buf_free(&out);
    buf_free(&want);
}

static void lines_equal_recorded_ones(void **state)
{
    (void)state;
    check_recorded("getdata_raw_newyear");
    check_recorded("getdata_raw_hours");
    check_recorded("getdata_raw_int");
    check_recorded("forpvs_raw_all_known");
}

static void numbers_as_java_writes_them(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *text;
    } cases[] = {
        {0, "0.0"},
        {1e-5, "1.0E-5"},
        {0.001, "0.001"},
        {0.00123, "0.00123"},
        {29.9, "29.9"},
        {100, "100.0"},
        {9999999, "9999999.0"},
        {1e7, "1.0E7"},
        {1.5e300, "1.5E300"},
        {-12.25, "-12.25"},
        {100.48756871154981, "100.48756871154981"},
        {0.1 + 0.2, "0.30000000000000004"},
        {(double)INFINITY, "Infinity"},
        {(double)-INFINITY, "-Infinity"},
        {(double)NAN, "NaN"},
    };
    char text[ENCODE_DOUBLE_LEN];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(encode_double(text, cases[i].v), cases[i].text);
    assert_string_equal(encode_value(text, ENCODE_INT, -32767), "-32767");
}

/* ---- server ---- */

#define START "2026-10-06T12:00:00Z"

struct fixture {
    uv_loop_t loop;
    struct sim *sim;
    struct sim_server *server;
    struct http *http;
    int status;
    char type[64];
    struct buf body;
};

static tstamp_ns at(const char *text)
{
    tstamp_ns t;
    struct err err;
    assert_int_equal(timefmt_parse(&t, text, &err), 0);
    return t;
}

static int setup(void **state)
{
    static struct fixture f;
    struct err err = {0};
    struct sim_options o = {
        .supplies = 70, .seed = 3, .from = at("2026-09-01"), .days = 30, .healthy_days = 30};
    /* stands still: a hundred-thousandth of real time */
    struct clock clock = {.start = at(START), .wall = clock_wall(), .speed = 1e-9};
    uv_loop_init(&f.loop);
    if (sim_new(&f.sim, &o, &err) || sim_server_open(&f.server, &f.loop, f.sim, &clock, "127.0.0.1:0", &err))
        return -1;
    f.http = http_new(&f.loop, 2);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    http_free(f->http);
    sim_server_close(f->server);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    sim_free(f->sim);
    buf_free(&f->body);
    return uv_loop_close(&f->loop);
}

static void on_done(void *arg, const struct http_result *r)
{
    struct fixture *f = arg;
    assert_true(r->complete);
    f->status = r->status;
    snprintf(f->type, sizeof f->type, "%s", r->content_type);
    buf_reset(&f->body);
    buf_add(&f->body, r->body, r->body_len);
    uv_stop(&f->loop);
}

/* The status of a request; the body is in f->body. */
static int ask(struct fixture *f, const char *path, const char *type, const char *body)
{
    char url[512], header[128];
    const char *headers[] = {header, NULL};
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", sim_server_port(f->server), path);
    snprintf(header, sizeof header, "Content-Type:%s%s", type && *type ? " " : "", type ? type : "");
    struct http_options o = {.method = body ? "POST" : "GET",
                             .url = url,
                             .headers = headers,
                             .body = body,
                             .body_len = body ? strlen(body) : 0,
                             .on_done = on_done,
                             .arg = f};
    http_start(f->http, &o);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    return f->status;
}

#define GET(path) ask(f, path, NULL, NULL)
#define POST(path, type, body) ask(f, path, type, body)
#define HAS(text) assert_non_null(strstr(buf_text(&f->body), text))

static void statuses_and_types(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *path;
        int status;
        const char *type;
    } cases[] = {
        {"/retrieval/bpl/getVersion", 200, "application/json;charset=ISO-8859-1"},
        {"/retrieval/ping", 200, "text;charset=ISO-8859-1"},
        {"/retrieval/data/getData.raw?pv=S01:Q1:CurrentM", 200, "application/x-protobuf"},
        {"/retrieval/data/getData.json?pv=S01:Q1:CurrentM", 200, "application/json"},
        {"/retrieval/data/getData.xyz?pv=S01:Q1:CurrentM", 200, ""},
        {"/retrieval/data/getData.raw?pv=S99:Q1:CurrentM", 404, "text/html;charset=utf-8"},
        {"/retrieval/data/getData.raw", 400, "text/html;charset=utf-8"},
        {"/retrieval/data/getData.raw?pv=mean_60(S01:Q1:CurrentM", 400, "text/html;charset=utf-8"},
        {"/retrieval/data/getStuff", 400, "text/html;charset=utf-8"},
        {"/retrieval/data/getDataAtTime?pv=S01:Q1:CurrentM", 400, "text/html;charset=utf-8"},
        {"/retrieval/data/getDataForPVs.csv?pv=S01:Q1:CurrentM", 400, "text/html;charset=utf-8"},
        {"/retrieval/data/getDataForPVs.json?pv=S01:Q1:CurrentM&pv=S99:Q1:CurrentM", 404,
         "text/html;charset=utf-8"},
        {"/retrieval/data/getData.raw?pv=S01:Q1:CurrentM&from=yesterday", 500, "text/html;charset=utf-8"},
        {"/retrieval/data/getData.raw?pv=S01:Q1:CurrentM&from=2026-10-01", 500, "text/html;charset=utf-8"},
        {"/retrieval/data/getData.raw?pv=S01:Q1:CurrentM&from=2026-10-01T00:00Z", 500,
         "text/html;charset=utf-8"},
        {"/retrieval/data/getData.raw?pv=S01:Q1:CurrentM&from=2026-10-01T00:00:00%2B0000", 500,
         "text/html;charset=utf-8"},
        {"/retrieval/data/getData.raw?pv=S01:Q1:CurrentM&from=2026-10-01T00:00:00-06:00", 200,
         "application/x-protobuf"},
        {"/retrieval/data/getData.raw?pv=S01:Q1:CurrentM&from=2026-10-02T00:00:00Z&to=2026-10-01T00:00:00Z",
         400, "text/html;charset=utf-8"},
        {"/retrieval/bpl/getMatchingPVs", 404, "text/html;charset=utf-8"},
        {"/mgmt/bpl/getNothing", 404, "text/html;charset=utf-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(GET(cases[i].path), cases[i].status);
        assert_string_equal(f->type, cases[i].type);
    }
    assert_int_equal(GET("/retrieval/data/getData.raw?pv=S01:Q1:CurrentM&to=1960-01-01T00:00:00Z"), 200);
    assert_int_equal(f->body.len, 0);
}

static void data_at_time(void **state)
{
    struct fixture *f = *state;
    static const char path[] = "/retrieval/data/getDataAtTime?at=2026-10-06T12:01:00Z";
    static const char list[] =
        "[\"S01:Q1:CapTempM\",\"S01:S1:DacC\",\"S99:Q1:CurrentM\",\"S01:Q1:CurrentM.VAL\"]";
    assert_int_equal(POST(path, "application/json", list), 200);
    assert_string_equal(f->type, "");
    HAS("{\"S01:Q1:CapTempM\":{\"val\":");
    HAS("\"EGU\":\"?C\"");
    HAS("\"source\":\"engine\",\"DBRType\":\"DBR_SCALAR_INT\"}");
    assert_null(strstr(buf_text(&f->body), "S99"));
    assert_null(strstr(buf_text(&f->body), ".VAL"));
    POST(path, "application/json; charset=utf-8", list);
    assert_string_equal(buf_text(&f->body), "{}");
    assert_int_equal(POST(path, "application/x-www-form-urlencoded", list), 500);
    POST(path, "application/x-www-form-urlencoded", "pv=S01%3AQ1:CapTempM,S01:S1:DacC");
    HAS("S01:Q1:CapTempM\":");
    HAS("S01:S1:DacC\":");
    POST(path, "text/plain", "S01:Q1:CapTempM\nS01:S1:DacC\n");
    HAS("S01:S1:DacC\":");
    assert_int_equal(POST(path, "application/json", "[\"S01:Q1:CapTempM\","), 500);
    assert_int_equal(POST("/retrieval/data/getDataAtTime?at=soon", "application/json", list), 500);
    POST("/retrieval/data/getDataAtTime?at=2026-09-20T00:00:00Z", "application/json", list);
    HAS("\"meta\":{\"DBRType\":\"DBR_SCALAR_DOUBLE\"}");
}

/* All of a window, and nothing after now. */
static void windows(void **state)
{
    struct fixture *f = *state;
    struct sample x[100];
    int64_t year;
    GET("/retrieval/data/getData.raw?pv=S01:Q1:CurrentM&from=2026-10-06T11:00:00Z&to=2026-10-07T00:00:00Z");
    uint32_t channel = (uint32_t)sim_find(f->sim, "S01:Q1:CurrentM");
    assert_true(sim_latest(f->sim, channel, at("2026-10-06T11:00:00Z"), x));
    size_t n = 1 + sim_read(f->sim, channel, at("2026-10-06T11:00:00Z") + 1, at(START) + NS_PER_S, x + 1, 99);
    struct buf want = {0};
    struct encode_field egu[] = {{"EGU", "A"}, {"PREC", "4"}};
    encode_year(x[0].t, &year);
    for (int i = 0; i < 2; i++) {
        buf_str(&want, i ? "\n" : "");
        encode_pb_header(&want, ENCODE_DOUBLE, "S01:Q1:CurrentM", 2026, egu, 2);
    }
    for (size_t i = 0; i < n; i++) {
        unsigned char line[ENCODE_PB_SAMPLE];
        buf_add(&want, line, encode_pb_sample(line, ENCODE_DOUBLE, year, &x[i]));
    }
    assert_int_equal(f->body.len, want.len);
    assert_memory_equal(f->body.data, want.data, want.len);
    buf_free(&want);
    /* a window in the future: the newest sample alone */
    GET("/retrieval/data/getData.json?pv=S01:Q1:CurrentM&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z");
    assert_memory_equal(buf_text(&f->body),
                        "[ \n{ \"meta\": { \"name\": \"S01:Q1:CurrentM\" , \"EGU\": \"A\" , "
                        "\"PREC\": \"4\" },\n\"data\": [ \n{ \"secs\": 1791",
                        95);
    assert_null(strstr(buf_text(&f->body), "},\n{ \"secs"));
    assert_string_equal(buf_text(&f->body) + f->body.len - 10, " }\n] }\n ]\n");
}

static void new_year_opens_a_chunk(void **state)
{
    struct fixture *f = *state;
    GET("/retrieval/data/getData.raw?pv=S01:Q1:CurrentM&from=2025-12-31T23:55:00Z&to=2026-01-01T00:05:00Z");
    const char *header = "\x08\x06\x12\x0fS01:Q1:CurrentM\x18\xea\x0f"; /* 2026 */
    assert_non_null(memmem(f->body.data, f->body.len, header, strlen(header)));
    header = "\x08\x06\x12\x0fS01:Q1:CurrentM\x18\xe9\x0f"; /* 2025: header-only, then the samples */
    const char *first = memmem(f->body.data, f->body.len, header, strlen(header));
    assert_true(first == f->body.data);
    assert_non_null(memmem(first + 1, f->body.len - 1, header, strlen(header)));
}

static void names(void **state)
{
    struct fixture *f = *state;
    GET("/mgmt/bpl/getAllPVs?pv=S01:Q1:*&limit=-1");
    assert_string_equal(buf_text(&f->body), "[\"S01:Q1:CapTempM\",\"S01:Q1:CurrentM\",\"S01:Q1:MagTempM\","
                                            "\"S01:Q1:DacC\",\"S01:Q1:IgbtTempM\",\"S01:Q1:VoltageM\"]\n");
    GET("/retrieval/bpl/getMatchingPVs?regex=S01:Q%5B12%5D:.*TempM");
    HAS("S01:Q2:MagTempM");
    assert_null(strstr(buf_text(&f->body), "Q3"));
    GET("/retrieval/bpl/getMatchingPVs?pv=*");
    size_t n = 0;
    for (const char *p = buf_text(&f->body); (p = strstr(p, "\",\"")); p++)
        n++;
    assert_int_equal(n, 419); /* 70 supplies: 420 names, under the limit of 500 */
    POST("/mgmt/bpl/getPVStatus", "application/json", "[\"S01:Q1:CurrentM\",\"X\"]");
    HAS("\"pvName\":\"S01:Q1:CurrentM\",\"connectionState\":\"");
    HAS("Oct\\/06\\/2026 1");
    HAS("{\"pvName\":\"X\",\"status\":\"Not being archived\"}]");
}

/* ---- the real client on this server ---- */

struct reading {
    struct fixture *f;
    uint64_t sum;
    size_t n, done;
    int code;
};

static uint64_t mix(uint64_t sum, uint32_t channel, const struct sample *s)
{
    uint64_t bits;
    memcpy(&bits, &s->value, sizeof bits);
    uint64_t x = (uint64_t)s->t ^ bits * 31 ^ (uint64_t)s->severity << 7 ^ (uint64_t)s->flags << 3 ^ channel;
    return sum + x * 0x9e3779b97f4a7c15u; /* channels come in any order */
}

static void on_samples(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    struct reading *r = arg;
    for (size_t i = 0; i < n; i++)
        r->sum = mix(r->sum, channel, &s[i]);
    r->n += n;
}

static void on_read(void *arg, const struct source_result *result)
{
    struct reading *r = arg;
    r->code = result->code;
    r->done++;
    uv_stop(&r->f->loop);
}

static tstamp_ns standing_clock(void *arg)
{
    (void)arg;
    return at(START);
}

static void the_client_reads_what_was_made(void **state)
{
    struct fixture *f = *state;
    struct err err;
    struct fleet *fleet;
    char path[] = "/tmp/psmon-simwire-XXXXXX", url[64];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(sim_write_fleet(f->sim, path, &err), 0);
    assert_int_equal(fleet_load(&fleet, path, &err), 0);
    unlink(path);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/retrieval", sim_server_port(f->server));
    struct source_options o = {.retrieval_url = url, .connections = 8, .now = standing_clock};
    struct source *source;
    assert_int_equal(source_open(&source, &f->loop, fleet, &o, &err), 0);
    /* over a maintenance day, all channels of five supplies */
    uint32_t channels[30];
    tstamp_ns from = at("2026-09-29T00:00:00Z"), to = at("2026-10-01T00:00:00Z");
    struct reading got = {.f = f};
    uint64_t want = 0;
    size_t n = 0;
    static struct sample x[3000];
    for (uint32_t i = 0; i < 30; i++) {
        channels[i] = i;
        uint32_t c = (uint32_t)sim_find(f->sim, fleet->channels[i].pv);
        n += sim_latest(f->sim, c, from - 1, x);
        want = mix(want, i, x);
        size_t k = sim_read(f->sim, c, from, to, x, 3000);
        for (size_t j = 0; j < k; j++)
            want = mix(want, i, &x[j]);
        n += k;
    }
    source->ops->range(source, channels, 30, from, to, 20, on_samples, on_read, &got);
    while (!got.done)
        uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(got.code, 0);
    assert_int_equal(got.n, n);
    assert_true(got.sum == want);
    source_close(source);
    fleet_free(fleet);
}

static void many_requests_on_few_connections(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 250; i++)
        assert_int_equal(GET("/retrieval/ping"), 200);
    assert_int_equal(sim_server_requests(f->server), 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_equal_recorded_ones),
        cmocka_unit_test(numbers_as_java_writes_them),
        cmocka_unit_test_setup_teardown(statuses_and_types, setup, teardown),
        cmocka_unit_test_setup_teardown(data_at_time, setup, teardown),
        cmocka_unit_test_setup_teardown(windows, setup, teardown),
        cmocka_unit_test_setup_teardown(new_year_opens_a_chunk, setup, teardown),
        cmocka_unit_test_setup_teardown(names, setup, teardown),
        cmocka_unit_test_setup_teardown(the_client_reads_what_was_made, setup, teardown),
        cmocka_unit_test_setup_teardown(many_requests_on_few_connections, setup, teardown),
    };
    return cmocka_run_group_tests_name("archive/sim wire", tests, NULL, NULL);
}
