/* features/common: what groups share. Two sectors, each with two waters of eight supplies of which each has
 * two racks; the residual of the IGBT is given, the others are absent where not said.
 * SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "features/common.h"
#include "features/gain.h"
#include "tests/fleet.h"
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

#define SECTORS 4
#define PER_SECTOR 16
#define SUPPLIES (SECTORS * PER_SECTOR)

struct ring {
    struct fleet *f;
    struct feature_layout *l;
    struct common *c;
    float residual[SUPPLIES]; /* stride: levels is 1 */
    uint8_t mode[SUPPLIES];
    float *value, *beyond, *of_group, *base;
};

/* A supply's IGBT temperature alone; racks: 4 supplies each, water 8. */
static void open_ring(struct ring *g, bool groups)
{
    struct table_file table;
    FILE *f = table_begin(&table);
    fprintf(f, "supply,family,sector%s,signal,pv,unit\n", groups ? ",water,rack" : "");
    for (int s = 0; s < SUPPLIES; s++) {
        fprintf(f, "P%d,F,S%d,", s, s / PER_SECTOR);
        if (groups)
            fprintf(f, "W%d,R%d,", s / 8, s / 4);
        fprintf(f, "igbt_temperature,PV:%d,degC\n", s);
    }
    *g = (struct ring){.f = fleet_end(&table)};
    g->l = feature_layout_new(g->f);
    g->c = common_new(g->f, g->l, NULL);
    for (int s = 0; s < SUPPLIES; s++)
        g->mode[s] = MODE_STEADY;
    g->value = xnan(common_cells(g->c));
    g->beyond = xnan(common_cells(g->c));
    g->of_group = xnan(common_groups(g->f));
    g->base = xnan(common_groups(g->f));
}

static void close_ring(struct ring *g)
{
    free(g->value);
    free(g->beyond);
    free(g->of_group);
    free(g->base);
    common_free(g->c);
    feature_layout_free(g->l);
    fleet_free(g->f);
}

static void move(struct ring *g, int from, int to, double by)
{
    for (int s = from; s < to; s++)
        g->residual[s] += (float)by;
}

static void find(struct ring *g)
{
    common_values(g->c, COMMON_IGBT, g->residual, g->l->levels, g->mode, g->value, g->beyond);
    common_of_groups(g->c, g->f, COMMON_IGBT, g->value, g->beyond, g->of_group, g->base);
}

/* What is left of a supply. */
static double left(const struct ring *g, int s)
{
    return (double)g->residual[s] - (double)g->value[g->c->tree[COMMON_IGBT].cell[s]];
}

static double group(const struct ring *g, enum group_kind kind, size_t index)
{
    int k;
    size_t i;
    for (size_t n = 0; n < common_groups(g->f); n++) {
        common_group(g->f, n, &k, &i);
        if (k == (int)kind && i == index)
            return (double)g->of_group[n];
    }
    fail_msg("there is no such group");
    return 0;
}

static void half_a_sector_does_not_move_the_other_half(void **state)
{
    (void)state;
    struct ring g;
    open_ring(&g, true);
    move(&g, 0, 8, 4);
    find(&g);
    for (int s = 0; s < SUPPLIES; s++)
        assert_near(left(&g, s), 0, 0, 1e-6);
    assert_near(group(&g, GROUP_WATER, 0), 4, 0, 1e-6);
    assert_near(group(&g, GROUP_WATER, 1), 0, 0, 1e-6);
    assert_near(group(&g, GROUP_SECTOR, 0), 0, 0, 1e-6);
    assert_near(group(&g, GROUP_RACK, 0), 0, 0, 1e-6);
    close_ring(&g);
}

static void what_a_whole_sector_does_is_the_sectors(void **state)
{
    (void)state;
    struct ring g;
    open_ring(&g, true);
    move(&g, 16, 32, -3);
    move(&g, 20, 24, 6); /* and one rack of it goes the other way */
    find(&g);
    assert_near(group(&g, GROUP_SECTOR, 1), -3, 0, 1e-6);
    assert_near(group(&g, GROUP_RACK, 5), 6, 0, 1e-6);
    assert_near(group(&g, GROUP_WATER, 2), 0, 0, 1e-6);
    for (int s = 0; s < SUPPLIES; s++)
        assert_near(left(&g, s), 0, 0, 1e-6);
    close_ring(&g);
}

