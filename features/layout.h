/* Which features each supply has: follows from the fleet alone. See features.h for the row.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_LAYOUT_H
#define PSM_FEATURES_LAYOUT_H

#include "base/fleet.h"
#include "base/words.h"

#include <stdbool.h>

/* How a level channel is made, which also says how to speak of it. */
enum feature_kind {
    FEATURE_CAPACITOR,
    FEATURE_MAGNET,
    FEATURE_IGBT,    /* temperature minus what the current explains, K */
    FEATURE_CURRENT, /* current minus what the DAC explains, in the current's unit */
    FEATURE_VOLTAGE, /* voltage minus what current and water explain, in the voltage's unit */
    FEATURE_RAW,     /* no physics known: the signal itself, in its unit */
};

struct feature_channel {
    uint32_t channel; /* index in the fleet */
    enum feature_kind kind;
    bool common;       /* the sector median is subtracted */
    double min_effect; /* smallest shift worth a finding, channel's unit; NaN until physics_complete
                          where it has to be learned (RAW; current, voltage without `range`) */
    const char *label; /* "IGBT temperature": the signal in words */
    const char *than;  /* "what its current explains" */
};

struct feature_layout {
    size_t n_supplies, levels, width; /* width = 2·levels */
    uint32_t *n_levels;               /* [S] */
    struct feature_channel *channel;  /* [S][levels] */
    char (*label)[WORDS_SIGNAL_LEN];  /* [signals of the fleet] what the channels' labels point into */
};
struct feature_layout *feature_layout_new(const struct fleet *f);
void feature_layout_free(struct feature_layout *l);
/* The row's column of supply s, level l; its log-variance is l + levels. */
static inline const struct feature_channel *feature_at(const struct feature_layout *l, size_t s, size_t level)
{
    return &l->channel[s * l->levels + level];
}

#endif
