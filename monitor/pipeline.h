/* The way of a reading inside the process: grid → features → detectors, plus what is collected along it: the
 * week's scores for the ranking, traces for the page. One pipeline serves run, replay, evaluate and repair.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_PIPELINE_H
#define PSM_MONITOR_PIPELINE_H

#include "base/ledger.h"
#include "detectors/engine/scorer.h"
#include "features/record.h"
#include "monitor/rank.h"
#include "monitor/world.h"

#define TRACE_STEPS 288 /* the last 24 h at 5 min steps */
#define TRACE_STEP (5 * NS_PER_MIN)

struct pipeline {
    struct world *world;
    struct grid *grid;
    struct scorer *scorer;
    struct tick tick; /* the last one; t = 0 before the first */
    float *value; /* [n_channels] its readings and their quality: frames are borrowed, the page asks later */
    uint8_t *quality;

    struct rank_week *week;
    tstamp_ns week_start;
    struct finding *week_findings; /* open or closed since week_start, latest state */
    size_t n_week_findings, week_findings_cap;
    struct hashmap *week_index; /* id to index in week_findings */
    struct ledger ledger;       /* supply-minutes of the week */
    struct rank_list list;      /* as of now, made after each hour; none before the first: ranked false */
    bool ranked;
    struct trend trends[RANK_TRENDS]; /* looked for once a day */
    size_t n_trends;
    tstamp_ns trends_at; /* 0: not yet in this week */

    float *trace_value, *trace_residual; /* [n_channels][TRACE_STEPS], ring */
    size_t trace_head;                   /* column of the oldest */
    tstamp_ns trace_end;                 /* time of the newest column; 0: none */
};

/* Keeps a count of the world. trace: keep traces (run only). */
struct pipeline *pipeline_new(struct world *w, bool trace);
void pipeline_free(struct pipeline *p);

/* One minute; see scorer_step for warm. The result stands in p->tick until the next. */
void pipeline_step(struct pipeline *p, const struct frame *f, bool warm);

/* Findings of before this process, of the week under way; takes over the array. */
void pipeline_restore_week(struct pipeline *p, struct finding *findings, size_t n);

/* Makes the list of what the week has said so far. */
void pipeline_rank(struct pipeline *p, tstamp_ns now);

/* Goes on in the next generation, from the next tick on: other maintenance, another budget. For one that does
 * not ask to read again (world_reload): fleet, model and what the grid is made by must be the same. */
void pipeline_change(struct pipeline *p, struct world *next);

/* What old has learned of supplies after work, when it goes by the same model. */
void pipeline_renewals_of(struct pipeline *p, const struct pipeline *old);

/* Takes over old's week, open findings and what it has learned. */
void pipeline_continue(struct pipeline *p, struct pipeline *old);

/* Starts the next week at t: scores and ledger from nothing, findings that are open stay. */
void pipeline_next_week(struct pipeline *p, tstamp_ns t);

/* A grid as the world's settings and model want it; grid_free. */
struct grid *pipeline_grid(const struct world *w);

/* Grid times: the last one at or before t. */
tstamp_ns pipeline_align(const struct settings *s, tstamp_ns t);

#endif
