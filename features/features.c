/* The streaming engine: minutes in, feature rows out; see features.h. SPDX-License-Identifier: MIT */
#include "features/features.h"

#include "base/mem.h"
#include "features/common.h"
#include "features/internal.h"
#include "features/select.h"
#include "features/settling.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SPREAD_MINUTES 10 /* log-variance: differences averaged … */
#define SPREAD_LEAST 5    /* … and how many of them must be there */
#define NO_SQUARE (-0.0F) /* adds nothing, and is told from a true 0 by its sign */
/* Within so many times what residuals of the reference spread nothing is to be explained; nor, K, of a cell
 * that moved less. */
#define APART_ORDINARY 2.0
#define APART_FROM 0.25
#define TILE 16 /* cells side by side: fixed-length loops become vector code */

struct features {
    const struct fleet *fleet;
    const struct feature_layout *l;
    const struct physics *p;
    struct drivers *d;
    struct common *c;
    struct medium *smooth; /* [COMMON_SIGNALS][cells] */
    size_t cells;
    float *common;         /* [COMMON_SIGNALS][cells] values, low-passed */
    float *value, *beyond; /* [cells] of the minute */
    size_t groups;
    float *group, *group_base; /* [groups][COMMON_SIGNALS] */
    float *of_groups;          /* [2][groups] scratch */
    float *residual, *last;    /* [S][L] before what is common; x of the last minute */
    size_t row;                /* S·L, rounded up to whole tiles */
    float *squares;            /* (SPREAD_MINUTES, row) capped squared differences */
    unsigned at;               /* the oldest row of squares */
    uint8_t *there;            /* [row] how many of them there are */
    float *sum;                /* [row] */
    float *x, *context, *rise;
    float *unsettled; /* [S][L] */
    float *doubt;     /* [S][L] */
    double *apart;    /* [cells] */
    float *scratch;   /* [2][S] */
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
    e->c = common_new(f, l, p ? p->unknown : NULL);
    e->cells = common_cells(e->c);
    e->smooth = xcalloc(COMMON_SIGNALS * e->cells, sizeof *e->smooth);
    e->common = xcalloc(COMMON_SIGNALS * e->cells, sizeof *e->common);
    e->value = xcalloc(e->cells, sizeof *e->value);
    e->beyond = xcalloc(e->cells, sizeof *e->beyond);
    e->groups = common_groups(f);
    e->group = xnan(COMMON_SIGNALS * e->groups + 1);
    e->group_base = xnan(COMMON_SIGNALS * e->groups + 1);
    e->of_groups = xcalloc(2 * e->groups + 1, sizeof *e->of_groups);
    e->doubt = xcalloc(cells, sizeof *e->doubt);
    e->apart = xcalloc(e->cells, sizeof *e->apart);
    e->scratch = xcalloc(2 * l->n_supplies, sizeof *e->scratch);
    e->residual = xcalloc(cells, sizeof *e->residual);
    e->last = xcalloc(cells, sizeof *e->last);
    e->squares = xcalloc(SPREAD_MINUTES * e->row, sizeof *e->squares);
    e->there = xcalloc(e->row, sizeof *e->there);
    e->sum = xcalloc(e->row, sizeof *e->sum);
    e->x = xcalloc(2 * cells, sizeof *e->x);
    e->context = xcalloc(3 * l->n_supplies, sizeof *e->context);
    e->rise = xcalloc(l->n_supplies, sizeof *e->rise);
    e->unsettled = xcalloc(cells, sizeof *e->unsettled);
    medium_clear(e->smooth, COMMON_SIGNALS * e->cells);
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
    common_free(e->c);
    free(e->smooth);
    free(e->common);
    free(e->value);
    free(e->beyond);
    free(e->group);
    free(e->group_base);
    free(e->of_groups);
    free(e->doubt);
    free(e->apart);
    free(e->scratch);
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
        const struct surroundings around = common_around(e->c, e->smooth, e->cells, s);
        for (size_t l = 0; l < e->l->n_levels[s]; l++) {
            const struct feature_channel *c = feature_at(e->l, s, l);
            float y = value[c->channel], *r = &e->residual[s * L + l];
            if ((c->kind == FEATURE_VOLTAGE) != voltage)
                continue;
            *r = NAN;
            if (isnan(y) || e->d->mode[s] == MODE_UNKNOWN)
                continue;
            *r = (float)((double)y - physics_expect(e->p, e->l, s, l, &e->d->row[s], &around));
        }
    }
}

/* A median of supplies that stand apart jitters as the one in the middle does: low-passed, it brings that
 * noise into nobody's. */
static void find_common(struct features *e, tstamp_ns t)
{
    for (enum common_signal i = 0; i < COMMON_SIGNALS; i++) {
        float *own = e->of_groups, *base = own + e->groups;
        common_values(e->c, i, e->residual, e->l->levels, e->d->mode, e->value, e->beyond);
        common_of_groups(e->c, e->fleet, i, e->value, e->beyond, own, base);
        for (size_t g = 0; g < e->groups; g++) {
            e->group[g * COMMON_SIGNALS + i] = own[g];
            e->group_base[g * COMMON_SIGNALS + i] = base[g];
        }
        for (size_t g = 0; g < e->c->tree[i].n; g++) {
            medium_step(&e->smooth[i * e->cells + g], e->value[g], t);
            e->common[i * e->cells + g] = (float)e->smooth[i * e->cells + g].value;
        }
    }
}

