/* Where readings come from: an Archiver Appliance, a folder of CSV, or the simulated ring in
 * process. Each kind that a URL can name is one file and one line of the table in sources.c. Requests are
 * asynchronous on the loop; every request ends in exactly one on_done, which never comes from inside the call
 * that makes the request. SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SOURCE_H
#define PSM_ARCHIVE_SOURCE_H

#include "base/err.h"
#include "base/fleet.h"
#include "base/table/timecell.h"
#include "base/types.h"

#include <stdbool.h>
#include <uv.h>

struct source;

struct source_result {
    int code;          /* 0, or ERR_*: not every request was answered. A channel that the source
                          says it does not have is no error: channels_answered is smaller */
    const char *error; /* one line for people; "" when code is 0 */
    size_t channels_answered;
    size_t samples;
    size_t bytes;
    size_t bad_rows;       /* of files: rows that were left out, in whole or in part, the rest being used */
    const char *bad_first; /* what and where of the first; "" or NULL when there are none */
    size_t valueless;      /* of `latest`: channels that its live answer names without a value */
};

/* Samples of one channel, in time order, within the request's limits, borrowed during the call. May
 * be called several times per channel; channels come in any order. */
typedef void source_samples(void *arg, uint32_t channel, const struct sample *s, size_t n);
typedef void source_done(void *arg, const struct source_result *r);
typedef void source_connected(void *arg, const int8_t connected[], const struct source_result *r);

/* What a source can tell of a channel beside its samples. */
struct source_description {
    bool archived;     /* the source knows the channel */
    const char *error; /* "" or why nothing could be had of it */
    char type[32];     /* of the values, for people: "double", "text", "array of 8 double"; "": not told */
    char unit[32];     /* as archived; "": not told */
    uint64_t samples;  /* in the span asked for */
    struct sample first, last; /* in it; last: else the newest before it; t 0: none */
};
typedef void source_described(void *arg, uint32_t channel, const struct source_description *d);

/* A request under way, for source_cancel. Gone when its on_done is called. First member of every
 * source's own. */
struct source_request {
    struct source *source;
};

struct source_ops {
    const char *name;
    /* The reading of every channel of the fleet at an instant that is not long past: the newest
     * sample with t <= at that the archive holds now, the one that a range across `at` has there.
     * Within deadline_s; on_samples with n = 1, and SAMPLE_RECONNECTED is not told. Channels without
     * answer are absent. */
    struct source_request *(*latest)(struct source *s, tstamp_ns at, double deadline_s, source_samples *on,
                                     source_done *done, void *arg);
    /* All samples of the channels with from <= t < to, and before them the newest sample older than
     * from, when there is one; last, where the source knows it, a SAMPLE_LOST. deadline_s <= 0: as
     * long as it makes progress. */
    struct source_request *(*range)(struct source *s, const uint32_t channels[], size_t n, tstamp_ns from,
                                    tstamp_ns to, double deadline_s, source_samples *on, source_done *done,
                                    void *arg);
    /* Whether the archiver is connected to each channel: connected[n_channels], 1 yes, 0 no, -1 not
     * known; only to be read when r->code is 0. NULL when the source cannot tell. */
    struct source_request *(*connections)(struct source *s, double deadline_s, source_connected *on,
                                          void *arg);
    /* As range, but each channel is described, once, in place of its samples, those too that the source does
     * not have. only_first: no more is read than up to the first sample of the span. NULL when the source
     * cannot. */
    struct source_request *(*describe)(struct source *s, const uint32_t channels[], size_t n, tstamp_ns from,
                                       tstamp_ns to, bool only_first, source_described *on, source_done *done,
                                       void *arg);
    /* Ends a request: its on_done is called with ERR_CANCELLED before this returns (start nothing
     * from there), and nothing of it after that; what it had open is closed or serves the next
     * request. Not to be called from inside a source_samples. */
    void (*cancel)(struct source_request *r);
    /* Cancels what is under way and frees. Not to be called from inside a source_samples. */
    void (*close)(struct source *s);
};

/* First member of every source. */
struct source {
    const struct source_ops *ops;
};

struct source_options {
    const char *retrieval_url;  /* http://host:17665/retrieval, or file:///DIR */
    const char *management_url; /* may be NULL */
    bool locate; /* retrieval_url was not named but made of one address: the source may know better where it
                    is */
    int connections;             /* parallel connections to the appliance, 1..16; 0: 4 */
    int batch;                   /* PVs per live request; 0: 2000 */
    struct timecell times;       /* in files: format (timecell_check) and zone (zone_check), or NULL */
    tstamp_ns (*now)(void *arg); /* time to send as `at`; the monitor's clock */
    void *now_arg;
};

/* A kind of source: one file, and its line in the table of sources.c, which finds it by the name
 * source_NAME. Whoever adds one edits nothing else. */
struct source_kind {
    const char *name;
    const char *scheme[2]; /* what its URLs begin with; the second may be NULL */
    const char *form;      /* of its URLs, for people: "file:///DIR" */
    /* Where its two services live under the one URL that a configuration gives, as "/retrieval"; NULL: at the
     * URL itself; there is no management. */
    const char *retrieval, *management;
    /* As source_open. Nothing is asked of anybody yet: who is away is no error. Errors: ERR_CONFIG. */
    int (*open)(struct source **out, uv_loop_t *loop, const struct fleet *f, const struct source_options *o,
                struct err *err) MUSTCHECK;
};

/* The kind that reads such a URL; NULL: none does. */
const struct source_kind *source_kind_of(const char *url);

/* "http://HOST:PORT or file:///DIR": all forms, for a message. */
#define SOURCE_FORMS_LEN 256
char *source_forms(char out[SOURCE_FORMS_LEN]);

/* Opens the source that the URL's scheme names. Borrows the fleet and copies the options. */
int source_open(struct source **out, uv_loop_t *loop, const struct fleet *f, const struct source_options *o,
                struct err *err) MUSTCHECK;
void source_close(struct source *s); /* NULL is fine */

/* See source_ops.cancel; NULL is fine. */
void source_cancel(struct source_request *r);

#endif
