/* archive/sim: rings that live. Every failure mode, common cause and context does what its label says,
 * against the same ring without it; physics b is another one. SPDX-License-Identifier: MIT */
#include "archive/sim/faults.h"
#include "archive/sim/layout.h"
#include "base/maintenance.h"
#include "tests/ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Days until a fault of a mode has grown to its size. */
static double grown_after(int mode)
{
    switch (mode) {
    case FAULT_CAPACITOR:
    case FAULT_IGBT: return 21;
    case FAULT_DUST: return 14;
    case FAULT_DCCT_DRIFT:
    case FAULT_LEAKAGE: return 5;
    case FAULT_WATER_PART: return 0.6;
    default: return 0.25;
    }
}

/* The beginning of an hour of beam at or after t: not in the maintenance nor in the heating up after it. */
static tstamp_ns in_beam(tstamp_ns t)
{
    int64_t minute = t / NS_PER_MIN - 5 * 1440; /* from a Tuesday 00:00 */
    int64_t of_week = minute % 10080;
    return t + (of_week >= 7 * 60 && of_week < 24 * 60 ? (24 * 60 - of_week) * NS_PER_MIN : 0);
}

struct twins {
    struct sim *sick, *well;
};

static double apart(const struct twins *w, const struct sim_fault *f, int signal, tstamp_ns t)
{
    return hour(w->sick, (uint32_t)f->supply, signal, t) - hour(w->well, (uint32_t)f->supply, signal, t);
}

static bool is_corrector(const struct twins *w, const struct sim_fault *f)
{
    return strchr("HV", sim_supply_name(w->sick, (uint32_t)f->supply)[4]) != NULL;
}

/* How many times the mean square of the steps is that of the healthy twin; of a corrector, which the orbit
 * feedback moves all the time, as much as anybody wants. */
static double rougher(const struct twins *w, const struct sim_fault *f, int signal, tstamp_ns t)
{
    if (is_corrector(w, f))
        return INFINITY;
    uint32_t channel = (uint32_t)f->supply * SIGNAL_KNOWN + (uint32_t)signal;
    return roughness(w->sick, channel, t, t + NS_PER_HOUR) / roughness(w->well, channel, t, t + NS_PER_HOUR);
}

static void check_sensor(const struct twins *w, const struct sim_fault *f, tstamp_ns t)
{
    struct sample x[70];
    size_t n =
        sim_read(w->sick, (uint32_t)(f->supply * SIGNAL_KNOWN + f->signal), t, t + 10 * NS_PER_HOUR, x, 70);
    double value = hour(w->sick, (uint32_t)f->supply, f->signal, t);
    if (f->kind == SENSOR_ZERO)
        assert_near(value, 0, 0, 1e-9);
    if (f->kind == SENSOR_OPEN)
        assert_true(fabs(value) > 15); /* the least full scale, in V */
    if (f->kind == SENSOR_SWAPPED)
        assert_near(value, hour(w->well, (uint32_t)f->supply, SIGNAL_CAPACITOR_TEMPERATURE, t), 0, 0.1);
    if (f->kind == SENSOR_STUCK)
        for (size_t i = 1; i < n; i++)
            assert_true(x[i].value == x[0].value);
}

