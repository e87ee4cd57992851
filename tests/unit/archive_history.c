/* archive: the private cluster, and the history in it. SPDX-License-Identifier: MIT */
#include "archive/history/cluster.h"
#include "archive/history/history.h"

#include "base/mem.h"
#include "base/time/clock.h"
#include "tests/fleet.h"
#include "tests/postgres.h"
#include "tests/query.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

static char dir[] = "/tmp/psmon-history-XXXXXX";
static char *conninfo;
static struct cluster *cluster;

static long postmaster(void)
{
    char path[300];
    snprintf(path, sizeof path, "%s/postgres/data/postmaster.pid", dir);
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    char line[32] = "";
    long pid = fgets(line, sizeof line, f) ? strtol(line, NULL, 10) : 0;
    fclose(f);
    return pid;
}

static int join(void **state)
{
    (void)state;
    struct err err = {0};
    if (!mkdtemp(dir) || cluster_join(&cluster, dir, NULL, &conninfo, &err) != 0) {
        fprintf(stderr, "%s\n", err.msg);
        return -1;
    }
    return 0;
}

static int leave(void **state)
{
    (void)state;
    cluster_leave(cluster);
    free(conninfo);
    int up = cluster_running(dir);
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    postgres_sh(command);
    return up;
}

static void the_cluster_is_private_and_checked(void **state)
{
    (void)state;
    assert_true(cluster_running(dir));
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM pg_settings WHERE (name, setting) IN "
                                            "(('data_checksums', 'on'), ('listen_addresses', ''),"
                                            " ('synchronous_commit', 'on'), ('TimeZone', 'UTC'),"
                                            " ('server_encoding', 'UTF8'))"),
                     5);
}

