/* One log; see log.h. SPDX-License-Identifier: MIT */
#include "base/log.h"

#include "base/text/escape.h"
#include "base/time/timefmt.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPEAT_S 10

/* The log is the one thing of the whole process: everything may write to it, and nothing asks who. */
static enum log_level threshold = LOG_INFO;
static unsigned long counts[LOG_DEBUG + 1];
static char last_line[1024];
static time_t last_time;
static unsigned long repeated;

void log_set_level(enum log_level level)
{
    threshold = level;
}

unsigned long log_count(enum log_level level)
{
    return counts[level];
}

static void print_line(enum log_level level, const char *line)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    char now[TIMEFMT_LEN];
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    timefmt_iso(now, (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec / 1000000 * 1000000);
    fprintf(stderr, "%s %s %s\n", now, names[level], line);
}

/* ---- the text ---- */

struct text {
    char *out;
    size_t len, room;
    bool quoted;   /* between two quotes of the format */
    bool in_value; /* behind an equals sign of the format, up to the next blank */
    char last;     /* of the format */
    va_list ap;
};

static void add(struct text *t, const char *bytes, size_t n)
{
    n = n < t->room - 1 - t->len ? n : t->room - 1 - t->len;
    memcpy(t->out + t->len, bytes, n);
    t->len += n;
    t->out[t->len] = '\0';
}

/* Whether a value has to be quoted: it is empty, or ends before its end for who reads logfmt. */
static bool needs_quotes(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] <= ' ' || strchr("\"=\\", s[i]))
            return true;
    return n == 0;
}

/* In the middle of a value, where no quotes can be. */
static void add_part(struct text *t, const char *s, size_t n)
{
    char safe[2048];
    while (n > 0) {
        size_t plain = 0;
        while (plain < n && !strchr(" \"=\\", s[plain]))
            plain++;
        add(t, safe, escape_text(safe, sizeof safe, s, plain, ""));
        if (plain < n) {
            add(t, safe, (size_t)snprintf(safe, sizeof safe, "\\x%02x", (unsigned char)s[plain]));
            plain++;
        }
        s += plain;
        n -= plain;
    }
}

static void add_argument(struct text *t, const char *s, size_t n)
{
    char safe[2048];
    bool whole_value = t->in_value && t->last == '=';
    if (t->in_value && !whole_value && !t->quoted) {
        add_part(t, s, n);
        return;
    }
    bool quote = !t->quoted && (whole_value ? needs_quotes(s, n) : memchr(s, '=', n) != NULL);
    size_t len = escape_text(safe, sizeof safe, s, n, t->quoted || quote ? "\"" : "");
    add(t, "\"", quote);
    add(t, safe, len);
    if (quote && t->len + 1 == t->room) /* cut: it ends all the same */
        t->len--;
    add(t, "\"", quote);
}

/* One conversion other than of text, by the library; spec is all of it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* part of a format that the compiler has checked */
static void add_number(struct text *t, const char *spec, char size, char kind)
{
    char out[64];
    int n;
    if (strchr("eEfFgGaA", kind))
        n = snprintf(out, sizeof out, spec, va_arg(t->ap, double));
    else if (kind == 'p')
        n = snprintf(out, sizeof out, spec, va_arg(t->ap, void *));
    else if (size == 'l')
        n = snprintf(out, sizeof out, spec, va_arg(t->ap, long));
    else if (size == 'L')
        n = snprintf(out, sizeof out, spec, va_arg(t->ap, long long));
    else if (size == 'z')
        n = snprintf(out, sizeof out, spec, va_arg(t->ap, size_t));
    else
        n = snprintf(out, sizeof out, spec, va_arg(t->ap, int));
    add(t, out, n < (int)sizeof out ? (size_t)n : sizeof out - 1);
}
#pragma GCC diagnostic pop

/* A conversion of the format, from its percent sign on; returns where it ends. */
static const char *add_conversion(struct text *t, const char *fmt)
{
    char spec[32];
    const char *at = fmt + 1 + strspn(fmt + 1, "-+ #0123456789.");
    long limit = -1;
    const char *point = memchr(fmt, '.', (size_t)(at - fmt));
    if (*at == '*') { /* %.*s: as many bytes as said */
        limit = va_arg(t->ap, int);
        at++;
    } else if (point) {
        limit = strtol(point + 1, NULL, 10);
    }
    size_t sizes = strspn(at, "hlzjt");
    char size = sizes == 2 && *at == 'l' ? 'L' : sizes ? *at : '\0', kind = at[sizes];
    const char *end = at + sizes + 1;
    if (kind == '%') {
        add(t, "%", 1);
    } else if (kind == 's') {
        const char *s = va_arg(t->ap, const char *);
        s = s ? s : "(null)";
        add_argument(t, s, limit < 0 ? strlen(s) : strnlen(s, (size_t)limit));
    } else {
        snprintf(spec, sizeof spec, "%.*s", (int)(end - fmt), fmt);
        add_number(t, spec, size, kind);
    }
    return end;
}

static void format(struct text *t, const char *fmt)
{
    while (*fmt) {
        if (*fmt == '%') {
            fmt = add_conversion(t, fmt);
            t->last = '\0';
            continue;
        }
        t->quoted ^= *fmt == '"';
        t->in_value = *fmt == '=' || (t->in_value && *fmt != ' ');
        t->last = *fmt;
        add(t, fmt++, 1);
    }
}

void log_at(enum log_level level, const char *module, const char *fmt, ...)
{
    counts[level]++; /* also what is not printed: /metrics shows a flood that the log hides */
    if (level > threshold)
        return;
    char line[sizeof last_line] = "";
    struct text t = {.out = line, .room = sizeof line};
    add(&t, "module=", 7);
    add(&t, module, strlen(module));
    add(&t, " ", 1);
    va_start(t.ap, fmt);
    format(&t, fmt);
    va_end(t.ap);

    /* a peer that is away says the same at every attempt: one line, and how often */
    time_t now = time(NULL);
    if (now - last_time < REPEAT_S && strcmp(line, last_line) == 0) {
        repeated++;
        return;
    }
    if (repeated > 0) {
        char note[64];
        snprintf(note, sizeof note, "module=log repeated=%lu", repeated);
        print_line(LOG_INFO, note);
    }
    repeated = 0;
    last_time = now;
    memcpy(last_line, line, sizeof line);
    print_line(level, line);
}
