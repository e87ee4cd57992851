/* What a trained model holds, for the parts of detectors that make, keep and use it. Arrays are dense over
 * supplies S and columns W of a feature row. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_MODEL_INTERNAL_H
#define PSM_DETECTORS_MODEL_INTERNAL_H

#include "detectors/groups/group_model.h"
#include "detectors/model/model.h"
#include "detectors/statistics/score.h"

#define LEAD 0 /* the measure that others are explained in: level over its shortest window, a day */

/* Whether a supply can be scored, else why not. */
enum fit {
    FIT_OK,
    FIT_NO_DATA,
    FIT_NO_PHYSICS,
    FIT_NEVER_STEADY,
    FIT_TOO_SHORT,
    FIT_NOT_IN_MODEL, /* the fleet has changed since training */
    FIT_COUNT
};
const char *fit_name(enum fit f);

struct model {
    const struct fleet *fleet; /* borrowed */
    bool table;                /* of a table's rows: no physics, nothing is judged by the hour */
    tstamp_ns from, to, period;
    unsigned per_hour;       /* grid minutes of an hour */
    unsigned window_minutes; /* of the configuration it was trained with */
    struct measures measures;
    struct feature_layout *layout;
    struct physics *physics;
    struct reference ref;
    void *learned[STATISTICS_MAX]; /* by statistic; NULL: it learns nothing more */
    struct kinds kinds;            /* KIND_NONE also where the reference has too few minutes */
    struct supply_kinds supply_kinds;
    struct scale scale[MEASURES_MAX];
    struct tail *tail[MEASURES_MAX]; /* [model_tails] of each measure */
    struct tail own[STATISTICS_MAX]; /* of daily maxima of what is judged by the minute */
    struct tail day;                 /* of the daily maximum of a supply's score */
    struct group_model groups;
    float *min_effect; /* [S][W] */
    uint8_t *fit;      /* [S] enum fit */
    float *largest;    /* [C] of the sizes of readings in the reference; NaN: there was none */
    bool *deadband;    /* [C] */
    bool *known;       /* [C] its supply is one that was trained; NULL: all are */
    char *lacks;       /* in words which supplies are not; NULL: none */
    size_t n_scored;   /* supplies with FIT_OK: the fleet over which chance is stated */
    char *summary;
};

struct model *model_new(const struct fleet *f);
/* Sets times and measures; window in minutes. */
void model_set_times(struct model *m, tstamp_ns from, tstamp_ns to, tstamp_ns period,
                     unsigned window_minutes);
/* Room for what is calibrated, once kinds stand as the reference leaves them. */
void model_init_calibration(struct model *m);
/* What follows from presence and fits, and room for what is calibrated. */
void model_derive(struct model *m);
/* *out: was for fleet f, which has changed since. was may be used no more but to free it. Error: ERR_DATA
 * when no supply is as it was. */
int model_refit(struct model **out, struct model *was, const struct fleet *f, struct err *err) MUSTCHECK;
/* Tails of a measure: one for each kind of column, or one for rows. */
size_t model_tails(const struct model *m, size_t measure);

/* What concerns one supply, by given scales [measures]; borrowed. */
void model_yardstick(const struct model *m, const struct scale scale[], size_t supply, struct yardstick *out);

/* Expected healthy supply-days a week over the scored fleet, at a tail probability of a supply-day. */
double model_chance(const struct model *m, double p);
/* The chance of p that a tail gave, as it is said: not below the floor of what that tail can state. What
 * decides takes model_chance. */
double model_said(const struct model *m, const struct tail *t, double p);
/* Share of the budget that scores have; the rest is that of what is judged by the minute. */
double model_score_share(void);

#endif
