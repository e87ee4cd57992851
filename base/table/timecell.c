/* Times in the cells of tables; see timecell.h. SPDX-License-Identifier: MIT */
#include "base/table/timecell.h"

#include "base/time/timefmt.h"
#include "base/time/zone.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

const char *timecell_words(enum timecell_form form)
{
    static const char *const words[] = {"no time",
                                        "ISO 8601",
                                        "day.month.year",
                                        "seconds since 1970",
                                        "milliseconds since 1970",
                                        "microseconds since 1970",
                                        "nanoseconds since 1970",
                                        "in the given format"};
    return words[form];
}

/* ---- numbers ---- */

/* The unit that a number of this size is in; its ns. Those of one unit before 1973 would be another's today.
 */
static enum timecell_form unit_of(uint64_t v, bool from_zero, int64_t *ns)
{
    static const struct {
        uint64_t least, end;
        int64_t ns;
    } units[] = {
        {UINT64_C(100000000), UINT64_C(10000000000), NS_PER_S},
        {UINT64_C(100000000000), UINT64_C(10000000000000), 1000000},
        {UINT64_C(100000000000000), UINT64_C(10000000000000000), 1000},
        {UINT64_C(100000000000000000), UINT64_C(9000000000000000000), 1},
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (v < units[i].end && (v >= units[i].least || (i == 0 && from_zero))) {
            *ns = units[i].ns;
            return (enum timecell_form)(TIMECELL_SECONDS + i);
        }
    return TIMECELL_NONE;
}

static enum timecell_form read_number(tstamp_ns *out, const char *p, const char *end, bool from_zero)
{
    uint64_t v = 0;
    int64_t ns, fraction = 0, latest = timefmt_days(TIMEFMT_LAST_YEAR, 1, 1) * NS_PER_DAY;
    const char *start = p;
    for (; p < end && p - start < 19 && *p >= '0' && *p <= '9'; p++)
        v = v * 10 + (uint64_t)(*p - '0');
    if (p == start)
        return TIMECELL_NONE;
    if (p < end && (*p == '.' || *p == ',')) {
        p++;
        fraction = timefmt_fraction(&p, end); /* in 1e-9 of the unit */
    }
    enum timecell_form form = unit_of(v, from_zero, &ns);
    if (p < end || fraction < 0 || form == TIMECELL_NONE || v > (uint64_t)(latest / ns))
        return TIMECELL_NONE;
    *out = (tstamp_ns)v * ns + fraction / (NS_PER_S / ns);
    return form;
}

/* ---- by a format ---- */

struct reading {
    struct timefmt_fields f;
    const char *p, *end;
    int year_day;  /* %j; 0: none */
    int64_t epoch; /* %s; -1: none */
    int afternoon; /* %p; -1: none */
};

/* One or up to n digits. */
static bool read_digits(struct reading *r, int n, int *out)
{
    const char *start = r->p;
    *out = 0;
    while (r->p < r->end && r->p - start < n && *r->p >= '0' && *r->p <= '9')
        *out = *out * 10 + (*r->p++ - '0');
    return r->p > start;
}

static bool read_word(struct reading *r, const char *const words[], int n, int *out)
{
    for (int i = 0; i < n; i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(r->end - r->p) >= len && strncasecmp(r->p, words[i], len) == 0) {
            r->p += len;
            *out = i;
            return true;
        }
    }
    return false;
}

static bool read_month(struct reading *r)
{
    /* whole names first: "March" begins with "Mar" */
    static const char *const months[] = {
        "January",   "February", "March",    "April",    "May", "June", "July", "August",
        "September", "October",  "November", "December", "Jan", "Feb",  "Mar",  "Apr",
        "May",       "Jun",      "Jul",      "Aug",      "Sep", "Oct",  "Nov",  "Dec"};
    int i;
    if (!read_word(r, months, 24, &i))
        return false;
    r->f.month = i % 12 + 1;
    return true;
}

