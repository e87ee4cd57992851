/* Planting faults: a cycle of modes over random supplies and stratified random times, so that a short span
 * holds several modes. A fault is repaired on the first maintenance day that comes at least two and a half
 * days after its onset, or some hours after it made the supply trip; asked otherwise it ends by itself after
 * some days, or never. What is drawn for the plain cycle keeps its counters: new draws have new ones.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/faults.h"

#include "archive/sim/events.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define DEFAULT_SHARE_PER_WEEK 0.015
#define REPAIR_AFTER_NS (60 * NS_PER_HOUR)
#define TRIP_RISE_K 35.0 /* of the magnet, until its thermostat opens */
#define SLOW_SHARE 0.4   /* what takes weeks begins in the first part of the span, to be seen grown */

static const int plain_cycle[] = {
    FAULT_FAN,  FAULT_OSCILLATION, FAULT_SENSOR,     FAULT_JOINT,      FAULT_DCCT_NOISY,
    FAULT_FAN,  FAULT_WATER_LOST,  FAULT_SENSOR,     FAULT_WATER_PART, FAULT_OSCILLATION,
    FAULT_DATA, FAULT_JOINT,       FAULT_DCCT_NOISY, FAULT_SENSOR,     FAULT_DEATH,
};
#define N_PLAIN (sizeof plain_cycle / sizeof *plain_cycle)

static const struct trait {
    const char *name;
    enum signal signal;
    double size[3]; /* small, medium, large */
    const char *unit;
    double trip_share; /* of those of the plain cycle that end in a trip after some days */
    bool slow;
} traits[SIM_MODES] = {
    [FAULT_CAPACITOR] = {"capacitor ageing", SIGNAL_CAPACITOR_TEMPERATURE, {2, 5, 10}, "K", 0, true},
    [FAULT_IGBT] = {"IGBT thermal resistance", SIGNAL_IGBT_TEMPERATURE, {3, 8, 20}, "K", 0, true},
    [FAULT_FAN] = {"fan", SIGNAL_IGBT_TEMPERATURE, {5, 12, 25}, "K", 0.35, false},
    [FAULT_DUST] = {"dust", SIGNAL_IGBT_TEMPERATURE, {2, 5, 10}, "K", 0, true},
    [FAULT_WATER_PART] = {"magnet water part", SIGNAL_MAGNET_TEMPERATURE, {0.5, 2, 6}, "K", 0.2, false},
    [FAULT_WATER_LOST] = {"magnet water lost", SIGNAL_MAGNET_TEMPERATURE, {2, 5, 15}, "K/min", 0, false},
    [FAULT_JOINT] = {"joint", SIGNAL_VOLTAGE, {5, 40, 200}, "mV", 0.35, false},
    [FAULT_SHORT] = {"turn-to-turn short", SIGNAL_VOLTAGE, {-1, -4, -10}, "%", 0, false},
    [FAULT_DCCT_DRIFT] = {"DCCT drift", SIGNAL_VOLTAGE, {50, 300, 1000}, "ppm", 0, true},
    [FAULT_DCCT_NOISY] = {"DCCT noisy", SIGNAL_CURRENT, {3, 15, 50}, "x variance", 0.2, false},
    [FAULT_DAC] = {"DAC", SIGNAL_CURRENT, {2, 16, 128}, "codes", 0, false},
    [FAULT_OSCILLATION] = {"oscillation", SIGNAL_CURRENT, {2, 8, 20}, "x variance", 0.2, false},
    [FAULT_DC_LINK] = {"DC link", SIGNAL_CAPACITOR_TEMPERATURE, {1, 3, 6}, "K", 0, false},
    [FAULT_LEAKAGE] = {"ground leakage", SIGNAL_VOLTAGE, {20, 60, 200}, "mV", 0, true},
    [FAULT_GATE] = {"gate driver", SIGNAL_IGBT_TEMPERATURE, {5, 10, 15}, "K", 0, false},
    [FAULT_SENSOR] = {.name = "sensor"},
    [FAULT_DATA] = {.name = "data", .size = {2, 5, 12}, .unit = "h"},
    [FAULT_DEATH] = {"sudden death", SIGNAL_CURRENT, {1, 1, 1}, "trip", 0, false},
    [FAULT_VICTIM] = {"victim", SIGNAL_CURRENT, {20, 50, 100}, "% of range", 0, false},
};

