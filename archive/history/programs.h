/* PostgreSQL's own programs: where they are, and running them without a shell.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_HISTORY_PROGRAMS_H
#define PSM_ARCHIVE_HISTORY_PROGRAMS_H

#include "base/err.h"

#define PROGRAM_VARIABLES 4 /* at most */

/* Folder of initdb, pg_ctl …: the version that made the cluster in folder data, or, when there is none
 * yet, the newest installed, 13 at least. Looks into PATH and the packages' places. Caller frees *bin.
 * Error: ERR_DB with the package to install. */
int programs_find(char **bin, const char *data, struct err *err) MUSTCHECK;

/* Runs argv (ended by NULL) without terminal, in a session of its own, with our file descriptors closed, the
 * variables PG* unset, environment ("NAME=value", ended by NULL; NULL: none) set, and its output appended to
 * log. Waits; returns the exit status, -1 when it could not be run. */
int program_run(const char *const argv[], const char *const environment[], const char *log);
/* The same without waiting, the process being nobody's child; 0 or -1. */
int program_start(const char *const argv[], const char *const environment[], const char *log);

/* As process 1 of a container we inherit whoever's parent ends, a killed server among them: until we ask how
 * they ended they stay, and are taken for alive. Asks; does nothing elsewhere. While no child of our own is
 * waited for. */
void programs_reap(void);

#endif
