/* archive/sim: the ring is the same from any side, obeys its physics, and its faults are where the labels
 * say. SPDX-License-Identifier: MIT */
#include "archive/sim/ring.h"

#include "archive/sim/faults.h"
#include "archive/sim/layout.h"
#include "base/maintenance.h"
#include "base/time/clock.h"
#include "base/time/timefmt.h"
#include "tests/ring.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sim *make(uint32_t supplies, uint64_t seed, double days, double faults)
{
    struct sim *s;
    struct err err;
    const struct sim_options o = {.supplies = supplies,
                                  .seed = seed,
                                  .from = at(FROM),
                                  .days = days,
                                  .healthy_days = 7,
                                  .faults_per_week = faults,
                                  .fault_size = SIM_MEDIUM};
    assert_int_equal(sim_new(&s, &o, &err), 0);
    return s;
}

static uint64_t sum_of(const struct sample *x, size_t n)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i].value, sizeof bits);
        h = (h ^ bits ^ (uint64_t)x[i].t ^ (uint64_t)x[i].severity << 60) * 1099511628211u;
    }
    return h;
}

/* All channels of the ring over three days. */
static uint64_t digest(struct sim *s, tstamp_ns from)
{
    static struct sample x[3 * DAY_MAX + 1];
    uint64_t h = 0;
    for (uint32_t c = 0; c < sim_channels(s); c++)
        h = h * 31 + sum_of(x, sim_read(s, c, from, from + 3 * NS_PER_DAY, x, 3 * DAY_MAX));
    return h;
}

static void *read_backwards(void *arg)
{
    struct sim *s = arg;
    struct sample *x = calloc(DAY_MAX, sizeof *x);
    tstamp_ns from = at(FROM) + 7 * NS_PER_DAY;
    for (uint32_t c = sim_channels(s); c-- > 0;)
        for (int day = 3; day-- > 0;)
            sim_read(s, c, from + day * NS_PER_DAY, from + (day + 1) * NS_PER_DAY, x, DAY_MAX);
    free(x);
    return NULL;
}

static void the_same_from_any_side(void **state)
{
    (void)state;
    tstamp_ns from = at(FROM) + 7 * NS_PER_DAY;
    struct sim *a = make(40, 5, 14, 20), *b = make(40, 5, 14, 20), *c = make(40, 6, 14, 20);
    uint64_t want = digest(a, from);
    pthread_t threads[4]; /* other order, several threads at once, then read again */
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, read_backwards, b);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(digest(b, from) == want);
    assert_true(digest(c, from) != want);
    sim_free(a);
    sim_free(b);
    sim_free(c);
}

static void pieces_join(void **state)
{
    (void)state;
    struct sim *s = make(3, 9, 14, 0);
    struct sample whole[2 * DAY_MAX], pieces[2 * DAY_MAX], x;
    tstamp_ns from = at(FROM) + 12 * NS_PER_HOUR;
    for (uint32_t c = 0; c < sim_channels(s); c++) {
        size_t n = sim_read(s, c, from, from + NS_PER_DAY, whole, 2 * DAY_MAX), k = 0;
        for (tstamp_ns t = from; t < from + NS_PER_DAY; t += 97 * NS_PER_S) {
            tstamp_ns end = t + 97 * NS_PER_S < from + NS_PER_DAY ? t + 97 * NS_PER_S : from + NS_PER_DAY;
            k += sim_read(s, c, t, end, pieces + k, 5);
        }
        assert_int_equal(n, k);
        assert_true(n > 0);
        assert_true(sum_of(whole, n) == sum_of(pieces, k));
        for (size_t i = 1; i < n; i++)
            assert_true(whole[i].t > whole[i - 1].t);
        assert_true(sim_latest(s, c, whole[n - 1].t, &x) && x.t == whole[n - 1].t);
        assert_true(sim_latest(s, c, whole[n - 1].t - 1, &x) && x.t < whole[n - 1].t);
        assert_true(sim_latest(s, c, from, &x) && x.t <= from);
    }
    sim_free(s);
}

