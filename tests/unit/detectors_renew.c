/* Supplies after work of their own, over replays of the made-up fleet: what is learned of where they stand,
 * what is not, and that a start in between changes nothing. SPDX-License-Identifier: MIT */
#include "tests/made_up.h"

#include "base/renewal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WORKED = 2, WORK = 40, DAYS_AFTER = 6, WARM = 28 };
#define WORK_START (REFERENCE_END + WORK * NS_PER_HOUR) /* for two hours */

/* What a replay said. */
struct said {
    size_t n; /* findings, by id */
    struct finding f[8];
    struct renewal *renewal; /* as it was last handed out; NULL: none */
    size_t handed, waits;    /* how often; ticks in which WORKED waits after work */
};

static void free_said(struct said *s)
{
    renewal_free(s->renewal);
}

static double hours(tstamp_ns t)
{
    return t ? (double)(t - REFERENCE_END) / (double)NS_PER_HOUR : (double)INFINITY;
}

static struct maintenance *work_on(const struct world *w, const char *subject)
{
    struct maintenance *m = maintenance_new();
    struct maintenance_entry e = {.subject = (char[32]){0},
                                  .start = WORK_START,
                                  .end = WORK_START + 2 * NS_PER_HOUR,
                                  .work = (char[8]){"swap"},
                                  .repeat = (char[1]){""},
                                  .timezone = (char[1]){""},
                                  .until = MAINTENANCE_OPEN};
    struct err err;
    snprintf(e.subject, 32, "%s", subject);
    assert_int_equal(maintenance_add(m, w->fleet, &e, &err), 0);
    maintenance_order(m);
    return m;
}

static void note(struct said *s, const struct tick *t)
{
    for (size_t i = 0; i < t->n_findings; i++) {
        size_t k = 0;
        while (k < s->n && strcmp(s->f[k].id, t->findings[i].id) != 0)
            k++;
        assert_true(k < 8);
        s->n += k == s->n;
        s->f[k] = t->findings[i];
    }
    for (size_t i = 0; i < t->n_renewals; i++) {
        assert_int_equal(t->renewals[i]->supply, WORKED);
        renewal_free(s->renewal);
        s->renewal = renewal_copy(t->renewals[i]);
        s->handed++;
    }
    s->waits += t->reason[WORKED] == REASON_AFTER_WORK;
}

static struct said replay(struct world *w, const char *subject,
                          double (*course)(int s, int signal, double hour))
{
    float value[CHANNELS];
    uint8_t quality[CHANNELS];
    struct said said = {0};
    struct maintenance *m = work_on(w, subject);
    const struct scorer_options options = {.budget = 0.05, .window_minutes = 720, .period = NS_PER_MIN};
    struct scorer *sc = scorer_new(w->model, w->fleet, m, &options);
    w->course = course;
    for (int k = 0; k < DAYS_AFTER * 1440; k++) {
        struct tick tick;
        tstamp_ns t = REFERENCE_END + k * NS_PER_MIN;
        read_minute(w, t, value, quality);
        scorer_step(sc, &(struct frame){t, value, quality}, k < WARM * 60, &tick);
        note(&said, &tick);
    }
    w->course = NULL;
    scorer_free(sc);
    maintenance_free(m);
    for (size_t i = 0; i < said.n; i++)
        print_message("# %s from %.0f h (said %.0f h) to %.0f h: %s\n", said.f[i].subject,
                      hours(said.f[i].onset), hours(said.f[i].first_seen), hours(said.f[i].closed),
                      said.f[i].reason);
    return said;
}

/* Column of the supply's level of a signal. */
static size_t column_of(const struct world *w, const struct renewal *r, int signal)
{
    size_t k = 0;
    while (k < r->n && w->fleet->channels[r->channel[k]].signal !=
                           w->fleet->channels[w->fleet->supplies[WORKED].known[signal]].signal)
        k++;
    assert_true(k < r->n);
    return k;
}

static enum renewed verdict(const struct world *w, const struct said *s, int signal)
{
    assert_non_null(s->renewal);
    assert_int_equal(s->renewal->n_steps, RENEWAL_STEPS);
    return (enum renewed)s->renewal->step[RENEWAL_STEPS - 1].verdict[column_of(w, s->renewal, signal)];
}

static double offset(const struct world *w, const struct said *s, int signal)
{
    return (double)s->renewal->step[RENEWAL_STEPS - 1].offset[column_of(w, s->renewal, signal)];
}

