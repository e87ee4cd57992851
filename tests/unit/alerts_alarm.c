/* alerts: the alarm's state machine, every state with every input. SPDX-License-Identifier: MIT */
#include "alerts/alarm.h"
#include "tests/near.h"

#include <stdbool.h>
#include <string.h>

static const struct alarm_rule rule = {.on_delay = 5, .off_delay = 60, .expire = 1000};

/* What must come of it. Letters: . nothing  a absence noted  b back  P begun  W withdrawn  R raised
 * A acknowledged, stays raised  T returned  Z acknowledged and returned  N acknowledged, over  E
 * expired  S superseded */
static const struct {
    const char *name;
    struct alarm alarm;
    tstamp_ns now[3];        /* before its last change, before its delay has passed, when it has */
    const char *expected[3]; /* index: 4 present + 2 ack + superseded */
} cases[] = {
    {"normal", {.state = ALARM_NORMAL, .since = 50}, {49, 50, 1000}, {"........", "....PPPP", "....PPPP"}},
    {"pending",
     {.state = ALARM_PENDING, .since = 100, .pending = 100},
     {99, 104, 105},
     {".S.S.S.S", "WSWS.S.S", "WSWSRSRS"}},
    {"raised",
     {.state = ALARM_UNACK, .since = 105, .pending = 100, .raised = 105},
     {104, 105, 1000},
     {".SAS.SAS", "aSAS.SAS", "aSAS.SAS"}},
    {"raised, away",
     {.state = ALARM_UNACK, .since = 110, .pending = 100, .raised = 105, .absent = 110},
     {109, 169, 170},
     {".SAS.SAS", ".SASbSAS", "TSZSbSAS"}},
    {"acknowledged",
     {.state = ALARM_ACK, .since = 105, .pending = 100, .raised = 105},
     {104, 105, 1000},
     {".S.S.S.S", "aSaS.S.S", "aSaS.S.S"}},
    {"acknowledged, away",
     {.state = ALARM_ACK, .since = 110, .pending = 100, .raised = 105, .absent = 110},
     {109, 169, 170},
     {".S.S.S.S", ".S.SbSbS", "TSTSbSbS"}},
    {"returned",
     {.state = ALARM_RTN_UNACK, .since = 170, .pending = 100, .raised = 105, .absent = 110, .returned = 170},
     {169, 1169, 1170},
     {".SNS.SNS", ".SNS.SNS", "ESNSESNS"}},
};

static const struct {
    char letter;
    int n;
    enum alarm_event_kind event[2];
    enum alarm_state to; /* ALARM_STATE_COUNT: unchanged */
} letters[] = {
    {'.', 0, {0}, ALARM_STATE_COUNT},
    {'a', 0, {0}, ALARM_STATE_COUNT},
    {'b', 0, {0}, ALARM_STATE_COUNT},
    {'P', 1, {ALARM_BEGUN}, ALARM_PENDING},
    {'W', 1, {ALARM_WITHDRAWN}, ALARM_NORMAL},
    {'R', 1, {ALARM_RAISED}, ALARM_UNACK},
    {'A', 1, {ALARM_ACKNOWLEDGED}, ALARM_ACK},
    {'T', 1, {ALARM_RETURNED}, ALARM_NORMAL},
    {'Z', 2, {ALARM_ACKNOWLEDGED, ALARM_RETURNED}, ALARM_NORMAL},
    {'N', 1, {ALARM_ACKNOWLEDGED}, ALARM_NORMAL},
    {'E', 1, {ALARM_EXPIRED}, ALARM_NORMAL},
    {'S', 1, {ALARM_SUPERSEDED}, ALARM_NORMAL},
};

static size_t letter_index(char c)
{
    size_t i = 0;
    while (letters[i].letter != c)
        i++;
    return i;
}

static void check_cell(size_t c, int time, int bits)
{
    struct alarm a = cases[c].alarm;
    struct alarm_input in = {
        .now = cases[c].now[time], .present = bits & 4, .ack = bits & 2, .superseded = bits & 1};
    struct alarm_event event[ALARM_EVENTS_MAX];
    char want = cases[c].expected[time][bits];
    size_t l = letter_index(want);
    enum alarm_state to = letters[l].to;
    if (to == ALARM_STATE_COUNT)
        to = a.state;
    if (want == 'T' && a.state == ALARM_UNACK)
        to = ALARM_RTN_UNACK;

    int n = alarm_step(&a, &rule, &in, event);
    if (n != letters[l].n || a.state != to)
        fail_msg("%s, now %d, inputs %d: %d events, %s; want '%c', %s", cases[c].name, (int)in.now, bits, n,
                 alarm_state_name(a.state), want, alarm_state_name(to));
    enum alarm_state at = cases[c].alarm.state;
    for (int i = 0; i < n; i++) {
        assert_int_equal(event[i].kind, letters[l].event[i]);
        assert_int_equal(event[i].from, at);
        assert_true(event[i].t == (time == 0 ? cases[c].alarm.since : in.now));
        at = event[i].to;
    }
    assert_int_equal(at, a.state);
    if (want == 'a')
        assert_true(a.absent == in.now);
    if (want == 'b')
        assert_true(a.absent == 0);
    assert_true(a.since == (memcmp(&a, &cases[c].alarm, sizeof a) == 0 ? cases[c].alarm.since
                            : time == 0                                ? cases[c].alarm.since
                                                                       : in.now));
}