/* What a file holds, in 64 bits; of each line only what stands before its n-th comma. */
static uint64_t file_digest(const char *path, int columns)
{
    FILE *f = fopen(path, "r");
    uint64_t h = 14695981039346656037u;
    int c, commas = 0;
    assert_non_null(f);
    while ((c = fgetc(f)) != EOF) {
        commas = c == '\n' ? 0 : commas + (c == ',');
        if (commas < columns)
            h = (h ^ (uint64_t)c) * 1099511628211u;
    }
    fclose(f);
    return h;
}

/* The published figures were measured on the ring that comes without further options. What was added to the
 * simulator since must not change one bit of it: readings, fleet, maintenance, and of the labels the columns
 * that there were. The sums are of the version that the figures were measured with, on x86-64 and glibc. */
static void the_plain_ring_is_what_it_was(void **state)
{
    (void)state;
    static const struct {
        struct sim_options o;
        uint64_t readings, fleet, maintenance, labels;
    } rings[] = {
        {{.supplies = 66,
          .seed = 100,
          .days = 28,
          .healthy_days = 14,
          .faults_per_week = -1,
          .fault_size = SIM_MEDIUM},
         0x73636bd1e44642bf,
         0xa66ed34f13dbd7b2,
         0x36e97a5b99c81bab,
         0x420ad088cfb09b37},
        {{.supplies = 50,
          .seed = 7,
          .days = 21,
          .healthy_days = 7,
          .faults_per_week = 30,
          .fault_size = SIM_MIXED},
         0x82d9019401b5fb99,
         0xf5f7caa3170b437b,
         0x49b1a9a1e569bc0e,
         0x41ff5aa6d24d7c96},
    };
    char path[] = "/tmp/psmon-sim-XXXXXX";
    close(mkstemp(path));
    for (size_t i = 0; i < 2; i++) {
        struct sim *s;
        struct err err;
        struct sim_options o = rings[i].o;
        o.from = at("2025-02-03");
        assert_int_equal(sim_new(&s, &o, &err), 0);
        tstamp_ns to = o.from + (tstamp_ns)o.days * NS_PER_DAY;
        uint64_t readings = 0;
        for (int day = 0; day < (int)o.days; day += 3)
            readings = readings * 31 + digest(s, o.from + day * NS_PER_DAY);
        assert_int_equal(sim_write_fleet(s, path, &err), 0);
        assert_true(file_digest(path, 99) == rings[i].fleet);
        assert_int_equal(sim_write_maintenance(s, path, o.from, to, &err), 0);
        assert_true(file_digest(path, 99) == rings[i].maintenance);
        assert_int_equal(sim_write_labels(s, path, &err), 0);
        assert_true(file_digest(path, 9) == rings[i].labels);
        assert_true(readings == rings[i].readings);
        sim_free(s);
    }
    unlink(path);
}

static void any_year_is_near(void **state)
{
    (void)state;
    static const char *const years[] = {"1971-06-01", "1999-12-31T23:58:00Z", "2025-02-03", "2099-07-01"};
    for (size_t i = 0; i < 4; i++) {
        struct sim *s = make(1320, 3, 14, -1);
        struct sample x;
        tstamp_ns before = clock_monotonic(), t = at(years[i]);
        for (uint32_t c = 0; c < 600; c++)
            assert_true(sim_latest(s, c * 13, t, &x) && x.t <= t && x.t > t - 45 * NS_PER_DAY);
        assert_true(clock_monotonic() - before < 2 * NS_PER_S * 10); /* far less; sanitizers are slow */
        sim_free(s);
    }
    struct sim *s = make(1, 3, 14, 0);
    struct sample x;
    assert_false(sim_latest(s, 0, at("1969-01-01"), &x));
    assert_int_equal(sim_read(s, 0, at("1969-01-01"), at("1970-01-02"), &x, 1), 0);
    sim_free(s);
}

