/* References, networks and raw null statistics of one fold; see fold.h.
 * SPDX-License-Identifier: MIT */
#include "detectors/train/fold.h"

#include "base/mem.h"
#include "features/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_HOURS 6      /* of steady minutes, for a column to have a reference */
#define SAMPLE 3000        /* minutes that quantiles are taken from */
#define CENTRE_STRIDE 4    /* every fourth minute makes the centre of the network's residual */
#define SPREAD_FLOOR 1e-6f /* of a constant column, relative to 1 + |centre| */

static void fill_nan(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = NAN;
}

static float *nan_array(size_t n)
{
    float *x = xcalloc(n, sizeof *x);
    fill_nan(x, n);
    return x;
}

void nulls_init(struct nulls *n, size_t n_supplies, size_t hours, size_t width, size_t windows)
{
    size_t cells = n_supplies * hours * width;
    *n = (struct nulls){.n_supplies = n_supplies,
                        .hours = hours,
                        .width = width,
                        .windows = windows,
                        .block = xcalloc(hours, sizeof *n->block),
                        .divergence = nan_array(cells)};
    memset(n->block, -1, hours);
    for (size_t i = 0; i < windows; i++) {
        n->level[i] = nan_array(cells);
        n->reconstruction[i] = nan_array(cells);
    }
}

void nulls_fini(struct nulls *n)
{
    free(n->block);
    free(n->divergence);
    for (size_t i = 0; i < WINDOWS_MAX; i++) {
        free(n->level[i]);
        free(n->reconstruction[i]);
    }
    *n = (struct nulls){0};
}

