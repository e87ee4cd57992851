/* monitor/evaluate/judge: which findings answer which labels. SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/time/timefmt.h"
#include "detectors/model/tail.h"
#include "monitor/evaluate/living.h"
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
    assert_int_equal(judge_read_labels(path, fleet, &labels, &n, &err), 0);
    assert_int_equal(n, 3);
    const struct finding findings[] = {
        finding("Q1", CLASS_EQUIPMENT, "2026-01-01T12:00:00Z", 0.5), /* before the onset: false */
        finding("Q1", CLASS_EQUIPMENT, "2026-01-02T12:00:00Z", 0.01),
        finding("Q1", CLASS_EQUIPMENT, "2026-01-03T12:00:00Z", 0.01),
        finding("Q2", CLASS_DATA, "2026-01-02T12:00:00Z", NAN),   /* not of the label's kind, nor false */
        finding("Q3", CLASS_SENSOR, "2026-01-02T12:00:00Z", 2.5), /* false, at budgets 3 and 10 */
        finding("S2", CLASS_DATA, "2026-01-03T00:30:00Z", NAN),
    };
    struct judgement j = {.weeks = 1};
    judge_findings(&j, fleet, labels, n, findings, 6);
    assert_int_equal(j.mode[3].found, 1);
    assert_near(median_of(j.mode[3].delay_h, j.mode[3].n_delay), 12, 0, 1e-9);
    assert_near(median_of(j.mode[3].lead_h, j.mode[3].n_lead), 36, 0, 1e-9);
    assert_int_equal(j.mode[10].labels, 1);
    assert_int_equal(j.mode[10].found, 0);
    assert_int_equal(j.mode[17].found, 1);
    assert_int_equal(j.false_findings, 2);
    struct finding said[6];
    assert_int_equal(judge_within(1, findings, 6, said), 5); /* data too: it costs no budget */
    assert_string_equal(said[3].subject, "Q2");
    assert_string_equal(said[4].subject, "S2");

    const char *list[] = {"Q1", "Q3", "Q2"};
    judge_list(&j, list, 3, fleet, labels, n, at("2026-01-01"), at("2026-01-08"));
    assert_near(j.precision_sum, 1.0, 0, 1e-12); /* Q3 through its sector's outage */
    assert_near(j.possible_sum, 1.0, 0, 1e-12);
    judge_list(&j, list, 3, fleet, labels, n, at("2026-01-08"), at("2026-01-15"));
    assert_near(j.precision_sum, 1.0, 0, 1e-12);
    assert_near(j.possible_sum, 1.0, 0, 1e-12); /* nobody was faulty any more */
    assert_int_equal(j.lists, 2);
    judge_free(&j);
    judge_free_labels(labels, n);
}

/* Fifteen supplies, of which two are faulty. */
static void a_list_is_judged_by_its_first_ten_and_by_all_of_it(void **state)
{
    (void)state;
    struct fleet *f;
    struct err err;
    char name[15][8];
    const char *list[15];
    FILE *to = fopen(path, "w");
    fputs("supply,family,sector,signal,pv,unit\n", to);
    for (int i = 0; i < 15; i++) {
        snprintf(name[i], sizeof name[i], "Q%d", i + 1);
        list[i] = name[i];
        fprintf(to, "%s,quad,S1,current,%s:I,A\n", name[i], name[i]);
    }
    fclose(to);
    assert_int_equal(fleet_load(&f, path, &err), 0);
    struct label l[2] = {{.mode = 3, .onset = at("2026-01-02"), .end = at("2026-01-05")},
                         {.mode = 7, .onset = at("2026-01-03"), .end = at("2026-01-04")}};
    snprintf(l[0].subject, sizeof l[0].subject, "Q2");
    snprintf(l[1].subject, sizeof l[1].subject, "Q12");
    struct judgement j = {0};
    judge_list(&j, list, 15, f, l, 2, at("2026-01-01"), at("2026-01-08"));
    assert_near(j.precision_sum, 0.1, 0, 1e-12);
    assert_near(j.possible_sum, 0.2, 0, 1e-12);
    assert_near(j.average_sum, (1.0 / 2 + 2.0 / 12) / 2, 0, 1e-12);
    assert_near(j.average_possible_sum, 1, 0, 1e-12);
    /* a shorter one can hold but one of them */
    struct judgement shorter = {0};
    judge_list(&shorter, list, 1, f, l, 2, at("2026-01-01"), at("2026-01-08"));
    assert_near(shorter.average_sum, 0, 0, 1e-12);
    assert_near(shorter.average_possible_sum, 0.5, 0, 1e-12);
    judge_merge(&j, &shorter);
    assert_int_equal(j.lists, 2);
    assert_near(j.average_possible_sum, 1.5, 0, 1e-12);
    fleet_free(f);
}

