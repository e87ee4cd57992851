/* base: fleet.csv and maintenance.csv, what is read and what is refused. SPDX-License-Identifier: MIT */
#include "base/fleet.h"
#include "base/maintenance.h"
#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/psmon-fleet-XXXXXX";

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

#define HEAD "supply,family,sector,signal,pv,unit,water,low,high,range\n"
#define GOOD                                       \
    HEAD "B,sext,S2,voltage,B:V,V,,,,\n"           \
         "A,quad,S1,voltage,A:V,V,W1,,,\n"         \
         "A,quad,S1,current,A:I,A,W1,-5,150,160\n" \
         "A,quad,S1,humidity,A:H,%,W1,,,\n"

static struct fleet *load(const char *text)
{
    struct fleet *f;
    struct err err = {0};
    write_file(text);
    if (fleet_load(&f, path, &err) != 0)
        fail_msg("%s", err.msg);
    return f;
}

static void channels_are_grouped_and_ordered(void **state)
{
    (void)state;
    struct fleet *f = load(GOOD);
    assert_int_equal(f->n_supplies, 2);
    assert_int_equal(f->n_channels, 4);
    const struct supply *a = &f->supplies[fleet_supply(f, "A")];
    assert_int_equal(a->n_channels, 3);
    assert_int_equal(a->known[SIGNAL_CURRENT], a->first_channel);
    assert_int_equal(a->known[SIGNAL_VOLTAGE], a->first_channel + 1);
    assert_int_equal(a->known[SIGNAL_DAC], -1);
    const struct channel *i = &f->channels[a->known[SIGNAL_CURRENT]];
    assert_string_equal(i->pv, "A:I");
    assert_near(i->range, 160, 0, 0);
    assert_near(i->low, -5, 0, 0);
    assert_true(isnan(f->channels[a->known[SIGNAL_VOLTAGE]].range));
    assert_string_equal(f->signals.name[f->channels[a->first_channel + 2].signal], "humidity");
    assert_int_equal(fleet_channel(f, "A:H"), a->first_channel + 2);
    assert_int_equal(fleet_channel(f, "nope"), -1);
    assert_int_equal(f->supplies[fleet_supply(f, "B")].group[GROUP_WATER], -1);
    fleet_free(f);
}

static void bad_fleets_are_refused_by_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "a header line is needed"},
        {"supply,family\nA,b\n", ":1: column 'sector' is missing"},
        {"supply,family,sector,signal,pv,unit,colour\n", ":1: unknown column 'colour'"},
        {"supply,family,sector,signal,pv,unit,unit\n", ":1: column 'unit' twice"},
        {HEAD, "no channels"},
        {HEAD "A,quad,S1,current,,A,,,,\n", ":2: pv is empty"},
        {HEAD "A,quad,S1,current,A:I,A,,,,\nB,quad,S1,current,A:I,A,,,,\n", ":3: pv: twice: 'A:I'"},
        {HEAD "A,quad,S1,current,A:I,A,,,,\nA,quad,S2,voltage,A:V,V,,,,\n", ":3: sector:"},
        {HEAD "A,quad,S1,current,A:I,A,W1,,,\nA,quad,S1,voltage,A:V,V,W2,,,\n", ":3: water:"},
        {HEAD "A,quad,S1,current,A:I,A,,,,\nA,quad,S1,current,A:J,A,,,,\n", ":3: signal: twice"},
        {HEAD "A,quad,A,current,A:I,A,,,,\n", "sector 'A' bears the name of a supply"},
        {HEAD "A,quad,S1,current,A:I,A,,x,,\n", ":2: low: 'x' is not a number"},
        {HEAD "A,quad,S1,current,A:I,A,,-inf,4,\n", ":2: low: must be finite, not '-inf'"},
        {HEAD "A,quad,S1,current,A:I,A,,,1e400,\n", ":2: high: '1e400' is beyond what a number can be"},
        {HEAD "A,quad,S1,current,A:I,A,,5,4,\n", ":2: low: must be below high"},
        {HEAD "A,quad,S1,current,A:I,A,,,,0\n", ":2: range: must be positive"},
        {HEAD "A,quad,S1,voltage,A:V,V,,,,\nA,quad,S1,igbt_temperature,A:T,\xb0"
              "C,,,,\n",
         ":3: unit: byte 0xb0 is not UTF-8"},
        {HEAD "A,quad,S1,current,\"A:I\nB\",A,,,,\n", ":2: pv: a line break or another control character"},
        {"supply,family,sector,signal,pv,unit,Unit\n", ":1: column 'Unit' twice"},
        {HEAD "A,quad,S1,current\n", ":2: 4 fields where the header has 10"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fleet *f;
        struct err err = {0};
        write_file(cases[i].text);
        int rc = fleet_load(&f, path, &err);
        if (rc != ERR_CONFIG || !strstr(err.msg, cases[i].says))
            fail_msg("case %zu: code %d, says '%s', want '%s'", i, rc, err.msg, cases[i].says);
    }
}

