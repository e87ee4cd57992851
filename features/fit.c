/* Fitting the physics of a fleet on a record; see features.h and physics.h.
 *
 * Two passes over the record for temperatures and currents, two for voltages, which need the water and the
 * air that temperatures' residuals tell of. The first of two finds a solution and from it, on a thin sample
 * of the rows, how far residuals reach; the second leaves out rows beyond eight times that. Sums are kept per
 * block of the record, so that one pass serves all fits that leave a block out. Rows: communicating, also off
 * and warming up (temperatures at constant current do not tell what the current does), not maintenance;
 * current and voltage only while switched on and not ramping, where the DAC tells the truth.
 * SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "features/common.h"
#include "features/internal.h"
#include "features/learn.h"
#include "features/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_ENOUGH 10080 /* rows per supply: 7 days; longer records are thinned */
#define THIN_MOST 5       /* minutes; the water is low-passed 5 min */
#define KEPT 160          /* sample rows per supply */
#define KEPT_LEAST 20
#define CLIP 8.0           /* robust sd beyond which a row is a glitch */
#define REACH 0.95         /* quantile of |residual| taken as 1.96 sd: warm-up must not be clipped */
#define CAP 100.0          /* log-variance: a squared difference counts at most CAP times the mean */
#define TRIM 0.9           /* that mean is over the lower 90 % … */
#define TRIM_FACTOR 1.604  /* … of a χ²(1), whose lower 90 % average 0.623 */
#define MIN_CURRENT 30e-6  /* of full scale */
#define MIN_VOLTAGE 1.5e-3 /* of the voltage at full scale */

/* A thin sample of rows, minutes in pairs. */
struct sample_rows {
    struct driver_row *row[2]; /* [KEPT][S] the minute before, the minute */
    float *y[2];               /* [KEPT][S][L] */
    uint8_t *mode;             /* [KEPT][S]; MODE_COUNT: not to be used */
    size_t k[KEPT];            /* minute */
    size_t n;
};

struct fitter {
    const struct fleet *f;
    const struct feature_layout *l;
    struct record *r;
    const struct maintenance *m;
    struct physics **out;
    const int *leave;
    size_t fits, S, L, minutes, thin, keep_every;
    struct drivers *d;
    struct common *c;
    size_t cells;            /* common_cells */
    bool *maintained;        /* [S] */
    struct normals *sums;    /* [fits][FOLDS][S][L]; only voltage differs between fits before solving */
    float *media;            /* [minutes/thin + 1][fits][MEDIA][cells] */
    float *value;            /* [COMMON_SIGNALS][cells] of a minute */
    struct gain_sums *gains; /* [fits][FOLDS][S][COMMON_SIGNALS] */
    double *limit;           /* [S][L] */
    struct sample_rows kept;
    void (*progress)(void *arg, double done, double total);
    void *arg;
    double done, total;
};

int fold_of(size_t k, size_t n)
{
    size_t fold = n ? k * FOLDS / n : 0;
    return (int)(fold < FOLDS ? fold : FOLDS - 1);
}

static struct normals *sums_of(struct fitter *a, size_t fit, size_t fold, size_t at)
{
    return &a->sums[(fit * FOLDS + fold) * a->S * a->L + at];
}

static float *media_at(struct fitter *a, size_t k, size_t fit)
{
    return a->media + (k / a->thin * a->fits + fit) * MEDIA * a->cells;
}

/* What surrounds a supply as stored for minute k. */
static struct surroundings stored_around(struct fitter *a, size_t k, size_t fit, size_t supply)
{
    struct surroundings out;
    for (enum medium_kind m = 0; m < MEDIA; m++) {
        int32_t cell = a->c->tree[medium_signal(m)].cell[supply];
        out.of[m] = cell < 0 ? 0 : (double)media_at(a, k, fit)[m * a->cells + (size_t)cell];
    }
    return out;
}