static void a_group_answers_for_its_supplies(void **state)
{
    (void)state;
    struct label l = {.mode = 5, .onset = at("2026-01-02"), .end = at("2026-01-05")};
    snprintf(l.subject, sizeof l.subject, "Q3");
    const char *subjects[] = {"water:W1", "S2", "*", "S1", "water:W2"};
    for (int i = 0; i < 5; i++) {
        struct finding d = finding(subjects[i], CLASS_COMMON, "2026-01-03", 0.1);
        struct judgement j = {.weeks = 1};
        judge_findings(&j, fleet, &l, 1, &d, 1);
        assert_int_equal(j.mode[5].found, i < 3);
        assert_int_equal(j.false_findings, i >= 3);
        judge_free(&j);
    }
}

static void a_list_may_name_the_group_of_a_common_cause(void **state)
{
    (void)state;
    struct label l = {.class = LABEL_COMMON, .onset = at("2026-01-02"), .end = at("2026-01-03")};
    snprintf(l.subject, sizeof l.subject, "water:W1"); /* it has all three */
    const char *subjects[] = {"Q1", "S1", "water:W2", "S2"};
    static const bool good[] = {false, true, false, true}; /* two of the three, none, one of the three */
    for (int i = 0; i < 4; i++) {
        struct judgement j = {0};
        judge_list(&j, &subjects[i], 1, fleet, &l, 1, at("2026-01-01"), at("2026-01-08"));
        assert_near(j.precision_sum, good[i], 0, 1e-12);
        assert_near(j.possible_sum, 1, 0, 1e-12);
        l.class = LABEL_BENIGN; /* a spell is no one's to inspect */
        judge_list(&j, &subjects[i], 1, fleet, &l, 1, at("2026-01-01"), at("2026-01-08"));
        assert_near(j.possible_sum, 1, 0, 1e-12);
        l.class = LABEL_COMMON;
    }
}

/* A ring in which something always goes on. */
static struct label *living_labels(size_t *n)
{
    struct label *labels;
    struct err err = {0};
    write_file("supply,mode,signal,class,onset,end,trip,size,unit,kind,level,ended,members\n"
               "water:W1,,magnet_temperature,common,2026-01-02T00:00:00Z,2026-01-03T00:00:00Z,,2,K,pump "
               "trip,medium,itself,Q1 Q3\n"
               "Q1,3,igbt_temperature,equipment,2026-01-02T12:00:00Z,2026-01-06T00:00:00Z,,12,K,fan,medium,"
               "repair,Q1\n"
               "Q3,12,current,equipment,2026-01-08T00:00:00Z,,,2,x,oscillation,small,never,Q3\n"
               "Q2,,igbt_temperature,benign,2026-01-10T12:00:00Z,,,1,K,swap,small,never,Q2\n"
               "*,,igbt_temperature,benign,2026-01-20T00:00:00Z,2026-01-22T00:00:00Z,,5,K,warm "
               "spell,medium,itself,*\n"
               "feeder:F1,,voltage,common,2026-01-25T00:00:00Z,2026-01-25T00:01:00Z,,4,%,mains "
               "sag,medium,itself,Q1\n"
               "*,,current,benign,2026-02-01T00:00:00Z,,,1.5,%,lattice change,medium,never,*\n");
    assert_int_equal(judge_read_labels(path, fleet, &labels, n, &err), 0);
    assert_int_equal(*n, 7);
    return labels;
}

static void labels_know_their_members(void **state)
{
    (void)state;
    size_t n;
    struct label *l = living_labels(&n);
    assert_int_equal(l[0].class, LABEL_COMMON);
    assert_true(l[0].touches[0] && !l[0].touches[1] && l[0].touches[2]);
    assert_string_equal(l[0].kind, "pump trip");
    assert_int_equal(l[1].level, 1);
    assert_true(l[2].end == LABEL_NEVER && !l[2].touches[0]);
    assert_int_equal(l[4].class, LABEL_BENIGN);
    assert_true(l[4].touches[0] && l[4].touches[1] && l[4].touches[2]);
    judge_free_labels(l, n);
}

