/* All comparators side by side; see panel.h. SPDX-License-Identifier: MIT */
#include "monitor/comparators/panel.h"

#include "detectors/model/tail.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_TAIL 0.1 /* share of the supply-days that the tail is fitted to */
#define CLOSES NS_PER_DAY

struct panel_of {
    void *self;
    float *day;  /* [S] largest of the day under way, while limits are learned */
    float *days; /* supply-days of the second half */
    size_t n_days, cap_days;
    struct tail tail; /* of those */
    float *judged;    /* [hours][S] */
    size_t cap_judged;
};

struct panel {
    const struct fleet *fleet;
    float *minute;   /* [COMPARATOR_MINUTES][C] the hour under way */
    float *value;    /* [S] */
    bool judging;    /* else limits are learned */
    tstamp_ns *hour; /* ends of the hours judged */
    size_t n_hours, cap_hours;
    struct panel_of of[COMPARATORS_MAX];
};

/* ---- learning ---- */

struct columns {
    struct record *record;
    const struct fleet *fleet;
    const bool *usable;
    float *v;
    size_t minutes;
};

static const float *column(void *arg, uint32_t channel)
{
    struct columns *c = arg;
    const uint8_t *quality;
    const float *value = record_column(c->record, channel, &quality);
    size_t supply = c->fleet->channels[channel].supply, n = c->fleet->n_supplies;
    for (size_t k = 0; k < c->minutes; k++)
        c->v[k] = c->usable[k * n + supply] && quality[k] <= QUALITY_HELD ? value[k] : NAN;
    return c->v;
}

static void learn_limits(struct panel *p, struct record *r, const bool usable[], size_t from)
{
    size_t n = p->fleet->n_supplies;
    struct frame frame;
    for (size_t k = from; k < record_minutes(r); k++) {
        record_frame(r, k, &frame);
        panel_step(p, &frame, usable + k * n);
    }
    for (size_t i = 0; i < comparators_count(); i++) {
        struct panel_of *of = &p->of[i];
        tail_fit(&of->tail, of->days, of->n_days, DAY_TAIL);
    }
    p->judging = true;
}

struct panel *panel_learn(const struct fleet *f, struct record *reference, const bool usable[], uint64_t seed)
{
    struct panel *p = xcalloc(1, sizeof *p);
    size_t half = record_minutes(reference) / 2 / COMPARATOR_MINUTES * COMPARATOR_MINUTES;
    struct columns c = {reference, f, usable, xnan(half + 1), half};
    const struct comparator_reference r = {f, half, column, &c, seed};
    assert(comparators_count() <= COMPARATORS_MAX);
    *p = (struct panel){
        .fleet = f, .minute = xnan(COMPARATOR_MINUTES * f->n_channels + 1), .value = xnan(f->n_supplies + 1)};
    for (size_t i = 0; i < comparators_count(); i++) {
        p->of[i].self = comparators[i]->learn(&r);
        p->of[i].day = xnan(f->n_supplies + 1);
    }
    learn_limits(p, reference, usable, half);
    free(c.v);
    return p;
}

void panel_free(struct panel *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < comparators_count(); i++) {
        comparators[i]->free(p->of[i].self);
        free(p->of[i].day);
        free(p->of[i].days);
        free(p->of[i].judged);
    }
    free(p->hour);
    free(p->minute);
    free(p->value);
    free(p);
}

/* ---- hours ---- */

static void learn_hour(struct panel_of *of, const float value[], size_t n, bool day_ends)
{
    for (size_t s = 0; s < n; s++)
        of->day[s] = fmaxf(of->day[s], value[s]);
    if (!day_ends)
        return;
    xgrow(&of->days, &of->cap_days, of->n_days + n, sizeof *of->days);
    for (size_t s = 0; s < n; s++)
        if (!isnan(of->day[s]))
            of->days[of->n_days++] = of->day[s];
    fill_nan(of->day, n);
}

static void end_hour(struct panel *p, tstamp_ns t)
{
    size_t n = p->fleet->n_supplies;
    for (size_t i = 0; i < comparators_count(); i++) {
        struct panel_of *of = &p->of[i];
        comparators[i]->hour(of->self, p->minute, p->value);
        if (p->judging) {
            xgrow(&of->judged, &of->cap_judged, (p->n_hours + 1) * n, sizeof *of->judged);
            memcpy(of->judged + p->n_hours * n, p->value, n * sizeof *p->value);
        } else {
            learn_hour(of, p->value, n, t % NS_PER_DAY == 0);
        }
    }
    if (p->judging) {
        xgrow(&p->hour, &p->cap_hours, p->n_hours + 1, sizeof *p->hour);
        p->hour[p->n_hours++] = t;
    }
    fill_nan(p->minute, COMPARATOR_MINUTES * p->fleet->n_channels);
}

void panel_step(struct panel *p, const struct frame *frame, const bool usable[])
{
    const struct fleet *f = p->fleet;
    /* the minute that ends an hour is its last */
    size_t k = (size_t)((frame->t - NS_PER_MIN) % NS_PER_HOUR / NS_PER_MIN);
    float *row = p->minute + k * f->n_channels;
    for (size_t c = 0; c < f->n_channels; c++)
        row[c] = usable[f->channels[c].supply] ? frame->value[c] : NAN;
    if (frame->t % NS_PER_HOUR == 0)
        end_hour(p, frame->t);
}

/* ---- what they say ---- */

double panel_limit(const struct panel *p, size_t comparator, double budget)
{
    double share = budget / (7 * (double)p->fleet->n_supplies);
    return tail_quantile(&p->of[comparator].tail, fmin(share, 1));
}

struct said {
    struct finding *finding;
    size_t n, cap;
};

static void open_finding(struct said *out, const struct supply *s, int32_t index, const char *by, tstamp_ns t)
{
    xgrow(&out->finding, &out->cap, out->n + 1, sizeof *out->finding);
    struct finding *d = &out->finding[out->n++];
    *d = (struct finding){
        .supply = index, .class = CLASS_EQUIPMENT, .onset = t, .first_seen = t, .last_seen = t};
    snprintf(d->subject, sizeof d->subject, "%s", s->name);
    snprintf(d->detector, sizeof d->detector, "%s", by);
}

size_t panel_findings(const struct panel *p, size_t comparator, double limit, struct finding **out)
{
    struct said said = {0};
    size_t n = p->fleet->n_supplies;
    for (size_t s = 0; s < n; s++) {
        bool open = false;
        tstamp_ns last = 0;
        for (size_t h = 0; h < p->n_hours; h++) {
            open = open && p->hour[h] - last < CLOSES;
            if (!((double)p->of[comparator].judged[h * n + s] >= limit))
                continue;
            if (!open)
                open_finding(&said, &p->fleet->supplies[s], (int32_t)s, comparators[comparator]->name,
                             p->hour[h]);
            open = true;
            last = said.finding[said.n - 1].last_seen = p->hour[h];
        }
    }
    *out = said.finding;
    return said.n;
}
