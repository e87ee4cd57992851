/* HTTP client: curl's multi_socket interface driven by uv_poll and one uv_timer. The includer of
 * curl.h. curl forbids calls into the multi handle from inside its own callbacks, so what a body
 * callback starts or cancels waits until curl has returned. Pattern: curl's
 * docs/examples/multi-uv.c.
 * SPDX-License-Identifier: MIT */
#include "base/net/http.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/net/proxy.h"

#include <assert.h>
#include <ctype.h>
#include <curl/curl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEFAULT_CONNECT_S 10.0
#define DEFAULT_TOTAL_S 60.0
#define DEFAULT_MAX_BODY ((size_t)64 << 20)
#define ERROR_BODY 1024 /* of a non-2xx answer to a streaming request */
#define MAX_REDIRECTS 5L

struct http {
    uv_loop_t *loop;
    CURLM *multi; /* NULL after http_free */
    uv_timer_t timer;
    struct http_request *first; /* all that are not finished */
    int in_curl;                /* depth of calls into the multi handle */
    bool waiting;               /* some request waits to be added or cancelled */
};

struct http_request {
    struct http *http;
    struct http_request *prev, *next;
    CURL *easy;
    struct curl_slist *headers;
    char *sent; /* request body */
    struct buf body;
    bool added, cancelled, given_up;
    bool head_suffices;
    bool (*on_body)(void *arg, const char *data, size_t n);
    void (*on_done)(void *arg, const struct http_result *r);
    void *arg;
    char error[CURL_ERROR_SIZE];
    char proxy[PROXY_NAME_LEN + 32]; /* "": none */
};

struct socket_poll {
    uv_poll_t poll;
    struct http *http;
    curl_socket_t fd;
};

/* ---- the end of an exchange ------------------------------------------------------------------ */

/* Retry-After is a number of seconds or a date (RFC 9110, 10.2.3). */
static double retry_after(CURL *easy)
{
    struct curl_header *h;
    if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
        return -1;
    char *end;
    double s = strtod(h->value, &end);
    if (end != h->value && *end == '\0')
        return isfinite(s) && s >= 0 ? s : -1;
    time_t at = curl_getdate(h->value, NULL);
    if (at == (time_t)-1)
        return -1;
    return fmax(0, difftime(at, time(NULL)));
}

/* One line for people in out; curl's own text, with the system's reason where curl hides it. */
static void describe(const struct http_request *r, CURLcode code, char *out, size_t room)
{
    const char *text = r->error[0] ? r->error : curl_easy_strerror(code);
    long os_errno = 0;
    bool ours = code == CURLE_WRITE_ERROR && (r->given_up || r->body.overflow);
    if (*r->proxy && !ours) { /* it, not the peer, is who did not answer, or may be */
        int n = snprintf(out, room, "through the proxy %s: ", r->proxy);
        out += n;
        room -= (size_t)n;
    }
    curl_easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &os_errno);
    if (code == CURLE_WRITE_ERROR && r->given_up)
        snprintf(out, room, "given up by the reader");
    else if (code == CURLE_WRITE_ERROR && r->body.overflow)
        snprintf(out, room, "answer larger than %zu bytes", r->body.max);
    else if (code == CURLE_COULDNT_CONNECT && os_errno)
        snprintf(out, room, "could not connect: %s", strerror((int)os_errno));
    else
        snprintf(out, room, "%s", text);
    out[0] = (char)tolower((unsigned char)out[0]);
}

static void unlink_request(struct http_request *r)
{
    if (r->prev)
        r->prev->next = r->next;
    else
        r->http->first = r->next;
    if (r->next)
        r->next->prev = r->prev;
}

static void free_request(struct http_request *r)
{
    curl_easy_cleanup(r->easy);
    curl_slist_free_all(r->headers);
    buf_free(&r->body);
    free(r->sent);
    free(r);
}

