/* Renewals; see renewal.h. SPDX-License-Identifier: MIT */
#include "base/renewal.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *renewed_name(enum renewed r)
{
    static const char *const names[] = {"same", "elsewhere", "outside", "not cured", "unknown"};
    assert(r < RENEWED_COUNT);
    return names[r];
}

struct renewal *renewal_new(int32_t supply, tstamp_ns work, size_t n)
{
    struct renewal *r = xcalloc(1, sizeof *r);
    *r = (struct renewal){.supply = supply,
                          .work = work,
                          .n = n,
                          .channel = xcalloc(n, sizeof *r->channel),
                          .before = xnan(2 * n),
                          .value = xnan(RENEWAL_HOURS * 2 * n)};
    for (size_t k = 0; k < RENEWAL_STEPS; k++) {
        r->step[k].offset = xcalloc(2 * n, sizeof *r->step[k].offset);
        r->step[k].verdict = xcalloc(2 * n, sizeof *r->step[k].verdict);
    }
    return r;
}

struct renewal *renewal_copy(const struct renewal *r)
{
    size_t columns = 2 * r->n;
    struct renewal *out = renewal_new(r->supply, r->work, r->n);
    memcpy(out->words, r->words, sizeof out->words);
    memcpy(out->channel, r->channel, r->n * sizeof *out->channel);
    memcpy(out->before, r->before, columns * sizeof *out->before);
    memcpy(out->hour, r->hour, sizeof out->hour);
    memcpy(out->value, r->value, RENEWAL_HOURS * columns * sizeof *out->value);
    out->n_hours = r->n_hours;
    out->n_steps = r->n_steps;
    for (size_t k = 0; k < r->n_steps; k++) {
        out->step[k].since = r->step[k].since;
        memcpy(out->step[k].offset, r->step[k].offset, columns * sizeof *r->step[k].offset);
        memcpy(out->step[k].verdict, r->step[k].verdict, columns * sizeof *r->step[k].verdict);
    }
    return out;
}

void renewal_free(struct renewal *r)
{
    if (!r)
        return;
    for (size_t k = 0; k < RENEWAL_STEPS; k++) {
        free(r->step[k].offset);
        free(r->step[k].verdict);
    }
    free(r->channel);
    free(r->before);
    free(r->value);
    free(r);
}

const struct renewal_step *renewal_at(const struct renewal *r, tstamp_ns t)
{
    for (size_t k = r->n_steps; k-- > 0;)
        if (r->step[k].since < t)
            return &r->step[k];
    return NULL;
}

double renewal_size(const struct renewal *r, const struct renewal_step *s, size_t column)
{
    double offset = (double)s->offset[column];
    return column < r->n ? offset : exp(offset / 2);
}
