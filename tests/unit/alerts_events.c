/* alerts: one event is one occurrence, and alarms are few, whatever happens on the ring; with a real database
 * and a receiver. SPDX-License-Identifier: MIT */
#include "tests/alerts.h"

#include <stdio.h>

static struct bench b;

static int open_bench(void **state)
{
    (void)state;
    bench_open(&b);
    bench_start(&b);
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

static void restart(void)
{
    bench_settle(&b);
    bench_stop(&b, 5);
    bench_start(&b);
}

static const char *states(void)
{
    return bench_value("SELECT string_agg(occurrence || '=' || state, ' ' ORDER BY occurrence) FROM alarms");
}

/* What the outbox has, in order. */
static const char *told(void)
{
    return bench_value(
        "SELECT string_agg(split_part(occurrence, '-', 1) || ' ' || split_part(type, '.', 3), ','"
        " ORDER BY seq) FROM outbox");
}

static const char *history_of(const char *occurrence)
{
    char sql[400];
    snprintf(sql, sizeof sql,
             "SELECT string_agg(event || coalesce(' ' || note, ''), '; ' ORDER BY at, event, which)"
             " FROM alarm_transitions WHERE occurrence = '%s'",
             occurrence);
    return bench_value(sql);
}

static const char *children_of(const char *occurrence)
{
    char sql[400];
    snprintf(
        sql, sizeof sql,
        "SELECT string_agg(subject || CASE WHEN closed_at IS NULL THEN '' ELSE ' over' END, ',' ORDER BY seq)"
        " FROM alarm_children WHERE occurrence = '%s'",
        occurrence);
    return bench_value(sql);
}

static const struct alarm_view *views(size_t *n)
{
    const struct alarm_view *v;
    *n = alerts_active(b.alerts, &v);
    return v;
}

#define N(list) (sizeof(list) / sizeof *(list))

static void a_group_takes_over_the_alarm_of_its_first_member(void **state)
{
    (void)state;
    struct finding f[3] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C01:Q2"),
                           bench_group("g", "C01", 4)};
    bench_ticks(&b, 0, 5, f, 1);
    bench_ticks(&b, 6, 10, f, 2);
    bench_delivered(&b, 2);
    bench_ticks(&b, 60, 70, f, 3); /* within the hour the cause is known */
    bench_settle(&b);
    assert_string_equal(told(), "f1 raised,f2 raised,f1 grown");
    assert_string_equal(states(), "f1=UNACK f2=NORMAL");
    assert_string_equal(bench_value("SELECT subject || ' ' || class || ' ' || children FROM alarms WHERE"
                                    " occurrence = 'f1'"),
                        "C01 common 4");
    assert_string_equal(history_of("f1"),
                        "begun; raised; grown from SR:C01:Q1 to C01: current moved together in 4"
                        " supplies; grown took in alarm f2 of SR:C01:Q2");
    assert_string_equal(history_of("f2"), "begun; raised; folded into f1");
    assert_string_equal(children_of("f1"), "SR:C01:Q1,C01,SR:C01:Q2");
    bench_delivered(&b, 3);
    const char *body = b.receiver[0].got[2].body;
    assert_string_equal(b.receiver[0].got[2].occurrence, "f1");
    assert_non_null(strstr(body, "\"folded\":[\"f2\"],\"n_folded\":1"));
    assert_non_null(strstr(
        body, "\"findings\":3,\"open_findings\":3,\"subjects\":[\"SR:C01:Q1\",\"C01\",\"SR:C01:Q2\"]"));
    assert_non_null(strstr(body, "\"supplies\":4"));
}

static void members_found_after_their_group_are_rows_of_its_alarm(void **state)
{
    (void)state;
    struct finding f[4] = {bench_group("g", "water:W01A", 2), bench_finding("f1", "SR:C01:Q1"),
                           bench_finding("f2", "SR:C01:Q2"), bench_finding("f3", "SR:C01:Q3")};
    bench_ticks(&b, 0, 5, f, 1);
    bench_ticks(&b, 50, 60, f, 3);
    bench_settle(&b);
    assert_string_equal(states(), "g=UNACK");
    assert_string_equal(told(), "g raised");
    bench_ticks(&b, 61, 70, f, 4); /* but not the supply of another circuit */
    bench_settle(&b);
    assert_string_equal(told(), "g raised,f3 raised");
    assert_string_equal(children_of("g"), "water:W01A,SR:C01:Q1,SR:C01:Q2");
}

