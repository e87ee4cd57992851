/* A dense layer in plain C: the oracle that dense.c is tested against, the naive reference of the bench,
 * and the fallback where code may not be generated at run time. SPDX-License-Identifier: MIT */
#include "detectors/net/dense.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dense {
    size_t in, out;
    enum dense_activation activation;
};

static int plain_create(struct dense **out, size_t in, size_t n_out, enum dense_activation a, struct err *err)
{
    (void)err;
    *out = xcalloc(1, sizeof **out);
    **out = (struct dense){.in = in, .out = n_out, .activation = a};
    return 0;
}

static int plain_forward(struct dense *l, const struct dense_pass *p, struct err *err)
{
    (void)err;
    for (size_t r = 0; r < p->rows; r++) {
        const float *x = p->x + r * l->in;
        for (size_t o = 0; o < l->out; o++) {
            const float *w = p->w + o * l->in;
            float s = p->b[o];
            for (size_t i = 0; i < l->in; i++)
                s += x[i] * w[i];
            p->y[r * l->out + o] = l->activation == DENSE_TANH ? tanhf(s) : s;
        }
    }
    return 0;
}

static int plain_backward(struct dense *l, const struct dense_pass *p, struct err *err)
{
    (void)err;
    memset(p->dw, 0, l->out * l->in * sizeof *p->dw);
    memset(p->db, 0, l->out * sizeof *p->db);
    if (p->dx)
        memset(p->dx, 0, p->rows * l->in * sizeof *p->dx);
    for (size_t r = 0; r < p->rows; r++) {
        const float *x = p->x + r * l->in;
        for (size_t o = 0; o < l->out; o++) {
            float *dy = &p->dy[r * l->out + o], y = p->y[r * l->out + o];
            if (l->activation == DENSE_TANH)
                *dy *= 1 - y * y;
            p->db[o] += *dy;
            for (size_t i = 0; i < l->in; i++) {
                p->dw[o * l->in + i] += *dy * x[i];
                if (p->dx)
                    p->dx[r * l->in + i] += *dy * p->w[o * l->in + i];
            }
        }
    }
    return 0;
}

static void plain_free(struct dense *l)
{
    free(l);
}

const struct dense_ops dense_plain = {
    .name = "plain C",
    .create = plain_create,
    .forward = plain_forward,
    .backward = plain_backward,
    .free = plain_free,
};
