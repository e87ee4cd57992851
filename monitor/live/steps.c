/* Steps of the machine's clock. Ours goes on as the time since boot does when the machine's is set; whether
 * the step was a correction or a mistake the archiver's newest samples say, which are asked for up to the
 * later of the two. When they agree with the machine's clock it is ours again; while they agree with ours,
 * ticks go by ours, and an alarm says that the machine's is wrong. So no tick is made of an hour that has not
 * come, and none is waited for that is there. SPDX-License-Identifier: MIT */
#include "monitor/live/live.h"

#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_LEAST (30 * NS_PER_S) /* less is slewing, or does not matter to a minute */
#define ASK_EVERY (10 * NS_PER_MIN)
#define ASK_DEADLINE_S 20
#define SECOND_LOOK_S 10          /* and a period later, whether an archiver that is behind goes on */
#define BEYOND (12 * NS_PER_HOUR) /* how far a clock may be behind at a start */
/* The archiver's time is the newest sample but for this share of the channels, whose clocks may be ahead. */
#define ONE_IN 100

struct steps {
    tstamp_ns offset;          /* of the machine's clock from the time since boot */
    tstamp_ns ahead;           /* of the machine's clock before ours, on the wall; 0: it is ours */
    bool starting;             /* recorded time is not read before it is known what time it is */
    tstamp_ns first, first_at; /* the archiver's time at the first look of a start, monotonic; 0: none yet */
    tstamp_ns newest[];        /* [n_channels] of the answer */
};

static struct clock *ours(struct live *l)
{
    return &l->context.clock;
}

tstamp_ns live_now(const struct live *l)
{
    return clock_now(&l->context.clock);
}

/* What the machine's clock shows, on the monitor's scale. */
static tstamp_ns machines(const struct live *l)
{
    struct clock c = l->context.clock;
    c.wall -= l->steps->ahead;
    return clock_now(&c);
}

/* "1 h 30 min", "45 s" */
static const char *span_text(char out[48], tstamp_ns span)
{
    long long s = llabs((long long)(span / NS_PER_S)), h = s / 3600, m = s / 60 % 60;
    if (h)
        snprintf(out, 48, "%lld h %lld min", h, m);
    else if (m)
        snprintf(out, 48, "%lld min", m);
    else
        snprintf(out, 48, "%lld s", s);
    return out;
}

static void take_machines(struct live *l)
{
    ours(l)->wall -= l->steps->ahead;
    l->steps->ahead = 0;
    source_cancel(l->clock_request);
    l->clock_request = NULL;
}

static void on_sample(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    struct live *l = arg;
    for (size_t i = 0; i < n; i++)
        if (s[i].t > l->steps->newest[channel])
            l->steps->newest[channel] = s[i].t;
}

