/* From names to indexes: open addressing with linear probing, never more than half full.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_HASHMAP_H
#define PSM_BASE_HASHMAP_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a of n bytes, going on from h (FNV1A_BASIS at first). Fowler, Noll, Vo 1991. */
#define FNV1A_BASIS UINT64_C(0xcbf29ce484222325)
static inline uint64_t fnv1a(uint64_t h, const void *bytes, size_t n)
{
    for (const unsigned char *b = bytes; n > 0; n--)
        h = (h ^ *b++) * UINT64_C(0x100000001b3);
    return h;
}

struct hashmap;

struct hashmap *hashmap_new(void);
void hashmap_free(struct hashmap *m);

/* Sets the value of a key (copied), replacing an older one. value >= 0. */
void hashmap_put(struct hashmap *m, const char *key, int32_t value);

/* The value of a key; -1 when absent. */
int32_t hashmap_get(const struct hashmap *m, const char *key);

#endif
