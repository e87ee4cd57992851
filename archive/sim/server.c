/* The appliance's HTTP interface over the simulated ring: which path means what, and the answers that are
 * made at once; streams are in reply.c. Shapes after recorded answers of an Archiver Appliance 2.0.8. What is
 * not imitated: operators (an operator is treated as an unknown one: raw data), other formats than .raw and
 * .json, several stores.
 * SPDX-License-Identifier: MIT */
#include "archive/sim/server.h"

#include "archive/sim/names.h"
#include "archive/sim/reply.h"
#include "archive/sim/sim.h"
#include "base/mem.h"
#include "base/net/httpd.h"
#include "base/time/timefmt.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_BODY (4u << 20)
#define MAX_GET_LINE 8150 /* Tomcat refuses a longer path and query */
#define REQUESTS_PER_CONNECTION 100
#define DEFAULT_NAMES 500
#define ENGINE_NS (20 * NS_PER_S)
#define OLD_ANSWER_IN 500 /* without `at`, one value in so many comes from the long-term store */

struct sim_server {
    struct sim *sim;
    struct clock clock;
    struct httpd *httpd;
    struct buf body; /* of the answer being made */
    char content_type[64];
    unsigned long requests;
};

typedef void answer_call(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a);

static const char PB[] = "application/x-protobuf", JSON[] = "application/json",
                  JSON_LATIN[] = "application/json;charset=ISO-8859-1", HTML[] = "text/html;charset=utf-8",
                  TEXT_LATIN[] = "text/plain;charset=ISO-8859-1";

/* ---- errors ---- */

static void fail(struct sim_server *s, struct httpd_answer *a, int status, const char *message)
{
    static const struct {
        int status;
        const char *name, *description;
    } pages[] = {
        {400, "Bad Request",
         "The server cannot or will not process the request due to something that is perceived to be a "
         "client error (e.g., malformed request syntax, invalid request message framing, or deceptive "
         "request routing)."},
        {404, "Not Found",
         "The origin server did not find a current representation for the target resource or is not "
         "willing to disclose that one exists."},
        {500, "Internal Server Error",
         "The server encountered an unexpected condition that prevented it from fulfilling the request."},
    };
    size_t i = status == 400 ? 0 : status == 404 ? 1 : 2;
    buf_reset(&s->body);
    buf_printf(&s->body,
               "<!doctype html><html lang=\"en\"><head><title>HTTP Status %d – %s</title></head><body>"
               "<h1>HTTP Status %d – %s</h1><hr class=\"line\" /><p><b>Type</b> %s</p>",
               status, pages[i].name, status, pages[i].name,
               status == 500 ? "Exception Report" : "Status Report");
    if (message) {
        buf_str(&s->body, "<p><b>Message</b> ");
        buf_html(&s->body, message);
        buf_str(&s->body, "</p>");
    }
    buf_printf(&s->body,
               "<p><b>Description</b> %s</p><hr class=\"line\" /><h3>Apache Tomcat/9.0.98</h3></body></html>",
               pages[i].description);
    a->status = status;
    a->content_type = HTML;
}

__attribute__((format(printf, 4, 5))) static void fail_with(struct sim_server *s, struct httpd_answer *a,
                                                            int status, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    fail(s, a, status, text);
}

/* ---- parameters ---- */

/* What java.time.Instant.parse takes: date, T, time with seconds, at most 9 fraction digits, Z or ±hh:mm. */
static bool parse_instant(tstamp_ns *t, const char *text)
{
    size_t n = strlen(text);
    bool zone = n > 20 && (text[n - 6] == '+' || text[n - 6] == '-') && text[n - 3] == ':';
    return n >= 20 && text[10] == 'T' && text[16] == ':' && (text[n - 1] == 'Z' || zone) &&
           timefmt_parse(t, text, NULL) == 0;
}

/* A parameter that is a time; absent, *t stays as the caller had it. The appliance answers a bad one as it
 * answers all that its servlets throw: 500, with the exception's text. */
static bool instant(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a,
                    const char *name, tstamp_ns *t)
{
    const char *text = httpd_arg(r, name);
    if (!text || parse_instant(t, text))
        return true;
    fail_with(s, a, 500, "Text '%s' could not be parsed at index 0", text);
    return false;
}

