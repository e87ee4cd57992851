/* Whether the stated chance held, asked of the history at the end of each day, on a thread beside the loop: a
 * second or so for twelve weeks of 1,320 supplies. SPDX-License-Identifier: MIT */
#include "monitor/live/live.h"

#include "base/log.h"
#include "base/mem.h"
#include "monitor/chances/chances.h"

#include <stdlib.h>

#define AGAIN (10 * NS_PER_MIN) /* after one that failed */

struct chances_watch {
    struct live *live;
    int64_t day;         /* since 1970, up to which it was asked; 0: not yet */
    tstamp_ns not_until; /* monotonic */
    uv_work_t work;
    struct world *world; /* of what is under way; NULL: nothing is */
    struct chances *known;
    /* the outcome, written by its thread */
    int rc;
    struct chances *made;
    struct err err;
};

/* On a thread of its own: reads only what does not change. */
static void gather(uv_work_t *work)
{
    struct chances_watch *w = work->data;
    w->rc = chances_gather(w->made, w->live->context.conninfo, w->live->session.run, w->world->fleet,
                           w->world->maintenance, CHANCES_WEEKS, 0, &w->err);
}

static void take_over(struct chances_watch *w)
{
    char line[CHANCES_LINE_LEN];
    bool was = w->known && chances_broken(w->known);
    free(w->known);
    w->known = w->made;
    w->made = NULL;
    if (chances_broken(w->known))
        log_warning("chance", "%s", chances_line(line, w->known));
    else if (was)
        log_info("chance", "%s", chances_line(line, w->known));
}

static void on_gathered(uv_work_t *work, int status)
{
    struct chances_watch *w = work->data;
    if (status == 0 && w->rc == 0)
        take_over(w);
    else if (status == 0) {
        log_warning("chance", "later again: %s", w->err.msg);
        w->day = 0;
        w->not_until = clock_monotonic() + AGAIN;
    }
    free(w->made);
    w->made = NULL;
    world_drop(w->world);
    w->world = NULL;
}

void live_watch_chances(struct live *l)
{
    int64_t day = l->last / NS_PER_DAY;
    if (!l->chances) {
        l->chances = xcalloc(1, sizeof *l->chances);
        l->chances->live = l;
        l->chances->work.data = l->chances;
    }
    struct chances_watch *w = l->chances;
    bool stored = pg_up(l->session.pg) && pg_queued(l->session.pg) == 0;
    if (w->world || day == w->day || !stored || clock_monotonic() < w->not_until)
        return;
    w->day = day;
    w->world = world_keep(l->session.world);
    w->made = xcalloc(1, sizeof *w->made);
    w->err = (struct err){0};
    uv_queue_work(&l->loop, &w->work, gather, on_gathered);
}

const struct chances *live_chances(const struct live *l)
{
    return l->chances ? l->chances->known : NULL;
}

void live_watch_chances_end(struct live *l)
{
    if (l->chances)
        free(l->chances->known);
    free(l->chances);
}
