/* Functions of libc, libuv, libcurl, libpq and OpenSSL, replaced; see clock.h.
 * SPDX-License-Identifier: MIT */
#include "tests/virtual/clock.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <libpq-fe.h>
#include <openssl/rand.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#define MAX_CONNECTIONS 16
#define MAX_REQUESTS 64
#define PATIENCE_MS 60000 /* real time after which an answer that does not come ends the test */

/* A connection to the database and what it owes. */
struct connection {
    PGconn *conn; /* NULL: free */
    bool up;
    int syncs; /* sent and not answered */
};

struct request {
    CURL *easy;    /* NULL: free */
    bool answered; /* the peer answers, so that waiting for it in real time is right */
};

static struct virtual_time *shared; /* NULL: real time */
static const struct virtual_script *script;
static uv_loop_t *running;
static struct connection connection[MAX_CONNECTIONS];
static struct request request[MAX_REQUESTS];

void virtual_begin(struct virtual_time *s, const struct virtual_script *of)
{
    shared = s;
    script = of;
    virtual_write(s);
}

static void *real(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);
    if (!f) {
        fprintf(stderr, "virtual: there is no %s\n", name);
        abort();
    }
    return f;
}

/* The library's own function, as of_library. (memcpy: ISO C has no cast from an object's to a function's
 * pointer.) */
#define REAL(name)                                 \
    static __typeof__(name) *of_library;           \
    if (!of_library) {                             \
        void *found = real(#name);                 \
        memcpy(&of_library, &found, sizeof found); \
    }

int64_t virtual_real_ns(void)
{
    struct timespec ts;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

void virtual_write(struct virtual_time *s)
{
    snprintf(s->text, sizeof s->text, "%020lld", (long long)(s->now / NS_PER_S));
}

/* Moves time on to t, and to each event of the script on the way. */
static void move_to(tstamp_ns t)
{
    while (script->next() <= t) {
        if (script->next() > shared->now)
            shared->now = script->next();
        virtual_write(shared);
        script->happen();
    }
    if (t > shared->now)
        shared->now = t;
    virtual_write(shared);
}

/* ---- clocks ---- */

int clock_gettime(clockid_t id, struct timespec *ts)
{
    if (!shared || (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE &&
                    id != CLOCK_REALTIME_COARSE && id != CLOCK_BOOTTIME))
        return (int)syscall(SYS_clock_gettime, id, ts);
    bool wall = id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE;
    tstamp_ns t = shared->now + (wall ? shared->wall_ahead : -VIRTUAL_BOOT);
    *ts = (struct timespec){t / NS_PER_S, t % NS_PER_S};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    if (out)
        *out = ts.tv_sec;
    return ts.tv_sec;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec ts;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &ts);
    *tv = (struct timeval){ts.tv_sec, ts.tv_nsec / 1000};
    return 0;
}

int nanosleep(const struct timespec *want, struct timespec *left)
{
    if (!shared)
        return (int)syscall(SYS_nanosleep, want, left);
    move_to(shared->now + want->tv_sec * NS_PER_S + want->tv_nsec);
    return 0;
}

int usleep(useconds_t us)
{
    struct timespec ts = {us / 1000000, us % 1000000 * 1000};
    return nanosleep(&ts, NULL);
}

int RAND_bytes(unsigned char *out, int n)
{
    static uint64_t own = 88172645463325252;
    uint64_t *s = shared ? &shared->random : &own;
    for (int i = 0; i < n; i++) {
        *s ^= *s << 13;
        *s ^= *s >> 7;
        *s ^= *s << 17;
        out[i] = (unsigned char)(*s >> 32);
    }
    return 1;
}

/* ---- what is on its way: the database ---- */

static struct connection *find(const PGconn *conn)
{
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        if (connection[i].conn == conn)
            return &connection[i];
    fprintf(stderr, "virtual: %s\n", conn ? "an unknown connection" : "too many connections");
    abort();
}

PGconn *PQconnectStartParams(const char *const *keys, const char *const *values, int expand)
{
    REAL(PQconnectStartParams);
    PGconn *conn = of_library(keys, values, expand);
    if (conn)
        *find(NULL) = (struct connection){.conn = conn};
    return conn;
}

int PQenterPipelineMode(PGconn *conn)
{
    REAL(PQenterPipelineMode);
    find(conn)->up = true;
    return of_library(conn);
}

int PQpipelineSync(PGconn *conn)
{
    REAL(PQpipelineSync);
    find(conn)->syncs++;
    return of_library(conn);
}

int PQflush(PGconn *conn)
{
    REAL(PQflush);
    int rc = of_library(conn);
    if (shared && rc == 0)
        script->asked();
    return rc;
}

PGresult *PQgetResult(PGconn *conn)
{
    REAL(PQgetResult);
    PGresult *r = of_library(conn);
    for (size_t i = 0; r && PQresultStatus(r) == PGRES_PIPELINE_SYNC && i < MAX_CONNECTIONS; i++)
        if (connection[i].conn == conn)
            connection[i].syncs--;
    return r;
}

void PQfinish(PGconn *conn)
{
    REAL(PQfinish);
    for (size_t i = 0; conn && i < MAX_CONNECTIONS; i++)
        if (connection[i].conn == conn)
            connection[i] = (struct connection){0};
    of_library(conn);
}

static bool database_owes(void)
{
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        if (connection[i].conn && PQstatus(connection[i].conn) != CONNECTION_BAD &&
            (!connection[i].up || connection[i].syncs > 0))
            return script->database_answers();
    return false;
}

void virtual_await_hangup(void)
{
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        struct pollfd p = {connection[i].conn ? PQsocket(connection[i].conn) : -1, POLLIN, 0};
        struct timespec most = {PATIENCE_MS / 1000, 0};
        if (p.fd >= 0)
            syscall(SYS_ppoll, &p, 1, &most, NULL, 0);
    }
}

