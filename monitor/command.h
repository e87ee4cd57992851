/* What the commands share: options, opening configuration, fleet and database, exit codes.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_COMMAND_H
#define PSM_MONITOR_COMMAND_H

#include "archive/source.h"
#include "monitor/world.h"

#define EXIT_OK 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2

/* One command: `psmon NAME …`; argv[0] is the name. Returns the exit status. */
struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
};
extern const struct command command_run, command_train, command_model, command_replay, command_simulate,
    command_score, command_evaluate, command_report, command_query, command_alarm, command_import,
    command_check_config, command_receive;

/* Options of a command, ended by {0}. value NULL: a flag. Text is stored by set. */
enum option_type { OPTION_TEXT, OPTION_NUMBER, OPTION_INTEGER, OPTION_TIME, OPTION_DURATION, OPTION_FLAG };
struct option_spec {
    const char *name; /* "from" for --from */
    char letter;      /* 'c' for -c; 0: none */
    enum option_type type;
    void *to;                /* const char **, double *, int64_t *, tstamp_ns *, tstamp_ns *, bool * */
    const char *placeholder; /* "T" */
    const char *help;
    bool required;
};

/* Parses argv; options and positional arguments may be mixed; positional[] receives at most max of them,
 * *n their number. Prints help (exit 0) or one line of error (exit 2) and returns false with *status set. */
bool command_options(int argc, char **argv, const char *usage, const char *about,
                     const struct option_spec *specs, const char **positional, int max, int *n, int *status);

/* Prints "psmon: <text>" and returns EXIT_USAGE for ERR_CONFIG, else EXIT_FAILED. */
int command_fail(const struct err *err);

/* What a command was started with. */
struct context {
    struct world *world;     /* first generation: no model; kept to the end, for what is borrowed from it */
    struct clock clock;      /* the configured one */
    char *conninfo;          /* after context_database */
    struct cluster *cluster; /* the private cluster we hold, or NULL */
    struct interrupt *interrupt; /* while it can be broken off; NULL when resident */
    bool resident;               /* set by a command that handles SIGINT and SIGTERM itself */
};
int context_open(struct context *c, const char *config, struct err *err) MUSTCHECK;

/* Makes state_dir; when root, gives it to the user psmon and becomes that user. Do before writing there. */
int context_state(struct context *c, struct err *err) MUSTCHECK;

/* context_state, then the database: the site's, or the private cluster (started when needed);
 * migrated. Blocking. Sets conninfo. */
int context_database(struct context *c, struct err *err) MUSTCHECK;
void context_close(struct context *c);

/* The configured source of readings; its `now` is the configured clock. c must outlive it. */
int context_source(struct context *c, uv_loop_t *loop, struct source **out, struct err *err) MUSTCHECK;

#endif