/* Whether a fault's own signal moved by its size at t; of what needs more, that. */
static void check_mode(const struct twins *w, const struct sim_fault *f, tstamp_ns t)
{
    double volts = hour(w->well, (uint32_t)f->supply, SIGNAL_VOLTAGE, t);
    double amperes = hour(w->well, (uint32_t)f->supply, SIGNAL_CURRENT, t);
    double moved = f->signal < 0 ? 0 : apart(w, f, f->signal, t);
    bool corrector = is_corrector(w, f);
    switch (f->mode) {
    case FAULT_CAPACITOR:
        assert_true(rougher(w, f, SIGNAL_VOLTAGE, t) > (f->level == SIM_SMALL ? 1 : 1.4));
        assert_true(moved > 0.7 * f->size && moved < 1.5 * f->size);
        break;
    case FAULT_IGBT:
    case FAULT_GATE:
    case FAULT_DUST:
    case FAULT_FAN:
    case FAULT_DC_LINK: assert_true(moved > 0.65 * f->size - 0.1 && moved < 1.45 * f->size); break;
    case FAULT_WATER_PART: assert_true(moved > 0.1 * f->size && moved < 1.8 * f->size); break;
    case FAULT_SHORT: assert_near(moved / volts, f->size / 100, 0.25, 0); break;
    case FAULT_DCCT_DRIFT: /* of a corrector the feedback takes it back: it shows where it is measured */
        assert_near(apart(w, f, SIGNAL_CURRENT, t) / amperes, corrector ? -1e-6 * f->size : 0, 0.1, 3e-5);
        if (f->level == SIM_LARGE)
            assert_near(moved / volts, corrector ? 0 : 1e-6 * f->size, 0, 3e-4);
        break;
    case FAULT_DCCT_NOISY:
    case FAULT_OSCILLATION: assert_true(rougher(w, f, SIGNAL_CURRENT, t) > 0.4 * f->size); break;
    case FAULT_LEAKAGE:
        assert_true(fabs(moved) > 0.4e-3 * f->size && fabs(moved) < 1.1e-3 * f->size);
        assert_true(rougher(w, f, SIGNAL_CURRENT, t) > 1.2);
        break;
    case FAULT_SENSOR: check_sensor(w, f, t); break;
    default: break;
    }
}

static void check_victim(const struct twins *w, const struct sim_fault *f)
{
    static const double peak[] = {124, 127};
    const char *name = sim_supply_name(w->sick, (uint32_t)f->supply);
    struct sample x;
    assert_true(name[4] == 'H' || name[4] == 'V');
    uint32_t channel = (uint32_t)f->supply * SIGNAL_KNOWN + SIGNAL_CURRENT;
    tstamp_ns t = f->trip ? f->trip - 90 * NS_PER_S : f->onset + 15 * NS_PER_MIN;
    assert_true(sim_latest(w->sick, channel, t, &x));
    if (x.t < t - 2 * NS_PER_MIN)
        return; /* its connection is lost */
    double full = peak[name[4] == 'V'], share = x.value / full;
    assert_true(sim_latest(w->well, channel, t, &x));
    double pushed = fabs(share - x.value / full);
    assert_true((fabs(share) > 0.97 || pushed > 0.95 * f->size / 100) && fabs(share) < 0.99);
}

static void every_mode_shows_at_every_size(void **state)
{
    (void)state;
    struct sim_options o = {.supplies = 264,
                            .seed = 12,
                            .from = at(FROM),
                            .days = 49,
                            .healthy_days = 7,
                            .faults_per_week = 30,
                            .fault_size = SIM_ANY,
                            .modes = ~1u,
                            .ends = 1u << SIM_NEVER};
    struct twins w;
    struct err err;
    size_t n, seen[SIM_MODES][3] = {{0}}, bits = 0, glitches = 0;
    assert_int_equal(sim_new(&w.sick, &o, &err), 0);
    o.faults_per_week = 0;
    assert_int_equal(sim_new(&w.well, &o, &err), 0);
    const struct sim_fault *f = sim_faults(w.sick, &n);
    for (size_t i = 0; i < n; i++, f++) {
        seen[f->mode][f->level]++;
        if (f->mode == FAULT_VICTIM)
            check_victim(&w, f);
        bool natural = f->mode == FAULT_DATA || f->mode == FAULT_DEATH || f->mode == FAULT_WATER_LOST ||
                       f->mode == FAULT_VICTIM;
        assert_int_equal(f->ended == SIM_NEVER, !natural);
        tstamp_ns t = in_beam(f->onset + (tstamp_ns)(grown_after(f->mode) * (double)NS_PER_DAY));
        if (natural || t > o.from + 60 * NS_PER_DAY || !sim_connected(w.sick, (uint32_t)f->supply, t, NULL))
            continue;
        check_mode(&w, f, t);
        if (f->mode == FAULT_DAC) {
            double codes = apart(&w, f, SIGNAL_CURRENT, t) /
                           (hour(w.well, (uint32_t)f->supply, SIGNAL_CURRENT, t) /
                            hour(w.well, (uint32_t)f->supply, SIGNAL_DAC, t));
            bits += f->kind == DAC_STUCK_BIT && fabs(fabs(codes) - f->size) < 0.2 * f->size + 1;
            glitches += f->kind == DAC_GLITCHES && fabs(codes) < 8 * f->size;
        }
    }
    for (int m = 1; m < SIM_MODES; m++)
        for (int level = 0; level < 3; level++)
            assert_true(seen[m][level] > 0);
    assert_true(bits >= 2 && glitches >= 1);
    sim_free(w.sick);
    sim_free(w.well);
}

