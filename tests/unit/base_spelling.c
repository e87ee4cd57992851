/* base/text/spelling: which name a mistyped word stands for. SPDX-License-Identifier: MIT */
#include "base/text/spelling.h"
#include "tests/near.h"

#include <string.h>

static const char *const signals[] = {"capacitor_temperature", "current", "magnet_temperature", "dac",
                                      "igbt_temperature",      "voltage"};
static const char *const keys[] = {"fleet",          "archiver.url",   "archiver.settle", "http.listen",
                                   "max_age",        "period",         "report.time",     "report.timezone",
                                   "alarm.on_delay", "alarm.off_delay"};

static void assert_best(const char *word, const char *const names[], size_t n, const char *want)
{
    struct spelling s = spelling_of(word);
    for (size_t i = 0; i < n; i++)
        spelling_offer(&s, names[i]);
    const char *got = spelling_best(&s);
    if ((got == NULL) != (want == NULL) || (got && strcmp(got, want) != 0))
        fail_msg("'%s' is taken for %s, want %s", word, got ? got : "nothing", want ? want : "nothing");
}

static void it_sees_slips_and_abbreviations(void **state)
{
    (void)state;
    static const struct {
        const char *word, *want;
    } cases[] = {
        {"igbt_temp", "igbt_temperature"},
        {"IGBT Temperature", "igbt_temperature"},
        {"igbt-t", "igbt_temperature"},
        {"magnet_temprature", "magnet_temperature"},
        {"mag_temp", "magnet_temperature"},
        {"curent", "current"},
        {"currnet", "current"},
        {"cap", "capacitor_temperature"},
        {"volt", "voltage"},
        {"DAC", "dac"},
        {"temperature", NULL}, /* of three */
        {"coolant_flow", NULL},
        {"i", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_best(cases[i].word, signals, 6, cases[i].want);
}

static void it_sees_keys_in_the_wrong_section(void **state)
{
    (void)state;
    static const struct {
        const char *word, *want;
    } cases[] = {
        {"settle", "archiver.settle"},
        {"archiver.setle", "archiver.settle"},
        {"maxage", "max_age"},
        {"flet", "fleet"},
        {"report.timezome", "report.timezone"},
        {"listen", "http.listen"},
        {"colour", NULL},
        {"alarm.delay", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_best(cases[i].word, keys, sizeof keys / sizeof *keys, cases[i].want);
}

static void it_tells_what_it_found(void **state)
{
    (void)state;
    char out[SPELLING_LEN];
    struct spelling s = spelling_of("relpay");
    assert_string_equal(spelling_hint(out, &s), "");
    spelling_offer(&s, "replay");
    spelling_offer(&s, "run");
    assert_string_equal(spelling_hint(out, &s), " (did you mean 'replay'?)");
    char long_word[300], long_name[300];
    memset(long_word, 'a', sizeof long_word - 1);
    memset(long_name, 'b', sizeof long_name - 1);
    long_word[299] = long_name[299] = 0;
    s = spelling_of(long_word);
    spelling_offer(&s, long_name);
    assert_string_equal(spelling_hint(out, &s), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_sees_slips_and_abbreviations),
        cmocka_unit_test(it_sees_keys_in_the_wrong_section),
        cmocka_unit_test(it_tells_what_it_found),
    };
    return cmocka_run_group_tests_name("base/text/spelling", tests, NULL, NULL);
}
