/* Alarms told one by one are few: what comes beyond is in one alarm that says how many and where, and in the
 * list. Words and numbers of ISA-18.2: a flood begins above 10 alarms in 10 minutes and ends below 5. Pure.
 * Not for includers outside alerts. SPDX-License-Identifier: MIT */
#ifndef PSM_ALERTS_FLOOD_H
#define PSM_ALERTS_FLOOD_H

#include "alerts/occurrence.h"

#define FLOOD_WINDOW (10 * NS_PER_MIN)
#define FLOOD_MOST 10 /* told in a window, with the alarm that speaks for the others */
#define FLOOD_OVER 5  /* it is over when fewer came within a window */
#define FLOOD_WORD "flood"

/* The last window, of all occurrences but those of floods. */
struct flood_count {
    size_t told; /* alarms, and alarms that grew */
    size_t came; /* those that were not told one by one too */
};
void flood_add(struct flood_count *c, const struct occurrence *o, tstamp_ns now);

/* May one more be told by itself? */
bool flood_room(const struct flood_count *c);

/* Over, so long after it was raised; never within a window, so that two floods' alarms are a window apart. */
bool flood_over(const struct flood_count *c, tstamp_ns raised, tstamp_ns now);

/* qsort of struct occurrence *: what is told first. psmon's own, then by how many supplies it concerns, data
 * last among these, then by chance, size over what matters, time and identifier. */
int flood_order(const void *a, const void *b);

/* For people, of the alarms that were not told: "too many alarms to tell one by one since …: 12 more, in S01
 * (5), S02 (4) and 3 other places; psmon alarm list shows them"; once it is over how many of them are open
 * still. */
struct flood_place {
    char name[FINDING_NAME_LEN];
    size_t n;
};
struct flood_report {
    struct flood_place *place; /* sorted by this */
    size_t n_places;
    size_t held, open;
    tstamp_ns since;
    bool over;
};
#define FLOOD_TEXT_LEN 256
void flood_words(char out[FLOOD_TEXT_LEN], struct flood_report *r);

#endif
