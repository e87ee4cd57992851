/* psmon simulate: the simulated ring behind an Archiver Appliance's interface, or as tables.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/ring.h"
#include "archive/sim/server.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/time/clock.h"
#include "base/time/timefmt.h"
#include "monitor/command.h"
#include "monitor/interrupt.h"
#include "monitor/namelist.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_THREADS 64

struct simulate {
    const char *serve, *config_out, *labels_out, *csv, *state_dir, *webhook, *webhook_secrets, *fault_size,
        *listen, *sectors, *modes, *ends, *maintenance_out, *commons, *contexts, *physics, *groups;
    bool manifolds;
    int64_t supplies, seed, threads;
    double days, healthy_days, speed, faults_per_week, commons_per_week, in_commons;
    tstamp_ns from, start;
    struct sim *sim;
    struct clock clock;
};

/* ---- --config-out ---- */

/* The path of a file beside another; caller frees. */
static char *beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    return xasprintf("%.*s%s", slash ? (int)(slash - path + 1) : 0, path, name);
}

/* The secret may stand in it: it is for its owner, and for the user that psmon becomes. */
static FILE *create_config(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return NULL;
    if (fchmod(fd, 0600) == 0) /* one that was there keeps no other mode */
        command_give(fd);
    return fdopen(fd, "w");
}

static int write_config(const struct simulate *o, int port, struct err *err)
{
    struct secret secret = {NULL};
    if (o->webhook_secrets && command_secrets(&secret, 1, o->webhook_secrets, err) < 0)
        return err->code;
    FILE *f = create_config(o->config_out);
    if (!f)
        return err_set(err, ERR_IO, "could not write \"%s\": %s", o->config_out, strerror(errno));
    const char *colon = o->serve ? strrchr(o->serve, ':') : NULL;
    int host_len = colon ? (int)(colon - o->serve) : 0;
    char start[TIMEFMT_LEN], wall[TIMEFMT_LEN];
    fprintf(f, "# Made by psmon simulate: a simulated ring of %" PRId64 " supplies.\n", o->supplies);
    fprintf(f, "fleet: fleet.csv\nmaintenance: maintenance.csv\n");
    if (o->serve)
        fprintf(f, "archiver:\n  url: http://%.*s:%d\n", host_len ? host_len : 9,
                host_len ? o->serve : "127.0.0.1", port);
    else if (o->csv) {
        char *folder = realpath(o->csv, NULL);
        fprintf(f, "archiver:\n  url: file://%s\n", folder ? folder : o->csv);
        free(folder);
    }
    fprintf(f, "state_dir: %s\n", o->state_dir);
    if (o->listen)
        fprintf(f, "http:\n  listen: %s\n", o->listen);
    if (o->webhook)
        fprintf(f, "webhooks:\n  - url: %s\n", o->webhook);
    if (o->webhook && secret.clear)
        fprintf(f, "    secret: %s\n", secret.clear);
    free(secret.clear);
    fprintf(f, "clock: {start: \"%s\", wall: \"%s\", speed: %g}\n", timefmt_iso(start, o->clock.start),
            timefmt_iso(wall, o->clock.wall), o->clock.speed);
    if (fclose(f) != 0)
        return err_set(err, ERR_IO, "could not write \"%s\": %s", o->config_out, strerror(errno));
    return 0;
}

/* A year is known ahead. */
static int write_maintenance(const struct simulate *o, const char *path, struct err *err)
{
    tstamp_ns end = o->from + (tstamp_ns)(o->days * 86400e9);
    return sim_write_maintenance(o->sim, path, o->from - 14 * NS_PER_DAY, end + 366 * NS_PER_DAY, err);
}

/* Labels, configuration, fleet and maintenance; the folder for tables. */
static int write_files(const struct simulate *o, int port, struct err *err)
{
    int rc = 0;
    if (o->csv && mkdir(o->csv, 0777) != 0 && errno != EEXIST)
        return err_set(err, ERR_IO, "could not make folder \"%s\": %s", o->csv, strerror(errno));
    if (o->labels_out)
        rc = sim_write_labels(o->sim, o->labels_out, err);
    if (rc == 0 && o->maintenance_out)
        rc = write_maintenance(o, o->maintenance_out, err);
    if (rc || !o->config_out)
        return rc;
    char *fleet = beside(o->config_out, "fleet.csv"), *maintenance = beside(o->config_out, "maintenance.csv");
    rc = sim_write_fleet(o->sim, fleet, err);
    if (!rc)
        rc = write_maintenance(o, maintenance, err);
    if (!rc)
        rc = write_config(o, port, err);
    free(fleet);
    free(maintenance);
    return rc;
}

