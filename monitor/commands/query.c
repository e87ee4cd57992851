/* psmon query: the history as table, CSV or JSON, row by row. SPDX-License-Identifier: MIT */
#include "archive/history/history.h"
#include "base/mem.h"
#include "base/text/spelling.h"
#include "base/time/timefmt.h"
#include "monitor/command.h"
#include "monitor/commands/query_sql.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEW_CHANNELS 60 /* up to so many, picking elements beats unrolling whole arrays */
#define HELD_ROWS 200   /* rows that decide the widths of a table's columns */

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSON };

struct options {
    const char *config, *what, *supply, *signal, *run, *format_name;
    tstamp_ns from, to;
    double chance; /* NaN: not given */
    enum format format;
};

/* ---- printing ---- */

struct printer {
    enum format format;
    struct buf line;
    size_t rows;
    int failed; /* errno of the first write that failed; then no more is asked for */
    int n_columns;
    char **held; /* table: the head and the first rows, until the widths are known */
    size_t n_held, held_cap;
    size_t *width;
};

static bool print_line(struct printer *p)
{
    bool ok = fwrite(p->line.data, 1, p->line.len, stdout) == p->line.len;
    if (!ok && !p->failed)
        p->failed = errno;
    buf_reset(&p->line);
    return ok;
}