/* Row by row: what ended how has the times that it should, and repairs are told to who reads maintenance.csv.
 */
static void faults_end_as_asked(void **state)
{
    (void)state;
    struct sim_options o = {.supplies = 132,
                            .seed = 4,
                            .from = at(FROM),
                            .days = 35,
                            .healthy_days = 7,
                            .faults_per_week = 25,
                            .fault_size = SIM_ANY,
                            .modes = ~1u,
                            .ends = (1u << SIM_ENDS) - 1};
    struct sim *s;
    struct err err;
    struct fleet *fleet;
    struct maintenance *m;
    char path[] = "/tmp/psmon-sim-XXXXXX";
    size_t n, ended[SIM_ENDS] = {0};
    close(mkstemp(path));
    assert_int_equal(sim_new(&s, &o, &err), 0);
    assert_int_equal(sim_write_fleet(s, path, &err), 0);
    assert_int_equal(fleet_load(&fleet, path, &err), 0);
    assert_int_equal(sim_write_maintenance(s, path, o.from, o.from + 90 * NS_PER_DAY, &err), 0);
    assert_int_equal(maintenance_load(&m, path, fleet, &err), 0);
    unlink(path);
    const struct sim_fault *f = sim_faults(s, &n);
    for (size_t i = 0; i < n; i++, f++) {
        ended[f->ended]++;
        assert_true(f->end > f->onset);
        assert_int_equal(f->end == SIM_FOR_EVER, f->ended == SIM_NEVER);
        assert_int_equal(f->trip != 0, f->ended == SIM_BY_TRIP);
        assert_true(f->trip == 0 || (f->trip >= f->onset && f->trip <= f->end));
        if (f->ended != SIM_REPAIRED && f->ended != SIM_BY_TRIP)
            continue;
        size_t k = 0;
        while (k < m->n && (m->period[k].supply != f->supply || m->period[k].end != f->end))
            k++;
        assert_true(k < m->n && strncmp(m->period[k].entry->work, "repaired: ", 10) == 0);
    }
    for (int e = 0; e < SIM_ENDS; e++)
        assert_true(ended[e] >= 8);
    maintenance_free(m);
    fleet_free(fleet);
    sim_free(s);
}

/* ---- common causes and contexts ---- */

/* A ring and the same without whatever the options add. */
static struct twins make_twins(struct sim_options o)
{
    struct twins w;
    struct err err;
    assert_int_equal(sim_new(&w.sick, &o, &err), 0);
    o.commons = o.contexts = 0;
    o.faults_per_week = 0;
    assert_int_equal(sim_new(&w.well, &o, &err), 0);
    return w;
}

/* Whether another event than `but` is felt by a supply at t or shortly before. */
static bool disturbed(const struct sim *s, const struct sim_event *but, uint32_t supply, tstamp_ns t)
{
    size_t n;
    const struct sim_event *e = sim_events(s, &n);
    for (size_t i = 0; i < n; i++, e++)
        if (e != but && !e->background && t > e->onset - 2 * NS_PER_HOUR && t < e->end + 12 * NS_PER_HOUR &&
            sim_event_concerns(s, e, supply))
            return true;
    return false;
}

static double hour_apart(const struct twins *w, uint32_t supply, int signal, tstamp_ns t)
{
    return hour(w->sick, supply, signal, t) - hour(w->well, supply, signal, t);
}

/* The hour of an event at which it is all there. */
static tstamp_ns full_at(const struct sim_event *e)
{
    tstamp_ns t = e->end - e->onset > 80 * NS_PER_HOUR ? e->onset + 74 * NS_PER_HOUR : e->end - NS_PER_HOUR;
    return t > e->onset ? t : e->onset;
}

/* Members show it by its size on the mean, the others nothing at all. Returns false when it cannot be judged:
 * other events are about, or the beam is off. */
