/* features: fit and streaming rows on a small synthetic ring whose physics is known.
 * Two sectors of eight supplies in two families; K1 lacks the DAC, K2 the current, and W has a signal that
 * nobody knows and stands alone in its sector. SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/table/csv.h"
#include "features/features.h"
#include "features/internal.h"
#include "features/mode.h"
#include "features/select.h"
#include "tests/fleet.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START (INT64_C(20400) * NS_PER_DAY)
#define DAYS 3
#define MINUTES ((size_t)DAYS * 1440)
#define NORMAL 16 /* supplies with all six signals: M0 … M15 */

static const char *const signals[SIGNAL_KNOWN] = {
    "capacitor_temperature", "current", "magnet_temperature", "dac", "igbt_temperature", "voltage"};

struct ring {
    struct fleet *f;
    struct feature_layout *l;
    struct grid *g;
    struct record *r;
};

/* What differs between records. */
struct story {
    uint64_t seed;
    double water;        /* K, added to all temperatures of sector S1 in the second half */
    int warm_igbt;       /* supply whose IGBT is 2 K warmer from minute 1440 on; -1: none */
    int stuck_capacitor; /* supply whose capacitor sensor freezes at minute 1440 */
    double block0_shift; /* K, added to the capacitor temperatures of the first third */
    double glitches;     /* share of current readings 20 % too high */
    bool quiet;          /* no off period, no optics change: constant currents throughout */
};

static double random_uniform(uint64_t *s)
{
    *s ^= *s >> 12;
    *s ^= *s << 25;
    *s ^= *s >> 27;
    return (double)((*s * UINT64_C(2685821657736338717)) >> 11) * 0x1p-53;
}

static double random_normal(uint64_t *s)
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += random_uniform(s);
    return sum - 6;
}

static struct fleet *make_fleet(void)
{
    struct table_file table;
    FILE *f = table_begin(&table);
    fputs("supply,family,sector,signal,pv,unit,range\n", f);
    for (int s = 0; s < NORMAL; s++)
        for (int k = 0; k < SIGNAL_KNOWN; k++)
            fprintf(f, "M%d,%s,S%d,%s,M%d:%s,u,%s\n", s, s % 2 ? "Q" : "C", s / 8, signals[k], s, signals[k],
                    k == SIGNAL_CURRENT && s < 8 ? "160" : "");
    for (int k = 0; k < SIGNAL_KNOWN; k++) {
        if (k != SIGNAL_DAC)
            fprintf(f, "K1,Q,S0,%s,K1:%s,u,\n", signals[k], signals[k]);
        if (k != SIGNAL_CURRENT)
            fprintf(f, "K2,Q,S1,%s,K2:%s,u,\n", signals[k], signals[k]);
    }
    fputs("W,odd,S9,flow,W:flow,l/min,\n", f);
    return fleet_end(&table);
}

/* Relative current: odd supplies (Q) stand still but for an optics change, even ones (C) follow orbit
 * feedback through zero now and then; all are off for three hours on day 1. */
static double current_of(const struct story *y, int s, size_t k)
{
    double t = (double)k;
    if (!y->quiet && k >= 600 && k < 780)
        return 0;
    double ramp = k >= 780 && k < 790 ? (t - 779) / 10 : 1;
    if (s % 2)
        return ramp * (0.4 + 0.02 * s) * (!y->quiet && k >= 2200 ? 1.015 : 1);
    return ramp * (0.25 * sin(t / 400 + s) + 0.01 * sin(t / 23 + 2 * s));
}

/* First-order thermal response in a different shape from the regressors'. */
struct body {
    double fast, slow;
};

static double heat(struct body *b, double power, double tau_fast, double tau_slow)
{
    b->fast += (1 - exp(-1 / tau_fast)) * (power - b->fast);
    b->slow += (1 - exp(-1 / tau_slow)) * (power - b->slow);
    return 0.5 * (b->fast + b->slow);
}

static double quantised(double v, double lsb)
{
    return lsb * floor(v / lsb + 0.5);
}

