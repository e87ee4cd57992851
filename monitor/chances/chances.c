/* Supply-days and findings by what went on, and whether as many came as were stated; see chances.h.
 * SPDX-License-Identifier: MIT */
#include "monitor/chances/chances.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AFTER (72 * NS_PER_HOUR)
#define AFTER_OWN_WORK (14 * NS_PER_DAY)
#define KEPT_BUDGETS 10 /* findings are kept up to so many times the budget (detectors/engine) */
#define SELDOM_WEEKS 8  /* were every other week a quiet one, as many in a row would be one in 256 */

const double chances_level[CHANCES_LEVELS] = {1, 3, 10, 100};

/* What holds of a supply's day. */
enum { EVENT = 1, ENDED = 2, WORK = 4, BEYOND = 8, COMMON = 16, TRUTH = 32 };

/* A cell by what its cases may share: the supply, or the week of a sector. */
struct parts {
    struct count_part *supply; /* [S] */
    struct count_part *sector; /* [sectors][weeks] */
};

struct probabilities {
    float *p;
    size_t n, cap;
};

struct chances_sum {
    const struct fleet *fleet;
    tstamp_ns from;
    size_t n_days, n_weeks;
    uint8_t *flag;  /* [S][n_days] */
    bool *any;      /* [n_days] a supply-day is stored of it */
    double *budget; /* [n_days] the smallest that was in force; NaN: none known */
    struct parts part[CHANCES_CONTEXTS][CHANCES_KINDS][CHANCES_LEVELS];
    struct probabilities p[CHANCES_CONTEXTS];
    struct chance_finding *finding;
    size_t n_findings;
    struct chances out;
};

/* ---- what went on ---- */

/* The day of an instant: (its begin, its end]. */
static int64_t day_of(const struct chances_sum *s, tstamp_ns t)
{
    tstamp_ns d = t - s->from - 1;
    return d >= 0 ? d / NS_PER_DAY : -1;
}

/* Days of a supply that [from, to] touches. */
static void mark(struct chances_sum *s, size_t supply, tstamp_ns from, tstamp_ns to, uint8_t flag)
{
    int64_t first = from > s->from ? day_of(s, from) : 0, last = day_of(s, to);
    for (int64_t d = first; d <= last && d < (int64_t)s->n_days; d++)
        s->flag[supply * s->n_days + (size_t)d] |= flag;
}

/* A group's finding goes on in the sectors of all its members. */
static void mark_event(struct chances_sum *s, const struct finding *f)
{
    const struct fleet *fleet = s->fleet;
    bool *sector = xcalloc(fleet->groups[GROUP_SECTOR].n, sizeof *sector);
    for (uint32_t i = 0; i < fleet->n_supplies; i++)
        sector[fleet->supplies[i].group[GROUP_SECTOR]] |= finding_concerns(f, fleet, i);
    for (size_t i = 0; i < fleet->n_supplies; i++) {
        if (!sector[fleet->supplies[i].group[GROUP_SECTOR]])
            continue;
        mark(s, i, f->onset, f->closed ? f->closed : INT64_MAX, EVENT);
        if (f->closed)
            mark(s, i, f->closed, f->closed + AFTER, ENDED);
    }
    free(sector);
}

static void mark_work(struct chances_sum *s, const struct maintenance *m, tstamp_ns to)
{
    for (size_t k = 0; m && k < m->n && m->period[k].start < to; k++) {
        const struct maintenance_period *p = &m->period[k];
        bool own = p->supply >= 0;
        if (p->end == MAINTENANCE_OPEN || p->end + AFTER_OWN_WORK <= s->from)
            continue;
        for (uint32_t i = 0; i < s->fleet->n_supplies; i++)
            if (maintenance_concerns(p, s->fleet, i))
                mark(s, i, p->start, p->end + (own ? AFTER_OWN_WORK : AFTER), WORK);
    }
}

static enum chance_context context_of(unsigned flag)
{
    return flag & EVENT    ? CHANCES_EVENT
           : flag & ENDED  ? CHANCES_AFTER
           : flag & WORK   ? CHANCES_WORK
           : flag & BEYOND ? CHANCES_BEYOND
           : flag & COMMON ? CHANCES_COMMON
                           : CHANCES_QUIET;
}

/* ---- adding up ---- */

