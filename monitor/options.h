/* Options of a command: one table says what they are called, what they take and where it goes; help, reading
 * and completion (monitor/commands/completion.c) walk it. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_OPTIONS_H
#define PSM_MONITOR_OPTIONS_H

#include "base/table/timecell.h"

#include <stdbool.h>

/* Options of a command, ended by {0}. */
enum option_type { OPTION_TEXT, OPTION_NUMBER, OPTION_INTEGER, OPTION_TIME, OPTION_DURATION, OPTION_FLAG };
struct option_spec {
    const char *name; /* "from" for --from */
    char letter;      /* 'c' for -c; 0: none */
    enum option_type type;
    void *to;                /* const char **, double *, int64_t *, tstamp_ns *, tstamp_ns *, bool * */
    const char *placeholder; /* "T"; NULL: a flag */
    const char *help;
    bool required;
};

/* Parses argv; options and positional arguments may be mixed; positional[] receives at most max of them,
 * *n their number. Prints help (exit 0) or one line of error (exit 2) and returns false with *status set.
 * Relative times (base/time/timeword.h) are those of the clock of the configuration that the option `config`
 * names, which a simulated ring has of its own; without that option, of the wall clock. A required `config`
 * that is not given is OPTIONS_CONFIG where there is such a file. */
bool command_options(int argc, char **argv, const char *usage, const char *about,
                     const struct option_spec *specs, const char **positional, int max, int *n, int *status);

#define OPTIONS_CONFIG "/etc/psmon/psmon.yaml"

/* Instead of running, a command that is given this prints its options, for completion: a line each,
 * "--config", its letter ("-c") or nothing, its placeholder or nothing, its help, with tabs between. */
#define OPTIONS_LIST "--list-options"

/* What --time-format and --timezone of a command gave. Error: ERR_CONFIG, which names the option. */
int options_check_times(const struct timecell *times, struct err *err) MUSTCHECK;

#endif
