/* What the appliance's operations share: the open source, and the life of one operation with its
 * deadline. Internal to archive/appliance.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_APPLIANCE_OPERATION_H
#define PSM_ARCHIVE_APPLIANCE_OPERATION_H

#include "archive/source.h"
#include "base/net/http.h"

#define MAX_CONNECTIONS 16

enum operation_kind { OPERATION_LATEST, OPERATION_RANGE, OPERATION_CONNECTIONS, OPERATION_KINDS };

/* A request for many channels at once: the list never changes. */
struct batch {
    uint32_t first, n;
    char *names; /* JSON list of PVs */
    size_t len;
};

struct appliance {
    struct source source;
    uv_loop_t *loop;
    const struct fleet *fleet;
    char *retrieval, *management; /* without a slash at the end; management NULL: not known */
    bool located;                 /* that is where retrieval is: it was named, or something worked there */
    bool closing;
    struct http_request *locating; /* under way; NULL: none */
    int connections;
    tstamp_ns (*now)(void *arg);
    void *now_arg;
    double retry_s;           /* wait before the first repetition of a range request; doubles */
    struct http *live, *bulk; /* apart, so that a back-fill never delays a poll */
    struct batch *batches;
    size_t n_batches;
    struct operation *first; /* all under way */
    struct {
        bool failing;
        unsigned long failures; /* in a row */
    } health[OPERATION_KINDS];
    size_t most_absent; /* channels absent from a live answer, as far as logged */
    /* [n_channels] such a channel is read over getData.raw, but not before this instant: the last time it
     * brought nothing */
    tstamp_ns *read_after;
    size_t unknown;     /* channels that a range found not archived, as far as logged */
    size_t not_numbers; /* channels that a range found to hold text or arrays, as far as logged */
};

/* First member of each operation's own struct. */
struct operation {
    struct source_request request; /* first */
    struct appliance *a;
    struct operation *prev, *next;
    enum operation_kind kind;
    uv_timer_t timer; /* the deadline */
    int handles;      /* loop handles to be closed before this is freed */
    bool ended;
    bool waiting;  /* to be started, until it is known where */
    bool part;     /* of another operation, which says what is to be said of it */
    int failed;    /* requests, or channels of a range, that failed for good */
    char why[384]; /* the first failure */
    struct source_result result;
    void (*start)(struct operation *op); /* sends its first requests */
    void (*stop)(struct operation *op);  /* cancels its exchanges and timers */
    /* calls the caller's done */
    void (*report)(struct operation *op, const struct source_result *r);
    void (*discard)(struct operation *op); /* frees it */
};

/* Puts an operation under way; at the deadline (deadline_s <= 0: none) it ends with ERR_TIMEOUT.
 * Takes op, whose stop, report and discard are set. */
void operation_begin(struct operation *op, struct appliance *a, enum operation_kind kind, double deadline_s);

/* Starts it, now or when it is known where retrieval is (locate.c). */
void appliance_start(struct operation *op);

/* A URL without slashes at its end; caller frees. */
char *appliance_base(const char *url);

/* Ends it: cancels, logs, reports once, frees later. code 0: ERR_NET when failures were noted, and
 * `of` says of how many requests (0: what was noted says all). Only `ended` may be read afterwards, until the
 * loop runs on. */
void operation_end(struct operation *op, int code, size_t of);

/* Ends it successfully from the loop, for one that has nothing to ask. */
void operation_end_soon(struct operation *op);

/* Notes a failure (the first one's text is kept). */
void operation_failed(struct operation *op, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The source refuses whatever it is asked: the operation ends with that as its one failure, or with those
 * noted `of` so many. */
void operation_refused(struct operation *op, const char *why, size_t of);

/* A timer of op's own, to be closed by operation_close_timer from stop. */
void operation_timer(struct operation *op, uv_timer_t *timer);
void operation_close_timer(struct operation *op, uv_timer_t *timer);

/* Parts of appliance_latest. The newest sample of every channel, whenever it was taken: */
struct operation *appliance_newest(struct appliance *a, double deadline_s, source_samples *on,
                                   source_done *done, void *arg);
/* appliance_range over connections of that client. */
struct operation *appliance_fetch(struct appliance *a, struct http *via, const uint32_t channels[], size_t n,
                                  tstamp_ns from, tstamp_ns to, double deadline_s, source_samples *on,
                                  source_done *done, void *arg);

extern const struct source_kind source_appliance;

/* The operations of source_ops. */
struct source_request *appliance_latest(struct source *s, tstamp_ns at, double deadline_s, source_samples *on,
                                        source_done *done, void *arg);
struct source_request *appliance_range(struct source *s, const uint32_t channels[], size_t n, tstamp_ns from,
                                       tstamp_ns to, double deadline_s, source_samples *on, source_done *done,
                                       void *arg);
struct source_request *appliance_describe(struct source *s, const uint32_t channels[], size_t n,
                                          tstamp_ns from, tstamp_ns to, bool only_first, source_described *on,
                                          source_done *done, void *arg);
struct source_request *appliance_connections(struct source *s, double deadline_s, source_connected *on,
                                             void *arg);

#endif
