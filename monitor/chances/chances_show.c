/* Stated chances and what came of them as text, CSV and JSON; see chances.h. SPDX-License-Identifier: MIT */
#include "monitor/chances/chances.h"

#include "base/text/json.h"
#include "base/text/words.h"
#include "base/time/timefmt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const contexts[CHANCES_CONTEXTS] = {
    "group event", "after one (72 h)", "after work", "current never seen", "air or water off", "quiet",
    "all"};
/* Within a sentence. */
static const char *const clauses[CHANCES_CONTEXTS] = {"while a group event goes on in the sector",
                                                      "within 72 h after a group event in the sector",
                                                      "after work",
                                                      "at a current that the reference never had",
                                                      "where air, water or groups are far off",
                                                      "where nothing goes on",
                                                      "all contexts together"};
static const char *const kinds[CHANCES_KINDS] = {"supply-days", "supply-days with an effect", "findings"};
static const char *const titles[CHANCES_KINDS] = {"Supply-days before the minimum effect",
                                                  "Supply-days after the minimum effect *", "Findings *"};
static const char *const verdicts[CHANCES_VERDICTS] = {"cannot be told", "holds", "too often", "too seldom"};
static const char marks[CHANCES_VERDICTS] = {'?', '=', '>', '<'};

#define LEFT_OUT                                                                                             \
    "while a finding of their own was open that was true, or 72 h after (an\noutcome says \"fault found\", " \
    "or its "                                                                                                \
    "alarm was acknowledged and no outcome says \"nothing found\"): "
#define HINT "; what was true is left out once its alarm is acknowledged or an outcome says so"

const char *chances_context_name(enum chance_context c)
{
    return contexts[c];
}

const char *chances_kind_name(enum chance_kind k)
{
    return kinds[k];
}

const char *chances_verdict_name(enum chance_verdict v)
{
    return verdicts[v];
}

static double weeks_of(const struct chances *c)
{
    return (double)(c->to - c->from) / (7 * (double)NS_PER_DAY);
}

#define DAY_LEN 11
static const char *day(char out[DAY_LEN], tstamp_ns t)
{
    char iso[TIMEFMT_LEN];
    snprintf(out, DAY_LEN, "%.10s", timefmt_iso(iso, t));
    return out;
}

/* Two digits, or whole. */
#define NUMBER_LEN 16
static const char *number(char out[NUMBER_LEN], double v)
{
    snprintf(out, NUMBER_LEN, v < 10 ? "%.2g" : "%.0f", v);
    return out;
}

/* How far off it is at the least. */
static const char *times(char out[40], const struct chance_cell *x)
{
    bool often = x->verdict == CHANCES_OFTEN;
    char factor[NUMBER_LEN];
    snprintf(out, 40, "at %s %s", often ? "least" : "most",
             number(factor, (often ? x->range.low : x->range.high) / x->stated));
    return out;
}

bool chances_broken(const struct chances *c)
{
    enum chance_context context;
    enum chance_kind kind;
    size_t level;
    return chances_worst(c, &context, &kind, &level) != NULL;
}

static bool all_hold(const struct chances *c)
{
    bool hold = true;
    for (size_t k = 0; k < CHANCES_LEVELS; k++)
        hold = hold && c->cell[CHANCES_ALL][CHANCES_DAYS][k].verdict == CHANCES_HOLD;
    return hold;
}

char *chances_line(char out[CHANCES_LINE_LEN], const struct chances *c)
{
    enum chance_context context;
    enum chance_kind kind;
    size_t level;
    char to[DAY_LEN], often[WORDS_CHANCE_LEN], seen[NUMBER_LEN], stated[NUMBER_LEN], factor[40];
    const struct chance_cell *x = chances_worst(c, &context, &kind, &level);
    double weeks = weeks_of(c);
    if (!c->to)
        snprintf(out, CHANCES_LINE_LEN, "no day is over yet of which the stated chance could be audited");
    else if (x)
        snprintf(out, CHANCES_LINE_LEN,
                 "the stated chance does not hold %s: %s %s by chance at most %s where %s were stated, in "
                 "%.3g weeks to %s; that is %s times as many%s",
                 clauses[context], number(seen, x->seen), kinds[kind],
                 words_chance(often, chances_level[level]), number(stated, x->stated), weeks, day(to, c->to),
                 times(factor, x), x->verdict == CHANCES_OFTEN ? HINT : "");
    else
        snprintf(out, CHANCES_LINE_LEN, "the stated chance %s in %.3g weeks to %s, %zu supply-days",
                 all_hold(c) ? "held within a factor of two"
                             : "is not contradicted, with too few cases to say that it holds,",
                 weeks, day(to, c->to), c->days[CHANCES_ALL]);
    return out;
}

/* ---- text ---- */

static void text_cell(struct buf *out, const struct chance_cell *x)
{
    char cell[2 * NUMBER_LEN + 10] = "-", seen[NUMBER_LEN], stated[NUMBER_LEN];
    if (x->stated > 0)
        snprintf(cell, sizeof cell, "%s of %s %c", number(seen, x->seen), number(stated, x->stated),
                 marks[x->verdict]);
    buf_printf(out, "%17s", cell);
}

static void text_table(struct buf *out, const struct chances *c, enum chance_kind kind)
{
    buf_printf(out, "\n%s\n%32s", titles[kind], "days");
    for (size_t k = 0; k < CHANCES_LEVELS; k++)
        buf_printf(out, "%10g a week", chances_level[k]);
    for (int i = 0; i < CHANCES_CONTEXTS; i++) {
        buf_printf(out, "\n%-20s%12zu", contexts[i], c->days[i]);
        for (size_t k = 0; k < CHANCES_LEVELS; k++)
            text_cell(out, &c->cell[i][kind][k]);
    }
    buf_str(out, "\n");
}

