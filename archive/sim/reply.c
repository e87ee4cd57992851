/* getData and getDataForPVs: the sample before the window first, chunks by year with a header-only one before
 * them, connection marks; see reply.h. SPDX-License-Identifier: MIT */
#include "archive/sim/reply.h"

#include "archive/sim/sim.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 2048
/* Only windows that end so late are asked of the engine: twice its write period. */
#define ENGINE_NS (20 * NS_PER_S)

enum step { STEP_BEGIN, STEP_SAMPLES, STEP_END };

struct reply {
    struct sim *sim;
    struct reply_request r;
    tstamp_ns limit; /* last instant that is answered */
    size_t pv;       /* being sent */
    enum step step;
    tstamp_ns cursor; /* next sample is at or after it */
    tstamp_ns before; /* time of the sample sent last; 0: none */
    int year;         /* of the open chunk; 0: none */
    int64_t year_start;
    int64_t day; /* of the sample sent last */
    bool any_chunk, any_row, done;
    struct buf out;
    size_t sent; /* of out */
    struct sample batch[BATCH];
};

/* An answer is made piece by piece as it is sent: a month of a ring is gigabytes, and is never held. */
struct reply *reply_new(struct sim *s, const struct reply_request *r)
{
    struct reply *a = xcalloc(1, sizeof *a);
    a->sim = s;
    a->r = *r;
    tstamp_ns to = r->to;
    if (to >= r->now - ENGINE_NS) /* the engine cuts at whole seconds */
        to = to / NS_PER_S * NS_PER_S + NS_PER_S - 1;
    a->limit = to < r->now ? to : r->now;
    return a;
}

void reply_free(void *reply)
{
    struct reply *a = reply;
    buf_free(&a->out);
    free(a->r.channels);
    free(a);
}

int reply_type(uint32_t channel)
{
    return channel % SIGNAL_KNOWN == SIGNAL_DAC ? ENCODE_INT : ENCODE_DOUBLE;
}

size_t reply_meta(const struct sim *s, uint32_t channel, bool with_limits,
                  struct encode_field out[REPLY_META], char room[REPLY_META][32])
{
    static const char *const precision[SIGNAL_KNOWN] = {"1", "4", "1", "0", "1", "4"};
    enum signal signal = (enum signal)(channel % SIGNAL_KNOWN);
    struct limits l = layout_limits(&s->units[channel / SIGNAL_KNOWN], signal);
    out[0] = (struct encode_field){"EGU", layout_unit(signal)};
    out[1] = (struct encode_field){"PREC", precision[signal]};
    if (!with_limits)
        return 2;
    const struct {
        const char *name;
        double value;
    } limits[] = {
        {"HIHI", l.hihi}, {"HIGH", isnan(l.hihi) ? l.hihi : l.high}, {"LOPR", l.low}, {"HOPR", l.high}};
    size_t n = 2;
    for (size_t i = 0; i < 4; i++)
        if (!isnan(limits[i].value)) {
            encode_double(room[i], limits[i].value);
            out[n++] = (struct encode_field){limits[i].name, room[i]};
        }
    return n;
}

/* ---- PB ---- */

static void open_chunk(struct reply *a, uint32_t channel, int year, const struct encode_field *extra)
{
    struct encode_field f[REPLY_META + 1];
    char room[REPLY_META][32];
    size_t n = reply_meta(a->sim, channel, extra != NULL, f, room);
    if (extra)
        f[n++] = *extra;
    if (a->any_chunk)
        buf_str(&a->out, "\n");
    a->any_chunk = true;
    encode_pb_header(&a->out, reply_type(channel), sim_pv(a->sim, channel), year, f, n);
}

/* Chunks never span years. */
static void enter_year(struct reply *a, uint32_t channel, tstamp_ns t)
{
    int64_t second = t / NS_PER_S;
    if (a->year && second >= a->year_start && second < a->year_start + 365 * 86400)
        return; /* nearly always, and without a calendar */
    int year = encode_year(t, &a->year_start);
    if (year == a->year)
        return;
    a->year = year;
    open_chunk(a, channel, year, NULL);
}

