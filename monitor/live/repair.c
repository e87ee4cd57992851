/* Ticks that were computed while the database was away, and ticks and hours whose maintenance became known
 * later: their scores are computed again from the archive, in a pipeline of their own beside the live one,
 * and stored. SPDX-License-Identifier: MIT */
#include "monitor/live/live.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time/timefmt.h"

#include <stdlib.h>

struct repair {
    struct live *live;
    struct pipeline *pipeline;
    struct span *span;
    tstamp_ns from, to;
    bool redo; /* what is stored is replaced; else what is missing is added */
    bool refused;
};

static bool on_frame(void *arg, const struct frame *f)
{
    struct repair *r = arg;
    struct history *h = r->live->session.history;
    pipeline_step(r->pipeline, f, f->t < r->from);
    const struct tick *t = &r->pipeline->tick;
    if (f->t >= r->from && !r->refused)
        r->refused = r->redo ? !history_redo_tick(h, t) : !history_put_recomputed(h, t);
    return true;
}

static void on_done(void *arg, const struct err *err)
{
    struct repair *r = arg;
    struct live *l = r->live;
    char from[TIMEFMT_LEN], to[TIMEFMT_LEN];
    timefmt_iso(from, r->from);
    timefmt_iso(to, r->to);
    if (err)
        log_warning("repair", "from=%s to=%s could not be read, later again: %s", from, to, err->msg);
    else if (!r->refused)
        log_info("repair", "scores recomputed from=%s to=%s", from, to);
    if (!err && !r->refused)
        l->snapshot.gaps_filled++;
    if (!err && !r->refused && r->redo)
        history_redo_end(l->session.history, r->to);
    l->repair = NULL;
    repair_free(r);
}

void live_repair(struct live *l)
{
    tstamp_ns from, to;
    if (l->repair || l->phase != PHASE_LIVE || !pg_up(l->session.pg))
        return;
    bool redo = !history_gap(l->session.history, &from, &to);
    if (redo && !history_redo(l->session.history, &from, &to))
        return;
    const struct world *w = l->session.world;
    struct repair *r = xcalloc(1, sizeof *r);
    *r = (struct repair){.live = l, .redo = redo, .from = from, .to = to};
    r->pipeline = pipeline_new(l->session.world, false);
    pipeline_renewals_of(r->pipeline, l->session.pipeline);
    l->repair = r;
    char a[TIMEFMT_LEN], b[TIMEFMT_LEN];
    log_info("repair", "begins from=%s to=%s", timefmt_iso(a, from), timefmt_iso(b, to));
    r->span = span_start(&(struct span_options){
        .loop = &l->loop,
        .source = l->source,
        .grid = r->pipeline->grid,
        .fleet = w->fleet,
        .from = pipeline_align(w->settings, from - scorer_memory(w->model, w->settings->period)),
        .to = to + w->settings->period,
        .period = w->settings->period,
        .newest = live_now(l),
        .on_frame = on_frame,
        .on_done = on_done,
        .arg = r});
}

void repair_change(struct repair *r, struct world *next)
{
    if (r && r->redo) { /* what is to be computed again may have become more */
        r->live->repair = NULL;
        repair_free(r);
    } else if (r) {
        pipeline_change(r->pipeline, next);
    }
}

void repair_free(struct repair *r)
{
    if (!r)
        return;
    span_free(r->span);
    pipeline_free(r->pipeline);
    free(r);
}
