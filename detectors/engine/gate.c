/* Which supplies' minute counts, and the ledger's reasons; see internal.h. SPDX-License-Identifier: MIT */
#include "detectors/engine/internal.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void gate_init(struct gate *g, size_t n, size_t width, unsigned window_minutes)
{
    *g = (struct gate){.n = n,
                       .seen = INT64_MIN,
                       .window_minutes = window_minutes,
                       .maintenance = xcalloc(n, sizeof *g->maintenance),
                       .own_work = xcalloc(n, sizeof *g->own_work),
                       .blocked = xcalloc(n, sizeof *g->blocked),
                       .usable = xcalloc(n, sizeof *g->usable),
                       .counts = xcalloc(n, width * sizeof *g->counts),
                       .beyond = xcalloc(n, sizeof *g->beyond),
                       .held = xcalloc(n, sizeof *g->held),
                       .recent = xcalloc(n, window_minutes),
                       .recent_n = xcalloc(n, sizeof *g->recent_n),
                       .lately_n = xcalloc(n, sizeof *g->lately_n),
                       .resting_n = xcalloc(n, sizeof *g->resting_n)};
}

void gate_fini(struct gate *g)
{
    free(g->maintenance);
    free(g->own_work);
    free(g->blocked);
    free(g->usable);
    free(g->counts);
    free(g->beyond);
    free(g->held);
    free(g->recent);
    free(g->recent_n);
    free(g->lately_n);
    free(g->resting_n);
}

/* Also of work that begins while the whole ring is in maintenance, and at the first minute all that was done
 * before. */
static void find_own_work(struct gate *g, const struct maintenance *m, tstamp_ns t)
{
    memset(g->own_work, 0, g->n * sizeof *g->own_work);
    for (size_t i = maintenance_begun(m, g->seen), end = maintenance_begun(m, t); i < end; i++)
        if (m->period[i].supply >= 0)
            g->own_work[m->period[i].supply] = &m->period[i];
    g->seen = t;
}

void gate_maintenance(struct gate *g, const struct maintenance *m, const struct fleet *f, tstamp_ns t)
{
    maintenance_mask(m, f, t, g->maintenance);
    find_own_work(g, m, t);
}

/* The last twelfth of the window: an hour of twelve. */
static unsigned lately(const struct gate *g)
{
    return g->window_minutes >= 12 ? g->window_minutes / 12 : 1;
}

static void remember(struct gate *g, size_t i, enum minute_kind kind)
{
    uint8_t *ring = &g->recent[i * g->window_minutes], *slot = &ring[g->recent_at];
    uint8_t leaves = ring[(g->recent_at + g->window_minutes - lately(g)) % g->window_minutes];
    g->lately_n[i] = (uint16_t)(g->lately_n[i] + (kind == MINUTE_USABLE) - (leaves == MINUTE_USABLE));
    g->recent_n[i] = (uint16_t)(g->recent_n[i] + (kind == MINUTE_USABLE) - (*slot == MINUTE_USABLE));
    g->resting_n[i] = (uint16_t)(g->resting_n[i] + (kind == MINUTE_RESTING) - (*slot == MINUTE_RESTING));
    *slot = (uint8_t)kind;
}

static bool at_rest(enum mode mode)
{
    return mode == MODE_OFF || mode == MODE_RAMPING || mode == MODE_SETTLING;
}

/* Column by column what counts of a supply's minute; the reason why most levels do not, if so. Their
 * log-variances do not hang on where the level stands. */
static enum reason judge_columns(const struct model *m, const struct feature_frame *ff, size_t i,
                                 bool counts[], bool *beyond)
{
    const struct feature_layout *l = m->layout;
    size_t n = l->n_levels[i], unsettled = 0, unknown = 0;
    for (size_t k = 0; k < n; k++) {
        bool settled = feature_settled(l, ff, i, k);
        bool known = reference_knows(&m->ref, l, i, k, ff->context[i * ROW_CONTEXT]);
        counts[k] = settled && known;
        counts[l->levels + k] = true;
        unknown += !known;
        unsettled += known && !settled;
    }
    *beyond = unknown > 0;
    if (2 * (unknown + unsettled) <= n)
        return REASON_SCORED;
    return unknown >= unsettled ? REASON_MODE_NEVER_SEEN : REASON_SETTLING;
}

