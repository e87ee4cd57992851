/* Transactions as lists of parametrised statements, in memory and as bytes; array parameters.
 * SPDX-License-Identifier: MIT */
#include "base/pg/internal.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OID_INT2 = 21, OID_INT4 = 23, OID_FLOAT4 = 700 }; /* pg_type.dat: fixed for ever */

struct pg_txn *pg_txn_new(void)
{
    return xcalloc(1, sizeof(struct pg_txn));
}

static void statement_alloc(struct pg_txn *t, struct pg_statement *s, const char *sql, int n)
{
    xgrow(&t->statement, &t->cap, t->n + 1, sizeof *t->statement);
    *s = (struct pg_statement){.sql = xstrdup(sql), .n = n};
    s->value = xcalloc((size_t)n, sizeof *s->value);
    s->length = xcalloc((size_t)n, sizeof *s->length);
    s->format = xcalloc((size_t)n, sizeof *s->format);
}

static void value_set(struct pg_statement *s, int i, const void *data, size_t length, bool binary)
{
    s->value[i] = xcalloc(length + 1, 1);
    memcpy(s->value[i], data, length);
    s->length[i] = (int)length;
    s->format[i] = binary;
}

void pg_txn_add(struct pg_txn *t, const char *sql, int n_params, const char *const params[])
{
    struct pg_statement s;
    statement_alloc(t, &s, sql, n_params);
    for (int i = 0; i < n_params; i++)
        if (params[i])
            value_set(&s, i, params[i], strlen(params[i]), false);
    t->statement[t->n++] = s;
}

void pg_txn_add_values(struct pg_txn *t, const char *sql, int n, const struct pg_value values[])
{
    struct pg_statement s;
    statement_alloc(t, &s, sql, n);
    for (int i = 0; i < n; i++)
        if (values[i].data)
            value_set(&s, i, values[i].data, values[i].length, values[i].binary);
    t->statement[t->n++] = s;
}

size_t pg_txn_size(const struct pg_txn *t)
{
    return t->n;
}

void pg_txn_free(struct pg_txn *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++) {
        struct pg_statement *s = &t->statement[i];
        for (int k = 0; k < s->n; k++)
            free(s->value[k]);
        free(s->value);
        free(s->length);
        free(s->format);
        free(s->sql);
    }
    free(t->statement);
    free(t);
}

/* ---- bytes ---- */

static void write_u32(struct buf *b, uint32_t v)
{
    buf_add(b, &v, sizeof v); /* the spool never leaves its machine: native byte order */
}

void pg_txn_write(const struct pg_txn *t, struct buf *b)
{
    write_u32(b, (uint32_t)t->n);
    for (size_t i = 0; i < t->n; i++) {
        const struct pg_statement *s = &t->statement[i];
        write_u32(b, (uint32_t)strlen(s->sql));
        buf_str(b, s->sql);
        write_u32(b, (uint32_t)s->n);
        for (int k = 0; k < s->n; k++) {
            write_u32(b, s->value[k] ? (uint32_t)s->length[k] : UINT32_MAX);
            write_u32(b, (uint32_t)s->format[k]);
            if (s->value[k])
                buf_add(b, s->value[k], (size_t)s->length[k]);
        }
    }
}

struct reader {
    const char *at;
    size_t left;
    bool bad;
};

static const char *take(struct reader *r, size_t n)
{
    if (r->bad || n > r->left) {
        r->bad = true;
        return "";
    }
    const char *p = r->at;
    r->at += n;
    r->left -= n;
    return p;
}

static uint32_t take_u32(struct reader *r)
{
    uint32_t v = 0;
    const char *p = take(r, sizeof v);
    if (!r->bad)
        memcpy(&v, p, sizeof v);
    return v;
}

static void read_statement(struct pg_txn *t, struct reader *r)
{
    uint32_t length = take_u32(r);
    const char *text = take(r, length);
    uint32_t n = take_u32(r);
    if (r->bad || n > r->left) { /* each value takes eight bytes at least */
        r->bad = true;
        return;
    }
    struct pg_statement s;
    char *sql = xcalloc((size_t)length + 1, 1);
    memcpy(sql, text, length);
    statement_alloc(t, &s, sql, (int)n);
    free(sql);
    for (int i = 0; i < s.n && !r->bad; i++) {
        uint32_t size = take_u32(r), format = take_u32(r);
        if (size == UINT32_MAX)
            continue;
        const char *data = take(r, size);
        if (!r->bad)
            value_set(&s, i, data, size, format != 0);
    }
    t->statement[t->n++] = s;
}

