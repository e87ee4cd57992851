/* The weekly list; see rank.h.
 *
 * Rows. A finding that is open, or that closed in the week, has a row, but
 *   - one of a supply that moved with its group (an open group finding of the same signal and direction, data
 *     of data, with an onset less than a day apart) is in the group's row;
 *   - of several of one subject that are open the first in order speaks, and names the second;
 *   - one that is over has none while the same subject and signal have an open one.
 * Priority.
 *   high    open, of equipment or common: it rises by the minute, or has a second witness, or is RANK_LARGE
 *           times what is worth a finding
 *   medium  any other open one of equipment or common
 *   low     sensor, data, what is over, trends
 * Order: open ones before trends before what ended by itself before what was repaired. Among findings:
 *   1 what rises by the minute
 *   2 priority
 *   3 common (what moves many is one inspection, and explains others), then equipment, sensor, data
 *   4 score, highest first: size over minimum effect, doubled by a witness; the chance does not order, as the
 *     most part of findings is at the floor to which it is known. Class data: supplies that it concerns.
 *     Hysteresis: rank_list_hold.
 *   5 the earlier onset
 *   6 the name
 * An open finding is never below a supply without one, however young it is. Among trends: time left.
 * SPDX-License-Identifier: MIT */
#include "monitor/rank.h"

#include "base/mem.h"
#include "base/text/words.h"
#include "base/time/timefmt.h"
#include "detectors/statistics/statistic.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANK_LARGE 3.0
#define SAME_DAY NS_PER_DAY

const char *rank_part_name(enum rank_part p)
{
    static const char *const names[RANK_PARTS] = {"inspect", "watch", "ended", "repaired"};
    return names[p];
}

const char *rank_priority_name(enum rank_priority p)
{
    static const char *const names[RANK_PRIORITIES] = {"high", "medium", "low"};
    return names[p];
}

const char *rank_subject(const struct rank_entry *e, const struct fleet *f)
{
    return e->finding ? e->finding->subject : f->supplies[e->supply].name;
}

/* ---- words ---- */

char *rank_day(char out[RANK_DAY_LEN], tstamp_ns t, tstamp_ns now)
{
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int year, month, day, this_year, unused;
    int64_t days = t / NS_PER_DAY - (t % NS_PER_DAY < 0);
    timefmt_civil(days, &year, &month, &day);
    timefmt_civil(now / NS_PER_DAY, &this_year, &unused, &unused);
    if (year == this_year)
        snprintf(out, RANK_DAY_LEN, "%d %s", day, months[month - 1]);
    else
        snprintf(out, RANK_DAY_LEN, "%d %s %d", day, months[month - 1], year);
    return out;
}

struct line {
    struct rank_entry *e;
    size_t at;
};

static void append(struct line *l, const char *a, const char *b)
{
    size_t room = sizeof l->e->reason;
    if (l->at >= room)
        return;
    int n = snprintf(l->e->reason + l->at, room - l->at, "%s%s", a, b);
    l->at += n < 0 ? 0 : (size_t)n;
}

/* Work before the onset may have caused it, work after it may have cured it. */
static void append_work(struct line *l, tstamp_ns now)
{
    const struct finding *d = l->e->finding;
    char day[RANK_DAY_LEN];
    if (!*d->work)
        return;
    append(l,
           l->e->part == RANK_REPAIRED ? "; repaired: "
           : d->work_start <= d->onset ? "; after: "
                                       : "; since then: ",
           d->work);
    append(l, ", ", rank_day(day, d->work_start, now));
}

static void append_count(struct line *l, uint32_t n, const char *one, const char *many)
{
    char words[64];
    if (!n)
        return;
    snprintf(words, sizeof words, "%u %s", (unsigned)n, n == 1 ? one : many);
    append(l, "; ", words);
}

static void tell_finding(struct rank_entry *e, tstamp_ns now)
{
    const struct finding *d = e->finding;
    char day[RANK_DAY_LEN], words[WORDS_CHANCE_LEN];
    struct line l = {e, 0};
    append(&l, d->reason, "");
    append(&l, ", since ", rank_day(day, d->onset, now));
    if (d->closed)
        append(&l, ", over since ", rank_day(day, d->closed, now));
    if (e->part == RANK_ENDED)
        append(&l, ", by itself", "");
    if (*words_chance(words, e->chance)) {
        append(&l, "; by chance ", words);
        append(&l, " over the ring", "");
    }
    append_work(&l, now);
    append_count(&l, e->members, "finding of its supplies is in it", "findings of its supplies are in it");
    if (e->second)
        append(&l, "; also ", e->second->reason);
    append_count(&l, e->also > 1 ? e->also - 1 : 0, "more finding of it", "more findings of it");
}

