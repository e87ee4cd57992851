/* The history of channels by getData.raw: a pool of connections, one channel per request, decoded
 * while it arrives. Of what the appliance sends (the newest sample at or before `from`, samples up
 * to the whole second after `to`, repetitions at its stores' borders) only what source.h promises
 * goes on.
 * A request that fails is repeated after 1, 2, 4 … s (or what Retry-After asks), beginning at the
 * last sample that arrived whole; after that the channel counts as failed. When as many channels in
 * a row as there are connections (3 at least) fail, the appliance itself is away and the operation
 * ends.
 * What refuses one request because of the source as a whole (refusal.h) would refuse all: the connections
 * wait, one at a time asks again, and when that does not help the operation ends. A source that has not yet
 * served anything, and that only a person can mend, is not asked again at all.
 * SPDX-License-Identifier: MIT */
#include "archive/appliance/operation.h"
#include "archive/appliance/pb.h"
#include "archive/appliance/refusal.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/time/timefmt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPETITIONS 4
#define MAX_RETRY_AFTER_S 60.0
#define STALL_S 30.0
#define AWAY 3              /* channels failing in a row, at least, before the appliance is thought away */
#define NOTHING_ARCHIVED 16 /* channels, so many at first: is this the right URL? */
#define NO_LIMIT_S 86400.0
/* How far from the range a sample can be before its time is thought wrong: the one before `from`
 * may be old. */
#define OLDEST_BEFORE (3650 * NS_PER_DAY)
#define LATEST_AFTER NS_PER_DAY

struct range;

/* One connection's worth of work: channel after channel. */
struct fetch {
    uv_timer_t timer; /* first: until the request is repeated */
    struct range *range;
    uint32_t channel;
    int failures;
    struct http_request *request; /* NULL: none, or waiting to be repeated */
    bool refused;                 /* as all are: waits for another's luck, or its turn */
    struct pb_decoder *decoder;
    char head[REFUSAL_HEAD]; /* the answer's first bytes */
    size_t head_len;
    struct err err;   /* why the decoder gave up */
    bool have_before; /* `before` is the newest sample older than the range so far */
    bool inside;      /* a sample of the range was delivered, and what was before it */
    struct sample before;
    tstamp_ns last;                  /* time of the last sample delivered */
    struct source_description about; /* when channels are described */
    bool enough;                     /* of it is known */
    char not_number[PB_TYPE_LEN];    /* what the values are when they are none */
};

struct range {
    struct operation op;
    uint32_t *channels;
    size_t n, next, finished, unknown;
    char unknown_pv[64];                      /* the first of them */
    size_t not_numbers;                       /* channels with samples that are none */
    char text_pv[64], text_type[PB_TYPE_LEN]; /* the first of them, and what it holds */
    uint64_t wrong_time;
    tstamp_ns from, to;
    int failed_in_row;
    bool served;      /* something was: this is an archiver */
    bool said;        /* that requests are repeated */
    int refusals;     /* rounds in which whoever asked was refused; 0: all is well */
    enum refusal how; /* the last one, and what it said */
    double retry_after_s;
    char why[REFUSAL_LEN];
    size_t turn;      /* of fetch[], who asks in the next round */
    uv_timer_t round; /* until then */
    char *url;        /* of getData.raw, without parameters */
    struct http *via;
    struct fetch fetch[MAX_CONNECTIONS];
    source_samples *on_samples;
    source_described *on_described; /* in place of samples; NULL: those */
    bool only_first;
    source_done *on_done;
    void *arg;
};

static void start_channel(struct fetch *f);
static void start_request(struct fetch *f);

/* ---- what goes on to the caller -------------------------------------------------------------- */

static void describe(struct fetch *f, const struct sample *s, size_t n)
{
    struct source_description *d = &f->about;
    d->last = s[n - 1];
    if (s->t < f->range->from) /* the one before */
        return;
    if (d->samples == 0)
        d->first = *s;
    d->samples += n;
    f->enough = f->range->only_first;
}

