/* The statistics by name; see statistic.h. SPDX-License-Identifier: MIT */
#include "detectors/statistics/statistic.h"

#include <string.h>

bool statistic_by_minute(const char *name)
{
    return strcmp(name, "rate") == 0;
}
