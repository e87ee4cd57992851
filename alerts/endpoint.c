/* One endpoint; see endpoint.h. Schedule and treatment of answers: Standard Webhooks 1.0.0, but for what
 * would silence an endpoint: 410 and a Retry-After of hours may come from a proxy, or while its owner works
 * on it, and what is silenced is alarms. So it is asked again now and then, with the oldest message that
 * waits. SPDX-License-Identifier: MIT */
#include "alerts/endpoint.h"

#include "alerts/message.h"
#include "alerts/store.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/net/http.h"
#include "base/random.h"
#include "base/text/words.h"
#include "base/time/clock.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_S 5.0
#define AT_ONCE 4             /* messages under way to one healthy endpoint */
#define ANSWER_MAX 1024       /* bytes of an answer that are read */
#define JITTER 0.1            /* of a delay, either way */
#define PATIENCE 3            /* probes' intervals: so long is waited for whatever Retry-After says */
#define HOLD_MAX 12           /* times the first delay: an unwell endpoint is left alone so long at most */
#define TROUBLE_AFTER_S 900.0 /* failing for so long: a condition */

#define WITHDRAWN "never got through, and the alarm is part of another"

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
    bool probe;        /* the attempt under way asks how the endpoint is: it is not one of the message's */
    bool withdrawn;    /* when the attempt under way fails there is no other */
    bool heartbeat;    /* not in the queue: recorded only when it fails */
    struct http_request *request;
    tstamp_ns started; /* wall */
};

struct endpoint {
    struct delivery *d;
    struct secret url; /* owned */
    char *name;
    struct webhook_key key[WEBHOOK_KEYS];
    const struct shape *shape;
    struct message **queue; /* waiting, oldest first */
    size_t n, cap;
    unsigned under_way;
    struct message *beat;    /* heartbeat under way */
    bool retired;            /* it gets nothing more */
    bool gone;               /* its last answer was 410 */
    int outages;             /* attempts in a row that say the endpoint as a whole is unwell */
    char refused[48];        /* the message that it refused last, none having been taken since */
    tstamp_ns hold;          /* monotonic: nothing is sent before */
    tstamp_ns probe;         /* monotonic: when it is asked although no message is due; unwell only */
    tstamp_ns failing_since; /* monotonic; no attempt was taken since; 0: the last one was */
    char last_error[160], trouble_name[24], trouble[400];
};

/* ---- small things ---- */

static tstamp_ns seconds(double s)
{
    return (tstamp_ns)(s * (double)NS_PER_S);
}

const char *endpoint_name(const struct endpoint *e)
{
    return e->name;
}

