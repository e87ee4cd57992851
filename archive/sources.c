/* Which source a URL names; see source.h. SPDX-License-Identifier: MIT */
#include "archive/appliance/appliance.h"
#include "archive/csvdir.h"
#include "archive/source.h"

#include <string.h>

int source_open(struct source **out, uv_loop_t *loop, const struct fleet *f, const struct source_options *o,
                struct err *err)
{
    if (strncmp(o->retrieval_url, "file:", 5) == 0)
        return csvdir_open(out, loop, f, o, err);
    return appliance_open(out, loop, f, o, err);
}

void source_close(struct source *s)
{
    if (s)
        s->ops->close(s);
}

void source_cancel(struct source_request *r)
{
    if (r)
        r->source->ops->cancel(r);
}
