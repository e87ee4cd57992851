/* From findings to alarms to webhooks. An alarm occurrence per finding, with on-delay and off-delay
 * (ISA-18.2 words); every change of state and its outbox rows are one transaction; webhooks are sent by
 * libcurl on the loop, at least once, under an id that never changes. alerts/README.md has the state table
 * and the guarantees. SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_ALERTS_H
#define PSM_ALERTS_ALERTS_H

#include "base/finding.h"
#include "base/http.h"
#include "base/pg.h"

struct alerts;

/* Migrations of component "alerts" (blocking): alarms, alarm_transitions, outbox, deliveries, with comments. */
int alerts_migrate(const char *conninfo, struct err *err) MUSTCHECK;

struct alerts_webhook {
    const char *url, *secret; /* secret NULL: unsigned */
};
struct alerts_options {
    const char *run;                 /* RUN_LIVE; a replay keeps alarms but sends nothing */
    bool send;                       /* false: no outbox rows (replay) */
    const struct alerts_webhook *webhooks;
    size_t n_webhooks;
    tstamp_ns on_delay, off_delay;   /* data time */
    tstamp_ns heartbeat;             /* wall time; 0: none */
    const char *source;              /* who we are, in the payload: configuration hash, ring name … */
};

/* Opens; restores occurrences and undelivered outbox rows (blocking read at start; an unreachable database
 * is tolerated: state is then restored when it comes up). Borrows pg and http. */
int alerts_open(struct alerts **out, uv_loop_t *loop, struct pg *pg, const char *conninfo,
                struct http *http, const struct alerts_options *o, struct err *err) MUSTCHECK;
void alerts_close(struct alerts *a);

/* One tick at data time now: every open or just closed finding (struct tick's list), and psmon's own
 * conditions (archiver away, no model, too few scored …), each a name and a text while it holds. quiet: the
 * tick belongs to a hole being filled: changes are kept but nothing is sent until the first tick that is not
 * quiet, which then notifies only what is still open. */
struct alerts_condition {
    const char *name, *text;
};
void alerts_step(struct alerts *a, tstamp_ns now, const struct finding *findings, size_t n,
                 const struct alerts_condition *conditions, size_t n_conditions, bool quiet);

/* What is not NORMAL, for the page and /api; borrowed until the next call into alerts. */
struct alarm_view {
    const char *occurrence, *subject, *class, *state, *text, *acknowledged_by, *note;
    tstamp_ns raised, returned; /* 0: not yet */
    double chance;
    bool acknowledged;
};
size_t alerts_active(const struct alerts *a, const struct alarm_view **out);

/* Counters for /metrics. */
struct alerts_stats {
    unsigned long transitions, attempts_ok, attempts_failed, dead_letters;
    size_t outbox_depth;
    double outbox_oldest_s;
};
void alerts_stats(const struct alerts *a, struct alerts_stats *out);

#endif