/* Reports the end, once, and frees r. The callback may start, cancel, even free the client. */
static void finish(struct http_request *r, CURLcode code)
{
    char error[CURL_ERROR_SIZE + sizeof r->proxy + 64] = "cancelled";
    long status = 0;
    const char *type = NULL;
    curl_off_t us = 0, sent = 0;
    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    bool complete = !r->cancelled && (code == CURLE_OK || (r->head_suffices && status >= 200));
    if (!r->cancelled)
        describe(r, code, error, sizeof error);
    curl_easy_getinfo(r->easy, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(r->easy, CURLINFO_TOTAL_TIME_T, &us);
    curl_easy_getinfo(r->easy, CURLINFO_PRETRANSFER_TIME_T, &sent); /* 0: it never came to sending */
    if (r->added)
        curl_multi_remove_handle(r->http->multi, r->easy);
    unlink_request(r);
    struct http_result result = {
        .status = complete ? (int)status : 0,
        .complete = complete,
        .reached = complete || r->cancelled || sent > 0,
        .error = complete ? "" : error,
        .body = buf_text(&r->body),
        .body_len = r->body.len,
        .content_type = type ? type : "",
        .proxy = r->proxy,
        .retry_after_s = retry_after(r->easy),
        .seconds = (double)us * 1e-6,
    };
    r->on_done(r->arg, &result);
    free_request(r);
}

/* ---- between curl and the loop --------------------------------------------------------------- */

/* A request that a callback inside curl left to be added or cancelled; NULL: none. */
static struct http_request *next_waiting(struct http *h)
{
    for (struct http_request *r = h->first; r; r = r->next)
        if (r->cancelled || !r->added)
            return r;
    h->waiting = false;
    return NULL;
}

static void add(struct http_request *r)
{
    r->added = true;
    CURLMcode rc = curl_multi_add_handle(r->http->multi, r->easy);
    assert(rc == CURLM_OK);
}

/* After curl has returned: finished exchanges, then what waited. on_done may have freed the
 * client. */
static void settle(struct http *h)
{
    CURLMsg *m;
    int left;
    while (h->multi && (m = curl_multi_info_read(h->multi, &left))) {
        char *private = NULL;
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
        finish((struct http_request *)(void *)private, code);
    }
    struct http_request *r;
    while (h->multi && h->waiting && (r = next_waiting(h))) {
        if (r->cancelled)
            finish(r, CURLE_ABORTED_BY_CALLBACK);
        else
            add(r);
    }
}

static void act(struct http *h, curl_socket_t fd, int events)
{
    int running;
    h->in_curl++;
    curl_multi_socket_action(h->multi, fd, events, &running);
    h->in_curl--;
    settle(h);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    const struct socket_poll *p = poll->data;
    /* on an error let curl read and write: it then finds and reports the socket's own */
    int flags = status < 0 ? CURL_CSELECT_IN | CURL_CSELECT_OUT : 0;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    act(p->http, p->fd, flags);
}

static void on_timer(uv_timer_t *timer)
{
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static void free_poll(uv_handle_t *handle)
{
    free(handle->data);
}

static void free_http(uv_handle_t *handle)
{
    free(handle->data);
}

/* curl says which events it waits for on a socket. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    (void)easy;
    struct http *h = arg;
    struct socket_poll *p = socket_arg;
    if (what == CURL_POLL_REMOVE) {
        if (p) {
            curl_multi_assign(h->multi, fd, NULL);
            uv_poll_stop(&p->poll);
            uv_close((uv_handle_t *)&p->poll, free_poll);
        }
        return 0;
    }
    if (!p) {
        p = xcalloc(1, sizeof *p);
        *p = (struct socket_poll){.http = h, .fd = fd, .poll.data = p};
        if (uv_poll_init_socket(h->loop, &p->poll, fd) != 0) {
            free(p);
            return -1;
        }
        p->poll.data = p;
        curl_multi_assign(h->multi, fd, p);
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    uv_poll_start(&p->poll, events, on_poll);
    return 0;
}

/* Even a wait of 0 ms goes through the loop: curl must not be called from here. */
static int on_timeout(CURLM *multi, long ms, void *arg)
{
    (void)multi;
    struct http *h = arg;
    if (ms < 0)
        uv_timer_stop(&h->timer);
    else
        uv_timer_start(&h->timer, on_timer, (uint64_t)ms, 0);
    return 0;
}

/* ---- the client ------------------------------------------------------------------------------ */

struct http *http_new(uv_loop_t *loop, int max_connections)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct http *h = xcalloc(1, sizeof *h);
    h->loop = loop;
    h->multi = curl_multi_init();
    assert(h->multi);
    uv_timer_init(loop, &h->timer);
    h->timer.data = h;
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)max_connections);
    return h;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    assert(!h->in_curl);
    while (h->first) {              /* finish takes it out of the list */
        h->first->cancelled = true; /* NOLINT(clang-analyzer-unix.Malloc): does not see that */
        finish(h->first, CURLE_ABORTED_BY_CALLBACK);
    }
    curl_multi_cleanup(h->multi);
    h->multi = NULL;
    uv_timer_stop(&h->timer);
    uv_close((uv_handle_t *)&h->timer, free_http);
    curl_global_cleanup();
}

/* ---- one exchange ---------------------------------------------------------------------------- */

static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
    struct http_request *r = arg;
    long status = 0;
    n *= size;
    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
    if (r->cancelled)
        return n ? 0 : 1;
    if (!r->on_body && r->head_suffices) {
        size_t room = r->body.max - r->body.len;
        buf_add(&r->body, data, n < room ? n : room);
        return n <= room ? n : 0;
    }
    if (!r->on_body)
        return buf_add(&r->body, data, n) ? n : 0;
    if (status / 100 != 2) {
        size_t room = ERROR_BODY - r->body.len;
        buf_add(&r->body, data, n < room ? n : room);
        return n;
    }
    if (n && !r->on_body(r->arg, data, n)) {
        r->given_up = true;
        return 0;
    }
    return n;
}