/* ---- --csv ---- */

struct tables {
    const struct simulate *o;
    atomic_uint next, done; /* supplies */
    pthread_mutex_t mutex;  /* guards err */
    struct err err;
};

static void *write_tables_thread(void *arg)
{
    struct tables *t = arg;
    const struct simulate *o = t->o;
    tstamp_ns to = o->from + (tstamp_ns)(o->days * 86400e9);
    for (uint32_t i; (i = atomic_fetch_add(&t->next, 1)) < (uint32_t)o->supplies;) {
        struct err err = {0};
        char *path = xasprintf("%s/%s.csv", o->csv, sim_supply_name(o->sim, i));
        if (sim_write_table(o->sim, i, path, o->from, to, &err)) {
            pthread_mutex_lock(&t->mutex);
            if (!t->err.code)
                t->err = err;
            pthread_mutex_unlock(&t->mutex);
            atomic_store(&t->next, (unsigned)o->supplies);
        }
        free(path);
        atomic_fetch_add(&t->done, 1);
    }
    return NULL;
}

static void leave_tables(void *tables)
{
    struct tables *t = tables;
    char *text = xasprintf("%s holds %u of %" PRId64 " tables; those that were being written are cut",
                           t->o->csv, atomic_load(&t->done), t->o->supplies);
    interrupt_say(text);
    free(text);
}

