/* What a weekly report asks the history; see report_parts.h. One question after the other, so that a list
 * never stands in the way of the ticks for long; a question that fails is left out. Questions speak of the
 * document's run, period and rows. SPDX-License-Identifier: MIT */
#include "monitor/report/report_parts.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a question's $1, $2 … stand for. */
enum parameter { NONE, RUN, FROM, TO, ISSUED, SUPPLIES, SIGNALS, PARAMETERS };

struct question {
    const char *name, *sql;
    enum parameter parameters[4];
};

/* What was listed is what the list showed, however long lists are now. */
#define LISTED "k.rank <= jsonb_array_length(d.document -> 'rows')"
/* and not as one of a group's supplies, whose rows in rankings bear the rank of the group's */
#define ENTRY                                                                                              \
    LISTED " AND EXISTS (SELECT FROM jsonb_array_elements(d.document -> 'rows') e WHERE e ->> 'supply' = " \
           "k.supply)"

static const struct question past_questions[] = {
    {"number",
     "SELECT max(k.number) FROM reports k JOIN runs r USING (run) WHERE r.name = $1 AND k.week_start < "
     "$2::timestamptz",
     {RUN, FROM}},
    {"last",
     "SELECT k.supply, k.rank, d.number FROM reports d JOIN runs r USING (run) LEFT JOIN rankings k ON k.run "
     "="
     " d.run AND k.number = d.number AND " ENTRY " WHERE r.name = $1 AND d.number = (SELECT max(j.number)"
     " FROM reports j WHERE j.run = r.run AND j.week_start < $2::timestamptz) ORDER BY k.rank, k.supply",
     {RUN, FROM}},
    /* the outcome's week is any day of the list's week, best its first */
    {"lists",
     "SELECT round(extract(epoch FROM $2::timestamptz - k.week_start) / 604800) - 1, k.supply,"
     " (SELECT o.outcome FROM outcomes o WHERE o.supply = k.supply AND o.week BETWEEN (k.week_start AT TIME "
     "ZONE"
     " 'UTC')::date AND (k.week_start AT TIME ZONE 'UTC')::date + 6 ORDER BY o.week LIMIT 1), k.class"
     " FROM rankings k JOIN runs r USING (run) JOIN reports d USING (run, number) WHERE r.name = $1 "
     "AND " ENTRY
     " AND k.week_start < $2::timestamptz AND k.week_start >= $2::timestamptz - interval '84 days 12 hours'",
     {RUN, FROM}},
    /* listed: by a finding of the supply (missing data foretells nothing) within the four weeks before the
     * trip; lead from the first such list */
    {"trips",
     "SELECT t.supply, psmon_iso(t.time), t.cause, l.rank, extract(epoch FROM t.time - l.issued) / 86400,"
     " l.reason FROM trips t"
     " LEFT JOIN LATERAL (SELECT min(k.rank) AS rank, min(k.issued_at) AS issued, (array_agg(k.reason ORDER "
     "BY"
     " k.issued_at))[1] AS reason FROM rankings k JOIN runs r USING (run) JOIN reports d USING (run, number)"
     " WHERE r.name = $1 AND k.supply = t.supply AND k.class IN ('equipment', 'sensor', 'common') AND " LISTED
     " AND k.issued_at < t.time AND k.issued_at > t.time - interval '28 days') l ON true"
     " WHERE t.time > $2::timestamptz - interval '84 days' AND t.time <= $2::timestamptz ORDER BY t.time",
     {RUN, TO}},
    {"hours",
     "SELECT s.name, floor(extract(epoch FROM h.t - $2::timestamptz) / 3600), nullif(h.score, 'NaN') FROM "
     "hours h"
     " JOIN runs r USING (run) JOIN supply_ids s ON s.id = h.supply WHERE r.name = $1 AND h.t >= "
     "$2::timestamptz"
     " AND h.t < $3::timestamptz AND s.name = ANY ($4::text[]) ORDER BY 1, 2",
     {RUN, FROM, TO, SUPPLIES}},
    {"readings",
     "SELECT h.supply, floor(extract(epoch FROM h.t - $2::timestamptz) / 3600), h.value, h.unit FROM "
     "hourly_readings h"
     " WHERE h.run = $1 AND h.t >= $2::timestamptz AND h.t < $2::timestamptz + interval '7 days 1 hour'"
     " AND h.supply = ANY ($3::text[]) AND (h.supply, h.signal) IN (SELECT * FROM unnest($3::text[], "
     "$4::text[]))"
     " ORDER BY 1, 2",
     {RUN, FROM, SUPPLIES, SIGNALS}},
    {"outcomes",
     "SELECT supply, week, outcome, note FROM outcomes WHERE supply = ANY ($1::text[]) AND week < "
     "($2::timestamptz"
     " AT TIME ZONE 'UTC')::date ORDER BY supply, week DESC",
     {SUPPLIES, FROM}},
    /* said once: in the week in which the last of it became known */
    {"renewed",
     "SELECT supply, psmon_iso(work_start), work, signal, size, unit FROM renewed WHERE run = $1 AND final"
     " AND verdict = 'elsewhere' AND since >= $2::timestamptz AND since < $3::timestamptz ORDER BY "
     "work_start, "
     "supply,"
     " unit = 'x', signal",
     {RUN, FROM, TO}},
};

