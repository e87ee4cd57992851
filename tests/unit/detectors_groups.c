/* detectors/groups: what a group did beyond what it is part of, learned and judged. Made-up hours: each
 * group's deviation wanders a little by itself. SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "detectors/groups/group_model.h"
#include "detectors/groups/group_watch.h"
#include "tests/fleet.h"

#include <math.h>
#include <string.h>

#define SECTORS 8
#define PER_SECTOR 8
#define HOURS (28 * 24)
#define FROM (INT64_C(490000) * NS_PER_HOUR)
#define PER_HOUR 4

struct world {
    struct fleet *f;
    struct group_model m;
    struct group_watch *w;
    struct tracker *tracker;
    struct proposals proposals;
    size_t groups, cells;
    float *now, *base; /* [groups][COMMON_SIGNALS] */
    tstamp_ns t;
    double apart; /* what a member of an odd number stands off */
};

static float wander(size_t cell, size_t hour)
{
    double x = (double)cell * 12.9898;
    return (float)(0.1 * sin((double)hour / 7 + x) +
                   0.05 * sin((double)hour * (1.3 + 0.01 * fmod(x, 7)) + x));
}

static void learn(struct world *w)
{
    int8_t block[HOURS];
    float *value = xcalloc(HOURS * w->cells, sizeof *value);
    for (size_t h = 0; h < HOURS; h++) {
        block[h] = (int8_t)(h * FOLDS / HOURS);
        for (size_t c = 0; c < w->cells; c++)
            value[h * w->cells + c] = wander(c, h);
    }
    const struct group_record r = {.hours = HOURS, .block = block, .value = value};
    group_model_learn(&w->m, w->f, &r, &r, &r);
    free(value);
}

static int set_up(void **state)
{
    static struct world w;
    struct table_file table;
    FILE *out = table_begin(&table);
    fprintf(out, "supply,family,sector,water,signal,pv,unit\n");
    for (int s = 0; s < SECTORS * PER_SECTOR; s++)
        fprintf(out, "P%d,F,S%d,W%d,igbt_temperature,PV:%d,degC\n", s, s / PER_SECTOR, s / 4, s);
    w = (struct world){.f = fleet_end(&table), .t = FROM};
    w.groups = common_groups(w.f);
    w.cells = w.groups * COMMON_SIGNALS;
    w.now = xnan(w.cells);
    w.base = xcalloc(w.cells, sizeof *w.base);
    learn(&w);
    w.tracker = tracker_new();
    w.w = group_watch_new(&w.m, w.f, PER_HOUR, FROM);
    group_watch_limit(w.w, 1);
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    group_watch_free(w->w);
    tracker_free(w->tracker);
    proposals_free(&w->proposals);
    group_model_fini(&w->m);
    free(w->now);
    free(w->base);
    fleet_free(w->f);
    return 0;
}

static size_t number_of(const struct world *w, enum group_kind kind, const char *name)
{
    for (size_t g = 0; g < w->groups; g++) {
        int k;
        size_t i;
        common_group(w->f, g, &k, &i);
        if (k == (int)kind && strcmp(w->f->groups[kind].name[i], name) == 0)
            return g;
    }
    fail_msg("no group %s", name);
    return 0;
}

static float member(const void *arg, uint32_t supply, enum common_signal signal)
{
    const struct world *w = arg;
    return signal == COMMON_IGBT ? (float)(supply % 2 ? w->apart : 0) : NAN;
}

/* An hour in which a group stands `by` beyond its parent, which stands at `base`; the findings open at its
 * end. */
static const struct finding *hour(struct world *w, size_t group, double by, double base, size_t *n)
{
    size_t h = (size_t)((w->t - FROM) / NS_PER_HOUR);
    for (size_t c = 0; c < w->cells; c++) {
        w->now[c] = wander(c, h);
        w->base[c] = (float)base;
    }
    w->now[group * COMMON_SIGNALS + COMMON_IGBT] += (float)by;
    struct feature_frame ff = {.n_groups = w->groups, .group = w->now, .group_base = w->base};
    for (int k = 0; k < PER_HOUR; k++) {
        ff.t = w->t += NS_PER_HOUR / PER_HOUR;
        group_watch_minute(w->w, &ff);
    }
    w->proposals.n = 0;
    group_watch_propose(w->w, w->tracker, member, w, &w->proposals);
    tracker_step(w->tracker, SLOT_GROUP, w->t, &w->proposals);
    return tracker_list(w->tracker, w->t, n);
}

