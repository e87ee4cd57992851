/* psmon evaluate: does the stated budget hold, what is found and how soon; on simulated rings, or on a stored
 * run against labels. SPDX-License-Identifier: MIT */
#include "archive/history/history.h"
#include "base/mem.h"
#include "base/pg/pg.h"
#include "base/time/timefmt.h"
#include "monitor/command.h"
#include "monitor/evaluate/simulated.h"
#include "monitor/namelist.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Modes that must be found, and the share that is asked. */
static const int required_modes[] = {3, 7, 10, 12, 16};
#define REQUIRED_SHARE 0.8
#define FAR_FUTURE (200 * 365 * NS_PER_DAY)
#define TOLERANCE 2.0 /* measured false findings over stated */

static void print_budgets(const char *title, const struct judgement *j, const double budgets[])
{
    printf("\n%s: %.1f ring-weeks; supply-days are those at that chance before the minimum effect\n\n"
           "  stated per week   stated   false findings   ratio   supply-days   ratio\n",
           title, j->weeks);
    for (int b = 0; b < JUDGE_BUDGETS; b++)
        printf("  %15g  %7.1f  %15zu  %6.2f  %12zu  %6.2f\n", budgets[b], budgets[b] * j->weeks,
               j->false_findings[b], (double)j->false_findings[b] / (budgets[b] * j->weeks),
               j->extreme_days[b], (double)j->extreme_days[b] / (budgets[b] * j->weeks));
    printf("\n");
    ledger_print(&j->ledger, stdout);
}

static bool budgets_hold(const struct judgement *j, const double budgets[])
{
    bool ok = true;
    for (int b = 0; b < JUDGE_BUDGETS; b++)
        ok &= (double)j->false_findings[b] <= TOLERANCE * budgets[b] * j->weeks;
    return ok;
}

static bool calibrated(const struct judgement *j, const double budgets[])
{
    bool ok = true;
    for (int b = 0; b < JUDGE_BUDGETS; b++)
        ok &= (double)j->extreme_days[b] <= TOLERANCE * budgets[b] * j->weeks;
    return ok;
}

static void print_modes(struct judgement *j)
{
    printf("\n  mode   labels   found   share   median delay, h   median lead, h   with a trip\n");
    for (int m = 0; m < JUDGE_MODES; m++) {
        struct judged_mode *k = &j->mode[m];
        if (k->labels == 0)
            continue;
        double delay = judge_median(k->delay_h, k->n_delay), lead = judge_median(k->lead_h, k->n_lead);
        printf("  %4d  %7zu  %6zu  %5.0f %%", m, k->labels, k->found,
               100.0 * (double)k->found / (double)k->labels);
        if (k->n_delay)
            printf("  %16.1f", delay);
        else
            printf("  %16s", "-");
        if (k->n_lead)
            printf("  %15.1f  %12zu\n", lead, k->n_lead);
        else
            printf("  %15s  %12s\n", "-", "-");
    }
    if (j->lists)
        printf("\nprecision at 10 of %zu weekly lists: %.2f (best possible %.2f)\n", j->lists,
               j->precision_sum / (double)j->lists, j->possible_sum / (double)j->lists);
}

static bool modes_found(const struct judgement *j)
{
    bool ok = true;
    for (size_t i = 0; i < sizeof required_modes / sizeof *required_modes; i++) {
        const struct judged_mode *m = &j->mode[required_modes[i]];
        ok &= m->labels == 0 || (double)m->found >= REQUIRED_SHARE * (double)m->labels;
    }
    return ok;
}

static int say(const char *what, bool ok)
{
    printf("%-62s %s\n", what, ok ? "yes" : "NO");
    return ok ? 0 : 1;
}