/* In a process of its own, as another command would. */
static int another_user(void (*body)(const char *conninfo))
{
    pid_t pid = fork();
    if (pid == 0) {
        struct cluster *c = NULL;
        char *info = NULL;
        struct err err = {0};
        if (cluster_join(&c, dir, NULL, &info, &err) != 0)
            _exit(3);
        if (body)
            body(info);
        cluster_leave(c);
        free(info);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void kill_self(const char *info)
{
    (void)info;
    raise(SIGKILL);
}

/* A backend that is killed makes the server recover: whoever comes meanwhile cannot start it, and waits. */
static void it_is_waited_for_while_it_recovers(void **state)
{
    (void)state;
    char command[100];
    for (int i = 0; i < 3; i++) {
        snprintf(command, sizeof command, "kill -9 $(ps -o pid= --ppid %ld | head -n 1)", postmaster());
        assert_int_equal(postgres_sh(command), 0);
        assert_int_equal(another_user(NULL), 0);
    }
    assert_int_equal(query_number(conninfo, "SELECT 1"), 1);
}

static void nobody_stops_it_under_another(void **state)
{
    (void)state;
    long pid = postmaster();
    assert_int_equal(another_user(NULL), 0);
    assert_int_equal(another_user(kill_self), -SIGKILL);
    assert_int_equal(query_number(conninfo, "SELECT 1"), 1);
    assert_int_equal(postmaster(), pid);
}

static void the_last_user_stops_it(void **state)
{
    (void)state;
    struct err err = {0};
    cluster_leave(cluster);
    assert_false(cluster_running(dir));
    assert_int_equal(another_user(kill_self), -SIGKILL); /* left running by a kill -9 … */
    assert_true(cluster_running(dir));
    assert_int_equal(another_user(NULL), 0); /* … and stopped by the next */
    assert_false(cluster_running(dir));
    free(conninfo);
    assert_int_equal(cluster_join(&cluster, dir, NULL, &conninfo, &err), 0);
}

static void several_start_it_at_once(void **state)
{
    (void)state;
    struct err err = {0};
    cluster_leave(cluster);
    pid_t pid[4];
    for (int i = 0; i < 4; i++)
        if ((pid[i] = fork()) == 0) {
            char *info = NULL;
            int rc = cluster_join(&cluster, dir, NULL, &info, &err);
            struct err e;
            rc = rc == 0 ? pg_run(info, "SELECT pg_sleep(0.2)", 0, NULL, NULL, &e) : rc;
            cluster_leave(cluster);
            _exit(rc == 0 ? 0 : 1);
        }
    for (int i = 0; i < 4; i++) {
        int status;
        waitpid(pid[i], &status, 0);
        assert_int_equal(status, 0);
    }
    assert_false(cluster_running(dir));
    free(conninfo);
    assert_int_equal(cluster_join(&cluster, dir, NULL, &conninfo, &err), 0);
}

static void kill_server(void)
{
    char command[200];
    snprintf(command, sizeof command, "p=%ld; c=$(ps -o pid= --ppid $p); kill -9 $p && { kill -9 $c; true; }",
             postmaster()); /* a child may have ended by itself meanwhile */
    assert_int_equal(postgres_sh(command), 0);
}

static void do_nothing(uv_timer_t *h)
{
    (void)h;
}

/* The server was killed: the watch starts it again. */
static void watch_brings_it_back(void)
{
    uv_loop_t loop;
    uv_loop_init(&loop);
    cluster_watch(cluster, &loop);
    uv_timer_t alive;
    uv_timer_init(&loop, &alive);
    uv_timer_start(&alive, do_nothing, 1000, 1000); /* the watch alone does not keep a loop going */
    for (int i = 0; i < 300 && !cluster_running(dir); i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(50000);
    }
    assert_int_equal(query_number(conninfo, "SELECT 1"), 1);
    cluster_unwatch(cluster);
    uv_run(&loop, UV_RUN_NOWAIT);
    uv_close((uv_handle_t *)&alive, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void it_recovers_after_kill_9(void **state)
{
    (void)state;
    kill_server();
    assert_int_equal(another_user(NULL), 0); /* starts it, and leaves it to us */
    assert_int_equal(query_number(conninfo, "SELECT 1"), 1);
    kill_server();
    watch_brings_it_back();
}

/* Children that have ended and that nobody has asked about. */
static size_t zombies(void)
{
    siginfo_t info = {0};
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0;
}

/* A process 1 is the parent of the server, whose pg_ctl has left: killed, it stays there as a zombie. */
static void as_process_1_it_recovers_too(void **state)
{
    (void)state;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    kill_server();
    watch_brings_it_back(); /* one of our own */
    for (int i = 0; i < 2; i++) {
        kill_server();
        while (zombies() == 0)
            usleep(1000);
        watch_brings_it_back();
    }
    kill_server(); /* what follows gets one that is nobody's child */
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    watch_brings_it_back();
}

static void a_long_path_gets_a_short_socket(void **state)
{
    (void)state;
    char deep[300], *info = NULL;
    snprintf(deep, sizeof deep, "%s/%0120d", dir, 7);
    struct cluster *c = NULL;
    struct err err = {0};
    if (cluster_join(&c, deep, NULL, &info, &err) != 0)
        fail_msg("%s", err.msg);
    assert_non_null(strstr(info, "host='/tmp/psmon-"));
    assert_int_equal(pg_run(info, "SELECT 1", 0, NULL, NULL, &err), 0);
    cluster_leave(c);
    char command[300];
    snprintf(command, sizeof command, "rmdir $(echo \"%s\" | sed \"s/host='\\([^']*\\)'.*/\\1/\")", info);
    assert_int_equal(postgres_sh(command), 0);
    free(info);
}

/* ---- the history ---- */

#define SUPPLIES 12
#define MINUTE(k) (T0 + (tstamp_ns)(k)*NS_PER_MIN)
static const tstamp_ns T0 = INT64_C(1793750400) * NS_PER_S; /* 2026-11-04T00:00:00Z */

static struct fleet *fleet;
static struct maintenance *maintenance;
static char spool[200];

static void write_text(const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void load_fleet(void)
{
    struct buf b = {0};
    struct err err = {0};
    char path[300];
    buf_str(&b, "supply,family,sector,signal,pv,unit,water,low\n");
    for (int s = 0; s < SUPPLIES; s++) /* the last supplies lack a signal */
        for (int k = 0; k < (s < 9 ? 3 : 2); k++)
            buf_printf(&b, "Q%02d,quad,S%d,%s,SR:Q%02d:%d,\"%s\",%s,%s\n", s, s / 4,
                       k == 0   ? "current"
                       : k == 1 ? "voltage"
                                : "igbt_temperature",
                       s, k,
                       k == 0   ? "A"
                       : k == 1 ? "V"
                                : "K \"\"x\"\"",
                       s < 6 ? "W1" : "", k ? "" : "1.5");
    write_text("fleet.csv", buf_text(&b));
    buf_free(&b);
    write_text("maintenance.csv",
               "supply,start,end,work\nQ01,2026-11-01,2026-11-02,fan\n*,2026-10-01,,open\n");
    snprintf(path, sizeof path, "%s/fleet.csv", dir);
    if (fleet_load(&fleet, path, &err) != 0)
        fail_msg("%s", err.msg);
    snprintf(path, sizeof path, "%s/maintenance.csv", dir);
    if (maintenance_load(&maintenance, path, fleet, &err) != 0)
        fail_msg("%s", err.msg);
    snprintf(spool, sizeof spool, "%s/spool", dir);
}

/* A tick whose every number says which minute, supply and channel it is. */
struct made {
    struct tick t;
    uint8_t mode[SUPPLIES], reason[SUPPLIES];
    float score[SUPPLIES], chance[SUPPLIES], reconstruction[SUPPLIES], value[40], jsd[40], pulse[40],
        age[SUPPLIES], by[40];
    struct figure figures[5];
};

static const struct tick *make_tick(struct made *m, int k)
{
    *m = (struct made){
        .t = {.t = MINUTE(k),
              .n_supplies = SUPPLIES,
              .n_channels = fleet->n_channels,
              .mode = m->mode,
              .reason = m->reason,
              .score = m->score,
              .chance = m->chance,
              .value = m->value,
              .figures = m->figures,
              .n_figures = 5},
        .figures = {{"reconstruction", "reconstruction error", "", false, true, m->reconstruction},
                    {"pulse", "pulse", "", true, true, m->pulse},
                    {"jsd", "divergence", "bit", true, true, m->jsd},
                    {"age", "age", "h", false, true, m->age},
                    {"reconstruction", "reconstruction", "sd", true, false, m->by}}};
    for (int s = 0; s < SUPPLIES; s++) {
        bool scored = s != 3;
        m->mode[s] = s == 3 ? MODE_OFF : MODE_STEADY;
        m->reason[s] = scored ? REASON_SCORED : REASON_OFF;
        m->t.ledger[m->reason[s]]++;
        m->score[s] = scored ? (float)s + (float)(k % 60) / 100 : NAN;
        m->chance[s] = scored ? 100 / (m->score[s] + 1) : NAN;
        m->age[s] = (float)s * 10;
        m->reconstruction[s] = scored ? (float)k + 0.5f : NAN;
    }
    for (size_t c = 0; c < fleet->n_channels; c++) {
        m->value[c] = c == 4 ? NAN : (float)c * 1000 + (float)k;
        m->jsd[c] = (float)c / 100;
        m->pulse[c] = (float)c / 8;
        m->by[c] = c == 5 ? NAN : (float)c / -10 + (k % 2 ? 0.5f : -0.5f);
    }
    return &m->t;
}

static struct pg *open_pg(uv_loop_t *loop)
{
    struct pg *pg = NULL;
    struct err err = {0};
    if (pg_open(&pg, loop, conninfo, spool, &err) != 0)
        fail_msg("%s", err.msg);
    return pg;
}

static struct history *open_history(struct pg *pg, const char *name, const char *kind)
{
    struct history *h = NULL;
    struct err err = {0};
    struct history_run run = {
        .name = name, .kind = kind, .revision = {"m1", "abc", "def", ""}, .keep_ticks_days = 2};
    if (history_open(&h, pg, conninfo, fleet, maintenance, &run, &err) != 0)
        fail_msg("%s", err.msg);
    return h;
}

static void settle(uv_loop_t *loop, struct pg *pg, double seconds)
{
    tstamp_ns end = clock_monotonic() + (tstamp_ns)(seconds * 1e9);
    while ((!pg_up(pg) || pg_queued(pg) > 0) && clock_monotonic() < end) {
        uv_run(loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    assert_true(pg_up(pg));
    assert_int_equal(pg_queued(pg), 0);
}

static void migrations_describe_everything(void **state)
{
    (void)state;
    struct err err = {0};
    if (history_migrate(conninfo, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(history_migrate(conninfo, &err), 0);
    assert_int_equal(
        query_number(conninfo,
                     "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND relnamespace"
                     " = 'public'::regnamespace AND obj_description(oid) IS NULL"),
        0);
    char sql[200];
    for (int r = 0; r < REASON_COUNT; r++) {
        snprintf(sql, sizeof sql, "SELECT count(*) FROM reason_words WHERE reason = %d AND word = '%s'", r,
                 reason_name((enum reason)r));
        assert_int_equal(query_number(conninfo, sql), 1);
    }
    for (int m = 0; m < MODE_COUNT; m++) {
        snprintf(sql, sizeof sql, "SELECT count(*) FROM mode_words WHERE mode = %d AND word = '%s'", m,
                 mode_name((enum mode)m));
        assert_int_equal(query_number(conninfo, sql), 1);
    }
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM worst_last_week"), 0);
}

static void a_replay_is_stored_and_read_through_the_views(void **state)
{
    (void)state;
    load_fleet();
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop);
    settle(&loop, pg, 10);
    struct history *h = open_history(pg, "r1", "replay");
    struct made m;
    for (int k = 1; k <= 150; k++) {
        assert_true(history_put_tick(h, make_tick(&m, k)));
        if (history_backlog(h) > 64)
            settle(&loop, pg, 10);
    }
    history_finish(h);
    history_close(h);
    pg_close(pg, 20);
    uv_loop_close(&loop);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM ticks"), 150);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM scores WHERE run = 'r1'"), 150 * SUPPLIES);
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM scores WHERE supply = 'Q03' AND mode = 'off' AND"
                                  " reason = 'off' AND score IS NULL"),
                     150);
    assert_int_equal(query_number(conninfo,
                                  "SELECT round(score * 100) FROM scores WHERE supply = 'Q05' AND t ="
                                  " '2026-11-04T01:10Z'"),
                     510);
    /* third supply's last channel is the ninth of the fleet */
    assert_int_equal(query_number(conninfo, "SELECT value FROM readings WHERE supply = 'Q02' AND signal ="
                                            " 'igbt_temperature' AND t = '2026-11-04T00:07Z'"),
                     7007 + 0 * SUPPLIES);
    /* figures without a column: per channel in its unit, and per supply */
    assert_int_equal(query_number(conninfo,
                                  "SELECT value * 1000 FROM figures WHERE supply = 'Q02' AND signal ="
                                  " 'igbt_temperature' AND t = '2026-11-04T00:07Z' AND unit <> ''"),
                     875);
    assert_int_equal(
        query_number(conninfo,
                     "SELECT value FROM figures WHERE supply = 'Q02' AND figure = 'age' AND unit = 'h'"
                     " AND signal IS NULL AND t = '2026-11-04T00:07Z'"),
        20);
    assert_int_equal(query_number(conninfo, "SELECT supplies FROM ledger WHERE reason = 'off' AND t ="
                                            " '2026-11-04T00:07Z'"),
                     1);
    assert_int_equal(query_number(conninfo, "SELECT sum(supplies) FROM ledger"), 150 * SUPPLIES);
    /* hours: 60, 60 and 30 minutes */
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM hourly"), 3 * SUPPLIES);
    assert_int_equal(
        query_number(conninfo, "SELECT scored FROM hourly WHERE supply = 'Q05' AND t = '2026-11-04T02:00Z'"),
        30);
    assert_int_equal(query_number(conninfo,
                                  "SELECT round(reconstruction * 10) FROM hourly WHERE supply = 'Q05' AND t ="
                                  " '2026-11-04T01:00Z'"),
                     910);
    assert_int_equal(query_number(conninfo,
                                  "SELECT value * 10 FROM hourly_readings WHERE supply = 'Q02' AND signal ="
                                  " 'igbt_temperature' AND t = '2026-11-04T00:00Z'"),
                     70305);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM worst_last_week"), 10);
    assert_int_equal(
        query_number(conninfo, "SELECT count(*) FROM worst_last_week WHERE rank = 1 AND supply = 'Q11'"), 1);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM supplies WHERE water = 'W1'"), 6);
    assert_int_equal(
        query_number(conninfo, "SELECT count(*) FROM fleet_channels WHERE low = 1.5 AND unit = 'A'"),
        SUPPLIES);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM maintenance WHERE \"end\" IS NULL"), 1);
    char *run = NULL;
    struct err err = {0};
    assert_int_equal(history_default_run(conninfo, &run, &err), 0);
    assert_string_equal(run, "r1");
    free(run);
}

static void both_figures_of_each_signal_are_kept(void **state)
{
    (void)state;
    /* the reconstruction error of a signal: each minute's, the hour's mean, signed, to a hundredth */
    assert_int_equal(query_number(conninfo,
                                  "SELECT round(reconstruction * 100) FROM readings WHERE supply = 'Q02'"
                                  " AND signal = 'igbt_temperature' AND t = '2026-11-04T00:07Z'"),
                     -20);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM readings WHERE reconstruction IS NULL"),
                     150);
    assert_int_equal(query_number(conninfo,
                                  "SELECT round(reconstruction * 100) FROM hourly_readings WHERE supply ="
                                  " 'Q02' AND signal = 'igbt_temperature' AND t = '2026-11-04T00:00Z'"),
                     -70);
}

static void a_replays_name_is_used_once(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop);
    struct history *h = NULL;
    struct err err = {0};
    struct history_run run = {.name = "r1", .kind = "replay", .revision = {"", "", "", ""}};
    assert_int_equal(history_open(&h, pg, conninfo, fleet, NULL, &run, &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, "r1"));
    pg_close(pg, 1);
    uv_loop_close(&loop);
}

