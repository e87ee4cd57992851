/* What drives a supply's temperatures and voltage: its current and the low-passed history of it, and its
 * mode. Knows nothing of fitted coefficients, only of scales.
 * i = I / full scale, q = i², a = |i|; LP_τ(x): y ← y + (1 − e^(−Δt/τ)) (x − y), in two banks (banks.h).
 * SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_DRIVERS_H
#define PSM_FEATURES_DRIVERS_H

#include "base/fleet.h"
#include "features/banks.h"
#include "features/record.h"

#include <stdbool.h>

/* Scales of one supply. */
struct supply_scale {
    double peak; /* full scale of the current, its unit; NaN: unknown or no current */
    double dac;  /* DAC value that asks for full scale; NaN: unknown or no DAC */
    double ramp; /* change of i over three minutes that is a ramp */
    double stir; /* movement of i within twenty minutes that a switched-off supply does not show */
};

/* Scales as far as the fleet alone gives them. */
struct supply_scale drivers_default_scale(const struct fleet *f, uint32_t supply);

/* Low passes start anew every 12 h in turn: of what happened before, e^-12 is missing in the slowest. */
#define DRIVERS_STRETCH (12 * NS_PER_HOUR)

/* The low passes of a supply, and the same with SLOWER times their time constants: units of a family differ
 * by about so much (docs/power-supplies.md §8: capacitors 60 to 90 min). */
enum low_pass { LP_Q3, LP_Q15, LP_Q60, LP_A3, LP_A15, LP_A60, LP_QM3, LP_QM15, LOW_PASSES };
#define SLOWER 1.5

/* One minute of one supply. */
struct driver_row {
    float i, a, q;
    float q3, q15, q60, a3, a15, a60; /* LP3(q) … LP60(|i|) */
    float dac, sign;                  /* DAC / full scale; its sign -1, 0, 1 (of i without DAC) */
    float qm, qm3, qm15;              /* q from the median of three of i, its LP3 and LP15 */
    bool valid;                       /* current known (missing ones are bridged for 10 min) */
    bool warm;                        /* low passes have run for two hours */
};

struct drivers {
    const struct fleet *fleet;
    tstamp_ns period, gap;
    struct supply_scale *scale;  /* [S] */
    struct driver_row *row;      /* [S] */
    struct driver_row *slower;   /* [S] what row would be, were every time constant SLOWER times as long */
    uint8_t *mode;               /* [S] enum mode */
    float *peak;                 /* [S] scale.peak as float; NaN: unknown */
    bool jumped;                 /* this minute did not follow the last one closely: histories are void */
    tstamp_ns t;                 /* last minute */
    struct banks banks;          /* this minute's */
    struct driver_state *state;  /* [S] */
    tstamp_ns gain_for;          /* time step that the gains hold for */
    double gain[2 * LOW_PASSES]; /* of the low passes, of the slower ones */
};

/* scale NULL: drivers_default_scale for all. Borrows f, copies scale. */
struct drivers *drivers_new(const struct fleet *f, const struct supply_scale scale[], tstamp_ns period);
void drivers_free(struct drivers *d);

/* Takes one minute, in order; fills row, slower, mode, peak. */
void drivers_step(struct drivers *d, const struct frame *in);

/* 1 - e^(-step/τ) */
double lowpass_gain(tstamp_ns step, tstamp_ns tau);

#endif
