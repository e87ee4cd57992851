/* The maintenance work that is told with a finding: work on its subject before the onset may have caused it,
 * work since then may have cured it. Told here once, for the history, the ranking and every other reader.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_VERDICT_WORK_H
#define PSM_DETECTORS_VERDICT_WORK_H

#include "base/finding.h"
#include "base/maintenance.h"

/* Work on the supply or its sector may show so much later. */
#define WORK_BEFORE (14 * NS_PER_DAY)
/* Work everywhere, as on each maintenance day, is told only so near before the onset. */
#define RING_WORK_BEFORE (36 * NS_PER_HOUR)

/* Sets work and work_start of list[n] to the latest period begun by `now` that may have to do with each;
 * "" and 0: none. m may be NULL. */
void work_tell(struct finding list[], size_t n, const struct maintenance *m, const struct fleet *f,
               tstamp_ns now);

#endif
