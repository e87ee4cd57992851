/* Reading the history back at start-up; blocking. See history.h. SPDX-License-Identifier: MIT */
#include "archive/history/history.h"

#include "base/mem.h"
#include "base/text/json.h"
#include "base/time/timefmt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int history_last_tick(const char *conninfo, const char *run, tstamp_ns *t, struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc = pg_run(conninfo,
                    "SELECT psmon_iso(max(t)) FROM ticks WHERE run = (SELECT run FROM runs WHERE name = $1)",
                    1, &run, &rows, err);
    if (rc != 0)
        return rc;
    *t = 0;
    if (rows->n_rows && rows->value[0])
        rc = timefmt_parse(t, rows->value[0], err);
    pg_rows_free(rows);
    return rc;
}

int history_default_run(const char *conninfo, char **run, struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc = pg_run(conninfo, "SELECT name FROM runs WHERE run = psmon_default_run()", 0, NULL, &rows, err);
    if (rc != 0)
        return rc;
    *run = rows->n_rows && rows->value[0] ? xstrdup(rows->value[0]) : NULL;
    pg_rows_free(rows);
    return 0;
}

int history_report(const char *conninfo, const char *run, tstamp_ns at, char **document, struct err *err)
{
    char iso[TIMEFMT_LEN];
    const char *const params[2] = {run, timefmt_iso(iso, at)};
    struct pg_rows *rows = NULL;
    int rc = pg_run(
        conninfo,
        at ? "SELECT document FROM reports JOIN runs USING (run) WHERE name = $1 AND $2::timestamptz >="
             " week_start AND $2::timestamptz < (document -> 'period' ->> 'to')::timestamptz"
             " ORDER BY number DESC LIMIT 1"
           : "SELECT document FROM reports JOIN runs USING (run) WHERE name = $1"
             " ORDER BY week_start DESC, number DESC LIMIT 1",
        at ? 2 : 1, params, &rows, err);
    if (rc != 0)
        return rc;
    *document = rows->n_rows && rows->value[0] ? xstrdup(rows->value[0]) : NULL;
    pg_rows_free(rows);
    return 0;
}

/* ---- findings ---- */

static void set_text(char *out, size_t n, const char *value)
{
    snprintf(out, n, "%s", value ? value : "");
}

static double get_number(const char *value)
{
    return value ? strtod(value, NULL) : (double)NAN;
}

static tstamp_ns get_time(const char *value)
{
    tstamp_ns t = 0;
    struct err err;
    return value && timefmt_parse(&t, value, &err) == 0 ? t : 0;
}

/* Index of a name in a list given by a function; fallback when it is not there. */
static int word_index(const char *word, const char *(*name)(int), int n)
{
    for (int i = 0; i < n; i++)
        if (word && strcmp(word, name(i)) == 0)
            return i;
    return 0;
}

static const char *class_word(int i)
{
    return finding_class_name((enum finding_class)i);
}

static const char *direction_word(int i)
{
    return direction_name((enum direction)i);
}

/* As findings.c writes it: a time, a space, the work. */
static void read_work(struct finding *f, const char *text)
{
    char start[TIMEFMT_LEN] = "";
    const char *space = text ? strchr(text, ' ') : NULL;
    if (!space || (size_t)(space - text) >= sizeof start)
        return;
    memcpy(start, text, (size_t)(space - text));
    f->work_start = get_time(start);
    set_text(f->work, sizeof f->work, space + 1);
}

static void read_finding(struct finding *f, const struct fleet *fleet, char *const v[])
{
    set_text(f->id, sizeof f->id, v[0]);
    set_text(f->subject, sizeof f->subject, v[1]);
    f->supply = fleet_supply(fleet, f->subject);
    set_text(f->detector, sizeof f->detector, v[2]);
    f->class = (enum finding_class)word_index(v[3], class_word, CLASS_COUNT);
    set_text(f->signal, sizeof f->signal, v[4]);
    f->onset = get_time(v[5]);
    f->first_seen = get_time(v[6]);
    f->last_seen = get_time(v[7]);
    f->chance = get_number(v[8]);
    f->size = get_number(v[9]);
    set_text(f->unit, sizeof f->unit, v[10]);
    f->direction = (enum direction)word_index(v[11], direction_word, DIRECTION_COUNT);
    f->children = (uint32_t)strtoul(v[12] ? v[12] : "0", NULL, 10);
    f->witness = v[13] && v[13][0] == 't';
    finding_read_contributors(f, v[14]);
    set_text(f->reason, sizeof f->reason, v[15]);
    f->closed = get_time(v[16]);
    read_work(f, v[17]);
    f->effect = v[19] ? strtod(v[19], NULL) : 0;
}

