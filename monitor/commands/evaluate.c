/* psmon evaluate: does the stated budget hold, what is found and how soon; on simulated rings, or on a stored
 * run against labels. SPDX-License-Identifier: MIT */
#include "archive/history/history.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/pg/pg.h"
#include "base/time/timefmt.h"
#include "monitor/command.h"
#include "monitor/evaluate/evaluation.h"
#include "monitor/namelist.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAR_FUTURE (200 * 365 * NS_PER_DAY)
#define TOLERANCE 2.0 /* measured false findings over stated */
#define REQUIRED_SHARE 0.8

/* Modes that must be found at medium size on plain rings. */
static const int required_modes[] = {3, 7, 10, 12, 16};

static bool budgets_hold(const struct judgement j[SIMULATED_BUDGETS])
{
    bool ok = true;
    for (int b = 0; b < SIMULATED_BUDGETS; b++)
        ok &= (double)j[b].false_findings <= TOLERANCE * simulated_budgets[b] * j[b].weeks;
    return ok;
}

static bool calibrated(const size_t days[SIMULATED_BUDGETS], double weeks)
{
    bool ok = true;
    for (int b = 0; b < SIMULATED_BUDGETS; b++)
        ok &= (double)days[b] <= TOLERANCE * simulated_budgets[b] * weeks;
    return ok;
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

/* What fails the command: the rest is measured, and the reader's to judge. */
static int say_all(const struct simulated_result *r, const struct simulated_options *o)
{
    int bad = 0;
    printf("\n");
    if (o->faulty_rings)
        ledger_print(&r->ledger, stdout);
    if (o->rings)
        bad += say("false findings at most twice what is stated, without faults", budgets_hold(r->healthy));
    if (o->rings && o->in_sample)
        bad += say("nulls in sample break the calibration (the test can see)",
                   !calibrated(r->in_sample_days, r->healthy[0].weeks));
    if (o->faulty_rings && !o->living)
        bad += say("modes 3, 7, 10, 12, 16 of medium size found at 80 % or more", modes_found(&r->faulty[0]));
    return bad;
}

/* What was run, in one line. */
static char *about(const struct simulated_options *o)
{
    struct buf out = {0};
    if (o->rings)
        buf_printf(&out, "%d ring-weeks of %u supplies without faults, ", o->rings * o->healthy_weeks,
                   o->supplies);
    if (o->faulty_rings)
        buf_printf(&out, "%d ring-weeks of %u supplies with faults, ", o->faulty_rings * o->faulty_weeks,
                   o->faulty_supplies);
    buf_printf(&out, "each ring learned from %d days; seeds %d to %d", o->train_days, o->first_seed,
               o->first_seed + o->rings + o->faulty_rings - 1);
    char *line = xstrdup(buf_text(&out));
    buf_free(&out);
    return line;
}

static int print_all(const struct evaluated e[], size_t n, const struct simulated_options *o,
                     struct tables_file *file, struct err *err)
{
    struct tables all;
    char *line = about(o);
    tables_begin(&all, "psmon evaluate", line);
    free(line);
    evaluation_tables(e, n, o, &all);
    tables_print(&all, stdout);
    int rc = tables_write(&all, file, err);
    tables_free(&all);
    return rc;
}

/* physics: bit 0 a, bit 1 b. path: where to write the tables too; NULL: nowhere. */
static int evaluate_rings(struct simulated_options *o, uint32_t physics, const char *path)
{
    struct simulated_result *result[2] = {NULL, NULL};
    struct evaluated e[2];
    struct err err = {0};
    struct tables_file *file;
    size_t n = 0;
    int rc = tables_open(&file, path, &err), bad = 0;
    for (int p = 0; p < 2 && rc == 0; p++) {
        if (!(physics >> p & 1))
            continue;
        o->physics_b = p == 1;
        rc = evaluate_simulated(&result[p], o, &err);
        e[n++] = (struct evaluated){o->physics_b, result[p]};
    }
    if (rc == 0)
        rc = print_all(e, n, o, file, &err);
    else
        tables_give_up(file);
    for (size_t i = 0; rc == 0 && i < n; i++)
        bad += say_all(e[i].result, o);
    simulated_free(result[0]);
    simulated_free(result[1]);
    if (rc != 0)
        return command_fail(&err);
    return bad ? EXIT_FAILED : EXIT_OK;
}

/* ---- a stored run against labels ---- */

/* Keeps the faults that begin in the run's span, and of the rest what reaches into it. *weeks: the span. */
static int in_span(const char *conninfo, const char *run, struct label labels[], size_t *n, double *weeks,
                   struct err *err)
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
    *weeks = (to - from) / (7 * 86400.0);
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
               "WHERE name = $1 AND rank > 0 AND finding IS NOT NULL ORDER BY issued_at, rank",
               1, &run, &rows, err);
    if (rc != 0)
        return rc;
    const char **listed = xcalloc((size_t)rows->n_rows + 1, sizeof *listed);
    for (int i = 0; i < rows->n_rows;) {
        const char *issued = rows->value[2 * i];
        size_t n = 0;
        for (; i < rows->n_rows && strcmp(rows->value[2 * i], issued) == 0; i++)
            listed[n++] = rows->value[2 * i + 1];
        tstamp_ns at = (tstamp_ns)(strtod(issued, NULL) * 1e6) * 1000;
        judge_list(j, listed, n, f, labels, n_labels, at - 7 * NS_PER_DAY, at);
    }
    free(listed);
    pg_rows_free(rows);
    return 0;
}

