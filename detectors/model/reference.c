/* References; see reference.h. SPDX-License-Identifier: MIT */
#include "detectors/model/reference.h"

#include "base/mem.h"
#include "detectors/model/tail.h"
#include "features/select.h"

#include <math.h>
#include <stdlib.h>

/* how far beyond the currents of its reference a supply is known: its physics is a regression */
#define MARGIN 0.01f          /* of full scale */
#define MARGIN_RELATIVE 0.05f /* of the largest current */
#define SIGN_LEAST 0.01f      /* of full scale: how far into a sign the reference must have been to know it */

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
