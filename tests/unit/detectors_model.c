/* The whole of detectors on a small made-up fleet: train, save, load, score; a step that must be found, a
 * healthy week that must be quiet, the ledger, a fleet that does not fit. SPDX-License-Identifier: MIT */
#include "base/text/words.h"
#include "detectors/engine/internal.h"
#include "features/hist.h"

#include "tests/made_up.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs a scorer over minutes after the reference; warm for the first 28 h. Calls each tick. */
struct seen {
    struct finding first, unsaid; /* the first of each */
    bool both;                    /* of one supply at once */
    size_t findings;
    uint64_t scored, ticks;
    double sum_score, most_score, least_chance;
};

static void run_scorer(struct world *w, struct scorer *sc, int minutes, struct seen *seen)
{
    float value[CHANNELS];
    uint8_t quality[CHANNELS];
    *seen = (struct seen){.least_chance = INFINITY};
    for (int k = 0; k < minutes; k++) {
        tstamp_ns t = T0 + (MINUTES + k) * NS_PER_MIN;
        read_minute(w, t, value, quality);
        struct frame frame = {t, value, quality};
        struct tick tick;
        scorer_step(sc, &frame, k < 28 * 60, &tick);
        uint32_t sum = 0;
        for (int r = 0; r < REASON_COUNT; r++)
            sum += tick.ledger[r];
        assert_int_equal(sum, SUPPLIES);
        seen->scored += tick.ledger[REASON_SCORED];
        seen->ticks++;
        for (int s = 0; s < SUPPLIES; s++) {
            assert_true((tick.reason[s] == REASON_SCORED) == !isnan(tick.score[s]));
            seen->sum_score += isnan(tick.score[s]) ? 0 : (double)tick.score[s];
            seen->most_score = fmax(seen->most_score, (double)tick.score[s]);
            seen->least_chance = fmin(seen->least_chance, (double)tick.chance[s]);
        }
        if (tick.n_findings && !seen->findings)
            seen->first = tick.findings[0];
        if (tick.n_unsaid && !*seen->unsaid.id)
            seen->unsaid = tick.unsaid[0];
        for (size_t i = 0; i < tick.n_findings && tick.n_unsaid; i++)
            seen->both |= tick.findings[i].supply == tick.unsaid[0].supply && !tick.unsaid[0].closed;
        if (tick.n_findings > seen->findings)
            seen->findings = tick.n_findings;
    }
}

static const struct scorer_options options = {.budget = 0.05, .window_minutes = 720, .period = NS_PER_MIN};

static void test_summary(void **state)
{
    struct world *w = *state;
    tstamp_ns from, to;
    model_period(w->model, &from, &to);
    assert_true(from == T0 && to == T0 + (MINUTES - 1) * NS_PER_MIN);
    const char *text = model_summary(w->model);
    assert_non_null(strstr(text, "\n2 rows were left out\n"));
    assert_non_null(strstr(text, "7 of 8 supplies have a model"));
    assert_non_null(strstr(text, "no model (no readings): P7"));
    assert_non_null(strstr(text, "cold start"));
    assert_non_null(strstr(text, "family fam0: network"));
}

static void test_healthy_days_are_quiet(void **state)
{
    struct world *w = *state;
    struct seen seen;
    struct scorer *sc = scorer_new(w->model, w->fleet, w->maintenance, &options);
    run_scorer(w, sc, 4 * 1440, &seen);
    assert_int_equal(seen.findings, 0); /* P7 never had data: no finding either */
    assert_true((double)seen.scored > 0.5 * 7 * (double)seen.ticks);
    scorer_free(sc);
}

static void test_step_is_found(void **state)
{
    struct world *w = *state;
    struct seen seen;
    struct scorer *sc = scorer_new(w->model, w->fleet, w->maintenance, &options);
    w->hot = 2;
    w->hot_since = T0 + (MINUTES + 40 * 60) * NS_PER_MIN;
    run_scorer(w, sc, 3 * 1440, &seen);
    w->hot = -1;
    assert_int_equal(seen.findings, 1);
    assert_string_equal(seen.first.subject, "P2");
    assert_string_equal(seen.first.signal, "igbt_temperature");
    assert_string_equal(seen.first.unit, "K");
    assert_int_equal(seen.first.direction, DIRECTION_UP);
    assert_near(seen.first.size, 5, 0.2, 0);
    assert_near((double)(seen.first.onset - w->hot_since) / (double)NS_PER_HOUR, 0, 0, 1.01);
    assert_true(seen.first.first_seen - w->hot_since < 12 * NS_PER_HOUR);
    assert_near(seen.first.effect, seen.first.size / 0.5, 1e-9, 0);
    assert_non_null(strstr(seen.first.reason, "above what its current explains"));
    scorer_free(sc);
}

/* Two scorers of the same minutes, one that knows no minimum effect: the supply-days of the other are what
 * both say at midnight. P2 is hot, P1 stands at a current never seen for an afternoon, P7 never had data. */
