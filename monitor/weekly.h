/* The weekly list of a run: knows when it is due, issues it, starts the next week. An outlet (outlets.h).
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_WEEKLY_H
#define PSM_MONITOR_WEEKLY_H

#include "monitor/outlets.h"

/* A live run takes up the week that its last stored tick belongs to. Blocking. */
int weekly_open(struct session *s, void **self, struct err *err) MUSTCHECK;
void weekly_tick(void *self, const struct moment *m);
void weekly_change(void *self, const struct world *before, const struct world *now);
void weekly_drain(void *self);
void weekly_close(void *self);

/* The newest list in its forms; NULL: none yet. Borrowed until the loop runs on. */
struct weekly;
const struct report_shown *weekly_shown(const struct weekly *w);

#endif
