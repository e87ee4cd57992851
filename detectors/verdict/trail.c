/* Hourly values; see trail.h. SPDX-License-Identifier: MIT */
#include "detectors/verdict/trail.h"

#include "base/mem.h"
#include "detectors/model/tail.h"

#include <math.h>

#define RECENT_HOURS 3        /* whose median says how far it stands now */
#define ONSET_SHARE (1.0 / 3) /* of the present shift: above it an hour speaks for the shift */
#define OVER_HOURS 3          /* absent for so long: over, unless it is known to pause */
#define OVER_MOST 24
#define PAUSES 2 /* that it came back from, before the next one is expected to be one */

float trail_at(const struct trail *t, size_t k, size_t column)
{
    size_t row = t->first + k;
    return t->value[(row < t->ring ? row : row - t->ring) * t->width + column];
}

tstamp_ns trail_time(const struct trail *t, size_t k)
{
    return t->end - (tstamp_ns)(t->n - k) * NS_PER_HOUR;
}

size_t trail_hour(const struct trail *t, tstamp_ns at)
{
    tstamp_ns back = (t->end - at + NS_PER_HOUR - 1) / NS_PER_HOUR;
    if (back < 1)
        back = 1;
    return (size_t)back < t->n ? t->n - (size_t)back : 0;
}

double trail_recent(const struct trail *t, size_t column, double centre)
{
    float v[RECENT_HOURS];
    size_t n = 0;
    for (size_t k = t->n; k-- > 0 && n < RECENT_HOURS && t->n - k <= 2 * RECENT_HOURS;) {
        float x = trail_at(t, k, column);
        if (!isnan(x))
            v[n++] = x;
    }
    return robust_median(v, n) - centre;
}

size_t trail_onset(const struct trail *t, size_t column, float centre, float spread, double shift)
{
    double sign = shift < 0 ? -1 : 1, recent = trail_recent(t, column, (double)centre) * sign;
    double size = isnan(recent) ? fabs(shift) : fmax(fabs(shift), recent);
    double bar = fmax(ONSET_SHARE * size, isnan(spread) ? 0 : (double)spread);
    double sum = 0, best = -INFINITY;
    size_t at = t->n - 1;
    for (size_t k = t->n; k-- > 0;) {
        double x = (double)trail_at(t, k, column);
        if (isnan(x))
            continue;
        sum += sign * (x - (double)centre) - bar;
        if (sum > best) {
            best = sum;
            at = k;
        }
    }
    return at;
}

/* How a shift came and went. */
struct coming {
    size_t absent; /* the newest hours, without it */
    size_t pause;  /* the longest that it came back from */
    size_t pauses; /* those of OVER_HOURS or more */
};

static struct coming coming_of(const struct trail *t, const struct trail_shift *s)
{
    struct coming c = {0};
    double sign = s->bar < 0 ? -1 : 1;
    bool began = false;
    for (size_t k = s->since; k < t->n; k++) {
        double x = (double)trail_at(t, k, s->column);
        if (isnan(x))
            continue;
        if (sign * (x - s->centre) < fabs(s->bar)) {
            c.absent++;
            continue;
        }
        if (began && c.absent > c.pause)
            c.pause = c.absent;
        c.pauses += began && c.absent >= OVER_HOURS;
        c.absent = 0;
        began = true;
    }
    return c;
}

bool trail_stands(const struct trail *t, const struct trail_shift *s)
{
    struct coming c = coming_of(t, s);
    double recent = trail_recent(t, s->column, s->centre);
    if (t->n == 0 || isnan(trail_at(t, t->n - 1, s->column)))
        return false;
    if (c.pauses >= PAUSES && c.absent <= c.pause)
        return true;
    return c.absent == 0 && recent * (s->bar < 0 ? -1 : 1) >= fabs(s->bar);
}

bool trail_over(const struct trail *t, const struct trail_shift *s)
{
    struct coming c = coming_of(t, s);
    size_t hours = 2 * c.pause > OVER_HOURS ? 2 * c.pause : OVER_HOURS;
    return c.absent >= (hours < OVER_MOST ? hours : OVER_MOST);
}
