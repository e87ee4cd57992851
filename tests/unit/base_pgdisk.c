/* base: the spool on a disk that fails at the n-th call, for every n until none is left to fail: with the
 * database there, and with it away and psmon started again. SPDX-License-Identifier: MIT */
#include "base/pg/pg.h"

#include "base/log.h"
#include "base/time/clock.h"
#include "tests/postgres.h"
#include "tests/query.h"
#include "tests/support/diskfaults.h"

#include <signal.h>

#define STORY 12
#define BURSTS 5
static const int burst_end[BURSTS] = {4, 5, 7, 11,
                                      STORY}; /* of unequal lengths: a short one does not cover a long one */
#define BAD 5                                 /* the database will never take this one */

static char dir[] = "/tmp/psmon-pgdisk-XXXXXX";
static char conninfo[128], nowhere[160], spool[160];

enum told { NOTHING, UNSAFE, SAFE };
static enum told told[STORY];
static int n_told;
static int number_of_restarts;
static bool hit; /* the call that was to fail has come */

static void on_taken(void *arg, enum pg_taken how)
{
    enum told *t = arg;
    n_told += *t == NOTHING;
    assert_true(*t == NOTHING || (*t == UNSAFE && how != PG_IN_MEMORY)); /* once, and once at last */
    *t = how == PG_SAFE ? SAFE : UNSAFE;
}

static void clear(void)
{
    static const char *const files[] = {"log", "rejected"};
    struct err err = {0};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[200];
        snprintf(path, sizeof path, "%s/%s", spool, files[i]);
        unlink(path);
    }
    if (pg_run(conninfo, "TRUNCATE seen", 0, NULL, NULL, &err) != 0)
        fail_msg("%s", err.msg);
    memset(told, 0, sizeof told);
    n_told = 0;
    number_of_restarts = 0;
    hit = false;
}

/* Not idempotent on purpose: a second run would show in n. */
static struct pg_txn *insert_of(int id)
{
    char number[16];
    snprintf(number, sizeof number, "%d", id);
    const char *const params[1] = {number};
    struct pg_txn *t = pg_txn_new();
    pg_txn_add(t, "INSERT INTO seen VALUES ($1::int) ON CONFLICT (id) DO UPDATE SET n = seen.n + 1", 1,
               params);
    if (id == BAD)
        pg_txn_add(t, "SELECT 1/0", 0, NULL);
    return t;
}

/* A disk that fails while a spool is opened keeps psmon from starting, and says why; the next start is whole.
 */
static struct pg *open_pg(uv_loop_t *loop, const char *where)
{
    struct pg *pg = NULL;
    struct err err = {0};
    if (pg_open(&pg, loop, where, spool, &err) == 0)
        return pg;
    assert_int_equal(err.code, ERR_IO);
    assert_non_null(strstr(err.msg, spool));
    assert_true(disk_failed());
    hit = true;
    disk_works();
    if (pg_open(&pg, loop, where, spool, &err) != 0)
        fail_msg("%s", err.msg);
    return pg;
}

static bool all_told(const struct pg *pg, int n)
{
    (void)pg;
    return n_told == n;
}

static bool all_committed(const struct pg *pg, int n)
{
    return n_told == n && pg_queued(pg) == 0;
}

static void run_until(uv_loop_t *loop, const struct pg *pg, bool (*done)(const struct pg *pg, int n), int n)
{
    tstamp_ns end = clock_monotonic() + 20 * NS_PER_S;
    while (!done(pg, n) && clock_monotonic() < end)
        uv_run(loop, UV_RUN_ONCE);
    assert_true(done(pg, n));
}

/* Bursts of transactions, each burst when the one before has come so far; the last one is told of only. */
static void submit_story(struct pg *pg, uv_loop_t *loop, bool (*so_far)(const struct pg *pg, int n))
{
    int id = 0;
    for (int burst = 0; burst < BURSTS; burst++) {
        for (; id < burst_end[burst]; id++)
            pg_submit_durable(pg, insert_of(id), on_taken, &told[id]);
        run_until(loop, pg, burst == BURSTS - 1 ? all_told : so_far, id);
    }
}

