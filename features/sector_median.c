/* Sector medians; see sector_median.h. SPDX-License-Identifier: MIT */
#include "features/sector_median.h"

#include "base/mem.h"
#include "features/drivers.h"
#include "features/select.h"

#include <math.h>
#include <stdlib.h>

#define WATER_TAU (5 * NS_PER_MIN)
#define WATER_BRIDGE (10 * NS_PER_MIN)

static const uint32_t signal_of[SECTOR_SIGNALS] = {SIGNAL_CAPACITOR_TEMPERATURE, SIGNAL_MAGNET_TEMPERATURE,
                                                   SIGNAL_IGBT_TEMPERATURE};

static void find_levels(struct sector_part *p, const struct fleet *f, const struct feature_layout *l,
                        uint32_t signal, const bool apart[])
{
    for (size_t s = 0; s < l->n_supplies; s++) {
        p->level[s] = -1;
        for (size_t k = 0; k < l->n_levels[s] && !(apart && apart[s]); k++)
            if (f->channels[feature_at(l, s, k)->channel].signal == signal)
                p->level[s] = (int32_t)k;
    }
}

/* Groups are the sectors, and after them the pool of the small ones. */
static void find_groups(struct sector_part *p, const struct fleet *f, size_t groups)
{
    size_t pool = groups - 1;
    uint32_t *count = xcalloc(groups, sizeof *count);
    for (size_t s = 0; s < f->n_supplies; s++)
        count[f->supplies[s].group[GROUP_SECTOR]] += p->level[s] >= 0;
    for (size_t g = 0; g < pool; g++)
        if (count[g] < MEDIAN_LEAST)
            count[pool] += count[g];
    for (size_t s = 0; s < f->n_supplies; s++) {
        int32_t g = f->supplies[s].group[GROUP_SECTOR];
        if (count[g] < MEDIAN_LEAST)
            g = count[pool] < MEDIAN_LEAST ? -1 : (int32_t)pool;
        p->group[s] = g;
        if (g >= 0 && p->level[s] >= 0)
            p->first[g + 1]++;
    }
    for (size_t g = 0; g < groups; g++) {
        p->first[g + 1] += p->first[g];
        count[g] = p->first[g];
    }
    for (size_t s = 0; s < f->n_supplies; s++)
        if (p->group[s] >= 0 && p->level[s] >= 0)
            p->member[count[p->group[s]]++] = (uint32_t)s;
    free(count);
}

struct sectors *sectors_new(const struct fleet *f, const struct feature_layout *l, const bool apart[])
{
    struct sectors *c = xcalloc(1, sizeof *c);
    c->n_supplies = f->n_supplies;
    c->groups = f->groups[GROUP_SECTOR].n + 1;
    c->scratch = xcalloc(f->n_supplies, sizeof *c->scratch);
    for (int i = 0; i < SECTOR_SIGNALS; i++) {
        struct sector_part *p = &c->part[i];
        p->level = xcalloc(f->n_supplies, sizeof *p->level);
        p->group = xcalloc(f->n_supplies, sizeof *p->group);
        p->first = xcalloc(c->groups + 1, sizeof *p->first);
        p->member = xcalloc(f->n_supplies, sizeof *p->member);
        find_levels(p, f, l, signal_of[i], apart);
        find_groups(p, f, c->groups);
    }
    return c;
}

void sectors_free(struct sectors *c)
{
    if (!c)
        return;
    for (int i = 0; i < SECTOR_SIGNALS; i++) {
        free(c->part[i].level);
        free(c->part[i].group);
        free(c->part[i].first);
        free(c->part[i].member);
    }
    free(c->scratch);
    free(c);
}

void sector_medians(struct sectors *c, enum sector_signal signal, const float *residual, size_t stride,
                    const uint8_t mode[], float median[])
{
    const struct sector_part *p = &c->part[signal];
    for (size_t g = 0; g < c->groups; g++) {
        size_t n = 0;
        for (uint32_t i = p->first[g]; i < p->first[g + 1]; i++) {
            uint32_t s = p->member[i];
            float r = residual[s * stride + (size_t)p->level[s]];
            if (mode[s] == MODE_STEADY && !isnan(r))
                c->scratch[n++] = r;
        }
        median[g] = n >= MEDIAN_LEAST ? select_median(c->scratch, n) : NAN;
    }
}

void water_clear(struct water w[], size_t n)
{
    for (size_t g = 0; g < n; g++)
        w[g] = (struct water){.value = (double)NAN};
}

void water_step(struct water *w, float median, tstamp_ns t)
{
    if (isnan(median)) {
        if (t - w->t > WATER_BRIDGE)
            w->value = NAN;
        return;
    }
    bool anew = isnan(w->value) || t - w->t > WATER_BRIDGE || t < w->t;
    struct banks banks = banks_at(t, w->t, WATER_STRETCH);
    double gain = lowpass_gain(t - w->t, WATER_TAU);
    for (unsigned b = 0; b < BANKS; b++) {
        if (anew || (banks.restart && b == banks.young))
            w->bank[b] = (double)median;
        else
            w->bank[b] += gain * ((double)median - w->bank[b]);
    }
    w->value = w->bank[banks.read];
    w->t = t;
}

double water_of(const struct sectors *c, const struct water w[], size_t supply)
{
    int32_t g = c->part[SECTOR_MAGNET].group[supply];
    return g < 0 ? 0 : w[g].value;
}