static bool shows_on_its_members(const struct twins *w, const struct sim_event *e)
{
    tstamp_ns t = in_beam(full_at(e));
    double sum = 0;
    int members = 0;
    if (t != full_at(e) || e->end - e->onset < NS_PER_HOUR)
        return false;
    for (uint32_t i = 0; i < sim_supplies(w->sick); i++) {
        if (disturbed(w->sick, e, i, t) || !sim_connected(w->sick, i, t, NULL))
            continue;
        double d = hour_apart(w, i, e->signal, t);
        if (!sim_event_concerns(w->sick, e, i)) {
            assert_true(d == 0);
            continue;
        }
        sum += d;
        members++;
    }
    if (members < 5)
        return false;
    double share = sum / members / e->size;
    if (e->end - e->onset < 3 * NS_PER_HOUR)
        assert_true(share > 0.3 && share < 1.4); /* it is still growing */
    else
        assert_true(share > 0.6 && share < 1.35);
    return true;
}

static void common_causes_act_on_their_group_alone(void **state)
{
    (void)state;
    struct sim_options o = living(198, 31, 49);
    o.commons = (1u << SIM_COMMONS) - 1;
    o.commons_per_week = 9;
    struct twins w = make_twins(o);
    size_t n, judged[SIM_COMMONS] = {0}, levels[3] = {0};
    const struct sim_event *e = sim_events(w.sick, &n);
    for (size_t i = 0; i < n; i++, e++) {
        assert_true(e->onset >= o.from + 7 * NS_PER_DAY && e->end > e->onset);
        assert_true(!i || e->onset >= e[-1].onset);
        if (e->background)
            continue;
        levels[e->level]++;
        bool loses = e->kind == SIM_OUTAGE || e->kind == SIM_REBOOT;
        tstamp_ns last = e->end - NS_PER_MIN;
        for (uint32_t k = 0; loses && k < sim_supplies(w.sick); k++)
            if (!disturbed(w.sick, e, k, last) && sim_connected(w.well, k, last, NULL))
                assert_int_equal(sim_connected(w.sick, k, last, NULL), !sim_event_concerns(w.sick, e, k));
        if (e->kind == SIM_REBOOT) { /* at first it stands still */
            struct sample x[60];
            uint32_t k = 0;
            while (!sim_event_concerns(w.sick, e, k))
                k++;
            size_t got = sim_read(w.sick, k * SIGNAL_KNOWN + SIGNAL_VOLTAGE, e->onset + 2 * NS_PER_MIN,
                                  e->onset + (tstamp_ns)(0.7 * e->size) * NS_PER_MIN, x, 60);
            for (size_t m = 1; m < got; m++)
                assert_true(x[m].value == x[0].value);
        }
        bool warms = !loses && e->kind != SIM_SAG && e->kind != SIM_DIP;
        judged[e->kind] += !warms || shows_on_its_members(&w, e);
    }
    for (int k = 0; k < SIM_COMMONS; k++)
        assert_true(judged[k] > 0);
    for (int level = 0; level < 3; level++)
        assert_true(levels[level] > 5);
    sim_free(w.sick);
    sim_free(w.well);
}

/* A sag is one sample of its members, a dip hours of noise and warmth. */
static void the_mains_reach_a_feeder(void **state)
{
    (void)state;
    struct sim_options o = living(132, 5, 35);
    o.commons = 1u << SIM_SAG | 1u << SIM_DIP;
    o.commons_per_week = 5;
    struct twins w = make_twins(o);
    size_t n, sags = 0, dips = 0;
    const struct sim_event *e = sim_events(w.sick, &n);
    for (size_t i = 0; i < n; i++, e++)
        for (uint32_t k = 0; k < 132 && !e->background; k++) {
            struct sample a, b;
            uint32_t channel = k * SIGNAL_KNOWN + SIGNAL_VOLTAGE;
            tstamp_ns minute = e->kind == SIM_SAG ? e->onset : e->onset + 30 * NS_PER_MIN;
            if (!sim_event_concerns(w.sick, e, k) || disturbed(w.sick, e, k, minute) || minute >= e->end ||
                sim_read(w.sick, channel, minute, minute + NS_PER_MIN, &a, 1) != 1 ||
                sim_read(w.well, channel, minute, minute + NS_PER_MIN, &b, 1) != 1 || fabs(b.value) < 1)
                continue;
            if (e->kind == SIM_SAG) {
                assert_near(a.value / b.value, 1 - e->size / 100, 0, 0.01);
                sags++;
            } else if (e->end - e->onset > 2 * NS_PER_HOUR) {
                double warm = hour_apart(&w, k, SIGNAL_CAPACITOR_TEMPERATURE, e->end - NS_PER_HOUR);
                assert_true(warm > 0.1 * e->size - 0.05 && warm < 0.3 * e->size);
                dips++;
            }
        }
    assert_true(sags > 20 && dips > 20);
    sim_free(w.sick);
    sim_free(w.well);
}

