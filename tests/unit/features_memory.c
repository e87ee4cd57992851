/* features: what a minute gives depends on a bounded past, to the last bit. The same frames are fed from many
 * starts; from FEATURES_MEMORY after the later start on, all rows must be equal. The frames hold what makes
 * memory: supplies that are off for days, correctors that live near zero, ramps, glitches, channels that are
 * missing for minutes or a day, holes of the whole fleet. SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "features/common.h"
#include "features/features.h"
#include "features/hist.h"
#include "features/internal.h"
#include "tests/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START (INT64_C(20400) * NS_PER_DAY + 7 * NS_PER_MIN)
#define SUPPLIES 14
#define DAYS 8

static const char *const signals[SIGNAL_KNOWN] = {
    "capacitor_temperature", "current", "magnet_temperature", "dac", "igbt_temperature", "voltage"};

static uint64_t random_bits(uint64_t *s)
{
    *s ^= *s >> 12;
    *s ^= *s << 25;
    *s ^= *s >> 27;
    return *s * UINT64_C(2685821657736338717);
}

static double uniform(uint64_t *s)
{
    return (double)(random_bits(s) >> 11) * 0x1p-53;
}

static size_t below(uint64_t *s, size_t n)
{
    return (size_t)(uniform(s) * (double)n);
}

/* Frames of a fleet, minute by minute; `there`: false where the whole minute is missing. */
struct frames {
    struct fleet *f;
    struct feature_layout *l;
    tstamp_ns period;
    size_t n;
    float *value; /* [n][channels] */
    bool *there;  /* [n] */
};

/* Two sectors of six and seven supplies and one alone; P3 lacks the DAC, P4 the current, P5 a full scale. */
static struct fleet *make_fleet(void)
{
    struct table_file table;
    FILE *f = table_begin(&table);
    fputs("supply,family,sector,signal,pv,unit,range\n", f);
    for (int s = 0; s < SUPPLIES; s++)
        for (int k = 0; k < SIGNAL_KNOWN; k++)
            if (!(s == 3 && k == SIGNAL_DAC) && !(s == 4 && k == SIGNAL_CURRENT))
                fprintf(f, "P%02d,F%d,S%d,%s,P%d:%d,u,%s\n", s, s % 2, s == 13 ? 9 : s / 7, signals[k], s, k,
                        s == 5                ? ""
                        : k == SIGNAL_CURRENT ? "100"
                        : k == SIGNAL_DAC     ? "1000"
                                              : "");
    fputs("P13,F1,S9,flow,P13:flow,l/min,\n", f);
    return fleet_end(&table);
}

/* What a supply does for a while. */
static double act(int what, double level, size_t k, uint64_t *seed)
{
    double t = (double)k;
    switch (what) {
    case 0: return 0; /* off */
    case 1: return level;
    case 2: return 0.05 * sin(t / 40) + level * sin(t / 300);                /* orbit feedback */
    case 3: return 0.006 * sin(t / 60) * sin(t / 7);                         /* alive near zero */
    case 4: return uniform(seed) < 0.02 ? 0.02 : 2e-4 * (uniform(seed) - 1); /* hardly alive */
    default: return level * fmod(t / 30, 1);                                 /* ramps */
    }
}

static void make_supply(struct frames *a, size_t s, uint64_t *seed)
{
    const struct supply *u = &a->f->supplies[s];
    double level = 0.4, heat = 0;
    int what = 1;
    size_t left = 0;
    for (size_t k = 0; k < a->n; k++, left--) {
        if (left == 0) {
            what = (int)below(seed, 6);
            level = 1.8 * uniform(seed) - 0.9;
            left = 1 + below(seed, 30 + below(seed, 4000));
        }
        double i = act(what, level, k, seed);
        heat += (i * i - heat) / 20;
        for (uint32_t c = u->first_channel; c < u->first_channel + u->n_channels; c++) {
            double v = 30 + 10 * heat + 0.1 * uniform(seed);
            if (a->f->channels[c].signal == SIGNAL_CURRENT)
                v = 100 * (uniform(seed) < 1e-3 ? 1.2 * i : i) + (i == 0 ? 0 : 0.01 * uniform(seed));
            if (a->f->channels[c].signal == SIGNAL_DAC)
                v = floor(1000 * i);
            if (a->f->channels[c].signal == SIGNAL_VOLTAGE)
                v = 10 * i * (1 + 0.04 * heat) + 0.001 * uniform(seed);
            a->value[k * a->f->n_channels + c] = (float)v;
        }
    }
}

