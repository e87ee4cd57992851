/* psmon score: scores of one table of readings, without physics. docs/detection.md §11; the work is
 * detectors/table's. SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/table/timecell.h"
#include "base/time/timefmt.h"
#include "detectors/table/model.h"
#include "monitor/command.h"
#include "monitor/interrupt.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEED 1
#define FEWEST_WINDOW 2
#define MOST_WINDOW 65535
#define SAME_PACE 1.5
#define PROGRESS_EVERY 256 /* rows */

static const char about[] =
    "Learns what is usual from the rows of --train and scores those of TEST one after the other.\n"
    "A table has a column of times (ISO 8601, or a number since 1970; UTC where no zone is said), one\n"
    "column per signal, perhaps label, which is not looked at. Separators, decimal commas and exports of\n"
    "Excel, Grafana, the appliance (getData.csv) and the Data Browser are recognised. A cell that cannot\n"
    "be read is missing, a row without time is left out; how many is said.\n"
    "OUT has one row per row of TEST: time,score,flag,jsd,reconstruction,chance,top,why,window_flag.\n"
    "Score and chance remember up to some hundred rows: window_flag is 1 at a chance of at most alpha, flag\n"
    "only while what made it so is still there, and why says what, in the table's units.\n";

struct arguments {
    const char *train, *calibrate, *test, *out, *window;
    struct timecell times;
    double alpha;
};

/* "60" is rows, "3 h" a duration in the training table's periods. */
static int window_rows(size_t *rows, const char *text, const struct table *train, struct err *err)
{
    double n;
    if (text[strspn(text, "0123456789")] == '\0') {
        n = strtod(text, NULL);
    } else {
        tstamp_ns span, period = table_period(train);
        if (timefmt_duration(&span, text, err) != 0) {
            err_set(err, ERR_CONFIG, "--window: '%.40s' is neither rows (60) nor a duration (3 h)", text);
            return ERR_CONFIG;
        }
        if (period <= 0)
            return err_set(err, ERR_DATA, "%s: no period: times do not advance", train->path);
        n = round((double)span / (double)period);
    }
    if (!(n >= FEWEST_WINDOW && n <= MOST_WINDOW))
        return err_set(err, ERR_CONFIG, "--window: '%.40s' is %.0f rows, want %d to %d", text, n,
                       FEWEST_WINDOW, MOST_WINDOW);
    *rows = (size_t)n;
    return 0;
}

static void show_progress(void *arg, double done, double total)
{
    progress_update(arg, done, total);
}

/* What the reader of a table may want to know of how it was read. */
static void note_reading(const struct table *t)
{
    if (*t->recognised)
        fprintf(stderr, "psmon: %s: %s\n", t->path, t->recognised);
    if (t->bad)
        fprintf(stderr, "psmon: %s: %zu lines could not be read in full; the first: %s\n", t->path, t->bad,
                t->bad_first);
    if (t->backward)
        fprintf(stderr,
                "psmon: %s: time does not advance at line %u (%zu times in all); rows are taken in "
                "the order of the file\n",
                t->path, t->first_backward, t->backward);
}

/* Windows and smoothing count rows: another pace gives them another length. */
static void note_period(const struct table *train, const struct table *t)
{
    double a = (double)table_period(train), b = (double)table_period(t);
    if (a > 0 && b > 0 && fmax(a, b) > SAME_PACE * fmin(a, b))
        fprintf(stderr, "psmon: %s has a row every %.4g s, %s every %.4g s: scores may not compare\n",
                t->path, b / (double)NS_PER_S, train->path, a / (double)NS_PER_S);
}

static int read_matching(struct table **out, const char *path, const struct arguments *a,
                         const struct table *train, struct err *err)
{
    struct table *t;
    int rc = table_read(&t, path, &a->times, err);
    if (rc != 0)
        return rc;
    rc = table_match(train, t, err);
    if (rc != 0) {
        table_free(t);
        return rc;
    }
    note_reading(t);
    note_period(train, t);
    *out = t;
    return 0;
}

static int train(struct table_model **out, const struct arguments *a, const struct table *table,
                 struct err *err)
{
    struct progress progress;
    struct table_options o = {.seed = SEED, .alpha = a->alpha, .progress = show_progress, .arg = &progress};
    int rc = window_rows(&o.window, a->window, table, err);
    if (rc != 0)
        return rc;
    note_reading(table);
    progress_start(&progress, "training");
    rc = table_model_train(out, table, &o, err);
    progress_end(&progress);
    if (rc == 0 && *table_model_unused(*out))
        fprintf(stderr, "psmon: %s: too few values to use: %s\n", table->path, table_model_unused(*out));
    return rc;
}

static int calibrate(struct table_model *m, const struct arguments *a, const struct table *train_table,
                     struct err *err)
{
    struct table *t;
    if (!a->calibrate) {
        fprintf(stderr, "psmon: no --calibrate table: chances are cold-start estimates\n");
        return 0;
    }
    int rc = read_matching(&t, a->calibrate, a, train_table, err);
    if (rc == 0) {
        rc = table_model_calibrate(m, t, err);
        table_free(t);
    }
    return rc;
}

static void add_number(struct buf *b, double v)
{
    if (isnan(v))
        buf_str(b, ",");
    else
        buf_printf(b, ",%.6g", v);
}

