/* What was learned of supplies after work, kept so that it outlives a restart to the last bit; see history.h.
 * SPDX-License-Identifier: MIT */
#include "archive/history/internal.h"

#include "base/mem.h"
#include "base/text/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char upsert_renewal[] =
    "INSERT INTO renewals (run, supply, work_start, work, model_hash, signals, units, before, hours, value, "
    "steps,"
    " \"offset\", verdict) VALUES ($1::int, $2::int, $3::timestamptz, $4, $5, $6::text[], $7::text[], "
    "$8::float4[],"
    " $9::int8[], $10::float4[], $11::int8[], $12::float4[], $13::int2[]) ON CONFLICT (run, supply, "
    "work_start) DO"
    " UPDATE SET work = EXCLUDED.work, model_hash = EXCLUDED.model_hash, signals = EXCLUDED.signals, units ="
    " EXCLUDED.units, before = EXCLUDED.before, hours = EXCLUDED.hours, value = EXCLUDED.value, steps ="
    " EXCLUDED.steps, \"offset\" = EXCLUDED.\"offset\", verdict = EXCLUDED.verdict";

enum { P_SIGNALS, P_UNITS, P_BEFORE, P_HOURS, P_VALUE, P_STEPS, P_OFFSET, P_VERDICT, P_ARRAYS };

static void add_number(struct buf *b, long long v)
{
    buf_printf(b, "%s%lld", b->len ? "," : "{", v);
}

static void add_steps(struct buf b[P_ARRAYS], const struct renewal *r)
{
    size_t columns = 2 * r->n;
    float *offset = xcalloc(RENEWAL_STEPS * columns, sizeof *offset);
    for (size_t k = 0; k < r->n_steps; k++) {
        add_number(&b[P_STEPS], r->step[k].since / NS_PER_S);
        memcpy(offset + k * columns, r->step[k].offset, columns * sizeof *offset);
        for (size_t c = 0; c < columns; c++)
            add_number(&b[P_VERDICT], r->step[k].verdict[c]);
    }
    pg_array_f32(&b[P_OFFSET], offset, r->n_steps * columns);
    free(offset);
}

static void add_renewal(const struct history *h, struct pg_txn *t, const struct renewal *r)
{
    struct buf b[P_ARRAYS] = {{0}};
    char supply[16], start[TIMEFMT_LEN];
    const char *params[5 + P_ARRAYS] = {h->run_id, supply, timefmt_iso(start, r->work), r->words,
                                        h->model_hash};
    snprintf(supply, sizeof supply, "%d", (int)h->supply_id[r->supply]);
    for (size_t k = 0; k < r->n; k++) {
        const struct channel *c = &h->fleet->channels[r->channel[k]];
        history_array_text(&b[P_SIGNALS], h->fleet->signals.name[c->signal]);
        history_array_text(&b[P_UNITS], words_unit_of_difference(c->unit));
    }
    for (size_t k = 0; k < r->n_hours; k++)
        add_number(&b[P_HOURS], r->hour[k] / NS_PER_S);
    add_steps(b, r);
    pg_array_f32(&b[P_BEFORE], r->before, 2 * r->n);
    pg_array_f32(&b[P_VALUE], r->value, r->n_hours * 2 * r->n);
    for (size_t k = 0; k < P_ARRAYS; k++) {
        bool ended = k == P_BEFORE || k == P_VALUE || k == P_OFFSET;
        params[5 + k] = ended ? buf_text(&b[k]) : history_array_end(&b[k]);
    }
    pg_txn_add(t, upsert_renewal, 5 + P_ARRAYS, params);
    for (size_t k = 0; k < P_ARRAYS; k++)
        buf_free(&b[k]);
}

void renewals_put(struct history *h, const struct tick *t)
{
    if (t->n_renewals == 0)
        return;
    struct pg_txn *txn = pg_txn_new();
    for (size_t i = 0; i < t->n_renewals; i++)
        add_renewal(h, txn, t->renewals[i]);
    history_submit(h, txn);
}

/* ---- reading ---- */

enum { R_SUPPLY, R_START, R_WORK, R_SIGNALS, R_BEFORE, R_HOURS, R_VALUE, R_STEPS, R_OFFSET, R_VERDICT };

/* Numbers of an array in text form. Returns whether there are n. */
static bool read_floats(const char *text, float out[], size_t n)
{
    const char *at = text + (*text == '{');
    for (size_t i = 0; i < n; i++) {
        char *end;
        out[i] = strtof(at, &end);
        if (end == at)
            return false;
        at = end + (*end == ',');
    }
    return *at == '}';
}

