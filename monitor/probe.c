/* See probe.h. SPDX-License-Identifier: MIT */
#include "monitor/probe.h"

#include "alerts/alerts.h"
#include "archive/history/cluster.h"
#include "archive/history/programs.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/net/http.h"
#include "base/pg/pg.h"
#include "base/progress.h"
#include "base/text/words.h"
#include "base/time/timefmt.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SPAN NS_PER_HOUR               /* in which rates are counted */
#define LEARNS_FROM (14 * NS_PER_DAY)  /* README, Limits: from less a training knows too little */
#define BEGINNING (10957 * NS_PER_DAY) /* 2000-01-01: no archive is older */
#define LATEST_DEADLINE_S 60

/* What is known of a channel. */
struct known {
    bool told;
    struct source_description now; /* of the last hour; its error is `error` */
    char *error;                   /* owned */
    tstamp_ns first;               /* of all; 0: not known */
    int8_t connected;              /* -1: not known */
    struct sample newest;          /* as a poll would have it; t 0: none */
};

struct probing {
    const struct world *world;
    uv_loop_t loop;
    struct source *source;
    struct known *known; /* [n_channels] */
    tstamp_ns now;
    bool first; /* which description is under way, and how many channels it has told */
    size_t told;
    struct progress progress;
    bool done;
    int code; /* of the last request, and what else it said */
    size_t answered, valueless;
    char error[512];
    FILE *to;
    size_t wrong, odd;
};

/* ---- asking ---- */

static void on_done(void *arg, const struct source_result *r)
{
    struct probing *p = arg;
    p->done = true;
    p->code = r->code;
    p->answered = r->channels_answered;
    p->valueless = r->valueless;
    snprintf(p->error, sizeof p->error, "%s", r->error);
}

static void on_described(void *arg, uint32_t channel, const struct source_description *d)
{
    struct probing *p = arg;
    struct known *k = &p->known[channel];
    progress_update(&p->progress, (double)++p->told, (double)p->world->fleet->n_channels);
    if (p->first) {
        k->first = d->first.t;
        return;
    }
    k->told = true;
    k->now = *d;
    k->now.error = "";
    k->error = *d->error ? xstrdup(d->error) : NULL;
}

static void on_connected(void *arg, const int8_t connected[], const struct source_result *r)
{
    struct probing *p = arg;
    for (size_t c = 0; r->code == 0 && c < p->world->fleet->n_channels; c++)
        p->known[c].connected = connected[c];
    on_done(arg, r);
}

static void on_latest(void *arg, uint32_t channel, const struct sample *s, size_t n)
{
    struct probing *p = arg;
    p->known[channel].newest = s[n - 1];
}

static void wait_done(struct probing *p)
{
    while (!p->done)
        uv_run(&p->loop, UV_RUN_ONCE);
    p->done = false;
}

/* The last hour of all, or the first sample of those that have one. */
static void describe(struct probing *p, bool first)
{
    size_t n = 0, all = p->world->fleet->n_channels;
    uint32_t *channels = xcalloc(all, sizeof *channels);
    for (uint32_t c = 0; c < all; c++)
        if (!first || (p->known[c].told && p->known[c].now.last.t))
            channels[n++] = c;
    p->first = first;
    p->told = 0;
    progress_start(&p->progress, first ? "asking for the beginning of each PV" : "asking for every PV");
    p->source->ops->describe(p->source, channels, n, first ? BEGINNING : p->now - SPAN, p->now + 1, first,
                             on_described, on_done, p);
    wait_done(p);
    progress_end(&p->progress);
    free(channels);
}

