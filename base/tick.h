/* What one tick said about the whole fleet. Filled by detectors, kept by archive, shown by monitor.
 * Arrays belong to the maker and stay valid until its next tick. S = supplies, C = channels.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TICK_H
#define PSM_BASE_TICK_H

#include "base/finding.h"
#include "base/types.h"

#include <stdbool.h>

struct tick {
    tstamp_ns t; /* grid time; the tick covers (t - period, t] */
    size_t n_supplies, n_channels;
    const uint8_t *mode;         /* [S] enum mode */
    const uint8_t *reason;       /* [S] enum reason; REASON_SCORED = 0 */
    const float *value;          /* [C] grid value in the channel's unit; NaN: none */
    const uint8_t *quality;      /* [C] enum quality of features/record.h */
    const float *residual;       /* [C] value minus what its drivers (and its sector) explain, channel's unit;
                                    NaN: none (always for dac) */
    const float *jsd;            /* [C] plain Jensen-Shannon divergence of the residual's last window against
                                    its reference, bits; NaN: cannot say. The mission's first figure */
    const float *reconstruction; /* [S] autoencoder error of this minute, mean squared whitened
                                    residual; NaN. The mission's second figure */
    const float *reconstruction_by; /* [C] its signed part per channel, standard deviations; NaN */
    const float *score;             /* [S] -log10 of the tail probability of the supply's last 24 h; NaN */
    const float *chance;            /* [S] expected healthy supply-days this extreme per week over the scored
                                       fleet; NaN */
    uint32_t ledger[REASON_COUNT];  /* supplies per reason; the sum is n_supplies */
    bool hour;                      /* hourly statistics were evaluated in this tick */
    const struct finding *findings; /* every finding that is open, or that closed in this tick */
    size_t n_findings;
};

#endif
