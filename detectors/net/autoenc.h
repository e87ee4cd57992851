/* Dense autoencoder on whitened rows: d+c → h → k → h → d, tanh, linear output; oneDNN does the matrix
 * work (detectors/net/dense.h). One per family. docs/detection.md §5.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_NET_AUTOENC_H
#define PSM_DETECTORS_NET_AUTOENC_H

#include "base/err.h"
#include "base/mfile.h"

#include <stddef.h>
#include <stdint.h>

struct autoenc;

struct autoenc_options {
    size_t d, context;   /* reconstructed columns; context columns, fed but not reconstructed */
    size_t hidden, code; /* 0: h = min(64, max(16, 2d)), k = max(1, d/3) */
    uint64_t seed;
    int max_epochs;      /* 0: 100 */
    int patience;        /* 0: 15 epochs without gain on the held-out rows */
    int batch;           /* 0: 64, 256 above 5,000 rows */
    double rate;         /* 0: 2e-3, cosine decay */
    double weight_decay; /* < 0: 1e-4 */
    double clip;         /* rows are clipped at ±clip; 0: 6 */
};

struct autoenc_fit {
    int epochs;                   /* run; best is kept */
    double train_loss, held_loss; /* mean squared error per column, of the kept weights */
    int converged;                /* stopped by patience, not by max_epochs */
};

/* Trains on x (rows, d+context), row-major, whitened; the last 15 % of the rows in their given order are
 * held out in time. rows >= 50. Deterministic for a seed. Borrows x. */
int autoenc_train(struct autoenc **out, const struct autoenc_options *o, const float *x, size_t rows,
                  struct autoenc_fit *fit, struct err *err) MUSTCHECK;
void autoenc_free(struct autoenc *a);

/* e (rows, d) = clipped input - reconstruction. Rows with NaN give NaN. No allocation for rows up to the
 * largest seen. */
void autoenc_residual(struct autoenc *a, const float *x, size_t rows, float *e);

void autoenc_save(const struct autoenc *a, struct mfile *m, const char *prefix);
int autoenc_load(struct autoenc **out, const struct mfile *m, const char *prefix, struct err *err) MUSTCHECK;

size_t autoenc_d(const struct autoenc *a);
size_t autoenc_context(const struct autoenc *a);

#endif
