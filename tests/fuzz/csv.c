/* Tables: base/csv, as fleet, labels, outcomes and psmon score read them. SPDX-License-Identifier: MIT */
#include "base/csv.h"
#include "tests/fuzz/fuzz.h"

static void read_row(const struct csv *c)
{
    struct err err = {0};
    double v;
    for (int k = -1; k < (int)csv_columns(c); k++) {
        size_t len = strlen(csv_field(c, k));
        assert(k >= 0 || len == 0);
        int rc = csv_number(c, k, &v, &err);
        if (rc != 0)
            fuzz_is_error(rc, &err);
    }
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
    unsigned line = csv_line(c);
    while ((rc = csv_next(c, &err)) == 1) {
        assert(csv_line(c) > line);
        line = csv_line(c);
        read_row(c);
    }
    if (rc != 0)
        fuzz_is_error(rc, &err);
    csv_close(c);
    return 0;
}
