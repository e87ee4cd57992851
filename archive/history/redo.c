/* Ticks and hours computed again, because what they were made by has changed since: each hour is one
 * transaction, which also moves the begin of what is left, so that it goes on after any end. See history.h.
 * SPDX-License-Identifier: MIT */
#include "archive/history/internal.h"

#include "base/mem.h"

#include <stdlib.h>

/* A transaction under way. */
struct redo_batch {
    struct history *h;
    tstamp_ns since, upto;
    bool last;
};

int redo_open(struct history *h, const char *conninfo, struct err *err)
{
    const char *const params[1] = {h->run_id};
    int rc = history_instant(
        &h->redo.from, conninfo,
        "SELECT extract(epoch FROM from_t)::bigint FROM recomputations WHERE run = $1::int", 1, params, err);
    return rc != 0 ? rc
                   : history_instant(
                         &h->redo.to, conninfo,
                         "SELECT extract(epoch FROM to_t)::bigint FROM recomputations WHERE run = $1::int", 1,
                         params, err);
}

/* Begins again where it has to. */
static void forget(struct history *h)
{
    pg_txn_free(h->redo.txn);
    h->redo.txn = NULL;
    h->redo.hour.start = 0;
}

void redo_ask(struct history *h, struct pg_txn *t, tstamp_ns from, tstamp_ns to)
{
    char a[TIMEFMT_LEN], b[TIMEFMT_LEN];
    from = hour_of(from + 1);
    const char *const params[3] = {h->run_id, timefmt_iso(a, from), timefmt_iso(b, to)};
    pg_txn_add(
        t,
        "INSERT INTO recomputations (run, from_t, to_t) VALUES ($1::int, $2::timestamptz, $3::timestamptz)"
        " ON CONFLICT (run) DO UPDATE SET from_t = least(recomputations.from_t, EXCLUDED.from_t), to_t ="
        " greatest(recomputations.to_t, EXCLUDED.to_t), asked = now()",
        3, params);
    bool any = h->redo.from != 0;
    h->redo.from = any && h->redo.from < from ? h->redo.from : from;
    h->redo.to = any && h->redo.to > to ? h->redo.to : to;
    forget(h);
}

bool history_redo(const struct history *h, tstamp_ns *from, tstamp_ns *to)
{
    *from = h->redo.from;
    *to = h->redo.to;
    return h->redo.from != 0;
}

static void batch_done(void *arg, bool ok)
{
    struct redo_batch *b = arg;
    struct history *h = b->h;
    h->redo.under_way--;
    if (h->closed)
        history_release_closed(h);
    else if (!ok)
        h->redo.failed = true;
    else if (h->redo.from >= b->since && b->last && b->upto >= h->redo.to)
        h->redo.from = h->redo.to = 0;
    else if (h->redo.from >= b->since && h->redo.from < b->upto) /* not widened meanwhile */
        h->redo.from = b->upto;
    free(b);
}

static bool submit(struct history *h, tstamp_ns upto, bool last)
{
    struct redo_batch *b = xcalloc(1, sizeof *b);
    *b = (struct redo_batch){h, h->redo.since, upto, last};
    struct pg_txn *t = h->redo.txn;
    h->redo.txn = NULL;
    h->redo.under_way++;
    if (pg_submit(h->pg, t, false, batch_done, b))
        return true;
    h->redo.under_way--;
    free(b);
    forget(h);
    return false;
}

/* An hour is over: it takes the place of the stored one, together with its ticks. */
static bool end_hour(struct history *h)
{
    char since[TIMEFMT_LEN], upto[TIMEFMT_LEN];
    tstamp_ns end = h->redo.hour.start + NS_PER_HOUR;
    const char *const params[3] = {h->run_id, timefmt_iso(since, h->redo.since), timefmt_iso(upto, end)};
    hour_replace(h, &h->redo.hour, h->redo.txn);
    pg_txn_add(h->redo.txn,
               "UPDATE recomputations SET from_t = $3::timestamptz WHERE run = $1::int AND from_t >="
               " $2::timestamptz AND from_t < $3::timestamptz",
               3, params);
    return submit(h, end, false);
}

bool history_redo_tick(struct history *h, const struct tick *t)
{
    if (h->redo.failed) {
        h->redo.failed = false;
        forget(h);
        return false;
    }
    if (t->t <= h->redo.from || t->t > h->redo.to)
        return true;
    if (h->redo.hour.start && hour_of(t->t) > h->redo.hour.start && !end_hour(h))
        return false;
    if (!h->redo.txn) {
        h->redo.txn = pg_txn_new();
        h->redo.since = h->redo.from;
    }
    tick_replace(h, t, h->redo.txn);
    days_replace(h, t, h->redo.txn);
    hour_add(&h->redo.hour, h, t);
    return t->t < h->redo.hour.start + NS_PER_HOUR || end_hour(h);
}

void history_redo_end(struct history *h, tstamp_ns to)
{
    char upto[TIMEFMT_LEN];
    const char *const params[2] = {h->run_id, timefmt_iso(upto, to)};
    if (h->redo.failed)
        return;
    h->redo.hour.start = 0; /* the hour under way is summed by who makes it */
    if (!h->redo.txn) {
        h->redo.txn = pg_txn_new();
        h->redo.since = h->redo.from;
    }
    pg_txn_add(h->redo.txn, "DELETE FROM recomputations WHERE run = $1::int AND to_t <= $2::timestamptz", 2,
               params);
    submit(h, to, true);
}
