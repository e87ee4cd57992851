/* A spell: the time for which what the tracks (smooth.h) tell of is there. The tracks remember a cause for up
 * to hundreds of rows after it has left; a spell ends when the rows themselves say that it has. Two
 * hypotheses about a row, that it is a healthy one or one as the spell has shown (in its mean square, and in
 * the shift that is told, where that is steady), are told apart by the sum of their log likelihood ratios,
 * held within [0, SPELL_EVIDENCE]: a sequential test in both directions (Page, Biometrika 1954), as many rows
 * long as the cause is faint. And the rows of late, which say since when, and by how much. Pure.
 * docs/detection.md §11. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_STATISTICS_SPELL_H
#define PSM_DETECTORS_STATISTICS_SPELL_H

#include "base/types.h"
#include "detectors/statistics/smooth.h"

#define SPELL_ROWS 300 /* of late, three memories of the slowest track */
#define SPELL_EVIDENCE \
    6.91 /* log 1,000: a cause that is there is thought gone at most once in so many rows */

struct spell {
    bool remembered; /* the tracks' score is an alarm */
    bool lasts;      /* and its cause is in the present */
    double level;    /* logarithm of the mean square that it shows */
    size_t told;     /* the column whose shift is told */
    double shift;    /* its size, in scales, where it is steady; 0: there is none */
    double usual2;   /* mean square of that column's usual deviations */
    double evidence; /* that the rows of late are healthy ones */
    size_t d, n;     /* rows kept: of late, and none from before the last cause left */
    size_t next;     /* where the next one goes */
    float *r;        /* (SPELL_ROWS,d) deviations as in struct track_row */
    tstamp_ns *time; /* [SPELL_ROWS] */
};

void spell_open(struct spell *s, size_t d);
void spell_close(struct spell *s);

/* The row that t has just taken in at `time`; which track decided its score, and whether that is an alarm. */
void spell_step(struct spell *s, const struct tracks *t, const struct track_null *null,
                const struct track_row *row, int which, bool alarm, tstamp_ns time);

/* What a column does in the present: the rows of late in which its mean or its unrest is most surprising. */
struct spell_shift {
    tstamp_ns since; /* time of the first of these rows */
    bool lasting;    /* its mean has moved; else it swings */
    bool steady;     /* far more than it swings, and for long: a row without it is one without the cause */
    double size;     /* mean of its deviations, signed; or their root mean square; in scales */
    double evidence; /* log likelihood ratio to usual rows */
};

/* usual2: mean square of its deviations in usual rows, > 0. */
struct spell_shift spell_shift(const struct spell *s, size_t column, double usual2);

/* The spell is told by this shift of a column: from the next row on it has to be there too. */
void spell_tell(struct spell *s, size_t column, const struct spell_shift *shift, double usual2);

#endif
