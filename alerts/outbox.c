/* Delivery of webhook messages; see outbox.h. Schedule and treatment of answers: Standard
 * Webhooks 1.0.0. SPDX-License-Identifier: MIT */
#include "alerts/outbox.h"

#include "alerts/message.h"
#include "alerts/store.h"
#include "alerts/webhook.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/words.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_S 5.0
#define TIMEOUT_S 20.0
#define AT_ONCE 4 /* messages under way to one healthy endpoint */
#define GONE "the endpoint answered 410 Gone"
#define JITTER 0.1 /* of a delay, either way */
#define RETRY_AFTER_MAX_S 86400.0
#define HOLD_MAX 12           /* times the first delay: an unwell endpoint is left alone so long at most */
#define TROUBLE_AFTER_S 900.0 /* failing for so long: a condition */

/* Seconds before attempt 1, 2, …: about 3 days and 4 hours in all. */
static const double standard_retry_s[] = {0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};

struct message {
    struct endpoint *endpoint;
    char *id, *occurrence, *type, *text; /* text: of message.h; its endpoint's shape makes the body of it */
    bool final;
    struct message *after; /* the same alarm's previous message, still waiting */
    int attempts;
    tstamp_ns due;     /* monotonic */
    tstamp_ns created; /* wall */
    uint64_t staged;   /* number of its transaction, which is not safe yet; 0: it is */
    bool fleeting;     /* released, although it is not safe: it is told so */
    bool held;         /* an attempt failed, its own or another's in an outage */
    bool heartbeat;    /* not in the queue: recorded only when it fails */
    struct http_request *request;
    tstamp_ns started; /* wall */
};

struct endpoint {
    struct outbox *outbox;
    char *url, *name;
    struct webhook_key key;
    const struct shape *shape;
    struct message **queue; /* waiting, oldest first */
    size_t n, cap;
    unsigned under_way;
    struct message *beat;    /* heartbeat under way */
    bool disabled;           /* it said 410 Gone */
    int outages;             /* attempts in a row that say the endpoint as a whole is unwell */
    tstamp_ns hold;          /* monotonic: nothing is sent before */
    tstamp_ns failing_since; /* monotonic; no attempt was taken since; 0: the last one was */
    char last_error[160], trouble_name[32], trouble[400];
};

struct outbox {
    struct pg *pg;
    struct http *http;
    char *run;
    struct endpoint *endpoint;
    size_t n;
    double *retry_s;
    int n_retry;
    double timeout_s;
    bool closing;
    uint64_t transaction; /* number of the one that messages are added to */
    void (*on_idle)(void *arg);
    void *arg;
    unsigned long ok, failed, dead;
};

/* ---- small things ---- */

static tstamp_ns seconds(double s)
{
    return (tstamp_ns)(s * (double)NS_PER_S);
}

/* The URL without user name, password and query: those may be secret, and this goes into tables and
 * logs. */
static char *endpoint_name(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    const char *at = memchr(host, '@', strcspn(host, "/?#"));
    const char *rest = at ? at + 1 : host;
    char *name = xasprintf("%.*s%.*s", (int)(host - url), url, (int)strcspn(rest, "?#"), rest);
    words_clean(name);
    return name;
}

static void message_free(struct message *m)
{
    if (!m)
        return;
    free(m->id);
    free(m->occurrence);
    free(m->type);
    free(m->text);
    free(m);
}

static void submit(struct outbox *o, struct pg_txn *txn)
{
    if (pg_txn_size(txn) == 0)
        pg_txn_free(txn);
    else if (!pg_submit(o->pg, txn, true, NULL, NULL))
        log_error("alerts", "the result of a webhook could not be kept");
}

/* Nobody may hear of it yet. */
static bool is_staged(const struct message *m)
{
    return m->staged && !m->fleeting;
}

/* ---- the queue ---- */