static bool row_serves(enum feature_kind kind, const struct driver_row *r, uint8_t mode)
{
    if (kind == FEATURE_RAW || !r->valid || mode == MODE_UNKNOWN)
        return false;
    if (kind == FEATURE_CURRENT || kind == FEATURE_VOLTAGE)
        return mode == MODE_SETTLING || mode == MODE_STEADY;
    return r->warm;
}

static bool all_there(const double x[], size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return isfinite(sum);
}

static void add_row(struct fitter *a, size_t supply, size_t level, float y, size_t k, size_t fits)
{
    enum feature_kind kind = feature_at(a->l, supply, level)->kind;
    const struct driver_row *r = &a->d->row[supply];
    size_t at = supply * a->L + level, terms = physics_terms(kind);
    double unit = physics_unit(kind, &a->out[0]->scale[supply]), target = (double)y / unit;
    for (size_t i = 0; i < fits; i++) {
        struct surroundings around = {{0}};
        if (kind == FEATURE_VOLTAGE)
            around = stored_around(a, k, i, supply);
        if (isfinite(a->limit[at])) {
            double expected = physics_expect(a->out[i], a->l, supply, level, r, &around);
            if (fabs((double)y - expected) > a->limit[at])
                continue;
        }
        double x[RIDGE_TERMS];
        physics_regressors(kind, r, &around, x);
        if (isfinite(target) && all_there(x, terms))
            ridge_add_row(sums_of(a, i, (size_t)fold_of(k, a->minutes), at), x, target, terms);
    }
}

static void add_rows(struct fitter *a, const struct frame *in, size_t k, bool voltage)
{
    maintenance_mask(a->m, a->f, in->t, a->maintained);
    for (size_t s = 0; s < a->S; s++) {
        if (a->maintained[s])
            continue;
        for (size_t l = 0; l < a->l->n_levels[s]; l++) {
            const struct feature_channel *c = feature_at(a->l, s, l);
            float y = in->value[c->channel];
            if ((c->kind == FEATURE_VOLTAGE) == voltage && !isnan(y) &&
                row_serves(c->kind, &a->d->row[s], a->d->mode[s]))
                add_row(a, s, l, y, k, voltage ? a->fits : 1);
        }
    }
}

/* Keeps the minute (which = 1) or the one before it (0) in the sample. */
static void keep(struct fitter *a, const struct frame *in, size_t k, int which)
{
    size_t i = (k + 1 - (size_t)which) / a->keep_every;
    if (i >= KEPT)
        return;
    memcpy(a->kept.row[which] + i * a->S, a->d->row, a->S * sizeof *a->d->row);
    for (size_t s = 0; s < a->S; s++)
        for (size_t l = 0; l < a->l->n_levels[s]; l++)
            a->kept.y[which][(i * a->S + s) * a->L + l] = in->value[feature_at(a->l, s, l)->channel];
    if (which == 0)
        return;
    maintenance_mask(a->m, a->f, in->t, a->maintained);
    for (size_t s = 0; s < a->S; s++)
        a->kept.mode[i * a->S + s] = a->maintained[s] ? MODE_COUNT : a->d->mode[s];
    a->kept.k[i] = k;
    a->kept.n = i + 1;
}

/* Temperature residuals of all steady supplies without maintenance, (S,L), in fit i. */
static void temperature_residuals(struct fitter *a, const struct frame *in, size_t fit, float r[])
{
    for (size_t s = 0; s < a->S; s++) {
        if (a->d->mode[s] != MODE_STEADY)
            continue;
        for (size_t l = 0; l < a->l->n_levels[s]; l++) {
            const struct feature_channel *c = feature_at(a->l, s, l);
            if (a->maintained[s])
                r[s * a->L + l] = NAN;
            else if (c->kind <= FEATURE_IGBT)
                r[s * a->L + l] = (float)((double)in->value[c->channel] -
                                          physics_expect(a->out[fit], a->l, s, l, &a->d->row[s], NULL));
        }
    }
}

