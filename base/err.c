/* Errors that travel; see err.h. SPDX-License-Identifier: MIT */
#include "base/err.h"

#include "base/text/escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One line, whatever names it repeats. */
static size_t put(char *out, size_t room, const char *fmt, va_list ap)
{
    char raw[sizeof((struct err *)NULL)->msg];
    vsnprintf(raw, sizeof raw, fmt, ap);
    return escape_text(out, room, raw, strlen(raw), "");
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
    if (err) {
        va_list ap;
        va_start(ap, fmt);
        put(err->msg, sizeof err->msg, fmt, ap);
        va_end(ap);
        err->code = code;
    }
    return code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    if (!err)
        return ERR_LIB; /* some code: the caller returns it as an error */
    char old[sizeof err->msg];
    memcpy(old, err->msg, sizeof old);
    va_list ap;
    va_start(ap, fmt);
    size_t at = put(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    if (at + 3 < sizeof err->msg) { /* what does not fit is cut */
        memcpy(err->msg + at, ": ", 2);
        memcpy(err->msg + at + 2, old, sizeof err->msg - at - 3);
        err->msg[sizeof err->msg - 1] = '\0';
    }
    return err->code;
}
