/* Judges findings against labels: what was found, how soon, how long before the trip, and what was false.
 * Pure. Definitions:
 *   a finding answers a label when it names the label's supply (or the group it stands for), is not older
 * than its onset and not younger than its end plus a day, and is of the label's kind: class data for data
 *   labels, any other class for the rest
 *   delay: from onset to the first such finding; lead: from it to the trip
 *   false: a finding, class data apart, that answers no label
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_EVALUATE_JUDGE_H
#define PSM_MONITOR_EVALUATE_JUDGE_H

#include "base/err.h"
#include "base/finding.h"
#include "base/fleet.h"

#include <stdio.h>

struct label {
    char subject[FINDING_NAME_LEN]; /* supply or sector */
    int mode;                       /* power-supplies' list; as in the labels file */
    bool data;                      /* class data */
    tstamp_ns onset, end, trip;     /* trip 0: none */
};

#define JUDGE_BUDGETS 3
#define JUDGE_MODES 32

struct judged_mode {
    size_t labels, found;
    double *delay_h, *lead_h; /* [found], [with a trip after the finding] */
    size_t n_delay, n_lead;
};

struct judgement {
    struct judged_mode mode[JUDGE_MODES];
    size_t false_findings[JUDGE_BUDGETS]; /* with chance <= budget[i] */
    size_t extreme_days[JUDGE_BUDGETS]; /* supply-days with chance <= budget[i], before the minimum effect */
    double weeks;                       /* of the ring, scored */
    double precision_sum;               /* of the weekly lists' first ten */
    size_t lists;
};

/* Reads labels (supply,mode,signal,class,onset,end,trip,…); *out caller frees. */
int judge_read_labels(const char *path, struct label **out, size_t *n, struct err *err) MUSTCHECK;

/* Adds one ring's findings to j. budgets ascending. */
void judge_findings(struct judgement *j, const struct fleet *f, const struct label labels[], size_t n_labels,
                    const struct finding findings[], size_t n_findings, const double budgets[JUDGE_BUDGETS]);

/* Adds one weekly list: of its first ten (fewer: all), the share that had a labelled fault in the week. */
void judge_list(struct judgement *j, const char *const supplies[], size_t n, const struct fleet *f,
                const struct label labels[], size_t n_labels, tstamp_ns from, tstamp_ns to);

/* True when the label concerns the supply: by name, or as its sector. */
bool judge_concerns(const struct label *l, const struct fleet *f, const char *supply);

/* Median of v[n], reordered; NaN when n is 0. */
double judge_median(double v[], size_t n);

void judge_free(struct judgement *j);

#endif