static const struct finding *hours(struct world *w, int count, size_t group, double by, double base,
                                   size_t *n)
{
    const struct finding *list = NULL;
    for (int k = 0; k < count; k++)
        list = hour(w, group, by, base, n);
    return list;
}

static void an_event_is_one_finding_on_its_group_and_ends_with_it(void **state)
{
    struct world *w = *state;
    size_t n, water = number_of(w, GROUP_WATER, "W5");
    hours(w, 48, water, 0, 0, &n);
    assert_int_equal(n, 0);
    w->apart = -3.5; /* half of its supplies hardly moved */
    const struct finding *f = hours(w, 6, water, 4, 0, &n);
    assert_int_equal(n, 1);
    assert_string_equal(f->subject, "water:W5");
    assert_string_equal(f->detector, SLOT_GROUP);
    assert_int_equal(f->class, CLASS_COMMON);
    assert_int_equal(f->children, 2);
    assert_near(f->size, 4, 0.3, 0);
    assert_true(f->chance < 1 && f->effect > 7); /* as far as 432 group-days of calibration reach */
    assert_true(llabs((long long)(f->onset - (FROM + 48 * NS_PER_HOUR))) <= NS_PER_HOUR);
    assert_non_null(strstr(f->reason, "IGBT temperatures +"));
    assert_non_null(strstr(f->reason, "(2 of 4 supplies)"));
    char id[FINDING_ID_LEN];
    memcpy(id, f->id, sizeof id);
    f = hours(w, 30, water, 4, 0, &n);
    assert_int_equal(n, 1);
    assert_string_equal(f->id, id);
    for (int k = 0; n > 0 && k < 6; k++) /* hours, not the window's length */
        hour(w, water, 0, 0, &n);
    assert_int_equal(n, 0);
    hours(w, 48, water, 0, 0, &n);
    assert_int_equal(n, 0);
}

/* A fifth of what all do may be a group's own way of answering. */
static void what_the_parent_does_is_no_groups_event(void **state)
{
    struct world *w = *state;
    size_t n, sector = number_of(w, GROUP_SECTOR, "S2");
    hours(w, 48, sector, 0, 0, &n);
    hours(w, 24, sector, 1.5, 8, &n);
    assert_int_equal(n, 0);
    hours(w, 48, sector, 0, 0, &n);
    const struct finding *f = hours(w, 24, sector, 1.5, 0, &n);
    assert_int_equal(n, 1);
    assert_string_equal(f->subject, "S2");
}

static void nothing_small_is_said(void **state)
{
    struct world *w = *state;
    size_t n, water = number_of(w, GROUP_WATER, "W0");
    for (int k = 0; k < 300; k++) {
        const struct finding *f = hour(w, water, k > 100 ? 0.45 : 0, 0, &n);
        for (size_t i = 0; i < n; i++)
            assert_true(fabs(f[i].size) >= GROUP_EFFECT);
    }
}

static void a_saved_reference_judges_alike(void **state)
{
    struct world *w = *state;
    struct mfile *file = mfile_new(1), *again = NULL;
    char path[] = "/tmp/psmon-groups-XXXXXX", hex[DIGEST_HEX_LEN];
    struct err err = {0};
    struct group_model m = {0};
    close(mkstemp(path));
    group_model_save(&w->m, file);
    assert_int_equal(mfile_write(file, path, hex, &err), 0);
    assert_int_equal(mfile_read(&again, path, 1, hex, &err), 0);
    if (group_model_load(&m, again, &err) != 0)
        fail_msg("%s", err.msg);
    float mean[GROUP_WINDOWS] = {0.9f, 0.7f}, doubt[GROUP_WINDOWS] = {0};
    double before = group_surprise(&w->m, 3, COMMON_IGBT, mean, doubt);
    assert_true(before > 1);
    assert_near(group_surprise(&m, 3, COMMON_IGBT, mean, doubt), before, 0, 0);
    int32_t *row = group_model_rows(&m, w->f);
    for (size_t g = 0; g < w->groups; g++)
        assert_int_equal(row[g], g);
    assert_int_equal(group_model_judged(&m, row, w->groups), w->groups);
    free(row);
    mfile_free(file);
    mfile_free(again);
    group_model_fini(&m);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_is_one_finding_on_its_group_and_ends_with_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_the_parent_does_is_no_groups_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_small_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_saved_reference_judges_alike, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("detectors/groups", tests, NULL, NULL);
}
