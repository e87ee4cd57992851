/* psmon import: trips, outcomes of inspections and maintenance from CSV. Everything is checked before
 * anything is written; importing a file again changes nothing. SPDX-License-Identifier: MIT */
#include "archive/history/history.h"
#include "base/mem.h"
#include "base/table/csv.h"
#include "base/table/timecell.h"
#include "base/time/timefmt.h"
#include "monitor/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field { FIELD_SUPPLY, FIELD_SUBJECT, FIELD_TIME, FIELD_WEEK, FIELD_OUTCOME, FIELD_TEXT };

struct column {
    const char *name;
    enum field field;
};

static const struct kind {
    const char *name;
    int n;
    struct column column[4]; /* in the order of struct history_row */
} kinds[] = {
    [HISTORY_TRIPS] = {"trips", 3, {{"supply", FIELD_SUPPLY}, {"time", FIELD_TIME}, {"cause", FIELD_TEXT}}},
    [HISTORY_OUTCOMES] =
        {"outcomes",
         4,
         {{"week", FIELD_WEEK}, {"supply", FIELD_SUBJECT}, {"outcome", FIELD_OUTCOME}, {"note", FIELD_TEXT}}},
    [HISTORY_MAINTENANCE] =
        {"maintenance",
         4,
         {{"supply", FIELD_TEXT}, {"start", FIELD_TIME}, {"end", FIELD_TIME}, {"work", FIELD_TEXT}}},
};
#define N_KINDS (sizeof kinds / sizeof *kinds)
#define MAX_FILES 16

struct table {
    enum history_table kind;
    const char *path;
    const struct timecell *times;
    struct history_row *row;
    size_t n, cap;
};

static void free_table(struct table *t)
{
    for (size_t i = 0; i < t->n; i++)
        for (int k = 0; k < HISTORY_ROW_MAX; k++) {
            char *owned;
            memcpy(&owned, &t->row[i].value[k], sizeof owned); /* const only for the reader */
            free(owned);
        }
    free(t->row);
}

/* ---- reading ---- */

static bool is_outcome(const char *word)
{
    return strcmp(word, "fault_found") == 0 || strcmp(word, "nothing_found") == 0 ||
           strcmp(word, "not_inspected") == 0;
}

/* A time as tables have it, in UTC; for a week the date of it. */
static int read_time(char **out, const struct csv *c, int column, const struct timecell *times, bool date,
                     struct err *err)
{
    char iso[TIMEFMT_LEN];
    tstamp_ns t;
    if (csv_time(c, column, times, &t, err) != 0)
        return err->code;
    timefmt_iso(iso, t);
    if (date)
        iso[strcspn(iso, "T")] = '\0';
    *out = xstrdup(iso);
    return 0;
}

/* A row of the weekly list is of a supply, or of a group as findings name it. */
static bool is_subject(const struct fleet *f, const char *text)
{
    struct finding of = {.supply = fleet_supply(f, text)};
    snprintf(of.subject, sizeof of.subject, "%s", text);
    for (uint32_t s = 0; s < f->n_supplies; s++)
        if (finding_concerns(&of, f, s))
            return true;
    return false;
}

static int read_text(char **out, const struct fleet *f, enum field field, const char *text, struct err *err)
{
    if (field == FIELD_SUPPLY && fleet_supply(f, text) < 0)
        return err_set(err, ERR_DATA, "'%.80s' is not a supply of the fleet", text);
    if (field == FIELD_SUBJECT && !is_subject(f, text))
        return err_set(err, ERR_DATA, "'%.80s' is neither a supply nor a group of the fleet", text);
    if (field == FIELD_OUTCOME && !is_outcome(text))
        return err_set(err, ERR_DATA, "'%.80s' is not fault_found, nothing_found or not_inspected", text);
    *out = xstrdup(text);
    return 0;
}

