/* Trends of a week; see trend.h.
 *
 * A day's level is the median of its hourly residuals (what neither the current nor the group explains) above
 * the reference's centre. A channel has a trend when seven days have 12 hours or more each; when of the 21
 * pairs of days at most one goes the other way (Mann-Kendall: one in 360 channels of exchangeable days,
 * either way); when the days' slope (Theil and Sen: the median over all pairs) carried it three times as far
 * in the week as healthy days stand beside their reference (the spread of the null); when it goes away from
 * the reference, and stands between a third and the whole of the smallest size that is worth a finding; and
 * when it goes its own way (is_alone).
 *
 * Time left: what lacks of that size over the slope. A trend that needs more than four weeks is none.
 * SPDX-License-Identifier: MIT */
#include "monitor/trend.h"

#include "base/mem.h"
#include "detectors/model/model.h"
#include "detectors/model/tail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAYS 7
#define PAIRS (DAYS * (DAYS - 1) / 2)
#define DAY_HOURS 24
#define LEAST_HOURS 12
#define SPREADS 3.0
#define LEAST_SHARE (1.0 / 3) /* of the smallest size worth a finding */
#define MOST_DAYS 28.0
#define PEERS 8

/* A channel's week. */
struct walk {
    struct model_usual usual;
    double now, slope; /* of the newest day beside the centre; a day; NaN: not known */
    bool one_way;
};

/* The week's days, oldest first; false: one has too few hours. */
static bool days_of(const float hours[RANK_HOURS], double centre, double day[DAYS])
{
    for (size_t d = 0; d < DAYS; d++) {
        double v[DAY_HOURS];
        size_t n = 0;
        for (size_t h = d * DAY_HOURS; h < (d + 1) * DAY_HOURS; h++)
            if (!isnan(hours[h]))
                v[n++] = (double)hours[h] - centre;
        if (n < LEAST_HOURS)
            return false;
        day[d] = median_of(v, n);
    }
    return true;
}

/* The slope of days, and whether they go one way. */
static double slope_of(const double day[DAYS], bool *one_way)
{
    double slope[PAIRS];
    size_t n = 0, up = 0, down = 0;
    for (size_t a = 0; a < DAYS; a++)
        for (size_t b = a + 1; b < DAYS; b++) {
            slope[n] = (day[b] - day[a]) / (double)(b - a);
            up += slope[n] > 0;
            down += slope[n] < 0;
            n++;
        }
    *one_way = up >= PAIRS - 1 || down >= PAIRS - 1;
    return median_of(slope, n);
}

/* Whether what it stands at and whither it goes is a trend of its own size. */
static bool is_trend(const struct walk *w)
{
    double effect = w->usual.effect;
    return fabs(w->slope) * (DAYS - 1) >= SPREADS * w->usual.day_spread && w->slope * w->now > 0 &&
           fabs(w->now) >= LEAST_SHARE * effect && fabs(w->now) < effect &&
           (effect - fabs(w->now)) / fabs(w->slope) <= MOST_DAYS;
}

/* Every channel's way of the week. */
static void walk_all(struct walk walk[], const struct fleet *f, const struct model_usual *usual,
                     const struct rank_week *w)
{
    for (uint32_t c = 0; c < f->n_channels; c++) {
        float hours[RANK_HOURS];
        double day[DAYS];
        walk[c].slope = NAN;
        walk[c].usual = usual[c];
        if (isnan(usual[c].effect) || !rank_week_residuals(w, c, hours) ||
            !days_of(hours, usual[c].centre, day))
            continue;
        walk[c].now = day[DAYS - 1];
        walk[c].slope = slope_of(day, &walk[c].one_way);
    }
}

/* Whether a channel goes its own way: of its sector's channels of the signal (of the ring's, when these are
 * few) at most one in PEERS goes half as fast, either way. What a group does is no trend of a supply, nor is
 * its mirror. */
static bool is_alone(const struct walk walk[], const struct fleet *f, uint32_t channel)
{
    uint32_t signal = f->channels[channel].signal;
    int32_t sector = f->supplies[f->channels[channel].supply].group[GROUP_SECTOR];
    size_t n = 0, fast = 0;
    for (int wider = 0; wider < 2 && n < PEERS; wider++) {
        n = fast = 0;
        for (uint32_t c = 0; c < f->n_channels; c++) {
            if (f->channels[c].signal != signal || c == channel || isnan(walk[c].slope) ||
                (!wider && f->supplies[f->channels[c].supply].group[GROUP_SECTOR] != sector))
                continue;
            n++;
            fast += fabs(walk[c].slope) >= fabs(walk[channel].slope) / 2;
        }
    }
    return n >= PEERS && fast * PEERS <= n;
}

/* Into its place by time left; the last one falls out. */
static size_t insert(struct trend out[], size_t n, size_t max, const struct trend *t)
{
    size_t at = n < max ? n : max - 1;
    if (n == max && !(t->days_left < out[at].days_left))
        return n;
    for (; at > 0 && t->days_left < out[at - 1].days_left; at--)
        out[at] = out[at - 1];
    out[at] = *t;
    return n < max ? n + 1 : n;
}

static struct trend trend_of(const struct fleet *f, uint32_t channel, const struct walk *w)
{
    double limit = copysign(w->usual.effect, w->now);
    return (struct trend){.supply = f->channels[channel].supply,
                          .channel = channel,
                          .now = w->now,
                          .per_day = w->slope,
                          .limit = limit,
                          .days_left = (limit - w->now) / w->slope};
}

size_t trend_find(struct trend out[], size_t max, const struct fleet *f, const struct model_usual *usual,
                  const struct rank_week *w)
{
    struct walk *walk = xcalloc(f->n_channels + 1, sizeof *walk);
    size_t n = 0;
    walk_all(walk, f, usual, w);
    for (uint32_t s = 0; s < f->n_supplies; s++) {
        const struct supply *p = &f->supplies[s];
        struct trend best = {.days_left = INFINITY};
        for (uint32_t c = p->first_channel; c < p->first_channel + p->n_channels; c++)
            if (walk[c].one_way && is_trend(&walk[c]) && is_alone(walk, f, c) &&
                trend_of(f, c, &walk[c]).days_left < best.days_left)
                best = trend_of(f, c, &walk[c]);
        if (isfinite(best.days_left))
            n = insert(out, n, max, &best);
    }
    free(walk);
    return n;
}
