/* Recursive filters with a bounded memory. A low pass y <- y + g (x - y) forgets only in the limit, and two
 * that started at different times may differ in their last bit for ever; what a minute says would depend on
 * when psmon was started. So each filter exists twice, in two banks. Time since 1970 is cut into stretches;
 * in each stretch one bank, in turn, starts anew at the input, and the other one is read: it has run for one
 * to two stretches, so that what it is short of the endless filter is e^(-stretch/tau) of a step at its
 * start. SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_BANKS_H
#define PSM_FEATURES_BANKS_H

#include "base/types.h"

#include <stdbool.h>

#define BANKS 2

struct banks {
    unsigned read, young; /* the bank that is read; the one that started in this stretch */
    bool restart;         /* the young one starts anew in this minute */
};

static inline int64_t banks_stretch_of(tstamp_ns t, tstamp_ns stretch)
{
    return t / stretch - (t % stretch < 0);
}

/* Minute t after minute `last`; the two are less than a stretch apart, or both banks start anyway. */
static inline struct banks banks_at(tstamp_ns t, tstamp_ns last, tstamp_ns stretch)
{
    int64_t now = banks_stretch_of(t, stretch);
    unsigned young = (unsigned)(now & 1);
    return (struct banks){!young, young, now != banks_stretch_of(last, stretch)};
}

#endif