static void make_column(double *v, const struct story *y, int s, int signal)
{
    uint64_t seed = y->seed * 7919 + (uint64_t)(s * 31 + signal + 1) * UINT64_C(0x9E3779B97F4A7C15);
    uint64_t glitch_seed = seed + 1;
    double peak = s % 2 ? 160 : 127, own = 1 + 0.03 * sin(s), frozen = NAN;
    struct body cap = {0}, mag = {0}, igbt = {0};
    for (size_t k = 0; k < MINUTES; k++) {
        double i = current_of(y, s, k), q = i * i, a = fabs(i);
        /* air and water of a sector move together, and the air a little by itself */
        double air = 0.3 * sin((double)k / 97 + s / 8);
        double common = 0.4 * sin((double)k / 230 + s / 8) + (s / 8 == 1 && k >= MINUTES / 2 ? y->water : 0);
        double capacitor = heat(&cap, q, 30, 55), magnet = heat(&mag, q, 3, 3);
        double loss = heat(&igbt, 0.6 * a + q, 15, 15);
        switch (signal) {
        case SIGNAL_CAPACITOR_TEMPERATURE:
            v[k] = 29 + s * 0.3 + common + air + own * 9 * capacitor + 0.08 * random_normal(&seed);
            v[k] = quantised(v[k] + (k < MINUTES / 3 ? y->block0_shift : 0), 0.1);
            if (s == y->stuck_capacitor && k >= 1440)
                v[k] = isnan(frozen) ? (frozen = v[k]) : frozen;
            break;
        case SIGNAL_CURRENT:
            v[k] = peak * (floor(32768 * i + 0.5) / 32768 + 40e-6 * random_normal(&seed)) + 0.002;
            if (random_uniform(&glitch_seed) < y->glitches)
                v[k] *= 1.2;
            break;
        case SIGNAL_MAGNET_TEMPERATURE:
            v[k] = 32 + s * 0.1 + common + own * 10 * magnet + 0.08 * random_normal(&seed);
            break;
        case SIGNAL_DAC: v[k] = floor(32768 * i + 0.5); break;
        case SIGNAL_IGBT_TEMPERATURE:
            v[k] = 33 + s * 0.2 + common + air + own * 11 * loss + 0.08 * random_normal(&seed) +
                   (s == y->warm_igbt && k >= 1440 ? 2 : 0);
            break;
        default: { /* voltage: the coil's resistance follows water and its own heat */
            double coil = common + own * 10 * magnet;
            v[k] = peak * i * 0.1 * own * (1 + 0.00393 * coil) + 0.002 * random_normal(&seed);
        }
        }
    }
}

/* Builds the record of a story; glitches only for those who ask. */
static void make_ring(struct ring *g, const struct story *y)
{
    struct grid_options o = {NS_PER_MIN, 5 * NS_PER_MIN, NULL, NS_PER_DAY};
    struct err err = {0};
    g->f = make_fleet();
    g->l = feature_layout_new(g->f);
    g->g = grid_new(g->f, &o);
    assert_int_equal(record_new(&g->r, g->g, g->f, START, MINUTES, NULL, &err), 0);
    double *v = xcalloc(MINUTES, sizeof *v);
    struct sample *samples = xcalloc(MINUTES, sizeof *samples);
    for (uint32_t c = 0; c < g->f->n_channels; c++) {
        const char *name = g->f->supplies[g->f->channels[c].supply].name;
        int s = name[0] == 'M' ? (int)strtol(name + 1, NULL, 10) : name[0] == 'K' ? 5 : 3;
        uint64_t seed = y->seed + 5;
        if (g->f->channels[c].signal < SIGNAL_KNOWN)
            make_column(v, y, s, (int)g->f->channels[c].signal);
        else
            for (size_t k = 0; k < MINUTES; k++)
                v[k] = 12.5 + 0.2 * random_normal(&seed);
        for (size_t k = 0; k < MINUTES; k++)
            samples[k] = (struct sample){.t = record_time(g->r, k), .value = v[k]};
        record_push(g->r, c, samples, MINUTES);
        record_end(g->r, c);
    }
    free(samples);
    free(v);
}

