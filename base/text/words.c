/* What psmon calls things; see words.h. SPDX-License-Identifier: MIT */
#include "base/text/words.h"

#include "base/text/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ---- signals ---- */

char *words_signal(char out[WORDS_SIGNAL_LEN], const char *signal)
{
    if (strcmp(signal, "dac") == 0)
        snprintf(out, WORDS_SIGNAL_LEN, "DAC");
    else if (strncmp(signal, "igbt_", 5) == 0)
        snprintf(out, WORDS_SIGNAL_LEN, "IGBT_%s", signal + 5);
    else
        snprintf(out, WORDS_SIGNAL_LEN, "%s", signal);
    for (char *c = out; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    return out;
}

/* ---- units ---- */

/* EGU is free text in EPICS: these spellings are met in archives, in any capitals, with or without blanks.
 * `of`: the unit of a difference. */
static const struct unit {
    const char *word, *of, *spelling[10];
} units[] = {
    {"°C", "K", {"°C", "ºC", "℃", "C", "degC", "oC", "Celsius", "degCelsius", "degreesC", "grdC"}},
    {"K", "K", {"K", "degK", "Kelvin", "Kelvins"}},
    {"°F", "°F", {"°F", "ºF", "℉", "degF", "Fahrenheit"}},
    {"A", "A", {"A", "Amp", "Amps", "Ampere", "Amperes"}},
    {"V", "V", {"V", "Volt", "Volts"}},
};

/* Whether two spellings are one but for capitals, blanks and underscores. */
static bool is_spelt(const char *unit, const char *spelling)
{
    while (*unit && (*unit == ' ' || *unit == '_' || *unit == '.' ||
                     tolower((unsigned char)*unit) == tolower((unsigned char)*spelling))) {
        spelling += *unit != ' ' && *unit != '_' && *unit != '.';
        unit++;
    }
    return *unit == '\0' && *spelling == '\0';
}

static const struct unit *find_unit(const char *unit)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        for (size_t k = 0; k < sizeof units->spelling / sizeof *units->spelling && units[i].spelling[k]; k++)
            if (is_spelt(unit, units[i].spelling[k]))
                return &units[i];
    return NULL;
}

const char *words_unit(const char *unit)
{
    const struct unit *u = find_unit(unit);
    return u ? u->word : unit;
}

const char *words_unit_of_difference(const char *unit)
{
    const struct unit *u = find_unit(unit);
    return u ? u->of : unit;
}

/* ---- chances ---- */

/* More often than weekly: "3 times a week". */
static void often(char out[WORDS_CHANCE_LEN], double chance)
{
    double n = chance < 9.5 ? round(chance * 2) / 2 : round(chance);
    if (n <= 1)
        snprintf(out, WORDS_CHANCE_LEN, "once a week");
    else if (n < 1000)
        snprintf(out, WORDS_CHANCE_LEN, "%g times a week", n);
    else
        snprintf(out, WORDS_CHANCE_LEN, "over 1,000 times a week");
}

/* Weeks in which what is at a floor comes once, or less often. */
static const int floor_weeks[] = {10000, 3000, 1000, 300, 100, 30, 10, 3, 1};
#define FLOORS (sizeof floor_weeks / sizeof *floor_weeks)
#define SAME 1e-6 /* what a float and a table's digits leave of a number */

double words_chance_floor(double least)
{
    for (size_t i = 0; i < FLOORS; i++)
        if (least <= 1.0 / floor_weeks[i])
            return 1.0 / floor_weeks[i];
    return least;
}

/* "10,000 weeks" */
static void weeks_text(char out[WORDS_CHANCE_LEN], const char *before, int n)
{
    if (n >= 1000)
        snprintf(out, WORDS_CHANCE_LEN, "%sonce in %d,%03d weeks", before, n / 1000, n % 1000);
    else
        snprintf(out, WORDS_CHANCE_LEN, "%sonce in %d weeks", before, n);
}

/* Less than the lowest floor counts as that one. */
static bool is_floor(double chance, int weeks)
{
    double ratio = chance * weeks;
    return ratio <= 1 + SAME && (ratio >= 1 - SAME || weeks == floor_weeks[0]);
}

char *words_chance(char out[WORDS_CHANCE_LEN], double chance)
{
    out[0] = '\0';
    if (isnan(chance))
        return out;
    for (size_t i = 0; i < FLOORS && floor_weeks[i] > 1; i++)
        if (is_floor(chance, floor_weeks[i])) {
            weeks_text(out, "less than ", floor_weeks[i]);
            return out;
        }
    /* two digits at most: a chance is no better known than that */
    double weeks = 1 / chance;
    double unit = weeks < 9.5 ? 0.5 : weeks < 99.5 ? 1 : weeks < 995 ? 10 : 100;
    double n = round(weeks / unit) * unit;
    if (chance > 0.95)
        often(out, chance);
    else if (n >= 10)
        weeks_text(out, "", (int)n);
    else
        snprintf(out, WORDS_CHANCE_LEN, n > 1 ? "once in %g weeks" : "once a week", n);
    return out;
}

/* ---- UTF-8 ---- */

void words_clean(char *text)
{
    size_t n = strlen(text), at = 0;
    while ((at += utf8_prefix(text + at, n - at)) < n)
        text[at] = '?';
}
