/* References; see reference.h. SPDX-License-Identifier: MIT */
#include "detectors/model/reference.h"

#include "base/mem.h"
#include "detectors/model/tail.h"
#include "features/select.h"

#include <math.h>
#include <stdlib.h>

#define SIGN_LEAST 0.01f /* of full scale: how far into a sign the reference must have been to know it */
#define FAMILY_LEAST 4   /* gains that have a spread */

/* Shares of the gain that one unit may differ from another by at least, and where there is no family to tell:
 * docs/power-supplies.md §8 */
static const double gain_least[] = {[FEATURE_CAPACITOR] = 0.05,
                                    [FEATURE_MAGNET] = 0.05,
                                    [FEATURE_IGBT] = 0.05,
                                    [FEATURE_CURRENT] = 1e-4,
                                    [FEATURE_VOLTAGE] = 0.01};
static const double gain_alone[] = {[FEATURE_CAPACITOR] = 0.2,
                                    [FEATURE_MAGNET] = 0.2,
                                    [FEATURE_IGBT] = 0.2,
                                    [FEATURE_CURRENT] = 1e-3,
                                    [FEATURE_VOLTAGE] = 0.05};

#define SPREAD_FLOOR 1e-6f /* of a constant column, relative to 1 + |centre| */

void reference_init(struct reference *r, size_t n_supplies, size_t width)
{
    size_t cells = n_supplies * width;
    *r = (struct reference){
        .width = width,
        .present = xcalloc(cells, sizeof *r->present),
        .centre = xcalloc(cells, sizeof *r->centre),
        .spread = xcalloc(cells, sizeof *r->spread),
        .hour_centre = xcalloc(cells, sizeof *r->hour_centre),
        .hour_spread = xcalloc(cells, sizeof *r->hour_spread),
        .edges = xcalloc(cells, (HIST_BINS - 1) * sizeof *r->edges),
        .counts = xcalloc(cells, HIST_BINS * sizeof *r->counts),
        .low = xcalloc(n_supplies, sizeof *r->low),
        .high = xcalloc(n_supplies, sizeof *r->high),
        .gain_doubt = xcalloc(cells / 2, sizeof *r->gain_doubt),
    };
}

void reference_fini(struct reference *r)
{
    free(r->present);
    free(r->centre);
    free(r->spread);
    free(r->hour_centre);
    free(r->hour_spread);
    free(r->edges);
    free(r->counts);
    free(r->low);
    free(r->high);
    free(r->gain_doubt);
    *r = (struct reference){0};
}

void reference_scale(float v[], size_t n, float *centre, float *spread)
{
    *centre = (float)robust_median(v, n);
    /* half the central 68 %: as robust as needed, and not 0 as soon as half of the codes are equal */
    *spread = 0.5f * (select_quantile(v, n, 0.84) - select_quantile(v, n, 0.16));
    if (*spread > 0)
        return;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += pow((double)(v[i] - *centre), 2);
    *spread = (float)sqrt(sum / (double)n);
}

static float floor_of(const struct reference *r, size_t cell)
{
    return SPREAD_FLOOR * (1 + fabsf(r->centre[cell]));
}

bool reference_stood_still(const struct reference *r, size_t cell)
{
    return r->present[cell] && r->spread[cell] <= floor_of(r, cell);
}

void reference_fit(struct reference *r, size_t cell, float v[], size_t n)
{
    reference_scale(v, n, &r->centre[cell], &r->spread[cell]);
    r->spread[cell] = fmaxf(r->spread[cell], floor_of(r, cell));
    hist_edges(r->edges + cell * (HIST_BINS - 1), v, n);
}

bool reference_has(const struct reference *r, size_t supply)
{
    for (size_t c = 0; c < r->width; c++)
        if (r->present[supply * r->width + c])
            return true;
    return false;
}

/* ---- beyond the reference's currents ---- */

/* The gains of the members of a supply's family in levels of one kind. */
static size_t family_gains(const struct physics *p, const struct fleet *f, const struct feature_layout *l,
                           int32_t family, enum feature_kind kind, float v[])
{
    size_t n = 0;
    for (size_t s = 0; s < f->n_supplies; s++)
        for (size_t k = 0; f->supplies[s].group[GROUP_FAMILY] == family && k < l->n_levels[s]; k++) {
            double gain = feature_at(l, s, k)->kind == kind ? physics_gain(p, l, s, k) : (double)NAN;
            if (!isnan(gain))
                v[n++] = (float)gain;
        }
    return n;
}

static void doubt_family(struct reference *r, const struct physics *p, const struct fleet *f,
                         const struct feature_layout *l, int32_t family, enum feature_kind kind, float v[])
{
    size_t n = family_gains(p, f, l, family, kind, v);
    if (n == 0)
        return;
    double middle = robust_median(v, n), least = fabs(middle) * gain_least[kind];
    double spread = n >= FAMILY_LEAST ? robust_spread(v, n, middle) : fabs(middle) * gain_alone[kind];
    for (size_t s = 0; s < f->n_supplies; s++)
        for (size_t k = 0; f->supplies[s].group[GROUP_FAMILY] == family && k < l->n_levels[s]; k++)
            if (feature_at(l, s, k)->kind == kind)
                r->gain_doubt[s * l->levels + k] = (float)fmax(spread, least);
}

void reference_gains(struct reference *r, const struct physics *p, const struct fleet *f,
                     const struct feature_layout *l)
{
    float *v = xcalloc(f->n_supplies * l->levels + 1, sizeof *v);
    for (size_t g = 0; g < f->groups[GROUP_FAMILY].n; g++)
        for (enum feature_kind kind = FEATURE_CAPACITOR; kind < FEATURE_RAW; kind++)
            doubt_family(r, p, f, l, (int32_t)g, kind, v);
    free(v);
}

/* How far x lies outside [low, high]. */
static float outside(float x, float low, float high)
{
    return x < low ? low - x : x > high ? x - high : 0;
}

/* Of what heats: the sizes of the current, plain and squared, whichever is farther out. */
static float heat_outside(float i, float low, float high)
{
    bool both = low <= 0 && high >= 0;
    float a = fabsf(i), least = both ? 0 : fminf(fabsf(low), fabsf(high));
    float most = fmaxf(fabsf(low), fabsf(high));
    return fmaxf(outside(a, least, most), outside(a * a, least * least, most * most));
}

float reference_doubt(const struct reference *r, const struct feature_layout *l, size_t supply, size_t level,
                      float i)
{
    enum feature_kind kind = feature_at(l, supply, level)->kind;
    float low = r->low[supply], high = r->high[supply];
    float doubt = r->gain_doubt[supply * l->levels + level];
    if (kind == FEATURE_RAW || isnan(i) || isnan(low) || (i >= low && i <= high))
        return 0;
    if (kind != FEATURE_CURRENT && kind != FEATURE_VOLTAGE)
        return doubt * heat_outside(i, low, high);
    bool new_sign = (i < 0 && low > -SIGN_LEAST) || (i > 0 && high < SIGN_LEAST);
    return new_sign ? INFINITY : doubt * outside(i, low, high);
}

bool reference_knows(const struct reference *r, const struct feature_layout *l, size_t supply, size_t level,
                     float i)
{
    float doubt = reference_doubt(r, l, supply, level, i);
    return doubt == 0 || doubt <= KNOWN_WITHIN * (float)feature_at(l, supply, level)->min_effect;
}
