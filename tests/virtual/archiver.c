/* Requests that fail; see archiver.h. SPDX-License-Identifier: MIT */
#include "tests/virtual/archiver.h"

#include "base/mem.h"

#include <stdlib.h>

#define NO_DEADLINE_MS 60000 /* a range that nobody answers is given up after so long */

/* A request that is bound to fail. */
struct failing {
    struct source_request request; /* first */
    struct failing *next;
    uv_timer_t timer;
    source_done *done;
    source_connected *connected;
    void *arg;
    struct source_result result;
};

struct client {
    struct source source; /* first */
    struct source *ring;
    uv_loop_t *loop;
    struct failing *first;
};

static struct archiver *archiver;

void archiver_set(struct archiver *a)
{
    archiver = a;
}

static void free_failing(uv_handle_t *h)
{
    free(h->data);
}

static void finish(struct failing *r)
{
    struct client *c = (struct client *)r->request.source;
    struct failing **at = &c->first;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    uv_close((uv_handle_t *)&r->timer, free_failing);
    if (r->done)
        r->done(r->arg, &r->result);
    else
        r->connected(r->arg, NULL, &r->result);
}

static void on_timer(uv_timer_t *timer)
{
    finish(timer->data);
}

static struct source_request *fail(struct client *c, double deadline_s, source_done *done,
                                   source_connected *connected, void *arg)
{
    bool hangs = archiver->state == ARCHIVER_HANGS;
    struct failing *r = xcalloc(1, sizeof *r);
    *r = (struct failing){.request.source = &c->source,
                          .next = c->first,
                          .done = done,
                          .connected = connected,
                          .arg = arg,
                          .result = {.code = hangs ? ERR_TIMEOUT : ERR_NET,
                                     .error = hangs ? "no answer" : "could not connect"}};
    c->first = r;
    uv_timer_init(c->loop, &r->timer);
    r->timer.data = r;
    uint64_t ms = !hangs ? 1 : deadline_s > 0 ? (uint64_t)(deadline_s * 1000) : NO_DEADLINE_MS;
    uv_timer_start(&r->timer, on_timer, ms, 0);
    return &r->request;
}

static tstamp_ns known_until(void *arg)
{
    (void)arg;
    tstamp_ns now = *archiver->now;
    return archiver->state == ARCHIVER_IS_OLD && archiver->old_since < now ? archiver->old_since : now;
}

static bool fails(void)
{
    return archiver->state == ARCHIVER_REFUSES || archiver->state == ARCHIVER_HANGS;
}

/* Requests to a healthy archiver are the ring's own. */
static struct source_request *latest(struct source *s, tstamp_ns at, double deadline_s, source_samples *on,
                                     source_done *done, void *arg)
{
    struct client *c = (struct client *)s;
    tstamp_ns known = known_until(c);
    return fails() ? fail(c, deadline_s, done, NULL, arg)
                   : c->ring->ops->latest(c->ring, at < known ? at : known, deadline_s, on, done, arg);
}

static struct source_request *range(struct source *s, const uint32_t channels[], size_t n, tstamp_ns from,
                                    tstamp_ns to, double deadline_s, source_samples *on, source_done *done,
                                    void *arg)
{
    struct client *c = (struct client *)s;
    return fails() ? fail(c, deadline_s, done, NULL, arg)
                   : c->ring->ops->range(c->ring, channels, n, from, to, deadline_s, on, done, arg);
}

static struct source_request *connections(struct source *s, double deadline_s, source_connected *on,
                                          void *arg)
{
    struct client *c = (struct client *)s;
    return fails() ? fail(c, deadline_s, NULL, on, arg)
                   : c->ring->ops->connections(c->ring, deadline_s, on, arg);
}

static void cancel(struct source_request *request)
{
    struct failing *r = (struct failing *)request;
    r->result = (struct source_result){.code = ERR_CANCELLED, .error = "cancelled"};
    finish(r);
}

static void close_client(struct source *s)
{
    struct client *c = (struct client *)s;
    while (c->first)
        cancel(&c->first->request);
    source_close(c->ring);
    free(c);
}

static const struct source_ops ops = {
    .name = "failing ring",
    .latest = latest,
    .range = range,
    .connections = connections,
    .cancel = cancel,
    .close = close_client,
};

int __wrap_source_open(struct source **out, uv_loop_t *loop, const struct fleet *f,
                       const struct source_options *o, struct err *err);
int __wrap_source_open(struct source **out, uv_loop_t *loop, const struct fleet *f,
                       const struct source_options *o, struct err *err)
{
    (void)o;
    struct client *c = xcalloc(1, sizeof *c);
    *c = (struct client){.source.ops = &ops, .loop = loop};
    int rc = sim_source_open(&c->ring, loop, archiver->ring, f, known_until, c, err);
    if (rc != 0) {
        free(c);
        return rc;
    }
    *out = &c->source;
    return 0;
}