static int read_field(char **out, const struct fleet *f, enum field field, const struct csv *c, int column,
                      const struct timecell *times, struct err *err)
{
    if (field == FIELD_TIME)
        return read_time(out, c, column, times, false, err);
    if (field == FIELD_WEEK) /* a date, wherever it is read */
        return read_time(out, c, column, &(struct timecell){.format = times->format}, true, err);
    if (read_text(out, f, field, csv_field(c, column), err) == 0)
        return 0;
    return err_wrap(err, "%s:%u: %s", csv_path(c), csv_line(c), csv_name(c, (size_t)column));
}

static int read_row(struct table *t, const struct csv *c, const int column[4], const struct fleet *f,
                    struct err *err)
{
    const struct kind *kind = &kinds[t->kind];
    xgrow(&t->row, &t->cap, t->n + 1, sizeof *t->row);
    struct history_row *row = &t->row[t->n++];
    *row = (struct history_row){{NULL}};
    for (int k = 0; k < kind->n; k++) {
        char *value = NULL;
        if (read_field(&value, f, kind->column[k].field, c, column[k], t->times, err) != 0)
            return err->code = ERR_CONFIG;
        row->value[k] = value;
    }
    return 0;
}

static char *time_text(tstamp_ns t)
{
    char iso[TIMEFMT_LEN];
    return t == MAINTENANCE_OPEN ? NULL : xstrdup(timefmt_iso(iso, t));
}

/* Read and checked as the configured file is. */
static int read_maintenance(struct table *t, const struct fleet *f, struct err *err)
{
    struct maintenance *m = NULL;
    int rc = maintenance_read(&m, t->path, t->times, f, err);
    if (rc != 0)
        return rc;
    t->row = xcalloc(m->n_entries, sizeof *t->row);
    for (; t->n < m->n_entries; t->n++) {
        const struct maintenance_entry *e = m->entry[t->n];
        t->row[t->n] = (struct history_row){{xstrdup(e->subject), time_text(e->start), time_text(e->end),
                                             xstrdup(e->work), xstrdup(e->repeat), xstrdup(e->timezone),
                                             time_text(e->until)}};
    }
    maintenance_free(m);
    return 0;
}

/* The kind whose columns a header has; -1: none. */
static int recognise(const struct csv *c)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        int k = 0;
        while (k < kinds[i].n && csv_find(c, kinds[i].column[k].name) >= 0)
            k++;
        if (k == kinds[i].n)
            return (int)i;
    }
    return -1;
}

/* kind -1: to be recognised by the header. */
static int read_table(struct table *t, int kind, const struct fleet *f, struct err *err)
{
    struct csv *c = NULL;
    int rc = csv_open(&c, t->path, err);
    if (rc != 0)
        return err->code = ERR_CONFIG;
    if (kind < 0 && (kind = recognise(c)) < 0)
        rc = err_set(err, ERR_CONFIG,
                     "%s:1: columns are neither those of trips (supply,time,cause) nor of "
                     "outcomes (week,supply,outcome,note) nor of maintenance "
                     "(supply,start,end,work[,repeat,timezone,until])",
                     t->path);
    int column[4] = {-1, -1, -1, -1};
    for (int k = 0; rc == 0 && k < kinds[kind].n; k++)
        if (csv_require(c, kinds[kind].column[k].name, &column[k], err) != 0)
            rc = err->code = ERR_CONFIG;
    int more = 0;
    if (rc == 0)
        t->kind = (enum history_table)kind;
    while (rc == 0 && kind != HISTORY_MAINTENANCE && (more = csv_next(c, err)) > 0)
        rc = read_row(t, c, column, f, err);
    csv_close(c);
    if (rc == 0 && kind == HISTORY_MAINTENANCE)
        rc = read_maintenance(t, f, err);
    return rc == 0 && more < 0 ? (err->code = ERR_CONFIG) : rc;
}

/* ---- the command ---- */

static int write_tables(const struct context *c, const struct table tables[], int n, struct err *err)
{
    for (int i = 0; i < n; i++) {
        struct history_imported done;
        int rc = history_import(c->conninfo, tables[i].kind, tables[i].row, tables[i].n, &done, err);
        if (rc != 0)
            return rc;
        printf("%s: %s: %zu new, %zu changed, %zu as before\n", tables[i].path, kinds[tables[i].kind].name,
               done.added, done.changed, done.same);
    }
    return 0;
}

