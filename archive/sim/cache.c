/* Shared results; see cache.h. SPDX-License-Identifier: MIT */
#include "archive/sim/cache.h"

#include "archive/sim/random.h"
#include "base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct entry {
    struct entry *chain;         /* of the same bucket */
    struct entry *newer, *older; /* by use */
    uint64_t key;
    size_t users;
    _Alignas(16) unsigned char value[]; /* of any type */
};

struct cache {
    pthread_mutex_t mutex; /* guards everything below; values are constant once inserted */
    struct entry **bucket;
    size_t n_buckets; /* a power of two */
    struct entry *newest, *oldest;
    size_t n, capacity, size;
    void (*make)(void *arg, uint64_t key, void *value);
    void *arg;
};

struct cache *cache_new(size_t size, size_t capacity, void (*make)(void *, uint64_t, void *), void *arg)
{
    struct cache *c = xcalloc(1, sizeof *c);
    *c = (struct cache){.size = size, .capacity = capacity, .make = make, .arg = arg, .n_buckets = 64};
    while (c->n_buckets < 2 * capacity)
        c->n_buckets *= 2;
    c->bucket = xcalloc(c->n_buckets, sizeof(struct entry *));
    pthread_mutex_init(&c->mutex, NULL);
    return c;
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    for (struct entry *e = c->newest, *next; e; e = next) {
        next = e->older;
        free(e);
    }
    pthread_mutex_destroy(&c->mutex);
    free(c->bucket);
    free(c);
}

static struct entry **slot(struct cache *c, uint64_t key)
{
    struct entry **p = &c->bucket[random_mix(key) & (c->n_buckets - 1)];
    while (*p && (*p)->key != key)
        p = &(*p)->chain;
    return p;
}

static void unlink_use(struct cache *c, struct entry *e)
{
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void link_newest(struct cache *c, struct entry *e)
{
    e->newer = NULL;
    e->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
}

/* An entry that nobody uses, taken out of the full cache; NULL: all are used or there is room. */
static struct entry *take_oldest(struct cache *c)
{
    if (c->n < c->capacity)
        return NULL;
    for (struct entry *e = c->oldest; e; e = e->newer)
        if (!e->users) {
            *slot(c, e->key) = e->chain;
            unlink_use(c, e);
            c->n--;
            return e;
        }
    return NULL;
}

static const void *use(struct cache *c, struct entry *e)
{
    e->users++;
    if (c->newest != e) {
        unlink_use(c, e);
        link_newest(c, e);
    }
    return e->value;
}

const void *cache_get(struct cache *c, uint64_t key)
{
    pthread_mutex_lock(&c->mutex);
    struct entry *e = *slot(c, key);
    const void *value = e ? use(c, e) : NULL;
    struct entry *fresh = value ? NULL : take_oldest(c);
    pthread_mutex_unlock(&c->mutex);
    if (value)
        return value;

    /* made outside the lock: a day of a supply takes a millisecond, and asks other caches. Two threads may
     * make the same one; it is the same by construction, and the second is thrown away */
    if (!fresh)
        fresh = xcalloc(1, sizeof *fresh + c->size);
    c->make(c->arg, key, fresh->value);

    pthread_mutex_lock(&c->mutex);
    struct entry **p = slot(c, key);
    if (*p) { /* another thread was faster */
        value = use(c, *p);
        free(fresh);
    } else {
        fresh->key = key;
        fresh->users = 1;
        fresh->chain = NULL;
        *p = fresh;
        link_newest(c, fresh);
        c->n++;
        value = fresh->value;
    }
    pthread_mutex_unlock(&c->mutex);
    return value;
}

void cache_release(struct cache *c, const void *value)
{
    struct entry *e = (struct entry *)((uintptr_t)value - offsetof(struct entry, value));
    pthread_mutex_lock(&c->mutex);
    assert(e->users > 0);
    e->users--;
    pthread_mutex_unlock(&c->mutex);
}