static struct gain_sums *gains_of(struct fitter *a, size_t fit, size_t fold, size_t supply, size_t signal)
{
    return &a->gains[((fit * FOLDS + fold) * a->S + supply) * COMMON_SIGNALS + signal];
}

/* Rows of the gains to the ring: the residual without what the cell did beyond the ring. */
static void add_gain_rows(struct fitter *a, size_t fit, size_t k, enum common_signal signal,
                          const float residual[], const float value[])
{
    const struct common_tree *t = &a->c->tree[signal];
    for (size_t s = 0; s < a->S; s++) {
        if (t->level[s] < 0 || t->cell[s] < 0 || a->d->mode[s] != MODE_STEADY)
            continue;
        double y = (double)residual[s * a->L + (size_t)t->level[s]], ring = (double)value[0];
        y -= (double)value[t->cell[s]] - ring;
        if (isfinite(y) && isfinite(ring))
            gain_add_row(gains_of(a, fit, (size_t)fold_of(k, a->minutes), s, signal), ring, y);
    }
}

/* Media of all cells, of values of their signal, stored for what follows. */
static void store_media(struct fitter *a, tstamp_ns t, const float value[], struct medium m[], float to[])
{
    for (size_t g = 0; g < a->cells; g++) {
        medium_step(&m[g], value[g], t);
        to[g] = (float)m[g].value;
    }
}

/* What supplies have in common in minute k, for every fit: media, and now and then a row of the gains. */
static void find_common(struct fitter *a, const struct frame *in, size_t k, struct medium m[],
                        float residual[])
{
    bool gains = k % (a->thin * (GAIN_ROW_MINUTES / a->thin)) == 0;
    maintenance_mask(a->m, a->f, in->t, a->maintained);
    for (size_t i = 0; i < a->fits; i++) {
        temperature_residuals(a, in, i, residual);
        for (enum common_signal c = 0; c < COMMON_SIGNALS; c++) {
            float *of = a->value + c * a->cells;
            if (c == COMMON_IGBT && !gains) /* it tells of no medium */
                continue;
            common_values(a->c, c, residual, a->L, a->d->mode, of, NULL);
            if (gains)
                add_gain_rows(a, i, k, c, residual, of);
        }
        for (enum medium_kind c = 0; c < MEDIA; c++)
            store_media(a, in->t, a->value + medium_signal(c) * a->cells, m + (i * MEDIA + c) * a->cells,
                        media_at(a, k, i) + c * a->cells);
    }
}

enum pass { PASS_FIRST, PASS_CLIPPED, PASS_VOLTAGE, PASS_VOLTAGE_CLIPPED, PASSES };

static void run_pass(struct fitter *a, enum pass pass)
{
    bool voltage = pass >= PASS_VOLTAGE;
    size_t media = a->fits * MEDIA * a->cells;
    struct medium *m = xcalloc(media, sizeof *m);
    float *residual = xcalloc(a->S * a->L, sizeof *residual);
    medium_clear(m, media);
    a->d = drivers_new(a->f, a->out[0]->scale, a->out[0]->period);
    memset(a->sums, 0, a->fits * FOLDS * a->S * a->L * sizeof *a->sums);
    for (size_t k = 0; k < a->minutes; k++) {
        struct frame in;
        record_frame(a->r, k, &in);
        drivers_step(a->d, &in);
        if (pass == PASS_VOLTAGE && k % a->thin == 0)
            find_common(a, &in, k, m, residual);
        if (k % a->thin == 0)
            add_rows(a, &in, k, voltage);
        if (pass == PASS_FIRST && k % a->keep_every == 0)
            keep(a, &in, k, 1);
        if (pass == PASS_FIRST && (k + 1) % a->keep_every == 0)
            keep(a, &in, k, 0);
        a->done++;
        if (a->progress && k % 256 == 0)
            a->progress(a->arg, a->done, a->total);
    }
    drivers_free(a->d);
    a->d = NULL;
    free(residual);
    free(m);
}

