/* Routes of the page; see page.h. SPDX-License-Identifier: MIT */
#include "monitor/page/page.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/net/httpd.h"
#include "monitor/page/page_parts.h"
#include "monitor/report/report.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct page {
    struct httpd *httpd; /* NULL: it could not be opened again */
    uv_loop_t *loop;
    const char *listen, *hosts;
    char machine[256]; /* its name */
    const struct snapshot *(*get)(void *arg);
    void *arg;
    tstamp_ns started;
    struct buf out; /* the answer; lives until the next request */
};

/* The page loads nothing from elsewhere and has no inline script or style. */
static const char *const page_headers[] = {"Content-Security-Policy: default-src 'self'; base-uri 'none'; "
                                           "form-action 'none'; frame-ancestors 'none'",
                                           "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer",
                                           "Cache-Control: no-cache", NULL};
/* A report is one file with its style inside, and has no script at all. */
static const char *const report_headers[] = {
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer", "Cache-Control: no-cache", NULL};
static const char *const plain_headers[] = {"X-Content-Type-Options: nosniff", "Cache-Control: no-store",
                                            NULL};
static const char *const method_headers[] = {"Allow: GET, HEAD", NULL};

static void answer(struct httpd_answer *a, int status, const char *type, const char *const *headers,
                   const struct buf *out)
{
    a->status = status;
    a->content_type = type;
    a->headers = headers;
    a->body = buf_text(out);
    a->body_len = out->len;
}

static void answer_api(struct page *p, const char *path, const struct httpd_request *r,
                       struct httpd_answer *a)
{
    const struct snapshot *s = p->get(p->arg);
    const char *limit = httpd_arg(r, "limit");
    struct api_request q = {.since = httpd_arg(r, "since"),
                            .name = httpd_arg(r, "name"),
                            .limit = limit ? strtoul(limit, NULL, 10) : 0};
    int status;
    if (!*path || strcmp(path, "/") == 0)
        status = api_index(&p->out);
    else if (strcmp(path, "/ring") == 0)
        status = api_ring(&p->out, s, &q);
    else if (strcmp(path, "/supply") == 0)
        status = api_supply(&p->out, s, &q);
    else if (strcmp(path, "/alarms") == 0)
        status = api_alarms(&p->out, s);
    else if (strcmp(path, "/ranking") == 0)
        status = api_ranking(&p->out, s, &q);
    else if (strcmp(path, "/findings") == 0)
        status = api_findings(&p->out, s);
    else if (strcmp(path, "/audit") == 0)
        status = api_audit(&p->out, s);
    else if (strcmp(path, "/report") == 0 && s->report)
        status = buf_str(&p->out, s->report->document) ? 200 : 500;
    else if (strcmp(path, "/report") == 0)
        status = api_error(&p->out, 404, "no weekly list was issued yet");
    else
        status = api_error(&p->out, 404, "no such path; /api lists them");
    answer(a, status, "application/json", plain_headers, &p->out);
}

static void answer_report(struct page *p, const char *suffix, struct httpd_answer *a)
{
    static const struct {
        const char *suffix, *type;
        enum report_format format;
    } forms[] = {
        {"", "text/html; charset=utf-8", REPORT_HTML},
        {".html", "text/html; charset=utf-8", REPORT_HTML},
        {".txt", "text/plain; charset=utf-8", REPORT_TEXT},
        {".csv", "text/csv; charset=utf-8", REPORT_CSV},
        {".json", "application/json", REPORT_JSON},
    };
    const struct snapshot *s = p->get(p->arg);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(suffix, forms[i].suffix) != 0)
            continue;
        if (!s->report) {
            buf_str(&p->out, "No weekly list was issued yet.\n");
            answer(a, 404, "text/plain; charset=utf-8", plain_headers, &p->out);
        } else if (s->report->err.code != 0) {
            log_warning("page", "%s", s->report->err.msg);
            buf_str(&p->out, "The latest weekly list cannot be shown; see the log.\n");
            answer(a, 500, "text/plain; charset=utf-8", plain_headers, &p->out);
        } else {
            answer(a, 200, forms[i].type, report_headers, &s->report->form[forms[i].format]);
        }
        return;
    }
    buf_str(&p->out, "Reports are /report, /report.txt, /report.csv and /report.json.\n");
    answer(a, 404, "text/plain; charset=utf-8", plain_headers, &p->out);
}

static void answer_audit(struct page *p, struct httpd_answer *a)
{
    const struct chances *c = p->get(p->arg)->chances;
    if (c)
        chances_text(&p->out, c);
    else
        buf_str(&p->out, "Whether the stated chance holds was not asked yet.\n");
    answer(a, c ? 200 : 404, "text/plain; charset=utf-8", plain_headers, &p->out);
}

