/* What a run's rows refer to: the fleet's revision and the run itself; see internal.h.
 * SPDX-License-Identifier: MIT */
#include "archive/history/internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void add_limit(struct buf *b, double v)
{
    buf_str(b, b->len ? "," : "{");
    if (isnan(v))
        buf_str(b, "NULL");
    else
        buf_printf(b, "%.17g", v);
}

static const char *group_of(const struct fleet *f, const struct supply *s, enum group_kind g)
{
    return s->group[g] < 0 ? NULL : f->groups[g].name[s->group[g]];
}

/* Groups may change without changing what indexes mean: they are brought up to date. */
static const char put_supplies[] =
    "WITH ids AS (INSERT INTO supply_ids (name) SELECT unnest($2::text[]) ON CONFLICT (name) DO UPDATE SET"
    " name = EXCLUDED.name RETURNING id, name)"
    " INSERT INTO fleet_supplies (fleet, i, supply, family, sector, water, rack, feeder) SELECT $1::int, u.i,"
    " ids.id, u.family, u.sector, u.water, u.rack, u.feeder FROM unnest($2::text[], $3::text[], $4::text[],"
    " $5::text[], $6::text[], $7::text[]) WITH ORDINALITY u(name, family, sector, water, rack, feeder, i)"
    " JOIN ids USING (name) ON CONFLICT (fleet, i) DO UPDATE SET family = EXCLUDED.family, sector ="
    " EXCLUDED.sector, water = EXCLUDED.water, rack = EXCLUDED.rack, feeder = EXCLUDED.feeder";

static int register_supplies(const struct history *h, const char *conninfo, struct err *err)
{
    const struct fleet *f = h->fleet;
    struct buf b[6] = {{0}};
    static const enum group_kind order[5] = {GROUP_FAMILY, GROUP_SECTOR, GROUP_WATER, GROUP_RACK,
                                             GROUP_FEEDER};
    for (size_t s = 0; s < f->n_supplies; s++) {
        history_array_text(&b[0], f->supplies[s].name);
        for (size_t g = 0; g < 5; g++)
            history_array_text(&b[1 + g], group_of(f, &f->supplies[s], order[g]));
    }
    const char *params[7] = {h->fleet_id};
    for (size_t i = 0; i < 6; i++)
        params[1 + i] = history_array_end(&b[i]);
    int rc = pg_run(conninfo, put_supplies, 7, params, NULL, err);
    for (size_t i = 0; i < 6; i++)
        buf_free(&b[i]);
    return rc;
}

static const char put_channels[] =
    "INSERT INTO fleet_channels (fleet, i, supply, position, signal, pv, unit, low, high, range) SELECT"
    " $1::int, u.i, s.supply, u.position, u.signal, u.pv, u.unit, u.low, u.high, u.range FROM"
    " unnest($2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::float8[],"
    " $9::float8[]) WITH ORDINALITY u(supply, position, signal, pv, unit, low, high, range, i)"
    " JOIN fleet_supplies s ON s.fleet = $1::int AND s.i = u.supply ON CONFLICT (fleet, i) DO UPDATE SET"
    " unit = EXCLUDED.unit, low = EXCLUDED.low, high = EXCLUDED.high, range = EXCLUDED.range";

static int register_channels(const struct history *h, const char *conninfo, struct err *err)
{
    const struct fleet *f = h->fleet;
    struct buf b[8] = {{0}};
    for (size_t i = 0; i < f->n_channels; i++) {
        const struct channel *c = &f->channels[i];
        const struct supply *s = &f->supplies[c->supply];
        buf_printf(&b[0], "%c%" PRIu32, i ? ',' : '{', c->supply + 1);
        buf_printf(&b[1], "%c%zu", i ? ',' : '{', i - s->first_channel + 1);
        history_array_text(&b[2], f->signals.name[c->signal]);
        history_array_text(&b[3], c->pv);
        history_array_text(&b[4], c->unit ? c->unit : "");
        add_limit(&b[5], c->low);
        add_limit(&b[6], c->high);
        add_limit(&b[7], c->range);
    }
    const char *params[9] = {h->fleet_id};
    for (size_t i = 0; i < 8; i++)
        params[1 + i] = history_array_end(&b[i]);
    int rc = pg_run(conninfo, put_channels, 9, params, NULL, err);
    for (size_t i = 0; i < 8; i++)
        buf_free(&b[i]);
    return rc;
}

