/* Breaking a blocking command off cleanly; see interrupt.h. SPDX-License-Identifier: MIT */
#include "monitor/interrupt.h"

#include "base/mem.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct interrupt {
    pthread_t thread;
    int signals, end; /* descriptors: signalfd, eventfd */
    sigset_t before;  /* the mask to return to */
    void (*leave)(void *arg);
    void *arg;
};

static void *wait_for_one(void *arg)
{
    struct interrupt *i = arg;
    struct pollfd fds[2] = {{.fd = i->end, .events = POLLIN}, {.fd = i->signals, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0)
        continue; /* EINTR */
    struct signalfd_siginfo info;
    if ((fds[0].revents & POLLIN) || read(i->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return NULL;
    i->leave(i->arg);
    _exit(128 + (int)info.ssi_signo);
}

static void release(struct interrupt *i)
{
    if (i->signals >= 0)
        close(i->signals);
    if (i->end >= 0)
        close(i->end);
    pthread_sigmask(SIG_SETMASK, &i->before, NULL);
    free(i);
}

struct interrupt *interrupt_watch(void (*leave)(void *arg), void *arg)
{
    struct interrupt *i = xcalloc(1, sizeof *i);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    i->leave = leave;
    i->arg = arg;
    signal(SIGINT, SIG_DFL); /* a shell that started us in the background has it ignored: never delivered */
    pthread_sigmask(SIG_BLOCK, &set, &i->before);
    i->signals = signalfd(-1, &set, SFD_CLOEXEC);
    i->end = eventfd(0, EFD_CLOEXEC);
    if (i->signals < 0 || i->end < 0 || pthread_create(&i->thread, NULL, wait_for_one, i) != 0) {
        release(i);
        return NULL;
    }
    return i;
}

void interrupt_say(const char *text)
{
    if (text)
        fprintf(stderr, "%spsmon: stopped: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", text);
}

void interrupt_end(struct interrupt *i)
{
    if (!i)
        return;
    eventfd_write(i->end, 1);
    pthread_join(i->thread, NULL);
    release(i);
}
