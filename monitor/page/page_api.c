/* The JSON of /api/; see page_parts.h. Numbers that cannot be said are null; times are ISO 8601 UTC.
 * SPDX-License-Identifier: MIT */
#include "monitor/page/page_parts.h"

#include "base/hashmap.h"
#include "base/mem.h"
#include "base/text/json.h"
#include "base/text/words.h"
#include "base/time/timefmt.h"
#include "features/hist.h"
#include "features/record.h"
#include "monitor/rank.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

static json_t *floats(const float *v, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(a, value_number(v ? (double)v[i] : (double)NAN));
    return a;
}

static json_t *bytes(const uint8_t *v, size_t n)
{
    json_t *a = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(a, json_integer(v ? v[i] : 0));
    return a;
}

static json_t *names(const struct names *list)
{
    json_t *a = json_array();
    for (size_t i = 0; i < list->n; i++)
        json_array_append_new(a, value_text(list->name[i]));
    return a;
}

/* Takes root. Five digits are more than any score deserves and keep the ring under 100 kB. */
static int finish(struct buf *out, json_t *root, int status, size_t digits)
{
    char *s = value_dump(root, digits);
    bool ok = buf_str(out, s);
    free(s);
    return ok ? status : 500;
}

int api_error(struct buf *out, int status, const char *why)
{
    return finish(out, json_pack("{so}", "error", value_text(why)), status, 5);
}

/* ---- /api ---- */

int api_index(struct buf *out)
{
    static const struct {
        const char *path, *what;
    } paths[] = {
        {"/api/ring",
         "every supply in the last tick, as arrays in one order: family, sector, mode, reason (codes of "
         "`modes`, `reasons`), score (-log10 of the tail probability of its last 24 h), chance "
         "(expected healthy supply-days this extreme per week over the ring), chance_word (index into "
         "chance_words); open findings with the supplies that each covers, ledger. "
         "With ?since=VERSION a short answer when nothing changed"},
        {"/api/supply?name=NAME", "one supply: its signals over 24 h with residuals, divergence (bits), "
                                  "reconstruction (standard deviations), reference against now, findings"},
        {"/api/alarms", "alarms that are not normal, each with up to 100 findings of its event"},
        {"/api/findings", "open findings"},
        {"/api/ranking?limit=N",
         "the weekly list as it would be now: rows to inspect and to watch, what is over; rest in a line"},
        {"/api/report", "the weekly list issued last: the frozen document"},
        {"/report", "the same as a page; /report.txt, /report.csv, /report.json"},
        {"/api/audit", "whether the stated chance held in the last weeks, by what went on; /audit as text"},
        {"/health", "200 when ok or degraded, 503 when failing, with each check's reason; /readyz the same; "
                    "/livez: the process answers"},
        {"/metrics", "Prometheus text format"},
    };
    json_t *list = json_object();
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        json_object_set_new(list, paths[i].path, value_text(paths[i].what));
    return finish(out, json_pack("{ss ss so}", "name", "psmon", "version", PSMON_VERSION, "paths", list), 200,
                  5);
}

/* ---- findings ---- */

int api_findings(struct buf *out, const struct snapshot *s)
{
    json_t *list = json_array();
    for (size_t i = 0; s->tick && i < s->tick->n_findings; i++)
        if (!s->tick->findings[i].closed)
            json_array_append_new(list, finding_json(&s->tick->findings[i]));
    return finish(
        out, json_pack("{so so}", "tick", value_instant(s->tick ? s->tick->t : 0), "findings", list), 200, 8);
}

/* ---- /api/ring ---- */

