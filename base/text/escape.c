/* Text of others; see escape.h. SPDX-License-Identifier: MIT */
#include "base/text/escape.h"

#include "base/text/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The character at text, which is UTF-8; *len: its bytes. */
static uint32_t decode(const char *text, size_t *len)
{
    unsigned char c = (unsigned char)text[0];
    *len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    uint32_t code = *len == 1 ? c : c & (0xffu >> (*len + 1));
    for (size_t i = 1; i < *len; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

/* C0 and C1 controls; line and paragraph separators; marks, embeddings, overrides and isolates of direction.
 */
static bool acts(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c || code == 0x200e ||
           code == 0x200f || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff;
}

/* One character, or a byte that is none, as it goes out; returns its length there. */
static int write_one(char out[16], const char *text, size_t left, size_t *len, const char *also)
{
    static const char letters[][2] = {{'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}};
    if (utf8_prefix(text, left < 4 ? left : 4) == 0) {
        *len = 1;
        return snprintf(out, 16, "\\x%02x", (unsigned char)text[0]);
    }
    uint32_t code = decode(text, len);
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (code == (unsigned char)letters[i][0])
            return snprintf(out, 16, "\\%c", letters[i][1]);
    if (acts(code))
        return snprintf(out, 16, code < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)code);
    if (*also && code < 0x80 && (code == '\\' || strchr(also, (int)code)))
        return snprintf(out, 16, "\\%c", (int)code);
    return snprintf(out, 16, "%.*s", (int)*len, text);
}

size_t escape_text(char *out, size_t room, const char *text, size_t n, const char *also)
{
    size_t at = 0, used = 0;
    while (at < n) {
        char one[16];
        size_t len;
        int written = write_one(one, text + at, n - at, &len, also);
        if (used + (size_t)written + 1 > room)
            break;
        memcpy(out + used, one, (size_t)written);
        used += (size_t)written;
        at += len;
    }
    if (room > 0)
        out[used] = '\0';
    return used;
}
