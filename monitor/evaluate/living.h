/* Judging on rings that live: whose groups have common causes, whose machine changes, where work is done. In
 * which context a false finding was said, how many findings a common cause made, what was found at which
 * size. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_EVALUATE_LIVING_H
#define PSM_MONITOR_EVALUATE_LIVING_H

#include "monitor/evaluate/judge.h"
#include "monitor/evaluate/tables.h"

/* Where a false finding, one that answers neither a fault nor a common cause, class data apart, was said: the
 * first that applies. 72 hours are the longest window of a statistic. */
enum living_context {
    CONTEXT_COMMON,    /* a common cause acts in its sector, but not on its own supplies */
    CONTEXT_AFTER,     /* one ended there within 72 h before; 6 h if it lasted less than one */
    CONTEXT_OWN_FAULT, /* a fault of its own ended within 14 days before, and is not answered any more */
    CONTEXT_WORK,      /* a swap or calibration of one of its supplies, ever before; a shutdown within 72 h */
    CONTEXT_AMBIENT,   /* a warm or cold spell, or within 72 h after it */
    CONTEXT_SETPOINTS, /* a lattice change within 7 days before; a study or dump within 24 h */
    CONTEXT_NONE,
    CONTEXTS
};

#define LIVING_KINDS 24
#define LIVING_FAST "rate" /* the detector that looks for lost water by the minute */

/* Common causes of one kind. A finding is counted to the fault of the supply that it names, else to the
 * common cause that it answers, else to a fault in its group. */
struct living_kind {
    char kind[40];
    size_t events, found, findings;
    size_t named;   /* one of the findings bears the cause's subject */
    double delay_h; /* sum over the found, from the onset to the first finding */
};

struct living_share {
    size_t labels, found;
};

/* Of what one run said, or of several together. */
struct living {
    double weeks;    /* of rings of `supplies` */
    double supplies; /* of one ring */
    size_t false_findings[CONTEXTS];
    size_t false_fast; /* of those by the fast path */
    struct living_kind kind[LIVING_KINDS];
    size_t n_kinds;
    struct living_share mode[JUDGE_MODES][3]; /* by level */
    struct living_share during[3]; /* of faults that began while a common cause acted on their supply */
    size_t class[LABEL_COMMON + 1][CLASS_COUNT]; /* first finding of a label's, by both's classes */
};

/* Adds one ring's findings, all that were said. Labels in any order. */
void living_judge(struct living *l, const struct fleet *f, const struct label labels[], size_t n_labels,
                  const struct finding findings[], size_t n_findings);

/* Adds what another has judged, of rings of the same size. */
void living_merge(struct living *into, const struct living *from);

/* The context of a finding that answers nothing. */
enum living_context living_context_of(const struct finding *d, const struct fleet *f,
                                      const struct label labels[], size_t n_labels);

/* Sums over contexts and over kinds; of faults of a level over all modes but those of `without` (bit m). */
size_t living_false(const struct living *l);
struct living_kind living_causes(const struct living *l);
struct living_share living_found(const struct living *l, int level, uint32_t without);

/* Labels' words: "small", "medium", "large". */
extern const char *const living_levels[3];

/* The tables of what was said at budget[n], at[n]; of all but false findings at the first of them. */
void living_tables(const struct living at[], const double budget[], size_t n, struct tables *out);

#endif
