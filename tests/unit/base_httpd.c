/* base/httpd: answers, bodies, streams, arguments and keep-alive seen by a plain socket client.
 * SPDX-License-Identifier: MIT */
#include "base/httpd.h"

#include "base/buf.h"
#include "tests/near.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_arguments_and_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(streams_are_chunked_and_freed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_too_large_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(addresses, setup, teardown),
    };
    return cmocka_run_group_tests_name("base/httpd", tests, NULL, NULL);
}
