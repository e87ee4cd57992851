/* Feature rows: ms per tick of 1,320 supplies, and the physics fit over a day of them, beside how a first
 * attempt would do it: every low pass summed anew over its last ten time constants, medians by sorting.
 * SPDX-License-Identifier: MIT */
#include "features/features.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/time/clock.h"
#include "features/internal.h"
#include "tests/bench/proof.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTORS 40
#define PER_SECTOR 33
#define MINUTES 1440

static const char *const signals[] = {"capacitor_temperature", "current", "magnet_temperature", "dac",
                                      "igbt_temperature",      "voltage"};
enum { SIGNALS = 6 };

static double random_normal(uint64_t *s)
{
    double sum = 0;
    for (int i = 0; i < 4; i++)
        sum += random_unit(random_next(s)) - 0.5;
    return sum * 1.7320508;
}

static struct fleet *make_fleet(void)
{
    char path[] = "/tmp/psmon-bench-XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        abort();
    fputs("supply,family,sector,signal,pv,unit,range\n", f);
    for (int s = 0; s < SECTORS * PER_SECTOR; s++)
        for (int k = 0; k < SIGNALS; k++)
            fprintf(f, "P%d,F%d,S%02d,%s,P%d:%d,u,%s\n", s, s % 4, s / PER_SECTOR, signals[k], s, k,
                    k == 1   ? "160"
                    : k == 3 ? "32768"
                             : "");
    fclose(f);
    struct fleet *fleet = NULL;
    struct err err = {0};
    if (fleet_load(&fleet, path, &err) != 0) {
        fprintf(stderr, "%s\n", err.msg);
        abort();
    }
    unlink(path);
    return fleet;
}

/* A day: every supply at its own current, orbit feedback on half of them, an hour off. */
static void fill(struct record *r, const struct fleet *fleet)
{
    uint64_t seed = 99;
    struct sample one[MINUTES] = {0};
    for (uint32_t c = 0; c < fleet->n_channels; c++) {
        uint32_t signal = fleet->channels[c].signal, s = fleet->channels[c].supply;
        double level = 0.4 + 0.1 * (s % 5);
        for (int k = 0; k < MINUTES; k++) {
            double i = k > 300 && k < 360 ? 0 : level + (s % 2) * 0.01 * sin(k / 40.0 + s);
            static const double gain[SIGNALS] = {8, 160, 9, 32768, 10, 17};
            static const double noise[SIGNALS] = {.1, .006, .1, 0, .1, .003};
            double v = gain[signal] * (signal == 1 || signal == 3 || signal == 5 ? i : i * i);
            v += (gain[signal] < 11 ? 30 : 0) + noise[signal] * random_normal(&seed);
            one[k] = (struct sample){.t = record_time(r, (size_t)k), .value = v};
        }
        record_push(r, c, one, MINUTES);
        record_end(r, c);
    }
}

/* ---- the naive twin: each quantity from its definition ---- */

#define CELLS (SECTORS * PER_SECTOR)
enum { LEVELS = SIGNALS - 1, NAIVE = 10, SPREAD = 10, WATER_BACK = 60 };

/* What earlier minutes leave, as a first attempt would keep it: everything. */
struct naive {
    const struct fleet *fleet;
    const struct feature_layout *layout;
    const struct physics *physics;
    const struct record *record;
    float median[COMMON_SIGNALS][MINUTES][SECTORS + 1]; /* of the temperatures' residuals; last the ring's */
    float level[MINUTES][CELLS][LEVELS]; /* of the steady, all of them in the minutes looked at */
};

/* Low pass of tau minutes at minute k: its weighted sum, ten time constants back. */
static double low_pass(const float *i, size_t k, double peak, double tau, bool squared)
{
    double sum = 0, weight = 0;
    for (size_t b = 0; b <= k && (double)b < 10 * tau; b++) {
        double x = (double)i[k - b] / peak, w = exp(-(double)b / tau);
        sum += w * (squared ? x * x : fabs(x));
        weight += w;
    }
    return sum / weight;
}

