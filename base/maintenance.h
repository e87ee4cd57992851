/* Maintenance periods from maintenance.csv: never learned from, never scored; the work is shown on
 * later findings of the supply.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_MAINTENANCE_H
#define PSM_BASE_MAINTENANCE_H

#include "base/err.h"
#include "base/fleet.h"
#include "base/timefmt.h"
#include "base/types.h"

#include <stdbool.h>

#define MAINTENANCE_OPEN INT64_MAX /* end of a period that has none yet */

struct maintenance_period {
    char *subject;        /* supply, sector or "*", as written */
    int32_t supply;       /* index; -1: not one supply */
    int32_t sector;       /* index; -1: not a sector (both -1: the whole fleet) */
    tstamp_ns start, end; /* [start, end); end MAINTENANCE_OPEN */
    char *work;
    unsigned line;
};

struct maintenance {
    struct maintenance_period *period; /* ordered by start */
    size_t n;
};

/* Reads maintenance.csv (supply,start,end,work); path NULL gives an empty list. Errors (ERR_CONFIG)
 * name file, line and column: unknown supply, bad time, end not after start. */
int maintenance_load(struct maintenance **out, const char *path, const struct fleet *f,
                     struct err *err) MUSTCHECK;
void maintenance_free(struct maintenance *m);

/* The period that covers a supply at t; NULL: none. O(periods). */
const struct maintenance_period *maintenance_at(const struct maintenance *m, const struct fleet *f,
                                                uint32_t supply, tstamp_ns t);

/* For every supply, true in out[n_supplies] when it is in maintenance at t. One pass over the list. */
void maintenance_mask(const struct maintenance *m, const struct fleet *f, tstamp_ns t, bool out[]);

/* The latest period of a supply that began before t; NULL: none. */
const struct maintenance_period *maintenance_last(const struct maintenance *m, const struct fleet *f,
                                                  uint32_t supply, tstamp_ns t);

/* Whether two lists say different things of [from, to): subject, start or end of a period that reaches into
 * it. */
bool maintenance_differs(const struct maintenance *a, const struct maintenance *b, tstamp_ns from,
                         tstamp_ns to);

#endif