/* From a spreadsheet of another country, its header in capitals, after two lists were joined. */
static void it_reads_a_fleet_as_spreadsheets_write_it(void **state)
{
    (void)state;
    struct fleet *f = load("\xef\xbb\xbf"
                           "Supply;Family;Sector;Signal;PV;Unit;Low;High;;\r\n"
                           "A;quad;S1;current;A:I;A;-0,5;1.150,5;;\r\n"
                           "Supply;Family;Sector;Signal;PV;Unit;Low;High;;\r\n"
                           "A;quad;S1;igbt_temperature;A:T;°C;;;;\r\n");
    assert_int_equal(f->n_supplies, 1);
    assert_int_equal(f->n_channels, 2);
    assert_near(f->channels[0].low, -0.5, 0, 0);
    assert_near(f->channels[0].high, 1150.5, 0, 0);
    assert_string_equal(f->channels[1].unit, "°C");
    fleet_free(f);
}

static void a_supply_may_be_scattered_and_hashes_differ(void **state)
{
    (void)state;
    struct fleet *f =
        load(HEAD "A,q,S1,voltage,A:V,V,,,,\nB,q,S1,voltage,B:V,V,,,,\nA,q,S1,current,A:I,A,,,,\n");
    assert_int_equal(f->supplies[0].n_channels, 2);
    assert_int_equal(f->channels[f->supplies[0].first_channel].signal, SIGNAL_CURRENT);
    assert_int_equal(fleet_channel(f, "B:V"), 2);
    struct fleet *g =
        load(HEAD "A,q,S1,voltage,A:V,V,,,,\nB,q,S1,voltage,B:W,V,,,,\nA,q,S1,current,A:I,A,,,,\n");
    assert_true(f->hash != g->hash);
    fleet_free(f);
    fleet_free(g);
}

