/* How much of the time a fleet was scored and why not the rest: the ledgers of many ticks together.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_LEDGER_H
#define PSM_BASE_LEDGER_H

#include "base/tick.h"

#include <stdio.h>

/* Supply-minutes (more exactly supply-ticks) per reason. Zero-fill to start. */
struct ledger {
    uint64_t n[REASON_COUNT];
    uint64_t half; /* of those scored: whose window was less than half full */
};

void ledger_add(struct ledger *l, const struct tick *t);
void ledger_merge(struct ledger *into, const struct ledger *from);

/* Share of the supply-minutes outside maintenance that have this reason; NaN: there were none. What was in
 * maintenance is no share of them: 0. */
double ledger_share(const struct ledger *l, enum reason r);

/* One line of text: the share that was scored, then each reason that took a part, largest first. */
void ledger_print(const struct ledger *l, FILE *to);

#endif
