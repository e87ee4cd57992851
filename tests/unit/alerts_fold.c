/* alerts: which findings are one event, which alarms are told first and when a flood is over; no database.
 * SPDX-License-Identifier: MIT */
#include "alerts/flood.h"
#include "alerts/fold.h"
#include "tests/alerts.h"

#define HOUR(h) (BENCH_T0 + (tstamp_ns)((h)*3600e9))

/* A finding whose onset and first word are so many hours after BENCH_T0. */
static struct finding at(const char *subject, double onset, double seen)
{
    struct finding f = bench_finding("x", subject);
    f.onset = HOUR(onset);
    f.first_seen = HOUR(seen);
    return f;
}

static bool one(const struct finding *a, const struct finding *b)
{
    const struct fleet *f = bench_fleet();
    const struct fold_part x = {a, fold_place(f, a->subject)}, y = {b, fold_place(f, b->subject)};
    bool is = fold_one_event(f, &x, &y);
    assert_true(is == fold_one_event(f, &y, &x));
    return is;
}

static bool together(const char *subject, const char *other)
{
    struct finding a = at(subject, 0, 1), b = at(other, 0, 1);
    return one(&a, &b);
}

static void subjects_are_one_event_when_one_holds_the_other(void **state)
{
    (void)state;
    assert_true(together("SR:C01:Q1", "C01"));
    assert_true(together("SR:C01:Q1", "water:W01A"));
    assert_true(together("SR:C01:Q1", "*"));
    assert_true(together("water:W01A", "C01"));
    assert_true(together("rack:R01", "C01"));
    assert_true(together("C01", "*"));
    assert_false(together("SR:C02:Q1", "C01"));
    assert_false(together("SR:C01:Q3", "water:W01A"));
    assert_false(together("water:W01A", "water:W01B"));
    assert_false(together("rack:R01", "water:W01A")); /* they share a supply */
    assert_false(together("C01", "C02"));
    assert_false(together("SR:C01:Q1", "SR:C01:Q2")); /* of which nobody said that they moved together */
    assert_false(together("SR:C99:Q1", "C01"));       /* not in the fleet */
}

static void members_early_signs_are_the_group_s_event(void **state)
{
    (void)state;
    struct finding group = at("C01", 10, 20), early = at("SR:C01:Q1", -8, 13), hour = at("SR:C01:Q2", 10, 21);
    assert_true(one(&early, &group)); /* seen seven hours before */
    assert_true(one(&hour, &group));
    early.onset = HOUR(-15); /* a day and an hour before */
    assert_false(one(&early, &group));
}

static void another_signal_or_direction_is_the_same_event_only_at_one_moment(void **state)
{
    (void)state;
    struct finding group = at("C01", 0, 1), member = at("SR:C01:Q1", 1.5, 2);
    member.direction = DIRECTION_DOWN;
    assert_true(one(&member, &group));
    snprintf(member.signal, sizeof member.signal, "voltage");
    assert_true(one(&member, &group));
    member.onset = HOUR(2.5);
    assert_false(one(&member, &group));
}

static void a_fault_of_a_member_while_its_group_s_event_runs_is_its_own(void **state)
{
    (void)state;
    struct finding group = at("C01", 0, 1), member = at("SR:C01:Q1", 9, 12);
    assert_false(one(&member, &group)); /* the group is known and taken away: what is left is its own */
    member = at("SR:C01:Q1", 0, 1);
    member.size = 3.1 * group.size; /* the worst member moved far more than its group */
    assert_false(one(&member, &group));
    member.size = 2.9 * group.size;
    assert_true(one(&member, &group));
    member.size = 100;
    snprintf(member.unit, sizeof member.unit, "x"); /* not to be compared */
    assert_true(one(&member, &group));
}

static void missing_data_is_no_part_of_what_physics_says(void **state)
{
    (void)state;
    struct finding group = at("C01", 0, 1), member = at("SR:C01:Q1", 0, 1);
    member.class = CLASS_DATA;
    assert_false(one(&member, &group));
    group.class = CLASS_DATA;
    assert_true(one(&member, &group));
    member.onset = HOUR(2.5); /* a time without data begins at a minute */
    assert_false(one(&member, &group));
}

static void findings_of_one_supply_at_one_moment_are_one_event(void **state)
{
    (void)state;
    struct finding rate = at("SR:C01:Q1", 0, 0.1), level = at("SR:C01:Q1", 7, 8);
    assert_true(one(&rate, &level)); /* the same signal the same way on the same day */
    snprintf(level.signal, sizeof level.signal, "voltage");
    assert_false(one(&rate, &level)); /* a new fault is said while an old one is open */
    level.onset = HOUR(1);
    assert_true(one(&rate, &level));
}

static void without_a_fleet_only_the_ring_holds_others(void **state)
{
    (void)state;
    struct finding a = at("SR:C01:Q1", 0, 1), b = at("C01", 0, 1);
    struct fold_part x = {&a, fold_place(NULL, a.subject)}, y = {&b, fold_place(NULL, b.subject)};
    assert_false(fold_one_event(NULL, &x, &y));
    y.finding = &a;
    assert_true(fold_one_event(NULL, &x, &y));
}