/* The next psmon, on a disk that works again: what was left is applied, and what is new is not taken for old.
 */
static void restart(uv_loop_t *loop)
{
    hit |= disk_failed();
    disk_works();
    struct pg *pg = open_pg(loop, conninfo);
    enum told fresh = NOTHING;
    int id = number_of_restarts++ + STORY;
    pg_submit_durable(pg, insert_of(id), on_taken, &fresh);
    pg_close(pg, 20);
    assert_int_equal(fresh, SAFE);
    assert_int_equal(query_number(conninfo, "SELECT max(id) FROM seen"), id);
}

/* Nothing was run twice; except where a disk that could not sync a batch could not cut it off either:
 * statements are idempotent for the sake of that (pg.h). */
static void check_once(void)
{
    if (disk_fault != DISK_FAILS_TWICE && disk_fault != DISK_IS_FULL)
        assert_int_equal(query_number(conninfo, "SELECT count(*) FROM seen WHERE n <> 1"), 0);
}

static void with_database(uv_loop_t *loop)
{
    struct pg *pg = open_pg(loop, conninfo);
    submit_story(pg, loop, all_told);
    pg_close(pg, 20);
    for (int round = 0; round < 2; round++) { /* and a start later nothing is run again */
        check_once();
        assert_int_equal(query_number(conninfo, "SELECT count(*) FROM seen WHERE id < 12"), STORY - 1);
        restart(loop);
    }
    for (int id = 0; id < STORY; id++)
        assert_int_equal(told[id], SAFE);
}

/* What was told to be safe is there, and nothing twice. */
static void check_told(uv_loop_t *loop)
{
    restart(loop);
    restart(loop);
    check_once();
    struct pg_rows *rows = NULL;
    struct err err = {0};
    assert_int_equal(pg_run(conninfo, "SELECT id FROM seen", 0, NULL, &rows, &err), 0);
    bool there[STORY] = {[BAD] = true};
    for (int i = 0; i < rows->n_rows; i++) {
        long id = strtol(rows->value[i], NULL, 10);
        if (id < STORY)
            there[id] = true;
    }
    pg_rows_free(rows);
    for (int id = 0; id < STORY; id++) {
        if (told[id] == SAFE && !there[id])
            fail_msg("transaction %d was told to be safe, and is lost", id);
        assert_true(hit || told[id] == SAFE);
    }
}

static void without_database(uv_loop_t *loop)
{
    struct pg *pg = open_pg(loop, nowhere);
    submit_story(pg, loop, all_told);
    pg_close(pg, 0);
    check_told(loop);
}

/* Dies when the last burst has been told of, which the database then mostly has not seen. */
static void dying(uv_loop_t *loop)
{
    int fd[2];
    assert_int_equal(pipe(fd), 0);
    pid_t pid = fork();
    if (pid == 0) {
        uv_loop_t own;
        uv_loop_init(&own);
        submit_story(open_pg(&own, conninfo), &own, all_committed); /* the log is emptied each time */
        hit |= disk_failed();
        disk_works();
        bool ok = write(fd[1], told, sizeof told) == sizeof told &&
                  write(fd[1], &hit, sizeof hit) == sizeof hit;
        _exit(!ok);
    }
    close(fd[1]);
    assert_int_equal(read(fd[0], told, sizeof told), sizeof told);
    assert_int_equal(read(fd[0], &hit, sizeof hit), sizeof hit);
    close(fd[0]);
    waitpid(pid, NULL, 0);
    disk_works();
    check_told(loop);
}

