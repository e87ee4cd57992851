/* A listening TCP socket on the libuv loop that never stops accepting: who has no room for a connection
 * closes it. Left in the kernel's queue, connections would keep everybody out for as long as they like.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_NET_LISTENER_H
#define PSM_BASE_NET_LISTENER_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <uv.h>

struct listener;

/* Takes fd, not blocking and closed on exec. */
typedef void listener_accept(void *arg, int fd, const struct sockaddr *from, socklen_t from_len);

/* Listens on "ADDR:PORT" ("[::1]:80", ":8080" = all addresses; port 0 = any). Error: ERR_NET. */
int listener_open(struct listener **out, uv_loop_t *loop, const char *listen, listener_accept *accept,
                  void *arg, struct err *err) MUSTCHECK;
/* Finish the loop afterwards. */
void listener_close(struct listener *l);

/* The port in use. */
int listener_port(const struct listener *l);

/* Whether somebody can come in: connects to it from here, sends `request` and waits for the answer, which
 * must begin with `expect`, for timeout_ms. done is called once on the loop, unless the listener is closed
 * before. One at a time: false when one is under way. */
bool listener_test(struct listener *l, const char *request, const char *expect, uint64_t timeout_ms,
                   void (*done)(void *arg, bool well), void *arg);

#endif
