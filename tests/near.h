/* Comparison of doubles with tolerance, NaN equal to NaN (cmocka 1.1.5 has none), and cmocka itself.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_NEAR_H
#define PSM_TESTS_NEAR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

/* Fails unless |got - want| <= abs_tol + rel·|want|, or both are NaN. */
#define assert_near(got, want, rel, abs_tol)                                            \
    do {                                                                                \
        double near_got = (got), near_want = (want);                                    \
        if (!(isnan(near_got) && isnan(near_want)) &&                                   \
            !(fabs(near_got - near_want) <= (abs_tol) + (rel)*fabs(near_want)))         \
            fail_msg("%s = %.12g, want %.12g (off by %.3g)", #got, near_got, near_want, \
                     near_got - near_want);                                             \
    } while (0)

#endif
