/* The reading of every channel at an instant. getDataAtTime asked for that instant would be one request, but
 * an engine that has just written its buffer out sends such a question to its stores, and up to 2.1.0 these
 * answer with samples a day old. So it is asked for what is newest, which is always right (lists.c), and the
 * channels that have spoken since the instant are read over getData.raw (range.c): the sooner after the
 * instant, the fewer; of 60 s channels 3 % after 2 s, of 10 s channels 20 %. SPDX-License-Identifier: MIT */
#include "archive/appliance/operation.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

/* How far before the instant reading begins: the engine gives no sample before its first second, and what it
 * has not written out yet (10 s by default) is not in the stores either. */
#define LOOK_BACK (2 * NS_PER_MIN)

struct latest {
    struct operation op;
    tstamp_ns at;
    struct operation *part; /* under way; NULL: none */
    uint32_t *later;        /* channels that have spoken since */
    size_t n_later;
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

static void on_range_done(void *arg, const struct source_result *r)
{
    struct latest *l = arg;
    if (l->op.ended)
        return;
    l->part = NULL;
    l->op.result.bytes += r->bytes;
    for (size_t i = 0; r->code != ERR_CANCELLED && i < l->n_later; i++)
        if (l->found[l->later[i]].t)
            give(l, l->later[i], &l->found[l->later[i]]);
    end(l, r);
}

static void on_newest(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    struct latest *l = arg;
    (void)n;
    if (s->t <= l->at)
        give(l, channel, s);
    else
        l->later[l->n_later++] = channel;
}

static void on_newest_done(void *arg, const struct source_result *r)
{
    struct latest *l = arg;
    struct appliance *a = l->op.a;
    if (l->op.ended)
        return;
    l->part = NULL;
    l->op.result.bytes += r->bytes;
    if (l->n_later == 0 || r->code == ERR_CANCELLED) {
        end(l, r);
        return;
    }
    if (r->code != 0)
        operation_failed(&l->op, "%s", r->error);
    l->found = xcalloc(a->fleet->n_channels, sizeof *l->found);
    /* over the connections of the poll: a back-fill under way must not delay it */
    l->part = appliance_fetch(a, a->live, l->later, l->n_later, l->at - LOOK_BACK, l->at + 1, 0, on_range,
                              on_range_done, l);
    l->part->part = true;
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
    free(l->later);
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
    l->later = xcalloc(a->fleet->n_channels + 1, sizeof *l->later);
    l->on_samples = on;
    l->on_done = done;
    l->arg = arg;
    operation_begin(&l->op, a, OPERATION_LATEST, deadline_s);
    l->part = appliance_newest(a, deadline_s, on_newest, on_newest_done, l);
    l->part->part = true;
    return &l->op.request;
}
