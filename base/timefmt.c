/* Times as text; see timefmt.h. SPDX-License-Identifier: MIT */
#include "base/timefmt.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
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

/* Reads exactly n digits; -1 when there are fewer. */
static int digits(const char **p, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (!isdigit((unsigned char)**p))
            return -1;
        v = v * 10 + (*(*p)++ - '0');
    }
    return v;
}

static bool parse_clock(const char **p, int64_t *ns)
{
    int h = digits(p, 2);
    if (h < 0 || h > 24 || *(*p)++ != ':')
        return false;
    int m = digits(p, 2);
    if (m < 0 || m > 59)
        return false;
    int s = 0;
    int64_t fraction = 0;
    if (**p == ':') {
        (*p)++;
        s = digits(p, 2);
        if (s < 0 || s > 60)
            return false;
        if (**p == '.' || **p == ',') {
            (*p)++;
            int64_t unit = NS_PER_S / 10;
            if (!isdigit((unsigned char)**p))
                return false;
            for (; isdigit((unsigned char)**p); (*p)++, unit /= 10)
                fraction += unit * (**p - '0');
        }
    }
    *ns = ((int64_t)h * 3600 + m * 60 + s) * NS_PER_S + fraction;
    return h < 24 || *ns == NS_PER_DAY; /* 24:00 is the end of a day, 24:01 is nothing */
}

static bool parse_zone(const char **p, int64_t *ns)
{
    *ns = 0;
    if (**p == 'Z' || **p == 'z') {
        (*p)++;
        return true;
    }
    if (**p != '+' && **p != '-')
        return true; /* no zone is UTC, as everywhere inside psmon */
    int sign = *(*p)++ == '-' ? -1 : 1;
    int h = digits(p, 2);
    if (h < 0)
        return false;
    if (**p == ':')
        (*p)++;
    int m = digits(p, 2);
    if (m < 0)
        return false;
    *ns = sign * ((int64_t)h * 3600 + m * 60) * NS_PER_S;
    return true;
}

int timefmt_parse(tstamp_ns *out, const char *text, struct err *err)
{
    static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const char *p = text;
    int y = digits(&p, 4), m, d;
    int64_t clock = 0, zone = 0;
    if (y < 0 || *p++ != '-' || (m = digits(&p, 2)) < 1 || m > 12 || *p++ != '-' || (d = digits(&p, 2)) < 1 ||
        d > month_days[m - 1])
        goto bad;
    if (*p == 'T' || *p == 't' || *p == ' ') {
        p++;
        if (!parse_clock(&p, &clock) || !parse_zone(&p, &zone))
            goto bad;
    }
    if (*p != '\0' || y < 1700 || y > 2200) /* what 64 bits of ns hold, with room to add and subtract */
        goto bad;
    if (m == 2 && d == 29 && timefmt_days(y, 2, 29) == timefmt_days(y, 3, 1))
        goto bad; /* no leap year */
    *out = timefmt_days(y, m, d) * NS_PER_DAY + clock - zone;
    return 0;
bad:
    return err_set(err, ERR_DATA, "'%.60s' is not a time (want 2026-11-22T03:04:05Z)", text);
}

int timefmt_duration(tstamp_ns *out, const char *text, struct err *err)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"", NS_PER_S},     {"s", NS_PER_S},     {"sec", NS_PER_S},
                 {"ms", 1000000},    {"min", NS_PER_MIN}, {"m", NS_PER_MIN},
                 {"h", NS_PER_HOUR}, {"d", NS_PER_DAY},   {"w", 7 * NS_PER_DAY}};
    char *end;
    double v = strtod(text, &end);
    if (end == text || !(v >= 0) || v > 1e9)
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