/* Another unit: 1.4 K and 6 mA elsewhere. */
static double swapped(int s, int signal, double hour)
{
    if (s != WORKED || hour < WORK)
        return 0;
    return signal == SIGNAL_IGBT_TEMPERATURE ? 1.4 : signal == SIGNAL_CURRENT ? 0.006 : 0;
}

static void
test_a_unit_that_stands_elsewhere_after_work_is_no_finding_and_what_changed_is_handed_out(void **state)
{
    const struct world *w = *state;
    struct said s = replay(*state, "P2", swapped);
    assert_int_equal(s.n, 0);
    assert_int_equal(verdict(w, &s, SIGNAL_IGBT_TEMPERATURE), RENEWED_ELSEWHERE);
    assert_near(offset(w, &s, SIGNAL_IGBT_TEMPERATURE), 1.4, 0, 0.3);
    assert_int_equal(verdict(w, &s, SIGNAL_CURRENT), RENEWED_ELSEWHERE);
    assert_near(offset(w, &s, SIGNAL_CURRENT), 0.006, 0, 0.001);
    assert_int_equal(verdict(w, &s, SIGNAL_CAPACITOR_TEMPERATURE), RENEWED_SAME);
    assert_string_equal(s.renewal->words, "swap");
    assert_int_equal(s.renewal->work, WORK_START);
    assert_true(s.handed <= RENEWAL_HOURS + 1); /* once an hour while it learns, then never again */
    assert_true(s.waits > 6 * 60);
    free_said(&s);
}

/* The same without a row that names the supply alone: nobody was told. */
static void test_work_on_a_group_learns_nothing(void **state)
{
    static const char *const subjects[] = {"S0", "*"};
    for (size_t i = 0; i < 2; i++) {
        struct said s = replay(*state, subjects[i], swapped);
        assert_null(s.renewal);
        assert_int_equal(s.waits, 0);
        assert_int_equal(s.n, 1);
        assert_string_equal(s.f[0].subject, "P2");
    }
}

/* The new unit fails two days later. */
static double fails_later(int s, int signal, double hour)
{
    return swapped(s, signal, hour) +
           (s == WORKED && signal == SIGNAL_IGBT_TEMPERATURE && hour >= 100 ? 3 : 0);
}

static void test_a_fault_of_a_unit_that_was_swapped_is_found_and_counted_from_where_it_stands(void **state)
{
    struct said s = replay(*state, "P2", fails_later);
    assert_int_equal(s.n, 1);
    assert_string_equal(s.f[0].signal, "igbt_temperature");
    assert_near(s.f[0].size, 3, 0, 0.3);
    assert_true(hours(s.f[0].onset) >= 98 && hours(s.f[0].onset) <= 101);
    free_said(&s);
}

/* It fails while it is looked at: ten hours after the work. */
static double fails_at_once(int s, int signal, double hour)
{
    return swapped(s, signal, hour) +
           (s == WORKED && signal == SIGNAL_IGBT_TEMPERATURE && hour >= WORK + 12 ? 1.5 : 0);
}

static void test_what_moves_while_it_is_looked_at_is_not_learned(void **state)
{
    const struct world *w = *state;
    struct said s = replay(*state, "P2", fails_at_once);
    assert_near(offset(w, &s, SIGNAL_IGBT_TEMPERATURE), 1.4, 0, 0.3);
    assert_int_equal(s.n, 1);
    assert_near(s.f[0].size, 1.5, 0, 0.3);
    free_said(&s);
}

/* It is warm for nine hours after it is switched on. */
static double comes_back(int s, int signal, double hour)
{
    return s == WORKED && signal == SIGNAL_IGBT_TEMPERATURE && hour >= WORK && hour < WORK + 11 ? 1.4 : 0;
}

static void test_what_comes_back_while_it_is_looked_at_is_not_learned(void **state)
{
    const struct world *w = *state;
    struct said s = replay(*state, "P2", comes_back);
    assert_int_equal(s.renewal->n_steps, RENEWAL_STEPS);
    assert_near(offset(w, &s, SIGNAL_IGBT_TEMPERATURE), 0, 0, 0.4);
    for (size_t i = 0; i < s.n; i++) /* what is said of it before that is over soon */
        assert_true(hours(s.f[i].closed) < 72);
    free_said(&s);
}

/* No unit of its family is so hot. */
static double badly_mounted(int s, int signal, double hour)
{
    return s == WORKED && signal == SIGNAL_IGBT_TEMPERATURE && hour >= WORK ? 6 : 0;
}

