/* Progress of long work: a bar with time left on a terminal, else a line every 10 s; silent for work
 * that takes under two seconds.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_PROGRESS_H
#define PSM_BASE_PROGRESS_H

#include "base/types.h"

struct progress {
    const char *what; /* borrowed; "reading archive" */
    tstamp_ns started, shown;
    int phase_shown; /* something was printed */
};

/* Starts; what is borrowed until the end. */
void progress_start(struct progress *p, const char *what);

/* Says that done of total units are done; cheap, call often. p may be NULL. */
void progress_update(struct progress *p, double done, double total);

/* The same for work in stages: another stage ends the bar of the one before. stage is borrowed; *p may begin
 * zeroed. */
void progress_stage(struct progress *p, const char *stage, double done, double total);

/* Ends the bar's line. p may be NULL. */
void progress_end(struct progress *p);

#endif
