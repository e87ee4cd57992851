/* One simulated ring; see bench.h. SPDX-License-Identifier: MIT */
#include "monitor/evaluate/bench.h"

#include "base/mem.h"
#include "base/time/timefmt.h"

#include <stdlib.h>
#include <unistd.h>

#define LIVING_FAULTS 0.04         /* a week and supply */
#define LIVING_COMMONS (3.0 / 132) /* a week and supply */
#define LIVING_IN_COMMON 0.25      /* of the faults */

/* The whole span lies in the past, as far as the source is asked. */
static tstamp_ns far_future(void *arg)
{
    (void)arg;
    return INT64_MAX / 2;
}

/* By way of files, as a site has them: what is measured has read its fleet, maintenance and labels like
 * anybody. */
static int write_and_load(struct bench *b, tstamp_ns to, struct err *err)
{
    char folder[] = "/tmp/psmon-evaluate-XXXXXX";
    if (!mkdtemp(folder))
        return err_set(err, ERR_IO, "could not make a folder in /tmp");
    char *fleet = xasprintf("%s/fleet.csv", folder), *work = xasprintf("%s/maintenance.csv", folder);
    char *labels = xasprintf("%s/labels.csv", folder);
    int rc = sim_write_fleet(b->sim, fleet, err);
    if (rc == 0)
        rc = sim_write_maintenance(b->sim, work, b->from - 30 * NS_PER_DAY, to, err);
    if (rc == 0)
        rc = sim_write_labels(b->sim, labels, err);
    if (rc == 0)
        rc = fleet_load(&b->fleet, fleet, err);
    if (rc == 0)
        rc = maintenance_load(&b->maintenance, work, b->fleet, err);
    if (rc == 0)
        rc = judge_read_labels(labels, b->fleet, &b->labels, &b->n_labels, err);
    unlink(fleet);
    unlink(work);
    unlink(labels);
    rmdir(folder);
    free(fleet);
    free(work);
    free(labels);
    return rc;
}

/* What a ring can have, as often as judges it within weeks. */
static void let_live(struct sim_options *o, uint32_t parts)
{
    o->manifolds = true;
    o->faults_per_week = 0;
    if (parts >> LIVING_WITH_FAULTS & 1) {
        o->faults_per_week = LIVING_FAULTS * o->supplies;
        o->fault_size = SIM_ANY;
        o->modes = ~1u;
        o->ends = (1u << SIM_ENDS) - 1;
        o->in_common = LIVING_IN_COMMON;
    }
    if (parts >> LIVING_WITH_COMMONS & 1) {
        o->commons = (1u << SIM_COMMONS) - 1;
        o->commons_per_week = LIVING_COMMONS * o->supplies;
    }
    if (parts >> LIVING_WITH_CONTEXTS & 1)
        o->contexts = ~0u << SIM_COMMONS;
}

static void set_budgets(struct bench *b)
{
    for (int i = 0; i < SIMULATED_BUDGETS; i++)
        b->settings[i] = (struct settings){.period = 60 * NS_PER_S,
                                           .window = 12 * NS_PER_HOUR,
                                           .max_age = 5 * NS_PER_MIN,
                                           .deadband_hold = 60 * NS_PER_DAY,
                                           .budget = simulated_budgets[i],
                                           .clock = clock_real()};
}

int bench_open(struct bench *b, const struct simulated_options *o, int seed, int weeks, bool faulty,
               struct err *err)
{
    *b = (struct bench){.o = o, .silent = o->jobs > 1};
    int rc = timefmt_parse(&b->from, "2025-02-03T00:00:00Z", err);
    double days = o->train_days + 7.0 * weeks;
    struct sim_options so = {.supplies = faulty ? o->faulty_supplies : o->supplies,
                             .seed = (uint64_t)seed,
                             .from = b->from,
                             .days = days,
                             .healthy_days = o->train_days,
                             .physics = o->physics_b ? SIM_PHYSICS_B : SIM_PHYSICS_A,
                             .faults_per_week = faulty ? -1 : 0,
                             .fault_size = SIM_MEDIUM};
    if (faulty && o->living)
        let_live(&so, o->living);
    if (rc == 0)
        rc = sim_new(&b->sim, &so, err);
    if (rc == 0)
        rc = write_and_load(b, b->from + (tstamp_ns)(days * (double)NS_PER_DAY), err);
    if (rc != 0)
        return rc;
    set_budgets(b);
    uv_loop_init(&b->loop);
    return sim_source_open(&b->source, &b->loop, b->sim, b->fleet, far_future, NULL, err);
}

