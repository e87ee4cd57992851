/* Order statistics of float arrays by partial ordering; the arrays are reordered, no NaN inside.
 * Method: Hoare's quickselect. SPDX-License-Identifier: MIT */
#ifndef PSM_FEATURES_SELECT_H
#define PSM_FEATURES_SELECT_H

#include <stddef.h>

/* The k-th smallest of v[n], k < n; afterwards v[0 … k-1] <= v[k] <= v[k+1 … n-1]. O(n) on average. */
float select_kth(float v[], size_t n, size_t k);

/* The two middle ones of v[n], n >= 1; of an odd number the middle one twice. */
void select_middles(float v[], size_t n, float *lower, float *upper);

/* Median of v[n], n >= 1: the middle one, or the mean of the two middle ones. */
float select_median(float v[], size_t n);

/* Element at quantile 0 <= q <= 1 of v[n], n >= 1: index floor(q·n), at most n-1. */
float select_quantile(float v[], size_t n, double q);

#define MAD_TO_SD 1.4826 /* a median of absolute deviations becomes an sd, of a normal distribution */

/* Median of three. */
float select_middle(float a, float b, float c);

#endif
