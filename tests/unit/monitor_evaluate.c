/* monitor/evaluate: aims, tables as a page, and the comparators on made-up readings.
 * SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/mem.h"
#include "base/random.h"
#include "monitor/comparators/panel.h"
#include "monitor/evaluate/evaluation.h"
#include "tests/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- aims ---- */

static const struct aim_row *row_of(const struct aim_row rows[], size_t n, const char *figure)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(rows[i].figure, figure))
            return &rows[i];
    fail_msg("no figure '%s'", figure);
    return NULL;
}

/* Ten weeks of a ring, as good as was aimed at but where a test says otherwise. */
static struct simulated_result *good_result(void)
{
    struct simulated_result *r = xcalloc(1, sizeof *r);
    struct living *l = &r->own[0].said;
    for (int b = 0; b < SIMULATED_BUDGETS; b++) {
        r->own[b].said = (struct living){.weeks = 10, .supplies = 132};
        r->own[b].said.false_findings[CONTEXT_AFTER] = (size_t)(15 * simulated_budgets[b]);
        r->healthy[b].weeks = 10;
        r->healthy[b].false_findings = (size_t)(5 * simulated_budgets[b]);
        r->extreme_days[b] = (size_t)(10 * simulated_budgets[b]);
    }
    l->n_kinds = 1;
    l->kind[0] =
        (struct living_kind){.kind = "pump trip", .events = 20, .found = 10, .findings = 15, .named = 9};
    l->mode[3][0] = (struct living_share){10, 7};
    l->mode[3][1] = (struct living_share){10, 9};
    l->mode[9][0] = (struct living_share){10, 0}; /* is not asked for */
    l->during[1] = (struct living_share){4, 3};
    l->class[LABEL_SENSOR][CLASS_SENSOR] = 19;
    l->class[LABEL_SENSOR][CLASS_EQUIPMENT] = 1;
    r->ledger.n[REASON_SCORED] = 96;
    r->ledger.n[REASON_SETTLING] = 4;
    r->ledger.n[REASON_MAINTENANCE] = 50;
    r->openings = 3;
    return r;
}

static void figures_are_told_beside_their_aims(void **state)
{
    (void)state;
    struct simulated_result *r = good_result();
    const struct evaluated e[2] = {{false, r}, {true, r}};
    struct aim_row rows[AIMS_MAX];
    size_t n = aims_of(e, 2, rows);
    const struct aim_row *x = row_of(rows, n, "measured / stated at budget 10");
    assert_near(x->of[0].value, 1.5, 0, 1e-12);
    assert_int_equal(aim_state(&x->of[0]), AIM_HOLDS);
    x = row_of(rows, n, "findings per common event");
    assert_near(x->of[1].value, 1.5, 0, 1e-12); /* of those that were found */
    x = row_of(rows, n, "right group named");
    assert_int_equal(aim_state(&x->of[0]), AIM_HOLDS);
    x = row_of(rows, n, "small faults");
    assert_near(x->of[0].value, 70, 0, 1e-12);
    assert_int_equal(aim_state(&x->of[0]), AIM_FAILS); /* 80 are asked of physics a */
    assert_int_equal(aim_state(&x->of[1]), AIM_HOLDS); /* 65 of b */
    x = row_of(rows, n, "supply-minutes");
    assert_near(x->of[0].value, 96, 0, 1e-12);
    x = row_of(rows, n, "class right");
    assert_near(x->of[0].value, 95, 0, 1e-12);
    x = row_of(rows, n, "budget 10 more than at 1");
    assert_int_equal(aim_state(&x->of[0]), AIM_HOLDS);
    x = row_of(rows, n, "water lost: minutes");
    assert_int_equal(aim_state(&x->of[0]), AIM_UNKNOWN);         /* no such fault was there */
    r->healthy[2].false_findings = r->healthy[0].false_findings; /* the budget has no effect */
    r->extreme_days[0] = 4;                                      /* too careful is wrong too */
    n = aims_of(e, 1, rows);
    assert_int_equal(aim_state(&row_of(rows, n, "budget 10 more than at 1")->of[0]), AIM_FAILS);
    assert_int_equal(aim_state(&row_of(rows, n, "minimum effect: measured / stated at 1")->of[0]), AIM_FAILS);
    free(r);
}