void bench_close(struct bench *b)
{
    source_close(b->source);
    if (b->source) {
        uv_run(&b->loop, UV_RUN_DEFAULT);
        uv_loop_close(&b->loop);
    }
    record_free(b->reference);
    pipeline_free(b->reader);
    judge_free_labels(b->labels, b->n_labels);
    maintenance_free(b->maintenance);
    fleet_free(b->fleet);
    sim_free(b->sim);
}

struct pipeline *bench_pipeline(const struct bench *b, const struct model *model, size_t budget)
{
    struct world *w = world_of(&b->settings[budget], b->fleet, b->maintenance, model);
    struct pipeline *p = pipeline_new(w, false);
    world_drop(w);
    return p;
}

struct reading {
    struct record *record;
    bool done;
    struct err err;
};

static void reading_samples(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    record_push(((struct reading *)arg)->record, channel, s, n);
}

static void reading_done(void *arg, const struct source_result *r)
{
    struct reading *t = arg;
    t->done = true;
    if (r->code != 0)
        err_set(&t->err, r->code, "%s", r->error);
}

int bench_read(struct bench *b, struct err *err)
{
    struct reading t = {0};
    b->reader = bench_pipeline(b, NULL, 0);
    int rc = record_new(&b->reference, b->reader->grid, b->fleet, b->from, (size_t)b->o->train_days * 1440,
                        "/var/tmp", err);
    if (rc != 0)
        return rc;
    t.record = b->reference;
    uint32_t *all = xcalloc(b->fleet->n_channels, sizeof *all);
    for (uint32_t i = 0; i < b->fleet->n_channels; i++)
        all[i] = i;
    b->source->ops->range(b->source, all, b->fleet->n_channels, b->from,
                          b->from + (tstamp_ns)b->o->train_days * NS_PER_DAY, 0, reading_samples,
                          reading_done, &t);
    while (!t.done)
        uv_run(&b->loop, UV_RUN_ONCE);
    free(all);
    for (uint32_t i = 0; i < b->fleet->n_channels; i++)
        record_end(b->reference, i);
    if (t.err.code != 0)
        *err = t.err;
    return t.err.code;
}

static void show_stage(void *arg, const char *stage, double done, double total)
{
    if (arg)
        progress_stage(arg, stage, done, total);
}

int bench_train(struct bench *b, int seed, bool in_sample, struct model **out, struct err *err)
{
    struct progress progress = {0};
    int rc = model_train(out, b->fleet, b->reference, b->maintenance,
                         &(struct train_options){.seed = (uint64_t)seed,
                                                 .window_minutes = 720,
                                                 .in_sample_nulls = in_sample,
                                                 .progress = show_stage,
                                                 .arg = b->silent ? NULL : &progress},
                         err);
    progress_end(&progress);
    return rc;
}

void bench_usable_now(const struct tick *t, bool usable[])
{
    for (size_t s = 0; s < t->n_supplies; s++)
        usable[s] = t->mode[s] == MODE_STEADY && t->reason[s] != REASON_MAINTENANCE;
}

bool *bench_usable(const struct bench *b, const struct model *model)
{
    size_t minutes = record_minutes(b->reference), n = b->fleet->n_supplies;
    bool *usable = xcalloc(minutes * n + 1, sizeof *usable);
    struct pipeline *p = bench_pipeline(b, model, 0);
    struct frame frame;
    for (size_t k = 0; k < minutes; k++) {
        record_frame(b->reference, k, &frame);
        pipeline_step(p, &frame, false);
        bench_usable_now(&p->tick, usable + k * n);
    }
    pipeline_free(p);
    return usable;
}
