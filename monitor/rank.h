/* The weekly list: what is worth an inspection, in order, and nothing else. Findings, each subject once;
 * trends to watch; the best of the rest by name; apart, findings that are over. Its rules, the priorities and
 * ties are in rank.c's head. One code for the page, the report, the history and `psmon evaluate`. Pure.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_RANK_H
#define PSM_MONITOR_RANK_H

#include "base/finding.h"
#include "base/fleet.h"
#include "monitor/rank_week.h"
#include "monitor/trend.h"

#include <stdbool.h>

enum rank_part {
    RANK_INSPECT,  /* an open finding */
    RANK_WATCH,    /* no finding yet, but a trend that comes to be one */
    RANK_ENDED,    /* a finding that ended by itself in the week */
    RANK_REPAIRED, /* one that is over, and was worked on since its onset */
    RANK_PARTS
};
enum rank_priority { RANK_HIGH, RANK_MEDIUM, RANK_LOW, RANK_PRIORITIES };
const char *rank_part_name(enum rank_part p);         /* "inspect", "watch", "ended", "repaired" */
const char *rank_priority_name(enum rank_priority p); /* "high", "medium", "low" */

struct rank_entry {
    enum rank_part part;
    int rank; /* 1 … of what to inspect and then to watch; 0: over */
    enum rank_priority priority;
    int32_t supply;                /* -1: a group's */
    const struct finding *finding; /* NULL: a trend. Borrowed from rank_list_make's findings: not to be
                                      followed once those have changed */
    const struct finding *second;  /* the next one of the same subject, for which this row stands too; NULL */
    struct trend trend;            /* without a finding */
    uint32_t also, members;        /* findings that have no row: others of the subject, of its members */
    double score;                  /* what orders within a priority: size over minimum effect, twice that with
                                      a witness; class data: supplies; of a trend NaN */
    double chance;                 /* of the finding; NaN: none */
    char reason[480];
};

#define RANK_WATCHED 5
#define RANK_TRENDS 64 /* as many are looked at: supplies with a finding are no longer watched */
#define RANK_REST 3

struct rank_list {
    struct rank_entry *entry; /* in order of parts */
    size_t n, cap;
    size_t of[RANK_PARTS];      /* how many of each */
    struct rank_supply *supply; /* [n_supplies] in the fleet's order */
    size_t n_supplies;
    uint32_t rest[RANK_REST]; /* supplies on no row with the most evidence, whose day is the least usual */
    size_t n_rest;
    char rest_words[224]; /* "nothing else stands out; best of the rest: …" */
};

struct rank_input {
    const struct fleet *fleet;
    const struct rank_week *week;
    const struct finding *findings; /* open, or closed since week_start; others are passed over */
    size_t n_findings;
    const struct trend *trends; /* least time left first */
    size_t n_trends;
    tstamp_ns week_start, now;
};

/* Makes the list anew; *l is one that was made before, or zero. */
void rank_list_make(struct rank_list *l, const struct rank_input *in);
void rank_list_free(struct rank_list *l); /* what it holds */

/* Tells the week the list that is issued, for hysteresis: a finding keeps its score of the last list while
 * its new one is within RANK_HOLD of it. */
void rank_list_hold(const struct rank_list *l, struct rank_week *w);
#define RANK_HOLD 0.15 /* share of the held score */

/* The subject of a row: a supply or a group. */
const char *rank_subject(const struct rank_entry *e, const struct fleet *f);

/* "12 Nov", with the year when it is not that of `now`. */
#define RANK_DAY_LEN 24
char *rank_day(char out[RANK_DAY_LEN], tstamp_ns t, tstamp_ns now);

#endif