static double code(struct sim *s, uint32_t supply, tstamp_ns t)
{
    struct sample x;
    assert_true(sim_latest(s, supply * SIGNAL_KNOWN + SIGNAL_DAC, t, &x));
    return x.value;
}

/* Every set-point moves by half a per cent at least and the label's size at most, and is back when it says
 * so. */
static size_t check_lattice(const struct twins *w, const struct sim_event *e)
{
    tstamp_ns t = e->onset + 20 * NS_PER_MIN;
    size_t checked = 0;
    for (uint32_t k = 0; k < sim_supplies(w->sick); k++) {
        double was = code(w->well, k, t), is = code(w->sick, k, t);
        if (strchr("HV", sim_supply_name(w->sick, k)[4]) || was < 8000 || !sim_connected(w->sick, k, t, NULL))
            continue;
        double moved = fabs(is / was - 1);
        if (e->strength > 0)
            assert_true(moved < 1e-4);
        else
            assert_true(moved > 0.0048 && moved < e->size / 100 + 2e-4);
        checked++;
    }
    return checked;
}

static void contexts_are_what_they_say(void **state)
{
    (void)state;
    struct sim_options o = living(66, 6, 63);
    o.healthy_days = 14;
    uint32_t kinds[] = {SIM_LATTICE, SIM_WARM,        SIM_COLD,  SIM_SHUTDOWN,
                        SIM_SWAP,    SIM_CALIBRATION, SIM_STUDY, SIM_DUMP};
    for (size_t a = 0; a < sizeof kinds / sizeof *kinds; a++) {
        o.contexts = 1u << kinds[a];
        struct twins w = make_twins(o);
        size_t n, seen = 0, back = 0;
        const struct sim_event *e = sim_events(w.sick, &n);
        for (size_t i = 0; i < n; i++, e++) {
            assert_true(e->class == SIM_BENIGN || e->background);
            if (e->background)
                continue;
            assert_int_equal(e->kind, kinds[a]);
            tstamp_ns t = e->onset + 24 * NS_PER_HOUR;
            uint32_t k = e->supply < 0 ? (uint32_t)(i % 60) : (uint32_t)e->supply;
            switch (e->kind) {
            case SIM_LATTICE:
                seen += check_lattice(&w, e) > 10;
                back += e->strength > 0;
                break;
            case SIM_WARM:
            case SIM_COLD:
                t = e->onset / NS_PER_DAY * NS_PER_DAY + 2 * NS_PER_DAY;
                for (int h = 0; h < 24; h += 6) /* the mean of a day, which has its afternoon */
                    seen += fabs(hour_apart(&w, k, SIGNAL_IGBT_TEMPERATURE, t + h * NS_PER_HOUR) / e->size -
                                 1) < 0.55;
                break;
            case SIM_SHUTDOWN:
                assert_near(code(w.sick, k, t), 0, 0, 0.5);
                assert_near(code(w.sick, k, e->end), code(w.well, k, e->end), 0, 40);
                assert_true(hour_apart(&w, k, SIGNAL_MAGNET_TEMPERATURE, e->end) < -0.5); /* a cold start */
                seen++;
                break;
            case SIM_SWAP:
            case SIM_CALIBRATION:
                assert_true(hour_apart(&w, k, SIGNAL_IGBT_TEMPERATURE, e->onset - 30 * NS_PER_HOUR) == 0);
                assert_near(hour_apart(&w, k, SIGNAL_MAGNET_TEMPERATURE, t), 0, 0,
                            0.05); /* the same magnet */
                if (e->kind == SIM_CALIBRATION && e->signal >= 0 && strcmp(e->unit, "K") == 0)
                    assert_near(hour_apart(&w, k, e->signal, t), e->size, 0, 0.06);
                seen++;
                break;
            default:
                t = e->onset + (e->kind == SIM_DUMP ? 11 : 90) * NS_PER_MIN;
                seen += code(w.sick, k, t) != code(w.well, k, t);
            }
        }
        assert_true(seen > 0);
        assert_true(kinds[a] != SIM_LATTICE || back > 0);
        sim_free(w.sick);
        sim_free(w.well);
    }
}

