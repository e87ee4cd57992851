/* monitor: the weekly report against a real PostgreSQL, its renderings, when it is due.
 * SPDX-License-Identifier: MIT */
#include "monitor/report/report.h"

#include "base/mem.h"
#include "monitor/report/report_parts.h"
#include "monitor/report/report_week.h"
#include "tests/near.h"
#include "tests/postgres.h"

#include <signal.h>

#define S 12
#define EVIL "<script>alert(1)</script>"

static char dir[] = "/tmp/psmon-report-XXXXXX";
static char conninfo[128];
static struct fleet *fleet;
static struct maintenance *maintenance;
static struct settings settings = {.report_size = 4, .report_day = 0, .report_minute = 8 * 60, .budget = 1};
static tstamp_ns start; /* a Monday, 08:00 UTC */

static tstamp_ns moment(const char *iso)
{
    tstamp_ns t;
    struct err err;
    if (timefmt_parse(&t, iso, &err) != 0)
        fail_msg("%s", err.msg);
    return t;
}

static int setup(void **state)
{
    (void)state;
    char path[] = "/tmp/psmon-report-fleet-XXXXXX";
    struct err err = {0};
    int fd = mkstemp(path);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f)
        return -1;
    fputs("supply,family,sector,signal,pv,unit\n", f);
    for (int i = 0; i < S; i++)
        fprintf(
            f,
            "P%02d,\"quad, %s\",S%d,igbt_temperature,P%02d:T,C\nP%02d,\"quad, %s\",S%d,voltage,P%02d:V,V\n",
            i, EVIL, i % 3, i, i, EVIL, i % 3, i);
    fclose(f);
    int rc = fleet_load(&fleet, path, &err) + maintenance_load(&maintenance, NULL, fleet, &err);
    unlink(path);
    start = moment("2026-11-02T08:00:00Z");
    if (rc == 0)
        rc = postgres_make(dir, conninfo);
    if (rc == 0)
        rc = history_migrate(conninfo, &err);
    if (rc != 0)
        fprintf(stderr, "%s\n", err.msg);
    return rc;
}

static int teardown(void **state)
{
    (void)state;
    fleet_free(fleet);
    maintenance_free(maintenance);
    postgres_remove(dir);
    return 0;
}

/* ---- a week made by hand: supply `bad` runs away, P00 is to be watched, S1 moved and is over, P11 is off
 * ---- */

struct made {
    struct rank_week *week;
    struct rank_list list;
    struct finding findings[4];
    struct report_input in;
};

static void list_week(struct made *m, tstamp_ns from)
{
    static const struct trend trend = {
        .supply = 0, .channel = 0, .now = 0.3, .per_day = 0.04, .limit = 0.5, .days_left = 5};
    rank_list_make(&m->list, &(struct rank_input){.fleet = fleet,
                                                  .week = m->week,
                                                  .findings = m->findings,
                                                  .n_findings = 4,
                                                  .trends = &trend,
                                                  .n_trends = 1,
                                                  .week_start = from,
                                                  .now = from + 7 * NS_PER_DAY});
}

static void free_week(struct made *m)
{
    rank_list_free(&m->list);
    rank_week_free(m->week);
}

