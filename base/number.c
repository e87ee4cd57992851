/* Decimal numbers; see number.h. SPDX-License-Identifier: MIT */
#include "base/number.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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
    if (n == 0 || n >= sizeof copy || *text == ' ')
        return false;
    memcpy(copy, text, n);
    copy[n] = '\0';
    *out = strtod(copy, &end);
    return end != copy && end == copy + n;
}
