/* The configuration; see settings.h. One table says everything about a key; reading, checking, printing and
 * the sample file all walk it. SPDX-License-Identifier: MIT */
#include "monitor/settings.h"

#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/timefmt.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

enum type { TEXT, PATH, URL, DURATION, NUMBER, INTEGER, WEEKDAY, DAYTIME, TIME };
_Static_assert(sizeof(double) == 8 && sizeof(tstamp_ns) == 8, "all values but text have 8 bytes");

/* One key. fallback NULL: no default (required or absent = NULL). */
struct option {
    const char *path;
    enum type type;
    size_t offset;         /* in struct settings, or in struct webhook_settings */
    const char *fallback;  /* as it would stand in the file */
    double min, max;       /* of numbers, of durations in seconds */
    bool required;
    bool reload;           /* SIGHUP applies a change; else it needs a restart */
    const char *help;
};

#define AT(field) offsetof(struct settings, field)
#define YEAR_S (366.0 * 86400)

static const struct option options[] = {
    {"fleet", PATH, AT(fleet), NULL, 0, 0, true, false,
     "the channels: CSV supply,family,sector,signal,pv,unit[,water,rack,feeder,low,high,range]"},
    {"maintenance", PATH, AT(maintenance), NULL, 0, 0, false, true,
     "periods never learned from nor scored: CSV supply,start,end,work; supply may be a sector or *"},
    {"archiver.url", URL, AT(archiver_url), NULL, 0, 0, false, false,
     "the Archiver Appliance, /retrieval and /mgmt under it; or file:///DIR with one SUPPLY.csv each"},
    {"archiver.retrieval_url", URL, AT(retrieval_url), NULL, 0, 0, false, false,
     "where retrieval lives when it is not <url>/retrieval"},
    {"archiver.management_url", URL, AT(management_url), NULL, 0, 0, false, false,
     "where management lives when it is not <url>/mgmt"},
    {"archiver.connections", INTEGER, AT(connections), "4", 1, 16, false, false,
     "parallel connections to the appliance"},
    {"archiver.batch", INTEGER, AT(batch), "2000", 1, 20000, false, false, "PVs per live request"},
    {"state_dir", PATH, AT(state_dir), NULL, 0, 0, true, false,
     "models, spool and the private database live here"},
    {"database.url", TEXT, AT(database_url), NULL, 0, 0, false, false,
     "PostgreSQL as libpq names it; absent: a private cluster in state_dir"},
    {"http.listen", TEXT, AT(http_listen), "127.0.0.1:8088", 0, 0, false, false,
     "address and port of the page, /api and /metrics"},
    {"period", DURATION, AT(period), "60 s", 1, 3600, false, false, "length of a tick"},
    {"window", DURATION, AT(window), "12 h", 3600, 7 * 86400.0, false, false,
     "what the divergence looks back on"},
    {"max_age", DURATION, AT(max_age), "5 min", 1, 7 * 86400.0, false, false,
     "how long a reading stands for the present; per signal: max_age: {default: 5 min, dac: 1 h}"},
    {"deadband_hold", DURATION, AT(deadband_hold), "24 h", 0, 30 * 86400.0, false, false,
     "the same for channels that send on change only, while the archiver is connected to them"},
    {"budget", NUMBER, AT(budget), "1", 0.001, 1000, false, true,
     "expected false findings per week, whole fleet, all detectors together; class data apart"},
    {"report.day", WEEKDAY, AT(report_day), "monday", 0, 6, false, true, "day the weekly list is issued"},
    {"report.time", DAYTIME, AT(report_minute), "06:00", 0, 1439, false, true, "time of that day"},
    {"report.size", INTEGER, AT(report_size), "20", 1, 1000, false, true, "supplies on the list"},
    {"report.timezone", TEXT, AT(report_timezone), "UTC", 0, 0, false, true,
     "IANA name, such as America/Chicago"},
    {"alarm.on_delay", DURATION, AT(alarm_on_delay), "5 min", 0, 7 * 86400.0, false, false,
     "a finding must hold so long before it is an alarm"},
    {"alarm.off_delay", DURATION, AT(alarm_off_delay), "1 h", 0, 30 * 86400.0, false, false,
     "and be gone so long before the alarm returns to normal"},
    {"alarm.heartbeat", DURATION, AT(heartbeat), "15 min", 0, 7 * 86400.0, false, false,
     "a sign of life to every webhook this often; 0: none"},
    {"keep.ticks", DURATION, AT(keep_ticks), "56 d", 86400, 50 * YEAR_S, false, false,
     "scores of every minute are kept so long; hourly ones for ever"},
    {"clock.start", TIME, AT(clock.start), NULL, 0, 0, false, false,
     "for a simulated ring: its time at the moment `wall`"},
    {"clock.wall", TIME, AT(clock.wall), NULL, 0, 0, false, false, "wall-clock time at clock.start"},
    {"clock.speed", NUMBER, AT(clock.speed), "1", 0.001, 100000, false, false,
     "simulated seconds per second"},
};
#define N_OPTIONS (sizeof options / sizeof *options)

