/* psmon receive: a small webhook receiver. Verifies signatures, marks what came twice, prints one
 * readable line and the JSON of each message; can be told to fail, to watch the retries.
 * SPDX-License-Identifier: MIT */
#include "alerts/message.h"
#include "alerts/webhook.h"
#include "base/buf.h"
#include "base/hashmap.h"
#include "base/mem.h"
#include "base/net/httpd.h"
#include "base/text/escape.h"
#include "base/text/json.h"
#include "base/time/clock.h"
#include "base/time/timefmt.h"
#include "monitor/command.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (1u << 20)

struct receiver {
    struct webhook_key key[WEBHOOK_KEYS]; /* either will do; none: signatures are not looked at */
    int n_keys;
    int64_t fail; /* so many more are answered with status */
    int64_t status;
    struct hashmap *seen; /* webhook-id -> times */
    unsigned long n, bad;
};

/* A line of what came from anybody. */
static void print_safe(const char *lead, const char *text, size_t n)
{
    size_t room = 8 * n + 1;
    char *safe = xcalloc(room, 1);
    escape_text(safe, room, text, n, "");
    printf("%s%s\n", lead, safe);
    free(safe);
}

/* "raised SR:C12:Q3 (equipment): IGBT temperature 6.1 K above …; by chance once in 40 weeks over
 * the ring" */
static void describe(struct buf *b, const json_t *message)
{
    char now[TIMEFMT_LEN];
    const char *type = field_text(message, "type");
    const json_t *data = json_object_get(message, "data");
    size_t prefix = strlen(MESSAGE_TYPE_PREFIX);
    if (strncmp(type, MESSAGE_TYPE_PREFIX, prefix) == 0)
        type += prefix;
    buf_printf(b, "%s  %-12s ", timefmt_iso(now, clock_wall() / NS_PER_S * NS_PER_S), type);
    if (json_object_get(data, "subject"))
        buf_printf(b, "%s (%s): %s", field_text(data, "subject"), field_text(data, "class"),
                   field_text(data, "reason"));
    if (*field_text(data, "onset"))
        buf_printf(b, ", since %s", field_text(data, "onset"));
    if (*field_text(data, "chance_text"))
        buf_printf(b, "; %s", field_text(data, "chance_text"));
    const json_t *ack = json_object_get(data, "acknowledged");
    if (json_is_object(ack))
        buf_printf(b, "; acknowledged by %s %s", field_text(ack, "by"), field_text(ack, "note"));
}

static void print_message(const char *id, const char *mark, const struct httpd_request *r)
{
    json_error_t error;
    struct buf b = {0};
    json_t *message = json_loadb(r->body, r->body_len, 0, &error);
    if (message)
        describe(&b, message);
    else
        buf_printf(&b, "not JSON (%s)", error.text);
    buf_printf(&b, "  [%s %s]", id, mark);
    print_safe("", buf_text(&b), b.len);
    for (size_t at = 0; at < r->body_len;) { /* of several lines, perhaps: each stands behind the margin */
        const char *line = r->body + at, *end = memchr(line, '\n', r->body_len - at);
        size_t n = end ? (size_t)(end - line) : r->body_len - at;
        print_safe("    ", line, n);
        at += n + 1;
    }
    fflush(stdout);
    buf_free(&b);
    json_decref(message);
}

/* What became of a message that was not taken. */
static void print_refusal(const char *what, const char *id)
{
    struct buf b = {0};
    buf_printf(&b, "%s  [%s]", what, id);
    print_safe("", buf_text(&b), b.len);
    fflush(stdout);
    buf_free(&b);
}

static void answer(struct httpd_answer *a, int status, const char *text)
{
    a->status = status;
    a->content_type = "text/plain";
    a->body = text;
    a->body_len = strlen(text);
}

/* What is wrong with a message; NULL: one of the keys has signed it. */
static const char *verify(const struct receiver *v, const char *id, const struct httpd_request *r)
{
    const char *wrong = NULL;
    for (int i = 0; i < v->n_keys; i++) {
        wrong = webhook_check(&v->key[i], id, httpd_header(r, "webhook-timestamp"),
                              httpd_header(r, "webhook-signature"), r->body, r->body_len,
                              clock_wall() / NS_PER_S);
        if (!wrong)
            break;
    }
    return wrong;
}

