/* psmon run: the resident monitor. Start-up and shut-down order, signals, housekeeping.
 * SPDX-License-Identifier: MIT */
#include "monitor/live/live.h"

#include "archive/history/cluster.h"
#include "archive/history/programs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/time/timefmt.h"
#include "monitor/live/notify.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUSEKEEPING_MS 10000
#define OWN_TRIES 5 /* at a private server that goes away while we start */
#define PAGE_EVERY NS_PER_MIN
#define PAGE_LOST 5 /* missed tests in a row after which systemd is to start us anew */

static void close_handle(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

/* Stops what makes ticks; the rest closes in run_live. */
static void stop(struct live *l)
{
    if (l->stopping)
        return;
    l->stopping = true;
    notify_systemd("STOPPING=1");
    uv_timer_stop(&l->timer);
    uv_timer_stop(&l->housekeeping);
    source_cancel(l->poll);
    audit_free(l->audit);
    l->audit = NULL;
    span_free(l->span);
    l->span = NULL;
    repair_free(l->repair);
    l->repair = NULL;
    uv_stop(&l->loop);
}

void live_enter(struct live *l, struct world *next, bool reread)
{
    session_change(&l->session, next, reread);
    if (!reread) {
        repair_change(l->repair, next);
        return;
    }
    repair_free(l->repair);
    l->repair = NULL;
    uv_timer_stop(&l->timer);
    live_restart(l);
}

/* Somebody has imported maintenance, or taken some back. */
static void on_imported(void *arg, struct maintenance *imported)
{
    struct live *l = arg;
    const struct world *now = l->session.world;
    bool reread;
    tstamp_ns from = l->last ? session_warm_from(&l->session, l->last) : 0;
    struct world *next = world_with_imported(now, imported, from, l->last, &reread);
    if (l->stopping ||
        strcmp(next->maintenance_hash, now->maintenance_hash) == 0) { /* as it was at the start */
        world_drop(next);
        return;
    }
    log_info("maintenance", "imported periods have changed: generation=%u recorded_time=%s", next->generation,
             reread ? "read again" : "not needed");
    live_enter(l, next, reread);
}

static void on_page_tested(void *arg, bool well)
{
    struct live *l = arg;
    struct err err = {0};
    if (well && l->page_failures >= PAGE_MISSED)
        log_info("page", "answers again");
    l->page_failures = well ? 0 : l->page_failures + 1;
    l->page_worked |= well;
    if (well || l->page_failures % PAGE_MISSED != 0)
        return;
    log_error("page", "does not answer its own test, %u times now: it is opened again", l->page_failures);
    if (page_reopen(l->session.page, &err) != 0)
        log_error("page", "%s", err.msg);
}

/* That the loop turns is not enough: whether somebody who comes now gets in, only coming shows. */
static void test_page(struct live *l)
{
    tstamp_ns now = clock_monotonic();
    if (!l->session.page || (l->page_tested && now - l->page_tested < PAGE_EVERY))
        return;
    l->page_tested = now;
    if (!page_test(l->session.page, on_page_tested, l))
        on_page_tested(l, false); /* it is not even open */
}

#define MUCH_MEMORY (32u << 20)

/* Catching up holds slices of the whole ring, and transactions that the database has not taken yet; freed,
 * they lie in the heap's holes, which the C library keeps. */
void live_give_back_memory(struct live *l)
{
    size_t unused = mallinfo2().fordblks;
    if (unused < l->memory_unused) /* what was given back still counts, until it is used again */
        l->memory_unused = unused;
    if (unused - l->memory_unused < MUCH_MEMORY)
        return;
    malloc_trim(0);
    l->memory_unused = mallinfo2().fordblks;
}

static void on_housekeeping(uv_timer_t *timer)
{
    struct live *l = timer->data;
    const struct tick *t = &l->session.pipeline->tick;
    char status[256], at[TIMEFMT_LEN];
    snprintf(status, sizeof status, "STATUS=%s, last tick %s, %u of %zu supplies scored",
             live_snapshot(l)->phase, t->t ? timefmt_iso(at, t->t) : "none", t->ledger[REASON_SCORED],
             l->session.world->fleet->n_supplies);
    notify_systemd(status);
    programs_reap(); /* as process 1, also of what others run beside us */
    live_look_at_clock(l);
    live_give_back_memory(l);
    test_page(l);
    if (l->phase == PHASE_LIVE) {
        live_watch_model(l);
        live_watch_chances(l);
        history_watch_imported(l->session.history, on_imported, l);
        live_repair(l);
    }
}

/* A page that worked, and that opening it again does not bring back, is a reason to be started anew. One that
 * never worked is the machine's fault, and no restart helps. */
static void tell_alive(struct live *l)
{
    l->alive_told = clock_monotonic();
    if (!l->page_worked || l->page_failures < PAGE_LOST)
        notify_systemd("WATCHDOG=1");
}

static void on_watchdog(uv_timer_t *timer)
{
    tell_alive(timer->data);
}

void live_alive(struct live *l)
{
    if (l->alive_every && clock_monotonic() - l->alive_told >= l->alive_every)
        tell_alive(l);
}

/* Until the loop ends, also while what waits is written out at the end. */
static void start_watchdog(struct live *l)
{
    uint64_t ms = notify_watchdog_ms();
    l->alive_every = (tstamp_ns)ms * (NS_PER_S / 1000);
    if (ms)
        uv_timer_start(&l->watchdog, on_watchdog, 0, ms);
    uv_unref((uv_handle_t *)&l->watchdog);
}

static void reload(struct live *l)
{
    const struct world *now = l->session.world;
    struct world *next = NULL;
    struct err err = {0};
    bool reread;
    tstamp_ns from = l->last ? session_warm_from(&l->session, l->last) : 0; /* of what windows hold */
    if (world_reload(&next, now, from, l->last, &reread, &err) != 0) {
        log_error("run", "reload refused, what was in force stays: %s", err.msg);
        return;
    }
    log_info("run", "reloaded generation=%u recorded_time=%s", next->generation,
             reread ? "read again" : "not needed");
    live_enter(l, next, reread);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct live *l = handle->data;
    if (number != SIGHUP)
        stop(l);
    else if (l->source)
        reload(l);
    else
        log_warning("run", "not reloaded: still opening the database");
}

static void start_signals(struct live *l)
{
    static const int numbers[3] = {SIGINT, SIGTERM, SIGHUP};
    for (int i = 0; i < 3; i++) {
        uv_signal_init(&l->loop, &l->signals[i]);
        l->signals[i].data = l;
        uv_signal_start(&l->signals[i], on_signal, numbers[i]);
    }
}

/* Where scoring goes on: after the last stored tick; with none, at `since`, or now. */
static int find_start(struct live *l, tstamp_ns since, struct err *err)
{
    const struct settings *s = l->context.world->settings;
    tstamp_ns last = 0;
    int rc = history_last_tick(l->context.conninfo, RUN_LIVE, &last, err);
    tstamp_ns now = pipeline_align(s, clock_now(&s->clock));
    l->first_scored = last ? last + s->period : since ? pipeline_align(s, since) : now;
    l->last_kept = last;
    return rc;
}

static void on_pause_over(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

/* A site's server that is away when we start, or goes away meanwhile, is waited for. Our own that does not
 * start is an error; one that goes away meanwhile is started again. Signals are heard while waiting. */
static int open_session(struct live *l, tstamp_ns since, struct err *err)
{
    struct context *c = &l->context;
    for (unsigned tries = 1;; tries++) {
        int rc = context_database(c, err);
        if (rc == 0)
            rc = find_start(l, since, err);
        live_watch_begin(l); /* before the model is read: what comes between is noticed */
        if (rc == 0)
            rc = session_open(&l->session,
                              &(struct session_options){.context = c,
                                                        .loop = &l->loop,
                                                        .run = RUN_LIVE,
                                                        .snapshot = live_snapshot,
                                                        .snapshot_arg = l},
                              err);
        bool own = !c->world->settings->database_url.clear;
        if (rc != ERR_DB || (own && (!c->cluster || tries == OWN_TRIES)))
            return rc;
        log_warning("database", "%s; trying again", err->msg);
        notify_systemd("STATUS=waiting for the database\nEXTEND_TIMEOUT_USEC=90000000");
        uv_update_time(&l->loop);
        uv_timer_start(&l->timer, on_pause_over, (uint64_t)(live_backoff_s(tries) * 1000), 0);
        uv_run(&l->loop, UV_RUN_DEFAULT);
        if (l->stopping)
            return err_set(err, ERR_CANCELLED, "stopped while waiting for the database");
        free(c->conninfo);
        c->conninfo = NULL;
        cluster_leave(c->cluster);
        c->cluster = NULL;
    }
}

static int open_all(struct live *l, tstamp_ns since, struct err *err)
{
    struct context *c = &l->context;
    uv_timer_init(&l->loop, &l->timer);
    uv_timer_init(&l->loop, &l->housekeeping);
    uv_timer_init(&l->loop, &l->watchdog);
    l->timer.data = l->housekeeping.data = l->watchdog.data = l;
    l->archiver_since = clock_now(&c->world->settings->clock);
    start_signals(l);
    start_watchdog(l);
    int rc = live_claim(l, err);
    if (rc == 0)
        rc = open_session(l, since, err);
    if (rc == 0)
        rc = context_source(c, &l->loop, &l->source, err);
    return rc;
}

static void run_live(struct live *l)
{
    const struct world *w = l->session.world;
    log_info("run", "supplies=%zu channels=%zu model=%s page=http://%s/", l->session.world->fleet->n_supplies,
             l->session.world->fleet->n_channels, w->model ? w->model_name : "none",
             l->session.world->settings->http_listen);
    if (!w->model && l->session.model_error.code == 0)
        log_warning("run",
                    "there is no model: data is collected and only data findings are made; train one "
                    "with: psmon train -c %s --from T --to T",
                    l->session.world->settings->path);
    notify_systemd("READY=1");
    uv_timer_start(&l->housekeeping, on_housekeeping, HOUSEKEEPING_MS, HOUSEKEEPING_MS);
    live_begin(l, l->last_kept);
    uv_run(&l->loop, UV_RUN_DEFAULT);
    log_info("run", "stopping");
}

static void close_all(struct live *l)
{
    live_end_clock(l);
    source_close(l->source);
    session_close(&l->session);
    uv_walk(&l->loop, close_handle, NULL);
    uv_run(&l->loop, UV_RUN_DEFAULT);
    uv_loop_close(&l->loop);
    live_watch_end(l);
    live_watch_chances_end(l);
    context_close(&l->context);
    live_unclaim(l);
}

static int run_monitor(int argc, char **argv)
{
    const char *config = NULL;
    tstamp_ns since = 0;
    bool debug = false;
    const struct option_spec specs[] = {{"config", 'c', OPTION_TEXT, &config, "FILE", "configuration", true},
                                        {"since", 0, OPTION_TIME, &since, "T",
                                         "where scoring begins when there is no history yet; else now",
                                         false},
                                        {"debug", 0, OPTION_FLAG, &debug, NULL, "log more", false},
                                        {0}};
    int status;
    if (!command_options(argc, argv, "run -c FILE [--since T]",
                         "The resident monitor. Catches up with what it missed, then polls, scores and\n"
                         "raises alarms once a minute. SIGHUP reloads, SIGTERM stops.",
                         specs, NULL, 0, NULL, &status))
        return status;
    if (debug)
        log_set_level(LOG_DEBUG);
    struct err err = {0};
    struct live *l = xcalloc(1, sizeof *l);
    if (context_open(&l->context, config, &err) != 0) {
        free(l);
        return command_fail(&err);
    }
    if (settings_exposed(l->context.world->settings))
        log_warning("settings", "file=%s what=\"%s%s\"", l->context.world->settings->path,
                    settings_exposed(l->context.world->settings), l->context.world->settings->path);
    l->context.resident = true;
    l->claim = -1;
    uv_loop_init(&l->loop);
    int rc = open_all(l, since, &err);
    if (rc == 0)
        run_live(l);
    close_all(l);
    free(l);
    return rc == 0 || rc == ERR_CANCELLED ? EXIT_OK : command_fail(&err);
}

const struct command command_run = {.name = "run", .summary = "the resident monitor", .run = run_monitor};
