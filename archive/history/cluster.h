/* A private PostgreSQL cluster in the state directory: initdb on first use, Unix socket only, data
 * checksums; a shared lock so that the last user stops it and none stops it under another.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_HISTORY_CLUSTER_H
#define PSM_ARCHIVE_HISTORY_CLUSTER_H

#include "base/err.h"

struct cluster;

/* Makes (first time), starts when not running, and joins the cluster under state_dir; *conninfo (caller
 * frees) says how to reach its database `psmon`. Refuses to run as root. Recovers a cluster left by
 * kill -9. Errors: ERR_DB with PostgreSQL's own last lines; a hint with the package to install when its
 * programs are not found. Blocking; takes seconds the first time. */
int cluster_join(struct cluster **out, const char *state_dir, char **conninfo, struct err *err) MUSTCHECK;

/* Leaves; the last user stops the server. */
void cluster_leave(struct cluster *c);

/* True when state_dir's cluster has to be made or started (joining it then needs not to be root). */
int cluster_running(const char *state_dir);

#endif