static const struct question since_questions[] = {
    {"outcomes",
     "SELECT supply, outcome, note FROM outcomes WHERE supply = ANY ($1::text[]) AND week BETWEEN"
     " ($2::timestamptz AT TIME ZONE 'UTC')::date AND ($2::timestamptz AT TIME ZONE 'UTC')::date + 6"
     " ORDER BY supply, week DESC",
     {SUPPLIES, FROM}},
    {"trips",
     "SELECT supply, psmon_iso(time), cause, extract(epoch FROM time - $2::timestamptz) / 86400 FROM trips"
     " WHERE supply = ANY ($1::text[]) AND time > $2::timestamptz AND time <= $2::timestamptz +"
     " interval '28 days' ORDER BY time, supply",
     {SUPPLIES, ISSUED}},
};

static const struct {
    const struct question *question;
    size_t n;
} questions[] = {[GATHER_PAST] = {past_questions, sizeof past_questions / sizeof *past_questions},
                 [GATHER_SINCE] = {since_questions, sizeof since_questions / sizeof *since_questions}};

struct gathering {
    struct pg *pg;
    enum gather what;
    char *parameter[PARAMETERS];
    json_t *past; /* NULL until something was answered */
    size_t at, unanswered;
    void (*done)(void *arg, json_t *past);
    void *arg;
};

static void add_texts(struct buf *b, const json_t *rows, const char *key)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        buf_str(b, b->len > 1 ? ",\"" : "\"");
        for (const char *c = field_text(row, key); *c; c++) {
            if (*c == '"' || *c == '\\')
                buf_str(b, "\\");
            buf_add(b, c, 1);
        }
        buf_str(b, "\"");
    }
}

/* The text of a key of all rows as an array in PostgreSQL's syntax. */
static char *array_of(const json_t *doc, const char *key)
{
    struct buf b = {0};
    buf_str(&b, "{");
    add_texts(&b, json_object_get(doc, "rows"), key);
    add_texts(&b, json_object_get(doc, "watch"), key);
    buf_str(&b, "}");
    return b.data;
}

static json_t *rows_json(const struct pg_rows *rows)
{
    json_t *list = json_array();
    for (int r = 0; r < rows->n_rows; r++) {
        json_t *row = json_array();
        for (int c = 0; c < rows->n_columns; c++) {
            const char *v = rows->value[r * rows->n_columns + c];
            json_array_append_new(row, v ? value_text(v) : json_null());
        }
        json_array_append_new(list, row);
    }
    return list;
}

static void end(struct gathering *g)
{
    void (*done)(void *, json_t *) = g->done;
    void *arg = g->arg;
    json_t *past = g->past;
    if (g->unanswered)
        log_warning("report",
                    "the database left %zu of %zu questions unanswered: the weekly list does without",
                    g->unanswered, questions[g->what].n);
    for (int k = 0; k < PARAMETERS; k++)
        free(g->parameter[k]);
    free(g);
    done(arg, past);
}

static void on_rows(void *arg, const struct pg_rows *rows);

static void ask(struct gathering *g)
{
    const struct question *q = &questions[g->what].question[g->at];
    const char *params[4];
    int n = 0;
    while (n < 4 && q->parameters[n] != NONE) {
        params[n] = g->parameter[q->parameters[n]];
        n++;
    }
    pg_query(g->pg, q->sql, n, params, on_rows, g);
}

static void on_rows(void *arg, const struct pg_rows *rows)
{
    struct gathering *g = arg;
    if (rows) {
        if (!g->past)
            g->past = json_object();
        json_object_set_new(g->past, questions[g->what].question[g->at].name, rows_json(rows));
    } else {
        g->unanswered++;
    }
    if (++g->at < questions[g->what].n)
        ask(g);
    else
        end(g);
}

void report_gather(struct pg *pg, const json_t *doc, enum gather what,
                   void (*done)(void *arg, json_t *answers), void *arg)
{
    struct gathering *g = xcalloc(1, sizeof *g);
    const json_t *period = json_object_get(doc, "period");
    *g = (struct gathering){.pg = pg, .what = what, .done = done, .arg = arg};
    g->parameter[RUN] = xstrdup(field_text(doc, "run"));
    g->parameter[FROM] = xstrdup(field_text(period, "from"));
    g->parameter[TO] = xstrdup(field_text(period, "to"));
    g->parameter[ISSUED] = xstrdup(field_text(doc, "issued_at"));
    g->parameter[SUPPLIES] = array_of(doc, "supply");
    g->parameter[SIGNALS] = array_of(doc, "signal");
    ask(g);
}
