/* What a supply is asked to do and how its load warms: series of two days that its channels share.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_DRIVE_H
#define PSM_ARCHIVE_SIM_DRIVE_H

#include "archive/sim/sim.h"

/* The day and the one before it as burn-in: index DRIVE_DAY + minute. */
#define DRIVE_DAY MINUTES_PER_DAY
#define DRIVE_LEN (2 * MINUTES_PER_DAY)

struct drive {
    int32_t dac[DRIVE_LEN];
    float i[DRIVE_LEN];                                   /* true current over peak */
    float coil[DRIVE_LEN];                                /* low pass of i² with the coil's time constant */
    float igbt_linear[DRIVE_LEN], igbt_square[DRIVE_LEN]; /* of |i| and i² */
    float capacitor_linear[DRIVE_LEN], capacitor_square[DRIVE_LEN];
};

/* The DAC codes of a supply over two days, `day` the second. */
void drive_codes(struct sim *s, uint32_t supply, int64_t day, int32_t dac[DRIVE_LEN]);

/* All of it, of a supply that is unit u. */
void drive_make(struct sim *s, uint32_t supply, const struct unit *u, int64_t day, struct drive *out);

#endif
