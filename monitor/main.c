/* psmon's command line: finds the command and runs it. SPDX-License-Identifier: MIT */
#include "base/text/spelling.h"
#include "monitor/command.h"

#include <gsl/gsl_errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_usage(FILE *to)
{
    fprintf(to, "usage: psmon COMMAND [options]; psmon help COMMAND says more\n\n");
    for (const struct command *const *c = commands; *c; c++)
        fprintf(to, "  %-13s %s\n", (*c)->name, (*c)->summary);
}

static int unknown(const char *name)
{
    char hint[SPELLING_LEN];
    struct spelling s = spelling_of(name);
    for (const struct command *const *c = commands; *c; c++)
        spelling_offer(&s, (*c)->name);
    fprintf(stderr, "psmon: unknown command '%s'%s; psmon --help lists them\n", name,
            spelling_hint(hint, &s));
    return EXIT_USAGE;
}

static bool is_one_of(const char *word, const char *const names[])
{
    for (; *names; names++)
        if (strcmp(word, *names) == 0)
            return true;
    return false;
}

static int run(const char *name, int argc, char **argv)
{
    const struct command *c = command_find(name);
    return c ? c->run(argc, argv) : unknown(name);
}

/* psmon help, psmon help COMMAND. */
static int help(const char *name)
{
    char *argv[] = {(char *)(uintptr_t)name, (char[]){"--help"}, NULL};
    if (name)
        return run(name, 2, argv);
    print_usage(stdout);
    return EXIT_OK;
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
    if (is_one_of(argv[1], (const char *const[]){"help", "--help", "-h", NULL}))
        return help(argv[2]);
    if (is_one_of(argv[1], (const char *const[]){"--version", "-V", "-v", NULL}))
        return run("version", 1, argv + 1);
    return run(argv[1], argc - 1, argv + 1);
}
