/* psmon report: the weekly list as it was issued; for a week that is not over, a provisional one made of what
 * is stored, and marked as such. SPDX-License-Identifier: MIT */
#include "monitor/report/report.h"

#include "archive/history/history.h"
#include "base/mem.h"
#include "base/time/timefmt.h"
#include "monitor/command.h"
#include "monitor/report/report_week.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a run was made with, as its last start says. */
static int find_run(const char *conninfo, const char *run, char *out[3], struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc = pg_run(
        conninfo,
        "SELECT coalesce(model, ''), coalesce(model_hash, ''), coalesce(config_hash, ''), (SELECT m.summary"
        " FROM models m WHERE m.hash = r.model_hash LIMIT 1) FROM runs r WHERE name = $1",
        1, &run, &rows, err);
    if (rc != 0)
        return rc;
    if (!rows->n_rows)
        rc = err_set(err, ERR_CONFIG, "there is no run '%s'", run);
    for (int i = 0; rc == 0 && i < 3; i++)
        out[i] = xstrdup(rows->value[i]);
    pg_rows_free(rows);
    return rc;
}

static void keep(void *arg, const char *document_json)
{
    char **document = arg;
    *document = xstrdup(document_json);
}

/* What is asked of the history, and calls keep with the answer. */
static void complete(struct pg *pg, const void *input, char **document)
{
    report_issue(pg, NULL, input, keep, document);
}

static void add_since(struct pg *pg, const void *issued, char **document)
{
    report_since(pg, issued, keep, document);
}

