/* base/text/json: values that always are JSON, and the one shape of a finding. SPDX-License-Identifier: MIT
 */
#include "base/text/json.h"
#include "tests/near.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct finding example = {
    .id = "f-1234",
    .subject = "SR:C12:Q3",
    .supply = 7,
    .detector = "level",
    .class = CLASS_EQUIPMENT,
    .signal = "igbt_temperature",
    .onset = 1794441600 * NS_PER_S,
    .first_seen = 1795503600 * NS_PER_S,
    .last_seen = 1795503900 * NS_PER_S,
    .chance = 0.025,
    .size = 6.125,
    .effect = 12.25,
    .unit = "K",
    .direction = DIRECTION_UP,
    .witness = true,
    .by = {{"igbt_temperature", 6.125, "K", 0.75}, {"voltage", -0.25, "V", 0.25}},
    .n_by = 2,
    .reason = "IGBT temperature 6.1 K above what its current explains",
};

static void a_finding_has_one_shape(void **state)
{
    (void)state;
    char *text = value_dump(finding_json(&example), 6);
    assert_string_equal(
        text, "{\"id\":\"f-1234\",\"subject\":\"SR:C12:Q3\",\"class\":\"equipment\",\"detector\":\"level\","
              "\"signal\":\"igbt_temperature\","
              "\"reason\":\"IGBT temperature 6.1 K above what its current explains\","
              "\"onset\":\"2026-11-12T00:00:00Z\",\"first_seen\":\"2026-11-24T07:00:00Z\","
              "\"last_seen\":\"2026-11-24T07:05:00Z\",\"closed\":null,\"open\":true,"
              "\"chance\":0.025,\"chance_words\":\"once in 40 weeks\",\"size\":6.125,"
              "\"unit\":\"K\",\"effect\":12.25,\"direction\":\"up\",\"supplies\":1,\"witness\":true,"
              "\"contributors\":[{\"signal\":\"igbt_temperature\",\"size\":6.125,\"unit\":\"K\","
              "\"share\":0.75},{\"signal\":\"voltage\",\"size\":-0.25,\"unit\":\"V\",\"share\":0.25}],"
              "\"work\":null}");
    free(text);
}

/* Findings of before there was a floor come back from the database with what was stored. */
static void no_finding_is_told_below_the_lowest_floor(void **state)
{
    (void)state;
    struct finding f = example;
    f.chance = 9e-298;
    json_t *j = finding_json(&f);
    assert_near(field_number(j, "chance"), 1e-4, 0, 0);
    assert_string_equal(field_text(j, "chance_words"), "less than once in 10,000 weeks");
    json_decref(j);
}

static void numbers_and_times_that_are_none_are_null(void **state)
{
    (void)state;
    struct finding f = example;
    f.effect = 0;
    f.chance = f.size = f.by[1].share = NAN;
    f.onset = 0;
    f.closed = f.last_seen;
    f.children = 33;
    f.work_start = f.onset;
    snprintf(f.work, sizeof f.work, "fan replaced");
    json_t *j = finding_json(&f);
    static const char *const none[] = {"chance", "size", "onset"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_true(json_is_null(json_object_get(j, none[i])));
    assert_string_equal(field_text(j, "chance_words"), "");
    assert_string_equal(field_text(j, "closed"), "2026-11-24T07:05:00Z");
    assert_true(json_is_false(json_object_get(j, "open")));
    assert_near(field_number(j, "supplies"), 33, 0, 0);
    assert_string_equal(field_text(json_object_get(j, "work"), "work"), "fan replaced");
    assert_true(isnan(field_number(j, "chance")));
    assert_true(isnan(field_number(j, "reason")));           /* no number */
    assert_true(json_is_null(json_object_get(j, "effect"))); /* none is stated */
    assert_string_equal(field_text(j, "nothing"), "");
    json_decref(j);
}

/* Texts come from files and peers. */
static void text_that_is_no_utf8_is_json_all_the_same(void **state)
{
    (void)state;
    struct finding f = example;
    memset(f.reason, 0xff, sizeof f.reason - 1);
    memset(f.subject, 0x01, sizeof f.subject - 1);
    char *text = value_dump(finding_json(&f), 6);
    json_t *j = json_loads(text, 0, NULL);
    assert_non_null(j);
    assert_int_equal(strlen(field_text(j, "reason")), sizeof f.reason - 1);
    assert_int_equal(field_text(j, "reason")[0], '?');
    json_decref(j);
    free(text);
    j = value_text(NULL);
    assert_string_equal(json_string_value(j), "");
    json_decref(j);
}

static void contributors_come_back_to_the_last_bit_of_nine_digits(void **state)
{
    (void)state;
    struct finding f = example, back = {0};
    f.by[0].size = 6.12345678912;
    f.by[1].size = NAN;
    char *text = finding_contributors(&f, 9);
    finding_read_contributors(&back, text);
    free(text);
    assert_int_equal(back.n_by, 2);
    assert_string_equal(back.by[0].signal, "igbt_temperature");
    assert_string_equal(back.by[1].unit, "V");
    assert_near(back.by[0].size, 6.12345678912, 1e-9, 0);
    assert_true(isnan(back.by[1].size));
    assert_near(back.by[1].share, 0.25, 0, 0);
}

/* What earlier versions wrote, and what nobody should. */
static void stored_contributors_of_any_kind_are_read(void **state)
{
    (void)state;
    struct finding f = example;
    finding_read_contributors(
        &f, "[{\"signal\": \"current\", \"size\": null, \"unit\": \"A\", \"share\": 1, \"x\": 0}]");
    assert_int_equal(f.n_by, 1);
    assert_string_equal(f.by[0].signal, "current");
    static const char *const none[] = {"nonsense", "", "{}", "[]", "3"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        f.n_by = 2;
        finding_read_contributors(&f, none[i]);
        assert_int_equal(f.n_by, 0);
    }
    finding_read_contributors(&f, NULL);
    assert_int_equal(f.n_by, 0);
    finding_read_contributors(&f, "[1, 2, 3, 4, 5, 6, 7]");
    assert_int_equal(f.n_by, FINDING_CONTRIBUTORS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_has_one_shape),
        cmocka_unit_test(no_finding_is_told_below_the_lowest_floor),
        cmocka_unit_test(numbers_and_times_that_are_none_are_null),
        cmocka_unit_test(text_that_is_no_utf8_is_json_all_the_same),
        cmocka_unit_test(contributors_come_back_to_the_last_bit_of_nine_digits),
        cmocka_unit_test(stored_contributors_of_any_kind_are_read),
    };
    return cmocka_run_group_tests_name("base/text/json", tests, NULL, NULL);
}
