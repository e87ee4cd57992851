/* psmon train, psmon model: makes models and says which is in force. SPDX-License-Identifier: MIT */
#include "monitor/command.h"

#include "archive/history/history.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/time/timefmt.h"
#include "monitor/models.h"
#include "monitor/pipeline.h"
#include "monitor/signals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Below this a reference has too few independent 24 h windows to calibrate at all. */
#define SHORTEST_REFERENCE (3 * NS_PER_DAY)
#define PIECE 512 /* channels that are read, and then kept, together */

struct reading {
    struct record *record;
    struct progress progress;
    double got, expected;
    bool done;
    int code;
    size_t answered; /* channels, of all pieces */
    size_t bad_rows;
    bool told;
    char error[256], bad_first[300];
};

static void on_samples(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    struct reading *r = arg;
    record_push(r->record, channel, s, n);
    r->got += (double)n;
    progress_update(&r->progress, r->got, r->expected);
}

static void on_done(void *arg, const struct source_result *result)
{
    struct reading *r = arg;
    r->done = true;
    r->code = result->code;
    r->answered += result->channels_answered;
    r->bad_rows += result->bad_rows;
    snprintf(r->error, sizeof r->error, "%s", result->error);
    if (result->code != 0 && result->channels_answered && !r->told)
        r->told = fprintf(stderr, "psmon: not every channel could be read: %s\n", result->error) > 0;
    if (result->bad_rows && !*r->bad_first)
        snprintf(r->bad_first, sizeof r->bad_first, "%s", result->bad_first);
}

/* Channels of whole supplies from `first` on that the record lacks, about PIECE of them, into list; their
 * number. *next: the supply to go on with. */
static size_t next_piece(const struct record *r, const struct fleet *f, size_t *next, uint32_t list[])
{
    size_t n = 0;
    for (; *next < f->n_supplies && n < PIECE; ++*next) {
        const struct supply *s = &f->supplies[*next];
        for (uint32_t c = s->first_channel; c < s->first_channel + s->n_channels; c++)
            if (!record_kept(r, c))
                list[n++] = c;
    }
    return n;
}

/* One piece; what came whole is kept. Error: nothing of it could be read. */
static int read_piece(struct reading *r, struct source *source, uv_loop_t *loop, const uint32_t list[],
                      size_t n, tstamp_ns from, tstamp_ns to, struct err *err)
{
    size_t answered = r->answered, bad = r->bad_rows;
    r->done = false;
    source->ops->range(source, list, n, from, to, 0, on_samples, on_done, r);
    while (!r->done)
        uv_run(loop, UV_RUN_ONCE);
    for (size_t i = 0; i < n; i++)
        record_end(r->record, list[i]);
    if (r->code == 0 && r->bad_rows == bad)
        record_keep(r->record, list, n);
    return r->code == ERR_NET && r->answered == answered
               ? err_set(err, r->code, "could not read the archive: %s", r->error)
               : 0;
}

static int read_pieces(struct context *c, struct reading *r, struct source *source, uv_loop_t *loop,
                       tstamp_ns from, tstamp_ns to, struct err *err)
{
    const struct fleet *f = c->world->fleet;
    uint32_t *list = xcalloc(f->n_channels + 1, sizeof *list);
    size_t next = 0, n, kept = 0;
    int rc = 0;
    for (uint32_t i = 0; i < f->n_channels; i++)
        kept += record_kept(r->record, i);
    if (kept)
        printf("goes on: %zu of %zu channels were read before\n", kept, f->n_channels);
    fflush(stdout);
    r->answered = kept;
    r->got = r->expected * (double)kept / (double)f->n_channels;
    progress_start(&r->progress, "reading the archive");
    while (rc == 0 && (n = next_piece(r->record, f, &next, list)) > 0)
        rc = read_piece(r, source, loop, list, n, from, to, err);
    progress_end(&r->progress);
    free(list);
    if (rc == 0 && r->answered == 0 && r->code != 0)
        rc = err_set(err, r->code, "could not read the archive: %s", r->error);
    return rc;
}

/* Reads the whole span of the whole fleet into a record in a file, which keeps what was read should it be
 * broken off; what was left out as text that the caller frees. */
