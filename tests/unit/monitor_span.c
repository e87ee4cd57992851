/* monitor/span: every minute is handed over once and in order, however slowly the frames are taken.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/ring.h"
#include "monitor/span.h"
#include "tests/near.h"

#include "base/time/timefmt.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sim *sim;
static struct fleet *fleet;
static tstamp_ns from;

static int open_ring(void **state)
{
    (void)state;
    char path[] = "/tmp/psmon-span-XXXXXX";
    struct err err = {0};
    if (timefmt_parse(&from, "2026-01-10T00:00:00Z", &err) != 0)
        return -1;
    const struct sim_options o = {.supplies = 3, .seed = 5, .from = from, .days = 30, .healthy_days = 30};
    close(mkstemp(path));
    int rc = sim_new(&sim, &o, &err);
    if (rc == 0)
        rc = sim_write_fleet(sim, path, &err);
    if (rc == 0)
        rc = fleet_load(&fleet, path, &err);
    unlink(path);
    return rc;
}

static int close_ring(void **state)
{
    (void)state;
    fleet_free(fleet);
    sim_free(sim);
    return 0;
}

static tstamp_ns far_future(void *arg)
{
    (void)arg;
    return INT64_MAX / 2;
}

struct taking {
    struct span *span;
    uv_timer_t resume;
    tstamp_ns next;
    size_t frames, values;
    unsigned pause_every; /* 0: never */
    size_t stop_after;    /* 0: never */
    bool done;
    int code;
};

static void on_resume(uv_timer_t *timer)
{
    span_resume(((struct taking *)timer->data)->span);
}

static bool on_frame(void *arg, const struct frame *f)
{
    struct taking *t = arg;
    assert_int_equal(f->t, t->next);
    t->next += NS_PER_MIN;
    t->frames++;
    for (size_t c = 0; c < fleet->n_channels; c++)
        t->values += isnan((double)f->value[c]) ? 0 : 1;
    if (t->stop_after && t->frames == t->stop_after) {
        span_free(t->span);
        t->done = true;
        return true;
    }
    if (!t->pause_every || t->frames % t->pause_every != 0)
        return true;
    uv_timer_start(&t->resume, on_resume, 1, 0);
    return false;
}

static void on_done(void *arg, const struct err *err)
{
    struct taking *t = arg;
    assert_false(t->done); /* once */
    t->done = true;
    t->code = err ? err->code : 0;
}

/* Reads 2.5 days in slices of half a day. */
static struct taking read_span(unsigned pause_every, size_t stop_after)
{
    uv_loop_t loop;
    struct source *source;
    struct err err = {0};
    struct taking t = {.next = from, .pause_every = pause_every, .stop_after = stop_after};
    uv_loop_init(&loop);
    uv_timer_init(&loop, &t.resume);
    t.resume.data = &t;
    assert_int_equal(sim_source_open(&source, &loop, sim, fleet, far_future, NULL, &err), 0);
    struct grid *grid = grid_new(
        fleet,
        &(struct grid_options){.period = NS_PER_MIN, .max_age = 5 * NS_PER_MIN, .deadband_hold = NS_PER_DAY});
    t.span = span_start(&(struct span_options){.loop = &loop,
                                               .source = source,
                                               .grid = grid,
                                               .fleet = fleet,
                                               .from = from,
                                               .to = from + 3600 * NS_PER_MIN,
                                               .period = NS_PER_MIN,
                                               .slice = 720,
                                               .on_frame = on_frame,
                                               .on_done = on_done,
                                               .arg = &t});
    while (!t.done)
        uv_run(&loop, UV_RUN_ONCE);
    if (!stop_after)
        span_free(t.span);
    source_close(source);
    uv_close((uv_handle_t *)&t.resume, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    grid_free(grid);
    return t;
}

static void every_minute_once(void **state)
{
    (void)state;
    struct taking t = read_span(0, 0);
    assert_int_equal(t.code, 0);
    assert_int_equal(t.frames, 3600);
    assert_true(t.values > 3600 * fleet->n_channels / 2);
}

static void pausing_loses_nothing(void **state)
{
    (void)state;
    size_t values = read_span(0, 0).values;
    for (unsigned every = 1; every <= 501; every += 125) {
        struct taking t = read_span(every, 0);
        assert_int_equal(t.frames, 3600);
        assert_int_equal(t.values, values);
    }
}

static void it_can_be_given_up_at_any_frame(void **state)
{
    (void)state;
    for (size_t after = 1; after < 1500; after += 359)
        assert_int_equal(read_span(0, after).frames, after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_minute_once),
        cmocka_unit_test(pausing_loses_nothing),
        cmocka_unit_test(it_can_be_given_up_at_any_frame),
    };
    return cmocka_run_group_tests_name("monitor/span", tests, open_ring, close_ring);
}
