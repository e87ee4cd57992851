/* base: asynchronous PostgreSQL and its spool, against a real server. SPDX-License-Identifier: MIT */
#include "base/pg/pg.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/time/clock.h"
#include "tests/postgres.h"
#include "tests/query.h"

#include <fcntl.h>
#include <float.h>
#include <signal.h>
#include <sys/stat.h>

static char dir[] = "/tmp/psmon-pg-XXXXXX";
static char conninfo[128];

struct tally {
    int ok, failed;
};

static void count(void *arg, bool ok)
{
    struct tally *t = arg;
    ok ? t->ok++ : t->failed++;
}

static struct pg_txn *insert_of(int id, const char *value)
{
    char number[16];
    snprintf(number, sizeof number, "%d", id);
    const char *const params[2] = {number, value};
    struct pg_txn *t = pg_txn_new();
    /* not idempotent on purpose: a second run would show in n */
    pg_txn_add(t, "INSERT INTO seen VALUES ($1::int, $2) ON CONFLICT (id) DO UPDATE SET n = seen.n + 1", 2,
               params);
    pg_txn_add(t, "UPDATE total SET n = n + 1", 0, NULL);
    return t;
}

static void sql(const char *text)
{
    struct err err = {0};
    if (pg_run(conninfo, text, 0, NULL, NULL, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
}

static int clear_tables(void **state)
{
    (void)state;
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s/spool", dir);
    postgres_sh(command);
    sql("DROP TABLE IF EXISTS seen, total, psmon_spool;"
        "CREATE TABLE seen (id int PRIMARY KEY, v text, n int DEFAULT 1);"
        "CREATE TABLE total (n int); INSERT INTO total VALUES (0)");
    return 0;
}

static const char *spool_dir(void)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/spool", dir);
    return path;
}

static struct pg *open_pg(uv_loop_t *loop, bool spooled)
{
    struct pg *pg = NULL;
    struct err err = {0};
    if (pg_open(&pg, loop, conninfo, spooled ? spool_dir() : NULL, &err) != 0)
        fail_msg("%s", err.msg);
    return pg;
}

static void run_until(uv_loop_t *loop, const struct pg *pg, bool up, double seconds)
{
    tstamp_ns end = clock_monotonic() + (tstamp_ns)(seconds * 1e9);
    while ((up ? !pg_up(pg) || pg_queued(pg) > 0 : pg_up(pg)) && clock_monotonic() < end) {
        uv_run(loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
    assert_true(pg_up(pg) == up);
}

static void transactions_are_applied_in_order_and_whole(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop, true);
    struct tally t = {0};
    for (int i = 0; i < 100; i++)
        assert_true(pg_submit(pg, insert_of(i, i % 2 ? "odd" : NULL), i % 3 == 0, count, &t));
    pg_close(pg, 10);
    assert_int_equal(t.ok, 100);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM seen WHERE n = 1"), 100);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM seen WHERE v IS NULL"), 50);
    assert_int_equal(query_number(conninfo, "SELECT n FROM total"), 100);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_database_that_is_behind_is_not_away(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop, true);
    run_until(&loop, pg, true, 10);
    struct tally t = {0};
    for (int i = 0; i < PG_QUEUE_MAX + 50; i++)
        pg_submit(pg, insert_of(i, "x"), true, count, &t);
    assert_false(pg_up(pg));
    assert_false(pg_away(pg));
    run_until(&loop, pg, true, 20);
    postgres_ctl(dir, "stop -m immediate");
    run_until(&loop, pg, false, 10);
    assert_true(pg_away(pg));
    postgres_ctl(dir, "start -w");
    run_until(&loop, pg, true, 20);
    assert_false(pg_away(pg));
    pg_close(pg, 10);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void keep_last(void *arg, const struct pg_rows *rows)
{
    *(long *)arg = rows ? strtol(rows->value[rows->n_columns * rows->n_rows - 1], NULL, 10) : -2;
}

static void a_bad_transaction_leaves_no_trace_and_the_queue_goes_on(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop, true);
    struct tally bad = {0}, good = {0};
    long seen = -1, broken = -1;
    struct pg_txn *t = insert_of(1, "never");
    pg_txn_add(t, "INSERT INTO seen VALUES (1/0, 'x')", 0, NULL);
    pg_submit(pg, t, true, count, &bad);
    pg_submit(pg, insert_of(2, "after"), true, count, &good);
    t = insert_of(3, "never");
    pg_txn_add(t, "INSERT INTO no_such_table VALUES (1)", 0, NULL);
    pg_submit(pg, t, false, count, &bad);
    pg_query(pg, "SELECT 7, count(*) FROM seen", 0, NULL, keep_last, &seen);
    pg_query(pg, "SELECT no_such_column", 0, NULL, keep_last, &broken);
    pg_submit(pg, insert_of(4, "after"), false, count, &good);
    pg_close(pg, 10);
    assert_int_equal(bad.failed, 2);
    assert_int_equal(good.ok, 2);
    assert_int_equal(seen, 1);
    assert_int_equal(broken, -2);
    assert_int_equal(query_number(conninfo, "SELECT sum(id) FROM seen"), 6);
    assert_int_equal(query_number(conninfo, "SELECT n FROM total"), 2);
    char path[240], text[400] = "";
    snprintf(path, sizeof path, "%s/rejected", spool_dir());
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(text, 1, sizeof text - 1, f) > 100);
    fclose(f);
    assert_non_null(strstr(text, "division by zero"));
    assert_non_null(strstr(text, "-- $2 = never"));
    uv_loop_close(&loop);
}

