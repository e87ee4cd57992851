/* Level: the mean of a column's hourly values over a day, over three when the reference is long enough,
 * against its reference. Finds slow and stepwise shifts; of a log-variance, more or less noise.
 * docs/detection.md §4, L. SPDX-License-Identifier: MIT */
#include "detectors/statistics/statistic.h"

#include <math.h>

/* A window that is less than half full, in the hours after a long outage or a start, says what it can
 * with a wider spread: as if hours were independent, whose mean over n of them varies as 1/n. What lasts
 * longer than an hour varies less than that, so that the young window is the more careful one. */
static void window(const struct window *in, float out[])
{
    hours_fullness(in->hours, in->end, in->lo, in->length, out);
    for (size_t c = 0; c < in->hours->width; c++)
        out[c] = in->shift[c] * sqrtf(out[c]);
}

extern const struct statistic statistic_level;
const struct statistic statistic_level = {
    .name = "level",
    .words = "mean of 24 h (72 h) against the reference",
    .standard = STANDARD_RMS,
    .windows = statistic_days,
    .window = window,
};
