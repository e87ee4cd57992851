/* The resident monitor on virtual time: days of live operation in which the archiver, the database and the
 * receiver of webhooks fail, and psmon itself is killed, stopped and told to reload, as a seed says.
 * Archiver: the simulated ring in this process. Database: a real server that is stopped, continued, killed.
 * Receiver: a real HTTP peer. Each life of the monitor is a process, `psmon run` itself; clock.h says how its
 * time passes.
 *
 * SEEDS="4 5" in the environment runs others than the usual ones; KEEP=1 keeps logs and says where.
 * SPDX-License-Identifier: MIT */
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pg/pg.h"
#include "base/time/timefmt.h"
#include "monitor/command.h"
#include "tests/near.h"
#include "tests/postgres.h"
#include "tests/virtual/archiver.h"
#include "tests/virtual/clock.h"
#include "tests/virtual/receiver.h"

#include <errno.h>
#include <fcntl.h>
#include <gsl/gsl_errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define LEARN_FROM (INT64_C(20454) * NS_PER_DAY) /* 2026-01-01 */
#define LEARN_DAYS 14
#define LIVE_FROM (LEARN_FROM + LEARN_DAYS * NS_PER_DAY)
#define LIVE_HOURS 36
#define CALM_HOURS 6 /* at the end nothing fails: what was missed is made up for */
#define LIVE_TO (LIVE_FROM + LIVE_HOURS * NS_PER_HOUR)
#define SUPPLIES 33
#define MAX_EVENTS 200
#define MINUTE(t) ((t) - (t) % NS_PER_MIN)

enum what {
    ARCHIVER, /* enter a state */
    RECEIVER,
    DATABASE_STOPS, /* hangs */
    DATABASE_GOES_ON,
    DATABASE_DIES,
    DATABASE_STARTS,
    PSMON_KILLED,      /* for `state` minutes */
    PSMON_KILLED_BUSY, /* the same, at one of the next times that it has asked the database something */
    PSMON_STOPPED,
    PSMON_RELOADS,
    CLOCK_IS_SET, /* so many minutes from the time that it is */
    WEIGHED,      /* how much memory is in use */
    THE_END,
};

struct event {
    tstamp_ns t;
    enum what what;
    int state;
};

/* Everything that outlives a life of the monitor; shared memory. */
struct stage {
    struct virtual_time time;
    struct archiver archiver;
    struct event event[MAX_EVENTS];
    size_t n_events, next;
    enum receiver_state receiver;
    bool database_hangs, dying, ended;
    tstamp_ns away;            /* how long psmon stays away after this life */
    size_t dies_after;         /* so many questions to the database; 0: not */
    size_t in_use[2], weighed; /* bytes, early and late */
};

static struct stage *stage;
static struct sim *ring;
static int to_parent = -1, from_parent = -1; /* of a life: asks for what is done to the database */
static char folder[] =
    "/dev/shm/psmon-virtual-XXXXXX"; /* in memory: what is written for good is waited for */
static char server[] = "/dev/shm/psmon-virtual-pg-XXXXXX";
static char conninfo[128];
static int port;

/* ---- the script ---- */

static uint64_t random_state;
static size_t archiver_failures; /* how many of its states are used: */
#define ALL_FAILURES 3
#define CLEAR_FAILURES 2 /* without those that show only when the last readings have grown old */

static size_t below(size_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state >> 16) % n;
}

static void add(tstamp_ns t, enum what what, int state)
{
    assert_true(stage->n_events < MAX_EVENTS);
    stage->event[stage->n_events++] = (struct event){t, what, state};
}

static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    return x->t != y->t ? (x->t < y->t ? -1 : 1) : (int)x->what - (int)y->what;
}

