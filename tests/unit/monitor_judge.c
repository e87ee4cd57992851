/* monitor/evaluate/judge: which findings answer which labels. SPDX-License-Identifier: MIT */
#include "base/timefmt.h"
#include "monitor/evaluate/judge.h"
#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fleet *fleet;
static char path[] = "/tmp/psmon-judge-XXXXXX";

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int load_fleet(void **state)
{
    (void)state;
    struct err err;
    write_file("supply,family,sector,signal,pv,unit,water\n"
               "Q1,quad,S1,current,Q1:I,A,W1\nQ2,quad,S1,current,Q2:I,A,W1\nQ3,quad,S2,current,Q3:I,A,W1\n");
    return fleet_load(&fleet, path, &err);
}

static int free_fleet(void **state)
{
    (void)state;
    fleet_free(fleet);
    return 0;
}

static tstamp_ns at(const char *text)
{
    tstamp_ns t;
    struct err err;
    assert_int_equal(timefmt_parse(&t, text, &err), 0);
    return t;
}

static struct finding finding(const char *subject, enum finding_class class, const char *seen, double chance)
{
    struct finding d = {.class = class, .first_seen = at(seen), .chance = chance};
    snprintf(d.subject, sizeof d.subject, "%s", subject);
    return d;
}

static void findings_answer_labels(void **state)
{
    (void)state;
    struct label *labels;
    size_t n;
    struct err err = {0};
    write_file("supply,mode,signal,class,onset,end,trip,size,unit\n"
               "Q1,3,igbt_temperature,equipment,2026-01-02T00:00:00Z,2026-01-05T00:00:00Z,2026-01-04T00:00:"
               "00Z,12,K\n"
               "Q2,10,current,equipment,2026-01-02T00:00:00Z,2026-01-05T00:00:00Z,,15,x\n"
               "S2,17,,data,2026-01-03T00:00:00Z,2026-01-03T06:00:00Z,,,\n");
    assert_int_equal(judge_read_labels(path, &labels, &n, &err), 0);
    assert_int_equal(n, 3);
    const struct finding findings[] = {
        finding("Q1", CLASS_EQUIPMENT, "2026-01-01T12:00:00Z", 0.5), /* before the onset: false */
        finding("Q1", CLASS_EQUIPMENT, "2026-01-02T12:00:00Z", 0.01),
        finding("Q1", CLASS_EQUIPMENT, "2026-01-03T12:00:00Z", 0.01),
        finding("Q2", CLASS_DATA, "2026-01-02T12:00:00Z", NAN),   /* not of the label's kind, nor false */
        finding("Q3", CLASS_SENSOR, "2026-01-02T12:00:00Z", 2.5), /* false, at budgets 3 and 10 */
        finding("S2", CLASS_DATA, "2026-01-03T00:30:00Z", NAN),
    };
    const double budgets[JUDGE_BUDGETS] = {1, 3, 10};
    struct judgement j = {.weeks = 1};
    judge_findings(&j, fleet, labels, n, findings, 6, budgets);
    assert_int_equal(j.mode[3].found, 1);
    assert_near(judge_median(j.mode[3].delay_h, j.mode[3].n_delay), 12, 0, 1e-9);
    assert_near(judge_median(j.mode[3].lead_h, j.mode[3].n_lead), 36, 0, 1e-9);
    assert_int_equal(j.mode[10].labels, 1);
    assert_int_equal(j.mode[10].found, 0);
    assert_int_equal(j.mode[17].found, 1);
    assert_int_equal(j.false_findings[0], 1);
    assert_int_equal(j.false_findings[1], 2);
    assert_int_equal(j.false_findings[2], 2);

    const char *list[] = {"Q1", "Q3", "Q2"};
    judge_list(&j, list, 3, fleet, labels, n, at("2026-01-01"), at("2026-01-08"));
    assert_near(j.precision_sum, 1.0, 0, 1e-12); /* Q3 through its sector's outage */
    judge_list(&j, list, 3, fleet, labels, n, at("2026-01-08"), at("2026-01-15"));
    assert_near(j.precision_sum, 1.0, 0, 1e-12);
    assert_int_equal(j.lists, 2);
    judge_free(&j);
    free(labels);
}

static void a_group_answers_for_its_supplies(void **state)
{
    (void)state;
    struct label l = {.mode = 5, .onset = at("2026-01-02"), .end = at("2026-01-05")};
    snprintf(l.subject, sizeof l.subject, "Q3");
    const double budgets[JUDGE_BUDGETS] = {1, 3, 10};
    const char *subjects[] = {"water:W1", "S2", "*", "S1", "water:W2"};
    for (int i = 0; i < 5; i++) {
        struct finding d = finding(subjects[i], CLASS_COMMON, "2026-01-03", 0.1);
        struct judgement j = {.weeks = 1};
        judge_findings(&j, fleet, &l, 1, &d, 1, budgets);
        assert_int_equal(j.mode[5].found, i < 3);
        assert_int_equal(j.false_findings[0], i >= 3);
        judge_free(&j);
    }
}

static void bad_labels_are_named(void **state)
{
    (void)state;
    struct label *labels;
    size_t n;
    struct err err = {0};
    write_file("supply,mode,signal,class,onset,end,trip\nQ1,three,x,equipment,2026-01-02,,\n");
    assert_int_equal(judge_read_labels(path, &labels, &n, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, ":2: mode"));
    write_file("supply,mode,class,onset,end,trip\nQ1,3,equipment,soon,,\n");
    assert_int_equal(judge_read_labels(path, &labels, &n, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, ":2: onset"));
    write_file("supply,mode,class,onset,end\n");
    assert_int_equal(judge_read_labels(path, &labels, &n, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, "trip"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_answer_labels),
        cmocka_unit_test(a_group_answers_for_its_supplies),
        cmocka_unit_test(bad_labels_are_named),
    };
    close(mkstemp(path));
    int failed = cmocka_run_group_tests_name("monitor/judge", tests, load_fleet, free_fleet);
    unlink(path);
    return failed;
}
