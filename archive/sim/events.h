/* What happens besides faults: common causes and contexts; when, to whom, how large. What they do to readings
 * is in event_effects.c, to what is sent in block.c. SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_EVENTS_H
#define PSM_ARCHIVE_SIM_EVENTS_H

#include "archive/sim/sim.h"

/* Plants what the options ask for into s->events and s->renewals, whose units and calendar are there. Caller
 * frees both arrays. */
void events_plant(struct sim *s);

/* "magnet-water filter", "lattice change" …: what a label calls it. */
const char *event_name(const struct sim_event *e);

/* The name of what it concerns, as findings have it: a supply, "S05", "water:W07B", "*". */
#define EVENT_SUBJECT 32
const char *event_subject(const struct sim *s, const struct sim_event *e, char out[EVENT_SUBJECT]);

/* t, or when the machine is next up after maintenance or a shutdown, planted ones too, that covers it. */
tstamp_ns event_in_operation(const struct sim *s, tstamp_ns t);

/* The sector of the first supply that it concerns. */
uint32_t event_sector(const struct sim *s, const struct sim_event *e);

/* Whether samples are lost by it, and from when to its end. */
static inline bool event_loses(const struct sim_event *e, tstamp_ns *from)
{
    *from = e->onset + (e->kind == SIM_REBOOT ? (tstamp_ns)(e->strength * (double)NS_PER_MIN) : 0);
    return !e->background && (e->kind == SIM_OUTAGE || e->kind == SIM_REBOOT);
}

#endif
