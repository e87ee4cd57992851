/* features/record: what a minute holds, live and in spans. SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "features/record.h"
#include "tests/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START (INT64_C(20000) * NS_PER_DAY)
#define MIN(k) (START + (tstamp_ns)(k)*NS_PER_MIN)
#define SEC(k) ((tstamp_ns)(k)*NS_PER_S)

static const struct grid_options options = {NS_PER_MIN, 5 * NS_PER_MIN, NULL, NS_PER_DAY};

/* n supplies with a current each; even ones in sector A. */
static struct fleet *make_fleet(int n)
{
    struct table_file table;
    FILE *f = table_begin(&table);
    fputs("supply,family,sector,signal,pv,unit\n", f);
    for (int i = 0; i < n; i++)
        fprintf(f, "P%d,F,%c,current,P%d:I,A\n", i, i % 2 ? 'B' : 'A', i);
    return fleet_end(&table);
}

/* One channel's samples in a span of 12 minutes; what each minute is: . missing, digits the value (OK),
 * h held (value of the last digit), s stale, i invalid, d disconnected. */
static const struct {
    const char *what;
    bool deadband;
    int connected; /* at the end; as grid_connections */
    struct sample s[8];
    size_t n;
    const char *want;
} cases[] = {
    {"a value a minute, jittered",
     false,
     -1,
     {{MIN(0) + SEC(3), 1, 0, 0, 0},
      {MIN(1) - SEC(2), 2, 0, 0, 0},
      {MIN(2), 3, 0, 0, 0},
      {MIN(2) + SEC(59), 4, 0, 0, 0}},
     4,
     ".2344444ssss"},
    {"sample before the span", false, -1, {{MIN(-2), 7, 0, 0, 0}}, 1, "7777ssssssss"},
    {"nothing at all", false, 1, {{0}}, 0, "............"},
    {"a gap in a plain channel",
     false,
     1,
     {{MIN(0), 1, 0, 0, 0}, {MIN(8), 2, 0, 0, 0}, {MIN(11), 3, 0, 0, 0}},
     3,
     "111111ss2223"},
    {"a gap in a dead-band channel",
     true,
     1,
     {{MIN(0), 1, 0, 0, 0}, {MIN(8), 2, 0, 0, 0}},
     2,
     "111111hh2222"},
    {"a gap with a loss",
     true,
     1,
     {{MIN(0), 1, 0, 0, 0}, {MIN(8), 2, 0, 0, SAMPLE_RECONNECTED}},
     2,
     "111111dd2222"},
    {"a short loss is not noticed",
     false,
     1,
     {{MIN(0), 1, 0, 0, 0}, {MIN(4), 2, 0, 0, SAMPLE_RECONNECTED}},
     2,
     "1111222222ss"},
    {"end of a dead-band channel", true, -1, {{MIN(0), 1, 0, 0, 0}}, 1, "111111hhhhhh"},
    {"the same, not connected", true, 0, {{MIN(0), 1, 0, 0, 0}}, 1, "111111dddddd"},
    {"invalid severity",
     false,
     -1,
     {{MIN(0), 1, 0, 0, 0}, {MIN(1), 2, SEVERITY_INVALID, 0, 0}, {MIN(3), 3, SEVERITY_MAJOR, 0, 0}},
     3,
     "1ii333333sss"},
    {"no number",
     true,
     -1,
     {{MIN(0), (double)NAN, 0, 0, 0}, {MIN(9), (double)INFINITY, 0, 0, 0}},
     2,
     "nnnnnnnnnnnn"},
    {"text, marked or not (issue 7.9)",
     true,
     -1,
     {{MIN(0), (double)NAN, 0, 0, SAMPLE_NOT_NUMBER},
      {MIN(2), (double)NAN, SEVERITY_INVALID, 0, SAMPLE_NOT_NUMBER},
      {MIN(4), (double)NAN, SEVERITY_INVALID, 0, 0}},
     3,
     "ttttiiiiiiii"},
    {"out of order and repeated",
     false,
     -1,
     {{MIN(0), 1, 0, 0, 0},
      {MIN(2), 2, 0, 0, 0},
      {MIN(1), 9, 0, 0, 0},
      {MIN(2), 8, 0, 0, 0},
      {MIN(11), 3, 0, 0, 0}},
     5,
     "11222222sss3"},
};

