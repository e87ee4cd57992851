/* What has not settled; see settling.h. SPDX-License-Identifier: MIT */
#include "features/settling.h"

#include <math.h>

/* In steps of a supply's own: what does not depend on a low pass is the same in both. */
static float apart(const struct physics *p, const struct feature_layout *l, const struct drivers *d, size_t s,
                   size_t level)
{
    enum feature_kind kind = feature_at(l, s, level)->kind;
    if (kind == FEATURE_RAW || kind == FEATURE_CURRENT || !d->row[s].valid)
        return 0;
    double now = physics_expect(p, l, s, level, &d->row[s], NULL);
    double slower = physics_expect(p, l, s, level, &d->slower[s], NULL);
    return isnan(now) ? 0 : (float)fabs(now - slower);
}

void settling_of(const struct physics *p, const struct feature_layout *l, const struct drivers *d,
                 float out[])
{
    for (size_t s = 0; s < l->n_supplies; s++)
        for (size_t k = 0; k < l->n_levels[s]; k++)
            out[s * l->levels + k] = apart(p, l, d, s, k);
}
