/* Data findings on a small fleet: what is said, when, as one, and what is not.
 * SPDX-License-Identifier: MIT */
#include "detectors/engine/internal.h"
#include "detectors/statistics/data_quality.h"

#include "base/mem.h"

#include "tests/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define T0 (1795000020 * NS_PER_S)
enum { SUPPLIES = 10, SIGNALS = 6, CHANNELS = SUPPLIES * SIGNALS };

struct bench {
    struct fleet *fleet;
    struct data_quality *data_quality;
    struct tracker *tracker;
    struct proposals proposals;
    tstamp_ns t;
    float value[CHANNELS], context[SUPPLIES * 3], peak[SUPPLIES];
    uint8_t quality[CHANNELS], mode[SUPPLIES];
    bool maintenance[SUPPLIES];
    float largest[CHANNELS];
    bool frozen[CHANNELS]; /* value does not change */
};

static struct fleet *make_fleet(void)
{
    static const char *const signal[SIGNALS] = {
        "capacitor_temperature", "current", "magnet_temperature", "dac", "igbt_temperature", "voltage"};
    struct table_file table;
    FILE *out = table_begin(&table);
    fprintf(out, "supply,family,sector,signal,pv,unit\n");
    for (int s = 0; s < SUPPLIES; s++)
        for (int k = 0; k < SIGNALS; k++)
            fprintf(out, "P%d,fam,S%d,%s,PV:%d:%d,u\n", s, s / 5, signal[k], s, k);
    return fleet_end(&table);
}

static int setup(void **state)
{
    struct bench *b = xcalloc(1, sizeof *b);
    b->fleet = make_fleet();
    for (int c = 0; c < CHANNELS; c++)
        b->largest[c] = 1;
    for (int s = 0; s < SUPPLIES; s++) {
        b->mode[s] = MODE_STEADY;
        b->peak[s] = 100;
    }
    b->data_quality = data_quality_new(b->fleet, b->largest);
    b->tracker = tracker_new();
    b->t = T0;
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    data_quality_free(b->data_quality);
    proposals_free(&b->proposals);
    tracker_free(b->tracker);
    fleet_free(b->fleet);
    free(b);
    return 0;
}

/* Runs some minutes; every channel that is not frozen moves. */
static void run(struct bench *b, int minutes)
{
    for (int k = 0; k < minutes; k++) {
        b->t += NS_PER_MIN;
        for (size_t c = 0; c < CHANNELS; c++) {
            bool there = b->quality[c] == QUALITY_OK || b->quality[c] == QUALITY_HELD;
            if (!b->frozen[c])
                b->value[c] = (float)(b->t / NS_PER_MIN % 1000) * 0.1f + (float)c;
            if (!there)
                b->value[c] = NAN;
        }
        struct frame frame = {b->t, b->value, b->quality};
        struct feature_frame ff = {.t = b->t, .mode = b->mode, .context = b->context, .peak = b->peak};
        data_quality_step(b->data_quality, &frame, &ff, b->maintenance);
        b->proposals.n = 0;
        data_quality_propose(b->data_quality, &b->proposals);
        tracker_step(b->tracker, "data", b->t, &b->proposals);
    }
}

static size_t open_now(struct bench *b, const struct finding **list)
{
    size_t n, open = 0;
    const struct finding *all = tracker_list(b->tracker, b->t, &n);
    for (size_t i = 0; i < n; i++)
        if (!all[i].closed)
            open++;
    *list = all;
    return open;
}

static void set(struct bench *b, int supply, uint8_t quality)
{
    for (int k = 0; k < SIGNALS; k++)
        b->quality[supply * SIGNALS + k] = quality;
}

static void test_one_channel(void **state)
{
    struct bench *b = *state;
    const struct finding *list;
    run(b, 5);
    b->quality[2 * SIGNALS + SIGNAL_VOLTAGE] = QUALITY_DISCONNECTED;
    run(b, 30);
    assert_int_equal(open_now(b, &list), 0);
    run(b, 15);
    assert_int_equal(open_now(b, &list), 1);
    assert_string_equal(list->subject, "P2");
    assert_string_equal(list->signal, "voltage");
    assert_int_equal(list->class, CLASS_DATA);
    assert_true(isnan(list->chance));
    assert_true(list->onset == T0 + 6 * NS_PER_MIN); /* the first minute without */
    b->quality[2 * SIGNALS + SIGNAL_VOLTAGE] = QUALITY_OK;
    run(b, 5);
    assert_int_equal(open_now(b, &list), 1); /* debounce */
    run(b, 10);
    assert_int_equal(open_now(b, &list), 0);
}

