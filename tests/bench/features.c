/* Feature rows: ms per tick of 1,320 supplies, and the physics fit over a day of them, beside how a first
 * attempt would do it: every low pass summed anew over its last five time constants, medians by sorting.
 * SPDX-License-Identifier: MIT */
#include "features/features.h"
#include "base/clock.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SECTORS 40
#define PER_SECTOR 33
#define MINUTES 1440
#define HISTORY 300 /* minutes the naive low passes look back: five time constants of 60 min */

static const char *const signals[] = {"capacitor_temperature", "current", "magnet_temperature", "dac",
                                      "igbt_temperature",      "voltage"};
enum { SIGNALS = 6 };

static double random_normal(uint64_t *s)
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        *s ^= *s >> 12;
        *s ^= *s << 25;
        *s ^= *s >> 27;
        sum += (double)((*s * UINT64_C(2685821657736338717)) >> 11) * 0x1p-53 - 0.5;
    }
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

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

/* The same quantities, each from its definition, for one minute. */
static double naive_tick(const struct record *r, const struct fleet *f, size_t k)
{
    static const double taus[] = {3, 15, 60};
    float residual[3][SECTORS * PER_SECTOR];
    double checksum = 0;
    for (size_t s = 0; s < f->n_supplies; s++) {
        const float *i = record_column(r, (uint32_t)f->supplies[s].known[SIGNAL_CURRENT], NULL);
        double x[7] = {1};
        for (int j = 0; j < 6; j++) {
            double sum = 0, weight = 0, tau = taus[j % 3];
            for (size_t b = 0; b < HISTORY && b <= k && (double)b < 5 * tau; b++) {
                double q = (double)i[k - b] / 160, w = exp(-(double)b / tau);
                sum += w * (j < 3 ? q * q : fabs(q));
                weight += w;
            }
            x[j + 1] = sum / weight;
        }
        for (int j = 0; j < 5; j++) {
            double e = 0;
            for (int b = 0; b < 7; b++)
                e += x[b] * (0.1 * j + b);
            if (j < 3)
                residual[j][s] = (float)e;
            double v = 0;
            const float *c = record_column(r, f->supplies[s].first_channel + (uint32_t)j, NULL);
            for (size_t b = 0; b < 10; b++)
                v += pow((double)c[k - b] - (double)c[k - b - 1], 2);
            checksum += log(v / 10 + 1e-4);
        }
    }
    for (int j = 0; j < 3; j++)
        for (int g = 0; g < SECTORS; g++) {
            qsort(residual[j] + g * PER_SECTOR, PER_SECTOR, sizeof(float), ascending);
            checksum += (double)residual[j][g * PER_SECTOR + PER_SECTOR / 2];
        }
    return checksum;
}

int main(void)
{
    struct err err = {0};
    struct fleet *f = make_fleet();
    struct grid_options o = {NS_PER_MIN, 5 * NS_PER_MIN, NULL, NS_PER_DAY};
    struct grid *g = grid_new(f, &o);
    struct record *r;
    struct maintenance none = {0};
    struct physics *p[3];
    static const int leave[3] = {-1, 0, 2};
    if (record_new(&r, g, f, NS_PER_DAY * 20000, MINUTES, NULL, &err) != 0)
        abort();
    fill(r, f);
    tstamp_ns t0 = clock_monotonic();
    if (physics_fit(p, leave, 3, f, r, &none, NULL, NULL, &err) != 0)
        abort();
    double fit = (double)(clock_monotonic() - t0) * 1e-9;
    struct feature_layout *l = feature_layout_new(f);
    struct features *e = features_new(f, l, p[0]);
    struct feature_frame out;
    double checksum = 0;
    t0 = clock_monotonic();
    for (size_t k = 0; k < MINUTES; k++) {
        struct frame in;
        record_frame(r, k, &in);
        features_step(e, &in, &out);
        checksum += isnan(out.x[0]) ? 0 : (double)out.x[0];
    }
    double tick = (double)(clock_monotonic() - t0) * 1e-6 / MINUTES;
    enum { NAIVE = 10 };
    t0 = clock_monotonic();
    for (size_t k = 0; k < NAIVE; k++)
        checksum += naive_tick(r, f, MINUTES - 1 - k);
    double naive = (double)(clock_monotonic() - t0) * 1e-6 / NAIVE;
    printf("features, tick of %zu supplies     %8.3f ms   %6.1f x naive (%.2f ms)  [%.3g]\n", f->n_supplies,
           tick, naive / tick, naive, checksum);
    printf("features, 3 physics fits on a day    %7.2f s    %6.2f M readings/s\n", fit,
           (double)f->n_channels * MINUTES / fit * 1e-6);
    features_free(e);
    feature_layout_free(l);
    for (int i = 0; i < 3; i++)
        physics_free(p[i]);
    record_free(r);
    grid_free(g);
    fleet_free(f);
    return 0;
}