/* Length in characters, not bytes, of UTF-8 text. */
static size_t characters(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static bool print_table_row(struct printer *p, char *const value[])
{
    for (int k = 0; k < p->n_columns; k++) {
        const char *v = value[k] ? value[k] : "";
        buf_str(&p->line, v);
        for (size_t i = characters(v); k + 1 < p->n_columns && i < p->width[k] + 2; i++)
            buf_str(&p->line, " ");
    }
    buf_str(&p->line, "\n");
    return print_line(p);
}

static bool release_held(struct printer *p)
{
    bool ok = true;
    size_t columns = (size_t)p->n_columns;
    p->width = xcalloc(columns, sizeof *p->width);
    for (size_t i = 0; i < p->n_held; i++) {
        size_t n = characters(p->held[i]);
        if (n > p->width[i % columns])
            p->width[i % columns] = n;
    }
    for (size_t i = 0; i < p->n_held; i += columns)
        ok = print_table_row(p, p->held + i) && ok;
    for (size_t i = 0; i < p->n_held; i++)
        free(p->held[i]);
    free(p->held);
    p->held = NULL;
    return ok;
}

static void hold(struct printer *p, char *const value[])
{
    xgrow(&p->held, &p->held_cap, p->n_held + (size_t)p->n_columns, sizeof *p->held);
    for (int k = 0; k < p->n_columns; k++)
        p->held[p->n_held++] = xstrdup(value[k] ? value[k] : "");
}

static bool print_csv_row(struct printer *p, char *const value[])
{
    for (int k = 0; k < p->n_columns; k++) {
        if (k)
            buf_str(&p->line, ",");
        buf_csv(&p->line, value[k] ? value[k] : "");
    }
    buf_str(&p->line, "\n");
    return print_line(p);
}

static int on_row(void *arg, int n, char *const name[], char *const value[])
{
    struct printer *p = arg;
    bool ok = true, first = p->rows++ == 0;
    p->n_columns = n;
    if (p->format == FORMAT_JSON) {
        buf_printf(&p->line, "%s%s", first ? "[\n" : ",\n", value[0]);
        ok = print_line(p);
    } else if (p->format == FORMAT_CSV) {
        ok = (!first || print_csv_row(p, name)) && print_csv_row(p, value);
    } else if (p->width) {
        ok = print_table_row(p, value);
    } else {
        if (first)
            hold(p, name);
        hold(p, value);
        if (p->rows == HELD_ROWS)
            ok = release_held(p);
    }
    return !ok;
}

/* Without rows there were no column names: ask for them. */
static int print_empty(struct printer *p, const char *conninfo, const char *sql, struct err *err)
{
    struct pg_rows *head = NULL;
    static const char *const none[QUERY_PARAMETERS] = {NULL};
    if (p->format == FORMAT_TABLE) {
        printf("none\n");
        return 0;
    }
    if (p->format == FORMAT_JSON) {
        printf("[]\n");
        return 0;
    }
    int rc = pg_run(conninfo, sql, QUERY_PARAMETERS, none, &head, err);
    if (rc == 0) {
        p->n_columns = head->n_columns;
        print_csv_row(p, head->name);
    }
    pg_rows_free(head);
    return rc;
}

/* ---- asking ---- */

/* A shell pattern as a regular expression of PostgreSQL: * ? [a-z] [!a-z]; all else is itself. */
static char *expression(const char *glob)
{
    struct buf b = {0};
    buf_str(&b, "^");
    for (const char *p = glob; *p; p++) {
        const char *close = *p == '[' && p[1] ? strchr(p + 2, ']') : NULL;
        if (*p == '*' || *p == '?') {
            buf_str(&b, *p == '*' ? ".*" : ".");
        } else if (close) {
            buf_str(&b, p[1] == '!' ? "[^" : "[");
            const char *from = p + 1 + (p[1] == '!');
            buf_add(&b, from, (size_t)(close - from) + 1);
            p = close;
        } else {
            if (strchr("\\.+()|^${}[]", *p))
                buf_str(&b, "\\");
            buf_add(&b, p, 1);
        }
    }
    buf_str(&b, "$");
    return b.data;
}

static bool is_few(const struct fleet *f, const struct options *o)
{
    size_t n = 0;
    if (!o->supply)
        return false;
    for (size_t s = 0; s < f->n_supplies; s++)
        if (fnmatch(o->supply, f->supplies[s].name, 0) == 0)
            n += o->signal ? 1 : f->supplies[s].n_channels;
    return n <= FEW_CHANNELS;
}

/* The run's number as text; "" where there is none and none was asked for. */
static int find_run(char out[16], const char *conninfo, const struct query_view *v, const struct options *o,
                    struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc =
        o->run ? pg_run(conninfo, "SELECT run, kind, name FROM runs WHERE name = $1", 1, &o->run, &rows, err)
               : pg_run(conninfo, "SELECT run, kind, name FROM runs WHERE run = psmon_default_run()", 0, NULL,
                        &rows, err);
    if (rc != 0)
        return rc;
    out[0] = '\0';
    if (rows->n_rows)
        snprintf(out, 16, "%s", rows->value[0]);
    else if (o->run)
        rc = err_set(err, ERR_CONFIG, "there is no run '%s'; psmon query -c %s runs lists them", o->run,
                     o->config);
    else if (v->of_run)
        fprintf(stderr, "psmon: nothing was stored yet by run or replay\n");
    if (rows->n_rows && v->of_run && !o->run && strcmp(rows->value[1], "replay") == 0)
        fprintf(stderr, "psmon: there is no live run: this is replay '%s'\n", rows->value[2]);
    pg_rows_free(rows);
    return rc;
}

/* Nothing was found: perhaps since nothing bears that name. */
static void note_signal(const struct fleet *f, const char *name)
{
    char hint[SPELLING_LEN];
    struct spelling s = spelling_of(name);
    for (size_t i = 0; i < f->signals.n; i++) {
        if (strcmp(name, f->signals.name[i]) == 0)
            return;
        spelling_offer(&s, f->signals.name[i]);
    }
    fprintf(stderr, "psmon: no channel of the fleet has signal '%s'%s\n", name, spelling_hint(hint, &s));
}

static void note_supply(const struct fleet *f, const char *glob)
{
    bool found = false;
    for (size_t i = 0; !found && i < f->n_supplies; i++)
        found = fnmatch(glob, f->supplies[i].name, 0) == 0;
    for (size_t i = 0; !found && i < f->groups[GROUP_SECTOR].n; i++)
        found = fnmatch(glob, f->groups[GROUP_SECTOR].name[i], 0) == 0;
    if (!found)
        fprintf(stderr, "psmon: no supply or sector of the fleet fits '%s'\n", glob);
}

static int ask(const struct context *c, const struct query_view *v, const struct options *o, struct err *err)
{
    char run[16], from[TIMEFMT_LEN], to[TIMEFMT_LEN];
    if (find_run(run, c->conninfo, v, o, err) != 0)
        return err->code;
    char *supply = o->supply ? expression(o->supply) : NULL;
    char chance[32];
    snprintf(chance, sizeof chance, "%.17g", o->chance);
    const char *const params[QUERY_PARAMETERS] = {run[0] ? run : NULL,
                                                  o->from ? timefmt_iso(from, o->from) : NULL,
                                                  o->to ? timefmt_iso(to, o->to) : NULL,
                                                  supply,
                                                  o->signal,
                                                  isnan(o->chance) ? NULL : chance};
    const char *sql = v->few && is_few(c->world->fleet, o) ? v->few : v->sql;
    /* the database knows which columns are numbers */
    char *json = o->format == FORMAT_JSON ? xasprintf("SELECT row_to_json(q) FROM (%s) q", sql) : NULL;
    struct printer p = {.format = o->format};
    int rc = pg_each(c->conninfo, json ? json : sql, QUERY_PARAMETERS, params, on_row, &p, err);
    if (rc == 0 && p.rows == 0) {
        if (o->signal)
            note_signal(c->world->fleet, o->signal);
        if (o->supply)
            note_supply(c->world->fleet, o->supply);
        rc = print_empty(&p, c->conninfo, sql, err);
    } else if (o->format == FORMAT_JSON)
        printf("\n]\n");
    else if (p.held)
        release_held(&p);
    if (!p.failed && fflush(stdout) != 0)
        p.failed = errno;
    if (rc == 0 && p.failed && p.failed != EPIPE) /* psmon query … | head is no failure */
        rc = err_set(err, ERR_IO, "could not write the output: %s", strerror(p.failed));
    buf_free(&p.line);
    free(p.width);
    free(supply);
    free(json);
    return rc;
}

/* ---- the command ---- */

static const char *word(int i)
{
    const struct query_view *v = query_view_at(i);
    return v ? v->name : NULL;
}

static int unknown_view(const char *name, struct err *err)
{
    char hint[SPELLING_LEN];
    struct spelling s = spelling_of(name);
    for (int i = 0; word(i); i++)
        spelling_offer(&s, word(i));
    return err_set(err, ERR_CONFIG, "cannot show '%.60s'%s; see psmon query --help", name,
                   spelling_hint(hint, &s));
}

static int check(struct options *o, const char *const positional[], int n, const struct query_view **v,
                 struct err *err)
{
    static const char *const formats[] = {"table", "csv", "json"};
    if (n == 0)
        return err_set(err, ERR_CONFIG, "say what to show; see psmon query --help");
    *v = query_view_find(positional[0]);
    if (!*v)
        return unknown_view(positional[0], err);
    int f = 0;
    while (f < 3 && strcmp(o->format_name, formats[f]) != 0)
        f++;
    if (f == 3)
        return err_set(err, ERR_CONFIG, "--format: '%s' is not table, csv or json", o->format_name);
    if (o->from && o->to && o->to <= o->from)
        return err_set(err, ERR_CONFIG, "--to is not after --from");
    o->format = (enum format)f;
    return 0;
}

static char *about(void)
{
    struct buf b = {0};
    buf_str(&b, "Shows the history. WHAT is one of\n");
    const struct query_view *v;
    for (int i = 0; (v = query_view_at(i)); i++)
        buf_printf(&b, "  %-12s %s\n", v->name, v->help);
    buf_str(&b, "of the live run, or the latest replay where there is no live one.");
    return b.data;
}

static int run(int argc, char **argv)
{
    struct options o = {.format_name = "table", .chance = (double)NAN};
    const struct option_spec specs[] = {
        {"config", 'c', OPTION_TEXT, &o.config, "F", "configuration file", true},
        {"from", 0, OPTION_TIME, &o.from, "T", "not before this time", false},
        {"to", 0, OPTION_TIME, &o.to, "T", "before this time", false},
        {"supply", 0, OPTION_TEXT, &o.supply, "GLOB", "supplies (or subjects), such as 'S05*'", false},
        {"signal", 0, OPTION_TEXT, &o.signal, "S", "one signal", false},
        {"run", 0, OPTION_TEXT, &o.run, "NAME", "another run", false},
        {"chance", 0, OPTION_NUMBER, &o.chance, "C",
         "findings by chance at most C times a week, those too that were not said", false},
        {"format", 0, OPTION_TEXT, &o.format_name, "F", "table, csv or json", false},
        {0}};
    const char *positional[1];
    int n = 0, status;
    char *text = about();
    bool go =
        command_options(argc, argv, "query -c F WHAT [options]", text, specs, positional, 1, &n, &status);
    free(text);
    if (!go)
        return status;
    struct context c = {0};
    struct err err = {0};
    const struct query_view *v = NULL;
    int rc = check(&o, positional, n, &v, &err);
    if (rc == 0)
        rc = context_open(&c, o.config, &err);
    if (rc == 0 && (rc = context_database(&c, &err)) == 0)
        rc = ask(&c, v, &o, &err);
    status = rc == 0 ? EXIT_OK : command_fail(&err);
    context_close(&c);
    return status;
}

const struct command command_query = {
    .name = "query", .summary = "history: scores, readings, findings, rankings …", .run = run, .word = word};
