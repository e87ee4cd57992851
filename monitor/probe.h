/* Whether what a configuration names is there and is what it says: every PV of the archiver, the database,
 * each webhook. Asks and prints; changes nothing. For check-config --probe. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_PROBE_H
#define PSM_MONITOR_PROBE_H

#include "monitor/command.h"

#include <stdio.h>

/* Prints to `to` a line a part, and before it a row for each channel that something is wrong with, and for
 * each that is odd (which is no fault). send: webhooks get a test message; else they are only reached.
 * Returns how many things are wrong. Blocking, with its progress on
 * standard error: two requests a PV. */
size_t probe(struct context *c, bool send, FILE *to);

#endif