static const struct {
    const char *name, *unit; /* unit NULL: the channel's own */
} sensors[SENSOR_KINDS] = {
    [SENSOR_OFFSET] = {"sensor offset", NULL},        [SENSOR_NOISY] = {"sensor noisy", "K noise"},
    [SENSOR_STUCK] = {"sensor stuck", "stuck"},       [SENSOR_OPEN] = {"sensor open", "open"},
    [SENSOR_ZERO] = {"sensor at zero", "zero"},       [SENSOR_SWAPPED] = {"sensors swapped", "swapped"},
    [SENSOR_FLAPPING] = {"sensor flapping", "share"},
};

/* Several are planted; they share the supplies and the calendar. */
struct planting {
    const struct sim *s;
    const struct sim_options *o;
    const struct unit *units;
    bool *taken;     /* [supplies] has a fault */
    tstamp_ns start; /* of the span */
    double span_days;
    struct sim_fault *fault;
    size_t n, wanted;
};

const char *fault_name(const struct sim_fault *f)
{
    if (f->mode == FAULT_SENSOR)
        return sensors[f->kind].name;
    if (f->mode == FAULT_DATA)
        return f->kind == DATA_GAP ? "data gap" : "data frozen";
    if (f->mode == FAULT_DAC)
        return f->kind == DAC_GLITCHES ? "DAC glitches" : "DAC stuck bit";
    return traits[f->mode].name;
}

/* ---- what ---- */

/* In K of temperatures, in A of the current, in V of the voltage. */
static double sensor_size(const struct sim_fault *f, const struct unit *u)
{
    static const double kelvin[2][3] = {{1, 3, 8}, {0.5, 1.5, 4}};
    static const double of_peak[2][3] = {{0.0005, 0.002, 0.01}, {0.0001, 0.0004, 0.002}};
    static const double volt[2][3] = {{0.02, 0.1, 0.5}, {0.01, 0.05, 0.2}};
    static const double invalid[3] = {0.2, 0.5, 0.9};
    if (f->kind == SENSOR_FLAPPING)
        return invalid[f->level];
    if (f->kind != SENSOR_OFFSET && f->kind != SENSOR_NOISY)
        return 1;
    if (f->signal == SIGNAL_CURRENT)
        return of_peak[f->kind][f->level] * u->peak;
    return f->signal == SIGNAL_VOLTAGE ? volt[f->kind][f->level] : kelvin[f->kind][f->level];
}

static const char *sensor_unit(const struct sim_fault *f)
{
    static const char *const units[2][2] = {{"A", "A noise"}, {"V", "V noise"}};
    bool measured = f->kind == SENSOR_OFFSET || f->kind == SENSOR_NOISY;
    if (measured && (f->signal == SIGNAL_CURRENT || f->signal == SIGNAL_VOLTAGE))
        return units[f->signal == SIGNAL_VOLTAGE][f->kind];
    return f->kind == SENSOR_OFFSET ? "K" : sensors[f->kind].unit;
}

static void sensor_fault(struct sim_fault *f, const struct planting *p)
{
    static const int32_t channels[] = {SIGNAL_CAPACITOR_TEMPERATURE, SIGNAL_MAGNET_TEMPERATURE,
                                       SIGNAL_IGBT_TEMPERATURE, SIGNAL_CURRENT, SIGNAL_VOLTAGE};
    bool plain = p->o->modes == 0;
    f->signal = channels[random_at(f->key, 20) % (plain ? 3 : 5)];
    f->kind = (int)(random_at(f->key, 21) % (plain ? SENSOR_STUCK + 1 : SENSOR_KINDS));
    if (f->kind == SENSOR_SWAPPED)
        f->signal = SIGNAL_IGBT_TEMPERATURE;
    f->class = SIM_SENSOR;
    f->size = sensor_size(f, &p->units[f->supply]);
    if (f->kind == SENSOR_OFFSET && random_at(f->key, 22) & 1)
        f->size = -f->size;
    f->unit = sensor_unit(f);
}

