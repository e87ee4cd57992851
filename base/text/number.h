/* Decimal numbers in text that is not terminated, as strtod reads them and several times as fast.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TEXT_NUMBER_H
#define PSM_BASE_TEXT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Reads all n bytes of text as a number ("-1.5e-3", "nan", "inf"); false when they are none or
 * longer than 63 bytes. The value has exactly the bits of strtod's. */
bool number_parse(double *out, const char *text, size_t n);

/* Reads a cell of a table that people or programs wrote: NULL, or what is wrong with it ("is not a number",
 * …). decimal: the table's mark, '.' or ','; 0: not known, either is taken. Words for a value that is not
 * there (nan, null, none, nil, NA, N/A, #N/A, -, --, \N, and nothing) give NaN; thousands separators are read
 * where they can mean nothing else (1.234,5 and 1.234.567), and refused where they can (1.234 in a table of
 * decimal commas), as are numbers that a double does not hold (1e400). */
const char *number_cell(double *out, const char *text, size_t n, char decimal);

#endif
