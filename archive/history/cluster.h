/* A private PostgreSQL cluster in the state directory: initdb on first use, Unix socket only unless asked,
 * data checksums; a shared lock so that the last user stops it and none stops it under another.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_HISTORY_CLUSTER_H
#define PSM_ARCHIVE_HISTORY_CLUSTER_H

#include "base/err.h"

#include <uv.h>

struct cluster;

/* Where the cluster listens for others besides its socket. Only members of psmon_reader (psmon_operator is
 * one) get in, never the owner, by password (SCRAM) or, with client_ca, by a certificate of theirs that it
 * signed. */
struct cluster_listen {
    const char *address; /* IP address or host name of this machine */
    unsigned port;
    const char *allow;             /* networks, "10.0.0.0/8 192.168.7.0/24"; samenet: those of this machine */
    const char *certificate, *key; /* PEM files for TLS; NULL: none, then what is read can be overheard */
    const char *client_ca;         /* PEM file; NULL: passwords */
};

/* Makes (first time), starts when not running, and joins the cluster under state_dir; *conninfo (caller
 * frees) says how to reach its database `psmon`. Refuses to run as root. Recovers a cluster left by
 * kill -9. Errors: ERR_DB with PostgreSQL's own last lines; a hint with the package to install when its
 * programs are not found. Blocking; takes seconds the first time. listen NULL: on its socket only; who finds
 * the cluster running finds it as it was started. */
int cluster_join(struct cluster **out, const char *state_dir, const struct cluster_listen *listen,
                 char **conninfo, struct err *err) MUSTCHECK;

/* Leaves; the last user stops the server. */
void cluster_leave(struct cluster *c);

/* True when state_dir's cluster answers on its socket: commands that only read can then reach it. */
int cluster_running(const char *state_dir);

/* Watches the server from the loop (every 2 s, cheap, never blocks) and starts it again when it died, so
 * that a kill -9 of postgres costs seconds. Until cluster_unwatch, which must be called, and the loop run
 * once more, before cluster_leave. */
void cluster_watch(struct cluster *c, uv_loop_t *loop);
void cluster_unwatch(struct cluster *c);

#endif
