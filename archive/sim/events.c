/* Planting common causes and contexts: cycles of kinds at stratified times, as faults are. Events that warm
 * do not meet in one sector, so that each label has an effect of its own. strength is
 *   magnet-water filter, pump: the share by which the magnets' rise grows
 *   IOC: minutes that values stand still before they are gone
 *   lattice: 1 when every set-point goes back to where it was, else 0
 *   calibration: what is calibrated (enum calibrated)
 * SPDX-License-Identifier: MIT */
#include "archive/sim/events.h"

#include "archive/sim/ambient.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MEMBERS_OF_ONE_CAUSE 132 /* supplies that have one common cause a week unless told otherwise */
#define TRIES 12
#define RENEWED_SHARE 0.01 /* of the supplies, on each maintenance day */

enum calibrated { CALIBRATED_CURRENT, CALIBRATED_VOLTAGE, CALIBRATED_TEMPERATURE };

static const struct trait {
    const char *name;
    enum group_kind group; /* GROUP_COUNT: the whole ring; GROUP_FAMILY: one supply */
    int32_t signal;
    double size[3]; /* small, medium, large */
    const char *unit;
    double shortest_h, longest_h;
    bool warms; /* and is not to meet another that does */
} traits[SIM_EVENT_KINDS] = {
    [SIM_CLOG_MAGNET] =
        {"magnet-water filter", GROUP_WATER, SIGNAL_MAGNET_TEMPERATURE, {0.7, 2, 5}, "K", 0, 0, true},
    [SIM_CLOG_SUPPLY] =
        {"supply-water filter", GROUP_WATER, SIGNAL_IGBT_TEMPERATURE, {2, 4, 8}, "K", 0, 0, true},
    [SIM_PUMP_TRIP] = {"pump trip", GROUP_WATER, SIGNAL_MAGNET_TEMPERATURE, {1, 3, 8}, "K", 0.4, 6, true},
    [SIM_WATER] = {"water temperature", GROUP_WATER, SIGNAL_MAGNET_TEMPERATURE, {1, 2, 4}, "K", 3, 36, true},
    [SIM_AIR] = {"air handling", GROUP_SECTOR, SIGNAL_IGBT_TEMPERATURE, {2, 4, 8}, "K", 4, 60, true},
    [SIM_RACK_FAN] = {"rack fan", GROUP_RACK, SIGNAL_IGBT_TEMPERATURE, {3, 6, 12}, "K", 6, 72, true},
    [SIM_SAG] = {"mains sag", GROUP_FEEDER, SIGNAL_VOLTAGE, {1.5, 4, 10}, "%", 0, 0, false},
    [SIM_DIP] = {"feeder dip", GROUP_FEEDER, SIGNAL_VOLTAGE, {3, 6, 10}, "%", 0.2, 8, true},
    [SIM_OUTAGE] = {"network outage", GROUP_SECTOR, -1, {0.2, 0.7, 2.5}, "h", 0, 0, false},
    [SIM_REBOOT] = {"IOC reboot", GROUP_RACK, -1, {8, 20, 45}, "min", 0, 0, false},
    [SIM_WARM] = {"warm spell", GROUP_COUNT, SIGNAL_IGBT_TEMPERATURE, {3, 5, 8}, "K", 72, 150, false},
    [SIM_COLD] = {"cold spell", GROUP_COUNT, SIGNAL_IGBT_TEMPERATURE, {-3, -5, -8}, "K", 72, 150, false},
    [SIM_SEASON] = {"season", GROUP_COUNT, SIGNAL_IGBT_TEMPERATURE, {4, 4, 4}, "K", 0, 0, false},
    [SIM_LATTICE] = {"lattice change", GROUP_COUNT, SIGNAL_CURRENT, {0.8, 1.5, 3}, "%", 0, 0, false},
    [SIM_STUDY] = {"study", GROUP_COUNT, SIGNAL_CURRENT, {3, 6, 10}, "%", 8.1, 8.1, false},
    [SIM_DUMP] = {"dump", GROUP_COUNT, SIGNAL_CURRENT, {100, 100, 100}, "%", 0.5, 0.5, false},
    [SIM_SHUTDOWN] = {"shutdown", GROUP_COUNT, SIGNAL_CURRENT, {2, 3, 5}, "d", 0, 0, false},
    [SIM_SWAP] = {"swap", GROUP_FAMILY, SIGNAL_IGBT_TEMPERATURE, {0, 0, 0}, "K", 0, 0, false},
    [SIM_CALIBRATION] = {"calibration", GROUP_FAMILY, SIGNAL_CURRENT, {50, 150, 400}, "ppm", 0, 0, false},
};

