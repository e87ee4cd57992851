/* What planted faults do to a supply's day. Those of its drive are in drive.c, what is lost or frozen in
 * block.c. SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_FAULT_EFFECTS_H
#define PSM_ARCHIVE_SIM_FAULT_EFFECTS_H

#include "archive/sim/supply_day.h"

/* On the magnet itself, before the voltage is made of its temperature. */
void faults_heat_magnet(const struct sim *s, uint32_t supply, int64_t day, struct supply_day *p);

/* All the rest, on complete readings. */
void faults_act(const struct sim *s, uint32_t supply, int64_t day, struct supply_day *p);

#endif