/* What is said even when nothing changed: so that age and phase are right on the page. */
static json_t *state_json(const struct snapshot *s, const char *version)
{
    static const char *const words[] = {"ok", "degraded", "failing"};
    struct health_check checks[HEALTH_CHECKS];
    enum health health = health_check(s, checks);
    json_t *why = json_array();
    for (int i = 0; i < HEALTH_CHECKS; i++)
        if (checks[i].state != HEALTH_OK)
            json_array_append_new(why, value_text(checks[i].text));
    json_t *j = json_object();
    json_object_set_new(j, "version", value_text(version));
    json_object_set_new(j, "now", value_instant(s->now));
    json_object_set_new(j, "tick", value_instant(s->tick ? s->tick->t : 0));
    json_object_set_new(j, "period_s",
                        value_number(s->settings ? (double)s->settings->period / (double)NS_PER_S : 60));
    json_object_set_new(j, "speed", value_number(s->settings ? s->settings->clock.speed : 1));
    json_object_set_new(j, "run", value_text(s->run));
    json_object_set_new(j, "model", value_text(s->model));
    json_object_set_new(j, "phase", value_text(s->phase));
    json_object_set_new(j, "health", value_text(words[health]));
    json_object_set_new(j, "why", why);
    json_object_set_new(j, "report", json_boolean(s->report != NULL));
    return j;
}

static void add_codes(json_t *root)
{
    json_t *modes = json_array(), *reasons = json_array();
    for (int k = 0; k < MODE_COUNT; k++)
        json_array_append_new(modes, value_text(mode_name((enum mode)k)));
    for (int k = 0; k < REASON_COUNT; k++)
        json_array_append_new(reasons, value_text(reason_name((enum reason)k)));
    json_object_set_new(root, "modes", modes);
    json_object_set_new(root, "reasons", reasons);
}

static void add_supplies(json_t *root, const struct fleet *f)
{
    json_t *name = json_array(), *family = json_array(), *sector = json_array();
    for (size_t i = 0; i < f->n_supplies; i++) {
        json_array_append_new(name, value_text(f->supplies[i].name));
        json_array_append_new(family, json_integer(f->supplies[i].group[GROUP_FAMILY]));
        json_array_append_new(sector, json_integer(f->supplies[i].group[GROUP_SECTOR]));
    }
    json_object_set_new(root, "families", names(&f->groups[GROUP_FAMILY]));
    json_object_set_new(root, "sectors", names(&f->groups[GROUP_SECTOR]));
    json_object_set_new(root, "supply", name);
    json_object_set_new(root, "family", family);
    json_object_set_new(root, "sector", sector);
}

/* Open findings without their contributors, and the supplies that each covers. */
static json_t *ring_findings(const struct snapshot *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->tick->n_findings; i++) {
        const struct finding *d = &s->tick->findings[i];
        if (d->closed)
            continue;
        json_t *j = finding_json(d), *members = json_array();
        if (d->supply >= 0)
            json_array_append_new(members, json_integer(d->supply));
        else
            for (uint32_t k = 0; k < s->fleet->n_supplies; k++)
                if (finding_concerns(d, s->fleet, k))
                    json_array_append_new(members, json_integer(k));
        json_object_del(j, "contributors");
        json_object_set_new(j, "members", members);
        json_array_append_new(list, j);
    }
    return list;
}

/* Every supply's chance in words, as an index into the different ones: they repeat, and the ring is asked for
 * every few seconds. */
static void add_chance_words(json_t *root, const struct tick *t, size_t n)
{
    struct hashmap *index = hashmap_new();
    json_t *words = json_array(), *of = json_array();
    for (size_t i = 0; t && i < n; i++) {
        char w[WORDS_CHANCE_LEN];
        int32_t at = hashmap_get(index, words_chance(w, (double)t->chance[i]));
        if (at < 0) {
            at = (int32_t)json_array_size(words);
            hashmap_put(index, w, at);
            json_array_append_new(words, json_string(w));
        }
        json_array_append_new(of, json_integer(at));
    }
    hashmap_free(index);
    json_object_set_new(root, "chance_words", words);
    json_object_set_new(root, "chance_word", of);
}

static json_t *ledger_json(const struct tick *t)
{
    json_t *j = json_object();
    for (int k = 0; k < REASON_COUNT; k++)
        json_object_set_new(j, reason_name((enum reason)k), json_integer(t ? t->ledger[k] : 0));
    return j;
}

