/* Low passes of the current, and modes; see drivers.h. SPDX-License-Identifier: MIT */
#include "features/drivers.h"

#include "base/mem.h"
#include "features/mode.h"
#include "features/select.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BRIDGE (10 * NS_PER_MIN) /* a missing current is held so long; slower grids: BRIDGE_PERIODS */
#define BRIDGE_PERIODS 3
#define WARM (2 * NS_PER_HOUR)

static const tstamp_ns tau_of[LOW_PASSES] = {
    [LP_Q3] = 3 * NS_PER_MIN,  [LP_Q15] = 15 * NS_PER_MIN, [LP_Q60] = 60 * NS_PER_MIN,
    [LP_A3] = 3 * NS_PER_MIN,  [LP_A15] = 15 * NS_PER_MIN, [LP_A60] = 60 * NS_PER_MIN,
    [LP_QM3] = 3 * NS_PER_MIN, [LP_QM15] = 15 * NS_PER_MIN};

struct driver_state {
    double i, before, before2; /* this minute's current and the two before it */
    double low[BANKS][2 * LOW_PASSES];
    tstamp_ns seen, since; /* last reading of the current; start of the low passes */
    bool running;
    struct mode_state mode;
};

struct supply_scale drivers_default_scale(const struct fleet *f, uint32_t supply)
{
    const struct supply *s = &f->supplies[supply];
    int32_t current = s->known[SIGNAL_CURRENT], dac = s->known[SIGNAL_DAC];
    double peak = current >= 0 ? f->channels[current].range : (double)NAN;
    return (struct supply_scale){
        .peak = peak,
        .dac = dac >= 0 && !isnan(peak) ? f->channels[dac].range : (double)NAN,
        .ramp = (double)MODE_RAMP_DEFAULT,
        .stir = (double)MODE_STIR_DEFAULT,
    };
}

struct drivers *drivers_new(const struct fleet *f, const struct supply_scale scale[], tstamp_ns period)
{
    struct drivers *d = xcalloc(1, sizeof *d);
    size_t n = f->n_supplies;
    d->fleet = f;
    d->period = period;
    d->gap = BRIDGE > BRIDGE_PERIODS * period ? BRIDGE : BRIDGE_PERIODS * period;
    assert(d->gap < DRIVERS_STRETCH); /* banks.h: no stretch goes by without a restart being seen */
    d->scale = xcalloc(n, sizeof *d->scale);
    d->row = xcalloc(n, sizeof *d->row);
    d->slower = xcalloc(n, sizeof *d->slower);
    d->mode = xcalloc(n, sizeof *d->mode);
    d->peak = xcalloc(n, sizeof *d->peak);
    d->state = xcalloc(n, sizeof *d->state);
    d->t = INT64_MIN;
    for (size_t s = 0; s < n; s++) {
        d->scale[s] = scale ? scale[s] : drivers_default_scale(f, (uint32_t)s);
        d->peak[s] = (float)d->scale[s].peak;
    }
    return d;
}

void drivers_free(struct drivers *d)
{
    if (!d)
        return;
    free(d->scale);
    free(d->row);
    free(d->slower);
    free(d->mode);
    free(d->peak);
    free(d->state);
    free(d);
}

double lowpass_gain(tstamp_ns step, tstamp_ns tau)
{
    return -expm1(-(double)step / (double)tau);
}

/* The time step since the last minute, and with it the gains of the low passes. */
static void advance(struct drivers *d, tstamp_ns t)
{
    tstamp_ns step = d->t == INT64_MIN ? d->gap + 1 : t - d->t;
    d->jumped = step > d->gap || step < 0;
    d->banks = banks_at(t, d->jumped ? t : d->t, DRIVERS_STRETCH);
    d->t = t;
    if (step == d->gain_for)
        return;
    d->gain_for = step;
    for (int k = 0; k < LOW_PASSES; k++) {
        d->gain[k] = step > 0 ? lowpass_gain(step, tau_of[k]) : 0;
        d->gain[LOW_PASSES + k] = step > 0 ? lowpass_gain(step, (tstamp_ns)(SLOWER * (double)tau_of[k])) : 0;
    }
}

static bool any_reading(const struct supply *s, const float value[])
{
    for (uint32_t c = 0; c < s->n_channels; c++)
        if (!isnan(value[s->first_channel + c]))
            return true;
    return false;
}