static char letter(const struct frame *f, uint32_t c)
{
    switch (f->quality[c]) {
    case QUALITY_OK: return (char)('0' + (int)f->value[c]);
    case QUALITY_HELD: return 'h';
    case QUALITY_MISSING: return '.';
    case QUALITY_STALE: return 's';
    case QUALITY_INVALID: return 'i';
    case QUALITY_DISCONNECTED: return 'd';
    case QUALITY_NOT_NUMBER: return 't';
    case QUALITY_NOT_FINITE: return 'n';
    default: return '?';
    }
}

static void minutes_hold_what_is_known(void **state)
{
    (void)state;
    struct fleet *f = make_fleet(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct grid *g = grid_new(f, &options);
        struct record *r;
        struct err err = {0};
        grid_set_deadband(g, &cases[i].deadband);
        grid_connections(g, (const int8_t[]){(int8_t)cases[i].connected});
        assert_int_equal(record_new(&r, g, f, START, 12, NULL, &err), 0);
        for (size_t k = 0; k < cases[i].n; k++) /* one by one: calls may be cut anywhere */
            record_push(r, 0, &cases[i].s[k], 1);
        record_end(r, 0);
        char got[13] = {0};
        float last = NAN;
        for (size_t k = 0; k < 12; k++) {
            struct frame in;
            record_frame(r, k, &in);
            got[k] = letter(&in, 0);
            assert_true(in.t == MIN(k));
            assert_true(isnan(in.value[0]) == (in.quality[0] > QUALITY_HELD));
            if (got[k] == 'h')
                assert_true(in.value[0] == last);
            last = in.value[0];
        }
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s: %s, want %s", cases[i].what, got, cases[i].want);
        record_free(r);
        grid_free(g);
    }
    fleet_free(f);
}

/* Polling minute by minute gives what the span gave, except where only the future tells: a dead-band
 * channel after a loss that shows at the next sample. */
static void live_frames_equal_spans(void **state)
{
    (void)state;
    struct fleet *f = make_fleet(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct grid *g = grid_new(f, &options);
        char got[13] = {0};
        size_t next = 0;
        grid_set_deadband(g, &cases[i].deadband);
        for (size_t k = 0; k < 12; k++) {
            struct frame in;
            while (next < cases[i].n && cases[i].s[next].t <= MIN(k))
                grid_push(g, 0, &cases[i].s[next++]);
            int8_t connected = next < cases[i].n && cases[i].s[next].flags == 0 ? 1
                               : next < cases[i].n                              ? 0
                                                   : (int8_t)(cases[i].connected != 0);
            grid_connections(g, &connected);
            grid_frame(g, MIN(k), &in);
            got[k] = letter(&in, 0);
        }
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("live: %s: %s, want %s", cases[i].what, got, cases[i].want);
        grid_free(g);
    }
    fleet_free(f);
}

