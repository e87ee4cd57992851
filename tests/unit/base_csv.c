/* base: tables of text as people and programs write them. SPDX-License-Identifier: MIT */
#include "base/table/csv.h"
#include "base/table/readings.h"
#include "base/text/number.h"
#include "base/text/utf8.h"
#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/psmon-base-csv-XXXXXX";

static void write_bytes(const char *text, size_t n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

static void write_file(const char *text)
{
    write_bytes(text, strlen(text));
}

static struct csv *open_table(const char *text)
{
    struct csv *c;
    struct err err = {0};
    write_file(text);
    if (csv_open(&c, path, &err) != 0)
        fail_msg("%s", err.msg);
    return c;
}

/* Header and rows of a table as "a|b;1|2;": what was read, however it was written; what is wrong instead. */
static const char *reading_of(const char *text, size_t n)
{
    static char out[1024];
    struct csv *c;
    struct err err = {0};
    int rc;
    write_bytes(text, n);
    out[0] = '\0';
    if (csv_open(&c, path, &err) != 0) {
        snprintf(out, sizeof out, "%s", err.msg);
        return out;
    }
    for (size_t i = 0; i < csv_columns(c); i++)
        snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", i ? "|" : "", csv_name(c, i));
    while ((rc = csv_next(c, &err)) == 1)
        for (size_t i = 0; i < csv_columns(c); i++)
            snprintf(out + strlen(out), sizeof out - strlen(out), "%s%s", i ? "|" : ";",
                     csv_field(c, (int)i));
    csv_close(c);
    if (rc < 0)
        snprintf(out, sizeof out, "%s", err.msg + strlen(path));
    return out;
}

static void it_reads_quotes_and_names_lines(void **state)
{
    (void)state;
    struct csv *c = open_table("\xef\xbb\xbf"
                               "a,b , c\r\n1,\"x, \"\"y\"\"\nz\",nan\n\n2,,7.5\n3,4\n4,5,6\n");
    struct err err = {0};
    assert_int_equal(csv_columns(c), 3);
    assert_int_equal(csv_find(c, "c"), 2);
    assert_int_equal(csv_next(c, &err), 1);
    assert_string_equal(csv_field(c, 1), "x, \"y\"\nz");
    double v;
    assert_int_equal(csv_number(c, 2, &v, &err), 0);
    assert_true(isnan(v));
    assert_int_equal(csv_next(c, &err), 1);
    assert_string_equal(csv_field(c, 1), "");
    assert_int_equal(csv_number(c, 2, &v, &err), 0);
    assert_near(v, 7.5, 0, 0);
    assert_int_equal(csv_next(c, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, ":6: 2 fields where the header has 3"));
    assert_false(csv_broken(c)); /* the next row is there all the same */
    assert_int_equal(csv_next(c, &err), 1);
    assert_int_equal(csv_line(c), 7);
    assert_string_equal(csv_field(c, 0), "4");
    assert_int_equal(csv_next(c, &err), 0);
    csv_close(c);
}

static void fields_are_cut_in_one_way(void **state)
{
    (void)state;
    static const struct {
        const char *line, *want; /* fields in |…|, or what is wrong */
    } cases[] = {
        {"1,2,3", "|1|2|3|"},
        {" 1 ,\t2\t, 3\r", "|1|2|3|"},
        {"", "||"},
        {",", "|||"},
        {"a b,\"c, d\" ,\"\"", "|a b|c, d||"},
        {"\"say \"\"yes\"\"\",2", "|say \"\"yes\"\"|2|"},
        {"1,\"2", "quote is not closed"},
        {"1,\"2\"\"", "quote is not closed"},
        {"\"1\"x,2", "text after a closing quote"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *p = cases[i].line, *end = p + strlen(p), *wrong = NULL;
        char got[64] = "|";
        for (struct csv_text t; p && !(wrong = csv_cut(&t, &p, end, ','));)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%.*s|", (int)t.n, t.s);
        assert_string_equal(wrong ? wrong : got, cases[i].want);
    }
}

static void it_recognises_how_a_table_is_written(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"time,a\n1,2\n", "time|a;1|2"},
        {"time;a\n1;2,5\n3;4,5\n", "time|a;1|2,5;3|4,5"},
        {"time\ta\tb\n1\t2\t\n", "time|a|b;1|2|"},
        {"time|a\n1|2\n", "time|a;1|2"},
        {"time;flow, l/min\n1;2,5\n", "time|flow, l/min;1|2,5"},
        {"time,flow;raw\n1,2\n3,4\n", "time|flow;raw;1|2;3|4"},
        {"sep=;\r\ntime;a\r\n1;2\r\n", "time|a;1|2"},
        {"\xef\xbb\xbfsep=,\r\n\"Time\",\"A-series\"\r\n1,2\r\n",
         "Time|A-series;1|2"},                        /* Grafana for Excel */
        {"time;a;;\n1;2;;\n3;4\n", "time|a;1|2;3|4"}, /* columns that were once touched */
        {"Readings of May;;\n;;\ntime;a;b\n1;2;3\n", "time|a|b;1|2|3"},
        {"\"A title\nof two lines\"\n\ntime,a\n1,2\n", "time|a;1|2"},
        {"time,\"flow\n[l/min]\"\n1,2\n", "time|flow\n[l/min];1|2"},
        {"time,a\r1,2\r3,4\r", "time|a;1|2;3|4"}, /* of an old Macintosh */
        {"# made by hand\n# on a Monday, with care\ntime,a\n1,2\n# a pause\n3,4\n", "time|a;1|2;3|4"},
        {"# time,a\n2026-01-01,2\n", "time|a;2026-01-01|2"}, /* numpy.savetxt */
        {",a\n2026-01-01,2\n", "|a;2026-01-01|2"},           /* pandas */
        {"time,a\n1,2\ntime,a\n3,4\n", "time|a;1|2;3|4"},    /* cat monday.csv tuesday.csv */
        {"1795314101,100.5,0,0,49218\n1795314102,100.6,0,0,50079\n",
         "||||;1795314101|100.5|0|0|49218;1795314102|100.6|0|0|50079"},
        {"a,b\n1,5\" pipe\n2,3\n", "a|b;1|5\" pipe;2|3"}, /* not at the begin: no quote */
        {"a,b\n1,2", "a|b;1|2"},
        {"a,b\n", "a|b"},
        {"supply,family,sector\n#1,x,y\n", "supply|family|sector;#1|x|y"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(reading_of(cases[i].text, strlen(cases[i].text)), cases[i].want);
}

static void it_tells_the_decimal_mark_by_the_first_rows(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        char decimal;
    } cases[] = {
        {"t,a\n1,2.5\n", '.'},
        {"t,a\n1,2\n", '.'},
        {"t;a\n1;2,5\n", ','},
        {"t;a\n1;2.5\n", '.'},
        {"t;a\n1;2\n", 0},
        {"t;a\n2026-01-01 00:00:00.5;2,5\n", ','},
        {"t;a\n1;1.234,5\n", ','},
        {"t;a\n1;1,234.5\n", '.'},
        {"t;a;b\n1;x, y.;2,5\n", ','},
        {"t\ta\n01.02.2026\t3\n1\t2,5\n", ','},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct csv *c = open_table(cases[i].text);
        if (csv_dialect(c)->decimal != cases[i].decimal)
            fail_msg("'%s' gives '%c'", cases[i].text, csv_dialect(c)->decimal);
        csv_close(c);
    }
}

static void it_refuses_text_that_is_not_utf8_at_its_line(void **state)
{
    (void)state;
    const char latin1[] = "supply,unit\nA,V\nB,\xb0"
                          "C\n";
    assert_string_equal(reading_of(latin1, sizeof latin1 - 1),
                        ":3: unit: byte 0xb0 is not UTF-8: save the table as UTF-8");
    const char header[] = "time,k\xfchlung\n1,2\n";
    assert_non_null(strstr(reading_of(header, sizeof header - 1), ":1: byte 0xfc is not UTF-8"));
    static const char separator[] = "sep=\xc3\xa9\ntime,a\xc3\xa9\n1,2\xc3\xa9\n";
    assert_non_null(strstr(reading_of(separator, sizeof separator - 1), ":1: sep= names no separator"));
    const char nul[] = "time,a\n1,2\0\n";
    assert_non_null(strstr(reading_of(nul, sizeof nul - 1), "NUL bytes"));
    assert_non_null(strstr(reading_of("PK\3\4\24", 5), "is a spreadsheet's own file: save the table as CSV"));
    assert_non_null(strstr(reading_of("\x1f\x8b\x08", 3), "is compressed: gunzip it first"));
    /* what says its encoding is converted */
    static const char little[] = "\xff\xfet\0;\0a\0\r\0\n\0001\0;\0\xb0\0\n\0";
    assert_string_equal(reading_of(little, sizeof little - 1), "t|a;1|°");
    static const char big[] = "\xfe\xff\0t\0,\0a\0\n\0001\0,\xd8\x3d\xde\x0a\0\n";
    assert_string_equal(reading_of(big, sizeof big - 1), "t|a;1|😊");
}

static void utf8_is_told_from_what_is_not(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t good;
    } cases[] = {{"", 0},
                 {"plain text of eight and more", 28},
                 {"12345678\xb0", 8},
                 {"6 °C", 5},
                 {"\xc0\xaf", 0},
                 {"\xed\xa0\x80", 0},
                 {"a\xe2\x84", 1},
                 {"🔧", 4},
                 {"\xf5\x80", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(utf8_prefix(cases[i].text, strlen(cases[i].text)), cases[i].good);
    size_t n;
    char *lone = utf8_from_utf16("\x3d\xd8"
                                 "a\0\0\xde!",
                                 7, false, &n);
    assert_string_equal(lone, "\xef\xbf\xbd"
                              "a\xef\xbf\xbd\xef\xbf\xbd"); /* half a pair twice, half a unit */
    free(lone);
}

/* 2 MB with a quote that is never closed: every byte is looked at a few times, not once for each line. */
static void it_reads_an_unclosed_quote_in_linear_time(void **state)
{
    (void)state;
    enum { ROWS = 80000 };
    for (int cut = 0; cut < 2; cut++) {
        FILE *f = fopen(path, "w");
        fprintf(f, "time,a,b\n");
        for (int i = 0; i < (cut ? 2000 : ROWS); i++)
            fprintf(f, "2026-01-01T%02d:%02d:00Z,%s1.5,2.5\n", i / 60 % 24, i % 60, i == 5 ? "\"" : "");
        long size = ftell(f);
        fclose(f);
        struct csv *c;
        struct err err = {0};
        assert_int_equal(csv_open(&c, path, &err), 0);
        int rc, rows = 0;
        while ((rc = csv_next(c, &err)) == 1)
            rows++;
        assert_int_equal(rc, ERR_DATA);
        assert_int_equal(rows, 5);
        assert_non_null(
            strstr(err.msg, cut ? ":7: quote is not closed" : ":7: quote is not closed within 1 MB"));
        assert_true(csv_broken(c));
        assert_int_equal(csv_next(c, &err), 0);
        assert_true(csv_looked(c) < 3 * (size_t)size);
        csv_close(c);
    }
}

static void numbers_of_cells_are_read_or_said_why_not(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        char decimal;
        double v;
        const char *wrong;
    } cases[] = {
        {"1.5", '.', 1.5, NULL},
        {"+1.5e3", '.', 1500, NULL},
        {"1,5", ',', 1.5, NULL},
        {"-1,5e-3", ',', -1.5e-3, NULL},
        {"1,5", 0, 1.5, NULL},
        {"1.5", 0, 1.5, NULL},
        {"1.234,5", ',', 1234.5, NULL},
        {"1,234.5", '.', 1234.5, NULL},
        {"-12.345.678", ',', -12345678, NULL},
        {"1.234,5", '.', 0, "is not a number"},
        {"1.234", ',', 0, "has a point where the table has decimal commas"},
        {"1,234", '.', 0, "has a comma where the table has decimal points"},
        {"1.23,5", ',', 0, "is not a number"},
        {"1.2.3", '.', 0, "is not a number"},
        {"01.02.2026", ',', 0, "is not a number"},
        {"1,2,3", 0, 0, "is not a number"},
        {"1e400", '.', 0, "is beyond what a number can be"},
        {"-1e400", '.', 0, "is beyond what a number can be"},
        {"1e-400", '.', 0, NULL},
        {"12.3 °C", '.', 0, "is not a number"},
        {"0x10", '.', 0, "is not a number"},
        {"high", '.', 0, "is not a number"},
        {",", 0, 0, "is not a number"},
        {".", '.', 0, "is not a number"},
    };
    double v;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *wrong = number_cell(&v, cases[i].text, strlen(cases[i].text), cases[i].decimal);
        if (!wrong != !cases[i].wrong || (wrong && strcmp(wrong, cases[i].wrong) != 0))
            fail_msg("'%s' %s", cases[i].text, wrong ? wrong : "was taken");
        if (!wrong)
            assert_near(v, cases[i].v, 0, 0);
    }
    static const char *const nothing[] = {"",   "NaN", "nan",  "null", "NULL", "None", "nil",
                                          "NA", "n/a", "#N/A", "-",    "--",   "\\N"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        v = 0;
        assert_null(number_cell(&v, nothing[i], strlen(nothing[i]), '.'));
        assert_true(isnan(v));
    }
    assert_null(number_cell(&v, "Infinity", 8, '.'));
    assert_true(isinf(v));
}