static void on_header(void *arg, const struct pb_header *h)
{
    struct fetch *f = arg;
    if (!pb_is_number(h->type))
        pb_type_words(f->not_number, h->type, h->element_count);
    if (!f->range->on_described)
        return;
    pb_type_words(f->about.type, h->type, h->element_count);
    if (*h->unit)
        snprintf(f->about.unit, sizeof f->about.unit, "%s", h->unit);
}

static void tell_description(struct fetch *f, bool archived, const char *error)
{
    struct range *r = f->range;
    f->about.archived = archived;
    f->about.error = error;
    if (r->on_described)
        r->on_described(r->arg, f->channel, &f->about);
}

static void deliver(struct fetch *f, const struct sample *s, size_t n)
{
    struct range *r = f->range;
    r->op.result.samples += n;
    if (r->on_described)
        describe(f, s, n);
    else
        r->on_samples(r->arg, f->channel, s, n);
}

static void deliver_before(struct fetch *f)
{
    if (f->have_before && !f->inside)
        deliver(f, &f->before, 1);
    f->inside = true;
}

static void on_samples(void *arg, const struct sample *s, size_t n)
{
    struct fetch *f = arg;
    const struct range *r = f->range;
    struct sample block[PB_BLOCK];
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i].t < r->from) {
            if (!f->have_before || s[i].t > f->before.t)
                f->before = s[i];
            f->have_before = true;
        } else if (s[i].t < r->to && s[i].t > f->last) {
            f->last = s[i].t;
            block[kept++] = s[i];
        }
    }
    if (kept == 0)
        return;
    if (!f->inside)
        deliver_before(f);
    deliver(f, block, kept);
}

/* The PV is disconnected now. Of no meaning for a range that ended before. */
static void deliver_loss(struct fetch *f)
{
    const struct range *r = f->range;
    const struct pb_counts *counts = pb_counts(f->decoder);
    if (r->on_described)
        return;
    struct sample s = {.t = counts->lost, .value = NAN, .flags = SAMPLE_LOST};
    if (!counts->disconnected || s.t >= r->to)
        return;
    if (s.t <= f->last)
        s.t = f->last + 1;
    if (s.t < r->from)
        s.t = r->from;
    f->range->on_samples(r->arg, f->channel, &s, 1);
}

static bool on_body(void *arg, const char *data, size_t n)
{
    struct fetch *f = arg;
    size_t room = sizeof f->head - f->head_len, more = n < room ? n : room;
    f->range->op.result.bytes += n;
    memcpy(f->head + f->head_len, data, more);
    f->head_len += more;
    if (!refusal_begins_well(BODY_PB, f->head, f->head_len))
        return more == n && f->head_len < sizeof f->head; /* of a page its start is enough */
    return pb_feed(f->decoder, data, n, &f->err) == 0 && !f->enough;
}

/* ---- one channel ----------------------------------------------------------------------------- */

static const char *pv_of(const struct fetch *f)
{
    return f->range->op.a->fleet->channels[f->channel].pv;
}

/* The channel is done with; the next one, or the end. */
static void next_channel(struct fetch *f)
{
    struct range *r = f->range;
    r->finished++;
    r->wrong_time += pb_counts(f->decoder)->wrong_time;
    bool away = r->failed_in_row >= r->op.a->connections && r->failed_in_row >= AWAY;
    if (away) /* what was not tried has failed too */
        r->op.failed = (int)(r->n - r->op.result.channels_answered - r->unknown);
    if (r->unknown == r->n && r->n > 1 && !r->op.part)
        operation_failed(&r->op, "nothing is archived there (HTTP 404), is the URL right?");
    if (away || r->finished == r->n)
        operation_end(&r->op, 0, r->n);
    else
        start_channel(f);
}

static void on_retry(uv_timer_t *timer)
{
    start_request((struct fetch *)timer);
}

/* Something is wrong with this channel alone. */
static void give_up(struct fetch *f, const char *why)
{
    operation_failed(&f->range->op, "%s: %s", pv_of(f), why);
    tell_description(f, true, why);
    next_channel(f);
}