void gate_judge(struct gate *g, const struct model *m, const struct feature_frame *ff)
{
    size_t w = m->layout->width;
    memset(g->counts, 0, g->n * w * sizeof *g->counts);
    for (size_t i = 0; i < g->n; i++) {
        bool stands = ff->mode[i] == MODE_STEADY;
        g->usable[i] = stands && m->fit[i] == FIT_OK && !g->maintenance[i] && !g->blocked[i];
        g->held[i] = stands && m->fit[i] == FIT_NEVER_STEADY ? REASON_MODE_NEVER_SEEN : REASON_SCORED;
        g->beyond[i] = false;
        if (g->usable[i])
            g->held[i] = (uint8_t)judge_columns(m, ff, i, g->counts + i * w, &g->beyond[i]);
        bool rests = g->maintenance[i] || at_rest((enum mode)ff->mode[i]);
        remember(g, i, g->usable[i] ? MINUTE_USABLE : rests ? MINUTE_RESTING : MINUTE_LACKING);
    }
    g->recent_at = (g->recent_at + 1) % g->window_minutes;
}

/* What comes says more than what does not. */
static enum reason without_data(const struct frame *in, const struct supply *s)
{
    bool any[QUALITY_COUNT] = {false};
    for (uint32_t c = s->first_channel; c < s->first_channel + s->n_channels; c++)
        any[in->quality[c]] = true;
    return any[QUALITY_NOT_NUMBER]                           ? REASON_NO_NUMBER
           : any[QUALITY_INVALID] || any[QUALITY_NOT_FINITE] ? REASON_INVALID
           : any[QUALITY_STALE]                              ? REASON_STALE
                                                             : REASON_MISSING;
}

static bool has_data(const struct frame *in, const struct supply *s)
{
    for (uint32_t c = s->first_channel; c < s->first_channel + s->n_channels; c++)
        if (!isnan(in->value[c]))
            return true;
    return false;
}

float gate_fullness(const struct gate *g, size_t i)
{
    return (float)g->recent_n[i] / (float)g->window_minutes;
}

/* Too few to say anything: neither does a window of twelve hours hold half of its minutes, nor the last hour
 * half of its own, so that something is known of now. */
static bool has_few(const struct gate *g, size_t i)
{
    return 2 * (unsigned)g->recent_n[i] < g->window_minutes && 2 * (unsigned)g->lately_n[i] < lately(g);
}

bool gate_rests(const struct gate *g, size_t i)
{
    return g->resting_n[i] > 0 && 2 * (unsigned)(g->recent_n[i] + g->resting_n[i]) >= g->window_minutes;
}

enum reason gate_reason(const struct gate *g, const struct model *m, const struct fleet *f,
                        const struct minute *in, size_t i, bool scored)
{
    uint8_t mode = in->features->mode[i];
    if (g->maintenance[i])
        return REASON_MAINTENANCE;
    if (!m || (m->fit[i] != FIT_OK && m->fit[i] != FIT_NEVER_STEADY))
        return REASON_NO_MODEL;
    if (!has_data(in->frame, &f->supplies[i]) || mode == MODE_UNKNOWN)
        return without_data(in->frame, &f->supplies[i]);
    switch (mode) {
    case MODE_OFF: return REASON_OFF;
    case MODE_RAMPING: return REASON_RAMPING;
    case MODE_SETTLING: return REASON_SETTLING;
    default: break;
    }
    if (g->held[i] != REASON_SCORED)
        return (enum reason)g->held[i];
    return has_few(g, i) || !scored ? REASON_TOO_FEW_SAMPLES : REASON_SCORED;
}
