/* Starts tests/support/badpeer.py, the HTTP peer that misbehaves on command, from a C test.
 * Run from the repository's root. SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_PEER_H
#define PSM_TESTS_PEER_H

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct peer {
    pid_t pid;
    int port;
};

/* Returns 0 when it listens. */
static inline int peer_start(struct peer *p, const char *answers)
{
    int fds[2];
    if (pipe(fds) != 0)
        return -1;
    p->pid = fork();
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fds[1], STDOUT_FILENO);
        close(fds[0]);
        close(fds[1]);
        execlp("python3", "python3", "tests/support/badpeer.py", "--answers", answers, (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    FILE *f = fdopen(fds[0], "r");
    char line[64];
    p->port = 0;
    int ok = f && fgets(line, sizeof line, f) && sscanf(line, "port %d", &p->port) == 1;
    if (f)
        fclose(f);
    return ok ? 0 : -1;
}

static inline void peer_stop(struct peer *p)
{
    if (p->pid > 0) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    p->pid = 0;
}

#endif
