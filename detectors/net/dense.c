/* A dense layer on oneDNN's matmul, bias and tanh fused into the forward product; the backward pass is two
 * products (dyᵀ x and dy w). Products are prepared once per row count and kept. One thread: matrices of
 * this size lose by sharing (measured: two threads are slower).
 * The only includer of oneDNN; both of its C interfaces, 2.x (Debian 12) and 3.x, end here.
 * SPDX-License-Identifier: MIT */
#include "detectors/net/dense.h"

#include "base/mem.h"

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum kind { FORWARD, GRADIENT_W, GRADIENT_X };

#define BLOCK 8 /* floats per loop of fixed length, which the compiler turns into vector code */
#define KEPT 24 /* prepared products per layer: three kinds, a few row counts */

/* c (m,n) = a (m,k) b (k,n), a and b perhaps stored transposed. */
struct product {
    enum kind kind;
    size_t rows;
    dnnl_primitive_t primitive;
    dnnl_memory_t a, b, bias, c; /* without memory of their own; bias NULL: none */
};

struct dense {
    size_t in, out;
    enum dense_activation activation;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    struct product kept[KEPT];
    size_t n_kept, oldest; /* when full, the oldest gives way */
};

/* A matrix operand: shape and strides (in elements). */
struct operand {
    dnnl_dims_t dims, strides;
};

static struct operand stored(size_t rows, size_t columns)
{
    return (struct operand){.dims = {(dnnl_dim_t)rows, (dnnl_dim_t)columns},
                            .strides = {(dnnl_dim_t)columns, 1}};
}

/* The transpose of what is stored as (rows, columns). */
static struct operand transposed(size_t rows, size_t columns)
{
    return (struct operand){.dims = {(dnnl_dim_t)columns, (dnnl_dim_t)rows},
                            .strides = {1, (dnnl_dim_t)columns}};
}

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t matrix_desc;

static dnnl_status_t describe(matrix_desc *d, const struct operand *o)
{
    return dnnl_memory_desc_create_with_strides(d, 2, o->dims, dnnl_f32, o->strides);
}

static void undescribe(matrix_desc *d)
{
    if (*d)
        dnnl_memory_desc_destroy(*d);
}

static dnnl_status_t make_memory(dnnl_memory_t *m, const matrix_desc *d, dnnl_engine_t e)
{
    return dnnl_memory_create(m, *d, e, DNNL_MEMORY_NONE);
}

static dnnl_status_t append_tanh(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_tanh, 0, 0);
}

static dnnl_status_t make_primitive_desc(dnnl_primitive_desc_t *pd, dnnl_engine_t e, const matrix_desc *a,
                                         const matrix_desc *b, const matrix_desc *bias, const matrix_desc *c,
                                         dnnl_primitive_attr_t attr)
{
    return dnnl_matmul_primitive_desc_create(pd, e, *a, *b, bias ? *bias : NULL, *c, attr);
}
#else
typedef dnnl_memory_desc_t matrix_desc; /* a struct here, not a handle */

static dnnl_status_t describe(matrix_desc *d, const struct operand *o)
{
    return dnnl_memory_desc_init_by_strides(d, 2, o->dims, dnnl_f32, o->strides);
}

static void undescribe(matrix_desc *d)
{
    (void)d;
}

static dnnl_status_t make_memory(dnnl_memory_t *m, const matrix_desc *d, dnnl_engine_t e)
{
    return dnnl_memory_create(m, d, e, DNNL_MEMORY_NONE);
}

static dnnl_status_t append_tanh(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_tanh, 0, 0);
}

static dnnl_status_t make_primitive_desc(dnnl_primitive_desc_t *pd, dnnl_engine_t e, const matrix_desc *a,
                                         const matrix_desc *b, const matrix_desc *bias, const matrix_desc *c,
                                         dnnl_primitive_attr_t attr)
{
    dnnl_matmul_desc_t op;
    dnnl_status_t s = dnnl_matmul_desc_init(&op, a, b, bias, c);
    return s == dnnl_success ? dnnl_primitive_desc_create(pd, &op, attr, e, NULL) : s;
}
#endif

