/* The appliance's client against the simulated appliance, over HTTP: what arrives is what the ring
 * holds. PSM_SUPPLIES and PSM_HOURS make it larger; the rate is printed.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/ring.h"
#include "archive/sim/server.h"
#include "base/time/timefmt.h"
#include "tests/near.h"
#include "tests/support/collect.h"

#define PIECE 4096

static uv_loop_t loop;
static struct clock stopped; /* simulated time, as good as standing still */
static struct sim *ring;
static struct sim_server *server;
static struct fleet *fleet;
static struct source *source;
static tstamp_ns from, to;
static struct collect c;

static tstamp_ns clock_of_test(void *arg)
{
    return clock_now(arg);
}

static long setting(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : otherwise;
}

static void wait_for_done(void)
{
    while (!c.done)
        uv_run(&loop, UV_RUN_ONCE);
    if (c.result.code != 0)
        fail_msg("%s", c.error);
    assert_int_equal(c.result.channels_answered, fleet->n_channels);
}

/* All samples of a channel with from <= t < to, after the newest before. */
static void compare_channel(uint32_t channel, uint32_t in_ring)
{
    static struct sample want[PIECE];
    size_t i = 0, n;
    struct sample before;
    if (sim_latest(ring, in_ring, from - 1, &before)) {
        assert_true(c.n[channel] > 0);
        assert_int_equal(c.s[channel][0].t, before.t);
        i = 1;
    }
    for (tstamp_ns t = from; (n = sim_read(ring, in_ring, t, to, want, PIECE)) > 0; t = want[n - 1].t + 1) {
        assert_true(i + n <= c.n[channel]);
        for (size_t k = 0; k < n; k++, i++) {
            const struct sample *got = &c.s[channel][i];
            assert_int_equal(got->t, want[k].t);
            assert_true(got->value == want[k].value || (isnan(got->value) && isnan(want[k].value)));
            assert_int_equal(got->severity, want[k].severity);
            assert_int_equal(got->flags, want[k].flags);
        }
    }
    assert_int_equal(i, c.n[channel]);
}

static void ranges_are_the_ring(void **state)
{
    (void)state;
    uint32_t *all = xcalloc(fleet->n_channels, sizeof *all);
    for (uint32_t i = 0; i < fleet->n_channels; i++)
        all[i] = i;
    collect_reset(&c);
    uint64_t t0 = uv_hrtime();
    source->ops->range(source, all, fleet->n_channels, from, to, 0, collect_samples, collect_done, &c);
    wait_for_done();
    double seconds = (double)(uv_hrtime() - t0) * 1e-9;
    print_message("%zu channels, %zu samples, %.1f MB in %.2f s: %.2f M samples/s, simulator in the "
                  "same thread\n",
                  fleet->n_channels, c.result.samples, (double)c.result.bytes * 1e-6, seconds,
                  (double)c.result.samples / seconds * 1e-6);
    for (uint32_t i = 0; i < fleet->n_channels; i++)
        compare_channel(i, (uint32_t)sim_find(ring, fleet->channels[i].pv));
    free(all);
}

static void live_is_the_ring(void **state)
{
    (void)state;
    tstamp_ns now = clock_now(&stopped);
    collect_reset(&c);
    source->ops->latest(source, now, 20, collect_samples, collect_done, &c);
    wait_for_done();
    for (uint32_t i = 0; i < fleet->n_channels; i++) {
        struct sample want;
        assert_int_equal(c.n[i], 1);
        assert_true(sim_latest(ring, (uint32_t)sim_find(ring, fleet->channels[i].pv), now, &want));
        assert_int_equal(c.s[i]->t, want.t);
        assert_true(c.s[i]->value == want.value || isnan(want.value));
    }
}

static void on_connected(void *arg, const int8_t connected[], const struct source_result *r)
{
    struct collect *k = arg;
    memcpy(k->connected, connected, fleet->n_channels);
    collect_done(arg, r);
}

static void connections_are_the_ring(void **state)
{
    (void)state;
    collect_reset(&c);
    source->ops->connections(source, 20, on_connected, &c);
    wait_for_done();
    for (uint32_t i = 0; i < fleet->n_channels; i++) {
        uint32_t supply = (uint32_t)sim_find(ring, fleet->channels[i].pv) / SIGNAL_KNOWN;
        assert_int_equal(c.connected[i], sim_connected(ring, supply, clock_now(&stopped), NULL));
    }
}

static int start(void **state)
{
    (void)state;
    struct err err = {0};
    char path[] = "/tmp/psmon-roundtrip-XXXXXX", retrieval[64], management[64];
    if (timefmt_parse(&to, "2026-01-01T03:00:00Z", &err) != 0)
        return -1;
    from = to - setting("PSM_HOURS", 6) * NS_PER_HOUR;
    stopped = (struct clock){.start = to, .wall = clock_wall(), .speed = 1e-9};
    struct sim_options o = {.supplies = (uint32_t)setting("PSM_SUPPLIES", 40),
                            .seed = 7,
                            .from = from - NS_PER_DAY,
                            .days = 10,
                            .faults_per_week = -1};
    uv_loop_init(&loop);
    close(mkstemp(path));
    if (sim_new(&ring, &o, &err) != 0 || sim_write_fleet(ring, path, &err) != 0 ||
        fleet_load(&fleet, path, &err) != 0 ||
        sim_server_open(&server, &loop, ring, &stopped, "127.0.0.1:0", &err) != 0)
        return print_error("%s\n", err.msg), -1;
    unlink(path);
    snprintf(retrieval, sizeof retrieval, "http://127.0.0.1:%d/retrieval", sim_server_port(server));
    snprintf(management, sizeof management, "http://127.0.0.1:%d/mgmt", sim_server_port(server));
    struct source_options so = {
        .retrieval_url = retrieval, .management_url = management, .now = clock_of_test, .now_arg = &stopped};
    return source_open(&source, &loop, fleet, &so, &err);
}

static int stop(void **state)
{
    (void)state;
    source_close(source);
    sim_server_close(server);
    uv_run(&loop, UV_RUN_DEFAULT);
    collect_reset(&c);
    fleet_free(fleet);
    sim_free(ring);
    return uv_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_the_ring),
        cmocka_unit_test(live_is_the_ring),
        cmocka_unit_test(connections_are_the_ring),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
