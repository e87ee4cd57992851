/* The life of findings: what holds now is proposed, tick by tick, and becomes a finding that opens, goes on,
 * closes, or opens again under its old id when less than two days lie between. Pure: knows nothing of
 * statistics. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_VERDICT_TRACKER_H
#define PSM_DETECTORS_VERDICT_TRACKER_H

#include "base/finding.h"

#include <stddef.h>

#define FINDINGS_APART (2 * NS_PER_DAY) /* findings of a subject less apart than this are one */

enum proposal_kind {
    PROPOSE_SAY,  /* holds: opens or continues */
    PROPOSE_KEEP, /* holds, but not by enough to open (hysteresis): continues an open one */
    PROPOSE_HOLD, /* cannot be judged now: an open one stays as it is */
};

struct proposal {
    enum proposal_kind kind;
    struct finding
        now; /* id, first_seen, last_seen, closed are the tracker's; KEEP, HOLD: subject and cause only */
};

struct proposals {
    struct proposal *proposal;
    size_t n, cap;
};
/* Appends one that is weaker than anything said before; borrowed until the next. */
struct proposal *proposals_add(struct proposals *p, enum proposal_kind kind);
void proposals_free(struct proposals *p);

/* A slot is who proposes: SLOT_SCORE for all that share a supply's score, else the statistic's name. A
 * subject has at most one finding per slot and cause (class data: per signal). */
#define SLOT_SCORE ""

struct tracker;
struct tracker *tracker_new(void);
void tracker_free(struct tracker *f);

/* Continues a finding that was open when psmon stopped; what is tracked of its subject gives way. */
void tracker_restore(struct tracker *f, const char *slot, const struct finding *open);

/* All that a slot has to say at t; what is open in the slot and not proposed closes. */
void tracker_step(struct tracker *f, const char *slot, tstamp_ns t, const struct proposals *p);

/* Every finding that is open, or closed at t; borrowed until the next step. */
struct finding *tracker_list(struct tracker *f, tstamp_ns t, size_t *n);

/* Findings of a slot that are open or closed less than FINDINGS_APART ago, one after the other: *i begins at
 * 0; NULL after the last. Borrowed until the next step. */
const struct finding *tracker_next(const struct tracker *f, const char *slot, size_t *i);

/* The open finding in a slot of another's subject and cause (class data: signal); NULL: none. */
const struct finding *tracker_open(const struct tracker *f, const char *slot, const struct finding *like);

#endif
