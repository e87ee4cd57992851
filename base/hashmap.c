/* From names to indexes; see hashmap.h. SPDX-License-Identifier: MIT */
#include "base/hashmap.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    char *key; /* NULL: free */
    int32_t value;
};

struct hashmap {
    struct entry *entry;
    size_t size, used; /* size is a power of two */
};

/* The upper bits are folded in: only the lower ones choose the place. */
static size_t hash(const char *s)
{
    uint64_t h = fnv1a(FNV1A_BASIS, s, strlen(s));
    return (size_t)(h ^ (h >> 29));
}

/* The entry of a key, or the free one where it belongs. Ends: the table is never more than half full. Nothing
 * is ever taken out, so that a free entry ends a search. */
static struct entry *find(const struct hashmap *m, const char *key)
{
    for (size_t i = hash(key);; i++) {
        struct entry *e = &m->entry[i & (m->size - 1)];
        if (!e->key || strcmp(e->key, key) == 0)
            return e;
    }
}

struct hashmap *hashmap_new(void)
{
    struct hashmap *m = xcalloc(1, sizeof *m);
    m->size = 64;
    m->entry = xcalloc(m->size, sizeof *m->entry);
    return m;
}

void hashmap_free(struct hashmap *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->size; i++)
        free(m->entry[i].key);
    free(m->entry);
    free(m);
}

void hashmap_put(struct hashmap *m, const char *key, int32_t value)
{
    struct entry *e = find(m, key);
    if (e->key) {
        e->value = value;
        return;
    }
    *e = (struct entry){xstrdup(key), value};
    if (++m->used * 2 <= m->size)
        return;
    struct hashmap old = *m;
    m->size *= 2;
    m->entry = xcalloc(m->size, sizeof *m->entry);
    for (size_t i = 0; i < old.size; i++)
        if (old.entry[i].key)
            *find(m, old.entry[i].key) = old.entry[i];
    free(old.entry);
}

int32_t hashmap_get(const struct hashmap *m, const char *key)
{
    const struct entry *e = find(m, key);
    return e->key ? e->value : -1;
}