static void an_outage_loses_no_durable_transaction(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop, true);
    run_until(&loop, pg, true, 10);
    assert_int_equal(postgres_ctl(dir, "stop -m fast"), 0);
    run_until(&loop, pg, false, 10);
    struct tally durable = {0}, lost = {0};
    for (int i = 0; i < 50; i++)
        assert_true(pg_submit(pg, insert_of(i, "kept"), true, count, &durable));
    assert_false(pg_submit(pg, insert_of(99, "refused"), false, count, &lost));
    long answer = 0;
    pg_query(pg, "SELECT 1", 0, NULL, keep_last, &answer);
    for (int i = 0; i < 100 && answer == 0; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(answer, -2);
    assert_int_equal(pg_queued(pg), 50);
    assert_int_equal(postgres_ctl(dir, "start -w"), 0);
    run_until(&loop, pg, true, 30);
    assert_int_equal(durable.ok, 50);
    assert_int_equal(lost.failed, 0);
    pg_close(pg, 1);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM seen WHERE n = 1"), 50);
    assert_int_equal(query_number(conninfo, "SELECT n FROM total"), 50);
    uv_loop_close(&loop);
}

/* The server is killed again and again while transactions flow: each exactly once. */
static void kill_9_of_the_server_neither_loses_nor_doubles(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop, true);
    struct tally t = {0};
    int id = 0;
    for (int round = 0; round < 3; round++) {
        run_until(&loop, pg, true, 60);
        for (int i = 0; i < 200; i++, id++) {
            assert_true(pg_submit(pg, insert_of(id, "x"), true, count, &t));
            if (i % 4 == 0)
                uv_run(&loop, UV_RUN_NOWAIT);
            if (i == 60 + 31 * round)
                assert_int_equal(postgres_kill(dir), 0);
        }
        for (int i = 0; i < 20 && postgres_ctl(dir, "start -w") != 0; i++)
            usleep(300000);
    }
    run_until(&loop, pg, true, 60);
    assert_int_equal(t.ok, id);
    assert_true(pg_failures(pg) >= 3);
    pg_close(pg, 1);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM seen WHERE n = 1"), id);
    assert_int_equal(query_number(conninfo, "SELECT n FROM total"), id);
    uv_loop_close(&loop);
}

/* A child submits, says each number, and says it again, negative, when it is told that it is safe; it is
 * killed at a random instant. */
struct child {
    int out, under_way;
};
struct submitted {
    struct child *child;
    int id;
};

static void say(int out, int id)
{
    if (write(out, &id, sizeof id) != sizeof id)
        _exit(1);
}

static void on_taken(void *arg, enum pg_taken how)
{
    struct submitted *s = arg;
    if (how == PG_IN_MEMORY)
        return;
    s->child->under_way--;
    if (how == PG_SAFE)
        say(s->child->out, -s->id);
    free(s);
}

static void child(int out)
{
    struct child me = {.out = out};
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop, true);
    for (int id = (int)query_number(conninfo, "SELECT coalesce(max(id), 0) FROM seen") + 100;; id++) {
        struct submitted *s = calloc(1, sizeof *s);
        *s = (struct submitted){&me, id};
        say(out, id);
        pg_submit_durable(pg, insert_of(id, "y"), on_taken, s);
        me.under_way++;
        do
            uv_run(&loop, UV_RUN_NOWAIT);
        while (me.under_way > 20);
    }
}

