/* The PB decoder on recorded answers of a real appliance and on damaged ones. White box: the fast
 * path is compared with protobuf-c. SPDX-License-Identifier: MIT */
#include "archive/appliance/pb.c"
#include "tests/near.h"

#include <glob.h>
#include <stdio.h>

#define DIR "tests/golden/archiver/"

struct row { /* one sample and where it came from */
    struct sample s;
    int chunk;
};

struct decoded {
    struct row *row;
    size_t n, cap;
    struct {
        int type, year, count;
        char pv[64];
    } header[16];
    int headers;
    struct pb_counts counts;
    int end;
    struct err err;
};

static void on_header(void *arg, const struct pb_header *h)
{
    struct decoded *r = arg;
    assert_true(r->headers < 16);
    r->header[r->headers].type = h->type;
    r->header[r->headers].year = h->year;
    r->header[r->headers].count = h->element_count;
    snprintf(r->header[r->headers++].pv, 64, "%s", h->pv);
}

static void on_samples(void *arg, const struct sample *s, size_t n)
{
    struct decoded *r = arg;
    assert_true(n > 0 && n <= PB_BLOCK);
    xgrow(&r->row, &r->cap, r->n + n, sizeof *r->row);
    for (size_t i = 0; i < n; i++)
        r->row[r->n++] = (struct row){s[i], r->headers - 1};
}

static struct pb_options options(struct decoded *r)
{
    return (struct pb_options){INT64_MIN, INT64_MAX, on_header, on_samples, r};
}

/* Feeds pieces of `piece` bytes after a first one of `first`, each in its own allocation for
 * ASAN. */
static struct decoded decode_with(struct pb_options o, const char *data, size_t n, size_t first, size_t piece)
{
    struct decoded r = {0};
    o.arg = &r;
    struct pb_decoder *d = pb_new();
    pb_start(d, &o);
    for (size_t i = 0, k = first; i < n; i += k, k = piece) {
        k = k > n - i ? n - i : k;
        char *copy = malloc(k ? k : 1);
        memcpy(copy, data + i, k);
        assert_int_equal(pb_feed(d, copy, k, &r.err), 0);
        free(copy);
        if (k == 0 && piece == 0)
            break;
    }
    r.end = pb_end(d, &r.err);
    r.counts = *pb_counts(d);
    pb_free(d);
    return r;
}

static struct decoded decode(const char *data, size_t n, size_t first, size_t piece)
{
    return decode_with(options(NULL), data, n, first, piece);
}

static char *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s", path);
    char *data = xcalloc(1 << 20, 1);
    *n = fread(data, 1, (1 << 20) - 1, f);
    fclose(f);
    return data;
}

/* The body of a recorded answer without its chunked coding. */
static char *body_of(const char *name, size_t *n)
{
    char path[256];
    snprintf(path, sizeof path, DIR "%s.http", name);
    char *all = read_file(path, n), *body = strstr(all, "\r\n\r\n") + 4;
    size_t left = *n - (size_t)(body - all);
    char *chunked = strstr(all, "Transfer-Encoding: chunked"), *out = xcalloc(left + 1, 1);
    *n = 0;
    if (!chunked || chunked > body) {
        memcpy(out, body, left);
        *n = left;
    } else {
        for (char *p = body;;) {
            size_t k = strtoul(p, &p, 16);
            if (k == 0)
                break;
            memcpy(out + *n, p + 2, k);
            *n += k;
            p += 2 + k;
        }
    }
    free(all);
    return out;
}

static size_t split(char *line, char *field[], size_t max)
{
    size_t n = 0;
    for (char *p = line; p && n < max;) {
        field[n++] = p;
        p = strchr(p, ',');
        if (p)
            *p++ = '\0';
    }
    return n;
}

static int64_t integer(const char *text)
{
    char *end;
    int64_t v = strtoll(text, &end, 10);
    assert_true(end != text && *end == '\0');
    return v;
}

