/* The table of commands; see command.h. SPDX-License-Identifier: MIT */
#include "monitor/command.h"

#include <stdio.h>
#include <string.h>

static int print_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("psmon %s\n", PSMON_VERSION);
    return EXIT_OK;
}
const struct command command_version = {
    .name = "version", .summary = "print the version", .run = print_version};

/* clang-format off */
const struct command *const commands[] = {
    &command_run,
    &command_train, &command_model,
    &command_replay, &command_runs,
    &command_report, &command_query, &command_audit,
    &command_alarm,
    &command_import,
    &command_score, &command_evaluate,
    &command_simulate, &command_receive,
    &command_check_config, &command_completion, &command_version,
    NULL,
};
/* clang-format on */

const struct command *command_find(const char *name)
{
    for (const struct command *const *c = commands; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}