static struct history *open_replay(struct pg *pg, bool resume)
{
    struct history *h = NULL;
    struct err err = {0};
    struct history_run run = {.name = "years",
                              .kind = "replay",
                              .revision = {"m1", "abc", "def", ""},
                              .from = MINUTE(0),
                              .to = MINUTE(300),
                              .resume = resume,
                              .keep_ticks_days = 2};
    if (history_open(&h, pg, conninfo, fleet, maintenance, &run, &err) != 0)
        fail_msg("%s", err.msg);
    return h;
}

/* Broken off in the middle of an hour: it stands where its last tick is, is nobody's latest replay, and its
 * hours are in the end those of whole hours. */
static void a_replay_that_was_broken_off_goes_on(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct made m;
    struct err err = {0};
    struct history_replay r;
    for (int part = 0; part < 2; part++) {
        struct pg *pg = open_pg(&loop);
        settle(&loop, pg, 10);
        struct history *h = open_replay(pg, part == 1);
        for (int k = 150 * part + 1; k <= 150 * (part + 1); k++) {
            assert_true(history_put_tick(h, make_tick(&m, k)));
            if (history_backlog(h) > 64)
                settle(&loop, pg, 10);
        }
        if (part == 1)
            history_finish(h);
        history_close(h);
        pg_close(pg, 20);
        char *latest = NULL;
        assert_int_equal(history_default_run(conninfo, &latest, &err), 0);
        assert_string_equal(latest, part == 0 ? "r1" : "years");
        free(latest);
        assert_int_equal(history_replay(conninfo, "years", &r, &err), 0);
        assert_true(r.from == MINUTE(0) && r.to == MINUTE(300) && r.stands == MINUTE(150 * (part + 1)));
        assert_int_equal(r.finished, part == 1);
        assert_string_equal(r.model, "m1");
    }
    uv_loop_close(&loop);
    assert_int_equal(
        query_number(conninfo,
                     "SELECT count(*) FROM hourly WHERE run = 'years' AND supply = 'Q05' AND scored = 60"),
        5);
    assert_int_equal(history_replay(conninfo, "nobody", &r, &err), ERR_CONFIG);
}

