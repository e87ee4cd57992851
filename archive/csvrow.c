/* A row of a file of readings; see csvrow.h. The usual form of a time has a fast path that gives what
 * timefmt_read gives, which reads the rest. SPDX-License-Identifier: MIT */
#include "archive/csvrow.h"

#include "base/mem.h"
#include "base/text/number.h"
#include "base/text/utf8.h"
#include "base/time/timefmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_STATUS 255 /* EPICS has 22 */

/* ---- fields ---- */

static int two_digits(const char *p)
{
    unsigned a = (unsigned)(p[0] - '0'), b = (unsigned)(p[1] - '0');
    return a > 9 || b > 9 ? -1 : (int)(a * 10 + b);
}

/* "2026-11-22T03:04:05Z" or without the Z; the date's meaning is remembered. */
static bool usual_time(struct csvrow *r, const char *p, size_t n)
{
    if (!(n == 19 || (n == 20 && p[19] == 'Z')) || p[13] != ':' || p[16] != ':' ||
        (p[10] != 'T' && p[10] != ' '))
        return false;
    int h = two_digits(p + 11), m = two_digits(p + 14), s = two_digits(p + 17);
    if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59)
        return false;
    if (memcmp(p, r->day_text, sizeof r->day_text) != 0) {
        if (timefmt_read(&r->day, p, sizeof r->day_text))
            return false;
        memcpy(r->day_text, p, sizeof r->day_text);
    }
    r->time = r->day + (h * 3600 + m * 60 + s) * NS_PER_S;
    r->form = TIMECELL_ISO;
    return true;
}

static bool read_time(struct csvrow *r)
{
    const struct csv_text *t = &r->cell[r->readings.time];
    const char *wrong;
    if (!r->times.format && !r->times.timezone && r->readings.nanos < 0 && usual_time(r, t->s, t->n))
        return true;
    r->form = readings_time(&r->readings, r->cell, &r->times, &r->time, &wrong);
    if (r->form != TIMECELL_NONE)
        return true;
    const char *format = r->times.format ? NULL : timecell_guess(t->s, t->n);
    snprintf(r->why, sizeof r->why, "'%.*s' is not a time: %s%s%s%s", t->n > 40 ? 40 : (int)t->n, t->s, wrong,
             format ? "; the format is perhaps '" : "", format ? format : "", format ? "'" : "");
    return false;
}

/* Cuts a line into its fields; more than the header has may follow when they are empty. */
static bool cut(struct csvrow *r, const char *line, const char *end)
{
    size_t n = 0, width = r->readings.n_fields;
    struct csv_text t;
    for (const char *p = line; p; n++) {
        const char *wrong = csv_cut(&t, &p, end, r->dialect.separator);
        if (wrong) {
            snprintf(r->why, sizeof r->why, "%s", wrong);
            return false;
        }
        if (n < width)
            r->cell[n] = t;
        else if (t.n == 0)
            n--;
    }
    if (n != width)
        snprintf(r->why, sizeof r->why, "%zu fields where the header has %zu", n, width);
    return n == width;
}

static const char *trim(const char *line, const char *end)
{
    while (end > line && (end[-1] == '\r' || end[-1] == ' '))
        end--;
    return end;
}

enum csvrow_kind csvrow_read(struct csvrow *r, const char *line, const char *end)
{
    static const char channel[] = "# Channel:";
    end = trim(line, end);
    size_t n = (size_t)(end - line);
    if (n == 0)
        return CSVROW_NOTHING;
    if (*line == '#' && r->dialect.comments) {
        if (n < sizeof channel - 1 || memcmp(line, channel, sizeof channel - 1) != 0)
            return CSVROW_NOTHING;
        snprintf(r->why, sizeof r->why,
                 "another channel begins here: export them as one table (\"Tabular\"), or one a file");
        return CSVROW_END;
    }
    if (cut(r, line, end) && read_time(r))
        return CSVROW_ROW;
    bool again = r->header && n == strlen(r->header) && memcmp(line, r->header, n) == 0;
    return again ? CSVROW_NOTHING : CSVROW_BAD;
}

int csvrow_sample(struct csvrow *r, size_t i, struct sample *out)
{
    const struct readings_column *c = &r->readings.column[i];
    const struct csv_text *t = &r->cell[c->value];
    double status = 0;
    *out = (struct sample){.t = r->time};
    if (t->n == 0)
        return 0;
    const char *wrong = number_cell(&out->value, t->s, t->n, r->dialect.decimal);
    if (wrong) {
        snprintf(r->why, sizeof r->why, "%.40s: '%.*s' %s", c->name, t->n > 40 ? 40 : (int)t->n, t->s, wrong);
        return -1;
    }
    if (c->severity >= 0)
        out->severity = (uint8_t)readings_severity(&r->cell[c->severity]);
    if (c->status >= 0 && !number_cell(&status, r->cell[c->status].s, r->cell[c->status].n, '.') &&
        status >= 0 && status <= MOST_STATUS)
        out->status = (uint8_t)status;
    return 1;
}

/* ---- the header ---- */