struct chances_sum *chances_begin(const struct fleet *f, const struct maintenance *m, tstamp_ns from,
                                  tstamp_ns to, const struct chance_finding findings[], size_t n)
{
    assert(to > from && (to - from) % NS_PER_DAY == 0);
    struct chances_sum *s = xcalloc(1, sizeof *s);
    s->fleet = f;
    s->from = from;
    s->n_days = (size_t)((to - from) / NS_PER_DAY);
    s->n_weeks = (s->n_days + 6) / 7;
    s->out.from = from;
    s->out.to = to;
    s->flag = xcalloc(f->n_supplies, s->n_days);
    s->any = xcalloc(s->n_days, sizeof *s->any);
    s->budget = xcalloc(s->n_days, sizeof *s->budget);
    for (size_t d = 0; d < s->n_days; d++)
        s->budget[d] = NAN;
    struct parts *part = &s->part[0][0][0];
    for (size_t k = 0; k < sizeof s->part / sizeof *part; k++) {
        part[k].supply = xcalloc(f->n_supplies, sizeof *part[k].supply);
        part[k].sector = xcalloc(f->groups[GROUP_SECTOR].n * s->n_weeks, sizeof *part[k].sector);
    }
    s->finding = xcalloc(n + 1, sizeof *s->finding);
    for (size_t i = 0; i < n; i++) {
        s->finding[s->n_findings++] = findings[i];
        const struct finding *d = &findings[i].f;
        if (d->supply < 0 && d->class == CLASS_COMMON)
            mark_event(s, d);
        if (d->supply >= 0 && findings[i].truth) {
            mark(s, (size_t)d->supply, d->onset, d->closed ? d->closed + AFTER : INT64_MAX, TRUTH);
            s->out.true_findings++;
        }
    }
    mark_work(s, m, to);
    return s;
}

/* Adds to a context and to all of them. */
static void add(struct chances_sum *s, enum chance_context context, enum chance_kind kind, size_t level,
                size_t supply, size_t day, double stated, bool seen)
{
    const enum chance_context both[2] = {context, CHANCES_ALL};
    size_t sector = (size_t)s->fleet->supplies[supply].group[GROUP_SECTOR];
    for (size_t i = 0; i < 2; i++) {
        struct parts *x = &s->part[both[i]][kind][level];
        struct count_part *part[2] = {&x->supply[supply], &x->sector[sector * s->n_weeks + day / 7]};
        for (size_t k = 0; k < 2; k++) {
            part[k]->stated += stated;
            part[k]->seen += seen;
        }
    }
}

static void add_p(struct chances_sum *s, enum chance_context context, double p)
{
    struct probabilities *x = &s->p[context];
    xgrow(&x->p, &x->cap, x->n + 1, sizeof *x->p);
    x->p[x->n++] = (float)p;
}

static void count_model(struct chances *c, const char *name)
{
    size_t i = 0;
    while (i < c->n_models && strcmp(c->model[i].name, name) != 0)
        i++;
    if (i == CHANCES_MODELS)
        i--;
    else if (i == c->n_models)
        snprintf(c->model[c->n_models++].name, sizeof c->model[i].name, "%s", name);
    c->model[i].days++;
}

/* Whether findings of a day were kept up to a chance. */
static bool kept(double budget, double chance)
{
    return KEPT_BUDGETS * budget >= chance;
}

void chances_day(struct chances_sum *s, const struct history_day *d)
{
    int32_t supply = fleet_supply(s->fleet, d->supply);
    int64_t day = day_of(s, d->t);
    if (day < 0 || day >= (int64_t)s->n_days)
        return;
    if (supply < 0) {
        s->out.gone++;
        return;
    }
    s->any[day] = true;
    s->budget[day] = fmin(s->budget[day], d->budget); /* fmin passes over NaN */
    uint8_t *flag = &s->flag[(size_t)supply * s->n_days + (size_t)day];
    *flag |= (d->beyond & BEYOND_CURRENT ? BEYOND : 0) | (d->beyond & BEYOND_COMMON ? COMMON : 0);
    if (*flag & TRUTH) {
        s->out.left_out++;
        return;
    }
    enum chance_context context = context_of(*flag);
    s->out.days[context]++;
    s->out.days[CHANCES_ALL]++;
    count_model(&s->out, d->model);
    add_p(s, context, d->any / d->all);
    add_p(s, CHANCES_ALL, d->any / d->all);
    for (size_t k = 0; k < CHANCES_LEVELS; k++) {
        double c = chances_level[k], stated = fmin(c / d->all, 1);
        add(s, context, CHANCES_DAYS, k, (size_t)supply, (size_t)day, stated, d->any <= c);
        add(s, context, CHANCES_EFFECT, k, (size_t)supply, (size_t)day, stated, d->chance <= c);
        if (kept(d->budget, c))
            add(s, context, CHANCES_FINDINGS, k, (size_t)supply, (size_t)day, stated, false);
    }
}

/* A supply's finding counts on the day it was first said, or would have been. */
static void add_finding(struct chances_sum *s, const struct chance_finding *x)
{
    const struct finding *f = &x->f;
    int64_t day = day_of(s, f->first_seen);
    if (f->supply < 0 || f->class == CLASS_DATA || x->truth || day < 0 || day >= (int64_t)s->n_days)
        return;
    unsigned flag = s->flag[(size_t)f->supply * s->n_days + (size_t)day];
    if (flag & TRUTH) /* its day does not count, for another finding */
        return;
    for (size_t k = 0; k < CHANCES_LEVELS; k++)
        if (kept(s->budget[day], chances_level[k]) && f->chance <= chances_level[k])
            add(s, context_of(flag), CHANCES_FINDINGS, k, (size_t)f->supply, (size_t)day, 0, true);
}

