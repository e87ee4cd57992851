/* Figures and what they should be; see aims.h. SPDX-License-Identifier: MIT */
#include "monitor/evaluate/aims.h"

#include "detectors/model/tail.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>

#define INVISIBLE (1u << 9 | 1u << 18) /* modes that six signals do not show, or only when it is too late */
#define NO_LIMIT INFINITY
#define MODE_WATER_LOST 6

enum aim_state aim_state(const struct aim *a)
{
    if (isnan(a->value) || (isinf(a->least) && isinf(a->most)))
        return AIM_UNKNOWN;
    return a->value >= a->least && a->value <= a->most ? AIM_HOLDS : AIM_FAILS;
}

/* A row under way. */
struct row {
    struct aim_row *to;
    size_t n, max;
};

static struct aim_row *add(struct row *r, int decimals, const char *aim, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static struct aim_row *add(struct row *r, int decimals, const char *aim, const char *fmt, ...)
{
    assert(r->n < r->max);
    struct aim_row *row = &r->to[r->n++];
    va_list ap;
    *row = (struct aim_row){.decimals = decimals};
    snprintf(row->aim, sizeof row->aim, "%s", aim);
    va_start(ap, fmt);
    vsnprintf(row->figure, sizeof row->figure, fmt, ap);
    va_end(ap);
    return row;
}

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : (double)NAN;
}

static double percent(struct living_share s)
{
    return 100 * ratio((double)s.found, (double)s.labels);
}

/* ---- what is false ---- */

static void false_rows(struct row *rows, const struct evaluated e[], size_t n)
{
    for (int b = 0; b < 3; b++) {
        double budget = simulated_budgets[b];
        struct aim_row *r = add(rows, 2, "at most 2",
                                "false findings, faults present: measured / stated at budget %g", budget);
        for (size_t i = 0; i < n; i++) {
            const struct living *l = &e[i].result->own[b].said;
            r->of[i] = (struct aim){ratio((double)living_false(l), budget * l->weeks), -NO_LIMIT, 2};
        }
    }
}

static double quiet(const struct judgement *j, size_t number, double budget)
{
    return ratio((double)number, budget * j->weeks);
}

static void quiet_rows(struct row *rows, const struct evaluated e[], size_t n)
{
    for (int b = 0; b < SIMULATED_BUDGETS; b++) {
        double budget = simulated_budgets[b];
        struct aim_row *r = add(rows, 2, "0.5 to 2",
                                "quiet rings, supply-days before the minimum effect: measured / stated at %g",
                                budget);
        for (size_t i = 0; i < n; i++)
            r->of[i] =
                (struct aim){quiet(&e[i].result->healthy[b], e[i].result->extreme_days[b], budget), 0.5, 2};
    }
    for (int b = 0; b < SIMULATED_BUDGETS; b++) {
        double budget = simulated_budgets[b];
        struct aim_row *r =
            add(rows, 2, "at most 1", "quiet rings, findings: measured / stated at budget %g", budget);
        for (size_t i = 0; i < n; i++) {
            const struct judgement *j = &e[i].result->healthy[b];
            r->of[i] = (struct aim){quiet(j, j->false_findings, budget), -NO_LIMIT, 1};
        }
    }
    struct aim_row *r = add(rows, 0, "at least 1", "quiet rings, findings at budget 10 more than at 1");
    for (size_t i = 0; i < n; i++) {
        const struct judgement *j = e[i].result->healthy;
        double more = (double)j[2].false_findings - (double)j[0].false_findings;
        r->of[i] = (struct aim){j->weeks > 0 ? more : (double)NAN, 1, NO_LIMIT};
    }
}

/* ---- what is found ---- */

static void common_rows(struct row *rows, const struct evaluated e[], size_t n)
{
    struct aim_row *per = add(rows, 2, "at most 2", "findings per common event that was found, mean");
    struct aim_row *named = add(rows, 0, "at least 90", "of those, the right group named, %%");
    for (size_t i = 0; i < n; i++) {
        struct living_kind k = living_causes(&e[i].result->own[0].said);
        per->of[i] = (struct aim){ratio((double)k.findings, (double)k.found), -NO_LIMIT, 2};
        named->of[i] = (struct aim){100 * ratio((double)k.named, (double)k.found), 90, NO_LIMIT};
    }
}

static void found_rows(struct row *rows, const struct evaluated e[], size_t n)
{
    static const double least[2][2] = {{80, 95}, {65, 90}}; /* of physics a, b: small, medium */
    for (int level = 0; level < 2; level++) {
        struct aim_row *r = add(rows, 0, level ? "at least 95 (a), 90 (b)" : "at least 80 (a), 65 (b)",
                                "%s faults found at budget 1, without modes 9 and 18, %%",
                                living_levels[level]);
        for (size_t i = 0; i < n; i++)
            r->of[i] = (struct aim){percent(living_found(&e[i].result->own[0].said, level, INVISIBLE)),
                                    least[e[i].physics_b][level], NO_LIMIT};
    }
    struct aim_row *r =
        add(rows, 0, "at least 70", "medium faults found while a common event runs on them, %%");
    for (size_t i = 0; i < n; i++)
        r->of[i] = (struct aim){percent(e[i].result->own[0].said.during[1]), 70, NO_LIMIT};
}

