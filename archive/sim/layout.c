/* The ring as built. Proportions are those of the old APS ring (40 sectors of 10 quadrupoles, 7 sextupoles,
 * 8 horizontal and 8 vertical correctors); resistances, peak currents and water temperature rises are those
 * of its magnet tables, the quadrupole's an estimate; the rest is judgement inside published limits.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/layout.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct design {
    const char *name;
    char letter;
    uint32_t per_sector;
    double peak, resistance, water_rise; /* A, ohm, K */
    double low, high;                    /* of the nominal i */
};

static const struct design designs[FAMILY_COUNT] = {
    [FAMILY_QUADRUPOLE] = {"quadrupole", 'Q', 10, 460, 0.040, 10, 0.50, 0.92},
    [FAMILY_SEXTUPOLE] = {"sextupole", 'S', 7, 161, 0.110, 9, 0.45, 0.90},
    [FAMILY_HORIZONTAL] = {"horizontal_corrector", 'H', 8, 124, 0.118, 13, -0.6, 0.6},
    [FAMILY_VERTICAL] = {"vertical_corrector", 'V', 8, 127, 0.072, 17, -0.6, 0.6},
};

static const struct {
    const char *name, *suffix, *unit;
} signals[SIGNAL_KNOWN] = {
    [SIGNAL_CAPACITOR_TEMPERATURE] = {"capacitor_temperature", "CapTempM", "°C"},
    [SIGNAL_CURRENT] = {"current", "CurrentM", "A"},
    [SIGNAL_MAGNET_TEMPERATURE] = {"magnet_temperature", "MagTempM", "°C"},
    [SIGNAL_DAC] = {"dac", "DacC", "code"},
    [SIGNAL_IGBT_TEMPERATURE] = {"igbt_temperature", "IgbtTempM", "°C"},
    [SIGNAL_VOLTAGE] = {"voltage", "VoltageM", "V"},
};

const char *layout_family(enum family f)
{
    return designs[f].name;
}

const char *layout_signal(enum signal s)
{
    return signals[s].name;
}

const char *layout_suffix(enum signal s)
{
    return signals[s].suffix;
}

const char *layout_unit(enum signal s)
{
    return signals[s].unit;
}

void layout_sector_name(char out[LAYOUT_NAME], uint32_t sector)
{
    snprintf(out, LAYOUT_NAME, "S%02u", sector + 1);
}

void layout_group_name(char out[LAYOUT_NAME], enum group_kind g, const struct unit *u)
{
    switch (g) {
    case GROUP_WATER:
        if (u->manifold)
            snprintf(out, LAYOUT_NAME, "W%02u%c", u->sector + 1, u->manifold);
        else
            snprintf(out, LAYOUT_NAME, "W%02u", u->water + 1);
        break;
    case GROUP_RACK: snprintf(out, LAYOUT_NAME, "R%02u%c", u->sector + 1, (char)('A' + (int)u->rack)); break;
    case GROUP_FEEDER: snprintf(out, LAYOUT_NAME, "F%u", u->feeder + 1); break;
    default: layout_sector_name(out, u->sector);
    }
}

struct limits layout_limits(const struct unit *u, enum signal signal)
{
    double volts = u->peak * (designs[u->family].resistance * 1.1);
    switch (signal) {
    case SIGNAL_CAPACITOR_TEMPERATURE: return (struct limits){10, 55, 70, 100};
    case SIGNAL_MAGNET_TEMPERATURE: return (struct limits){10, 60, 75, 100};
    case SIGNAL_IGBT_TEMPERATURE: return (struct limits){10, 60, 80, 120};
    case SIGNAL_CURRENT:
        return (struct limits){u->corrector ? -u->peak : -u->peak / 100, u->peak, NAN, u->peak};
    case SIGNAL_DAC:
        return (struct limits){u->corrector ? -LAYOUT_DAC_FULL : 0, LAYOUT_DAC_FULL, NAN, LAYOUT_DAC_FULL};
    default: return (struct limits){u->corrector ? -1.3 * volts : -0.5, 1.3 * volts, NAN, volts};
    }
}

/* The k-th supply of a sector. Families are interleaved in proportion, so that a part of a sector is
 * mixed too: the next one is the family that lags most behind its share. */
static enum family family_of(uint32_t k, uint32_t *number)
{
    uint32_t count[FAMILY_COUNT] = {0};
    enum family best = FAMILY_QUADRUPOLE;
    for (uint32_t i = 0; i <= k; i++) {
        double lowest = INFINITY;
        for (int f = 0; f < FAMILY_COUNT; f++) {
            double filled = (count[f] + 0.5) / designs[f].per_sector;
            if (filled < lowest) {
                lowest = filled;
                best = (enum family)f;
            }
        }
        count[best]++;
    }
    *number = count[best];
    return best;
}

