/* What the history knows of stated chances; see chances.h. SPDX-License-Identifier: MIT */
#include "monitor/chances/chances.h"

#include "base/mem.h"
#include "base/time/timefmt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EARLIER (72 * NS_PER_HOUR) /* what ended so long before the span still makes a context in it */

/* $1 run's name, $2 … $3. An acknowledgement is of all findings of the alarm's event. An outcome's week is
 * any day of the list's week, best its first (as in the report).
 */
static const char findings_sql[] =
    "SELECT f.subject, f.class, f.chance, extract(epoch FROM f.onset)::bigint, extract(epoch FROM "
    "f.first_seen)::bigint,"
    " extract(epoch FROM f.closed)::bigint, coalesce(o.found, a.acknowledged AND NOT coalesce(o.nothing, "
    "false), false) FROM"
    " findings f LEFT JOIN (SELECT DISTINCT c.finding, true AS acknowledged FROM alarms"
    " JOIN alarm_children c USING (run, occurrence) WHERE run = $1 AND acknowledged_by IS NOT NULL) a ON "
    "a.finding = f.id LEFT JOIN LATERAL (SELECT nullif(bool_or(outcome ="
    " 'fault_found'), false) AS found, bool_or(outcome = 'nothing_found') AS nothing FROM outcomes WHERE "
    "supply ="
    " f.subject AND week - 6 <= (coalesce(f.closed, $3::timestamptz) AT TIME ZONE 'UTC')::date AND week + 6 "
    ">="
    " (f.first_seen AT TIME ZONE 'UTC')::date) o ON true WHERE f.run = (SELECT run FROM runs WHERE name = "
    "$1) "
    "AND"
    " f.first_seen <= $3::timestamptz AND (f.closed IS NULL OR f.closed > $2::timestamptz)";

struct findings {
    const struct fleet *fleet;
    struct chance_finding *list;
    size_t n, cap;
};

static tstamp_ns instant(const char *seconds)
{
    return seconds ? strtoll(seconds, NULL, 10) * NS_PER_S : 0;
}

static enum finding_class class_of(const char *word)
{
    int k = 0;
    while (k < CLASS_COUNT - 1 && strcmp(word, finding_class_name((enum finding_class)k)) != 0)
        k++;
    return (enum finding_class)k;
}

static int on_finding(void *arg, int n, char *const name[], char *const v[])
{
    struct findings *x = arg;
    (void)n;
    (void)name;
    xgrow(&x->list, &x->cap, x->n + 1, sizeof *x->list);
    struct chance_finding *f = &x->list[x->n++];
    *f = (struct chance_finding){.truth = v[6][0] == 't'};
    snprintf(f->f.subject, sizeof f->f.subject, "%s", v[0]);
    f->f.supply = fleet_supply(x->fleet, v[0]);
    f->f.class = class_of(v[1]);
    f->f.chance = v[2] ? strtod(v[2], NULL) : (double)NAN;
    f->f.first_seen = instant(v[4]);
    f->f.onset = v[3] ? instant(v[3]) : f->f.first_seen;
    f->f.closed = instant(v[5]);
    return 0;
}

static void on_day(void *arg, const struct history_day *d)
{
    chances_day(arg, d);
}

/* The days of a run, over all maintenance: that of m's file, and what was imported. */
static int add_days(struct chances *out, const char *conninfo, const char *run, const struct fleet *f,
                    const struct maintenance *m, tstamp_ns from, tstamp_ns to,
                    const struct findings *findings, struct err *err)
{
    struct maintenance *imported = NULL;
    int rc = history_imported(conninfo, f, &imported, err);
    if (rc != 0)
        return rc;
    struct maintenance *all = maintenance_join(m, imported, f);
    struct chances_sum *sum = chances_begin(f, all, from, to, findings->list, findings->n);
    rc = history_days(conninfo, run, from, to, on_day, sum, err);
    chances_end(sum, out);
    maintenance_free(all);
    maintenance_free(imported);
    return rc;
}

int chances_gather(struct chances *out, const char *conninfo, const char *run, const struct fleet *f,
                   const struct maintenance *m, int64_t weeks, tstamp_ns to, struct err *err)
{
    char a[TIMEFMT_LEN], b[TIMEFMT_LEN];
    tstamp_ns last;
    *out = (struct chances){0};
    int rc = history_last_day(conninfo, run, &last, err);
    if (rc != 0)
        return rc;
    if (to && to < last)
        last = to - to % NS_PER_DAY;
    struct findings findings = {.fleet = f};
    tstamp_ns from = last - weeks * 7 * NS_PER_DAY;
    const char *const params[3] = {run, timefmt_iso(a, from - EARLIER), timefmt_iso(b, last)};
    if (last)
        rc = pg_each(conninfo, findings_sql, 3, params, on_finding, &findings, err);
    if (last && rc == 0)
        rc = add_days(out, conninfo, run, f, m, from, last, &findings, err);
    free(findings.list);
    snprintf(out->run, sizeof out->run, "%s", run);
    return rc;
}
