/* The streaming engine: minutes in, feature rows out; see features.h. SPDX-License-Identifier: MIT */
#include "features/features.h"

#include "base/mem.h"
#include "features/internal.h"
#include "features/sector_median.h"
#include "features/settling.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SPREAD_MINUTES 10 /* log-variance: differences averaged … */
#define SPREAD_LEAST 5    /* … and how many of them must be there */
#define NO_SQUARE (-0.0F) /* adds nothing, and is told from a true 0 by its sign */
#define TILE 16           /* cells side by side: fixed-length loops become vector code */

struct features {
    const struct fleet *fleet;
    const struct feature_layout *l;
    const struct physics *p;
    struct drivers *d;
    struct sectors *c;
    struct water *water;    /* [groups] */
    float *median;          /* [SECTOR_SIGNALS][groups] */
    float *residual, *last; /* [S][L] before the medians; x of the last minute */
    size_t row;             /* S·L, rounded up to whole tiles */
    float *squares;         /* (SPREAD_MINUTES, row) capped squared differences */
    unsigned at;            /* the oldest row of squares */
    uint8_t *there;         /* [row] how many of them there are */
    float *sum;             /* [row] */
    float *x, *context, *rise;
    float *unsettled; /* [S][L] */
};

static void forget_squares(struct features *e)
{
    for (size_t i = 0; i < SPREAD_MINUTES * e->row; i++)
        e->squares[i] = NO_SQUARE;
    memset(e->there, 0, e->row * sizeof *e->there);
}

struct features *features_new(const struct fleet *f, const struct feature_layout *l, const struct physics *p)
{
    struct features *e = xcalloc(1, sizeof *e);
    size_t cells = l->n_supplies * l->levels;
    assert(l->n_supplies == f->n_supplies &&
           (!p || (p->n_supplies == f->n_supplies && p->levels == l->levels)));
    e->row = (cells + TILE - 1) / TILE * TILE;
    e->fleet = f;
    e->l = l;
    e->p = p;
    e->d = drivers_new(f, p ? p->scale : NULL, p ? p->period : NS_PER_MIN);
    e->c = sectors_new(f, l, p ? p->unknown : NULL);
    e->water = xcalloc(e->c->groups, sizeof *e->water);
    e->median = xcalloc(SECTOR_SIGNALS * e->c->groups, sizeof *e->median);
    e->residual = xcalloc(cells, sizeof *e->residual);
    e->last = xcalloc(cells, sizeof *e->last);
    e->squares = xcalloc(SPREAD_MINUTES * e->row, sizeof *e->squares);
    e->there = xcalloc(e->row, sizeof *e->there);
    e->sum = xcalloc(e->row, sizeof *e->sum);
    e->x = xcalloc(2 * cells, sizeof *e->x);
    e->context = xcalloc(3 * l->n_supplies, sizeof *e->context);
    e->rise = xcalloc(l->n_supplies, sizeof *e->rise);
    e->unsettled = xcalloc(cells, sizeof *e->unsettled);
    water_clear(e->water, e->c->groups);
    for (size_t i = 0; i < cells; i++)
        e->residual[i] = e->last[i] = NAN;
    forget_squares(e);
    for (size_t i = 0; i < 2 * cells; i++)
        e->x[i] = NAN;
    return e;
}

void features_free(struct features *e)
{
    if (!e)
        return;
    drivers_free(e->d);
    sectors_free(e->c);
    free(e->water);
    free(e->median);
    free(e->residual);
    free(e->last);
    free(e->squares);
    free(e->there);
    free(e->sum);
    free(e->x);
    free(e->context);
    free(e->rise);
    free(e->unsettled);
    free(e);
}

/* Residuals of all channels but (voltage false) or only (true) the voltages. */
static void find_residuals(struct features *e, const float value[], bool voltage)
{
    size_t L = e->l->levels;
    for (size_t s = 0; s < e->l->n_supplies; s++) {
        for (size_t l = 0; l < e->l->n_levels[s]; l++) {
            const struct feature_channel *c = feature_at(e->l, s, l);
            float y = value[c->channel], *r = &e->residual[s * L + l];
            if ((c->kind == FEATURE_VOLTAGE) != voltage)
                continue;
            *r = NAN;
            if (isnan(y) || e->d->mode[s] == MODE_UNKNOWN)
                continue;
            double w = voltage ? water_of(e->c, e->water, s) : 0;
            *r = (float)((double)y - physics_expect(e->p, e->l, s, l, &e->d->row[s], w));
        }
    }
}

static void find_medians(struct features *e, tstamp_ns t)
{
    size_t groups = e->c->groups;
    for (enum sector_signal i = 0; i < SECTOR_SIGNALS; i++)
        sector_medians(e->c, i, e->residual, e->l->levels, e->d->mode, e->median + i * groups);
    for (size_t g = 0; g < groups; g++)
        water_step(&e->water[g], e->median[SECTOR_MAGNET * groups + g], t);
}