struct planting {
    struct sim *s;
    tstamp_ns start, stop; /* of the span that is not healthy */
    size_t cap;
};

const char *event_name(const struct sim_event *e)
{
    if (e->kind == SIM_LATTICE && e->strength > 0)
        return "lattice change back";
    return traits[e->kind].name;
}

/* ---- whom it concerns ---- */

bool sim_event_concerns(const struct sim *s, const struct sim_event *e, uint32_t supply)
{
    if (e->supply >= 0)
        return e->supply == (int32_t)supply;
    if (e->group != GROUP_COUNT && layout_group(&s->units[supply], e->group) != e->index)
        return false;
    return e->share >= 1 || random_unit(random_at(e->key, 1000 + (int64_t)supply)) < e->share;
}

uint32_t event_sector(const struct sim *s, const struct sim_event *e)
{
    uint32_t i = 0;
    while (i + 1 < s->options.supplies && !sim_event_concerns(s, e, i))
        i++;
    return s->units[i].sector;
}

const char *event_subject(const struct sim *s, const struct sim_event *e, char out[EVENT_SUBJECT])
{
    if (e->supply >= 0)
        return s->units[e->supply].name;
    if (e->group == GROUP_COUNT)
        return "*";
    uint32_t i = 0;
    while (layout_group(&s->units[i], e->group) != e->index)
        i++;
    char name[LAYOUT_NAME];
    layout_group_name(name, e->group, &s->units[i]);
    const char *prefix = group_name(e->group);
    snprintf(out, EVENT_SUBJECT, "%s%s%s", prefix, *prefix ? ":" : "", name);
    return out;
}

/* ---- one event ---- */

tstamp_ns event_in_operation(const struct sim *s, tstamp_ns t)
{
    t = calendar_in_operation(&s->calendar, t);
    for (size_t i = 0; i < s->n_events; i++) {
        const struct sim_event *e = &s->events[i];
        bool off = e->kind == SIM_SHUTDOWN && t >= e->onset && t < e->end + NS_PER_HOUR;
        if (off)
            return event_in_operation(s, e->end + NS_PER_HOUR);
    }
    return t;
}

static tstamp_ns hours(double h)
{
    return (tstamp_ns)(h * 3600) * NS_PER_S;
}

static struct sim_event *add(struct planting *p, enum sim_event_kind kind, enum sim_size level, uint64_t key)
{
    struct sim *s = p->s;
    xgrow(&s->events, &p->cap, s->n_events + 1, sizeof *s->events);
    struct sim_event *e = &s->events[s->n_events++];
    const struct trait *t = &traits[kind];
    *e = (struct sim_event){.kind = kind,
                            .class = kind < SIM_COMMONS ? SIM_COMMON : SIM_BENIGN,
                            .supply = -1,
                            .group = t->group,
                            .share = 1,
                            .level = level,
                            .ended = SIM_BY_ITSELF,
                            .signal = t->signal,
                            .size = t->size[level],
                            .unit = t->unit,
                            .key = key};
    return e;
}

/* Some sector has a supply of each. Units stand in the order of sectors. */
static bool share_a_sector(const struct sim *s, const struct sim_event *a, const struct sim_event *b)
{
    bool has_a = false, has_b = false;
    for (uint32_t u = 0; u < s->options.supplies; u++) {
        if (u > 0 && s->units[u].sector != s->units[u - 1].sector)
            has_a = has_b = false;
        has_a |= sim_event_concerns(s, a, u);
        has_b |= sim_event_concerns(s, b, u);
        if (has_a && has_b)
            return true;
    }
    return false;
}

/* Two that warm, in one sector at once. */
static bool meets_another(const struct sim *s, const struct sim_event *e)
{
    if (!traits[e->kind].warms)
        return false;
    for (size_t i = 0; i < s->n_events; i++) {
        const struct sim_event *o = &s->events[i];
        if (o == e || o->background || !traits[o->kind].warms || o->onset > e->end + hours(6) ||
            e->onset > o->end + hours(6))
            continue;
        if (share_a_sector(s, o, e))
            return true;
    }
    return false;
}