int api_ring(struct buf *out, const struct snapshot *s, const struct api_request *r)
{
    char version[64];
    snprintf(version, sizeof version, "%llx-%lld", (unsigned long long)(s->fleet ? s->fleet->hash : 0),
             (long long)(s->tick ? s->tick->t / NS_PER_S : 0));
    json_t *root = state_json(s, version);
    if (r->since && strcmp(r->since, version) == 0) {
        json_object_set_new(root, "unchanged", json_true());
        return finish(out, root, 200, 5);
    }
    add_codes(root);
    if (s->fleet)
        add_supplies(root, s->fleet);
    const struct tick *t = s->tick;
    size_t n = t ? t->n_supplies : 0;
    json_object_set_new(root, "mode", bytes(t ? t->mode : NULL, n));
    json_object_set_new(root, "reason", bytes(t ? t->reason : NULL, n));
    json_object_set_new(root, "score", floats(t ? t->score : NULL, n));
    json_object_set_new(root, "chance", floats(t ? t->chance : NULL, n));
    add_chance_words(root, t, n);
    json_object_set_new(root, "findings", t && s->fleet ? ring_findings(s) : json_array());
    json_object_set_new(root, "ledger", ledger_json(t));
    return finish(out, root, 200, 3);
}

/* ---- /api/supply ---- */

static json_t *trace(const struct snapshot *s, const float *ring, uint32_t channel)
{
    json_t *a = json_array();
    for (size_t k = 0; ring && k < s->trace_len; k++)
        json_array_append_new(
            a, value_number((double)ring[channel * s->trace_len + (s->trace_head + k) % s->trace_len]));
    return a;
}

static json_t *histogram(const struct snapshot *s, uint32_t channel)
{
    float edges[HIST_BINS];
    uint32_t reference[HIST_BINS], window[HIST_BINS];
    if (!s->scorer || !scorer_histograms(s->scorer, channel, edges, reference, window))
        return json_null();
    json_t *was = json_array(), *is = json_array();
    for (size_t b = 0; b < HIST_BINS; b++) {
        json_array_append_new(was, json_integer(reference[b]));
        json_array_append_new(is, json_integer(window[b]));
    }
    return json_pack("{so so so}", "edges", floats(edges, HIST_BINS - 1), "reference", was, "now", is);
}

/* What the statistics show of a channel or supply, each under its name. */
static void put_figures(json_t *j, const struct tick *t, bool per_channel, size_t at)
{
    for (size_t i = 0; i < t->n_figures; i++)
        if (t->figures[i].per_channel == per_channel)
            json_object_set_new(j, t->figures[i].name, value_number((double)t->figures[i].value[at]));
}

/* How to speak of them. */
static json_t *figure_list(const struct tick *t)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->n_figures; i++)
        json_array_append_new(list, json_pack("{ss ss ss sb}", "name", t->figures[i].name, "words",
                                              t->figures[i].words, "unit", t->figures[i].unit, "per_channel",
                                              (int)t->figures[i].per_channel));
    return list;
}

static json_t *channel_json(const struct snapshot *s, uint32_t c)
{
    const struct channel *ch = &s->fleet->channels[c];
    const struct tick *t = s->tick;
    json_t *j = json_object();
    char words[WORDS_SIGNAL_LEN];
    json_object_set_new(j, "signal", value_text(s->fleet->signals.name[ch->signal]));
    json_object_set_new(j, "signal_words",
                        value_text(words_signal(words, s->fleet->signals.name[ch->signal])));
    json_object_set_new(j, "pv", value_text(ch->pv));
    json_object_set_new(j, "unit", value_text(ch->unit));
    json_object_set_new(j, "unit_words", value_text(words_unit(ch->unit)));
    json_object_set_new(j, "residual_unit", value_text(words_unit_of_difference(ch->unit)));
    json_object_set_new(j, "low", value_number(ch->low));
    json_object_set_new(j, "high", value_number(ch->high));
    if (t) {
        json_object_set_new(j, "value", value_number((double)t->value[c]));
        json_object_set_new(
            j, "quality",
            value_text(t->quality[c] < QUALITY_COUNT ? quality_name(t->quality[c]) : "unknown"));
        json_object_set_new(j, "residual", value_number((double)t->residual[c]));
        put_figures(j, t, true, c);
    }
    json_object_set_new(j, "values", trace(s, s->trace_value, c));
    json_object_set_new(j, "residuals", trace(s, s->trace_residual, c));
    json_object_set_new(j, "histogram", histogram(s, c));
    return j;
}

