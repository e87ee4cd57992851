/* One supply's CSV file; see csvtable.h. The usual form of a time has a fast path that gives what
 * timefmt_parse gives, which reads the rest.
 * SPDX-License-Identifier: MIT */
#include "archive/csvtable.h"

#include "base/dialect.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/timefmt.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_SLICE ((size_t)32 << 10) /* enough where only the newest samples are wanted */
#define SLICE ((size_t)256 << 10)
#define MAX_LINE ((size_t)16 << 20)
#define NEAR (4 << 10) /* bisection stops this near */
#define NO_TIME INT64_MIN

struct column {           /* a channel's samples of this file */
    struct sample before; /* newest older than the range; t NO_TIME: none */
    size_t n;
    struct sample block[512];
};

struct csvtable {
    const char *path;
    int fd;
    const struct supply *supply;
    struct csvtable_mark *mark;
    tstamp_ns from, to;
    source_samples *on;
    void *arg;
    int64_t size, data; /* of the file; offset of its first row */
    int64_t start, at;  /* where reading began, where it goes on */
    tstamp_ns last;     /* time of the last row */
    bool inside;        /* what lies before the range was delivered */
    size_t n_fields;
    int32_t *column_of;    /* [n_fields] index within the supply's channels; -1: not one of them */
    bool *present;         /* [n_channels] has a column */
    struct column *column; /* [n_channels] */
    char *buffer;
    size_t room;
    char day_text[10]; /* the last date read, and what it meant */
    tstamp_ns day;
};

/* ---- fields ---------------------------------------------------------------------------------- */

static int two_digits(const char *p)
{
    unsigned a = (unsigned)(p[0] - '0'), b = (unsigned)(p[1] - '0');
    return a > 9 || b > 9 ? -1 : (int)(a * 10 + b);
}

/* "2026-11-22T03:04:05Z" or without the Z; the date's meaning is remembered. */
static bool usual_time(struct csvtable *t, const char *p, size_t n, tstamp_ns *out)
{
    if (!(n == 19 || (n == 20 && p[19] == 'Z')) || p[13] != ':' || p[16] != ':' ||
        (p[10] != 'T' && p[10] != ' '))
        return false;
    int h = two_digits(p + 11), m = two_digits(p + 14), s = two_digits(p + 17);
    if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59)
        return false;
    if (memcmp(p, t->day_text, sizeof t->day_text) != 0) {
        char date[11] = {0};
        memcpy(date, p, 10);
        if (timefmt_parse(&t->day, date, NULL) != 0)
            return false;
        memcpy(t->day_text, p, sizeof t->day_text);
    }
    *out = t->day + (h * 3600 + m * 60 + s) * NS_PER_S;
    return true;
}

/* Seconds since 1970, at most 9 digits behind the point. */
static bool epoch_time(const char *p, size_t n, tstamp_ns *out)
{
    int64_t s = 0, unit = NS_PER_S;
    size_t i = 0;
    for (; i < n && p[i] >= '0' && p[i] <= '9' && i < 10; i++)
        s = s * 10 + (p[i] - '0');
    if (i == 0 || s > 8000000000)
        return false;
    *out = s * NS_PER_S;
    if (i < n && p[i] == '.')
        for (i++; i < n && p[i] >= '0' && p[i] <= '9' && unit > 1; i++)
            *out += (p[i] - '0') * (unit /= 10);
    return i == n;
}

static bool read_time(struct csvtable *t, const char *p, size_t n, tstamp_ns *out)
{
    char text[64];
    if (usual_time(t, p, n, out) || epoch_time(p, n, out))
        return true;
    if (n >= sizeof text)
        return false;
    memcpy(text, p, n);
    text[n] = '\0';
    return timefmt_parse(out, text, NULL) == 0;
}

static bool read_number(const char *p, size_t n, double *out)
{
    if (n == 4 && strncasecmp(p, "null", n) == 0) {
        *out = NAN;
        return true;
    }
    return number_parse(out, p, n);
}

