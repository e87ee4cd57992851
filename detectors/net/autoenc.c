/* Dense autoencoder on whitened rows; see autoenc.h. What it knows: the training schedule, hold-out in
 * time, residuals, its file format. The arithmetic is net.c's and dense.c's. SPDX-License-Identifier: MIT */
#include "detectors/net/autoenc.h"

#include "base/mem.h"
#include "base/random.h"
#include "detectors/net/net.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS 4
#define HELD_SHARE 0.15
#define MIN_ROWS 50
#define GAIN 1e-4  /* relative gain of the held-out loss that resets the patience */
#define BLOCK 16   /* floats per vector loop */
#define CHUNK 2048 /* rows per forward pass of the inference */
#define ROUND 32   /* row counts are padded to multiples, so that few products are prepared */

struct autoenc {
    size_t d, context, hidden, code;
    double clip;
    struct net *net;
    float *chunk; /* (chunk_rows, d+context) clipped rows */
    bool *whole;  /* [chunk_rows] without NaN */
    size_t chunk_rows;
};

static double uniform(uint64_t *state)
{
    return random_unit(random_next(state));
}

static struct autoenc *autoenc_new(size_t d, size_t context, size_t hidden, size_t code, double clip)
{
    struct autoenc *a = xcalloc(1, sizeof *a);
    *a = (struct autoenc){.d = d, .context = context, .hidden = hidden, .code = code, .clip = clip};
    size_t sizes[LAYERS + 1] = {d + context, hidden, code, hidden, d};
    a->net = net_new(sizes, LAYERS, &dense_onednn);
    return a;
}

void autoenc_free(struct autoenc *a)
{
    if (!a)
        return;
    net_free(a->net);
    free(a->chunk);
    free(a->whole);
    free(a);
}

size_t autoenc_d(const struct autoenc *a)
{
    return a->d;
}

size_t autoenc_context(const struct autoenc *a)
{
    return a->context;
}

/* Whether all |x[j]| <= clip and none is NaN: compared as integers, sixteen at a time, which the compiler
 * turns into vector code (most rows pass, and this is a tick's inner loop). */
static bool within(const float *x, size_t n, float clip)
{
    int32_t limit, bits[BLOCK], over = 0;
    memcpy(&limit, &clip, sizeof limit);
    size_t j = 0;
    for (; j + BLOCK <= n; j += BLOCK) {
        memcpy(bits, x + j, sizeof bits);
        for (size_t k = 0; k < BLOCK; k++)
            over |= limit - (bits[k] & INT32_MAX);
    }
    for (; j < n; j++) {
        memcpy(bits, x + j, sizeof *bits);
        over |= limit - (bits[0] & INT32_MAX);
    }
    return over >= 0;
}

/* Copies one row, clipped; false (and zeros) when it has a NaN. */
static bool copy_row(float *to, const float *from, size_t width, float clip)
{
    memcpy(to, from, width * sizeof *to);
    if (within(from, width, clip))
        return true;
    for (size_t j = 0; j < width; j++) {
        if (isnan(from[j])) {
            memset(to, 0, width * sizeof *to);
            return false;
        }
        to[j] = from[j] > clip ? clip : from[j] < -clip ? -clip : from[j];
    }
    return true;
}

/* In blocks of fixed length: the compiler makes vectors of these, and does not of a loop whose length it has
 * to ask. */
static void subtract(float *restrict e, const float *restrict x, const float *restrict y, size_t n)
{
    size_t j = 0;
    for (; j + BLOCK <= n; j += BLOCK)
        for (size_t k = 0; k < BLOCK; k++)
            e[j + k] = x[j + k] - y[j + k];
    for (; j < n; j++)
        e[j] = x[j] - y[j];
}

/* ---- training ------------------------------------------------------------------------------------- */