static void set_timeouts(CURL *e, const struct http_options *o)
{
    double connect = o->connect_timeout_s > 0 ? o->connect_timeout_s : DEFAULT_CONNECT_S;
    double total = o->timeout_s > 0 ? o->timeout_s : DEFAULT_TOTAL_S;
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)ceil(connect * 1e3));
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)ceil(total * 1e3));
    if (o->stall_timeout_s > 0) {
        curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)ceil(o->stall_timeout_s));
    }
}

static void set_request(struct http_request *r, const struct http_options *o)
{
    CURL *e = r->easy;
    for (size_t i = 0; o->headers && o->headers[i]; i++)
        r->headers = curl_slist_append(r->headers, o->headers[i]);
    r->headers = curl_slist_append(r->headers, "Expect:"); /* no round trip before large bodies */
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, r->headers);
    if (strcmp(o->method, "POST") == 0) {
        r->sent = xcalloc(o->body_len + 1, 1);
        if (o->body_len)
            memcpy(r->sent, o->body, o->body_len);
        curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)o->body_len);
        curl_easy_setopt(e, CURLOPT_POSTFIELDS, r->sent);
    } else {
        assert(strcmp(o->method, "GET") == 0 && !o->body);
    }
    if (o->follow) {
        curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(e, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
        curl_easy_setopt(e, CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_ALL);
    }
}

/* The environment's proxy, chosen here and not by curl: a failure has to name it. */
static void set_proxy(struct http_request *r, const char *url)
{
    CURLU *u = curl_url();
    char *scheme = NULL, *host = NULL, name[PROXY_NAME_LEN];
    const char *variable, *proxy = NULL;
    if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
        proxy = proxy_for(scheme, host, &variable);
    if (proxy)
        snprintf(r->proxy, sizeof r->proxy, "%s (%s)", proxy_name(name, proxy), variable);
    curl_easy_setopt(r->easy, CURLOPT_PROXY, proxy ? proxy : "");
    curl_easy_setopt(r->easy, CURLOPT_NOPROXY, "");
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(u);
}

struct http_request *http_start(struct http *h, const struct http_options *o)
{
    struct http_request *r = xcalloc(1, sizeof *r);
    r->http = h;
    r->on_body = o->on_body;
    r->on_done = o->on_done;
    r->head_suffices = o->head_suffices;
    r->arg = o->arg;
    r->body.max = o->max_body ? o->max_body : DEFAULT_MAX_BODY;
    CURL *e = r->easy = curl_easy_init();
    assert(e);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, r->error);
    curl_easy_setopt(e, CURLOPT_URL, o->url);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(e, CURLOPT_USERAGENT, "psmon/" PSMON_VERSION);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(e, CURLOPT_PRIVATE, r);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 256L * 1024);
    set_timeouts(e, o);
    set_proxy(r, o->url);
    curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, o->connect_only ? 1L : 0L);
    set_request(r, o);
    r->next = h->first;
    if (h->first)
        h->first->prev = r;
    h->first = r;
    if (h->in_curl)
        h->waiting = true;
    else
        add(r);
    return r;
}

void http_cancel(struct http_request *r)
{
    r->cancelled = true;
    if (r->http->in_curl)
        r->http->waiting = true;
    else
        finish(r, CURLE_ABORTED_BY_CALLBACK);
}

char *http_status(char out[HTTP_STATUS_LEN], const struct http_result *r)
{
    snprintf(out, HTTP_STATUS_LEN, "HTTP %d%s%s", r->status, *r->proxy ? " through the proxy " : "",
             r->proxy);
    return out;
}

char *http_place(char out[HTTP_PLACE_LEN], const char *url)
{
    const char *scheme = strstr(url, "://"), *host = scheme ? scheme + 3 : url;
    size_t before = (size_t)(host - url), n = strcspn(host, "?#");
    for (size_t i = strcspn(host, "/?#"); i > 0; i--) /* a password may hold an @ */
        if (host[i - 1] == '@') {
            host += i;
            n -= i;
            break;
        }
    snprintf(out, HTTP_PLACE_LEN, "%.*s%.*s", (int)before, url, (int)n, host);
    return out;
}

bool http_escape(char *out, size_t room, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n = 0;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = isalnum(c) || (c && strchr("-._~:", c));
        if (n + (plain ? 1 : 3) >= room)
            return false;
        if (plain) {
            out[n++] = (char)c;
        } else {
            out[n++] = '%';
            out[n++] = hex[c >> 4];
            out[n++] = hex[c & 15];
        }
    }
    if (n >= room)
        return false;
    out[n] = '\0';
    return true;
}
