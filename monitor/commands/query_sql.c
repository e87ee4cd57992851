/* What psmon query can show; see query_sql.h. The columns named first are a contract with other programs.
 * SPDX-License-Identifier: MIT */
#include "monitor/commands/query_sql.h"

#include <stddef.h>
#include <string.h>

/* A statement must mention each of its parameters. */
#define PARAMETERS \
    "WITH parameters AS (SELECT $1::int, $2::timestamptz, $3::timestamptz, $4::text, $5::text, $6::float8) "
#define WITHIN(t) "(" t " >= $2 OR $2 IS NULL) AND (" t " < $3 OR $3 IS NULL)"
/* something that lasts from a to b (null: still) was there at some time of the span */
#define OVERLAPS(a, b) "(" b " >= $2 OR " b " IS NULL OR $2 IS NULL) AND (" a " < $3 OR $3 IS NULL)"
#define SUPPLY(s) "(" s " ~ $4 OR $4 IS NULL)"
#define SIGNAL(s) "(" s " = $5 OR $5 IS NULL)"
/* hours speak for the time before the oldest tick that is still stored */
#define BEFORE_TICKS \
    "h.t + interval '1 hour' <= coalesce((SELECT min(t) FROM ticks WHERE run = $1), 'infinity')"

#define READINGS_BY_HOUR                                                                              \
    " SELECT h.t, c.i, s.name, c.signal, h.value[c.position], c.unit, NULL::float4, 3600, "           \
    "h.reconstruction_by[c.position] FROM hours h"                                                    \
    " JOIN fleet_channels c ON c.fleet = h.fleet AND c.supply = h.supply JOIN supply_ids s ON s.id =" \
    " h.supply WHERE h.run = $1 AND " WITHIN("h.t") " AND " BEFORE_TICKS                              \
                                                    " AND " SUPPLY("s.name") " AND " SIGNAL("c.signal")
#define READINGS_HEAD                                                                   \
    PARAMETERS                                                                          \
    "SELECT psmon_iso(t) AS time, supply, signal, nullif(value, 'NaN') AS value, unit," \
    " nullif(jsd, 'NaN') AS jsd, step_s, (nullif(by, -32768) / 100.0)::float4 AS reconstruction FROM ("
#define READINGS_TAIL                                                                       \
    " UNION ALL" READINGS_BY_HOUR ") x(t, i, supply, signal, value, unit, jsd, step_s, by)" \
    " ORDER BY x.t, x.i"

static const char readings[] = READINGS_HEAD
    "SELECT k.t, c.i, s.name, c.signal, u.value, c.unit, u.jsd, 60, u.by FROM ticks k CROSS JOIN LATERAL"
    " unnest(k.value, k.jsd, k.reconstruction_by) WITH ORDINALITY u(value, jsd, by, i) JOIN fleet_channels c "
    "ON c.fleet = "
    "k.fleet"
    " AND c.i = u.i JOIN supply_ids s ON s.id = c.supply WHERE k.run = $1 AND " WITHIN("k.t") " AND " SUPPLY(
        "s.name") " AND " SIGNAL("c.signal") READINGS_TAIL;

static const char readings_few[] = READINGS_HEAD
    "SELECT k.t, c.i, s.name, c.signal, k.value[c.i], c.unit, k.jsd[c.i], 60, k.reconstruction_by[c.i] FROM "
    "ticks k JOIN"
    " (fleet_channels c JOIN supply_ids s ON s.id = c.supply) ON c.fleet = k.fleet WHERE k.run = $1 "
    "AND " WITHIN("k.t") " AND " SUPPLY("s.name") " AND " SIGNAL("c.signal") READINGS_TAIL;

#define SCORES_HEAD                                                                                  \
    PARAMETERS "SELECT psmon_iso(x.t) AS time, x.supply, nullif(x.score, 'NaN') AS score,"           \
               " psmon_said(x.chance) AS chance, nullif(x.reconstruction, 'NaN') AS reconstruction," \
               " nullif(x.jsd, 'NaN') AS jsd, m.word AS mode, w.word AS reason, x.step_s FROM ("