static void free_ring(struct ring *g)
{
    record_free(g->r);
    grid_free(g->g);
    feature_layout_free(g->l);
    fleet_free(g->f);
}

static const struct story plain = {.seed = 1, .warm_igbt = -1, .stuck_capacitor = -1};

static void fit(struct ring *g, struct physics *p[], const int leave[], int n)
{
    static const struct maintenance none = {0};
    struct err err = {0};
    if (physics_fit(p, leave, n, g->f, g->r, &none, NULL, NULL, &err) != 0)
        fail_msg("%s", err.msg);
    physics_complete(p[0], g->l);
}

/* All rows of a record: (MINUTES, S, W); modes (MINUTES, S). Caller frees both. */
static float *all_rows(struct ring *g, const struct physics *p, uint8_t **modes)
{
    size_t wide = g->l->n_supplies * g->l->width;
    float *x = xcalloc(MINUTES * wide, sizeof *x);
    *modes = xcalloc(MINUTES, g->l->n_supplies);
    struct features *e = features_new(g->f, g->l, p);
    for (size_t k = 0; k < MINUTES; k++) {
        struct frame in;
        struct feature_frame out;
        record_frame(g->r, k, &in);
        features_step(e, &in, &out);
        memcpy(x + k * wide, out.x, wide * sizeof *x);
        memcpy(*modes + k * g->l->n_supplies, out.mode, g->l->n_supplies);
    }
    features_free(e);
    return x;
}

static size_t level_of(const struct ring *g, size_t s, uint32_t signal)
{
    for (size_t l = 0; l < g->l->n_levels[s]; l++)
        if (g->f->channels[feature_at(g->l, s, l)->channel].signal == signal)
            return l;
    fail_msg("supply %zu has no signal %u", s, signal);
    return 0;
}

/* Median of one column over steady minutes from … to-1; NaN where there are fewer than 100. */
static double steady_median(const struct ring *g, const float *x, const uint8_t *mode, size_t s,
                            size_t column, size_t from, size_t to)
{
    float v[MINUTES];
    size_t n = 0, S = g->l->n_supplies;
    for (size_t k = from; k < to; k++) {
        float value = x[(k * S + s) * g->l->width + column];
        if (mode[k * S + s] == MODE_STEADY && !isnan(value))
            v[n++] = value;
    }
    return n < 100 ? (double)NAN : (double)select_median(v, n);
}

static void layout_follows_the_fleet(void **state)
{
    (void)state;
    struct fleet *f = make_fleet();
    struct feature_layout *l = feature_layout_new(f);
    assert_int_equal(l->levels, 5);
    assert_int_equal(l->width, 10);
    static const enum feature_kind kinds[] = {FEATURE_CAPACITOR, FEATURE_CURRENT, FEATURE_MAGNET,
                                              FEATURE_IGBT, FEATURE_VOLTAGE};
    for (size_t k = 0; k < 5; k++)
        assert_int_equal(feature_at(l, 0, k)->kind, kinds[k]);
    assert_near(feature_at(l, 0, 1)->min_effect, 160 * 30e-6, 1e-12, 0);
    assert_near(feature_at(l, 0, 0)->min_effect, 0.5, 0, 0);
    assert_true(isnan(feature_at(l, 8, 1)->min_effect)); /* no range: learned */
    size_t k1 = (size_t)fleet_supply(f, "K1"), k2 = (size_t)fleet_supply(f, "K2");
    assert_int_equal(feature_at(l, k1, 1)->kind, FEATURE_RAW); /* current without DAC */
    assert_int_equal(feature_at(l, k1, 0)->kind, FEATURE_CAPACITOR);
    assert_int_equal(l->n_levels[k2], 4);
    for (size_t k = 0; k < 4; k++) /* nothing explains them without a current */
        assert_int_equal(feature_at(l, k2, k)->kind, FEATURE_RAW);
    size_t w = (size_t)fleet_supply(f, "W");
    assert_int_equal(l->n_levels[w], 1);
    assert_string_equal(feature_at(l, w, 0)->label, "flow");
    assert_false(feature_at(l, w, 0)->common);
    feature_layout_free(l);
    fleet_free(f);
}

