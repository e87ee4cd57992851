/* The scorer's inside, shared by the files of this room. S = supplies, W = columns of a feature row, C =
 * channels. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_ENGINE_INTERNAL_H
#define PSM_DETECTORS_ENGINE_INTERNAL_H

#include "detectors/engine/scorer.h"
#include "detectors/statistics/data_quality.h"
#include "detectors/statistics/rate.h"
#include "detectors/verdict/explain.h"
#include "detectors/verdict/work.h"

#define TRAIL_HOURS 336 /* hourly values kept to find an onset */
#define DAY_SCORES 24
#define VOLTS_KEPT 4   /* minutes of voltage residuals, for the fast path's witness */
#define RATE_SHARE 0.1 /* of the budget, for the fast path */
#define SCORE_SHARE (1 - RATE_SHARE)
#define NO_CHANCE 1e300 /* nothing was found: weaker than any chance */
#define HYSTERESIS 2.0  /* an open finding goes on up to this many times its share of the budget */

/* What the tick shows, [S] or [C]. */
struct shown {
    uint8_t *reason, *mode;
    float *residual, *jsd, *reconstruction, *by, *score, *chance;
    struct figure figures[3];
};

/* A minute's rows for the networks, one family at a time. */
struct batch {
    float *z, *context, *residual, *error; /* [largest family][…] */
    uint32_t *supply, *order;              /* order[S]: supplies family by family */
    size_t *first;                         /* [families + 1] into order */
};

/* A supply's running fast-path event. */
struct rise_event {
    tstamp_ns until; /* holds so long after the last exceedance; 0: none */
    struct finding f;
};

struct scorer {
    const struct model *model; /* NULL: ledger and data findings only */
    const struct fleet *fleet;
    const struct maintenance *maintenance;
    struct scorer_options o;
    struct feature_layout *own_layout; /* without a model */
    const struct feature_layout *layout;
    struct features *features;
    struct data_quality *data_quality;
    struct tracker *tracker;

    size_t per_hour;
    bool *in_maintenance; /* [S] */
    bool *usable;         /* [S] steady, known, not in maintenance: this minute counts */
    bool *unknown;        /* [S] steady at a current that the reference never saw */
    uint8_t *recent;      /* [S][window_minutes] ring of usable; recent_n[S] their number */
    uint16_t *recent_n;
    size_t recent_at;
    int32_t *level_of; /* [C] level of the supply's row; -1 */

    float *minutes;      /* [S][per_hour][W] the hour under way */
    int64_t hour;        /* since 1970, of the minute last seen; INT64_MIN: none yet */
    bool hour_open;      /* it has minutes that were not evaluated */
    struct hours *hours; /* [S] the longest window, newest last */
    size_t n_hours;
    float *trail;   /* [S][TRAIL_HOURS][W] */
    float *scores;  /* [S][DAY_SCORES] of hours, newest last; NaN */
    double cap;     /* score that a supply without an effect cannot pass */
    struct raw raw; /* of one supply, scratch */

    struct hist_windows *windows; /* [C] */
    float *window_in;             /* [C] */
    struct batch batch;
    struct rate rate;
    float *rise;  /* [S] */
    float *volts; /* [VOLTS_KEPT][S] residual of the voltage, newest at volts_at */
    size_t volts_at;
    int32_t *volts_level; /* [S] level of the voltage; -1 */
    int32_t *magnet_level;
    struct rise_event *events; /* [S] */

    /* of the last evaluated hour */
    struct finding *explained; /* [S] */
    double *hour_chance;       /* [S] of that hour's gated score; NO_CHANCE */
    int8_t *moved;             /* [S][W] */
    struct proposal *proposal;
    size_t n_proposals, proposal_cap;

    struct shown shown;
};

/* hour.c: ends the hour under way: aggregates, statistics, scores. end: its end. */
void scorer_end_hour(struct scorer *s, tstamp_ns end);
/* Proposes what the evaluated hour says, groups first. */
void scorer_propose(struct scorer *s, tstamp_ns t);
/* Score and chance of a supply from its last day; NaN: none. */
double scorer_day_chance(const struct scorer *s, size_t supply, double *score);

/* rise.c: the fast path of a minute; proposes when not warm. */
void scorer_rate(struct scorer *s, const struct frame *in, const struct feature_frame *ff, bool warm);

struct proposal *scorer_add_proposal(struct scorer *s, enum proposal_kind kind);

#endif
