/* Hours, scores and findings of groups; see group_watch.h. SPDX-License-Identifier: MIT */
#include "detectors/groups/group_watch.h"

#include "base/mem.h"
#include "base/text/words.h"
#include "detectors/statistics/hours.h"
#include "detectors/verdict/groups.h"
#include "detectors/verdict/trail.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRAIL 336  /* hours in which an onset is looked for */
#define RECENT 3   /* hours whose mean is the present */
#define DOUBTS 2.0 /* times the doubt that a deviation must stand above what is said */
#define STILL 0.5  /* of what is said: as long as it stands there, it goes on */

/* A group's last hour. */
struct judged {
    double chance;                   /* of the strongest signal that has an effect; INFINITY: none has */
    enum common_signal signal;       /* that one */
    float present[COMMON_SIGNALS];   /* K beyond its reference; NaN */
    double surprise[COMMON_SIGNALS]; /* 0: no effect */
};

struct group_watch {
    const struct group_model *m;
    const struct fleet *f;
    unsigned per_hour;
    size_t groups, cells, judged_n;
    int32_t *row; /* [G] */
    struct group_hour hour;
    float *value, *doubt; /* [TRAIL][cells], newest last */
    struct judged *judged;
    double limit;
    tstamp_ns end, from;
    int64_t at; /* hour under way, since 1970; INT64_MIN: none yet */
};

struct group_watch *group_watch_new(const struct group_model *m, const struct fleet *f, unsigned per_hour,
                                    tstamp_ns from)
{
    struct group_watch *w = xcalloc(1, sizeof *w);
    w->m = m;
    w->f = f;
    w->per_hour = per_hour;
    w->from = from;
    w->at = INT64_MIN;
    w->groups = common_groups(f);
    w->cells = w->groups * COMMON_SIGNALS;
    w->row = group_model_rows(m, f);
    w->judged_n = group_model_judged(m, w->row, w->groups);
    group_hour_init(&w->hour, w->groups);
    w->value = xnan(TRAIL * w->cells + 1);
    w->doubt = xnan(TRAIL * w->cells + 1);
    w->judged = xcalloc(w->groups + 1, sizeof *w->judged);
    return w;
}

void group_watch_free(struct group_watch *w)
{
    if (!w)
        return;
    group_hour_fini(&w->hour);
    free(w->row);
    free(w->value);
    free(w->doubt);
    free(w->judged);
    free(w);
}

void group_watch_limit(struct group_watch *w, double budget)
{
    w->limit = GROUP_SHARE * budget;
}

/* ---- an hour ---- */

static void shift_hours(struct group_watch *w)
{
    size_t rest = (TRAIL - 1) * w->cells;
    memmove(w->value, w->value + w->cells, rest * sizeof *w->value);
    memmove(w->doubt, w->doubt + w->cells, rest * sizeof *w->doubt);
    group_hour_take(&w->hour, w->per_hour, w->value + rest, w->doubt + rest);
}

static void judge_signal(struct group_watch *w, size_t g, enum common_signal i)
{
    struct judged *j = &w->judged[g];
    size_t cell = g * COMMON_SIGNALS + i, row = (size_t)w->row[g];
    float mean[GROUP_WINDOWS], doubt[GROUP_WINDOWS], centre = w->m->centre[row * COMMON_SIGNALS + i];
    for (size_t k = 0; k < GROUP_WINDOWS; k++) {
        mean[k] = group_window(w->value, w->cells, cell, TRAIL - 1, group_window_hours[k], 0);
        doubt[k] = group_window(w->doubt, w->cells, cell, TRAIL - 1, group_window_hours[k], 0);
    }
    double present = (double)(group_window(w->value, w->cells, cell, TRAIL - 1, RECENT, 0) - centre);
    double doubted = DOUBTS * (double)group_window(w->doubt, w->cells, cell, TRAIL - 1, RECENT, 0);
    j->present[i] = (float)present;
    bool effect = fabs(present) - (isnan(doubted) ? 0 : doubted) >= GROUP_EFFECT;
    double s = group_surprise(w->m, row, i, mean, doubt);
    j->surprise[i] = effect && !isnan(s) ? s : 0;
}

/* Expected healthy group-days a week at a tail probability of one. */
static double stated(const struct group_watch *w, double p)
{
    return 7 * (double)w->judged_n * p;
}

static void end_hour(struct group_watch *w)
{
    shift_hours(w);
    w->end = ++w->at * NS_PER_HOUR;
    for (size_t g = 0; g < w->groups; g++) {
        struct judged *j = &w->judged[g];
        *j = (struct judged){.chance = INFINITY};
        for (enum common_signal i = 0; i < COMMON_SIGNALS; i++) {
            j->present[i] = NAN;
            if (w->row[g] >= 0)
                judge_signal(w, g, i);
            if (j->surprise[i] > j->surprise[j->signal])
                j->signal = i;
        }
        if (j->surprise[j->signal] > 0)
            j->chance = stated(w, tail_p(&w->m->day, j->surprise[j->signal]));
    }
}

void group_watch_minute(struct group_watch *w, const struct feature_frame *ff)
{
    int64_t hour = hour_of(ff->t);
    for (size_t k = 0; w->at != INT64_MIN && w->at < hour && k <= TRAIL;
         k++) /* the last minute was lacking */
        end_hour(w);
    w->at = hour;
    group_hour_add(&w->hour, ff);
    if (ff->t % NS_PER_HOUR == 0)
        end_hour(w);
}

/* ---- findings ---- */

