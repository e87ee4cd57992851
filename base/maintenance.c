/* Maintenance periods; see maintenance.h. SPDX-License-Identifier: MIT */
#include "base/maintenance.h"

#include "base/hashmap.h"
#include "base/mem.h"
#include "base/table/csv.h"
#include "base/time/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- whom it concerns ---- */

static int32_t find_group(const struct fleet *f, enum group_kind kind, const char *name)
{
    const struct names *names = &f->groups[kind];
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->name[i], name) == 0)
            return (int32_t)i;
    return -1;
}

/* As subjects of findings are written: sectors stand bare, water, rack and feeder have their prefix. */
static bool find_subject(struct maintenance_period *p, const struct fleet *f, const char *subject)
{
    static const enum group_kind kinds[] = {GROUP_SECTOR, GROUP_WATER, GROUP_RACK, GROUP_FEEDER};
    *p = (struct maintenance_period){.supply = fleet_supply(f, subject), .group = -1};
    for (size_t i = 0; p->supply < 0 && p->group < 0 && i < sizeof kinds / sizeof *kinds; i++) {
        const char *prefix = group_name(kinds[i]), *name = subject;
        size_t n = strlen(prefix);
        if (n && (strncmp(subject, prefix, n) != 0 || subject[n] != ':'))
            continue;
        p->group_kind = kinds[i];
        p->group = find_group(f, kinds[i], n ? name + n + 1 : name);
    }
    return p->supply >= 0 || p->group >= 0 || strcmp(subject, "*") == 0;
}

bool maintenance_concerns(const struct maintenance_period *p, const struct fleet *f, uint32_t supply)
{
    if (p->supply >= 0)
        return p->supply == (int32_t)supply;
    return p->group < 0 || p->group == f->supplies[supply].group[p->group_kind];
}

/* ---- periods of an entry ---- */

/* Days from one period to the next; 0: it does not repeat, -1: that is no repetition. */
static int64_t days_of(const char *repeat)
{
    char *unit;
    if (!*repeat)
        return 0;
    if (strcmp(repeat, "daily") == 0)
        return 1;
    if (strcmp(repeat, "weekly") == 0)
        return 7;
    long n = strtol(repeat, &unit, 10);
    if (unit == repeat || n < 1 || n > 3660)
        return -1;
    return strcmp(unit, " days") == 0 ? n : strcmp(unit, " weeks") == 0 ? 7 * (int64_t)n : -1;
}

static void put_period(struct maintenance *m, struct maintenance_period p, tstamp_ns start, tstamp_ns end)
{
    p.start = start;
    p.end = end;
    xgrow(&m->period, &m->cap, m->n + 1, sizeof *m->period);
    m->period[m->n++] = p;
}

/* At the same local times every so many days, whatever the clocks do meanwhile. */
static void put_periods(struct maintenance *m, struct maintenance_period p, int64_t days)
{
    const struct maintenance_entry *e = p.entry;
    tstamp_ns limit = timefmt_days(2070, 1, 1) * NS_PER_DAY;
    int64_t from, from_second, to, to_second;
    struct zone zone;
    limit = e->until < limit ? e->until : limit;
    zone_enter(&zone, e->timezone);
    zone_local(e->start, &from, &from_second);
    zone_local(e->end, &to, &to_second);
    for (tstamp_ns start; (start = zone_instant(from, from_second)) < limit; from += days, to += days) {
        tstamp_ns end = zone_instant(to, to_second);
        if (end > start)
            put_period(m, p, start, end);
    }
    zone_leave(&zone);
}

struct maintenance *maintenance_new(void)
{
    return xcalloc(1, sizeof(struct maintenance));
}

static struct maintenance_entry *copy_of(const struct maintenance_entry *e)
{
    struct maintenance_entry *copy = xcalloc(1, sizeof *copy);
    *copy = *e;
    copy->subject = xstrdup(e->subject);
    copy->work = xstrdup(e->work);
    copy->repeat = xstrdup(e->repeat);
    copy->timezone = xstrdup(e->timezone);
    return copy;
}

