/* Memory that cannot fail; see mem.h. SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_die(void *p, size_t n, size_t size)
{
    /* not by the log, which would need memory: stderr, and a core for whoever asks why */
    if (!p && n && size) {
        fprintf(stderr, "out of memory: %zu x %zu bytes\n", n, size);
        abort();
    }
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    /* nothing is a byte: NULL then always means that there is none */
    return or_die(calloc(n ? n : 1, size ? size : 1), 1, size ? size : 1);
}

void *xreallocarray(void *p, size_t n, size_t size)
{
    return or_die(reallocarray(p, n ? n : 1, size ? size : 1), 1, size ? size : 1);
}

void fill_nan(float x[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = NAN;
}

float *xnan(size_t n)
{
    float *x = xcalloc(n, sizeof *x);
    fill_nan(x, n);
    return x;
}

char *xstrdup(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(xcalloc(n, 1), s, n);
}

char *xasprintf(const char *fmt, ...)
{
    va_list ap;
    char *s = NULL;
    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    return or_die(n < 0 ? NULL : s, 1, 1);
}

void xgrow(void *p, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return;
    size_t want = *cap ? *cap : 16;
    assert(need <= SIZE_MAX / 2);
    while (want < need)
        want *= 2;
    void *old; /* *p has a type of its own; copying its bytes is the way that aliasing rules allow */
    memcpy(&old, p, sizeof old);
    void *grown = xreallocarray(old, want, size);
    memcpy(p, &grown, sizeof grown);
    *cap = want;
}
