/* archive: who gets into the database and what they may do there. SPDX-License-Identifier: MIT */
#include "archive/history/cluster.h"
#include "archive/history/history.h"

#include "base/mem.h"
#include "tests/postgres.h"
#include "tests/query.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>

static char dir[] = "/tmp/psmon-access-XXXXXX";
static char *conninfo;
static struct cluster *cluster;
static unsigned port;

static unsigned free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        fail_msg("no port is free");
    close(fd);
    return ntohs(a.sin_port);
}

static void join(const struct cluster_listen *l)
{
    struct err err = {0};
    if (cluster_join(&cluster, dir, l, &conninfo, &err) != 0)
        fail_msg("%s", err.msg);
}

static void leave(void)
{
    cluster_leave(cluster);
    free(conninfo);
    cluster = NULL;
}

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    port = free_port();
    join(NULL);
    struct err err = {0};
    int rc = history_migrate(conninfo, &err);
    if (rc == 0)
        rc = pg_run(conninfo, "CREATE ROLE grafana LOGIN PASSWORD 'dash board' IN ROLE psmon_reader", 0, NULL,
                    NULL, &err);
    if (rc == 0)
        rc = pg_run(conninfo, "CREATE ROLE planner LOGIN PASSWORD 'weekly' IN ROLE psmon_operator", 0, NULL,
                    NULL, &err);
    if (rc == 0)
        rc = pg_run(conninfo, "CREATE ROLE stranger LOGIN PASSWORD 'x'", 0, NULL, NULL, &err);
    return rc;
}

static int end(void **state)
{
    (void)state;
    char command[100];
    cluster_leave(cluster);
    free(conninfo);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return postgres_sh(command);
}

/* "" when the statement is done, else PostgreSQL's words. */
static const char *as(const char *role, const char *more, const char *sql)
{
    static struct err err;
    char where[400];
    snprintf(where, sizeof where, "host=127.0.0.1 port=%u dbname=psmon user=%s connect_timeout=5 %s", port,
             role, more);
    err = (struct err){0};
    return pg_run(where, sql, 0, NULL, NULL, &err) == 0 ? "" : err.msg;
}

static void assert_says(const char *said, const char *want)
{
    if (!strstr(said, want))
        fail_msg("'%s' does not say '%s'", said, want);
}

static void nothing_listens_unless_asked(void **state)
{
    (void)state;
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM pg_settings WHERE (name, setting) IN"
                                            " (('listen_addresses', ''), ('port', '5432'), ('ssl', 'off'))"),
                     3);
    assert_says(as("grafana", "password='dash board'", "SELECT 1"), "refused");
}

static void readers_read_and_operators_add_what_people_know(void **state)
{
    (void)state;
    static const struct {
        const char *role, *sql, *refused;
    } tries[] = {
        {"psmon_reader", "SELECT count(*) FROM worst_last_week", NULL},
        {"psmon_reader", "SELECT psmon_iso(now()) FROM readings LIMIT 1", NULL},
        {"psmon_reader", "SELECT * FROM jobs", NULL},
        {"psmon_reader", "INSERT INTO trips VALUES ('Q1', now(), 'x')", "permission denied"},
        {"psmon_reader", "SELECT psmon_remove_run(1)", "permission denied"},
        {"psmon_operator", "INSERT INTO trips VALUES ('Q1', now(), 'x')", NULL},
        {"psmon_operator", "INSERT INTO maintenance (subject, start, work) VALUES ('*', now(), 'x')", NULL},
        {"psmon_operator", "DELETE FROM outcomes", NULL},
        {"psmon_operator", "DELETE FROM findings", "permission denied"},
        {"psmon_operator", "UPDATE runs SET name = 'x'", "permission denied"},
    };
    struct err err = {0};
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        char sql[300];
        snprintf(sql, sizeof sql, "%s options='-c role=%s'", conninfo, tries[i].role);
        int rc = pg_run(sql, tries[i].sql, 0, NULL, NULL, &err);
        if ((rc == 0) != !tries[i].refused)
            fail_msg("%s: %s: %s", tries[i].role, tries[i].sql, rc ? err.msg : "allowed");
        if (rc != 0)
            assert_says(err.msg, tries[i].refused);
    }
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM maintenance WHERE origin = 'imported'"), 1);
    /* what comes later is theirs to read too */
    assert_int_equal(pg_run(conninfo, "SELECT psmon_hour_month('2026-11-01')", 0, NULL, NULL, &err), 0);
    assert_int_equal(
        query_number(conninfo, "SELECT has_table_privilege('psmon_reader', 'hours_202611', 'SELECT')::int"),
        1);
}

