/* Planted faults: which, when, how large. Their effect on the readings is in
 * fault_effects.c, drive.c and, for what is lost or frozen, block.c.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_FAULTS_H
#define PSM_ARCHIVE_SIM_FAULTS_H

#include "archive/sim/calendar.h"
#include "archive/sim/layout.h"
#include "archive/sim/ring.h"

/* Modes after docs/power-supplies.md §9, sizes (small, medium, large) after docs/detection.md §10. "In
 * proportion to the load": to the losses against those at the supply's own set-point. */
enum fault_mode {
    FAULT_CAPACITOR = 1,    /* capacitor 2, 5, 10 K over three weeks, convex; ripple: variance of I, V */
    FAULT_IGBT = 2,         /* IGBT 3, 8, 20 K over three weeks, in proportion to the load */
    FAULT_FAN = 3,          /* IGBT 5, 12, 25 K step with hunting, capacitor a third of it */
    FAULT_DUST = 4,         /* IGBT 2, 5, 10 K over two weeks, capacitor 0.4 of it */
    FAULT_WATER_PART = 5,   /* magnet 0.5, 2, 6 K at 70 % current over half a day, voltage with it */
    FAULT_WATER_LOST = 6,   /* magnet 2; 5 or 10; 15 K/min until it trips */
    FAULT_JOINT = 7,        /* voltage 5, 40, 200 mV, noisy, intermittent, in proportion to the current */
    FAULT_SHORT = 8,        /* turn to turn: voltage -1, -4, -10 %, the magnet a little either way */
    FAULT_DCCT_DRIFT = 9,   /* 50, 300, 1000 ppm of true current over five days, read-back unmoved */
    FAULT_DCCT_NOISY = 10,  /* current variance ×3, ×15, ×50 with steps */
    FAULT_DAC = 11,         /* a stuck bit worth 2, 16, 128 codes, or glitches of that for one sample */
    FAULT_OSCILLATION = 12, /* current and voltage variance ×2, ×8, ×20; IGBT a little */
    FAULT_DC_LINK = 13,     /* capacitor 1, 3, 6 K, ripple; large: the current droops at its peaks */
    FAULT_LEAKAGE = 14,     /* voltage drifts by 20, 60, 200 mV, current noisy */
    FAULT_GATE = 15,        /* IGBT 5, 10, 15 K step in proportion to the load; often a trip after it */
    FAULT_SENSOR = 16,      /* one channel alone: enum sensor_kind */
    FAULT_DATA = 17,        /* all channels frozen or missing, of a supply or a sector, 2, 5, 12 h */
    FAULT_DEATH = 18,       /* trips without precursor */
    FAULT_VICTIM = 19,      /* a corrector that the feedback drives by 20, 50 % of its range or to its limit,
                               where it trips, after the death of another */
};

#define FAULT_DRIFT_DAYS 5 /* until a drift of mode 9 or 14 is complete */

/* Offset of 1, 3, 8 K; noise of 0.5, 1.5, 4 K; stuck. Beyond the plain cycle also of current and voltage,
 * and: at full scale, at 0, the capacitor's and the IGBT's exchanged, between valid and invalid. */
enum sensor_kind {
    SENSOR_OFFSET,
    SENSOR_NOISY,
    SENSOR_STUCK,
    SENSOR_OPEN,
    SENSOR_ZERO,
    SENSOR_SWAPPED,
    SENSOR_FLAPPING,
    SENSOR_KINDS
};
enum data_kind { DATA_GAP, DATA_FROZEN };
enum dac_kind { DAC_STUCK_BIT, DAC_GLITCHES };

/* Plants the faults that the options ask for into s->faults, ordered by onset; s->units, calendar and events
 * are there. Caller frees the array. */
void faults_plant(struct sim *s);

struct sim;

/* "fan", "sensor stuck" …: what a label calls it. */
const char *fault_name(const struct sim_fault *f);

/* True when the fault acts on a supply of a sector. */
static inline bool fault_concerns(const struct sim_fault *f, uint32_t supply, uint32_t sector)
{
    return f->supply < 0 ? f->sector == sector : f->supply == (int32_t)supply;
}

#endif
