/* The operations that ask for all channels by POSTing lists of names: live samples (getDataAtTime)
 * and connection states (getPVStatus). The list goes out in batches over a few connections; no
 * repetition here: the caller polls again anyway.
 * getDataAtTime is always asked for a minute from now: without `at` an appliance up to 2.1.0 can
 * answer from its stores with samples days old. The Content-Type has to be exactly
 * application/json: with anything else the appliance does not read the list and answers 200 with an
 * empty object.
 * SPDX-License-Identifier: MIT */
#include "archive/appliance/answer.h"
#include "archive/appliance/operation.h"
#include "archive/appliance/refusal.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time/timefmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_AHEAD (60 * NS_PER_S)
/* The appliance itself refuses samples more than 30 min ahead of its clock: later ones are an
 * error. */
#define MOST_AHEAD (AT_AHEAD + 30 * NS_PER_MIN)

struct lists;

/* One connection's worth of work: batch after batch. */
struct slot {
    struct lists *lists;
    const struct batch *batch;
    struct http_request *request; /* NULL: idle */
};

struct lists {
    struct operation op;
    char *path; /* of the call, below base */
    char *url;
    double timeout_s;
    size_t next_batch;
    int running;
    struct slot slot[MAX_CONNECTIONS];
    /* Reads one answer; err says why not. */
    int (*read)(struct lists *l, const struct batch *b, const struct http_result *r, struct err *err);
    tstamp_ns newest;
    size_t implausible;
    int8_t *connected; /* [n_channels] of connection states */
    source_samples *on_samples;
    source_done *on_done;
    source_connected *on_connected;
    void *arg;
};

static void start_next(struct slot *slot);

static void read_answer(struct slot *slot, const struct http_result *r)
{
    struct lists *l = slot->lists;
    struct err err;
    char status[HTTP_STATUS_LEN];
    l->op.result.bytes += r->body_len;
    if (!r->complete)
        operation_failed(&l->op, "%s", r->error);
    else if (r->status != 200)
        operation_failed(&l->op, "%s", http_status(status, r));
    else if (l->read(l, slot->batch, r, &err) != 0)
        operation_failed(&l->op, "%s", err.msg);
}

static void on_answer(void *arg, const struct http_result *r)
{
    struct slot *slot = arg;
    struct lists *l = slot->lists;
    slot->request = NULL;
    if (l->op.ended)
        return;
    l->running--;
    char why[REFUSAL_LEN];
    if (refusal_of(why, r, l->url, BODY_JSON, r->body, r->complete ? r->body_len : 0) == REFUSAL_PLAIN) {
        operation_refused(&l->op, why, 0); /* the other lists would fare the same */
        return;
    }
    read_answer(slot, r);
    start_next(slot);
    if (l->running == 0)
        operation_end(&l->op, 0, l->op.a->n_batches);
}

static void start_next(struct slot *slot)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct lists *l = slot->lists;
    struct appliance *a = l->op.a;
    if (l->next_batch == a->n_batches)
        return;
    slot->batch = &a->batches[l->next_batch++];
    l->running++;
    slot->request = http_start(a->live, &(struct http_options){
                                            .method = "POST",
                                            .url = l->url,
                                            .headers = headers,
                                            .body = slot->batch->names,
                                            .body_len = slot->batch->len,
                                            .timeout_s = l->timeout_s,
                                            .follow = true,
                                            .on_done = on_answer,
                                            .arg = slot,
                                        });
}

static void stop(struct operation *op)
{
    struct lists *l = (struct lists *)op;
    for (int i = 0; i < MAX_CONNECTIONS; i++)
        if (l->slot[i].request)
            http_cancel(l->slot[i].request);
}

static void discard(struct operation *op)
{
    struct lists *l = (struct lists *)op;
    free(l->path);
    free(l->url);
    free(l->connected);
    free(l);
}

static void start(struct operation *op);

/* Takes the path and what is asked behind it. */
static struct lists *lists_new(double deadline_s, char *path, void *arg)
{
    struct lists *l = xcalloc(1, sizeof *l);
    l->op.start = start;
    l->op.stop = stop;
    l->op.discard = discard;
    l->path = path;
    l->timeout_s = deadline_s > 0 ? deadline_s + 1 : 0; /* the operation's deadline comes first */
    l->arg = arg;
    return l;
}

