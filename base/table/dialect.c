/* How a table is written; see dialect.h. SPDX-License-Identifier: MIT */
#include "base/table/dialect.h"

#include "base/table/timecell.h"
#include "base/text/number.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LINES 24 /* that are looked at */
#define MOST_FIELDS 4096
#define SEPARATORS "\t;,|" /* of equals the one that is rarer in text stands first */

/* ---- fields and records ---- */

static bool is_blank(char c, char separator)
{
    return (c == ' ' || c == '\t' || c == '\r') && c != separator;
}

static const char *skip_blanks(const char *p, const char *end, char separator)
{
    while (p < end && is_blank(*p, separator))
        p++;
    return p;
}

const char *csv_cut(struct csv_text *out, const char **p, const char *end, char separator)
{
    const char *s = skip_blanks(*p, end, separator), *stop;
    if (s == end || *s != '"') {
        const char *next = s < end ? memchr(s, separator, (size_t)(end - s)) : NULL;
        stop = next ? next : end;
        while (stop > s && is_blank(stop[-1], separator))
            stop--;
        *out = (struct csv_text){s, (size_t)(stop - s), false};
        *p = next ? next + 1 : NULL;
        return NULL;
    }
    for (stop = ++s; stop < end && !(*stop == '"' && !(stop + 1 < end && stop[1] == '"'));)
        stop += *stop == '"' ? 2 : 1;
    if (stop >= end)
        return "quote is not closed";
    const char *next = skip_blanks(stop + 1, end, separator);
    if (next < end && *next != separator)
        return "text after a closing quote";
    *out = (struct csv_text){s, (size_t)(stop - s), true};
    *p = next < end ? next + 1 : NULL;
    return NULL;
}

/* Only a quote at the begin of a field opens one, as csv_cut has it: 1.5" is text. */
size_t csv_record(const char *p, size_t n, char separator, char newline, size_t *open)
{
    const char *line = memchr(p, newline, n), *quote = memchr(p, '"', line ? (size_t)(line - p) : n);
    bool in = false, fresh = true; /* inside quotes; at the begin of a field */
    size_t opened = n;
    for (size_t i = 0; quote && i < n; i++) {
        if (in) {
            if (p[i] != '"')
                continue;
            if (i + 1 < n && p[i + 1] == '"')
                i++;
            else
                in = false;
        } else if (p[i] == newline) {
            return i + 1;
        } else if (p[i] == '"' && fresh) {
            in = true;
            fresh = false;
            opened = i;
        } else if (p[i] == separator) {
            fresh = true;
        } else {
            fresh = fresh && is_blank(p[i], separator);
        }
    }
    if (open)
        *open = in ? opened : n;
    return quote || !line ? 0 : (size_t)(line - p) + 1;
}

/* ---- recognition ---- */

/* A line of the head, without its end. */
struct line {
    const char *p, *end;
    unsigned number;
};

struct head {
    struct line line[LINES]; /* those that may be header or rows, and comments */
    size_t n;
    unsigned lines; /* read so far */
    char said;      /* separator that a line sep= names; 0: none */
};

static bool is_comment(const struct line *l)
{
    return *l->p == '#';
}

