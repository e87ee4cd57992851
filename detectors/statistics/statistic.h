/* What a detector is: a statistic, one file and one line of the table in statistics.c. Scoring, training, the
 * model file, explanation, history, page, report and query are loops over that table.
 *
 * By the hour: `window` gives a value per column of a supply's feature row over each of `windows`; the value
 * is standardised by what the null blocks of the reference show, becomes a tail probability, and takes part
 * in the supply's score. Some learn more of a reference than its centres and counts (`learn` to `load`), and
 * may have a say of every minute, which is summed by the hour (`rows`). By the minute: `minute` gives a value
 * per supply, which has a tail and a chance of its own, and a share of the budget. Or `minute` only shows
 * figures. By itself: `watch` sees every minute of every supply, also without a model, and says what it wants
 * (`propose`), outside the budget.
 * All are optional; what is NULL or 0 is not done. Each states how far back it reads, so that a restart knows
 * how much to read again. S = supplies, C = channels, W = columns of a feature row. docs/detection.md §4.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_STATISTICS_STATISTIC_H
#define PSM_DETECTORS_STATISTICS_STATISTIC_H

#include "base/buf.h"
#include "base/fleet.h"
#include "base/mfile.h"
#include "base/tick.h"
#include "detectors/model/rows.h"
#include "detectors/statistics/hours.h"
#include "detectors/verdict/tracker.h"
#include "features/features.h"

#define STATISTICS_MAX 16
#define WINDOWS_MAX 2
#define FIGURES_MAX 5 /* of one statistic */

/* How a window's values x become one number that grows with the surprise. */
enum standard {
    STANDARD_RMS,         /* |x| / rms of the null, column by column */
    STANDARD_MEDIAN,      /* (x - median) / robust sd of the null, column by column */
    STANDARD_MAHALANOBIS, /* √(z' C⁻¹ z), z = x / rms, C pooled over supplies of a kind: one for the row */
};

/* What a statistic judges. */
enum subjects {
    OF_RINGS,  /* supplies of a ring */
    OF_TABLES, /* rows of a table without physics: a fleet of one supply, a minute a row */
    OF_BOTH,
};

/* What windows are made of. */
struct reference_span {
    tstamp_ns length;      /* of the reference */
    size_t shortest_hours; /* the configured `window` */
    bool table;            /* its rows are too few for windows of hours: there are none */
};

/* A window of one supply, see hours.h. */
struct window {
    const struct hours *hours;
    size_t end, lo, length;
    size_t sum; /* the statistic's own among the sums */
    const struct reference *reference;
    size_t at;          /* of the supply's row in the reference's arrays: supply · W */
    const float *shift; /* [W] shift of the level over the same window */
    const void *learned;
};

/* Rows of the reference, supply by supply, and what to learn them with. */
struct lesson {
    const struct fleet *fleet;
    const struct feature_layout *layout;
    const struct reference *reference;
    size_t hours;
    unsigned per_hour;
    size_t stride;  /* floats of a row: [W features | ROW_CONTEXT], NaN unless it counts */
    const bool *in; /* [hours] which belong to the reference */
    const float *(*rows)(const void *arg, size_t supply, size_t hour); /* [per_hour][stride] */
    const void *arg;
    uint64_t seed;
    size_t max_rows; /* per family */
    void (*progress)(void *arg, double done, double total);
    void *progress_arg;
};

/* What a statistic that lives by the minute is opened with; reference NULL: there is no model. */
struct place {
    const struct fleet *fleet;
    const struct feature_layout *layout;
    const struct reference *reference;
    const float *largest; /* [C] of the sizes of readings in the reference, NaN: none; NULL without a model */
    const int32_t *level; /* [C] level of the supply's row that the channel makes; -1: none */
    unsigned window_minutes;
    tstamp_ns period;
    void *learned; /* what the statistic itself learned; networks compute in place */
};

/* Level of the supply's row that each channel makes, -1: none; [C], the caller frees. */
int32_t *place_levels(const struct fleet *f, const struct feature_layout *l);