static void live_polling_is_careful(void **state)
{
    (void)state;
    struct fleet *f = make_fleet(1);
    struct grid *g = grid_new(f, &options);
    struct frame in;
    bool dead = true;
    grid_set_deadband(g, &dead);
    assert_true(grid_last(g, 0) == INT64_MIN);
    grid_push(g, 0, &(struct sample){.t = MIN(1) + SEC(20), .value = 5});
    assert_int_equal(grid_frame(g, MIN(2), &in), 0);
    assert_int_equal(letter(&in, 0), '5');
    assert_int_equal(grid_frame(g, MIN(20), &in), 1); /* held only when the archiver says connected */
    assert_int_equal(letter(&in, 0), 's');
    grid_connections(g, (const int8_t[]){1});
    assert_int_equal(grid_frame(g, MIN(20), &in), 0); /* that is known */
    assert_int_equal(letter(&in, 0), 'h');
    assert_true(in.value[0] == 5);
    grid_frame(g, MIN(1 + 24 * 60 + 1), &in); /* and not for ever */
    assert_int_equal(letter(&in, 0), 's');
    grid_connections(g, (const int8_t[]){0});
    grid_frame(g, MIN(20), &in);
    assert_int_equal(letter(&in, 0), 'd');
    grid_push(g, 0, &(struct sample){.t = MIN(1), .value = 9}); /* repeated, older */
    assert_true(grid_last(g, 0) == MIN(1) + SEC(20));
    grid_free(g);
    fleet_free(f);
}

/* A channel that sends on change is recognised, and the minutes before that was known are corrected. */
static void dead_band_is_learned(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct fleet *f = make_fleet(3);
    struct grid *g = grid_new(f, &options);
    struct record *r;
    struct err err = {0};
    bool dead[3];
    assert_int_equal(record_new(&r, g, f, START, N, "/tmp", &err), 0);
    for (int k = 0; k < N; k++) {
        /* P0: every minute, but one outage of 30 min nobody noted; P1: on change; P2: on change, and once
         * the connection was lost */
        struct sample s = {.t = MIN(k), .value = k};
        if (k < 1000 || k > 1030)
            record_push(r, 0, &s, 1);
        if (k == 0 || k == 7 || k % 40 == 0)
            record_push(r, 1, &s, 1);
        s.flags = k == 800 ? SAMPLE_RECONNECTED : 0;
        if (k % 40 == 0)
            record_push(r, 2, &s, 1);
    }
    for (uint32_t c = 0; c < 3; c++)
        record_end(r, c);
    grid_get_deadband(g, dead);
    assert_true(!dead[0] && dead[1] && dead[2]);
    const uint8_t *q;
    const float *v = record_column(r, 0, &q);
    assert_true(q[1010] == QUALITY_STALE && isnan(v[1010]) && q[1031] == QUALITY_OK);
    v = record_column(r, 1, &q);
    assert_true(q[30] == QUALITY_HELD && v[30] == 7); /* before the first long interval was counted */
    assert_true(q[2999] == QUALITY_HELD && v[2999] == 2960);
    v = record_column(r, 2, &q);
    assert_true(q[790] == QUALITY_DISCONNECTED && isnan(v[790]));
    assert_true(q[761] == QUALITY_OK && q[839] == QUALITY_HELD && v[839] == 800);
    record_free(r);
    grid_free(g);
    fleet_free(f);
}

enum { KEPT_MINUTES = 3000 };

/* What P0 to P2 have to say: every minute, on change, on change with a loss. */
static void push_channel(struct record *r, uint32_t c)
{
    for (int k = 0; k < KEPT_MINUTES; k++) {
        struct sample s = {.t = MIN(k), .value = k, .flags = c == 2 && k == 800 ? SAMPLE_RECONNECTED : 0};
        if (c == 0 || k == 7 || k % 40 == 0)
            record_push(r, c, &s, 1);
    }
    record_end(r, c);
}

/* A record whose process ended is what it would have been in one piece: columns, and what the grid has
 * learned. */
