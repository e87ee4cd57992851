/* The ring as tables: fleet.csv, maintenance.csv, labels, wide tables of readings.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/events.h"
#include "archive/sim/sim.h"
#include "base/buf.h"
#include "base/time/timefmt.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const class_names[] = {[SIM_EQUIPMENT] = "equipment",
                                          [SIM_SENSOR] = "sensor",
                                          [SIM_DATA] = "data",
                                          [SIM_COMMON] = "common",
                                          [SIM_BENIGN] = "benign"};
static const char *const level_names[] = {
    [SIM_SMALL] = "small", [SIM_MEDIUM] = "medium", [SIM_LARGE] = "large"};
static const char *const end_names[] = {
    [SIM_REPAIRED] = "repair", [SIM_BY_ITSELF] = "itself", [SIM_BY_TRIP] = "trip", [SIM_NEVER] = "never"};

static int write_buf(const char *path, const struct buf *b, struct err *err)
{
    FILE *f = fopen(path, "w");
    bool ok = f && fwrite(buf_text(b), 1, b->len, f) == b->len;
    int saved = errno;
    if (f && fclose(f) != 0 && ok) { /* a full disk shows here, not in fwrite */
        ok = false;
        saved = errno;
    }
    return ok ? 0 : err_set(err, ERR_IO, "could not write \"%s\": %s", path, strerror(saved));
}

static void add_number(struct buf *b, double v)
{
    if (isnan(v))
        buf_str(b, ",");
    else
        buf_printf(b, ",%.6g", v);
}

/* Whether fleet.csv tells a kind of groups. */
static bool has_column(const struct sim *s, enum group_kind g)
{
    return !(s->options.untold >> g & 1);
}

static void add_channel(struct buf *b, const struct sim *s, uint32_t channel)
{
    const struct unit *u = &s->units[channel / SIGNAL_KNOWN];
    enum signal signal = (enum signal)(channel % SIGNAL_KNOWN);
    char group[LAYOUT_NAME];
    struct limits l = layout_limits(u, signal);
    layout_sector_name(group, u->sector);
    buf_printf(b, "%s,%s,%s,%s,%s,%s", u->name, layout_family(u->family), group, layout_signal(signal),
               s->pv[channel], layout_unit(signal));
    for (enum group_kind g = GROUP_WATER; g < GROUP_COUNT; g++)
        if (has_column(s, g)) {
            layout_group_name(group, g, u);
            buf_printf(b, ",%s", group);
        }
    add_number(b, l.low);
    add_number(b, l.high);
    add_number(b, l.range);
    buf_str(b, "\n");
}

int sim_write_fleet(const struct sim *s, const char *path, struct err *err)
{
    struct buf b = {0};
    buf_str(&b, "supply,family,sector,signal,pv,unit");
    for (enum group_kind g = GROUP_WATER; g < GROUP_COUNT; g++)
        if (has_column(s, g))
            buf_printf(&b, ",%s", group_name(g));
    buf_str(&b, ",low,high,range\n");
    for (uint32_t c = 0; c < sim_channels(s); c++)
        add_channel(&b, s, c);
    int rc = write_buf(path, &b, err);
    buf_free(&b);
    return rc;
}

static void add_work(struct buf *b, const char *subject, tstamp_ns from, tstamp_ns to, const char *work)
{
    char start[TIMEFMT_LEN], end[TIMEFMT_LEN];
    buf_printf(b, "%s,%s,%s,%s\n", subject, timefmt_iso(start, from), timefmt_iso(end, to), work);
}

/* Repairs: two hours of a maintenance day up to its noon, or from half an hour after a trip on. */
static void add_repairs(struct buf *b, const struct sim *s, tstamp_ns from, tstamp_ns to)
{
    for (size_t i = 0; i < s->n_faults; i++) {
        const struct sim_fault *f = &s->faults[i];
        bool repaired = f->ended == SIM_REPAIRED || f->ended == SIM_BY_TRIP;
        tstamp_ns start = f->trip ? f->trip + 30 * NS_PER_MIN : f->end - 2 * NS_PER_HOUR;
        if (!repaired || start >= to || f->end <= from || f->end <= start)
            continue;
        char work[64];
        snprintf(work, sizeof work, "repaired: %s", fault_name(f));
        add_work(b, s->units[f->supply].name, start, f->end, work);
    }
}

/* Shutdowns; swaps and calibrations, four hours of a maintenance day; filters and fans of a group, as work on
 * its sector. */
