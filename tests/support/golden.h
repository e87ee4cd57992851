/* Golden numbers: CSV files of name,index,value made by tests/golden/make_*.py.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_GOLDEN_H
#define PSM_TESTS_GOLDEN_H

#include "base/mem.h"
#include "base/table/csv.h"
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

/* The array of a name (caller frees) and its length; fails the test when it is not there. */
static inline double *golden(const char *path, const char *name, size_t *n)
{
    struct csv *c;
    struct err err;
    double *v = NULL;
    size_t cap = 0;
    int rc;
    *n = 0;
    if (csv_open(&c, path, &err) != 0)
        fail_msg("%s", err.msg);
    while ((rc = csv_next(c, &err)) == 1) {
        if (strcmp(csv_field(c, 0), name) != 0)
            continue;
        xgrow(&v, &cap, *n + 1, sizeof *v);
        if (csv_number(c, 2, &v[(*n)++], &err) != 0)
            fail_msg("%s", err.msg);
    }
    csv_close(c);
    if (rc < 0 || *n == 0)
        fail_msg("%s: %s", path, rc < 0 ? err.msg : name);
    return v;
}

/* The same in single precision. */
static inline float *golden_f32(const char *path, const char *name, size_t *n)
{
    double *v = golden(path, name, n);
    float *f = xcalloc(*n, sizeof *f);
    for (size_t i = 0; i < *n; i++)
        f[i] = (float)v[i];
    free(v);
    return f;
}

#endif