static void kill_9_of_ourselves_neither_loses_nor_doubles(void **state)
{
    (void)state;
    long submitted = 0, taken = 0;
    for (int round = 0; round < 8; round++) {
        int fd[2], id;
        assert_int_equal(pipe(fd), 0);
        pid_t pid = fork();
        if (pid == 0)
            child(fd[1]);
        close(fd[1]);
        usleep(30000 + (useconds_t)round * 7919);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        struct buf told = {0};
        while (read(fd[0], &id, sizeof id) == sizeof id) {
            submitted += id > 0;
            taken += id < 0;
            if (id < 0)
                buf_printf(&told, "%s%d", told.len ? "," : "", -id);
        }
        close(fd[0]);
        uv_loop_t loop;
        uv_loop_init(&loop);
        struct pg *pg = open_pg(&loop, true); /* applies what the dead one left */
        pg_close(pg, 20);
        uv_loop_close(&loop);
        char *lost = xasprintf(
            "SELECT count(*) FROM unnest('{%s}'::int[]) u LEFT JOIN seen ON id = u WHERE id IS NULL",
            buf_text(&told));
        assert_int_equal(query_number(conninfo, lost), 0);
        free(lost);
        buf_free(&told);
    }
    long have = query_number(conninfo, "SELECT count(*) FROM seen");
    assert_true(taken > 8);
    assert_in_range(have, taken, submitted);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM seen WHERE n <> 1"), 0);
    assert_int_equal(query_number(conninfo, "SELECT n FROM total"), have);
}

/* Whatever is left of the log's tail, all whole records before it are applied. */
static void a_torn_tail_costs_only_itself(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct err err = {0};
    char nowhere[160], log[240];
    snprintf(nowhere, sizeof nowhere, "host=%s/absent", dir);
    snprintf(log, sizeof log, "%s/log", spool_dir());
    for (long cut = 1; cut < 150; cut += 37) {
        clear_tables(NULL);
        struct pg *pg = NULL;
        assert_int_equal(pg_open(&pg, &loop, nowhere, spool_dir(), &err), 0);
        for (int i = 0; i < 3; i++)
            pg_submit(pg, insert_of(i, "torn"), true, NULL, NULL);
        pg_close(pg, 0);
        struct stat st;
        assert_int_equal(stat(log, &st), 0);
        assert_int_equal(truncate(log, st.st_size - cut), 0);
        pg = open_pg(&loop, true);
        assert_int_equal(pg_queued(pg), 2);
        pg_submit(pg, insert_of(7, "after"), true, NULL, NULL);
        pg_close(pg, 10);
        assert_int_equal(query_number(conninfo, "SELECT sum(id) FROM seen"), 8);
        assert_int_equal(query_number(conninfo, "SELECT n FROM total"), 3);
    }
    uv_loop_close(&loop);
}

static void a_spool_has_one_user(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *first = open_pg(&loop, true), *second = NULL;
    struct err err = {0};
    assert_int_equal(pg_open(&second, &loop, conninfo, spool_dir(), &err), ERR_IO);
    assert_non_null(strstr(err.msg, "in use"));
    pg_close(first, 5);
    uv_loop_close(&loop);
}

static void arrays_arrive_as_they_left(void **state)
{
    (void)state;
    float v[] = {1.5f, NAN, -INFINITY, FLT_MIN, 16777217.0f, 0.1f};
    double d[] = {0.1, NAN, DBL_MAX};
    int32_t i[] = {-1, INT32_MAX};
    uint8_t u[] = {0, 9, 200};
    struct buf f4 = {0}, f8 = {0}, i4 = {0}, bf = {0}, bu = {0}, bi = {0}, be = {0};
    pg_array_f32(&f4, v, 6);
    pg_array_f64(&f8, d, 3);
    pg_array_i32(&i4, i, 2);
    pg_binary_f32(&bf, v, 6);
    pg_binary_u8_as_i16(&bu, u, 3);
    pg_binary_i32(&bi, i, 2);
    pg_binary_f32(&be, v, 0);
    struct pg_value values[] = {{f4.data, f4.len, false}, {bf.data, bf.len, true}, {f8.data, f8.len, false},
                                {i4.data, i4.len, false}, {bi.data, bi.len, true}, {bu.data, bu.len, true},
                                {be.data, be.len, true}};
    struct pg_txn *t = pg_txn_new();
    pg_txn_add_values(t,
                      "INSERT INTO seen SELECT 1, ($1::float4[] = $2::float4[])::text || "
                      "($3::float8[])[1] || ($4::int[] = $5::int[])::text || ($6::int2[])[3] || "
                      "cardinality($7::float4[]) || ($2::float4[])[5]",
                      7, values);
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop, true);
    struct tally tally = {0};
    pg_submit(pg, t, true, count, &tally);
    pg_close(pg, 5);
    assert_int_equal(tally.ok, 1);
    struct pg_rows *rows = NULL;
    struct err err;
    assert_int_equal(pg_run(conninfo, "SELECT v FROM seen", 0, NULL, &rows, &err), 0);
    assert_string_equal(rows->value[0], "true0.1true20001.6777216e+07");
    pg_rows_free(rows);
    struct buf *all[] = {&f4, &f8, &i4, &bf, &bu, &bi, &be};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        buf_free(all[k]);
    uv_loop_close(&loop);
}