static void say(struct probing *p, bool wrong, const char *part, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void say(struct probing *p, bool wrong, const char *part, const char *fmt, ...)
{
    va_list ap;
    fprintf(p->to, "%-9s %-6s ", part, wrong ? "WRONG" : "ok");
    va_start(ap, fmt);
    vfprintf(p->to, fmt, ap);
    va_end(ap);
    fputc('\n', p->to);
    p->wrong += wrong;
}

/* ---- judging a channel ---- */

/* What is said of a channel: what is wrong with it, and what is only odd. */
struct verdict {
    struct buf wrong, odd;
};

static void add(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct buf *b, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    words_clean(text);
    buf_printf(b, "%s%s", b->len ? "; " : "", text);
}

/* A set point that nobody touches is sent on change only. */
static bool may_be_silent(const struct channel *ch)
{
    return ch->signal == SIGNAL_DAC;
}

/* An instant to the second, as ten fields of a table have it; "-" for none. */
static const char *second(char out[TIMEFMT_LEN], tstamp_ns t)
{
    if (t)
        timefmt_iso(out, t / NS_PER_S * NS_PER_S);
    else
        memcpy(out, "-", 2);
    return out;
}

static void judge_last(const struct probing *p, const struct channel *ch, const struct known *k,
                       struct verdict *v)
{
    const struct sample *s = &k->now.last;
    char text[TIMEFMT_LEN];
    if (!s->t) {
        add(&v->wrong, "archived, but there is no sample");
        return;
    }
    if (s->flags & SAMPLE_NOT_NUMBER)
        add(&v->wrong, "its values are no numbers: %s", k->now.type);
    else if (s->severity == SEVERITY_INVALID)
        add(&v->wrong, "marked INVALID (alarm status %u)", s->status);
    else if (!isfinite(s->value))
        add(&v->wrong, "its value is NaN or infinite");
    if (p->now - s->t > p->world->settings->max_age && !may_be_silent(ch))
        add(&v->wrong, "last sample at %s", second(text, s->t));
}

static void judge_rate(const struct probing *p, const struct channel *ch, const struct known *k,
                       struct verdict *v)
{
    double wanted = (double)SPAN / (double)p->world->settings->period;
    bool silent = p->now - k->now.last.t > p->world->settings->max_age; /* which was said */
    if (!silent && !may_be_silent(ch) && (double)k->now.samples < wanted / 2)
        add(&v->odd, "%" PRIu64 " samples in the last hour, one a minute is read", k->now.samples);
}

/* Units that can be read, and differ however they are spelt. */
static void judge_unit(const struct channel *ch, const struct known *k, struct verdict *v)
{
    const char *here = words_unit(ch->unit), *there = words_unit(k->now.unit);
    bool readable = *there && !strchr(there, '?') && !strstr(there, "\xef\xbf\xbd");
    if (*here && readable && strcasecmp(here, there) != 0)
        add(&v->wrong, "its unit is %s, the fleet says %s", k->now.unit, ch->unit);
}

static void judge(const struct probing *p, uint32_t c, struct verdict *v)
{
    const struct channel *ch = &p->world->fleet->channels[c];
    const struct known *k = &p->known[c];
    char text[TIMEFMT_LEN];
    if (!k->told)
        add(&v->wrong, "was not asked for");
    else if (k->error)
        add(&v->wrong, "%s", k->error);
    else if (!k->now.archived)
        add(&v->wrong, "not archived");
    if (v->wrong.len)
        return;
    if (k->connected == 0)
        add(&v->wrong, "the archiver is disconnected from it");
    judge_last(p, ch, k, v);
    judge_unit(ch, k, v);
    judge_rate(p, ch, k, v);
    if (k->first && p->now - k->first < LEARNS_FROM)
        add(&v->odd, "archived since %s only: a training wants 14 days", second(text, k->first));
}

static void print_head(FILE *to)
{
    fprintf(to, "%-5s %-14s %-22s %-24s %-9s %-12s %-6s %9s %-20s %-20s %s\n", "", "supply", "signal", "pv",
            "connected", "type", "unit", "samples/h", "first sample", "last sample", "what");
}

static void print_row(const struct probing *p, uint32_t c, const char *kind, const char *text)
{
    const struct fleet *f = p->world->fleet;
    const struct known *k = &p->known[c];
    char first[TIMEFMT_LEN], last[TIMEFMT_LEN];
    fprintf(p->to, "%-5s %-14s %-22s %-24s %-9s %-12s %-6s %9" PRIu64 " %-20s %-20s %s\n", kind,
            f->supplies[f->channels[c].supply].name, f->signals.name[f->channels[c].signal],
            f->channels[c].pv,
            k->connected > 0    ? "yes"
            : k->connected == 0 ? "no"
                                : "-",
            *k->now.type ? k->now.type : "-", *k->now.unit ? k->now.unit : "-", k->now.samples,
            second(first, k->first), second(last, k->now.last.t), text);
}

/* A row a channel that there is something to say of; returns how many are wrong. */
static size_t print_channels(struct probing *p)
{
    size_t wrong = 0;
    for (uint32_t c = 0; c < p->world->fleet->n_channels; c++) {
        struct verdict v = {0};
        judge(p, c, &v);
        if (wrong + p->odd == 0 && v.wrong.len + v.odd.len)
            print_head(p->to);
        if (v.wrong.len)
            print_row(p, c, "WRONG", buf_text(&v.wrong));
        if (v.odd.len)
            print_row(p, c, "odd", buf_text(&v.odd));
        wrong += v.wrong.len > 0;
        p->odd += v.odd.len > 0;
        buf_free(&v.wrong);
        buf_free(&v.odd);
    }
    return wrong;
}

/* ---- the parts ---- */

static void ask_archiver(struct probing *p)
{
    const struct source_ops *ops = p->source->ops;
    size_t n = p->world->fleet->n_channels;
    describe(p, false);
    if (p->told == 0) { /* nobody there, a login page … */
        say(p, true, "archiver", "%s", p->error);
        return;
    }
    describe(p, true);
    if (ops->connections) {
        ops->connections(p->source, LATEST_DEADLINE_S, on_connected, p);
        wait_done(p);
        if (p->code != 0)
            say(p, true, "archiver", "connection states: %s", p->error);
    }
    ops->latest(p->source, p->now, LATEST_DEADLINE_S, on_latest, on_done, p);
    wait_done(p);
    if (p->code != 0 && p->answered == 0) /* else it is a channel that is told above */
        say(p, true, "archiver", "live answers: %s", p->error);
    if (p->valueless)
        say(p, true, "archiver", "live answers carry no value for %zu of %zu PVs", p->valueless, n);
    size_t wrong = print_channels(p);
    say(p, wrong > 0, "archiver", "%zu of %zu PVs are well, %zu are odd", n - wrong, n, p->odd);
}

/* Files tell nothing but what they hold, which may be of long ago. */
static void ask_files(struct probing *p)
{
    size_t n = p->world->fleet->n_channels, without = 0;
    uint32_t first = 0;
    p->source->ops->latest(p->source, p->now, 0, on_latest, on_done, p);
    wait_done(p);
    for (uint32_t c = 0; c < n; c++)
        if (p->known[c].newest.t == 0 && without++ == 0)
            first = c;
    if (without)
        say(p, true, "archiver", "%zu of %zu channels have no reading in the files, the first is %s%s%s",
            without, n, p->world->fleet->channels[first].pv, p->code != 0 ? ": " : "", p->error);
    else
        say(p, false, "archiver", "files with readings of all %zu channels", n);
}

static void probe_archiver(struct probing *p, struct context *c)
{
    struct err err;
    size_t n = p->world->fleet->n_channels;
    if (context_source(c, &p->loop, &p->source, &err) != 0) {
        say(p, true, "archiver", "%s", err.msg);
        return;
    }
    p->known = xcalloc(n, sizeof *p->known);
    for (size_t i = 0; i < n; i++)
        p->known[i].connected = -1;
    if (p->source->ops->describe)
        ask_archiver(p);
    else
        ask_files(p);
    source_close(p->source);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < n; i++)
        free(p->known[i].error);
    free(p->known);
}

