/* What moved, since when, and who is to blame; see explain.h. SPDX-License-Identifier: MIT */
#include "detectors/verdict/explain.h"

#include "base/mem.h"
#include "base/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECENT_HOURS 3        /* whose median says how far it stands now */
#define ONSET_SHARE (1.0 / 3) /* of the present shift: above it an hour speaks for the shift */
#define WITNESS_SURPRISE 2.5
#define LISTED_SURPRISE 1.0
#define STEP_HOURS 2            /* from under a fifth to over four fifths of the shift: a step */
#define COIL_PER_KELVIN 0.00393 /* copper: relative change of resistance, power-supplies.md §8.1 */
#define INFORMATIVE 3.0         /* expected partner shift, in null spreads, that would have been seen */

/* ---- numbers of one column ---- */

static bool is_ratio(const struct evidence *e, size_t column)
{
    return column >= e->standard->width / 2;
}

static const struct feature_channel *channel_of(const struct evidence *e, size_t column)
{
    const struct feature_layout *l = e->model->layout;
    return feature_at(l, e->supply, column % l->levels);
}

static float centre_of(const struct evidence *e, size_t column)
{
    return e->model->ref.hour_centre[e->supply * e->standard->width + column];
}

static float hour_spread_of(const struct evidence *e, size_t column)
{
    return e->model->ref.hour_spread[e->supply * e->standard->width + column];
}

/* Median of the last hours' values minus centre; NaN: none. */
static double recent_shift(const struct trail *t, size_t column, double centre)
{
    float v[RECENT_HOURS];
    size_t n = 0;
    for (size_t k = t->n; k-- > 0 && n < RECENT_HOURS && t->n - k <= 2 * RECENT_HOURS;) {
        float x = t->value[k * t->width + column];
        if (!isnan(x))
            v[n++] = x;
    }
    return robust_median(v, n) - centre;
}

/* Index of the hour in which the shift began. */
static size_t onset_hour(const struct trail *t, size_t column, float centre, float spread, double shift)
{
    double sign = shift < 0 ? -1 : 1, recent = recent_shift(t, column, (double)centre) * sign;
    double size = isnan(recent) ? fabs(shift) : fmax(fabs(shift), recent);
    double bar = fmax(ONSET_SHARE * size, isnan(spread) ? 0 : (double)spread);
    double sum = 0, best = -INFINITY;
    size_t at = t->n - 1;
    for (size_t k = t->n; k-- > 0;) {
        double x = (double)t->value[k * t->width + column];
        if (isnan(x))
            continue;
        sum += sign * (x - (double)centre) - bar;
        if (sum > best) {
            best = sum;
            at = k;
        }
    }
    return at;
}

tstamp_ns explain_onset(const struct trail *t, size_t column, float centre, float spread, double shift)
{
    size_t at = onset_hour(t, column, centre, spread, shift);
    return t->end - (tstamp_ns)(t->n - at) * NS_PER_HOUR;
}

static double window_shift(const struct evidence *e, size_t column)
{
    for (size_t w = 0; w < e->standard->windows; w++)
        if (!isnan(e->raw->level[w][column]))
            return (double)e->raw->level[w][column];
    return (double)e->raw->level_divergence[column];
}

/* Mean shift since the onset, at most the last day's: not diluted by the healthy hours before. */
static double shift_since(const struct evidence *e, size_t column)
{
    const struct trail *t = &e->trail;
    double window = window_shift(e, column), sum = 0;
    if (isnan(window))
        return window;
    size_t at = onset_hour(t, column, centre_of(e, column), hour_spread_of(e, column), window), n = 0;
    if (t->n - at > 24)
        at = t->n - 24;
    for (size_t k = at; k < t->n; k++) {
        double x = (double)t->value[k * t->width + column];
        if (isnan(x))
            continue;
        sum += x - (double)centre_of(e, column);
        n++;
    }
    double mean = n ? sum / (double)n : window;
    return fabs(mean) > fabs(window) && mean * window > 0 ? mean : window;
}

