/* A list in all its forms; see report.h. SPDX-License-Identifier: MIT */
#include "monitor/report/report.h"

#include "base/mem.h"

#include <stdlib.h>

struct report_shown *report_shown_new(const char *document_json)
{
    struct report_shown *s = xcalloc(1, sizeof *s);
    s->document = xstrdup(document_json);
    for (int f = 0; s->err.code == 0 && f < REPORT_FORMATS; f++)
        if (report_render(&s->form[f], document_json, (enum report_format)f, &s->err) != 0)
            err_wrap(&s->err, "the weekly list cannot be shown");
    return s;
}

void report_shown_free(struct report_shown *s)
{
    if (!s)
        return;
    for (int f = 0; f < REPORT_FORMATS; f++)
        buf_free(&s->form[f]);
    free(s->document);
    free(s);
}