static struct message *waiting_of(const struct endpoint *e, const char *occurrence)
{
    for (size_t i = e->n; i-- > 0;)
        if (strcmp(e->queue[i]->occurrence, occurrence) == 0)
            return e->queue[i];
    return NULL;
}

static bool has_message(const struct endpoint *e, const char *id)
{
    for (size_t i = 0; i < e->n; i++)
        if (strcmp(e->queue[i]->id, id) == 0)
            return true;
    return false;
}

static struct message *enqueue(struct endpoint *e, const struct outbox_message *in)
{
    struct message *m = xcalloc(1, sizeof *m);
    *m = (struct message){.endpoint = e,
                          .id = xstrdup(in->id),
                          .occurrence = xstrdup(in->occurrence),
                          .type = xstrdup(in->type),
                          .text = xstrdup(in->text),
                          .final = in->final,
                          .after = waiting_of(e, in->occurrence),
                          .created = clock_wall()};
    xgrow(&e->queue, &e->cap, e->n + 1, sizeof(struct message *));
    e->queue[e->n++] = m;
    return m;
}

static void dequeue(struct message *m)
{
    struct endpoint *e = m->endpoint;
    size_t kept = 0;
    for (size_t i = 0; i < e->n; i++) {
        if (e->queue[i]->after == m)
            e->queue[i]->after = NULL;
        if (e->queue[i] != m)
            e->queue[kept++] = e->queue[i];
    }
    e->n = kept;
    message_free(m);
}

/* ---- what the tables hear ---- */

static void add_result(struct pg_txn *txn, const struct message *m, const char *state, double next_s,
                       const char *error)
{
    store_result(txn, m->id, m->endpoint->name, state, m->attempts, clock_wall() + seconds(next_s), error);
}

static void add_attempt(struct pg_txn *txn, const struct message *m, const struct http_result *r, bool ok,
                        const char *error)
{
    store_attempt(txn, &(struct store_attempt){.message = m->id,
                                               .endpoint = m->endpoint->name,
                                               .run = m->endpoint->outbox->run,
                                               .occurrence = m->occurrence,
                                               .type = m->type,
                                               .attempt = m->attempts,
                                               .started = m->started,
                                               .ok = ok,
                                               .status = r->complete ? r->status : 0,
                                               .seconds = r->seconds,
                                               .answer = r->body ? r->body : "",
                                               .error = error});
}

/* Gives a waiting message up, with its row. */
static void give_up(struct message *m, struct pg_txn *txn, const char *state, const char *why)
{
    struct endpoint *e = m->endpoint;
    bool dead = strcmp(state, "dead") == 0;
    e->outbox->dead += dead;
    if (dead)
        log_error("alerts", "webhook given up: endpoint=%s message=%s type=%s attempts=%d why=\"%s\"",
                  e->name, m->id, m->type, m->attempts, why);
    else
        log_info("alerts", "webhook not needed any more: endpoint=%s message=%s type=%s why=\"%s\"", e->name,
                 m->id, m->type, why);
    if (dead && m->attempts == 0) { /* so that every dead letter is among the deliveries */
        m->started = clock_wall();
        add_attempt(txn, m, &(struct http_result){.complete = false}, false, why);
    }
    add_result(txn, m, state, 0, why);
    dequeue(m);
}

static void give_up_all(struct endpoint *e, const char *why)
{
    struct pg_txn *txn = pg_txn_new();
    for (size_t i = e->n; i-- > 0;)
        if (!e->queue[i]->request && !is_staged(e->queue[i]))
            give_up(e->queue[i], txn, "dead", why);
    submit(e->outbox, txn);
}

/* ---- what an answer means ---- */

static void explain(char out[160], const struct http_result *r)
{
    char status[HTTP_STATUS_LEN];
    if (!r->complete)
        snprintf(out, 160, "%.150s", r->error);
    else if (r->status / 100 == 3)
        snprintf(out, 160, "%.120s: redirects are not followed", http_status(status, r));
    else
        snprintf(out, 160, "%.150s", http_status(status, r));
    words_clean(out);
}

