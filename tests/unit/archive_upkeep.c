/* archive: an old database, as an earlier version left it, is taken over and kept in order, and what cannot
 * be done is said. SPDX-License-Identifier: MIT */
#include "archive/history/history.h"

#include "base/mem.h"
#include "base/time/clock.h"
#include "tests/fleet.h"
#include "tests/postgres.h"
#include "tests/query.h"

#include <math.h>
#include <signal.h>

#define SUPPLIES 2
static const tstamp_ns NOW = INT64_C(1798070400) * NS_PER_S; /* 2026-12-24T00:00:00Z */

static char dir[] = "/tmp/psmon-upkeep-XXXXXX";
static char conninfo[128], golden[300];
static struct fleet *fleet;
static uv_loop_t loop;
static struct pg *pg;
static struct history *h;

/* A database filled by the version before. */
static int restore(void **state)
{
    (void)state;
    char command[900];
    if (postgres_make(dir, conninfo) != 0)
        return -1;
    snprintf(command, sizeof command, "psql -q -v ON_ERROR_STOP=1 '%s' -f '%s' >/dev/null", conninfo, golden);
    if (postgres_sh(command) != 0)
        return -1;
    fleet = fleet_of("supply,family,sector,signal,pv,unit\n"
                     "Q1,quad,S1,current,Q1:I,A\nQ2,quad,S1,current,Q2:I,A\n");
    return 0;
}

static int discard(void **state)
{
    (void)state;
    fleet_free(fleet);
    postgres_remove(dir);
    return 0;
}

static void run_sql(const char *sql)
{
    struct err err = {0};
    if (pg_run(conninfo, sql, 0, NULL, NULL, &err) != 0)
        fail_msg("%s: %s", sql, err.msg);
}

static struct maintenance *none; /* what the run begins with */

static void begin(void)
{
    struct err err = {0};
    const struct history_run run = {
        .name = RUN_LIVE, .kind = "live", .revision = {"m", "1", "2", "0"}, .keep_ticks_days = 5};
    uv_loop_init(&loop);
    if (pg_open(&pg, &loop, conninfo, NULL, &err) != 0 ||
        history_open(&h, pg, conninfo, fleet, none, &run, &err) != 0)
        fail_msg("%s", err.msg);
    while (!pg_up(pg))
        uv_run(&loop, UV_RUN_ONCE);
}

static void end(void)
{
    history_close(h);
    pg_close(pg, 10);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void settle(void)
{
    while (pg_queued(pg) > 0)
        uv_run(&loop, UV_RUN_ONCE);
}

static struct tick make_tick(tstamp_ns t, const float score[SUPPLIES], const uint8_t reason[SUPPLIES])
{
    return (struct tick){.t = t,
                         .n_supplies = SUPPLIES,
                         .n_channels = SUPPLIES,
                         .mode = reason,
                         .reason = reason,
                         .value = score,
                         .score = score,
                         .chance = score,
                         .ledger = {SUPPLIES}};
}

/* A tick of the live run, and everything that it sets off. */
static void tick_of(tstamp_ns t, const struct supply_days *day)
{
    static const float score[SUPPLIES] = {1, 2};
    static const uint8_t scored[SUPPLIES] = {0};
    struct tick tick = make_tick(t, score, scored);
    tick.day = day;
    assert_true(history_put_tick(h, &tick));
    settle();
}

static void tick_at(tstamp_ns t)
{
    tick_of(t, NULL);
}

static void the_filled_schema_of_the_version_before_is_taken_over(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(
        query_number(conninfo, "SELECT max(version) FROM psmon_schema WHERE component = 'history'"), 11);
    run_sql("INSERT INTO rankings SELECT run, 8, now(), now(), i, 'Q0' || i, 1, 1, 'why' FROM runs,"
            " generate_series(1, 2) i WHERE name = 'live'");
    run_sql("INSERT INTO reports (run, number, week_start, issued_at, document) SELECT run, 8, now(), now(),"
            " '{\"rows\": [{\"supply\": \"Q01\", \"id\": \"f7\", \"class\": \"sensor\"}, {\"supply\": "
            "\"Q02\"}]}' FROM"
            " runs WHERE name = 'live'");
    long ticks = query_number(conninfo, "SELECT count(*) FROM ticks"),
         hours = query_number(conninfo, "SELECT count(*) FROM hours"),
         lists = query_number(conninfo, "SELECT count(*) FROM rankings");
    assert_true(ticks > 10 && hours > 100 && lists > 1);
    if (history_migrate(conninfo, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM ticks"), ticks);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM hours"), hours);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM rankings"), lists);
    /* which entries of a list a finding carried is known of their rows too; they are frozen as before */
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM rankings WHERE number = 8 AND finding = 'f7' AND"
                                  " class = 'sensor' AND supply = 'Q01'"),
                     1);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM rankings WHERE class IS NOT NULL"), 1);
    assert_int_equal(pg_run(conninfo, "UPDATE rankings SET rank = 2", 0, NULL, NULL, &err), ERR_DB);
    /* every view reads it */
    struct pg_rows *views = NULL;
    assert_int_equal(
        pg_run(conninfo,
               "SELECT format('SELECT count(*) FROM %I', viewname) FROM pg_views WHERE schemaname ="
               " 'public'",
               0, NULL, &views, &err),
        0);
    assert_true(views->n_rows >= 8);
    for (int i = 0; i < views->n_rows; i++)
        assert_true(query_number(conninfo, views->value[i]) >= 0);
    pg_rows_free(views);
    assert_true(query_number(conninfo, "SELECT count(*) FROM scores") >= 12 * ticks);
    assert_true(query_number(conninfo, "SELECT count(*) FROM hourly") >= hours);
}

