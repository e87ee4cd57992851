/* The whole tick of 1,320 supplies: replay from decoded memory through grid frames, features, detectors,
 * findings. The model is trained on four simulated days, which is enough to run every part. PSM_SUPPLIES sets
 * another size. SPDX-License-Identifier: MIT */
#include "archive/sim/ring.h"
#include "base/clock.h"
#include "base/timefmt.h"
#include "detectors/engine/scorer.h"

#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TRAIN_DAYS 4
#define SCORED_DAYS 2
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
        return 1;
    struct fleet *f = load_fleet(sim);
    struct grid *grid = make_grid(f);
    if (maintenance_load(&none, NULL, f, &err) != 0)
        return 1;
    struct record *r = read_days(sim, grid, f, o.from, TRAIN_DAYS);
    tstamp_ns start = clock_monotonic();
    const struct train_options t = {.seed = 1, .window_minutes = 720};
    if (model_train(&model, f, r, none, &t, &err) != 0) {
        fprintf(stderr, "bench/tick: %s\n", err.msg);
        return 1;
    }
    double minutes = (double)record_minutes(r);
    printf("train        %8.1f s for %d days of %zu supplies (%.1f s a day)\n", seconds_since(start),
           TRAIN_DAYS, f->n_supplies, seconds_since(start) / (minutes / 1440));
    record_free(r);
    r = read_days(sim, grid, f, o.from + TRAIN_DAYS * NS_PER_DAY, SCORED_DAYS);
    struct scorer *s = scorer_new(
        model, f, none, &(struct scorer_options){.budget = 1, .window_minutes = 720, .period = NS_PER_MIN});
    double worst = 0, hours = 0;
    size_t n_hours = 0, n = record_minutes(r);
    start = clock_monotonic();
    for (size_t k = 0; k < n; k++) {
        struct frame frame;
        struct tick tick;
        tstamp_ns begin = clock_monotonic();
        record_frame(r, k, &frame);
        scorer_step(s, &frame, false, &tick);
        double one = seconds_since(begin);
        worst = one > worst ? one : worst;
        hours += tick.hour ? one : 0;
        n_hours += tick.hour;
    }
    double all = seconds_since(start);
    printf("tick         %8.2f ms, hour ticks %.1f ms, longest %.1f ms\n",
           1e3 * (all - hours) / (double)(n - n_hours), 1e3 * hours / (double)n_hours, 1e3 * worst);
    printf("replay       %8.2f M readings/s from decoded memory\n",
           (double)n * (double)f->n_channels / all / 1e6);
    scorer_free(s);
    record_free(r);
    model_free(model);
    grid_free(grid);
    maintenance_free(none);
    fleet_free(f);
    sim_free(sim);
    return 0;
}
