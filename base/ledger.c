/* Sums of ledgers; see ledger.h. SPDX-License-Identifier: MIT */
#include "base/ledger.h"

#include <math.h>

void ledger_add(struct ledger *l, const struct tick *t)
{
    for (int r = 0; r < REASON_COUNT; r++)
        l->n[r] += t->ledger[r];
    for (size_t i = 0; i < t->n_supplies; i++)
        l->half += t->reason[i] == REASON_SCORED && t->fullness[i] < 0.5F;
}

void ledger_merge(struct ledger *into, const struct ledger *from)
{
    for (int r = 0; r < REASON_COUNT; r++)
        into->n[r] += from->n[r];
    into->half += from->half;
}

double ledger_share(const struct ledger *l, enum reason r)
{
    uint64_t outside = 0;
    for (int k = 0; k < REASON_COUNT; k++)
        outside += k == REASON_MAINTENANCE ? 0 : l->n[k];
    if (outside == 0)
        return NAN;
    return r == REASON_MAINTENANCE ? 0 : (double)l->n[r] / (double)outside;
}

/* The reason with the most minutes among those not yet said; REASON_SCORED: there is none. */
static enum reason next(const struct ledger *l, const bool said[REASON_COUNT])
{
    enum reason most = REASON_SCORED;
    for (enum reason r = REASON_SCORED + 1; r < REASON_COUNT; r++)
        if (!said[r] && l->n[r] > 0 && (most == REASON_SCORED || l->n[r] > l->n[most]))
            most = r;
    return most;
}

void ledger_print(const struct ledger *l, FILE *to)
{
    bool said[REASON_COUNT] = {[REASON_MAINTENANCE] = true};
    double scored = ledger_share(l, REASON_SCORED);
    if (isnan(scored)) {
        fprintf(to, "all of it was maintenance\n");
        return;
    }
    double half = l->n[REASON_SCORED] ? scored * (double)l->half / (double)l->n[REASON_SCORED] : 0;
    fprintf(to,
            "scored %.1f %% of the supply-minutes outside maintenance, %.1f %% with windows under half full",
            100 * scored, 100 * half);
    for (enum reason r = next(l, said); r != REASON_SCORED; r = next(l, said)) {
        fprintf(to, "; %s %.2f %%", reason_name(r), 100 * ledger_share(l, r));
        said[r] = true;
    }
    fprintf(to, "\n");
}
