/* HTTP server on the libuv loop (libmicrohttpd without threads of its own). The includer of
 * microhttpd.h. Serves the status page and the simulated appliance.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_NET_HTTPD_H
#define PSM_BASE_NET_HTTPD_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct httpd;

struct httpd_request {
    const char *method, *path;         /* path is percent-decoded, without the query */
    const char *query;                 /* as sent, after '?'; "" when none */
    const char *content_type, *accept; /* "" when absent */
    const char *body;                  /* whole, NUL-terminated */
    size_t body_len;
    unsigned requests; /* on this connection so far, this one included */
    void *handle;      /* for httpd_arg */
};

/* What the handler answers. Set body (copied by the server) or stream. */
struct httpd_answer {
    int status;                 /* 200 … */
    const char *content_type;   /* NULL: no such header */
    const char *const *headers; /* "Name: value" pairs, NULL-terminated, or NULL; borrowed */
    const void *body;
    size_t body_len;
    /* Streaming, chunked: fills at most max bytes and returns their number; 0 = nothing yet is not
     * allowed; -1 = end; -2 = break the connection. stream_free is called once at the end. */
    int64_t (*stream)(void *arg, char *to, size_t max);
    void (*stream_free)(void *arg);
    void *stream_arg;
    bool close; /* send Connection: close */
};

/* Fills *a for one request; runs on the loop and must not block. */
typedef void httpd_handler(void *arg, const struct httpd_request *r, struct httpd_answer *a);

/* Listens on "ADDR:PORT" ("[::1]:80", ":8080" = all addresses; port 0 = any). Error: ERR_NET. */
int httpd_open(struct httpd **out, uv_loop_t *loop, const char *listen, size_t max_body,
               httpd_handler *handler, void *arg, struct err *err) MUSTCHECK;

/* How many connections at once, in all (at most 256) and from one address (a /64 of IPv6), and how long one
 * may take to send a request, from its beginning or its first line, and rest between two. Who is one too many
 * takes the place of the one that has asked for nothing for the longest time. */
struct httpd_limits {
    size_t connections, per_address;
    uint64_t request_ms, idle_ms;
    uint64_t sweep_ms; /* how often it is looked who has taken too long */
};
/* Others than 256, 64, 10 s, 60 s, 1 s. */
void httpd_limit(struct httpd *h, const struct httpd_limits *limits);

/* Whether somebody who comes now is answered 200: connects from here and sends `request`, which lives until
 * then. done is called once on the loop, within seconds, unless the server is closed before. False: one is
 * under way. */
bool httpd_test(struct httpd *h, const char *request, void (*done)(void *arg, bool well), void *arg);

/* Stops listening, closes connections; finish the loop afterwards. */
void httpd_close(struct httpd *h);

/* The port in use. */
int httpd_port(const struct httpd *h);

/* A decoded query argument of the request; NULL when absent. Valid during the handler. */
const char *httpd_arg(const struct httpd_request *r, const char *name);

/* A header of the request, name in any case; "" when absent. Valid during the handler. */
const char *httpd_header(const struct httpd_request *r, const char *name);

/* Calls each(arg, name, value) for every query argument, in order. */
void httpd_each_arg(const struct httpd_request *r,
                    void (*each)(void *arg, const char *name, const char *value), void *arg);

#endif
