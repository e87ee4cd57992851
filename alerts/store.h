/* Occurrences and their transitions as rows. Not for includers outside alerts. SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_STORE_H
#define PSM_ALERTS_STORE_H

#include "alerts/occurrence.h"

/* The row of an occurrence, inserted or updated. A row that is of another life (it began at another time) or newer is
 * left alone: a monitor that started without the database must not undo what it had not read. */
void store_save(struct pg_txn *txn, const char *run, const struct occurrence *o);

/* A transition; one of each kind per occurrence, the first one stays. */
void store_transition(struct pg_txn *txn, const char *run, const struct occurrence *o,
                      const struct alarm_event *e);

/* What a start needs: everything not over, still owed, acknowledged but not taken up, or over for less than
 * STORE_REMEMBER of data time ($1 run). */
#define STORE_REMEMBER (7 * NS_PER_DAY)
extern const char store_restore_sql[];
/* One row of it. */
void store_parse(struct occurrence *o, char *const value[]);

#endif
