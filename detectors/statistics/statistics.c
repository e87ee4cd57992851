/* The table of statistics; see statistic.h. SPDX-License-Identifier: MIT */
#include "detectors/statistics/statistic.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

#define LONG_REFERENCE (30 * NS_PER_DAY) /* from here on 72 h windows calibrate */

/* clang-format off */
#define STATISTICS(statistic) \
    statistic(level)          \
    statistic(divergence)     \
    statistic(reconstruction) \
    statistic(rate)           \
    statistic(data)           \
    statistic(tracks)         \
/* end of the table */
/* clang-format on */

#define DECLARE(name) extern const struct statistic statistic_##name;
STATISTICS(DECLARE)

#define POINTER(name) &statistic_##name,
const struct statistic *const statistics[] = {STATISTICS(POINTER)};
_Static_assert(sizeof statistics / sizeof *statistics <= STATISTICS_MAX, "room for each");

size_t statistics_count(void)
{
    return sizeof statistics / sizeof *statistics;
}

bool statistic_judges(const struct statistic *s, bool table)
{
    return s->of == OF_BOTH || (s->of == OF_TABLES) == table;
}

const struct statistic *statistic_find(const char *name)
{
    for (size_t i = 0; i < statistics_count(); i++)
        if (strcmp(statistics[i]->name, name) == 0)
            return statistics[i];
    return NULL;
}

bool statistic_by_minute(const char *name)
{
    const struct statistic *s = statistic_find(name);
    return s && s->share > 0;
}

void minute_row(const struct minute *in, size_t supply, size_t width, float out[])
{
    for (size_t c = supply * width; c < (supply + 1) * width; c++)
        *out++ = in->counts[c] ? in->features->x[c] : NAN;
}

int32_t *place_levels(const struct fleet *f, const struct feature_layout *l)
{
    int32_t *level = xcalloc(f->n_channels, sizeof *level);
    for (size_t c = 0; c < f->n_channels; c++)
        level[c] = -1;
    for (size_t i = 0; i < l->n_supplies; i++)
        for (size_t k = 0; k < l->n_levels[i]; k++)
            level[feature_at(l, i, k)->channel] = (int32_t)k;
    return level;
}

size_t statistic_days(const struct reference_span *r, size_t hours[WINDOWS_MAX])
{
    hours[0] = 24;
    hours[1] = 72;
    return r->length >= LONG_REFERENCE - NS_PER_HOUR ? 2 : 1;
}
