/* See receiver.h. SPDX-License-Identifier: MIT */
#include "tests/virtual/receiver.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_REQUEST 65536

static int listening;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards what was accepted */
static struct received *accepted;
static size_t n_accepted, accepted_cap;

/* Reads head and body; false when the peer goes away. */
static bool read_request(int fd, char *text)
{
    size_t n = 0, want = SIZE_MAX;
    while (n < want) {
        ssize_t got = n < MAX_REQUEST - 1 ? recv(fd, text + n, MAX_REQUEST - 1 - n, 0) : 0;
        if (got <= 0)
            return 0;
        n += (size_t)got;
        text[n] = '\0';
        const char *body = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "content-length:");
        if (body && length)
            want = (size_t)(body + 4 - text) + strtoul(length + 15, NULL, 10);
    }
    return true;
}

/* Copies what follows `before` up to `end`; "" when it is not there. */
static void take(char *to, size_t room, const char *text, const char *before, char end)
{
    const char *from = strcasestr(text, before);
    size_t n = 0;
    if (from) {
        from += strlen(before);
        from += strspn(from, " \"");
        n = strcspn(from, (char[]){end, '\r', '\0'});
    }
    snprintf(to, room, "%.*s", (int)n, from ? from : "");
}

static void keep(const char *text)
{
    struct received r;
    take(r.id, sizeof r.id, text, "webhook-id:", '\r');
    take(r.type, sizeof r.type, text, "\"type\":", '"');
    take(r.occurrence, sizeof r.occurrence, text, "\"id\":", '"');
    pthread_mutex_lock(&mutex);
    xgrow(&accepted, &accepted_cap, n_accepted + 1, sizeof *accepted);
    accepted[n_accepted++] = r;
    pthread_mutex_unlock(&mutex);
}

static void answer(int fd, const char *status)
{
    char text[128];
    int n =
        snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status);
    if (send(fd, text, (size_t)n, MSG_NOSIGNAL) == n)
        shutdown(fd, SHUT_WR);
}

static void *serve(void *arg)
{
    static char text[MAX_REQUEST];
    (void)arg;
    for (;;) {
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        bool whole = read_request(fd, text);
        char mood[4];
        take(mood, sizeof mood, whole ? text : "", "referer:", '\r');
        enum receiver_state state = *mood ? (enum receiver_state)(*mood - '0') : RECEIVER_DROPS;
        if (state == RECEIVER_HANGS)
            continue; /* the file descriptor is left open on purpose: the peer waits until it gives up */
        if (whole && state == RECEIVER_ACCEPTS)
            keep(text);
        if (whole && state != RECEIVER_DROPS)
            answer(fd, state == RECEIVER_ACCEPTS ? "204 No Content" : "503 Service Unavailable");
        close(fd);
    }
    return NULL;
}

int receiver_start(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    pthread_t thread;
    listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listening < 0 || bind(listening, (struct sockaddr *)&at, n) != 0 || listen(listening, 128) != 0 ||
        getsockname(listening, (struct sockaddr *)&at, &n) != 0 ||
        pthread_create(&thread, NULL, serve, NULL) != 0)
        return -1;
    pthread_detach(thread);
    return ntohs(at.sin_port);
}

const struct received *receiver_accepted(size_t *n)
{
    pthread_mutex_lock(&mutex);
    *n = n_accepted;
    pthread_mutex_unlock(&mutex);
    return accepted;
}

void receiver_forget(void)
{
    pthread_mutex_lock(&mutex);
    n_accepted = 0;
    pthread_mutex_unlock(&mutex);
}
