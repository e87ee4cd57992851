/* monitor/live: what the resident monitor says of itself, and how often systemd hears of it.
 * SPDX-License-Identifier: MIT */
#include "monitor/live/live.h"

#include "base/mem.h"
#include "detectors/model/internal.h"
#include "monitor/live/notify.h"
#include "tests/fleet.h"
#include "tests/postgres.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- systemd's watchdog ---- */

static uint64_t asked_for(const char *usec, const char *pid)
{
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    if (usec)
        setenv("WATCHDOG_USEC", usec, 1);
    if (pid)
        setenv("WATCHDOG_PID", pid, 1);
    return notify_watchdog_ms();
}

static void the_watchdog_hears_thrice_in_what_systemd_asks_for(void **state)
{
    (void)state;
    char own[24];
    snprintf(own, sizeof own, "%ld", (long)getpid());
    assert_int_equal(asked_for(NULL, NULL), 0);
    assert_int_equal(asked_for("120000000", own), 40000);
    assert_int_equal(asked_for("6000000", NULL), 2000);
    assert_int_equal(asked_for("6000000", "1"), 0); /* another process answers for us */
    assert_int_equal(asked_for("100", own), 1);
    assert_int_equal(asked_for("nothing", own), 0);
}

/* ---- conditions ---- */

#define NOW (INT64_C(1795000020) * NS_PER_S)

static struct settings settings = {.period = NS_PER_MIN, .window = 12 * NS_PER_HOUR, .clock = {.speed = 1}};
static struct fleet *fleet;
static struct maintenance *none, *all;
static uv_loop_t loop;
static struct pg *pg; /* of a server that is not there */
static char spool[] = "/tmp/psmon-live-XXXXXX";

static int setup(void **state)
{
    (void)state;
    struct err err;
    struct table_file table;
    fleet =
        fleet_of("supply,family,sector,signal,pv,unit\nA,quad,S1,voltage,A:V,V\nB,quad,S2,voltage,B:V,V\n");
    table_of(&table, "supply,start,end,work\n*,2026-11-18T00:00:00Z,2026-11-19T00:00:00Z,shutdown\n");
    uv_loop_init(&loop);
    if (!mkdtemp(spool) || pg_open(&pg, &loop, "host=/nonexistent", spool, &err) != 0)
        return -1;
    int rc = maintenance_load(&none, NULL, fleet, &err) + maintenance_load(&all, table.path, fleet, &err);
    unlink(table.path);
    return rc;
}