static void tell_trend(struct rank_entry *e, const struct fleet *f)
{
    const struct trend *t = &e->trend;
    const struct channel *c = &f->channels[t->channel];
    char signal[WORDS_SIGNAL_LEN];
    const char *unit = words_unit_of_difference(c->unit);
    snprintf(e->reason, sizeof e->reason,
             "%s %.2g %s %s what is usual and %s by %.2g %s a day for a week: at this pace a finding (%.2g "
             "%s) in %.0f "
             "day%s",
             words_signal(signal, f->signals.name[c->signal]), fabs(t->now), unit,
             t->now < 0 ? "below" : "above", t->per_day < 0 ? "falling" : "rising", fabs(t->per_day), unit,
             fabs(t->limit), unit, ceil(t->days_left), ceil(t->days_left) > 1 ? "s" : "");
}

static void tell_rest(struct rank_list *l, const struct fleet *f)
{
    size_t at = 0, room = sizeof l->rest_words;
    at += (size_t)snprintf(l->rest_words, room, "nothing %sstands out", l->n ? "else " : "");
    for (size_t i = 0; i < l->n_rest && at < room; i++)
        at += (size_t)snprintf(l->rest_words + at, room - at, "%s%s",
                               i ? ", " : "; best of the rest: ", f->supplies[l->rest[i]].name);
}

/* ---- one finding ---- */

static enum rank_part part_of(const struct finding *d)
{
    if (!d->closed)
        return RANK_INSPECT;
    return *d->work && d->work_start > d->onset ? RANK_REPAIRED : RANK_ENDED;
}

static bool is_rising(const struct finding *d)
{
    return !d->closed && d->class == CLASS_EQUIPMENT && statistic_by_minute(d->detector);
}

static enum rank_priority priority_of(const struct finding *d)
{
    if (d->closed || (d->class != CLASS_EQUIPMENT && d->class != CLASS_COMMON))
        return RANK_LOW;
    return is_rising(d) || d->witness || d->effect >= RANK_LARGE ? RANK_HIGH : RANK_MEDIUM;
}

static double score_of(const struct finding *d)
{
    if (d->class == CLASS_DATA)
        return d->children ? d->children : 1;
    return d->effect * (d->witness ? 2 : 1);
}

static double with_hysteresis(double fresh, double held)
{
    return fabs(fresh - held) <= RANK_HOLD * fabs(held) ? held : fresh; /* NaN: nothing is held */
}

/* ---- order ---- */

static int class_order(const struct finding *d)
{
    static const int order[CLASS_COUNT] = {
        [CLASS_COMMON] = 0, [CLASS_EQUIPMENT] = 1, [CLASS_SENSOR] = 2, [CLASS_DATA] = 3};
    return order[d->class];
}

static int in_order(const void *pa, const void *pb)
{
    const struct rank_entry *a = pa, *b = pb;
    const struct finding *x = a->finding, *y = b->finding;
    if (a->part != b->part)
        return a->part < b->part ? -1 : 1;
    if (is_rising(x) != is_rising(y))
        return is_rising(x) ? -1 : 1;
    if (a->priority != b->priority)
        return a->priority < b->priority ? -1 : 1;
    if (class_order(x) != class_order(y))
        return class_order(x) - class_order(y);
    if (a->score < b->score || a->score > b->score)
        return a->score > b->score ? -1 : 1;
    if (x->onset != y->onset)
        return x->onset < y->onset ? -1 : 1;
    int names = strcmp(x->subject, y->subject);
    return names ? names : strcmp(x->id, y->id);
}

/* ---- rows ---- */

/* Whether what a supply's finding tells is what its group's tells. */
static bool moved_with(const struct finding *d, const struct finding *group, const struct fleet *f)
{
    bool data = d->class == CLASS_DATA;
    if (d->supply < 0 || group->supply >= 0 || group->closed > 0 || data != (group->class == CLASS_DATA) ||
        llabs((long long)(d->onset - group->onset)) >= SAME_DAY ||
        !finding_concerns(group, f, (uint32_t)d->supply))
        return false;
    return data || (strcmp(d->signal, group->signal) == 0 && d->direction == group->direction);
}

static const struct finding *group_of(const struct finding *d, const struct rank_input *in)
{
    for (size_t i = 0; d->supply >= 0 && i < in->n_findings; i++)
        if (moved_with(d, &in->findings[i], in->fleet))
            return &in->findings[i];
    return NULL;
}

static struct rank_entry *add(struct rank_list *l, enum rank_part part, int32_t supply)
{
    xgrow(&l->entry, &l->cap, l->n + 1, sizeof *l->entry);
    struct rank_entry *e = &l->entry[l->n++];
    *e = (struct rank_entry){
        .part = part, .priority = RANK_LOW, .supply = supply, .score = (double)NAN, .chance = (double)NAN};
    return e;
}

static void add_finding(struct rank_list *l, const struct rank_input *in, const struct finding *d)
{
    assert(d->supply < 0 || (size_t)d->supply < in->fleet->n_supplies);
    struct rank_entry *e = add(l, part_of(d), d->supply);
    e->finding = d;
    e->priority = priority_of(d);
    e->score = with_hysteresis(score_of(d), rank_week_held(in->week, d->id));
    e->chance = d->class == CLASS_DATA ? (double)NAN : d->chance;
    for (size_t i = 0; d->supply < 0 && i < in->n_findings; i++)
        e->members += in->findings[i].supply >= 0 && group_of(&in->findings[i], in) == d;
}

