/* The whole tick of 1,320 supplies: replay from decoded memory through grid frames, features, detectors,
 * findings. The model is trained on four simulated days, which is enough to run every part. PSM_SUPPLIES sets
 * another size. SPDX-License-Identifier: MIT */
#include "archive/sim/ring.h"
#include "base/time/clock.h"
#include "base/time/timefmt.h"
#include "detectors/engine/scorer.h"
#include "tests/bench/proof.h"

#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TRAIN_DAYS 4
#define SCORED_DAYS 4
#define BLOCK 4096

static struct record *read_days(struct sim *sim, struct grid *grid, const struct fleet *f, tstamp_ns from,
                                int days)
{
    static struct sample block[BLOCK];
    struct record *r;
    struct err err;
    tstamp_ns to = from + days * NS_PER_DAY;
    if (record_new(&r, grid, f, from, (size_t)days * 1440, NULL, &err) != 0)
        exit(1);
    for (uint32_t c = 0; c < f->n_channels; c++) {
        size_t n;
        for (tstamp_ns at = from; (n = sim_read(sim, c, at, to, block, BLOCK)) > 0; at = block[n - 1].t + 1)
            record_push(r, c, block, n);
        record_end(r, c);
    }
    return r;
}

static double seconds_since(tstamp_ns start)
{
    return (double)(clock_monotonic() - start) / 1e9;
}

static struct fleet *load_fleet(struct sim *sim)
{
    char path[] = "/tmp/psmon-bench-XXXXXX";
    struct err err = {0};
    struct fleet *f = NULL;
    close(mkstemp(path));
    if (sim_write_fleet(sim, path, &err) != 0 || fleet_load(&f, path, &err) != 0)
        exit(1);
    unlink(path);
    return f;
}

static struct grid *make_grid(const struct fleet *f)
{
    return grid_new(f, &(struct grid_options){.period = NS_PER_MIN,
                                              .max_age = 5 * NS_PER_MIN,
                                              .deadband_hold = 60 * NS_PER_DAY});
}

/* Sums over ticks: of the time of those that end an hour, and of all scores. */
struct sums {
    double seconds, hours, worst, scores;
    size_t n, n_hours, scored;
};

/* Feeds minutes from … of the record; scores are summed in the last one. */
static struct sums score(const struct model *m, const struct fleet *f, const struct maintenance *none,
                         struct record *r, size_t from)
{
    struct scorer *s = scorer_new(
        m, f, none, &(struct scorer_options){.budget = 1, .window_minutes = 720, .period = NS_PER_MIN});
    struct sums sum = {0};
    struct tick tick = {0};
    for (size_t k = from; k < record_minutes(r); k++) {
        struct frame frame;
        tstamp_ns begin = clock_monotonic();
        record_frame(r, k, &frame);
        scorer_step(s, &frame, false, &tick);
        double one = seconds_since(begin);
        sum.worst = fmax(sum.worst, one);
        sum.seconds += one;
        sum.hours += tick.hour ? one : 0;
        sum.n++;
        sum.n_hours += tick.hour;
    }
    sum.scored = tick.ledger[REASON_SCORED];
    for (size_t i = 0; i < tick.n_supplies; i++)
        sum.scores += tick.reason[i] == REASON_SCORED ? (double)tick.score[i] : 0;
    scorer_free(s);
    return sum;
}

/* The naive twin keeps nothing from tick to tick: all that the last one depends on is fed again. */
static bool bench(const struct model *m, const struct fleet *f, const struct maintenance *none,
                  struct record *r)
{
    size_t n = record_minutes(r), memory = (size_t)(scorer_memory(m, NS_PER_MIN) / NS_PER_MIN);
    size_t from = memory < n ? n - memory : 0;
    struct sums a = score(m, f, none, r, 0), again = score(m, f, none, r, from);
    printf("tick         %8.2f ms, hour ticks %.1f ms, longest %.1f ms; made from nothing %.0f ms\n",
           1e3 * (a.seconds - a.hours) / (double)(a.n - a.n_hours), 1e3 * a.hours / (double)a.n_hours,
           1e3 * a.worst, 1e3 * again.seconds);
    printf("replay       %8.2f M readings/s from decoded memory\n",
           (double)n * (double)f->n_channels / a.seconds / 1e6);
    printf("    the last tick depends on %zu minutes, %zu of %zu were fed again\n", memory, n - from, n);
    bool same = proof_same("supplies scored in the last tick", (double)a.scored, (double)again.scored, 0);
    return proof_same("sum of their scores", a.scores, again.scores, 0) && same;
}

int main(void)
{
    gsl_set_error_handler_off();
    const char *size = getenv("PSM_SUPPLIES");
    struct sim_options o = {.supplies = size ? (uint32_t)strtoul(size, NULL, 10) : 1320,
                            .seed = 1,
                            .days = TRAIN_DAYS + SCORED_DAYS,
                            .healthy_days = TRAIN_DAYS + SCORED_DAYS};
    struct sim *sim;
    struct model *model;
    struct maintenance *none;
    struct err err = {0};
    if (timefmt_parse(&o.from, "2026-01-08T00:00:00Z", &err) != 0 || sim_new(&sim, &o, &err) != 0)
        return EXIT_FAILURE;
    struct fleet *f = load_fleet(sim);
    struct grid *grid = make_grid(f);
    if (maintenance_load(&none, NULL, f, &err) != 0)
        return EXIT_FAILURE;
    struct record *r = read_days(sim, grid, f, o.from, TRAIN_DAYS);
    tstamp_ns start = clock_monotonic();
    const struct train_options t = {.seed = 1, .window_minutes = 720};
    if (model_train(&model, f, r, none, &t, &err) != 0) {
        fprintf(stderr, "bench/tick: %s\n", err.msg);
        return EXIT_FAILURE;
    }
    double minutes = (double)record_minutes(r);
    printf("train        %8.1f s for %d days of %zu supplies (%.1f s a day)\n", seconds_since(start),
           TRAIN_DAYS, f->n_supplies, seconds_since(start) / (minutes / 1440));
    record_free(r);
    r = read_days(sim, grid, f, o.from + TRAIN_DAYS * NS_PER_DAY, SCORED_DAYS);
    bool same = bench(model, f, none, r);
    record_free(r);
    model_free(model);
    grid_free(grid);
    maintenance_free(none);
    fleet_free(f);
    sim_free(sim);
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
