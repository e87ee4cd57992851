/* The life of findings over a replay of the made-up fleet: said while it is there, over when it is over,
 * never smaller than its minimum effect; pauses are no ends. SPDX-License-Identifier: MIT */
#include "tests/made_up.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SICK = 2, LIVES = 60, WARM = 28, REPLAYS = 10 };

#define BUDGET 0.05
#define WIDE 100 /* a budget at which the chance decides little, and the minimum effect all */

/* Findings of a replay, each as it was last seen, in the order in which they were first said. */
struct lives {
    struct finding f[LIVES];
    size_t n;
};

/* Hours since the reference; open: INFINITY. */
static double hours(tstamp_ns t)
{
    return t ? (double)(t - REFERENCE_END) / (double)NS_PER_HOUR : (double)INFINITY;
}

static void print_life(const struct finding *f)
{
    print_message("# %s %s %s from %.0f h (said %.0f h) to %.0f h: %s\n", f->subject, f->detector,
                  finding_class_name(f->class), hours(f->onset), hours(f->first_seen), hours(f->closed),
                  f->reason);
}

/* A size of at least half a kelvin, 30 ppm of the range of 100 A, of noise a quarter more or a fifth less. */
static void check_size(const char *unit, double size, const char *whose)
{
    double least = strcmp(unit, "K") == 0 ? 0.5 : strcmp(unit, "A") == 0 ? 0.003 : 0;
    bool worth = strcmp(unit, "x") == 0 ? size >= 1.25 || size <= 0.8 : fabs(size) >= least * (1 - 1e-6);
    if (!worth)
        fail_msg("%s says %g %s", whose, size, unit);
}

static void note(struct lives *l, const struct finding *f)
{
    size_t i = 0;
    while (i < l->n && strcmp(l->f[i].id, f->id) != 0)
        i++;
    assert_true(i < LIVES);
    l->n += i == l->n;
    l->f[i] = *f;
    check_size(f->unit, f->size, f->reason);
    for (size_t k = 0; k < f->n_by; k++)
        check_size(f->by[k].unit, f->by[k].size, f->by[k].signal);
}

static void minute(const struct world *w, struct scorer *sc, tstamp_ns t, bool warm, struct tick *tick)
{
    float value[CHANNELS];
    uint8_t quality[CHANNELS];
    read_minute(w, t, value, quality);
    scorer_step(sc, &(struct frame){t, value, quality}, warm, tick);
}

static struct lives replay(struct world *w, double (*course)(int s, int signal, double hour), int days,
                           double budget)
{
    struct lives l = {.n = 0};
    const struct scorer_options options = {.budget = budget, .window_minutes = 720, .period = NS_PER_MIN};
    struct scorer *sc = scorer_new(w->model, w->fleet, w->maintenance, &options);
    w->course = course;
    for (int k = 0; k < days * 1440; k++) {
        struct tick tick;
        minute(w, sc, REFERENCE_END + k * NS_PER_MIN, k < WARM * 60, &tick);
        for (size_t i = 0; i < tick.n_findings; i++)
            note(&l, &tick.findings[i]);
        for (size_t i = 0; i < tick.n_unsaid; i++)
            check_size(tick.unsaid[i].unit, tick.unsaid[i].size, tick.unsaid[i].reason);
    }
    w->course = NULL;
    scorer_free(sc);
    for (size_t i = 0; i < l.n; i++)
        print_life(&l.f[i]);
    return l;
}

static bool is_igbt(int s, int signal)
{
    return s == SICK && signal == SIGNAL_IGBT_TEMPERATURE;
}

/* 5 K for a day and a half. */
static double ends(int s, int signal, double hour)
{
    return is_igbt(s, signal) && hour >= 40 && hour < 76 ? 5 : 0;
}

static void test_what_has_ended_closes_within_hours_and_nothing_is_said_of_what_is_left(void **state)
{
    struct lives l = replay(*state, ends, 9, BUDGET);
    assert_int_equal(l.n, 1);
    assert_true(hours(l.f[0].first_seen) < 52);
    assert_true(hours(l.f[0].closed) > 76 && hours(l.f[0].closed) <= 76 + 5);
    assert_near(l.f[0].size, 5, 0.2, 0);
}

