/* features/mode: what a supply was doing, minute by minute. SPDX-License-Identifier: MIT */
#include "features/mode.h"
#include "tests/near.h"

#include <string.h>

#define START (INT64_C(20000) * NS_PER_DAY)

struct run {
    struct mode_state s;
    tstamp_ns t;
    uint64_t seed;
    bool has_dac;
    unsigned count[MODE_COUNT];
    enum mode last;
};

static struct run start(bool has_dac)
{
    return (struct run){.t = START, .seed = 12345, .has_dac = has_dac};
}

/* uniform in ±1 */
static float noise(struct run *r)
{
    r->seed ^= r->seed >> 12;
    r->seed ^= r->seed << 25;
    r->seed ^= r->seed >> 27;
    return (float)((double)((r->seed * UINT64_C(2685821657736338717)) >> 11) * 0x1p-52 - 1);
}

static enum mode minute(struct run *r, float i, float dac)
{
    struct mode_input in = {
        .t = r->t,
        .gap = 10 * NS_PER_MIN,
        .i = i,
        .dac = r->has_dac ? dac : NAN,
        .ramp = MODE_RAMP_DEFAULT,
        .stir = MODE_STIR_DEFAULT,
        .any = true,
    };
    r->t += NS_PER_MIN;
    r->last = mode_step(&r->s, &in);
    r->count[r->last]++;
    return r->last;
}

/* n minutes at a level with read-back noise; counts start anew. */
static void hold(struct run *r, float level, unsigned n)
{
    memset(r->count, 0, sizeof r->count);
    for (unsigned k = 0; k < n; k++)
        minute(r, level + 1e-4F * noise(r), level);
}

static void off_and_on_again(void **state)
{
    (void)state;
    struct run r = start(true);
    hold(&r, 0.6F, 181);
    assert_int_equal(r.count[MODE_SETTLING], 180); /* nobody knows what was before */
    assert_int_equal(r.last, MODE_STEADY);
    hold(&r, 0, 60);
    assert_int_equal(r.last, MODE_OFF);
    assert_in_range(r.count[MODE_OFF], 54, 57);
    assert_int_equal(r.count[MODE_STEADY], 0);
    for (int k = 1; k <= 20; k++) /* a slow start */
        minute(&r, 0.03F * (float)k, 0.03F * (float)k);
    assert_int_equal(r.last, MODE_RAMPING);
    hold(&r, 0.6F, 300);
    assert_in_range(r.count[MODE_SETTLING], 13, 17); /* what heats is waited for elsewhere */
    assert_int_equal(r.last, MODE_STEADY);
}

static void off_with_a_set_point(void **state)
{
    (void)state;
    struct run r = start(true);
    hold(&r, 0.6F, 200);
    for (int k = 0; k < 30; k++) /* tripped: the DAC still asks */
        minute(&r, 1e-4F * noise(&r), 0.6F);
    assert_int_equal(r.last, MODE_OFF);
    for (int k = 0; k < 30; k++) /* and moves */
        minute(&r, 1e-4F * noise(&r), 0.001F * (float)k);
    assert_int_equal(r.last, MODE_OFF);
}

static void an_optics_change_settles_within_minutes(void **state)
{
    (void)state;
    struct run r = start(true);
    hold(&r, 0.6F, 200);
    hold(&r, 0.609F, 200); /* +1.5 % of 0.6 */
    assert_in_range(r.count[MODE_RAMPING], 2, 4);
    assert_in_range(r.count[MODE_SETTLING], 13, 17);
    assert_int_equal(r.last, MODE_STEADY);
}

static void a_corrector_through_zero_is_alive(void **state)
{
    (void)state;
    for (int dac = 0; dac < 2; dac++) {
        struct run r = start(dac);
        unsigned steady = 0, off = 0, n = 4000;
        for (unsigned k = 0; k < n; k++) {
            /* within ±0.8 % for hours: below the limit of "off" all the time */
            float i = 0.006F * sinf((float)k / 60) + 0.002F * sinf((float)k / 7);
            enum mode m = minute(&r, i + 5e-5F * noise(&r), i);
            steady += k > 200 && m == MODE_STEADY;
            off += k > 20 && m == MODE_OFF;
        }
        assert_int_equal(off, 0);
        assert_true(steady > n - 220);
    }
    struct run r = start(true); /* crossing slowly */
    hold(&r, 0.2F, 200);
    unsigned off = 0;
    for (int k = 0; k < 800; k++) {
        float i = 0.2F - 0.0005F * (float)k;
        off += minute(&r, i + 5e-5F * noise(&r), i) == MODE_OFF;
    }
    assert_int_equal(off, 0);
    assert_int_equal(r.last, MODE_STEADY);
}

