/* Groups that moved together; see groups.h. SPDX-License-Identifier: MIT */
#include "detectors/verdict/groups.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool belongs(const struct fleet *f, size_t supply, int group, size_t index)
{
    return group == GROUPS_RING || f->supplies[supply].group[group] == (int32_t)index;
}

struct tally {
    size_t members, moved, said;
};

void group_search_init(struct group_search *g, const struct fleet *f)
{
    size_t n = f->n_supplies, most = 1;
    for (int k = 0; k < GROUP_COUNT; k++)
        most = f->groups[k].n > most ? f->groups[k].n : most;
    *g = (struct group_search){.fleet = f,
                               .member = xcalloc(n, sizeof *g->member),
                               .moved = xcalloc(n, sizeof *g->moved),
                               .said = xcalloc(n, sizeof *g->said),
                               .parent = xcalloc(n, sizeof *g->parent),
                               .tally = xcalloc(most, sizeof *g->tally),
                               .found = xcalloc(GROUPS_MAX, sizeof *g->found)};
}

void group_search_fini(struct group_search *g)
{
    free(g->member);
    free(g->moved);
    free(g->said);
    free(g->parent);
    free(g->tally);
    free(g->found);
}

/* Counts of every group of a kind over supplies not yet taken. */
static void count(struct group_search *g, int group, size_t groups)
{
    memset(g->tally, 0, groups * sizeof *g->tally);
    for (size_t s = 0; s < g->fleet->n_supplies; s++) {
        int32_t i = group == GROUPS_RING ? 0 : g->fleet->supplies[s].group[group];
        if (i < 0 || !g->member[s])
            continue;
        g->tally[i].members++;
        g->tally[i].moved += g->moved[s] && g->parent[s] < 0;
        g->tally[i].said += g->moved[s] && g->said[s] && g->parent[s] < 0;
    }
}

static size_t take_groups(struct group_search *g, int group, double share, size_t n, size_t max)
{
    size_t groups = group == GROUPS_RING ? 1 : g->fleet->groups[group].n;
    count(g, group, groups);
    for (size_t i = 0; i < groups && n < max; i++) {
        const struct tally *t = &g->tally[i];
        if (t->said == 0 || t->moved < GROUPS_LEAST || (double)t->moved < share * (double)t->members)
            continue;
        for (size_t s = 0; s < g->fleet->n_supplies; s++)
            if (g->moved[s] && g->member[s] && g->parent[s] < 0 && belongs(g->fleet, s, group, i))
                g->parent[s] = (int32_t)n;
        g->found[n++] = (struct moved_group){group, i, t->members, t->moved};
    }
    return n;
}

size_t groups_find(struct group_search *g, size_t max)
{
    static const int order[] = {GROUPS_RING, GROUP_FEEDER, GROUP_WATER, GROUP_SECTOR, GROUP_RACK};
    size_t n = 0;
    assert(max <= GROUPS_MAX);
    for (size_t s = 0; s < g->fleet->n_supplies; s++)
        g->parent[s] = -1;
    for (int pass = 0; pass < 2; pass++)
        for (size_t k = 0; k < sizeof order / sizeof *order; k++)
            n = take_groups(g, order[k], pass == 0 ? 0.5 : GROUPS_SHARE, n, max);
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
