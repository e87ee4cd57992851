/* psmon's command line: finds the command and runs it. SPDX-License-Identifier: MIT */
#include "monitor/command.h"

#include <gsl/gsl_errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("psmon %s\n", PSMON_VERSION);
    return EXIT_OK;
}
static const struct command command_version = {"version", "print the version", print_version};

static const struct command *const commands[] = {
    &command_run,      &command_train,   &command_model,        &command_replay,  &command_report,
    &command_query,    &command_alarm,   &command_import,       &command_score,   &command_evaluate,
    &command_simulate, &command_receive, &command_check_config, &command_version,
};

static void print_usage(FILE *to)
{
    fprintf(to, "usage: psmon COMMAND [options]; psmon COMMAND --help says more\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(to, "  %-13s %s\n", commands[i]->name, commands[i]->summary);
}

int main(int argc, char **argv)
{
    gsl_set_error_handler_off();
    signal(SIGPIPE, SIG_IGN);
    /* many small matrix products: more threads only wait for one another */
    setenv("OMP_NUM_THREADS", "1", 0);
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_usage(stdout);
        return EXIT_OK;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i]->run(argc - 1, argv + 1);
    fprintf(stderr, "psmon: unknown command '%s'; psmon --help lists them\n", name);
    return EXIT_USAGE;
}
