/* A process on virtual time. This program defines clock_gettime, epoll_pwait and their like itself, so that
 * libuv, libcurl, libpq and psmon find these before the system's. Time stands still while anything runs, and
 * while an answer of the database or of an HTTP peer is on its way, for which the call waits in real time.
 * When the loop would sleep with nothing on its way, time jumps to its next timer. Days pass in seconds, and
 * what happens does not depend on how fast the machine is.
 *
 * The script says what happens when: it is called at the times that it names, between two turns of the loop.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_VIRTUAL_CLOCK_H
#define PSM_TESTS_VIRTUAL_CLOCK_H

#include "base/types.h"

#include <stdbool.h>
#include <stdint.h>

#define VIRTUAL_BOOT (INT64_C(20000) * NS_PER_DAY) /* where the monotonic clock begins */

/* Shared by all processes of a run: a life that was killed goes on where it ended. */
struct virtual_time {
    tstamp_ns now;
    tstamp_ns wall_ahead; /* of the machine's clock, which somebody has set */
    uint64_t random;      /* state of what OpenSSL's random numbers are replaced by */
    char text[24];        /* now in 20 digits of seconds, for who reads a file; kept up to date */
};
void virtual_write(struct virtual_time *s); /* text, after now was set by hand */

struct virtual_script {
    tstamp_ns (*next)(void);        /* time of the next event; INT64_MAX: none */
    void (*happen)(void);           /* the events that are due */
    void (*asked)(void);            /* something was sent to the database, the answer is not there yet */
    bool (*database_answers)(void); /* false: it hangs, and nobody waits for it in real time */
    bool (*peer_answers)(void);     /* the same of the HTTP peer that a request now goes to */
    const char *(*peer_mood)(void); /* which the request takes along as its Referer: the peer does as it was
                                     * when asked, however late it reads */
};

/* From here on this process lives on virtual time. Borrows both. */
void virtual_begin(struct virtual_time *shared, const struct virtual_script *script);

/* The database's connections have seen what became of it: waits in real time until each is readable. */
void virtual_await_hangup(void);

/* Real time, ns monotonic. */
int64_t virtual_real_ns(void);

#endif
