/* Live: one poll and one tick a period; blind: polls with back-off; see live.h.
 * SPDX-License-Identifier: MIT */
#include "monitor/live/live.h"

#include "base/log.h"
#include "base/random.h"

#include <assert.h>

#define CONNECTIONS_EVERY (10 * NS_PER_MIN) /* of getPVStatus: it costs the appliance seconds */
#define LONGEST_BACKOFF_S 60.0
#define POLL_DEADLINE 0.8 /* of a period, on the wall clock */

static void on_timer(uv_timer_t *timer);

tstamp_ns live_settled(const struct live *l)
{
    const struct settings *s = l->session.world->settings;
    return pipeline_align(s, live_now(l) - s->settle);
}

double live_backoff_s(unsigned failures)
{
    double s = failures > 6 ? LONGEST_BACKOFF_S : (double)(1u << (failures ? failures - 1 : 0));
    return random_jitter(s < LONGEST_BACKOFF_S ? s : LONGEST_BACKOFF_S, 0.25);
}

static void schedule(struct live *l)
{
    const struct settings *s = l->session.world->settings;
    uint64_t ms;
    if (l->phase == PHASE_BLIND)
        ms = (uint64_t)(live_backoff_s(l->failures) * 1000);
    else
        ms = clock_wait_ms(&l->context.clock, l->last + s->period + s->settle);
    uv_timer_start(&l->timer, on_timer, ms, 0);
}

/* Nothing new of any channel: the archiver is behind, or nothing has come yet. What is held would not be what
 * the archive will hold of this minute, so the minute is asked for again, until it is blindness. */
static void ask_again(struct live *l)
{
    const struct settings *s = l->session.world->settings;
    uv_timer_start(&l->timer, on_timer, clock_wait_ms(&l->context.clock, live_now(l) + s->period / 6), 0);
}

/* An archiver that was never reached is away since psmon's start, however often it was asked. */
void live_archiver_is(struct live *l, bool up)
{
    bool tried = l->archiver_tried;
    l->archiver_tried = true;
    if (tried && l->archiver_up == up)
        return;
    if (up || l->archiver_reached)
        l->archiver_since = live_now(l);
    if (!up)
        log_error("archiver", "away: %s; polls go on with back-off, the hole will be filled",
                  l->archiver_error.msg);
    else if (tried)
        log_info("archiver", l->archiver_reached ? "answers again" : "answers");
    l->archiver_up = up;
    l->archiver_reached |= up;
}

void live_blind(struct live *l, const struct err *why)
{
    l->phase = PHASE_BLIND;
    l->failures++;
    l->snapshot.poll_failures++;
    l->archiver_error = *why;
    live_archiver_is(l, false);
    /* no tick is made, so nothing is known of findings; psmon's own alarms and their delays go on */
    tstamp_ns now = live_now(l);
    size_t n = live_conditions(l, now);
    session_blind(&l->session, now, l->conditions, n);
}

/* Only while LIVE do samples enter the grid: a hole is read in order, and what is newer than it would stand
 * in its way. */
static void on_sample(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    struct live *l = arg;
    struct grid *g = l->session.pipeline->grid;
    for (size_t i = 0; i < n; i++) {
        l->fresh |= s[i].t > grid_last(g, channel);
        if (l->phase == PHASE_LIVE)
            grid_push(g, channel, &s[i]);
    }
    l->snapshot.samples += n;
}

/* Of a request whose answer a tick waits for, on the wall clock. */
static double deadline_s(const struct settings *s)
{
    double deadline = POLL_DEADLINE * (double)s->period / 1e9 / s->clock.speed;
    return deadline < 2 ? 2 : deadline;
}

static void make_tick(struct live *l, bool may_ask);