struct training {
    struct autoenc *a;
    size_t width; /* d + context */
    float *rows;  /* (n, width) complete and clipped; the last `held` are not trained on */
    size_t n, held;
    size_t *order; /* [n - held] */
    float *batch;  /* (batch_rows, width) */
    size_t batch_rows;
    float *gradient, *moments, *best; /* [parameters], [2 ×], [parameters] */
    long step, last_step;
    double rate, weight_decay;
    uint64_t random;
};

/* Glorot & Bengio (2010), eq. 16, for the weights; biases 0. */
static void initialise(struct net *n, uint64_t *random)
{
    const size_t *sizes = net_sizes(n);
    float *p = net_parameters(n);
    for (size_t i = 0; i < net_layers(n); i++) {
        double limit = sqrt(6.0 / (double)(sizes[i] + sizes[i + 1]));
        for (size_t j = 0; j < sizes[i] * sizes[i + 1]; j++)
            *p++ = (float)((2 * uniform(random) - 1) * limit);
        p += sizes[i + 1];
    }
}

/* Fisher and Yates; from the seed alone: trained again, a model is the same. */
static void shuffle(size_t order[], size_t n, uint64_t *random)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)(uniform(random) * (double)i), keep = order[i - 1];
        order[i - 1] = order[j];
        order[j] = keep;
    }
}

/* Sum of the squared residuals of rows of x; with gradient, also that of their mean per column. */
static double squares(struct autoenc *a, const float *x, size_t rows, bool gradient)
{
    size_t width = a->d + a->context;
    const float *y = net_forward(a->net, rows, x);
    float *dy = net_output_gradient(a->net), scale = 2.0F / (float)(rows * a->d);
    double sum = 0;
    for (size_t r = 0; r < rows; r++) {
        float row = 0;
        for (size_t j = 0; j < a->d; j++) {
            float e = y[r * a->d + j] - x[r * width + j];
            if (gradient)
                dy[r * a->d + j] = scale * e;
            row += e * e;
        }
        sum += (double)row;
    }
    return sum;
}

/* Mean squared residual per column. */
static double loss_of(struct autoenc *a, const float *x, size_t rows)
{
    double sum = 0;
    for (size_t i = 0; i < rows; i += CHUNK) {
        size_t n = rows - i < CHUNK ? rows - i : CHUNK;
        sum += squares(a, x + i * (a->d + a->context), n, false);
    }
    return sum / ((double)rows * (double)a->d);
}

static void train_batch(struct training *t, const size_t order[], size_t rows)
{
    for (size_t r = 0; r < rows; r++)
        memcpy(t->batch + r * t->width, t->rows + order[r] * t->width, t->width * sizeof *t->batch);
    squares(t->a, t->batch, rows, true);
    net_backward(t->a->net, t->gradient);
    double rate = t->rate * 0.5 * (1 + cos(M_PI * (double)t->step / (double)t->last_step));
    t->step++;
    net_adam(net_parameters(t->a->net), t->gradient, t->moments, net_parameter_count(t->a->net), t->step,
             rate, t->weight_decay);
}

/* One pass over the training rows in a new random order; a short last batch is left out (its rows come
 * in another epoch) unless it is all there is. */
static void train_epoch(struct training *t)
{
    size_t n = t->n - t->held;
    shuffle(t->order, n, &t->random);
    for (size_t i = 0; i + t->batch_rows <= n; i += t->batch_rows)
        train_batch(t, t->order + i, t->batch_rows);
}

