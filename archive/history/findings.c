/* Findings, rankings and models in the history; see history.h. SPDX-License-Identifier: MIT */
#include "archive/history/internal.h"

#include "base/mem.h"
#include "base/text/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *number(char out[32], double v)
{
    if (isnan(v))
        return NULL;
    snprintf(out, 32, "%.9g", v);
    return out;
}

/* ---- findings ---- */

/* What people act on: written at once. */
static bool turned(const struct finding *a, const struct finding *b)
{
    return a->closed != b->closed || a->class != b->class || a->witness != b->witness ||
           a->direction != b->direction || strcmp(a->signal, b->signal) != 0 ||
           strcmp(a->subject, b->subject) != 0 || strcmp(a->work, b->work) != 0 ||
           a->work_start != b->work_start;
}

/* Whether it has to be written: new, turned, or not yet written in this hour (its numbers move with every
 * tick). */
static bool is_news(struct history *h, const struct finding *f, tstamp_ns now)
{
    int32_t i = hashmap_get(h->finding_index, f->id);
    if (i < 0) {
        xgrow(&h->finding, &h->finding_cap, h->n_findings + 1, sizeof *h->finding);
        i = (int32_t)h->n_findings++;
        hashmap_put(h->finding_index, f->id, i);
    } else if (!turned(&h->finding[i].f, f) && now / NS_PER_HOUR == h->finding[i].at / NS_PER_HOUR) {
        return false;
    }
    h->finding[i] = (struct stored_finding){*f, now};
    return true;
}

/* "2026-11-03T08:00:00Z fan replaced", or NULL; read.c takes it apart again. */
static char *work_text(const struct finding *f)
{
    char start[TIMEFMT_LEN];
    return *f->work ? xasprintf("%s %s", timefmt_iso(start, f->work_start), f->work) : NULL;
}

static const char upsert_finding[] =
    "INSERT INTO findings (run, id, subject, supply, detector, class, signal, onset, first_seen, last_seen,"
    " closed, chance, size, unit, direction, children, witness, contributors, reason, work, revision, said,"
    " effect) "
    "VALUES "
    "($1::int,"
    " $2, $3, $4::int, $5, $6, $7, $8::timestamptz, $9::timestamptz, $10::timestamptz, $11::timestamptz,"
    " $12::float8, $13::float8, $14, $15, $16::int, $17::bool, $18::jsonb, $19, $20, $21::int, $22::bool, "
    "$23::float8)"
    " ON CONFLICT (run, id) DO UPDATE SET subject = EXCLUDED.subject, supply = EXCLUDED.supply,"
    " detector = EXCLUDED.detector, class = EXCLUDED.class, signal = EXCLUDED.signal,"
    " onset = EXCLUDED.onset, last_seen = EXCLUDED.last_seen, closed = EXCLUDED.closed,"
    " chance = EXCLUDED.chance, size = EXCLUDED.size, unit = EXCLUDED.unit,"
    " direction = EXCLUDED.direction, children = EXCLUDED.children, witness = EXCLUDED.witness,"
    " contributors = EXCLUDED.contributors, reason = EXCLUDED.reason, work = EXCLUDED.work,"
    " revision = EXCLUDED.revision, said = EXCLUDED.said, effect = EXCLUDED.effect,"
    " stored_at = now() WHERE findings.last_seen <= EXCLUDED.last_seen";

static void add_finding(struct history *h, struct pg_txn *t, const struct finding *f, bool said)
{
    char supply[16], onset[TIMEFMT_LEN], first[TIMEFMT_LEN], last[TIMEFMT_LEN], closed[TIMEFMT_LEN];
    char chance[32], size[32], effect[32], children[16];
    char *by = finding_contributors(f, 9), *work = work_text(f);
    bool one = f->supply >= 0 && (size_t)f->supply < h->fleet->n_supplies;
    if (one)
        snprintf(supply, sizeof supply, "%d", (int)h->supply_id[f->supply]);
    snprintf(children, sizeof children, "%u", (unsigned)f->children);
    const char *const params[23] = {h->run_id,
                                    f->id,
                                    f->subject,
                                    one ? supply : NULL,
                                    f->detector,
                                    finding_class_name(f->class),
                                    f->signal,
                                    history_time(onset, f->onset),
                                    history_time(first, f->first_seen),
                                    history_time(last, f->last_seen),
                                    history_time(closed, f->closed),
                                    number(chance, f->chance),
                                    number(size, f->size),
                                    f->unit,
                                    direction_name(f->direction),
                                    children,
                                    f->witness ? "t" : "f",
                                    by,
                                    f->reason,
                                    work,
                                    h->revision_id,
                                    said ? "t" : "f",
                                    f->effect > 0 ? number(effect, f->effect) : NULL};
    pg_txn_add(t, upsert_finding, 23, params);
    free(by);
    free(work);
}

