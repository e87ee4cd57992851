/* Settings, fleet, maintenance and model as one counted snapshot; see world.h. Counts are of one thread: the
 * loop's. SPDX-License-Identifier: MIT */
#include "monitor/world.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text/spelling.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum part { SETTINGS, FLEET, MAINTENANCE, MODEL, PARTS };
_Static_assert(PARTS == sizeof((struct world *)NULL)->own / sizeof(struct world_part *), "one box a part");

/* A part and the generations that share it. */
struct world_part {
    void *it;
    void (*end)(void *it);
    unsigned worlds;
};

static void end_settings(void *it)
{
    settings_free(it);
}

static void end_fleet(void *it)
{
    fleet_free(it);
}

static void end_maintenance(void *it)
{
    maintenance_free(it);
}

static void end_model(void *it)
{
    model_free(it);
}

/* Puts a part that w owns from now on into its box. */
static void own(struct world *w, enum part at, void *it)
{
    static void (*const end[PARTS])(void *it) = {end_settings, end_fleet, end_maintenance, end_model};
    if (!it)
        return;
    w->own[at] = xcalloc(1, sizeof *w->own[at]);
    *w->own[at] = (struct world_part){it, end[at], 1};
}

static void share(struct world *w, enum part at, const struct world *before)
{
    w->own[at] = before->own[at];
    if (w->own[at])
        w->own[at]->worlds++;
}

static void leave(struct world_part *p)
{
    if (!p || --p->worlds > 0)
        return;
    p->end(p->it);
    free(p);
}

struct world *world_of(const struct settings *s, const struct fleet *f, const struct maintenance *m,
                       const struct model *model)
{
    struct world *w = xcalloc(1, sizeof *w);
    *w = (struct world){
        .generation = 1, .settings = s, .fleet = f, .maintenance = m, .model = model, .keepers = 1};
    snprintf(w->maintenance_hash, sizeof w->maintenance_hash, "%016" PRIx64, maintenance_hash(m));
    return w;
}

struct world *world_keep(struct world *w)
{
    assert(w->keepers > 0);
    w->keepers++;
    return w;
}

void world_drop(struct world *w)
{
    if (!w || --w->keepers > 0)
        return;
    for (int i = PARTS; i-- > 0;) /* a model knows the fleet, maintenance its supplies */
        leave(w->own[i]);
    free(w);
}

/* ---- reading ---- */

static int check_signal(const struct settings *s, size_t i, const struct fleet *f, struct err *err)
{
    char hint[SPELLING_LEN];
    const char *name = s->signal_max_age[i].signal;
    struct spelling near = spelling_of(name);
    for (size_t k = 0; k < f->signals.n; k++) {
        if (strcmp(f->signals.name[k], name) == 0)
            return 0;
        spelling_offer(&near, f->signals.name[k]);
    }
    return err_set(err, ERR_CONFIG, "%s:%u: max_age.%s: no channel of the fleet has this signal%s", s->path,
                   s->signal_max_age[i].line, name, spelling_hint(hint, &near));
}

static int check_signals(const struct settings *s, const struct fleet *f, struct err *err)
{
    for (size_t i = 0; i < s->n_signal_max_age; i++)
        if (check_signal(s, i, f, err) != 0)
            return err->code;
    return 0;
}

int world_open(struct world **out, const char *config, struct err *err)
{
    struct settings *s = NULL;
    struct fleet *f = NULL;
    struct maintenance *m = NULL;
    int rc = settings_load(&s, config, err);
    if (rc == 0)
        rc = fleet_load(&f, s->fleet, err);
    if (rc == 0)
        rc = maintenance_load(&m, s->maintenance, f, err);
    if (rc == 0)
        rc = check_signals(s, f, err);
    if (rc != 0) {
        maintenance_free(m);
        fleet_free(f);
        settings_free(s);
        return rc;
    }
    *out = world_of(s, f, m, NULL);
    own(*out, SETTINGS, s);
    own(*out, FLEET, f);
    own(*out, MAINTENANCE, m);
    return 0;
}

/* ---- the next generation ---- */

static struct world *next_of(const struct world *now, const struct maintenance *m)
{
    struct world *w = world_of(now->settings, now->fleet, m, now->model);
    w->generation = now->generation + 1;
    memcpy(w->model_name, now->model_name, sizeof w->model_name);
    memcpy(w->model_hash, now->model_hash, sizeof w->model_hash);
    return w;
}

struct world *world_with_model(const struct world *now, struct model *model, const char *name,
                               const char *hash)
{
    struct world *w = next_of(now, now->maintenance);
    share(w, SETTINGS, now);
    share(w, FLEET, now);
    share(w, MAINTENANCE, now);
    own(w, MODEL, model);
    w->model = model;
    snprintf(w->model_name, sizeof w->model_name, "%s", model ? name : "");
    snprintf(w->model_hash, sizeof w->model_hash, "%s", model ? hash : "");
    return w;
}

struct world *world_with_imported(const struct world *now, struct maintenance *imported, tstamp_ns from,
                                  tstamp_ns to, bool *reread)
{
    struct maintenance *m = maintenance_join(now->maintenance, imported, now->fleet);
    maintenance_free(imported);
    struct world *w = next_of(now, m);
    share(w, SETTINGS, now);
    share(w, FLEET, now);
    own(w, MAINTENANCE, m);
    share(w, MODEL, now);
    *reread = maintenance_differs(now->maintenance, m, &from, &to);
    return w;
}

/* The fleet cannot change under a running monitor: every array is laid out by it. */
static void say_fleet_change(const struct settings *s, const struct fleet *now)
{
    struct fleet *fresh = NULL;
    struct err err = {0};
    if (fleet_load(&fresh, s->fleet, &err) != 0)
        log_warning("world", "the fleet in force stays: %s", err.msg);
    else if (!fleet_same(fresh, now))
        log_warning("world", "key=fleet: %s has changed, which needs a restart", s->fleet);
    fleet_free(fresh);
}

int world_reload(struct world **out, const struct world *now, tstamp_ns from, tstamp_ns to, bool *reread,
                 struct err *err)
{
    struct settings *s = NULL;
    struct maintenance *m = NULL;
    int rc = settings_load(&s, now->settings->path, err);
    if (rc == 0)
        rc = maintenance_load(&m, s->maintenance, now->fleet, err);
    if (rc == 0)
        rc = check_signals(s, now->fleet, err);
    if (rc != 0) {
        maintenance_free(m);
        settings_free(s);
        return rc;
    }
    bool past = settings_succeed(s, now->settings);
    say_fleet_change(s, now->fleet);
    struct maintenance *all = maintenance_join(m, now->maintenance, now->fleet);
    maintenance_free(m);
    *reread = past || maintenance_differs(now->maintenance, all, &from, &to);
    struct world *w = next_of(now, all);
    w->settings = s;
    own(w, SETTINGS, s);
    share(w, FLEET, now);
    own(w, MAINTENANCE, all);
    share(w, MODEL, now);
    *out = w;
    return 0;
}
