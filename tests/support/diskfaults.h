/* Disks that fail at the n-th call: pwrite, write, fsync, fdatasync, ftruncate and fallocate of regular files
 * are interposed in the program that includes this (once). Out of memory is not injected: psmon aborts then,
 * on purpose (base/mem.h), and what it had told by then is on disk. SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_DISKFAULTS_H
#define PSM_TESTS_DISKFAULTS_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum disk_fault {
    DISK_FAILS_ONCE,  /* that call, with EIO */
    DISK_FAILS_TWICE, /* that and the next */
    DISK_TEARS,       /* the same, but a write leaves half of its bytes */
    DISK_IS_FULL,     /* that call and all later ones, with ENOSPC */
    DISK_FAULTS,
    DISK_IS_FILLED /* by others, from that call on: what has its blocks is written, nothing else */
};

static atomic_int disk_calls; /* so far */
static atomic_int disk_fails_at;
static enum disk_fault disk_fault;

/* The n-th call from now, counted from 1, fails. */
static inline void disk_fail_at(int n, enum disk_fault fault)
{
    disk_fault = fault;
    disk_calls = 0;
    disk_fails_at = n;
}

/* From now on no call fails. */
static inline void disk_works(void)
{
    disk_fails_at = 0;
}

/* A sync waits from hold to release. */
static pthread_mutex_t disk_held = PTHREAD_MUTEX_INITIALIZER;
static inline void disk_hold(void)
{
    pthread_mutex_lock(&disk_held);
}
static inline void disk_release(void)
{
    pthread_mutex_unlock(&disk_held);
}

/* Whether the call that was to fail has come. */
static inline bool disk_failed(void)
{
    return disk_fails_at > 0 && disk_calls >= disk_fails_at;
}

static inline bool disk_due(int fd)
{
    struct stat st;
    if (disk_fails_at == 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    int call = ++disk_calls;
    int last = disk_fault == DISK_IS_FULL || disk_fault == DISK_IS_FILLED
                   ? INT_MAX
                   : disk_fails_at + (disk_fault == DISK_FAILS_TWICE);
    return call >= disk_fails_at && call <= last;
}

static inline int disk_error(void)
{
    errno = disk_fault == DISK_IS_FULL || disk_fault == DISK_IS_FILLED ? ENOSPC : EIO;
    return -1;
}

/* libc's own; pointers to functions do not pass through void * in ISO C. */
#define DISK_NEXT(function)                            \
    static __typeof__(&function) next;                 \
    if (!next) {                                       \
        void *symbol = dlsym(RTLD_NEXT, #function);    \
        __builtin_memcpy(&next, &symbol, sizeof next); \
        if (!next)                                     \
            abort();                                   \
    }

/* The blocks of the one file that reserves any. */
static _Atomic off_t disk_reserved;

int fallocate(int fd, int mode, off_t offset, off_t length)
{
    DISK_NEXT(fallocate)
    if (disk_due(fd))
        return disk_error();
    int rc = next(fd, mode, offset, length);
    if (rc == 0)
        disk_reserved = offset + length;
    return rc;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t offset)
{
    DISK_NEXT(pwrite)
    if (!disk_due(fd) || (disk_fault == DISK_IS_FILLED && offset + (off_t)n <= disk_reserved))
        return next(fd, data, n, offset);
    if (disk_fault == DISK_TEARS && next(fd, data, n / 2, offset) < 0)
        abort();
    return disk_error();
}

ssize_t write(int fd, const void *data, size_t n)
{
    DISK_NEXT(write)
    if (!disk_due(fd))
        return next(fd, data, n);
    if (disk_fault == DISK_TEARS && next(fd, data, n / 2) < 0)
        abort();
    return disk_error();
}

int fsync(int fd)
{
    DISK_NEXT(fsync)
    return disk_due(fd) && disk_fault != DISK_IS_FILLED ? disk_error() : next(fd);
}

int fdatasync(int fd)
{
    DISK_NEXT(fdatasync)
    disk_hold();
    disk_release();
    return disk_due(fd) && disk_fault != DISK_IS_FILLED ? disk_error() : next(fd);
}

int ftruncate(int fd, off_t length)
{
    DISK_NEXT(ftruncate)
    if (disk_due(fd) && disk_fault != DISK_IS_FILLED)
        return disk_error();
    disk_reserved = disk_reserved < length ? disk_reserved : length;
    return next(fd, length);
}

#endif
