/* A folder of CSV as a source (file:///DIR): one file SUPPLY.csv per supply, or PV.csv per channel where the
 * supply's file is not there or lacks its column ('/' in names replaced by '_', or ':' as well, as downloads
 * are named). A file is any table of readings that base/table/readings.h knows: `time,<signal names or
 * PVs…>[,label]` at any period, the appliance's getData.csv of one PV, the Phoebus Data Browser's export.
 * Rows are in time order; an empty field is no sample, `nan` and its like a sample without a number. A value
 * that cannot be read is left out, as is a row without time, one that goes back in time or stands in the
 * future of the next one, one that is too short; the log, the result and the training summary count them.
 * Columns that are no channel of the supply are ignored, and a channel without file or column is no error: it
 * is not answered, and the log says so. A last line without its line feed is taken as still being written and
 * not read. The newest samples are found by bisection, so a file is never read as a whole for the sake of its
 * end. A request visits its supplies' files one after the other, a slice of one file per turn of the loop.
 * SPDX-License-Identifier: MIT */
#include "archive/csvtable.h"
#include "archive/source.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time/zone.h"

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
    char *dir, *time_format, *timezone; /* the latter two: of times, or NULL */
    struct csvtable_mark *marks;        /* [n_supplies], and behind them [n_channels] of files of their own */
    struct request *first;              /* all under way */
    size_t missing;                     /* channels without file or column, as far as logged */
    bool failing;                       /* the last request met damaged files */
    bool said;                          /* how its files are written, when not as usual */
    size_t bad;                         /* rows left out, as far as logged */
};