/* Outages of one of the parts, each up to `longest` minutes, some hours apart, not at full minutes. */
static void make_outages(void (*outage)(tstamp_ns from, tstamp_ns to), size_t every_h, size_t longest)
{
    tstamp_ns calm = LIVE_TO - CALM_HOURS * NS_PER_HOUR, t = LIVE_FROM;
    for (;;) {
        t += (tstamp_ns)(60 + below(2 * every_h * 3600)) * NS_PER_S;
        tstamp_ns to = t + (tstamp_ns)(30 + below(below(longest * 60) + 1)) * NS_PER_S + NS_PER_S / 7;
        if (to > calm)
            return;
        outage(t, to);
        t = to;
    }
}

static void archiver_outage(tstamp_ns from, tstamp_ns to)
{
    add(from, ARCHIVER, 1 + (int)below(archiver_failures));
    add(to, ARCHIVER, ARCHIVER_ANSWERS);
}

static void receiver_outage(tstamp_ns from, tstamp_ns to)
{
    add(from, RECEIVER, 1 + (int)below(3));
    add(to, RECEIVER, RECEIVER_ACCEPTS);
}

static void database_outage(tstamp_ns from, tstamp_ns to)
{
    bool dies = below(2);
    add(from, dies ? DATABASE_DIES : DATABASE_STOPS, 0);
    add(to, dies ? DATABASE_STARTS : DATABASE_GOES_ON, 0);
}

static void psmon_outage(tstamp_ns from, tstamp_ns to)
{
    static const enum what how[4] = {PSMON_KILLED, PSMON_KILLED_BUSY, PSMON_STOPPED, PSMON_RELOADS};
    add(from, how[below(4)], (int)((to - from) / NS_PER_MIN));
}

static void make_script(uint64_t seed)
{
    random_state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    stage->n_events = stage->next = 0;
    make_outages(archiver_outage, 4, 120);
    make_outages(receiver_outage, 4, 240);
    make_outages(database_outage, 6, 60);
    make_outages(psmon_outage, 8, 90);
    add(LIVE_TO - CALM_HOURS * NS_PER_HOUR, WEIGHED, 0);
    add(LIVE_TO - NS_PER_MIN, WEIGHED, 1);
    add(LIVE_TO + 30 * NS_PER_S, THE_END, 0);
    qsort(stage->event, stage->n_events, sizeof *stage->event, by_time);
}

/* The machine's clock is set back an hour and two hours ahead, and right again; psmon is killed and started
 * while it is behind, and while it is ahead. */
static void make_steps(void)
{
    static const struct {
        int minute;
        enum what what;
        int state;
    } steps[] = {{180, CLOCK_IS_SET, -60},  {300, CLOCK_IS_SET, 0},   {480, CLOCK_IS_SET, 120},
                 {600, CLOCK_IS_SET, 0},    {900, CLOCK_IS_SET, -60}, {930, PSMON_KILLED, 7},
                 {1020, CLOCK_IS_SET, 0},   {1200, CLOCK_IS_SET, 15}, {1260, CLOCK_IS_SET, 0},
                 {1380, CLOCK_IS_SET, 120}, {1410, PSMON_KILLED, 7},  {1560, CLOCK_IS_SET, 0}};
    stage->n_events = stage->next = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        add(LIVE_FROM + steps[i].minute * NS_PER_MIN + 17 * NS_PER_S, steps[i].what, steps[i].state);
    add(LIVE_TO + 30 * NS_PER_S, THE_END, 0);
}

/* ---- what happens, in a life of the monitor ---- */

/* Under AddressSanitizer malloc is its own. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t memory_in_use(void)
{
    if (__sanitizer_get_current_allocated_bytes)
        return __sanitizer_get_current_allocated_bytes();
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static tstamp_ns next_event(void)
{
    return stage->next < stage->n_events ? stage->event[stage->next].t : INT64_MAX;
}

/* The parent does it: what a life forks would hold its sockets open. */
static void ask_parent(enum what what)
{
    char c = (char)what;
    if (write(to_parent, &c, 1) != 1 || read(from_parent, &c, 1) != 1)
        _exit(99);
}

static void happen_to_database(enum what what)
{
    ask_parent(what);
    stage->database_hangs = what == DATABASE_STOPS;
    if (what == DATABASE_DIES)
        virtual_await_hangup();
}