/* The next field of a line; one that is wrong is all the rest, which is no time and no number. */
static const char *next_field(const char **p, const char *end, size_t *n)
{
    struct csv_text t = {*p, (size_t)(end - *p), false};
    if (csv_cut(&t, p, end, ','))
        *p = NULL;
    *n = t.n;
    return t.s;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* For messages only: the lines before an offset are counted by reading them. */
static unsigned line_at(const struct csvtable *t, int64_t offset)
{
    unsigned line = 1;
    char piece[65536];
    for (int64_t at = 0; at < offset;) {
        int64_t want = offset - at < (int64_t)sizeof piece ? offset - at : (int64_t)sizeof piece;
        ssize_t n = pread(t->fd, piece, (size_t)want, at);
        if (n <= 0)
            break;
        for (ssize_t i = 0; i < n; i++)
            line += piece[i] == '\n';
        at += n;
    }
    return line;
}

static void flush(struct csvtable *t, uint32_t k)
{
    struct column *c = &t->column[k];
    if (c->n)
        t->on(t->arg, t->supply->first_channel + k, c->block, c->n);
    c->n = 0;
}

static void flush_all(struct csvtable *t)
{
    for (uint32_t k = 0; k < t->supply->n_channels; k++)
        flush(t, k);
}

static void add_sample(struct csvtable *t, uint32_t k, const struct sample *s)
{
    struct column *c = &t->column[k];
    c->block[c->n++] = *s;
    if (c->n == sizeof c->block / sizeof *c->block)
        flush(t, k);
}

/* Reads the values of a row; offset is that of the row, rest what follows its time. */
static int read_values(struct csvtable *t, const char *rest, const char *end, tstamp_ns time, int64_t offset,
                       void (*put)(struct csvtable *, uint32_t, const struct sample *), struct err *err)
{
    size_t field = 1;
    for (const char *p = rest; p && field < t->n_fields; field++) {
        size_t n;
        const char *text = next_field(&p, end, &n);
        struct sample s = {.t = time};
        if (t->column_of[field] < 0 || n == 0)
            continue;
        if (!read_number(text, n, &s.value))
            return err_set(err, ERR_DATA, "%s:%u: '%.*s' is not a number", t->path, line_at(t, offset),
                           n > 40 ? 40 : (int)n, text);
        put(t, (uint32_t)t->column_of[field], &s);
    }
    if (field < t->n_fields)
        return err_set(err, ERR_DATA, "%s:%u: %zu fields where the header has %zu", t->path,
                       line_at(t, offset), field, t->n_fields);
    return 0;
}

static void put_before(struct csvtable *t, uint32_t k, const struct sample *s)
{
    t->column[k].before = *s;
}

static void put_older(struct csvtable *t, uint32_t k, const struct sample *s)
{
    if (t->column[k].n == 0) /* while searching back, n marks the columns that need nothing */
        t->column[k].before = *s;
}

/* ---- the samples before the range ------------------------------------------------------------ */

/* Reads up to n bytes at an offset; the number read, < n at the end of the file. */
static size_t read_at(const struct csvtable *t, char *out, size_t n, int64_t offset)
{
    size_t have = 0;
    while (have < n) {
        ssize_t k = pread(t->fd, out + have, n - have, offset + (int64_t)have);
        if (k <= 0)
            break;
        have += (size_t)k;
    }
    return have;
}

/* The offset of a row at most NEAR bytes before the first one of the range (or of the first row);
 * all before it are older than the range. Reads a few kB. */
static int64_t bisect(struct csvtable *t)
{
    char piece[8192];
    int64_t low = t->data, high = t->size;
    while (high - low > NEAR) {
        int64_t middle = low + (high - low) / 2;
        size_t n = read_at(t, piece, sizeof piece, middle), field;
        const char *line = memchr(piece, '\n', n), *end = piece + n, *p;
        tstamp_ns time;
        if (!line || !(p = ++line) || !memchr(line, ',', (size_t)(end - line)))
            return low;
        const char *text = next_field(&p, end, &field);
        if (!read_time(t, text, field, &time))
            return low;
        if (time < t->from)
            low = middle + (line - piece);
        else
            high = middle;
    }
    return low;
}

/* Reads the rows between two line starts for columns that lack a sample yet. Damaged rows are left
 * to the reading forward of some other request. */
static void search_rows(struct csvtable *t, int64_t begin, int64_t end)
{
    size_t n = (size_t)(end - begin);
    char *rows = xcalloc(n + 1, 1);
    n = read_at(t, rows, n, begin);
    for (const char *p = rows, *lf; (lf = memchr(p, '\n', (size_t)(rows + n - p))); p = lf + 1) {
        const char *rest = p;
        size_t field;
        tstamp_ns time;
        struct err err;
        const char *text = next_field(&rest, lf, &field);
        if (rest && read_time(t, text, field, &time) && time < t->from)
            read_values(t, rest, lf, time, begin + (p - rows), put_older, &err);
    }
    free(rows);
}

/* The start of the first line at or after an offset, not after `end`. */
static int64_t line_start(const struct csvtable *t, int64_t offset, int64_t end)
{
    char piece[8192];
    for (int64_t at = offset - 1; at < end; at += (int64_t)sizeof piece) {
        size_t n = read_at(t, piece, sizeof piece, at);
        const char *lf = memchr(piece, '\n', n);
        if (lf)
            return at + (lf - piece) + 1 < end ? at + (lf - piece) + 1 : end;
        if (n < sizeof piece)
            break;
    }
    return end;
}

static bool lacking(const struct csvtable *t)
{
    for (uint32_t k = 0; k < t->supply->n_channels; k++)
        if (t->present[k] && t->column[k].before.t == NO_TIME)
            return true;
    return false;
}

/* Columns without a sample between where reading began and the range: further back, in growing
 * windows, to the mark or the file's begin. */
static void search_back(struct csvtable *t)
{
    const struct csvtable_mark *m = t->mark;
    bool marked = m->last && m->offset <= t->start;
    int64_t floor = marked ? m->offset : t->data, end = t->start;
    for (int64_t window = NEAR; end > floor && lacking(t); window *= 2) {
        int64_t begin = end - window > floor ? line_start(t, end - window, end) : floor;
        for (uint32_t k = 0; k < t->supply->n_channels; k++)
            t->column[k].n = t->column[k].before.t != NO_TIME;
        search_rows(t, begin, end);
        end = begin;
    }
    for (uint32_t k = 0; k < t->supply->n_channels; k++) {
        t->column[k].n = 0;
        if (marked && t->column[k].before.t == NO_TIME)
            t->column[k].before = m->last[k];
    }
}

/* All rows older than the range have been read: delivers the newest of each channel. */
static void enter(struct csvtable *t)
{
    if (lacking(t))
        search_back(t);
    t->inside = true;
    for (uint32_t k = 0; k < t->supply->n_channels; k++)
        if (t->present[k] && t->column[k].before.t != NO_TIME)
            t->on(t->arg, t->supply->first_channel + k, &t->column[k].before, 1);
}

/* ---- reading forward ------------------------------------------------------------------------- */

/* Remembers, for the next request, the newest samples before the row at t->at: those kept in
 * `before`. */
static void remember(struct csvtable *t)
{
    struct csvtable_mark *m = t->mark;
    uint32_t n = t->supply->n_channels;
    if (!m->last)
        m->last = xcalloc(n, sizeof *m->last);
    m->offset = t->at;
    for (uint32_t k = 0; k < n; k++)
        m->last[k] = t->column[k].before;
}

static void put_inside(struct csvtable *t, uint32_t k, const struct sample *s)
{
    t->column[k].before = *s;
    add_sample(t, k, s);
}

/* One row: 1 go on, 0 the range is over, or an error. */
static int read_row(struct csvtable *t, const char *line, const char *end, int64_t offset, struct err *err)
{
    const char *rest = line;
    size_t n;
    tstamp_ns time;
    const char *text = next_field(&rest, end, &n);
    if (n == 0 && !rest)
        return 1; /* an empty line */
    if (!read_time(t, text, n, &time))
        return err_set(err, ERR_DATA, "%s:%u: '%.*s' is not a time", t->path, line_at(t, offset),
                       n > 40 ? 40 : (int)n, text);
    if (time < t->last)
        return err_set(err, ERR_DATA, "%s:%u: time goes back", t->path, line_at(t, offset));
    if (time == t->last)
        return 1;
    if (time >= t->to)
        return 0;
    if (time >= t->from && !t->inside)
        enter(t);
    t->last = time;
    int rc = read_values(t, rest, end, time, offset, t->inside ? put_inside : put_before, err);
    return rc ? rc : 1;
}

static int at_end(struct csvtable *t)
{
    if (!t->inside)
        enter(t);
    flush_all(t);
    remember(t);
    return 0;
}

int csvtable_read(struct csvtable *t, struct err *err)
{
    size_t n = read_at(t, t->buffer, t->room, t->at);
    const char *p = t->buffer, *end = p + n, *lf;
    int64_t base = t->at;
    int rc = 1;
    while (rc == 1 && (lf = memchr(p, '\n', (size_t)(end - p)))) {
        rc = read_row(t, p, lf, base + (p - t->buffer), err);
        if (rc == 1)
            p = lf + 1;
    }
    t->at = base + (p - t->buffer);
    if (rc < 0) {
        flush_all(t);
        return rc;
    }
    if (rc == 0 || n < t->room)
        return at_end(t);
    if (p == t->buffer && t->room >= MAX_LINE)
        return err_set(err, ERR_DATA, "%s:%u: line too long", t->path, line_at(t, t->at));
    if (p == t->buffer || t->room < SLICE) { /* not one whole line fitted, or much is wanted */
        t->room = t->room < SLICE ? SLICE : t->room * 2;
        t->buffer = xreallocarray(t->buffer, t->room, 1);
    }
    flush_all(t);
    return 1;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* Which field belongs to which channel. */
static int read_header(struct csvtable *t, const struct fleet *f, struct err *err)
{
    size_t n = read_at(t, t->buffer, t->room, 0), field, cap = 0;
    const char *end = memchr(t->buffer, '\n', n), *p = t->buffer;
    if (!end)
        return err_set(err, ERR_DATA, "%s:1: a header line is needed", t->path);
    t->data = end - t->buffer + 1;
    if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
        p += 3;
    while (p) {
        const char *name = next_field(&p, end, &field);
        if (t->n_fields == 0 && (field != 4 || memcmp(name, "time", 4) != 0))
            return err_set(err, ERR_DATA, "%s:1: the first column is not 'time'", t->path);
        xgrow(&t->column_of, &cap, t->n_fields + 1, sizeof *t->column_of);
        t->column_of[t->n_fields] = -1;
        for (uint32_t k = 0; k < t->supply->n_channels; k++) {
            const char *signal = f->signals.name[f->channels[t->supply->first_channel + k].signal];
            if (strlen(signal) == field && memcmp(signal, name, field) == 0 && t->n_fields > 0) {
                t->column_of[t->n_fields] = (int32_t)k;
                t->present[k] = true;
            }
        }
        t->n_fields++;
    }
    return 0;
}

static void check_mark(struct csvtable_mark *m, uint64_t inode, int64_t size)
{
    if (m->inode != inode || m->offset > size) { /* another file, or one that was cut */
        free(m->last);
        *m = (struct csvtable_mark){.inode = inode};
    }
}

int csvtable_open(struct csvtable **out, const char *path, const struct fleet *f, uint32_t supply,
                  struct csvtable_mark *mark, tstamp_ns from, tstamp_ns to, source_samples *on, void *arg,
                  size_t *answered, struct err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_IO, "could not open %s: %s", path, strerror(errno));
    struct csvtable *t = xcalloc(1, sizeof *t);
    *t = (struct csvtable){.path = path,
                           .fd = fd,
                           .supply = &f->supplies[supply],
                           .mark = mark,
                           .from = from,
                           .to = to,
                           .on = on,
                           .arg = arg,
                           .last = NO_TIME,
                           .room = FIRST_SLICE};
    uint32_t n = t->supply->n_channels;
    t->buffer = xcalloc(t->room, 1);
    t->present = xcalloc(n, sizeof *t->present);
    t->column = xcalloc(n, sizeof *t->column);
    for (uint32_t k = 0; k < n; k++)
        t->column[k].before.t = NO_TIME;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        csvtable_close(t);
        return err_set(err, ERR_IO, "%s: not a file", path);
    }
    t->size = st.st_size;
    check_mark(mark, st.st_ino, t->size);
    if (read_header(t, f, err) != 0) {
        csvtable_close(t);
        return ERR_DATA;
    }
    t->start = t->at = bisect(t);
    *answered = 0;
    for (uint32_t k = 0; k < n; k++)
        *answered += t->present[k];
    *out = t;
    return 0;
}

void csvtable_close(struct csvtable *t)
{
    if (!t)
        return;
    close(t->fd);
    free(t->column_of);
    free(t->present);
    free(t->column);
    free(t->buffer);
    free(t);
}
