/* The simulated ring as a source of readings in this process: work is done in slices on the loop, so that
 * ticks and other requests go on meanwhile. SPDX-License-Identifier: MIT */
#include "archive/sim/sim.h"
#include "base/mem.h"
#include "base/time/clock.h"

#include <math.h>
#include <stdlib.h>

#define BATCH 4096
#define SLICE_NS (20 * NS_PER_S / 1000)

enum kind { KIND_LATEST, KIND_RANGE, KIND_CONNECTIONS };

/* A request under way. */
struct request {
    struct source_request request; /* first */
    struct request *next;
    enum kind kind;
    uint32_t *channels; /* of the fleet */
    size_t n, at;
    tstamp_ns from, to, cursor; /* latest: from is the instant */
    bool begun;                 /* the channel at `at` */
    source_samples *on;
    source_done *done;
    source_connected *on_connections;
    void *arg;
    struct source_result result;
};

struct sim_source {
    struct source source; /* first */
    struct sim *sim;
    const struct fleet *fleet;
    int32_t *channel_of; /* ring's channel of each of the fleet; -1: not in the ring */
    tstamp_ns (*now)(void *arg);
    void *now_arg;
    uv_idle_t idle; /* active while requests wait */
    struct request *first, **last;
    struct sample batch[BATCH];
};

static void free_request(struct request *r)
{
    free(r->channels);
    free(r);
}

static void give(struct sim_source *s, struct request *r, size_t n)
{
    if (!n)
        return;
    r->result.samples += n;
    r->on(r->arg, r->channels[r->at], s->batch, n);
}

static void give_loss(const struct request *r, tstamp_ns since)
{
    const struct sample mark = {.t = since, .value = NAN, .flags = SAMPLE_LOST};
    r->on(r->arg, r->channels[r->at], &mark, 1);
}

/* Moves on by a batch; true while the channel has more. */
static bool step_range(struct sim_source *s, struct request *r, uint32_t channel)
{
    if (!r->begun) {
        r->begun = true;
        r->cursor = r->from;
        give(s, r, sim_latest(s->sim, channel, r->from - 1, s->batch));
    }
    size_t n = r->cursor < r->to ? sim_read(s->sim, channel, r->cursor, r->to, s->batch, BATCH) : 0;
    give(s, r, n);
    tstamp_ns lost;
    if (n == BATCH)
        r->cursor = s->batch[n - 1].t + 1;
    else if (r->from < r->to && !sim_connected(s->sim, channel / SIGNAL_KNOWN, r->to - 1, &lost))
        give_loss(r, lost > r->from ? lost : r->from);
    return n == BATCH;
}

static void step(struct sim_source *s, struct request *r)
{
    int32_t channel = s->channel_of[r->channels[r->at]];
    bool more = false;
    if (channel >= 0) {
        if (r->kind == KIND_RANGE)
            more = step_range(s, r, (uint32_t)channel);
        else
            give(s, r, sim_latest(s->sim, (uint32_t)channel, r->from, s->batch));
    }
    if (more)
        return;
    r->begun = false;
    r->result.channels_answered += channel >= 0;
    r->at++;
}

static void report_connections(struct sim_source *s, struct request *r)
{
    int8_t *connected = xcalloc(s->fleet->n_channels + 1, 1);
    tstamp_ns now = s->now(s->now_arg);
    for (size_t i = 0; i < s->fleet->n_channels; i++) {
        int32_t c = s->channel_of[i];
        connected[i] = c < 0 ? -1 : sim_connected(s->sim, (uint32_t)c / SIGNAL_KNOWN, now, NULL);
        r->result.channels_answered += c >= 0;
    }
    r->on_connections(r->arg, connected, &r->result);
    free(connected);
}

static void finish(struct request *r)
{
    if (!r->result.error)
        r->result.error = "";
    if (r->done)
        r->done(r->arg, &r->result);
    free_request(r);
}

static void on_idle(uv_idle_t *idle)
{
    struct sim_source *s = idle->data;
    tstamp_ns until = clock_monotonic() + SLICE_NS;
    while (s->first && clock_monotonic() < until) {
        struct request *r = s->first;
        if (r->at < r->n && r->kind != KIND_CONNECTIONS) {
            step(s, r);
            continue;
        }
        s->first = r->next;
        if (!s->first)
            s->last = &s->first;
        if (r->kind == KIND_CONNECTIONS)
            report_connections(s, r);
        finish(r); /* may add requests */
    }
    if (!s->first)
        uv_idle_stop(idle);
}