/* ---- floods ---- */

static struct occurrence alarm_of(const char *id, enum finding_class class, uint32_t supplies, double chance)
{
    struct occurrence o = {.finding = {.class = class, .children = supplies, .chance = chance}};
    snprintf(o.id, sizeof o.id, "%s", id);
    return o;
}

static void groups_and_likely_faults_are_told_before_missing_data(void **state)
{
    (void)state;
    struct occurrence o[] = {
        alarm_of("data", CLASS_DATA, 0, NAN),       alarm_of("likely", CLASS_EQUIPMENT, 0, 0.01),
        alarm_of("rare", CLASS_EQUIPMENT, 0, 1e-9), alarm_of("group", CLASS_COMMON, 16, 0.5),
        alarm_of("own", CLASS_DATA, 0, NAN),        alarm_of("large", CLASS_EQUIPMENT, 0, 1e-9)};
    o[4].monitor = true;
    o[5].finding.effect = 4; /* times what is worth a finding; the chance cannot tell them apart */
    struct occurrence *list[] = {&o[0], &o[1], &o[2], &o[3], &o[4], &o[5]};
    qsort(list, 6, sizeof *list, flood_order);
    static const char *const want[] = {"own", "group", "large", "rare", "likely", "data"};
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(list[i]->id, want[i]);
}

static void a_flood_begins_at_the_tenth_and_ends_below_five_in_ten_minutes(void **state)
{
    (void)state;
    struct flood_count c = {0};
    struct occurrence o = alarm_of("a", CLASS_EQUIPMENT, 0, 1);
    o.announced = BENCH_T0;
    for (int i = 0; i < 8; i++)
        flood_add(&c, &o, BENCH_T0 + 10 * NS_PER_MIN - 1);
    assert_true(flood_room(&c));
    o.grown = BENCH_T0 + NS_PER_MIN; /* telling that it grew counts too */
    flood_add(&c, &o, BENCH_T0 + 10 * NS_PER_MIN);
    assert_int_equal(c.told, 9);
    assert_false(flood_room(&c)); /* the tenth is the flood's alarm */
    assert_false(flood_over(&c, BENCH_T0, BENCH_T0 + NS_PER_HOUR));
    struct flood_count few = {.came = 4}, five = {.came = 5};
    assert_true(flood_over(&few, BENCH_T0, BENCH_T0 + 10 * NS_PER_MIN));
    assert_false(flood_over(&few, BENCH_T0, BENCH_T0 + 10 * NS_PER_MIN - 1));
    assert_false(flood_over(&five, BENCH_T0, BENCH_T0 + NS_PER_HOUR));
}

static void a_flood_says_how_many_and_where(void **state)
{
    (void)state;
    char text[FLOOD_TEXT_LEN];
    struct flood_place place[9] = {{"S03", 1}, {"S01", 5}, {"S02", 5}};
    struct flood_report r = {.place = place, .n_places = 3, .held = 11, .open = 4, .since = BENCH_T0};
    flood_words(text, &r);
    assert_string_equal(text,
                        "too many alarms to tell one by one since 2026-11-24T06:00:00Z: 11 more, in S01 (5),"
                        " S02 (5), S03 (1); psmon alarm list shows them");
    r.over = true;
    for (size_t i = 3; i < 9; i++)
        snprintf(place[i].name, sizeof place[i].name, "S1%zu", i);
    r.n_places = 9;
    flood_words(text, &r);
    assert_string_equal(
        text, "over: alarms since 2026-11-24T06:00:00Z that were not told one by one: 11, of which open"
              " now: 4; in S01 (5), S02 (5), S03 (1), S13 (0), S14 (0), S15 (0) and 3 other places");
    for (size_t i = 0; i < 9; i++) /* the longest names */
        memset(place[i].name, 'x', sizeof place[i].name - 1);
    flood_words(text, &r);
    assert_non_null(strstr(text, "in 9 places"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subjects_are_one_event_when_one_holds_the_other),
        cmocka_unit_test(members_early_signs_are_the_group_s_event),
        cmocka_unit_test(another_signal_or_direction_is_the_same_event_only_at_one_moment),
        cmocka_unit_test(a_fault_of_a_member_while_its_group_s_event_runs_is_its_own),
        cmocka_unit_test(missing_data_is_no_part_of_what_physics_says),
        cmocka_unit_test(findings_of_one_supply_at_one_moment_are_one_event),
        cmocka_unit_test(without_a_fleet_only_the_ring_holds_others),
        cmocka_unit_test(groups_and_likely_faults_are_told_before_missing_data),
        cmocka_unit_test(a_flood_begins_at_the_tenth_and_ends_below_five_in_ten_minutes),
        cmocka_unit_test(a_flood_says_how_many_and_where),
    };
    return cmocka_run_group_tests_name("alerts/fold", tests, NULL, NULL);
}
