/* Values of report documents; see report_parts.h. SPDX-License-Identifier: MIT */
#include "monitor/report/report_parts.h"

#include "base/timefmt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *field_text(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

double field_number(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_number(v) ? json_number_value(v) : (double)NAN;
}

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

json_t *value_text(const char *s)
{
    json_t *j = json_string(s ? s : "");
    return j ? j : json_string("(not UTF-8)");
}

json_t *value_number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

json_t *value_instant(tstamp_ns t)
{
    char iso[TIMEFMT_LEN];
    return t ? json_string(timefmt_iso(iso, t)) : json_null();
}

char *signal_label(char out[SIGNAL_LABEL_LEN], const char *signal)
{
    if (strcmp(signal, "dac") == 0)
        return memcpy(out, "DAC", 4);
    if (strncmp(signal, "igbt", 4) == 0)
        snprintf(out, SIGNAL_LABEL_LEN, "IGBT%s", signal + 4);
    else
        snprintf(out, SIGNAL_LABEL_LEN, "%s", signal);
    for (char *c = out; *c; c++)
        if (*c == '_')
            *c = ' ';
    return out;
}
