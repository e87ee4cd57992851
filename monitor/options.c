/* Options of a command; see options.h. SPDX-License-Identifier: MIT */
#include "monitor/options.h"

#include "base/text/number.h"
#include "base/text/spelling.h"
#include "base/text/utf8.h"
#include "base/text/words.h"
#include "base/time/clock.h"
#include "base/time/timefmt.h"
#include "base/time/timeword.h"
#include "base/time/zone.h"
#include "monitor/command.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_OPTIONS 32
#define CONFIG "config"

struct parse {
    const char *command;
    const struct option_spec *specs;
    int count;
    bool seen[MAX_OPTIONS];
    const char *relative[MAX_OPTIONS]; /* times that wait for a clock */
};

/* ---- telling ---- */

static void print_help(const char *usage, const char *about, const struct option_spec *specs)
{
    bool times = false;
    printf("usage: psmon %s\n\n%s\n\n", usage, about);
    for (const struct option_spec *o = specs; o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s%c%s--%s%s%s", o->letter ? "-" : "", o->letter ? o->letter : ' ',
                 o->letter ? ", " : "   ", o->name, o->placeholder ? " " : "",
                 o->placeholder ? o->placeholder : "");
        printf("  %-28s %s\n", left, o->help);
        times |= o->type == OPTION_TIME;
    }
    printf("  -h, --help                   this text\n");
    if (times)
        printf(
            "\nTimes are UTC: 2026-11-22T03:04:05Z, 2026-11-22, now, today, yesterday +6h, -7d (of now).\n");
}

static void list_options(const struct option_spec *specs)
{
    for (const struct option_spec *o = specs; o->name; o++)
        printf("--%s\t%s%c\t%s\t%s\n", o->name, o->letter ? "-" : "", o->letter ? o->letter : ' ',
               o->placeholder ? o->placeholder : "", o->help);
    printf("--help\t-h\t\tthis text\n");
}

static bool wrong_use(const struct parse *p, const char *text, const char *more)
{
    fprintf(stderr, "psmon %s: %s%s; see psmon %s --help\n", p->command, text, more, p->command);
    return false;
}

static bool unknown_option(const struct parse *p, const char *given)
{
    char text[160], hint[SPELLING_LEN] = "";
    struct spelling s = spelling_of(given + strspn(given, "-"));
    for (int i = 0; i < p->count; i++)
        spelling_offer(&s, p->specs[i].name);
    if (spelling_best(&s))
        snprintf(hint, sizeof hint, " (did you mean --%s?)", spelling_best(&s));
    snprintf(text, sizeof text, "unknown option %.100s", given);
    return wrong_use(p, text, hint);
}

/* ---- reading ---- */

static bool set_number(const struct option_spec *o, const char *text, struct err *err)
{
    double v;
    bool ok = number_parse(&v, text, strlen(text)) && isfinite(v);
    if (ok && o->type == OPTION_INTEGER) {
        char *end;
        errno = 0;
        *(int64_t *)o->to = strtoll(text, &end, 10);
        ok = *end == '\0' && errno == 0;
    } else if (ok) {
        *(double *)o->to = v;
    }
    if (!ok)
        err_set(err, ERR_CONFIG, "'%.60s' is not a %snumber", text,
                o->type == OPTION_INTEGER ? "whole " : "");
    return ok;
}

static bool set_option(struct parse *p, int i, const char *text, struct err *err)
{
    const struct option_spec *o = &p->specs[i];
    tstamp_ns checked;
    switch (o->type) {
    case OPTION_FLAG: *(bool *)o->to = true; return true;
    case OPTION_TEXT: *(const char **)o->to = text; return true;
    case OPTION_NUMBER:
    case OPTION_INTEGER: return set_number(o, text, err);
    case OPTION_TIME:
        p->relative[i] = timeword_is_relative(text) ? text : NULL;
        return timeword_parse(p->relative[i] ? &checked : o->to, text, clock_wall(), err) == 0;
    case OPTION_DURATION: return timefmt_duration(o->to, text, err) == 0;
    }
    return false;
}

static int find(const struct parse *p, int c)
{
    for (int i = 0; i < p->count; i++)
        if (c == 256 + i || (p->specs[i].letter && c == p->specs[i].letter))
            return i;
    return -1;
}

static void take_specs(struct parse *p, struct option long_options[MAX_OPTIONS + 2], char *letters,
                       size_t room)
{
    for (; p->specs[p->count].name; p->count++) {
        const struct option_spec *o = &p->specs[p->count];
        assert(p->count < MAX_OPTIONS);
        long_options[p->count] = (struct option){o->name, o->type != OPTION_FLAG, NULL, 256 + p->count};
        if (o->letter)
            snprintf(letters + strlen(letters), room - strlen(letters), "%c%s", o->letter,
                     o->type != OPTION_FLAG ? ":" : "");
    }
    long_options[p->count] = (struct option){"help", 0, NULL, 'h'};
    long_options[p->count + 1] = (struct option){0};
}