#define SCORES_TAIL                                                                                        \
    " UNION ALL SELECT h.t, f.i, s.name, h.score, h.chance, h.reconstruction, h.jsd, NULL, h.reason, 3600" \
    " FROM hours h JOIN supply_ids s ON s.id = h.supply JOIN fleet_supplies f ON f.fleet = h.fleet AND"    \
    " f.supply = h.supply WHERE h.run = $1 AND " WITHIN("h.t") " AND " BEFORE_TICKS " AND " SUPPLY(        \
        "s.name") ") x(t, i, supply, score, chance, reconstruction, jsd, mode, reason, step_s)"            \
                  " LEFT JOIN mode_words m ON m.mode = x.mode JOIN reason_words w ON w.reason = x.reason"  \
                  " ORDER BY x.t, x.i"

static const char scores[] = SCORES_HEAD
    "SELECT k.t, f.i, s.name, u.score, u.chance, u.reconstruction, NULL::float4, u.mode, u.reason, 60 FROM"
    " ticks k CROSS JOIN LATERAL unnest(k.score, k.chance, k.reconstruction, k.mode, k.reason) WITH"
    " ORDINALITY u(score, chance, reconstruction, mode, reason, i) JOIN fleet_supplies f ON f.fleet ="
    " k.fleet AND f.i = u.i JOIN supply_ids s ON s.id = f.supply WHERE k.run = $1 AND " WITHIN(
        "k.t") " AND " SUPPLY("s.name") SCORES_TAIL;

static const char scores_few[] = SCORES_HEAD
    "SELECT k.t, f.i, s.name, k.score[f.i], k.chance[f.i], k.reconstruction[f.i],"
    " (SELECT max(nullif(k.jsd[c.i], 'NaN')) FROM fleet_channels c WHERE c.fleet = k.fleet AND "
    "c.supply ="
    " f.supply), k.mode[f.i], k.reason[f.i], 60 FROM ticks k JOIN (fleet_supplies f JOIN supply_ids s ON"
    " s.id = f.supply) ON f.fleet = k.fleet WHERE k.run = $1 AND " WITHIN("k.t") " AND " SUPPLY("s.name")
        SCORES_TAIL;

static const char figures[] = PARAMETERS
    "SELECT psmon_iso(f.t) AS time, f.supply, f.signal, f.figure, f.value, f.unit FROM figures f WHERE f.run "
    "="
    " (SELECT name FROM runs WHERE run = $1) AND " WITHIN("f.t") " AND " SUPPLY("f.supply") " AND " SIGNAL(
        "f.signal") " ORDER BY f.t, f.supply, f.signal, f.figure";

static const char supplies[] = PARAMETERS
    "SELECT v.supply, v.family, v.sector, v.water, v.rack, v.feeder, (SELECT string_agg(c.signal,"
    " ' ' ORDER BY c.position) FROM fleet_channels c JOIN supply_ids s ON s.id = c.supply WHERE "
    "c.fleet ="
    " v.fleet AND s.name = v.supply) AS signals, psmon_iso(k.t) AS time, nullif(k.score[v.i], 'NaN') AS"
    " score, psmon_said(k.chance[v.i]) AS chance, m.word AS mode, w.word AS reason FROM supplies v"
    " LEFT JOIN (SELECT * FROM ticks WHERE run = $1 AND " WITHIN(
        "t") " ORDER BY t DESC LIMIT 1) k ON"
             " k.fleet = v.fleet LEFT JOIN mode_words m ON m.mode = k.mode[v.i] LEFT JOIN reason_words w ON"
             " w.reason = k.reason[v.i] WHERE " SUPPLY(
                 "v.supply") " AND ($5 IS NULL OR EXISTS (SELECT FROM"
                             " fleet_channels c JOIN supply_ids s ON s.id = c.supply WHERE c.fleet = "
                             "v.fleet "
                             "AND s.name = v.supply"
                             " AND c.signal = $5)) ORDER BY v.i";

