/* Which features each supply has; see layout.h. SPDX-License-Identifier: MIT */
#include "features/layout.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MIN_TEMPERATURE 0.5 /* K; the minimum effects of detection by residuals */
#define MIN_CURRENT 30e-6   /* of full scale */
#define MIN_VOLTAGE 1.5e-4  /* V per A of full scale: about 0.2 % of V */

/* What explains a known signal, and how to say that. */
static const struct {
    enum feature_kind kind;
    bool needs_dac, common;
    const char *than;
} known[SIGNAL_KNOWN] = {
    [SIGNAL_CAPACITOR_TEMPERATURE] = {FEATURE_CAPACITOR, false, true, "what its current explains"},
    [SIGNAL_CURRENT] = {FEATURE_CURRENT, true, false, "what its DAC asks for"},
    [SIGNAL_MAGNET_TEMPERATURE] = {FEATURE_MAGNET, false, true, "what its current explains"},
    [SIGNAL_IGBT_TEMPERATURE] = {FEATURE_IGBT, false, true, "what its current explains"},
    [SIGNAL_VOLTAGE] = {FEATURE_VOLTAGE, false, false, "what its current and the sector's water explain"},
};

static double known_min_effect(enum feature_kind kind, double range)
{
    switch (kind) {
    case FEATURE_CAPACITOR:
    case FEATURE_MAGNET:
    case FEATURE_IGBT: return MIN_TEMPERATURE;
    case FEATURE_CURRENT: return MIN_CURRENT * range;
    case FEATURE_VOLTAGE: return MIN_VOLTAGE * range;
    case FEATURE_RAW: break;
    }
    return NAN;
}

static struct feature_channel describe(const struct feature_layout *l, const struct fleet *f,
                                       uint32_t channel)
{
    const struct channel *c = &f->channels[channel];
    const struct supply *s = &f->supplies[c->supply];
    struct feature_channel out = {
        .channel = channel,
        .kind = FEATURE_RAW,
        .min_effect = NAN,
        .label = l->label[c->signal],
        .than = "its reference",
    };
    if (c->signal >= SIGNAL_KNOWN)
        return out;
    out.common = known[c->signal].common;
    int32_t current = s->known[SIGNAL_CURRENT];
    if (current < 0 || (known[c->signal].needs_dac && s->known[SIGNAL_DAC] < 0))
        return out;
    out.kind = known[c->signal].kind;
    out.than = known[c->signal].than;
    out.min_effect = known_min_effect(out.kind, f->channels[current].range);
    return out;
}

struct feature_layout *feature_layout_new(const struct fleet *f)
{
    struct feature_layout *l = xcalloc(1, sizeof *l);
    l->n_supplies = f->n_supplies;
    l->n_levels = xcalloc(f->n_supplies, sizeof *l->n_levels);
    l->label = xcalloc(f->signals.n, sizeof *l->label);
    for (size_t i = 0; i < f->signals.n; i++)
        words_signal(l->label[i], f->signals.name[i]);
    for (size_t s = 0; s < f->n_supplies; s++) {
        const struct supply *u = &f->supplies[s];
        size_t n = u->n_channels - (u->known[SIGNAL_DAC] >= 0); /* the DAC only explains */
        l->n_levels[s] = (uint32_t)n;
        l->levels = l->n_levels[s] > l->levels ? l->n_levels[s] : l->levels;
    }
    l->width = 2 * l->levels;
    l->channel = xcalloc(f->n_supplies * l->levels, sizeof *l->channel);
    for (size_t s = 0; s < f->n_supplies; s++) {
        const struct supply *u = &f->supplies[s];
        size_t level = 0;
        for (uint32_t c = u->first_channel; level < l->n_levels[s]; c++)
            if (f->channels[c].signal != SIGNAL_DAC)
                l->channel[s * l->levels + level++] = describe(l, f, c);
    }
    return l;
}

int32_t feature_level(const struct feature_layout *l, const struct fleet *f, size_t supply,
                      const char *signal)
{
    for (size_t k = 0; k < l->n_levels[supply]; k++)
        if (strcmp(f->signals.name[f->channels[feature_at(l, supply, k)->channel].signal], signal) == 0)
            return (int32_t)k;
    return -1;
}

struct layout_map *layout_map_new(const struct fleet *then, const struct feature_layout *from,
                                  const struct fleet *now, const struct feature_layout *to)
{
    struct layout_map *m = xcalloc(1, sizeof *m);
    *m = (struct layout_map){.then = then,
                             .now = now,
                             .from = from,
                             .to = to,
                             .supply = xcalloc(now->n_supplies, sizeof *m->supply),
                             .level = xcalloc(now->n_supplies * to->levels, sizeof *m->level)};
    for (uint32_t i = 0; i < now->n_supplies; i++) {
        char words[200];
        int32_t j = fleet_supply(then, now->supplies[i].name);
        bool same = j >= 0 && !fleet_supply_differs(now, i, then, (uint32_t)j, words, sizeof words);
        m->supply[i] = same ? j : -1;
        m->known += same;
        for (size_t l = 0; l < to->levels; l++) {
            const char *signal = l < to->n_levels[i]
                                     ? now->signals.name[now->channels[feature_at(to, i, l)->channel].signal]
                                     : NULL;
            m->level[i * to->levels + l] = same && signal ? feature_level(from, then, (size_t)j, signal) : -1;
        }
    }
    return m;
}

void layout_map_free(struct layout_map *m)
{
    if (!m)
        return;
    free(m->supply);
    free(m->level);
    free(m);
}

int32_t layout_map_column(const struct layout_map *m, size_t supply, size_t c)
{
    int32_t level = m->level[supply * m->to->levels + c % m->to->levels];
    return level < 0 || c < m->to->levels ? level : level + (int32_t)m->from->levels;
}

void feature_layout_free(struct feature_layout *l)
{
    if (!l)
        return;
    free(l->n_levels);
    free(l->channel);
    free(l->label);
    free(l);
}
