/* What was measured beside what was aimed at: one line a figure. Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_MONITOR_EVALUATE_AIMS_H
#define PSM_MONITOR_EVALUATE_AIMS_H

#include "monitor/evaluate/simulated.h"

/* Rings of one physics. */
struct evaluated {
    bool physics_b;
    const struct simulated_result *result;
};

/* A limit holds when the figure lies within [least, most]. */
struct aim {
    double value; /* NaN: not measured */
    double least, most;
};
enum aim_state { AIM_UNKNOWN, AIM_HOLDS, AIM_FAILS };
enum aim_state aim_state(const struct aim *a);

#define AIMS_MAX 40

/* A figure of both. */
struct aim_row {
    char figure[120];
    char aim[24];
    int decimals;
    struct aim of[2]; /* by place in evaluated[] */
};

/* The figures of n <= 2 physics; rows[AIMS_MAX]. Returns their number. */
size_t aims_of(const struct evaluated e[], size_t n, struct aim_row rows[]);

/* As a table, the first of `out`. */
void aims_table(const struct evaluated e[], size_t n, struct tables *out);

#endif