static void make_week(struct made *m, tstamp_ns from, uint32_t bad)
{
    memset(m, 0, sizeof *m);
    m->week = rank_week_new(S);
    for (int h = 0; h < 168; h++) {
        float score[S], residual[2 * S];
        uint8_t reason[S] = {0};
        for (uint32_t s = 0; s < S; s++)
            score[s] = s == bad && h > 60 ? 6.5f : 0.1f * (float)s;
        score[S - 1] = NAN;
        reason[S - 1] = REASON_OFF;
        for (int c = 0; c < 2 * S; c++)
            residual[c] = (float)c + 0.25f;
        rank_week_add(m->week, score, reason);
        rank_week_add_residuals(m->week, residual, 2 * S);
    }
    m->findings[0] = (struct finding){.id = "f-bad",
                                      .supply = (int32_t)bad,
                                      .detector = "level",
                                      .class = CLASS_EQUIPMENT,
                                      .signal = "igbt_temperature",
                                      .onset = from + 60 * NS_PER_HOUR,
                                      .first_seen = from + 70 * NS_PER_HOUR,
                                      .chance = 0.025,
                                      .size = 6.1,
                                      .unit = "K",
                                      .effect = 12.2,
                                      .direction = DIRECTION_UP,
                                      .witness = true,
                                      .n_by = 2,
                                      .by = {{"igbt_temperature", 6.1, "K", 0.8}, {"voltage", 1.4, "x", 0.2}},
                                      .reason = "IGBT temperature 6.1 K above what its current explains"};
    snprintf(m->findings[0].subject, sizeof m->findings[0].subject, "P%02u", bad);
    m->findings[1] = (struct finding){.id = "f-group",
                                      .subject = "S1",
                                      .supply = -1,
                                      .class = CLASS_COMMON,
                                      .signal = "voltage",
                                      .onset = from,
                                      .first_seen = from,
                                      .closed = from + NS_PER_DAY,
                                      .chance = 0.1,
                                      .children = 4,
                                      .reason = "4 supplies: voltage up"};
    m->findings[2] = (struct finding){.id = "f-data",
                                      .subject = "P07",
                                      .supply = 7,
                                      .class = CLASS_DATA,
                                      .signal = "voltage",
                                      .onset = from,
                                      .first_seen = from,
                                      .chance = (double)NAN,
                                      .reason = "voltage stuck for 30 h " EVIL};
    m->findings[3] = m->findings[1]; /* open: P02, P05, P08 and P11 */
    snprintf(m->findings[3].id, sizeof m->findings[3].id, "f-open");
    snprintf(m->findings[3].subject, sizeof m->findings[3].subject, "S2");
    m->findings[3].closed = 0;
    m->findings[3].effect = 1.5;
    list_week(m, from);
    m->in = (struct report_input){.fleet = fleet,
                                  .maintenance = maintenance,
                                  .settings = &settings,
                                  .run = RUN_LIVE,
                                  .model = "m1",
                                  .model_hash = "5d3f",
                                  .model_summary = EVIL,
                                  .config_hash = "ab12",
                                  .week_start = from,
                                  .week_end = from + 7 * NS_PER_DAY,
                                  .issued_at = from + 7 * NS_PER_DAY,
                                  .list = &m->list,
                                  .week = m->week,
                                  .budget_used = 2};
    m->in.ledger_hours[REASON_SCORED] = 11 * 160;
    m->in.ledger_hours[REASON_OFF] = 160;
}

static void keep(void *arg, const char *document)
{
    char **out = arg;
    *out = xstrdup(document);
}

/* Issues on a loop of its own; h false: nothing is stored. */
static char *issue(const struct made *m, bool store, const char *where)
{
    uv_loop_t loop;
    struct pg *pg;
    struct history *h = NULL;
    struct err err = {0};
    char *document = NULL;
    uv_loop_init(&loop);
    if (pg_open(&pg, &loop, where, NULL, &err) != 0)
        fail_msg("%s", err.msg);
    const struct history_run run = {.name = RUN_LIVE, .kind = "live", .revision = {"m1", "5d3f", "ab12", ""}};
    if (store && history_open(&h, pg, where, fleet, maintenance, &run, &err) != 0)
        fail_msg("%s", err.msg);
    for (int i = 0; i < 200 && store && !pg_up(pg); i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(10000);
    }
    report_issue(pg, h, &m->in, keep, &document);
    while (!document)
        uv_run(&loop, UV_RUN_ONCE);
    history_close(h);
    pg_close(pg, 10);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return document;
}

static void run_sql(const char *sql)
{
    struct err err = {0};
    if (pg_run(conninfo, sql, 0, NULL, NULL, &err) != 0)
        fail_msg("%s: %s", sql, err.msg);
}

static json_t *parse(const char *document)
{
    json_error_t why;
    json_t *doc = json_loads(document, JSON_REJECT_DUPLICATES, &why);
    if (!doc)
        fail_msg("%s", why.text);
    return doc;
}

static json_t *row(const json_t *doc, size_t i)
{
    return json_array_get(json_object_get(doc, "rows"), i);
}