static void physics_and_calendar(void **state)
{
    (void)state;
    struct sim *s = make(33, 21, 14, 0);
    tstamp_ns monday = at("2026-09-07T03:00:00Z"), off = at("2026-09-08T12:30:00Z");
    int went_off = 0;
    for (uint32_t i = 0; i < 33; i++) {
        double current = hour(s, i, SIGNAL_CURRENT, monday), dac = hour(s, i, SIGNAL_DAC, monday);
        double volts = hour(s, i, SIGNAL_VOLTAGE, monday), igbt = hour(s, i, SIGNAL_IGBT_TEMPERATURE, monday);
        static const double peak[] = {460, 161, 124, 127};
        const char *name = sim_supply_name(s, i);
        int family = (int)(strchr("QSHV", name[4]) - "QSHV");
        assert_in_range(family, 0, 3);
        assert_near(current, dac / 32767 * peak[family], 2e-3, 0.05);
        if (fabs(dac) > 1000) /* 40 mΩ to 120 mΩ with the cable, of the current's sign */
            assert_true(volts / current > 0.035 && volts / current < 0.14);
        assert_true(igbt > 26 && igbt < 60);
        went_off += fabs(hour(s, i, SIGNAL_CURRENT, off)) < 0.001 * peak[family];
    }
    assert_true(went_off >= 20); /* the rest is cycled */
    sim_free(s);
}

static void data_are_imperfect(void **state)
{
    (void)state;
    struct sim *s = make(132, 4, 14, 0);
    static struct sample x[DAY_MAX];
    size_t n = 0, invalid = 0, sparse = 0, full = 0;
    double jitter = 0;
    for (int day = 0; day < 10; day++)
        for (uint32_t c = 0; c < sim_channels(s); c++) {
            tstamp_ns from = at(FROM) + day * NS_PER_DAY;
            size_t k = sim_read(s, c, from, from + NS_PER_DAY, x, DAY_MAX);
            n += k;
            sparse += k < 1300;
            full += k == DAY_MAX;
            for (size_t i = 0; i < k; i++) {
                invalid += x[i].severity == SEVERITY_INVALID;
                if (i)
                    jitter += fabs((double)((x[i].t - x[i - 1].t) % NS_PER_MIN) - 30e9) < 29.99e9;
            }
        }
    assert_true(invalid > 5 && invalid < n / 10000);
    assert_true(sparse > 500 && full > 50);
    assert_true(jitter > 0.5 * (double)n);
    sim_free(s);
}

static void lost_connections_leave_gaps_and_marks(void **state)
{
    (void)state;
    struct sim *s = make(132, 4, 14, 0);
    int found = 0;
    for (uint32_t sector = 0; sector < 4; sector++)
        for (tstamp_ns t = at(FROM); t < at(FROM) + 300 * NS_PER_DAY; t += 2 * NS_PER_MIN) {
            uint32_t supply = sector * 33 + 5;
            tstamp_ns lost;
            if (sim_connected(s, supply, t, &lost))
                continue;
            assert_true(lost <= t && lost > t - NS_PER_HOUR);
            tstamp_ns back = t;
            while (!sim_connected(s, supply, back, NULL))
                back += NS_PER_MIN;
            struct sample x;
            for (uint32_t c = supply * SIGNAL_KNOWN; c < (supply + 1) * SIGNAL_KNOWN; c++) {
                assert_int_equal(sim_read(s, c, lost, back / NS_PER_MIN * NS_PER_MIN, &x, 1), 0);
                assert_int_equal(sim_read(s, c, back, back + NS_PER_HOUR, &x, 1), 1);
                assert_int_equal(x.flags, SAMPLE_RECONNECTED);
            }
            found++;
            t = back + NS_PER_HOUR;
        }
    assert_in_range(found, 3, 40); /* 12 expected */
    sim_free(s);
}

