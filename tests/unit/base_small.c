/* base: files, random numbers, hashes, against known values. SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/hashmap.h"
#include "base/ledger.h"
#include "base/random.h"
#include "tests/near.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first five numbers of Vigna's splitmix64.c from seed 1234567. */
static void splitmix64_is_the_published_one(void **state)
{
    (void)state;
    static const uint64_t want[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                    4593380528125082431u, 16408922859458223821u};
    uint64_t seed = 1234567;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_true(random_next(&seed) == want[i]);
    assert_near(random_unit(UINT64_MAX), 1, 0, 1e-15);
    assert_true(random_unit(UINT64_MAX) < 1);
    assert_near(random_unit(0), 0, 0, 0);
}

static void jitter_keeps_to_its_part(void **state)
{
    (void)state;
    double low = INFINITY, high = 0;
    for (int i = 0; i < 2000; i++) {
        double s = random_jitter(300, 0.1);
        assert_true(s >= 270 && s <= 330);
        low = fmin(low, s);
        high = fmax(high, s);
    }
    assert_true(low < 280 && high > 320);
    assert_near(random_jitter(0, 0.5), 0, 0, 0);
}

/* Vectors of Noll's test suite. */
static void fnv1a_is_the_published_one(void **state)
{
    (void)state;
    assert_true(fnv1a(FNV1A_BASIS, "", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(fnv1a(FNV1A_BASIS, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(fnv1a(FNV1A_BASIS, "foobar", 6) == UINT64_C(0x85944171f73967e8));
    assert_true(fnv1a(fnv1a(FNV1A_BASIS, "foo", 3), "bar", 3) == UINT64_C(0x85944171f73967e8));
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    char root[] = "/tmp/psmon-file-XXXXXX", path[64], file[80];
    struct err err = {0};
    struct stat st;
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/a/b", root);
    for (int twice = 0; twice < 2; twice++)
        assert_int_equal(file_make_folder(path, 0700, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    snprintf(file, sizeof file, "%s/f", path);
    int fd = open(file, O_RDWR | O_CREAT, 0600);
    assert_int_equal(file_write(fd, "end", 3, -1), 0);
    assert_int_equal(file_write(fd, "st", 2, 0), 0);
    char text[4] = "";
    assert_int_equal(pread(fd, text, 3, 0), 3);
    assert_string_equal(text, "std");
    close(fd);
    assert_int_equal(file_write(fd, "x", 1, -1), -1);
    snprintf(path, sizeof path, "%s/a/b/f/c", root); /* below a file */
    assert_int_equal(file_make_folder(path, 0700, &err), ERR_IO);
    assert_non_null(strstr(err.msg, "a/b/f/c"));
    assert_int_equal(unlink(file), 0);
    snprintf(path, sizeof path, "%s/a/b", root);
    rmdir(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    rmdir(root);
}

static void shares_of_a_ledger_leave_out_maintenance(void **state)
{
    (void)state;
    struct ledger l = {0};
    assert_true(isnan(ledger_share(&l, REASON_SCORED)));
    uint8_t reason[8] = {[5] = REASON_MISSING, REASON_SETTLING, REASON_SETTLING};
    float fullness[8] = {0.1F, 1, 1, 1, 1, 0, 0, 0};
    struct tick t = {.n_supplies = 8, .reason = (const uint8_t[8]){1, 1, 1, 1, 1, 1, 1, 1}};
    t.fullness = fullness;
    t.ledger[REASON_MAINTENANCE] = 8;
    ledger_add(&l, &t);
    assert_true(isnan(ledger_share(&l, REASON_SCORED)));
    t = (struct tick){.n_supplies = 8, .reason = reason, .fullness = fullness};
    t.ledger[REASON_SCORED] = 5;
    t.ledger[REASON_MISSING] = 1;
    t.ledger[REASON_SETTLING] = 2;
    ledger_add(&l, &t);
    assert_near(ledger_share(&l, REASON_SCORED), 0.625, 0, 1e-12);
    assert_near(ledger_share(&l, REASON_MAINTENANCE), 0, 0, 0);
    struct ledger merged = {0};
    ledger_merge(&merged, &l);
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    ledger_print(&merged, f);
    fclose(f);
    assert_string_equal(text, "scored 62.5 % of the supply-minutes outside maintenance, 12.5 % with windows "
                              "under half full; settling 25.00 %; "
                              "missing 12.50 %\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splitmix64_is_the_published_one),
        cmocka_unit_test(jitter_keeps_to_its_part),
        cmocka_unit_test(fnv1a_is_the_published_one),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(shares_of_a_ledger_leave_out_maintenance),
    };
    return cmocka_run_group_tests_name("base/small", tests, NULL, NULL);
}