/* Takes what a supply has in common from a level, and says how well that is known. */
static void subtract_common(struct features *e, size_t s, size_t level, const float value[], int32_t cell,
                            double apart)
{
    const struct gain *gain = &e->p->gain[s * e->l->levels + level];
    double ring = (double)value[0], beyond = (double)value[cell] - ring;
    double strange = fmax(fabs(ring) - gain->reach, 0);
    double a = gain->sd * ring, b = GAIN_STRANGE * strange, c = fmax(GAIN_UNKNOWN * fabs(beyond), apart);
    e->x[s * e->l->width + level] -= (float)(gain->b * ring + beyond);
    e->doubt[s * e->l->levels + level] = (float)sqrt(a * a + b * b + c * c);
}

/* How much further than ordinary the supplies of a cell stand apart, K, that moved beyond the ring by more
 * than APART_FROM: what they share reaches them unequally. At most what is beyond that; 0 of few that are
 * there. */
static double stand_apart(struct features *e, enum common_signal signal, size_t cell)
{
    const struct common_tree *t = &e->c->tree[signal];
    const float *value = e->common + signal * e->cells;
    const struct common_cell *c = &t->cells[cell];
    double ring = (double)value[0], beyond = (double)value[cell] - ring, moved = fabs(beyond) - APART_FROM;
    float *off = e->scratch, *usual = e->scratch + e->l->n_supplies;
    size_t n = 0;
    if (!(moved > 0))
        return 0;
    for (uint32_t i = c->first; i < c->first + c->direct; i++) {
        size_t at = t->member[i] * e->l->levels + (size_t)t->level[t->member[i]];
        const struct gain *gain = &e->p->gain[at];
        double d = fabs((double)e->residual[at] - gain->b * ring - beyond);
        if (e->d->mode[t->member[i]] != MODE_STEADY || isnan(d) || isnan(gain->rms))
            continue;
        off[n] = (float)d;
        usual[n++] = (float)gain->rms;
    }
    if (n < COMMON_LEAST)
        return 0;
    double ordinary = APART_ORDINARY * (double)select_median(usual, n);
    double spread = MAD_TO_SD * (double)select_median(off, n);
    return spread > ordinary ? fmin(sqrt(spread * spread - ordinary * ordinary), moved) : 0;
}

/* A voltage is explained by the media's common values: where a supply's coil or cables answer otherwise, as
 * doubted of its own temperatures, they differ by what the coefficients make of it. */
static void doubt_voltage(struct features *e, size_t s, size_t level)
{
    const double *b = e->p->coef[s * e->l->levels + level];
    double sum = 0, scale = (double)e->d->row[s].i * e->p->scale[s].peak;
    const double by[MEDIA] = {b[1], b[6]};
    for (enum medium_kind k = 0; k < MEDIA; k++) {
        int32_t own = e->c->tree[medium_signal(k)].level[s];
        if (own >= 0)
            sum += pow(by[k] * scale * (double)e->doubt[s * e->l->levels + (size_t)own], 2);
    }
    e->doubt[s * e->l->levels + level] = (float)sqrt(sum);
}

static void write_levels(struct features *e)
{
    size_t L = e->l->levels, W = e->l->width;
    for (size_t s = 0; s < e->l->n_supplies; s++)
        for (size_t l = 0; l < e->l->n_levels[s]; l++)
            e->x[s * W + l] = e->residual[s * L + l];
    for (enum common_signal i = 0; i < COMMON_SIGNALS; i++) {
        const struct common_tree *t = &e->c->tree[i];
        for (size_t k = 0; k < t->n; k++)
            e->apart[k] = stand_apart(e, i, k);
        for (size_t s = 0; s < e->l->n_supplies; s++)
            if (t->level[s] >= 0 && t->cell[s] >= 0)
                subtract_common(e, s, (size_t)t->level[s], e->common + i * e->cells, t->cell[s],
                                e->apart[t->cell[s]]);
    }
    for (size_t s = 0; s < e->l->n_supplies; s++)
        for (size_t l = 0; l < e->l->n_levels[s]; l++)
            if (feature_at(e->l, s, l)->kind == FEATURE_VOLTAGE)
                doubt_voltage(e, s, l);
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
    int32_t level = e->c->tree[COMMON_MAGNET].level[s];
    const struct driver_row *r = &e->d->row[s];
    if (level < 0 || !r->valid || e->d->mode[s] == MODE_UNKNOWN)
        return NAN;
    struct driver_row calm = *r;
    calm.q = r->qm;
    calm.q3 = r->qm3;
    calm.q15 = r->qm15;
    const struct feature_channel *c = feature_at(e->l, s, (size_t)level);
    return (float)((double)value[c->channel] - physics_expect(e->p, e->l, s, (size_t)level, &calm, NULL));
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
        find_common(e, in->t);
        find_residuals(e, in->value, true);
        write_levels(e);
        write_spreads(e);
        settling_of(e->p, e->l, e->d, e->unsettled);
    }
    write_context(e, in->value);
    *out = (struct feature_frame){.t = in->t,
                                  .mode = e->d->mode,
                                  .x = e->x,
                                  .context = e->context,
                                  .rise = e->rise,
                                  .peak = e->d->peak,
                                  .n_groups = e->groups,
                                  .group = e->group,
                                  .group_base = e->group_base,
                                  .doubt = e->doubt,
                                  .unsettled = e->p ? e->unsettled : NULL};
}
