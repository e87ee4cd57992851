/* The grid's channels while polling live; see record.h. SPDX-License-Identifier: MIT */
#include "features/grid.h"

#include "base/mem.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD_LIMIT NS_PER_HOUR /* clocks that run ahead by more are wrong */
#define LONG_SHARE 0.01         /* share of long intervals that makes a dead-band channel */

const char *quality_name(enum quality q)
{
    static const char *const names[QUALITY_COUNT] = {"ok",    "held",    "missing",
                                                     "stale", "invalid", "disconnected"};
    return q < QUALITY_COUNT ? names[q] : "?";
}

struct grid *grid_new(const struct fleet *f, const struct grid_options *o)
{
    struct grid *g = xcalloc(1, sizeof *g);
    g->fleet = f;
    g->period = o->period;
    g->hold = o->deadband_hold;
    g->learns = true;
    g->max_age = xcalloc(f->n_channels, sizeof *g->max_age);
    g->channel = xcalloc(f->n_channels, sizeof *g->channel);
    g->value = xcalloc(f->n_channels, sizeof *g->value);
    g->quality = xcalloc(f->n_channels, sizeof *g->quality);
    for (size_t i = 0; i < f->n_channels; i++) {
        tstamp_ns own = o->signal_max_age ? o->signal_max_age[f->channels[i].signal] : 0;
        g->max_age[i] = own > 0 ? own : o->max_age;
        g->channel[i].last.t = g->channel[i].before.t = INT64_MIN;
        g->channel[i].connected = -1;
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
    g->learns = dead == NULL;
    for (size_t i = 0; dead && i < g->fleet->n_channels; i++)
        g->channel[i].deadband = dead[i];
}

void grid_get_deadband(const struct grid *g, bool dead[])
{
    for (size_t i = 0; i < g->fleet->n_channels; i++)
        dead[i] = g->channel[i].deadband;
}

struct held grid_held(const struct sample *s)
{
    bool usable = s->severity < SEVERITY_INVALID && fabs(s->value) <= (double)FLT_MAX;
    return (struct held){s->t, usable ? (float)s->value : NAN};
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
    if (g->learns && c->last.t != INT64_MIN && !(s->flags & SAMPLE_RECONNECTED))
        grid_learn(c, s->t - c->last.t, g->max_age[channel]);
    c->before = c->last;
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
        return QUALITY_INVALID;
    return age > max_age ? QUALITY_HELD : QUALITY_OK;
}

/* The reading that counts at t. A reading from the future is used only when there is no other: then the
 * sender's clock runs ahead. One that is too far ahead is dropped, lest it hide all that follow. */
static const struct held *newest_at(struct grid *g, struct grid_channel *c, tstamp_ns t)
{
    if (c->last.t != INT64_MIN && c->last.t - AHEAD_LIMIT > t) {
        c->last = c->before;
        c->before.t = INT64_MIN;
        g->ignored++;
        if (c->last.t != INT64_MIN && c->last.t - AHEAD_LIMIT > t)
            c->last.t = INT64_MIN;
    }
    return c->last.t > t && c->before.t != INT64_MIN ? &c->before : &c->last;
}

void grid_frame(struct grid *g, tstamp_ns t, struct frame *out)
{
    for (size_t i = 0; i < g->fleet->n_channels; i++) {
        struct grid_channel *c = &g->channel[i];
        const struct held *h = newest_at(g, c, t);
        enum link link = c->connected > 0 ? LINK_UP : c->connected == 0 ? LINK_LOST : LINK_UNKNOWN;
        enum quality q = grid_quality(h, t, g->max_age[i], c->deadband, g->hold, link);
        g->quality[i] = (uint8_t)q;
        g->value[i] = q <= QUALITY_HELD ? h->value : NAN;
    }
    *out = (struct frame){t, g->value, g->quality};
}

tstamp_ns grid_last(const struct grid *g, uint32_t channel)
{
    return g->channel[channel].last.t;
}

size_t grid_ignored(const struct grid *g)
{
    return g->ignored;
}