/* ---- tables of readings ---- */

/* Times' column, columns of values "name:field", or what is wrong. */
static const char *columns_of(const char *text)
{
    static char out[512];
    struct csv *c;
    struct readings r = {0};
    struct err err = {0};
    char *names[16];
    write_file(text);
    int rc = csv_open(&c, path, &err);
    if (rc == 0) {
        for (size_t i = 0; i < csv_columns(c); i++)
            names[i] = (char *)(uintptr_t)csv_name(c, i);
        rc = readings_find(&r, csv_dialect(c), names, csv_columns(c), "f", &err);
        snprintf(out, sizeof out, "%d", r.time);
        for (size_t i = 0; i < r.n; i++)
            snprintf(out + strlen(out), sizeof out - strlen(out), " %s:%d", r.column[i].name,
                     r.column[i].value);
        readings_free(&r);
        csv_close(c);
    }
    if (rc != 0)
        snprintf(out, sizeof out, "%s", err.msg);
    return out;
}

static void it_finds_the_column_of_times(void **state)
{
    (void)state;
    static const char *const names[] = {
        "time",      "Time",      "TIME",     "timestamp",  "Timestamp",  "datetime", "DateTime", "date",
        "Date/Time", "date_time", "time [s]", "Time (UTC)", "time stamp", "ts",       "Zeit",     "Datum"};
    char text[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(text, sizeof text, "a,%s,b\n1,2026-01-01,2\n", names[i]);
        assert_string_equal(columns_of(text), "1 a:0 b:2");
    }
    assert_string_equal(columns_of(",a\n2026-01-01,2\n"), "0 a:1");        /* pandas */
    assert_string_equal(columns_of(",time,a\n0,2026-01-01,2\n"), "1 a:2"); /* pandas, numbered */
    assert_string_equal(columns_of("date,time,a\n1,2026-01-01,2\n"), "1 a:2");
    assert_string_equal(
        columns_of("when;what;how\n1;2;3\n"),
        "f:1: there is no column of times ('time', 'timestamp', 'datetime' or 'date'); the header "
        "has 'when', 'what', 'how', separated by semicolons");
    assert_non_null(strstr(columns_of("Series;Time;Value\nA;2026-01-01;1\n"),
                           "f:1: one series below the other: export them as columns"));
    assert_string_equal(columns_of("time\n1\n"), "f:1: there is no column of readings");
}

