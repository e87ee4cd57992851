/* Gains; see gain.h. SPDX-License-Identifier: MIT */
#include "features/gain.h"

#include <math.h>

#define GAIN_MOST 3.0 /* nothing answers threefold; nor to the contrary */

void gain_add_row(struct gain_sums *s, double v, double y)
{
    gain_add(s, &(struct gain_sums){1, v, y, v * v, v * y, y * y});
}

void gain_add(struct gain_sums *to, const struct gain_sums *s)
{
    to->n += s->n;
    to->v += s->v;
    to->y += s->y;
    to->vv += s->vv;
    to->vy += s->vy;
    to->yy += s->yy;
}

/* About its means. */
static struct gain_sums centred(const struct gain_sums *s)
{
    if (!(s->n > 0))
        return (struct gain_sums){0};
    return (struct gain_sums){.n = s->n,
                              .vv = s->vv - s->v * s->v / s->n,
                              .vy = s->vy - s->v * s->y / s->n,
                              .yy = s->yy - s->y * s->y / s->n};
}

void gain_add_member(struct gain_sums *family, const struct gain_sums *s)
{
    const struct gain_sums c = centred(s);
    gain_add(family, &c);
}

struct gain gain_solve(const struct gain_sums *s, double before)
{
    const struct gain_sums c = centred(s);
    double prior = 1 / (GAIN_UNKNOWN * GAIN_UNKNOWN);
    if (c.n < 2 * GAIN_RUN || !(c.vv > 0))
        return (struct gain){before, GAIN_UNKNOWN, 0, NAN};
    double slope = c.vy / c.vv, left = fmax(c.yy - slope * c.vy, 1e-12 * c.yy);
    double variance = GAIN_RUN * left / c.n;
    double reach = fabs(s->v / s->n) + 2 * sqrt(c.vv / c.n), rms = sqrt(left / c.n);
    if (!(variance > 0))
        return (struct gain){before, GAIN_UNKNOWN, reach, NAN};
    double precision = c.vv / variance + prior, b = (c.vy / variance + before * prior) / precision;
    return (struct gain){fmin(fmax(b, 0), GAIN_MOST), 1 / sqrt(precision), reach, rms};
}