/* At most `most` of them; returns how many there are, most + 1 when there are more. */
static size_t read_numbers(const char *text, int64_t out[], size_t most)
{
    const char *at = text + (*text == '{');
    for (size_t n = 0;; n++) {
        char *end;
        long long v = strtoll(at, &end, 10);
        if (end == at || n == most)
            return end == at ? n : most + 1;
        out[n] = v;
        at = end + (*end == ',');
    }
}

/* The supply's channels of these signals, one a line, in their order; NULL when it has other ones. */
static struct renewal *renewal_of(const struct fleet *f, int32_t supply, const char *signals)
{
    const struct supply *s = &f->supplies[supply];
    struct renewal *r = renewal_new(supply, 0, s->n_channels);
    r->n = 0;
    for (const char *at = signals; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        size_t len = strcspn(at, "\n");
        uint32_t c = s->first_channel;
        for (; c < s->first_channel + s->n_channels; c++) {
            const char *name = f->signals.name[f->channels[c].signal];
            if (strlen(name) == len && memcmp(name, at, len) == 0)
                break;
        }
        if (c == s->first_channel + s->n_channels || r->n == s->n_channels) {
            renewal_free(r);
            return NULL;
        }
        r->channel[r->n++] = c;
    }
    return r;
}

static bool read_steps(struct renewal *r, char *const v[])
{
    size_t columns = 2 * r->n;
    int64_t since[RENEWAL_STEPS], *verdict = xcalloc(RENEWAL_STEPS * columns, sizeof *verdict);
    float *offset = xcalloc(RENEWAL_STEPS * columns, sizeof *offset);
    r->n_steps = read_numbers(v[R_STEPS], since, RENEWAL_STEPS);
    bool good = r->n_steps <= RENEWAL_STEPS && read_floats(v[R_OFFSET], offset, r->n_steps * columns) &&
                read_numbers(v[R_VERDICT], verdict, RENEWAL_STEPS * columns) == r->n_steps * columns;
    for (size_t k = 0; good && k < r->n_steps; k++) {
        r->step[k].since = since[k] * NS_PER_S;
        memcpy(r->step[k].offset, offset + k * columns, columns * sizeof *offset);
        for (size_t c = 0; c < columns; c++)
            r->step[k].verdict[c] = (uint8_t)verdict[k * columns + c];
    }
    free(verdict);
    free(offset);
    return good;
}

/* NULL: it is not of this fleet, or not as add_renewal writes it. */
static struct renewal *read_renewal(const struct fleet *f, char *const v[])
{
    int32_t supply = fleet_supply(f, v[R_SUPPLY]);
    struct renewal *r = supply < 0 ? NULL : renewal_of(f, supply, v[R_SIGNALS]);
    if (!r)
        return NULL;
    int64_t hour[RENEWAL_HOURS];
    r->work = strtoll(v[R_START], NULL, 10) * NS_PER_S;
    snprintf(r->words, sizeof r->words, "%s", v[R_WORK]);
    r->n_hours = read_numbers(v[R_HOURS], hour, RENEWAL_HOURS);
    bool good = r->n_hours <= RENEWAL_HOURS && read_floats(v[R_BEFORE], r->before, 2 * r->n) &&
                read_floats(v[R_VALUE], r->value, r->n_hours * 2 * r->n) && read_steps(r, v);
    for (size_t k = 0; good && k < r->n_hours; k++)
        r->hour[k] = hour[k] * NS_PER_S;
    if (good)
        return r;
    renewal_free(r);
    return NULL;
}

int history_renewals(const char *conninfo, const struct fleet *f, const char *run, const char *model_hash,
                     struct renewal ***out, size_t *n, struct err *err)
{
    struct pg_rows *rows = NULL;
    const char *const params[2] = {run, model_hash};
    int rc =
        pg_run(conninfo,
               "SELECT s.name, extract(epoch FROM w.work_start)::bigint, w.work, "
               "array_to_string(w.signals, E'\\n'),"
               " w.before, w.hours, w.value, w.steps, w.\"offset\", w.verdict FROM renewals w JOIN "
               "supply_ids s ON"
               " s.id = w.supply WHERE w.run = (SELECT run FROM runs WHERE name = $1) AND w.model_hash = "
               "$2 ORDER BY"
               " w.work_start, s.name",
               2, params, &rows, err);
    if (rc != 0)
        return rc;
    *n = 0;
    *out = xcalloc((size_t)rows->n_rows + 1, sizeof(struct renewal *));
    for (size_t i = 0; i < (size_t)rows->n_rows; i++)
        if (((*out)[*n] = read_renewal(f, rows->value + i * (size_t)rows->n_columns)))
            ++*n;
    pg_rows_free(rows);
    return 0;
}