/* A supply with more signals than a byte counts. */
static void a_layout_holds_all_signals_of_a_supply(void **state)
{
    (void)state;
    enum { SIGNALS = 300 };
    struct table_file table;
    FILE *f = table_begin(&table);
    fputs("supply,family,sector,signal,pv,unit\n", f);
    for (int k = 0; k < SIGNALS; k++)
        fprintf(f, "A,Q,S0,s%03d,A:%d,u\n", k, k);
    fputs("B,Q,S0,s000,B:0,u\n", f);
    struct fleet *fleet = fleet_end(&table);
    struct feature_layout *l = feature_layout_new(fleet);
    assert_int_equal(l->levels, SIGNALS);
    assert_int_equal(l->n_levels[0], SIGNALS);
    assert_int_equal(l->n_levels[1], 1);
    for (size_t k = 0; k < SIGNALS; k++)
        assert_int_equal(feature_at(l, 0, k)->channel, k);
    feature_layout_free(l);
    fleet_free(fleet);
}

static bool kinds_with_offset(enum feature_kind k)
{
    return k == FEATURE_CURRENT || k == FEATURE_VOLTAGE;
}

/* Healthy supplies: residuals near 0 in every operating point, water and glitches do not show. */
static void residuals_of_healthy_supplies_are_small(void **state)
{
    (void)state;
    struct story y = plain;
    y.water = 1.0;
    y.glitches = 0.002;
    struct ring g;
    struct physics *p[1];
    uint8_t *mode;
    make_ring(&g, &y);
    fit(&g, p, (const int[]){-1}, 1);
    float *x = all_rows(&g, p[0], &mode);
    double worst[5] = {0};
    for (size_t s = 0; s < NORMAL; s++) {
        double peak = p[0]->scale[s].peak, amperes = s % 2 ? 160 : 127;
        assert_near(p[0]->scale[s].dac, 32768 * peak / amperes, 2e-3, 0);
        if (s >= 8) /* no range: what it was seen to use */
            assert_true(peak > 0.24 * amperes && peak < amperes);
        for (size_t l = 0; l < 5; l++) {
            /* before and after the optics change, before and after the water step */
            static const size_t part[][2] = {{980, 1440}, {1440, 2160}, {2300, 2880}, {2880, 4320}};
            double first = steady_median(&g, x, mode, s, l, part[0][0], part[0][1]);
            for (size_t i = 0; i < 4; i++) {
                double m = steady_median(&g, x, mode, s, l, part[i][0], part[i][1]);
                assert_true(m == m);
                /* offsets of currents and voltages stay; what must not happen is that they move */
                double moved = kinds_with_offset(feature_at(g.l, s, l)->kind) ? m - first : m;
                worst[l] = fmax(worst[l], fabs(moved) / feature_at(g.l, s, l)->min_effect);
            }
        }
    }
    print_message("# largest median / least effect: capacitor %.2f current %.2f magnet %.2f "
                  "IGBT %.2f voltage %.2f\n",
                  worst[0], worst[1], worst[2], worst[3], worst[4]);
    for (size_t l = 0; l < 5; l++) /* of a current that uses a fifth of its range, noise alone makes 0.5 */
        assert_true(worst[l] < (l == 1 ? 1.0 : 0.5));
    size_t w = (size_t)fleet_supply(g.f, "W"), k2 = (size_t)fleet_supply(g.f, "K2");
    assert_near(steady_median(&g, x, mode, w, 0, 0, MINUTES), 0, 0, 0.02);
    assert_near(p[0]->coef[w * 5][0], 12.5, 0, 0.02);
    assert_int_equal(mode[k2], MODE_STEADY); /* from its first minute: nothing tells otherwise */
    free(x);
    free(mode);
    physics_free(p[0]);
    free_ring(&g);
}

