/* Counter-based random numbers: a pure function of a key and a counter, so that any instant can be made
 * alone, in any order, on any thread. SplitMix64's finaliser over key + counter · golden ratio.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_RANDOM_H
#define PSM_ARCHIVE_SIM_RANDOM_H

#include "base/random.h"

#include <stdint.h>

#define RANDOM_BINS 1024

/* Quantiles of the normal distribution at i / RANDOM_BINS. */
struct random_normal {
    float quantile[RANDOM_BINS + 1];
};

void random_normal_init(struct random_normal *n);

/* Exact quantile for the outer bins, where interpolation would bend the tails. */
double random_tail(uint32_t bits);

/* 64 random bits for one counter value of a stream. */
static inline uint64_t random_at(uint64_t key, int64_t counter)
{
    return random_mix(key + (uint64_t)counter * RANDOM_GOLDEN);
}

/* The key of stream `kind` of object `index`. */
static inline uint64_t random_key(uint64_t seed, uint64_t kind, uint64_t index)
{
    return random_mix(random_mix(random_mix(seed + UINT64_C(0x632be59bd9b4e019)) + kind) ^
                      (index * UINT64_C(0xd6e8feb86659fd93)));
}

/* Between low and high. */
static inline double random_between(uint64_t bits, double low, double high)
{
    return low + (high - low) * random_unit(bits);
}

/* Standard normal from 32 random bits. */
static inline double random_gauss(const struct random_normal *n, uint32_t bits)
{
    uint32_t bin = bits >> 22;
    if (bin < 4 || bin >= RANDOM_BINS - 4)
        return random_tail(bits);
    float low = n->quantile[bin], step = n->quantile[bin + 1] - low;
    return (double)(low + step * ((float)(bits & 0x3fffff) * 0x1p-22f));
}

#endif
