/* alerts: state over restarts, kill -9 at any instant, ticks computed twice, holes being filled,
 * acknowledgements, and a database that is away. SPDX-License-Identifier: MIT */
#include "tests/alerts.h"

#include <signal.h>

static struct bench b;

static int open_bench(void **state)
{
    (void)state;
    bench_open(&b);
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

static int acknowledge(const char *occurrence, const char *by, const char *note, tstamp_ns at,
                       char id[ALERTS_ID_LEN], struct err *err)
{
    const struct alerts_ack ack = {.run = "live", .occurrence = occurrence, .by = by, .note = note, .at = at};
    return alerts_acknowledge(bench_conninfo, &ack, id, err);
}

static const char *states(void)
{
    return bench_value("SELECT string_agg(occurrence || '=' || state, ' ' ORDER BY occurrence) FROM alarms");
}

static const char *events(void)
{
    return bench_value("SELECT string_agg(occurrence || ' ' || event, ',' ORDER BY at, occurrence, event)"
                       " FROM alarm_transitions");
}

/* After a kill -9 PostgreSQL refuses to start until its last child is gone. */
static void start_database(void)
{
    int tries = 0;
    while (postgres_ctl(bench_dir, "start -w") != 0 && tries++ < 20)
        usleep(300000);
    assert_true(tries < 20);
}

static struct alarm_view view(size_t i)
{
    const struct alarm_view *v;
    size_t n = alerts_active(b.alerts, &v);
    assert_true(i < n);
    return v[i];
}

static size_t n_active(void)
{
    const struct alarm_view *v;
    return alerts_active(b.alerts, &v);
}

static void delays_are_kept(void **state)
{
    (void)state;
    bench_start(&b);
    struct finding f = bench_finding("f1", "SR:C01:Q1");
    bench_ticks(&b, 0, 1, &f, 1);
    assert_string_equal(view(0).state, "PENDING");
    assert_true(view(0).raised == 0);
    bench_tick(&b, 2, &f, 1);
    assert_string_equal(view(0).state, "UNACK");
    assert_true(view(0).raised == BENCH_T0 + 2 * NS_PER_MIN);
    f.closed = BENCH_T0 + 3 * NS_PER_MIN;
    bench_tick(&b, 3, &f, 1); /* closed in this tick */
    bench_ticks(&b, 4, 5, NULL, 0);
    assert_string_equal(view(0).state, "UNACK");
    bench_tick(&b, 6, NULL, 0);
    assert_string_equal(view(0).state, "RTN_UNACK");
    bench_settle(&b);
    assert_string_equal(states(), "f1=RTN_UNACK");
    assert_string_equal(events(), "f1 begun,f1 raised,f1 returned");
}

static void gone_before_it_fires_tells_nobody(void **state)
{
    (void)state;
    bench_start(&b);
    struct finding f = bench_finding("f1", "SR:C01:Q1");
    bench_ticks(&b, 0, 1, &f, 1);
    bench_ticks(&b, 2, 4, NULL, 0); /* maintenance begins: the finding is suppressed when it would fire */
    bench_settle(&b);
    bench_run(&b, 0.1);
    assert_int_equal(b.receiver[0].n, 0);
    assert_string_equal(states(), "f1=NORMAL");
    assert_string_equal(events(), "f1 begun,f1 withdrawn");
}

static void chatter_is_one_occurrence(void **state)
{
    (void)state;
    bench_start(&b);
    struct finding f = bench_finding("f1", "SR:C01:Q1");
    bench_ticks(&b, 0, 2, &f, 1);
    for (int i = 0; i < 5;
         i++) { /* the finding closes and comes back under another name, within the off-delay */
        bench_ticks(&b, 3 + 4 * i, 4 + 4 * i, NULL, 0);
        snprintf(f.id, sizeof f.id, "f%d", i + 2);
        bench_ticks(&b, 5 + 4 * i, 6 + 4 * i, &f, 1);
    }
    bench_settle(&b);
    bench_delivered(&b, 1);
    bench_run(&b, 0.1);
    assert_int_equal(b.receiver[0].n, 1);
    assert_string_equal(states(), "f1=UNACK");
    assert_string_equal(bench_value("SELECT finding FROM alarms"), "f6");
}

static void a_new_life_is_a_new_occurrence(void **state)
{
    (void)state;
    bench_start(&b);
    struct finding f = bench_finding("f1", "SR:C01:Q1");
    bench_ticks(&b, 0, 2, &f, 1);
    bench_ticks(&b, 3, 6, NULL, 0);
    bench_ticks(&b, 7, 9, &f, 1); /* even when the finding has the same name */
    bench_settle(&b);
    assert_string_equal(states(), "f1=NORMAL f1-6b052984=UNACK"); /* and minute 7 */
    assert_string_equal(bench_value("SELECT event FROM alarm_transitions WHERE occurrence = 'f1'"
                                    " ORDER BY at DESC LIMIT 1"),
                        "superseded");
    bench_delivered(&b, 3);
}

/* Months of flapping findings that keep their names, with restarts in between and lives of all ages
 * forgotten: each life has its own row, its own transitions and its own messages. */
static void no_identifier_is_used_twice_in_months_of_flapping(void **state)
{
    (void)state;
    enum { FINDINGS = 3, LIVES = 70 };
    unsigned seed = 29;
    int minute = 0;
    bench_start(&b);
    for (int life = 0; life < LIVES; life++) {
        struct finding f[FINDINGS];
        for (int i = 0; i < FINDINGS; i++) {
            char id[8], subject[16];
            snprintf(id, sizeof id, "f%d", i);
            snprintf(subject, sizeof subject, "SR:C0%d:Q1", i);
            f[i] = bench_finding(id, subject);
        }
        bench_ticks(&b, minute, minute + 2, f, FINDINGS);
        bench_ticks(&b, minute + 3, minute + 6, NULL, 0);
        seed = seed * 1103515245 + 12345;
        minute += 10 +
                  (int)(seed >> 8) % (4 * 24 * 60); /* two days later on average, now and then over a week */
        minute += life % 10 == 9 ? 8 * 24 * 60 : 0;
        bench_until(&b, bench_depth(&b) == 0, 10);
        b.receiver[0].n = 0; /* it has room for some only */
        if (life % 7 == 6) {
            bench_settle(&b);
            bench_stop(&b, 5);
            bench_start(&b);
        }
    }
    assert_true(minute > 90 * 24 * 60);
    bench_settle(&b);
    char want[64];
    snprintf(want, sizeof want, "%d %d %d", FINDINGS * LIVES, FINDINGS * LIVES, 2 * FINDINGS * LIVES);
    assert_string_equal(
        bench_value("SELECT (SELECT count(*) FROM alarms WHERE raised_at IS NOT NULL) || ' ' || (SELECT"
                    " count(*) FROM alarm_transitions WHERE event = 'raised') || ' ' || (SELECT"
                    " count(*) FROM outbox WHERE state = 'delivered')"),
        want);
    assert_string_equal(bench_value("SELECT count(DISTINCT (occurrence, type)) FROM outbox"),
                        bench_value("SELECT count(DISTINCT message) FROM deliveries WHERE ok"));
}

/* The database is away at a start, and a finding lives anew whose last life is over, of which nobody knows:
 * once the database says so, it is told under a name of its own. */
static void a_life_that_took_an_old_name_gets_its_own(void **state)
{
    (void)state;
    bench_start(&b);
    struct finding f = bench_finding("f1", "SR:C01:Q1");
    bench_ticks(&b, 0, 2, &f, 1);
    bench_ticks(&b, 3, 6, NULL, 0);
    bench_delivered(&b, 2);
    bench_settle(&b);
    bench_stop(&b, 5);
    assert_int_equal(postgres_ctl(bench_dir, "stop -m fast"), 0);
    log_set_level((enum log_level) - 1);
    bench_start(&b);
    bench_ticks(&b, 7, 9, &f, 1);
    bench_delivered(&b, 3);
    assert_string_equal(b.receiver[0].got[2].occurrence, "f1");
    start_database();
    log_set_level(LOG_ERROR);
    bench_until(&b, b.receiver[0].n == 4, 15);
    bench_settle(&b);
    assert_string_equal(b.receiver[0].got[3].type, "psmon.alarm.raised");
    assert_string_equal(b.receiver[0].got[3].occurrence, "f1-6b052984");
    assert_string_not_equal(b.receiver[0].got[3].id, b.receiver[0].got[0].id);
    assert_string_equal(states(), "f1=RTN_UNACK f1-6b052984=UNACK");
    bench_ticks(&b, 10, 13, NULL, 0);
    bench_delivered(&b, 5);
    bench_settle(&b);
    assert_string_equal(
        bench_value("SELECT string_agg(event, ',' ORDER BY at) FROM alarm_transitions WHERE occurrence ="
                    " 'f1-6b052984'"),
        "begun,raised,returned");
}

/* Everything a run leaves that does not depend on the wall clock. */
static char *fingerprint(void)
{
    struct pg_rows *rows = NULL;
    struct err err = {0};
    if (pg_run(bench_conninfo,
               "SELECT md5(string_agg(x, '|' ORDER BY x)) || count(*) FROM ("
               " SELECT 'a' || a::text AS x FROM alarms a"
               " UNION ALL SELECT 't' || run || occurrence || event || from_state || to_state || "
               "at || which || coalesce(note, '') FROM"
               " alarm_transitions UNION ALL SELECT 'c' || run || occurrence || finding || subject || "
               "joined_at ||"
               " coalesce(closed_at::text, '') || coalesce(from_occurrence, '') FROM alarm_children UNION "
               "ALL SELECT 'o' || message || endpoint || occurrence || "
               "type || body"
               " FROM outbox) s",
               0, NULL, &rows, &err) != 0)
        fail_msg("%s", err.msg);
    char *out = strdup(rows->value[0]);
    pg_rows_free(rows);
    return out;
}

#define STORY 40

/* A story of four alarms: one that returns; two whose sector turns out to be the cause, so that one goes on
 * as the sector's and takes in the other; one of psmon itself that comes and goes. */
static void story_tick(int m)
{
    const struct finding f[5] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C02:Q1"),
                                 bench_finding("f3", "SR:C02:Q2"), bench_group("g", "C02", m < 26 ? 3 : 4),
                                 bench_finding("f4", "SR:C02:Q4")};
    const struct alerts_condition away = {"archiver", "no answer from the archiver since 03:04"};
    static const struct {
        int from, to; /* minutes in which it holds */
    } life[5] = {{0, 12}, {5, 33}, {8, STORY}, {16, STORY}, {24, STORY}};
    struct finding list[5];
    size_t n = 0;
    for (size_t i = 0; i < 5; i++)
        if (m >= life[i].from && m < life[i].to)
            list[n++] = f[i];
    bench_step(&b, m, list, n, &away, m >= 20 && m < 30, false);
}

