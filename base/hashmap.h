/* From names to indexes: open addressing with linear probing, never more than half full.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_HASHMAP_H
#define PSM_BASE_HASHMAP_H

#include <stdint.h>

struct hashmap;

struct hashmap *hashmap_new(void);
void hashmap_free(struct hashmap *m);

/* Sets the value of a key (copied), replacing an older one. value >= 0. */
void hashmap_put(struct hashmap *m, const char *key, int32_t value);

/* The value of a key; -1 when absent. */
int32_t hashmap_get(const struct hashmap *m, const char *key);

#endif