static void put_news(struct history *h, struct pg_txn **txn, const struct finding list[], size_t n,
                     tstamp_ns t, bool said)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_news(h, &list[i], t))
            continue;
        if (!*txn)
            *txn = pg_txn_new();
        add_finding(h, *txn, &list[i], said);
    }
}

int findings_open(struct history *h, const char *conninfo, struct err *err)
{
    const char *const params[1] = {h->run_id};
    return pg_run(
        conninfo,
        "UPDATE findings SET closed = last_seen WHERE run = $1::int AND NOT said AND closed IS NULL", 1,
        params, NULL, err);
}

void findings_put(struct history *h, const struct tick *t)
{
    struct pg_txn *txn = NULL;
    put_news(h, &txn, t->findings, t->n_findings, t->t, true);
    put_news(h, &txn, t->unsaid, t->n_unsaid, t->t, false);
    if (txn)
        history_submit(h, txn);
}

/* ---- rankings ---- */

void history_put_ranking(struct history *h, const struct history_ranking *r,
                         void (*taken)(void *arg, enum pg_taken how), void *arg)
{
    char week[TIMEFMT_LEN], issued[TIMEFMT_LEN], report[16], made_by[16];
    timefmt_iso(week, r->week_start);
    timefmt_iso(issued, r->issued_at);
    snprintf(report, sizeof report, "%d", r->number);
    snprintf(made_by, sizeof made_by, "%d", r->revision);
    struct pg_txn *t = pg_txn_new();
    for (size_t i = 0; i < r->n; i++) {
        char rank[16], score[32], chance[32];
        snprintf(rank, sizeof rank, "%d", r->rows[i].rank);
        const char *const params[12] = {h->run_id,
                                        report,
                                        week,
                                        issued,
                                        r->rows[i].rank > 0 ? rank : NULL,
                                        r->rows[i].supply,
                                        number(score, r->rows[i].score),
                                        number(chance, r->rows[i].chance),
                                        r->rows[i].reason ? r->rows[i].reason : "",
                                        made_by,
                                        r->rows[i].finding,
                                        r->rows[i].class};
        pg_txn_add(t,
                   "INSERT INTO rankings (run, number, week_start, issued_at, rank, supply, score,"
                   " chance, reason, revision, finding, class) VALUES ($1::int, $2::int, $3::timestamptz,"
                   " $4::timestamptz, $5::int, $6, $7::float8, $8::float8, $9, $10::int, $11, $12)"
                   " ON CONFLICT DO NOTHING",
                   12, params);
    }
    const char *const params[6] = {h->run_id, report, week, issued, made_by, r->document_json};
    /* the revision is there: it was submitted before */
    pg_txn_add(
        t,
        "INSERT INTO reports (run, number, week_start, issued_at, model, model_hash, config_hash,"
        " revision, document) SELECT run, $2::int, $3::timestamptz, $4::timestamptz, model, model_hash,"
        " config_hash, revision, $6::jsonb FROM revisions WHERE run = $1::int AND revision = $5::int"
        " ON CONFLICT DO NOTHING",
        6, params);
    pg_submit_durable(h->pg, t, taken, arg);
}

/* ---- models ---- */

int history_put_model(const char *conninfo, const char *name, const char *path, const char *hash,
                      tstamp_ns from, tstamp_ns to, const char *summary, bool active, struct err *err)
{
    char a[TIMEFMT_LEN], b[TIMEFMT_LEN];
    const char *const params[7] = {name,
                                   path,
                                   hash,
                                   history_time(a, from),
                                   history_time(b, to),
                                   summary ? summary : "",
                                   active ? "t" : "f"};
    /* one statement, so that never two are active */
    return pg_run(conninfo,
                  "WITH off AS (UPDATE models SET active = false WHERE $7::bool AND active AND name <> $1)"
                  " INSERT INTO models (name, path, hash, from_t, to_t, summary, active, activated) VALUES"
                  " ($1, $2, $3, $4::timestamptz, $5::timestamptz, $6, $7::bool, CASE WHEN $7::bool THEN"
                  " now() END) ON CONFLICT (name) DO UPDATE SET path = EXCLUDED.path, hash ="
                  " EXCLUDED.hash, from_t = EXCLUDED.from_t, to_t = EXCLUDED.to_t, summary ="
                  " EXCLUDED.summary, active = EXCLUDED.active, activated = CASE WHEN EXCLUDED.active THEN"
                  " now() ELSE models.activated END",
                  7, params, NULL, err);
}