static void the_same_ticks_twice_leave_the_same_rows(void **state)
{
    (void)state;
    bench_start(&b);
    for (int m = 0; m < STORY; m++)
        story_tick(m);
    bench_settle(&b);
    char *once = fingerprint();
    assert_string_equal(bench_value("SELECT count(*) FROM outbox"), "7");
    assert_string_equal(bench_value("SELECT string_agg(finding, ',' ORDER BY seq) FROM alarm_children WHERE"
                                    " occurrence = 'f2'"),
                        "f2,g,f3,f4");

    /* another process that knows the same state steps the same ticks again */
    bench_stop(&b, 5);
    bench_start(&b);
    for (int m = 0; m < STORY; m++)
        story_tick(m);
    bench_settle(&b);
    char *twice = fingerprint();
    assert_string_equal(once, twice);
    free(twice);

    /* and one that remembers nothing, beside it: the rows' keys see to it */
    bench_stop(&b, 5);
    bench_sql("CREATE SCHEMA aside; ALTER TABLE alarms SET SCHEMA aside; CREATE TABLE alarms (LIKE "
              "aside.alarms"
              " INCLUDING ALL)");
    bench_start(&b);
    for (int m = 0; m < STORY; m++)
        story_tick(m);
    bench_settle(&b);
    twice = fingerprint();
    bench_sql("DROP TABLE alarms; ALTER TABLE aside.alarms SET SCHEMA public; DROP SCHEMA aside");
    assert_string_equal(once, twice);
    free(twice);
    free(once);
}

