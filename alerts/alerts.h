/* From findings to alarms to webhooks. An alarm occurrence per event: findings that belong together are its
 * children, never alarms of their own. On-delay and off-delay (ISA-18.2 words); every change of state and its
 * outbox rows are one transaction; webhooks are sent by libcurl on the loop, at least once, under an id that
 * never changes. alerts/README.md has the state table and the guarantees. SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_ALERTS_H
#define PSM_ALERTS_ALERTS_H

#include "base/finding.h"
#include "base/net/http.h"
#include "base/pg/pg.h"
#include "base/secret.h"

struct alerts;

/* Migrations of component "alerts" (blocking): alarms, alarm_transitions, outbox, deliveries, with
 * comments. */
int alerts_migrate(const char *conninfo, struct err *err) MUSTCHECK;

struct alerts_webhook {
    const char *name;          /* for people and tables; NULL: one is made of the URL, without its secrets */
    struct secret url, secret; /* no secret: unsigned. Borrowed */
    struct secret old_secret;  /* signs besides, while receivers change over */
    const char *shape;         /* of shapes/shape.h; NULL: the default */
};
/* What the i-th is called in tables, logs and alarms: its name, else scheme and host of its URL and a number
 * made of the rest, for with chat receivers the path is the secret. Caller frees. */
char *alerts_endpoint_name(const struct alerts_webhook webhooks[], size_t i);

struct alerts_options {
    const char *run;           /* RUN_LIVE; a replay keeps alarms but sends nothing */
    bool send;                 /* false: no outbox rows (replay) */
    const struct fleet *fleet; /* which supply is in which group; borrowed until alerts_change names another.
                                  NULL: findings of different subjects are never one event */
    const struct alerts_webhook *webhooks;
    size_t n_webhooks;
    tstamp_ns on_delay, off_delay; /* data time */
    tstamp_ns heartbeat;           /* wall time; 0: none */
    const char *source;            /* who we are, in the payload: configuration hash, ring name … */
    /* For tests; 0: what Standard Webhooks says. */
    const double *retry_s; /* [n_retry] seconds before attempt 1, 2, … */
    size_t n_retry;
    double timeout_s; /* of one attempt */
    double probe_s;   /* between attempts at an endpoint that is unwell */
};

/* Opens; restores occurrences and undelivered outbox rows, running the loop meanwhile (for at most
 * 30 s): the read goes through pg, after what its spool still holds, so that nothing is restored
 * from the day before. An unreachable database is tolerated: state is then restored, and merged,
 * when it comes up. Borrows pg and http, which must outlive alerts_close; webhooks and other
 * options are copied. ERR_CONFIG: a secret that is not whsec_<base64>. */
int alerts_open(struct alerts **out, uv_loop_t *loop, struct pg *pg, const char *conninfo, struct http *http,
                const struct alerts_options *o, struct err *err) MUSTCHECK;
/* Other webhooks, from now on (SIGHUP): those that stay keep what waits for them, those that are new begin,
 * what waits for those that are gone is given up, and kept as dead letters. Of o the webhooks and the fleet
 * are read, the latter also where the former are refused. Error: ERR_CONFIG, nothing has changed. */
int alerts_change(struct alerts *a, const struct alerts_options *o, struct err *err) MUSTCHECK;

/* Ends at once; memory goes when the loop has run what was under way (pg_close runs it). NULL is
 * allowed. */
void alerts_close(struct alerts *a);

/* One tick at data time now: every open or just closed finding (struct tick's list), and psmon's
 * own conditions (archiver away, no model, too few scored …), each a name and a text while it
 * holds. quiet: the tick belongs to a hole being filled: changes are kept but nothing is sent until
 * the first tick that is not quiet, which then notifies only what is still open. */
struct alerts_condition {
    const char *name, *text;
};
void alerts_step(struct alerts *a, tstamp_ns now, const struct finding *findings, size_t n,
                 const struct alerts_condition *conditions, size_t n_conditions, bool quiet);

/* Time passes without a tick (no data at all): nothing is known of findings, so their alarms stay
 * as they are, neither raised nor returned; psmon's own conditions live on. */
