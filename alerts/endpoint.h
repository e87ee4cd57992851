/* One endpoint of the outbox: its queue, what is under way, what its answers mean. Wall-clock time
 * throughout. Not for includers outside alerts. SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_ENDPOINT_H
#define PSM_ALERTS_ENDPOINT_H

#include "alerts/outbox.h"
#include "alerts/webhook.h"

/* What all endpoints share; the outbox's. */
struct delivery {
    struct pg *pg;
    struct http *http;
    char *run;
    double *retry_s; /* seconds before attempt 1, 2, … */
    int n_retry;
    double timeout_s, probe_s;
    bool closing;               /* answers are of no interest any more */
    void (*on_idle)(void *arg); /* an attempt has ended while closing */
    void *arg;
    unsigned long ok, failed, dead;
};

struct endpoint;
#define ENDPOINT_UNKNOWN "the endpoint is not configured any more"

/* Borrows d. name is what tables and logs call it. Error: ERR_CONFIG for secrets and shapes that are none. */
int endpoint_new(struct endpoint **out, struct delivery *d, const char *name, const struct alerts_webhook *w,
                 struct err *err) MUSTCHECK;
/* Whether secrets and shape are ones. */
int endpoint_check(const char *name, const struct alerts_webhook *w, struct err *err) MUSTCHECK;
/* The keys of checked secrets. */
void endpoint_keys(struct webhook_key key[WEBHOOK_KEYS], const struct alerts_webhook *w);
/* Another URL, other secrets, another shape, all checked: what waits goes there from now on. */
void endpoint_change(struct endpoint *e, const struct alerts_webhook *w);
/* It is not to get anything any more: what waits for it becomes dead letters. Cancels what is under way. */
void endpoint_retire(struct endpoint *e);
/* Cancels what is under way; rows stay as they are. */
void endpoint_cancel(struct endpoint *e);
void endpoint_free(struct endpoint *e);

const char *endpoint_name(const struct endpoint *e);
bool endpoint_idle(const struct endpoint *e);

/* Queues a message of a transaction that is not safe yet; false when it waits already. */
bool endpoint_add(struct endpoint *e, const struct outbox_message *m, uint64_t transaction);
/* Queues a message of an earlier process or one that is sent again: attempts so far, seconds until the next,
 * age in seconds. False when it waits already. */
bool endpoint_restore(struct endpoint *e, const struct outbox_message *m, int attempts, double next_s,
                      double age_s);
/* As outbox_withdraw. */
void endpoint_withdraw(struct endpoint *e, struct pg_txn *txn, const char *occurrence);
/* As outbox_release. */
void endpoint_release(struct endpoint *e, uint64_t transaction, bool safe);

void endpoint_beat(struct endpoint *e, const char *text);
/* Starts what is due. */
void endpoint_pump(struct endpoint *e);

/* Text of what is wrong with it, and a name of that condition, borrowed until the next call; NULL: nothing
 * that people should hear of. */
const char *endpoint_trouble(struct endpoint *e, const char **name);
/* Messages waiting; *oldest is lowered to the time of the oldest. */
size_t endpoint_depth(const struct endpoint *e, tstamp_ns *oldest);

/* What the log hears of a message that is given up, and the transaction that keeps it. */
struct given_up {
    const char *endpoint, *message, *occurrence, *type, *state, *why;
    int attempts;
};
void endpoint_give_up(struct delivery *d, struct pg_txn *txn, const struct given_up *g);
/* Submits what became of messages; takes txn. */
void endpoint_submit(const struct delivery *d, struct pg_txn *txn);

#endif
