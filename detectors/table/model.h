/* A table as the engine sees it: a fleet of one supply whose channels have no physics, a row a minute. What
 * is learned of its rows and said of others is statistics/tracks.c's and statistics/divergence.c's; here a
 * table is laid on the grid, and a tick becomes a row of scores. docs/detection.md §11.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_TABLE_MODEL_H
#define PSM_DETECTORS_TABLE_MODEL_H

#include "detectors/table/table.h"

#include <stdbool.h>
#include <stdint.h>

#define TABLE_LEAST_ROWS 50 /* usable training rows */
#define TABLE_WHY_LEN 256

struct table_model;

struct table_options {
    uint64_t seed;
    size_t window;                                          /* rows of the divergence's window, 2 to 65,535 */
    double alpha;                                           /* a row is an alarm at chance <= alpha */
    void (*progress)(void *arg, double done, double total); /* may be NULL */
    void *arg;
};

/* Learns from t (borrowed during the call). Error: ERR_DATA (too few rows). */
int table_model_train(struct table_model **out, const struct table *t, const struct table_options *o,
                      struct err *err) MUSTCHECK;
void table_model_free(struct table_model *m);

/* Takes chances from the scores of a healthy table with the same signals, instead of the training table's
 * own with the factor 2 of a cold start. Error: ERR_DATA (too few rows scored). */
int table_model_calibrate(struct table_model *m, const struct table *t, struct err *err) MUSTCHECK;

/* Signals too rarely observed in training to be used, as "a, b"; "" when all are used. Borrowed. */
const char *table_model_unused(const struct table_model *m);
bool table_model_has_network(const struct table_model *m);

struct table_row {
    bool scored;     /* else only why is written, and the rest is NaN, false, -1 */
    double score;    /* of tracks.h, as chance and reconstruction */
    double chance;   /* of such a row, as far as the healthy scores reach: not below that */
    bool remembered; /* chance <= alpha: also of what has left, as long as the score's window holds it */
    bool flag;       /* and what it tells of is in the present */
    double jsd;      /* bits, mean over signals; NaN until half of the window is there */
    double reconstruction;
    int top; /* signal that contributes most, while flagged to what is there; index into the table's names */
    char why[TABLE_WHY_LEN];
};

/* Scores row after row, each from itself and the rows before. period: usual step of their times, ns, by which
 * gaps are recognised; 0: the training table's. */
struct table_scorer;
struct table_scorer *table_scorer_new(struct table_model *m, tstamp_ns period);
void table_scorer_free(struct table_scorer *s);

/* x[d] in the order of the training table's names. */
void table_scorer_step(struct table_scorer *s, tstamp_ns t, const double x[], struct table_row *out);

#endif