static void endpoint_works(struct endpoint *e)
{
    if (e->failing_since)
        log_info("alerts", "webhook delivers again: endpoint=%s waiting=%zu", e->name, e->n);
    for (size_t i = 0; e->outages && i < e->n; i++)
        e->queue[i]->due = 0; /* the outage is over for all of them */
    e->failing_since = e->hold = 0;
    e->outages = 0;
}

/* No answer, throttling (429) or breakage (5xx) speak of the endpoint: all its messages wait a
 * little. Another refusal (3xx, 4xx) says nothing about the next message. */
static void endpoint_fails(struct endpoint *e, const struct http_result *r)
{
    tstamp_ns now = clock_monotonic();
    if (!e->failing_since) {
        e->failing_since = now;
        log_warning("alerts", "webhook fails, retrying: endpoint=%s error=\"%s\"", e->name, e->last_error);
    }
    double hold = 0, base = e->outbox->n_retry > 1 ? e->outbox->retry_s[1] : 0;
    if (!r->complete || r->status == 408 || r->status == 429 || r->status >= 500)
        hold = base * fmin(ldexp(1, e->outages < 8 ? e->outages++ : 8), HOLD_MAX);
    for (size_t i = 0; hold > 0 && i < e->n; i++)
        e->queue[i]->held = true;
    if (r->retry_after_s > 0)
        hold = fmax(hold, fmin(r->retry_after_s, RETRY_AFTER_MAX_S));
    if (hold > 0)
        e->hold = now + seconds(hold);
}

static void disable(struct endpoint *e)
{
    if (e->disabled)
        return;
    e->disabled = true;
    log_error("alerts", "webhook disabled until restart, it answered 410 Gone: endpoint=%s", e->name);
    give_up_all(e, GONE);
}

/* Delay before the next attempt; negative: that was the last. */
static double next_delay(const struct message *m, const struct http_result *r)
{
    const struct outbox *o = m->endpoint->outbox;
    if (m->attempts >= o->n_retry)
        return -1;
    double s = random_jitter(o->retry_s[m->attempts], JITTER);
    if (r->retry_after_s > 0)
        s = fmax(s, fmin(r->retry_after_s, RETRY_AFTER_MAX_S));
    return s;
}

static void record_message(struct message *m, const struct http_result *r, bool ok)
{
    struct endpoint *e = m->endpoint;
    struct pg_txn *txn = pg_txn_new();
    double delay = next_delay(m, r);
    add_attempt(txn, m, r, ok, ok ? "" : e->last_error);
    if (ok) {
        add_result(txn, m, "delivered", 0, "");
        dequeue(m);
    } else if (r->status == 410 || e->disabled || delay < 0) {
        give_up(m, txn, "dead", e->last_error);
    } else {
        add_result(txn, m, "waiting", delay, e->last_error);
        m->due = clock_monotonic() + seconds(delay);
        m->held = true;
    }
    submit(e->outbox, txn);
}

static void record_heartbeat(struct message *m, const struct http_result *r, bool ok)
{
    m->endpoint->beat = NULL;
    if (!ok) {
        struct pg_txn *txn = pg_txn_new();
        add_attempt(txn, m, r, false, m->endpoint->last_error);
        submit(m->endpoint->outbox, txn);
    }
    message_free(m);
}

static bool idle(const struct outbox *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->endpoint[i].under_way)
            return false;
    return true;
}

static void pump(struct endpoint *e);

static void on_answer(void *arg, const struct http_result *r)
{
    struct message *m = arg;
    struct endpoint *e = m->endpoint;
    struct outbox *o = e->outbox;
    m->request = NULL;
    e->under_way--;
    if (o->closing) { /* the row is still waiting: sent again after the next start, under the same
                         id */
        if (m->heartbeat)
            message_free(m);
        if (idle(o))
            o->on_idle(o->arg);
        return;
    }
    bool ok = r->complete && r->status / 100 == 2;
    o->ok += ok;
    o->failed += !ok;
    if (ok) {
        endpoint_works(e);
    } else {
        explain(e->last_error, r);
        endpoint_fails(e, r);
    }
    if (m->heartbeat)
        record_heartbeat(m, r, ok);
    else
        record_message(m, r, ok);
    if (r->status == 410)
        disable(e);
    pump(e);
}

