/* Shared results by number: reference-counted, least recently used out first, for many threads.
 * Lock order: the cache's mutex is never held while a value is made, so makers may use caches.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_ARCHIVE_SIM_CACHE_H
#define PSM_ARCHIVE_SIM_CACHE_H

#include <stddef.h>
#include <stdint.h>

struct cache;

/* Values of `size` bytes, at most `capacity` of them kept besides those in use; make fills one. */
struct cache *cache_new(size_t size, size_t capacity, void (*make)(void *arg, uint64_t key, void *value),
                        void *arg);
void cache_free(struct cache *c);

/* The value of a key, made when absent; release it after use. Two threads that ask at once may both make
 * it; one is dropped. */
const void *cache_get(struct cache *c, uint64_t key);
void cache_release(struct cache *c, const void *value);

#endif