/* Draws in a fixed order: a stream of numbers of one supply. A new draw goes to the end, or every ring
 * becomes another one. */
struct draw {
    uint64_t key;
    int64_t n;
    const struct random_normal *normal;
};

static double uniform(struct draw *d, double low, double high)
{
    return random_between(random_at(d->key, d->n++), low, high);
}

static double gauss(struct draw *d, double sd)
{
    return sd * random_gauss(d->normal, (uint32_t)random_at(d->key, d->n++));
}

static void draw_physics(struct unit *u, struct draw *d)
{
    const struct design *k = &designs[u->family];
    u->corrector = u->family >= FAMILY_HORIZONTAL;
    u->peak = k->peak;
    u->setpoint = uniform(d, k->low, k->high);
    u->resistance = k->resistance * (1 + gauss(d, 0.02));
    u->cable = uniform(d, 0.001, 0.003);
    u->water_rise = k->water_rise * uniform(d, 0.9, 1.1);
    u->tau_coil = uniform(d, 1, 5);
    u->tau_igbt = uniform(d, 12, 18);
    u->tau_capacitor = uniform(d, 30, 90);
    u->igbt_linear = 8 * uniform(d, 0.85, 1.15);
    u->igbt_square = 9 * uniform(d, 0.85, 1.15);
    u->capacitor_linear = 2 * uniform(d, 0.8, 1.2);
    u->capacitor_square = 6 * uniform(d, 0.8, 1.2);
    u->gain = 1 + gauss(d, 200e-6);
    u->offset = gauss(d, 30e-6);
}

static bool is_temperature(int signal)
{
    return signal == SIGNAL_CAPACITOR_TEMPERATURE || signal == SIGNAL_MAGNET_TEMPERATURE ||
           signal == SIGNAL_IGBT_TEMPERATURE;
}

static void draw_channels(struct unit *u, struct draw *d)
{
    double scan = uniform(d, 0, 45e6); /* one controller scans its channels one after the other */
    for (int s = 0; s < SIGNAL_KNOWN; s++) {
        u->phase_us[s] = (uint32_t)(scan + s * 1.5e6 + uniform(d, 0, 1e6));
        u->nano[s] = (uint16_t)uniform(d, 0, 1000);
        u->codes[s] = 10; /* 0.1 K */
        u->deadband[s] = is_temperature(s) && uniform(d, 0, 1) < 0.2;
        if (!is_temperature(s))
            continue;
        u->noise[s] = uniform(d, 0.05, 0.15);
        u->own_sd[s] = uniform(d, 0.03, 0.08);
        u->own_tau[s] = uniform(d, 5, 60);
        u->sensor_offset[s] = gauss(d, 0.7);
    }
    u->noise[SIGNAL_CURRENT] = uniform(d, 30e-6, 50e-6);
    u->noise[SIGNAL_VOLTAGE] = uniform(d, 0.001, 0.005);
    u->codes[SIGNAL_CURRENT] = 65536 / u->peak; /* 15 ppm of full scale */
    u->codes[SIGNAL_DAC] = 1;
    u->codes[SIGNAL_VOLTAGE] = 10000;
    u->deadband[SIGNAL_DAC] = uniform(d, 0, 1) < 0.5;
}

/* Gains to air, water and mains differ by ±40 % from one to the next. */
static void draw_physics_b(struct unit_b *b, struct draw *d)
{
    b->fast_share = uniform(d, 0.4, 0.75);
    b->tau_fast = uniform(d, 2, 7);
    b->tau_slow = uniform(d, 20, 70);
    b->fan_on = uniform(d, 35, 43);
    b->fan_full = uniform(d, 0.6, 0.85);
    b->air_igbt = uniform(d, 0.6, 1.4);
    b->air_capacitor = uniform(d, 0.6, 1.4);
    b->water = 0.3 * uniform(d, 0.6, 1.4);
    b->mains_heat = 0.15 * uniform(d, 0.6, 1.4);
    b->mains_ripple = 0.06 * uniform(d, 0.6, 1.4);
    b->yoke_share = uniform(d, 0.08, 0.22);
    b->tau_yoke = uniform(d, 40, 120);
    b->skin = uniform(d, 0, 0.3);
    b->contact = uniform(d, 0.3e-3, 1.5e-3);
    b->contact_per_k = uniform(d, 0.008, 0.03);
    for (int s = 0; s < SIGNAL_KNOWN; s++)
        b->drift[s] = is_temperature(s) ? gauss(d, 0.05) : 0;
}

