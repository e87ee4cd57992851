/* Times as text; see timefmt.h. SPDX-License-Identifier: MIT */
#include "base/time/timefmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Days from the civil calendar and back, in eras of 400 years that begin on 1 March, so that the leap day is
 * a year's last: Hinnant, "chrono-compatible low-level date algorithms". Pure, where mktime asks for a time
 * zone. */
int64_t timefmt_days(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void timefmt_civil(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

/* Towards minus infinity: before 1970 a day still begins at its midnight. */
static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return q - (a % b < 0);
}

int timefmt_weekday(tstamp_ns t)
{
    int64_t day = floor_div(t, NS_PER_DAY);
    int64_t w = (day + 3) % 7; /* 1970-01-01 was a Thursday */
    return (int)(w < 0 ? w + 7 : w);
}

char *timefmt_iso(char out[TIMEFMT_LEN], tstamp_ns t)
{
    int64_t days = floor_div(t, NS_PER_DAY);
    int64_t rest = t - days * NS_PER_DAY;
    int y, m, d;
    timefmt_civil(days, &y, &m, &d);
    int64_t s = rest / NS_PER_S, ns = rest % NS_PER_S;
    int n = snprintf(out, TIMEFMT_LEN, "%04d-%02d-%02dT%02d:%02d:%02d", y, m, d, (int)(s / 3600),
                     (int)(s / 60 % 60), (int)(s % 60));
    char *end = out + n;
    size_t room = TIMEFMT_LEN - (size_t)n;
    if (ns % 1000) /* as many digits as it takes to read the same time back */
        snprintf(end, room, ".%09dZ", (int)ns);
    else if (ns % 1000000)
        snprintf(end, room, ".%06dZ", (int)(ns / 1000));
    else if (ns)
        snprintf(end, room, ".%03dZ", (int)(ns / 1000000));
    else
        snprintf(end, room, "Z");
    return out;
}

/* ---- reading ---- */

static bool is_digit(const char *p, const char *end)
{
    return p < end && *p >= '0' && *p <= '9';
}

int timefmt_digits(const char **p, const char *end, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (!is_digit(*p, end))
            return -1;
        v = v * 10 + (*(*p)++ - '0');
    }
    return v;
}

int64_t timefmt_fraction(const char **p, const char *end)
{
    int64_t fraction = 0, unit = NS_PER_S / 10;
    if (!is_digit(*p, end))
        return -1;
    for (; is_digit(*p, end); (*p)++, unit /= 10)
        fraction += unit * (**p - '0');
    return fraction;
}

/* Takes one character when it is the next. */
static bool take(const char **p, const char *end, char c)
{
    bool there = *p < end && **p == c;
    *p += there;
    return there;
}

static void take_blanks(const char **p, const char *end)
{
    while (take(p, end, ' ') || take(p, end, '\t'))
        ;
}

/* 03:04, 03:04:05, 0304, 030405, with a fraction behind the seconds. */
static bool read_clock(struct timefmt_fields *f, const char **p, const char *end)
{
    f->hour = timefmt_digits(p, end, 2);
    bool colons = take(p, end, ':');
    f->minute = timefmt_digits(p, end, 2);
    if (f->hour < 0 || f->minute < 0)
        return false;
    if (colons ? !take(p, end, ':') : !is_digit(*p, end))
        return true; /* without seconds */
    f->second = timefmt_digits(p, end, 2);
    if (f->second < 0)
        return false;
    if (!take(p, end, '.') && !take(p, end, ','))
        return true;
    f->fraction = timefmt_fraction(p, end);
    return f->fraction >= 0;
}

