/* A table of readings in memory: times, one column per signal, perhaps `label`, which is never looked at. Any
 * form that base/table/readings.h knows. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_TABLE_TABLE_H
#define PSM_DETECTORS_TABLE_TABLE_H

#include "base/err.h"
#include "base/table/timecell.h"
#include "base/types.h"

#include <stddef.h>

struct table {
    char *path;
    size_t n, d;             /* rows, signals */
    char **names;            /* [d], sorted: results do not depend on the order of the columns */
    tstamp_ns *time;         /* [n] as in the file */
    double *value;           /* (n,d) NaN: missing (empty, nan, null, not finite) */
    size_t backward;         /* rows whose time is not after the row before */
    unsigned first_backward; /* line of the first of them */
    size_t bad;      /* lines with something that could not be read: a value is missing then, a row that
                        has no time or too many or few fields is left out */
    char *bad_first; /* "FILE:LINE: …" of the first of them; NULL: none */
    char *
        recognised; /* how it is written, where that is not a matter of course: "separated by
                       semicolons, decimal commas; times are milliseconds since 1970, the first …"; else "" */
};

/* Reads a file. times: how its times are to be read, whose format timecell_check and whose zone zone_check
 * found good; NULL: they tell themselves. Errors: ERR_IO; ERR_DATA naming file, line and column, also when
 * most lines are bad. */
int table_read(struct table **out, const char *path, const struct timecell *times, struct err *err) MUSTCHECK;
void table_free(struct table *t);

/* Fails (ERR_DATA, naming the column) unless t has the signals of `as`. */
int table_match(const struct table *as, const struct table *t, struct err *err) MUSTCHECK;

/* Median of the steps forward in time, ns; 0 with fewer than two rows. */
tstamp_ns table_period(const struct table *t);

#endif