/* ---- sending ---- */

static void start(struct message *m)
{
    struct endpoint *e = m->endpoint;
    struct webhook w;
    m->started = clock_wall();
    m->attempts++;
    char *fleeting = m->fleeting ? message_not_durable(m->text) : NULL;
    webhook_make(&w, e->shape, &e->key, m->id, m->started / NS_PER_S, fleeting ? fleeting : m->text);
    free(fleeting);
    const struct http_options options = {.method = "POST",
                                         .url = e->url,
                                         .headers = (const char *const *)w.header,
                                         .body = w.body,
                                         .body_len = strlen(w.body),
                                         .connect_timeout_s = fmin(CONNECT_S, e->outbox->timeout_s),
                                         .timeout_s = e->outbox->timeout_s,
                                         .max_body = 1 << 20,
                                         .on_done = on_answer,
                                         .arg = m};
    e->under_way++;
    m->request = http_start(e->outbox->http, &options);
    webhook_fini(&w);
}

/* A later message that says the alarm has returned makes this one, which never got through,
 * pointless. */
static bool overtaken(const struct message *m)
{
    const struct endpoint *e = m->endpoint;
    if (!m->held || m->final)
        return false;
    for (size_t i = e->n; i-- > 0 && e->queue[i] != m;)
        if (e->queue[i]->final && !is_staged(e->queue[i]) &&
            strcmp(e->queue[i]->occurrence, m->occurrence) == 0)
            return true;
    return false;
}

static void drop_overtaken(struct endpoint *e)
{
    struct pg_txn *txn = NULL;
    for (size_t i = 0; i < e->n;) {
        struct message *m = e->queue[i];
        if (m->request || !overtaken(m)) {
            i++;
            continue;
        }
        if (!txn)
            txn = pg_txn_new();
        give_up(m, txn, "superseded", "never got through, and the alarm has returned");
    }
    if (txn)
        submit(e->outbox, txn);
}

static void pump(struct endpoint *e)
{
    tstamp_ns now = clock_monotonic();
    if (e->disabled || e->outbox->closing || now < e->hold || e->n == 0)
        return;
    drop_overtaken(e);
    unsigned limit = e->outages ? 1 : AT_ONCE;
    for (size_t i = 0; i < e->n && e->under_way < limit; i++) {
        struct message *m = e->queue[i];
        if (!m->request && !is_staged(m) && !m->after && m->due <= now)
            start(m);
    }
}

void outbox_tick(struct outbox *o)
{
    for (size_t i = 0; i < o->n; i++)
        pump(&o->endpoint[i]);
}

void outbox_heartbeat(struct outbox *o, const char *text)
{
    for (size_t i = 0; i < o->n; i++) {
        struct endpoint *e = &o->endpoint[i];
        if (e->disabled || e->beat || clock_monotonic() < e->hold)
            continue;
        char id[WEBHOOK_ID_LEN];
        webhook_random_id(id);
        struct message *m = xcalloc(1, sizeof *m);
        *m = (struct message){.endpoint = e,
                              .id = xstrdup(id),
                              .occurrence = xstrdup(""),
                              .heartbeat = true,
                              .type = xstrdup(MESSAGE_TYPE_PREFIX "heartbeat"),
                              .text = xstrdup(text)};
        e->beat = m;
        start(m);
    }
}

/* ---- adding ---- */