static void a_record_that_is_kept_goes_on(void **state)
{
    (void)state;
    static const uint32_t two[] = {0, 1};
    struct fleet *f = make_fleet(3);
    struct grid *whole = grid_new(f, &options), *first = grid_new(f, &options), *g = grid_new(f, &options);
    struct record *a, *b;
    struct err err = {0};
    char path[] = "/tmp/psmon-record-XXXXXX";
    close(mkstemp(path));
    assert_int_equal(record_new(&a, whole, f, START, KEPT_MINUTES, NULL, &err), 0);
    assert_int_equal(record_open(&b, first, f, START, KEPT_MINUTES, path, &err), 0);
    struct record *other = NULL;
    assert_int_equal(record_open(&other, g, f, START, KEPT_MINUTES, path, &err), ERR_IO); /* it is in use */
    for (uint32_t c = 0; c < 3; c++) {
        push_channel(a, c);
        assert_false(record_kept(b, c));
        push_channel(b, c);
    }
    record_keep(b, two, 2); /* the third was under way */
    record_free(b);
    grid_free(first);
    assert_int_equal(record_open(&b, g, f, START, KEPT_MINUTES, path, &err), 0);
    assert_true(record_kept(b, 0) && record_kept(b, 1) && !record_kept(b, 2));
    push_channel(b, 2);
    bool dead[2][3];
    grid_get_deadband(whole, dead[0]);
    grid_get_deadband(g, dead[1]);
    assert_memory_equal(dead[0], dead[1], sizeof dead[0]);
    for (uint32_t c = 0; c < 3; c++) {
        const uint8_t *qa, *qb;
        const float *va = record_column(a, c, &qa), *vb = record_column(b, c, &qb);
        assert_memory_equal(va, vb, KEPT_MINUTES * sizeof *va);
        assert_memory_equal(qa, qb, KEPT_MINUTES);
        assert_true(grid_last(whole, c) == grid_last(g, c));
    }
    record_free(b);
    /* of another span: nothing of it */
    struct grid *fresh = grid_new(f, &options);
    assert_int_equal(record_open(&b, fresh, f, START + NS_PER_DAY, KEPT_MINUTES, path, &err), 0);
    assert_false(record_kept(b, 0));
    const uint8_t *q;
    assert_true(isnan(record_column(b, 0, &q)[5]) && q[5] == QUALITY_MISSING);
    record_free(b);
    record_free(a);
    grid_free(fresh);
    grid_free(whole);
    grid_free(g);
    fleet_free(f);
    unlink(path);
}

/* A loss ends the hold of a silent channel when its supply's other channels fall silent, not before. */
static void siblings_tell_when_a_connection_was_lost(void **state)
{
    (void)state;
    struct table_file table;
    FILE *out = table_begin(&table);
    fputs("supply,family,sector,signal,pv,unit\nP,F,A,current,P:I,A\nP,F,A,dac,P:D,\n", out);
    struct fleet *f = fleet_end(&table);
    struct err err = {0};
    for (int learn = 0; learn < 2; learn++) {
        struct grid *g = grid_new(f, &options);
        struct record *r;
        static const bool dead[2] = {false, true};
        grid_set_deadband(g, learn ? NULL : dead);
        assert_int_equal(record_new(&r, g, f, START, 200, NULL, &err), 0);
        for (int k = 0; k < 200; k++) {
            struct sample s = {.t = MIN(k), .value = k, .flags = k == 120 ? SAMPLE_RECONNECTED : 0};
            if (k < 100 || k >= 120)
                record_push(r, 0, &s, 1);
            if (k == 0 || k == 20 || k == 120 || k == 180)
                record_push(r, 1, &s, 1);
        }
        for (uint32_t c = 0; c < 2; c++)
            record_end(r, c);
        const uint8_t *q;
        const float *v = record_column(r, 1, &q);
        assert_true(q[10] == QUALITY_HELD && q[50] == QUALITY_HELD && v[50] == 20);
        assert_true(q[104] == QUALITY_HELD); /* the current's last reading counts five minutes */
        for (int k = 105; k < 120; k++)
            assert_true(q[k] == QUALITY_DISCONNECTED && isnan(v[k]));
        assert_true(q[150] == QUALITY_HELD && v[150] == 120);
        record_column(r, 0, &q);
        assert_true(q[110] == QUALITY_DISCONNECTED);
        record_free(r);
        grid_free(g);
    }
    /* a set-point nobody touched, a current that died: one sample each, before the span */
    struct grid *g = grid_new(f, &options);
    struct record *r;
    assert_int_equal(record_new(&r, g, f, START, 100, NULL, &err), 0);
    for (uint32_t c = 0; c < 2; c++) {
        record_push(r, c, &(struct sample){.t = MIN(-30), .value = 4.5}, 1);
        record_end(r, c);
    }
    const uint8_t *q;
    assert_true(record_column(r, 1, &q)[99] == 4.5F && q[99] == QUALITY_HELD);
    assert_true(isnan(record_column(r, 0, &q)[99]) && q[99] == QUALITY_STALE);
    record_free(r);
    grid_free(g);
    fleet_free(f);
}

