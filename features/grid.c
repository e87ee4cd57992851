/* The grid's channels while polling live; see record.h. SPDX-License-Identifier: MIT */
#include "features/grid.h"

#include "base/mem.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONG_SHARE 0.01 /* share of long intervals that makes a dead-band channel */

const char *quality_name(enum quality q)
{
    static const char *const names[QUALITY_COUNT] = {"ok",      "held",         "missing",      "stale",
                                                     "invalid", "disconnected", "not a number", "not finite"};
    return q < QUALITY_COUNT ? names[q] : "?";
}

struct grid *grid_new(const struct fleet *f, const struct grid_options *o)
{
    struct grid *g = xcalloc(1, sizeof *g);
    g->fleet = f;
    g->period = o->period;
    g->hold = o->deadband_hold;
    g->max_age = xcalloc(f->n_channels, sizeof *g->max_age);
    g->channel = xcalloc(f->n_channels, sizeof *g->channel);
    g->value = xcalloc(f->n_channels, sizeof *g->value);
    g->quality = xcalloc(f->n_channels, sizeof *g->quality);
    for (size_t i = 0; i < f->n_channels; i++) {
        tstamp_ns own = o->signal_max_age ? o->signal_max_age[f->channels[i].signal] : 0;
        g->max_age[i] = own > 0 ? own : o->max_age;
        g->channel[i].last.t = INT64_MIN;
        g->channel[i].connected = -1;
        g->channel[i].learns = true;
    }
    return g;
}

void grid_free(struct grid *g)
{
    if (!g)
        return;
    free(g->max_age);
    free(g->channel);
    free(g->value);
    free(g->quality);
    free(g);
}

void grid_set_deadband(struct grid *g, const bool dead[])
{
    for (size_t i = 0; i < g->fleet->n_channels; i++) {
        g->channel[i].learns = dead == NULL;
        if (dead)
            g->channel[i].deadband = dead[i];
    }
}

void grid_learn_unknown(struct grid *g, const bool known[])
{
    for (size_t i = 0; i < g->fleet->n_channels; i++)
        g->channel[i].learns = !known[i];
}

void grid_get_deadband(const struct grid *g, bool dead[])
{
    for (size_t i = 0; i < g->fleet->n_channels; i++)
        dead[i] = g->channel[i].deadband;
}

struct held grid_held(const struct sample *s)
{
    bool finite = fabs(s->value) <= (double)FLT_MAX;
    uint8_t why = s->flags & SAMPLE_NOT_NUMBER      ? QUALITY_NOT_NUMBER
                  : s->severity >= SEVERITY_INVALID ? QUALITY_INVALID
                  : finite                          ? QUALITY_OK
                                                    : QUALITY_NOT_FINITE;
    return (struct held){s->t, why == QUALITY_OK ? (float)s->value : NAN, why};
}

void grid_learn(struct grid_channel *c, tstamp_ns interval, tstamp_ns max_age)
{
    c->intervals++;
    c->long_ones += interval > max_age;
    c->deadband = c->long_ones > LONG_SHARE * c->intervals;
}

void grid_push(struct grid *g, uint32_t channel, const struct sample *s)
{
    struct grid_channel *c = &g->channel[channel];
    if (s->t <= c->last.t)
        return;
    if (c->learns && c->last.t != INT64_MIN && !(s->flags & SAMPLE_RECONNECTED))
        grid_learn(c, s->t - c->last.t, g->max_age[channel]);
    c->last = grid_held(s);
}

void grid_connections(struct grid *g, const int8_t connected[])
{
    for (size_t i = 0; i < g->fleet->n_channels; i++)
        g->channel[i].connected = connected[i];
}

enum quality grid_quality(const struct held *h, tstamp_ns t, tstamp_ns max_age, bool deadband, tstamp_ns hold,
                          enum link link)
{
    if (h->t == INT64_MIN)
        return QUALITY_MISSING;
    tstamp_ns age = t - h->t;
    if (age > max_age) {
        if (link == LINK_LOST)
            return QUALITY_DISCONNECTED;
        if (!deadband || link != LINK_UP || age > hold)
            return QUALITY_STALE;
    }
    if (isnan(h->value))
        return (enum quality)h->why;
    return age > max_age ? QUALITY_HELD : QUALITY_OK;
}

bool grid_sibling_speaks(const uint8_t quality[], size_t stride, const struct supply *s, uint32_t channel)
{
    for (uint32_t c = s->first_channel; c < s->first_channel + s->n_channels; c++)
        if (c != channel && quality[c * stride] == QUALITY_OK)
            return true;
    return false;
}

/* Channels without a fresh reading, once the others' qualities are known. Returns the newly doubtful. */
static size_t settle_silent(struct grid *g, tstamp_ns t)
{
    size_t fresh = 0;
    for (uint32_t i = 0; i < g->fleet->n_channels; i++) {
        struct grid_channel *c = &g->channel[i];
        tstamp_ns age = c->last.t == INT64_MIN ? 0 : t - c->last.t;
        bool silent = age > g->max_age[i];
        bool alive = silent && c->deadband && age <= g->hold &&
                     grid_sibling_speaks(g->quality, 1, &g->fleet->supplies[g->fleet->channels[i].supply], i);
        fresh += silent && !alive && !c->doubtful;
        c->doubtful = silent && !alive;
        if (!alive)
            continue;
        g->quality[i] = isnan(c->last.value) ? c->last.why : QUALITY_HELD;
        g->value[i] = c->last.value;
    }
    return fresh;
}

size_t grid_frame(struct grid *g, tstamp_ns t, struct frame *out)
{
    for (size_t i = 0; i < g->fleet->n_channels; i++) {
        const struct grid_channel *c = &g->channel[i];
        enum link link = c->connected > 0 ? LINK_UP : c->connected == 0 ? LINK_LOST : LINK_UNKNOWN;
        enum quality q = grid_quality(&c->last, t, g->max_age[i], c->deadband, g->hold, link);
        g->quality[i] = (uint8_t)q;
        g->value[i] = q <= QUALITY_HELD ? c->last.value : NAN;
    }
    size_t doubtful = settle_silent(g, t);
    *out = (struct frame){t, g->value, g->quality};
    return doubtful;
}

tstamp_ns grid_last(const struct grid *g, uint32_t channel)
{
    return g->channel[channel].last.t;
}
