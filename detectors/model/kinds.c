/* Kinds of column and of supply; see kinds.h. SPDX-License-Identifier: MIT */
#include "detectors/model/kinds.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void kinds_init(struct kinds *k, const struct fleet *f, const struct feature_layout *l)
{
    /* a pair (signal, treatment) per kind of level; its log-variance is the next kind */
    size_t treatments = FEATURE_RAW + 1, pairs = f->signals.n * treatments;
    uint16_t *number = xcalloc(pairs, sizeof *number);
    k->of = xcalloc(l->n_supplies * l->width, sizeof *k->of);
    k->n = 0;
    for (size_t i = 0; i < l->n_supplies * l->width; i++)
        k->of[i] = KIND_NONE;
    for (size_t s = 0; s < l->n_supplies; s++) {
        for (size_t c = 0; c < l->n_levels[s]; c++) {
            const struct feature_channel *ch = feature_at(l, s, c);
            size_t pair = f->channels[ch->channel].signal * treatments + ch->kind;
            if (!number[pair]) {
                number[pair] = (uint16_t)(k->n + 1);
                k->n += 2;
            }
            k->of[s * l->width + c] = (uint16_t)(number[pair] - 1);
            k->of[s * l->width + l->levels + c] = number[pair];
        }
    }
    free(number);
}

void kinds_fini(struct kinds *k)
{
    free(k->of);
    *k = (struct kinds){0};
}

void supply_kinds_init(struct supply_kinds *a, const struct kinds *k, size_t n_supplies, size_t width)
{
    uint32_t *first = xcalloc(n_supplies + 1, sizeof *first); /* a supply of each class */
    a->of = xcalloc(n_supplies, sizeof *a->of);
    a->n = 0;
    for (uint32_t s = 0; s < n_supplies; s++) {
        const uint16_t *mine = k->of + s * width;
        size_t i = 0;
        while (i < a->n && memcmp(mine, k->of + first[i] * width, width * sizeof *mine) != 0)
            i++;
        if (i == a->n)
            first[a->n++] = s;
        a->of[s] = (uint16_t)i;
    }
    free(first);
}

void supply_kinds_fini(struct supply_kinds *a)
{
    free(a->of);
    *a = (struct supply_kinds){0};
}
