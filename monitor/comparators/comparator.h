/* What psmon is compared with: a detector that looks at raw readings, one file and one line of the table in
 * comparators.c. Each learns from the first half of a reference and gives one value a supply and hour, which
 * grows with the surprise; the limit comes from what it gives of the second half (panel.h), never from what
 * is judged. They see what psmon judges: readings of minutes in which a supply is steady and not in
 * maintenance, which is kinder than a site's alarm handler would be. The DAC, what was asked for, is left
 * out, but by the autoencoder. S = supplies, C = channels. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_COMPARATORS_COMPARATOR_H
#define PSM_MONITOR_COMPARATORS_COMPARATOR_H

#include "base/fleet.h"
#include "base/mem.h"

#define COMPARATOR_MINUTES 60 /* of an hour */
#define COMPARATOR_LEAST 30   /* readings without which an hour says nothing */
#define COMPARATORS_MAX 16

/* The first half of a reference, column by column. */
struct comparator_reference {
    const struct fleet *fleet;
    size_t minutes;
    /* [minutes] of a channel; NaN: none, or does not count. Borrowed until the next call. */
    const float *(*column)(void *arg, uint32_t channel);
    void *arg;
    uint64_t seed;
};

struct comparator {
    const char *name;  /* in tables */
    const char *words; /* what it does */
    double own;        /* value from which its usual rule speaks; 0: it has none */
    void *(*learn)(const struct comparator_reference *r);
    void (*free)(void *self);
    /* The next hour: minute[COMPARATOR_MINUTES][C], NaN: does not count; value[S] receives NaN where nothing
     * can be said. */
    void (*hour)(void *self, const float minute[], float value[]);
};

extern const struct comparator *const comparators[]; /* NULL at the end */
size_t comparators_count(void);

/* ---- shared by them ---- */

/* Mean and standard deviation of v[n·stride] without NaN; false: fewer than `least`. */
bool comparator_moments(const float v[], size_t n, size_t stride, size_t least, double *mean, double *sd);

/* A channel that is judged: any but the DAC. */
bool comparator_judges(const struct fleet *f, uint32_t channel);

/* value[S]: the largest of each supply's channels that are judged, of[C]; NaN where all are. */
void comparator_largest(const struct fleet *f, const float of[], float value[]);

/* A spread that can be divided by: not under a millionth of the centre's size, nor 0. */
double comparator_spread(double sd, double centre);

#endif
