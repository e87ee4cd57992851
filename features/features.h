/* From grid minutes to feature rows: mode, physical residuals minus what supplies have in common,
 * log-variances. The streaming code is the same for training, replay and live.
 *
 * Per supply up to `levels` residual channels ("levels"), each followed by its log-variance channel:
 * row = [level 0 … levels-1 | logvar 0 … levels-1], NaN where there is none. S = supplies, W = 2·levels.
 * Formulas: physics.h (regressors), drivers.h (low passes), ridge.h (shrinking to the family),
 * common.h (what groups do; where fewer than four supplies have a signal nothing is subtracted), mode.h.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_FEATURES_H
#define PSM_FEATURES_FEATURES_H

#include "features/layout.h"
#include "features/physics.h"
#include "features/record.h"

#define SETTLED_WITHIN                                                                   \
    0.5F /* of the minimum effect: what is left of a step of the current does not matter \
          */

/* One minute of features. Borrowed from the engine until its next step. */
struct feature_frame {
    tstamp_ns t;
    const uint8_t *mode;     /* [S] enum mode */
    const float *x;          /* [S][W]; levels in the channel's unit, logvar natural log; NaN: none.
                                Given in every mode but unknown; the caller decides by mode what to use.
                                RAW levels are given minus the reference's median */
    const float *context;    /* [S][3] i, LP15(q), LP60(|i|), relative to peak; NaN */
    const float *rise;       /* [S] magnet temperature minus its LP3(q) prediction from the median of
                                three of the current, K; not median-subtracted; NaN */
    const float *unsettled;  /* [S][L] what a change of the current may still make of a level (settling.h),
                                channel's unit; NULL without physics */
    const float *peak;       /* [S] full scale of the current in its unit (fleet `range`, or learned) */
    size_t n_groups;         /* groups of the fleet (common.h) */
    const float *group;      /* [groups][COMMON_SIGNALS] what they did beyond what they are part of, K; NaN */
    const float *group_base; /* the same of what they are part of */
    const float *doubt;      /* [S][levels] one sd, channel's unit, of what was subtracted as common: how
                                differently   supplies answer to it; 0 where nothing is; NaN as x */
};

/* Whether a level has settled after the last changes of the current. Its log-variance needs no such time. */
static inline bool feature_settled(const struct feature_layout *l, const struct feature_frame *ff, size_t s,
                                   size_t level)
{
    float left = ff->unsettled ? ff->unsettled[s * l->levels + level] : 0;
    return left == 0 || left <= SETTLED_WITHIN * (float)feature_at(l, s, level)->min_effect;
}

/* How far back features_step reaches on a grid of that period: what it gives at minute t depends, to the last
 * bit, on the frames in (t - FEATURES_MEMORY, t] and the physics alone. Low passes start anew every 12 h in
 * turn (drivers.h), so that one that is read began up to 24 h ago; from them come residuals, what is common,
 * and the water within two hours of those; then voltages, and their log-variance over ten minutes. Modes
 * remember 16 h (mode.h). Gaps that are bridged and the minutes that
 * are counted come on top, in periods. */
#define FEATURES_MEMORY(period) (28 * NS_PER_HOUR + 60 * (period))

/* Streaming engine. Borrows all. physics NULL: modes only, x NaN. */
struct features;
struct features *features_new(const struct fleet *f, const struct feature_layout *l, const struct physics *p);
void features_free(struct features *e);
/* Minutes must come in order; a jump of more than 10 min restarts low passes and settling. */
void features_step(struct features *e, const struct frame *in, struct feature_frame *out);

#endif
