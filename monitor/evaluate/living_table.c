/* The tables of living rings, as text and as CSV; see living.h. SPDX-License-Identifier: MIT */
#include "monitor/evaluate/living.h"

#include <errno.h>
#include <string.h>

#define RING 1320.0 /* supplies that rates are told for */

static const char *const contexts[CONTEXTS] = {[CONTEXT_COMMON] = "common cause acts",
                                               [CONTEXT_AFTER] = "after a common cause",
                                               [CONTEXT_OWN_FAULT] = "after own fault",
                                               [CONTEXT_WORK] = "after work",
                                               [CONTEXT_AMBIENT] = "ambient beyond reference",
                                               [CONTEXT_SETPOINTS] = "set-points changed",
                                               [CONTEXT_NONE] = "none of these"};
static const char *const levels[3] = {"small", "medium", "large"};
static const char *const label_classes[] = {"equipment", "sensor", "data", "common"};

/* False findings a week of a ring of 1,320. A budget is stated for the ring that was scored, whatever its
 * size. */
static double rate(const struct living *l, size_t n)
{
    return (double)n / l->weeks * RING / l->supplies;
}

static size_t all_contexts(const struct living *l, int budget)
{
    size_t n = 0;
    for (int c = 0; c < CONTEXTS; c++)
        n += l->false_findings[c][budget];
    return n;
}

static void print_false(const struct living *l, const double budgets[], FILE *to)
{
    fprintf(to, "\nfalse findings a week, of 1,320 supplies (and their number), by context\n\n  %-26s", "");
    for (int b = 0; b < JUDGE_BUDGETS; b++)
        fprintf(to, "  chance <= %-8g", budgets[b]);
    for (int c = 0; c < CONTEXTS; c++) {
        fprintf(to, "\n  %-26s", contexts[c]);
        for (int b = 0; b < JUDGE_BUDGETS; b++)
            fprintf(to, "  %8.1f (%5zu) ", rate(l, l->false_findings[c][b]), l->false_findings[c][b]);
    }
    fprintf(to, "\n  %-26s", "all");
    for (int b = 0; b < JUDGE_BUDGETS; b++)
        fprintf(to, "  %8.1f (%5zu) ", rate(l, all_contexts(l, b)), all_contexts(l, b));
    fprintf(to, "\n  %-26s", "measured / stated");
    for (int b = 0; b < JUDGE_BUDGETS; b++)
        fprintf(to, "  %8.1f         ", (double)all_contexts(l, b) / (budgets[b] * l->weeks));
    fprintf(to, "\n");
}

static void print_kinds(const struct living *l, FILE *to)
{
    struct living_kind all = {.kind = "all"};
    fprintf(to, "\n  %-22s  events  found  group named  findings  per event\n", "common cause");
    for (size_t i = 0; i <= l->n_kinds; i++) {
        const struct living_kind *k = i < l->n_kinds ? &l->kind[i] : &all;
        if (k->events == 0)
            continue;
        fprintf(to, "  %-22s  %6zu  %5zu  %11zu  %8zu  %9.1f\n", k->kind, k->events, k->found, k->named,
                k->findings, (double)k->findings / (double)k->events);
        all.events += k->events;
        all.found += k->found;
        all.named += k->named;
        all.findings += k->findings;
    }
}

static void print_share(const struct living_share *s, FILE *to)
{
    if (s->labels)
        fprintf(to, "  %4zu of %-4zu", s->found, s->labels);
    else
        fprintf(to, "  %12s", "-");
}

static void print_levels(const struct living *l, FILE *to)
{
    fprintf(to, "\n  found of mode        small        medium         large\n");
    for (int m = 1; m < JUDGE_MODES; m++) {
        const struct living_share *s = l->mode[m];
        if (s[0].labels + s[1].labels + s[2].labels == 0)
            continue;
        fprintf(to, "  %12d", m);
        for (int level = 0; level < 3; level++)
            print_share(&s[level], to);
        fprintf(to, "\n");
    }
    fprintf(to, "  in a common ");
    for (int level = 0; level < 3; level++)
        print_share(&l->during[level], to);
    fprintf(to, "\n\n  class of the first finding:  equipment  sensor   data  common\n");
    for (int a = 0; a <= LABEL_COMMON; a++)
        fprintf(to, "  planted %-19s  %9zu  %6zu  %5zu  %6zu\n", label_classes[a],
                l->class[a][CLASS_EQUIPMENT], l -> class[a][CLASS_SENSOR], l -> class[a][CLASS_DATA],
                l -> class[a][CLASS_COMMON]);
}

void living_print(const struct living *l, const double budgets[JUDGE_BUDGETS], FILE *to)
{
    print_false(l, budgets, to);
    print_kinds(l, to);
    print_levels(l, to);
}

/* ---- CSV ---- */

static void write_share(FILE *f, const char *table, const char *row, int level, const struct living_share *s)
{
    if (s->labels == 0)
        return;
    fprintf(f, "%s,%s,%s planted,%zu\n%s,%s,%s found,%zu\n", table, row, levels[level], s->labels, table, row,
            levels[level], s->found);
}

static void write_rows(FILE *f, const struct living *l, const double budgets[])
{
    fprintf(f, "table,row,column,value\nring,,weeks,%.10g\nring,,supplies,%.10g\n", l->weeks, l->supplies);
    for (int c = 0; c < CONTEXTS; c++)
        for (int b = 0; b < JUDGE_BUDGETS; b++)
            fprintf(f, "false findings,%s,chance <= %g,%zu\n", contexts[c], budgets[b],
                    l->false_findings[c][b]);
    for (size_t i = 0; i < l->n_kinds; i++) {
        const struct living_kind *k = &l->kind[i];
        fprintf(f, "common causes,%s,events,%zu\ncommon causes,%s,found,%zu\n", k->kind, k->events, k->kind,
                k->found);
        fprintf(f, "common causes,%s,group named,%zu\ncommon causes,%s,findings,%zu\n", k->kind, k->named,
                k->kind, k->findings);
    }
    for (int m = 1; m < JUDGE_MODES; m++)
        for (int level = 0; level < 3; level++) {
            char row[16];
            snprintf(row, sizeof row, "%d", m);
            write_share(f, "mode", row, level, &l->mode[m][level]);
        }
    for (int level = 0; level < 3; level++)
        write_share(f, "faults in a common cause", "", level, &l->during[level]);
    for (int a = 0; a <= LABEL_COMMON; a++)
        for (int b = 0; b < CLASS_COUNT; b++)
            fprintf(f, "class of the first finding,%s,%s,%zu\n", label_classes[a],
                    finding_class_name((enum finding_class)b), l->class[a][b]);
}

int living_write(const struct living *l, const double budgets[JUDGE_BUDGETS], const char *path,
                 struct err *err)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return err_set(err, ERR_IO, "could not write \"%s\": %s", path, strerror(errno));
    write_rows(f, l, budgets);
    bool bad = ferror(f) != 0;
    if (fclose(f) != 0 || bad)
        return err_set(err, ERR_IO, "could not write \"%s\": %s", path, strerror(errno));
    return 0;
}
