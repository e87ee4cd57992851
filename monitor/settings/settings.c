/* The configuration; see settings.h. One table says everything about a key; reading, checking, printing and
 * the sample file all walk it. SPDX-License-Identifier: MIT */
#include "monitor/settings/settings_options.h"

#include "alerts/alerts.h"
#include "alerts/shapes/shape.h"
#include "archive/source.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/net/http.h"
#include "base/pg/pg.h"
#include "base/table/timecell.h"
#include "base/text/number.h"
#include "base/text/spelling.h"
#include "base/time/timefmt.h"
#include "base/time/zone.h"

#include <assert.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <yaml.h>

/* ---- one value ---- */

static int bad_value(struct err *err, const char *where, const char *want, const char *text)
{
    return err_set(err, ERR_CONFIG, "%s: '%.80s' is not %s", where, text, want);
}

static int check_range(const struct setting *o, double v, const char *unit, const char *where,
                       struct err *err)
{
    if (v >= o->min && v <= o->max)
        return 0;
    return err_set(err, ERR_CONFIG, "%s: %g%s is outside %g to %g%s", where, v, unit, o->min, o->max, unit);
}

static int set_number(const struct setting *o, void *to, const char *text, const char *where, struct err *err)
{
    double v;
    if (!number_parse(&v, text, strlen(text)) || !isfinite(v))
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

static int set_duration(const struct setting *o, tstamp_ns *to, const char *text, const char *where,
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
        if (strlen(text) >= 3 && strncasecmp(settings_weekdays[i], text, strlen(text)) == 0) {
            *to = i;
            return 0;
        }
    }
    return bad_value(err, where, "a day of the week", text);
}

static int set_daytime(int64_t *to, const char *text, const char *where, struct err *err)
{
    const char *p = text, *end = text + strlen(text);
    int h = timefmt_digits(&p, end, text[0] && text[1] == ':' ? 1 : 2), m = -1;
    if (*p == ':') {
        p++;
        m = timefmt_digits(&p, end, 2);
    }
    if (h < 0 || h > 23 || m < 0 || m > 59 || p < end)
        return bad_value(err, where, "a time of day such as 06:00", text);
    *to = (int64_t)h * 60 + m;
    return 0;
}

static char *resolve(const char *folder, const char *path)
{
    return *path == '/' ? xstrdup(path) : xasprintf("%s/%s", folder, path);
}

/* ADDRESS:PORT, [ADDRESS]:PORT or :PORT; whether it can be listened on shows at the start. */
static bool is_address(const char *text)
{
    const char *colon = strrchr(text, ':');
    char *end;
    if (!colon || !(colon[1] >= '0' && colon[1] <= '9'))
        return false;
    unsigned long port = strtoul(colon + 1, &end, 10);
    return *end == '\0' && port <= 65535 &&
           (memchr(text, ':', (size_t)(colon - text)) == NULL || *text == '[');
}

/* None, or a key as Standard Webhooks has them. */
static bool is_key(const char *text)
{
    uint8_t key[128];
    long n = strncmp(text, "whsec_", 6) == 0 && strlen(text) < 150 ? digest_base64_decode(key, text + 6) : -1;
    return n >= 24 && n <= 64;
}