static void train_epochs(struct training *t, int max_epochs, int patience, struct autoenc_fit *fit)
{
    size_t bytes = net_parameter_count(t->a->net) * sizeof *t->best;
    const float *held = t->rows + (t->n - t->held) * t->width;
    double best = INFINITY, mark = INFINITY;
    int waited = 0;
    for (fit->epochs = 0; fit->epochs < max_epochs && waited < patience; fit->epochs++) {
        train_epoch(t);
        double loss = loss_of(t->a, held, t->held);
        if (loss < best) {
            best = loss;
            memcpy(t->best, net_parameters(t->a->net), bytes);
        }
        /* the best is kept however small its gain; waiting ends only by a gain that is worth an epoch */
        waited = loss < mark * (1 - GAIN) ? 0 : waited + 1;
        mark = waited == 0 ? loss : mark;
    }
    memcpy(net_parameters(t->a->net), t->best, bytes);
    fit->converged = waited >= patience;
    fit->held_loss = loss_of(t->a, held, t->held);
    fit->train_loss = loss_of(t->a, t->rows, t->n - t->held);
}

static struct autoenc_options with_defaults(const struct autoenc_options *o, size_t rows)
{
    struct autoenc_options c = *o;
    if (c.hidden == 0)
        c.hidden = 2 * c.d < 16 ? 16 : 2 * c.d > 64 ? 64 : 2 * c.d;
    if (c.code == 0)
        c.code = c.d < 3 ? 1 : c.d / 3;
    if (c.max_epochs <= 0)
        c.max_epochs = 100;
    if (c.patience <= 0)
        c.patience = 15;
    if (c.batch <= 0)
        c.batch = rows > 5000 ? 256 : 64;
    if (c.rate <= 0)
        c.rate = 2e-3;
    if (c.weight_decay < 0)
        c.weight_decay = 1e-4;
    if (c.clip <= 0)
        c.clip = 6;
    return c;
}

static void training_open(struct training *t, const struct autoenc_options *o)
{
    size_t parameters = net_parameter_count(t->a->net), seen = t->n - t->held;
    t->batch_rows = (size_t)o->batch < seen ? (size_t)o->batch : seen;
    assert(t->batch_rows > 0); /* autoenc_fit takes no fewer rows */
    t->batch = xcalloc(t->batch_rows * t->width, sizeof *t->batch);
    t->order = xcalloc(seen, sizeof *t->order);
    for (size_t i = 0; i < seen; i++)
        t->order[i] = i;
    t->gradient = xcalloc(parameters, sizeof *t->gradient);
    t->moments = xcalloc(2 * parameters, sizeof *t->moments);
    t->best = xcalloc(parameters, sizeof *t->best);
    t->last_step = (long)(seen / t->batch_rows) * o->max_epochs;
    t->rate = o->rate;
    t->weight_decay = o->weight_decay;
    t->random = o->seed;
}

static void training_close(struct training *t)
{
    free(t->rows);
    free(t->order);
    free(t->batch);
    free(t->gradient);
    free(t->moments);
    free(t->best);
}

int autoenc_train(struct autoenc **out, const struct autoenc_options *options, const float *x, size_t rows,
                  struct autoenc_fit *fit, struct err *err)
{
    assert(options->d > 0);
    struct autoenc_options o = with_defaults(options, rows);
    struct training t = {.width = o.d + o.context};
    t.rows = xcalloc(rows * t.width, sizeof *t.rows);
    for (size_t i = 0; i < rows; i++)
        t.n += copy_row(t.rows + t.n * t.width, x + i * t.width, t.width, (float)o.clip);
    if (t.n < MIN_ROWS) {
        free(t.rows);
        return err_set(err, ERR_DATA, "an autoencoder needs %d complete rows, there are %zu", MIN_ROWS, t.n);
    }
    t.held = (size_t)((double)t.n *
                      HELD_SHARE); /* the last in time: random ones would have neighbours among the others */
    t.a = autoenc_new(o.d, o.context, o.hidden, o.code, o.clip);
    training_open(&t, &o);
    initialise(t.a->net, &t.random);
    train_epochs(&t, o.max_epochs, o.patience, fit);
    training_close(&t);
    *out = t.a;
    return 0;
}

/* ---- use ------------------------------------------------------------------------------------------ */

