/* Rate of rise, groups that moved together, onset, the score of an hour. SPDX-License-Identifier: MIT */
#include "detectors/statistics/rate.h"
#include "detectors/verdict/explain.h"
#include "detectors/verdict/groups.h"

#include "base/mem.h"

#include "tests/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- rate ---- */

static void feed(struct rate *r, float rise, bool usable, float *out)
{
    rate_step(r, &rise, &usable, out);
}

static void test_rate_of_two_minutes(void **state)
{
    (void)state;
    struct rate r;
    float out;
    rate_init(&r, 1);
    feed(&r, 0.25f, true, &out);
    feed(&r, 1.5f, true, &out);
    assert_true(isnan(out)); /* three minutes are needed */
    feed(&r, 2.5f, true, &out);
    assert_near((double)out, 2.25, 1e-6, 0); /* 1.25 + 1.0, both large enough */
    feed(&r, 2.8f, true, &out);
    assert_near((double)out, 0.3 / 0.3, 1e-5, 0); /* the lesser of the two limits it */
    feed(&r, 2.0f, true, &out);
    assert_true(out <= 0); /* falling */
    feed(&r, 9, false, &out);
    assert_true(isnan(out)); /* masked */
    feed(&r, 9.5f, true, &out);
    feed(&r, 12, true, &out);
    assert_true(isnan(out)); /* the mask lies between */
    feed(&r, 14, true, &out);
    assert_near((double)out, 4.5, 1e-6, 0);
    rate_fini(&r);
}

static void test_one_step_is_not_a_rise(void **state)
{
    (void)state;
    struct rate r;
    float out, most = 0;
    rate_init(&r, 1);
    for (int k = 0; k < 20; k++) {
        feed(&r, k < 10 ? 1.25f : 6.75f, true, &out);
        most = out > most ? out : most;
    }
    assert_near((double)most, 0, 0, 0);
    rate_fini(&r);
}

/* ---- groups ---- */

enum { SUPPLIES = 24 };

/* Four sectors of six; water W0 serves the first half of each sector, W1 the other. */
static struct fleet *make_fleet(void)
{
    struct table_file table;
    FILE *out = table_begin(&table);
    fprintf(out, "supply,family,sector,signal,pv,unit,water\n");
    for (int s = 0; s < SUPPLIES; s++)
        fprintf(out, "P%d,fam,S%d,current,PV:%d,A,W%d\n", s, s / 6, s, s % 6 / 3);
    return fleet_end(&table);
}

static size_t groups_of(struct group_search *g, const bool moved[], const bool said[], char *subject,
                        size_t size)
{
    memset(g->member, true, SUPPLIES * sizeof *g->member);
    memcpy(g->moved, moved, SUPPLIES * sizeof *moved);
    memcpy(g->said, said, SUPPLIES * sizeof *said);
    size_t n = groups_find(g, 4);
    if (n)
        groups_subject(g->fleet, g->found, subject, size);
    for (int s = 0; s < SUPPLIES; s++)
        assert_true(g->parent[s] < 0 || moved[s]);
    return n;
}

static void test_common_groups(void **state)
{
    (void)state;
    struct fleet *f = make_fleet();
    struct group_search g;
    group_search_init(&g, f);
    char subject[64];
    bool moved[SUPPLIES] = {false}, said[SUPPLIES] = {false};
    for (int s = 6; s < 10; s++)
        moved[s] = true;
    assert_int_equal(groups_of(&g, moved, said, subject, sizeof subject), 0); /* none passes alone */
    said[7] = true;
    assert_int_equal(groups_of(&g, moved, said, subject, sizeof subject), 1);
    assert_string_equal(subject, "S1");
    assert_int_equal(g.found[0].moved, 4);
    moved[9] = false; /* three are too few */
    assert_int_equal(groups_of(&g, moved, said, subject, sizeof subject), 0);
    for (int s = 0; s < SUPPLIES; s++)
        moved[s] = s % 6 / 3 == 1 && s != 3; /* 11 of 12 on one water, two or three of each sector */
    said[11] = true;
    assert_int_equal(groups_of(&g, moved, said, subject, sizeof subject), 1);
    assert_string_equal(subject, "water:W1");
    for (int s = 0; s < SUPPLIES; s++)
        moved[s] = s != 5;
    assert_int_equal(groups_of(&g, moved, said, subject, sizeof subject), 1);
    assert_string_equal(subject, "*");
    group_search_fini(&g);
    fleet_free(f);
}

/* ---- onset ---- */

static void test_onset_of_step_and_ramp(void **state)
{
    (void)state;
    enum { N = 100 };
    float v[N];
    struct trail t = {v, N, 1, 500 * NS_PER_HOUR, 0, N};
    for (int k = 0; k < N; k++)
        v[k] = 20 + 0.1f * (float)(k * 7 % 5 - 2) + (k >= 88 ? 3 : 0);
    v[40] = NAN;
    assert_true(trail_time(&t, trail_onset(&t, 0, 20, 0.15f, 1.5)) == (500 - 12) * NS_PER_HOUR);
    for (int k = 0; k < N; k++)
        v[k] = 20 - (k > 60 ? 0.1f * (float)(k - 60) : 0); /* falls for 40 h */
    tstamp_ns onset = trail_time(&t, trail_onset(&t, 0, 20, 0.15f, -3));
    assert_true(onset >= (500 - 36) * NS_PER_HOUR && onset <= (500 - 18) * NS_PER_HOUR);
}

/* ---- an hour's score ---- */

enum { W = 4 }; /* two levels, two log-variances */

/* Measures as a short reference has them. */
enum { LEVEL, DIVERGENCE, RECONSTRUCTION };

