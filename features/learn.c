/* Scales of channels from their columns; see learn.h. SPDX-License-Identifier: MIT */
#include "features/learn.h"

#include "base/mem.h"
#include "features/mode.h"
#include "features/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ENOUGH 20000 /* readings of a column that are looked at */
#define ENOUGH_STEPS 4096
#define FEW 10
#define ON_ABOVE 0.05 /* |i| from which on the DAC's scale is taken */

struct learner {
    struct physics *p;
    const struct fleet *f;
    const struct feature_layout *l;
    const struct record *r;
    size_t n;
    bool *excluded; /* [n] minutes of the supply at hand */
    float *v;       /* [ENOUGH] */
};

static double clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* Marks the minutes of a supply that lie in maintenance. */
static void exclude(struct learner *a, const struct maintenance *m, uint32_t supply)
{
    memset(a->excluded, 0, a->n * sizeof *a->excluded);
    for (size_t i = 0; i < m->n; i++) {
        const struct maintenance_period *p = &m->period[i];
        if (!maintenance_concerns(p, a->f, supply))
            continue;
        for (size_t k = 0; k < a->n; k++) {
            tstamp_ns t = record_time(a->r, k);
            a->excluded[k] |= t >= p->start && t < p->end;
        }
    }
}

/* Values of a column that are not excluded, thinned to ENOUGH, into a->v; their number. */
static size_t values(struct learner *a, const float *column, bool absolute)
{
    size_t n = 0, stride = a->n / ENOUGH + 1;
    for (size_t k = 0; k < a->n && n < ENOUGH; k += stride)
        if (!a->excluded[k] && !isnan(column[k]))
            a->v[n++] = absolute ? fabsf(column[k]) : column[k];
    return n;
}

static void learn_peak(struct learner *a, uint32_t supply)
{
    int32_t current = a->f->supplies[supply].known[SIGNAL_CURRENT];
    double *peak = &a->p->scale[supply].peak;
    if (current < 0 || !isnan(*peak))
        return;
    size_t n = values(a, record_column(a->r, (uint32_t)current, NULL), true);
    if (n >= FEW)
        *peak = (double)select_quantile(a->v, n, 0.999);
}

/* A supply that stood still takes the full scale of its family. */
static void adopt_peaks(struct learner *a, const bool learned[])
{
    const struct fleet *f = a->f;
    float *peaks = xcalloc(f->n_supplies, sizeof *peaks);
    for (size_t g = 0; g < f->groups[GROUP_FAMILY].n; g++) {
        size_t n = 0;
        for (size_t s = 0; s < f->n_supplies; s++)
            if (f->supplies[s].group[GROUP_FAMILY] == (int32_t)g && a->p->scale[s].peak > 0)
                peaks[n++] = (float)a->p->scale[s].peak;
        double median = n ? (double)select_median(peaks, n) : (double)NAN;
        for (size_t s = 0; s < f->n_supplies; s++) {
            double *peak = &a->p->scale[s].peak;
            if (f->supplies[s].group[GROUP_FAMILY] == (int32_t)g && learned[s] &&
                !(*peak > (double)MODE_OFF_BELOW * median))
                *peak = median;
        }
    }
    free(peaks);
}

static void learn_dac(struct learner *a, uint32_t supply)
{
    const struct supply *s = &a->f->supplies[supply];
    struct supply_scale *scale = &a->p->scale[supply];
    if (s->known[SIGNAL_DAC] < 0 || s->known[SIGNAL_CURRENT] < 0)
        return;
    const float *dac = record_column(a->r, (uint32_t)s->known[SIGNAL_DAC], NULL);
    const float *current = record_column(a->r, (uint32_t)s->known[SIGNAL_CURRENT], NULL);
    double di = 0, ii = 0;
    for (size_t k = 0; k < a->n; k += a->n / ENOUGH + 1) {
        double i = fabs((double)current[k] / scale->peak), d = fabs((double)dac[k]);
        if (!a->excluded[k] && i > ON_ABOVE && !isnan(d)) {
            di += d * i;
            ii += i * i;
        }
    }
    if (di > 0)
        scale->dac = di / ii;
}

