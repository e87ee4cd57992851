/* One log: logfmt lines on stderr, UTC time, severity, module. Identical lines within 10 s are
 * counted instead of printed ("repeated=n").
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_LOG_H
#define PSM_BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Lines less severe than level are dropped; LOG_INFO at start. */
void log_set_level(enum log_level level);

/* Writes `<time> <level> module=<module> <text>`; text is logfmt (key=value …) or a plain phrase. Texts (%s)
 * may be anybody's: what stands right behind an equals sign is quoted where a value has to be, what stands
 * between quotes in fmt is escaped, and what stands in a phrase is quoted when it would read as another key;
 * control characters are escaped everywhere (escape.h). */
void log_at(enum log_level level, const char *module, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Lines logged since start, per level, for the metrics. */
unsigned long log_count(enum log_level level);

#define log_error(module, ...) log_at(LOG_ERROR, module, __VA_ARGS__)
#define log_warning(module, ...) log_at(LOG_WARNING, module, __VA_ARGS__)
#define log_info(module, ...) log_at(LOG_INFO, module, __VA_ARGS__)
#define log_debug(module, ...) log_at(LOG_DEBUG, module, __VA_ARGS__)

#endif