/* What is refused is shown as far as it cannot be a secret. */
static int check_secret(const struct setting *o, const char *text, const char *where, struct err *err)
{
    char forms[SOURCE_FORMS_LEN], place[HTTP_PLACE_LEN];
    const char *scheme = strstr(text, "://");
    if (o->type == KEY && !is_key(text))
        return err_set(err, ERR_CONFIG, "%s: must be whsec_ and the base64 of 24 to 64 bytes", where);
    if (o->type == URL && strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return err_set(err, ERR_CONFIG, "%s: '%.*s…' is not an http:// or https:// address", where,
                       scheme && scheme - text < 16 ? (int)(scheme - text) + 3 : 0, text);
    if (o->type == ARCHIVE_URL && !source_kind_of(text))
        return bad_value(err, where, source_forms(forms), http_place(place, text));
    if (o->type == CONNINFO && pg_check(text, err) != 0) {
        err_wrap(err, "%s", where);
        return err->code = ERR_CONFIG;
    }
    return 0;
}

static int set_value(const struct setting *o, void *base, const char *text, const char *folder,
                     const char *where, struct err *err)
{
    void *to = (char *)base + o->offset;
    switch (o->type) {
    case TEXT:
    case KEY:
    case URL:
    case ARCHIVE_URL:
    case CONNINFO:
    case LISTEN:
    case PATH:
        if (*text == '\0')
            return err_set(err, ERR_CONFIG, "%s: is empty", where);
        if (setting_is_secret(o) && check_secret(o, text, where, err) != 0)
            return err->code;
        if (o->type == LISTEN && !is_address(text))
            return bad_value(err, where, "ADDRESS:PORT such as 127.0.0.1:8088", text);
        free(*(char **)to);
        *(char **)to = o->type == PATH ? resolve(folder, text) : xstrdup(text);
        return 0;
    case DURATION: return set_duration(o, to, text, where, err);
    case NUMBER:
    case INTEGER: return set_number(o, to, text, where, err);
    case WEEKDAY: return set_weekday(to, text, where, err);
    case DAYTIME: return set_daytime(to, text, where, err);
    case TIME:
        if (timefmt_parse(to, text, err) == 0)
            return 0;
        err_wrap(err, "%s", where);
        return err->code = ERR_CONFIG;
    }
    return 0;
}

/* ---- the document ---- */

#define MAX_SETTINGS 64 /* room for settings_table_len */

struct reader {
    struct settings *s;
    yaml_document_t doc;
    const char *file;
    char folder[PATH_MAX];
    unsigned line_of[MAX_SETTINGS]; /* 0: not in the file */
};

static unsigned line_of(const yaml_node_t *n)
{
    return (unsigned)n->start_mark.line + 1;
}

static int fail_at(struct reader *r, const yaml_node_t *n, const char *key, const char *what, struct err *err)
{
    return err_set(err, ERR_CONFIG, "%s:%u: %s: %s", r->file, line_of(n), key, what);
}

/* The scalar's text; NULL when the node is not one (then err is set). */
static const char *scalar(struct reader *r, const yaml_node_t *n, const char *key, struct err *err)
{
    if (n->type == YAML_SCALAR_NODE)
        return (const char *)n->data.scalar.value;
    fail_at(r, n, key,
            n->type == YAML_MAPPING_NODE ? "is a mapping where one value belongs"
                                         : "is a list where one value belongs",
            err);
    return NULL;
}

static int read_scalar(struct reader *r, const struct setting *o, void *base, const yaml_node_t *n,
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

/* A key that is not in the table, and which of it may be meant: also one that only stands in the wrong
 * section. */
static int unknown_key(struct reader *r, const yaml_node_t *n, const char *shown, const char *name,
                       const struct setting table[], size_t len, struct err *err)
{
    char hint[SPELLING_LEN], what[SPELLING_LEN + 20];
    const char *last = strrchr(name, '.');
    struct spelling s = spelling_of(name);
    for (size_t i = 0; i < len; i++)
        spelling_offer(&s, table[i].path);
    if (table == settings_table)
        spelling_offer(&s, "webhooks");
    if (!spelling_best(&s) && last) {
        s = spelling_of(last + 1);
        for (size_t i = 0; i < len; i++)
            spelling_offer(&s, table[i].path);
    }
    snprintf(what, sizeof what, "unknown key%s", spelling_hint(hint, &s));
    return fail_at(r, n, shown, what, err);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
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
        while (i < settings_webhook_table_len && strcmp(settings_webhook_table[i].path, name) != 0)
            i++;
        if (i == settings_webhook_table_len)
            return unknown_key(r, node(r, p->key), key, name, settings_webhook_table,
                               settings_webhook_table_len, err);
        if (check_twice(r, item, p, key, err) != 0 ||
            read_scalar(r, &settings_webhook_table[i], w, node(r, p->value), key, err) != 0)
            return ERR_CONFIG;
    }
    if (!w->url.clear)
        return fail_at(r, item, "webhooks.url", "is missing", err);
    for (const struct webhook_settings *o = s->webhooks; o < w; o++)
        if (same_text(o->name ? o->name : o->url.clear, w->name ? w->name : w->url.clear))
            return fail_at(r, item, w->name ? "webhooks.name" : "webhooks.url", "stands twice", err);
    if (!shape_find(w->shape)) {
        char names[SHAPE_NAMES_LEN], what[SHAPE_NAMES_LEN + 120];
        snprintf(what, sizeof what, "'%.80s' is not one of: %s", w->shape, shape_names(names));
        return fail_at(r, item, "webhooks.shape", what, err);
    }
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

static const struct setting *find_option(const char *path)
{
    for (size_t i = 0; i < settings_table_len; i++)
        if (strcmp(settings_table[i].path, path) == 0)
            return &settings_table[i];
    return NULL;
}

/* max_age: {default: …, <signal>: …}; that the signals exist is checked against the fleet later. */
static int read_max_ages(struct reader *r, const yaml_node_t *map, struct err *err)
{
    const struct setting *o = find_option("max_age");
    struct settings *s = r->s;
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        char key[128];
        const char *name = scalar(r, node(r, p->key), "max_age", err);
        if (!name)
            return ERR_CONFIG;
        snprintf(key, sizeof key, "max_age.%.100s", name);
        if (check_twice(r, map, p, key, err) != 0 || read_scalar(r, o, s, node(r, p->value), key, err) != 0)
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
    for (size_t i = 0; i < settings_table_len; i++)
        if (strncmp(settings_table[i].path, path, n) == 0 && settings_table[i].path[n] == '.')
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
        const struct setting *o = find_option(path);
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
            rc = unknown_key(r, k, path, path, settings_table, settings_table_len, err);
        if (rc != 0)
            return rc;
        if (o)
            r->line_of[o - settings_table] = line_of(k);
    }
    return 0;
}

/* libyaml says of bytes that are no text where they are, and not in which line. */
static int refuse_bytes(const struct reader *r, FILE *f, const yaml_parser_t *parser, struct err *err)
{
    size_t line = 1;
    rewind(f);
    for (size_t i = 0; i < parser->problem_offset; i++)
        line += getc(f) == '\n';
    return err_set(err, ERR_CONFIG, "%s:%zu: byte %#x is not UTF-8: save the file as UTF-8", r->file, line,
                   (unsigned)parser->problem_value & 0xff);
}

static int parse_yaml(struct reader *r, FILE *f, struct err *err)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return err_set(err, ERR_LIB, "libyaml could not start");
    yaml_parser_set_input_file(&parser, f);
    int rc = 0;
    if (!yaml_parser_load(&parser, &r->doc))
        rc = parser.error == YAML_READER_ERROR
                 ? refuse_bytes(r, f, &parser, err)
                 : err_set(err, ERR_CONFIG, "%s:%zu: %s", r->file, parser.problem_mark.line + 1,
                           parser.problem ? parser.problem : "not YAML");
    yaml_parser_delete(&parser);
    return rc;
}