/* Years of it: a partition a month and a day, months that nobody could close, and statistics of the
 * catalogue, by which PostgreSQL reads the names of all relations before it looks which are partitions of
 * hours. */
static void make_it_old(void)
{
    run_sql(
        "DO $$ DECLARE t timestamptz; BEGIN"
        " FOR t IN SELECT generate_series('2023-01-01Z'::timestamptz, '2026-10-01Z', '1 month') LOOP"
        "  PERFORM psmon_hour_month(t); INSERT INTO hours (t, supply, run, fleet, scored, reason) SELECT t +"
        "  k * interval '1 hour', s, r.run, r.fleet, 60, 0 FROM generate_series(9, 0, -1) k, generate_series("
        "  9, 1, -1) s, runs r WHERE r.name = 'live';"
        " END LOOP;"
        " FOR t IN SELECT generate_series('2026-08-01Z'::timestamptz, '2026-12-23Z', '1 day') LOOP"
        "  PERFORM psmon_tick_day(run, t) FROM runs WHERE name = 'live';"
        "  INSERT INTO ticks (run, t, fleet) SELECT run, t, fleet FROM runs WHERE name = 'live' ON CONFLICT "
        "DO"
        "  NOTHING;"
        " END LOOP; END $$");
    run_sql("ANALYZE");
}

static void months_and_ticks_of_an_old_analysed_database_are_put_in_order(void **state)
{
    (void)state;
    make_it_old();
    long hours = query_number(conninfo, "SELECT count(*) FROM hours");
    begin();
    tick_at(NOW + NS_PER_MIN);
    const struct history_job *jobs = history_jobs(h);
    for (size_t i = 0; i < HISTORY_JOBS; i++) {
        if (jobs[i].state != JOB_OK)
            fail_msg("%s: %s", jobs[i].name, jobs[i].said);
        assert_true(jobs[i].succeeded > 0);
    }
    assert_null(history_job_in_trouble(jobs, clock_wall()));
    end();
    /* all that were over, in one day, and none of their rows lost */
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM hours_closed WHERE month < '2026-12-01'"),
                     47);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM hours"), hours);
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM (SELECT (supply, t) < lag((supply, t)) OVER (ORDER BY"
                                  " ctid) AS bad FROM hours_202305) x WHERE bad"),
                     0);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM pg_inherits WHERE inhparent ="
                                            " to_regclass('ticks_run' || (SELECT run FROM runs WHERE name ="
                                            " 'live'))"),
                     6);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM jobs WHERE state = 'ok'"), HISTORY_JOBS);
}

/* A site's own view on a day of ticks: the day cannot be dropped, for ever. */
static void a_job_that_fails_says_so_until_it_does_not(void **state)
{
    (void)state;
    run_sql(
        "DO $$ BEGIN EXECUTE format('CREATE VIEW mine AS SELECT * FROM %I', 'ticks_run' || (SELECT run FROM"
        " runs WHERE name = 'live') || '_20261220'); END $$");
    begin();
    tick_at(NOW + 3 * NS_PER_DAY);
    const struct history_job *j = history_job_in_trouble(history_jobs(h), clock_wall());
    assert_ptr_equal(j, &history_jobs(h)[JOB_FORGET_TICKS]);
    assert_int_equal(j->state, JOB_FAILED);
    assert_non_null(strstr(j->said, "because other objects depend on it"));
    assert_true(j->succeeded > 0); /* it did once */
    end();
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM jobs WHERE state = 'failed' AND job = 'forget"
                                  " ticks' AND succeeded < tried"),
                     1);
    run_sql("DROP VIEW mine");
    begin(); /* known again after a restart */
    assert_int_equal(history_jobs(h)[JOB_FORGET_TICKS].state, JOB_FAILED);
    tick_at(NOW + 3 * NS_PER_DAY + NS_PER_HOUR);
    assert_int_equal(history_jobs(h)[JOB_FORGET_TICKS].state, JOB_OK);
    assert_null(history_job_in_trouble(history_jobs(h), clock_wall()));
    end();
}