static void every_state_with_every_input(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int time = 0; time < 3; time++)
            for (int bits = 0; bits < 8; bits++)
                check_cell(c, time, bits);
}

/* The same input once more changes nothing, whatever came of it the first time: a tick may be
 * computed twice. */
static void a_step_repeated_is_silent(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int time = 0; time < 3; time++)
            for (int present = 0; present < 2; present++) {
                struct alarm a = cases[c].alarm, b;
                struct alarm_event event[ALARM_EVENTS_MAX];
                struct alarm_input in = {.now = cases[c].now[time], .present = present};
                alarm_step(&a, &rule, &in, event);
                if (a.state == ALARM_NORMAL)
                    continue; /* a new life would begin; which occurrence it is, is not decided here
                               */
                b = a;
                assert_int_equal(alarm_step(&b, &rule, &in, event), 0);
                assert_memory_equal(&a, &b, sizeof a);
            }
}

static int play(struct alarm *a, const struct alarm_rule *r, const char *presence,
                enum alarm_event_kind out[], tstamp_ns at[])
{
    int n = 0;
    for (int t = 0; presence[t]; t++) {
        struct alarm_event event[ALARM_EVENTS_MAX];
        struct alarm_input in = {.now = t + 1, .present = presence[t] != '-', .ack = presence[t] == 'k'};
        int k = alarm_step(a, r, &in, event);
        for (int i = 0; i < k; i++, n++) {
            out[n] = event[i].kind;
            at[n] = event[i].t;
        }
    }
    return n;
}

static void noise_at_the_limit_is_one_alarm(void **state)
{
    (void)state;
    const struct alarm_rule r = {.on_delay = 3, .off_delay = 4, .expire = 100};
    struct alarm a = {0};
    enum alarm_event_kind kind[64];
    tstamp_ns at[64];
    /* three false starts, then on, with gaps shorter than the off-delay, then gone */
    int n = play(&a, &r, "x-xx-xxx-xxxx-xx---x-xx---x-----", kind, at);
    assert_int_equal(n, 3 * 2 + 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(kind[2 * i], ALARM_BEGUN);
        assert_int_equal(kind[2 * i + 1], ALARM_WITHDRAWN);
    }
    assert_int_equal(kind[7], ALARM_RAISED);
    assert_int_equal(kind[8], ALARM_RETURNED);
    assert_int_equal(at[7], 13);
    assert_int_equal(at[8], 32);
    assert_int_equal(a.state, ALARM_RTN_UNACK);
}

static void without_delays_it_is_raised_at_once(void **state)
{
    (void)state;
    const struct alarm_rule r = {.expire = 100};
    struct alarm a = {0};
    enum alarm_event_kind kind[8];
    tstamp_ns at[8];
    assert_int_equal(play(&a, &r, "xk-", kind, at), 4);
    assert_int_equal(kind[0], ALARM_BEGUN);
    assert_int_equal(kind[1], ALARM_RAISED);
    assert_int_equal(kind[2], ALARM_ACKNOWLEDGED);
    assert_int_equal(kind[3], ALARM_RETURNED);
    assert_int_equal(at[1], 1);
    assert_int_equal(a.state, ALARM_NORMAL);
}

static void what_is_gone_when_the_delay_ends_is_never_raised(void **state)
{
    (void)state;
    struct alarm a = {.state = ALARM_PENDING, .since = 100, .pending = 100};
    struct alarm_event event[ALARM_EVENTS_MAX];
    const struct alarm_input suppressed = {.now = 105, .present = false};
    assert_int_equal(alarm_step(&a, &rule, &suppressed, event), 1);
    assert_int_equal(event[0].kind, ALARM_WITHDRAWN);
}

static void names_go_both_ways(void **state)
{
    (void)state;
    for (int s = 0; s < ALARM_STATE_COUNT; s++)
        assert_int_equal(alarm_state_parse(alarm_state_name((enum alarm_state)s)), s);
    assert_int_equal(alarm_state_parse("SHELVED"), ALARM_STATE_COUNT);
    assert_string_equal(alarm_event_name(ALARM_RETURNED), "returned");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_with_every_input),
        cmocka_unit_test(a_step_repeated_is_silent),
        cmocka_unit_test(noise_at_the_limit_is_one_alarm),
        cmocka_unit_test(without_delays_it_is_raised_at_once),
        cmocka_unit_test(what_is_gone_when_the_delay_ends_is_never_raised),
        cmocka_unit_test(names_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
