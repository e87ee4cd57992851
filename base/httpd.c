/* HTTP server on the libuv loop: libmicrohttpd in external epoll mode. Its epoll descriptor is nested in
 * one uv_poll; what it wants to do later is one uv_timer. It has no threads, so handlers and streams run
 * on the loop and must not block.
 * SPDX-License-Identifier: MIT */
#include "base/httpd.h"

#include "base/buf.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256u
#define IDLE_S 60u /* a connection without traffic is closed after so long */
/* Memory of a connection: request line and headers, and the largest piece of a streamed answer. */
#define CONNECTION_MEMORY (128u * 1024u)

struct httpd {
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer;
    httpd_handler *handler;
    void *arg;
    size_t max_body;
    int port;
    int open_handles; /* of poll and timer: freed when both have closed */
};

/* What a connection remembers between its requests. */
struct peer {
    unsigned requests;
};

/* One request being read. */
struct exchange {
    char *query;
    struct buf body;
    bool started, too_large;
};

struct stream {
    int64_t (*fill)(void *arg, char *to, size_t max);
    void (*free)(void *arg);
    void *arg;
};

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

/* The only place where the query is seen as it was sent. */
static void *on_uri(void *arg, const char *uri, struct MHD_Connection *c)
{
    (void)arg;
    (void)c;
    struct exchange *x = xcalloc(1, sizeof *x);
    const char *mark = strchr(uri, '?');
    x->query = xstrdup(mark ? mark + 1 : "");
    return x;
}

static void on_completed(void *arg, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode how)
{
    (void)arg;
    (void)c;
    (void)how;
    struct exchange *x = *state;
    if (!x)
        return;
    buf_free(&x->body);
    free(x->query);
    free(x);
    *state = NULL;
}

static void on_connection(void *arg, struct MHD_Connection *c, void **state,
                          enum MHD_ConnectionNotificationCode what)
{
    (void)arg;
    (void)c;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *state = xcalloc(1, sizeof(struct peer));
    } else {
        free(*state);
        *state = NULL;
    }
}

static ssize_t stream_fill(void *arg, uint64_t at, char *to, size_t max)
{
    (void)at;
    struct stream *s = arg;
    int64_t n = s->fill(s->arg, to, max);
    if (n > 0)
        return (ssize_t)n;
    return n == -1 ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void stream_free(void *arg)
{
    struct stream *s = arg;
    if (s->free)
        s->free(s->arg);
    free(s);
}

static void add_header(struct MHD_Response *r, const char *line)
{
    const char *colon = strchr(line, ':');
    if (!colon)
        return;
    char *name = xstrdup(line);
    name[colon - line] = '\0';
    const char *value = colon + 1 + strspn(colon + 1, " ");
    (void)MHD_add_response_header(r, name, value);
    free(name);
}

static struct MHD_Response *response_new(const struct httpd_answer *a)
{
    if (!a->stream)
        /* libmicrohttpd only reads from the buffer: it copies it */
        return MHD_create_response_from_buffer(a->body_len, (void *)(uintptr_t)or_empty(a->body),
                                               MHD_RESPMEM_MUST_COPY);
    struct stream *s = xcalloc(1, sizeof *s);
    *s = (struct stream){.fill = a->stream, .free = a->stream_free, .arg = a->stream_arg};
    struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, CONNECTION_MEMORY / 2,
                                                               stream_fill, s, stream_free);
    if (!r)
        stream_free(s);
    return r;
}

