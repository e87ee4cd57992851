/* All tables of an evaluation; see evaluation.h. SPDX-License-Identifier: MIT */
#include "monitor/evaluate/evaluation.h"

#include "base/mem.h"
#include "detectors/model/tail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void quiet_table(const struct simulated_result *r, const struct simulated_options *o,
                        struct tables *out)
{
    static const char *const head[] = {"budget",
                                       "stated",
                                       "findings",
                                       "findings / stated",
                                       "supply-days",
                                       "supply-days / stated",
                                       "supply-days, nulls in sample"};
    char note[160];
    snprintf(note, sizeof note,
             "%.0f ring-weeks of %u supplies; supply-days at that chance before the minimum effect",
             r->healthy[0].weeks, o->supplies);
    struct table *t = tables_add(out, "without faults", note, head, 6 + o->in_sample);
    for (int b = 0; b < SIMULATED_BUDGETS; b++) {
        const struct judgement *j = &r->healthy[b];
        double stated = simulated_budgets[b] * j->weeks;
        table_cell(t, "%g", simulated_budgets[b]);
        table_number(t, stated, 0);
        table_cell(t, "%zu", j->false_findings);
        table_number(t, (double)j->false_findings / stated, 2);
        table_cell(t, "%zu", r->extreme_days[b]);
        table_number(t, (double)r->extreme_days[b] / stated, 2);
        if (o->in_sample)
            table_cell(t, "%zu", r->in_sample_days[b]);
    }
}

/* Median of v[n], which stays as it is. */
static double median(const double v[], size_t n)
{
    double *copy = xcalloc(n + 1, sizeof *copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = v[i];
    double m = median_of(copy, n);
    free(copy);
    return m;
}

static void mode_row(struct table *t, const char *name, const struct judged_mode *k)
{
    if (k->labels == 0)
        return;
    table_cell(t, "%s", name);
    table_cell(t, "%zu", k->labels);
    table_cell(t, "%zu", k->found);
    table_number(t, 100 * (double)k->found / (double)k->labels, 0);
    table_number(t, median(k->delay_h, k->n_delay), 1);
    table_number(t, median(k->lead_h, k->n_lead), 1);
    table_cell(t, "%zu", k->n_lead);
}

void evaluation_modes(const struct judgement *j, struct tables *out)
{
    static const char *const head[] = {
        "mode", "planted", "found", "%", "median delay, h", "median lead, h", "with a trip after it"};
    struct table *t =
        tables_add(out, "delay and lead",
                   "from the onset to the first finding that answers the fault, from it to the trip", head,
                   sizeof head / sizeof *head);
    for (int m = 0; m < JUDGE_MODES; m++) {
        char name[16];
        snprintf(name, sizeof name, "%d", m);
        mode_row(t, name, &j->mode[m]);
    }
    for (int level = 0; level < 3; level++)
        mode_row(t, living_levels[level], &j->level[level]);
}

void evaluation_lists(const struct judgement *j, struct tables *out)
{
    static const char *const head[] = {"of the weekly lists", "measured", "best possible"};
    struct table *t = tables_add(out, "weekly lists",
                                 "good is a supply with a fault in the week, or a group with a cause; best: "
                                 "a list as long of these first",
                                 head, 3);
    double n = j->lists ? (double)j->lists : (double)NAN;
    table_cell(t, "precision at 10");
    table_number(t, j->precision_sum / n, 2);
    table_number(t, j->possible_sum / n, 2);
    table_cell(t, "average precision");
    table_number(t, j->average_sum / n, 2);
    table_number(t, j->average_possible_sum / n, 2);
    table_cell(t, "lists");
    table_cell(t, "%zu", j->lists);
}

static void ledger_table(const struct simulated_result *r, struct tables *out)
{
    static const char *const head[] = {"supply-minutes", "% without faults", "% with faults"};
    struct table *t =
        tables_add(out, "ledger", "what became of every minute of every supply outside maintenance", head, 3);
    for (enum reason i = 0; i < REASON_COUNT; i++) {
        if (i == REASON_MAINTENANCE || r->ledger.n[i] + r->quiet.n[i] == 0)
            continue;
        table_cell(t, "%s", reason_name(i));
        table_number(t, 100 * ledger_share(&r->quiet, i), 2);
        table_number(t, 100 * ledger_share(&r->ledger, i), 2);
    }
}

/* ---- comparators ---- */

static void compared_row(struct table *t, const char *name, const struct compared *c, double budget)
{
    const struct living *l = &c->said;
    table_cell(t, "%s", name);
    for (int level = 0; level < 3; level++) {
        struct living_share s = living_found(l, level, SIMULATED_NOT_COMPARED);
        double planted = s.labels ? (double)s.labels : (double)NAN;
        table_number(t, 100 * (double)s.found / planted, 0);
        table_number(t, 100 * (double)c->moved[level] / planted, 0);
    }
    table_number(t, (double)living_false(l) / l->weeks, 1);
    table_number(t, (double)living_false(l) / (l->weeks * budget), 1);
}

static void compared_table(const struct simulated_result *r, const struct simulated_options *o, int b,
                           struct tables *out)
{
    static const char *const head[] = {"detector",         "small, %",          "small by luck, %",
                                       "medium, %",        "medium by luck, %", "large, %",
                                       "large by luck, %", "false a week",      "measured / stated"};
    char title[64], note[320];
    snprintf(title, sizeof title, "comparators at budget %g", simulated_budgets[b]);
    snprintf(
        note, sizeof note,
        "faults found and false findings a week of %u supplies; limits from the second half of the "
        "reference, "
        "what is learned from the first. By luck: found had each fault been on another supply. Without modes "
        "9, 17 and 18",
        o->faulty_supplies);
    struct table *t = tables_add(out, title, note, head, sizeof head / sizeof *head);
    double budget = simulated_budgets[b];
    compared_row(t, "psmon", &r->own[b], budget);
    for (size_t c = 0; c < comparators_count(); c++)
        compared_row(t, comparators[c]->name, &r->compared[c][b], budget);
    for (size_t c = 0; c < comparators_count(); c++) {
        char name[64];
        if (comparators[c]->own == 0)
            continue;
        snprintf(name, sizeof name, "%s, mean + %g sd", comparators[c]->name, comparators[c]->own);
        compared_row(t, name, &r->compared[c][SIMULATED_BUDGETS], (double)NAN); /* states nothing */
    }
}

/* ---- all ---- */

static void tables_of(const struct simulated_result *r, const struct simulated_options *o, struct tables *out)
{
    if (o->rings)
        quiet_table(r, o, out);
    ledger_table(r, out);
    if (!o->faulty_rings)
        return;
    struct living at[SIMULATED_BUDGETS];
    for (int b = 0; b < SIMULATED_BUDGETS; b++)
        at[b] = r->own[b].said;
    living_tables(at, simulated_budgets, SIMULATED_BUDGETS, out);
    evaluation_modes(&r->faulty[0], out);
    evaluation_lists(&r->faulty[0], out);
    if (o->compare)
        for (int b = 0; b < 3; b += 2) /* 1 and 10 */
            compared_table(r, o, b, out);
}

void evaluation_tables(const struct evaluated e[], size_t n, const struct simulated_options *o,
                       struct tables *out)
{
    aims_table(e, n, out);
    for (size_t i = 0; i < n; i++) {
        if (n > 1)
            out->of = e[i].physics_b ? ", physics b" : ", physics a";
        tables_of(e[i].result, o, out);
        out->of = NULL;
    }
}