static struct driver_row naive_drivers(const struct naive *n, size_t s, size_t k)
{
    const struct supply *u = &n->fleet->supplies[s];
    const float *current = record_column(n->record, (uint32_t)u->known[SIGNAL_CURRENT], NULL);
    const float *dac = record_column(n->record, (uint32_t)u->known[SIGNAL_DAC], NULL);
    double peak = n->physics->scale[s].peak, i = (double)current[k] / peak;
    double asked = (double)dac[k] / n->physics->scale[s].dac;
    return (struct driver_row){.i = (float)i,
                               .a = (float)fabs(i),
                               .q = (float)(i * i),
                               .q3 = (float)low_pass(current, k, peak, 3, true),
                               .q15 = (float)low_pass(current, k, peak, 15, true),
                               .q60 = (float)low_pass(current, k, peak, 60, true),
                               .a3 = (float)low_pass(current, k, peak, 3, false),
                               .a15 = (float)low_pass(current, k, peak, 15, false),
                               .a60 = (float)low_pass(current, k, peak, 60, false),
                               .dac = (float)asked,
                               .sign = (float)((asked > 0) - (asked < 0)),
                               .valid = true};
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static float sector_median_of(const struct naive *n, size_t k, size_t sector, size_t level)
{
    float v[PER_SECTOR];
    for (size_t j = 0; j < PER_SECTOR; j++)
        v[j] = n->level[k][sector * PER_SECTOR + j][level];
    qsort(v, PER_SECTOR, sizeof *v, ascending);
    return v[PER_SECTOR / 2];
}

/* What a sector has in common: its medians low-passed with 5 min. */
static double naive_smooth(const struct naive *n, enum common_signal signal, size_t k, size_t sector)
{
    double sum = 0, weight = 0;
    for (size_t b = 0; b < WATER_BACK; b++) {
        double w = exp(-(double)b / 5);
        sum += w * (double)n->median[signal][k - b][sector];
        weight += w;
    }
    return sum / weight;
}

static void naive_residuals(struct naive *n, size_t k, const struct driver_row row[], bool voltage)
{
    for (size_t s = 0; s < CELLS; s++) {
        for (size_t l = 0; l < LEVELS; l++) {
            const struct feature_channel *c = feature_at(n->layout, s, l);
            const float *v = record_column(n->record, c->channel, NULL);
            struct surroundings around = {{0}};
            for (enum medium_kind m = 0; voltage && m < MEDIA; m++)
                around.of[m] = naive_smooth(n, medium_signal(m), k, s / PER_SECTOR);
            if ((c->kind == FEATURE_VOLTAGE) == voltage)
                n->level[k][s][l] =
                    (float)((double)v[k] - physics_expect(n->physics, n->layout, s, l, &row[s], &around));
        }
    }
}

/* What all sectors have in common: of an even number the smaller of the two in the middle. */
static double naive_ring(const float median[SECTORS + 1])
{
    float v[SECTORS];
    memcpy(v, median, sizeof v); /* without its own place */
    qsort(v, SECTORS, sizeof *v, ascending);
    float low = v[SECTORS / 2 - 1], high = v[SECTORS / 2];
    return (low < 0) != (high < 0) ? 0 : (double)(fabsf(low) < fabsf(high) ? low : high);
}

static void naive_find_common(struct naive *n, size_t k)
{
    for (size_t l = 0; l < LEVELS; l++) {
        enum feature_kind kind = feature_at(n->layout, 0, l)->kind; /* the first three are common signals */
        if (kind > FEATURE_IGBT)
            continue;
        float *median = n->median[kind][k];
        for (size_t g = 0; g < SECTORS; g++)
            median[g] = sector_median_of(n, k, g, l);
        median[SECTORS] = (float)naive_ring(median);
    }
}

static void naive_subtract_common(struct naive *n, size_t k)
{
    for (size_t l = 0; l < LEVELS; l++) {
        enum feature_kind kind = feature_at(n->layout, 0, l)->kind;
        for (size_t s = 0; kind <= FEATURE_IGBT && s < CELLS; s++) {
            double ring = naive_smooth(n, (enum common_signal)kind, k, SECTORS);
            double beyond = naive_smooth(n, (enum common_signal)kind, k, s / PER_SECTOR) - ring;
            n->level[k][s][l] -= (float)(n->physics->gain[s * LEVELS + l].b * ring + beyond);
        }
    }
}

static double naive_log_variance(const struct naive *n, size_t k, size_t s, size_t l)
{
    size_t cell = s * LEVELS + l;
    double sum = 0, lsb = n->physics->lsb[cell];
    for (size_t b = 0; b < SPREAD; b++) {
        double d = (double)n->level[k - b][s][l] - (double)n->level[k - b - 1][s][l];
        sum += fmin(d * d, n->physics->cap[cell]);
    }
    return log(sum / SPREAD + lsb * lsb);
}

/* One minute; the sum of all levels' and log-variances' sizes. */
static double naive_tick(struct naive *n, size_t k)
{
    static struct driver_row row[CELLS];
    double sum = 0;
    for (size_t s = 0; s < CELLS; s++)
        row[s] = naive_drivers(n, s, k);
    naive_residuals(n, k, row, false);
    naive_find_common(n, k);
    if (k < MINUTES - NAIVE - SPREAD) /* only its media will be asked for */
        return 0;
    naive_residuals(n, k, row, true);
    naive_subtract_common(n, k);
    if (k < MINUTES - NAIVE)
        return 0;
    for (size_t s = 0; s < CELLS; s++)
        for (size_t l = 0; l < LEVELS; l++)
            sum += fabs((double)n->level[k][s][l]) + fabs(naive_log_variance(n, k, s, l));
    return sum;
}

/* ---- ours ---- */

static double sum_of_sizes(const struct feature_frame *f)
{
    double sum = 0;
    for (size_t i = 0; i < (size_t)CELLS * 2 * LEVELS; i++)
        sum += fabs((double)f->x[i]);
    return sum;
}

/* Seconds of a tick over the day, and the sum over its last minutes. */
static double time_ticks(struct features *e, struct record *r, double *sum)
{
    double seconds = 0;
    *sum = 0;
    for (size_t k = 0; k < MINUTES; k++) {
        struct frame in;
        struct feature_frame out;
        tstamp_ns t0 = clock_monotonic();
        record_frame(r, k, &in);
        features_step(e, &in, &out);
        seconds += (double)(clock_monotonic() - t0) * 1e-9;
        *sum += k >= MINUTES - NAIVE ? sum_of_sizes(&out) : 0;
    }
    return seconds / MINUTES;
}

static double time_naive(struct naive *n, double *sum)
{
    *sum = 0;
    tstamp_ns t0 = 0;
    for (size_t k = MINUTES - NAIVE - SPREAD - WATER_BACK; k < MINUTES; k++) {
        if (k == MINUTES - NAIVE)
            t0 = clock_monotonic();
        *sum += naive_tick(n, k);
    }
    return (double)(clock_monotonic() - t0) * 1e-9 / NAIVE;
}

int main(void)
{
    struct err err = {0};
    struct fleet *f = make_fleet();
    struct grid_options o = {NS_PER_MIN, 5 * NS_PER_MIN, NULL, NS_PER_DAY};
    struct grid *g = grid_new(f, &o);
    struct record *r;
    struct maintenance none = {0};
    struct physics *p[FOLDS];
    static const int leave[FOLDS] = {-1, 0, 2};
    if (record_new(&r, g, f, NS_PER_DAY * 20000, MINUTES, NULL, &err) != 0)
        abort();
    fill(r, f);
    tstamp_ns t0 = clock_monotonic();
    if (physics_fit(p, leave, FOLDS, f, r, &none, NULL, NULL, &err) != 0)
        abort();
    double fit = (double)(clock_monotonic() - t0) * 1e-9, ours, theirs;
    struct feature_layout *l = feature_layout_new(f);
    struct features *e = features_new(f, l, p[0]);
    struct naive *n = xcalloc(1, sizeof *n);
    *n = (struct naive){.fleet = f, .layout = l, .physics = p[0], .record = r};
    assert(l->levels == LEVELS);
    double tick = 1e3 * time_ticks(e, r, &ours), naive = 1e3 * time_naive(n, &theirs);
    printf("features, tick of %zu supplies     %8.3f ms   %6.1f x naive (%.2f ms)\n", f->n_supplies, tick,
           naive / tick, naive);
    bool same = proof_same("sum of all features' sizes, last ten minutes", ours, theirs, 1e-4);
    printf("features, %d physics fits on a day    %7.2f s    %6.2f M readings/s\n", FOLDS, fit,
           (double)f->n_channels * MINUTES / fit * 1e-6);
    free(n);
    features_free(e);
    feature_layout_free(l);
    for (int i = 0; i < FOLDS; i++)
        physics_free(p[i]);
    record_free(r);
    grid_free(g);
    fleet_free(f);
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