/* A stored run and what was going on meanwhile. */
struct stored {
    const struct fleet *fleet;
    struct label *labels;
    size_t n_labels;
    struct finding *findings;
    size_t n_findings;
    struct judgement judged;
    double weeks;
};

/* By what went on, as far as the labels tell it. */
static void tables_by_context(const struct stored *s, struct tables *out)
{
    struct living at[SIMULATED_BUDGETS] = {0};
    struct finding *said = xcalloc(s->n_findings + 1, sizeof *said);
    bool told = false;
    for (size_t i = 0; i < s->n_labels; i++)
        told |= *s->labels[i].kind != '\0';
    for (int b = 0; told && b < SIMULATED_BUDGETS; b++) {
        size_t n = judge_within(simulated_budgets[b], s->findings, s->n_findings, said);
        at[b].weeks = s->weeks;
        at[b].supplies = (double)s->fleet->n_supplies;
        living_judge(&at[b], s->fleet, s->labels, s->n_labels, said, n);
    }
    if (told)
        living_tables(at, simulated_budgets, SIMULATED_BUDGETS, out);
    free(said);
}

static void print_false(const struct stored *s)
{
    struct finding *said = xcalloc(s->n_findings + 1, sizeof *said);
    for (int b = 0; b < SIMULATED_BUDGETS; b++) {
        struct judgement j = {0};
        size_t n = judge_within(simulated_budgets[b], s->findings, s->n_findings, said);
        judge_findings(&j, s->fleet, s->labels, s->n_labels, said, n);
        printf("  false at chance <= %g: %zu\n", simulated_budgets[b], j.false_findings);
        judge_free(&j);
    }
    free(said);
}

static int print_stored(struct stored *s, const char *run, struct tables_file *file, struct err *err)
{
    struct tables all;
    char *title = xasprintf("run %s", run);
    char *line = xasprintf("%zu findings, %zu labels", s->n_findings, s->n_labels);
    tables_begin(&all, title, line);
    judge_findings(&s->judged, s->fleet, s->labels, s->n_labels, s->findings, s->n_findings);
    tables_by_context(s, &all);
    evaluation_modes(&s->judged, &all);
    if (s->judged.lists)
        evaluation_lists(&s->judged, &all);
    tables_print(&all, stdout);
    print_false(s);
    int rc = tables_write(&all, file, err);
    tables_free(&all);
    free(title);
    free(line);
    return rc;
}