static void the_ledger_sums_to_the_fleet(void **state)
{
    (void)state;
    struct made m;
    make_week(&m, start, 3);
    json_t *doc = report_document(&m.in), *x;
    double sum = 0;
    size_t i;
    json_array_foreach(json_object_get(doc, "ledger"), i, x) sum += field_number(x, "supply_hours");
    assert_near(sum, 168 * S, 0, 0);
    assert_near(field_number(doc, "supply_hours"), 168 * S, 0, 0);
    assert_near(field_number(doc, "ranked"), S - 1, 0, 0);
    assert_string_equal(field_text(json_array_get(json_object_get(doc, "not_ranked"), 0), "reason"), "off");
    assert_int_equal(json_array_size(json_object_get(doc, "rows")), 3);
    assert_int_equal(json_array_size(json_object_get(doc, "watch")), 1);
    assert_int_equal(json_array_size(json_object_get(doc, "over")), 1);
    assert_near(field_number(doc, "number"), 202646, 0, 0);
    json_decref(doc);
    free_week(&m);
}

static void work_on_p06(void)
{
    run_sql("INSERT INTO renewals SELECT r.run, s.id, '2026-11-10T08:00Z', 'swap <b>', 'h',"
            " '{igbt_temperature,voltage}', '{K,V}', '{}', '{}', '{}', ARRAY[0, 0, extract(epoch FROM"
            " timestamptz '2026-11-11T12:00Z')], '{0,0,0,0, 0,0,0,0, -1.25,0.5,0,0.44}', '{0,0,0,0, 0,0,0,0, "
            "1,2,0,1}'"
            " FROM runs r, supply_ids s WHERE r.name = 'live' AND s.name = 'P06'");
}

static void check_renewed(const json_t *doc, const char *text)
{
    const json_t *renewed = json_object_get(doc, "renewed"); /* what is outside its family is a finding */
    assert_int_equal(json_array_size(renewed), 1);
    assert_string_equal(field_text(json_array_get(renewed, 0), "supply"), "P06");
    assert_string_equal(field_text(json_array_get(renewed, 0), "words"),
                        "IGBT temperature -1.2 K, voltage 1.2 times as noisy");
    static const enum report_format forms[2] = {REPORT_TEXT, REPORT_HTML};
    for (size_t i = 0; i < 2; i++) {
        struct buf out = {0};
        struct err why = {0};
        assert_int_equal(report_render(&out, text, forms[i], &why), 0);
        assert_non_null(strstr(buf_text(&out), "IGBT temperature -1.2 K, voltage 1.2 times as noisy"));
        assert_non_null(
            strstr(buf_text(&out), i == 0 ? "P06: after 'swap <b>' on 10 Nov 2026" : "swap &lt;b&gt;"));
        buf_free(&out);
    }
}