static const char findings[] = PARAMETERS
    "SELECT subject AS supply, detector, class, signal, psmon_iso(onset) AS onset,"
    " psmon_iso(first_seen) AS first_seen, CASE WHEN closed IS NOT NULL THEN psmon_iso(last_seen) END AS"
    " last_seen, chance, size, unit, direction, id, reason, witness::text AS witness, children, work, effect,"
    " said::text AS said FROM findings WHERE run = $1 AND (CASE WHEN $6 IS NULL THEN said ELSE chance <= $6 "
    "END)"
    " AND " OVERLAPS("first_seen", "closed") " AND " SUPPLY("subject") " AND " SIGNAL(
        "signal") " ORDER BY findings.first_seen, subject, id";

static const char renewed[] = PARAMETERS
    "SELECT supply, psmon_iso(work_start) AS work_start, work, signal, verdict, size, unit, psmon_iso(since) "
    "AS "
    "since, CASE WHEN final THEN '24 steady hours' ELSE 'so far' END AS of FROM renewed WHERE run = (SELECT "
    "name "
    "FROM runs WHERE run = $1) AND verdict NOT IN ('same', 'unknown') AND " WITHIN("since") " AND " SUPPLY(
        "supply") " AND " SIGNAL("signal") " ORDER BY renewed.work_start, supply, unit = 'x', signal";

static const char alarms[] = PARAMETERS
    "SELECT subject AS supply, class, detector, signal, state, psmon_iso(raised_at) AS raised_at,"
    " psmon_iso(returned_at) AS returned_at, psmon_iso(onset) AS onset, psmon_said(chance) AS chance, size,"
    " unit, direction, reason, acknowledged_by, psmon_iso(acknowledged_at) AS acknowledged_at, note, "
    "occurrence, finding, (SELECT count(*) FROM alarm_children c WHERE c.run = alarms.run AND c.occurrence ="
    " alarms.occurrence) AS findings, flood, folded_into"
    " FROM alarms WHERE raised_at IS NOT NULL AND run = (SELECT name FROM runs WHERE run = $1) AND " OVERLAPS(
        "raised_at",
        "returned_at") " AND " SUPPLY("subject") " AND " SIGNAL("signal") " ORDER BY alarms.raised_at, "
                                                                          "subject, occurrence";

static const char rankings[] = PARAMETERS
    "SELECT psmon_iso(week_start) AS week_start, psmon_iso(issued_at) AS issued_at, rank, supply,"
    " score, psmon_said(chance) AS chance, reason, number FROM rankings WHERE run = $1 AND " WITHIN(
        "week_start") " AND " SUPPLY("supply") " ORDER BY number, rank NULLS LAST, supply";

static const char ledger[] = PARAMETERS
    "SELECT psmon_iso(t) AS time, w.word AS reason, n AS supplies, step_s FROM (SELECT k.t, u.i - 1"
    " AS reason, u.n, 60 AS step_s FROM ticks k CROSS JOIN LATERAL unnest(k.ledger) WITH ORDINALITY"
    " u(n, i) WHERE k.run = $1 AND " WITHIN(
        "k.t") " UNION ALL SELECT h.t, h.reason, count(*), 3600 FROM"
               " hours h WHERE h.run = $1 AND " WITHIN(
                   "h.t") " AND " BEFORE_TICKS " GROUP BY h.t, h.reason) x"
                          " JOIN reason_words w ON w.reason = x.reason ORDER BY t, x.reason";

static const char deliveries[] = PARAMETERS
    "SELECT psmon_iso(d.started_at) AS started_at, a.subject AS supply, d.type, d.endpoint,"
    " d.attempt, d.ok::text AS ok, d.status, round(d.latency_s::numeric, 3) AS latency_s, d.error,"
    " d.message, d.occurrence FROM deliveries d LEFT JOIN alarms a ON a.run = d.run AND a.occurrence ="
    " d.occurrence WHERE d.run = (SELECT name FROM runs WHERE run = $1) AND " WITHIN(
        "d.started_at") " AND " SUPPLY("a.subject") " AND " SIGNAL("a.signal") " ORDER BY d.started_at, "
                                                                               "d.message, d.endpoint";

