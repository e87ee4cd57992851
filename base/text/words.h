/* What psmon calls things before people, in one place: signals, units, chances. And text that may be anything
 * made fit for JSON and PostgreSQL. Pure. SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TEXT_WORDS_H
#define PSM_BASE_TEXT_WORDS_H

/* "igbt_temperature" → "IGBT temperature", "dac" → "DAC", "coolant_flow" → "coolant flow". Returns out. */
#define WORDS_SIGNAL_LEN 64
char *words_signal(char out[WORDS_SIGNAL_LEN], const char *signal);

/* A unit as people write it: "degC", "C", … → "°C", "Amps" → "A"; others as they are. The one place that
 * knows spellings of units. */
const char *words_unit(const char *unit);
/* The unit of a difference of two values in unit: K for temperatures in °C, however spelt; others as they
 * are. */
const char *words_unit_of_difference(const char *unit);

/* A chance (expected number per week) in words: "once in 40 weeks", "3 times a week"; "" for NaN. A floor is
 * "less than once in 1,000 weeks", what is below the lowest "less than once in 10,000 weeks". Returns out. */
#define WORDS_CHANCE_LEN 48
char *words_chance(char out[WORDS_CHANCE_LEN], double chance);

/* Chances are said down to a floor, as far as the calibration reaches: one of 1/10,000, 1/3,000, 1/1,000 …
 * 1/3 and 1 a week. A chance that is a floor (to a millionth of it) means: this, or less. Returns the lowest
 * floor that is not below what the calibration can state, `least`; that itself when it is over 1. */
#define CHANCE_LEAST 1e-4
double words_chance_floor(double least);

/* Makes text valid UTF-8 in place: bytes that are none become '?'. Neither JSON nor PostgreSQL takes others.
 */
void words_clean(char *text);

#endif
