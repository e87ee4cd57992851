/* Maintenance work of findings; see work.h. SPDX-License-Identifier: MIT */
#include "detectors/verdict/work.h"

#include <stdio.h>

/* Work on a group concerns every finding that holds a supply of it: in a sector also that of a water circuit.
 */
static bool in_group(const struct finding *d, const struct fleet *f, const struct maintenance_period *p)
{
    for (uint32_t s = 0; s < f->n_supplies; s++)
        if (maintenance_concerns(p, f, s) && finding_concerns(d, f, s))
            return true;
    return false;
}

static bool has_to_do(const struct maintenance_period *p, const struct finding *d, const struct fleet *f)
{
    if (p->supply >= 0) /* work on one supply does not move a group */
        return p->supply == d->supply;
    if (p->group >= 0)
        return in_group(d, f, p);
    return p->start <= d->onset && p->start >= d->onset - RING_WORK_BEFORE;
}

static const struct maintenance_period *latest(const struct maintenance *m, const struct finding *d,
                                               const struct fleet *f, tstamp_ns now)
{
    for (size_t i = maintenance_begun(m, now); i > 0 && m->period[i - 1].start >= d->onset - WORK_BEFORE; i--)
        if (has_to_do(&m->period[i - 1], d, f))
            return &m->period[i - 1];
    return NULL;
}

void work_tell(struct finding list[], size_t n, const struct maintenance *m, const struct fleet *f,
               tstamp_ns now)
{
    for (size_t i = 0; i < n; i++) {
        struct finding *d = &list[i];
        const struct maintenance_period *p = m ? latest(m, d, f, now) : NULL;
        snprintf(d->work, sizeof d->work, "%s", p ? p->entry->work : "");
        d->work_start = p ? p->start : 0;
    }
}
