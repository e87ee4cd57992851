/* Where an appliance's retrieval is, when all that is given is the appliance's address: in most installations
 * under it, but a split one has it on a port or host of its own, which its management tells
 * (getApplianceInfo: dataRetrievalURL). The address is tried first: what the management tells may be a name
 * that only the appliance itself knows. Asked before the first operation, again before the next while nothing
 * has worked, and never after. SPDX-License-Identifier: MIT */
#include "archive/appliance/operation.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text/json.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_S 10.0
#define MAX_ANSWER ((size_t)64 << 10)

/* All that wait go on. */
static void finish(struct appliance *a)
{
    a->locating = NULL;
    for (struct operation *op = a->first; op; op = op->next) {
        if (!op->waiting)
            continue;
        op->waiting = false;
        op->start(op);
    }
}

static void ask(struct appliance *a, const char *base, const char *path,
                void (*done)(void *arg, const struct http_result *r))
{
    char *url = xasprintf("%s%s", base, path);
    a->locating = http_start(a->live, &(struct http_options){.method = "GET",
                                                             .url = url,
                                                             .timeout_s = TIMEOUT_S,
                                                             .max_body = MAX_ANSWER,
                                                             .follow = true,
                                                             .on_done = done,
                                                             .arg = a});
    free(url);
}

/* An answer as a JSON object; NULL: it is none. */
static json_t *object_of(const struct http_result *r)
{
    json_t *j = r->complete && r->status == 200 ? json_loadb(r->body, r->body_len, 0, NULL) : NULL;
    if (json_is_object(j))
        return j;
    json_decref(j);
    return NULL;
}

static void on_info(void *arg, const struct http_result *r)
{
    struct appliance *a = arg;
    char place[HTTP_PLACE_LEN], there[HTTP_PLACE_LEN];
    if (a->closing)
        return;
    json_t *info = object_of(r);
    const char *url = json_string_value(json_object_get(info, "dataRetrievalURL"));
    if (url && source_kind_of(url) == &source_appliance) {
        log_info("archiver", "%s says that its retrieval is %s", http_place(place, a->management),
                 http_place(there, url));
        free(a->retrieval);
        a->retrieval = appliance_base(url);
        a->located = true;
    }
    json_decref(info);
    finish(a);
}

static void on_version(void *arg, const struct http_result *r)
{
    struct appliance *a = arg;
    if (a->closing)
        return;
    json_t *version = object_of(r);
    a->located = version != NULL;
    json_decref(version);
    if (a->located || !a->management)
        finish(a);
    else
        ask(a, a->management, "/bpl/getApplianceInfo", on_info);
}

void appliance_start(struct operation *op)
{
    struct appliance *a = op->a;
    if (a->located) {
        op->start(op);
        return;
    }
    op->waiting = true;
    if (!a->locating)
        ask(a, a->retrieval, "/bpl/getVersion", on_version);
}
