/* alerts: how messages are named, shaped and signed. SPDX-License-Identifier: MIT */
#include "alerts/webhook.h"
#include "base/mem.h"
#include "tests/near.h"

#include <stdlib.h>
#include <string.h>

/* From the specification of Standard Webhooks 1.0.0. */
#define VECTOR_SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define VECTOR_ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define VECTOR_TIME 1614265330
#define VECTOR_BODY "{\"test\": 2432232314}"
#define VECTOR_SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static void the_specification_s_vector(void **state)
{
    (void)state;
    struct webhook_key key;
    assert_true(webhook_key(&key, VECTOR_SECRET));
    assert_int_equal(key.len, 24);
    char *s = webhook_signature(&key, VECTOR_ID, VECTOR_TIME, VECTOR_BODY, strlen(VECTOR_BODY));
    assert_string_equal(s, VECTOR_SIGNATURE);
    free(s);
}

static char *greeting(const char *text, const json_t *message)
{
    (void)text;
    return xasprintf("%.0f says hello", field_number(message, "test"));
}

/* What is signed is what the shape made; its headers and the standard ones go out together. */
static void the_body_that_a_shape_makes_is_signed(void **state)
{
    (void)state;
    static const char *const headers[] = {"Content-Type: text/plain", "X-Hello: 1", NULL};
    const struct shape shape = {"greeting", headers, greeting};
    struct webhook_key key[WEBHOOK_KEYS] = {{.len = 0}};
    struct webhook w;
    assert_true(webhook_key(&key[0], VECTOR_SECRET));
    webhook_make(&w, &shape, key, VECTOR_ID, VECTOR_TIME, VECTOR_BODY);
    assert_string_equal(w.body, "2432232314 says hello");
    assert_string_equal(w.header[0], "Content-Type: text/plain");
    assert_string_equal(w.header[1], "X-Hello: 1");
    assert_string_equal(w.header[2], "webhook-id: " VECTOR_ID);
    assert_string_equal(w.header[3], "webhook-timestamp: 1614265330");
    assert_null(w.header[5]);
    assert_null(webhook_check(&key[0], VECTOR_ID, "1614265330", w.header[4] + strlen("webhook-signature: "),
                              w.body, strlen(w.body), VECTOR_TIME));
    webhook_fini(&w);
    assert_true(webhook_key(&key[0], NULL));
    webhook_make(&w, &shape, key, VECTOR_ID, VECTOR_TIME, VECTOR_BODY);
    assert_null(w.header[4]); /* no secret: no signature */
    webhook_fini(&w);
}

/* Two keys make two signatures, of which whoever knows one key finds his. */
static void each_key_signs(void **state)
{
    (void)state;
    static const char *const headers[] = {"Content-Type: text/plain", NULL};
    const struct shape shape = {"greeting", headers, greeting};
    struct webhook_key key[WEBHOOK_KEYS], other;
    struct webhook w;
    assert_true(webhook_key(&key[0], "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"));
    assert_true(webhook_key(&key[1], VECTOR_SECRET));
    webhook_make(&w, &shape, key, VECTOR_ID, VECTOR_TIME, VECTOR_BODY);
    const char *both = w.header[3] + strlen("webhook-signature: ");
    for (int i = 0; i < WEBHOOK_KEYS; i++)
        assert_null(
            webhook_check(&key[i], VECTOR_ID, "1614265330", both, w.body, strlen(w.body), VECTOR_TIME));
    assert_true(webhook_key(&other, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    assert_non_null(
        webhook_check(&other, VECTOR_ID, "1614265330", both, w.body, strlen(w.body), VECTOR_TIME));
    webhook_fini(&w);
}

static const char *check(const char *id, const char *time, const char *signatures, const char *body,
                         int64_t now)
{
    struct webhook_key key;
    assert_true(webhook_key(&key, VECTOR_SECRET));
    return webhook_check(&key, id, time, signatures, body, strlen(body), now);
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
    struct webhook_key key;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(webhook_key(&key, bad[i]));
}

static void identifiers_are_stable_and_apart(void **state)
{
    (void)state;
    char a[WEBHOOK_ID_LEN], b[WEBHOOK_ID_LEN];
    webhook_id(a, "live", "f-1234", ALARM_RAISED, "");
    assert_string_equal(a, "msg_92e2ac0e7acef0520138faf64bc2"); /* sha256sum of "live\nf-1234\nraised" */
    assert_null(strchr(a, '.'));
    webhook_id(b, "live", "f-1234", ALARM_RETURNED, "");
    assert_string_not_equal(a, b);
    webhook_id(b, "live", "f-1235", ALARM_RAISED, "");
    assert_string_not_equal(a, b);
    webhook_id(b, "other", "f-1234", ALARM_RAISED, "");
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_specification_s_vector),
        cmocka_unit_test(the_body_that_a_shape_makes_is_signed),
        cmocka_unit_test(each_key_signs),
        cmocka_unit_test(a_receiver_sees_what_is_wrong),
        cmocka_unit_test(malformed_secrets_are_refused),
        cmocka_unit_test(identifiers_are_stable_and_apart),
    };
    return cmocka_run_group_tests_name("alerts/webhook", tests, NULL, NULL);
}