/* Somebody's long report on one day of ticks: the days before it go all the same, and it is tried again. */
static void a_table_in_use_is_waited_for_and_told_when_it_takes_days(void **state)
{
    (void)state;
    struct err err = {0};
    uv_loop_t other;
    struct pg *reader = NULL;
    begin();
    tick_at(NOW + 4 * NS_PER_DAY);
    tick_at(NOW + 5 * NS_PER_DAY);
    uv_loop_init(&other);
    if (pg_open(&reader, &other, conninfo, NULL, &err) != 0)
        fail_msg("%s", err.msg);
    struct pg_txn *t = pg_txn_new();
    pg_txn_add(
        t, "SELECT count(*), pg_sleep(600) FROM ticks WHERE run = (SELECT run FROM runs WHERE name = 'live')",
        0, NULL);
    while (!pg_up(reader))
        uv_run(&other, UV_RUN_ONCE);
    assert_true(pg_submit(reader, t, false, NULL, NULL));
    while (query_number(conninfo,
                        "SELECT count(*) FROM pg_locks WHERE relation = 'ticks'::regclass AND mode ="
                        " 'AccessShareLock' AND pid <> pg_backend_pid()") == 0)
        uv_run(&other, UV_RUN_NOWAIT);
    tick_at(NOW + 9 * NS_PER_DAY);
    const struct history_job *j = &history_jobs(h)[JOB_FORGET_TICKS];
    assert_int_equal(j->state, JOB_WAITS);
    assert_null(history_job_in_trouble(history_jobs(h), clock_wall()));
    assert_ptr_equal(history_job_in_trouble(history_jobs(h), clock_wall() + 4 * NS_PER_DAY), j);
    run_sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <>"
        " pg_backend_pid()");
    pg_close(reader, 1);
    uv_run(&other, UV_RUN_DEFAULT);
    uv_loop_close(&other);
    tick_at(NOW + 9 * NS_PER_DAY + NS_PER_HOUR);
    assert_int_equal(j->state, JOB_OK);
    end();
}

/* ---- maintenance of the past ---- */

#define DAY (NOW + 40 * NS_PER_DAY)

static void import_row(const char *subject, const char *start, const char *end)
{
    const struct history_row row = {{subject, start, end, "fan", "", "", NULL}};
    struct history_imported done;
    struct err err = {0};
    assert_int_equal(history_import(conninfo, HISTORY_MAINTENANCE, &row, 1, &done, &err), 0);
    assert_int_equal(done.added, 1);
}

static void keep(void *arg, struct maintenance *imported)
{
    struct maintenance **to = arg;
    maintenance_free(*to);
    *to = imported;
}

/* The same minutes, now in maintenance; up to and with `to`. */
/* A supply-day that ends at two o'clock, as it was said and as it is computed again. */
static const struct supply_days a_day = {(const float[SUPPLIES]){4, 4}, (const float[SUPPLIES]){2, 2},
                                         (const uint8_t[SUPPLIES]){0}, 14};
static const struct supply_days another_day = {
    (const float[SUPPLIES]){NAN, 5}, (const float[SUPPLIES]){NAN, 3}, (const uint8_t[SUPPLIES]){0}, 14};

static void compute_again(tstamp_ns from, tstamp_ns to)
{
    static const float score[SUPPLIES] = {NAN, 7};
    static const uint8_t reason[SUPPLIES] = {REASON_MAINTENANCE, 0};
    for (tstamp_ns t = from + NS_PER_MIN; t <= to; t += NS_PER_MIN) {
        struct tick tick = make_tick(t, score, reason);
        if (t == DAY + 2 * NS_PER_HOUR)
            tick.day = &another_day;
        assert_true(history_redo_tick(h, &tick));
        if (pg_queued(pg) > 8)
            settle();
    }
    settle();
}

