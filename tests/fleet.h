/* Small tables for unit tests: a file of a text, and the fleet that a table tells.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_FLEET_H
#define PSM_TESTS_FLEET_H

#include "base/fleet.h"

#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A table that is being written. */
struct table_file {
    char path[32];
    FILE *out;
};

static inline FILE *table_begin(struct table_file *t)
{
    snprintf(t->path, sizeof t->path, "/tmp/psmon-table-XXXXXX");
    int fd = mkstemp(t->path);
    assert_true(fd >= 0);
    t->out = fdopen(fd, "w");
    assert_non_null(t->out);
    return t->out;
}

/* Path of a table of that text; the caller unlinks it. */
static inline const char *table_of(struct table_file *t, const char *text)
{
    fputs(text, table_begin(t));
    assert_int_equal(fclose(t->out), 0);
    return t->path;
}

/* The fleet that was written; the file is gone. */
static inline struct fleet *fleet_end(struct table_file *t)
{
    struct fleet *fleet = NULL;
    struct err err = {0};
    assert_int_equal(fclose(t->out), 0);
    int rc = fleet_load(&fleet, t->path, &err);
    unlink(t->path);
    if (rc != 0)
        fail_msg("%s", err.msg);
    return fleet;
}

static inline struct fleet *fleet_of(const char *text)
{
    struct table_file t;
    fputs(text, table_begin(&t));
    return fleet_end(&t);
}

#endif