static void test_supply_and_sector_are_one(void **state)
{
    struct bench *b = *state;
    const struct finding *list;
    run(b, 5);
    set(b, 7, QUALITY_STALE);
    run(b, 45);
    assert_int_equal(open_now(b, &list), 1);
    assert_string_equal(list->subject, "P7");
    assert_string_equal(list->signal, "");
    set(b, 7, QUALITY_OK);
    run(b, 20);
    for (int s = 0; s < 5; s++)
        set(b, s, QUALITY_MISSING);
    run(b, 60);
    assert_int_equal(open_now(b, &list), 1);
    for (const struct finding *x = list;; x++)
        if (!x->closed) {
            assert_string_equal(x->subject, "S0");
            assert_int_equal(x->children, 5);
            assert_int_equal(x->supply, -1);
            break;
        }
}

static void test_held_channels_do_not_hide_an_outage(void **state)
{
    struct bench *b = *state;
    const struct finding *list;
    run(b, 5);
    for (int s = 0; s < 5; s++) {
        set(b, s, QUALITY_DISCONNECTED);
        b->quality[s * SIGNALS + SIGNAL_DAC] = QUALITY_HELD; /* dead-band: its old value lives on */
    }
    run(b, 60);
    assert_int_equal(open_now(b, &list), 1);
    assert_string_equal(list->subject, "S0");
    for (int s = 0; s < 5; s++) /* back one by one: still one finding */
        for (int k = 0; k < SIGNALS; k++) {
            b->quality[s * SIGNALS + k] = QUALITY_OK;
            run(b, 1);
            size_t open = open_now(b, &list);
            assert_true(open <= 1 && (open == 0 || strcmp(list->subject, "S0") == 0));
        }
}

static void test_blind_says_nothing(void **state)
{
    struct bench *b = *state;
    const struct finding *list;
    run(b, 5);
    for (int s = 0; s < SUPPLIES; s++)
        set(b, s, QUALITY_STALE);
    run(b, 200);
    assert_int_equal(open_now(b, &list), 0);
}

static void test_never_had_data(void **state)
{
    struct bench *b = *state;
    const struct finding *list;
    data_quality_free(b->data_quality);
    for (int k = 0; k < SIGNALS; k++)
        b->largest[3 * SIGNALS + k] = NAN;
    b->data_quality = data_quality_new(b->fleet, b->largest);
    set(b, 3, QUALITY_MISSING);
    run(b, 300);
    assert_int_equal(open_now(b, &list), 0);
}

static void test_maintenance_opens_nothing(void **state)
{
    struct bench *b = *state;
    const struct finding *list;
    b->maintenance[1] = true;
    set(b, 1, QUALITY_MISSING);
    run(b, 120);
    assert_int_equal(open_now(b, &list), 0);
    b->maintenance[1] = false;
    run(b, 2);
    assert_int_equal(open_now(b, &list), 1);
}

static void test_frozen_supply(void **state)
{
    struct bench *b = *state;
    const struct finding *list;
    run(b, 5);
    for (int k = 0; k < SIGNALS; k++)
        b->frozen[4 * SIGNALS + k] = true;
    run(b, 9);
    assert_false(data_quality_frozen(b->data_quality)[4]);
    run(b, 3);
    assert_true(data_quality_frozen(b->data_quality)[4]); /* not scored long before it is said */
    assert_int_equal(open_now(b, &list), 0);
    run(b, 40);
    assert_int_equal(open_now(b, &list), 1);
    assert_string_equal(list->subject, "P4");
    b->frozen[4 * SIGNALS + SIGNAL_CURRENT] = false;
    run(b, 9);
    assert_true(data_quality_frozen(b->data_quality)[4]);
    run(b, 3);
    assert_false(data_quality_frozen(b->data_quality)[4]);
}

static void test_stuck_only_while_its_driver_moved(void **state)
{
    struct bench *b = *state;
    const struct finding *list;
    size_t magnet = 6 * SIGNALS + SIGNAL_MAGNET_TEMPERATURE;
    run(b, 5);
    b->frozen[magnet] = true;
    b->frozen[8 * SIGNALS + SIGNAL_DAC] = true; /* never a DAC */
    run(b, 26 * 60);
    assert_int_equal(open_now(b, &list), 0);
    b->context[6 * 3 + 1] = 0.3f; /* the coil's heat changed */
    b->context[8 * 3 + 1] = 0.3f;
    run(b, 2);
    assert_int_equal(open_now(b, &list), 1);
    assert_string_equal(list->subject, "P6");
    assert_string_equal(list->signal, "magnet_temperature");
    b->frozen[magnet] = false;
    run(b, 2);
    assert_int_equal(open_now(b, &list), 0);
}