int maintenance_add(struct maintenance *m, const struct fleet *f, const struct maintenance_entry *e,
                    struct err *err)
{
    struct maintenance_period p;
    int64_t days = days_of(e->repeat);
    if (!find_subject(&p, f, e->subject))
        return err_set(
            err, ERR_CONFIG,
            "supply: '%.80s' is neither a supply nor a sector nor water:, rack: or feeder: with the name "
            "of one nor *",
            e->subject);
    if (e->end <= e->start)
        return err_set(err, ERR_CONFIG, "end: is not after start");
    if (days < 0)
        return err_set(err, ERR_CONFIG, "repeat: '%.80s' is not daily, weekly, N days or N weeks", e->repeat);
    if (days > 0 && e->end == MAINTENANCE_OPEN)
        return err_set(err, ERR_CONFIG, "end: what repeats needs one");
    if (*e->timezone && zone_check(e->timezone, err) != 0)
        return err_wrap(err, "timezone");
    xgrow(&m->entry, &m->entries_cap, m->n_entries + 1, sizeof *m->entry);
    p.entry = m->entry[m->n_entries++] = copy_of(e);
    if (days > 0)
        put_periods(m, p, days);
    else
        put_period(m, p, e->start, e->end);
    return 0;
}

static int by_start(const void *a, const void *b)
{
    const struct maintenance_period *x = a, *y = b;
    return x->start < y->start ? -1 : x->start > y->start;
}

void maintenance_order(struct maintenance *m)
{
    if (m->n)
        qsort(m->period, m->n, sizeof *m->period, by_start);
}

/* ---- the table ---- */

enum { SUPPLY, START, END, WORK, REPEAT, TIMEZONE, UNTIL, COLUMNS };
static const char *const columns[COLUMNS] = {"supply", "start", "end", "work", "repeat", "timezone", "until"};

/* An empty one leaves what is there. */
static int read_time(const struct csv *c, int column, const struct timecell *times, tstamp_ns *out,
                     struct err *err)
{
    return *csv_field(c, column) ? csv_time(c, column, times, out, err) : 0;
}

static int take_entry(const struct csv *c, struct maintenance *m, const struct fleet *f,
                      const struct maintenance_entry *e, struct err *err)
{
    int rc = maintenance_add(m, f, e, err);
    return rc == 0 ? 0 : err_wrap(err, "%s:%u", csv_path(c), csv_line(c));
}

static int read_entry(const struct csv *c, const int col[COLUMNS], const struct timecell *times,
                      struct maintenance *m, const struct fleet *f, struct err *err)
{
    char *subject = xstrdup(csv_field(c, col[SUPPLY])), *work = xstrdup(csv_field(c, col[WORK])),
         *repeat = xstrdup(csv_field(c, col[REPEAT])), *timezone = xstrdup(csv_field(c, col[TIMEZONE]));
    struct maintenance_entry e = {.subject = subject,
                                  .start = INT64_MIN,
                                  .end = MAINTENANCE_OPEN, /* work under way: nobody knows yet until when */
                                  .work = work,
                                  .repeat = repeat,
                                  .timezone = timezone,
                                  .until = MAINTENANCE_OPEN};
    int rc = *timezone ? zone_check(timezone, err) : 0;
    if (rc != 0)
        err_wrap(err, "%s:%u: timezone", csv_path(c), csv_line(c));
    struct timecell how = *times;
    if (*timezone)
        how.timezone = timezone;
    if (rc == 0)
        rc = csv_time(c, col[START], &how, &e.start, err);
    if (rc == 0)
        rc = read_time(c, col[END], &how, &e.end, err);
    if (rc == 0)
        rc = read_time(c, col[UNTIL], &how, &e.until, err);
    if (rc == 0)
        rc = take_entry(c, m, f, &e, err);
    free(subject);
    free(work);
    free(repeat);
    free(timezone);
    return rc;
}

int maintenance_load(struct maintenance **out, const char *path, const struct fleet *f, struct err *err)
{
    return maintenance_read(out, path, &(struct timecell){.format = NULL}, f, err);
}

int maintenance_read(struct maintenance **out, const char *path, const struct timecell *times,
                     const struct fleet *f, struct err *err)
{
    struct maintenance *m = maintenance_new();
    *out = m;
    if (!path)
        return 0;
    struct csv *c = NULL;
    int col[COLUMNS], rc = csv_open(&c, path, err);
    for (int i = 0; rc == 0 && i < REPEAT; i++)
        rc = csv_require(c, columns[i], &col[i], err);
    for (int i = REPEAT; rc == 0 && i < COLUMNS; i++)
        col[i] = csv_find(c, columns[i]);
    int more = 0;
    while (rc == 0 && (more = csv_next(c, err)) > 0)
        rc = read_entry(c, col, times, m, f, err);
    csv_close(c);
    if (rc != 0 || more < 0) {
        maintenance_free(m);
        *out = NULL;
        return err->code = ERR_CONFIG;
    }
    maintenance_order(m);
    return 0;
}

