/* All tables of an evaluation on simulated rings. Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_EVALUATE_EVALUATION_H
#define PSM_MONITOR_EVALUATE_EVALUATION_H

#include "monitor/evaluate/aims.h"

/* Aims first, then the tables of each of n <= 2 physics, as far as there were such rings. */
void evaluation_tables(const struct evaluated e[], size_t n, const struct simulated_options *o,
                       struct tables *out);

/* Found faults, delay, lead, by mode. */
void evaluation_modes(const struct judgement *j, struct tables *out);

/* The weekly lists. */
void evaluation_lists(const struct judgement *j, struct tables *out);

#endif
