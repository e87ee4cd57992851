/* Unit tests: the autoencoder's training schedule, residuals, file, and its fallback to plain C in a
 * process that may not generate code. SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/mem.h"
#include "detectors/net/autoenc.h"
#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define D 6
#define CONTEXT 2
#define WIDTH (D + CONTEXT)

#ifndef PR_SET_MDWE /* Linux 6.3 */
#define PR_SET_MDWE 65
#endif

static double draw(unsigned *s)
{
    *s = *s * 1664525u + 1013904223u;
    return (*s >> 8) * 0x1p-23 - 1;
}

/* Six columns on a curved two-dimensional surface, the two context columns its coordinates' sum and
 * difference, and noise. */
static float *surface(size_t rows, unsigned seed, double noise)
{
    float *x = xcalloc(rows * WIDTH, sizeof *x);
    for (size_t i = 0; i < rows; i++) {
        double p = 2 * draw(&seed), q = 2 * draw(&seed);
        double v[WIDTH] = {p, q, tanh(p + q), p * q / 2, sin(p), cos(q), p + q, p - q};
        for (size_t j = 0; j < WIDTH; j++)
            x[i * WIDTH + j] = (float)(v[j] + (j < D ? noise * draw(&seed) : 0));
    }
    return x;
}

static struct autoenc_options options(void)
{
    return (struct autoenc_options){
        .d = D, .context = CONTEXT, .seed = 2385, .max_epochs = 60, .weight_decay = -1};
}

static double mean_square(struct autoenc *a, const float *x, size_t rows)
{
    float *e = xcalloc(rows * D, sizeof *e);
    double sum = 0;
    autoenc_residual(a, x, rows, e);
    for (size_t i = 0; i < rows * D; i++)
        sum += (double)e[i] * (double)e[i];
    free(e);
    return sum / (double)(rows * D);
}

static struct autoenc *train(const struct autoenc_options *o, const float *x, size_t rows,
                             struct autoenc_fit *fit)
{
    struct autoenc *a;
    struct err err = {0};
    if (autoenc_train(&a, o, x, rows, fit, &err) != 0)
        fail_msg("%s", err.msg);
    return a;
}

static void learns_a_surface(void **state)
{
    (void)state;
    float *x = surface(3000, 1, 0.05), *fresh = surface(1000, 2, 0.05);
    struct autoenc_options o = options();
    struct autoenc_fit fit;
    struct autoenc *a = train(&o, x, 3000, &fit);
    double out = mean_square(a, fresh, 1000);
    print_message("%d epochs, losses %.4f %.4f, fresh rows %.4f\n", fit.epochs, fit.train_loss, fit.held_loss,
                  out);
    assert_true(out < 0.05); /* the columns' own variances are 0.3 to 1.4 */
    assert_near(out, fit.held_loss, 0.3, 0);
    /* off the surface: the second column against its context */
    for (size_t i = 0; i < 1000; i++)
        fresh[i * WIDTH + 1] += 1.5F;
    assert_true(mean_square(a, fresh, 1000) > 5 * out);
    autoenc_free(a);
    free(x);
    free(fresh);
}

/* The reported losses are those of the returned weights, on the first 85 % and the last 15 % in time. */
static void losses_are_of_the_kept_weights(void **state)
{
    (void)state;
    float *x = surface(400, 3, 0.3);
    struct autoenc_options o = options();
    o.max_epochs = 400; /* over-trained: the last epoch is not the best */
    o.rate = 2e-2;
    struct autoenc_fit fit;
    struct autoenc *a = train(&o, x, 400, &fit);
    assert_near(mean_square(a, x, 340), fit.train_loss, 1e-4, 0);
    assert_near(mean_square(a, x + 340 * WIDTH, 60), fit.held_loss, 1e-4, 0);
    assert_true(fit.converged);
    assert_true(fit.epochs < 400);
    autoenc_free(a);
    o.max_epochs = 3;
    a = train(&o, x, 400, &fit);
    assert_false(fit.converged);
    assert_int_equal(fit.epochs, 3);
    autoenc_free(a);
    free(x);
}

