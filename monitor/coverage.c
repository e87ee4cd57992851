/* See coverage.h. SPDX-License-Identifier: MIT */
#include "monitor/coverage.h"

#include "base/mem.h"
#include "detectors/verdict/groups.h"

#include <stdio.h>
#include <stdlib.h>

/* What a reason that counts as lost says of so many supplies; NULL: it does not count. */
static const char *words_of(enum reason r)
{
    switch (r) {
    case REASON_MISSING: return "missing";
    case REASON_STALE: return "stale";
    case REASON_NO_NUMBER: return "with no number";
    case REASON_INVALID: return "invalid";
    case REASON_MODE_NEVER_SEEN: return "in a mode never seen";
    case REASON_TOO_FEW_SAMPLES: return "with too few samples";
    case REASON_NO_MODEL: return "without a model";
    default: return NULL;
    }
}

static void say_why(struct coverage *c, const struct tick *t)
{
    size_t len = 0;
    c->why[0] = '\0';
    for (int r = 0; r < REASON_COUNT && len < sizeof c->why; r++) {
        uint32_t n = t->ledger[r] - (r == REASON_TOO_FEW_SAMPLES ? t->resting : 0);
        if (n > 0 && words_of((enum reason)r))
            len += (size_t)snprintf(c->why + len, sizeof c->why - len, "%s%u %s", len ? ", " : "", n,
                                    words_of((enum reason)r));
    }
}

void coverage_of(struct coverage *c, const struct tick *t, const struct fleet *f)
{
    bool *lost = xcalloc(f->n_supplies, sizeof *lost);
    c->lost = tick_lost(t);
    c->wanted = t->n_supplies - t->ledger[REASON_MAINTENANCE];
    for (size_t s = 0; s < f->n_supplies; s++) /* who has too few because it rests is not known one by one */
        lost[s] = words_of((enum reason)t->reason[s]) &&
                  (t->reason[s] != REASON_TOO_FEW_SAMPLES || t->resting == 0);
    groups_where(f, lost, c->where, sizeof c->where);
    say_why(c, t);
    free(lost);
}