static enum MHD_Result answer(struct MHD_Connection *c, const struct httpd_answer *a)
{
    struct MHD_Response *r = response_new(a);
    if (!r)
        return MHD_NO; /* closes the connection */
    if (a->content_type)
        (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, a->content_type);
    for (size_t i = 0; a->headers && a->headers[i]; i++)
        add_header(r, a->headers[i]);
    if (a->close)
        (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result ok = MHD_queue_response(c, (unsigned)(a->status ? a->status : 500), r);
    MHD_destroy_response(r);
    return ok;
}

static const char *request_header(struct MHD_Connection *c, const char *name)
{
    return or_empty(MHD_lookup_connection_value(c, MHD_HEADER_KIND, name));
}

/* The request is there; a handler that forgets to answer gives 500. */
static enum MHD_Result on_whole(struct httpd *h, struct MHD_Connection *c, const char *url,
                                const char *method, const struct exchange *x)
{
    if (x->too_large)
        return answer(c, &(struct httpd_answer){.status = 413, .close = true});
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct peer *peer = info ? info->socket_context : NULL;
    struct httpd_request r = {
        .method = method,
        .path = url,
        .query = x->query,
        .content_type = request_header(c, MHD_HTTP_HEADER_CONTENT_TYPE),
        .accept = request_header(c, MHD_HTTP_HEADER_ACCEPT),
        .body = buf_text(&x->body),
        .body_len = x->body.len,
        .requests = peer ? ++peer->requests : 1,
        .handle = c,
    };
    struct httpd_answer a = {.status = 500};
    h->handler(h->arg, &r, &a);
    return answer(c, &a);
}

/* Called once when the headers are there, then for each piece of the body, then once more. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **state)
{
    (void)version;
    struct httpd *h = arg;
    struct exchange *x = *state;
    if (!x->started) {
        x->started = true;
        x->body.max = h->max_body;
        return MHD_YES;
    }
    if (!*size)
        return on_whole(h, c, url, method, x);
    /* what is too much is read and dropped: a peer that still writes would not see the answer */
    if (!x->too_large && !buf_add(&x->body, data, *size))
        x->too_large = true;
    *size = 0; /* all of it taken */
    return MHD_YES;
}

static void run(struct httpd *h);

static void on_timer(uv_timer_t *t)
{
    run(t->data);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
    (void)status;
    (void)events;
    run(p->data);
}

/* Does what is ready; connections that have more to do at once ask for a timer of 0. */
static void run(struct httpd *h)
{
    (void)MHD_run(h->daemon);
    MHD_UNSIGNED_LONG_LONG ms;
    if (MHD_get_timeout(h->daemon, &ms) == MHD_YES)
        uv_timer_start(&h->timer, on_timer, ms, 0);
    else
        uv_timer_stop(&h->timer);
}

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
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, 128) == 0)
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

static struct MHD_Daemon *start_daemon(struct httpd *h, int fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, h, MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_URI_LOG_CALLBACK, on_uri, h, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                            h, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_CONNECTION_LIMIT,
                            MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_END);
}

int httpd_open(struct httpd **out, uv_loop_t *loop, const char *listen, size_t max_body,
               httpd_handler *handler, void *arg, struct err *err)
{
    int fd = open_socket(listen, err);
    if (fd < 0)
        return fd;
    struct httpd *h = xcalloc(1, sizeof *h);
    *h = (struct httpd){.handler = handler, .arg = arg, .max_body = max_body};
    h->port = socket_port(fd);
    h->daemon = start_daemon(h, fd);
    if (!h->daemon) {
        close(fd);
        free(h);
        return err_set(err, ERR_LIB, "could not start the HTTP server on \"%s\"", listen);
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    int status = info ? uv_poll_init(loop, &h->poll, info->epoll_fd) : UV_EINVAL;
    if (status) {
        MHD_stop_daemon(h->daemon);
        free(h);
        return err_set(err, ERR_LIB, "could not watch the HTTP server: %s", uv_strerror(status));
    }
    uv_timer_init(loop, &h->timer);
    h->poll.data = h->timer.data = h;
    h->open_handles = 2;
    uv_poll_start(&h->poll, UV_READABLE, on_poll);
    run(h);
    *out = h;
    return 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct httpd *h = handle->data;
    if (--h->open_handles == 0)
        free(h);
}

void httpd_close(struct httpd *h)
{
    if (!h)
        return;
    uv_poll_stop(&h->poll); /* before its descriptor is closed by the daemon */
    uv_timer_stop(&h->timer);
    MHD_stop_daemon(h->daemon);
    uv_close((uv_handle_t *)&h->poll, on_handle_closed);
    uv_close((uv_handle_t *)&h->timer, on_handle_closed);
}

int httpd_port(const struct httpd *h)
{
    return h->port;
}

const char *httpd_arg(const struct httpd_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->handle, MHD_GET_ARGUMENT_KIND, name);
}

const char *httpd_header(const struct httpd_request *r, const char *name)
{
    return request_header(r->handle, name);
}

struct each {
    void (*call)(void *arg, const char *name, const char *value);
    void *arg;
};

static enum MHD_Result each_value(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    struct each *e = arg;
    e->call(e->arg, name, or_empty(value));
    return MHD_YES;
}

void httpd_each_arg(const struct httpd_request *r,
                    void (*each)(void *arg, const char *name, const char *value), void *arg)
{
    (void)MHD_get_connection_values(r->handle, MHD_GET_ARGUMENT_KIND, each_value, &(struct each){each, arg});
}