/* With its list, which is frozen otherwise. */
static void a_replay_is_removed_with_all_that_is_stored(void **state)
{
    (void)state;
    struct err err = {0};
    struct history_replay r, gone;
    assert_int_equal(history_replay(conninfo, "years", &r, &err), 0);
    assert_int_equal(
        pg_run(conninfo,
               "INSERT INTO rankings (run, number, week_start, issued_at, rank, supply, reason) SELECT run,"
               " 1, now(), now(), 1, 'Q05', '' FROM runs WHERE name IN ('years', 'r1')",
               0, NULL, NULL, &err),
        0);
    if (history_remove_replay(conninfo, &r, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(history_replay(conninfo, "years", &gone, &err), ERR_CONFIG);
    char sql[200];
    static const char *const tables[] = {"ticks", "hours", "rankings", "runs", "run_starts", "revisions"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE run = %s", tables[i], r.run);
        assert_int_equal(query_number(conninfo, sql), 0);
    }
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM rankings"),
                     1); /* another's stays, frozen */
    assert_int_equal(pg_run(conninfo, "DELETE FROM rankings", 0, NULL, NULL, &err), ERR_DB);
    assert_non_null(strstr(err.msg, "frozen"));
    assert_int_equal(
        pg_run(conninfo, "ALTER TABLE rankings DISABLE TRIGGER frozen_row; ", 0, NULL, NULL, &err), 0);
    assert_int_equal(pg_run(conninfo, "DELETE FROM rankings", 0, NULL, NULL, &err), 0);
    assert_int_equal(pg_run(conninfo, "ALTER TABLE rankings ENABLE TRIGGER frozen_row", 0, NULL, NULL, &err),
                     0);
}

static void a_live_run_goes_on_after_a_restart(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct made m;
    for (int part = 0; part < 3; part++) { /* 25 minutes each: the hour is interrupted twice */
        struct pg *pg = open_pg(&loop);
        settle(&loop, pg, 10);
        struct history *h = open_history(pg, RUN_LIVE, "live");
        for (int k = 25 * part + 1; k <= 25 * (part + 1); k++) {
            assert_true(history_put_tick(h, make_tick(&m, k)));
            settle(&loop, pg, 10);
        }
        history_close(h);
        pg_close(pg, 10);
    }
    uv_loop_close(&loop);
    assert_int_equal(
        query_number(conninfo, "SELECT scored FROM hourly WHERE run = 'live' AND supply = 'Q05'"), 60);
    assert_int_equal(
        query_number(conninfo, "SELECT round(reconstruction * 10) FROM hourly WHERE run = 'live' AND supply ="
                               " 'Q05'"),
        310);
    assert_int_equal(query_number(conninfo,
                                  "SELECT round(reconstruction * 100) FROM hourly_readings WHERE run ="
                                  " 'live' AND supply = 'Q02' AND signal = 'igbt_temperature'"),
                     -70);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM ticks"), 150 + 75);
    tstamp_ns t = 0;
    struct err err = {0};
    assert_int_equal(history_last_tick(conninfo, RUN_LIVE, &t, &err), 0);
    assert_true(t == MINUTE(75));
    assert_int_equal(history_last_tick(conninfo, "never", &t, &err), 0);
    assert_true(t == 0);
    char *run = NULL;
    assert_int_equal(history_default_run(conninfo, &run, &err), 0);
    assert_string_equal(run, RUN_LIVE);
    free(run);
}

/* postgres is killed in mid-stream: ticks lost meanwhile are a gap to recompute, hours are not lost. */
static void an_outage_leaves_a_gap_that_is_filled_once(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop);
    settle(&loop, pg, 10);
    struct history *h = open_history(pg, RUN_LIVE, "live");
    struct made m;
    tstamp_ns from = 0, to = 0;
    for (int k = 76; k <= 80; k++)
        assert_true(history_put_tick(h, make_tick(&m, k)));
    settle(&loop, pg, 10);
    assert_false(history_gap(h, &from, &to));
    kill_server();
    /* what is taken before the loss is noticed is lost with the connection: part of the gap all the same */
    int refused = 0;
    for (int k = 81; k <= 90; k++) {
        refused += !history_put_tick(h, make_tick(&m, k));
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    while (pg_up(pg))
        uv_run(&loop, UV_RUN_ONCE);
    for (int k = 91; k <= 150; k++)
        refused += !history_put_tick(h, make_tick(&m, k));
    assert_true(refused >= 60);
    assert_true(history_gap(h, &from, &to));
    assert_true(from == MINUTE(81) && to == MINUTE(150));
    assert_int_equal(another_user(NULL), 0); /* starts the server */
    settle(&loop, pg, 30);
    assert_int_equal(query_number(conninfo,
                                  "SELECT scored FROM hourly WHERE run = 'live' AND supply = 'Q05' AND t ="
                                  " '2026-11-04T01:00Z'"),
                     60);
    assert_int_equal(query_number(conninfo, "SELECT extract(epoch FROM from_t)::bigint FROM tick_gaps"),
                     MINUTE(81) / NS_PER_S);
    assert_true(history_put_tick(h, make_tick(&m, 151))); /* live goes on, the gap stays */
    assert_true(history_gap(h, &from, &to));
    settle(&loop, pg, 10);
    /* a psmon that starts now knows it as well */
    history_close(h);
    h = open_history(pg, RUN_LIVE, "live");
    assert_true(history_gap(h, &from, &to));
    assert_true(from == MINUTE(81));
    for (int k = 81; k <= 151; k++)
        assert_true(history_put_recomputed(h, make_tick(&m, k)));
    assert_false(history_gap(h, &from, &to));
    settle(&loop, pg, 10);
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM ticks WHERE run = (SELECT run FROM runs WHERE name ="
                                  " 'live')"),
                     151);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM ticks WHERE recomputed"), 70);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM tick_gaps"), 0);
    history_close(h);
    pg_close(pg, 10);
    uv_loop_close(&loop);
}

