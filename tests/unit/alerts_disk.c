/* alerts: a disk that fails at the n-th call, for every n until none is left to fail. The story of two alarms
 * is told to a receiver once each, and its rows are those of an undisturbed run.
 * SPDX-License-Identifier: MIT */
#include "tests/alerts.h"
#include "tests/support/diskfaults.h"

#include <signal.h>

#define STORY 9
#define MESSAGES 4

static struct bench b;

/* Two alarms, one after the other; both return. */
static void story(void)
{
    struct finding f[2] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C02:Q1")};
    for (int m = 0; m < STORY; m++) {
        bool first = m < 3, second = m >= 1 && m < 5;
        bench_tick(&b, m, first ? f : f + 1, (size_t)(first + second));
        uv_run(&b.loop, UV_RUN_NOWAIT);
    }
}

/* All rows but wall-clock times; caller frees. */
static char *rows(void)
{
    return xasprintf(
        "%s\n%s\n%s",
        bench_value(
            "SELECT string_agg(occurrence || state || reason || contributors || coalesce(raised_at::text,"
            " '') || coalesce(returned_at::text, '') || told || owed, ';' ORDER BY occurrence) FROM alarms"),
        bench_value(
            "SELECT string_agg(occurrence || event || from_state || to_state || at, ';' ORDER BY occurrence,"
            " event) FROM alarm_transitions"),
        bench_value("SELECT string_agg(message || md5(body) || state, ';' ORDER BY message) FROM outbox"));
}

static bool received(const char *type, const char *occurrence)
{
    size_t times = 0;
    for (size_t i = 0; i < b.receiver[0].n; i++)
        times += strcmp(b.receiver[0].got[i].type, type) == 0 &&
                 strcmp(b.receiver[0].got[i].occurrence, occurrence) == 0;
    return times == 1;
}

/* One run with the n-th call failing; whether it came to that. *want: rows of an undisturbed run. */
static bool run_with(int n, enum disk_fault fault, const char *want)
{
    bench_open(&b);
    bench_start(&b);
    bench_until(&b, pg_up(b.pg), 10);
    disk_fail_at(n, fault);
    story();
    bench_delivered(&b, MESSAGES);
    bench_settle(&b);
    bool failed = disk_failed();
    disk_works();
    static const char *const types[] = {"psmon.alarm.raised", "psmon.alarm.returned"};
    for (size_t i = 0; i < 2; i++) {
        assert_true(received(types[i], "f1"));
        assert_true(received(types[i], "f2"));
    }
    bench_close(&b);
    char *got = rows();
    if (want)
        assert_string_equal(got, want);
    free(got);
    return failed;
}

static void alarms_are_told_once_and_kept_whichever_call_fails(void **state)
{
    (void)state;
    run_with(1 << 20, DISK_FAILS_ONCE, NULL);
    char *want = rows();
    for (enum disk_fault fault = 0; fault < DISK_FAULTS; fault++) {
        int n = 1;
        while (run_with(n, fault, want))
            n++;
        print_message("# fault %d: %d calls failed in turn\n", (int)fault, n - 1);
        assert_true(n > 8);
    }
    free(want);
}

/* What a tick changed is told when it is on disk, not when it is handed over. */
static void nothing_is_told_before_it_is_on_disk(void **state)
{
    (void)state;
    bench_open(&b);
    bench_start(&b);
    bench_until(&b, pg_up(b.pg), 10);
    struct finding f = bench_finding("f1", "SR:C01:Q1");
    disk_hold();
    bench_ticks(&b, 0, 2, &f, 1);
    bench_run(&b, 0.3);
    assert_int_equal(b.receiver[0].n, 0);
    assert_int_equal(bench_depth(&b), 1);
    assert_string_equal(bench_value("SELECT count(*) FROM alarms"), "0");
    disk_release();
    bench_delivered(&b, 1);
    bench_close(&b);
}