static void compare_with_csv(const char *name, const struct decoded *r)
{
    char path[256];
    size_t n, i = 0;
    int headers = 0;
    snprintf(path, sizeof path, DIR "%s.csv", name);
    char *text = read_file(path, &n), *rest = NULL, *f[10];
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        size_t fields = split(line, f, 10);
        if (*f[0] == 'H') {
            assert_true(fields >= 6);
            assert_int_equal(r->header[headers].type, integer(f[2]));
            assert_string_equal(r->header[headers].pv, f[3]);
            assert_int_equal(r->header[headers].year, integer(f[4]));
            assert_int_equal(r->header[headers].count, *f[5] ? integer(f[5]) : 1);
            headers++;
            continue;
        }
        assert_int_equal(fields, 10);
        if (i >= r->n)
            fail_msg("%s: only %zu samples", name, i);
        const struct row *got = &r->row[i++];
        int type = r->header[integer(f[1])].type;
        bool number = type >= PB_SCALAR_SHORT && type <= PB_SCALAR_DOUBLE;
        double want = number ? strtod(f[4], NULL) : (double)NAN;
        assert_int_equal(got->chunk, integer(f[1]));
        assert_int_equal(got->s.t, integer(f[2]) * NS_PER_S + integer(f[3]));
        if (!(got->s.value == want || (isnan(got->s.value) && isnan(want))))
            fail_msg("%s: sample %zu: %.17g, want %.17g", name, i, got->s.value, want);
        assert_int_equal(got->s.severity, integer(f[5]));
        assert_int_equal(got->s.status, integer(f[6]));
        assert_int_equal(got->s.flags,
                         (strstr(f[9], "cnx") ? SAMPLE_RECONNECTED : 0) | (number ? 0 : SAMPLE_NOT_NUMBER));
    }
    assert_int_equal(i, r->n);
    assert_int_equal(headers, r->headers);
    free(text);
}

static void recorded_answers(void **state)
{
    (void)state;
    glob_t g;
    assert_int_equal(glob(DIR "*.csv", 0, NULL, &g), 0);
    assert_int_equal(g.gl_pathc, 35);
    size_t samples = 0;
    for (size_t i = 0; i < g.gl_pathc; i++) {
        char name[128];
        size_t n;
        const char *base = g.gl_pathv[i] + strlen(DIR);
        snprintf(name, sizeof name, "%.*s", (int)(strlen(base) - 4), base);
        char *body = body_of(name, &n);
        struct decoded r = decode(body, n, 1448, 1448);
        assert_int_equal(r.end, 0);
        assert_int_equal(r.counts.bad_lines, 0);
        assert_int_equal(r.counts.samples, r.n);
        compare_with_csv(name, &r);
        samples += r.n;
        free(r.row);
        free(body);
    }
    globfree(&g);
    assert_int_equal(samples, 7092);
}

static void same(const struct decoded *a, const struct decoded *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(a->row[i].s.t, b->row[i].s.t);
        assert_memory_equal(&a->row[i].s.value, &b->row[i].s.value, sizeof(double));
        assert_int_equal(a->row[i].s.flags, b->row[i].s.flags);
        assert_int_equal(a->row[i].chunk, b->row[i].chunk);
    }
}

static const char *const cut_files[] = {
    "getdata_raw_waveform",         "getdata_raw_enum",
    "getdata_raw_reconnect",        "getdata_raw_string",
    "forpvs_raw_newyear_from_2026", "getdata_raw_typechange_float_double",
};