static int newest_first(const void *a, const void *b)
{
    tstamp_ns x = *(const tstamp_ns *)a, y = *(const tstamp_ns *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* The archiver's time by its answer; 0: it had none. Reorders the answer. */
static tstamp_ns archivers(struct live *l)
{
    size_t n = l->session.world->fleet->n_channels;
    qsort(l->steps->newest, n, sizeof *l->steps->newest, newest_first);
    return l->steps->newest[n / ONE_IN];
}

static void decide(struct live *l, tstamp_ns archiver)
{
    tstamp_ns theirs = machines(l), now = live_now(l), apart = llabs(theirs - now) / 2;
    tstamp_ns near = l->session.world->settings->max_age;
    char span[48];
    near = near < apart ? near : apart;
    if (archiver > theirs - near && archiver < theirs + near) {
        log_info("clock", "the archiver's samples agree with this machine's clock, %s %s: taken over",
                 span_text(span, theirs - now), theirs > now ? "ahead" : "back");
        take_machines(l);
    } else if (archiver > now + near) { /* at a start, ours was only the earliest it could be */
        tstamp_ns late = (tstamp_ns)((double)(archiver - now) / ours(l)->speed);
        ours(l)->wall -= late;
        l->steps->ahead -= late;
    }
}

static void ask(struct live *l, tstamp_ns beyond);

static void on_second_look(uv_timer_t *timer)
{
    ask(timer->data, 0);
}

/* An archiver that is behind the clock and goes on as time does has another time: its own is taken. Returns
 * whether that is known; an archiver without an answer is for others to say. */
static bool know_at_start(struct live *l, tstamp_ns archiver)
{
    struct steps *s = l->steps;
    const struct settings *set = l->session.world->settings;
    tstamp_ns late = live_now(l) - archiver;
    char span[48];
    if (archiver > 0 && s->ahead != 0)
        decide(l, archiver);
    if (archiver == 0 || s->ahead != 0 || late <= set->max_age)
        return true;
    if (s->first == 0) {
        s->first = archiver;
        s->first_at = clock_monotonic();
        double wait_s = (double)set->period / 1e9 / set->clock.speed + SECOND_LOOK_S;
        uv_timer_start(&l->timer, on_second_look, (uint64_t)(wait_s * 1e3), 0);
        return false;
    }
    double went_on = (double)(archiver - s->first) / ours(l)->speed;
    if (went_on < (double)(clock_monotonic() - s->first_at) / 2)
        return true;
    s->ahead = (tstamp_ns)((double)late / ours(l)->speed);
    ours(l)->wall += s->ahead;
    log_warning("clock", "this machine's clock is %s ahead of the archiver's samples: ticks go by those",
                span_text(span, s->ahead));
    return true;
}

static void on_answer(void *arg, const struct source_result *r)
{
    struct live *l = arg;
    l->clock_request = NULL;
    if (l->stopping)
        return;
    tstamp_ns archiver = r->code != 0 && r->channels_answered == 0 ? 0 : archivers(l);
    if (!l->steps->starting) {
        if (archiver > 0)
            decide(l, archiver);
    } else if (know_at_start(l, archiver)) {
        l->steps->starting = false;
        live_catch_up(l);
    }
}

/* Asks by a clock that shows what the later of both does, since a source answers nothing beyond its own. */
static void ask(struct live *l, tstamp_ns beyond)
{
    struct clock before = *ours(l);
    if (l->steps->ahead > 0)
        ours(l)->wall -= l->steps->ahead;
    ours(l)->start += beyond;
    memset(l->steps->newest, 0, l->session.world->fleet->n_channels * sizeof *l->steps->newest);
    l->clock_asked = clock_monotonic();
    tstamp_ns at = live_now(l);
    l->clock_request = l->source->ops->latest(l->source, at, ASK_DEADLINE_S, on_sample, on_answer, l);
    *ours(l) = before;
}

static void stepped(struct live *l, tstamp_ns step)
{
    char span[48];
    ours(l)->wall += step;
    l->steps->ahead += step;
    l->clock_asked = 0;
    if (llabs(l->steps->ahead) < STEP_LEAST) {
        log_info("clock", "this machine's clock was set %s by %s and is as it was before",
                 step > 0 ? "forward" : "back", span_text(span, step));
        take_machines(l);
        return;
    }
    log_warning(
        "clock",
        "this machine's clock was set %s by %s: ticks go on as if it had not been, until the archiver's "
        "samples say which is right",
        step > 0 ? "forward" : "back", span_text(span, step));
}

void live_look_at_clock(struct live *l)
{
    struct steps *s = l->steps;
    tstamp_ns offset = clock_wall() - clock_boot(), step = offset - s->offset;
    s->offset = offset;
    if (llabs(step) >= STEP_LEAST)
        stepped(l, step);
    if (s->starting)
        return;
    bool due = l->clock_asked == 0 || clock_monotonic() - l->clock_asked >= ASK_EVERY;
    if (s->ahead != 0 && !l->clock_request && due && l->phase != PHASE_CATCHING_UP)
        ask(l, 0);
}

void live_begin(struct live *l, tstamp_ns last)
{
    size_t n = l->session.world->fleet->n_channels;
    l->steps = xcalloc(1, sizeof *l->steps + n * sizeof l->steps->newest[0]);
    l->steps->offset = clock_wall() - clock_boot();
    l->steps->starting = true;
    tstamp_ns late = (tstamp_ns)((double)(last - live_now(l)) / ours(l)->speed);
    bool behind = late >= STEP_LEAST;
    if (behind) /* a tick was made of a time that this machine's clock has not reached: it is at least so late
                 */
        stepped(l, -late);
    ask(l, behind ? BEYOND : 0);
}

void live_end_clock(struct live *l)
{
    source_cancel(l->clock_request);
    l->clock_request = NULL;
    free(l->steps);
    l->steps = NULL;
}

void live_clock_trouble(const struct live *l, char *text, size_t size)
{
    char span[48];
    *text = '\0';
    if (l->steps && l->steps->ahead != 0)
        snprintf(text, size,
                 "this machine's clock is %s %s what ticks go by, the archiver's samples: set it right",
                 span_text(span, l->steps->ahead), l->steps->ahead > 0 ? "ahead of" : "behind");
}
