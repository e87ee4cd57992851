/* Calibration on the null blocks; see calibrate.h. SPDX-License-Identifier: MIT */
#include "detectors/train/calibrate.h"

#include "base/mem.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_TAIL 0.03 /* share of the null beyond the 97 % point */
#define DAY_TAIL 0.10
#define DAY_HOURS 24
#define LEAST_DAY_HOURS 12 /* evaluated hours that make a supply-day */
#define LEAST_OWN 12       /* null hours for a supply's own spread */
#define COVARIANCE_SHRINK 0.1
#define DIVERGENCE_SCALE_FLOOR 0.05     /* of log(JSD + floor) */
#define RECONSTRUCTION_SCALE_FLOOR 0.01 /* sd */
#define EFFECT_SHARE (1.0f / 30)        /* of the minimum effect: the smallest null spread of a level */
#define BOTH (-1)

enum spread { RMS, MEDIAN, ROBUST };

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
            if (n->block[h] < 0 || (block != BOTH && n->block[h] != block) || isnan(y))
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

/* Own and family together, in place; floor[cells], or NULL and one floor for all. */
static void mixed(const struct model *m, const struct nulls *n, const float x[], int block, enum spread what,
                  const float floors[], float floor_all, float out[])
{
    size_t cells = n->n_supplies * n->width;
    float *family = xcalloc(cells, sizeof *family);
    own_of(n, x, block, what, out);
    family_of(m, out, family);
    for (size_t i = 0; i < cells; i++) {
        if (what == MEDIAN) {
            out[i] = mix_median(out[i], family[i]);
            continue;
        }
        float least = floors ? floors[i] * EFFECT_SHARE : floor_all;
        out[i] = mix_spread(out[i], family[i]);
        out[i] = out[i] < least ? least : out[i];
    }
    free(family);
}

/* ---- covariance of T ---- */

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
    for (size_t i = 0; i < w; i++) /* a column that no supply of the class has */
        if (!(c[i * w + i] > 0))
            c[i * w + i] = 1;
}

static bool reconstruction_vector(const struct model *m, const struct nulls *n, size_t window,
                                  const float scale[], size_t s, size_t h, double z[])
{
    for (size_t c = 0; c < n->width; c++) {
        size_t cell = s * n->width + c;
        z[c] = m->kinds.of[cell] == KIND_NONE
                   ? 0
                   : (double)n->reconstruction[window][(s * n->hours + h) * n->width + c] /
                         (double)scale[cell];
        if (isnan(z[c]))
            return false;
    }
    return true;
}

static void covariance(const struct model *m, const struct nulls *n, size_t window, int block,
                       const float scale[], double out[])
{
    size_t w = n->width;
    double *z = xcalloc(w, sizeof *z), *count = xcalloc(m->supply_kinds.n, sizeof *count);
    memset(out, 0, m->supply_kinds.n * w * w * sizeof *out);
    for (size_t s = 0; s < n->n_supplies; s++) {
        double *c = out + m->supply_kinds.of[s] * w * w;
        for (size_t h = 0; h < n->hours; h++) {
            if (n->block[h] < 0 || (block != BOTH && n->block[h] != block) ||
                !reconstruction_vector(m, n, window, scale, s, h, z))
                continue;
            count[m->supply_kinds.of[s]]++;
            for (size_t i = 0; i < w; i++)
                for (size_t j = 0; j < w; j++)
                    c[i * w + j] += z[i] * z[j];
        }
    }
    for (size_t a = 0; a < m->supply_kinds.n; a++) {
        shrink(out + a * w * w, w, count[a]);
        invert(out + a * w * w, w);
    }
    free(z);
    free(count);
}

