/* Cells and their values; see common.h. SPDX-License-Identifier: MIT */
#include "features/common.h"

#include "base/mem.h"
#include "features/drivers.h"
#include "features/select.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MEDIUM_TAU (5 * NS_PER_MIN)
#define MEDIUM_BRIDGE (10 * NS_PER_MIN)

const enum signal common_signals[COMMON_SIGNALS] = {SIGNAL_CAPACITOR_TEMPERATURE, SIGNAL_MAGNET_TEMPERATURE,
                                                    SIGNAL_IGBT_TEMPERATURE};

/* ---- the tree ---- */

/* The kinds that cut; of two that cut alike the first names the parts. */
static const enum group_kind cuts[] = {GROUP_SECTOR, GROUP_WATER, GROUP_RACK, GROUP_FEEDER};
#define N_CUTS (sizeof cuts / sizeof *cuts)

static void find_levels(struct common_tree *t, const struct fleet *f, const struct feature_layout *l,
                        const char *signal, const bool apart[])
{
    for (size_t s = 0; s < l->n_supplies; s++)
        t->level[s] = apart && apart[s] ? -1 : feature_level(l, f, s, signal);
}

static int32_t group_of(const struct fleet *f, uint32_t supply, enum group_kind kind)
{
    return f->supplies[supply].group[kind];
}

/* How many supplies of a cell belong to each group of a kind. */
static void count_groups(const struct common_tree *t, const struct common_cell *c, const struct fleet *f,
                         enum group_kind kind, uint32_t count[])
{
    memset(count, 0, (f->groups[kind].n + 1) * sizeof *count);
    for (uint32_t i = c->first; i < c->first + c->n; i++) {
        int32_t g = group_of(f, t->member[i], kind);
        if (g >= 0)
            count[g]++;
    }
}

/* Parts that a kind cuts a cell into; 0: it does not cut it. */
static size_t parts_by(const struct common_tree *t, const struct common_cell *c, const struct fleet *f,
                       enum group_kind kind, uint32_t count[])
{
    size_t parts = 0;
    count_groups(t, c, f, kind, count);
    for (size_t g = 0; g < f->groups[kind].n; g++) {
        if (count[g] == c->n)
            return 0;
        parts += count[g] >= COMMON_LEAST;
    }
    return parts;
}

/* Moves the supplies of groups that make no part to the front of the cell, each part's together behind. */
static void order_members(struct common_tree *t, struct common_cell *c, const struct fleet *f,
                          enum group_kind kind, const uint32_t count[], uint32_t room[])
{
    uint32_t n = 0;
    for (uint32_t i = c->first; i < c->first + c->n; i++) {
        int32_t g = group_of(f, t->member[i], kind);
        if (g < 0 || count[g] < COMMON_LEAST)
            room[n++] = t->member[i];
    }
    c->direct = n;
    for (size_t g = 0; g < f->groups[kind].n; g++)
        for (uint32_t i = c->first; count[g] >= COMMON_LEAST && i < c->first + c->n; i++)
            if (group_of(f, t->member[i], kind) == (int32_t)g)
                room[n++] = t->member[i];
    memcpy(t->member + c->first, room, n * sizeof *room);
}

static void cut_cell(struct common_tree *t, size_t at, const struct fleet *f, uint32_t count[],
                     uint32_t room[])
{
    size_t fewest = 0;
    enum group_kind by = GROUP_COUNT;
    for (size_t k = 0; k < N_CUTS; k++) {
        size_t parts = parts_by(t, &t->cells[at], f, cuts[k], count);
        if (parts > 0 && (fewest == 0 || parts < fewest)) {
            fewest = parts;
            by = cuts[k];
        }
    }
    t->cells[at].direct = t->cells[at].n;
    if (fewest == 0)
        return;
    count_groups(t, &t->cells[at], f, by, count);
    order_members(t, &t->cells[at], f, by, count, room);
    struct common_cell *c = &t->cells[at];
    uint32_t first = c->first + c->direct;
    for (size_t g = 0; g < f->groups[by].n; g++) {
        if (count[g] < COMMON_LEAST)
            continue;
        t->cells[t->n++] = (struct common_cell){
            .parent = (int32_t)at, .kind = by, .index = (int32_t)g, .first = first, .n = count[g]};
        first += count[g];
    }
}

/* The smallest cell of each supply; one without the signal goes where most of its groups' others are. */
static void place_supplies(struct common_tree *t, const struct fleet *f)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct common_cell *c = &t->cells[i];
        for (uint32_t k = c->first; k < c->first + c->direct; k++)
            t->cell[t->member[k]] = (int32_t)i;
    }
    for (uint32_t s = 0; s < f->n_supplies; s++) {
        if (t->level[s] >= 0 || t->n == 0)
            continue;
        t->cell[s] = 0;
        for (size_t i = 1; i < t->n; i++) /* parts stand behind what they are parts of */
            if (t->cells[i].parent == t->cell[s] &&
                group_of(f, s, (enum group_kind)t->cells[i].kind) == t->cells[i].index)
                t->cell[s] = (int32_t)i;
    }
}

