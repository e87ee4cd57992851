/* A week read back from the history: for lists of weeks that were not issued, and for a monitor that starts
 * in the middle of one. Blocking. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_REPORT_WEEK_H
#define PSM_MONITOR_REPORT_WEEK_H

#include "base/err.h"
#include "base/fleet.h"
#include "monitor/rank.h"

/* Adds the stored hours of [from, to) of a run to w, and tells it the list issued last before `from`. hours
 * (may be NULL) receives supply-hours per reason. Supplies that are not in the fleet are passed over. */
int report_week_load(struct rank_week *w, const char *conninfo, const struct fleet *f, const char *run,
                     tstamp_ns from, tstamp_ns to, uint64_t hours[REASON_COUNT], struct err *err) MUSTCHECK;

#endif