static const char *name_of(const struct group_watch *w, enum common_signal i)
{
    return w->f->signals.name[common_signals[i]];
}

/* Members that have the signal now, and those of them that moved by half of what the group did. */
static void count_members(const struct group_watch *w, size_t g, enum common_signal i,
                          group_member_shift *shift, const void *arg, struct finding *x, uint32_t *members)
{
    int kind;
    size_t index;
    double size = (double)w->judged[g].present[i];
    common_group(w->f, g, &kind, &index);
    x->children = *members = 0;
    for (uint32_t s = 0; s < w->f->n_supplies; s++) {
        if (w->f->supplies[s].group[kind] != (int32_t)index)
            continue;
        double own = (double)shift(arg, s, i) + size;
        *members += isnan(own) ? 0 : 1;
        x->children += own * (size < 0 ? -1 : 1) >= 0.5 * fabs(size);
    }
}

static void list_signals(const struct group_watch *w, size_t g, struct finding *x)
{
    const struct judged *j = &w->judged[g];
    double sum = 0;
    for (size_t i = 0; i < COMMON_SIGNALS; i++)
        sum += j->surprise[i];
    for (size_t k = 0; k < COMMON_SIGNALS; k++) {
        size_t i = (j->signal + k) % COMMON_SIGNALS; /* the strongest first */
        if (!(j->surprise[i] > 0))
            continue;
        struct contributor *by = &x->by[x->n_by++];
        snprintf(by->signal, sizeof by->signal, "%s", name_of(w, (enum common_signal)i));
        snprintf(by->unit, sizeof by->unit, "K");
        by->size = (double)j->present[i];
        by->share = j->surprise[i] / sum;
    }
    x->witness = x->n_by > 1;
}

static tstamp_ns onset_of(const struct group_watch *w, size_t g)
{
    const struct judged *j = &w->judged[g];
    size_t cell = g * COMMON_SIGNALS + j->signal, at = (size_t)w->row[g] * COMMON_SIGNALS + j->signal;
    tstamp_ns after = w->end - w->from;
    size_t n = after > 0 && after < TRAIL * NS_PER_HOUR ? (size_t)(after / NS_PER_HOUR) : TRAIL;
    const struct trail t = {.value = w->value,
                            .n = n > 0 ? n : 1,
                            .width = w->cells,
                            .end = w->end,
                            .first = TRAIL - (n > 0 ? n : 1),
                            .ring = TRAIL};
    return trail_time(
        &t, trail_onset(&t, cell, w->m->centre[at], w->m->hour_spread[at], (double)j->present[j->signal]));
}

static void say(const struct group_watch *w, size_t g, const char *subject, group_member_shift *shift,
                const void *arg, struct proposal *p)
{
    const struct judged *j = &w->judged[g];
    struct finding *x = &p->now;
    uint32_t members;
    *x = (struct finding){.supply = -1,
                          .class = CLASS_COMMON,
                          .chance = fmax(j->chance, words_chance_floor(stated(w, tail_reach(&w->m->day)))),
                          .effect = fabs((double)j->present[j->signal]) / GROUP_EFFECT,
                          .size = (double)j->present[j->signal],
                          .unit = "K",
                          .onset = onset_of(w, g)};
    snprintf(x->subject, sizeof x->subject, "%s", subject);
    snprintf(x->detector, sizeof x->detector, "%s", SLOT_GROUP);
    snprintf(x->signal, sizeof x->signal, "%s", name_of(w, j->signal));
    x->direction = x->size < 0 ? DIRECTION_DOWN : DIRECTION_UP;
    count_members(w, g, j->signal, shift, arg, x, &members);
    list_signals(w, g, x);
    char words[WORDS_SIGNAL_LEN];
    words_signal(words, x->signal);
    snprintf(x->reason, sizeof x->reason,
             "%c%ss %+.3g K (%u of %u supplies), beyond what its surroundings did",
             toupper((unsigned char)*words), words + 1, x->size, (unsigned)x->children, (unsigned)members);
}

/* Whether what an open finding says is half there still. */
static bool stands(const struct group_watch *w, size_t g, const struct finding *open)
{
    for (size_t i = 0; i < COMMON_SIGNALS; i++)
        if (strcmp(open->signal, name_of(w, (enum common_signal)i)) == 0)
            return (double)w->judged[g].present[i] * (open->size < 0 ? -1 : 1) >=
                   fmax(STILL * fabs(open->size), GROUP_EFFECT);
    return false;
}

void group_watch_propose(const struct group_watch *w, const struct tracker *open, group_member_shift *shift,
                         const void *arg, struct proposals *out)
{
    for (size_t g = 0; g < w->groups; g++) {
        struct finding like = {.supply = -1};
        struct moved_group of = {0};
        common_group(w->f, g, &of.group, &of.index);
        groups_subject(w->f, &of, like.subject, sizeof like.subject);
        const struct finding *was = tracker_open(open, SLOT_GROUP, &like);
        if (w->judged[g].chance <= w->limit)
            say(w, g, like.subject, shift, arg, proposals_add(out, PROPOSE_SAY));
        else if (was && isnan(w->judged[g].present[0]) && isnan(w->judged[g].present[1]) &&
                 isnan(w->judged[g].present[2]))
            snprintf(proposals_add(out, PROPOSE_HOLD)->now.subject, FINDING_NAME_LEN, "%s", like.subject);
        else if (was && stands(w, g, was))
            snprintf(proposals_add(out, PROPOSE_KEEP)->now.subject, FINDING_NAME_LEN, "%s", like.subject);
    }
}
