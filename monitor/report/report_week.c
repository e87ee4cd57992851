/* A week read back from the history; see report_week.h. SPDX-License-Identifier: MIT */
#include "monitor/report/report_week.h"

#include "base/mem.h"
#include "base/pg/pg.h"
#include "base/time/timefmt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int ask(const char *conninfo, const char *sql, const char *run, tstamp_ns from, tstamp_ns to,
               struct pg_rows **rows, struct err *err)
{
    char a[TIMEFMT_LEN], b[TIMEFMT_LEN];
    const char *const params[3] = {run, timefmt_iso(a, from), timefmt_iso(b, to)};
    return pg_run(conninfo, sql, to ? 3 : 2, params, rows, err);
}

static double number(const char *s)
{
    return s ? strtod(s, NULL) : (double)NAN;
}

/* Rows in order of time: a new time begins an hour. Hours without any row are left out: psmon was not
 * running, nobody was scored. */
static void add_hours(struct rank_week *w, const struct fleet *f, const struct pg_rows *r,
                      uint64_t hours[REASON_COUNT])
{
    const char *now = "";
    for (int i = 0; i < r->n_rows; i++) {
        char *const *v = r->value + (size_t)i * (size_t)r->n_columns;
        int32_t supply = fleet_supply(f, v[1]);
        if (strcmp(v[0], now) != 0)
            rank_week_begin_hour(w);
        now = v[0];
        if (supply < 0)
            continue;
        unsigned long reason = strtoul(v[4], NULL, 10);
        if (reason >= REASON_COUNT)
            reason = REASON_NO_MODEL;
        rank_week_set(w, (uint32_t)supply, number(v[2]), number(v[3]));
        rank_week_set_reason(w, (uint32_t)supply, (enum reason)reason);
        if (hours)
            hours[reason]++;
    }
}

static void hold(struct rank_week *w, const struct fleet *f, const struct pg_rows *r)
{
    struct rank_row *rows = xcalloc(f->n_supplies + 1, sizeof *rows);
    for (uint32_t s = 0; s < f->n_supplies; s++)
        rows[s] = (struct rank_row){.supply = s, .score = (double)NAN};
    for (int i = 0; i < r->n_rows; i++) {
        char *const *v = r->value + (size_t)i * (size_t)r->n_columns;
        int32_t supply = fleet_supply(f, v[0]);
        if (supply >= 0)
            rows[supply].score = number(v[1]);
    }
    rank_week_hold(w, rows);
    free(rows);
}

int report_week_load(struct rank_week *w, const char *conninfo, const struct fleet *f, const char *run,
                     tstamp_ns from, tstamp_ns to, uint64_t hours[REASON_COUNT], struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc = ask(
        conninfo,
        "SELECT extract(epoch FROM h.t)::bigint, s.name, nullif(h.score, 'NaN'), nullif(h.chance, 'NaN'),"
        " h.reason FROM hours h JOIN runs r USING (run) JOIN supply_ids s ON s.id = h.supply WHERE r.name ="
        " $1 AND h.t >= $2::timestamptz AND h.t < $3::timestamptz ORDER BY h.t",
        run, from, to, &rows, err);
    if (rc != 0)
        return rc;
    add_hours(w, f, rows, hours);
    pg_rows_free(rows);
    rc = ask(
        conninfo,
        "SELECT k.supply, k.score FROM rankings k JOIN runs r USING (run) WHERE r.name = $1 AND k.number ="
        " (SELECT max(j.number) FROM rankings j WHERE j.run = r.run AND j.week_start < $2::timestamptz)",
        run, from, 0, &rows, err);
    if (rc != 0)
        return rc;
    hold(w, f, rows);
    pg_rows_free(rows);
    return 0;
}
