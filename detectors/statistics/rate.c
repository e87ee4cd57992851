/* Rate: two rising minutes of a magnet's temperature above what its current explains, with the voltage as
 * witness: a coil that heats by the minute has lost its cooling water. See rate.h; docs/detection.md §4.
 * SPDX-License-Identifier: MIT */
#include "detectors/statistics/rate.h"

#include "base/mem.h"
#include "detectors/statistics/statistic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SHARE_OF_ONE 0.3f
#define COIL_PER_KELVIN 0.00393 /* copper, docs/power-supplies.md §8.1 */
#define WITNESS_SHARE 0.4       /* of the voltage that the rise should make */
#define WITNESS_NOISE 3.0       /* sd of the voltage residual that it must pass at least */
#define VOLTS_KEPT 4            /* minutes of voltage residuals, for the witness */

void rate_init(struct rate *r, size_t n)
{
    *r = (struct rate){.n = n, .before = xcalloc(n, sizeof *r->before), .last = xcalloc(n, sizeof *r->last)};
    for (size_t i = 0; i < n; i++)
        r->before[i] = r->last[i] = NAN;
}

void rate_fini(struct rate *r)
{
    free(r->before);
    free(r->last);
    *r = (struct rate){0};
}

void rate_step(struct rate *r, const float rise[], const bool usable[], float out[])
{
    for (size_t i = 0; i < r->n; i++) {
        float now = usable[i] ? rise[i] : NAN;
        float first = r->last[i] - r->before[i], second = now - r->last[i];
        float least = first < second ? first : second, both = first + second;
        out[i] = isnan(both) ? NAN : least / SHARE_OF_ONE < both ? least / SHARE_OF_ONE : both;
        r->before[i] = r->last[i];
        r->last[i] = now;
    }
}

/* ---- the statistic ---- */

struct live {
    struct place place;
    struct rate rate;
    float *volts; /* [VOLTS_KEPT][S] residual of the voltage, newest at volts_at */
    size_t volts_at;
    int32_t *volts_level, *magnet_level; /* [S] levels of the supply's row; -1 */
};

static void *open(const struct place *p)
{
    struct live *l = xcalloc(1, sizeof *l);
    size_t n = p->fleet->n_supplies;
    l->place = *p;
    rate_init(&l->rate, n);
    l->volts = xcalloc(n * VOLTS_KEPT, sizeof *l->volts);
    l->volts_level = xcalloc(n, sizeof *l->volts_level);
    l->magnet_level = xcalloc(n, sizeof *l->magnet_level);
    for (size_t i = 0; i < n * VOLTS_KEPT; i++)
        l->volts[i] = NAN;
    for (size_t i = 0; i < n; i++) {
        l->volts_level[i] = l->magnet_level[i] = -1;
        for (size_t k = 0; k < p->layout->n_levels[i]; k++) {
            enum feature_kind kind = feature_at(p->layout, i, k)->kind;
            if (kind == FEATURE_VOLTAGE)
                l->volts_level[i] = (int32_t)k;
            if (kind == FEATURE_MAGNET)
                l->magnet_level[i] = (int32_t)k;
        }
    }
    return l;
}

static void close(void *live)
{
    struct live *l = live;
    rate_fini(&l->rate);
    free(l->volts);
    free(l->volts_level);
    free(l->magnet_level);
    free(l);
}

static void minute(void *live, const struct minute *m, float *const figure[])
{
    struct live *l = live;
    size_t n = l->place.fleet->n_supplies, w = l->place.layout->width;
    rate_step(&l->rate, m->features->rise, m->usable, figure[0]);
    l->volts_at = (l->volts_at + 1) % VOLTS_KEPT;
    for (size_t i = 0; i < n; i++) {
        int32_t level = l->volts_level[i];
        l->volts[l->volts_at * n + i] = level < 0 ? NAN : m->read[i * w + (size_t)level];
    }
}

static bool judges(const void *live, size_t supply)
{
    return ((const struct live *)live)->magnet_level[supply] >= 0;
}

/* Whether the voltage rose as a coil that much hotter demands. */
static bool voltage_agrees(const struct live *l, size_t i, const struct frame *in, double kelvin)
{
    int32_t level = l->volts_level[i], v = l->place.fleet->supplies[i].known[SIGNAL_VOLTAGE];
    if (level < 0 || v < 0)
        return false;
    size_t n = l->place.fleet->n_supplies;
    float now = l->volts[l->volts_at * n + i];
    float before = l->volts[(l->volts_at + VOLTS_KEPT - 2) % VOLTS_KEPT * n + i];
    double volts = (double)in->value[v], rise = (double)(now - before) * (volts < 0 ? -1 : 1);
    double expected = COIL_PER_KELVIN * fabs(volts) * kelvin;
    double spread = (double)l->place.reference->spread[i * l->place.layout->width + (size_t)level];
    return rise >= WITNESS_SHARE * expected && rise >= WITNESS_NOISE * spread;
}

static void say(const void *live, const struct minute *m, size_t supply, double value, struct finding *out)
{
    const struct live *l = live;
    const struct fleet *f = l->place.fleet;
    const struct feature_channel *magnet =
        feature_at(l->place.layout, supply, (size_t)l->magnet_level[supply]);
    out->witness = voltage_agrees(l, supply, m->frame, value);
    out->class = out->witness ? CLASS_EQUIPMENT : CLASS_SENSOR;
    out->onset = m->frame->t - 2 * l->place.period;
    out->size = value / (2 * (double)l->place.period / (double)NS_PER_MIN);
    out->direction = DIRECTION_UP;
    snprintf(out->signal, sizeof out->signal, "%s", f->signals.name[f->channels[magnet->channel].signal]);
    snprintf(out->unit, sizeof out->unit, "K/min");
    snprintf(out->reason, sizeof out->reason,
             "magnet temperature rises by %.2g K a minute more than its current explains%s", out->size,
             out->witness ? ", and the voltage with it: cooling water"
                          : "; the voltage does not agree: sensor");
}

static void say_group(size_t moved, size_t members, struct finding *strongest)
{
    snprintf(strongest->reason, sizeof strongest->reason,
             "magnet temperature rises in %zu of %zu supplies together, by up to %.2g K a minute", moved,
             members, strongest->size);
}

extern const struct statistic statistic_rate;
const struct statistic statistic_rate = {
    .name = "rate",
    .words = "rise of the magnet's temperature within minutes",
    .action = "check water flow now: the coil heats by the minute",
    .figure = {{"rise", "rise in two minutes", "K", false, false, NULL}},
    .share = 0.1,
    .least = 2, /* K in two minutes */
    .memory = 5 * NS_PER_MIN,
    .open = open,
    .close = close,
    .minute = minute,
    .judges = judges,
    .say = say,
    .say_group = say_group,
};