static void what_was_not_measured_holds_nothing(void **state)
{
    (void)state;
    struct simulated_result *r = xcalloc(1, sizeof *r);
    const struct evaluated e = {false, r};
    struct aim_row rows[AIMS_MAX];
    size_t n = aims_of(&e, 1, rows);
    assert_true(n > 20);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(aim_state(&rows[i].of[0]), AIM_UNKNOWN);
    free(r);
}

static void alarms_cannot_be_more_than_findings_that_open(void **state)
{
    (void)state;
    static const int minute[] = {100, 4, 11, 1, 12, 109, 13};
    struct finding d[7] = {0};
    for (int i = 0; i < 7; i++)
        d[i].first_seen = minute[i] * NS_PER_MIN;
    assert_int_equal(simulated_openings(d, 7), 4); /* 4, 11, 12, 13; 1 is too early */
    assert_int_equal(simulated_openings(d, 1), 1);
    assert_int_equal(simulated_openings(d, 0), 0);
}

static void a_page_tells_text_as_it_is(void **state)
{
    (void)state;
    static const char *const head[] = {"context", "number", "holds"};
    struct tables t;
    struct buf out = {0};
    tables_begin(&t, "rings", "a < b");
    t.of = ", physics b";
    struct table *x = tables_add(&t, "false", "", head, 3);
    table_cell(x, "<script>");
    table_number(x, 1.25, 1);
    table_cell(x, "NO");
    table_cell(x, "none");
    table_number(x, NAN, 1);
    tables_html(&t, &out);
    const char *page = buf_text(&out);
    assert_non_null(strstr(page, "a &lt; b"));
    assert_null(strstr(page, "<script>"));
    assert_non_null(strstr(page, "<h2>false, physics b</h2>"));
    assert_non_null(strstr(page, "<td class=\"n\">1.2</td><td class=\"no\">NO</td></tr>"));
    assert_non_null(strstr(page, "<td class=\"n\">-</td></tr></tbody>"));
    assert_null(strstr(page, "http")); /* nothing from elsewhere */
    buf_free(&out);
    tables_free(&t);
}

/* ---- comparators ---- */

#define SUPPLIES 8
#define DAYS 12
#define MINUTES (DAYS * 1440)

static struct fleet *fleet;
static char path[] = "/tmp/psmon-evaluate-XXXXXX";

static int load_fleet(void **state)
{
    static const char *const signals[SIGNAL_KNOWN] = {
        "capacitor_temperature", "current", "magnet_temperature", "dac", "igbt_temperature", "voltage"};
    (void)state;
    struct err err;
    FILE *f = fopen(path, "w");
    fputs("supply,family,sector,signal,pv,unit\n", f);
    for (int i = 0; i < SUPPLIES; i++)
        for (int k = 0; k < SIGNAL_KNOWN; k++)
            fprintf(f, "Q%d,quad,S1,%s,Q%d:%d,A\n", i, signals[k], i, k);
    fclose(f);
    return fleet_load(&fleet, path, &err);
}

static int free_fleet(void **state)
{
    (void)state;
    fleet_free(fleet);
    return 0;
}

/* A reading: 20 + a bell's noise of sd 1, the same for the same minute and channel. */
static float reading(size_t minute, uint32_t channel)
{
    uint64_t seed = random_mix((uint64_t)minute * 4096 + channel);
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += random_unit(random_next(&seed));
    return (float)(20 + sum);
}

static struct record *reference(struct grid **grid)
{
    struct record *r;
    struct err err;
    *grid = grid_new(fleet, &(struct grid_options){.period = NS_PER_MIN, .max_age = 5 * NS_PER_MIN});
    assert_int_equal(record_new(&r, *grid, fleet, NS_PER_MIN, MINUTES, NULL, &err), 0);
    struct sample *s = xcalloc(MINUTES, sizeof *s);
    for (uint32_t c = 0; c < fleet->n_channels; c++) {
        for (size_t k = 0; k < MINUTES; k++)
            s[k] = (struct sample){.t = record_time(r, k), .value = (double)reading(k, c)};
        record_push(r, c, s, MINUTES);
        record_end(r, c);
    }
    free(s);
    return r;
}

