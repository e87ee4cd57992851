/* Names of the vocabulary; see types.h. SPDX-License-Identifier: MIT */
#include "base/types.h"

#include <assert.h>

const char *mode_name(enum mode m)
{
    static const char *const names[] = {"unknown", "off", "ramping", "settling", "steady"};
    assert(m < MODE_COUNT);
    return names[m];
}

const char *reason_name(enum reason r)
{
    static const char *const names[] = {
        "scored",   "maintenance",     "no model",        "missing",   "stale",   "off",       "ramping",
        "settling", "mode never seen", "too few samples", "no number", "invalid", "after work"};
    assert(r < REASON_COUNT);
    return names[r];
}
