/* Groups are judged as supplies are: what the water of a circuit, the air of a sector, the fans of a rack did
 * beyond what they are part of (features/common.h) is a channel of the group, with its own reference, level
 * over two windows, tails and chance. By the hour: the mean deviation of a signal, K. G = groups of the fleet
 * as features number them, a row of COMMON_SIGNALS values each. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_GROUPS_GROUP_MODEL_H
#define PSM_DETECTORS_GROUPS_GROUP_MODEL_H

#include "base/mfile.h"
#include "detectors/model/tail.h"
#include "features/common.h"
#include "features/features.h"

#define GROUP_SHARE 0.1  /* of the budget */
#define GROUP_EFFECT 0.5 /* K: the least that is said, as of a supply's temperature */
#define GROUP_WINDOWS 2
extern const size_t
    group_window_hours[GROUP_WINDOWS]; /* a pump is away for hours, a filter clogs for weeks */
#define GROUP_WINDOW_MOST 24

/* The hour under way. */
struct group_hour {
    size_t cells; /* G · COMMON_SIGNALS */
    double *sum, *base;
    unsigned *n;
};
void group_hour_init(struct group_hour *h, size_t groups);
void group_hour_fini(struct group_hour *h);
void group_hour_add(struct group_hour *h, const struct feature_frame *ff);
/* Its means into value[cells] and doubt[cells] (may be NULL), NaN with under half of per_hour minutes, and a
 * new hour. Doubt: a group's supplies answer otherwise than their neighbours to what all share, by
 * GAIN_UNKNOWN of it. */
void group_hour_take(struct group_hour *h, unsigned per_hour, float value[], float doubt[]);

/* Mean of a cell over w hours up to `end` of value[][cells], none before lo; NaN with under half of them. */
float group_window(const float value[], size_t cells, size_t cell, size_t end, size_t w, size_t lo);

/* What a reference taught. Rows are by name: a fleet's groups may be others by then. */
struct group_model {
    size_t n;                     /* rows */
    char *names;                  /* subjects of findings on them, a line each */
    float *centre, *hour_spread;  /* [n][COMMON_SIGNALS]; NaN: too little of it */
    float *spread[GROUP_WINDOWS]; /* [n][COMMON_SIGNALS] */
    struct tail tail[GROUP_WINDOWS][COMMON_SIGNALS];
    struct tail day;
};

/* Hours of a record through one physics, [hours][cells], and to which block each belongs (-1: none). */
struct group_record {
    size_t hours;
    const int8_t *block;
    float *value;
};

/* Learns from the record through the physics of all blocks, and through those that left the first and the
 * last out (the same three times: in sample). */
void group_model_learn(struct group_model *m, const struct fleet *f, const struct group_record *all,
                       const struct group_record *without_first, const struct group_record *without_last);
void group_model_fini(struct group_model *m);
void group_model_copy(struct group_model *to, const struct group_model *from);
void group_model_save(const struct group_model *m, struct mfile *file);
int group_model_load(struct group_model *m, const struct mfile *file, struct err *err) MUSTCHECK;

/* The row of each group of a fleet, -1: not known; [G], the caller frees. */
int32_t *group_model_rows(const struct group_model *m, const struct fleet *f);
/* How many groups of a fleet have a reference: those over which their chance is stated. */
size_t group_model_judged(const struct group_model *m, const int32_t row[], size_t groups);

/* -log10 of the smallest p over windows of a signal: the standard one of means[GROUP_WINDOWS] about the
 * centre, doubts widening; NaN: cannot say. */
double group_surprise(const struct group_model *m, size_t row, enum common_signal signal,
                      const float mean[GROUP_WINDOWS], const float doubt[GROUP_WINDOWS]);

#endif
