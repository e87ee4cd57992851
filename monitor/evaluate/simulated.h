/* Evaluation on simulated rings: trains, scores weeks without and with faults, judges. Each budget is a run
 * of its own, as a site with that budget would have it. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_EVALUATE_SIMULATED_H
#define PSM_MONITOR_EVALUATE_SIMULATED_H

#include "base/ledger.h"
#include "monitor/comparators/comparator.h"
#include "monitor/evaluate/living.h"

#define SIMULATED_BUDGETS 4
extern const double simulated_budgets[SIMULATED_BUDGETS]; /* 1, 3, 10, 20 a week */

/* Faults of all modes and sizes, common causes, contexts that are no fault: see archive/sim/ring.h. */
enum living_part { LIVING_WITH_FAULTS, LIVING_WITH_COMMONS, LIVING_WITH_CONTEXTS, LIVING_PARTS };

struct simulated_options {
    uint32_t supplies, faulty_supplies;          /* of rings without and with faults */
    int train_days, healthy_weeks, faulty_weeks; /* weeks per ring */
    int first_seed, rings, faulty_rings;
    uint32_t living; /* bit of enum living_part: what rings with faults have instead; 0: the plain ones */
    bool physics_b;  /* of all rings */
    bool in_sample;  /* also with nulls of the fitted rows: must break the budget */
    bool compare;    /* rings with faults: comparators too */
    int jobs;        /* rings at a time, each in a thread */
};

/* Modes that comparisons leave out: invisible (9), without warning (18), and those of the data (17), which
 * psmon tells outside its budget and comparators not at all. */
#define SIMULATED_NOT_COMPARED (1u << 9 | 1u << 17 | 1u << 18)

/* What one detector found, at one limit. */
struct compared {
    struct living said;
    size_t moved[3]; /* found by luck: of the faults, by level, had each been on another supply */
};

struct simulated_result {
    struct judgement healthy[SIMULATED_BUDGETS], faulty[SIMULATED_BUDGETS];
    /* Supply-days of rings without faults at that chance, before the minimum effect; with nulls in sample. */
    size_t extreme_days[SIMULATED_BUDGETS], in_sample_days[SIMULATED_BUDGETS];
    struct ledger quiet; /* of them */
    /* Of rings with faults: */
    struct ledger ledger; /* at the first budget */
    size_t openings;      /* most findings that opened within ten minutes, at the first budget */
    struct compared own[SIMULATED_BUDGETS]; /* psmon itself */
    /* Comparators by budget; the last: by their own rule, of those that have one. */
    struct compared compared[COMPARATORS_MAX][SIMULATED_BUDGETS + 1];
};

/* Blocking; shows progress. *out is freed with simulated_free. */
int evaluate_simulated(struct simulated_result **out, const struct simulated_options *o,
                       struct err *err) MUSTCHECK;
void simulated_free(struct simulated_result *r);

/* Adds what another ring gave. */
void simulated_merge(struct simulated_result *into, const struct simulated_result *from);

/* The most findings that opened within ten minutes: no more alarms than that can have been raised. */
size_t simulated_openings(const struct finding findings[], size_t n);

#endif