static bool read_year_of_two(struct reading *r)
{
    int y = timefmt_digits(&r->p, r->end, 2);
    r->f.year = y + (y < 69 ? 2000 : 1900); /* as POSIX has it */
    return y >= 0;
}

static bool read_seconds(struct reading *r)
{
    const char *start = r->p;
    r->epoch = 0;
    for (; r->p < r->end && r->p - start < 10 && *r->p >= '0' && *r->p <= '9'; r->p++)
        r->epoch = r->epoch * 10 + (*r->p - '0');
    return r->p > start;
}

static bool read_format(struct reading *r, const char *format);

/* What one conversion takes. */
static bool read_conversion(struct reading *r, char c)
{
    static const char *const halves[] = {"AM", "PM"};
    switch (c) {
    case 'Y': r->f.year = timefmt_digits(&r->p, r->end, 4); return r->f.year >= 0;
    case 'y': return read_year_of_two(r);
    case 'm': return read_digits(r, 2, &r->f.month);
    case 'b': return read_month(r);
    case 'd': return read_digits(r, 2, &r->f.day);
    case 'e':
        while (r->p < r->end && *r->p == ' ')
            r->p++;
        return read_digits(r, 2, &r->f.day);
    case 'j': return read_digits(r, 3, &r->year_day);
    case 'H':
    case 'I': return read_digits(r, 2, &r->f.hour);
    case 'p': return read_word(r, halves, 2, &r->afternoon);
    case 'M': return read_digits(r, 2, &r->f.minute);
    case 'S': return read_digits(r, 2, &r->f.second);
    case 'f': return (r->f.fraction = timefmt_fraction(&r->p, r->end)) >= 0;
    case 'z': return r->f.zoned = timefmt_zone(&r->f.zone, &r->p, r->end);
    case 's': return read_seconds(r);
    case 'F': return read_format(r, "%Y-%m-%d");
    case 'T': return read_format(r, "%H:%M:%S");
    case 'R': return read_format(r, "%H:%M");
    case 'D': return read_format(r, "%m/%d/%y");
    default: return r->p < r->end && *r->p++ == '%';
    }
}

static bool read_format(struct reading *r, const char *format)
{
    for (const char *c = format; *c; c++) {
        if (*c == ' ') {
            while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
                r->p++;
        } else if (*c == '%') {
            if (!read_conversion(r, *++c))
                return false;
        } else if (r->p == r->end || *r->p++ != *c) {
            return false;
        }
    }
    return true;
}

/* The time that fields mean, in the zone entered when they name none and there is one. */
static const char *make(tstamp_ns *out, const struct timefmt_fields *f, const struct timecell *how)
{
    const char *wrong = timefmt_make(out, f);
    if (wrong || f->zoned || !how || !how->timezone || !*how->timezone)
        return wrong;
    int64_t day = *out / NS_PER_DAY - (*out % NS_PER_DAY < 0), rest = *out - day * NS_PER_DAY;
    *out = zone_instant(day, rest / NS_PER_S) + rest % NS_PER_S;
    return NULL;
}

static const char *read_given(tstamp_ns *out, const char *text, size_t n, const struct timecell *how)
{
    struct reading r = {.p = text, .end = text + n, .epoch = -1, .afternoon = -1};
    if (!read_format(&r, how->format) || r.p < r.end)
        return "it is not in the given format";
    if (r.epoch >= 0) {
        *out = r.epoch * NS_PER_S + r.f.fraction;
        return r.epoch > timefmt_days(TIMEFMT_LAST_YEAR, 1, 1) * 86400 ? TIMEFMT_YEARS : NULL;
    }
    if (r.afternoon >= 0) {
        if (r.f.hour < 1 || r.f.hour > 12)
            return "there is no such time of day";
        r.f.hour = r.f.hour % 12 + 12 * r.afternoon;
    }
    if (r.year_day) { /* the day of the year as one of the month */
        int64_t first = timefmt_days(r.f.year, 1, 1);
        if (first + r.year_day > timefmt_days(r.f.year + 1, 1, 1))
            return "there is no such day";
        timefmt_civil(first + r.year_day - 1, &r.f.year, &r.f.month, &r.f.day);
    }
    return make(out, &r.f, how);
}