static void a_list_remembers_the_one_before(void **state)
{
    (void)state;
    struct made m;
    make_week(&m, start, 3);
    char *first = issue(&m, true, conninfo);
    free_week(&m);
    json_t *doc = parse(first);
    assert_true(json_is_true(json_object_get(doc, "past_known")));
    assert_string_equal(field_text(row(doc, 0), "supply"), "P03");
    assert_null(json_object_get(row(doc, 0), "last_rank"));
    json_decref(doc);
    free(first);

    run_sql("INSERT INTO outcomes VALUES ('2026-11-03', 'P03', 'fault_found', 'fan replaced'),"
            " ('2026-11-02', 'S2', 'nothing_found', '')");
    run_sql("INSERT INTO trips VALUES ('P03', '2026-11-11T20:00:00Z', 'fan'), ('P05', "
            "'2026-11-12T08:00:00Z', 'driver'),"
            " ('P03', '2026-11-20T08:00:00Z', 'later than the week'),"
            " ('P09', '2026-11-13T08:00:00Z', 'no warning')"); /* P05 was in the row of S2 */
    work_on_p06();
    make_week(&m, start + 7 * NS_PER_DAY, 5);
    char *second = issue(&m, true, conninfo);
    free_week(&m);
    doc = parse(second);
    assert_string_equal(field_text(row(doc, 0), "supply"), "P05");
    check_renewed(doc, second);
    const json_t *changes = json_object_get(doc, "changes");
    assert_near(field_number(changes, "since"), 202646, 0, 0);
    assert_string_equal(json_string_value(json_array_get(json_object_get(changes, "new"), 0)), "P05");
    assert_string_equal(field_text(json_array_get(json_object_get(changes, "improved"), 0), "supply"), "P03");
    assert_string_equal(field_text(row(doc, 1), "supply"), "S2");
    assert_near(field_number(row(doc, 1), "last_rank"), 2, 0, 0);
    const json_t *board = json_array_get(json_object_get(doc, "scoreboard"), 0);
    assert_near(field_number(board, "entries"), 3, 0, 0); /* P03, S2 and P07; not the supplies of S2 */
    assert_near(field_number(board, "without_finding"), 0, 0, 0);
    assert_near(field_number(board, "lists"), 1, 0, 0);
    assert_near(field_number(board, "fault_found"), 1, 0, 0);
    assert_near(field_number(board, "nothing_found"), 1, 0, 0);
    assert_near(field_number(board, "precision"), 0.5, 0, 1e-12);
    const json_t *trips = json_object_get(doc, "trips"), *listed = json_object_get(trips, "listed");
    assert_int_equal(json_array_size(listed), 2);
    assert_string_equal(field_text(json_array_get(listed, 1), "supply"), "P05");
    assert_string_equal(field_text(json_array_get(listed, 1), "reason"), "in the row of S2");
    assert_near(field_number(json_array_get(listed, 0), "lead_days"), 2.5, 0, 1e-9);
    assert_string_equal(field_text(json_array_get(listed, 0), "supply"), "P03");
    assert_non_null(strstr(field_text(json_array_get(listed, 0), "reason"), "6.1 K above"));
    assert_int_equal(json_array_size(json_object_get(trips, "missed")), 1);
    assert_string_equal(field_text(json_array_get(json_object_get(row(doc, 1), "earlier"), 0), "outcome"),
                        "nothing_found");
    json_decref(doc);

    /* what was stored is what was said, and it stays */
    struct pg_rows *rows = NULL;
    struct err err = {0};
    assert_int_equal(pg_run(conninfo,
                            "SELECT document, (SELECT count(*) FROM rankings k WHERE k.number = r.number)"
                            " FROM reports r WHERE number = 202647",
                            0, NULL, &rows, &err),
                     0);
    assert_int_equal(rows->n_rows, 1);
    json_t *stored = parse(rows->value[0]), *said = parse(second);
    assert_true(json_equal(stored, said));
    assert_string_equal(rows->value[1], "8"); /* P05, S2, its others, P07, P00 that is watched, S1 */
    pg_rows_free(rows);
    json_decref(stored);
    json_decref(said);
    free(second);
}