static int withdraw(const struct context *c, const struct table tables[], int n, struct err *err)
{
    for (int i = 0; i < n; i++)
        if (tables[i].kind != HISTORY_MAINTENANCE)
            return err_set(err, ERR_CONFIG, "%s: --withdraw takes back maintenance, this is %s",
                           tables[i].path, kinds[tables[i].kind].name);
    for (int i = 0; i < n; i++) {
        size_t removed;
        int rc = history_withdraw(c->conninfo, tables[i].row, tables[i].n, &removed, err);
        if (rc != 0)
            return rc;
        printf("%s: maintenance: %zu taken back, %zu were not there\n", tables[i].path, removed,
               tables[i].n - removed);
    }
    return 0;
}

static int import(const char *config, struct table tables[], const int kind[], int n, bool back,
                  struct err *err)
{
    struct context c = {0};
    int rc = context_open(&c, config, err);
    /* before the database: that gives up root, and the files may be root's */
    for (int i = 0; rc == 0 && i < n; i++)
        rc = read_table(&tables[i], kind[i], c.world->fleet, err);
    if (rc == 0 && (rc = context_database(&c, err)) == 0)
        rc = back ? withdraw(&c, tables, n, err) : write_tables(&c, tables, n, err);
    context_close(&c);
    return rc;
}

static int run(int argc, char **argv)
{
    const char *config = NULL, *given[N_KINDS] = {NULL}, *positional[MAX_FILES];
    struct timecell times = {.format = NULL};
    bool back = false;
    const struct option_spec specs[] = {
        {"config", 'c', OPTION_TEXT, &config, "F", "configuration file", true},
        {"trips", 0, OPTION_TEXT, &given[HISTORY_TRIPS], "FILE", "supply,time,cause", false},
        {"outcomes", 0, OPTION_TEXT, &given[HISTORY_OUTCOMES], "FILE", "week,supply,outcome,note", false},
        {"maintenance", 0, OPTION_TEXT, &given[HISTORY_MAINTENANCE], "FILE",
         "supply,start,end,work[,repeat,timezone,until]", false},
        {"time-format", 0, OPTION_TEXT, &times.format, "F",
         "how times are written, as strptime(3) has it; else they tell themselves", false},
        {"timezone", 0, OPTION_TEXT, &times.timezone, "ZONE",
         "of times that name none, such as Europe/Berlin; UTC", false},
        {"withdraw", 0, OPTION_FLAG, &back, NULL, "take imported maintenance back (by supply and start)",
         false},
        {0}};
    int n_files = 0, status;
    if (!command_options(
            argc, argv, "import -c F [--trips FILE] [--outcomes FILE] [--maintenance FILE] [FILE …]",
            "Imports trips, outcomes of inspections and maintenance. The kind of a bare FILE is\n"
            "seen from its header. Nothing is imported when a row is wrong; importing again\n"
            "changes nothing. Imported maintenance counts like that of the configured file: a\n"
            "running monitor takes it within seconds, and computes scores of the past again.",
            specs, positional, MAX_FILES, &n_files, &status))
        return status;
    struct table tables[MAX_FILES + N_KINDS] = {{.path = NULL}};
    int kind[MAX_FILES + N_KINDS], n = 0;
    for (size_t i = 0; i < N_KINDS; i++)
        if (given[i]) {
            tables[n].path = given[i];
            kind[n++] = (int)i;
        }
    for (int i = 0; i < n_files; i++) {
        tables[n].path = positional[i];
        kind[n++] = -1;
    }
    for (int i = 0; i < n; i++)
        tables[i].times = &times;
    struct err err = {0};
    int rc = n ? options_check_times(&times, &err)
               : err_set(&err, ERR_CONFIG, "import: no file is given; see psmon import --help");
    if (rc == 0)
        rc = import(config, tables, kind, n, back, &err);
    for (int i = 0; i < n; i++)
        free_table(&tables[i]);
    return rc == 0 ? EXIT_OK : command_fail(&err);
}

const struct command command_import = {
    .name = "import", .summary = "trips, outcomes of inspections, maintenance", .run = run};
