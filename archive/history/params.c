/* Parameters of the history's statements, how they are run, and who waits for their answers; see internal.h.
 * SPDX-License-Identifier: MIT */
#include "archive/history/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *history_time(char out[TIMEFMT_LEN], tstamp_ns t)
{
    return t ? timefmt_iso(out, t) : NULL;
}

void history_submit(struct history *h, struct pg_txn *t)
{
    pg_submit(h->pg, t, pg_durable(h->pg), NULL, NULL);
}

void history_release_closed(struct history *h)
{
    if (h->closed && h->batches == 0 && !h->jobs.under_way && h->redo.under_way == 0 && !h->worktimes_asked)
        free(h); /* else when the last of them is answered */
}

void history_array_text(struct buf *b, const char *s)
{
    buf_str(b, b->len ? "," : "{");
    if (!s) {
        buf_str(b, "NULL");
        return;
    }
    buf_str(b, "\"");
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            buf_str(b, "\\");
        buf_add(b, s, 1);
    }
    buf_str(b, "\"");
}

const char *history_array_end(struct buf *b)
{
    buf_str(b, b->len ? "}" : "{}");
    return buf_text(b);
}

int history_number(char out[16], const char *conninfo, const char *sql, int n, const char *const params[],
                   struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc = pg_run(conninfo, sql, n, params, &rows, err);
    if (rc == 0)
        snprintf(out, 16, "%s", rows->n_rows && rows->value[0] ? rows->value[0] : "");
    pg_rows_free(rows);
    return rc;
}

int history_instant(tstamp_ns *out, const char *conninfo, const char *sql, int n, const char *const params[],
                    struct err *err)
{
    char text[16] = "";
    int rc = history_number(text, conninfo, sql, n, params, err);
    *out = strtoll(text, NULL, 10) * NS_PER_S;
    return rc;
}

int16_t history_hundredths(float sd)
{
    if (isnan(sd))
        return HISTORY_NONE;
    float v = roundf(100 * sd);
    return (int16_t)(v > 32767 ? 32767 : v < -32767 ? -32767 : v);
}
