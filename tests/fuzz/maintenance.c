/* maintenance.csv: periods ordered, of the fleet, and the same answer by each of the questions.
 * SPDX-License-Identifier: MIT */
#include "base/maintenance.h"
#include "tests/fuzz/fuzz.h"

static void ask(const struct maintenance *m, const struct fleet *f, tstamp_ns t)
{
    bool mask[8];
    assert(f->n_supplies <= sizeof mask);
    maintenance_mask(m, f, t, mask);
    for (uint32_t s = 0; s < f->n_supplies; s++) {
        const struct maintenance_period *p = maintenance_at(m, f, s, t), *last = maintenance_last(m, f, s, t);
        assert((p != NULL) == mask[s]);
        assert(!p || (p->start <= t && t < p->end));
        assert(!last || last->start <= t);
    }
}

/* Of so many periods each is asked about: a question looks through the list, and a line that repeats daily
 * makes 16,000 of it. Of more, some that lie evenly among them. */
#define LOOKED_THROUGH 2000000

static size_t step_of(size_t n)
{
    return 1 + n * n / LOOKED_THROUGH;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct fleet *f = fuzz_fleet();
    struct maintenance *m;
    struct err err = {0};
    int rc = maintenance_load(&m, fuzz_file(1, data, n), f, &err);
    if (rc != 0) {
        fuzz_is_error(rc, &err);
        return 0;
    }
    for (size_t i = 0; i < m->n; i++) {
        const struct maintenance_period *p = &m->period[i];
        assert(p->end > p->start && (i == 0 || p[-1].start <= p->start));
        assert(p->supply < (int32_t)f->n_supplies && p->group < (int32_t)f->groups[p->group_kind].n);
    }
    for (size_t i = 0; i < m->n; i += step_of(m->n)) {
        ask(m, f, m->period[i].start);
        ask(m, f, m->period[i].end);
    }
    maintenance_free(m);
    return 0;
}
