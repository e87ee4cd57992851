/* Measures, standardised values and an hour's score; see score.h. SPDX-License-Identifier: MIT */
#include "detectors/statistics/score.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROW_NOTABLE 2.0 /* sd: a column that takes part in a shift of several */

/* ---- measures ---- */

static size_t length_of(struct measures *m, size_t hours)
{
    size_t i = 0;
    while (i < m->n_lengths && m->length[i] != hours)
        i++;
    if (i == m->n_lengths)
        m->length[m->n_lengths++] = hours;
    return i;
}

void measures_init(struct measures *m, const struct reference_span *r)
{
    *m = (struct measures){0};
    for (size_t i = 0; i < statistics_count(); i++) {
        const struct statistic *s = statistics[i];
        size_t hours[WINDOWS_MAX], n = 0;
        if (s->windows && !r->table)
            n = s->windows(r, hours);
        assert(n <= WINDOWS_MAX);
        for (size_t k = 0; k < n; k++)
            m->at[m->n++] = (struct measure){s, i, hours[k], length_of(m, hours[k]), m->n_sums};
        if (n > 0 && s->rows) {
            assert(m->n_sums < SUMS_MAX);
            m->summed[m->n_sums++] = i;
        }
    }
}

size_t measures_longest(const struct measures *m)
{
    size_t most = 1;
    for (size_t i = 0; i < m->n_lengths; i++)
        most = m->length[i] > most ? m->length[i] : most;
    return most;
}

void scale_init(struct scale *s, const struct measure *m, size_t n_supplies, size_t supply_kinds,
                size_t width)
{
    *s = (struct scale){.spread = xcalloc(n_supplies, width * sizeof *s->spread)};
    if (m->of->standard == STANDARD_MEDIAN)
        s->mid = xcalloc(n_supplies, width * sizeof *s->mid);
    if (m->of->standard == STANDARD_MAHALANOBIS)
        s->inverse = xcalloc(supply_kinds, width * width * sizeof *s->inverse);
}

void scale_fini(struct scale *s)
{
    free(s->mid);
    free(s->spread);
    free(s->inverse);
    *s = (struct scale){0};
}

/* ---- values ---- */

void values_init(struct values *v, const struct measures *m, size_t width)
{
    *v = (struct values){0};
    for (size_t i = 0; i < m->n; i++)
        v->of[i] = xcalloc(width, sizeof *v->of[i]);
    for (size_t i = 0; i < m->n_lengths; i++) {
        v->shift[i] = xcalloc(width, sizeof *v->shift[i]);
        v->doubt[i] = xcalloc(width, sizeof *v->doubt[i]);
    }
}

void values_fini(struct values *v)
{
    for (size_t i = 0; i < MEASURES_MAX; i++) {
        free(v->of[i]);
        free(v->shift[i]);
        free(v->doubt[i]);
    }
    *v = (struct values){0};
}

void values_fill(struct values *v, const struct measures *m, const struct hours *h, size_t end, size_t lo,
                 const struct reference *ref, size_t supply, void *const learned[])
{
    size_t at = supply * h->width;
    for (size_t i = 0; i < m->n_lengths; i++) {
        hours_level(h, end, lo, m->length[i], ref->hour_centre + at, v->shift[i]);
        if (v->doubt[i])
            hours_doubt(h, end, lo, m->length[i], v->doubt[i]);
    }
    for (size_t i = 0; i < m->n; i++) {
        const struct measure *x = &m->at[i];
        const struct window in = {.hours = h,
                                  .end = end,
                                  .lo = lo,
                                  .length = x->hours,
                                  .sum = x->sum,
                                  .reference = ref,
                                  .at = at,
                                  .shift = v->shift[x->length],
                                  .learned = learned[x->index]};
        x->of->window(&in, v->of[i]);
    }
}

/* ---- one measure ---- */

static double doubt_of(const struct yardstick *y, size_t measure, size_t c, const struct values *v)
{
    const float *doubt = v->doubt[y->measures->at[measure].length];
    return doubt ? (double)doubt[c] : 0;
}

/* The null's spread, widened by the doubt of what was taken as common, which is in the channel's unit as
 * levels are, or of a row in sd of its minutes. */
