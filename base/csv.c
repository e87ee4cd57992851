/* Streaming reader of comma-separated tables; see csv.h. SPDX-License-Identifier: MIT */
#include "base/csv.h"

#include "base/mem.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct csv {
    FILE *f;
    char *path;
    char *line; /* the current record, split in place */
    size_t line_cap;
    size_t *field; /* offsets into line */
    size_t n_fields, field_cap;
    char **names;
    size_t n_names;
    unsigned line_no, lines_read; /* line where the record began; lines read so far */
};

/* Whether a quote is open at the end. A doubled quote closes and opens again, so counting is enough. */
static bool inside_quotes(const char *s)
{
    bool in = false;
    for (; *s; s++)
        in ^= *s == '"';
    return in;
}

/* Reads one record into c->line (more lines while a quote is open); false at end of file. */
static bool read_record(struct csv *c)
{
    char *more = NULL;
    size_t more_cap = 0;
    ssize_t n;
    do {
        n = getline(&c->line, &c->line_cap, c->f);
        if (n < 0)
            return false;
        c->line_no = ++c->lines_read;
    } while (strspn(c->line, "\r\n") == (size_t)n);
    /* a quoted field may hold line ends; a quote that is never closed takes in the rest, and split says where
     * it began */
    while (inside_quotes(c->line)) {
        ssize_t m = getline(&more, &more_cap, c->f);
        if (m < 0)
            break;
        c->lines_read++;
        xgrow(&c->line, &c->line_cap, (size_t)n + (size_t)m + 1, 1);
        memcpy(c->line + n, more, (size_t)m + 1);
        n += m;
    }
    free(more);
    while (n > 0 && (c->line[n - 1] == '\n' || c->line[n - 1] == '\r'))
        c->line[--n] = '\0';
    return true;
}

static void add_field(struct csv *c, size_t offset)
{
    xgrow(&c->field, &c->field_cap, c->n_fields + 1, sizeof *c->field);
    c->field[c->n_fields++] = offset;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

const char *csv_cut(struct csv_text *out, const char **p, const char *end)
{
    const char *s = skip_blanks(*p, end), *stop;
    if (s == end || *s != '"') {
        const char *comma = s < end ? memchr(s, ',', (size_t)(end - s)) : NULL;
        stop = comma ? comma : end;
        while (stop > s && is_blank(stop[-1]))
            stop--;
        *out = (struct csv_text){s, (size_t)(stop - s), false};
        *p = comma ? comma + 1 : NULL;
        return NULL;
    }
    for (stop = ++s; stop < end && !(*stop == '"' && !(stop + 1 < end && stop[1] == '"'));)
        stop += *stop == '"' ? 2 : 1;
    if (stop == end)
        return "quote is not closed";
    const char *comma = skip_blanks(stop + 1, end);
    if (comma < end && *comma != ',')
        return "text after a closing quote";
    *out = (struct csv_text){s, (size_t)(stop - s), true};
    *p = comma < end ? comma + 1 : NULL;
    return NULL;
}

/* Ends a field of c->line where it stands; taking doubled quotes for one shortens it. */
static void end_field(struct csv *c, const struct csv_text *t)
{
    char *from = c->line + (t->s - c->line), *to = from;
    for (size_t i = 0; i < t->n; i++) {
        *to++ = from[i];
        i += t->quoted && from[i] == '"';
    }
    *to = '\0';
}

static bool split(struct csv *c, struct err *err)
{
    const char *p = c->line, *end = p + strlen(p);
    if (c->lines_read == 1 && strncmp(p, "\xef\xbb\xbf", 3) == 0)
        p += 3; /* spreadsheets write a byte order mark */
    c->n_fields = 0;
    while (p) {
        struct csv_text t;
        const char *wrong = csv_cut(&t, &p, end);
        if (wrong) {
            err_set(err, ERR_DATA, "%s:%u: %s", c->path, c->line_no, wrong);
            return false;
        }
        end_field(c, &t);
        add_field(c, (size_t)(t.s - c->line));
    }
    return true;
}

int csv_open(struct csv **out, const char *path, struct err *err)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(err, ERR_IO, "could not open %s: %s", path, strerror(errno));
    struct csv *c = xcalloc(1, sizeof *c);
    c->f = f;
    c->path = xstrdup(path);
    if (!read_record(c)) {
        csv_close(c);
        return err_set(err, ERR_DATA, "%s: empty file, a header line is needed", path);
    }
    if (!split(c, err)) {
        csv_close(c);
        return ERR_DATA;
    }
    c->n_names = c->n_fields; /* copied: the record's room is used for the next */
    c->names = xcalloc(c->n_names, sizeof *c->names);
    for (size_t i = 0; i < c->n_names; i++)
        c->names[i] = xstrdup(c->line + c->field[i]);
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
    free(c->line);
    free(c->field);
    free(c->path);
    free(c);
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
    return -1;
}

int csv_next(struct csv *c, struct err *err)
{
    if (!read_record(c))
        return ferror(c->f) ? err_set(err, ERR_IO, "%s: %s", c->path, strerror(errno)) : 0;
    if (!split(c, err))
        return ERR_DATA;
    if (c->n_fields != c->n_names)
        return err_set(err, ERR_DATA, "%s:%u: %zu fields where the header has %zu", c->path, c->line_no,
                       c->n_fields, c->n_names);
    return 1;
}

const char *csv_field(const struct csv *c, int column)
{
    return column < 0 ? "" : c->line + c->field[column];
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
    const char *s = csv_field(c, column);
    if (*s == '\0' || strcasecmp(s, "nan") == 0 || strcasecmp(s, "null") == 0) {
        *out = NAN;
        return 0;
    }
    char *end;
    *out = strtod(s, &end);
    if (*end != '\0')
        return err_set(err, ERR_DATA, "%s:%u: %s: '%.40s' is not a number", c->path, c->line_no,
                       c->names[column], s);
    return 0;
}
