/* Whether what came is what was stated: the range of a count's mean, and how even probabilities are. Pure.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_MODEL_COUNTS_H
#define PSM_DETECTORS_MODEL_COUNTS_H

#include <stddef.h>

#define COUNTS_LEVEL 0.99

struct count_range {
    double low, high;
};

/* The means of which `seen` is an ordinary draw, COUNTS_LEVEL of the time, when cases come in lumps of `lump`
 * (1: one by one): lump times the exact Poisson interval of seen / lump (Garwood 1936, with the gamma
 * distribution's quantiles, for any real count). seen >= 0, lump >= 1. */
struct count_range counts_range(double seen, double lump);

/* A count by parts of what is counted (supplies, weeks of sectors, …), with what was stated of each. */
struct count_part {
    double seen, stated;
};
/* Cases to a lump as the parts show it: the variance of what they saw about what was stated of them, in
 * proportion, over the Poisson distribution's own; 1 at least, and all of it (seen) when one part has all.
 * Parts of which nothing was stated do not count. */
double counts_lump(const struct count_part part[], size_t n);

/* How far probabilities are from being uniform in 0 … 1. */
#define UNIFORM_BINS 10
struct uniform {
    size_t n, bin[UNIFORM_BINS]; /* of [0, 0.1), … [0.9, 1] */
    double distance;             /* Kolmogorov-Smirnov: largest |share that is <= at − at|; NaN of none */
    double at, share;
};
/* Sorts p. */
void uniform_of(struct uniform *out, float p[], size_t n);

#endif
