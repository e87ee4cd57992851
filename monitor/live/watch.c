/* Another model for a running monitor: noticed by the file's stamp, loaded on a thread beside the loop
 * (hundreds of networks take a second), taken over between two ticks. One load at a time, so that they come
 * in order. What cannot be loaded leaves the old one in force. SPDX-License-Identifier: MIT */
#include "monitor/live/live.h"

#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct model_watch {
    struct live *live;
    struct models_stamp seen; /* of the last that was tried */
    uv_work_t work;
    struct world *world; /* that the load under way is for; NULL: none */
    /* the load's outcome, written by its thread */
    int rc;
    struct model *model;
    char name[MODEL_NAME_LEN], hash[DIGEST_HEX_LEN];
    struct err err;
};

/* On a thread of its own: reads only what does not change. */
static void load(uv_work_t *work)
{
    struct model_watch *w = work->data;
    const struct world *world = w->world;
    w->rc = models_load_active(&w->model, world->settings, world->fleet, w->name, w->hash, &w->err);
}

static bool is_in_force(const struct model_watch *w, const struct world *now)
{
    return strcmp(w->name, now->model_name) == 0 && strcmp(w->hash, now->model_hash) == 0;
}

static void take_over(struct model_watch *w)
{
    struct live *l = w->live;
    const struct world *now = l->session.world;
    log_info("model", "name=%s hash=%.12s replaces=%s hash=%.12s", w->name, w->hash,
             *now->model_name ? now->model_name : "none", now->model_hash);
    if (*model_lacks(w->model))
        log_warning("model", "name=%s %s", w->name, model_lacks(w->model));
    struct model *model = w->model;
    w->model = NULL;
    live_enter(l, world_with_model(now, model, w->name, w->hash), true);
}

static void on_loaded(uv_work_t *work, int status)
{
    struct model_watch *w = work->data;
    struct live *l = w->live;
    if (status == 0 && !l->stopping) {
        if (w->rc < 0)
            session_refuse_model(&l->session, w->name, &w->err);
        else
            l->session.model_error = (struct err){0};
        if (w->rc > 0 && is_in_force(w, l->session.world))
            log_info("model", "the file of '%s' has changed, its content has not", w->name);
        else if (w->rc > 0)
            take_over(w);
    }
    model_free(w->model);
    w->model = NULL;
    world_drop(w->world);
    w->world = NULL;
}

void live_watch_model(struct live *l)
{
    struct model_watch *w = l->watch;
    struct models_stamp now = models_stamp(l->session.world->settings->state_dir);
    if (w->world || !*now.name || models_same(&now, &w->seen))
        return;
    w->seen = now;
    w->world = world_keep(l->session.world);
    w->err = (struct err){0};
    uv_queue_work(&l->loop, &w->work, load, on_loaded);
}

void live_watch_begin(struct live *l)
{
    if (!l->watch) /* the database may be tried several times */
        l->watch = xcalloc(1, sizeof *l->watch);
    l->watch->live = l;
    l->watch->work.data = l->watch;
    l->watch->seen = models_stamp(l->context.world->settings->state_dir);
}

void live_watch_end(struct live *l)
{
    free(l->watch);
}
