/* Causes; see cause.h. SPDX-License-Identifier: MIT */
#include "detectors/verdict/cause.h"

#include <stdio.h>
#include <string.h>

enum cause { CAUSE_CABINET, CAUSE_COIL, CAUSE_CURRENT, CAUSE_REGULATION, CAUSES };

static const char *const names[CAUSES] = {"cabinet", "coil", "current", "regulation"};

size_t cause_of(const struct model *m, uint32_t supply, size_t column)
{
    size_t levels = m->layout->levels;
    enum feature_kind kind = feature_at(m->layout, supply, column % levels)->kind;
    bool noise = column >= levels;
    switch (kind) {
    case FEATURE_CURRENT: return noise ? CAUSE_REGULATION : CAUSE_CURRENT;
    case FEATURE_VOLTAGE: return noise ? CAUSE_REGULATION : CAUSE_COIL;
    case FEATURE_CAPACITOR:
    case FEATURE_IGBT: return noise ? CAUSES + column : CAUSE_CABINET;
    case FEATURE_MAGNET: return noise ? CAUSES + column : CAUSE_COIL;
    case FEATURE_RAW: break;
    }
    return CAUSES + column;
}

void cause_name(char out[FINDING_CAUSE_LEN], const struct model *m, uint32_t supply, size_t column,
                enum direction direction)
{
    size_t cause = cause_of(m, supply, column), levels = m->layout->levels;
    const struct feature_channel *ch = feature_at(m->layout, supply, column % levels);
    const char *what = cause < CAUSES ? names[cause]
                                      : m->fleet->signals.name[m->fleet->channels[ch->channel].signal];
    snprintf(out, FINDING_CAUSE_LEN, "%s%s %s", what, cause >= CAUSES && column >= levels ? " noise" : "",
             direction_name(direction));
}

size_t cause_column(const struct model *m, uint32_t supply, const struct finding *f)
{
    const struct feature_layout *l = m->layout;
    int32_t c = feature_level(l, m->fleet, supply, f->signal);
    if (c < 0)
        return l->width;
    return strcmp(f->unit, "x") == 0 ? (size_t)c + l->levels : (size_t)c;
}

void cause_restore(const struct model *m, struct finding *f)
{
    size_t first = f->supply < 0 ? 0 : (size_t)f->supply;
    size_t end = f->supply < 0 ? m->fleet->n_supplies : first + 1;
    *f->cause = '\0';
    for (size_t i = first; i < end && !*f->cause; i++) {
        size_t c = cause_column(m, (uint32_t)i, f);
        if (c < m->layout->width)
            cause_name(f->cause, m, (uint32_t)i, c, f->direction);
    }
}