static void test_a_day_ends_with_its_supply_days(void **state)
{
    struct world *w = *state;
    float value[CHANNELS];
    uint8_t quality[CHANNELS];
    struct scorer_options plain = options, ungated = options;
    ungated.ungated = true;
    plain.budget = 1000; /* no score is held back */
    struct scorer *sc = scorer_new(w->model, w->fleet, w->maintenance, &plain);
    struct scorer *bare = scorer_new(w->model, w->fleet, w->maintenance, &ungated);
    struct tick tick, raw;
    tstamp_ns first = T0 + (MINUTES + 1) * NS_PER_MIN, midnight = (first / NS_PER_DAY + 1) * NS_PER_DAY;
    w->hot = 2;
    w->hot_since = midnight;
    size_t days = 0, beyond = 0;
    bool never[SUPPLIES] = {false};
    for (tstamp_ns t = first; t <= midnight + 2 * NS_PER_DAY; t += NS_PER_MIN) {
        read_minute(w, t, value, quality);
        tstamp_ns afternoon = midnight + NS_PER_DAY + 14 * NS_PER_HOUR;
        if (t > afternoon && t <= afternoon + 3 * NS_PER_HOUR) {
            value[SIGNALS + SIGNAL_CURRENT] = 99.9f;
            value[SIGNALS + SIGNAL_DAC] = 32735;
        }
        struct frame frame = {t, value, quality};
        scorer_step(sc, &frame, false, &tick);
        scorer_step(bare, &frame, false, &raw);
        assert_true((tick.day != NULL) == (t % NS_PER_DAY == 0));
        days += tick.day != NULL;
        for (int s = 0; s < SUPPLIES; s++)
            never[s] |= t > midnight + NS_PER_DAY && tick.reason[s] == REASON_MODE_NEVER_SEEN;
    }
    assert_int_equal(days, 3);
    assert_near(tick.day->all, 7 * 7, 1e-9, 0);
    assert_true(isnan(tick.day->any[7]) && isnan(tick.day->chance[7]));
    for (int s = 0; s < 7; s++) {
        assert_true(tick.day->any[s] >= 0 && (double)tick.day->any[s] <= tick.day->all);
        assert_true(tick.day->any[s] <= tick.day->chance[s]);
        assert_near((double)tick.day->any[s], (double)raw.day->any[s], 0, 0);
        if (raw.reason[s] == REASON_SCORED)
            assert_near((double)tick.day->any[s], (double)raw.chance[s], 0, 0);
        beyond += tick.day->beyond[s] == BEYOND_CURRENT;
        assert_true(tick.day->beyond[s] == BEYOND_CURRENT || !never[s]);
    }
    assert_true(never[1] && !never[2] && !tick.day->beyond[2]);
    assert_true(beyond <= 2); /* one more may have had a level that is not known quite as far */
    assert_near((double)tick.day->chance[2], model_said(w->model, &w->model->day, 0), 1e-6, 0);
    w->hot = -1;
    scorer_free(sc);
    scorer_free(bare);
}

/* How many supplies' day had air, water or groups too far off; the whole hall is so much hotter from noon on.
 */
static size_t far_off(const struct world *w, double hotter)
{
    float value[CHANNELS];
    uint8_t quality[CHANNELS];
    struct scorer *sc = scorer_new(w->model, w->fleet, w->maintenance, &options);
    struct tick tick = {0};
    tstamp_ns midnight = ((T0 + MINUTES * NS_PER_MIN) / NS_PER_DAY + 2) * NS_PER_DAY;
    for (tstamp_ns t = midnight - NS_PER_DAY + NS_PER_MIN; t <= midnight; t += NS_PER_MIN) {
        read_minute(w, t, value, quality);
        for (int c = 0; c < CHANNELS && t > midnight - 12 * NS_PER_HOUR; c++)
            if (strstr(signal_names[c % SIGNALS], "temperature"))
                value[c] += (float)hotter;
        struct frame frame = {t, value, quality};
        scorer_step(sc, &frame, false, &tick);
    }
    size_t n = 0;
    for (int s = 0; s < SUPPLIES; s++)
        n += (tick.day->beyond[s] & BEYOND_COMMON) != 0;
    scorer_free(sc);
    return n;
}

static void test_a_hot_hall_is_beyond_what_the_reference_had(void **state)
{
    assert_int_equal(far_off(*state, 0), 0);
    assert_int_equal(far_off(*state, 30), 7); /* all that are scored */
}

