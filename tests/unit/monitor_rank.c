/* monitor: what is on the weekly list, its order rule by rule, its words; and the trends that it watches.
 * SPDX-License-Identifier: MIT */
#include "monitor/rank.h"

#include "base/mem.h"
#include "base/time/timefmt.h"
#include "detectors/model/model.h"
#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define S 12
static struct fleet *fleet;
static tstamp_ns start, now; /* a week */

/* D A B of sector S1, the other nine of S2; water W1 is D and A. */
static int setup(void **state)
{
    (void)state;
    char path[] = "/tmp/psmon-rank-XXXXXX";
    int fd = mkstemp(path);
    struct err err;
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        return -1;
    fputs("supply,family,sector,signal,pv,unit,water\n", f);
    for (const char *c = "DABCEFGHIJKL"; *c; c++)
        fprintf(f, "%c,quad,%s,voltage,%c:V,V,%s\n", *c, strchr("DAB", *c) ? "S1" : "S2", *c,
                strchr("DA", *c) ? "W1" : "W2");
    fclose(f);
    if (fleet_load(&fleet, path, &err) != 0)
        return -1;
    unlink(path);
    return timefmt_parse(&start, "2026-11-09T00:00:00Z", &err) +
           timefmt_parse(&now, "2026-11-16T00:00:00Z", &err);
}

static int teardown(void **state)
{
    (void)state;
    fleet_free(fleet);
    return 0;
}

static const uint8_t scored[S] = {0};

static struct finding finding(const char *subject, enum finding_class class, double effect)
{
    struct finding d = {.supply = fleet_supply(fleet, subject),
                        .class = class,
                        .chance = class == CLASS_DATA ? (double)NAN : 1e-4,
                        .effect = effect,
                        .onset = now - 4 * NS_PER_DAY,
                        .first_seen = now - 3 * NS_PER_DAY,
                        .detector = "level",
                        .signal = "voltage"};
    static int made;
    snprintf(d.id, sizeof d.id, "f%d", made++);
    snprintf(d.subject, sizeof d.subject, "%s", subject);
    snprintf(d.reason, sizeof d.reason, "%s moved", subject);
    return d;
}

/* The list of findings (and trends) over a week whose scores are all the same but for those in score. */
static void make(struct rank_list *l, const struct finding f[], size_t n, const struct trend trends[],
                 size_t n_trends)
{
    struct rank_week *w = rank_week_new(S);
    for (int h = 0; h < RANK_HOURS; h++) {
        float score[S];
        for (int s = 0; s < S; s++)
            score[s] = 9 - 0.5f * (float)s;
        rank_week_add(w, score, scored);
    }
    rank_list_make(l, &(struct rank_input){.fleet = fleet,
                                           .week = w,
                                           .findings = f,
                                           .n_findings = n,
                                           .trends = trends,
                                           .n_trends = n_trends,
                                           .week_start = start,
                                           .now = now});
    rank_week_free(w);
}

/* The list in a line: "A B | watched | ended | repaired". */
static const char *shape(const struct rank_list *l)
{
    static char out[256];
    size_t at = 0;
    int part = RANK_INSPECT;
    *out = '\0';
    for (size_t i = 0; i < l->n; i++) {
        for (; part < (int)l->entry[i].part; part++)
            at += (size_t)snprintf(out + at, sizeof out - at, "|");
        at += (size_t)snprintf(out + at, sizeof out - at, "%s ", rank_subject(&l->entry[i], fleet));
    }
    return out;
}

static void assert_list(const struct finding f[], size_t n, const char *want)
{
    struct rank_list l = {0};
    make(&l, f, n, NULL, 0);
    assert_string_equal(shape(&l), want);
    rank_list_free(&l);
}

/* Issue 10 §1.2: what began on Sunday evening is on Monday's list, and above all that have no finding. */
static void an_open_finding_is_on_the_list_however_young_and_small(void **state)
{
    (void)state;
    struct finding d = finding("L", CLASS_EQUIPMENT, 1.01); /* L has the least of all scores */
    d.onset = d.first_seen = now - NS_PER_HOUR;
    d.chance = 0.89;
    struct rank_list l = {0};
    make(&l, &d, 1, NULL, 0);
    assert_string_equal(shape(&l), "L ");
    assert_int_equal(l.entry[0].rank, 1);
    assert_string_equal(l.rest_words, "nothing else stands out; best of the rest: D, A, B");
    rank_list_free(&l);
}

