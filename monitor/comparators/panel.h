/* All comparators side by side over one ring: they learn from the first half of its reference, their limits
 * come from the second half, and what they say of the time after becomes findings that are judged as psmon's
 * are. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_COMPARATORS_PANEL_H
#define PSM_MONITOR_COMPARATORS_PANEL_H

#include "base/finding.h"
#include "features/record.h"
#include "monitor/comparators/comparator.h"

struct panel;

/* Learns from a reference of a minute a row; usable[record_minutes][S]: the supply's minute counts. Borrows
 * the fleet only. */
struct panel *panel_learn(const struct fleet *f, struct record *reference, const bool usable[],
                          uint64_t seed);
void panel_free(struct panel *p);

/* One minute of what is judged, in order. usable[S]. */
void panel_step(struct panel *p, const struct frame *frame, const bool usable[]);

/* The limit of a comparator at which its supply-days of the second half speak `budget` times a week over the
 * ring, by the same kind of tail as psmon's own (detectors/model/tail.h); NaN: it has none. */
double panel_limit(const struct panel *p, size_t comparator, double budget);

/* What it says at a limit: of a supply one finding from the hour that reaches it until a day has passed
 * without. Caller frees *out; returns their number. */
size_t panel_findings(const struct panel *p, size_t comparator, double limit, struct finding **out);

#endif
