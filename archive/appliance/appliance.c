/* An EPICS Archiver Appliance as a source: readings at an instant by getDataAtTime and getData.raw,
 * ranges by getData.raw, connections by the management's getPVStatus. Here: opening, closing, and
 * the life of its operations; see operation.h.
 * SPDX-License-Identifier: MIT */
#include "archive/appliance/operation.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text/json.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULE "archiver"
#define DEFAULT_CONNECTIONS 4
#define DEFAULT_BATCH 2000

/* ---- one operation --------------------------------------------------------------------------- */

static void handle_closed(uv_handle_t *handle)
{
    struct operation *op = handle->data;
    if (--op->handles == 0)
        op->discard(op);
}

void operation_timer(struct operation *op, uv_timer_t *timer)
{
    uv_timer_init(op->a->loop, timer);
    timer->data = op;
    op->handles++;
}

void operation_close_timer(struct operation *op, uv_timer_t *timer)
{
    (void)op;
    uv_close((uv_handle_t *)timer, handle_closed);
}

static void on_deadline(uv_timer_t *timer)
{
    operation_end(timer->data, ERR_TIMEOUT, 0);
}

static void on_nothing_to_do(uv_timer_t *timer)
{
    operation_end(timer->data, 0, 0);
}

void operation_begin(struct operation *op, struct appliance *a, enum operation_kind kind, double deadline_s)
{
    op->request.source = &a->source;
    op->a = a;
    op->kind = kind;
    op->next = a->first;
    if (a->first)
        a->first->prev = op;
    a->first = op;
    operation_timer(op, &op->timer);
    if (deadline_s > 0)
        uv_timer_start(&op->timer, on_deadline, (uint64_t)ceil(deadline_s * 1e3), 0);
}

void operation_end_soon(struct operation *op)
{
    uv_timer_start(&op->timer, on_nothing_to_do, 0, 0);
}

void operation_failed(struct operation *op, const char *fmt, ...)
{
    if (op->failed++ > 0)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(op->why, sizeof op->why, fmt, ap);
    va_end(ap);
}

void operation_refused(struct operation *op, const char *why, size_t of)
{
    op->failed = op->failed ? op->failed : 1;
    snprintf(op->why, sizeof op->why, "%s", why); /* this is the reason, whatever came before it */
    operation_end(op, 0, of);
}

/* Says once that a kind of operation fails, and once that it works again. */
static void note_health(struct appliance *a, enum operation_kind kind, const struct source_result *r)
{
    static const char *const names[] = {"live poll", "range", "connection states"};
    if (r->code == ERR_CANCELLED)
        return;
    bool failing = r->code != 0;
    if (failing)
        a->health[kind].failures++;
    if (failing && !a->health[kind].failing)
        log_warning(MODULE, "%s failed: %s", names[kind], r->error);
    if (!failing && a->health[kind].failing)
        log_info(MODULE, "%s works again after %lu failures", names[kind], a->health[kind].failures);
    if (!failing)
        a->health[kind].failures = 0;
    a->health[kind].failing = failing;
}

void operation_end(struct operation *op, int code, size_t of)
{
    struct appliance *a = op->a;
    char text[sizeof op->why + 64] = "";
    if (op->ended)
        return;
    op->ended = true;
    op->stop(op);
    if (op->prev)
        op->prev->next = op->next;
    else
        a->first = op->next;
    if (op->next)
        op->next->prev = op->prev;
    if (code == ERR_TIMEOUT)
        snprintf(text, sizeof text, "no complete answer in time%s%s", op->failed ? ": " : "", op->why);
    else if (code == ERR_CANCELLED)
        snprintf(text, sizeof text, "cancelled");
    else if (op->failed && of == 0)
        snprintf(text, sizeof text, "%s", op->why);
    else if (op->failed)
        snprintf(text, sizeof text, "%d of %zu failed: %s", op->failed, of, op->why);
    op->result.code = code == 0 && op->failed ? ERR_NET : code;
    op->result.error = text;
    if (op->result.code == 0 && op->result.channels_answered > 0 && op->kind != OPERATION_CONNECTIONS)
        a->located = true;
    if (!op->part)
        note_health(a, op->kind, &op->result);
    operation_close_timer(op, &op->timer); /* frees op, when the loop runs on */
    struct source_result result = op->result;
    op->report(op, &result);
}

