/* Blocking helpers for commands and start-up, and the migrations; see pg.h.
 * SPDX-License-Identifier: MIT */
#include "base/pg/internal.h"

#include "base/mem.h"
#include "base/secret.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIGRATION_LOCK "7730617365" /* advisory lock key, any constant */

char *pg_one_line(char *out, size_t n, const char *message)
{
    size_t len = 0;
    for (const char *p = message; *p && len + 1 < n; p++) {
        char c = isspace((unsigned char)*p) ? ' ' : *p;
        if (c != ' ' || (len > 0 && out[len - 1] != ' '))
            out[len++] = c;
    }
    while (len > 0 && out[len - 1] == ' ')
        len--;
    out[len] = '\0';
    return out;
}

static void ignore_notice(void *arg, const PGresult *r)
{
    (void)arg;
    (void)r;
}

static int connect_now(PGconn **out, const char *conninfo, struct err *err)
{
    static const char *const keys[] = {"connect_timeout", "dbname", "fallback_application_name",
                                       "client_encoding", NULL};
    /* later ones win: conninfo's own time-out, and UTF-8 whatever the environment or the database has */
    const char *const values[] = {"10", conninfo, "psmon", "UTF8", NULL};
    char line[400];
    PGconn *c = PQconnectdbParams(keys, values, 1);
    if (PQstatus(c) != CONNECTION_OK) {
        err_set(err, ERR_DB, "database: %s", pg_one_line(line, sizeof line, PQerrorMessage(c)));
        PQfinish(c);
        return ERR_DB;
    }
    PQsetNoticeReceiver(c, ignore_notice, NULL);
    PQclear(PQexec(c, "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'"));
    *out = c;
    return 0;
}

int pg_check(const char *conninfo, struct err *err)
{
    PQconninfoOption *o = PQconninfoParse(conninfo, NULL);
    bool ok = o != NULL;
    for (PQconninfoOption *i = o; ok && i->keyword; i++)
        ok = !i->val || strcmp(i->keyword, "host") != 0 || !strchr(i->val, '@'); /* rest of a password */
    PQconninfoFree(o);
    return ok ? 0
              : err_set(
                    err, ERR_CONFIG,
                    "is not a connection string of libpq: key=value words, or postgresql://USER@HOST/DATABASE"
                    " with %%40 for @, %%2F for / in it");
}

static void show_word(struct buf *b, const char *key, const char *value)
{
    bool plain = *value && !strpbrk(value, " '\\");
    buf_printf(b, "%s%s=%s", b->len ? " " : "", key, plain ? "" : "'");
    for (; *value; value++) {
        if (strchr("'\\", *value))
            buf_str(b, "\\");
        buf_add(b, value, 1);
    }
    buf_str(b, plain ? "" : "'");
}

char *pg_shown(const char *conninfo)
{
    struct buf b = {0};
    PQconninfoOption *o = PQconninfoParse(conninfo, NULL);
    for (PQconninfoOption *i = o; i && i->keyword; i++)
        if (i->val)
            show_word(&b, i->keyword, *i->dispchar == '*' ? SECRET_MASK : i->val);
    PQconninfoFree(o);
    return b.data ? b.data : xstrdup("");
}

struct pg_rows *pg_rows_of(const PGresult *r)
{
    struct pg_rows *rows = xcalloc(1, sizeof *rows);
    rows->n_rows = PQntuples(r);
    rows->n_columns = PQnfields(r);
    rows->name = xcalloc((size_t)rows->n_columns, sizeof *rows->name);
    rows->value = xcalloc((size_t)rows->n_rows * (size_t)rows->n_columns, sizeof *rows->value);
    for (int k = 0; k < rows->n_columns; k++)
        rows->name[k] = xstrdup(PQfname(r, k));
    for (int i = 0; i < rows->n_rows; i++)
        for (int k = 0; k < rows->n_columns; k++)
            if (!PQgetisnull(r, i, k))
                rows->value[i * rows->n_columns + k] = xstrdup(PQgetvalue(r, i, k));
    return rows;
}

void pg_rows_free(struct pg_rows *r)
{
    if (!r)
        return;
    for (int i = 0; i < r->n_rows * r->n_columns; i++)
        free(r->value[i]);
    for (int k = 0; k < r->n_columns; k++)
        free(r->name[k]);
    free(r->value);
    free(r->name);
    free(r);
}

static int result_error(const PGresult *r, const PGconn *c, struct err *err)
{
    char line[400];
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    return err_set(err, ERR_DB, "database: %s%s%s%s",
                   pg_one_line(line, sizeof line, primary ? primary : PQerrorMessage(c)),
                   state ? " (SQLSTATE " : "", state ? state : "", state ? ")" : "");
}