static void add_row(struct buf *b, const struct table *t, size_t i, const struct table_row *row)
{
    char time[TIMEFMT_LEN];
    buf_str(b, timefmt_iso(time, t->time[i]));
    add_number(b, row->score);
    buf_printf(b, ",%d", row->flag);
    add_number(b, row->jsd);
    add_number(b, row->reconstruction);
    add_number(b, row->chance);
    buf_str(b, ",");
    buf_csv(b, row->top < 0 ? "" : t->names[row->top]);
    buf_str(b, ",");
    buf_csv(b, row->why);
    buf_printf(b, ",%d\n", row->remembered);
}

/* Scores t's rows into f; false when writing failed. */
static bool score_rows(struct table_model *m, const struct table *t, FILE *f)
{
    struct table_scorer *s = table_scorer_new(m, table_period(t));
    struct progress progress;
    struct table_row row;
    struct buf line = {0};
    bool ok = fputs("time,score,flag,jsd,reconstruction,chance,top,why,window_flag\n", f) >= 0;
    progress_start(&progress, "scoring");
    for (size_t i = 0; i < t->n && ok; i++) {
        table_scorer_step(s, t->time[i], t->value + i * t->d, &row);
        buf_reset(&line);
        add_row(&line, t, i, &row);
        ok = fputs(line.data, f) >= 0;
        if (i % PROGRESS_EVERY == 0)
            progress_update(&progress, (double)i, (double)t->n);
    }
    progress_end(&progress);
    buf_free(&line);
    table_scorer_free(s);
    return ok && fflush(f) == 0;
}

/* A device or pipe (/dev/null, /dev/stdout) is written to, never replaced by a file. */
static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static int write_special(struct table_model *m, const struct table *t, const char *path, struct err *err)
{
    FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    bool ok = f && score_rows(m, t, f);
    if (!ok)
        err_set(err, ERR_IO, "could not write %s: %s", f == stdout ? "the scores" : path, strerror(errno));
    if (f && f != stdout)
        fclose(f);
    return ok ? 0 : ERR_IO;
}

static void leave_unwritten(void *temporary)
{
    unlink(temporary);
    interrupt_say("no scores were written");
}

/* Through a temporary file beside it, so that OUT is never half a result. */
static int write_file(struct table_model *m, const struct table *t, const char *path, struct err *err)
{
    char *temporary = xasprintf("%s.%ld.tmp", path, (long)getpid());
    struct interrupt *watch = interrupt_watch(leave_unwritten, temporary);
    FILE *f = fopen(temporary, "we");
    bool ok = f && score_rows(m, t, f) && fsync(fileno(f)) == 0;
    int why = errno; /* of the first failure; closing may fail too */
    interrupt_end(watch);
    if (f && fclose(f) != 0 && ok) {
        why = errno;
        ok = false;
    }
    if (ok && rename(temporary, path) != 0) {
        why = errno;
        ok = false;
    }
    if (!ok) {
        err_set(err, ERR_IO, "could not write %s: %s", path, strerror(why));
        if (f)
            unlink(temporary);
    }
    free(temporary);
    return ok ? 0 : ERR_IO;
}

static int score(const struct arguments *a, struct err *err)
{
    struct table *train_table = NULL, *test = NULL;
    struct table_model *m = NULL;
    int rc;
    if ((rc = table_read(&train_table, a->train, &a->times, err)) != 0 ||
        (rc = read_matching(&test, a->test, a, train_table, err)) != 0 ||
        (rc = train(&m, a, train_table, err)) != 0 || (rc = calibrate(m, a, train_table, err)) != 0)
        goto out;
    if (strcmp(a->out, "-") == 0 || is_special(a->out))
        rc = write_special(m, test, a->out, err);
    else
        rc = write_file(m, test, a->out, err);
out:
    table_model_free(m);
    table_free(test);
    table_free(train_table);
    return rc;
}

static int run_score(int argc, char **argv)
{
    struct arguments a = {.window = "60", .alpha = 0.01};
    const struct option_spec specs[] = {
        {"train", 0, OPTION_TEXT, &a.train, "A.csv", "healthy rows to learn from, 50 or more", true},
        {"calibrate", 0, OPTION_TEXT, &a.calibrate, "B.csv",
         "healthy rows that were not learned from: chances are taken from their scores", false},
        {"window", 0, OPTION_TEXT, &a.window, "N", "rows (60) or duration (3 h) of the divergence; 60",
         false},
        {"alpha", 0, OPTION_NUMBER, &a.alpha, "P", "flag at a chance of at most P; 0.01", false},
        {"time-format", 0, OPTION_TEXT, &a.times.format, "F",
         "how times are written, as strptime(3) has it: \"%d.%m.%Y %H:%M\"", false},
        {"timezone", 0, OPTION_TEXT, &a.times.timezone, "ZONE",
         "of times that name none, such as Europe/Berlin; UTC", false},
        {"output", 'o', OPTION_TEXT, &a.out, "OUT.csv", "where the scores go; - is standard output", true},
        {0},
    };
    int n, status;
    struct err err;
    if (!command_options(argc, argv, "score --train A.csv [--calibrate B.csv] TEST.csv -o OUT.csv", about,
                         specs, &a.test, 1, &n, &status))
        return status;
    if (n != 1)
        err_set(&err, ERR_CONFIG, "score: one table to score is needed");
    else if (!(a.alpha > 0 && a.alpha < 1))
        err_set(&err, ERR_CONFIG, "--alpha: %g is not between 0 and 1", a.alpha);
    else if (options_check_times(&a.times, &err) == 0)
        return score(&a, &err) == 0 ? EXIT_OK : command_fail(&err);
    return command_fail(&err);
}

const struct command command_score = {
    .name = "score",
    .summary = "score one table of readings, without physics",
    .run = run_score,
};
