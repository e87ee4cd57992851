/* The weekly report as a document: what is frozen when a list is issued. Everything shown later in any format
 * comes from it alone. Numbers that cannot be said are null; times are ISO 8601 UTC. Example, shortened:
 *
 * {"psmon_report": 1, "number": 202647, "provisional": false, "past_known": true, "run": "live",
 *  "period": {"from": "2026-11-09T06:00:00Z", "to": "2026-11-16T06:00:00Z"},
 *  "issued_at": "2026-11-16T06:00:00Z",
 *  "audit": {"says": "the stated chance held within a factor of two in 12 weeks to …", "broken": false},
 *  "model": {"name": "2026-10", "hash": "…", "summary": "…"}, "configuration": {"hash": "…"},
 *  "supplies": 1320, "ranked": 1307, "hours": {"least": 24, "median": 164, "short": 13},
 *  "rows": [{"part": "inspect", "rank": 1, "last_rank": 4, "supply": "S07-SX5", "family": "sextupole",
 *    "sector": "S07", "priority": "high", "score": 24.4, "chance": 0.025, "chance_words": "once in 40 weeks",
 *    "reason": "IGBT temperature 6.1 K above what its current explains, since 12 Nov; by chance …",
 *    "class": "equipment", "detector": "level", "signal": "igbt_temperature", "direction": "up",
 *    "size": 6.1, "unit": "K", "effect": 12.2, "onset": "…", "first_seen": "…", "open": true, "witness":
 * true, "contributors": [{"signal": "igbt_temperature", "size": 6.1, "unit": "K", "share": 0.83}], "action":
 * "check fan and heatsink, filters; then the thermal interface", "hours_scored": 164, "earlier": [{"week":
 * "2026-09-07", "outcome": "fault_found", "note": "fan replaced"}], "chart": {"from": "…", "step_s": 3600,
 * "score": [0.4, null, …], "line": {"what": "residual", "signal": "igbt_temperature", "unit": "K", "values":
 * [0.1, …]}}}], "more": 0, "watch": [{"part": "watch", "rank": 2, "supply": …, "signal": …, "unit": …,
 * "size": 0.3, "per_day": 0.04, "limit": 0.5, "days_left": 5, …}], "rest": "nothing else stands out; best of
 * the rest: S01-QD1, S02-QD4, S30-CV1", "over": [{"part": "ended", "closed": "…", …}, {"part": "repaired",
 * …}], "not_ranked": [{"reason": "off", "supplies": 13, "names": ["S01-QD1", …]}], "changes": {"since":
 * 202646, "new": ["S07-SX5"], "improved": [{"supply": "S21-CV2", "from": 3}]}, "ledger": [{"reason":
 * "scored", "supply_hours": 210332}, …, {"reason": "psmon not running", …}], "supply_hours": 221760,
 * "budget": {"stated": 1, "used": 2}, "scoreboard": [{"weeks": 4, "lists": 4, "entries": 60,
 * "without_finding": 20, "fault_found": 5, "nothing_found": 3, "not_inspected": 50, "unknown": 2,
 * "precision": 0.625}, {"weeks": 12, …}], "trips": {"weeks": 12, "listed": [{"supply": "…", "time": "…",
 * "cause": "fan", "rank": 2, "lead_days": 5.2, "reason": "IGBT temperature …"}], "missed": [{"supply": …,
 * "time": …, "cause": …}], "median_lead_days": 5.2}}
 *
 * rank.h says what each part holds. "rows" are at most report.size, "more" is how many open findings it left
 * out. "supply" of a group's row is the group, with "members", and without family, sector and chart. A trip
 * of a group's supply counts as listed by the group's row. "ranked": supplies with "least" scored hours or
 * more, which are judged; "short" had fewer, "median" is how many half of all had.
 *
 * Documents without "rest" were issued before lists had parts: their rows hold supplies without a finding too
 * (no "class"), "common" and "data" all findings of these classes, "changes" what "closed". They are shown as
 * they were. On the scoreboard only entries that a finding carries count.
 *
 * What becomes known after it was issued is no part of the document; who shows it adds (report_add_since)
 * "since": {"fault_found": 1, "nothing_found": 0, "not_inspected": 2, "unknown": 9, "trips": [{"supply": …,
 * "time": …, "cause": …, "days": 3.2}]}, and to rows "outcome": {"outcome": "fault_found", "note": "…"}.
 * "renewed": [{"supply": "…", "work_start": "…", "work": "swap", "words": "IGBT temperature +1.2 K"}]: what
 * counts from elsewhere since work of its own.
 *
 * SPDX-License-Identifier: MIT */
