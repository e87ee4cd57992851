/* The mode of a supply; see mode.h.
 * A corrector under orbit feedback passes through zero and is alive: its current then follows the DAC, or
 * moves with it. An off supply's current does neither. SPDX-License-Identifier: MIT */
#include "features/mode.h"

#include <math.h>

#define RAMP_MINUTES 3     /* a ramp is a change over so many minutes */
#define FOLLOW_FROM 2e-3F  /* DAC from which on current can be seen to follow it */
#define FOLLOW_WITHIN 0.3F /* relative; the DAC's scale is known roughly only */
#define DAC_MOVES 3e-4F    /* movement of the DAC that a living current repeats */
#define SAME_POINT 0.01F   /* current before and after a gap: no switching between */
#define WAKE_MINUTES 3     /* signs of life in a row that end "off" below MODE_OFF_BELOW */

/* Movement within the last `minutes`; missing ones do not count. */
static float span(const float v[], uint32_t n, uint32_t minutes)
{
    float lo = INFINITY, hi = -INFINITY;
    for (uint32_t k = 1; k <= n && k <= minutes && k <= MODE_HISTORY; k++) {
        float x = v[(n - k) % MODE_HISTORY];
        lo = x < lo ? x : lo;
        hi = x > hi ? x : hi;
    }
    return hi > lo ? hi - lo : 0;
}

/* Signs of life while the current is low: the way down to it does not count. */
static bool alive(const struct mode_state *s, const struct mode_input *in)
{
    float moved = span(s->i, s->n, s->low);
    if (isnan(in->dac))
        return moved >= in->stir;
    float want = fabsf(in->dac), off_by = fabsf(fabsf(in->i) - want);
    if (want >= FOLLOW_FROM && off_by <= FOLLOW_WITHIN * want)
        return true;
    float told = span(s->dac, s->n, s->low);
    return told >= DAC_MOVES && moved >= FOLLOW_WITHIN * told;
}

/* After a gap: what was before counts only in how long to wait. "Off" is found anew, lest it outlive the
 * readings that said so. */
static void restart(struct mode_state *s, const struct mode_input *in)
{
    bool known = s->started && in->t - s->seen <= MODE_REMEMBERED;
    float before = known && !s->off ? s->i[(s->n - 1) % MODE_HISTORY] : NAN;
    bool same = fabsf(in->i - before) < SAME_POINT;
    tstamp_ns until = in->t + (same ? MODE_SETTLE_SAME : MODE_SETTLE_UNKNOWN);
    s->settled = known && s->settled > until ? s->settled : until;
    s->started = true;
    s->off = false;
    s->n = s->low = s->stirring = 0;
}

static bool decide_off(struct mode_state *s, const struct mode_input *in)
{
    s->low = fabsf(in->i) < MODE_OFF_BELOW ? s->low + 1 : 0;
    if (s->low == 0) {
        s->stirring = 0;
        return false;
    }
    bool lives = alive(s, in);
    s->stirring = lives ? s->stirring + 1 : 0;
    if (s->stirring >= WAKE_MINUTES)
        return false;
    uint32_t needed = isnan(in->dac) ? MODE_OFF_MINUTES_BLIND : MODE_OFF_MINUTES;
    bool long_enough = s->low >= needed || s->low == s->n; /* or never seen otherwise */
    return s->off || (long_enough && !lives);
}

static bool decide_ramp(const struct mode_state *s, const struct mode_input *in)
{
    return s->n > RAMP_MINUTES && fabsf(in->i - s->i[(s->n - 1 - RAMP_MINUTES) % MODE_HISTORY]) > in->ramp;
}

enum mode mode_step(struct mode_state *s, const struct mode_input *in)
{
    if (!in->any)
        return MODE_UNKNOWN;
    if (isnan(in->i)) /* bridged for a while */
        return s->started && in->t - s->seen <= in->gap ? (enum mode)s->mode : MODE_UNKNOWN;
    if (!s->started || in->t - s->seen > in->gap)
        restart(s, in);
    s->seen = in->t;
    uint32_t at = s->n++ % MODE_HISTORY;
    s->i[at] = in->i;
    s->dac[at] = in->dac;

    bool off = decide_off(s, in);
    bool woke = s->off && !off, ramp = !off && decide_ramp(s, in);
    s->off = off;
    if ((woke || ramp) && s->settled < in->t + MODE_SETTLE)
        s->settled = in->t + MODE_SETTLE;
    s->mode = off ? MODE_OFF : ramp ? MODE_RAMPING : in->t < s->settled ? MODE_SETTLING : MODE_STEADY;
    return (enum mode)s->mode;
}
