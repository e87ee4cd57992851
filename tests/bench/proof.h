/* A bench that did nothing would be fast: each shows a number made of all its results beside the same number
 * of its naive twin over the same inputs, and fails where they differ. SPDX-License-Identifier: MIT */
#ifndef PSM_TESTS_BENCH_PROOF_H
#define PSM_TESTS_BENCH_PROOF_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

/* Prints both; true when they agree within `tolerance` of the larger one and are not 0. */
static inline bool proof_same(const char *of, double ours, double naive, double tolerance)
{
    double larger = fmax(fabs(ours), fabs(naive));
    bool same = larger > 0 && fabs(ours - naive) <= tolerance * larger;
    printf("    proof: %s %.9g, naive %.9g%s\n", of, ours, naive, same ? "" : ": THEY DIFFER");
    return same;
}

#endif
