/* Times as text: ISO 8601 UTC with Z, and durations.
 * SPDX-License-Identifier: MIT */
#ifndef PSM_BASE_TIMEFMT_H
#define PSM_BASE_TIMEFMT_H

#include "base/err.h"
#include "base/types.h"

#define TIMEFMT_LEN 40

/* Writes "2026-11-22T03:04:05Z", with as many fraction digits as t needs (0, 3, 6 or 9), into
 * out[TIMEFMT_LEN]; returns out. */
char *timefmt_iso(char out[TIMEFMT_LEN], tstamp_ns t);

/* Reads ISO 8601: date, or date and time with T or blank, seconds optional, up to 9 fraction digits,
 * Z or ±hh:mm; no zone means UTC. Error: ERR_DATA naming the text. */
int timefmt_parse(tstamp_ns *out, const char *text, struct err *err) MUSTCHECK;

/* Reads "90", "90 s", "5 min", "12h", "2 d", "1.5 h" (bare numbers are seconds) as ns. */
int timefmt_duration(tstamp_ns *out, const char *text, struct err *err) MUSTCHECK;

/* Days since 1970-01-01 of a proleptic Gregorian date, month 1..12 (Hinnant, "chrono-compatible
 * low-level date algorithms"), and back. */
int64_t timefmt_days(int year, int month, int day);
void timefmt_civil(int64_t days, int *year, int *month, int *day);

/* Day of the week of t in UTC, 0 = Monday. */
int timefmt_weekday(tstamp_ns t);

#endif