static void data_fault(struct sim_fault *f)
{
    f->class = SIM_DATA;
    f->signal = -1;
    f->kind = (int)(random_at(f->key, 20) & 1);
    f->size *= random_between(random_at(f->key, 21), 0.8, 1.2);
    if (random_at(f->key, 22) & 1)
        f->supply = -1;
}

/* Size, signal, variant and class of a mode. */
static void describe(struct sim_fault *f, const struct planting *p)
{
    const struct trait *t = &traits[f->mode];
    assert(t->name && f->level <= SIM_LARGE);
    f->signal = (int32_t)t->signal;
    f->size = t->size[f->level];
    f->unit = t->unit;
    if (f->mode == FAULT_WATER_LOST && f->level == SIM_MEDIUM && !(random_at(f->key, 20) & 1))
        f->size = 10;
    if (f->mode == FAULT_DAC)
        f->kind = random_unit(random_at(f->key, 20)) < 0.6 ? DAC_STUCK_BIT : DAC_GLITCHES;
    if (f->mode == FAULT_SENSOR)
        sensor_fault(f, p);
    if (f->mode == FAULT_DATA)
        data_fault(f);
}

/* ---- how it ends ---- */

static tstamp_ns seconds(double s)
{
    return (tstamp_ns)(s * 1e9) / NS_PER_S * NS_PER_S;
}

static tstamp_ns maintenance_noon(tstamp_ns onset)
{
    return calendar_week_start(calendar_week(onset + REPAIR_AFTER_NS) + 1) + 4 * NS_PER_HOUR;
}

/* One of the asked ends. A sensor trips nothing, and what ages never heals. */
static enum sim_end draw_end(const struct sim_fault *f, uint32_t ends)
{
    if (f->mode == FAULT_SENSOR)
        ends &= ~(1u << SIM_BY_TRIP);
    if (traits[f->mode].slow)
        ends &= ~(1u << SIM_BY_ITSELF);
    uint32_t first = (uint32_t)(random_at(f->key, 33) % SIM_ENDS);
    for (uint32_t k = 0; k < SIM_ENDS; k++)
        if (ends >> (first + k) % SIM_ENDS & 1)
            return (enum sim_end)((first + k) % SIM_ENDS);
    return SIM_REPAIRED;
}

static void trip_after_days(struct sim_fault *f, double scale, tstamp_ns repair)
{
    tstamp_ns trip = f->onset + seconds(86400 * scale * random_between(random_at(f->key, 32), 1.5, 6));
    if (trip + repair >= f->end)
        return; /* repaired before */
    f->trip = trip;
    f->end = trip + repair;
    f->ended = SIM_BY_TRIP;
}

static void schedule_asked(struct sim_fault *f, uint32_t ends, tstamp_ns repair)
{
    f->ended = draw_end(f, ends);
    double scale = traits[f->mode].slow ? 3 : 1;
    double days = scale * random_between(random_at(f->key, 34), 0.4, 5);
    if (f->ended == SIM_BY_ITSELF)
        f->end = f->onset + seconds(86400 * days);
    else if (f->ended == SIM_NEVER || f->ended == SIM_BY_TRIP)
        f->end = SIM_FOR_EVER;
    else if (traits[f->mode].slow) /* found when it has grown */
        f->end = maintenance_noon(f->onset + seconds(86400 * 2 * days));
    if (f->ended == SIM_BY_TRIP)
        trip_after_days(f, scale, repair);
}

