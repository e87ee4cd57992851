/* base: times as text, durations, times in the cells of tables. SPDX-License-Identifier: MIT */
#include "base/table/timecell.h"
#include "base/time/timefmt.h"
#include "base/time/timeword.h"
#include "base/time/zone.h"
#include "tests/near.h"

#include <stdio.h>
#include <string.h>

static void it_reads_the_usual_spellings_of_a_time(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"2026-11-22T03:04:05Z", "2026-11-22T03:04:05Z"},
        {"2026-11-22t03:04:05z", "2026-11-22T03:04:05Z"},
        {"2026-11-22", "2026-11-22T00:00:00Z"},
        {"20261122", "2026-11-22T00:00:00Z"},
        {"20261122T030405Z", "2026-11-22T03:04:05Z"},
        {"20261122T0304+0100", "2026-11-22T02:04:00Z"},
        {"20261122030405", "2026-11-22T03:04:05Z"},
        {"2026-11-22 03:04", "2026-11-22T03:04:00Z"},
        {" 2026-11-22  03:04:05 ", "2026-11-22T03:04:05Z"},
        {"2026-11-22T03:04:05,25Z", "2026-11-22T03:04:05.250Z"},
        {"2026-11-22T03:04:05.250+02:00", "2026-11-22T01:04:05.250Z"},
        {"2026-11-22T03:04:05.1234567891Z", "2026-11-22T03:04:05.123456789Z"},
        {"1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z"},
        {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
        {"2000-02-29", "2000-02-29T00:00:00Z"},
        {"2026-12-31T24:00", "2027-01-01T00:00:00Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
        {"2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.500Z"},
        {"2017-01-01T05:29:60+05:30", "2017-01-01T00:00:00Z"},
        /* as PostgreSQL writes a timestamptz, also one of before zones were whole minutes */
        {"2026-01-01 00:00:00+00", "2026-01-01T00:00:00Z"},
        {"2026-01-01 00:00:00.5-08", "2026-01-01T08:00:00.500Z"},
        {"2026-01-01 05:45:00+05:45", "2026-01-01T00:00:00Z"},
        {"1920-01-01 00:19:32+00:19:32", "1920-01-01T00:00:00Z"},
        /* as programs write them: git, date -u, Python, Go */
        {"2026-01-01 00:00:00 +0100", "2025-12-31T23:00:00Z"},
        {"2026-01-01 00:00:00 UTC", "2026-01-01T00:00:00Z"},
        {"2026-01-01 00:00:00 GMT", "2026-01-01T00:00:00Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tstamp_ns t;
        struct err err = {0};
        char text[TIMEFMT_LEN];
        if (timefmt_parse(&t, cases[i].in, &err) != 0)
            fail_msg("%s", err.msg);
        assert_string_equal(timefmt_iso(text, t), cases[i].out);
    }
    tstamp_ns t;
    struct err err;
    assert_int_equal(timefmt_parse(&t, "2026-11-22", &err), 0);
    assert_int_equal(timefmt_weekday(t), 6); /* a Sunday */
}

static void it_refuses_times_that_there_are_not(void **state)
{
    (void)state;
    static const struct {
        const char *in, *why;
    } cases[] = {
        {"2026-13-01", "month"},
        {"2026-00-01", "month"},
        {"2026-04-31", "day"},
        {"2026-01-00", "day"},
        {"2025-02-29", "day"}, /* no leap year, nor was 1900 */
        {"2100-02-29", "day"},
        {"2026-12-31T24:01", "time of day"},
        {"2026-12-31T25:00", "time of day"},
        {"2026-12-31T23:60", "time of day"},
        {"2026-12-31T23:59:61", "time of day"},
        {"2026-06-15T12:00:60Z", "second"}, /* no leap second there */
        {"2026-12-31T23:59:60+01:00", "second"},
        {"1699-12-31", "years"},
        {"2201-01-01", "years"},
        {"2026-11-22T03:04:05+16:00", "zone"},
        {"2026-11-22T03:04:05+01:60", "zone"},
        {"2026-11-22T03:04:05 CET", "zone"},
        {"2026-11-22T03:04:05+1", "zone"},
        {"yesterday", "written as"},
        {"", "written as"},
        {"22.11.2026 03:04", "written as"},
        {"11/22/2026", "written as"},
        {"2026-11-2", "written as"},
        {"2026-11-22T", "written as"},
        {"2026-11-22T3:04", "written as"},
        {"2026-11-2203:04", "written as"},
        {"2026-11-22T03:04:05.Z", "written as"},
        {"2026-11-22T03:04:05Zjunk", "written as"},
        {"+2026-11-22", "written as"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tstamp_ns t;
        struct err err = {0};
        assert_int_equal(timefmt_parse(&t, cases[i].in, &err), ERR_DATA);
        if (!strstr(err.msg, cases[i].in) || !strstr(err.msg, cases[i].why))
            fail_msg("'%s': %s", cases[i].in, err.msg);
    }
}

static void it_reads_durations_and_refuses_those_beyond_counting(void **state)
{
    (void)state;
    tstamp_ns d;
    struct err err;
    assert_int_equal(timefmt_duration(&d, "1.5 h", &err), 0);
    assert_int_equal(d, 5400 * NS_PER_S);
    assert_int_equal(timefmt_duration(&d, "90", &err), 0);
    assert_int_equal(d, 90 * NS_PER_S);
    assert_int_equal(timefmt_duration(&d, "5 min", &err), 0);
    assert_int_equal(d, 5 * NS_PER_MIN);
    assert_int_equal(timefmt_duration(&d, "1 minute", &err), 0);
    assert_true(d == NS_PER_MIN);
    assert_int_equal(timefmt_duration(&d, "7 days", &err), 0);
    assert_true(d == 7 * NS_PER_DAY);
    assert_int_equal(timefmt_duration(&d, "5 parsecs", &err), ERR_DATA);
    assert_int_equal(timefmt_duration(&d, "-3 s", &err), ERR_DATA);
    assert_int_equal(timefmt_duration(&d, "7000 w", &err), 0);
    assert_int_equal(timefmt_duration(&d, "1e9 w", &err), ERR_DATA); /* more than can be counted in ns */
    assert_int_equal(timefmt_duration(&d, "301123012h", &err), ERR_DATA);
    assert_int_equal(timefmt_duration(&d, "inf", &err), ERR_DATA);
    assert_int_equal(timefmt_duration(&d, "0x10 s", &err), ERR_DATA); /* nobody writes durations so */
    assert_int_equal(timefmt_duration(&d, " ", &err), ERR_DATA);
    assert_int_equal(timefmt_duration(&d, "nan s", &err), ERR_DATA);
}

static void it_reads_epochs_by_their_size(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        enum timecell_form form;
        const char *out;
    } cases[] = {
        {"22.11.2026 03:04", TIMECELL_DOTTED, "2026-11-22T03:04:00Z"},
        {"2.1.2026 3:04:05.5", TIMECELL_DOTTED, "2026-01-02T03:04:05.500Z"},
        {"22.11.2026", TIMECELL_DOTTED, "2026-11-22T00:00:00Z"},
        {"29.02.2026", TIMECELL_NONE, NULL},
        {"11.22.2026", TIMECELL_NONE, NULL},
        {"22/11/2026", TIMECELL_NONE, NULL}, /* who knows whose */
        {"1.5", TIMECELL_NONE, NULL},
        {"100000000", TIMECELL_SECONDS, "1973-03-03T09:46:40Z"},
        {"20261122", TIMECELL_ISO, "2026-11-22T00:00:00Z"},
        {"46023.5", TIMECELL_NONE, NULL}, /* a spreadsheet's day */
        {"2026", TIMECELL_NONE, NULL},
        {"0", TIMECELL_NONE, NULL},
        {"1767225600", TIMECELL_SECONDS, "2026-01-01T00:00:00Z"},
        {"1767225600.123456789", TIMECELL_SECONDS, "2026-01-01T00:00:00.123456789Z"},
        {"1767225600,5", TIMECELL_SECONDS, "2026-01-01T00:00:00.500Z"},
        {"1767225600250", TIMECELL_MILLISECONDS, "2026-01-01T00:00:00.250Z"},
        {"1767225600250.5", TIMECELL_MILLISECONDS, "2026-01-01T00:00:00.250500Z"},
        {"1767225600250001", TIMECELL_MICROSECONDS, "2026-01-01T00:00:00.250001Z"},
        {"1767225600250000001", TIMECELL_NANOSECONDS, "2026-01-01T00:00:00.250000001Z"},
        {"20261122030405", TIMECELL_ISO, "2026-11-22T03:04:05Z"}, /* between milliseconds and microseconds */
        {"2026-01-01 00:00:00+00", TIMECELL_ISO, "2026-01-01T00:00:00Z"},
        {"", TIMECELL_NONE, NULL},
        {"-5", TIMECELL_NONE, NULL},
        {"1.7672256e9", TIMECELL_NONE, NULL}, /* digits were lost */
        {"9999999999", TIMECELL_NONE, NULL},  /* after 2200 */
        {"50000000000", TIMECELL_NONE, NULL}, /* seconds of 3554, milliseconds of 1971 */
        {"99999999999999999999", TIMECELL_NONE, NULL},
        {"1767225600.", TIMECELL_NONE, NULL},
        {"12:00:00", TIMECELL_NONE, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tstamp_ns t;
        char text[TIMEFMT_LEN];
        enum timecell_form form = timecell_read(&t, cases[i].in, strlen(cases[i].in), NULL, NULL);
        if (form != cases[i].form)
            fail_msg("'%s' is %s", cases[i].in, timecell_words(form));
        if (form != TIMECELL_NONE)
            assert_string_equal(timefmt_iso(text, t), cases[i].out);
    }
}

static void it_counts_from_zero_where_a_table_may(void **state)
{
    (void)state;
    const struct timecell how = {.from_zero = true};
    tstamp_ns t;
    assert_int_equal(timecell_read(&t, "0", 1, &how, NULL), TIMECELL_SECONDS);
    assert_int_equal(t, 0);
    assert_int_equal(timecell_read(&t, "60.25", 5, &how, NULL), TIMECELL_SECONDS);
    assert_int_equal(t, 60 * NS_PER_S + NS_PER_S / 4);
    assert_int_equal(timecell_read(&t, "-1", 2, &how, NULL), TIMECELL_NONE);
}

static void it_reads_times_by_a_given_format(void **state)
{
    (void)state;
    static const struct {
        const char *format, *in, *out; /* out NULL: refused */
    } cases[] = {
        {"%d.%m.%Y %H:%M", "1.2.2026 3:04", "2026-02-01T03:04:00Z"},
        {"%d.%m.%Y %H:%M", "29.2.2026 3:04", NULL},
        {"%d.%m.%Y %H:%M", "1.2.2026 3:04 h", NULL},
        {"%m/%d/%Y %I:%M:%S.%f %p", "11/22/2026 12:04:05.5 AM", "2026-11-22T00:04:05.500Z"},
        {"%m/%d/%Y %I:%M %p", "11/22/2026 11:04 pm", "2026-11-22T23:04:00Z"},
        {"%m/%d/%Y %I:%M %p", "11/22/2026 13:04 pm", NULL},
        {"%b/%d/%Y %T %z", "Nov/21/2026 20:21:46 -0600", "2026-11-22T02:21:46Z"},
        {"%d %b %y", "3 March 26", "2026-03-03T00:00:00Z"},
        {"%Y-%j %R", "2024-366 12:00", "2024-12-31T12:00:00Z"},
        {"%Y-%j", "2026-366", NULL},
        {"%Y-%j", "2026-000", NULL},
        {"%s", "1767225600", "2026-01-01T00:00:00Z"},
        {"%D", "02/01/26", "2026-02-01T00:00:00Z"},
        {"%F %T%%", "2026-11-22 03:04:05%", "2026-11-22T03:04:05Z"},
        {"%F", "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tstamp_ns t;
        char text[TIMEFMT_LEN];
        struct err err = {0};
        const char *wrong;
        assert_int_equal(timecell_check(cases[i].format, &err), 0);
        enum timecell_form form = timecell_read(&t, cases[i].in, strlen(cases[i].in),
                                                &(struct timecell){.format = cases[i].format}, &wrong);
        if ((form == TIMECELL_GIVEN) != (cases[i].out != NULL) || (form == TIMECELL_NONE) != (wrong != NULL))
            fail_msg("'%s' by '%s': %s", cases[i].in, cases[i].format, wrong ? wrong : "taken");
        if (form == TIMECELL_GIVEN)
            assert_string_equal(timefmt_iso(text, t), cases[i].out);
    }
    struct err err;
    assert_int_equal(timecell_check("%Q", &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, "%Q is none of"));
    assert_int_equal(timecell_check("%Y-%m-%", &err), ERR_CONFIG);
    assert_int_equal(timecell_check("%H:%M", &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, "names no day"));
}

static void it_reads_times_relative_to_a_present(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out; /* NULL: refused */
    } cases[] = {
        {"now", "2026-03-01T06:07:08Z"},
        {"Now", "2026-03-01T06:07:08Z"},
        {"today", "2026-03-01T00:00:00Z"},
        {"yesterday", "2026-02-28T00:00:00Z"},
        {"tomorrow", "2026-03-02T00:00:00Z"},
        {"-7d", "2026-02-22T06:07:08Z"},
        {" - 7 d ", "2026-02-22T06:07:08Z"},
        {"+90 s", "2026-03-01T06:08:38Z"},
        {"now-1.5h", "2026-03-01T04:37:08Z"},
        {"yesterday +6h", "2026-02-28T06:00:00Z"},
        {"2026-01-01", "2026-01-01T00:00:00Z"},
        {"-7", NULL}, /* of what? */
        {"-", NULL},
        {"--7d", NULL},
        {"- -7d", NULL},
        {"yesterdy", NULL},
        {"yesterday 6h", NULL},
        {"now-", NULL},
        {"nowish", NULL},
        {"-7 fortnights", NULL},
        {"-1e300d", NULL},
        {"", NULL},
        {"                                                                                           now",
         NULL},
    };
    struct err err;
    tstamp_ns now, t;
    char text[TIMEFMT_LEN];
    assert_int_equal(timefmt_parse(&now, "2026-03-01T06:07:08Z", &err), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool ok = timeword_parse(&t, cases[i].in, now, &err) == 0;
        if (ok != (cases[i].out != NULL))
            fail_msg("'%s' is %s", cases[i].in, ok ? "read" : err.msg);
        if (ok)
            assert_string_equal(timefmt_iso(text, t), cases[i].out);
    }
    assert_int_equal(timeword_parse(&t, "yesterdy", now, &err), ERR_DATA);
    assert_non_null(
        strstr(err.msg, "'yesterdy' is not a time (want 2026-11-22T03:04:05Z, yesterday, now or -7d)"));
    assert_non_null(strstr(err.msg, "did you mean 'yesterday'?"));
    assert_int_equal(timeword_parse(&t, "today", -1, &err), 0);
    assert_string_equal(timefmt_iso(text, t), "1969-12-31T00:00:00Z");
}

/* Times that name no zone are local; those that do, and numbers, are not. */
static void it_reads_local_times_of_a_zone(void **state)
{
    (void)state;
    static const struct {
        const char *format, *in, *out;
    } cases[] = {
        {NULL, "2026-01-15 12:00:00.123", "2026-01-15T11:00:00.123Z"},
        {NULL, "2026-07-15 12:00", "2026-07-15T10:00:00Z"},
        {NULL, "2026-07-15", "2026-07-14T22:00:00Z"},
        {NULL, "15.07.2026 12:00", "2026-07-15T10:00:00Z"},
        {NULL, "2026-07-15T12:00:00Z", "2026-07-15T12:00:00Z"},
        {NULL, "2026-07-15T12:00:00+00", "2026-07-15T12:00:00Z"},
        {NULL, "1767225600", "2026-01-01T00:00:00Z"},
        {NULL, "1965-07-01 00:00:00.5", "1965-06-30T23:00:00.500Z"},
        {NULL, "2026-03-29 02:30", "2026-03-29T01:30:00Z"}, /* clocks went forward over it */
        {"%d.%m.%Y %H:%M", "15.7.2026 12:00", "2026-07-15T10:00:00Z"},
        {"%F %T %z", "2026-07-15 12:00:00 +0000", "2026-07-15T12:00:00Z"},
        {"%Y-%j", "2026-196", "2026-07-14T22:00:00Z"},
        {"%s", "1767225600", "2026-01-01T00:00:00Z"},
    };
    struct zone zone;
    zone_enter(&zone, "Europe/Berlin");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tstamp_ns t = 0;
        char text[TIMEFMT_LEN];
        const struct timecell how = {.format = cases[i].format, .timezone = "Europe/Berlin"};
        assert_int_not_equal(timecell_read(&t, cases[i].in, strlen(cases[i].in), &how, NULL), TIMECELL_NONE);
        assert_string_equal(timefmt_iso(text, t), cases[i].out);
    }
    zone_leave(&zone);
}

static void it_guesses_the_format_that_people_mean(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"22.11.26 03:04", "%d.%m.%y %H:%M"},         {"22/11/2026", "%d/%m/%Y"},
        {"11/22/2026 3:04", "%m/%d/%Y %H:%M"},        {"11/22/2026 3:04 PM", "%m/%d/%Y %I:%M %p"},
        {"2026/11/22 03:04:05", "%Y/%m/%d %H:%M:%S"}, {"22-Nov-2026 03:04:05", "%d-%b-%Y %H:%M:%S"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *format = timecell_guess(cases[i][0], strlen(cases[i][0]));
        assert_non_null(format);
        assert_string_equal(format, cases[i][1]);
    }
    assert_null(timecell_guess("yesterday", 9));
    assert_null(timecell_guess("32.11.2026", 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_the_usual_spellings_of_a_time),
        cmocka_unit_test(it_refuses_times_that_there_are_not),
        cmocka_unit_test(it_reads_durations_and_refuses_those_beyond_counting),
        cmocka_unit_test(it_reads_epochs_by_their_size),
        cmocka_unit_test(it_counts_from_zero_where_a_table_may),
        cmocka_unit_test(it_reads_times_by_a_given_format),
        cmocka_unit_test(it_reads_local_times_of_a_zone),
        cmocka_unit_test(it_guesses_the_format_that_people_mean),
        cmocka_unit_test(it_reads_times_relative_to_a_present),
    };
    return cmocka_run_group_tests_name("base/time", tests, NULL, NULL);
}
