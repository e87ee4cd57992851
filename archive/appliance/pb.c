/* Decoder of the Archiver Appliance's PB stream; see pb.h. protobuf-c does the messages, its memory
 * comes from an arena that is reset per line. Samples of the commonest shape, a SCALAR_DOUBLE with
 * time, value and at most severity and status, are read by hand first (double_by_hand): anything
 * else goes to protobuf-c, which gives the same for those too.
 * SPDX-License-Identifier: MIT */
#include "archive/appliance/pb.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/time/timefmt.h"

#include <archive/appliance/pb.pb-c.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ESC 0x1B
#define MAX_LINE ((size_t)64 << 20)
#define ARENA_MIN ((size_t)64 << 10)
#define ARENA_PER_BYTE 16                  /* of a line; lines that need more are damaged */
#define LAST_INSTANT_S INT64_C(7258118400) /* 2200-01-01 */
#define LAST_SECOND (366u * 86400u + 1u)   /* of a leap year with a leap second */

struct arena {
    char *memory;
    size_t used, cap;
};

struct pb_decoder {
    struct pb_options o;
    struct pb_counts counts;
    ProtobufCAllocator allocator;
    struct arena arena;
    struct buf carry; /* start of a line whose end has not come */
    struct buf plain; /* a line without its escapes */
    bool in_chunk;    /* the next line is a sample, not a header */
    bool unreadable;  /* this chunk's header could not be read */
    int type;
    tstamp_ns year_start;
    size_t n;
    struct sample block[PB_BLOCK];
};

/* ---- memory ---------------------------------------------------------------------------------- */

static void *arena_alloc(void *arg, size_t size)
{
    struct arena *a = arg;
    size = (size + 15) & ~(size_t)15;
    if (size > a->cap - a->used)
        return NULL; /* protobuf-c then gives up this message */
    void *p = a->memory + a->used;
    a->used += size;
    return p;
}

static void arena_free(void *arg, void *p)
{
    (void)arg;
    (void)p;
}

static void arena_reset(struct arena *a, size_t line)
{
    size_t need = line * ARENA_PER_BYTE;
    if (need < ARENA_MIN)
        need = ARENA_MIN;
    if (need > a->cap) {
        a->memory = xreallocarray(a->memory, need, 1);
        a->cap = need;
    }
    a->used = 0;
}

struct pb_decoder *pb_new(void)
{
    struct pb_decoder *d = xcalloc(1, sizeof *d);
    d->allocator = (ProtobufCAllocator){arena_alloc, arena_free, &d->arena};
    return d;
}

void pb_free(struct pb_decoder *d)
{
    if (!d)
        return;
    free(d->arena.memory);
    buf_free(&d->carry);
    buf_free(&d->plain);
    free(d);
}

void pb_start(struct pb_decoder *d, const struct pb_options *o)
{
    d->o = *o;
    d->counts = (struct pb_counts){0};
    buf_reset(&d->carry);
    d->in_chunk = d->unreadable = false;
    d->n = 0;
}

const struct pb_counts *pb_counts(const struct pb_decoder *d)
{
    return &d->counts;
}

/* ---- headers --------------------------------------------------------------------------------- */

static void flush(struct pb_decoder *d)
{
    if (d->n)
        d->o.on_samples(d->o.arg, d->block, d->n);
    d->n = 0;
}

/* Unix seconds as a header writes them; 0, not told, for what no archiver can have seen. */
static tstamp_ns instant_of(const char *seconds)
{
    long long s = strtoll(seconds, NULL, 10);
    return s > 0 && s < LAST_INSTANT_S ? s * NS_PER_S : 0;
}

char *pb_type_words(char out[PB_TYPE_LEN], int type, int element_count)
{
    static const char *const names[] = {"text", "short", "float", "enumeration", "byte", "int", "double"};
    const int kinds = sizeof names / sizeof *names;
    if (type >= 0 && type < kinds)
        snprintf(out, PB_TYPE_LEN, "%s", names[type]);
    else if (type >= kinds && type < 2 * kinds)
        snprintf(out, PB_TYPE_LEN, "array of %d %s", element_count, names[type - kinds]);
    else
        snprintf(out, PB_TYPE_LEN, "a structure");
    return out;
}

