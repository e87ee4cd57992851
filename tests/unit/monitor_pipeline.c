/* monitor/pipeline: a tick outlives its frame, and another world is in force at the next tick.
 * SPDX-License-Identifier: MIT */
#include "monitor/pipeline.h"

#include "base/mem.h"
#include "tests/fleet.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define T0 (INT64_C(1795000020) * NS_PER_S) /* a whole minute */

static struct fleet *fleet;
static struct maintenance *none, *some;
static const struct settings settings = {.period = NS_PER_MIN,
                                         .window = 12 * NS_PER_HOUR,
                                         .max_age = 5 * NS_PER_MIN,
                                         .deadband_hold = NS_PER_DAY,
                                         .budget = 1,
                                         .clock = {.speed = 1}};

static int setup(void **state)
{
    (void)state;
    struct err err;
    struct table_file table;
    fleet = fleet_of("supply,family,sector,signal,pv,unit\nA,quad,S1,voltage,A:V,V\nB,quad,S1,dac,B:D,V\n");
    table_of(&table, "supply,start,end,work\nB,2026-01-01,,pump\n");
    int rc = maintenance_load(&none, NULL, fleet, &err);
    if (rc == 0)
        rc = maintenance_load(&some, table.path, fleet, &err);
    unlink(table.path);
    return rc;
}

static int teardown(void **state)
{
    (void)state;
    maintenance_free(some);
    maintenance_free(none);
    fleet_free(fleet);
    return 0;
}

/* A minute from a frame that is gone when the step is over, as a span's are. */
static void step(struct pipeline *p, int minute, float value)
{
    float *values = xcalloc(2, sizeof *values);
    uint8_t *qualities = xcalloc(2, 1);
    values[0] = values[1] = value;
    qualities[1] = QUALITY_HELD;
    pipeline_step(p, &(struct frame){T0 + minute * NS_PER_MIN, values, qualities}, false);
    free(values);
    free(qualities);
}

static void a_tick_outlives_its_frame(void **state)
{
    (void)state;
    struct world *w = world_of(&settings, fleet, none, NULL);
    struct pipeline *p = pipeline_new(w, true);
    step(p, 0, 7);
    step(p, 1, 8);
    assert_near((double)p->tick.value[1], 8, 0, 0);
    assert_int_equal(p->tick.quality[1], QUALITY_HELD);
    pipeline_free(p);
    world_drop(w);
}

static void another_world_is_in_force_at_the_next_tick(void **state)
{
    (void)state;
    struct world *first = world_of(&settings, fleet, none, NULL);
    struct pipeline *p = pipeline_new(first, false);
    world_drop(first); /* the pipeline's count keeps it */
    step(p, 0, 7);
    assert_int_equal(p->tick.reason[1], REASON_NO_MODEL);
    struct world *next = world_of(&settings, fleet, some, NULL);
    pipeline_change(p, next);
    world_drop(next);
    step(p, 1, 7);
    assert_int_equal(p->tick.reason[0], REASON_NO_MODEL);
    assert_int_equal(p->tick.reason[1], REASON_MAINTENANCE);
    pipeline_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tick_outlives_its_frame),
        cmocka_unit_test(another_world_is_in_force_at_the_next_tick),
    };
    return cmocka_run_group_tests_name("monitor/pipeline", tests, setup, teardown);
}
