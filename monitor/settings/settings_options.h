/* The option table: every key of the configuration, for reading (settings.c) and printing (settings_print.c).
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_SETTINGS_OPTIONS_H
#define PSM_MONITOR_SETTINGS_OPTIONS_H

#include "monitor/settings/settings.h"

/* From KEY to CONNINFO a struct secret, shown by settings_print as its kind asks. */
enum option_kind {
    TEXT,
    PATH,
    LISTEN,
    KEY,
    URL,
    ARCHIVE_URL,
    CONNINFO,
    DURATION,
    NUMBER,
    INTEGER,
    WEEKDAY,
    DAYTIME,
    TIME
};

/* What it takes to change a key of a running monitor. */
enum setting_change {
    NEEDS_RESTART,
    AT_ONCE,    /* SIGHUP, from the next tick on */
    READS_AGAIN /* SIGHUP, and recorded time is read again: windows are made by it */
};

/* One key. fallback NULL: no default (required or absent = NULL). */
struct setting {
    const char *path;
    enum option_kind type;
    size_t offset;        /* in struct settings, or in struct webhook_settings */
    const char *fallback; /* as it would stand in the file */
    double min, max;      /* of numbers, of durations in seconds */
    bool required;
    enum setting_change change;
    const char *help;
};

extern const struct setting settings_table[], settings_webhook_table[];
extern const size_t settings_table_len, settings_webhook_table_len;
extern const char *const settings_weekdays[7]; /* Monday first */

/* Whether a key's value is a char *, as that of a secret is; whether it is a secret. */
bool setting_is_text(const struct setting *o);
bool setting_is_secret(const struct setting *o);

#endif
