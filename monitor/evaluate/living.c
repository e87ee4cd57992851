/* Judging on rings that live; see living.h. SPDX-License-Identifier: MIT */
#include "monitor/evaluate/living.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW (72 * NS_PER_HOUR)
#define AFTER_SHORT (6 * NS_PER_HOUR)
#define AFTER_FAULT (14 * NS_PER_DAY)
#define AFTER_LATTICE (7 * NS_PER_DAY)
#define AFTER_STUDY (24 * NS_PER_HOUR)

/* ---- contexts ---- */

static bool touches_sector(const struct label *l, const struct fleet *f, int32_t sector)
{
    for (size_t i = 0; i < f->n_supplies; i++)
        if (f->supplies[i].group[GROUP_SECTOR] == sector && judge_touches(l, f, (int32_t)i))
            return true;
    return false;
}

static bool share_a_sector(const struct finding *d, const struct label *l, const struct fleet *f)
{
    int32_t supply = fleet_supply(f, d->subject);
    if (supply >= 0)
        return touches_sector(l, f, f->supplies[supply].group[GROUP_SECTOR]);
    enum { IN_FINDING = 1, IN_LABEL = 2 };
    uint8_t *sector = xcalloc(f->groups[GROUP_SECTOR].n, sizeof *sector);
    bool both = false;
    for (size_t i = 0; i < f->n_supplies && !both; i++) {
        uint8_t *who = &sector[f->supplies[i].group[GROUP_SECTOR]];
        *who |= judge_takes_in(d->subject, f, (int32_t)i) ? IN_FINDING : 0;
        *who |= judge_touches(l, f, (int32_t)i) ? IN_LABEL : 0;
        both = *who == (IN_FINDING | IN_LABEL);
    }
    free(sector);
    return both;
}

static bool is_kind(const struct label *l, const char *kind)
{
    return strncmp(l->kind, kind, strlen(kind)) == 0;
}

/* A context of benign labels of some kind: how long after onset (or after the end) it holds. */
static bool benign_holds(const struct label *l, tstamp_ns t, enum living_context context)
{
    bool on = t >= l->onset, since_end = on && t <= l->end + WINDOW;
    switch (context) {
    case CONTEXT_WORK:
        return (on && (is_kind(l, "swap") || is_kind(l, "calibration"))) ||
               (since_end && is_kind(l, "shutdown"));
    case CONTEXT_AMBIENT: return since_end && (is_kind(l, "warm") || is_kind(l, "cold"));
    case CONTEXT_SETPOINTS:
        if (is_kind(l, "lattice"))
            return on && t <= l->onset + AFTER_LATTICE;
        return (is_kind(l, "study") || is_kind(l, "dump")) && on && t <= l->end + AFTER_STUDY;
    default: return false;
    }
}

/* How long windows hold what is over: those of medians do not know what was shorter than an hour. */
static tstamp_ns aftermath(const struct label *l)
{
    return l->end - l->onset < NS_PER_HOUR ? AFTER_SHORT : WINDOW;
}

/* Whether a label makes the context of a finding that does not answer it. */
static bool makes_context(const struct label *l, const struct finding *d, const struct fleet *f,
                          enum living_context context)
{
    tstamp_ns t = d->first_seen;
    switch (context) {
    case CONTEXT_COMMON:
        return l->class == LABEL_COMMON && t >= l->onset && t <= l->end && share_a_sector(d, l, f);
    case CONTEXT_AFTER:
        return l->class == LABEL_COMMON && t > l->end && t <= l->end + aftermath(l) &&
               share_a_sector(d, l, f);
    case CONTEXT_OWN_FAULT:
        return label_is_fault(l) && t > l->end && t <= l->end + AFTER_FAULT && judge_share_a_supply(d, l, f);
    default: return l->class == LABEL_BENIGN && benign_holds(l, t, context) && judge_share_a_supply(d, l, f);
    }
}

enum living_context living_context_of(const struct finding *d, const struct fleet *f,
                                      const struct label labels[], size_t n_labels)
{
    for (int c = 0; c < CONTEXT_NONE; c++)
        for (size_t k = 0; k < n_labels; k++)
            if (makes_context(&labels[k], d, f, (enum living_context)c))
                return (enum living_context)c;
    return CONTEXT_NONE;
}

/* ---- one ring ---- */

/* With `own`, only a fault that the finding names, not one of a supply in its group. */
static bool answers_a_fault(const struct finding *d, bool own, const struct fleet *f,
                            const struct label labels[], size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (label_is_fault(&labels[k]) && (!own || strcmp(d->subject, labels[k].subject) == 0) &&
            judge_answers(d, &labels[k], f))
            return true;
    return false;
}

/* The common cause that a finding is counted to: of those it answers the one it names, else the first. */
static const struct label *cause_of(const struct finding *d, const struct fleet *f,
                                    const struct label labels[], size_t n)
{
    const struct label *first = NULL;
    for (size_t k = 0; k < n; k++) {
        if (labels[k].class != LABEL_COMMON || !judge_answers(d, &labels[k], f))
            continue;
        if (strcmp(labels[k].subject, d->subject) == 0)
            return &labels[k];
        if (!first)
            first = &labels[k];
    }
    return first;
}

static struct living_kind *kind_of(struct living *l, const char *kind)
{
    size_t i = 0;
    while (i < l->n_kinds && strcmp(l->kind[i].kind, kind) != 0)
        i++;
    if (i == l->n_kinds) {
        assert(i < LIVING_KINDS);
        snprintf(l->kind[i].kind, sizeof l->kind[i].kind, "%s", kind);
        l->n_kinds++;
    }
    return &l->kind[i];
}