static void maintenance_covers_supplies_sectors_and_all(void **state)
{
    (void)state;
    struct fleet *f = load(GOOD);
    struct maintenance *m;
    struct err err = {0};
    write_file("supply,start,end,work\n"
               "A,2026-01-02T00:00:00Z,2026-01-03T00:00:00Z,filter\n"
               "S2,2026-01-04T00:00:00Z,,water off\n"
               "*,2026-01-01T00:00:00Z,2026-01-01T08:00:00Z,studies\n");
    assert_int_equal(maintenance_load(&m, path, f, &err), 0);
    uint32_t a = (uint32_t)fleet_supply(f, "A"), b = (uint32_t)fleet_supply(f, "B");
    tstamp_ns t;
    assert_int_equal(timefmt_parse(&t, "2026-01-01T04:00:00Z", &err), 0);
    bool mask[2];
    maintenance_mask(m, f, t, mask);
    assert_true(mask[a] && mask[b]);
    t += NS_PER_DAY;
    maintenance_mask(m, f, t, mask);
    assert_true(mask[a] && !mask[b]);
    assert_string_equal(maintenance_at(m, f, a, t)->entry->work, "filter");
    assert_null(maintenance_at(m, f, b, t));
    t += 30 * NS_PER_DAY; /* an open end excludes for ever */
    assert_non_null(maintenance_at(m, f, b, t));
    assert_string_equal(maintenance_last(m, f, a, t)->entry->work, "filter");
    maintenance_free(m);

    static const char *const bad[][2] = {
        {"supply,start,end\n", "column 'work' is missing"},
        {"supply,start,end,work\nX,2026-01-01,,w\n", ":2: supply: 'X' is neither"},
        {"supply,start,end,work\nA,soon,,w\n", ":2: start"},
        {"supply,start,end,work\nA,2026-01-02,2026-01-01,w\n", ":2: end"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(bad[i][0]);
        assert_int_equal(maintenance_load(&m, path, f, &err), ERR_CONFIG);
        assert_non_null(strstr(err.msg, bad[i][1]));
    }
    fleet_free(f);
}

static tstamp_ns instant(const char *text)
{
    tstamp_ns t;
    struct err err;
    if (timefmt_parse(&t, text, &err) != 0)
        fail_msg("%s", err.msg);
    return t;
}

static void maintenance_covers_what_shares_water_rack_or_feeder(void **state)
{
    (void)state;
    struct fleet *f = load("supply,family,sector,signal,pv,unit,water,rack,feeder\n"
                           "A,q,S1,voltage,A:V,V,W1,R1,F1\nB,q,S1,voltage,B:V,V,W2,R1,F2\n"
                           "C,q,S2,voltage,C:V,V,W1,R2,F2\n");
    struct maintenance *m;
    struct err err = {0};
    write_file("supply,start,end,work\n"
               "water:W1,2026-01-01,2026-01-02,flushed\n"
               "rack:R1,2026-01-03,2026-01-04,fans\n"
               "feeder:F2,2026-01-05,2026-01-06,breaker\n");
    assert_int_equal(maintenance_load(&m, path, f, &err), 0);
    static const struct {
        const char *at;
        bool a, b, c;
    } want[] = {{"2026-01-01T12:00Z", true, false, true},
                {"2026-01-03T12:00Z", true, true, false},
                {"2026-01-05T12:00Z", false, true, true}};
    for (size_t i = 0; i < 3; i++) {
        bool mask[3];
        maintenance_mask(m, f, instant(want[i].at), mask);
        assert_int_equal(mask[0], want[i].a);
        assert_int_equal(mask[1], want[i].b);
        assert_int_equal(mask[2], want[i].c);
    }
    maintenance_free(m);
    write_file("supply,start,end,work\nwater:W3,2026-01-01,,x\n");
    assert_int_equal(maintenance_load(&m, path, f, &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, ":2: supply: 'water:W3' is neither"));
    fleet_free(f);
}

/* Every Tuesday 08:00 to 16:00 in Berlin: at other instants before and after the clocks change. */
static void maintenance_repeats_in_a_time_zone(void **state)
{
    (void)state;
    struct fleet *f = load(GOOD);
    struct maintenance *m;
    struct err err = {0};
    write_file("supply,start,end,work,repeat,timezone,until\n"
               "*,2026-03-24T08:00,2026-03-24T16:00,service,weekly,Europe/Berlin,\n"
               "A,2026-05-01T22:00,2026-05-02T02:00,night work,2 days,,2026-05-06\n"
               "A,24.03.2027 08:00,24.3.2027 16:00,as a spreadsheet has it,,,\n"
               "B,1767225600,1767229200,seconds since 1970 are of no zone,,Europe/Berlin,\n");
    if (maintenance_load(&m, path, f, &err) != 0)
        fail_msg("%s", err.msg);
    uint32_t b = (uint32_t)fleet_supply(f, "B"), a = (uint32_t)fleet_supply(f, "A");
    static const struct {
        const char *at;
        bool in;
    } tuesdays[] = {{"2026-03-17T10:00Z", false}, {"2026-03-24T06:59Z", false}, {"2026-03-24T07:00Z", true},
                    {"2026-03-24T14:59Z", true},  {"2026-03-24T15:00Z", false}, {"2026-03-31T06:00Z", true},
                    {"2026-03-31T14:00Z", false}, {"2026-10-27T07:00Z", true},  {"2036-06-03T06:00Z", true}};
    for (size_t i = 0; i < sizeof tuesdays / sizeof *tuesdays; i++)
        if ((maintenance_at(m, f, b, instant(tuesdays[i].at)) != NULL) != tuesdays[i].in)
            fail_msg("%s", tuesdays[i].at);
    assert_non_null(maintenance_at(m, f, a, instant("2026-05-02T01:00Z")));
    assert_null(maintenance_at(m, f, a, instant("2026-05-03T01:00Z")));
    assert_non_null(maintenance_at(m, f, a, instant("2026-05-04T01:00Z")));
    assert_non_null(maintenance_at(m, f, a, instant("2026-05-05T23:00Z")));
    assert_null(maintenance_at(m, f, a, instant("2026-05-07T23:00Z"))); /* until */
    assert_non_null(maintenance_at(m, f, a, instant("2027-03-24T15:59Z")));
    assert_non_null(maintenance_at(m, f, b, instant("2026-01-01T00:30Z")));
    assert_null(maintenance_at(m, f, b, instant("2025-12-31T23:30Z")));
    maintenance_free(m);
    write_file("supply,start,end,work,timezone\nA,5/13/2026 8:00,5/13/2026 9:00,w,\nA,5/14/2026 "
               "8:00,5/14/2026 9:00,w,UTC\n");
    assert_int_equal(
        maintenance_read(&m, path, &(struct timecell){"%m/%d/%Y %H:%M", "Europe/Berlin", false}, f, &err), 0);
    assert_non_null(maintenance_at(m, f, a, instant("2026-05-13T06:30Z")));
    assert_non_null(maintenance_at(m, f, a, instant("2026-05-14T08:30Z"))); /* the row's own zone */
    assert_null(maintenance_at(m, f, a, instant("2026-05-14T06:30Z")));
    maintenance_free(m);
    static const char *const bad[][2] = {
        {"A,2026-01-01,2026-01-02,w,yearly,,", ":2: repeat: 'yearly' is not daily"},
        {"A,2026-01-01,,w,weekly,,", ":2: end: what repeats needs one"},
        {"A,2026-01-01,2026-01-02,w,weekly,Europe/Atlantis,",
         ":2: timezone: 'Europe/Atlantis' is not a known"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[300];
        snprintf(text, sizeof text, "supply,start,end,work,repeat,timezone,until\n%s\n", bad[i][0]);
        write_file(text);
        assert_int_equal(maintenance_load(&m, path, f, &err), ERR_CONFIG);
        if (!strstr(err.msg, bad[i][1]))
            fail_msg("%s", err.msg);
    }
    fleet_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channels_are_grouped_and_ordered),
        cmocka_unit_test(bad_fleets_are_refused_by_line),
        cmocka_unit_test(it_reads_a_fleet_as_spreadsheets_write_it),
        cmocka_unit_test(a_supply_may_be_scattered_and_hashes_differ),
        cmocka_unit_test(maintenance_covers_supplies_sectors_and_all),
        cmocka_unit_test(maintenance_covers_what_shares_water_rack_or_feeder),
        cmocka_unit_test(maintenance_repeats_in_a_time_zone),
    };
    close(mkstemp(path));
    int failed = cmocka_run_group_tests_name("base/fleet", tests, NULL, NULL);
    unlink(path);
    return failed;
}
