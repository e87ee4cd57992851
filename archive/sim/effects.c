/* Physics after docs/power-supplies.md §8: magnet temperature = water + rise · i² (low-passed) / flow, coil
 * resistance +0.393 % per K, IGBT and capacitors above the air by linear and quadratic losses. Healthy
 * temperatures wander by 0.1 K with a time constant of 5 days (docs/detection.md §10), beside noise of their
 * own. SPDX-License-Identifier: MIT */
#include "archive/sim/effects.h"

#include "archive/sim/ambient.h"
#include "archive/sim/event_effects.h"
#include "archive/sim/fault_effects.h"
#include "archive/sim/physics_b.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COPPER_PER_K 0.00393
#define RESISTANCE_AT_C 40.0
#define WANDER_SD 0.1
#define WANDER_NODES_PER_DAY 4
#define WANDER_TAU_DAYS 5.0
#define WANDER_BURN_IN (35 * WANDER_NODES_PER_DAY)
#define OWN_BURN_IN_MIN 360
#define CURRENT_FLOOR 5e-6 /* of peak: read-back noise at zero */

/* Ornstein-Uhlenbeck of days, every six hours and lines between. */
static void add_wander(const struct sim *s, uint64_t key, int64_t day, double v[DAY_LEN])
{
    double node[WANDER_NODES_PER_DAY + 2];
    double a = exp(-1 / (WANDER_NODES_PER_DAY * WANDER_TAU_DAYS)), y = 0;
    double step = WANDER_SD * sqrt(1 - a * a);
    int64_t first = day * WANDER_NODES_PER_DAY - 1;
    for (int64_t k = -WANDER_BURN_IN; k < WANDER_NODES_PER_DAY + 2; k++) {
        y = a * y + step * sim_gauss(s, key, first + k);
        if (k >= 0)
            node[k] = y;
    }
    const int apart = MINUTES_PER_DAY / WANDER_NODES_PER_DAY;
    for (int k = 0; k < DAY_LEN; k++) {
        int m = k - 1 + apart;
        double share = m % apart / (double)apart;
        v[k] += node[m / apart] + share * (node[m / apart + 1] - node[m / apart]);
    }
}

static void add_own_noise(const struct sim *s, const struct unit *u, int signal, int64_t day,
                          double v[DAY_LEN])
{
    uint64_t key = random_mix(u->key[signal]);
    double a = exp(-1 / u->own_tau[signal]), y = 0;
    double step = u->own_sd[signal] * sqrt(1 - a * a);
    int64_t first = day * MINUTES_PER_DAY - 1;
    for (int64_t k = -OWN_BURN_IN_MIN; k < DAY_LEN; k++) {
        y = a * y + step * sim_gauss(s, key, first + k);
        if (k >= 0)
            v[k] += y;
    }
}

/* Every supply of the fed feeders dips for a sample: most, not all. */
static void apply_sags(const struct sim *s, const struct unit *u, int64_t day, struct supply_day *p)
{
    int minute[2], feeder[2];
    int n = calendar_sags(&s->calendar, day, minute, feeder);
    for (int i = 0; i < n; i++) {
        bool hit = feeder[i] < 0 || feeder[i] == (int)u->feeder;
        if (!hit || random_unit(random_at(u->cycling_key, day * 4 + i)) > 0.6)
            continue;
        p->value[SIGNAL_CURRENT][minute[i] + 1] *= 0.997;
        p->value[SIGNAL_VOLTAGE][minute[i] + 1] *= 0.985;
    }
}

/* Of the plain ring: above the air by the losses, above the water by the square of the current. */
static void temperatures(const struct unit *u, const float air[DAY_LEN], const float water[DAY_LEN],
                         struct supply_day *p)
{
    const struct drive *d = &p->drive;
    for (int k = 0; k < DAY_LEN; k++) {
        int n = DRIVE_DAY - 1 + k;
        p->value[SIGNAL_CAPACITOR_TEMPERATURE][k] = (double)air[k] + 3 +
                                                    u->capacitor_linear * (double)d->capacitor_linear[n] +
                                                    u->capacitor_square * (double)d->capacitor_square[n];
        p->value[SIGNAL_IGBT_TEMPERATURE][k] = (double)air[k] + 6 +
                                               u->igbt_linear * (double)d->igbt_linear[n] +
                                               u->igbt_square * (double)d->igbt_square[n];
        p->value[SIGNAL_MAGNET_TEMPERATURE][k] = (double)water[k] + u->water_rise * (double)d->coil[n];
    }
}

