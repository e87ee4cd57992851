/* One monitor on a state_dir: a second one would write the same history, and send each alarm again.
 * SPDX-License-Identifier: MIT */
#include "monitor/live/live.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int refuse(const struct live *l, int fd, struct err *err)
{
    char pid[24] = "";
    if (errno != EWOULDBLOCK)
        return err_set(err, ERR_IO, "could not lock %s/run.pid: %s", l->context.world->settings->state_dir,
                       strerror(errno));
    if (pread(fd, pid, sizeof pid - 1, 0) <= 0)
        snprintf(pid, sizeof pid, "unknown");
    pid[strcspn(pid, "\n")] = '\0';
    return err_set(err, ERR_IO, "already running (pid %s) on state_dir %s", pid,
                   l->context.world->settings->state_dir);
}

/* The lock is the kernel's, which drops it when we are killed; the file only says whose it is. */
int live_claim(struct live *l, struct err *err)
{
    int rc = context_state(&l->context, err);
    if (rc != 0)
        return rc;
    char *path = xasprintf("%s/run.pid", l->context.world->settings->state_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        rc = err_set(err, ERR_IO, "could not open %s: %s", path, strerror(errno));
    } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        rc = refuse(l, fd, err);
        close(fd);
    } else {
        if (ftruncate(fd, 0) != 0 || dprintf(fd, "%ld\n", (long)getpid()) < 0)
            rc = err_set(err, ERR_IO, "could not write %s: %s", path, strerror(errno));
        l->claim = fd;
    }
    free(path);
    return rc;
}

void live_unclaim(struct live *l)
{
    if (l->claim >= 0)
        close(l->claim);
    l->claim = -1;
}