/* A child steps the story and dies by SIGKILL somewhere in it; a second one goes on from a few
 * ticks before, as psmon does. Rows must be those of an undisturbed run, and no message may be
 * missing at the receiver. */
static void child(int from, int to, int die_at_us)
{
    pid_t pid = fork();
    if (pid == 0) {
        uv_loop_init(&b.loop);
        bench_start(&b);
        for (int m = from; m < to; m++) {
            story_tick(m);
            uv_run(&b.loop, UV_RUN_NOWAIT);
            usleep(1000);
        }
        if (die_at_us < 0) {
            bench_settle(&b);
            bench_stop(&b, 5);
            _exit(0);
        }
        pause();
    }
    if (die_at_us >= 0) {
        usleep((useconds_t)die_at_us);
        kill(pid, SIGKILL);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_true(die_at_us >= 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

static void kill_at_any_instant_loses_and_doubles_nothing(void **state)
{
    (void)state;
    b.options.n_webhooks = 1;
    snprintf(b.url[0], sizeof b.url[0], "http://127.0.0.1:9/nobody");
    child(0, STORY, -1);
    char *undisturbed = fingerprint();
    assert_string_equal(bench_value("SELECT count(*) FROM alarms WHERE raised_at IS NOT NULL"), "4");
    unsigned seed = 4711;
    for (int round = 0; round < 12; round++) {
        bench_sql("TRUNCATE alarms, alarm_children, alarm_transitions, alarm_acks, outbox, deliveries");
        seed = seed * 1103515245 + 12345;
        child(0, STORY, 20000 + (int)(seed >> 8) % 120000);
        if (round % 3 == 0) { /* the database dies as well */
            assert_int_equal(postgres_kill(bench_dir), 0);
            start_database();
        }
        child(0, STORY, -1);
        char *again = fingerprint();
        if (strcmp(undisturbed, again) != 0)
            fail_msg("round %d: %s", round, events());
        free(again);
    }
    free(undisturbed);
}

static void state_comes_back_after_a_restart(void **state)
{
    (void)state;
    bench_start(&b);
    struct finding f[3] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C02:Q1"),
                           bench_finding("f3", "SR:C03:Q1")};
    bench_ticks(&b, 0, 3, f, 2);
    bench_tick(&b, 4, f, 3); /* f3 pending */
    bench_delivered(&b, 2);
    bench_settle(&b);
    bench_stop(&b, 5);
    bench_start(&b);
    assert_int_equal(n_active(), 3);
    assert_string_equal(view(0).occurrence, "f1");
    assert_string_equal(view(0).state, "UNACK");
    assert_string_equal(view(0).text, "current 1.5 A above its set point");
    assert_near(view(0).chance, 0.025, 0, 0);
    assert_string_equal(view(2).state, "PENDING");
    bench_ticks(&b, 5, 6, f, 3); /* the on-delay was not begun anew */
    assert_string_equal(view(2).state, "UNACK");
    bench_delivered(&b, 3);
    bench_settle(&b);
    bench_run(&b, 0.1);
    assert_int_equal(b.receiver[0].n, 3);
}

static void what_was_not_delivered_is_after_a_restart(void **state)
{
    (void)state;
    static const double slow[] = {0, 600, 600, 600};
    b.options.retry_s = slow;
    b.receiver[0].status = 400;
    b.receiver[0].fail = 1;
    bench_start(&b);
    struct finding f = bench_finding("f1", "SR:C01:Q1");
    bench_ticks(&b, 0, 2, &f, 1);
    bench_until(&b, strcmp(bench_value("SELECT attempts FROM outbox"), "1") == 0, 5);
    bench_stop(&b, 5);
    bench_sql("UPDATE outbox SET next_at = now()");
    bench_start(&b);
    bench_delivered(&b, 2);
    assert_string_equal(b.receiver[0].got[0].id, b.receiver[0].got[1].id);
    assert_true(b.receiver[0].got[1].verified);
    bench_until(&b, strcmp(bench_value("SELECT state || attempts FROM outbox"), "delivered2") == 0, 5);
    bench_stop(&b, 5);
    /* an endpoint that is not configured any more is given up, and kept */
    bench_sql("INSERT INTO outbox (message, endpoint, run, occurrence, type, body, state, "
              "created_at, next_at)"
              " VALUES ('msg_x', 'http://old/', 'live', 'f0', 'psmon.alarm.raised', '{}', "
              "'waiting', now(), now())");
    bench_start(&b);
    bench_settle(&b);
    assert_string_equal(bench_value("SELECT state FROM outbox WHERE message = 'msg_x'"), "dead");
    assert_string_equal(bench_value("SELECT ok || error FROM deliveries WHERE message = 'msg_x'"),
                        "falsethe endpoint is not configured any more");
}

static void only_what_is_still_open_is_told_after_a_hole(void **state)
{
    (void)state;
    bench_start(&b);
    struct finding f[4] = {bench_finding("told", "SR:C01:Q1"), bench_finding("open", "SR:C02:Q1"),
                           bench_finding("over", "SR:C03:Q1"), bench_finding("late", "SR:C04:Q1")};
    bench_ticks(&b, 0, 2, f, 1);
    bench_delivered(&b, 1);
    /* psmon was away; it fills the hole: "told" ends, "over" comes and goes, "open" and "late" come
     */
    for (int m = 3; m <= 9; m++)
        bench_step(&b, m, f + 1, 2, NULL, 0, true);
    for (int m = 10; m <= 16; m++)
        bench_step(&b, m, f + 1, 1, NULL, 0, true);
    struct finding now[2] = {f[1], f[3]};
    bench_step(&b, 17, now, 2, NULL, 0, true);
    bench_settle(&b);
    bench_run(&b, 0.1);
    assert_int_equal(b.receiver[0].n, 1);
    bench_stop(&b, 5); /* even when killed in between */
    bench_start(&b);
    bench_tick(&b, 18, now, 2);
    bench_delivered(&b, 3);
    bench_tick(&b, 19, now, 2);
    bench_delivered(&b, 4);
    bench_settle(&b);
    bench_run(&b, 0.1);
    assert_int_equal(b.receiver[0].n, 4);
    assert_string_equal(
        bench_value("SELECT string_agg(occurrence || ' ' || type, ',' ORDER BY occurrence, seq)"
                    " FROM outbox"),
        "late psmon.alarm.raised,open psmon.alarm.raised,told psmon.alarm.raised,"
        "told psmon.alarm.returned");
    assert_string_equal(bench_value("SELECT count(*) FROM alarm_transitions WHERE occurrence = 'over'"), "3");
}

static void blindness_neither_raises_nor_ends_anything(void **state)
{
    (void)state;
    const struct alerts_condition away = {"archiver", "no answer from the archiver"};
    bench_start(&b);
    struct finding f[2] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C02:Q1")};
    bench_ticks(&b, 0, 2, f, 1);
    bench_tick(&b, 3, f, 2);
    for (int m = 4; m < 60; m++)
        alerts_step_blind(b.alerts, BENCH_T0 + m * NS_PER_MIN, &away, 1);
    assert_int_equal(n_active(), 3);
    assert_string_equal(view(0).state, "UNACK");
    assert_string_equal(view(1).state, "PENDING");
    assert_string_equal(view(2).state, "UNACK");
    assert_string_equal(view(2).class, "monitor");
    assert_string_equal(view(2).text, "no answer from the archiver");
    for (int m = 4; m < 60; m++) /* the hole is filled, in times before the last blind step */
        bench_step(&b, m, f, 2, NULL, 0, true);
    bench_tick(&b, 60, f, 2);
    bench_tick(&b, 63, f, 2);
    assert_string_equal(view(0).state, "UNACK");
    assert_string_equal(view(1).state, "UNACK");
    assert_string_equal(view(2).state, "RTN_UNACK");
    bench_delivered(&b, 4);
    bench_settle(&b);
    assert_string_equal(bench_value("SELECT string_agg(split_part(occurrence, '-', 1) || ' ' ||"
                                    " split_part(type, '.', 3), ',' ORDER BY seq) FROM outbox"),
                        "f1 raised,psmon raised,f2 raised,psmon returned");
}

/* A catch-up runs through a day in seconds: what psmon says of itself meanwhile is of these seconds. */
static void recorded_time_neither_raises_nor_ends_what_psmon_says_of_itself(void **state)
{
    (void)state;
    const struct alerts_condition away = {"database", "the database is away"};
    bench_start(&b);
    for (int m = 0; m < 60; m++)
        bench_step(&b, m, NULL, 0, &away, 1, true);
    bench_tick(&b, 60, NULL, 0);
    assert_int_equal(n_active(), 0);
    for (int m = 61; m < 64; m++)
        bench_step(&b, m, NULL, 0, &away, 1, false);
    assert_string_equal(view(0).state, "UNACK");
    for (int m = 64; m < 120; m++) /* away while a hole is filled, too: it has not come back */
        bench_step(&b, m, NULL, 0, NULL, 0, true);
    bench_step(&b, 120, NULL, 0, &away, 1, false);
    assert_string_equal(view(0).state, "UNACK");
    bench_delivered(&b, 1);
    bench_settle(&b);
    assert_string_equal(bench_value("SELECT count(*) FROM alarms"), "1");
}

static void an_acknowledgement_reaches_the_running_monitor(void **state)
{
    (void)state;
    char id[ALERTS_ID_LEN];
    struct err err = {0};
    bench_start(&b);
    struct finding f[2] = {bench_finding("abc1", "SR:C01:Q1"), bench_finding("abd1", "SR:C02:Q1")};
    bench_ticks(&b, 0, 2, f, 2);
    bench_settle(&b);
    assert_int_equal(acknowledge("ab", "eve", "", BENCH_T0, id, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, "2 open alarms"));
    assert_int_equal(acknowledge("x", "eve", "", BENCH_T0, id, &err), ERR_DATA);
    assert_int_equal(acknowledge("", "eve", "", BENCH_T0, id, &err), ERR_DATA);
    assert_int_equal(acknowledge("abc", "eve", "looking", BENCH_T0 + NS_PER_HOUR, id, &err), 0);
    assert_string_equal(id, "abc1");
    assert_string_equal(states(), "abc1=ACK abd1=UNACK");
    bench_delivered(&b, 3);
    assert_string_equal(b.receiver[0].got[2].type, "psmon.alarm.acknowledged");
    assert_string_equal(b.receiver[0].got[2].occurrence, "abc1");
    assert_string_equal(view(0).state, "ACK");
    assert_true(view(0).acknowledged);
    assert_string_equal(view(0).acknowledged_by, "eve");
    assert_string_equal(view(0).note, "looking");
    assert_string_equal(view(1).state, "UNACK");
    bench_until(&b, strcmp(bench_value("SELECT count(applied_at) FROM alarm_acks"), "1") == 0, 5);
    assert_int_equal(acknowledge("abc1", "mallory", "", BENCH_T0, id, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, "by eve"));
    bench_ticks(&b, 3, 9, NULL, 0);
    bench_settle(&b);
    assert_string_equal(states(), "abc1=NORMAL abd1=RTN_UNACK");
    assert_string_equal(
        bench_value("SELECT acknowledged_by || ' ' || note FROM alarms WHERE occurrence = 'abc1'"),
        "eve looking");
    assert_string_equal(bench_value("SELECT by_whom FROM alarm_transitions WHERE event = 'acknowledged'"),
                        "eve");
}

static void an_acknowledgement_without_a_monitor_waits(void **state)
{
    (void)state;
    char id[ALERTS_ID_LEN];
    struct err err = {0};
    bench_start(&b);
    struct finding f[2] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C02:Q1")};
    bench_ticks(&b, 0, 2, f, 2);
    bench_ticks(&b, 3, 6, f, 1); /* f2 returns */
    bench_delivered(&b, 3);
    bench_settle(&b);
    bench_stop(&b, 5);
    tstamp_ns at = BENCH_T0 + 8 * NS_PER_MIN;
    assert_int_equal(acknowledge("f1", "eve", "", at, id, &err), 0);
    assert_int_equal(acknowledge("f2", "eve", "", at, id, &err), 0);
    assert_string_equal(states(), "f1=ACK f2=NORMAL");
    struct pg_rows *rows = NULL;
    assert_int_equal(alerts_list(bench_conninfo, "live", &rows, &err), 0);
    assert_int_equal(rows->n_rows, 1);
    pg_rows_free(rows);
    bench_start(&b);
    bench_tick(&b, 9, f, 1);
    bench_delivered(&b, 5);
    assert_string_equal(b.receiver[0].got[3].type, "psmon.alarm.acknowledged");
    assert_string_equal(b.receiver[0].got[4].type, "psmon.alarm.acknowledged");
    bench_settle(&b);
    assert_int_equal(n_active(), 1);
    assert_string_equal(view(0).state, "ACK");
    assert_string_equal(states(), "f1=ACK f2=NORMAL");
    bench_stop(&b, 5); /* told once, not at every start */
    bench_start(&b);
    bench_run(&b, 0.3);
    assert_int_equal(b.receiver[0].n, 5);
}

static void the_database_may_be_away_while_running(void **state)
{
    (void)state;
    bench_start(&b);
    struct finding f = bench_finding("f1", "SR:C01:Q1");
    bench_tick(&b, 0, &f, 1);
    bench_settle(&b);
    log_set_level((enum log_level) - 1);
    assert_int_equal(postgres_ctl(bench_dir, "stop -m immediate"), 0);
    bench_ticks(&b, 1, 2, &f, 1);
    bench_delivered(&b, 1); /* people are told nevertheless */
    bench_ticks(&b, 3, 6, NULL, 0);
    bench_delivered(&b, 2);
    bench_stop(&b, 0); /* and psmon is restarted, still without it */
    bench_start(&b);
    assert_int_equal(n_active(), 0);
    struct finding g = bench_finding("f2", "SR:C02:Q1");
    bench_ticks(&b, 7, 9, &g, 1);
    bench_delivered(&b, 3);
    start_database();
    log_set_level(LOG_ERROR);
    bench_until(&b, n_active() == 2, 15);
    bench_settle(&b);
    assert_string_equal(states(), "f1=RTN_UNACK f2=UNACK");
    assert_string_equal(events(), "f1 begun,f1 raised,f1 returned,f2 begun,f2 raised");
    /* f1's messages were delivered before the results could be kept: those were spooled too */
    bench_run(&b, 0.3);
    assert_int_equal(b.receiver[0].n, 3);
    assert_string_equal(bench_value("SELECT string_agg(state, ',') FROM outbox"),
                        "delivered,delivered,delivered");
}

static void what_the_database_knew_wins_when_it_comes_late(void **state)
{
    (void)state;
    char id[ALERTS_ID_LEN];
    struct err err = {0};
    bench_start(&b);
    struct finding f[2] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C02:Q1")};
    bench_ticks(&b, 0, 2, f, 2);
    bench_delivered(&b, 2);
    bench_settle(&b);
    bench_stop(&b, 5);
    assert_int_equal(acknowledge("f1", "eve", "", BENCH_T0, id, &err), 0);
    assert_int_equal(postgres_ctl(bench_dir, "stop -m fast"), 0);
    log_set_level((enum log_level) - 1);
    bench_start(&b);
    snprintf(f[1].id, sizeof f[1].id,
             "f9"); /* the same thing under a new name: its old one was not to be had */
    bench_ticks(&b, 10, 12, f, 2);
    bench_delivered(&b, 4); /* doubt: told again, f1 under the same webhook-id */
    start_database();
    log_set_level(LOG_ERROR);
    bench_delivered(&b, 6);
    bench_settle(&b);
    assert_string_equal(states(), "f1=ACK f2=UNACK f9=NORMAL");
    assert_int_equal(n_active(), 2);
    bool same_id = false, continued = false, acknowledged = false;
    for (size_t i = 2; i < 6; i++) {
        const struct received *g = &b.receiver[0].got[i];
        same_id |= strcmp(g->id, b.receiver[0].got[0].id) == 0 || strcmp(g->id, b.receiver[0].got[1].id) == 0;
        continued |= strcmp(g->occurrence, "f9") == 0 && strcmp(g->continued_as, "f2") == 0;
        acknowledged |= strcmp(g->type, "psmon.alarm.acknowledged") == 0;
    }
    assert_true(same_id);
    assert_true(continued);
    assert_true(acknowledged);
    bench_ticks(&b, 13, 14, f, 2);
    assert_int_equal(n_active(), 2);
    bench_settle(&b);
    assert_string_equal(states(), "f1=ACK f2=UNACK f9=NORMAL");
}

static void a_replay_keeps_alarms_and_sends_nothing(void **state)
{
    (void)state;
    b.options.run = "replay-1";
    b.options.send = false;
    b.options.heartbeat = NS_PER_S / 4;
    bench_start(&b);
    for (int m = 0; m < STORY; m++)
        story_tick(m);
    bench_settle(&b);
    bench_run(&b, 0.4);
    assert_int_equal(b.receiver[0].n, 0);
    assert_string_equal(bench_value("SELECT count(*) FROM outbox"), "0");
    assert_string_equal(
        bench_value("SELECT count(*) FROM alarms WHERE run = 'replay-1' AND raised_at IS NOT NULL"), "4");
}

static void a_bad_secret_is_an_error_of_the_configuration(void **state)
{
    (void)state;
    struct err err = {0};
    bench_start(&b);
    struct alerts *a = NULL;
    b.hooks[0].secret.clear = "whsec_short";
    assert_int_equal(alerts_open(&a, &b.loop, b.pg, bench_conninfo, b.http, &b.options, &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, "http://127.0.0.1:"));
    assert_null(strstr(err.msg, "hook0"));
    assert_null(strstr(err.msg, "token"));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_bench, close_bench)
    const struct CMUnitTest tests[] = {
        CASE(delays_are_kept),
        CASE(gone_before_it_fires_tells_nobody),
        CASE(chatter_is_one_occurrence),
        CASE(a_new_life_is_a_new_occurrence),
        CASE(no_identifier_is_used_twice_in_months_of_flapping),
        CASE(a_life_that_took_an_old_name_gets_its_own),
        CASE(the_same_ticks_twice_leave_the_same_rows),
        CASE(kill_at_any_instant_loses_and_doubles_nothing),
        CASE(state_comes_back_after_a_restart),
        CASE(what_was_not_delivered_is_after_a_restart),
        CASE(only_what_is_still_open_is_told_after_a_hole),
        CASE(blindness_neither_raises_nor_ends_anything),
        CASE(recorded_time_neither_raises_nor_ends_what_psmon_says_of_itself),
        CASE(an_acknowledgement_reaches_the_running_monitor),
        CASE(an_acknowledgement_without_a_monitor_waits),
        CASE(the_database_may_be_away_while_running),
        CASE(what_the_database_knew_wins_when_it_comes_late),
        CASE(a_replay_keeps_alarms_and_sends_nothing),
        CASE(a_bad_secret_is_an_error_of_the_configuration),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