static void old_ticks_go_and_months_are_put_in_order(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop);
    settle(&loop, pg, 10);
    struct history *h = open_history(pg, RUN_LIVE, "live");
    struct made m;
    long rows = query_number(conninfo, "SELECT count(*) FROM hours");
    for (int day = 1; day <= 30; day += day < 4 ? 1 : 13) { /* Nov 5, 6, 7, 8, 21, Dec 4 */
        assert_true(history_put_tick(h, make_tick(&m, day * 1440 + 1)));
        settle(&loop, pg, 10);
    }
    history_close(h);
    pg_close(pg, 10);
    uv_loop_close(&loop);
    /* live keeps the last two days before the newest; the replay's ticks stay, it has just been made */
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM ticks WHERE run = (SELECT run FROM runs WHERE name ="
                                  " 'live')"),
                     1);
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM ticks WHERE run <> (SELECT run FROM runs WHERE name ="
                                  " 'live')"),
                     150);
    assert_int_equal(
        query_number(conninfo, "SELECT count(*) FROM hours_closed WHERE month = '2026-11-01' AND rows > 0"),
        1);
    assert_true(query_number(conninfo, "SELECT count(*) FROM hours") > rows);
    /* sorted: nobody precedes who sorts before */
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM (SELECT (supply, t) < lag((supply, t)) OVER (ORDER BY"
                                  " ctid) AS bad FROM hours_202611) x WHERE bad"),
                     0);
}

static struct finding make_finding(tstamp_ns first, tstamp_ns last, double size)
{
    struct finding f = {.id = "Q05-level-1",
                        .subject = "Q05",
                        .supply = fleet_supply(fleet, "Q05"),
                        .detector = "level",
                        .class = CLASS_SENSOR,
                        .signal = "voltage",
                        .onset = first - NS_PER_HOUR,
                        .first_seen = first,
                        .last_seen = last,
                        .chance = 0.025,
                        .size = size,
                        .unit = "V",
                        .effect = 2.5,
                        .direction = DIRECTION_DOWN,
                        .n_by = 2,
                        .reason = "voltage 0.3 V below, \"really\""};
    f.by[0] = (struct contributor){"voltage", -0.3, "V", 0.75};
    f.by[1] = (struct contributor){"current", (double)NAN, "A", 0.25};
    return f;
}

static void findings_come_back_as_they_were_said(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop);
    settle(&loop, pg, 10);
    struct history *h = open_history(pg, RUN_LIVE, "live");
    struct made m;
    struct finding f[2] = {make_finding(MINUTE(50000), MINUTE(50000), -0.3)};
    f[1] = f[0];
    snprintf(f[0].work, sizeof f[0].work, "fan replaced, both");
    f[0].work_start = f[0].onset - NS_PER_DAY;
    snprintf(f[1].id, sizeof f[1].id, "S1-common");
    snprintf(f[1].subject, sizeof f[1].subject, "S1");
    f[1].supply = -1;
    f[1].class = CLASS_COMMON;
    f[1].chance = (double)NAN;
    f[1].effect = 0;
    make_tick(&m, 50000);
    m.t.findings = f;
    m.t.n_findings = 2;
    history_put_tick(h, &m.t);
    /* its numbers move: not stored before an hour is over */
    f[0].size = -0.4;
    f[0].last_seen = m.t.t = MINUTE(50001);
    history_put_tick(h, &m.t);
    settle(&loop, pg, 10);
    struct finding *open = NULL;
    size_t n = 0;
    struct err err = {0};
    assert_int_equal(history_open_findings(conninfo, fleet, RUN_LIVE, &open, &n, &err), 0);
    assert_int_equal(n, 2);
    const struct finding *g = &open[0];
    assert_string_equal(g->id, "Q05-level-1");
    assert_int_equal(g->supply, f[0].supply);
    assert_int_equal(g->class, CLASS_SENSOR);
    assert_int_equal(g->direction, DIRECTION_DOWN);
    assert_true(g->onset == f[0].onset && g->first_seen == f[0].first_seen);
    assert_near(g->size, -0.3, 1e-9, 0);
    assert_near(g->effect, 2.5, 1e-9, 0);
    assert_near(open[1].effect, 0, 0, 0);
    assert_near(g->chance, 0.025, 1e-9, 0);
    assert_int_equal(g->n_by, 2);
    assert_string_equal(g->by[0].signal, "voltage");
    assert_near(g->by[0].share, 0.75, 0, 0);
    assert_near(g->by[1].size, (double)NAN, 0, 0);
    assert_string_equal(g->reason, f[0].reason);
    assert_string_equal(g->work, "fan replaced, both");
    assert_true(g->work_start == f[0].work_start);
    assert_string_equal(open[1].work, "");
    assert_int_equal(open[1].supply, -1);
    assert_near(open[1].chance, (double)NAN, 0, 0);
    free(open);
    /* it closes: at once */
    f[0].closed = f[0].last_seen = m.t.t = MINUTE(50002);
    history_put_tick(h, &m.t);
    settle(&loop, pg, 10);
    assert_int_equal(history_open_findings(conninfo, fleet, RUN_LIVE, &open, &n, &err), 0);
    assert_int_equal(n, 1);
    free(open);
    assert_int_equal(query_number(conninfo, "SELECT size * 10 FROM findings WHERE closed IS NOT NULL"), -4);
    history_close(h);
    pg_close(pg, 10);
    uv_loop_close(&loop);
}

/* Supply 1 after work: its first three channels, numbers that decimals do not hold. */
static struct renewal *make_renewal(size_t n_hours, size_t n_steps)
{
    struct renewal *r = renewal_new(1, MINUTE(52000), 3);
    snprintf(r->words, sizeof r->words, "swap, \"again\"");
    for (uint32_t k = 0; k < 3; k++)
        r->channel[k] = fleet->supplies[1].first_channel + 2 - k;
    for (size_t c = 0; c < 6; c++)
        r->before[c] = c == 2 ? NAN : (float)c / 3;
    r->n_hours = n_hours;
    for (size_t i = 0; i < n_hours; i++)
        r->hour[i] = MINUTE(52000) + (tstamp_ns)(i + 3) * NS_PER_HOUR;
    for (size_t i = 0; i < n_hours * 6; i++)
        r->value[i] = i == 4 ? NAN : (float)i / 7 - 1e-6f;
    r->n_steps = n_steps;
    for (size_t k = 0; k < n_steps; k++) {
        r->step[k].since = MINUTE(52600) + (tstamp_ns)k * NS_PER_DAY;
        for (size_t c = 0; c < 6; c++) {
            r->step[k].offset[c] = c == 1 ? 0 : (float)(k + 1) * ((float)c + 0.1f) / 3;
            r->step[k].verdict[c] = (uint8_t)(c == 1 ? RENEWED_SAME : RENEWED_ELSEWHERE);
        }
    }
    return r;
}

