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

static void unlink_file(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    unlink(path);
}

/* What is no table of readings at all; the other files are read all the same. */
static void damaged_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"time,current\n1767225600,abc\n1767225660,abd\n", "A.csv:2: current: 'abc' is not a number"},
        {"current,voltage\n1,1767225600\n", "A.csv:1: there is no column of times"},
        {"", "A.csv:1: a header line is needed"},
        {"time,current", "A.csv:1: a header line is needed"},
        {"time;current\n1767225600,1\n", "A.csv:2: 1 fields where the header has 2"},
        {"time,current,Current\n1767225600,1,2\n",
         "A.csv:1: columns 'current' and 'Current' are one channel"},
        {"time,current,k\xfchl\n1767225600,1,2\n", "A.csv:1: the header is not UTF-8"},
        {"time,current\r1767225600,1\r", "A.csv: its lines end in CR alone"},
        {"\xff\xfet\n", "A.csv: is UTF-16"},
        {"# Created by CS-Studio Data Browser\n# Channel: A:current\n# Time\tA:current Value\n2026-01-01 "
         "00:00:00\t1\n"
         "# Channel: A:voltage\n# Time\tValue\n2026-01-01 00:00:00\t2\n",
         "A.csv:5: another channel begins here"},
    };
    write_text("S1:B_2.csv", "time,dac\n1767225600,5\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text("A.csv", cases[i].text);
        struct source *s = open_dir();
        range(s, T0 - NS_PER_HOUR, T0 + NS_PER_HOUR);
        if (c.result.code != ERR_DATA || !strstr(c.error, cases[i].part))
            fail_msg("'%s' does not say '%s'", c.error, cases[i].part);
        assert_int_equal(c.result.channels_answered, 1);
        assert_int_equal(c.n[4], 1);
        close_source(s);
    }
}

/* One bad row costs itself and is counted; the values of current at minutes 0 to 4 are 0 to 4, but for it. */
static void a_bad_row_costs_that_row_and_is_counted(void **state)
{
    (void)state;
    static const struct {
        const char *row; /* minute 2 */
        size_t bad, samples;
        const char *first;
    } cases[] = {
        {"2026-01-01T00:02:00Z,2,2\n", 0, 5, ""},
        {"2026-01-01T00:02:00Z,abc,2\n", 1, 4, "A.csv:4: current: 'abc' is not a number"},
        {"2026-01-01T00:02:00Z,1e400,2\n", 1, 4, "A.csv:4: current: '1e400' is beyond"},
        {"2026-01-01T00:02:00Z,NA,2\n", 0, 5, ""},
        {"2026-01-01T00:02:00Z,-,2\n", 0, 5, ""},
        {"2026-01-01T00:02:00Z,,2\n", 0, 4, ""},
        {"later,2,2\n", 1, 4, "A.csv:4: 'later' is not a time"},
        {"2026-02-29T00:02:00Z,2,2\n", 1, 4,
         "A.csv:4: '2026-02-29T00:02:00Z' is not a time: there is no such day"},
        {"2026-01-01T00:02:00Z,2\n", 1, 4, "A.csv:4: 2 fields where the header has 3"},
        {"2026-01-01T00:02:00Z,2,\"2\n", 1, 4, "A.csv:4: quote is not closed"},
        {"2026-01-01T00:02:00Z,2,2,,\n", 0, 5, ""},
        {"2026-01-01T00:02:00Z,2,\\N\n", 0, 5, ""},
        {"time,current,voltage\n", 0, 4, ""},
        {"\n", 0, 4, ""},
        {"2025-01-01T00:02:00Z,2,2\n", 1, 4, "A.csv:4: time goes back"},
        {"2062-01-01T00:02:00Z,2,2\n", 1, 4, "A.csv:4: time is ahead of the row after it"},
        {"2026-01-02T00:02:00Z,2,2\n", 1, 4, "A.csv:4: time is ahead of the row after it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "time,current,voltage\n2026-01-01T00:00:00Z,0,1\n2026-01-01T00:01:00Z,1,2\n%s"
                 "2026-01-01T00:03:00Z,3,4\n2026-01-01T00:04:00Z,4,5\n",
                 cases[i].row);
        write_text("A.csv", text);
        struct source *s = open_dir();
        range(s, T0 - NS_PER_HOUR, T0 + NS_PER_HOUR);
        if (c.result.code != 0 || c.result.bad_rows != cases[i].bad || c.n[0] != cases[i].samples ||
            !strstr(c.bad_first, cases[i].first))
            fail_msg("'%s': %zu bad (%s), %zu samples %s", cases[i].row, c.result.bad_rows, c.bad_first,
                     c.n[0], c.error);
        assert_near(c.s[0][c.n[0] - 1].value, 4, 0, 0);
        latest(s, T0 + 10 * NS_PER_MIN);
        assert_near(c.s[0][0].value, 4, 0, 0);
        close_source(s);
    }
}