static const struct option webhook_options[] = {
    {"url", URL, offsetof(struct webhook_settings, url), NULL, 0, 0, true, false,
     "where alarms are posted, http:// or https://"},
    {"secret", TEXT, offsetof(struct webhook_settings, secret), NULL, 0, 0, false, false,
     "whsec_ and the base64 of 24 to 64 bytes: signs what is sent (Standard Webhooks)"},
};
#define N_WEBHOOK_OPTIONS (sizeof webhook_options / sizeof *webhook_options)

static const char *const weekdays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};

/* ---- one value ---- */

static int bad_value(struct err *err, const char *where, const char *want, const char *text)
{
    return err_set(err, ERR_CONFIG, "%s: '%.80s' is not %s", where, text, want);
}

static int check_range(const struct option *o, double v, const char *unit, const char *where,
                       struct err *err)
{
    if (v >= o->min && v <= o->max)
        return 0;
    return err_set(err, ERR_CONFIG, "%s: %g%s is outside %g to %g%s", where, v, unit, o->min, o->max,
                   unit);
}

static int set_number(const struct option *o, void *to, const char *text, const char *where,
                      struct err *err)
{
    char *end;
    errno = 0;
    double v = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(v) || errno)
        return bad_value(err, where, "a number", text);
    if (o->type == INTEGER && v != floor(v))
        return bad_value(err, where, "a whole number", text);
    if (check_range(o, v, "", where, err) != 0)
        return ERR_CONFIG;
    if (o->type == INTEGER)
        *(int64_t *)to = (int64_t)v;
    else
        *(double *)to = v;
    return 0;
}

static int set_duration(const struct option *o, tstamp_ns *to, const char *text, const char *where,
                        struct err *err)
{
    if (timefmt_duration(to, text, err) != 0) {
        err_wrap(err, "%s", where);
        return err->code = ERR_CONFIG;
    }
    return check_range(o, (double)*to / 1e9, " s", where, err);
}

static int set_weekday(int64_t *to, const char *text, const char *where, struct err *err)
{
    for (int i = 0; i < 7; i++) {
        if (strlen(text) >= 3 && strncasecmp(weekdays[i], text, strlen(text)) == 0) {
            *to = i;
            return 0;
        }
    }
    return bad_value(err, where, "a day of the week", text);
}

static int set_daytime(int64_t *to, const char *text, const char *where, struct err *err)
{
    unsigned h, m;
    int used = 0;
    if (sscanf(text, "%2u:%2u%n", &h, &m, &used) != 2 || text[used] || h > 23 || m > 59)
        return bad_value(err, where, "a time of day such as 06:00", text);
    *to = (int64_t)h * 60 + m;
    return 0;
}

static char *resolve(const char *folder, const char *path)
{
    return *path == '/' ? xstrdup(path) : xasprintf("%s/%s", folder, path);
}