/* In the unit that is said: a shift, or a ratio of standard deviations. */
static double said_size(const struct evidence *e, size_t column)
{
    double shift = shift_since(e, column);
    return is_ratio(e, column) ? exp(shift / 2) : shift;
}

static double surprise(const struct evidence *e, const struct tails *t, size_t column)
{
    double most = NAN;
    for (size_t w = 0; w < e->standard->windows; w++)
        if (effect_level(e->standard, w, column, e->raw))
            most = fmax(most, surprise_level(e->standard, t, w, column, e->raw));
    return most;
}

int explain_moved(const struct evidence *e, const struct tails *t, size_t column)
{
    if (!(surprise(e, t, column) >= MOVED_SURPRISE))
        return 0;
    return window_shift(e, column) > 0 ? 1 : -1;
}

/* ---- the carrying column ---- */

/* A divergence names a channel; its level or its noise says what happened. A temperature whose level moved
 * is spoken of by its level: kelvins say more than a ratio. */
static size_t carrying_column(const struct evidence *e)
{
    size_t levels = e->standard->width / 2, c = e->score->column;
    const struct tails *t = &e->model->tails;
    if (channel_of(e, c)->kind <= FEATURE_IGBT && explain_moved(e, t, c % levels + levels) < 0)
        return c % levels + levels; /* stuck: its level only stays behind */
    if (channel_of(e, c)->kind <= FEATURE_IGBT && explain_moved(e, t, c % levels))
        return c % levels;
    if (e->score->by != STATISTIC_DIVERGENCE)
        return c;
    size_t level = c % levels, noise = level + levels;
    double a = fabs((double)e->raw->level_divergence[level]) / (double)e->standard->min_effect[level];
    double b = fabs((double)e->raw->level_divergence[noise]) / (double)e->standard->min_effect[noise];
    return isnan(a) || b > a ? noise : level;
}

/* Column of a kind of level; width: the supply has none that is usable. */
static size_t column_of(const struct evidence *e, enum feature_kind kind)
{
    const struct feature_layout *l = e->model->layout;
    for (size_t c = 0; c < l->n_levels[e->supply]; c++)
        if (feature_at(l, e->supply, c)->kind == kind && e->standard->kind[c] != KIND_NONE)
            return c;
    return l->width;
}

static int moved_kind(const struct evidence *e, enum feature_kind kind, bool noise)
{
    size_t w = e->standard->width, c = column_of(e, kind);
    if (c == w)
        return 0;
    return explain_moved(e, &e->model->tails, noise ? c + w / 2 : c);
}

/* ---- second witness ---- */

static bool partners(enum feature_kind a, enum feature_kind b)
{
    return (a == FEATURE_VOLTAGE && b == FEATURE_MAGNET) || (a == FEATURE_MAGNET && b == FEATURE_VOLTAGE) ||
           (a == FEATURE_CAPACITOR && b == FEATURE_IGBT) || (a == FEATURE_IGBT && b == FEATURE_CAPACITOR) ||
           (a == FEATURE_CURRENT && b == FEATURE_VOLTAGE) || (a == FEATURE_VOLTAGE && b == FEATURE_CURRENT);
}

static bool has_witness(const struct evidence *e, size_t column)
{
    const struct tails *t = &e->model->tails;
    size_t levels = e->standard->width / 2;
    enum feature_kind mine = channel_of(e, column)->kind;
    double divergence = surprise_divergence(e->standard, t, column, e->raw);
    if (e->score->by != STATISTIC_DIVERGENCE && divergence >= WITNESS_SURPRISE)
        return true;
    if (e->score->by == STATISTIC_DIVERGENCE && surprise(e, t, column) >= WITNESS_SURPRISE)
        return true;
    for (size_t c = 0; c < e->standard->width; c++) {
        if (c == column || c % levels >= e->model->layout->n_levels[e->supply])
            continue;
        bool other_part = c % levels == column % levels;
        if ((other_part || partners(mine, channel_of(e, c)->kind)) && surprise(e, t, c) >= WITNESS_SURPRISE)
            return true;
    }
    return false;
}

