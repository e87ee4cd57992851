/* The tables of living rings; see living.h. SPDX-License-Identifier: MIT */
#include "monitor/evaluate/living.h"

#include <math.h>
#include <string.h>

#define RING 1320.0 /* supplies that rates are told for */

static const char *const contexts[CONTEXTS] = {[CONTEXT_COMMON] = "common cause acts",
                                               [CONTEXT_AFTER] = "after a common cause",
                                               [CONTEXT_OWN_FAULT] = "after own fault",
                                               [CONTEXT_WORK] = "after work",
                                               [CONTEXT_AMBIENT] = "ambient beyond reference",
                                               [CONTEXT_SETPOINTS] = "set-points changed",
                                               [CONTEXT_NONE] = "none of these"};
static const char *const label_classes[] = {"equipment", "sensor", "data", "common"};
const char *const living_levels[3] = {"small", "medium", "large"};

/* A budget is stated for the ring that was scored, whatever its size. */
static double week_of_1320(const struct living *l, size_t n)
{
    return (double)n / l->weeks * RING / l->supplies;
}

static struct table *add_by_budget(struct tables *out, const char *title, const char *note,
                                   const double budget[], size_t n, const char *const of[2])
{
    char text[TABLE_COLUMNS][40];
    const char *head[TABLE_COLUMNS] = {"context"};
    for (size_t i = 0; i < 2 * n; i++) {
        snprintf(text[i], sizeof text[i], "%s %g", of[i % 2], budget[i / 2]);
        head[1 + i] = text[i];
    }
    return tables_add(out, title, note, head, 1 + 2 * n);
}

static void false_table(const struct living at[], const double budget[], size_t n, struct tables *out)
{
    static const char *const of[2] = {"budget", "of 1320 at"};
    struct table *t =
        add_by_budget(out, "false findings",
                      "what answers no fault and no common cause, data apart, by the first context that "
                      "applies; numbers, and how many a week of 1,320 supplies would have",
                      budget, n, of);
    for (int c = 0; c < CONTEXTS; c++) {
        table_cell(t, "%s", contexts[c]);
        for (size_t b = 0; b < n; b++) {
            table_cell(t, "%zu", at[b].false_findings[c]);
            table_number(t, week_of_1320(&at[b], at[b].false_findings[c]), 1);
        }
    }
    table_cell(t, "all");
    for (size_t b = 0; b < n; b++) {
        table_cell(t, "%zu", living_false(&at[b]));
        table_number(t, week_of_1320(&at[b], living_false(&at[b])), 1);
    }
    table_cell(t, "measured / stated");
    for (size_t b = 0; b < n; b++) {
        table_number(t, (double)living_false(&at[b]) / (budget[b] * at[b].weeks), 2);
        table_cell(t, "%s", "");
    }
}

static void kind_row(struct table *t, const struct living_kind *k)
{
    table_cell(t, "%s", k->kind);
    table_cell(t, "%zu", k->events);
    table_cell(t, "%zu", k->found);
    table_cell(t, "%zu", k->named);
    table_cell(t, "%zu", k->findings);
    double found = k->found ? (double)k->found : (double)NAN;
    table_number(t, (double)k->findings / found, 1);
    table_number(t, k->delay_h / found, 1);
}

static void kind_table(const struct living *l, struct tables *out)
{
    static const char *const head[] = {"common cause", "events",   "found",
                                       "group named",  "findings", "findings per found event",
                                       "mean delay, h"};
    struct table *t =
        tables_add(out, "common causes",
                   "a finding is counted to the fault of the supply it names, else to the cause it answers",
                   head, sizeof head / sizeof *head);
    struct living_kind all = living_causes(l);
    for (size_t i = 0; i < l->n_kinds; i++)
        kind_row(t, &l->kind[i]);
    kind_row(t, &all);
}

static void share_cells(struct table *t, const struct living_share *s)
{
    if (s->labels == 0)
        table_cell(t, "-");
    else
        table_cell(t, "%zu", s->found);
    table_cell(t, "%zu", s->labels);
}

static void level_row(struct table *t, const char *name, const struct living_share s[3])
{
    table_cell(t, "%s", name);
    for (int level = 0; level < 3; level++)
        share_cells(t, &s[level]);
}

static void level_table(const struct living *l, struct tables *out)
{
    static const char *const head[] = {"mode",           "small found", "small planted", "medium found",
                                       "medium planted", "large found", "large planted"};
    struct table *t = tables_add(out, "faults", "by mode of docs/power-supplies.md §9 and by size", head,
                                 sizeof head / sizeof *head);
    for (int m = 1; m < JUDGE_MODES; m++) {
        char name[16];
        const struct living_share *s = l->mode[m];
        snprintf(name, sizeof name, "%d", m);
        if (s[0].labels + s[1].labels + s[2].labels)
            level_row(t, name, s);
    }
    struct living_share all[3];
    for (int level = 0; level < 3; level++)
        all[level] = living_found(l, level, 0);
    level_row(t, "all", all);
    level_row(t, "during a common cause", l->during);
}

static void class_table(const struct living *l, struct tables *out)
{
    const char *head[1 + CLASS_COUNT] = {"planted"};
    for (int b = 0; b < CLASS_COUNT; b++)
        head[1 + b] = finding_class_name((enum finding_class)b);
    struct table *t =
        tables_add(out, "class of the first finding", "of what was found", head, 1 + CLASS_COUNT);
    for (int a = 0; a <= LABEL_COMMON; a++) {
        table_cell(t, "%s", label_classes[a]);
        for (int b = 0; b < CLASS_COUNT; b++)
            table_cell(t, "%zu", l->class[a][b]);
    }
}

void living_tables(const struct living at[], const double budget[], size_t n, struct tables *out)
{
    false_table(at, budget, n, out);
    kind_table(&at[0], out);
    level_table(&at[0], out);
    class_table(&at[0], out);
}