static void a_week_without_findings_is_one_line(void **state)
{
    (void)state;
    struct rank_list l = {0};
    make(&l, NULL, 0, NULL, 0);
    assert_int_equal(l.n, 0);
    assert_string_equal(l.rest_words, "nothing stands out; best of the rest: D, A, B");
    rank_list_free(&l);
}

static void what_rises_by_the_minute_comes_first(void **state)
{
    (void)state;
    struct finding d[2] = {finding("A", CLASS_EQUIPMENT, 40), finding("B", CLASS_EQUIPMENT, 1.1)};
    snprintf(d[1].detector, sizeof d[1].detector, "rate");
    assert_list(d, 2, "B A ");
    d[1].closed = now - NS_PER_HOUR; /* not any more */
    assert_list(d, 2, "A ||B ");
}

static void priority_orders_then_class_then_size(void **state)
{
    (void)state;
    struct finding d[] = {finding("A", CLASS_DATA, 0),        finding("B", CLASS_SENSOR, 50),
                          finding("C", CLASS_EQUIPMENT, 1.5), finding("D", CLASS_EQUIPMENT, 4),
                          finding("E", CLASS_EQUIPMENT, 9),   finding("S2", CLASS_COMMON, 3.5),
                          finding("F", CLASS_EQUIPMENT, 2.5)};
    snprintf(d[5].signal, sizeof d[5].signal, "current");
    struct rank_list l = {0};
    make(&l, d, 7, NULL, 0);
    assert_string_equal(shape(&l), "S2 E D F C B A ");
    static const char *const priorities[] = {"high", "high", "high", "medium", "medium", "low", "low"};
    for (int i = 0; i < 7; i++) {
        assert_int_equal(l.entry[i].rank, i + 1);
        assert_string_equal(rank_priority_name(l.entry[i].priority), priorities[i]);
    }
    rank_list_free(&l);
}

/* Both are at the floor of what can be said, or one is by a hair: the size tells. */
static void chance_does_not_order_what_size_does(void **state)
{
    (void)state;
    struct finding d[2] = {finding("A", CLASS_EQUIPMENT, 5), finding("B", CLASS_EQUIPMENT, 6)};
    d[0].chance = 9e-298;
    assert_list(d, 2, "B A ");
}

static void a_witness_counts_twice_and_makes_it_urgent(void **state)
{
    (void)state;
    struct finding d[3] = {finding("A", CLASS_EQUIPMENT, 5), finding("B", CLASS_EQUIPMENT, 2.6),
                           finding("C", CLASS_EQUIPMENT, 2.9)};
    d[1].witness = true;
    assert_list(d, 3, "B A C ");
}

static void equals_go_by_onset_then_name(void **state)
{
    (void)state;
    struct finding d[3] = {finding("B", CLASS_EQUIPMENT, 5), finding("A", CLASS_EQUIPMENT, 5),
                           finding("C", CLASS_EQUIPMENT, 5)};
    d[2].onset -= NS_PER_HOUR;
    assert_list(d, 3, "C A B ");
}

/* The group's row stands for members that moved as it did; one that has something of its own has its row. */
static void a_group_has_one_row_and_its_members_none(void **state)
{
    (void)state;
    struct finding d[6] = {finding("C", CLASS_EQUIPMENT, 30), finding("S2", CLASS_COMMON, 4),
                           finding("E", CLASS_EQUIPMENT, 9),  finding("F", CLASS_EQUIPMENT, 8),
                           finding("G", CLASS_EQUIPMENT, 7),  finding("A", CLASS_EQUIPMENT, 6)};
    d[2].onset -= 3 * NS_PER_DAY;                     /* since long before */
    snprintf(d[3].signal, sizeof d[3].signal, "dac"); /* something else */
    d[4].direction = DIRECTION_DOWN;                  /* the other way */
    struct rank_list l = {0};
    make(&l, d, 6, NULL, 0);
    assert_string_equal(shape(&l), "S2 E F G A ");
    assert_int_equal(l.entry[0].members, 1);
    assert_non_null(strstr(l.entry[0].reason, "1 finding of its supplies is in it"));
    assert_string_equal(l.rest_words, "nothing else stands out; best of the rest: D, B");
    rank_list_free(&l);
}

static void one_data_gap_is_one_row(void **state)
{
    (void)state;
    struct finding d[6] = {finding("S2", CLASS_DATA, 0), finding("C", CLASS_DATA, 0),
                           finding("E", CLASS_DATA, 0),  finding("F", CLASS_DATA, 0),
                           finding("G", CLASS_DATA, 0),  finding("H", CLASS_EQUIPMENT, 4)};
    d[0].children = 9;
    d[0].signal[0] = '\0';
    assert_list(d, 6, "H S2 ");
}

