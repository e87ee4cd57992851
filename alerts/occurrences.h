/* The occurrences of a run in memory: findings become occurrences, occurrences live by the state
 * machine, what happens becomes rows and messages. Each call returns what has to be written, as one
 * transaction (possibly empty; caller frees or submits it) that holds the messages' rows too. Not
 * for includers outside alerts. SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_OCCURRENCES_H
#define PSM_ALERTS_OCCURRENCES_H

#include "alerts/alarm.h"
#include "alerts/outbox.h"

struct occurrences;

/* Borrows outbox, and the fleet of o. */
struct occurrences *occurrences_new(const struct alerts_options *o, const struct alarm_rule *rule,
                                    struct outbox *outbox);
void occurrences_free(struct occurrences *s);
/* Another fleet from now on, borrowed; NULL: none. */
void occurrences_regroup(struct occurrences *s, const struct fleet *fleet);

/* One tick, see alerts_step and alerts_step_blind. */
struct pg_txn *occurrences_step(struct occurrences *s, tstamp_ns now, const struct finding *findings,
                                size_t n, const struct alerts_condition *conditions, size_t n_conditions,
                                bool quiet);
struct pg_txn *occurrences_step_blind(struct occurrences *s, tstamp_ns now,
                                      const struct alerts_condition *conditions, size_t n);

/* Acknowledgements that wait: rows of occurrence, by, note, at (microseconds since 1970). The
 * command has changed the alarm's row already; here it becomes the state in memory and a message.
 */
struct pg_txn *occurrences_acknowledge(struct occurrences *s, const struct pg_rows *rows);

/* What the database knew: rows of store_restore_sql. At a normal start there are none; when the
 * database was away then, what it knew is merged and wins. */
struct pg_txn *occurrences_restore(struct occurrences *s, const struct pg_rows *rows);

/* As alerts_active; changes with each of the calls above. */
size_t occurrences_views(const struct occurrences *s, const struct alarm_view **out);
unsigned long occurrences_transitions(const struct occurrences *s);

#endif