#include "monitor/report/report_parts.h"

#include "base/mem.h"
#include "base/time/timefmt.h"
#include "detectors/model/tail.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 12   /* of supplies not judged for one reason; their number is always given */
#define MEMBERS_MAX 48 /* of a group's supplies */

/* ---- what the moment knows ---- */

static json_t *nulls(size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(a, json_null());
    return a;
}

/* The channel of a supply that carries a signal; -1. */
static int64_t channel_of(const struct fleet *f, uint32_t supply, const char *signal)
{
    const struct supply *p = &f->supplies[supply];
    for (uint32_t c = p->first_channel; c < p->first_channel + p->n_channels; c++)
        if (strcmp(f->signals.name[f->channels[c].signal], signal) == 0)
            return c;
    return -1;
}

/* A trend as the finding that it comes to be. */
static struct finding trend_as_finding(const struct report_input *in, const struct trend *t)
{
    const struct channel *c = &in->fleet->channels[t->channel];
    struct finding d = {
        .class = CLASS_EQUIPMENT, .size = t->now, .direction = t->now < 0 ? DIRECTION_DOWN : DIRECTION_UP};
    snprintf(d.signal, sizeof d.signal, "%s", in->fleet->signals.name[c->signal]);
    snprintf(d.unit, sizeof d.unit, "%s", words_unit_of_difference(c->unit));
    return d;
}

/* The week's last hours, as the rank_week has them, at the end of an array of the period's hours. */
static json_t *line_json(const float v[RANK_HOURS], size_t hours)
{
    json_t *values = nulls(hours);
    for (size_t k = 0; k < RANK_HOURS && k < hours; k++)
        json_array_set_new(values, hours - 1 - k, value_number((double)v[RANK_HOURS - 1 - k]));
    return values;
}

/* What the week's own memory knows of a supply and the signal of its row; the history may know more. */
static json_t *chart_json(const struct report_input *in, uint32_t supply, int64_t channel)
{
    size_t hours = (size_t)((in->week_end - in->week_start) / NS_PER_HOUR);
    float v[RANK_HOURS];
    if (in->week)
        rank_week_scores(in->week, supply, v);
    json_t *chart = json_pack("{so si so}", "from", value_instant(in->week_start), "step_s", 3600, "score",
                              in->week ? line_json(v, hours) : nulls(hours));
    if (channel < 0 || !in->week || !rank_week_residuals(in->week, (size_t)channel, v))
        return chart;
    const struct channel *c = &in->fleet->channels[channel];
    json_object_set_new(chart, "line",
                        json_pack("{so so ss so}", "signal", value_text(in->fleet->signals.name[c->signal]),
                                  "unit", value_text(words_unit_of_difference(c->unit)), "what", "residual",
                                  "values", line_json(v, hours)));
    return chart;
}

/* A trend in the words of a finding, with what it has of its own. */
static json_t *trend_json(const struct report_input *in, const struct trend *t)
{
    const struct channel *c = &in->fleet->channels[t->channel];
    struct finding d = trend_as_finding(in, t);
    return json_pack("{so so sf sf sf sf ss so}", "signal", value_text(in->fleet->signals.name[c->signal]),
                     "unit", value_text(d.unit), "size", t->now, "per_day", t->per_day, "limit", t->limit,
                     "days_left", t->days_left, "direction", direction_name(d.direction), "action",
                     value_text(report_action(&d)));
}