static int set_value(const struct option *o, void *base, const char *text, const char *folder,
                     const char *where, struct err *err)
{
    void *to = (char *)base + o->offset;
    switch (o->type) {
    case TEXT:
    case URL:
    case PATH:
        if (*text == '\0')
            return err_set(err, ERR_CONFIG, "%s: is empty", where);
        if (o->type == URL && strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0 &&
            !(strncmp(text, "file:///", 8) == 0 && base && strncmp(o->path, "archiver", 8) == 0))
            return bad_value(err, where, "an http:// or https:// address", text);
        free(*(char **)to);
        *(char **)to = o->type == PATH ? resolve(folder, text) : xstrdup(text);
        return 0;
    case DURATION:
        return set_duration(o, to, text, where, err);
    case NUMBER:
    case INTEGER:
        return set_number(o, to, text, where, err);
    case WEEKDAY:
        return set_weekday(to, text, where, err);
    case DAYTIME:
        return set_daytime(to, text, where, err);
    case TIME:
        if (timefmt_parse(to, text, err) == 0)
            return 0;
        err_wrap(err, "%s", where);
        return err->code = ERR_CONFIG;
    }
    return 0;
}

/* ---- the document ---- */

struct reader {
    struct settings *s;
    yaml_document_t doc;
    const char *file;
    char folder[PATH_MAX];
    unsigned line_of[N_OPTIONS]; /* 0: not in the file */
};

static unsigned line_of(const yaml_node_t *n)
{
    return (unsigned)n->start_mark.line + 1;
}

static int fail_at(struct reader *r, const yaml_node_t *n, const char *key, const char *what,
                   struct err *err)
{
    return err_set(err, ERR_CONFIG, "%s:%u: %s: %s", r->file, line_of(n), key, what);
}

/* The scalar's text; NULL when the node is not one (then err is set). */
static const char *scalar(struct reader *r, const yaml_node_t *n, const char *key, struct err *err)
{
    if (n->type == YAML_SCALAR_NODE)
        return (const char *)n->data.scalar.value;
    fail_at(r, n, key, n->type == YAML_MAPPING_NODE ? "is a mapping where one value belongs"
                                                    : "is a list where one value belongs", err);
    return NULL;
}

static int read_scalar(struct reader *r, const struct option *o, void *base, const yaml_node_t *n,
                       const char *key, struct err *err)
{
    const char *text = scalar(r, n, key, err);
    if (!text)
        return ERR_CONFIG;
    char where[PATH_MAX + 160];
    snprintf(where, sizeof where, "%s:%u: %s", r->file, line_of(n), key);
    return set_value(o, base, text, r->folder, where, err);
}

static const yaml_node_t *node(struct reader *r, int index)
{
    return yaml_document_get_node(&r->doc, index);
}

/* Refuses a key that stands twice in one mapping. */
static int check_twice(struct reader *r, const yaml_node_t *map, const yaml_node_pair_t *upto,
                       const char *path, struct err *err)
{
    const yaml_node_t *key = node(r, upto->key);
    for (const yaml_node_pair_t *p = map->data.mapping.pairs.start; p < upto; p++) {
        const yaml_node_t *k = node(r, p->key);
        if (strcmp((char *)k->data.scalar.value, (char *)key->data.scalar.value) == 0)
            return fail_at(r, key, path, "stands twice", err);
    }
    return 0;
}