static void header_line(struct pb_decoder *d, const uint8_t *p, size_t n)
{
    arena_reset(&d->arena, n);
    const Psmon__Pb__PayloadInfo *m = psmon__pb__payload_info__unpack(&d->allocator, n, p);
    d->in_chunk = true;
    d->unreadable = !m || m->year < 1970 || m->year > 2200;
    d->counts.disconnected = false;
    if (d->unreadable) {
        d->counts.bad_lines++;
        return;
    }
    d->counts.headers++;
    d->type = m->type;
    d->year_start = timefmt_days(m->year, 1, 1) * NS_PER_DAY;
    const char *unit = "";
    for (size_t i = 0; i < m->n_headers; i++) {
        if (strcmp(m->headers[i]->name, "EGU") == 0)
            unit = m->headers[i]->val;
        if (strcmp(m->headers[i]->name, "cnxlostepsecs") == 0) {
            d->counts.disconnected = true;
            d->counts.lost = instant_of(m->headers[i]->val);
        }
    }
    if (d->o.on_header)
        d->o.on_header(d->o.arg,
                       &(struct pb_header){.type = m->type,
                                           .year = m->year,
                                           .pv = m->pvname,
                                           .unit = unit,
                                           .element_count = m->has_elementcount ? m->elementcount : 1});
}

/* ---- samples --------------------------------------------------------------------------------- */

/* The first sample after a connection loss or a restart of the engine carries these. */
static bool reconnected(size_t n, Psmon__Pb__FieldValue *const field[])
{
    for (size_t i = 0; i < n; i++) {
        const char *name = field[i]->name;
        if (strcmp(name, "cnxregainedepsecs") == 0 || strcmp(name, "cnxlostepsecs") == 0 ||
            strcmp(name, "startup") == 0)
            return true;
    }
    return false;
}

static bool take(struct pb_decoder *d, uint32_t second, uint32_t nano, double value, int32_t severity,
                 int32_t status, bool after_loss)
{
    if (second > LAST_SECOND || nano >= NS_PER_S)
        return false;
    tstamp_ns t = d->year_start + second * NS_PER_S + nano;
    if (t < d->o.earliest || t > d->o.latest) {
        d->counts.wrong_time++;
        return true;
    }
    bool number = pb_is_number(d->type);
    d->counts.samples++;
    d->counts.disconnected = false;
    d->block[d->n++] = (struct sample){
        .t = t,
        .value = value,
        .severity = severity < 0 || severity > SEVERITY_INVALID ? SEVERITY_INVALID : (uint8_t)severity,
        .status = (uint8_t)status,
        .flags = (uint16_t)((after_loss ? SAMPLE_RECONNECTED : 0) | (number ? 0 : SAMPLE_NOT_NUMBER)),
    };
    d->counts.not_numbers += !number;
    if (d->n == PB_BLOCK)
        flush(d);
    return true;
}

/* 1 to 5 bytes of a varint that fits 32 bits; NULL: none. */
static inline const uint8_t *varint32(const uint8_t *p, const uint8_t *end, uint32_t *out)
{
    uint32_t v = 0;
    for (unsigned shift = 0; shift < 35 && p < end; shift += 7) {
        uint8_t byte = *p++;
        if (shift == 28 && byte > 15)
            return NULL;
        v |= (uint32_t)(byte & 127) << shift;
        if (byte < 128) {
            *out = v;
            return p;
        }
    }
    return NULL;
}

/* Whether the line is a ScalarDouble of exactly 1 second, 2 nano, 3 val and then at most 4 severity
 * and 5 status, in this order, and was taken. False says nothing: protobuf-c has to look at it. */
static bool double_by_hand(struct pb_decoder *d, const uint8_t *p, size_t n)
{
    const uint8_t *end = p + n;
    uint32_t second, nano, severity = 0, status = 0;
    double value;
    if (n < 13 || *p++ != 0x08 || !(p = varint32(p, end, &second)) || p == end || *p++ != 0x10 ||
        !(p = varint32(p, end, &nano)) || end - p < 9 || *p++ != 0x19)
        return false;
    memcpy(&value, p, sizeof value);
    p += sizeof value;
    if (p < end && *p == 0x20 && !(p = varint32(p + 1, end, &severity)))
        return false;
    if (p < end && *p == 0x28 && !(p = varint32(p + 1, end, &status)))
        return false;
    if (p != end || severity > INT32_MAX || status > INT32_MAX)
        return false;
    return take(d, second, nano, value, (int32_t)severity, (int32_t)status, false);
}

#define TAKE(m, value)                                                                    \
    ((m) && take(d, (m)->secondsintoyear, (m)->nano, (value), (m)->severity, (m)->status, \
                 reconnected((m)->n_fieldvalues, (m)->fieldvalues)))