/* Asks the history on a loop of its own, as the monitor does. */
static int ask(const struct context *c, void (*question)(struct pg *pg, const void *of, char **document),
               const void *of, char **document, struct err *err)
{
    uv_loop_t loop;
    struct pg *pg;
    uv_loop_init(&loop);
    int rc = pg_open(&pg, &loop, c->conninfo, NULL, err);
    if (rc == 0) {
        uint64_t deadline = uv_hrtime() + 10 * (uint64_t)NS_PER_S;
        while (!pg_up(pg) && uv_hrtime() < deadline)
            uv_run(&loop, UV_RUN_ONCE);
        question(pg, of, document);
        while (!*document)
            uv_run(&loop, UV_RUN_ONCE);
        pg_close(pg, 1);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return rc;
}

static double count_of_budget(const struct finding *f, size_t n, tstamp_ns from)
{
    double used = 0;
    for (size_t i = 0; i < n; i++)
        used += f[i].class != CLASS_DATA && f[i].first_seen >= from;
    return used;
}

/* The list of the week that holds `at`, from stored hours and findings up to the last tick. */
static int provisional(const struct context *c, const char *run, tstamp_ns at, char **document,
                       struct err *err)
{
    tstamp_ns last;
    char *used[3] = {NULL};
    int rc = history_last_tick(c->conninfo, run, &last, err);
    if (rc == 0)
        rc = find_run(c->conninfo, run, used, err);
    if (rc == 0 && !last)
        rc = err_set(err, ERR_CONFIG, "run '%s' has no ticks yet", run);
    if (rc != 0)
        goto out;
    tstamp_ns end = report_due(c->world->settings, at ? at : last - 1);
    struct report_input in = {.fleet = c->world->fleet,
                              .maintenance = c->world->maintenance,
                              .settings = c->world->settings,
                              .run = run,
                              .model = used[0],
                              .model_hash = used[1],
                              .model_summary = "",
                              .config_hash = used[2],
                              .week_start = report_due(c->world->settings, end - 8 * NS_PER_DAY),
                              .week_end = end,
                              .issued_at = last,
                              .provisional = true};
    if (in.week_start >= last) {
        rc = err_set(err, ERR_CONFIG, "run '%s' has not come to that week: its last tick is before it", run);
        goto out;
    }
    struct rank_week *week = rank_week_new(c->world->fleet->n_supplies);
    struct rank_list list = {0};
    struct finding *findings = NULL;
    size_t n_findings = 0;
    rc = report_week_load(week, c->conninfo, c->world->fleet, run, in.week_start, end, in.ledger_hours, err);
    if (rc == 0)
        rc = history_findings(c->conninfo, c->world->fleet, run, in.week_start, end, &findings, &n_findings,
                              err);
    uint64_t stored = n_findings;
    for (int k = 0; k < REASON_COUNT; k++)
        stored += in.ledger_hours[k];
    if (rc == 0 && !stored)
        rc = err_set(err, ERR_CONFIG, "run '%s' has nothing stored of that week", run);
    struct chances *chances = xcalloc(1, sizeof *chances);
    if (rc == 0)
        rc = chances_gather(chances, c->conninfo, run, c->world->fleet, c->world->maintenance, CHANCES_WEEKS,
                            last, err);
    if (rc == 0) {
        tstamp_ns now = last < end ? last : end;
        /* trends need the residuals of each hour, which are not stored: a provisional list watches nobody */
        rank_list_make(&list, &(struct rank_input){.fleet = c->world->fleet,
                                                   .week = week,
                                                   .findings = findings,
                                                   .n_findings = n_findings,
                                                   .week_start = in.week_start,
                                                   .now = now});
        in.list = &list;
        in.budget_used = count_of_budget(findings, n_findings, in.week_start);
        in.chances = chances;
        rc = ask(c, complete, &in, document, err);
    }
    free(chances);
    free(findings);
    rank_list_free(&list);
    rank_week_free(week);
out:
    for (int i = 0; i < 3; i++)
        free(used[i]);
    return rc;
}

/* Opened before psmon gives up being root, emptied only when there is something to write. */
static int open_output(const char *path, FILE **f, struct err *err)
{
    *f = path ? fopen(path, "ae") : stdout;
    return *f ? 0 : err_set(err, ERR_IO, "could not write '%s': %s", path, strerror(errno));
}

static int write_output(FILE *f, const char *path, const struct buf *text, struct err *err)
{
    bool ok = !path || ftruncate(fileno(f), 0) == 0;
    ok = ok && fwrite(buf_text(text), 1, text->len, f) == text->len && fflush(f) == 0;
    return ok ? 0
              : err_set(err, ERR_IO, "could not write '%s': %s", path ? path : "standard output",
                        strerror(errno));
}

static int find_format(const char *word, enum report_format *format)
{
    static const char *const words[] = {"text", "html", "csv", "json"};
    for (int i = 0; i < 4; i++)
        if (strcmp(word, words[i]) == 0) {
            *format = (enum report_format)i;
            return 0;
        }
    return -1;
}

static int make(struct context *c, const char *run, tstamp_ns week, enum report_format format,
                struct buf *out, struct err *err)
{
    char *name = run ? xstrdup(run) : NULL, *issued = NULL, *document = NULL;
    int rc = context_database(c, err);
    if (rc == 0 && !name)
        rc = history_default_run(c->conninfo, &name, err);
    if (rc == 0 && !name)
        rc = err_set(err, ERR_CONFIG, "nothing was monitored or replayed yet: there is no run");
    if (rc == 0)
        rc = history_report(c->conninfo, name, week, &issued, err);
    if (rc == 0)
        rc = issued ? ask(c, add_since, issued, &document, err) : provisional(c, name, week, &document, err);
    if (rc == 0)
        rc = report_render(out, document, format, err);
    free(document);
    free(issued);
    free(name);
    return rc;
}

static int run_report(int argc, char **argv)
{
    const char *config = NULL, *run = NULL, *format_word = "text", *output = NULL;
    tstamp_ns week = 0;
    const struct option_spec specs[] = {
        {"config", 'c', OPTION_TEXT, &config, "FILE", "configuration", true},
        {"week", 0, OPTION_TIME, &week, "DATE", "any day of the list's week; else the newest list", false},
        {"run", 0, OPTION_TEXT, &run, "NAME", "of a replay; else live, or the latest replay", false},
        {"format", 0, OPTION_TEXT, &format_word, "F", "text, html, csv or json (text)", false},
        {"output", 'o', OPTION_TEXT, &output, "FILE", "else standard output", false},
        {0}};
    int status;
    enum report_format format;
    if (!command_options(
            argc, argv, "report -c FILE [--week DATE] [--run NAME] [--format F] [-o FILE]",
            "Prints the weekly inspection list as it was issued, with what has become known of its\n"
            "entries since then. Where none was issued for that week a provisional one is made of\n"
            "what is stored, and says so.",
            specs, NULL, 0, NULL, &status))
        return status;
    struct context c;
    struct err err = {0};
    if (find_format(format_word, &format) < 0) {
        err_set(&err, ERR_CONFIG, "--format '%s' is none of text, html, csv, json", format_word);
        return command_fail(&err);
    }
    if (context_open(&c, config, &err) != 0)
        return command_fail(&err);
    FILE *f = NULL;
    struct buf text = {0};
    int rc = open_output(output, &f, &err);
    if (rc == 0)
        rc = make(&c, run, week, format, &text, &err);
    if (rc == 0)
        rc = write_output(f, output, &text, &err);
    if (f && output)
        fclose(f);
    buf_free(&text);
    context_close(&c);
    return rc == 0 ? EXIT_OK : command_fail(&err);
}

const struct command command_report = {.name = "report", .summary = "the weekly list", .run = run_report};
