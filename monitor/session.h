/* One run of the monitor, live or replayed: the world it goes by, the pipeline that makes its ticks, and the
 * outlets that every tick goes to. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_SESSION_H
#define PSM_MONITOR_SESSION_H

#include "archive/history/history.h"
#include "monitor/command.h"
#include "monitor/outlets.h"
#include "monitor/page/page.h"
#include "monitor/pipeline.h"

struct session {
    struct context *context;
    uv_loop_t *loop;
    char *run;
    bool live;
    bool resumes;       /* it goes on from what is stored: live, or a replay that was broken off */
    tstamp_ns from, to; /* of a replay */
    const struct snapshot *(*snapshot)(void *arg);
    void *snapshot_arg;

    struct world *world; /* the one in force */
    /* Why the active model is not in force; code 0: it is, or there is none. Its name. */
    struct err model_error;
    char model_refused[MODEL_NAME_LEN];
    struct pg *pg;
    struct http *http;
    struct pipeline *pipeline;

    void *outlet[OUTLETS]; /* each one's own; NULL: not in this run */
    /* some of them by their type, for who asks them something */
    struct history *history;
    struct alerts *alerts;
    struct weekly *weekly;
    struct page *page; /* NULL: none */

    double step_seconds, store_seconds; /* of the last tick: pipeline, outlets */
};

struct session_options {
    struct context *context; /* after context_database */
    uv_loop_t *loop;
    const char *run;    /* RUN_LIVE, or a replay's name */
    tstamp_ns from, to; /* a replay's span */
    bool resume;        /* a replay goes on */
    /* What the page shows, asked for each request; NULL: no page. */
    const struct snapshot *(*snapshot)(void *arg);
    void *snapshot_arg;
};

/* Opens a run. The active model is loaded when there is one; one that cannot be used is an error of a replay,
 * and a live run does without (model_error). Blocking. */
int session_open(struct session *s, const struct session_options *o, struct err *err) MUSTCHECK;

/* Writes out what waits (up to a minute), closes all; the loop may be closed after it has run empty. */
void session_close(struct session *s);

/* One minute: the pipeline, then every outlet. quiet: see alerts_step. conditions: psmon's own. warm: fills
 * windows only, nothing is kept or said. */
void session_tick(struct session *s, const struct frame *f, bool warm, bool quiet,
                  const struct alerts_condition conditions[], size_t n_conditions);

/* Time passes without a tick: outlets are told the conditions. */
void session_blind(struct session *s, tstamp_ns now, const struct alerts_condition conditions[],
                   size_t n_conditions);

/* Another world, which the session takes over, from the next tick on; outlets are told. reread: windows are
 * made by what has changed: the pipeline waits for session_restart_pipeline. */
void session_change(struct session *s, struct world *next, bool reread);

/* The active model of that name cannot be used; what is in force stays. */
void session_refuse_model(struct session *s, const char *name, const struct err *why);
/* What a person should know of the model of the run, and do about it; "": nothing. */
void session_model_trouble(const struct session *s, char *text, size_t size);

/* A fresh pipeline (after a model change, or when the past has to be read again); open findings and the week
 * go on. */
void session_restart_pipeline(struct session *s);

/* Grid time of the first frame to read so that scores and findings at `first` are as if psmon had run all
 * along; see scorer_warm_from. */
tstamp_ns session_warm_from(const struct session *s, tstamp_ns first);

#endif