/* Under half a day of hours makes none. */
static void test_a_short_day_is_no_supply_day(void **state)
{
    struct world *w = *state;
    float value[CHANNELS];
    uint8_t quality[CHANNELS];
    struct scorer *sc = scorer_new(w->model, w->fleet, w->maintenance, &options);
    struct tick tick = {0};
    tstamp_ns midnight = ((T0 + MINUTES * NS_PER_MIN) / NS_PER_DAY + 2) * NS_PER_DAY;
    for (tstamp_ns t = midnight - 14 * NS_PER_HOUR; t <= midnight; t += NS_PER_MIN) {
        read_minute(w, t, value, quality);
        struct frame frame = {t, value, quality};
        scorer_step(sc, &frame, false, &tick);
    }
    for (int s = 0; s < SUPPLIES; s++)
        assert_true(isnan(tick.day->any[s]) && isnan(tick.day->chance[s]));
    scorer_free(sc);
}

/* Ten kelvin are far beyond what a week of seven supplies can state: what is said stays at the floor, of
 * findings, supplies and their scores alike, while what decides goes on below it. */
static void test_chance_is_said_as_far_as_the_calibration_reaches(void **state)
{
    struct world *w = *state;
    struct seen seen;
    struct scorer *sc = scorer_new(w->model, w->fleet, w->maintenance, &options);
    double floor = model_said(w->model, &w->model->day, 0), one = model_chance(w->model, 1);
    w->hot = 2;
    w->hot_since = T0 + (MINUTES + 40 * 60) * NS_PER_MIN;
    run_scorer(w, sc, 3 * 1440, &seen);
    w->hot = -1;
    assert_true(floor >= CHANCE_LEAST && floor > options.budget); /* and yet it was found */
    assert_int_equal(seen.findings, 1);
    assert_near(seen.first.chance, floor, 0, 0);
    assert_near(seen.least_chance, floor, 1e-6, 0);
    assert_near(seen.most_score, -log10(floor / one), 1e-5, 0);
    scorer_free(sc);
}

static void run_with(struct world *w, double budget, struct seen *seen)
{
    struct scorer_options o = options;
    o.budget = budget;
    struct scorer *sc = scorer_new(w->model, w->fleet, w->maintenance, &o);
    run_scorer(w, sc, 3 * 1440, seen);
    scorer_free(sc);
}

/* With a budget that the step of above, weakest when it shows first, does not pass: nobody is told, and it is
 * kept as what a larger budget would have said. (Decided is below the floor too, where all is said alike.) */
static void test_what_a_larger_budget_would_have_said_is_kept(void **state)
{
    struct world *w = *state;
    struct seen seen, first;
    double said = log10(options.budget),
           too_few = -299; /* budgets by which the step is said when it first shows */
    w->hot = 2;
    w->hot_since = T0 + (MINUTES + 40 * 60) * NS_PER_MIN;
    run_with(w, options.budget, &first);
    while (said - too_few > 0.5) {
        double middle = (said + too_few) / 2;
        run_with(w, pow(10, middle), &seen);
        if (seen.findings && seen.first.first_seen == first.first.first_seen)
            said = middle;
        else
            too_few = middle;
    }
    run_with(w, pow(10, too_few), &seen);
    w->hot = -1;
    assert_string_equal(seen.unsaid.subject, "P2");
    assert_string_equal(seen.unsaid.signal, "igbt_temperature");
    /* it grew, and was said: from then on it is no longer unsaid */
    assert_int_equal(seen.findings, 1);
    assert_true(seen.first.first_seen > seen.unsaid.first_seen);
    assert_false(seen.both);
}

/* What one supply's current or status does from hour 40 on, as a finding. */
static struct finding found(struct world *w, double flicker, double unrest)
{
    struct seen seen;
    struct scorer *sc = scorer_new(w->model, w->fleet, w->maintenance, &options);
    w->flicker = flicker;
    w->unrest = unrest;
    w->hot_since = T0 + (MINUTES + 40 * 60) * NS_PER_MIN;
    run_scorer(w, sc, 3 * 1440, &seen);
    w->flicker = w->unrest = 0;
    assert_int_equal(seen.findings, 1);
    assert_string_equal(seen.first.subject, "P6");
    scorer_free(sc);
    return seen.first;
}

/* Squared differences are capped: of wide noise less is told than there is, and so it is said. */
static void test_noise_is_not_told_more_exactly_than_it_is_known(void **state)
{
    struct finding f = found(*state, 0, 20);
    assert_true(f.size > 4 && f.size < 20);
    assert_non_null(strstr(f.reason, "current at least "));
    assert_non_null(strstr(f.reason, "times as noisy as in its reference"));
    f = found(*state, 0, 3);
    assert_near(f.size, 3, 0.2, 0);
    assert_non_null(strstr(f.reason, "current 2."));
}

/* At a current that the reference never had its noise goes on, which does not hang on it, while what does is
 * withheld: no finding says that a temperature or the current is not as the DAC explains. */
static void test_noise_is_found_at_a_current_never_seen(void **state)
{
    struct world *w = *state;
    w->moved = 0.4;
    struct finding f = found(w, 0, 3);
    w->moved = 0;
    assert_near(f.size, 3, 0.2, 0);
    assert_string_equal(f.signal, "current");
    assert_string_equal(f.unit, "x");
}

