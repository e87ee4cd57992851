/* Delivery of webhook messages: the endpoints and their rows; see outbox.h. What becomes of a message at its
 * endpoint is endpoint.c. SPDX-License-Identifier: MIT */
#include "alerts/outbox.h"

#include "alerts/endpoint.h"
#include "alerts/message.h"
#include "alerts/store.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/text/words.h"
#include "base/time/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_S 20.0
#define PROBE_S 300.0

/* Seconds before attempt 1, 2, …: about 3 days and 4 hours in all. */
static const double standard_retry_s[] = {0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};

struct outbox {
    struct delivery d;
    struct endpoint **endpoint;
    size_t n;
    bool cancelling;
    uint64_t transaction; /* number of the one that messages are added to */
    void (*on_idle)(void *arg);
    void *arg;
};

/* ---- what endpoints are called ---- */

/* A URL without user name, password and query. Caller frees. */
static char *bare(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    const char *at = memchr(host, '@', strcspn(host, "/?#"));
    const char *rest = at ? at + 1 : host;
    char *name = xasprintf("%.*s%.*s", (int)(host - url), url, (int)strcspn(rest, "?#"), rest);
    words_clean(name);
    return name;
}

/* What tells an endpoint from others: its bare URL, so that a mended token leaves it the messages that wait.
 * Two that differ only in what is left out get a number. Caller frees. */
static char *identity(const struct alerts_webhook webhooks[], size_t i)
{
    char *name = bare(webhooks[i].url.clear);
    size_t same = 1;
    for (size_t j = 0; j < i; j++) {
        char *other = webhooks[j].name ? NULL : bare(webhooks[j].url.clear);
        same += other && strcmp(other, name) == 0;
        free(other);
    }
    if (same == 1)
        return name;
    char *numbered = xasprintf("%s#%zu", name, same);
    free(name);
    return numbered;
}

char *alerts_endpoint_name(const struct alerts_webhook webhooks[], size_t i)
{
    if (webhooks[i].name)
        return xstrdup(webhooks[i].name);
    char *whole = identity(webhooks, i), hex[DIGEST_HEX_LEN];
    uint8_t sha[DIGEST_LEN];
    size_t host = strcspn(whole, ":");
    host += strspn(whole + host, ":/");
    host += strcspn(whole + host, "/#");
    if (whole[host] == '\0' || whole[host + 1] == '\0')
        return whole;
    digest_sha256(sha, whole, strlen(whole));
    char *name = xasprintf("%.*s/…#%.8s", (int)host, whole, digest_hex(hex, sha, sizeof sha));
    free(whole);
    return name;
}

static struct endpoint *named(struct endpoint *const list[], size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] && strcmp(endpoint_name(list[i]), name) == 0)
            return list[i];
    return NULL;
}

/* ---- messages ---- */

void outbox_add(struct outbox *o, struct pg_txn *txn, const struct outbox_message *m)
{
    for (size_t i = 0; i < o->n; i++)
        if (endpoint_add(o->endpoint[i], m, o->transaction))
            store_message(txn, o->d.run, endpoint_name(o->endpoint[i]), m);
}

void outbox_withdraw(struct outbox *o, struct pg_txn *txn, const char *occurrence)
{
    for (size_t i = 0; i < o->n; i++)
        endpoint_withdraw(o->endpoint[i], txn, occurrence);
}

uint64_t outbox_end(struct outbox *o)
{
    return o->transaction++;
}

void outbox_release(struct outbox *o, uint64_t transaction, bool safe)
{
    for (size_t i = 0; i < o->n; i++)
        endpoint_release(o->endpoint[i], transaction, safe);
    outbox_tick(o);
}

void outbox_tick(struct outbox *o)
{
    for (size_t i = 0; i < o->n; i++)
        endpoint_pump(o->endpoint[i]);
}

void outbox_heartbeat(struct outbox *o, const char *text)
{
    for (size_t i = 0; i < o->n; i++)
        endpoint_beat(o->endpoint[i], text);
}

/* A row of store_waiting_sql. */
static void take_row(struct outbox *o, char *const v[], struct pg_txn *txn)
{
    const struct outbox_message in = {.id = v[0],
                                      .occurrence = v[2],
                                      .type = v[3],
                                      .text = v[4],
                                      .final = strcmp(v[3], MESSAGE_TYPE_PREFIX "returned") == 0};
    int attempts = (int)strtol(v[5], NULL, 10);
    struct endpoint *e = named(o->endpoint, o->n, v[1]);
    if (e)
        endpoint_restore(e, &in, attempts, strtod(v[6], NULL), strtod(v[7], NULL));
    else
        endpoint_give_up(&o->d, txn,
                         &(struct given_up){.endpoint = v[1],
                                            .message = in.id,
                                            .occurrence = in.occurrence,
                                            .type = in.type,
                                            .state = "dead",
                                            .why = ENDPOINT_UNKNOWN,
                                            .attempts = attempts});
}

