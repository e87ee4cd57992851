/* base/text/words: what people read. SPDX-License-Identifier: MIT */
#include "base/text/words.h"
#include "tests/near.h"

#include <stdio.h>
#include <string.h>

static void signals_read_as_people_write_them(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"igbt_temperature", "IGBT temperature"},
                                           {"capacitor_temperature", "capacitor temperature"},
                                           {"dac", "DAC"},
                                           {"dac_2", "dac 2"},
                                           {"coolant_flow", "coolant flow"},
                                           {"igbtx", "igbtx"},
                                           {"", ""}};
    char out[WORDS_SIGNAL_LEN];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(words_signal(out, cases[i][0]), cases[i][1]);
    char name[200];
    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(strlen(words_signal(out, name)), WORDS_SIGNAL_LEN - 1);
}

/* Every spelling of degrees Celsius is one unit, and a difference of two is in kelvin. */
static void every_spelling_of_celsius_is_one_unit(void **state)
{
    (void)state;
    static const char *const celsius[] = {"°C",      "C",    "degC",   "deg C", "DegC", "Celsius",   "deg_C",
                                          "celsius", "DEGC", "Deg. C", "℃",     "ºC",   "degrees C", "oC"};
    for (size_t i = 0; i < sizeof celsius / sizeof *celsius; i++) {
        assert_string_equal(words_unit(celsius[i]), "°C");
        assert_string_equal(words_unit_of_difference(celsius[i]), "K");
    }
    static const char *const others[] = {"A",  "V",   "K",  "",  "Coulomb", "l/min", "mA",
                                         "MV", "m A", "kA", "°", "c/min",   "AA"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_string_equal(words_unit(others[i]), others[i]);
        assert_string_equal(words_unit_of_difference(others[i]), others[i]);
    }
}

static void other_units_have_spellings_too(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"Amps", "A"}, {"amp", "A"},    {"a", "A"},      {"VOLTS", "V"},
                                           {"degK", "K"}, {"kelvin", "K"}, {"deg F", "°F"}, {"℉", "°F"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(words_unit(cases[i][0]), cases[i][1]);
        assert_string_equal(words_unit_of_difference(cases[i][0]), cases[i][1]);
    }
}

static void chances_read_as_people_speak(void **state)
{
    (void)state;
    static const struct {
        double chance;
        const char *words;
    } cases[] = {{0.025, "once in 40 weeks"},
                 {1, "once a week"},
                 {0.96, "once a week"},
                 {2.98, "3 times a week"},
                 {1.4, "1.5 times a week"},
                 {0.4, "once in 2.5 weeks"},
                 {12.4, "12 times a week"},
                 {9000, "over 1,000 times a week"},
                 {0.0042, "once in 240 weeks"},
                 {0.0004, "once in 2,500 weeks"},
                 {1.0 / 2600, "once in 2,600 weeks"},
                 {0, "less than once in 10,000 weeks"},
                 {1e-9, "less than once in 10,000 weeks"},
                 {9e-298, "less than once in 10,000 weeks"},
                 {(double)NAN, ""}};
    char words[WORDS_CHANCE_LEN];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(words_chance(words, cases[i].chance), cases[i].words);
}

/* What the calibration can state is rounded to a floor, and what is at a floor is that or less, also after
 * the number was a float or nine digits in a table. */
static void a_floor_reads_as_less_than(void **state)
{
    (void)state;
    static const struct {
        double least, floor;
        const char *words;
    } cases[] = {{0, 1e-4, "less than once in 10,000 weeks"},
                 {5.3e-5, 1e-4, "less than once in 10,000 weeks"},
                 {1.1e-4, 1.0 / 3000, "less than once in 3,000 weeks"},
                 {7.6e-4, 1.0 / 1000, "less than once in 1,000 weeks"},
                 {0.0078, 0.01, "less than once in 100 weeks"},
                 {0.016, 1.0 / 30, "less than once in 30 weeks"},
                 {0.3, 1.0 / 3, "less than once in 3 weeks"},
                 {0.6, 1, "once a week"}};
    char words[WORDS_CHANCE_LEN];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char nine[32];
        double floor = words_chance_floor(cases[i].least);
        assert_near(floor, cases[i].floor, 0, 1e-15);
        assert_string_equal(words_chance(words, floor), cases[i].words);
        assert_string_equal(words_chance(words, (double)(float)floor), cases[i].words);
        snprintf(nine, sizeof nine, "%.9g", floor);
        assert_string_equal(words_chance(words, strtod(nine, NULL)), cases[i].words);
    }
    assert_string_equal(words_chance(words, 0.0101), "once in 99 weeks"); /* beside a floor */
    assert_near(words_chance_floor(2.5), 2.5, 0, 0);
}

static void cut_characters_become_question_marks(void **state)
{
    (void)state;
    static const char *const texts[][2] = {{"6 °C above", "6 °C above"}, {"6 \xc2", "6 ?"},
                                           {"\xe2\x84 ohm", "?? ohm"},   {"\xc0\xaf", "??"},
                                           {"\xed\xa0\x80", "???"},      {"a\xf0\x9f\x94\xa7z", "a🔧z"},
                                           {"\xf5\x80\x80\x80", "????"}, {"", ""}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char copy[64];
        snprintf(copy, sizeof copy, "%s", texts[i][0]);
        words_clean(copy);
        assert_string_equal(copy, texts[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_read_as_people_write_them),
        cmocka_unit_test(every_spelling_of_celsius_is_one_unit),
        cmocka_unit_test(other_units_have_spellings_too),
        cmocka_unit_test(chances_read_as_people_speak),
        cmocka_unit_test(a_floor_reads_as_less_than),
        cmocka_unit_test(cut_characters_become_question_marks),
    };
    return cmocka_run_group_tests_name("base/text/words", tests, NULL, NULL);
}
