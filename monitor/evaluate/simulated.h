/* Evaluation on simulated rings: trains, scores weeks without and with faults, judges.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_EVALUATE_SIMULATED_H
#define PSM_MONITOR_EVALUATE_SIMULATED_H

#include "monitor/evaluate/living.h"

/* Faults of all modes and sizes, common causes, contexts that are no fault: see archive/sim/ring.h. */
enum living_part { LIVING_WITH_FAULTS, LIVING_WITH_COMMONS, LIVING_WITH_CONTEXTS, LIVING_PARTS };

struct simulated_options {
    uint32_t supplies;
    int train_days, healthy_weeks, faulty_weeks; /* weeks per ring */
    int first_seed, rings, faulty_rings;
    double budgets[JUDGE_BUDGETS];
    uint32_t living; /* bit of enum living_part: what rings with faults have instead; 0: the plain ones */
    bool physics_b;  /* of all rings */
    bool in_sample;  /* also with nulls of the fitted rows: must break the budget */
};

struct simulated_result {
    struct judgement healthy, in_sample, faulty;
    struct living living; /* of the rings with faults */
};

/* Blocking; shows progress. Free with judge_free each. */
int evaluate_simulated(struct simulated_result *r, const struct simulated_options *o,
                       struct err *err) MUSTCHECK;

#endif
