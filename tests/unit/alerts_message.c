/* alerts: what messages say, and what shapes make of them. SPDX-License-Identifier: MIT */
#include "alerts/message.h"
#include "alerts/shapes/shape.h"
#include "tests/near.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct occurrence example(void)
{
    struct occurrence o = {.id = "f-1234",
                           .key = "SR:C12:Q3|level",
                           .alarm = {.state = ALARM_ACK, .raised = 1795503900 * NS_PER_S}};
    o.finding = (struct finding){.id = "f-1234",
                                 .subject = "SR:C12:Q3",
                                 .supply = 3,
                                 .detector = "level",
                                 .class = CLASS_EQUIPMENT,
                                 .signal = "igbt_temperature",
                                 .onset = 1794441600 * NS_PER_S,
                                 .first_seen = 1795503600 * NS_PER_S,
                                 .chance = 0.025,
                                 .size = 6.125,
                                 .unit = "K",
                                 .direction = DIRECTION_UP,
                                 .witness = true,
                                 .n_by = 2,
                                 .by = {{"igbt_temperature", 6.125, "K", 0.8}, {"voltage", -0.25, "V", 0.2}},
                                 .reason = "IGBT temperature 6.1 K above what its current explains"};
    o.acknowledged = 1795507200 * NS_PER_S;
    snprintf(o.acknowledged_by, sizeof o.acknowledged_by, "m.keller");
    snprintf(o.note, sizeof o.note, "fan ordered");
    return o;
}

static const char *text_at(const json_t *data, const char *key)
{
    const char *s = json_string_value(json_object_get(data, key));
    return s ? s : "(none)";
}