static void over_the_network_readers_get_in_by_password_and_nobody_else(void **state)
{
    (void)state;
    leave();
    join(&(struct cluster_listen){.address = "127.0.0.1", .port = port, .allow = "127.0.0.0/8"});
    assert_string_equal(as("grafana", "password='dash board'", "SELECT count(*) FROM supplies"), "");
    assert_string_equal(as("planner", "password=weekly", "INSERT INTO trips VALUES ('Q2', now(), 'y')"), "");
    assert_says(as("grafana", "password=guess", "SELECT 1"), "password authentication failed");
    assert_says(as("stranger", "password=x", "SELECT 1"), "no pg_hba.conf entry");
    assert_says(as("psmon", "password=x", "SELECT 1"), "rejects");
    /* another command of the same psmon finds it where it is */
    struct cluster *other = NULL;
    char *info = NULL;
    struct err err = {0};
    assert_int_equal(cluster_join(&other, dir, NULL, &info, &err), 0);
    assert_int_equal(query_number(info, "SELECT current_setting('port')::int"), (long)port);
    assert_true(cluster_running(dir));
    cluster_leave(other);
    free(info);
    /* from another network */
    leave();
    join(&(struct cluster_listen){
        .address = "127.0.0.1", .port = port, .allow = "10.0.0.0/8, 192.168.1.0/24"});
    assert_says(as("grafana", "password='dash board'", "SELECT 1"), "no pg_hba.conf entry");
}

static void or_by_a_certificate_over_tls(void **state)
{
    (void)state;
    char command[1500], certificate[100], key[100], ca[100], mine[300];
    snprintf(
        command, sizeof command,
        "cd %s && exec >/dev/null 2>&1; s='openssl req -x509 -newkey ec -pkeyopt "
        "ec_paramgen_curve:prime256v1 -nodes"
        " -days 2'; $s -keyout ca.key -out ca.crt -subj /CN=site && for n in server grafana mallory; do "
        "openssl req"
        " -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $n.key -out $n.csr -subj /CN=$n &&"
        " openssl x509 -req -in $n.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out $n.crt || exit "
        "1;"
        " done; chmod 600 *.key",
        dir);
    assert_int_equal(postgres_sh(command), 0);
    snprintf(certificate, sizeof certificate, "%s/server.crt", dir);
    snprintf(key, sizeof key, "%s/server.key", dir);
    snprintf(ca, sizeof ca, "%s/ca.crt", dir);
    leave();
    join(&(struct cluster_listen){.address = "127.0.0.1",
                                  .port = port,
                                  .allow = "127.0.0.0/8",
                                  .certificate = certificate,
                                  .key = key,
                                  .client_ca = ca});
    snprintf(mine, sizeof mine, "sslmode=require sslcert=%s/grafana.crt sslkey=%s/grafana.key", dir, dir);
    assert_string_equal(as("grafana", mine, "SELECT count(*) FROM supplies"), "");
    assert_says(as("planner", mine, "SELECT 1"), "certificate authentication failed");
    assert_says(as("grafana", "sslmode=require password='dash board'", "SELECT 1"), "certificate");
    assert_says(as("grafana", "sslmode=disable password='dash board'", "SELECT 1"), "no pg_hba.conf entry");
}

int main(void)
{
    postgres_leave_root();
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_listens_unless_asked),
        cmocka_unit_test(readers_read_and_operators_add_what_people_know),
        cmocka_unit_test(over_the_network_readers_get_in_by_password_and_nobody_else),
        cmocka_unit_test(or_by_a_certificate_over_tls),
    };
    return cmocka_run_group_tests_name("archive_access", tests, begin, end);
}