void nulls_at(const struct nulls *n, size_t supply, size_t hour, struct raw *r)
{
    size_t at = (supply * n->hours + hour) * n->width;
    *r = (struct raw){.divergence = n->divergence + at, .level_divergence = n->level[0] + at};
    for (size_t i = 0; i < n->windows; i++) {
        r->level[i] = n->level[i] + at;
        r->reconstruction[i] = n->reconstruction[i] + at;
    }
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

static float spread_of(float v[], size_t n, float centre)
{
    /* half the central 68 %: as robust as needed, and not 0 as soon as half of the codes are equal */
    float s = 0.5f * (select_quantile(v, n, 0.84) - select_quantile(v, n, 0.16));
    if (s <= 0) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += pow((double)(v[i] - centre), 2);
        s = (float)sqrt(sum / (double)n);
    }
    return fmaxf(s, SPREAD_FLOOR * (1 + fabsf(centre)));
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
    ref->centre[cell] = (float)robust_median(v, n);
    ref->spread[cell] = spread_of(v, n, ref->centre[cell]);
    hist_edges(ref->edges + cell * (HIST_BINS - 1), v, n);
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

/* A row counts only where the fold's reference knows the supply, as it does live. */
static bool known_row(const struct fold_job *job, size_t supply, const struct reference *ref,
                      const float row[])
{
    return reference_knows(ref, supply, row[job->layout->width]);
}

/* The same for the hours of the block to be scored, without the rows that the reference does not know. */
static void fill_known_hours(const struct fold_job *job, size_t supply, int block,
                             const struct reference *ref, struct hours *hours, float scratch[])
{
    const struct spool *s = job->spool;
    const float *edges = ref->edges + supply * job->layout->width * (HIST_BINS - 1);
    for (size_t h = 0; h < hours->n; h++) {
        if (s->block[h] != block)
            continue;
        memcpy(scratch, spool_hour(s, supply, h), s->per_hour * s->stride * sizeof *scratch);
        for (size_t m = 0; m < s->per_hour; m++)
            if (!known_row(job, supply, ref, scratch + m * s->stride))
                fill_nan(scratch + m * s->stride, s->stride);
        hours_fill(hours, h, scratch, s->stride, edges);
    }
}

void fold_reference(const struct fold_job *job, int leave, struct reference *ref)
{
    const struct spool *s = job->spool;
    struct hours hours;
    hours_init(&hours, s->hours, job->layout->width, s->per_hour);
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
    free(v);
    hours_fini(&hours);
}

/* ---- networks ---- */

/* A row in standard deviations; false when a column that the supply has is missing. */
static bool standardise(const struct reference *ref, size_t supply, size_t w, const float row[], float z[])
{
    for (size_t c = 0; c < w; c++) {
        size_t cell = supply * w + c;
        z[c] = ref->present[cell] ? (row[c] - ref->centre[cell]) / ref->spread[cell] : NAN;
        if (ref->present[cell] && isnan(z[c]))
            return false;
    }
    return true;
}

static bool has_any(const struct reference *ref, size_t supply, size_t w)
{
    for (size_t c = 0; c < w; c++)
        if (ref->present[supply * w + c])
            return true;
    return false;
}

struct rows {
    float *z, *context;
    uint32_t *supply;
    size_t n, z_cap, context_cap, supply_cap;
};

static void rows_free(struct rows *r)
{
    free(r->z);
    free(r->context);
    free(r->supply);
}

/* Appends a supply's row when it is whole. */
static void rows_add(struct rows *r, const struct fold_job *job, const struct reference *ref, uint32_t supply,
                     const float row[])
{
    size_t w = job->layout->width;
    xgrow(&r->z, &r->z_cap, (r->n + 1) * w, sizeof *r->z);
    if (!standardise(ref, supply, w, row, r->z + r->n * w))
        return;
    xgrow(&r->context, &r->context_cap, (r->n + 1) * RECONSTRUCTION_CONTEXT, sizeof *r->context);
    xgrow(&r->supply, &r->supply_cap, r->n + 1, sizeof *r->supply);
    memcpy(r->context + r->n * RECONSTRUCTION_CONTEXT, row + w, RECONSTRUCTION_CONTEXT * sizeof *row);
    r->supply[r->n++] = supply;
}

/* Rows of a family spread evenly over the reference, hour by hour, at most max_rows. */
static void family_rows(const struct fold_job *job, size_t family, int leave, const struct reference *ref,
                        struct rows *out)
{
    const struct spool *s = job->spool;
    size_t members = 0, hours = 0;
    for (size_t i = 0; i < s->n_supplies; i++)
        members += job->fleet->supplies[i].group[GROUP_FAMILY] == (int32_t)family;
    for (size_t h = 0; h < s->hours; h++)
        hours += in_reference(s, h, leave);
    double step = (double)members * (double)hours * s->per_hour / (double)job->max_rows;
    step = step > 1 ? step : 1;
    double next = 0, at = 0; /* positions in the family's minutes */
    for (size_t h = 0; h < s->hours; h++) {
        for (uint32_t i = 0; in_reference(s, h, leave) && i < s->n_supplies; i++) {
            if (job->fleet->supplies[i].group[GROUP_FAMILY] != (int32_t)family)
                continue;
            for (; next < at + s->per_hour; next += step)
                if (has_any(ref, i, job->layout->width))
                    rows_add(out, job, ref, i, spool_hour(s, i, h) + (size_t)(next - at) * s->stride);
            at += s->per_hour;
        }
    }
}

/* Mean residual of a supply's reference minutes, which the window means are counted from. */
static void reconstruction_centre(const struct fold_job *job, uint32_t supply, int leave,
                                  struct reference *ref, struct reconstruction *reconstruction,
                                  struct rows *rows, float **residual, size_t *cap)
{
    const struct spool *s = job->spool;
    size_t w = job->layout->width;
    rows->n = 0;
    for (size_t h = 0; h < s->hours; h++)
        for (size_t m = h % CENTRE_STRIDE; in_reference(s, h, leave) && m < s->per_hour; m += CENTRE_STRIDE)
            rows_add(rows, job, ref, supply, spool_hour(s, supply, h) + m * s->stride);
    xgrow(residual, cap, rows->n * w + 1, sizeof **residual);
    size_t family = (size_t)job->fleet->supplies[supply].group[GROUP_FAMILY];
    reconstruction_residual(reconstruction, family, rows->supply, rows->z, rows->context, rows->n, *residual,
                            NULL);
    for (size_t c = 0; c < w; c++) {
        double sum = 0;
        for (size_t i = 0; i < rows->n; i++)
            sum += (double)(*residual)[i * w + c];
        ref->reconstruction_centre[supply * w + c] = rows->n ? (float)(sum / (double)rows->n) : NAN;
    }
}

struct reconstruction *fold_reconstruction(const struct fold_job *job, int leave, struct reference *ref,
                                           struct family_fit fits[])
{
    struct reconstruction *reconstruction = reconstruction_new(job->fleet, job->layout, ref->present);
    size_t families = reconstruction_families(reconstruction);
    for (size_t i = 0; i < families; i++) {
        struct rows rows = {0};
        struct autoenc_fit fit = {0};
        struct err ignored; /* a family that cannot be fitted has no T; the summary says so */
        family_rows(job, i, leave, ref, &rows);
        int rc = reconstruction_fit(reconstruction, i, rows.z, rows.context, rows.n, job->seed + i, &fit,
                                    &ignored);
        if (fits)
            fits[i] = (struct family_fit){.fitted = rc == 0,
                                          .rows = rows.n,
                                          .columns = reconstruction_columns(reconstruction, i),
                                          .network = fit};
        rows_free(&rows);
        if (job->progress)
            job->progress(job->arg, (double)i + 1, (double)families);
    }
    struct rows rows = {0};
    float *residual = NULL;
    size_t cap = 0;
    for (uint32_t i = 0; i < job->spool->n_supplies; i++)
        reconstruction_centre(job, i, leave, ref, reconstruction, &rows, &residual, &cap);
    free(residual);
    rows_free(&rows);
    return reconstruction;
}

/* ---- scores of a block ---- */

/* Sums of the residual per hour of the block. */
static void reconstruction_hours(const struct fold_job *job, uint32_t supply, int block,
                                 const struct reference *ref, struct reconstruction *reconstruction,
                                 struct hours *hours, struct rows *rows, float **residual, size_t *cap)
{
    const struct spool *s = job->spool;
    size_t w = job->layout->width, family = (size_t)job->fleet->supplies[supply].group[GROUP_FAMILY];
    for (size_t h = 0; h < s->hours; h++) {
        if (s->block[h] != block)
            continue;
        rows->n = 0;
        for (size_t m = 0; m < s->per_hour; m++) {
            const float *row = spool_hour(s, supply, h) + m * s->stride;
            if (known_row(job, supply, ref, row))
                rows_add(rows, job, ref, supply, row);
        }
        xgrow(residual, cap, rows->n * w + 1, sizeof **residual);
        reconstruction_residual(reconstruction, family, rows->supply, rows->z, rows->context, rows->n,
                                *residual, NULL);
        hours->reconstruction_n[h] = (uint16_t)rows->n;
        for (size_t i = 0; i < rows->n * w; i++)
            hours->reconstruction[h * w + i % w] += (*residual)[i];
    }
}

static bool hour_alive(const struct hours *hours, size_t h)
{
    for (size_t c = 0; c < hours->width; c++)
        if (!isnan(hours->value[h * hours->width + c]))
            return true;
    return false;
}

static void score_supply(const struct fold_job *job, uint32_t supply, int block, const struct reference *ref,
                         const struct hours *hours, struct nulls *out)
{
    size_t w = job->layout->width, lo = 0, at = supply * w;
    while (lo < hours->n && job->spool->block[lo] != block)
        lo++;
    for (size_t h = lo; h < hours->n; h++) {
        if (job->spool->block[h] != block || !hour_alive(hours, h))
            continue;
        struct raw raw;
        nulls_at(out, supply, h, &raw);
        hours_divergence(hours, h, lo, job->divergence_hours, ref->counts + at * HIST_BINS, raw.divergence);
        for (size_t i = 0; i < job->windows; i++) {
            hours_level(hours, h, lo, job->window[i], ref->hour_centre + at, raw.level[i]);
            hours_reconstruction(hours, h, lo, job->window[i], ref->reconstruction_centre + at,
                                 raw.reconstruction[i]);
        }
    }
}

void fold_score(const struct fold_job *job, int block, const struct reference *ref,
                struct reconstruction *reconstruction, struct nulls *out)
{
    const struct spool *s = job->spool;
    struct hours hours;
    struct rows rows = {0};
    float *residual = NULL;
    size_t cap = 0;
    hours_init(&hours, s->hours, job->layout->width, s->per_hour);
    float *scratch = xcalloc(s->per_hour, s->stride * sizeof *scratch);
    for (size_t h = 0; h < s->hours; h++)
        if (s->block[h] == block)
            out->block[h] = (int8_t)block;
    for (uint32_t i = 0; i < s->n_supplies; i++) {
        if (has_any(ref, i, job->layout->width)) {
            hours_clear(&hours);
            fill_known_hours(job, i, block, ref, &hours, scratch);
            reconstruction_hours(job, i, block, ref, reconstruction, &hours, &rows, &residual, &cap);
            score_supply(job, i, block, ref, &hours, out);
        }
        if (job->progress)
            job->progress(job->arg, (double)i, (double)s->n_supplies);
    }
    free(scratch);
    free(residual);
    rows_free(&rows);
    hours_fini(&hours);
}
