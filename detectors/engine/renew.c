/* Supplies after work of their own; see renew.h. SPDX-License-Identifier: MIT */
#include "detectors/engine/renew.h"

#include "base/mem.h"
#include "base/time/timefmt.h"
#include "detectors/verdict/cause.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Units of a family differ by chance by up to so many standard deviations of the difference of two of them:
 * healthy ones by more in one column of 16,000. */
#define FAMILY_SPREADS 4
#define FAMILY_LEAST 4 /* units that have a spread */
#define STILL 0.5      /* of the minimum effect: less is no move, and nothing moves while it is collected */
#define CURED 0.5      /* of what was off: more than so much of it must be gone */

static const size_t step_hours[RENEWAL_STEPS] = {6, 12, RENEWAL_HOURS};

struct renewed_supply {
    struct renewal **of; /* [n] in order of work */
    size_t n, cap;
    struct renewal *now; /* of the newest work that has begun; NULL */
    bool news;           /* now has changed since it was last handed out */
    float *minutes;      /* [per_hour][W] the hour under way; NULL: nothing is collected */
};

void renew_init(struct renew *r, const struct model *m)
{
    size_t n = m->fleet->n_supplies, w = m->layout->width;
    *r = (struct renew){.model = m,
                        .t = INT64_MIN,
                        .rows = xnan(n * w),
                        .unit = xcalloc(n, sizeof *r->unit),
                        .family = xcalloc(n, sizeof *r->family)};
    hours_init(&r->hour, 1, w, m->per_hour, 0);
}

void renew_fini(struct renew *r)
{
    for (size_t i = 0; i < r->model->fleet->n_supplies; i++) {
        struct renewed_supply *u = &r->unit[i];
        for (size_t k = 0; k < u->n; k++)
            renewal_free(u->of[k]);
        free(u->of);
        free(u->minutes);
    }
    hours_fini(&r->hour);
    free(r->rows);
    free(r->unit);
    free(r->family);
    free(r->news);
}

/* Where a renewal's column stands in a row. */
static size_t cell_of(const struct renew *r, const struct renewal *x, size_t column)
{
    return column < x->n ? column : r->model->layout->levels + column - x->n;
}

/* ---- work ---- */

static struct renewal *find(const struct renewed_supply *u, tstamp_ns work)
{
    for (size_t k = 0; k < u->n; k++)
        if (u->of[k]->work == work)
            return u->of[k];
    return NULL;
}

static void add(struct renewed_supply *u, struct renewal *x)
{
    xgrow(&u->of, &u->cap, u->n + 1, sizeof *u->of);
    size_t at = u->n++;
    for (; at > 0 && u->of[at - 1]->work > x->work; at--)
        u->of[at] = u->of[at - 1];
    u->of[at] = x;
}

static void drop(struct renewed_supply *u, struct renewal *x)
{
    size_t at = 0;
    while (u->of[at] != x)
        at++;
    for (u->n--; at < u->n; at++)
        u->of[at] = u->of[at + 1];
    renewal_free(x);
}

/* A supply's channels must be those that were learned of. */
static bool fits(const struct renew *r, const struct renewal *x)
{
    const struct model *m = r->model;
    if (x->supply < 0 || (size_t)x->supply >= m->fleet->n_supplies || m->fit[x->supply] != FIT_OK ||
        x->n != m->layout->n_levels[x->supply] || x->work <= m->to)
        return false;
    for (size_t k = 0; k < x->n; k++)
        if (x->channel[k] != feature_at(m->layout, (size_t)x->supply, k)->channel)
            return false;
    return true;
}

void renew_restore(struct renew *r, const struct renewal *const list[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fits(r, list[i]) && !find(&r->unit[list[i]->supply], list[i]->work))
            add(&r->unit[list[i]->supply], renewal_copy(list[i]));
}

