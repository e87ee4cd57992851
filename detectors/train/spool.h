/* The feature rows of a whole record, supply by supply, in an unlinked temporary file: written minute by
 * minute once per physics, read supply by supply. Row = [W features | context], NaN unless the supply was
 * steady and not in maintenance; a level NaN also until it has settled (features.h). SPDX-License-Identifier:
 * MIT */
#ifndef PSM_DETECTORS_TRAIN_SPOOL_H
#define PSM_DETECTORS_TRAIN_SPOOL_H

#include "base/err.h"
#include "base/maintenance.h"
#include "detectors/statistics/statistic.h"
#include "features/features.h"

struct spool {
    size_t n_supplies, hours, stride; /* stride: floats of a row */
    unsigned per_hour;
    tstamp_ns begin; /* start of hour 0, a whole hour UTC */
    int8_t *block;   /* [hours] block of FOLDS that holds the hour wholly; -1: a border */
    float *rows;     /* [S][hours·per_hour][stride], mapped */
    size_t bytes;
};

/* What a pass over the record learns beside the rows. */
struct spool_seen {
    bool *fitted; /* [S] some feature was there */
    bool *steady; /* [S] some steady minute */
    size_t days;
    float *most[STATISTICS_MAX]; /* [S][days] of what is judged by the minute: its largest value in each 24 h
                                    from begin; NaN: under 12 h */
};

/* Maps room for a record. Error: ERR_IO. */
int spool_new(struct spool **out, const struct fleet *f, size_t width, struct record *r,
              struct err *err) MUSTCHECK;
void spool_free(struct spool *s);

/* What a pass works on. */
struct spool_pass {
    const struct fleet *fleet;
    const struct feature_layout *layout;
    const struct physics *physics;
    const struct maintenance *maintenance;
    struct record *record;
    float *groups; /* [hours][common_groups][COMMON_SIGNALS] what groups did, filled (group_model.h) */
    void (*progress)(void *arg, double done, double total);
    void *arg;
};

/* Runs features with a physics over the record into the spool. seen may be NULL. */
void spool_fill(struct spool *s, const struct spool_pass *p, struct spool_seen *seen);

void spool_seen_init(struct spool_seen *seen, const struct spool *s);
void spool_seen_fini(struct spool_seen *seen);

/* Rows of a supply's hour, [per_hour][stride]. */
const float *spool_hour(const struct spool *s, size_t supply, size_t hour);

#endif