/* One minute. */
struct minute {
    const struct frame *frame;
    const struct feature_frame *features;
    const bool *maintenance; /* [S] */
    const bool *usable;      /* [S] steady, not in maintenance, not blocked: it counts … */
    const bool *counts; /* [S][W] … in these columns: settled, and at a current that the reference knows
                           enough of; NULL in training, where nobody asks */
    const float *read;  /* [S][W] of features, as they are before supplies are counted from where they stand
                           after work */
};
/* A supply's row [W] of a minute as far as it counts, NaN elsewhere. */
void minute_row(const struct minute *in, size_t supply, size_t width, float out[]);

struct statistic {
    const char *name;   /* in findings, in SQL, in the model file */
    const char *words;  /* what it compares with what */
    const char *action; /* what to do about an equipment finding of it; NULL: what its signal suggests */
    struct figure figure[FIGURES_MAX]; /* what it shows; the arrays are the engine's. By the hour without rows
                                          or minute: the first window's value of each channel's level */

    enum subjects of;

    /* ---- by the hour ---- */
    enum standard standard;
    float least_scale; /* smallest null spread that is believed; 0: a thirtieth of the minimum effect */
    bool of_shape;     /* judges the distribution, not the shift: names a channel, whose level or noise says
                          what happened, and is a second witness beside those that judge the shift */
    size_t (*windows)(const struct reference_span *r, size_t hours[WINDOWS_MAX]); /* shortest first */
    void (*window)(const struct window *in, float out[]);                         /* [W]; NaN: cannot say */

    /* ---- learned of a reference ---- */
    void *(*learn)(const struct lesson *l);
    void (*forget)(void *learned);
    void (*describe)(const void *learned, const struct fleet *f, struct buf *out);
    void (*save)(const void *learned, struct mfile *m);
    int (*load)(void **learned, const struct fleet *f, const struct reference *r,
                const struct feature_layout *l, const struct mfile *m, struct err *err);
    /* What it learned, for another fleet: what concerns supplies that are known. present[S][W] of that fleet.
     * learned is forgotten afterwards, and may give away what it has. */
    void *(*refit)(void *learned, const struct layout_map *map, const bool present[]);
    /* Rows of one family: out (n, W), summed by the hour and shown per channel as its second figure; each[n],
     * may be NULL, shown per supply as its first. NaN in each: the row does not count. */
    void (*rows)(void *learned, size_t family, const struct rows *in, float out[], float each[]);

    /* ---- by the minute ---- */
    double share;     /* of the budget; 0: it only shows */
    double least;     /* value from which it is said */
    tstamp_ns memory; /* how far back minute and watch read */
    void *(*open)(const struct place *p);
    void (*close)(void *live);
    void (*minute)(void *live, const struct minute *in, float *const figure[]); /* the first one is judged */
    const uint16_t *(*counts)(const void *live,
                              uint32_t channel); /* of its last hours [HIST_BINS], for the page */
    void (*explain)(const void *live, size_t supply, struct finding *out); /* the last minute, on demand */
    bool (*judges)(const void *live, size_t supply);
    void (*say)(const void *live, const struct minute *in, size_t supply, double value, struct finding *out);
    void (*say_group)(size_t moved, size_t members, struct finding *strongest);

    /* ---- by itself ---- */
    void (*watch)(void *live, const struct minute *in, bool blocked[]); /* [S]: not to be scored */
    void (*propose)(void *live, struct proposals *out);
};

/* The table. What comes first is what others are explained in: the level. */
extern const struct statistic *const statistics[];
size_t statistics_count(void);

/* Whether it judges the fleet of a model: a ring's, or a table. */
bool statistic_judges(const struct statistic *s, bool table);

/* The statistic of a name; NULL: there is none (any more). */
const struct statistic *statistic_find(const char *name);
/* Whether findings of this name have a chance of their own: scores, which speak of 24 h, do not show them. */
bool statistic_by_minute(const char *name);

/* 24 h, and 72 h when the reference allows: a window of more than a tenth of it does not calibrate. */
size_t statistic_days(const struct reference_span *r, size_t hours[WINDOWS_MAX]);

#endif