static void free_entry(struct maintenance_entry *e)
{
    free(e->subject);
    free(e->work);
    free(e->repeat);
    free(e->timezone);
    free(e);
}

void maintenance_free(struct maintenance *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_entries; i++)
        free_entry(m->entry[i]);
    free(m->entry);
    free(m->period);
    free(m);
}

static void add_all(struct maintenance *m, const struct maintenance *from, enum maintenance_origin origin,
                    const struct fleet *f)
{
    struct err err;
    for (size_t i = 0; i < from->n_entries; i++)
        if (from->entry[i]->origin == origin && maintenance_add(m, f, from->entry[i], &err) != 0)
            continue; /* cannot be: it was taken before */
}

struct maintenance *maintenance_join(const struct maintenance *a, const struct maintenance *b,
                                     const struct fleet *f)
{
    struct maintenance *m = maintenance_new();
    add_all(m, a, MAINTENANCE_FILE, f);
    add_all(m, b, MAINTENANCE_IMPORTED, f);
    maintenance_order(m);
    return m;
}

static uint64_t hash_text(uint64_t h, const char *s)
{
    return fnv1a(fnv1a(h, s, strlen(s)), "\xff", 1); /* which ends it: no text has it */
}

/* The sum over entries does not know their order. */
uint64_t maintenance_hash(const struct maintenance *m)
{
    uint64_t sum = 0;
    for (size_t i = 0; m && i < m->n_entries; i++) {
        const struct maintenance_entry *e = m->entry[i];
        char times[80];
        snprintf(times, sizeof times, "%lld %lld %lld", (long long)e->start, (long long)e->end,
                 (long long)e->until);
        uint64_t h = hash_text(FNV1A_BASIS, e->subject);
        sum += hash_text(hash_text(hash_text(h, times), e->repeat), e->timezone);
    }
    return sum;
}

/* ---- questions ---- */

/* A list of years has some thousand periods and is asked once a minute: a scan of those that have begun. */
const struct maintenance_period *maintenance_at(const struct maintenance *m, const struct fleet *f,
                                                uint32_t supply, tstamp_ns t)
{
    for (size_t i = 0; i < m->n && m->period[i].start <= t; i++)
        if (t < m->period[i].end && maintenance_concerns(&m->period[i], f, supply))
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
            out[s] |= maintenance_concerns(&m->period[i], f, s);
    }
}

const struct maintenance_period *maintenance_last(const struct maintenance *m, const struct fleet *f,
                                                  uint32_t supply, tstamp_ns t)
{
    const struct maintenance_period *last = NULL;
    for (size_t i = 0; i < m->n && m->period[i].start < t; i++)
        if (maintenance_concerns(&m->period[i], f, supply))
            last = &m->period[i];
    return last;
}

size_t maintenance_begun(const struct maintenance *m, tstamp_ns t)
{
    size_t low = 0, high = m->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->period[middle].start <= t)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- differences ---- */

/* The first of the periods that begin at t. */
static size_t at_start(const struct maintenance *m, tstamp_ns t)
{
    return maintenance_begun(m, t - 1);
}

static bool has_period(const struct maintenance *m, const struct maintenance_period *p)
{
    for (size_t i = at_start(m, p->start); i < m->n && m->period[i].start == p->start; i++)
        if (m->period[i].end == p->end && strcmp(m->period[i].entry->subject, p->entry->subject) == 0)
            return true;
    return false;
}

/* Widens [*low, *high) by the periods of a within [from, to) that b lacks. */
static void find_lacking(const struct maintenance *a, const struct maintenance *b, tstamp_ns from,
                         tstamp_ns to, tstamp_ns *low, tstamp_ns *high)
{
    for (size_t i = 0; i < a->n && a->period[i].start < to; i++) {
        const struct maintenance_period *p = &a->period[i];
        if (p->end <= from || has_period(b, p))
            continue;
        *low = p->start < *low ? p->start : *low;
        *high = p->end > *high ? p->end : *high;
    }
}

bool maintenance_differs(const struct maintenance *a, const struct maintenance *b, tstamp_ns *from,
                         tstamp_ns *to)
{
    tstamp_ns low = INT64_MAX, high = INT64_MIN;
    find_lacking(a, b, *from, *to, &low, &high);
    find_lacking(b, a, *from, *to, &low, &high);
    if (low >= high)
        return false;
    *from = low > *from ? low : *from;
    *to = high < *to ? high : *to;
    return true;
}