/* Fields that ride on a sample: connection marks, and the alarm limits on the first of a day. */
static size_t sample_fields(const struct reply *a, uint32_t channel, const struct sample *s,
                            struct encode_field f[REPLY_META], char room[REPLY_META][32])
{
    if (s->flags & SAMPLE_RECONNECTED) {
        tstamp_ns lost = a->before ? a->before / NS_PER_S + 1 : 0;
        snprintf(room[0], 32, "%lld", (long long)lost);
        snprintf(room[1], 32, "%lld", (long long)(s->t / NS_PER_S));
        f[0] = (struct encode_field){"cnxlostepsecs", room[0]};
        f[1] = (struct encode_field){"cnxregainedepsecs", room[1]};
        return 2;
    }
    if (!a->before || s->t / NS_PER_DAY == a->day)
        return 0;
    size_t n = reply_meta(a->sim, channel, true, f, room);
    memmove(f, f + 2, (n - 2) * sizeof *f);
    return n - 2;
}

static void put_raw(struct reply *a, uint32_t channel, const struct sample *s)
{
    unsigned char line[ENCODE_PB_SAMPLE];
    int type = reply_type(channel);
    if ((s->flags & SAMPLE_RECONNECTED) || s->t / NS_PER_DAY != a->day) {
        struct encode_field f[REPLY_META];
        char room[REPLY_META][32];
        size_t n = sample_fields(a, channel, s, f, room);
        bool daily = n &&
                     !(s->flags & SAMPLE_RECONNECTED); /* not a change of the field, a repetition of it */
        encode_pb_sample_fields(&a->out, type, a->year_start, s, f, n, daily ? 0 : -1);
    } else {
        buf_add(&a->out, line, encode_pb_sample(line, type, a->year_start, s));
    }
}

/* ---- JSON ---- */

static void put_json(struct reply *a, uint32_t channel, const struct sample *s)
{
    char value[ENCODE_DOUBLE_LEN];
    struct encode_field f[REPLY_META];
    char room[REPLY_META][32];
    size_t n = sample_fields(a, channel, s, f, room);
    buf_printf(&a->out, "%s{ \"secs\": %lld, \"val\": %s, \"nanos\": %lld, \"severity\":%d, \"status\":%d",
               a->any_row ? ",\n" : "", (long long)(s->t / NS_PER_S),
               encode_value(value, reply_type(channel), s->value), (long long)(s->t % NS_PER_S), s->severity,
               s->status);
    for (size_t i = 0; i < n; i++)
        buf_printf(&a->out, "%s\"%s\": \"%s\"", i ? "," : ", \"fields\": { ", f[i].name, f[i].value);
    buf_str(&a->out, n ? "} }" : " }");
    a->any_row = true;
}

static void begin_json(struct reply *a, uint32_t channel)
{
    struct encode_field f[REPLY_META];
    char room[REPLY_META][32];
    size_t n = reply_meta(a->sim, channel, false, f, room);
    buf_printf(&a->out, "%s{ \"meta\": { \"name\": \"%s\"", a->pv ? "] },\n" : "", sim_pv(a->sim, channel));
    for (size_t i = 0; i < n; i++) /* values are not escaped, as in the real one */
        buf_printf(&a->out, " , \"%s\": \"%s\"", f[i].name, f[i].value);
    buf_str(&a->out, " },\n\"data\": [ \n");
}

/* ---- one piece after the other ---- */

static void put(struct reply *a, uint32_t channel, const struct sample *s)
{
    if (a->r.format == REPLY_RAW) {
        enter_year(a, channel, s->t);
        put_raw(a, channel, s);
    } else {
        put_json(a, channel, s);
    }
    a->before = s->t;
    a->day = s->t / NS_PER_DAY;
}

