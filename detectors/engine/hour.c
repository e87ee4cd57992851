/* The hour's work: aggregates, statistics, scores, and what they propose; see internal.h.
 * SPDX-License-Identifier: MIT */
#include "detectors/engine/internal.h"
#include "detectors/verdict/groups.h"

#include "base/mem.h"
#include "base/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 64
#define SAME_DAY NS_PER_DAY /* onsets less apart belong together */

static bool alive(const struct hours *h)
{
    for (size_t c = 0; c < h->width; c++)
        if (!isnan(h->value[(h->n - 1) * h->width + c]))
            return true;
    return false;
}

static void statistics(struct scorer *s, size_t i)
{
    const struct model *m = s->model;
    const struct hours *h = &s->hours[i];
    size_t at = i * s->layout->width, end = h->n - 1;
    hours_divergence(h, end, 0, m->divergence_hours, m->ref.counts + at * HIST_BINS, s->raw.divergence);
    hours_level(h, end, 0, m->divergence_hours, m->ref.hour_centre + at, s->raw.level_divergence);
    for (size_t w = 0; w < m->windows; w++) {
        hours_level(h, end, 0, m->window[w], m->ref.hour_centre + at, s->raw.level[w]);
        hours_reconstruction(h, end, 0, m->window[w], m->ref.reconstruction_centre + at,
                             s->raw.reconstruction[w]);
    }
}

static double chance_of(const struct scorer *s, double score)
{
    return isnan(score) ? (double)NAN : model_chance(s->model, tail_p(&s->model->tails.day, score));
}

/* Where findings may come of it: what moved, and the explanation of a score that passes. */
static void interpret(struct scorer *s, size_t i, const struct standard *st, const struct hour_score *score,
                      tstamp_ns end)
{
    size_t w = s->layout->width;
    struct evidence e = {.model = s->model,
                         .supply = (uint32_t)i,
                         .standard = st,
                         .raw = &s->raw,
                         .score = score,
                         .trail = {s->trail + i * TRAIL_HOURS * w, TRAIL_HOURS, w, end}};
    for (size_t c = 0; c < w; c++)
        s->moved[i * w + c] = (int8_t)explain_moved(&e, &s->model->tails, c);
    bool any = score->gated >= MOVED_SURPRISE && score->by != STATISTIC_NONE;
    if (!any)
        return;
    s->hour_chance[i] = chance_of(s, score->gated);
    explain_finding(&s->explained[i], &e);
    s->explained[i].chance = s->hour_chance[i];
}

static void evaluate(struct scorer *s, size_t i, tstamp_ns end)
{
    struct standard st;
    struct hour_score score;
    statistics(s, i);
    model_standard(s->model, &s->model->scales, i, &st);
    score_hour(&st, &s->model->tails, &s->raw, &score);
    if (isnan(score.any))
        return;
    s->scores[i * DAY_SCORES + DAY_SCORES - 1] = (float)fmax(score.gated, fmin(score.any, s->cap));
    interpret(s, i, &st, &score, end);
}

void scorer_end_hour(struct scorer *s, tstamp_ns end)
{
    size_t w = s->layout->width;
    memset(s->moved, 0, s->fleet->n_supplies * w);
    for (size_t i = 0; i < s->fleet->n_supplies; i++) {
        struct hours *h = &s->hours[i];
        s->hour_chance[i] = NO_CHANCE;
        if (s->model->fit[i] != FIT_OK)
            continue;
        hours_fill(h, h->n - 1, s->minutes + i * s->per_hour * w, w,
                   s->model->ref.edges + i * w * (HIST_BINS - 1));
        memcpy(s->trail + (i * TRAIL_HOURS + TRAIL_HOURS - 1) * w, h->value + (h->n - 1) * w,
               w * sizeof *s->trail);
        if (alive(h))
            evaluate(s, i, end);
    }
}

double scorer_day_chance(const struct scorer *s, size_t supply, double *score)
{
    double most = NAN;
    for (size_t k = 0; k < DAY_SCORES; k++)
        most = fmax(most, (double)s->scores[supply * DAY_SCORES + k]);
    double p = tail_p(&s->model->tails.day, most);
    *score = -log10(p);
    return model_chance(s->model, p);
}

/* ---- proposals ---- */

struct proposal *scorer_add_proposal(struct scorer *s, enum proposal_kind kind)
{
    xgrow(&s->proposal, &s->proposal_cap, s->n_proposals + 1, sizeof *s->proposal);
    struct proposal *p = &s->proposal[s->n_proposals++];
    *p = (struct proposal){.kind = kind};
    p->now.chance = NO_CHANCE; /* weaker than anything that was said before */
    return p;
}

static float size_median(struct scorer *s, const int32_t parent[], int32_t group)
{
    float *v = xcalloc(s->fleet->n_supplies, sizeof *v);
    size_t n = 0;
    for (size_t i = 0; i < s->fleet->n_supplies; i++)
        if (parent[i] == group && s->hour_chance[i] < NO_CHANCE)
            v[n++] = (float)s->explained[i].size;
    float m = (float)robust_median(v, n);
    free(v);
    return m;
}