static int write_tables(const struct simulate *o, struct err *err)
{
    struct tables t = {.o = o, .mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[MAX_THREADS];
    int64_t started = 0;
    struct interrupt *watch = interrupt_watch(leave_tables, &t);
    while (started < o->threads && pthread_create(&threads[started], NULL, write_tables_thread, &t) == 0)
        started++;
    if (!started)
        write_tables_thread(&t);
    struct progress p;
    progress_start(&p, "writing tables");
    while (started && atomic_load(&t.next) < (unsigned)o->supplies) {
        progress_update(&p, atomic_load(&t.done), (double)o->supplies);
        usleep(50000);
    }
    for (int64_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    progress_end(&p);
    interrupt_end(watch);
    if (err && t.err.code)
        *err = t.err;
    return t.err.code;
}

/* ---- --serve ---- */

static void on_signal(uv_signal_t *s, int number)
{
    (void)number;
    uv_stop(s->loop);
}

static void close_handle(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

static int serve(struct simulate *o, struct err *err)
{
    uv_loop_t loop;
    uv_signal_t signals[2];
    struct sim_server *server;
    char text[TIMEFMT_LEN];
    uv_loop_init(&loop);
    int rc = sim_server_open(&server, &loop, o->sim, &o->clock, o->serve, err);
    if (rc == 0) {
        int numbers[] = {SIGINT, SIGTERM};
        for (size_t i = 0; i < 2; i++) {
            uv_signal_init(&loop, &signals[i]);
            uv_signal_start(&signals[i], on_signal, numbers[i]);
        }
        rc = write_files(o, sim_server_port(server), err);
        if (rc == 0) {
            log_info("simulate", "listen=%s port=%d supplies=%" PRId64 " now=%s speed=%g", o->serve,
                     sim_server_port(server), o->supplies, timefmt_iso(text, o->clock.start), o->clock.speed);
            uv_run(&loop, UV_RUN_DEFAULT);
            log_info("simulate", "stopped requests=%lu", sim_server_requests(server));
        }
        sim_server_close(server);
        for (size_t i = 0; i < 2; i++)
            uv_close((uv_handle_t *)&signals[i], NULL);
    }
    uv_walk(&loop, close_handle, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return rc;
}

/* ---- options ---- */

/* The sizes of the sectors, "33,24,40"; none: all of one size. */
static int read_sectors(const char *text, uint32_t sizes[SIM_SECTOR_SIZES], struct err *err)
{
    size_t n = 0;
    for (const char *p = text; p; n++) {
        char *end;
        errno = 0;
        long size = strtol(p, &end, 10);
        if (end == p || (*end && *end != ',') || errno || size < 1 || size > 1000 || n == SIM_SECTOR_SIZES)
            return err_set(err, ERR_CONFIG, "--sectors: '%s' is not a list of 1 to %d numbers from 1 to 1000",
                           text, SIM_SECTOR_SIZES);
        sizes[n] = (uint32_t)size;
        p = *end ? end + 1 : NULL;
    }
    return 0;
}

/* Failure modes: "3,7,10-12" or "all". */
static int read_modes(const char *text, uint32_t *bits, struct err *err)
{
    const char *word;
    int len;
    while (namelist_next(&text, &word, &len)) {
        char *end;
        long first = strtol(word, &end, 10), last = *end == '-' ? strtol(end + 1, &end, 10) : first;
        if (len == 3 && strncmp(word, "all", 3) == 0) {
            first = 1;
            last = SIM_MODES - 1;
            end += 3;
        }
        if (end != word + len || first < 1 || last < first || last >= SIM_MODES)
            return err_set(err, ERR_CONFIG, "--fault-modes: '%.*s': numbers from 1 to %d, or all", len, word,
                           SIM_MODES - 1);
        for (long m = first; m <= last; m++)
            *bits |= 1u << m;
    }
    return 0;
}

static int read_physics(const char *text, enum sim_physics *physics, struct err *err)
{
    bool b = strcmp(text, "b") == 0;
    if (!b && strcmp(text, "a") != 0)
        return err_set(err, ERR_CONFIG, "--physics: a or b");
    *physics = b ? SIM_PHYSICS_B : SIM_PHYSICS_A;
    return 0;
}

/* What the lists call the kinds of events. */
static const char *const event_options[SIM_EVENT_KINDS] = {[SIM_CLOG_MAGNET] = "magnet-filter",
                                                           [SIM_CLOG_SUPPLY] = "supply-filter",
                                                           [SIM_PUMP_TRIP] = "pump",
                                                           [SIM_WATER] = "water",
                                                           [SIM_AIR] = "air",
                                                           [SIM_RACK_FAN] = "rack-fan",
                                                           [SIM_SAG] = "sag",
                                                           [SIM_DIP] = "dip",
                                                           [SIM_OUTAGE] = "outage",
                                                           [SIM_REBOOT] = "reboot",
                                                           [SIM_WARM] = "warm",
                                                           [SIM_COLD] = "cold",
                                                           [SIM_SEASON] = "season",
                                                           [SIM_LATTICE] = "lattice",
                                                           [SIM_STUDY] = "study",
                                                           [SIM_DUMP] = "dump",
                                                           [SIM_SHUTDOWN] = "shutdown",
                                                           [SIM_SWAP] = "swap",
                                                           [SIM_CALIBRATION] = "calibration"};

/* What the options add to the plain ring. */
static int read_additions(const struct simulate *o, struct sim_options *s, struct err *err)
{
    static const char *const ends[SIM_ENDS] = {
        [SIM_REPAIRED] = "repair", [SIM_BY_ITSELF] = "itself", [SIM_BY_TRIP] = "trip", [SIM_NEVER] = "never"};
    static const char *const groups[] = {"water", "rack", "feeder"};
    uint32_t told = 0;
    int rc = read_sectors(o->sectors, s->sector_sizes, err);
    if (rc == 0)
        rc = read_modes(o->modes, &s->modes, err);
    if (rc == 0)
        rc = namelist_read("--fault-ends", o->ends, ends, SIM_ENDS, &s->ends, err);
    if (rc == 0)
        rc = namelist_read("--groups", o->groups, groups, 3, &told, err);
    if (rc == 0 && o->groups)
        s->untold = (7 & ~told) << GROUP_WATER;
    if (rc == 0)
        rc = read_physics(o->physics, &s->physics, err);
    if (rc == 0)
        rc = namelist_read("--commons", o->commons, event_options, SIM_COMMONS, &s->commons, err);
    if (rc == 0)
        rc = namelist_read("--contexts", o->contexts, event_options + SIM_COMMONS,
                           SIM_EVENT_KINDS - SIM_COMMONS, &s->contexts, err);
    s->contexts <<= SIM_COMMONS;
    return rc;
}

static int check(struct simulate *o, struct sim_options *s, struct err *err)
{
    static const char *const sizes[] = {[SIM_SMALL] = "small",
                                        [SIM_MEDIUM] = "medium",
                                        [SIM_LARGE] = "large",
                                        [SIM_MIXED] = "mixed",
                                        [SIM_ANY] = "any"};
    size_t size = 0, n_sizes = sizeof sizes / sizeof *sizes;
    while (size < n_sizes && strcmp(o->fault_size, sizes[size]) != 0)
        size++;
    if (size == n_sizes)
        return err_set(err, ERR_CONFIG, "--fault-size: small, medium, large, mixed or any");
    if (o->supplies < 1 || o->supplies > 100000)
        return err_set(err, ERR_CONFIG, "--supplies: from 1 to 100000");
    if (!(o->speed >= 0 && o->speed <= 100000))
        return err_set(err, ERR_CONFIG, "--speed: from 0 to 100000");
    if (o->threads < 1 || o->threads > MAX_THREADS)
        return err_set(err, ERR_CONFIG, "--threads: from 1 to %d", MAX_THREADS);
    if (!o->serve && !o->csv && !o->config_out && !o->labels_out && !o->maintenance_out)
        return err_set(err, ERR_CONFIG,
                       "nothing to do: --serve, --csv, --config-out, --labels-out or --maintenance-out");
    *s = (struct sim_options){
        .supplies = (uint32_t)o->supplies,
        .seed = (uint64_t)o->seed,
        .from = o->from,
        .days = o->days,
        .healthy_days = o->healthy_days,
        .faults_per_week = o->faults_per_week,
        .fault_size = (enum sim_size)size,
        .manifolds = o->manifolds,
        .commons_per_week = o->commons_per_week,
        .in_common = o->in_commons,
    };
    return read_additions(o, s, err);
}

static void set_clock(struct simulate *o)
{
    if (!o->start)
        o->start = o->from + (tstamp_ns)(o->healthy_days * 86400e9);
    o->clock = (struct clock){.start = o->start, .wall = clock_wall(), .speed = o->speed > 0 ? o->speed : 1};
}

/* Monday 00:00 UTC five weeks before the present week: a span that is over. */
static tstamp_ns default_from(void)
{
    tstamp_ns today = clock_wall() / NS_PER_DAY * NS_PER_DAY;
    return today - (timefmt_weekday(today) + 35) * NS_PER_DAY;
}

/* All of it, from options on; returns the exit status. */
static int simulate(struct simulate *o)
{
    struct sim_options s;
    struct err err = {0};
    int rc = check(o, &s, &err);
    if (rc == 0)
        rc = sim_new(&o->sim, &s, &err);
    if (rc)
        return command_fail(&err);
    set_clock(o);
    if (o->serve)
        rc = serve(o, &err);
    else
        rc = write_files(o, 0, &err);
    if (rc == 0 && o->csv)
        rc = write_tables(o, &err);
    sim_free(o->sim);
    return rc ? command_fail(&err) : EXIT_OK;
}

static int run_simulate(int argc, char **argv)
{
    struct simulate o = {.supplies = 1320,
                         .seed = 1,
                         .days = 28,
                         .healthy_days = 14,
                         .speed = 1,
                         .faults_per_week = -1,
                         .commons_per_week = -1,
                         .fault_size = "mixed",
                         .physics = "a",
                         .from = default_from(),
                         .state_dir = "/var/tmp/psmon",
                         .threads = sysconf(_SC_NPROCESSORS_ONLN)};
    const struct option_spec specs[] = {
        {"serve", 0, OPTION_TEXT, &o.serve, "ADDR:PORT", "answer as an Archiver Appliance there", false},
        {"supplies", 0, OPTION_INTEGER, &o.supplies, "N", "power supplies (1320)", false},
        {"sectors", 0, OPTION_TEXT, &o.sectors, "N,N...", "supplies of the sectors, in turn (33)", false},
        {"groups", 0, OPTION_TEXT, &o.groups, "G,G...",
         "columns of groups in fleet.csv: water, rack, feeder, or nothing (all)", false},
        {"manifolds", 0, OPTION_FLAG, &o.manifolds, NULL,
         "fleet.csv's water is half a sector, not two sectors", false},
        {"days", 0, OPTION_NUMBER, &o.days, "D", "length of the simulated span (28)", false},
        {"healthy-days", 0, OPTION_NUMBER, &o.healthy_days, "H", "days without faults at its start (14)",
         false},
        {"from", 0, OPTION_TIME, &o.from, "T", "start of the span (five weeks ago, a Monday)", false},
        {"start", 0, OPTION_TIME, &o.start, "T", "simulated time now (--from + healthy days)", false},
        {"seed", 0, OPTION_INTEGER, &o.seed, "S", "another seed is another ring (1)", false},
        {"physics", 0, OPTION_TEXT, &o.physics, "a|b",
         "b: shares no simplification with a monitor's model (a)", false},
        {"speed", 0, OPTION_NUMBER, &o.speed, "X", "simulated seconds per second (1)", false},
        {"faults-per-week", 0, OPTION_NUMBER, &o.faults_per_week, "N",
         "planted in the ring (1.5 % of the supplies)", false},
        {"fault-size", 0, OPTION_TEXT, &o.fault_size, "SIZE",
         "small, medium, large, mixed (of the first two) or any (mixed)", false},
        {"fault-modes", 0, OPTION_TEXT, &o.modes, "N,N-N...",
         "failure modes, 1 to 19 or all, in all variants (a mix of nine)", false},
        {"fault-ends", 0, OPTION_TEXT, &o.ends, "E,E...",
         "how faults end: repair, itself, trip, never, or all (repair, some trip)", false},
        {"config-out", 0, OPTION_TEXT, &o.config_out, "FILE",
         "write a configuration, with fleet.csv and maintenance.csv beside it", false},
        {"faults-in-commons", 0, OPTION_NUMBER, &o.in_commons, "SHARE",
         "faults that begin while a common cause runs in their group (0)", false},
        {"commons", 0, OPTION_TEXT, &o.commons, "C,C...",
         "common causes: magnet-filter, supply-filter, pump, water, air, rack-fan, sag, dip, outage, reboot, "
         "or "
         "all (none)",
         false},
        {"commons-per-week", 0, OPTION_NUMBER, &o.commons_per_week, "N",
         "of them in the ring (1 for 132 supplies)", false},
        {"contexts", 0, OPTION_TEXT, &o.contexts, "C,C...",
         "what is no fault: warm, cold, season, lattice, study, dump, shutdown, swap, calibration, or all "
         "(none)",
         false},
        {"maintenance-out", 0, OPTION_TEXT, &o.maintenance_out, "FILE", "write the maintenance periods",
         false},
        {"labels-out", 0, OPTION_TEXT, &o.labels_out, "FILE", "write what was planted, with times and sizes",
         false},
        {"state-dir", 0, OPTION_TEXT, &o.state_dir, "DIR", "state_dir of that configuration", false},
        {"listen", 0, OPTION_TEXT, &o.listen, "ADDR:PORT", "http.listen of that configuration", false},
        {"webhook", 0, OPTION_TEXT, &o.webhook, "URL", "a webhook of that configuration", false},
        {"webhook-secret-file", 0, OPTION_TEXT, &o.webhook_secrets, "FILE",
         "its secret, whsec_..., in a file", false},
        {"csv", 0, OPTION_TEXT, &o.csv, "DIR",
         "write one wide SUPPLY.csv per supply: time,<six signals>,label", false},
        {"threads", 0, OPTION_INTEGER, &o.threads, "N", "threads that write tables (processors)", false},
        {0},
    };
    int status, n;
    if (!command_options(
            argc, argv, "simulate [options]",
            "A simulated ring of magnet power supplies: physics, calendar, imperfect data and planted\n"
            "faults, the same for the same seed. It answers as an Archiver Appliance, or writes tables.",
            specs, NULL, 0, &n, &status))
        return status;
    return simulate(&o);
}

const struct command command_simulate = {
    .name = "simulate",
    .summary = "the simulated ring: an Archiver Appliance's interface, or tables",
    .run = run_simulate};