/* A hole of some channels, from a minute to more than a day. */
static void make_hole(struct frames *a, uint32_t first, uint32_t n, uint64_t *seed)
{
    static const size_t longest[] = {2, 9, 12, 30, 200, 900, 2200};
    size_t from = below(seed, a->n), to = from + 1 + below(seed, longest[below(seed, 7)]);
    for (size_t k = from; k < to && k < a->n; k++)
        for (uint32_t c = first; c < first + n; c++)
            a->value[k * a->f->n_channels + c] = NAN;
}

static struct frames make_frames(uint64_t seed, tstamp_ns period)
{
    struct frames a = {.f = make_fleet(), .period = period, .n = DAYS * (size_t)(NS_PER_DAY / period)};
    uint32_t channels = (uint32_t)a.f->n_channels;
    a.l = feature_layout_new(a.f);
    a.value = xcalloc(a.n * channels, sizeof *a.value);
    a.there = xcalloc(a.n, sizeof *a.there);
    for (size_t s = 0; s < a.f->n_supplies; s++)
        make_supply(&a, s, &seed);
    for (uint32_t c = 0; c < channels; c++)
        for (int i = 0; i < 6; i++)
            make_hole(&a, c, 1, &seed);
    for (size_t s = 0; s < a.f->n_supplies; s++)
        for (int i = 0; i < 5; i++)
            make_hole(&a, a.f->supplies[s].first_channel, a.f->supplies[s].n_channels, &seed);
    for (int i = 0; i < 3; i++)
        make_hole(&a, 0, channels, &seed);
    memset(a.there, true, a.n);
    for (int i = 0; i < 12; i++)
        for (size_t k = below(&seed, a.n), to = k + 1 + below(&seed, 15); k < to && k < a.n; k++)
            a.there[k] = false;
    return a;
}

static void free_frames(struct frames *a)
{
    free(a->value);
    free(a->there);
    feature_layout_free(a->l);
    fleet_free(a->f);
}

/* Physics out of a hat: coefficients of everything but P5, which the reference never saw switched on. */
static struct physics *make_physics(const struct frames *a, uint64_t seed)
{
    struct physics *p = physics_new(a->l, a->period);
    for (size_t s = 0; s < p->n_supplies; s++) {
        p->scale[s] = drivers_default_scale(a->f, (uint32_t)s);
        for (size_t l = 0; l < a->l->n_levels[s] && s != 5; l++) {
            for (size_t k = 0; k < RIDGE_TERMS; k++)
                p->coef[s * p->levels + l][k] = 10 * uniform(&seed);
            p->cap[s * p->levels + l] = 4;
            p->lsb[s * p->levels + l] = 1e-3;
        }
    }
    return p;
}

/* One minute of rows, everything that features_step gives. */
static size_t row_floats(const struct frames *a)
{
    return a->f->n_supplies * (a->l->width + 6 + a->l->levels);
}

static void keep(const struct frames *a, const struct feature_frame *out, float *to)
{
    size_t S = a->f->n_supplies, W = a->l->width;
    memcpy(to, out->x, S * W * sizeof *to);
    memcpy(to + S * W, out->context, 3 * S * sizeof *to);
    memcpy(to + S * (W + 3), out->rise, S * sizeof *to);
    memcpy(to + S * (W + 4), out->peak, S * sizeof *to);
    for (size_t s = 0; s < S; s++)
        to[S * (W + 5) + s] = out->mode[s];
    if (out->unsettled)
        memcpy(to + S * (W + 6), out->unsettled, S * a->l->levels * sizeof *to);
}

/* Rows from minute `from` on into rows (n, row_floats). */
static void run(const struct frames *a, const struct physics *p, size_t from, float *rows)
{
    struct features *e = features_new(a->f, a->l, p);
    size_t C = a->f->n_channels, wide = row_floats(a);
    for (size_t k = from; k < a->n; k++) {
        struct frame in = {.t = START + (tstamp_ns)k * a->period, .value = a->value + k * C};
        struct feature_frame out;
        if (!a->there[k])
            continue;
        features_step(e, &in, &out);
        keep(a, &out, rows + k * wide);
    }
    features_free(e);
}

static void compare(const struct frames *a, const float *want, const float *got, size_t from, size_t cut)
{
    size_t wide = row_floats(a), S = a->f->n_supplies, W = a->l->width;
    for (size_t k = from; k < a->n; k++) {
        const float *x = want + k * wide, *y = got + k * wide;
        if (memcmp(x, y, wide * sizeof *x) == 0)
            continue;
        size_t i = 0;
        while (memcmp(x + i, y + i, sizeof *x) == 0)
            i++;
        if (i < S * W)
            fail_msg("start %zu, minute %zu: x of %s, column %zu: %.9g, not %.9g", cut, k,
                     a->f->supplies[i / W].name, i % W, (double)y[i], (double)x[i]);
        fail_msg("start %zu, minute %zu: place %zu behind x: %.9g, not %.9g", cut, k, i - S * W, (double)y[i],
                 (double)x[i]);
    }
}