/* How long to wait before the k-th repetition (from 1), in ms: not all at the same moment. */
static uint64_t wait_ms(const struct range *r, int k, double retry_after_s)
{
    double wait = random_jitter(r->op.a->retry_s * ldexp(1, k - 1), 0.25);
    if (retry_after_s > wait)
        wait = fmin(retry_after_s, MAX_RETRY_AFTER_S);
    return (uint64_t)(wait * 1e3);
}

/* Says at once, and once, that something is wrong; of a part the operation it belongs to does, soon. */
static void say_trouble(struct range *r, const char *pv, const char *why)
{
    if (!r->said && !r->op.part)
        log_warning("archiver", "%s%s%s; asked again for some %.0f s", pv, *pv ? ": " : "", why,
                    r->op.a->retry_s * (ldexp(1, REPETITIONS) - 1));
    r->said = true;
}

/* Repeats later, or gives the channel up. away: it looks as if the appliance did not work at
 * all. */
static void fail(struct fetch *f, bool away, double retry_after_s, const char *why)
{
    struct range *r = f->range;
    if (f->failures++ == REPETITIONS) {
        r->failed_in_row = away ? r->failed_in_row + 1 : 0;
        give_up(f, why);
        return;
    }
    say_trouble(r, pv_of(f), why);
    uv_timer_start(&f->timer, on_retry, wait_ms(r, f->failures, retry_after_s), 0);
}

/* ---- when the source refuses ------------------------------------------------------------------ */

/* One of the refused asks for all of them, each in turn: should it be its channel after all, others tell. */
static void on_round(uv_timer_t *timer)
{
    struct range *r = timer->data;
    size_t n = (size_t)r->op.a->connections;
    for (size_t i = 0; i < n; i++) {
        struct fetch *f = &r->fetch[r->turn++ % n];
        if (f->refused) {
            f->refused = false;
            start_request(f);
            return;
        }
    }
}

/* The refused when nobody's answer is to come that might be better; else NULL. */
static struct fetch *all_refused(struct range *r, size_t *n)
{
    struct fetch *one = NULL;
    *n = 0;
    for (int i = 0; i < r->op.a->connections; i++) {
        if (r->fetch[i].request)
            return NULL;
        if (r->fetch[i].refused) {
            one = &r->fetch[i];
            ++*n;
        }
    }
    return one;
}

/* After each answer: whether to go on asking. */
static void consult(struct range *r)
{
    size_t n;
    struct fetch *f = all_refused(r, &n);
    if (!f || uv_is_active((uv_handle_t *)&r->round))
        return;
    bool several = n > 1 || r->n == 1; /* or else perhaps this channel alone is refused */
    bool hopeless = r->how == REFUSAL_PLAIN && !r->served && several, enough = r->refusals == REPETITIONS;
    if (hopeless) {
        operation_refused(&r->op, r->why, 0);
    } else if (enough && several) {
        r->op.failed = (int)(r->n - r->op.result.channels_answered - r->unknown);
        operation_refused(&r->op, r->why, r->n);
    } else if (enough) { /* a single connection */
        r->refusals = 0;
        r->failed_in_row++;
        f->refused = false;
        give_up(f, r->why);
    } else {
        say_trouble(r, "", r->why);
        uv_timer_start(&r->round, on_round, wait_ms(r, ++r->refusals, r->retry_after_s), 0);
    }
}

/* It serves others: those that were refused go on, each after a pause of its own. */
static void resume(struct range *r)
{
    r->refusals = 0;
    uv_timer_stop(&r->round);
    for (int i = 0; i < r->op.a->connections && !r->op.ended; i++) {
        struct fetch *f = &r->fetch[i];
        if (!f->refused)
            continue;
        f->refused = false;
        fail(f, true, -1, r->why);
    }
}

/* None of so many: said before the whole fleet has been asked. */
static void say_nothing_archived(const struct range *r)
{
    char place[HTTP_PLACE_LEN];
    if (r->unknown == NOTHING_ARCHIVED && r->op.result.channels_answered == 0 && !r->op.part)
        log_warning("archiver",
                    "%s: none of the first %d channels is archived there (HTTP 404), is the URL right?",
                    http_place(place, r->url), NOTHING_ARCHIVED);
}

