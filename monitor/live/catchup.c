/* Catching up: recorded time up to now, quietly; see live.h. SPDX-License-Identifier: MIT */
#include "monitor/live/live.h"

#include "base/log.h"
#include "base/time/timefmt.h"

/* Spans one after the other before the rest is left to live polling: the archiver is too slow for more. */
#define MAX_SPANS 6

static bool on_frame(void *arg, const struct frame *f)
{
    struct live *l = arg;
    bool warm = f->t < l->first_scored;
    live_archiver_is(l, true);
    live_alive(l);
    size_t n = warm ? 0 : live_conditions(l, f->t);
    session_tick(&l->session, f, warm, true, l->conditions, n);
    l->last = f->t;
    return true;
}

static void on_retry(uv_timer_t *timer)
{
    live_restart(timer->data);
}

static void on_done(void *arg, const struct err *err)
{
    struct live *l = arg;
    const struct settings *s = l->session.world->settings;
    l->snapshot.samples += span_samples(l->span);
    span_free(l->span);
    l->span = NULL;
    if (err) {
        live_blind(l, err);
        /* the grid may hold part of the slice that failed: begin again */
        uv_timer_start(&l->timer, on_retry, (uint64_t)(live_backoff_s(l->failures) * 1000), 0);
        return;
    }
    l->failures = 0;
    l->spans++;
    /* live polls read one minute each: more than a few are had sooner in a span */
    if (live_settled(l) - l->last > s->max_age / 2 && l->spans < MAX_SPANS)
        live_catch_up(l);
    else
        live_follow(l);
}

void live_catch_up(struct live *l)
{
    const struct settings *s = l->session.world->settings;
    tstamp_ns to = live_settled(l);
    if (l->phase != PHASE_CATCHING_UP)
        l->spans = 0;
    l->phase = PHASE_CATCHING_UP;
    l->span_from = l->last ? l->last + s->period : session_warm_from(&l->session, l->first_scored);
    l->span_to = to + s->period; /* the frame at `to` is part of it */
    uv_timer_stop(&l->timer);
    source_cancel(l->poll); /* what it would bring, the span brings */
    l->waiting = false;
    char a[TIMEFMT_LEN], b[TIMEFMT_LEN];
    if (l->spans == 0)
        log_info("run", "catching up from=%s to=%s", timefmt_iso(a, l->span_from), timefmt_iso(b, to));
    l->span = span_start(&(struct span_options){.loop = &l->loop,
                                                .source = l->source,
                                                .grid = l->session.pipeline->grid,
                                                .fleet = l->session.world->fleet,
                                                .from = l->span_from,
                                                .to = l->span_to,
                                                .period = s->period,
                                                .newest = live_now(l),
                                                .on_frame = on_frame,
                                                .on_done = on_done,
                                                .arg = l});
}

void live_restart(struct live *l)
{
    span_free(l->span);
    l->span = NULL;
    session_restart_pipeline(&l->session);
    if (l->last >= l->first_scored)
        l->first_scored = l->last + l->session.world->settings->period;
    l->last = 0;
    live_catch_up(l);
}
