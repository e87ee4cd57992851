/* Times as text: ISO 8601 UTC with Z, and durations.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TIME_TIMEFMT_H
#define PSM_BASE_TIME_TIMEFMT_H

#include "base/err.h"
#include "base/types.h"

#include <stdbool.h>

#define TIMEFMT_LEN 40

/* Writes "2026-11-22T03:04:05Z", with as many fraction digits as t needs (0, 3, 6 or 9), into
 * out[TIMEFMT_LEN]; returns out. */
char *timefmt_iso(char out[TIMEFMT_LEN], tstamp_ns t);

/* Between any two times of these years lie fewer nanoseconds than 64 bits count, and an hour more. */
#define TIMEFMT_FIRST_YEAR 1910
#define TIMEFMT_LAST_YEAR 2200
#define TIMEFMT_YEARS "years are from 1910 to 2200"

/* Reads ISO 8601 in its usual spellings: a date (2026-11-22, 20261122), or date and time with T or blanks
 * between (03:04, 03:04:05, 030405, a fraction after . or ,; 20261122030405), then perhaps a zone, also
 * behind a blank: Z, UTC, ±hh, ±hhmm, ±hh:mm, ±hh:mm:ss (PostgreSQL's own text); no zone means UTC. Days,
 * times of day, leap seconds and zones that there are not are refused, as are years outside these.
 * Blanks around it do not matter. Error: ERR_DATA naming the text and what is wrong with it. */
int timefmt_parse(tstamp_ns *out, const char *text, struct err *err) MUSTCHECK;

/* The same of n bytes that need not end there; NULL, or what is wrong with them. */
const char *timefmt_read(tstamp_ns *out, const char *text, size_t n) MUSTCHECK;

/* The same in two steps: what is written, and the time it means in a zone east of UTC by `zone`; NULL, or
 * what is wrong. second 60 is a leap second. */
struct timefmt_fields {
    int year, month, day, hour, minute, second;
    int64_t fraction, zone; /* ns */
    bool zoned;             /* a zone was written */
};
const char *timefmt_take(struct timefmt_fields *out, const char *text, size_t n) MUSTCHECK;
const char *timefmt_make(tstamp_ns *out, const struct timefmt_fields *f) MUSTCHECK;

/* A zone at *p as above, and *p behind it; false when there is none. */
bool timefmt_zone(int64_t *zone, const char **p, const char *end);

/* Reads exactly n digits at *p; -1 when there are fewer. A fraction's digits, of which the first nine count,
 * as ns; -1 when there is none. */
int timefmt_digits(const char **p, const char *end, int n);
int64_t timefmt_fraction(const char **p, const char *end);

/* Reads "90", "90 s", "5 min", "12h", "2 d", "1.5 h", "7 days" (bare numbers are seconds) as ns. */
int timefmt_duration(tstamp_ns *out, const char *text, struct err *err) MUSTCHECK;

/* Days since 1970-01-01 of a proleptic Gregorian date, month 1..12 (Hinnant, "chrono-compatible
 * low-level date algorithms"), and back. */
int64_t timefmt_days(int year, int month, int day);
void timefmt_civil(int64_t days, int *year, int *month, int *day);

/* Day of the week of t in UTC, 0 = Monday. */
int timefmt_weekday(tstamp_ns t);

#endif