/* All blocks' sums of a channel but the one left out. */
static struct normals sums_without(struct fitter *a, size_t fit, size_t at, bool voltage)
{
    struct normals n = {0};
    for (size_t fold = 0; fold < FOLDS; fold++)
        if ((int)fold != a->leave[fit])
            ridge_add(&n, sums_of(a, voltage ? fit : 0, fold, at));
    return n;
}

static void solve_family(struct fitter *a, size_t fit, enum feature_kind kind, int32_t family)
{
    size_t terms = physics_terms(kind);
    bool voltage = kind == FEATURE_VOLTAGE, solved = false;
    struct ridge_family pool = {0};
    for (int round = 0; round < 2; round++) { /* pool, then each */
        for (size_t s = 0; s < a->S; s++) {
            if (a->f->supplies[s].group[GROUP_FAMILY] != family)
                continue;
            for (size_t l = 0; l < a->l->n_levels[s]; l++) {
                size_t at = s * a->L + l;
                if (feature_at(a->l, s, l)->kind != kind)
                    continue;
                struct normals n = sums_without(a, fit, at, voltage);
                if (round == 0)
                    ridge_family_add(&pool, &n, terms);
                else if (solved)
                    ridge_solve(a->out[fit]->coef[at], &n, &pool, terms);
            }
        }
        solved = round == 0 && ridge_family_solve(&pool, terms);
    }
}

static void solve(struct fitter *a, bool voltage)
{
    for (size_t fit = 0; fit < a->fits; fit++)
        for (enum feature_kind kind = FEATURE_CAPACITOR; kind < FEATURE_RAW; kind++)
            for (size_t g = 0; g < a->f->groups[GROUP_FAMILY].n; g++)
                if ((kind == FEATURE_VOLTAGE) == voltage)
                    solve_family(a, fit, kind, (int32_t)g);
}

/* Of all blocks but the one left out. */
static struct gain_sums gains_without(struct fitter *a, size_t fit, size_t supply, size_t signal)
{
    struct gain_sums sums = {0};
    for (size_t fold = 0; fold < FOLDS; fold++)
        if ((int)fold != a->leave[fit])
            gain_add(&sums, gains_of(a, fit, fold, supply, signal));
    return sums;
}

static void solve_family_gains(struct fitter *a, size_t fit, enum common_signal signal, int32_t family)
{
    const struct common_tree *t = &a->c->tree[signal];
    struct gain_sums pool = {0};
    struct gain all = {.b = 1};
    for (int round = 0; round < 2; round++) { /* pool, then each */
        for (size_t s = 0; s < a->S; s++) {
            if (a->f->supplies[s].group[GROUP_FAMILY] != family || t->level[s] < 0)
                continue;
            const struct gain_sums own = gains_without(a, fit, s, signal);
            if (round == 0)
                gain_add_member(&pool, &own);
            else
                a->out[fit]->gain[s * a->L + (size_t)t->level[s]] = gain_solve(&own, all.b);
        }
        all = round == 0 ? gain_solve(&pool, 1) : all;
    }
}

/* A small ring's value is too much of each supply itself. */
#define GAIN_SUPPLIES 16

static void solve_gains(struct fitter *a)
{
    for (size_t fit = 0; fit < a->fits; fit++)
        for (enum common_signal c = 0; c < COMMON_SIGNALS; c++)
            for (size_t g = 0; a->c->tree[c].n && g < a->f->groups[GROUP_FAMILY].n; g++)
                if (a->c->tree[c].cells[0].n >= GAIN_SUPPLIES)
                    solve_family_gains(a, fit, c, (int32_t)g);
}

/* Residual of a kept row; NaN: none. */
static double kept_residual(struct fitter *a, size_t fit, size_t i, int which, size_t s, size_t l)
{
    const struct driver_row *r = &a->kept.row[which][i * a->S + s];
    struct surroundings around = {{0}};
    if (feature_at(a->l, s, l)->kind == FEATURE_VOLTAGE)
        around = stored_around(a, a->kept.k[i], fit, s);
    return (double)a->kept.y[which][(i * a->S + s) * a->L + l] -
           physics_expect(a->out[fit], a->l, s, l, r, &around);
}