/* Members stand cell by cell, those of a cell's own before its parts'. */
static void find_leaves(struct common_tree *t)
{
    uint32_t n = 0, at = 0, all = t->n ? t->cells[0].n : 0;
    t->leaf = xcalloc(t->n + 1, sizeof *t->leaf);
    while (at < all) {
        uint32_t i = 0;
        while (!(t->cells[i].first == at && t->cells[i].direct > 0))
            i++;
        t->leaf[n++] = i;
        at += t->cells[i].direct;
    }
    for (size_t i = 0; i < t->n; i++) {
        struct common_cell *c = &t->cells[i];
        for (uint32_t k = 0; k < n; k++) {
            uint32_t first = t->cells[t->leaf[k]].first;
            bool inside = first >= c->first && first < c->first + c->n;
            if (inside && c->n_leaves == 0)
                c->leaf = k;
            c->n_leaves += inside;
        }
    }
}

static void grow_tree(struct common_tree *t, const struct fleet *f)
{
    uint32_t n = 0;
    size_t most = 1; /* no group is more than one part of a cell, and cells of a kind do not meet */
    for (uint32_t s = 0; s < f->n_supplies; s++) {
        t->cell[s] = -1;
        if (t->level[s] >= 0)
            t->member[n++] = s;
    }
    for (size_t k = 0; k < N_CUTS; k++)
        most = f->groups[cuts[k]].n > most ? f->groups[cuts[k]].n : most;
    uint32_t *count = xcalloc(most + 1, sizeof *count), *room = xcalloc(n + 1, sizeof *room);
    t->cells = xcalloc(2 * (size_t)n + 1, sizeof *t->cells); /* a tree of so many leaves has fewer */
    if (n >= COMMON_LEAST)
        t->cells[t->n++] = (struct common_cell){.parent = -1, .kind = COMMON_RING, .index = -1, .n = n};
    for (size_t i = 0; i < t->n; i++)
        cut_cell(t, i, f, count, room);
    find_leaves(t);
    place_supplies(t, f);
    free(count);
    free(room);
}

struct common *common_new(const struct fleet *f, const struct feature_layout *l, const bool apart[])
{
    struct common *c = xcalloc(1, sizeof *c);
    c->n_supplies = f->n_supplies;
    for (int i = 0; i < COMMON_SIGNALS; i++) {
        struct common_tree *t = &c->tree[i];
        t->level = xcalloc(f->n_supplies, sizeof *t->level);
        t->cell = xcalloc(f->n_supplies, sizeof *t->cell);
        t->member = xcalloc(f->n_supplies, sizeof *t->member);
        find_levels(t, f, l, f->signals.name[common_signals[i]], apart);
        grow_tree(t, f);
    }
    /* supplies of one cell, or deviations of its parts, behind what cells have of their own */
    c->scratch = xcalloc(f->n_supplies + 2 * common_cells(c) + common_groups(f) + 1, sizeof *c->scratch);
    return c;
}

void common_free(struct common *c)
{
    if (!c)
        return;
    for (int i = 0; i < COMMON_SIGNALS; i++) {
        free(c->tree[i].level);
        free(c->tree[i].cell);
        free(c->tree[i].member);
        free(c->tree[i].cells);
        free(c->tree[i].leaf);
    }
    free(c->scratch);
    free(c);
}

size_t common_cells(const struct common *c)
{
    size_t most = 1;
    for (int i = 0; i < COMMON_SIGNALS; i++)
        most = c->tree[i].n > most ? c->tree[i].n : most;
    return most;
}

/* ---- values ---- */

/* Median over a cell's supplies that belong to no part of it; NaN under COMMON_VALID. */
static float direct_median(const struct common_tree *t, const struct common_cell *c, const float *residual,
                           size_t stride, const uint8_t mode[], float scratch[])
{
    size_t n = 0;
    for (uint32_t i = c->first; i < c->first + c->direct; i++) {
        uint32_t s = t->member[i];
        float r = residual[s * stride + (size_t)t->level[s]];
        if (mode[s] == MODE_STEADY && !isnan(r))
            scratch[n++] = r;
    }
    return n >= COMMON_VALID ? select_median(scratch, n) : NAN;
}

static float nearer_to_zero(float a, float b)
{
    if ((a < 0) != (b < 0))
        return 0;
    return fabsf(a) < fabsf(b) ? a : b;
}