static void false_findings_have_a_context(void **state)
{
    (void)state;
    static const struct {
        const char *subject, *seen;
        enum living_context context;
    } cases[] = {
        {"Q2", "2026-01-01T12:00:00Z", CONTEXT_NONE},
        {"Q2", "2026-01-02T12:00:00Z", CONTEXT_COMMON}, /* of its sector, not its own */
        {"Q3", "2026-01-04T12:00:00Z", CONTEXT_AFTER},
        {"Q3", "2026-01-06T12:00:00Z", CONTEXT_NONE},
        {"Q1", "2026-01-08T00:00:00Z", CONTEXT_OWN_FAULT},
        {"Q2", "2026-01-21T00:00:00Z", CONTEXT_WORK}, /* also a warm spell */
        {"Q1", "2026-01-23T00:00:00Z", CONTEXT_AMBIENT},
        {"Q1", "2026-01-25T04:00:00Z", CONTEXT_AFTER},
        {"Q1", "2026-01-25T08:00:00Z", CONTEXT_NONE}, /* a sag is forgotten soon */
        {"S1", "2026-02-03T00:00:00Z", CONTEXT_WORK}, /* Q2 is in it */
        {"Q1", "2026-02-03T00:00:00Z", CONTEXT_SETPOINTS},
        {"Q1", "2026-02-10T00:00:00Z", CONTEXT_NONE},
    };
    size_t n;
    struct label *labels = living_labels(&n);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct finding d = finding(cases[i].subject, CLASS_EQUIPMENT, cases[i].seen, 0.1);
        assert_int_equal(living_context_of(&d, fleet, labels, n), cases[i].context);
    }
    judge_free_labels(labels, n);
}

/* What psmon might have said there. */
#define SAID 7
static void say(struct finding out[SAID])
{
    const struct finding findings[SAID] = {
        finding("Q3", CLASS_EQUIPMENT, "2026-01-02T06:00:00Z", 0.1),    /* of the pump's trip */
        finding("water:W1", CLASS_COMMON, "2026-01-02T09:00:00Z", 0.1), /* which this names */
        finding("S1", CLASS_COMMON, "2026-01-02T15:00:00Z", 0.1),   /* of the trip, not of the fan in S1 */
        finding("Q1", CLASS_SENSOR, "2026-01-02T18:00:00Z", 0.1),   /* of the fan, during the trip */
        finding("Q3", CLASS_EQUIPMENT, "2026-01-04T18:00:00Z", 2),  /* after it: false at 3 and 10 */
        finding("Q2", CLASS_EQUIPMENT, "2026-01-12T18:00:00Z", 20), /* after the swap, beyond 10 */
        finding("Q2", CLASS_DATA, "2026-01-12T18:00:00Z", NAN),     /* costs none */
    };
    memcpy(out, findings, sizeof findings);
    snprintf(out[4].detector, sizeof out[4].detector, "%s", LIVING_FAST);
}

static const double budgets[3] = {1, 3, 10};

static void judge_all(struct living at[3], const struct label *labels, size_t n)
{
    struct finding findings[SAID], said[SAID];
    say(findings);
    for (int b = 0; b < 3; b++) {
        at[b] = (struct living){.weeks = 2, .supplies = 3};
        living_judge(&at[b], fleet, labels, n, said, judge_within(budgets[b], findings, SAID, said));
    }
}

static void one_event_is_counted_once(void **state)
{
    (void)state;
    size_t n;
    struct label *labels = living_labels(&n);
    struct living at[3], *l = &at[0];
    judge_all(at, labels, n);
    assert_int_equal(l->n_kinds, 2);
    assert_int_equal(l->kind[1].events, 1);
    assert_int_equal(l->kind[1].found, 0);
    assert_string_equal(l->kind[0].kind, "pump trip");
    assert_int_equal(l->kind[0].events, 1);
    assert_int_equal(l->kind[0].found, 1);
    assert_int_equal(l->kind[0].named, 1);
    assert_int_equal(l->kind[0].findings, 3);
    assert_near(l->kind[0].delay_h, 6, 0, 1e-9);
    assert_int_equal(l->mode[3][1].labels, 1);
    assert_int_equal(l->mode[3][1].found, 1);
    assert_int_equal(l->mode[12][0].labels, 1);
    assert_int_equal(l->mode[12][0].found, 0);
    assert_int_equal(l->during[1].labels, 1);
    assert_int_equal(l->during[1].found, 1);
    assert_int_equal(l->class[LABEL_EQUIPMENT][CLASS_SENSOR], 1); /* the group's came before the onset */
    assert_int_equal(l->class[LABEL_EQUIPMENT][CLASS_COMMON], 0);
    assert_int_equal(l->class[LABEL_COMMON][CLASS_EQUIPMENT], 1);
    for (int c = 0; c < CONTEXTS; c++)
        for (int b = 0; b < 3; b++)
            assert_int_equal(at[b].false_findings[c], c == CONTEXT_AFTER && b > 0);
    assert_int_equal(at[0].false_fast, 0);
    assert_int_equal(at[1].false_fast, 1);
    judge_free_labels(labels, n);
}

