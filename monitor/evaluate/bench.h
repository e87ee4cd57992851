/* One simulated ring and what is needed to run pipelines on it: read in process, through the same source,
 * grid and pipeline as everything else; only the database and the alarms are left out.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_EVALUATE_BENCH_H
#define PSM_MONITOR_EVALUATE_BENCH_H

#include "archive/sim/ring.h"
#include "base/progress.h"
#include "monitor/evaluate/simulated.h"
#include "monitor/pipeline.h"

struct bench {
    const struct simulated_options *o;
    struct sim *sim;
    struct fleet *fleet;
    struct maintenance *maintenance;
    struct settings settings[SIMULATED_BUDGETS]; /* by budget */
    struct label *labels;
    size_t n_labels;
    tstamp_ns from;
    uv_loop_t loop;
    struct source *source;
    struct record *reference; /* after bench_read */
    struct pipeline *reader;  /* whose grid the reference borrows */
    bool silent;              /* no progress: other rings have the terminal too */
};

/* Begins `weeks` weeks after the training days. Zeroed before; ended by bench_close, also after an error. */
int bench_open(struct bench *b, const struct simulated_options *o, int seed, int weeks, bool faulty,
               struct err *err) MUSTCHECK;
void bench_close(struct bench *b);

/* Reads the training days into b->reference. */
int bench_read(struct bench *b, struct err *err) MUSTCHECK;

/* A model of the reference. */
int bench_train(struct bench *b, int seed, bool in_sample, struct model **out, struct err *err) MUSTCHECK;

/* A pipeline at a budget. model NULL: ledger only. */
struct pipeline *bench_pipeline(const struct bench *b, const struct model *model, size_t budget);

/* usable[minutes][S] of the reference: steady and not in maintenance, as a run with the model has it. Caller
 * frees. */
bool *bench_usable(const struct bench *b, const struct model *model);
void bench_usable_now(const struct tick *t, bool usable[]);

#endif
