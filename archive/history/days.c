/* Supply-days: a row of arrays for each UTC day, for who asks whether the stated chance held; see history.h.
 * SPDX-License-Identifier: MIT */
#include "archive/history/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char insert_day[] =
    "INSERT INTO days (run, t, fleet, revision, \"all\", chance, any_chance, beyond) VALUES ($1::int,"
    " $2::timestamptz, $3::int, $4::int, $5::float8, $6::float4[], $7::float4[], $8::int2[])"
    " ON CONFLICT DO NOTHING";

/* The same parameters. */
static const char update_day[] =
    "UPDATE days SET revision = $4::int, \"all\" = $5::float8, chance = $6::float4[], any_chance = "
    "$7::float4[],"
    " beyond = $8::int2[] WHERE run = $1::int AND t = $2::timestamptz AND fleet = $3::int";

static struct pg_value text(const char *s)
{
    return (struct pg_value){s, strlen(s), false};
}

static void add_day(const struct history *h, const struct tick *t, struct pg_txn *txn, const char *sql)
{
    char end[TIMEFMT_LEN], all[32];
    struct buf b[3] = {{0}};
    timefmt_iso(end, t->t);
    snprintf(all, sizeof all, "%.17g", t->day->all);
    pg_binary_f32(&b[0], t->day->chance, t->n_supplies);
    pg_binary_f32(&b[1], t->day->any, t->n_supplies);
    pg_binary_u8_as_i16(&b[2], t->day->beyond, t->n_supplies);
    struct pg_value values[8] = {text(h->run_id), text(end), text(h->fleet_id), text(h->revision_id),
                                 text(all)};
    for (size_t i = 0; i < 3; i++)
        values[5 + i] = (struct pg_value){buf_text(&b[i]), b[i].len, true};
    pg_txn_add_values(txn, sql, 8, values);
    for (size_t i = 0; i < 3; i++)
        buf_free(&b[i]);
}

void days_put(struct history *h, const struct tick *t)
{
    if (!t->day)
        return;
    struct pg_txn *txn = pg_txn_new();
    add_day(h, t, txn, insert_day);
    history_submit(h, txn);
}

void days_replace(const struct history *h, const struct tick *t, struct pg_txn *txn)
{
    if (t->day)
        add_day(h, t, txn, update_day);
}

/* ---- reading ---- */

struct reader {
    void (*each)(void *arg, const struct history_day *d);
    void *arg;
};

static double number(const char *value)
{
    return value ? strtod(value, NULL) : (double)NAN;
}

static int on_day(void *arg, int n, char *const name[], char *const v[])
{
    const struct reader *r = arg;
    (void)n;
    (void)name;
    const struct history_day d = {.t = strtoll(v[0], NULL, 10) * NS_PER_S,
                                  .supply = v[1],
                                  .chance = number(v[2]),
                                  .any = number(v[3]),
                                  .beyond = (unsigned)strtoul(v[4], NULL, 10),
                                  .all = number(v[5]),
                                  .model = v[6] ? v[6] : "",
                                  .budget = number(v[7])};
    r->each(r->arg, &d);
    return 0;
}

int history_days(const char *conninfo, const char *run, tstamp_ns from, tstamp_ns to,
                 void (*each)(void *arg, const struct history_day *d), void *arg, struct err *err)
{
    char a[TIMEFMT_LEN], b[TIMEFMT_LEN];
    const char *const params[3] = {run, timefmt_iso(a, from), timefmt_iso(b, to)};
    struct reader r = {each, arg};
    return pg_each(
        conninfo,
        "SELECT extract(epoch FROM d.t)::bigint, s.name, u.chance, u.any_chance, u.beyond, d.\"all\", "
        "v.model,"
        " v.budget FROM days d JOIN revisions v USING (run, revision) CROSS JOIN LATERAL unnest(d.chance,"
        " d.any_chance, d.beyond) WITH ORDINALITY u(chance, any_chance, beyond, i) JOIN fleet_supplies f ON"
        " f.fleet = d.fleet AND f.i = u.i JOIN supply_ids s ON s.id = f.supply WHERE d.run = (SELECT run "
        "FROM runs"
        " WHERE name = $1) AND d.t > $2::timestamptz AND d.t <= $3::timestamptz AND u.any_chance <> 'NaN'",
        3, params, on_day, &r, err);
}

int history_last_day(const char *conninfo, const char *run, tstamp_ns *t, struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc = pg_run(conninfo,
                    "SELECT (SELECT extract(epoch FROM max(t))::bigint FROM days d WHERE d.run = r.run) FROM"
                    " runs r WHERE name = $1",
                    1, &run, &rows, err);
    if (rc == 0 && rows->n_rows == 0)
        rc = err_set(err, ERR_CONFIG, "there is no run '%.80s'", run);
    *t = rc == 0 && rows->value[0] ? strtoll(rows->value[0], NULL, 10) * NS_PER_S : 0;
    pg_rows_free(rows);
    return rc;
}