static int read_webhook(struct reader *r, const yaml_node_t *item, struct err *err)
{
    if (item->type != YAML_MAPPING_NODE)
        return fail_at(r, item, "webhooks", "each entry is a mapping with url and secret", err);
    struct settings *s = r->s;
    s->webhooks = xreallocarray(s->webhooks, s->n_webhooks + 1, sizeof *s->webhooks);
    struct webhook_settings *w = &s->webhooks[s->n_webhooks++];
    *w = (struct webhook_settings){.line = line_of(item)};
    for (yaml_node_pair_t *p = item->data.mapping.pairs.start; p < item->data.mapping.pairs.top; p++) {
        char key[128];
        const char *name = scalar(r, node(r, p->key), "webhooks", err);
        if (!name)
            return ERR_CONFIG;
        snprintf(key, sizeof key, "webhooks.%.100s", name);
        size_t i = 0;
        while (i < N_WEBHOOK_OPTIONS && strcmp(webhook_options[i].path, name) != 0)
            i++;
        if (i == N_WEBHOOK_OPTIONS)
            return fail_at(r, node(r, p->key), key, "unknown key", err);
        if (check_twice(r, item, p, key, err) != 0 ||
            read_scalar(r, &webhook_options[i], w, node(r, p->value), key, err) != 0)
            return ERR_CONFIG;
    }
    if (!w->url)
        return fail_at(r, item, "webhooks.url", "is missing", err);
    uint8_t key[128];
    long n = w->secret && strncmp(w->secret, "whsec_", 6) == 0 && strlen(w->secret) < 150
                 ? digest_base64_decode(key, w->secret + 6) : -1;
    if (w->secret && (n < 24 || n > 64))
        return fail_at(r, item, "webhooks.secret",
                       "must be whsec_ and the base64 of 24 to 64 bytes", err);
    return 0;
}

static int read_webhooks(struct reader *r, const yaml_node_t *n, struct err *err)
{
    if (n->type == YAML_SCALAR_NODE && n->data.scalar.length == 0)
        return 0;
    if (n->type != YAML_SEQUENCE_NODE)
        return fail_at(r, n, "webhooks", "must be a list", err);
    for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++)
        if (read_webhook(r, node(r, *i), err) != 0)
            return ERR_CONFIG;
    return 0;
}

static const struct option *find_option(const char *path)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (strcmp(options[i].path, path) == 0)
            return &options[i];
    return NULL;
}

/* max_age: {default: …, <signal>: …}; that the signals exist is checked against the fleet later. */
static int read_max_ages(struct reader *r, const yaml_node_t *map, struct err *err)
{
    const struct option *o = find_option("max_age");
    struct settings *s = r->s;
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        char key[128];
        const char *name = scalar(r, node(r, p->key), "max_age", err);
        if (!name)
            return ERR_CONFIG;
        snprintf(key, sizeof key, "max_age.%.100s", name);
        if (check_twice(r, map, p, key, err) != 0 ||
            read_scalar(r, o, s, node(r, p->value), key, err) != 0)
            return ERR_CONFIG;
        if (strcmp(name, "default") == 0)
            continue;
        s->signal_max_age =
            xreallocarray(s->signal_max_age, s->n_signal_max_age + 1, sizeof *s->signal_max_age);
        s->signal_max_age[s->n_signal_max_age].signal = xstrdup(name);
        s->signal_max_age[s->n_signal_max_age].max_age = s->max_age;
        s->signal_max_age[s->n_signal_max_age++].line = line_of(node(r, p->key));
    }
    /* the last value read went through s->max_age; the default is the named one, or the table's */
    s->max_age = 5 * NS_PER_MIN;
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++)
        if (strcmp((char *)node(r, p->key)->data.scalar.value, "default") == 0)
            return read_scalar(r, o, s, node(r, p->value), "max_age.default", err);
    return 0;
}

static bool is_section(const char *path)
{
    size_t n = strlen(path);
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (strncmp(options[i].path, path, n) == 0 && options[i].path[n] == '.')
            return true;
    return false;
}

static int read_mapping(struct reader *r, const yaml_node_t *map, const char *prefix, struct err *err)
{
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        const yaml_node_t *k = node(r, p->key), *v = node(r, p->value);
        const char *name = scalar(r, k, *prefix ? prefix : "key", err);
        if (!name)
            return ERR_CONFIG;
        char path[160];
        snprintf(path, sizeof path, "%s%s%.100s", prefix, *prefix ? "." : "", name);
        int rc = check_twice(r, map, p, path, err);
        const struct option *o = find_option(path);
        if (rc != 0)
            return rc;
        if (strcmp(path, "webhooks") == 0)
            rc = read_webhooks(r, v, err);
        else if (strcmp(path, "max_age") == 0 && v->type == YAML_MAPPING_NODE)
            rc = read_max_ages(r, v, err);
        else if (o)
            rc = read_scalar(r, o, r->s, v, path, err);
        else if (is_section(path) && v->type == YAML_MAPPING_NODE)
            rc = read_mapping(r, v, path, err);
        else if (is_section(path))
            rc = fail_at(r, v, path, "must be a mapping", err);
        else
            rc = fail_at(r, k, path, "unknown key", err);
        if (rc != 0)
            return rc;
        if (o)
            r->line_of[o - options] = line_of(k);
    }
    return 0;
}