static void happen_one(const struct event *e)
{
    switch (e->what) {
    case ARCHIVER:
        stage->archiver.state = (enum archiver_state)e->state;
        stage->archiver.old_since = stage->time.now;
        break;
    case RECEIVER: stage->receiver = (enum receiver_state)e->state; break;
    case DATABASE_STOPS:
    case DATABASE_GOES_ON:
    case DATABASE_DIES:
    case DATABASE_STARTS: happen_to_database(e->what); break;
    case PSMON_KILLED:
        stage->dying = true;
        stage->away = e->state * NS_PER_MIN;
        raise(SIGKILL);
        break;
    case PSMON_KILLED_BUSY:
        stage->dies_after = 1 + (size_t)(e->t / NS_PER_S) % 7;
        stage->away = e->state * NS_PER_MIN;
        break;
    case PSMON_STOPPED:
        stage->away = e->state * NS_PER_MIN;
        raise(SIGTERM);
        break;
    case CLOCK_IS_SET: stage->time.wall_ahead = e->state * NS_PER_MIN; break;
    case PSMON_RELOADS: raise(SIGHUP); break;
    case WEIGHED: stage->in_use[e->state] = memory_in_use(); break;
    case THE_END:
        stage->ended = true;
        raise(SIGTERM);
        break;
    }
}

static void happen(void)
{
    while (next_event() <= stage->time.now)
        happen_one(&stage->event[stage->next++]);
}

/* Whether the database has committed what it was sent, or has not even read it, is for the next life to find
 * out. */
static void asked(void)
{
    if (stage->dies_after == 0 || --stage->dies_after > 0)
        return;
    stage->dying = true;
    raise(SIGKILL);
}

static bool database_answers(void)
{
    return !stage->database_hangs;
}

static bool peer_answers(void)
{
    return stage->receiver != RECEIVER_HANGS;
}

/* The request takes it along: a receiver that hangs and reads late must not do as it would by then. */
static const char *peer_mood(void)
{
    static char digit[2];
    *digit = (char)('0' + stage->receiver);
    return digit;
}

static const struct virtual_script script = {next_event,       happen,       asked,
                                             database_answers, peer_answers, peer_mood};

/* ---- processes ---- */

static char *path(const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

/* A shell command in the server's folder; $p is the postmaster. */
static void in_server(const char *command)
{
    char text[400];
    snprintf(text, sizeof text, "cd %s && exec >/dev/null 2>&1; p=$(head -1 data/postmaster.pid); %s", server,
             command);
    postgres_sh(text);
}

/* What is killed has to be gone before it is started again. We are its subreaper. */
static void kill_database(void)
{
    char *file = xasprintf("%s/data/postmaster.pid", server), line[32] = "";
    FILE *f = fopen(file, "r");
    pid_t postmaster = f && fgets(line, sizeof line, f) ? (pid_t)strtol(line, NULL, 10) : 0;
    if (f)
        fclose(f);
    free(file);
    /* stopped first, none of them says a last word */
    in_server("c=$(ps -o pid= --ppid $p); kill -STOP $p $c; kill -KILL $p $c");
    if (postmaster > 0)
        waitpid(postmaster, NULL, 0);
}

static void do_to_database(enum what what)
{
    if (what == DATABASE_STOPS)
        in_server("kill -STOP $p $(ps -o pid= --ppid $p)");
    else if (what == DATABASE_GOES_ON)
        in_server("kill -CONT $p $(ps -o pid= --ppid $p)");
    else if (what == DATABASE_DIES)
        kill_database();
    else
        postgres_ctl(server, "start -w");
}

static void live_a_life(const struct command *c, char *argv[], const char *log)
{
    int n = 0, fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    while (argv[n])
        n++;
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
        _exit(98);
    gsl_set_error_handler_off();
    signal(SIGPIPE, SIG_IGN);
    archiver_set(&stage->archiver);
    virtual_begin(&stage->time, &script);
    int status = c->run(n, argv);
    exit(status); /* not _exit: leaks are looked for */
}

/* Runs a command in a process on virtual time; how it ended, as of waitpid. */
static int run_command(const struct command *c, char *argv[], const char *log)
{
    int up[2], down[2], status = -1;
    if (pipe2(up, O_CLOEXEC) != 0 || pipe2(down, O_CLOEXEC) != 0)
        return -1;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(up[0]);
        close(down[1]);
        to_parent = up[1];
        from_parent = down[0];
        live_a_life(c, argv, log);
    }
    close(up[1]);
    close(down[0]);
    for (char what; read(up[0], &what, 1) == 1;) {
        do_to_database((enum what)what);
        if (write(down[1], &what, 1) != 1)
            break;
    }
    close(up[0]);
    close(down[1]);
    waitpid(pid, &status, 0);
    return status;
}

