/* Evaluation on simulated rings; see simulated.h. The ring is read in process, through the same source, grid
 * and pipeline as everything else; only the database and the alarms are left out. SPDX-License-Identifier:
 * MIT */
#include "monitor/evaluate/simulated.h"

#include "archive/sim/ring.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/time/timefmt.h"
#include "monitor/pipeline.h"
#include "monitor/span.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIVING_FAULTS 0.04         /* a week and supply */
#define LIVING_COMMONS (3.0 / 132) /* a week and supply */
#define LIVING_IN_COMMON 0.25      /* of the faults */
#define LARGEST_BUDGET(o) ((o)->budgets[JUDGE_BUDGETS - 1])

/* One simulated ring and what is needed to run the pipeline on it. */
struct bench {
    const struct simulated_options *o;
    struct sim *sim;
    struct fleet *fleet;
    struct maintenance *maintenance;
    struct settings settings;
    struct label *labels;
    size_t n_labels;
    tstamp_ns from;
    uv_loop_t loop;
    struct source *source;
};

/* Findings of one pipeline over the whole run, latest state of each. */
struct collected {
    struct pipeline *pipeline;
    struct finding *finding;
    size_t n, cap;
    struct judgement *judgement;
};

struct scoring {
    struct bench *b;
    struct collected *to[2];
    int n;
    tstamp_ns scored_from, week_end;
    bool done;
    struct err err;
    struct progress progress;
    tstamp_ns from, until;
};

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