int pg_txn_read(struct pg_txn **out, const char *data, size_t n, struct err *err)
{
    struct reader r = {data, n, false};
    struct pg_txn *t = pg_txn_new();
    uint32_t count = take_u32(&r);
    for (uint32_t i = 0; i < count && !r.bad; i++)
        read_statement(t, &r);
    if (r.bad || r.left != 0) {
        pg_txn_free(t);
        return err_set(err, ERR_DATA, "spooled transaction makes no sense");
    }
    *out = t;
    return 0;
}

/* ---- arrays ---- */

static void array_double(struct buf *b, double v, const char *format)
{
    char text[40];
    if (isnan(v))
        buf_str(b, "NaN");
    else if (isinf(v))
        buf_str(b, v > 0 ? "Infinity" : "-Infinity");
    else
        buf_add(b, text, (size_t)snprintf(text, sizeof text, "%.*g", *format == 'f' ? 9 : 17, v));
}

void pg_array_f32(struct buf *b, const float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_str(b, i ? "," : "{");
        array_double(b, (double)v[i], "f");
    }
    buf_str(b, n ? "}" : "{}");
}

void pg_array_f64(struct buf *b, const double *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_str(b, i ? "," : "{");
        array_double(b, v[i], "d");
    }
    buf_str(b, n ? "}" : "{}");
}

void pg_array_i32(struct buf *b, const int32_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%c%d", i ? ',' : '{', (int)v[i]);
    buf_str(b, n ? "}" : "{}");
}

/* Binary array (array_recv in PostgreSQL's arrayfuncs.c): dimensions, has-nulls flag, element type, then
 * size and lower bound of the one dimension, then length and bytes of each element, all big-endian. */
static void binary_head(struct buf *b, uint32_t type, size_t n)
{
    uint32_t head[5] = {htonl(n ? 1 : 0), 0, htonl(type), htonl((uint32_t)n), htonl(1)};
    buf_add(b, head, n ? sizeof head : 3 * sizeof *head);
}

void pg_binary_f32(struct buf *b, const float *v, size_t n)
{
    binary_head(b, OID_FLOAT4, n);
    xgrow(&b->data, &b->cap, b->len + 8 * n + 1, 1);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits, pair[2] = {htonl(4), 0};
        memcpy(&bits, &v[i], sizeof bits);
        pair[1] = htonl(bits);
        memcpy(b->data + b->len + 8 * i, pair, sizeof pair);
    }
    b->len += 8 * n;
    b->data[b->len] = '\0';
}

void pg_binary_i16(struct buf *b, const int16_t *v, size_t n)
{
    static const char length[4] = {0, 0, 0, 2};
    binary_head(b, OID_INT2, n);
    xgrow(&b->data, &b->cap, b->len + 6 * n + 1, 1);
    for (size_t i = 0; i < n; i++) {
        char *at = b->data + b->len + 6 * i;
        uint16_t bits = (uint16_t)v[i];
        memcpy(at, length, sizeof length);
        at[4] = (char)(bits >> 8);
        at[5] = (char)(bits & 0xff);
    }
    b->len += 6 * n;
    b->data[b->len] = '\0';
}

void pg_binary_u8_as_i16(struct buf *b, const uint8_t *v, size_t n)
{
    static const char length[4] = {0, 0, 0, 2};
    binary_head(b, OID_INT2, n);
    xgrow(&b->data, &b->cap, b->len + 6 * n + 1, 1);
    for (size_t i = 0; i < n; i++) {
        char *at = b->data + b->len + 6 * i;
        memcpy(at, length, sizeof length);
        at[4] = 0;
        at[5] = (char)v[i];
    }
    b->len += 6 * n;
    b->data[b->len] = '\0';
}

void pg_binary_i32(struct buf *b, const int32_t *v, size_t n)
{
    binary_head(b, OID_INT4, n);
    for (size_t i = 0; i < n; i++) {
        uint32_t pair[2] = {htonl(4), htonl((uint32_t)v[i])};
        buf_add(b, pair, sizeof pair);
    }
}