/* ---- HTTP ---- */

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    REAL(curl_multi_add_handle);
    size_t i = 0;
    while (i < MAX_REQUESTS && request[i].easy)
        i++;
    if (i < MAX_REQUESTS)
        request[i] = (struct request){easy, !shared || script->peer_answers()};
    if (shared)
        curl_easy_setopt(easy, CURLOPT_REFERER, script->peer_mood());
    return of_library(multi, easy);
}

CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
    REAL(curl_multi_remove_handle);
    for (size_t i = 0; i < MAX_REQUESTS; i++)
        if (request[i].easy == easy)
            request[i].easy = NULL;
    return of_library(multi, easy);
}

static bool peer_owes(void)
{
    for (size_t i = 0; i < MAX_REQUESTS; i++)
        if (request[i].easy && request[i].answered)
            return true;
    return false;
}

/* ---- the loop ---- */

int uv_run(uv_loop_t *loop, uv_run_mode mode)
{
    REAL(uv_run);
    uv_loop_t *before = running;
    running = loop;
    int rc = of_library(loop, mode);
    running = before;
    return rc;
}

static bool anything_owed(void)
{
    return running->active_reqs.count > 0 || database_owes() || peer_owes();
}

static int real_epoll(int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask)
{
    return (int)syscall(SYS_epoll_pwait, fd, events, max, timeout, mask, mask ? _NSIG / 8 : 0);
}

int epoll_pwait(int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask)
{
    if (!shared || !running || timeout == 0 || fd != uv_backend_fd(running))
        return real_epoll(fd, events, max, timeout, mask);
    tstamp_ns until = timeout < 0 ? INT64_MAX : shared->now + timeout * (NS_PER_S / 1000);
    for (;;) {
        int n = real_epoll(fd, events, max, 0, mask);
        if (n != 0)
            return n;
        if (anything_owed()) {
            n = real_epoll(fd, events, max, PATIENCE_MS, mask);
            if (n == 0) {
                fprintf(stderr, "virtual: an answer does not come: work %u, database %d, peer %d\n",
                        running->active_reqs.count, database_owes(), peer_owes());
                abort();
            }
            return n;
        }
        if (shared->now >= until)
            return 0;
        tstamp_ns event = script->next();
        if (until == INT64_MAX && event == INT64_MAX) {
            fprintf(stderr, "virtual: the loop sleeps for ever\n");
            abort();
        }
        move_to(event < until ? event : until);
    }
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
    return epoll_pwait(fd, events, max, timeout, NULL);
}

/* libpq's blocking calls wait with poll. While the database hangs, time has to pass for them too. */
int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    struct timespec ts = {timeout / 1000, timeout % 1000 * 1000000L};
    if (!shared || timeout == 0 || script->database_answers())
        return (int)syscall(SYS_ppoll, fds, n, timeout < 0 ? NULL : &ts, NULL, 0);
    tstamp_ns until = timeout < 0 ? INT64_MAX : shared->now + timeout * (NS_PER_S / 1000);
    while (!script->database_answers() && shared->now < until) {
        tstamp_ns event = script->next();
        move_to(event < until ? event : until);
    }
    ts = (struct timespec){script->database_answers() ? PATIENCE_MS / 1000 : 0, 0};
    return (int)syscall(SYS_ppoll, fds, n, &ts, NULL, 0);
}