/* The reasons of WITHOUT_VOLTS in the third day, minutes each, its current moved by so much. */
static void reasons_of(struct world *w, double moved, unsigned count[REASON_COUNT])
{
    float value[CHANNELS];
    uint8_t quality[CHANNELS];
    struct scorer *sc = scorer_new(w->model, w->fleet, w->maintenance, &options);
    w->hot_since = T0 + (MINUTES + 1440) * NS_PER_MIN;
    w->moved = moved;
    memset(count, 0, REASON_COUNT * sizeof *count);
    for (int k = 0; k < 3 * 1440; k++) {
        struct tick tick;
        read_minute(w, T0 + (MINUTES + k) * NS_PER_MIN, value, quality);
        scorer_step(sc, &(struct frame){T0 + (MINUTES + k) * NS_PER_MIN, value, quality}, false, &tick);
        if (k >= 2 * 1440)
            count[tick.reason[WITHOUT_VOLTS]]++;
    }
    w->moved = 0;
    scorer_free(sc);
}

static void test_a_current_just_beyond_the_reference_is_no_cliff(void **state)
{
    unsigned at_home[REASON_COUNT], beyond[REASON_COUNT], far[REASON_COUNT];
    reasons_of(*state, 0, at_home);
    reasons_of(*state, 0.08, beyond); /* beyond it at the upper end of what it does */
    reasons_of(*state, 0.5, far);
    assert_true(at_home[REASON_SCORED] > 1200);
    assert_int_equal(beyond[REASON_SCORED], at_home[REASON_SCORED]);
    assert_int_equal(beyond[REASON_MODE_NEVER_SEEN], 0);
    assert_true(far[REASON_MODE_NEVER_SEEN] > 1200);
    assert_int_equal(far[REASON_SCORED], 0);
}

/* Up to where a level does not count any more what is not known of it widens what is ordinary: smoothly, by
 * how far the current is beyond the reference's, and by what has not settled. */
static void test_what_is_not_known_of_a_level_widens_what_is_ordinary(void **state)
{
    enum { P1 = 1 };
    struct world *w = *state;
    const struct model *m = w->model;
    size_t W = m->layout->width, L = m->layout->levels, level = 0;
    while (feature_at(m->layout, P1, level)->kind != FEATURE_IGBT)
        level++;
    struct hourly h;
    hourly_init(&h, m, &options);
    float *x = xcalloc(SUPPLIES * W, sizeof *x), *doubt = xcalloc(SUPPLIES * L, sizeof *doubt);
    float *unsettled = xcalloc(SUPPLIES * L, sizeof *unsettled), context[SUPPLIES * ROW_CONTEXT] = {0};
    bool usable[SUPPLIES] = {[P1] = true}, *counts = xcalloc(SUPPLIES * W, sizeof *counts);
    counts[P1 * W + level] = true;
    struct feature_frame ff = {.x = x, .doubt = doubt, .unsettled = unsettled, .context = context};
    struct frame frame = {.t = T0 + MINUTES * NS_PER_MIN + 1};
    const struct minute in = {.frame = &frame, .features = &ff, .usable = usable, .counts = counts};
    double got[4] = {0};
    for (int k = 0; k < 4; k++) {
        context[P1 * ROW_CONTEXT] = m->ref.high[P1] + 0.01F * (float)k;
        unsettled[P1 * L + level] = k == 3 ? 0.1F : 0;
        h.doubt[P1 * L + level] = 0;
        frame.t += NS_PER_MIN;
        hourly_minute(&h, &in, NULL);
        got[k] = h.doubt[P1 * L + level];
    }
    double gain = (double)m->ref.gain_doubt[P1 * L + level], high = (double)m->ref.high[P1];
    assert_true(gain > 0);
    assert_near(got[0], 0, 0, 0);
    assert_near(got[1], gain * (pow(high + 0.01, 2) - high * high), 1e-5, 0);
    assert_near(got[2], gain * (pow(high + 0.02, 2) - high * high), 1e-5, 0);
    assert_near(got[3], hypot(gain * (pow(high + 0.03, 2) - high * high), 0.1), 1e-5, 0);
    hourly_fini(&h);
    free(x);
    free(doubt);
    free(unsettled);
    free(counts);
}

/* Without a voltage nothing says that only the reading is noisy. */
static void test_a_noisy_current_without_voltage_is_the_supplys(void **state)
{
    assert_int_equal(found(*state, 0, 3).class, CLASS_EQUIPMENT);
}

/* No multiple of a noise that was never seen. */
static void test_what_stood_still_has_no_multiple(void **state)
{
    struct finding f = found(*state, 0.5, 0);
    assert_string_equal(f.signal, "status");
    assert_string_equal(f.reason, "status moves from minute to minute, and stood still in its reference");
}

/* A minute of some hours after the reference, in which a sector's work ended at 16:00 of the first day and
 * another sector gave no readings until then. */
