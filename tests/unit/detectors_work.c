/* detectors: which maintenance work is told with a finding. SPDX-License-Identifier: MIT */
#include "detectors/verdict/work.h"

#include "tests/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fleet *fleet;
static tstamp_ns onset, now;

static int setup(void **state)
{
    (void)state;
    struct err err;
    fleet = fleet_of("supply,family,sector,signal,pv,unit,water\n"
                     "A,quad,S1,voltage,A:V,V,W1\nB,quad,S1,voltage,B:V,V,\n"
                     "C,sext,S2,voltage,C:V,V,W1\nD,sext,S3,voltage,D:V,V,W3\n");
    return timefmt_parse(&onset, "2026-11-12T00:00:00Z", &err) +
           timefmt_parse(&now, "2026-11-16T00:00:00Z", &err);
}

static int teardown(void **state)
{
    (void)state;
    fleet_free(fleet);
    return 0;
}

/* What is told with a finding of a subject when maintenance.csv holds these lines. */
static struct finding tell(const char *subject, const char *lines)
{
    struct finding d = {
        .supply = fleet_supply(fleet, subject), .onset = onset, .work = "old", .work_start = 1};
    struct maintenance *m = NULL;
    struct err err = {0};
    char text[600];
    snprintf(d.subject, sizeof d.subject, "%s", subject);
    snprintf(text, sizeof text, "supply,start,end,work\n%s", lines);
    struct table_file table;
    if (maintenance_load(&m, table_of(&table, text), fleet, &err) != 0)
        fail_msg("%s", err.msg);
    unlink(table.path);
    work_tell(&d, 1, m, fleet, now);
    maintenance_free(m);
    return d;
}

static void the_latest_work_that_may_have_to_do_with_it_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *subject, *lines, *work;
    } cases[] = {
        {"A", "", ""},
        {"A", "A,2026-11-10T06:00:00Z,2026-11-10T08:00:00Z,filter\n", "filter"},
        {"A", "A,2026-10-28,2026-10-29,too long before\n", ""},
        {"A", "A,2026-10-29,2026-10-30,just not\n", "just not"},
        {"A", "A,2026-11-10,2026-11-11,filter\nA,2026-11-14,2026-11-15,fan\n", "fan"},
        {"A", "A,2026-11-10,2026-11-11,filter\nA,2026-11-17,,not begun\n", "filter"},
        {"A", "S1,2026-11-13,2026-11-14,its sector\n", "its sector"},
        {"A", "S2,2026-11-13,2026-11-14,another sector\nB,2026-11-13,2026-11-14,another supply\n", ""},
        /* work everywhere is told only near it, and cures nothing */
        {"A", "*,2026-11-11T10:00:00Z,2026-11-11T20:00:00Z,near\n", "near"},
        {"A", "*,2026-11-10T10:00:00Z,2026-11-10T20:00:00Z,not near\n*,2026-11-13,2026-11-14,after\n", ""},
        /* groups: their sectors' work, not that of one supply */
        {"S1", "S1,2026-11-13,2026-11-14,water\nA,2026-11-14,2026-11-15,fan\n", "water"},
        {"water:W1", "S2,2026-11-13,2026-11-14,pump\nS3,2026-11-14,2026-11-15,elsewhere\n", "pump"},
        {"*", "S3,2026-11-13,2026-11-14,somewhere\n", "somewhere"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct finding d = tell(cases[i].subject, cases[i].lines);
        if (strcmp(d.work, cases[i].work) != 0)
            fail_msg("%s with %s: '%s', not '%s'", cases[i].subject, cases[i].lines, d.work, cases[i].work);
        assert_true(*d.work ? d.work_start > 1 : d.work_start == 0);
    }
}

static void without_a_list_nothing_is_told(void **state)
{
    (void)state;
    struct finding d = {.onset = onset, .work = "old", .work_start = 1};
    work_tell(&d, 1, NULL, fleet, now);
    assert_string_equal(d.work, "");
    assert_true(d.work_start == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_work_that_may_have_to_do_with_it_is_told),
        cmocka_unit_test(without_a_list_nothing_is_told),
    };
    return cmocka_run_group_tests_name("detectors/work", tests, setup, teardown);
}
