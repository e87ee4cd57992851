/* The trained model of a fleet: physics, references, calibration, autoencoders; one checksummed file.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_MODEL_MODEL_H
#define PSM_DETECTORS_MODEL_MODEL_H

#include "base/digest.h"
#include "base/fleet.h"
#include "base/maintenance.h"
#include "features/features.h"

struct model;

struct train_options {
    uint64_t seed;
    size_t max_rows;         /* rows per family and fit for the autoencoder; 0: 50,000 */
    unsigned window_minutes; /* 720 */
    bool in_sample_nulls;    /* calibrate on what was fitted: wrong on purpose, for `evaluate` only */
    const char *left_out; /* what of the readings could not be used, for the summary; NULL or "": nothing */
    void (*progress)(void *arg, const char *stage, double done, double total);
    void *arg;
};

/* Trains on a record (its whole span is the reference). Prints nothing; what a person should read (losses,
 * non-convergence, supplies that could not be fitted and why) is in the summary. Error: ERR_DATA. */
int model_train(struct model **out, const struct fleet *f, struct record *r, const struct maintenance *m,
                const struct train_options *o, struct err *err) MUSTCHECK;
void model_free(struct model *m);

int model_save(const struct model *m, const char *path, char hex[DIGEST_HEX_LEN], struct err *err) MUSTCHECK;
/* For a fleet that has changed since training: supplies that are as they were are scored, others have no
 * model (model_lacks). Refuses a file of another fleet altogether or of other statistics, saying what
 * differs, and one whose sizes do not fit. */
int model_load(struct model **out, const struct fleet *f, const char *path, char hex[DIGEST_HEX_LEN],
               struct err *err) MUSTCHECK;

/* Whether a model may be used with that window and grid period. Error: ERR_CONFIG, saying what differs. */
int model_suits(const struct model *m, tstamp_ns window, tstamp_ns period, struct err *err) MUSTCHECK;

/* The reference period; per channel whether it sends on change only; text for people. */
void model_period(const struct model *m, tstamp_ns *from, tstamp_ns *to);
const bool *model_deadband(const struct model *m);
/* [n_channels] whether the channel is of a supply that the model knows; NULL: it knows all. */
const bool *model_known(const struct model *m);
/* Which supplies it does not know, in words; "": none. */
const char *model_lacks(const struct model *m);
const char *model_summary(const struct model *m);

/* What is usual of a channel's residual, in its unit. */
struct model_usual {
    double centre;     /* of its hours in the reference */
    double day_spread; /* rms of healthy days beside it, of supplies like this one */
    double effect;     /* the smallest shift that is worth a finding */
};
/* False: the model does not judge its level. */
bool model_usual(const struct model *m, uint32_t channel, struct model_usual *out);

#endif