static void faults_begin_in_common_causes(void **state)
{
    (void)state;
    struct sim_options o = living(132, 17, 35);
    o.commons = (1u << SIM_COMMONS) - 1;
    o.commons_per_week = 6;
    o.contexts = 1u << SIM_SHUTDOWN;
    o.faults_per_week = 12;
    o.modes = ~1u;
    o.ends = (1u << SIM_ENDS) - 1;
    o.in_common = 1;
    struct sim *s;
    struct err err;
    assert_int_equal(sim_new(&s, &o, &err), 0);
    size_t n, n_events, inside = 0;
    const struct sim_fault *f = sim_faults(s, &n);
    const struct sim_event *e = sim_events(s, &n_events);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n_events; k++) {
            if (e[k].kind == SIM_SHUTDOWN) /* nothing begins while everything is off */
                assert_false(f[i].onset >= e[k].onset && f[i].onset < e[k].end);
            if (e[k].class != SIM_COMMON || e[k].background || f[i].onset < e[k].onset ||
                f[i].onset >= e[k].end || f[i].supply < 0 ||
                !sim_event_concerns(s, &e[k], (uint32_t)f[i].supply))
                continue;
            inside++;
            break;
        }
    assert_true(inside >= 0.7 * (double)n);
    sim_free(s);
}

/* How many K a supply's temperature moves for a K of a warm spell's air, over its sector. */
static void gains_to_air(enum sim_physics physics, int signal, double *mean, double *sd)
{
    struct sim_options o = living(99, 6, 28);
    o.contexts = 1u << SIM_WARM;
    o.physics = physics;
    struct sim *warm, *plain;
    struct err err;
    assert_int_equal(sim_new(&warm, &o, &err), 0);
    o.contexts = 0;
    assert_int_equal(sim_new(&plain, &o, &err), 0);
    struct twins w = {.sick = warm, .well = plain};
    size_t n, i = 0;
    const struct sim_event *e = sim_events(warm, &n);
    while (e[i].kind != SIM_WARM)
        i++;
    double sum = 0, squares = 0;
    for (uint32_t k = 0; k < 33; k++) { /* one sector: one air */
        double gain = hour_apart(&w, k, signal, in_beam(e[i].onset + 40 * NS_PER_HOUR)) / e[i].size;
        sum += gain;
        squares += gain * gain;
    }
    *mean = sum / 33;
    *sd = sqrt(fmax(0, squares / 33 - *mean * *mean));
    sim_free(warm);
    sim_free(plain);
}

static void supplies_of_physics_b_answer_air_each_in_its_way(void **state)
{
    (void)state;
    for (int signal = SIGNAL_CAPACITOR_TEMPERATURE; signal <= SIGNAL_IGBT_TEMPERATURE; signal += 4) {
        double mean, sd;
        gains_to_air(SIM_PHYSICS_A, signal, &mean, &sd);
        assert_true(mean > 0.6 && sd < 0.01);
        gains_to_air(SIM_PHYSICS_B, signal, &mean, &sd);
        assert_true(mean > 0.5 && sd / mean > 0.12);
    }
}

