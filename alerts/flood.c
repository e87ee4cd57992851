/* Few alarms; see flood.h. SPDX-License-Identifier: MIT */
#include "alerts/flood.h"

#include "base/time/timefmt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool in_window(tstamp_ns t, tstamp_ns now)
{
    return t != 0 && now - t < FLOOD_WINDOW;
}

void flood_add(struct flood_count *c, const struct occurrence *o, tstamp_ns now)
{
    bool first = in_window(o->announced, now), again = in_window(o->grown, now);
    c->came += (size_t)first + again;
    c->told += (size_t)(first && !*o->flood) + again;
}

bool flood_room(const struct flood_count *c)
{
    return c->told + 1 < FLOOD_MOST;
}

bool flood_over(const struct flood_count *c, tstamp_ns raised, tstamp_ns now)
{
    return c->came < FLOOD_OVER && now - raised >= FLOOD_WINDOW;
}

/* ---- what first ---- */

static int by_number(double a, double b)
{
    return (a > b) - (a < b);
}

int flood_order(const void *a, const void *b)
{
    const struct occurrence *x = *(struct occurrence *const *)a, *y = *(struct occurrence *const *)b;
    const struct finding *f = &x->finding, *g = &y->finding;
    const int order[] = {
        by_number(!x->monitor, !y->monitor),
        by_number((double)occurrence_supplies(y), (double)occurrence_supplies(x)),
        by_number(f->class == CLASS_DATA, g->class == CLASS_DATA),
        by_number(isnan(f->chance) ? 0 : f->chance, isnan(g->chance) ? 0 : g->chance),
        by_number(g->effect, f->effect),
        by_number((double)x->alarm.pending, (double)y->alarm.pending),
    };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (order[i] != 0)
            return order[i];
    return strcmp(x->id, y->id);
}

/* ---- words ---- */

#define PLACES_SAID 6 /* of such a line's worth */

static int more_first(const void *a, const void *b)
{
    const struct flood_place *p = a, *q = b;
    return p->n != q->n ? (p->n < q->n) - (p->n > q->n) : strcmp(p->name, q->name);
}

static void add_places(char *out, size_t room, const struct flood_report *r)
{
    size_t len = 0, said = 0;
    for (; said < r->n_places && said < PLACES_SAID; said++) {
        const struct flood_place *p = &r->place[said];
        size_t left = r->n_places - said;
        char one[FINDING_NAME_LEN + 40];
        int n = snprintf(one, sizeof one, "%s%s (%zu)", said ? ", " : "", p->name, p->n);
        if (len + (size_t)n + (left > 1 ? 32 : 1) > room)
            break;
        memcpy(out + len, one, (size_t)n + 1);
        len += (size_t)n;
    }
    if (said < r->n_places)
        snprintf(out + len, room - len, "%s%zu %s", said ? " and " : "", r->n_places - said,
                 said ? "other places" : "places");
}

void flood_words(char out[FLOOD_TEXT_LEN], struct flood_report *r)
{
    char places[120] = "", since[TIMEFMT_LEN];
    qsort(r->place, r->n_places, sizeof *r->place, more_first);
    add_places(places, sizeof places, r);
    timefmt_iso(since, r->since);
    if (r->over)
        snprintf(out, FLOOD_TEXT_LEN,
                 "over: alarms since %s that were not told one by one: %zu, of which open now: %zu; in %s",
                 since, r->held, r->open, places);
    else
        snprintf(out, FLOOD_TEXT_LEN,
                 "too many alarms to tell one by one since %s: %zu more, in %s; psmon alarm list shows them",
                 since, r->held, places);
}