static void add_work(json_t *root, const struct snapshot *s, uint32_t supply)
{
    const struct maintenance_period *p =
        s->maintenance ? maintenance_last(s->maintenance, s->fleet, supply, s->now) : NULL;
    if (p)
        json_object_set_new(root, "last_work",
                            json_pack("{so so so}", "start", value_instant(p->start), "end",
                                      p->end == MAINTENANCE_OPEN ? json_null() : value_instant(p->end),
                                      "work", value_text(p->entry->work)));
}

int api_supply(struct buf *out, const struct snapshot *s, const struct api_request *r)
{
    if (!r->name)
        return api_error(out, 400, "name is missing: /api/supply?name=NAME");
    int32_t at = s->fleet ? fleet_supply(s->fleet, r->name) : -1;
    if (at < 0)
        return api_error(out, 404, "no such supply");
    uint32_t supply = (uint32_t)at;
    const struct supply *p = &s->fleet->supplies[supply];
    const struct tick *t = s->tick;
    json_t *root = json_object(), *signals = json_array(), *findings = json_array();
    json_object_set_new(root, "supply", value_text(p->name));
    static const char *const groups[GROUP_COUNT] = {"family", "sector", "water", "rack", "feeder"};
    for (int g = 0; g < GROUP_COUNT; g++)
        if (p->group[g] >= 0)
            json_object_set_new(root, groups[g], value_text(s->fleet->groups[g].name[p->group[g]]));
    json_object_set_new(root, "tick", value_instant(t ? t->t : 0));
    if (t) {
        double chance = (double)t->chance[supply];
        json_object_set_new(root, "mode", value_text(mode_name(t->mode[supply])));
        json_object_set_new(root, "reason", value_text(reason_name(t->reason[supply])));
        json_object_set_new(root, "fullness", value_number((double)t->fullness[supply]));
        json_object_set_new(root, "score", value_number((double)t->score[supply]));
        json_object_set_new(root, "chance", value_number(chance));
        json_object_set_new(root, "chance_words", value_chance(chance));
        put_figures(root, t, false, supply);
        json_object_set_new(root, "figures", figure_list(t));
        for (size_t i = 0; i < t->n_findings; i++)
            if (!t->findings[i].closed && finding_concerns(&t->findings[i], s->fleet, supply))
                json_array_append_new(findings, finding_json(&t->findings[i]));
    }
    json_object_set_new(root, "findings", findings);
    add_work(root, s, supply);
    json_object_set_new(root, "trace_end", value_instant(s->trace_end));
    json_object_set_new(root, "trace_step_s", value_number((double)s->trace_step / (double)NS_PER_S));
    for (uint32_t c = 0; c < p->n_channels; c++)
        json_array_append_new(signals, channel_json(s, p->first_channel + c));
    json_object_set_new(root, "signals", signals);
    return finish(out, root, 200, 6);
}

/* ---- /api/alarms ---- */

#define CHILDREN_SHOWN 100 /* of an event's findings; those that hold before others */

static void add_children(json_t *list, const struct alarm_view *a, bool open)
{
    for (size_t i = 0; i < a->n_findings && json_array_size(list) < CHILDREN_SHOWN; i++) {
        const struct finding *f = alerts_child(a, i);
        if ((f->closed == 0) == open)
            json_array_append_new(list, json_pack("{so so so so so}", "subject", value_text(f->subject),
                                                  "class", value_text(finding_class_name(f->class)), "text",
                                                  value_text(f->reason), "onset", value_instant(f->onset),
                                                  "closed", value_instant(f->closed)));
    }
}

static json_t *children_json(const struct alarm_view *a)
{
    json_t *list = json_array();
    add_children(list, a, true);
    add_children(list, a, false);
    return list;
}

