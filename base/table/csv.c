/* Streaming reader of tables; see csv.h. SPDX-License-Identifier: MIT */
#include "base/table/csv.h"

#include "base/mem.h"
#include "base/text/number.h"
#include "base/text/spelling.h"
#include "base/text/utf8.h"
#include "base/time/zone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PIECE ((size_t)64 << 10)     /* that is read at once, at least */
#define MAX_RECORD ((size_t)1 << 20) /* a quote that is open for longer was never meant to be one */
#define MAX_LINE ((size_t)16 << 20)

struct csv {
    FILE *f;
    char *path;
    char *text; /* what was read and is not used yet, from `at` to n; records are split in place */
    size_t at, n, cap;
    bool ended, broken;
    struct dialect dialect;
    struct csv_text *field; /* of the current row, unquoted and ended */
    size_t n_fields, field_cap;
    char **names;
    size_t n_names;
    unsigned line_no, lines_read; /* line where the record began; lines read so far */
    bool again;                   /* a headless table's first row was split already */
    bool rows;                    /* a row was read */
    size_t looked;
};

/* ---- records ---- */

/* Reads on, as much as is there already, so that looking through it again stays in proportion; one byte stays
 * free behind for an end mark. */
static void fill(struct csv *c)
{
    if (c->at > 0)
        memmove(c->text, c->text + c->at, c->n - c->at);
    c->n -= c->at;
    c->at = 0;
    size_t more = c->n > PIECE ? c->n : PIECE;
    xgrow(&c->text, &c->cap, c->n + more + 1, 1);
    size_t got = fread(c->text + c->n, 1, more, c->f);
    c->n += got;
    c->ended = got < more;
}

static int fail(struct csv *c, struct err *err, const char *what)
{
    return err_set(err, ERR_DATA, "%s:%u: %s", c->path, c->line_no, what);
}

static unsigned lines_in(const struct csv *c, size_t from, size_t to)
{
    unsigned lines = 0;
    for (size_t i = from; i < to; i++)
        lines += c->text[i] == c->dialect.newline;
    return lines;
}

/* The record at c->at, its line end included: 1 and its length, 0 at the end, or an error. */
static int find_record(struct csv *c, size_t *len, struct err *err)
{
    size_t open;
    for (;;) {
        size_t have = c->n - c->at;
        *len = csv_record(c->text + c->at, have, c->dialect.separator, c->dialect.newline, &open);
        c->looked += *len ? *len : have;
        if (*len)
            return 1;
        if ((c->ended || have > MAX_RECORD) && open < have) {
            c->line_no = c->lines_read + 1 + lines_in(c, c->at, c->at + open);
            c->broken = true;
            return fail(c, err, c->ended ? "quote is not closed" : "quote is not closed within 1 MB");
        }
        if (have > MAX_LINE) {
            c->line_no = c->lines_read + 1;
            c->broken = true;
            return fail(c, err, "line too long");
        }
        if (c->ended) {
            *len = have; /* the last line lacks its end */
            return have > 0;
        }
        fill(c);
    }
}

/* A line that is no row: empty, or a comment. */
static bool is_idle(const struct csv *c, size_t len)
{
    const char *p = c->text + c->at;
    size_t blanks = 0;
    while (blanks < len && strchr(" \t\r\n", p[blanks]) && p[blanks])
        blanks++;
    return blanks == len || (c->dialect.comments && *p == '#');
}

/* Ends a field where it stands; taking doubled quotes for one shortens it. */
static void end_field(struct csv *c, struct csv_text *t)
{
    char *from = c->text + (t->s - c->text), *to = from;
    for (size_t i = 0; i < t->n; i++) {
        *to++ = from[i];
        i += t->quoted && from[i] == '"';
    }
    *to = '\0';
    t->n = (size_t)(to - from);
}

/* Which field holds an offset of the record at p. */
static size_t field_at(const struct csv *c, const char *p, const char *end, const char *where)
{
    struct csv_text t;
    size_t field = 0;
    while (p && !csv_cut(&t, &p, end, c->dialect.separator) && p && p <= where)
        field++;
    return field;
}

