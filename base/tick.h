/* What one tick said about the whole fleet. Filled by detectors, kept by archive, shown by monitor.
 * Arrays belong to the maker and stay valid until its next tick. S = supplies, C = channels.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TICK_H
#define PSM_BASE_TICK_H

#include "base/finding.h"
#include "base/renewal.h"
#include "base/types.h"

#include <stdbool.h>
#include <string.h>

/* One figure that a statistic shows of every supply or channel. */
struct figure {
    const char *name;   /* "jsd": key in JSON and SQL, unique among the figures per supply, per channel */
    const char *words;  /* "divergence" */
    const char *unit;   /* "": the channel's own */
    bool per_channel;   /* value is [C]; else [S] */
    bool kept;          /* the history keeps it; else it is shown only */
    const float *value; /* NaN: cannot say */
};

/* What a supply's last day had that its reference never had. */
enum beyond {
    BEYOND_CURRENT = 1, /* it stood at a current never seen */
    BEYOND_COMMON = 2   /* air, water or its groups were so far off that what they do to it is doubtful */
};

/* The supply-days that a tick ends: what `psmon audit` compares with what is stated. */
struct supply_days {
    const float *chance;   /* [S] healthy supply-days this extreme expected a week over the scored fleet; NaN:
                              under DAY_LEAST_HOURS hours of it were evaluated */
    const float *any;      /* [S] the same before the minimum effect */
    const uint8_t *beyond; /* [S] enum beyond, all that applied */
    double all; /* expected a week whatever their score: the chance at p = 1, so that p = chance / all */
};
#define DAY_LEAST_HOURS 12 /* evaluated hours that make a supply-day, also in calibration */

struct tick {
    tstamp_ns t; /* grid time; the tick covers (t - period, t] */
    size_t n_supplies, n_channels;
    const uint8_t *mode;    /* [S] enum mode */
    const uint8_t *reason;  /* [S] enum reason; REASON_SCORED = 0 */
    const float *fullness;  /* [S] how full the supply's window is (12 h), 0 to 1; under a half shapes of
                               distributions are not judged yet, and levels with a wider spread */
    const float *value;     /* [C] grid value in the channel's unit; NaN: none */
    const uint8_t *quality; /* [C] enum quality of features/record.h */
    const float *residual;  /* [C] value minus what its drivers (and its sector) explain, channel's unit;
                               NaN: none (always for dac) */
    const struct figure *figures;  /* what the statistics show beside: */
    size_t n_figures;              /* jsd [C], reconstruction [S] and [C], and what is added to their table */
    const float *score;            /* [S] -log10 of the tail probability of the supply's last 24 h; NaN */
    const float *chance;           /* [S] expected healthy supply-days this extreme per week over the scored
                                      fleet; NaN */
    uint32_t ledger[REASON_COUNT]; /* supplies per reason; the sum is n_supplies */
    uint32_t resting;              /* of those with too few samples: because they were in maintenance, off or
                                      ramping for so long, and not for want of data */
    bool hour;                     /* hourly statistics were evaluated in this tick */
    const struct supply_days *day; /* of the tick that ends a UTC day; NULL in others, and without a model */
    const struct finding *findings; /* every finding that is open, or that closed in this tick */
    size_t n_findings;
    const struct finding
        *unsaid; /* likewise those that a larger budget would have said: for the history alone */
    size_t n_unsaid;
    const struct renewal *const
        *renewals; /* of supplies after work, what has been learned since the last tick */
    size_t n_renewals;
};

/* Supplies that ought to be scored and are not, for want of data or of a model. What the machine does, or
 * work on it, is no such want. */
static inline uint32_t tick_lost(const struct tick *t)
{
    const uint32_t *n = t->ledger;
    return n[REASON_MISSING] + n[REASON_STALE] + n[REASON_MODE_NEVER_SEEN] + n[REASON_NO_MODEL] +
           n[REASON_NO_NUMBER] + n[REASON_INVALID] + n[REASON_TOO_FEW_SAMPLES] - t->resting;
}

/* The figure of a name, per channel or per supply; NULL: the tick has none. */
static inline const struct figure *tick_figure(const struct tick *t, const char *name, bool per_channel)
{
    for (size_t i = 0; i < t->n_figures; i++)
        if (t->figures[i].per_channel == per_channel && strcmp(t->figures[i].name, name) == 0)
            return &t->figures[i];
    return NULL;
}

#endif
