/* Recorded time, minute by minute; see span.h. Two slices are held at most: one whose frames are handed over,
 * one that is being read or has been.
 * A slice may end in an outage. Only the next sample says so, beyond its end: channels that are silent there
 * are looked for further on, lest a reading depend on where slices, or the span, end.
 * SPDX-License-Identifier: MIT */
#include "monitor/span.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* How far beyond a slice its silent channels are looked for: growing windows, each for those still silent. */
#define LOOK_FIRST NS_PER_HOUR
#define LOOK_LAST (21 * NS_PER_DAY)
#define LOOK_GROWS 8

/* Frames handed over per turn of the loop, so that answers and timers get theirs. */
#define FRAMES_PER_TURN 8

struct span {
    struct span_options o;
    uint32_t *channels, *silent; /* [n_channels] all; those looked for */
    size_t n_silent;
    bool *heard;            /* [n_channels] of silent ones: has been found */
    tstamp_ns looked;       /* how far beyond the slice; 0: its own reading */
    struct record *reading; /* slice whose request is under way */
    struct source_request *request;
    struct record *read;  /* slice that waits for `ready` to be through */
    struct record *ready; /* slice whose frames are handed over */
    size_t next_minute;   /* in ready */
    tstamp_ns read_to;    /* start of the next slice to request */
    bool failed, finished, paused, cancelled;
    struct err err;
    uv_idle_t idle;
    uint64_t samples;
};

static void on_idle_closed(uv_handle_t *h)
{
    free(h->data);
}

static void on_samples(void *arg, uint32_t channel, const struct sample *sample, size_t n)
{
    struct span *s = arg;
    s->samples += n;
    record_push(s->reading, channel, sample, n);
}

/* these call one another round the loop */
static void hand_over(uv_idle_t *idle);
static void request_next(struct span *s);
static void on_read(void *arg, const struct source_result *r);

/* The slice that was read becomes the one handed over, once the one before it is through. */
static void advance(struct span *s)
{
    if (s->ready || !s->read)
        return;
    s->ready = s->read;
    s->read = NULL;
    s->next_minute = 0;
    request_next(s);
}

static tstamp_ns slice_end(const struct record *r)
{
    return record_time(r, record_minutes(r) - 1) + 1;
}

static void on_later(void *arg, uint32_t channel, const struct sample *sample, size_t n)
{
    struct span *s = arg;
    for (size_t i = 0; i < n && !s->heard[channel]; i++) {
        bool lost = sample[i].flags & (SAMPLE_RECONNECTED | SAMPLE_LOST);
        if (sample[i].t < slice_end(s->reading)) /* what was there already */
            continue;
        s->heard[channel] = true;
        if (lost)
            record_lost(s->reading, channel);
    }
}

/* The slice is read, and what follows it is known. */
static void end_slice(struct span *s)
{
    for (uint32_t c = 0; c < s->o.fleet->n_channels; c++)
        record_end(s->reading, c);
    s->read = s->reading;
    s->reading = NULL;
    s->looked = 0;
    advance(s);
}

/* Looks for silent channels in the next window; false: there is nothing to look for, or nowhere. */
static bool look_further(struct span *s)
{
    tstamp_ns end = slice_end(s->reading), from = end + s->looked;
    size_t n = 0;
    if (s->looked == 0) {
        s->n_silent = record_silent(s->reading, s->silent);
        memset(s->heard, 0, s->o.fleet->n_channels * sizeof *s->heard);
    }
    for (size_t i = 0; i < s->n_silent; i++)
        if (!s->heard[s->silent[i]])
            s->silent[n++] = s->silent[i];
    s->n_silent = n;
    tstamp_ns next = s->looked ? s->looked * LOOK_GROWS : LOOK_FIRST;
    if (n == 0 || next > LOOK_LAST || (s->o.newest && from > s->o.newest))
        return false;
    s->looked = next;
    s->request =
        s->o.source->ops->range(s->o.source, s->silent, n, from, end + next, 0, on_later, on_read, s);
    return true;
}

static void fail(struct span *s, int code, const char *why)
{
    err_set(&s->err, code, "%s", why);
    s->failed = true;
    record_free(s->reading);
    s->reading = NULL;
}