static void minute_after_work(const struct world *w, struct scorer *sc, int k, struct tick *tick)
{
    float value[CHANNELS];
    uint8_t quality[CHANNELS];
    tstamp_ns t = T0 + (MINUTES + k) * NS_PER_MIN;
    read_minute(w, t, value, quality);
    for (int c = CHANNELS / 2; c < CHANNELS && k > 1440 + 480 && k <= 1440 + 960; c++) {
        value[c] = NAN;
        quality[c] = QUALITY_MISSING;
    }
    scorer_step(sc, &(struct frame){t, value, quality}, k < 1440, tick);
}

static void test_what_was_in_maintenance_rests_and_what_had_no_data_lacks_it(void **state)
{
    struct world *w = *state;
    struct table_file table;
    struct maintenance *work = NULL;
    struct err err;
    struct tick tick;
    table_of(&table, "supply,start,end,work\nS0,2026-11-26T08:00:00Z,2026-11-26T16:00:00Z,water\n");
    assert_int_equal(maintenance_load(&work, table.path, w->fleet, &err), 0);
    unlink(table.path);
    tstamp_ns t0 = T0 + (MINUTES + 1440 + 480) * NS_PER_MIN;
    assert_true(work->period[0].start == t0);
    struct scorer *sc = scorer_new(w->model, w->fleet, work, &options);
    uint32_t resting = 0, lacking = 0;
    int scored_again = 0;
    for (int k = 0; k <= 1440 + 1230; k++) {
        minute_after_work(w, sc, k, &tick);
        if (k < 1440 + 960)
            continue;
        uint32_t few = tick.ledger[REASON_TOO_FEW_SAMPLES];
        resting = tick.resting > resting ? tick.resting : resting;
        lacking = few - tick.resting > lacking ? few - tick.resting : lacking;
        if (!scored_again && tick.reason[0] == REASON_SCORED)
            scored_again = k - (1440 + 960);
    }
    /* for half an hour each lacks samples; of those of the work that is expected */
    assert_int_equal(resting, 4);
    assert_true(lacking > 0);
    assert_int_equal(scored_again, 29);
    /* all are scored before their windows are half full, and say so; P7 has no model */
    assert_int_equal(tick.ledger[REASON_SCORED], 7);
    assert_int_equal(tick_lost(&tick), 1);
    assert_true(tick.fullness[0] > 0.3F && tick.fullness[0] < 0.5F);
    scorer_free(sc);
    maintenance_free(work);
}

/* After an outage that emptied its windows a supply is judged from the first whole hour on: 5 K hotter are
 * not half a day's secret. */
static void test_after_a_long_outage_a_supply_is_judged_from_the_first_hour(void **state)
{
    enum { GONE = 1440, BACK = GONE + 26 * 60, P2 = 2 };
    struct world *w = *state;
    float value[CHANNELS];
    uint8_t quality[CHANNELS];
    struct scorer *sc = scorer_new(w->model, w->fleet, w->maintenance, &options);
    int scored = 0, said = 0;
    w->hot = P2;
    w->hot_since = T0 + (MINUTES + GONE) * NS_PER_MIN;
    for (int k = 0; k <= BACK + 1440; k++) {
        struct tick tick;
        tstamp_ns t = T0 + (MINUTES + k) * NS_PER_MIN;
        read_minute(w, t, value, quality);
        for (int c = P2 * SIGNALS; k >= GONE && k < BACK && c < (P2 + 1) * SIGNALS; c++) {
            value[c] = NAN;
            quality[c] = QUALITY_MISSING;
        }
        scorer_step(sc, &(struct frame){t, value, quality}, k < 1440, &tick);
        if (k >= BACK && !scored && tick.reason[P2] == REASON_SCORED)
            scored = k - BACK;
        for (size_t i = 0; k >= BACK && !said && i < tick.n_findings; i++)
            said = tick.findings[i].class == CLASS_DATA ? 0 : k - BACK;
    }
    w->hot = -1;
    print_message("# scored after %d min, found after %d min\n", scored, said);
    assert_true(scored > 0 && scored <= 3 * 60 + 61); /* three hours in which nobody knows what was before */
    assert_true(said >= scored && said <= 8 * 60);
    scorer_free(sc);
}

/* A scorer warmed up for its first tick, and where it stands. */
struct start {
    struct scorer *scorer;
    tstamp_ns t;
    struct tick tick;
};

static struct start start_at(struct world *w, tstamp_ns first)
{
    return (struct start){scorer_new(w->model, w->fleet, w->maintenance, &options),
                          scorer_warm_from(w->model, first, NS_PER_MIN),
                          {0}};
}

static void run_to(struct world *w, struct start *s, tstamp_ns first, tstamp_ns to)
{
    float value[CHANNELS];
    uint8_t quality[CHANNELS];
    for (; s->t <= to; s->t += NS_PER_MIN) {
        read_minute(w, s->t, value, quality);
        scorer_step(s->scorer, &(struct frame){s->t, value, quality}, s->t < first, &s->tick);
        assert_true(s->t >= first || s->tick.n_findings == 0);
    }
}

