/* Level: the mean of a column's hourly values over a day, over three when the reference is long enough,
 * against its reference. Finds slow and stepwise shifts; of a log-variance, more or less noise.
 * docs/detection.md §4, L. SPDX-License-Identifier: MIT */
#include "detectors/statistics/statistic.h"

#include <string.h>

static void window(const struct window *in, float out[])
{
    memcpy(out, in->shift, in->hours->width * sizeof *out);
}

extern const struct statistic statistic_level;
const struct statistic statistic_level = {
    .name = "level",
    .words = "mean of 24 h (72 h) against the reference",
    .standard = STANDARD_RMS,
    .windows = statistic_days,
    .window = window,
};