/* The next maintenance's noon that comes at least two and a half days after t. */
static tstamp_ns repair_after(tstamp_ns t)
{
    return calendar_week_start(calendar_week(t + hours(60)) + 1) + hours(4);
}

/* Mean rise of the magnets of its supplies at their own set-points. */
static double mean_rise(const struct sim *s, const struct sim_event *e)
{
    double sum = 0;
    int n = 0;
    for (uint32_t i = 0; i < s->options.supplies; i++)
        if (sim_event_concerns(s, e, i)) {
            sum += s->units[i].water_rise * s->units[i].setpoint * s->units[i].setpoint;
            n++;
        }
    return sum / n;
}

/* When a filter is clogged, or a wrong one put in on a maintenance day; changed on another, or never. */
static void schedule_filter(const struct sim *s, struct sim_event *e)
{
    tstamp_ns up = calendar_week_start(calendar_week(e->onset)) + CALENDAR_MAINTENANCE_MIN * NS_PER_MIN;
    bool in_span = up >= s->options.from + (tstamp_ns)(s->options.healthy_days * 86400e9);
    if (in_span && random_unit(random_at(e->key, 5)) < 0.3)
        e->onset = up;
    e->end = repair_after(e->onset);
    e->ended = SIM_REPAIRED;
    if (random_unit(random_at(e->key, 6)) < 0.15) {
        e->end = SIM_FOR_EVER;
        e->ended = SIM_NEVER;
    }
}

/* End, and what is particular to a kind. */
static void shape(const struct sim *s, struct sim_event *e)
{
    const struct trait *t = &traits[e->kind];
    e->end = e->onset + hours(random_between(random_at(e->key, 7), t->shortest_h, t->longest_h));
    bool down = random_unit(random_at(e->key, 8)) < 0.35;
    switch (e->kind) {
    case SIM_CLOG_MAGNET:
    case SIM_CLOG_SUPPLY: schedule_filter(s, e); break;
    case SIM_WATER:
    case SIM_AIR: e->size *= down ? -1 : 1; break;
    case SIM_SAG:
        e->end = e->onset + NS_PER_MIN;
        e->share = 0.3 + 0.3 * e->level;
        break;
    case SIM_RACK_FAN:
        if (down) {
            e->end = repair_after(e->onset);
            e->ended = SIM_REPAIRED;
        }
        break;
    case SIM_OUTAGE: e->end = e->onset + hours(e->size); break;
    case SIM_REBOOT:
        e->strength = 0.8 * e->size;
        e->end = e->onset + (tstamp_ns)(e->size) * NS_PER_MIN;
        break;
    default: break;
    }
    if (e->kind == SIM_CLOG_MAGNET || e->kind == SIM_PUMP_TRIP) {
        double rise = mean_rise(s, e);
        e->strength = fmin(3, e->size / rise);
        e->size = e->strength * rise;
    }
}

/* The group of a random supply; now and then a wider one. */
static void aim(const struct sim *s, struct sim_event *e, int try)
{
    uint32_t supply = (uint32_t)(random_at(e->key, 20 + try) % s->options.supplies);
    bool wide = random_unit(random_at(e->key, 9)) < 0.3;
    e->group = traits[e->kind].group;
    if (wide && e->kind == SIM_WATER)
        e->group = GROUP_SECTOR;
    if (wide && e->kind == SIM_SAG)
        e->group = GROUP_COUNT;
    e->index = layout_group(&s->units[supply], e->group);
}

/* ---- common causes ---- */