/* from and to, each with the appliance's default: the day before `to`, and an hour ahead of now. */
static bool window(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a, tstamp_ns now,
                   tstamp_ns *from, tstamp_ns *to)
{
    *to = now + NS_PER_HOUR;
    if (!instant(s, r, a, "to", to))
        return false;
    *from = *to - NS_PER_DAY;
    if (!instant(s, r, a, "from", from))
        return false;
    if (*from <= *to)
        return true;
    char f[TIMEFMT_LEN], t[TIMEFMT_LEN];
    fail_with(s, a, 400, "For request, end %s is before start %s", timefmt_iso(t, *to),
              timefmt_iso(f, *from));
    return false;
}

/* "op_60(pca://X.VAL)" → X: operators, prefixes and .VAL stripped; false when the parentheses do not match.
 */
static bool plain_name(char out[256], const char *asked)
{
    const char *open = strchr(asked, '('), *close = strrchr(asked, ')');
    if (!open != !close || (open && close < open))
        return false;
    const char *from = open ? open + 1 : asked;
    if (strncmp(from, "ca://", 5) == 0 || strncmp(from, "pva://", 6) == 0)
        from = strchr(from, '/') + 2;
    size_t n = close ? (size_t)(close - from) : strlen(from);
    const char *comma = open ? memchr(from, ',', n) : NULL;
    if (comma)
        n = (size_t)(comma - from);
    if (n > 4 && memcmp(from + n - 4, ".VAL", 4) == 0)
        n -= 4;
    if (n > 255)
        n = 255;
    memcpy(out, from, n);
    out[n] = '\0';
    return true;
}

/* ---- getData, getDataForPVs ---- */

/* The PV by which clients see whether retrieval lives: ten samples at the year's first second. */
static void add_ping_chunk(struct buf *b, tstamp_ns now)
{
    int64_t start;
    int year = encode_year(now, &start);
    encode_pb_header(b, ENCODE_DOUBLE, "ArchApplPingPV", year, NULL, 0);
    double v = 0;
    for (int i = 0; i < 10; i++, v += 0.1) { /* NOLINT(cert-flp30-c): summed up, as the appliance does */
        unsigned char line[ENCODE_PB_SAMPLE];
        buf_add(b, line,
                encode_pb_sample(line, ENCODE_DOUBLE, start,
                                 &(struct sample){.t = start * NS_PER_S, .value = v}));
    }
}

static void stream(struct sim_server *s, struct httpd_answer *a, const struct reply_request *q)
{
    a->status = 200;
    a->content_type = q->format == REPLY_RAW ? PB : JSON;
    struct sample any;
    if (q->format == REPLY_RAW && q->n == 1 && !sim_latest(s->sim, q->channels[0], q->to, &any)) {
        free(q->channels);
        return; /* a window before all data: an empty body */
    }
    a->stream = reply_fill;
    a->stream_free = reply_free;
    a->stream_arg = reply_new(s->sim, q);
}

/* Channels of the names; false when one is unknown or malformed (answered). */
static bool look_up(struct sim_server *s, struct httpd_answer *a, const struct name_list *names,
                    struct reply_request *q)
{
    q->channels = xcalloc(names->n + 1, sizeof *q->channels);
    for (size_t i = 0; i < names->n; i++) {
        char name[256];
        int32_t c = -1;
        if (!plain_name(name, names->name[i])) {
            fail_with(s, a, 400, "Unbalanced parenthesis in %s", names->name[i]);
        } else if ((c = sim_find(s->sim, name)) < 0) {
            fail_with(s, a, 404, "Unable to find typeinfo for pv %s", name);
        }
        if (c < 0) {
            free(q->channels);
            return false;
        }
        q->channels[q->n++] = (uint32_t)c;
    }
    return true;
}

static void data(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a,
                 const char *extension, bool many)
{
    struct reply_request q = {.now = clock_now(&s->clock), .many = many};
    struct name_list names = {0};
    char room[256];
    const char *message = NULL;
    int status = names_of_request(&names, r, room, &message);
    bool raw = strcmp(extension, "raw") == 0;
    q.format = raw ? REPLY_RAW : REPLY_JSON;
    if (!many && names.n > 1) /* only the first counts */
        while (names.n > 1)
            free(names.name[--names.n]);
    if (status) {
        fail(s, a, status, message);
    } else if (!names.n) {
        fail(s, a, 400, "PV name is null.");
    } else if (!raw && strcmp(extension, "json") != 0) {
        if (many)
            fail_with(s, a, 400, "Mime type %s is not supported. Please use \"json\", \"jplot\" or \"raw\".",
                      extension);
        else
            a->status = 200; /* empty, without a type */
    } else if (raw && strcmp(names.name[0], "ArchApplPingPV") == 0) {
        a->status = 200;
        add_ping_chunk(&s->body, q.now);
    } else if (window(s, r, a, q.now, &q.from, &q.to) && look_up(s, a, &names, &q)) {
        stream(s, a, &q);
    }
    names_free(&names);
}

