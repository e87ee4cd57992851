/* Physics b. Each part from docs/power-supplies.md §8 or from how such things are built:
 *   heat sink: a plate that follows within minutes and a body that takes an hour
 *   fan: speeds up with the sink's temperature; the rise is linear neither in losses nor in the air
 *   capacitors: in the warm air behind the sink, of whose rise they get 0.15
 *   supply water cools the plate too; low mains mean more input current and ripple
 *   magnet: coil within minutes, yoke within an hour or two; a sensor on its skin feels the air
 *   contacts: their drop grows with their own temperature, of air and of the current's square
 *   sensors drift by 0.05 K a week, one way all the time
 * SPDX-License-Identifier: MIT */
#include "archive/sim/physics_b.h"

#include "archive/sim/ambient.h"

#include <math.h>

#define FAN_WIDTH_K 2.0 /* over which a fan speeds up */
#define CONTACT_AT_C 30.0
#define CONTACT_RISE_K 12.0 /* at peak current */
#define CONTACT_TAU_MIN 20.0
#define AIR_C 26.0 /* mean air, about which gains differ */
#define WATER_C 32.0
#define WEEK_NS ((double)(7 * NS_PER_DAY))

/* Low pass of something of the current over the two days; out holds the day and the minute before it. */
static void follow(const float i[DRIVE_LEN], double (*of)(double), double tau, double out[DAY_LEN])
{
    double step = 1 - exp(-1 / tau), y = of((double)i[0]);
    for (int k = 0; k < DRIVE_LEN; k++) {
        y += step * (of((double)i[k]) - y);
        if (k >= DRIVE_DAY - 1)
            out[k - DRIVE_DAY + 1] = y;
    }
}

static double square(double i)
{
    return i * i;
}

/* Losses of switches and of what is resistive, weighed as the plain ring's mean supply has them. */
static double switch_losses(double i)
{
    return 8 * fabs(i) + 9 * i * i;
}

/* What a fan leaves of a rise at a sink temperature. */
static double fan_leaves(const struct unit_b *b, double sink)
{
    return 1 - (1 - b->fan_full) / (1 + exp(-(sink - b->fan_on) / FAN_WIDTH_K));
}

void physics_b_temperatures(struct sim *s, const struct unit *u, int64_t day, const float air[DAY_LEN],
                            const float water[DAY_LEN], struct supply_day *p)
{
    const struct unit_b *b = &u->b;
    const struct ambient_day *mains = cache_get(s->mains_days, day_key(u->feeder, day));
    double fast[DAY_LEN], slow[DAY_LEN], bank[DAY_LEN], coil[DAY_LEN], yoke[DAY_LEN];
    double scale = (u->igbt_linear + u->igbt_square) / 17;
    follow(p->drive.i, switch_losses, b->tau_fast, fast);
    follow(p->drive.i, switch_losses, b->tau_slow, slow);
    follow(p->drive.i, square, u->tau_capacitor, bank);
    follow(p->drive.i, square, u->tau_coil, coil);
    follow(p->drive.i, square, b->tau_yoke, yoke);
    for (int k = 0; k < DAY_LEN; k++) {
        double a = (double)air[k] - AIR_C, w = (double)water[k] - WATER_C;
        double around = AIR_C + b->air_igbt * a + b->water * w - b->mains_heat * (double)mains->value[k];
        double rise = scale * (b->fast_share * fast[k] + (1 - b->fast_share) * slow[k]);
        rise *= fan_leaves(b, around + 6 + rise);
        p->value[SIGNAL_IGBT_TEMPERATURE][k] = around + 6 + rise;
        p->value[SIGNAL_CAPACITOR_TEMPERATURE][k] = AIR_C + b->air_capacitor * a + 3 + 0.15 * rise +
                                                    u->capacitor_square * bank[k] -
                                                    b->mains_heat * (double)mains->value[k];
        p->value[SIGNAL_MAGNET_TEMPERATURE][k] =
            (double)water[k] + u->water_rise * ((1 - b->yoke_share) * coil[k] + b->yoke_share * yoke[k]);
    }
    cache_release(s->mains_days, mains);
}

void physics_b_measure(struct sim *s, const struct unit *u, int64_t day, const float air[DAY_LEN],
                       struct supply_day *p)
{
    const struct unit_b *b = &u->b;
    const struct ambient_day *mains = cache_get(s->mains_days, day_key(u->feeder, day));
    double heated[DAY_LEN];
    follow(p->drive.i, square, CONTACT_TAU_MIN, heated);
    for (int k = 0; k < DAY_LEN; k++) {
        double contact = (double)air[k] + CONTACT_RISE_K * heated[k];
        double drop = b->contact * (1 + b->contact_per_k * (contact - CONTACT_AT_C));
        p->value[SIGNAL_VOLTAGE][k] += p->value[SIGNAL_CURRENT][k] * drop;
        p->noise[SIGNAL_VOLTAGE][k] *= (float)fmax(0.5, 1 - b->mains_ripple * (double)mains->value[k]);
        double *magnet = &p->value[SIGNAL_MAGNET_TEMPERATURE][k];
        *magnet += b->skin * ((double)air[k] - *magnet);
    }
    cache_release(s->mains_days, mains);
    double weeks = (double)(day * NS_PER_DAY - s->options.from) / WEEK_NS;
    for (int c = 0; c < SIGNAL_KNOWN; c++)
        for (int k = 0; k < DAY_LEN && b->drift[c] != 0; k++)
            p->value[c][k] += b->drift[c] * (weeks + (k - 1) / (double)(7 * MINUTES_PER_DAY));
}
