/* Findings of an evaluated hour: what moved in groups first, then supplies, then what goes on; see
 * internal.h. SPDX-License-Identifier: MIT */
#include "detectors/engine/internal.h"

#include "base/text/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAME_DAY NS_PER_DAY /* onsets less apart belong together */
#define HYSTERESIS 2.0      /* an open finding goes on up to this many times its share of the budget */
#define GROUP_HOLDS (6 * NS_PER_HOUR) /* a group's, so long after the last hour that said it */

/* The medians of a group's members; that of their sizes is held against the minimum effect of the member that
 * speaks for all. */
static void tell_sizes(const struct hour_desk *d, int32_t group, uint32_t lead, struct finding *x)
{
    size_t n = 0;
    for (size_t i = 0; i < d->model->fleet->n_supplies; i++)
        if (d->search->parent[i] == group && d->hourly->chance[i] < NO_CHANCE)
            d->sizes[n++] = (float)d->hourly->explained[i].size;
    x->size = robust_median(d->sizes, n);
    size_t column = explain_column(d->model, lead, x->signal, x->unit);
    x->effect = explain_effect(d->model, lead, column, x->size);
}

static void propose_group(const struct hour_desk *d, int32_t index, struct proposals *out)
{
    const struct finding *lead = NULL;
    const struct hourly *h = d->hourly;
    const struct moved_group *g = &d->search->found[index];
    for (size_t i = 0; i < d->model->fleet->n_supplies; i++)
        if (d->search->parent[i] == index && (!lead || h->chance[i] < lead->chance))
            lead = h->chance[i] < NO_CHANCE ? &h->explained[i] : lead;
    if (!lead)
        return;
    struct finding x = *lead;
    x.supply = -1;
    x.class = CLASS_COMMON;
    x.children = (uint32_t)g->moved;
    tell_sizes(d, index, (uint32_t)lead->supply, &x);
    if (!(x.effect >= 1))
        return;
    groups_subject(d->model->fleet, g, x.subject, sizeof x.subject);
    char words[WORDS_SIGNAL_LEN];
    snprintf(x.reason, sizeof x.reason, "%s moved together in %zu of %zu supplies, by %.3g %s (median)",
             words_signal(words, x.signal), g->moved, g->members, x.size, x.unit);
    proposals_add(out, PROPOSE_SAY)->now = x;
}

/* Onset of a moved supply's explanation close to that of the group's strongest. */
static void keep_same_day(const struct hour_desk *d)
{
    const struct hourly *h = d->hourly;
    bool *moved = d->search->moved;
    const struct finding *lead = NULL;
    size_t n = d->model->fleet->n_supplies;
    for (size_t i = 0; i < n; i++)
        if (moved[i] && d->flagged[i] && (!lead || h->chance[i] < lead->chance))
            lead = &h->explained[i];
    for (size_t i = 0; lead && i < n; i++)
        if (moved[i] && (h->chance[i] >= NO_CHANCE ||
                         llabs((long long)(h->explained[i].onset - lead->onset)) >= SAME_DAY))
            moved[i] = false;
}

/* Supplies that moved together in one kind of column and direction. */
static void groups_of_kind(const struct hour_desk *d, uint16_t kind, int direction, struct proposals *out)
{
    const struct model *m = d->model;
    struct group_search *g = d->search;
    size_t n = m->fleet->n_supplies, w = m->layout->width;
    for (size_t i = 0; i < n; i++) {
        g->member[i] = g->moved[i] = false;
        g->said[i] = d->flagged[i];
        for (size_t c = 0; c < w; c++)
            if (m->kinds.of[i * w + c] == kind) {
                g->member[i] = m->fit[i] == FIT_OK;
                g->moved[i] = !d->taken[i] && d->hourly->moved[i * w + c] == direction;
            }
    }
    keep_same_day(d);
    size_t groups = groups_find(g, GROUPS_MAX);
    for (size_t k = 0; k < groups; k++)
        propose_group(d, (int32_t)k, out);
    for (size_t i = 0; i < n; i++)
        d->taken[i] |= g->parent[i] >= 0;
}

static void propose_supply(const struct hour_desk *d, size_t i, struct proposals *out)
{
    const char *name = d->model->fleet->supplies[i].name;
    if (d->flagged[i]) {
        proposals_add(out, PROPOSE_SAY)->now = d->hourly->explained[i];
        return;
    }
    const struct finding *open = tracker_open(d->tracker, SLOT_SCORE, name);
    if (!open || hourly_over(d->hourly, open))
        return;
    double score, chance = hourly_day_chance(d->hourly, i, &score);
    bool judged = d->reason[i] == REASON_SCORED;
    if (judged && !(chance <= HYSTERESIS * d->limit))
        return; /* a day below: it closes */
    struct proposal *p = proposals_add(out, judged ? PROPOSE_KEEP : PROPOSE_HOLD);
    snprintf(p->now.subject, sizeof p->now.subject, "%s", name);
}

/* A group's finding has no score of its own: it goes on for some hours after the last one that said it. */
static void keep_groups(const struct hour_desk *d, tstamp_ns t, struct proposals *out)
{
    size_t n;
    const struct finding *list = tracker_list(d->tracker, t, &n);
    for (size_t i = 0; i < n; i++) {
        if (list[i].class != CLASS_COMMON || statistic_by_minute(list[i].detector) || list[i].closed ||
            t - list[i].last_seen >= GROUP_HOLDS)
            continue;
        struct proposal *p = proposals_add(out, PROPOSE_HOLD);
        snprintf(p->now.subject, sizeof p->now.subject, "%s", list[i].subject);
    }
}

void hour_propose_unsaid(const struct hour_desk *d, const struct tracker *quiet, struct proposals *out)
{
    double limit = UNSAID_BUDGETS * d->limit, score;
    for (size_t i = 0; i < d->model->fleet->n_supplies; i++) {
        const char *name = d->model->fleet->supplies[i].name;
        if (d->flagged[i] || d->taken[i] || d->gate->maintenance[i] ||
            tracker_open(d->tracker, SLOT_SCORE, name))
            continue;
        if (d->hourly->chance[i] <= limit && d->hourly->stands[i])
            proposals_add(out, PROPOSE_SAY)->now = d->hourly->explained[i];
        else if (tracker_open(quiet, SLOT_SCORE, name) &&
                 hourly_day_chance(d->hourly, i, &score) <= HYSTERESIS * limit)
            snprintf(proposals_add(out, PROPOSE_KEEP)->now.subject, FINDING_NAME_LEN, "%s", name);
    }
}

void hour_propose(struct hour_desk *d, tstamp_ns t, struct proposals *out)
{
    size_t n = d->model->fleet->n_supplies, any = 0;
    for (size_t i = 0; i < n; i++) {
        d->taken[i] = false;
        d->flagged[i] = d->hourly->chance[i] <= d->limit && d->hourly->stands[i] && !d->gate->maintenance[i];
        any += d->flagged[i];
    }
    for (uint16_t kind = 0; any && kind < d->model->kinds.n; kind++) {
        groups_of_kind(d, kind, 1, out);
        groups_of_kind(d, kind, -1, out);
    }
    keep_groups(d, t, out);
    for (size_t i = 0; i < n; i++)
        if (!d->taken[i])
            propose_supply(d, i, out);
}
