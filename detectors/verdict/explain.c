/* What moved, since when, and who is to blame; see explain.h. SPDX-License-Identifier: MIT */
#include "detectors/verdict/explain.h"

#include "base/text/words.h"
#include "detectors/verdict/cause.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STANDS_SHARE 0.5 /* of what is said: an hour that reaches it has the shift */
#define OVER_SHARE 0.25  /* the same of a finding that was said, so that it does not come and go */
#define WITNESS_SURPRISE 2.5
#define LISTED_SURPRISE 1.0
#define STEP_HOURS 2            /* from under a fifth to over four fifths of the shift: a step */
#define COIL_PER_KELVIN 0.00393 /* copper: relative change of resistance, docs/power-supplies.md §8.1 */
/* Times as noisy: squared differences are capped at 100 times the reference's mean (features/fit.c), so that
 * of normal noise four times as wide one in eighty is, and what is told is less than what is. */
#define MOST_TOLD 4.0
#define INFORMATIVE 3.0 /* expected partner shift, in null spreads, that would have been seen */

/* ---- numbers of one column ---- */

static bool is_ratio(const struct evidence *e, size_t column)
{
    return column >= e->yardstick->width / 2;
}

static const struct feature_channel *channel_of(const struct evidence *e, size_t column)
{
    const struct feature_layout *l = e->model->layout;
    return feature_at(l, e->supply, column % l->levels);
}

static float centre_of(const struct evidence *e, size_t column)
{
    return e->model->ref.hour_centre[e->supply * e->yardstick->width + column];
}

static float hour_spread_of(const struct evidence *e, size_t column)
{
    return e->model->ref.hour_spread[e->supply * e->yardstick->width + column];
}

static double window_shift(const struct evidence *e, size_t column)
{
    const struct measures *m = e->yardstick->measures;
    for (size_t i = 0; i < m->n; i++) {
        float shift = e->values->shift[m->at[i].length][column];
        if (!isnan(shift))
            return (double)shift;
    }
    return NAN;
}