static dnnl_status_t tanh_attribute(dnnl_primitive_attr_t *attr)
{
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t s = dnnl_primitive_attr_create(attr);
    if (s == dnnl_success)
        s = dnnl_post_ops_create(&ops);
    if (s == dnnl_success)
        s = append_tanh(ops);
    if (s == dnnl_success)
        s = dnnl_primitive_attr_set_post_ops(*attr, ops);
    if (ops)
        dnnl_post_ops_destroy(ops);
    return s;
}

static void product_free(struct product *p)
{
    dnnl_memory_t memories[] = {p->a, p->b, p->bias, p->c};
    for (size_t i = 0; i < sizeof memories / sizeof *memories; i++)
        if (memories[i])
            dnnl_memory_destroy(memories[i]);
    if (p->primitive)
        dnnl_primitive_destroy(p->primitive);
    *p = (struct product){0};
}

static dnnl_status_t product_make(struct product *p, const struct dense *l, const struct operand *a,
                                  const struct operand *b, const struct operand *c, bool forward)
{
    struct operand bias = stored(1, l->out);
    matrix_desc da = {0}, db = {0}, dbias = {0}, dc = {0};
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t s;
    if ((s = describe(&da, a)) || (s = describe(&db, b)) || (s = describe(&dc, c)) ||
        (s = describe(&dbias, &bias)))
        goto out;
    if (forward && l->activation == DENSE_TANH && (s = tanh_attribute(&attr)))
        goto out;
    if ((s = make_primitive_desc(&pd, l->engine, &da, &db, forward ? &dbias : NULL, &dc, attr)) ||
        (s = dnnl_primitive_create(&p->primitive, pd)) || (s = make_memory(&p->a, &da, l->engine)) ||
        (s = make_memory(&p->b, &db, l->engine)) || (s = make_memory(&p->c, &dc, l->engine)))
        goto out;
    if (forward)
        s = make_memory(&p->bias, &dbias, l->engine);
out:
    if (pd)
        dnnl_primitive_desc_destroy(pd);
    if (attr)
        dnnl_primitive_attr_destroy(attr);
    undescribe(&da);
    undescribe(&db);
    undescribe(&dbias);
    undescribe(&dc);
    return s;
}

static dnnl_status_t prepare(struct product *p, const struct dense *l)
{
    struct operand x = stored(p->rows, l->in), y = stored(p->rows, l->out), w = stored(l->out, l->in);
    struct operand wt = transposed(l->out, l->in), yt = transposed(p->rows, l->out);
    switch (p->kind) {
    case FORWARD: return product_make(p, l, &x, &wt, &y, true);
    case GRADIENT_W: return product_make(p, l, &yt, &x, &w, false);
    default: return product_make(p, l, &y, &w, &x, false);
    }
}

static struct product *product_for(struct dense *l, enum kind kind, size_t rows, struct err *err)
{
    for (size_t i = 0; i < l->n_kept; i++)
        if (l->kept[i].rows == rows && l->kept[i].kind == kind)
            return &l->kept[i];
    struct product p = {.kind = kind, .rows = rows};
    dnnl_status_t s = prepare(&p, l);
    if (s != dnnl_success) {
        product_free(&p);
        err_set(err, ERR_LIB, "oneDNN could not prepare a product of %zu rows, %zu to %zu columns: status %d",
                rows, l->in, l->out, (int)s);
        return NULL;
    }
    size_t at = l->n_kept < KEPT ? l->n_kept++ : l->oldest++ % KEPT;
    product_free(&l->kept[at]);
    l->kept[at] = p;
    return &l->kept[at];
}

static dnnl_status_t set_data(dnnl_memory_t m, const float *data)
{
    return dnnl_memory_set_data_handle(m, (void *)(uintptr_t)data);
}

