/* The delivery of webhook messages: one queue per endpoint, each message at least once and in the
 * order of its alarm, retried on a schedule, given up at its end. Rows go into the transaction of
 * the alarm change; nothing is sent before that transaction is safe. Wall-clock time throughout.
 * Not for includers outside alerts. SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_OUTBOX_H
#define PSM_ALERTS_OUTBOX_H

#include "alerts/alerts.h"

struct outbox;

/* Error: ERR_CONFIG for a malformed secret. o is read during the call only. on_idle is called once,
 * after outbox_close, when nothing is under way any more: then outbox_free. */
int outbox_open(struct outbox **out, struct pg *pg, struct http *http, const struct alerts_options *o,
                void (*on_idle)(void *arg), void *arg, struct err *err) MUSTCHECK;
/* Other endpoints from now on, see alerts_change. */
int outbox_change(struct outbox *o, const struct alerts_webhook webhooks[], size_t n,
                  struct err *err) MUSTCHECK;
/* Cancels what is under way. */
void outbox_close(struct outbox *o);
void outbox_free(struct outbox *o);

/* Adds the message's row for each endpoint to txn, and holds it in memory until outbox_release: the
 * transaction that outbox_end numbered has been taken, which need not come in order. A message that is
 * waiting already is not added again. final: the alarm has returned; older messages of this occurrence that
 * never got through then need no delivery. */
struct outbox_message {
    const char *id, *occurrence, *type, *text; /* text: of message.h */
    bool final;
};
void outbox_add(struct outbox *o, struct pg_txn *txn, const struct outbox_message *m);
/* What waits of this occurrence is not sent any more: another speaks for it. */
void outbox_withdraw(struct outbox *o, struct pg_txn *txn, const char *occurrence);
uint64_t outbox_end(struct outbox *o);
/* safe: disk or database have it; else its messages say that they are not durable (message_not_durable).
 * Again with safe when that has changed. */
void outbox_release(struct outbox *o, uint64_t transaction, bool safe);

/* Takes up messages left waiting by an earlier process, or to be sent again: rows of
 * store_waiting_sql, or (resent) of store_resent_sql. */
void outbox_restore(struct outbox *o, const struct pg_rows *rows, bool resent);

/* Sends a heartbeat to every endpoint that is not left alone now: one attempt, recorded only when it
 * fails. */
void outbox_heartbeat(struct outbox *o, const char *text);

/* Starts what is due; call several times a second. */
void outbox_tick(struct outbox *o);

/* Endpoints that do not take messages, as conditions for an alarm; out has room for every endpoint,
 * texts are borrowed until the next call. Returns their number. */
size_t outbox_troubles(struct outbox *o, struct alerts_condition out[]);

void outbox_stats(const struct outbox *o, struct alerts_stats *out);

#endif