static void set_limits(struct fitter *a, bool voltage)
{
    float v[KEPT];
    for (size_t s = 0; s < a->S; s++) {
        for (size_t l = 0; l < a->l->n_levels[s]; l++) {
            enum feature_kind kind = feature_at(a->l, s, l)->kind;
            size_t n = 0, at = s * a->L + l;
            if ((kind == FEATURE_VOLTAGE) != voltage)
                continue;
            for (size_t i = 0; i < a->kept.n; i++) {
                uint8_t mode = a->kept.mode[i * a->S + s];
                double r = kept_residual(a, 0, i, 1, s, l);
                if (mode != MODE_COUNT && !isnan(r) && row_serves(kind, &a->kept.row[1][i * a->S + s], mode))
                    v[n++] = (float)fabs(r);
            }
            if (n >= KEPT_LEAST)
                a->limit[at] = CLIP * fmax((double)select_quantile(v, n, REACH) / 1.96, a->out[0]->lsb[at]);
        }
    }
}

/* Robust mean of the squared differences of successive residuals in steady minutes. */
static void set_cap(struct fitter *a, size_t fit, size_t s, size_t l)
{
    float v[KEPT];
    size_t n = 0, at = s * a->L + l;
    for (size_t i = 1; i < a->kept.n; i++) { /* minute 0 has no minute before */
        double d = kept_residual(a, fit, i, 1, s, l) - kept_residual(a, fit, i, 0, s, l);
        if (a->kept.mode[i * a->S + s] == MODE_STEADY && !isnan(d) &&
            fold_of(a->kept.k[i], a->minutes) != a->leave[fit])
            v[n++] = (float)(d * d);
    }
    if (n < KEPT_LEAST)
        return;
    size_t lower = (size_t)(TRIM * (double)n);
    double sum = 0;
    select_kth(v, n, lower);
    for (size_t i = 0; i < lower; i++)
        sum += (double)v[i];
    double lsb = a->out[fit]->lsb[at];
    a->out[fit]->cap[at] = CAP * fmax(TRIM_FACTOR * sum / (double)lower, lsb * lsb);
}

static double min_effect(const struct physics *p, enum feature_kind kind, size_t s, size_t at,
                         double from_fleet)
{
    double peak = p->scale[s].peak;
    if (kind == FEATURE_CURRENT)
        return MIN_CURRENT * peak;
    if (kind == FEATURE_VOLTAGE && fabs(p->coef[at][0]) > 0)
        return MIN_VOLTAGE * fabs(p->coef[at][0]) * peak;
    return kind == FEATURE_RAW ? p->min_effect[at] : from_fleet;
}

static void finish(struct fitter *a)
{
    for (size_t fit = 0; fit < a->fits; fit++)
        for (size_t s = 0; s < a->S; s++)
            for (size_t l = 0; l < a->l->n_levels[s]; l++) {
                struct physics *p = a->out[fit];
                const struct feature_channel *c = feature_at(a->l, s, l);
                size_t at = s * a->L + l;
                set_cap(a, fit, s, l);
                p->min_effect[at] = min_effect(p, c->kind, s, at, c->min_effect);
            }
}

static bool anything_fitted(const struct physics *p)
{
    for (size_t i = 0; i < p->n_supplies * p->levels; i++)
        if (!isnan(p->coef[i][0]))
            return true;
    return false;
}

