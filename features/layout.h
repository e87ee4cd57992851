/* Which features each supply has: follows from the fleet alone. See features.h for the row.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_LAYOUT_H
#define PSM_FEATURES_LAYOUT_H

#include "base/fleet.h"
#include "base/text/words.h"

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
    bool common;       /* what supplies have in common is subtracted */
    double min_effect; /* smallest shift worth a finding, channel's unit; NaN until physics_complete
                          where it has to be learned (RAW; current, voltage without `range`) */
    double step;       /* smallest step between two readings, channel's unit; NaN until physics_complete */
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

/* The level of a supply that a signal of its fleet makes, by the signal's name; -1: none. */
int32_t feature_level(const struct feature_layout *l, const struct fleet *f, size_t supply,
                      const char *signal);

/* Where the rows of a fleet stand in those of another, earlier one. A supply is known when it is the same in
 * all that fleet_text says, in whatever order signals come. */
struct layout_map {
    const struct fleet *then, *now;
    const struct feature_layout *from, *to; /* of them */
    int32_t *supply;                        /* [S] index then; -1: not known */
    int32_t *level;                         /* [S][levels] of a known supply: its level then; else -1 */
    size_t known;
};
/* Borrows all four. */
struct layout_map *layout_map_new(const struct fleet *then, const struct feature_layout *from,
                                  const struct fleet *now, const struct feature_layout *to);
void layout_map_free(struct layout_map *m);
/* The column of the earlier row that is column c of a known supply's row; -1: it has no such column. */
int32_t layout_map_column(const struct layout_map *m, size_t supply, size_t c);

#endif
