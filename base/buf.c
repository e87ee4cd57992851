/* A growable byte buffer; see buf.h. SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include "base/mem.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool buf_add(struct buf *b, const void *data, size_t n)
{
    /* what comes from outside has a cap; a piece is taken whole or not at all, so that what is there stays
     * text */
    if (b->max && b->len + n > b->max) {
        b->overflow = true;
        return false;
    }
    xgrow(&b->data, &b->cap, b->len + n + 1, 1); /* always with an end mark: buf_text costs nothing */
    if (n)
        memcpy(b->data + b->len, data, n);
    b->len += n;
    b->data[b->len] = '\0';
    return true;
}

bool buf_str(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
    char small[512];
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap); /* arguments can be read once only */
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    assert(n >= 0); /* a format of ours does not fail */
    bool ok;
    if ((size_t)n < sizeof small) {
        ok = buf_add(b, small, (size_t)n);
    } else {
        char *large = xcalloc((size_t)n + 1, 1);
        vsnprintf(large, (size_t)n + 1, fmt, again);
        ok = buf_add(b, large, (size_t)n);
        free(large);
    }
    va_end(again);
    return ok;
}

bool buf_html(struct buf *b, const char *s)
{
    bool ok = true;
    for (; *s; s++) {
        const char *entity = *s == '&'    ? "&amp;"
                             : *s == '<'  ? "&lt;"
                             : *s == '>'  ? "&gt;"
                             : *s == '"'  ? "&quot;"
                             : *s == '\'' ? "&#39;"
                                          : NULL;
        ok = (entity ? buf_str(b, entity) : buf_add(b, s, 1)) && ok;
    }
    return ok;
}

/* A formula begins with one of these, also as wide as a Chinese character. A number or a dash does not make
 * one. */
static bool is_formula(const char *s)
{
    static const char *const begins[] = {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"};
    bool begin = false;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        begin |= strncmp(s, begins[i], strlen(begins[i])) == 0;
    char *end;
    return begin && s[1] && (strtod(s, &end), *end != '\0');
}

bool buf_csv(struct buf *b, const char *s)
{
    const char *mark = is_formula(s) ? "'" : "";
    if (!strpbrk(s, ",\"\r\n"))
        return buf_str(b, mark) && buf_str(b, s);
    bool ok = buf_add(b, "\"", 1) && buf_str(b, mark);
    for (; *s; s++)
        ok = (*s == '"' ? buf_add(b, "\"\"", 2) : buf_add(b, s, 1)) && ok;
    return buf_add(b, "\"", 1) && ok;
}

const char *buf_text(const struct buf *b)
{
    return b->data ? b->data : "";
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->overflow = false;
    if (b->data)
        b->data[0] = '\0';
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){.max = b->max};
}
