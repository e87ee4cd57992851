/* features/hist: the divergence against SciPy and against its definition; windows that slide.
 * SPDX-License-Identifier: MIT */
#include "base/table/csv.h"
#include "features/hist.h"
#include "features/select.h"
#include "tests/near.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* xorshift64*: deterministic numbers in [0, 1) */
static double random_next(uint64_t *s)
{
    *s ^= *s >> 12;
    *s ^= *s << 25;
    *s ^= *s >> 27;
    return (double)((*s * UINT64_C(2685821657736338717)) >> 11) * 0x1p-53;
}

static double naive_jsd(const uint32_t p[], const uint32_t q[])
{
    long double np = 0, nq = 0, d = 0;
    for (int k = 0; k < HIST_BINS; k++) {
        np += p[k];
        nq += q[k];
    }
    for (int k = 0; k < HIST_BINS; k++) {
        long double a = p[k] / np, b = q[k] / nq, m = (a + b) / 2;
        d += (a > 0 ? a * log2l(a / m) : 0) / 2 + (b > 0 ? b * log2l(b / m) : 0) / 2;
    }
    return (double)d;
}

static void divergence_agrees_with_scipy(void **state)
{
    (void)state;
    struct csv *c;
    struct err err = {0};
    assert_int_equal(csv_open(&c, "tests/golden/features/jsd.csv", &err), 0);
    double worst = 0;
    int rows = 0;
    while (csv_next(c, &err) > 0) {
        uint32_t p[HIST_BINS], q[HIST_BINS];
        double v;
        for (int k = 0; k < HIST_BINS; k++) {
            assert_int_equal(csv_number(c, k, &v, &err), 0);
            p[k] = (uint32_t)v;
            assert_int_equal(csv_number(c, HIST_BINS + k, &v, &err), 0);
            q[k] = (uint32_t)v;
        }
        assert_int_equal(csv_number(c, 2 * HIST_BINS, &v, &err), 0);
        /* SciPy's distance is a root: squaring it leaves 1e-16 relative to 1, not to a tiny value */
        assert_near(hist_jsd(p, q), v, 0, 1e-12);
        worst = fmax(worst, fabs(hist_jsd(p, q) - v));
        rows++;
    }
    csv_close(c);
    print_message("# jsd: %d rows, largest difference %.2g\n", rows, worst);
    assert_true(rows >= 100);
}

static void divergence_has_its_properties(void **state)
{
    (void)state;
    uint64_t seed = 2385;
    for (int i = 0; i < 2000; i++) {
        uint32_t p[HIST_BINS], q[HIST_BINS], scaled[HIST_BINS];
        bool equal = true;
        for (int k = 0; k < HIST_BINS; k++) {
            p[k] = random_next(&seed) < 0.3 ? 0 : (uint32_t)(random_next(&seed) * 200);
            q[k] = random_next(&seed) < 0.3 ? 0 : (uint32_t)(random_next(&seed) * 9000);
            scaled[k] = 7 * p[k];
            equal &= p[k] == q[k];
        }
        p[i % HIST_BINS]++;
        q[(i / 3) % HIST_BINS]++;
        scaled[i % HIST_BINS] += 7;
        double d = hist_jsd(p, q);
        assert_true(d >= 0 && d <= 1);
        assert_true(d == hist_jsd(q, p));
        assert_true(hist_jsd(p, scaled) == 0);
        if (!equal)
            assert_true(d > 0);
        assert_near(d, naive_jsd(p, q), 0, 1e-12);
    }
    static const uint32_t left[HIST_BINS] = {3, 5, 11}, right[HIST_BINS] = {[6] = 720, [9] = 7};
    assert_true(hist_jsd(left, right) == 1);
    static const uint32_t none[HIST_BINS];
    assert_true(isnan(hist_jsd(left, none)));
    assert_true(isnan(hist_jsd(none, none)));
}

