/* From grid minutes to feature rows: mode, physical residuals minus their sector median, log-variances.
 * The streaming code is the same for training, replay and live.
 *
 * Per supply up to `levels` residual channels ("levels"), each followed by its log-variance channel:
 * row = [level 0 … levels-1 | logvar 0 … levels-1], NaN where there is none. S = supplies, W = 2·levels.
 * Formulas: physics.h (regressors), drivers.h (low passes), ridge.h (shrinking to the family), common.h
 * (sector medians; a sector with fewer than four supplies joins the others of its kind, and where these are
 * fewer than four too nothing is subtracted), mode.h. SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_FEATURES_H
#define PSM_FEATURES_FEATURES_H

#include "base/fleet.h"
#include "base/maintenance.h"
#include "base/mfile.h"
#include "base/words.h"
#include "features/record.h"

/* How a level channel is made, which also says how to speak of it. */
enum feature_kind {
    FEATURE_CAPACITOR,
    FEATURE_MAGNET,
    FEATURE_IGBT,    /* temperature minus what the current explains, K */
    FEATURE_CURRENT, /* current minus what the DAC explains, in the current's unit */
    FEATURE_VOLTAGE, /* voltage minus what current and water explain, in the voltage's unit */
    FEATURE_RAW,     /* no physics known: the signal itself, in its unit */
};

struct feature_channel {
    uint32_t channel; /* index in the fleet */
    enum feature_kind kind;
    bool common;       /* the sector median is subtracted */
    double min_effect; /* smallest shift worth a finding, channel's unit; NaN until physics_complete
                          where it has to be learned (RAW; current, voltage without `range`) */
    const char *label; /* "IGBT temperature": the signal in words */
    const char *than;  /* "what its current explains" */
};

/* Which features each supply has; follows from the fleet alone. */
struct feature_layout {
    size_t n_supplies, levels, width; /* width = 2·levels */
    uint8_t *n_levels;                /* [S] */
    struct feature_channel *channel;  /* [S][levels] */
    char (*label)[WORDS_SIGNAL_LEN];  /* [signals of the fleet] what the channels' labels point into */
};
struct feature_layout *feature_layout_new(const struct fleet *f);
void feature_layout_free(struct feature_layout *l);
/* The row's column of supply s, level l; its log-variance is l + levels. */
static inline const struct feature_channel *feature_at(const struct feature_layout *l, size_t s, size_t level)
{
    return &l->channel[s * l->levels + level];
}

/* One minute of features. Borrowed from the engine until its next step. */
struct feature_frame {
    tstamp_ns t;
    const uint8_t *mode;  /* [S] enum mode */
    const float *x;       /* [S][W]; levels in the channel's unit, logvar natural log; NaN: none.
                             Given in every mode but unknown; the caller decides by mode what to use.
                             RAW levels are given minus the reference's median */
    const float *context; /* [S][3] i, LP15(q), LP60(|i|), relative to peak; NaN */
    const float *rise;    /* [S] magnet temperature minus its LP3(q) prediction from the median of
                             three of the current, K; not median-subtracted; NaN */
    const float *peak;    /* [S] full scale of the current in its unit (fleet `range`, or learned) */
};

/* Fitted physics of a fleet. */
struct physics;

#define FOLDS 3 /* blocks of the reference in time: 0 first, 1 middle, 2 last */

/* Fits physics on a record, without maintenance. leave[i] = a block of FOLDS to leave out, or -1 for
 * none; out[i] for i in 0 … n-1 (the same passes over the record serve all). progress may be NULL. Scales
 * (peak, ramp, LSB, medians of RAW channels) come from the whole record. Error: ERR_DATA when nothing can be
 * fitted. */
int physics_fit(struct physics *out[], const int leave[], int n, const struct fleet *f, struct record *r,
                const struct maintenance *m, void (*progress)(void *arg, double done, double total),
                void *arg, struct err *err) MUSTCHECK;
void physics_free(struct physics *p);
/* Fills in what a layout can know only after the fit: min_effect of every channel. */
void physics_complete(const struct physics *p, struct feature_layout *l);
void physics_save(const struct physics *p, struct mfile *m, const char *prefix);
int physics_load(struct physics **out, const struct fleet *f, const struct mfile *m, const char *prefix,
                 struct err *err) MUSTCHECK;

/* The block of minute k of n. */
int fold_of(size_t k, size_t n);

/* Streaming engine. Borrows all. physics NULL: modes only, x NaN. */
struct features;
struct features *features_new(const struct fleet *f, const struct feature_layout *l, const struct physics *p);
void features_free(struct features *e);
/* Minutes must come in order; a jump of more than 10 min restarts low passes and settling. */
void features_step(struct features *e, const struct frame *in, struct feature_frame *out);

#endif