static int read_record(struct context *c, struct grid *grid, const char *path, tstamp_ns from, tstamp_ns to,
                       struct record **out, char **left_out, struct err *err)
{
    const struct settings *s = c->world->settings;
    size_t minutes = (size_t)((to - from) / s->period);
    struct reading r = {.expected = (double)minutes * (double)c->world->fleet->n_channels};
    uv_loop_t loop;
    struct source *source = NULL;
    uv_loop_init(&loop);
    int rc = context_source(c, &loop, &source, err);
    if (rc == 0)
        rc = record_open(&r.record, grid, c->world->fleet, from, minutes, path, err);
    if (rc == 0)
        rc = read_pieces(c, &r, source, &loop, from, to, err);
    source_close(source);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    if (rc != 0)
        record_free(r.record);
    else
        *out = r.record;
    *left_out = r.bad_rows ? xasprintf("%zu rows were left out in whole or in part, the first: %s",
                                       r.bad_rows, r.bad_first)
                           : xstrdup("");
    return rc;
}

static void show_stage(void *arg, const char *stage, double done, double total)
{
    progress_stage(arg, stage, done, total);
}

struct train_request {
    const char *config, *name;
    tstamp_ns from, to;
    int64_t seed;
    bool candidate;
};

static int train(struct context *c, const struct train_request *q, const char *name, struct err *err)
{
    struct pipeline *p = pipeline_new(c->world, false);
    struct record *record = NULL;
    struct model *model = NULL;
    char hash[DIGEST_HEX_LEN];
    char *path = models_path(c->world->settings->state_dir, name);
    char *left_out = NULL, *reading = xasprintf("%s/training", c->world->settings->state_dir);
    int rc = read_record(c, p->grid, reading, q->from, q->to, &record, &left_out, err);
    if (rc == 0) {
        struct progress progress = {0};
        rc = model_train(&model, c->world->fleet, record, c->world->maintenance,
                         &(struct train_options){.seed = (uint64_t)q->seed,
                                                 .window_minutes = (unsigned)(c->world->settings->window /
                                                                              c->world->settings->period),
                                                 .left_out = left_out,
                                                 .progress = show_stage,
                                                 .arg = &progress},
                         err);
        progress_end(&progress);
        unlink(reading); /* a month of it is of no use to another period */
    }
    if (rc == 0)
        rc = models_make_folder(c->world->settings->state_dir, err);
    if (rc == 0)
        rc = model_save(model, path, hash, err);
    if (rc == 0 && !q->candidate)
        rc = models_activate(c->world->settings->state_dir, name, err);
    if (rc == 0) {
        printf("%s\nmodel %s: %s\nchecksum %s\n%s\n", model_summary(model), name, path, hash,
               q->candidate ? "a candidate: psmon model activate puts it in force" : "active");
        rc = history_put_model(c->conninfo, name, path, hash, q->from, q->to, model_summary(model),
                               !q->candidate, err);
    }
    model_free(model);
    record_free(record);
    pipeline_free(p);
    free(path);
    free(left_out);
    free(reading);
    return rc;
}

static int run_train(int argc, char **argv)
{
    struct train_request q = {.seed = 1};
    const struct option_spec specs[] = {
        {"config", 'c', OPTION_TEXT, &q.config, "FILE", "configuration", true},
        {"from", 0, OPTION_TIME, &q.from, "T", "start of the known-good period", true},
        {"to", 0, OPTION_TIME, &q.to, "T", "its end; 14 days or more, 30 are better", true},
        {"name", 0, OPTION_TEXT, &q.name, "N", "name of the model; else made of the period", false},
        {"candidate", 0, OPTION_FLAG, &q.candidate, NULL, "do not put it in force", false},
        {"seed", 0, OPTION_INTEGER, &q.seed, "S", "of the networks' first weights; 1", false},
        {0}};
    int status;
    if (!command_options(argc, argv, "train -c FILE --from T --to T [--name N] [--candidate]",
                         "Learns what healthy operation looks like: references, calibration and\n"
                         "autoencoders, from a period of known-good operation.",
                         specs, NULL, 0, NULL, &status))
        return status;
    struct context c;
    struct err err = {0};
    if (context_open(&c, q.config, &err) != 0)
        return command_fail(&err);
    char name[MODEL_NAME_LEN], from[TIMEFMT_LEN], to[TIMEFMT_LEN];
    snprintf(name, sizeof name, "%.10s_%.10s", timefmt_iso(from, q.from), timefmt_iso(to, q.to));
    if (!q.name)
        q.name = name;
    q.from = pipeline_align(c.world->settings, q.from);
    q.to = pipeline_align(c.world->settings, q.to);
    int rc = models_check_name(q.name, &err);
    if (rc == 0 && q.to <= q.from)
        rc = err_set(&err, ERR_CONFIG, "--to (%s) must be after --from (%s)", timefmt_iso(to, q.to),
                     timefmt_iso(from, q.from));
    if (rc == 0 && q.to - q.from < SHORTEST_REFERENCE)
        rc = err_set(&err, ERR_CONFIG, "--from to --to must be at least 3 days (14 or more to calibrate)");
    if (rc == 0 && q.to > clock_now(&c.world->settings->clock))
        rc = err_set(&err, ERR_CONFIG, "--to is in the future");
    if (rc == 0)
        signals_warn(c.world->fleet, c.world->settings->fleet, stderr);
    c.stays = xasprintf(
        "no model was made, and the one in force stays; what was read is kept: the same command goes on "
        "from there");
    if (rc == 0)
        rc = context_database(&c, &err);
    if (rc == 0)
        rc = train(&c, &q, q.name, &err);
    context_close(&c);
    return rc == 0 ? EXIT_OK : command_fail(&err);
}

