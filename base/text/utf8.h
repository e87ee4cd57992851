/* UTF-8 (RFC 3629): whether bytes are it, and making it. Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TEXT_UTF8_H
#define PSM_BASE_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes up to the first that is none of UTF-8; n when all are. No overlong forms, no surrogates, nothing cut
 * off. */
size_t utf8_prefix(const char *text, size_t n);

/* n bytes of UTF-16, without its byte order mark, as UTF-8 with an end mark; its length in *len. Halves of
 * pairs and a last single byte become U+FFFD. The caller frees. */
char *utf8_from_utf16(const void *text, size_t n, bool big_endian, size_t *len);

#endif