static void an_event_has_its_group_s_name_when_all_come_at_once(void **state)
{
    (void)state;
    struct finding f[3] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C01:Q2"),
                           bench_group("g", "C01", 4)};
    bench_ticks(&b, 0, 5, f, 3);
    bench_settle(&b);
    assert_string_equal(states(), "g=UNACK");
    assert_string_equal(told(), "g raised");
    assert_string_equal(history_of("g"), "begun; raised");
}

static void an_event_that_grows_from_sectors_to_the_ring_is_one_alarm(void **state)
{
    (void)state;
    struct finding f[4] = {bench_group("s1", "C01", 4), bench_group("s2", "C02", 4),
                           bench_group("s3", "C03", 4), bench_group("ring", "*", 120)};
    bench_ticks(&b, 0, 5, f, 2);
    bench_ticks(&b, 6, 7, f, 3); /* the third is within its on-delay yet */
    restart();
    bench_ticks(&b, 8, 20, f, 4);
    bench_settle(&b);
    assert_string_equal(states(), "s1=UNACK s2=NORMAL s3=NORMAL");
    assert_string_equal(told(), "s1 raised,s2 raised,s1 grown");
    assert_string_equal(children_of("s1"), "C01,*,C02,C03");
    struct finding closed[4];
    memcpy(closed, f, sizeof closed);
    for (int i = 0; i < 3; i++)
        closed[i].closed = BENCH_T0 + 21 * NS_PER_MIN;
    bench_tick(&b, 21, closed, 4);
    bench_ticks(&b, 22, 30, f + 3, 1); /* its parts do not return by themselves */
    bench_settle(&b);
    assert_string_equal(children_of("s1"), "C01 over,*,C02 over,C03 over");
    bench_ticks(&b, 31, 40, NULL, 0);
    bench_settle(&b);
    assert_string_equal(told(), "s1 raised,s2 raised,s1 grown,s1 returned");
    bench_delivered(&b, 4);
    assert_non_null(strstr(b.receiver[0].got[3].body, "\"folded\":[\"s2\"]"));
    assert_string_equal(states(), "s1=RTN_UNACK s2=NORMAL s3=NORMAL");
}

static void an_event_is_open_as_long_as_one_of_its_findings(void **state)
{
    (void)state;
    struct finding f[2] = {bench_group("g", "C01", 4), bench_finding("f1", "SR:C01:Q1")};
    bench_ticks(&b, 0, 5, f, 2);
    bench_ticks(&b, 6, 30, f + 1, 1); /* the group's part is over, a member's goes on */
    size_t n;
    const struct alarm_view *v = views(&n);
    assert_int_equal(n, 1);
    assert_string_equal(v[0].state, "UNACK");
    assert_string_equal(v[0].subject, "C01");
    assert_int_equal(v[0].n_findings, 2);
    assert_int_equal(v[0].n_open, 1);
    assert_true(alerts_child(v, 0)->closed == BENCH_T0 + 6 * NS_PER_MIN);
    assert_string_equal(alerts_child(v, 1)->subject, "SR:C01:Q1");
    bench_ticks(&b, 31, 35, NULL, 0);
    assert_string_equal(views(&n)[0].state, "RTN_UNACK");
    bench_settle(&b);
    assert_string_equal(told(), "g raised,g returned");
}

