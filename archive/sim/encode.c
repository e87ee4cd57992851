/* Wire formats of the Archiver Appliance; field numbers of EPICSEvent.proto. A raw line is made first, then
 * copied with its three special bytes escaped: that costs less than checking every byte while it is made.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/encode.h"

#include "base/time/timefmt.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPE 0x1b

static unsigned char *put_varint(unsigned char *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (unsigned char)(v | 0x80);
        v >>= 7;
    }
    *p++ = (unsigned char)v;
    return p;
}

static unsigned char *put_little(unsigned char *p, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *p++ = (unsigned char)(v >> (8 * i));
    return p;
}

/* A line feed ends a message, so it may not stand inside one, nor may a carriage return (PB file format,
 * "escaping"). Most bytes are above the escape sign and take one comparison. */
static size_t escape(unsigned char *to, const unsigned char *from, size_t n)
{
    unsigned char *p = to;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = from[i];
        if (c > ESCAPE || (c != ESCAPE && c != '\n' && c != '\r')) {
            *p++ = c;
            continue;
        }
        *p++ = ESCAPE;
        *p++ = c == ESCAPE ? 1 : c == '\n' ? 2 : 3;
    }
    *p++ = '\n';
    return (size_t)(p - to);
}

/* Headers and events with fields have no bound: escaped in pieces of a hundred bytes, twice that at most. */
static void add_line(struct buf *out, const struct buf *raw)
{
    unsigned char piece[256];
    for (size_t at = 0; at < raw->len; at += 100) {
        size_t n = raw->len - at < 100 ? raw->len - at : 100;
        size_t len = escape(piece, (const unsigned char *)raw->data + at, n);
        buf_add(out, piece, len - (at + n < raw->len)); /* the line ends after the last piece */
    }
}

static void add_bytes(struct buf *raw, int field, const void *data, size_t n)
{
    unsigned char head[12];
    unsigned char *p = put_varint(head, (uint64_t)field << 3 | 2);
    p = put_varint(p, n);
    buf_add(raw, head, (size_t)(p - head));
    buf_add(raw, data, n);
}

static void add_field(struct buf *raw, int number, const struct encode_field *f)
{
    struct buf inner = {0};
    add_bytes(&inner, 1, f->name, strlen(f->name));
    add_bytes(&inner, 2, f->value, strlen(f->value));
    add_bytes(raw, number, inner.data, inner.len);
    buf_free(&inner);
}

void encode_pb_header(struct buf *out, int type, const char *pv, int year, const struct encode_field fields[],
                      size_t n)
{
    struct buf raw = {0};
    unsigned char small[12], *p = small;
    *p++ = 0x08;
    p = put_varint(p, (uint64_t)type);
    buf_add(&raw, small, (size_t)(p - small));
    add_bytes(&raw, 2, pv, strlen(pv));
    p = small;
    *p++ = 0x18;
    p = put_varint(p, (uint64_t)year);
    *p++ = 0x20;
    *p++ = 1; /* element count */
    buf_add(&raw, small, (size_t)(p - small));
    for (size_t i = 0; i < n; i++)
        add_field(&raw, 15, &fields[i]);
    add_line(out, &raw);
    buf_free(&raw);
}

/* The message without its fields. */
static size_t raw_sample(unsigned char *raw, int type, int64_t year_start, const struct sample *s)
{
    unsigned char *p = raw;
    int64_t second = s->t / NS_PER_S;
    *p++ = 0x08; /* field 1, varint: seconds into the year */
    p = put_varint(p, (uint64_t)(second - year_start));
    *p++ = 0x10; /* 2: nanoseconds */
    p = put_varint(p, (uint64_t)(s->t - second * NS_PER_S));
    if (type == ENCODE_INT) {
        *p++ = 0x1d; /* 3: the value, sfixed32 … */
        p = put_little(p, (uint64_t)(int64_t)s->value, 4);
    } else {
        uint64_t bits;
        memcpy(&bits, &s->value, sizeof bits);
        *p++ = 0x19; /* … or double */
        p = put_little(p, bits, 8);
    }
    if (s->severity) { /* 4 and 5; zero is the default and not sent */
        *p++ = 0x20;
        *p++ = s->severity;
    }
    if (s->status) {
        *p++ = 0x28;
        *p++ = s->status;
    }
    return (size_t)(p - raw);
}

size_t encode_pb_sample(unsigned char *to, int type, int64_t year_start, const struct sample *s)
{
    unsigned char raw[32];
    return escape(to, raw, raw_sample(raw, type, year_start, s));
}

void encode_pb_sample_fields(struct buf *out, int type, int64_t year_start, const struct sample *s,
                             const struct encode_field fields[], size_t n, int actual_change)
{
    struct buf raw = {0};
    unsigned char start[32];
    buf_add(&raw, start, raw_sample(start, type, year_start, s));
    for (size_t i = 0; i < n; i++)
        add_field(&raw, 7, &fields[i]);
    if (actual_change >= 0)
        buf_add(&raw, (const char[]){0x40, (char)actual_change}, 2);
    add_line(out, &raw);
    buf_free(&raw);
}

/* Digits d.ddd…E±x of the shortest text that reads back as v; returns the exponent. */
static int shortest(char digits[24], double v)
{
    char text[40];
    for (int precision = 14;; precision++) { /* 17 digits always do */
        snprintf(text, sizeof text, "%.*e", precision, v);
        if (precision == 16 || strtod(text, NULL) == v)
            break;
    }
    char *e = strchr(text, 'e');
    size_t n = 0;
    for (const char *p = text; p < e; p++)
        if (*p != '.')
            digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    digits[n] = '\0';
    return (int)strtol(e + 1, NULL, 10);
}

char *encode_double(char out[ENCODE_DOUBLE_LEN], double v)
{
    if (!isfinite(v) || v == 0) {
        snprintf(out, ENCODE_DOUBLE_LEN, "%s",
                 isnan(v) ? "NaN"
                 : v == 0 ? signbit(v) ? "-0.0" : "0.0"
                 : v > 0  ? "Infinity"
                          : "-Infinity");
        return out;
    }
    char digits[24];
    const char *sign = v < 0 ? "-" : "";
    int x = shortest(digits, fabs(v)), n = (int)strlen(digits);
    if (x < -3 || x >= 7) /* Double.toString: computerized scientific notation from 10^7 on and below 10^-3 */
        snprintf(out, ENCODE_DOUBLE_LEN, "%s%c.%sE%d", sign, digits[0], n > 1 ? digits + 1 : "0", x);
    else if (x < 0)
        snprintf(out, ENCODE_DOUBLE_LEN, "%s0.%.*s%s", sign, -x - 1, "00", digits);
    else if (n <= x + 1)
        snprintf(out, ENCODE_DOUBLE_LEN, "%s%s%.*s.0", sign, digits, x + 1 - n, "0000000");
    else
        snprintf(out, ENCODE_DOUBLE_LEN, "%s%.*s.%s", sign, x + 1, digits, digits + x + 1);
    return out;
}

char *encode_value(char out[ENCODE_DOUBLE_LEN], int type, double v)
{
    if (type != ENCODE_INT)
        return encode_double(out, v);
    snprintf(out, ENCODE_DOUBLE_LEN, "%" PRId64, (int64_t)v);
    return out;
}

int encode_year(tstamp_ns t, int64_t *start)
{
    int year, month, day;
    timefmt_civil(t / NS_PER_DAY, &year, &month, &day);
    *start = timefmt_days(year, 1, 1) * 86400;
    return year;
}
