/* archive: the private cluster, and the history in it. SPDX-License-Identifier: MIT */
#include "archive/history/cluster.h"
#include "archive/history/history.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tests/near.h"
#include "tests/postgres.h"

#include <fcntl.h>
#include <signal.h>

static char dir[] = "/tmp/psmon-history-XXXXXX";
static char *conninfo;
static struct cluster *cluster;

static long number_of(const char *sql)
{
    struct pg_rows *rows = NULL;
    struct err err = {0};
    if (pg_run(conninfo, sql, 0, NULL, &rows, &err) != 0)
        fail_msg("%s: %s", sql, err.msg);
    long n = rows->n_rows && rows->value[0] ? strtol(rows->value[0], NULL, 10) : -1;
    pg_rows_free(rows);
    return n;
}

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
    if (!mkdtemp(dir) || cluster_join(&cluster, dir, &conninfo, &err) != 0) {
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
    assert_int_equal(number_of("SELECT count(*) FROM pg_settings WHERE (name, setting) IN "
                               "(('data_checksums', 'on'), ('listen_addresses', ''),"
                               " ('synchronous_commit', 'on'), ('TimeZone', 'UTC'),"
                               " ('server_encoding', 'UTF8'))"), 5);
}

/* In a process of its own, as another command would. */
static int another_user(void (*body)(const char *conninfo))
{
    pid_t pid = fork();
    if (pid == 0) {
        struct cluster *c = NULL;
        char *info = NULL;
        struct err err = {0};
        if (cluster_join(&c, dir, &info, &err) != 0)
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

static void nobody_stops_it_under_another(void **state)
{
    (void)state;
    long pid = postmaster();
    assert_int_equal(another_user(NULL), 0);
    assert_int_equal(another_user(kill_self), -SIGKILL);
    assert_int_equal(number_of("SELECT 1"), 1);
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
    assert_int_equal(cluster_join(&cluster, dir, &conninfo, &err), 0);
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
            int rc = cluster_join(&cluster, dir, &info, &err);
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
    assert_int_equal(cluster_join(&cluster, dir, &conninfo, &err), 0);
}

static void kill_server(void)
{
    char command[200];
    snprintf(command, sizeof command, "p=%ld; kill -9 $p $(ps -o pid= --ppid $p)", postmaster());
    assert_int_equal(postgres_sh(command), 0);
}

static void do_nothing(uv_timer_t *h)
{
    (void)h;
}

static void it_recovers_after_kill_9(void **state)
{
    (void)state;
    kill_server();
    assert_int_equal(another_user(NULL), 0); /* starts it, and leaves it to us */
    assert_int_equal(number_of("SELECT 1"), 1);
    kill_server();
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
    assert_int_equal(number_of("SELECT 1"), 1);
    cluster_unwatch(cluster);
    uv_run(&loop, UV_RUN_NOWAIT);
    uv_close((uv_handle_t *)&alive, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_long_path_gets_a_short_socket(void **state)
{
    (void)state;
    char deep[300], *info = NULL;
    snprintf(deep, sizeof deep, "%s/%0120d", dir, 7);
    struct cluster *c = NULL;
    struct err err = {0};
    if (cluster_join(&c, deep, &info, &err) != 0)
        fail_msg("%s", err.msg);
    assert_non_null(strstr(info, "host='/tmp/psmon-"));
    assert_int_equal(pg_run(info, "SELECT 1", 0, NULL, NULL, &err), 0);
    cluster_leave(c);
    char command[300];
    snprintf(command, sizeof command, "rmdir $(echo \"%s\" | sed \"s/host='\\([^']*\\)'.*/\\1/\")", info);
    assert_int_equal(postgres_sh(command), 0);
    free(info);
}

int main(void)
{
    postgres_leave_root();
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cluster_is_private_and_checked),
        cmocka_unit_test(nobody_stops_it_under_another),
        cmocka_unit_test(the_last_user_stops_it),
        cmocka_unit_test(several_start_it_at_once),
        cmocka_unit_test(it_recovers_after_kill_9),
        cmocka_unit_test(a_long_path_gets_a_short_socket),
    };
    return cmocka_run_group_tests_name("archive_history", tests, join, leave);
}
