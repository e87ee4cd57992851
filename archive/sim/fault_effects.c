/* What planted faults do to a supply's day, mode by mode; sizes in faults.h. A fault that ends by itself in
 * operation leaves its heat behind: temperatures fade with the time constant with which they rose.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/fault_effects.h"

#include <math.h>

#define SINK_MIN 15.0 /* time constant of a heat sink */
#define BANK_MIN 60.0 /* and of a bank of capacitors */
#define MINUTES_OF_DAYS(d) (1440.0 * (d))

/* How far a temperature has followed its fault; one that does not end by itself leaves nothing to fade. */
static double heat(const struct sim_fault *f, int64_t day, int k, double tau)
{
    return followed(f->onset, f->ended == SIM_BY_ITSELF ? f->end : SIM_FOR_EVER, day, k, tau);
}

/* The index at which nothing is left of it. */
static int over_at(const struct sim_fault *f, int64_t day, double tau)
{
    if (f->ended != SIM_BY_ITSELF)
        return index_of(f->end, day);
    return index_of(f->end + (tstamp_ns)(6 * tau * (double)NS_PER_MIN), day);
}

/* ---- the magnet ---- */

/* Extra temperature of a magnet whose water is lost: rises until the trip, then fades. */
static double water_lost(const struct sim_fault *f, double minutes)
{
    double until_trip = (double)(f->trip - f->onset) / (double)NS_PER_MIN;
    if (minutes <= 0)
        return 0;
    return minutes < until_trip ? f->size * minutes : f->size * until_trip * exp((until_trip - minutes) / 15);
}

/* Share of the true current by which a DCCT is off. */
static double drifted(const struct sim_fault *f, int64_t day, int k)
{
    return 1e-6 * f->size * ramp(minutes_since(f->onset, day, k), MINUTES_OF_DAYS(FAULT_DRIFT_DAYS));
}

/* Faults of the magnet act on it itself, so that the voltage sees them too. */
static void heat_magnet(const struct sim_fault *f, const struct unit *u, int64_t day, struct supply_day *p)
{
    double *magnet = p->value[SIGNAL_MAGNET_TEMPERATURE];
    double sign = random_at(f->key, 44) & 1 ? 1 : -1;
    for (int k = index_of(f->onset, day); k < index_of(f->end, day); k++) {
        double minutes = minutes_since(f->onset, day, k);
        const double q = (double)p->drive.coil[DRIVE_DAY - 1 + k];
        switch (f->mode) {
        case FAULT_WATER_LOST: magnet[k] += water_lost(f, minutes); break;
        case FAULT_WATER_PART: magnet[k] += f->size * q / 0.49 * ramp(minutes, 720); break;
        case FAULT_DCCT_DRIFT: magnet[k] += 2 * drifted(f, day, k) * u->water_rise * q; break;
        default: /* a short: fewer turns heat less, the shorted one heats where it is */
            magnet[k] += sign * 0.02 * f->size * q * u->water_rise * (1 - exp(-minutes / u->tau_coil));
        }
    }
}

/* ---- heat of the supply ---- */

/* A fan that stops: the heat sink settles higher in proportion to the loss, and hunts. */
static void fan(const struct sim_fault *f, const struct unit *u, int64_t day, struct supply_day *p)
{
    double period = random_between(random_at(f->key, 40), 11, 17);
    for (int k = index_of(f->onset, day); k < over_at(f, day, SINK_MIN); k++) {
        double minutes = minutes_since(f->onset, day, k);
        double rise = f->size * load_at(p->drive.igbt_linear, u, k) * heat(f, day, k, SINK_MIN);
        double hunting = 0.12 * rise * sin(2 * M_PI * minutes / period);
        p->value[SIGNAL_IGBT_TEMPERATURE][k] += rise + hunting;
        p->value[SIGNAL_CAPACITOR_TEMPERATURE][k] += 0.33 * rise;
    }
}

/* A gate driver that switches badly: one IGBT hot, a little noise. */
static void gate(const struct sim_fault *f, const struct unit *u, int64_t day, struct supply_day *p)
{
    for (int k = index_of(f->onset, day); k < over_at(f, day, SINK_MIN); k++) {
        double rise = f->size * load_at(p->drive.igbt_linear, u, k) * heat(f, day, k, SINK_MIN);
        p->value[SIGNAL_IGBT_TEMPERATURE][k] += rise;
        p->value[SIGNAL_CAPACITOR_TEMPERATURE][k] += 0.1 * rise;
        p->noise[SIGNAL_CURRENT][k] *= 1.15F;
    }
}

/* Dust, a filter, paste and solder: a thermal resistance that grows by the week. */
static void thermal_resistance(const struct sim_fault *f, const struct unit *u, int64_t day,
                               struct supply_day *p)
{
    double weeks = f->mode == FAULT_DUST ? 2 : 3, capacitor = f->mode == FAULT_DUST ? 0.4 : 0;
    for (int k = index_of(f->onset, day); k < index_of(f->end, day); k++) {
        double grown = fmin(1.3, minutes_since(f->onset, day, k) / MINUTES_OF_DAYS(7 * weeks));
        double rise = f->size * grown * load_at(p->drive.igbt_linear, u, k);
        p->value[SIGNAL_IGBT_TEMPERATURE][k] += rise;
        p->value[SIGNAL_CAPACITOR_TEMPERATURE][k] += capacitor * rise;
    }
}

