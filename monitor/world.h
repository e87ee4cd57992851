/* What a monitor works by: settings, fleet, maintenance and model as one snapshot that never changes. A
 * reload or another model makes the next generation, which shares the parts that stayed as they were, and
 * takes its place between two ticks. Whoever keeps a world or anything of it beyond a call keeps a count of
 * it. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_WORLD_H
#define PSM_MONITOR_WORLD_H

#include "base/fleet.h"
#include "base/maintenance.h"
#include "monitor/models.h"
#include "monitor/settings/settings.h"

struct world_part;

/* For readers all of it is const. The fleet is the same in every generation of a run: what borrows it for the
 * run need not follow. */
struct world {
    unsigned generation; /* 1, 2 … */
    const struct settings *settings;
    const struct fleet *fleet;
    const struct maintenance *maintenance;
    const struct model *model;                                   /* NULL: none */
    char model_name[MODEL_NAME_LEN], model_hash[DIGEST_HEX_LEN]; /* "" without a model */
    char maintenance_hash[20];                                   /* of all that it says */

    /* world.c's own */
    struct world_part *own[4];
    unsigned keepers;
};

/* Reads the configuration and the tables it names; one count for the caller. Errors as settings_load,
 * fleet_load and maintenance_load say them. */
int world_open(struct world **out, const char *config, struct err *err) MUSTCHECK;

/* A world of parts that others own and keep for as long; maintenance and model may be NULL. */
struct world *world_of(const struct settings *s, const struct fleet *f, const struct maintenance *m,
                       const struct model *model);

/* Another count; returns w. Drops one: the last frees what no other generation shares. NULL is allowed. */
struct world *world_keep(struct world *w);
void world_drop(struct world *w);

/* The next generation with another model, which it takes over (NULL: none). */
struct world *world_with_model(const struct world *now, struct model *model, const char *name,
                               const char *hash);

/* The next generation with other imported maintenance, which it takes over, beside the file's. *reread as of
 * world_reload. */
struct world *world_with_imported(const struct world *now, struct maintenance *imported, tstamp_ns from,
                                  tstamp_ns to, bool *reread);

/* The next generation after the files have changed: reads configuration and maintenance again. What only a
 * restart can change stays as it is and is logged by name. *reread: what windows hold of [from, to) would be
 * otherwise now. Errors as world_open: nothing has changed then. */
int world_reload(struct world **out, const struct world *now, tstamp_ns from, tstamp_ns to, bool *reread,
                 struct err *err) MUSTCHECK;

#endif
