/* A table of readings in memory; see table.h. SPDX-License-Identifier: MIT */
#include "detectors/table/table.h"

#include "base/mem.h"
#include "base/table/csv.h"
#include "base/table/readings.h"
#include "base/text/number.h"
#include "base/text/spelling.h"
#include "base/time/timefmt.h"
#include "base/time/zone.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The reading of a file. */
struct reading {
    struct table *t;
    struct csv *csv;
    struct timecell times;
    struct readings columns;
    enum timecell_form form; /* of the first row */
    size_t rows, time_cap, value_cap;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct readings_column *)a)->name, ((const struct readings_column *)b)->name);
}

/* Orders the columns by name and sees that each is there once. */
static int take_columns(struct reading *r, struct err *err)
{
    struct table *t = r->t;
    struct readings *c = &r->columns;
    size_t n = c->n;
    unsigned line = csv_dialect(r->csv)->header_line;
    qsort(c->column, n, sizeof *c->column, by_name);
    t->names = xcalloc(n, sizeof *t->names);
    for (t->d = 0; t->d < n; t->d++) {
        t->names[t->d] = xstrdup(c->column[t->d].name);
        if (t->d > 0 && strcmp(t->names[t->d], t->names[t->d - 1]) == 0)
            return err_set(err, ERR_DATA, "%s:%u: column '%s' is there twice", t->path, line,
                           t->names[t->d++]);
    }
    return 0;
}

