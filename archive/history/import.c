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
        {7,
         "INSERT INTO maintenance AS o (origin, subject, start, \"end\", work, repeat, timezone, until) "
         "SELECT"
         " DISTINCT ON (u.a, u.b) 'imported', u.a, u.b, u.c, u.d, u.e, u.f, u.g FROM unnest($1::text[],"
         " $2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::timestamptz[]) WITH"
         " ORDINALITY u(a, b, c, d, e, f, g, i) ORDER BY u.a, u.b, u.i DESC ON CONFLICT (origin, subject, "
         "start)"
         " DO UPDATE SET \"end\" = EXCLUDED.\"end\", work = EXCLUDED.work, repeat = EXCLUDED.repeat, "
         "timezone ="
         " EXCLUDED.timezone, until = EXCLUDED.until, changed = clock_timestamp() WHERE (o.\"end\", o.work,"
         " o.repeat, o.timezone, o.until) IS DISTINCT FROM (EXCLUDED.\"end\", EXCLUDED.work, EXCLUDED.repeat,"
         " EXCLUDED.timezone, EXCLUDED.until) RETURNING xmax = 0"},
};

/* The rows as parameters of the table's statement: an array a column, made in b. */
static void make_params(const struct import_table *t, const struct history_row rows[], size_t n,
                        struct buf b[HISTORY_ROW_MAX], const char *params[HISTORY_ROW_MAX])
{
    for (int k = 0; k < t->columns; k++) {
        for (size_t i = 0; i < n; i++)
            history_array_text(&b[k], rows[i].value[k]);
        params[k] = history_array_end(&b[k]);
    }
}

static void free_params(struct buf b[HISTORY_ROW_MAX])
{
    for (int k = 0; k < HISTORY_ROW_MAX; k++)
        buf_free(&b[k]);
}

int history_import(const char *conninfo, enum history_table table, const struct history_row rows[], size_t n,
                   struct history_imported *done, struct err *err)
{
    const struct import_table *t = &tables[table];
    struct buf b[HISTORY_ROW_MAX] = {{0}};
    const char *params[HISTORY_ROW_MAX] = {NULL};
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

int history_withdraw(const char *conninfo, const struct history_row rows[], size_t n, size_t *removed,
                     struct err *err)
{
    struct buf b[HISTORY_ROW_MAX] = {{0}};
    const char *params[HISTORY_ROW_MAX] = {NULL};
    struct pg_rows *answer = NULL;
    make_params(&tables[HISTORY_MAINTENANCE], rows, n, b, params);
    int rc = pg_run(conninfo,
                    "DELETE FROM maintenance WHERE origin = 'imported' AND (subject, start) IN (SELECT * FROM"
                    " unnest($1::text[], $2::timestamptz[])) RETURNING 1",
                    2, params, &answer, err);
    *removed = rc == 0 ? (size_t)answer->n_rows : 0;
    pg_rows_free(answer);
    free_params(b);
    return rc;
}
