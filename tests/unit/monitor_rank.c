/* monitor: the weekly order, its ties, its hysteresis, its words. SPDX-License-Identifier: MIT */
#include "monitor/rank.h"

#include "base/mem.h"
#include "base/time/timefmt.h"
#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define S 6
static struct fleet *fleet;
static tstamp_ns start, now; /* a week */

static int setup(void **state)
{
    (void)state;
    static const char table[] = "supply,family,sector,signal,pv,unit,water\n"
                                "D,quad,S1,voltage,D:V,V,W1\nA,quad,S1,voltage,A:V,V,W1\n"
                                "B,quad,S1,voltage,B:V,V,\nC,sext,S2,voltage,C:V,V,W2\n"
                                "E,sext,S2,voltage,E:V,V,W2\nF,sext,S2,voltage,F:V,V,W2\n";
    char path[] = "/tmp/psmon-rank-XXXXXX";
    int fd = mkstemp(path);
    struct err err;
    if (fd < 0 || write(fd, table, sizeof table - 1) < 0 || fleet_load(&fleet, path, &err) != 0)
        return -1;
    close(fd);
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

static struct finding finding(int32_t supply, enum finding_class class, double chance, const char *reason)
{
    struct finding d = {.supply = supply,
                        .class = class,
                        .chance = chance,
                        .onset = now - 4 * NS_PER_DAY,
                        .first_seen = now - 3 * NS_PER_DAY};
    snprintf(d.reason, sizeof d.reason, "%s", reason);
    if (supply >= 0)
        snprintf(d.subject, sizeof d.subject, "%s", fleet->supplies[supply].name);
    return d;
}

static struct rank_week *week_of(const float score[S], const float chance[S], int hours)
{
    struct rank_week *w = rank_week_new(S);
    for (int h = 0; h < hours; h++)
        rank_week_add(w, score, chance, scored);
    return w;
}

static const char *at(const struct rank_row *r)
{
    return fleet->supplies[r->supply].name;
}

static void an_hour_does_not_outweigh_a_day(void **state)
{
    (void)state;
    struct rank_week *w = rank_week_new(S);
    for (int h = 0; h < 168; h++) {
        const float score[S] = {h == 100 ? 9.5f : 0.5f, h >= 140 ? 3.25f : 0.25f, 1, 1, 1, 1};
        const float chance[S] = {h == 100 ? 0.001f : 900, 0.5f, 800, 800, 800, 800};
        rank_week_add(w, score, chance, scored);
    }
    struct rank_row rows[S];
    rank_fleet(rows, fleet, w, NULL, 0, start, now);
    assert_string_equal(at(&rows[0]), "A");
    assert_near(rows[0].score, 0.4 * 3.25, 0, 1e-6);
    assert_int_equal(rows[0].hours_held, 28);
    assert_int_equal(rows[0].hours_scored, 168);
    assert_string_equal(at(&rows[5]), "D");
    assert_near(rows[5].chance, 0.001, 1e-6, 0); /* what it came to is still told */
    for (int i = 0; i < S; i++)
        assert_int_equal(rows[i].rank, i + 1);
    rank_week_free(w);
}

static void equipment_comes_before_sensors_before_the_rest(void **state)
{
    (void)state;
    const float score[S] = {4, 4, 4, 4, 4, 4}, chance[S] = {1, 1, 1, 1, 1, 1};
    struct rank_week *w = week_of(score, chance, 100);
    struct finding list[4] = {
        finding(2, CLASS_SENSOR, 0.1, "sensor"), finding(4, CLASS_EQUIPMENT, 0.1, "open"),
        finding(3, CLASS_EQUIPMENT, 0.1, "closed"), finding(5, CLASS_DATA, (double)NAN, "data")};
    list[2].closed = now - NS_PER_DAY;
    struct rank_row rows[S];
    rank_fleet(rows, fleet, w, list, 4, start, now);
    assert_string_equal(at(&rows[0]), "E");
    assert_true(rows[0].open);
    assert_string_equal(at(&rows[1]), "C");
    assert_false(rows[1].open);
    assert_non_null(strstr(rows[1].reason, "over since 15 Nov"));
    assert_string_equal(at(&rows[2]), "B");
    assert_string_equal(at(&rows[3]), "F"); /* a tie: an open finding before none */
    assert_string_equal(at(&rows[4]), "A"); /* a tie: by name */
    assert_string_equal(at(&rows[5]), "D");
    for (int i = 1; i < S; i++)
        assert_true(rows[i - 1].score >= rows[i].score);
    /* a finding that closed before the week does not speak */
    list[2].closed = start - 1;
    rank_fleet(rows, fleet, w, list + 2, 1, start, now);
    assert_null(rows[0].finding);
    rank_week_free(w);
}

static void a_young_finding_counts_since_it_was_seen(void **state)
{
    (void)state;
    struct rank_week *w = rank_week_new(S);
    for (int h = 0; h < 168; h++) {
        const float score[S] = {h >= 165 ? 8 : 0.1f, 2, 2, 2, 2, 2}, chance[S] = {1, 1, 1, 1, 1, 1};
        rank_week_add(w, score, chance, scored);
    }
    struct finding d = finding(0, CLASS_EQUIPMENT, 0.01, "coil heats");
    d.first_seen = now - 3 * NS_PER_HOUR;
    struct rank_row rows[S];
    rank_fleet(rows, fleet, w, &d, 1, start, now);
    assert_string_equal(at(&rows[0]), "D");
    assert_near(rows[0].score, 8, 0, 1e-6);
    snprintf(d.detector, sizeof d.detector,
             "rate"); /* what rises by the minute counts by its own chance, however long ago */
    d.chance = 1e-9;
    d.first_seen = start;
    rank_fleet(rows, fleet, w, &d, 1, start, now);
    assert_string_equal(at(&rows[0]), "D");
    assert_near(rows[0].score, 9 + log10(7 * S), 0, 1e-6);
    rank_week_free(w);
}

static void the_reason_says_what_since_when_how_rare_and_what_was_done(void **state)
{
    (void)state;
    const float score[S] = {1, 6, 1, 1, 5, 1}, chance[S] = {700, 0.5f, 700, 700, 0.25f, 700};
    struct rank_week *w = week_of(score, chance, 100);
    struct finding d[2] = {
        finding(1, CLASS_EQUIPMENT, 0.025, "IGBT temperature 6.1 K above what its current explains"),
        finding(4, CLASS_EQUIPMENT, 2.98, "voltage noise 3 times its reference")};
    snprintf(d[0].work, sizeof d[0].work, "filter replaced");
    d[0].work_start = d[0].onset - 2 * NS_PER_DAY;
    snprintf(d[1].work, sizeof d[1].work, "water flushed");
    d[1].work_start = d[1].onset + NS_PER_DAY;
    struct rank_row rows[S];
    rank_fleet(rows, fleet, w, d, 2, start, now);
    assert_string_equal(
        rows[0].reason,
        "IGBT temperature 6.1 K above what its current explains, since 12 Nov; by chance once in 40 "
        "weeks over the ring; after: filter replaced, 10 Nov");
    assert_string_equal(rows[1].reason,
                        "voltage noise 3 times its reference, since 12 Nov; by chance 3 times a week "
                        "over the ring; since then: water flushed, 13 Nov");
    assert_near(rows[0].chance, 0.025, 0, 1e-12);
    assert_non_null(strstr(rows[2].reason, "no finding"));
    rank_week_free(w);
}

static void members_of_a_common_finding_say_so(void **state)
{
    (void)state;
    const float score[S] = {3, 3, 3, 3, 3, 3}, chance[S] = {1, 1, 1, 1, 1, 1};
    struct rank_week *w = week_of(score, chance, 100);
    struct finding d[2] = {finding(-1, CLASS_COMMON, 0.01, "magnet temperature 2 K up"),
                           finding(-1, CLASS_COMMON, 0.02, "voltage up")};
    snprintf(d[0].subject, sizeof d[0].subject, "water:W1");
    snprintf(d[1].subject, sizeof d[1].subject, "S2");
    struct rank_row rows[S];
    rank_fleet(rows, fleet, w, d, 2, start, now);
    for (int i = 0; i < S; i++) {
        const char *name = at(&rows[i]);
        const char *want = strchr("AD", *name)    ? "common to water:W1:"
                           : strchr("CEF", *name) ? "common to S2:"
                                                  : "no finding";
        if (strncmp(rows[i].reason, want, strlen(want)) != 0)
            fail_msg("%s: %s", name, rows[i].reason);
    }
    assert_false(finding_concerns(&d[0], fleet, 2));
    snprintf(d[0].subject, sizeof d[0].subject, "*");
    assert_true(finding_concerns(&d[0], fleet, 2));
    rank_week_free(w);
}

static void the_unscored_follow_with_their_main_reason(void **state)
{
    (void)state;
    struct rank_week *w = rank_week_new(S);
    for (int h = 0; h < 168; h++) {
        const float score[S] = {NAN, 1, 1, NAN, 1, 1}, chance[S] = {NAN, 9, 9, NAN, 9, 9};
        const uint8_t reason[S] = {h < 100 ? REASON_OFF : REASON_MISSING, 0, 0, REASON_MAINTENANCE, 0, 0};
        rank_week_add(w, score, chance, reason);
    }
    struct rank_row rows[S];
    rank_fleet(rows, fleet, w, NULL, 0, start, now);
    assert_string_equal(at(&rows[4]), "C");
    assert_string_equal(rows[4].reason, "not scored this week: maintenance (168 of 168 h)");
    assert_string_equal(at(&rows[5]), "D");
    assert_string_equal(rows[5].reason, "not scored this week: off (100 of 168 h)");
    assert_int_equal(rows[5].unscored, REASON_OFF);
    assert_int_equal(rows[5].rank, 0);
    assert_true(isnan(rows[5].score) && isnan(rows[5].chance));
    assert_int_equal(rows[3].rank, 4);
    rank_week_reset(w);
    rank_fleet(rows, fleet, w, NULL, 0, start, now);
    assert_int_equal(rows[0].rank, 0);
    rank_week_free(w);
}

/* Two supplies that differ by noise keep last week's order; a real change is followed. */
static void noise_does_not_reshuffle(void **state)
{
    (void)state;
    struct rank_row last[S], rows[S];
    const float chance[S] = {1, 1, 1, 1, 1, 1}, first[S] = {5.0f, 4.9f, 1, 1, 1, 1},
                noisy[S] = {4.9f, 5.1f, 1, 1, 1, 1}, real[S] = {4.9f, 8, 1, 1, 1, 1};
    struct rank_week *w = week_of(first, chance, 168);
    rank_fleet(last, fleet, w, NULL, 0, start, now);
    assert_string_equal(at(&last[0]), "D");
    rank_week_hold(w, last);
    rank_week_reset(w);
    for (int h = 0; h < 168; h++)
        rank_week_add(w, noisy, chance, scored);
    rank_fleet(rows, fleet, w, NULL, 0, start, now);
    assert_string_equal(at(&rows[0]), "D");
    assert_near(rows[0].score, last[0].score, 0, 0);
    rank_week_reset(w);
    for (int h = 0; h < 168; h++)
        rank_week_add(w, real, chance, scored);
    rank_fleet(rows, fleet, w, NULL, 0, start, now);
    assert_string_equal(at(&rows[0]), "A");
    assert_near(rows[0].score, 0.4 * 8, 0, 1e-6);
    rank_week_free(w);
}

static void the_lines_of_the_week_run_from_old_to_new(void **state)
{
    (void)state;
    struct rank_week *w = rank_week_new(S);
    float out[RANK_HOURS];
    assert_false(rank_week_residuals(w, 0, out));
    for (int h = 0; h < 200; h++) {
        const float score[S] = {(float)h, 0, 0, 0, 0, 0}, chance[S] = {1, 1, 1, 1, 1, 1},
                    residual[2] = {(float)-h, NAN};
        rank_week_add(w, score, chance, scored);
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
        cmocka_unit_test(an_hour_does_not_outweigh_a_day),
        cmocka_unit_test(equipment_comes_before_sensors_before_the_rest),
        cmocka_unit_test(a_young_finding_counts_since_it_was_seen),
        cmocka_unit_test(the_reason_says_what_since_when_how_rare_and_what_was_done),
        cmocka_unit_test(members_of_a_common_finding_say_so),
        cmocka_unit_test(the_unscored_follow_with_their_main_reason),
        cmocka_unit_test(noise_does_not_reshuffle),
        cmocka_unit_test(the_lines_of_the_week_run_from_old_to_new),
        cmocka_unit_test(days_read_as_people_speak),
    };
    return cmocka_run_group_tests_name("monitor/rank", tests, setup, teardown);
}
