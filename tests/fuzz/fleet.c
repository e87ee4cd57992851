/* fleet.csv: what is read hangs together as fleet.h promises. SPDX-License-Identifier: MIT */
#include "tests/fuzz/fuzz.h"

static void check_supply(const struct fleet *f, uint32_t i)
{
    const struct supply *s = &f->supplies[i];
    assert(fleet_supply(f, s->name) == (int32_t)i);
    assert(s->n_channels > 0 && s->first_channel + s->n_channels <= f->n_channels);
    assert(s->group[GROUP_FAMILY] >= 0 && s->group[GROUP_SECTOR] >= 0);
    for (int g = 0; g < GROUP_COUNT; g++)
        assert(s->group[g] < (int32_t)f->groups[g].n);
    for (uint32_t c = s->first_channel; c < s->first_channel + s->n_channels; c++) {
        const struct channel *ch = &f->channels[c];
        assert(ch->supply == i && ch->signal < f->signals.n && fleet_channel(f, ch->pv) == (int32_t)c);
        assert(c == s->first_channel || ch[-1].signal < ch->signal);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct fleet *f;
    struct err err = {0};
    int rc = fleet_load(&f, fuzz_file(0, data, n), &err);
    if (rc != 0) {
        fuzz_is_error(rc, &err);
        return 0;
    }
    for (uint32_t i = 0; i < f->n_supplies; i++)
        check_supply(f, i);
    fleet_free(f);
    return 0;
}