/* Wrong times in a long file, met by bisection or not: every range is as without them. */
static void wrong_times_hide_nothing_in_a_long_file(void **state)
{
    (void)state;
    char path[256];
    snprintf(path, sizeof path, "%s/A.csv", dir);
    for (int every = 997; every <= 1009; every += 4) { /* other rows are met */
        FILE *f = fopen(path, "w");
        fprintf(f, "time,current,voltage,dac\n");
        for (int i = 0; i < ROWS; i++)
            if (i % every == every / 2)
                fprintf(f, "%d,-1,,\n", i % 2 ? 12345 : 2000000000);
            else
                fprintf(f, "%lld,%d,,\n", (long long)(T0 / NS_PER_S + i * 60), i);
        fclose(f);
        struct source *s = open_dir();
        for (int a = 100; a + 50 < ROWS; a += 3989) {
            range(s, T0 + a * NS_PER_MIN, T0 + (a + 50) * NS_PER_MIN);
            size_t want = 51; /* with the one before */
            for (int i = a; i < a + 50; i++)
                want -= i % every == every / 2;
            assert_int_equal(c.n[0], want);
            assert_int_equal(c.s[0][1].t, T0 + (a + (a % every == every / 2)) * NS_PER_MIN);
        }
        close_source(s);
    }
}

static void it_reads_the_tables_of_others(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "Time;A:current;Voltage [V]\n[s];[A];[V]\n01.01.2026 00:00;1,5;-2\n2026-01-01 00:01:00,5;1.002,5;\n",
        "timestamp\tcurrent\tvoltage\n1767225600000\t1.5\t-2\n1767225660500\t1002.5\t\n",
        "timestamp,current,voltage\n1767225600000000,1.5,-2\n1767225660500000,1002.5,\n",
        ",current,voltage\n1767225600000000000,1.5,-2\n1767225660500000000,1002.5,\n",
        "# Created by CS-Studio Data Browser\n#\n# Channel: A:current\n# Channel: A:voltage\n\n"
        "# Time\tA:current Value\tSeverity\tStatus\tA:voltage Value\tSeverity\tStatus\n"
        "2026-01-01 00:00:00.000\t1.5\tNONE\tNO_ALARM\t-2\tMAJOR\tLOLO\n"
        "2026-01-01 00:01:00.500\t1002.5\tINVALID\tREAD\t#N/A\t#N/A\t#N/A\n",
    };
    write_text("S1:B_2.csv", "time,dac\n1767225600,5\n");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_text("A.csv", texts[i]);
        struct source *s = open_dir();
        range(s, T0 - NS_PER_HOUR, T0 + NS_PER_HOUR);
        if (c.result.code != 0 || c.n[0] != 2 || c.n[2] < 1)
            fail_msg("table %zu: %zu and %zu samples %s%s", i, c.n[0], c.n[2], c.error, c.bad_first);
        assert_int_equal(c.result.bad_rows, 0);
        assert_int_equal(c.s[0][0].t, T0);
        assert_near(c.s[0][0].value, 1.5, 0, 0);
        assert_int_equal(c.s[0][1].t, T0 + 60 * NS_PER_S + NS_PER_S / 2);
        assert_near(c.s[0][1].value, 1002.5, 0, 0);
        assert_near(c.s[2][0].value, -2, 0, 0);
        if (i == 4) {
            assert_int_equal(c.s[0][1].severity, SEVERITY_INVALID);
            assert_int_equal(c.s[2][0].severity, SEVERITY_MAJOR);
        }
        close_source(s);
    }
}

/* One PV a file, as archivers export them: getData.csv as an appliance writes it, a plain
 * export of the Data Browser, and names as a download has them. */
