/* UTF-8; see utf8.h. SPDX-License-Identifier: MIT */
#include "base/text/utf8.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

/* Length of the sequence at s, of which n bytes are there; 0 when it is none. */
static size_t sequence(const unsigned char *s, size_t n)
{
    if (s[0] < 0x80)
        return 1;
    size_t len = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
                 : (s[0] & 0xf0) == 0xe0        ? 3
                 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                : 0;
    if (len == 0 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return len;
}

size_t utf8_prefix(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t i = 0;
    while (i < n) {
        uint64_t eight;
        if (n - i >= sizeof eight) { /* most text is ASCII: eight bytes at a time */
            memcpy(&eight, s + i, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof eight;
                continue;
            }
        }
        size_t len = sequence(s + i, n - i);
        if (len == 0)
            return i;
        i += len;
    }
    return n;
}

static size_t put(char *out, uint32_t c)
{
    unsigned char *p = (unsigned char *)out;
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    for (size_t i = len; i-- > 1; c >>= 6)
        p[i] = (unsigned char)(0x80 | (c & 0x3f));
    p[0] = (unsigned char)(first[len] | c);
    return len;
}

static uint32_t unit(const unsigned char *p, bool big_endian)
{
    return big_endian ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

char *utf8_from_utf16(const void *text, size_t n, bool big_endian, size_t *len)
{
    const unsigned char *p = text;
    char *out = xcalloc(n / 2 + 2, 3); /* a unit of two bytes becomes three at most */
    size_t at = 0;
    for (size_t i = 0; i < n; i += 2) {
        uint32_t c = i + 1 < n ? unit(p + i, big_endian) : 0xfffd;
        if (c >= 0xd800 && c < 0xdc00 && i + 3 < n) {
            uint32_t low = unit(p + i + 2, big_endian);
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        at += put(out + at, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    }
    out[at] = '\0';
    *len = at;
    return out;
}
