/* Water and air: season, day, an AR(1) of sd 0.2 to 0.5 K and a time constant of 1 to 4 h, and for water
 * now and then a step of 1 K for some hours. The AR(1) is a recursion that starts two days before its day,
 * at least twelve time constants: a start from zero is forgotten.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/ambient.h"

#include <math.h>

#define BURN_IN_MIN 2880

static void add_autoregressive(const struct random_normal *n, uint64_t key, int64_t day, double sd,
                               double tau_min, float out[MINUTES_PER_DAY + 1])
{
    double a = exp(-1 / tau_min), step = sd * sqrt(1 - a * a), y = 0;
    int64_t first = day * MINUTES_PER_DAY - 1;
    for (int64_t m = first - BURN_IN_MIN; m < first + MINUTES_PER_DAY + 1; m++) {
        y = a * y + step * random_gauss(n, (uint32_t)random_at(key, m));
        if (m >= first)
            out[m - first] += (float)y;
    }
}

/* Mean temperature with season (warmest at the end of July) and time of day (warmest at 21:00 UTC). */
static void add_seasons(int64_t day, double mean, double season, double daily, float out[MINUTES_PER_DAY + 1])
{
    double year = season * cos(2 * M_PI * ((double)day - 208) / 365.2425);
    for (int k = 0; k <= MINUTES_PER_DAY; k++)
        out[k] = (float)(mean + year + daily * cos(2 * M_PI * (k - 1 - 1260) / MINUTES_PER_DAY));
}

bool ambient_step(uint64_t seed, uint32_t group, int64_t day, double *start, double *length, double *size)
{
    uint64_t own = random_at(random_key(seed, 'T', group), day);
    if (random_unit(own) >= 1.0 / 40)
        return false;
    *size = random_at(own, 0) & 1 ? 1 : -1;
    *start = (double)(random_at(own, 1) % MINUTES_PER_DAY);
    *length = random_between(random_at(own, 2), 360, 1800);
    return true;
}

/* Steps that begin on the day or up to two days before it. */
static void add_steps(uint64_t seed, uint32_t group, int64_t day, float out[MINUTES_PER_DAY + 1])
{
    for (int64_t d = day - 2; d <= day; d++) {
        double start, length, sign;
        if (!ambient_step(seed, group, d, &start, &length, &sign))
            continue;
        start += (double)((d - day) * MINUTES_PER_DAY);
        double end = start + length;
        for (int k = 0; k <= MINUTES_PER_DAY; k++) {
            double rise = fmin((k - 1 - start) / 15, (end - (k - 1)) / 15);
            out[k] += (float)(sign * fmax(0, fmin(1, rise)));
        }
    }
}

void ambient_air(uint64_t seed, const struct random_normal *n, uint32_t sector, int64_t day,
                 struct ambient_day *out)
{
    uint64_t key = random_key(seed, 'A', sector);
    double daily = random_between(random_at(key, -1), 0.2, 0.8);
    double sd = random_between(random_at(key, -2), 0.2, 0.5);
    double tau = random_between(random_at(key, -3), 60, 240);
    add_seasons(day, 26, 1.5, daily, out->value);
    add_autoregressive(n, random_mix(key), day, sd, tau, out->value);
}

/* Low in the evening, high at weekends, and the grid's own wander over an hour or two. */
void ambient_mains(uint64_t seed, const struct random_normal *n, uint32_t feeder, int64_t day,
                   struct ambient_day *out)
{
    int64_t weekday = ((day + 3) % 7 + 7) % 7; /* 0: Monday */
    for (int k = 0; k <= MINUTES_PER_DAY; k++)
        out->value[k] = (float)((weekday >= 5 ? 0.8 : 0) - cos(2 * M_PI * (k - 1 - 1140) / MINUTES_PER_DAY));
    add_autoregressive(n, random_key(seed, 'Q', feeder), day, 0.7, 90, out->value);
}

void ambient_water(uint64_t seed, const struct random_normal *n, uint32_t group, int64_t day,
                   struct ambient_day *out)
{
    uint64_t key = random_key(seed, 'B', group);
    double sd = random_between(random_at(key, -2), 0.2, 0.35);
    double tau = random_between(random_at(key, -3), 60, 240);
    add_seasons(day, 32, 0.4, 0.15, out->value);
    add_autoregressive(n, random_mix(key), day, sd, tau, out->value);
    add_steps(seed, group, day, out->value);
}
