/* Unit tests: dense layers and networks. oneDNN against its plain C twin, both against central
 * differences, and the network with Adam against NumPy (tests/golden/make_autoenc.py).
 * SPDX-License-Identifier: MIT */
#include "detectors/net/dense.h"
#include "detectors/net/net.h"
#include "tests/near.h"
#include "tests/support/golden.h"

#define GOLDEN "tests/golden/autoenc/net.csv"

static void fill(float *v, size_t n, unsigned *seed, double scale)
{
    for (size_t i = 0; i < n; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        v[i] = (float)(scale * ((*seed >> 8) * 0x1p-23 - 1));
    }
}

/* One layer with random content; y, dw, db, dx of an implementation. */
struct trial {
    size_t rows, in, out;
    float *x, *w, *b, *g; /* g: gradient to y */
    float *y, *dy, *dw, *db, *dx;
};

static void trial_open(struct trial *t, unsigned *seed)
{
    size_t big = (t->rows + t->in) * (t->in + t->out) + t->rows * t->out;
    float **all[] = {&t->x, &t->w, &t->b, &t->g, &t->y, &t->dy, &t->dw, &t->db, &t->dx};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        *all[i] = xcalloc(big, sizeof(float));
        if (i < 4)
            fill(*all[i], big, seed, 0.5);
    }
}

static void trial_close(struct trial *t)
{
    float *all[] = {t->x, t->w, t->b, t->g, t->y, t->dy, t->dw, t->db, t->dx};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static void run(struct trial *t, const struct dense_ops *ops, struct dense *layer)
{
    struct err err;
    struct dense_pass p = {.rows = t->rows,
                           .x = t->x,
                           .w = t->w,
                           .b = t->b,
                           .y = t->y,
                           .dy = t->dy,
                           .dw = t->dw,
                           .db = t->db,
                           .dx = t->dx};
    memcpy(t->dy, t->g, t->rows * t->out * sizeof *t->dy);
    assert_int_equal(ops->forward(layer, &p, &err), 0);
    assert_int_equal(ops->backward(layer, &p, &err), 0);
}

static double largest(const float *a, const float *b, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - (double)b[i]);
        worst = d > worst || isnan(d) ? d : worst;
    }
    return worst;
}

static void onednn_as_twin(void **state)
{
    (void)state;
    const size_t shapes[][3] = {{1, 3, 2},    {7, 1, 1},     {64, 24, 5},   {300, 5, 24},
                                {13, 48, 24}, {1024, 8, 24}, {1320, 24, 48}};
    unsigned seed = 2385;
    double worst = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int act = 0; act < 2; act++) {
            struct trial a = {.rows = shapes[i][0], .in = shapes[i][1], .out = shapes[i][2]}, b = a;
            unsigned same = seed;
            trial_open(&a, &seed);
            trial_open(&b, &same);
            enum dense_activation kind = act ? DENSE_TANH : DENSE_LINEAR;
            struct dense *la, *lb;
            struct err err;
            assert_int_equal(dense_onednn.create(&la, a.in, a.out, kind, &err), 0);
            assert_int_equal(dense_plain.create(&lb, b.in, b.out, kind, &err), 0);
            run(&a, &dense_onednn, la);
            run(&b, &dense_plain, lb);
            double scale = sqrt((double)(a.rows + a.in)); /* longest sums */
            double differences[] = {largest(a.y, b.y, a.rows * a.out), largest(a.dx, b.dx, a.rows * a.in),
                                    largest(a.dw, b.dw, a.in * a.out) / scale,
                                    largest(a.db, b.db, a.out) / scale};
            for (size_t k = 0; k < 4; k++) {
                worst = fmax(worst, differences[k]);
                assert_near(differences[k], 0, 0, 1e-5);
            }
            dense_onednn.free(la);
            dense_plain.free(lb);
            trial_close(&a);
            trial_close(&b);
        }
    print_message("largest difference of oneDNN from plain C: %.2g\n", worst);
}

/* More row counts than products are kept: prepared again, same numbers. */
static void many_row_counts(void **state)
{
    (void)state;
    struct trial t = {.rows = 120, .in = 6, .out = 4};
    unsigned seed = 5;
    trial_open(&t, &seed);
    struct dense *l;
    struct err err;
    assert_int_equal(dense_onednn.create(&l, t.in, t.out, DENSE_TANH, &err), 0);
    run(&t, &dense_onednn, l);
    float keep[4];
    memcpy(keep, t.y + 4, sizeof keep);
    for (size_t pass = 0; pass < 2; pass++)
        for (t.rows = 2; t.rows < 40; t.rows++) {
            run(&t, &dense_onednn, l);
            assert_near(largest(t.y + 4, keep, 4), 0, 0, 1e-6);
        }
    dense_onednn.free(l);
    trial_close(&t);
}

