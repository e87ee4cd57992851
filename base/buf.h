/* A growable byte buffer with a hard cap, always terminated by a NUL that len does not count.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_BUF_H
#define PSM_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* NULL until the first byte */
    size_t len, cap;
    size_t max;    /* 0: no cap */
    bool overflow; /* an append was refused because of max */
};

/* Append; false (and overflow set, nothing appended) when the cap would be passed. */
bool buf_add(struct buf *b, const void *data, size_t n);
bool buf_str(struct buf *b, const char *s);
bool buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Text with &<>"' as HTML entities; text as one CSV field: quoted when needed, and with an apostrophe in
 * front where a spreadsheet would take it for a formula (OWASP, CSV injection). */
bool buf_html(struct buf *b, const char *s);
bool buf_csv(struct buf *b, const char *s);

/* The text, never NULL. */
const char *buf_text(const struct buf *b);

/* Empties, keeping the memory; frees. */
void buf_reset(struct buf *b);
void buf_free(struct buf *b);

#endif
