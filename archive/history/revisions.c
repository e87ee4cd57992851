/* Revisions of a run: which model and configuration made what is stored; see history.h. A run begins a
 * revision whenever one of them changes, and every row names the one it was made in. SPDX-License-Identifier:
 * MIT */
#include "archive/history/internal.h"

#include "base/mem.h"
#include "base/time/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char insert_revision[] =
    "INSERT INTO revisions (run, revision, since, fleet, model, model_hash, config_hash, maintenance, "
    "budget) "
    "VALUES"
    " ($1::int, $2::int, $3::timestamptz, $4::int, $5, $6, $7, $8, $9::float8) ON CONFLICT DO NOTHING";

/* runs shows the newest. */
static const char update_run[] =
    "UPDATE runs SET model = $2, model_hash = $3, config_hash = $4 WHERE run = $1::int";

static void keep(struct history *h, const struct history_revision *r)
{
    char **to[4] = {&h->model, &h->model_hash, &h->config_hash, &h->maintenance};
    const char *const from[4] = {r->model, r->model_hash, r->config_hash, r->maintenance};
    for (size_t i = 0; i < 4; i++) {
        free(*to[i]);
        *to[i] = xstrdup(from[i] ? from[i] : "");
    }
    h->budget = r->budget;
}

static bool same(const struct history *h, const struct history_revision *r)
{
    return strcmp(h->model, r->model) == 0 && strcmp(h->model_hash, r->model_hash) == 0 &&
           strcmp(h->config_hash, r->config_hash) == 0 &&
           strcmp(h->maintenance, r->maintenance ? r->maintenance : "") == 0 && h->budget == r->budget;
}

static void number_it(struct history *h, int revision)
{
    h->revision = revision;
    snprintf(h->revision_id, sizeof h->revision_id, "%d", revision);
}

/* The revision in force as parameters of insert_revision. */
#define ROW_VALUES 9
struct row {
    char since[TIMEFMT_LEN], budget[32];
    const char *value[ROW_VALUES];
};

static void fill_row(const struct history *h, struct row *row)
{
    timefmt_iso(row->since, clock_wall());
    snprintf(row->budget, sizeof row->budget, "%.17g", h->budget);
    const char *const value[ROW_VALUES] = {h->run_id,      h->revision_id, row->since,
                                           h->fleet_id,    h->model,       h->model_hash,
                                           h->config_hash, h->maintenance, row->budget};
    memcpy(row->value, value, sizeof value);
}

int history_revision(const struct history *h)
{
    return h->revision;
}

void history_put_revision(struct history *h, const struct history_revision *r)
{
    if (same(h, r))
        return;
    keep(h, r);
    number_it(h, h->revision + 1);
    struct row row;
    fill_row(h, &row);
    const char *const update[4] = {h->run_id, h->model, h->model_hash, h->config_hash};
    struct pg_txn *t = pg_txn_new();
    pg_txn_add(t, insert_revision, ROW_VALUES, row.value);
    pg_txn_add(t, update_run, 4, update);
    history_submit(h, t);
}

/* The newest revision of the run in the database; no row: none. */
static int newest(const struct history *h, const char *conninfo, struct pg_rows **rows, struct err *err)
{
    const char *const params[1] = {h->run_id};
    return pg_run(conninfo,
                  "SELECT revision, fleet, model, model_hash, config_hash, maintenance, budget FROM "
                  "revisions WHERE run ="
                  " $1::int ORDER BY revision DESC LIMIT 1",
                  1, params, rows, err);
}

static bool is(const char *value, const char *want)
{
    return value && strcmp(value, want) == 0;
}

int revisions_open(struct history *h, const char *conninfo, const struct history_revision *r, struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc = newest(h, conninfo, &rows, err);
    if (rc != 0)
        return rc;
    char *const *v = rows->value;
    int last = rows->n_rows ? (int)strtol(v[0], NULL, 10) : 0;
    keep(h, r);
    /* what the spool holds was made by revisions that the database may not know yet: no more than that */
    size_t ahead = pg_queued(h->pg);
    bool goes_on = last && ahead == 0 && is(v[1], h->fleet_id) && is(v[2], h->model) &&
                   is(v[3], h->model_hash) && is(v[4], h->config_hash) && is(v[5], h->maintenance) && v[6] &&
                   strtod(v[6], NULL) == h->budget;
    pg_rows_free(rows);
    number_it(h, goes_on ? last : last + (int)ahead + 1);
    if (goes_on)
        return 0;
    struct row row;
    fill_row(h, &row);
    return pg_run(conninfo, insert_revision, ROW_VALUES, row.value, NULL, err);
}