static void plant_commons(struct planting *p)
{
    const struct sim_options *o = &p->s->options;
    int kinds[SIM_COMMONS], n = 0;
    for (int k = 0; k < SIM_COMMONS; k++)
        if (o->commons >> k & 1)
            kinds[n++] = k;
    double rate = o->commons_per_week < 0 ? (double)o->supplies / MEMBERS_OF_ONE_CAUSE : o->commons_per_week;
    double weeks = (double)(p->stop - p->start) / (double)(7 * NS_PER_DAY);
    size_t count = n ? (size_t)ceil(rate * weeks - 1e-9) : 0;
    size_t first = random_key(o->seed, 'E', 0) % (size_t)(n ? n : 1);
    for (size_t k = 0; k < count; k++) {
        uint64_t key = random_key(o->seed, 'E', k + 1);
        enum sim_event_kind kind = (enum sim_event_kind)kinds[(first + k) % (size_t)n];
        struct sim_event *e = add(p, kind, (enum sim_size)((k + k / (size_t)n + o->seed) % 3), key);
        double share = ((double)k + random_unit(random_at(key, 2))) / (double)count;
        tstamp_ns at = p->start + (tstamp_ns)(0.92 * share * (double)(p->stop - p->start));
        at = at / NS_PER_MIN * NS_PER_MIN;
        bool any_time = kind == SIM_SAG || kind == SIM_OUTAGE || kind == SIM_REBOOT;
        int try = 0;
        do {
            e->size = traits[kind].size[e->level];
            e->onset = any_time ? at : event_in_operation(p->s, at);
            aim(p->s, e, try);
            shape(p->s, e);
        } while (++try < TRIES && meets_another(p->s, e));
    }
}

/* ---- contexts ---- */

/* How often each comes, in weeks between; those of the supplies come on every maintenance day. */
static const double weeks_between[SIM_EVENT_KINDS] = {[SIM_WARM] = 3,  [SIM_COLD] = 3,   [SIM_LATTICE] = 0.8,
                                                      [SIM_STUDY] = 1, [SIM_DUMP] = 0.5, [SIM_SHUTDOWN] = 6};

static double weeks_of(const struct planting *p)
{
    return (double)(p->stop - p->start) / (double)(7 * NS_PER_DAY);
}

/* Every set-point moves, and stays until the next change; two changes of five go back to the first lattice.
 */
static void plant_lattices(struct planting *p, size_t first)
{
    struct sim *s = p->s;
    for (size_t i = first; i < s->n_events; i++) {
        struct sim_event *e = &s->events[i];
        bool last = i + 1 == s->n_events;
        e->strength = i > first && random_unit(random_at(e->key, 10)) < 0.4 ? 1 : 0;
        if (e->strength > 0)
            e->size = s->events[i - 1].size;
        e->end = last ? SIM_FOR_EVER : s->events[i + 1].onset;
        e->ended = last ? SIM_NEVER : SIM_BY_ITSELF;
    }
}

/* From a maintenance day's begin on. */
static void place_shutdown(struct sim_event *e, tstamp_ns at)
{
    e->onset = calendar_week_start(calendar_week(at) + 1);
    e->end = e->onset + (tstamp_ns)e->size * NS_PER_DAY + hours(8);
}

static void plant_ring_contexts(struct planting *p, enum sim_event_kind kind)
{
    struct sim *s = p->s;
    size_t count = (size_t)fmax(1, floor(weeks_of(p) / weeks_between[kind])), first = s->n_events;
    for (size_t k = 0; k < count; k++) {
        uint64_t key = random_key(s->options.seed, 'H', (uint64_t)kind * 1000 + k);
        enum sim_size level = (enum sim_size)((k + s->options.seed + (uint64_t)kind) % 3);
        struct sim_event *e = add(p, kind, level, key);
        /* a warm spell has the first half of its share of the span, a cold one the second */
        double within = random_between(random_at(key, 2), 0.05, 0.9) *
                        (kind == SIM_WARM || kind == SIM_COLD ? 0.3 : 1);
        double share = ((double)k + within + (kind == SIM_COLD ? 0.5 : 0)) / (double)count;
        tstamp_ns at = p->start + (tstamp_ns)(share * (double)(p->stop - p->start));
        at = event_in_operation(s, at / NS_PER_MIN * NS_PER_MIN);
        e->onset = at;
        shape(s, e);
        if (kind == SIM_SHUTDOWN)
            place_shutdown(e, at);
    }
    if (kind == SIM_LATTICE)
        plant_lattices(p, first);
}

static void plant_season(struct planting *p)
{
    struct sim_event *e = add(p, SIM_SEASON, SIM_MEDIUM, 0);
    e->onset = p->start;
    e->end = SIM_FOR_EVER;
    e->ended = SIM_NEVER;
}

