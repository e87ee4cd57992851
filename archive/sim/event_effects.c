/* What common causes and contexts do. A cause acts at once on what moves (flow, fans, mains) and is followed
 * with a time constant by what warms; heat fades with the same one after its end. Members of a group differ:
 * the far end of a manifold has less flow, the top of a rack less air. SPDX-License-Identifier: MIT */
#include "archive/sim/event_effects.h"

#include "archive/sim/events.h"

#include <math.h>

#define LATTICE_RAMP_MIN 5
#define LATTICE_LEAST 0.005 /* of the set-point, by which each moves */
#define FADES_MIN (12 * 60) /* after which nothing is left of what ended */
#define DUMP_DOWN_MIN 5     /* from the dump to its standardisation */

/* Own key of a supply within an event, for how much of it reaches it. */
static double reach(const struct sim_event *e, uint32_t supply, double low, double high)
{
    return random_between(random_at(e->key, 100000 + (int64_t)supply), low, high);
}

/* How far a filter has closed: within half an hour when a wrong one was put in, else over one to three days.
 */
static double clogged(const struct sim_event *e, int64_t day, int k)
{
    bool wrong = (e->onset - calendar_week_start(calendar_week(e->onset))) ==
                 CALENDAR_MAINTENANCE_MIN * NS_PER_MIN;
    double over = wrong ? 30 : random_between(random_at(e->key, 30), 1440, 3 * 1440);
    return minutes_since(e->end, day, k) > 0 ? 0 : ramp(minutes_since(e->onset, day, k), over);
}

/* Whether it may be felt on a day, or was in the last minute of the day before. */
static bool felt(const struct sim *s, const struct sim_event *e, uint32_t supply, int64_t day)
{
    return !e->background && e->onset < (day + 1) * NS_PER_DAY &&
           (e->end >= SIM_FOR_EVER || e->end + FADES_MIN * NS_PER_MIN > day * NS_PER_DAY - NS_PER_MIN) &&
           sim_event_concerns(s, e, supply);
}

/* ---- the machine ---- */

void events_move_machine(const struct sim *s, int64_t day, struct machine_day *m)
{
    for (size_t n = 0; n < s->n_events; n++) {
        const struct sim_event *e = &s->events[n];
        bool moves = e->kind == SIM_STUDY || e->kind == SIM_DUMP || e->kind == SIM_SHUTDOWN;
        if (!moves || e->background)
            continue;
        int64_t from = (e->onset - day * NS_PER_DAY) / NS_PER_MIN,
                to = (e->end - day * NS_PER_DAY) / NS_PER_MIN;
        for (int64_t k = from < 0 ? 0 : from; k < to && k < MINUTES_PER_DAY; k++)
            for (int cycled = 0; cycled < 2; cycled++) {
                float *f = &m->factor[cycled][k];
                int x = (int)(k - from);
                if (e->kind == SIM_STUDY)
                    *f *= (float)calendar_study_level(e->key, x, e->size / 100);
                else if (e->kind == SIM_DUMP)
                    *f *= (float)calendar_dump_factor(x - DUMP_DOWN_MIN);
                else /* ready half an hour before it is over */
                    *f = x < 3 ? *f : (float)calendar_start_factor((int)(k - to) + CALENDAR_START_MIN + 30);
            }
    }
}

void events_move_setpoint(const struct sim *s, const struct unit *u, int64_t first_minute, float i[DRIVE_LEN])
{
    for (size_t n = 0; n < s->n_events; n++) {
        const struct sim_event *e = &s->events[n];
        if (e->kind != SIM_LATTICE || e->background || e->strength > 0)
            continue; /* back where it was: the end of the one before */
        uint64_t bits = random_at(e->key, (int64_t)(u->setpoint_key >> 1));
        double size = random_between(bits, LATTICE_LEAST, e->size / 100), step = bits & 1 ? size : -size;
        int64_t from = e->onset / NS_PER_MIN - first_minute, to = e->end / NS_PER_MIN - first_minute;
        for (int64_t k = from < 0 ? 0 : from; k < to + LATTICE_RAMP_MIN && k < DRIVE_LEN; k++) {
            double up = fmin(1, (double)(k - from + 1) / LATTICE_RAMP_MIN);
            double down = fmax(0, fmin(1, (double)(k - to + 1) / LATTICE_RAMP_MIN));
            i[k] *= (float)(1 + step * (up - down));
        }
    }
}