/* 0: not in the file. */
static unsigned line_given(const struct reader *r, const char *path)
{
    return r->line_of[find_option(path) - settings_table];
}

/* Length of a URL up to the first of its path's parts that begins with `part` ("/mgmt"), as it may be copied
 * from a browser: http://host:17665/mgmt/ui/index.html. */
static int length_before(const char *url, int n, const char *part)
{
    const char *host = strstr(url, "://"), *p = host ? strstr(host + 3, part) : NULL;
    size_t len = strlen(part);
    while (p && p[len] != '/' && p[len] != '\0')
        p = strstr(p + len, part);
    return p && p - url < n ? (int)(p - url) : n;
}

/* archiver.url stands for both addresses, where its kind of source says they are, unless they are named
 * themselves; the address of either will do. */
static int complete_archiver(struct reader *r, struct err *err)
{
    struct settings *s = r->s;
    const char *url = s->archiver_url.clear;
    if (!url)
        return s->retrieval_url.clear ? 0 : err_set(err, ERR_CONFIG, "%s: archiver.url is missing", r->file);
    const struct source_kind *kind = source_kind_of(url);
    int n = (int)strlen(url);
    while (n > 8 && url[n - 1] == '/')
        n--;
    if (kind->retrieval)
        n = length_before(url, n, kind->retrieval);
    if (kind->management)
        n = length_before(url, n, kind->management);
    s->locate_retrieval = !s->retrieval_url.clear;
    if (!s->retrieval_url.clear)
        s->retrieval_url.clear = xasprintf("%.*s%s", n, url, kind->retrieval ? kind->retrieval : "");
    if (!s->management_url.clear && kind->management)
        s->management_url.clear = xasprintf("%.*s%s", n, url, kind->management);
    return 0;
}