static void cut_at_every_byte(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof cut_files / sizeof *cut_files; f++) {
        size_t n;
        char *body = body_of(cut_files[f], &n);
        struct decoded whole = decode(body, n, n, n), bytes = decode(body, n, 1, 1);
        assert_true(whole.n > 0);
        assert_int_equal(bytes.n, whole.n);
        same(&bytes, &whole, whole.n);
        for (size_t k = 1; k < n; k++) {
            struct decoded r = decode(body, n, k, n);
            assert_int_equal(r.end, 0);
            assert_int_equal(r.n, whole.n);
            assert_int_equal(r.headers, whole.headers);
            same(&r, &whole, whole.n);
            free(r.row);
        }
        free(bytes.row);
        free(whole.row);
        free(body);
    }
}

/* A stream that ends anywhere gives the first samples, and says when its last line is not whole. */
static void ended_at_every_byte(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof cut_files / sizeof *cut_files; f++) {
        size_t n;
        char *body = body_of(cut_files[f], &n);
        struct decoded whole = decode(body, n, n, n);
        for (size_t k = 1; k < n; k++) {
            struct decoded r = decode(body, k, k, k);
            assert_int_equal(r.end, body[k - 1] == '\n' ? 0 : ERR_DATA);
            assert_true(r.n <= whole.n);
            same(&r, &whole, r.n);
            free(r.row);
        }
        free(whole.row);
        free(body);
    }
}

/* ---- streams made here ----------------------------------------------------------------------- */

static void add_varint(struct buf *b, uint64_t v)
{
    for (; v > 127; v >>= 7)
        buf_add(b, &(char){(char)((v & 127) | 128)}, 1);
    buf_add(b, &(char){(char)v}, 1);
}

static void end_line(struct buf *out, struct buf *line)
{
    for (size_t i = 0; i < line->len; i++) {
        char c = line->data[i];
        if (c == 0x1b)
            buf_add(out, "\x1b\x01", 2);
        else if (c == '\n')
            buf_add(out, "\x1b\x02", 2);
        else if (c == '\r')
            buf_add(out, "\x1b\x03", 2);
        else
            buf_add(out, &c, 1);
    }
    buf_str(out, "\n");
    buf_reset(line);
}

static void add_header(struct buf *out, int type, int year)
{
    struct buf line = {0};
    buf_add(&line, "\x08", 1);
    add_varint(&line, (uint64_t)type);
    buf_add(&line, "\x12\x02PV\x18", 5);
    add_varint(&line, (uint64_t)year);
    end_line(out, &line);
    buf_free(&line);
}

static void add_double(struct buf *out, uint32_t second, uint32_t nano, double v, int severity, int status)
{
    struct buf line = {0};
    buf_add(&line, "\x08", 1);
    add_varint(&line, second);
    buf_add(&line, "\x10", 1);
    add_varint(&line, nano);
    buf_add(&line, "\x19", 1);
    buf_add(&line, &v, sizeof v);
    if (severity) {
        buf_add(&line, "\x20", 1);
        add_varint(&line, (uint64_t)severity);
    }
    if (status) {
        buf_add(&line, "\x28", 1);
        add_varint(&line, (uint64_t)status);
    }
    end_line(out, &line);
    buf_free(&line);
}