static int teardown(void **state)
{
    (void)state;
    maintenance_free(none);
    maintenance_free(all);
    fleet_free(fleet);
    pg_close(pg, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", spool);
    return uv_loop_close(&loop) + postgres_sh(command);
}

/* Whether a monitor in that state says a condition. The database of no monitor is up. */
static const char *said(struct live *l, const char *condition)
{
    size_t n = live_conditions(l, NOW);
    for (size_t i = 0; i < n; i++)
        if (strcmp(l->conditions[i].name, condition) == 0)
            return l->conditions[i].text;
    return NULL;
}

static bool says(struct live *l, const char *condition)
{
    return said(l, condition) != NULL;
}

static void work_on_the_whole_ring_is_not_blindness(void **state)
{
    (void)state;
    struct live *l = xcalloc(1, sizeof *l);
    struct pipeline pipeline = {0};
    l->session.pipeline = &pipeline;
    l->session.pg = pg;
    l->phase = PHASE_BLIND;
    err_set(&l->archiver_error, ERR_DATA, "no channel has had a new sample");
    l->session.world = world_of(&settings, fleet, none, NULL);
    assert_true(says(l, "archiver"));
    world_drop(l->session.world);
    l->session.world = world_of(&settings, fleet, all, NULL);
    assert_false(says(l, "archiver"));
    err_set(&l->archiver_error, ERR_NET, "connection refused"); /* no work of ours */
    assert_true(says(l, "archiver"));
    world_drop(l->session.world);
    free(l);
}

static void the_evening_of_a_maintenance_day_is_covered(void **state)
{
    (void)state;
    struct live *l = xcalloc(1, sizeof *l);
    static const uint8_t reason[2] = {REASON_TOO_FEW_SAMPLES, REASON_TOO_FEW_SAMPLES};
    struct pipeline pipeline = {.tick = {.t = NOW, .n_supplies = 2, .reason = reason}};
    struct model *model = model_new(fleet);
    l->session.pipeline = &pipeline;
    l->session.pg = pg;
    l->phase = PHASE_LIVE;
    l->session.world = world_of(&settings, fleet, none, model);
    pipeline.tick.ledger[REASON_TOO_FEW_SAMPLES] = 2;
    assert_true(says(l, "coverage"));
    pipeline.tick.resting = 2;
    assert_false(says(l, "coverage"));
    world_drop(l->session.world);
    model_free(model);
    free(l);
}

/* A folder on a file system without room; sysfs has none, ever. */
static void a_disk_without_room_is_an_alarm(void **state)
{
    (void)state;
    struct live *l = xcalloc(1, sizeof *l);
    struct pipeline pipeline = {0};
    struct settings here = settings;
    l->session.pipeline = &pipeline;
    l->session.pg = pg;
    here.state_dir = (char *)"/sys";
    l->session.world = world_of(&here, fleet, none, NULL);
    assert_true(says(l, "disk"));
    assert_string_equal(live_snapshot(l)->disk, "the disk of /sys is nearly full: 0 MB are left");
    assert_false(l->snapshot.disk_refuses);
    here.state_dir = spool;
    here.database_url.clear = "host=/nonexistent"; /* some megabytes do */
    assert_false(says(l, "disk"));
    world_drop(l->session.world);
    free(l);
}

/* Issue 7.10: half of a small ring goes, and the alarm says which. */
static void which_half_cannot_be_scored_is_said(void **state)
{
    (void)state;
    struct live *l = xcalloc(1, sizeof *l);
    static const uint8_t reason[2] = {REASON_SCORED, REASON_NO_NUMBER};
    struct pipeline pipeline = {.tick = {.t = NOW, .n_supplies = 2, .reason = reason}};
    struct model *model = model_new(fleet);
    l->session.pipeline = &pipeline;
    l->session.pg = pg;
    l->phase = PHASE_LIVE;
    l->session.world = world_of(&settings, fleet, none, model);
    pipeline.tick.ledger[REASON_SCORED] = pipeline.tick.ledger[REASON_NO_NUMBER] = 1;
    assert_string_equal(said(l, "coverage"),
                        "1 of 2 supplies cannot be scored, in S2 (all 1): 1 with no number");
    pipeline.tick.ledger[REASON_SCORED] = 2;
    pipeline.tick.ledger[REASON_NO_NUMBER] = 0;
    assert_false(says(l, "coverage"));
    world_drop(l->session.world);
    model_free(model);
    free(l);
}

/* Issue 7.9: an engine that answers without values costs no reading, but somebody has to mend it. */
static void live_answers_without_values_are_said(void **state)
{
    (void)state;
    struct live *l = xcalloc(1, sizeof *l);
    struct pipeline pipeline = {0};
    l->session.pipeline = &pipeline;
    l->session.pg = pg;
    l->phase = PHASE_LIVE;
    l->session.world = world_of(&settings, fleet, none, NULL);
    assert_false(says(l, "live_answers"));
    l->valueless = 1;
    assert_non_null(strstr(said(l, "live_answers"), "no value for 1 of 2 channels"));
    world_drop(l->session.world);
    free(l);
}

/* ---- memory ---- */

#ifndef __SANITIZE_ADDRESS__ /* whose malloc is its own */
static long resident_mb(void)
{
    long size, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld %ld", &size, &resident), 2);
    fclose(f);
    return resident * sysconf(_SC_PAGESIZE) >> 20;
}

/* As after catching up: much was held in small pieces, of which the last one is still in use. */
static void memory_that_is_no_longer_used_goes_back(void **state)
{
    (void)state;
    enum { PIECES = 64 * 1024, SIZE = 1000 };
    struct live *l = xcalloc(1, sizeof *l);
    void **piece = xcalloc(PIECES, sizeof *piece);
    live_give_back_memory(l);
    long before = resident_mb();
    for (size_t i = 0; i < PIECES; i++)
        piece[i] = memset(xcalloc(1, SIZE), 1, SIZE);
    for (size_t i = 0; i + 1 < PIECES; i++)
        free(piece[i]);
    assert_true(resident_mb() - before > 50);
    live_give_back_memory(l);
    assert_true(resident_mb() - before < 10);
    free(piece[PIECES - 1]);
    free(piece);
    free(l);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_watchdog_hears_thrice_in_what_systemd_asks_for),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(memory_that_is_no_longer_used_goes_back),
#endif
        cmocka_unit_test(work_on_the_whole_ring_is_not_blindness),
        cmocka_unit_test(a_disk_without_room_is_an_alarm),
        cmocka_unit_test(the_evening_of_a_maintenance_day_is_covered),
        cmocka_unit_test(which_half_cannot_be_scored_is_said),
        cmocka_unit_test(live_answers_without_values_are_said),
    };
    return cmocka_run_group_tests_name("monitor/live", tests, setup, teardown);
}