/* run NULL: live, or the latest replay. */
static int read_stored(struct stored *s, struct context *c, const char *labels, const char *run,
                       char **chosen, struct err *err)
{
    s->fleet = c->world->fleet;
    int rc = judge_read_labels(labels, s->fleet, &s->labels, &s->n_labels, err);
    if (rc == 0)
        rc = context_database(c, err);
    *chosen = run ? xstrdup(run) : NULL;
    if (rc == 0 && !run)
        rc = history_default_run(c->conninfo, chosen, err);
    if (rc == 0 && !*chosen)
        rc = err_set(err, ERR_CONFIG, "there is no run to judge: psmon replay makes one");
    if (rc == 0)
        rc = history_findings(c->conninfo, s->fleet, *chosen, 0, FAR_FUTURE, &s->findings, &s->n_findings,
                              err);
    if (rc == 0)
        rc = in_span(c->conninfo, *chosen, s->labels, &s->n_labels, &s->weeks, err);
    if (rc == 0)
        rc = judge_lists(c->conninfo, *chosen, s->fleet, &s->judged, s->labels, s->n_labels, err);
    return rc;
}

/* The file is opened first: root is given up before the database is asked. */
static int evaluate_run(const char *config, const char *labels, const char *run, const char *path)
{
    struct context c;
    struct err err = {0};
    struct stored s = {0};
    struct tables_file *file;
    char *chosen = NULL;
    if (context_open(&c, config, &err) != 0)
        return command_fail(&err);
    int rc = tables_open(&file, path, &err);
    if (rc == 0)
        rc = read_stored(&s, &c, labels, run, &chosen, &err);
    if (rc == 0)
        rc = print_stored(&s, chosen, file, &err);
    else
        tables_give_up(file);
    judge_free(&s.judged);
    judge_free_labels(s.labels, s.n_labels);
    free(s.findings);
    free(chosen);
    context_close(&c);
    return rc == 0 ? EXIT_OK : command_fail(&err);
}

/* ---- options ---- */

/* As options have them. */
struct asked {
    int64_t supplies, faulty_supplies, train_days, weeks, faulty_weeks, seed, rings, faulty, jobs;
    bool quick, compare, standard;
    const char *tables, *physics, *living, *config, *labels, *run;
};

/* The standard set: its seeds serve no choice, its reference is the month that a site has. */
static const struct asked standard = {.supplies = 528,
                                      .faulty_supplies = 132,
                                      .train_days = 30,
                                      .weeks = 5,
                                      .faulty_weeks = 7,
                                      .seed = 71,
                                      .rings = 4,
                                      .faulty = 5,
                                      .quick = true,
                                      .compare = true,
                                      .standard = true,
                                      .physics = "a,b",
                                      .living = "all"};

/* Error: what is wrong with it, for people; NULL: nothing. */
static const char *wrong_with(const struct asked *a)
{
    if (!a->config != !a->labels)
        return "-c and --labels belong together";
    if (a->rings + a->faulty == 0)
        return "nothing to do: --rings and --faulty-rings are 0";
    if (a->supplies < 1 || a->faulty_supplies < 0 || a->train_days < 3 || a->rings < 0 || a->faulty < 0 ||
        a->weeks < 1 || a->faulty_weeks < 1 || a->jobs < 0)
        return "counts must be positive, --train-days 3 or more";
    return NULL;
}

static struct simulated_options options_of(const struct asked *a)
{
    return (struct simulated_options){
        .supplies = (uint32_t)a->supplies,
        .faulty_supplies = (uint32_t)(a->faulty_supplies ? a->faulty_supplies : a->supplies),
        .train_days = (int)a->train_days,
        .healthy_weeks = (int)a->weeks,
        .faulty_weeks = (int)a->faulty_weeks,
        .first_seed = (int)a->seed,
        .rings = (int)a->rings,
        .faulty_rings = (int)a->faulty,
        .in_sample = !a->quick,
        .compare = a->compare,
        .jobs = (int)(a->jobs ? a->jobs : sysconf(_SC_NPROCESSORS_ONLN))};
}

