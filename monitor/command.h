/* What the commands share: the table of them, opening configuration, fleet and database, exit codes.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_COMMAND_H
#define PSM_MONITOR_COMMAND_H

#include "archive/source.h"
#include "monitor/options.h"
#include "monitor/world.h"

#define EXIT_OK 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2

/* One command: `psmon NAME …`; argv[0] is the name. Returns the exit status. */
struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
    const char *(*word)(int i); /* what may stand behind its name, NULL past the last; for completion */
};

extern const struct command command_run, command_train, command_model, command_replay, command_simulate,
    command_score, command_evaluate, command_report, command_query, command_alarm, command_import,
    command_check_config, command_receive, command_runs, command_completion, command_version, command_audit;

/* All of them, in the order of the help; NULL at the end (commands/commands.c). */
extern const struct command *const commands[];
/* The one of a name; NULL: there is none. */
const struct command *command_find(const char *name);

/* Prints "psmon: <text>" and returns EXIT_USAGE for ERR_CONFIG, else EXIT_FAILED. */
int command_fail(const struct err *err);

/* What a command was started with. */
struct context {
    struct world *world;     /* first generation: no model; kept to the end, for what is borrowed from it */
    struct clock clock;      /* the configured one */
    char *conninfo;          /* after context_database */
    struct cluster *cluster; /* the private cluster we hold, or NULL */
    struct interrupt *interrupt; /* while it can be broken off; NULL when resident */
    char *stays;   /* set before context_database: what a command that is broken off leaves, as one
                      line for people; owned; NULL: nothing is said */
    bool resident; /* set by a command that handles SIGINT and SIGTERM itself */
};
int context_open(struct context *c, const char *config, struct err *err) MUSTCHECK;

/* Makes state_dir; when root, gives it to the user psmon and becomes that user. Do before writing there. */
int context_state(struct context *c, struct err *err) MUSTCHECK;

/* When root: gives a file that only its owner may read to the user that psmon becomes. */
void command_give(int fd);

/* The secrets of a file, one a line ("-": standard input): not more than max. Where an option takes them,
 * they stand in the list of processes for all to read. Their number, or ERR_IO, ERR_CONFIG; caller frees
 * each. */
int command_secrets(struct secret out[], int max, const char *path, struct err *err) MUSTCHECK;

/* context_state, then the database: the site's, or the private cluster (started when needed);
 * migrated. Blocking. Sets conninfo. */
int context_database(struct context *c, struct err *err) MUSTCHECK;

/* Joins the private cluster as the configuration has it; after context_state. */
int context_cluster(struct context *c, struct err *err) MUSTCHECK;
void context_close(struct context *c);

/* The configured source of readings; its `now` is the configured clock. c must outlive it. */
int context_source(struct context *c, uv_loop_t *loop, struct source **out, struct err *err) MUSTCHECK;

#endif
