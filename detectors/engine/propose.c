/* Findings of an evaluated hour: what moved in groups first, then supplies, then what goes on; see
 * internal.h. SPDX-License-Identifier: MIT */
#include "detectors/engine/internal.h"

#include "base/text/words.h"
#include "detectors/groups/group_watch.h"
#include "detectors/verdict/cause.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAME_DAY NS_PER_DAY /* onsets of members less apart belong together */
#define HYSTERESIS 2.0      /* an open finding goes on up to this many times its share of the budget */
#define GROUP_HOLDS (6 * NS_PER_HOUR) /* a group's, so long after the last hour that said it */

/* ---- what an hour says ---- */

static struct said *said_of(const struct hour_desk *d, size_t supply)
{
    return d->hourly->said + supply * CAUSES_MAX;
}

/* What it says of a cause of a supply; NULL: nothing. */
static struct said *said_cause(const struct hour_desk *d, size_t supply, const char *cause)
{
    struct said *s = said_of(d, supply);
    for (size_t k = 0; k < d->hourly->n_said[supply]; k++)
        if (strcmp(s[k].f.cause, cause) == 0)
            return &s[k];
    return NULL;
}

static bool onsets_within(const struct finding *a, const struct finding *b, tstamp_ns apart)
{
    return llabs((long long)(a->onset - b->onset)) < apart;
}

/* ---- one event, one finding ---- */

/* Whether both are of one event: of one subject, begun less than two days apart. What moved otherwise only
 * shows more of it; what begins later is said beside it. */
static bool same_event(const struct finding *a, const struct finding *b)
{
    return strcmp(a->subject, b->subject) == 0 && strcmp(a->cause, b->cause) != 0 &&
           onsets_within(a, b, FINDINGS_APART);
}

/* Whether a supply's is part of what a group had on the same day: the same cause, or, when that is over since
 * lately, whatever the supply has left of it. */
static bool of_group(const struct hour_desk *d, const struct finding *group, const struct finding *f)
{
    return group->supply < 0 && f->supply >= 0 && onsets_within(group, f, SAME_DAY) &&
           (group->closed || strcmp(group->cause, f->cause) == 0) &&
           finding_concerns(group, d->model->fleet, (uint32_t)f->supply);
}

static bool is_told_in(const struct hour_desk *d, const struct tracker *tracker, const char *slot,
                       const struct finding *f)
{
    const struct finding *x;
    for (size_t i = 0; (x = tracker_next(tracker, slot, &i));)
        if ((!x->closed && same_event(x, f)) || of_group(d, x, f))
            return true;
    return false;
}

static bool is_told(const struct hour_desk *d, const struct tracker *tracker, const struct finding *f)
{
    return is_told_in(d, tracker, SLOT_SCORE, f) || is_told_in(d, tracker, SLOT_GROUP, f);
}

static void say(const struct hour_desk *d, const struct tracker *tracker, const struct finding *f,
                struct proposals *out)
{
    bool told = !tracker_open(tracker, SLOT_SCORE, f) && is_told(d, tracker, f);
    for (size_t i = 0; i < out->n && !told; i++)
        told = out->proposal[i].kind == PROPOSE_SAY && same_event(&out->proposal[i].now, f);
    if (!told)
        proposals_add(out, PROPOSE_SAY)->now = *f;
}

/* ---- groups ---- */

/* The member that speaks for all: the strongest. */
static const struct said *lead_of(const struct hour_desk *d, int32_t group)
{
    const struct said *lead = NULL;
    for (size_t i = 0; i < d->model->fleet->n_supplies; i++)
        if (d->search->parent[i] == group && (!lead || d->member[i]->chance < lead->chance))
            lead = d->member[i];
    return lead;
}

/* The median of a group's members, held against the minimum effect of the member that speaks for all. */
static void tell_sizes(const struct hour_desk *d, int32_t group, uint32_t lead, struct finding *x)
{
    size_t n = 0;
    for (size_t i = 0; i < d->model->fleet->n_supplies; i++)
        if (d->search->parent[i] == group)
            d->sizes[n++] = (float)d->member[i]->f.size;
    x->size = robust_median(d->sizes, n);
    x->effect = explain_effect(d->model, lead, cause_column(d->model, lead, x), x->size);
}

/* What its members say of the same day is the group's. */
static void take_members(const struct hour_desk *d, int32_t group, const struct finding *lead)
{
    for (size_t i = 0; i < d->model->fleet->n_supplies; i++)
        for (size_t k = 0; d->search->parent[i] == group && k < d->hourly->n_said[i]; k++) {
            struct said *s = &said_of(d, i)[k];
            s->taken |= s == d->member[i] || onsets_within(&s->f, lead, SAME_DAY);
        }
}

static void propose_group(const struct hour_desk *d, int32_t index, struct proposals *out)
{
    const struct moved_group *g = &d->search->found[index];
    const struct finding *lead = &lead_of(d, index)->f;
    struct finding x = *lead;
    x.supply = -1;
    x.class = CLASS_COMMON;
    x.children = (uint32_t)g->moved;
    tell_sizes(d, index, (uint32_t)lead->supply, &x);
    take_members(d, index, lead);
    if (!(x.effect >= 1))
        return;
    groups_subject(d->model->fleet, g, x.subject, sizeof x.subject);
    char words[WORDS_SIGNAL_LEN];
    snprintf(x.reason, sizeof x.reason, "%s moved together in %zu of %zu supplies, by %.3g %s (median)",
             words_signal(words, x.signal), g->moved, g->members, x.size, x.unit);
    say(d, d->tracker, &x, out);
}

