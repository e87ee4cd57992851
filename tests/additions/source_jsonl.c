/* A file of JSON lines as a source (jsonl:///FILE): {"pv": "…", "t": "2026-03-02T00:00:00Z", "v": 1.5,
 * "severity": 0}, in any order; a v that is no number is none. The file is read once, when it is opened: for
 * records that are over. The proof that a source is one file and one line of the table in sources.c.
 * SPDX-License-Identifier: MIT */
#include "archive/source.h"
#include "base/mem.h"
#include "base/text/json.h"
#include "base/time/timefmt.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct column {
    struct sample *s; /* in time order */
    size_t n, cap;
};

struct jsonl {
    struct source source;
    uv_loop_t *loop;
    const struct fleet *fleet;
    struct column *column; /* [n_channels] */
    struct request *first; /* all under way */
};

struct request {
    struct source_request request;
    struct jsonl *of;
    struct request *next;
    uv_idle_t idle;
    uint32_t *channels;
    size_t n;
    tstamp_ns from, to;
    source_samples *on;
    source_done *done;
    void *arg;
};

static void on_closed(uv_handle_t *handle)
{
    struct request *q = handle->data;
    free(q->channels);
    free(q);
}

static void end(struct request *q, const struct source_result *r)
{
    struct request **at = &q->of->first;
    while (*at != q)
        at = &(*at)->next;
    *at = q->next;
    uv_close((uv_handle_t *)&q->idle, on_closed); /* frees q, when the loop runs on */
    q->done(q->arg, r);
}

/* The newest sample before `from`, and those before `to`: they lie side by side. */
static void on_idle(uv_idle_t *idle)
{
    struct request *q = idle->data;
    struct source_result r = {.error = "", .channels_answered = q->n};
    for (size_t i = 0; i < q->n; i++) {
        const struct column *c = &q->of->column[q->channels[i]];
        size_t begin = 0, stop;
        while (begin < c->n && c->s[begin].t < q->from)
            begin++;
        for (stop = begin; stop < c->n && c->s[stop].t < q->to;)
            stop++;
        begin -= begin > 0;
        r.samples += stop - begin;
        if (stop > begin)
            q->on(q->arg, q->channels[i], c->s + begin, stop - begin);
    }
    end(q, &r);
}

static struct source_request *range(struct source *s, const uint32_t channels[], size_t n, tstamp_ns from,
                                    tstamp_ns to, double deadline_s, source_samples *on, source_done *done,
                                    void *arg)
{
    struct jsonl *j = (struct jsonl *)s;
    struct request *q = xcalloc(1, sizeof *q);
    (void)deadline_s; /* it is all in memory */
    *q = (struct request){{s},      j,        j->first,     .n = n,    .from = from,
                          .to = to, .on = on, .done = done, .arg = arg};
    q->channels = xcalloc(n + 1, sizeof *q->channels);
    for (size_t i = 0; i < n; i++)
        q->channels[i] = channels ? channels[i] : (uint32_t)i;
    j->first = q;
    uv_idle_init(j->loop, &q->idle);
    q->idle.data = q;
    uv_idle_start(&q->idle, on_idle);
    return &q->request;
}

static struct source_request *latest(struct source *s, tstamp_ns at, double deadline_s, source_samples *on,
                                     source_done *done, void *arg)
{
    const struct jsonl *j = (struct jsonl *)s;
    return range(s, NULL, j->fleet->n_channels, at + 1, at + 1, deadline_s, on, done, arg);
}

static void cancel(struct source_request *r)
{
    end((struct request *)r, &(struct source_result){.code = ERR_CANCELLED, .error = "cancelled"});
}

static void close_source(struct source *s)
{
    struct jsonl *j = (struct jsonl *)s;
    while (j->first)
        cancel(&j->first->request);
    for (size_t c = 0; c < j->fleet->n_channels; c++)
        free(j->column[c].s);
    free(j->column);
    free(j);
}

static int by_time(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    return (x->t > y->t) - (x->t < y->t);
}

static int read_line(struct jsonl *j, const char *line, const char *where, struct err *err)
{
    struct sample s;
    json_t *o = json_loads(line, 0, NULL);
    int32_t c = fleet_channel(j->fleet, field_text(o, "pv"));
    double severity = field_number(o, "severity");
    int rc = o ? timefmt_parse(&s.t, field_text(o, "t"), err) : err_set(err, ERR_DATA, "not a JSON object");
    s = (struct sample){
        .t = s.t, .value = field_number(o, "v"), .severity = severity > 0 ? (uint8_t)severity : 0};
    json_decref(o);
    if (rc != 0)
        return err_wrap(err, "%s", where);
    if (c < 0)
        return 0; /* not of this ring */
    struct column *k = &j->column[c];
    xgrow(&k->s, &k->cap, k->n + 1, sizeof s);
    k->s[k->n++] = s;
    return 0;
}

static int jsonl_open(struct source **out, uv_loop_t *loop, const struct fleet *f,
                      const struct source_options *o, struct err *err)
{
    static const struct source_ops ops = {
        .name = "json lines", .latest = latest, .range = range, .cancel = cancel, .close = close_source};
    const char *path = o->retrieval_url + strlen("jsonl://");
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set(err, ERR_CONFIG, "could not open %s: %s", path, strerror(errno));
    struct jsonl *j = xcalloc(1, sizeof *j);
    *j = (struct jsonl){{&ops}, loop, f, xcalloc(f->n_channels + 1, sizeof *j->column), NULL};
    char *line = NULL, where[512];
    size_t room = 0;
    int rc = 0;
    for (unsigned n = 1; rc == 0 && getline(&line, &room, file) > 0; n++) {
        snprintf(where, sizeof where, "%.400s:%u", path, n);
        rc = read_line(j, line, where, err);
    }
    free(line);
    fclose(file);
    for (size_t c = 0; c < f->n_channels; c++)
        if (j->column[c].n)
            qsort(j->column[c].s, j->column[c].n, sizeof(struct sample), by_time);
    *out = &j->source;
    if (rc != 0)
        close_source(&j->source);
    return rc;
}

const struct source_kind source_jsonl = {
    .name = "json lines",
    .scheme = {"jsonl:///"},
    .form = "jsonl:///FILE",
    .open = jsonl_open,
};