/* tables: where to write the rings with faults as CSV; NULL: nowhere. */
static int evaluate_rings(const struct simulated_options *o, const char *tables)
{
    struct simulated_result r;
    struct err err = {0};
    int rc = evaluate_simulated(&r, o, &err), bad = 0;
    if (rc == 0) {
        printf("rings of %u supplies, %d days of training, seeds %d to %d\n", o->supplies, o->train_days,
               o->first_seed, o->first_seed + o->rings + o->faulty_rings - 1);
        if (o->rings)
            print_budgets("without faults", &r.healthy, o->budgets);
        if (o->rings && o->in_sample)
            print_budgets("the same, nulls in sample (wrong on purpose)", &r.in_sample, o->budgets);
        if (o->faulty_rings) {
            printf("\nwith faults of %s size: %.1f ring-weeks\n", o->living ? "any" : "medium",
                   r.faulty.weeks);
            ledger_print(&r.faulty.ledger, stdout);
            print_modes(&r.faulty);
            living_print(&r.living, o->budgets, stdout);
            if (tables)
                rc = living_write(&r.living, o->budgets, tables, &err);
        }
        printf("\n");
        if (o->rings)
            bad += say("false findings at most twice what is stated", budgets_hold(&r.healthy, o->budgets));
        if (o->rings && o->in_sample)
            bad += say("nulls in sample break the calibration (the test can see)",
                       !calibrated(&r.in_sample, o->budgets));
        if (o->faulty_rings && !o->living)
            bad += say("modes 3, 7, 10, 12, 16 of medium size found at 80 % or more", modes_found(&r.faulty));
    }
    judge_free(&r.healthy);
    judge_free(&r.in_sample);
    judge_free(&r.faulty);
    if (rc != 0)
        return command_fail(&err);
    return bad ? EXIT_FAILED : EXIT_OK;
}

/* ---- a stored run against labels ---- */

/* Keeps the faults that begin in the run's span, and of the rest what reaches into it. */
static int in_span(const char *conninfo, const char *run, struct label labels[], size_t *n, struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc = pg_run(conninfo,
                    "SELECT extract(epoch FROM min(t))::text, extract(epoch FROM max(t))::text "
                    "FROM ticks JOIN runs USING (run) WHERE name = $1",
                    1, &run, &rows, err);
    if (rc != 0)
        return rc;
    double from = rows->value[0] ? strtod(rows->value[0], NULL) : (double)NAN;
    double to = rows->value[1] ? strtod(rows->value[1], NULL) : (double)NAN;
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        double onset = (double)labels[i].onset / 1e9, end = (double)labels[i].end / 1e9;
        if (onset < to && (label_is_fault(&labels[i]) ? onset : end) >= from)
            labels[kept++] = labels[i];
        else
            free(labels[i].touches);
    }
    *n = kept;
    pg_rows_free(rows);
    return 0;
}

static int judge_lists(const char *conninfo, const char *run, const struct fleet *f, struct judgement *j,
                       const struct label labels[], size_t n_labels, struct err *err)
{
    struct pg_rows *rows = NULL;
    int rc =
        pg_run(conninfo,
               "SELECT (extract(epoch FROM issued_at))::text, supply FROM rankings JOIN runs USING (run) "
               "WHERE name = $1 AND rank BETWEEN 1 AND 10 AND finding IS NOT NULL ORDER BY issued_at, rank",
               1, &run, &rows, err);
    if (rc != 0)
        return rc;
    for (int i = 0; i < rows->n_rows;) {
        const char *top[10], *issued = rows->value[2 * i];
        size_t n = 0;
        for (; i < rows->n_rows && strcmp(rows->value[2 * i], issued) == 0; i++)
            if (n < 10)
                top[n++] = rows->value[2 * i + 1];
        tstamp_ns at = (tstamp_ns)(strtod(issued, NULL) * 1e6) * 1000;
        judge_list(j, top, n, f, labels, n_labels, at - 7 * NS_PER_DAY, at);
    }
    pg_rows_free(rows);
    return 0;
}

static int evaluate_run(const char *config, const char *labels_path, const char *run,
                        const double budgets[JUDGE_BUDGETS])
{
    struct context c;
    struct err err = {0};
    struct label *labels = NULL;
    struct finding *findings = NULL;
    size_t n_labels = 0, n_findings = 0;
    struct judgement j = {0};
    char *chosen = run ? xstrdup(run) : NULL;
    if (context_open(&c, config, &err) != 0)
        return command_fail(&err);
    int rc = judge_read_labels(labels_path, c.world->fleet, &labels, &n_labels, &err);
    if (rc == 0)
        rc = context_database(&c, &err);
    if (rc == 0 && !chosen)
        rc = history_default_run(c.conninfo, &chosen, &err);
    if (rc == 0 && !chosen)
        rc = err_set(&err, ERR_CONFIG, "there is no run to judge: psmon replay makes one");
    if (rc == 0)
        rc =
            history_findings(c.conninfo, c.world->fleet, chosen, 0, FAR_FUTURE, &findings, &n_findings, &err);
    if (rc == 0)
        rc = in_span(c.conninfo, chosen, labels, &n_labels, &err);
    if (rc == 0)
        rc = judge_lists(c.conninfo, chosen, c.world->fleet, &j, labels, n_labels, &err);
    if (rc == 0) {
        judge_findings(&j, c.world->fleet, labels, n_labels, findings, n_findings, budgets);
        printf("run %s: %zu findings, %zu labels\n", chosen, n_findings, n_labels);
        for (int b = 0; b < JUDGE_BUDGETS; b++)
            printf("  false at chance <= %g: %zu\n", budgets[b], j.false_findings[b]);
        print_modes(&j);
    }
    judge_free(&j);
    judge_free_labels(labels, n_labels);
    free(findings);
    free(chosen);
    context_close(&c);
    return rc == 0 ? EXIT_OK : command_fail(&err);
}

