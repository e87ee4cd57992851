/* Calibration on the null blocks; see calibrate.h. SPDX-License-Identifier: MIT */
#include "detectors/train/calibrate.h"

#include "base/mem.h"
#include "base/tick.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_TAIL 0.03 /* share of the null beyond the 97 % point */
#define DAY_TAIL 0.10
#define DAY_HOURS 24
#define LEAST_OWN 12 /* null hours for a supply's own spread */
#define COVARIANCE_SHRINK 0.1
#define EFFECT_SHARE (1.0f / 30) /* of the minimum effect: the smallest null spread of a level */
#define BOTH (-1)

enum spread { RMS, MEDIAN, ROBUST };

static bool in_block(const struct nulls *n, size_t h, int block)
{
    return n->block[h] >= 0 && (block == BOTH || n->block[h] == block);
}

/* A spread or median of x[S][hours][W] per supply and column over the null hours of a block (or BOTH);
 * NaN with under LEAST_OWN values. */
static void own_of(const struct nulls *n, const float x[], int block, enum spread what, float out[])
{
    float *v = xcalloc(n->hours, sizeof *v);
    for (size_t cell = 0; cell < n->n_supplies * n->width; cell++) {
        size_t s = cell / n->width, c = cell % n->width, count = 0;
        double sum = 0;
        for (size_t h = 0; h < n->hours; h++) {
            float y = x[(s * n->hours + h) * n->width + c];
            if (!in_block(n, h, block) || isnan(y))
                continue;
            v[count++] = y;
            sum += (double)y * (double)y;
        }
        double r = NAN;
        if (count >= LEAST_OWN && what == RMS)
            r = sqrt(sum / (double)count);
        else if (count >= LEAST_OWN) {
            r = robust_median(v, count);
            if (what == ROBUST)
                r = robust_spread(v, count, r);
        }
        out[cell] = (float)r;
    }
    free(v);
}

/* Median over a family's supplies of own[S][W], per kind, laid out as own. */
static void family_of(const struct model *m, const float own[], float out[])
{
    size_t S = m->fleet->n_supplies, w = m->layout->width;
    size_t families = m->fleet->groups[GROUP_FAMILY].n, slots = families * m->kinds.n;
    size_t *first = xcalloc(slots + 1, sizeof *first), *fill = xcalloc(slots + 1, sizeof *fill);
    float *v = xcalloc(S * w + 1, sizeof *v), *median = xcalloc(slots + 1, sizeof *median);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t cell = 0; cell < S * w; cell++) {
            uint16_t kind = m->kinds.of[cell];
            if (kind == KIND_NONE || isnan(own[cell]))
                continue;
            size_t slot = (size_t)m->fleet->supplies[cell / w].group[GROUP_FAMILY] * m->kinds.n + kind;
            if (pass)
                v[first[slot] + fill[slot]++] = own[cell];
            else
                first[slot + 1]++;
        }
        for (size_t i = 0; !pass && i < slots; i++)
            first[i + 1] += first[i];
    }
    for (size_t i = 0; i < slots; i++)
        median[i] = (float)robust_median(v + first[i], fill[i]);
    for (size_t cell = 0; cell < S * w; cell++) {
        uint16_t kind = m->kinds.of[cell];
        size_t family = (size_t)m->fleet->supplies[cell / w].group[GROUP_FAMILY];
        out[cell] = kind == KIND_NONE ? NAN : median[family * m->kinds.n + kind];
    }
    free(first);
    free(fill);
    free(v);
    free(median);
}

static float mix_spread(float own, float family)
{
    if (isnan(own))
        return family;
    return isnan(family) ? own : sqrtf(0.5f * own * own + 0.5f * family * family);
}

static float mix_median(float own, float family)
{
    if (isnan(own))
        return family;
    return isnan(family) ? own : 0.5f * (own + family);
}

/* Own and family together. Spreads are at least what the measure believes: its least_scale, or a share of the
 * minimum effect. */
