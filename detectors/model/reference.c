/* References; see reference.h. SPDX-License-Identifier: MIT */
#include "detectors/model/reference.h"

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