static int check_text(struct csv *c, const char *p, const char *end, struct err *err)
{
    size_t n = (size_t)(end - p), bad = utf8_prefix(p, n);
    if (bad < n) {
        size_t field = field_at(c, p, end, p + bad);
        return err_set(err, ERR_DATA, "%s:%u: %s%sbyte 0x%02x is not UTF-8: save the table as UTF-8", c->path,
                       c->line_no, field < c->n_names ? c->names[field] : "", field < c->n_names ? ": " : "",
                       (unsigned char)p[bad]);
    }
    if (memchr(p, '\0', n))
        return fail(c, err, "a NUL byte: not a table of text");
    return 0;
}

/* Splits the record of c->at in place and steps behind it. */
static int split(struct csv *c, size_t len, struct err *err)
{
    const char *p = c->text + c->at, *end = p + len;
    while (end > p && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    c->at += len;
    c->n_fields = 0;
    if (check_text(c, p, end, err) != 0)
        return ERR_DATA;
    while (p) {
        struct csv_text t;
        const char *wrong = csv_cut(&t, &p, end, c->dialect.separator);
        if (wrong)
            return fail(c, err, wrong);
        end_field(c, &t);
        xgrow(&c->field, &c->field_cap, c->n_fields + 1, sizeof *c->field);
        c->field[c->n_fields++] = t;
    }
    return 0;
}

/* ---- opening ---- */

/* A table of UTF-16, which spreadsheets call Unicode text, becomes UTF-8 as a whole. */
static void convert(struct csv *c)
{
    bool big = c->n >= 2 && memcmp(c->text, "\xfe\xff", 2) == 0;
    if (!big && !(c->n >= 2 && memcmp(c->text, "\xff\xfe", 2) == 0))
        return;
    while (!c->ended)
        fill(c);
    size_t n;
    char *text = utf8_from_utf16(c->text + 2, c->n - 2, big, &n);
    free(c->text);
    c->text = text;
    c->n = n;
    c->cap = n + 1;
}

static int read_header(struct csv *c, struct err *err)
{
    size_t len;
    fill(c);
    convert(c);
    if (dialect_read(&c->dialect, c->text, c->n, c->ended, c->path, err) != 0)
        return ERR_DATA;
    c->at = c->dialect.header;
    c->lines_read = c->dialect.header_line - 1;
    c->line_no = c->dialect.header_line;
    int rc = find_record(c, &len, err);
    if (rc < 0)
        return rc;
    c->lines_read += lines_in(c, c->at, c->at + len);
    if (split(c, len, err) != 0)
        return ERR_DATA;
    c->n_names = c->n_fields; /* copied: the record's room is used for the next */
    c->names = xcalloc(c->n_names, sizeof *c->names);
    for (size_t i = 0; i < c->n_names; i++)
        c->names[i] = xstrdup(c->dialect.headless ? "" : c->field[i].s);
    while (!c->dialect.headless && c->n_names > 1 && *c->names[c->n_names - 1] == '\0')
        free(c->names[--c->n_names]); /* spreadsheets write columns that were once touched */
    c->again = c->dialect.headless;
    return 0;
}

int csv_open(struct csv **out, const char *path, struct err *err)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(err, ERR_IO, "could not open %s: %s", path, strerror(errno));
    struct csv *c = xcalloc(1, sizeof *c);
    c->f = f;
    c->path = xstrdup(path);
    int rc = read_header(c, err);
    if (ferror(f))
        rc = err_set(err, ERR_IO, "could not read %s: %s", path, strerror(errno));
    if (rc != 0) {
        csv_close(c);
        return rc;
    }
    *out = c;
    return 0;
}

void csv_close(struct csv *c)
{
    if (!c)
        return;
    fclose(c->f);
    for (size_t i = 0; i < c->n_names; i++)
        free(c->names[i]);
    free(c->names);
    free(c->text);
    free(c->field);
    free(c->path);
    free(c);
}

const struct dialect *csv_dialect(const struct csv *c)
{
    return &c->dialect;
}

size_t csv_columns(const struct csv *c)
{
    return c->n_names;
}

const char *csv_name(const struct csv *c, size_t column)
{
    return c->names[column];
}

int csv_find(const struct csv *c, const char *name)
{
    for (size_t i = 0; i < c->n_names; i++)
        if (strcmp(c->names[i], name) == 0)
            return (int)i;
    for (size_t i = 0; i < c->n_names; i++)
        if (strcasecmp(c->names[i], name) == 0)
            return (int)i;
    return -1;
}