/* Series resistance heats the bank, heat ages it further; the ripple that it no longer holds is aliased. */
static void capacitor_ageing(const struct sim_fault *f, const struct unit *u, int64_t day,
                             struct supply_day *p)
{
    static const double variance[] = {[SIM_SMALL] = 1.2, [SIM_MEDIUM] = 2, [SIM_LARGE] = 3};
    for (int k = index_of(f->onset, day); k < index_of(f->end, day); k++) {
        double grown = minutes_since(f->onset, day, k) / MINUTES_OF_DAYS(21);
        double aged = fmin(1.5, grown * grown);
        float noise = (float)sqrt(1 + (variance[f->level] - 1) * aged);
        p->value[SIGNAL_CAPACITOR_TEMPERATURE][k] += f->size * aged *
                                                     load_at(p->drive.capacitor_linear, u, k);
        p->noise[SIGNAL_CURRENT][k] *= noise;
        p->noise[SIGNAL_VOLTAGE][k] *= noise;
    }
}

/* A phase is lost or the DC link sags: ripple. That the current droops is in drive.c. */
static void dc_link(const struct sim_fault *f, const struct unit *u, int64_t day, struct supply_day *p)
{
    static const double variance[] = {[SIM_SMALL] = 2, [SIM_MEDIUM] = 4, [SIM_LARGE] = 10};
    for (int k = index_of(f->onset, day); k < over_at(f, day, BANK_MIN); k++) {
        double rise = f->size * load_at(p->drive.capacitor_linear, u, k) * heat(f, day, k, BANK_MIN);
        p->value[SIGNAL_CAPACITOR_TEMPERATURE][k] += rise;
        p->value[SIGNAL_IGBT_TEMPERATURE][k] += 0.4 * rise;
    }
    for (int k = index_of(f->onset, day); k < index_of(f->end, day); k++) {
        p->noise[SIGNAL_VOLTAGE][k] *= (float)sqrt(variance[f->level]);
        p->noise[SIGNAL_CURRENT][k] *= 1.15F;
    }
}

/* ---- what is measured ---- */

/* A joint that makes contact and loses it again every twenty minutes or so. */
static void joint(const struct sim *s, const struct sim_fault *f, int64_t day, struct supply_day *p)
{
    uint64_t spell = random_mix(f->key), jitter = random_mix(spell);
    for (int k = index_of(f->onset, day); k < index_of(f->end, day); k++) {
        int64_t minute = day * MINUTES_PER_DAY + k - 1;
        double i = (double)p->drive.i[DRIVE_DAY - 1 + k];
        bool loose = random_unit(random_at(spell, minute / 20)) < 0.7;
        double x = loose ? 0.5 + 0.7 * fabs(sim_gauss(s, jitter, minute)) : 0.1;
        double grown = 0.5 + 0.5 * ramp(minutes_since(f->onset, day, k), 2880);
        p->value[SIGNAL_VOLTAGE][k] += f->size * 1e-3 * i / 0.7 * x * grown;
    }
}

static void noisy_current(const struct sim *s, const struct sim_fault *f, int64_t day, struct supply_day *p)
{
    bool dcct = f->mode == FAULT_DCCT_NOISY;
    float current = (float)sqrt(f->size), voltage = dcct ? (float)sqrt(1 + 0.1 * (f->size - 1)) : current;
    double warm = dcct ? 0 : f->size > 10 ? 4 : f->size > 4 ? 1.5 : 0.5;
    for (int k = index_of(f->onset, day); k < index_of(f->end, day); k++) {
        p->noise[SIGNAL_CURRENT][k] *= current;
        p->noise[SIGNAL_VOLTAGE][k] *= voltage;
        p->value[SIGNAL_IGBT_TEMPERATURE][k] += warm * ramp(minutes_since(f->onset, day, k), 30);
        int64_t three_hours = (day * MINUTES_PER_DAY + k - 1) / 180;
        if (dcct)
            p->value[SIGNAL_CURRENT][k] += 0.5 * (double)p->noise[SIGNAL_CURRENT][k] *
                                           sim_gauss(s, random_mix(f->key), three_hours);
    }
}

/* What the coil and its insulation do to the voltage: fewer turns; a way to ground that comes and goes with
 * the damp; a true current that is not the one read back. */
