/* The weekly ranking: one score per supply, ties and unscored supplies defined, one line of reason.
 * Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_RANK_H
#define PSM_MONITOR_RANK_H

#include "base/finding.h"
#include "base/fleet.h"

#include <stdbool.h>

struct rank_row {
    uint32_t supply;
    int rank;                          /* 1 … n ranked; 0: not ranked (never scored in the week) */
    double score;                      /* higher: inspect sooner; NaN: not ranked */
    double chance;                     /* of the finding, else the smallest of the week; NaN */
    const struct finding *finding;     /* the one that carries it; NULL: none. Borrowed from rank_fleet's
                                          findings: not to be followed once those have changed */
    tstamp_ns onset;                   /* of that finding; 0: none */
    bool open;                         /* that finding is open */
    enum reason unscored;              /* rank 0: the reason that took most of its hours */
    uint32_t hours_scored, hours_held; /* of the week: scored; at or above the row's evidence */
    bool lacks;                        /* no finding, and scored for less than RANK_LEAST_HOURS: too little to
                                          be on a list; ranked behind all others for who wants it now */
    char reason[320];
};

/* Scored hours that a supply without a finding needs for a place on a list: its evidence has to hold for a
 * day. A finding is a statement of its own. */
#define RANK_LEAST_HOURS 24

#define RANK_HOURS 168 /* of a week; later hours push out the first */

/* Collects a week: feed each tick's supplies' score and chance (struct tick) at the end of each hour. */
struct rank_week;
struct rank_week *rank_week_new(size_t n_supplies);
void rank_week_free(struct rank_week *w);
void rank_week_add(struct rank_week *w, const float score[], const float chance[], const uint8_t reason[]);

/* Optional, after rank_week_add: the hour's residual[n_channels] of struct tick, for the report's charts. */
void rank_week_add_residuals(struct rank_week *w, const float residual[], size_t n_channels);
/* The residuals of a channel by the hour, out[RANK_HOURS], the newest hour last; NaN: none. False: none
 * known. */
bool rank_week_residuals(const struct rank_week *w, size_t channel, float out[RANK_HOURS]);
/* The scores of a supply, likewise. */
void rank_week_scores(const struct rank_week *w, uint32_t supply, float out[RANK_HOURS]);

/* Forgets the hours; the scores held for hysteresis stay. */
void rank_week_reset(struct rank_week *w);

/* Hysteresis: tells the week the list issued last, rows[n_supplies] (only supply and score are looked at).
 * rank_fleet keeps a supply at that score while its new one is within RANK_HOLD of it. */
void rank_week_hold(struct rank_week *w, const struct rank_row rows[]);
#define RANK_HOLD 0.15 /* share of the held score, but not under RANK_HOLD decades */

/* One hour of one supply, as rank_week_add but by parts (hours read back from the history): first an hour is
 * begun, in which nobody is scored, then supplies are set. */
void rank_week_begin_hour(struct rank_week *w);
void rank_week_set(struct rank_week *w, uint32_t supply, double score, double chance);
void rank_week_set_reason(struct rank_week *w, uint32_t supply, enum reason reason);

/* Orders the fleet: rows[n_supplies], ranked first. Order and tie rules are in rank.c's head. findings: those
 * open or closed during the week. */
void rank_fleet(struct rank_row rows[], const struct fleet *f, const struct rank_week *w,
                const struct finding findings[], size_t n_findings, tstamp_ns week_start, tstamp_ns now);

/* "12 Nov", with the year when it is not that of `now`. */
#define RANK_DAY_LEN 24
char *rank_day(char out[RANK_DAY_LEN], tstamp_ns t, tstamp_ns now);

#endif