static void maintenance_of_the_past_has_scores_computed_again(void **state)
{
    (void)state;
    none = maintenance_new();
    begin();
    for (int k = 1; k <= 300; k++) /* five hours */
        tick_of(DAY + k * NS_PER_MIN, k == 120 ? &a_day : NULL);
    int before = history_revision(h);
    tstamp_ns from, to;
    assert_false(history_redo(h, &from, &to));
    import_row("Q1", "2027-02-02T01:30Z", "2027-02-02T02:10Z");
    struct maintenance *imported = NULL;
    history_watch_imported(h, keep, &imported);
    settle();
    assert_non_null(imported);
    assert_int_equal(imported->n, 1);
    struct maintenance *kept = imported;
    history_watch_imported(h, keep, &imported); /* nothing new: nobody is told */
    settle();
    assert_ptr_equal(imported, kept);

    /* its tail reaches half an hour further: whole hours are affected */
    const struct history_revision next = {"m", "1", "2", "x", 0};
    history_put_revision(h, &next);
    history_put_maintenance(h, none, imported, 30 * NS_PER_MIN);
    settle();
    assert_true(history_redo(h, &from, &to));
    assert_true(from == DAY + NS_PER_HOUR && to == DAY + 3 * NS_PER_HOUR);
    compute_again(from, from + 90 * NS_PER_MIN); /* stopped half way: the hour that is whole is kept */
    end();
    struct maintenance *old = none;
    none = imported;
    begin();
    assert_true(history_redo(h, &from, &to));
    assert_true(from == DAY + 2 * NS_PER_HOUR && to == DAY + 3 * NS_PER_HOUR);
    compute_again(from, to);
    history_redo_end(h, to);
    settle();
    assert_false(history_redo(h, &from, &to));
    end();
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM recomputations"), 0);
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM scores WHERE supply = 'Q1' AND reason ="
                                  " 'maintenance' AND score IS NULL AND t > '2027-02-02T01:00Z' AND t <="
                                  " '2027-02-02T03:00Z'"),
                     120);
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM scores WHERE supply = 'Q1' AND reason = 'scored'"
                                  " AND t > '2027-02-02T00:00Z' AND t <= '2027-02-02T05:00Z'"),
                     180);
    /* hours too, under a revision of their own */
    char sql[300];
    snprintf(
        sql, sizeof sql,
        "SELECT count(*) FROM hours h JOIN supply_ids s ON s.id = h.supply WHERE s.name = 'Q1' AND h.t >="
        " '2027-02-02T01:00Z' AND h.t < '2027-02-02T03:00Z' AND h.scored = 0 AND h.revision > %d",
        before);
    assert_int_equal(query_number(conninfo, sql), 2);
    assert_int_equal(query_number(conninfo,
                                  "SELECT count(*) FROM hourly WHERE supply = 'Q1' AND scored = 60 AND t IN"
                                  " ('2027-02-02T00:00Z', '2027-02-02T03:00Z', '2027-02-02T04:00Z')"),
                     3);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM supply_days WHERE supply = 'Q2' AND chance"
                                            " = 5 AND any_chance = 3"),
                     1);
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM supply_days"), 1);
    maintenance_free(old);
}

/* Changed while psmon was not running: the next start finds out. Other ends are no new periods. */
static void a_start_finds_maintenance_that_was_changed_meanwhile(void **state)
{
    (void)state;
    tstamp_ns from, to;
    begin();
    assert_false(history_redo(h, &from, &to));
    end();
    maintenance_free(none);
    none = maintenance_new(); /* it was taken back */
    begin();
    settle();
    assert_true(history_redo(h, &from, &to));
    assert_true(from == DAY + NS_PER_HOUR);
    end();
    assert_int_equal(query_number(conninfo, "SELECT count(*) FROM recomputations"), 1);
    maintenance_free(none);
    none = NULL;
    run_sql("DELETE FROM recomputations");
}

int main(void)
{
    if (!getcwd(golden, sizeof golden - 40))
        return 1;
    snprintf(golden + strlen(golden), 40, "/tests/golden/history/schema-11.sql");
    postgres_leave_root();
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_filled_schema_of_the_version_before_is_taken_over),
        cmocka_unit_test(months_and_ticks_of_an_old_analysed_database_are_put_in_order),
        cmocka_unit_test(a_job_that_fails_says_so_until_it_does_not),
        cmocka_unit_test(a_table_in_use_is_waited_for_and_told_when_it_takes_days),
        cmocka_unit_test(maintenance_of_the_past_has_scores_computed_again),
        cmocka_unit_test(a_start_finds_maintenance_that_was_changed_meanwhile),
    };
    return cmocka_run_group_tests_name("archive_upkeep", tests, restore, discard);
}
