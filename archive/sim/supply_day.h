/* A supply's day while it is made, before it is sampled; for whoever adds to it.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_SUPPLY_DAY_H
#define PSM_ARCHIVE_SIM_SUPPLY_DAY_H

#include "archive/sim/drive.h"

#include <math.h>

/* Index 0 is the last minute of the day before, index m + 1 is minute m. */
#define DAY_LEN (MINUTES_PER_DAY + 1)

struct supply_day {
    struct drive drive;
    double value[SIGNAL_KNOWN][DAY_LEN]; /* °C, A, °C, code, °C, V */
    float noise[SIGNAL_KNOWN][DAY_LEN];  /* sd of the white noise, unit of the channel */
};

/* Minutes since t at index k; negative before. */
static inline double minutes_since(tstamp_ns t, int64_t day, int k)
{
    return (double)(day * NS_PER_DAY + (k - 1) * NS_PER_MIN - t) / (double)NS_PER_MIN;
}

/* Index of the first minute at or after t. Index 0 is the last minute of the day before: a dead-band and a
 * frozen value need to know what was. */
static inline int index_of(tstamp_ns t, int64_t day)
{
    int64_t k = (t - day * NS_PER_DAY + NS_PER_MIN - 1) / NS_PER_MIN + 1;
    return k < 0 ? 0 : k > DAY_LEN ? DAY_LEN : (int)k;
}

/* From 0 to 1 over so many minutes. */
static inline double ramp(double minutes, double over)
{
    return minutes <= 0 ? 0 : minutes >= over ? 1 : minutes / over;
}

/* How far something of time constant tau, min, that acts from onset to end has been followed at index k, 0
 * to 1. */
static inline double followed(tstamp_ns onset, tstamp_ns end, int64_t day, int k, double tau)
{
    double minutes = minutes_since(onset, day, k), after = minutes_since(end, day, k);
    if (minutes <= 0)
        return 0;
    if (after <= 0)
        return 1 - exp(-minutes / tau);
    return (1 - exp((after - minutes) / tau)) * exp(-after / tau);
}

/* Losses at index k against those at the supply's own set-point, as the heat sink or the capacitors have
 * followed them; series: igbt_linear or capacitor_linear of the drive. */
static inline double load_at(const float series[], const struct unit *u, int k)
{
    return fmin(1.2, (double)series[DRIVE_DAY - 1 + k] / fmax(0.1, fabs(u->setpoint)));
}

#endif
