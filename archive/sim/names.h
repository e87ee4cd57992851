/* Names that a request asks for: repeated parameters, POST bodies by exact Content-Type, globs.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_NAMES_H
#define PSM_ARCHIVE_SIM_NAMES_H

#include "base/net/httpd.h"

struct name_list {
    char **name;
    size_t n, cap;
};

void names_free(struct name_list *l);

/* The names of a request, POST or GET. Returns 0, or the HTTP status to answer with *message (static or in
 * room). Content-Type is compared exactly, as the appliance 2.0.8 does: JSON text under any other type is one
 * unknown name. */
int names_of_request(struct name_list *l, const struct httpd_request *r, char room[256],
                     const char **message);

/* Adds a copy. */
void names_add(struct name_list *l, const char *name, size_t len);

/* "S01:*": `*` and `?` match as in the appliance; without them the whole name. */
bool names_glob(const char *pattern, const char *name);

#endif
