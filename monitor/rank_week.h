/* A week of the fleet by the hour: scores, why there was none, and residuals for charts and trends. Pure.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_RANK_WEEK_H
#define PSM_MONITOR_RANK_WEEK_H

#include "base/finding.h"

#define RANK_HOURS 168 /* of a week; later hours push out the first */

/* Scored hours from which on a supply without a finding is judged at all: what six hours say of it is
 * chance. A finding is a statement of its own. */
#define RANK_LEAST_HOURS 24

/* Collects a week: feed each tick's supplies' score (struct tick) at the end of each hour. */
struct rank_week;
struct rank_week *rank_week_new(size_t n_supplies);
void rank_week_free(struct rank_week *w);
void rank_week_add(struct rank_week *w, const float score[], const uint8_t reason[]);

/* One hour, as rank_week_add but by parts (hours read back from the history): first an hour is begun, in
 * which nobody is scored, then supplies are set. */
void rank_week_begin_hour(struct rank_week *w);
void rank_week_set(struct rank_week *w, uint32_t supply, double score);
void rank_week_set_reason(struct rank_week *w, uint32_t supply, enum reason reason);

/* Optional, after rank_week_add: the hour's residual[n_channels] of struct tick. */
void rank_week_add_residuals(struct rank_week *w, const float residual[], size_t n_channels);
/* The residuals of a channel by the hour, out[RANK_HOURS], the newest hour last; NaN: none. False: none
 * known. */
bool rank_week_residuals(const struct rank_week *w, size_t channel, float out[RANK_HOURS]);
/* The scores of a supply, likewise. */
void rank_week_scores(const struct rank_week *w, uint32_t supply, float out[RANK_HOURS]);

/* Forgets the hours; the scores held for hysteresis stay. */
void rank_week_reset(struct rank_week *w);

/* What the week says of one supply. */
struct rank_supply {
    double evidence; /* the 24th largest of its hourly scores, so that it held for a day; of fewer than 48
                        scored hours the middle one; NaN: never scored */
    uint32_t hours_scored; /* of the week */
    enum reason unscored;  /* evidence NaN: the reason that took most of its hours */
};
void rank_week_supply(const struct rank_week *w, uint32_t supply, struct rank_supply *out);
static inline bool rank_judged(const struct rank_supply *s)
{
    return s->hours_scored >= RANK_LEAST_HOURS;
}

/* Hysteresis: tells the week what the list issued last said of a finding; forgets all with _hold_none.
 * _held: what it said; NaN: nothing. */
void rank_week_hold_none(struct rank_week *w);
void rank_week_hold(struct rank_week *w, const char *finding, double score);
double rank_week_held(const struct rank_week *w, const char *finding);

#endif