static const char models[] = PARAMETERS
    "SELECT name, active::text AS active, psmon_iso(from_t) AS from, psmon_iso(to_t) AS to,"
    " psmon_iso(created) AS created, psmon_iso(activated) AS activated, hash, path, summary FROM models"
    " WHERE " WITHIN("created") " ORDER BY models.created, name";

static const char runs[] = PARAMETERS
    "SELECT name, kind, psmon_iso(from_t) AS from, psmon_iso(to_t) AS to, model, psmon_iso(started)"
    " AS started, psmon_iso(finished) AS finished, model_hash, config_hash FROM runs WHERE " WITHIN(
        "started") " ORDER BY runs.started, run";

static const char trips[] = PARAMETERS
    "SELECT supply, psmon_iso(time) AS time, cause FROM trips WHERE " WITHIN("trips.time") " AND " SUPPLY(
        "supply") " ORDER BY trips.time, supply";

static const char outcomes[] = PARAMETERS "SELECT week, supply, outcome, note FROM outcomes WHERE " WITHIN(
    "week") " AND " SUPPLY("supply") " ORDER BY week, supply";

static const char maintenance[] = PARAMETERS
    "SELECT subject AS supply, psmon_iso(start) AS start, psmon_iso(\"end\") AS \"end\", work, repeat, "
    "timezone,"
    " psmon_iso(until) AS until, origin FROM maintenance WHERE (repeat <> '' OR " OVERLAPS(
        "start", "\"end\"") ") AND " SUPPLY("subject") " ORDER BY maintenance.start, subject";

static const char jobs[] = PARAMETERS
    "SELECT job, state, said, psmon_iso(tried) AS tried, psmon_iso(succeeded) AS succeeded FROM jobs "
    "WHERE " WITHIN("tried") " ORDER BY job";

static const struct query_view views[] = {
    {"supplies", "the fleet, with each supply's newest score", supplies, true, NULL},
    {"readings",
     "readings, divergence and reconstruction error per channel, minutes where still stored, else hours",
     readings, true, readings_few},
    {"scores", "score, chance, reconstruction error, mode, or why there is none", scores, true, scores_few},
    {"figures", "what statistics show beside, per channel or supply, minutes where still stored", figures,
     true, NULL},
    {"findings", "what moved: those open at some time of the span; last_seen is empty while open", findings,
     true, NULL},
    {"renewed", "where supplies stand after work of their own, against their reference", renewed, true, NULL},
    {"alarms", "alarm occurrences and their state", alarms, true, NULL},
    {"rankings", "the weekly lists as issued", rankings, true, NULL},
    {"ledger", "supplies scored, or not and why; the sum is the fleet", ledger, true, NULL},
    {"deliveries", "every attempt to deliver a webhook", deliveries, true, NULL},
    {"models", "models known", models, false, NULL},
    {"runs", "the live run and the replays", runs, false, NULL},
    {"trips", "imported trips", trips, false, NULL},
    {"outcomes", "imported outcomes of inspections", outcomes, false, NULL},
    {"maintenance", "periods of work: the file's as last read, and imported ones", maintenance, false, NULL},
    {"jobs", "upkeep of the database, and how it went", jobs, false, NULL},
};

const struct query_view *query_view_at(int i)
{
    return i >= 0 && (size_t)i < sizeof views / sizeof *views ? &views[i] : NULL;
}

const struct query_view *query_view_find(const char *name)
{
    const struct query_view *v = NULL;
    for (int i = 0; (v = query_view_at(i)); i++)
        if (strcmp(v->name, name) == 0)
            return v;
    return NULL;
}