static bool take_option(struct parse *p, int c, const char *given)
{
    struct err err = {0};
    int i = find(p, c);
    if (c == ':')
        return wrong_use(p, "a value is missing after ", given);
    if (i < 0)
        return unknown_option(p, given);
    p->seen[i] = true;
    if (set_option(p, i, optarg, &err))
        return true;
    char text[64];
    snprintf(text, sizeof text, "--%.50s: ", p->specs[i].name);
    return wrong_use(p, text, err.msg);
}

/* The option that names the configuration; -1: the command has none. */
static int config_at(const struct parse *p)
{
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->specs[i].name, CONFIG) == 0)
            return i;
    return -1;
}

/* Where the configuration stands when nobody says it. */
static bool take_default(struct parse *p, int i)
{
    if (i != config_at(p) || access(OPTIONS_CONFIG, R_OK) != 0)
        return false;
    *(const char **)p->specs[i].to = OPTIONS_CONFIG;
    return true;
}

static bool check_required(struct parse *p)
{
    char text[64];
    for (int i = 0; i < p->count; i++) {
        if (!p->specs[i].required || p->seen[i] || take_default(p, i))
            continue;
        snprintf(text, sizeof text, "--%.50s is needed", p->specs[i].name);
        return wrong_use(p, text, "");
    }
    return true;
}

/* ---- relative times ---- */

static int configured_now(const struct parse *p, tstamp_ns *now, struct err *err)
{
    int at = config_at(p);
    const char *config = at < 0 ? NULL : *(const char *const *)p->specs[at].to;
    struct settings *s;
    *now = clock_wall();
    if (!config)
        return 0;
    int rc = settings_load(&s, config, err);
    if (rc != 0)
        return rc;
    *now = clock_now(&s->clock);
    settings_free(s);
    return 0;
}

static bool resolve_times(const struct parse *p, int *status)
{
    tstamp_ns now = 0;
    struct err err = {0};
    bool asked = false;
    for (int i = 0; i < p->count; i++) {
        if (!p->relative[i])
            continue;
        if ((!asked && configured_now(p, &now, &err) != 0) ||
            timeword_parse(p->specs[i].to, p->relative[i], now, &err) != 0) {
            *status = command_fail(&err);
            return false;
        }
        asked = true;
    }
    return true;
}

/* What is given goes to the database, to messages and to pages, which take UTF-8 and nothing else. */
static bool check_text(const struct parse *p, int argc, char **argv)
{
    char text[100];
    for (int i = 1; i < argc; i++) {
        if (utf8_prefix(argv[i], strlen(argv[i])) == strlen(argv[i]))
            continue;
        snprintf(text, sizeof text, "%.90s", argv[i]);
        words_clean(text);
        return wrong_use(p, "not UTF-8: ", text);
    }
    return true;
}

bool command_options(int argc, char **argv, const char *usage, const char *about,
                     const struct option_spec *specs, const char **positional, int max, int *n, int *status)
{
    struct parse p = {.command = argv[0], .specs = specs};
    struct option long_options[MAX_OPTIONS + 2];
    char letters[2 * MAX_OPTIONS + 3] = ":h", text[160];
    int found = 0, c;
    *status = EXIT_OK;
    if (argc == 2 && strcmp(argv[1], OPTIONS_LIST) == 0) {
        list_options(specs);
        return false;
    }
    take_specs(&p, long_options, letters, sizeof letters);
    *status = EXIT_USAGE;
    if (!check_text(&p, argc, argv))
        return false;
    *status = EXIT_OK;
    optind = 0;
    while ((c = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
        if (c == 'h') {
            print_help(usage, about, specs);
            return false;
        }
        *status = EXIT_USAGE;
        if (!take_option(&p, c, argv[optind - 1]))
            return false;
    }
    *status = EXIT_USAGE;
    for (; optind < argc; optind++) {
        if (found == max) {
            int at = config_at(&p);
            bool config = at >= 0 && !p.seen[at];
            snprintf(text, sizeof text, "unexpected argument '%.100s'", argv[optind]);
            return wrong_use(&p, text, config ? " (a configuration is named by -c)" : "");
        }
        positional[found++] = argv[optind];
    }
    if (n)
        *n = found;
    return check_required(&p) && resolve_times(&p, status);
}

int options_check_times(const struct timecell *times, struct err *err)
{
    if (times->format && timecell_check(times->format, err) != 0)
        return err_wrap(err, "--time-format");
    if (times->timezone && zone_check(times->timezone, err) != 0)
        return err_wrap(err, "--timezone");
    return 0;
}
