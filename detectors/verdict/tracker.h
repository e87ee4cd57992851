/* The life of findings: what holds now is proposed, tick by tick, and becomes a finding that opens, goes on,
 * closes, or opens again under its old id when less than two days lie between. Pure: knows nothing of
 * statistics. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_VERDICT_TRACKER_H
#define PSM_DETECTORS_VERDICT_TRACKER_H

#include "base/finding.h"

#define FINDINGS_APART (2 * NS_PER_DAY) /* findings of a subject less apart than this are one */

/* Who proposes; a subject has at most one finding per slot (data: per signal). */
enum slot { SLOT_SCORE, SLOT_RATE, SLOT_DATA, SLOT_COUNT };

enum proposal_kind {
    PROPOSE_SAY,  /* holds: opens or continues */
    PROPOSE_KEEP, /* holds, but not by enough to open (hysteresis): continues an open one */
    PROPOSE_HOLD, /* cannot be judged now: an open one stays as it is */
};

struct proposal {
    enum proposal_kind kind;
    struct finding now; /* id, first_seen, last_seen, closed are the tracker's; HOLD: subject, signal only */
};

struct tracker;
struct tracker *tracker_new(void);
void tracker_free(struct tracker *f);

/* Continues findings that were open when psmon stopped. */
void tracker_restore(struct tracker *f, const struct finding open[], size_t n);

/* All that a slot has to say at t; what is open in the slot and not proposed closes. */
void tracker_step(struct tracker *f, enum slot slot, tstamp_ns t, const struct proposal p[], size_t n);

/* Every finding that is open, or closed at t; borrowed until the next step. */
struct finding *tracker_list(struct tracker *f, tstamp_ns t, size_t *n);

/* The open finding of a subject in a slot (signal "": any); NULL: none. */
const struct finding *tracker_open(const struct tracker *f, enum slot slot, const char *subject,
                                   const char *signal);

#endif
