/* A folder of CSV as a source (file:///DIR): one file SUPPLY.csv per supply ('/' in the name
 * replaced by '_'), header `time,<signal names…>[,label]`, rows in time order at any period, time
 * as ISO 8601 or epoch seconds; an empty field is no sample, `nan` a sample without a number.
 * Columns that are no signal of the supply are ignored, and a supply without file or column is no
 * error: its channels are not answered, and the log says so. A last line without its line feed is
 * taken as still being written and not read. The newest samples are found by bisection, so a file
 * is never read as a whole for the sake of its end.
 * A request visits its supplies' files one after the other, a slice of one file per turn of the
 * loop.
 * SPDX-License-Identifier: MIT */
#include "archive/csvtable.h"
#include "archive/source.h"
#include "base/log.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MODULE "csv"

struct request;

struct csvdir {
    struct source source;
    uv_loop_t *loop;
    const struct fleet *fleet;
    char *dir;
    struct csvtable_mark *marks; /* [n_supplies] */
    struct request *first;       /* all under way */
    size_t missing;              /* channels without file or column, as far as logged */
    bool failing;                /* the last request met damaged files */
};

struct request {
    struct source_request request; /* first */
    uv_idle_t idle;
    struct csvdir *dir;
    struct request *prev, *next;
    bool *wanted;    /* [n_channels] */
    uint32_t supply; /* the one being read or to be read next */
    struct csvtable *table;
    char *path;     /* of table */
    size_t columns; /* wanted channels of table */
    tstamp_ns from, to;
    uint64_t end_at; /* uv_hrtime of the deadline; 0: none */
    size_t asked, missing;
    int failed;                      /* files */
    char missing_why[512], why[512]; /* the first of each */
    struct source_result result;
    source_samples *on;
    source_done *done;
    void *arg;
};

/* ---- the end of a request -------------------------------------------------------------------- */

static void idle_closed(uv_handle_t *handle)
{
    struct request *q = handle->data;
    free(q->wanted);
    free(q);
}

static void close_table(struct request *q)
{
    csvtable_close(q->table);
    free(q->path);
    q->table = NULL;
    q->path = NULL;
}

static void unlink_request(struct request *q)
{
    if (q->prev)
        q->prev->next = q->next;
    else
        q->dir->first = q->next;
    if (q->next)
        q->next->prev = q->prev;
}

static void note(struct csvdir *d, const struct request *q)
{
    if (q->missing > d->missing)
        log_warning(MODULE, "%zu of %zu channels have no data: %s", q->missing, q->asked, q->missing_why);
    d->missing = q->missing > d->missing ? q->missing : d->missing;
    if (q->failed && !d->failing)
        log_warning(MODULE, "%d files are damaged: %s", q->failed, q->why);
    d->failing = q->failed > 0;
}

static void end_request(struct request *q, int code)
{
    char text[sizeof q->why + 64] = "";
    unlink_request(q);
    close_table(q);
    if (code == ERR_TIMEOUT)
        snprintf(text, sizeof text, "not read in time");
    else if (code == ERR_CANCELLED)
        snprintf(text, sizeof text, "cancelled");
    else if (q->failed)
        snprintf(text, sizeof text, "%s%s", q->why, q->failed > 1 ? ", and other files" : "");
    else if (q->asked && q->missing == q->asked)
        snprintf(text, sizeof text, "no data at all: %s", q->missing_why);
    if (code == 0 && *text)
        code = q->failed ? ERR_DATA : ERR_IO;
    note(q->dir, q);
    q->result.code = code;
    q->result.error = text;
    struct source_result result = q->result;
    uv_close((uv_handle_t *)&q->idle, idle_closed); /* frees q, when the loop runs on */
    q->done(q->arg, &result);
}

/* ---- slices ---------------------------------------------------------------------------------- */

static void on_samples(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    struct request *q = arg;
    if (!q->wanted[channel])
        return;
    q->result.samples += n;
    q->on(q->arg, channel, s, n);
}

static size_t wanted_of(const struct request *q, uint32_t supply)
{
    const struct supply *s = &q->dir->fleet->supplies[supply];
    size_t n = 0;
    for (uint32_t c = s->first_channel; c < s->first_channel + s->n_channels; c++)
        n += q->wanted[c];
    return n;
}

static char *path_of(const struct csvdir *d, uint32_t supply)
{
    char *path = xasprintf("%s/%s.csv", d->dir, d->fleet->supplies[supply].name);
    for (char *p = path + strlen(d->dir) + 1; *p; p++)
        if (*p == '/')
            *p = '_';
    return path;
}

static void add_failure(struct request *q, const struct err *err)
{
    if (q->failed++ == 0)
        snprintf(q->why, sizeof q->why, "%s", err->msg);
    q->result.channels_answered -= q->columns;
    close_table(q);
    q->supply++;
}

static void add_missing(struct request *q, size_t n, const char *why)
{
    if (n && q->missing == 0)
        snprintf(q->missing_why, sizeof q->missing_why, "%s", why);
    q->missing += n;
}

