/* One file of readings; see csvtable.h. SPDX-License-Identifier: MIT */
#include "archive/csvtable.h"

#include "base/mem.h"
#include "base/text/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_SLICE DIALECT_HEAD /* enough where only the newest samples are wanted */
#define SLICE ((size_t)256 << 10)
#define MAX_LINE ((size_t)16 << 20)
#define NEAR (4 << 10)  /* bisection stops this near */
#define FAR NS_PER_HOUR /* a row this far ahead may be a slip of the pen */
#define NO_TIME INT64_MIN

struct column { /* a channel's samples of this file */
    bool present;
    struct sample before; /* newest older than the range; t NO_TIME: none */
    size_t n;
    struct sample block[512];
};

struct csvtable {
    struct csvrow_file file;
    struct csvtable_mark *mark;
    int fd;
    struct csvrow row;
    tstamp_ns from, to;
    source_samples *on;
    void *arg;
    int64_t size, data;    /* of the file; offset of its first row */
    int64_t start, at;     /* where reading began, where it goes on */
    tstamp_ns last;        /* time of the last row */
    bool inside;           /* what lies before the range was delivered */
    struct column *column; /* [file.n] */
    char *buffer;
    size_t room;
    size_t bad;
    char bad_first[256];
    enum timecell_form form; /* of the rows */
};

/* ---- rows ------------------------------------------------------------------------------------ */

/* The number of the line at an offset, for messages: those before it are counted by reading them, once. */
static unsigned line_at(const struct csvtable *t, int64_t offset)
{
    struct csvtable_mark *m = t->mark;
    char piece[65536];
    if (offset < m->counted)
        m->counted = m->lines = 0;
    while (m->counted < offset) {
        int64_t rest = offset - m->counted;
        ssize_t n =
            pread(t->fd, piece, rest < (int64_t)sizeof piece ? (size_t)rest : sizeof piece, m->counted);
        if (n <= 0)
            break;
        for (ssize_t i = 0; i < n; i++)
            m->lines += piece[i] == '\n';
        m->counted += n;
    }
    return m->lines + 1;
}

static void note_bad(struct csvtable *t, int64_t offset, const char *why)
{
    if (t->bad++ > 0)
        return;
    snprintf(t->bad_first, sizeof t->bad_first, "%s:%u: %s", t->file.path, line_at(t, offset), why);
    words_clean(t->bad_first);
}

static void flush(struct csvtable *t, uint32_t k)
{
    struct column *c = &t->column[k];
    if (c->n)
        t->on(t->arg, t->file.first + k, c->block, c->n);
    c->n = 0;
}

static void flush_all(struct csvtable *t)
{
    for (uint32_t k = 0; k < t->file.n; k++)
        flush(t, k);
}

static void add_sample(struct csvtable *t, uint32_t k, const struct sample *s)
{
    struct column *c = &t->column[k];
    c->block[c->n++] = *s;
    if (c->n == sizeof c->block / sizeof *c->block)
        flush(t, k);
}

