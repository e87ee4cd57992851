/* The archiver of a run on virtual time: the simulated ring in this process, behind a wrapper that fails as
 * the script says. Takes the place of source_open (--wrap). SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_VIRTUAL_ARCHIVER_H
#define PSM_TESTS_VIRTUAL_ARCHIVER_H

#include "archive/sim/ring.h"

enum archiver_state {
    ARCHIVER_ANSWERS,
    ARCHIVER_REFUSES, /* every request fails at once */
    ARCHIVER_HANGS,   /* every request ends at its deadline */
    ARCHIVER_IS_OLD,  /* it answers, but knows nothing newer than `old_since` */
};

struct archiver {
    struct sim *ring;
    enum archiver_state state;
    tstamp_ns old_since;
    const tstamp_ns *now; /* the archiver's own time */
};

/* Which archiver the next source is a client of; borrowed. */
void archiver_set(struct archiver *a);

#endif
