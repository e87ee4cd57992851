/* base/net/httpd: answers, bodies, streams, arguments and keep-alive seen by a plain socket client.
 * SPDX-License-Identifier: MIT */
#include "base/net/httpd.h"

#include "base/buf.h"
#include "tests/near.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct talk {
    uv_async_t done;
    int port;
    const char *request;
    struct buf reply;
    bool closed;
};

static size_t streams_freed;

struct counting {
    int left;
    int64_t end;
};

static int64_t stream_fill(void *arg, char *to, size_t max)
{
    struct counting *c = arg;
    if (c->left-- == 0)
        return c->end;
    size_t n = max < 40000 ? max : 40000;
    memset(to, 'x', n);
    return (int64_t)n;
}

static void stream_free(void *arg)
{
    streams_freed++;
    free(arg);
}

static void collect(void *arg, const char *name, const char *value)
{
    buf_printf(arg, "[%s=%s]", name, value);
}

static void handle(void *arg, const struct httpd_request *r, struct httpd_answer *a)
{
    struct buf *text = arg;
    buf_reset(text);
    a->status = 200;
    if (!strcmp(r->path, "/stream") || !strcmp(r->path, "/broken")) {
        struct counting *c = malloc(sizeof *c);
        assert_non_null(c);
        *c = (struct counting){3, r->path[1] == 'b' ? -2 : -1};
        a->stream = stream_fill;
        a->stream_free = stream_free;
        a->stream_arg = c;
        return;
    }
    static const char *const headers[] = {"X-One: 1", "X-Two:2", NULL};
    buf_printf(text, "%s %s q=%s ct=%s n=%u body=%zu:%.5s a=%s ", r->method, r->path, r->query,
               r->content_type, r->requests, r->body_len, r->body,
               httpd_arg(r, "a") ? httpd_arg(r, "a") : "(none)");
    httpd_each_arg(r, collect, text);
    a->headers = headers;
    a->body = text->data;
    a->body_len = text->len;
    a->close = r->requests >= 2;
}

static void talk_thread(void *arg)
{
    struct talk *t = arg;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)t->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
        write(fd, t->request, strlen(t->request)) > 0) {
        char piece[65536];
        for (ssize_t n; (n = read(fd, piece, sizeof piece)) > 0;)
            buf_add(&t->reply, piece, (size_t)n);
    }
    close(fd);
    uv_async_send(&t->done);
}

static void talk_closed(uv_handle_t *h)
{
    struct talk *t = h->data;
    t->closed = true;
}

static void talk_done(uv_async_t *a)
{
    uv_stop(a->loop);
    uv_close((uv_handle_t *)a, talk_closed);
}

struct fixture {
    uv_loop_t loop;
    struct httpd *h;
    struct buf text;
};

static int setup(void **state)
{
    static struct fixture f;
    struct err err = {0};
    uv_loop_init(&f.loop);
    if (httpd_open(&f.h, &f.loop, "127.0.0.1:0", 100000, handle, &f.text, &err))
        return -1;
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    httpd_close(f->h);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    buf_free(&f->text);
    return uv_loop_close(&f->loop);
}

/* What the server answers to these bytes until it closes the connection. */
static struct buf talk(struct fixture *f, const char *request)
{
    struct talk t = {.port = httpd_port(f->h), .request = request};
    uv_thread_t thread;
    uv_async_init(&f->loop, &t.done, talk_done);
    t.done.data = &t;
    uv_thread_create(&thread, talk_thread, &t);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    uv_thread_join(&thread);
    while (!t.closed)
        uv_run(&f->loop, UV_RUN_NOWAIT);
    return t.reply;
}

