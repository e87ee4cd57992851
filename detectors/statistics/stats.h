/* From raw window statistics to one number per supply and hour: standardised by a mix of the supply's own
 * and its family's null, turned into tail probabilities pooled per kind of channel, the smallest of which
 * is the hour's score; the minimum effect comes after the probability. detection.md §6, 7.
 * S = supplies, W = columns of a feature row. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_STATISTICS_STATS_H
#define PSM_DETECTORS_STATISTICS_STATS_H

#include "detectors/model/tail.h"
#include "detectors/statistics/hours.h"
#include "features/features.h"

#include <stdbool.h>

#define WINDOWS_MAX 2               /* 24 h, and 72 h when the reference allows */
#define EFFECT_LOG_VARIANCE 0.44629 /* 2·ln 1.25: a quarter more, or a fifth less, noise */

/* Kinds of column, over which a null is pooled: signal and treatment, level or log-variance. */
struct kinds {
    size_t n;
    uint16_t *of; /* [S][W]; KIND_NONE: the supply has no such column */
};
#define KIND_NONE UINT16_MAX
void kinds_init(struct kinds *k, const struct fleet *f, const struct feature_layout *l);
void kinds_fini(struct kinds *k);

/* Classes of supplies whose columns are of the same kinds: their T shares a covariance. */
struct supply_kinds {
    size_t n;
    uint16_t *of; /* [S] */
};
void supply_kinds_init(struct supply_kinds *a, const struct kinds *k, size_t n_supplies, size_t width);
void supply_kinds_fini(struct supply_kinds *a);

/* What standardises a supply's statistics: null spreads, medians, inverse covariance of T. */
struct scales {
    float *level[WINDOWS_MAX];                /* [S][W] */
    float *divergence_mid, *divergence_scale; /* [S][W] */
    float *reconstruction[WINDOWS_MAX];       /* [S][W] */
    double *inverse[WINDOWS_MAX];             /* [supply_kinds.n][W][W] */
};
void scales_init(struct scales *s, size_t windows, size_t n_supplies, size_t n_supply_kinds, size_t width);
void scales_fini(struct scales *s);

/* Null tails. */
struct tails {
    struct tail *level[WINDOWS_MAX]; /* [kinds.n] */
    struct tail *divergence;         /* [kinds.n] */
    struct tail reconstruction[WINDOWS_MAX];
    struct tail day;  /* of the daily maximum of a supply's score */
    struct tail rate; /* of the daily maximum of the two-minute rise */
};
void tails_init(struct tails *t, size_t windows, size_t kinds);
void tails_fini(struct tails *t);

/* Everything a supply's score needs, for one supply. */
struct standard {
    size_t windows, width;
    const uint16_t *kind;    /* [W] */
    const float *min_effect; /* [W] in the column's unit; log-variance: EFFECT_LOG_VARIANCE */
    const float *level[WINDOWS_MAX], *divergence_mid, *divergence_scale,
        *reconstruction[WINDOWS_MAX];   /* [W] */
    const double *inverse[WINDOWS_MAX]; /* [W][W] */
};

/* Raw statistics of a supply at an hour; NaN: cannot say. Arrays of W each, owned by the caller. */
struct raw {
    float *level[WINDOWS_MAX];
    float *level_divergence; /* level over the window of J, for its effect */
    float *divergence;
    float *reconstruction[WINDOWS_MAX];
};
void raw_init(struct raw *r, size_t windows, size_t width);
void raw_fini(struct raw *r);

/* Standardised values: |level|/scale, (jsd - mid)/scale, √(z' C⁻¹ z). NaN when unknown. */
double standard_level(const struct standard *s, size_t window, size_t c, const struct raw *r);
double standard_divergence(const struct standard *s, size_t c, const struct raw *r);
/* by[W] (may be NULL): share of each column in the square, may be slightly negative. */
double standard_reconstruction(const struct standard *s, size_t window, const struct raw *r, float by[]);

/* Whether the shift itself is worth a finding. */
bool effect_level(const struct standard *s, size_t window, size_t c, const struct raw *r);
bool effect_divergence(const struct standard *s, size_t c, const struct raw *r);
bool effect_reconstruction(const struct standard *s, size_t window, const struct raw *r);

enum statistic { STATISTIC_NONE, STATISTIC_LEVEL, STATISTIC_DIVERGENCE, STATISTIC_RECONSTRUCTION };

/* An hour's score. */
struct hour_score {
    double any;            /* -log10 of the smallest p over all statistics; NaN: none could be computed */
    double gated;          /* the same over those with an effect; 0: none has one; NaN with any */
    enum statistic by;     /* that of gated */
    size_t window, column; /* its window and column (JOINT: the column that contributes most) */
};
void score_hour(const struct standard *s, const struct tails *t, const struct raw *r, struct hour_score *out);

/* -log10 p of one statistic; NaN when unknown. */
double surprise_level(const struct standard *s, const struct tails *t, size_t window, size_t c,
                      const struct raw *r);
double surprise_divergence(const struct standard *s, const struct tails *t, size_t c, const struct raw *r);

#endif