static int read_supply_ids(struct history *h, const char *conninfo, struct err *err)
{
    const char *const params[1] = {h->fleet_id};
    struct pg_rows *rows = NULL;
    int rc = pg_run(conninfo, "SELECT supply FROM fleet_supplies WHERE fleet = $1::int ORDER BY i", 1, params,
                    &rows, err);
    if (rc == 0 && (size_t)rows->n_rows != h->fleet->n_supplies)
        rc = err_set(err, ERR_DB, "fleet revision %s is not complete in the database", h->fleet_id);
    for (int i = 0; rc == 0 && i < rows->n_rows; i++)
        h->supply_id[i] = (int32_t)strtol(rows->value[i], NULL, 10);
    pg_rows_free(rows);
    return rc;
}

int register_fleet(struct history *h, const char *conninfo, struct err *err)
{
    char hash[24];
    snprintf(hash, sizeof hash, "%016" PRIx64, h->fleet->hash);
    const char *const params[1] = {hash};
    if (history_number(h->fleet_id, conninfo,
                       "INSERT INTO fleets (hash) VALUES ($1) ON CONFLICT (hash) DO UPDATE SET hash ="
                       " EXCLUDED.hash RETURNING fleet",
                       1, params, err) != 0 ||
        register_supplies(h, conninfo, err) != 0 || register_channels(h, conninfo, err) != 0 ||
        /* without statistics the views are joined row by row: minutes instead of a second */
        pg_run(conninfo, "ANALYZE supply_ids, fleets, fleet_supplies, fleet_channels", 0, NULL, NULL, err) !=
            0)
        return err->code;
    return read_supply_ids(h, conninfo, err);
}

int register_run(struct history *h, const char *conninfo, const struct history_run *run, struct err *err)
{
    char from[TIMEFMT_LEN], to[TIMEFMT_LEN];
    const char *const params[9] = {run->name,
                                   run->kind,
                                   h->fleet_id,
                                   run->revision.model,
                                   run->revision.model_hash,
                                   run->revision.config_hash,
                                   history_time(from, run->from),
                                   history_time(to, run->to),
                                   run->resume ? "t" : "f"};
    int rc =
        history_number(h->run_id, conninfo,
                       "INSERT INTO runs (name, kind, fleet, model, model_hash, config_hash, from_t, to_t)"
                       " VALUES ($1, $2, $3::int, $4, $5, $6, $7::timestamptz, $8::timestamptz)"
                       " ON CONFLICT (name) DO UPDATE SET fleet = EXCLUDED.fleet, model = EXCLUDED.model,"
                       " model_hash = EXCLUDED.model_hash, config_hash = EXCLUDED.config_hash,"
                       " finished = NULL WHERE runs.kind = EXCLUDED.kind AND (runs.kind = 'live' OR $9::bool)"
                       " RETURNING run",
                       9, params, err);
    if (rc != 0)
        return rc;
    if (!h->run_id[0])
        return err_set(err, ERR_CONFIG,
                       "run \"%s\" exists already: choose another name, or let it go on with --resume",
                       run->name);
    const char *const start[5] = {h->run_id, h->fleet_id, run->revision.model, run->revision.model_hash,
                                  run->revision.config_hash};
    rc = pg_run(conninfo,
                "INSERT INTO run_starts (run, fleet, model, model_hash, config_hash) VALUES ($1::int,"
                " $2::int, $3, $4, $5)",
                5, start, NULL, err);
    /* of a supply that has left the fleet nobody says any more whether it is well */
    return rc != 0
               ? rc
               : pg_run(conninfo,
                        "UPDATE findings SET closed = last_seen WHERE run = $1::int AND closed IS NULL AND"
                        " supply IS NOT NULL AND supply NOT IN (SELECT supply FROM fleet_supplies WHERE"
                        " fleet = $2::int)",
                        2, start, NULL, err);
}