bool timefmt_zone(int64_t *zone, const char **p, const char *end)
{
    *zone = 0;
    if (take(p, end, 'Z') || take(p, end, 'z'))
        return true;
    if (end - *p >= 3 && (strncmp(*p, "UTC", 3) == 0 || strncmp(*p, "GMT", 3) == 0)) {
        *p += 3;
        return true;
    }
    int sign = take(p, end, '-') ? -1 : 1, part[3] = {0};
    if (sign > 0 && !take(p, end, '+'))
        return false;
    /* hours alone are PostgreSQL's "+00"; seconds its "+00:53:28", of days before zones were hours */
    for (int i = 0; i < 3 && (i == 0 || take(p, end, ':') || (i == 1 && is_digit(*p, end))); i++)
        if ((part[i] = timefmt_digits(p, end, 2)) < 0)
            return false;
    *zone = sign * ((int64_t)part[0] * 3600 + part[1] * 60 + part[2]) * NS_PER_S;
    return part[0] < 16 && part[1] < 60 && part[2] < 60; /* PostgreSQL's bound; the world's is +14 */
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

const char *timefmt_make(tstamp_ns *out, const struct timefmt_fields *f)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (f->year < TIMEFMT_FIRST_YEAR || f->year > TIMEFMT_LAST_YEAR)
        return TIMEFMT_YEARS;
    if (f->month < 1 || f->month > 12)
        return "there is no such month";
    if (f->day < 1 || f->day > month_days[f->month - 1] + (f->month == 2 && is_leap(f->year)))
        return "there is no such day";
    int64_t clock = ((int64_t)f->hour * 3600 + f->minute * 60 + f->second) * NS_PER_S +
                    (f->second < 60 ? f->fraction : 0);
    /* 24:00 is the end of a day, 24:01 is nothing */
    if (f->minute > 59 || f->second > 60 || (f->hour > 23 && clock != NS_PER_DAY))
        return "there is no such time of day";
    *out = timefmt_days(f->year, f->month, f->day) * NS_PER_DAY + clock - f->zone;
    if (f->second == 60) { /* leap seconds end days of UTC, and only these */
        if (*out % NS_PER_DAY != 0)
            return "there is no such second";
        *out += f->fraction;
    }
    return NULL;
}

const char *timefmt_take(struct timefmt_fields *out, const char *text, size_t n)
{
    static const char not_iso[] = "it is not written as 2026-11-22T03:04:05Z";
    const char *p = text, *end = text + n;
    struct timefmt_fields f = {0};
    take_blanks(&p, end);
    f.year = timefmt_digits(&p, end, 4);
    bool dashes = take(&p, end, '-');
    f.month = timefmt_digits(&p, end, 2);
    if (dashes && !take(&p, end, '-'))
        return not_iso;
    f.day = timefmt_digits(&p, end, 2);
    if (f.year < 0 || f.month < 0 || f.day < 0)
        return not_iso;
    const char *date = p;
    if (!take(&p, end, 'T') && !take(&p, end, 't'))
        take_blanks(&p, end);
    if (p < end || p[-1] == 'T' || p[-1] == 't') {
        if ((p == date && dashes) ||
            !read_clock(&f, &p, end)) /* 20261122030405 is usual, the mixture is not */
            return not_iso;
        take_blanks(&p, end);
        f.zoned = p < end;
        if (f.zoned && !timefmt_zone(&f.zone, &p, end))
            return "its zone is none of Z, UTC, +hh, +hhmm and +hh:mm";
    }
    take_blanks(&p, end);
    *out = f;
    return p < end ? not_iso : NULL;
}

const char *timefmt_read(tstamp_ns *out, const char *text, size_t n)
{
    struct timefmt_fields f;
    const char *wrong = timefmt_take(&f, text, n);
    return wrong ? wrong : timefmt_make(out, &f);
}

int timefmt_parse(tstamp_ns *out, const char *text, struct err *err)
{
    const char *wrong = timefmt_read(out, text, strlen(text));
    if (wrong)
        return err_set(err, ERR_DATA, "'%.60s' is not a time: %s", text, wrong);
    return 0;
}

/* ---- durations ---- */

int timefmt_duration(tstamp_ns *out, const char *text, struct err *err)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {
        {"", NS_PER_S},         {"s", NS_PER_S},          {"sec", NS_PER_S},        {"second", NS_PER_S},
        {"seconds", NS_PER_S},  {"ms", 1000000},          {"min", NS_PER_MIN},      {"m", NS_PER_MIN},
        {"minute", NS_PER_MIN}, {"minutes", NS_PER_MIN},  {"h", NS_PER_HOUR},       {"hour", NS_PER_HOUR},
        {"hours", NS_PER_HOUR}, {"d", NS_PER_DAY},        {"day", NS_PER_DAY},      {"days", NS_PER_DAY},
        {"w", 7 * NS_PER_DAY},  {"week", 7 * NS_PER_DAY}, {"weeks", 7 * NS_PER_DAY}};
    char *end;
    double v = strtod(text, &end);
    if (end == text || !(v >= 0) || v > 1e9 || strpbrk(text, "xX")) /* hexadecimal */
        goto bad;
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].name) == 0) {
            v *= (double)units[i].ns;
            if (v > (double)(INT64_MAX / 2))
                goto bad;
            *out = (tstamp_ns)(v + 0.5);
            return 0;
        }
    }
bad:
    return err_set(err, ERR_DATA, "'%.60s' is not a duration (want 90 s, 5 min, 12 h or 2 d)", text);
}