/* When it ends, and whether it trips the supply on the way. */
static void schedule(struct sim_fault *f, uint32_t ends)
{
    tstamp_ns repair = seconds(3600 * random_between(random_at(f->key, 30), 2, 6));
    f->ended = SIM_REPAIRED;
    if (f->mode == FAULT_DATA) {
        f->end = f->onset + seconds(3600 * f->size);
        f->ended = SIM_BY_ITSELF;
        return;
    }
    if (f->mode == FAULT_DEATH || f->mode == FAULT_WATER_LOST) {
        double minutes = f->mode == FAULT_DEATH ? 0 : ceil(TRIP_RISE_K / f->size);
        f->trip = f->onset + seconds(60 * minutes);
        f->end = f->trip + repair;
        f->ended = SIM_BY_TRIP;
        return;
    }
    f->end = maintenance_noon(f->onset);
    if (ends)
        schedule_asked(f, ends, repair);
    else if (random_unit(random_at(f->key, 31)) < traits[f->mode].trip_share)
        trip_after_days(f, 1, repair);
}

/* ---- who and when ---- */

static bool suits(const struct sim_fault *f, const struct unit *u)
{
    return f->mode != FAULT_VICTIM || u->corrector;
}

/* A common cause that runs for hours and warms, for a fault to begin in; NULL: there is none. */
static const struct sim_event *choose_common(const struct sim_fault *f, const struct planting *p)
{
    const struct sim *s = p->s;
    size_t first = random_at(f->key, 51) % (s->n_events ? s->n_events : 1);
    for (size_t k = 0; k < s->n_events; k++) {
        const struct sim_event *e = &s->events[(first + k) % s->n_events];
        if (e->class == SIM_COMMON && !e->background && e->end - e->onset >= 6 * NS_PER_HOUR)
            return e;
    }
    return NULL;
}

/* A supply that has no fault yet, carries current enough for the fault to show, and is concerned by e unless
 * that is NULL; -1: there is none. */
static int32_t choose(const struct sim_fault *f, const struct planting *p, const struct sim_event *e)
{
    /* partly blocked water heats by the square of the current: at half of it, a quarter */
    double least = f->mode == FAULT_WATER_PART || f->mode == FAULT_WATER_LOST ? 0.55 : 0.25;
    uint32_t n = p->o->supplies, start = (uint32_t)(random_at(f->key, 1) % n);
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t k = 0; k < n; k++) {
            uint32_t i = (start + k) % n;
            if (p->taken[i] || !suits(f, &p->units[i]) || (e && !sim_event_concerns(p->s, e, i)) ||
                (pass == 0 && fabs(p->units[i].setpoint) < least))
                continue;
            p->taken[i] = true;
            return (int32_t)i;
        }
    return e ? -1 : (int32_t)start;
}

/* Moves a fault into a common cause, in its first three days. */
static void begin_during(struct sim_fault *f, const struct planting *p, const struct sim_event *e)
{
    tstamp_ns last = e->end - e->onset < 72 * NS_PER_HOUR ? e->end - 3 * NS_PER_HOUR
                                                          : e->onset + 69 * NS_PER_HOUR;
    double share = random_unit(random_at(f->key, 52));
    tstamp_ns t = e->onset + NS_PER_HOUR + (tstamp_ns)(share * (double)(last - e->onset - NS_PER_HOUR));
    f->onset = event_in_operation(p->s, t / NS_PER_S * NS_PER_S);
}

static enum sim_size draw_level(const struct planting *p, uint64_t key, size_t k, size_t cycle)
{
    switch (p->o->fault_size) {
    case SIM_MIXED: return random_at(key, 3) & 1 ? SIM_MEDIUM : SIM_SMALL;
    case SIM_ANY: return (enum sim_size)((k + k / cycle + p->o->seed) % 3); /* every mode at every size */
    default: return p->o->fault_size;
    }
}