static void assert_same_renewal(const struct renewal *a, const struct renewal *b)
{
    assert_int_equal(a->supply, b->supply);
    assert_int_equal(a->work, b->work);
    assert_string_equal(a->words, b->words);
    assert_int_equal(a->n, b->n);
    assert_memory_equal(a->channel, b->channel, a->n * sizeof *a->channel);
    assert_memory_equal(a->before, b->before, 2 * a->n * sizeof *a->before);
    assert_int_equal(a->n_hours, b->n_hours);
    assert_memory_equal(a->hour, b->hour, a->n_hours * sizeof *a->hour);
    assert_memory_equal(a->value, b->value, a->n_hours * 2 * a->n * sizeof *a->value);
    assert_int_equal(a->n_steps, b->n_steps);
    for (size_t k = 0; k < a->n_steps; k++) {
        assert_int_equal(a->step[k].since, b->step[k].since);
        assert_memory_equal(a->step[k].offset, b->step[k].offset, 2 * a->n * sizeof(float));
        assert_memory_equal(a->step[k].verdict, b->step[k].verdict, 2 * a->n);
    }
}

static void put_renewal(struct history *h, struct made *m, int k, const struct renewal *r)
{
    make_tick(m, k);
    m->t.renewals = &r;
    m->t.n_renewals = 1;
    history_put_tick(h, &m->t);
}

static void what_was_learned_of_a_supply_after_work_comes_back_to_the_last_bit(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop);
    settle(&loop, pg, 10);
    struct history *h = open_history(pg, RUN_LIVE, "live");
    struct made m;
    struct err err = {0};
    struct renewal *young = make_renewal(2, 0), *old = make_renewal(RENEWAL_HOURS, 2), **list = NULL;
    size_t n = 0;
    for (int k = 0; k < 2; k++) { /* the second takes the place of the first */
        const struct renewal *r = k == 0 ? young : old;
        put_renewal(h, &m, 52800 + k, r);
        settle(&loop, pg, 10);
        assert_int_equal(history_renewals(conninfo, fleet, RUN_LIVE, "abc", &list, &n, &err), 0);
        assert_int_equal(n, 1);
        assert_same_renewal(list[0], r);
        renewal_free(list[0]);
        free(list);
    }
    /* another model knows nothing of it */
    assert_int_equal(history_renewals(conninfo, fleet, RUN_LIVE, "other", &list, &n, &err), 0);
    assert_int_equal(n, 0);
    free(list);
    /* for people: one row a level, one a noise, as the newest step has them */
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM renewed WHERE since = "
                                            "(SELECT to_timestamp(max(s)) FROM renewals, unnest(steps) s)"),
                     6);
    assert_int_equal(query_number(conninfo,
                                  "SELECT round(1e6 * (SELECT size FROM renewed WHERE unit <> 'x' AND "
                                  "verdict = 'elsewhere' ORDER BY size DESC LIMIT 1))"),
                     1400000);
    assert_int_equal(
        query_number(conninfo, "SELECT round(1e3 * (SELECT max(size) FROM renewed WHERE unit = 'x'))"),
        5474); /* e^(2 * 5.1 / 3 / 2) */
    renewal_free(young);
    renewal_free(old);
    history_close(h);
    pg_close(pg, 10);
    uv_loop_close(&loop);
}

/* An edit of fleet.csv: what was open of a supply that is gone is not waited for, what concerns others is. */
static void what_was_open_of_a_supply_that_left_the_fleet_is_closed(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop);
    settle(&loop, pg, 10);
    struct history *h = open_history(pg, RUN_LIVE, "live");
    struct made m;
    struct finding f[2] = {make_finding(MINUTE(55000), MINUTE(55000), -0.3)}, *open = NULL;
    f[1] = f[0];
    snprintf(f[0].id, sizeof f[0].id, "Q05-level-9");
    snprintf(f[1].id, sizeof f[1].id, "S0-common-9");
    snprintf(f[1].subject, sizeof f[1].subject, "S0");
    f[1].supply = -1;
    f[1].class = CLASS_COMMON;
    make_tick(&m, 55000);
    m.t.findings = f;
    m.t.n_findings = 2;
    history_put_tick(h, &m.t);
    settle(&loop, pg, 10);
    history_close(h);
    struct fleet *edited = fleet_of("supply,family,sector,signal,pv,unit\nQ00,quad,S0,voltage,SR:Q00:1,V\n");
    struct err err = {0};
    size_t n = 0;
    const struct history_run run = {.name = RUN_LIVE, .kind = "live", .revision = {"m1", "abc", "def"}};
    assert_int_equal(history_open_findings(conninfo, edited, RUN_LIVE, &open, &n, &err), 0);
    size_t of_q05 = 0;
    for (size_t i = 0; i < n; i++)
        of_q05 += strcmp(open[i].subject, "Q05") == 0;
    assert_int_equal(of_q05, 0);
    free(open);
    if (history_open(&h, pg, conninfo, edited, NULL, &run, &err) != 0)
        fail_msg("%s", err.msg);
    settle(&loop, pg, 10);
    history_close(h);
    pg_close(pg, 10);
    uv_loop_close(&loop);
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM findings WHERE id = 'Q05-level-9' AND closed IS "
                                  "NOT NULL"),
                     1);
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM findings WHERE id = 'S0-common-9' AND closed IS "
                                  "NULL"),
                     1);
    assert_int_equal(query_number(conninfo, "DELETE FROM findings WHERE id LIKE '%-9' RETURNING 1"), 1);
    fleet_free(edited);
}

/* Nobody was told of it: whoever asks for findings does not get it, who asks by chance does. */
static void what_was_not_said_is_kept_apart(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop);
    settle(&loop, pg, 10);
    struct history *h = open_history(pg, "quiet", "replay");
    struct made m;
    struct finding f = make_finding(MINUTE(55000), MINUTE(55000), 0.1);
    f.chance = 4;
    make_tick(&m, 55000);
    m.t.unsaid = &f;
    m.t.n_unsaid = 1;
    history_put_tick(h, &m.t);
    history_close(h);
    pg_close(pg, 10);
    uv_loop_close(&loop);
    struct finding *list = NULL;
    size_t n = 7;
    struct err err = {0};
    assert_int_equal(history_open_findings(conninfo, fleet, "quiet", &list, &n, &err), 0);
    assert_int_equal(n, 0);
    free(list);
    assert_int_equal(history_findings(conninfo, fleet, "quiet", 0, MINUTE(60000), &list, &n, &err), 0);
    assert_int_equal(n, 0);
    free(list);
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM findings JOIN runs r USING (run) WHERE r.name ="
                                  " 'quiet' AND NOT said AND chance = 4"),
                     1);
}