static void not_archived(struct fetch *f)
{
    struct range *r = f->range;
    if (r->unknown++ == 0)
        snprintf(r->unknown_pv, sizeof r->unknown_pv, "%s", pv_of(f));
    r->failed_in_row = 0;
    tell_description(f, false, "");
    say_nothing_archived(r);
    next_channel(f);
}

/* Notes a channel whose samples, or some, are no numbers. */
static void note_numbers(struct fetch *f)
{
    struct range *r = f->range;
    if (pb_counts(f->decoder)->not_numbers == 0 || r->not_numbers++ > 0)
        return;
    snprintf(r->text_pv, sizeof r->text_pv, "%s", pv_of(f));
    memcpy(r->text_type, f->not_number, sizeof r->text_type);
}

/* What is wrong is this request's own, or nothing is. */
static void take_answer(struct fetch *f, const struct http_result *res)
{
    struct range *r = f->range;
    struct err err;
    char why[HTTP_STATUS_LEN];
    http_status(why, res);
    if (!res->complete && !f->enough) {
        fail(f, true, -1, f->err.code ? f->err.msg : res->error);
    } else if (res->status == 404) {
        not_archived(f);
    } else if (res->status >= 500) {
        fail(f, true, res->retry_after_s, why);
    } else if (res->status != 200 && !f->enough) {
        give_up(f, why);
    } else if (!f->enough && pb_end(f->decoder, &err) != 0) {
        fail(f, false, -1, err.msg);
    } else {
        deliver_before(f);
        deliver_loss(f);
        note_numbers(f);
        tell_description(f, true, "");
        r->op.result.channels_answered++;
        r->failed_in_row = 0;
        r->served = true;
        next_channel(f);
    }
}

static void on_answer(void *arg, const struct http_result *res)
{
    struct fetch *f = arg;
    struct range *r = f->range;
    char why[REFUSAL_LEN];
    f->request = NULL;
    if (r->op.ended)
        return;
    enum refusal how = refusal_of(why, res, r->url, BODY_PB, f->head, f->head_len);
    if (how == REFUSAL_NONE) {
        take_answer(f, res);
        if (res->complete && !r->op.ended)
            resume(r);
    } else {
        f->refused = true;
        r->how = how;
        r->retry_after_s = res->retry_after_s;
        memcpy(r->why, why, sizeof r->why);
    }
    if (!r->op.ended)
        consult(r);
}

static void start_request(struct fetch *f)
{
    struct range *r = f->range;
    char from[TIMEFMT_LEN], to[TIMEFMT_LEN];
    size_t room = strlen(pv_of(f)) * 3 + 1;
    char *pv = xcalloc(room, 1);
    http_escape(pv, room, pv_of(f));
    /* just before `from`: a sample at `from` itself would hide the one before it */
    timefmt_iso(from, f->inside && f->last > r->from ? f->last : r->from - 1);
    timefmt_iso(to, r->to);
    char *url = xasprintf("%s?pv=%s&from=%s&to=%s", r->url, pv, from, to);
    pb_start(f->decoder, &(struct pb_options){
                             .earliest = r->from - OLDEST_BEFORE,
                             .latest = r->to + LATEST_AFTER,
                             .on_header = on_header,
                             .on_samples = on_samples,
                             .arg = f,
                         });
    f->err.code = 0;
    f->head_len = 0;
    f->request = http_start(r->via, &(struct http_options){
                                        .method = "GET",
                                        .url = url,
                                        .timeout_s = NO_LIMIT_S,
                                        .stall_timeout_s = STALL_S,
                                        .follow = true,
                                        .on_body = on_body,
                                        .on_done = on_answer,
                                        .arg = f,
                                    });
    free(url);
    free(pv);
}