/* A model of healthy days, then a warm IGBT, a frozen sensor: sizes in K, and a log-variance that drops. */
static void faults_show_in_their_channel(void **state)
{
    (void)state;
    struct story bad = plain;
    bad.seed = 2;
    bad.warm_igbt = 3;
    bad.stuck_capacitor = 9;
    struct ring g, b;
    struct physics *p[1];
    uint8_t *mode;
    make_ring(&g, &plain);
    fit(&g, p, (const int[]){-1}, 1);
    free_ring(&g);
    make_ring(&b, &bad);
    float *x = all_rows(&b, p[0], &mode);
    size_t igbt = level_of(&b, 3, SIGNAL_IGBT_TEMPERATURE);
    size_t cap = level_of(&b, 9, SIGNAL_CAPACITOR_TEMPERATURE), L = b.l->levels;
    assert_near(steady_median(&b, x, mode, 3, igbt, 980, 1440), 0, 0, 0.1);
    assert_near(steady_median(&b, x, mode, 3, igbt, 1440, 4320), 2, 0, 0.1);
    assert_near(steady_median(&b, x, mode, 5, igbt, 1440, 4320), 0, 0, 0.1); /* its neighbour */
    double before = steady_median(&b, x, mode, 9, L + cap, 980, 1440);
    double after = steady_median(&b, x, mode, 9, L + cap, 1500, 4320);
    double other = steady_median(&b, x, mode, 11, L + cap, 1500, 4320);
    /* what is left is the sector median's own noise */
    assert_true(after < before - 0.5);
    assert_near(other, before, 0, 0.3);
    /* the log-variance is what its definition says: differences of noise 0.08 K and 0.1 K steps, + LSB² */
    assert_near(p[0]->lsb[9 * L + cap], 0.1, 1e-3, 0);
    assert_near(before, log(2 * (0.08 * 0.08 + 0.01 / 12) * 1.1 + 0.01), 0, 0.25);
    free(x);
    free(mode);
    physics_free(p[0]);
    free_ring(&b);
}

/* Constant currents leave the regressors collinear; the fit must still predict what it saw. */
static void constant_currents_can_be_fitted(void **state)
{
    (void)state;
    struct story y = plain;
    y.quiet = true;
    struct ring g;
    struct physics *p[1];
    uint8_t *mode;
    make_ring(&g, &y);
    fit(&g, p, (const int[]){-1}, 1);
    float *x = all_rows(&g, p[0], &mode);
    for (size_t s = 1; s < NORMAL; s += 2)
        for (size_t l = 0; l < 5; l++) {
            double m = steady_median(&g, x, mode, s, l, 1440, MINUTES);
            assert_near(m, 0, 0, 0.5 * feature_at(g.l, s, l)->min_effect);
        }
    free(x);
    free(mode);
    physics_free(p[0]);
    free_ring(&g);
}

static void a_fit_does_not_see_the_block_it_leaves_out(void **state)
{
    (void)state;
    struct story y = plain;
    y.block0_shift = 0.4;
    struct ring a, b;
    struct physics *pa[3], *pb[3];
    static const int leave[3] = {-1, 0, 2};
    make_ring(&a, &plain);
    make_ring(&b, &y);
    fit(&a, pa, leave, 3);
    fit(&b, pb, leave, 3);
    size_t L = a.l->levels, moved = 0;
    for (size_t s = 0; s < NORMAL; s++)
        for (size_t k = 0; k < 5; k++) {
            assert_near(pb[1]->coef[s * L][k], pa[1]->coef[s * L][k], 1e-9, 1e-9);
            moved += fabs(pb[0]->coef[s * L][k] - pa[0]->coef[s * L][k]) > 1e-3;
            moved += fabs(pb[2]->coef[s * L][k] - pa[2]->coef[s * L][k]) > 1e-3;
        }
    assert_true(moved > 2 * NORMAL);
    assert_int_equal(fold_of(0, 9), 0);
    assert_int_equal(fold_of(3, 9), 1);
    assert_int_equal(fold_of(8, 9), 2);
    assert_int_equal(fold_of(9, 10), 2);
    for (int i = 0; i < 3; i++) {
        physics_free(pa[i]);
        physics_free(pb[i]);
    }
    free_ring(&a);
    free_ring(&b);
}