static void mixed(const struct model *m, const struct nulls *n, size_t measure, int block, enum spread what,
                  float out[])
{
    size_t cells = n->n_supplies * n->width;
    float *family = xcalloc(cells, sizeof *family), all = n->measures->at[measure].of->least_scale;
    own_of(n, n->of[measure], block, what, out);
    family_of(m, out, family);
    for (size_t i = 0; i < cells; i++) {
        if (what == MEDIAN) {
            out[i] = mix_median(out[i], family[i]);
            continue;
        }
        float least = all > 0 ? all : m->min_effect[i] * EFFECT_SHARE;
        out[i] = mix_spread(out[i], family[i]);
        out[i] = out[i] < least ? least : out[i];
    }
    free(family);
}

/* ---- covariance of rows ---- */

/* Inverse of a symmetric positive definite a (w,w), in place. */
static void invert(double a[], size_t w)
{
    gsl_matrix_view v = gsl_matrix_view_array(a, w, w);
    gsl_linalg_cholesky_decomp1(&v.matrix);
    gsl_linalg_cholesky_invert(&v.matrix);
}

static void shrink(double c[], size_t w, double count)
{
    for (size_t i = 0; i < w; i++)
        for (size_t j = 0; j < w; j++)
            c[i * w + j] *= (i == j ? 1 : 1 - COVARIANCE_SHRINK) / (count > 0 ? count : 1);
    for (size_t i = 0; i < w; i++) /* a column that no supply of the kind has */
        if (!(c[i * w + i] > 0))
            c[i * w + i] = 1;
}

static bool row_of(const struct model *m, const struct nulls *n, size_t measure, const float spread[],
                   size_t s, size_t h, double z[])
{
    for (size_t c = 0; c < n->width; c++) {
        size_t cell = s * n->width + c;
        z[c] = m->kinds.of[cell] == KIND_NONE
                   ? 0
                   : (double)n->of[measure][(s * n->hours + h) * n->width + c] / (double)spread[cell];
        if (isnan(z[c]))
            return false;
    }
    return true;
}

static void covariance(const struct model *m, const struct nulls *n, size_t measure, int block,
                       const float spread[], double out[])
{
    size_t w = n->width, kinds = m->supply_kinds.n;
    double *z = xcalloc(w, sizeof *z), *count = xcalloc(kinds, sizeof *count);
    memset(out, 0, kinds * w * w * sizeof *out);
    for (size_t s = 0; s < n->n_supplies; s++) {
        double *c = out + m->supply_kinds.of[s] * w * w;
        for (size_t h = 0; h < n->hours; h++) {
            if (!in_block(n, h, block) || !row_of(m, n, measure, spread, s, h, z))
                continue;
            count[m->supply_kinds.of[s]]++;
            for (size_t i = 0; i < w; i++)
                for (size_t j = 0; j < w; j++)
                    c[i * w + j] += z[i] * z[j];
        }
    }
    for (size_t a = 0; a < kinds; a++) {
        shrink(out + a * w * w, w, count[a]);
        invert(out + a * w * w, w);
    }
    free(z);
    free(count);
}

/* What a block (or BOTH) standardises each measure with. */
static void scales_of(const struct model *m, const struct nulls *n, int block, struct scale out[])
{
    for (size_t i = 0; i < n->measures->n; i++) {
        bool robust = n->measures->at[i].of->standard == STANDARD_MEDIAN;
        mixed(m, n, i, block, robust ? ROBUST : RMS, out[i].spread);
        if (robust)
            mixed(m, n, i, block, MEDIAN, out[i].mid);
        if (out[i].inverse)
            covariance(m, n, i, block, out[i].spread, out[i].inverse);
    }
}

/* ---- tails ---- */

struct pool {
    float *x;
    size_t n, cap;
};

static void pool_add(struct pool *s, double x)
{
    if (isnan(x))
        return;
    xgrow(&s->x, &s->cap, s->n + 1, sizeof *s->x);
    s->x[s->n++] = (float)x;
}