/* Steps of one supply's calibration: gain of current, drop of voltage, offset of a temperature. */
static void calibrate(struct sim_event *e, struct unit *u)
{
    static const double millivolt[3] = {3, 10, 40}, kelvin[3] = {0.5, 1, 2};
    double sign = random_at(e->key, 11) & 1 ? 1 : -1;
    e->strength = (double)(random_at(e->key, 12) % 3);
    switch ((enum calibrated)e->strength) {
    case CALIBRATED_CURRENT:
        e->size *= sign;
        u->gain += e->size * 1e-6;
        break;
    case CALIBRATED_VOLTAGE:
        e->size = sign * millivolt[e->level];
        e->unit = "mV";
        e->signal = SIGNAL_VOLTAGE;
        u->cable += 1e-3 * e->size / (u->peak * fmax(0.1, fabs(u->setpoint)));
        break;
    default:
        e->size = sign * kelvin[e->level];
        e->unit = "K";
        e->signal = random_at(e->key, 13) & 1 ? SIGNAL_IGBT_TEMPERATURE : SIGNAL_CAPACITOR_TEMPERATURE;
        u->sensor_offset[e->signal] += e->size;
    }
}

/* Swaps and calibrations of some supplies on each maintenance day, never twice of the same. */
static void plant_renewals(struct planting *p, enum sim_event_kind kind, bool taken[])
{
    struct sim *s = p->s;
    uint32_t n = s->options.supplies;
    int64_t k = 0, per_week = (int64_t)ceil(RENEWED_SHARE * n);
    for (int64_t w = calendar_week(p->start) + 1; calendar_week_start(w + 1) <= p->stop; w++)
        for (int64_t j = 0; j < per_week; j++, k++) {
            uint64_t key = random_key(s->options.seed, 'H', (uint64_t)kind * 1000 + (uint64_t)k);
            uint32_t supply = (uint32_t)(random_at(key, 1) % n);
            if (taken[supply])
                continue;
            taken[supply] = true;
            struct sim_event *e = add(p, kind, (enum sim_size)(k % 3), key);
            struct renewal *r = &s->renewals[s->n_renewals++];
            *r = (struct renewal){
                .supply = supply, .at = calendar_week_start(w) + hours(4), .unit = s->units[supply]};
            e->supply = (int32_t)supply;
            e->onset = r->at;
            e->end = SIM_FOR_EVER;
            e->ended = SIM_NEVER;
            if (kind == SIM_CALIBRATION) {
                calibrate(e, &r->unit);
                continue;
            }
            layout_swap(&r->unit, s->options.physics, key, &s->normal);
            e->size = r->unit.sensor_offset[e->signal] - s->units[supply].sensor_offset[e->signal];
        }
}

static void plant_contexts(struct planting *p)
{
    struct sim *s = p->s;
    uint32_t asked = s->options.contexts;
    if (asked >> SIM_SHUTDOWN & 1) /* first: the others keep clear of it */
        plant_ring_contexts(p, SIM_SHUTDOWN);
    for (int kind = SIM_WARM; kind < SIM_SHUTDOWN; kind++)
        if (weeks_between[kind] > 0 && asked >> kind & 1)
            plant_ring_contexts(p, (enum sim_event_kind)kind);
    if (asked >> SIM_SEASON & 1)
        plant_season(p);
    bool *taken = xcalloc(s->options.supplies, sizeof *taken);
    s->renewals = xcalloc(s->options.supplies, sizeof *s->renewals);
    for (int kind = SIM_SWAP; kind <= SIM_CALIBRATION; kind++)
        if (asked >> kind & 1)
            plant_renewals(p, (enum sim_event_kind)kind, taken);
    free(taken);
}

/* ---- what the plain ring has anyway ---- */

static void add_background(struct planting *p, enum sim_event_kind kind, enum group_kind group,
                           uint32_t index, tstamp_ns onset, tstamp_ns end, double size)
{
    if (onset < p->start || onset >= p->stop)
        return;
    struct sim_event *e = add(p, kind, SIM_SMALL, 0);
    e->background = true;
    e->group = group;
    e->index = index;
    e->onset = onset;
    e->end = end;
    e->size = size;
}

