/* A model for a fleet that has changed since its training: supplies that are as they were keep all that was
 * learned of them, others have no model. What was calibrated over the whole fleet stands: chances are stated
 * over the supplies that can be scored. S = supplies, W = columns of a feature row.
 * SPDX-License-Identifier: MIT */
#include "detectors/model/internal.h"

#include "base/buf.h"
#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_MOST 5 /* supplies in a sentence */

/* The cell of the earlier model that is column c of supply s; -1: there is none. */
static int64_t cell_then(const struct layout_map *map, size_t s, size_t c)
{
    int32_t column = map->supply[s] < 0 ? -1 : layout_map_column(map, s, c);
    return column < 0 ? -1 : (int64_t)map->supply[s] * (int64_t)map->from->width + column;
}

static void move_cell(struct model *m, const struct model *was, size_t to, size_t from)
{
    struct reference *r = &m->ref;
    const struct reference *w = &was->ref;
    r->present[to] = w->present[from];
    r->centre[to] = w->centre[from];
    r->spread[to] = w->spread[from];
    r->hour_centre[to] = w->hour_centre[from];
    r->hour_spread[to] = w->hour_spread[from];
    memcpy(r->edges + to * (HIST_BINS - 1), w->edges + from * (HIST_BINS - 1),
           (HIST_BINS - 1) * sizeof *r->edges);
    memcpy(r->counts + to * HIST_BINS, w->counts + from * HIST_BINS, HIST_BINS * sizeof *r->counts);
    m->min_effect[to] = was->min_effect[from];
}

static void move_reference(struct model *m, const struct model *was, const struct layout_map *map)
{
    size_t w = map->to->width;
    for (size_t s = 0; s < map->to->n_supplies; s++) {
        int32_t then = map->supply[s];
        m->fit[s] = then < 0 ? FIT_NOT_IN_MODEL : was->fit[then];
        m->ref.low[s] = then < 0 ? NAN : was->ref.low[then];
        m->ref.high[s] = then < 0 ? NAN : was->ref.high[then];
        for (size_t k = 0; then >= 0 && k < map->to->n_levels[s]; k++)
            m->ref.gain_doubt[s * map->to->levels + k] =
                was->ref.gain_doubt[(size_t)then * map->from->levels +
                                    (size_t)map->level[s * map->to->levels + k]];
        for (size_t c = 0; c < w; c++) {
            int64_t from = cell_then(map, s, c);
            if (from >= 0)
                move_cell(m, was, s * w + c, (size_t)from);
        }
    }
}

static void move_channels(struct model *m, const struct model *was, const struct layout_map *map)
{
    m->known = xcalloc(map->now->n_channels, sizeof *m->known);
    for (size_t c = 0; c < map->now->n_channels; c++) {
        int32_t then = fleet_channel(map->then, map->now->channels[c].pv);
        m->known[c] = map->supply[map->now->channels[c].supply] >= 0;
        assert(then >= 0 || !m->known[c]);
        m->largest[c] = m->known[c] ? was->largest[then] : NAN;
        m->deadband[c] = m->known[c] && was->deadband[then];
    }
}

/* Kinds are numbered in order of appearance: a tail goes with its kind, not with its number. */
static void move_tails(struct model *m, const struct model *was, const struct layout_map *map, size_t measure)
{
    size_t w = map->to->width;
    if (measures_row(&m->measures.at[measure])) {
        m->tail[measure][0] = was->tail[measure][0];
        return;
    }
    for (size_t i = 0; i < map->to->n_supplies * w; i++) {
        int64_t from = cell_then(map, i / w, i % w);
        if (from >= 0 && m->kinds.of[i] != KIND_NONE)
            m->tail[measure][m->kinds.of[i]] = was->tail[measure][was->kinds.of[from]];
    }
}

