/* Decimal numbers; see number.h. SPDX-License-Identifier: MIT */
#include "base/text/number.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Up to 15 digits and a power of ten up to 22 divide exactly (Clinger, "How to read floating point
 * numbers accurately", 1990); strtod does the rest. */
bool number_parse(double *out, const char *text, size_t n)
{
    static const double power[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    int64_t m = 0;
    size_t i = n > 0 && *text == '-', digits = 0, behind = 0;
    bool point = false;
    for (; i < n && digits <= 15; i++) {
        if (text[i] == '.' && !point) {
            point = true;
        } else if (text[i] >= '0' && text[i] <= '9') {
            m = m * 10 + (text[i] - '0');
            digits++;
            behind += point;
        } else {
            break;
        }
    }
    if (i == n && digits > 0 && digits <= 15) {
        double v = (double)m / power[behind];
        *out = *text == '-' ? -v : v;
        return true;
    }
    char copy[64], *end;
    if (n == 0 || n >= sizeof copy || *text == ' ' || memchr(text, 'x', n) || memchr(text, 'X', n))
        return false; /* hexadecimal is strtod's, and nobody's readings */
    memcpy(copy, text, n);
    copy[n] = '\0';
    *out = strtod(copy, &end);
    return end != copy && end == copy + n;
}

/* ---- cells ---- */

static const char not_a_number[] = "is not a number";

static bool says_nothing(const char *text, size_t n)
{
    static const char *const words[] = {"nan", "null", "none", "nil", "na", "n/a", "#n/a", "-", "--", "\\n"};
    bool nothing = n == 0;
    for (size_t i = 0; !nothing && i < sizeof words / sizeof *words; i++)
        nothing = n == strlen(words[i]) && strncasecmp(text, words[i], n) == 0;
    return nothing;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether the digits before `end` stand in groups of three behind each `mark`, and one to three before the
 * first. */
static bool is_grouped(const char *text, const char *end, char mark)
{
    const char *p = text + (*text == '-' || *text == '+');
    size_t digits = 0, groups = 0;
    for (; p < end && (is_digit(*p) || *p == mark); p++) {
        if (*p == mark) {
            if (groups ? digits != 3 : digits < 1 || digits > 3)
                return false;
            groups++;
            digits = 0;
        } else {
            digits++;
        }
    }
    return p == end && digits == 3;
}

static size_t count(const char *text, size_t n, char c)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        k += text[i] == c;
    return k;
}

/* The number with a point for its decimal mark and without its other marks. */
static const char *plain(double *out, const char *text, size_t n, const char *mark, char grouping)
{
    char copy[64];
    size_t len = 0;
    for (const char *p = text; p < text + n; p++) {
        if (len == sizeof copy)
            return not_a_number;
        if (*p != grouping || !grouping)
            copy[len++] = p == mark ? '.' : *p;
    }
    return number_parse(out, copy, len) ? NULL : not_a_number;
}

/* A number that holds commas, or points that are not the table's decimal mark. */
static const char *marked(double *out, const char *text, size_t n, char decimal)
{
    size_t points = count(text, n, '.'), commas = count(text, n, ',');
    const char *point = memrchr(text, '.', n), *comma = memrchr(text, ',', n);
    const char *last = !comma || (point && point > comma) ? point : comma;
    if (points + commas == 1 && *last == '.' && decimal != ',')
        return not_a_number; /* number_parse has seen it */
    if (points && commas) {
        char grouping = last == point ? ',' : '.';
        bool clear = (last == point ? points : commas) == 1 && is_grouped(text, last, grouping) &&
                     (!decimal || decimal == *last);
        return clear ? plain(out, text, n, last, grouping) : not_a_number;
    }
    if (points + commas > 1)
        return *last != decimal && is_grouped(text, text + n, *last) ? plain(out, text, n, NULL, *last)
                                                                     : not_a_number;
    if (!decimal || *last == decimal)
        return plain(out, text, n, last, 0);
    return decimal == ',' ? "has a point where the table has decimal commas"
                          : "has a comma where the table has decimal points";
}

const char *number_cell(double *out, const char *text, size_t n, char decimal)
{
    bool parsed = (decimal != ',' || !memchr(text, '.', n)) && number_parse(out, text, n);
    const char *wrong = NULL;
    if (!parsed && says_nothing(text, n))
        *out = NAN;
    else if (!parsed)
        wrong = memchr(text, ',', n) || memchr(text, '.', n) ? marked(out, text, n, decimal) : not_a_number;
    if (!wrong && isinf(*out) && memchr("0123456789", text[n - 1], 10))
        wrong = "is beyond what a number can be"; /* 1e400; the word inf is what it says */
    return wrong;
}