static int check_timezone(struct reader *r, const char *key, const char *zone, struct err *err)
{
    if (!zone || zone_check(zone, err) == 0)
        return 0;
    err_wrap(err, "%s:%u: %s", r->file, line_given(r, key), key);
    return err->code = ERR_CONFIG;
}

/* What belongs together where the private database listens. */
static int check_listen(struct reader *r, struct err *err)
{
    const struct settings *s = r->s;
    if (s->database_listen && s->database_url.clear)
        return err_set(err, ERR_CONFIG,
                       "%s:%u: database.listen: is of the private database; database.url names another",
                       r->file, line_given(r, "database.listen"));
    if (!s->database_certificate != !s->database_key)
        return err_set(err, ERR_CONFIG, "%s: database.certificate and database.key belong together", r->file);
    if (s->database_client_ca && !s->database_certificate)
        return err_set(err, ERR_CONFIG,
                       "%s:%u: database.client_ca: needs database.certificate and database.key", r->file,
                       line_given(r, "database.client_ca"));
    return 0;
}

static int check_together(struct reader *r, struct err *err)
{
    struct settings *s = r->s;
    for (size_t i = 0; i < settings_table_len; i++)
        if (settings_table[i].required && !r->line_of[i])
            return err_set(err, ERR_CONFIG, "%s: %s is missing", r->file, settings_table[i].path);
    if (s->window % s->period != 0 || s->window / s->period > 65535)
        return err_set(err, ERR_CONFIG, "%s: window: must be a whole number of periods, at most 65535",
                       r->file);
    if (!line_given(r, "clock.start") != !line_given(r, "clock.wall"))
        return err_set(err, ERR_CONFIG, "%s: clock.start and clock.wall belong together", r->file);
    if (line_given(r, "clock.speed") && !line_given(r, "clock.start"))
        return err_set(err, ERR_CONFIG, "%s:%u: clock.speed: needs clock.start and clock.wall", r->file,
                       line_given(r, "clock.speed"));
    if (s->time_format && timecell_check(s->time_format, err) != 0)
        return err_wrap(err, "%s:%u: archiver.time_format", r->file, line_given(r, "archiver.time_format"));
    if (check_listen(r, err) != 0 || check_timezone(r, "archiver.timezone", s->time_zone, err) != 0)
        return ERR_CONFIG;
    return check_timezone(r, "report.timezone", s->report_timezone, err);
}

static void set_defaults(struct settings *s)
{
    struct err err;
    assert(settings_table_len <= MAX_SETTINGS);
    for (size_t i = 0; i < settings_table_len; i++)
        if (settings_table[i].fallback && set_value(&settings_table[i], s, settings_table[i].fallback, "",
                                                    settings_table[i].path, &err) != 0)
            abort(); /* a default of the table is out of its own range */
    s->clock = clock_real();
}