static void scales_of(const struct model *m, const struct nulls *n, int block, struct scales *out)
{
    scales_init(out, m->windows, n->n_supplies, m->supply_kinds.n, n->width);
    mixed(m, n, n->divergence, block, MEDIAN, NULL, 0, out->divergence_mid);
    mixed(m, n, n->divergence, block, ROBUST, NULL, (float)DIVERGENCE_SCALE_FLOOR, out->divergence_scale);
    for (size_t i = 0; i < m->windows; i++) {
        mixed(m, n, n->level[i], block, RMS, m->min_effect, 0, out->level[i]);
        mixed(m, n, n->reconstruction[i], block, RMS, NULL, (float)RECONSTRUCTION_SCALE_FLOOR,
              out->reconstruction[i]);
        covariance(m, n, i, block, out->reconstruction[i], out->inverse[i]);
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

/* The scales that a null block is standardised with. */
static const struct scales *scales_for(const struct scales of[2], const struct scales *all, int8_t block,
                                       bool in_sample)
{
    return in_sample ? all : &of[block == 0];
}

struct walk { /* one supply-hour of the null */
    const struct model *m;
    const struct nulls *n;
    const struct scales *of; /* [0]: made of block 0, [1]: of the last block */
    bool in_sample;
};

static void at_hour(const struct walk *k, size_t s, size_t h, struct standard *standard, struct raw *raw)
{
    const struct scales *sc = scales_for(k->of, &k->m->scales, k->n->block[h], k->in_sample);
    model_standard(k->m, sc, s, standard);
    nulls_at(k->n, s, h, raw);
}

static void fit_statistics(struct model *m, const struct walk *k)
{
    size_t kinds = m->kinds.n, slots = kinds * (m->windows + 1) + m->windows;
    struct pool *sample = xcalloc(slots, sizeof *sample);
    struct standard st;
    struct raw raw;
    for (size_t s = 0; s < k->n->n_supplies; s++) {
        for (size_t h = 0; h < k->n->hours; h++) {
            if (k->n->block[h] < 0)
                continue;
            at_hour(k, s, h, &st, &raw);
            for (size_t c = 0; c < k->n->width; c++) {
                if (st.kind[c] == KIND_NONE)
                    continue;
                pool_add(&sample[st.kind[c]], standard_divergence(&st, c, &raw));
                for (size_t w = 0; w < m->windows; w++)
                    pool_add(&sample[(w + 1) * kinds + st.kind[c]], standard_level(&st, w, c, &raw));
            }
            for (size_t w = 0; w < m->windows; w++)
                pool_add(&sample[(m->windows + 1) * kinds + w], standard_reconstruction(&st, w, &raw, NULL));
        }
    }
    for (size_t i = 0; i < kinds; i++) {
        pool_fit(&sample[i], &m->tails.divergence[i], HOUR_TAIL);
        for (size_t w = 0; w < m->windows; w++)
            pool_fit(&sample[(w + 1) * kinds + i], &m->tails.level[w][i], HOUR_TAIL);
    }
    for (size_t w = 0; w < m->windows; w++)
        pool_fit(&sample[(m->windows + 1) * kinds + w], &m->tails.reconstruction[w], HOUR_TAIL);
    free(sample);
}

/* A supply's daily maxima within one block. */
static void add_days(struct model *m, const struct walk *k, size_t s, int block, struct pool *days,
                     size_t *hours_scored)
{
    struct standard st;
    struct raw raw;
    double most = NAN;
    size_t evaluated = 0, in_day = 0;
    for (size_t h = 0; h < k->n->hours; h++) {
        if (k->n->block[h] == block) {
            struct hour_score score;
            at_hour(k, s, h, &st, &raw);
            score_hour(&st, &m->tails, &raw, &score);
            if (!isnan(score.any))
                evaluated++;
            if (evaluated) /* a day begins with its first score */
                in_day++;
            most = fmax(most, score.any);
        }
        bool last = k->n->block[h] == block && (h + 1 == k->n->hours || k->n->block[h + 1] != block);
        if (in_day < DAY_HOURS && !last)
            continue;
        if (evaluated >= LEAST_DAY_HOURS)
            pool_add(days, most);
        *hours_scored += evaluated;
        most = NAN;
        evaluated = in_day = 0;
    }
}

void calibrate(struct model *m, const struct nulls *n, bool in_sample, struct calib_counts *counts)
{
    struct scales of[2];
    scales_of(m, n, 0, &of[0]);
    scales_of(m, n, FOLDS - 1, &of[1]);
    scales_of(m, n, BOTH, &m->scales);
    tails_init(&m->tails, m->windows, m->kinds.n);
    struct walk walk = {.m = m, .n = n, .of = of, .in_sample = in_sample};
    fit_statistics(m, &walk);
    struct pool days = {0};
    *counts = (struct calib_counts){0};
    for (size_t s = 0; s < n->n_supplies; s++) {
        add_days(m, &walk, s, 0, &days, &counts->supply_hours);
        add_days(m, &walk, s, FOLDS - 1, &days, &counts->supply_hours);
    }
    counts->supply_days = days.n;
    pool_fit(&days, &m->tails.day, DAY_TAIL);
    scales_fini(&of[0]);
    scales_fini(&of[1]);
}