/* The slice's own reading, or a look beyond it. */
static void on_read(void *arg, const struct source_result *r)
{
    struct span *s = arg;
    s->request = NULL;
    if (s->cancelled) {
        record_free(s->reading);
        s->reading = NULL;
        return;
    }
    if (r->code != 0 && r->channels_answered == 0 && s->looked == 0) {
        fail(s, r->code, r->error);
    } else {
        if (r->code != 0)
            log_warning("span", "channels_answered=%zu of=%zu error=\"%s\"", r->channels_answered,
                        s->looked ? s->n_silent : s->o.fleet->n_channels, r->error);
        if (look_further(s))
            return;
        end_slice(s);
    }
    if (!s->paused)
        uv_idle_start(&s->idle, hand_over);
}

static void request_next(struct span *s)
{
    if (s->reading || s->read || s->failed || s->read_to >= s->o.to)
        return;
    size_t left = (size_t)((s->o.to - s->read_to + s->o.period - 1) / s->o.period);
    size_t n = left < s->o.slice ? left : s->o.slice;
    tstamp_ns from = s->read_to;
    if (record_new(&s->reading, s->o.grid, s->o.fleet, from, n, NULL, &s->err) != 0) {
        s->failed = true;
        return;
    }
    s->read_to = from + (tstamp_ns)n * s->o.period;
    /* the last frame of the slice stands at its time and needs the sample of that very instant */
    s->request = s->o.source->ops->range(s->o.source, s->channels, s->o.fleet->n_channels, from,
                                         from + (tstamp_ns)(n - 1) * s->o.period + 1, 0, on_samples, on_read,
                                         s);
}

static void finish(struct span *s)
{
    uv_idle_stop(&s->idle);
    if (s->finished)
        return;
    s->finished = true;
    s->o.on_done(s->o.arg, s->failed ? &s->err : NULL);
}

static void hand_over(uv_idle_t *idle)
{
    struct span *s = idle->data;
    for (int i = 0; i < FRAMES_PER_TURN && s->ready && !s->paused && !s->cancelled; i++) {
        struct frame f;
        record_frame(s->ready, s->next_minute++, &f);
        if (!s->o.on_frame(s->o.arg, &f))
            s->paused = true;
        if (s->cancelled)
            return;
        if (s->next_minute == record_minutes(s->ready)) {
            record_free(s->ready);
            s->ready = NULL;
            advance(s);
        }
    }
    if (s->paused || s->cancelled) {
        uv_idle_stop(idle);
        return;
    }
    if (s->ready)
        return;
    if (s->failed || (!s->reading && s->read_to >= s->o.to))
        finish(s);
    else
        uv_idle_stop(idle); /* on_read starts it again */
}

struct span *span_start(const struct span_options *o)
{
    struct span *s = xcalloc(1, sizeof *s);
    s->o = *o;
    if (s->o.slice == 0)
        s->o.slice = (size_t)(NS_PER_DAY / o->period);
    s->channels = xcalloc(o->fleet->n_channels, sizeof *s->channels);
    s->silent = xcalloc(o->fleet->n_channels, sizeof *s->silent);
    s->heard = xcalloc(o->fleet->n_channels, sizeof *s->heard);
    for (uint32_t c = 0; c < o->fleet->n_channels; c++)
        s->channels[c] = c;
    s->read_to = o->from;
    uv_idle_init(o->loop, &s->idle);
    s->idle.data = s;
    request_next(s);
    if (!s->reading)
        uv_idle_start(&s->idle, hand_over); /* nothing to read: done on the next turn */
    return s;
}

void span_resume(struct span *s)
{
    if (!s->paused)
        return;
    s->paused = false;
    uv_idle_start(&s->idle, hand_over);
}

void span_free(struct span *s)
{
    if (!s || s->cancelled)
        return;
    s->cancelled = true;
    source_cancel(s->request);
    record_free(s->read);
    record_free(s->ready);
    s->read = s->ready = NULL;
    free(s->channels);
    free(s->silent);
    free(s->heard);
    uv_close((uv_handle_t *)&s->idle, on_idle_closed);
}

uint64_t span_samples(const struct span *s)
{
    return s->samples;
}