/* The death of another corrector of the sector, a minute and a half before; the victim is back with it. */
static void add_cause(struct planting *p, struct sim_fault *victim)
{
    struct sim_fault *f = &p->fault[p->n];
    uint32_t n = p->o->supplies, start = (uint32_t)(random_at(victim->key, 41) % n);
    *f = (struct sim_fault){.key = random_at(victim->key, 40), .mode = FAULT_DEATH, .level = victim->level};
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = (start + k) % n;
        if (p->taken[i] || p->units[i].sector != victim->sector || !p->units[i].corrector)
            continue;
        p->taken[i] = true;
        p->n++;
        f->supply = (int32_t)i;
        f->sector = victim->sector;
        f->onset = victim->onset - 90 * NS_PER_S;
        describe(f, p);
        schedule(f, p->o->ends);
        break;
    }
    victim->end = f->end ? f->end : victim->onset + 3 * NS_PER_HOUR;
    victim->ended = SIM_BY_ITSELF;
    victim->trip = 0;
    if (victim->level == SIM_LARGE) { /* it stood at its limit */
        victim->trip = victim->onset + seconds(60 * random_between(random_at(victim->key, 42), 10, 40));
        victim->ended = SIM_BY_TRIP;
    }
}

static void plant_one(struct planting *p, size_t k, const int cycle[], size_t n_cycle)
{
    struct sim_fault *f = &p->fault[p->n++];
    f->key = random_key(p->o->seed, 'F', k + 1);
    f->mode = cycle[(random_at(random_key(p->o->seed, 'F', 0), 0) + k) % n_cycle];
    bool during = random_unit(random_at(f->key, 50)) < p->o->in_common;
    const struct sim_event *e = during ? choose_common(f, p) : NULL;
    f->supply = choose(f, p, e);
    if (f->supply < 0) {
        e = NULL;
        f->supply = choose(f, p, e);
    }
    f->sector = p->units[f->supply].sector;
    double share = ((double)k + random_unit(random_at(f->key, 2))) / (double)p->wanted;
    if (traits[f->mode].slow)
        share *= SLOW_SHARE;
    f->onset = event_in_operation(p->s, p->start + seconds(0.9 * share * p->span_days * 86400));
    if (e)
        begin_during(f, p, e);
    f->level = draw_level(p, f->key, k, n_cycle);
    describe(f, p);
    schedule(f, p->o->ends);
    if (f->mode == FAULT_VICTIM)
        add_cause(p, f);
}

static int by_onset(const void *a, const void *b)
{
    const struct sim_fault *x = a, *y = b;
    return (x->onset > y->onset) - (x->onset < y->onset);
}

/* The modes that are asked for, ascending; none: the plain cycle. Returns their number. */
static size_t cycle_of(uint32_t modes, int cycle[SIM_MODES])
{
    size_t n = 0;
    for (int m = 1; m < SIM_MODES; m++)
        if (modes >> m & 1)
            cycle[n++] = m;
    return n;
}

void faults_plant(struct sim *s)
{
    const struct sim_options *o = &s->options;
    double per_week = o->faults_per_week < 0 ? DEFAULT_SHARE_PER_WEEK * o->supplies : o->faults_per_week;
    struct planting p = {.s = s, .o = o, .units = s->units};
    p.span_days = o->days - o->healthy_days;
    double wanted = p.span_days > 0 ? ceil(per_week * p.span_days / 7 - 1e-9) : 0;
    p.wanted = wanted < o->supplies ? (size_t)wanted : o->supplies;
    p.start = o->from + (tstamp_ns)(o->healthy_days * 86400e9);
    p.taken = xcalloc(o->supplies, sizeof *p.taken);
    p.fault = xcalloc(2 * p.wanted + 1, sizeof *p.fault); /* a victim has its cause */
    for (size_t i = 0; i < s->n_renewals; i++)            /* a swap is no repair, and nobody's fault */
        p.taken[s->renewals[i].supply] = true;
    int cycle[SIM_MODES];
    size_t n_cycle = cycle_of(o->modes, cycle);
    for (size_t k = 0; k < p.wanted; k++)
        plant_one(&p, k, n_cycle ? cycle : plain_cycle, n_cycle ? n_cycle : N_PLAIN);
    free(p.taken);
    qsort(p.fault, p.n, sizeof *p.fault, by_onset);
    s->faults = p.fault;
    s->n_faults = p.n;
}
