/* alerts: what a webhook message looks like and how it is signed. SPDX-License-Identifier: MIT */
#include "alerts/webhook.h"
#include "base/json.h"
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

/* From the specification of Standard Webhooks 1.0.0. */
#define VECTOR_SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define VECTOR_ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define VECTOR_TIME 1614265330
#define VECTOR_BODY "{\"test\": 2432232314}"
#define VECTOR_SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

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

static void the_specification_s_vector(void **state)
{
    (void)state;
    uint8_t key[WEBHOOK_KEY_MAX];
    long n = webhook_key(key, VECTOR_SECRET);
    assert_int_equal(n, 24);
    char *s = webhook_signature(key, (size_t)n, VECTOR_ID, VECTOR_TIME, VECTOR_BODY, strlen(VECTOR_BODY));
    assert_string_equal(s, VECTOR_SIGNATURE);
    free(s);
    struct webhook_headers h;
    webhook_headers(&h, key, (size_t)n, VECTOR_ID, VECTOR_TIME, VECTOR_BODY, strlen(VECTOR_BODY));
    assert_string_equal(h.line[1], "webhook-id: " VECTOR_ID);
    assert_string_equal(h.line[2], "webhook-timestamp: 1614265330");
    assert_string_equal(h.line[3], "webhook-signature: " VECTOR_SIGNATURE);
    webhook_headers_free(&h);
    webhook_headers(&h, key, 0, VECTOR_ID, VECTOR_TIME, VECTOR_BODY, strlen(VECTOR_BODY));
    assert_null(h.line[3]); /* no secret: no signature */
    webhook_headers_free(&h);
}

static const char *check(const char *id, const char *time, const char *signatures, const char *body,
                         int64_t now)
{
    uint8_t key[WEBHOOK_KEY_MAX];
    long n = webhook_key(key, VECTOR_SECRET);
    return webhook_check(key, (size_t)n, id, time, signatures, body, strlen(body), now);
}

static void a_receiver_sees_what_is_wrong(void **state)
{
    (void)state;
    const char *t = "1614265330";
    assert_null(check(VECTOR_ID, t, VECTOR_SIGNATURE, VECTOR_BODY, VECTOR_TIME + 299));
    assert_null(check(VECTOR_ID, t, "v1,AAAA v1a,zz " VECTOR_SIGNATURE, VECTOR_BODY, VECTOR_TIME));
    assert_non_null(check(VECTOR_ID, t, VECTOR_SIGNATURE, VECTOR_BODY, VECTOR_TIME + 301));
    assert_non_null(check(VECTOR_ID, t, VECTOR_SIGNATURE, VECTOR_BODY, VECTOR_TIME - 301));
    assert_non_null(check(VECTOR_ID, t, VECTOR_SIGNATURE, VECTOR_BODY " ", VECTOR_TIME));
    assert_non_null(check("msg_p5jXN8AQM9LWM0D4loKWxJel", t, VECTOR_SIGNATURE, VECTOR_BODY, VECTOR_TIME));
    assert_non_null(check(VECTOR_ID, "1614265331", VECTOR_SIGNATURE, VECTOR_BODY, VECTOR_TIME));
    assert_non_null(check(VECTOR_ID, "soon", VECTOR_SIGNATURE, VECTOR_BODY, VECTOR_TIME));
    assert_non_null(check(VECTOR_ID, t, "", VECTOR_BODY, VECTOR_TIME));
    assert_non_null(check("", t, VECTOR_SIGNATURE, VECTOR_BODY, VECTOR_TIME));
}

static void malformed_secrets_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "whsec_",
                                      "whsec_MfKQ",
                                      "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
                                      "whsec_!!!!9r8GKYqrTwjUPD8ILPZIo2LaLaSw"};
    uint8_t key[WEBHOOK_KEY_MAX];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(webhook_key(key, bad[i]), -1);
}

static const char *text_at(const json_t *data, const char *key)
{
    const char *s = json_string_value(json_object_get(data, key));
    return s ? s : "(none)";
}

static void a_body_says_it_all(void **state)
{
    (void)state;
    struct occurrence o = example();
    char *body = webhook_body(&o, ALARM_RAISED, 1795503900 * NS_PER_S, "live", "abc", NULL);
    json_t *j = json_loads(body, 0, NULL);
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
    free(body);
}

static void numbers_that_are_none_are_null(void **state)
{
    (void)state;
    struct occurrence o = example();
    o.finding.chance = o.finding.size = NAN;
    char *body = webhook_body(&o, ALARM_RETURNED, NS_PER_S, "live", "", NULL);
    json_t *j = json_loads(body, 0, NULL);
    const json_t *d = json_object_get(j, "data");
    assert_true(json_is_null(json_object_get(d, "chance")));
    assert_true(json_is_null(json_object_get(d, "size")));
    assert_string_equal(text_at(d, "chance_text"), "");
    json_decref(j);
    free(body);
}

/* Whatever the texts hold, the body is JSON and small. */
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
    char *body = webhook_body(&o, ALARM_RAISED, NS_PER_S, "live", source, "other");
    assert_true(strlen(body) < 20000);
    json_t *j = json_loads(body, 0, NULL);
    assert_non_null(j);
    json_decref(j);
    free(body);
}

static void identifiers_are_stable_and_apart(void **state)
{
    (void)state;
    char a[WEBHOOK_ID_LEN], b[WEBHOOK_ID_LEN];
    webhook_id(a, "live", "f-1234", ALARM_RAISED);
    assert_string_equal(a, "msg_92e2ac0e7acef0520138faf64bc2"); /* sha256sum of "live\nf-1234\nraised" */
    assert_null(strchr(a, '.'));
    webhook_id(b, "live", "f-1234", ALARM_RETURNED);
    assert_string_not_equal(a, b);
    webhook_id(b, "live", "f-1235", ALARM_RAISED);
    assert_string_not_equal(a, b);
    webhook_id(b, "other", "f-1234", ALARM_RAISED);
    assert_string_not_equal(a, b);
}

static void a_test_says_it_is_one(void **state)
{
    (void)state;
    char *body = webhook_test(1795503900 * NS_PER_S, "abc");
    json_t *j = json_loads(body, 0, NULL);
    assert_string_equal(text_at(j, "type"), "psmon.alarm.test");
    assert_true(json_is_true(json_object_get(json_object_get(j, "data"), "test")));
    assert_non_null(strstr(text_at(json_object_get(j, "data"), "reason"), "TEST"));
    json_decref(j);
    free(body);
    body = webhook_heartbeat(1795503900 * NS_PER_S, "live", "abc", 3, 2);
    j = json_loads(body, 0, NULL);
    assert_string_equal(text_at(j, "type"), "psmon.alarm.heartbeat");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "data"), "open_alarms")), 3);
    json_decref(j);
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_specification_s_vector),       cmocka_unit_test(a_receiver_sees_what_is_wrong),
        cmocka_unit_test(malformed_secrets_are_refused),    cmocka_unit_test(a_body_says_it_all),
        cmocka_unit_test(numbers_that_are_none_are_null),   cmocka_unit_test(the_longest_texts_fit),
        cmocka_unit_test(identifiers_are_stable_and_apart), cmocka_unit_test(a_test_says_it_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
