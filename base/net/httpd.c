/* HTTP server on the libuv loop: libmicrohttpd in external epoll mode. Its epoll descriptor is nested in
 * one uv_poll; what it wants to do later is one uv_timer. It has no threads, so handlers and streams run
 * on the loop and must not block.
 *
 * Connections are accepted here and not by libmicrohttpd, which leaves its listener out of the epoll set when
 * it is full, and may then never wake again. Here everybody is let in: who is one too many takes the place of
 * the one that has used its time worst (worst_of). SPDX-License-Identifier: MIT */
#include "base/net/httpd.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/net/listener.h"

#include <assert.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 256u
#define HTTPD_LIMITS                                                                              \
    (struct httpd_limits)                                                                         \
    {                                                                                             \
        .connections = MAX_CONNECTIONS, .per_address = 64, .request_ms = 10000, .idle_ms = 60000, \
        .sweep_ms = 1000                                                                          \
    }
#define IDLE_S 60u   /* a connection whose answer does not move is closed after so long */
#define TEST_MS 5000 /* in which a test of ours must be answered */
/* Memory of a connection: request line and headers, and the largest piece of a streamed answer. */
#define CONNECTION_MEMORY (128u * 1024u)

enum peer_state {
    PEER_IDLE,    /* between two requests */
    PEER_READING, /* a request is not whole yet; from the beginning so, since it came to ask */
    PEER_ANSWERED /* its answer is on the way */
};

/* A connection. */
struct peer {
    struct httpd *httpd;
    struct peer *next, **at; /* in the list of all; at: what points to it */
    int fd;
    uint8_t address[16]; /* IPv6; IPv4 mapped into it */
    enum peer_state state;
    uint64_t since; /* it is in that state, ms of the loop */
    bool leaving;   /* shut down, and not yet gone */
    unsigned requests;
};

struct httpd {
    struct MHD_Daemon *daemon;
    struct listener *listener;
    uv_poll_t poll;
    uv_timer_t timer, sweep;
    httpd_handler *handler;
    void *arg;
    size_t max_body;
    struct httpd_limits limits;
    struct peer *peers; /* newest first */
    int open_handles;   /* of poll and timers: freed when all have closed */
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

static struct peer *peer_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void enter(struct peer *p, enum peer_state state)
{
    if (!p || p->state == state)
        return;
    p->state = state;
    p->since = uv_now(p->httpd->timer.loop);
}

/* The only place where the query is seen as it was sent. */
static void *on_uri(void *arg, const char *uri, struct MHD_Connection *c)
{
    (void)arg;
    enter(peer_of(c), PEER_READING);
    struct exchange *x = xcalloc(1, sizeof *x);
    const char *mark = strchr(uri, '?');
    x->query = xstrdup(mark ? mark + 1 : "");
    return x;
}

static void on_completed(void *arg, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode how)
{
    (void)arg;
    (void)how;
    enter(peer_of(c), PEER_IDLE);
    struct exchange *x = *state;
    if (!x)
        return;
    buf_free(&x->body);
    free(x->query);
    free(x);
    *state = NULL;
}

static void read_address(uint8_t out[16], const struct sockaddr *a)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    memset(out, 0, 16);
    if (a && a->sa_family == AF_INET6) {
        memcpy(out, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, 16);
    } else if (a && a->sa_family == AF_INET) {
        memcpy(out, mapped, sizeof mapped);
        memcpy(out + 12, &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
    }
}

static struct peer *peer_new(struct httpd *h, struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD),
                                   *address = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct peer *p = xcalloc(1, sizeof *p);
    *p = (struct peer){.httpd = h,
                       .next = h->peers,
                       .at = &h->peers,
                       .fd = fd ? fd->connect_fd : -1,
                       .state = PEER_READING,
                       .since = uv_now(h->timer.loop)};
    read_address(p->address, address ? address->client_addr : NULL);
    if (p->next)
        p->next->at = &p->next;
    h->peers = p;
    return p;
}

static void peer_free(struct peer *p)
{
    *p->at = p->next;
    if (p->next)
        p->next->at = p->at;
    free(p);
}

static void on_connection(void *arg, struct MHD_Connection *c, void **state,
                          enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        *state = peer_new(arg, c);
    } else {
        peer_free(*state);
        *state = NULL;
    }
}

/* ---- who has to leave ---- */

/* libmicrohttpd sees that the connection has ended, and tidies up. */
static void dismiss(struct peer *p)
{
    p->leaving = true;
    (void)shutdown(p->fd, SHUT_RDWR);
}

/* An attacker has a whole /64 of IPv6 as easily as one address of IPv4. */
static bool same_place(const struct peer *a, const struct peer *b)
{
    static const uint8_t mapped[8];
    size_t n = memcmp(a->address, mapped, sizeof mapped) == 0 ? 16 : 8;
    return memcmp(a->address, b->address, n) == 0;
}

static size_t count_place(const struct httpd *h, const struct peer *of)
{
    size_t n = 0;
    for (const struct peer *p = h->peers; p; p = p->next)
        n += !p->leaving && same_place(p, of);
    return n;
}

