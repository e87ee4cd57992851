/* Unit tests: whitening. Oracle: NumPy (tests/golden/make_autoenc.py) and the definition.
 * SPDX-License-Identifier: MIT */
#include "detectors/net/whiten.h"
#include "tests/near.h"
#include "tests/support/golden.h"

#define GOLDEN "tests/golden/autoenc/whiten.csv"

static void as_numpy(void **state)
{
    (void)state;
    size_t n, m;
    float *x = golden_f32(GOLDEN, "x", &n);
    double *u = golden(GOLDEN, "u", &n), *back = golden(GOLDEN, "back", &m);
    struct whiten w;
    assert_int_equal(whiten_fit(&w, x, n / 4, 4, NULL, NULL, 0.02, 6), 0);
    for (size_t i = 0; i < n / 4; i++) {
        float got[4];
        whiten_apply(&w, x + i * 4, got, 100);
        for (size_t j = 0; j < 4; j++)
            assert_near((double)got[j], u[i * 4 + j], 1e-5, 1e-5);
    }
    for (size_t j = 0; j < m; j++)
        assert_near(w.back[j], back[j], 1e-9, 1e-7);
    whiten_free(&w);
    free(x);
    free(u);
    free(back);
}

/* Rows with correlations, a NaN row among them, robust scales given: the whitened rows have covariance
 * C (C + s/(1-s) I)^-1 about, which is I for well-spread directions. */
static void whitened_covariance_is_unit(void **state)
{
    (void)state;
    enum { ROWS = 4000, D = 3 };
    static float x[ROWS * D];
    unsigned s = 77;
    for (size_t i = 0; i < ROWS; i++) {
        double g[D];
        for (size_t j = 0; j < D; j++) {
            g[j] = -6;
            for (int k = 0; k < 12; k++)
                g[j] += (s = s * 1664525u + 1013904223u) * 0x1p-32;
        }
        x[i * D] = (float)(1e3 + 2.385 * g[0]);
        x[i * D + 1] = (float)(-4 + 0.1 * (0.6 * g[0] + 0.8 * g[1]));
        x[i * D + 2] = (float)(0.5 * g[1] + g[2]);
    }
    x[7 * D + 1] = NAN;
    double centre[D] = {1000, -4, 0}, scale[D] = {2.385, 0.1, 1.118};
    struct whiten w;
    assert_int_equal(whiten_fit(&w, x, ROWS, D, centre, scale, 0.02, D + 2), 0);
    double c[D][D] = {{0}};
    for (size_t i = 0; i < ROWS; i++) {
        float u[D];
        whiten_apply(&w, x + i * D, u, 100);
        for (size_t j = 0; j < D && i != 7; j++)
            for (size_t k = 0; k < D; k++)
                c[j][k] += (double)u[j] * (double)u[k] / ROWS;
        if (i == 7)
            assert_true(isnan(u[0]) && isnan(u[1]) && isnan(u[2]));
    }
    for (size_t j = 0; j < D; j++)
        for (size_t k = 0; k < D; k++)
            assert_near(c[j][k], j == k ? 1 : 0, 0, 0.05);
    float e[D] = {0.3F, -1.2F, 2.5F}, z[D], again[D];
    whiten_back(&w, e, z);
    for (size_t j = 0; j < D; j++)
        z[j] = (float)((double)z[j] * scale[j] + centre[j]);
    whiten_apply(&w, z, again, 100);
    for (size_t j = 0; j < D; j++)
        assert_near((double)again[j], (double)e[j], 1e-3, 1e-3);
    whiten_free(&w);
}

static void clips_and_refuses(void **state)
{
    (void)state;
    float x[5 * 3];
    for (size_t i = 0; i < 15; i++)
        x[i] = (float)((i * 7919) % 13);
    struct whiten w;
    assert_int_equal(whiten_fit(&w, x, 4, 3, NULL, NULL, 0.02, 5), -1);
    float gap = x[4];
    x[4] = NAN;
    assert_int_equal(whiten_fit(&w, x, 5, 3, NULL, NULL, 0.02, 5), -1);
    x[4] = gap;
    assert_int_equal(whiten_fit(&w, x, 5, 3, NULL, NULL, 0.02, 5), 0);
    float far[3] = {1e6F, -1e6F, 0}, u[3];
    whiten_apply(&w, far, u, 6);
    for (size_t j = 0; j < 3; j++)
        assert_true(u[j] >= -6 && u[j] <= 6);
    whiten_free(&w);
}

/* A constant column, and one that is a copy of another: finite, and a change of the copy alone stands out. */
static void degenerate_columns(void **state)
{
    (void)state;
    float x[40 * 3];
    for (size_t i = 0; i < 40; i++) {
        x[i * 3] = x[i * 3 + 1] = (float)((i * 7919) % 41);
        x[i * 3 + 2] = 5;
    }
    struct whiten w;
    assert_int_equal(whiten_fit(&w, x, 40, 3, NULL, NULL, 0.02, 5), 0);
    float together[3] = {25, 25, 5}, apart[3] = {25, 15, 5}, u[3], v[3];
    whiten_apply(&w, together, u, 6);
    whiten_apply(&w, apart, v, 6);
    for (size_t j = 0; j < 3; j++)
        assert_true(isfinite(u[j]) && isfinite(v[j]));
    assert_true(fabsf(v[0]) > 5 * fabsf(u[0]));
    whiten_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_numpy),
        cmocka_unit_test(whitened_covariance_is_unit),
        cmocka_unit_test(clips_and_refuses),
        cmocka_unit_test(degenerate_columns),
    };
    return cmocka_run_group_tests_name("detectors/whiten", tests, NULL, NULL);
}