/* The healthy twin of a ring differs only by its faults. */
static void faults_act_as_labelled(void **state)
{
    (void)state;
    struct sim *sick = make(132, 8, 28, 40), *well = make(132, 8, 28, 0);
    size_t n, seen[20] = {0};
    const struct sim_fault *f = sim_faults(sick, &n);
    assert_int_equal(n, 120);
    for (size_t i = 0; i < n; i++, f++) {
        assert_true(f->onset >= at(FROM) + 7 * NS_PER_DAY && f->end > f->onset);
        assert_true(!i || f->onset >= f[-1].onset);
        if (f->supply < 0 || (f->trip && f->trip < f->onset + 4 * NS_PER_HOUR && f->mode != FAULT_DEATH &&
                              f->mode != FAULT_WATER_LOST))
            continue;
        seen[f->mode]++;
        uint32_t channel = (uint32_t)f->supply * SIGNAL_KNOWN;
        tstamp_ns t = f->onset + 3 * NS_PER_HOUR;
        double a = f->signal < 0 ? 0 : hour(sick, (uint32_t)f->supply, f->signal, t);
        double b = f->signal < 0 ? 0 : hour(well, (uint32_t)f->supply, f->signal, t);
        if (f->mode == FAULT_SENSOR && f->kind == SENSOR_OFFSET)
            assert_near(a - b, f->size, 0, 0.3);
        if (f->mode == FAULT_FAN && fabs(hour(well, (uint32_t)f->supply, SIGNAL_DAC, t)) > 8000)
            assert_true(a - b > 0.4 * f->size && a - b < 1.5 * f->size);
        if (f->mode == FAULT_DEATH && f->end > t + NS_PER_HOUR)
            assert_near(hour(sick, (uint32_t)f->supply, SIGNAL_CURRENT, f->onset + 65 * NS_PER_MIN), 0, 0,
                        0.1);
        if (f->mode == FAULT_OSCILLATION || f->mode == FAULT_DCCT_NOISY) {
            double ratio = roughness(sick, channel + SIGNAL_CURRENT, t, t + 6 * NS_PER_HOUR) /
                           roughness(well, channel + SIGNAL_CURRENT, t, t + 6 * NS_PER_HOUR);
            assert_true(ratio > 0.8); /* ramps may hide it, never invert it */
        }
    }
    for (size_t mode = 0; mode < 20; mode++)
        assert_int_equal(seen[mode] > 0, mode == 3 || mode == 5 || mode == 6 || mode == 7 || mode == 10 ||
                                             mode == 12 || mode == 16 || mode == 17 || mode == 18);
    sim_free(sick);
    sim_free(well);
}

static void a_living_ring_is_the_same_from_any_side(void **state)
{
    (void)state;
    struct sim_options o = living(50, 23, 28);
    o.commons = (1u << SIM_COMMONS) - 1;
    o.commons_per_week = 20;
    o.contexts = UINT32_MAX << SIM_COMMONS;
    o.faults_per_week = 10;
    o.modes = ~1u;
    o.physics = SIM_PHYSICS_B;
    struct sim *a, *b;
    struct err err;
    tstamp_ns from = o.from + 7 * NS_PER_DAY;
    assert_int_equal(sim_new(&a, &o, &err), 0);
    o.cache_bytes = 1; /* forgets at once */
    assert_int_equal(sim_new(&b, &o, &err), 0);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, read_backwards, a);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_true(digest(a, from) == digest(b, from));
    sim_free(a);
    sim_free(b);
}

static void tables_are_read_back(void **state)
{
    (void)state;
    struct sim *s = make(50, 2, 28, 10);
    char folder[] = "/tmp/psmon-sim-XXXXXX", path[64], line[512];
    assert_non_null(mkdtemp(folder));
    struct err err;
    struct fleet *f;
    struct maintenance *m;
    snprintf(path, sizeof path, "%s/t", folder);
    assert_int_equal(sim_write_fleet(s, path, &err), 0);
    assert_int_equal(fleet_load(&f, path, &err), 0);
    assert_int_equal(f->n_supplies, 50);
    assert_int_equal(f->n_channels, 300);
    for (uint32_t c = 0; c < 300; c++)
        assert_int_equal(sim_find(s, f->channels[c].pv) >= 0, 1);
    assert_int_equal(sim_find(s, "S99:Q1:CurrentM"), -1);
    assert_int_equal(sim_write_maintenance(s, path, at(FROM), at(FROM) + 120 * NS_PER_DAY, &err), 0);
    assert_int_equal(maintenance_load(&m, path, f, &err), 0);
    assert_non_null(maintenance_at(m, f, 7, at("2026-09-08T12:00:00Z")));
    assert_null(maintenance_at(m, f, 7, at("2026-09-08T16:00:01Z")));
    assert_non_null(maintenance_at(m, f, 7, at("2026-11-20T00:00:00Z"))); /* the shutdown */
    assert_int_equal(sim_write_table(s, 0, path, at(FROM), at(FROM) + 2 * NS_PER_DAY, &err), 0);
    FILE *t = fopen(path, "r");
    int rows = 0;
    assert_non_null(fgets(line, sizeof line, t));
    assert_string_equal(line, "time,capacitor_temperature,current,magnet_temperature,dac,igbt_temperature,"
                              "voltage,label\n");
    while (fgets(line, sizeof line, t))
        rows++;
    fclose(t);
    assert_int_equal(rows, 2880);
    assert_int_equal(sim_write_labels(s, path, &err), 0);
    assert_int_equal(sim_write_labels(s, "/nonexistent/x", &err), ERR_IO);
    unlink(path);
    rmdir(folder);
    maintenance_free(m);
    fleet_free(f);
    sim_free(s);
}

