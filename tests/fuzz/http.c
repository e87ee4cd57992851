/* HTTP requests as they come off the wire: at the page, and at the simulated appliance when the bytes name
 * one of its paths. What comes back, if anything, is an HTTP answer, and the next well-formed request is
 * answered. SPDX-License-Identifier: MIT */
#include "archive/sim/server.h"
#include "base/maintenance.h"
#include "detectors/engine/scorer.h"
#include "features/record.h"
#include "monitor/page/page.h"
#include "tests/fuzz/fuzz.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#define T0 (INT64_C(1767225600) * NS_PER_S) /* 2026-01-01 */
enum { CHANNELS = 9, TRACE = 4, MAX_REQUEST = 65536, ROUNDS = 2000 };

static struct {
    uv_loop_t loop;
    struct page *page;
    struct sim *sim;
    struct sim_server *appliance;
    struct settings settings;
    struct maintenance *none;
    struct tick tick;
    struct snapshot snapshot;
    char answer[32]; /* its beginning */
    size_t received;
} web;

static void must(int rc, const struct err *err)
{
    if (rc != 0) {
        fprintf(stderr, "%s\n", err->msg);
        abort();
    }
}

static const struct snapshot *get_snapshot(void *arg)
{
    (void)arg;
    return &web.snapshot;
}

/* A monitor after its first tick, without a model. */
static void fill_snapshot(void)
{
    static float value[CHANNELS], trace[CHANNELS * TRACE];
    static uint8_t quality[CHANNELS];
    const struct fleet *f = fuzz_fleet();
    struct err err = {0};
    assert(f->n_channels == CHANNELS);
    must(maintenance_load(&web.none, NULL, f, &err), &err);
    web.settings = (struct settings){.period = NS_PER_MIN, .report_size = 10, .clock = {.speed = 1}};
    struct scorer *s =
        scorer_new(NULL, f, web.none,
                   &(struct scorer_options){.budget = 1, .window_minutes = 720, .period = NS_PER_MIN});
    scorer_step(s, &(struct frame){.t = T0, .value = value, .quality = quality}, false, &web.tick);
    web.snapshot = (struct snapshot){.settings = &web.settings,
                                     .fleet = f,
                                     .maintenance = web.none,
                                     .scorer = s,
                                     .tick = &web.tick,
                                     .trace_value = trace,
                                     .trace_residual = trace,
                                     .trace_len = TRACE,
                                     .trace_step = 5 * NS_PER_MIN,
                                     .trace_end = T0,
                                     .now = T0 + NS_PER_S,
                                     .run = "live",
                                     .model = "",
                                     .phase = "live",
                                     .archiver_error = ""};
}

static void open_servers(void)
{
    struct err err = {0};
    struct clock clock = {.start = T0 + NS_PER_DAY, .wall = clock_wall(), .speed = 1};
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&web.loop);
    fill_snapshot();
    must(sim_new(&web.sim,
                 &(struct sim_options){.supplies = 2, .seed = 1, .from = T0, .days = 2, .healthy_days = 2},
                 &err),
         &err);
    must(page_open(&web.page, &web.loop, "127.0.0.1:0", "x", get_snapshot, NULL, &err), &err);
    must(sim_server_open(&web.appliance, &web.loop, web.sim, &clock, "127.0.0.1:0", &err), &err);
}

/* The fuzzer's alarm clock interrupts a connect, which then goes on by itself. */
static bool connects(int fd, const struct sockaddr_in *to)
{
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) == 0)
        return true;
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    int failed = errno;
    socklen_t size = sizeof failed;
    while (failed == EINTR)
        if (poll(&wait, 1, -1) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) == 0 &&
            failed == 0)
            return true;
    errno = failed;
    return false;
}

/* A connection from an address of its own each time, so that ports in TIME_WAIT do not run out. */
static int connect_to(int port)
{
    static uint32_t number;
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    number = (number + 1) % 0xfffe;
    from.sin_addr.s_addr = htonl(0x7f010001u + number);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)port);
    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) != 0 || !connects(fd, &to) ||
        fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        perror("a connection to the server");
        abort();
    }
    return fd;
}

/* Reads what is there; false when the peer has closed. */
static bool drain(int fd)
{
    char block[4096];
    ssize_t k;
    while ((k = read(fd, block, sizeof block)) > 0) {
        for (ssize_t i = 0; i < k && web.received < sizeof web.answer; i++)
            web.answer[web.received++] = block[i];
    }
    return k < 0;
}

/* Sends the bytes, lets the server work until it has closed or has nothing more to say. */
static void ask(int port, const void *data, size_t n)
{
    int fd = connect_to(port), quiet = 0;
    web.received = 0;
    ssize_t sent = write(fd, data, n);
    (void)sent; /* the server may have refused and closed */
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < ROUNDS && drain(fd) && quiet < 20; i++) {
        size_t before = web.received;
        uv_run(&web.loop, UV_RUN_NOWAIT);
        quiet = web.received == before ? quiet + 1 : 0;
    }
    struct linger at_once = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
    for (int i = 0; i < 3; i++)
        uv_run(&web.loop, UV_RUN_NOWAIT);
    assert(web.received == 0 || strncmp(web.answer, "HTTP/1.", 7) == 0);
}

static bool names_appliance(const uint8_t *data, size_t n)
{
    return memmem(data, n, "/retrieval", 10) || memmem(data, n, "/mgmt", 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char plain[] = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                      plain_appliance[] =
                          "GET /retrieval/bpl/getVersion HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    if (!web.page)
        open_servers();
    if (n > MAX_REQUEST)
        return 0;
    bool appliance = names_appliance(data, n);
    int port = appliance ? sim_server_port(web.appliance) : page_port(web.page);
    ask(port, data, n);
    const char *again = appliance ? plain_appliance : plain;
    ask(port, again, strlen(again));
    assert(memcmp(web.answer, "HTTP/1.1 200", 12) == 0);
    return 0;
}