/* The state goes from span to span, and a back-fill does not disturb polling that is further. */
static void spans_follow_each_other(void **state)
{
    (void)state;
    struct fleet *f = make_fleet(1);
    struct grid *g = grid_new(f, &options);
    struct record *r;
    struct frame in;
    struct err err = {0};
    assert_int_equal(record_new(&r, g, f, START, 10, NULL, &err), 0);
    record_push(r, 0, &(struct sample){.t = MIN(8), .value = 2}, 1);
    record_end(r, 0);
    record_free(r);
    assert_true(grid_last(g, 0) == MIN(8));
    assert_int_equal(record_new(&r, g, f, MIN(10), 10, NULL, &err), 0);
    record_end(r, 0);
    record_frame(r, 2, &in);
    assert_int_equal(letter(&in, 0), '2');
    record_free(r);
    grid_push(g, 0, &(struct sample){.t = MIN(40), .value = 5});
    assert_int_equal(record_new(&r, g, f, MIN(20), 10, NULL, &err), 0);
    record_push(r, 0, &(struct sample){.t = MIN(22), .value = 4}, 1);
    record_end(r, 0);
    record_frame(r, 3, &in);
    assert_int_equal(letter(&in, 0), '4');
    record_free(r);
    assert_true(grid_last(g, 0) == MIN(40));
    assert_int_equal(record_new(&r, g, f, START, 10, "/nonexistent", &err), ERR_IO);
    assert_non_null(strstr(err.msg, "/nonexistent"));
    grid_free(g);
    fleet_free(f);
}

/* Frames of many channels, in any order of minutes, agree with the columns. */
static void frames_agree_with_columns(void **state)
{
    (void)state;
    enum { CHANNELS = 37, N = 200 };
    struct fleet *f = make_fleet(CHANNELS);
    struct grid *g = grid_new(f, &options);
    struct record *r;
    struct err err = {0};
    assert_int_equal(record_new(&r, g, f, START, N, "/tmp", &err), 0);
    assert_int_equal(record_minutes(r), N);
    for (uint32_t c = CHANNELS; c-- > 0;) { /* channels in any order, one left without samples */
        for (int k = 0; k < N && c != 11; k++) {
            struct sample s = {.t = MIN(k),
                               .value = 1000.0 * c + k,
                               .severity = (uint8_t)(k % 7 == 3 ? SEVERITY_INVALID : 0)};
            record_push(r, c, &s, 1);
        }
        record_end(r, c);
    }
    static const size_t order[] = {0, 1, 63, 64, 65, 199, 5, 128, 127, 198};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct frame in;
        record_frame(r, order[i], &in);
        for (uint32_t c = 0; c < CHANNELS; c++) {
            const uint8_t *q;
            const float *v = record_column(r, c, &q);
            assert_int_equal(in.quality[c], q[order[i]]);
            if (c == 11)
                assert_int_equal(in.quality[c], QUALITY_MISSING);
            else if (order[i] % 7 == 3)
                assert_true(isnan(in.value[c]) && isnan(v[order[i]]));
            else
                assert_true(in.value[c] == 1000.0F * (float)c + (float)order[i]);
        }
    }
    record_free(r);
    grid_free(g);
    fleet_free(f);
}

