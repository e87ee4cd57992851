/* See refusal.h. SPDX-License-Identifier: MIT */
#include "archive/appliance/refusal.h"

#include "base/text/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LINE_LEN 80
#define TITLE "<title>"

static const char *skip_blanks(const char *p, size_t n)
{
    const char *end = p + n;
    while (p < end && isspace((unsigned char)*p))
        p++;
    return p;
}

/* A PB stream begins with field 1 or 2 of a header, whose tags are control characters, or with an empty line.
 */
bool refusal_begins_well(enum body_kind kind, const char *head, size_t n)
{
    if (n == 0)
        return true;
    if (kind == BODY_PB)
        return *head == '\n' || !(isprint((unsigned char)*head) || isspace((unsigned char)*head));
    const char *p = skip_blanks(head, n);
    return p < head + n && (*p == '{' || *p == '[');
}

/* n bytes of a page as one line of text in out[LINE_LEN]. */
static char *one_line(char out[LINE_LEN], const char *p, size_t n)
{
    size_t k = 0;
    for (; k < n && k + 1 < LINE_LEN && p[k] != '\n' && p[k] != '\r'; k++)
        out[k] = isprint((unsigned char)p[k]) || (unsigned char)p[k] > 127 ? p[k] : ' ';
    out[k] = '\0';
    words_clean(out);
    return out;
}

/* The page's title, when it stands in what is known of it, as ", titled …" in out[]; else "". */
static void add_title(char *out, size_t room, const char *head, size_t n)
{
    char line[LINE_LEN];
    const size_t tag = sizeof TITLE - 1;
    *out = '\0';
    for (size_t i = 0; i + tag < n; i++) {
        if (strncasecmp(head + i, TITLE, tag) != 0)
            continue;
        const char *p = skip_blanks(head + i + tag, n - i - tag),
                   *end = memchr(p, '<', (size_t)(head + n - p));
        if (end && end > p)
            snprintf(out, room, ", titled \"%s\"", one_line(line, p, (size_t)(end - p)));
        return;
    }
}

static void describe(char why[REFUSAL_LEN], const char *place, enum body_kind kind, const char *type,
                     const char *head, size_t n)
{
    char title[LINE_LEN + 16], line[LINE_LEN], shown[LINE_LEN];
    const char *p = skip_blanks(head, n), *wanted = kind == BODY_PB ? "readings" : "JSON";
    size_t left = (size_t)(head + n - p);
    bool page = left > 0 && *p == '<';
    add_title(title, sizeof title, head, page ? n : 0);
    one_line(shown, type, strlen(type));
    snprintf(why, REFUSAL_LEN, "%s: %s%s%s%s instead of %s%s: %s", place, page ? "a web page" : "text",
             *type ? " (" : "", shown, *type ? ")" : "", wanted, title, one_line(line, p, left));
}

enum refusal refusal_of(char why[REFUSAL_LEN], const struct http_result *r, const char *url,
                        enum body_kind kind, const char *head, size_t n)
{
    char place[HTTP_PLACE_LEN], status[HTTP_STATUS_LEN];
    http_place(place, url);
    if (!r->reached) {
        snprintf(why, REFUSAL_LEN, "%s: %s", place, r->error);
        return REFUSAL_PLAIN;
    }
    bool login = r->status == 401 || r->status == 403 || r->status == 407;
    if (login || r->status == 503 || r->status == 429) {
        snprintf(why, REFUSAL_LEN, "%s: %s%s", place, http_status(status, r),
                 login ? ", access is refused" : "");
        return login ? REFUSAL_PLAIN : REFUSAL_BUSY;
    }
    /* a stream that is no readings was given up: no status then, but its start */
    bool answered = r->status == 200 || (!r->complete && n > 0);
    if (!answered || refusal_begins_well(kind, head, n))
        return REFUSAL_NONE;
    describe(why, place, kind, r->content_type, head, n);
    return REFUSAL_PLAIN;
}
