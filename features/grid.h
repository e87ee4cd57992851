/* The state of the grid's channels, shared by live polling (grid.c) and spans (record.c); everyone else
 * uses record.h. SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_GRID_H
#define PSM_FEATURES_GRID_H

#include "features/record.h"

/* A reading as the grid keeps it. */
struct held {
    tstamp_ns t; /* INT64_MIN: none */
    float value; /* NaN: it is none */
    uint8_t why; /* then: enum quality, INVALID, NOT_NUMBER or NOT_FINITE */
};

/* What is known of the connection after a held reading. */
enum link { LINK_UP, LINK_LOST, LINK_UNKNOWN };

struct grid_channel {
    struct held last;              /* the newest reading */
    uint32_t intervals, long_ones; /* between readings; those beyond max_age without a loss */
    int8_t connected;              /* the archiver's word: 1, 0, -1 not known */
    bool deadband;
    bool learns;   /* that is learned, not told */
    bool doubtful; /* in the last frame: silent, and only the archiver's word says why */
};

struct grid {
    const struct fleet *fleet;
    tstamp_ns period, hold;
    tstamp_ns *max_age; /* [n_channels] */
    struct grid_channel *channel;
    float *value; /* the frame */
    uint8_t *quality;
};

/* Whether another channel of the supply has a fresh reading: quality of channel c is quality[c · stride].
 * Then the supply's controller is alive, and a dead-band channel is silent because nothing changed. */
bool grid_sibling_speaks(const uint8_t quality[], size_t stride, const struct supply *s, uint32_t channel);

/* A sample as the grid keeps it. */
struct held grid_held(const struct sample *s);

/* Quality at t of the newest reading that is not younger than t. */
enum quality grid_quality(const struct held *h, tstamp_ns t, tstamp_ns max_age, bool deadband, tstamp_ns hold,
                          enum link link);

/* Counts one interval and decides whether the channel sends on change only. */
void grid_learn(struct grid_channel *c, tstamp_ns interval, tstamp_ns max_age);

#endif
