/* Groups that moved together; see groups.h. SPDX-License-Identifier: MIT */
#include "detectors/verdict/groups.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

static bool belongs(const struct fleet *f, size_t supply, int group, size_t index)
{
    return group == GROUPS_RING || f->supplies[supply].group[group] == (int32_t)index;
}

struct tally {
    size_t members, moved, said;
};

/* Counts of every group of a kind over supplies not yet taken. */
static void count(const struct fleet *f, int group, const bool member[], const bool moved[],
                  const bool said[], const int32_t parent[], struct tally t[])
{
    for (size_t s = 0; s < f->n_supplies; s++) {
        int32_t i = group == GROUPS_RING ? 0 : f->supplies[s].group[group];
        if (i < 0 || !member[s])
            continue;
        t[i].members++;
        t[i].moved += moved[s] && parent[s] < 0;
        t[i].said += moved[s] && said[s] && parent[s] < 0;
    }
}

static size_t take_groups(const struct fleet *f, int group, double share, const bool member[],
                          const bool moved[], const bool said[], struct moved_group out[], size_t n,
                          size_t max, int32_t parent[])
{
    size_t groups = group == GROUPS_RING ? 1 : f->groups[group].n;
    struct tally *t = xcalloc(groups + 1, sizeof *t);
    count(f, group, member, moved, said, parent, t);
    for (size_t i = 0; i < groups && n < max; i++) {
        if (t[i].said == 0 || t[i].moved < GROUPS_LEAST || (double)t[i].moved < share * (double)t[i].members)
            continue;
        for (size_t s = 0; s < f->n_supplies; s++)
            if (moved[s] && member[s] && parent[s] < 0 && belongs(f, s, group, i))
                parent[s] = (int32_t)n;
        out[n++] = (struct moved_group){group, i, t[i].members, t[i].moved};
    }
    free(t);
    return n;
}

size_t groups_find(const struct fleet *f, const bool member[], const bool moved[], const bool said[],
                   struct moved_group out[], size_t max, int32_t parent[])
{
    static const int order[] = {GROUPS_RING, GROUP_FEEDER, GROUP_WATER, GROUP_SECTOR, GROUP_RACK};
    size_t n = 0;
    for (size_t s = 0; s < f->n_supplies; s++)
        parent[s] = -1;
    for (int pass = 0; pass < 2; pass++)
        for (size_t k = 0; k < sizeof order / sizeof *order; k++)
            n = take_groups(f, order[k], pass == 0 ? 0.5 : GROUPS_SHARE, member, moved, said, out, n, max,
                            parent);
    return n;
}

void groups_subject(const struct fleet *f, const struct moved_group *g, char *out, size_t size)
{
    if (g->group == GROUPS_RING)
        snprintf(out, size, "*");
    else if (g->group == GROUP_SECTOR)
        snprintf(out, size, "%s", f->groups[GROUP_SECTOR].name[g->index]);
    else
        snprintf(out, size, "%s:%s", group_name((enum group_kind)g->group),
                 f->groups[g->group].name[g->index]);
}