/* A supply with a channel every 10 s, one every minute, a set-point and a temperature that send on change. */
static struct fleet *make_supply(void)
{
    struct table_file table;
    FILE *out = table_begin(&table);
    fputs("supply,family,sector,signal,pv,unit\nP,F,A,current,P:I,A\nP,F,A,voltage,P:V,V\nP,F,A,dac,P:D,\n"
          "P,F,A,igbt_temperature,P:T,K\n",
          out);
    return fleet_end(&table);
}

#define CHANNELS 4
#define MINUTES 3000

static bool outage(int second) /* 25 min every 6 h, and a minute every 7 h */
{
    int in_six = second % 21600;
    return (in_six >= 15000 && in_six < 16500) || second % 25200 / 60 == 100;
}

/* Everything that the archive holds of channel c, and whether it is connected at each minute. */
static size_t make_samples(struct sample out[], uint32_t c, uint32_t seed)
{
    static const int period[CHANNELS] = {10, 60, 60, 60};
    bool lost = false;
    size_t n = 0;
    for (int k = 0; k < MINUTES * 60 / period[c]; k++) {
        seed = seed * 1664525 + 1013904223;
        int second = k * period[c] + (int)(seed >> 16) % period[c] / 2;
        lost |= outage(second);
        if (outage(second) || (c >= 2 && !lost && seed >> 8 & 63))
            continue;
        bool text = c != 1 && seed % 89 == 0;
        out[n++] = (struct sample){
            .t = START + SEC(second) + seed % 1000,
            .value = text ? (double)NAN : seed >> 12,
            .severity = c != 1 && seed % 97 == 0 ? SEVERITY_INVALID : SEVERITY_NONE,
            .flags = (uint16_t)((lost ? SAMPLE_RECONNECTED : 0) | (text ? SAMPLE_NOT_NUMBER : 0))};
        lost = false;
    }
    return n;
}

/* Any channel, connected or not, silent or not: what live sees minute by minute, with the archiver's word
 * when it asks for it, is what a span of the same samples holds, value and quality. */
static void live_sees_what_the_archive_holds(void **state)
{
    (void)state;
    struct fleet *f = make_supply();
    static struct sample sample[CHANNELS][MINUTES * 6];
    static const bool dead[CHANNELS] = {false, false, true, true};
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct grid *g = grid_new(f, &options), *live = grid_new(f, &options);
        struct record *r;
        struct err err = {0};
        size_t n[CHANNELS], next[CHANNELS] = {0}, held = 0, lost = 0;
        grid_set_deadband(g, dead);
        grid_set_deadband(live, dead);
        assert_int_equal(record_new(&r, g, f, START, MINUTES, NULL, &err), 0);
        for (uint32_t c = 0; c < CHANNELS; c++) {
            n[c] = make_samples(sample[c], c, seed * 4 + c);
            record_push(r, c, sample[c], n[c]);
        }
        for (uint32_t c = 0; c < CHANNELS; c++)
            record_end(r, c);
        for (int k = 0; k < MINUTES; k++) {
            struct frame want, got;
            for (uint32_t c = 0; c < CHANNELS; c++) {
                while (next[c] < n[c] && sample[c][next[c]].t <= MIN(k))
                    next[c]++;
                if (next[c] > 0) /* one reading a minute, as source.h's latest gives it */
                    grid_push(live, c, &sample[c][next[c] - 1]);
            }
            if (grid_frame(live, MIN(k), &got) > 0) {
                int8_t up = !outage(k * 60);
                grid_connections(live, (const int8_t[]){up, up, up, up});
                grid_frame(live, MIN(k), &got);
            }
            record_frame(r, (size_t)k, &want);
            for (uint32_t c = 0; c < CHANNELS; c++) {
                bool same = memcmp(&want.value[c], &got.value[c], sizeof *want.value) == 0 ||
                            (isnan(want.value[c]) && isnan(got.value[c]));
                if (!same || want.quality[c] != got.quality[c])
                    fail_msg("seed %u minute %d channel %u: live %.9g %s, archive %.9g %s", seed, k, c,
                             (double)got.value[c], quality_name(got.quality[c]), (double)want.value[c],
                             quality_name(want.quality[c]));
                held += got.quality[c] == QUALITY_HELD;
                lost += got.quality[c] == QUALITY_DISCONNECTED;
            }
        }
        assert_true(held > 1000 && lost > 100);
        record_free(r);
        grid_free(g);
        grid_free(live);
    }
    fleet_free(f);
}