static int third_only(void *arg, int n, char *const name[], char *const value[])
{
    assert_int_equal(n, 1);
    assert_string_equal(name[0], "g");
    *(long *)arg = strtol(value[0], NULL, 10);
    return *(long *)arg == 3;
}

static void rows_can_be_read_one_by_one(void **state)
{
    (void)state;
    long last = 0;
    struct err err = {0};
    assert_int_equal(
        pg_each(conninfo, "SELECT g FROM generate_series(1, 10000000) g", 0, NULL, third_only, &last, &err),
        0);
    assert_int_equal(last, 3);
    assert_int_equal(pg_each(conninfo, "SELECT 1/(2-g) AS g FROM generate_series(1, 9) g", 0, NULL,
                             third_only, &last, &err),
                     ERR_DB);
    assert_non_null(strstr(err.msg, "22012"));
    assert_int_equal(pg_run("host=/nonexistent", "SELECT 1", 0, NULL, NULL, &err), ERR_DB);
}

static void migrations_apply_once_and_refuse_the_future(void **state)
{
    (void)state;
    static const char *const v[] = {"CREATE TABLE m1 (a int); INSERT INTO m1 VALUES (1)",
                                    "ALTER TABLE m1 ADD b int DEFAULT 5", "CREATE TABLE m1 (x int)"};
    struct err err = {0};
    assert_int_equal(pg_migrate(conninfo, "test", v, 1, &err), 0);
    assert_int_equal(pg_migrate(conninfo, "test", v, 2, &err), 0);
    assert_int_equal(pg_migrate(conninfo, "test", v, 2, &err), 0);
    assert_int_equal(query_number(conninfo, "SELECT sum(a + b) FROM m1"), 6);
    assert_int_equal(pg_migrate(conninfo, "test", v, 3, &err), ERR_DB);
    assert_non_null(strstr(err.msg, "migration test 3"));
    assert_int_equal(query_number(conninfo, "SELECT max(version) FROM psmon_schema WHERE component = 'test'"),
                     2);
    assert_int_equal(pg_migrate(conninfo, "test", v, 1, &err), ERR_DB);
    assert_non_null(strstr(err.msg, "newer"));
}

static int start(void **state)
{
    (void)state;
    return postgres_make(dir, conninfo);
}

static int stop(void **state)
{
    (void)state;
    postgres_remove(dir);
    return 0;
}

/* Whatever the environment or the database has: what goes there is UTF-8, and is taken for that. */
static void it_speaks_utf8_to_a_database_of_another_encoding(void **state)
{
    (void)state;
    char own[sizeof conninfo];
    memcpy(own, conninfo, sizeof own);
    sql("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    setenv("PGCLIENTENCODING", "LATIN1", 1);
    snprintf(conninfo, sizeof conninfo, "%s dbname=latin", own);
    const char *const params[] = {"°C", "6"};
    struct err err = {0};
    sql("CREATE TABLE seen (id int PRIMARY KEY, v text, n int DEFAULT 1); CREATE TABLE total (n int);"
        "INSERT INTO total VALUES (0)");
    assert_int_equal(pg_run(conninfo, "INSERT INTO seen VALUES (1, $1)", 1, params, NULL, &err), 0);
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct pg *pg = open_pg(&loop, false);
    struct tally t = {0};
    run_until(&loop, pg, true, 10);
    assert_true(pg_submit(pg, insert_of(2, "°C"), false, count, &t));
    pg_close(pg, 10);
    assert_int_equal(t.ok, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM seen WHERE length(v) = 2 AND v = '°C'"), 2);
    unsetenv("PGCLIENTENCODING");
    memcpy(conninfo, own, sizeof own);
    sql("DROP DATABASE latin");
}

int main(void)
{
    postgres_leave_root();
    signal(SIGPIPE, SIG_IGN);
#define T(f) cmocka_unit_test_setup(f, clear_tables)
    const struct CMUnitTest tests[] = {
        T(transactions_are_applied_in_order_and_whole),
        T(a_database_that_is_behind_is_not_away),
        T(a_bad_transaction_leaves_no_trace_and_the_queue_goes_on),
        T(an_outage_loses_no_durable_transaction),
        T(kill_9_of_the_server_neither_loses_nor_doubles),
        T(kill_9_of_ourselves_neither_loses_nor_doubles),
        T(a_torn_tail_costs_only_itself),
        T(a_spool_has_one_user),
        T(arrays_arrive_as_they_left),
        T(rows_can_be_read_one_by_one),
        T(migrations_apply_once_and_refuse_the_future),
        T(it_speaks_utf8_to_a_database_of_another_encoding),
    };
    return cmocka_run_group_tests_name("base_pg", tests, start, stop);
}