static struct request *add_request(struct source *source, enum kind kind, source_samples *on,
                                   source_done *done, void *arg)
{
    struct sim_source *s = (struct sim_source *)source;
    struct request *r = xcalloc(1, sizeof *r);
    *r = (struct request){.request.source = source, .kind = kind, .on = on, .done = done, .arg = arg};
    *s->last = r;
    s->last = &r->next;
    uv_idle_start(&s->idle, on_idle);
    return r;
}

static struct source_request *latest(struct source *source, tstamp_ns at, double deadline_s,
                                     source_samples *on, source_done *done, void *arg)
{
    (void)deadline_s; /* never waits for anybody */
    const struct sim_source *s = (const struct sim_source *)source;
    struct request *r = add_request(source, KIND_LATEST, on, done, arg);
    tstamp_ns now = s->now(s->now_arg);
    r->from = at < now ? at : now;
    r->n = s->fleet->n_channels;
    r->channels = xcalloc(r->n + 1, sizeof *r->channels);
    for (size_t i = 0; i < r->n; i++)
        r->channels[i] = (uint32_t)i;
    return &r->request;
}

static struct source_request *range(struct source *source, const uint32_t channels[], size_t n,
                                    tstamp_ns from, tstamp_ns to, double deadline_s, source_samples *on,
                                    source_done *done, void *arg)
{
    (void)deadline_s;
    const struct sim_source *s = (const struct sim_source *)source;
    struct request *r = add_request(source, KIND_RANGE, on, done, arg);
    tstamp_ns now = s->now(s->now_arg);
    r->n = n;
    r->channels = xcalloc(n + 1, sizeof *r->channels);
    for (size_t i = 0; i < n; i++)
        r->channels[i] = channels[i];
    r->from = from <= now ? from : now + 1;
    r->to = to <= now ? to : now + 1;
    return &r->request;
}

static struct source_request *connections(struct source *source, double deadline_s, source_connected *on,
                                          void *arg)
{
    (void)deadline_s;
    struct request *r = add_request(source, KIND_CONNECTIONS, NULL, NULL, arg);
    r->on_connections = on;
    r->result.error = "";
    return &r->request;
}

static void on_closed(uv_handle_t *h)
{
    struct sim_source *s = h->data;
    free(s->channel_of);
    free(s);
}

static void cancel(struct source_request *request)
{
    struct sim_source *s = (struct sim_source *)request->source;
    struct request *r = (struct request *)request, **at = &s->first;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    if (!*at)
        s->last = at;
    r->result.code = ERR_CANCELLED;
    r->result.error = "cancelled";
    if (r->kind == KIND_CONNECTIONS)
        r->on_connections(r->arg, NULL, &r->result);
    finish(r);
}

static void close_source(struct source *source)
{
    struct sim_source *s = (struct sim_source *)source;
    while (s->first)
        cancel(&s->first->request);
    uv_close((uv_handle_t *)&s->idle, on_closed);
}

static const struct source_ops ops = {
    .name = "simulated ring",
    .latest = latest,
    .range = range,
    .connections = connections,
    .cancel = cancel,
    .close = close_source,
};

int sim_source_open(struct source **out, uv_loop_t *loop, struct sim *sim, const struct fleet *f,
                    tstamp_ns (*now)(void *arg), void *now_arg, struct err *err)
{
    struct sim_source *s = xcalloc(1, sizeof *s);
    s->source.ops = &ops;
    s->sim = sim;
    s->fleet = f;
    s->now = now;
    s->now_arg = now_arg;
    s->last = &s->first;
    s->channel_of = xcalloc(f->n_channels + 1, sizeof *s->channel_of);
    for (size_t i = 0; i < f->n_channels; i++)
        s->channel_of[i] = sim_find(sim, f->channels[i].pv);
    int status = uv_idle_init(loop, &s->idle);
    if (status) {
        free(s->channel_of);
        free(s);
        return err_set(err, ERR_LIB, "could not open the simulated source: %s", uv_strerror(status));
    }
    s->idle.data = s;
    *out = &s->source;
    return 0;
}
