/* From window values to one number per supply and hour: standardised by a mix of the supply's own and its
 * family's null, turned into tail probabilities pooled per kind of column, the smallest of which is the
 * hour's score; the minimum effect comes after the probability. Loops over the table of statistics.
 * docs/detection.md §6, 7. S = supplies, W = columns of a feature row. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_STATISTICS_SCORE_H
#define PSM_DETECTORS_STATISTICS_SCORE_H

#include "detectors/model/kinds.h"
#include "detectors/model/tail.h"
#include "detectors/statistics/statistic.h"

#define MEASURES_MAX ((size_t)STATISTICS_MAX * WINDOWS_MAX)
#define EFFECT_LOG_VARIANCE 0.44629 /* 2·ln 1.25: a quarter more, or a fifth less, noise */

/* A statistic over one of its windows. */
struct measure {
    const struct statistic *of;
    size_t index;  /* of the statistic in the table */
    size_t hours;  /* window */
    size_t length; /* index of that among the lengths */
    size_t sum;    /* the statistic's own in struct hours */
};

/* All that is judged by the hour, in the order of the table. */
struct measures {
    size_t n, n_lengths, n_sums;
    struct measure at[MEASURES_MAX];
    size_t length[MEASURES_MAX]; /* hours, each different */
    size_t summed[SUMS_MAX];     /* index in the table of the statistic that each sum belongs to */
};
void measures_init(struct measures *m, const struct reference_span *r);
size_t measures_longest(const struct measures *m); /* hours */
/* One number for the whole row, not one per column. */
static inline bool measures_row(const struct measure *m)
{
    return m->of->standard == STANDARD_MAHALANOBIS;
}

/* What standardises one measure. */
struct scale {
    float *mid;      /* [S][W]; STANDARD_MEDIAN */
    float *spread;   /* [S][W] */
    double *inverse; /* [kinds of supply][W][W]; STANDARD_MAHALANOBIS */
};
void scale_init(struct scale *s, const struct measure *m, size_t n_supplies, size_t supply_kinds,
                size_t width);
void scale_fini(struct scale *s);

/* Everything a supply's score needs, for one supply; borrowed from the model. */
struct yardstick {
    const struct measures *measures;
    size_t width;
    const uint16_t *kind;                  /* [W] */
    const float *min_effect;               /* [W] in the column's unit; log-variance: EFFECT_LOG_VARIANCE */
    const float *minute_spread;            /* [W] of the reference: the sd that rows are counted in */
    struct scale scale[MEASURES_MAX];      /* of this supply and its kind */
    const struct tail *tail[MEASURES_MAX]; /* [kinds of column], or one for a row */
};

/* What the windows of a supply's hour say; NaN: cannot say. */
struct values {
    float *of[MEASURES_MAX];    /* [W] of each measure */
    float *shift[MEASURES_MAX]; /* [W] of the level, over each length; NULL in training: no effects, */
    float *doubt[MEASURES_MAX]; /* [W] and no doubt of it (hours.h) */
};
void values_init(struct values *v, const struct measures *m, size_t width);
void values_fini(struct values *v);
/* Fills the values of an hour. learned[] by statistic. */
void values_fill(struct values *v, const struct measures *m, const struct hours *h, size_t end, size_t lo,
                 const struct reference *ref, size_t supply, void *const learned[]);

/* Standardised value of a column, of a row; NaN when unknown. */
double standard_column(const struct yardstick *y, size_t measure, size_t column, const struct values *v);
double standard_row(const struct yardstick *y, size_t measure, const struct values *v);
/* -log10 p of a column; NaN when unknown, and of measures that judge rows. */
double surprise_column(const struct yardstick *y, size_t measure, size_t column, const struct values *v);
/* Whether the level's shift is worth a finding; of a shape, which knows no doubt itself, it may be the
 * level's beyond EFFECT_DOUBTS times its doubt, or the noise's. */
#define EFFECT_DOUBTS 2
bool has_effect(const struct yardstick *y, size_t measure, size_t column, const struct values *v);

/* An hour's score. */
struct hour_score {
    double any;     /* -log10 of the smallest p over all measures; NaN: none could be computed */
    double gated;   /* the same over those with an effect; 0: none has one; NaN with any */
    size_t measure; /* that of gated, when it is > 0 */
    size_t column;  /* of a row the one that contributes most */
};
void score_hour(const struct yardstick *y, const struct values *v, struct hour_score *out);

#endif