void layout_swap(struct unit *u, enum sim_physics physics, uint64_t key, const struct random_normal *normal)
{
    struct unit other = {.family = u->family};
    struct draw d = {.key = key, .normal = normal};
    draw_physics(&other, &d);
    draw_channels(&other, &d);
    u->tau_igbt = other.tau_igbt;
    u->tau_capacitor = other.tau_capacitor;
    u->igbt_linear = other.igbt_linear;
    u->igbt_square = other.igbt_square;
    u->capacitor_linear = other.capacitor_linear;
    u->capacitor_square = other.capacitor_square;
    u->gain = other.gain;
    u->offset = other.offset;
    if (physics == SIM_PHYSICS_B) {
        struct unit_b magnet = u->b;
        draw_physics_b(&u->b, &d);
        u->b.yoke_share = magnet.yoke_share;
        u->b.tau_yoke = magnet.tau_yoke;
        u->b.skin = magnet.skin;
        u->b.drift[SIGNAL_MAGNET_TEMPERATURE] = magnet.drift[SIGNAL_MAGNET_TEMPERATURE];
    }
    u->cable += 0.1 * (other.cable - u->cable); /* its own part of the way to the magnet */
    for (int s = 0; s < SIGNAL_KNOWN; s++) {
        if (s == SIGNAL_MAGNET_TEMPERATURE)
            continue;
        u->sensor_offset[s] = other.sensor_offset[s];
        u->noise[s] = other.noise[s];
        u->own_sd[s] = other.own_sd[s];
        u->own_tau[s] = other.own_tau[s];
    }
}

/* Racks of eight, the last with what is left over; water of two sectors or of half a sector. */
static void place(struct unit *u, uint32_t sector, uint32_t k, uint32_t size, bool manifolds)
{
    uint32_t racks = size < 16 ? 1 : size / 8;
    u->sector = sector;
    u->rack = k / 8 < racks ? k / 8 : racks - 1;
    u->loop = sector / 2; /* groups that share a cause cut across sectors as they do in a tunnel */
    u->water = u->loop;
    if (manifolds) {
        u->manifold = k < size / 2 ? 'A' : 'B';
        u->water = 2 * sector + (u->manifold == 'B');
    }
}

/* Sizes come in turn, over and over. */
static uint32_t size_of(const struct sim_options *o, uint32_t sector)
{
    uint32_t given = 0;
    while (given < SIM_SECTOR_SIZES && o->sector_sizes[given])
        given++;
    return given ? o->sector_sizes[sector % given] : SIM_SECTOR_SIZE;
}

/* Places all of them; returns the number of sectors. The last sector may be a part of one. */
static uint32_t place_all(struct unit units[], const struct sim_options *o, uint32_t place_in_sector[])
{
    uint32_t sector = 0, k = 0;
    for (uint32_t i = 0; i < o->supplies; i++, k++) {
        if (k == size_of(o, sector)) {
            sector++;
            k = 0;
        }
        place(&units[i], sector, k, size_of(o, sector), o->manifolds);
        place_in_sector[i] = k;
    }
    return sector + 1;
}

void layout_fill(struct unit units[], const struct sim_options *o, const struct random_normal *normal)
{
    uint32_t *k = xcalloc(o->supplies, sizeof *k);
    uint32_t sectors = place_all(units, o, k);
    uint64_t seed = o->seed;
    for (uint32_t i = 0; i < o->supplies; i++) {
        struct unit *u = &units[i];
        uint32_t number;
        u->feeder = u->sector * 4 / sectors;
        u->family = family_of(k[i], &number);
        snprintf(u->name, sizeof u->name, "S%02u:%c%u", u->sector + 1, designs[u->family].letter, number);
        struct draw d = {.key = random_key(seed, 'U', i), .normal = normal};
        draw_physics(u, &d);
        draw_channels(u, &d);
        struct draw more = {.key = random_key(seed, 'V', i), .normal = normal};
        if (o->physics == SIM_PHYSICS_B)
            draw_physics_b(&u->b, &more);
        for (uint32_t s = 0; s < SIGNAL_KNOWN; s++)
            u->key[s] = random_key(seed, 'C', (uint64_t)i * SIGNAL_KNOWN + s);
        u->motion_key = random_key(seed, 'M', i);
        u->setpoint_key = random_key(seed, 'P', i);
        u->wander_key = random_key(seed, 'W', i);
        u->cycling_key = random_key(seed, 'Y', i);
    }
    free(k);
}
