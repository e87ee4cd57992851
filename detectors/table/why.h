/* Why a row of a table stands out, as one line for people. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_TABLE_WHY_H
#define PSM_DETECTORS_TABLE_WHY_H

#include "base/types.h"
#include "detectors/table/tracks.h"

/* The signal whose track `which` is highest above its null. */
size_t why_top(const struct tracks *t, const struct track_null *n, int which);

struct why {
    const struct tracks *tracks;
    const struct track_null *null;
    int which;         /* the track that decided */
    size_t top;        /* its signal */
    const char *name;  /* of the signal */
    double now, scale; /* reading, NaN: missing; its scale, the unit of deviations */
    tstamp_ns period;
    size_t missing; /* signals without a value in this row */
};

/* "xmeas_09 averages 0.93 above what the other signals imply (3.1 times the usual deviation), now 121.3,
 * over about 1.6 h". */
void why_text(char out[], size_t size, const struct why *w);

/* "33 s", "1.7 min", "1.6 h", "2 d"; out is returned. */
const char *why_span(char out[], size_t size, tstamp_ns span);

#endif
