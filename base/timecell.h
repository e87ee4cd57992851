/* Times in the cells of tables: ISO 8601, a number since 1970 whose size says its unit, or as a given format
 * says. Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TIMECELL_H
#define PSM_BASE_TIMECELL_H

#include "base/err.h"
#include "base/types.h"

enum timecell_form {
    TIMECELL_NONE, /* no time */
    TIMECELL_ISO,
    TIMECELL_SECONDS, /* since 1970, and the following */
    TIMECELL_MILLISECONDS,
    TIMECELL_MICROSECONDS,
    TIMECELL_NANOSECONDS,
    TIMECELL_GIVEN, /* by the format */
};

/* Reads n bytes as a time. format NULL: as timefmt_read, or digits, perhaps with a fraction: seconds below
 * 1e10, milliseconds from 1e11, microseconds from 1e14, nanoseconds from 1e17 (each unit's 1973 and later;
 * the sizes of two units do not meet before the year 2200). A format, which timecell_check found good: by its
 * conversions, those of strptime(3): %Y %y %m %b %d %e %j %H %I %p %M %S %z %s %F %T %R %D %%, and %f for a
 * fraction of a second; a blank is any number of blanks. *wrong, which may be NULL: what is wrong when it is
 * none. */
enum timecell_form timecell_read(tstamp_ns *out, const char *text, size_t n, const char *format,
                                 const char **wrong);

/* Whether a format names a day and is made of the above conversions. Error: ERR_CONFIG naming it. */
int timecell_check(const char *format, struct err *err) MUSTCHECK;

/* "milliseconds since 1970" … */
const char *timecell_words(enum timecell_form form);

#endif
