/* The table of sources; see source.h. SPDX-License-Identifier: MIT */
#include "archive/source.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
#define SOURCES(source) \
    source(appliance)   \
    source(csvdir)      \
/* end of the table */
/* clang-format on */

#define DECLARE(name) extern const struct source_kind source_##name;
SOURCES(DECLARE)

#define POINTER(name) &source_##name,
static const struct source_kind *const kinds[] = {SOURCES(POINTER)};
static const size_t n_kinds = sizeof kinds / sizeof *kinds;

static bool begins_with(const char *url, const char *scheme)
{
    return scheme && strncmp(url, scheme, strlen(scheme)) == 0;
}

const struct source_kind *source_kind_of(const char *url)
{
    for (size_t i = 0; i < n_kinds; i++)
        if (begins_with(url, kinds[i]->scheme[0]) || begins_with(url, kinds[i]->scheme[1]))
            return kinds[i];
    return NULL;
}

char *source_forms(char out[SOURCE_FORMS_LEN])
{
    size_t len = 0;
    for (size_t i = 0; i < n_kinds && len < SOURCE_FORMS_LEN; i++)
        len += (size_t)snprintf(out + len, SOURCE_FORMS_LEN - len, "%s%s", i ? " or " : "", kinds[i]->form);
    return out;
}

int source_open(struct source **out, uv_loop_t *loop, const struct fleet *f, const struct source_options *o,
                struct err *err)
{
    char forms[SOURCE_FORMS_LEN];
    const struct source_kind *kind = source_kind_of(o->retrieval_url);
    if (!kind)
        return err_set(err, ERR_CONFIG, "\"%s\" is not %s", o->retrieval_url, source_forms(forms));
    return kind->open(out, loop, f, o, err);
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