static int bench_open(struct bench *b, const struct simulated_options *o, int seed, int weeks, bool faulty,
                      struct err *err)
{
    *b = (struct bench){.o = o};
    int rc = timefmt_parse(&b->from, "2025-02-03T00:00:00Z", err);
    double days = o->train_days + 7.0 * weeks;
    struct sim_options so = {.supplies = o->supplies,
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
    b->settings = (struct settings){.period = 60 * NS_PER_S,
                                    .window = 12 * NS_PER_HOUR,
                                    .max_age = 5 * NS_PER_MIN,
                                    .deadband_hold = 60 * NS_PER_DAY,
                                    .budget = LARGEST_BUDGET(o),
                                    .clock = clock_real()};
    uv_loop_init(&b->loop);
    return sim_source_open(&b->source, &b->loop, b->sim, b->fleet, far_future, NULL, err);
}

static void bench_close(struct bench *b)
{
    source_close(b->source);
    if (b->fleet) {
        uv_run(&b->loop, UV_RUN_DEFAULT);
        uv_loop_close(&b->loop);
    }
    judge_free_labels(b->labels, b->n_labels);
    maintenance_free(b->maintenance);
    fleet_free(b->fleet);
    sim_free(b->sim);
}

struct training {
    struct record *record;
    bool done;
    struct err err;
};

static void training_samples(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    record_push(((struct training *)arg)->record, channel, s, n);
}

static void training_done(void *arg, const struct source_result *r)
{
    struct training *t = arg;
    t->done = true;
    if (r->code != 0)
        err_set(&t->err, r->code, "%s", r->error);
}

/* Reads the training days into a record. */
static int read_training(struct bench *b, struct grid *grid, struct record **out, struct err *err)
{
    size_t minutes = (size_t)b->o->train_days * 1440;
    struct training t = {0};
    int rc = record_new(&t.record, grid, b->fleet, b->from, minutes, "/var/tmp", err);
    if (rc != 0)
        return rc;
    uint32_t *all = xcalloc(b->fleet->n_channels, sizeof *all);
    for (uint32_t i = 0; i < b->fleet->n_channels; i++)
        all[i] = i;
    b->source->ops->range(b->source, all, b->fleet->n_channels, b->from,
                          b->from + (tstamp_ns)b->o->train_days * NS_PER_DAY, 0, training_samples,
                          training_done, &t);
    while (!t.done)
        uv_run(&b->loop, UV_RUN_ONCE);
    free(all);
    for (uint32_t i = 0; i < b->fleet->n_channels; i++)
        record_end(t.record, i);
    if (t.err.code != 0) {
        record_free(t.record);
        *err = t.err;
        return err->code;
    }
    *out = t.record;
    return 0;
}

static void show_stage(void *arg, const char *stage, double done, double total)
{
    progress_stage(arg, stage, done, total);
}

static struct pipeline *pipeline_of(const struct bench *b, const struct model *model)
{
    struct world *w = world_of(&b->settings, b->fleet, b->maintenance, model);
    struct pipeline *p = pipeline_new(w, false);
    world_drop(w);
    return p;
}

static int train(struct bench *b, int seed, bool in_sample, struct model **out, struct err *err)
{
    struct pipeline *p = pipeline_of(b, NULL);
    struct record *record = NULL;
    struct progress progress = {0};
    int rc = read_training(b, p->grid, &record, err);
    if (rc == 0)
        rc = model_train(out, b->fleet, record, b->maintenance,
                         &(struct train_options){.seed = (uint64_t)seed,
                                                 .window_minutes = 720,
                                                 .in_sample_nulls = in_sample,
                                                 .progress = show_stage,
                                                 .arg = &progress},
                         err);
    progress_end(&progress);
    record_free(record);
    pipeline_free(p);
    return rc;
}

static void collect(struct collected *c)
{
    const struct tick *t = &c->pipeline->tick;
    /* from the newest back: a finding that is still open was added not long ago */
    for (size_t i = 0; i < t->n_findings; i++) {
        size_t j = c->n;
        while (j > 0 && strcmp(c->finding[j - 1].id, t->findings[i].id) != 0)
            j--;
        if (j == 0) {
            xgrow(&c->finding, &c->cap, c->n + 1, sizeof *c->finding);
            j = ++c->n;
        }
        c->finding[j - 1] = t->findings[i];
    }
}

/* What calibration alone says, before the minimum effect: at the end of a day a tick's chance is that day's.
 */
static void count_extreme_days(struct judgement *j, const struct tick *t, const double budgets[])
{
    if (!t->hour || t->t % NS_PER_DAY != 0)
        return;
    for (size_t i = 0; i < t->n_supplies; i++)
        for (int b = 0; b < JUDGE_BUDGETS; b++)
            j->extreme_days[b] += (double)t->chance[i] <= budgets[b] ? 1 : 0;
}

/* The week's list, as the report would have it. */
static void end_week(struct scoring *s, struct collected *c, tstamp_ns from, tstamp_ns to)
{
    struct bench *b = s->b;
    pipeline_rank(c->pipeline);
    const char *top[10];
    size_t n = 0;
    for (size_t i = 0; i < b->fleet->n_supplies && i < 10; i++)
        if (c->pipeline->rows[i].finding) /* a place that no finding explains promises nothing */
            top[n++] = b->fleet->supplies[c->pipeline->rows[i].supply].name;
    if (b->n_labels)
        judge_list(c->judgement, top, n, b->fleet, b->labels, b->n_labels, from, to);
    pipeline_next_week(c->pipeline, to);
}

static bool on_frame(void *arg, const struct frame *f)
{
    struct scoring *s = arg;
    bool warm = f->t < s->scored_from;
    for (int i = 0; i < s->n; i++) {
        /* frames are borrowed: both pipelines read the same one */
        pipeline_step(s->to[i]->pipeline, f, warm);
        if (!warm) {
            collect(s->to[i]);
            ledger_add(&s->to[i]->judgement->ledger, &s->to[i]->pipeline->tick);
            count_extreme_days(s->to[i]->judgement, &s->to[i]->pipeline->tick, s->b->o->budgets);
        }
        if (f->t >= s->week_end)
            end_week(s, s->to[i], s->week_end - 7 * NS_PER_DAY, s->week_end);
    }
    if (f->t >= s->week_end)
        s->week_end += 7 * NS_PER_DAY;
    progress_update(&s->progress, (double)(f->t - s->from), (double)(s->until - s->from));
    return true;
}

static void on_done(void *arg, const struct err *err)
{
    struct scoring *s = arg;
    s->done = true;
    if (err)
        s->err = *err;
}

/* A pipeline whose ticks show the calibration itself; findings are the same. For rings without lists to
 * judge. */
static void show_calibration(struct bench *b, struct pipeline *p, const struct model *m)
{
    scorer_free(p->scorer);
    p->scorer = scorer_new(m, b->fleet, b->maintenance,
                           &(struct scorer_options){.budget = b->settings.budget,
                                                    .window_minutes = 720,
                                                    .period = b->settings.period,
                                                    .ungated = true});
}

/* Scores the weeks after the training period, with one model or two side by side; living NULL: not judged. */
static int score_weeks(struct bench *b, int weeks, const struct model *const models[],
                       struct judgement *const judgements[], int n, struct living *living, struct err *err)
{
    struct collected c[2] = {0};
    tstamp_ns start = b->from + (tstamp_ns)b->o->train_days * NS_PER_DAY;
    struct scoring s = {.b = b,
                        .n = n,
                        .scored_from = start,
                        .week_end = start + 7 * NS_PER_DAY,
                        .from = scorer_warm_from(models[0], start, b->settings.period),
                        .until = start + 7 * weeks * NS_PER_DAY};
    struct grid *grid = NULL;
    for (int i = 0; i < n; i++) {
        c[i].pipeline = pipeline_of(b, models[i]);
        if (b->n_labels == 0)
            show_calibration(b, c[i].pipeline, models[i]);
        c[i].judgement = judgements[i];
        s.to[i] = &c[i];
        grid = c[0].pipeline->grid;
    }
    progress_start(&s.progress, "scoring");
    struct span *span = span_start(&(struct span_options){.loop = &b->loop,
                                                          .source = b->source,
                                                          .grid = grid,
                                                          .fleet = b->fleet,
                                                          .from = s.from,
                                                          .to = s.until + b->settings.period,
                                                          .period = b->settings.period,
                                                          .on_frame = on_frame,
                                                          .on_done = on_done,
                                                          .arg = &s});
    while (!s.done)
        uv_run(&b->loop, UV_RUN_ONCE);
    progress_end(&s.progress);
    span_free(span);
    uv_run(&b->loop, UV_RUN_NOWAIT);
    for (int i = 0; i < n; i++) {
        if (living)
            living_judge(living, b->fleet, b->labels, b->n_labels, c[i].finding, c[i].n, b->o->budgets);
        judge_findings(judgements[i], b->fleet, b->labels, b->n_labels, c[i].finding, c[i].n, b->o->budgets);
        judgements[i]->weeks += weeks * (double)b->fleet->n_supplies /
                                b->o->supplies; /* ring-weeks of the asked size */
        pipeline_free(c[i].pipeline);
        free(c[i].finding);
    }
    if (s.err.code != 0)
        *err = s.err;
    return s.err.code;
}

static int one_ring(struct simulated_result *r, const struct simulated_options *o, int seed, bool faulty,
                    struct err *err)
{
    struct bench b;
    struct model *models[2] = {NULL, NULL};
    int weeks = faulty ? o->faulty_weeks : o->healthy_weeks;
    fprintf(stderr, "ring of seed %d, %s, %d weeks\n", seed, faulty ? "with faults" : "healthy", weeks);
    int rc = bench_open(&b, o, seed, weeks, faulty, err);
    if (rc == 0)
        rc = train(&b, seed, false, &models[0], err);
    bool both = !faulty && o->in_sample;
    if (rc == 0 && both)
        rc = train(&b, seed, true, &models[1], err);
    struct judgement *to[2] = {faulty ? &r->faulty : &r->healthy, &r->in_sample};
    if (rc == 0)
        rc = score_weeks(&b, weeks, (const struct model *const *)models, to, both ? 2 : 1,
                         faulty ? &r->living : NULL, err);
    if (faulty) {
        r->living.weeks += weeks;
        r->living.supplies = o->supplies;
    }
    model_free(models[0]);
    model_free(models[1]);
    bench_close(&b);
    return rc;
}

int evaluate_simulated(struct simulated_result *r, const struct simulated_options *o, struct err *err)
{
    *r = (struct simulated_result){0};
    int rc = 0;
    for (int i = 0; rc == 0 && i < o->rings; i++)
        rc = one_ring(r, o, o->first_seed + i, false, err);
    for (int i = 0; rc == 0 && i < o->faulty_rings; i++)
        rc = one_ring(r, o, o->first_seed + o->rings + i, true, err);
    return rc;
}
