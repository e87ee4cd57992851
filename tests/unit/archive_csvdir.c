/* A folder of CSV as a source. SPDX-License-Identifier: MIT */
#include "archive/source.h"
#include "tests/near.h"
#include "tests/support/collect.h"

#define T0 (INT64_C(1767225600) * NS_PER_S) /* 2026-01-01 */

static char dir[] = "/tmp/psmon-csvdir-XXXXXX";
static uv_loop_t loop;
static struct collect c;
static tstamp_ns now;
static struct fleet *fleet; /* supplies A, S1:B/2 with current, dac, voltage: channels 0..2, 3..5 */

static tstamp_ns clock_of_test(void *arg)
{
    (void)arg;
    return now;
}

static void write_text(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static struct source *open_dir(void)
{
    char url[256];
    struct source *s;
    struct err err = {0};
    snprintf(url, sizeof url, "file://%s", dir);
    struct source_options o = {.retrieval_url = url, .now = clock_of_test};
    if (source_open(&s, &loop, fleet, &o, &err) != 0)
        fail_msg("%s", err.msg);
    assert_null(s->ops->connections);
    return s;
}

static void wait_for_done(void)
{
    assert_int_equal(c.done, 0); /* never from inside the call */
    while (!c.done && uv_run(&loop, UV_RUN_ONCE))
        ;
    assert_int_equal(c.done, 1);
}

static void close_source(struct source *s)
{
    source_close(s);
    uv_run(&loop, UV_RUN_DEFAULT);
}

static void range(struct source *s, tstamp_ns from, tstamp_ns to)
{
    static const uint32_t all[] = {0, 1, 2, 3, 4, 5};
    collect_reset(&c);
    s->ops->range(s, all, 6, from, to, 0, collect_samples, collect_done, &c);
    wait_for_done();
}

static void latest(struct source *s, tstamp_ns t)
{
    collect_reset(&c);
    now = t;
    s->ops->latest(s, now, 0, collect_samples, collect_done, &c);
    wait_for_done();
}

static void mixed_forms(void **state)
{
    (void)state;
    write_text("A.csv", "\xef\xbb\xbf"
                        "time,voltage,\"remark\",current,label\r\n"
                        "2026-01-01T00:00:00Z,12.5,\"a \"\"b\"\", c\",-0.25,0\r\n"
                        "2026-01-01 00:01:00,,x, 1e-3 ,1\r\n"
                        "\r\n"
                        "2026-01-01T00:02:00.5+00:00,nan,,123456789012345678,0\r\n"
                        "2026-01-01T00:03:00Z,\"7\",,,\r\n"
                        "2026-01-01T00:03:00Z,8,,,\r\n" /* the same time again: dropped */
                        "2026-01-01T00:04:00Z,9,,3");   /* still being written */
    write_text("S1:B_2.csv", "time,dac\n1767225600,5\n1767225660.25,6\n1767225720.123456789,-7\n");
    struct source *s = open_dir();
    range(s, T0 - NS_PER_HOUR, T0 + NS_PER_HOUR);
    /* dac of A has no column, nor have current and voltage of B */
    assert_int_equal(c.result.code, 0);
    assert_int_equal(c.result.channels_answered, 3);
    assert_int_equal(c.n[2], 3);
    assert_near(c.s[2][0].value, 12.5, 0, 0);
    assert_true(isnan(c.s[2][1].value));
    assert_int_equal(c.s[2][1].t, T0 + 120 * NS_PER_S + NS_PER_S / 2);
    assert_near(c.s[2][2].value, 7, 0, 0);
    assert_int_equal(c.n[0], 3);
    assert_near(c.s[0][0].value, -0.25, 0, 0);
    assert_near(c.s[0][1].value, 1e-3, 0, 0);
    assert_near(c.s[0][2].value, 123456789012345678., 0, 0);
    assert_int_equal(c.n[1], 0);
    assert_int_equal(c.n[4], 3);
    assert_int_equal(c.s[4][1].t, T0 + 60 * NS_PER_S + NS_PER_S / 4);
    assert_int_equal(c.s[4][2].t, T0 + 120 * NS_PER_S + 123456789);
    /* the sample before: an empty field is none */
    range(s, T0 + 90 * NS_PER_S, T0 + 180 * NS_PER_S);
    assert_near(c.s[2][0].value, 12.5, 0, 0);
    assert_int_equal(c.n[2], 2);
    assert_near(c.s[0][0].value, 1e-3, 0, 0);
    latest(s, T0 + 60 * NS_PER_S);
    assert_int_equal(c.n[2], 1);
    assert_near(c.s[2][0].value, 12.5, 0, 0);
    assert_int_equal(c.s[0][0].t, T0 + 60 * NS_PER_S); /* at now itself */
    assert_near(c.s[4][0].value, 5, 0, 0);
    close_source(s);
}

/* A long file: value of current at row i is i, voltage only in row 3 and every 5000th, dac
 * never. */
#define ROWS 40000

static void write_long(int rows)
{
    char path[256];
    snprintf(path, sizeof path, "%s/A.csv", dir);
    FILE *f = fopen(path, "w");
    fprintf(f, "time,current,voltage,dac\n");
    for (int i = 0; i < rows; i++) {
        fprintf(f, "%lld,%d,", (long long)(T0 / NS_PER_S + i * 60), i);
        if (i == 3 || i % 5000 == 4999)
            fprintf(f, "%d.5", i);
        fputs(",\n", f);
    }
    fclose(f);
}

static int newest_voltage(int before_row)
{
    int i = before_row - 1;
    while (i >= 0 && i != 3 && i % 5000 != 4999)
        i--;
    return i;
}

/* Samples of rows [a, b), each column's newest before, whatever was asked before. */
static void check_long(struct source *s, int a, int b)
{
    range(s, T0 + a * NS_PER_MIN - 1, T0 + b * NS_PER_MIN - 1);
    size_t before = a > 0, i = 0;
    assert_int_equal(c.n[0], (size_t)(b - a) + before);
    for (int row = a - (int)before; row < b; row++, i++) {
        assert_int_equal(c.s[0][i].t, T0 + row * NS_PER_MIN);
        assert_near(c.s[0][i].value, row, 0, 0);
    }
    int v = newest_voltage(a);
    if (v >= 0) {
        assert_true(c.n[2] > 0);
        assert_near(c.s[2][0].value, v + 0.5, 0, 0);
    }
    assert_int_equal(c.n[1], 0);
}

static void long_file(void **state)
{
    (void)state;
    write_long(ROWS);
    struct source *s = open_dir();
    for (int pass = 0; pass < 2; pass++) {
        check_long(s, 0, 5);
        check_long(s, 30000, 30010);
        check_long(s, 30010, 30020); /* from where the last one ended */
        check_long(s, 4, 7);         /* back again */
        check_long(s, 4000, 6000);
        check_long(s, ROWS - 10, ROWS);
        check_long(s, 0, ROWS);
    }
    latest(s, T0 + 20000 * NS_PER_MIN + 1);
    assert_near(c.s[0][0].value, 20000, 0, 0);
    assert_near(c.s[2][0].value, 19999.5, 0, 0);
    latest(s, T0 - NS_PER_DAY); /* before the first row */
    assert_int_equal(c.n[0], 0);
    assert_int_equal(c.result.code, 0);
    latest(s, T0 + 365 * NS_PER_DAY);
    assert_near(c.s[0][0].value, ROWS - 1, 0, 0);
    write_long(ROWS + 50); /* it grows, or is written anew */
    latest(s, T0 + 365 * NS_PER_DAY);
    assert_near(c.s[0][0].value, ROWS + 49, 0, 0);
    write_long(100);
    latest(s, T0 + 365 * NS_PER_DAY);
    assert_near(c.s[0][0].value, 99, 0, 0);
    assert_near(c.s[2][0].value, 3.5, 0, 0);
    close_source(s);
}

static void damaged_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"time,current\n1767225600,1\n1767225660,abc\n", "A.csv:3: 'abc' is not a number"},
        {"time,current\n1767225600,1\n\nlater,2\n", "A.csv:4: 'later' is not a time"},
        {"time,current\n1767225660,1\n1767225600,2\n", "A.csv:3: time goes back"},
        {"time,current,voltage\n1767225600,1\n", "A.csv:2: 2 fields where the header has 3"},
        {"current,time\n1,1767225600\n", "A.csv:1: the first column is not 'time'"},
        {"", "A.csv:1: a header line is needed"},
        {"time,current\n1767225600,1.2.3\n", "A.csv:2: '1.2.3' is not a number"},
        {"time,current\n1767225600,-\n", "A.csv:2: '-' is not a number"},
    };
    write_text("S1:B_2.csv", "time,dac\n1767225600,5\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text("A.csv", cases[i].text);
        struct source *s = open_dir();
        range(s, T0 - NS_PER_HOUR, T0 + NS_PER_HOUR);
        assert_int_equal(c.result.code, ERR_DATA);
        if (!strstr(c.error, cases[i].part))
            fail_msg("'%s' does not say '%s'", c.error, cases[i].part);
        assert_int_equal(c.result.channels_answered, 1); /* the other file is read all the same */
        assert_int_equal(c.n[4], 1);
        close_source(s);
    }
}

