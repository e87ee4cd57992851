/* Values of report documents; see report_parts.h. SPDX-License-Identifier: MIT */
#include "monitor/report/report_parts.h"

#include "base/timefmt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

char *field_day(char out[RANK_DAY_LEN], const json_t *object, const char *key)
{
    tstamp_ns t;
    if (timefmt_parse(&t, field_text(object, key), NULL) < 0)
        return memcpy(out, "", 1);
    return rank_day(out, t, 0);
}

char *field_size(char out[FIELD_SIZE_LEN], double size, const char *unit)
{
    if (isnan(size))
        return memcpy(out, "", 1);
    if (strcmp(unit, "x") == 0) {
        snprintf(out, FIELD_SIZE_LEN, "%.2g times", size);
        return out;
    }
    double a = fabs(size);
    int digits = a >= 100 ? 0 : a >= 1 ? 1 : a >= 0.1 ? 2 : a >= 0.001 ? 4 : 6;
    snprintf(out, FIELD_SIZE_LEN, "%+.*f %s", digits, size, unit);
    return out;
}
