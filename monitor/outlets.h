/* Where what a run says goes: one interface, one line of outlets.c each. An outlet knows the session that it
 * belongs to; outlets do not know one another, but for order: they open and tick in the table's order, drain
 * in it, and close backwards. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_OUTLETS_H
#define PSM_MONITOR_OUTLETS_H

#include "alerts/alerts.h"
#include "base/tick.h"
#include "monitor/world.h"

struct session;

/* What is handed out: a tick, or that time passed without one. */
struct moment {
    tstamp_ns t;                               /* data time; the monitor's clock without a tick */
    const struct tick *tick;                   /* NULL: blind, nothing is known but the conditions */
    const struct alerts_condition *conditions; /* psmon's own, [n_conditions] */
    size_t n_conditions;
    bool quiet; /* of a hole that is being filled: kept, not sent */
};

/* Functions may be NULL; self is the outlet's own, NULL when this run goes without it: then nothing is
 * called. */
struct outlet {
    /* May block. Parts of the session that others need by type it puts there too (session.h). */
    int (*open)(struct session *s, void **self, struct err *err);
    void (*tick)(void *self, const struct moment *m);
    /* Another world is in force: before and now differ in settings, maintenance or model. */
    void (*change)(void *self, const struct world *before, const struct world *now);
    void (*drain)(void *self); /* ends what is under way, running the loop */
    void (*close)(void *self);
};

#define OUTLETS 4
extern const struct outlet outlets_table[OUTLETS];

#endif
