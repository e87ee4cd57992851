/* What the running monitor shows: one consistent picture after each tick, read by the page, /api and
 * /metrics. Built and owned by monitor/run.c; borrowed during a request.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_SNAPSHOT_H
#define PSM_MONITOR_SNAPSHOT_H

#include "alerts/alerts.h"
#include "archive/history/history.h"
#include "base/fleet.h"
#include "base/maintenance.h"
#include "base/tick.h"
#include "detectors/engine/scorer.h"
#include "monitor/chances/chances.h"
#include "monitor/rank.h"
#include "monitor/report/report.h"
#include "monitor/settings/settings.h"

struct snapshot {
    const struct settings *settings;
    const struct fleet *fleet;
    const struct maintenance *maintenance;
    const struct scorer *scorer; /* for histograms; NULL before the first tick */
    struct alerts *alerts;       /* NULL: none */
    const struct tick *tick;     /* the last tick; NULL before the first */
    /* The last 24 h of each channel at 5 min steps, newest last: ring buffers [n_channels][trace_len] in
     * chronological order starting at trace_head (index of the oldest); NaN: none. */
    const float *trace_value, *trace_residual;
    size_t trace_len, trace_head;
    tstamp_ns trace_step, trace_end; /* time of the newest column */
    tstamp_ns now;                   /* the monitor's clock */
    const char *run, *model, *phase; /* phase: "no model", "catching up 43 %", "live" … */
    bool archiver_up, database_up, model_loaded;
    const char *disk; /* what is wrong with it; "" (or NULL) nothing */
    bool disk_refuses;
    const char *clock_trouble;  /* the machine's clock is not the one in use; "" or NULL: it is */
    const char *model_trouble;  /* what to do about the model; "" or NULL: nothing */
    bool archiver_reached;      /* it has answered since psmon started */
    const char *archiver_error; /* "" when up, or when nothing has come back yet */
    tstamp_ns archiver_since;   /* since when it is in that state; psmon's start while it was never reached */
    tstamp_ns last_poll;        /* the last one that was answered, on the monitor's clock; 0: none yet */
    /* counters and last durations, for /metrics */
    uint64_t ticks, samples, polls, poll_failures, gaps_filled, readings_corrected;
    double poll_seconds, tick_seconds, store_seconds; /* of the last ones: poll, computation, hand-over */
    unsigned long db_failures;
    size_t db_queued;
    const struct history_job *jobs;    /* [HISTORY_JOBS]; NULL: no history */
    const struct rank_list *list;      /* of the week so far; NULL: none yet, the page then makes one of the
                                          last tick alone */
    const struct report_shown *report; /* the latest list; NULL: none yet */
    const struct chances *chances;     /* whether the stated chance held; NULL: not known yet */
};

#endif
