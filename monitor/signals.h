/* Signals of a fleet that do less than their site may think: names that are not one of the six with physics,
 * and supplies that lack one of these which explains others. docs/site.md §2. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_SIGNALS_H
#define PSM_MONITOR_SIGNALS_H

#include "base/fleet.h"

#include <stdio.h>

/* A line to `to` for each such signal, with how many channels there are, the first one's PV, and what was
 * probably meant; and one for each of the six that explain others and are missing. */
void signals_warn(const struct fleet *f, const char *fleet_path, FILE *to);

#endif
