/* Maintenance periods, from maintenance.csv and from what was imported: never learned from, never scored; the
 * work is shown on later findings of the supply. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_MAINTENANCE_H
#define PSM_BASE_MAINTENANCE_H

#include "base/err.h"
#include "base/fleet.h"
#include "base/table/timecell.h"
#include "base/time/timefmt.h"
#include "base/types.h"

#include <stdbool.h>

#define MAINTENANCE_OPEN INT64_MAX /* end of a period that has none yet */

enum maintenance_origin { MAINTENANCE_FILE, MAINTENANCE_IMPORTED };

/* What somebody wrote: a period, or the first of those that repeat. */
struct maintenance_entry {
    char *subject;        /* a supply, a sector, water:X, rack:X, feeder:X, or "*": the whole fleet */
    tstamp_ns start, end; /* [start, end); end MAINTENANCE_OPEN, never of one that repeats */
    char *work;
    char *repeat;    /* "": once; "daily", "weekly", "3 days", "2 weeks" */
    char *timezone;  /* IANA name: in whose days it repeats, and of times that name no zone; "": UTC */
    tstamp_ns until; /* of one that repeats: no period begins at or after it; MAINTENANCE_OPEN */
    enum maintenance_origin origin;
};

/* One time that work is done. */
struct maintenance_period {
    const struct maintenance_entry *entry;
    int32_t supply;             /* index; -1: not one supply */
    enum group_kind group_kind; /* of group */
    int32_t group;              /* index; -1: not a group (both -1: the whole fleet) */
    tstamp_ns start, end;       /* [start, end); end MAINTENANCE_OPEN */
};

struct maintenance {
    struct maintenance_entry **entry; /* as written */
    size_t n_entries, entries_cap;
    struct maintenance_period *period; /* ordered by start */
    size_t n, cap;
};

/* Reads maintenance.csv (supply,start,end,work[,repeat,timezone,until]); path NULL gives an empty list.
 * Errors (ERR_CONFIG) name file, line and column: unknown supply, bad time, end not after start. */
int maintenance_load(struct maintenance **out, const char *path, const struct fleet *f,
                     struct err *err) MUSTCHECK;
/* The same; times: how they are to be read where a row names no zone of its own. */
int maintenance_read(struct maintenance **out, const char *path, const struct timecell *times,
                     const struct fleet *f, struct err *err) MUSTCHECK;
void maintenance_free(struct maintenance *m);

/* An empty list, and one entry more, copied; maintenance_order once after the last. Error: ERR_CONFIG, which
 * names the column. A period that repeats is laid out until 2070. */
struct maintenance *maintenance_new(void);
int maintenance_add(struct maintenance *m, const struct fleet *f, const struct maintenance_entry *e,
                    struct err *err) MUSTCHECK;
void maintenance_order(struct maintenance *m);

/* Another list: the entries of `a` that came from the file, and those of `b` that were imported. */
struct maintenance *maintenance_join(const struct maintenance *a, const struct maintenance *b,
                                     const struct fleet *f);

/* Of the entries, whatever their order; 0 of an empty list. */
uint64_t maintenance_hash(const struct maintenance *m);

bool maintenance_concerns(const struct maintenance_period *p, const struct fleet *f, uint32_t supply);

/* The period that covers a supply at t; NULL: none. O(periods). */
const struct maintenance_period *maintenance_at(const struct maintenance *m, const struct fleet *f,
                                                uint32_t supply, tstamp_ns t);

/* For every supply, true in out[n_supplies] when it is in maintenance at t. One pass over the list. */
void maintenance_mask(const struct maintenance *m, const struct fleet *f, tstamp_ns t, bool out[]);

/* The latest period of a supply that began before t; NULL: none. */
const struct maintenance_period *maintenance_last(const struct maintenance *m, const struct fleet *f,
                                                  uint32_t supply, tstamp_ns t);

/* How many periods have begun by t: these are the first of the list. */
size_t maintenance_begun(const struct maintenance *m, tstamp_ns t);

/* Whether two lists say different things of [*from, *to): subject, start or end of a period that reaches into
 * it. Then *from and *to become the span of the periods that only one of them has. */
bool maintenance_differs(const struct maintenance *a, const struct maintenance *b, tstamp_ns *from,
                         tstamp_ns *to);

#endif