struct desk {
    uint16_t kind[W];
    float effect[W], spread[3][W], mid[W];
    double inverse[W * W];
    struct measures measures;
    struct yardstick y;
    struct tail tail[3][W];
    struct values v;
    float *shift, *half_day; /* of the level over 24 h, 12 h */
};

static struct desk *desk_new(void)
{
    struct desk *d = xcalloc(1, sizeof *d);
    measures_init(&d->measures, &(struct reference_span){.length = 14 * NS_PER_DAY, .shortest_hours = 12});
    assert_int_equal(d->measures.n, 3);
    d->y = (struct yardstick){.measures = &d->measures, .width = W, .kind = d->kind, .min_effect = d->effect};
    float x[1000];
    for (int m = 0; m < 3; m++) {
        d->y.scale[m] = (struct scale){d->mid, d->spread[m], d->inverse};
        d->y.tail[m] = d->tail[m];
        for (int k = 0; k < W; k++) { /* |normal|-like nulls: the quantiles of an exponential */
            for (int i = 0; i < 1000; i++)
                x[i] = (float)-log((i + 0.5) / 1000);
            tail_fit(&d->tail[m][k], x, 1000, 0.03);
        }
    }
    for (int c = 0; c < W; c++) {
        d->kind[c] = (uint16_t)c;
        d->effect[c] = 0.5f;
        d->spread[0][c] = d->spread[1][c] = d->spread[2][c] = 0.25f;
        d->inverse[c * W + c] = 1;
    }
    values_init(&d->v, &d->measures, W);
    d->shift = d->v.shift[d->measures.at[LEVEL].length];
    d->half_day = d->v.shift[d->measures.at[DIVERGENCE].length];
    return d;
}

static void desk_free(struct desk *d)
{
    values_fini(&d->v);
    free(d);
}

static void move_level(struct desk *d, int column, float by)
{
    d->v.of[LEVEL][column] = d->shift[column] = by;
}

static void test_the_table_is_whole(void **state)
{
    (void)state;
    double share = 0;
    for (size_t i = 0; i < statistics_count(); i++) {
        const struct statistic *s = statistics[i];
        assert_ptr_equal(statistic_find(s->name), s);
        assert_true(strlen(s->name) < FINDING_DETECTOR_LEN && s->words);
        assert_true((s->windows != NULL) == (s->window != NULL));
        assert_true((s->open != NULL) == (s->close != NULL));
        assert_true(!s->learn || (s->forget && (s->of == OF_TABLES || (s->save && s->load))));
        assert_true(s->share <= 0 || (s->minute && s->judges && s->say && s->say_group && s->memory > 0));
        share += s->share;
    }
    assert_true(share < 1);
    /* a ring has what needs its physics, a table what needs none */
    assert_true(!statistic_judges(statistic_find("tracks"), false) &&
                statistic_judges(statistic_find("tracks"), true));
    assert_true(statistic_judges(statistic_find("data"), false) &&
                !statistic_judges(statistic_find("data"), true));
    assert_true(statistic_judges(statistic_find("divergence"), false) &&
                statistic_judges(statistic_find("divergence"), true));
    assert_string_equal(statistics[0]->name, "level");
    assert_null(statistic_find("no such"));
}

static void test_minimum_effect_comes_after_the_p(void **state)
{
    (void)state;
    struct desk *d = desk_new();
    struct hour_score s;
    d->spread[LEVEL][1] = 0.01f;
    move_level(d, 1, 0.4f); /* forty spreads, but too small to matter */
    score_hour(&d->y, &d->v, &s);
    assert_true(s.any > 10);
    assert_near(s.gated, 0, 0, 0);
    move_level(d, 1, 0.6f);
    score_hour(&d->y, &d->v, &s);
    assert_true(s.gated > 10 && s.measure == LEVEL && s.column == 1);
    d->kind[1] = KIND_NONE; /* the reference does not have it */
    score_hour(&d->y, &d->v, &s);
    assert_near(s.gated, 0, 0, 0);
    desk_free(d);
}

static void test_reconstruction_and_divergence(void **state)
{
    (void)state;
    struct desk *d = desk_new();
    struct hour_score s;
    for (int c = 0; c < W; c++) {
        d->v.of[RECONSTRUCTION][c] = 2;
        move_level(d, c, 0.6f);
    }
    assert_near(standard_row(&d->y, RECONSTRUCTION, &d->v), 16, 1e-9, 0); /* √(4·8²) */
    score_hour(&d->y, &d->v, &s);
    assert_int_equal(s.measure, RECONSTRUCTION);
    d->v.of[RECONSTRUCTION][2] = NAN;
    assert_true(isnan(standard_row(&d->y, RECONSTRUCTION, &d->v)));
    d->v.of[DIVERGENCE][3] = 3;
    d->half_day[1] = -0.7f; /* the level of the same channel */
    score_hour(&d->y, &d->v, &s);
    assert_true(s.measure == DIVERGENCE && s.column == 3);
    for (int c = 0; c < W; c++)
        for (int m = 0; m < 3; m++)
            d->v.of[m][c] = NAN;
    score_hour(&d->y, &d->v, &s);
    assert_true(isnan(s.any) && isnan(s.gated));
    desk_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_of_two_minutes),
        cmocka_unit_test(test_one_step_is_not_a_rise),
        cmocka_unit_test(test_common_groups),
        cmocka_unit_test(test_onset_of_step_and_ramp),
        cmocka_unit_test(test_the_table_is_whole),
        cmocka_unit_test(test_minimum_effect_comes_after_the_p),
        cmocka_unit_test(test_reconstruction_and_divergence),
    };
    return cmocka_run_group_tests_name("detectors/statistics", tests, NULL, NULL);
}