static void answers_arguments_and_bodies(void **state)
{
    struct buf r = talk(*state, "GET /a%20b?a=1%2B2&pv=x&pv=y+z&flag HTTP/1.1\r\nHost: h\r\n\r\n"
                                "POST /p?q HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                                "Content-Length: 7\r\n\r\n[\"abc\"]");
    assert_non_null(strstr(buf_text(&r), "GET /a b q=a=1%2B2&pv=x&pv=y+z&flag ct= n=1 body=0: a=1+2 "
                                         "[a=1+2][pv=x][pv=y z][flag=]"));
    assert_non_null(strstr(buf_text(&r), "POST /p q=q ct=application/json n=2 body=7:[\"abc a=(none)"));
    assert_non_null(strstr(buf_text(&r), "X-One: 1\r\n"));
    assert_non_null(strstr(buf_text(&r), "X-Two: 2\r\n"));
    assert_null(strstr(buf_text(&r), "Content-Type"));
    assert_non_null(strstr(buf_text(&r), "Connection: close\r\n"));
    buf_free(&r);
}

static void streams_are_chunked_and_freed(void **state)
{
    size_t before = streams_freed;
    struct buf r = talk(*state, "GET /stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(buf_text(&r), "Transfer-Encoding: chunked"));
    size_t x = 0;
    for (size_t i = 0; i < r.len; i++)
        x += r.data[i] == 'x';
    assert_true(x > 60000 && x <= 120000);
    assert_memory_equal(r.data + r.len - 5, "0\r\n\r\n", 5);
    assert_int_equal(streams_freed, before + 1);
    buf_free(&r);
    r = talk(*state, "GET /broken HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_true(r.len > 1000);
    assert_memory_not_equal(r.data + r.len - 5, "0\r\n\r\n", 5);
    assert_int_equal(streams_freed, before + 2);
    buf_free(&r);
}

static void a_body_too_large_is_refused(void **state)
{
    struct buf request = {0};
    buf_str(&request, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n\r\n");
    for (size_t i = 0; i < 100001; i++)
        buf_add(&request, "y", 1);
    struct buf r = talk(*state, buf_text(&request));
    assert_non_null(strstr(buf_text(&r), "HTTP/1.1 413"));
    buf_free(&r);
    buf_free(&request);
}

static void addresses(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};
    struct httpd *h;
    static const char *const bad[] = {
        "", "127.0.0.1", "127.0.0.1:", ":65536", "127.0.0.1:8x", "::1]:80", "no.such.host.invalid:80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(httpd_open(&h, &f->loop, bad[i], 1, handle, NULL, &err), ERR_NET);
    char taken[32];
    snprintf(taken, sizeof taken, "127.0.0.1:%d", httpd_port(f->h));
    assert_int_equal(httpd_open(&h, &f->loop, taken, 1, handle, NULL, &err), ERR_NET);
    assert_non_null(strstr(err.msg, taken));
    assert_int_equal(httpd_open(&h, &f->loop, ":0", 1, handle, NULL, &err), 0);
    assert_true(httpd_port(h) > 0);
    httpd_close(h);
}

/* ---- crowds: clients in a process of their own ---- */

#define SLOW 2000

struct crowd {
    pid_t pid;
    int from, to; /* pipes: what it says, what it is told */
};

static int connect_to(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? fd : -1;
}

/* How many of them the server has ended. */
static size_t count_ended(const int fd[], size_t n)
{
    size_t ended = 0;
    char c;
    for (size_t i = 0; i < n; i++)
        ended += recv(fd[i], &c, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
    return ended;
}

/* Connects n times and sends `text` on each; says when all have come, and, told to, how many were ended. */
static void be_a_crowd(int port, size_t n, const char *text, int out, int in)
{
    static int fd[SLOW];
    char c;
    uint32_t ended;
    struct rlimit files = {SLOW + 100, SLOW + 100};
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        _exit(3);
    for (size_t i = 0; i < n; i++) {
        fd[i] = connect_to(port);
        if (fd[i] < 0)
            _exit(2);
        (void)!send(fd[i], text, strlen(text), MSG_NOSIGNAL);
    }
    while (write(out, "", 1) == 1 && read(in, &c, 1) == 1 && c == '?') {
        ended = (uint32_t)count_ended(fd, n);
        if (write(out, &ended, sizeof ended) != sizeof ended)
            break;
    }
    _exit(0); /* closes all of them at once */
}

static void on_said(uv_poll_t *p, int status, int events)
{
    (void)status;
    (void)events;
    uv_stop(p->loop);
}

/* Reads what a crowd says, while the server works. */
static void hear(struct fixture *f, int from, void *to, size_t n)
{
    uv_poll_t poll;
    uv_poll_init(&f->loop, &poll, from);
    uv_poll_start(&poll, UV_READABLE, on_said);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(read(from, to, n), n);
    uv_close((uv_handle_t *)&poll, NULL);
    uv_run(&f->loop, UV_RUN_NOWAIT);
}

static struct crowd crowd_sets_out(struct fixture *f, size_t n, const char *text)
{
    int up[2], down[2];
    assert_int_equal(pipe(up) + pipe(down), 0);
    struct crowd crowd = {fork(), up[0], down[1]};
    if (crowd.pid == 0) {
        close(up[0]);
        close(down[1]); /* or it would wait for itself */
        be_a_crowd(httpd_port(f->h), n, text, up[1], down[0]);
    }
    close(up[1]);
    close(down[0]);
    return crowd;
}

static void crowd_arrives(struct fixture *f, const struct crowd *crowd)
{
    char c;
    hear(f, crowd->from, &c, 1);
}

static struct crowd crowd_comes(struct fixture *f, size_t n, const char *text)
{
    struct crowd crowd = crowd_sets_out(f, n, text);
    crowd_arrives(f, &crowd);
    return crowd;
}

/* So many of them are ended, when the server has seen all, and no more. */
static void crowd_loses(struct fixture *f, const struct crowd *crowd, size_t n)
{
    uint32_t ended = 0;
    for (int asked = 0; asked == 0 || ended < n; asked++) {
        assert_int_equal(write(crowd->to, "?", 1), 1);
        hear(f, crowd->from, &ended, sizeof ended);
        crowd_arrives(f, crowd);
    }
    assert_int_equal(ended, n);
}

static void crowd_goes(struct crowd *crowd)
{
    close(crowd->to);
    close(crowd->from);
    int status;
    waitpid(crowd->pid, &status, 0);
}

static void is_answered(struct fixture *f)
{
    struct buf r = talk(f, "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_non_null(strstr(buf_text(&r), "HTTP/1.1 200"));
    buf_free(&r);
}

static void two_thousand_slow_clients_keep_nobody_out(void **state)
{
    struct fixture *f = *state;
    struct crowd crowd = crowd_comes(f, SLOW, "GET /a HTTP/1.1\r\nHost:");
    is_answered(f);
    /* one of the places of their address went to who asked */
    crowd_loses(f, &crowd, SLOW - 64 + 1);
    crowd_goes(&crowd);
    is_answered(f);
}

static void a_full_house_that_leaves_at_once_is_open_again(void **state)
{
    struct fixture *f = *state;
    const struct httpd_limits limits = {256, 256, 60000, 60000, 1000};
    httpd_limit(f->h, &limits);
    struct crowd crowd = crowd_comes(f, 400, "");
    crowd_loses(f, &crowd, 400 - 256);
    crowd_goes(&crowd);
    is_answered(f);
}

static void who_takes_too_long_is_ended(void **state)
{
    struct fixture *f = *state;
    const struct httpd_limits limits = {256, 64, 1, 60000, 1}, resting = {256, 64, 60000, 1, 1};
    httpd_limit(f->h, &limits);
    struct buf r = talk(f, "GET /a HTTP/1.1\r\nHo"); /* talk returns when the server closes */
    assert_int_equal(r.len, 0);
    httpd_limit(f->h, &resting);
    r = talk(f, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_non_null(strstr(buf_text(&r), "HTTP/1.1 200"));
    buf_free(&r);
}

/* A process that has no descriptor left closes who comes, and does not spin on who waits. */
static void without_descriptors_who_comes_is_turned_away(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, none;
    getrlimit(RLIMIT_NOFILE, &before);
    struct crowd crowd = crowd_sets_out(f, 20, "");
    int next = dup(0);
    close(next);
    none = before;
    none.rlim_cur = (rlim_t)next; /* what is open stays so */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    crowd_arrives(f, &crowd);
    crowd_loses(f, &crowd, 20);
    setrlimit(RLIMIT_NOFILE, &before);
    crowd_goes(&crowd);
    is_answered(f);
}

static void on_tested(void *arg, bool well)
{
    *(int *)arg = well;
}

static int tested(struct fixture *f, const char *request)
{
    int well = -1, other = -1;
    assert_true(httpd_test(f->h, request, on_tested, &well));
    assert_false(httpd_test(f->h, request, on_tested, &other)); /* one at a time */
    while (well < 0)
        uv_run(&f->loop, UV_RUN_ONCE);
    uv_run(&f->loop, UV_RUN_NOWAIT);
    return well;
}

static void it_finds_out_whether_it_answers(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(tested(f, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"), 1);
    assert_int_equal(tested(f, "GET /a HTTP/9.9\r\nHost: h\r\n\r\n"), 0);
    struct crowd crowd = crowd_comes(f, SLOW, "GET /a HTTP/1.1\r\nHost:");
    assert_int_equal(tested(f, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"), 1);
    crowd_goes(&crowd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_arguments_and_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(streams_are_chunked_and_freed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_too_large_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(addresses, setup, teardown),
        cmocka_unit_test_setup_teardown(two_thousand_slow_clients_keep_nobody_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_house_that_leaves_at_once_is_open_again, setup, teardown),
        cmocka_unit_test_setup_teardown(who_takes_too_long_is_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(without_descriptors_who_comes_is_turned_away, setup, teardown),
        cmocka_unit_test_setup_teardown(it_finds_out_whether_it_answers, setup, teardown),
    };
    return cmocka_run_group_tests_name("base/net/httpd", tests, NULL, NULL);
}