static void growing_from_three_supplies_to_sixteen_is_history_and_no_alarm(void **state)
{
    (void)state;
    struct finding g = bench_group("g", "*", 3);
    bench_ticks(&b, 0, 5, &g, 1);
    g = bench_group("g", "*", 5);
    bench_tick(&b, 6, &g, 1);
    restart();
    g = bench_group("g", "*", 16);
    bench_ticks(&b, 7, 9, &g, 1);
    bench_settle(&b);
    assert_string_equal(told(), "g raised");
    assert_string_equal(history_of("g"),
                        "begun; raised; grown from 3 to 5 supplies: current moved together in 5 supplies;"
                        " grown from 5 to 16 supplies: current moved together in 16 supplies");
    assert_string_equal(bench_value("SELECT children FROM open_alarms"), "16");
}

static void an_acknowledgement_survives_growth(void **state)
{
    (void)state;
    char id[ALERTS_ID_LEN];
    struct err err = {0};
    struct finding f[3] = {bench_finding("f1", "SR:C01:Q1"), bench_group("g", "C01", 4),
                           bench_group("r", "*", 99)};
    bench_ticks(&b, 0, 5, f, 1);
    bench_settle(&b);
    const struct alerts_ack ack = {
        .run = "live", .occurrence = "f1", .by = "eve", .note = "seen", .at = BENCH_T0};
    assert_int_equal(alerts_acknowledge(bench_conninfo, &ack, id, &err), 0);
    bench_delivered(&b, 2);
    bench_ticks(&b, 6, 9, f, 2);
    bench_delivered(&b, 3);
    restart();
    bench_ticks(&b, 10, 40, f, 3); /* told once that it has grown, and not again */
    bench_settle(&b);
    assert_string_equal(states(), "f1=ACK");
    assert_string_equal(told(), "f1 raised,f1 acknowledged,f1 grown");
    assert_string_equal(bench_value("SELECT subject || ' ' || acknowledged_by || ' ' || note FROM alarms"),
                        "* eve seen");
    assert_non_null(strstr(b.receiver[0].got[2].body, "\"by\":\"eve\""));
}

static void a_fault_of_a_member_has_its_own_alarm_beside_its_group_s(void **state)
{
    (void)state;
    struct finding f[3] = {bench_group("g", "C01", 4), bench_finding("f1", "SR:C01:Q1"),
                           bench_finding("f2", "SR:C01:Q1")};
    f[1].onset = BENCH_T0 + 20 * NS_PER_HOUR; /* much later */
    f[2].onset = f[1].onset + 5 * NS_PER_HOUR;
    snprintf(f[2].signal, sizeof f[2].signal, "voltage"); /* and another one of the same supply */
    bench_ticks(&b, 0, 5, f, 1);
    bench_ticks(&b, 1400, 1405, f, 2);
    bench_ticks(&b, 1700, 1705, f, 3);
    bench_settle(&b);
    assert_string_equal(states(), "f1=UNACK f2=UNACK g=UNACK");
}

static void what_waits_of_a_folded_alarm_is_not_delivered_after_an_outage(void **state)
{
    (void)state;
    struct finding f[3] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C01:Q2"),
                           bench_group("g", "C01", 4)};
    b.receiver[0].status = 503;
    b.receiver[0].fail = 1 << 20;
    bench_ticks(&b, 0, 5, f, 2);
    bench_ticks(&b, 6, 9, f, 3);
    bench_settle(&b);
    bench_until(
        &b,
        strcmp(bench_value("SELECT string_agg(occurrence || ' ' || state, ',' ORDER BY seq) FROM outbox"),
               "f1 waiting,f2 superseded,f1 waiting") == 0,
        5);
    b.receiver[0].fail = 0;
    bench_until(&b, bench_depth(&b) == 0, 10);
    bench_settle(&b);
    assert_string_equal(
        bench_value("SELECT string_agg(occurrence || ' ' || state, ',' ORDER BY seq) FROM outbox"),
        "f1 delivered,f2 superseded,f1 delivered");
}

/* ---- floods ---- */

/* How many alarms have been told of so far: raised, or grown. */
static long alarms_told(void)
{
    bench_settle(&b);
    return strtol(bench_value("SELECT count(*) FROM outbox WHERE type IN ('psmon.alarm.raised',"
                              " 'psmon.alarm.grown')"),
                  NULL, 10);
}

