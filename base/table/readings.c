/* Columns of a table of readings; see readings.h. SPDX-License-Identifier: MIT */
#include "base/table/readings.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text/number.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { APPLIANCE_FIELDS = 5 }; /* seconds, value, severity, status, nanoseconds */

/* ---- names ---- */

/* A name as it is compared: small letters, without blanks, '_', '-', '/', and what is in brackets behind. */
static void simplify(char *out, size_t size, const char *name)
{
    size_t n = 0;
    for (; *name && *name != '(' && *name != '[' && n + 1 < size; name++)
        if (!strchr(" \t_-/", *name))
            out[n++] = (char)tolower((unsigned char)*name);
    out[n] = '\0';
}

/* Names of columns that hold dates, perhaps with times of day; behind them those of whole times, the surer
 * the later. */
static const char *const time_names[] = {"date", "datum",   "ts",       "zeit",      "uhrzeit",
                                         "utc",  "timeutc", "datetime", "timestamp", "time"};
enum { DATES = 2 };

/* How surely a column of this name holds the times; 0: it does not. */
static int time_rank(const char *name)
{
    char simple[24];
    simplify(simple, sizeof simple, name);
    for (int i = 0; i < (int)(sizeof time_names / sizeof *time_names); i++)
        if (strcmp(simple, time_names[i]) == 0)
            return i + 1;
    return 0;
}

static int find_time(char *const names[], size_t n)
{
    int best = 0, at = *names[0] == '\0' ? 0 : -1; /* pandas does not name its index */
    for (size_t i = 0; i < n; i++) {
        int rank = time_rank(names[i]);
        if (rank > best) {
            best = rank;
            at = (int)i;
        }
    }
    return at;
}

/* A column of dates beside that of the times. */
static int find_date(char *const names[], size_t n, int time)
{
    for (size_t i = 0; i < n; i++) {
        int rank = time_rank(names[i]);
        if ((int)i != time && rank > 0 && rank <= DATES)
            return (int)i;
    }
    return -1;
}

/* What the Data Browser writes beside a value, unless it is a channel of that name. */
static bool is_beside(const char *name)
{
    static const char *const names[] = {"Severity", "Status", "Negative Error", "Positive Error"};
    bool is = false;
    for (size_t i = 0; !is && i < sizeof names / sizeof *names; i++)
        is = strcmp(name, names[i]) == 0;
    return is;
}

/* "X Value" → "X"; a column of its own of one channel stays "Value". */
static size_t bare_length(const char *name)
{
    static const char end[] = " Value";
    size_t n = strlen(name), m = sizeof end - 1;
    return n > m && strcmp(name + n - m, end) == 0 ? n - m : n;
}

/* ---- columns ---- */

static struct readings_column *add(struct readings *r, size_t *cap, const char *name, size_t n, size_t field)
{
    xgrow(&r->column, cap, r->n + 1, sizeof *r->column);
    struct readings_column *c = &r->column[r->n++];
    *c = (struct readings_column){
        .name = xasprintf("%.*s", (int)n, name), .value = (int)field, .severity = -1, .status = -1};
    return c;
}

static int find_appliance(struct readings *r, const struct dialect *d, const char *path, struct err *err)
{
    size_t cap = 0;
    if (r->n_fields != APPLIANCE_FIELDS)
        return err_set(err, ERR_DATA,
                       "%s:%u: a header line is needed, or the five columns of the appliance's getData.csv",
                       path, d->header_line);
    struct readings_column *c = add(r, &cap, "value", 5, 1);
    c->severity = 2;
    c->status = 3;
    r->nanos = 4;
    return 0;
}

/* "'a', 'b', 'c' …" for a message. */
static void list_names(struct buf *out, char *const names[], size_t n)
{
    for (size_t i = 0; i < n && i < 6; i++)
        buf_printf(out, "%s'%.40s'", i ? ", " : "", names[i]);
    if (n > 6)
        buf_str(out, " …");
}