static struct renewal *new_renewal(const struct renew *r, size_t supply, const struct maintenance_period *p,
                                   const float before[])
{
    const struct feature_layout *l = r->model->layout;
    struct renewal *x = renewal_new((int32_t)supply, p->start, l->n_levels[supply]);
    snprintf(x->words, sizeof x->words, "%s", p->entry->work);
    for (size_t k = 0; k < x->n; k++)
        x->channel[k] = feature_at(l, supply, k)->channel;
    for (size_t c = 0; c < 2 * x->n; c++)
        x->before[c] = before[cell_of(r, x, c)];
    return x;
}

void renew_begin(struct renew *r, size_t supply, const struct maintenance_period *p, const float before[])
{
    struct renewed_supply *u = &r->unit[supply];
    if (r->model->fit[supply] != FIT_OK || p->start <= r->model->to)
        return;
    u->now = find(u, p->start);
    if (u->now && u->now->n_hours && u->now->hour[0] <= p->end) { /* it took longer than was known then */
        drop(u, u->now);
        u->now = NULL;
    }
    if (!u->now) {
        u->now = new_renewal(r, supply, p, before);
        add(u, u->now);
        u->news = true;
    }
    size_t minutes = r->model->per_hour * r->model->layout->width;
    if (u->now->n_steps < RENEWAL_STEPS && !u->minutes)
        u->minutes = xcalloc(minutes, sizeof *u->minutes);
    if (u->minutes)
        fill_nan(u->minutes, minutes);
}

/* ---- what is learned ---- */

/* Median of a column in the first n hours, against the reference's centre; NaN: too few of them have it. */
static double moved_by(const struct renew *r, const struct renewal *x, size_t column, size_t n)
{
    float v[RENEWAL_HOURS];
    size_t there = 0, cell = (size_t)x->supply * r->model->layout->width + cell_of(r, x, column);
    for (size_t k = 0; k < n; k++)
        if (!isnan(x->value[k * 2 * x->n + column]))
            v[there++] = x->value[k * 2 * x->n + column];
    if (2 * there < n || !r->model->ref.present[cell])
        return (double)NAN;
    return robust_median(v, there) - (double)r->model->ref.hour_centre[cell];
}

/* Where another unit would stand in the place of this one: what its physics expects at current i and what its
 * reference shows beside it; of noise the latter alone. */
static double in_place_of(const struct renew *r, const struct renewal *x, size_t column, size_t unit, float i)
{
    const struct model *m = r->model;
    const struct channel *ch = &m->fleet->channels[x->channel[column % x->n]];
    int32_t level = feature_level(m->layout, m->fleet, unit, m->fleet->signals.name[ch->signal]);
    if (level < 0 || m->fit[unit] != FIT_OK)
        return (double)NAN;
    bool noise = column >= x->n;
    size_t cell = unit * m->layout->width + (size_t)level + (noise ? m->layout->levels : 0);
    if (!m->ref.present[cell])
        return (double)NAN;
    double beside = (double)m->ref.hour_centre[cell];
    return noise
               ? beside
               : beside + physics_in_place(m->physics, m->layout, unit, (size_t)level, (size_t)x->supply, i);
}

/* Standard deviation of the difference of two units of the family; 0: there are too few to tell. */
static double family_spread(struct renew *r, const struct renewal *x, size_t column, float i)
{
    const struct fleet *f = r->model->fleet;
    int32_t family = f->supplies[x->supply].group[GROUP_FAMILY];
    size_t n = 0;
    for (size_t s = 0; s < f->n_supplies; s++) {
        double v = f->supplies[s].group[GROUP_FAMILY] == family ? in_place_of(r, x, column, s, i)
                                                                : (double)NAN;
        if (!isnan(v))
            r->family[n++] = (float)v;
    }
    if (n < FAMILY_LEAST)
        return 0;
    double middle = robust_median(r->family, n);
    return sqrt(2) * robust_spread(r->family, n, middle);
}

/* The renewal before this one, whose offsets held until the work. */
static double offset_before(const struct renew *r, const struct renewal *x, size_t column)
{
    const struct renewed_supply *u = &r->unit[x->supply];
    double offset = 0;
    for (size_t k = 0; k < u->n && u->of[k]->work < x->work; k++) {
        const struct renewal_step *s = renewal_at(u->of[k], x->work);
        offset = s ? (double)s->offset[column] : 0;
    }
    return offset;
}