static void test_further_than_units_of_its_family_differ_is_a_finding_that_says_so(void **state)
{
    const struct world *w = *state;
    struct said s = replay(*state, "P2", badly_mounted);
    assert_int_equal(verdict(w, &s, SIGNAL_IGBT_TEMPERATURE), RENEWED_OUTSIDE);
    assert_int_equal(s.n, 1);
    assert_near(s.f[0].size, 6, 0, 0.3);
    assert_non_null(strstr(s.f[0].reason, "further than units of its family differ"));
    assert_string_equal(s.f[0].work, "swap");
    assert_int_equal(s.f[0].class, CLASS_EQUIPMENT);
    free_said(&s);
}

/* It was off before, by no more than units differ, and still is. */
static double not_cured(int s, int signal, double hour)
{
    return s == WORKED && signal == SIGNAL_IGBT_TEMPERATURE && hour >= 5 ? 1.6 : 0;
}

static void test_what_was_wrong_before_the_work_and_still_is_is_not_learned(void **state)
{
    const struct world *w = *state;
    struct said s = replay(*state, "P2", not_cured);
    assert_int_equal(verdict(w, &s, SIGNAL_IGBT_TEMPERATURE), RENEWED_NOT_CURED);
    assert_int_equal(s.n, 1);
    assert_true(isinf(hours(s.f[0].closed)));
    free_said(&s);
}

/* ---- starts ---- */

struct start {
    struct scorer *scorer;
    tstamp_ns t;
};

static void step(struct world *w, struct start *s, bool warm, struct tick *tick)
{
    float value[CHANNELS];
    uint8_t quality[CHANNELS];
    s->t += NS_PER_MIN;
    read_minute(w, s->t, value, quality);
    scorer_step(s->scorer, &(struct frame){s->t, value, quality}, warm, tick);
}

static void compare(const struct tick *a, const struct tick *b)
{
    assert_int_equal(a->t, b->t);
    assert_memory_equal(a->reason, b->reason, SUPPLIES);
    assert_memory_equal(a->score, b->score, SUPPLIES * sizeof *a->score);
    assert_memory_equal(a->chance, b->chance, SUPPLIES * sizeof *a->chance);
    assert_memory_equal(a->residual, b->residual, CHANNELS * sizeof *a->residual);
}

/* One runs through; the other starts at an hour after the work, with what the first one knew then, and reads
 * no more than it must. */
static void start_at(struct world *w, int hour)
{
    struct maintenance *m = work_on(w, "P2");
    const struct scorer_options options = {.budget = 0.05, .window_minutes = 720, .period = NS_PER_MIN};
    tstamp_ns first = REFERENCE_END + hour * NS_PER_HOUR, memory = scorer_memory(w->model, NS_PER_MIN);
    struct start a = {scorer_new(w->model, w->fleet, m, &options), REFERENCE_END - memory};
    struct start b = {scorer_new(w->model, w->fleet, m, &options), first - memory};
    struct tick x, y;
    size_t n;
    w->course = swapped;
    while (a.t < first)
        step(w, &a, false, &x);
    const struct renewal *const *known = scorer_renewals(a.scorer, &n);
    assert_int_equal(n, 1);
    scorer_restore_renewals(b.scorer, known, n);
    while (b.t < first)
        step(w, &b, true, &y);
    while (a.t < first + 30 * NS_PER_HOUR) {
        step(w, &a, false, &x);
        step(w, &b, false, &y);
        compare(&x, &y);
    }
    w->course = NULL;
    scorer_free(a.scorer);
    scorer_free(b.scorer);
    maintenance_free(m);
}

static void test_a_start_after_the_work_says_the_same_to_the_last_bit(void **state)
{
    start_at(*state, 48);  /* before anything is known */
    start_at(*state, 55);  /* between two steps */
    start_at(*state, 150); /* long after, and the work is beyond what is read */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_a_unit_that_stands_elsewhere_after_work_is_no_finding_and_what_changed_is_handed_out),
        cmocka_unit_test(test_work_on_a_group_learns_nothing),
        cmocka_unit_test(test_a_fault_of_a_unit_that_was_swapped_is_found_and_counted_from_where_it_stands),
        cmocka_unit_test(test_what_moves_while_it_is_looked_at_is_not_learned),
        cmocka_unit_test(test_what_comes_back_while_it_is_looked_at_is_not_learned),
        cmocka_unit_test(test_further_than_units_of_its_family_differ_is_a_finding_that_says_so),
        cmocka_unit_test(test_what_was_wrong_before_the_work_and_still_is_is_not_learned),
        cmocka_unit_test(test_a_start_after_the_work_says_the_same_to_the_last_bit),
    };
    return cmocka_run_group_tests(tests, setup_world, teardown_world);
}