/* Open when psmon stopped: open again if it is still tracked afterwards, over if nobody does. */
static void what_was_not_said_ends_with_who_tracked_it(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct made m;
    struct finding f[2] = {make_finding(MINUTE(55000), MINUTE(55000), 0.1)};
    f[1] = f[0];
    snprintf(f[0].id, sizeof f[0].id, "quiet-1");
    snprintf(f[1].id, sizeof f[1].id, "quiet-2");
    static const char open_ones[] =
        "SELECT count(*) FROM findings WHERE id LIKE 'quiet-%' AND closed IS NULL";
    for (int life = 0; life < 2; life++) {
        struct pg *pg = open_pg(&loop);
        settle(&loop, pg, 10);
        struct history *h = open_history(pg, RUN_LIVE, "live");
        if (life)
            assert_int_equal(query_number(conninfo, open_ones), 0);
        make_tick(&m, 55001 + life);
        f[0].last_seen = m.t.t;
        m.t.unsaid = f;
        m.t.n_unsaid = life ? 1 : 2;
        history_put_tick(h, &m.t);
        settle(&loop, pg, 10);
        assert_int_equal(query_number(conninfo, open_ones), life ? 1 : 2);
        history_close(h);
        pg_close(pg, 10);
    }
    uv_loop_close(&loop);
}

static void every_row_names_the_revision_that_made_it(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop);
    settle(&loop, pg, 10);
    struct history *h = open_history(pg, RUN_LIVE, "live");
    int first = history_revision(h);
    const struct history_revision same = {"m1", "abc", "def", "", 0}, other = {"m2", "bcd", "def", "", 0};
    history_put_revision(h, &same); /* nothing has changed */
    assert_int_equal(history_revision(h), first);
    struct made m;
    struct finding f = make_finding(MINUTE(60000), MINUTE(60000), -0.3);
    snprintf(f.id, sizeof f.id, "Q05-level-2");
    make_tick(&m, 60000);
    m.t.findings = &f;
    m.t.n_findings = 1;
    history_put_tick(h, &m.t);
    const struct history_rank row = {1, "Q05", "why", "f1", "sensor", 3.5, 0.1};
    int made_by = history_revision(h);
    history_put_revision(h, &other); /* the model changes while the list is made */
    const struct history_ranking ranking = {made_by, 9, MINUTE(60000),    MINUTE(60000),
                                            &row,    1, "{\"number\": 9}"};
    history_put_ranking(h, &ranking, NULL, NULL);
    assert_int_equal(history_revision(h), first + 1);
    history_put_tick(h, make_tick(&m, 60001));
    settle(&loop, pg, 10);
    history_close(h);
    pg_close(pg, 10);
    uv_loop_close(&loop);
    static const char *const model_of[][2] = {
        {"SELECT count(*) FROM ticks k JOIN revisions v USING (run, revision) WHERE k.t = $1::timestamptz AND"
         " v.model = 'm1'",
         "2026-12-15T16:00:00Z"},
        {"SELECT count(*) FROM ticks k JOIN revisions v USING (run, revision) WHERE k.t = $1::timestamptz AND"
         " v.model = 'm2'",
         "2026-12-15T16:01:00Z"}};
    for (size_t i = 0; i < 2; i++) {
        struct pg_rows *rows = NULL;
        struct err err = {0};
        const char *const params[1] = {model_of[i][1]};
        assert_int_equal(pg_run(conninfo, model_of[i][0], 1, params, &rows, &err), 0);
        assert_string_equal(rows->value[0], "1");
        pg_rows_free(rows);
    }
    assert_int_equal(
        query_number(conninfo, "SELECT count(*) FROM findings f JOIN revisions v USING (run, revision) WHERE"
                               " f.id = 'Q05-level-2' AND v.model = 'm1'"),
        1);
    assert_int_equal(
        query_number(conninfo, "SELECT count(*) FROM rankings k JOIN reports r USING (run, number, revision)"
                               " WHERE number = 9 AND r.model = 'm1' AND r.model_hash = 'abc'"),
        1);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM runs WHERE name = 'live' AND model = 'm2'"),
                     1);
    /* started again by the same: the same revision; by another: the next */
    uv_loop_init(&loop);
    pg = open_pg(&loop);
    settle(&loop, pg, 10);
    h = open_history(pg, RUN_LIVE, "live");
    assert_int_equal(history_revision(h), first + 2);
    history_close(h);
    settle(&loop, pg, 10);
    h = open_history(pg, RUN_LIVE, "live");
    assert_int_equal(history_revision(h), first + 2);
    history_close(h);
    pg_close(pg, 10);
    uv_loop_close(&loop);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM hours WHERE revision IS NULL"), 0);
}

/* ---- supply-days ---- */

struct days_read {
    size_t n;
    struct history_day of[2 * SUPPLIES];
    char model[2 * SUPPLIES][16], supply[2 * SUPPLIES][8];
};

static void read_day(void *arg, const struct history_day *d)
{
    struct days_read *r = arg;
    assert_true(r->n < 2 * SUPPLIES);
    r->of[r->n] = *d;
    snprintf(r->model[r->n], sizeof r->model[0], "%s", d->model);
    snprintf(r->supply[r->n], sizeof r->supply[0], "%s", d->supply);
    r->n++;
}

static void put_day(struct history *h, int k, float first)
{
    struct made m;
    float chance[SUPPLIES], any[SUPPLIES];
    uint8_t beyond[SUPPLIES] = {[2] = BEYOND_CURRENT};
    for (int s = 0; s < SUPPLIES; s++) {
        any[s] = s == 3 ? NAN : first + (float)s;
        chance[s] = 2 * any[s];
    }
    const struct supply_days day = {chance, any, beyond, 84};
    make_tick(&m, k);
    m.t.day = &day;
    history_put_tick(h, &m.t);
}

static void supply_days_are_kept_with_the_model_and_budget_that_made_them(void **state)
{
    (void)state;
    struct err err = {0};
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop);
    settle(&loop, pg, 10);
    struct history *h = open_history(pg, "days", "replay");
    struct made m;
    const struct history_revision next = {"m2", "abd", "def", "", 3};
    put_day(h, 1440, 0.5f);
    put_day(h, 1440, 7); /* said once: it stays */
    history_put_tick(h, make_tick(&m, 1441));
    history_put_revision(h, &next);
    put_day(h, 2880, 0.25f);
    history_close(h);
    pg_close(pg, 20);
    uv_loop_close(&loop);
    tstamp_ns newest;
    assert_int_equal(history_last_day(conninfo, "days", &newest, &err), 0);
    assert_true(newest == MINUTE(2880));
    struct days_read r = {0};
    assert_int_equal(history_days(conninfo, "days", MINUTE(0), MINUTE(2880), read_day, &r, &err), 0);
    assert_int_equal(r.n, 2 * (SUPPLIES - 1)); /* Q03 had no such day */
    for (size_t i = 0; i < r.n; i++) {
        bool second = r.of[i].t == MINUTE(2880);
        int s = atoi(r.supply[i] + 1);
        assert_true(second || r.of[i].t == MINUTE(1440));
        assert_near(r.of[i].any, (second ? 0.25 : 0.5) + s, 1e-6, 0);
        assert_near(r.of[i].chance, 2 * r.of[i].any, 1e-6, 0);
        assert_near(r.of[i].all, 84, 0, 0);
        assert_near(r.of[i].budget, second ? 3 : 0, 0, 0);
        assert_int_equal(r.of[i].beyond, s == 2 ? BEYOND_CURRENT : 0);
        assert_string_equal(r.model[i], second ? "m2" : "m1");
    }
    r.n = 0;
    assert_int_equal(history_days(conninfo, "days", MINUTE(1440), MINUTE(2879), read_day, &r, &err), 0);
    assert_int_equal(r.n, 0); /* (from, to] */
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM supply_days WHERE run = 'days' AND p = "
                                            "any_chance / 84 AND model IN ('m1', 'm2')"),
                     2 * (SUPPLIES - 1));
    struct history_replay replay;
    assert_int_equal(history_replay(conninfo, "days", &replay, &err), 0);
    assert_int_equal(history_remove_replay(conninfo, &replay, &err), 0);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM days"), 0);
}

