/* A supply after work of its own: where its channels stand since, against the reference of the model. Made by
 * detectors hour by hour, kept by archive, so that it outlives a restart, and said once. A supply has n
 * levels; columns are these, then their log-variances (noise). SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_RENEWAL_H
#define PSM_BASE_RENEWAL_H

#include "base/finding.h"
#include "base/types.h"

#include <stddef.h>

#define RENEWAL_STEPS 3
#define RENEWAL_HOURS 24 /* of the last step */

enum renewed {
    RENEWED_SAME,      /* stands where it stood */
    RENEWED_ELSEWHERE, /* stands elsewhere, and is counted from there */
    RENEWED_OUTSIDE,   /* stands elsewhere, further than units of its family differ: nothing is learned */
    RENEWED_NOT_CURED, /* what was wrong before the work still is: nothing is learned */
    RENEWED_UNKNOWN,   /* had no readings */
    RENEWED_COUNT
};
/* "same", "elsewhere", "outside", "not cured", "unknown" */
const char *renewed_name(enum renewed r);

/* What is counted from `since` on. */
struct renewal_step {
    tstamp_ns since;
    float *offset;    /* [2n] of a column against the reference's centre; noise: of the log-variance */
    uint8_t *verdict; /* [2n] enum renewed */
};

struct renewal {
    int32_t supply;
    tstamp_ns work;               /* start of the work */
    char words[FINDING_WORK_LEN]; /* what was done */
    size_t n;                     /* levels */
    uint32_t *channel;            /* [n] of the fleet */
    float *before;  /* [2n] how far off a column was in the day before the work; NaN: not known */
    size_t n_hours; /* steady hours since that are collected … */
    tstamp_ns hour[RENEWAL_HOURS]; /* … the end of each … */
    float *value;                  /* [RENEWAL_HOURS][2n] … and its values; NaN */
    size_t n_steps;
    struct renewal_step step[RENEWAL_STEPS];
};

struct renewal *renewal_new(int32_t supply, tstamp_ns work, size_t n);
struct renewal *renewal_copy(const struct renewal *r);
void renewal_free(struct renewal *r);

/* The step in force at t; NULL: none yet. */
const struct renewal_step *renewal_at(const struct renewal *r, tstamp_ns t);

/* A column's offset as it is said: a shift in the channel's unit, of noise how many times as noisy. */
double renewal_size(const struct renewal *r, const struct renewal_step *s, size_t column);

#endif