int csv_require(const struct csv *c, const char *name, int *column, struct err *err)
{
    char hint[SPELLING_LEN] = "";
    *column = csv_find(c, name);
    if (*column >= 0)
        return 0;
    struct spelling s = spelling_of(name);
    for (size_t i = 0; i < c->n_names; i++)
        spelling_offer(&s, c->names[i]);
    if (spelling_best(&s))
        snprintf(hint, sizeof hint, " (is '%.80s' meant to be it?)", spelling_best(&s));
    return err_set(err, ERR_DATA, "%s:%u: column '%s' is missing%s", csv_path(c), csv_line(c), name, hint);
}

/* ---- rows ---- */

/* The Data Browser lists channels one after the other when not asked for a table: the second would go on
 * where the first ended. */
static int check_comment(struct csv *c, size_t len, struct err *err)
{
    static const char begin[] = "# Channel:";
    if (!c->rows || len < sizeof begin || strncmp(c->text + c->at, begin, sizeof begin - 1) != 0)
        return 0;
    c->broken = true;
    return fail(c, err, "another channel begins here: export them as one table (\"Tabular\"), or one a file");
}

/* Whether the row is the header once more, as after `cat monday.csv tuesday.csv`. */
static bool is_header(const struct csv *c)
{
    bool same = !c->dialect.headless && c->n_fields >= c->n_names;
    for (size_t i = 0; same && i < c->n_names; i++)
        same = strcmp(c->field[i].s, c->names[i]) == 0;
    return same;
}

static int check_fields(struct csv *c, struct err *err)
{
    while (c->n_fields > c->n_names && c->field[c->n_fields - 1].n == 0)
        c->n_fields--;
    if (c->n_fields == c->n_names)
        return 1;
    return err_set(err, ERR_DATA, "%s:%u: %zu fields where the header has %zu", c->path, c->line_no,
                   c->n_fields, c->n_names);
}

int csv_next(struct csv *c, struct err *err)
{
    size_t len;
    if (c->again || c->broken) {
        bool again = c->again && !c->broken;
        c->again = false;
        c->rows |= again;
        return again;
    }
    do {
        int rc = find_record(c, &len, err);
        if (ferror(c->f)) {
            c->broken = true;
            return err_set(err, ERR_IO, "%s: %s", c->path, strerror(errno));
        }
        if (rc <= 0)
            return rc;
        c->line_no = c->lines_read + 1;
        c->lines_read += lines_in(c, c->at, c->at + len);
        if (is_idle(c, len)) {
            if (check_comment(c, len, err) != 0)
                return ERR_DATA;
            c->at += len;
            c->n_fields = 0;
        } else if (split(c, len, err) != 0) {
            return ERR_DATA;
        }
    } while (c->n_fields == 0 || is_header(c));
    c->rows = true;
    return check_fields(c, err);
}

bool csv_broken(const struct csv *c)
{
    return c->broken;
}

const char *csv_field(const struct csv *c, int column)
{
    return column < 0 ? "" : c->field[column].s;
}

const struct csv_text *csv_row(const struct csv *c)
{
    return c->field;
}

unsigned csv_line(const struct csv *c)
{
    return c->line_no;
}

const char *csv_path(const struct csv *c)
{
    return c->path;
}

int csv_number(const struct csv *c, int column, double *out, struct err *err)
{
    static const struct csv_text nothing = {"", 0, false};
    const struct csv_text *t = column < 0 ? &nothing : &c->field[column];
    const char *wrong = number_cell(out, t->s, t->n, c->dialect.decimal);
    if (wrong)
        return err_set(err, ERR_DATA, "%s:%u: %s: '%.40s' %s", c->path, c->line_no,
                       csv_name(c, (size_t)column), t->s, wrong);
    return 0;
}

int csv_time(const struct csv *c, int column, const struct timecell *how, tstamp_ns *out, struct err *err)
{
    const struct csv_text *t = &c->field[column];
    const char *wrong;
    struct zone zone;
    bool local = how && how->timezone && *how->timezone;
    if (local)
        zone_enter(&zone, how->timezone);
    enum timecell_form form = timecell_read(out, t->s, t->n, how, &wrong);
    if (local)
        zone_leave(&zone);
    if (form == TIMECELL_NONE)
        return err_set(err, ERR_DATA, "%s:%u: %s: '%.40s' is not a time: %s", c->path, c->line_no,
                       csv_name(c, (size_t)column), t->s, wrong);
    return 0;
}

size_t csv_looked(const struct csv *c)
{
    return c->looked;
}
