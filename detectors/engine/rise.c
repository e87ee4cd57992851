/* The fast path in the scorer: lost cooling water in two minutes, with the voltage as witness; see rate.h.
 * SPDX-License-Identifier: MIT */
#include "detectors/engine/internal.h"
#include "detectors/verdict/groups.h"

#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COIL_PER_KELVIN 0.00393 /* copper, power-supplies.md §8.1 */
#define WITNESS_SHARE 0.4       /* of the voltage that the rise should make */
#define GROUPS_MAX 16
#define WITNESS_NOISE 3.0 /* sd of the voltage residual that it must pass at least */

/* Whether the voltage rose as a coil that much hotter demands. */
static bool voltage_agrees(const struct scorer *s, size_t i, const struct frame *in)
{
    int32_t level = s->volts_level[i], v = s->fleet->supplies[i].known[SIGNAL_VOLTAGE];
    if (level < 0 || v < 0)
        return false;
    size_t n = s->fleet->n_supplies;
    float now = s->volts[s->volts_at * n + i];
    float before = s->volts[(s->volts_at + VOLTS_KEPT - 2) % VOLTS_KEPT * n + i];
    double volts = (double)in->value[v], rise = (double)(now - before) * (volts < 0 ? -1 : 1);
    double expected = COIL_PER_KELVIN * fabs(volts) * (double)s->rise[i];
    double spread = (double)s->model->ref.spread[i * s->layout->width + (size_t)level];
    return rise >= WITNESS_SHARE * expected && rise >= WITNESS_NOISE * spread;
}

static void begin_event(struct scorer *s, size_t i, const struct frame *in, double chance)
{
    struct rise_event *e = &s->events[i];
    bool agrees = voltage_agrees(s, i, in);
    const struct channel *ch =
        &s->fleet->channels[feature_at(s->layout, i, (size_t)s->magnet_level[i])->channel];
    e->until = in->t + NS_PER_DAY;
    e->f = (struct finding){.supply = (int32_t)i,
                            .detector = "rate",
                            .class = agrees ? CLASS_EQUIPMENT : CLASS_SENSOR,
                            .onset = in->t - 2 * s->model->period,
                            .chance = chance,
                            .size = (double)s->rise[i] / (2 * (double)s->model->period / (double)NS_PER_MIN),
                            .direction = DIRECTION_UP,
                            .witness = agrees,
                            .n_by = 1};
    snprintf(e->f.subject, sizeof e->f.subject, "%s", s->fleet->supplies[i].name);
    snprintf(e->f.signal, sizeof e->f.signal, "%s", s->fleet->signals.name[ch->signal]);
    snprintf(e->f.unit, sizeof e->f.unit, "K/min");
    snprintf(e->f.reason, sizeof e->f.reason,
             "magnet temperature rises by %.2g K a minute more than its current explains%s", e->f.size,
             agrees ? ", and the voltage with it: cooling water" : "; the voltage does not agree: sensor");
    struct contributor *by = &e->f.by[0];
    memcpy(by->signal, e->f.signal, sizeof by->signal);
    memcpy(by->unit, e->f.unit, sizeof by->unit);
    by->size = e->f.size;
    by->share = 1;
}

static bool holds(const struct scorer *s, size_t i, tstamp_ns t)
{
    return s->events[i].until > t;
}

static bool is_new(const struct scorer *s, size_t i, tstamp_ns t)
{
    return s->events[i].until == t + NS_PER_DAY;
}

/* Several supplies of a group within a day: one finding, after the strongest of them. */
static void propose_group(struct scorer *s, const struct moved_group *g, int32_t index,
                          const int32_t parent[], tstamp_ns t)
{
    const struct finding *lead = NULL;
    bool fresh = false;
    for (size_t i = 0; i < s->fleet->n_supplies; i++) {
        if (parent[i] != index)
            continue;
        fresh |= is_new(s, i, t);
        if (!lead || s->events[i].f.chance < lead->chance)
            lead = &s->events[i].f;
    }
    struct finding *x = &scorer_add_proposal(s, fresh ? PROPOSE_SAY : PROPOSE_KEEP)->now;
    *x = *lead;
    x->supply = -1;
    x->class = CLASS_COMMON;
    x->children = (uint32_t)g->moved;
    groups_subject(s->fleet, g, x->subject, sizeof x->subject);
    snprintf(x->reason, sizeof x->reason,
             "magnet temperature rises in %zu of %zu supplies together, by up to %.2g K a minute", g->moved,
             g->members, x->size);
}

static void propose(struct scorer *s, tstamp_ns t)
{
    size_t n = s->fleet->n_supplies;
    bool *member = xcalloc(n, sizeof *member), *moved = xcalloc(n, sizeof *moved);
    int32_t *parent = xcalloc(n, sizeof *parent);
    struct moved_group group[GROUPS_MAX];
    for (size_t i = 0; i < n; i++) {
        member[i] = s->magnet_level[i] >= 0 && s->model->fit[i] == FIT_OK;
        moved[i] = holds(s, i, t);
    }
    size_t groups = groups_find(s->fleet, member, moved, moved, group, GROUPS_MAX, parent);
    for (size_t g = 0; g < groups; g++)
        propose_group(s, &group[g], (int32_t)g, parent, t);
    for (size_t i = 0; i < n; i++)
        if (moved[i] && parent[i] < 0)
            scorer_add_proposal(s, is_new(s, i, t) ? PROPOSE_SAY : PROPOSE_KEEP)->now = s->events[i].f;
    free(member);
    free(moved);
    free(parent);
}

/* Open findings of before a restart have no event: they go on for their day. */
static void propose_restored(struct scorer *s, tstamp_ns t)
{
    size_t n;
    const struct finding *list = tracker_list(s->tracker, t, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].detector, "rate") == 0 && !list[i].closed && t - list[i].last_seen < NS_PER_DAY &&
            !(list[i].supply >= 0 && holds(s, (size_t)list[i].supply, t))) {
            struct proposal *p = scorer_add_proposal(s, PROPOSE_HOLD);
            memcpy(p->now.subject, list[i].subject, sizeof p->now.subject);
        }
}

void scorer_rate(struct scorer *s, const struct frame *in, const struct feature_frame *ff, bool warm)
{
    size_t n = s->fleet->n_supplies, w = s->layout->width;
    bool active = false;
    rate_step(&s->rate, ff->rise, s->usable, s->rise);
    s->volts_at = (s->volts_at + 1) % VOLTS_KEPT;
    for (size_t i = 0; i < n; i++) {
        int32_t level = s->volts_level[i];
        s->volts[s->volts_at * n + i] = level < 0 ? NAN : ff->x[i * w + (size_t)level];
        if ((double)s->rise[i] >= RATE_STEP && s->magnet_level[i] >= 0) {
            double chance = model_chance(s->model, tail_p(&s->model->tails.rate, (double)s->rise[i]));
            if (chance <= RATE_SHARE * s->o.budget)
                begin_event(s, i, in, chance);
        }
        active |= holds(s, i, in->t);
    }
    if (warm)
        return;
    s->n_proposals = 0;
    if (active)
        propose(s, in->t);
    propose_restored(s, in->t);
    tracker_step(s->tracker, SLOT_RATE, in->t, s->proposal, s->n_proposals);
}