/* Opens the next supply's file; a file that is not there is one without data. */
static void open_next(struct request *q)
{
    struct csvdir *d = q->dir;
    struct err err;
    size_t columns, wanted;
    while (q->supply < d->fleet->n_supplies && wanted_of(q, q->supply) == 0)
        q->supply++;
    if (q->supply == d->fleet->n_supplies)
        return;
    q->path = path_of(d, q->supply);
    q->columns = 0;
    int rc = csvtable_open(&q->table, q->path, d->fleet, q->supply, &d->marks[q->supply], q->from, q->to,
                           on_samples, q, &columns, &err);
    wanted = wanted_of(q, q->supply);
    if (rc == ERR_IO) {
        add_missing(q, wanted, err.msg);
        close_table(q);
        q->supply++;
    } else if (rc != 0) {
        add_failure(q, &err);
    } else {
        if (columns > wanted)
            columns = wanted;
        q->columns = columns;
        q->result.channels_answered += columns;
        snprintf(err.msg, sizeof err.msg, "%.200s lacks columns", q->path);
        add_missing(q, wanted - columns, err.msg);
    }
}

static void on_idle(uv_idle_t *idle)
{
    struct request *q = idle->data;
    struct err err;
    if (q->end_at && uv_hrtime() > q->end_at) {
        end_request(q, ERR_TIMEOUT);
        return;
    }
    if (!q->table) {
        open_next(q);
        if (!q->table && q->supply == q->dir->fleet->n_supplies)
            end_request(q, 0);
        return;
    }
    int rc = csvtable_read(q->table, &err);
    if (rc < 0) {
        add_failure(q, &err);
    } else if (rc == 0) {
        close_table(q);
        q->supply++;
    }
}

static struct source_request *start(struct csvdir *d, bool *wanted, size_t asked, tstamp_ns from,
                                    tstamp_ns to, double deadline_s, source_samples *on, source_done *done,
                                    void *arg)
{
    struct request *q = xcalloc(1, sizeof *q);
    *q = (struct request){.request.source = &d->source,
                          .dir = d,
                          .next = d->first,
                          .wanted = wanted,
                          .asked = asked,
                          .from = from,
                          .to = to,
                          .on = on,
                          .done = done,
                          .arg = arg};
    if (d->first)
        d->first->prev = q;
    d->first = q;
    if (deadline_s > 0)
        q->end_at = uv_hrtime() + (uint64_t)ceil(deadline_s * 1e9);
    uv_idle_init(d->loop, &q->idle);
    q->idle.data = q;
    uv_idle_start(&q->idle, on_idle);
    return &q->request;
}

/* ---- the source ------------------------------------------------------------------------------ */

static struct source_request *csvdir_latest(struct source *s, tstamp_ns at, double deadline_s,
                                            source_samples *on, source_done *done, void *arg)
{
    struct csvdir *d = (struct csvdir *)s;
    size_t n = d->fleet->n_channels;
    bool *wanted = xcalloc(n, sizeof *wanted);
    memset(wanted, 1, n);
    /* an empty range after it: only what is before */
    return start(d, wanted, n, at + 1, at + 1, deadline_s, on, done, arg);
}

static struct source_request *csvdir_range(struct source *s, const uint32_t channels[], size_t n,
                                           tstamp_ns from, tstamp_ns to, double deadline_s,
                                           source_samples *on, source_done *done, void *arg)
{
    struct csvdir *d = (struct csvdir *)s;
    bool *wanted = xcalloc(d->fleet->n_channels, sizeof *wanted);
    for (size_t i = 0; i < n; i++)
        wanted[channels[i]] = true;
    return start(d, wanted, n, from, to, deadline_s, on, done, arg);
}

static void csvdir_cancel(struct source_request *r)
{
    end_request((struct request *)r, ERR_CANCELLED);
}

static void csvdir_close(struct source *s)
{
    struct csvdir *d = (struct csvdir *)s;
    while (d->first)
        end_request(d->first, ERR_CANCELLED);
    for (size_t i = 0; i < d->fleet->n_supplies; i++)
        free(d->marks[i].last);
    free(d->marks);
    free(d->dir);
    free(d);
}

static const struct source_ops ops = {
    .name = "csv",
    .latest = csvdir_latest,
    .range = csvdir_range,
    .cancel = csvdir_cancel,
    .close = csvdir_close,
};

static int csvdir_open(struct source **out, uv_loop_t *loop, const struct fleet *f,
                       const struct source_options *o, struct err *err)
{
    struct stat st;
    const char *dir = o->retrieval_url + strlen("file://");
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
        return err_set(err, ERR_CONFIG, "%s is not a folder", dir);
    struct csvdir *d = xcalloc(1, sizeof *d);
    d->source.ops = &ops;
    d->loop = loop;
    d->fleet = f;
    d->dir = xstrdup(dir);
    d->marks = xcalloc(f->n_supplies, sizeof *d->marks);
    *out = &d->source;
    return 0;
}

const struct source_kind source_csvdir = {
    .name = "csv",
    .scheme = {"file:///"},
    .form = "file:///DIR",
    .open = csvdir_open,
};