static void text_uniform(struct buf *out, const struct chances *c)
{
    buf_str(
        out,
        "\nHow even the probabilities p are before the minimum effect: supply-days in each tenth of p over a"
        " tenth\nof all; and the Kolmogorov-Smirnov distance: in 100 supply-days so many have a p up to there"
        " that should not.\n\n");
    for (int i = 0; i < CHANCES_CONTEXTS; i++) {
        const struct uniform *u = &c->uniform[i];
        if (!u->n)
            continue;
        buf_printf(out, "%-20s", contexts[i]);
        for (size_t b = 0; b < UNIFORM_BINS; b++)
            buf_printf(out, "%5.2f", UNIFORM_BINS * (double)u->bin[b] / (double)u->n);
        buf_printf(out, "  %.3f: %.0f of 100 up to p = %.2g\n", u->distance, 100 * u->share, u->at);
    }
}

void chances_text(struct buf *out, const struct chances *c)
{
    char from[DAY_LEN], to[DAY_LEN], line[CHANCES_LINE_LEN];
    buf_printf(out, "%s\n", chances_line(line, c));
    if (!c->to)
        return;
    buf_printf(out, "\nRun %s, ends of days after %s to %s: %zu supply-days, judged by ", c->run,
               day(from, c->from), day(to, c->to), c->days[CHANCES_ALL]);
    for (size_t i = 0; i < c->n_models; i++)
        buf_printf(out, "%s%s (%zu)", i ? ", " : "", *c->model[i].name ? c->model[i].name : "?",
                   c->model[i].days);
    buf_printf(out, ".\nLeft out: %zu supply-days " LEFT_OUT "%zu findings", c->left_out, c->true_findings);
    if (c->gone)
        buf_printf(out, "; %zu of supplies that have left the fleet", c->gone);
    buf_str(out, ".\n\nSeen, of so many stated, by chance at most so often:"
                 "  = holds within a factor of 2   > too often\n< too seldom   ? too few cases to tell   - "
                 "not kept\n");
    for (int kind = 0; kind < CHANCES_KINDS; kind++)
        text_table(out, c, (enum chance_kind)kind);
    buf_str(out, "\n* may be fewer than stated, not more. Findings are kept up to ten times the budget.\n");
    text_uniform(out, c);
}

/* ---- CSV and JSON ---- */

void chances_csv(struct buf *out, const struct chances *c)
{
    buf_str(out, "context,kind,chance,supply_days,stated,seen,cases,low,high,verdict\n");
    for (int i = 0; i < CHANCES_CONTEXTS; i++)
        for (int kind = 0; kind < CHANCES_KINDS; kind++)
            for (size_t k = 0; k < CHANCES_LEVELS; k++) {
                const struct chance_cell *x = &c->cell[i][kind][k];
                if (x->stated > 0)
                    buf_printf(out, "%s,%s,%g,%zu,%.6g,%g,%.4g,%.6g,%.6g,%s\n", contexts[i], kinds[kind],
                               chances_level[k], c->days[i], x->stated, x->seen, x->cases, x->range.low,
                               x->range.high, verdicts[x->verdict]);
            }
}

static json_t *json_cell(const struct chances *c, int context, int kind, size_t level)
{
    const struct chance_cell *x = &c->cell[context][kind][level];
    return json_pack("{s:s, s:s, s:f, s:I, s:f, s:f, s:f, s:f, s:f, s:s}", "context", contexts[context],
                     "kind", kinds[kind], "chance", chances_level[level], "supply_days",
                     (json_int_t)c->days[context], "stated", x->stated, "seen", x->seen, "cases", x->cases,
                     "low", x->range.low, "high", x->range.high, "verdict", verdicts[x->verdict]);
}

static json_t *json_uniform(const struct chances *c, int context)
{
    const struct uniform *u = &c->uniform[context];
    json_t *bins = json_array();
    for (size_t b = 0; b < UNIFORM_BINS; b++)
        json_array_append_new(bins, json_integer((json_int_t)u->bin[b]));
    return json_pack("{s:s, s:I, s:o, s:o, s:f, s:f}", "context", contexts[context], "supply_days",
                     (json_int_t)u->n, "tenths", bins, "distance", value_number(u->distance), "at", u->at,
                     "share", u->share);
}

void chances_json(struct buf *out, const struct chances *c)
{
    char line[CHANCES_LINE_LEN];
    json_t *rows = json_array(), *even = json_array(), *models = json_array();
    for (int i = 0; i < CHANCES_CONTEXTS; i++) {
        for (int kind = 0; kind < CHANCES_KINDS; kind++)
            for (size_t k = 0; k < CHANCES_LEVELS; k++)
                if (c->cell[i][kind][k].stated > 0)
                    json_array_append_new(rows, json_cell(c, i, kind, k));
        json_array_append_new(even, json_uniform(c, i));
    }
    for (size_t i = 0; i < c->n_models; i++)
        json_array_append_new(models, json_pack("{s:o, s:I}", "model", value_text(c->model[i].name),
                                                "supply_days", (json_int_t)c->model[i].days));
    json_t *all = json_pack("{s:o, s:o, s:o, s:f, s:s, s:b, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "run",
                            value_text(c->run), "from", value_instant(c->from), "to", value_instant(c->to),
                            "weeks", weeks_of(c), "says", chances_line(line, c), "broken",
                            (int)chances_broken(c), "supply_days", (json_int_t)c->days[CHANCES_ALL],
                            "left_out", (json_int_t)c->left_out, "true_findings",
                            (json_int_t)c->true_findings, "gone", (json_int_t)c->gone, "models", models,
                            "rows", rows, "uniform", even);
    char *text = value_dump(all, 6);
    buf_str(out, text);
    free(text);
}
