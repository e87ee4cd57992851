/* How long what the tracks tell of is there; see spell.h. SPDX-License-Identifier: MIT */
#include "detectors/statistics/spell.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEADY_ROWS 20 /* that a shift must have lasted, */
#define STEADY \
    2.0 /* and so many standard deviations of these rows, to be one that must be there in each row */
#define LASTING 0.6 /* mean deviation as a share of its root mean square: a shift, not unrest */

void spell_open(struct spell *s, size_t d)
{
    *s = (struct spell){.d = d};
    s->r = xcalloc(SPELL_ROWS, d * sizeof *s->r);
    s->time = xcalloc(SPELL_ROWS, sizeof *s->time);
}

void spell_close(struct spell *s)
{
    free(s->r);
    free(s->time);
    *s = (struct spell){0};
}

static void keep_row(struct spell *s, const struct track_row *row, tstamp_ns time)
{
    memcpy(s->r + s->next * s->d, row->r, s->d * sizeof *s->r);
    s->time[s->next] = time;
    s->next = (s->next + 1) % SPELL_ROWS;
    s->n += s->n < SPELL_ROWS ? 1 : 0;
}

/* Index of the k-th row before the newest, k < n. */
static size_t row_before(const struct spell *s, size_t k)
{
    return (s->next + SPELL_ROWS - 1 - k) % SPELL_ROWS;
}

/* ---- is it still there? ---- */

/* log of P(row | healthy) / P(row | the spell's level). A row's mean square is taken for a scaled chi-square
 * of as many degrees of freedom as make its logarithm spread as healthy rows' does. */
static double log_ratio(const struct spell *s, const struct track_null *null, double square, int which)
{
    double spread = null->row_spread[which / TRACK_SPEEDS], freedom = 2 / (spread * spread);
    double healthy = exp(null->median[which]), shown = exp(s->level);
    return freedom / 2 * (s->level - null->median[which] - square * (1 / healthy - 1 / shown));
}

/* The same of the shift that is told: whether the column's deviation is a usual one, or one about the shift.
 */
static double log_ratio_of_shift(const struct spell *s, const float r[])
{
    double x = (double)r[s->told];
    return s->shift == 0 || isnan(x) ? 0 : s->shift * (s->shift - 2 * x) / (2 * s->usual2);
}

/* Both; that the shift is gone says nothing of a row which is unusual in other columns. */
static double evidence_of(const struct spell *s, const struct track_null *null, const struct track_row *row,
                          int which)
{
    int kind = which / TRACK_SPEEDS;
    double level = track_row_level(row, s->d, kind), shift = log_ratio_of_shift(s, row->r);
    bool usual = level <= null->row_median[kind] + null->row_spread[kind];
    return log_ratio(s, null, exp(level), which) + (usual || shift < 0 ? shift : 0);
}

/* How many rows say as much as one, since rows are like those before them: how much wider the deciding track
 * is in healthy rows than of independent ones it would be. */
static double rows_in_one(const struct track_null *null, int which)
{
    double lambda = track_lambda[which % TRACK_SPEEDS];
    double ratio = null->spread[which] / null->row_spread[which / TRACK_SPEEDS];
    return fmax(1, ratio * ratio * (2 - lambda) / lambda);
}

/* The first row that contradicts counts in full, those that follow it as far as they say something new. */
static void weigh(struct spell *s, double ratio, double rows)
{
    ratio = fmin(fmax(ratio, -SPELL_EVIDENCE), SPELL_EVIDENCE);
    bool first = ratio > 0 ? s->evidence <= 0 : s->evidence >= SPELL_EVIDENCE;
    double sum = s->evidence + (first ? ratio : ratio / rows);
    s->evidence = fmin(fmax(sum, 0), SPELL_EVIDENCE);
    if (s->evidence <= 0)
        s->lasts = true;
    if (s->evidence < SPELL_EVIDENCE)
        return;
    s->lasts = false;
    s->n = 0; /* what comes is told by itself, and has to show by itself */
    s->shift = 0;
}

void spell_step(struct spell *s, const struct tracks *t, const struct track_null *null,
                const struct track_row *row, int which, bool alarm, tstamp_ns time)
{
    keep_row(s, row, time);
    if (!alarm) {
        s->remembered = s->lasts = false;
        return;
    }
    double level = tracks_level(t, which);
    if (!s->remembered) {
        s->remembered = s->lasts = true;
        s->evidence = s->shift = 0;
        s->level = level;
        return;
    }
    /* while it lasts the level is the highest seen; what only is remembered fades, and with it what another
     * cause must surpass */
    s->level = s->lasts ? fmax(s->level, level) : level;
    weigh(s, evidence_of(s, null, row, which), rows_in_one(null, which));
}

/* ---- since when, and by how much? ---- */

void spell_tell(struct spell *s, size_t column, const struct spell_shift *shift, double usual2)
{
    s->told = column;
    s->shift = shift->steady ? shift->size : 0;
    s->usual2 = usual2;
}

struct spell_shift spell_shift(const struct spell *s, size_t column, double usual2)
{
    struct spell_shift best = {.evidence = -1};
    double sum = 0, sum2 = 0;
    size_t n = 0;
    for (size_t k = 0; k < s->n; k++) {
        double r = (double)s->r[row_before(s, k) * s->d + column];
        if (isnan(r))
            continue;
        n++;
        sum += r;
        sum2 += r * r;
        double mean = sum / (double)n, square = sum2 / (double)n, ratio = square / usual2;
        double moved = (double)n / 2 * mean * mean / usual2;
        double swings = ratio > 1 ? (double)n / 2 * (ratio - 1 - log(ratio)) : 0;
        bool lasting = mean * mean >= LASTING * LASTING * square;
        if (fmax(moved, swings) > best.evidence)
            best = (struct spell_shift){.since = s->time[row_before(s, k)],
                                        .lasting = lasting,
                                        .steady = n >= STEADY_ROWS &&
                                                  mean * mean >= STEADY * STEADY * (square - mean * mean),
                                        .size = lasting ? mean : sqrt(square),
                                        .evidence = fmax(moved, swings)};
    }
    return best;
}
