/* One run of the monitor, live or replayed: the database, the alarms and the pipeline it feeds, and what
 * happens with every tick. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_SESSION_H
#define PSM_MONITOR_SESSION_H

#include "alerts/alerts.h"
#include "archive/history/history.h"
#include "monitor/command.h"
#include "monitor/models.h"
#include "monitor/pipeline.h"

struct session {
    struct context *context;
    uv_loop_t *loop;
    char *run;
    bool live;

    struct world *world; /* the one in force */

    struct pg *pg;
    struct http *http;
    struct alerts *alerts;
    struct history *history;
    struct pipeline *pipeline;

    tstamp_ns report_next;              /* 0: not known yet */
    char *report_latest;                /* document; NULL: none since start */
    unsigned reports;                   /* lists under way: they know this struct */
    double step_seconds, store_seconds; /* of the last tick */
};

/* Opens a run: name RUN_LIVE or a replay's (from, to: its span). Needs context_database before. The active
 * model is loaded when there is one; one that cannot be used is an error. Blocking. */
int session_open(struct session *s, struct context *c, uv_loop_t *loop, const char *run, tstamp_ns from,
                 tstamp_ns to, struct err *err) MUSTCHECK;

/* Writes out what waits (up to a minute), closes all; the loop may be closed after it has run empty. */
void session_close(struct session *s);

/* One minute: pipeline, history, alarms, and the weekly list when it is due. quiet: see alerts_step.
 * conditions: psmon's own. warm: fills windows only, nothing is kept or said. */
void session_tick(struct session *s, const struct frame *f, bool warm, bool quiet,
                  const struct alerts_condition conditions[], size_t n_conditions);

/* Another world, which the session takes over, from the next tick on; outlets are told. reread: windows are
 * made by what has changed: the pipeline waits for session_restart_pipeline. */
void session_change(struct session *s, struct world *next, bool reread);

/* A fresh pipeline (after a model change, or when the past has to be read again); open findings and the week
 * go on. */
void session_restart_pipeline(struct session *s);

/* Grid time of the first frame to read so that windows are full at `first`. */
tstamp_ns session_warm_from(const struct session *s, tstamp_ns first);

#endif