static void a_subject_has_one_row_that_names_its_second(void **state)
{
    (void)state;
    struct finding d[4] = {finding("A", CLASS_DATA, 0), finding("A", CLASS_EQUIPMENT, 5),
                           finding("A", CLASS_SENSOR, 7), finding("B", CLASS_EQUIPMENT, 4)};
    snprintf(d[2].reason, sizeof d[2].reason, "current noisy");
    struct rank_list l = {0};
    make(&l, d, 4, NULL, 0);
    assert_string_equal(shape(&l), "A B ");
    assert_ptr_equal(l.entry[0].finding, &d[1]);
    assert_non_null(strstr(l.entry[0].reason, "; also current noisy; 1 more finding of it"));
    rank_list_free(&l);
}

/* Over is over: below the open ones, apart, without a rank; what was repaired after what ended by itself. */
static void what_is_over_is_listed_apart(void **state)
{
    (void)state;
    struct finding d[6] = {finding("A", CLASS_EQUIPMENT, 90), finding("B", CLASS_EQUIPMENT, 80),
                           finding("C", CLASS_SENSOR, 1.2),   finding("E", CLASS_EQUIPMENT, 70),
                           finding("C", CLASS_SENSOR, 60),    finding("F", CLASS_EQUIPMENT, 50)};
    for (int i = 0; i < 6; i++)
        d[i].closed = i == 2 ? 0 : now - NS_PER_DAY;
    snprintf(d[0].work, sizeof d[0].work, "fan replaced");
    d[0].work_start = d[0].onset + NS_PER_DAY;
    snprintf(d[1].work, sizeof d[1].work, "cable moved"); /* before it began: no repair */
    d[1].work_start = d[1].onset - NS_PER_DAY;
    d[5].closed = start - 1; /* of the week before */
    struct rank_list l = {0};
    make(&l, d, 6, NULL, 0);
    assert_string_equal(shape(&l), "C ||B E |A ");
    assert_int_equal(l.of[RANK_INSPECT] + l.of[RANK_ENDED] + l.of[RANK_REPAIRED], 4);
    assert_int_equal(l.entry[1].rank, 0);
    assert_string_equal(l.rest_words,
                        "nothing else stands out; best of the rest: D, F, G"); /* not what is over */
    assert_string_equal(l.entry[1].reason,
                        "B moved, since 12 Nov, over since 15 Nov, by itself; by chance less than "
                        "once in 10,000 weeks over the ring; after: cable moved, 11 Nov");
    assert_string_equal(l.entry[3].reason,
                        "A moved, since 12 Nov, over since 15 Nov; by chance less than once in "
                        "10,000 weeks over the ring; repaired: fan replaced, 13 Nov");
    rank_list_free(&l);
}

static void five_trends_at_most_come_after_the_findings(void **state)
{
    (void)state;
    struct finding d[2] = {finding("A", CLASS_DATA, 0), finding("B", CLASS_EQUIPMENT, 9)};
    d[1].closed = now - NS_PER_DAY;
    struct trend t[8];
    for (uint32_t i = 0; i < 8; i++) /* D A B C E F G H */
        t[i] = (struct trend){
            .supply = i, .channel = i, .now = 0.02, .per_day = 0.004, .limit = 0.03, .days_left = 2 + i};
    struct rank_list l = {0};
    make(&l, d, 2, t, 8);
    assert_string_equal(shape(&l), "A |D B C E F |B ");
    assert_int_equal(l.entry[1].rank, 2);
    assert_string_equal(l.entry[1].reason,
                        "voltage 0.02 V above what is usual and rising by 0.004 V a day for a week: at this "
                        "pace a finding (0.03 V) in 2 days");
    assert_string_equal(l.rest_words, "nothing else stands out; best of the rest: G, H, I");
    rank_list_free(&l);
}

