/* Judges findings against labels: what was found, how soon, how long before the trip, what was false.
 *   fault: answered by findings of its supply or a group of it, from onset to a day after the end,
 *     of class data when the label is, else of any other
 *   common cause: by findings that concern one of its supplies, from onset to an hour after the end
 *   benign context: by nothing
 *   delay: from the onset to the first such finding; lead: from it to the trip
 *   false: a finding, class data apart, that answers no label
 * Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_EVALUATE_JUDGE_H
#define PSM_MONITOR_EVALUATE_JUDGE_H

#include "base/err.h"
#include "base/finding.h"
#include "base/fleet.h"

#include <stdio.h>

/* As in the labels file. Faults are the first three. */
enum label_class { LABEL_EQUIPMENT, LABEL_SENSOR, LABEL_DATA, LABEL_COMMON, LABEL_BENIGN, LABEL_CLASSES };

#define LABEL_NEVER (INT64_MAX / 2) /* end of what does not end */

struct label {
    char subject[FINDING_NAME_LEN]; /* supply, sector, "water:X" or "*" */
    char kind[40];                  /* in words; "": not told */
    int mode;                       /* power-supplies' list; 0: no failure */
    enum label_class class;
    int level;                  /* 0 small, 1 medium, 2 large; -1: not told */
    tstamp_ns onset, end, trip; /* trip 0: none */
    bool *touches;              /* [supplies] whom it concerns; NULL: as the subject says */
};

static inline bool label_is_fault(const struct label *l)
{
    return l->class <= LABEL_DATA;
}

#define JUDGE_MODES 32

struct judged_mode {
    size_t labels, found;
    double *delay_h, *lead_h; /* [found], [with a trip after the finding] */
    size_t n_delay, n_lead;
};

/* Of what one run said, or of several together. */
struct judgement {
    struct judged_mode mode[JUDGE_MODES];
    struct judged_mode level[3]; /* the same by size, as far as that is told */
    size_t false_findings;
    double weeks; /* of the ring, scored */
    /* Weekly lists: precision of the first ten; average precision, the mean over all that is worth a row of
     * the precision at its place, 0 for what is not listed. Possible: of lists of the same length that name
     * nothing else first. */
    double precision_sum, possible_sum, average_sum, average_possible_sum;
    size_t lists;
};

/* Reads labels (supply,mode,class,onset,end,trip; also kind,level,members where they are); *out ends with
 * judge_free_labels. Supplies that the fleet does not know are nobody's members. */
int judge_read_labels(const char *path, const struct fleet *f, struct label **out, size_t *n,
                      struct err *err) MUSTCHECK;
void judge_free_labels(struct label *labels, size_t n);

/* Whether a finding answers a label, as defined above. */
bool judge_answers(const struct finding *d, const struct label *l, const struct fleet *f);

/* Whether a finding's subject (supply, sector, "water:X" …, "*") takes in a supply. */
bool judge_takes_in(const char *subject, const struct fleet *f, int32_t supply);

/* Whether a label concerns a supply of the fleet; one of those is among the finding's. */
bool judge_touches(const struct label *l, const struct fleet *f, int32_t supply);
bool judge_share_a_supply(const struct finding *d, const struct label *l, const struct fleet *f);

/* Adds one ring's findings to j. */
void judge_findings(struct judgement *j, const struct fleet *f, const struct label labels[], size_t n_labels,
                    const struct finding findings[], size_t n_findings);

/* Of findings those that a budget says: chance at most that, or of class data; out[n], returns their number.
 */
size_t judge_within(double budget, const struct finding findings[], size_t n, struct finding out[]);

/* Adds one weekly list, all that it says to inspect. Good is what names what was labelled in the week: a
 * supply with a fault, or a group with a common cause or a fault of its own, one in which each has a third at
 * least of the other's supplies. Best possible: as many rows of these alone. */
void judge_list(struct judgement *j, const char *const subjects[], size_t n, const struct fleet *f,
                const struct label labels[], size_t n_labels, tstamp_ns from, tstamp_ns to);

/* Adds what another has judged. */
void judge_merge(struct judgement *into, const struct judgement *from);

/* True when the label concerns the supply: by name, or as its sector. */
bool judge_concerns(const struct label *l, const struct fleet *f, const char *supply);

void judge_free(struct judgement *j);

#endif
