/* The scorer's inside: parts that are each written by one file. S = supplies, W = columns of a feature row, C
 * = channels. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_ENGINE_INTERNAL_H
#define PSM_DETECTORS_ENGINE_INTERNAL_H

#include "detectors/engine/renew.h"
#include "detectors/engine/scorer.h"
#include "detectors/model/internal.h"
#include "detectors/verdict/explain.h"
#include "detectors/verdict/groups.h"

#define TRAIL_HOURS 336 /* hourly values kept to find an onset */
#define DAY_SCORES 24
#define LOOK_BACK 24 /* hours of the reference, before its end, in which an onset may lie */

/* ---- gate.c: which supplies' minute counts, and why the others' do not ---- */
/* A minute that does not count because of maintenance or of what the machine does is nobody's fault. */
enum minute_kind { MINUTE_LACKING, MINUTE_USABLE, MINUTE_RESTING };
struct gate {
    size_t n;
    unsigned window_minutes;
    tstamp_ns seen;                             /* last minute */
    bool *maintenance;                          /* [S] */
    const struct maintenance_period **own_work; /* [S] its own that began since the last minute; NULL: none */
    bool *blocked;                              /* [S] a statistic says that it must not be scored */
    bool *usable;    /* [S] steady, not in maintenance, not blocked: it counts … */
    bool *counts;    /* [S][W] … in these columns */
    bool *beyond;    /* [S] its current is one at which the reference does not know some level */
    uint8_t *held;   /* [S] enum reason of which most of its levels do not; 0: most do */
    uint8_t *recent; /* [S][window_minutes] ring of enum minute_kind */
    uint16_t *recent_n, *resting_n; /* [S] how many of them are usable, resting */
    uint16_t *lately_n;             /* [S] how many of the last twelfth are usable */
    size_t recent_at;
};
void gate_init(struct gate *g, size_t n, size_t width, unsigned window_minutes);
void gate_fini(struct gate *g);
void gate_maintenance(struct gate *g, const struct maintenance *m, const struct fleet *f, tstamp_ns t);
void gate_judge(struct gate *g, const struct model *m, const struct feature_frame *ff);
/* How full a supply's window is, 0 to 1. */
float gate_fullness(const struct gate *g, size_t supply);
/* Whether what a supply lacks of a window are minutes at rest, and not data. */
bool gate_rests(const struct gate *g, size_t supply);
/* scored: it has a score. model may be NULL. */
enum reason gate_reason(const struct gate *g, const struct model *m, const struct fleet *f,
                        const struct minute *in, size_t supply, bool scored);

/* ---- what an hour says of one cause of a supply ---- */
struct said {
    struct finding f;
    double chance;       /* what decides; the finding's is as it is said */
    bool stands;         /* it is there, and can be said */
    bool flagged, taken; /* propose.c: it would be a finding; it is part of a group's */
};

/* ---- hourly.c: the hour under way, the hours before, and what the last one says ---- */
struct hourly {
    const struct model *model;
    double cap;          /* score that a supply without an effect cannot pass */
    float *minutes;      /* [S][per_hour][W] the hour under way; NaN: does not count */
    size_t minute;       /* of it, the last one */
    double *doubt;       /* [S][W/2] sum over its minutes that count: of common, settling, the current */
    unsigned *doubted;   /* [S] how many these are */
    int64_t hour;        /* since 1970, of the minute last seen; INT64_MIN: none yet */
    bool open;           /* it has minutes that were not evaluated */
    struct hours *hours; /* [S] the longest window, newest last */
    float *trail;        /* [S][TRAIL_HOURS][W], rings that begin at trail_first */
    size_t trail_first;
    float *any, *gated; /* [S][DAY_SCORES] rings: hour_score's; NaN */
    uint8_t *beyond;    /* [S][DAY_SCORES] enum beyond of the hour */
    size_t scores_at;
    struct values values; /* of one supply, scratch */
    struct rows rows;     /* of one family, scratch */
    float *row_value, *row_each;
    uint32_t *order; /* [S] supplies family by family */
    size_t *first;   /* [families + 1] into order */

    /* of the last evaluated hour */
    tstamp_ns ended;   /* its end */
    struct said *said; /* [S][CAUSES_MAX] strongest first */
    size_t *n_said;    /* [S] */
    int8_t *moved;     /* [S][W] */
};
void hourly_init(struct hourly *h, const struct model *m, const struct scorer_options *o);
void hourly_fini(struct hourly *h);
void hourly_set_budget(struct hourly *h, const struct scorer_options *o);
/* How far off each column was in the last day that it has of the last two, in out [W]; NaN. */
void hourly_stood(const struct hourly *h, size_t supply, float out[]);
/* A supply's own maintenance ends its past: what was wrong may be mended. */
void hourly_forget(struct hourly *h, size_t supply);
/* What of a supply's minute its reference never had. */
void hourly_beyond(struct hourly *h, size_t supply, enum beyond what);
/* Takes a minute; figure[k]: arrays of statistic k. Returns whether an hour was evaluated. */
bool hourly_minute(struct hourly *h, const struct minute *in, float *figure[][FIGURES_MAX]);
/* How far a column stood from its reference in the hour last evaluated; NaN: unknown. */
float hourly_shift(const struct hourly *h, size_t supply, size_t column);
/* Score and chance of a supply from its last day; NaN: none. What decides. */
double hourly_day_chance(const struct hourly *h, size_t supply, double *score);
/* The same as they are said: as far as the calibration reaches. */
double hourly_day_said(const struct hourly *h, size_t supply, double *score);
/* A supply's last day as a supply-day, into its place of out's arrays. */
void hourly_day(const struct hourly *h, size_t supply, float *chance, float *any, uint8_t *beyond);
/* Whether what was said of a supply had ended by the last evaluated hour. */
bool hourly_over(const struct hourly *h, const struct finding *said);

/* ---- events.c: what is judged by the minute, and holds for a day ---- */
struct event {
    tstamp_ns until; /* holds so long after the last exceedance; 0: none */
    struct finding f;
};
struct events {
    const struct statistic *of;
    const struct model *model;
    size_t index;        /* of the statistic */
    double limit;        /* chance from which it is said */
    void *live;          /* the statistic's own; borrowed */
    struct event *event; /* [S] */
};
void events_init(struct events *e, const struct model *m, size_t index, void *live, double budget);
void events_fini(struct events *e);
void events_minute(struct events *e, const struct minute *in, const float value[]);
/* Appends what holds at t; tracker: for what was open before a restart. */
void events_propose(const struct events *e, struct group_search *g, struct tracker *tracker, tstamp_ns t,
                    struct proposals *out);

/* ---- propose.c: findings of an evaluated hour, groups first ---- */
struct hour_desk {
    const struct model *model;
    const struct hourly *hourly;
    const struct gate *gate;
    const uint8_t *reason; /* [S] enum reason */
    struct group_search *search;
    struct tracker *tracker;
    double limit;         /* chance from which it is said */
    struct said **member; /* [S] scratch: what speaks for it in the group that is looked for; NULL */
    float *sizes;         /* [S] scratch */
};
void hour_propose(const struct hour_desk *d, struct proposals *out);
/* After it: supplies that UNSAID_BUDGETS times the budget would have said, and this one does not. quiet: the
 * tracker of those. */
#define UNSAID_BUDGETS 10
void hour_propose_unsaid(const struct hour_desk *d, const struct tracker *quiet, struct proposals *out);

#endif
