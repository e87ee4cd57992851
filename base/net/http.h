/* Asynchronous HTTP client on the libuv loop (libcurl's multi_socket interface). The includer of
 * curl.h. Callbacks run on the loop, never from inside http_start. Proxies: as the environment says, see
 * base/net/proxy.h.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_NET_HTTP_H
#define PSM_BASE_NET_HTTP_H

#include "base/types.h"

#include <stdbool.h>
#include <uv.h>

struct http;         /* the client: one per loop */
struct http_request; /* one exchange under way */

struct http_result {
    int status;        /* HTTP status; 0 when there was no complete answer */
    bool complete;     /* the body arrived whole, as far as HTTP can tell */
    bool reached;      /* somebody took the request; false: no such host, nobody there, no TLS with it */
    const char *error; /* one line when !complete ("connection refused" …); "" otherwise */
    const char *body;  /* whole body when no on_body was given; for on_body: the first 1 kB of a
                          non-2xx answer; NUL-terminated, borrowed during the callback */
    size_t body_len;
    const char *content_type; /* "" when absent */
    const char *proxy; /* "proxy.example:3128 (http_proxy)" when one stands between (proxy.h); "" otherwise;
                          error names it already */
    double retry_after_s; /* Retry-After in seconds (dates converted); < 0 when absent */
    double seconds;       /* from start to end */
};

struct http_options {
    const char *method;         /* "GET", "POST"; copied, like all here */
    const char *url;            /* http:// or https:// only */
    const char *const *headers; /* "Name: value", NULL-terminated; NULL: none */
    const void *body;           /* copied; NULL: none */
    size_t body_len;
    double connect_timeout_s, timeout_s; /* <= 0: 10 s and 60 s */
    double stall_timeout_s;              /* > 0: give up when under 1 byte/s arrives for so long */
    size_t max_body;                     /* give up beyond; 0: 64 MiB. Not applied with on_body */
    /* The status is the answer: it is complete with the first max_body bytes of the body, or with fewer when
     * the rest does not come in time or at all. */
    bool head_suffices;
    bool
        connect_only; /* only reach the host, with its TLS (or the proxy): nothing is sent, no status comes */
    bool follow;      /* follow redirects (archiver: yes, webhooks: never) */
    /* Streaming: called for each piece of a 2xx body; return false to give up. NULL: collect. */
    bool (*on_body)(void *arg, const char *data, size_t n);
    /* Called exactly once at the end, also after http_cancel (error "cancelled"). */
    void (*on_done)(void *arg, const struct http_result *r);
    void *arg;
};

/* max_connections: at most so many connections to one host, the rest queues inside. */
struct http *http_new(uv_loop_t *loop, int max_connections);

/* Cancels what is under way (on_done is called for each) and closes; finish the loop before the
 * program ends. */
void http_free(struct http *h);

/* Starts an exchange. A malformed URL is reported through on_done. */
struct http_request *http_start(struct http *h, const struct http_options *o);

/* Ends an exchange that has not called on_done yet. on_done is called before this returns; when
 * called from inside an on_body, soon after that has returned. */
void http_cancel(struct http_request *r);

/* What an answer's status says for people: "HTTP 503", and the proxy when it came through one, which may have
 * said it; out[HTTP_STATUS_LEN]. */
#define HTTP_STATUS_LEN 256
char *http_status(char out[HTTP_STATUS_LEN], const struct http_result *r);

/* A URL for people, in out[HTTP_PLACE_LEN]: without user, password and what follows the path. */
#define HTTP_PLACE_LEN 192
char *http_place(char out[HTTP_PLACE_LEN], const char *url);

/* Percent-encodes text for a query string into out, NUL-terminated; returns false when it does not
 * fit. */
bool http_escape(char *out, size_t room, const char *text);

#endif
