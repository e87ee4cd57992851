/* What common causes and contexts do to the machine, to air and water, and to a supply's day. What they take
 * away or freeze is in block.c. SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_EVENT_EFFECTS_H
#define PSM_ARCHIVE_SIM_EVENT_EFFECTS_H

#include "archive/sim/supply_day.h"

/* Studies, dumps and shutdowns, in what every supply follows. */
void events_move_machine(const struct sim *s, int64_t day, struct machine_day *m);

/* Lattice changes, in the set-point of a supply over two days from first_minute on. */
void events_move_setpoint(const struct sim *s, const struct unit *u, int64_t first_minute,
                          float i[DRIVE_LEN]);

/* What they add to air and water of a supply on a day. */
void events_move_ambient(const struct sim *s, uint32_t supply, int64_t day, float air[DAY_LEN],
                         float water[DAY_LEN]);

/* On the magnet itself, before the voltage is made of its temperature. */
void events_heat_magnet(const struct sim *s, uint32_t supply, int64_t day, struct supply_day *p);

/* All the rest, on complete readings. */
void events_act(const struct sim *s, uint32_t supply, int64_t day, struct supply_day *p);

#endif