/* Hands on the values of the row that was read last, at an offset; -1: what is bad is not noted. */
static void take_values(struct csvtable *t, int64_t offset,
                        void (*put)(struct csvtable *, uint32_t, const struct sample *))
{
    bool good = true;
    for (size_t i = 0; i < t->row.readings.n; i++) {
        struct sample s;
        int got = t->row.channel_of[i] < 0 ? 0 : csvrow_sample(&t->row, i, &s);
        if (got > 0)
            put(t, (uint32_t)t->row.channel_of[i], &s);
        if (got < 0 && good && offset >= 0)
            note_bad(t, offset, t->row.why);
        good &= got >= 0;
    }
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

/* The times of the first two rows whose lines begin in the piece at an offset, behind its first line end, and
 * the offset of the first of them; one row counts for both. false: there is none. */
static bool probe(struct csvtable *t, int64_t offset, tstamp_ns time[2], int64_t *row)
{
    char piece[8192];
    size_t n = read_at(t, piece, sizeof piece, offset);
    int rows = 0;
    const char *lf = memchr(piece, '\n', n), *end = piece + n;
    for (const char *p; rows < 2 && lf;) {
        p = lf + 1;
        lf = memchr(p, '\n', (size_t)(end - p));
        if (!lf || csvrow_read(&t->row, p, lf) != CSVROW_ROW)
            continue;
        if (rows == 0)
            *row = offset + (p - piece);
        time[rows++] = t->row.time;
        time[1] = t->row.time;
    }
    return rows > 0;
}

/* The offset of a row at most NEAR bytes before the first one of the range (or of the first row);
 * all before it are older than the range. Reads a few kB. Two rows have to agree: one may have a wrong time.
 */
static int64_t bisect(struct csvtable *t)
{
    int64_t low = t->data, high = t->size, row;
    tstamp_ns time[2];
    while (high - low > NEAR) {
        int64_t middle = low + (high - low) / 2;
        if (!probe(t, middle, time, &row))
            return low;
        if (time[0] < t->from && time[1] < t->from)
            low = row;
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
    for (const char *p = rows, *lf; (lf = memchr(p, '\n', (size_t)(rows + n - p))); p = lf + 1)
        if (csvrow_read(&t->row, p, lf) == CSVROW_ROW && t->row.time < t->from)
            take_values(t, -1, put_older);
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
    for (uint32_t k = 0; k < t->file.n; k++)
        if (t->column[k].present && t->column[k].before.t == NO_TIME)
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
        for (uint32_t k = 0; k < t->file.n; k++)
            t->column[k].n = t->column[k].before.t != NO_TIME;
        search_rows(t, begin, end);
        end = begin;
    }
    for (uint32_t k = 0; k < t->file.n; k++) {
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
    for (uint32_t k = 0; k < t->file.n; k++)
        if (t->column[k].present && t->column[k].before.t != NO_TIME)
            t->on(t->arg, t->file.first + k, &t->column[k].before, 1);
}

/* ---- reading forward ------------------------------------------------------------------------- */

/* Remembers, for the next request, the newest samples before the row at t->at: those kept in
 * `before`. */
static void remember(struct csvtable *t)
{
    struct csvtable_mark *m = t->mark;
    uint32_t n = t->file.n;
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

/* Whether the row behind the line that ends at `end` is older than `time`, and fits behind the last: a row so
 * far ahead of both has a wrong time, and would end the range or hide the next ones. 2: that row is not read
 * yet. */
static int is_astray(struct csvtable *t, tstamp_ns time, const char *end, const char *buffer_end, bool all)
{
    for (const char *p = end + 1, *lf; (lf = memchr(p, '\n', (size_t)(buffer_end - p))); p = lf + 1)
        if (csvrow_read(&t->row, p, lf) == CSVROW_ROW)
            return t->row.time < time && t->row.time >= t->last;
    return all ? 0 : 2;
}

/* The row between line and end, just read: 1 go on, 0 the range is over, 2 more of the file is needed to
 * tell. */
static int take_row(struct csvtable *t, const char *line, const char *end, int64_t offset,
                    const char *buffer_end, bool all)
{
    tstamp_ns time = t->row.time;
    bool far = time >= t->to || (t->last != NO_TIME && time - t->last > FAR);
    bool enters = time >= t->from && !t->inside;
    int astray = far ? is_astray(t, time, end, buffer_end, all) : 0;
    if (astray == 2)
        return 2;
    if (astray || time < t->last) {
        note_bad(t, offset, astray ? "time is ahead of the row after it" : "time goes back");
        return 1;
    }
    if (time >= t->to || time == t->last)
        return time == t->last;
    if (enters)
        enter(t);
    t->last = time;
    if (far || enters) /* other rows were read meanwhile */
        (void)csvrow_read(&t->row, line, end);
    take_values(t, offset, t->inside ? put_inside : put_before);
    return 1;
}

/* One line: as take_row, or an error. */
static int read_line(struct csvtable *t, const char *line, const char *end, int64_t offset,
                     const char *buffer_end, bool all, struct err *err)
{
    switch (csvrow_read(&t->row, line, end)) {
    case CSVROW_NOTHING: return 1;
    case CSVROW_BAD: note_bad(t, offset, t->row.why); return 1;
    case CSVROW_END: return err_set(err, ERR_DATA, "%s:%u: %s", t->file.path, line_at(t, offset), t->row.why);
    default: break;
    }
    if (t->form == TIMECELL_NONE)
        t->form = t->row.form;
    return take_row(t, line, end, offset, buffer_end, all);
}

static int at_end(struct csvtable *t)
{
    if (!t->inside)
        enter(t);
    flush_all(t);
    remember(t);
    return 0;
}

/* A buffer that holds no whole line, or too little to tell, is made larger. */
static int grow(struct csvtable *t, struct err *err)
{
    if (t->room >= MAX_LINE)
        return err_set(err, ERR_DATA, "%s:%u: line too long", t->file.path, line_at(t, t->at));
    t->room = t->room < SLICE ? SLICE : t->room * 2;
    t->buffer = xreallocarray(t->buffer, t->room, 1);
    return 1;
}

int csvtable_read(struct csvtable *t, struct err *err)
{
    size_t n = read_at(t, t->buffer, t->room, t->at);
    const char *p = t->buffer, *end = p + n, *lf;
    int64_t base = t->at;
    int rc = 1;
    while (rc == 1 && (lf = memchr(p, '\n', (size_t)(end - p)))) {
        rc = read_line(t, p, lf, base + (p - t->buffer), end, n < t->room, err);
        if (rc == 1)
            p = lf + 1;
    }
    t->at = base + (p - t->buffer);
    flush_all(t);
    if (rc < 0)
        return rc;
    if (rc == 0 || n < t->room)
        return at_end(t);
    return p == t->buffer || t->room < SLICE ? grow(t, err) : 1;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void check_mark(struct csvtable_mark *m, uint64_t inode, int64_t size)
{
    if (m->inode != inode || m->offset > size || m->counted > size) { /* another file, or one that was cut */
        free(m->last);
        *m = (struct csvtable_mark){.inode = inode};
    }
}

static int open_rows(struct csvtable *t, struct err *err)
{
    size_t n = read_at(t, t->buffer, t->room, 0);
    int rc = csvrow_open(&t->row, &t->file, t->buffer, n, n < t->room, &t->data, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < t->row.readings.n; i++)
        if (t->row.channel_of[i] >= 0)
            t->column[t->row.channel_of[i]].present = true;
    t->start = t->at = bisect(t);
    return 0;
}

int csvtable_open(struct csvtable **out, const struct csvrow_file *file, struct csvtable_mark *mark,
                  tstamp_ns from, tstamp_ns to, source_samples *on, void *arg, struct err *err)
{
    struct stat st;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_IO, "could not open %s: %s", file->path, strerror(errno));
    struct csvtable *t = xcalloc(1, sizeof *t);
    *t = (struct csvtable){.file = *file,
                           .mark = mark,
                           .fd = fd,
                           .from = from,
                           .to = to,
                           .on = on,
                           .arg = arg,
                           .last = NO_TIME,
                           .room = FIRST_SLICE};
    t->buffer = xcalloc(t->room, 1);
    t->column = xcalloc(file->n, sizeof *t->column);
    for (uint32_t k = 0; k < file->n; k++)
        t->column[k].before.t = NO_TIME;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        csvtable_close(t);
        return err_set(err, ERR_IO, "%s: not a file", file->path);
    }
    t->size = st.st_size;
    check_mark(mark, st.st_ino, t->size);
    int rc = open_rows(t, err);
    if (rc != 0) {
        csvtable_close(t);
        return rc;
    }
    *out = t;
    return 0;
}

bool csvtable_has(const struct csvtable *t, uint32_t channel)
{
    return channel >= t->file.first && channel - t->file.first < t->file.n &&
           t->column[channel - t->file.first].present;
}

size_t csvtable_bad(const struct csvtable *t, const char **first)
{
    *first = t->bad_first;
    return t->bad;
}

char *csvtable_words(const struct csvtable *t, char out[CSVTABLE_WORDS_LEN])
{
    const struct dialect *d = &t->row.dialect;
    char words[DIALECT_WORDS_LEN];
    bool usual = t->form <= TIMECELL_ISO || t->form == TIMECELL_SECONDS || t->form == TIMECELL_GIVEN;
    const char *times = usual ? "" : timecell_words(t->form);
    if (d->browser && t->form == TIMECELL_ISO && !t->file.times.timezone)
        times = "taken for UTC, though the Data Browser writes local ones";
    dialect_words(words, d);
    snprintf(out, CSVTABLE_WORDS_LEN, "%s%s%s%s", words, *words && *times ? "; " : "",
             *times ? "times are " : "", times);
    return out;
}

void csvtable_close(struct csvtable *t)
{
    if (!t)
        return;
    close(t->fd);
    csvrow_free(&t->row);
    free(t->column);
    free(t->buffer);
    free(t);
}
