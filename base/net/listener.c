/* A listening TCP socket that never stops accepting; see listener.h. SPDX-License-Identifier: MIT */
#include "base/net/listener.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG SOMAXCONN /* who finds the queue full comes again a second later, and two, and four */
#define PER_TURN 64       /* connections taken before the loop turns to others */

struct listener {
    int fd, port;
    int spare; /* given up to take, and close, a connection when the process has no descriptor left */
    uv_poll_t poll;
    uv_timer_t patience; /* of a test */
    uv_tcp_t visitor;    /* the test's connection */
    bool testing, visiting;
    int open_handles; /* poll and patience: freed when both have closed, and the visitor */
    listener_accept *accept;
    void *arg;
    /* of the test under way */
    uv_connect_t connect;
    uv_write_t write;
    const char *request, *expect;
    size_t met; /* of expect */
    char piece[256];
    void (*done)(void *arg, bool well);
    void *done_arg;
};

/* ---- the socket ---- */

/* "ADDR:PORT", "[::1]:80", ":8080" into host (may be "") and port; false when it is neither. */
static bool split_address(const char *listen, char host[256], char port[8])
{
    const char *colon = strrchr(listen, ':');
    if (!colon || strlen(colon + 1) == 0 || strlen(colon + 1) > 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) || strtoul(colon + 1, NULL, 10) > 65535)
        return false;
    const char *from = listen, *to = colon;
    if (*from == '[') {
        if (to - from < 2 || to[-1] != ']')
            return false;
        from++;
        to--;
    }
    if (to - from > 255)
        return false;
    memcpy(host, from, (size_t)(to - from));
    host[to - from] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return true;
}

static int listen_on(const struct addrinfo *a)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    if (fd < 0)
        return -1;
    int on = 1, off = 0;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->ai_family == AF_INET6) /* one socket for both families */
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* A listening socket; ":PORT" takes IPv6 with IPv4 mapped into it where there is IPv6, else IPv4. */
static int open_socket(const char *listen, struct err *err)
{
    char host[256], port[8];
    if (!split_address(listen, host, port))
        return err_set(err, ERR_NET, "cannot listen on \"%s\": not ADDRESS:PORT", listen);
    const char *hosts[] = {*host ? host : "::", *host ? NULL : "0.0.0.0"};
    int fd = -1, saved = 0, why = 0;
    for (size_t i = 0; i < 2 && hosts[i] && fd < 0; i++) {
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
        why = getaddrinfo(hosts[i], port, &hints, &list);
        for (struct addrinfo *a = why ? NULL : list; a && fd < 0; a = a->ai_next) {
            fd = listen_on(a);
            saved = errno;
        }
        if (!why)
            freeaddrinfo(list);
    }
    if (fd < 0)
        return err_set(err, ERR_NET, "could not listen on \"%s\": %s", listen,
                       why ? gai_strerror(why) : strerror(saved));
    return fd;
}

static int socket_port(int fd)
{
    struct sockaddr_storage a = {0};
    socklen_t len = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &len))
        return 0;
    in_port_t port = a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                             : ((struct sockaddr_in *)&a)->sin_port;
    return ntohs(port);
}

/* ---- accepting ---- */

/* No descriptor is left: the connection is taken with the spare one and closed, or it would wake us again at
 * once and for ever. */
static void turn_away(struct listener *l)
{
    close(l->spare);
    int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
    struct listener *l = p->data;
    (void)status;
    (void)events;
    for (int i = 0; i < PER_TURN; i++) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof from;
        int fd = accept4(l->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            l->accept(l->arg, fd, (struct sockaddr *)&from, len);
        else if (errno == EMFILE || errno == ENFILE)
            turn_away(l);
        else if (errno == EAGAIN)
            return;
    }
}