/* What one common cause made, from the findings counted to it. */
static void judge_cause(struct living *l, const struct label *c, const struct label *const cause[],
                        const struct finding findings[], size_t n)
{
    struct living_kind *k = kind_of(l, c->kind);
    const struct finding *first = NULL;
    bool named = false;
    for (size_t i = 0; i < n; i++) {
        if (cause[i] != c)
            continue;
        k->findings++;
        named |= strcmp(findings[i].subject, c->subject) == 0;
        if (!first || findings[i].first_seen < first->first_seen)
            first = &findings[i];
    }
    k->events++;
    k->found += first != NULL;
    k->named += named;
    if (!first)
        return;
    k->delay_h += (double)(first->first_seen - c->onset) / 3.6e12;
    l->class[LABEL_COMMON][first->class]++;
}

static bool began_in_a_common(const struct label *fault, const struct fleet *f, const struct label labels[],
                              size_t n)
{
    int32_t supply = fleet_supply(f, fault->subject);
    for (size_t k = 0; k < n && supply >= 0; k++) {
        const struct label *l = &labels[k];
        if (l->class == LABEL_COMMON && fault->onset >= l->onset && fault->onset < l->end &&
            judge_touches(l, f, supply))
            return true;
    }
    return false;
}

static void count(struct living_share *s, bool found)
{
    s->labels++;
    s->found += found;
}

static void judge_fault(struct living *l, const struct label *fault, const struct fleet *f,
                        const struct label labels[], size_t n_labels, const struct label *const cause[],
                        const struct finding findings[], size_t n)
{
    const struct finding *first = NULL;
    for (size_t i = 0; i < n; i++)
        if (!cause[i] && judge_answers(&findings[i], fault, f) &&
            (!first || findings[i].first_seen < first->first_seen))
            first = &findings[i];
    if (first)
        l->class[fault->class][first->class]++;
    if (fault->level < 0)
        return;
    count(&l->mode[fault->mode][fault->level], first != NULL);
    if (began_in_a_common(fault, f, labels, n_labels))
        count(&l->during[fault->level], first != NULL);
}

void living_judge(struct living *l, const struct fleet *f, const struct label labels[], size_t n_labels,
                  const struct finding findings[], size_t n_findings)
{
    const struct label **cause = xcalloc(n_findings + 1, sizeof *cause);
    for (size_t i = 0; i < n_findings; i++) {
        const struct finding *d = &findings[i];
        if (answers_a_fault(d, true, f, labels, n_labels))
            continue;
        cause[i] = cause_of(d, f, labels, n_labels);
        /* what is of class data costs no budget */
        if (cause[i] || d->class == CLASS_DATA || answers_a_fault(d, false, f, labels, n_labels))
            continue;
        l->false_findings[living_context_of(d, f, labels, n_labels)]++;
        l->false_fast += strcmp(d->detector, LIVING_FAST) == 0;
    }
    for (size_t k = 0; k < n_labels; k++)
        if (labels[k].class == LABEL_COMMON)
            judge_cause(l, &labels[k], cause, findings, n_findings);
        else if (label_is_fault(&labels[k]))
            judge_fault(l, &labels[k], f, labels, n_labels, cause, findings, n_findings);
    free(cause);
}

/* ---- several together ---- */

static void add_kind(struct living_kind *a, const struct living_kind *b)
{
    a->events += b->events;
    a->found += b->found;
    a->findings += b->findings;
    a->named += b->named;
    a->delay_h += b->delay_h;
}

static void add_share(struct living_share *a, const struct living_share *b)
{
    a->labels += b->labels;
    a->found += b->found;
}

void living_merge(struct living *into, const struct living *from)
{
    if (from->weeks == 0)
        return;
    assert(into->weeks == 0 || into->supplies == from->supplies);
    into->weeks += from->weeks;
    into->supplies = from->supplies;
    into->false_fast += from->false_fast;
    for (int c = 0; c < CONTEXTS; c++)
        into->false_findings[c] += from->false_findings[c];
    for (size_t i = 0; i < from->n_kinds; i++)
        add_kind(kind_of(into, from->kind[i].kind), &from->kind[i]);
    for (int level = 0; level < 3; level++) {
        for (int m = 0; m < JUDGE_MODES; m++)
            add_share(&into->mode[m][level], &from->mode[m][level]);
        add_share(&into->during[level], &from->during[level]);
    }
    for (int a = 0; a <= LABEL_COMMON; a++)
        for (int b = 0; b < CLASS_COUNT; b++)
            into->class[a][b] += from->class[a][b];
}

size_t living_false(const struct living *l)
{
    size_t n = 0;
    for (int c = 0; c < CONTEXTS; c++)
        n += l->false_findings[c];
    return n;
}

struct living_kind living_causes(const struct living *l)
{
    struct living_kind all = {.kind = "all"};
    for (size_t i = 0; i < l->n_kinds; i++)
        add_kind(&all, &l->kind[i]);
    return all;
}

struct living_share living_found(const struct living *l, int level, uint32_t without)
{
    struct living_share all = {0};
    for (int m = 0; m < JUDGE_MODES; m++)
        if (!(without >> m & 1))
            add_share(&all, &l->mode[m][level]);
    return all;
}