/* ---- class ---- */

/* Whether the column went from its old to its new level within two hours. */
static bool is_step(const struct evidence *e, size_t column)
{
    const struct trail *t = &e->trail;
    double shift = shift_since(e, column), centre = (double)centre_of(e, column);
    size_t at = onset_hour(t, column, centre_of(e, column), hour_spread_of(e, column), shift);
    double before = NAN, after = NAN;
    for (size_t k = at; k-- > 0 && isnan(before);)
        before = ((double)t->value[k * t->width + column] - centre) / shift;
    for (size_t k = at + STEP_HOURS - 1; k < t->n && isnan(after); k++)
        after = ((double)t->value[k * t->width + column] - centre) / shift;
    return fabs(before) < 0.2 && after > 0.8;
}

/* A coil's temperature that rose must show in its voltage. */
static bool voltage_contradicts(const struct evidence *e, size_t column)
{
    size_t v = column_of(e, FEATURE_VOLTAGE);
    if (v == e->standard->width || isnan(e->raw->level[0][v]))
        return false;
    /* the residual's null spread against what the rise would do at the least voltage that matters: the
       minimum effect of V is about 0.2 % of it */
    double volts = (double)e->standard->min_effect[v] / 0.002;
    double expected = COIL_PER_KELVIN * volts * window_shift(e, column);
    double spread = (double)e->standard->level[0][v];
    return fabs(expected) > INFORMATIVE * spread &&
           fabs((double)e->raw->level[0][v] - expected) > fabs((double)e->raw->level[0][v]);
}

static enum finding_class class_of_level(const struct evidence *e, size_t column)
{
    switch (channel_of(e, column)->kind) {
    case FEATURE_MAGNET:
        if (moved_kind(e, FEATURE_VOLTAGE, false))
            return CLASS_EQUIPMENT;
        return voltage_contradicts(e, column) || is_step(e, column) ? CLASS_SENSOR : CLASS_EQUIPMENT;
    case FEATURE_IGBT:
        if (moved_kind(e, FEATURE_CAPACITOR, false) || moved_kind(e, FEATURE_IGBT, true) > 0)
            return CLASS_EQUIPMENT;
        return is_step(e, column) ? CLASS_SENSOR : CLASS_EQUIPMENT;
    case FEATURE_CAPACITOR:
        if (moved_kind(e, FEATURE_IGBT, false) || moved_kind(e, FEATURE_VOLTAGE, true) > 0)
            return CLASS_EQUIPMENT;
        return is_step(e, column) ? CLASS_SENSOR : CLASS_EQUIPMENT;
    default: return CLASS_EQUIPMENT;
    }
}

static enum finding_class class_of_noise(const struct evidence *e, size_t column)
{
    size_t level = column % (e->standard->width / 2);
    if (window_shift(e, column) < 0)
        return CLASS_SENSOR; /* nothing that fails makes a quantity quieter: stuck, or filtered */
    switch (channel_of(e, column)->kind) {
    case FEATURE_CURRENT: /* the regulated current's noise reaches the voltage; a reading's does not */
        return moved_kind(e, FEATURE_VOLTAGE, true) > 0 ? CLASS_EQUIPMENT : CLASS_SENSOR;
    case FEATURE_VOLTAGE: return CLASS_EQUIPMENT;
    case FEATURE_RAW: return CLASS_SENSOR;
    default: /* a temperature cannot jump from minute to minute, unless it hunts while its level moves */
        return explain_moved(e, &e->model->tails, level) ? class_of_level(e, level) : CLASS_SENSOR;
    }
}

/* ---- words ---- */

void explain_shift(char *out, size_t size, const struct feature_channel *ch, bool ratio, double shift,
                   const char *unit)
{
    if (ratio && shift < 1)
        snprintf(out, size, "%s only %.2g times as noisy as in its reference, as a stuck reading is",
                 ch->label, shift);
    else if (ratio)
        snprintf(out, size, "%s %.3g times as noisy as in its reference", ch->label, shift);
    else
        snprintf(out, size, "%s %.3g %s %s %s", ch->label, fabs(shift), unit, shift < 0 ? "below" : "above",
                 ch->than);
}