static void on_connections(void *arg, const int8_t connected[], const struct source_result *r)
{
    struct live *l = arg;
    bool waited = l->waiting;
    l->asking = l->waiting = false;
    if (l->stopping || l->phase != PHASE_LIVE)
        return;
    if (r->code == 0)
        grid_connections(l->session.pipeline->grid, connected);
    else if (r->code != ERR_CANCELLED)
        log_warning("archiver", "connection states could not be read: %s", r->error);
    if (waited)
        make_tick(l, false);
}

/* False when the source cannot tell. */
static bool ask_connections(struct live *l)
{
    if (!l->source->ops->connections)
        return false;
    if (l->asking)
        return true;
    l->asking = true;
    l->connections_asked = clock_monotonic();
    l->source->ops->connections(l->source, deadline_s(l->session.world->settings), on_connections, l);
    return true;
}

/* The tick of the minute that was polled. A channel that falls silent with it may have lost its connection,
 * which decides what it holds: then the tick waits for the archiver's word. */
static void make_tick(struct live *l, bool may_ask)
{
    struct frame f;
    size_t doubtful = grid_frame(l->session.pipeline->grid, l->polled, &f);
    if (doubtful > 0 && may_ask && ask_connections(l)) {
        l->waiting = true;
        return;
    }
    l->last = l->polled;
    size_t n = live_conditions(l, l->last);
    session_tick(&l->session, &f, false, false, l->conditions, n);
    l->snapshot.ticks++;
    live_audit(l, &f);
    live_show_stages(l);
    schedule(l);
}

static void on_polled(void *arg, const struct source_result *r)
{
    struct live *l = arg;
    const struct settings *s = l->session.world->settings;
    l->poll = NULL;
    if (l->stopping || l->phase == PHASE_CATCHING_UP)
        return;
    tstamp_ns now = live_now(l);
    l->snapshot.poll_seconds = (double)(clock_monotonic() - l->poll_began) / 1e9;
    if (l->fresh)
        l->last_fresh = now;
    struct err why = {0};
    if (r->code != 0 && r->channels_answered == 0)
        err_set(&why, r->code, "%s", r->error);
    else if (now - l->last_fresh > s->max_age)
        err_set(&why, ERR_DATA, "it answers, but no channel has had a new sample for %.0f min",
                (double)(now - l->last_fresh) / 6e10);
    if (why.code != 0) {
        live_blind(l, &why);
        schedule(l);
        return;
    }
    l->failures = 0;
    l->snapshot.last_poll = now;
    l->valueless = r->valueless;
    live_archiver_is(l, true);
    if (l->phase == PHASE_BLIND)
        live_catch_up(l);
    else if (l->fresh)
        make_tick(l, true);
    else
        ask_again(l);
}

static void on_timer(uv_timer_t *timer)
{
    struct live *l = timer->data;
    const struct settings *s = l->session.world->settings;
    live_look_at_clock(l);
    tstamp_ns settled = live_settled(l);
    assert(!l->poll);
    if (l->phase == PHASE_LIVE && settled <= l->last) { /* our time was corrected back */
        schedule(l);
        return;
    }
    if (l->phase == PHASE_LIVE && settled - l->last > 2 * s->max_age) {
        live_catch_up(l); /* this process or the machine was stopped */
        return;
    }
    l->fresh = false;
    l->snapshot.polls++;
    l->poll_began = clock_monotonic();
    /* minute by minute, also when late: each is made of what the archive holds of it */
    l->polled = l->phase == PHASE_LIVE ? l->last + s->period : settled;
    l->poll = l->source->ops->latest(l->source, l->polled, deadline_s(s), on_sample, on_polled, l);
    bool due = !l->connections_asked || clock_monotonic() - l->connections_asked >= CONNECTIONS_EVERY;
    if (l->phase == PHASE_LIVE && due)
        ask_connections(l);
}

void live_follow(struct live *l)
{
    if (l->phase != PHASE_LIVE)
        log_info("run", "live");
    l->phase = PHASE_LIVE;
    live_archiver_is(l, true);
    l->last_fresh = live_now(l);
    schedule(l);
}