static void maintenance_is_not_learned_from(void **state)
{
    (void)state;
    struct story y = plain;
    y.block0_shift = 0.4;
    struct ring a, b;
    struct physics *pa[1], *pb[1];
    struct maintenance_period period = {
        .supply = -1, .group = -1, .start = START, .end = START + (tstamp_ns)MINUTES / 3 * NS_PER_MIN};
    struct maintenance m = {.period = &period, .n = 1};
    struct err err = {0};
    static const int all[1] = {-1};
    make_ring(&a, &plain);
    make_ring(&b, &y);
    assert_int_equal(physics_fit(pa, all, 1, a.f, a.r, &m, NULL, NULL, &err), 0);
    assert_int_equal(physics_fit(pb, all, 1, b.f, b.r, &m, NULL, NULL, &err), 0);
    for (size_t i = 0; i < NORMAL * a.l->levels; i++)
        for (size_t k = 0; k < 4; k++)
            assert_near(pb[0]->coef[i][k], pa[0]->coef[i][k], 1e-9, 1e-9);
    period.end = MAINTENANCE_OPEN; /* nothing left */
    struct physics *none[1];
    assert_int_equal(physics_fit(none, all, 1, a.f, a.r, &m, NULL, NULL, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, "nothing could be fitted"));
    physics_free(pa[0]);
    physics_free(pb[0]);
    free_ring(&a);
    free_ring(&b);
}

static void saved_physics_gives_the_same_bits(void **state)
{
    (void)state;
    struct ring g;
    struct physics *p[1], *q;
    struct err err = {0};
    uint8_t *mode, *mode2;
    make_ring(&g, &plain);
    fit(&g, p, (const int[]){-1}, 1);
    struct mfile *m = mfile_new(1);
    physics_save(p[0], m, "full/");
    char path[] = "/tmp/psmon-physics-XXXXXX";
    close(mkstemp(path));
    assert_int_equal(mfile_write(m, path, NULL, &err), 0);
    mfile_free(m);
    assert_int_equal(mfile_read(&m, path, 1, NULL, &err), 0);
    unlink(path);
    assert_int_equal(physics_load(&q, g.f, m, "other/", &err), ERR_DATA);
    assert_int_equal(physics_load(&q, g.f, m, "full/", &err), 0);
    float *x = all_rows(&g, p[0], &mode), *x2 = all_rows(&g, q, &mode2);
    size_t n = MINUTES * g.l->n_supplies;
    assert_memory_equal(x, x2, n * g.l->width * sizeof *x);
    assert_memory_equal(mode, mode2, n);
    free(x);
    free(x2);
    free(mode);
    free(mode2);
    mfile_free(m);
    physics_free(p[0]);
    physics_free(q);
    free_ring(&g);
}

/* Minutes polled live give the rows that the same minutes gave in training. */
static void live_rows_equal_training_rows(void **state)
{
    (void)state;
    struct ring g;
    struct physics *p[1];
    uint8_t *mode;
    make_ring(&g, &plain);
    fit(&g, p, (const int[]){-1}, 1);
    float *x = all_rows(&g, p[0], &mode);
    struct grid_options o = {NS_PER_MIN, 5 * NS_PER_MIN, NULL, NS_PER_DAY};
    struct grid *live = grid_new(g.f, &o);
    struct features *e = features_new(g.f, g.l, p[0]);
    size_t wide = g.l->n_supplies * g.l->width;
    for (size_t k = 0; k < 1500; k++) {
        struct frame in;
        struct feature_frame out;
        for (uint32_t c = 0; c < g.f->n_channels; c++) {
            struct sample s = {.t = record_time(g.r, k), .value = (double)record_column(g.r, c, NULL)[k]};
            grid_push(live, c, &s);
        }
        grid_frame(live, record_time(g.r, k), &in);
        features_step(e, &in, &out);
        assert_memory_equal(out.x, x + k * wide, wide * sizeof *x);
        assert_memory_equal(out.mode, mode + k * g.l->n_supplies, g.l->n_supplies);
    }
    features_free(e);
    grid_free(live);
    free(x);
    free(mode);
    physics_free(p[0]);
    free_ring(&g);
}

