/* Random numbers: SplitMix64 (Steele, Lea, Flood 2014; constants of Stafford's variant 13) for those that a
 * seed must bring back, and jitter for delays. Identifiers and keys come from base/digest.h.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_RANDOM_H
#define PSM_BASE_RANDOM_H

#include <stdint.h>

#define RANDOM_GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio: what a SplitMix64 steps by */

/* The finaliser: 64 bits that look random from any 64. */
static inline uint64_t random_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* The next 64 bits of a sequence; *state is its seed at first. */
static inline uint64_t random_next(uint64_t *state)
{
    return random_mix(*state += RANDOM_GOLDEN);
}

/* [0, 1) from 64 random bits. */
static inline double random_unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

/* A delay, so that many who wait for one thing do not come at once: evenly between delay·(1 − part) and
 * delay·(1 + part). From the system's randomness. */
double random_jitter(double delay, double part);

#endif
