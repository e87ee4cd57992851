/* A stack of dense layers; see net.h. SPDX-License-Identifier: MIT */
#include "detectors/net/net.h"

#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LAYERS 8
#define BETA1 0.9
#define BETA2 0.999
#define EPSILON 1e-8

struct layer {
    struct dense *dense;
    size_t w, b;   /* offsets into the parameters */
    float *y, *dy; /* (capacity, out) */
};

struct net {
    const struct dense_ops *ops;
    size_t layers, sizes[MAX_LAYERS + 1];
    struct layer layer[MAX_LAYERS];
    float *parameters;
    size_t count;
    size_t capacity; /* rows the activations have room for */
    size_t rows;     /* of the last forward, and its input */
    const float *x;
};

static void free_dense(struct net *n)
{
    for (size_t i = 0; i < n->layers; i++) {
        n->ops->free(n->layer[i].dense);
        n->layer[i].dense = NULL;
    }
}

static int create_dense(struct net *n, struct err *err)
{
    for (size_t i = 0; i < n->layers; i++) {
        /* the last is linear: a residual may have any size */
        enum dense_activation a = i + 1 < n->layers ? DENSE_TANH : DENSE_LINEAR;
        int rc = n->ops->create(&n->layer[i].dense, n->sizes[i], n->sizes[i + 1], a, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* From here on in plain C. Said once per process: every network of a model would say the same. */
static void fall_back(struct net *n, const struct err *why)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    assert(n->ops != &dense_plain); /* plain C cannot fail */
    if (!atomic_flag_test_and_set(&said))
        log_warning("autoenc", "%s; autoencoders run in plain C, slower", why->msg);
    free_dense(n);
    n->ops = &dense_plain;
    struct err ignored;
    int rc = create_dense(n, &ignored);
    assert(rc == 0);
    (void)rc;
}

struct net *net_new(const size_t sizes[], size_t layers, const struct dense_ops *ops)
{
    assert(layers > 0 && layers <= MAX_LAYERS);
    struct net *n = xcalloc(1, sizeof *n);
    n->ops = ops;
    n->layers = layers;
    memcpy(n->sizes, sizes, (layers + 1) * sizeof *sizes);
    for (size_t i = 0; i < layers; i++) {
        n->layer[i].w = n->count;
        n->layer[i].b = n->count + sizes[i] * sizes[i + 1];
        n->count = n->layer[i].b + sizes[i + 1];
    }
    n->parameters = xcalloc(n->count, sizeof *n->parameters);
    struct err err;
    if (create_dense(n, &err) != 0)
        fall_back(n, &err);
    return n;
}

void net_free(struct net *n)
{
    if (!n)
        return;
    free_dense(n);
    for (size_t i = 0; i < n->layers; i++) {
        free(n->layer[i].y);
        free(n->layer[i].dy);
    }
    free(n->parameters);
    free(n);
}

float *net_parameters(struct net *n)
{
    return n->parameters;
}

size_t net_parameter_count(const struct net *n)
{
    return n->count;
}

size_t net_layers(const struct net *n)
{
    return n->layers;
}

const size_t *net_sizes(const struct net *n)
{
    return n->sizes;
}

const char *net_engine(const struct net *n)
{
    return n->ops->name;
}

/* Grows only: ticks have the same number of rows every minute, and then nothing is allocated. */
static void make_room(struct net *n, size_t rows)
{
    if (rows <= n->capacity)
        return;
    for (size_t i = 0; i < n->layers; i++) {
        struct layer *l = &n->layer[i];
        l->y = xreallocarray(l->y, rows * n->sizes[i + 1], sizeof *l->y);
        l->dy = xreallocarray(l->dy, rows * n->sizes[i + 1], sizeof *l->dy);
    }
    n->capacity = rows;
}

static struct dense_pass pass_of(struct net *n, size_t i)
{
    return (struct dense_pass){.rows = n->rows,
                               .x = i ? n->layer[i - 1].y : n->x,
                               .w = n->parameters + n->layer[i].w,
                               .b = n->parameters + n->layer[i].b,
                               .y = n->layer[i].y,
                               .dy = n->layer[i].dy,
                               .dx = i ? n->layer[i - 1].dy : NULL}; /* nobody asks for the input's */
}

const float *net_forward(struct net *n, size_t rows, const float *x)
{
    make_room(n, rows);
    n->rows = rows;
    n->x = x;
    for (size_t i = 0; i < n->layers; i++) {
        struct dense_pass p = pass_of(n, i);
        struct err err;
        while (n->ops->forward(n->layer[i].dense, &p, &err) != 0) /* once: plain C does not fail */
            fall_back(n, &err);
    }
    return n->layer[n->layers - 1].y;
}

float *net_output_gradient(struct net *n)
{
    return n->layer[n->layers - 1].dy;
}

void net_backward(struct net *n, float *gradient)
{
    for (size_t i = n->layers; i-- > 0;) {
        struct dense_pass p = pass_of(n, i);
        struct err err;
        p.dw = gradient + n->layer[i].w;
        p.db = gradient + n->layer[i].b;
        while (n->ops->backward(n->layer[i].dense, &p, &err) != 0)
            fall_back(n, &err);
    }
}

void net_adam(float *parameters, const float *gradient, float *moments, size_t n, long step, double rate,
              double weight_decay)
{
    /* Kingma and Ba (2015), with the decay apart from the gradient (Loshchilov and Hutter, 2019): else it
     * would be scaled by √v and weak exactly where the gradient is large */
    float *m = moments, *v = moments + n;
    const float b1 = (float)BETA1, b2 = (float)BETA2, epsilon = (float)EPSILON;
    const float unbias = (float)(1 / sqrt(1 - pow(BETA2, (double)step)));
    const float size = (float)(rate / (1 - pow(BETA1, (double)step)));
    const float keep = (float)(1 - rate * weight_decay);
    for (size_t i = 0; i < n; i++) {
        m[i] += (1 - b1) * (gradient[i] - m[i]);
        v[i] += (1 - b2) * (gradient[i] * gradient[i] - v[i]);
        parameters[i] = keep * parameters[i] - size * m[i] / (sqrtf(v[i]) * unbias + epsilon);
    }
}