static int multiply(struct dense *l, enum kind kind, size_t rows, const float *a, const float *b,
                    const float *bias, float *c, struct err *err)
{
    struct product *p = product_for(l, kind, rows, err);
    if (!p)
        return ERR_LIB;
    dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, p->a}, {DNNL_ARG_WEIGHTS, p->b}, {DNNL_ARG_DST, p->c}, {DNNL_ARG_BIAS, p->bias}};
    dnnl_status_t s;
    if ((s = set_data(p->a, a)) || (s = set_data(p->b, b)) || (s = set_data(p->c, c)) ||
        (p->bias && (s = set_data(p->bias, bias))) ||
        (s = dnnl_primitive_execute(p->primitive, l->stream, p->bias ? 4 : 3, args)) ||
        (s = dnnl_stream_wait(l->stream)))
        return err_set(err, ERR_LIB, "oneDNN could not multiply: status %d", (int)s);
    return 0;
}

/* oneDNN's OpenMP pool is not started for the calling thread. libgomp comes with oneDNN, we do not link
 * it ourselves; without it (a build on another runtime) there is nothing to do. */
static void one_thread(void)
{
    void *symbol = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    void (*set_threads)(int);
    if (symbol) {
        memcpy(&set_threads, &symbol, sizeof set_threads);
        set_threads(1);
    }
}

static void onednn_free(struct dense *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n_kept; i++)
        product_free(&l->kept[i]);
    if (l->stream)
        dnnl_stream_destroy(l->stream);
    if (l->engine)
        dnnl_engine_destroy(l->engine);
    free(l);
}

static int onednn_create(struct dense **out, size_t in, size_t n_out, enum dense_activation a,
                         struct err *err)
{
    one_thread();
    struct dense *l = xcalloc(1, sizeof *l);
    l->in = in;
    l->out = n_out;
    l->activation = a;
    dnnl_status_t s = dnnl_engine_create(&l->engine, dnnl_cpu, 0);
    if (s == dnnl_success)
        s = dnnl_stream_create(&l->stream, l->engine, dnnl_stream_default_flags);
    if (s != dnnl_success) {
        onednn_free(l);
        return err_set(err, ERR_LIB, "oneDNN could not start: status %d", (int)s);
    }
    *out = l;
    return 0;
}

static int onednn_forward(struct dense *l, const struct dense_pass *p, struct err *err)
{
    return multiply(l, FORWARD, p->rows, p->x, p->w, p->b, p->y, err);
}

/* dy times the derivative of tanh where it is y. */
static void tanh_gradient(float *restrict dy, const float *restrict y, size_t n)
{
    size_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK)
        for (size_t k = i; k < i + BLOCK; k++)
            dy[k] *= 1 - y[k] * y[k];
    for (; i < n; i++)
        dy[i] *= 1 - y[i] * y[i];
}

static void add(float *restrict sum, const float *restrict v, size_t n)
{
    size_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK)
        for (size_t k = i; k < i + BLOCK; k++)
            sum[k] += v[k];
    for (; i < n; i++)
        sum[i] += v[i];
}

static int onednn_backward(struct dense *l, const struct dense_pass *p, struct err *err)
{
    /* prepared before dy is touched, so that a caller can repeat the pass elsewhere */
    if (!product_for(l, GRADIENT_W, p->rows, err) || (p->dx && !product_for(l, GRADIENT_X, p->rows, err)))
        return ERR_LIB;
    if (l->activation == DENSE_TANH)
        tanh_gradient(p->dy, p->y, p->rows * l->out);
    memset(p->db, 0, l->out * sizeof *p->db);
    for (size_t r = 0; r < p->rows; r++)
        add(p->db, p->dy + r * l->out, l->out);
    int rc = multiply(l, GRADIENT_W, p->rows, p->dy, p->x, NULL, p->dw, err);
    if (rc == 0 && p->dx)
        rc = multiply(l, GRADIENT_X, p->rows, p->dy, p->w, NULL, p->dx, err);
    return rc;
}

const struct dense_ops dense_onednn = {
    .name = "oneDNN",
    .create = onednn_create,
    .forward = onednn_forward,
    .backward = onednn_backward,
    .free = onednn_free,
};