static bool says_it_is_not_durable(size_t i)
{
    assert_true(i < b.receiver[0].n && b.receiver[0].got[i].verified);
    return strstr(b.receiver[0].got[i].body, "\"durable\":false") != NULL;
}

static void with_the_database_away(void)
{
    bench_open(&b);
    assert_int_equal(postgres_ctl(bench_dir, "stop -m fast"), 0);
    bench_start(&b);
}

static void and_back(void)
{
    assert_int_equal(postgres_ctl(bench_dir, "start -w"), 0);
    bench_until(&b, pg_up(b.pg) && pg_queued(b.pg) == 0, 30);
}

/* Neither takes it: it is told all the same, as what it is, and kept when the database comes. */
static void an_alarm_that_neither_disk_nor_database_take_is_told_as_such(void **state)
{
    (void)state;
    with_the_database_away();
    disk_fail_at(1, DISK_IS_FULL);
    struct finding f = bench_finding("f1", "SR:C01:Q1");
    bench_ticks(&b, 0, 2, &f, 1);
    bench_delivered(&b, 1);
    assert_true(says_it_is_not_durable(0));
    assert_int_equal(pg_disk(b.pg), PG_DISK_REFUSES);
    and_back();
    disk_works();
    assert_string_equal(bench_value("SELECT state FROM alarms"), "UNACK");
    assert_string_equal(bench_value("SELECT body LIKE '%durable%' FROM outbox"), "f");
    bench_ticks(&b, 3, 6, NULL, 0);
    bench_delivered(&b, 2);
    assert_false(says_it_is_not_durable(1));
    assert_int_equal(pg_disk(b.pg), PG_DISK_WELL);
    bench_close(&b);
}

/* It waits for its receiver meanwhile: what is said then is what is so then. */
static void a_message_becomes_durable_when_the_database_takes_it(void **state)
{
    (void)state;
    with_the_database_away();
    b.receiver[0].status = 503;
    b.receiver[0].fail = 1 << 20;
    disk_fail_at(1, DISK_IS_FULL);
    struct finding f = bench_finding("f1", "SR:C01:Q1");
    bench_ticks(&b, 0, 2, &f, 1);
    bench_until(&b, b.receiver[0].n == 1, 10);
    assert_true(says_it_is_not_durable(0));
    and_back();
    size_t before = b.receiver[0].n;
    b.receiver[0].fail = 0;
    disk_works();
    bench_delivered(&b, before + 1);
    assert_false(says_it_is_not_durable(before));
    bench_close(&b);
}

/* Others have filled the disk: the spool has its space beforehand. */
static void a_full_disk_still_keeps_alarms(void **state)
{
    (void)state;
    run_with(1 << 20, DISK_FAILS_ONCE, NULL);
    char *want = rows();
    with_the_database_away();
    disk_fail_at(1, DISK_IS_FILLED);
    story();
    bench_delivered(&b, MESSAGES);
    assert_true(disk_failed());
    for (size_t i = 0; i < MESSAGES; i++)
        assert_false(says_it_is_not_durable(i));
    bench_stop(&b, 0); /* and psmon dies with it */
    assert_int_equal(postgres_ctl(bench_dir, "start -w"), 0);
    bench_start(&b);
    bench_until(&b, pg_up(b.pg) && pg_queued(b.pg) == 0, 30);
    disk_works();
    bench_close(&b);
    char *got = rows();
    assert_string_equal(got, want);
    free(got);
    free(want);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alarms_are_told_once_and_kept_whichever_call_fails),
        cmocka_unit_test(nothing_is_told_before_it_is_on_disk),
        cmocka_unit_test(an_alarm_that_neither_disk_nor_database_take_is_told_as_such),
        cmocka_unit_test(a_message_becomes_durable_when_the_database_takes_it),
        cmocka_unit_test(a_full_disk_still_keeps_alarms),
    };
    return cmocka_run_group_tests_name("alerts/disk", tests, bench_group_setup, bench_group_teardown);
}
