/* Tails: empirical bulk, generalised Pareto by moments, clipped shape. SPDX-License-Identifier: MIT */
#include "detectors/model/tail.h"

#include "tests/near.h"

#include <stdlib.h>

/* Deterministic uniform numbers in (0, 1): an additive recurrence with the golden ratio. */
static double uniform(unsigned k)
{
    double x = 0.5 + (k + 1) * 0.6180339887498949;
    return x - floor(x);
}

static void fit_exponential(struct tail *t, size_t n, double p_u)
{
    float *x = calloc(n, sizeof *x);
    assert_non_null(x);
    for (unsigned i = 0; i < n; i++)
        x[i] = (float)-log(uniform(i));
    tail_fit(t, x, n, p_u);
    free(x);
}

static void test_exponential(void **state)
{
    (void)state;
    struct tail t;
    fit_exponential(&t, 40000, 0.03);
    assert_near(t.u, -log(0.03), 0.01, 0);
    assert_near(t.xi, 0, 0, 0.05);
    assert_near(t.sigma, 1, 0.05, 0);
    assert_near(tail_p(&t, 0.7), exp(-0.7), 0.01, 0); /* bulk */
    assert_near(log(tail_p(&t, 9.2)), -9.2, 0.06, 0); /* three times beyond the sample's 97 % point */
}

static void test_heavy_tail_is_found_and_clipped(void **state)
{
    (void)state;
    enum { N = 30000 };
    static float x[N];
    struct tail t;
    for (unsigned i = 0; i < N; i++) /* generalised Pareto, xi = 0.2: moments see it */
        x[i] = (float)((pow(uniform(i), -0.2) - 1) / 0.2);
    tail_fit(&t, x, N, 0.1);
    assert_near(t.xi, 0.2, 0.25, 0);
    for (unsigned i = 0; i < N; i++) /* xi = 0.9: no finite variance; the clip holds */
        x[i] = (float)((pow(uniform(i), -0.9) - 1) / 0.9);
    tail_fit(&t, x, N, 0.1);
    assert_true(t.xi > 0.4 && t.xi <= 0.5);
}

static void test_bounded_tail_never_claims_zero(void **state)
{
    (void)state;
    enum { N = 5000 };
    static float x[N];
    struct tail t;
    for (unsigned i = 0; i < N; i++)
        x[i] = (float)uniform(i); /* moments give xi = -1 */
    tail_fit(&t, x, N, 0.03);
    assert_near(t.xi, 0, 0, 0);
    assert_true(tail_p(&t, 1.2) > 0);
    assert_true(tail_p(&t, 1.2) < tail_p(&t, 1.01));
}

static void test_quantile_inverts_p(void **state)
{
    (void)state;
    struct tail t;
    fit_exponential(&t, 20000, 0.1);
    static const double p[] = {0.93, 0.5, 0.11, 0.099, 0.01, 3.7e-6};
    for (size_t i = 0; i < sizeof p / sizeof *p; i++)
        assert_near(tail_p(&t, tail_quantile(&t, p[i])), p[i], 1e-6, 0);
    double before = 1;
    for (double v = 0; v < 30; v += 0.37) {
        assert_true(tail_p(&t, v) <= before);
        before = tail_p(&t, v);
    }
}

/* What the tail may state: some multiple of its observations, more of them the more there are; formula worked
 * by hand for 28 and 14 days of 1,320 supplies and 28 of 132. */
static void test_a_tail_reaches_as_far_as_its_observations_carry(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        double p;
    } cases[] = {{24640, 5.752e-9}, {12320, 8.161e-8}, {2464, 8.483e-6}};
    struct tail t;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fit_exponential(&t, cases[i].n, 0.1);
        assert_near(tail_reach(&t), cases[i].p, 1e-3, 0);
        assert_true(tail_reach(&t) < 1 / t.n);         /* beyond the sample, */
        assert_true(tail_p(&t, 1e6) < tail_reach(&t)); /* and not to where the formula goes */
    }
    fit_exponential(&t, TAIL_LEAST - 1, 0.1);
    assert_true(isnan(tail_reach(&t)));
}

static void test_edges(void **state)
{
    (void)state;
    struct tail t;
    float few[TAIL_LEAST - 1] = {0}, same[50];
    tail_fit(&t, few, TAIL_LEAST - 1, 0.1);
    assert_true(isnan(tail_p(&t, 1)) && isnan(tail_quantile(&t, 0.5)));
    for (int i = 0; i < 50; i++)
        same[i] = 2.385f;
    tail_fit(&t, same, 50, 0.1);
    assert_near(tail_p(&t, 2.385f), 1, 0, 0);
    assert_near(tail_p(&t, 2.4), 0.1 / 50, 1e-12, 0); /* not smaller than the sample can tell */
    assert_true(isnan(tail_p(&t, NAN)));
}

static void test_robust(void **state)
{
    (void)state;
    float x[] = {1.5f, -3.25f, 1000, 2.75f, 0.5f};
    assert_near(robust_median(x, 5), 1.5, 0, 0);
    assert_near(robust_spread(x, 5, 1.5), 1.4826 * 1.25, 1e-7, 0);
    float y[] = {-1e6f, 1, 2, 3, 4, 5, 6, 7, 8, 1e6f};
    assert_near(trimmed_mean(y, 10), 4.5, 0, 0);
    assert_true(isnan(robust_median(y, 0)) && isnan(trimmed_mean(y, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exponential),
        cmocka_unit_test(test_heavy_tail_is_found_and_clipped),
        cmocka_unit_test(test_bounded_tail_never_claims_zero),
        cmocka_unit_test(test_quantile_inverts_p),
        cmocka_unit_test(test_a_tail_reaches_as_far_as_its_observations_carry),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_robust),
    };
    return cmocka_run_group_tests_name("detectors/calib", tests, NULL, NULL);
}