/* The row that stands for e, of those before it; NULL: none. */
static struct rank_entry *stands_for(struct rank_list *l, size_t before, const struct rank_entry *e)
{
    for (size_t i = 0; i < before; i++) {
        struct rank_entry *x = &l->entry[i];
        if (x->part == RANK_INSPECT && strcmp(x->finding->subject, e->finding->subject) == 0 &&
            (e->part == RANK_INSPECT || strcmp(x->finding->signal, e->finding->signal) == 0))
            return x;
    }
    return NULL;
}

/* Of several rows of a subject the first stays. */
static void drop_doubles(struct rank_list *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct rank_entry *first = stands_for(l, kept, &l->entry[i]);
        if (!first) {
            l->entry[kept++] = l->entry[i];
        } else if (l->entry[i].part == RANK_INSPECT) {
            first->second = first->second ? first->second : l->entry[i].finding;
            first->also++;
        }
    }
    l->n = kept;
}

static void add_findings(struct rank_list *l, const struct rank_input *in)
{
    for (size_t i = 0; i < in->n_findings; i++) {
        const struct finding *d = &in->findings[i];
        if ((!d->closed || d->closed >= in->week_start) && !group_of(d, in))
            add_finding(l, in, d);
    }
    if (l->n)
        qsort(l->entry, l->n, sizeof *l->entry, in_order);
    drop_doubles(l);
}

/* Whether a finding on the list, in a part up to `last`, speaks of the supply. */
static bool is_found(const struct rank_list *l, const struct fleet *f, uint32_t supply, enum rank_part last)
{
    for (size_t i = 0; i < l->n && l->entry[i].part <= last; i++)
        if (l->entry[i].finding && finding_concerns(l->entry[i].finding, f, supply))
            return true;
    return false;
}

/* Trends go behind the open findings and before what is over. */
static void add_trends(struct rank_list *l, const struct rank_input *in)
{
    size_t at = 0, n = 0;
    while (at < l->n && l->entry[at].part == RANK_INSPECT)
        at++;
    for (size_t i = 0; i < in->n_trends && n < RANK_WATCHED; i++) {
        if (is_found(l, in->fleet, in->trends[i].supply, RANK_INSPECT))
            continue;
        add(l, RANK_WATCH, (int32_t)in->trends[i].supply)->trend = in->trends[i];
        struct rank_entry made = l->entry[l->n - 1];
        memmove(l->entry + at + n + 1, l->entry + at + n, (l->n - 1 - at - n) * sizeof made);
        l->entry[at + n++] = made;
    }
}

static bool is_watched(const struct rank_list *l, uint32_t supply)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->entry[i].part == RANK_WATCH && (uint32_t)l->entry[i].supply == supply)
            return true;
    return false;
}

/* The most evidence first; of equals the fleet's order. */
static void find_rest(struct rank_list *l, const struct fleet *f)
{
    l->n_rest = 0;
    for (uint32_t s = 0; s < f->n_supplies; s++) {
        size_t at = l->n_rest;
        while (at > 0 && l->supply[l->rest[at - 1]].evidence < l->supply[s].evidence)
            at--;
        if (at == RANK_REST || !rank_judged(&l->supply[s]) || is_watched(l, s) ||
            is_found(l, f, s, RANK_REPAIRED))
            continue;
        if (l->n_rest < RANK_REST)
            l->n_rest++;
        for (size_t i = l->n_rest - 1; i > at; i--)
            l->rest[i] = l->rest[i - 1];
        l->rest[at] = s;
    }
}

void rank_list_make(struct rank_list *l, const struct rank_input *in)
{
    const struct fleet *f = in->fleet;
    if (l->n_supplies != f->n_supplies) {
        free(l->supply);
        l->supply = xcalloc(f->n_supplies, sizeof *l->supply);
        l->n_supplies = f->n_supplies;
    }
    for (uint32_t s = 0; s < f->n_supplies; s++)
        rank_week_supply(in->week, s, &l->supply[s]);
    l->n = 0;
    memset(l->of, 0, sizeof l->of);
    add_findings(l, in);
    add_trends(l, in);
    int rank = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct rank_entry *e = &l->entry[i];
        l->of[e->part]++;
        e->rank = e->part <= RANK_WATCH ? ++rank : 0;
        if (e->finding)
            tell_finding(e, in->now);
        else
            tell_trend(e, f);
    }
    find_rest(l, f);
    tell_rest(l, f);
}

void rank_list_hold(const struct rank_list *l, struct rank_week *w)
{
    rank_week_hold_none(w);
    for (size_t i = 0; i < l->n; i++)
        if (l->entry[i].part == RANK_INSPECT)
            rank_week_hold(w, l->entry[i].finding->id, l->entry[i].score);
}

void rank_list_free(struct rank_list *l)
{
    free(l->entry);
    free(l->supply);
    *l = (struct rank_list){0};
}
