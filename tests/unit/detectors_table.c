/* Unit tests: scores of a table without physics. SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/time/timefmt.h"
#include "detectors/model/reference.h"
#include "detectors/net/joint.h"
#include "detectors/table/model.h"
#include "tests/near.h"
#include "tests/support/golden.h"

#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIDTH 4

/* ---- tables ---- */

static double normal(unsigned *s)
{
    double g = -6;
    for (int k = 0; k < 12; k++)
        g += (*s = *s * 1664525u + 1013904223u) * 0x1p-32;
    return g;
}

/* Four columns of n rows, a minute apart from `start`: b and c follow a, d is alone. In memory. */
static struct table *make_table(size_t n, unsigned seed, tstamp_ns start)
{
    struct table *t = xcalloc(1, sizeof *t);
    t->path = xstrdup("made.csv");
    t->n = n;
    t->d = WIDTH;
    t->names = xcalloc(WIDTH, sizeof *t->names);
    for (int j = 0; j < WIDTH; j++)
        t->names[j] = xasprintf("%c", 'a' + j);
    t->time = xcalloc(n, sizeof *t->time);
    t->value = xcalloc(n * WIDTH, sizeof *t->value);
    for (size_t i = 0; i < n; i++) {
        double a = normal(&seed), *v = t->value + i * WIDTH;
        t->time[i] = start + (tstamp_ns)i * NS_PER_MIN;
        v[0] = 23.85 + 1.5 * a;
        v[1] = 1e4 * (a + 0.2 * normal(&seed));
        v[2] = -7 - a + 0.3 * normal(&seed);
        v[3] = 0.004 * normal(&seed);
    }
    return t;
}

static struct table_model *learn(const struct table *t)
{
    struct table_options o = {.seed = 1, .window = 60, .alpha = 0.01};
    struct table_model *m;
    struct err err;
    if (table_model_train(&m, t, &o, &err) != 0)
        fail_msg("%s", err.msg);
    return m;
}

/* Scores of all rows; caller frees. */
static struct table_row *score(struct table_model *m, const struct table *t)
{
    struct table_row *rows = xcalloc(t->n, sizeof *rows);
    struct table_scorer *s = table_scorer_new(m, table_period(t));
    for (size_t i = 0; i < t->n; i++)
        table_scorer_step(s, t->time[i], t->value + i * t->d, &rows[i]);
    table_scorer_free(s);
    return rows;
}

static double flagged(const struct table_row *rows, size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        n += rows[i].flag ? 1 : 0;
    return (double)n / (double)(to - from);
}

static struct table *train_table, *calibration;
static struct table_model *model;

static int open_all(void **state)
{
    (void)state;
    gsl_set_error_handler_off();
    train_table = make_table(900, 11, 0);
    calibration = make_table(1500, 12, 0);
    model = learn(train_table);
    struct err err;
    return table_model_calibrate(model, calibration, &err);
}

static int close_all(void **state)
{
    (void)state;
    table_model_free(model);
    table_free(train_table);
    table_free(calibration);
    return 0;
}