static void add_place(json_t *o, const struct report_input *in, const struct rank_entry *e)
{
    const struct fleet *f = in->fleet;
    if (e->supply < 0) {
        json_t *members = json_array();
        for (uint32_t s = 0; s < f->n_supplies && json_array_size(members) < MEMBERS_MAX; s++)
            if (finding_concerns(e->finding, f, s))
                json_array_append_new(members, value_text(f->supplies[s].name));
        json_object_set_new(o, "members", members);
        return;
    }
    const struct supply *p = &f->supplies[e->supply];
    int64_t channel = e->finding ? channel_of(f, (uint32_t)e->supply, e->finding->signal)
                                 : (int64_t)e->trend.channel;
    json_object_set_new(o, "family", value_text(f->groups[GROUP_FAMILY].name[p->group[GROUP_FAMILY]]));
    json_object_set_new(o, "sector", value_text(f->groups[GROUP_SECTOR].name[p->group[GROUP_SECTOR]]));
    json_object_set_new(o, "hours_scored", json_integer(in->list->supply[e->supply].hours_scored));
    json_object_set_new(o, "chart", chart_json(in, (uint32_t)e->supply, channel));
}

static json_t *row_json(const struct report_input *in, const struct rank_entry *e)
{
    json_t *o = e->finding ? finding_json(e->finding) : trend_json(in, &e->trend);
    if (e->finding)
        json_object_set_new(o, "action", value_text(report_action(e->finding)));
    json_object_set_new(o, "part", value_text(rank_part_name(e->part)));
    json_object_set_new(o, "rank", e->rank ? json_integer(e->rank) : json_null());
    json_object_set_new(o, "supply", value_text(rank_subject(e, in->fleet)));
    json_object_set_new(o, "priority", value_text(rank_priority_name(e->priority)));
    json_object_set_new(o, "score", value_number(e->score));
    json_object_set_new(o, "chance", value_number(e->chance));
    json_object_set_new(o, "chance_words", value_chance(e->chance));
    json_object_set_new(o, "reason", value_text(e->reason));
    add_place(o, in, e);
    return o;
}

/* What the list says, part by part. */
static void add_list(json_t *doc, const struct report_input *in)
{
    json_t *rows = json_array(), *watch = json_array(), *over = json_array();
    const struct rank_list *l = in->list;
    size_t most = (size_t)in->settings->report_size;
    for (size_t i = 0; i < l->n; i++) {
        enum rank_part part = l->entry[i].part;
        if (part == RANK_INSPECT && i >= most)
            continue;
        json_array_append_new(part == RANK_INSPECT ? rows
                              : part == RANK_WATCH ? watch
                                                   : over,
                              row_json(in, &l->entry[i]));
    }
    json_object_set_new(doc, "rows", rows);
    json_object_set_new(
        doc, "more", json_integer(l->of[RANK_INSPECT] > most ? (json_int_t)(l->of[RANK_INSPECT] - most) : 0));
    json_object_set_new(doc, "watch", watch);
    json_object_set_new(doc, "rest", value_text(l->rest_words));
    json_object_set_new(doc, "over", over);
}

static json_t *group_json(const char *reason, size_t n, json_t *names)
{
    return json_pack("{ss sI so}", "reason", reason, "supplies", (json_int_t)n, "names", names);
}

static void note(json_t **names, size_t *n, const char *name)
{
    if (!*names)
        *names = json_array();
    if ((*n)++ < NAMES_MAX)
        json_array_append_new(*names, value_text(name));
}

