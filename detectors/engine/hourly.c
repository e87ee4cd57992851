/* The hour under way, the hours before, and what an evaluated hour says of each supply; see internal.h.
 * All sums are over hours and minutes in the order of time from the start of the hour, and the rings hold
 * nothing else: what an hour says depends on the minutes of its windows alone, to the last bit.
 * SPDX-License-Identifier: MIT */
#include "detectors/engine/internal.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STOOD_HOURS 24   /* that say where a column stood … */
#define STOOD_WITHIN 48  /* … of the last so many */
#define UNGATED_LEAST 10 /* times the budget: the chance that a score without an effect cannot pass */

/* ---- set up ---- */

static void init_rows(struct hourly *h)
{
    const struct fleet *f = h->model->fleet;
    size_t families = f->groups[GROUP_FAMILY].n, w = h->model->layout->width, at = 0;
    rows_reserve(&h->rows, f->n_supplies, w);
    h->row_value = xcalloc(f->n_supplies, w * sizeof *h->row_value);
    h->row_each = xcalloc(f->n_supplies, sizeof *h->row_each);
    h->order = xcalloc(f->n_supplies, sizeof *h->order);
    h->first = xcalloc(families + 1, sizeof *h->first);
    for (size_t k = 0; k < families; k++) {
        h->first[k] = at;
        for (uint32_t i = 0; i < f->n_supplies; i++)
            if (f->supplies[i].group[GROUP_FAMILY] == (int32_t)k)
                h->order[at++] = i;
    }
    h->first[families] = at;
}

void hourly_set_budget(struct hourly *h, const struct scorer_options *o)
{
    double p = UNGATED_LEAST * o->budget / model_chance(h->model, 1);
    h->cap = o->ungated ? (double)INFINITY : p < 1 ? tail_quantile(&h->model->day, p) : 0;
}

void hourly_init(struct hourly *h, const struct model *m, const struct scorer_options *o)
{
    size_t n = m->fleet->n_supplies, w = m->layout->width;
    *h = (struct hourly){.model = m,
                         .hour = INT64_MIN,
                         .minutes = xnan(n * m->per_hour * w),
                         .doubt = xcalloc(n, (w / 2 + 1) * sizeof *h->doubt),
                         .doubted = xcalloc(n, sizeof *h->doubted),
                         .hours = xcalloc(n, sizeof *h->hours),
                         .trail = xnan(n * TRAIL_HOURS * w),
                         .any = xnan(n * DAY_SCORES),
                         .gated = xnan(n * DAY_SCORES),
                         .beyond = xcalloc(n, DAY_SCORES),
                         .said = xcalloc(n, CAUSES_MAX * sizeof *h->said),
                         .n_said = xcalloc(n, sizeof *h->n_said),
                         .moved = xcalloc(n, w)};
    for (size_t i = 0; i < n; i++)
        hours_init(&h->hours[i], measures_longest(&m->measures), w, m->per_hour, m->measures.n_sums);
    values_init(&h->values, &m->measures, w);
    init_rows(h);
    hourly_set_budget(h, o);
}

void hourly_fini(struct hourly *h)
{
    for (size_t i = 0; h->hours && i < h->model->fleet->n_supplies; i++)
        hours_fini(&h->hours[i]);
    values_fini(&h->values);
    rows_free(&h->rows);
    void *arrays[] = {h->doubt, h->doubted, h->minutes, h->hours,     h->trail,
                      h->any,   h->gated,   h->beyond,  h->row_value, h->row_each,
                      h->order, h->first,   h->said,    h->n_said,    h->moved};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
}

static float *trail_row(const struct hourly *h, size_t supply, size_t row)
{
    return h->trail + (supply * TRAIL_HOURS + row) * h->model->layout->width;
}

static size_t trail_newest(const struct hourly *h)
{
    return (h->trail_first + TRAIL_HOURS - 1) % TRAIL_HOURS;
}

void hourly_stood(const struct hourly *h, size_t supply, float out[])
{
    size_t w = h->model->layout->width;
    const float *centre = h->model->ref.hour_centre + supply * w;
    for (size_t c = 0; c < w; c++) {
        double sum = 0;
        size_t n = 0;
        for (size_t k = 0; k < STOOD_WITHIN && n < STOOD_HOURS; k++) {
            size_t row = (trail_newest(h) + TRAIL_HOURS - k) % TRAIL_HOURS;
            float v = trail_row(h, supply, row)[c];
            sum += isnan(v) ? 0 : (double)v;
            n += isnan(v) ? 0 : 1;
        }
        out[c] = n ? (float)(sum / (double)n) - centre[c] : NAN;
    }
}