static int run_evaluate(int argc, char **argv)
{
    int64_t supplies = 1320, train_days = 28, weeks = 4, faulty_weeks = 3, seed = 100, rings = 5, faulty = 2;
    bool quick = false;
    const char *tables = NULL, *physics = "a", *living = NULL;
    const char *config = NULL, *labels = NULL, *run = NULL;
    const struct option_spec specs[] = {
        {"supplies", 0, OPTION_INTEGER, &supplies, "N", "supplies of each ring; 1320", false},
        {"train-days", 0, OPTION_INTEGER, &train_days, "D", "healthy days learned from; 28", false},
        {"rings", 0, OPTION_INTEGER, &rings, "N", "rings without faults; 5", false},
        {"weeks", 0, OPTION_INTEGER, &weeks, "W", "weeks scored of each; 4", false},
        {"faulty-rings", 0, OPTION_INTEGER, &faulty, "N", "rings with faults; 2", false},
        {"faulty-weeks", 0, OPTION_INTEGER, &faulty_weeks, "W", "weeks scored of each; 3", false},
        {"seed", 0, OPTION_INTEGER, &seed, "S", "first seed; 100. Seeds from 100 on serve no choice", false},
        {"living", 0, OPTION_TEXT, &living, "P,P...",
         "what rings with faults have instead: faults (of all modes and sizes), commons, contexts, or all",
         false},
        {"physics", 0, OPTION_TEXT, &physics, "a|b", "of the rings, see simulate; a", false},
        {"tables-out", 0, OPTION_TEXT, &tables, "FILE", "the tables of rings with faults as CSV", false},
        {"no-in-sample", 0, OPTION_FLAG, &quick, NULL, "leave out the check with in-sample nulls", false},
        {"config", 'c', OPTION_TEXT, &config, "FILE", "judge a stored run of this configuration instead",
         false},
        {"labels", 0, OPTION_TEXT, &labels, "CSV", "against these labels", false},
        {"run", 0, OPTION_TEXT, &run, "NAME", "the run; else live or the latest replay", false},
        {0}};
    int status;
    if (!command_options(argc, argv, "evaluate [options] | evaluate -c FILE --labels CSV [--run NAME]",
                         "Measures honestly: false findings against the stated budgets on rings without\n"
                         "faults, detection and delay per failure mode on rings with them.",
                         specs, NULL, 0, NULL, &status))
        return status;
    struct simulated_options o = {.supplies = (uint32_t)supplies,
                                  .train_days = (int)train_days,
                                  .healthy_weeks = (int)weeks,
                                  .faulty_weeks = (int)faulty_weeks,
                                  .first_seed = (int)seed,
                                  .rings = (int)rings,
                                  .faulty_rings = (int)faulty,
                                  .budgets = {1, 3, 10},
                                  .physics_b = strcmp(physics, "b") == 0,
                                  .in_sample = !quick};
    if (!config != !labels) {
        fprintf(stderr, "psmon evaluate: -c and --labels belong together\n");
        return EXIT_USAGE;
    }
    if (config)
        return evaluate_run(config, labels, run, o.budgets);
    static const char *const parts[LIVING_PARTS] = {"faults", "commons", "contexts"};
    struct err err = {0};
    if (namelist_read("--living", living, parts, LIVING_PARTS, &o.living, &err))
        return command_fail(&err);
    if (strcmp(physics, "a") != 0 && strcmp(physics, "b") != 0) {
        fprintf(stderr, "psmon evaluate: --physics: a or b\n");
        return EXIT_USAGE;
    }
    if (rings + faulty == 0) {
        fprintf(stderr, "psmon evaluate: nothing to do: --rings and --faulty-rings are 0\n");
        return EXIT_USAGE;
    }
    if (supplies < 1 || train_days < 3 || rings < 0 || faulty < 0 || weeks < 1 || faulty_weeks < 1) {
        fprintf(stderr, "psmon evaluate: counts must be positive, --train-days 3 or more\n");
        return EXIT_USAGE;
    }
    return evaluate_rings(&o, tables);
}

const struct command command_evaluate = {
    .name = "evaluate", .summary = "measure false findings, detection and delay", .run = run_evaluate};
