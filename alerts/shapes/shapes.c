/* The table of shapes; see shape.h. SPDX-License-Identifier: MIT */
#include "alerts/shapes/shape.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
#define SHAPES(shape) /* the first one is the default */ \
    shape(psmon)                                         \
/* end of the table */
/* clang-format on */

#define DECLARE(name) extern const struct shape shape_##name;
SHAPES(DECLARE)

#define POINTER(name) &shape_##name,
static const struct shape *const shapes[] = {SHAPES(POINTER)};
static const size_t n_shapes = sizeof shapes / sizeof *shapes;

const struct shape *shape_find(const char *name)
{
    for (size_t i = 0; i < n_shapes; i++)
        if (!name || strcmp(shapes[i]->name, name) == 0)
            return shapes[i];
    return NULL;
}

char *shape_names(char out[SHAPE_NAMES_LEN])
{
    size_t len = 0;
    for (size_t i = 0; i < n_shapes && len < SHAPE_NAMES_LEN; i++)
        len += (size_t)snprintf(out + len, SHAPE_NAMES_LEN - len, "%s%s", i ? ", " : "", shapes[i]->name);
    return out;
}
