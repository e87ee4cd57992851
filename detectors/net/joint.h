/* What columns say together, learned from rows of them: a whitening and, from three columns on, an
 * autoencoder of the whitened rows. Residuals are signed and whitened: each direction is weighed by its own
 * noise. Without a network the whitened row stands for the residual. The ring has one per family, a table
 * one. docs/detection.md §5, §11. SPDX-License-Identifier: MIT */
#ifndef PSM_DETECTORS_NET_JOINT_H
#define PSM_DETECTORS_NET_JOINT_H

#include "detectors/net/autoenc.h"
#include "detectors/net/whiten.h"

#include <stdbool.h>

#define JOINT_CLIP 6.0  /* of whitened values */
#define JOINT_COLUMNS 3 /* fewer: no network */

struct joint;

struct joint_options {
    size_t d, context; /* columns; of context, fed to the network and not reconstructed */
    size_t least;      /* values that each column must have */
    bool network;      /* to be tried */
    uint64_t seed;
};

/* Learns from n rows z (n,d), scaled, NaN missing, in order of time; context (n,c), may be NULL without
 * columns of it. NULL: too few values. Where only the network failed joint_has_network says so. */
struct joint *joint_fit(const struct joint_options *o, const float z[], const float context[], size_t n);
void joint_free(struct joint *j);

bool joint_has_network(const struct joint *j);
/* How its training went; epochs 0: no network, or it was read from a file. */
const struct autoenc_fit *joint_report(const struct joint *j);

/* Width of the rows that joint_input makes and joint_residual takes: d, and the context for a network. */
size_t joint_width(const struct joint *j);
/* One row of that from z[d] without missing values, and context[c]. */
void joint_input(const struct joint *j, const float z[], const float context[], float row[]);
/* Residuals of n such rows: points to e (n,d), or to rows themselves without a network. */
const float *joint_residual(struct joint *j, const float rows[], size_t n, float e[]);
/* back[d]: a residual in standard deviations of the columns. */
void joint_back(const struct joint *j, const float e[], float back[]);

/* Fills missing values of z[d] in by what the others imply, within ±clip. */
void joint_fill(struct joint *j, float z[], double clip);
/* r[d]: how far each value of z[d] lies from what the others imply. */
void joint_deviation(struct joint *j, const float z[], float r[]);

/* As arrays "PREFIX.…", and back; *out may be NULL: there was none. Error: ERR_DATA when a size does not fit.
 */
void joint_save(const struct joint *j, struct mfile *m, const char *prefix);
int joint_load(struct joint **out, size_t d, size_t context, const struct mfile *m, const char *prefix,
               struct err *err) MUSTCHECK;

#endif