/* ---- air and water ---- */

static bool is_ambient(const struct sim_event *e)
{
    switch (e->kind) {
    case SIM_WATER:
    case SIM_AIR:
    case SIM_WARM:
    case SIM_COLD:
    case SIM_SHUTDOWN: return true;
    default: return false; /* a season has no beginning */
    }
}

/* Cooling towers and halls have more of a year than the plain ring shows. */
static void season(int64_t day, float air[DAY_LEN], float water[DAY_LEN])
{
    double year = cos(2 * M_PI * ((double)day - 208) / 365.2425);
    for (int k = 0; k < DAY_LEN; k++) {
        air[k] += (float)(4 * year);
        water[k] += (float)(1.2 * year);
    }
}

/* A valve or a fan that hunts around where it should be. */
static double hunting(const struct sim_event *e, int64_t day, int k, double period, double part)
{
    return 1 + part * sin(2 * M_PI * minutes_since(e->onset, day, k) / period);
}

/* The weather: comes and goes within a day, has larger days itself, reaches the water three hours later. */
static void spell(const struct sim_event *e, uint32_t sector, int64_t day, float air[DAY_LEN],
                  float water[DAY_LEN])
{
    double part = e->kind == SIM_WARM ? 0.3 : 0.12, gain = reach(e, sector, 0.85, 1.15);
    for (int k = 0; k < DAY_LEN; k++) {
        double left = -minutes_since(e->end, day, k), gone = minutes_since(e->onset, day, k);
        double here = ramp(gone, 1440) * ramp(left, 1440),
               later = ramp(gone - 180, 1440) * ramp(left + 180, 1440);
        double afternoon = 0.25 * cos(2 * M_PI * (k - 1 - 1260) / MINUTES_PER_DAY);
        air[k] += (float)(gain * e->size * here * (1 + afternoon));
        water[k] += (float)(part * e->size * later);
    }
}

void events_move_ambient(const struct sim *s, uint32_t supply, int64_t day, float air[DAY_LEN],
                         float water[DAY_LEN])
{
    if (s->options.contexts >> SIM_SEASON & 1)
        season(day, air, water);
    for (size_t i = 0; i < s->n_events; i++) {
        const struct sim_event *e = &s->events[i];
        if (!is_ambient(e) || !felt(s, e, supply, day))
            continue;
        if (e->kind == SIM_WARM || e->kind == SIM_COLD) {
            spell(e, s->units[supply].sector, day, air, water);
            continue;
        }
        double part = reach(e, supply, 0.85, 1.15);
        for (int k = 0; k < DAY_LEN; k++) {
            if (e->kind == SIM_WATER)
                water[k] +=
                    (float)(e->size * followed(e->onset, e->end, day, k, 20) * hunting(e, day, k, 40, 0.08));
            if (e->kind == SIM_AIR)
                air[k] += (float)(part * e->size * followed(e->onset, e->end, day, k, 45) *
                                  hunting(e, day, k, 25, 0.1));
            if (e->kind == SIM_SHUTDOWN) { /* no losses, pumps at night level: cold */
                air[k] -= (float)(1.2 * e->size * followed(e->onset, e->end, day, k, 600));
                water[k] -= (float)(0.8 * e->size * followed(e->onset, e->end, day, k, 360));
            }
        }
    }
}

/* ---- the magnet ---- */

