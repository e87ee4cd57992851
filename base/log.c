/* One log; see log.h. SPDX-License-Identifier: MIT */
#include "base/log.h"

#include "base/timefmt.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
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

void log_at(enum log_level level, const char *module, const char *fmt, ...)
{
    counts[level]++; /* also what is not printed: /metrics shows a flood that the log hides */
    if (level > threshold)
        return;
    char line[sizeof last_line];
    int n = snprintf(line, sizeof line, "module=%s ", module);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
    va_end(ap);

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