#define FINDING_COLUMNS                                                                                     \
    "id, subject, detector, class, signal, psmon_iso(onset), psmon_iso(first_seen), psmon_iso(last_seen), " \
    "chance,"                                                                                               \
    " size, unit, direction, children, witness, contributors, reason, psmon_iso(closed), work,"             \
    " supply IS NOT NULL, effect"

/* Findings that a query of FINDING_COLUMNS selects, but those of supplies that have left the fleet. */
static int select_findings(const char *conninfo, const struct fleet *f, const char *sql, int n_params,
                           const char *const params[], struct finding **out, size_t *n, struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc = pg_run(conninfo, sql, n_params, params, &rows, err);
    if (rc != 0)
        return rc;
    *n = 0;
    *out = xcalloc((size_t)rows->n_rows, sizeof **out);
    for (size_t i = 0; i < (size_t)rows->n_rows; i++) {
        char *const *v = rows->value + i * (size_t)rows->n_columns;
        bool of_supply = v[18] && v[18][0] == 't';
        read_finding(&(*out)[*n], f, v);
        *n += !of_supply || (*out)[*n].supply >= 0;
    }
    pg_rows_free(rows);
    return 0;
}

int history_open_findings(const char *conninfo, const struct fleet *f, const char *run, struct finding **out,
                          size_t *n, struct err *err)
{
    return select_findings(conninfo, f,
                           "SELECT " FINDING_COLUMNS " FROM findings WHERE said AND closed IS NULL AND run ="
                           " (SELECT run FROM runs WHERE name = $1) ORDER BY first_seen, id",
                           1, &run, out, n, err);
}

int history_findings(const char *conninfo, const struct fleet *f, const char *run, tstamp_ns from,
                     tstamp_ns to, struct finding **out, size_t *n, struct err *err)
{
    char a[TIMEFMT_LEN], b[TIMEFMT_LEN];
    const char *const params[3] = {run, timefmt_iso(a, from), timefmt_iso(b, to)};
    return select_findings(conninfo, f,
                           "SELECT " FINDING_COLUMNS
                           " FROM findings WHERE said AND run = (SELECT run FROM runs WHERE"
                           " name = $1) AND first_seen < $3::timestamptz AND (closed IS NULL OR closed >="
                           " $2::timestamptz) ORDER BY first_seen, id",
                           3, params, out, n, err);
}

/* ---- replays ---- */

int history_replay(const char *conninfo, const char *name, struct history_replay *out, struct err *err)
{
    struct pg_rows *rows = NULL;
    /* ticks that were lost with the database are made again; where ticks were forgotten hours tell */
    int rc = pg_run(
        conninfo,
        "SELECT r.run, psmon_iso(r.from_t), psmon_iso(r.to_t), psmon_iso(least(coalesce((SELECT max(t) FROM"
        " ticks k WHERE k.run = r.run), (SELECT max(t) + interval '1 hour' FROM hours h WHERE h.run ="
        " r.run)), (SELECT g.from_t - interval '1 us' FROM tick_gaps g WHERE g.run = r.run))),"
        " r.finished IS NOT NULL, r.model, r.model_hash FROM runs r WHERE r.name = $1 AND r.kind ="
        " 'replay'",
        1, &name, &rows, err);
    if (rc != 0)
        return rc;
    *out = (struct history_replay){0};
    if (rows->n_rows) {
        char *const *v = rows->value;
        set_text(out->run, sizeof out->run, v[0]);
        out->from = get_time(v[1]);
        out->to = get_time(v[2]);
        out->stands = get_time(v[3]);
        out->finished = v[4][0] == 't';
        set_text(out->model, sizeof out->model, v[5]);
        set_text(out->model_hash, sizeof out->model_hash, v[6]);
    } else {
        rc = err_set(err, ERR_CONFIG, "there is no replay '%.80s'", name);
    }
    pg_rows_free(rows);
    return rc;
}

int history_remove_replay(const char *conninfo, const struct history_replay *r, struct err *err)
{
    const char *const params[1] = {r->run};
    return pg_run(conninfo, "SELECT psmon_remove_run($1::int)", 1, params, NULL, err);
}