static bool sample_by_protobuf(struct pb_decoder *d, const uint8_t *p, size_t n)
{
    ProtobufCAllocator *a = &d->allocator;
    arena_reset(&d->arena, n);
    switch (d->type) {
    case PB_SCALAR_DOUBLE: {
        const Psmon__Pb__ScalarDouble *m = psmon__pb__scalar_double__unpack(a, n, p);
        return TAKE(m, m->val);
    }
    case PB_SCALAR_FLOAT: {
        const Psmon__Pb__ScalarFloat *m = psmon__pb__scalar_float__unpack(a, n, p);
        return TAKE(m, (double)m->val);
    }
    case PB_SCALAR_INT: {
        const Psmon__Pb__ScalarInt *m = psmon__pb__scalar_int__unpack(a, n, p);
        return TAKE(m, m->val);
    }
    case PB_SCALAR_SHORT:
    case PB_SCALAR_ENUM: {
        const Psmon__Pb__ScalarShort *m = psmon__pb__scalar_short__unpack(a, n, p);
        return TAKE(m, m->val);
    }
    case PB_SCALAR_BYTE: {
        const Psmon__Pb__ScalarByte *m = psmon__pb__scalar_byte__unpack(a, n, p);
        return TAKE(m, m->val.len == 1 ? (int8_t)m->val.data[0] : (double)NAN);
    }
    default: {
        const Psmon__Pb__Untyped *m = psmon__pb__untyped__unpack(a, n, p);
        return TAKE(m, (double)NAN);
    }
    }
}

static void sample_line(struct pb_decoder *d, const uint8_t *p, size_t n)
{
    if (d->unreadable)
        return;
    if (d->type == PB_SCALAR_DOUBLE && double_by_hand(d, p, n))
        return;
    if (!sample_by_protobuf(d, p, n))
        d->counts.bad_lines++;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Removes escapes into d->plain: 1B 01 is 1B, 1B 02 is 0A, 1B 03 is 0D, another second byte
 * stays. */
static void unescape(struct pb_decoder *d, const uint8_t **line, size_t *n)
{
    const uint8_t *p = *line, *end = p + *n, *esc;
    buf_reset(&d->plain);
    while ((esc = memchr(p, ESC, (size_t)(end - p))) && esc + 1 < end) {
        uint8_t second = esc[1];
        char c = second == 1 ? ESC : second == 2 ? '\n' : second == 3 ? '\r' : (char)second;
        buf_add(&d->plain, p, (size_t)(esc - p));
        buf_add(&d->plain, &c, 1);
        p = esc + 2;
    }
    buf_add(&d->plain, p, (size_t)(end - p));
    *line = (const uint8_t *)buf_text(&d->plain);
    *n = d->plain.len;
}

/* One line without its line feed. Nothing is stripped: a message may end in a byte that looks like
 * a blank. */
static void one_line(struct pb_decoder *d, const uint8_t *p, size_t n)
{
    if (n == 0) {
        flush(d);
        d->in_chunk = false;
        return;
    }
    if (memchr(p, ESC, n))
        unescape(d, &p, &n);
    if (d->in_chunk)
        sample_line(d, p, n);
    else
        header_line(d, p, n);
}

int pb_feed(struct pb_decoder *d, const void *data, size_t n, struct err *err)
{
    const uint8_t *p = data, *end = p + n, *lf;
    while (p < end && (lf = memchr(p, '\n', (size_t)(end - p)))) {
        if (d->carry.len) {
            buf_add(&d->carry, p, (size_t)(lf - p));
            one_line(d, (const uint8_t *)d->carry.data, d->carry.len);
            buf_reset(&d->carry);
        } else {
            one_line(d, p, (size_t)(lf - p));
        }
        p = lf + 1;
    }
    if (p < end)
        buf_add(&d->carry, p, (size_t)(end - p));
    flush(d);
    if (d->carry.len > MAX_LINE)
        return err_set(err, ERR_DATA, "a line of more than %zu MiB", MAX_LINE >> 20);
    return 0;
}

int pb_end(struct pb_decoder *d, struct err *err)
{
    if (d->carry.len)
        return err_set(err, ERR_DATA, "the last line is incomplete");
    if (d->counts.bad_lines && !d->counts.headers)
        return err_set(err, ERR_DATA, "not in PB format");
    if (d->counts.bad_lines)
        return err_set(err, ERR_DATA, "%llu damaged lines", (unsigned long long)d->counts.bad_lines);
    return 0;
}