void outbox_restore(struct outbox *o, const struct pg_rows *rows, bool resent)
{
    struct pg_txn *txn = pg_txn_new();
    for (int i = 0; i < rows->n_rows; i++) {
        char *const *v = &rows->value[i * rows->n_columns];
        take_row(o, v, txn);
        if (resent)
            store_taken_up(txn, v[0], v[1]);
    }
    endpoint_submit(&o->d, txn);
    outbox_tick(o);
}

/* ---- watching ---- */

size_t outbox_troubles(struct outbox *o, struct alerts_condition out[])
{
    size_t n = 0;
    for (size_t i = 0; i < o->n; i++) {
        const char *name, *text = endpoint_trouble(o->endpoint[i], &name);
        if (text)
            out[n++] = (struct alerts_condition){name, text};
    }
    return n;
}

void outbox_stats(const struct outbox *o, struct alerts_stats *out)
{
    out->attempts_ok = o->d.ok;
    out->attempts_failed = o->d.failed;
    out->dead_letters = o->d.dead;
    tstamp_ns now = clock_wall(), oldest = now;
    for (size_t i = 0; i < o->n; i++)
        out->outbox_depth += endpoint_depth(o->endpoint[i], &oldest);
    out->outbox_oldest_s = out->outbox_depth ? (double)(now - oldest) / (double)NS_PER_S : 0;
}

/* ---- opening, changing, closing ---- */

/* Endpoints of these webhooks, list[n]: those of o that are meant stay what they are. */
static int make_endpoints(struct outbox *o, const struct alerts_webhook webhooks[], size_t n,
                          struct endpoint *list[], struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        char *name = alerts_endpoint_name(webhooks, i);
        list[i] = named(o->endpoint, o->n, name);
        rc = list[i] ? endpoint_check(name, &webhooks[i], err)
                     : endpoint_new(&list[i], &o->d, name, &webhooks[i], err);
        free(name);
    }
    return rc;
}

static bool is_in(struct endpoint *const list[], size_t n, const struct endpoint *e)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == e)
            return true;
    return false;
}

int outbox_change(struct outbox *o, const struct alerts_webhook webhooks[], size_t n, struct err *err)
{
    struct endpoint **list = xcalloc(n + 1, sizeof(struct endpoint *));
    int rc = make_endpoints(o, webhooks, n, list, err);
    struct endpoint **gone = rc == 0 ? o->endpoint : list, **stay = rc == 0 ? list : o->endpoint;
    size_t n_gone = rc == 0 ? o->n : n, n_stay = rc == 0 ? n : o->n;
    for (size_t i = 0; i < n_gone; i++) {
        if (!gone[i] || is_in(stay, n_stay, gone[i]))
            continue;
        endpoint_retire(gone[i]);
        endpoint_free(gone[i]);
    }
    for (size_t i = 0; rc == 0 && i < n; i++)
        endpoint_change(list[i], &webhooks[i]);
    free(gone);
    o->endpoint = stay;
    o->n = n_stay;
    return rc;
}

static bool idle(const struct outbox *o)
{
    for (size_t i = 0; i < o->n; i++)
        if (!endpoint_idle(o->endpoint[i]))
            return false;
    return true;
}

static void on_endpoint_idle(void *arg)
{
    struct outbox *o = arg;
    if (!o->cancelling && idle(o))
        o->on_idle(o->arg);
}

int outbox_open(struct outbox **out, struct pg *pg, struct http *http, const struct alerts_options *opt,
                void (*on_idle)(void *arg), void *arg, struct err *err)
{
    struct outbox *o = xcalloc(1, sizeof *o);
    const double *retry = opt->n_retry ? opt->retry_s : standard_retry_s;
    size_t n_retry = opt->n_retry ? opt->n_retry : sizeof standard_retry_s / sizeof *standard_retry_s;
    *o = (struct outbox){.d = {.pg = pg,
                               .http = http,
                               .run = xstrdup(opt->run),
                               .n_retry = (int)n_retry,
                               .timeout_s = opt->timeout_s > 0 ? opt->timeout_s : TIMEOUT_S,
                               .probe_s = opt->probe_s > 0 ? opt->probe_s : PROBE_S,
                               .on_idle = on_endpoint_idle,
                               .arg = o},
                         .transaction = 1,
                         .on_idle = on_idle,
                         .arg = arg};
    o->d.retry_s = xcalloc(n_retry, sizeof *o->d.retry_s);
    memcpy(o->d.retry_s, retry, n_retry * sizeof *retry);
    int rc = outbox_change(o, opt->webhooks, opt->send ? opt->n_webhooks : 0, err);
    if (rc != 0)
        outbox_free(o);
    else
        *out = o;
    return rc;
}

void outbox_close(struct outbox *o)
{
    o->d.closing = o->cancelling = true;
    for (size_t i = 0; i < o->n; i++)
        endpoint_cancel(o->endpoint[i]);
    o->cancelling = false;
    on_endpoint_idle(o);
}

void outbox_free(struct outbox *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->n; i++)
        endpoint_free(o->endpoint[i]);
    free(o->endpoint);
    free(o->d.retry_s);
    free(o->d.run);
    free(o);
}