static void start(struct operation *op)
{
    struct lists *l = (struct lists *)op;
    struct appliance *a = op->a;
    l->url = xasprintf("%s%s", op->kind == OPERATION_CONNECTIONS ? a->management : a->retrieval, l->path);
    if (a->n_batches == 0)
        operation_end_soon(op);
    for (int i = 0; i < a->connections; i++) {
        l->slot[i].lists = l;
        start_next(&l->slot[i]);
    }
}

static void lists_begin(struct lists *l, struct appliance *a, enum operation_kind kind, double deadline_s)
{
    operation_begin(&l->op, a, kind, deadline_s);
    appliance_start(&l->op);
}

/* ---- live samples ---------------------------------------------------------------------------- */

static int read_latest(struct lists *l, const struct batch *b, const struct http_result *r, struct err *err)
{
    struct answer_counts counts;
    if (answer_latest(&counts, r->body, r->body_len, l->op.a->fleet, b->first, b->n, l->newest, l->on_samples,
                      l->arg, err) != 0)
        return err->code;
    l->op.result.channels_answered += counts.answered;
    l->op.result.samples += counts.answered;
    l->op.result.valueless += counts.valueless;
    l->implausible += counts.implausible;
    return 0;
}

/* Logs when more channels are absent than was said before. */
static void note_absent(struct lists *l, const struct source_result *r)
{
    struct appliance *a = l->op.a;
    size_t absent = a->fleet->n_channels - r->channels_answered;
    if (r->code != 0)
        return;
    if (absent > a->most_absent)
        log_warning(
            "archiver",
            "%zu of %zu channels are absent from the live answer, %zu of them because they have no value "
            "there, %zu because of an impossible time: they are read over getData.raw",
            absent, a->fleet->n_channels, r->valueless, l->implausible);
    if (absent == 0 && a->most_absent > 0)
        log_info("archiver", "all %zu channels are in the live answer", a->fleet->n_channels);
    if (absent > a->most_absent || absent == 0)
        a->most_absent = absent;
}

static void report_latest(struct operation *op, const struct source_result *r)
{
    struct lists *l = (struct lists *)op;
    note_absent(l, r);
    l->on_done(l->arg, r);
}

struct operation *appliance_newest(struct appliance *a, double deadline_s, source_samples *on,
                                   source_done *done, void *arg)
{
    char at[TIMEFMT_LEN];
    tstamp_ns now = a->now(a->now_arg);
    timefmt_iso(at, (now + AT_AHEAD) / NS_PER_S * NS_PER_S);
    struct lists *l = lists_new(deadline_s, xasprintf("/data/getDataAtTime?at=%s", at), arg);
    l->op.report = report_latest;
    l->read = read_latest;
    l->newest = now + MOST_AHEAD;
    l->on_samples = on;
    l->on_done = done;
    lists_begin(l, a, OPERATION_LATEST, deadline_s);
    return &l->op;
}

/* ---- connection states ----------------------------------------------------------------------- */

static int read_status(struct lists *l, const struct batch *b, const struct http_result *r, struct err *err)
{
    size_t known;
    (void)b;
    if (answer_status(l->connected, &known, r->body, r->body_len, l->op.a->fleet, err) != 0)
        return err->code;
    l->op.result.channels_answered += known;
    return 0;
}

static void report_status(struct operation *op, const struct source_result *r)
{
    struct lists *l = (struct lists *)op;
    l->on_connected(l->arg, l->connected, r);
}

struct source_request *appliance_connections(struct source *s, double deadline_s, source_connected *on,
                                             void *arg)
{
    struct appliance *a = (struct appliance *)s;
    struct lists *l = lists_new(deadline_s, xstrdup("/bpl/getPVStatus"), arg);
    l->op.report = report_status;
    l->read = read_status;
    l->on_connected = on;
    l->connected = xcalloc(a->fleet->n_channels, 1);
    memset(l->connected, -1, a->fleet->n_channels);
    lists_begin(l, a, OPERATION_CONNECTIONS, deadline_s);
    return &l->op.request;
}