/* The same ring, of which the sensors have drifted seventeen weeks longer: no more differs. */
static void sensors_of_physics_b_drift(void **state)
{
    (void)state;
    struct sim_options o = {.supplies = 66, .seed = 8, .from = at(FROM), .physics = SIM_PHYSICS_B};
    struct twins w;
    struct err err;
    assert_int_equal(sim_new(&w.well, &o, &err), 0);
    o.from -= 17 * 7 * NS_PER_DAY;
    assert_int_equal(sim_new(&w.sick, &o, &err), 0);
    double sum = 0;
    for (uint32_t k = 0; k < 66; k++) {
        sum += fabs(hour_apart(&w, k, SIGNAL_IGBT_TEMPERATURE, at(FROM)));
        assert_true(hour_apart(&w, k, SIGNAL_VOLTAGE, at(FROM)) == 0);
    }
    /* mean of |N(0, 0.05 K a week)|, 17 weeks */
    assert_near(sum / 66, 17 * 0.05 * sqrt(2 / M_PI), 0.25, 0);
    sim_free(w.sick);
    sim_free(w.well);
}

/* Off since 08:00, a heat sink of a quarter of an hour is as good as cold within the hour; the body of one of
 * b is not. The air is the same.
 */
static void heat_sinks_of_physics_b_have_a_body(void **state)
{
    (void)state;
    double left[2];
    tstamp_ns off = at("2026-09-08T08:00:00Z");
    for (int b = 0; b < 2; b++) {
        struct sim_options o = {.supplies = 33, .seed = 8, .from = at(FROM), .physics = (enum sim_physics)b};
        struct sim *s;
        struct err err;
        assert_int_equal(sim_new(&s, &o, &err), 0);
        double warm = 0, fell = 0;
        for (uint32_t k = 0; k < 33; k++) {
            if (code(s, k, off + 90 * NS_PER_MIN) != 0)
                continue; /* cycled, for tests */
            double cold = hour(s, k, SIGNAL_IGBT_TEMPERATURE, off + 5 * NS_PER_HOUR);
            warm += hour(s, k, SIGNAL_IGBT_TEMPERATURE, off + 30 * NS_PER_MIN) - cold;
            fell += hour(s, k, SIGNAL_IGBT_TEMPERATURE, off - 2 * NS_PER_HOUR) - cold;
        }
        left[b] = warm / fell;
        sim_free(s);
    }
    assert_true(left[1] > left[0] + 0.04);
}

/* Each row of the labels, by its columns; also what the plain ring has anyway, once there is something to
 * tell it from. */
static void labels_tell_all(void **state)
{
    (void)state;
    struct sim_options o = living(66, 3, 42);
    o.commons = (1u << SIM_COMMONS) - 1;
    o.contexts = UINT32_MAX << SIM_COMMONS;
    o.faults_per_week = 5;
    struct sim *s;
    struct err err;
    char path[] = "/tmp/psmon-sim-XXXXXX", line[8192];
    close(mkstemp(path));
    assert_int_equal(sim_new(&s, &o, &err), 0);
    assert_int_equal(sim_write_labels(s, path, &err), 0);
    FILE *f = fopen(path, "r");
    size_t rows = 0, benign = 0, common = 0, steps = 0, faults, events;
    sim_faults(s, &faults);
    sim_events(s, &events);
    assert_non_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f)) {
        int commas = 0;
        for (const char *c = line; *c; c++)
            commas += *c == ',';
        assert_int_equal(commas, 12);
        assert_true(strchr(line, '\n')[-1] != ','); /* there are members */
        benign += strstr(line, ",benign,") != NULL;
        common += strstr(line, ",common,") != NULL;
        steps += strstr(line, ",water temperature,") && strncmp(line, "S0", 2) == 0;
        rows++;
    }
    fclose(f);
    unlink(path);
    assert_int_equal(rows, faults + events);
    assert_true(benign > 10 && common > 5 && steps > 0);
    sim_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mode_shows_at_every_size),
        cmocka_unit_test(faults_end_as_asked),
        cmocka_unit_test(common_causes_act_on_their_group_alone),
        cmocka_unit_test(the_mains_reach_a_feeder),
        cmocka_unit_test(contexts_are_what_they_say),
        cmocka_unit_test(faults_begin_in_common_causes),
        cmocka_unit_test(supplies_of_physics_b_answer_air_each_in_its_way),
        cmocka_unit_test(sensors_of_physics_b_drift),
        cmocka_unit_test(heat_sinks_of_physics_b_have_a_body),
        cmocka_unit_test(labels_tell_all),
    };
    return cmocka_run_group_tests_name("archive/sim living", tests, NULL, NULL);
}
