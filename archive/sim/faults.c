/* Planting faults: a fixed cycle of modes over random supplies and stratified random times, so that a short
 * span holds several modes. A fault is repaired on the first maintenance day that comes at least two and a
 * half days after its onset, or some hours after it made the supply trip.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/faults.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

#define DEFAULT_SHARE_PER_WEEK 0.015
#define REPAIR_AFTER_NS (60 * NS_PER_HOUR)
#define TRIP_RISE_K 35.0 /* of the magnet, until its thermostat opens */

static const int cycle[] = {
    FAULT_FAN,  FAULT_OSCILLATION, FAULT_SENSOR,     FAULT_JOINT,      FAULT_DCCT_NOISY,
    FAULT_FAN,  FAULT_WATER_LOST,  FAULT_SENSOR,     FAULT_WATER_PART, FAULT_OSCILLATION,
    FAULT_DATA, FAULT_JOINT,       FAULT_DCCT_NOISY, FAULT_SENSOR,     FAULT_DEATH,
};
#define N_CYCLE (sizeof cycle / sizeof *cycle)

/* Share of faults of a mode that end in a trip after some days. */
static double trip_share(int mode)
{
    switch (mode) {
    case FAULT_FAN:
    case FAULT_JOINT: return 0.35;
    case FAULT_OSCILLATION:
    case FAULT_DCCT_NOISY:
    case FAULT_WATER_PART: return 0.2;
    default: return 0;
    }
}

static double pick(bool medium, double small_size, double medium_size)
{
    return medium ? medium_size : small_size;
}

static void sensor_fault(struct sim_fault *f, bool medium)
{
    static const int32_t temperatures[] = {SIGNAL_CAPACITOR_TEMPERATURE, SIGNAL_MAGNET_TEMPERATURE,
                                           SIGNAL_IGBT_TEMPERATURE};
    static const char *const units[] = {
        [SENSOR_OFFSET] = "K", [SENSOR_NOISY] = "K noise", [SENSOR_STUCK] = "stuck"};
    f->signal = temperatures[random_at(f->key, 20) % 3];
    f->kind = (int)(random_at(f->key, 21) % 3);
    f->class = SIM_SENSOR;
    f->size = f->kind == SENSOR_STUCK   ? 1
              : f->kind == SENSOR_NOISY ? pick(medium, 0.5, 1.5)
                                        : pick(medium, 1, 3);
    if (f->kind == SENSOR_OFFSET && random_at(f->key, 22) & 1)
        f->size = -f->size;
    f->unit = units[f->kind];
}

static void data_fault(struct sim_fault *f, bool medium)
{
    f->class = SIM_DATA;
    f->signal = -1;
    f->kind = (int)(random_at(f->key, 20) & 1);
    f->size = pick(medium, 2, 5) * random_between(random_at(f->key, 21), 0.8, 1.2);
    f->unit = "h";
    if (random_at(f->key, 22) & 1)
        f->supply = -1;
}

/* Size, signal and class of a mode. */
static void describe(struct sim_fault *f, bool medium)
{
    switch (f->mode) {
    case FAULT_FAN:
        f->signal = SIGNAL_IGBT_TEMPERATURE;
        f->size = pick(medium, 5, 12);
        f->unit = "K";
        break;
    case FAULT_WATER_PART:
        f->signal = SIGNAL_MAGNET_TEMPERATURE;
        f->size = pick(medium, 0.5, 2);
        f->unit = "K";
        break;
    case FAULT_WATER_LOST:
        f->signal = SIGNAL_MAGNET_TEMPERATURE;
        f->size = pick(medium, 2, random_at(f->key, 20) & 1 ? 5 : 10);
        f->unit = "K/min";
        break;
    case FAULT_JOINT:
        f->signal = SIGNAL_VOLTAGE;
        f->size = pick(medium, 5, 40);
        f->unit = "mV";
        break;
    case FAULT_DCCT_NOISY:
        f->signal = SIGNAL_CURRENT;
        f->size = pick(medium, 3, 15);
        f->unit = "x variance";
        break;
    case FAULT_OSCILLATION:
        f->signal = SIGNAL_CURRENT;
        f->size = pick(medium, 2, 8);
        f->unit = "x variance";
        break;
    case FAULT_SENSOR: sensor_fault(f, medium); break;
    case FAULT_DATA: data_fault(f, medium); break;
    default:
        f->signal = SIGNAL_CURRENT;
        f->size = 1;
        f->unit = "trip";
    }
}