/* ---- getDataAtTime ---- */

/* The newest value as the engine gives it, in ISO-8859-1 with ? for what does not fit. */
static void add_value(struct sim_server *s, const char *asked, uint32_t channel, const struct sample *x,
                      bool engine)
{
    char value[ENCODE_DOUBLE_LEN], room[REPLY_META][32];
    struct encode_field f[REPLY_META];
    bool number = x->value == x->value;
    buf_printf(&s->body, "%s\"%s\":{\"val\":%s,\"severity\":%d,\"nanos\":%lld,\"meta\":{",
               s->body.len > 1 ? "," : "", asked,
               number ? encode_value(value, reply_type(channel), x->value) : "null", x->severity,
               (long long)(x->t % NS_PER_S));
    size_t n = engine ? reply_meta(s->sim, channel, true, f, room) : 0;
    for (size_t i = 0; i < n; i++)
        buf_printf(&s->body, "\"%s\":\"%s\",", f[i].name, strcmp(f[i].value, "°C") ? f[i].value : "?C");
    buf_printf(&s->body, "%s\"DBRType\":\"%s\"},\"secs\":%lld,\"status\":%d}",
               engine ? "\"source\":\"engine\"," : "",
               reply_type(channel) == ENCODE_INT ? "DBR_SCALAR_INT" : "DBR_SCALAR_DOUBLE",
               (long long)(x->t / NS_PER_S), x->status);
}

/* X.HIHI and other fields give the value of X; X.VAL is not known here. */
static int32_t find_field(struct sim_server *s, const char *asked)
{
    const char *dot = strrchr(asked, '.');
    if (!dot)
        return sim_find(s->sim, asked);
    static const char *const fields[] = {".HIHI", ".HIGH", ".LOW", ".LOLO", ".HOPR", ".LOPR"};
    char name[256];
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(dot, fields[i]) == 0) {
            snprintf(name, sizeof name, "%.*s", (int)(dot - asked), asked);
            return sim_find(s->sim, name);
        }
    return -1;
}

static void data_at_time(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a)
{
    tstamp_ns now = clock_now(&s->clock), at = now / NS_PER_S * NS_PER_S;
    struct name_list names = {0};
    char room[256];
    const char *message = NULL;
    if (strcmp(r->method, "POST") != 0) {
        fail(s, a, 400, "\"getDataAtTime\" is not a valid API method.");
        return;
    }
    int status = names_of_request(&names, r, room, &message);
    bool asked_at = httpd_arg(r, "at") != NULL;
    if (status) {
        fail(s, a, status, message);
    } else if (instant(s, r, a, "at", &at)) {
        a->status = 200;
        buf_str(&s->body, "{");
        /* what lies further back comes from a store, without the engine's metadata */
        bool engine = at >= now - ENGINE_NS;
        for (size_t i = 0; i < names.n; i++) {
            int32_t c = find_field(s, names.name[i]);
            struct sample x;
            bool old = !asked_at && random_at((uint64_t)now, c) % OLD_ANSWER_IN == 0;
            tstamp_ns until = old ? at - 27 * NS_PER_HOUR : at < now ? at : now;
            if (c >= 0 && sim_latest(s->sim, (uint32_t)c, until, &x))
                add_value(s, names.name[i], (uint32_t)c, &x, engine && !old);
        }
        buf_str(&s->body, "}");
    }
    names_free(&names);
}

/* ---- names and status ---- */

struct matcher {
    const char *glob;
    regex_t regex;
    bool use_regex;
};

static bool matches(const struct matcher *m, const char *name)
{
    return m->use_regex ? regexec(&m->regex, name, 0, NULL, 0) == 0 : !m->glob || names_glob(m->glob, name);
}

/* From pv= or regex=; false when the expression is malformed. A regex must match the whole name. */
static bool matcher_open(struct matcher *m, const struct httpd_request *r)
{
    const char *regex = httpd_arg(r, "regex");
    *m = (struct matcher){.glob = httpd_arg(r, "pv"), .use_regex = regex != NULL};
    if (!regex)
        return true;
    char *whole = xasprintf("^(%s)$", regex);
    int rc = regcomp(&m->regex, whole, REG_EXTENDED | REG_NOSUB);
    free(whole);
    return rc == 0;
}

