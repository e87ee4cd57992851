/* Alarms, messages and deliveries as rows. Not for includers outside alerts.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_STORE_H
#define PSM_ALERTS_STORE_H

#include "alerts/occurrence.h"
#include "alerts/outbox.h"

/* The row of an occurrence, inserted or updated. A row that is of another life (it began at another
 * time) or newer is left alone: a monitor that started without the database must not undo what it
 * had not read. */
void store_save(struct pg_txn *txn, const char *run, const struct occurrence *o);

/* One of its children, inserted or updated. */
void store_child(struct pg_txn *txn, const char *run, const struct occurrence *o,
                 const struct alarm_child *c);

/* What its history has beside its transitions. which: what tells it from others of its kind. */
struct store_note {
    enum alarm_event_kind kind;
    const char *which, *note;
    tstamp_ns t;
};
void store_note(struct pg_txn *txn, const char *run, const struct occurrence *o, const struct store_note *n);

/* A transition; one of each kind per occurrence, the first one stays. */
void store_transition(struct pg_txn *txn, const char *run, const struct occurrence *o,
                      const struct alarm_event *e);

/* What a start needs: everything not over, still owed, acknowledged but not taken up, or over for
 * less than STORE_REMEMBER of data time ($1 run). */
#define STORE_REMEMBER (7 * NS_PER_DAY)
extern const char store_restore_sql[];
/* One row of it; its children's array is the caller's to free, their places are not known yet. */
void store_parse(struct occurrence *o, char *const value[]);

/* A message for one endpoint, waiting. */
void store_message(struct pg_txn *txn, const char *run, const char *endpoint, const struct outbox_message *m);

/* A dead letter that is to be sent again has been taken up. */
void store_taken_up(struct pg_txn *txn, const char *message, const char *endpoint);

/* What became of a waiting message: waiting again (until `when`), or over (since then). Wall-clock
 * time. */
void store_result(struct pg_txn *txn, const char *message, const char *endpoint, const char *state,
                  int attempts, tstamp_ns when, const char *error);

/* One attempt to deliver. Of the answer the first kilobyte is kept. status 0: there was no complete
 * one. */
struct store_attempt {
    const char *message, *endpoint, *run, *occurrence, *type, *answer, *error;
    int attempt, status;
    tstamp_ns started;
    double seconds;
    bool ok;
};
void store_attempt(struct pg_txn *txn, const struct store_attempt *a);

/* Messages that wait: message, endpoint, occurrence, type, body, attempts, seconds until the next
 * one, age in seconds. $1 run, $2 when this process opened its outbox (what it wrote itself is in
 * memory). And those that are to be sent again: $1 run. */
extern const char store_waiting_sql[], store_resent_sql[];

#endif
