/* The occurrences of a run in memory: findings become occurrences, occurrences live by the state
 * machine, what happens becomes rows and messages. Each call returns what has to be written, as one
 * transaction (possibly empty; caller frees or submits it) that holds the messages' rows too. Not
 * for includers outside alerts. SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_BOOK_H
#define PSM_ALERTS_BOOK_H

#include "alerts/alarm.h"
#include "alerts/outbox.h"

struct book;

/* Borrows outbox. */
struct book *book_new(const struct alerts_options *o, const struct alarm_rule *rule, struct outbox *outbox);
void book_free(struct book *b);

/* One tick, see alerts_step and alerts_step_blind. */
struct pg_txn *book_step(struct book *b, tstamp_ns now, const struct finding *findings, size_t n,
                         const struct alerts_condition *conditions, size_t n_conditions, bool quiet);
struct pg_txn *book_step_blind(struct book *b, tstamp_ns now, const struct alerts_condition *conditions,
                               size_t n);

/* Acknowledgements that wait: rows of occurrence, by, note, at (microseconds since 1970). The
 * command has changed the alarm's row already; here it becomes the state in memory and a message.
 */
struct pg_txn *book_acknowledge(struct book *b, const struct pg_rows *rows);

/* What the database knew: rows of store_restore_sql. At a normal start the book is empty; when the
 * database was away then, what it knew is merged and wins. */
struct pg_txn *book_restore(struct book *b, const struct pg_rows *rows);

/* As alerts_active; changes with each of the calls above. */
size_t book_views(const struct book *b, const struct alarm_view **out);
unsigned long book_transitions(const struct book *b);

#endif
