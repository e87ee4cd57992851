/* The configuration in words: what is in force, the sample file, the hash of both. SPDX-License-Identifier:
 * MIT */
#include "monitor/settings/settings_options.h"

#include "alerts/alerts.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/net/http.h"
#include "base/pg/pg.h"
#include "base/time/timefmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    buf_printf(b, "%.15g s", (double)d / 1e9);
}

/* Text as YAML reads it back: plain where that is plainly safe, else in double quotes. What stands in a
 * comment, a list or behind a colon would otherwise become something else: "[::1]:80" is a list. */
static void print_text(struct buf *b, const char *text)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@+=-";
    size_t n = strlen(text);
    if (n > 0 && strspn(text, safe) == n && !strchr("-@", text[0]) && text[n - 1] != ':') {
        buf_str(b, text);
        return;
    }
    buf_str(b, "\"");
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            buf_printf(b, "\\x%02x", c);
        else
            buf_add(b, &c, 1);
    }
    buf_str(b, "\"");
}

/* What of a secret may be shown; caller frees. */
static char *shown(const struct setting *o, const struct secret *s)
{
    char place[HTTP_PLACE_LEN];
    if (o->type == CONNINFO)
        return pg_shown(s->clear);
    if (o->type == ARCHIVE_URL)
        return xstrdup(http_place(place, s->clear));
    if (o->type == URL)
        return alerts_endpoint_name(&(struct alerts_webhook){.url = *s}, 0);
    return xstrdup(SECRET_MASK);
}

static void print_secret(struct buf *b, const struct setting *o, const struct secret *s)
{
    char *text = s->clear ? shown(o, s) : xstrdup("");
    print_text(b, text);
    free(text);
}

static void print_value(struct buf *b, const struct setting *o, const void *base)
{
    const void *at = (const char *)base + o->offset;
    char time[TIMEFMT_LEN];
    switch (o->type) {
    case TEXT:
    case PATH:
    case LISTEN: print_text(b, *(char *const *)at ? *(char *const *)at : ""); break;
    case KEY:
    case URL:
    case ARCHIVE_URL:
    case CONNINFO: print_secret(b, o, at); break;
    case DURATION: print_duration(b, *(const tstamp_ns *)at); break;
    case NUMBER: buf_printf(b, "%.15g", *(const double *)at); break;
    case INTEGER: buf_printf(b, "%lld", (long long)*(const int64_t *)at); break;
    case WEEKDAY: buf_str(b, settings_weekdays[*(const int64_t *)at]); break;
    case DAYTIME:
        buf_printf(b, "\"%02d:%02d\"", (int)(*(const int64_t *)at / 60), (int)(*(const int64_t *)at % 60));
        break;
    case TIME: buf_str(b, timefmt_iso(time, *(const tstamp_ns *)at)); break;
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
static bool is_set(const struct setting *o, const struct settings *s)
{
    if (strncmp(o->path, "clock.", 6) == 0)
        return s->clock.start != 0 || s->clock.speed != 1;
    if (setting_is_text(o))
        return *(char *const *)((const char *)s + o->offset) != NULL;
    return true;
}

static void print_max_ages(struct buf *b, const struct settings *s)
{
    buf_str(b, "max_age:\n  default: ");
    print_duration(b, s->max_age);
    for (size_t i = 0; i < s->n_signal_max_age; i++) {
        buf_str(b, "\n  ");
        print_text(b, s->signal_max_age[i].signal);
        buf_str(b, ": ");
        print_duration(b, s->signal_max_age[i].max_age);
    }
    buf_str(b, "\n");
}

static void print_webhook(struct buf *out, const struct webhook_settings *w)
{
    const char *lead = "  - ";
    for (size_t k = 0; k < settings_webhook_table_len; k++) {
        const struct setting *o = &settings_webhook_table[k];
        if (!*(char *const *)((const char *)w + o->offset))
            continue;
        buf_printf(out, "%s%s: ", lead, o->path);
        print_value(out, o, w);
        buf_str(out, "\n");
        lead = "    ";
    }
}

void settings_print(const struct settings *s, struct buf *out)
{
    char section[64] = "";
    for (size_t i = 0; i < settings_table_len; i++) {
        const struct setting *o = &settings_table[i];
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
        print_webhook(out, &s->webhooks[i]);
}

static bool hides(const struct setting *o, const void *base)
{
    const struct secret *s = (const void *)((const char *)base + o->offset);
    if (!setting_is_secret(o) || !s->clear)
        return false;
    char *text = shown(o, s);
    bool differs = o->type == CONNINFO ? strstr(text, SECRET_MASK) != NULL : strcmp(text, s->clear) != 0;
    free(text);
    return differs;
}

const char *settings_exposed(const struct settings *s)
{
    bool secret = false;
    for (size_t i = 0; i < settings_table_len; i++)
        secret |= hides(&settings_table[i], s);
    for (size_t i = 0; i < s->n_webhooks; i++)
        for (size_t k = 0; k < settings_webhook_table_len; k++)
            secret |= hides(&settings_webhook_table[k], &s->webhooks[i]);
    return secret && s->readable_by_all
               ? "it holds secrets, and everybody on this machine may read it: chmod o= "
               : NULL;
}

void settings_sample(struct buf *out)
{
    static const char *const examples[][2] = {{"fleet", "fleet.csv"},
                                              {"archiver.url", "http://archiver.example:17665"},
                                              {"state_dir", "/var/lib/psmon"}};
    char section[64] = "";
    buf_str(out, "# psmon: every key, its default and meaning. Those without # are needed.\n\n");
    for (size_t i = 0; i < settings_table_len; i++) {
        const struct setting *o = &settings_table[i];
        const char *value = o->fallback ? o->fallback : "", *mark = "# ";
        for (size_t j = 0; j < sizeof examples / sizeof *examples; j++) {
            if (strcmp(o->path, examples[j][0]) == 0) {
                value = examples[j][1];
                mark = "";
            }
        }
        const char *key =
            open_section(out, o->path, section, strcmp(o->path, "archiver.url") == 0 ? "" : "# ");
        buf_printf(out, "%s# %s", *section ? "  " : "", o->help);
        if (o->max > o->min && o->type != WEEKDAY && o->type != DAYTIME)
            buf_printf(out, " (%g to %g%s)", o->min, o->max, o->type == DURATION ? " s" : "");
        buf_printf(out, "%s\n%s%s%s: %s\n", o->change != NEEDS_RESTART ? " [SIGHUP applies it]" : "", mark,
                   *section ? "  " : "", key, value);
    }
    buf_str(out, "# webhooks:\n");
    for (size_t i = 0; i < settings_webhook_table_len; i++)
        buf_printf(out, "    # %s\n", settings_webhook_table[i].help);
    buf_str(out, "#   - url: https://example.org/hook\n#     secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"
                 "#     old_secret: whsec_\n#     name: control room\n#     shape: psmon\n");
}

void settings_rehash(struct settings *s)
{
    struct buf b = {0};
    uint8_t sum[DIGEST_LEN];
    settings_print(s, &b);
    digest_sha256(sum, b.data, b.len);
    digest_hex(s->hash, sum, DIGEST_LEN);
    buf_free(&b);
}