static void voltage(const struct sim_fault *f, int64_t day, struct supply_day *p)
{
    double *v = p->value[SIGNAL_VOLTAGE];
    double hours = random_between(random_at(f->key, 40), 5, 11);
    for (int k = index_of(f->onset, day); k < index_of(f->end, day); k++) {
        double minutes = minutes_since(f->onset, day, k);
        if (f->mode == FAULT_SHORT) {
            v[k] *= 1 + f->size / 100;
        } else if (f->mode == FAULT_DCCT_DRIFT) {
            v[k] *= 1 + drifted(f, day, k);
        } else {
            double damp = 0.75 + 0.25 * sin(2 * M_PI * minutes / (60 * hours));
            v[k] += 1e-3 * f->size * damp * ramp(minutes, MINUTES_OF_DAYS(FAULT_DRIFT_DAYS)) *
                    copysign(1, v[k]);
            p->noise[SIGNAL_CURRENT][k] *= f->level == SIM_SMALL ? 1.3F : f->level == SIM_MEDIUM ? 2 : 3;
        }
    }
}

/* ---- one channel alone ---- */

/* Full scale of what reads a broken loop. */
static double rail(int signal, const struct unit *u)
{
    struct limits l = layout_limits(u, (enum signal)signal);
    return l.range;
}

static void swap_sensors(int from, int to, struct supply_day *p)
{
    for (int k = from; k < to; k++) {
        double v = p->value[SIGNAL_IGBT_TEMPERATURE][k];
        float noise = p->noise[SIGNAL_IGBT_TEMPERATURE][k];
        p->value[SIGNAL_IGBT_TEMPERATURE][k] = p->value[SIGNAL_CAPACITOR_TEMPERATURE][k];
        p->noise[SIGNAL_IGBT_TEMPERATURE][k] = p->noise[SIGNAL_CAPACITOR_TEMPERATURE][k];
        p->value[SIGNAL_CAPACITOR_TEMPERATURE][k] = v;
        p->noise[SIGNAL_CAPACITOR_TEMPERATURE][k] = noise;
    }
}

static void sensor(const struct sim *s, const struct sim_fault *f, const struct unit *u, int64_t day,
                   struct supply_day *p)
{
    double *v = p->value[f->signal];
    int from = index_of(f->onset, day), to = index_of(f->end, day);
    if (f->kind == SENSOR_SWAPPED)
        swap_sensors(from, to, p);
    for (int k = from; k < to; k++) {
        if (f->kind == SENSOR_OFFSET)
            v[k] += f->size;
        else if (f->kind == SENSOR_NOISY)
            v[k] += f->size * sim_gauss(s, f->key, day * MINUTES_PER_DAY + k);
        else if (f->kind == SENSOR_OPEN || f->kind == SENSOR_ZERO) {
            v[k] = f->kind == SENSOR_OPEN ? rail(f->signal, u) : 0;
            p->noise[f->signal][k] = 0;
        }
    }
}

/* ---- which ---- */

/* A day longer than it lasts: for the last minute of the day before, and for what fades. */
static bool acts(const struct sim *s, const struct sim_fault *f, uint32_t supply, int64_t day)
{
    return fault_concerns(f, supply, s->units[supply].sector) && f->onset < (day + 1) * NS_PER_DAY &&
           f->end > (day - 1) * NS_PER_DAY;
}

void faults_heat_magnet(const struct sim *s, uint32_t supply, int64_t day, struct supply_day *p)
{
    for (size_t i = 0; i < s->n_faults; i++) {
        const struct sim_fault *f = &s->faults[i];
        bool magnet = f->mode == FAULT_WATER_LOST || f->mode == FAULT_WATER_PART ||
                      f->mode == FAULT_DCCT_DRIFT || f->mode == FAULT_SHORT;
        if (magnet && acts(s, f, supply, day))
            heat_magnet(f, &s->units[supply], day, p);
    }
}

static void act(const struct sim *s, const struct sim_fault *f, uint32_t supply, int64_t day,
                struct supply_day *p)
{
    const struct unit *u = &s->units[supply];
    switch (f->mode) {
    case FAULT_CAPACITOR: capacitor_ageing(f, u, day, p); break;
    case FAULT_IGBT:
    case FAULT_DUST: thermal_resistance(f, u, day, p); break;
    case FAULT_FAN: fan(f, u, day, p); break;
    case FAULT_JOINT: joint(s, f, day, p); break;
    case FAULT_SHORT:
    case FAULT_DCCT_DRIFT:
    case FAULT_LEAKAGE: voltage(f, day, p); break;
    case FAULT_DCCT_NOISY:
    case FAULT_OSCILLATION: noisy_current(s, f, day, p); break;
    case FAULT_DC_LINK: dc_link(f, u, day, p); break;
    case FAULT_GATE: gate(f, u, day, p); break;
    case FAULT_SENSOR: sensor(s, f, u, day, p); break;
    default:
        break; /* water: before; DAC, trips, victims: in the drive; data and stuck sensors: when sampled */
    }
}

void faults_act(const struct sim *s, uint32_t supply, int64_t day, struct supply_day *p)
{
    for (size_t i = 0; i < s->n_faults; i++)
        if (acts(s, &s->faults[i], supply, day))
            act(s, &s->faults[i], supply, day, p);
}