static void matcher_close(struct matcher *m)
{
    if (m->use_regex)
        regfree(&m->regex);
}

static void list_names(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a, bool json,
                       long limit)
{
    struct matcher m;
    if (!matcher_open(&m, r)) {
        fail(s, a, 500, "Dangling meta character in the pattern");
        return;
    }
    const char *given = httpd_arg(r, "limit");
    if (given)
        limit = strtol(given, NULL, 10);
    buf_str(&s->body, json ? "[" : "");
    long n = 0;
    for (uint32_t c = 0; c < sim_channels(s->sim) && (limit <= 0 || n < limit); c++) {
        const char *name = sim_pv(s->sim, c);
        if (!matches(&m, name))
            continue;
        buf_printf(&s->body, json ? "%s\"%s\"" : "%s%s\n", json && n ? "," : "", name);
        n++;
    }
    buf_str(&s->body, json ? "]\n" : "");
    matcher_close(&m);
    a->status = 200;
    a->content_type = json ? JSON_LATIN : TEXT_LATIN;
}

static void get_matching_pvs(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a)
{
    if (!httpd_arg(r, "pv") && !httpd_arg(r, "regex"))
        fail(s, a, 404, NULL);
    else
        list_names(s, r, a, true, DEFAULT_NAMES);
}

static void get_all_pvs(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a)
{
    list_names(s, r, a, true, DEFAULT_NAMES);
}

static void search_regex(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a)
{
    list_names(s, r, a, false, 0);
}

/* "Nov/21/2026 20:23:16 UTC", slashes escaped. */
static void add_time(struct buf *b, tstamp_ns t)
{
    time_t seconds = (time_t)(t / NS_PER_S);
    struct tm tm;
    char text[64];
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof text, "%b\\/%d\\/%Y %H:%M:%S UTC", &tm);
    buf_str(b, text);
}