struct request {
    struct source_request request; /* first */
    uv_idle_t idle;
    struct csvdir *dir;
    struct request *prev, *next;
    bool *wanted;    /* [n_channels] */
    bool *found;     /* [n_channels] has a column in a file that was opened */
    uint32_t supply; /* the one being read or to be read next */
    uint32_t step;   /* 0: its file; k: the file of its channel k - 1 */
    struct csvtable *table;
    char *path;      /* of table */
    size_t columns;  /* wanted channels of table */
    size_t before;   /* samples when table was opened */
    char lacks[512]; /* why channels of the supply are missing in its file */
    tstamp_ns from, to;
    uint64_t end_at; /* uv_hrtime of the deadline; 0: none */
    size_t asked, missing;
    int failed;                                      /* files */
    char missing_why[512], why[512], bad_first[256]; /* the first of each */
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
    free(q->found);
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
    if (q->result.bad_rows > d->bad)
        log_warning(MODULE, "%zu rows could not be read in full: %s", q->result.bad_rows, q->bad_first);
    d->bad = q->result.bad_rows > d->bad ? q->result.bad_rows : d->bad;
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
    q->result.bad_first = q->bad_first;
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

/* DIR/NAME.csv; colons: they are replaced too. */
static char *path_of(const struct csvdir *d, const char *name, bool colons)
{
    char *path = xasprintf("%s/%s.csv", d->dir, name);
    for (char *p = path + strlen(d->dir) + 1; *p; p++)
        if (*p == '/' || (colons && *p == ':'))
            *p = '_';
    return path;
}

static void add_missing(struct request *q, size_t n, const char *why)
{
    if (n && q->missing == 0)
        snprintf(q->missing_why, sizeof q->missing_why, "%s", why);
    q->missing += n;
}

/* The table is of no use: its channels are not answered, nor looked for elsewhere. */
static void add_failure(struct request *q, const struct err *err)
{
    const struct supply *s = &q->dir->fleet->supplies[q->supply];
    if (q->failed++ == 0)
        snprintf(q->why, sizeof q->why, "%s", err->msg);
    q->result.channels_answered -= q->columns;
    close_table(q);
    for (uint32_t k = 0; k < s->n_channels; k++)
        if (q->step == 0 || q->step == k + 1)
            q->found[s->first_channel + k] = true;
    q->step++;
}

/* Opens the file of a name for n channels: 0, ERR_IO, or ERR_DATA. */
static int open_file(struct request *q, const char *name, uint32_t first, uint32_t n,
                     struct csvtable_mark *mark, struct err *err)
{
    struct csvdir *d = q->dir;
    struct csvrow_file file = {.fleet = d->fleet,
                               .first = first,
                               .n = n,
                               .times = {.format = d->time_format, .timezone = d->timezone}};
    int rc = ERR_IO;
    for (int colons = 0; rc == ERR_IO && colons < 2; colons++) {
        if (colons && !strchr(name, ':'))
            break;
        struct err other;
        free(q->path);
        file.path = q->path = path_of(d, name, colons);
        rc = csvtable_open(&q->table, &file, mark, q->from, q->to, on_samples, q, colons ? &other : err);
        if (rc == ERR_DATA && colons)
            *err = other;
    }
    return rc;
}

/* Counts the channels that the opened table answers. */
static void take_table(struct request *q, uint32_t first, uint32_t n)
{
    q->columns = 0;
    q->before = q->result.samples;
    for (uint32_t c = first; c < first + n; c++) {
        if (!csvtable_has(q->table, c))
            continue;
        q->found[c] = true;
        q->columns += q->wanted[c];
    }
    q->result.channels_answered += q->columns;
}

/* The supply's own file; one that is not there leaves its channels to files of their own. */
static void open_supply(struct request *q)
{
    const struct supply *s = &q->dir->fleet->supplies[q->supply];
    struct err err;
    int rc = open_file(q, s->name, s->first_channel, s->n_channels, &q->dir->marks[q->supply], &err);
    q->columns = 0;
    if (rc == ERR_DATA) {
        add_failure(q, &err);
        return;
    }
    if (rc == 0) {
        take_table(q, s->first_channel, s->n_channels);
        snprintf(q->lacks, sizeof q->lacks, "%.200s lacks columns", q->path);
    } else {
        snprintf(q->lacks, sizeof q->lacks, "%s", err.msg);
        close_table(q);
        q->step++;
    }
}

/* A channel's own file, for one that the supply's file does not have. */
static void open_channel(struct request *q, uint32_t c)
{
    const struct csvdir *d = q->dir;
    struct err err;
    if (!q->wanted[c] || q->found[c]) {
        q->step++;
        return;
    }
    int rc = open_file(q, d->fleet->channels[c].pv, c, 1, &d->marks[d->fleet->n_supplies + c], &err);
    q->columns = 0;
    if (rc == 0) {
        take_table(q, c, 1);
        return;
    }
    if (rc == ERR_DATA) {
        add_failure(q, &err);
        return;
    }
    add_missing(q, 1, q->lacks);
    close_table(q);
    q->step++;
}

/* Opens the next file that there is. */
static void open_next(struct request *q)
{
    const struct fleet *f = q->dir->fleet;
    while (!q->table && q->supply < f->n_supplies) {
        const struct supply *s = &f->supplies[q->supply];
        if (q->step > s->n_channels || (q->step == 0 && wanted_of(q, q->supply) == 0)) {
            q->supply++;
            q->step = 0;
        } else if (q->step == 0) {
            open_supply(q);
        } else {
            open_channel(q, s->first_channel + q->step - 1);
        }
    }
}

/* A file is read to its end: says how it is written, counts what was left out. */
static void end_table(struct request *q)
{
    struct csvdir *d = q->dir;
    const char *first;
    size_t bad = csvtable_bad(q->table, &first);
    char words[CSVTABLE_WORDS_LEN];
    if (bad > 0 && q->result.samples == q->before && q->columns > 0) { /* nothing of it can be read */
        struct err err;
        err_set(&err, ERR_DATA, "%s", first);
        add_failure(q, &err);
        return;
    }
    if (bad && q->result.bad_rows == 0)
        snprintf(q->bad_first, sizeof q->bad_first, "%s", first);
    q->result.bad_rows += bad;
    if (!d->said && *csvtable_words(q->table, words)) {
        log_info(MODULE, "%s and perhaps others: %s", q->path, words);
        d->said = true;
    }
    close_table(q);
    q->step++;
}

/* A slice of a file, or the next file; false: there is no more. */
static bool read_on(struct request *q)
{
    struct err err;
    if (!q->table) {
        open_next(q);
        return q->table != NULL;
    }
    int rc = csvtable_read(q->table, &err);
    if (rc < 0)
        add_failure(q, &err);
    else if (rc == 0)
        end_table(q);
    return true;
}

static void on_idle(uv_idle_t *idle)
{
    struct request *q = idle->data;
    if (q->end_at && uv_hrtime() > q->end_at) {
        end_request(q, ERR_TIMEOUT);
        return;
    }
    struct zone zone;
    if (q->dir->timezone)
        zone_enter(&zone, q->dir->timezone);
    bool more = read_on(q);
    if (q->dir->timezone)
        zone_leave(&zone);
    if (!more)
        end_request(q, 0);
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
                          .found = xcalloc(d->fleet->n_channels, sizeof *q->found),
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
    for (size_t i = 0; i < d->fleet->n_supplies + d->fleet->n_channels; i++)
        free(d->marks[i].last);
    free(d->marks);
    free(d->dir);
    free(d->time_format);
    free(d->timezone);
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
    d->time_format = o->times.format ? xstrdup(o->times.format) : NULL;
    d->timezone = o->times.timezone ? xstrdup(o->times.timezone) : NULL;
    d->marks = xcalloc(f->n_supplies + f->n_channels, sizeof *d->marks);
    *out = &d->source;
    return 0;
}

const struct source_kind source_csvdir = {
    .name = "csv",
    .scheme = {"file:///"},
    .form = "file:///DIR",
    .open = csvdir_open,
};