static double from_bits(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Values whose bytes are all escapes, line ends and blanks, the last byte of the line included. */
static void awkward_bytes(void **state)
{
    (void)state;
    static const uint64_t bits[] = {
        0x1b0a0d1b0a0d1b0a, 0x0a0a0a0a0a0a0a0a, 0x201b1b1b1b1b1b1b, 0x2020202020202020,
        0x0d0d0d0d0d0d0d0d, 0x0a01021b03010203, 0x1b01010101010101, 0x0020202020200a0d,
    };
    tstamp_ns start = timefmt_days(2026, 1, 1) * NS_PER_DAY + 27 * NS_PER_S + 10;
    struct buf b = {0};
    add_header(&b, PB_SCALAR_DOUBLE, 2026);
    for (size_t i = 0; i < 8; i++)
        add_double(&b, 27 + (uint32_t)i, 10, from_bits(bits[i]), i == 2 ? 3 : 0,
                   i == 3   ? 13
                   : i == 4 ? 32
                            : 0);
    for (size_t k = 1; k < b.len; k++) {
        struct decoded r = decode(b.data, b.len, k, b.len);
        assert_int_equal(r.end, 0);
        assert_int_equal(r.n, 8);
        for (size_t i = 0; i < 8; i++) {
            uint64_t got;
            memcpy(&got, &r.row[i].s.value, sizeof got);
            assert_int_equal(got, bits[i]);
            assert_int_equal(r.row[i].s.t, start + (tstamp_ns)i * NS_PER_S);
        }
        assert_int_equal(r.row[2].s.severity, SEVERITY_INVALID);
        assert_int_equal(r.row[3].s.status, 13);
        assert_int_equal(r.row[4].s.status, 32);
        free(r.row);
    }
    buf_free(&b);
}

static void scalar_types(void **state)
{
    (void)state;
    static const struct {
        int type;
        const char *line;
        size_t n;
        double want;
    } cases[] = {
        {PB_SCALAR_SHORT, "\x08\x01\x10\x02\x18\x05", 6, -3},
        {PB_SCALAR_ENUM, "\x08\x01\x10\x02\x18\x06", 6, 3},
        {PB_SCALAR_INT, "\x08\x01\x10\x02\x1d\xfe\xff\xff\xff", 9, -2},
        {PB_SCALAR_FLOAT, "\x08\x01\x10\x02\x1d\x00\x00\x18\x40", 9, 2.375},
        {PB_SCALAR_BYTE, "\x08\x01\x10\x02\x1a\x01\xfb", 7, -5},
        {PB_SCALAR_BYTE, "\x08\x01\x10\x02\x1a\x00", 6, NAN},
        {PB_SCALAR_STRING, "\x08\x01\x10\x02\x1a\x02hi", 8, NAN},
        {PB_WAVEFORM_DOUBLE, "\x08\x01\x10\x02", 4, NAN}, /* of no elements */
        {PB_V4_GENERIC_BYTES, "\x08\x01\x10\x02\x1a\x01x\x48\x07", 9, NAN},
        {99, "\x08\x01\x10\x02\x1a\x01x", 7, NAN}, /* a type of tomorrow */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = {0}, line = {0};
        add_header(&b, cases[i].type, 2026);
        buf_add(&line, cases[i].line, cases[i].n);
        end_line(&b, &line);
        struct decoded r = decode(b.data, b.len, b.len, b.len);
        assert_int_equal(r.end, 0);
        assert_int_equal(r.n, 1);
        assert_near(r.row[0].s.value, cases[i].want, 0, 0);
        assert_int_equal(r.row[0].s.t % NS_PER_MIN, NS_PER_S + 2);
        bool number = cases[i].type >= PB_SCALAR_SHORT && cases[i].type <= PB_SCALAR_DOUBLE;
        assert_int_equal(r.counts.not_numbers, !number);
        assert_int_equal(r.row[0].s.flags, number ? 0 : SAMPLE_NOT_NUMBER);
        free(r.row);
        buf_free(&b);
        buf_free(&line);
    }
}

/* In a multi-PV answer at New Year the second PV's sample before start comes twelve months late. */
static void wrong_year_is_rejected(void **state)
{
    (void)state;
    size_t n;
    char *body = body_of("forpvs_raw_newyear_from_2026", &n);
    struct pb_options o = options(NULL);
    o.earliest = timefmt_days(2025, 12, 31) * NS_PER_DAY;
    o.latest = timefmt_days(2026, 1, 2) * NS_PER_DAY;
    struct decoded r = decode_with(o, body, n, n, n);
    assert_int_equal(r.end, 0);
    assert_int_equal(r.counts.wrong_time, 2);
    assert_int_equal(r.n, 16);
    for (size_t i = 0; i < r.n; i++)
        assert_true(r.row[i].s.t < timefmt_days(2026, 1, 2) * NS_PER_DAY);
    free(r.row);
    free(body);
}

static void connection_marks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool disconnected;
        tstamp_ns lost_s;
        size_t marks;
    } cases[] = {
        {"getdata_raw_disconnected", true, 1795314056, 0}, /* now: header-only last chunk */
        /* "cnxlostepsecs=0" after an engine restart */
        {"getdata_raw_reconnect", false, 0, 1},
        {"getdata_raw_reconnect_ioc", false, 0, 1},
        {"getdata_raw_future_setc", false, 0, 1}, /* repeated on the sample before start */
        {"getdata_raw_double_15min", false, 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n, marks = 0;
        char *body = body_of(cases[i].name, &n);
        struct decoded r = decode(body, n, n, n);
        assert_int_equal(r.counts.disconnected, cases[i].disconnected);
        if (cases[i].disconnected)
            assert_int_equal(r.counts.lost, cases[i].lost_s * NS_PER_S);
        for (size_t k = 0; k < r.n; k++)
            marks += r.row[k].s.flags == SAMPLE_RECONNECTED;
        assert_int_equal(marks, cases[i].marks);
        free(r.row);
        free(body);
    }
}

