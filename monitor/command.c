/* What the commands share; see command.h. SPDX-License-Identifier: MIT */
#include "monitor/command.h"

#include "alerts/alerts.h"
#include "archive/history/cluster.h"
#include "archive/history/history.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "monitor/interrupt.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVICE_USER "psmon"

int command_fail(const struct err *err)
{
    fprintf(stderr, "psmon: %s\n", err->msg);
    return err->code == ERR_CONFIG ? EXIT_USAGE : EXIT_FAILED;
}

int context_open(struct context *c, const char *config, struct err *err)
{
    *c = (struct context){0};
    int rc = world_open(&c->world, config, err);
    if (rc == 0)
        c->clock = c->world->settings->clock;
    return rc;
}

/* PostgreSQL refuses root, and nothing here needs it: give the folder to the service user, become it. */
static int become_service_user(const char *state_dir, struct err *err)
{
    const struct passwd *user = getpwnam(SERVICE_USER);
    if (!user)
        return err_set(err, ERR_CONFIG,
                       "psmon was started as root and there is no user '" SERVICE_USER "' to become; "
                       "make it with: useradd --system --user-group --home-dir /var/lib/psmon " SERVICE_USER);
    struct stat st;
    if (stat(state_dir, &st) != 0 ||
        (st.st_uid != user->pw_uid && chown(state_dir, user->pw_uid, user->pw_gid) != 0))
        return err_set(err, ERR_IO, "could not give %s to user " SERVICE_USER ": %s", state_dir,
                       strerror(errno));
    if (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
        setuid(user->pw_uid) != 0)
        return err_set(err, ERR_IO, "could not become user " SERVICE_USER ": %s", strerror(errno));
    setenv("HOME", user->pw_dir, 1);
    return 0;
}

void command_give(int fd)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam(SERVICE_USER) : NULL;
    /* where it cannot be given, root keeps it, which can read everything */
    if (user && fchown(fd, user->pw_uid, user->pw_gid) != 0)
        errno = 0;
}

int command_secrets(struct secret out[], int max, const char *path, struct err *err)
{
    bool standard = strcmp(path, "-") == 0;
    if (strncmp(path, "whsec_", 6) == 0)
        return err_set(err, ERR_CONFIG,
                       "give a file that holds the secret: all can read it in the list of processes");
    FILE *f = standard ? stdin : fopen(path, "re");
    if (!f)
        return err_set(err, ERR_IO, "could not open \"%s\": %s", path, strerror(errno));
    int n = 0, rc = 0;
    char line[256];
    while (rc == 0 && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (*line && n == max)
            rc = err_set(err, ERR_CONFIG, "%s: holds more than %d secrets", path, max);
        else if (*line)
            out[n++].clear = xstrdup(line);
    }
    if (!standard)
        fclose(f);
    if (rc == 0 && n == 0)
        rc = err_set(err, ERR_CONFIG, "%s: holds no secret", path);
    for (int i = 0; rc != 0 && i < n; i++)
        free(out[i].clear);
    return rc ? rc : n;
}

int context_state(struct context *c, struct err *err)
{
    struct stat st;
    const char *folder = c->world->settings->state_dir;
    if (stat(folder, &st) == 0 && !S_ISDIR(st.st_mode))
        return err_set(err, ERR_IO, "state_dir %s is no folder", folder);
    bool root = geteuid() == 0;
    /* in a container all but volumes may be read-only: training keeps its rows where we may write */
    if (!getenv("TMPDIR") && access("/var/tmp", W_OK) != 0)
        setenv("TMPDIR", folder, 0);
    int rc = file_make_folder(folder, 0755, err);
    if (rc == 0 && root)
        rc = become_service_user(folder, err);
    if (rc == 0 && access(folder, W_OK | X_OK) != 0)
        rc = err_set(err, ERR_IO, "state_dir %s cannot be written%s: %s", folder,
                     root ? " by user " SERVICE_USER ", which psmon becomes when root starts it" : "",
                     strerror(errno));
    return rc;
}

/* As the private cluster's last user a command that is broken off would leave the server running. */
static void leave(void *context)
{
    struct context *c = context;
    interrupt_say(c->stays);
    cluster_leave(c->cluster);
}

int context_cluster(struct context *c, struct err *err)
{
    const struct settings *s = c->world->settings;
    char *address = s->database_listen ? xstrdup(s->database_listen) : NULL, *port = NULL;
    if (address && (port = strrchr(address, ':')))
        *port++ = '\0';
    const struct cluster_listen listen = {.address = address,
                                          .port = port ? (unsigned)strtoul(port, NULL, 10) : 0,
                                          .allow = s->database_allow,
                                          .certificate = s->database_certificate,
                                          .key = s->database_key,
                                          .client_ca = s->database_client_ca};
    int rc = cluster_join(&c->cluster, s->state_dir, address ? &listen : NULL, &c->conninfo, err);
    if (rc == 0 && address && !listen.certificate)
        log_warning("database",
                    "listens on %s without TLS: passwords are safe, what is read can be overheard; "
                    "database.certificate and database.key change that",
                    s->database_listen);
    free(address);
    return rc;
}

/* Maintenance that was imported counts like the file's, in every command that has the database. */
static int take_imported(struct context *c, struct err *err)
{
    struct maintenance *imported = NULL;
    bool reread;
    int rc = history_imported(c->conninfo, c->world->fleet, &imported, err);
    if (rc != 0 || imported->n_entries == 0) {
        maintenance_free(imported);
        return rc;
    }
    struct world *next = world_with_imported(c->world, imported, 0, 0, &reread);
    next->generation = c->world->generation;
    world_drop(c->world);
    c->world = next;
    return 0;
}

int context_database(struct context *c, struct err *err)
{
    int rc = context_state(c, err);
    if (rc != 0)
        return rc;
    if (c->world->settings->database_url.clear)
        c->conninfo = xstrdup(c->world->settings->database_url.clear);
    else
        rc = context_cluster(c, err);
    if (rc == 0 && !c->resident)
        c->interrupt = interrupt_watch(leave, c);
    if (rc == 0)
        rc = history_migrate(c->conninfo, err);
    if (rc == 0)
        rc = alerts_migrate(c->conninfo, err);
    return rc == 0 ? take_imported(c, err) : rc;
}

static tstamp_ns configured_now(void *arg)
{
    return clock_now(arg);
}

int context_source(struct context *c, uv_loop_t *loop, struct source **out, struct err *err)
{
    const struct settings *s = c->world->settings;
    return source_open(out, loop, c->world->fleet,
                       &(struct source_options){.retrieval_url = s->retrieval_url.clear,
                                                .times = {.format = s->time_format, .timezone = s->time_zone},
                                                .management_url = s->management_url.clear,
                                                .locate = s->locate_retrieval,
                                                .connections = (int)s->connections,
                                                .batch = (int)s->batch,
                                                .now = configured_now,
                                                .now_arg = &c->clock},
                       err);
}

void context_close(struct context *c)
{
    interrupt_end(c->interrupt);
    cluster_leave(c->cluster);
    free(c->conninfo);
    free(c->stays);
    world_drop(c->world);
    *c = (struct context){0};
}
