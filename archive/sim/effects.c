/* Physics after docs/power-supplies.md §8: magnet temperature = water + rise · i² (low-passed) / flow, coil
 * resistance +0.393 % per K, IGBT and capacitors above the air by linear and quadratic losses. Healthy
 * temperatures wander by 0.1 K with a time constant of 5 days (docs/detection.md §10), beside noise of their
 * own. SPDX-License-Identifier: MIT */
#include "archive/sim/effects.h"

#include "archive/sim/ambient.h"

#include <math.h>

#define COPPER_PER_K 0.00393
#define RESISTANCE_AT_C 40.0
#define WANDER_SD 0.1
#define WANDER_NODES_PER_DAY 4
#define WANDER_TAU_DAYS 5.0
#define WANDER_BURN_IN (35 * WANDER_NODES_PER_DAY)
#define OWN_BURN_IN_MIN 360
#define CURRENT_FLOOR 5e-6 /* of peak: read-back noise at zero */

static double gauss(const struct sim *s, uint64_t key, int64_t counter)
{
    return random_gauss(&s->normal, (uint32_t)random_at(key, counter));
}

/* Ornstein-Uhlenbeck of days, every six hours and lines between. */
static void add_wander(const struct sim *s, uint64_t key, int64_t day, double v[DAY_LEN])
{
    double node[WANDER_NODES_PER_DAY + 2];
    double a = exp(-1 / (WANDER_NODES_PER_DAY * WANDER_TAU_DAYS)), y = 0;
    double step = WANDER_SD * sqrt(1 - a * a);
    int64_t first = day * WANDER_NODES_PER_DAY - 1;
    for (int64_t k = -WANDER_BURN_IN; k < WANDER_NODES_PER_DAY + 2; k++) {
        y = a * y + step * gauss(s, key, first + k);
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
        y = a * y + step * gauss(s, key, first + k);
        if (k >= 0)
            v[k] += y;
    }
}

/* Minutes since the onset of a fault at index k; negative before. */
static double since(const struct sim_fault *f, int64_t day, int k)
{
    return (double)(day * NS_PER_DAY + (k - 1) * NS_PER_MIN - f->onset) / (double)NS_PER_MIN;
}

/* Index of the first minute at or after t. Index 0 is the last minute of the day before: a dead-band and a
 * frozen value need to know what was. */
static int index_of(tstamp_ns t, int64_t day)
{
    int64_t k = (t - day * NS_PER_DAY + NS_PER_MIN - 1) / NS_PER_MIN + 1;
    return k < 0 ? 0 : k > DAY_LEN ? DAY_LEN : (int)k;
}

static double ramp(double minutes, double over)
{
    return minutes <= 0 ? 0 : minutes >= over ? 1 : minutes / over;
}

/* Extra temperature of a magnet whose water is lost: rises until the trip, then fades. */
static double water_lost(const struct sim_fault *f, double minutes)
{
    double until_trip = (double)(f->trip - f->onset) / (double)NS_PER_MIN;
    if (minutes <= 0)
        return 0;
    return minutes < until_trip ? f->size * minutes : f->size * until_trip * exp((until_trip - minutes) / 15);
}

/* Faults of the magnet's water act on the magnet itself, so that the voltage sees them too. */
static void heat_magnet(const struct sim_fault *f, int64_t day, struct supply_day *p)
{
    double *magnet = p->value[SIGNAL_MAGNET_TEMPERATURE];
    for (int k = index_of(f->onset, day); k < index_of(f->end, day); k++) {
        double minutes = since(f, day, k);
        const double q = (double)p->drive.coil[DRIVE_DAY - 1 + k];
        magnet[k] += f->mode == FAULT_WATER_LOST ? water_lost(f, minutes)
                                                 : f->size * q / 0.49 * ramp(minutes, 720);
    }
}

/* A fan that stops: the heat sink settles higher in proportion to the loss, and hunts. */
static void fan(const struct sim_fault *f, const struct unit *u, int64_t day, struct supply_day *p)
{
    double full = fmax(0.1, fabs(u->setpoint));
    double period = random_between(random_at(f->key, 40), 11, 17);
    for (int k = index_of(f->onset, day); k < index_of(f->end, day); k++) {
        double minutes = since(f, day, k);
        double load = fmin(1.2, (double)p->drive.igbt_linear[DRIVE_DAY - 1 + k] / full);
        double rise = f->size * load * (1 - exp(-minutes / 15));
        double hunting = 0.12 * rise * sin(2 * M_PI * minutes / period);
        p->value[SIGNAL_IGBT_TEMPERATURE][k] += rise + hunting;
        p->value[SIGNAL_CAPACITOR_TEMPERATURE][k] += 0.33 * rise;
    }
}