void hourly_forget(struct hourly *h, size_t supply)
{
    size_t w = h->model->layout->width, minutes = h->model->per_hour * w;
    hours_clear(&h->hours[supply]);
    fill_nan(h->minutes + supply * minutes, minutes);
    fill_nan(h->any + supply * DAY_SCORES, DAY_SCORES);
    fill_nan(h->gated + supply * DAY_SCORES, DAY_SCORES);
    fill_nan(trail_row(h, supply, 0), TRAIL_HOURS * w);
}

/* ---- the end of an hour ---- */

/* The hours in which an onset is looked for: the last 14 days, but what the reference shows is healthy, and
 * only its last day tells a step from what was there before. */
static struct trail trail_of(const struct hourly *h, size_t supply, tstamp_ns end)
{
    const struct model *m = h->model;
    tstamp_ns known = m->to + m->period, after = end - (known - LOOK_BACK * NS_PER_HOUR);
    size_t n = end > known && after < TRAIL_HOURS * NS_PER_HOUR ? (size_t)(after / NS_PER_HOUR) : TRAIL_HOURS;
    return (struct trail){.value = trail_row(h, supply, 0),
                          .n = n,
                          .width = m->layout->width,
                          .end = end,
                          .first = (h->trail_first + TRAIL_HOURS - n) % TRAIL_HOURS,
                          .ring = TRAIL_HOURS};
}

/* Of one cause; the chance is that of a supply-day whose strongest cause it were. */
static void say(const struct hourly *h, struct said *out, const struct hour_score *score,
                const struct evidence *of)
{
    const struct model *m = h->model;
    struct evidence e = *of;
    double p = tail_p(&m->day, score->gated);
    e.score = score;
    *out = (struct said){.chance = model_chance(m, p)};
    out->stands = explain_finding(&out->f, &e);
    out->f.chance = model_said(m, &m->day, p);
}

/* Where findings may come of it: what moved, and the explanation of each cause. */
static void interpret(struct hourly *h, size_t i, const struct yardstick *y, const struct hour_score *score,
                      tstamp_ns end)
{
    const struct model *m = h->model;
    size_t w = m->layout->width;
    struct evidence e = {.model = m,
                         .supply = (uint32_t)i,
                         .yardstick = y,
                         .values = &h->values,
                         .score = score,
                         .trail = trail_of(h, i, end)};
    for (size_t c = 0; c < w; c++)
        h->moved[i * w + c] = (int8_t)explain_moved(&e, c);
    if (!(score->gated >= MOVED_SURPRISE))
        return;
    struct hour_score best[CAUSES_MAX];
    h->n_said[i] = explain_causes(&e, best);
    for (size_t k = 0; k < h->n_said[i]; k++)
        say(h, &h->said[i * CAUSES_MAX + k], &best[k], &e);
}

/* Figures of what is judged by the hour alone. */
static void show_values(const struct hourly *h, size_t i, float *figure[][FIGURES_MAX])
{
    const struct feature_layout *l = h->model->layout;
    for (size_t k = h->model->measures.n; k-- > 0;) { /* the first window last: it stays */
        const struct measure *x = &h->model->measures.at[k];
        float *shown = figure[x->index][0];
        for (size_t c = 0; shown && !x->of->minute && !x->of->rows && c < l->n_levels[i]; c++)
            shown[feature_at(l, i, c)->channel] = h->values.of[k][c];
    }
}

static void evaluate(struct hourly *h, size_t i, tstamp_ns end, float *figure[][FIGURES_MAX])
{
    const struct model *m = h->model;
    struct yardstick y;
    struct hour_score score;
    values_fill(&h->values, &m->measures, &h->hours[i], h->hours[i].n - 1, 0, &m->ref, i, m->learned);
    show_values(h, i, figure);
    model_yardstick(m, m->scale, i, &y);
    score_hour(&y, &h->values, &score);
    if (isnan(score.any))
        return;
    h->any[i * DAY_SCORES + h->scores_at] = (float)score.any;
    h->gated[i * DAY_SCORES + h->scores_at] = (float)score.gated;
    interpret(h, i, &y, &score, end);
}

/* Whether what was taken from some level of the newest hour as common is not known to half the least effect,
 * as far as a level must have settled to count. */
static bool common_is_doubtful(const struct hourly *h, size_t i)
{
    const struct hours *hours = &h->hours[i];
    size_t w = h->model->layout->width;
    const float *doubt = hours->doubt + hours_row(hours, hours->n - 1) * (w / 2);
    bool any = false;
    for (size_t c = 0; c < w / 2; c++)
        any |= doubt[c] > SETTLED_WITHIN * h->model->min_effect[i * w + c];
    return any;
}

