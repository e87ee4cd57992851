/* One number out of a test's database. SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_QUERY_H
#define PSM_TESTS_QUERY_H

#include "base/pg/pg.h"

#include "tests/near.h"

#include <stdlib.h>

/* The first value that the statement gives; -1: no row, or NULL. */
static inline long query_number(const char *conninfo, const char *sql)
{
    struct pg_rows *rows = NULL;
    struct err err = {0};
    if (pg_run(conninfo, sql, 0, NULL, &rows, &err) != 0)
        fail_msg("%s: %s", sql, err.msg);
    long n = rows->n_rows && rows->value[0] ? strtol(rows->value[0], NULL, 10) : -1;
    pg_rows_free(rows);
    return n;
}

#endif
