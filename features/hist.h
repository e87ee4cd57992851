/* Histograms of a sliding window against a reference, and their Jensen-Shannon divergence in bits.
 * Integer counts, so nothing drifts; p·log2 p of window counts by table, and a push touches two bins.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_HIST_H
#define PSM_FEATURES_HIST_H

#include <stddef.h>
#include <stdint.h>

#define HIST_BINS 10 /* quantile bins of the reference, outer ones open */

/* Edges [HIST_BINS-1] at the reference's quantiles; ties are moved up to the next float, so that a value
 * that makes up a whole decile has a bin of its own (others may stay empty). v is reordered. n >= 1, no
 * NaN. */
void hist_edges(float edges[HIST_BINS - 1], float v[], size_t n);

/* Bin of a value, 0 … HIST_BINS-1: the number of edges <= v. */
unsigned hist_bin(const float edges[HIST_BINS - 1], float v);

/* Jensen-Shannon divergence of two histograms of counts, base 2, in [0, 1]; NaN when one is empty.
 * Lin, "Divergence measures based on the Shannon entropy", IEEE Trans. Inf. Theory 37 (1991) eq. 4.1 */
double hist_jsd(const uint32_t p[HIST_BINS], const uint32_t q[HIST_BINS]);

/* A window sliding over a fixed number of minutes; missing minutes count as none. Many of them live in
 * one array (one per channel): see hist_windows. */
struct hist_windows;

/* n channels, window of `minutes` (<= 65,535). */
struct hist_windows *hist_windows_new(size_t n, unsigned minutes);
void hist_windows_free(struct hist_windows *w);

/* Sets a channel's edges and reference counts; the window's content is dropped. */
void hist_windows_reference(struct hist_windows *w, size_t channel, const float edges[HIST_BINS - 1],
                            const uint32_t reference[HIST_BINS]);

/* Advances all channels by one minute: v[n], NaN = missing. jsd[n] (may be NULL) receives bits, NaN
 * where fewer than half of the window's minutes are valid or there is no reference. */
void hist_windows_push(struct hist_windows *w, const float v[], float jsd[]);

/* Valid minutes in a channel's window; its counts [HIST_BINS]. */
unsigned hist_windows_valid(const struct hist_windows *w, size_t channel);
const uint16_t *hist_windows_counts(const struct hist_windows *w, size_t channel);

#endif
