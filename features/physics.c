/* Regressors, expectation, saving and loading; see physics.h and internal.h. SPDX-License-Identifier: MIT */
#include "features/internal.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct physics *physics_new(const struct feature_layout *l, tstamp_ns period)
{
    struct physics *p = xcalloc(1, sizeof *p);
    size_t n = l->n_supplies * l->levels;
    p->n_supplies = l->n_supplies;
    p->levels = l->levels;
    p->period = period;
    p->scale = xcalloc(l->n_supplies, sizeof *p->scale);
    p->coef = xcalloc(n, sizeof *p->coef);
    p->lsb = xcalloc(n, sizeof *p->lsb);
    p->cap = xcalloc(n, sizeof *p->cap);
    p->min_effect = xcalloc(n, sizeof *p->min_effect);
    p->gain = xcalloc(n, sizeof *p->gain);
    for (size_t i = 0; i < n; i++) {
        p->coef[i][0] = NAN;
        p->cap[i] = INFINITY;
        p->min_effect[i] = NAN;
        p->gain[i] = (struct gain){1, GAIN_UNKNOWN, 0, NAN};
    }
    return p;
}

struct physics *physics_none(const struct feature_layout *l, tstamp_ns period)
{
    struct physics *p = physics_new(l, period);
    for (size_t i = 0; i < p->n_supplies * p->levels; i++)
        p->coef[i][0] = 0;
    return p;
}

struct physics *physics_refit(const struct physics *p, const struct layout_map *map)
{
    struct physics *out = physics_new(map->to, p->period);
    out->unknown = xcalloc(out->n_supplies, sizeof *out->unknown);
    for (uint32_t s = 0; s < out->n_supplies; s++) {
        int32_t was = map->supply[s];
        out->unknown[s] = was < 0;
        out->scale[s] = was < 0 ? drivers_default_scale(map->now, s) : p->scale[was];
        for (size_t l = 0; was >= 0 && l < map->to->n_levels[s]; l++) {
            size_t to = s * out->levels + l, from = (size_t)was * p->levels + (size_t)map->level[to];
            memcpy(out->coef[to], p->coef[from], sizeof out->coef[to]);
            out->lsb[to] = p->lsb[from];
            out->cap[to] = p->cap[from];
            out->min_effect[to] = p->min_effect[from];
            out->gain[to] = p->gain[from];
        }
    }
    return out;
}

void physics_free(struct physics *p)
{
    if (!p)
        return;
    free(p->scale);
    free(p->unknown);
    free(p->coef);
    free(p->lsb);
    free(p->cap);
    free(p->min_effect);
    free(p->gain);
    free(p);
}

size_t physics_terms(enum feature_kind k)
{
    switch (k) {
    case FEATURE_CAPACITOR: return 5;
    case FEATURE_MAGNET: return 4;
    case FEATURE_IGBT: return 7;
    case FEATURE_CURRENT: return 3;
    case FEATURE_VOLTAGE: return 7;
    case FEATURE_RAW: break;
    }
    return 1;
}

void physics_regressors(enum feature_kind k, const struct driver_row *r, const struct surroundings *around,
                        double x[RIDGE_TERMS])
{
    static const struct surroundings as_ever = {{0}};
    double i = (double)r->i, q3 = (double)r->q3;
    around = around ? around : &as_ever;
    x[0] = 1;
    switch (k) {
    case FEATURE_CAPACITOR:
        x[1] = (double)r->q15 - q3;
        x[2] = (double)r->q60;
        x[3] = (double)r->a60;
        x[4] = q3;
        break;
    case FEATURE_MAGNET:
        x[1] = (double)r->q - q3;
        x[2] = q3;
        x[3] = (double)r->q15 - q3;
        break;
    case FEATURE_IGBT:
        x[1] = (double)r->a3 - (double)r->a15;
        x[2] = (double)r->a15;
        x[3] = (double)r->a60 - (double)r->a15;
        x[4] = q3 - (double)r->q15;
        x[5] = (double)r->q15;
        x[6] = (double)r->q60 - (double)r->q15;
        break;
    case FEATURE_CURRENT:
        x[0] = (double)r->dac;
        x[1] = isnan(r->dac) ? (double)NAN : (double)r->sign;
        x[2] = 1;
        break;
    case FEATURE_VOLTAGE:
        x[0] = i;
        x[1] = i * around->of[MEDIUM_WATER];
        x[2] = i * q3;
        x[3] = i * ((double)r->q - q3);
        x[4] = (double)r->sign;
        x[5] = 1;
        x[6] = i * around->of[MEDIUM_AIR];
        break;
    case FEATURE_RAW: break;
    }
}

double physics_unit(enum feature_kind k, const struct supply_scale *s)
{
    return k == FEATURE_CURRENT || k == FEATURE_VOLTAGE ? s->peak : 1;
}