int timecell_check(const char *format, struct err *err)
{
    bool year = false, month = false, day = false, whole = false;
    for (const char *c = format; *c; c++) {
        if (*c != '%')
            continue;
        c++;
        if (!*c || !strchr("YymbdejHIpMSfzsFTRD%", *c))
            return err_set(err, ERR_CONFIG,
                           "'%.60s' is not a format of times: %%%.1s is none of %%Y %%y %%m %%b %%d %%e %%j "
                           "%%H %%I %%p %%M %%S %%f %%z %%s %%F %%T %%R %%D",
                           format, c);
        year |= strchr("Yy", *c) != NULL;
        month |= strchr("mb", *c) != NULL;
        day |= strchr("de", *c) != NULL;
        whole |= strchr("sFD", *c) != NULL;
        month |= *c == 'j';
        day |= *c == 'j';
    }
    if (!whole && !(year && month && day))
        return err_set(err, ERR_CONFIG,
                       "'%.60s' is not a format of times: it names no day (as %%Y-%%m-%%d does)", format);
    return 0;
}

/* Spreadsheets of most of Europe. With slashes the month may stand first: those are not guessed at. */
static bool read_dotted(tstamp_ns *out, const char *text, size_t n, const struct timecell *how)
{
    static const char *const formats[] = {"%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S.%f",
                                          "%d.%m.%Y"};
    struct timecell by = {.timezone = how ? how->timezone : NULL};
    bool read = false;
    for (size_t i = 0; !read && i < sizeof formats / sizeof *formats && memchr(text, '.', n < 3 ? n : 3);
         i++) {
        by.format = formats[i];
        read = !read_given(out, text, n, &by);
    }
    return read;
}

enum timecell_form timecell_read(tstamp_ns *out, const char *text, size_t n, const struct timecell *how,
                                 const char **wrong)
{
    const char *ignored;
    struct timefmt_fields f;
    if (!wrong)
        wrong = &ignored;
    *wrong = NULL;
    if (how && how->format)
        return (*wrong = read_given(out, text, n, how)) ? TIMECELL_NONE : TIMECELL_GIVEN;
    enum timecell_form form = read_number(out, text, text + n, how && how->from_zero);
    if (form != TIMECELL_NONE)
        return form;
    if (!(*wrong = timefmt_take(&f, text, n)))
        *wrong = make(out, &f, how);
    if (*wrong && read_dotted(out, text, n, how)) {
        *wrong = NULL;
        return TIMECELL_DOTTED;
    }
    return *wrong ? TIMECELL_NONE : TIMECELL_ISO;
}

const char *timecell_guess(const char *text, size_t n)
{
    /* days before months: where both are possible one is as likely, and people see which is meant */
    static const char *const formats[] = {"%d.%m.%y %H:%M",
                                          "%d.%m.%y",
                                          "%d/%m/%Y %H:%M:%S",
                                          "%d/%m/%Y %H:%M",
                                          "%d/%m/%Y",
                                          "%m/%d/%Y %H:%M:%S",
                                          "%m/%d/%Y %H:%M",
                                          "%m/%d/%Y",
                                          "%m/%d/%Y %I:%M %p",
                                          "%m/%d/%Y %I:%M:%S %p",
                                          "%Y/%m/%d %H:%M:%S.%f",
                                          "%Y/%m/%d %H:%M:%S",
                                          "%Y/%m/%d %H:%M",
                                          "%Y/%m/%d",
                                          "%d-%m-%Y %H:%M:%S",
                                          "%d-%m-%Y %H:%M",
                                          "%d-%b-%Y %H:%M:%S",
                                          "%b/%d/%Y %H:%M:%S",
                                          "%d %b %Y %H:%M:%S"};
    tstamp_ns t;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (!read_given(&t, text, n, &(struct timecell){.format = formats[i]}))
            return formats[i];
    return NULL;
}