/* Started in an outage, or ending in one: the archive says so at the end of what it holds. Nothing of a dead
 * controller is held, and live polling goes on from there. */
static void the_archivers_word_ends_a_hold(void **state)
{
    (void)state;
    struct fleet *f = make_supply();
    static const bool dead[CHANNELS] = {true, true, true, true};
    for (int lost = 0; lost < 2; lost++) {
        struct grid *g = grid_new(f, &options);
        struct record *r;
        struct err err = {0};
        grid_set_deadband(g, dead);
        assert_int_equal(record_new(&r, g, f, START, 60, NULL, &err), 0);
        for (uint32_t c = 0; c < CHANNELS; c++) {
            record_push(r, c, &(struct sample){.t = MIN(-30), .value = 3}, 1);
            if (lost)
                record_push(r, c, &(struct sample){.t = MIN(0), .value = NAN, .flags = SAMPLE_LOST}, 1);
        }
        for (uint32_t c = 0; c < CHANNELS; c++)
            record_end(r, c);
        struct frame in;
        for (size_t k = 0; k < 60; k++) {
            record_frame(r, k, &in);
            for (uint32_t c = 0; c < CHANNELS; c++)
                assert_int_equal(letter(&in, c), lost ? 'd' : 'h');
        }
        grid_frame(g, MIN(60), &in);
        assert_int_equal(letter(&in, 0), lost ? 'd' : 's'); /* not asked yet: careful */
        grid_push(g, 0, &(struct sample){.t = MIN(61), .value = 4, .flags = SAMPLE_RECONNECTED});
        grid_frame(g, MIN(61), &in);
        assert_int_equal(letter(&in, 0), '4');
        assert_int_equal(letter(&in, 1), 'h'); /* a sibling speaks again */
        record_free(r);
        grid_free(g);
    }
    fleet_free(f);
}

static void signals_may_have_their_own_age(void **state)
{
    (void)state;
    struct fleet *f = make_fleet(1);
    tstamp_ns own[SIGNAL_KNOWN] = {[SIGNAL_CURRENT] = 2 * NS_PER_MIN};
    struct grid_options o = options;
    o.signal_max_age = own;
    struct grid *g = grid_new(f, &o);
    struct frame in;
    grid_push(g, 0, &(struct sample){.t = MIN(0), .value = 1});
    grid_frame(g, MIN(2), &in);
    assert_int_equal(letter(&in, 0), '1');
    grid_frame(g, MIN(3), &in);
    assert_int_equal(letter(&in, 0), 's');
    assert_string_equal(quality_name(QUALITY_STALE), "stale");
    grid_free(g);
    fleet_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minutes_hold_what_is_known),
        cmocka_unit_test(live_frames_equal_spans),
        cmocka_unit_test(live_polling_is_careful),
        cmocka_unit_test(dead_band_is_learned),
        cmocka_unit_test(a_record_that_is_kept_goes_on),
        cmocka_unit_test(siblings_tell_when_a_connection_was_lost),
        cmocka_unit_test(spans_follow_each_other),
        cmocka_unit_test(frames_agree_with_columns),
        cmocka_unit_test(live_sees_what_the_archive_holds),
        cmocka_unit_test(the_archivers_word_ends_a_hold),
        cmocka_unit_test(signals_may_have_their_own_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
