/* One dense layer's arithmetic, forward and backward, behind one interface with two implementations:
 * oneDNN (dense.c) and plain C (dense_plain.c: the oracle of the tests, and what runs where oneDNN cannot
 * generate code). A layer holds no weights, only what is prepared for its shapes.
 * Matrices are row-major. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_NET_DENSE_H
#define PSM_DETECTORS_NET_DENSE_H

#include "base/err.h"

#include <stddef.h>

enum dense_activation { DENSE_LINEAR, DENSE_TANH };

struct dense; /* a prepared layer; to be used by one thread at a time */

/* What one pass reads and writes; all borrowed. */
struct dense_pass {
    size_t rows;
    const float *x; /* (rows,in) */
    const float *w; /* (out,in) */
    const float *b; /* (out) */
    float *y;       /* (rows,out) act(x wᵀ + b): written by forward, read by backward */
    /* backward only: */
    float *dy; /* (rows,out) gradient of the loss to y; overwritten by that to the activation's input */
    float *dw; /* (out,in) written: dyᵀ x */
    float *db; /* (out) written: column sums of dy */
    float *dx; /* (rows,in) written: dy w; NULL: not wanted */
};

struct dense_ops {
    const char *name;
    /* Error: ERR_LIB. */
    int (*create)(struct dense **out, size_t in, size_t n_out, enum dense_activation a, struct err *err);
    /* A row count not seen lately costs the preparation of its products; else nothing is allocated.
     * Error: ERR_LIB (products could not be prepared; nothing was written). */
    int (*forward)(struct dense *l, const struct dense_pass *p, struct err *err);
    int (*backward)(struct dense *l, const struct dense_pass *p, struct err *err);
    void (*free)(struct dense *l); /* NULL: nothing */
};

extern const struct dense_ops dense_onednn, dense_plain;

#endif