/* ---- a run: lives one after the other ---- */

struct run {
    char name[32], database[128];
    char *config, *log;
    int lives;
    size_t n_received;
    struct received *received;
};

static void sql(const char *conn, const char *text, struct pg_rows **rows)
{
    struct err err = {0};
    if (pg_run(conn, text, 0, NULL, rows, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
}

/* One number that a question answers. */
static long number(const char *conn, const char *text)
{
    struct pg_rows *rows;
    sql(conn, text, &rows);
    long n = rows->n_rows && rows->value[0] ? strtol(rows->value[0], NULL, 10) : -1;
    pg_rows_free(rows);
    return n;
}

/* A database whose now() is the run's: what it says is ages of messages, and runs live in the past. */
static void make_database(struct run *r)
{
    char text[600];
    snprintf(text, sizeof text, "CREATE DATABASE %s", r->name);
    sql(conninfo, text, NULL);
    snprintf(r->database, sizeof r->database, "host=%s user=psmon dbname=%s", server, r->name);
    snprintf(text, sizeof text,
             "CREATE SCHEMA virtual; CREATE FUNCTION virtual.now() RETURNS timestamptz LANGUAGE sql STABLE"
             " AS $$ SELECT to_timestamp(pg_read_file('%s/stage', %zu, 20)::float8) $$;"
             " ALTER DATABASE %s SET search_path = public, virtual, pg_catalog",
             folder, offsetof(struct stage, time.text), r->name);
    sql(r->database, text, NULL);
}

static void make_config(struct run *r)
{
    r->config = xasprintf("%s/%s.yaml", folder, r->name);
    r->log = xasprintf("%s/%s.log", folder, r->name);
    FILE *f = fopen(r->config, "w");
    assert_non_null(f);
    fprintf(f,
            "fleet: fleet.csv\nmaintenance: maintenance.csv\narchiver:\n  url: http://127.0.0.1:1\n"
            "state_dir: %s/%s\ndatabase:\n  url: \"%s\"\nhttp:\n  listen: 127.0.0.1:0\n"
            "webhooks:\n  - url: http://127.0.0.1:%d/hook\n",
            folder, r->name, r->database, port);
    fclose(f);
}

static void open_run(struct run *r, const char *name)
{
    *r = (struct run){0};
    snprintf(r->name, sizeof r->name, "%s", name);
    make_database(r);
    make_config(r);
    char command[400];
    snprintf(command, sizeof command, "mkdir -p %s/%s && cp -r %s/models %s/%s/", folder, name, folder,
             folder, name);
    assert_int_equal(postgres_sh(command), 0);
}

static void close_run(struct run *r)
{
    free(r->config);
    free(r->log);
    free(r->received);
}

static void show_end_of_log(const struct run *r)
{
    char command[300];
    snprintf(command, sizeof command, "tail -n 40 '%s' | cut -c 1-300 | sed 's/^/# /'", r->log);
    postgres_sh(command);
}

/* A life ends by the script's hand, or the test has failed. */
static bool as_the_script_says(int status)
{
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGKILL && stage->dying;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && (stage->ended || stage->away);
}

/* Until the database has ended what a killed life asked of it (or is not there). */
static void await_alone(const struct run *r)
{
    static const char others[] =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND"
        " pid <> pg_backend_pid() AND backend_type = 'client backend'";
    struct pg_rows *rows = NULL;
    struct err err;
    for (bool alone = false; !alone && pg_run(r->database, others, 0, NULL, &rows, &err) == 0;) {
        alone = strcmp(rows->value[0], "0") == 0;
        pg_rows_free(rows);
        usleep(alone ? 0 : 2000);
    }
}

/* All lives of psmon run from LIVE_FROM to LIVE_TO. */
static void live(struct run *r, uint64_t seed)
{
    char since[TIMEFMT_LEN];
    timefmt_iso(since, LIVE_FROM);
    char *argv[] = {"run", "-c", r->config, "--since", since, NULL};
    if (seed)
        make_script(seed);
    else
        make_steps();
    stage->time = (struct virtual_time){.now = LIVE_FROM - 20 * NS_PER_S, .random = seed + 1};
    stage->archiver.state = ARCHIVER_ANSWERS;
    stage->receiver = RECEIVER_ACCEPTS;
    if (stage->database_hangs) /* an earlier run that failed left it so */
        do_to_database(DATABASE_GOES_ON);
    stage->database_hangs = stage->ended = false;
    virtual_write(&stage->time);
    receiver_forget();
    do {
        stage->dying = false;
        stage->dies_after = 0;
        stage->away = 0;
        int status = run_command(&command_run, argv, r->log);
        if (!as_the_script_says(status)) {
            show_end_of_log(r);
            fail_msg("life %d ended with status %x", r->lives + 1, (unsigned)status);
        }
        r->lives++;
        if (stage->dying && !stage->database_hangs)
            await_alone(r);
        stage->time.now += stage->away;
        virtual_write(&stage->time);
    } while (!stage->ended);
    const struct received *got = receiver_accepted(&r->n_received);
    r->received = xcalloc(r->n_received + 1, sizeof *got);
    memcpy(r->received, got, r->n_received * sizeof *got);
}

/* The same hours undisturbed, in the same database. */
static void replay(struct run *r)
{
    char from[TIMEFMT_LEN], to[TIMEFMT_LEN];
    char *argv[] = {"replay",
                    "-c",
                    r->config,
                    "--from",
                    timefmt_iso(from, LIVE_FROM),
                    "--to",
                    timefmt_iso(to, LIVE_TO + NS_PER_MIN),
                    "--run",
                    "undisturbed",
                    NULL};
    stage->n_events = stage->next = 0;
    stage->archiver.state = ARCHIVER_ANSWERS;
    assert_int_equal(run_command(&command_replay, argv, r->log), 0);
}

/* ---- what must be so afterwards ---- */

#define LIVE_TICKS " FROM ticks WHERE run = (SELECT run FROM runs WHERE name = 'live')"

static void every_minute_has_one_row_and_every_supply_one_reason(const struct run *r)
{
    const char *conn = r->database;
    struct pg_rows *rows;
    sql(conn, "SELECT count(*), count(DISTINCT t), min(t), max(t)" LIVE_TICKS, &rows);
    print_message("# %s: %d lives, %s ticks from %s to %s\n", r->name, r->lives, rows->value[0],
                  rows->value[2], rows->value[3]);
    assert_string_equal(rows->value[0], rows->value[1]);
    pg_rows_free(rows);
    assert_int_equal(number(conn, "SELECT count(*)" LIVE_TICKS), LIVE_HOURS * 60 + 1);
    assert_int_equal(number(conn, "SELECT count(*)" LIVE_TICKS
                                  " AND (SELECT sum(n) FROM unnest(ledger) n) <> array_length(reason, 1)"),
                     0);
    assert_int_equal(number(conn, "SELECT count(*)" LIVE_TICKS
                                  " AND (array_length(reason, 1) <> 33 OR array_position(reason, NULL) > 0)"),
                     0);
}

static size_t told(const struct run *r, const char *type, const char *occurrence)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_received; i++) {
        const struct received *m = &r->received[i];
        bool again = false;
        for (size_t j = 0; j < i; j++)
            again |= strcmp(r->received[j].id, m->id) ==
                     0; /* a repeat under the same id is no second message */
        n += !again && strcmp(m->type, type) == 0 && strcmp(m->occurrence, occurrence) == 0;
    }
    return n;
}