static void two_starts_give_the_same(uint64_t seed, tstamp_ns period, bool with_physics, int starts)
{
    struct frames a = make_frames(seed, period);
    struct physics *p = with_physics ? make_physics(&a, seed) : NULL;
    float *want = xcalloc(a.n * row_floats(&a), sizeof *want),
          *got = xcalloc(a.n * row_floats(&a), sizeof *got);
    size_t memory = (size_t)(FEATURES_MEMORY(period) / period), compared = 0;
    run(&a, p, 0, want);
    for (int i = 0; i < starts; i++) {
        size_t cut = below(&seed, a.n - memory);
        run(&a, p, cut, got);
        compare(&a, want, got, cut + memory, cut);
        compared += a.n - cut - memory;
    }
    print_message("# %d starts, %zu minutes equal\n", starts, compared);
    free(want);
    free(got);
    physics_free(p);
    free_frames(&a);
}

static void rows_do_not_depend_on_when_the_engine_started(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++)
        two_starts_give_the_same(seed, NS_PER_MIN, true, 12);
}

static void modes_without_physics_do_not_either(void **state)
{
    (void)state;
    two_starts_give_the_same(4, NS_PER_MIN, false, 12);
}

static void nor_on_a_slow_grid(void **state)
{
    (void)state;
    two_starts_give_the_same(5, 10 * NS_PER_MIN, true, 40);
    two_starts_give_the_same(6, NS_PER_HOUR / 2, true, 40);
}

/* As floats, low passes of a living current look alike soon; a medium, a double, shows what is left. */
static void what_cools_does_not_remember(void **state)
{
    (void)state;
    uint64_t seed = 10;
    struct medium a[1], b[1];
    medium_clear(a, 1);
    medium_clear(b, 1);
    for (size_t k = 0; k < 3000; k++) {
        tstamp_ns t = START + (tstamp_ns)k * NS_PER_MIN;
        float median = uniform(&seed) < 0.1 ? NAN : (float)uniform(&seed);
        medium_step(a, median, t);
        if (k < 1000)
            continue;
        medium_step(b, median, t);
        if (k >= 1000 + 2 * 60 + 10)
            assert_memory_equal(&a->value, &b->value, sizeof a->value);
    }
}

/* Divergences are a function of the window's content, whatever way it came there. */
static void divergences_do_not_depend_on_when_the_window_started(void **state)
{
    (void)state;
    enum { CHANNELS = 20, WINDOW = 60, LONG = 3000 };
    uint64_t seed = 9;
    float edges[HIST_BINS - 1], one[CHANNELS], two[CHANNELS];
    uint32_t reference[HIST_BINS];
    struct hist_windows *a = hist_windows_new(CHANNELS, WINDOW), *b = hist_windows_new(CHANNELS, WINDOW);
    for (int k = 0; k < HIST_BINS - 1; k++)
        edges[k] = (float)(k + 1) / HIST_BINS;
    for (size_t c = 0; c < CHANNELS; c++) {
        for (int k = 0; k < HIST_BINS; k++)
            reference[k] = 100 + (uint32_t)below(&seed, 2000);
        hist_windows_reference(a, c, edges, reference);
        hist_windows_reference(b, c, edges, reference);
    }
    for (size_t k = 0; k < LONG; k++) {
        float v[CHANNELS];
        for (size_t c = 0; c < CHANNELS; c++)
            v[c] = uniform(&seed) < 0.002 * (double)c ? NAN : (float)uniform(&seed);
        hist_windows_push(a, v, one);
        if (k < LONG / 2)
            continue;
        hist_windows_push(b, v, k % 7 ? two : NULL);
        if (k >= LONG / 2 + WINDOW && k % 7)
            assert_memory_equal(one, two, sizeof one);
    }
    hist_windows_free(a);
    hist_windows_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_do_not_depend_on_when_the_engine_started),
        cmocka_unit_test(modes_without_physics_do_not_either),
        cmocka_unit_test(nor_on_a_slow_grid),
        cmocka_unit_test(what_cools_does_not_remember),
        cmocka_unit_test(divergences_do_not_depend_on_when_the_window_started),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