static char *copy_of(const struct csv_text *t)
{
    char *s = xasprintf("%.*s", (int)t->n, t->s), *to = s;
    for (const char *p = s; *p; p++) {
        *to++ = *p;
        p += t->quoted && *p == '"' && p[1] == '"';
    }
    *to = '\0';
    return s;
}

/* The names of a header line, each for the caller to free; columns at its end that have none are not counted.
 */
static char **names_of(const char *p, const char *end, const struct dialect *d, size_t *n)
{
    char **names = NULL;
    size_t cap = 0;
    for (*n = 0; p; (*n)++) {
        struct csv_text t = {p, (size_t)(end - p), false};
        if (csv_cut(&t, &p, end, d->separator))
            p = NULL;
        xgrow(&names, &cap, *n + 1, sizeof *names);
        names[*n] = d->headless ? xstrdup("") : copy_of(&t);
    }
    while (!d->headless && *n > 1 && *names[*n - 1] == '\0')
        free(names[--*n]);
    return names;
}

/* By signal or PV; a unit in brackets may stand behind. */
static bool is_named(const struct readings_column *c, const struct fleet *f, uint32_t channel)
{
    const struct channel *ch = &f->channels[channel];
    const char *signal = f->signals.name[ch->signal];
    size_t n = strcspn(c->name, "[(");
    while (n > 0 && c->name[n - 1] == ' ')
        n--;
    return strcmp(c->name, ch->pv) == 0 || strcasecmp(c->name, signal) == 0 ||
           (n == strlen(signal) && strncasecmp(c->name, signal, n) == 0);
}

static int find_channels(struct csvrow *r, const struct csvrow_file *file, struct err *err)
{
    r->channel_of = xcalloc(r->readings.n, sizeof *r->channel_of);
    for (size_t i = 0; i < r->readings.n; i++) {
        r->channel_of[i] = file->n == 1 && r->readings.n == 1 ? 0 : -1;
        for (uint32_t k = 0; k < file->n; k++)
            if (is_named(&r->readings.column[i], file->fleet, file->first + k))
                r->channel_of[i] = (int32_t)k;
        for (size_t j = 0; j < i && r->channel_of[i] >= 0; j++)
            if (r->channel_of[j] == r->channel_of[i])
                return err_set(err, ERR_DATA, "%s:%u: columns '%.40s' and '%.40s' are one channel",
                               file->path, r->dialect.header_line, r->readings.column[j].name,
                               r->readings.column[i].name);
    }
    return 0;
}

/* Units may stand below the header: their line is none of the rows. */
static size_t length_of_units(struct csvrow *r, const char *p, size_t n)
{
    size_t len = csv_record(p, n, r->dialect.separator, '\n', NULL);
    bool units = len > 0 && csvrow_read(r, p, p + len - 1) == CSVROW_BAD && cut(r, p, trim(p, p + len - 1)) &&
                 readings_is_units(&r->readings, r->cell, &r->times);
    return units ? len : 0;
}

static int read_header(struct csvrow *r, const char *head, size_t n, const char *path, int64_t *data,
                       struct err *err)
{
    const char *p = head + r->dialect.header;
    size_t len = csv_record(p, n - r->dialect.header, r->dialect.separator, '\n', NULL), n_names;
    if (len == 0)
        return err_set(err, ERR_DATA, "%s:%u: a header line is needed, ended by a line feed", path,
                       r->dialect.header_line);
    const char *end = trim(p, p + len - 1);
    if (utf8_prefix(p, len) < len)
        return err_set(err, ERR_DATA, "%s:%u: the header is not UTF-8: save the table as UTF-8", path,
                       r->dialect.header_line);
    *data = p - head + (r->dialect.headless ? 0 : (int64_t)len);
    if (!r->dialect.headless)
        r->header = xasprintf("%.*s", (int)(end - p), p);
    char **names = names_of(p, end, &r->dialect, &n_names);
    int rc = readings_find(&r->readings, &r->dialect, names, n_names, path, err);
    for (size_t i = 0; i < n_names; i++)
        free(names[i]);
    free(names);
    return rc;
}

int csvrow_open(struct csvrow *out, const struct csvrow_file *file, const char *head, size_t n_head, bool all,
                int64_t *data, struct err *err)
{
    *out = (struct csvrow){.times = file->times};
    int rc = dialect_read(&out->dialect, head, n_head, all, file->path, err);
    if (rc == 0 && out->dialect.newline != '\n')
        rc = err_set(err, ERR_DATA, "%s: its lines end in CR alone: save it with LF", file->path);
    if (rc == 0)
        rc = read_header(out, head, n_head, file->path, data, err);
    if (rc == 0)
        rc = find_channels(out, file, err);
    if (rc != 0)
        return rc;
    out->cell = xcalloc(out->readings.n_fields, sizeof *out->cell);
    *data += (int64_t)length_of_units(out, head + *data, n_head - (size_t)*data);
    return 0;
}

void csvrow_free(struct csvrow *r)
{
    readings_free(&r->readings);
    free(r->channel_of);
    free(r->cell);
    free(r->header);
    *r = (struct csvrow){0};
}
