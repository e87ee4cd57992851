/* Comparison of doubles with tolerance, NaN equal to NaN (cmocka 1.1.5 has none), and cmocka itself. At the
 * end of the program a TAP comment tells how many numbers were compared and which came nearest to its limit:
 * a tolerance that is never needed hides a fault, one that is nearly used up is luck.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_NEAR_H
#define PSM_TESTS_NEAR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct {
    unsigned long n;
    double share; /* of its limit, of the nearest so far */
    double got, want, limit;
    const char *what, *file;
    int line;
    pid_t pid;
} near_seen;

static inline void near_tell(void)
{
    if (near_seen.pid != getpid()) /* not a child that a test forked */
        return;
    if (near_seen.what)
        printf(
            "# %lu numbers compared, the nearest to its limit: %s:%d: %s = %.12g, want %.12g, off by %.2g of "
            "%.2g\n",
            near_seen.n, near_seen.file, near_seen.line, near_seen.what, near_seen.got, near_seen.want,
            fabs(near_seen.got - near_seen.want), near_seen.limit);
    else
        printf("# %lu numbers compared, all of them equal\n", near_seen.n);
}

/* Whether got is within limit of want, or both are NaN; remembers the nearest. */
static inline int near_compare(double got, double want, double limit, const char *what, const char *file,
                               int line)
{
    if (near_seen.n++ == 0) {
        near_seen.pid = getpid();
        atexit(near_tell);
    }
    if (isnan(got) && isnan(want))
        return 1;
    double off = fabs(got - want);
    if (off > 0 && off <= limit && off / limit > near_seen.share) {
        near_seen.share = off / limit;
        near_seen.got = got;
        near_seen.want = want;
        near_seen.limit = limit;
        near_seen.what = what;
        near_seen.file = file;
        near_seen.line = line;
    }
    return off <= limit && !isinf(limit);
}

/* Fails unless |got - want| <= abs_tol + rel·|want|, or both are NaN. */
#define assert_near(got, want, rel, abs_tol)                                                          \
    do {                                                                                              \
        double near_got = (got), near_want = (want);                                                  \
        double near_limit = (abs_tol) + (rel)*fabs(near_want);                                        \
        if (!near_compare(near_got, near_want, near_limit, #got, __FILE__, __LINE__))                 \
            fail_msg("%s = %.12g, want %.12g (off by %.3g, at most %.3g)", #got, near_got, near_want, \
                     near_got - near_want, near_limit);                                               \
    } while (0)

#endif