static void end_hour(struct hourly *h, tstamp_ns end, float *figure[][FIGURES_MAX])
{
    const struct model *m = h->model;
    size_t w = m->layout->width, n = m->fleet->n_supplies;
    h->ended = end;
    memset(h->moved, 0, n * w);
    for (size_t i = 0; i < n; i++) {
        struct hours *hours = &h->hours[i];
        size_t newest = hours->n - 1;
        h->n_said[i] = 0;
        if (m->fit[i] != FIT_OK)
            continue;
        hours_fill(hours, newest, h->minutes + i * m->per_hour * w, w,
                   m->ref.edges + i * w * (HIST_BINS - 1));
        hours_set_doubt(hours, newest, h->doubt + i * (w / 2), h->doubted[i]);
        if (common_is_doubtful(h, i))
            hourly_beyond(h, i, BEYOND_COMMON);
        memcpy(trail_row(h, i, trail_newest(h)), hours->value + hours_row(hours, newest) * w,
               w * sizeof *h->trail);
        if (hours_any(hours, newest))
            evaluate(h, i, end, figure);
    }
}

/* ---- a minute ---- */

/* Makes room for one more hour. */
static void shift(struct hourly *h, bool hours_too)
{
    size_t n = h->model->fleet->n_supplies, w = h->model->layout->width;
    h->trail_first = (h->trail_first + 1) % TRAIL_HOURS;
    h->scores_at = (h->scores_at + 1) % DAY_SCORES;
    for (size_t i = 0; i < n; i++) {
        if (hours_too)
            hours_shift(&h->hours[i]);
        fill_nan(trail_row(h, i, trail_newest(h)), w);
        size_t now = i * DAY_SCORES + h->scores_at;
        h->any[now] = h->gated[now] = NAN;
        h->beyond[now] = 0;
    }
}

/* Begins the hour of a minute that ends at t; ends the one before when its last minute was lacking. Returns
 * whether that was evaluated. */
static bool begin_minute(struct hourly *h, tstamp_ns t, float *figure[][FIGURES_MAX])
{
    int64_t hour = hour_of(t);
    if (hour == h->hour)
        return false;
    bool late = h->open;
    if (late)
        end_hour(h, (h->hour + 1) * NS_PER_HOUR, figure);
    int64_t kept = (int64_t)measures_longest(&h->model->measures);
    int64_t steps = h->hour == INT64_MIN ? 1 : hour - h->hour;
    for (int64_t k = 0; k < steps && k < TRAIL_HOURS; k++)
        shift(h, k < kept);
    fill_nan(h->minutes, h->model->fleet->n_supplies * h->model->per_hour * h->model->layout->width);
    memset(h->doubt, 0, h->model->fleet->n_supplies * h->model->layout->levels * sizeof *h->doubt);
    memset(h->doubted, 0, h->model->fleet->n_supplies * sizeof *h->doubted);
    h->hour = hour;
    h->open = true;
    return late;
}

/* One family's whole rows through one statistic. */
static void sum_family(struct hourly *h, size_t sum, size_t family, float *const figure[FIGURES_MAX])
{
    const struct feature_layout *l = h->model->layout;
    size_t which = h->model->measures.summed[sum], w = l->width;
    statistics[which]->rows(h->model->learned[which], family, &h->rows, h->row_value, h->row_each);
    for (size_t k = 0; k < h->rows.n; k++) {
        uint32_t i = h->rows.supply[k];
        const float *value = h->row_value + k * w;
        if (figure[0])
            figure[0][i] = h->row_each[k];
        if (isnan(h->row_each[k]))
            continue;
        hours_sum(&h->hours[i], h->hours[i].n - 1, sum, value);
        for (size_t c = 0; figure[1] && c < l->n_levels[i]; c++)
            figure[1][feature_at(l, i, c)->channel] = value[c];
    }
}

static void sum_rows(struct hourly *h, const struct minute *in, float *figure[][FIGURES_MAX])
{
    const struct measures *m = &h->model->measures;
    size_t w = h->model->layout->width;
    for (size_t family = 0; m->n_sums && family < h->model->fleet->groups[GROUP_FAMILY].n; family++) {
        h->rows.n = 0;
        for (size_t k = h->first[family]; k < h->first[family + 1]; k++) {
            uint32_t i = h->order[k];
            const float *row = h->minutes + (i * h->model->per_hour + h->minute) * w;
            if (in->usable[i]) /* whole rows only: none that lacks a column */
                rows_add(&h->rows, &h->model->ref, i, row, in->features->context + i * ROW_CONTEXT);
        }
        for (size_t sum = 0; h->rows.n && sum < m->n_sums; sum++)
            sum_family(h, sum, family, figure[m->summed[sum]]);
    }
}