static float reading(const float value[], int32_t channel)
{
    return channel >= 0 ? value[channel] : NAN;
}

static void start(struct driver_state *a, double i, tstamp_ns t)
{
    a->running = true;
    a->since = t;
    a->before = a->before2 = i;
}

/* Takes the current of this minute, bridges a missing one; false when it is unknown. *anew: there is no past.
 */
static bool follow_current(struct drivers *d, struct driver_state *a, double i, bool *anew)
{
    *anew = false;
    if (isnan(i)) {
        a->running = a->running && !d->jumped && d->t - a->seen <= d->gap;
        if (!a->running)
            return false;
        i = a->i;
    } else {
        if (!a->running || d->jumped || d->t - a->seen > d->gap) {
            start(a, i, d->t);
            *anew = true;
        } else {
            a->before2 = a->before;
            a->before = a->i;
        }
        a->seen = d->t;
    }
    a->i = i;
    return true;
}

static void low_pass(const struct drivers *d, struct driver_state *a, float qm, bool anew)
{
    double q = a->i * a->i, abs = fabs(a->i), m = (double)qm;
    const double x[2 * LOW_PASSES] = {q, q, q, abs, abs, abs, m, m, q, q, q, abs, abs, abs, m, m};
    for (unsigned b = 0; b < BANKS; b++) {
        double *y = a->low[b];
        if (anew || (d->banks.restart && b == d->banks.young))
            memcpy(y, x, sizeof x);
        else
            for (int k = 0; k < 2 * LOW_PASSES; k++)
                y[k] += d->gain[k] * (x[k] - y[k]);
    }
}

/* y: LOW_PASSES of them. */
static void fill_row(const struct drivers *d, const struct driver_state *a, const double y[],
                     struct driver_row *r, float qm, float dac)
{
    float i = (float)a->i, sign = isnan(dac) ? i : dac;
    *r = (struct driver_row){
        .i = i,
        .a = fabsf(i),
        .q = (float)(a->i * a->i),
        .q3 = (float)y[LP_Q3],
        .q15 = (float)y[LP_Q15],
        .q60 = (float)y[LP_Q60],
        .a3 = (float)y[LP_A3],
        .a15 = (float)y[LP_A15],
        .a60 = (float)y[LP_A60],
        .dac = dac,
        .sign = (float)((sign > 0) - (sign < 0)),
        .qm = qm,
        .qm3 = (float)y[LP_QM3],
        .qm15 = (float)y[LP_QM15],
        .valid = true,
        .warm = d->t - a->since >= WARM,
    };
}

static void step_supply(struct drivers *d, size_t s, const float value[])
{
    const struct supply *u = &d->fleet->supplies[s];
    struct driver_state *a = &d->state[s];
    struct driver_row *r = &d->row[s];
    bool any = any_reading(u, value);
    /* Without a full scale there is no telling off from on. The largest current seen so far would do for a
     * scale, but it would make the past of years count. */
    if (u->known[SIGNAL_CURRENT] < 0 || isnan(d->peak[s])) {
        r->valid = d->slower[s].valid = false;
        d->mode[s] = any ? MODE_STEADY : MODE_UNKNOWN;
        return;
    }
    float raw = reading(value, u->known[SIGNAL_CURRENT]);
    float i = raw / d->peak[s];
    float dac = (float)((double)reading(value, u->known[SIGNAL_DAC]) / d->scale[s].dac);
    float median = NAN;
    bool anew;
    if (follow_current(d, a, (double)i, &anew)) {
        median = select_middle((float)a->i, (float)a->before, (float)a->before2);
        low_pass(d, a, median * median, anew);
        const double *y = a->low[d->banks.read];
        fill_row(d, a, y, r, median * median, dac);
        fill_row(d, a, y + LOW_PASSES, &d->slower[s], median * median, dac);
    } else {
        r->valid = d->slower[s].valid = false;
    }
    struct mode_input in = {
        .t = d->t,
        .gap = d->gap,
        .i = isnan(i) ? NAN : median,
        .dac = dac,
        .ramp = (float)d->scale[s].ramp,
        .stir = (float)d->scale[s].stir,
        .any = any,
    };
    d->mode[s] = (uint8_t)mode_step(&a->mode, &in);
}

void drivers_step(struct drivers *d, const struct frame *in)
{
    advance(d, in->t);
    for (size_t s = 0; s < d->fleet->n_supplies; s++)
        step_supply(d, s, in->value);
}
