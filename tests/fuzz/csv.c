/* Tables: base/table/csv, as fleet, labels, outcomes and psmon score read them. SPDX-License-Identifier: MIT
 */
#include "base/table/csv.h"
#include "base/mem.h"
#include "base/table/readings.h"
#include "base/text/utf8.h"
#include "tests/fuzz/fuzz.h"

static void read_row(const struct csv *c)
{
    struct err err = {0};
    tstamp_ns t;
    double v;
    for (int k = -1; k < (int)csv_columns(c); k++) {
        size_t len = strlen(csv_field(c, k));
        assert(k >= 0 || len == 0);
        int rc = csv_number(c, k, &v, &err);
        if (rc != 0)
            fuzz_is_error(rc, &err);
        if (k >= 0 && (rc = csv_time(c, k, NULL, &t, &err)) != 0)
            fuzz_is_error(rc, &err);
        assert(utf8_prefix(csv_field(c, k), len) == len);
    }
}

/* The columns of a table of readings are its own, and every row has them. */
static void find_readings(const struct csv *c, struct readings *r)
{
    struct err err = {0};
    size_t n = csv_columns(c);
    char **names = xcalloc(n, sizeof *names);
    for (size_t k = 0; k < n; k++)
        names[k] = xstrdup(csv_name(c, k));
    int rc = readings_find(r, csv_dialect(c), names, n, "table", &err);
    if (rc != 0)
        fuzz_is_error(rc, &err);
    for (size_t i = 0; rc == 0 && i < r->n; i++)
        assert((size_t)r->column[i].value < n && r->column[i].severity < (int)n && r->time < (int)n);
    for (size_t k = 0; k < n; k++)
        free(names[k]);
    free(names);
    if (rc != 0)
        readings_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct csv *c;
    struct err err = {0};
    int rc = csv_open(&c, fuzz_file(0, data, n), &err);
    if (rc != 0) {
        fuzz_is_error(rc, &err);
        return 0;
    }
    for (size_t k = 0; k < csv_columns(c); k++)
        assert(csv_find(c, csv_name(c, k)) >= 0);
    struct readings r;
    find_readings(c, &r);
    unsigned line = csv_dialect(c)->headless ? 0 : csv_line(c);
    while ((rc = csv_next(c, &err)) != 0) {
        if (rc < 0)
            fuzz_is_error(rc, &err);
        if (csv_broken(c))
            break;
        assert(csv_line(c) > line);
        line = csv_line(c);
        if (rc < 0)
            continue;
        read_row(c);
        if (r.n > 0)
            (void)readings_is_units(&r, csv_row(c), NULL);
    }
    assert(csv_looked(c) <= 4 * n + 8);
    readings_free(&r);
    csv_close(c);
    return 0;
}
