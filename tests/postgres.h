/* A throw-away PostgreSQL for unit tests, on a Unix socket, without psmon's own cluster code.
 * PostgreSQL refuses root: a test that runs as root first becomes the user psmon.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_POSTGRES_H
#define PSM_TESTS_POSTGRES_H

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs a shell command; its exit status. */
static inline int postgres_sh(const char *command)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void postgres_leave_root(void)
{
    if (geteuid() != 0)
        return;
    struct passwd *user = getpwnam("psmon");
    if (!user || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) {
        fprintf(stderr, "these tests need the user psmon (make deps makes it)\n");
        exit(1);
    }
    if (chdir("/tmp") != 0)
        exit(1);
}

#define POSTGRES_CTL                                                                                      \
    "export PATH=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1):$PATH; cd %s && exec </dev/null " \
    ">>ctl.log 2>&1; "

/* Makes and starts a server in dir (a template of mkdtemp, filled in); conninfo[128] says how to reach it. */
static inline int postgres_make(char *dir, char conninfo[128])
{
    char command[800];
    if (!mkdtemp(dir))
        return -1;
    snprintf(command, sizeof command,
             POSTGRES_CTL "initdb -D data -U psmon --auth=trust --no-sync --locale=C.UTF-8 && "
                          "echo \"listen_addresses='' unix_socket_directories='%s' fsync=off "
                          "shared_buffers=32MB\" | tr ' ' '\\n' >> data/postgresql.conf && "
                          "pg_ctl -D data -l log -w start",
             dir, dir);
    snprintf(conninfo, 128, "host=%s user=psmon dbname=postgres", dir);
    return postgres_sh(command);
}

/* arguments of pg_ctl: "stop -m immediate", "start -w". */
static inline int postgres_ctl(const char *dir, const char *arguments)
{
    char command[800];
    snprintf(command, sizeof command, POSTGRES_CTL "pg_ctl -D data -l log %s", dir, arguments);
    return postgres_sh(command);
}

/* kill -9 of the server and all its children, of which one may have ended by itself meanwhile. */
static inline int postgres_kill(const char *dir)
{
    char command[800];
    snprintf(command, sizeof command,
             POSTGRES_CTL "p=$(head -1 data/postmaster.pid); c=$(ps -o pid= --ppid $p); "
                          "kill -9 $p && { kill -9 $c; true; }",
             dir);
    return postgres_sh(command);
}

static inline void postgres_remove(const char *dir)
{
    char command[800];
    postgres_ctl(dir, "stop -m immediate");
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    postgres_sh(command);
}

#endif
