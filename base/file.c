/* Files; see file.h. SPDX-License-Identifier: MIT */
#include "base/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

int file_write(int fd, const void *data, size_t n, int64_t offset)
{
    for (const char *at = data; n > 0;) {
        ssize_t k = offset < 0 ? write(fd, at, n) : pwrite(fd, at, n, offset);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return -1;
        at += k;
        n -= (size_t)k;
        offset += offset < 0 ? 0 : k;
    }
    return 0;
}

int file_make_folder(const char *path, mode_t mode, struct err *err)
{
    char *part = xstrdup(path);
    int rc = 0;
    for (char *p = part + 1; rc == 0; p++) {
        if (*p != '/' && *p != '\0')
            continue;
        char end = *p;
        *p = '\0';
        if (mkdir(part, mode) != 0 && errno != EEXIST)
            rc = err_set(err, ERR_IO, "could not make folder \"%s\": %s", part, strerror(errno));
        *p = end;
        if (end == '\0')
            break;
    }
    free(part);
    return rc;
}

void file_sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

int64_t file_space(const char *path)
{
    struct statvfs v;
    return statvfs(path, &v) == 0 ? (int64_t)v.f_bavail * (int64_t)v.f_frsize : INT64_MAX;
}