/* ---- the source ------------------------------------------------------------------------------ */

static void appliance_cancel(struct source_request *r)
{
    operation_end((struct operation *)r, ERR_CANCELLED, 0);
}

static void appliance_close(struct source *s)
{
    struct appliance *a = (struct appliance *)s;
    a->closing = true;
    while (a->first)
        operation_end(a->first, ERR_CANCELLED, 0);
    http_free(a->live);
    http_free(a->bulk);
    for (size_t i = 0; i < a->n_batches; i++)
        free(a->batches[i].names);
    free(a->batches);
    free(a->read_after);
    free(a->retrieval);
    free(a->management);
    free(a);
}

static const struct source_ops with_management = {
    .name = "appliance",
    .latest = appliance_latest,
    .range = appliance_range,
    .describe = appliance_describe,
    .connections = appliance_connections,
    .cancel = appliance_cancel,
    .close = appliance_close,
};

static const struct source_ops retrieval_only = {
    .name = "appliance",
    .latest = appliance_latest,
    .range = appliance_range,
    .describe = appliance_describe,
    .cancel = appliance_cancel,
    .close = appliance_close,
};

static void make_batches(struct appliance *a, size_t size)
{
    size_t n = a->fleet->n_channels;
    a->n_batches = (n + size - 1) / size;
    a->batches = xcalloc(a->n_batches, sizeof *a->batches);
    for (size_t i = 0; i < a->n_batches; i++) {
        struct batch *batch = &a->batches[i];
        json_t *names = json_array();
        batch->first = (uint32_t)(i * size);
        batch->n = (uint32_t)(n - i * size < size ? n - i * size : size);
        for (uint32_t c = batch->first; c < batch->first + batch->n; c++)
            json_array_append_new(names, value_text(a->fleet->channels[c].pv));
        batch->names = value_dump(names, 17);
        batch->len = strlen(batch->names);
    }
}

char *appliance_base(const char *url)
{
    char *s = xstrdup(url);
    for (size_t n = strlen(s); n > 0 && s[n - 1] == '/';)
        s[--n] = '\0';
    return s;
}

static int appliance_open(struct source **out, uv_loop_t *loop, const struct fleet *f,
                          const struct source_options *o, struct err *err)
{
    if (o->management_url && source_kind_of(o->management_url) != source_kind_of(o->retrieval_url))
        return err_set(err, ERR_CONFIG, "\"%s\" is not an http or https URL", o->management_url);
    struct appliance *a = xcalloc(1, sizeof *a);
    a->source.ops = o->management_url ? &with_management : &retrieval_only;
    a->loop = loop;
    a->fleet = f;
    a->retrieval = appliance_base(o->retrieval_url);
    a->management = o->management_url ? appliance_base(o->management_url) : NULL;
    a->located = !o->locate;
    a->connections = o->connections <= 0                ? DEFAULT_CONNECTIONS
                     : o->connections > MAX_CONNECTIONS ? MAX_CONNECTIONS
                                                        : o->connections;
    a->now = o->now;
    a->now_arg = o->now_arg;
    a->retry_s = 1;
    a->live = http_new(loop, a->connections);
    a->bulk = http_new(loop, a->connections);
    a->read_after = xcalloc(f->n_channels, sizeof *a->read_after);
    make_batches(a, o->batch > 0 ? (size_t)o->batch : DEFAULT_BATCH);
    *out = &a->source;
    return 0;
}

const struct source_kind source_appliance = {
    .name = "appliance",
    .scheme = {"http://", "https://"},
    .form = "http://HOST:PORT",
    .retrieval = "/retrieval",
    .management = "/mgmt",
    .open = appliance_open,
};