/* Two findings that differ by noise keep last week's order; a real change is followed. */
static void noise_does_not_reshuffle(void **state)
{
    (void)state;
    struct finding d[2] = {finding("A", CLASS_EQUIPMENT, 5), finding("B", CLASS_EQUIPMENT, 4.8)};
    struct rank_week *w = rank_week_new(S);
    struct rank_list l = {0};
    struct rank_input in = {
        .fleet = fleet, .week = w, .findings = d, .n_findings = 2, .week_start = start, .now = now};
    rank_list_make(&l, &in);
    assert_string_equal(shape(&l), "A B ");
    rank_list_hold(&l, w);
    rank_week_reset(w);
    d[0].effect = 4.9;
    d[1].effect = 5.1;
    rank_list_make(&l, &in);
    assert_string_equal(shape(&l), "A B ");
    assert_near(l.entry[0].score, 5, 0, 0);
    d[1].effect = 9;
    rank_list_make(&l, &in);
    assert_string_equal(shape(&l), "B A ");
    rank_list_free(&l);
    rank_week_free(w);
}

static void the_reason_says_what_since_when_how_rare_and_what_was_done(void **state)
{
    (void)state;
    struct finding d[2] = {finding("A", CLASS_EQUIPMENT, 12), finding("E", CLASS_EQUIPMENT, 2)};
    snprintf(d[0].reason, sizeof d[0].reason, "IGBT temperature 6.1 K above what its current explains");
    d[0].chance = 0.025;
    snprintf(d[0].work, sizeof d[0].work, "filter replaced");
    d[0].work_start = d[0].onset - 2 * NS_PER_DAY;
    d[1].chance = 2.98;
    snprintf(d[1].work, sizeof d[1].work, "water flushed");
    d[1].work_start = d[1].onset + NS_PER_DAY;
    struct rank_list l = {0};
    make(&l, d, 2, NULL, 0);
    assert_string_equal(
        l.entry[0].reason,
        "IGBT temperature 6.1 K above what its current explains, since 12 Nov; by chance once in 40 "
        "weeks over the ring; after: filter replaced, 10 Nov");
    assert_string_equal(l.entry[1].reason,
                        "E moved, since 12 Nov; by chance 3 times a week over the ring; since "
                        "then: water flushed, 13 Nov");
    assert_near(l.entry[0].chance, 0.025, 0, 1e-12);
    rank_list_free(&l);
}

/* ---- the week ---- */

static void a_supply_is_judged_from_a_day_on_and_by_what_held_for_one(void **state)
{
    (void)state;
    struct rank_week *w = rank_week_new(S);
    for (int h = 0; h < RANK_HOURS; h++) {
        float score[S] = {h == 100 ? 9.5f : 0.5f, h >= 140 ? 3.25f : 0.25f, NAN, h < 6 ? 9 : NAN};
        const uint8_t reason[S] = {0, 0, h < 100 ? REASON_OFF : REASON_MISSING, h < 6 ? 0 : REASON_STALE};
        rank_week_add(w, score, reason);
    }
    struct rank_supply s[4];
    for (uint32_t i = 0; i < 4; i++)
        rank_week_supply(w, i, &s[i]);
    assert_near(s[0].evidence, 0.5, 0, 0); /* an hour does not outweigh a day */
    assert_near(s[1].evidence, 3.25, 0, 0);
    assert_int_equal(s[1].hours_scored, RANK_HOURS);
    assert_true(isnan(s[2].evidence));
    assert_int_equal(s[2].unscored, REASON_OFF);
    assert_int_equal(s[3].hours_scored, 6);
    assert_true(rank_judged(&s[1]) && !rank_judged(&s[2]) && !rank_judged(&s[3]));
    rank_week_free(w);
}

static void the_lines_of_the_week_run_from_old_to_new(void **state)
{
    (void)state;
    struct rank_week *w = rank_week_new(S);
    float out[RANK_HOURS];
    assert_false(rank_week_residuals(w, 0, out));
    for (int h = 0; h < 200; h++) {
        const float score[S] = {(float)h}, residual[2] = {(float)-h, NAN};
        rank_week_add(w, score, scored);
        rank_week_add_residuals(w, residual, 2);
    }
    rank_week_scores(w, 0, out);
    assert_near((double)out[RANK_HOURS - 1], 199, 0, 0);
    assert_near((double)out[0], 32, 0, 0);
    assert_true(rank_week_residuals(w, 0, out));
    assert_near((double)out[1], -33, 0, 0);
    assert_false(rank_week_residuals(w, 1, out));
    assert_false(rank_week_residuals(w, 7, out));
    rank_week_free(w);
}

/* ---- trends ---- */