/* What is not known of a level's expectation: of what is common, of what has not settled, and of what the
 * current beyond the reference's does. Where the last two are too large the level does not count (gate.c);
 * below that they widen what is ordinary, so that there is no cliff. */
static double doubt_of(const struct hourly *h, const struct minute *in, size_t i, size_t level)
{
    const struct model *m = h->model;
    const struct feature_frame *ff = in->features;
    size_t at = i * m->layout->levels + level;
    double common = isnan(ff->doubt[at]) ? 0 : (double)ff->doubt[at];
    if (!in->counts[i * m->layout->width + level])
        return common;
    double beyond = (double)reference_doubt(&m->ref, m->layout, i, level, ff->context[i * ROW_CONTEXT]);
    return sqrt(common * common + beyond * beyond + pow((double)ff->unsettled[at], 2));
}

static void add_doubt(struct hourly *h, const struct minute *in, size_t i)
{
    size_t levels = h->model->layout->levels;
    h->doubted[i]++;
    for (size_t c = 0; c < h->model->layout->n_levels[i]; c++)
        h->doubt[i * levels + c] += doubt_of(h, in, i, c);
}

static void keep_minute(struct hourly *h, const struct minute *in)
{
    size_t w = h->model->layout->width, per_hour = h->model->per_hour;
    for (size_t i = 0; i < h->model->fleet->n_supplies; i++) {
        minute_row(in, i, w, h->minutes + (i * per_hour + h->minute) * w);
        if (in->usable[i])
            add_doubt(h, in, i);
    }
}

bool hourly_minute(struct hourly *h, const struct minute *in, float *figure[][FIGURES_MAX])
{
    tstamp_ns t = in->frame->t;
    bool evaluated = begin_minute(h, t, figure);
    h->minute = hour_minute(t, h->model->per_hour);
    keep_minute(h, in);
    sum_rows(h, in, figure);
    if (t % NS_PER_HOUR == 0) {
        end_hour(h, t, figure);
        h->open = false;
        evaluated = true;
    }
    return evaluated;
}

float hourly_shift(const struct hourly *h, size_t supply, size_t column)
{
    return trail_row(h, supply, trail_newest(h))[column] -
           h->model->ref.hour_centre[supply * h->model->layout->width + column];
}

/* The largest of a supply's last day, -log10 p of an hour: over all measures, and over those with an effect;
 * NaN: none. Returns how many of its hours were evaluated. */
static size_t day_most(const struct hourly *h, size_t supply, double *any, double *gated)
{
    size_t hours = 0;
    *any = *gated = NAN;
    for (size_t k = supply * DAY_SCORES; k < (supply + 1) * DAY_SCORES; k++) {
        hours += isnan(h->any[k]) ? 0 : 1;
        *any = fmax(*any, (double)h->any[k]);
        *gated = fmax(*gated, (double)h->gated[k]);
    }
    return hours;
}

/* Tail probability of a supply's last day. */
static double day_p(const struct hourly *h, size_t supply)
{
    double any, gated;
    size_t hours = day_most(h, supply, &any, &gated);
    return tail_p(&h->model->day, hours ? fmax(gated, fmin(any, h->cap)) : (double)NAN);
}

double hourly_day_chance(const struct hourly *h, size_t supply, double *score)
{
    double p = day_p(h, supply);
    *score = -log10(p);
    return model_chance(h->model, p);
}

double hourly_day_said(const struct hourly *h, size_t supply, double *score)
{
    const struct model *m = h->model;
    double said = model_said(m, &m->day, day_p(h, supply));
    *score = -log10(said / model_chance(m, 1));
    return said;
}

void hourly_day(const struct hourly *h, size_t supply, float *chance, float *any, uint8_t *beyond)
{
    const struct model *m = h->model;
    double most_any, most_gated;
    bool enough = day_most(h, supply, &most_any, &most_gated) >= DAY_LEAST_HOURS;
    *any = enough ? (float)model_said(m, &m->day, tail_p(&m->day, most_any)) : NAN;
    *chance = enough ? (float)model_said(m, &m->day, tail_p(&m->day, most_gated)) : NAN;
    *beyond = 0;
    for (size_t k = supply * DAY_SCORES; k < (supply + 1) * DAY_SCORES; k++)
        *beyond |= h->beyond[k];
}

void hourly_beyond(struct hourly *h, size_t supply, enum beyond what)
{
    h->beyond[supply * DAY_SCORES + h->scores_at] |= (uint8_t)what;
}

bool hourly_over(const struct hourly *h, const struct finding *said)
{
    struct trail t = trail_of(h, (size_t)said->supply, h->ended);
    return explain_over(h->model, (uint32_t)said->supply, &t, said);
}