#define MINUTES 100
static long told_by[MINUTES]; /* minute */

/* The most in any ten minutes. */
static long worst_of(int minutes)
{
    long worst = 0;
    for (int m = 0; m < minutes; m++) {
        long n = told_by[m] - (m < 10 ? 0 : told_by[m - 10]);
        worst = n > worst ? n : worst;
    }
    return worst;
}

enum { SECTORS = 40, RING = 4 * SECTORS, ALL = RING + SECTORS };

/* A whole ring's event: every supply, then every sector, and at last the ring itself. */
static size_t ring_event(struct finding f[ALL + 1], int minute)
{
    char id[16], subject[24];
    size_t n = 0;
    for (int s = 1; s <= SECTORS && minute < 60; s++)
        for (int q = 1; q <= 4; q++) {
            snprintf(id, sizeof id, "f%d.%d", s, q);
            snprintf(subject, sizeof subject, "SR:C%02d:Q%d", s, q);
            if (minute >= s / 4) /* they come within ten minutes */
                f[n++] = bench_finding(id, subject);
        }
    for (int s = 1; s <= SECTORS && minute >= 20 && minute < 70; s++) {
        snprintf(id, sizeof id, "s%d", s);
        snprintf(subject, sizeof subject, "C%02d", s);
        f[n++] = bench_group(id, subject, 4);
    }
    if (minute >= 40 && minute < 80)
        f[n++] = bench_group("ring", "*", RING);
    return n;
}

static void at_most_ten_alarms_in_ten_minutes_whatever_happens_on_the_ring(void **state)
{
    (void)state;
    static struct finding f[ALL + 1];
    for (int m = 0; m < MINUTES; m++) {
        size_t n = ring_event(f, m);
        bench_tick(&b, m, f, n);
        told_by[m] = alarms_told();
        if (m == 11) { /* before groups are known: nothing is lost */
            bench_settle(&b);
            assert_string_equal(bench_value("SELECT count(*) FROM open_alarms WHERE class = 'equipment'"),
                                "156");
            assert_string_equal(bench_value("SELECT count(*) FROM open_alarms WHERE flood IS NULL"), "10");
            assert_non_null(strstr(bench_value("SELECT reason FROM open_alarms WHERE class = 'monitor'"),
                                   ": 147 more, in C"));
            restart();
        }
    }
    bench_settle(&b);
    assert_int_equal(worst_of(MINUTES), 10);
    /* one alarm is left of all: the ring's, with each finding */
    assert_string_equal(
        bench_value("SELECT count(*) FROM alarms WHERE state <> 'NORMAL' AND class <> 'monitor'"), "1");
    assert_string_equal(
        bench_value("SELECT alarms.subject || ' ' || count(*) FROM alarms JOIN alarm_children c USING (run,"
                    " occurrence) WHERE state <> 'NORMAL' AND alarms.class <> 'monitor' GROUP BY"
                    " alarms.subject"),
        "* 201");
}

static void what_a_flood_held_back_is_said_when_it_is_over(void **state)
{
    (void)state;
    static struct finding f[30];
    char id[16], subject[24];
    for (size_t i = 0; i < N(f); i++) {
        snprintf(id, sizeof id, "f%02zu", i);
        snprintf(subject, sizeof subject, "SR:C%02zu:Q%zu", i / 2 + 1, i % 2 + 1);
        f[i] = bench_finding(id, subject);
        f[i].chance = i == 29 ? 1e-9 : 0.5;
    }
    bench_ticks(&b, 0, 2, f, 30);
    bench_settle(&b);
    assert_string_equal(bench_value("SELECT count(*) FROM outbox"), "10");
    assert_string_equal(bench_value("SELECT count(*) FROM open_alarms"), "31");
    assert_string_equal(bench_value("SELECT occurrence FROM outbox ORDER BY seq LIMIT 1"),
                        "f29"); /* the least by chance */
    bench_delivered(&b, 10);
    const struct received *last = &b.receiver[0].got[9];
    assert_non_null(strstr(last->body, "21 more, in C05 (2), C06 (2)"));
    restart();
    bench_ticks(&b, 3, 8, f, 20); /* ten of them have gone */
    bench_ticks(&b, 9, 30, f, 20);
    bench_settle(&b);
    bench_delivered(&b, 12); /* f29 has returned, and so has the flood's */
    const struct received *over = &b.receiver[0].got[11];
    assert_string_equal(over->type, "psmon.alarm.returned");
    assert_string_equal(over->occurrence, last->occurrence);
    assert_non_null(strstr(over->body, "that were not told one by one: 21, of which open now: 12; in C"));
    assert_string_equal(bench_value("SELECT count(*) FROM alarm_transitions WHERE event = 'raised'"), "31");
    long before = alarms_told();
    bench_ticks(&b, 31, 40, f,
                30); /* what comes back is a new life, and told: one that was told, others too */
    assert_int_equal(alarms_told() - before, 10);
}

