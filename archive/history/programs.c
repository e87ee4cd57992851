/* PostgreSQL's own programs; see programs.h. SPDX-License-Identifier: MIT */
#include "archive/history/programs.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define VERSION_MIN 13

/* ---- running ---- */

/* Our environment without PG*, and with `extra` (may be NULL). Borrowed strings in an owned list. */
static const char **environment_with(const char *const extra[])
{
    size_t n = 0, k = 0;
    while (environ[n])
        n++;
    const char **list = xcalloc(n + PROGRAM_VARIABLES + 1, sizeof *list);
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "PG", 2) != 0)
            list[k++] = environ[i];
    for (size_t i = 0; extra && extra[i] && i < PROGRAM_VARIABLES; i++)
        list[k++] = extra[i];
    return list;
}

/* In the child: only calls that are safe after fork. */
static void become(const char *const argv[], const char *const envp[], int out, bool orphan)
{
    setsid();
    if (orphan && fork() != 0)
        _exit(0);
    int in = open("/dev/null", O_RDONLY);
    if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(127);
    close_range(3, ~0u, 0);
    char **a, **e;
    memcpy(&a, &argv, sizeof a); /* execve's const-less signature; it changes nothing */
    memcpy(&e, &envp, sizeof e);
    execve(argv[0], a, e);
    _exit(127);
}

static int spawn(const char *const argv[], const char *const environment[], int out, bool orphan)
{
    const char **envp = environment_with(environment);
    pid_t pid = fork();
    if (pid == 0)
        become(argv, envp, out, orphan);
    int status = -1, rc = -1;
    if (pid > 0) {
        pid_t got;
        while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
            ;
        rc = got == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    free(envp);
    return rc;
}

static int spawn_logged(const char *const argv[], const char *const environment[], const char *log,
                        bool orphan)
{
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (out < 0)
        return -1;
    int rc = spawn(argv, environment, out, orphan);
    close(out);
    return rc;
}

int program_run(const char *const argv[], const char *const environment[], const char *log)
{
    return spawn_logged(argv, environment, log, false);
}

int program_start(const char *const argv[], const char *const environment[], const char *log)
{
    return spawn_logged(argv, environment, log, true);
}

void programs_reap(void)
{
    int inherits = 0;
    (void)prctl(PR_GET_CHILD_SUBREAPER, &inherits);
    if (getpid() != 1 && !inherits)
        return;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

/* ---- finding ---- */

/* Major version of dir/initdb, "initdb (PostgreSQL) 15.20 (Debian …)"; 0: not usable. */
static int version_of(const char *dir)
{
    char *program = xasprintf("%s/initdb", dir), text[128] = "";
    char *ctl = xasprintf("%s/pg_ctl", dir);
    const char *const argv[] = {program, "--version", NULL};
    int version = 0, pipe_fd[2];
    if (access(program, X_OK) == 0 && access(ctl, X_OK) == 0 && pipe2(pipe_fd, O_CLOEXEC) == 0) {
        int rc = spawn(argv, NULL, pipe_fd[1], false); /* a line fits the pipe */
        close(pipe_fd[1]);
        ssize_t n = read(pipe_fd[0], text, sizeof text - 1);
        close(pipe_fd[0]);
        text[n > 0 ? n : 0] = '\0';
        const char *number = strstr(text, ") ");
        if (rc == 0 && number)
            version = (int)strtol(number + 2, NULL, 10);
    }
    free(program);
    free(ctl);
    return version;
}

struct best {
    char *dir;
    int version, want; /* want 0: the newest */
};

static void consider(struct best *b, const char *dir)
{
    int v = version_of(dir);
    if (v < VERSION_MIN || (b->want ? v != b->want : v <= b->version))
        return;
    free(b->dir);
    b->dir = xstrdup(dir);
    b->version = v;
}

static void consider_path(struct best *b)
{
    const char *path = getenv("PATH");
    char *copy = xstrdup(path ? path : ""), *save = NULL;
    for (char *dir = strtok_r(copy, ":", &save); dir; dir = strtok_r(NULL, ":", &save))
        consider(b, dir);
    free(copy);
}

static void consider_packages(struct best *b)
{
    glob_t g;
    if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &g) == 0) { /* Debian */
        for (size_t i = 0; i < g.gl_pathc; i++)
            consider(b, g.gl_pathv[i]);
        globfree(&g);
    }
    if (glob("/usr/pgsql-*/bin", 0, NULL, &g) == 0) { /* PGDG on Red Hat */
        for (size_t i = 0; i < g.gl_pathc; i++)
            consider(b, g.gl_pathv[i]);
        globfree(&g);
    }
}

/* The version that made a cluster; 0: there is none. */
static int made_by(const char *data)
{
    char *path = xasprintf("%s/PG_VERSION", data), line[16] = "";
    FILE *f = fopen(path, "r");
    free(path);
    if (!f)
        return 0;
    if (!fgets(line, sizeof line, f))
        line[0] = '\0';
    fclose(f);
    return (int)strtol(line, NULL, 10);
}

int programs_find(char **bin, const char *data, struct err *err)
{
    struct best b = {.want = made_by(data)};
    consider_path(&b);
    consider_packages(&b);
    if (!b.dir && b.want)
        return err_set(err, ERR_DB,
                       "\"%s\" was made by PostgreSQL %d, whose programs are not installed; install "
                       "package postgresql-%d, or set database.url",
                       data, b.want, b.want);
    if (!b.dir)
        return err_set(err, ERR_DB,
                       "PostgreSQL's programs (initdb, version %d or newer) are not installed; install "
                       "package postgresql, or set database.url",
                       VERSION_MIN);
    *bin = b.dir;
    return 0;
}
