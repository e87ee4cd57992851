/* What psmon query can show, and the SQL behind it. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_COMMANDS_QUERY_SQL_H
#define PSM_MONITOR_COMMANDS_QUERY_SQL_H

#include <stdbool.h>

/* Parameters of every statement: $1 run (number; NULL: none), $2 from, $3 to (NULL: no limit), $4 regular
 * expression for the supply, $5 signal (NULL: all), $6 chance (NULL: what was said). Columns are named as
 * they are printed, times are text. */
#define QUERY_PARAMETERS 6
struct query_view {
    const char *name, *help;
    const char *sql;
    bool of_run;     /* it speaks of one run */
    const char *few; /* the same, faster for a few channels out of many; NULL: none */
};

const struct query_view *query_view_find(const char *name); /* NULL: there is none */
const struct query_view *query_view_at(int i);              /* NULL: past the last */

#endif
