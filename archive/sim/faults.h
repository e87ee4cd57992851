/* Planted faults: which, when, how large. Their effect on the readings is in block.c.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_FAULTS_H
#define PSM_ARCHIVE_SIM_FAULTS_H

#include "archive/sim/calendar.h"
#include "archive/sim/layout.h"
#include "archive/sim/ring.h"

/* Modes after docs/power-supplies.md §9, sizes after docs/detection.md §10 (small, medium). */
enum fault_mode {
    FAULT_FAN = 3,          /* IGBT 5, 12 K step with hunting, capacitor a third of it */
    FAULT_WATER_PART = 5,   /* magnet 0.5, 2 K at 70 % current over half a day, voltage with it */
    FAULT_WATER_LOST = 6,   /* magnet 2; 5 or 10 K/min until it trips */
    FAULT_JOINT = 7,        /* voltage 5, 40 mV, noisy, intermittent, in proportion to the current */
    FAULT_DCCT_NOISY = 10,  /* current variance ×3, ×15 with steps */
    FAULT_OSCILLATION = 12, /* current and voltage variance ×2, ×8; IGBT a little */
    FAULT_SENSOR = 16,      /* one temperature: 1, 3 K offset; noisy; stuck */
    FAULT_DATA = 17,        /* all channels frozen or missing, of a supply or a sector */
    FAULT_DEATH = 18,       /* trips without precursor */
};

enum sensor_kind { SENSOR_OFFSET, SENSOR_NOISY, SENSOR_STUCK };
enum data_kind { DATA_GAP, DATA_FROZEN };

/* Plants the faults that the options ask for; *out is an array of *n, ordered by onset, caller frees. */
void faults_plant(struct sim_fault **out, size_t *n, const struct sim_options *o,
                  const struct calendar *calendar, const struct unit units[]);

/* True when the fault acts on a supply of a sector. */
static inline bool fault_concerns(const struct sim_fault *f, uint32_t supply, uint32_t sector)
{
    return f->supply < 0 ? f->sector == sector : f->supply == (int32_t)supply;
}

#endif