/* Air and water of a supply on a day, with what events do to them. */
static void surroundings(struct sim *s, uint32_t supply, int64_t day, float air[DAY_LEN],
                         float water[DAY_LEN])
{
    const struct unit *u = &s->units[supply];
    const struct ambient_day *a = cache_get(s->air_days, day_key(u->sector, day));
    const struct ambient_day *w = cache_get(s->water_days, day_key(u->loop, day));
    memcpy(air, a->value, sizeof a->value);
    memcpy(water, w->value, sizeof w->value);
    cache_release(s->air_days, a);
    cache_release(s->water_days, w);
    if (s->n_events)
        events_move_ambient(s, supply, day, air, water);
}

static void electrical(const struct unit *u, struct supply_day *p)
{
    const double *magnet = p->value[SIGNAL_MAGNET_TEMPERATURE];
    for (int k = 0; k < DAY_LEN; k++) {
        int n = DRIVE_DAY - 1 + k;
        double i = (double)p->drive.i[n], amperes = i * u->peak;
        double ohm = u->resistance * (1 + COPPER_PER_K * (magnet[k] - RESISTANCE_AT_C)) + u->cable;
        p->value[SIGNAL_CURRENT][k] = amperes;
        p->value[SIGNAL_VOLTAGE][k] = amperes * ohm;
        p->value[SIGNAL_DAC][k] = p->drive.dac[n];
        p->noise[SIGNAL_CURRENT][k] = (float)(u->peak * (u->noise[SIGNAL_CURRENT] * fabs(i) + CURRENT_FLOOR));
        p->noise[SIGNAL_VOLTAGE][k] =
            (float)(i == 0 ? 0.1 * u->noise[SIGNAL_VOLTAGE] : u->noise[SIGNAL_VOLTAGE]);
    }
}

static void sensors(const struct sim *s, const struct unit *u, int64_t day, struct supply_day *p)
{
    static const int signals[] = {SIGNAL_CAPACITOR_TEMPERATURE, SIGNAL_MAGNET_TEMPERATURE,
                                  SIGNAL_IGBT_TEMPERATURE};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int c = signals[i];
        for (int k = 0; k < DAY_LEN; k++) {
            p->value[c][k] += u->sensor_offset[c];
            p->noise[c][k] = (float)u->noise[c];
        }
        add_wander(s, random_at(u->wander_key, c), day, p->value[c]);
        add_own_noise(s, u, c, day, p->value[c]);
    }
}

/* A day of a supply that is unit u. */
static void make_as(struct sim *s, uint32_t supply, const struct unit *u, int64_t day, struct supply_day *p)
{
    float air[DAY_LEN], water[DAY_LEN];
    bool b = s->options.physics == SIM_PHYSICS_B;
    drive_make(s, supply, u, day, &p->drive);
    surroundings(s, supply, day, air, water);
    if (b)
        physics_b_temperatures(s, u, day, air, water, p);
    else
        temperatures(u, air, water, p);
    events_heat_magnet(s, supply, day, p);
    faults_heat_magnet(s, supply, day, p);
    electrical(u, p); /* of the true coil: what the sensor adds comes after */
    if (b)
        physics_b_measure(s, u, day, air, p);
    sensors(s, u, day, p);
    events_act(s, supply, day, p);
    faults_act(s, supply, day, p);
    apply_sags(s, u, day, p);
}

static const struct renewal *renewal_of(const struct sim *s, uint32_t supply)
{
    for (size_t i = 0; i < s->n_renewals; i++)
        if (s->renewals[i].supply == supply)
            return &s->renewals[i];
    return NULL;
}

/* The minutes before index `until` as the unit was that was there before. */
static void put_before(struct sim *s, uint32_t supply, int64_t day, int until, struct supply_day *p)
{
    struct supply_day *before = xcalloc(1, sizeof *before);
    make_as(s, supply, &s->units[supply], day, before);
    for (int c = 0; c < SIGNAL_KNOWN; c++) {
        memcpy(p->value[c], before->value[c], (size_t)until * sizeof p->value[c][0]);
        memcpy(p->noise[c], before->noise[c], (size_t)until * sizeof p->noise[c][0]);
    }
    free(before);
}

void effects_make(struct sim *s, uint32_t supply, int64_t day, struct supply_day *p)
{
    const struct renewal *r = renewal_of(s, supply);
    bool renewed = r && r->at < (day + 1) * NS_PER_DAY;
    make_as(s, supply, renewed ? &r->unit : &s->units[supply], day, p);
    if (renewed && r->at > day * NS_PER_DAY)
        put_before(s, supply, day, index_of(r->at, day), p);
}