/* Hours after minute `from` until a level of a supply has settled for good, within six; 0: it always was. */
static double settles_after(struct ring *g, const struct physics *p, size_t s, uint32_t signal, size_t from)
{
    struct features *e = features_new(g->f, g->l, p);
    size_t level = level_of(g, s, signal), last = from;
    for (size_t k = 0; k < from + 360; k++) {
        struct frame in;
        struct feature_frame out;
        record_frame(g->r, k, &in);
        features_step(e, &in, &out);
        if (k >= from && !feature_settled(g->l, &out, s, level))
            last = k + 1;
    }
    features_free(e);
    return (double)(last - from) / 60;
}

/* All are off for three hours until minute 780; M7 then goes to 0.54 of full scale, and at minute 2200 by 1.5
 * % of that. */
static void a_step_settles_as_long_as_it_deserves(void **state)
{
    (void)state;
    struct ring g;
    struct physics *p[1];
    make_ring(&g, &plain);
    fit(&g, p, (const int[]){-1}, 1);
    double capacitor = settles_after(&g, p[0], 7, SIGNAL_CAPACITOR_TEMPERATURE, 780);
    double magnet = settles_after(&g, p[0], 7, SIGNAL_MAGNET_TEMPERATURE, 780);
    print_message("# switched on: capacitor %.1f h, magnet %.1f h\n", capacitor, magnet);
    assert_true(capacitor > 1.5 && capacitor < 5);
    assert_true(magnet > 0 && magnet < 0.75);
    assert_true(settles_after(&g, p[0], 7, SIGNAL_CURRENT, 780) == 0);
    assert_true(settles_after(&g, p[0], 7, SIGNAL_CAPACITOR_TEMPERATURE, 2200) == 0);
    assert_true(settles_after(&g, p[0], 7, SIGNAL_MAGNET_TEMPERATURE, 2200) == 0);
    physics_free(p[0]);
    free_ring(&g);
}

static void without_physics_there_are_modes_only(void **state)
{
    (void)state;
    struct ring g;
    make_ring(&g, &plain);
    struct features *e = features_new(g.f, g.l, NULL);
    struct frame in;
    struct feature_frame out;
    bool off = false, steady = false;
    for (size_t k = 0; k < 1200; k++) {
        record_frame(g.r, k, &in);
        features_step(e, &in, &out);
        off |= out.mode[1] == MODE_OFF;
        steady |= out.mode[1] == MODE_STEADY;
        for (size_t i = 0; i < g.l->n_supplies * g.l->width; i++)
            assert_true(isnan(out.x[i]));
        assert_true(isnan(out.rise[1]));
    }
    assert_true(off && steady);
    features_free(e);
    free_ring(&g);
}

/* Regression against NumPy: tests/golden/make_features.py. */
static void ridge_agrees_with_numpy(void **state)
{
    (void)state;
    enum { SUPPLIES = 3, TERMS = 4 };
    struct csv *c;
    struct err err = {0};
    struct normals n[SUPPLIES] = {0};
    double want[SUPPLIES][TERMS], v[10];
    assert_int_equal(csv_open(&c, "tests/golden/features/regression.csv", &err), 0);
    while (csv_next(c, &err) > 0) {
        for (int k = 0; k < 10; k++)
            assert_int_equal(csv_number(c, k, &v[k], &err), 0);
        size_t s = (size_t)v[0];
        ridge_add_row(&n[s], v + 1, v[5], TERMS);
        memcpy(want[s], v + 6, sizeof want[s]);
    }
    csv_close(c);
    struct ridge_family family = {0};
    for (size_t s = 0; s < SUPPLIES; s++)
        ridge_family_add(&family, &n[s], TERMS);
    assert_true(ridge_family_solve(&family, TERMS));
    double worst = 0;
    for (size_t s = 0; s < SUPPLIES; s++) {
        double beta[TERMS];
        ridge_solve(beta, &n[s], &family, TERMS);
        for (size_t k = 0; k < TERMS; k++) {
            assert_near(beta[k], want[s][k], 1e-7, 1e-9);
            worst = fmax(worst, fabs(beta[k] - want[s][k]));
        }
    }
    print_message("# regression: largest difference %.2g\n", worst);
    struct ridge_family empty = {0};
    assert_false(ridge_family_solve(&empty, TERMS));
}