/* In answers for many PVs the sample before the window of all but the first is written under the header of
 * a later stream: with a window that starts at New Year, its year comes out one too high. */
static void put_before(struct reply *a, uint32_t channel, const struct sample *s)
{
    struct sample next;
    if (a->r.format == REPLY_RAW && a->r.many && a->pv > 0 &&
        sim_read(a->sim, channel, a->cursor, a->limit + 1, &next, 1))
        enter_year(a, channel, next.t);
    int64_t start;
    if (a->year && encode_year(s->t, &start) != a->year) {
        struct sample shifted = *s;
        shifted.t += (a->year_start - start) * NS_PER_S;
        put_raw(a, channel, &shifted);
        a->before = s->t;
        a->day = s->t / NS_PER_DAY;
        return;
    }
    put(a, channel, s);
}

static void begin_pv(struct reply *a, uint32_t channel)
{
    struct sample first;
    tstamp_ns at = a->r.from < a->limit ? a->r.from : a->limit;
    bool found = sim_latest(a->sim, channel, at, &first);
    a->year = 0;
    a->before = 0;
    a->any_row = false;
    a->day = found ? first.t / NS_PER_DAY : 0;
    a->cursor = a->r.from + 1;
    if (a->r.format == REPLY_JSON) {
        begin_json(a, channel);
    } else if (found) { /* the store's header comes alone before its first events */
        int64_t start;
        open_chunk(a, channel, encode_year(first.t, &start), NULL);
    }
    if (found)
        put_before(a, channel, &first);
    a->step = STEP_SAMPLES;
}

static void end_pv(struct reply *a, uint32_t channel)
{
    tstamp_ns lost;
    bool engine = a->r.to >= a->r.now - ENGINE_NS;
    if (a->r.format == REPLY_RAW && engine &&
        !sim_connected(a->sim, channel / SIGNAL_KNOWN, a->r.now, &lost)) {
        char text[32];
        int64_t start;
        snprintf(text, sizeof text, "%lld", (long long)(lost / NS_PER_S));
        open_chunk(a, channel, encode_year(a->r.now, &start), &(struct encode_field){"cnxlostepsecs", text});
    }
    a->pv++;
    a->step = STEP_BEGIN;
}

static void samples(struct reply *a, uint32_t channel)
{
    size_t n = a->cursor > a->limit ? 0 : sim_read(a->sim, channel, a->cursor, a->limit + 1, a->batch, BATCH);
    for (size_t i = 0; i < n; i++)
        put(a, channel, &a->batch[i]);
    if (n)
        a->cursor = a->batch[n - 1].t + 1;
    if (n < BATCH)
        a->step = STEP_END;
}

static void advance(struct reply *a)
{
    bool json = a->r.format == REPLY_JSON;
    if (a->pv == a->r.n) {
        if (json)
            buf_str(&a->out, a->r.n ? "\n] }\n ]\n" : "[ \n ]\n");
        a->done = true;
        return;
    }
    uint32_t channel = a->r.channels[a->pv];
    if (a->step == STEP_BEGIN) {
        if (json && a->pv == 0)
            buf_str(&a->out, "[ \n");
        begin_pv(a, channel);
    } else if (a->step == STEP_SAMPLES) {
        samples(a, channel);
    } else {
        end_pv(a, channel);
    }
}

int64_t reply_fill(void *reply, char *to, size_t max)
{
    struct reply *a = reply;
    if (a->sent) { /* what is left is less than a piece */
        a->out.len -= a->sent;
        memmove(a->out.data, a->out.data + a->sent, a->out.len);
        a->sent = 0;
    }
    while (!a->done && a->out.len - a->sent < max)
        advance(a);
    size_t n = a->out.len - a->sent < max ? a->out.len - a->sent : max;
    if (!n)
        return -1; /* 0 would mean "nothing yet" */
    memcpy(to, a->out.data + a->sent, n);
    a->sent += n;
    return (int64_t)n;
}