static void add_status(struct sim_server *s, const char *asked, tstamp_ns now)
{
    int32_t c = sim_find(s->sim, asked);
    buf_str(&s->body, s->body.len > 1 ? "," : "");
    if (c < 0) {
        buf_str(&s->body, "{\"pvName\":\"");
        for (const char *p = asked; *p; p++)
            buf_printf(&s->body, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
        buf_str(&s->body, "\",\"status\":\"Not being archived\"}");
        return;
    }
    struct sample last;
    bool any = sim_latest(s->sim, (uint32_t)c, now, &last);
    bool connected = sim_connected(s->sim, (uint32_t)c / SIGNAL_KNOWN, now, NULL);
    buf_printf(&s->body,
               "{\"lastRotateLogs\":\"Never\",\"pvName\":\"%s\",\"connectionState\":\"%s\",\"lastEvent\":\"",
               asked, connected ? "true" : "false");
    if (any)
        add_time(&s->body, last.t);
    else
        buf_str(&s->body, "Never");
    buf_str(&s->body, "\",\"samplingPeriod\":\"1.0\",\"isMonitored\":\"true\",\"connectionLastRestablished\":"
                      "\"Never\",\"connectionFirstEstablished\":\"");
    add_time(&s->body, s->sim->options.from);
    buf_printf(&s->body,
               "\",\"connectionLossRegainCount\":\"0\",\"status\":\"Being archived\","
               "\"appliance\":\"appliance0\",\"pvNameOnly\":\"%s\"}",
               asked);
}

static void pv_status(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a)
{
    struct name_list names = {0};
    char room[256];
    const char *message = NULL;
    int status = names_of_request(&names, r, room, &message);
    tstamp_ns now = clock_now(&s->clock);
    if (status) {
        fail(s, a, status, message);
    } else {
        a->status = 200;
        a->content_type = JSON_LATIN;
        buf_str(&s->body, "[");
        for (size_t i = 0; i < names.n; i++) {
            bool glob = strpbrk(names.name[i], "*?") != NULL;
            for (uint32_t c = 0; glob && c < sim_channels(s->sim); c++)
                if (names_glob(names.name[i], sim_pv(s->sim, c)))
                    add_status(s, sim_pv(s->sim, c), now);
            if (!glob)
                add_status(s, names.name[i], now);
        }
        buf_str(&s->body, "]\n");
    }
    names_free(&names);
}

static void version(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a)
{
    (void)r;
    buf_str(&s->body, "{\"version\":\"Archiver Appliance Version 2.0.8\"}\n");
    a->status = 200;
    a->content_type = JSON_LATIN;
}

static void appliance_info(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a)
{
    static const char *const of[] = {"engine", "etl", "mgmt", "retrieval"};
    int port = httpd_port(s->httpd);
    (void)r;
    buf_str(&s->body, "{");
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        buf_printf(&s->body, "\"%sURL\":\"http:\\/\\/127.0.0.1:%d\\/%s\\/bpl\",", of[i], port, of[i]);
    buf_printf(&s->body,
               "\"identity\":\"appliance0\",\"dataRetrievalURL\":\"http:\\/\\/127.0.0.1:%d\\/retrieval\","
               "\"clusterInetPort\":\"localhost:16670\",\"version\":\"Archiver Appliance Version 2.0.8\"}\n",
               port);
    a->status = 200;
    a->content_type = JSON_LATIN;
}

static void ping(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a)
{
    (void)r;
    buf_str(&s->body, "Pong\n");
    a->status = 200;
    a->content_type = "text;charset=ISO-8859-1";
}

static void are_we_archiving(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a)
{
    const char *pv = httpd_arg(r, "pv");
    buf_printf(&s->body, "{\"status\":\"%s\"}\n", pv && sim_find(s->sim, pv) >= 0 ? "true" : "false");
    a->status = 200;
    a->content_type = JSON_LATIN;
}

/* ---- routes ---- */

static const struct {
    const char *path;
    answer_call *call;
} routes[] = {
    {"/retrieval/data/getDataAtTime", data_at_time},
    {"/retrieval/bpl/getMatchingPVs", get_matching_pvs},
    {"/retrieval/bpl/searchForPVsRegex", search_regex},
    {"/retrieval/bpl/getVersion", version},
    {"/retrieval/bpl/areWeArchivingPV", are_we_archiving},
    {"/retrieval/ping", ping},
    {"/mgmt/bpl/getAllPVs", get_all_pvs},
    {"/mgmt/bpl/getPVStatus", pv_status},
    {"/mgmt/bpl/getApplianceInfo", appliance_info},
};

static void route(struct sim_server *s, const struct httpd_request *r, struct httpd_answer *a)
{
    static const char get_data[] = "/retrieval/data/getData.", for_pvs[] = "/retrieval/data/getDataForPVs.";
    if (strlen(r->path) + strlen(r->query) > MAX_GET_LINE) {
        fail(s, a, 400, NULL);
        return;
    }
    if (strncmp(r->path, get_data, sizeof get_data - 1) == 0) {
        data(s, r, a, r->path + sizeof get_data - 1, false);
        return;
    }
    if (strncmp(r->path, for_pvs, sizeof for_pvs - 1) == 0) {
        data(s, r, a, r->path + sizeof for_pvs - 1, true);
        return;
    }
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (strcmp(r->path, routes[i].path) == 0) {
            routes[i].call(s, r, a);
            return;
        }
    const char *last = strrchr(r->path, '/');
    if (strncmp(r->path, "/retrieval/data/", 16) == 0)
        fail_with(s, a, 400, "\"%s\" is not a valid API method.", last + 1);
    else
        fail(s, a, 404, NULL);
}

static void on_request(void *arg, const struct httpd_request *r, struct httpd_answer *a)
{
    struct sim_server *s = arg;
    s->requests++;
    buf_reset(&s->body);
    route(s, r, a);
    if (!a->stream) {
        a->body = buf_text(&s->body);
        a->body_len = s->body.len;
    }
    a->close = r->requests >= REQUESTS_PER_CONNECTION;
}

int sim_server_open(struct sim_server **out, uv_loop_t *loop, struct sim *sim, const struct clock *clock,
                    const char *listen, struct err *err)
{
    struct sim_server *s = xcalloc(1, sizeof *s);
    s->sim = sim;
    s->clock = *clock;
    int rc = httpd_open(&s->httpd, loop, listen, MAX_BODY, on_request, s, err);
    if (rc) {
        free(s);
        return rc;
    }
    *out = s;
    return 0;
}

void sim_server_close(struct sim_server *s)
{
    if (!s)
        return;
    httpd_close(s->httpd);
    buf_free(&s->body);
    free(s);
}

int sim_server_port(const struct sim_server *s)
{
    return httpd_port(s->httpd);
}

unsigned long sim_server_requests(const struct sim_server *s)
{
    return s->requests;
}