/* A file with this text; the caller unlinks and frees the path. */
static char *file_of(const char *text)
{
    char *path = xstrdup("/tmp/psmon-table-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static struct table *read_text(const char *text, struct err *err)
{
    char *path = file_of(text);
    struct table *t = NULL;
    if (table_read(&t, path, NULL, err) != 0)
        t = NULL;
    unlink(path);
    free(path);
    return t;
}

/* The table as CSV, columns in the given order, with a label column of `label` in front of the last. */
static char *text_of(const struct table *t, const size_t order[WIDTH], const char *label)
{
    char time[TIMEFMT_LEN], *text = xcalloc(t->n + 1, 120);
    size_t at = 0;
    for (size_t i = 0; i <= t->n; i++) {
        at += (size_t)snprintf(text + at, 120, "%s", i ? timefmt_iso(time, t->time[i - 1]) : "time");
        for (size_t j = 0; j < WIDTH; j++) {
            if (j == WIDTH - 1)
                at += (size_t)snprintf(text + at, 60, ",%s", i ? label : "label");
            at += i ? (size_t)snprintf(text + at, 60, ",%.17g", t->value[(i - 1) * WIDTH + order[j]])
                    : (size_t)snprintf(text + at, 60, ",%s", t->names[order[j]]);
        }
        text[at++] = '\n';
    }
    return text;
}

static void assert_same_rows(const struct table_row *a, const struct table_row *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_memory_equal(&a[i].score, &b[i].score, sizeof a[i].score);
        assert_memory_equal(&a[i].chance, &b[i].chance, sizeof a[i].chance);
        assert_memory_equal(&a[i].reconstruction, &b[i].reconstruction, sizeof a[i].score);
        assert_near(a[i].jsd, b[i].jsd, 0, 0);
        assert_int_equal(a[i].top, b[i].top);
        assert_string_equal(a[i].why, b[i].why);
    }
}

/* ---- reading ---- */

static void reads_a_table(void **state)
{
    (void)state;
    struct err err;
    struct table *t = read_text("b,time,label,a\n2.5,2026-01-01T00:00:00Z,x,1\n"
                                ",2026-01-01T00:01:00Z,,nan\ninf,2026-01-01T00:02:00Z,1,-3e-4\n",
                                &err);
    assert_non_null(t);
    assert_int_equal(t->d, 2);
    assert_int_equal(t->n, 3);
    assert_string_equal(t->names[0], "a");
    const double want[] = {1, 2.5, NAN, NAN, -3e-4, NAN};
    for (size_t i = 0; i < 6; i++)
        assert_near(t->value[i], want[i], 1e-15, 0);
    assert_int_equal(table_period(t), NS_PER_MIN);
    assert_int_equal(t->backward, 0);
    table_free(t);
    t = read_text("time,a\n2026-01-01T02:00:00Z,1\n2026-01-01T01:00:00Z,2\n2026-01-01T01:30:00Z,3\n", &err);
    assert_int_equal(t->backward, 1);
    assert_int_equal(t->first_backward, 3);
    assert_int_equal(table_period(t), 30 * NS_PER_MIN);
    table_free(t);
}

static void names_what_is_wrong(void **state)
{
    (void)state;
    const struct {
        const char *text, *says;
    } cases[] = {
        {"time,a\n2026-01-01T00:00:00Z,1\n2026-01-01T00:01:00Z,warm\n", ":3: a: 'warm' is not a number"},
        {"time,a\n2026-01-01T00:00:00Z,1\nyesterday,2\n", ":3: time: 'yesterday' is not a time"},
        {"t,a\n1,2\n", ":1: there is no column of times"},
        {"time,a,a\n2026-01-01T00:00:00Z,1,2\n", ":1: column 'a' is there twice"},
        {"time,label\n2026-01-01T00:00:00Z,0\n", ":1: there is no column of readings"},
        {"time,a\n2026-01-01T00:00:00Z,1,2\n", ":2: 3 fields where the header has 2"},
        {"time,a,note\n2026-01-01T00:00:00Z,1,x\n2026-01-01T00:01:00Z,2,y\n",
         ":2: note: 'x' is not a number (one of 2 such lines of 2)"},
        {"time,a\n2026-01-01T00:00:00Z,\"1\n", ":2: quote is not closed"},
        {"time,a\n2026-01-01T00:00:00Z,1.234,5\n", ":2: 3 fields where the header has 2"},
        {"time;a\n2026-01-01T00:00:00Z;2,5\n2026-01-01T00:01:00Z;1.234\n",
         ":3: a: '1.234' has a point where the table has decimal commas"},
        {"", "a header line is needed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        assert_null(read_text(cases[i].text, &err));
        assert_int_equal(err.code, ERR_DATA);
        if (!strstr(err.msg, cases[i].says))
            fail_msg("'%s' does not say '%s'", err.msg, cases[i].says);
    }
}

static void assert_reads_as(const char *text, const char *recognised, size_t bad)
{
    struct err err;
    struct table *t = read_text(text, &err);
    if (!t)
        fail_msg("%s", err.msg);
    assert_string_equal(t->recognised, recognised);
    assert_int_equal(t->bad, bad);
    assert_int_equal(t->n, 3);
    assert_int_equal(t->d, 2);
    assert_int_equal(t->time[0], INT64_C(1767225600) * NS_PER_S);
    assert_int_equal(table_period(t), NS_PER_MIN);
    assert_near(t->value[4], 2.5, 0, 0);
    assert_near(t->value[5], -1250, 0, 0);
    table_free(t);
}

/* The same three rows as different people have them. */
static void it_reads_tables_as_people_have_them(void **state)
{
    (void)state;
    assert_reads_as(
        "time,a,b\n2026-01-01T00:00:00Z,1,2\n2026-01-01T00:01:00Z,,nan\n2026-01-01T00:02:00Z,2.5,-1250\n", "",
        0);
    assert_reads_as("sep=;\r\nZeit;b;a\r\n;A;V\r\n2026-01-01 00:00;2;1\r\n2026-01-01 00:01;null;-\r\n"
                    "2026-01-01 00:02;-1.250,0;2,5\r\n",
                    "separated by semicolons, decimal commas", 0);
    assert_reads_as(
        "\xef\xbb\xbf\"Time\",\"a\",\"b\"\n1767225600000,1,2\n1767225660000,None,\n1767225720000,2.5,-1250\n",
        "times are milliseconds since 1970, the first 2026-01-01T00:00:00Z", 0);
    assert_reads_as(
        "datetime\ta\tb\tLabel\n2026-01-01 00:00:00+00\t1\t2\tx\n2026-01-01 00:01:00+00\t#N/A\t\t\n"
        "2026-01-01 00:02:00+00\t2.5\t-1250\t\n",
        "separated by tabs", 0);
    assert_reads_as(
        "# Created by CS-Studio Data Browser\n# Time\ta Value\tSeverity\tStatus\tb Value\tSeverity\tStatus\n"
        "2026-01-01 00:00:00.000\t1\tNONE\tNO_ALARM\t2\tNONE\tNO_ALARM\n"
        "2026-01-01 00:01:00.000\t9\tINVALID\tCOMM\t#N/A\t#N/A\t#N/A\n"
        "2026-01-01 00:02:00.000\t2.5\tNONE\tNO_ALARM\t-1250\tNONE\tNO_ALARM\n",
        "separated by tabs; times are taken for UTC, though the Data Browser writes local ones", 0);
}

static void it_reads_local_times_when_told_the_zone(void **state)
{
    (void)state;
    const struct timecell berlin = {.timezone = "Europe/Berlin"};
    char *path = file_of("# Time\ta Value\n2026-07-01 02:00:00.000\t1\n2026-07-01 00:01:00Z\t2\n");
    struct table *t = NULL;
    struct err err;
    assert_int_equal(table_read(&t, path, &berlin, &err), 0);
    assert_int_equal(t->time[0], timefmt_days(2026, 7, 1) * NS_PER_DAY);
    assert_int_equal(t->time[1] - t->time[0], NS_PER_MIN);
    assert_string_equal(t->recognised, "separated by tabs");
    table_free(t);
    unlink(path);
    free(path);
}

/* A bad cell costs itself, a row without time or of another width the row, a header again nothing: never the
 * rest. */
static void it_goes_on_behind_what_it_cannot_read(void **state)
{
    (void)state;
    struct err err;
    struct table *t = read_text("time,a,b\n2026-01-01T00:00:00Z,1,2\ntime,a,b\n2026-01-01T00:01:00Z,high,5\n"
                                "later,3,4\n2026-01-01T00:02:00Z,3\n2026-01-01T00:03:00Z,6,7\n"
                                "2026-01-01T00:04:00Z,7,8\n2026-01-01T00:05:00Z,8,9\n",
                                &err);
    assert_non_null(t);
    assert_int_equal(t->n, 5);
    assert_int_equal(t->bad, 3);
    assert_non_null(strstr(t->bad_first, ":4: a: 'high' is not a number"));
    assert_true(isnan(t->value[2]));
    assert_near(t->value[3], 5, 0, 0);
    assert_near(t->value[4], 6, 0, 0);
    table_free(t);
}

static void columns_must_match(void **state)
{
    (void)state;
    struct err err;
    struct table *ab = read_text("time,b,a\n", &err), *a = read_text("time,label,a\n", &err);
    struct table *ba = read_text("a,b,time\n", &err);
    assert_int_equal(table_match(ab, ba, &err), 0);
    assert_int_equal(table_match(ab, a, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, "column 'b' of"));
    assert_int_equal(table_match(a, ab, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, "column 'b' is not in"));
    table_free(ab);
    table_free(a);
    table_free(ba);
}

/* ---- one fit against NumPy ---- */

/* Scaled and clipped rows of a table by the scales of another; readings counted from its first row, since a
 * float has seven digits. Missing values stay. */
static float *scaled(const struct table *train, const struct table *t)
{
    float *v = xcalloc(train->n, sizeof *v), *z = xcalloc(t->n, t->d * sizeof *z), centre, spread;
    for (size_t j = 0; j < t->d; j++) {
        double origin = train->value[j];
        for (size_t i = 0; i < train->n; i++)
            v[i] = (float)(train->value[i * t->d + j] - origin);
        reference_scale(v, train->n, &centre, &spread);
        if (!(spread > 0))
            spread = (float)(0.1 * fabs(origin)); /* never changes */
        for (size_t i = 0; i < t->n; i++)
            z[i * t->d + j] =
                fminf(fmaxf(((float)(t->value[i * t->d + j] - origin) - centre) / spread, -10), 10);
        for (size_t i = 0; i < t->n; i++)
            if (isnan(t->value[i * t->d + j]))
                z[i * t->d + j] = NAN;
    }
    free(v);
    return z;
}

static void fit_as_numpy(void **state)
{
    (void)state;
    struct table *train, *rows;
    struct err err;
    assert_int_equal(table_read(&train, "tests/golden/table/train.csv", NULL, &err), 0);
    assert_int_equal(table_read(&rows, "tests/golden/table/rows.csv", NULL, &err), 0);
    size_t n, d = train->d;
    double *want = golden("tests/golden/table/fit.csv", "row", &n), worst = 0;
    float *learned = scaled(train, train), *z = scaled(train, rows);
    struct joint *fit = joint_fit(&(struct joint_options){.d = d, .seed = 1}, learned, NULL, train->n);
    assert_false(joint_has_network(fit));
    for (size_t i = 0; i < rows->n; i++) {
        float u[4], r[4], *row = z + i * d;
        double squares = 0;
        bool within = true, whole = true;
        for (size_t j = 0; j < d; j++)
            whole &= !isnan(row[j]);
        joint_fill(fit, row, 10);
        joint_deviation(fit, row, r);
        joint_input(fit, row, NULL, u);
        for (size_t j = 0; j < d; j++) {
            squares += (double)u[j] * (double)u[j];
            within &= fabsf(u[j]) < 6;
            double expect = want[i * (d + 1) + 1 + j];
            if (isnan(expect))
                continue;
            if (whole)
                assert_near((double)r[j], expect, 1e-5, 1e-5);
            else /* smooth.h: towards 0 when others are missing */
                assert_true((double)r[j] * expect >= 0 && fabs((double)r[j]) < fabs(expect) + 1e-5);
        }
        if (within) { /* NumPy's does not clip */
            assert_near(squares, want[i * (d + 1)], 1e-4, 1e-4);
            worst = fmax(worst, fabs(squares - want[i * (d + 1)]));
        }
    }
    print_message("largest difference of the squared distance from NumPy: %.2g\n", worst);
    joint_free(fit);
    free(learned);
    free(z);
    table_free(train);
    table_free(rows);
    free(want);
}

/* ---- scores ---- */

static void labels_are_not_looked_at(void **state)
{
    (void)state;
    const size_t order[] = {0, 1, 2, 3};
    struct err err;
    struct table *made = make_table(200, 20, 0);
    struct table_row *want = score(model, made);
    const char *labels[] = {"0", "1", "not even a number"};
    for (size_t k = 0; k < 3; k++) {
        char *text = text_of(train_table, order, labels[k]), *other = text_of(made, order, labels[2 - k]);
        struct table *train = read_text(text, &err), *test = read_text(other, &err);
        assert_non_null(train);
        struct table_model *m = learn(train);
        assert_int_equal(table_model_calibrate(m, calibration, &err), 0);
        struct table_row *got = score(m, test);
        assert_same_rows(got, want, 200);
        free(got);
        table_model_free(m);
        table_free(train);
        table_free(test);
        free(text);
        free(other);
    }
    free(want);
    table_free(made);
}

static void order_of_columns_is_nothing(void **state)
{
    (void)state;
    const size_t order[] = {2, 0, 3, 1}, other_order[] = {3, 2, 1, 0};
    struct err err;
    struct table *made = make_table(200, 21, 0);
    char *text = text_of(train_table, order, "0"), *other = text_of(made, other_order, "0");
    struct table *train = read_text(text, &err), *test = read_text(other, &err);
    assert_int_equal(table_match(train, test, &err), 0);
    struct table_model *m = learn(train), *plain = learn(train_table);
    struct table_row *got = score(m, test), *want = score(plain, made);
    assert_same_rows(got, want, 200);
    free(got);
    free(want);
    table_model_free(m);
    table_model_free(plain);
    table_free(train);
    table_free(test);
    table_free(made);
    free(text);
    free(other);
}

/* On the way to the engine readings become floats of seven digits: what a signal lies about is taken off. */
static void an_offset_of_readings_is_nothing(void **state)
{
    (void)state;
    struct table *train = make_table(900, 11, 0), *near = make_table(150, 39, 0),
                 *far = make_table(150, 39, 0);
    for (size_t i = 0; i < 900; i++)
        train->value[i * WIDTH + 3] += 1e6;
    for (size_t i = 0; i < 150; i++)
        far->value[i * WIDTH + 3] += 1e6; /* 2.5e8 times its spread */
    struct table_model *plain = learn(train_table), *m = learn(train);
    struct table_row *want = score(plain, near), *got = score(m, far);
    for (size_t i = 0; i < 150; i++) {
        assert_near(got[i].score, want[i].score, 1e-2, 1e-2);
        assert_near(got[i].jsd, want[i].jsd, 1e-3, 0);
    }
    free(want);
    free(got);
    table_model_free(m);
    table_model_free(plain);
    table_free(train);
    table_free(near);
    table_free(far);
}

/* The engine's physics is for supplies: a column that is called current explains nothing. */
static void names_are_nothing(void **state)
{
    (void)state;
    const char *names[WIDTH] = {"current", "dac", "magnet_temperature", "voltage"};
    struct table *train = make_table(900, 11, 0), *t = make_table(150, 40, 0);
    for (size_t j = 0; j < WIDTH; j++) {
        free(train->names[j]);
        train->names[j] = xstrdup(names[j]);
    }
    struct table_model *plain = learn(train_table), *m = learn(train);
    struct table_row *want = score(plain, t), *got = score(m, t);
    for (size_t i = 0; i < 150; i++) {
        assert_near(got[i].score, want[i].score, 0, 0);
        assert_near(got[i].jsd, want[i].jsd, 0, 0);
        assert_int_equal(got[i].top, want[i].top);
    }
    free(want);
    free(got);
    table_model_free(m);
    table_model_free(plain);
    table_free(train);
    table_free(t);
}

static void time_offset_is_nothing(void **state)
{
    (void)state;
    struct table *now = make_table(150, 22, 0), *later = make_table(150, 22, 4321 * NS_PER_DAY + 77);
    struct table_row *a = score(model, now), *b = score(model, later);
    assert_same_rows(a, b, 150);
    free(a);
    free(b);
    table_free(now);
    table_free(later);
}

/* What comes later changes nothing before it. */
static void causal(void **state)
{
    (void)state;
    struct table *t = make_table(300, 23, 0);
    struct table_row *before = score(model, t);
    for (size_t i = 200; i < 300; i++)
        t->value[i * WIDTH + i % WIDTH] = i % 3 ? (double)NAN : 1e9;
    struct table_row *after = score(model, t);
    assert_same_rows(before, after, 200);
    assert_true(after[299].score != before[299].score);
    free(before);
    free(after);
    table_free(t);
}

static void starts_with_empty_windows(void **state)
{
    (void)state;
    struct table *t = make_table(120, 24, 0);
    t->value[0] += 40; /* far out: only itself may count */
    struct table_row *rows = score(model, t);
    for (size_t i = 0; i < 29; i++)
        assert_true(isnan(rows[i].jsd));
    assert_true(rows[29].jsd >= 0 && rows[29].jsd < 1);
    free(rows);
    t->value[0] -= 40;
    rows = score(model, t);
    assert_true(fabs(rows[0].score) < 3); /* from the null, not from nothing */
    free(rows);
    table_free(t);
}

static void healthy_rows_are_flagged_as_stated(void **state)
{
    (void)state;
    struct table *t = make_table(6000, 25, 0);
    struct table_row *rows = score(model, t);
    double share = flagged(rows, 0, 6000);
    print_message("flagged of 6,000 healthy rows at 0.01: %.4f\n", share);
    assert_true(share < 0.03);
    for (size_t i = 1; i < 6000; i++) {
        assert_int_equal(rows[i].remembered, rows[i].chance <= 0.01);
        assert_true(rows[i].remembered || !rows[i].flag);
        if (rows[i].score > rows[0].score)
            assert_true(rows[i].chance <= rows[0].chance);
        else
            assert_true(rows[i].chance >= rows[0].chance);
    }
    free(rows);
    struct table_model *cold = learn(train_table);
    rows = score(cold, t);
    assert_true(flagged(rows, 0, 6000) < 0.01);
    free(rows);
    table_model_free(cold);
    table_free(t);
}

/* b no longer follows a, within the range of both: only their relation tells. */
static void finds_a_broken_relation(void **state)
{
    (void)state;
    struct table *t = make_table(500, 26, 0);
    for (size_t i = 300; i < 500; i++)
        t->value[i * WIDTH + 1] += 1e4;
    struct table_row *rows = score(model, t);
    assert_true(flagged(rows, 0, 300) < 0.05);
    assert_true(flagged(rows, 305, 500) == 1);
    assert_int_equal(rows[400].top, 1);
    assert_non_null(strstr(rows[400].why, "b averages "));
    assert_non_null(strstr(rows[400].why, " above what the other signals imply"));
    assert_string_equal(rows[100].why, "as usual");
    assert_true(rows[400].reconstruction > 2 * rows[100].reconstruction);
    assert_true(rows[499].jsd > rows[250].jsd);
    free(rows);
    table_free(t);
}

static void finds_unrest(void **state)
{
    (void)state;
    struct table *t = make_table(400, 27, 0);
    for (size_t i = 200; i < 400; i++)
        t->value[i * WIDTH + 3] *= 4;
    struct table_row *rows = score(model, t);
    assert_true(flagged(rows, 220, 400) > 0.95);
    assert_int_equal(rows[300].top, 3);
    assert_non_null(strstr(rows[300].why, "d swings by "));
    free(rows);
    table_free(t);
}

/* The number before a word; NaN: the word is not there. */
static double told(const char *why, const char *word)
{
    const char *at = strstr(why, word);
    if (!at)
        return NAN;
    at--; /* the blank before it */
    while (at > why && !strchr(" (", at[-1]))
        at--;
    return strtod(at, NULL);
}

/* Two thousand rows whose last column is 5 but in [from, to), where it is `there`. */
static struct table *stand_still(unsigned seed, size_t from, size_t to, double there)
{
    struct table *t = make_table(2000, seed, 0);
    for (size_t i = 0; i < t->n; i++)
        t->value[i * WIDTH + 3] = i >= from && i < to ? there : 5;
    return t;
}

/* The score remembers it for hundreds of rows; the flag is of the present. */
static void a_flag_ends_when_its_cause_has_left(void **state)
{
    (void)state;
    struct table *train = stand_still(41, 0, 0, 0), *t = stand_still(42, 600, 800, 25);
    struct table_model *m = learn(train);
    struct table_row *rows = score(m, t);
    assert_true(flagged(rows, 0, 600) < 0.02);
    assert_true(flagged(rows, 603, 800) == 1);
    assert_true(flagged(rows, 810, 2000) < 0.02);
    assert_true(rows[810].remembered && rows[1000].remembered && !rows[1900].remembered);
    assert_string_equal(rows[820].why, "as usual again; the score still remembers what has left");
    free(rows);
    table_model_free(m);
    /* one that moves: 6 of its deviations, then the same again while the first is still remembered, then less
     */
    struct table *moving = make_table(900, 43, 0);
    for (size_t i = 0; i < 900; i++)
        if ((i >= 300 && i < 400) || (i >= 450 && i < 500) || (i >= 600 && i < 700))
            moving->value[i * WIDTH + 3] += i < 600 ? 0.024 : 0.012;
    rows = score(model, moving);
    assert_true(flagged(rows, 305, 400) == 1 && flagged(rows, 415, 450) == 0);
    assert_true(flagged(rows, 455, 500) == 1 && flagged(rows, 515, 600) == 0);
    assert_true(flagged(rows, 650, 700) == 1 && flagged(rows, 720, 900) == 0);
    assert_true(rows[440].remembered);
    free(rows);
    table_free(moving);
    table_free(train);
    table_free(t);
}

/* Rows that are like those before them say little each; a steady shift that is gone in one of them is gone.
 */
static void rows_that_follow_one_another_end_it_as_soon(void **state)
{
    (void)state;
    struct table *train = make_table(2000, 48, 0), *t = make_table(1500, 49, 0);
    struct table *both[] = {train, t};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 1; i < both[k]->n; i++) /* each a tenth new */
            for (size_t j = 0; j < WIDTH; j++) {
                const double middle[WIDTH] = {23.85, 0, -7, 0};
                double *v = both[k]->value + i * WIDTH + j, *before = v - WIDTH;
                *v = middle[j] + 0.9 * (*before - middle[j]) + 0.436 * (*v - middle[j]);
            }
    for (size_t i = 600; i < 800; i++)
        t->value[i * WIDTH + 3] += 0.08; /* 20 of its deviations */
    struct table_model *m = learn(train);
    struct table_row *rows = score(m, t);
    assert_true(flagged(rows, 0, 600) < 0.02);
    assert_true(flagged(rows, 620, 800) == 1);
    assert_true(flagged(rows, 810, 1500) < 0.02);
    assert_true(rows[850].remembered);
    free(rows);
    table_model_free(m);
    table_free(train);
    table_free(t);
}

/* In the table's units, from the first row to the last: not of clipped values, not diluted by rows before. */
static void sizes_are_those_of_the_table(void **state)
{
    (void)state;
    struct table *train = stand_still(44, 0, 0, 0), *t = stand_still(45, 600, 800, 25);
    struct table_model *m = learn(train);
    struct table_row *rows = score(m, t);
    assert_true(flagged(rows, 603, 800) == 1);
    for (size_t i = 600; i < 800; i++) {
        if (!rows[i].flag)
            continue;
        assert_near(told(rows[i].why, "above its value in all of training"), 20, 0, 0.1);
        assert_true(isnan(told(rows[i].why, "times"))); /* of a spread that was never seen */
    }
    assert_non_null(strstr(rows[699].why, "now 25, for 100 min"));
    free(rows);
    table_model_free(m);
    table_free(train);
    table_free(t);
    t = make_table(700, 46, 0);
    for (size_t i = 300; i < 600; i++)
        t->value[i * WIDTH + 3] += 2; /* 500 of its deviations of 0.004 */
    rows = score(model, t);
    for (size_t i = 300; i < 600; i++) {
        assert_int_equal(rows[i].top, 3);
        assert_near(told(rows[i].why, "above what the other signals imply"), 2, 0, 0.02);
        assert_near(told(rows[i].why, "times"), 500, 0, 50);
    }
    free(rows);
    table_free(t);
}

/* One of two that go together is far out: it is named, and not the one that stayed. */
static void names_the_signal_that_left_the_others(void **state)
{
    (void)state;
    for (int j = 0; j < 3; j++) {
        struct table *t = make_table(300, 47, 0);
        const double far[] = {1.5e3, 1e7, 1e3};
        for (size_t i = 200; i < 300; i++)
            t->value[i * WIDTH + (size_t)j] += far[j];
        struct table_row *rows = score(model, t);
        for (size_t i = 200; i < 300; i++)
            assert_int_equal(rows[i].top, j);
        assert_near(told(rows[250].why, "above"), far[j], 0, 0.01 * far[j]);
        free(rows);
        table_free(t);
    }
}

static void missing_values(void **state)
{
    (void)state;
    struct table *t = make_table(300, 28, 0);
    for (size_t i = 0; i < 300; i++)
        for (size_t j = 0; j < WIDTH; j++)
            if ((i >= 100 && i < 110 && j != 2) || (i >= 150 && i < 155) || (i >= 200 && j == i % 3))
                t->value[i * WIDTH + j] = NAN;
    struct table_row *rows = score(model, t);
    for (size_t i = 0; i < 300; i++) {
        bool scored = !(i >= 100 && i < 110) && !(i >= 150 && i < 155);
        assert_int_equal(rows[i].scored, scored);
        if (!scored) {
            assert_true(isnan(rows[i].score) && isnan(rows[i].chance) && !rows[i].flag);
            assert_int_equal(rows[i].top, -1);
        }
    }
    assert_string_equal(rows[105].why, "not scored: 1 of 4 signals have a value, half are needed");
    assert_string_equal(rows[152].why, "not scored: no values");
    assert_true(flagged(rows, 200, 300) < 0.1); /* gaps alone are nothing */
    free(rows);
    /* learning from a table with gaps in every row: none has all values */
    struct table *gaps = make_table(900, 29, 0), *broken = make_table(300, 30, 0);
    for (size_t i = 0; i < 900; i++)
        gaps->value[i * WIDTH + i % WIDTH] = NAN;
    for (size_t i = 0; i < 300; i++)
        broken->value[i * WIDTH + 1] += 1.5e4;
    struct table_model *m = learn(gaps);
    rows = score(m, broken);
    assert_true(flagged(rows, 50, 300) > 0.9);
    assert_int_equal(rows[200].top, 1);
    free(rows);
    table_model_free(m);
    table_free(gaps);
    table_free(broken);
    table_free(t);
}

static void gaps_in_time_empty_the_windows(void **state)
{
    (void)state;
    struct table *t = make_table(400, 31, 0);
    for (size_t i = 100; i < 200; i++)
        t->value[i * WIDTH] += 30;
    for (size_t i = 200; i < 400; i++)
        t->time[i] += 10 * NS_PER_DAY;
    struct table_row *rows = score(model, t);
    assert_true(rows[199].flag && !isnan(rows[199].jsd));
    assert_true(!rows[200].flag && isnan(rows[200].jsd));
    assert_true(fabs(rows[200].score) < 3);
    free(rows);
    table_free(t);
}

/* Rows at a fifth of the training table's pace are no gaps. */
static void another_pace(void **state)
{
    (void)state;
    struct table *t = make_table(200, 38, 0);
    for (size_t i = 0; i < 200; i++) {
        t->time[i] *= 5;
        t->value[i * WIDTH] += i < 100 ? 0 : 3;
    }
    struct table_row *rows = score(model, t);
    assert_true(!isnan(rows[150].jsd));
    assert_true(flagged(rows, 110, 200) == 1);
    free(rows);
    table_free(t);
}

/* A constant column is no hindrance; a change of it is found, a change within rounding is not. */
static void constant_columns(void **state)
{
    (void)state;
    struct table *train = make_table(400, 32, 0), *test = make_table(400, 33, 0);
    for (size_t i = 0; i < 400; i++) {
        train->value[i * WIDTH + 2] = 0.1;
        test->value[i * WIDTH + 2] = i < 200 ? 0.1 + 1e-12 : 0.35;
    }
    struct table_model *m = learn(train);
    struct table_row *rows = score(m, test);
    assert_true(flagged(rows, 0, 200) < 0.02);
    assert_true(flagged(rows, 210, 400) > 0.95);
    assert_int_equal(rows[300].top, 2);
    free(rows);
    table_model_free(m);
    for (size_t i = 0; i < 400 * WIDTH; i++)
        train->value[i] = test->value[i] = 5;
    test->value[300 * WIDTH + 1] = 7;
    m = learn(train); /* nothing ever changes */
    rows = score(m, test);
    assert_true(flagged(rows, 0, 300) == 0 && rows[300].flag);
    assert_int_equal(rows[300].top, 1);
    free(rows);
    table_model_free(m);
    table_free(train);
    table_free(test);
}

/* One signal: no network, distance alone; another that training never saw is left out. */
static void one_signal(void **state)
{
    (void)state;
    struct table *train = make_table(400, 34, 0), *test = make_table(300, 35, 0);
    for (size_t i = 0; i < 400; i++)
        for (size_t j = 1; j < WIDTH; j++)
            train->value[i * WIDTH + j] = NAN;
    for (size_t i = 200; i < 300; i++)
        test->value[i * WIDTH] += 12;
    struct table_model *m = learn(train);
    assert_false(table_model_has_network(m));
    assert_true(table_model_has_network(model));
    assert_string_equal(table_model_unused(m), "b, c, d");
    struct table_row *rows = score(m, test);
    assert_true(flagged(rows, 0, 200) < 0.02);
    assert_true(flagged(rows, 202, 300) == 1);
    assert_int_equal(rows[250].top, 0);
    assert_non_null(strstr(rows[250].why, "above its usual value"));
    assert_true(rows[250].reconstruction > 20);
    free(rows);
    table_model_free(m);
    table_free(train);
    table_free(test);
}

/* 50 rows are enough; a far reading is found with so few. Fewer are refused, for calibration too. */
static void few_rows(void **state)
{
    (void)state;
    struct table *train = make_table(50, 36, 0), *test = make_table(100, 37, 0);
    struct table_options o = {.seed = 1, .window = 60, .alpha = 0.01};
    struct table_model *m = learn(train);
    struct err err;
    test->value[80 * WIDTH] += 50;
    struct table_row *rows = score(m, test);
    assert_true(rows[80].flag);
    free(rows);
    train->n = 49;
    assert_int_equal(table_model_calibrate(m, train, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, "49 rows could be scored, calibration needs 50"));
    table_model_free(m);
    m = NULL;
    assert_int_equal(table_model_train(&m, train, &o, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, "made.csv: 49 rows"));
    train->n = 0;
    assert_int_equal(table_model_train(&m, train, &o, &err), ERR_DATA);
    assert_null(m);
    train->n = 50;
    table_free(train);
    table_free(test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_table),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(it_reads_tables_as_people_have_them),
        cmocka_unit_test(it_reads_local_times_when_told_the_zone),
        cmocka_unit_test(it_goes_on_behind_what_it_cannot_read),
        cmocka_unit_test(columns_must_match),
        cmocka_unit_test(fit_as_numpy),
        cmocka_unit_test(labels_are_not_looked_at),
        cmocka_unit_test(order_of_columns_is_nothing),
        cmocka_unit_test(an_offset_of_readings_is_nothing),
        cmocka_unit_test(names_are_nothing),
        cmocka_unit_test(time_offset_is_nothing),
        cmocka_unit_test(causal),
        cmocka_unit_test(starts_with_empty_windows),
        cmocka_unit_test(healthy_rows_are_flagged_as_stated),
        cmocka_unit_test(finds_a_broken_relation),
        cmocka_unit_test(finds_unrest),
        cmocka_unit_test(a_flag_ends_when_its_cause_has_left),
        cmocka_unit_test(rows_that_follow_one_another_end_it_as_soon),
        cmocka_unit_test(sizes_are_those_of_the_table),
        cmocka_unit_test(names_the_signal_that_left_the_others),
        cmocka_unit_test(missing_values),
        cmocka_unit_test(gaps_in_time_empty_the_windows),
        cmocka_unit_test(another_pace),
        cmocka_unit_test(constant_columns),
        cmocka_unit_test(one_signal),
        cmocka_unit_test(few_rows),
    };
    return cmocka_run_group_tests_name("detectors/table", tests, open_all, close_all);
}