static int evaluate(const struct asked *a)
{
    static const char *const parts[LIVING_PARTS] = {"faults", "commons", "contexts"};
    static const char *const physics[2] = {"a", "b"};
    struct simulated_options o = options_of(a);
    struct err err = {0};
    uint32_t chosen = 0;
    const char *wrong = wrong_with(a);
    if (wrong) {
        fprintf(stderr, "psmon evaluate: %s\n", wrong);
        return EXIT_USAGE;
    }
    if (a->config)
        return evaluate_run(a->config, a->labels, a->run, a->tables);
    if (namelist_read("--living", a->living, parts, LIVING_PARTS, &o.living, &err) != 0 ||
        namelist_read("--physics", a->physics, physics, 2, &chosen, &err) != 0)
        return command_fail(&err);
    return evaluate_rings(&o, chosen, a->tables);
}

static int run_evaluate(int argc, char **argv)
{
    struct asked a = {.supplies = 1320,
                      .train_days = 28,
                      .weeks = 4,
                      .faulty_weeks = 3,
                      .seed = 100,
                      .rings = 5,
                      .faulty = 2,
                      .physics = "a"};
    const struct option_spec specs[] = {
        {"standard", 0, OPTION_FLAG, &a.standard, NULL,
         "the standard set, under an hour on two processors: both physics, --living all, comparators, seeds "
         "71 to "
         "79, which serve no choice; other options but -c, --jobs and --tables-out are as they are",
         false},
        {"supplies", 0, OPTION_INTEGER, &a.supplies, "N", "supplies of each ring; 1320", false},
        {"faulty-supplies", 0, OPTION_INTEGER, &a.faulty_supplies, "N",
         "supplies of each ring with faults; as --supplies", false},
        {"train-days", 0, OPTION_INTEGER, &a.train_days, "D", "healthy days learned from; 28", false},
        {"rings", 0, OPTION_INTEGER, &a.rings, "N", "rings without faults; 5", false},
        {"weeks", 0, OPTION_INTEGER, &a.weeks, "W", "weeks scored of each; 4", false},
        {"faulty-rings", 0, OPTION_INTEGER, &a.faulty, "N", "rings with faults; 2", false},
        {"faulty-weeks", 0, OPTION_INTEGER, &a.faulty_weeks, "W", "weeks scored of each; 3", false},
        {"seed", 0, OPTION_INTEGER, &a.seed, "S", "first seed; 100. Seeds from 100 on serve no choice",
         false},
        {"living", 0, OPTION_TEXT, &a.living, "P,P...",
         "what rings with faults have instead: faults (of all modes and sizes), commons, contexts, or all",
         false},
        {"physics", 0, OPTION_TEXT, &a.physics, "a|b|a,b", "of the rings, see simulate; a", false},
        {"comparators", 0, OPTION_FLAG, &a.compare, NULL,
         "rings with faults: what plainer detectors find, at limits from the reference", false},
        {"jobs", 0, OPTION_INTEGER, &a.jobs, "N",
         "rings at a time, each in a thread; as there are processors", false},
        {"tables-out", 0, OPTION_TEXT, &a.tables, "FILE", "the tables too: FILE.html, FILE.csv, or as text",
         false},
        {"no-in-sample", 0, OPTION_FLAG, &a.quick, NULL, "leave out the check with in-sample nulls", false},
        {"config", 'c', OPTION_TEXT, &a.config, "FILE", "judge a stored run of this configuration instead",
         false},
        {"labels", 0, OPTION_TEXT, &a.labels, "CSV", "against these labels", false},
        {"run", 0, OPTION_TEXT, &a.run, "NAME", "the run; else live or the latest replay", false},
        {0}};
    int status;
    if (!command_options(argc, argv, "evaluate [options] | evaluate -c FILE --labels CSV [--run NAME]",
                         "Measures honestly, on simulated rings: false findings against the stated budgets,\n"
                         "what is found and how soon, beside what is aimed at and beside plainer detectors.",
                         specs, NULL, 0, NULL, &status))
        return status;
    if (a.standard) {
        struct asked s = standard;
        s.jobs = a.jobs;
        s.tables = a.tables;
        s.config = a.config;
        s.labels = a.labels;
        a = s;
    }
    return evaluate(&a);
}

const struct command command_evaluate = {
    .name = "evaluate", .summary = "measure false findings, detection and delay", .run = run_evaluate};
