/* Which findings are one event; see fold.h. SPDX-License-Identifier: MIT */
#include "alerts/fold.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int32_t group_index(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->name[i], name) == 0)
            return (int32_t)i;
    return -1;
}

/* The name within groups of this kind ("W3" of "water:W3"; a sector's stands bare); NULL: it is of another.
 */
static const char *name_in(enum group_kind g, const char *subject)
{
    const char *prefix = group_name(g);
    size_t n = strlen(prefix);
    if (n == 0)
        return subject;
    return strncmp(subject, prefix, n) == 0 && subject[n] == ':' ? subject + n + 1 : NULL;
}

struct fold_place fold_place(const struct fleet *f, const char *subject)
{
    if (strcmp(subject, "*") == 0)
        return (struct fold_place){.kind = FOLD_RING};
    if (!f)
        return (struct fold_place){.kind = FOLD_UNKNOWN};
    int32_t supply = fleet_supply(f, subject);
    if (supply >= 0)
        return (struct fold_place){.kind = FOLD_SUPPLY, .index = supply};
    for (enum group_kind g = GROUP_SECTOR; g < GROUP_COUNT; g++) {
        const char *name = name_in(g, subject);
        int32_t at = name ? group_index(&f->groups[g], name) : -1;
        if (at >= 0)
            return (struct fold_place){FOLD_GROUP, g, at};
    }
    return (struct fold_place){.kind = FOLD_UNKNOWN};
}

static bool holds(const struct fleet *f, const struct fold_place *p, size_t supply)
{
    switch (p->kind) {
    case FOLD_UNKNOWN: return false;
    case FOLD_SUPPLY: return (size_t)p->index == supply;
    case FOLD_GROUP: return f->supplies[supply].group[p->group] == p->index;
    case FOLD_RING: return true;
    }
    return false;
}

size_t fold_width(const struct fleet *f, const struct fold_place *p)
{
    size_t n = 0;
    if (p->kind == FOLD_RING)
        return f ? f->n_supplies : SIZE_MAX;
    if (p->kind != FOLD_GROUP)
        return 1;
    for (size_t i = 0; i < f->n_supplies; i++)
        n += holds(f, p, i);
    return n;
}

bool fold_within(const struct fleet *f, const struct fold_place *inner, const struct fold_place *outer)
{
    if (inner->kind == FOLD_UNKNOWN || outer->kind == FOLD_UNKNOWN)
        return false;
    if (outer->kind == FOLD_RING)
        return true;
    if (inner->kind == FOLD_SUPPLY)
        return holds(f, outer, (size_t)inner->index);
    if (inner->kind == FOLD_RING)
        return false;
    for (size_t i = 0; i < f->n_supplies; i++)
        if (holds(f, inner, i) && !holds(f, outer, i))
            return false;
    return true;
}

static bool same_way(const struct finding *a, const struct finding *b)
{
    return strcmp(a->signal, b->signal) == 0 &&
           (a->direction == b->direction || a->direction == DIRECTION_BOTH || b->direction == DIRECTION_BOTH);
}

static bool at_once(const struct finding *a, const struct finding *b)
{
    return llabs((long long)(a->onset - b->onset)) <= FOLD_AT_ONCE;
}

/* Slow things, whose onsets are rough. A time without data has a beginning to the minute. */
static bool same_day(const struct finding *a, const struct finding *b)
{
    return a->class != CLASS_DATA && llabs((long long)(a->onset - b->onset)) <= FOLD_SAME_DAY &&
           same_way(a, b);
}

/* Compared only where both are shifts of one signal in one unit. */
static bool far_larger(const struct finding *member, const struct finding *group)
{
    return strcmp(member->signal, group->signal) == 0 && strcmp(member->unit, group->unit) == 0 &&
           fabs(member->size) > FOLD_OWN_SIZE * fabs(group->size);
}

static bool of_group(const struct finding *member, const struct finding *group)
{
    bool early = member->first_seen - group->first_seen <= FOLD_AT_ONCE;
    return (at_once(member, group) || (early && same_day(member, group))) && !far_larger(member, group);
}

bool fold_one_event(const struct fleet *f, const struct fold_part *a, const struct fold_part *b)
{
    const struct finding *x = a->finding, *y = b->finding;
    if ((x->class == CLASS_DATA) != (y->class == CLASS_DATA))
        return false;
    if (strcmp(x->subject, y->subject) == 0)
        return at_once(x, y) || same_day(x, y);
    return (fold_within(f, &a->place, &b->place) && of_group(x, y)) ||
           (fold_within(f, &b->place, &a->place) && of_group(y, x));
}
