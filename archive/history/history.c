/* Opening a run for writing, closing it; see history.h. SPDX-License-Identifier: MIT */
#include "archive/history/internal.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* The gap reaches to the newest tick; when none is newer, the ordinary catching up covers it. */
static int read_gap(struct history *h, const char *conninfo, struct err *err)
{
    tstamp_ns from;
    const char *const params[1] = {h->run_id};
    int rc = history_instant(&from, conninfo,
                             "SELECT extract(epoch FROM from_t)::bigint FROM tick_gaps WHERE run = $1::int",
                             1, params, err);
    if (rc == 0 && from && h->newest >= from) {
        h->gap_from = from;
        h->gap_to = h->newest;
    }
    return rc;
}

static void release(struct history *h)
{
    hour_fini(&h->hour);
    hashmap_free(h->finding_index);
    pg_txn_free(h->growing);
    free(h->finding);
    free(h->supply_id);
    free(h->model);
    free(h->model_hash);
    free(h->config_hash);
    free(h->maintenance);
    hour_fini(&h->redo.hour);
    pg_txn_free(h->redo.txn);
}

int history_open(struct history **out, struct pg *pg, const char *conninfo, const struct fleet *f,
                 const struct maintenance *m, const struct history_run *run, struct err *err)
{
    struct history *h = xcalloc(1, sizeof *h);
    h->pg = pg;
    h->fleet = f;
    h->live = strcmp(run->kind, "live") == 0;
    h->keep_ticks_days = run->keep_ticks_days;
    h->day = INT64_MIN;
    h->supply_id = xcalloc(f->n_supplies, sizeof *h->supply_id);
    h->finding_index = hashmap_new();
    hour_init(&h->hour, f->n_supplies, f->n_channels);
    hour_init(&h->redo.hour, f->n_supplies, f->n_channels);
    if (register_fleet(h, conninfo, err) != 0 || register_run(h, conninfo, run, err) != 0 ||
        revisions_open(h, conninfo, &run->revision, err) != 0 || redo_open(h, conninfo, err) != 0 ||
        worktimes_open(h, conninfo, m, run->tail, err) != 0 ||
        ((h->live || run->resume) &&
         (hours_restore(h, conninfo, err) != 0 || findings_open(h, conninfo, err) != 0)) ||
        (h->live && read_gap(h, conninfo, err) != 0) || jobs_open(h, conninfo, err) != 0) {
        release(h);
        free(h);
        return err->code;
    }
    *out = h;
    return 0;
}

void history_finish(struct history *h)
{
    h->finished = true;
}

void history_close(struct history *h)
{
    if (!h)
        return;
    ticks_flush(h);
    if (h->finished)
        hours_flush(h); /* else the open hour is taken up again by the next start */
    if (h->live || h->finished) {
        const char *const params[1] = {h->run_id};
        struct pg_txn *t = pg_txn_new();
        pg_txn_add(t, "UPDATE runs SET finished = now() WHERE run = $1::int", 1, params);
        history_submit(h, t);
    }
    release(h);
    h->growing = NULL;
    h->closed = true;
    history_release_closed(h);
}