/* Held-out rows decide: a last part unlike the rest shows in the held-out loss alone. */
static void held_out_is_last_in_time(void **state)
{
    (void)state;
    float *x = surface(1000, 4, 0.05);
    for (size_t i = 850 * WIDTH; i < 1000 * WIDTH; i += WIDTH)
        x[i + 1] += 2;
    struct autoenc_options o = options();
    struct autoenc_fit fit;
    autoenc_free(train(&o, x, 1000, &fit));
    print_message("losses %.3f %.3f\n", fit.train_loss, fit.held_loss);
    assert_true(fit.held_loss > 2 * fit.train_loss);
    free(x);
}

static void same_seed_same_network(void **state)
{
    (void)state;
    float *x = surface(600, 5, 0.1), e[3][8 * D];
    struct autoenc_options o = options();
    o.max_epochs = 5;
    struct autoenc_fit fit;
    for (int i = 0; i < 3; i++) {
        o.seed = i < 2 ? 7 : 8;
        struct autoenc *a = train(&o, x, 600, &fit);
        autoenc_residual(a, x, 8, e[i]);
        autoenc_free(a);
    }
    assert_memory_equal(e[0], e[1], sizeof e[0]);
    assert_memory_not_equal(e[0], e[2], sizeof e[0]);
    free(x);
}

static void gaps_and_clipping(void **state)
{
    (void)state;
    enum { ROWS = 5003 }; /* over several chunks */
    float *x = surface(ROWS, 6, 0.1), *e = xcalloc(ROWS * D, sizeof *e), one[D], clipped[D];
    struct autoenc_options o = options();
    o.max_epochs = 2;
    struct autoenc_fit fit;
    for (size_t i = 0; i < ROWS; i += 10)
        x[i * WIDTH + i % WIDTH] = NAN; /* also in training: left out */
    struct autoenc *a = train(&o, x, ROWS, &fit);
    autoenc_residual(a, x, ROWS, e);
    for (size_t i = 0; i < ROWS; i++) {
        autoenc_residual(a, x + i * WIDTH, 1, one);
        for (size_t j = 0; j < D; j++) {
            assert_int_equal(isnan(e[i * D + j]), i % 10 == 0);
            assert_near((double)e[i * D + j], (double)one[j], 1e-4, 1e-5);
        }
    }
    for (size_t j = 0; j < WIDTH; j++)
        x[j] = j == 2 ? 6 : 0.5F;
    autoenc_residual(a, x, 1, clipped);
    x[2] = 1e30F;
    autoenc_residual(a, x, 1, one);
    assert_memory_equal(one, clipped, sizeof one);
    autoenc_free(a);
    free(x);
    free(e);
}

static void context_is_not_reconstructed(void **state)
{
    (void)state;
    float *x = surface(300, 9, 0.1), a_e[D], b_e[D];
    struct autoenc_options o = options();
    struct autoenc_fit fit;
    struct autoenc *a = train(&o, x, 300, &fit);
    assert_int_equal(autoenc_d(a), D);
    assert_int_equal(autoenc_context(a), CONTEXT);
    autoenc_residual(a, x, 1, a_e);
    x[D] += 1;
    autoenc_residual(a, x, 1, b_e);
    assert_memory_not_equal(a_e, b_e, sizeof a_e); /* fed */
    autoenc_free(a);
    free(x);
}

static void too_few_rows(void **state)
{
    (void)state;
    float *x = surface(60, 10, 0.1);
    for (size_t i = 0; i < 11; i++)
        x[i * WIDTH] = NAN;
    struct autoenc_options o = options();
    struct autoenc_fit fit;
    struct autoenc *a = NULL;
    struct err err;
    assert_int_equal(autoenc_train(&a, &o, x, 60, &fit, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, "50 complete rows, there are 49"));
    assert_null(a);
    x[0] = 0;
    autoenc_free(train(&o, x, 60, &fit));
    free(x);
}