static json_t *alarm_json(const struct alarm_view *a)
{
    json_t *j = json_object();
    json_object_set_new(j, "occurrence", value_text(a->occurrence));
    json_object_set_new(j, "subject", value_text(a->subject));
    json_object_set_new(j, "class", value_text(a->class));
    json_object_set_new(j, "state", value_text(a->state));
    json_object_set_new(j, "text", value_text(a->text));
    json_object_set_new(j, "raised", value_instant(a->raised));
    json_object_set_new(j, "returned", value_instant(a->returned));
    json_object_set_new(j, "chance", value_number(a->chance));
    json_object_set_new(j, "chance_words", value_chance(a->chance));
    json_object_set_new(j, "acknowledged", json_boolean(a->acknowledged));
    json_object_set_new(j, "acknowledged_by", value_text(a->acknowledged_by));
    json_object_set_new(j, "note", value_text(a->note));
    json_object_set_new(j, "flood", *a->flood ? value_text(a->flood) : json_null());
    json_object_set_new(j, "supplies", json_integer(a->supplies));
    json_object_set_new(j, "findings", json_integer((json_int_t)a->n_findings));
    json_object_set_new(j, "open_findings", json_integer((json_int_t)a->n_open));
    json_object_set_new(j, "children", children_json(a));
    return j;
}

int api_alarms(struct buf *out, const struct snapshot *s)
{
    const struct alarm_view *a = NULL;
    size_t n = s->alerts ? alerts_active(s->alerts, &a) : 0;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, alarm_json(&a[i]));
    return finish(out, json_pack("{so so}", "now", value_instant(s->now), "alarms", list), 200, 8);
}

/* ---- /api/ranking ---- */

static json_t *rank_json(const struct snapshot *s, const struct rank_entry *e)
{
    const struct finding *d = e->finding;
    const struct supply *p = e->supply < 0 ? NULL : &s->fleet->supplies[e->supply];
    const struct names *groups = s->fleet->groups;
    json_t *j = json_pack(
        "{si ss so ss so so so so sb so}", "rank", e->rank, "part", rank_part_name(e->part), "supply",
        value_text(rank_subject(e, s->fleet)), "priority", rank_priority_name(e->priority), "score",
        value_number(e->score), "chance", value_number(e->chance), "chance_words", value_chance(e->chance),
        "reason", value_text(e->reason), "finding", d != NULL, "since", value_instant(d ? d->onset : 0));
    json_object_set_new(j, "effect", d && d->effect > 0 ? value_number(d->effect) : json_null());
    json_object_set_new(j, "supplies", json_integer(d && d->children ? d->children : 1));
    json_object_set_new(j, "family",
                        p ? value_text(groups[GROUP_FAMILY].name[p->group[GROUP_FAMILY]]) : json_null());
    json_object_set_new(j, "sector",
                        p ? value_text(groups[GROUP_SECTOR].name[p->group[GROUP_SECTOR]]) : json_null());
    return j;
}

/* Before the first hour is over: the last tick as the only hour of the week. */
static void list_by_tick(const struct snapshot *s, struct rank_list *out)
{
    struct rank_week *w = rank_week_new(s->fleet->n_supplies);
    rank_week_add(w, s->tick->score, s->tick->reason);
    rank_list_make(out, &(struct rank_input){.fleet = s->fleet,
                                             .week = w,
                                             .findings = s->tick->findings,
                                             .n_findings = s->tick->n_findings,
                                             .week_start = s->tick->t,
                                             .now = s->tick->t});
    rank_week_free(w);
}

int api_ranking(struct buf *out, const struct snapshot *s, const struct api_request *r)
{
    json_t *list = json_array();
    json_t *root = json_pack("{so so so}", "tick", value_instant(s->tick ? s->tick->t : 0), "rows", list,
                             "rest", json_null());
    if (!s->tick || !s->fleet)
        return finish(out, root, 200, 8);
    struct rank_list alone = {0};
    if (!s->list)
        list_by_tick(s, &alone);
    const struct rank_list *l = s->list ? s->list : &alone;
    for (size_t i = 0; i < l->n && (!r->limit || i < r->limit); i++)
        json_array_append_new(list, rank_json(s, &l->entry[i]));
    json_object_set_new(root, "rest", value_text(l->rest_words));
    rank_list_free(&alone);
    return finish(out, root, 200, 8);
}

/* ---- /api/audit ---- */

int api_audit(struct buf *out, const struct snapshot *s)
{
    if (!s->chances)
        return api_error(out, 404, "whether the stated chance holds was not asked yet");
    chances_json(out, s->chances);
    return 200;
}
