/* Hours: what a supply was like in an hour, summed as its ticks pass by and stored when it is over.
 * SPDX-License-Identifier: MIT */
#include "archive/history/internal.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hour_init(struct hour *h, size_t n_supplies, size_t n_channels)
{
    h->score = xcalloc(n_supplies, sizeof *h->score);
    h->chance = xcalloc(n_supplies, sizeof *h->chance);
    h->jsd = xcalloc(n_supplies, sizeof *h->jsd);
    h->reconstruction = xcalloc(n_supplies, sizeof *h->reconstruction);
    h->n_reconstruction = xcalloc(n_supplies, sizeof *h->n_reconstruction);
    h->reasons = xcalloc(n_supplies, sizeof *h->reasons);
    h->value = xcalloc(n_channels, sizeof *h->value);
    h->n_value = xcalloc(n_channels, sizeof *h->n_value);
    h->by = xcalloc(n_channels, sizeof *h->by);
    h->n_by = xcalloc(n_channels, sizeof *h->n_by);
}

void hour_fini(struct hour *h)
{
    free(h->score);
    free(h->chance);
    free(h->jsd);
    free(h->reconstruction);
    free(h->n_reconstruction);
    free(h->reasons);
    free(h->value);
    free(h->n_value);
    free(h->by);
    free(h->n_by);
}

static void hour_reset(struct hour *h, tstamp_ns start, size_t n_supplies, size_t n_channels)
{
    h->start = start;
    for (size_t s = 0; s < n_supplies; s++)
        h->score[s] = h->chance[s] = h->jsd[s] = NAN;
    memset(h->reconstruction, 0, n_supplies * sizeof *h->reconstruction);
    memset(h->n_reconstruction, 0, n_supplies * sizeof *h->n_reconstruction);
    memset(h->reasons, 0, n_supplies * sizeof *h->reasons);
    memset(h->value, 0, n_channels * sizeof *h->value);
    memset(h->n_value, 0, n_channels * sizeof *h->n_value);
    memset(h->by, 0, n_channels * sizeof *h->by);
    memset(h->n_by, 0, n_channels * sizeof *h->n_by);
}

tstamp_ns hour_of(tstamp_ns t)
{
    tstamp_ns last = t - 1, rest = last % NS_PER_HOUR;
    return last - (rest < 0 ? rest + NS_PER_HOUR : rest);
}

/* What an hour takes of a tick's figures; NULL: the tick has none. */
struct hour_figures {
    const float *jsd, *reconstruction, *by;
};

static const float *values_of(const struct tick *t, const char *name, bool per_channel)
{
    const struct figure *f = tick_figure(t, name, per_channel);
    return f ? f->value : NULL;
}

static void add_supply(struct hour *h, const struct supply *supply, const struct tick *t, size_t s,
                       const struct hour_figures *f)
{
    /* fminf and fmaxf pass over NaN */
    h->score[s] = fmaxf(h->score[s], t->score[s]);
    h->chance[s] = fminf(h->chance[s], t->chance[s]);
    if (f->reconstruction && !isnan(f->reconstruction[s])) {
        h->reconstruction[s] += (double)f->reconstruction[s];
        h->n_reconstruction[s]++;
    }
    if (t->reason[s] < REASON_COUNT)
        h->reasons[s][t->reason[s]]++;
    for (uint32_t c = supply->first_channel; c < supply->first_channel + supply->n_channels; c++) {
        h->jsd[s] = f->jsd ? fmaxf(h->jsd[s], f->jsd[c]) : h->jsd[s];
        if (f->by && !isnan(f->by[c])) {
            h->by[c] += (double)f->by[c];
            h->n_by[c]++;
        }
        if (!isnan(t->value[c])) {
            h->value[c] += (double)t->value[c];
            h->n_value[c]++;
        }
    }
}

void hour_add(struct hour *hour, const struct history *h, const struct tick *t)
{
    tstamp_ns start = hour_of(t->t);
    const struct hour_figures figures = {values_of(t, "jsd", true), values_of(t, "reconstruction", false),
                                         values_of(t, "reconstruction", true)};
    if (!hour->start)
        hour_reset(hour, start, t->n_supplies, t->n_channels);
    hour->revision = h->revision;
    if (start == hour->start)
        for (size_t s = 0; s < t->n_supplies; s++)
            add_supply(hour, &h->fleet->supplies[s], t, s, &figures);
}

