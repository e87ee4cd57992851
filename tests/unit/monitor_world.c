/* monitor/world: generations share what stayed, what is kept lives on, and a reload knows what it takes.
 * SPDX-License-Identifier: MIT */
#include "monitor/world.h"

#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/psmon-world-XXXXXX";
static char config[64];

#define FLEET "supply,family,sector,signal,pv,unit\nA,quad,S1,voltage,A:V,V\nB,quad,S2,dac,B:D,V\n"
#define WORK "supply,start,end,work\nA,2026-11-01,2026-11-02,fan\n"

static void put(const char *name, const char *text)
{
    char path[80];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* The configuration with some lines more. */
static void configure(const char *more)
{
    char text[600];
    snprintf(text, sizeof text,
             "fleet: fleet.csv\nmaintenance: maintenance.csv\narchiver: {url: 'http://a:1'}\n"
             "state_dir: state\n%s",
             more);
    put("psmon.yaml", text);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(config, sizeof config, "%s/psmon.yaml", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const names[] = {"psmon.yaml", "fleet.csv", "maintenance.csv"};
    for (int i = 0; i < 3; i++) {
        char path[80];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static int fresh_files(void **state)
{
    (void)state;
    put("fleet.csv", FLEET);
    put("maintenance.csv", WORK);
    configure("");
    return 0;
}

static struct world *open_world(void)
{
    struct world *w = NULL;
    struct err err = {0};
    if (world_open(&w, config, &err) != 0)
        fail_msg("%s", err.msg);
    return w;
}

static tstamp_ns at(const char *iso)
{
    tstamp_ns t;
    struct err err;
    assert_int_equal(timefmt_parse(&t, iso, &err), 0);
    return t;
}

/* The next generation; windows hold the 28 h before 12 November. */
static struct world *reload(const struct world *now, bool *reread)
{
    struct world *w = NULL;
    struct err err = {0};
    if (world_reload(&w, now, at("2026-11-10T20:00:00Z"), at("2026-11-12"), reread, &err) != 0)
        fail_msg("%s", err.msg);
    return w;
}

static void what_is_kept_outlives_its_generation(void **state)
{
    (void)state;
    struct world *first = open_world(), *kept = world_keep(first);
    bool reread;
    put("maintenance.csv", WORK "B,2026-11-20,,pump\n");
    struct world *next = reload(first, &reread);
    world_drop(first);
    assert_int_equal(kept->generation, 1);
    assert_int_equal(next->generation, 2);
    assert_int_equal(kept->maintenance->n, 1);
    assert_int_equal(next->maintenance->n, 2);
    assert_ptr_equal(kept->fleet, next->fleet);
    world_drop(kept);
    assert_string_equal(next->fleet->supplies[0].name, "A"); /* shared: it stays */
    world_drop(next);
}

static void a_reload_knows_whether_windows_change(void **state)
{
    (void)state;
    static const struct {
        const char *more, *work;
        bool reread;
    } cases[] = {
        {"", WORK, false},
        {"report: {size: 7, day: tuesday}\nbudget: 3\n", WORK, false},
        {"max_age: 4 min\n", WORK, true},
        {"max_age: {default: 5 min, dac: 1 h}\n", WORK, true},
        {"deadband_hold: 1 d\n", WORK, true},
        /* maintenance: what lies before the windows or after them changes nothing that they hold */
        {"", WORK "B,2026-11-20,,pump\n", false},
        {"", WORK "B,2026-11-05,2026-11-06,pump\n", false},
        {"", WORK "B,2026-11-11T08:00:00Z,2026-11-11T09:00:00Z,pump\n", true},
        {"", WORK "*,2026-11-03,,all of it\n", true},
        {"", "supply,start,end,work\nA,2026-11-01,2026-11-02,the fan after all\n", false},
        {"", "supply,start,end,work\nA,2026-11-01,2026-11-11,fan\n", true},
        {"", "supply,start,end,work\n", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fresh_files(NULL);
        struct world *w = open_world();
        configure(cases[i].more);
        put("maintenance.csv", cases[i].work);
        bool reread = !cases[i].reread;
        struct world *next = reload(w, &reread);
        if (reread != cases[i].reread)
            fail_msg("%s%s: %s", cases[i].more, cases[i].work, reread ? "read again" : "not read again");
        world_drop(next);
        world_drop(w);
    }
}

static void what_needs_a_restart_stays(void **state)
{
    (void)state;
    configure("webhooks:\n  - url: http://one/\nwindow: 12 h\nalarm: {on_delay: 5 min}\n");
    struct world *w = open_world();
    configure("webhooks:\n  - url: http://two/\nwindow: 24 h\nalarm: {on_delay: 9 min}\nbudget: 2\n");
    put("fleet.csv", FLEET "C,quad,S2,dac,C:D,V\n");
    bool reread = true;
    struct world *next = reload(w, &reread);
    assert_false(reread);
    assert_string_equal(next->settings->webhooks[0].url.clear, "http://two/"); /* this does not */
    assert_true(next->settings->window == 12 * NS_PER_HOUR);
    assert_true(next->settings->alarm_on_delay == 5 * NS_PER_MIN);
    assert_near(next->settings->budget, 2, 0, 0);
    assert_int_equal(next->fleet->n_supplies, 2);
    assert_string_not_equal(next->settings->hash, w->settings->hash);
    world_drop(w);
    assert_string_equal(next->settings->webhooks[0].url.clear, "http://two/");
    world_drop(next);
}

static void a_reload_that_fails_changes_nothing(void **state)
{
    (void)state;
    struct world *w = open_world(), *next = NULL;
    static const char *const wrong[][2] = {{"no_such: 1\n", "no_such"},
                                           {"max_age: {default: 5 min, speed: 1 h}\n", "max_age.speed"}};
    for (size_t i = 0; i < 2; i++) {
        struct err err = {0};
        bool reread;
        configure(wrong[i][0]);
        assert_int_equal(world_reload(&next, w, 0, 0, &reread, &err), ERR_CONFIG);
        assert_non_null(strstr(err.msg, wrong[i][1]));
        assert_null(next);
    }
    world_drop(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_kept_outlives_its_generation, fresh_files),
        cmocka_unit_test_setup(a_reload_knows_whether_windows_change, fresh_files),
        cmocka_unit_test_setup(what_needs_a_restart_stays, fresh_files),
        cmocka_unit_test_setup(a_reload_that_fails_changes_nothing, fresh_files),
    };
    return cmocka_run_group_tests_name("monitor/world", tests, setup, teardown);
}