/* The end of a record without what ends its line. */
static const char *trim(const char *p, const char *end)
{
    while (end > p && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    return end;
}

static void split_lines(struct head *h, const char *p, size_t n, char separator, char newline, bool all)
{
    const char *stop = p + n;
    h->n = h->lines = 0;
    while (p < stop && h->n < LINES) {
        size_t len = csv_record(p, (size_t)(stop - p), separator, newline, NULL);
        if (len == 0 && !all && h->n > 0)
            break; /* cut off */
        const char *next = len ? p + len : stop, *end = trim(p, next);
        struct line l = {p, end, h->lines + 1};
        for (; p < next; p++)
            h->lines += *p == newline;
        if (end - l.p >= 5 && h->n == 0 && strncasecmp(l.p, "sep=", 4) == 0)
            h->said = l.p[4];
        else if (skip_blanks(l.p, end, 0) < end &&
                 !(h->n && is_comment(&l) && is_comment(&h->line[h->n - 1])))
            h->line[h->n++] = l;
        else if (is_comment(&l))
            h->line[h->n - 1] = l; /* of many comments the last counts */
    }
}

/* Fields of a line, and how many of them hold something; both 0 when it cannot be cut. */
static size_t fields_of(const char *p, const char *end, char separator, size_t *filled)
{
    struct csv_text t;
    size_t n = 0;
    *filled = 0;
    while (p && n < MOST_FIELDS) {
        if (csv_cut(&t, &p, end, separator))
            return *filled = 0;
        n++;
        *filled += t.n > 0;
    }
    return n;
}

/* Lines that one separator cuts into as many fields as the first line with several; 0: none has several. */
static size_t agreeing(const struct head *h, char separator)
{
    size_t wide = 0, same = 0;
    for (size_t i = 0; i < h->n; i++) {
        size_t filled,
            n = is_comment(&h->line[i]) ? 0 : fields_of(h->line[i].p, h->line[i].end, separator, &filled);
        if (wide == 0 && n > 1)
            wide = n;
        same += n == wide && n > 1;
    }
    return same;
}

/* The separator that most lines agree on. */
static char find_separator(const struct head *h)
{
    size_t best = 0;
    char separator = ',';
    for (const char *candidate = SEPARATORS; *candidate; candidate++) {
        size_t lines = agreeing(h, *candidate);
        if (lines > best) {
            best = lines;
            separator = *candidate;
        }
    }
    return separator;
}

/* Whether a line begins with a time: a row, no header. */
static bool is_row(const struct line *l, const struct dialect *d)
{
    struct csv_text t;
    tstamp_ns time;
    const char *p = l->p;
    return !csv_cut(&t, &p, l->end, d->separator) && p &&
           timecell_read(&time, t.s, t.n, NULL, NULL) != TIMECELL_NONE;
}

/* The decimal mark of the numbers below the header: the first of them that has one tells. */
static char find_decimal(const struct head *h, size_t first, char separator)
{
    double v;
    if (separator == ',')
        return '.';
    for (size_t i = first; i < h->n; i++) {
        struct csv_text t;
        for (const char *p = h->line[i].p; p;) {
            if (csv_cut(&t, &p, h->line[i].end, separator))
                break;
            const char *point = memchr(t.s, '.', t.n), *comma = memchr(t.s, ',', t.n);
            if (!point == !comma) {
                if (point && !number_cell(&v, t.s, t.n, ','))
                    return ','; /* 1.234,5 */
                if (point && !number_cell(&v, t.s, t.n, '.'))
                    return '.'; /* 1,234.5 */
            } else if (!number_cell(&v, t.s, t.n, comma ? ',' : '.') && t.n > 0) {
                return comma ? ',' : '.';
            }
        }
    }
    return 0;
}

/* The line that is the header: the first that has several fields filled, when one has; the comment just above
 * it when it is a row itself and the comment has as many fields. */
static size_t find_header(const struct head *h, struct dialect *d)
{
    size_t filled, first = h->n, i;
    for (i = 0; i < h->n; i++) {
        if (is_comment(&h->line[i]))
            continue;
        if (first == h->n)
            first = i;
        if (fields_of(h->line[i].p, h->line[i].end, d->separator, &filled) > 1 &&
            (filled > 1 || (filled && *h->line[i].p == d->separator))) /* pandas does not name its index */
            break;
    }
    if (i == h->n)
        return first;
    if (!is_row(&h->line[i], d))
        return i;
    size_t fields = fields_of(h->line[i].p, h->line[i].end, d->separator, &filled);
    if (i > 0 && is_comment(&h->line[i - 1]) &&
        fields_of(h->line[i - 1].p + 1, h->line[i - 1].end, d->separator, &filled) == fields) {
        d->browser = true;
        return i - 1;
    }
    d->headless = true;
    return i;
}

/* Files that are handed over for tables of text, by how they begin. */
static int refuse_encoding(const char *head, size_t n, const char *path, struct err *err)
{
    static const struct {
        const char *begin;
        size_t n;
        const char *is;
    } others[] = {{"\xff\xfe", 2, "is UTF-16: save it as UTF-8"},
                  {"\xfe\xff", 2, "is UTF-16: save it as UTF-8"},
                  {"PK\3\4", 4, "is a spreadsheet's own file: save the table as CSV"},
                  {"\xd0\xcf\x11\xe0", 4, "is a spreadsheet's own file: save the table as CSV"},
                  {"\x1f\x8b", 2, "is compressed: gunzip it first"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (n >= others[i].n && memcmp(head, others[i].begin, others[i].n) == 0)
            return err_set(err, ERR_DATA, "%s: %s", path, others[i].is);
    if (memchr(head, '\0', n))
        return err_set(err, ERR_DATA, "%s: holds NUL bytes: not a table of text", path);
    return 0;
}

int dialect_read(struct dialect *out, const char *head, size_t n, bool all, const char *path, struct err *err)
{
    struct head h = {.n = 0};
    size_t skip = n >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* spreadsheets' byte order mark */
    if (refuse_encoding(head, n, path, err) != 0)
        return ERR_DATA;
    *out = (struct dialect){.newline = !memchr(head, '\n', n) && memchr(head, '\r', n) ? '\r' : '\n'};
    split_lines(&h, head + skip, n - skip, ',', out->newline, all);
    if (h.said && !strchr(SEPARATORS, h.said))
        return err_set(err, ERR_DATA,
                       "%s:1: sep= names no separator that is known: comma, semicolon, bar or tab", path);
    out->separator = h.said ? h.said : find_separator(&h);
    if (out->separator != ',') /* quotes open behind separators */
        split_lines(&h, head + skip, n - skip, out->separator, out->newline, all);
    size_t header = find_header(&h, out);
    if (header == h.n)
        return err_set(err, ERR_DATA, "%s:%u: a header line is needed", path, h.lines ? h.lines : 1);
    for (size_t i = 0; i <= header; i++)
        out->comments |= is_comment(&h.line[i]);
    out->header = (size_t)(h.line[header].p - head) + out->browser;
    out->header_line = h.line[header].number;
    out->decimal = find_decimal(&h, header + !out->headless, out->separator);
    return 0;
}

char *dialect_words(char out[DIALECT_WORDS_LEN], const struct dialect *d)
{
    const char *separator = d->separator == ';'    ? "semicolons"
                            : d->separator == '\t' ? "tabs"
                            : d->separator == '|'  ? "bars"
                                                   : "commas";
    out[0] = '\0';
    if (d->separator != ',')
        snprintf(out, DIALECT_WORDS_LEN, "separated by %s%s", separator,
                 d->decimal == ',' ? ", decimal commas" : "");
    return out;
}
