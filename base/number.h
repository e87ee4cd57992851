/* Decimal numbers in text that is not terminated, as strtod reads them and several times as fast.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_NUMBER_H
#define PSM_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Reads all n bytes of text as a number ("-1.5e-3", "nan", "inf"); false when they are none or
 * longer than 63 bytes. The value has exactly the bits of strtod's. */
bool number_parse(double *out, const char *text, size_t n);

#endif