static void start_channel(struct fetch *f)
{
    struct range *r = f->range;
    if (r->next == r->n)
        return;
    f->channel = r->channels[r->next++];
    f->failures = 0;
    f->have_before = f->inside = false;
    f->last = INT64_MIN;
    f->about = (struct source_description){.error = ""};
    f->enough = false;
    start_request(f);
}

/* ---- the operation --------------------------------------------------------------------------- */

static void stop(struct operation *op)
{
    struct range *r = (struct range *)op;
    operation_close_timer(op, &r->round);
    for (int i = 0; i < op->a->connections; i++) {
        struct fetch *f = &r->fetch[i];
        if (f->request)
            http_cancel(f->request);
        operation_close_timer(op, &f->timer);
    }
}

static void discard(struct operation *op)
{
    struct range *r = (struct range *)op;
    for (int i = 0; i < MAX_CONNECTIONS; i++)
        pb_free(r->fetch[i].decoder);
    free(r->url);
    free(r->channels);
    free(r);
}

static void report(struct operation *op, const struct source_result *res)
{
    struct range *r = (struct range *)op;
    struct appliance *a = op->a;
    if (r->unknown > a->unknown) {
        log_warning("archiver", "%zu of %zu channels are not archived (HTTP 404), the first is %s",
                    r->unknown, r->n, r->unknown_pv);
        a->unknown = r->unknown;
    }
    if (r->not_numbers > a->not_numbers) {
        log_warning("archiver", "%zu of %zu channels hold values that are no numbers, the first is %s: %s",
                    r->not_numbers, r->n, r->text_pv, r->text_type);
        a->not_numbers = r->not_numbers;
    }
    if (r->wrong_time)
        log_warning("archiver", "%llu samples far outside the time asked for were dropped",
                    (unsigned long long)r->wrong_time);
    r->on_done(r->arg, res);
}

static void start(struct operation *op)
{
    struct range *r = (struct range *)op;
    r->url = xasprintf("%s/data/getData.raw", op->a->retrieval);
    for (int i = 0; i < op->a->connections; i++)
        start_channel(&r->fetch[i]);
    if (r->n == 0)
        operation_end_soon(op);
}

struct operation *appliance_fetch(struct appliance *a, struct http *via, const uint32_t channels[], size_t n,
                                  tstamp_ns from, tstamp_ns to, double deadline_s, source_samples *on,
                                  source_done *done, void *arg)
{
    struct range *r = xcalloc(1, sizeof *r);
    r->op.start = start;
    r->op.stop = stop;
    r->op.discard = discard;
    r->op.report = report;
    r->channels = xcalloc(n, sizeof *r->channels);
    if (n)
        memcpy(r->channels, channels, n * sizeof *channels);
    r->n = n;
    r->via = via;
    r->from = from;
    r->to = to;
    r->on_samples = on;
    r->on_done = done;
    r->arg = arg;
    operation_begin(&r->op, a, OPERATION_RANGE, deadline_s);
    operation_timer(&r->op, &r->round);
    for (int i = 0; i < a->connections; i++) {
        struct fetch *f = &r->fetch[i];
        f->range = r;
        f->decoder = pb_new();
        operation_timer(&r->op, &f->timer);
    }
    appliance_start(&r->op);
    return &r->op;
}

struct source_request *appliance_range(struct source *s, const uint32_t channels[], size_t n, tstamp_ns from,
                                       tstamp_ns to, double deadline_s, source_samples *on, source_done *done,
                                       void *arg)
{
    struct appliance *a = (struct appliance *)s;
    return &appliance_fetch(a, a->bulk, channels, n, from, to, deadline_s, on, done, arg)->request;
}

struct source_request *appliance_describe(struct source *s, const uint32_t channels[], size_t n,
                                          tstamp_ns from, tstamp_ns to, bool only_first, source_described *on,
                                          source_done *done, void *arg)
{
    struct appliance *a = (struct appliance *)s;
    struct range *r = (struct range *)appliance_fetch(a, a->bulk, channels, n, from, to, 0, NULL, done, arg);
    r->on_described = on; /* nothing has come yet */
    r->only_first = only_first;
    return &r->op.request;
}