void alerts_step_blind(struct alerts *a, tstamp_ns now, const struct alerts_condition *conditions, size_t n);

/* What is not NORMAL, oldest first, for the page and /api; borrowed until the loop runs on. State
 * PENDING is the on-delay: not an alarm yet (raised 0). */
struct alarm_child;
struct alarm_view {
    const char *occurrence, *subject, *class, *state, *text, *acknowledged_by, *note;
    const char *flood;          /* the flood's alarm that speaks for it; "": none */
    tstamp_ns raised, returned; /* 0: not yet */
    double chance;
    bool acknowledged;
    uint32_t supplies;         /* in its widest finding */
    size_t n_findings, n_open; /* its children, and those of them that hold; none of psmon's own */
    const struct alarm_child *children;
};
size_t alerts_active(const struct alerts *a, const struct alarm_view **out);
/* Its i-th finding, in the order in which they came; closed: since when it does not hold. */
const struct finding *alerts_child(const struct alarm_view *v, size_t i);

/* Counters for /metrics. */
struct alerts_stats {
    unsigned long transitions, attempts_ok, attempts_failed, dead_letters;
    size_t outbox_depth;
    double outbox_oldest_s;
};
void alerts_stats(const struct alerts *a, struct alerts_stats *out);

/* ---- for commands, blocking ---- */

/* Open alarms of a run (UNACK, ACK, RTN_UNACK), oldest first; columns as in view open_alarms.
 * Caller frees. */
int alerts_list(const char *conninfo, const char *run, struct pg_rows **rows, struct err *err) MUSTCHECK;

/* The findings of the open alarms: occurrence, subject, class, detector, joined_at, closed_at, reason; in the
 * order of alerts_list, and in which they came. Caller frees. */
int alerts_children(const char *conninfo, const char *run, struct pg_rows **rows, struct err *err) MUSTCHECK;

/* What became of one alarm: at, event, by_whom, note; and its findings, as of alerts_children. given: its
 * identifier, or a beginning of it that fits no other of the run. Error: ERR_DATA when there is none, or
 * more. Caller frees. */
int alerts_story(const char *conninfo, const char *run, const char *given, struct pg_rows **events,
                 struct pg_rows **children, struct err *err) MUSTCHECK;

/* Acknowledges one occurrence at data time `at`. State, transition and request are one statement; a running
 * monitor takes the request up within 2 s, else the next one does, and sends the webhooks. id[ALERTS_ID_LEN]
 * receives the whole identifier. Error: ERR_DATA when there is no such open alarm, or it is acknowledged
 * already; ERR_CONFIG when name or note are too long. */
struct alerts_ack {
    const char *run;
    const char *occurrence; /* its identifier, or a beginning of it that fits no other open one */
    const char *by, *note;
    tstamp_ns at;
};
#define ALERTS_ID_LEN 56
int alerts_acknowledge(const char *conninfo, const struct alerts_ack *ack, char id[ALERTS_ID_LEN],
                       struct err *err) MUSTCHECK;

/* Puts dead letters of a run back into the outbox: one message (its webhook-id) or, id NULL, all that were
 * given up since (wall clock; 0: ever). *n: how many. A running monitor takes them up within 2 s, else the
 * next one does. Those of endpoints that are not configured any more are given up again. */
int alerts_resend(const char *conninfo, const char *run, const char *id, tstamp_ns since, int *n,
                  struct err *err) MUSTCHECK;

/* Sends one message of type psmon.alarm.test to every webhook of o (webhooks and source are read), all at
 * once, without retries, and calls each with what came back, in the order of the answers. *n_failed: how many
 * did not answer 2xx. */
struct http_result;
int alerts_test(const struct alerts_options *o, tstamp_ns now,
                void (*each)(void *arg, const char *endpoint, const struct http_result *r, bool ok),
                void *arg, size_t *n_failed, struct err *err) MUSTCHECK;

/* Removes what is kept of a run that nobody works on: alarms, their changes and acknowledgements, messages.
 * Blocking. */
int alerts_remove_run(const char *conninfo, const char *run, struct err *err) MUSTCHECK;

#endif