/* Onset of a moved supply's explanation close to that of the group's strongest. */
static void keep_same_day(const struct hour_desk *d)
{
    struct group_search *g = d->search;
    const struct said *lead = NULL;
    size_t n = d->model->fleet->n_supplies;
    for (size_t i = 0; i < n; i++)
        if (g->moved[i] && d->member[i]->flagged && (!lead || d->member[i]->chance < lead->chance))
            lead = d->member[i];
    for (size_t i = 0; lead && i < n; i++)
        g->moved[i] = g->moved[i] && onsets_within(&d->member[i]->f, &lead->f, SAME_DAY);
}

/* What a supply says of the cause that a moved column shows; NULL: nothing, or a group has it. */
static struct said *member_of(const struct hour_desk *d, size_t i, size_t column, int direction)
{
    char cause[FINDING_CAUSE_LEN];
    if (d->hourly->moved[i * d->model->layout->width + column] != direction)
        return NULL;
    cause_name(cause, d->model, (uint32_t)i, column, direction > 0 ? DIRECTION_UP : DIRECTION_DOWN);
    struct said *s = said_cause(d, i, cause);
    return s && !s->taken ? s : NULL;
}

/* Supplies that moved together in one kind of column and direction. */
static void groups_of_kind(const struct hour_desk *d, uint16_t kind, int direction, struct proposals *out)
{
    const struct model *m = d->model;
    struct group_search *g = d->search;
    size_t n = m->fleet->n_supplies, w = m->layout->width;
    for (size_t i = 0; i < n; i++) {
        g->member[i] = false;
        d->member[i] = NULL;
        for (size_t c = 0; c < w; c++)
            if (m->kinds.of[i * w + c] == kind) {
                g->member[i] = m->fit[i] == FIT_OK;
                d->member[i] = member_of(d, i, c, direction);
            }
        g->moved[i] = d->member[i];
        g->said[i] = d->member[i] && d->member[i]->flagged;
    }
    keep_same_day(d);
    size_t groups = groups_find(g, GROUPS_MAX);
    for (size_t k = 0; k < groups; k++)
        propose_group(d, (int32_t)k, out);
}

/* ---- what goes on ---- */

/* A supply's is continued while its shift is there, for a day after the last hour that was unlikely enough.
 */
static void keep_supply(const struct hour_desk *d, const struct finding *open, double limit,
                        struct proposals *out)
{
    size_t i = (size_t)open->supply;
    const struct said *s = said_cause(d, i, open->cause);
    bool likely = !(s && s->chance <= HYSTERESIS * limit), judged = d->reason[i] == REASON_SCORED;
    if ((s && s->taken) || hourly_over(d->hourly, open) ||
        (judged && likely && d->hourly->ended - open->last_seen >= NS_PER_DAY))
        return;
    struct proposal *p = proposals_add(out, likely || !judged ? PROPOSE_HOLD : PROPOSE_KEEP);
    memcpy(p->now.subject, open->subject, sizeof p->now.subject);
    memcpy(p->now.cause, open->cause, sizeof p->now.cause);
}

/* A group's finding has no score of its own: it goes on for some hours after the last one that said it. */
static void keep_group(const struct finding *open, tstamp_ns t, struct proposals *out)
{
    if (t - open->last_seen >= GROUP_HOLDS)
        return;
    struct proposal *p = proposals_add(out, PROPOSE_HOLD);
    memcpy(p->now.subject, open->subject, sizeof p->now.subject);
    memcpy(p->now.cause, open->cause, sizeof p->now.cause);
}

static void keep(const struct hour_desk *d, const struct tracker *tracker, double limit,
                 struct proposals *out)
{
    const struct finding *x;
    for (size_t i = 0; (x = tracker_next(tracker, SLOT_SCORE, &i));) {
        if (x->closed)
            continue;
        if (x->supply >= 0)
            keep_supply(d, x, limit, out);
        else
            keep_group(x, d->hourly->ended, out);
    }
}

void hour_propose_unsaid(const struct hour_desk *d, const struct tracker *quiet, struct proposals *out)
{
    double limit = UNSAID_BUDGETS * d->limit;
    keep(d, quiet, limit, out);
    for (size_t i = 0; i < d->model->fleet->n_supplies; i++)
        for (size_t k = 0; k < d->hourly->n_said[i]; k++) {
            const struct said *s = &said_of(d, i)[k];
            if (s->stands && s->chance <= limit && !s->flagged && !s->taken && !d->gate->maintenance[i] &&
                !is_told(d, d->tracker, &s->f))
                say(d, quiet, &s->f, out);
        }
    for (size_t i = 0; i < out->n;) /* what is said is no longer unsaid */
        if (tracker_open(d->tracker, SLOT_SCORE, &out->proposal[i].now))
            out->proposal[i] = out->proposal[--out->n];
        else
            i++;
}

void hour_propose(const struct hour_desk *d, struct proposals *out)
{
    bool any = false;
    size_t n = d->model->fleet->n_supplies;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < d->hourly->n_said[i]; k++) {
            struct said *s = &said_of(d, i)[k];
            s->flagged = s->chance <= d->limit && s->stands && !d->gate->maintenance[i];
            any |= s->flagged;
        }
    for (uint16_t kind = 0; any && kind < d->model->kinds.n; kind++) {
        groups_of_kind(d, kind, 1, out);
        groups_of_kind(d, kind, -1, out);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < d->hourly->n_said[i]; k++)
            if (said_of(d, i)[k].flagged && !said_of(d, i)[k].taken)
                say(d, d->tracker, &said_of(d, i)[k].f, out);
    keep(d, d->tracker, d->limit, out);
}