/* Supplies that were never scored, by reason, and last those that were for too few hours. */
static void add_not_ranked(json_t *doc, const struct report_input *in)
{
    json_t *names[REASON_COUNT] = {NULL}, *few = NULL, *list = json_array();
    size_t count[REASON_COUNT] = {0}, judged = 0, n_few = 0;
    for (size_t i = 0; i < in->fleet->n_supplies; i++) {
        const struct rank_supply *r = &in->list->supply[i];
        const char *name = in->fleet->supplies[i].name;
        if (rank_judged(r))
            judged++;
        else if (r->hours_scored)
            note(&few, &n_few, name);
        else
            note(&names[r->unscored], &count[r->unscored], name);
    }
    for (int k = 0; k < REASON_COUNT; k++)
        if (names[k])
            json_array_append_new(list, group_json(reason_name((enum reason)k), count[k], names[k]));
    if (few)
        json_array_append_new(list, group_json("scored for too few hours", n_few, few));
    json_object_set_new(doc, "ranked", json_integer((json_int_t)judged));
    json_object_set_new(doc, "not_ranked", list);
}

static int fewer(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* From how many hours on a supply is judged, and how many had fewer. */
static void add_hours(json_t *doc, const struct report_input *in)
{
    size_t n = in->fleet->n_supplies, few = 0;
    uint32_t *hours = xcalloc(n + 1, sizeof *hours);
    for (size_t i = 0; i < n; i++) {
        hours[i] = in->list->supply[i].hours_scored;
        few += hours[i] < RANK_LEAST_HOURS;
    }
    qsort(hours, n, sizeof *hours, fewer);
    json_object_set_new(doc, "hours",
                        json_pack("{si sI sI}", "least", RANK_LEAST_HOURS, "median", (json_int_t)hours[n / 2],
                                  "short", (json_int_t)few));
    free(hours);
}

/* Sums to supplies × hours of the period; what the ledger lacks is time in which psmon made no tick. */
static void add_ledger(json_t *doc, const struct report_input *in)
{
    json_t *list = json_array();
    uint64_t sum = 0;
    uint64_t all = in->fleet->n_supplies * (uint64_t)((in->week_end - in->week_start) / NS_PER_HOUR);
    for (int k = 0; k < REASON_COUNT; k++) {
        sum += in->ledger_hours[k];
        if (in->ledger_hours[k] || k == REASON_SCORED)
            json_array_append_new(list,
                                  json_pack("{so sI}", "reason", value_text(reason_name((enum reason)k)),
                                            "supply_hours", (json_int_t)in->ledger_hours[k]));
    }
    if (sum < all)
        json_array_append_new(list, json_pack("{ss sI}", "reason", "psmon not running", "supply_hours",
                                              (json_int_t)(all - sum)));
    json_object_set_new(doc, "ledger", list);
    json_object_set_new(doc, "supply_hours", json_integer((json_int_t)(sum < all ? all : sum)));
}

/* Year and ISO week of the day the period ends: 202647. It needs no memory of earlier lists, so a list that
 * is made while the database is away has the same number. ISO 8601: the week belongs to the year of its
 * Thursday. */
static int number_of(tstamp_ns end)
{
    int year, month, day;
    int64_t thursday = end / NS_PER_DAY + 3 - timefmt_weekday(end);
    timefmt_civil(thursday, &year, &month, &day);
    return year * 100 + (int)((thursday - timefmt_days(year, 1, 1)) / 7) + 1;
}

static json_t *audit_json(const struct chances *c)
{
    char line[CHANCES_LINE_LEN];
    return json_pack("{so sb}", "says", value_text(chances_line(line, c)), "broken", (int)chances_broken(c));
}

json_t *report_document(const struct report_input *in)
{
    json_t *doc = json_pack("{si sb sb so}", "psmon_report", 1, "provisional", in->provisional, "past_known",
                            0, "run", value_text(in->run));
    json_object_set_new(doc, "number", json_integer(number_of(in->week_end)));
    json_object_set_new(
        doc, "period",
        json_pack("{so so}", "from", value_instant(in->week_start), "to", value_instant(in->week_end)));
    json_object_set_new(doc, "issued_at", value_instant(in->issued_at));
    json_object_set_new(doc, "model",
                        json_pack("{so so so}", "name", value_text(in->model), "hash",
                                  value_text(in->model_hash), "summary", value_text(in->model_summary)));
    if (in->chances && in->chances->to)
        json_object_set_new(doc, "audit", audit_json(in->chances));
    json_object_set_new(doc, "configuration", json_pack("{so}", "hash", value_text(in->config_hash)));
    json_object_set_new(doc, "supplies", json_integer((json_int_t)in->fleet->n_supplies));
    add_list(doc, in);
    add_hours(doc, in);
    add_not_ranked(doc, in);
    json_object_set_new(doc, "changes", json_object());
    add_ledger(doc, in);
    json_object_set_new(doc, "budget",
                        json_pack("{sf sf}", "stated", in->settings->budget, "used", in->budget_used));
    return doc;
}

/* ---- what the past says ---- */

static const char *cell(const json_t *row, size_t column)
{
    const char *s = json_string_value(json_array_get(row, column));
    return s ? s : "";
}

static json_t *answers(const json_t *past, const char *question)
{
    return json_object_get(past, question);
}

/* The row of a supply or group, of what is to be inspected or watched. */
static json_t *row_of(const json_t *doc, const char *supply)
{
    static const char *const parts[] = {"rows", "watch"};
    size_t i;
    json_t *row;
    for (size_t k = 0; k < 2; k++)
        json_array_foreach(json_object_get(doc, parts[k]), i,
                           row) if (strcmp(field_text(row, "supply"), supply) == 0) return row;
    return NULL;
}

/* Where the rows stood last time, who is new, and who left the list. last: [subject, rank, number of the
 * list]; of a list without a row one, without a subject. */
static void add_last(json_t *doc, const json_t *past)
{
    json_t *last = answers(past, "last"), *rows = json_object_get(doc, "rows"), *row;
    size_t i;
    json_t *changes = json_object_get(doc, "changes"), *fresh = json_array(), *left = json_array();
    json_array_foreach(last, i, row)
    {
        json_t *now = *cell(row, 0) ? row_of(doc, cell(row, 0)) : NULL;
        long rank = strtol(cell(row, 1), NULL, 10);
        if (now)
            json_object_set_new(now, "last_rank", json_integer(rank));
        else if (rank > 0)
            json_array_append_new(left,
                                  json_pack("{ss sI}", "supply", cell(row, 0), "from", (json_int_t)rank));
    }
    json_array_foreach(rows, i, row) if (json_array_size(last) && !json_object_get(row, "last_rank"))
        json_array_append(fresh, json_object_get(row, "supply"));
    json_object_set_new(changes, "new", fresh);
    json_object_set_new(changes, "improved", left);
    if (json_array_size(last))
        json_object_set_new(changes, "since",
                            json_integer(strtol(cell(json_array_get(last, 0), 2), NULL, 10)));
}

/* Entries by what an inspection said of them. */
struct tally {
    long found, nothing, not_inspected, unknown;
};

static void count_outcome(struct tally *t, const char *outcome)
{
    long *n = strcmp(outcome, "fault_found") == 0     ? &t->found
              : strcmp(outcome, "nothing_found") == 0 ? &t->nothing
              : strcmp(outcome, "not_inspected") == 0 ? &t->not_inspected
                                                      : &t->unknown;
    ++*n;
}

static json_t *tally_json(const struct tally *t)
{
    return json_pack("{sI sI sI sI}", "fault_found", (json_int_t)t->found, "nothing_found",
                     (json_int_t)t->nothing, "not_inspected", (json_int_t)t->not_inspected, "unknown",
                     (json_int_t)t->unknown);
}

/* How the entries of earlier lists fared. lists: [age in weeks, supply, outcome or null, class of the finding
 * or null]. */
static json_t *scoreboard(const json_t *lists, int weeks)
{
    struct tally t = {0};
    long without = 0, newest[16] = {0}, n_lists = 0;
    size_t i;
    json_t *row;
    json_array_foreach(lists, i, row)
    {
        long age = strtol(cell(row, 0), NULL, 10);
        if (age < 0 || age >= weeks || age >= (long)(sizeof newest / sizeof *newest))
            continue;
        n_lists += !newest[age];
        newest[age] = 1;
        if (*cell(row, 3))
            count_outcome(&t, cell(row, 2));
        else
            without++;
    }
    long told = t.found + t.nothing;
    json_t *board = json_pack("{si sI sI sI so}", "weeks", weeks, "lists", (json_int_t)n_lists, "entries",
                              (json_int_t)(told + t.not_inspected + t.unknown), "without_finding",
                              (json_int_t)without, "precision",
                              told ? json_real((double)t.found / (double)told) : json_null());
    json_t *outcomes = tally_json(&t);
    json_object_update(board, outcomes);
    json_decref(outcomes);
    return board;
}

/* trips: [supply, time, cause, best rank on lists issued before it by a finding of its own or null, days
 * since the first of them or null, what that list said] */
static void add_trips(json_t *doc, const json_t *trips)
{
    json_t *listed = json_array(), *missed = json_array(), *row;
    double lead[256];
    size_t i, n = 0;
    json_array_foreach(trips, i, row)
    {
        json_t *o =
            json_pack("{ss ss ss}", "supply", cell(row, 0), "time", cell(row, 1), "cause", cell(row, 2));
        long rank = strtol(cell(row, 3), NULL, 10);
        if (rank > 0) {
            double days = strtod(cell(row, 4), NULL);
            json_object_set_new(o, "rank", json_integer(rank));
            json_object_set_new(o, "lead_days", value_number(days));
            json_object_set_new(o, "reason", value_text(cell(row, 5)));
            if (n < sizeof lead / sizeof *lead)
                lead[n++] = days;
        }
        json_array_append_new(rank > 0 ? listed : missed, o);
    }
    double median = median_of(lead, n);
    json_object_set_new(doc, "trips",
                        json_pack("{si so so so}", "weeks", 12, "listed", listed, "missed", missed,
                                  "median_lead_days", value_number(median)));
}

/* hours: [supply, hour of the period 0 …, score or null]; readings: [supply, hour, value, unit] of the signal
 * that carries the row's finding, shown where its residual is not known. */
static void add_charts(json_t *doc, const json_t *past)
{
    static const char *const questions[] = {"hours", "readings"};
    size_t i;
    json_t *row;
    for (int k = 0; k < 2; k++)
        json_array_foreach(answers(past, questions[k]), i, row)
        {
            json_t *r = row_of(doc, cell(row, 0)), *chart = json_object_get(r, "chart"), *values;
            if (!*cell(row, 2))
                continue;
            if (k == 0) {
                values = json_object_get(chart, "score");
            } else {
                json_t *line = json_object_get(chart, "line");
                if (chart && !line) {
                    line = json_pack("{sO so so so}", "signal", json_object_get(r, "signal"), "unit",
                                     value_text(cell(row, 3)), "what", value_text("reading"), "values",
                                     nulls(json_array_size(json_object_get(chart, "score"))));
                    json_object_set_new(chart, "line", line);
                } else if (strcmp(field_text(line, "what"), "reading") != 0) {
                    continue;
                }
                values = json_object_get(line, "values");
            }
            long h = strtol(cell(row, 1), NULL, 10);
            if (h >= 0 && (size_t)h < json_array_size(values))
                json_array_set_new(values, (size_t)h, value_number(strtod(cell(row, 2), NULL)));
        }
}

/* outcomes of earlier inspections of listed supplies: [supply, week, outcome, note] */
static void add_earlier(json_t *doc, const json_t *outcomes)
{
    size_t i;
    json_t *row;
    json_array_foreach(outcomes, i, row)
    {
        json_t *r = row_of(doc, cell(row, 0));
        if (!r)
            continue;
        if (!json_object_get(r, "earlier"))
            json_object_set_new(r, "earlier", json_array());
        json_array_append_new(
            json_object_get(r, "earlier"),
            json_pack("{ss ss ss}", "week", cell(row, 1), "outcome", cell(row, 2), "note", cell(row, 3)));
    }
}

/* Supplies after work of their own: [supply, start and words of the work, signal, size, unit], a supply's
 * together. */
static void add_renewed(json_t *doc, const json_t *columns)
{
    json_t *list = json_array(), *column;
    struct buf words = {0};
    size_t i;
    json_array_foreach(columns, i, column)
    {
        char signal[WORDS_SIGNAL_LEN], size[FIELD_SIZE_LEN];
        const json_t *next = json_array_get(columns, i + 1);
        buf_printf(&words, "%s%s %s", words.len ? ", " : "", words_signal(signal, cell(column, 3)),
                   field_size(size, strtod(cell(column, 4), NULL), cell(column, 5)));
        if (strcmp(cell(column, 5), "x") == 0)
            buf_str(&words, " as noisy");
        if (strcmp(cell(next, 0), cell(column, 0)) == 0 && strcmp(cell(next, 1), cell(column, 1)) == 0)
            continue;
        json_array_append_new(list,
                              json_pack("{ss ss ss ss}", "supply", cell(column, 0), "work_start",
                                        cell(column, 1), "work", cell(column, 2), "words", buf_text(&words)));
        buf_free(&words);
    }
    json_object_set_new(doc, "renewed", list);
}

void report_add_past(json_t *doc, const json_t *past)
{
    if (!past)
        return;
    json_object_set_new(doc, "past_known", json_true());
    const char *last = cell(json_array_get(answers(past, "number"), 0), 0); /* two lists in one week */
    if (strtol(last, NULL, 10) >= (long)field_number(doc, "number"))
        json_object_set_new(doc, "number", json_integer(strtol(last, NULL, 10) + 1));
    add_last(doc, past);
    json_t *lists = answers(past, "lists");
    json_object_set_new(doc, "scoreboard", json_pack("[oo]", scoreboard(lists, 4), scoreboard(lists, 12)));
    add_trips(doc, answers(past, "trips"));
    add_renewed(doc, answers(past, "renewed"));
    add_charts(doc, past);
    add_earlier(doc, answers(past, "outcomes"));
}

/* ---- what came after ---- */

/* outcomes: [supply, outcome, note]; trips: [supply, time, cause, days after the list was issued]. */
void report_add_since(json_t *doc, const json_t *since)
{
    size_t i;
    json_t *row;
    struct tally t = {0};
    json_array_foreach(answers(since, "outcomes"), i, row)
    {
        json_t *r = row_of(doc, cell(row, 0));
        if (r)
            json_object_set_new(r, "outcome",
                                json_pack("{ss ss}", "outcome", cell(row, 1), "note", cell(row, 2)));
    }
    json_array_foreach(json_object_get(doc, "rows"), i, row) if (json_object_get(row, "class"))
        count_outcome(&t, field_text(json_object_get(row, "outcome"), "outcome"));
    json_t *all = tally_json(&t), *trips = json_array();
    json_array_foreach(answers(since, "trips"), i, row) json_array_append_new(
        trips, json_pack("{ss ss ss so}", "supply", cell(row, 0), "time", cell(row, 1), "cause", cell(row, 2),
                         "days", value_number(strtod(cell(row, 3), NULL))));
    json_object_set_new(all, "trips", trips);
    json_object_set_new(doc, "since", all);
}
