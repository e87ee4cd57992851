/* References, what is learned of them, and window values of one fold; see fold.h.
 * SPDX-License-Identifier: MIT */
#include "detectors/train/fold.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_HOURS 6 /* of steady minutes, for a column to have a reference */
#define SAMPLE 3000   /* minutes that quantiles are taken from */

void nulls_init(struct nulls *n, const struct measures *m, size_t n_supplies, size_t hours, size_t width)
{
    *n = (struct nulls){.n_supplies = n_supplies,
                        .hours = hours,
                        .width = width,
                        .measures = m,
                        .block = xcalloc(hours, sizeof *n->block)};
    memset(n->block, -1, hours);
    for (size_t i = 0; i < m->n; i++)
        n->of[i] = xnan(n_supplies * hours * width);
}

void nulls_fini(struct nulls *n)
{
    free(n->block);
    for (size_t i = 0; i < MEASURES_MAX; i++)
        free(n->of[i]);
    *n = (struct nulls){0};
}

void nulls_at(const struct nulls *n, size_t supply, size_t hour, struct values *v)
{
    for (size_t i = 0; i < n->measures->n; i++)
        v->of[i] = n->of[i] + (supply * n->hours + hour) * n->width;
}

static bool in_reference(const struct spool *s, size_t hour, int leave)
{
    return s->block[hour] >= 0 && s->block[hour] != leave;
}

/* ---- reference ---- */

/* Column c of a supply's reference minutes into v, thinned to about SAMPLE; returns how many there are in
 * all, the sample's size in *n. */
static size_t gather_column(const struct spool *s, size_t supply, size_t c, int leave, float v[], size_t *n)
{
    size_t stride = s->hours * s->per_hour / SAMPLE + 1, all = 0;
    *n = 0;
    for (size_t h = 0; h < s->hours; h++) {
        if (!in_reference(s, h, leave))
            continue;
        const float *rows = spool_hour(s, supply, h);
        for (size_t m = 0; m < s->per_hour; m++) {
            float x = rows[m * s->stride + c];
            if (!isnan(x) && all++ % stride == 0)
                v[(*n)++] = x;
        }
    }
    return all;
}

static void reference_column(const struct fold_job *job, size_t supply, size_t c, int leave,
                             struct reference *ref, float v[])
{
    size_t cell = supply * job->layout->width + c, n;
    size_t all = gather_column(job->spool, supply, c, leave, v, &n);
    ref->present[cell] = all >= LEAST_HOURS * job->spool->per_hour;
    ref->centre[cell] = ref->spread[cell] = NAN;
    if (!ref->present[cell])
        return;
    reference_fit(ref, cell, v, n);
}

/* Centre and spread of the hourly values, and the counts of all reference minutes. */
static void reference_hours(const struct fold_job *job, size_t supply, int leave, struct reference *ref,
                            const struct hours *hours, float v[])
{
    size_t w = job->layout->width;
    for (size_t c = 0; c < w; c++) {
        size_t cell = supply * w + c, n = 0;
        uint32_t *counts = ref->counts + cell * HIST_BINS;
        memset(counts, 0, HIST_BINS * sizeof *counts);
        for (size_t h = 0; h < hours->n; h++) {
            if (!in_reference(job->spool, h, leave))
                continue;
            for (size_t b = 0; b < HIST_BINS; b++)
                counts[b] += hours->counts[(h * w + c) * HIST_BINS + b];
            if (!isnan(hours->value[h * w + c]))
                v[n++] = hours->value[h * w + c];
        }
        ref->hour_centre[cell] = (float)trimmed_mean(v, n);
        ref->hour_spread[cell] = n ? (float)robust_spread(v, n, (double)ref->hour_centre[cell]) : NAN;
    }
}

/* Range of the current at which the reference knows the supply. */
static void reference_range(const struct fold_job *job, size_t supply, int leave, struct reference *ref)
{
    const struct spool *s = job->spool;
    float low = INFINITY, high = -INFINITY;
    for (size_t h = 0; h < s->hours; h++) {
        const float *rows = spool_hour(s, supply, h);
        for (size_t m = 0; in_reference(s, h, leave) && m < s->per_hour; m++) {
            float i = rows[m * s->stride + job->layout->width];
            low = i < low ? i : low;
            high = i > high ? i : high;
        }
    }
    ref->low[supply] = low <= high ? low : NAN;
    ref->high[supply] = low <= high ? high : NAN;
}

static void fill_hours(const struct fold_job *job, size_t supply, const struct reference *ref,
                       struct hours *hours)
{
    const float *edges = ref->edges + supply * job->layout->width * (HIST_BINS - 1);
    for (size_t h = 0; h < hours->n; h++)
        hours_fill(hours, h, spool_hour(job->spool, supply, h), job->spool->stride, edges);
}

/* A row of the block to be scored, without what the fold's reference does not know, as it is live. */
static void known_row(const struct fold_job *job, size_t supply, const struct reference *ref,
                      const float row[], float out[])
{
    const struct feature_layout *l = job->layout;
    memcpy(out, row, job->spool->stride * sizeof *out);
    for (size_t k = 0; k < l->n_levels[supply]; k++)
        if (!reference_knows(ref, l, supply, k, row[l->width]))
            out[k] = NAN;
}

/* The hours of that block. */
static void fill_known_hours(const struct fold_job *job, size_t supply, int block,
                             const struct reference *ref, struct hours *hours, float scratch[])
{
    const struct spool *s = job->spool;
    const float *edges = ref->edges + supply * job->layout->width * (HIST_BINS - 1);
    for (size_t h = 0; h < hours->n; h++) {
        if (s->block[h] != block)
            continue;
        for (size_t m = 0; m < s->per_hour; m++)
            known_row(job, supply, ref, spool_hour(s, supply, h) + m * s->stride, scratch + m * s->stride);
        hours_fill(hours, h, scratch, s->stride, edges);
    }
}