/* A week in which supply s drifts by per_day[s] V a day from level[s] on, with an hour's ripple. */
static struct rank_week *drifting(const double level[S], const double per_day[S])
{
    struct rank_week *w = rank_week_new(S);
    for (int h = 0; h < RANK_HOURS; h++) {
        float score[S] = {0}, residual[S];
        for (int s = 0; s < S; s++)
            residual[s] = (float)(level[s] + per_day[s] * h / 24 + 0.003 * ((h + s) % 5 - 2));
        rank_week_add(w, score, scored);
        rank_week_add_residuals(w, residual, S);
    }
    return w;
}

static size_t trends_of(struct rank_week *w, struct trend out[4])
{
    struct model_usual usual[S];
    for (int c = 0; c < S; c++)
        usual[c] = (struct model_usual){.centre = 0.001, .day_spread = 0.004, .effect = 0.1};
    size_t n = trend_find(out, 4, fleet, usual, w);
    rank_week_free(w);
    return n;
}

static void a_trend_is_measured_with_the_time_that_is_left(void **state)
{
    (void)state;
    struct trend t[4];
    assert_int_equal(trends_of(drifting((double[S]){0}, (double[S]){[4] = -0.01, [7] = 0.007}), t), 2);
    assert_int_equal(t[0].supply, 4);
    assert_near(t[0].per_day, -0.01, 0.02, 0);
    assert_near(t[0].limit, -0.1, 0, 0);
    assert_near(t[0].now, -0.066, 0.03, 0); /* the middle of its last day */
    assert_near(t[0].days_left, 3.4, 0.05, 0);
    assert_int_equal(t[1].supply, 7);
}

static void nothing_is_watched_that_has_no_trend_of_its_own(void **state)
{
    (void)state;
    struct trend t[4];
    double group[S];
    assert_int_equal(trends_of(drifting((double[S]){0}, (double[S]){0}), t), 0);
    assert_int_equal(trends_of(drifting((double[S]){[4] = 0.07}, (double[S]){0}), t), 0); /* stands */
    assert_int_equal(trends_of(drifting((double[S]){[4] = 0.095}, (double[S]){[4] = -0.01}), t),
                     0); /* comes back */
    assert_int_equal(trends_of(drifting((double[S]){0}, (double[S]){[4] = 0.003}), t),
                     0); /* far from it yet */
    assert_int_equal(trends_of(drifting((double[S]){[4] = 0.05}, (double[S]){[4] = 0.01}), t),
                     0);        /* beyond */
    for (int s = 0; s < S; s++) /* a group, and its mirror in the other half */
        group[s] = s % 2 ? 0.01 : -0.01;
    assert_int_equal(trends_of(drifting((double[S]){0}, group), t), 0);
    struct rank_week *young = drifting((double[S]){0}, (double[S]){[4] = -0.01});
    rank_week_reset(young); /* no residuals of seven days */
    assert_int_equal(trends_of(young, t), 0);
}

static void days_read_as_people_speak(void **state)
{
    (void)state;
    char words[RANK_DAY_LEN];
    assert_string_equal(rank_day(words, start, now), "9 Nov");
    assert_string_equal(rank_day(words, start - 365 * NS_PER_DAY, now), "9 Nov 2025");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_finding_is_on_the_list_however_young_and_small),
        cmocka_unit_test(a_week_without_findings_is_one_line),
        cmocka_unit_test(what_rises_by_the_minute_comes_first),
        cmocka_unit_test(priority_orders_then_class_then_size),
        cmocka_unit_test(chance_does_not_order_what_size_does),
        cmocka_unit_test(a_witness_counts_twice_and_makes_it_urgent),
        cmocka_unit_test(equals_go_by_onset_then_name),
        cmocka_unit_test(a_group_has_one_row_and_its_members_none),
        cmocka_unit_test(one_data_gap_is_one_row),
        cmocka_unit_test(a_subject_has_one_row_that_names_its_second),
        cmocka_unit_test(what_is_over_is_listed_apart),
        cmocka_unit_test(five_trends_at_most_come_after_the_findings),
        cmocka_unit_test(noise_does_not_reshuffle),
        cmocka_unit_test(the_reason_says_what_since_when_how_rare_and_what_was_done),
        cmocka_unit_test(a_supply_is_judged_from_a_day_on_and_by_what_held_for_one),
        cmocka_unit_test(the_lines_of_the_week_run_from_old_to_new),
        cmocka_unit_test(a_trend_is_measured_with_the_time_that_is_left),
        cmocka_unit_test(nothing_is_watched_that_has_no_trend_of_its_own),
        cmocka_unit_test(days_read_as_people_speak),
    };
    return cmocka_run_group_tests_name("monitor/rank", tests, setup, teardown);
}