static tstamp_ns seconds(double s)
{
    return (tstamp_ns)(s * 1e9) / NS_PER_S * NS_PER_S;
}

/* When it ends, and whether it trips the supply on the way. */
static void schedule(struct sim_fault *f)
{
    tstamp_ns repair = f->onset + seconds(3600 * random_between(random_at(f->key, 30), 2, 6));
    if (f->mode == FAULT_DATA) {
        f->end = f->onset + seconds(3600 * f->size);
        return;
    }
    if (f->mode == FAULT_DEATH || f->mode == FAULT_WATER_LOST) {
        double minutes = f->mode == FAULT_DEATH ? 0 : ceil(TRIP_RISE_K / f->size);
        f->trip = f->onset + seconds(60 * minutes);
        f->end = repair + (f->trip - f->onset);
        return;
    }
    tstamp_ns noon = 4 * NS_PER_HOUR;
    f->end = calendar_week_start(calendar_week(f->onset + REPAIR_AFTER_NS) + 1) + noon;
    if (random_unit(random_at(f->key, 31)) < trip_share(f->mode)) {
        tstamp_ns trip = f->onset + seconds(86400 * random_between(random_at(f->key, 32), 1.5, 6));
        if (trip + (repair - f->onset) < f->end) {
            f->trip = trip;
            f->end = trip + (repair - f->onset);
        }
    }
}

/* Out of maintenance and shutdowns: a fault begins in operation. */
static tstamp_ns in_operation(const struct calendar *c, tstamp_ns t)
{
    int64_t week = calendar_week(t);
    while (calendar_shutdown(c, week))
        t = calendar_week_start(++week);
    tstamp_ns start = calendar_week_start(week);
    return t < start + 9 * NS_PER_HOUR ? start + 9 * NS_PER_HOUR : t;
}

/* A supply that has no fault yet and carries current enough for the fault to show. */
static int32_t choose(struct sim_fault *f, const struct unit units[], uint32_t n, bool taken[])
{
    /* partly blocked water heats by the square of the current: at half of it, a quarter */
    double least = f->mode == FAULT_WATER_PART || f->mode == FAULT_WATER_LOST ? 0.55 : 0.25;
    uint32_t start = (uint32_t)(random_at(f->key, 1) % n);
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t k = 0; k < n; k++) {
            uint32_t i = (start + k) % n;
            if (taken[i] || (pass == 0 && fabs(units[i].setpoint) < least))
                continue;
            taken[i] = true;
            return (int32_t)i;
        }
    return (int32_t)start;
}

static int by_onset(const void *a, const void *b)
{
    const struct sim_fault *x = a, *y = b;
    return (x->onset > y->onset) - (x->onset < y->onset);
}

void faults_plant(struct sim_fault **out, size_t *n, const struct sim_options *o,
                  const struct calendar *calendar, const struct unit units[])
{
    double per_week = o->faults_per_week < 0 ? DEFAULT_SHARE_PER_WEEK * o->supplies : o->faults_per_week;
    double span_days = o->days - o->healthy_days;
    double wanted = span_days > 0 ? ceil(per_week * span_days / 7 - 1e-9) : 0;
    size_t count = wanted < o->supplies ? (size_t)wanted : o->supplies;
    tstamp_ns start = o->from + (tstamp_ns)(o->healthy_days * 86400e9);
    uint64_t key = random_key(o->seed, 'F', 0);
    bool *taken = xcalloc(o->supplies, sizeof *taken);
    struct sim_fault *faults = xcalloc(count + 1, sizeof *faults);
    for (size_t k = 0; k < count; k++) {
        struct sim_fault *f = &faults[k];
        f->key = random_key(o->seed, 'F', k + 1);
        f->mode = cycle[(random_at(key, 0) + k) % N_CYCLE];
        f->supply = choose(f, units, o->supplies, taken);
        f->sector = units[f->supply].sector;
        double share = ((double)k + random_unit(random_at(f->key, 2))) / (double)count;
        f->onset = in_operation(calendar, start + seconds(0.9 * share * span_days * 86400));
        bool medium = o->fault_size == SIM_MIXED ? random_at(f->key, 3) & 1 : o->fault_size == SIM_MEDIUM;
        describe(f, medium);
        schedule(f);
    }
    free(taken);
    qsort(faults, count, sizeof *faults, by_onset);
    *out = faults;
    *n = count;
}