/* Four hours on, eight off. */
static double flaps(int s, int signal, double hour)
{
    return is_igbt(s, signal) && hour >= 40 && hour < 160 && fmod(hour, 12) < 4 ? 6 : 0;
}

static void test_what_flaps_is_one_finding_that_goes_on_through_its_pauses(void **state)
{
    struct lives l = replay(*state, flaps, 9, BUDGET);
    assert_int_equal(l.n, 1);
    assert_true(hours(l.f[0].first_seen) < 60);
    assert_true(hours(l.f[0].closed) > 148 && hours(l.f[0].closed) < 160 + 24);
}

/* Eight hours of every day. */
static double comes_daily(int s, int signal, double hour)
{
    return is_igbt(s, signal) && hour >= 40 && fmod(hour, 24) < 8 ? 4 : 0;
}

static void test_what_comes_back_every_day_is_one_finding(void **state)
{
    struct lives l = replay(*state, comes_daily, 9, BUDGET);
    assert_int_equal(l.n, 1);
    assert_true(isinf(hours(l.f[0].closed)));
}

/* ---- side by side ---- */

static const struct finding *life_of(const struct lives *l, const char *signal)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->f[i].signal, signal) == 0)
            return &l->f[i];
    fail_msg("nothing was said of %s", signal);
    return NULL;
}

/* A hot cabinet, and four days later a current that stands beside its DAC. */
static double one_after_the_other(int s, int signal, double hour)
{
    if (s == SICK && signal == SIGNAL_CURRENT)
        return hour >= 136 && hour < 190 ? 0.02 : 0;
    return is_igbt(s, signal) && hour >= 40 ? 5 : 0;
}

static void test_a_new_fault_is_said_while_an_old_one_is_open(void **state)
{
    struct lives l = replay(*state, one_after_the_other, 10, BUDGET);
    assert_int_equal(l.n, 2);
    const struct finding *old = life_of(&l, "igbt_temperature"), *new = life_of(&l, "current");
    assert_true(hours(old->first_seen) < 52 && isinf(hours(old->closed)));
    assert_true(hours(new->first_seen) > 136 && hours(new->first_seen) < 160);
    assert_true(hours(new->closed) > 190 && hours(new->closed) < 196);
    assert_near(old->size, 5, 0.2, 0);
    assert_near(new->size, 0.02, 0.1, 0);
}

/* A cabinet that gets hot in both places, first the one most, then the other; its noise begins with it. */
static double of_one_fault(int s, int signal, double hour)
{
    double sign = (int64_t)(hour * 60 + 0.5) % 2 ? 1 : -1;
    if (s != SICK || hour < 40)
        return 0;
    switch (signal) {
    case SIGNAL_IGBT_TEMPERATURE: return hour < 90 ? 4 : 3;
    case SIGNAL_CAPACITOR_TEMPERATURE: return hour < 90 ? 2.5 : 6;
    case SIGNAL_VOLTAGE: return 0.01 * sign;
    default: return 0;
    }
}

static void test_what_one_fault_shows_in_several_places_is_one_finding(void **state)
{
    struct lives l = replay(*state, of_one_fault, 8, BUDGET);
    assert_int_equal(l.n, 1);
    assert_true(hours(l.f[0].first_seen) < 52 && isinf(hours(l.f[0].closed)));
    assert_true(l.f[0].witness);
}

/* Stopped and started anew with what the history had of its findings: a scorer that has seen it all, and one
 * that begins when both are open, say the same ones. */
