/* Time zones by their IANA names, as the C library knows them. Between zone_enter and zone_leave the zone is
 * that of the process (TZ): from one thread only, and not for long. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TIME_ZONE_H
#define PSM_BASE_TIME_ZONE_H

#include "base/err.h"
#include "base/types.h"

/* Whether this system knows the zone ("UTC" always). Error: ERR_CONFIG, which says so when the system has no
 * zones at all. */
int zone_check(const char *name, struct err *err) MUSTCHECK;

struct zone {
    char *before; /* TZ as it was; NULL: unset */
};
void zone_enter(struct zone *z, const char *name); /* "" or NULL: UTC */
void zone_leave(struct zone *z);

/* In the zone entered: the instant of a local day (days since 1970-01-01) and a second of it, where the
 * clocks go forward over it that far after midnight; and back. */
tstamp_ns zone_instant(int64_t day, int64_t second);
void zone_local(tstamp_ns t, int64_t *day, int64_t *second);

#endif