/* Central differences of loss = Σ g·y over every weight, bias and input. */
static void check_differences(const struct dense_ops *ops, enum dense_activation kind)
{
    struct trial t = {.rows = 9, .in = 5, .out = 4};
    unsigned seed = 99;
    trial_open(&t, &seed);
    struct dense *l;
    struct err err;
    assert_int_equal(ops->create(&l, t.in, t.out, kind, &err), 0);
    run(&t, ops, l);
    struct {
        float *v, *gradient;
        size_t n;
    } of[] = {{t.w, t.dw, t.in * t.out}, {t.b, t.db, t.out}, {t.x, t.dx, t.rows * t.in}};
    for (size_t k = 0; k < 3; k++)
        for (size_t i = 0; i < of[k].n; i++) {
            const float step = 0x1p-7F;
            double loss[2], want = (double)of[k].gradient[i];
            float keep = of[k].v[i];
            for (int side = 0; side < 2; side++) {
                struct dense_pass p = {.rows = t.rows, .x = t.x, .w = t.w, .b = t.b, .y = t.y};
                of[k].v[i] = keep + (side ? step : -step);
                assert_int_equal(ops->forward(l, &p, &err), 0);
                loss[side] = 0;
                for (size_t j = 0; j < t.rows * t.out; j++)
                    loss[side] += (double)t.g[j] * (double)t.y[j];
            }
            of[k].v[i] = keep;
            assert_near((loss[1] - loss[0]) / (2 * (double)step), want, 1e-3, 3e-4);
        }
    ops->free(l);
    trial_close(&t);
}

static void gradients_by_differences(void **state)
{
    (void)state;
    check_differences(&dense_onednn, DENSE_TANH);
    check_differences(&dense_onednn, DENSE_LINEAR);
    check_differences(&dense_plain, DENSE_TANH);
    check_differences(&dense_plain, DENSE_LINEAR);
}

static void check_golden(const struct dense_ops *ops)
{
    const size_t sizes[] = {7, 6, 3, 6, 5};
    size_t n, count, rows = 11;
    float *x = golden_f32(GOLDEN, "x", &n), *parameters = golden_f32(GOLDEN, "parameters", &count);
    double *y = golden(GOLDEN, "y", &n), *gradient = golden(GOLDEN, "gradient", &count);
    double *after = golden(GOLDEN, "after", &count);
    struct net *net = net_new(sizes, 4, ops);
    assert_int_equal(net_parameter_count(net), count);
    memcpy(net_parameters(net), parameters, count * sizeof *parameters);
    float *g = xcalloc(count, sizeof *g), *moments = xcalloc(2 * count, sizeof *moments);
    double worst[3] = {0};
    for (long step = 1; step <= 3; step++) {
        const float *out = net_forward(net, rows, x);
        float *dy = net_output_gradient(net);
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < 5; j++)
                dy[i * 5 + j] = 2 * (out[i * 5 + j] - x[i * 7 + j]) / (float)(rows * 5);
        for (size_t i = 0; i < n && step == 1; i++)
            worst[0] = fmax(worst[0], fabs((double)out[i] - y[i]));
        net_backward(net, g);
        for (size_t i = 0; i < count && step == 1; i++)
            worst[1] = fmax(worst[1], fabs((double)g[i] - gradient[i]));
        net_adam(net_parameters(net), g, moments, count, step, 2.385e-3, 1e-2);
    }
    for (size_t i = 0; i < count; i++)
        worst[2] = fmax(worst[2], fabs((double)net_parameters(net)[i] - after[i]));
    print_message("%s, largest difference from NumPy: output %.2g, gradient %.2g, after 3 steps %.2g\n",
                  net_engine(net), worst[0], worst[1], worst[2]);
    assert_true(worst[0] < 5e-6 && worst[1] < 1e-6 && worst[2] < 1e-5);
    net_free(net);
    free(g);
    free(moments);
    free(x);
    free(parameters);
    free(y);
    free(gradient);
    free(after);
}

static void network_as_numpy(void **state)
{
    (void)state;
    check_golden(&dense_onednn);
    check_golden(&dense_plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(onednn_as_twin),
        cmocka_unit_test(many_row_counts),
        cmocka_unit_test(gradients_by_differences),
        cmocka_unit_test(network_as_numpy),
    };
    return cmocka_run_group_tests_name("detectors/dense", tests, NULL, NULL);
}
