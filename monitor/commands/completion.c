/* psmon completion: what shells complete, of the tables of commands and options. The script holds one
 * function that prints a command's lines (options.h, OPTIONS_LIST) and its words, the commands themselves for
 * none, and for each shell what makes suggestions of these. SPDX-License-Identifier: MIT */
#include "monitor/command.h"

#include <stdio.h>
#include <string.h>

static const char bash[] =
    "_psmon() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
    "    [[ $command == help ]] && command=\n"
    "    (( COMP_CWORD == 1 )) && command=\n"
    "    # a value is wanted: files, which most of them are\n"
    "    if [[ -n $command ]] && _psmon_table \"$command\" |\n"
    "        awk -F'\\t' -v o=\"$prev\" '$3 != \"\" && ($1 == o || $2 == o) { found = 1 } END { exit !found "
    "}'; then\n"
    "        compopt -o default\n"
    "        COMPREPLY=()\n"
    "        return\n"
    "    fi\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$(_psmon_table \"$command\" | cut -f 1)\" -- \"$cur\")\n"
    "    (( ${#COMPREPLY[@]} )) || compopt -o default\n"
    "}\n"
    "complete -F _psmon psmon\n";

static const char zsh[] =
    "_psmon() {\n"
    "    local command=$words[2] line\n"
    "    local -a described\n"
    "    (( CURRENT == 2 )) || [[ $command == help ]] && command=\n"
    "    if [[ -n $command ]] && _psmon_table \"$command\" |\n"
    "        awk -F'\\t' -v o=\"$words[CURRENT-1]\" '$3 != \"\" && ($1 == o || $2 == o) { found = 1 }"
    " END { exit !found }'; then\n"
    "        _files\n"
    "        return\n"
    "    fi\n"
    "    for line in \"${(@f)$(_psmon_table \"$command\" | awk -F'\\t'"
    " '{ gsub(/:/, \"\\\\:\", $1); print $1 \":\" $4 }')}\"; do\n"
    "        described+=(\"$line\")\n"
    "    done\n"
    "    _describe psmon described || _files\n"
    "}\n"
    /* read by compinit's autoload it is called at once, else only made known */
    "if [ \"$funcstack[1]\" = _psmon ]; then _psmon \"$@\"; else compdef _psmon psmon; fi\n";

static void print_words(const struct command *c)
{
    for (int i = 0; c->word && c->word(i); i++)
        printf("%s\t\t\t\n", c->word(i));
}

static void print_options(const struct command *c)
{
    char name[64], list[] = OPTIONS_LIST;
    char *argv[] = {name, list, NULL};
    snprintf(name, sizeof name, "%s", c->name);
    c->run(2, argv);
}

/* A shell function of both shells: a command's name to its lines, "" to the commands. */
static void print_table(void)
{
    printf("_psmon_table() {\n    case $1 in\n\"\") cat <<'END'\n");
    for (const struct command *const *c = commands; *c; c++)
        printf("%s\t\t\t%s\n", (*c)->name, (*c)->summary);
    printf("help\t\t\tmore about a command\nEND\n    ;;\n");
    for (const struct command *const *c = commands; *c; c++) {
        if (*c == &command_version)
            continue;
        printf("%s) cat <<'END'\n", (*c)->name);
        print_words(*c);
        print_options(*c);
        printf("END\n    ;;\n");
    }
    printf("    esac\n}\n");
}

static const char *word(int i)
{
    static const char *const words[] = {"bash", "zsh", NULL};
    return words[i];
}

static int run(int argc, char **argv)
{
    static const struct option_spec specs[] = {{0}};
    const char *shell[1];
    int n, status;
    if (!command_options(argc, argv, "completion bash | zsh",
                         "Prints what a shell completes of psmon's command line. make install puts it where\n"
                         "the shells look; else: source <(psmon completion bash)",
                         specs, shell, 1, &n, &status))
        return status;
    bool to_bash = n == 1 && strcmp(shell[0], "bash") == 0, to_zsh = n == 1 && strcmp(shell[0], "zsh") == 0;
    if (!to_bash && !to_zsh) {
        fprintf(stderr, "psmon completion: say bash or zsh\n");
        return EXIT_USAGE;
    }
    printf("%s# psmon's completion for %s, made by psmon completion\n", to_zsh ? "#compdef psmon\n" : "",
           shell[0]);
    print_table();
    fputs(to_bash ? bash : zsh, stdout);
    return EXIT_OK;
}

const struct command command_completion = {
    .name = "completion", .summary = "what a shell completes", .run = run, .word = word};