static void test_both_go_on_under_their_ids_after_a_restart(void **state)
{
    struct world *w = *state;
    struct scorer_options o = {.budget = BUDGET, .window_minutes = 720, .period = NS_PER_MIN};
    tstamp_ns start = REFERENCE_END + 170 * NS_PER_HOUR, end = start + 60 * NS_PER_HOUR;
    struct finding open[2];
    struct scorer *a = scorer_new(w->model, w->fleet, w->maintenance, &o), *b = NULL;
    struct tick x, y;
    w->course = one_after_the_other;
    for (tstamp_ns t = REFERENCE_END; t < start; t += NS_PER_MIN)
        minute(w, a, t, false, &x);
    assert_int_equal(x.n_findings, 2);
    for (int k = 0; k < 2; k++) {
        open[k] = x.findings[k];
        memset(open[k].cause, 0, sizeof open[k].cause); /* follows from the rest */
    }
    b = scorer_new(w->model, w->fleet, w->maintenance, &o);
    scorer_restore(b, open, 2);
    for (tstamp_ns t = scorer_warm_from(w->model, start, NS_PER_MIN); t < start; t += NS_PER_MIN)
        minute(w, b, t, true, &y);
    for (tstamp_ns t = start; t < end; t += NS_PER_MIN) {
        minute(w, a, t, false, &x);
        minute(w, b, t, false, &y);
        assert_int_equal(x.n_findings, y.n_findings);
        assert_memory_equal(x.findings, y.findings, x.n_findings * sizeof *x.findings);
    }
    assert_int_equal(x.n_findings, 1);
    w->course = NULL;
    scorer_free(a);
    scorer_free(b);
}

/* ---- whatever happens ---- */

static uint64_t seed;

/* In [0, 1), of this replay. */
static double drawn(int s, int signal, int event, int what)
{
    return 0.5 + 0.25 * noise(seed, (uint64_t)(s * SIGNALS + signal), (uint64_t)(event * 8 + what));
}

/* Some events of each channel, of sizes around its minimum effect: they begin and end at once or gradually,
 * or make it jump from minute to minute. */
static double anything(int s, int signal, double hour)
{
    enum { BEGIN, LENGTH, SIZE, SHAPE };
    static const double unit[SIGNALS] = {[SIGNAL_CAPACITOR_TEMPERATURE] = 0.5,
                                         [SIGNAL_CURRENT] = 0.003,
                                         [SIGNAL_MAGNET_TEMPERATURE] = 0.5,
                                         [SIGNAL_IGBT_TEMPERATURE] = 0.5,
                                         [SIGNAL_VOLTAGE] = 0.015};
    double sum = 0;
    for (int k = 0; k < 5 && s % 3 == 2; k++) {
        double begin = 28 + 200 * drawn(s, signal, k, BEGIN), length = 60 * drawn(s, signal, k, LENGTH);
        double size = unit[signal] * 6 * (drawn(s, signal, k, SIZE) - 0.5), into = (hour - begin) / length;
        double shape = drawn(s, signal, k, SHAPE);
        if (into < 0)
            continue;
        if (shape < 0.5)
            sum += into < 1 ? size : 0;
        else if (shape < 0.75)
            sum += size * (into < 1 ? into : exp(1 - into));
        else if (into < 1)
            sum += size * 0.3 * ((int64_t)(hour * 60 + 0.5) % 2 ? 1 : -1);
    }
    return sum;
}

static void test_no_size_that_is_said_is_below_its_minimum_effect(void **state)
{
    size_t said = 0;
    for (seed = 1; seed <= REPLAYS; seed++)
        said += replay(*state, anything, 11, WIDE).n;
    assert_true(said >= REPLAYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_has_ended_closes_within_hours_and_nothing_is_said_of_what_is_left),
        cmocka_unit_test(test_what_flaps_is_one_finding_that_goes_on_through_its_pauses),
        cmocka_unit_test(test_what_comes_back_every_day_is_one_finding),
        cmocka_unit_test(test_a_new_fault_is_said_while_an_old_one_is_open),
        cmocka_unit_test(test_what_one_fault_shows_in_several_places_is_one_finding),
        cmocka_unit_test(test_both_go_on_under_their_ids_after_a_restart),
        cmocka_unit_test(test_no_size_that_is_said_is_below_its_minimum_effect),
    };
    return cmocka_run_group_tests_name("detectors/life", tests, setup_world, teardown_world);
}