/* Low passes against SciPy, through the engine's drivers. */
static void low_passes_agree_with_scipy(void **state)
{
    (void)state;
    struct fleet *f = make_fleet();
    struct drivers *d = drivers_new(f, NULL, NS_PER_MIN);
    float *value = xcalloc(f->n_channels, sizeof *value);
    struct csv *c;
    struct err err = {0};
    double worst = 0, v[7];
    size_t k = 0;
    assert_int_equal(csv_open(&c, "tests/golden/features/lowpass.csv", &err), 0);
    while (csv_next(c, &err) > 0) {
        for (int j = 0; j < 7; j++)
            assert_int_equal(csv_number(c, j, &v[j], &err), 0);
        value[f->supplies[0].known[SIGNAL_CURRENT]] = (float)(160 * v[0]);
        struct frame in = {.t = START + (tstamp_ns)k++ * NS_PER_MIN, .value = value};
        drivers_step(d, &in);
        const struct driver_row *r = &d->row[0];
        const float got[6] = {r->q3, r->q15, r->q60, r->a3, r->a15, r->a60};
        for (int j = 0; j < 6; j++) {
            assert_near((double)got[j], v[j + 1], 2e-7, 1e-9);
            worst = fmax(worst, fabs((double)got[j] - v[j + 1]));
        }
    }
    csv_close(c);
    print_message("# low passes: %zu minutes, largest difference %.2g (floats)\n", k, worst);
    assert_true(k >= 200);
    assert_near(lowpass_gain(NS_PER_MIN, 15 * NS_PER_MIN), 1 - exp(-1.0 / 15), 1e-12, 0);

    /* a missing current is bridged for ten minutes, then the low passes start anew */
    value[f->supplies[0].known[SIGNAL_CURRENT]] = NAN;
    for (int gap = 1; gap <= 12; gap++) {
        struct frame in = {.t = START + (tstamp_ns)k++ * NS_PER_MIN, .value = value};
        drivers_step(d, &in);
        assert_true(d->row[0].valid == (gap <= 10));
    }
    value[f->supplies[0].known[SIGNAL_CURRENT]] = 16;
    struct frame in = {.t = START + (tstamp_ns)k++ * NS_PER_MIN, .value = value};
    drivers_step(d, &in);
    assert_near((double)d->row[0].a60, 0.1, 1e-6, 0);
    /* two minutes in one step: the same as two steps of the same current */
    double expect = (double)d->row[0].a60;
    value[f->supplies[0].known[SIGNAL_CURRENT]] = 80;
    in.t += 2 * NS_PER_MIN;
    drivers_step(d, &in);
    assert_near((double)d->row[0].a60, expect + (1 - exp(-2.0 / 60)) * (0.5 - expect), 1e-6, 0);
    drivers_free(d);
    free(value);
    fleet_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_follows_the_fleet),
        cmocka_unit_test(a_layout_holds_all_signals_of_a_supply),
        cmocka_unit_test(ridge_agrees_with_numpy),
        cmocka_unit_test(low_passes_agree_with_scipy),
        cmocka_unit_test(residuals_of_healthy_supplies_are_small),
        cmocka_unit_test(faults_show_in_their_channel),
        cmocka_unit_test(constant_currents_can_be_fitted),
        cmocka_unit_test(a_fit_does_not_see_the_block_it_leaves_out),
        cmocka_unit_test(maintenance_is_not_learned_from),
        cmocka_unit_test(saved_physics_gives_the_same_bits),
        cmocka_unit_test(live_rows_equal_training_rows),
        cmocka_unit_test(a_step_settles_as_long_as_it_deserves),
        cmocka_unit_test(without_physics_there_are_modes_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