static void probe_server(struct probing *p, const char *conninfo, const char *what)
{
    struct pg_rows *rows = NULL;
    struct err err;
    int rc = pg_run(
        conninfo,
        "SELECT current_setting('server_version'), has_database_privilege(current_database(), 'CREATE')", 0,
        NULL, &rows, &err);
    if (rc != 0)
        say(p, true, "database", "%s", err.msg);
    else if (strcmp(rows->value[1], "t") != 0)
        say(p, true, "database", "%s: its user may not create tables in it", what);
    else
        say(p, false, "database", "%s, PostgreSQL %s", what, rows->value[0]);
    pg_rows_free(rows);
}

/* A private cluster that has not been made is not made here. */
static void probe_private(struct probing *p, struct context *c)
{
    const char *state = p->world->settings->state_dir;
    char *data = xasprintf("%s/postgres/data", state), *bin = NULL;
    struct err err;
    if (programs_find(&bin, data, &err) != 0)
        say(p, true, "database", "%s", err.msg);
    else if (access(data, F_OK) != 0)
        say(p, false, "database", "private, made in %s/postgres at the first start", state);
    else if (context_state(c, &err) != 0 || context_cluster(c, &err) != 0)
        say(p, true, "database", "%s", err.msg);
    else
        probe_server(p, c->conninfo, "private");
    free(bin);
    free(data);
}