static int read_document(struct reader *r, struct err *err)
{
    const yaml_node_t *root = yaml_document_get_root_node(&r->doc);
    if (!root)
        return err_set(err, ERR_CONFIG, "%s: is empty", r->file);
    if (root->type != YAML_MAPPING_NODE)
        return err_set(err, ERR_CONFIG, "%s:%u: is no configuration: it has no keys with values (key: value)",
                       r->file, line_of(root));
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
    struct stat st = {0};
    if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
        fclose(f);
        return err_set(err, ERR_CONFIG, "%s is a folder; a configuration is a file, such as psmon.yaml",
                       path);
    }
    struct reader r = {.file = path, .s = xcalloc(1, sizeof *r.s)};
    char absolute[PATH_MAX], copy[PATH_MAX];
    if (!realpath(path, absolute))
        snprintf(absolute, sizeof absolute, "%s", path);
    snprintf(copy, sizeof copy, "%s", absolute);
    snprintf(r.folder, sizeof r.folder, "%s", dirname(copy));
    set_defaults(r.s);
    r.s->path = xstrdup(absolute);
    r.s->readable_by_all = st.st_mode & S_IROTH;
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
    settings_rehash(r.s);
    *out = r.s;
    return 0;
}

/* ---- succession ---- */

static char *copy_text(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

static bool same_value(const struct setting *o, const void *a, const void *b)
{
    return setting_is_text(o) ? same_text(*(char *const *)a, *(char *const *)b) : memcmp(a, b, 8) == 0;
}

static bool same_signal_ages(const struct settings *a, const struct settings *b)
{
    bool same = a->n_signal_max_age == b->n_signal_max_age;
    for (size_t i = 0; same && i < a->n_signal_max_age; i++)
        same = same_text(a->signal_max_age[i].signal, b->signal_max_age[i].signal) &&
               a->signal_max_age[i].max_age == b->signal_max_age[i].max_age;
    return same;
}

static void free_webhooks(struct settings *s)
{
    for (size_t i = 0; i < s->n_webhooks; i++)
        for (size_t k = 0; k < settings_webhook_table_len; k++)
            free(*(char **)((char *)&s->webhooks[i] + settings_webhook_table[k].offset));
    free(s->webhooks);
}

static void say_restart(const char *key)
{
    log_warning("settings", "key=%s has changed, which needs a restart", key);
}

bool settings_succeed(struct settings *fresh, const struct settings *old)
{
    bool reread = !same_signal_ages(fresh, old);
    for (size_t i = 0; i < settings_table_len; i++) {
        const struct setting *o = &settings_table[i];
        void *to = (char *)fresh + o->offset;
        const void *from = (const char *)old + o->offset;
        if (same_value(o, to, from))
            continue;
        reread |= o->change == READS_AGAIN;
        if (o->change != NEEDS_RESTART)
            continue;
        say_restart(o->path);
        if (setting_is_text(o)) {
            free(*(char **)to);
            *(char **)to = copy_text(*(char *const *)from);
        } else {
            memcpy(to, from, 8);
        }
    }
    settings_rehash(fresh);
    return reread;
}

void settings_free(struct settings *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < settings_table_len; i++)
        if (setting_is_text(&settings_table[i]))
            free(*(char **)((char *)s + settings_table[i].offset));
    for (size_t i = 0; i < s->n_signal_max_age; i++)
        free(s->signal_max_age[i].signal);
    free_webhooks(s);
    free(s->signal_max_age);
    free(s->path);
    free(s);
}

struct alerts_webhook *settings_endpoints(const struct settings *s)
{
    struct alerts_webhook *hooks = xcalloc(s->n_webhooks, sizeof *hooks);
    for (size_t i = 0; i < s->n_webhooks; i++) {
        const struct webhook_settings *w = &s->webhooks[i];
        hooks[i] = (struct alerts_webhook){w->name, w->url, w->secret, w->old_secret, w->shape};
    }
    return hooks;
}
