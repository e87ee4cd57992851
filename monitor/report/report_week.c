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
        unsigned long reason = strtoul(v[3], NULL, 10);
        if (reason >= REASON_COUNT)
            reason = REASON_NO_MODEL;
        rank_week_set(w, (uint32_t)supply, number(v[2]));
        rank_week_set_reason(w, (uint32_t)supply, (enum reason)reason);
        if (hours)
            hours[reason]++;
    }
}

int report_week_load(struct rank_week *w, const char *conninfo, const struct fleet *f, const char *run,
                     tstamp_ns from, tstamp_ns to, uint64_t hours[REASON_COUNT], struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc = ask(conninfo,
                 "SELECT extract(epoch FROM h.t)::bigint, s.name, nullif(h.score, 'NaN'), h.reason"
                 " FROM hours h JOIN runs r USING (run) JOIN supply_ids s ON s.id = h.supply WHERE r.name ="
                 " $1 AND h.t >= $2::timestamptz AND h.t < $3::timestamptz ORDER BY h.t",
                 run, from, to, &rows, err);
    if (rc != 0)
        return rc;
    add_hours(w, f, rows, hours);
    pg_rows_free(rows);
    rc = ask(
        conninfo,
        "SELECT k.finding, k.score FROM rankings k JOIN runs r USING (run) WHERE r.name = $1 AND k.rank > 0"
        " AND k.finding IS NOT NULL AND k.score IS NOT NULL AND k.number = (SELECT max(j.number) FROM reports"
        " j WHERE j.run = r.run AND j.week_start < $2::timestamptz AND j.document ? 'rest') ORDER BY k.rank",
        run, from, 0, &rows, err);
    if (rc != 0)
        return rc;
    rank_week_hold_none(w);
    for (int i = 0; i < rows->n_rows; i++)
        rank_week_hold(w, rows->value[i * rows->n_columns], number(rows->value[i * rows->n_columns + 1]));
    pg_rows_free(rows);
    return 0;
}