/* How the current moves within three minutes, medians of three. */
static void learn_ramp(struct learner *a, uint32_t supply)
{
    int32_t channel = a->f->supplies[supply].known[SIGNAL_CURRENT];
    struct supply_scale *scale = &a->p->scale[supply];
    if (channel < 0 || !(scale->peak > 0))
        return;
    const float *c = record_column(a->r, (uint32_t)channel, NULL);
    size_t n = 0;
    for (size_t k = 5; k < a->n && n < ENOUGH; k += a->n / ENOUGH + 1) {
        float now = select_middle(c[k], c[k - 1], c[k - 2]);
        float then = select_middle(c[k - 3], c[k - 4], c[k - 5]);
        float off = MODE_OFF_BELOW * (float)scale->peak;
        if (!a->excluded[k] && !isnan(now + then) && (fabsf(now) > off || fabsf(then) > off))
            a->v[n++] = fabsf(now - then);
    }
    if (n < FEW)
        return;
    double sd = MAD_TO_SD * (double)select_median(a->v, n) / scale->peak;
    scale->ramp = clamp(8 * sd, 2e-3, 2e-2);
    scale->stir = clamp(sd, 3e-4, 1e-3);
}

static double least_step(struct learner *a, const float *c)
{
    size_t n = 0;
    for (size_t k = 1; k < a->n && n < ENOUGH_STEPS; k++) {
        float step = fabsf(c[k] - c[k - 1]);
        if (!a->excluded[k] && step > 0) /* not so for NaN */
            a->v[n++] = step;
    }
    if (n >= FEW)
        return (double)select_quantile(a->v, n, 0.05);
    n = values(a, c, true); /* it never moves: something far below what would matter */
    return 1e-6 * fmax(1, n ? (double)select_median(a->v, n) : 0);
}

static double robust_sd(float v[], size_t n)
{
    float median = select_median(v, n);
    for (size_t i = 0; i < n; i++)
        v[i] = fabsf(v[i] - median);
    return MAD_TO_SD * (double)select_median(v, n);
}

/* Robust spread of the medians of hours that are at least half there; 0 without any. */
static double hourly_spread(struct learner *a, const float *c)
{
    size_t hour = (size_t)(NS_PER_HOUR / a->p->period), hours = 0;
    hour = hour > 0 ? hour : 1;
    float *buffer = xcalloc(hour, sizeof *buffer);
    for (size_t k = 0; k + hour <= a->n && hours < ENOUGH; k += hour) {
        size_t n = 0;
        for (size_t j = k; j < k + hour; j++)
            if (!a->excluded[j] && !isnan(c[j]))
                buffer[n++] = c[j];
        if (n > 0 && 2 * n >= hour)
            a->v[hours++] = select_median(buffer, n);
    }
    free(buffer);
    return hours >= FEW ? robust_sd(a->v, hours) : 0;
}

static void learn_levels(struct learner *a, uint32_t supply)
{
    for (size_t k = 0; k < a->l->n_levels[supply]; k++) {
        const struct feature_channel *c = feature_at(a->l, supply, k);
        size_t at = supply * a->p->levels + k;
        const float *column = record_column(a->r, c->channel, NULL);
        a->p->lsb[at] = least_step(a, column);
        if (c->kind != FEATURE_RAW)
            continue;
        size_t n = values(a, column, false);
        if (n >= FEW)
            a->p->coef[at][0] = (double)select_median(a->v, n);
        a->p->min_effect[at] = fmax(3 * hourly_spread(a, column), a->p->lsb[at]);
    }
}

void learn_channels(struct physics *p, const struct fleet *f, const struct feature_layout *l,
                    const struct record *r, const struct maintenance *m)
{
    struct learner a = {.p = p, .f = f, .l = l, .r = r, .n = record_minutes(r)};
    a.excluded = xcalloc(a.n, sizeof *a.excluded);
    a.v = xcalloc(ENOUGH, sizeof *a.v);
    bool *learned = xcalloc(f->n_supplies, sizeof *learned);
    for (uint32_t s = 0; s < f->n_supplies; s++) {
        p->scale[s] = drivers_default_scale(f, s);
        learned[s] = f->supplies[s].known[SIGNAL_CURRENT] >= 0 && isnan(p->scale[s].peak);
        if (learned[s])
            exclude(&a, m, s);
        learn_peak(&a, s);
    }
    adopt_peaks(&a, learned);
    for (uint32_t s = 0; s < f->n_supplies; s++) {
        exclude(&a, m, s);
        learn_dac(&a, s);
        learn_ramp(&a, s);
        learn_levels(&a, s);
    }
    free(learned);
    free(a.excluded);
    free(a.v);
}