/* A joint that makes contact and loses it again every twenty minutes or so. */
static void joint(const struct sim *s, const struct sim_fault *f, int64_t day, struct supply_day *p)
{
    uint64_t spell = random_mix(f->key), jitter = random_mix(spell);
    for (int k = index_of(f->onset, day); k < index_of(f->end, day); k++) {
        int64_t minute = day * MINUTES_PER_DAY + k - 1;
        double i = (double)p->drive.i[DRIVE_DAY - 1 + k];
        bool loose = random_unit(random_at(spell, minute / 20)) < 0.7;
        double x = loose ? 0.5 + 0.7 * fabs(gauss(s, jitter, minute)) : 0.1;
        double grown = 0.5 + 0.5 * ramp(since(f, day, k), 2880);
        p->value[SIGNAL_VOLTAGE][k] += f->size * 1e-3 * i / 0.7 * x * grown;
    }
}

static void noisy_current(const struct sim *s, const struct sim_fault *f, int64_t day, struct supply_day *p)
{
    bool dcct = f->mode == FAULT_DCCT_NOISY;
    float current = (float)sqrt(f->size), voltage = dcct ? (float)sqrt(1 + 0.1 * (f->size - 1)) : current;
    double warm = dcct ? 0 : f->size > 4 ? 1.5 : 0.5;
    for (int k = index_of(f->onset, day); k < index_of(f->end, day); k++) {
        p->noise[SIGNAL_CURRENT][k] *= current;
        p->noise[SIGNAL_VOLTAGE][k] *= voltage;
        p->value[SIGNAL_IGBT_TEMPERATURE][k] += warm * ramp(since(f, day, k), 30);
        int64_t three_hours = (day * MINUTES_PER_DAY + k - 1) / 180;
        if (dcct)
            p->value[SIGNAL_CURRENT][k] += 0.5 * (double)p->noise[SIGNAL_CURRENT][k] *
                                           gauss(s, random_mix(f->key), three_hours);
    }
}

static void sensor(const struct sim *s, const struct sim_fault *f, int64_t day, struct supply_day *p)
{
    double *v = p->value[f->signal];
    for (int k = index_of(f->onset, day); k < index_of(f->end, day); k++) {
        if (f->kind == SENSOR_OFFSET)
            v[k] += f->size;
        else if (f->kind == SENSOR_NOISY)
            v[k] += f->size * gauss(s, f->key, day * MINUTES_PER_DAY + k);
    }
}

static bool acts(const struct sim *s, const struct sim_fault *f, uint32_t supply, int64_t day)
{
    return fault_concerns(f, supply, s->units[supply].sector) && f->onset < (day + 1) * NS_PER_DAY &&
           f->end > (day - 1) * NS_PER_DAY;
}

static void apply_fault(struct sim *s, const struct sim_fault *f, uint32_t supply, int64_t day,
                        struct supply_day *p)
{
    switch (f->mode) {
    case FAULT_FAN: fan(f, &s->units[supply], day, p); break;
    case FAULT_JOINT: joint(s, f, day, p); break;
    case FAULT_DCCT_NOISY:
    case FAULT_OSCILLATION: noisy_current(s, f, day, p); break;
    case FAULT_SENSOR: sensor(s, f, day, p); break;
    default: break; /* water: before; trips: in the drive; data and stuck sensors: when sampled */
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

static void temperatures(struct sim *s, const struct unit *u, int64_t day, struct supply_day *p)
{
    const struct ambient_day *air = cache_get(s->air_days, day_key(u->sector, day));
    const struct ambient_day *water = cache_get(s->water_days, day_key(u->loop, day));
    const struct drive *d = &p->drive;
    for (int k = 0; k < DAY_LEN; k++) {
        int n = DRIVE_DAY - 1 + k;
        p->value[SIGNAL_CAPACITOR_TEMPERATURE][k] = (double)air->value[k] + 3 +
                                                    u->capacitor_linear * (double)d->capacitor_linear[n] +
                                                    u->capacitor_square * (double)d->capacitor_square[n];
        p->value[SIGNAL_IGBT_TEMPERATURE][k] = (double)air->value[k] + 6 +
                                               u->igbt_linear * (double)d->igbt_linear[n] +
                                               u->igbt_square * (double)d->igbt_square[n];
        p->value[SIGNAL_MAGNET_TEMPERATURE][k] = (double)water->value[k] + u->water_rise * (double)d->coil[n];
    }
    cache_release(s->air_days, air);
    cache_release(s->water_days, water);
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

void effects_make(struct sim *s, uint32_t supply, int64_t day, struct supply_day *p)
{
    const struct unit *u = &s->units[supply];
    drive_make(s, supply, day, &p->drive);
    temperatures(s, u, day, p);
    for (size_t i = 0; i < s->n_faults; i++) {
        const struct sim_fault *f = &s->faults[i];
        if ((f->mode == FAULT_WATER_LOST || f->mode == FAULT_WATER_PART) && acts(s, f, supply, day))
            heat_magnet(f, day, p);
    }
    electrical(u, p); /* of the true coil: what the sensor adds comes after */
    sensors(s, u, day, p);
    for (size_t i = 0; i < s->n_faults; i++)
        if (acts(s, &s->faults[i], supply, day))
            apply_fault(s, &s->faults[i], supply, day, p);
    apply_sags(s, u, day, p);
}
