/* The reading of every channel at an instant. getDataAtTime asked for that instant would be one request, but
 * an engine that has just written its buffer out sends such a question to its stores, and up to 2.1.0 these
 * answer with samples a day old. So it is asked for what is newest, which is always right (lists.c), and the
 * channels that have spoken since the instant are read over getData.raw (range.c): the sooner after the
 * instant, the fewer; of 60 s channels 3 % after 2 s, of 10 s channels 20 %. So are those that a live answer
 * lacks although the archive has them: names with a comma, engines that answer without a value.
 * SPDX-License-Identifier: MIT */
#include "archive/appliance/operation.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

/* How far before the instant reading begins: the engine gives no sample before its first second, and what it
 * has not written out yet (10 s by default) is not in the stores either. */
#define LOOK_BACK (2 * NS_PER_MIN)

/* A channel of which neither the live answer nor its history holds anything is asked for so seldom. */
#define ASK_AGAIN (10 * NS_PER_MIN)

struct latest {
    struct operation op;
    tstamp_ns at;
    struct operation *part; /* under way; NULL: none */
    bool *answered;         /* [n_channels] by the live answer */
    bool whole;             /* the live answer was, and what it lacks has not been read */
    uint32_t *rest;         /* channels being read: those that have spoken since, then those not answered */
    size_t n_rest;
    struct sample *found; /* [n_channels] of these; t 0: none */
    source_samples *on_samples;
    source_done *on_done;
    void *arg;
};

static void give(struct latest *l, uint32_t channel, const struct sample *s)
{
    l->op.result.channels_answered++;
    l->op.result.samples++;
    l->on_samples(l->arg, channel, s, 1);
}

/* Ends with what a part said. */
static void end(struct latest *l, const struct source_result *r)
{
    bool told = r->code == ERR_TIMEOUT || r->code == ERR_CANCELLED; /* operation_end has words for these */
    if (r->code != 0 && !told)
        operation_failed(&l->op, "%s", r->error);
    operation_end(&l->op, told ? r->code : 0, 0);
}

static void on_range(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    struct latest *l = arg;
    if (!(s[n - 1].flags & SAMPLE_LOST))
        l->found[channel] = s[n - 1];
}

/* What the ranges brought; a channel without anything is left alone for a while. */
static void give_rest(struct latest *l)
{
    tstamp_ns *after = l->op.a->read_after;
    for (size_t i = 0; i < l->n_rest; i++) {
        uint32_t c = l->rest[i];
        if (l->found[c].t)
            give(l, c, &l->found[c]);
        else if (!l->answered[c])
            after[c] = l->at + ASK_AGAIN;
    }
    l->n_rest = 0;
}

static void on_range_done(void *arg, const struct source_result *r);

/* Over the connections of the poll: a back-fill under way must not delay it. */
static void read_rest(struct latest *l)
{
    struct appliance *a = l->op.a;
    l->part = appliance_fetch(a, a->live, l->rest, l->n_rest, l->at - LOOK_BACK, l->at + 1, 0, on_range,
                              on_range_done, l);
    l->part->part = true;
}

/* The channels that a whole answer lacks; apart from the others and after them, so that should there be no
 * time left for these, those are there. False: none. */
static bool read_absent(struct latest *l)
{
    const struct appliance *a = l->op.a;
    for (uint32_t c = 0; l->whole && c < a->fleet->n_channels; c++)
        if (!l->answered[c] && a->read_after[c] <= l->at)
            l->rest[l->n_rest++] = c;
    l->whole = false;
    if (l->n_rest == 0)
        return false;
    read_rest(l);
    return true;
}

static void on_range_done(void *arg, const struct source_result *r)
{
    struct latest *l = arg;
    if (l->op.ended)
        return;
    l->part = NULL;
    l->op.result.bytes += r->bytes;
    if (r->code != ERR_CANCELLED)
        give_rest(l);
    if (r->code != 0 || !read_absent(l))
        end(l, r);
}

static void on_newest(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    struct latest *l = arg;
    (void)n;
    l->answered[channel] = true;
    if (s->t <= l->at)
        give(l, channel, s);
    else
        l->rest[l->n_rest++] = channel;
}

static void on_newest_done(void *arg, const struct source_result *r)
{
    struct latest *l = arg;
    if (l->op.ended)
        return;
    l->part = NULL;
    l->op.result.bytes += r->bytes;
    l->op.result.valueless = r->valueless;
    if (r->code == ERR_CANCELLED) {
        end(l, r);
        return;
    }
    if (r->code != 0)
        operation_failed(&l->op, "%s", r->error);
    l->whole = r->code == 0;
    l->found = xcalloc(l->op.a->fleet->n_channels, sizeof *l->found);
    if (l->n_rest > 0)
        read_rest(l);
    else if (!read_absent(l))
        end(l, r);
}

static void stop(struct operation *op)
{
    const struct latest *l = (struct latest *)op;
    if (l->part)
        operation_end(l->part, ERR_CANCELLED, 0);
}

static void discard(struct operation *op)
{
    struct latest *l = (struct latest *)op;
    free(l->answered);
    free(l->rest);
    free(l->found);
    free(l);
}

static void report(struct operation *op, const struct source_result *r)
{
    const struct latest *l = (struct latest *)op;
    l->on_done(l->arg, r);
}

struct source_request *appliance_latest(struct source *s, tstamp_ns at, double deadline_s, source_samples *on,
                                        source_done *done, void *arg)
{
    struct appliance *a = (struct appliance *)s;
    struct latest *l = xcalloc(1, sizeof *l);
    l->op.stop = stop;
    l->op.discard = discard;
    l->op.report = report;
    l->at = at;
    l->answered = xcalloc(a->fleet->n_channels, sizeof *l->answered);
    l->rest = xcalloc(a->fleet->n_channels + 1, sizeof *l->rest);
    l->on_samples = on;
    l->on_done = done;
    l->arg = arg;
    operation_begin(&l->op, a, OPERATION_LATEST, deadline_s);
    l->part = appliance_newest(a, deadline_s, on_newest, on_newest_done, l);
    l->part->part = true;
    return &l->op.request;
}
