/* The life of findings: open, go on, close, open again; ids; restart. SPDX-License-Identifier: MIT */
#include "detectors/verdict/tracker.h"

#include "tests/near.h"

#include <stdio.h>
#include <string.h>

#define T0 (1795000000 * NS_PER_S)

static struct proposal say(const char *subject, double chance, double size)
{
    struct proposal p = {.kind = PROPOSE_SAY};
    snprintf(p.now.subject, sizeof p.now.subject, "%s", subject);
    snprintf(p.now.signal, sizeof p.now.signal, "voltage");
    snprintf(p.now.unit, sizeof p.now.unit, "V");
    snprintf(p.now.reason, sizeof p.now.reason, "size %g", size);
    snprintf(p.now.detector, sizeof p.now.detector, "level");
    p.now.chance = chance;
    p.now.size = p.now.effect = size;
    p.now.onset = T0 - NS_PER_HOUR;
    return p;
}

static void step(struct tracker *f, const char *slot, tstamp_ns t, struct proposal p[], size_t n)
{
    tracker_step(f, slot, t, &(struct proposals){p, n, n});
}

static const struct finding *only(struct tracker *f, tstamp_ns t)
{
    size_t n;
    const struct finding *list = tracker_list(f, t, &n);
    assert_int_equal(n, 1);
    return list;
}

static size_t listed(struct tracker *f, tstamp_ns t)
{
    size_t n;
    tracker_list(f, t, &n);
    return n;
}

static void test_opens_goes_on_closes(void **state)
{
    (void)state;
    struct tracker *f = tracker_new();
    struct proposal p = say("S01:Q1", 0.3, 0.07);
    step(f, SLOT_SCORE, T0, &p, 1);
    struct finding first = *only(f, T0);
    assert_int_equal(strlen(first.id), FINDING_ID_LEN - 1);
    assert_true(first.first_seen == T0 && first.closed == 0 && first.onset == T0 - NS_PER_HOUR);
    struct proposal stronger = say("S01:Q1", 0.02, 0.09), weaker = say("S01:Q1", 0.7, 0.05);
    step(f, SLOT_SCORE, T0 + NS_PER_HOUR, &stronger, 1);
    step(f, SLOT_SCORE, T0 + 2 * NS_PER_HOUR, &weaker, 1);
    const struct finding *x = only(f, T0 + 2 * NS_PER_HOUR);
    assert_string_equal(x->id, first.id);
    assert_near(x->chance, 0.02, 0, 0); /* the smallest stays, with its words */
    assert_near(x->size, 0.09, 0, 0);
    assert_string_equal(x->reason, "size 0.09");
    assert_true(x->last_seen == T0 + 2 * NS_PER_HOUR && x->first_seen == T0);
    step(f, SLOT_SCORE, T0 + 3 * NS_PER_HOUR, NULL, 0);
    assert_true(only(f, T0 + 3 * NS_PER_HOUR)->closed == T0 + 3 * NS_PER_HOUR); /* said once more */
    assert_int_equal(listed(f, T0 + 4 * NS_PER_HOUR), 0);
    tracker_free(f);
}

/* Two chances at the floor say nothing of which is stronger: the size over its minimum effect does. */
static void test_at_the_floor_the_larger_effect_tells(void **state)
{
    (void)state;
    struct tracker *f = tracker_new();
    struct proposal p = say("S01:Q1", 1e-4, 0.07), larger = say("S01:Q1", 1e-4, 6), smaller = larger;
    p.now.effect = 1.2;
    larger.now.effect = 12;
    smaller.now.effect = 3;
    snprintf(larger.now.signal, sizeof larger.now.signal, "igbt_temperature");
    step(f, SLOT_SCORE, T0, &p, 1);
    step(f, SLOT_SCORE, T0 + NS_PER_HOUR, &larger, 1);
    step(f, SLOT_SCORE, T0 + 2 * NS_PER_HOUR, &smaller, 1);
    const struct finding *x = only(f, T0 + 2 * NS_PER_HOUR);
    assert_string_equal(x->signal, "igbt_temperature");
    assert_near(x->effect, 12, 0, 0);
    tracker_free(f);
}

static void test_less_than_two_days_apart_is_one(void **state)
{
    (void)state;
    struct tracker *f = tracker_new();
    struct proposal p = say("S01:Q1", 0.3, 0.07);
    char id[FINDING_ID_LEN];
    step(f, SLOT_SCORE, T0, &p, 1);
    memcpy(id, only(f, T0)->id, sizeof id);
    step(f, SLOT_SCORE, T0 + NS_PER_HOUR, NULL, 0);
    tstamp_ns again = T0 + NS_PER_HOUR + FINDINGS_APART - NS_PER_MIN;
    step(f, SLOT_SCORE, again, &p, 1);
    assert_string_equal(only(f, again)->id, id);
    assert_true(only(f, again)->closed == 0);
    step(f, SLOT_SCORE, again + NS_PER_HOUR, NULL, 0);
    tstamp_ns later = again + NS_PER_HOUR + FINDINGS_APART;
    step(f, SLOT_SCORE, later, &p, 1);
    assert_string_not_equal(only(f, later)->id, id);
    tracker_free(f);
}