static void after_a_hole_a_hundred_open_alarms_are_ten_messages(void **state)
{
    (void)state;
    static struct finding f[100];
    char id[16], subject[24];
    for (size_t i = 0; i < N(f); i++) {
        snprintf(id, sizeof id, "f%02zu", i);
        snprintf(subject, sizeof subject, "SR:C%02zu:Q%zu", i / 4 + 1, i % 4 + 1);
        f[i] = bench_finding(id, subject);
    }
    for (int m = 0; m < 10; m++)
        bench_step(&b, m, f, N(f), NULL, 0, true);
    bench_tick(&b, 10, f, N(f));
    bench_settle(&b);
    assert_string_equal(bench_value("SELECT count(*) FROM outbox"), "10");
    assert_string_equal(bench_value("SELECT count(*) FROM alarms WHERE flood IS NOT NULL"), "91");
}

/* ---- the database ---- */

static void what_the_database_knew_of_an_event_wins_when_it_comes_late(void **state)
{
    (void)state;
    struct finding f[4] = {bench_finding("f1", "SR:C01:Q1"), bench_group("g", "C01", 4),
                           bench_finding("f2", "SR:C01:Q2"), bench_finding("f3", "SR:C01:Q3")};
    bench_ticks(&b, 0, 5, f, 3);
    bench_settle(&b);
    assert_string_equal(states(), "g=UNACK");
    bench_ticks(&b, 6, 9, f, 1);
    bench_settle(&b);
    bench_stop(&b, 5);
    assert_int_equal(postgres_ctl(bench_dir, "stop -m fast"), 0);
    log_set_level((enum log_level) - 1);
    bench_start(&b);
    struct finding later[2] = {f[0], f[3]};
    bench_ticks(&b, 10, 15, later, 2); /* without the group's, two alarms */
    assert_int_equal(postgres_ctl(bench_dir, "start -w"), 0);
    bench_until(&b, pg_up(b.pg) && pg_queued(b.pg) == 0, 15);
    log_set_level(LOG_ERROR);
    bench_run(&b, 0.6);
    bench_ticks(&b, 16, 17, later, 2);
    bench_settle(&b);
    assert_string_equal(states(), "f1=NORMAL f3=UNACK g=UNACK");
    assert_string_equal(
        bench_value("SELECT body::jsonb->'data'->>'continued_as' FROM outbox WHERE occurrence = 'f1'"
                    " AND type = 'psmon.alarm.returned'"),
        "g");
}

static void an_open_alarm_of_an_earlier_psmon_goes_on_as_an_event(void **state)
{
    (void)state;
    struct finding f[2] = {bench_finding("f1", "SR:C01:Q1"), bench_group("g", "C01", 4)};
    bench_ticks(&b, 0, 5, f, 1);
    bench_settle(&b);
    bench_stop(&b, 5);
    bench_sql("DROP VIEW open_alarms; DROP TABLE alarm_children; ALTER TABLE alarms DROP announced_at, DROP "
              "grown_at,"
              " DROP flood, DROP folded_into; ALTER TABLE alarm_transitions DROP which, ADD PRIMARY KEY (run,"
              " occurrence, event); UPDATE alarms SET key = 'SR:C01:Q1|level';"
              "DELETE FROM psmon_schema WHERE component = 'alerts' AND version > 6");
    struct err err = {0};
    assert_int_equal(alerts_migrate(bench_conninfo, &err), 0);
    bench_start(&b);
    bench_ticks(&b, 6, 9, f, 2);
    bench_settle(&b);
    assert_string_equal(states(), "f1=UNACK");
    assert_string_equal(told(), "f1 raised,f1 grown");
    assert_string_equal(children_of("f1"), "SR:C01:Q1,C01");
}