/* ---- judging ---- */

static enum chance_verdict verdict_of(const struct chance_cell *c, enum chance_kind kind, size_t weeks)
{
    double low = c->range.low / c->stated, high = c->range.high / c->stated;
    bool fewer = kind != CHANCES_DAYS; /* is as well */
    if (low > CHANCES_FACTOR)
        return CHANCES_OFTEN;
    if (!fewer && high < 1 / CHANCES_FACTOR)
        return weeks >= SELDOM_WEEKS ? CHANCES_SELDOM : CHANCES_OPEN;
    return high <= CHANCES_FACTOR && (fewer || low >= 1 / CHANCES_FACTOR) ? CHANCES_HOLD : CHANCES_OPEN;
}

/* The weeks of the ring from those of its sectors; returns of how many something was stated. */
static size_t sum_weeks(const struct chances_sum *s, const struct parts *x, struct count_part week[])
{
    size_t stated = 0;
    for (size_t w = 0; w < s->n_weeks; w++) {
        for (size_t k = 0; k < s->fleet->groups[GROUP_SECTOR].n; k++) {
            week[w].seen += x->sector[k * s->n_weeks + w].seen;
            week[w].stated += x->sector[k * s->n_weeks + w].stated;
        }
        stated += week[w].stated > 0;
    }
    return stated;
}

/* What came too often may be few cases, each of a supply or of a sector's week. That little came may be the
 * whole ring's doing, which has one weather: its weeks count, too. */
static void judge(const struct chances_sum *s, const struct parts *x, enum chance_kind kind,
                  struct chance_cell *out)
{
    size_t n = s->fleet->n_supplies, sectors = s->fleet->groups[GROUP_SECTOR].n * s->n_weeks;
    struct count_part *week = xcalloc(s->n_weeks, sizeof *week);
    size_t weeks = sum_weeks(s, x, week);
    for (size_t w = 0; w < s->n_weeks; w++) {
        out->stated += week[w].stated;
        out->seen += week[w].seen;
    }
    if (out->stated > 0) {
        double lump = fmax(counts_lump(x->supply, n), counts_lump(x->sector, sectors));
        out->cases = out->seen / lump;
        out->range = counts_range(out->seen, lump);
        out->range.high = counts_range(out->seen, fmax(lump, counts_lump(week, s->n_weeks))).high;
        out->verdict = verdict_of(out, kind, weeks);
    }
    free(week);
}

static void free_sum(struct chances_sum *s)
{
    struct parts *part = &s->part[0][0][0];
    for (size_t k = 0; k < sizeof s->part / sizeof *part; k++) {
        free(part[k].supply);
        free(part[k].sector);
    }
    for (size_t c = 0; c < CHANCES_CONTEXTS; c++)
        free(s->p[c].p);
    free(s->flag);
    free(s->any);
    free(s->budget);
    free(s->finding);
    free(s);
}

/* The first of which anything is stored. */
static size_t first_day(const struct chances_sum *s)
{
    size_t d = 0;
    while (d + 1 < s->n_days && !s->any[d])
        d++;
    return d;
}

void chances_end(struct chances_sum *s, struct chances *out)
{
    for (size_t i = 0; i < s->n_findings; i++)
        add_finding(s, &s->finding[i]);
    for (size_t c = 0; c < CHANCES_CONTEXTS; c++) {
        uniform_of(&s->out.uniform[c], s->p[c].p, s->p[c].n);
        for (int kind = 0; kind < CHANCES_KINDS; kind++)
            for (size_t k = 0; k < CHANCES_LEVELS; k++)
                judge(s, &s->part[c][kind][k], (enum chance_kind)kind, &s->out.cell[c][kind][k]);
    }
    s->out.from += (tstamp_ns)first_day(s) * NS_PER_DAY;
    *out = s->out;
    free_sum(s);
}

/* How many times farther than the factor all of its range lies; at most 1: it is not out. */
static double out_by(const struct chance_cell *c)
{
    if (c->verdict == CHANCES_OFTEN)
        return c->range.low / c->stated / CHANCES_FACTOR;
    return c->verdict == CHANCES_SELDOM ? c->stated / c->range.high / CHANCES_FACTOR : 0;
}

const struct chance_cell *chances_worst(const struct chances *c, enum chance_context *context,
                                        enum chance_kind *kind, size_t *level)
{
    const struct chance_cell *worst = NULL;
    for (int k = 0; k < CHANCES_CONTEXTS && !(worst && k == CHANCES_ALL); k++)
        for (int what = 0; what < CHANCES_KINDS; what++)
            for (size_t i = 0; i < CHANCES_LEVELS; i++) {
                const struct chance_cell *x = &c->cell[k][what][i];
                if (out_by(x) <= (worst ? out_by(worst) : 0))
                    continue;
                worst = x;
                *context = (enum chance_context)k;
                *kind = (enum chance_kind)what;
                *level = i;
            }
    return worst;
}
