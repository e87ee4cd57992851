/* Maintenance in the history: the file's list as it was read, what was imported beside it, and by which of it
 * a live run's scores were made. A change of the past is noticed when it comes, also over a restart, and what
 * it touches is computed again (redo.c). See history.h. SPDX-License-Identifier: MIT */
#include "archive/history/internal.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

#define LIST_COLUMNS "subject, psmon_iso(start), psmon_iso(\"end\"), work, repeat, timezone, psmon_iso(until)"

static tstamp_ns time_of(const char *text)
{
    tstamp_ns t;
    struct err err;
    return text && timefmt_parse(&t, text, &err) == 0 ? t : MAINTENANCE_OPEN;
}

/* v: the columns of LIST_COLUMNS. */
static void add_row(struct maintenance *m, const struct fleet *f, char *const v[])
{
    struct err err = {0};
    const struct maintenance_entry e = {.subject = v[0],
                                        .start = time_of(v[1]),
                                        .end = time_of(v[2]),
                                        .work = v[3],
                                        .repeat = v[4],
                                        .timezone = v[5],
                                        .until = time_of(v[6]),
                                        .origin = MAINTENANCE_IMPORTED};
    if (maintenance_add(m, f, &e, &err) != 0)
        log_warning("maintenance", "imported, but left out: %s", err.msg);
}

static int read_list(const char *conninfo, const char *sql, int n, const char *const params[],
                     const struct fleet *f, struct maintenance **out, struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc = pg_run(conninfo, sql, n, params, &rows, err);
    if (rc != 0)
        return rc;
    *out = maintenance_new();
    for (int r = 0; r < rows->n_rows; r++)
        add_row(*out, f, rows->value + (size_t)r * (size_t)rows->n_columns);
    maintenance_order(*out);
    pg_rows_free(rows);
    return 0;
}

int history_imported(const char *conninfo, const struct fleet *f, struct maintenance **out, struct err *err)
{
    return read_list(conninfo, "SELECT " LIST_COLUMNS " FROM maintenance WHERE origin = 'imported'", 0, NULL,
                     f, out, err);
}

/* ---- writing ---- */

enum { SUBJECT, START, END, WORK, REPEAT, TIMEZONE, UNTIL, COLUMNS };

/* Entries as an array a column; of one origin, or (-1) all. */
static void make_arrays(const struct maintenance *m, int origin, struct buf b[COLUMNS],
                        const char *params[COLUMNS])
{
    for (size_t i = 0; i < m->n_entries; i++) {
        const struct maintenance_entry *e = m->entry[i];
        char start[TIMEFMT_LEN], end[TIMEFMT_LEN], until[TIMEFMT_LEN];
        const char *value[COLUMNS] = {[SUBJECT] = e->subject,
                                      [START] = timefmt_iso(start, e->start),
                                      [END] = e->end == MAINTENANCE_OPEN ? NULL : timefmt_iso(end, e->end),
                                      [WORK] = e->work,
                                      [REPEAT] = e->repeat,
                                      [TIMEZONE] = e->timezone,
                                      [UNTIL] = e->until == MAINTENANCE_OPEN ? NULL
                                                                             : timefmt_iso(until, e->until)};
        for (int k = 0; k < COLUMNS && (origin < 0 || (int)e->origin == origin); k++)
            history_array_text(&b[k], value[k]);
    }
    for (int k = 0; k < COLUMNS; k++)
        params[k] = history_array_end(&b[k]);
}

#define ARRAYS                                                                                      \
    "unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], " \
    "$7::timestamptz[])"

/* Of lines with the same subject and start the last counts here: the table shows the file, psmon goes by it.
 */
static const char insert_file[] =
    "INSERT INTO maintenance AS o (origin, subject, start, \"end\", work, repeat, timezone, until) SELECT "
    "DISTINCT ON"
    " (u.a, u.b) 'file', u.a, u.b, u.c, u.d, u.e, u.f, u.g FROM unnest($1::text[], $2::timestamptz[],"
    " $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::timestamptz[]) WITH ORDINALITY"
    " u(a, b, c, d, e, f, g, i) ORDER BY u.a, u.b, u.i DESC ON CONFLICT (origin, subject, start) DO UPDATE "
    "SET \"end\""
    " = EXCLUDED.\"end\", work = EXCLUDED.work, repeat = EXCLUDED.repeat, timezone = EXCLUDED.timezone, "
    "until ="
    " EXCLUDED.until";

static void put_file(struct pg_txn *t, const struct maintenance *m)
{
    struct buf b[COLUMNS] = {{0}};
    const char *params[COLUMNS];
    make_arrays(m, MAINTENANCE_FILE, b, params);
    pg_txn_add(t, insert_file, COLUMNS, params);
    for (int k = 0; k < COLUMNS; k++)
        buf_free(&b[k]);
}

/* The live run's list is the one in force: what has left the file leaves the table. */
static void put_live(const struct history *h, struct pg_txn *t, const struct maintenance *m)
{
    struct buf b[COLUMNS] = {{0}};
    const char *params[COLUMNS + 1];
    const char *const run[1] = {h->run_id};
    pg_txn_add(t, "DELETE FROM maintenance WHERE origin = 'file'", 0, NULL);
    pg_txn_add(t, "DELETE FROM run_maintenance WHERE run = $1::int", 1, run);
    make_arrays(m, -1, b, params);
    params[COLUMNS] = h->run_id;
    pg_txn_add(t,
               "INSERT INTO run_maintenance (subject, start, \"end\", work, repeat, timezone, until, run) "
               "SELECT u.*,"
               " $8::int FROM " ARRAYS " u",
               COLUMNS + 1, params);
    pg_txn_add(t, "UPDATE runs SET maintenance_known = true WHERE run = $1::int", 1, run);
    for (int k = 0; k < COLUMNS; k++)
        buf_free(&b[k]);
}