static void test_two_starts_say_the_same(void **state)
{
    struct world *w = *state;
    tstamp_ns end = T0 + MINUTES * NS_PER_MIN, late = end + 3 * NS_PER_DAY + 17 * NS_PER_MIN;
    struct start a = start_at(w, end), b = start_at(w, late);
    w->hot = 2;
    w->hot_since = end + 30 * NS_PER_HOUR; /* found, and going on, when the second one begins */
    run_to(w, &a, end, late - NS_PER_MIN);
    run_to(w, &b, late, late - NS_PER_MIN);
    for (tstamp_ns t = late; t < late + 3 * NS_PER_HOUR; t += NS_PER_MIN) {
        run_to(w, &a, end, t);
        run_to(w, &b, late, t);
        assert_memory_equal(a.tick.reason, b.tick.reason, SUPPLIES);
        assert_memory_equal(a.tick.score, b.tick.score, SUPPLIES * sizeof *a.tick.score);
        assert_memory_equal(a.tick.chance, b.tick.chance, SUPPLIES * sizeof *a.tick.chance);
        for (size_t i = 0; i < a.tick.n_figures; i++)
            assert_memory_equal(a.tick.figures[i].value, b.tick.figures[i].value,
                                (a.tick.figures[i].per_channel ? CHANNELS : SUPPLIES) * sizeof(float));
        assert_int_equal(a.tick.n_findings, 1);
        assert_int_equal(b.tick.n_findings, 1);
        assert_memory_equal(a.tick.findings, b.tick.findings, sizeof *a.tick.findings);
    }
    w->hot = -1;
    scorer_free(a.scorer);
    scorer_free(b.scorer);
}

static void test_saved_model_scores_the_same(void **state)
{
    struct world *w = *state;
    struct seen a, b;
    struct err err;
    char hex[DIGEST_HEX_LEN], again[DIGEST_HEX_LEN];
    struct model *m = NULL;
    assert_int_equal(model_save(w->model, w->path, hex, &err), 0);
    assert_int_equal(model_load(&m, w->fleet, w->path, again, &err), 0);
    assert_string_equal(hex, again);
    assert_string_equal(model_summary(m), model_summary(w->model));
    struct scorer *x = scorer_new(w->model, w->fleet, w->maintenance, &options);
    struct scorer *y = scorer_new(m, w->fleet, w->maintenance, &options);
    run_scorer(w, x, 36 * 60, &a);
    run_scorer(w, y, 36 * 60, &b);
    assert_true(a.sum_score > 0);
    assert_near(b.sum_score, a.sum_score, 0, 0);
    assert_true(a.scored == b.scored);
    scorer_free(x);
    scorer_free(y);
    model_free(m);
}

static void refused(struct world *w, const struct fleet *other, const char *words)
{
    struct err err;
    char hex[DIGEST_HEX_LEN];
    struct model *m = NULL;
    assert_int_equal(model_load(&m, other, w->path, hex, &err), ERR_DATA);
    print_message("%s\n", err.msg);
    assert_non_null(strstr(err.msg, words));
    assert_non_null(strstr(err.msg, w->path));
}

static void test_what_differs_is_named(void **state)
{
    struct world *w = *state;
    struct err err;
    char hex[DIGEST_HEX_LEN];
    struct fleet *named = make_fleet("Q");
    assert_int_equal(model_save(w->model, w->path, hex, &err), 0);
    refused(w, named, "made for another fleet: the model does not know 8 of 8 supplies");
    fleet_free(named);
    assert_int_equal(model_suits(w->model, 12 * NS_PER_HOUR, NS_PER_MIN, &err), 0);
    assert_int_equal(model_suits(w->model, 6 * NS_PER_HOUR, NS_PER_MIN, &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, "window 12 h, window is 6 h"));
    assert_int_equal(model_suits(w->model, 12 * NS_PER_HOUR, 2 * NS_PER_MIN, &err), ERR_CONFIG);
    assert_non_null(strstr(err.msg, "grid of 60 s, period is 120 s"));
}

/* ---- a fleet that has changed since ---- */

/* An edit of fleet.csv: before the others a new supply, of another family and sector and with signals of its
 * own, which makes all rows wider; the third one's voltage in unit; without the last one. */
static struct fleet *edited_fleet(const char *unit)
{
    struct table_file table;
    FILE *out = table_begin(&table);
    fprintf(out, "supply,family,sector,signal,pv,unit,range\n");
    for (int k = 0; k < SIGNALS; k++)
        fprintf(out, "N,famN,SN,%s,PV:N:%d,%s,\n", signal_names[k], k, units[k]);
    fprintf(out, "N,famN,SN,flow,PV:N:flow,l/min,\nN,famN,SN,humidity,PV:N:humidity,%%,\n");
    for (int s = 0; s < SUPPLIES - 1; s++)
        for (int k = SIGNALS - 1; k >= 0; k--)
            fprintf(out, "P%d,fam%d,S%d,%s,PV:%d:%d,%s,%s\n", s, s / 4, s / 4, signal_of(s, k), s, k,
                    unit_of(s, k, unit), k == SIGNAL_CURRENT ? "100" : "");
    return fleet_end(&table);
}