static void propose_group(struct scorer *s, const struct moved_group *g, int32_t index,
                          const int32_t parent[])
{
    const struct finding *lead = NULL;
    for (size_t i = 0; i < s->fleet->n_supplies; i++)
        if (parent[i] == index && (!lead || s->hour_chance[i] < lead->chance))
            lead = s->hour_chance[i] < NO_CHANCE ? &s->explained[i] : lead;
    if (!lead)
        return;
    struct finding *x = &scorer_add_proposal(s, PROPOSE_SAY)->now;
    *x = *lead;
    x->supply = -1;
    x->class = CLASS_COMMON;
    x->children = (uint32_t)g->moved;
    x->size = (double)size_median(s, parent, index);
    groups_subject(s->fleet, g, x->subject, sizeof x->subject);
    char words[WORDS_SIGNAL_LEN];
    words_signal(words, x->signal);
    snprintf(x->reason, sizeof x->reason, "%s moved together in %zu of %zu supplies, by %.3g %s (median)",
             words, g->moved, g->members, x->size, x->unit);
}

/* Onset of a moved supply's explanation close to that of the group's strongest. */
static void keep_same_day(const struct scorer *s, bool moved[], const bool said[])
{
    const struct finding *lead = NULL;
    for (size_t i = 0; i < s->fleet->n_supplies; i++)
        if (moved[i] && said[i] && (!lead || s->hour_chance[i] < lead->chance))
            lead = &s->explained[i];
    for (size_t i = 0; lead && i < s->fleet->n_supplies; i++)
        if (moved[i] && (s->hour_chance[i] >= NO_CHANCE ||
                         llabs((long long)(s->explained[i].onset - lead->onset)) >= SAME_DAY))
            moved[i] = false;
}

/* Supplies that moved together in one kind of column and direction; taken[] marks those in a group. */
static void groups_of_kind(struct scorer *s, uint16_t kind, int direction, const bool flagged[], bool taken[])
{
    size_t n = s->fleet->n_supplies, w = s->layout->width, groups;
    bool *member = xcalloc(n, sizeof *member), *moved = xcalloc(n, sizeof *moved);
    int32_t *parent = xcalloc(n, sizeof *parent);
    struct moved_group group[GROUPS_MAX];
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < w; c++)
            if (s->model->kinds.of[i * w + c] == kind) {
                member[i] = s->model->fit[i] == FIT_OK;
                moved[i] = !taken[i] && s->moved[i * w + c] == direction;
            }
    keep_same_day(s, moved, flagged);
    groups = groups_find(s->fleet, member, moved, flagged, group, GROUPS_MAX, parent);
    for (size_t g = 0; g < groups; g++)
        propose_group(s, &group[g], (int32_t)g, parent);
    for (size_t i = 0; i < n; i++)
        taken[i] |= parent[i] >= 0;
    free(member);
    free(moved);
    free(parent);
}

static void propose_supply(struct scorer *s, size_t i, bool flagged)
{
    const char *name = s->fleet->supplies[i].name;
    if (flagged) {
        scorer_add_proposal(s, PROPOSE_SAY)->now = s->explained[i];
        return;
    }
    const struct finding *open = tracker_open(s->tracker, SLOT_SCORE, name, "");
    if (!open)
        return;
    double score, chance = scorer_day_chance(s, i, &score);
    bool judged = s->shown.reason[i] == REASON_SCORED;
    if (judged && !(chance <= HYSTERESIS * SCORE_SHARE * s->o.budget))
        return; /* a day below: it closes */
    struct proposal *p = scorer_add_proposal(s, judged ? PROPOSE_KEEP : PROPOSE_HOLD);
    snprintf(p->now.subject, sizeof p->now.subject, "%s", name);
}

/* A common finding has no score of its own: it goes on for a day after the last hour that said it. */
static void keep_groups(struct scorer *s, tstamp_ns t)
{
    size_t n;
    const struct finding *list = tracker_list(s->tracker, t, &n);
    for (size_t i = 0; i < n; i++) {
        if (list[i].class != CLASS_COMMON || strcmp(list[i].detector, "rate") == 0 || list[i].closed ||
            t - list[i].last_seen >= NS_PER_DAY)
            continue;
        struct proposal *p = scorer_add_proposal(s, PROPOSE_HOLD);
        snprintf(p->now.subject, sizeof p->now.subject, "%s", list[i].subject);
    }
}

void scorer_propose(struct scorer *s, tstamp_ns t)
{
    size_t n = s->fleet->n_supplies;
    bool *flagged = xcalloc(n, sizeof *flagged), *taken = xcalloc(n, sizeof *taken);
    s->n_proposals = 0;
    size_t any = 0;
    for (size_t i = 0; i < n; i++) {
        flagged[i] = s->hour_chance[i] <= SCORE_SHARE * s->o.budget && !s->in_maintenance[i];
        any += flagged[i];
    }
    for (uint16_t kind = 0; any && kind < s->model->kinds.n; kind++) {
        groups_of_kind(s, kind, 1, flagged, taken);
        groups_of_kind(s, kind, -1, flagged, taken);
    }
    keep_groups(s, t);
    for (size_t i = 0; i < n; i++)
        if (!taken[i])
            propose_supply(s, i, flagged[i]);
    tracker_step(s->tracker, SLOT_SCORE, t, s->proposal, s->n_proposals);
    free(flagged);
    free(taken);
}