static void put_list(struct history *h, struct pg_txn *t, const struct maintenance *m)
{
    if (h->live)
        put_live(h, t, m);
    put_file(t, m);
}

/* What is stored of a live run was made by `before`. */
static void compare(struct history *h, struct pg_txn *t, const struct maintenance *before,
                    const struct maintenance *m, tstamp_ns tail)
{
    tstamp_ns from = h->oldest, to = h->newest;
    char a[TIMEFMT_LEN], b[TIMEFMT_LEN];
    if (!h->oldest || !h->newest || !maintenance_differs(before, m, &from, &to))
        return;
    to = h->newest - to > tail ? hour_of(to + tail) + NS_PER_HOUR : h->newest;
    to = to < h->newest ? to : h->newest; /* what comes after was made by the new list */
    log_info("maintenance", "of the past has changed: scores are computed again from=%s to=%s",
             timefmt_iso(a, from), timefmt_iso(b, to));
    redo_ask(h, t, from, to);
}

void history_put_maintenance(struct history *h, const struct maintenance *before, const struct maintenance *m,
                             tstamp_ns tail)
{
    struct pg_txn *t = pg_txn_new();
    put_list(h, t, m);
    if (h->live)
        compare(h, t, before, m, tail);
    history_submit(h, t);
}

/* ---- at the start ---- */

static int read_span(struct history *h, const char *conninfo, struct err *err)
{
    char supply[16];
    snprintf(supply, sizeof supply, "%d", h->fleet->n_supplies ? (int)h->supply_id[0] : 0);
    const char *const params[2] = {h->run_id,
                                   supply}; /* one supply's hours: the index finds the first at once */
    int rc = history_instant(&h->oldest, conninfo,
                             "SELECT extract(epoch FROM min(t))::bigint FROM hours WHERE run = $1::int AND"
                             " supply = $2::int",
                             2, params, err);
    return rc != 0
               ? rc
               : history_instant(&h->newest, conninfo,
                                 "SELECT extract(epoch FROM max(t))::bigint FROM ticks WHERE run = $1::int",
                                 1, params, err);
}

static int read_before(struct history *h, const char *conninfo, struct maintenance **before, struct err *err)
{
    char known[16];
    const char *const params[1] = {h->run_id};
    int rc = history_number(known, conninfo, "SELECT maintenance_known FROM runs WHERE run = $1::int", 1,
                            params, err);
    if (rc != 0 || known[0] != 't')
        return rc;
    return read_list(conninfo, "SELECT " LIST_COLUMNS " FROM run_maintenance WHERE run = $1::int", 1, params,
                     h->fleet, before, err);
}

int worktimes_open(struct history *h, const char *conninfo, const struct maintenance *m, tstamp_ns tail,
                   struct err *err)
{
    struct maintenance *before = NULL;
    int rc = h->live ? read_span(h, conninfo, err) : 0;
    if (rc == 0 && m && h->live)
        rc = read_before(h, conninfo, &before, err);
    if (rc != 0 || !m)
        return rc;
    struct pg_txn *t = pg_txn_new();
    put_list(h, t, m);
    if (before)
        compare(h, t, before, m, tail);
    history_submit(h, t);
    maintenance_free(before);
    return 0;
}

/* ---- while it runs ---- */

struct watching {
    struct history *h;
    void (*changed)(void *arg, struct maintenance *imported);
    void *arg;
};

/* Rows: stamp, columns; one row of NULLs behind the stamp where it is as it was, or the list is empty. */
static void on_imported(void *arg, const struct pg_rows *rows)
{
    struct watching *w = arg;
    struct history *h = w->h;
    h->worktimes_asked = false;
    if (h->closed) {
        history_release_closed(h);
    } else if (rows && rows->n_rows && strcmp(rows->value[0], h->worktimes_stamp) != 0) {
        snprintf(h->worktimes_stamp, sizeof h->worktimes_stamp, "%s", rows->value[0]);
        struct maintenance *m = maintenance_new();
        for (int r = 0; r < rows->n_rows; r++)
            if (rows->value[r * rows->n_columns + 1])
                add_row(m, h->fleet, rows->value + (size_t)r * (size_t)rows->n_columns + 1);
        maintenance_order(m);
        w->changed(w->arg, m);
    }
    free(w);
}

void history_watch_imported(struct history *h, void (*changed)(void *arg, struct maintenance *imported),
                            void *arg)
{
    if (h->worktimes_asked || !pg_up(h->pg))
        return;
    struct watching *w = xcalloc(1, sizeof *w);
    *w = (struct watching){h, changed, arg};
    const char *const params[1] = {h->worktimes_stamp};
    h->worktimes_asked = true;
    pg_query(h->pg,
             "WITH now AS (SELECT count(*) || ' ' || coalesce(max(changed)::text, '') AS stamp FROM "
             "maintenance WHERE"
             " origin = 'imported') SELECT now.stamp, " LIST_COLUMNS
             " FROM now LEFT JOIN maintenance m ON m.origin ="
             " 'imported' AND now.stamp <> $1",
             1, params, on_imported, w);
}