static void it_reads_one_pv_a_file(void **state)
{
    (void)state;
    unlink_file("A.csv");
    write_text("S1:B_2.csv", "time,voltage\n1767225600,5\n");
    write_text("A:current.csv", "1767225600,100.43245337220318,0,0,49218\n1767225601,100.5,3,1,50079\n"
                                "1767225602,NaN,0,0,999999999\n");
    write_text("A_voltage.csv",
               "# Created by CS-Studio Data Browser\n# Channel: A:voltage\n# Archives:\n# 1) main\n#\n"
               "# Time\tValue\n2026-01-01 00:00:00.123\t7\n");
    write_text("S1_B_2_current.csv", "Time,\"whatever it is called\"\n1767225600,8\n");
    struct source *s = open_dir();
    range(s, T0 + NS_PER_S + 50079, T0 + NS_PER_HOUR);
    assert_int_equal(c.result.code, 0);
    assert_int_equal(c.result.channels_answered, 4);
    assert_int_equal(c.n[0], 3); /* the one before is by its nanoseconds */
    assert_int_equal(c.s[0][0].t, T0 + 49218);
    assert_near(c.s[0][0].value, 100.43245337220318, 0, 0);
    assert_int_equal(c.s[0][1].t, T0 + NS_PER_S + 50079);
    assert_int_equal(c.s[0][1].severity, SEVERITY_INVALID);
    assert_int_equal(c.s[0][1].status, 1);
    assert_int_equal(c.s[0][2].t, T0 + 3 * NS_PER_S - 1);
    assert_true(isnan(c.s[0][2].value));
    assert_int_equal(c.n[2], 1);
    assert_near(c.s[2][0].value, 7, 0, 0);
    assert_near(c.s[3][0].value, 8, 0, 0);
    assert_near(c.s[5][0].value, 5, 0, 0); /* from the supply's file */
    assert_int_equal(c.n[1] + c.n[4], 0);
    latest(s, T0 + NS_PER_HOUR);
    assert_int_equal(c.s[0][0].t, T0 + 3 * NS_PER_S - 1);
    assert_near(c.s[5][0].value, 5, 0, 0);
    close_source(s);
    unlink_file("A:current.csv");
    unlink_file("A_voltage.csv");
    unlink_file("S1_B_2_current.csv");
}

static void it_reads_times_in_a_given_format_and_zone(void **state)
{
    (void)state;
    char url[256];
    struct source *s;
    struct err err = {0};
    snprintf(url, sizeof url, "file://%s", dir);
    write_text("A.csv", "Datum,Time,current\nx,1/1/2026 00:00,1\ny,1/1/2026 00:01,2\n");
    struct source_options o = {.retrieval_url = url, .times.format = "%d/%m/%Y %H:%M"};
    assert_int_equal(source_open(&s, &loop, fleet, &o, &err), 0);
    range(s, T0, T0 + NS_PER_HOUR);
    assert_int_equal(c.n[0], 2);
    assert_int_equal(c.s[0][1].t, T0 + NS_PER_MIN);
    close_source(s);
    o.times.timezone = "Europe/Berlin";
    assert_int_equal(source_open(&s, &loop, fleet, &o, &err), 0);
    range(s, T0 - NS_PER_DAY, T0 + NS_PER_HOUR);
    assert_int_equal(c.s[0][1].t, T0 + NS_PER_MIN - NS_PER_HOUR);
    close_source(s);
    s = open_dir();
    range(s, T0, T0 + NS_PER_HOUR);
    assert_non_null(strstr(c.error, "the format is perhaps '%d/%m/%Y %H:%M'"));
    close_source(s);
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
        cmocka_unit_test(mixed_forms),
        cmocka_unit_test(long_file),
        cmocka_unit_test(damaged_files),
        cmocka_unit_test(a_bad_row_costs_that_row_and_is_counted),
        cmocka_unit_test(wrong_times_hide_nothing_in_a_long_file),
        cmocka_unit_test(it_reads_the_tables_of_others),
        cmocka_unit_test(it_reads_one_pv_a_file),
        cmocka_unit_test(it_reads_times_in_a_given_format_and_zone),
        cmocka_unit_test(missing_files),
        cmocka_unit_test(deadline_and_close),
        cmocka_unit_test(a_cancelled_request_ends_alone),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
