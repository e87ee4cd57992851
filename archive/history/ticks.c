/* Ticks: a row of arrays each, several to a transaction while one is under way; see history.h.
 * SPDX-License-Identifier: MIT */
#include "archive/history/internal.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_MAX 30 /* ticks in a transaction: 2.5 MB for 1,320 supplies */

/* A transaction of ticks under way. */
struct batch {
    struct history *h;
    size_t n;
    tstamp_ns from, to;
};

/* ---- gap ---- */

static void remember_gap(struct history *h)
{
    char from[TIMEFMT_LEN];
    const char *const params[2] = {h->run_id, history_time(from, h->gap_from)};
    struct pg_txn *t = pg_txn_new();
    pg_txn_add(t,
               "INSERT INTO tick_gaps VALUES ($1::int, $2::timestamptz) ON CONFLICT (run) DO UPDATE SET"
               " from_t = least(tick_gaps.from_t, EXCLUDED.from_t)",
               2, params);
    pg_submit(h->pg, t, true, NULL, NULL);
}

static void forget_gap(struct history *h)
{
    const char *const params[1] = {h->run_id};
    struct pg_txn *t = pg_txn_new();
    pg_txn_add(t, "DELETE FROM tick_gaps WHERE run = $1::int", 1, params);
    pg_submit(h->pg, t, true, NULL, NULL);
    h->gap_from = h->gap_to = 0;
}

static void widen_gap(struct history *h, tstamp_ns from, tstamp_ns to)
{
    bool wider = !h->gap_from || from < h->gap_from;
    if (wider)
        h->gap_from = from;
    if (to > h->gap_to)
        h->gap_to = to;
    if (wider)
        remember_gap(h); /* also a psmon that dies now knows when it starts again */
}

bool history_gap(const struct history *h, tstamp_ns *from, tstamp_ns *to)
{
    if (!h->gap_from)
        return false;
    *from = h->gap_from;
    *to = h->gap_to;
    return true;
}

/* ---- batches ---- */

static void batch_done(void *arg, bool ok)
{
    struct batch *b = arg;
    struct history *h = b->h;
    h->n_in_flight -= b->n;
    h->batches--;
    if (!ok && !h->closed)
        widen_gap(h, b->from, b->to);
    free(b);
    if (h->closed)
        history_release_closed(h);
    else if (h->growing)
        ticks_flush(h);
}

void ticks_flush(struct history *h)
{
    if (!h->growing)
        return;
    struct batch *b = xcalloc(1, sizeof *b);
    *b = (struct batch){h, h->n_growing, h->growing_from, h->growing_to};
    struct pg_txn *t = h->growing;
    h->growing = NULL;
    h->n_growing = 0;
    if (!pg_submit(h->pg, t, false, batch_done, b)) {
        widen_gap(h, b->from, b->to);
        free(b);
        return;
    }
    h->n_in_flight += b->n;
    h->batches++;
}

static int64_t day_of(tstamp_ns t)
{
    return t >= 0 ? t / NS_PER_DAY : -((-t + NS_PER_DAY - 1) / NS_PER_DAY);
}

static struct pg_value binary(const struct buf *b)
{
    return (struct pg_value){buf_text(b), b->len, true};
}

static struct pg_value text(const char *s)
{
    return (struct pg_value){s, s ? strlen(s) : 0, false};
}

/* Figures that have a column of their own. */
static bool has_column(const struct figure *f)
{
    return strcmp(f->name, f->per_channel ? "jsd" : "reconstruction") == 0;
}

static void put_column(struct buf *b, const struct tick *t, const char *name, bool per_channel)
{
    const struct figure *f = tick_figure(t, name, per_channel);
    if (f)
        pg_binary_f32(b, f->value, per_channel ? t->n_channels : t->n_supplies);
}

static void put_hundredths(struct buf *b, const struct figure *f, size_t n)
{
    if (!f)
        return;
    int16_t *v = xcalloc(n + 1, sizeof *v);
    for (size_t i = 0; i < n; i++)
        v[i] = history_hundredths(f->value[i]);
    pg_binary_i16(b, v, n);
    free(v);
}

/* All others: their names, "channel" or "supply" and units as arrays of text, and their values end to end. */
static void put_figures(struct buf out[4], const struct tick *t)
{
    size_t n = 0, room = t->n_figures * (t->n_channels + t->n_supplies);
    float *all = NULL;
    for (size_t i = 0; i < t->n_figures; i++) {
        const struct figure *f = &t->figures[i];
        size_t more = f->per_channel ? t->n_channels : t->n_supplies;
        if (!f->kept || has_column(f))
            continue;
        all = all ? all : xcalloc(room, sizeof *all);
        buf_printf(&out[0], "%c%s", n ? ',' : '{', f->name);
        buf_printf(&out[1], "%c%s", n ? ',' : '{', f->per_channel ? "channel" : "supply");
        buf_printf(&out[2], "%c\"%s\"", n ? ',' : '{', f->unit);
        memcpy(all + n, f->value, more * sizeof *all);
        n += more;
    }
    for (size_t i = 0; n && i < 3; i++)
        buf_printf(&out[i], "}");
    if (n)
        pg_binary_f32(&out[3], all, n);
    free(all);
}

