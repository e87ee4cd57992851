/* What is judged by the minute: an exceedance is an event that holds for a day, with a chance of its own;
 * several in a group are one finding; see internal.h. SPDX-License-Identifier: MIT */
#include "detectors/engine/internal.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENT_GROUPS 16

void events_init(struct events *e, const struct model *m, size_t index, void *live, double budget)
{
    *e = (struct events){.of = statistics[index],
                         .model = m,
                         .index = index,
                         .limit = statistics[index]->share * budget,
                         .live = live,
                         .event = xcalloc(m->fleet->n_supplies, sizeof *e->event)};
}

void events_fini(struct events *e)
{
    free(e->event);
}

static bool holds(const struct events *e, size_t i, tstamp_ns t)
{
    return e->event[i].until > t;
}

static bool is_new(const struct events *e, size_t i, tstamp_ns t)
{
    return e->event[i].until == t + NS_PER_DAY;
}

static void begin_event(struct events *e, const struct minute *in, size_t i, double value, double chance)
{
    struct finding *f = &e->event[i].f;
    e->event[i].until = in->frame->t + NS_PER_DAY;
    *f = (struct finding){.supply = (int32_t)i, .chance = chance, .effect = value / e->of->least, .n_by = 1};
    snprintf(f->subject, sizeof f->subject, "%s", e->model->fleet->supplies[i].name);
    snprintf(f->detector, sizeof f->detector, "%s", e->of->name);
    e->of->say(e->live, in, i, value, f);
    struct contributor *by = &f->by[0];
    memcpy(by->signal, f->signal, sizeof by->signal);
    memcpy(by->unit, f->unit, sizeof by->unit);
    by->size = f->size;
    by->share = 1;
}

void events_minute(struct events *e, const struct minute *in, const float value[])
{
    for (size_t i = 0; i < e->model->fleet->n_supplies; i++) {
        double v = (double)value[i];
        if (!(v >= e->of->least) || !e->of->judges(e->live, i))
            continue;
        const struct tail *tail = &e->model->own[e->index];
        double p = tail_p(tail, v);
        if (model_chance(e->model, p) <= e->limit)
            begin_event(e, in, i, v, model_said(e->model, tail, p));
    }
}

/* Several supplies of a group within a day: one finding, after the strongest of them. */
static void propose_group(const struct events *e, const struct group_search *g, int32_t index, tstamp_ns t,
                          struct proposals *out)
{
    const struct finding *lead = NULL;
    bool fresh = false;
    for (size_t i = 0; i < e->model->fleet->n_supplies; i++) {
        if (g->parent[i] != index)
            continue;
        fresh |= is_new(e, i, t);
        if (!lead || e->event[i].f.chance < lead->chance)
            lead = &e->event[i].f;
    }
    const struct moved_group *found = &g->found[index];
    struct finding *x = &proposals_add(out, fresh ? PROPOSE_SAY : PROPOSE_KEEP)->now;
    *x = *lead;
    x->supply = -1;
    x->class = CLASS_COMMON;
    x->children = (uint32_t)found->moved;
    groups_subject(e->model->fleet, found, x->subject, sizeof x->subject);
    e->of->say_group(found->moved, found->members, x);
}

static void propose_events(const struct events *e, struct group_search *g, tstamp_ns t, struct proposals *out)
{
    size_t n = e->model->fleet->n_supplies;
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        g->member[i] = e->of->judges(e->live, i) && e->model->fit[i] == FIT_OK;
        g->moved[i] = g->said[i] = holds(e, i, t);
        any |= g->moved[i];
    }
    if (!any)
        return;
    size_t groups = groups_find(g, EVENT_GROUPS);
    for (size_t k = 0; k < groups; k++)
        propose_group(e, g, (int32_t)k, t, out);
    for (size_t i = 0; i < n; i++)
        if (g->moved[i] && g->parent[i] < 0)
            proposals_add(out, is_new(e, i, t) ? PROPOSE_SAY : PROPOSE_KEEP)->now = e->event[i].f;
}

/* Open findings of before a restart have no event: they go on for their day. */
static void propose_restored(const struct events *e, struct tracker *tracker, tstamp_ns t,
                             struct proposals *out)
{
    size_t n;
    const struct finding *list = tracker_list(tracker, t, &n);
    for (size_t i = 0; i < n; i++) {
        const struct finding *f = &list[i];
        if (strcmp(f->detector, e->of->name) != 0 || f->closed || t - f->last_seen >= NS_PER_DAY ||
            (f->supply >= 0 && holds(e, (size_t)f->supply, t)))
            continue;
        struct proposal *p = proposals_add(out, PROPOSE_HOLD);
        memcpy(p->now.subject, f->subject, sizeof p->now.subject);
    }
}

void events_propose(const struct events *e, struct group_search *g, struct tracker *tracker, tstamp_ns t,
                    struct proposals *out)
{
    propose_events(e, g, t, out);
    propose_restored(e, tracker, t, out);
}