void outbox_add(struct outbox *o, struct pg_txn *txn, const struct outbox_message *m)
{
    for (size_t i = 0; i < o->n; i++) {
        struct endpoint *e = &o->endpoint[i];
        if (has_message(e, m->id))
            continue;
        store_message(txn, o->run, e->name, m, e->disabled ? GONE : NULL);
        if (e->disabled)
            o->dead++;
        else
            enqueue(e, m)->staged = o->transaction;
    }
}

uint64_t outbox_end(struct outbox *o)
{
    return o->transaction++;
}

void outbox_release(struct outbox *o, uint64_t transaction, bool safe)
{
    for (size_t i = 0; i < o->n; i++) {
        for (size_t j = 0; j < o->endpoint[i].n; j++) {
            struct message *m = o->endpoint[i].queue[j];
            if (m->staged == transaction) {
                m->fleeting = !safe;
                m->staged = safe ? 0 : transaction;
            }
        }
    }
    outbox_tick(o);
}

/* ---- restoring ---- */

static void restore_row(struct outbox *o, char *const v[], struct pg_txn *txn)
{
    const struct outbox_message in = {.id = v[0],
                                      .occurrence = v[2],
                                      .type = v[3],
                                      .text = v[4],
                                      .final = strcmp(v[3], MESSAGE_TYPE_PREFIX "returned") == 0};
    for (size_t i = 0; i < o->n; i++) {
        struct endpoint *e = &o->endpoint[i];
        if (strcmp(e->name, v[1]) != 0)
            continue;
        if (has_message(e, in.id))
            return;
        struct message *m = enqueue(e, &in);
        m->attempts = (int)strtol(v[5], NULL, 10);
        m->held = m->attempts > 0;
        m->due = clock_monotonic() + seconds(fmax(0, strtod(v[6], NULL)));
        m->created -= seconds(fmax(0, strtod(v[7], NULL)));
        return;
    }
    struct endpoint gone = {.outbox = o, .name = v[1]};
    give_up(enqueue(&gone, &in), txn, "dead", "the endpoint is not configured any more");
    free(gone.queue);
}

void outbox_restore(struct outbox *o, const struct pg_rows *rows)
{
    struct pg_txn *txn = pg_txn_new();
    for (int i = 0; i < rows->n_rows; i++)
        restore_row(o, &rows->value[i * rows->n_columns], txn);
    submit(o, txn);
    outbox_tick(o);
}

/* ---- watching ---- */

size_t outbox_troubles(struct outbox *o, struct alerts_condition out[])
{
    size_t n = 0;
    tstamp_ns now = clock_monotonic();
    for (size_t i = 0; i < o->n; i++) {
        struct endpoint *e = &o->endpoint[i];
        double s = (double)(now - e->failing_since) / (double)NS_PER_S;
        if (!e->disabled && (!e->failing_since || s < TROUBLE_AFTER_S))
            continue;
        snprintf(e->trouble_name, sizeof e->trouble_name, "webhook %zu", i + 1);
        if (e->disabled)
            snprintf(e->trouble, sizeof e->trouble,
                     "webhook %.200s answered 410 Gone: it gets nothing until psmon is restarted", e->name);
        else
            snprintf(e->trouble, sizeof e->trouble, "webhook %.200s takes nothing since %.0f min: %.100s",
                     e->name, s / 60, e->last_error);
        out[n++] = (struct alerts_condition){e->trouble_name, e->trouble};
    }
    return n;
}

void outbox_stats(const struct outbox *o, struct alerts_stats *out)
{
    out->attempts_ok = o->ok;
    out->attempts_failed = o->failed;
    out->dead_letters = o->dead;
    tstamp_ns oldest = clock_wall();
    for (size_t i = 0; i < o->n; i++) {
        const struct endpoint *e = &o->endpoint[i];
        out->outbox_depth += e->n;
        for (size_t j = 0; j < e->n; j++)
            if (e->queue[j]->created < oldest)
                oldest = e->queue[j]->created;
    }
    out->outbox_oldest_s = out->outbox_depth ? (double)(clock_wall() - oldest) / (double)NS_PER_S : 0;
}

