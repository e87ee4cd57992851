/* Random numbers; see random.h. SPDX-License-Identifier: MIT */
#include "base/random.h"

#include "base/digest.h"

double random_jitter(double delay, double part)
{
    uint64_t bits;
    digest_random(&bits, sizeof bits);
    return delay * (1 + part * (2 * random_unit(bits) - 1));
}
