/* Hourly aggregates and windows against sums made by hand. SPDX-License-Identifier: MIT */
#include "detectors/statistics/hours.h"

#include "tests/near.h"

#include <stdlib.h>

#define PER_HOUR 60U
#define WIDTH 2U
#define HOURS 5U

static float centre[WIDTH] = {10, -1};

static void fill(struct hours *h, size_t k, float level, float noise, int valid, const float edges[])
{
    float rows[PER_HOUR * WIDTH];
    for (size_t m = 0; m < PER_HOUR; m++) {
        rows[m * WIDTH] = (int)m < valid ? level + (float)((int)(m % 3) - 1) * 0.25f : NAN;
        rows[m * WIDTH + 1] = (int)m < valid ? noise + (float)(m % 2) : NAN;
    }
    hours_fill(h, k, rows, WIDTH, edges);
}

static void test_hour(void **state)
{
    (void)state;
    struct hours h;
    hours_init(&h, HOURS, WIDTH, PER_HOUR, 1);
    fill(&h, 0, 12.5f, 3, 60, NULL);
    assert_near((double)h.value[0], 12.5, 0, 0);   /* median of a level */
    assert_near((double)h.value[1], 3.5, 1e-6, 0); /* mean of a log-variance */
    assert_int_equal(h.valid[0], 60);
    fill(&h, 0, 12.5f, 3, 29, NULL); /* under half an hour: no value, but counted */
    assert_true(isnan(h.value[0]));
    assert_int_equal(h.valid[0], 29);
    fill(&h, 0, 12.5f, 3, 30, NULL);
    assert_true(!isnan(h.value[0]));
    hours_fini(&h);
}

static void test_one_glitch_does_not_move_the_level(void **state)
{
    (void)state;
    struct hours h;
    float rows[PER_HOUR * WIDTH];
    for (size_t m = 0; m < PER_HOUR * WIDTH; m++)
        rows[m] = 4.5f;
    rows[17 * WIDTH] = 9000;
    hours_init(&h, 1, WIDTH, PER_HOUR, 0);
    hours_fill(&h, 0, rows, WIDTH, NULL);
    assert_near((double)h.value[0], 4.5, 0, 0);
    hours_fini(&h);
}

static void test_level_weighs_by_valid_minutes_and_says_how_full(void **state)
{
    (void)state;
    struct hours h;
    float out[WIDTH];
    hours_init(&h, HOURS, WIDTH, PER_HOUR, 1);
    fill(&h, 2, 11, 0, 60, NULL);
    fill(&h, 3, 14, 0, 30, NULL);
    hours_level(&h, 4, 0, 3, centre, out);
    assert_near((double)out[0], (11 * 60 + 14 * 30) / 90.0 - 10, 1e-6, 0);
    hours_fullness(&h, 4, 0, 3, out); /* hours 2 to 4, 90 of 180 minutes: just as full as it ought to be */
    assert_near((double)out[0], 1, 0, 0);
    hours_fullness(&h, 4, 0, 4, out);
    assert_near((double)out[0], 90 / 120.0, 1e-6, 0);
    hours_level(&h, 4, 3, 3, centre, out); /* not before hour 3 */
    assert_near((double)out[0], 4, 0, 0);
    hours_fullness(&h, 4, 3, 3, out);
    assert_near((double)out[0], 30 / 90.0, 1e-6, 0);
    hours_level(&h, 4, 4, 3, centre, out); /* nothing */
    assert_true(isnan(out[0]));
    hours_fullness(&h, 4, 4, 3, out);
    assert_near((double)out[0], 0, 0, 0);
    hours_fini(&h);
}

static void test_counts_of_the_window(void **state)
{
    (void)state;
    struct hours h;
    float edges[WIDTH * (HIST_BINS - 1)];
    uint32_t counts[HIST_BINS];
    for (int i = 0; i < HIST_BINS - 1; i++)
        edges[i] = edges[HIST_BINS - 1 + i] = (float)i;
    hours_init(&h, HOURS, WIDTH, PER_HOUR, 0);
    fill(&h, 0, 2.5f, 40, 60, edges); /* levels in bin 3; noise beyond the last edge */
    fill(&h, 1, 2.5f, 40, 60, edges);
    assert_true(hours_counts(&h, 1, 0, 2, 0, counts));
    assert_int_equal(counts[3], 120);
    assert_true(hours_counts(&h, 1, 1, 1, 1, counts)); /* one hour */
    assert_int_equal(counts[HIST_BINS - 1], 60);
    assert_false(hours_counts(&h, 2, 0, 5, 0, counts)); /* 120 of 300 minutes */
    hours_fini(&h);
}

static void test_sums_and_shift(void **state)
{
    (void)state;
    struct hours h;
    float out[WIDTH], zero[WIDTH] = {0}, one[WIDTH] = {1.5f, 2};
    hours_init(&h, HOURS, WIDTH, PER_HOUR, 1);
    for (unsigned m = 0; m < PER_HOUR; m++)
        hours_sum(&h, 4, 0, one);
    hours_mean(&h, 4, 0, 1, 0, zero, out);
    assert_near((double)out[0], 1.5, 0, 0);
    fill(&h, 4, 3, 0, 60, NULL);
    hours_shift(&h);
    assert_near((double)h.value[hours_row(&h, 3) * WIDTH], 3, 0, 0);
    assert_true(isnan(h.value[hours_row(&h, 4) * WIDTH]));
    hours_mean(&h, 4, 0, 2, 0, zero, out); /* 60 of 120 */
    assert_near((double)out[0], 1.5, 0, 0);
    hours_mean(&h, 4, 0, 3, 0, zero, out);
    assert_true(isnan(out[0]));
    hours_fini(&h);
}

/* The ring must say at any turn what a plain record says. */
static void test_a_ring_says_what_a_record_says(void **state)
{
    (void)state;
    enum { LONG = 4 * HOURS + 3, WINDOW = 4 };
    struct hours ring, record;
    float a[WIDTH], b[WIDTH];
    hours_init(&ring, HOURS, WIDTH, PER_HOUR, 1);
    hours_init(&record, LONG, WIDTH, PER_HOUR, 1);
    for (size_t k = 0; k < LONG; k++) {
        float level = 10 + 0.1f * (float)(k * 7 % 11), residual[WIDTH] = {0.3f * (float)k, 1};
        hours_shift(&ring);
        fill(&ring, HOURS - 1, level, 1, 40, NULL);
        fill(&record, k, level, 1, 40, NULL);
        for (unsigned m = 0; m < 40; m++) {
            hours_sum(&ring, HOURS - 1, 0, residual);
            hours_sum(&record, k, 0, residual);
        }
        hours_level(&ring, HOURS - 1, 0, WINDOW, centre, a);
        hours_level(&record, k, 0, WINDOW, centre, b);
        assert_memory_equal(a, b, sizeof a);
        hours_mean(&ring, HOURS - 1, 0, WINDOW, 0, centre, a);
        hours_mean(&record, k, 0, WINDOW, 0, centre, b);
        assert_memory_equal(a, b, sizeof a);
    }
    hours_fini(&ring);
    hours_fini(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hour),
        cmocka_unit_test(test_one_glitch_does_not_move_the_level),
        cmocka_unit_test(test_level_weighs_by_valid_minutes_and_says_how_full),
        cmocka_unit_test(test_counts_of_the_window),
        cmocka_unit_test(test_sums_and_shift),
        cmocka_unit_test(test_a_ring_says_what_a_record_says),
    };
    return cmocka_run_group_tests_name("detectors/hours", tests, NULL, NULL);
}