/* ---- webhooks ---- */

struct reaching {
    struct probing *p;
    char *name; /* of the endpoint; owned */
};

static void on_reached(void *arg, const struct http_result *r)
{
    const struct reaching *x = arg;
    if (r->complete)
        say(x->p, false, "webhook", "%s%s%s is reached in %.0f ms (nothing was sent: --send)", x->name,
            *r->proxy ? " through the proxy " : "", r->proxy, r->seconds * 1e3);
    else
        say(x->p, true, "webhook", "%s: %s", x->name, r->error);
}

static void reach_webhooks(struct probing *p)
{
    const struct settings *s = p->world->settings;
    struct reaching *reaching = xcalloc(s->n_webhooks + 1, sizeof *reaching);
    struct alerts_webhook *hooks = settings_endpoints(s);
    struct http *http = http_new(&p->loop, 4);
    for (size_t i = 0; i < s->n_webhooks; i++) {
        reaching[i] = (struct reaching){p, alerts_endpoint_name(hooks, i)};
        http_start(http, &(struct http_options){.method = "GET",
                                                .url = hooks[i].url.clear,
                                                .connect_only = true,
                                                .on_done = on_reached,
                                                .arg = &reaching[i]});
    }
    uv_run(&p->loop, UV_RUN_DEFAULT);
    http_free(http);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < s->n_webhooks; i++)
        free(reaching[i].name);
    free(reaching);
    free(hooks);
}

static void on_sent(void *arg, const char *endpoint, const struct http_result *r, bool ok)
{
    char status[HTTP_STATUS_LEN];
    say(arg, !ok, "webhook", "%s: a test message: %s", endpoint,
        r->complete ? http_status(status, r) : r->error);
}

static void send_to_webhooks(struct probing *p)
{
    const struct settings *s = p->world->settings;
    struct alerts_webhook *hooks = settings_endpoints(s);
    const struct alerts_options o = {.webhooks = hooks, .n_webhooks = s->n_webhooks, .source = s->hash};
    size_t failed;
    struct err err;
    if (alerts_test(&o, p->now, on_sent, p, &failed, &err) != 0)
        say(p, true, "webhook", "%s", err.msg);
    free(hooks);
}

size_t probe(struct context *c, bool send, FILE *to)
{
    struct probing p = {.world = c->world, .to = to, .now = clock_now(&c->world->settings->clock)};
    uv_loop_init(&p.loop);
    probe_archiver(&p, c);
    if (c->world->settings->database_url.clear)
        probe_server(&p, c->world->settings->database_url.clear, "the site's own");
    else
        probe_private(&p, c);
    if (send)
        send_to_webhooks(&p);
    else
        reach_webhooks(&p);
    uv_run(&p.loop, UV_RUN_DEFAULT);
    uv_loop_close(&p.loop);
    return p.wrong;
}