/* Planted class and class of the first finding agree. */
static double classes_right(const struct living *l)
{
    static const enum finding_class same[] = {[LABEL_EQUIPMENT] = CLASS_EQUIPMENT,
                                              [LABEL_SENSOR] = CLASS_SENSOR,
                                              [LABEL_DATA] = CLASS_DATA,
                                              [LABEL_COMMON] = CLASS_COMMON};
    double right = 0, all = 0;
    for (int a = 0; a <= LABEL_COMMON; a++) {
        right += (double)l->class[a][same[a]];
        for (int b = 0; b < CLASS_COUNT; b++)
            all += (double)l->class[a][b];
    }
    return 100 * ratio(right, all);
}

static double median_delay(const struct judged_mode *m)
{
    double v[256];
    size_t n = m->n_delay < 256 ? m->n_delay : 256;
    for (size_t i = 0; i < n; i++)
        v[i] = m->delay_h[i];
    return median_of(v, n);
}

static void water_rows(struct row *rows, const struct evaluated e[], size_t n)
{
    struct aim_row *delay = add(rows, 1, "at most 3", "water lost: minutes to the first finding, median");
    struct aim_row *wrong = add(rows, 2, "at most 0.1", "water lost: false findings of the fast path a week");
    for (size_t i = 0; i < n; i++) {
        const struct living *l = &e[i].result->own[0].said;
        delay->of[i] =
            (struct aim){60 * median_delay(&e[i].result->faulty[0].mode[MODE_WATER_LOST]), -NO_LIMIT, 3};
        wrong->of[i] = (struct aim){ratio((double)l->false_fast, l->weeks), -NO_LIMIT, 0.1};
    }
}

static void list_rows(struct row *rows, const struct evaluated e[], size_t n)
{
    struct aim_row *first = add(rows, 2, "at least 0.85", "weekly lists: precision at 10 / best possible");
    struct aim_row *average = add(rows, 2, "", "weekly lists: average precision / best possible");
    for (size_t i = 0; i < n; i++) {
        const struct judgement *j = &e[i].result->faulty[0];
        first->of[i] = (struct aim){ratio(j->precision_sum, j->possible_sum), 0.85, NO_LIMIT};
        average->of[i] = (struct aim){ratio(j->average_sum, j->average_possible_sum), -NO_LIMIT, NO_LIMIT};
    }
}

static void other_rows(struct row *rows, const struct evaluated e[], size_t n)
{
    struct aim_row *class = add(rows, 0, "at least 90", "class right, of what was found, %%");
    struct aim_row *share =
        add(rows, 1, "at least 95", "supply-minutes outside maintenance that were scored, %%");
    struct aim_row *alarms =
        add(rows, 0, "at most 10", "findings that opened within ten minutes, most: an upper bound of alarms");
    for (size_t i = 0; i < n; i++) {
        const struct simulated_result *r = e[i].result;
        class->of[i] = (struct aim){classes_right(&r->own[0].said), 90, NO_LIMIT};
        share->of[i] = (struct aim){100 * ledger_share(&r->ledger, REASON_SCORED), 95, NO_LIMIT};
        alarms->of[i] =
            (struct aim){r->own[0].said.weeks > 0 ? (double)r->openings : (double)NAN, -NO_LIMIT, 10};
    }
}

size_t aims_of(const struct evaluated e[], size_t n, struct aim_row rows[])
{
    struct row r = {rows, 0, AIMS_MAX};
    assert(n >= 1 && n <= 2);
    false_rows(&r, e, n);
    quiet_rows(&r, e, n);
    common_rows(&r, e, n);
    found_rows(&r, e, n);
    water_rows(&r, e, n);
    list_rows(&r, e, n);
    other_rows(&r, e, n);
    return r.n;
}

void aims_table(const struct evaluated e[], size_t n, struct tables *out)
{
    static const char *const words[] = {[AIM_UNKNOWN] = "-", [AIM_HOLDS] = "yes", [AIM_FAILS] = "NO"};
    const char *head[6] = {"figure", "aim"};
    for (size_t i = 0; i < n; i++) {
        head[2 + 2 * i] = e[i].physics_b ? "physics b" : "physics a";
        head[3 + 2 * i] = e[i].physics_b ? "holds in b" : "holds in a";
    }
    struct aim_row rows[AIMS_MAX];
    size_t count = aims_of(e, n, rows), known = 0, held = 0;
    char note[120];
    for (size_t k = 0; k < count * n; k++) {
        enum aim_state state = aim_state(&rows[k / n].of[k % n]);
        known += state != AIM_UNKNOWN;
        held += state == AIM_HOLDS;
    }
    snprintf(note, sizeof note, "%zu of %zu hold; a dash: not measured, or nothing was aimed at", held,
             known);
    struct table *t = tables_add(out, "aims", note, head, 2 + 2 * n);
    for (size_t k = 0; k < count; k++) {
        table_cell(t, "%s", rows[k].figure);
        table_cell(t, "%s", rows[k].aim);
        for (size_t i = 0; i < n; i++) {
            table_number(t, rows[k].of[i].value, rows[k].decimals);
            table_cell(t, "%s", words[aim_state(&rows[k].of[i])]);
        }
    }
}
