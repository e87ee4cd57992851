/* HTTP server on the libuv loop (libmicrohttpd without threads of its own). The includer of
 * microhttpd.h. Serves the status page and the simulated appliance.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_HTTPD_H
#define PSM_BASE_HTTPD_H

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