bool endpoint_idle(const struct endpoint *e)
{
    return e->under_way == 0;
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

/* Nobody may hear of it yet. */
static bool is_staged(const struct message *m)
{
    return m->staged && !m->fleeting;
}

void endpoint_submit(const struct delivery *d, struct pg_txn *txn)
{
    if (pg_txn_size(txn) == 0)
        pg_txn_free(txn);
    else if (!pg_submit(d->pg, txn, true, NULL, NULL))
        log_error("alerts", "the result of a webhook could not be kept");
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

bool endpoint_add(struct endpoint *e, const struct outbox_message *m, uint64_t transaction)
{
    if (has_message(e, m->id))
        return false;
    enqueue(e, m)->staged = transaction;
    return true;
}

bool endpoint_restore(struct endpoint *e, const struct outbox_message *in, int attempts, double next_s,
                      double age_s)
{
    if (has_message(e, in->id))
        return false;
    struct message *m = enqueue(e, in);
    m->attempts = attempts;
    m->held = attempts > 0;
    if (m->held && e->outages == 0)
        e->outages = 1; /* nobody knows whether it works by now: it is asked, and takes all or none */
    m->due = clock_monotonic() + seconds(fmax(0, next_s));
    m->created -= seconds(fmax(0, age_s));
    return true;
}

void endpoint_release(struct endpoint *e, uint64_t transaction, bool safe)
{
    for (size_t i = 0; i < e->n; i++) {
        struct message *m = e->queue[i];
        if (m->staged != transaction)
            continue;
        m->fleeting = !safe;
        m->staged = safe ? 0 : transaction;
    }
}

/* ---- what the tables hear ---- */

static struct store_attempt attempt_of(const struct message *m, const struct http_result *r, bool ok)
{
    return (struct store_attempt){.message = m->id,
                                  .endpoint = m->endpoint->name,
                                  .run = m->endpoint->d->run,
                                  .occurrence = m->occurrence,
                                  .type = m->type,
                                  .attempt = m->attempts,
                                  .started = m->started,
                                  .ok = ok,
                                  .status = r->complete ? r->status : 0,
                                  .seconds = r->seconds,
                                  .answer = r->body ? r->body : "",
                                  .error = ok ? "" : m->endpoint->last_error};
}

void endpoint_give_up(struct delivery *d, struct pg_txn *txn, const struct given_up *g)
{
    bool dead = strcmp(g->state, "dead") == 0;
    d->dead += dead;
    if (dead)
        log_error("alerts", "webhook given up: endpoint=%s message=%s type=%s attempts=%d why=\"%s\"",
                  g->endpoint, g->message, g->type, g->attempts, g->why);
    else
        log_info("alerts", "webhook not needed any more: endpoint=%s message=%s type=%s why=\"%s\"",
                 g->endpoint, g->message, g->type, g->why);
    if (dead && g->attempts == 0) /* so that every dead letter is among the deliveries */
        store_attempt(txn, &(struct store_attempt){.message = g->message,
                                                   .endpoint = g->endpoint,
                                                   .run = d->run,
                                                   .occurrence = g->occurrence,
                                                   .type = g->type,
                                                   .started = clock_wall(),
                                                   .answer = "",
                                                   .error = g->why});
    store_result(txn, g->message, g->endpoint, g->state, g->attempts, clock_wall(), g->why);
}

/* Gives a waiting message up, with its row. */
static void give_up(struct message *m, struct pg_txn *txn, const char *state, const char *why)
{
    struct endpoint *e = m->endpoint;
    endpoint_give_up(e->d, txn,
                     &(struct given_up){.endpoint = e->name,
                                        .message = m->id,
                                        .occurrence = m->occurrence,
                                        .type = m->type,
                                        .state = state,
                                        .why = why,
                                        .attempts = m->attempts});
    dequeue(m);
}

/* ---- what an answer means ---- */

static void explain(char out[160], const struct http_result *r)
{
    char status[HTTP_STATUS_LEN];
    if (!r->complete)
        snprintf(out, 160, "%.150s", r->error);
    else if (r->status / 100 == 3)
        snprintf(out, 160, "%.100s: redirects are not followed", http_status(status, r));
    else
        snprintf(out, 160, "%.150s", http_status(status, r));
    words_clean(out);
}

/* The endpoint takes something again: so it may what it refused, or did not answer, in its outage. */
static void endpoint_works(struct endpoint *e)
{
    if (e->failing_since)
        log_info("alerts", "webhook delivers again: endpoint=%s waiting=%zu", e->name, e->n);
    for (size_t i = 0; e->outages && i < e->n; i++)
        e->queue[i]->due = 0;
    e->failing_since = e->hold = 0;
    e->outages = 0;
    e->gone = false;
    e->refused[0] = '\0';
}

/* Whether an answer is about the endpoint and not about this one message: it does not answer, it is throttled
 * or broken, nobody lives there, we have no right to it. So is a refusal of one message after another. */
static bool is_about_endpoint(const struct endpoint *e, const struct message *m, const struct http_result *r)
{
    static const int statuses[] = {401, 402, 403, 404, 405, 407, 408, 410, 421, 423, 425, 429, 451};
    if (!r->complete || r->status >= 500 || r->status / 100 == 3 || r->retry_after_s > 0)
        return true;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (r->status == statuses[i])
            return true;
    return e->outages > 0 || (*e->refused && strcmp(e->refused, m->id) != 0);
}

/* How long an endpoint that is unwell is left alone. */
static double hold_of(struct endpoint *e, const struct http_result *r)
{
    const struct delivery *d = e->d;
    double base = d->n_retry > 1 ? d->retry_s[1] : 0;
    double hold = base * fmin(ldexp(1, e->outages < 8 ? e->outages : 8), HOLD_MAX);
    if (e->gone)
        hold = d->probe_s;
    if (r->retry_after_s > 0)
        hold = fmax(hold, fmin(r->retry_after_s, PATIENCE * d->probe_s));
    return hold;
}

static void endpoint_fails(struct endpoint *e, const struct message *m, const struct http_result *r)
{
    tstamp_ns now = clock_monotonic();
    bool whole = is_about_endpoint(e, m, r);
    if (!e->failing_since) {
        e->failing_since = now;
        log_warning("alerts", "webhook fails, retrying: endpoint=%s error=\"%s\"", e->name, e->last_error);
    }
    snprintf(e->refused, sizeof e->refused, "%s", m->id);
    e->gone = r->complete && r->status == 410;
    if (!whole)
        return;
    double hold = hold_of(e, r);
    e->outages++;
    for (size_t i = 0; i < e->n; i++)
        e->queue[i]->held = true;
    e->hold = now + seconds(hold);
    e->probe = now + seconds(random_jitter(fmax(hold, e->d->probe_s), JITTER));
}

/* Delay before the next attempt; negative: that was the last. */
static double next_delay(const struct message *m, const struct http_result *r)
{
    const struct delivery *d = m->endpoint->d;
    if (m->probe)
        return fmax(0, (double)(m->due - clock_monotonic()) / (double)NS_PER_S);
    if (m->attempts >= d->n_retry)
        return -1;
    double s = random_jitter(d->retry_s[m->attempts], JITTER);
    if (r->retry_after_s > 0)
        s = fmax(s, fmin(r->retry_after_s, PATIENCE * d->probe_s));
    return s;
}

static void record_message(struct message *m, const struct http_result *r, bool ok)
{
    struct endpoint *e = m->endpoint;
    struct pg_txn *txn = pg_txn_new();
    double delay = next_delay(m, r);
    struct store_attempt attempt = attempt_of(m, r, ok);
    store_attempt(txn, &attempt);
    if (ok) {
        store_result(txn, m->id, e->name, "delivered", m->attempts, clock_wall(), "");
        dequeue(m);
    } else if (m->withdrawn) {
        give_up(m, txn, "superseded", WITHDRAWN);
    } else if (delay < 0) {
        give_up(m, txn, "dead", e->last_error);
    } else {
        store_result(txn, m->id, e->name, "waiting", m->attempts, clock_wall() + seconds(delay),
                     e->last_error);
        m->due = clock_monotonic() + seconds(delay);
        m->held = true;
    }
    endpoint_submit(e->d, txn);
}

static void record_heartbeat(struct message *m, const struct http_result *r, bool ok)
{
    m->endpoint->beat = NULL;
    if (!ok) {
        struct pg_txn *txn = pg_txn_new();
        struct store_attempt attempt = attempt_of(m, r, ok);
        store_attempt(txn, &attempt);
        endpoint_submit(m->endpoint->d, txn);
    }
    message_free(m);
}

static void on_answer(void *arg, const struct http_result *r)
{
    struct message *m = arg;
    struct endpoint *e = m->endpoint;
    struct delivery *d = e->d;
    m->request = NULL;
    e->under_way--;
    if (d->closing || e->retired) { /* the row is still waiting, or its endpoint's end is seen to */
        if (m->heartbeat) {
            e->beat = NULL;
            message_free(m);
        }
        if (d->closing)
            d->on_idle(d->arg);
        return;
    }
    bool ok = r->complete && r->status / 100 == 2;
    d->ok += ok;
    d->failed += !ok;
    if (ok) {
        endpoint_works(e);
    } else {
        explain(e->last_error, r);
        endpoint_fails(e, m, r);
    }
    if (m->heartbeat)
        record_heartbeat(m, r, ok);
    else
        record_message(m, r, ok);
    endpoint_pump(e);
}

/* ---- sending ---- */

static void start(struct message *m, bool probe)
{
    struct endpoint *e = m->endpoint;
    struct webhook w;
    m->started = clock_wall();
    m->probe = probe;
    m->attempts += !probe;
    char *fleeting = m->fleeting ? message_not_durable(m->text) : NULL;
    webhook_make(&w, e->shape, e->key, m->id, m->started / NS_PER_S, fleeting ? fleeting : m->text);
    free(fleeting);
    const struct http_options options = {.method = "POST",
                                         .url = e->url.clear,
                                         .headers = (const char *const *)w.header,
                                         .body = w.body,
                                         .body_len = strlen(w.body),
                                         .connect_timeout_s = fmin(CONNECT_S, e->d->timeout_s),
                                         .timeout_s = e->d->timeout_s,
                                         .max_body = ANSWER_MAX,
                                         .head_suffices = true,
                                         .on_done = on_answer,
                                         .arg = m};
    e->under_way++;
    m->request = http_start(e->d->http, &options);
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
    struct pg_txn *txn = pg_txn_new();
    for (size_t i = 0; i < e->n;) {
        struct message *m = e->queue[i];
        if (m->request || !overtaken(m))
            i++;
        else
            give_up(m, txn, "superseded", "never got through, and the alarm has returned");
    }
    endpoint_submit(e->d, txn);
}

void endpoint_withdraw(struct endpoint *e, struct pg_txn *txn, const char *occurrence)
{
    for (size_t i = 0; i < e->n;) {
        struct message *m = e->queue[i];
        bool meant = strcmp(m->occurrence, occurrence) == 0;
        m->withdrawn |= meant;
        if (!meant || m->request)
            i++;
        else
            give_up(m, txn, "superseded", WITHDRAWN);
    }
}

static bool may_start(const struct message *m)
{
    return !m->request && !is_staged(m) && !m->after;
}

void endpoint_pump(struct endpoint *e)
{
    tstamp_ns now = clock_monotonic();
    if (e->retired || e->d->closing || now < e->hold || e->n == 0)
        return;
    drop_overtaken(e);
    unsigned limit = e->outages ? 1 : AT_ONCE;
    for (size_t i = 0; i < e->n && e->under_way < limit; i++)
        if (may_start(e->queue[i]) && e->queue[i]->due <= now)
            start(e->queue[i], false);
    /* all of them may wait for hours yet */
    for (size_t i = 0; i < e->n && e->outages && e->under_way == 0 && now >= e->probe; i++)
        if (may_start(e->queue[i]))
            start(e->queue[i], true);
}

void endpoint_beat(struct endpoint *e, const char *text)
{
    if (e->retired || e->beat || clock_monotonic() < e->hold)
        return;
    char id[WEBHOOK_ID_LEN];
    webhook_random_id(id);
    e->beat = xcalloc(1, sizeof *e->beat);
    *e->beat = (struct message){.endpoint = e,
                                .id = xstrdup(id),
                                .occurrence = xstrdup(""),
                                .heartbeat = true,
                                .type = xstrdup(MESSAGE_TYPE_PREFIX "heartbeat"),
                                .text = xstrdup(text)};
    start(e->beat, false);
}

/* ---- watching ---- */

const char *endpoint_trouble(struct endpoint *e, const char **name)
{
    *name = e->trouble_name;
    double s = (double)(clock_monotonic() - e->failing_since) / (double)NS_PER_S;
    if (!e->failing_since || (!e->gone && s < TROUBLE_AFTER_S))
        return NULL;
    if (e->gone)
        snprintf(e->trouble, sizeof e->trouble,
                 "webhook %.200s answered 410 Gone: it is asked again every %.0f min", e->name,
                 e->d->probe_s / 60);
    else
        snprintf(e->trouble, sizeof e->trouble, "webhook %.200s takes nothing since %.0f min: %.100s",
                 e->name, s / 60, e->last_error);
    return e->trouble;
}

size_t endpoint_depth(const struct endpoint *e, tstamp_ns *oldest)
{
    for (size_t i = 0; i < e->n; i++)
        if (e->queue[i]->created < *oldest)
            *oldest = e->queue[i]->created;
    return e->n;
}

/* ---- opening, changing, closing ---- */

int endpoint_check(const char *name, const struct alerts_webhook *w, struct err *err)
{
    char names[SHAPE_NAMES_LEN];
    struct webhook_key key;
    if (!webhook_key(&key, w->secret.clear) || !webhook_key(&key, w->old_secret.clear))
        return err_set(err, ERR_CONFIG, "the secret of webhook %s is not whsec_<base64>", name);
    if (!shape_find(w->shape))
        return err_set(err, ERR_CONFIG, "the shape of webhook %s, '%s', is not one of: %s", name, w->shape,
                       shape_names(names));
    return 0;
}

void endpoint_keys(struct webhook_key key[WEBHOOK_KEYS], const struct alerts_webhook *w)
{
    bool ok = webhook_key(&key[0], w->secret.clear) && webhook_key(&key[1], w->old_secret.clear);
    assert(ok);
}

void endpoint_change(struct endpoint *e, const struct alerts_webhook *w)
{
    endpoint_keys(e->key, w);
    free(e->url.clear);
    e->url.clear = xstrdup(w->url.clear);
    e->shape = shape_find(w->shape);
    e->hold = e->probe = 0; /* whoever changed it waits to see what comes of it */
}

int endpoint_new(struct endpoint **out, struct delivery *d, const char *name, const struct alerts_webhook *w,
                 struct err *err)
{
    char hex[DIGEST_HEX_LEN];
    uint8_t sha[DIGEST_LEN];
    if (endpoint_check(name, w, err) != 0)
        return err->code;
    struct endpoint *e = xcalloc(1, sizeof *e);
    *e = (struct endpoint){.d = d, .name = xstrdup(name)};
    digest_sha256(sha, name, strlen(name));
    snprintf(e->trouble_name, sizeof e->trouble_name, "webhook %.8s", digest_hex(hex, sha, sizeof sha));
    endpoint_change(e, w);
    *out = e;
    return 0;
}

void endpoint_cancel(struct endpoint *e)
{
    /* on_answer of the last one may end what owns us: nothing is touched after it */
    size_t n = 0;
    struct http_request **under_way = xcalloc(e->under_way + 1, sizeof(struct http_request *));
    for (size_t i = 0; i < e->n; i++)
        if (e->queue[i]->request)
            under_way[n++] = e->queue[i]->request;
    if (e->beat)
        under_way[n++] = e->beat->request;
    assert(n == e->under_way);
    for (size_t i = 0; i < n; i++)
        http_cancel(under_way[i]);
    free(under_way);
}

void endpoint_retire(struct endpoint *e)
{
    e->retired = true;
    endpoint_cancel(e);
    struct pg_txn *txn = pg_txn_new();
    while (e->n > 0)
        give_up(e->queue[e->n - 1], txn, "dead", ENDPOINT_UNKNOWN);
    endpoint_submit(e->d, txn);
}

void endpoint_free(struct endpoint *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->n; i++)
        message_free(e->queue[i]);
    free(e->queue);
    free(e->url.clear);
    free(e->name);
    free(e);
}
