/* Values of options that are lists of names, "air,pump": read as bits. Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_NAMELIST_H
#define PSM_MONITOR_NAMELIST_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Walks a list of words with commas between: *at moves on, *len is the word's length; false at the end, and
 * for NULL. */
bool namelist_next(const char **at, const char **word, int *len);

/* Adds to *bits bit i for each names[i] in the list; "all" is all n of them, NULL none. Error: ERR_CONFIG,
 * which names the option, the word, and the name that it may have meant. */
int namelist_read(const char *option, const char *list, const char *const names[], size_t n, uint32_t *bits,
                  struct err *err) MUSTCHECK;

#endif
