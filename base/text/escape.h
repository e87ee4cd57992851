/* Text of others made fit for a terminal and for a line of a log. Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TEXT_ESCAPE_H
#define PSM_BASE_TEXT_ESCAPE_H

#include <stddef.h>

/* Writes n bytes of text into out[room], NUL-terminated, so that nothing of it acts on who shows or reads it:
 * control characters, marks that turn the direction of writing or break lines, and bytes that are no UTF-8
 * become \n, \x1b, \u202e; a character of `also` gets a backslash, and so does a backslash when there are
 * such. What does not fit is left out, whole characters at a time. Returns the length. */
size_t escape_text(char *out, size_t room, const char *text, size_t n, const char *also);

#endif