static void a_message_says_it_all(void **state)
{
    (void)state;
    struct occurrence o = example();
    char *text = message_event(&o, ALARM_RAISED, 1795503900 * NS_PER_S, "live", "abc", NULL);
    json_t *j = json_loads(text, 0, NULL);
    assert_non_null(j);
    assert_string_equal(text_at(j, "type"), "psmon.alarm.raised");
    assert_string_equal(text_at(j, "timestamp"), "2026-11-24T07:05:00Z");
    const json_t *d = json_object_get(j, "data");
    static const char *const texts[][2] = {
        {"occurrence", "f-1234"},
        {"subject", "SR:C12:Q3"},
        {"class", "equipment"},
        {"detector", "level"},
        {"signal", "igbt_temperature"},
        {"state", "ACK"},
        {"onset", "2026-11-12T00:00:00Z"},
        {"first_seen", "2026-11-24T07:00:00Z"},
        {"unit", "K"},
        {"direction", "up"},
        {"run", "live"},
        {"source", "abc"},
        {"chance_text", "by chance once in 40 weeks over the ring"},
        {"reason", "IGBT temperature 6.1 K above what its current explains"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(text_at(d, texts[i][0]), texts[i][1]);
    assert_near(json_number_value(json_object_get(d, "chance")), 0.025, 0, 0);
    assert_near(json_number_value(json_object_get(d, "size")), 6.125, 0, 0);
    assert_true(json_is_true(json_object_get(d, "witness")));
    assert_true(json_is_null(json_object_get(d, "returned")));
    assert_int_equal(json_integer_value(json_object_get(d, "supplies")), 1);
    const json_t *ack = json_object_get(d, "acknowledged");
    assert_string_equal(text_at(ack, "by"), "m.keller");
    assert_string_equal(text_at(ack, "note"), "fan ordered");
    const json_t *by = json_object_get(d, "contributors");
    assert_int_equal(json_array_size(by), 2);
    assert_string_equal(text_at(json_array_get(by, 1), "signal"), "voltage");
    assert_near(json_number_value(json_object_get(json_array_get(by, 1), "size")), -0.25, 0, 0);
    json_decref(j);
    free(text);
}

static void numbers_that_are_none_are_null(void **state)
{
    (void)state;
    struct occurrence o = example();
    o.finding.chance = o.finding.size = NAN;
    char *text = message_event(&o, ALARM_RETURNED, NS_PER_S, "live", "", NULL);
    json_t *j = json_loads(text, 0, NULL);
    const json_t *d = json_object_get(j, "data");
    assert_true(json_is_null(json_object_get(d, "chance")));
    assert_true(json_is_null(json_object_get(d, "size")));
    assert_string_equal(text_at(d, "chance_text"), "");
    json_decref(j);
    free(text);
}

/* Whatever the texts hold, the message is JSON and small. */
static void the_longest_texts_fit(void **state)
{
    (void)state;
    struct occurrence o = example();
    memset(o.finding.reason, 0x01, sizeof o.finding.reason - 1);
    memset(o.finding.subject, '"', sizeof o.finding.subject - 1);
    memset(o.note, 0xff, sizeof o.note - 1); /* no UTF-8 at all */
    o.finding.n_by = FINDING_CONTRIBUTORS;
    for (size_t i = 0; i < FINDING_CONTRIBUTORS; i++)
        memset(o.finding.by[i].signal, 0x02, sizeof o.finding.by[i].signal - 1);
    char source[5000];
    memset(source, 0x03, sizeof source - 1);
    source[sizeof source - 1] = '\0';
    char *text = message_event(&o, ALARM_RAISED, NS_PER_S, "live", source,
                               &(struct message_links){.continued_as = "other"});
    assert_true(strlen(text) < 20000);
    json_t *j = json_loads(text, 0, NULL);
    assert_non_null(j);
    json_decref(j);
    free(text);
}

static void a_test_says_it_is_one(void **state)
{
    (void)state;
    char *text = message_test(1795503900 * NS_PER_S, "abc");
    json_t *j = json_loads(text, 0, NULL);
    assert_string_equal(text_at(j, "type"), "psmon.alarm.test");
    assert_true(json_is_true(json_object_get(json_object_get(j, "data"), "test")));
    assert_non_null(strstr(text_at(json_object_get(j, "data"), "reason"), "TEST"));
    json_decref(j);
    free(text);
    text = message_heartbeat(1795503900 * NS_PER_S, "live", "abc", 3, 2);
    j = json_loads(text, 0, NULL);
    assert_string_equal(text_at(j, "type"), "psmon.alarm.heartbeat");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "data"), "open_alarms")), 3);
    json_decref(j);
    free(text);
}

/* What the outbox holds goes out unchanged, also what an earlier version wrote, or what is no JSON at all. */
static void the_default_shape_is_the_message_itself(void **state)
{
    (void)state;
    const struct shape *shape = shape_find(NULL);
    assert_ptr_equal(shape, shape_find("psmon"));
    assert_string_equal(shape->headers[0], "Content-Type: application/json");
    assert_null(shape->headers[1]);
    static const char *const texts[] = {"{\"type\": \"psmon.alarm.raised\",  \"chance\": 0.0250}", "no JSON",
                                        ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *message = json_loads(texts[i], 0, NULL);
        char *body = shape->body(texts[i], message);
        assert_string_equal(body, texts[i]);
        free(body);
        json_decref(message);
    }
}

static void shapes_are_found_by_name(void **state)
{
    (void)state;
    char names[SHAPE_NAMES_LEN];
    assert_null(shape_find("sms"));
    assert_null(shape_find(""));
    assert_int_equal(strncmp(shape_names(names), "psmon", 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_says_it_all),
        cmocka_unit_test(numbers_that_are_none_are_null),
        cmocka_unit_test(the_longest_texts_fit),
        cmocka_unit_test(a_test_says_it_is_one),
        cmocka_unit_test(the_default_shape_is_the_message_itself),
        cmocka_unit_test(shapes_are_found_by_name),
    };
    return cmocka_run_group_tests_name("alerts/message", tests, NULL, NULL);
}