const struct command command_train = {
    .name = "train", .summary = "learn a model from a known-good period", .run = run_train};

/* ---- model list, model activate ---- */

static void print_model(void *arg, const char *name, bool active)
{
    const struct context *c = arg;
    struct model *m;
    struct err err = {0};
    char hash[DIGEST_HEX_LEN], from[TIMEFMT_LEN], to[TIMEFMT_LEN];
    char *path = models_path(c->world->settings->state_dir, name);
    if (model_load(&m, c->world->fleet, path, hash, &err) == 0) {
        tstamp_ns a, b;
        model_period(m, &a, &b);
        printf("%c %-28s %s to %s  %.12s\n", active ? '*' : ' ', name, timefmt_iso(from, a),
               timefmt_iso(to, b), hash);
        if (*model_lacks(m))
            printf("    %s\n", model_lacks(m));
        model_free(m);
    } else {
        printf("%c %-28s unusable: %s\n", active ? '*' : ' ', name, err.msg);
    }
    free(path);
}

static const char *word(int i)
{
    static const char *const words[] = {"list", "activate", NULL};
    return words[i];
}

static int run_model(int argc, char **argv)
{
    const char *config = NULL, *words[2] = {NULL, NULL};
    const struct option_spec specs[] = {{"config", 'c', OPTION_TEXT, &config, "FILE", "configuration", true},
                                        {0}};
    int status, n;
    if (!command_options(argc, argv, "model -c FILE list | activate NAME",
                         "Lists the models (* is in force) or puts one in force, also an earlier one.\n"
                         "A running monitor takes it within a minute.",
                         specs, words, 2, &n, &status))
        return status;
    bool list = n == 1 && strcmp(words[0], "list") == 0;
    bool activate = n == 2 && strcmp(words[0], "activate") == 0;
    if (!list && !activate) {
        fprintf(stderr, "psmon model: say list, or activate NAME\n");
        return EXIT_USAGE;
    }
    struct context c;
    struct err err = {0};
    int rc = context_open(&c, config, &err);
    if (rc != 0)
        return command_fail(&err);
    if (list) {
        if (models_each(c.world->settings->state_dir, print_model, &c) == 0)
            printf("none; psmon train makes one\n");
    } else {
        struct model *m = NULL;
        char hash[DIGEST_HEX_LEN], *path = models_path(c.world->settings->state_dir, words[1]);
        tstamp_ns from, to;
        rc = models_check_name(words[1], &err);
        if (rc == 0)
            rc = models_check_there(c.world->settings->state_dir, words[1], &err);
        if (rc == 0)
            rc = model_load(&m, c.world->fleet, path, hash, &err);
        if (rc == 0)
            rc = model_suits(m, c.world->settings->window, c.world->settings->period, &err);
        if (rc == 0)
            rc = context_database(&c, &err);
        if (rc == 0)
            rc = models_activate(c.world->settings->state_dir, words[1], &err);
        if (rc == 0) {
            model_period(m, &from, &to);
            if (*model_lacks(m))
                fprintf(stderr, "psmon: %s; train again\n", model_lacks(m));
            rc = history_put_model(c.conninfo, words[1], path, hash, from, to, model_summary(m), true, &err);
        }
        model_free(m);
        free(path);
    }
    context_close(&c);
    return rc == 0 ? EXIT_OK : command_fail(&err);
}

const struct command command_model = {
    .name = "model", .summary = "list models, put one in force", .run = run_model, .word = word};
