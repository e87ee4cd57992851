/* The trained model in memory; see model.h, internal.h. SPDX-License-Identifier: MIT */
#include "detectors/model/internal.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

/* how far beyond the currents of its reference a supply is known: its physics is a regression */
#define MARGIN 0.01f          /* of full scale */
#define MARGIN_RELATIVE 0.05f /* of the largest current */
#define SIGN_LEAST 0.01f      /* of full scale: how far into a sign the reference must have been to know it */

void reference_init(struct reference *r, size_t n_supplies, size_t width)
{
    size_t cells = n_supplies * width;
    *r = (struct reference){
        .present = xcalloc(cells, sizeof *r->present),
        .centre = xcalloc(cells, sizeof *r->centre),
        .spread = xcalloc(cells, sizeof *r->spread),
        .hour_centre = xcalloc(cells, sizeof *r->hour_centre),
        .hour_spread = xcalloc(cells, sizeof *r->hour_spread),
        .edges = xcalloc(cells, (HIST_BINS - 1) * sizeof *r->edges),
        .counts = xcalloc(cells, HIST_BINS * sizeof *r->counts),
        .reconstruction_centre = xcalloc(cells, sizeof *r->reconstruction_centre),
        .low = xcalloc(n_supplies, sizeof *r->low),
        .high = xcalloc(n_supplies, sizeof *r->high),
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
    free(r->reconstruction_centre);
    free(r->low);
    free(r->high);
    *r = (struct reference){0};
}

bool reference_knows(const struct reference *r, size_t supply, float i)
{
    float low = r->low[supply], high = r->high[supply];
    if (isnan(i) || isnan(low) || (i >= low && i <= high))
        return true;
    if ((i < 0 && low > -SIGN_LEAST) || (i > 0 && high < SIGN_LEAST))
        return false;
    float margin = MARGIN + MARGIN_RELATIVE * fmaxf(fabsf(low), fabsf(high));
    return i >= low - margin && i <= high + margin;
}

const char *fit_name(enum fit f)
{
    static const char *const names[FIT_COUNT] = {"fitted", "no readings", "its physics could not be fitted",
                                                 "never steady", "too few steady minutes"};
    return names[f];
}

struct model *model_new(const struct fleet *f)
{
    struct model *m = xcalloc(1, sizeof *m);
    m->fleet = f;
    m->layout = feature_layout_new(f);
    size_t s = f->n_supplies, w = m->layout->width;
    reference_init(&m->ref, s, w);
    kinds_init(&m->kinds, f, m->layout);
    m->min_effect = xcalloc(s, w * sizeof *m->min_effect);
    m->fit = xcalloc(s, sizeof *m->fit);
    m->had_data = xcalloc(f->n_channels, sizeof *m->had_data);
    m->deadband = xcalloc(f->n_channels, sizeof *m->deadband);
    return m;
}

void model_free(struct model *m)
{
    if (!m)
        return;
    physics_free(m->physics);
    reconstruction_free(m->reconstruction);
    reference_fini(&m->ref);
    kinds_fini(&m->kinds);
    supply_kinds_fini(&m->supply_kinds);
    scales_fini(&m->scales);
    tails_fini(&m->tails);
    feature_layout_free(m->layout);
    free(m->min_effect);
    free(m->fit);
    free(m->had_data);
    free(m->deadband);
    free(m->summary);
    free(m);
}

void model_period(const struct model *m, tstamp_ns *from, tstamp_ns *to)
{
    *from = m->from;
    *to = m->to;
}

const bool *model_deadband(const struct model *m)
{
    return m->deadband;
}

const char *model_summary(const struct model *m)
{
    return m->summary ? m->summary : "";
}

void model_standard(const struct model *m, const struct scales *sc, size_t supply, struct standard *out)
{
    size_t w = m->layout->width, at = supply * w;
    *out = (struct standard){.windows = m->windows,
                             .width = w,
                             .kind = m->kinds.of + at,
                             .min_effect = m->min_effect + at,
                             .divergence_mid = sc->divergence_mid + at,
                             .divergence_scale = sc->divergence_scale + at};
    for (size_t i = 0; i < m->windows; i++) {
        out->level[i] = sc->level[i] + at;
        out->reconstruction[i] = sc->reconstruction[i] + at;
        out->inverse[i] = sc->inverse[i] + m->supply_kinds.of[supply] * w * w;
    }
}

double model_chance(const struct model *m, double p)
{
    return 7 * (double)m->n_scored * p;
}