/* What is made of a column that stands `moved` from the reference's centre, and stood old until the work. */
static enum renewed judge(struct renew *r, const struct renewal *x, size_t column, double moved, double old,
                          float i)
{
    const struct model *m = r->model;
    double effect = (double)m->min_effect[(size_t)x->supply * m->layout->width + cell_of(r, x, column)];
    double before = (double)x->before[column], here = moved - old;
    if (isnan(moved))
        return RENEWED_UNKNOWN;
    if (fabs(here) < STILL * effect)
        return RENEWED_SAME;
    if (fabs(before) >= effect && fabs(here - before) < CURED * fabs(before))
        return RENEWED_NOT_CURED;
    double spread = fmax(family_spread(r, x, column, i), effect);
    return fabs(here) > FAMILY_SPREADS * spread ? RENEWED_OUTSIDE : RENEWED_ELSEWHERE;
}

/* What moves away while it is collected is not the work's: the column stays as the first step left it. What
 * comes back was none. */
static void take_column(struct renew *r, struct renewal *x, size_t column, float i)
{
    const struct model *m = r->model;
    size_t k = x->n_steps;
    struct renewal_step *s = &x->step[k];
    double moved = moved_by(r, x, column, x->n_hours), first = moved_by(r, x, column, step_hours[0]);
    double effect = (double)m->min_effect[(size_t)x->supply * m->layout->width + cell_of(r, x, column)];
    double old = offset_before(r, x, column);
    bool still = isnan(first) || fabs(moved - first) <= STILL * effect;
    bool back = fabs(moved - old) < fabs(first - old);
    if (k > 0 && !still && !back) {
        s->verdict[column] = x->step[k - 1].verdict[column];
        s->offset[column] = x->step[k - 1].offset[column];
        return;
    }
    s->verdict[column] = (uint8_t)judge(r, x, column, moved, old, i);
    s->offset[column] = (float)(s->verdict[column] == RENEWED_ELSEWHERE ? moved : old);
}

static void take_step(struct renew *r, struct renewal *x, tstamp_ns end, float i)
{
    for (size_t c = 0; c < 2 * x->n; c++)
        take_column(r, x, c, i);
    x->step[x->n_steps++].since = end;
}

/* Whether the hour has most of what the reference has of the supply's levels. */
static bool has_most(const struct renew *r, size_t supply)
{
    const struct model *m = r->model;
    size_t known = 0, there = 0;
    for (size_t k = 0; k < m->layout->n_levels[supply]; k++) {
        bool present = m->ref.present[supply * m->layout->width + k];
        known += present;
        there += present && !isnan(r->hour.value[k]);
    }
    return known > 0 && 2 * there > known;
}

static void end_hour(struct renew *r, struct renewed_supply *u, tstamp_ns end, float i)
{
    struct renewal *x = u->now;
    size_t w = r->model->layout->width;
    bool known = x->n_hours > 0 && x->hour[x->n_hours - 1] >= end; /* it was restored */
    hours_fill(&r->hour, 0, u->minutes, w, NULL);
    fill_nan(u->minutes, r->model->per_hour * w);
    if (known || isnan(i) || !has_most(r, (size_t)x->supply))
        return;
    for (size_t c = 0; c < 2 * x->n; c++)
        x->value[x->n_hours * 2 * x->n + c] = r->hour.value[cell_of(r, x, c)];
    x->hour[x->n_hours++] = end;
    u->news = true;
    if (x->n_hours == step_hours[x->n_steps])
        take_step(r, x, end, i);
    if (x->n_steps == RENEWAL_STEPS) {
        free(u->minutes);
        u->minutes = NULL;
    }
}

/* ---- a minute ---- */

/* Relative to full scale, of a minute that counts; NaN. */
static float current_of(const struct minute *in, size_t supply)
{
    return in->usable[supply] ? in->features->context[supply * ROW_CONTEXT] : NAN;
}