double physics_expect(const struct physics *p, const struct feature_layout *l, size_t supply, size_t level,
                      const struct driver_row *r, const struct surroundings *around)
{
    enum feature_kind kind = feature_at(l, supply, level)->kind;
    const double *b = p->coef[supply * p->levels + level];
    if (kind == FEATURE_RAW)
        return b[0];
    if (!r->valid)
        return NAN;
    double x[RIDGE_TERMS], sum = 0;
    size_t terms = physics_terms(kind);
    physics_regressors(kind, r, around, x);
    for (size_t k = 0; k < terms; k++)
        sum += b[k] * x[k];
    return sum * physics_unit(kind, &p->scale[supply]);
}

/* What is expected of a level once all has settled. */
static double settled(const struct physics *p, const struct feature_layout *l, size_t supply, size_t level,
                      float i, float dac, float sign)
{
    float a = fabsf(i), q = i * i;
    const struct driver_row row = {.i = i,
                                   .a = a,
                                   .q = q,
                                   .q3 = q,
                                   .q15 = q,
                                   .q60 = q,
                                   .a3 = a,
                                   .a15 = a,
                                   .a60 = a,
                                   .dac = dac,
                                   .sign = sign,
                                   .valid = !isnan(i)};
    return physics_expect(p, l, supply, level, &row, NULL);
}

double physics_gain(const struct physics *p, const struct feature_layout *l, size_t supply, size_t level)
{
    return settled(p, l, supply, level, 1, 1, 1) - settled(p, l, supply, level, 0, 0, 1);
}

double physics_in_place(const struct physics *p, const struct feature_layout *l, size_t unit, size_t level,
                        size_t supply, float i)
{
    const struct supply_scale *there = &p->scale[supply], *here = &p->scale[unit];
    float same = (float)(there->peak / here->peak), asked = (float)(there->dac / here->dac);
    return settled(p, l, unit, level, i * same, i * asked, (float)((i > 0) - (i < 0)));
}

void physics_complete(const struct physics *p, struct feature_layout *l)
{
    for (size_t i = 0; i < p->n_supplies * p->levels; i++) {
        if (!isnan(p->min_effect[i]))
            l->channel[i].min_effect = p->min_effect[i];
        l->channel[i].step = p->lsb[i];
    }
}

/* ---- saving and loading: arrays <prefix>scale, <prefix>coef … ---- */

#define SCALE_FIELDS 4
#define GAIN_FIELDS 4
_Static_assert(sizeof(struct supply_scale) == SCALE_FIELDS * sizeof(double), "saved as doubles");
_Static_assert(sizeof(struct gain) == GAIN_FIELDS * sizeof(double), "saved as doubles");

static void put(struct mfile *m, const char *prefix, const char *name, const double *v, size_t rows,
                size_t columns, size_t depth)
{
    char full[256];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    mfile_put_f64(m, full, v, (const size_t[]){rows, columns, depth}, 3);
}

void physics_save(const struct physics *p, struct mfile *m, const char *prefix)
{
    double period = (double)p->period;
    size_t s = p->n_supplies, l = p->levels;
    put(m, prefix, "period", &period, 1, 1, 1);
    put(m, prefix, "scale", &p->scale[0].peak, s, SCALE_FIELDS, 1);
    put(m, prefix, "coef", p->coef[0], s, l, RIDGE_TERMS);
    put(m, prefix, "lsb", p->lsb, s, l, 1);
    put(m, prefix, "cap", p->cap, s, l, 1);
    put(m, prefix, "min_effect", p->min_effect, s, l, 1);
    put(m, prefix, "gain", &p->gain[0].b, s, l, GAIN_FIELDS);
}

static int get(const struct mfile *m, const char *prefix, const char *name, void *to, size_t n,
               struct err *err)
{
    char full[256];
    const double *v;
    snprintf(full, sizeof full, "%s%s", prefix, name);
    int rc = mfile_get_f64(m, full, &v, NULL, n, err);
    if (rc == 0)
        memcpy(to, v, n * sizeof *v);
    return rc;
}

int physics_load(struct physics **out, const struct fleet *f, const struct mfile *m, const char *prefix,
                 struct err *err)
{
    struct feature_layout *l = feature_layout_new(f);
    struct physics *p = physics_new(l, 0);
    size_t n = p->n_supplies * p->levels;
    double period;
    int rc = get(m, prefix, "period", &period, 1, err);
    if (rc == 0)
        rc = get(m, prefix, "scale", p->scale, p->n_supplies * SCALE_FIELDS, err);
    if (rc == 0)
        rc = get(m, prefix, "coef", p->coef, n * RIDGE_TERMS, err);
    if (rc == 0)
        rc = get(m, prefix, "lsb", p->lsb, n, err);
    if (rc == 0)
        rc = get(m, prefix, "cap", p->cap, n, err);
    if (rc == 0)
        rc = get(m, prefix, "min_effect", p->min_effect, n, err);
    if (rc == 0)
        rc = get(m, prefix, "gain", p->gain, n * GAIN_FIELDS, err);
    if (rc == 0 && !(period > 0 && period < 1e18))
        rc = err_set(err, ERR_DATA, "model entry '%speriod' makes no sense", prefix);
    feature_layout_free(l);
    if (rc != 0) {
        physics_free(p);
        return rc;
    }
    p->period = (tstamp_ns)period;
    *out = p;
    return 0;
}