/* Each alarm was raised once; if it returned before its raising could be told, one message says both, and if
 * it became part of another the other says it. Those that a flood's alarm spoke for are not told. */
static void no_alarm_is_lost_or_doubled(const struct run *r)
{
    struct pg_rows *rows;
    sql(r->database,
        "SELECT occurrence, returned_at IS NOT NULL, subject, folded_into IS NOT NULL FROM alarms WHERE"
        " run = 'live' AND raised_at IS NOT NULL AND flood IS NULL",
        &rows);
    for (int i = 0; i < rows->n_rows; i++) {
        char **v = rows->value + (ptrdiff_t)i * rows->n_columns;
        size_t raised = told(r, "psmon.alarm.raised", v[0]), returned = told(r, "psmon.alarm.returned", v[0]);
        bool silent = raised + returned == 0 && *v[3] != 't';
        if (raised > 1 || returned > 1 || silent || (*v[1] == 't') != (returned == 1))
            fail_msg("alarm %s of %s: raised %zu times, returned %zu times, %s", v[0], v[2], raised, returned,
                     *v[1] == 't' ? "is over" : "is open");
    }
    print_message("# %d alarms, %zu messages accepted\n", rows->n_rows, r->n_received);
    assert_true(rows->n_rows > 0);
    pg_rows_free(rows);
    assert_int_equal(
        number(r->database, "SELECT count(*) FROM outbox WHERE run = 'live' AND state = 'waiting'"), 0);
}