static void it_knows_the_exports_of_archivers(void **state)
{
    (void)state;
    assert_string_equal(columns_of("1795314101,100.5,0,0,49218\n"), "0 value:1");
    assert_non_null(strstr(columns_of("1795314101,100.5,0\n"), "f:1: a header line is needed"));
    static const char plain[] =
        "# Created by CS-Studio Data Browser\n#\n# Start Time : 2026-01-01 00:00:00.000\n"
        "#\n\n# Channel: Q1:I\n# Archives:\n# 1) main\n#    URL: pbraw://x\n#\n"
        "# Time\tValue\tSeverity\tStatus\n2026-01-01 00:00:00.000\t1.5\tNONE\tNO_ALARM\n";
    assert_string_equal(columns_of(plain), "0 Value:1");
    static const char tabular[] =
        "# Created by CS-Studio Data Browser\n# Channel: Q1:I\n# Channel: Q1:V\n\n"
        "# Time\tQ1:I Value\tNegative Error\tPositive Error\tQ1:V Value\tNegative Error\t"
        "Positive Error\n2026-01-01 00:00:00.000\t1.5\t0\t0\t#N/A\t#N/A\t#N/A\n";
    assert_string_equal(columns_of(tabular), "0 Q1:I:1 Q1:V:4");
    /* one channel below the other: the second is not taken for more of the first */
    char two[1024];
    snprintf(two, sizeof two,
             "%s\n# Channel: Q1:V\n# Time\tValue\tSeverity\tStatus\n"
             "2026-01-01 00:00:00.000\t2.5\tNONE\tNO_ALARM\n",
             plain);
    struct csv *c = open_table(two);
    struct err err = {0};
    assert_int_equal(csv_next(c, &err), 1);
    assert_int_equal(csv_next(c, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, ":14: another channel begins here"));
    assert_true(csv_broken(c));
    csv_close(c);
}

