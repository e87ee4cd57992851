/* Time zones; see zone.h. SPDX-License-Identifier: MIT */
#include "base/time/zone.h"

#include "base/mem.h"
#include "base/time/timefmt.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Whether a file of the system's time zones is one: there are folders ("Europe") and lists among them. */
static bool is_zone(const char *name)
{
    const char *folder = getenv("TZDIR"); /* as tzset(3) has it */
    char path[PATH_MAX], magic[4] = {0};
    snprintf(path, sizeof path, "%s/%s", folder ? folder : "/usr/share/zoneinfo", name);
    FILE *f = strstr(name, "..") ? NULL : fopen(path, "re");
    bool is = f && fread(magic, 1, sizeof magic, f) == sizeof magic && memcmp(magic, "TZif", 4) == 0;
    if (f)
        fclose(f);
    return is;
}

int zone_check(const char *name, struct err *err)
{
    if (strcmp(name, "UTC") == 0 || is_zone(name))
        return 0;
    if (!is_zone("UTC") && !is_zone("Etc/UTC"))
        return err_set(
            err, ERR_CONFIG,
            "'%.80s' cannot be looked up: this system has no time zones in /usr/share/zoneinfo; install "
            "the package tzdata, or say UTC",
            name);
    return err_set(err, ERR_CONFIG, "'%.80s' is not a known time zone", name);
}

void zone_enter(struct zone *z, const char *name)
{
    const char *tz = getenv("TZ");
    z->before = tz ? xstrdup(tz) : NULL;
    setenv("TZ", name && *name ? name : "UTC", 1);
    tzset();
}

void zone_leave(struct zone *z)
{
    if (z->before)
        setenv("TZ", z->before, 1);
    else
        unsetenv("TZ");
    tzset();
    free(z->before);
}

tstamp_ns zone_instant(int64_t day, int64_t second)
{
    int year, month, of_month;
    timefmt_civil(day, &year, &month, &of_month);
    struct tm local = {.tm_year = year - 1900,
                       .tm_mon = month - 1,
                       .tm_mday = of_month,
                       .tm_hour = (int)(second / 3600),
                       .tm_min = (int)(second / 60 % 60),
                       .tm_sec = (int)(second % 60),
                       .tm_isdst = -1};
    return (tstamp_ns)mktime(&local) * NS_PER_S;
}

void zone_local(tstamp_ns t, int64_t *day, int64_t *second)
{
    time_t now = (time_t)(t / NS_PER_S - (t % NS_PER_S < 0));
    struct tm local = {0};
    if (!localtime_r(&now, &local))
        gmtime_r(&now, &local);
    *day = timefmt_days(local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
    *second = local.tm_hour * INT64_C(3600) + local.tm_min * 60 + local.tm_sec;
}
