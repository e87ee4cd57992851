/* A command that blocks in the database can be broken off cleanly: a thread waits for SIGINT and SIGTERM,
 * does what has to be done before the end, and ends the process. It owns what it works with and is joined
 * before that goes. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_INTERRUPT_H
#define PSM_MONITOR_INTERRUPT_H

struct interrupt;

/* From now on SIGINT or SIGTERM calls leave(arg) on the thread, then ends the process with 128 + the signal.
 * Both are blocked in this thread and those it makes meanwhile. NULL when there can be no thread: the signals
 * end the process as ever. */
struct interrupt *interrupt_watch(void (*leave)(void *arg), void *arg);

/* For leave: one line on standard error, "psmon: stopped: TEXT", in place of a bar of progress. NULL: none.
 */
void interrupt_say(const char *text);

/* Ends the watch; once it returns leave is not running and will not be called, and the signals are as before.
 * NULL is fine. */
void interrupt_end(struct interrupt *i);

#endif
