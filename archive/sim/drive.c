/* Set-points and heat. The set-point follows the calendar; correctors move with the orbit feedback, an
 * Ornstein-Uhlenbeck process of 3 h evaluated every 10 minutes and joined by lines; the others step by up to
 * ±1.5 % when the optics change. Heat is a first-order low pass in steps of a minute (coil 1 to 5 min, IGBT
 * 15, capacitors 30 to 90) that starts a day earlier: 16 time constants of the slowest.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/drive.h"

#include "archive/sim/event_effects.h"

#include <math.h>
#include <string.h>

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

/* The feedback holds the orbit against a neighbour that has gone, and drives this corrector by a part of its
 * range, in some minutes; to 98 % of it at most. */
static void push(const struct unit *u, const struct sim_fault *f, int64_t first_minute, float i[DRIVE_LEN])
{
    double sign = u->setpoint < 0 ? -1 : 1, over = random_between(random_at(f->key, 45), 3, 10);
    int64_t from = f->onset / NS_PER_MIN - first_minute, to = f->end / NS_PER_MIN - first_minute;
    for (int64_t k = from < 0 ? 0 : from; k < to && k < DRIVE_LEN; k++) {
        double share = fmin(1, (double)(k - from + 1) / over);
        double pushed = (double)i[k] + sign * share * f->size / 100;
        i[k] = (float)fmax(-0.98, fmin(0.98, pushed));
    }
}

/* Faults that the feedback answers with another set-point: of a neighbour, or of a corrector's own DCCT,
 * whose drift it takes back, so that DAC and read-back move and the true current stays. */
static void apply_feedback(const struct sim *s, uint32_t supply, int64_t first_minute, float i[DRIVE_LEN])
{
    for (size_t n = 0; n < s->n_faults; n++) {
        const struct sim_fault *f = &s->faults[n];
        if (f->supply != (int32_t)supply)
            continue;
        if (f->mode == FAULT_VICTIM)
            push(&s->units[supply], f, first_minute, i);
        if (f->mode != FAULT_DCCT_DRIFT)
            continue;
        int64_t from = f->onset / NS_PER_MIN - first_minute, to = f->end / NS_PER_MIN - first_minute;
        for (int64_t k = from < 0 ? 0 : from; k < to && k < DRIVE_LEN; k++)
            i[k] *= (float)(1 - 1e-6 * f->size * fmin(1, (double)(k - from) / (1440.0 * FAULT_DRIFT_DAYS)));
    }
}

static void commanded(struct sim *s, uint32_t supply, int64_t day, float i[DRIVE_LEN])
{
    const struct unit *u = &s->units[supply];
    int64_t first = (day - 1) * MINUTES_PER_DAY;
    follow_machine(s, u, day - 1, i);
    follow_machine(s, u, day, i + DRIVE_DAY);
    events_move_setpoint(s, u, first, i);
    if (u->corrector)
        add_motion(s, u, first, i);
    if (u->corrector)
        apply_feedback(s, supply, first, i);
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

/* A code with one bit that stays as it was not at the set-point; the sign is a bit of its own, and sound. */
static int32_t stuck_bit(int32_t code, int32_t bit, int32_t at_setpoint)
{
    int32_t size = code < 0 ? -code : code, stuck = at_setpoint & bit ? 0 : bit;
    int32_t bent = (size & ~bit) | stuck;
    return code < 0 ? -bent : bent;
}

/* What the converter makes of a code while a fault of the DAC or of the DC link acts on it. */
static int32_t bend(const struct sim_fault *f, const struct unit *u, int32_t code, int64_t minute)
{
    int32_t setpoint = (int32_t)(fabs(u->setpoint) * LAYOUT_DAC_FULL), size = (int32_t)f->size;
    if (f->mode == FAULT_DC_LINK) { /* no headroom for what is above 99.7 % of the set-point */
        int32_t most = (int32_t)(0.997 * setpoint);
        return code > most ? most : code < -most ? -most : code;
    }
    if (f->kind == DAC_STUCK_BIT)
        return stuck_bit(code, size, setpoint);
    uint64_t bits = random_at(f->key, minute);
    if (random_unit(bits) > 1.0 / 240) /* a glitch every four hours */
        return code;
    return code + (bits & 1 ? 8 : -8) * size;
}

/* Bends the codes of two days; false when no fault asks for it, and bent is untouched. */
static bool bend_codes(const struct sim *s, uint32_t supply, int64_t first_minute,
                       const int32_t dac[DRIVE_LEN], int32_t bent[DRIVE_LEN])
{
    bool any = false;
    for (size_t n = 0; n < s->n_faults; n++) {
        const struct sim_fault *f = &s->faults[n];
        bool droops = f->mode == FAULT_DC_LINK && f->level == SIM_LARGE && !s->units[supply].corrector;
        if (f->supply != (int32_t)supply || !(droops || f->mode == FAULT_DAC))
            continue;
        if (!any)
            memcpy(bent, dac, DRIVE_LEN * sizeof *bent);
        any = true;
        int64_t from = f->onset / NS_PER_MIN - first_minute, to = f->end / NS_PER_MIN - first_minute;
        for (int64_t k = from < 0 ? 0 : from; k < to && k < DRIVE_LEN; k++)
            bent[k] = bend(f, &s->units[supply], bent[k], first_minute + k);
    }
    return any;
}

void drive_make(struct sim *s, uint32_t supply, const struct unit *u, int64_t day, struct drive *d)
{
    drive_codes(s, supply, day, d->dac);
    int32_t bent[DRIVE_LEN];
    bool bends = bend_codes(s, supply, (day - 1) * MINUTES_PER_DAY, d->dac, bent);
    const int32_t *code = bends ? bent : d->dac;
    float coil_step = (float)(1 - exp(-1 / u->tau_coil));
    float igbt_step = (float)(1 - exp(-1 / u->tau_igbt));
    float capacitor_step = (float)(1 - exp(-1 / u->tau_capacitor));
    float coil = -1, igbt1 = 0, igbt2 = 0, capacitor1 = 0, capacitor2 = 0;
    for (int k = 0; k < DRIVE_LEN; k++) {
        double i = code[k] * (1.0 / LAYOUT_DAC_FULL) * u->gain + u->offset;
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
