/* Shape text: one line for people, as plain text. What tests/e2e/43-add-shape.sh adds, and an example of how
 * a shape is written. SPDX-License-Identifier: MIT */
#include "alerts/shapes/shape.h"
#include "base/buf.h"

#include <string.h>

/* "raised SR:C12:Q3 (equipment): IGBT temperature 6.1 K above …; by chance once in 40 weeks over the ring" */
static char *body(const char *text, const json_t *message)
{
    (void)text;
    const json_t *data = json_object_get(message, "data");
    const char *type = field_text(message, "type"), *dot = strrchr(type, '.');
    struct buf b = {0};
    buf_str(&b, dot ? dot + 1 : type);
    if (*field_text(data, "subject"))
        buf_printf(&b, " %s (%s): %s", field_text(data, "subject"), field_text(data, "class"),
                   field_text(data, "reason"));
    if (*field_text(data, "chance_text"))
        buf_printf(&b, "; %s", field_text(data, "chance_text"));
    buf_str(&b, "\n");
    return b.data;
}

static const char *const headers[] = {"Content-Type: text/plain; charset=utf-8", NULL};

const struct shape shape_text = {"text", headers, body};
