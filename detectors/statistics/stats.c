/* Standardised statistics and an hour's score; see stats.h. SPDX-License-Identifier: MIT */
#include "detectors/statistics/stats.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RECONSTRUCTION_NOTABLE 2.0 /* sd: a column that takes part in a shift of several */

void kinds_init(struct kinds *k, const struct fleet *f, const struct feature_layout *l)
{
    /* a pair (signal, treatment) per kind of level; its log-variance is the next kind */
    size_t treatments = FEATURE_RAW + 1, pairs = f->signals.n * treatments;
    uint16_t *number = xcalloc(pairs, sizeof *number);
    k->of = xcalloc(l->n_supplies * l->width, sizeof *k->of);
    k->n = 0;
    for (size_t i = 0; i < l->n_supplies * l->width; i++)
        k->of[i] = KIND_NONE;
    for (size_t s = 0; s < l->n_supplies; s++) {
        for (size_t c = 0; c < l->n_levels[s]; c++) {
            const struct feature_channel *ch = feature_at(l, s, c);
            size_t pair = f->channels[ch->channel].signal * treatments + ch->kind;
            if (!number[pair]) {
                number[pair] = (uint16_t)(k->n + 1);
                k->n += 2;
            }
            k->of[s * l->width + c] = (uint16_t)(number[pair] - 1);
            k->of[s * l->width + l->levels + c] = number[pair];
        }
    }
    free(number);
}

void kinds_fini(struct kinds *k)
{
    free(k->of);
    *k = (struct kinds){0};
}

void supply_kinds_init(struct supply_kinds *a, const struct kinds *k, size_t n_supplies, size_t width)
{
    uint32_t *first = xcalloc(n_supplies + 1, sizeof *first); /* a supply of each class */
    a->of = xcalloc(n_supplies, sizeof *a->of);
    a->n = 0;
    for (uint32_t s = 0; s < n_supplies; s++) {
        const uint16_t *mine = k->of + s * width;
        size_t i = 0;
        while (i < a->n && memcmp(mine, k->of + first[i] * width, width * sizeof *mine) != 0)
            i++;
        if (i == a->n)
            first[a->n++] = s;
        a->of[s] = (uint16_t)i;
    }
    free(first);
}

void supply_kinds_fini(struct supply_kinds *a)
{
    free(a->of);
    *a = (struct supply_kinds){0};
}

void scales_init(struct scales *s, size_t windows, size_t n_supplies, size_t n_supply_kinds, size_t width)
{
    *s = (struct scales){.divergence_mid = xcalloc(n_supplies, width * sizeof(float)),
                         .divergence_scale = xcalloc(n_supplies, width * sizeof(float))};
    for (size_t i = 0; i < windows; i++) {
        s->level[i] = xcalloc(n_supplies, width * sizeof(float));
        s->reconstruction[i] = xcalloc(n_supplies, width * sizeof(float));
        s->inverse[i] = xcalloc(n_supply_kinds, width * width * sizeof(double));
    }
}

void scales_fini(struct scales *s)
{
    free(s->divergence_mid);
    free(s->divergence_scale);
    for (size_t i = 0; i < WINDOWS_MAX; i++) {
        free(s->level[i]);
        free(s->reconstruction[i]);
        free(s->inverse[i]);
    }
    *s = (struct scales){0};
}

void tails_init(struct tails *t, size_t windows, size_t kinds)
{
    *t = (struct tails){.divergence = xcalloc(kinds, sizeof *t->divergence)};
    for (size_t i = 0; i < windows; i++)
        t->level[i] = xcalloc(kinds, sizeof *t->level[i]);
}

void tails_fini(struct tails *t)
{
    free(t->divergence);
    for (size_t i = 0; i < WINDOWS_MAX; i++)
        free(t->level[i]);
    *t = (struct tails){0};
}

void raw_init(struct raw *r, size_t windows, size_t width)
{
    *r = (struct raw){.divergence = xcalloc(width, sizeof(float)),
                      .level_divergence = xcalloc(width, sizeof(float))};
    for (size_t i = 0; i < windows; i++) {
        r->level[i] = xcalloc(width, sizeof(float));
        r->reconstruction[i] = xcalloc(width, sizeof(float));
    }
}

void raw_fini(struct raw *r)
{
    free(r->divergence);
    free(r->level_divergence);
    for (size_t i = 0; i < WINDOWS_MAX; i++) {
        free(r->level[i]);
        free(r->reconstruction[i]);
    }
    *r = (struct raw){0};
}

