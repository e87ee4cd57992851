/* Maintenance periods; see maintenance.h. SPDX-License-Identifier: MIT */
#include "base/maintenance.h"

#include "base/csv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static int32_t find_sector(const struct fleet *f, const char *name)
{
    const struct names *sectors = &f->groups[GROUP_SECTOR];
    for (size_t i = 0; i < sectors->n; i++)
        if (strcmp(sectors->name[i], name) == 0)
            return (int32_t)i;
    return -1;
}

static int read_period(const struct csv *c, const int col[4], const struct fleet *f,
                       struct maintenance_period *p, struct err *err)
{
    const char *subject = csv_field(c, col[0]), *end = csv_field(c, col[2]);
    p->supply = fleet_supply(f, subject);
    p->sector = find_sector(f, subject);
    p->line = csv_line(c);
    if (p->supply < 0 && p->sector < 0 && strcmp(subject, "*") != 0)
        return err_set(err, ERR_CONFIG, "%s:%u: supply: '%.80s' is neither a supply nor a sector nor *",
                       csv_path(c), p->line, subject);
    p->end = MAINTENANCE_OPEN; /* work that is under way: nobody knows yet until when */
    if (csv_time(c, col[1], NULL, &p->start, err) != 0 ||
        (*end && csv_time(c, col[2], NULL, &p->end, err) != 0))
        return err->code = ERR_CONFIG;
    if (p->end <= p->start)
        return err_set(err, ERR_CONFIG, "%s:%u: end: '%s' is not after start", csv_path(c), p->line, end);
    p->subject = xstrdup(subject);
    p->work = xstrdup(csv_field(c, col[3]));
    return 0;
}

static int by_start(const void *a, const void *b)
{
    const struct maintenance_period *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

int maintenance_load(struct maintenance **out, const char *path, const struct fleet *f, struct err *err)
{
    static const char *const names[4] = {"supply", "start", "end", "work"};
    struct maintenance *m = xcalloc(1, sizeof *m);
    *out = m;
    if (!path)
        return 0;
    struct csv *c = NULL;
    int col[4], rc = csv_open(&c, path, err);
    for (int i = 0; rc == 0 && i < 4; i++)
        rc = csv_require(c, names[i], &col[i], err);
    size_t cap = 0;
    int more = 0;
    while (rc == 0 && (more = csv_next(c, err)) > 0) {
        struct maintenance_period p = {0};
        rc = read_period(c, col, f, &p, err);
        if (rc == 0) {
            xgrow(&m->period, &cap, m->n + 1, sizeof p);
            m->period[m->n++] = p;
        }
    }
    csv_close(c);
    if (rc != 0 || more < 0) {
        maintenance_free(m);
        *out = NULL;
        return err->code = ERR_CONFIG;
    }
    if (m->n)
        qsort(m->period, m->n, sizeof *m->period, by_start);
    return 0;
}

void maintenance_free(struct maintenance *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n; i++) {
        free(m->period[i].subject);
        free(m->period[i].work);
    }
    free(m->period);
    free(m);
}

static bool concerns(const struct maintenance_period *p, const struct fleet *f, uint32_t supply)
{
    if (p->supply >= 0)
        return p->supply == (int32_t)supply;
    return p->sector < 0 || p->sector == f->supplies[supply].group[GROUP_SECTOR];
}

/* A list of years has some thousand periods and is asked once a minute: a scan of those that have begun. */
const struct maintenance_period *maintenance_at(const struct maintenance *m, const struct fleet *f,
                                                uint32_t supply, tstamp_ns t)
{
    for (size_t i = 0; i < m->n && m->period[i].start <= t; i++)
        if (t < m->period[i].end && concerns(&m->period[i], f, supply))
            return &m->period[i];
    return NULL;
}

void maintenance_mask(const struct maintenance *m, const struct fleet *f, tstamp_ns t, bool out[])
{
    /* period by period, not supply by supply: a scan per supply would be 1,320 of them a minute */
    memset(out, 0, f->n_supplies * sizeof *out);
    for (size_t i = 0; i < m->n && m->period[i].start <= t; i++) {
        if (t >= m->period[i].end)
            continue;
        if (m->period[i].supply >= 0) {
            out[m->period[i].supply] = true;
            continue;
        }
        for (uint32_t s = 0; s < f->n_supplies; s++)
            out[s] |= concerns(&m->period[i], f, s);
    }
}

const struct maintenance_period *maintenance_last(const struct maintenance *m, const struct fleet *f,
                                                  uint32_t supply, tstamp_ns t)
{
    const struct maintenance_period *last = NULL;
    for (size_t i = 0; i < m->n && m->period[i].start < t; i++)
        if (concerns(&m->period[i], f, supply))
            last = &m->period[i];
    return last;
}

static bool has_period(const struct maintenance *m, const struct maintenance_period *p)
{
    for (size_t i = 0; i < m->n && m->period[i].start <= p->start; i++)
        if (m->period[i].start == p->start && m->period[i].end == p->end &&
            strcmp(m->period[i].subject, p->subject) == 0)
            return true;
    return false;
}

static bool lacks_any(const struct maintenance *a, const struct maintenance *b, tstamp_ns from, tstamp_ns to)
{
    for (size_t i = 0; i < a->n && a->period[i].start < to; i++)
        if (a->period[i].end > from && !has_period(b, &a->period[i]))
            return true;
    return false;
}

bool maintenance_differs(const struct maintenance *a, const struct maintenance *b, tstamp_ns from,
                         tstamp_ns to)
{
    return lacks_any(a, b, from, to) || lacks_any(b, a, from, to);
}
