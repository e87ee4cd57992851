/* What commands import: trips, outcomes, maintenance; see history.h. SPDX-License-Identifier: MIT */
#include "archive/history/internal.h"

#include "base/mem.h"

#include <stdlib.h>

struct import_table {
    int columns;
    const char *sql; /* one statement; returns a row "t" for each new and "f" for each changed one */
};

/* xmax is 0 in a row that was inserted, not in one that was updated. */
static const struct import_table tables[] = {
    [HISTORY_TRIPS] =
        {3, "INSERT INTO trips AS o (supply, time, cause) SELECT DISTINCT ON (u.a, u.b) u.a, u.b, u.c FROM"
            " unnest($1::text[], $2::timestamptz[], $3::text[]) WITH ORDINALITY u(a, b, c, i)"
            " ORDER BY u.a, u.b, u.i DESC ON CONFLICT (supply, time) DO UPDATE SET cause = EXCLUDED.cause"
            " WHERE o.cause <> EXCLUDED.cause RETURNING xmax = 0"},
    [HISTORY_OUTCOMES] =
        {4, "INSERT INTO outcomes AS o (week, supply, outcome, note) SELECT DISTINCT ON (u.a, u.b) u.a, u.b,"
            " u.c, u.d FROM unnest($1::date[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY"
            " u(a, b, c, d, i) ORDER BY u.a, u.b, u.i DESC ON CONFLICT (week, supply) DO UPDATE SET"
            " outcome = EXCLUDED.outcome, note = EXCLUDED.note WHERE (o.outcome, o.note) <>"
            " (EXCLUDED.outcome, EXCLUDED.note) RETURNING xmax = 0"},
    [HISTORY_MAINTENANCE] =
        {4, "INSERT INTO maintenance AS o (subject, start, \"end\", work) SELECT DISTINCT ON (u.a, u.b) u.a,"
            " u.b, u.c, u.d FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::text[]) WITH"
            " ORDINALITY u(a, b, c, d, i) ORDER BY u.a, u.b, u.i DESC ON CONFLICT (subject, start) DO UPDATE"
            " SET \"end\" = EXCLUDED.\"end\", work = EXCLUDED.work WHERE (o.\"end\", o.work) IS DISTINCT FROM"
            " (EXCLUDED.\"end\", EXCLUDED.work) RETURNING xmax = 0"},
};

/* The rows as parameters of the table's statement: an array a column, made in b. */
static void make_params(const struct import_table *t, const struct history_row rows[], size_t n,
                        struct buf b[4], const char *params[4])
{
    for (int k = 0; k < t->columns; k++) {
        for (size_t i = 0; i < n; i++)
            history_array_text(&b[k], rows[i].value[k]);
        params[k] = history_array_end(&b[k]);
    }
}

static void free_params(struct buf b[4])
{
    for (int k = 0; k < 4; k++)
        buf_free(&b[k]);
}

int history_import(const char *conninfo, enum history_table table, const struct history_row rows[], size_t n,
                   struct history_imported *done, struct err *err)
{
    const struct import_table *t = &tables[table];
    struct buf b[4] = {{0}};
    const char *params[4] = {NULL};
    make_params(t, rows, n, b, params);
    struct pg_rows *answer = NULL;
    int rc = pg_run(conninfo, t->sql, t->columns, params, &answer, err);
    if (rc == 0 && done) {
        *done = (struct history_imported){0};
        for (int i = 0; i < answer->n_rows; i++)
            *(answer->value[i][0] == 't' ? &done->added : &done->changed) += 1;
        done->same = n - done->added - done->changed;
    }
    pg_rows_free(answer);
    free_params(b);
    return rc;
}

/* ---- maintenance ---- */

/* Rows of a list and the texts of their times. */
struct maintenance_rows {
    struct history_row *row;
    char (*time)[2][TIMEFMT_LEN];
};

static struct maintenance_rows rows_of(const struct maintenance *m)
{
    struct maintenance_rows r = {xcalloc(m->n, sizeof *r.row), xcalloc(m->n, sizeof *r.time)};
    for (size_t i = 0; i < m->n; i++) {
        const struct maintenance_period *p = &m->period[i];
        const char *start = timefmt_iso(r.time[i][0], p->start);
        const char *end = p->end == MAINTENANCE_OPEN ? NULL : timefmt_iso(r.time[i][1], p->end);
        r.row[i] = (struct history_row){{p->subject, start, end, p->work}};
    }
    return r;
}

static void free_rows(struct maintenance_rows *r)
{
    free(r->row);
    free(r->time);
}

int history_import_maintenance(const char *conninfo, const struct maintenance *m, struct err *err)
{
    if (!m)
        return 0;
    struct maintenance_rows r = rows_of(m);
    int rc = history_import(conninfo, HISTORY_MAINTENANCE, r.row, m->n, NULL, err);
    free_rows(&r);
    return rc;
}

void history_put_maintenance(struct history *h, const struct maintenance *m)
{
    const struct import_table *t = &tables[HISTORY_MAINTENANCE];
    struct maintenance_rows r = rows_of(m);
    struct buf b[4] = {{0}};
    const char *params[4] = {NULL};
    make_params(t, r.row, m->n, b, params);
    struct pg_txn *txn = pg_txn_new();
    pg_txn_add(txn, t->sql, t->columns, params);
    history_submit(h, txn);
    free_params(b);
    free_rows(&r);
}
