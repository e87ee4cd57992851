/* Times in the cells of tables: ISO 8601, a date with points, a number since 1970 whose size says its unit,
 * or as a given format says. Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TABLE_TIMECELL_H
#define PSM_BASE_TABLE_TIMECELL_H

#include "base/err.h"
#include "base/types.h"

#include <stdbool.h>

enum timecell_form {
    TIMECELL_NONE, /* no time */
    TIMECELL_ISO,
    TIMECELL_DOTTED,  /* 22.11.2026 03:04:05: dates with points begin with the day everywhere */
    TIMECELL_SECONDS, /* since 1970, and the following */
    TIMECELL_MILLISECONDS,
    TIMECELL_MICROSECONDS,
    TIMECELL_NANOSECONDS,
    TIMECELL_GIVEN, /* by the format */
};

/* How the times of a table are to be read. NULL in its place: they tell themselves, and are UTC. */
struct timecell {
    const char *format;   /* NULL: they tell themselves */
    const char *timezone; /* of times that name none; NULL or "": UTC. It is entered (zone.h) by who reads */
    bool from_zero;       /* small numbers are seconds too: a table may count from its own begin */
};

/* Reads n bytes as a time: without a format as timefmt_read, or day.month.year and perhaps a time of day, or
 * digits, perhaps with a fraction: seconds below 1e10, milliseconds from 1e11, microseconds from 1e14,
 * nanoseconds from 1e17 (each unit's 1973 and later; the sizes of two units do not meet before the year
 * 2200). By a format, which timecell_check found good: by its conversions, those of strptime(3): %Y %y %m %b
 * %d %e %j %H %I %p %M %S %z %s %F %T %R %D %%, and %f for a fraction of a second; a blank is any number of
 * blanks. Of two times that a local one may be, when clocks go back, the C library chooses. *wrong, which may
 * be NULL: what is wrong when it is none. */
enum timecell_form timecell_read(tstamp_ns *out, const char *text, size_t n, const struct timecell *how,
                                 const char **wrong);

/* A format that reads a text which tells nothing itself, as a hint for people; NULL: none of the usual. */
const char *timecell_guess(const char *text, size_t n);

/* Whether a format names a day and is made of the above conversions. Error: ERR_CONFIG naming it. */
int timecell_check(const char *format, struct err *err) MUSTCHECK;

/* "milliseconds since 1970" … */
const char *timecell_words(enum timecell_form form);

#endif