/* The rows of a supply as they are judged. */
static void count_from(struct renew *r, const struct renewal *x, tstamp_ns t)
{
    const struct renewal_step *s = renewal_at(x, t);
    float *row = r->rows + (size_t)x->supply * r->model->layout->width;
    for (size_t c = 0; c < 2 * x->n; c++) {
        size_t cell = cell_of(r, x, c);
        row[cell] = s ? row[cell] - s->offset[c] : NAN;
    }
}

static void collect(struct renew *r, struct renewed_supply *u, const struct minute *in)
{
    size_t w = r->model->layout->width, i = (size_t)u->now->supply;
    tstamp_ns t = in->frame->t;
    minute_row(in, i, w, u->minutes + hour_minute(t, r->model->per_hour) * w);
    if (t % NS_PER_HOUR == 0)
        end_hour(r, u, t, current_of(in, i));
}

void renew_minute(struct renew *r, const struct minute *in, struct feature_frame *out)
{
    size_t n = r->model->fleet->n_supplies, w = r->model->layout->width;
    tstamp_ns t = in->frame->t;
    bool late = r->t != INT64_MIN && r->t % NS_PER_HOUR != 0 && hour_of(t) != hour_of(r->t);
    memcpy(r->rows, in->features->x, n * w * sizeof *r->rows);
    for (size_t i = 0; i < n; i++) {
        struct renewed_supply *u = &r->unit[i];
        if (!u->now)
            continue;
        if (u->minutes && late) /* its last minute was lacking */
            end_hour(r, u, (hour_of(r->t) + 1) * NS_PER_HOUR, current_of(in, i));
        count_from(r, u->now, t);
        if (u->minutes)
            collect(r, u, in);
    }
    r->t = t;
    *out = *in->features;
    out->x = r->rows;
}

bool renew_waits(const struct renew *r, size_t supply, tstamp_ns t, tstamp_ns window)
{
    const struct renewal *x = r->unit[supply].now;
    return x && (x->n_steps == 0 || t - x->step[0].since <= window);
}

/* ---- what is said ---- */

/* The verdict on what a finding says moved. */
static enum renewed verdict_on(const struct renew *r, const struct renewal *x, const struct finding *f)
{
    size_t levels = r->model->layout->levels, c = cause_column(r->model, (uint32_t)x->supply, f);
    if (x->n_steps == 0 || c == r->model->layout->width)
        return RENEWED_UNKNOWN;
    return (enum renewed)x->step[x->n_steps - 1].verdict[c < levels ? c : x->n + c - levels];
}

void renew_tell(const struct renew *r, struct proposals *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct finding *f = &p->proposal[i].now;
        const struct renewal *x = f->supply >= 0 ? r->unit[f->supply].now : NULL;
        size_t len = strlen(f->reason);
        char day[TIMEFMT_LEN];
        if (p->proposal[i].kind == PROPOSE_SAY && x && verdict_on(r, x, f) == RENEWED_OUTSIDE)
            snprintf(f->reason + len, sizeof f->reason - len,
                     ", since the work of %.10s further than units of its family differ",
                     timefmt_iso(day, x->work));
    }
}

static void list(struct renew *r, struct renewal *x)
{
    xgrow(&r->news, &r->news_cap, r->n_news + 1, sizeof(struct renewal *));
    r->news[r->n_news++] = x;
}

const struct renewal *const *renew_all(struct renew *r, size_t *n)
{
    r->n_news = 0;
    for (size_t i = 0; i < r->model->fleet->n_supplies; i++)
        for (size_t k = 0; k < r->unit[i].n; k++)
            list(r, r->unit[i].of[k]);
    *n = r->n_news;
    return (const struct renewal *const *)r->news;
}

const struct renewal *const *renew_news(struct renew *r, size_t *n)
{
    r->n_news = 0;
    for (size_t i = 0; i < r->model->fleet->n_supplies; i++) {
        if (r->unit[i].news)
            list(r, r->unit[i].now);
        r->unit[i].news = false;
    }
    *n = r->n_news;
    return (const struct renewal *const *)r->news;
}
