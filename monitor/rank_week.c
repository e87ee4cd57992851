/* A week of the fleet by the hour; see rank_week.h. SPDX-License-Identifier: MIT */
#include "monitor/rank_week.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_HOURS RANK_LEAST_HOURS /* evidence has to hold for so long */

struct held {
    char finding[FINDING_ID_LEN];
    double score;
};

struct rank_week {
    size_t n_supplies, hours;          /* hours begun so far */
    float *score;                      /* [S][RANK_HOURS], hour h at h mod RANK_HOURS; NaN: not scored */
    uint32_t (*reasons)[REASON_COUNT]; /* [S] hours per reason */
    float *residual;                   /* [C][RANK_HOURS] as score; NULL until the first were added */
    size_t n_channels;
    struct held *held;
    size_t n_held, held_cap;
};

struct rank_week *rank_week_new(size_t n_supplies)
{
    struct rank_week *w = xcalloc(1, sizeof *w);
    w->n_supplies = n_supplies;
    w->score = xcalloc(n_supplies * RANK_HOURS + 1, sizeof *w->score);
    w->reasons = xcalloc(n_supplies + 1, sizeof *w->reasons);
    rank_week_reset(w);
    return w;
}

void rank_week_free(struct rank_week *w)
{
    if (!w)
        return;
    free(w->score);
    free(w->reasons);
    free(w->residual);
    free(w->held);
    free(w);
}

void rank_week_reset(struct rank_week *w)
{
    w->hours = 0;
    fill_nan(w->score, w->n_supplies * RANK_HOURS);
    fill_nan(w->residual, w->n_channels * RANK_HOURS);
    memset(w->reasons, 0, w->n_supplies * sizeof *w->reasons);
}

/* ---- hysteresis ---- */

void rank_week_hold_none(struct rank_week *w)
{
    w->n_held = 0;
}

void rank_week_hold(struct rank_week *w, const char *finding, double score)
{
    xgrow(&w->held, &w->held_cap, w->n_held + 1, sizeof *w->held);
    struct held *h = &w->held[w->n_held++];
    snprintf(h->finding, sizeof h->finding, "%s", finding);
    h->score = score;
}

double rank_week_held(const struct rank_week *w, const char *finding)
{
    for (size_t i = 0; i < w->n_held; i++)
        if (strcmp(w->held[i].finding, finding) == 0)
            return w->held[i].score;
    return NAN;
}

/* ---- hours ---- */

void rank_week_begin_hour(struct rank_week *w)
{
    size_t at = w->hours++ % RANK_HOURS;
    for (size_t s = 0; s < w->n_supplies; s++)
        w->score[s * RANK_HOURS + at] = NAN;
    for (size_t c = 0; c < w->n_channels; c++)
        w->residual[c * RANK_HOURS + at] = NAN;
}

void rank_week_set(struct rank_week *w, uint32_t supply, double score)
{
    assert(supply < w->n_supplies && w->hours);
    w->score[supply * RANK_HOURS + (w->hours - 1) % RANK_HOURS] = (float)score;
}

void rank_week_set_reason(struct rank_week *w, uint32_t supply, enum reason reason)
{
    assert(supply < w->n_supplies && reason < REASON_COUNT);
    w->reasons[supply][reason]++;
}

void rank_week_add(struct rank_week *w, const float score[], const uint8_t reason[])
{
    rank_week_begin_hour(w);
    for (uint32_t s = 0; s < w->n_supplies; s++) {
        rank_week_set(w, s, (double)score[s]);
        rank_week_set_reason(w, s, reason[s] < REASON_COUNT ? reason[s] : REASON_NO_MODEL);
    }
}

void rank_week_add_residuals(struct rank_week *w, const float residual[], size_t n_channels)
{
    assert(w->hours && (!w->residual || n_channels == w->n_channels));
    if (!w->residual) {
        w->residual = xcalloc(n_channels * RANK_HOURS + 1, sizeof *w->residual);
        w->n_channels = n_channels;
        fill_nan(w->residual, n_channels * RANK_HOURS);
    }
    for (size_t c = 0; c < n_channels; c++)
        w->residual[c * RANK_HOURS + (w->hours - 1) % RANK_HOURS] = residual[c];
}

/* A line of the ring, oldest hour first. */
static void unroll(const struct rank_week *w, const float line[], float out[])
{
    for (size_t h = 0; h < RANK_HOURS; h++)
        out[h] = line[(w->hours + h) % RANK_HOURS];
}

void rank_week_scores(const struct rank_week *w, uint32_t supply, float out[RANK_HOURS])
{
    unroll(w, w->score + supply * RANK_HOURS, out);
}

bool rank_week_residuals(const struct rank_week *w, size_t channel, float out[RANK_HOURS])
{
    bool any = false;
    if (!w->residual || channel >= w->n_channels)
        return false;
    unroll(w, w->residual + channel * RANK_HOURS, out);
    for (size_t h = 0; h < RANK_HOURS; h++)
        any = any || !isnan(out[h]);
    return any;
}

/* ---- what it says ---- */

/* The n largest of a supply's hours, descending, into top[n]; returns how many hours were scored. Insertion:
 * n is small, and most hours are not among the largest. */
static size_t largest(const struct rank_week *w, uint32_t s, float top[], size_t n)
{
    const float *v = w->score + s * RANK_HOURS;
    size_t scored = 0, have = 0;
    for (size_t h = 0; h < RANK_HOURS; h++) {
        if (isnan(v[h]))
            continue;
        scored++;
        if (have == n && !(v[h] > top[n - 1]))
            continue;
        size_t at = have < n ? have++ : n - 1;
        for (; at > 0 && top[at - 1] < v[h]; at--)
            top[at] = top[at - 1];
        top[at] = v[h];
    }
    return scored;
}

static enum reason main_reason(const struct rank_week *w, uint32_t s)
{
    int best = REASON_NO_MODEL;
    uint32_t most = 0;
    for (int k = REASON_SCORED + 1; k < REASON_COUNT; k++)
        if (w->reasons[s][k] > most) {
            most = w->reasons[s][k];
            best = k;
        }
    return (enum reason)best;
}

void rank_week_supply(const struct rank_week *w, uint32_t supply, struct rank_supply *out)
{
    float top[DAY_HOURS];
    size_t n = largest(w, supply, top, DAY_HOURS), k = n < 2 * DAY_HOURS ? (n + 1) / 2 : DAY_HOURS;
    *out = (struct rank_supply){.evidence = n ? (double)top[k - 1] : (double)NAN,
                                .hours_scored = (uint32_t)n,
                                .unscored = n ? REASON_SCORED : main_reason(w, supply)};
}
