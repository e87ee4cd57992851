/* Bench: autoencoder 48-24-8-24-48, tanh, float32, batch 1,024, Adam, one core: training in M rows/s and
 * the 1,320 rows of a tick in µs, on oneDNN (the public interface) and on the plain C twin.
 * SPDX-License-Identifier: MIT */
#include "detectors/net/autoenc.h"
#include "base/mem.h"
#include "detectors/net/net.h"
#include "tests/bench/proof.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define D 48
#define ROWS 60000
#define BATCH 1024
#define EPOCHS 10
#define TICK 1320
#define REPEATS 300

/* Of this process: it has one thread, and the machine may be shared. */
static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Correlated columns: eight hidden factors and noise. */
static float *make_rows(size_t rows)
{
    float *x = xcalloc(rows * D, sizeof *x);
    uint32_t s = 2385;
    for (size_t r = 0; r < rows; r++) {
        float factor[8];
        for (size_t k = 0; k < 8; k++)
            factor[k] = (float)((s = s * 1664525u + 1013904223u) >> 8) * 0x1p-23F - 1;
        for (size_t j = 0; j < D; j++)
            x[r * D + j] = factor[j % 8] + 0.5F * factor[(j + 3) % 8] +
                           0.2F * ((float)((s = s * 1664525u + 1013904223u) >> 8) * 0x1p-23F - 1);
    }
    return x;
}

static const size_t sizes[] = {D, 24, 8, 24, D};
enum { LAYERS = 4, BATCHES = 8 };

static int train(const float *x, struct autoenc **out, double *seconds)
{
    struct autoenc_options o = {.d = D,
                                .hidden = sizes[1],
                                .code = sizes[2],
                                .seed = 1,
                                .max_epochs = EPOCHS,
                                .patience = EPOCHS + 1,
                                .batch = BATCH,
                                .weight_decay = -1};
    struct autoenc_fit fit;
    struct err err;
    double t = cpu_s();
    if (autoenc_train(out, &o, x, ROWS, &fit, &err) != 0) {
        fprintf(stderr, "%s\n", err.msg);
        return -1;
    }
    *seconds = cpu_s() - t;
    return 0;
}

/* A net of some weights that are not 0, on an engine. */
static struct net *make_net(const struct dense_ops *ops)
{
    struct net *n = net_new(sizes, LAYERS, ops);
    for (size_t i = 0; i < net_parameter_count(n); i++)
        net_parameters(n)[i] = 0.2F * (float)((int)(i * 7919 % 13) - 6) / 6;
    return n;
}

static double sum_of_squares(const float *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)v[i] * (double)v[i];
    return sum;
}

/* Forward, backward and Adam over some batches: rows per second; *proof: the weights' sum of squares then. */
static double train_steps(const struct dense_ops *ops, const float *x, double *proof)
{
    struct net *n = make_net(ops);
    size_t count = net_parameter_count(n);
    float *gradient = xcalloc(count, sizeof *gradient), *moments = xcalloc(2 * count, sizeof *moments);
    double t = cpu_s();
    for (size_t b = 0; b < BATCHES; b++) {
        const float *y = net_forward(n, BATCH, x + b * BATCH * D);
        float *dy = net_output_gradient(n);
        for (size_t i = 0; i < BATCH * D; i++)
            dy[i] = 2.0F / (BATCH * D) * (y[i] - x[b * BATCH * D + i]);
        net_backward(n, gradient);
        net_adam(net_parameters(n), gradient, moments, count, (long)b + 1, 2e-3, 1e-4);
    }
    t = cpu_s() - t;
    *proof = sum_of_squares(net_parameters(n), count);
    free(gradient);
    free(moments);
    net_free(n);
    return (double)(BATCHES * BATCH) / t;
}

/* Least time of the tick's rows, s. */
static double infer(struct autoenc *a, const float *x, float *e)
{
    double best = 1e9;
    for (int i = 0; i < REPEATS; i++) {
        double t = cpu_s();
        autoenc_residual(a, x, TICK, e);
        best = fmin(best, cpu_s() - t);
    }
    return best;
}

/* The same of a net alone; *proof: the outputs' sum of squares. */
static double infer_net(const struct dense_ops *ops, const float *x, int repeats, double *proof)
{
    struct net *n = make_net(ops);
    double best = 1e9;
    for (int i = 0; i < repeats; i++) {
        double t = cpu_s();
        const float *y = net_forward(n, TICK, x);
        best = fmin(best, cpu_s() - t);
        *proof = sum_of_squares(y, TICK * D);
    }
    net_free(n);
    return best;
}

static bool bench_training(const float *x, struct autoenc **a)
{
    double seconds, best = 1e9, ours, naive;
    for (int i = 0; i < 3; i++) {
        autoenc_free(*a);
        *a = NULL;
        if (train(x, a, &seconds) != 0)
            return false;
        best = fmin(best, seconds);
    }
    double plain = train_steps(&dense_plain, x, &naive);
    train_steps(&dense_onednn, x, &ours);
    /* the 15 % held out are only looked at: counted as not trained */
    double rate = 0.85 * ROWS * EPOCHS / best;
    printf("autoencoder training        %8.2f M rows/s   %6.1f x plain C (%.2f)\n", rate / 1e6, rate / plain,
           plain / 1e6);
    return proof_same("squared weights after eight batches", ours, naive, 1e-4);
}

/* Mean squared residual of the rows against their own mean square: what a network that learned something
 * leaves of them. */
static bool bench_inference(const float *x, struct autoenc *a)
{
    float *e = xcalloc(TICK * D, sizeof *e);
    double ours, naive, tick = infer(a, x, e);
    infer_net(&dense_onednn, x, 1, &ours);
    double plain = infer_net(&dense_plain, x, REPEATS / 10, &naive);
    double left = sum_of_squares(e, TICK * D) / sum_of_squares(x, TICK * D);
    printf("autoencoder, 1,320 rows     %8.1f us         %6.1f x plain C (%.0f); leaves %.1f %% of the "
           "squares\n",
           tick * 1e6, plain / tick, plain * 1e6, 100 * left);
    free(e);
    return proof_same("squared outputs", ours, naive, 1e-4) && left > 0 && left < 0.5;
}

int main(void)
{
    float *x = make_rows(ROWS);
    struct autoenc *a = NULL;
    bool same = bench_training(x, &a) && bench_inference(x, a);
    autoenc_free(a);
    free(x);
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