int listener_open(struct listener **out, uv_loop_t *loop, const char *listen, listener_accept *accept,
                  void *arg, struct err *err)
{
    int fd = open_socket(listen, err);
    if (fd < 0)
        return fd;
    struct listener *l = xcalloc(1, sizeof *l);
    *l =
        (struct listener){.fd = fd, .port = socket_port(fd), .accept = accept, .arg = arg, .open_handles = 2};
    l->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    uv_poll_init(loop, &l->poll, fd);
    uv_timer_init(loop, &l->patience);
    l->poll.data = l->patience.data = l->visitor.data = l;
    uv_poll_start(&l->poll, UV_READABLE, on_poll);
    *out = l;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct listener *l = handle->data;
    if (--l->open_handles == 0)
        free(l);
}

static void leave(struct listener *l)
{
    if (l->visiting)
        uv_close((uv_handle_t *)&l->visitor, on_closed);
    l->visiting = false;
}

void listener_close(struct listener *l)
{
    if (!l)
        return;
    leave(l);
    uv_poll_stop(&l->poll);
    close(l->fd);
    if (l->spare >= 0)
        close(l->spare);
    uv_close((uv_handle_t *)&l->poll, on_closed);
    uv_close((uv_handle_t *)&l->patience, on_closed);
}

int listener_port(const struct listener *l)
{
    return l->port;
}

/* ---- the test ---- */

static void end_test(struct listener *l, bool well)
{
    if (!l->testing)
        return;
    l->testing = false;
    uv_timer_stop(&l->patience);
    leave(l);
    l->done(l->done_arg, well);
}

static void on_patience_over(uv_timer_t *t)
{
    end_test(t->data, false);
}

static void give_piece(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct listener *l = h->data;
    (void)suggested;
    *buf = uv_buf_init(l->piece, sizeof l->piece);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct listener *l = stream->data;
    if (n < 0) {
        end_test(l, false);
        return;
    }
    for (ssize_t i = 0; i < n && l->expect[l->met]; i++) {
        if (buf->base[i] != l->expect[l->met++]) {
            end_test(l, false);
            return;
        }
    }
    if (!l->expect[l->met])
        end_test(l, true);
}

static void on_written(uv_write_t *w, int status)
{
    struct listener *l = w->data;
    if (status != 0 && status != UV_ECANCELED)
        end_test(l, false);
}

static void on_connected(uv_connect_t *c, int status)
{
    struct listener *l = c->data;
    if (status == UV_ECANCELED)
        return;
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)l->request, (unsigned)strlen(l->request));
    l->write.data = l;
    if (status != 0 || uv_read_start((uv_stream_t *)&l->visitor, give_piece, on_read) != 0 ||
        uv_write(&l->write, (uv_stream_t *)&l->visitor, &buf, 1, on_written) != 0)
        end_test(l, false);
}

/* The address to reach the socket at from here: of one that listens on all, the loopback. */
static void own_address(const struct listener *l, struct sockaddr_storage *a)
{
    socklen_t len = sizeof *a;
    (void)getsockname(l->fd, (struct sockaddr *)a, &len);
    struct sockaddr_in *four = (struct sockaddr_in *)a;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)a;
    if (a->ss_family == AF_INET && four->sin_addr.s_addr == htonl(INADDR_ANY))
        four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (a->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr))
        six->sin6_addr = in6addr_loopback;
}

bool listener_test(struct listener *l, const char *request, const char *expect, uint64_t timeout_ms,
                   void (*done)(void *arg, bool well), void *arg)
{
    /* the last visitor may still be closing */
    if (l->testing || l->open_handles > 2)
        return false;
    struct sockaddr_storage to = {0};
    own_address(l, &to);
    l->testing = l->visiting = true;
    l->request = request;
    l->expect = expect;
    l->met = 0;
    l->done = done;
    l->done_arg = arg;
    l->open_handles++;
    uv_tcp_init(l->poll.loop, &l->visitor);
    l->visitor.data = l->connect.data = l;
    uv_timer_start(&l->patience, on_patience_over, timeout_ms, 0);
    if (uv_tcp_connect(&l->connect, &l->visitor, (struct sockaddr *)&to, on_connected) != 0)
        uv_timer_start(&l->patience, on_patience_over, 0, 0); /* done is not called from inside this call */
    return true;
}