static void residual_chunk(struct autoenc *a, const float *x, size_t rows, float *e)
{
    size_t width = a->d + a->context, padded = (rows + ROUND - 1) / ROUND * ROUND;
    if (padded > a->chunk_rows) {
        a->chunk = xreallocarray(a->chunk, padded * width, sizeof *a->chunk);
        a->whole = xreallocarray(a->whole, padded, sizeof *a->whole);
        a->chunk_rows = padded;
    }
    for (size_t r = 0; r < rows; r++)
        a->whole[r] = copy_row(a->chunk + r * width, x + r * width, width, (float)a->clip);
    /* up to a multiple of ROUND: a product is prepared per row count, and supplies come and go by ones */
    memset(a->chunk + rows * width, 0, (padded - rows) * width * sizeof *a->chunk);
    const float *y = net_forward(a->net, padded, a->chunk);
    for (size_t r = 0; r < rows; r++) {
        subtract(e + r * a->d, a->chunk + r * width, y + r * a->d, a->d);
        for (size_t j = 0; j < a->d && !a->whole[r]; j++)
            e[r * a->d + j] = NAN;
    }
}

void autoenc_residual(struct autoenc *a, const float *x, size_t rows, float *e)
{
    for (size_t i = 0; i < rows; i += CHUNK) {
        size_t n = rows - i < CHUNK ? rows - i : CHUNK;
        residual_chunk(a, x + i * (a->d + a->context), n, e + i * a->d);
    }
}

/* ---- file ----------------------------------------------------------------------------------------- */

static const char *key(char out[96], const char *prefix, const char *name)
{
    int n = snprintf(out, 96, "%s%s", prefix, name);
    assert(n > 0 && n < 96);
    (void)n;
    return out;
}

void autoenc_save(const struct autoenc *a, struct mfile *m, const char *prefix)
{
    char k[96];
    size_t count = net_parameter_count(a->net);
    int64_t sizes[] = {(int64_t)a->d, (int64_t)a->context, (int64_t)a->hidden, (int64_t)a->code};
    mfile_put_i64(m, key(k, prefix, "sizes"), sizes, (const size_t[]){4}, 1);
    mfile_put_f64(m, key(k, prefix, "clip"), &a->clip, (const size_t[]){1}, 1);
    mfile_put_f32(m, key(k, prefix, "parameters"), net_parameters(a->net), &count, 1);
}

/* What sizes in a file come to; nothing is made for a network that the file then does not hold. */
static size_t parameters_of(const int64_t sizes[4])
{
    size_t d = (size_t)sizes[0], in = d + (size_t)sizes[1], h = (size_t)sizes[2], k = (size_t)sizes[3];
    return (in + 1) * h + (h + 1) * k + (k + 1) * h + (h + 1) * d;
}

int autoenc_load(struct autoenc **out, const struct mfile *m, const char *prefix, struct err *err)
{
    char k[96];
    const int64_t *sizes;
    const double *clip;
    const float *parameters;
    size_t n;
    int rc;
    if ((rc = mfile_get_i64(m, key(k, prefix, "sizes"), &sizes, &n, 4, err)) != 0 ||
        (rc = mfile_get_f64(m, key(k, prefix, "clip"), &clip, &n, 1, err)) != 0)
        return rc;
    for (int i = 0; i < 4; i++)
        if (sizes[i] < (i != 1) || sizes[i] > 65536)
            return err_set(err, ERR_DATA, "%ssizes: %lld is out of range", prefix, (long long)sizes[i]);
    rc = mfile_get_f32(m, key(k, prefix, "parameters"), &parameters, &n, parameters_of(sizes), err);
    if (rc != 0)
        return rc;
    struct autoenc *a =
        autoenc_new((size_t)sizes[0], (size_t)sizes[1], (size_t)sizes[2], (size_t)sizes[3], *clip);
    assert(n == net_parameter_count(a->net));
    memcpy(net_parameters(a->net), parameters, n * sizeof *parameters);
    *out = a;
    return 0;
}