static bool is_worse(const struct peer *a, const struct peer *b)
{
    bool idle_a = a->state != PEER_ANSWERED, idle_b = b->state != PEER_ANSWERED;
    return idle_a != idle_b ? idle_a : a->since < b->since;
}

/* Of a place, who asks for nothing for the longest time, else who has been answered for the longest; never
 * the one that came just now. */
static struct peer *worst_of(const struct httpd *h, const struct peer *place, const struct peer *newest)
{
    struct peer *worst = NULL;
    for (struct peer *p = h->peers; p; p = p->next)
        if (p != newest && !p->leaving && same_place(p, place) && (!worst || is_worse(p, worst)))
            worst = p;
    return worst;
}

/* The place that has most connections. */
static const struct peer *busiest(const struct httpd *h)
{
    const struct peer *most = h->peers;
    size_t n = 0;
    for (const struct peer *p = h->peers; p; p = p->next) {
        size_t here = p->leaving ? 0 : count_place(h, p);
        if (here > n) {
            n = here;
            most = p;
        }
    }
    return most;
}

static size_t count_all(const struct httpd *h)
{
    size_t n = 0;
    for (const struct peer *p = h->peers; p; p = p->next)
        n += !p->leaving;
    return n;
}

/* Somebody came: within the limits again. */
static void make_room(struct httpd *h)
{
    const struct peer *newest = h->peers;
    struct peer *worst = NULL;
    if (!newest)
        return;
    if (count_place(h, newest) > h->limits.per_address)
        worst = worst_of(h, newest, newest);
    else if (count_all(h) > h->limits.connections)
        worst = worst_of(h, busiest(h), newest);
    if (worst)
        dismiss(worst);
}

static void on_sweep(uv_timer_t *t)
{
    struct httpd *h = t->data;
    for (struct peer *p = h->peers; p; p = p->next) {
        uint64_t most = p->state == PEER_READING ? h->limits.request_ms
                        : p->state == PEER_IDLE  ? h->limits.idle_ms
                                                 : UINT64_MAX; /* libmicrohttpd looks whether it moves */
        if (!p->leaving && uv_now(t->loop) - p->since > most)
            dismiss(p);
    }
    if (!h->peers)
        uv_timer_stop(t);
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
    struct peer *peer = peer_of(c);
    enter(peer, PEER_ANSWERED);
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

static struct MHD_Daemon *start_daemon(struct httpd *h)
{
    /* those that are leaving count until libmicrohttpd has seen it */
    unsigned most = 2 * MAX_CONNECTIONS;
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, on_request, h,
                            MHD_OPTION_URI_LOG_CALLBACK, on_uri, h, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                            h, MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_CONNECTION_LIMIT,
                            most, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)CONNECTION_MEMORY, MHD_OPTION_END);
}

static void on_accept(void *arg, int fd, const struct sockaddr *from, socklen_t len)
{
    struct httpd *h = arg;
    if (MHD_add_connection(h->daemon, fd, from, len) != MHD_YES)
        return; /* it has closed it */
    make_room(h);
    if (!uv_is_active((uv_handle_t *)&h->sweep))
        uv_timer_start(&h->sweep, on_sweep, h->limits.sweep_ms, h->limits.sweep_ms);
    run(h);
}

void httpd_limit(struct httpd *h, const struct httpd_limits *limits)
{
    assert(limits->connections <= MAX_CONNECTIONS && limits->sweep_ms > 0);
    h->limits = *limits;
}

int httpd_open(struct httpd **out, uv_loop_t *loop, const char *listen, size_t max_body,
               httpd_handler *handler, void *arg, struct err *err)
{
    struct httpd *h = xcalloc(1, sizeof *h);
    *h = (struct httpd){.handler = handler, .arg = arg, .max_body = max_body, .limits = HTTPD_LIMITS};
    int rc = listener_open(&h->listener, loop, listen, on_accept, h, err);
    if (rc != 0) {
        free(h);
        return rc;
    }
    h->daemon = start_daemon(h);
    const union MHD_DaemonInfo *info = h->daemon ? MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)
                                                 : NULL;
    if (!info || uv_poll_init(loop, &h->poll, info->epoll_fd) != 0) {
        listener_close(h->listener);
        if (h->daemon)
            MHD_stop_daemon(h->daemon);
        free(h);
        return err_set(err, ERR_LIB, "could not start the HTTP server on \"%s\"", listen);
    }
    uv_timer_init(loop, &h->timer);
    uv_timer_init(loop, &h->sweep);
    h->poll.data = h->timer.data = h->sweep.data = h;
    h->open_handles = 3;
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
    listener_close(h->listener);
    uv_poll_stop(&h->poll); /* before its descriptor is closed by the daemon */
    uv_timer_stop(&h->timer);
    MHD_stop_daemon(h->daemon);
    uv_close((uv_handle_t *)&h->poll, on_handle_closed);
    uv_close((uv_handle_t *)&h->timer, on_handle_closed);
    uv_close((uv_handle_t *)&h->sweep, on_handle_closed);
}

int httpd_port(const struct httpd *h)
{
    return listener_port(h->listener);
}

bool httpd_test(struct httpd *h, const char *request, void (*done)(void *arg, bool well), void *arg)
{
    return listener_test(h->listener, request, "HTTP/1.1 200", TEST_MS, done, arg);
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