static void delays_are_told_by_mode_and_by_size(void **state)
{
    (void)state;
    size_t n;
    struct label *labels = living_labels(&n);
    struct finding findings[SAID];
    struct judgement j = {0}, sum = {0};
    say(findings);
    judge_findings(&j, fleet, labels, n, findings, SAID);
    judge_merge(&sum, &j);
    judge_merge(&sum, &j);
    assert_int_equal(sum.level[1].labels, 2); /* the fan, twice */
    assert_int_equal(sum.level[1].found, 2);
    assert_near(median_of(sum.level[1].delay_h, 2), 3, 0, 1e-9); /* the sector's finding concerns it too */
    assert_near(median_of(sum.mode[3].delay_h, 2), 3, 0, 1e-9);
    assert_int_equal(sum.level[0].labels, 2);
    assert_int_equal(sum.level[0].found, 0);
    judge_free(&j);
    judge_free(&sum);
    judge_free_labels(labels, n);
}

static void what_two_rings_gave_is_added(void **state)
{
    (void)state;
    size_t n;
    struct label *labels = living_labels(&n);
    struct living at[3], sum = {0};
    judge_all(at, labels, n);
    living_merge(&sum, &at[1]);
    living_merge(&sum, &at[2]);
    living_merge(&sum, &(struct living){0}); /* a ring without faults */
    assert_near(sum.weeks, 4, 0, 0);
    assert_near(sum.supplies, 3, 0, 0);
    assert_int_equal(living_false(&sum), 2);
    assert_int_equal(sum.false_fast, 2);
    assert_int_equal(sum.n_kinds, 2);
    assert_int_equal(living_causes(&sum).events, 4);
    assert_int_equal(living_causes(&sum).findings, 6);
    assert_near(living_causes(&sum).delay_h, 12, 0, 1e-9);
    assert_int_equal(living_found(&sum, 1, 0).found, 2);
    assert_int_equal(living_found(&sum, 1, 1u << 3).labels, 0);
    assert_int_equal(sum.during[1].found, 2);
    assert_int_equal(sum.class[LABEL_COMMON][CLASS_EQUIPMENT], 2);
    judge_free_labels(labels, n);
}

static void tables_say_what_was_counted(void **state)
{
    (void)state;
    size_t n;
    struct label *labels = living_labels(&n);
    struct living at[3];
    struct tables tables;
    char text[16384] = "";
    struct err err = {0};
    judge_all(at, labels, n);
    tables_begin(&tables, "rings", "of three");
    living_tables(at, budgets, 3, &tables);
    FILE *f = fmemopen(text, sizeof text - 1, "w");
    tables_print(&tables, f);
    fclose(f);
    assert_non_null(strstr(text, "pump trip"));
    assert_non_null(strstr(text, " 220.0 ")); /* one in two weeks of three supplies, for 1,320 */
    char *csv = xasprintf("%s.csv", path);
    struct tables_file *file;
    assert_int_equal(tables_open(&file, csv, &err), 0);
    assert_int_equal(tables_write(&tables, file, &err), 0);
    f = fopen(csv, "r");
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    unlink(csv);
    free(csv);
    assert_non_null(strstr(text, "\nfalse findings,after a common cause,budget 3,1\n"));
    assert_non_null(strstr(text, "\ncommon causes,pump trip,findings,3\n"));
    assert_non_null(strstr(text, "\nfaults,3,medium found,1\n"));
    assert_int_equal(tables_open(&file, "/nonexistent/x", &err), ERR_IO);
    tables_free(&tables);
    judge_free_labels(labels, n);
}

static void bad_labels_are_named(void **state)
{
    (void)state;
    struct label *labels;
    size_t n;
    struct err err = {0};
    write_file("supply,mode,signal,class,onset,end,trip\nQ1,three,x,equipment,2026-01-02,,\n");
    assert_int_equal(judge_read_labels(path, fleet, &labels, &n, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, ":2: mode"));
    write_file("supply,mode,class,onset,end,trip\nQ1,3,equipment,soon,,\n");
    assert_int_equal(judge_read_labels(path, fleet, &labels, &n, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, ":2: onset"));
    write_file("supply,mode,class,onset,end\n");
    assert_int_equal(judge_read_labels(path, fleet, &labels, &n, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, "trip"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_answer_labels),
        cmocka_unit_test(a_list_is_judged_by_its_first_ten_and_by_all_of_it),
        cmocka_unit_test(a_list_may_name_the_group_of_a_common_cause),
        cmocka_unit_test(a_group_answers_for_its_supplies),
        cmocka_unit_test(labels_know_their_members),
        cmocka_unit_test(false_findings_have_a_context),
        cmocka_unit_test(one_event_is_counted_once),
        cmocka_unit_test(delays_are_told_by_mode_and_by_size),
        cmocka_unit_test(what_two_rings_gave_is_added),
        cmocka_unit_test(tables_say_what_was_counted),
        cmocka_unit_test(bad_labels_are_named),
    };
    close(mkstemp(path));
    int failed = cmocka_run_group_tests_name("monitor/judge", tests, load_fleet, free_fleet);
    unlink(path);
    return failed;
}