enum { EDITED = CHANNELS - SIGNALS + SIGNALS + 2 };

/* The same minute for the edited fleet; the new supply reads as P0 does. */
static void read_edited(const struct world *w, const struct fleet *f, tstamp_ns t, float value[EDITED],
                        uint8_t quality[EDITED])
{
    for (uint32_t c = 0; c < f->n_channels; c++) {
        int s = 0, k = 0;
        bool old = sscanf(f->channels[c].pv, "PV:%d:%d", &s, &k) == 2;
        if (!old && sscanf(f->channels[c].pv, "PV:N:%d", &k) != 1)
            k = SIGNAL_VOLTAGE;
        value[c] = (float)reading(w, s, k, t);
        quality[c] = QUALITY_OK;
    }
}

static void run_both(struct world *w, const struct fleet *f, const struct model *m)
{
    float value[EDITED], plain[CHANNELS];
    uint8_t quality[EDITED], plain_quality[CHANNELS];
    struct maintenance *none = NULL;
    struct err err;
    struct tick was, is;
    size_t scored = 0;
    assert_int_equal(maintenance_load(&none, NULL, f, &err), 0);
    struct scorer *x = scorer_new(w->model, w->fleet, w->maintenance, &options);
    struct scorer *y = scorer_new(m, f, none, &options);
    for (int k = 0; k < 40 * 60; k++) {
        tstamp_ns t = T0 + (MINUTES + k) * NS_PER_MIN;
        read_minute(w, t, plain, plain_quality);
        read_edited(w, f, t, value, quality);
        scorer_step(x, &(struct frame){t, plain, plain_quality}, false, &was);
        scorer_step(y, &(struct frame){t, value, quality}, false, &is);
        for (int s = 0; s < SUPPLIES - 1; s++) { /* P0 … stand behind the new one */
            assert_int_equal(is.reason[s + 1], was.reason[s]);
            scored += is.reason[s + 1] == REASON_SCORED;
            /* who left takes along its part in what the others have in common */
            if (is.reason[s + 1] == REASON_SCORED)
                assert_near((double)is.score[s + 1], (double)was.score[s], 0.05, 0.25);
        }
        assert_int_equal(is.reason[0], REASON_NO_MODEL);
    }
    assert_true(scored > 1000);
    scorer_free(x);
    scorer_free(y);
    maintenance_free(none);
}

static void test_supplies_that_stayed_are_scored_as_before(void **state)
{
    struct world *w = *state;
    struct err err;
    char hex[DIGEST_HEX_LEN];
    struct model *m = NULL;
    struct fleet *f = edited_fleet("V");
    assert_int_equal(f->n_channels, EDITED);
    assert_int_equal(model_save(w->model, w->path, hex, &err), 0);
    if (model_load(&m, f, w->path, hex, &err) != 0)
        fail_msg("%s", err.msg);
    assert_string_equal(model_lacks(m),
                        "the model does not know 1 of 8 supplies, which are not scored: N (new)");
    assert_false(model_known(m)[0]);
    assert_true(model_known(m)[SIGNALS + 2]);
    run_both(w, f, m);
    model_free(m);
    fleet_free(f);
}

static void test_supplies_that_changed_have_no_model(void **state)
{
    struct world *w = *state;
    struct err err;
    char hex[DIGEST_HEX_LEN];
    struct model *m = NULL;
    struct fleet *f = edited_fleet("mV");
    float value[EDITED];
    uint8_t quality[EDITED];
    struct maintenance *none = NULL;
    struct tick tick;
    size_t all = 0; /* minutes in which some were scored */
    assert_int_equal(model_save(w->model, w->path, hex, &err), 0);
    assert_int_equal(model_load(&m, f, w->path, hex, &err), 0);
    assert_string_equal(model_lacks(m),
                        "the model does not know 2 of 8 supplies, which are not scored: N (new), "
                        "P2 (the unit of its voltage was \"V\", is \"mV\")");
    assert_int_equal(maintenance_load(&none, NULL, f, &err), 0);
    struct scorer *sc = scorer_new(m, f, none, &options);
    for (int k = 0; k < 40 * 60; k++) {
        tstamp_ns t = T0 + (MINUTES + k) * NS_PER_MIN;
        read_edited(w, f, t, value, quality);
        scorer_step(sc, &(struct frame){t, value, quality}, false, &tick);
        assert_int_equal(tick.ledger[REASON_NO_MODEL], 2);
        assert_int_equal(tick.reason[3], REASON_NO_MODEL);
        all += tick.ledger[REASON_SCORED] > 0;
    }
    assert_true(all > 60);
    scorer_free(sc);
    maintenance_free(none);
    model_free(m);
    fleet_free(f);
}

