/* A second physics of supplies and magnets, that a monitor's model does not share: heat sinks of two time
 * constants, fans that speed up, contacts whose resistance depends on their temperature, supplies that answer
 * air, water and mains each in its own way, sensors that drift. SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_PHYSICS_B_H
#define PSM_ARCHIVE_SIM_PHYSICS_B_H

#include "archive/sim/supply_day.h"

/* Temperatures of a supply that is unit u; the magnet's is that of its coil, which makes the voltage. */
void physics_b_temperatures(struct sim *s, const struct unit *u, int64_t day, const float air[DAY_LEN],
                            const float water[DAY_LEN], struct supply_day *p);

/* What the electrical part lacks, and what the sensors make of the temperatures. */
void physics_b_measure(struct sim *s, const struct unit *u, int64_t day, const float air[DAY_LEN],
                       struct supply_day *p);

#endif