static int parse_yaml(struct reader *r, FILE *f, struct err *err)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return err_set(err, ERR_LIB, "libyaml could not start");
    yaml_parser_set_input_file(&parser, f);
    int rc = 0;
    if (!yaml_parser_load(&parser, &r->doc))
        rc = err_set(err, ERR_CONFIG, "%s:%zu: %s", r->file, parser.problem_mark.line + 1,
                     parser.problem ? parser.problem : "not YAML");
    yaml_parser_delete(&parser);
    return rc;
}

static bool given(const struct reader *r, const char *path)
{
    return r->line_of[find_option(path) - options] != 0;
}

/* archiver.url stands for both addresses under it, unless they are named themselves. */
static int complete_archiver(struct reader *r, struct err *err)
{
    struct settings *s = r->s;
    const char *url = s->archiver_url;
    if (!url)
        return s->retrieval_url ? 0 : err_set(err, ERR_CONFIG, "%s: archiver.url is missing", r->file);
    bool folder = strncmp(url, "file:///", 8) == 0;
    int n = (int)strlen(url);
    while (n > 8 && url[n - 1] == '/')
        n--;
    if (!s->retrieval_url)
        s->retrieval_url = xasprintf("%.*s%s", n, url, folder ? "" : "/retrieval");
    if (!s->management_url && !folder)
        s->management_url = xasprintf("%.*s/mgmt", n, url);
    return 0;
}

static int check_together(struct reader *r, struct err *err)
{
    struct settings *s = r->s;
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options[i].required && !r->line_of[i])
            return err_set(err, ERR_CONFIG, "%s: %s is missing", r->file, options[i].path);
    if (s->window % s->period != 0 || s->window / s->period > 65535)
        return err_set(err, ERR_CONFIG,
                       "%s: window: must be a whole number of periods, at most 65535", r->file);
    if (given(r, "clock.start") != given(r, "clock.wall"))
        return err_set(err, ERR_CONFIG, "%s: clock.start and clock.wall belong together", r->file);
    if (given(r, "clock.speed") && !given(r, "clock.start"))
        return err_set(err, ERR_CONFIG, "%s:%u: clock.speed: needs clock.start and clock.wall",
                       r->file, r->line_of[find_option("clock.speed") - options]);
    char zone[PATH_MAX];
    snprintf(zone, sizeof zone, "/usr/share/zoneinfo/%s", s->report_timezone);
    FILE *f = strstr(s->report_timezone, "..") ? NULL : fopen(zone, "re");
    if (!f && strcmp(s->report_timezone, "UTC") != 0)
        return err_set(err, ERR_CONFIG, "%s:%u: report.timezone: '%s' is not a known time zone",
                       r->file, r->line_of[find_option("report.timezone") - options],
                       s->report_timezone);
    if (f)
        fclose(f);
    return 0;
}

static void set_defaults(struct settings *s)
{
    struct err err;
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (options[i].fallback &&
            set_value(&options[i], s, options[i].fallback, "", options[i].path, &err) != 0)
            abort(); /* a default of the table is out of its own range */
    s->clock = clock_real();
}

static void hash_settings(struct settings *s)
{
    struct buf b = {0};
    uint8_t sum[DIGEST_LEN];
    settings_print(s, &b);
    digest_sha256(sum, b.data, b.len);
    digest_hex(s->hash, sum, DIGEST_LEN);
    buf_free(&b);
}

