/* psmon replay: the same pipeline over recorded time, as fast as the machine goes.
 * SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/time/timefmt.h"
#include "monitor/session.h"
#include "monitor/span.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ticks waiting for the database before reading pauses, and at which it goes on. */
#define BACKLOG_HIGH 64
#define BACKLOG_LOW 16

struct replay {
    struct session session;
    struct span *span;
    uv_timer_t drain;
    struct progress progress;
    tstamp_ns from, to, warm_from;
    tstamp_ns stands; /* of one that goes on: its first tick; 0: from the start */
    uint64_t ticks;
    bool done;
    struct err err;
};

static void on_drain(uv_timer_t *timer)
{
    struct replay *r = timer->data;
    if (history_backlog(r->session.history) > BACKLOG_LOW)
        return;
    uv_timer_stop(timer);
    span_resume(r->span);
}

static bool on_frame(void *arg, const struct frame *f)
{
    struct replay *r = arg;
    session_tick(&r->session, f, f->t < r->from, true, NULL, 0);
    r->ticks++;
    progress_update(&r->progress, (double)(f->t - r->warm_from), (double)(r->to - r->warm_from));
    if (history_backlog(r->session.history) <= BACKLOG_HIGH)
        return true;
    uv_timer_start(&r->drain, on_drain, 1, 1);
    return false;
}

static void on_done(void *arg, const struct err *err)
{
    struct replay *r = arg;
    r->done = true;
    if (err)
        r->err = *err;
}

static void warn_of_overlap(const struct replay *r)
{
    tstamp_ns from, to;
    char a[TIMEFMT_LEN], b[TIMEFMT_LEN];
    model_period(r->session.world->model, &from, &to);
    if (r->from < to && r->to > from)
        fprintf(stderr,
                "psmon: warning: the model '%s' was trained on %s to %s, which overlaps this replay: "
                "scores of the overlap are flattering\n",
                r->session.world->model_name, timefmt_iso(a, from), timefmt_iso(b, to));
}

static int replay_span(struct replay *r, struct context *c, struct err *err)
{
    struct source *source = NULL;
    int rc = context_source(c, r->session.loop, &source, err);
    if (rc != 0)
        return rc;
    uv_timer_init(r->session.loop, &r->drain);
    r->drain.data = r;
    progress_start(&r->progress, "replaying");
    tstamp_ns started = clock_monotonic();
    r->span = span_start(&(struct span_options){.loop = r->session.loop,
                                                .source = source,
                                                .grid = r->session.pipeline->grid,
                                                .fleet = c->world->fleet,
                                                .from = r->warm_from,
                                                .to = r->to,
                                                .period = c->world->settings->period,
                                                .newest = clock_now(&c->world->settings->clock),
                                                .on_frame = on_frame,
                                                .on_done = on_done,
                                                .arg = r});
    while (!r->done)
        uv_run(r->session.loop, UV_RUN_ONCE);
    progress_end(&r->progress);
    double seconds = (double)(clock_monotonic() - started) / 1e9;
    uint64_t samples = span_samples(r->span);
    if (r->err.code == 0)
        printf("run %s: %llu ticks, %.1f M readings in %.1f s (%.2f M/s)\n", r->session.run,
               (unsigned long long)r->ticks, (double)samples / 1e6, seconds, (double)samples / 1e6 / seconds);
    span_free(r->span);
    source_close(source);
    uv_close((uv_handle_t *)&r->drain, NULL);
    if (r->err.code != 0) {
        *err = r->err;
        return err_wrap(err, "reading the archive");
    }
    return 0;
}

static int check_run_name(const char *run, struct err *err)
{
    bool ok = *run && strlen(run) < 64 && strcmp(run, RUN_LIVE) != 0 && *run != '.';
    for (const char *p = run; ok && *p; p++)
        ok = isalnum((unsigned char)*p) || strchr("._-", *p);
    return ok ? 0
              : err_set(err, ERR_CONFIG,
                        "'%.80s' cannot name a run: letters, digits, dot, dash and "
                        "underscore can, and it is not 'live'",
                        run);
}

static int check_span(const struct replay *r, const char *run, bool resume, struct err *err)
{
    if (resume && !run)
        return err_set(err, ERR_CONFIG, "--resume needs the name of the run: --run NAME; psmon runs list");
    if (resume)
        return r->from ? err_set(err, ERR_CONFIG, "--resume goes on where the run stands: leave --from away")
                       : 0;
    if (!r->from || !r->to)
        return err_set(err, ERR_CONFIG, "--from and --to are needed, or --run NAME --resume");
    return r->to > r->from ? 0 : err_set(err, ERR_CONFIG, "--to must be after --from");
}