static void write_levels(struct features *e)
{
    size_t L = e->l->levels, W = e->l->width;
    for (size_t s = 0; s < e->l->n_supplies; s++)
        for (size_t l = 0; l < e->l->n_levels[s]; l++)
            e->x[s * W + l] = e->residual[s * L + l];
    for (size_t i = 0; i < SECTOR_SIGNALS; i++) {
        const struct sector_part *p = &e->c->part[i];
        const float *median = e->median + i * e->c->groups;
        for (size_t s = 0; s < e->l->n_supplies; s++)
            if (p->level[s] >= 0 && p->group[s] >= 0)
                e->x[s * W + (size_t)p->level[s]] -= median[p->group[s]];
    }
}

/* Squared differences of this minute's levels from the last one's take the oldest row. */
static void keep_squares(struct features *e)
{
    size_t L = e->l->levels, W = e->l->width;
    float *row = e->squares + e->at * e->row;
    if (e->d->jumped) /* what was before is not near */
        forget_squares(e);
    for (size_t s = 0; s < e->l->n_supplies; s++) {
        for (size_t l = 0; l < e->l->n_levels[s]; l++) {
            size_t cell = s * L + l;
            float x = e->x[s * W + l], d = e->d->jumped ? NAN : x - e->last[cell];
            float cap = (float)e->p->cap[cell], square = d * d > cap ? cap : d * d;
            bool there = !isnan(square), was = !signbit(row[cell]);
            row[cell] = there ? square : NO_SQUARE;
            e->there[cell] = (uint8_t)(e->there[cell] + there - was);
            e->last[cell] = x;
        }
    }
    e->at = (e->at + 1) % SPREAD_MINUTES;
}

/* Sums over the rows. They are added from the oldest to the newest and not by place in the ring, which would
 * round differently after a restart. */
static void find_spreads(struct features *e)
{
    for (size_t cell = 0; cell < e->row; cell += TILE) {
        float sum[TILE] = {0};
        for (unsigned k = 0; k < SPREAD_MINUTES; k++) {
            const float *v = e->squares + (e->at + k) % SPREAD_MINUTES * e->row + cell;
            for (size_t j = 0; j < TILE; j++)
                sum[j] += v[j];
        }
        memcpy(e->sum + cell, sum, sizeof sum);
    }
}

/* log(v + LSB²), v the mean of the last squared differences. Without the LSB² the log would say where the
 * level lies between two codes. */
static float log_variance(const struct features *e, size_t cell)
{
    if (e->there[cell] < SPREAD_LEAST)
        return NAN;
    double lsb = e->p->lsb[cell];
    return logf(e->sum[cell] / (float)e->there[cell] + (float)(lsb * lsb));
}

static void write_spreads(struct features *e)
{
    size_t L = e->l->levels, W = e->l->width;
    keep_squares(e);
    find_spreads(e);
    for (size_t s = 0; s < e->l->n_supplies; s++) {
        float *x = e->x + s * W;
        for (size_t l = 0; l < e->l->n_levels[s]; l++)
            x[L + l] = isnan(x[l]) ? NAN : log_variance(e, s * L + l);
    }
}

/* Magnet temperature above what the median of three of the current explains: a one-minute glitch of the
 * current must not look like two steps of temperature. */
static float rise_of(const struct features *e, size_t s, const float value[])
{
    int32_t level = e->c->part[SECTOR_MAGNET].level[s];
    const struct driver_row *r = &e->d->row[s];
    if (level < 0 || !r->valid || e->d->mode[s] == MODE_UNKNOWN)
        return NAN;
    struct driver_row calm = *r;
    calm.q = r->qm;
    calm.q3 = r->qm3;
    calm.q15 = r->qm15;
    const struct feature_channel *c = feature_at(e->l, s, (size_t)level);
    return (float)((double)value[c->channel] - physics_expect(e->p, e->l, s, (size_t)level, &calm, 0));
}

static void write_context(struct features *e, const float value[])
{
    for (size_t s = 0; s < e->l->n_supplies; s++) {
        const struct driver_row *r = &e->d->row[s];
        float *to = e->context + 3 * s;
        to[0] = r->valid ? r->i : NAN;
        to[1] = r->valid ? r->q15 : NAN;
        to[2] = r->valid ? r->a60 : NAN;
        e->rise[s] = e->p ? rise_of(e, s, value) : NAN;
    }
}

void features_step(struct features *e, const struct frame *in, struct feature_frame *out)
{
    assert(e->d->t == INT64_MIN || in->t > e->d->t);
    drivers_step(e->d, in);
    if (e->p) {
        find_residuals(e, in->value, false);
        find_medians(e, in->t);
        find_residuals(e, in->value, true);
        write_levels(e);
        write_spreads(e);
        settling_of(e->p, e->l, e->d, e->unsettled);
    }
    write_context(e, in->value);
    *out = (struct feature_frame){
        in->t, e->d->mode, e->x, e->context, e->rise, e->p ? e->unsettled : NULL, e->d->peak};
}
