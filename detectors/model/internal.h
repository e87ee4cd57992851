/* What a trained model holds, for the parts of detectors that make, keep and use it. Arrays are dense over
 * supplies S and columns W of a feature row. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_MODEL_INTERNAL_H
#define PSM_DETECTORS_MODEL_INTERNAL_H

#include "detectors/model/model.h"
#include "detectors/statistics/reconstruction.h"
#include "detectors/statistics/stats.h"

/* A reference period seen through one physics: what is normal for each supply. */
struct reference {
    bool *present;                    /* [S][W] enough steady minutes */
    float *centre, *spread;           /* [S][W] median and robust sd of the minutes */
    float *hour_centre, *hour_spread; /* [S][W] trimmed mean and robust sd of the hourly values */
    float *edges;                     /* [S][W][HIST_BINS-1] */
    uint32_t *counts;                 /* [S][W][HIST_BINS] */
    float *reconstruction_centre;     /* [S][W] mean of the autoencoder's residual */
    float *low, *high; /* [S] range of i (relative to full scale) when steady; NaN: no current */
};
void reference_init(struct reference *r, size_t n_supplies, size_t width);
void reference_fini(struct reference *r);
/* Whether the reference knows a supply at the relative current i: within its range and a margin, and not
 * with a sign that it never had (offsets of DAC and read-back hide in the sign). NaN (no current): known. */
bool reference_knows(const struct reference *r, size_t supply, float i);

/* Whether a supply can be scored, else why not. */
enum fit { FIT_OK, FIT_NO_DATA, FIT_NO_PHYSICS, FIT_NEVER_STEADY, FIT_TOO_SHORT, FIT_COUNT };
const char *fit_name(enum fit f);

struct model {
    const struct fleet *fleet; /* borrowed */
    tstamp_ns from, to, period;
    unsigned per_hour;                   /* grid minutes of an hour */
    size_t divergence_hours;             /* window of J */
    size_t windows, window[WINDOWS_MAX]; /* hours, of L and T */
    struct feature_layout *layout;
    struct physics *physics;
    struct reference ref;
    struct reconstruction *reconstruction;
    struct kinds kinds; /* KIND_NONE also where the reference has too few minutes */
    struct supply_kinds supply_kinds;
    struct scales scales;
    struct tails tails;
    float *min_effect; /* [S][W] */
    uint8_t *fit;      /* [S] enum fit */
    bool *had_data;    /* [C] some reading in the reference */
    bool *deadband;    /* [C] */
    size_t n_scored;   /* supplies with FIT_OK: the fleet over which chance is stated */
    char *summary;
};

struct model *model_new(const struct fleet *f);
/* The part of scales and reference that concerns one supply; borrowed from the model. */
void model_standard(const struct model *m, const struct scales *sc, size_t supply, struct standard *out);

/* Expected healthy supply-days a week over the scored fleet, at a tail probability of a supply-day. */
double model_chance(const struct model *m, double p);

#endif
