/* Values of report documents; see report_parts.h. SPDX-License-Identifier: MIT */
#include "monitor/report/report_parts.h"

#include "base/time/timefmt.h"

#include <ctype.h>
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

char *field_weight(char out[FIELD_WEIGHT_LEN], const json_t *row)
{
    double effect = field_number(row, "effect"), score = field_number(row, "score");
    *out = '\0';
    if (effect > 0)
        snprintf(out, FIELD_WEIGHT_LEN, "%.*f × minimum effect", effect < 9.95, effect);
    else if (!json_object_get(row, "part") && !isnan(score))
        snprintf(out, FIELD_WEIGHT_LEN, "score %.1f", score);
    return out;
}

char *field_place(char out[FIELD_PLACE_LEN], const json_t *row)
{
    double supplies = field_number(row, "supplies");
    if (*field_text(row, "family"))
        snprintf(out, FIELD_PLACE_LEN, "%s, %s", field_text(row, "family"), field_text(row, "sector"));
    else
        snprintf(out, FIELD_PLACE_LEN, supplies > 1 ? "%.0f supplies" : "a group", supplies);
    return out;
}

const char *field_outcome(const json_t *object)
{
    static const char *const words[][2] = {{"fault_found", "fault found"},
                                           {"nothing_found", "nothing found"},
                                           {"not_inspected", "not inspected"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(field_text(object, "outcome"), words[i][0]) == 0)
            return words[i][1];
    return "";
}

char *field_lacked(char out[FIELD_LACKED_LEN], const json_t *document)
{
    const json_t *hours = json_object_get(document, "hours");
    double few = field_number(hours, "short");
    *out = '\0';
    if (few > 0)
        snprintf(out, FIELD_LACKED_LEN,
                 "A supply without a finding is judged from %.0f scored hours on: %.0f of %.0f supplies had "
                 "fewer; half of all had %.0f or more.",
                 field_number(hours, "least"), few, field_number(document, "supplies"),
                 field_number(hours, "median"));
    return out;
}

char *field_audit(char out[FIELD_AUDIT_LEN], const json_t *document)
{
    const char *says = field_text(json_object_get(document, "audit"), "says");
    out[0] = '\0';
    if (*says)
        snprintf(out, FIELD_AUDIT_LEN, "%c%s.", toupper((unsigned char)*says), says + 1);
    return out;
}