/* What d[n] have in common. */
static float middle_of(float d[], size_t n)
{
    float lower, upper;
    if (n == 0)
        return NAN;
    select_middles(d, n, &lower, &upper);
    return nearer_to_zero(lower, upper);
}

/* How far a cell as a whole stands from base; own[cells]: medians of the smallest parts. */
static float deviation(const struct common_tree *t, size_t cell, const float own[], float base, float room[])
{
    const struct common_cell *c = &t->cells[cell];
    size_t n = 0;
    for (uint32_t k = c->leaf; k < c->leaf + c->n_leaves; k++)
        if (!isnan(own[t->leaf[k]]))
            room[n++] = own[t->leaf[k]] - base;
    return middle_of(room, n);
}

void common_values(struct common *c, enum common_signal signal, const float *residual, size_t stride,
                   const uint8_t mode[], float value[], float beyond[])
{
    const struct common_tree *t = &c->tree[signal];
    float *own = c->scratch, *room = own + t->n; /* value[] is written from the top down */
    for (size_t i = 0; i < t->n; i++)
        own[i] = direct_median(t, &t->cells[i], residual, stride, mode, room);
    for (size_t i = 0; i < t->n; i++) {
        float base = i == 0 ? 0 : value[t->cells[i].parent];
        float d = isnan(base) ? NAN : deviation(t, i, own, base, room);
        value[i] = isnan(d) ? (i == 0 ? NAN : base) : base + d;
        if (beyond)
            beyond[i] = d;
    }
}

/* ---- groups ---- */

size_t common_groups(const struct fleet *f)
{
    size_t n = 0;
    for (size_t k = 0; k < N_CUTS; k++)
        n += f->groups[cuts[k]].n;
    return n;
}

void common_group(const struct fleet *f, size_t group, int *kind, size_t *index)
{
    size_t k = 0;
    while (group >= f->groups[cuts[k]].n) {
        group -= f->groups[cuts[k++]].n;
        assert(k < N_CUTS);
    }
    *kind = cuts[k];
    *index = group;
}

static size_t number_of(const struct fleet *f, const struct common_cell *c)
{
    size_t n = (size_t)c->index;
    for (size_t k = 0; (int)cuts[k] != c->kind; k++)
        n += f->groups[cuts[k]].n;
    return n;
}

void common_of_groups(const struct common *c, const struct fleet *f, enum common_signal signal,
                      const float value[], const float beyond[], float out[], float base[])
{
    const struct common_tree *t = &c->tree[signal];
    size_t groups = common_groups(f);
    float *weight = c->scratch;
    for (size_t g = 0; g < groups; g++)
        out[g] = base[g] = weight[g] = 0;
    for (size_t i = 1; i < t->n; i++) {
        const struct common_cell *x = &t->cells[i];
        if (isnan(beyond[i]))
            continue;
        size_t g = number_of(f, x);
        out[g] += (float)x->n * beyond[i];
        base[g] += (float)x->n * value[x->parent];
        weight[g] += (float)x->n;
    }
    for (size_t g = 0; g < groups; g++) {
        out[g] = weight[g] > 0 ? out[g] / weight[g] : NAN;
        base[g] = weight[g] > 0 ? base[g] / weight[g] : NAN;
    }
}

/* ---- media ---- */

enum common_signal medium_signal(enum medium_kind k)
{
    return k == MEDIUM_WATER ? COMMON_MAGNET : COMMON_CAPACITOR;
}

void medium_clear(struct medium m[], size_t n)
{
    for (size_t g = 0; g < n; g++)
        m[g] = (struct medium){.value = (double)NAN};
}

void medium_step(struct medium *m, float value, tstamp_ns t)
{
    if (isnan(value)) {
        if (t - m->t > MEDIUM_BRIDGE)
            m->value = NAN;
        return;
    }
    bool anew = isnan(m->value) || t - m->t > MEDIUM_BRIDGE || t < m->t;
    struct banks banks = banks_at(t, m->t, MEDIUM_STRETCH);
    double gain = lowpass_gain(t - m->t, MEDIUM_TAU);
    for (unsigned b = 0; b < BANKS; b++) {
        if (anew || (banks.restart && b == banks.young))
            m->bank[b] = (double)value;
        else
            m->bank[b] += gain * ((double)value - m->bank[b]);
    }
    m->value = m->bank[banks.read];
    m->t = t;
}

struct surroundings common_around(const struct common *c, const struct medium m[], size_t cells,
                                  size_t supply)
{
    struct surroundings out;
    for (enum medium_kind k = 0; k < MEDIA; k++) {
        int32_t cell = c->tree[medium_signal(k)].cell[supply];
        out.of[k] = cell < 0 ? 0 : m[medium_signal(k) * cells + (size_t)cell].value;
    }
    return out;
}