static void commands_show_an_event_once_with_its_findings_and_its_story(void **state)
{
    (void)state;
    struct finding f[3] = {bench_finding("f1", "SR:C01:Q1"), bench_finding("f2", "SR:C01:Q2"),
                           bench_group("g", "C01", 4)};
    struct pg_rows *rows = NULL;
    struct err err = {0};
    bench_ticks(&b, 0, 5, f, 2);
    bench_ticks(&b, 6, 9, f, 3);
    bench_settle(&b);
    assert_int_equal(alerts_list(bench_conninfo, "live", &rows, &err), 0);
    assert_int_equal(rows->n_rows, 1);
    pg_rows_free(rows);
    assert_int_equal(alerts_children(bench_conninfo, "live", &rows, &err), 0);
    assert_int_equal(rows->n_rows, 3);
    assert_string_equal(rows->value[0], "f1");
    assert_string_equal(rows->value[1], "SR:C01:Q1");
    pg_rows_free(rows);
    struct pg_rows *events = NULL;
    assert_int_equal(alerts_story(bench_conninfo, "live", "f2", &events, &rows, &err), 0);
    assert_int_equal(events->n_rows, 3);
    assert_string_equal(events->value[2 * events->n_columns + 3], "into f1");
    assert_int_equal(rows->n_rows, 1);
    pg_rows_free(events);
    pg_rows_free(rows);
    assert_int_equal(alerts_story(bench_conninfo, "live", "f", &events, &rows, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, "fits 2 alarms"));
    assert_int_equal(alerts_story(bench_conninfo, "live", "nobody", &events, &rows, &err), ERR_DATA);
    char id[ALERTS_ID_LEN];
    const struct alerts_ack ack = {
        .run = "live", .occurrence = "f2", .by = "eve", .note = "", .at = BENCH_T0};
    assert_int_equal(alerts_acknowledge(bench_conninfo, &ack, id, &err), ERR_DATA);
    assert_string_equal(err.msg, "alarm 'f2' is part of alarm f1, which is the one to acknowledge");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_bench, close_bench)
    const struct CMUnitTest tests[] = {
        CASE(a_group_takes_over_the_alarm_of_its_first_member),
        CASE(members_found_after_their_group_are_rows_of_its_alarm),
        CASE(an_event_has_its_group_s_name_when_all_come_at_once),
        CASE(an_event_that_grows_from_sectors_to_the_ring_is_one_alarm),
        CASE(an_event_is_open_as_long_as_one_of_its_findings),
        CASE(growing_from_three_supplies_to_sixteen_is_history_and_no_alarm),
        CASE(an_acknowledgement_survives_growth),
        CASE(a_fault_of_a_member_has_its_own_alarm_beside_its_group_s),
        CASE(what_waits_of_a_folded_alarm_is_not_delivered_after_an_outage),
        CASE(at_most_ten_alarms_in_ten_minutes_whatever_happens_on_the_ring),
        CASE(what_a_flood_held_back_is_said_when_it_is_over),
        CASE(after_a_hole_a_hundred_open_alarms_are_ten_messages),
        CASE(what_the_database_knew_of_an_event_wins_when_it_comes_late),
        CASE(an_open_alarm_of_an_earlier_psmon_goes_on_as_an_event),
        CASE(commands_show_an_event_once_with_its_findings_and_its_story),
    };
    return cmocka_run_group_tests_name("alerts/events", tests, bench_group_setup, bench_group_teardown);
}