struct ranked {
    size_t column;
    double surprise;
};

/* Keeps the n-th of top[] in its place by surprise; the first one, the carrier, stays first. */
static void insert_ranked(struct ranked top[], size_t *n, struct ranked r)
{
    size_t at = *n;
    while (at > 1 && top[at - 1].surprise < r.surprise)
        at--;
    if (at == FINDING_CONTRIBUTORS)
        return;
    if (*n < FINDING_CONTRIBUTORS)
        ++*n;
    for (size_t i = *n - 1; i > at; i--)
        top[i] = top[i - 1];
    top[at] = r;
}

static void list_contributors(struct finding *out, const struct evidence *e, size_t carrying)
{
    struct ranked top[FINDING_CONTRIBUTORS] = {{.column = carrying, .surprise = e->score->gated}};
    size_t n = 1, levels = e->standard->width / 2;
    double sum = e->score->gated;
    for (size_t c = 0; c < e->standard->width; c++) {
        if (c == carrying || c % levels >= e->model->layout->n_levels[e->supply])
            continue;
        double s = surprise(e, &e->model->tails, c);
        if (s >= LISTED_SURPRISE)
            insert_ranked(top, &n, (struct ranked){c, s});
    }
    for (size_t i = 1; i < n; i++)
        sum += top[i].surprise;
    for (size_t i = 0; i < n; i++) {
        const struct channel *ch = &e->model->fleet->channels[channel_of(e, top[i].column)->channel];
        struct contributor *by = &out->by[i];
        snprintf(by->signal, sizeof by->signal, "%s", e->model->fleet->signals.name[ch->signal]);
        snprintf(by->unit, sizeof by->unit, "%s",
                 is_ratio(e, top[i].column) ? "x" : words_unit_of_difference(ch->unit));
        by->size = said_size(e, top[i].column);
        by->share = sum > 0 ? top[i].surprise / sum : 0;
    }
    out->n_by = n;
}

void explain_finding(struct finding *out, const struct evidence *e)
{
    _Static_assert(FEATURE_CAPACITOR < FEATURE_IGBT && FEATURE_MAGNET < FEATURE_IGBT &&
                       FEATURE_IGBT < FEATURE_CURRENT,
                   "temperatures come first");
    static const char *const detector[] = {[STATISTIC_LEVEL] = "level",
                                           [STATISTIC_DIVERGENCE] = "divergence",
                                           [STATISTIC_RECONSTRUCTION] = "reconstruction"};
    size_t c = carrying_column(e);
    const struct feature_channel *ch = channel_of(e, c);
    const struct fleet *f = e->model->fleet;
    *out = (struct finding){.supply = (int32_t)e->supply,
                            .class = is_ratio(e, c) ? class_of_noise(e, c) : class_of_level(e, c),
                            .witness = has_witness(e, c),
                            .size = said_size(e, c)};
    snprintf(out->detector, sizeof out->detector, "%s", detector[e->score->by]);
    snprintf(out->subject, sizeof out->subject, "%s", f->supplies[e->supply].name);
    snprintf(out->signal, sizeof out->signal, "%s", f->signals.name[f->channels[ch->channel].signal]);
    snprintf(out->unit, sizeof out->unit, "%s",
             is_ratio(e, c) ? "x" : words_unit_of_difference(f->channels[ch->channel].unit));
    out->onset = explain_onset(&e->trail, c, centre_of(e, c), hour_spread_of(e, c), window_shift(e, c));
    out->direction = out->size < (is_ratio(e, c) ? 1 : 0) ? DIRECTION_DOWN : DIRECTION_UP;
    explain_shift(out->reason, sizeof out->reason, ch, is_ratio(e, c), out->size, out->unit);
    list_contributors(out, e, c);
}
