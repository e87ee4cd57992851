/* The weekly ranking: one score per supply, ties and unscored supplies defined, one line of reason.
 * Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_RANK_H
#define PSM_MONITOR_RANK_H

#include "base/finding.h"
#include "base/fleet.h"
#include "base/maintenance.h"

struct rank_row {
    uint32_t supply;
    int rank;          /* 1 … n ranked; 0: not ranked (never scored in the week) */
    double score;      /* higher: inspect sooner; NaN: not ranked */
    double chance;     /* smallest of the week; NaN */
    const struct finding *finding; /* the one that carries it; NULL: none */
    char reason[320];
};

/* Collects a week: feed each tick's supplies' score and chance (struct tick) at the end of each hour. */
struct rank_week;
struct rank_week *rank_week_new(size_t n_supplies);
void rank_week_free(struct rank_week *w);
void rank_week_add(struct rank_week *w, const float score[], const float chance[], const uint8_t reason[]);
void rank_week_reset(struct rank_week *w);

/* Orders the fleet: rows[n_supplies], ranked first. Order and tie rules are in rank.c's head. findings: those
 * open or closed during the week. */
void rank_fleet(struct rank_row rows[], const struct fleet *f, const struct maintenance *m,
                const struct rank_week *w, const struct finding findings[], size_t n_findings,
                tstamp_ns week_start, tstamp_ns now);

#endif