static int read_document(struct reader *r, struct err *err)
{
    const yaml_node_t *root = yaml_document_get_root_node(&r->doc);
    if (!root)
        return err_set(err, ERR_CONFIG, "%s: is empty", r->file);
    if (root->type != YAML_MAPPING_NODE)
        return fail_at(r, root, "file", "must be a mapping of keys to values", err);
    int rc = read_mapping(r, root, "", err);
    if (rc != 0)
        return rc;
    rc = complete_archiver(r, err);
    return rc == 0 ? check_together(r, err) : rc;
}

int settings_load(struct settings **out, const char *path, struct err *err)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(err, ERR_CONFIG, "could not open %s: %s", path, strerror(errno));
    struct reader r = {.file = path, .s = xcalloc(1, sizeof *r.s)};
    char absolute[PATH_MAX], copy[PATH_MAX];
    if (!realpath(path, absolute))
        snprintf(absolute, sizeof absolute, "%s", path);
    snprintf(copy, sizeof copy, "%s", absolute);
    snprintf(r.folder, sizeof r.folder, "%s", dirname(copy));
    set_defaults(r.s);
    r.s->path = xstrdup(absolute);
    int rc = parse_yaml(&r, f, err);
    if (rc == 0) {
        rc = read_document(&r, err);
        yaml_document_delete(&r.doc);
    }
    fclose(f);
    if (rc != 0) {
        settings_free(r.s);
        return rc;
    }
    hash_settings(r.s);
    *out = r.s;
    return 0;
}

static bool is_text(const struct option *o)
{
    return o->type == TEXT || o->type == PATH || o->type == URL;
}

void settings_reload(struct settings *s, const struct settings *fresh)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option *o = &options[i];
        void *to = (char *)s + o->offset;
        const void *from = (const char *)fresh + o->offset;
        const char *a = is_text(o) ? *(char *const *)to : NULL;
        const char *b = is_text(o) ? *(char *const *)from : NULL;
        bool same = is_text(o) ? a == b || (a && b && strcmp(a, b) == 0) : memcmp(to, from, 8) == 0;
        if (same)
            continue;
        if (!o->reload) {
            log_warning("settings", "key=%s has changed, which needs a restart", o->path);
        } else if (is_text(o)) {
            free(*(char **)to);
            *(char **)to = b ? xstrdup(b) : NULL;
        } else {
            memcpy(to, from, 8);
        }
    }
    hash_settings(s);
}

void settings_free(struct settings *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (is_text(&options[i]))
            free(*(char **)((char *)s + options[i].offset));
    for (size_t i = 0; i < s->n_webhooks; i++) {
        free(s->webhooks[i].url);
        free(s->webhooks[i].secret);
    }
    for (size_t i = 0; i < s->n_signal_max_age; i++)
        free(s->signal_max_age[i].signal);
    free(s->webhooks);
    free(s->signal_max_age);
    free(s->path);
    free(s);
}

/* ---- printing ---- */

static void print_duration(struct buf *b, tstamp_ns d)
{
    static const struct {
        tstamp_ns ns;
        const char *unit;
    } units[] = {{NS_PER_DAY, "d"}, {NS_PER_HOUR, "h"}, {NS_PER_MIN, "min"}, {NS_PER_S, "s"}};
    for (size_t i = 0; i < 4; i++) {
        if (d > 0 && d % units[i].ns == 0 && (d / units[i].ns >= 2 || i == 3)) {
            buf_printf(b, "%lld %s", (long long)(d / units[i].ns), units[i].unit);
            return;
        }
    }
    buf_printf(b, "%g s", (double)d / 1e9);
}

static void print_value(struct buf *b, const struct option *o, const void *base)
{
    const void *at = (const char *)base + o->offset;
    char time[TIMEFMT_LEN];
    switch (o->type) {
    case TEXT:
    case PATH:
    case URL:
        buf_str(b, *(char *const *)at ? *(char *const *)at : "");
        break;
    case DURATION:
        print_duration(b, *(const tstamp_ns *)at);
        break;
    case NUMBER:
        buf_printf(b, "%g", *(const double *)at);
        break;
    case INTEGER:
        buf_printf(b, "%lld", (long long)*(const int64_t *)at);
        break;
    case WEEKDAY:
        buf_str(b, weekdays[*(const int64_t *)at]);
        break;
    case DAYTIME:
        buf_printf(b, "\"%02d:%02d\"", (int)(*(const int64_t *)at / 60), (int)(*(const int64_t *)at % 60));
        break;
    case TIME:
        buf_str(b, timefmt_iso(time, *(const tstamp_ns *)at));
        break;
    }
}