static int find_columns(struct reading *r, struct err *err)
{
    size_t n = csv_columns(r->csv);
    char **names = xcalloc(n, sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = xstrdup(csv_name(r->csv, i));
    int rc = readings_find(&r->columns, csv_dialect(r->csv), names, n, r->t->path, err);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return rc == 0 ? take_columns(r, err) : rc;
}

static void note_bad(struct table *t, const struct err *why)
{
    if (t->bad++ == 0)
        t->bad_first = xstrdup(why->msg);
}

/* Formats that a table does not tell have to be given; which one is likely meant. */
static int refuse_time(const struct reading *r, const char *wrong, struct err *err)
{
    const struct csv_text *t = &csv_row(r->csv)[r->columns.time];
    const char *format = r->times.format ? NULL : timecell_guess(t->s, t->n);
    return err_set(err, ERR_DATA, "%s:%u: %s: '%.40s' is not a time: %s%s%s%s", r->t->path, csv_line(r->csv),
                   csv_name(r->csv, (size_t)r->columns.time), t->s, wrong,
                   format ? "; the format is perhaps '" : "", format ? format : "", format ? "'" : "");
}

static int read_time(struct reading *r, tstamp_ns *out, struct err *err)
{
    const char *wrong;
    enum timecell_form form = readings_time(&r->columns, csv_row(r->csv), &r->times, out, &wrong);
    if (form == TIMECELL_NONE)
        return refuse_time(r, wrong, err);
    if (r->form == TIMECELL_NONE)
        r->form = form;
    return 0;
}

/* A value that cannot be read, is no number or is marked invalid is a missing one. */
static int read_value(const struct reading *r, const struct readings_column *c, double *out, struct err *err)
{
    int rc = csv_number(r->csv, c->value, out, err);
    if (rc != 0 || !isfinite(*out) ||
        (c->severity >= 0 && readings_severity(&csv_row(r->csv)[c->severity]) == SEVERITY_INVALID))
        *out = NAN;
    return rc;
}

/* The current row into the table; what cannot be read is noted. */
static void take_row(struct reading *r)
{
    struct table *t = r->t;
    struct err why = {0}, first = {0};
    tstamp_ns time;
    if (read_time(r, &time, &first) != 0) {
        note_bad(t, &first);
        return;
    }
    xgrow(&t->time, &r->time_cap, t->n + 1, sizeof *t->time);
    xgrow(&t->value, &r->value_cap, (t->n + 1) * t->d, sizeof *t->value);
    for (size_t j = 0; j < t->d; j++)
        if (read_value(r, &r->columns.column[j], &t->value[t->n * t->d + j], &why) != 0 && first.code == 0)
            first = why;
    if (first.code)
        note_bad(t, &first);
    t->time[t->n] = time;
    if (t->n > 0 && time <= t->time[t->n - 1] && t->backward++ == 0)
        t->first_backward = csv_line(r->csv);
    t->n++;
}

static int read_rows(struct reading *r, struct err *err)
{
    int rc;
    while ((rc = csv_next(r->csv, err)) != 0) {
        if (rc < 0 && csv_broken(r->csv))
            return rc;
        if (rc < 0)
            note_bad(r->t, err);
        else if (r->rows > 0 || !readings_is_units(&r->columns, csv_row(r->csv), &r->times))
            take_row(r);
        r->rows++;
    }
    if (r->t->bad == 0 || 2 * r->t->bad < r->rows)
        return 0;
    err_set(err, ERR_DATA, "%s",
            r->t->bad_first); /* no table of readings: a column of text, another format */
    if (r->t->bad > 1)
        err_set(err, ERR_DATA, "%.400s (one of %zu such lines of %zu)", r->t->bad_first, r->t->bad, r->rows);
    return ERR_DATA;
}

static char *recognised(const struct reading *r)
{
    const struct dialect *d = csv_dialect(r->csv);
    char words[DIALECT_WORDS_LEN];
    dialect_words(words, d);
    bool usual = r->form == TIMECELL_ISO || r->form == TIMECELL_NONE || r->form == TIMECELL_GIVEN;
    const char *times = usual ? "" : timecell_words(r->form);
    if (d->browser && r->form == TIMECELL_ISO && !r->times.timezone)
        times = "taken for UTC, though the Data Browser writes local ones";
    char first[TIMEFMT_LEN] = "";
    if (!usual) /* shows a unit that was taken for another */
        timefmt_iso(first, r->t->time[0]);
    return xasprintf("%s%s%s%s%s%s", words, *words && *times ? "; " : "", *times ? "times are " : "", times,
                     *first ? ", the first " : "", first);
}

int table_read(struct table **out, const char *path, const struct timecell *times, struct err *err)
{
    struct reading r = {.times = times ? *times : (struct timecell){0}};
    int rc = csv_open(&r.csv, path, err);
    if (rc != 0)
        return rc;
    r.times.from_zero = true;
    r.t = xcalloc(1, sizeof *r.t);
    r.t->path = xstrdup(path);
    struct zone zone;
    zone_enter(&zone, r.times.timezone);
    rc = find_columns(&r, err);
    if (rc == 0)
        rc = read_rows(&r, err);
    zone_leave(&zone);
    if (rc == 0)
        r.t->recognised = recognised(&r);
    readings_free(&r.columns);
    csv_close(r.csv);
    if (rc != 0) {
        table_free(r.t);
        return rc;
    }
    *out = r.t;
    return 0;
}

void table_free(struct table *t)
{
    if (!t)
        return;
    for (size_t j = 0; t->names && j < t->d; j++)
        free(t->names[j]);
    free(t->names);
    free(t->time);
    free(t->value);
    free(t->bad_first);
    free(t->recognised);
    free(t->path);
    free(t);
}

static int missing(const struct table *as, const struct table *t, const char *name, struct err *err)
{
    char hint[SPELLING_LEN] = "";
    struct spelling s = spelling_of(name);
    for (size_t j = 0; j < t->d; j++)
        spelling_offer(&s, t->names[j]);
    if (spelling_best(&s))
        snprintf(hint, sizeof hint, " (is '%.80s' meant to be it?)", spelling_best(&s));
    return err_set(err, ERR_DATA, "%s: column '%s' of %s is missing%s", t->path, name, as->path, hint);
}

int table_match(const struct table *as, const struct table *t, struct err *err)
{
    size_t i = 0, j = 0;
    while (i < as->d || j < t->d) {
        int order = i == as->d ? 1 : j == t->d ? -1 : strcmp(as->names[i], t->names[j]);
        if (order < 0)
            return missing(as, t, as->names[i], err);
        if (order > 0)
            return err_set(err, ERR_DATA, "%s: column '%s' is not in %s", t->path, t->names[j], as->path);
        i++;
        j++;
    }
    return 0;
}

static int by_value(const void *a, const void *b)
{
    tstamp_ns x = *(const tstamp_ns *)a, y = *(const tstamp_ns *)b;
    return (x > y) - (x < y);
}

tstamp_ns table_period(const struct table *t)
{
    tstamp_ns *steps = xcalloc(t->n + 1, sizeof *steps), period = 0;
    size_t n = 0;
    for (size_t i = 1; i < t->n; i++)
        if (t->time[i] > t->time[i - 1])
            steps[n++] = t->time[i] - t->time[i - 1];
    if (n > 0) {
        qsort(steps, n, sizeof *steps, by_value);
        period = steps[n / 2];
    }
    free(steps);
    return period;
}