/* A header that says anything of when the connection was lost. */
static void any_time_of_loss_is_survived(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tstamp_ns lost;
    } cases[] = {
        {"1795314056", 1795314056 * NS_PER_S},
        {"0", 0},
        {"9223372036854775807", 0},
        {"18446744073709551615", 0},
        {"-1", 0},
        {"9223372037", 0},
        {"soon", 0},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = {0}, line = {0};
        size_t len = strlen(cases[i].text);
        buf_str(&line, "\x08\x06\x12\x02PV\x18");
        add_varint(&line, 2026);
        buf_str(&line, "\x7a");
        add_varint(&line, 2 + 13 + 2 + len);
        buf_str(&line, "\x0a\x0d"
                       "cnxlostepsecs"
                       "\x12");
        add_varint(&line, len);
        buf_str(&line, cases[i].text);
        end_line(&b, &line);
        struct decoded r = decode(b.data, b.len, b.len, b.len);
        assert_int_equal(r.end, 0);
        assert_true(r.counts.disconnected);
        assert_int_equal(r.counts.lost, cases[i].lost);
        free(r.row);
        buf_free(&line);
        buf_free(&b);
    }
}

static void damaged_streams(void **state)
{
    (void)state;
    static const char html[] = "<!doctype html>\n<html>\n\n<body>busy</body></html>\n";
    struct decoded r = decode(html, sizeof html - 1, 7, 7);
    assert_int_equal(r.end, ERR_DATA);
    assert_string_equal(r.err.msg, "not in PB format");
    assert_int_equal(r.n, 0);
    struct buf b = {0};
    add_header(&b, PB_SCALAR_DOUBLE, 2026);
    add_double(&b, 1, 0, 2.385, 0, 0);
    buf_str(&b, "rubbish\n");
    add_double(&b, 400 * 86400, 0, 2.385, 0, 0); /* no such second in a year */
    add_double(&b, 1, 1000000000, 2.385, 0, 0);  /* nor such a fraction */
    add_double(&b, 2, 0, 2.386, 7, 0);           /* no such severity: the worst */
    buf_str(&b, "\n\n\n");
    add_header(&b, PB_SCALAR_DOUBLE, 30000);
    add_double(&b, 3, 0, 2.387, 0, 0);
    r = decode(b.data, b.len, b.len, b.len);
    assert_int_equal(r.end, ERR_DATA);
    assert_int_equal(r.counts.bad_lines, 4);
    assert_int_equal(r.n, 2);
    assert_near(r.row[1].s.value, 2.386, 0, 0);
    assert_int_equal(r.row[1].s.severity, SEVERITY_INVALID);
    free(r.row);
    buf_free(&b);
}