static void test_keep_and_hold(void **state)
{
    (void)state;
    struct tracker *f = tracker_new();
    struct proposal p = say("S01:Q1", 0.3, 0.07), keep = p, hold = p;
    keep.kind = PROPOSE_KEEP;
    hold.kind = PROPOSE_HOLD;
    step(f, SLOT_SCORE, T0, &keep, 1); /* neither opens */
    step(f, SLOT_SCORE, T0, &hold, 1);
    assert_int_equal(listed(f, T0), 0);
    step(f, SLOT_SCORE, T0, &p, 1);
    step(f, SLOT_SCORE, T0 + 1, &keep, 1);
    assert_true(only(f, T0 + 1)->last_seen == T0 + 1);
    step(f, SLOT_SCORE, T0 + 2, &hold, 1);
    assert_true(only(f, T0 + 2)->last_seen == T0 + 1);
    step(f, SLOT_SCORE, T0 + 3, NULL, 0);
    step(f, SLOT_SCORE, T0 + 4, &keep, 1); /* nor opens again */
    assert_int_equal(listed(f, T0 + 4), 0);
    tracker_free(f);
}

static void test_slots_are_apart(void **state)
{
    (void)state;
    struct tracker *f = tracker_new();
    struct proposal score = say("S01:Q1", 0.3, 0.07), rate = score, data[2] = {score, score};
    snprintf(rate.now.detector, sizeof rate.now.detector, "rate");
    data[0].now.class = data[1].now.class = CLASS_DATA;
    for (int i = 0; i < 2; i++)
        snprintf(data[i].now.detector, sizeof data[i].now.detector, "data");
    data[0].now.chance = data[1].now.chance = NAN;
    snprintf(data[1].now.signal, sizeof data[1].now.signal, "current");
    step(f, SLOT_SCORE, T0, &score, 1);
    step(f, "rate", T0, &rate, 1);
    step(f, "data", T0, data, 2);
    size_t n;
    const struct finding *list = tracker_list(f, T0, &n);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(list[i].id, list[k].id);
    step(f, "rate", T0 + 1, NULL, 0);
    assert_int_equal(listed(f, T0 + 2), 3);
    assert_non_null(tracker_open(f, SLOT_SCORE, &score.now));
    assert_null(tracker_open(f, "rate", &score.now));
    tracker_free(f);
}

static void test_restart_goes_on_under_the_id(void **state)
{
    (void)state;
    struct tracker *f = tracker_new(), *g = tracker_new();
    struct proposal p = say("S01:Q1", 0.3, 0.07);
    step(f, SLOT_SCORE, T0, &p, 1);
    struct finding open = *only(f, T0);
    tracker_restore(g, SLOT_SCORE, &open);
    step(g, SLOT_SCORE, T0 + NS_PER_HOUR, &p, 1);
    const struct finding *x = only(g, T0 + NS_PER_HOUR);
    assert_string_equal(x->id, open.id);
    assert_true(x->first_seen == T0);
    tracker_free(f);
    tracker_free(g);
}

/* Many at once, opening and closing in turn: each is found again under its own id. */
static void test_many_are_kept_apart(void **state)
{
    (void)state;
    enum { MANY = 500 };
    struct tracker *f = tracker_new();
    struct proposals all = {0};
    for (int hour = 0; hour < 200; hour++) {
        all.n = 0;
        for (int i = 0; i < MANY; i++)
            if ((i + hour / 60) % 3 == 0) {
                char name[32];
                snprintf(name, sizeof name, "P%d", i);
                *proposals_add(&all, PROPOSE_SAY) = say(name, 0.1, i);
            }
        tracker_step(f, SLOT_SCORE, T0 + hour * NS_PER_HOUR, &all);
        for (size_t i = 0; i < all.n; i++) {
            const struct finding *x = tracker_open(f, SLOT_SCORE, &all.proposal[i].now);
            assert_non_null(x);
            assert_string_equal(x->subject, all.proposal[i].now.subject);
        }
        assert_true(listed(f, T0 + hour * NS_PER_HOUR) >= all.n);
    }
    proposals_free(&all);
    tracker_free(f);
}