double standard_level(const struct standard *s, size_t window, size_t c, const struct raw *r)
{
    return fabs((double)r->level[window][c]) / (double)s->level[window][c];
}

double standard_divergence(const struct standard *s, size_t c, const struct raw *r)
{
    return ((double)r->divergence[c] - (double)s->divergence_mid[c]) / (double)s->divergence_scale[c];
}

/* Standardised component of T; 0 where the supply has no such column. */
static double reconstruction_z(const struct standard *s, size_t window, size_t c, const struct raw *r)
{
    return s->kind[c] == KIND_NONE
               ? 0
               : (double)r->reconstruction[window][c] / (double)s->reconstruction[window][c];
}

double standard_reconstruction(const struct standard *s, size_t window, const struct raw *r, float by[])
{
    double sum = 0;
    for (size_t i = 0; i < s->width; i++) {
        double zi = reconstruction_z(s, window, i, r), inner = 0;
        const double *row = s->inverse[window] + i * s->width;
        for (size_t j = 0; j < s->width; j++)
            inner += row[j] * reconstruction_z(s, window, j, r);
        if (by)
            by[i] = (float)(zi * inner);
        sum += zi * inner;
    }
    return sqrt(sum);
}

bool effect_level(const struct standard *s, size_t window, size_t c, const struct raw *r)
{
    return fabsf(r->level[window][c]) >= s->min_effect[c];
}

bool effect_divergence(const struct standard *s, size_t c, const struct raw *r)
{
    /* a shape shows in the level or in the noise of the same channel, over the same window */
    size_t levels = s->width / 2, level = c % levels;
    return fabsf(r->level_divergence[level]) >= s->min_effect[level] ||
           fabsf(r->level_divergence[levels + level]) >= s->min_effect[levels + level];
}

bool effect_reconstruction(const struct standard *s, size_t window, const struct raw *r)
{
    for (size_t c = 0; c < s->width; c++)
        if (s->kind[c] != KIND_NONE && effect_level(s, window, c, r) &&
            fabs(reconstruction_z(s, window, c, r)) >= RECONSTRUCTION_NOTABLE)
            return true;
    return false;
}

double surprise_level(const struct standard *s, const struct tails *t, size_t window, size_t c,
                      const struct raw *r)
{
    if (s->kind[c] == KIND_NONE)
        return NAN;
    return -log10(tail_p(&t->level[window][s->kind[c]], standard_level(s, window, c, r)));
}

double surprise_divergence(const struct standard *s, const struct tails *t, size_t c, const struct raw *r)
{
    if (s->kind[c] == KIND_NONE)
        return NAN;
    return -log10(tail_p(&t->divergence[s->kind[c]], standard_divergence(s, c, r)));
}

static void take(struct hour_score *out, double surprise, bool effect, enum statistic by, size_t window,
                 size_t column)
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
        out->by = by;
        out->window = window;
        out->column = column;
    }
}

static void take_reconstruction(const struct standard *s, const struct tails *t, size_t window,
                                const struct raw *r, struct hour_score *out)
{
    double surprise = -log10(tail_p(&t->reconstruction[window], standard_reconstruction(s, window, r, NULL)));
    size_t most = 0;
    double largest = -1;
    for (size_t c = 0; c < s->width; c++) {
        double z = s->kind[c] == KIND_NONE || !effect_level(s, window, c, r)
                       ? -1
                       : fabs(reconstruction_z(s, window, c, r));
        if (z > largest) {
            largest = z;
            most = c;
        }
    }
    take(out, surprise, effect_reconstruction(s, window, r), STATISTIC_RECONSTRUCTION, window, most);
}

void score_hour(const struct standard *s, const struct tails *t, const struct raw *r, struct hour_score *out)
{
    *out = (struct hour_score){.any = NAN, .gated = NAN};
    for (size_t w = 0; w < s->windows; w++)
        for (size_t c = 0; c < s->width; c++)
            take(out, surprise_level(s, t, w, c, r), effect_level(s, w, c, r), STATISTIC_LEVEL, w, c);
    for (size_t c = 0; c < s->width; c++)
        take(out, surprise_divergence(s, t, c, r), effect_divergence(s, c, r), STATISTIC_DIVERGENCE, 0, c);
    for (size_t w = 0; w < s->windows; w++)
        take_reconstruction(s, t, w, r, out);
}