/* Runs the story with the n-th call failing, for every n, in every way. */
static void at_every_call(void (*story)(uv_loop_t *loop))
{
    for (enum disk_fault fault = 0; fault < DISK_FAULTS; fault++) {
        int n = 0;
        do {
            uv_loop_t loop;
            uv_loop_init(&loop);
            clear();
            disk_fail_at(++n, fault);
            story(&loop);
            assert_int_equal(uv_loop_close(&loop), 0);
        } while (hit);
        print_message("# fault %d: %d calls failed in turn\n", (int)fault, n - 1);
        assert_true(n > 2 * BURSTS); /* a write and a sync for each burst, at least */
    }
}

static void with_the_database_nothing_is_lost_or_run_twice(void **state)
{
    (void)state;
    at_every_call(with_database);
}

static void without_the_database_what_was_told_to_be_safe_is(void **state)
{
    (void)state;
    at_every_call(without_database);
}

static void a_psmon_that_dies_loses_nothing_that_was_told_to_be_safe(void **state)
{
    (void)state;
    at_every_call(dying);
}

/* A disk that others have filled: what is reserved is used up, which is said before it is; then it refuses,
 * and in the end it is well again. */
static void a_full_disk_is_said_before_it_refuses(void **state)
{
    (void)state;
    enum { BIG = 1 << 20, N = 17 };
    uv_loop_t loop;
    uv_loop_init(&loop);
    clear();
    struct pg *pg = open_pg(&loop, nowhere);
    assert_int_equal(pg_disk(pg), PG_DISK_WELL);
    disk_fail_at(1, DISK_IS_FILLED);
    char *big = malloc(BIG);
    memset(big, 'x', BIG);
    big[BIG - 1] = '\0';
    const char *const params[1] = {big};
    enum told first[N] = {NOTHING};
    int safe_when_short = 0, i = 0;
    for (; i < N && pg_disk(pg) != PG_DISK_REFUSES; i++) {
        struct pg_txn *t = pg_txn_new();
        pg_txn_add(t, "SELECT $1", 1, params);
        pg_submit_durable(pg, t, on_taken, &first[i]);
        run_until(&loop, pg, all_told, i + 1);
        safe_when_short += pg_disk(pg) == PG_DISK_SHORT && first[i] == SAFE;
        assert_int_equal(first[i], pg_disk(pg) == PG_DISK_REFUSES ? UNSAFE : SAFE);
    }
    assert_true(safe_when_short >= 4);
    assert_true(i >= 15 && i <= 16); /* the reserve is 16 MiB */
    disk_works();
    pg_submit_durable(pg, insert_of(0), on_taken, &told[0]);
    run_until(&loop, pg, all_told, i + 1);
    assert_int_equal(told[0], SAFE);
    assert_int_equal(pg_disk(pg), PG_DISK_WELL);
    pg_close(pg, 0);
    free(big);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static int start(void **state)
{
    (void)state;
    log_set_level((enum log_level) - 1); /* hundreds of failures, all expected */
    struct err err = {0};
    int rc = postgres_make(dir, conninfo);
    if (rc == 0)
        rc = pg_run(conninfo, "CREATE TABLE seen (id int PRIMARY KEY, n int DEFAULT 1)", 0, NULL, NULL, &err);
    snprintf(nowhere, sizeof nowhere, "host=%s/absent", dir);
    snprintf(spool, sizeof spool, "%s/spool", dir);
    return rc;
}

static int stop(void **state)
{
    (void)state;
    postgres_remove(dir);
    return 0;
}

int main(void)
{
    postgres_leave_root();
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_the_database_nothing_is_lost_or_run_twice),
        cmocka_unit_test(without_the_database_what_was_told_to_be_safe_is),
        cmocka_unit_test(a_full_disk_is_said_before_it_refuses),
        cmocka_unit_test(a_psmon_that_dies_loses_nothing_that_was_told_to_be_safe),
    };
    return cmocka_run_group_tests_name("base/pgdisk", tests, start, stop);
}