/* Starts `section:` when path opens a new one; returns what stands after it, with its indent. */
static const char *open_section(struct buf *b, const char *path, char section[64], const char *lead)
{
    const char *dot = strchr(path, '.');
    if (!dot) {
        section[0] = '\0';
        return path;
    }
    size_t n = (size_t)(dot - path);
    if (strncmp(section, path, n) != 0 || section[n] != '\0') {
        snprintf(section, 64, "%.*s", (int)n, path);
        buf_printf(b, "%s%s:\n", lead, section);
    }
    return dot + 1;
}

/* Whether a key has anything to print. */
static bool is_set(const struct option *o, const struct settings *s)
{
    if (strncmp(o->path, "clock.", 6) == 0)
        return s->clock.start != 0 || s->clock.speed != 1;
    if (is_text(o))
        return *(char *const *)((const char *)s + o->offset) != NULL;
    return true;
}

static void print_max_ages(struct buf *b, const struct settings *s)
{
    buf_str(b, "max_age:\n  default: ");
    print_duration(b, s->max_age);
    for (size_t i = 0; i < s->n_signal_max_age; i++) {
        buf_printf(b, "\n  %s: ", s->signal_max_age[i].signal);
        print_duration(b, s->signal_max_age[i].max_age);
    }
    buf_str(b, "\n");
}

void settings_print(const struct settings *s, struct buf *out)
{
    char section[64] = "";
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option *o = &options[i];
        if (!is_set(o, s))
            continue;
        if (strcmp(o->path, "max_age") == 0 && s->n_signal_max_age) {
            print_max_ages(out, s);
            continue;
        }
        const char *key = open_section(out, o->path, section, "");
        buf_printf(out, "%s%s: ", *section ? "  " : "", key);
        print_value(out, o, s);
        buf_printf(out, "   # %s\n", o->help);
    }
    if (s->n_webhooks)
        buf_str(out, "webhooks:\n");
    for (size_t i = 0; i < s->n_webhooks; i++)
        buf_printf(out, "  - url: %s\n%s", s->webhooks[i].url,
                   s->webhooks[i].secret ? "    secret: \"***\"\n" : "");
}

void settings_sample(struct buf *out)
{
    static const char *const examples[][2] = {{"fleet", "fleet.csv"},
                                              {"archiver.url", "http://archiver.example:17665"},
                                              {"state_dir", "/var/lib/psmon"}};
    char section[64] = "";
    buf_str(out, "# psmon: every key, its default and meaning. The four without # are needed.\n\n");
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option *o = &options[i];
        const char *value = o->fallback ? o->fallback : "", *mark = "# ";
        for (size_t j = 0; j < sizeof examples / sizeof *examples; j++) {
            if (strcmp(o->path, examples[j][0]) == 0) {
                value = examples[j][1];
                mark = "";
            }
        }
        const char *key = open_section(out, o->path, section, strcmp(o->path, "archiver.url") == 0 ? "" : "# ");
        buf_printf(out, "%s# %s", *section ? "  " : "", o->help);
        if (o->max > o->min && o->type != WEEKDAY && o->type != DAYTIME)
            buf_printf(out, " (%g to %g%s)", o->min, o->max, o->type == DURATION ? " s" : "");
        buf_printf(out, "%s\n%s%s%s: %s\n", o->reload ? " [SIGHUP applies it]" : "", mark,
                   *section ? "  " : "", key, value);
    }
    buf_str(out, "webhooks:\n");
    for (size_t i = 0; i < N_WEBHOOK_OPTIONS; i++)
        buf_printf(out, "    # %s\n", webhook_options[i].help);
    buf_str(out, "  - url: https://example.org/hook\n    secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
}