static void on_request(void *arg, const struct httpd_request *r, struct httpd_answer *a)
{
    struct receiver *v = arg;
    const char *id = httpd_header(r, "webhook-id"), *mark = "unsigned";
    if (strcmp(r->method, "POST") != 0) {
        answer(a, 405, "psmon receive takes POST\n");
        return;
    }
    v->n++;
    if (v->n_keys > 0) {
        const char *wrong = verify(v, id, r);
        if (wrong) {
            v->bad++;
            char what[80];
            snprintf(what, sizeof what, "REFUSED, %s", wrong);
            print_refusal(what, id);
            answer(a, 401, wrong);
            return;
        }
        mark = "signature verified";
    }
    if (v->fail != 0) {
        v->fail -= v->fail > 0;
        char what[48];
        snprintf(what, sizeof what, "answering %d on purpose", (int)v->status);
        print_refusal(what, id);
        answer(a, (int)v->status, "on purpose\n");
        return;
    }
    char both[64];
    int32_t times = hashmap_get(v->seen, id);
    snprintf(both, sizeof both, "%s%s", mark, times > 0 ? ", DUPLICATE" : "");
    hashmap_put(v->seen, id, times > 0 ? times + 1 : 1);
    print_message(id, both, r);
    answer(a, 200, "thank you\n");
}

static void on_signal(uv_signal_t *h, int number)
{
    (void)number;
    uv_stop(h->loop);
}

static void close_any(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

static int serve(struct receiver *v, const char *address)
{
    uv_loop_t loop;
    uv_signal_t interrupt, term;
    struct httpd *server;
    struct err err = {0};
    uv_loop_init(&loop);
    if (httpd_open(&server, &loop, address, BODY_MAX, on_request, v, &err) != 0) {
        uv_loop_close(&loop);
        return command_fail(&err);
    }
    uv_signal_init(&loop, &interrupt);
    uv_signal_init(&loop, &term);
    uv_signal_start(&interrupt, on_signal, SIGINT);
    uv_signal_start(&term, on_signal, SIGTERM);
    printf("listening on port %d, %s\n", httpd_port(server),
           v->n_keys > 0 ? "signatures are verified" : "signatures are not looked at: no --secret-file");
    fflush(stdout);
    uv_run(&loop, UV_RUN_DEFAULT);
    printf("%lu messages, %lu refused\n", v->n, v->bad);
    httpd_close(server);
    uv_walk(&loop, close_any, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return EXIT_OK;
}

static int read_keys(struct receiver *v, const char *path, struct err *err)
{
    struct secret secret[WEBHOOK_KEYS];
    int n = command_secrets(secret, WEBHOOK_KEYS, path, err), rc = n < 0 ? n : 0;
    for (int i = 0; i < n; i++) {
        if (rc == 0 && !webhook_key(&v->key[i], secret[i].clear))
            rc = err_set(err, ERR_CONFIG, "%s: secret %d is not whsec_<base64>", path, i + 1);
        free(secret[i].clear);
    }
    v->n_keys = n;
    return rc;
}

static int run_receive(int argc, char **argv)
{
    struct receiver v = {.status = 503};
    const char *address = NULL, *secrets = NULL;
    const struct option_spec specs[] = {
        {"listen", 0, OPTION_TEXT, &address, "ADDR:PORT", "where to listen; port 0: any", true},
        {"secret-file", 0, OPTION_TEXT, &secrets, "FILE",
         "verify signatures with the secret in it, whsec_…, or either of two, one a line; -: standard input",
         false},
        {"fail", 0, OPTION_INTEGER, &v.fail, "N", "answer the first N messages with --status; -1: all",
         false},
        {"status", 0, OPTION_INTEGER, &v.status, "CODE", "HTTP status of a failure (503)", false},
        {0}};
    int status;
    if (!command_options(argc, argv,
                         "receive --listen ADDR:PORT [--secret-file FILE] [--fail N] [--status CODE]",
                         "Receives webhooks and prints each: a line for people and the JSON as it came.\n"
                         "For setting up a site and for the demo; what comes twice (webhook-id) is marked.",
                         specs, NULL, 0, NULL, &status))
        return status;
    if (v.status < 200 || v.status > 599 || v.fail < -1) {
        fprintf(stderr,
                "psmon receive: --status takes 200 to 599, --fail N or -1; see psmon receive --help\n");
        return EXIT_USAGE;
    }
    struct err err = {0};
    if (secrets && read_keys(&v, secrets, &err) != 0)
        return command_fail(&err);
    v.seen = hashmap_new();
    status = serve(&v, address);
    hashmap_free(v.seen);
    return status;
}

const struct command command_receive = {
    .name = "receive", .summary = "a small webhook receiver, for tests and set-up", .run = run_receive};