static void list_weeks(struct planting *p)
{
    tstamp_ns lattice = 0;
    const struct calendar *c = &p->s->calendar;
    for (int64_t w = calendar_week(p->start); calendar_week_start(w) < p->stop; w++) {
        struct calendar_week_events x;
        calendar_week_events(c, w, &x);
        if (x.study)
            add_background(p, SIM_STUDY, GROUP_COUNT, 0, x.study, x.study + CALENDAR_STUDY_MIN * NS_PER_MIN,
                           6);
        for (int i = 0; i < 2; i++)
            if (x.dump[i])
                add_background(p, SIM_DUMP, GROUP_COUNT, 0, x.dump[i],
                               x.dump[i] + CALENDAR_DUMP_MIN * NS_PER_MIN, 100);
        const tstamp_ns changes[] = {x.maintenance_optics, x.optics};
        for (int i = 0; i < 2; i++) {
            if (!changes[i])
                continue;
            if (lattice)
                add_background(p, SIM_LATTICE, GROUP_COUNT, 0, lattice, changes[i], 1.5);
            lattice = changes[i];
        }
    }
    if (lattice)
        add_background(p, SIM_LATTICE, GROUP_COUNT, 0, lattice, p->stop, 1.5);
}

/* A step of the water of two sectors: of their circuit, or of each sector whose manifolds it feeds. */
static void list_water_steps(struct planting *p, int64_t day)
{
    const struct sim *s = p->s;
    uint32_t sectors = s->units[s->options.supplies - 1].sector + 1;
    for (uint32_t loop = 0; 2 * loop < sectors; loop++) {
        double start, length, size;
        if (!ambient_step(s->options.seed, loop, day, &start, &length, &size))
            continue;
        tstamp_ns from = day * NS_PER_DAY + (tstamp_ns)start * NS_PER_MIN;
        tstamp_ns to = day * NS_PER_DAY + (tstamp_ns)(start + length) * NS_PER_MIN;
        if (!s->options.manifolds)
            add_background(p, SIM_WATER, GROUP_WATER, loop, from, to, size);
        for (uint32_t k = 2 * loop; s->options.manifolds && k < sectors && k < 2 * loop + 2; k++)
            add_background(p, SIM_WATER, GROUP_SECTOR, k, from, to, size);
    }
}

static void list_days(struct planting *p)
{
    const struct sim *s = p->s;
    uint32_t sectors = s->units[s->options.supplies - 1].sector + 1, feeders[4] = {0};
    for (uint32_t i = 0; i < s->options.supplies; i++)
        feeders[s->units[i].feeder]++;
    for (int64_t day = day_of(p->start); day * NS_PER_DAY < p->stop; day++) {
        int minute[2], feeder[2], n = calendar_sags(&s->calendar, day, minute, feeder);
        for (int i = 0; i < n; i++) {
            tstamp_ns at = day * NS_PER_DAY + minute[i] * NS_PER_MIN;
            if (feeder[i] < 0 || feeders[feeder[i]])
                add_background(p, SIM_SAG, feeder[i] < 0 ? GROUP_COUNT : GROUP_FEEDER, (uint32_t)feeder[i],
                               at, at + NS_PER_MIN, 1.5);
        }
        for (uint32_t k = 0; k < sectors; k++) {
            struct outage o;
            tstamp_ns start = day * NS_PER_DAY;
            if (calendar_sector_outage(s->options.seed, k, day, &o))
                add_background(p, SIM_OUTAGE, GROUP_SECTOR, k, start + o.start * NS_PER_MIN,
                               start + o.end * NS_PER_MIN, (o.end - o.start) / 60.0);
        }
        list_water_steps(p, day);
    }
}

static int by_onset(const void *a, const void *b)
{
    const struct sim_event *x = a, *y = b;
    if (x->onset != y->onset)
        return x->onset < y->onset ? -1 : 1;
    return (x->kind > y->kind) - (x->kind < y->kind);
}

void events_plant(struct sim *s)
{
    const struct sim_options *o = &s->options;
    struct planting p = {.s = s};
    p.start = o->from + (tstamp_ns)(o->healthy_days * 86400e9);
    p.stop = o->from + (tstamp_ns)(o->days * 86400e9);
    if (!(o->commons || o->contexts) || p.stop <= p.start)
        return;
    plant_contexts(&p);
    plant_commons(&p);
    list_weeks(&p);
    list_days(&p);
    qsort(s->events, s->n_events, sizeof *s->events, by_onset);
}