static uint64_t random_next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    return *x ^= *x << 17;
}

/* Bytes changed at random: whatever comes out, nothing breaks, and pieces do not matter. */
static void mutated(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252;
    for (int round = 0; round < 2000; round++) {
        size_t n;
        char *body = body_of(cut_files[round % 6], &n);
        for (int k = 0; k < 1 + round % 8; k++)
            body[random_next(&x) % n] = (char)random_next(&x);
        struct decoded a = decode(body, n, n, n), b = decode(body, n, 1 + random_next(&x) % n, 11);
        assert_int_equal(a.end, b.end);
        assert_int_equal(a.n, b.n);
        same(&a, &b, a.n);
        assert_int_equal(a.counts.bad_lines, b.counts.bad_lines);
        free(a.row);
        free(b.row);
        free(body);
    }
}

/* What the hand-written path takes, protobuf-c takes alike. */
static void by_hand_as_protobuf(void **state)
{
    (void)state;
    uint64_t x = 362436069;
    struct decoded hand = {0}, lib = {0};
    struct pb_decoder *d = pb_new(), *e = pb_new();
    struct pb_options o = options(&hand), p = options(&lib);
    o.on_header = p.on_header = NULL;
    pb_start(d, &o);
    pb_start(e, &p);
    d->type = e->type = PB_SCALAR_DOUBLE;
    size_t taken = 0;
    for (int i = 0; i < 200000; i++) {
        struct buf line = {0};
        uint64_t r = random_next(&x);
        buf_add(&line, "\x08", 1);
        add_varint(&line, random_next(&x) >> (r & 7 ? 38 : 20)); /* some beyond 32 bits */
        buf_add(&line, "\x10", 1);
        add_varint(&line, random_next(&x) >> 34);
        uint64_t bits = random_next(&x);
        buf_add(&line, "\x19", 1);
        buf_add(&line, &bits, 8);
        if (r & 8) {
            buf_add(&line, "\x20", 1);
            add_varint(&line, r & 16 ? r >> 62 : random_next(&x));
        }
        if (r & 32) {
            buf_add(&line, "\x28", 1);
            add_varint(&line, r >> 59);
        }
        if ((r >> 8 & 15) == 0)
            line.data[random_next(&x) % line.len] = (char)random_next(&x);
        if ((r >> 12 & 15) == 0)
            line.len -= random_next(&x) % line.len;
        size_t n = line.len;
        uint8_t *exact = malloc(n);
        memcpy(exact, line.data, n);
        struct pb_counts before = d->counts, lib_before = e->counts;
        if (double_by_hand(d, exact, n)) {
            taken++;
            assert_true(sample_by_protobuf(e, exact, n));
            assert_int_equal(d->counts.samples - before.samples, e->counts.samples - lib_before.samples);
        }
        free(exact);
        buf_free(&line);
    }
    flush(d);
    flush(e);
    assert_true(taken > 50000);
    assert_int_equal(hand.n, lib.n);
    for (size_t i = 0; i < hand.n; i++) {
        assert_int_equal(hand.row[i].s.t, lib.row[i].s.t);
        assert_memory_equal(&hand.row[i].s.value, &lib.row[i].s.value, 8);
        assert_int_equal(hand.row[i].s.severity, lib.row[i].s.severity);
        assert_int_equal(hand.row[i].s.status, lib.row[i].s.status);
    }
    free(hand.row);
    free(lib.row);
    pb_free(d);
    pb_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_answers),    cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(ended_at_every_byte), cmocka_unit_test(awkward_bytes),
        cmocka_unit_test(scalar_types),        cmocka_unit_test(wrong_year_is_rejected),
        cmocka_unit_test(connection_marks),    cmocka_unit_test(any_time_of_loss_is_survived),
        cmocka_unit_test(damaged_streams),     cmocka_unit_test(mutated),
        cmocka_unit_test(by_hand_as_protobuf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