/* The inverse covariance of a kind of supply, as one of its supplies had it. */
static void move_inverse(double to[], const double from[], const struct layout_map *map, size_t supply)
{
    size_t w = map->to->width;
    for (size_t i = 0; i < w * w; i++) {
        int32_t row = layout_map_column(map, supply, i / w), column = layout_map_column(map, supply, i % w);
        if (row >= 0 && column >= 0)
            to[i] = from[(size_t)row * map->from->width + (size_t)column];
    }
}

static void move_scale(struct model *m, const struct model *was, const struct layout_map *map, size_t measure)
{
    struct scale *to = &m->scale[measure];
    const struct scale *from = &was->scale[measure];
    size_t w = map->to->width, square = map->from->width * map->from->width;
    for (size_t i = 0; i < map->to->n_supplies * w; i++) {
        int64_t cell = cell_then(map, i / w, i % w);
        to->spread[i] = cell < 0 ? NAN : from->spread[cell];
        if (to->mid)
            to->mid[i] = cell < 0 ? NAN : from->mid[cell];
    }
    for (size_t s = 0; to->inverse && s < map->to->n_supplies; s++)
        if (map->supply[s] >= 0)
            move_inverse(to->inverse + m->supply_kinds.of[s] * w * w,
                         from->inverse + was->supply_kinds.of[map->supply[s]] * square, map, s);
}

static void move_learned(struct model *m, struct model *was, const struct layout_map *map)
{
    for (size_t i = 0; i < statistics_count(); i++) {
        m->own[i] = was->own[i];
        assert(!was->learned[i] || statistics[i]->refit);
        if (was->learned[i])
            m->learned[i] = statistics[i]->refit(was->learned[i], map, m->ref.present);
    }
}

/* "the model does not know 2 of 1321 supplies: S01:Q9 (new), P2 (the unit of its voltage was "V", is "mV")";
 * NULL: it knows all. The caller frees. */
static char *say_lacks(const struct layout_map *map)
{
    struct buf b = {0};
    size_t n = map->to->n_supplies - map->known, said = 0;
    if (n > 0)
        buf_printf(&b, "the model does not know %zu of %zu supplies, which are not scored: ", n,
                   map->to->n_supplies);
    for (uint32_t i = 0; i < map->to->n_supplies && said < n && said < NAMED_MOST; i++) {
        if (map->supply[i] >= 0)
            continue;
        char words[200] = "new";
        int32_t then = fleet_supply(map->then, map->now->supplies[i].name);
        if (then >= 0)
            (void)fleet_supply_differs(map->now, i, map->then, (uint32_t)then, words, sizeof words);
        buf_printf(&b, "%s%s (%s)", said++ ? ", " : "", map->now->supplies[i].name, words);
    }
    if (n > said)
        buf_printf(&b, " and %zu more", n - said);
    return b.data;
}

static struct model *move_all(struct model *was, const struct layout_map *map, struct model *m)
{
    model_set_times(m, was->from, was->to, was->period, was->window_minutes);
    move_reference(m, was, map);
    move_channels(m, was, map);
    model_derive(m);
    m->day = was->day;
    for (size_t i = 0; i < m->measures.n; i++) {
        move_scale(m, was, map, i);
        move_tails(m, was, map, i);
    }
    move_learned(m, was, map);
    m->physics = physics_refit(was->physics, map);
    physics_complete(m->physics, m->layout);
    group_model_copy(&m->groups, &was->groups);
    m->summary = xstrdup(model_summary(was));
    m->lacks = say_lacks(map);
    return m;
}

int model_refit(struct model **out, struct model *was, const struct fleet *f, struct err *err)
{
    struct model *m = model_new(f);
    struct layout_map *map = layout_map_new(was->fleet, was->layout, f, m->layout);
    int rc = 0;
    if (map->known == 0) {
        char *lacks = say_lacks(map);
        rc = err_set(err, ERR_DATA, "made for another fleet: %s; train again", lacks);
        free(lacks);
        model_free(m);
    } else {
        *out = move_all(was, map, m);
    }
    layout_map_free(map);
    return rc;
}
