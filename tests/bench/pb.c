/* PB decoding, from the bytes of an HTTP body to struct sample, against the plain way: unescape
 * each line byte by byte into a fresh buffer and unpack it by protobuf-c with malloc. The stream is
 * a day of readings at 1 s as the appliance sends them: 20 bytes and more per sample, every 200th
 * with a severity, one in 5,000 with fields.
 * SPDX-License-Identifier: MIT */
#include "archive/appliance/pb.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/time/clock.h"
#include "tests/bench/proof.h"

#include <archive/appliance/pb.pb-c.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 2000000
#define PIECE 65536

static void escape(struct buf *out, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char two[2] = {0x1b, p[i] == 0x1b ? 1 : p[i] == '\n' ? 2 : 3};
        if (p[i] == 0x1b || p[i] == '\n' || p[i] == '\r')
            buf_add(out, two, 2);
        else
            buf_add(out, &p[i], 1);
    }
    buf_str(out, "\n");
}

static struct buf make_stream(void)
{
    struct buf out = {0};
    uint8_t line[256];
    Psmon__Pb__PayloadInfo h = PSMON__PB__PAYLOAD_INFO__INIT;
    h.type = PB_SCALAR_DOUBLE;
    h.year = 2026;
    h.pvname = (char[]){"SR01:Q1:CurrentM"};
    escape(&out, line, psmon__pb__payload_info__pack(&h, line));
    Psmon__Pb__FieldValue field = PSMON__PB__FIELD_VALUE__INIT, *fields[] = {&field};
    field.name = (char[]){"HIHI"};
    field.val = (char[]){"102.0"};
    uint64_t x = 88172645463325252;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        Psmon__Pb__ScalarDouble s = PSMON__PB__SCALAR_DOUBLE__INIT;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        s.secondsintoyear = 27000000 + i;
        s.nano = (uint32_t)(x % 1000000000);
        s.val = 100.4 + 1e-9 * (double)(x >> 40);
        s.has_severity = i % 200 == 0;
        s.severity = 2;
        if (i % 5000 == 0) {
            s.n_fieldvalues = 1;
            s.fieldvalues = fields;
        }
        escape(&out, line, psmon__pb__scalar_double__pack(&s, line));
    }
    return out;
}

struct sum {
    size_t n;
    double values, times;
};

static void add(void *arg, const struct sample *s, size_t n)
{
    struct sum *sum = arg;
    for (size_t i = 0; i < n; i++) {
        sum->values += s[i].value;
        sum->times += (double)(s[i].t % NS_PER_DAY);
    }
    sum->n += n;
}

static struct sum decode(const struct buf *b)
{
    struct sum sum = {0};
    struct pb_decoder *d = pb_new();
    struct err err;
    pb_start(d, &(struct pb_options){INT64_MIN, INT64_MAX, NULL, add, &sum});
    for (size_t i = 0; i < b->len; i += PIECE)
        if (pb_feed(d, b->data + i, b->len - i < PIECE ? b->len - i : PIECE, &err))
            abort();
    if (pb_end(d, &err))
        abort();
    pb_free(d);
    return sum;
}

/* The reference: one sample per call, memory from malloc, no knowledge of the common layout. */
static struct sum naive(const struct buf *b)
{
    struct sum sum = {0};
    int64_t year_start = 1767225600 * NS_PER_S;
    bool header = true;
    for (const char *p = b->data, *end = b->data + b->len; p < end;) {
        uint8_t *line = malloc(4096);
        size_t n = 0;
        for (; *p != '\n'; p++) {
            if (*p == 0x1b) {
                p++;
                line[n++] = *p == 1 ? 0x1b : *p == 2 ? '\n' : '\r';
            } else {
                line[n++] = (uint8_t)*p;
            }
        }
        p++;
        if (!header) {
            Psmon__Pb__ScalarDouble *m = psmon__pb__scalar_double__unpack(NULL, n, line);
            struct sample s = {.t = year_start + m->secondsintoyear * NS_PER_S + m->nano,
                               .value = m->val,
                               .severity = (uint8_t)m->severity,
                               .status = (uint8_t)m->status};
            add(&sum, &s, 1);
            psmon__pb__scalar_double__free_unpacked(m, NULL);
        }
        header = false;
        free(line);
    }
    return sum;
}

static double best_of(struct sum (*f)(const struct buf *), const struct buf *b, struct sum *sum)
{
    double best = INFINITY;
    for (int i = 0; i < 5; i++) {
        tstamp_ns t0 = clock_monotonic();
        *sum = f(b);
        best = fmin(best, (double)(clock_monotonic() - t0) * 1e-9);
    }
    return best;
}

int main(void)
{
    struct buf b = make_stream();
    struct sum ours, theirs;
    double fast = best_of(decode, &b, &ours), slow = best_of(naive, &b, &theirs);
    double megabytes = (double)b.len * 1e-6;
    printf("pb decoding: %.0f MB/s, %.1f M samples/s (%.1f bytes each); naive %.0f MB/s; "
           "ratio %.1f (aim 150 MB/s)\n",
           megabytes / fast, SAMPLES / fast * 1e-6, (double)b.len / SAMPLES, megabytes / slow, slow / fast);
    bool same = proof_same("samples", (double)ours.n, (double)theirs.n, 0) && ours.n == SAMPLES;
    same = proof_same("sum of the values", ours.values, theirs.values, 0) && same;
    same = proof_same("sum of the times", ours.times, theirs.times, 0) && same;
    buf_free(&b);
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
