/* One fold of the training: a physics that left a block out (or none), the references made of the other
 * blocks, the families' networks, and the raw statistics of the block that was left out.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_TRAIN_FOLD_H
#define PSM_DETECTORS_TRAIN_FOLD_H

#include "detectors/model/internal.h"
#include "detectors/train/spool.h"

#define LEAVE_NONE (-1)

/* Raw statistics of the null blocks, [S][hours][W]; NaN elsewhere. */
struct nulls {
    size_t n_supplies, hours, width, windows;
    int8_t *block; /* [hours]: 0, or FOLDS - 1 where scored; -1 */
    float *level[WINDOWS_MAX], *divergence, *reconstruction[WINDOWS_MAX];
};
void nulls_init(struct nulls *n, size_t n_supplies, size_t hours, size_t width, size_t windows);
void nulls_fini(struct nulls *n);
/* The statistics of one supply-hour; r's pointers are set into n (level_divergence, which only an effect
 * needs, stands on the first window). */
void nulls_at(const struct nulls *n, size_t supply, size_t hour, struct raw *r);

/* How a family's network went. */
struct family_fit {
    bool fitted;
    size_t rows, columns;
    struct autoenc_fit network; /* epochs 0: distance only */
};

struct fold_job {
    const struct fleet *fleet;
    const struct feature_layout *layout;
    const struct spool *spool;
    const size_t *window; /* hours */
    size_t windows, divergence_hours;
    uint64_t seed;
    size_t max_rows;
    void (*progress)(void *arg, double done, double total);
    void *arg;
};

/* Makes the reference of all blocks but `leave` from the spool's rows; ref is initialised by the caller. */
void fold_reference(const struct fold_job *job, int leave, struct reference *ref);

/* Fits the families' networks on the reference and sets ref->reconstruction_centre; fits[families] may be
 * NULL. */
struct reconstruction *fold_reconstruction(const struct fold_job *job, int leave, struct reference *ref,
                                           struct family_fit fits[]);

/* Scores the hours of one block into the nulls. */
void fold_score(const struct fold_job *job, int block, const struct reference *ref,
                struct reconstruction *reconstruction, struct nulls *out);

#endif