static void missing_files(void **state)
{
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s/A.csv", dir);
    unlink(path);
    write_text("S1:B_2.csv", "time,dac\n1767225600,5\n");
    struct source *s = open_dir();
    range(s, T0, T0 + NS_PER_HOUR);
    assert_int_equal(c.result.code, 0);
    assert_int_equal(c.result.channels_answered, 1);
    close_source(s);
    snprintf(path, sizeof path, "%s/S1:B_2.csv", dir);
    unlink(path);
    s = open_dir();
    range(s, T0, T0 + NS_PER_HOUR);
    assert_int_equal(c.result.code, ERR_IO);
    assert_non_null(strstr(c.error, "A.csv: No such file"));
    static const uint32_t none[1] = {0};
    collect_reset(&c);
    s->ops->range(s, none, 0, T0, T0 + 1, 0, collect_samples, collect_done, &c);
    wait_for_done();
    assert_int_equal(c.result.code, 0);
    close_source(s);
}

static void deadline_and_close(void **state)
{
    (void)state;
    write_long(ROWS);
    struct source *s = open_dir();
    static const uint32_t all[] = {0, 1, 2, 3, 4, 5};
    collect_reset(&c);
    s->ops->range(s, all, 6, T0, T0 + ROWS * NS_PER_MIN, 1e-6, collect_samples, collect_done, &c);
    wait_for_done();
    assert_int_equal(c.result.code, ERR_TIMEOUT);
    collect_reset(&c);
    s->ops->range(s, all, 6, T0, T0 + ROWS * NS_PER_MIN, 0, collect_samples, collect_done, &c);
    for (int i = 0; i < 3; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(c.done, 0); /* in slices: the loop turns meanwhile */
    close_source(s);
    assert_int_equal(c.done, 1);
    assert_int_equal(c.result.code, ERR_CANCELLED);
}

static void a_cancelled_request_ends_alone(void **state)
{
    (void)state;
    write_long(ROWS);
    struct source *s = open_dir();
    static const uint32_t all[] = {0, 1, 2, 3, 4, 5};
    static struct collect other;
    collect_reset(&c);
    struct source_request *first =
        s->ops->range(s, all, 6, T0, T0 + ROWS * NS_PER_MIN, 0, collect_samples, collect_done, &other);
    now = T0 + NS_PER_DAY;
    s->ops->latest(s, now, 0, collect_samples, collect_done, &c);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(other.done, 0);
    source_cancel(first);
    assert_int_equal(other.done, 1);
    assert_int_equal(other.result.code, ERR_CANCELLED);
    wait_for_done();
    assert_int_equal(c.result.code, 0);
    size_t rows = 0;
    collect_reset(&c);
    s->ops->range(s, all, 6, T0, T0 + NS_PER_HOUR, 0, collect_samples, collect_done, &c);
    wait_for_done();
    assert_int_equal(c.result.code, 0);
    for (size_t i = 0; i < 6; i++)
        rows += c.n[i];
    assert_true(rows > 0);
    close_source(s);
    assert_int_equal(other.done, 1);
    collect_reset(&other);
}

static int start(void **state)
{
    (void)state;
    static const char *const names[] = {"A", "S1:B/2"}, *const signals[] = {"current", "voltage", "dac"};
    if (!mkdtemp(dir))
        return -1;
    fleet = collect_fleet(names, 2, signals, 3, NULL);
    return uv_loop_init(&loop);
}

static int stop(void **state)
{
    (void)state;
    collect_reset(&c);
    fleet_free(fleet);
    write_text("A.csv", "");
    write_text("S1:B_2.csv", "");
    char path[256];
    snprintf(path, sizeof path, "%s/A.csv", dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/S1:B_2.csv", dir);
    unlink(path);
    rmdir(dir);
    return uv_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixed_forms),        cmocka_unit_test(long_file),
        cmocka_unit_test(damaged_files),      cmocka_unit_test(missing_files),
        cmocka_unit_test(deadline_and_close), cmocka_unit_test(a_cancelled_request_ends_alone),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