/* Two days more, in the second of which supply 2 is off by `shift` and `noise` times as noisy; supply 5 is so
 * too, in minutes that do not count. */
static void judge_days(struct panel *p, double shift, double noise)
{
    float *value = xnan(fleet->n_channels);
    uint8_t *quality = xcalloc(fleet->n_channels, 1);
    for (size_t k = MINUTES; k < MINUTES + 2 * 1440; k++) {
        bool usable[SUPPLIES], ill = k >= MINUTES + 1440;
        for (int i = 0; i < SUPPLIES; i++)
            usable[i] = !(ill && i == 5);
        for (uint32_t c = 0; c < fleet->n_channels; c++) {
            uint32_t s = fleet->channels[c].supply;
            value[c] = reading(k, c);
            if (ill && (s == 2 || s == 5))
                value[c] = (float)(20 + shift + noise * ((double)value[c] - 20));
        }
        const struct frame f = {(tstamp_ns)(k + 1) * NS_PER_MIN, value, quality};
        panel_step(p, &f, usable);
    }
    free(value);
    free(quality);
}

static size_t by_name(const char *name)
{
    for (size_t i = 0; i < comparators_count(); i++)
        if (strcmp(comparators[i]->name, name) == 0)
            return i;
    fail_msg("no comparator '%s'", name);
    return 0;
}

/* What a comparator says of days with a fault at the limit of one a week: of supply 2 on that day alone? */
static void sees(struct record *r, const bool usable[], const char *name, double shift, double noise,
                 bool want)
{
    struct panel *p = panel_learn(fleet, r, usable, 1);
    size_t c = by_name(name);
    struct finding *said;
    double limit = panel_limit(p, c, 1);
    judge_days(p, shift, noise);
    assert_near(panel_limit(p, c, 1), limit, 0, 0); /* what is judged sets no limit */
    assert_true(panel_limit(p, c, 10) < limit);
    size_t n = panel_findings(p, c, limit, &said), seen = 0;
    for (size_t i = 0; i < n; i++) {
        assert_int_not_equal(said[i].supply, 5);
        assert_string_equal(said[i].detector, name);
        seen += said[i].supply == 2 && said[i].first_seen > (tstamp_ns)(MINUTES + 1440) * NS_PER_MIN;
    }
    if (seen != want)
        fail_msg("%s: %zu findings, %zu of them right, of shift %g, noise %g", name, n, seen, shift, noise);
    free(said);
    panel_free(p);
}

static void comparators_see_what_they_are_for(void **state)
{
    (void)state;
    struct grid *grid;
    struct record *r = reference(&grid);
    bool *usable = xcalloc((size_t)MINUTES * SUPPLIES, sizeof *usable);
    memset(usable, 1, (size_t)MINUTES * SUPPLIES);
    sees(r, usable, "static limits", 6, 1, true);
    sees(r, usable, "static limits", 1, 1, false);
    sees(r, usable, "z-score", 1, 1, true);
    sees(r, usable, "z-score", 0, 1, false);
    sees(r, usable, "CUSUM", 0.5, 1, true);
    sees(r, usable, "raw divergence", 0, 4, true);
    sees(r, usable, "raw divergence", 0, 1, false);
    sees(r, usable, "raw autoencoder", 6, 1, true);
    sees(r, usable, "moving variance", 0, 3, true);
    sees(r, usable, "moving variance", 6, 1, false); /* but at the step */
    sees(r, usable, "squared difference", 0, 3, true);
    free(usable);
    record_free(r);
    grid_free(grid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_told_beside_their_aims),
        cmocka_unit_test(what_was_not_measured_holds_nothing),
        cmocka_unit_test(alarms_cannot_be_more_than_findings_that_open),
        cmocka_unit_test(a_page_tells_text_as_it_is),
        cmocka_unit_test_setup_teardown(comparators_see_what_they_are_for, load_fleet, free_fleet),
    };
    close(mkstemp(path));
    int failed = cmocka_run_group_tests_name("monitor/evaluate", tests, NULL, NULL);
    unlink(path);
    return failed;
}
