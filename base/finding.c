/* Names of the words of a finding; see finding.h. SPDX-License-Identifier: MIT */
#include "base/finding.h"

const char *detector_name(enum detector d)
{
    static const char *const names[DETECTOR_COUNT] = {"level", "divergence", "reconstruction",
                                                      "rate", "data"};
    return names[d];
}

const char *finding_class_name(enum finding_class c)
{
    static const char *const names[CLASS_COUNT] = {"equipment", "sensor", "data", "common"};
    return names[c];
}

const char *direction_name(enum direction d)
{
    static const char *const names[DIRECTION_COUNT] = {"up", "down", "both"};
    return names[d];
}