static double spread_of(const struct yardstick *y, size_t measure, size_t c, const struct values *v)
{
    double spread = (double)y->scale[measure].spread[c], doubt = doubt_of(y, measure, c, v);
    if (!(doubt > 0))
        return spread;
    return hypot(spread,
                 measures_row(&y->measures->at[measure]) ? doubt / (double)y->minute_spread[c] : doubt);
}

/* In spreads of the null, with its sign; 0 where the supply has no such column. */
static double in_spreads(const struct yardstick *y, size_t measure, size_t c, const struct values *v)
{
    return y->kind[c] == KIND_NONE ? 0 : (double)v->of[measure][c] / spread_of(y, measure, c, v);
}

double standard_column(const struct yardstick *y, size_t measure, size_t c, const struct values *v)
{
    const struct scale *s = &y->scale[measure];
    double x = (double)v->of[measure][c];
    if (y->measures->at[measure].of->standard == STANDARD_MEDIAN)
        return (x - (double)s->mid[c]) / (double)s->spread[c];
    return fabs(x) / spread_of(y, measure, c, v);
}

double standard_row(const struct yardstick *y, size_t measure, const struct values *v)
{
    double sum = 0;
    for (size_t i = 0; i < y->width; i++) {
        double zi = in_spreads(y, measure, i, v), inner = 0;
        const double *row = y->scale[measure].inverse + i * y->width;
        for (size_t j = 0; j < y->width; j++)
            inner += row[j] * in_spreads(y, measure, j, v);
        sum += zi * inner;
    }
    return sqrt(sum);
}

double surprise_column(const struct yardstick *y, size_t measure, size_t c, const struct values *v)
{
    if (y->kind[c] == KIND_NONE || measures_row(&y->measures->at[measure]))
        return NAN;
    return -log10(tail_p(&y->tail[measure][y->kind[c]], standard_column(y, measure, c, v)));
}

bool has_effect(const struct yardstick *y, size_t measure, size_t c, const struct values *v)
{
    const struct measure *m = &y->measures->at[measure];
    const float *shift = v->shift[m->length];
    if (!shift)
        return false;
    if (!m->of->of_shape)
        return fabsf(shift[c]) >= y->min_effect[c]; /* its surprise knows the doubt */
    /* a shape shows in the level or in the noise of the same channel, over the same window */
    size_t levels = y->width / 2, level = c % levels, noise = level + levels;
    double doubt = EFFECT_DOUBTS * doubt_of(y, measure, level, v);
    return fabsf(shift[level]) - (float)doubt >= y->min_effect[level] ||
           fabsf(shift[noise]) >= y->min_effect[noise];
}

/* ---- an hour ---- */

static void take(struct hour_score *out, double surprise, bool effect, size_t measure, size_t column)
{
    if (isnan(surprise))
        return;
    if (isnan(out->any)) {
        out->any = surprise;
        out->gated = 0;
    }
    out->any = fmax(out->any, surprise);
    if (effect && surprise > out->gated) {
        out->gated = surprise;
        out->measure = measure;
        out->column = column;
    }
}

/* A row counts when a column that takes part in it has an effect; the farthest of these stands for it. */
static void take_row(const struct yardstick *y, size_t measure, const struct values *v,
                     struct hour_score *out)
{
    double surprise = -log10(tail_p(y->tail[measure], standard_row(y, measure, v))), largest = -1;
    size_t most = 0;
    for (size_t c = 0; c < y->width; c++) {
        double z = fabs(in_spreads(y, measure, c, v));
        if (y->kind[c] != KIND_NONE && has_effect(y, measure, c, v) && z > largest) {
            largest = z;
            most = c;
        }
    }
    take(out, surprise, largest >= ROW_NOTABLE, measure, most);
}

void score_hour(const struct yardstick *y, const struct values *v, struct hour_score *out)
{
    *out = (struct hour_score){.any = NAN, .gated = NAN};
    for (size_t i = 0; i < y->measures->n; i++) {
        if (measures_row(&y->measures->at[i])) {
            take_row(y, i, v, out);
            continue;
        }
        for (size_t c = 0; c < y->width; c++)
            take(out, surprise_column(y, i, c, v), has_effect(y, i, c, v), i, c);
    }
}