static struct csv_text text_of(const char *s)
{
    return (struct csv_text){s, strlen(s), false};
}

static void it_tells_units_and_severities(void **state)
{
    (void)state;
    struct readings_column column[2] = {{NULL, 1, -1, -1}, {NULL, 2, -1, -1}};
    struct readings r = {.column = column, .n = 2, .n_fields = 3, .date = -1, .nanos = -1};
    struct csv_text units[] = {text_of("[s]"), text_of("[A]"), text_of("[V]")};
    struct csv_text empty[] = {text_of(""), text_of("A"), text_of("")};
    struct csv_text row[] = {text_of("2026-01-01"), text_of("x"), text_of("y")};
    struct csv_text bad[] = {text_of("later"), text_of("1"), text_of("V")};
    assert_true(readings_is_units(&r, units, NULL));
    assert_true(readings_is_units(&r, empty, NULL));
    assert_false(readings_is_units(&r, row, NULL));
    assert_false(readings_is_units(&r, bad, NULL));
    static const struct {
        const char *text;
        enum severity severity;
    } cases[] = {{"0", SEVERITY_NONE},    {"2", SEVERITY_MAJOR},           {"3", SEVERITY_INVALID},
                 {"", SEVERITY_NONE},     {"MINOR", SEVERITY_MINOR},       {"none", SEVERITY_NONE},
                 {"4", SEVERITY_INVALID}, {"UNDEFINED", SEVERITY_INVALID}, {"#N/A", SEVERITY_INVALID}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct csv_text t = text_of(cases[i].text);
        assert_int_equal(readings_severity(&t), cases[i].severity);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_quotes_and_names_lines),
        cmocka_unit_test(fields_are_cut_in_one_way),
        cmocka_unit_test(it_recognises_how_a_table_is_written),
        cmocka_unit_test(it_tells_the_decimal_mark_by_the_first_rows),
        cmocka_unit_test(it_refuses_text_that_is_not_utf8_at_its_line),
        cmocka_unit_test(utf8_is_told_from_what_is_not),
        cmocka_unit_test(it_reads_an_unclosed_quote_in_linear_time),
        cmocka_unit_test(numbers_of_cells_are_read_or_said_why_not),
        cmocka_unit_test(it_finds_the_column_of_times),
        cmocka_unit_test(it_knows_the_exports_of_archivers),
        cmocka_unit_test(it_tells_units_and_severities),
    };
    close(mkstemp(path));
    int failed = cmocka_run_group_tests_name("base/table/csv", tests, NULL, NULL);
    unlink(path);
    return failed;
}