static void gaps(void **state)
{
    (void)state;
    struct run r = start(true);
    hold(&r, 0.6F, 200);
    for (int k = 0; k < 12; k++) /* current missing: bridged for ten minutes */
        assert_int_equal(minute(&r, NAN, NAN), k < 10 ? MODE_STEADY : MODE_UNKNOWN);
    hold(&r, 0.6F, 100); /* as before the gap: an hour */
    assert_int_equal(r.count[MODE_SETTLING], 60);
    for (int k = 0; k < 12; k++)
        minute(&r, NAN, NAN);
    hold(&r, 0.3F, 200); /* another current: perhaps it was off */
    assert_int_equal(r.count[MODE_SETTLING], 180);
    struct mode_input nothing = {.t = r.t, .gap = 10 * NS_PER_MIN, .i = NAN, .dac = NAN};
    assert_int_equal(mode_step(&r.s, &nothing), MODE_UNKNOWN);
    r.t += NS_PER_MIN;
    assert_int_equal(minute(&r, 0.3F, 0.3F), MODE_STEADY); /* a lost minute changes nothing */
    struct run dark = start(true);
    assert_int_equal(minute(&dark, NAN, NAN), MODE_UNKNOWN);
}

static void starts_off(void **state)
{
    (void)state;
    struct run r = start(true);
    hold(&r, 0, 10);
    assert_int_equal(r.count[MODE_OFF], 10);
    struct run still = start(false); /* no DAC to ask, and it does not stir */
    hold(&still, 0, 10);
    assert_int_equal(still.count[MODE_OFF], 10);
}

/* Hours near zero, with and without life, DACs that come and go, gaps of any length. */
struct story {
    struct run r;
    unsigned what, left;
    float level;
    bool dac_there, there;
};

static void next_minute(struct story *a, struct mode_input *in)
{
    struct run *r = &a->r;
    if (a->left == 0) {
        a->what = (unsigned)(8 * fabsf(noise(r)));
        a->left = 1 + (unsigned)(3000 * powf(noise(r), 4)); /* mostly short, some for two days */
        a->level = noise(r) > 0 ? noise(r) : 0.012F * noise(r);
        a->dac_there = a->left < 900 && noise(r) > -0.5F;
        a->there = noise(r) > -0.6F;
    }
    a->left--;
    float t = (float)(r->t / NS_PER_MIN % 100000);
    float i = a->what == 0   ? 0
              : a->what == 1 ? 0.007F * sinf(t / 20)
              : a->what == 2 ? 3e-4F * noise(r)
              : a->what == 3 ? a->level * fmodf(t / 40, 1)
                             : a->level;
    float dac = a->what == 2 ? 0 : a->what == 4 ? 1.2e-3F : i;
    *in = (struct mode_input){.t = r->t,
                              .gap = 10 * NS_PER_MIN,
                              .i = a->there ? i + 1e-4F * noise(r) : NAN,
                              .dac = a->dac_there && r->has_dac ? dac : NAN,
                              .ramp = MODE_RAMP_DEFAULT,
                              .stir = MODE_STIR_DEFAULT,
                              .any = a->there || a->what < 4};
    r->t += NS_PER_MIN;
}

static void what_was_long_ago_does_not_count(void **state)
{
    (void)state;
    enum { MINUTES = 4 * 1440, SEEDS = 400 };
    unsigned compared = 0;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct story a = {.r = start(seed % 4 != 0)};
        struct mode_state late = {0};
        a.r.seed += seed;
        int cut = (int)(1500 * fabsf(noise(&a.r)));
        for (int k = 0; k < MINUTES; k++) {
            struct mode_input in;
            next_minute(&a, &in);
            enum mode m = mode_step(&a.r.s, &in);
            if (k < cut)
                continue;
            enum mode other = mode_step(&late, &in);
            if (k - cut < (int)(MODE_MEMORY / NS_PER_MIN))
                continue;
            if (m != other)
                fail_msg("seed %u, start %d, minute %d: %s, not %s", seed, cut, k, mode_name(other),
                         mode_name(m));
            compared++;
        }
    }
    print_message("# %u minutes equal\n", compared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_long_ago_does_not_count),
        cmocka_unit_test(off_and_on_again),
        cmocka_unit_test(off_with_a_set_point),
        cmocka_unit_test(an_optics_change_settles_within_minutes),
        cmocka_unit_test(a_corrector_through_zero_is_alive),
        cmocka_unit_test(gaps),
        cmocka_unit_test(starts_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
