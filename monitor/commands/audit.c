/* psmon audit: does the chance that was stated hold? SPDX-License-Identifier: MIT */
#include "archive/history/history.h"
#include "base/mem.h"
#include "monitor/chances/chances.h"
#include "monitor/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void writer(struct buf *out, const struct chances *c);

static writer *writer_of(const char *format)
{
    static const struct {
        const char *name;
        writer *write;
    } formats[] = {{"text", chances_text}, {"csv", chances_csv}, {"json", chances_json}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(format, formats[i].name) == 0)
            return formats[i].write;
    return NULL;
}

struct options {
    const char *config, *run, *format;
    int64_t weeks;
    tstamp_ns to;
};

static int audit(struct context *c, const struct options *o, struct chances *out, struct err *err)
{
    char *run = o->run ? xstrdup(o->run) : NULL;
    int rc = context_database(c, err);
    if (rc == 0 && !run)
        rc = history_default_run(c->conninfo, &run, err);
    if (rc == 0 && !run)
        rc = err_set(err, ERR_CONFIG, "nothing was monitored or replayed yet: there is no run");
    if (rc == 0)
        rc = chances_gather(out, c->conninfo, run, c->world->fleet, c->world->maintenance, o->weeks, o->to,
                            err);
    free(run);
    return rc;
}

static int run_audit(int argc, char **argv)
{
    struct options o = {.format = "text", .weeks = CHANCES_WEEKS};
    const struct option_spec specs[] = {
        {"config", 'c', OPTION_TEXT, &o.config, "FILE", "configuration", true},
        {"weeks", 0, OPTION_INTEGER, &o.weeks, "N", "up to its newest whole day (12)", false},
        {"to", 0, OPTION_TIME, &o.to, "T", "up to this time instead", false},
        {"run", 0, OPTION_TEXT, &o.run, "NAME", "of a replay; else live, or the latest replay", false},
        {"format", 0, OPTION_TEXT, &o.format, "F", "text, csv or json (text)", false},
        {0}};
    int status;
    if (!command_options(
            argc, argv, "audit -c FILE [--weeks N] [--to T] [--run NAME] [--format F]",
            "Does the stated chance hold? Of the last weeks, supply-days and findings by chance at most\n"
            "1, 3, 10, 100 times a week: how many were stated and how many came, by what went on, and\n"
            "how even the probabilities are. Days of a supply with an open finding that was true are\n"
            "left out: inspections that were imported, and acknowledged alarms, say which.",
            specs, NULL, 0, NULL, &status))
        return status;
    struct context c = {0};
    struct err err = {0};
    writer *write = writer_of(o.format);
    if (!write || o.weeks < 1 || o.weeks > 52 * 20) {
        err_set(&err, ERR_CONFIG,
                write ? "--weeks is from 1 to 1040" : "--format '%.40s' is none of text, csv, json",
                o.format);
        return command_fail(&err);
    }
    struct buf text = {0};
    struct chances *chances = xcalloc(1, sizeof *chances);
    int rc = context_open(&c, o.config, &err);
    if (rc == 0)
        rc = audit(&c, &o, chances, &err);
    if (rc == 0)
        write(&text, chances);
    if (rc == 0 && (fwrite(buf_text(&text), 1, text.len, stdout) != text.len || fflush(stdout) != 0) &&
        errno != EPIPE)
        rc = err_set(&err, ERR_IO, "could not write the output: %s", strerror(errno));
    buf_free(&text);
    free(chances);
    status = rc == 0 ? EXIT_OK : command_fail(&err);
    context_close(&c);
    return status;
}

const struct command command_audit = {
    .name = "audit", .summary = "does the stated chance hold?", .run = run_audit};