static int refuse(const struct dialect *d, char *const names[], size_t n, const char *path, struct err *err)
{
    struct buf b = {0};
    char words[DIALECT_WORDS_LEN];
    dialect_words(words, d);
    bool rows = n == 3 && strcasecmp(names[0], "series") == 0; /* Grafana: one row a series */
    list_names(&b, names, n);
    err_set(err, ERR_DATA, "%s:%u: %s; the header has %s%s%s", path, d->header_line,
            rows ? "one series below the other: export them as columns"
                 : "there is no column of times ('time', 'timestamp', 'datetime' or 'date')",
            buf_text(&b), *words ? ", " : "", words);
    buf_free(&b);
    return ERR_DATA;
}

int readings_find(struct readings *out, const struct dialect *d, char *const names[], size_t n_fields,
                  const char *path, struct err *err)
{
    assert(n_fields > 0);
    *out = (struct readings){.n_fields = n_fields, .date = -1, .nanos = -1};
    if (d->headless)
        return find_appliance(out, d, path, err);
    out->time = find_time(names, n_fields);
    if (out->time < 0 || (n_fields == 3 && strcasecmp(names[0], "series") == 0))
        return refuse(d, names, n_fields, path, err);
    out->date = find_date(names, n_fields, out->time);
    size_t cap = 0;
    for (size_t i = 0; i < n_fields; i++) {
        if ((int)i == out->time || (int)i == out->date || *names[i] == '\0' ||
            strcasecmp(names[i], "label") == 0)
            continue;
        if (d->browser && is_beside(names[i])) {
            if (out->n && strcmp(names[i], "Severity") == 0)
                out->column[out->n - 1].severity = (int)i;
            continue;
        }
        add(out, &cap, names[i], d->browser ? bare_length(names[i]) : strlen(names[i]), i);
    }
    if (out->n == 0)
        return err_set(err, ERR_DATA, "%s:%u: there is no column of readings", path, d->header_line);
    return 0;
}

void readings_free(struct readings *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->column[i].name);
    free(r->column);
    *r = (struct readings){0};
}

/* ---- rows ---- */

/* The time of a row whose date stands in a column of its own. */
static enum timecell_form join(const struct readings *r, const struct csv_text field[],
                               const struct timecell *how, tstamp_ns *out, const char **wrong)
{
    char text[80];
    const struct csv_text *date = &field[r->date], *time = &field[r->time];
    if (date->n + time->n + 2 > sizeof text)
        return TIMECELL_NONE;
    int n = snprintf(text, sizeof text, "%.*s %.*s", (int)date->n, date->s, (int)time->n, time->s);
    return timecell_read(out, text, (size_t)n, how, wrong);
}

enum timecell_form readings_time(const struct readings *r, const struct csv_text field[],
                                 const struct timecell *how, tstamp_ns *out, const char **wrong)
{
    const struct csv_text *t = &field[r->time];
    enum timecell_form form = timecell_read(out, t->s, t->n, how, wrong);
    double nanos = 0;
    if (form == TIMECELL_NONE && r->date >= 0)
        form = join(r, field, how, out, wrong);
    if (form == TIMECELL_NONE || r->nanos < 0)
        return form;
    const struct csv_text *n = &field[r->nanos];
    if (number_cell(&nanos, n->s, n->n, '.') || !(nanos >= 0 && nanos < 1e9)) {
        *wrong = "its nanoseconds are none";
        return TIMECELL_NONE;
    }
    *out += (tstamp_ns)nanos;
    return form;
}

bool readings_is_units(const struct readings *r, const struct csv_text field[], const struct timecell *how)
{
    tstamp_ns t;
    double v;
    const char *wrong;
    if (readings_time(r, field, how, &t, &wrong) != TIMECELL_NONE)
        return false;
    bool units = true;
    for (size_t i = 0; units && i < r->n; i++) {
        const struct csv_text *c = &field[r->column[i].value];
        units = number_cell(&v, c->s, c->n, 0) || isnan(v);
    }
    return units;
}

enum severity readings_severity(const struct csv_text *t)
{
    static const char *const names[] = {"NONE", "MINOR", "MAJOR"};
    if (t->n == 0 || (t->n == 1 && *t->s == '0'))
        return SEVERITY_NONE;
    for (int i = 0; i < 3; i++)
        if ((t->n == strlen(names[i]) && strncasecmp(t->s, names[i], t->n) == 0) ||
            (t->n == 1 && *t->s == '0' + i))
            return (enum severity)i;
    return SEVERITY_INVALID;
}