static const char insert_tick[] =
    "INSERT INTO ticks (run, t, fleet, recomputed, score, chance, reason, mode, reconstruction, jsd, value,"
    " ledger, figure, figure_of, figure_unit, figures, reconstruction_by, revision) VALUES ($1::int, "
    "$2::timestamptz, $3::int,"
    " $4::bool, $5::float4[], $6::float4[], $7::int2[], $8::int2[], $9::float4[], $10::float4[],"
    " $11::float4[], $12::int4[], $13::text[], $14::text[], $15::text[], $16::float4[], $17::int2[], "
    "$18::int)"
    " ON CONFLICT DO NOTHING";

/* The same parameters; only ticks that are still kept. */
static const char update_tick[] =
    "UPDATE ticks SET recomputed = $4::bool, score = $5::float4[], chance = $6::float4[], reason = "
    "$7::int2[],"
    " mode = $8::int2[], reconstruction = $9::float4[], jsd = $10::float4[], value = $11::float4[], ledger ="
    " $12::int4[], figure = $13::text[], figure_of = $14::text[], figure_unit = $15::text[], figures ="
    " $16::float4[], reconstruction_by = $17::int2[], revision = $18::int WHERE run = $1::int AND t = "
    "$2::timestamptz AND fleet = $3::int";

static void add_tick(const struct history *h, struct pg_txn *txn, const struct tick *t, const char *time,
                     bool recomputed, const char *sql)
{
    enum { COLUMNS = 13, WORDS = 8 }; /* arrays; of them from WORDS on three of text */
    struct buf b[COLUMNS] = {{0}};
    int32_t ledger[REASON_COUNT];
    for (size_t i = 0; i < REASON_COUNT; i++)
        ledger[i] = (int32_t)t->ledger[i];
    pg_binary_f32(&b[0], t->score, t->n_supplies);
    pg_binary_f32(&b[1], t->chance, t->n_supplies);
    pg_binary_u8_as_i16(&b[2], t->reason, t->n_supplies);
    pg_binary_u8_as_i16(&b[3], t->mode, t->n_supplies);
    put_column(&b[4], t, "reconstruction", false);
    put_column(&b[5], t, "jsd", true);
    pg_binary_f32(&b[6], t->value, t->n_channels);
    pg_binary_i32(&b[7], ledger, REASON_COUNT);
    put_figures(b + WORDS, t);
    put_hundredths(&b[COLUMNS - 1], tick_figure(t, "reconstruction", true), t->n_channels);
    struct pg_value values[4 + COLUMNS + 1] = {text(h->run_id), text(time), text(h->fleet_id),
                                               text(recomputed ? "t" : "f")};
    for (size_t i = 0; i < COLUMNS; i++)
        values[4 + i] = b[i].len == 0                 ? text(NULL)
                        : i >= WORDS && i < WORDS + 3 ? text(buf_text(&b[i]))
                                                      : binary(&b[i]);
    values[4 + COLUMNS] = text(h->revision_id);
    pg_txn_add_values(txn, sql, 4 + COLUMNS + 1, values);
    for (size_t i = 0; i < COLUMNS; i++)
        buf_free(&b[i]);
}

void ticks_put(struct history *h, const struct tick *t, bool recomputed)
{
    char time[TIMEFMT_LEN];
    timefmt_iso(time, t->t);
    bool fresh = !h->growing;
    if (fresh) {
        h->growing = pg_txn_new();
        h->growing_from = h->growing_to = t->t;
    }
    /* in every transaction: the one that made the partition may have been lost with the connection */
    if (fresh || day_of(t->t) != h->day) {
        const char *const params[2] = {h->run_id, time};
        pg_txn_add(h->growing, "SELECT psmon_tick_day($1::int, $2::timestamptz)", 2, params);
        h->day = day_of(t->t);
    }
    if (!recomputed)
        jobs_step(h, t->t);
    add_tick(h, h->growing, t, time, recomputed, insert_tick);
    h->newest = t->t > h->newest ? t->t : h->newest;
    h->oldest = h->oldest ? h->oldest : t->t;
    h->growing_from = t->t < h->growing_from ? t->t : h->growing_from;
    h->growing_to = t->t > h->growing_to ? t->t : h->growing_to;
    h->n_growing++;
    if (h->batches == 0 || h->n_growing >= BATCH_MAX)
        ticks_flush(h);
}

void tick_replace(const struct history *h, const struct tick *t, struct pg_txn *txn)
{
    char time[TIMEFMT_LEN];
    add_tick(h, txn, t, timefmt_iso(time, t->t), true, update_tick);
}

size_t history_backlog(const struct history *h)
{
    return h->n_growing + h->n_in_flight;
}

bool history_put_tick(struct history *h, const struct tick *t)
{
    tstamp_ns before = h->gap_to;
    findings_put(h, t);
    renewals_put(h, t);
    hours_add(h, t);
    days_put(h, t);
    ticks_put(h, t, false);
    return h->gap_to == before || h->gap_to < t->t;
}

bool history_put_recomputed(struct history *h, const struct tick *t)
{
    bool in_gap = h->gap_from && t->t >= h->gap_from, last = in_gap && t->t >= h->gap_to;
    if (in_gap)
        h->gap_from = t->t + 1;
    ticks_put(h, t, true);
    if (last)
        ticks_flush(h);
    if (h->gap_from && h->gap_from <= t->t)
        return false; /* away again: the gap is as wide as before */
    if (last)
        forget_gap(h); /* queued behind the ticks */
    return true;
}
