/* psmon runs: the live run and the replays; a replay can be removed. SPDX-License-Identifier: MIT */
#include "alerts/alerts.h"
#include "archive/history/history.h"
#include "base/mem.h"
#include "base/time/timefmt.h"
#include "monitor/command.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- list ---- */

static const char list_sql[] =
    "SELECT r.name, r.kind, psmon_iso(r.from_t), psmon_iso(r.to_t), psmon_iso(least(coalesce((SELECT max(t) "
    "FROM ticks k"
    " WHERE k.run = r.run), (SELECT max(t) + interval '1 hour' FROM hours h WHERE h.run = r.run)), r.to_t)), "
    "r.finished"
    " IS NOT NULL, coalesce(r.model, ''), pg_size_pretty((SELECT "
    "coalesce(sum(pg_total_relation_size(i.inhrelid)), 0)"
    " FROM pg_inherits i WHERE i.inhparent = to_regclass('ticks_run' || r.run))) FROM runs r ORDER BY r.kind,"
    " r.started";

static void print_run(char *const v[])
{
    bool replay = strcmp(v[1], "replay") == 0;
    printf("%-24s %s to %-20s ", v[0], v[2] ? v[2] : "-", replay ? v[3] : "now");
    if (!replay)
        printf("live, last tick %s", v[4] ? v[4] : "none");
    else if (v[5][0] == 't')
        printf("complete");
    else
        printf("stands at %s", v[4] ? v[4] : "its begin");
    printf("; model %s; ticks %s\n", *v[6] ? v[6] : "none", v[7]);
}

static int list(const struct context *c, struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc = pg_run(c->conninfo, list_sql, 0, NULL, &rows, err);
    if (rc != 0)
        return rc;
    for (int i = 0; i < rows->n_rows; i++)
        print_run(rows->value + (size_t)i * (size_t)rows->n_columns);
    if (rows->n_rows == 0)
        printf("none; psmon run and psmon replay make them\n");
    pg_rows_free(rows);
    return 0;
}

/* ---- remove ---- */

/* Opens the spool of a run, which nobody else may have open, and has what waits in it applied, so that it is
 * gone with the rest. */
static int empty_spool(const struct context *c, const char *folder, const char *name, struct err *err)
{
    uv_loop_t loop;
    struct pg *pg = NULL;
    uv_loop_init(&loop);
    int rc = pg_open(&pg, &loop, c->conninfo, folder, err);
    if (rc != 0)
        rc = err_wrap(err, "run '%s' is under way", name);
    pg_close(pg, 60);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return rc;
}

static int remove_folder(const char *path, struct err *err)
{
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    if (rmdir(path) != 0 && errno != ENOENT)
        return err_set(err, ERR_IO, "could not remove '%s': %s", path, strerror(errno));
    return 0;
}

static int remove_run(const struct context *c, const char *name, struct err *err)
{
    struct history_replay r;
    if (strcmp(name, RUN_LIVE) == 0)
        return err_set(err, ERR_CONFIG, "the live run stays; only replays can be removed");
    int rc = history_replay(c->conninfo, name, &r, err);
    if (rc != 0)
        return rc;
    char *folder = xasprintf("%s/spool-%s", c->world->settings->state_dir, name);
    rc = empty_spool(c, folder, name, err);
    if (rc == 0)
        rc = alerts_remove_run(c->conninfo, name, err);
    if (rc == 0)
        rc = history_remove_replay(c->conninfo, &r, err);
    if (rc == 0)
        rc = remove_folder(folder, err);
    free(folder);
    if (rc == 0)
        printf("run %s: removed\n", name);
    return rc;
}

/* ---- the command ---- */

static const char *word(int i)
{
    static const char *const words[] = {"list", "remove", NULL};
    return words[i];
}

static int run_runs(int argc, char **argv)
{
    const char *config = NULL, *words[2] = {NULL, NULL};
    const struct option_spec specs[] = {{"config", 'c', OPTION_TEXT, &config, "FILE", "configuration", true},
                                        {0}};
    int status, n;
    if (!command_options(
            argc, argv, "runs -c FILE list | remove NAME",
            "Lists the live run and the replays, with their spans and where those stand that were\n"
            "broken off; or removes a replay with all that is stored of it.",
            specs, words, 2, &n, &status))
        return status;
    bool lists = n == 1 && strcmp(words[0], "list") == 0;
    if (!lists && (n != 2 || strcmp(words[0], "remove") != 0)) {
        fprintf(stderr, "psmon runs: say list, or remove NAME\n");
        return EXIT_USAGE;
    }
    struct context c;
    struct err err = {0};
    int rc = context_open(&c, config, &err);
    if (rc == 0)
        rc = context_database(&c, &err);
    if (rc == 0)
        rc = lists ? list(&c, &err) : remove_run(&c, words[1], &err);
    context_close(&c);
    return rc == 0 ? EXIT_OK : command_fail(&err);
}

const struct command command_runs = {
    .name = "runs", .summary = "list runs, remove a replay", .run = run_runs, .word = word};
