/* A made-up fleet of eight supplies for unit tests of detectors: its readings as a formula, a reference of
 * some days, and a model trained on it. SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_MADE_UP_H
#define PSM_TESTS_MADE_UP_H

#include "base/mem.h"
#include "detectors/engine/scorer.h"

#include "tests/fleet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define T0 (1795046400 * NS_PER_S) /* a whole day */
enum { SUPPLIES = 8, SIGNALS = 6, CHANNELS = SUPPLIES * SIGNALS, DAYS = 6, MINUTES = DAYS * 1440 };

#define REFERENCE_END (T0 + MINUTES * NS_PER_MIN)

static const char *const signal_names[SIGNALS] = {
    "capacitor_temperature", "current", "magnet_temperature", "dac", "igbt_temperature", "voltage"};
static const char *const units[SIGNALS] = {"degC", "A", "degC", "", "degC", "V"};

/* A supply that has in place of the voltage a status, which stands still in the reference. */
enum { WITHOUT_VOLTS = 6 };

struct world {
    struct fleet *fleet;
    struct maintenance *maintenance;
    struct model *model;
    int hot; /* supply whose IGBT is hotter … */
    tstamp_ns hot_since;
    double flicker, unrest; /* of WITHOUT_VOLTS's status and current, since hot_since */
    double moved;           /* the same supply's current by so much of full scale, since then */
    /* what is added to a reading of supply s, in its unit; NULL: nothing. hour: since the reference */
    double (*course)(int s, int signal, double hour);
    char path[64];
};

/* A number in (-1, 1) from three keys, about normal after four of them are added (splitmix64's finaliser). */
static inline double noise(uint64_t a, uint64_t b, uint64_t c)
{
    double sum = 0;
    for (uint64_t k = 0; k < 4; k++) {
        uint64_t z = (a * 0x9e3779b97f4a7c15u) ^ (b * 0xbf58476d1ce4e5b9u) ^ (c * 0x94d049bb133111ebu) ^ k;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        sum += (double)((z ^ (z >> 31)) >> 11) * 0x1p-53 * 2 - 1;
    }
    return sum * 0.87;
}

/* Relative current: an optics change every seventh hour, different for each supply. */
static inline double current(const struct world *w, int s, tstamp_ns t)
{
    return 0.6 + 0.1 * noise((uint64_t)s, (uint64_t)(t / NS_PER_MIN / 420), 77) +
           (s == WITHOUT_VOLTS && t >= w->hot_since ? w->moved : 0);
}

static inline double reading(const struct world *w, int s, int signal, tstamp_ns t)
{
    int64_t minute = t / NS_PER_MIN;
    double more = w->course && t >= REFERENCE_END
                      ? w->course(s, signal, (double)(t - REFERENCE_END) / (double)NS_PER_HOUR)
                      : 0;
    double i = current(w, s, t), q = i * i, hour = (double)minute / 60;
    double n = noise((uint64_t)(s * SIGNALS + signal), (uint64_t)minute, 1);
    double air = 0.3 * sin(hour / 24 * 2 * M_PI) + 0.1 * sin(hour / 31 + s);
    bool odd = s == WITHOUT_VOLTS && t >= w->hot_since;
    if (s == WITHOUT_VOLTS && signal == SIGNAL_VOLTAGE)
        return 5 + (odd ? minute % 2 ? w->flicker : -w->flicker : 0);
    switch (signal) {
    case SIGNAL_CURRENT: return more + 100 * i + 0.004 * n * (odd && w->unrest > 0 ? w->unrest : 1);
    case SIGNAL_DAC: return rint(i * 32768);
    case SIGNAL_VOLTAGE: return more + 12 * i * (1 + 0.00393 * (8 * q - 3)) + 0.003 * n;
    case SIGNAL_MAGNET_TEMPERATURE: return more + 32 + 12 * q + air + 0.1 * n;
    case SIGNAL_IGBT_TEMPERATURE:
        return more + 30 + 15 * i + air + 0.1 * n + (s == w->hot && t >= w->hot_since ? 5 : 0);
    default: return more + 28 + 8 * q + air + 0.1 * n;
    }
}