static void what_was_issued_stays(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop);
    settle(&loop, pg, 10);
    struct history *h = open_history(pg, RUN_LIVE, "live");
    const struct history_rank rows[] = {{1, "Q05", "why", NULL, NULL, 3.5, 0.1},
                                        {0, "Q03", NULL, NULL, NULL, (double)NAN, (double)NAN}};
    const struct history_ranking ranking = {history_revision(h), 7, T0, T0 + NS_PER_DAY, rows, 2,
                                            "{\"number\": 7}"};
    for (int twice = 0; twice < 2; twice++)
        history_put_ranking(h, &ranking, NULL, NULL);
    history_close(h);
    pg_close(pg, 10);
    uv_loop_close(&loop);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM rankings"), 2);
    assert_int_equal(
        query_number(conninfo, "SELECT count(*) FROM rankings WHERE rank IS NULL AND score IS NULL"), 1);
    assert_int_equal(
        query_number(conninfo, "SELECT document->'number' FROM reports WHERE model_hash = 'abc'"), 7);
    struct err err = {0};
    static const char *const changes[] = {"UPDATE rankings SET rank = 2", "DELETE FROM rankings",
                                          "TRUNCATE reports", "UPDATE reports SET document = '{}'"};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        assert_int_equal(pg_run(conninfo, changes[i], 0, NULL, NULL, &err), ERR_DB);
        assert_non_null(strstr(err.msg, "frozen"));
    }
}

static void models_are_active_one_at_a_time(void **state)
{
    (void)state;
    struct err err = {0};
    for (int i = 0; i < 3; i++)
        assert_int_equal(history_put_model(conninfo, i % 2 ? "b" : "a", "/p", "hash", T0, T0 + NS_PER_DAY,
                                           "12 supplies", true, &err),
                         0);
    assert_int_equal(history_put_model(conninfo, "c", "/p", "hash", 0, 0, NULL, false, &err), 0);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM models"), 3);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM models WHERE active AND name = 'a'"), 1);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM models WHERE active"), 1);
}

static void imports_are_idempotent(void **state)
{
    (void)state;
    struct err err = {0};
    struct history_imported done;
    const struct history_row rows[] = {{{"2026-11-02", "Q01", "fault_found", "fan, \"dead\""}},
                                       {{"2026-11-02", "Q02", "nothing_found", ""}},
                                       {{"2026-11-02", "Q02", "not_inspected", "later line counts"}}};
    assert_int_equal(history_import(conninfo, HISTORY_OUTCOMES, rows, 3, &done, &err), 0);
    assert_int_equal(done.added, 2);
    assert_int_equal(history_import(conninfo, HISTORY_OUTCOMES, rows, 3, &done, &err), 0);
    assert_int_equal(done.added + done.changed, 0);
    assert_int_equal(history_import(conninfo, HISTORY_OUTCOMES, rows, 2, &done, &err), 0);
    assert_int_equal(done.changed, 1);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM outcomes WHERE note = 'fan, \"dead\"'"), 1);
    const struct history_row trip = {{"Q01", "2026-11-02T03:04:05.5Z", "over temperature"}};
    assert_int_equal(history_import(conninfo, HISTORY_TRIPS, &trip, 1, &done, &err), 0);
    assert_int_equal(done.added, 1);
    assert_int_equal(history_import(conninfo, HISTORY_TRIPS, NULL, 0, &done, &err), 0);
    fleet_free(fleet);
    maintenance_free(maintenance);
}

int main(void)
{
    postgres_leave_root();
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cluster_is_private_and_checked),
        cmocka_unit_test(nobody_stops_it_under_another),
        cmocka_unit_test(it_is_waited_for_while_it_recovers),
        cmocka_unit_test(the_last_user_stops_it),
        cmocka_unit_test(several_start_it_at_once),
        cmocka_unit_test(it_recovers_after_kill_9),
        cmocka_unit_test(as_process_1_it_recovers_too),
        cmocka_unit_test(a_long_path_gets_a_short_socket),
        cmocka_unit_test(migrations_describe_everything),
        cmocka_unit_test(a_replay_is_stored_and_read_through_the_views),
        cmocka_unit_test(both_figures_of_each_signal_are_kept),
        cmocka_unit_test(a_replays_name_is_used_once),
        cmocka_unit_test(a_replay_that_was_broken_off_goes_on),
        cmocka_unit_test(a_replay_is_removed_with_all_that_is_stored),
        cmocka_unit_test(a_live_run_goes_on_after_a_restart),
        cmocka_unit_test(an_outage_leaves_a_gap_that_is_filled_once),
        cmocka_unit_test(old_ticks_go_and_months_are_put_in_order),
        cmocka_unit_test(findings_come_back_as_they_were_said),
        cmocka_unit_test(what_was_learned_of_a_supply_after_work_comes_back_to_the_last_bit),
        cmocka_unit_test(what_was_open_of_a_supply_that_left_the_fleet_is_closed),
        cmocka_unit_test(what_was_not_said_is_kept_apart),
        cmocka_unit_test(what_was_not_said_ends_with_who_tracked_it),
        cmocka_unit_test(supply_days_are_kept_with_the_model_and_budget_that_made_them),
        cmocka_unit_test(what_was_issued_stays),
        cmocka_unit_test(every_row_names_the_revision_that_made_it),
        cmocka_unit_test(models_are_active_one_at_a_time),
        cmocka_unit_test(imports_are_idempotent),
    };
    return cmocka_run_group_tests_name("archive_history", tests, join, leave);
}