static void file_and_back(void **state)
{
    (void)state;
    float *x = surface(200, 11, 0.1), e[2][20 * D];
    struct autoenc_options o = options();
    struct autoenc_fit fit;
    struct autoenc *a = train(&o, x, 200, &fit), *b;
    struct mfile *m = mfile_new(1);
    struct err err;
    autoenc_save(a, m, "family/q/");
    assert_int_equal(autoenc_load(&b, m, "family/q/", &err), 0);
    autoenc_residual(a, x, 20, e[0]);
    autoenc_residual(b, x, 20, e[1]);
    assert_memory_equal(e[0], e[1], sizeof e[0]);
    autoenc_free(b);
    assert_int_equal(autoenc_load(&b, m, "family/s/", &err), ERR_DATA);
    assert_non_null(strstr(err.msg, "family/s/"));
    int64_t sizes[] = {D + 1, CONTEXT, 16, 2};
    double clip = 6;
    float few[3] = {0};
    mfile_put_i64(m, "bad/sizes", sizes, (const size_t[]){4}, 1);
    mfile_put_f64(m, "bad/clip", &clip, (const size_t[]){1}, 1);
    mfile_put_f32(m, "bad/parameters", few, (const size_t[]){3}, 1);
    assert_int_equal(autoenc_load(&b, m, "bad/", &err), ERR_DATA);
    sizes[0] = -1;
    /* nothing is made room for that the file does not hold: this network would take 140 GB */
    const int64_t huge[] = {65536, 65536, 65536, 65536};
    mfile_put_i64(m, "huge/sizes", huge, (const size_t[]){4}, 1);
    mfile_put_f64(m, "huge/clip", &clip, (const size_t[]){1}, 1);
    mfile_put_f32(m, "huge/parameters", few, (const size_t[]){3}, 1);
    assert_int_equal(autoenc_load(&b, m, "huge/", &err), ERR_DATA);
    mfile_put_i64(m, "worse/sizes", sizes, (const size_t[]){4}, 1);
    mfile_put_f64(m, "worse/clip", &clip, (const size_t[]){1}, 1);
    assert_int_equal(autoenc_load(&b, m, "worse/", &err), ERR_DATA);
    mfile_free(m);
    autoenc_free(a);
    free(x);
}

/* In a child that may not make memory executable (MemoryDenyWriteExecute of systemd): oneDNN refuses,
 * plain C trains the same network, one warning is logged for all of it. */
static void plain_without_generated_code(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (prctl(PR_SET_MDWE, 1UL, 0UL, 0UL, 0UL) != 0)
            _exit(77);
        float *x = surface(300, 12, 0.1);
        struct autoenc_options o = options();
        o.max_epochs = 3;
        struct autoenc_fit fit;
        struct err err;
        int bad = 0;
        for (int i = 0; i < 2; i++) {
            struct autoenc *a;
            bad |= autoenc_train(&a, &o, x, 300, &fit, &err) != 0 || !(fit.held_loss < 1.5);
            autoenc_free(a);
        }
        free(x);
        _exit(bad ? 1 : log_count(LOG_WARNING) == 1 ? 0 : 2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        print_message("this kernel cannot forbid executable memory (PR_SET_MDWE): not tried\n");
    else
        assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_without_generated_code),
        cmocka_unit_test(learns_a_surface),
        cmocka_unit_test(losses_are_of_the_kept_weights),
        cmocka_unit_test(held_out_is_last_in_time),
        cmocka_unit_test(same_seed_same_network),
        cmocka_unit_test(gaps_and_clipping),
        cmocka_unit_test(context_is_not_reconstructed),
        cmocka_unit_test(too_few_rows),
        cmocka_unit_test(file_and_back),
    };
    return cmocka_run_group_tests_name("detectors/autoenc", tests, NULL, NULL);
}