static void pool_fit(struct pool *s, struct tail *t, double p_u)
{
    tail_fit(t, s->x, s->n, p_u);
    free(s->x);
    *s = (struct pool){0};
}

struct walk { /* the supply-hours of the null */
    const struct model *m;
    const struct nulls *n;
    struct scale of[2][MEASURES_MAX]; /* [0]: made of block 0, [1]: of the last block */
    bool in_sample;
};

/* A null block is standardised by what the other one shows. */
static void at_hour(const struct walk *k, size_t s, size_t h, struct yardstick *y, struct values *v)
{
    const struct scale *scale = k->in_sample ? k->m->scale : k->of[k->n->block[h] == 0];
    model_yardstick(k->m, scale, s, y);
    nulls_at(k->n, s, h, v);
}

/* One measure's null, pooled per kind of column, or over all rows. */
static void fit_measure(struct model *m, const struct walk *k, size_t measure)
{
    bool row = measures_row(&m->measures.at[measure]);
    size_t pools = model_tails(m, measure);
    struct pool *sample = xcalloc(pools, sizeof *sample);
    struct yardstick y;
    struct values v = {0};
    for (size_t s = 0; s < k->n->n_supplies; s++) {
        for (size_t h = 0; h < k->n->hours; h++) {
            if (k->n->block[h] < 0)
                continue;
            at_hour(k, s, h, &y, &v);
            if (row)
                pool_add(sample, standard_row(&y, measure, &v));
            for (size_t c = 0; !row && c < y.width; c++)
                if (y.kind[c] != KIND_NONE)
                    pool_add(&sample[y.kind[c]], standard_column(&y, measure, c, &v));
        }
    }
    for (size_t i = 0; i < pools; i++)
        pool_fit(&sample[i], &m->tail[measure][i], HOUR_TAIL);
    free(sample);
}

/* A supply's daily maxima within one block. */
static void add_days(const struct walk *k, size_t s, int block, struct pool *days, size_t *hours_scored)
{
    struct yardstick y;
    struct values v = {0};
    double most = NAN;
    size_t evaluated = 0, in_day = 0;
    for (size_t h = 0; h < k->n->hours; h++) {
        if (k->n->block[h] == block) {
            struct hour_score score;
            at_hour(k, s, h, &y, &v);
            score_hour(&y, &v, &score);
            if (!isnan(score.any))
                evaluated++;
            if (evaluated) /* a day begins with its first score */
                in_day++;
            most = fmax(most, score.any);
        }
        bool last = k->n->block[h] == block && (h + 1 == k->n->hours || k->n->block[h + 1] != block);
        if (in_day < DAY_HOURS && !last)
            continue;
        if (evaluated >= DAY_LEAST_HOURS)
            pool_add(days, most);
        *hours_scored += evaluated;
        most = NAN;
        evaluated = in_day = 0;
    }
}

void calibrate(struct model *m, const struct nulls *n, bool in_sample, struct calib_counts *counts)
{
    static const int block[2] = {0, FOLDS - 1};
    struct walk walk = {.m = m, .n = n, .in_sample = in_sample};
    for (size_t b = 0; b < 2; b++) {
        for (size_t i = 0; i < n->measures->n; i++)
            scale_init(&walk.of[b][i], &n->measures->at[i], n->n_supplies, m->supply_kinds.n, n->width);
        scales_of(m, n, block[b], walk.of[b]);
    }
    scales_of(m, n, BOTH, m->scale);
    for (size_t i = 0; i < n->measures->n; i++)
        fit_measure(m, &walk, i);
    struct pool days = {0};
    *counts = (struct calib_counts){0};
    for (size_t s = 0; s < n->n_supplies; s++)
        for (size_t b = 0; b < 2; b++)
            add_days(&walk, s, block[b], &days, &counts->supply_hours);
    counts->supply_days = days.n;
    pool_fit(&days, &m->day, DAY_TAIL);
    for (size_t b = 0; b < 2; b++)
        for (size_t i = 0; i < n->measures->n; i++)
            scale_fini(&walk.of[b][i]);
}