/* ---- opening, closing ---- */

/* Two endpoints whose names differ only in what names leave out get a number. */
static void tell_apart(struct outbox *o, size_t i)
{
    size_t same = 1;
    for (size_t j = 0; j < i; j++)
        same += strncmp(o->endpoint[j].name, o->endpoint[i].name, strlen(o->endpoint[i].name)) == 0;
    if (same == 1)
        return;
    char *name = xasprintf("%s#%zu", o->endpoint[i].name, same);
    free(o->endpoint[i].name);
    o->endpoint[i].name = name;
}

static int open_endpoint(struct outbox *o, size_t i, const struct alerts_webhook *w, struct err *err)
{
    char names[SHAPE_NAMES_LEN];
    struct endpoint *e = &o->endpoint[i];
    *e = (struct endpoint){.outbox = o, .url = xstrdup(w->url), .name = endpoint_name(w->url)};
    tell_apart(o, i);
    e->shape = shape_find(w->shape);
    if (!webhook_key(&e->key, w->secret))
        return err_set(err, ERR_CONFIG, "the secret of webhook %s is not whsec_<base64>", e->name);
    if (!e->shape)
        return err_set(err, ERR_CONFIG, "the shape of webhook %s, '%s', is not one of: %s", e->name, w->shape,
                       shape_names(names));
    return 0;
}

int outbox_open(struct outbox **out, struct pg *pg, struct http *http, const struct alerts_options *opt,
                void (*on_idle)(void *arg), void *arg, struct err *err)
{
    struct outbox *o = xcalloc(1, sizeof *o);
    const double *retry = opt->n_retry ? opt->retry_s : standard_retry_s;
    size_t n_retry = opt->n_retry ? opt->n_retry : sizeof standard_retry_s / sizeof *standard_retry_s;
    *o = (struct outbox){.pg = pg,
                         .http = http,
                         .run = xstrdup(opt->run),
                         .n_retry = (int)n_retry,
                         .timeout_s = opt->timeout_s > 0 ? opt->timeout_s : TIMEOUT_S,
                         .transaction = 1,
                         .on_idle = on_idle,
                         .arg = arg};
    o->retry_s = xcalloc(n_retry, sizeof *o->retry_s);
    memcpy(o->retry_s, retry, n_retry * sizeof *retry);
    o->endpoint = xcalloc(opt->n_webhooks + 1, sizeof *o->endpoint);
    for (; opt->send && o->n < opt->n_webhooks; o->n++) {
        if (open_endpoint(o, o->n, &opt->webhooks[o->n], err) != 0) {
            o->n++;
            outbox_free(o);
            return err->code;
        }
    }
    *out = o;
    return 0;
}

void outbox_close(struct outbox *o)
{
    o->closing = true;
    if (idle(o)) {
        o->on_idle(o->arg);
        return;
    }
    /* on_answer of the last one calls on_idle, which may be from inside here: nothing is touched
     * after it */
    size_t n = 0;
    for (size_t i = 0; i < o->n; i++)
        n += o->endpoint[i].under_way;
    struct http_request **under_way = xcalloc(n, sizeof *under_way);
    n = 0;
    for (size_t i = 0; i < o->n; i++) {
        struct endpoint *e = &o->endpoint[i];
        for (size_t j = 0; j < e->n; j++)
            if (e->queue[j]->request)
                under_way[n++] = e->queue[j]->request;
        if (e->beat)
            under_way[n++] = e->beat->request;
    }
    for (size_t i = 0; i < n; i++)
        http_cancel(under_way[i]);
    free(under_way);
}

void outbox_free(struct outbox *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->n; i++) {
        struct endpoint *e = &o->endpoint[i];
        for (size_t j = 0; j < e->n; j++)
            message_free(e->queue[j]);
        free(e->queue);
        free(e->url);
        free(e->name);
    }
    free(o->endpoint);
    free(o->retry_s);
    free(o->run);
    free(o);
}
