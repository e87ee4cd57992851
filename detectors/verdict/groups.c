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

/* Takes groups of a share, larger kinds first; returns how many there are then. */
static size_t take_all(struct group_search *g, double share, size_t n, size_t max)
{
    static const int order[] = {GROUPS_RING, GROUP_FEEDER, GROUP_WATER, GROUP_SECTOR, GROUP_RACK};
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        n = take_groups(g, order[k], share, n, max);
    return n;
}

static void begin(struct group_search *g, size_t max)
{
    assert(max <= GROUPS_MAX);
    for (size_t s = 0; s < g->fleet->n_supplies; s++)
        g->parent[s] = -1;
}

size_t groups_find(struct group_search *g, size_t max)
{
    begin(g, max);
    return take_all(g, GROUPS_SHARE, take_all(g, 0.5, 0, max), max);
}

/* All that moved, as one of the ring: also those that no group, or no room for one, was found for. */
static size_t take_ring(struct group_search *g)
{
    struct moved_group ring = {.group = GROUPS_RING};
    for (size_t s = 0; s < g->fleet->n_supplies; s++) {
        bool moved = g->member[s] && g->moved[s];
        ring.members += g->member[s];
        ring.moved += moved;
        g->parent[s] = moved ? 0 : -1;
    }
    g->found[0] = ring;
    return 1;
}

size_t groups_find_failed(struct group_search *g, size_t max)
{
    begin(g, max);
    size_t n = take_all(g, 0.8, 0, max);
    n = take_all(g, 0.5, n, max);
    n = take_all(g, GROUPS_SHARE, n, max);
    n = take_groups(g, GROUP_SECTOR, 0, n, max);
    n = take_groups(g, GROUPS_RING, 0, n, max);
    return n > GROUPS_APART ? take_ring(g) : n;
}

void groups_words(const struct fleet *f, const struct moved_group *g, char *out, size_t size)
{
    if (g->group == GROUPS_RING)
        snprintf(out, size, "the ring");
    else
        snprintf(out, size, "%s %s",
                 g->group == GROUP_SECTOR ? "sector" : group_name((enum group_kind)g->group),
                 f->groups[g->group].name[g->index]);
}

#define SECTORS_TOLD 4

void groups_where(const struct fleet *f, const bool flagged[], char *out, size_t size)
{
    const struct names *sectors = &f->groups[GROUP_SECTOR];
    size_t(*n)[2] = xcalloc(sectors->n, sizeof *n), told = 0; /* flagged, all */
    for (size_t s = 0; s < f->n_supplies; s++) {
        size_t *of = n[f->supplies[s].group[GROUP_SECTOR]];
        told += flagged[s] && of[0] == 0;
        of[0] += flagged[s];
        of[1]++;
    }
    *out = '\0';
    size_t len = 0;
    if (told > SECTORS_TOLD)
        snprintf(out, size, "%zu of %zu sectors", told, sectors->n);
    for (size_t i = 0; i < sectors->n && told <= SECTORS_TOLD; i++) {
        char of[32] = "all ";
        if (n[i][0] == 0 || len >= size)
            continue;
        if (n[i][0] < n[i][1])
            snprintf(of, sizeof of, "%zu of ", n[i][0]);
        len += (size_t)snprintf(out + len, size - len, "%s%s (%s%zu)", len ? ", " : "", sectors->name[i], of,
                                n[i][1]);
    }
    free(n);
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