void events_heat_magnet(const struct sim *s, uint32_t supply, int64_t day, struct supply_day *p)
{
    const struct unit *u = &s->units[supply];
    double *magnet = p->value[SIGNAL_MAGNET_TEMPERATURE];
    for (size_t i = 0; i < s->n_events; i++) {
        const struct sim_event *e = &s->events[i];
        if (!(e->kind == SIM_CLOG_MAGNET || e->kind == SIM_PUMP_TRIP) || !felt(s, e, supply, day))
            continue;
        double less = e->strength * u->water_rise * reach(e, supply, 0.6, 1.4);
        for (int k = 0; k < DAY_LEN; k++) {
            double share = e->kind == SIM_PUMP_TRIP ? followed(e->onset, e->end, day, k, u->tau_coil)
                                                    : clogged(e, day, k);
            magnet[k] += less * share * (double)p->drive.coil[DRIVE_DAY - 1 + k];
        }
    }
}

/* ---- the supply ---- */

/* Less cooling of heat sinks, by water or by the rack's fans. */
static void heat_sinks(const struct sim_event *e, const struct unit *u, uint32_t supply, int64_t day,
                       struct supply_day *p)
{
    bool fans = e->kind == SIM_RACK_FAN;
    double size = e->size * (e->kind == SIM_PUMP_TRIP ? 0.4 : 1) * reach(e, supply, 0.7, 1.3);
    double capacitor = fans ? 0.33 : 0.4;
    for (int k = 0; k < DAY_LEN; k++) {
        double share = e->kind == SIM_CLOG_SUPPLY ? clogged(e, day, k)
                                                  : followed(e->onset, e->end, day, k, fans ? 15 : 10);
        double rise = size * share * load_at(p->drive.igbt_linear, u, k);
        p->value[SIGNAL_IGBT_TEMPERATURE][k] += rise;
        p->value[SIGNAL_CAPACITOR_TEMPERATURE][k] += capacitor * rise;
    }
}

/* One sample of everything that the mains carry. */
static void sag(const struct sim_event *e, int64_t day, struct supply_day *p)
{
    for (int k = index_of(e->onset, day); k < index_of(e->onset + NS_PER_MIN, day); k++) {
        p->value[SIGNAL_CURRENT][k] *= 1 - 0.002 * e->size;
        p->value[SIGNAL_VOLTAGE][k] *= 1 - 0.01 * e->size;
    }
}

/* Low mains: more input current for the same power, more ripple, and at full current no headroom. */
static void dip(const struct sim_event *e, const struct unit *u, int64_t day, struct supply_day *p)
{
    double over = fmax(0, fabs(u->setpoint) - (1 - 0.025 * e->size)); /* of the peak that it cannot give */
    double droop = over > 0 ? over / fabs(u->setpoint) : 0;
    for (int k = 0; k < DAY_LEN; k++) {
        double warm = 0.2 * e->size * followed(e->onset, e->end, day, k, 30) *
                      load_at(p->drive.igbt_linear, u, k);
        p->value[SIGNAL_CAPACITOR_TEMPERATURE][k] += warm;
        p->value[SIGNAL_IGBT_TEMPERATURE][k] += 0.7 * warm;
    }
    for (int k = index_of(e->onset, day); k < index_of(e->end, day); k++) {
        p->noise[SIGNAL_VOLTAGE][k] *= (float)sqrt(1 + 0.4 * e->size);
        p->noise[SIGNAL_CURRENT][k] *= (float)sqrt(1 + 0.15 * e->size);
        p->value[SIGNAL_CURRENT][k] *= 1 - droop;
        p->value[SIGNAL_VOLTAGE][k] *= 1 - droop;
    }
}

void events_act(const struct sim *s, uint32_t supply, int64_t day, struct supply_day *p)
{
    const struct unit *u = &s->units[supply];
    for (size_t i = 0; i < s->n_events; i++) {
        const struct sim_event *e = &s->events[i];
        if (is_ambient(e) || e->kind > SIM_COMMONS || !felt(s, e, supply, day))
            continue;
        switch (e->kind) {
        case SIM_CLOG_SUPPLY:
        case SIM_PUMP_TRIP:
        case SIM_RACK_FAN: heat_sinks(e, u, supply, day, p); break;
        case SIM_SAG: sag(e, day, p); break;
        case SIM_DIP: dip(e, u, day, p); break;
        default: break; /* magnets: before; lost samples: in the block */
        }
    }
}
