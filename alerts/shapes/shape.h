/* A shape: what a kind of receiver understands. An endpoint names its shape in the configuration; what is
 * sent is made of the stored message at every attempt, and signed as it goes. To add one: a file here with
 * one struct shape, and its line in shapes.c. SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_SHAPES_SHAPE_H
#define PSM_ALERTS_SHAPES_SHAPE_H

#include "base/text/json.h"

#include <stdbool.h>

#define SHAPE_HEADERS_MAX 8

struct shape {
    const char *name; /* `shape: NAME` in the configuration */
    /* Header lines, up to NULL: Content-Type, and at most SHAPE_HEADERS_MAX in all. The webhook-… headers are
     * added to every message. */
    const char *const *headers;
    /* The body, which the caller frees: text without NUL, the same for the same message at every attempt.
     * message: the object that alerts/README.md shows, of any type (raised … heartbeat), perhaps of an
     * earlier version of psmon: keys may be absent, which field_text and field_number bear. text: the same as
     * stored. */
    char *(*body)(const char *text, const json_t *message);
};

/* The shape of this name; NULL: the default. NULL when there is none. */
const struct shape *shape_find(const char *name);
/* "psmon, …": all names, for messages about wrong ones. Returns out. */
#define SHAPE_NAMES_LEN 256
char *shape_names(char out[SHAPE_NAMES_LEN]);

#endif
