/* archive/sim: the ring as a source in this process. SPDX-License-Identifier: MIT */
#include "archive/sim/ring.h"

#include "base/fleet.h"
#include "base/time/timefmt.h"
#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fixture {
    uv_loop_t loop;
    struct sim *sim;
    struct fleet *fleet;
    struct source *source;
    tstamp_ns now, oldest, newest;
    size_t samples, channels, calls, done, connected;
    uint32_t last_channel;
    int code;
    bool ordered;
};

static tstamp_ns at(const char *text)
{
    tstamp_ns t;
    struct err err;
    assert_int_equal(timefmt_parse(&t, text, &err), 0);
    return t;
}

static tstamp_ns now(void *arg)
{
    const struct fixture *f = arg;
    return f->now;
}

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){.now = at("2026-10-08T10:00:00Z"), .ordered = true};
    const struct sim_options o = {
        .supplies = 20, .seed = 4, .from = at("2026-09-07"), .days = 30, .healthy_days = 30};
    struct err err;
    char path[] = "/tmp/psmon-simsource-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || sim_new(&f.sim, &o, &err) || sim_write_fleet(f.sim, path, &err))
        return -1;
    /* one channel that the ring does not have */
    FILE *csv = fdopen(fd, "a");
    fseek(csv, 0, SEEK_END);
    fputs("S77:Q1,quadrupole,S77,current,S77:Q1:CurrentM,A,W01,R01A,F1,,,\n", csv);
    fclose(csv);
    uv_loop_init(&f.loop);
    int rc = fleet_load(&f.fleet, path, &err);
    unlink(path);
    if (rc || sim_source_open(&f.source, &f.loop, f.sim, f.fleet, now, &f, &err))
        return -1;
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    source_close(f->source);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    fleet_free(f->fleet);
    sim_free(f->sim);
    return uv_loop_close(&f->loop);
}

static void on_samples(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    struct fixture *f = arg;
    if (!f->calls++)
        f->oldest = s[0].t;
    f->channels += channel != f->last_channel;
    f->last_channel = channel;
    for (size_t i = 1; i < n; i++)
        f->ordered &= s[i].t > s[i - 1].t;
    f->samples += n;
    f->newest = s[n - 1].t > f->newest ? s[n - 1].t : f->newest;
}

static void on_done(void *arg, const struct source_result *r)
{
    struct fixture *f = arg;
    f->done++;
    f->code = r->code;
    assert_non_null(r->error);
}

static void the_latest_of_all(void **state)
{
    struct fixture *f = *state;
    f->last_channel = UINT32_MAX;
    f->source->ops->latest(f->source, f->now, 1, on_samples, on_done, f);
    assert_int_equal(f->calls, 0); /* never from inside the call */
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->samples, 120);
    assert_int_equal(f->channels, 120);
    assert_true(f->newest <= f->now && f->newest > f->now - 2 * NS_PER_MIN);
}

static void a_range_of_some(void **state)
{
    struct fixture *f = *state;
    uint32_t known = (uint32_t)fleet_channel(f->fleet, "S01:Q2:CurrentM");
    uint32_t absent = (uint32_t)fleet_channel(f->fleet, "S77:Q1:CurrentM");
    tstamp_ns from = at("2026-10-01T00:00:00Z");
    f->source->ops->range(f->source, (const uint32_t[]){absent, known}, 2, from, f->now + NS_PER_DAY, 0,
                          on_samples, on_done, f);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->code, 0);
    assert_true(f->oldest < from); /* the sample before the range */
    assert_true(f->newest <= f->now);
    assert_true(f->ordered);
    assert_in_range(f->samples, 10300, 10682);
}

/* Wherever it stands in the queue; those before and after it are answered. */
static void a_cancelled_request_ends_alone(void **state)
{
    uint32_t all[120];
    for (uint32_t i = 0; i < 120; i++)
        all[i] = i;
    for (int which = 0; which < 3; which++) {
        struct fixture *f = *state;
        struct source_request *r[3];
        tstamp_ns from = f->now - NS_PER_DAY;
        f->done = 0;
        for (int i = 0; i < 3; i++)
            r[i] = f->source->ops->range(f->source, all, 120, from, f->now, 0, on_samples, on_done, f);
        source_cancel(r[which]);
        assert_int_equal(f->done, 1);
        assert_int_equal(f->code, ERR_CANCELLED);
        f->source->ops->latest(f->source, f->now, 1, on_samples, on_done, f);
        uv_run(&f->loop, UV_RUN_DEFAULT);
        assert_int_equal(f->done, 4);
        assert_int_equal(f->code, 0);
    }
}

static void closing_cancels(void **state)
{
    struct fixture *f = *state;
    uint32_t all[120];
    for (uint32_t i = 0; i < 120; i++)
        all[i] = i;
    f->source->ops->range(f->source, all, 120, 0, f->now, 0, on_samples, on_done, f);
    f->source->ops->latest(f->source, f->now, 1, on_samples, on_done, f);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    source_close(f->source);
    assert_int_equal(f->done, 2);
    assert_int_equal(f->code, ERR_CANCELLED);
    struct err err;
    assert_int_equal(sim_source_open(&f->source, &f->loop, f->sim, f->fleet, now, f, &err), 0);
}

static void on_connections(void *arg, const int8_t connected[], const struct source_result *r)
{
    struct fixture *f = arg;
    assert_int_equal(r->code, 0);
    for (size_t i = 0; i < f->fleet->n_channels; i++)
        f->connected += connected[i] == 1;
    assert_int_equal(connected[fleet_channel(f->fleet, "S77:Q1:CurrentM")], -1);
    f->done++;
}

static void connections(void **state)
{
    struct fixture *f = *state;
    f->source->ops->connections(f->source, 1, on_connections, f);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->connected, sim_connected(f->sim, 0, f->now, NULL) ? 120 : 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_latest_of_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_range_of_some, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_request_ends_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(closing_cancels, setup, teardown),
        cmocka_unit_test_setup_teardown(connections, setup, teardown),
    };
    return cmocka_run_group_tests_name("archive/sim source", tests, NULL, NULL);
}
