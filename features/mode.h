/* What one supply was doing in a minute, from its current and DAC relative to full scale.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_MODE_H
#define PSM_FEATURES_MODE_H

#include "base/types.h"

#include <stdbool.h>
#include <stdint.h>

/* After the current has moved: what is not heat is settled. Readings of one minute were not taken at one
 * time, and log-variances remember ten minutes. What heats takes as long as its step deserves: settling.h. */
#define MODE_SETTLE (15 * NS_PER_MIN)
/* After a gap nobody knows what the current did in it: */
#define MODE_SETTLE_SAME (1 * NS_PER_HOUR) /* it came back as it was */
#define MODE_SETTLE_UNKNOWN \
    (3 * NS_PER_HOUR)             /* or not, or was never seen: the slowest capacitors, 90 min, twice */
#define MODE_OFF_BELOW 0.01F      /* |i| of a supply that is off … */
#define MODE_OFF_MINUTES 5        /* … for so long, without signs of life; */
#define MODE_OFF_MINUTES_BLIND 20 /* without a DAC, which would say what was asked for */
#define MODE_RAMP_DEFAULT 5e-3F   /* change of i over three minutes that is a ramp, if not learned */
#define MODE_STIR_DEFAULT 3e-4F   /* movement of i within twenty minutes that is life, if not learned */

#define MODE_REMEMBERED (12 * NS_PER_HOUR) /* after a longer gap nothing is known of before */

#define MODE_HISTORY 20

struct mode_state {
    float i[MODE_HISTORY], dac[MODE_HISTORY]; /* rings of the last minutes */
    uint32_t n;                               /* minutes in them since the restart */
    uint32_t low, stirring;                   /* minutes in a row below MODE_OFF_BELOW; with life */
    tstamp_ns seen, settled;                  /* last minute with current; end of settling */
    bool started, off;
    uint8_t mode; /* of the last minute with current */
};

struct mode_input {
    tstamp_ns t, gap; /* minute; how long a missing current is bridged */
    float i;          /* median of three of the current / full scale; NaN: missing */
    float dac;        /* DAC in the same scale; NaN: missing or scale unknown */
    float ramp, stir; /* the supply's own limits */
    bool any;         /* any reading of the supply is there */
};

/* On a grid of minutes, two states that started at different times agree so long after the later start. */
#define MODE_MEMORY (MODE_REMEMBERED + MODE_SETTLE_UNKNOWN + NS_PER_HOUR)

/* Minutes in order. A zero-filled state starts; the first hours after a start are settling. */
enum mode mode_step(struct mode_state *s, const struct mode_input *in);

#endif