void hours_add(struct history *h, const struct tick *t)
{
    if (h->hour.start && hour_of(t->t) > h->hour.start)
        hours_flush(h);
    hour_add(&h->hour, h, t);
    if (t->t == h->hour.start + NS_PER_HOUR)
        hours_flush(h);
}

static uint8_t most_frequent(const uint16_t n[REASON_COUNT])
{
    uint8_t best = 0;
    for (int i = 1; i < REASON_COUNT; i++)
        if (n[i] > n[best])
            best = (uint8_t)i;
    return best;
}

static const char insert_hours[] =
    "INSERT INTO hours (t, run, fleet, supply, score, chance, jsd, reconstruction, scored, reason, value,"
    " revision, reconstruction_by)"
    " SELECT $1::timestamptz, $2::int, $3::int, u.supply, u.score, u.chance, u.jsd, u.reconstruction,"
    " u.scored, u.reason, ($11::float4[])[u.first:u.last], $14::int, ($15::int2[])[u.first:u.last] FROM "
    "unnest($4::int4[], $5::float4[],"
    " $6::float4[], $7::float4[], $8::float4[], $9::int4[], $10::int2[], $12::int4[], $13::int4[])"
    " AS u(supply, score, chance, jsd, reconstruction, scored, reason, first, last) ON CONFLICT DO NOTHING";

/* The same parameters, of which the fleet must be the one that the rows were made in. */
static const char update_hours[] =
    "UPDATE hours h SET score = u.score, chance = u.chance, jsd = u.jsd, reconstruction = u.reconstruction,"
    " scored = u.scored, reason = u.reason, value = ($11::float4[])[u.first:u.last], reconstruction_by = "
    "($15::int2[])[u.first:u.last], revision = $14::int FROM"
    " unnest($4::int4[], $5::float4[], $6::float4[], $7::float4[], $8::float4[], $9::int4[], $10::int2[],"
    " $12::int4[], $13::int4[]) AS u(supply, score, chance, jsd, reconstruction, scored, reason, first, last)"
    " WHERE h.t = $1::timestamptz AND h.run = $2::int AND h.fleet = $3::int AND h.supply = u.supply";

static void put_hour(const struct history *h, struct hour *hour, struct pg_txn *t, const char *sql)
{
    size_t n = h->fleet->n_supplies, n_channels = h->fleet->n_channels;
    float *mean = xcalloc(n + n_channels, sizeof *mean), *value = mean + n;
    int32_t *scored = xcalloc(3 * n, sizeof *scored), *first = scored + n, *last = first + n;
    uint8_t *reason = xcalloc(n, 1);
    for (size_t s = 0; s < n; s++) {
        const struct supply *supply = &h->fleet->supplies[s];
        mean[s] = hour->n_reconstruction[s] ? (float)(hour->reconstruction[s] / hour->n_reconstruction[s])
                                            : NAN;
        scored[s] = hour->reasons[s][REASON_SCORED];
        reason[s] = most_frequent(hour->reasons[s]);
        first[s] = (int32_t)supply->first_channel + 1;
        last[s] = (int32_t)(supply->first_channel + supply->n_channels);
    }
    for (size_t c = 0; c < n_channels; c++)
        value[c] = hour->n_value[c] ? (float)(hour->value[c] / hour->n_value[c]) : NAN;
    int16_t *by = xcalloc(n_channels, sizeof *by);
    for (size_t c = 0; c < n_channels; c++)
        by[c] = history_hundredths(hour->n_by[c] ? (float)(hour->by[c] / hour->n_by[c]) : NAN);
    struct buf b[11] = {{0}};
    pg_binary_i32(&b[0], h->supply_id, n);
    pg_binary_f32(&b[1], hour->score, n);
    pg_binary_f32(&b[2], hour->chance, n);
    pg_binary_f32(&b[3], hour->jsd, n);
    pg_binary_f32(&b[4], mean, n);
    pg_binary_i32(&b[5], scored, n);
    pg_binary_u8_as_i16(&b[6], reason, n);
    pg_binary_f32(&b[7], value, n_channels);
    pg_binary_i32(&b[8], first, n);
    pg_binary_i32(&b[9], last, n);
    pg_binary_i16(&b[10], by, n_channels);
    char start[TIMEFMT_LEN];
    timefmt_iso(start, hour->start);
    char revision[16];
    snprintf(revision, sizeof revision, "%d", hour->revision);
    struct pg_value values[15] = {{start, strlen(start), false},
                                  {h->run_id, strlen(h->run_id), false},
                                  {h->fleet_id, strlen(h->fleet_id), false}};
    for (size_t i = 0; i < 10; i++)
        values[3 + i] = (struct pg_value){buf_text(&b[i]), b[i].len, true};
    values[14] = (struct pg_value){buf_text(&b[10]), b[10].len, true};
    values[13] = (struct pg_value){revision, strlen(revision), false};
    pg_txn_add_values(t, sql, 15, values);
    for (size_t i = 0; i < 11; i++)
        buf_free(&b[i]);
    free(by);
    free(mean);
    free(scored);
    free(reason);
    hour->start = 0;
}