static inline const char *signal_of(int s, int k)
{
    return s == WITHOUT_VOLTS && k == SIGNAL_VOLTAGE ? "status" : signal_names[k];
}

/* unit: of the third supply's voltage. */
static inline const char *unit_of(int s, int k, const char *unit)
{
    return s == 2 && k == SIGNAL_VOLTAGE ? unit : s == WITHOUT_VOLTS && k == SIGNAL_VOLTAGE ? "" : units[k];
}

static inline struct fleet *make_fleet_of(const char *prefix, const char *unit)
{
    struct table_file table;
    FILE *out = table_begin(&table);
    fprintf(out, "supply,family,sector,signal,pv,unit,range\n");
    for (int s = 0; s < SUPPLIES; s++)
        for (int k = 0; k < SIGNALS; k++)
            fprintf(out, "%s%d,fam%d,S%d,%s,PV:%d:%d,%s,%s\n", prefix, s, s / 4, s / 4, signal_of(s, k), s, k,
                    unit_of(s, k, unit), k == SIGNAL_CURRENT ? "100" : "");
    return fleet_end(&table);
}

static inline struct fleet *make_fleet(const char *prefix)
{
    return make_fleet_of(prefix, "V");
}

static inline struct record *make_record(struct world *w, struct grid *g)
{
    struct record *r = NULL;
    struct err err;
    struct sample *buf = xcalloc(MINUTES, sizeof *buf);
    assert_int_equal(record_new(&r, g, w->fleet, T0, MINUTES, NULL, &err), 0);
    for (uint32_t c = 0; c < CHANNELS; c++) {
        for (int k = 0; k < MINUTES; k++) {
            tstamp_ns t = T0 + k * NS_PER_MIN;
            buf[k] = (struct sample){.t = t, .value = reading(w, (int)(c / SIGNALS), (int)(c % SIGNALS), t)};
        }
        if (c / SIGNALS != 7) /* supply 7 never had data */
            record_push(r, c, buf, MINUTES);
        record_end(r, c);
    }
    free(buf);
    return r;
}

static inline int setup_world(void **state)
{
    struct world *w = xcalloc(1, sizeof *w);
    struct err err;
    w->fleet = make_fleet("P");
    w->hot = -1;
    if (maintenance_load(&w->maintenance, NULL, w->fleet, &err) != 0)
        return -1;
    struct grid *g = grid_new(
        w->fleet,
        &(struct grid_options){.period = NS_PER_MIN, .max_age = 5 * NS_PER_MIN, .deadband_hold = NS_PER_DAY});
    struct record *r = make_record(w, g);
    struct train_options o = {
        .seed = 3, .window_minutes = 720, .max_rows = 4000, .left_out = "2 rows were left out"};
    int rc = model_train(&w->model, w->fleet, r, w->maintenance, &o, &err);
    record_free(r);
    grid_free(g);
    if (rc != 0)
        print_error("%s\n", err.msg);
    snprintf(w->path, sizeof w->path, "/tmp/psmon-model-%d.model", (int)getpid());
    *state = w;
    return rc;
}

static inline int teardown_world(void **state)
{
    struct world *w = *state;
    unlink(w->path);
    model_free(w->model);
    maintenance_free(w->maintenance);
    fleet_free(w->fleet);
    free(w);
    return 0;
}

static inline void read_minute(const struct world *w, tstamp_ns t, float value[CHANNELS],
                               uint8_t quality[CHANNELS])
{
    for (int c = 0; c < CHANNELS; c++) {
        bool there = c / SIGNALS != 7;
        value[c] = there ? (float)reading(w, c / SIGNALS, c % SIGNALS, t) : NAN;
        quality[c] = there ? QUALITY_OK : QUALITY_MISSING;
    }
}

#endif
