/* Evaluation on simulated rings; see simulated.h. Rings are independent: each is trained, scored and judged
 * in a thread of its own, as many at a time as are asked for, and what they gave is added up in their order.
 * SPDX-License-Identifier: MIT */
#include "monitor/evaluate/simulated.h"

#include "base/mem.h"
#include "monitor/comparators/panel.h"
#include "monitor/evaluate/bench.h"
#include "monitor/span.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

const double simulated_budgets[SIMULATED_BUDGETS] = {1, 3, 10, 20};

#define OPENINGS_WITHIN (10 * NS_PER_MIN)
#define IN_SAMPLE SIMULATED_BUDGETS /* its run, beside those of the budgets */

/* Findings of one run over its weeks, latest state of each. */
struct heard {
    struct pipeline *pipeline;
    struct finding *finding;
    size_t n, cap;
};

struct scoring {
    struct bench *b;
    struct simulated_result *r;
    struct judgement *judged; /* [SIMULATED_BUDGETS] where lists go */
    struct heard run[SIMULATED_BUDGETS + 1];
    int n;
    struct panel *panel; /* NULL: none */
    bool *usable;        /* [S] */
    bool faulty;
    tstamp_ns scored_from, week_end;
    bool done;
    struct err err;
    struct progress progress;
    tstamp_ns from, until;
};

/* ---- minutes ---- */

static void collect(struct heard *c)
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
static void count_extreme_days(size_t days[SIMULATED_BUDGETS], const struct tick *t)
{
    if (!t->hour || t->t % NS_PER_DAY != 0)
        return;
    for (size_t i = 0; i < t->n_supplies; i++)
        for (int b = 0; b < SIMULATED_BUDGETS; b++)
            days[b] += (double)t->chance[i] <= simulated_budgets[b] ? 1 : 0;
}

/* The week's list, as the report would have it: what it says to inspect. */
static void end_week(struct scoring *s, int run, tstamp_ns from, tstamp_ns to)
{
    struct pipeline *p = s->run[run].pipeline;
    pipeline_rank(p, p->tick.t);
    size_t n = p->list.of[RANK_INSPECT];
    const char **subjects = xcalloc(n + 1, sizeof *subjects);
    for (size_t i = 0; i < n; i++)
        subjects[i] = rank_subject(&p->list.entry[i], s->b->fleet);
    judge_list(&s->judged[run], subjects, n, s->b->fleet, s->b->labels, s->b->n_labels, from, to);
    free(subjects);
    pipeline_next_week(p, to);
}

static void count_minute(struct scoring *s, const struct frame *f)
{
    const struct tick *t = &s->run[0].pipeline->tick;
    ledger_add(s->faulty ? &s->r->ledger : &s->r->quiet, t);
    if (!s->faulty)
        count_extreme_days(s->r->extreme_days, t);
    if (s->n > IN_SAMPLE)
        count_extreme_days(s->r->in_sample_days, &s->run[IN_SAMPLE].pipeline->tick);
    if (s->panel) {
        bench_usable_now(t, s->usable);
        panel_step(s->panel, f, s->usable);
    }
}