static void add_event_work(struct buf *b, const struct sim *s, tstamp_ns from, tstamp_ns to)
{
    for (size_t i = 0; i < s->n_events; i++) {
        const struct sim_event *e = &s->events[i];
        char subject[EVENT_SUBJECT], sector[LAYOUT_NAME], work[80];
        const char *what = event_name(e);
        tstamp_ns start = e->onset, end = e->end;
        if (e->background)
            continue;
        if (e->kind == SIM_SHUTDOWN) {
            snprintf(sector, sizeof sector, "*");
            snprintf(work, sizeof work, "shutdown");
        } else if (e->kind == SIM_SWAP || e->kind == SIM_CALIBRATION) {
            start = e->onset - 2 * NS_PER_HOUR;
            end = e->onset + 2 * NS_PER_HOUR;
            snprintf(work, sizeof work, "%s: %s", what,
                     e->kind == SIM_SWAP ? "another unit" : layout_signal((enum signal)e->signal));
        } else if (e->ended == SIM_REPAIRED) {
            start = e->end - 2 * NS_PER_HOUR;
            layout_sector_name(sector, event_sector(s, e));
            snprintf(work, sizeof work, "repaired: %s of %s", what, event_subject(s, e, subject));
        } else {
            continue;
        }
        if (start < to && end > from)
            add_work(b, e->supply >= 0 ? s->units[e->supply].name : sector, start, end, work);
    }
}

int sim_write_maintenance(const struct sim *s, const char *path, tstamp_ns from, tstamp_ns to,
                          struct err *err)
{
    struct buf b = {0};
    buf_str(&b, "supply,start,end,work\n");
    /* from the week that is under way at `from` on: its maintenance may reach into the span */
    for (int64_t w = calendar_week(from); calendar_week_start(w) < to; w++) {
        bool shutdown = calendar_shutdown(&s->calendar, w);
        tstamp_ns length = CALENDAR_MAINTENANCE_MIN * NS_PER_MIN;
        add_work(&b, "*", calendar_week_start(w),
                 shutdown ? calendar_week_start(w + 1) : calendar_week_start(w) + length,
                 shutdown ? "shutdown" : "weekly maintenance");
    }
    if (s->options.ends)
        add_repairs(&b, s, from, to);
    add_event_work(&b, s, from, to);
    int rc = write_buf(path, &b, err);
    buf_free(&b);
    return rc;
}

/* The time, or nothing for none and for never. */
static const char *time_or_none(char out[TIMEFMT_LEN], tstamp_ns t)
{
    if (t == 0 || t >= SIM_FOR_EVER)
        return "";
    timefmt_iso(out, t);
    return out;
}

/* Names of the supplies of a sector, or that an event concerns; a blank between. */
static void add_members(struct buf *b, const struct sim *s, const struct sim_event *e, uint32_t sector)
{
    const char *between = "";
    for (uint32_t i = 0; i < s->options.supplies; i++)
        if (e ? sim_event_concerns(s, e, i) : s->units[i].sector == sector) {
            buf_printf(b, "%s%s", between, s->units[i].name);
            between = " ";
        }
}

static void add_fault(struct buf *b, const struct sim *s, const struct sim_fault *f)
{
    char sector[LAYOUT_NAME], onset[TIMEFMT_LEN], end[TIMEFMT_LEN], trip[TIMEFMT_LEN];
    layout_sector_name(sector, f->sector);
    buf_printf(b, "%s,%d,%s,%s,%s,%s,%s,%.4g,%s,%s,%s,%s,", f->supply < 0 ? sector : s->units[f->supply].name,
               f->mode, f->signal < 0 ? "" : layout_signal((enum signal)f->signal), class_names[f->class],
               time_or_none(onset, f->onset), time_or_none(end, f->end), time_or_none(trip, f->trip), f->size,
               f->unit, fault_name(f), level_names[f->level], end_names[f->ended]);
    if (f->supply < 0)
        add_members(b, s, NULL, f->sector);
    else
        buf_str(b, s->units[f->supply].name);
    buf_str(b, "\n");
}

static void add_event(struct buf *b, const struct sim *s, const struct sim_event *e)
{
    char subject[EVENT_SUBJECT], onset[TIMEFMT_LEN], end[TIMEFMT_LEN];
    buf_printf(b, "%s,,%s,%s,%s,%s,,%.4g,%s,%s,%s,%s,", event_subject(s, e, subject),
               e->signal < 0 ? "" : layout_signal((enum signal)e->signal), class_names[e->class],
               time_or_none(onset, e->onset), time_or_none(end, e->end), e->size, e->unit, event_name(e),
               level_names[e->level], end_names[e->ended]);
    if (e->supply < 0 && e->group == GROUP_COUNT && e->share >= 1)
        buf_str(b, "*");
    else
        add_members(b, s, e, 0);
    buf_str(b, "\n");
}