/* ---- what failed together is one finding (issue 7.10) ---- */

/* The open finding of a subject; fails when there is none. */
static const struct finding *finding_of(struct bench *b, const char *subject)
{
    size_t n;
    const struct finding *all = tracker_list(b->tracker, b->t, &n);
    for (size_t i = 0; i < n; i++)
        if (!all[i].closed && strcmp(all[i].subject, subject) == 0)
            return &all[i];
    fail_msg("no finding of %s", subject);
    return NULL;
}

static void set_signal(struct bench *b, int supply, int signal, uint8_t quality)
{
    b->quality[supply * SIGNALS + signal] = quality;
}

/* As an engine does after an update: three signals of every supply come as text. */
static void test_one_cause_in_every_supply_is_one_finding(void **state)
{
    struct bench *b = *state;
    const struct finding *list;
    run(b, 5);
    for (int s = 0; s < SUPPLIES; s++) {
        set_signal(b, s, SIGNAL_CAPACITOR_TEMPERATURE, QUALITY_NOT_NUMBER);
        set_signal(b, s, SIGNAL_MAGNET_TEMPERATURE, QUALITY_NOT_NUMBER);
        set_signal(b, s, SIGNAL_IGBT_TEMPERATURE, QUALITY_NOT_NUMBER);
    }
    for (int minute = 0; minute < 100; minute++) {
        run(b, 1);
        assert_true(open_now(b, &list) <= 1);
    }
    const struct finding *f = finding_of(b, "*");
    assert_int_equal(f->children, SUPPLIES);
    assert_string_equal(f->reason,
                        "no data of capacitor temperature and magnet temperature and IGBT temperature from "
                        "10 of 10 supplies of the ring (S0 (all 5), S1 (all 5)): its values are text or "
                        "arrays, not numbers");
}

/* Which half of a small ring went is said after ten minutes, not after half an hour. */
static void test_half_of_a_ring_is_told_soon_and_which(void **state)
{
    struct bench *b = *state;
    const struct finding *list;
    run(b, 5);
    for (int s = 0; s < 5; s++)
        set(b, s, QUALITY_DISCONNECTED);
    set(b, 7, QUALITY_DISCONNECTED);
    run(b, 11);
    assert_int_equal(open_now(b, &list), 0);
    run(b, 1);
    assert_int_equal(open_now(b, &list), 1);
    assert_int_equal(finding_of(b, "S0")->children, 5);
    assert_string_equal(finding_of(b, "S0")->reason,
                        "no data from 5 of 5 supplies of sector S0: the archiver is disconnected from it");
    run(b, 60);
    assert_int_equal(open_now(b, &list), 2); /* the sixth is its own */
    assert_string_equal(finding_of(b, "P7")->signal, "");
}

/* An IOC serves supplies that no group of the fleet knows together: what failed at one moment is one. */
static void test_an_ioc_across_sectors_is_one_finding(void **state)
{
    struct bench *b = *state;
    const struct finding *list;
    static const int of_ioc[] = {1, 3, 6, 8};
    run(b, 5);
    for (size_t i = 0; i < 4; i++) {
        set_signal(b, of_ioc[i], SIGNAL_VOLTAGE, QUALITY_STALE);
        run(b, 2); /* the archiver notices one after the other */
    }
    for (int minute = 0; minute < 100; minute++) {
        run(b, 1);
        assert_true(open_now(b, &list) <= 1);
    }
    assert_int_equal(finding_of(b, "*")->children, 4);
    assert_string_equal(
        finding_of(b, "*")->reason,
        "no data of voltage from 4 of 10 supplies of the ring (S0 (2 of 5), S1 (2 of 5)): its last "
        "reading is too old");
    for (size_t i = 0; i < 4; i++) /* back one by one: no finding of what is left */
        for (set_signal(b, of_ioc[i], SIGNAL_VOLTAGE, QUALITY_OK); b->t % (3 * NS_PER_MIN); run(b, 1))
            assert_true(open_now(b, &list) <= 1);
    run(b, 11);
    assert_int_equal(open_now(b, &list), 0);
}

