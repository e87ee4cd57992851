/* One fold of the training: a physics that left a block out (or none), the references made of the other
 * blocks, what statistics learn of these, and the window values of the block that was left out.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_TRAIN_FOLD_H
#define PSM_DETECTORS_TRAIN_FOLD_H

#include "detectors/model/internal.h"
#include "detectors/train/spool.h"

#define LEAVE_NONE (-1)

/* Window values of the null blocks, [S][hours][W] of each measure; NaN elsewhere. */
struct nulls {
    size_t n_supplies, hours, width;
    const struct measures *measures;
    int8_t *block; /* [hours]: 0, or FOLDS - 1 where scored; -1 */
    float *of[MEASURES_MAX];
};
/* Borrows the measures. */
void nulls_init(struct nulls *n, const struct measures *m, size_t n_supplies, size_t hours, size_t width);
void nulls_fini(struct nulls *n);
/* The values of one supply-hour: v->of are set into n; v->shift are left alone. */
void nulls_at(const struct nulls *n, size_t supply, size_t hour, struct values *v);

struct fold_job {
    const struct fleet *fleet;
    const struct feature_layout *layout;
    const struct spool *spool;
    const struct physics *physics; /* of the fold */
    const struct measures *measures;
    uint64_t seed;
    size_t max_rows;
    void (*progress)(void *arg, double done, double total);
    void *arg;
};

/* Makes the reference of all blocks but `leave` from the spool's rows; ref is initialised by the caller. */
void fold_reference(const struct fold_job *job, int leave, struct reference *ref);

/* What the statistics learn of that reference, by index in their table. */
void fold_learn(const struct fold_job *job, int leave, const struct reference *ref,
                void *learned[STATISTICS_MAX]);

/* Scores the hours of one block into the nulls. */
void fold_score(const struct fold_job *job, int block, const struct reference *ref, void *const learned[],
                struct nulls *out);

#endif