static void edges_are_quantiles_and_ties_keep_a_bin(void **state)
{
    (void)state;
    float v[1000], edges[HIST_BINS - 1];
    for (int i = 0; i < 1000; i++)
        v[i] = (float)((i * 377) % 1000);
    hist_edges(edges, v, 1000);
    for (int k = 0; k < HIST_BINS - 1; k++)
        assert_true(edges[k] == 100.0F * (float)(k + 1));
    uint32_t count[HIST_BINS] = {0};
    for (int i = 0; i < 1000; i++)
        count[hist_bin(edges, v[i])]++;
    for (int k = 0; k < HIST_BINS; k++)
        assert_int_equal(count[k], 100);

    for (int i = 0; i < 1000; i++) /* a channel that knows two codes */
        v[i] = i % 10 < 7 ? 33.0F : 33.1F;
    hist_edges(edges, v, 1000);
    unsigned low = hist_bin(edges, 33.0F), high = hist_bin(edges, 33.1F);
    assert_true(hist_bin(edges, 32.9F) < low);
    assert_true(low < hist_bin(edges, 33.05F) && hist_bin(edges, 33.05F) < high);
    assert_true(high < hist_bin(edges, 33.2F));

    for (int i = 0; i < 1000; i++) /* and one that never moved */
        v[i] = -4.25F;
    hist_edges(edges, v, 1000);
    assert_true(hist_bin(edges, -4.26F) < hist_bin(edges, -4.25F));
    assert_true(hist_bin(edges, -4.25F) < hist_bin(edges, -4.24F));
    float one[1] = {2.5F};
    hist_edges(edges, one, 1);
    assert_true(hist_bin(edges, 2.4F) < hist_bin(edges, 2.5F));
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static void selection_agrees_with_sorting(void **state)
{
    (void)state;
    uint64_t seed = 77;
    for (size_t n = 1; n < 300; n++) {
        float v[300], sorted[300];
        for (size_t i = 0; i < n; i++) /* many ties in some rounds */
            v[i] = (float)floor(random_next(&seed) * (n % 3 ? 7 : 1e6));
        memcpy(sorted, v, sizeof sorted);
        qsort(sorted, n, sizeof *sorted, ascending);
        size_t k = (size_t)(random_next(&seed) * (double)n);
        assert_true(select_kth(v, n, k) == sorted[k]);
        float median = n % 2 ? sorted[n / 2] : 0.5F * (sorted[n / 2 - 1] + sorted[n / 2]);
        assert_true(select_median(v, n) == median);
        assert_true(select_quantile(v, n, 1) == sorted[n - 1]);
        assert_true(select_quantile(v, n, 0) == sorted[0]);
    }
}

/* 37 channels (no multiple of a block), window of 60, gaps, reference of another length: at every push the
 * windows agree with counting again. With quiet pushes (no divergence asked) in between. */
static void windows_slide(void **state)
{
    (void)state;
    enum { N = 37, WINDOW = 60, STEPS = 400 };
    struct hist_windows *w = hist_windows_new(N, WINDOW);
    float edges[N][HIST_BINS - 1];
    uint32_t reference[N][HIST_BINS] = {0};
    static float history[STEPS][N];
    float jsd[N], v[500];
    uint64_t seed = 4711;
    for (size_t c = 0; c < N; c++) {
        for (size_t i = 0; i < 500; i++)
            v[i] = (float)(random_next(&seed) + random_next(&seed));
        hist_edges(edges[c], v, 500);
        for (size_t i = 0; i < 500; i++)
            reference[c][hist_bin(edges[c], v[i])]++;
        if (c != 5) /* channel 5 has no reference */
            hist_windows_reference(w, c, edges[c], reference[c]);
    }
    double worst = 0;
    for (size_t t = 0; t < STEPS; t++) {
        for (size_t c = 0; c < N; c++) {
            double shift = c == 3 ? 5 : 0.01 * (double)c;
            double gaps = c == 7 ? 0.6 : c % 2 ? 0.1 : 0;
            history[t][c] =
                random_next(&seed) < gaps ? NAN : (float)(random_next(&seed) + random_next(&seed) + shift);
        }
        bool ask = t % 7 != 0;
        hist_windows_push(w, history[t], ask ? jsd : NULL);
        for (size_t c = 0; c < N; c++) {
            uint32_t count[HIST_BINS] = {0};
            unsigned valid = 0;
            for (size_t s = t < WINDOW ? 0 : t + 1 - WINDOW; s <= t; s++) {
                if (c == 5 || isnan(history[s][c]))
                    continue;
                count[hist_bin(edges[c], history[s][c])]++;
                valid++;
            }
            if (c == 5)
                continue;
            assert_int_equal(hist_windows_valid(w, c), valid);
            for (int k = 0; k < HIST_BINS; k++)
                assert_int_equal(hist_windows_counts(w, c)[k], count[k]);
            if (!ask)
                continue;
            double want = 2 * valid < WINDOW ? (double)NAN : naive_jsd(count, reference[c]);
            assert_near((double)jsd[c], want, 6e-8, 1e-12);
            worst = isnan(want) ? worst : fmax(worst, fabs((double)jsd[c] - want));
        }
        if (ask)
            assert_true(isnan(jsd[5]));
    }
    static const uint32_t top[HIST_BINS] = {[HIST_BINS - 1] = 1}; /* all beyond the highest edge */
    assert_near((double)jsd[3], naive_jsd(top, reference[3]), 6e-8, 0);
    print_message("# windows: largest difference %.2g (values are floats)\n", worst);
    hist_windows_reference(w, 3, edges[3], reference[3]);
    assert_int_equal(hist_windows_valid(w, 3), 0);
    hist_windows_push(w, history[0], jsd);
    assert_true(isnan(jsd[3]));
    hist_windows_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divergence_agrees_with_scipy),
        cmocka_unit_test(divergence_has_its_properties),
        cmocka_unit_test(edges_are_quantiles_and_ties_keep_a_bin),
        cmocka_unit_test(selection_agrees_with_sorting),
        cmocka_unit_test(windows_slide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