static void the_week_comes_back_from_stored_hours(void **state)
{
    (void)state;
    run_sql("SELECT psmon_hour_month('2026-11-20')");
    run_sql("INSERT INTO hours SELECT t, s.id, r.run, r.fleet, CASE s.name WHEN 'P11' THEN 'NaN'::float4 "
            "WHEN 'P02' THEN"
            " 5.5 ELSE 0.5 END, CASE s.name WHEN 'P11' THEN 'NaN'::float4 ELSE 30 END, 0, 0, 60, CASE s.name "
            "WHEN 'P11'"
            " THEN 5 ELSE 0 END, '{30.5,4.25}' FROM generate_series('2026-11-16T08:00Z'::timestamptz,"
            " '2026-11-18T19:00Z', '1 hour') t, supply_ids s, runs r");
    struct rank_week *w = rank_week_new(S);
    uint64_t hours[REASON_COUNT] = {0};
    struct err err = {0};
    tstamp_ns from = start + 14 * NS_PER_DAY;
    if (report_week_load(w, conninfo, fleet, RUN_LIVE, from, from + 7 * NS_PER_DAY, hours, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(hours[REASON_SCORED], 60 * (S - 1));
    assert_int_equal(hours[REASON_OFF], 60);
    struct rank_list list = {0};
    rank_list_make(&list, &(struct rank_input){
                              .fleet = fleet, .week = w, .week_start = from, .now = from + 60 * NS_PER_HOUR});
    assert_int_equal(list.n, 0);
    assert_int_equal(list.rest[0], 2);
    assert_near(list.supply[2].evidence, 5.5, 0, 1e-6);
    assert_int_equal(list.supply[S - 1].unscored, REASON_OFF);
    rank_list_free(&list);
    assert_near(rank_week_held(w, "f-bad"), 24.4, 0, 1e-9); /* of the list before */
    assert_true(isnan(rank_week_held(w, "f-group")));       /* that was over */
    /* and the charts of a list of that week find hours and readings */
    struct made m;
    make_week(&m, from, 3);
    m.in.week = NULL;
    m.in.provisional = true;
    char *text = issue(&m, false, conninfo);
    json_t *doc = parse(text), *chart = json_object_get(row(doc, 0), "chart");
    assert_true(json_is_true(json_object_get(doc, "provisional")));
    assert_near(json_number_value(json_array_get(json_object_get(chart, "score"), 59)), 0.5, 0, 1e-6);
    assert_true(json_is_null(json_array_get(json_object_get(chart, "score"), 60)));
    const json_t *line = json_object_get(chart, "line");
    assert_string_equal(field_text(line, "what"), "reading");
    assert_near(json_number_value(json_array_get(json_object_get(line, "values"), 0)), 30.5, 0, 1e-6);
    json_decref(doc);
    free(text);
    free_week(&m);
    rank_week_free(w);
}

static void without_a_database_it_says_so(void **state)
{
    (void)state;
    struct made m;
    make_week(&m, start, 3);
    char *text = issue(&m, false, "host=/nonexistent user=psmon dbname=postgres");
    json_t *doc = parse(text);
    assert_true(json_is_false(json_object_get(doc, "past_known")));
    assert_near(field_number(doc, "number"), 202646, 0, 0);
    const json_t *chart = json_object_get(row(doc, 0), "chart"), *line = json_object_get(chart, "line");
    assert_near(json_number_value(json_array_get(json_object_get(chart, "score"), 167)), 6.5, 0, 1e-6);
    assert_string_equal(field_text(line, "what"), "residual");
    assert_string_equal(field_text(line, "unit"), "K");
    assert_near(json_number_value(json_array_get(json_object_get(line, "values"), 167)), 6.25, 0, 1e-6);
    json_decref(doc);
    struct buf out = {0};
    struct err err = {0};
    assert_int_equal(report_render(&out, text, REPORT_TEXT, &err), 0);
    assert_non_null(strstr(buf_text(&out), "database was away"));
    buf_free(&out);
    free(text);
    free_week(&m);
}

/* Six hours after the start: an order of healthy supplies by chance is no list. */
static void a_list_of_a_few_hours_holds_findings_alone_and_says_what_it_lacked(void **state)
{
    (void)state;
    struct made m;
    make_week(&m, start + 28 * NS_PER_DAY, 3);
    rank_week_reset(m.week);
    for (int h = 0; h < 6; h++) {
        float score[S] = {0};
        const uint8_t reason[S] = {0};
        score[8] = 3;
        rank_week_add(m.week, score, reason);
    }
    m.findings[1].closed = m.findings[3].closed = 1; /* long over */
    list_week(&m, m.in.week_start);
    assert_string_equal(m.list.rest_words, "nothing else stands out");
    char *text = issue(&m, false, conninfo);
    json_t *doc = parse(text);
    assert_int_equal(json_array_size(json_object_get(doc, "rows")), 2); /* the equipment's, the data's */
    assert_string_equal(field_text(row(doc, 0), "supply"), "P03");
    assert_near(field_number(doc, "ranked"), 0, 0, 0);
    const json_t *hours = json_object_get(doc, "hours"),
                 *group = json_array_get(json_object_get(doc, "not_ranked"), 0);
    assert_near(field_number(hours, "least"), 24, 0, 0);
    assert_near(field_number(hours, "median"), 6, 0, 0);
    assert_near(field_number(hours, "short"), S, 0, 0);
    assert_string_equal(field_text(group, "reason"), "scored for too few hours");
    assert_near(field_number(group, "supplies"), S, 0, 0);
    json_decref(doc);
    static const enum report_format forms[] = {REPORT_TEXT, REPORT_HTML};
    for (size_t i = 0; i < 2; i++) {
        struct buf out = {0};
        struct err err = {0};
        assert_int_equal(report_render(&out, text, forms[i], &err), 0);
        assert_non_null(strstr(buf_text(&out), "judged from 24 scored hours on"));
        buf_free(&out);
    }
    free(text);
    free_week(&m);
}

/* ---- afterwards ---- */

/* What the list issued first says now; the stored document has not changed. */
static char *read_again(const char *document)
{
    uv_loop_t loop;
    struct pg *pg;
    struct err err = {0};
    char *text = NULL;
    uv_loop_init(&loop);
    if (pg_open(&pg, &loop, conninfo, NULL, &err) != 0)
        fail_msg("%s", err.msg);
    while (!pg_up(pg))
        uv_run(&loop, UV_RUN_ONCE);
    report_since(pg, document, keep, &text);
    while (!text)
        uv_run(&loop, UV_RUN_ONCE);
    pg_close(pg, 10);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return text;
}

static void an_issued_list_is_read_with_what_came_of_it(void **state)
{
    (void)state;
    char *issued = NULL;
    struct err err = {0};
    assert_int_equal(history_report(conninfo, RUN_LIVE, start + NS_PER_DAY, &issued, &err), 0);
    assert_non_null(issued);
    char *now = read_again(issued);
    json_t *doc = parse(now), *since = json_object_get(doc, "since");
    assert_string_equal(field_text(json_object_get(row(doc, 0), "outcome"), "note"), "fan replaced");
    assert_near(field_number(since, "fault_found"), 1, 0, 0);
    assert_near(field_number(since, "nothing_found"), 1, 0, 0);
    assert_near(field_number(since, "unknown"), 1, 0, 0);  /* P07 */
    const json_t *trips = json_object_get(since, "trips"); /* P03 twice */
    assert_int_equal(json_array_size(trips), 2);
    assert_near(field_number(json_array_get(trips, 0), "days"), 2.5, 0, 1e-9);
    json_decref(doc);
    static const enum report_format forms[] = {REPORT_TEXT, REPORT_HTML};
    for (size_t i = 0; i < 2; i++) {
        struct buf out = {0};
        assert_int_equal(report_render(&out, now, forms[i], &err), 0);
        assert_non_null(strstr(buf_text(&out), "inspected since: fault found, fan replaced"));
        assert_non_null(strstr(buf_text(&out), "trip 2.5 days after"));
        buf_free(&out);
    }
    /* again: the same text, and what is stored is what was said */
    char *again = read_again(now), *stored = NULL;
    assert_string_equal(again, now);
    assert_int_equal(history_report(conninfo, RUN_LIVE, start + NS_PER_DAY, &stored, &err), 0);
    assert_string_equal(stored, issued);
    free(again);
    free(stored);
    free(now);
    free(issued);
}

/* ---- renderings ---- */

static void renderings_come_from_the_document(void **state)
{
    (void)state;
    struct made m;
    make_week(&m, start, 3);
    char *text = issue(&m, false, conninfo);
    struct buf out = {0};
    struct err err = {0};
    assert_int_equal(report_render(&out, text, REPORT_HTML, &err), 0);
    const char *html = buf_text(&out);
    assert_null(strstr(html, "<script"));
    assert_non_null(strstr(html, "&lt;script&gt;"));
    assert_null(strstr(html, "http:"));
    assert_null(strstr(html, "https:"));
    assert_non_null(strstr(html, "@page { size: A4"));
    assert_non_null(strstr(html, "check fan and heatsink"));
    assert_non_null(strstr(html, "12 × minimum effect"));
    assert_non_null(strstr(html, "Watch: no finding yet"));
    assert_non_null(strstr(html, "nothing else stands out; best of the rest: P09, P06"));
    assert_non_null(strstr(html, "ended by itself"));
    assert_null(strstr(html, "times a week"));
    buf_reset(&out);

    assert_int_equal(report_render(&out, text, REPORT_TEXT, &err), 0);
    size_t line = 0, widest = 0;
    for (const char *c = buf_text(&out); *c; c++) {
        line = *c == '\n' ? 0 : line + (((unsigned char)*c & 0xC0) != 0x80);
        widest = line > widest ? line : widest;
    }
    assert_in_range(widest, 60, 100);
    assert_non_null(strstr(buf_text(&out), "   1  P03  ("));
    assert_non_null(strstr(buf_text(&out), "high priority"));
    assert_non_null(strstr(buf_text(&out), "\nnothing else stands out; best of the rest: P09, P06\n"));
    assert_non_null(strstr(buf_text(&out), "\n   4  P00  ("));
    buf_reset(&out);

    assert_int_equal(report_render(&out, text, REPORT_CSV, &err), 0);
    size_t lines = 0;
    for (const char *c = buf_text(&out); *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 6);
    assert_non_null(strstr(buf_text(&out), ",watch,,,0.04,5\n"));
    assert_non_null(strstr(buf_text(&out), ",P03,\"quad, " EVIL "\",S0,high,24.4,0.025,equipment,level,"
                                           "igbt_temperature,up,6.1,K,2026-11-04T20:00:00Z,true,"));
    buf_reset(&out);

    assert_int_equal(report_render(&out, "{\"psmon_report\": 2}", REPORT_TEXT, &err), ERR_DATA);
    assert_int_equal(report_render(&out, "{", REPORT_TEXT, &err), ERR_DATA);
    assert_int_equal(report_render(&out, "{\"psmon_report\": 1, \"rows\": [{}]}", REPORT_HTML, &err), 0);
    assert_int_equal(report_render(&out, "{\"psmon_report\": 1}", REPORT_TEXT, &err), 0);
    buf_free(&out);
    free(text);
    free_week(&m);
}

/* As lists were issued before they had parts: supplies without a finding among the rows, groups and data
 * apart. */
static void a_list_that_was_issued_before_reads_as_it_did(void **state)
{
    (void)state;
    static const char old[] =
        "{\"psmon_report\": 1, \"number\": 202604, \"provisional\": false, \"past_known\": true, \"run\": "
        "\"live\","
        "\"period\": {\"from\": \"2026-01-19T08:00:00Z\", \"to\": \"2026-01-26T08:00:00Z\"}, \"issued_at\":"
        " \"2026-01-26T08:00:00Z\", \"supplies\": 12, \"ranked\": 11, \"supply_hours\": 2016, \"rows\": ["
        "{\"rank\": 1, \"last_rank\": null, \"supply\": \"P03\", \"family\": \"quad\", \"sector\": \"S0\","
        " \"priority\": \"high\", \"score\": 297.05, \"chance\": 9e-298, \"chance_words\": \"less than once "
        "in"
        " 10,000 weeks\", \"reason\": \"IGBT temperature 6.1 K above\", \"class\": \"equipment\", \"action\":"
        " \"check fan\"},"
        "{\"rank\": 2, \"last_rank\": 7, \"supply\": \"P09\", \"family\": \"quad\", \"sector\": \"S0\","
        " \"priority\": \"low\", \"score\": 0.31, \"chance\": 305, \"reason\": \"no finding; its most "
        "unusual day"
        " comes by chance 305 times a week over the ring\", \"action\": \"none needed\"}],"
        "\"changes\": {\"since\": 202603, \"new\": [\"P03\"], \"improved\": [], \"closed\": [{\"subject\":"
        " \"P05\"}]}, \"common\": [{\"subject\": \"S1\", \"reason\": \"voltage moved together\", \"open\": "
        "false}],"
        " \"data\": [], \"ledger\": [], \"not_ranked\": []}";
    static const char *const want[][6] = {{"   1  P03  (quad, S0; high priority; score 297.1)\n",
                                           "   2  P09  (quad, S0; low priority; score 0.3, "
                                           "last week 7)\n",
                                           "305 times a week", "Common causes", "closed    P05", "check fan"},
                                          {"score 297.1", "score 0.3", "<tr class=\"quiet\">",
                                           "rarer than once in 100 weeks", "Data findings",
                                           "Findings that closed: P05"}};
    static const enum report_format forms[] = {REPORT_TEXT, REPORT_HTML};
    for (size_t i = 0; i < 2; i++) {
        struct buf out = {0};
        struct err err = {0};
        assert_int_equal(report_render(&out, old, forms[i], &err), 0);
        for (size_t k = 0; k < 6; k++)
            if (!strstr(buf_text(&out), want[i][k]))
                fail_msg("no '%s' in %s", want[i][k], buf_text(&out));
        assert_null(strstr(buf_text(&out), "Watch"));
        buf_free(&out);
    }
}

static void actions_follow_the_failure(void **state)
{
    (void)state;
    struct finding d = {.class = CLASS_EQUIPMENT,
                        .signal = "voltage",
                        .direction = DIRECTION_DOWN,
                        .unit = "V",
                        .chance = 0.5};
    assert_non_null(strstr(report_action(&d), "turn-to-turn short"));
    snprintf(d.unit, sizeof d.unit, "x");
    assert_non_null(strstr(report_action(&d), "joints and cables"));
    snprintf(d.signal, sizeof d.signal, "current");
    assert_non_null(strstr(report_action(&d), "DCCT"));
    d = (struct finding){.class = CLASS_EQUIPMENT,
                         .signal = "magnet_temperature",
                         .unit = "K",
                         .n_by = 1,
                         .by = {{"voltage", 0.02, "V", 0.3}}};
    assert_non_null(strstr(report_action(&d), "resistance rise together"));
    d.class = CLASS_SENSOR;
    assert_non_null(strstr(report_action(&d), "sensor"));
}

/* ---- when ---- */

static void it_is_due_by_local_time(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        int64_t day, minute;
        const char *after, *due;
    } cases[] = {
        {"UTC", 0, 480, "2026-11-09T08:00:00Z", "2026-11-16T08:00:00Z"},
        {"UTC", 0, 480, "2026-11-09T07:59:59Z", "2026-11-09T08:00:00Z"},
        {"UTC", 6, 0, "2026-11-09T07:00:00Z", "2026-11-15T00:00:00Z"},
        {"Europe/Zurich", 0, 420, "2026-10-20T00:00:00Z",
         "2026-10-26T06:00:00Z"}, /* after the clocks went back */
        {"Europe/Zurich", 0, 420, "2026-10-18T00:00:00Z", "2026-10-19T05:00:00Z"},
        {"Europe/Zurich", 6, 150, "2026-03-28T12:00:00Z",
         "2026-03-29T01:30:00Z"}, /* 02:30 does not exist: 03:30 */
        {"Asia/Tokyo", 0, 60, "2026-11-08T15:59:00Z", "2026-11-08T16:00:00Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char zone[32], text[TIMEFMT_LEN];
        snprintf(zone, sizeof zone, "%s", cases[i].zone);
        const struct settings s = {
            .report_timezone = zone, .report_day = cases[i].day, .report_minute = cases[i].minute};
        assert_string_equal(timefmt_iso(text, report_due(&s, moment(cases[i].after))), cases[i].due);
    }
}

int main(void)
{
    postgres_leave_root();
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ledger_sums_to_the_fleet),
        cmocka_unit_test(a_list_remembers_the_one_before),
        cmocka_unit_test(an_issued_list_is_read_with_what_came_of_it),
        cmocka_unit_test(a_list_of_a_few_hours_holds_findings_alone_and_says_what_it_lacked),
        cmocka_unit_test(the_week_comes_back_from_stored_hours),
        cmocka_unit_test(without_a_database_it_says_so),
        cmocka_unit_test(renderings_come_from_the_document),
        cmocka_unit_test(a_list_that_was_issued_before_reads_as_it_did),
        cmocka_unit_test(actions_follow_the_failure),
        cmocka_unit_test(it_is_due_by_local_time),
    };
    return cmocka_run_group_tests_name("monitor/report", tests, setup, teardown);
}
