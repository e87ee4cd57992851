/* Counts against what was stated: arithmetic with known answers. SPDX-License-Identifier: MIT */
#include "detectors/model/counts.h"

#include "tests/near.h"

#include <math.h>

/* P(count <= k) of a Poisson distribution. */
static double poisson_up_to(int k, double mean)
{
    double term = exp(-mean), sum = term;
    for (int i = 1; i <= k; i++)
        sum += term *= mean / i;
    return sum;
}

/* Garwood's interval by its definition: at its ends what was seen, or more, or less, has half of what is
 * left. */
static void the_range_is_where_poisson_says(void **state)
{
    (void)state;
    const double tail = (1 - COUNTS_LEVEL) / 2;
    static const int seen[] = {1, 2, 5, 10, 40};
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
        struct count_range r = counts_range(seen[i], 1);
        assert_near(1 - poisson_up_to(seen[i] - 1, r.low), tail, 1e-9, 0);
        assert_near(poisson_up_to(seen[i], r.high), tail, 1e-9, 0);
    }
    struct count_range none = counts_range(0, 1);
    assert_near(none.low, 0, 0, 0);
    assert_near(none.high, -log(tail), 1e-9, 0);
}

static void lumps_count_as_one_case(void **state)
{
    (void)state;
    struct count_range five = counts_range(5, 1), twenty = counts_range(20, 4);
    assert_near(twenty.low, 4 * five.low, 1e-9, 0);
    assert_near(twenty.high, 4 * five.high, 1e-9, 0);
}

static void a_lump_is_what_the_parts_show(void **state)
{
    (void)state;
    enum { N = 50 };
    struct count_part part[N];
    for (size_t i = 0; i < N; i++)
        part[i] = (struct count_part){1, 0.2}; /* five times as many, evenly */
    assert_near(counts_lump(part, N), 1, 0, 0);
    for (size_t i = 0; i < N; i++)
        part[i].seen = i == 7 ? 16 : 0; /* one event */
    assert_near(counts_lump(part, N), 16, 1e-9, 0);
    for (size_t i = 0; i < N; i++)
        part[i].seen = i % 10 == 0 ? 4 : 0; /* five of four each: n (a − m)² over n m, by hand 3.67 */
    assert_near(counts_lump(part, N), (5 * 3.6 * 3.6 + 45 * 0.16) * 50 / 49 / 20, 1e-9, 0);
    for (size_t i = 0; i < N; i++)
        part[i] = (struct count_part){(double)i, (double)i / 3}; /* in proportion to what was stated */
    assert_near(counts_lump(part, N), 1, 0, 0);
    assert_near(counts_lump(&(struct count_part){7, 1}, 1), 7, 0,
                0); /* a single part: all of it may be one */
    assert_near(counts_lump(&(struct count_part){0, 1}, 1), 1, 0, 0);
}

static void even_probabilities_are_near_uniform(void **state)
{
    (void)state;
    enum { N = 1000 };
    float p[N];
    struct uniform u;
    for (int i = 0; i < N; i++)
        p[(i * 7) % N] = ((float)i + 0.5f) / N; /* in any order */
    uniform_of(&u, p, N);
    assert_near(u.distance, 0.5 / N, 0, 1e-6);
    for (size_t b = 0; b < UNIFORM_BINS; b++)
        assert_int_equal(u.bin[b], N / UNIFORM_BINS);
}

static void the_distance_says_where_and_which_way(void **state)
{
    (void)state;
    float low[] = {0.5f, 0.1f, 0.3f, 0.2f, 0.4f}, high[] = {0.95f, 0.75f, 1};
    struct uniform u;
    uniform_of(&u, low, 5); /* all of them up to 0.5 */
    assert_near(u.distance, 0.5, 1e-7, 0);
    assert_near(u.at, 0.5, 1e-7, 0);
    assert_near(u.share, 1, 0, 0);
    uniform_of(&u, high, 3); /* none below 0.75 */
    assert_near(u.distance, 0.75, 1e-7, 0);
    assert_near(u.share, 0, 0, 0);
    assert_int_equal(u.bin[9], 2);
    uniform_of(&u, NULL, 0);
    assert_true(isnan(u.distance));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_range_is_where_poisson_says),
        cmocka_unit_test(lumps_count_as_one_case),
        cmocka_unit_test(a_lump_is_what_the_parts_show),
        cmocka_unit_test(even_probabilities_are_near_uniform),
        cmocka_unit_test(the_distance_says_where_and_which_way),
    };
    return cmocka_run_group_tests_name("detectors_counts", tests, NULL, NULL);
}