/* Of many sectors at once: one finding, not one a sector, nor one a supply for those beyond. */
static void test_many_sectors_at_once_are_one_finding(void **state)
{
    (void)state;
    struct table_file table;
    FILE *out = table_begin(&table);
    fprintf(out, "supply,family,sector,signal,pv,unit\n");
    for (int s = 0; s < 200; s++)
        fprintf(out, "P%d,fam,S%02d,voltage,PV:%d,V\n", s, s / 5, s);
    struct fleet *f = fleet_end(&table);
    struct group_search g;
    char where[96];
    group_search_init(&g, f);
    for (size_t s = 0; s < f->n_supplies; s++) {
        g.member[s] = true;
        g.moved[s] = g.said[s] = s < 98; /* 19 sectors, and three of the 20th */
    }
    assert_int_equal(groups_find_failed(&g, 16), 1);
    assert_int_equal(g.found[0].group, GROUPS_RING);
    assert_int_equal(g.found[0].moved, 98);
    assert_int_equal(g.found[0].members, 200);
    for (size_t s = 0; s < f->n_supplies; s++)
        assert_int_equal(g.parent[s], s < 98 ? 0 : -1);
    groups_where(f, g.moved, where, sizeof where);
    assert_string_equal(where, "20 of 40 sectors");
    group_search_fini(&g);
    fleet_free(f);
}

static void test_what_fails_at_different_times_stays_apart(void **state)
{
    struct bench *b = *state;
    const struct finding *list;
    run(b, 5);
    for (int s = 0; s < 4; s++) {
        set_signal(b, s, SIGNAL_VOLTAGE, QUALITY_INVALID);
        run(b, 60);
    }
    assert_int_equal(open_now(b, &list), 4);
    assert_string_equal(finding_of(b, "P2")->reason, "voltage: no data: its readings are marked INVALID");
}

static void test_a_group_in_maintenance_opens_nothing(void **state)
{
    struct bench *b = *state;
    const struct finding *list;
    for (int s = 0; s < 5; s++) {
        b->maintenance[s] = true;
        set(b, s, QUALITY_MISSING);
    }
    run(b, 120);
    assert_int_equal(open_now(b, &list), 0);
}

/* ---- the ledger (issue 7.9) ---- */

/* The reason of a supply all of whose channels have one quality. */
static const char *reason_of(const struct bench *b, uint8_t quality)
{
    float none[CHANNELS];
    uint8_t qualities[CHANNELS], mode[SUPPLIES] = {MODE_UNKNOWN}, fit[SUPPLIES] = {FIT_OK},
                                 recent[SUPPLIES] = {0}, held[SUPPLIES] = {0};
    bool no[SUPPLIES] = {false};
    uint16_t recent_n[SUPPLIES] = {0};
    for (int c = 0; c < CHANNELS; c++) {
        none[c] = NAN;
        qualities[c] = quality;
    }
    struct model model = {.fit = fit};
    struct gate gate = {.n = SUPPLIES,
                        .window_minutes = 1,
                        .maintenance = no,
                        .held = held,
                        .recent = recent,
                        .recent_n = recent_n};
    struct frame frame = {b->t, none, qualities};
    struct feature_frame features = {.mode = mode};
    struct minute in = {.frame = &frame, .features = &features};
    return reason_name(gate_reason(&gate, &model, b->fleet, &in, 0, false));
}

static void test_the_ledger_says_what_comes(void **state)
{
    const struct bench *b = *state;
    assert_string_equal(reason_of(b, QUALITY_NOT_NUMBER), "no number");
    assert_string_equal(reason_of(b, QUALITY_INVALID), "invalid");
    assert_string_equal(reason_of(b, QUALITY_NOT_FINITE), "invalid");
    assert_string_equal(reason_of(b, QUALITY_STALE), "stale");
    assert_string_equal(reason_of(b, QUALITY_DISCONNECTED), "missing");
    assert_string_equal(reason_of(b, QUALITY_MISSING), "missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_channel, setup, teardown),
        cmocka_unit_test_setup_teardown(test_supply_and_sector_are_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_held_channels_do_not_hide_an_outage, setup, teardown),
        cmocka_unit_test_setup_teardown(test_blind_says_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_never_had_data, setup, teardown),
        cmocka_unit_test_setup_teardown(test_maintenance_opens_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_frozen_supply, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stuck_only_while_its_driver_moved, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_cause_in_every_supply_is_one_finding, setup, teardown),
        cmocka_unit_test_setup_teardown(test_half_of_a_ring_is_told_soon_and_which, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_ioc_across_sectors_is_one_finding, setup, teardown),
        cmocka_unit_test(test_many_sectors_at_once_are_one_finding),
        cmocka_unit_test_setup_teardown(test_what_fails_at_different_times_stays_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_group_in_maintenance_opens_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_ledger_says_what_comes, setup, teardown),
    };
    return cmocka_run_group_tests_name("detectors/data", tests, NULL, NULL);
}