static void memory_does_not_grow(const struct run *r)
{
    (void)r;
    print_message("# in use: %.1f MB, at the end %.1f MB\n", (double)stage->in_use[0] / 1e6,
                  (double)stage->in_use[1] / 1e6);
    assert_true(stage->in_use[0] > 0);
    assert_true((double)stage->in_use[1] < 1.05 * (double)stage->in_use[0] + 1e6);
}

/* What ticks say, against a replay of the same hours in which nothing failed: the same bits. */
static void ticks_are_an_undisturbed_replays(struct run *r)
{
    static const char *const columns[] = {"value", "mode", "reason", "reconstruction", "score", "chance"};
    char text[500];
    replay(r);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        snprintf(text, sizeof text,
                 "SELECT count(*) FROM ticks a JOIN ticks b USING (t) WHERE"
                 " a.run = (SELECT run FROM runs WHERE name = 'live') AND"
                 " b.run = (SELECT run FROM runs WHERE name = 'undisturbed') AND a.%s IS DISTINCT FROM b.%s",
                 columns[i], columns[i]);
        long n = number(r->database, text);
        if (n != 0)
            fail_msg("%s of %ld ticks is not what an undisturbed replay says", columns[i], n);
    }
}

#define FINDINGS(run)                                                                                        \
    "SELECT id, subject, detector, class, signal, onset, first_seen, last_seen, closed, chance, size, unit," \
    " direction, children, witness, contributors, reason, work FROM findings WHERE run ="                    \
    " (SELECT run FROM runs WHERE name = '" run "')"

/* Its findings too, whole. */
static void findings_are_an_undisturbed_replays(const struct run *r)
{
    long n = number(r->database, "SELECT count(*) FROM (" FINDINGS("live") ") x");
    long odd =
        number(r->database,
               "SELECT count(*) FROM ((" FINDINGS("live") " EXCEPT " FINDINGS(
                   "undisturbed") ") UNION ALL (" FINDINGS("undisturbed") " EXCEPT " FINDINGS("live") ")) x");
    print_message("# %ld findings\n", n);
    assert_true(n > 0);
    if (odd != 0)
        fail_msg("%ld findings are not those of an undisturbed replay", odd);
}