static int exec(PGconn *c, const char *sql, int n, const char *const params[], struct pg_rows **rows,
                struct err *err)
{
    /* the simple protocol takes several statements, and needs no parameters */
    PGresult *r = n ? PQexecParams(c, sql, n, NULL, params, NULL, NULL, 0) : PQexec(c, sql);
    ExecStatusType status = PQresultStatus(r);
    int rc = 0;
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
        rc = result_error(r, c, err);
    else if (rows)
        *rows = pg_rows_of(r);
    PQclear(r);
    return rc;
}

int pg_run(const char *conninfo, const char *sql, int n_params, const char *const params[],
           struct pg_rows **rows, struct err *err)
{
    PGconn *c = NULL;
    int rc = connect_now(&c, conninfo, err);
    if (rc != 0)
        return rc;
    rc = exec(c, sql, n_params, params, rows, err);
    PQfinish(c);
    return rc;
}

/* One result of single-row mode: 0 go on, 1 stop, or an error. */
static int hand_over(PGconn *c, const PGresult *r, char **name, char **value,
                     int (*on_row)(void *arg, int n, char *const name[], char *const value[]), void *arg,
                     struct err *err)
{
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_SINGLE_TUPLE)
        return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ? 0 : result_error(r, c, err);
    int n = PQnfields(r);
    for (int k = 0; k < n; k++) {
        name[k] = PQfname(r, k);
        value[k] = PQgetisnull(r, 0, k) ? NULL : PQgetvalue(r, 0, k);
    }
    return on_row(arg, n, name, value) != 0;
}

int pg_each(const char *conninfo, const char *sql, int n_params, const char *const params[],
            int (*on_row)(void *arg, int n, char *const name[], char *const value[]), void *arg,
            struct err *err)
{
    PGconn *c = NULL;
    char line[400];
    int rc = connect_now(&c, conninfo, err);
    if (rc != 0)
        return rc;
    if (!PQsendQueryParams(c, sql, n_params, NULL, params, NULL, NULL, 0) || !PQsetSingleRowMode(c))
        rc = err_set(err, ERR_DB, "database: %s", pg_one_line(line, sizeof line, PQerrorMessage(c)));
    char **name = NULL, **value = NULL;
    size_t name_cap = 0, value_cap = 0;
    PGresult *r;
    while (rc == 0 && (r = PQgetResult(c))) {
        xgrow(&name, &name_cap, (size_t)PQnfields(r) + 1, sizeof *name);
        xgrow(&value, &value_cap, (size_t)PQnfields(r) + 1, sizeof *value);
        rc = hand_over(c, r, name, value, on_row, arg, err);
        PQclear(r);
    }
    free(name);
    free(value);
    PQfinish(c); /* also ends a query that is still running */
    return rc > 0 ? 0 : rc;
}

/* ---- migrations ---- */

static int apply(PGconn *c, const char *component, int version, const char *sql, struct err *err)
{
    char number[16];
    snprintf(number, sizeof number, "%d", version);
    const char *const params[2] = {component, number};
    if (exec(c, "BEGIN", 0, NULL, NULL, err) != 0 || exec(c, sql, 0, NULL, NULL, err) != 0 ||
        exec(c, "INSERT INTO psmon_schema (component, version) VALUES ($1, $2::int)", 2, params, NULL, err) !=
            0 ||
        exec(c, "COMMIT", 0, NULL, NULL, err) != 0) {
        exec(c, "ROLLBACK", 0, NULL, NULL, NULL);
        return err_wrap(err, "migration %s %d", component, version);
    }
    return 0;
}

static int migrate(PGconn *c, const char *component, const char *const migration[], int n, struct err *err)
{
    const char *const params[1] = {component};
    struct pg_rows *rows = NULL;
    if (exec(c, "SELECT pg_advisory_lock(" MIGRATION_LOCK ")", 0, NULL, NULL, err) != 0 ||
        exec(c,
             "CREATE TABLE IF NOT EXISTS psmon_schema (component text, version int,"
             " applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (component, version));"
             "COMMENT ON TABLE psmon_schema IS 'migrations applied to this database'",
             0, NULL, NULL, err) != 0 ||
        exec(c, "SELECT coalesce(max(version), 0) FROM psmon_schema WHERE component = $1", 1, params, &rows,
             err) != 0)
        return err->code;
    assert(rows && rows->n_rows == 1); /* an aggregate has one row */
    int have = (int)strtol(rows->value[0], NULL, 10), rc = 0;
    pg_rows_free(rows);
    if (have > n)
        return err_set(err, ERR_DB,
                       "the database is newer than this program: %s is at version %d, known are %d",
                       component, have, n);
    for (int version = have + 1; rc == 0 && version <= n; version++)
        rc = apply(c, component, version, migration[version - 1], err);
    return rc;
}

int pg_migrate(const char *conninfo, const char *component, const char *const migration[], int n,
               struct err *err)
{
    PGconn *c = NULL;
    int rc = connect_now(&c, conninfo, err);
    if (rc != 0)
        return rc;
    rc = migrate(c, component, migration, n, err);
    PQfinish(c); /* which releases the lock */
    return rc;
}
