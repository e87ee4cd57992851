/* An addition that tests/e2e/41-add-statistic.sh makes in a copy of the tree: the last hour of a column
 * against its reference. SPDX-License-Identifier: MIT */
#include "detectors/statistics/statistic.h"

#include <string.h>

static size_t windows(const struct reference_span *r, size_t hours[WINDOWS_MAX])
{
    (void)r;
    hours[0] = 1;
    return 1;
}

static void window(const struct window *in, float out[])
{
    memcpy(out, in->shift, in->hours->width * sizeof *out);
}

extern const struct statistic statistic_hour_mean;
const struct statistic statistic_hour_mean = {
    .name = "hour_mean",
    .words = "the last hour against the reference",
    .figure = {{"hour_mean", "the last hour", "", true, true, NULL}},
    .standard = STANDARD_RMS,
    .windows = windows,
    .window = window,
};
