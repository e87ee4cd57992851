/* The streaming engine: minutes in, feature rows out; see features.h. SPDX-License-Identifier: MIT */
#include "features/features.h"

#include "base/mem.h"
#include "features/common.h"
#include "features/drivers.h"
#include "features/physics.h"

#include <math.h>
#include <stdlib.h>

#define SPREAD_MINUTES 10 /* log-variance: differences averaged … */
#define SPREAD_LEAST 5    /* … and how many of them must be there */

struct features {
    const struct fleet *fleet;
    const struct feature_layout *l;
    const struct physics *p;
    struct drivers *d;
    struct common *c;
    struct water *water;    /* [groups] */
    float *median;          /* [COMMON_SIGNALS][groups] */
    float *residual, *last; /* [S][L] before the medians; x of the last minute */
    float *squares;         /* (SPREAD_MINUTES, S·L) capped squared differences */
    unsigned at;            /* next row of squares */
    float *x, *context, *rise;
};

struct features *features_new(const struct fleet *f, const struct feature_layout *l, const struct physics *p)
{
    struct features *e = xcalloc(1, sizeof *e);
    size_t cells = l->n_supplies * l->levels;
    e->fleet = f;
    e->l = l;
    e->p = p;
    e->d = drivers_new(f, p ? p->scale : NULL, p ? p->period : NS_PER_MIN);
    e->c = common_new(f, l);
    e->water = xcalloc(e->c->groups, sizeof *e->water);
    e->median = xcalloc(COMMON_SIGNALS * e->c->groups, sizeof *e->median);
    e->residual = xcalloc(cells, sizeof *e->residual);
    e->last = xcalloc(cells, sizeof *e->last);
    e->squares = xcalloc(SPREAD_MINUTES * cells, sizeof *e->squares);
    e->x = xcalloc(2 * cells, sizeof *e->x);
    e->context = xcalloc(3 * l->n_supplies, sizeof *e->context);
    e->rise = xcalloc(l->n_supplies, sizeof *e->rise);
    for (size_t g = 0; g < e->c->groups; g++)
        e->water[g].value = NAN;
    for (size_t i = 0; i < cells; i++)
        e->residual[i] = e->last[i] = NAN;
    for (size_t i = 0; i < SPREAD_MINUTES * cells; i++)
        e->squares[i] = NAN;
    for (size_t i = 0; i < 2 * cells; i++)
        e->x[i] = NAN;
    return e;
}

void features_free(struct features *e)
{
    if (!e)
        return;
    drivers_free(e->d);
    common_free(e->c);
    free(e->water);
    free(e->median);
    free(e->residual);
    free(e->last);
    free(e->squares);
    free(e->x);
    free(e->context);
    free(e->rise);
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
    for (enum common_signal i = 0; i < COMMON_SIGNALS; i++)
        common_medians(e->c, i, e->residual, e->l->levels, e->d->mode, e->median + i * groups);
    for (size_t g = 0; g < groups; g++)
        water_step(&e->water[g], e->median[COMMON_MAGNET * groups + g], t);
}

static void write_levels(struct features *e)
{
    size_t L = e->l->levels, W = e->l->width;
    for (size_t s = 0; s < e->l->n_supplies; s++)
        for (size_t l = 0; l < e->l->n_levels[s]; l++)
            e->x[s * W + l] = e->residual[s * L + l];
    for (size_t i = 0; i < COMMON_SIGNALS; i++) {
        const struct common_part *p = &e->c->part[i];
        const float *median = e->median + i * e->c->groups;
        for (size_t s = 0; s < e->l->n_supplies; s++)
            if (p->level[s] >= 0 && p->group[s] >= 0)
                e->x[s * W + (size_t)p->level[s]] -= median[p->group[s]];
    }
}

/* log(v + LSB²), v the mean of the last squared differences. Without the LSB² the log would say where the
 * level lies between two codes. */
static float log_variance(const struct features *e, size_t cell)
{
    size_t cells = e->l->n_supplies * e->l->levels;
    unsigned n = 0;
    float sum = 0;
    for (size_t k = 0; k < SPREAD_MINUTES; k++) {
        float v = e->squares[k * cells + cell];
        bool there = v >= 0; /* not so for NaN */
        sum += there ? v : 0;
        n += there;
    }
    if (n < SPREAD_LEAST)
        return NAN;
    double lsb = e->p->lsb[cell];
    return logf(sum / (float)n + (float)(lsb * lsb));
}

static void write_spreads(struct features *e)
{
    size_t L = e->l->levels, W = e->l->width, cells = e->l->n_supplies * L;
    float *row = e->squares + e->at * cells;
    e->at = (e->at + 1) % SPREAD_MINUTES;
    for (size_t s = 0; s < e->l->n_supplies; s++) {
        for (size_t l = 0; l < e->l->n_levels[s]; l++) {
            size_t cell = s * L + l;
            float x = e->x[s * W + l], d = e->d->jumped ? NAN : x - e->last[cell];
            float cap = (float)e->p->cap[cell];
            row[cell] = d * d > cap ? cap : d * d;
            e->last[cell] = x;
            e->x[s * W + L + l] = isnan(x) ? NAN : log_variance(e, cell);
        }
    }
}

/* Magnet temperature above what the median of three of the current explains: a one-minute glitch of the
 * current must not look like two steps of temperature. */
static float rise_of(const struct features *e, size_t s, const float value[])
{
    int32_t level = e->c->part[COMMON_MAGNET].level[s];
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
    drivers_step(e->d, in);
    if (e->p) {
        find_residuals(e, in->value, false);
        find_medians(e, in->t);
        find_residuals(e, in->value, true);
        write_levels(e);
        write_spreads(e);
    }
    write_context(e, in->value);
    *out = (struct feature_frame){in->t, e->d->mode, e->x, e->context, e->rise, e->d->peak};
}
