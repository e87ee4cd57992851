/* Tracks: whether the columns of single rows still go together, remembered over 3, 10, 33 and 100 of them;
 * for tables without physics, whose rows are too few for windows of hours. Distance D and reconstruction A in
 * whitened space, smoothed at four speeds (smooth.h), logarithm, standardised by what rows do that a fifth of
 * the reference says of another, maximum. Its chance is that of a single row. docs/detection.md §11.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_STATISTICS_TRACKS_H
#define PSM_DETECTORS_STATISTICS_TRACKS_H

#include "detectors/statistics/statistic.h"

/* Figures of a minute: of the supply, and of each channel. */
enum track_figure {
    TRACK_SCORE,          /* higher: more anomalous; 0: the median of healthy rows */
    TRACK_CHANCE,         /* probability of such a score in a healthy row */
    TRACK_RECONSTRUCTION, /* mean squared residual of this row, whitened units: about 1 when healthy */
    TRACK_LASTS, /* 1: the row is an alarm and its cause is in the present; 0: it is none, or only the
                    tracks still remember what has left */
    TRACK_PART,  /* of each channel: what it adds to the score, above what it usually does */
};

extern const struct statistic statistic_tracks;

bool tracks_have_network(const void *learned);

/* Takes chances from the scores of healthy rows that were not learned from, instead of the reference's own
 * with the factor 2 of a cold start; owns score[n]. */
void tracks_calibrate(void *learned, float score[], size_t n);

/* The smallest chance that the healthy scores can state (tail_reach). */
double tracks_reach(const void *learned);

/* Sets the chance from which on a row is an alarm; at first none is. */
void tracks_alarm_at(void *learned, double chance);

#endif