void hours_flush(struct history *h)
{
    char start[TIMEFMT_LEN];
    const char *const params[1] = {start};
    if (!h->hour.start)
        return;
    timefmt_iso(start, h->hour.start);
    struct pg_txn *t = pg_txn_new();
    pg_txn_add(t, "SELECT psmon_hour_month($1::timestamptz)", 1, params);
    put_hour(h, &h->hour, t, insert_hours);
    history_submit(h, t);
}

void hour_replace(const struct history *h, struct hour *hour, struct pg_txn *t)
{
    put_hour(h, hour, t, update_hours);
}

/* ---- taking up an interrupted hour ---- */

/* "{1.5,NaN,…}" of n values; false when it is something else. */
static bool read_floats(float *out, size_t n, const char *text)
{
    if (!text || *text != '{')
        return false;
    for (size_t i = 0; i < n; i++) {
        char *end;
        out[i] = strtof(text + 1, &end);
        if (end == text + 1 || *end != (i + 1 < n ? ',' : '}'))
            return false;
        text = end;
    }
    return true;
}

struct restore {
    struct history *h;
    float *by_supply, *by_channel; /* [4 S], [3 C] */
    uint8_t *reason;
};

/* Columns: t in seconds, score, chance, reconstruction, reason, jsd, value, reconstruction_by or NULL. */
static int restore_tick(void *arg, int n, char *const name[], char *const value[])
{
    struct restore *r = arg;
    size_t s = r->h->fleet->n_supplies, c = r->h->fleet->n_channels;
    (void)n;
    (void)name;
    bool ok = read_floats(r->by_channel, c, value[5]) && read_floats(r->by_channel + c, c, value[6]);
    for (size_t i = 0; i < 4; i++)
        ok = ok && read_floats(r->by_supply + i * s, s, value[1 + i]);
    if (!ok)
        return 0; /* of another fleet revision */
    float *by = read_floats(r->by_channel + 2 * c, c, value[7]) ? r->by_channel + 2 * c : NULL;
    for (size_t i = 0; by && i < c; i++)
        by[i] = by[i] > HISTORY_NONE ? by[i] / 100 : NAN;
    for (size_t i = 0; i < s; i++)
        r->reason[i] = (uint8_t)r->by_supply[3 * s + i];
    const struct figure figures[] = {
        {.name = "reconstruction", .value = r->by_supply + 2 * s},
        {.name = "jsd", .per_channel = true, .value = r->by_channel},
        {.name = "reconstruction", .per_channel = true, .value = by},
    };
    struct tick t = {.t = strtoll(value[0], NULL, 10) * NS_PER_S,
                     .n_supplies = s,
                     .n_channels = c,
                     .score = r->by_supply,
                     .chance = r->by_supply + s,
                     .reason = r->reason,
                     .figures = figures,
                     .n_figures = by ? 3 : 2,
                     .value = r->by_channel + c};
    hours_add(r->h, &t);
    return 0;
}

int hours_restore(struct history *h, const char *conninfo, struct err *err)
{
    size_t s = h->fleet->n_supplies, c = h->fleet->n_channels;
    struct restore r = {h, xcalloc(4 * s, sizeof(float)), xcalloc(3 * c, sizeof(float)), xcalloc(s, 1)};
    const char *const params[2] = {h->run_id, h->fleet_id};
    int rc =
        pg_each(conninfo,
                "SELECT extract(epoch FROM t)::bigint, score, chance, reconstruction, reason, jsd,"
                " value, reconstruction_by FROM ticks WHERE run = $1::int AND fleet = $2::int AND t > (SELECT"
                " date_trunc('hour', max(t) - interval '1 us') FROM ticks WHERE run = $1::int)"
                " ORDER BY t",
                2, params, restore_tick, &r, err);
    free(r.by_supply);
    free(r.by_channel);
    free(r.reason);
    return rc;
}