static void check(const struct run *r)
{
    every_minute_has_one_row_and_every_supply_one_reason(r);
    no_alarm_is_lost_or_doubled(r);
    memory_does_not_grow(r);
}

/* ---- the same seed, the same decisions ---- */

struct decisions {
    char *text, **line;
    size_t n, cap;
};

static int by_line(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What a run logged, with its name taken out, each instant's lines in order of the alphabet: which of two
 * answers that came at once was read first is not psmon's decision. */
static struct decisions decisions_of(const struct run *r)
{
    struct decisions d = {0};
    size_t size = 0, room = 0;
    FILE *f = open_memstream(&d.text, &size);
    FILE *log = fopen(r->log, "r");
    char *line = NULL;
    assert_true(f && log);
    while (getline(&line, &room, log) > 0) {
        for (char *p; (p = strstr(line, r->name));)
            memmove(p, p + strlen(r->name), strlen(p + strlen(r->name)) + 1);
        if (strncmp(line, "20", 2) == 0) /* begins with a time: not a sanitizer's */
            fputs(line, f);
    }
    free(line);
    fclose(log);
    fclose(f);
    for (char *rest = d.text, *p; (p = strsep(&rest, "\n")) && rest;) {
        xgrow(&d.line, &d.cap, d.n + 1, sizeof *d.line);
        d.line[d.n++] = p;
    }
    qsort(d.line, d.n, sizeof *d.line, by_line); /* lines begin with their time */
    return d;
}

static void expect_the_same_decisions(const struct run *a, const struct run *b)
{
    struct decisions x = decisions_of(a), y = decisions_of(b);
    for (size_t i = 0; i < x.n && i < y.n; i++)
        if (strcmp(x.line[i], y.line[i]) != 0)
            fail_msg("line %zu of %zu and %zu:\n%s\n%s", i + 1, x.n, y.n, x.line[i], y.line[i]);
    assert_int_equal(x.n, y.n);
    print_message("# %zu lines of log are the same\n", x.n);
    free(x.text);
    free(x.line);
    free(y.text);
    free(y.line);
}

/* ---- tests ---- */

static void run_seed(struct run *r, const char *suffix, unsigned seed)
{
    char name[32];
    snprintf(name, sizeof name, "seed%u%s", seed, suffix);
    int64_t t0 = virtual_real_ns();
    open_run(r, name);
    live(r, seed);
    print_message("# %zu events, %.1f s\n", stage->n_events, (double)(virtual_real_ns() - t0) / 1e9);
}

static void days_of_failures_leave_no_trace(void **state)
{
    archiver_failures = CLEAR_FAILURES;
    struct run r;
    run_seed(&r, "", *(const unsigned *)*state);
    check(&r);
    ticks_are_an_undisturbed_replays(&r);
    findings_are_an_undisturbed_replays(&r);
    close_run(&r);
}

static void a_seed_makes_the_same_decisions_again(void **state)
{
    struct run one, two;
    unsigned seed = *(const unsigned *)*state;
    archiver_failures = ALL_FAILURES;
    run_seed(&one, "a", seed);
    run_seed(&two, "b", seed);
    check(&one);
    expect_the_same_decisions(&one, &two);
    close_run(&one);
    close_run(&two);
}

static void steps_of_the_clock_leave_no_trace(void **state)
{
    (void)state;
    struct run r;
    char command[300];
    run_seed(&r, "", 0);
    every_minute_has_one_row_and_every_supply_one_reason(&r);
    no_alarm_is_lost_or_doubled(&r);
    ticks_are_an_undisturbed_replays(&r);
    /* and it was said */
    snprintf(command, sizeof command,
             "for t in 'set back by 1 h 0 min: ticks go on' 'set forward by 2 h 0 min: ticks go on' 'is as "
             "it was before'"
             " '1 h 0 min behind what ticks go by' 'ahead of the archiver'; do grep -q \"$t\" '%s' || exit "
             "1; done",
             r.log);
    assert_int_equal(postgres_sh(command), 0);
    close_run(&r);
}

static void map_stage(void)
{
    char *file = path("stage");
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0 && ftruncate(fd, sizeof *stage) == 0);
    stage = mmap(NULL, sizeof *stage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(stage != MAP_FAILED);
    close(fd);
    free(file);
}

static void make_ring(void)
{
    const struct sim_options o = {.supplies = SUPPLIES,
                                  .seed = 11,
                                  .from = LEARN_FROM,
                                  .days = LEARN_DAYS + 3,
                                  .healthy_days = LEARN_DAYS,
                                  .faults_per_week = 70,
                                  .fault_size = SIM_MEDIUM};
    struct err err = {0};
    char *fleet = path("fleet.csv"), *maintenance = path("maintenance.csv");
    if (sim_new(&ring, &o, &err) != 0 || sim_write_fleet(ring, fleet, &err) != 0 ||
        sim_write_maintenance(ring, maintenance, LEARN_FROM - 14 * NS_PER_DAY, LEARN_FROM + 60 * NS_PER_DAY,
                              &err) != 0)
        fail_msg("%s", err.msg);
    stage->archiver.ring = ring;
    stage->archiver.now = &stage->time.now;
    free(fleet);
    free(maintenance);
}

static void train(void)
{
    struct run r = {0};
    char from[TIMEFMT_LEN], to[TIMEFMT_LEN], command[300];
    snprintf(r.name, sizeof r.name, "training");
    make_database(&r);
    make_config(&r);
    char *argv[] = {"train",
                    "-c",
                    r.config,
                    "--from",
                    timefmt_iso(from, LEARN_FROM),
                    "--to",
                    timefmt_iso(to, LIVE_FROM),
                    "--name",
                    "good",
                    NULL};
    stage->time.now = LIVE_FROM;
    virtual_write(&stage->time);
    if (run_command(&command_train, argv, r.log) != 0)
        fail_msg("training failed, see %s", r.log);
    snprintf(command, sizeof command, "mv %s/training/models %s/", folder, folder);
    assert_int_equal(postgres_sh(command), 0);
    close_run(&r);
}

static int set_up(void **state)
{
    (void)state;
    postgres_leave_root();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (!mkdtemp(folder) || postgres_make(server, conninfo) != 0)
        return -1;
    map_stage();
    port = receiver_start();
    assert_true(port > 0);
    make_ring();
    train();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    sim_free(ring);
    postgres_ctl(server, "stop -m immediate");
    if (getenv("KEEP") && *getenv("KEEP")) {
        print_message("# logs are in %s and %s\n", folder, server);
        return 0;
    }
    postgres_remove(server);
    postgres_sh(command);
    return 0;
}

#define MAX_SEEDS 100

int main(void)
{
    static unsigned seed[MAX_SEEDS];
    static struct CMUnitTest tests[MAX_SEEDS + 1];
    const char *seeds = getenv("SEEDS");
    size_t n = 0;
    char *end;
    for (const char *p = seeds && *seeds ? seeds : "1 2"; n < MAX_SEEDS; p = end, n++) {
        seed[n] = (unsigned)strtoul(p, &end, 10);
        if (end == p)
            break;
        /* the first one twice */
        tests[n] = (struct CMUnitTest){
            .name = xasprintf("%s, seed %u",
                              n ? "days of failures leave no trace" : "a seed makes the same decisions again",
                              seed[n]),
            .test_func = n ? days_of_failures_leave_no_trace : a_seed_makes_the_same_decisions_again,
            .initial_state = &seed[n]};
    }
    tests[n] = (struct CMUnitTest){.name = "steps of the clock leave no trace",
                                   .test_func = steps_of_the_clock_leave_no_trace};
    return _cmocka_run_group_tests("virtual", tests, n + 1, set_up, tear_down);
}