static void open_fitter(struct fitter *a)
{
    a->S = a->l->n_supplies;
    a->L = a->l->levels;
    a->minutes = record_minutes(a->r);
    a->thin = 1 + a->minutes / ROWS_ENOUGH;
    a->thin = a->thin < THIN_MOST ? a->thin : THIN_MOST;
    a->keep_every = a->thin * (a->minutes / (a->thin * KEPT) + 1);
    a->total = PASSES * (double)a->minutes;
    a->c = common_new(a->f, a->l, NULL);
    a->cells = common_cells(a->c);
    a->maintained = xcalloc(a->S, sizeof *a->maintained);
    a->sums = xcalloc(a->fits * FOLDS * a->S * a->L, sizeof *a->sums);
    a->media = xcalloc((a->minutes / a->thin + 1) * a->fits * MEDIA * a->cells, sizeof *a->media);
    a->value = xnan(COMMON_SIGNALS * a->cells);
    a->gains = xcalloc(a->fits * FOLDS * a->S * COMMON_SIGNALS, sizeof *a->gains);
    a->limit = xcalloc(a->S * a->L, sizeof *a->limit);
    for (size_t i = 0; i < a->S * a->L; i++)
        a->limit[i] = INFINITY;
    for (int w = 0; w < 2; w++) {
        a->kept.row[w] = xcalloc(KEPT * a->S, sizeof *a->kept.row[w]);
        a->kept.y[w] = xcalloc(KEPT * a->S * a->L, sizeof *a->kept.y[w]);
    }
    a->kept.mode = xcalloc(KEPT * a->S, sizeof *a->kept.mode);
}

static void close_fitter(struct fitter *a)
{
    for (int w = 0; w < 2; w++) {
        free(a->kept.row[w]);
        free(a->kept.y[w]);
    }
    free(a->kept.mode);
    free(a->limit);
    free(a->media);
    free(a->value);
    free(a->gains);
    free(a->sums);
    free(a->maintained);
    common_free(a->c);
}

/* All fits start from the same scales. */
static void share_scales(struct fitter *a)
{
    const struct physics *from = a->out[0];
    size_t cells = a->S * a->L;
    for (size_t i = 1; i < a->fits; i++) {
        struct physics *to = a->out[i];
        memcpy(to->scale, from->scale, a->S * sizeof *to->scale);
        memcpy(to->coef, from->coef, cells * sizeof *to->coef);
        memcpy(to->lsb, from->lsb, cells * sizeof *to->lsb);
        memcpy(to->min_effect, from->min_effect, cells * sizeof *to->min_effect);
    }
}

int physics_fit(struct physics *out[], const int leave[], int n, const struct fleet *f, struct record *r,
                const struct maintenance *m, void (*progress)(void *arg, double done, double total),
                void *arg, struct err *err)
{
    if (record_minutes(r) < 2)
        return err_set(err, ERR_DATA, "nothing to fit: the period holds no minutes");
    struct feature_layout *l = feature_layout_new(f);
    struct fitter a = {.f = f,
                       .l = l,
                       .r = r,
                       .m = m,
                       .out = out,
                       .leave = leave,
                       .fits = (size_t)n,
                       .progress = progress,
                       .arg = arg};
    for (int i = 0; i < n; i++)
        out[i] = physics_new(l, record_time(r, 1) - record_time(r, 0));
    open_fitter(&a);
    learn_channels(out[0], f, l, r, m);
    share_scales(&a);
    for (enum pass pass = PASS_FIRST; pass < PASSES; pass++) {
        run_pass(&a, pass);
        solve(&a, pass >= PASS_VOLTAGE);
        if (pass == PASS_VOLTAGE)
            solve_gains(&a);
        if (pass == PASS_FIRST || pass == PASS_VOLTAGE)
            set_limits(&a, pass == PASS_VOLTAGE);
    }
    finish(&a);
    if (progress)
        progress(arg, a.total, a.total);
    close_fitter(&a);
    feature_layout_free(l);
    if (anything_fitted(out[0]))
        return 0;
    for (int i = 0; i < n; i++) {
        physics_free(out[i]);
        out[i] = NULL;
    }
    return err_set(err, ERR_DATA, "nothing could be fitted: no supply has enough readings");
}