void fold_reference(const struct fold_job *job, int leave, struct reference *ref)
{
    const struct spool *s = job->spool;
    struct hours hours;
    hours_init(&hours, s->hours, job->layout->width, s->per_hour, 0);
    float *v = xcalloc(s->hours * s->per_hour, sizeof *v);
    for (size_t i = 0; i < s->n_supplies; i++) {
        for (size_t c = 0; c < job->layout->width; c++)
            reference_column(job, i, c, leave, ref, v);
        reference_range(job, i, leave, ref);
        fill_hours(job, i, ref, &hours);
        reference_hours(job, i, leave, ref, &hours, v);
        if (job->progress)
            job->progress(job->arg, (double)i, (double)s->n_supplies);
    }
    reference_gains(ref, job->physics, job->fleet, job->layout);
    free(v);
    hours_fini(&hours);
}

/* ---- what statistics learn ---- */

static const float *lesson_rows(const void *spool, size_t supply, size_t hour)
{
    return spool_hour(spool, supply, hour);
}

void fold_learn(const struct fold_job *job, int leave, const struct reference *ref,
                void *learned[STATISTICS_MAX])
{
    const struct spool *s = job->spool;
    bool *in = xcalloc(s->hours, sizeof *in);
    for (size_t h = 0; h < s->hours; h++)
        in[h] = in_reference(s, h, leave);
    const struct lesson lesson = {.fleet = job->fleet,
                                  .layout = job->layout,
                                  .reference = ref,
                                  .hours = s->hours,
                                  .per_hour = s->per_hour,
                                  .stride = s->stride,
                                  .in = in,
                                  .rows = lesson_rows,
                                  .arg = s,
                                  .seed = job->seed,
                                  .max_rows = job->max_rows,
                                  .progress = job->progress,
                                  .progress_arg = job->arg};
    for (size_t i = 0; i < statistics_count(); i++)
        learned[i] = statistics[i]->learn && statistic_judges(statistics[i], false)
                         ? statistics[i]->learn(&lesson)
                         : NULL;
    free(in);
}

/* ---- scores of a block ---- */

struct scoring {
    const struct fold_job *job;
    int block;
    const struct reference *ref;
    void *const *learned;
    struct hours hours;
    struct rows rows;
    float *row;   /* scratch */
    float *value; /* of rows, grown */
    size_t value_cap;
    struct values values; /* its shifts are scratch */
};

/* What statistics say of each minute, summed per hour of the block. */
static void sum_rows(struct scoring *k, uint32_t supply)
{
    const struct spool *s = k->job->spool;
    size_t w = k->job->layout->width, family = (size_t)k->job->fleet->supplies[supply].group[GROUP_FAMILY];
    for (size_t h = 0; h < s->hours; h++) {
        if (s->block[h] != k->block)
            continue;
        k->rows.n = 0;
        for (size_t m = 0; m < s->per_hour; m++) {
            known_row(k->job, supply, k->ref, spool_hour(s, supply, h) + m * s->stride, k->row);
            rows_add(&k->rows, k->ref, supply, k->row, k->row + w);
        }
        xgrow(&k->value, &k->value_cap, k->rows.n * w + 1, sizeof *k->value);
        for (size_t i = 0; i < k->job->measures->n_sums; i++) {
            size_t which = k->job->measures->summed[i];
            statistics[which]->rows(k->learned[which], family, &k->rows, k->value, NULL);
            for (size_t m = 0; m < k->rows.n; m++)
                hours_sum(&k->hours, h, i, k->value + m * w);
        }
    }
}

static void score_supply(struct scoring *k, uint32_t supply, struct nulls *out)
{
    const int8_t *block = k->job->spool->block;
    size_t lo = 0;
    while (lo < k->hours.n && block[lo] != k->block)
        lo++;
    for (size_t h = lo; h < k->hours.n; h++) {
        if (block[h] != k->block || !hours_any(&k->hours, h))
            continue;
        nulls_at(out, supply, h, &k->values);
        values_fill(&k->values, k->job->measures, &k->hours, h, lo, k->ref, supply, k->learned);
    }
}

void fold_score(const struct fold_job *job, int block, const struct reference *ref, void *const learned[],
                struct nulls *out)
{
    const struct spool *s = job->spool;
    struct scoring k = {.job = job, .block = block, .ref = ref, .learned = learned};
    hours_init(&k.hours, s->hours, job->layout->width, s->per_hour, job->measures->n_sums);
    float *scratch = xcalloc(s->per_hour, s->stride * sizeof *scratch);
    k.row = xcalloc(s->stride, sizeof *k.row);
    for (size_t i = 0; i < job->measures->n_lengths; i++)
        k.values.shift[i] = xcalloc(job->layout->width, sizeof *k.values.shift[i]);
    for (size_t h = 0; h < s->hours; h++)
        if (s->block[h] == block)
            out->block[h] = (int8_t)block;
    for (uint32_t i = 0; i < s->n_supplies; i++) {
        if (reference_has(ref, i)) {
            hours_clear(&k.hours);
            fill_known_hours(job, i, block, ref, &k.hours, scratch);
            sum_rows(&k, i);
            score_supply(&k, i, out);
        }
        if (job->progress)
            job->progress(job->arg, (double)i, (double)s->n_supplies);
    }
    for (size_t i = 0; i < job->measures->n_lengths; i++)
        free(k.values.shift[i]);
    free(scratch);
    free(k.row);
    free(k.value);
    rows_free(&k.rows);
    hours_fini(&k.hours);
}
