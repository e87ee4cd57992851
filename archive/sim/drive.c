/* Set-points and heat. The set-point follows the calendar; correctors move with the orbit feedback, an
 * Ornstein-Uhlenbeck process of 3 h evaluated every 10 minutes and joined by lines; the others step by up to
 * ±1.5 % when the optics change. Heat is a first-order low pass in steps of a minute (coil 1 to 5 min, IGBT
 * 15, capacitors 30 to 90) that starts a day earlier: 16 time constants of the slowest.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/drive.h"

#include <math.h>

#define OPTICS_STEP 0.015
#define OPTICS_RAMP_MIN 5
#define NODE_MIN 10
#define MOTION_SD 0.01
#define MOTION_TAU_MIN 180.0
#define MOTION_BURN_IN (48 * 60 / NODE_MIN)
#define MOTION_NODES (DRIVE_LEN / NODE_MIN + 1)
#define RESTART_RAMP_MIN 10

static double setpoint_of(const struct unit *u, int64_t optics)
{
    double x = random_between(random_at(u->setpoint_key, optics), -1, 1);
    return u->corrector ? u->setpoint + 0.03 * x : u->setpoint * (1 + OPTICS_STEP * x);
}

static void follow_machine(struct sim *s, const struct unit *u, int64_t day, float i[MINUTES_PER_DAY])
{
    const struct machine_day *m = cache_get(s->machine_days, day_key(0, day));
    /* the maintenance of a day lies in the week of its noon */
    int64_t week = calendar_week(day * NS_PER_DAY + NS_PER_DAY / 2);
    bool cycled = random_unit(random_at(u->cycling_key, week)) < 0.2;
    double before = setpoint_of(u, m->optics[0]), after = setpoint_of(u, m->optics[1]);
    for (int k = 0; k < MINUTES_PER_DAY; k++) {
        double share = (k - m->change + 1) / (double)OPTICS_RAMP_MIN;
        double level = share <= 0 ? before : share >= 1 ? after : before + share * (after - before);
        i[k] = (float)(level * (double)m->factor[cycled][k]);
    }
    cache_release(s->machine_days, m);
}

/* Orbit feedback, in proportion to how far the supply is up. */
static void add_motion(struct sim *s, const struct unit *u, int64_t first_minute, float i[DRIVE_LEN])
{
    float node[MOTION_NODES];
    double a = exp(-NODE_MIN / MOTION_TAU_MIN), step = MOTION_SD * sqrt(1 - a * a), y = 0;
    int64_t first = first_minute / NODE_MIN;
    for (int64_t k = -MOTION_BURN_IN; k < MOTION_NODES; k++) {
        y = a * y + step * random_gauss(&s->normal, (uint32_t)random_at(u->motion_key, first + k));
        if (k >= 0)
            node[k] = (float)y;
    }
    uint64_t fast = random_mix(u->motion_key);
    double full = fabs(u->setpoint) + 0.05;
    for (int k = 0; k < DRIVE_LEN; k++) {
        int n = k / NODE_MIN;
        double share = k % NODE_MIN / (double)NODE_MIN;
        double motion = (double)node[n] + share * (double)(node[n + 1] - node[n]);
        motion += 1e-4 * random_gauss(&s->normal, (uint32_t)random_at(fast, first_minute + k));
        double up = fmin(1, fabs((double)i[k]) / full); /* feedback is off while the machine is */
        i[k] += (float)(up * motion);
    }
}

/* A tripped supply is off until it is repaired, then ramps up. */
static void apply_trips(struct sim *s, uint32_t supply, int64_t first_minute, float i[DRIVE_LEN])
{
    for (size_t n = 0; n < s->n_faults; n++) {
        const struct sim_fault *f = &s->faults[n];
        if (f->supply != (int32_t)supply || !f->trip)
            continue;
        int64_t off = f->trip / NS_PER_MIN - first_minute;
        int64_t on = f->end / NS_PER_MIN - first_minute;
        for (int64_t k = off < 0 ? 0 : off; k < on + RESTART_RAMP_MIN && k < DRIVE_LEN; k++)
            i[k] *= k < on ? 0 : (float)(k - on + 1) / RESTART_RAMP_MIN;
    }
}

static void commanded(struct sim *s, uint32_t supply, int64_t day, float i[DRIVE_LEN])
{
    const struct unit *u = &s->units[supply];
    int64_t first = (day - 1) * MINUTES_PER_DAY;
    follow_machine(s, u, day - 1, i);
    follow_machine(s, u, day, i + DRIVE_DAY);
    if (u->corrector)
        add_motion(s, u, first, i);
    apply_trips(s, supply, first, i);
}

static int32_t to_code(float i)
{
    double code = (double)i * LAYOUT_DAC_FULL;
    code += code < 0 ? -0.5 : 0.5;
    if (code > LAYOUT_DAC_FULL)
        return LAYOUT_DAC_FULL;
    return code < -LAYOUT_DAC_FULL ? -LAYOUT_DAC_FULL : (int32_t)code;
}

void drive_codes(struct sim *s, uint32_t supply, int64_t day, int32_t dac[DRIVE_LEN])
{
    float i[DRIVE_LEN];
    commanded(s, supply, day, i);
    for (int k = 0; k < DRIVE_LEN; k++)
        dac[k] = to_code(i[k]);
}

void drive_make(struct sim *s, uint32_t supply, int64_t day, struct drive *d)
{
    const struct unit *u = &s->units[supply];
    drive_codes(s, supply, day, d->dac);
    float coil_step = (float)(1 - exp(-1 / u->tau_coil));
    float igbt_step = (float)(1 - exp(-1 / u->tau_igbt));
    float capacitor_step = (float)(1 - exp(-1 / u->tau_capacitor));
    float coil = -1, igbt1 = 0, igbt2 = 0, capacitor1 = 0, capacitor2 = 0;
    for (int k = 0; k < DRIVE_LEN; k++) {
        double i = d->dac[k] * (1.0 / LAYOUT_DAC_FULL) * u->gain + u->offset;
        float x = (float)fabs(i), q = x * x;
        if (coil < 0) {
            coil = igbt2 = capacitor2 = q;
            igbt1 = capacitor1 = x;
        }
        d->i[k] = (float)i;
        d->coil[k] = coil += coil_step * (q - coil);
        d->igbt_linear[k] = igbt1 += igbt_step * (x - igbt1);
        d->igbt_square[k] = igbt2 += igbt_step * (q - igbt2);
        d->capacitor_linear[k] = capacitor1 += capacitor_step * (x - capacitor1);
        d->capacitor_square[k] = capacitor2 += capacitor_step * (q - capacitor2);
    }
}
