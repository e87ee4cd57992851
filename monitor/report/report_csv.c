/* The rows of a weekly report as CSV (RFC 4180); see report_parts.h. SPDX-License-Identifier: MIT */
#include "monitor/report/report_parts.h"

#include <math.h>
#include <string.h>

/* Those of before there were parts first: a contract with other programs. */
static const char *const columns[] = {"rank",  "last_rank", "supply", "family",   "sector",   "priority",
                                      "score", "chance",    "class",  "detector", "signal",   "direction",
                                      "size",  "unit",      "onset",  "open",     "reason",   "action",
                                      "part",  "effect",    "closed", "per_day",  "days_left"};
#define COLUMNS (sizeof columns / sizeof *columns)

static void add_value(struct buf *out, const json_t *v)
{
    if (json_is_string(v))
        buf_csv(out, json_string_value(v));
    else if (json_is_integer(v))
        buf_printf(out, "%lld", (long long)json_integer_value(v));
    else if (json_is_real(v))
        buf_printf(out, "%.6g", json_real_value(v));
    else if (json_is_boolean(v))
        buf_str(out, json_is_true(v) ? "true" : "false");
}

static void add_rows(struct buf *out, const json_t *doc, const char *part)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(doc, part), i, row)
    {
        add_value(out, json_object_get(doc, "number"));
        buf_str(out, ",");
        add_value(out, json_object_get(json_object_get(doc, "period"), "from"));
        buf_str(out, ",");
        add_value(out, json_object_get(doc, "issued_at"));
        for (size_t c = 0; c < COLUMNS; c++) {
            buf_str(out, ",");
            add_value(out, json_object_get(row, columns[c]));
        }
        buf_str(out, "\n");
    }
}

void report_csv(struct buf *out, const json_t *doc)
{
    buf_str(out, "report,week_start,issued_at");
    for (size_t c = 0; c < COLUMNS; c++)
        buf_printf(out, ",%s", columns[c]);
    buf_str(out, "\n");
    add_rows(out, doc, "rows");
    add_rows(out, doc, "watch");
    add_rows(out, doc, "over");
}