/* Of one subject and slot, by cause; a weaker hour of one changes nothing of the other. */
static void test_causes_live_side_by_side(void **state)
{
    (void)state;
    struct tracker *f = tracker_new();
    struct proposal p[2] = {say("S01:Q1", 0.02, 0.07), say("S01:Q1", 0.3, 6)};
    snprintf(p[0].now.cause, sizeof p[0].now.cause, "coil up");
    snprintf(p[1].now.cause, sizeof p[1].now.cause, "cabinet up");
    snprintf(p[1].now.signal, sizeof p[1].now.signal, "igbt_temperature");
    step(f, SLOT_SCORE, T0, p, 2);
    assert_int_equal(listed(f, T0), 2);
    struct finding coil = *tracker_open(f, SLOT_SCORE, &p[0].now);
    struct finding cabinet = *tracker_open(f, SLOT_SCORE, &p[1].now);
    assert_string_not_equal(coil.id, cabinet.id);
    assert_string_equal(cabinet.signal, "igbt_temperature");
    step(f, SLOT_SCORE, T0 + NS_PER_HOUR, &p[1], 1); /* the coil's is over */
    assert_null(tracker_open(f, SLOT_SCORE, &p[0].now));
    assert_string_equal(tracker_open(f, SLOT_SCORE, &p[1].now)->id, cabinet.id);
    step(f, SLOT_SCORE, T0 + 2 * NS_PER_HOUR, p, 2);
    assert_string_equal(tracker_open(f, SLOT_SCORE, &p[0].now)->id, coil.id);
    tracker_free(f);
}

/* Stronger evidence of the same column may be smaller: what is said is the largest, with its words. */
static void test_the_size_of_a_column_only_grows(void **state)
{
    (void)state;
    struct tracker *f = tracker_new();
    struct proposal p = say("S01:Q1", 0.3, 0.09), smaller = say("S01:Q1", 0.02, 0.06);
    step(f, SLOT_SCORE, T0, &p, 1);
    step(f, SLOT_SCORE, T0 + NS_PER_HOUR, &smaller, 1);
    const struct finding *x = only(f, T0 + NS_PER_HOUR);
    assert_near(x->chance, 0.02, 0, 0);
    assert_near(x->size, 0.09, 0, 0);
    assert_string_equal(x->reason, "size 0.09");
    tracker_free(f);
}

/* Evidence that speaks of another class for an hour or two changes nothing; after six hours the class is
 * that, and the reason says so, also after a restart and with other words. */
static void test_a_class_does_not_flicker(void **state)
{
    (void)state;
    struct tracker *f = tracker_new(), *g = tracker_new();
    tstamp_ns t = T0;
    struct proposal sensor = say("S01:Q1", 0.3, 1), equipment = say("S01:Q1", 0.01, 1.5);
    struct proposal grown = say("S01:Q1", 0.001, 2);
    sensor.now.class = CLASS_SENSOR;
    for (int k = 0; k < 20; k++, t += NS_PER_HOUR) {
        step(f, SLOT_SCORE, t, k % 5 ? &equipment : &sensor, 1);
        assert_int_equal(only(f, t)->class, CLASS_SENSOR);
        assert_null(strstr(only(f, t)->reason, "sensor"));
    }
    step(f, SLOT_SCORE, t, &equipment, 1); /* the fifth in a row */
    assert_int_equal(only(f, t)->class, CLASS_SENSOR);
    t += NS_PER_HOUR;
    step(f, SLOT_SCORE, t, &equipment, 1);
    assert_int_equal(only(f, t)->class, CLASS_EQUIPMENT);
    assert_string_equal(only(f, t)->reason,
                        "size 1.5; no sensor, as was thought at first: other channels agree");
    tracker_restore(g, SLOT_SCORE, only(f, t));
    t += NS_PER_HOUR;
    step(g, SLOT_SCORE, t, &grown, 1);
    assert_string_equal(only(g, t)->reason,
                        "size 2; no sensor, as was thought at first: other channels agree");
    tracker_free(f);
    tracker_free(g);
    f = tracker_new();
    step(f, SLOT_SCORE, T0, &sensor, 1);
    equipment.now.witness = true; /* the first one is evidence enough */
    step(f, SLOT_SCORE, T0 + 1, &equipment, 1);
    assert_int_equal(only(f, T0 + 1)->class, CLASS_EQUIPMENT);
    tracker_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_goes_on_closes),
        cmocka_unit_test(test_less_than_two_days_apart_is_one),
        cmocka_unit_test(test_at_the_floor_the_larger_effect_tells),
        cmocka_unit_test(test_keep_and_hold),
        cmocka_unit_test(test_causes_live_side_by_side),
        cmocka_unit_test(test_a_class_does_not_flicker),
        cmocka_unit_test(test_the_size_of_a_column_only_grows),
        cmocka_unit_test(test_slots_are_apart),
        cmocka_unit_test(test_many_are_kept_apart),
        cmocka_unit_test(test_restart_goes_on_under_the_id),
    };
    return cmocka_run_group_tests_name("detectors/findings", tests, NULL, NULL);
}