/* Goes on with what is stored: by the model it was made with, or its two halves could not be compared. */
static int take_up(struct replay *r, const struct context *c, const char *name, struct err *err)
{
    const struct settings *s = c->world->settings;
    struct history_replay was;
    char active[MODEL_NAME_LEN] = "", hash[DIGEST_HEX_LEN] = "";
    struct model *model = NULL;
    int rc = history_replay(c->conninfo, name, &was, err);
    if (rc == 0 && (rc = models_load_active(&model, s, c->world->fleet, active, hash, err)) >= 0)
        rc = 0;
    model_free(model);
    if (rc != 0)
        return rc;
    if (strcmp(hash, was.model_hash) != 0)
        return err_set(err, ERR_CONFIG,
                       "run '%s' was begun by model '%s', checksum %.12s; in force is '%s', %.12s: put that "
                       "one in force "
                       "(psmon model activate), or begin another run",
                       name, was.model, was.model_hash, active, hash);
    r->from = was.from;
    r->to = r->to ? r->to : was.to;
    r->stands = was.stands ? pipeline_align(s, was.stands) + s->period : 0;
    if (r->to <= (r->stands ? r->stands : r->from))
        return err_set(err, ERR_CONFIG, "run '%s' has come to its end already; --to T takes it further",
                       name);
    return 0;
}

static int run_replay(int argc, char **argv)
{
    const char *config = NULL, *run = NULL;
    bool resume = false;
    struct replay r = {0};
    const struct option_spec specs[] = {
        {"config", 'c', OPTION_TEXT, &config, "FILE", "configuration", true},
        {"from", 0, OPTION_TIME, &r.from, "T", "start; windows are filled from before it", false},
        {"to", 0, OPTION_TIME, &r.to, "T", "end; with --resume another end than it had", false},
        {"run", 0, OPTION_TEXT, &run, "NAME", "name of the run; else made of the time", false},
        {"resume", 0, OPTION_FLAG, &resume, NULL, "go on with the run of that name where it was broken off",
         false},
        {0}};
    int status;
    if (!command_options(
            argc, argv, "replay -c FILE --from T --to T [--run NAME] | --run NAME --resume",
            "Runs the monitor over recorded time: the same scores, findings, alarms and\n"
            "weekly lists as live, kept under the run's name; nothing is sent. One that was broken\n"
            "off can go on: also years, in pieces.",
            specs, NULL, 0, NULL, &status))
        return status;
    struct context c;
    struct err err = {0};
    if (context_open(&c, config, &err) != 0)
        return command_fail(&err);
    char *name = run ? xstrdup(run) : xasprintf("replay-%lld", (long long)(clock_wall() / NS_PER_S));
    r.from = pipeline_align(c.world->settings, r.from);
    r.to = pipeline_align(c.world->settings, r.to);
    uv_loop_t loop;
    uv_loop_init(&loop);
    int rc = check_run_name(name, &err);
    if (rc == 0)
        rc = check_span(&r, run, resume, &err);
    log_set_level(LOG_WARNING); /* every alarm of years is for the history, not for the screen */
    c.stays =
        xasprintf("run '%s' keeps what was scored until now; psmon replay -c %s --run %s --resume goes on, "
                  "psmon runs -c %s remove %s removes it",
                  name, config, name, config, name);
    if (rc == 0)
        rc = context_database(&c, &err);
    if (rc == 0 && resume)
        rc = take_up(&r, &c, name, &err);
    if (rc == 0)
        rc = session_open(
            &r.session,
            &(struct session_options){
                .context = &c, .loop = &loop, .run = name, .from = r.from, .to = r.to, .resume = resume},
            &err);
    if (rc == 0) {
        r.from = r.stands ? r.stands : r.from;
        if (r.session.world->model)
            warn_of_overlap(&r);
        else
            fprintf(stderr, "psmon: there is no model, only data findings are made; psmon train --help\n");
        r.warm_from = session_warm_from(&r.session, r.from);
        rc = replay_span(&r, &c, &err);
        if (rc == 0)
            history_finish(r.session.history);
        session_close(&r.session);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    free(name);
    context_close(&c);
    return rc == 0 ? EXIT_OK : command_fail(&err);
}

const struct command command_replay = {
    .name = "replay", .summary = "run over recorded time", .run = run_replay};