int sim_write_labels(const struct sim *s, const char *path, struct err *err)
{
    struct buf b = {0};
    buf_str(&b, "supply,mode,signal,class,onset,end,trip,size,unit,kind,level,ended,members\n");
    size_t i = 0, k = 0;
    while (i < s->n_faults || k < s->n_events)
        if (k == s->n_events || (i < s->n_faults && s->faults[i].onset <= s->events[k].onset))
            add_fault(&b, s, &s->faults[i++]);
        else
            add_event(&b, s, &s->events[k++]);
    int rc = write_buf(path, &b, err);
    buf_free(&b);
    return rc;
}

/* True while a fault acts on the supply. */
static bool is_faulty(const struct sim *s, uint32_t supply, tstamp_ns t)
{
    for (size_t i = 0; i < s->n_faults; i++) {
        const struct sim_fault *f = &s->faults[i];
        if (t >= f->onset && t < f->end && fault_concerns(f, supply, s->units[supply].sector))
            return true;
    }
    return false;
}

/* A value as decimal text, with decimals enough to tell its codes apart; far faster than printf. */
static char *put_value(char *p, double v, int decimals)
{
    static const int64_t scale[] = {1, 10, 100, 1000, 10000, 100000};
    int64_t n = llround(v * (double)scale[decimals]);
    if (n < 0) {
        *p++ = '-';
        n = -n;
    }
    char digits[24];
    int count = 0;
    for (int64_t rest = n; rest || count <= decimals; rest /= 10)
        digits[count++] = (char)('0' + rest % 10);
    while (count) {
        if (count == decimals)
            *p++ = '.';
        *p++ = digits[--count];
    }
    return p;
}

static void add_row(struct buf *b, struct sim *s, uint32_t supply, const struct block *block, int64_t day,
                    int minute)
{
    static const int decimals[SIGNAL_KNOWN] = {1, 5, 1, 0, 1, 4};
    char row[256], *p = row;
    const struct unit *u = &s->units[supply];
    tstamp_ns t = day * NS_PER_DAY + minute * NS_PER_MIN;
    int year, month, dom;
    timefmt_civil(day, &year, &month, &dom);
    p += snprintf(p, 40, "%04d-%02d-%02dT%02d:%02d:00Z", year, month, dom, minute / 60, minute % 60);
    for (int c = 0; c < SIGNAL_KNOWN; c++) {
        uint32_t word = block->word[c][minute];
        bool invalid = (word >> BLOCK_SEVERITY_SHIFT & 3) == SEVERITY_INVALID;
        *p++ = ',';
        /* a reading that the dead-band held back is known all the same */
        if (block_state(word) != BLOCK_MISSING && !invalid)
            p = put_value(p, block->code[c][minute] / u->codes[c], decimals[c]);
    }
    *p++ = ',';
    *p++ = is_faulty(s, supply, t) ? '1' : '0';
    *p++ = '\n';
    buf_add(b, row, (size_t)(p - row));
}

int sim_write_table(struct sim *s, uint32_t supply, const char *path, tstamp_ns from, tstamp_ns to,
                    struct err *err)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return err_set(err, ERR_IO, "could not write \"%s\": %s", path, strerror(errno));
    struct buf b = {0};
    buf_str(&b, "time");
    for (int c = 0; c < SIGNAL_KNOWN; c++)
        buf_printf(&b, ",%s", layout_signal((enum signal)c));
    buf_str(&b, ",label\n");
    bool ok = true;
    for (int64_t day = day_of(from); ok && day * NS_PER_DAY < to; day++) {
        const struct block *block = cache_get(s->blocks, day_key(supply, day));
        for (int m = 0; m < MINUTES_PER_DAY; m++) {
            tstamp_ns t = day * NS_PER_DAY + m * NS_PER_MIN;
            if (t >= from && t < to)
                add_row(&b, s, supply, block, day, m);
        }
        cache_release(s->blocks, block);
        ok = fwrite(b.data, 1, b.len, f) == b.len;
        buf_reset(&b);
    }
    buf_free(&b);
    ok = fclose(f) == 0 && ok;
    return ok ? 0 : err_set(err, ERR_IO, "could not write \"%s\": %s", path, strerror(errno));
}
