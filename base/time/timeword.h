/* Times as people say them, relative to a present: "now", "today", "yesterday", "-7d", "yesterday +6h",
 * beside those of base/time/timefmt.h. Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TIME_TIMEWORD_H
#define PSM_BASE_TIME_TIMEWORD_H

#include "base/err.h"
#include "base/types.h"

#include <stdbool.h>

/* Whether text is meant relative to a present: it begins with a sign or is not a date. */
bool timeword_is_relative(const char *text);

/* Reads what timefmt_parse reads, or now, today, yesterday, tomorrow (midnights, UTC), each perhaps with a
 * sign and a duration behind, or these alone: from now. Error: ERR_DATA naming the text and what was
 * expected. */
int timeword_parse(tstamp_ns *out, const char *text, tstamp_ns now, struct err *err) MUSTCHECK;

#endif