/* ---- under which name it was asked for ---- */

/* The name of "NAME:PORT", "[::1]:80", of at most 255 characters; "" when it is none. */
static void host_name(const char *host, char name[256])
{
    bool bracket = *host == '[';
    const char *from = host + bracket, *to = from + strcspn(from, bracket ? "]" : ":");
    size_t n = (size_t)(to - from);
    n = n < 256 ? n : 0;
    memcpy(name, from, n);
    name[n] = '\0';
}

static bool is_address(const char *name)
{
    struct in6_addr a;
    return inet_pton(AF_INET, name, &a) == 1 || inet_pton(AF_INET6, name, &a) == 1;
}

static bool is_listed(const char *hosts, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = hosts ? hosts : ""; *p;) {
        size_t len = strcspn(p, ", ");
        if (len == n && strncasecmp(p, name, n) == 0)
            return true;
        p += len + strspn(p + len, ", ");
    }
    return false;
}

/* An address cannot be made to mean another machine's, a name can. Without a Host it is no browser. */
static bool may_ask(const struct page *p, const char *host)
{
    char name[256], own[256];
    if (!*host)
        return true;
    host_name(host, name);
    host_name(p->listen, own);
    return is_address(name) || strcasecmp(name, "localhost") == 0 || strcasecmp(name, p->machine) == 0 ||
           (*own && strcasecmp(name, own) == 0) || is_listed(p->hosts, name);
}

static void handle(void *arg, const struct httpd_request *r, struct httpd_answer *a)
{
    struct page *p = arg;
    buf_reset(&p->out);
    if (!may_ask(p, httpd_header(r, "Host"))) {
        buf_str(&p->out, "psmon is not known under the name that was asked for: add it to http.hosts\n");
        answer(a, 421, "text/plain; charset=utf-8", plain_headers, &p->out);
        return;
    }
    if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0) {
        buf_str(&p->out, "read-only: GET and HEAD\n");
        answer(a, 405, "text/plain; charset=utf-8", method_headers, &p->out);
        return;
    }
    struct page_file file;
    if (page_file(r->path, &file)) {
        buf_add(&p->out, file.data, file.len);
        answer(a, 200, file.content_type, page_headers, &p->out);
    } else if (strcmp(r->path, "/api") == 0 || strncmp(r->path, "/api/", 5) == 0) {
        answer_api(p, r->path + 4, r, a);
    } else if (strcmp(r->path, "/audit") == 0) {
        answer_audit(p, a);
    } else if (strncmp(r->path, "/report", 7) == 0) {
        answer_report(p, r->path + 7, a);
    } else if (strcmp(r->path, "/metrics") == 0) {
        metrics_write(&p->out, p->get(p->arg), p->started);
        answer(a, 200, "text/plain; version=0.0.4; charset=utf-8", plain_headers, &p->out);
    } else if (strcmp(r->path, "/livez") == 0) { /* that the loop came here is the answer */
        buf_str(&p->out, "ok\n");
        answer(a, 200, "text/plain; charset=utf-8", plain_headers, &p->out);
    } else if (strcmp(r->path, "/health") == 0 || strcmp(r->path, "/healthz") == 0 ||
               strcmp(r->path, "/readyz") == 0) {
        int status = health_answer(&p->out, p->get(p->arg));
        answer(a, status, "application/json", plain_headers, &p->out);
    } else {
        buf_str(&p->out, "not found\n");
        answer(a, 404, "text/plain; charset=utf-8", plain_headers, &p->out);
    }
}

int page_reopen(struct page *p, struct err *err)
{
    httpd_close(p->httpd);
    p->httpd = NULL;
    return httpd_open(&p->httpd, p->loop, p->listen, 1024, handle, p, err) == 0 ? 0 : err_wrap(err, "page");
}

int page_open(struct page **out, uv_loop_t *loop, const char *listen, const char *hosts,
              const struct snapshot *(*get)(void *arg), void *arg, struct err *err)
{
    struct page *p = xcalloc(1, sizeof *p);
    p->loop = loop;
    p->listen = listen;
    p->hosts = hosts;
    (void)gethostname(p->machine, sizeof p->machine - 1);
    p->get = get;
    p->arg = arg;
    p->started = metrics_process_start();
    int rc = page_reopen(p, err);
    if (rc != 0) {
        free(p);
        return rc;
    }
    *out = p;
    return 0;
}

void page_close(struct page *p)
{
    if (!p)
        return;
    httpd_close(p->httpd);
    buf_free(&p->out);
    free(p);
}

bool page_test(struct page *p, void (*done)(void *arg, bool well), void *arg)
{
    return p->httpd &&
           httpd_test(p->httpd, "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", done,
                      arg);
}

int page_port(const struct page *p)
{
    return httpd_port(p->httpd);
}