static void half_the_ring_is_not_the_ring(void **state)
{
    (void)state;
    struct ring g;
    open_ring(&g, true);
    move(&g, 0, 32, 2);
    find(&g);
    assert_near((double)g.value[0], 0, 0, 1e-6);
    assert_near(group(&g, GROUP_SECTOR, 0), 2, 0, 1e-6);
    assert_near(group(&g, GROUP_SECTOR, 1), 2, 0, 1e-6);
    move(&g, 32, 64, 2); /* and all of it is */
    find(&g);
    assert_near((double)g.value[0], 2, 0, 1e-6);
    assert_near(group(&g, GROUP_SECTOR, 0), 0, 0, 1e-6);
    close_ring(&g);
}

static void one_that_is_missing_or_wrong_hides_nobody(void **state)
{
    (void)state;
    struct ring g;
    open_ring(&g, true);
    g.residual[0] = NAN; /* three of a rack are left, one of them wrong */
    g.residual[1] = 9;
    find(&g);
    assert_near(left(&g, 1), 9, 0, 1e-6);
    assert_near(left(&g, 2), 0, 0, 1e-6);
    g.mode[2] = MODE_OFF; /* two: the rack is taken to do what its water does */
    move(&g, 4, 8, 1.5);
    find(&g);
    assert_near(left(&g, 3), -1.5, 0, 1e-6);
    assert_true(isnan(group(&g, GROUP_RACK, 0)));
    close_ring(&g);
}

static void fleets_without_groups_are_served(void **state)
{
    (void)state;
    struct ring g;
    open_ring(&g, false);
    move(&g, 16, 32, 5);
    find(&g);
    for (int s = 0; s < SUPPLIES; s++)
        assert_near(left(&g, s), 0, 0, 1e-6);
    assert_int_equal(common_groups(g.f), SECTORS);
    assert_near(group(&g, GROUP_SECTOR, 1), 5, 0, 1e-6);
    assert_int_equal(g.c->tree[COMMON_MAGNET].n, 0); /* nobody has the signal: nothing is in common */
    assert_int_equal(g.c->tree[COMMON_MAGNET].cell[0], -1);
    close_ring(&g);
}

/* y = 1 + 1.4 v of a wide and of a narrow record. */
static void gains_are_believed_as_far_as_the_record_goes(void **state)
{
    (void)state;
    struct gain_sums wide = {0}, narrow = {0};
    for (int k = 0; k < 2000; k++) {
        double v = sin(k / 40.0), noise = 0.1 * sin(k * 7.3);
        gain_add_row(&wide, v, 1 + 1.4 * v + noise);
        gain_add_row(&narrow, 0.01 * v, 1 + 0.014 * v + noise);
    }
    struct gain a = gain_solve(&wide, 1), b = gain_solve(&narrow, 1),
                none = gain_solve(&(struct gain_sums){0}, 0.8);
    assert_near(a.b, 1.4, 0.01, 0);
    assert_true(a.sd < 0.05);
    assert_near(a.rms, 0.1 / sqrt(2), 0.05, 0);
    assert_near(a.reach, sqrt(2), 0.05, 0);
    assert_true(b.b < 1.2 && b.sd > 0.9 * GAIN_UNKNOWN);
    assert_near(none.b, 0.8, 0, 0);
    assert_true(isnan(none.rms) && none.sd >= GAIN_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_a_sector_does_not_move_the_other_half),
        cmocka_unit_test(what_a_whole_sector_does_is_the_sectors),
        cmocka_unit_test(half_the_ring_is_not_the_ring),
        cmocka_unit_test(one_that_is_missing_or_wrong_hides_nobody),
        cmocka_unit_test(fleets_without_groups_are_served),
        cmocka_unit_test(gains_are_believed_as_far_as_the_record_goes),
    };
    return cmocka_run_group_tests_name("features/common", tests, NULL, NULL);
}