/* Counts in fleet.csv, by asking the fleet that reads it. */
static void groups_are_those_asked_for(void **state)
{
    (void)state;
    struct sim_options o = {
        .supplies = 100, .seed = 3, .from = at(FROM), .sector_sizes = {33, 12, 40}, .manifolds = true};
    struct sim *s;
    struct fleet *f;
    struct err err;
    char path[] = "/tmp/psmon-sim-XXXXXX";
    close(mkstemp(path));
    assert_int_equal(sim_new(&s, &o, &err), 0);
    assert_int_equal(sim_write_fleet(s, path, &err), 0);
    assert_int_equal(fleet_load(&f, path, &err), 0);
    unlink(path);
    assert_int_equal(f->groups[GROUP_SECTOR].n, 4);
    assert_int_equal(f->groups[GROUP_WATER].n, 7); /* two a sector; the last sector is a part of one */
    size_t in_sector[4] = {0}, in_water[7] = {0};
    for (size_t i = 0; i < f->n_supplies; i++) {
        const struct supply *u = &f->supplies[i];
        in_sector[u->group[GROUP_SECTOR]]++;
        in_water[u->group[GROUP_WATER]]++;
        /* a manifold is of the sector it is named after */
        const char *water = f->groups[GROUP_WATER].name[u->group[GROUP_WATER]];
        assert_memory_equal(water + 1, f->groups[GROUP_SECTOR].name[u->group[GROUP_SECTOR]] + 1, 2);
        assert_in_range(water[3], 'A', 'B');
    }
    static const size_t sectors[] = {33, 12, 40, 15}, waters[] = {16, 17, 6, 6, 20, 20, 15};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(in_sector[i], sectors[i]);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(in_water[i], waters[i]);
    fleet_free(f);
    sim_free(s);

    o.untold = 1u << GROUP_WATER | 1u << GROUP_FEEDER; /* a site that knows its racks only */
    assert_int_equal(sim_new(&s, &o, &err), 0);
    assert_int_equal(sim_write_fleet(s, path, &err), 0);
    assert_int_equal(fleet_load(&f, path, &err), 0);
    unlink(path);
    assert_int_equal(f->groups[GROUP_WATER].n, 0);
    assert_int_equal(f->groups[GROUP_FEEDER].n, 0);
    assert_true(f->groups[GROUP_RACK].n > 4);
    assert_true(f->channels[1].range > 0); /* the columns after them are where they were */
    fleet_free(f);
    sim_free(s);
}

static void options_are_checked(void **state)
{
    (void)state;
    struct sim *s;
    struct err err;
    struct sim_options o = {.supplies = 0, .from = at(FROM)};
    assert_int_equal(sim_new(&s, &o, &err), ERR_CONFIG);
    o.supplies = 1;
    o.days = -1;
    assert_int_equal(sim_new(&s, &o, &err), ERR_CONFIG);
    o.days = 1;
    o.from = 0;
    assert_int_equal(sim_new(&s, &o, &err), ERR_CONFIG);
    o = (struct sim_options){
        .supplies = 1, .seed = 1, .from = at("2199-06-01"), .days = 36500}; /* beyond all time */
    assert_int_equal(sim_new(&s, &o, &err), ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_ring_is_what_it_was),
        cmocka_unit_test(the_same_from_any_side),
        cmocka_unit_test(pieces_join),
        cmocka_unit_test(any_year_is_near),
        cmocka_unit_test(physics_and_calendar),
        cmocka_unit_test(data_are_imperfect),
        cmocka_unit_test(lost_connections_leave_gaps_and_marks),
        cmocka_unit_test(faults_act_as_labelled),
        cmocka_unit_test(a_living_ring_is_the_same_from_any_side),
        cmocka_unit_test(tables_are_read_back),
        cmocka_unit_test(groups_are_those_asked_for),
        cmocka_unit_test(options_are_checked),
    };
    return cmocka_run_group_tests_name("archive/sim", tests, NULL, NULL);
}
