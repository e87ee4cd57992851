/* A table of readings in memory; see table.h. SPDX-License-Identifier: MIT */
#include "detectors/table/table.h"

#include "base/csv.h"
#include "base/mem.h"
#include "base/timefmt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TIME "time"
#define LABEL "label"

struct column {
    const char *name;
    int at; /* in the file */
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct column *)a)->name, ((const struct column *)b)->name);
}

/* The signals of the header in the order of their names; caller frees. */
static int find_columns(struct table *t, const struct csv *c, struct column **out, struct err *err)
{
    size_t n = csv_columns(c);
    if (csv_find(c, TIME) < 0)
        return err_set(err, ERR_DATA, "%s:1: there is no column '%s'", t->path, TIME);
    struct column *columns = xcalloc(n, sizeof *columns);
    *out = columns;
    for (size_t i = 0; i < n; i++) {
        const char *name = csv_name(c, i);
        if (*name == '\0')
            return err_set(err, ERR_DATA, "%s:1: column %zu has no name", t->path, i + 1);
        if (csv_find(c, name) != (int)i)
            return err_set(err, ERR_DATA, "%s:1: column '%s' is there twice", t->path, name);
        if (strcmp(name, TIME) != 0 && strcmp(name, LABEL) != 0)
            columns[t->d++] = (struct column){name, (int)i};
    }
    if (t->d == 0)
        return err_set(err, ERR_DATA, "%s:1: there is no column of readings", t->path);
    qsort(columns, t->d, sizeof *columns, by_name);
    t->names = xcalloc(t->d, sizeof *t->names);
    for (size_t j = 0; j < t->d; j++)
        t->names[j] = xstrdup(columns[j].name);
    return 0;
}

static int read_time(struct table *t, const struct csv *c, int at, struct err *err)
{
    struct err why;
    if (timefmt_parse(&t->time[t->n], csv_field(c, at), &why) != 0)
        return err_set(err, ERR_DATA, "%s:%u: %s: '%.40s' is not a time", t->path, csv_line(c), TIME,
                       csv_field(c, at));
    if (t->n > 0 && t->time[t->n] <= t->time[t->n - 1] && t->backward++ == 0)
        t->first_backward = csv_line(c);
    return 0;
}

static int read_rows(struct table *t, struct csv *c, const struct column columns[], struct err *err)
{
    size_t time_cap = 0, value_cap = 0;
    int rc, at = csv_find(c, TIME);
    while ((rc = csv_next(c, err)) == 1) {
        xgrow(&t->time, &time_cap, t->n + 1, sizeof *t->time);
        xgrow(&t->value, &value_cap, (t->n + 1) * t->d, sizeof *t->value);
        if ((rc = read_time(t, c, at, err)) != 0)
            return rc;
        for (size_t j = 0; j < t->d; j++) {
            double *v = &t->value[t->n * t->d + j];
            if ((rc = csv_number(c, columns[j].at, v, err)) != 0)
                return rc;
            if (!isfinite(*v))
                *v = NAN;
        }
        t->n++;
    }
    return rc;
}

int table_read(struct table **out, const char *path, struct err *err)
{
    struct csv *c;
    int rc = csv_open(&c, path, err);
    if (rc != 0)
        return rc;
    struct column *columns = NULL;
    struct table *t = xcalloc(1, sizeof *t);
    t->path = xstrdup(path);
    rc = find_columns(t, c, &columns, err);
    if (rc == 0)
        rc = read_rows(t, c, columns, err);
    free(columns);
    csv_close(c);
    if (rc != 0) {
        table_free(t);
        return rc;
    }
    *out = t;
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
    free(t->path);
    free(t);
}

int table_match(const struct table *as, const struct table *t, struct err *err)
{
    size_t i = 0, j = 0;
    while (i < as->d || j < t->d) {
        int order = i == as->d ? 1 : j == t->d ? -1 : strcmp(as->names[i], t->names[j]);
        if (order < 0)
            return err_set(err, ERR_DATA, "%s: column '%s' of %s is missing", t->path, as->names[i],
                           as->path);
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