static bool on_frame(void *arg, const struct frame *f)
{
    struct scoring *s = arg;
    bool warm = f->t < s->scored_from, week = f->t >= s->week_end;
    for (int i = 0; i < s->n; i++) {
        /* frames are borrowed: all pipelines read the same one */
        pipeline_step(s->run[i].pipeline, f, warm);
        if (!warm)
            collect(&s->run[i]);
        if (week && s->faulty)
            end_week(s, i, s->week_end - 7 * NS_PER_DAY, s->week_end);
        else if (week)
            pipeline_next_week(s->run[i].pipeline, s->week_end);
    }
    if (!warm)
        count_minute(s, f);
    if (week)
        s->week_end += 7 * NS_PER_DAY;
    if (!s->b->silent)
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
static void show_calibration(const struct bench *b, struct pipeline *p, const struct model *m)
{
    scorer_free(p->scorer);
    p->scorer = scorer_new(m, b->fleet, b->maintenance,
                           &(struct scorer_options){.budget = p->world->settings->budget,
                                                    .window_minutes = 720,
                                                    .period = p->world->settings->period,
                                                    .ungated = true});
}

/* Scores the weeks after the training period, once per budget, and with the second model once more. */
static int score_weeks(struct scoring *s, int weeks, const struct model *const models[2], struct err *err)
{
    struct bench *b = s->b;
    s->scored_from = b->from + (tstamp_ns)b->o->train_days * NS_PER_DAY;
    s->week_end = s->scored_from + 7 * NS_PER_DAY;
    s->from = scorer_warm_from(models[0], s->scored_from, b->settings[0].period);
    s->until = s->scored_from + 7 * weeks * NS_PER_DAY;
    s->n = SIMULATED_BUDGETS + (models[1] != NULL);
    for (int i = 0; i < s->n; i++) {
        const struct model *m = models[i == IN_SAMPLE];
        s->run[i].pipeline = bench_pipeline(b, m, i == IN_SAMPLE ? SIMULATED_BUDGETS - 1 : (size_t)i);
        if (!s->faulty)
            show_calibration(b, s->run[i].pipeline, m);
    }
    progress_start(&s->progress, "scoring");
    struct span *span = span_start(&(struct span_options){.loop = &b->loop,
                                                          .source = b->source,
                                                          .grid = s->run[0].pipeline->grid,
                                                          .fleet = b->fleet,
                                                          .from = s->from,
                                                          .to = s->until + b->settings[0].period,
                                                          .period = b->settings[0].period,
                                                          .on_frame = on_frame,
                                                          .on_done = on_done,
                                                          .arg = s});
    while (!s->done)
        uv_run(&b->loop, UV_RUN_ONCE);
    progress_end(&s->progress);
    span_free(span);
    uv_run(&b->loop, UV_RUN_NOWAIT);
    if (s->err.code != 0)
        *err = s->err;
    return s->err.code;
}

/* ---- judging ---- */

/* The labels, each fault as if it had been half a fleet further on. */
static struct label *moved_labels(const struct bench *b)
{
    struct label *moved = xcalloc(b->n_labels + 1, sizeof *moved);
    for (size_t i = 0; i < b->n_labels; i++) {
        moved[i] = b->labels[i]; /* touches is borrowed */
        int32_t supply = fleet_supply(b->fleet, moved[i].subject);
        if (!label_is_fault(&moved[i]) || supply < 0)
            continue;
        size_t other = ((size_t)supply + b->fleet->n_supplies / 2) % b->fleet->n_supplies;
        snprintf(moved[i].subject, sizeof moved[i].subject, "%s", b->fleet->supplies[other].name);
        moved[i].touches = NULL;
    }
    return moved;
}

static void compare(struct compared *c, const struct bench *b, const struct label moved[],
                    const struct finding said[], size_t n, double weeks)
{
    struct living elsewhere = {0};
    living_judge(&c->said, b->fleet, b->labels, b->n_labels, said, n);
    living_judge(&elsewhere, b->fleet, moved, b->n_labels, said, n);
    c->said.weeks += weeks;
    c->said.supplies = b->o->faulty_supplies;
    for (int level = 0; level < 3; level++)
        c->moved[level] += living_found(&elsewhere, level, SIMULATED_NOT_COMPARED).found;
}

static void compare_all(struct scoring *s, const struct label moved[], double weeks)
{
    for (size_t c = 0; c < comparators_count(); c++)
        for (size_t b = 0; b <= SIMULATED_BUDGETS; b++) {
            bool own = b == SIMULATED_BUDGETS;
            struct finding *said;
            if (own && comparators[c]->own == 0)
                continue;
            double limit = own ? comparators[c]->own : panel_limit(s->panel, c, simulated_budgets[b]);
            size_t n = panel_findings(s->panel, c, limit, &said);
            compare(&s->r->compared[c][b], s->b, moved, said, n, weeks);
            free(said);
        }
}

static int ascending(const void *a, const void *b)
{
    const tstamp_ns *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

size_t simulated_openings(const struct finding findings[], size_t n)
{
    tstamp_ns *t = xcalloc(n + 1, sizeof *t);
    size_t most = 0, first = 0;
    for (size_t i = 0; i < n; i++)
        t[i] = findings[i].first_seen;
    qsort(t, n, sizeof *t, ascending);
    for (size_t i = 0; i < n; i++) {
        while (t[i] - t[first] >= OPENINGS_WITHIN)
            first++;
        most = i - first + 1 > most ? i - first + 1 : most;
    }
    free(t);
    return most;
}

static void judge(struct scoring *s, double weeks)
{
    const struct bench *b = s->b;
    struct label *moved = moved_labels(b);
    for (int i = 0; i < SIMULATED_BUDGETS; i++) {
        const struct heard *h = &s->run[i];
        judge_findings(&s->judged[i], b->fleet, b->labels, b->n_labels, h->finding, h->n);
        s->judged[i].weeks += weeks;
        if (s->faulty)
            compare(&s->r->own[i], b, moved, h->finding, h->n, weeks);
    }
    if (s->faulty)
        s->r->openings = simulated_openings(s->run[0].finding, s->run[0].n);
    if (s->panel)
        compare_all(s, moved, weeks);
    free(moved);
}

/* ---- rings ---- */

static int run_bench(struct simulated_result *r, struct bench *b, int seed, int weeks, bool faulty,
                     struct err *err)
{
    struct model *models[2] = {NULL, NULL};
    struct scoring s = {.b = b, .r = r, .judged = faulty ? r->faulty : r->healthy, .faulty = faulty};
    int rc = bench_read(b, err);
    if (rc == 0)
        rc = bench_train(b, seed, false, &models[0], err);
    if (rc == 0 && b->o->in_sample && !faulty)
        rc = bench_train(b, seed, true, &models[1], err);
    if (rc == 0 && b->o->compare && faulty) {
        bool *usable = bench_usable(b, models[0]);
        s.panel = panel_learn(b->fleet, b->reference, usable, (uint64_t)seed);
        free(usable);
    }
    s.usable = xcalloc(b->fleet->n_supplies + 1, sizeof *s.usable);
    if (rc == 0)
        rc = score_weeks(&s, weeks, (const struct model *const *)models, err);
    if (rc == 0)
        judge(&s, weeks);
    for (int i = 0; i < s.n; i++) {
        pipeline_free(s.run[i].pipeline);
        free(s.run[i].finding);
    }
    panel_free(s.panel);
    free(s.usable);
    model_free(models[0]);
    model_free(models[1]);
    return rc;
}

struct job {
    int seed;
    bool faulty;
    struct simulated_result *result;
    struct err err;
};

struct work {
    const struct simulated_options *o;
    struct job *job;
    int n, next, done;
    bool failed;
    pthread_mutex_t lock;
};

static void one_ring(const struct simulated_options *o, struct job *j)
{
    struct bench b = {0};
    int weeks = j->faulty ? o->faulty_weeks : o->healthy_weeks;
    if (bench_open(&b, o, j->seed, weeks, j->faulty, &j->err) != 0 ||
        run_bench(j->result, &b, j->seed, weeks, j->faulty, &j->err) != 0)
        assert(j->err.code != 0);
    bench_close(&b);
}

/* The next ring to be done; NULL: none. */
static struct job *take(struct work *w)
{
    pthread_mutex_lock(&w->lock);
    struct job *j = w->next < w->n && !w->failed ? &w->job[w->next++] : NULL;
    pthread_mutex_unlock(&w->lock);
    return j;
}

static void *work_thread(void *arg)
{
    struct work *w = arg;
    for (struct job *j; (j = take(w)) != NULL;) {
        one_ring(w->o, j);
        pthread_mutex_lock(&w->lock);
        w->failed |= j->err.code != 0;
        fprintf(stderr, "ring %d of %d: seed %d, physics %s, %s\n", ++w->done, w->n, j->seed,
                w->o->physics_b ? "b" : "a", j->faulty ? "with faults" : "without faults");
        pthread_mutex_unlock(&w->lock);
    }
    return NULL;
}

#define JOBS_MAX 64

static void work_all(struct work *w)
{
    pthread_t thread[JOBS_MAX];
    int started = 0;
    while (started + 1 < w->o->jobs && started < JOBS_MAX && started + 1 < w->n &&
           pthread_create(&thread[started], NULL, work_thread, w) == 0)
        started++;
    work_thread(w); /* this one too: where none could be started it does all of it */
    for (int i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
}

static struct work work_of(const struct simulated_options *o)
{
    struct work w = {.o = o, .n = o->rings + o->faulty_rings, .lock = PTHREAD_MUTEX_INITIALIZER};
    w.job = xcalloc((size_t)w.n + 1, sizeof *w.job);
    for (int i = 0; i < w.n; i++)
        w.job[i] = (struct job){.seed = o->first_seed + i,
                                .faulty = i >= o->rings,
                                .result = xcalloc(1, sizeof(struct simulated_result))};
    return w;
}

int evaluate_simulated(struct simulated_result **out, const struct simulated_options *o, struct err *err)
{
    struct work w = work_of(o);
    struct simulated_result *sum = xcalloc(1, sizeof *sum);
    work_all(&w);
    for (int i = 0; i < w.n; i++) {
        if (w.job[i].err.code != 0 && err->code == 0)
            *err = w.job[i].err;
        simulated_merge(sum, w.job[i].result);
        simulated_free(w.job[i].result);
    }
    free(w.job);
    if (err->code != 0) {
        simulated_free(sum);
        sum = NULL;
    }
    *out = sum;
    return err->code;
}

/* ---- several together ---- */

static void merge_compared(struct compared *a, const struct compared *b)
{
    living_merge(&a->said, &b->said);
    for (int level = 0; level < 3; level++)
        a->moved[level] += b->moved[level];
}

void simulated_merge(struct simulated_result *into, const struct simulated_result *from)
{
    for (int b = 0; b < SIMULATED_BUDGETS; b++) {
        judge_merge(&into->healthy[b], &from->healthy[b]);
        judge_merge(&into->faulty[b], &from->faulty[b]);
        into->extreme_days[b] += from->extreme_days[b];
        into->in_sample_days[b] += from->in_sample_days[b];
        merge_compared(&into->own[b], &from->own[b]);
    }
    ledger_merge(&into->ledger, &from->ledger);
    ledger_merge(&into->quiet, &from->quiet);
    into->openings = from->openings > into->openings ? from->openings : into->openings;
    for (size_t c = 0; c < comparators_count(); c++)
        for (int b = 0; b <= SIMULATED_BUDGETS; b++)
            merge_compared(&into->compared[c][b], &from->compared[c][b]);
}

void simulated_free(struct simulated_result *r)
{
    if (!r)
        return;
    for (int b = 0; b < SIMULATED_BUDGETS; b++) {
        judge_free(&r->healthy[b]);
        judge_free(&r->faulty[b]);
    }
    free(r);
}