/* A model that was moved is whole: saved and loaded again it is what it was. */
static void test_a_moved_model_can_be_kept(void **state)
{
    struct world *w = *state;
    struct err err;
    char hex[DIGEST_HEX_LEN];
    struct model *m = NULL, *again = NULL;
    struct fleet *f = edited_fleet("V");
    assert_int_equal(model_save(w->model, w->path, hex, &err), 0);
    assert_int_equal(model_load(&m, f, w->path, hex, &err), 0);
    assert_int_equal(model_save(m, w->path, hex, &err), 0);
    if (model_load(&again, f, w->path, hex, &err) != 0)
        fail_msg("%s", err.msg);
    run_both(w, f, again);
    model_free(again);
    model_free(m);
    fleet_free(f);
}

/* The saved file with some bytes of it others, and its checksum right again. */
static void write_changed(struct world *w, const char *from, const char *to)
{
    FILE *in = fopen(w->path, "rb");
    assert_non_null(in);
    static char all[1 << 22];
    size_t n = fread(all, 1, sizeof all, in), len = strlen(from);
    fclose(in);
    assert_true(n > DIGEST_LEN && n < sizeof all && strlen(to) == len);
    char *at = memmem(all, n, from, len);
    assert_non_null(at);
    memcpy(at, to, len);
    digest_sha256((uint8_t *)all + n - DIGEST_LEN, all, n - DIGEST_LEN);
    FILE *out = fopen(w->path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(all, 1, n, out), n);
    fclose(out);
}

/* Broken in turn, with a checksum that is right: what is not there, is of other statistics, is cut. */
static void test_broken_files_are_refused(void **state)
{
    struct world *w = *state;
    struct err err;
    char hex[DIGEST_HEX_LEN];
    static const char *const broken[][3] = {
        {"level.24.spread", "level.25.spread", "no entry 'level.24.spread'"},
        {"level 24\n", "level 48\n", "other statistics"},
        {"rate.tail", "rate.tale", "no entry 'rate.tail'"},
        {"reconstruction.centre", "reconstruction.center", "no entry"},
        {"largest", "largess", "no entry 'largest'"},
        {"fleet", "fleed", "does not say for which fleet"}};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_int_equal(model_save(w->model, w->path, hex, &err), 0);
        write_changed(w, broken[i][0], broken[i][1]);
        refused(w, w->fleet, broken[i][2]);
    }
    assert_int_equal(model_save(w->model, w->path, hex, &err), 0);
    assert_int_equal(truncate(w->path, 4000), 0);
    refused(w, w->fleet, "damaged");
}

static void test_without_model(void **state)
{
    struct world *w = *state;
    struct seen seen;
    struct scorer *sc = scorer_new(NULL, w->fleet, w->maintenance, &options);
    run_scorer(w, sc, 60, &seen);
    assert_int_equal(seen.scored, 0);
    float edges[HIST_BINS - 1];
    uint32_t counts[HIST_BINS];
    assert_false(scorer_histograms(sc, 0, edges, counts, counts));
    scorer_free(sc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_healthy_days_are_quiet),
        cmocka_unit_test(test_step_is_found),
        cmocka_unit_test(test_chance_is_said_as_far_as_the_calibration_reaches),
        cmocka_unit_test(test_a_day_ends_with_its_supply_days),
        cmocka_unit_test(test_a_short_day_is_no_supply_day),
        cmocka_unit_test(test_a_hot_hall_is_beyond_what_the_reference_had),
        cmocka_unit_test(test_what_a_larger_budget_would_have_said_is_kept),
        cmocka_unit_test(test_noise_is_not_told_more_exactly_than_it_is_known),
        cmocka_unit_test(test_a_noisy_current_without_voltage_is_the_supplys),
        cmocka_unit_test(test_what_stood_still_has_no_multiple),
        cmocka_unit_test(test_noise_is_found_at_a_current_never_seen),
        cmocka_unit_test(test_a_current_just_beyond_the_reference_is_no_cliff),
        cmocka_unit_test(test_what_is_not_known_of_a_level_widens_what_is_ordinary),
        cmocka_unit_test(test_what_was_in_maintenance_rests_and_what_had_no_data_lacks_it),
        cmocka_unit_test(test_after_a_long_outage_a_supply_is_judged_from_the_first_hour),
        cmocka_unit_test(test_two_starts_say_the_same),
        cmocka_unit_test(test_saved_model_scores_the_same),
        cmocka_unit_test(test_what_differs_is_named),
        cmocka_unit_test(test_supplies_that_stayed_are_scored_as_before),
        cmocka_unit_test(test_supplies_that_changed_have_no_model),
        cmocka_unit_test(test_a_moved_model_can_be_kept),
        cmocka_unit_test(test_broken_files_are_refused),
        cmocka_unit_test(test_without_model),
    };
    return cmocka_run_group_tests_name("detectors/model", tests, setup_world, teardown_world);
}