/* Mean shift since the onset, at most the last day's: not diluted by the healthy hours before. */
static double shift_since(const struct evidence *e, size_t column)
{
    const struct trail *t = &e->trail;
    double window = window_shift(e, column), sum = 0;
    if (isnan(window))
        return window;
    size_t at = trail_onset(t, column, centre_of(e, column), hour_spread_of(e, column), window), n = 0;
    if (t->n - at > 24)
        at = t->n - 24;
    for (size_t k = at; k < t->n; k++) {
        double x = (double)trail_at(t, k, column);
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

/* The largest surprise of a column among measures of shifts, where they have an effect, or of shapes. */
static double surprise(const struct evidence *e, size_t column, bool of_shape)
{
    const struct yardstick *y = e->yardstick;
    double most = NAN;
    for (size_t i = 0; i < y->measures->n; i++)
        if (y->measures->at[i].of->of_shape == of_shape && (of_shape || has_effect(y, i, column, e->values)))
            most = fmax(most, surprise_column(y, i, column, e->values));
    return most;
}

/* Whether a column's shift of this size is there now, by as much as is said and as matters. */
static bool stands(const struct evidence *e, size_t column, double shift)
{
    const struct trail *t = &e->trail;
    float centre = centre_of(e, column);
    double bar = fmax(STANDS_SHARE * fabs(shift), (double)e->yardstick->min_effect[column]);
    size_t since = trail_onset(t, column, centre, hour_spread_of(e, column), shift);
    return trail_stands(t, &(struct trail_shift){column, (double)centre, shift < 0 ? -bar : bar, since});
}

int explain_moved(const struct evidence *e, size_t column)
{
    if (!(surprise(e, column, false) >= MOVED_SURPRISE))
        return 0;
    double shift = shift_since(e, column);
    return !stands(e, column, shift) ? 0 : shift > 0 ? 1 : -1;
}

double explain_effect(const struct model *m, uint32_t supply, size_t column, double size)
{
    size_t w = m->layout->width;
    double shift = column >= w / 2 ? 2 * log(size) : size;
    return fabs(shift) / (double)m->min_effect[supply * w + column];
}

bool explain_over(const struct model *m, uint32_t supply, const struct trail *t, const struct finding *said)
{
    size_t w = m->layout->width, c = cause_column(m, supply, said);
    if (c == w)
        return false;
    double shift = c >= w / 2 ? 2 * log(said->size) : said->size;
    double least = (double)m->min_effect[supply * w + c];
    double bar = fmax(OVER_SHARE * fabs(shift), STANDS_SHARE * least);
    return trail_over(t, &(struct trail_shift){.column = c,
                                               .centre = (double)m->ref.hour_centre[supply * w + c],
                                               .bar = shift < 0 ? -bar : bar,
                                               .since = trail_hour(t, said->onset)});
}

static const struct measure *carrier(const struct evidence *e)
{
    return &e->yardstick->measures->at[e->score->measure];
}

/* ---- the carrying column ---- */

/* A divergence names a channel; its level or its noise says what happened. A temperature whose level moved
 * is spoken of by its level: kelvins say more than a ratio. */
static size_t carrying_column(const struct evidence *e)
{
    size_t levels = e->yardstick->width / 2, c = e->score->column;
    if (channel_of(e, c)->kind <= FEATURE_IGBT && explain_moved(e, c % levels + levels) < 0)
        return c % levels + levels; /* stuck: its level only stays behind */
    if (channel_of(e, c)->kind <= FEATURE_IGBT && explain_moved(e, c % levels))
        return c % levels;
    if (!carrier(e)->of->of_shape)
        return c;
    const float *shift = e->values->shift[carrier(e)->length];
    size_t level = c % levels, noise = level + levels;
    double a = fabs((double)shift[level]) / (double)e->yardstick->min_effect[level];
    double b = fabs((double)shift[noise]) / (double)e->yardstick->min_effect[noise];
    return isnan(a) || b > a ? noise : level;
}

/* Column of a kind of level; width: the supply has none that is usable. */
static size_t column_of(const struct evidence *e, enum feature_kind kind)
{
    const struct feature_layout *l = e->model->layout;
    for (size_t c = 0; c < l->n_levels[e->supply]; c++)
        if (feature_at(l, e->supply, c)->kind == kind && e->yardstick->kind[c] != KIND_NONE)
            return c;
    return l->width;
}

static int moved_kind(const struct evidence *e, enum feature_kind kind, bool noise)
{
    size_t w = e->yardstick->width, c = column_of(e, kind);
    if (c == w)
        return 0;
    return explain_moved(e, noise ? c + w / 2 : c);
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
    size_t levels = e->yardstick->width / 2;
    enum feature_kind mine = channel_of(e, column)->kind;
    if (surprise(e, column, !carrier(e)->of->of_shape) >= WITNESS_SURPRISE)
        return true;
    for (size_t c = 0; c < e->yardstick->width; c++) {
        if (c == column || c % levels >= e->model->layout->n_levels[e->supply])
            continue;
        bool other_part = c % levels == column % levels;
        if ((other_part || partners(mine, channel_of(e, c)->kind)) &&
            surprise(e, c, false) >= WITNESS_SURPRISE)
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
    size_t at = trail_onset(t, column, centre_of(e, column), hour_spread_of(e, column), shift);
    double before = NAN, after = NAN;
    for (size_t k = at; k-- > 0 && isnan(before);)
        before = ((double)trail_at(t, k, column) - centre) / shift;
    for (size_t k = at + STEP_HOURS - 1; k < t->n && isnan(after); k++)
        after = ((double)trail_at(t, k, column) - centre) / shift;
    return fabs(before) < 0.2 && after > 0.8;
}

/* A coil's temperature that rose must show in its voltage. */
static bool voltage_contradicts(const struct evidence *e, size_t column)
{
    size_t v = column_of(e, FEATURE_VOLTAGE);
    if (v == e->yardstick->width || isnan(e->values->of[LEAD][v]))
        return false;
    /* the residual's null spread against what the rise would do at the least voltage that matters: the
       minimum effect of V is about 0.2 % of it */
    double volts = (double)e->yardstick->min_effect[v] / 0.002;
    double expected = COIL_PER_KELVIN * volts * window_shift(e, column);
    double spread = (double)e->yardstick->scale[LEAD].spread[v];
    return fabs(expected) > INFORMATIVE * spread &&
           fabs((double)e->values->of[LEAD][v] - expected) > fabs((double)e->values->of[LEAD][v]);
}

static enum finding_class class_of_level(const struct evidence *e, size_t column)
{
    switch (channel_of(e, column)->kind) {
    case FEATURE_MAGNET:
        if (moved_kind(e, FEATURE_VOLTAGE, false))
            return CLASS_EQUIPMENT;
        return voltage_contradicts(e, column) || is_step(e, column) ? CLASS_SENSOR : CLASS_EQUIPMENT;
    case FEATURE_IGBT:
        if (moved_kind(e, FEATURE_CAPACITOR, false) || moved_kind(e, FEATURE_IGBT, true) > 0 ||
            moved_kind(e, FEATURE_VOLTAGE, true) > 0 || moved_kind(e, FEATURE_CURRENT, true) > 0)
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
    size_t level = column % (e->yardstick->width / 2);
    if (window_shift(e, column) < 0)
        return CLASS_SENSOR; /* nothing that fails makes a quantity quieter: stuck, or filtered */
    switch (channel_of(e, column)->kind) {
    case FEATURE_CURRENT: /* the DCCT's noise is in what it regulates: no sensor beside the supply */
    case FEATURE_VOLTAGE: return CLASS_EQUIPMENT;
    case FEATURE_RAW: return CLASS_SENSOR;
    default: /* a temperature cannot jump from minute to minute, unless it hunts while its level moves */
        return explain_moved(e, level) ? class_of_level(e, level) : CLASS_SENSOR;
    }
}

/* ---- words ---- */

/* "IGBT temperature 6.1 K above what its current explains", "current 3.9 times as noisy as in its reference".
 */
static void say_shift(struct finding *out, const struct evidence *e, size_t column)
{
    const struct feature_channel *ch = channel_of(e, column);
    size_t size = sizeof out->reason;
    double shift = out->size;
    if (!is_ratio(e, column))
        snprintf(out->reason, size, "%s %.3g%s%s %s %s", ch->label, fabs(shift), *out->unit ? " " : "",
                 out->unit, shift < 0 ? "below" : "above", ch->than);
    else if (shift < 1)
        snprintf(out->reason, size, "%s only %.2g times as noisy as in its reference, as a stuck reading is",
                 ch->label, shift);
    else if (reference_stood_still(&e->model->ref,
                                   e->supply * e->yardstick->width + column % (e->yardstick->width / 2)))
        snprintf(out->reason, size, "%s moves from minute to minute, and stood still in its reference",
                 ch->label);
    else
        snprintf(out->reason, size, "%s %s%.3g times as noisy as in its reference", ch->label,
                 shift > MOST_TOLD ? "at least " : "", shift);
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
    size_t n = 1, levels = e->yardstick->width / 2;
    double sum = e->score->gated;
    for (size_t c = 0; c < e->yardstick->width; c++) {
        if (c == carrying || c % levels >= e->model->layout->n_levels[e->supply])
            continue;
        double s = surprise(e, c, false);
        if (s >= LISTED_SURPRISE && explain_effect(e->model, e->supply, c, said_size(e, c)) >= 1)
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

bool explain_finding(struct finding *out, const struct evidence *e)
{
    _Static_assert(FEATURE_CAPACITOR < FEATURE_IGBT && FEATURE_MAGNET < FEATURE_IGBT &&
                       FEATURE_IGBT < FEATURE_CURRENT,
                   "temperatures come first");
    size_t c = carrying_column(e);
    const struct feature_channel *ch = channel_of(e, c);
    const struct fleet *f = e->model->fleet;
    *out = (struct finding){.supply = (int32_t)e->supply,
                            .class = is_ratio(e, c) ? class_of_noise(e, c) : class_of_level(e, c),
                            .witness = has_witness(e, c),
                            .size = said_size(e, c)};
    out->effect = explain_effect(e->model, e->supply, c, out->size);
    out->direction = out->size < (is_ratio(e, c) ? 1 : 0) ? DIRECTION_DOWN : DIRECTION_UP;
    cause_name(out->cause, e->model, e->supply, c, out->direction);
    snprintf(out->detector, sizeof out->detector, "%s", carrier(e)->of->name);
    snprintf(out->subject, sizeof out->subject, "%s", f->supplies[e->supply].name);
    snprintf(out->signal, sizeof out->signal, "%s", f->signals.name[f->channels[ch->channel].signal]);
    snprintf(out->unit, sizeof out->unit, "%s",
             is_ratio(e, c) ? "x" : words_unit_of_difference(f->channels[ch->channel].unit));
    out->onset = trail_time(
        &e->trail, trail_onset(&e->trail, c, centre_of(e, c), hour_spread_of(e, c), window_shift(e, c)));
    say_shift(out, e, c);
    list_contributors(out, e, c);
    return out->effect >= 1 && stands(e, c, shift_since(e, c));
}

/* ---- several at once ---- */

/* The cause of a score and its direction, as one number. */
static size_t key_of(const struct evidence *e, const struct hour_score *s)
{
    struct evidence of = *e;
    of.score = s;
    size_t c = carrying_column(&of);
    return 2 * cause_of(e->model, e->supply, c) + (window_shift(e, c) < 0);
}

/* Keeps the strongest of each cause, strongest first; where there is no room the weakest goes. */
static size_t consider(const struct evidence *e, const struct hour_score *s, size_t n,
                       struct hour_score best[CAUSES_MAX], size_t key[CAUSES_MAX])
{
    size_t mine = key_of(e, s), at = 0, gone;
    while (at < n && key[at] != mine && best[at].gated >= s->gated)
        at++;
    if (at == CAUSES_MAX || (at < n && key[at] == mine && best[at].gated >= s->gated))
        return n;
    for (gone = at; gone < n && key[gone] != mine;)
        gone++;
    if (gone == n && n < CAUSES_MAX)
        n++;
    else if (gone == n)
        gone = n - 1;
    for (size_t k = gone; k > at; k--) {
        best[k] = best[k - 1];
        key[k] = key[k - 1];
    }
    best[at] = *s;
    key[at] = mine;
    return n;
}

size_t explain_causes(const struct evidence *e, struct hour_score best[CAUSES_MAX])
{
    const struct yardstick *y = e->yardstick;
    size_t key[CAUSES_MAX], n = consider(e, e->score, 0, best, key);
    for (size_t i = 0; i < y->measures->n; i++) {
        if (measures_row(&y->measures->at[i]))
            continue; /* one number for all causes: it speaks for that of the column it names */
        for (size_t c = 0; c < y->width; c++) {
            double s = surprise_column(y, i, c, e->values);
            if (s >= MOVED_SURPRISE && has_effect(y, i, c, e->values))
                n = consider(e, &(struct hour_score){.gated = s, .measure = i, .column = c}, n, best, key);
        }
    }
    return n;
}
