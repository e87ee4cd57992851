/* Memory that cannot fail: a monitor with bounded memory treats exhaustion as fatal.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_MEM_H
#define PSM_BASE_MEM_H

#include <stddef.h>

/* As calloc, realloc (of an array), strdup, asprintf; abort with a message when memory is exhausted
 * or n * size overflows. The caller frees. */
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xreallocarray(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
float *xnan(size_t n) __attribute__((malloc, returns_nonnull)); /* n floats, all NaN */
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

/* x[n] = NaN. */
void fill_nan(float x[], size_t n);

/* Makes room for at least `need` elements of `size` bytes in *p (capacity *cap, doubled as needed).
 * *p is a pointer to any object pointer, passed as void *. */
void xgrow(void *p, size_t *cap, size_t need, size_t size);

#endif
